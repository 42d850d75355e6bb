"""Bytes outside the database: kept, read, erased, moved and swept, whatever is killed or taken away in between."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from pipeline.cases.audit import audit
from pipeline.cli.main import main
from pipeline.data import backup, backup_folder, places, restore, storage, store
from pipeline.data.engine import connect, reading, writing
from pipeline.data.places import Lost, PlaceError
from pipeline.data.tables import Blob, BlobPart, BlobPlace
from pipeline.office import config
from pipeline.office.config import Settings
from pipeline.office.sop import Stage
from pipeline.running import health
from tests import storage_child
from tests.desk import Desk, desk_in, make_settings
from tests.fresh import fresh
from tests.kantor import KEY, SIGNED, office, sample

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=2)  # the sweep leaves alone what is younger than a day
CONTENTS = storage_child.CONTENTS
BERKAS = {"tempat": "berkas"}


@contextmanager
def opened(folder: Path, tempat: str, url: str = "") -> Iterator[Engine]:
    settings = make_settings(folder, simpanan={"tempat": tempat})
    engine = places.attached(fresh(url or "sqlite:///aduan.db", folder), settings)
    yield engine
    engine.dispose()


def files(folder: Path) -> list[Path]:
    """The files of the place, without those of a database that was restored over."""
    return sorted(one for one in (folder / "simpanan").rglob("*") if one.is_file())


def put(engine: Engine) -> list[str]:
    with writing(engine) as session:
        return store.put_all(session, CONTENTS)


def erase(engine: Engine, digests: list[str]) -> None:
    with writing(engine) as session:
        store.hold(session, digests)
        store.erase(session, digests)


def kept(engine: Engine) -> dict[str, bytes]:
    """All that is there, read by its hash."""
    with reading(engine) as session:
        names = session.scalars(select(Blob.sha256).where(Blob.size != store.ERASED)).all()
        return store.get_all(session, names)


def whole() -> dict[str, bytes]:
    return {store.digest_of(one): one for one in CONTENTS}


def test_bytes_lie_in_the_folder_and_their_rows_in_the_database(
    database_url: str, tmp_path: Path
) -> None:
    with opened(tmp_path, "berkas", database_url) as engine:
        digests = put(engine)
        assert kept(engine) == whole()
        with writing(engine) as session:
            assert store.put(session, io.BytesIO(CONTENTS[2])) == digests[2]
        with reading(engine) as session:
            assert session.scalar(select(func.sum(func.length(Blob.content)))) == 0
            assert session.scalar(select(func.count()).select_from(BlobPart)) == 0
            assert store.size(session, digests[2]) == len(CONTENTS[2])
            assert b"".join(store.pieces(session, digests[2])) == CONTENTS[2]
        assert sorted(one.read_bytes() for one in files(tmp_path)) == sorted(filter(None, CONTENTS))
        assert {one.stat().st_mode & 0o777 for one in files(tmp_path)} == {0o600}


def test_what_is_erased_is_gone_outside_too_and_may_come_anew(
    database_url: str, tmp_path: Path
) -> None:
    with opened(tmp_path, "berkas", database_url) as engine:
        digests = put(engine)
        erase(engine, digests[:3])
        assert [one.read_bytes() for one in files(tmp_path)] == [CONTENTS[3]]
        assert set(kept(engine)) == {digests[3]}
        assert storage.still_there(engine, LATER) == 0
        put(engine)
        assert kept(engine) == whole()


def test_an_erasure_that_is_undone_takes_nothing_away(tmp_path: Path) -> None:
    """Undone as a whole, and undone within a transaction that is kept."""
    with opened(tmp_path, "berkas") as engine:
        digests = put(engine)
        with suppress(ZeroDivisionError), writing(engine) as session:
            store.erase(session, digests)
            raise ZeroDivisionError
        with writing(engine) as session:
            point = session.begin_nested()
            store.erase(session, digests)
            point.rollback()
        assert kept(engine) == whole()


def test_a_transaction_that_is_undone_leaves_bytes_that_the_sweep_takes(tmp_path: Path) -> None:
    with opened(tmp_path, "berkas") as engine:
        put(engine)
        named = files(tmp_path)
        with suppress(ZeroDivisionError), writing(engine) as session:
            store.put(session, b"nie")
            raise ZeroDivisionError
        assert storage.sweep(engine, NOW) == 0, "its transaction might still be going on"
        assert len(files(tmp_path)) == len(named) + 1
        assert storage.sweep(engine, LATER) == 1
        assert files(tmp_path) == named
        assert kept(engine) == whole()


@pytest.mark.parametrize("start", ["database", "berkas"])
def test_everything_moves_and_moves_back(database_url: str, tmp_path: Path, start: str) -> None:
    there = {"database": "berkas", "berkas": "database"}[start]
    with opened(tmp_path, start, database_url) as engine:
        digests = put(engine)
        erase(engine, digests[3:])
        size = sum(map(len, CONTENTS[:3]))
        for target in (there, start):
            engine = places.attached(engine, make_settings(tmp_path, simpanan={"tempat": target}))
            with reading(engine) as session:
                assert storage.elsewhere(session) == 2
            moved = storage.move(engine)
            assert (moved.count, moved.size, moved.refused) == (2, size, [])
            with reading(engine) as session:
                assert storage.elsewhere(session) == 0
                by_name = {one.place: one.size for one in storage.shares(session)}
            assert by_name[target] == size
            assert len(files(tmp_path)) == (2 if target == "berkas" else 0)
            assert set(kept(engine)) == set(digests[:3])


def test_who_reads_in_an_older_view_finds_what_was_moved_meanwhile(tmp_path: Path) -> None:
    with opened(tmp_path, "berkas") as engine:
        digests = put(engine)
        with reading(engine) as session:
            assert session.scalar(select(func.count()).select_from(BlobPlace)) == 3
            back = places.attached(connect("sqlite:///aduan.db", tmp_path), make_settings(tmp_path))
            storage.move(back)
            back.dispose()
            assert files(tmp_path) == []
            assert store.get(session, digests[2]) == CONTENTS[2]


def test_a_file_that_is_gone_or_changed_is_told_and_stops_no_other(tmp_path: Path) -> None:
    with opened(tmp_path, "berkas") as engine:
        digests = put(engine)
        changed, gone, sound = (
            next(one for one in files(tmp_path) if one.name.startswith(digests[n]))
            for n in (0, 2, 3)
        )
        changed.write_bytes(b"Surat")
        gone.unlink()
        with reading(engine) as session:
            with pytest.raises(Lost, match="berubah"):
                store.get(session, digests[0])
            with pytest.raises(Lost, match="tidak ada di simpanan"):
                store.get(session, digests[2])
            faults = [fault for _, found in audit(session) for fault in found]
        assert sorted(one.partition("…")[0] for one in faults) == sorted(
            f"Isi {digests[n][:16]}" for n in (0, 2)
        )
        moved = storage.move(places.attached(engine, make_settings(tmp_path)))
        assert (moved.count, len(moved.refused)) == (1, 2)
        assert not sound.exists()
        with pytest.raises(backup.BackupError, match="Tidak ada cadangan baru"):
            backup.backup(engine, tmp_path / "cadangan.db")


def test_a_disk_that_is_not_mounted_takes_and_loses_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, "berkas") as engine:
        digests = put(engine)
        (tmp_path / "simpanan").rename(tmp_path / "lain")
        (tmp_path / "simpanan").mkdir()
        with reading(engine) as session, pytest.raises(PlaceError, match="Pasang dahulu disknya"):
            store.get(session, digests[0])
        with pytest.raises(PlaceError, match="Pasang dahulu disknya"), writing(engine) as session:
            store.put(session, b"baru")
        assert storage.sweep(engine, LATER) == 0
        (tmp_path / "simpanan").rmdir()
        (tmp_path / "lain").rename(tmp_path / "simpanan")
        assert kept(engine) == whole()


# ---- killed --------------------------------------------------------------------------------------------------


class Child:
    """The process that is killed."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.toml"
        (folder / "rahasia").mkdir(exist_ok=True)
        (folder / "rahasia" / "key").write_text(KEY, "utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.storage_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def does(self, act: str, n: int, tempat: str) -> int:
        """Its exit code: below zero where it was killed."""
        self.config.write_text(
            sample().replace('tempat = "database"', f'tempat = "{tempat}"'), "utf-8"
        )
        return self.order(act, n)

    def order(self, act: str, n: int) -> int:
        """The same with the config.toml that is there."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"config": str(self.config), "act": act, "n": n}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    one = Child(tmp_path)
    yield one
    one.process.communicate(timeout=240)


@pytest.mark.parametrize(
    ("act", "start", "tempat", "left"),
    [
        ("put", None, "berkas", 4),
        ("erase", "berkas", "berkas", 1),
        ("move", "database", "berkas", 4),
        ("move", "berkas", "database", 4),
    ],
)
def test_killed_before_any_of_its_steps_nothing_is_lost_and_it_goes_on(
    child: Child, tmp_path: Path, act: str, start: str | None, tempat: str, left: int
) -> None:
    """After each kill what a row names is there; done at last, and swept, the place holds just that."""
    for n in range(1, 500):
        for old in (*tmp_path.glob("aduan.db*"), tmp_path / "simpanan"):
            shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
        if start:
            with opened(tmp_path, start) as engine:
                put(engine)
        else:
            fresh("sqlite:///aduan.db", tmp_path).dispose()
        code = child.does(act, n, tempat)
        with opened(tmp_path, tempat) as engine:
            found = kept(engine)
            assert {store.digest_of(one): one for one in found.values()} == found
            assert len(found) in ((0, 4) if act == "put" else (4, left))
        assert child.does(act, 0, tempat) == 0
        with opened(tmp_path, tempat) as engine:
            assert len(kept(engine)) == left
            storage.sweep(engine, LATER)
            assert storage.still_there(engine, LATER) == 0
            outside = [one for one in kept(engine).values() if one and tempat == "berkas"]
        assert sorted(one.read_bytes() for one in files(tmp_path)) == sorted(outside)
        if code == 0:
            assert n > 10
            return
        assert code == -9
    pytest.fail("it never came to its end")


# ---- the office ----------------------------------------------------------------------------------------------


def walked(desk: Desk) -> str:
    desk.take_in(
        b"From: Siti Rahmawati <siti@warga.example>\r\nSubject: Lampu padam\r\n"
        b"Message-ID: <1@warga.example>\r\n\r\nLampu di Jalan Mawar padam.\r\n"
    )
    return desk.to(Stage.SELESAI, desk.complaint().number)


def test_an_office_with_a_folder_goes_the_whole_way_and_comes_back_from_its_backups(
    database_url: str, tmp_path: Path
) -> None:
    """A backup holds the bytes: alone it fills an office that has neither the folder nor the first one's database."""
    with desk_in(tmp_path, database_url, simpanan=BERKAS) as desk:
        walked(desk)
        assert len(files(tmp_path)) > 3
        before = kept(desk.engine)
        with reading(desk.engine) as session:
            assert storage.elsewhere(session) == 0
        file = tmp_path / "cadangan.db"
        backup.backup(desk.engine, file)
        folder, day = tmp_path / "cadangan", desk.clock()
        backup_folder.make(desk.engine, folder, day, backup_folder.Plan())
        with writing(desk.engine) as session:
            late = store.put(session, b"sesudahnya")
        second = backup_folder.make(
            desk.engine, folder, day + timedelta(days=1), backup_folder.Plan()
        )
        shutil.rmtree(tmp_path / "simpanan")
        for source, more in ((file, {}), (second.path, {late: b"sesudahnya"})):
            target = connect(f"sqlite:///{tmp_path / source.stem}-pulih.db")
            restore.restore(target, source)
            assert kept(target) == before | more
            with reading(target) as session:
                assert [fault for _, found in audit(session) for fault in found] == []
            target.dispose()


def office_of(folder: Path, tempat: str) -> Settings:
    (folder / "rahasia").mkdir(exist_ok=True)
    (folder / "rahasia" / "key").write_text(KEY, "utf-8")
    path = folder / "config.toml"
    path.write_text(sample().replace('tempat = "database"', f'tempat = "{tempat}"'), "utf-8")
    return config.load(path)


def aduan(folder: Path, *arguments: str, code: int = 0, typed: str = "") -> str:
    command = ["--config", str(folder / "config.toml"), *arguments]
    result = CliRunner().invoke(main, command, typed, env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def test_an_officer_sees_moves_checks_and_restores(tmp_path: Path) -> None:
    settings = office_of(tmp_path, "database")
    fresh(settings.database.url, tmp_path).dispose()
    engine = places.open_office(settings)
    put(engine)
    assert "tujuan" not in aduan(tmp_path, "simpanan", "pindah")
    office_of(tmp_path, "berkas")
    assert "3 berkas belum di berkas" in aduan(tmp_path, "check", code=1)
    assert "3 berkas (2.2 MB) dipindahkan ke berkas" in aduan(tmp_path, "simpanan", "pindah")
    assert "Semua isi sudah di berkas" in aduan(tmp_path, "simpanan", "pindah")
    assert "berkas: 3 berkas, 2.2 MB" in aduan(tmp_path, "simpanan", "lihat")
    aduan(tmp_path, "audit")
    aduan(tmp_path, "backup")
    aduan(tmp_path, "latihan")
    old = files(tmp_path)
    said = aduan(tmp_path, "restore", "--ganti", "--ya")
    assert "3 berkas (2.2 MB) dipindahkan ke berkas" in said
    engine.dispose()
    restored = places.open_office(config.load(tmp_path / "config.toml"))
    assert kept(restored) == whole()
    assert storage.sweep(restored, LATER) == 0, (
        "those of the database that was laid aside are its own"
    )
    assert set(old) < set(files(tmp_path))
    restored.dispose()


def test_a_place_that_is_away_is_a_sentence_for_every_command(tmp_path: Path) -> None:
    settings = office_of(tmp_path, "berkas")
    fresh(settings.database.url, tmp_path).dispose()
    engine = places.open_office(settings)
    put(engine)
    shutil.rmtree(tmp_path / "simpanan")
    (tmp_path / "simpanan").write_text("bukan folder")
    for command in (["audit"], ["backup"], ["check"]):
        said = aduan(tmp_path, *command, code=1 if command == ["check"] else 2)
        assert "Traceback" not in said
        assert str(tmp_path / "simpanan") in said
    assert any(
        one.part == "simpanan" and one.level == "buruk"
        for one in health.look(config.load(tmp_path / "config.toml"), engine)
    )
    engine.dispose()


@dataclass(frozen=True)
class Watched(places.FolderPlace):
    """The folder, which notes whether somebody else could write to the database while bytes came in."""

    engine: Engine | None = None
    free: list[bool] = field(default_factory=list)

    def write(self, contents: Sequence[tuple[str, places.Content]]) -> None:
        assert self.engine is not None
        with closing(sqlite3.connect(str(self.engine.url.database), timeout=0)) as file:
            try:
                file.execute("BEGIN IMMEDIATE")
                self.free.append(True)
            except sqlite3.OperationalError:
                self.free.append(False)
        super().write(contents)


def test_bytes_are_brought_out_before_the_writers_lock_is_taken(tmp_path: Path) -> None:
    """A slow server holds nobody else: mail, stack of slips and the files of an act."""
    with office(tmp_path, simpanan=BERKAS) as kantor:
        watched = Watched(tmp_path / "simpanan", engine=kantor.engine)
        places.attach(kantor.engine, places.Places(watched, {"berkas": watched}))
        kantor.citizen_sends()
        assert watched.free == [True]
        kantor.to_signature()
        watched.free.clear()
        kantor.press("kepala", "tandatangani", settle=False, bertanda_tangan=("surat.jpg", SIGNED))
        assert watched.free == [True]
        assert kantor.audit() == []


def test_what_was_brought_ahead_and_is_not_named_is_swept(tmp_path: Path) -> None:
    with opened(tmp_path, "berkas") as engine:
        with suppress(ZeroDivisionError), store.ahead(engine, CONTENTS), writing(engine) as session:
            store.put_all(session, CONTENTS)
            raise ZeroDivisionError
        assert files(tmp_path)
        assert kept(engine) == {}
        with store.ahead(engine, CONTENTS), writing(engine) as session:
            store.put_all(session, CONTENTS)
        assert kept(engine) == whole()
        storage.sweep(engine, LATER)
        assert len(files(tmp_path)) == sum(bool(one) for one in CONTENTS)
