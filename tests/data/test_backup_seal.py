"""A file of a backup that is not what it was, or not this office's, is refused before anything is written."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from pipeline.cli.main import main
from pipeline.data import backup, backup_contents, restore
from pipeline.data.engine import connect, reading
from pipeline.data.tables import Complaint
from tests.desk import desk_in
from tests.kantor import KEY, sample

OFFICE = "Dinas Komunikasi, Kabupaten Contoh"
PAGE = 4096


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a small office."""
    folder = tmp_path_factory.mktemp("kantor")
    with desk_in(folder) as desk:
        for n in range(5):
            desk.record(perihal=f"Lampu {n}")
        backup.backup(desk.engine, folder / "cadangan.db", office=OFFICE)
    return folder / "cadangan.db"


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "cadangan.db"))


def refused(file: Path, office: str = OFFICE) -> str:
    """What is said; nothing was made."""
    target = connect(f"sqlite:///{file.with_name('pulih.db')}")
    with pytest.raises(backup.BackupError) as found:
        restore.restore(target, file, wish=restore.RestoreWish(office=office))
    target.dispose()
    assert not file.with_name("pulih.db").exists()
    return str(found.value)


def test_a_file_that_is_what_it_was_is_restored(copy: Path) -> None:
    target = connect(f"sqlite:///{copy.with_name('pulih.db')}")
    restore.restore(target, copy, wish=restore.RestoreWish(office=OFFICE))
    with reading(target) as session:
        assert session.scalar(select(func.count(Complaint.id))) == 5
    target.dispose()


def test_one_bit_anywhere_is_seen(copy: Path) -> None:
    """Two hundred places over the whole file, and each byte of its last line."""
    whole = copy.read_bytes()
    chance = random.Random(7)
    line = len(whole) - whole.rindex(b"\naduan-cadangan ")
    places = [chance.randrange(len(whole)) for _ in range(200)]
    places += range(len(whole) - line, len(whole) - 1)
    silent = []
    for place in places:
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << chance.randrange(8)
        copy.write_bytes(spoilt)
        try:
            backup_contents.look(copy, office=OFFICE)
        except backup.BackupError:
            continue
        silent.append(place)
    assert silent == []


@pytest.mark.parametrize("left", [0, 1, 100, PAGE, 10 * PAGE, -PAGE, -500, -120, -2])
def test_a_file_that_was_cut_is_refused(copy: Path, left: int) -> None:
    whole = copy.read_bytes()
    copy.write_bytes(whole[:left])
    assert str(copy) in refused(copy)


def test_a_file_without_its_last_line_is_refused(copy: Path) -> None:
    whole = copy.read_bytes()
    copy.write_bytes(whole[: whole.rindex(b"\naduan-cadangan ")])
    assert "terpotong" in refused(copy)


def test_pages_that_changed_places_are_seen(copy: Path) -> None:
    whole = copy.read_bytes()
    pages = [whole[start : start + PAGE] for start in range(0, len(whole), PAGE)]
    pages[20], pages[30] = pages[30], pages[20]
    copy.write_bytes(b"".join(pages))
    assert "sidik jari di ujung berkasnya" in refused(copy)


def test_a_chunk_of_another_backup_of_the_same_office_is_seen(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "lain").mkdir()
    with desk_in(tmp_path / "lain") as desk:
        for n in range(5):
            desk.record(perihal=f"Jalan {n}")
        backup.backup(desk.engine, tmp_path / "lain.db", office=OFFICE)
    other, whole = (tmp_path / "lain.db").read_bytes(), copy.read_bytes()
    half = len(whole) // 2 // PAGE * PAGE
    copy.write_bytes(other[:half] + whole[half:])
    assert "sidik jari di ujung berkasnya" in refused(copy)


def test_what_was_added_behind_is_seen(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes() + b"lagi")
    assert "sidik jari di ujung berkasnya" in refused(copy)


def test_another_offices_backup_is_refused_by_name_unless_told_to(
    made: Path, tmp_path: Path
) -> None:
    (tmp_path / "rahasia").mkdir()
    (tmp_path / "rahasia" / "key").write_text(KEY, "utf-8")
    (tmp_path / "config.toml").write_text(sample(), "utf-8")
    command = ["--config", str(tmp_path / "config.toml"), "restore", str(made)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert f"adalah cadangan {OFFICE}, bukan " in result.output
    assert not (tmp_path / "aduan.db").exists() or (tmp_path / "aduan.db").stat().st_size == 0
    result = CliRunner().invoke(main, [*command, "--kantor-lain"])
    assert result.exit_code == 0, result.output
