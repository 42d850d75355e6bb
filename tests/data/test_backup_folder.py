"""The folder of backups: what is new each night, for certain readers alone, and the oldest taken away."""

from __future__ import annotations

import errno
import resource
import sqlite3
import stat
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.cases.audit import audit
from pipeline.data import backup, backup_folder, recipients, restore
from pipeline.data.backup_folder import Plan, make
from pipeline.data.engine import connect, reading, writing
from pipeline.data.store import Content, digest_of, put
from tests.data.test_backup import rows
from tests.fresh import fresh
from tests.kantor import Office, office

NIGHT = datetime(2026, 11, 1, 1, 15)
LARGE = bytes(range(256)) * 5000  # more than one part


def keep(engine: Engine, content: Content) -> str:
    with writing(engine) as session:
        return put(session, content)


def night(kantor: Office, folder: Path, number: int, plan: Plan | None = None) -> Path:
    return make(kantor.engine, folder, NIGHT + timedelta(days=number), plan or Plan()).path


def restored(url: str, path: Path, **wish: object) -> Engine:
    target = connect(url)
    restore.restore(target, path, wish=restore.RestoreWish(**wish))  # type: ignore[arg-type]
    return target


def sizes(chain: Path) -> list[int]:
    return [one.stat().st_size for one in sorted(chain.glob("*.isi*"))]


def test_each_night_adds_what_is_new_and_each_can_be_restored(
    database_url: str, tmp_path: Path
) -> None:
    """On both databases; with a long file, and with one that was erased between the nights."""
    folder = tmp_path / "cadangan"
    with office(tmp_path, database_url=database_url) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu padam.")
        keep(kantor.engine, LARGE)
        first, before = night(kantor, folder, 0), rows(kantor.engine)
        kantor.citizen_sends("Jalan rusak", "Jalan rusak.", sender="budi@warga.example")
        second, after = night(kantor, folder, 1), rows(kantor.engine)
        assert first.parent == second.parent
        assert sizes(first.parent)[0] > len(LARGE) > sizes(first.parent)[1]
        for path, counted in ((first, before), (second, after)):
            target = restored(f"sqlite:///{tmp_path / path.stem}.pulih.db", path)
            assert rows(target) == counted
            with reading(target) as session:
                assert all(not faults for _name, faults in audit(session))
            target.dispose()


def test_a_backup_of_the_folder_fills_postgresql(postgres_url: str, tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu padam.")
        keep(kantor.engine, LARGE)
        night(kantor, tmp_path / "cadangan", 0)
        kantor.citizen_sends("Jalan rusak", "Jalan rusak.", sender="budi@warga.example")
        path = night(kantor, tmp_path / "cadangan", 1)
        target = restored(postgres_url, path)
        assert rows(target) == rows(kantor.engine)
        target.dispose()


def test_what_is_written_for_a_reader_opens_for_that_reader_alone(tmp_path: Path) -> None:
    identity, stranger = recipients.new_identity(), recipients.new_identity()
    plan = Plan(to=[recipients.public_of(identity)])
    with office(tmp_path) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.")
        path = night(kantor, tmp_path / "cadangan", 0, plan)
        files = [one for one in path.parent.iterdir() if one.name != "daftar.db"]
        assert [one.suffix for one in files] == [".age", ".age"]
        assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in path.parent.iterdir())
        assert not any(
            b"Mawar" in one.read_bytes() or b"SQLite" in one.read_bytes() for one in files
        )
        with pytest.raises(backup.BackupError, match="--kunci"):
            restored(f"sqlite:///{tmp_path / 'a.db'}", path)
        with pytest.raises(backup.BackupError, match="kuncinya bukan"):
            restored(f"sqlite:///{tmp_path / 'b.db'}", path, keys=[stranger])
        assert not list(tmp_path.glob("[ab].db*"))
        target = restored(f"sqlite:///{tmp_path / 'c.db'}", path, keys=[identity])
        assert rows(target) == rows(kantor.engine)
        target.dispose()
        assert not list(tmp_path.glob("**/*terbuka*"))


def test_the_oldest_go_and_a_chain_goes_with_its_last(tmp_path: Path) -> None:
    plan, folder = Plan(keep=3, days=2), tmp_path / "cadangan"
    with office(tmp_path) as kantor:
        made = [night(kantor, folder, number, plan) for number in range(6)]
        assert len({path.parent for path in made}) == 3
        assert backup_folder.backups(folder, NIGHT + timedelta(days=6)) == made[:2:-1]
        assert not made[0].parent.exists()
        assert made[2].parent.exists(), "of its chain one stays"
        assert not made[2].exists()
        restored(f"sqlite:///{tmp_path / 'pulih.db'}", made[3]).dispose()


def test_a_bit_that_has_turned_in_the_rows_is_seen_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """Also where SQLite sees none: within a text, or in a place that nothing uses."""
    with office(tmp_path) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.")
        path = night(kantor, tmp_path / "cadangan", 0)
        whole = path.read_bytes()
        for place in (whole.index(b"Lampu padam"), len(whole) // 2):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(backup.BackupError, match="tidak cocok"):
                restored(f"sqlite:///{tmp_path / 'pulih.db'}", path)
        assert not list(tmp_path.glob("pulih.db*"))
        path.write_bytes(whole)
        (path.parent / "daftar.db").write_bytes(b"bukan basis data")
        restored(f"sqlite:///{tmp_path / 'pulih.db'}", path).dispose()


@pytest.mark.parametrize("harm", ["changed", "cut off"])
def test_an_encrypted_backup_that_is_spoilt_within_is_refused_in_a_sentence(
    tmp_path: Path, harm: str
) -> None:
    identity = recipients.new_identity()
    with office(tmp_path) as kantor:
        path = tmp_path / "satu.db.age"
        backup.backup(kantor.engine, path, to=[recipients.public_of(identity)])
        whole = path.read_bytes()
        half = len(whole) // 2
        rest = bytes([whole[half] ^ 1]) + whole[half + 1 :] if harm == "changed" else b""
        path.write_bytes(whole[:half] + rest)
        with pytest.raises(backup.BackupError, match="berkasnya rusak"):
            restored(f"sqlite:///{tmp_path / 'pulih.db'}", path, keys=[identity])
        assert not list(tmp_path.glob("**/*terbuka*"))


def test_an_encrypted_backup_for_which_there_is_no_room_names_the_disk(tmp_path: Path) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    plain, closed = tmp_path / "a", tmp_path / "a.age"
    plain.write_bytes(bytes(300_000))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, usual[1]))
        with pytest.raises(OSError, match=r"a\.age") as caught:
            recipients.encrypt(plain, closed, [recipients.public_of(recipients.new_identity())])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert caught.value.errno == errno.EFBIG


def test_what_others_put_into_a_chain_outlives_it(tmp_path: Path) -> None:
    plan, folder = Plan(keep=1, days=1), tmp_path / "cadangan"
    with office(tmp_path) as kantor:
        first = night(kantor, folder, 0, plan)
        (first.parent / "catatan.txt").write_text("Disk kedua ada di lemari.")
        night(kantor, folder, 1, plan)
        assert [one.name for one in first.parent.iterdir()] == ["catatan.txt"]


def test_a_chain_that_lies_on_another_disk_goes_without_stopping_the_backup(tmp_path: Path) -> None:
    plan, folder = Plan(keep=1, days=1), tmp_path / "cadangan"
    with office(tmp_path) as kantor:
        chain = night(kantor, folder, 0, plan).parent
        elsewhere = chain.rename(tmp_path / "lain")
        chain.symlink_to(elsewhere)
        second = night(kantor, folder, 1, plan)
        assert backup_folder.backups(folder, NIGHT + timedelta(days=1)) == [second]
        assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("kind", ["clock was wrong", "folder", "link to nothing"])
def test_what_bears_the_name_of_a_later_day_pushes_no_backup_out(tmp_path: Path, kind: str) -> None:
    plan, folder = Plan(keep=1), tmp_path / "cadangan"
    later = folder / "2030-01-01-0115" / "2030-01-01-0115.db"
    with office(tmp_path) as kantor:
        if kind == "clock was wrong":
            make(kantor.engine, folder, datetime(2030, 1, 1, 1, 15), plan)
        else:
            later.parent.mkdir(parents=True)
            later.mkdir() if kind == "folder" else later.symlink_to(tmp_path / "tiada")
        made = [night(kantor, folder, number, plan) for number in range(2)]
        assert backup_folder.backups(folder, NIGHT + timedelta(days=1)) == [made[1]]
        restored(f"sqlite:///{tmp_path / 'pulih.db'}", made[1]).dispose()


@pytest.mark.parametrize(
    "harm",
    ["pack gone", "pack rotten", "index gone", "index spoilt", "index lies", "recipients set"],
)
def test_a_chain_that_is_not_whole_is_not_gone_on_with(tmp_path: Path, harm: str) -> None:
    plan = Plan()
    with office(tmp_path) as kantor:
        keep(kantor.engine, LARGE)
        first = night(kantor, tmp_path / "cadangan", 0)
        if harm == "pack gone":
            first.with_suffix(".isi").unlink()
        elif harm == "pack rotten":
            pack = first.with_suffix(".isi")
            pack.write_bytes(bytes(255 - one for one in pack.read_bytes()))  # as long as it was
        elif harm == "index lies":
            with closing(sqlite3.connect(first.parent / "daftar.db")) as index:
                index.execute("INSERT INTO blob VALUES (?)", (digest_of(LARGE + b"baru"),))
                index.commit()
            keep(kantor.engine, LARGE + b"baru")
        elif harm == "index gone":
            (first.parent / "daftar.db").unlink()
        elif harm == "index spoilt":
            (first.parent / "daftar.db").write_bytes(b"rusak")
        else:
            plan = Plan(to=[recipients.public_of(recipients.new_identity())])
        second = night(kantor, tmp_path / "cadangan", 1, plan)
        assert second.parent != first.parent
        assert sizes(second.parent)[0] > len(LARGE)


@pytest.mark.parametrize("spoilt", ["*.isi", "*.db"])
def test_a_spoilt_file_is_told_and_nothing_is_written(tmp_path: Path, spoilt: str) -> None:
    with office(tmp_path) as kantor:
        keep(kantor.engine, LARGE)
        path = night(kantor, tmp_path / "cadangan", 0)
        [file] = [one for one in path.parent.glob(spoilt) if one.name != "daftar.db"]
        content = bytearray(file.read_bytes())
        content[len(content) // 2 :] = bytes(255 - one for one in content[len(content) // 2 :])
        file.write_bytes(content)
        with pytest.raises(backup.BackupError, match=r"rusak|utuh|bukan cadangan"):
            restored(f"sqlite:///{tmp_path / 'pulih.db'}", path)
        assert not list(tmp_path.glob("pulih.db*"))


def test_a_backup_that_was_killed_half_way_is_made_anew(tmp_path: Path) -> None:
    """It left a pack that no index knows, and parts."""
    with office(tmp_path) as kantor:
        keep(kantor.engine, LARGE)
        first = night(kantor, tmp_path / "cadangan", 0)
        for name in ("2026-11-02-0115.isi", "2026-11-02-0115.db.sebagian"):
            (first.parent / name).write_bytes(b"setengah")
        keep(kantor.engine, LARGE + b"lain")
        second = night(kantor, tmp_path / "cadangan", 1)
        target = restored(f"sqlite:///{tmp_path / 'pulih.db'}", second)
        assert rows(target) == rows(kantor.engine)
        target.dispose()


def test_parts_of_a_killed_backup_are_gone_after_the_next(tmp_path: Path) -> None:
    """Those of an encrypted backup are plain: nobody's words may stay behind. A stranger's file is left alone."""
    folder = tmp_path / "cadangan"
    plan = Plan(to=[recipients.public_of(recipients.new_identity())], days=1)
    with office(tmp_path) as kantor:
        first = night(kantor, folder, 0, plan)
        left = [
            first.parent / f"2026-11-01-0230.{name}"
            for name in (
                "db.age.sebagian",
                "db.age.sebagian-journal",
                "isi.age.sebagian",
                "isi.age.tertutup",
            )
        ]
        stranger = first.parent / "catatan.sebagian"
        for one in (*left, stranger):
            one.write_bytes(b"setengah")
        second = night(kantor, folder, 2, plan)
        assert second.parent != first.parent, "of the chain before, too"
        assert not [one for one in left if one.exists()]
        assert stranger.exists()


def test_what_was_erased_since_does_not_come_back(tmp_path: Path) -> None:
    """Its bytes lie in the pack of the night before; the row says that they are gone."""
    with office(tmp_path) as kantor:
        digest = keep(kantor.engine, LARGE)
        night(kantor, tmp_path / "cadangan", 0)
        with kantor.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM blob_part WHERE sha256 = ?", (digest,))
            connection.exec_driver_sql(
                "UPDATE blob SET size = -1, content = x'' WHERE sha256 = ?", (digest,)
            )
        path = night(kantor, tmp_path / "cadangan", 1)
        target = restored(f"sqlite:///{tmp_path / 'pulih.db'}", path)
        assert rows(target) == rows(kantor.engine)
        target.dispose()


def test_a_restore_replaces_only_when_told_and_lays_the_old_aside(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu padam.")
        path = night(kantor, tmp_path / "cadangan", 0)
        target = fresh(f"sqlite:///{tmp_path / 'pulih.db'}")
        other = keep(target, LARGE)
        with pytest.raises(backup.BackupError, match="tidak kosong"):
            restore.restore(target, path)
        with reading(target) as session:
            assert session.connection().exec_driver_sql("SELECT count(*) FROM blob").scalar() == 1
        restore.restore(target, path, wish=restore.RestoreWish(replace=True))
        assert rows(target) == rows(kantor.engine)
        old = connect(f"sqlite:///{tmp_path / 'pulih.db.sebelum-pulih-1'}")
        with reading(old) as session:
            assert session.connection().exec_driver_sql("SELECT sha256 FROM blob").scalar() == other
        old.dispose()
        target.dispose()
