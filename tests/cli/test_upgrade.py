"""`aduan perbarui`: an office of an earlier program is brought to the newest revision, or nothing of it moves."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from pipeline.cli.fresh_names import stamped
from pipeline.cli.main import main
from pipeline.data import backup, backup_contents, copied, restore, schema
from pipeline.data.engine import connect, is_current
from pipeline.office.config import SAMPLE
from tests.data.test_schema import OLD, old_rows, told_apart, unpacked


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and the database of an office of an earlier program."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "rahasia").mkdir()
    (tmp_path / "rahasia" / "key").write_text("5a" * 32)
    unpacked(OLD[7], tmp_path).rename(tmp_path / "aduan.db")
    return tmp_path


def perbarui(code: int = 0) -> str:
    result = CliRunner().invoke(main, ["perbarui"])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def saved(place: Path) -> list[Path]:
    return sorted((place / "cadangan").glob("*.db"))


def test_an_old_office_is_backed_up_upgraded_and_checked(place: Path) -> None:
    before = old_rows(place / "aduan.db")
    assert "utuh" in perbarui()
    engine = connect("sqlite:///aduan.db", place)
    assert is_current(engine)
    assert told_apart(before, engine) == []
    engine.dispose()
    [file] = saved(place)
    assert old_rows(file) == before
    assert "sudah versi terbaru" in perbarui()
    assert saved(place) == [file]
    assert CliRunner().invoke(main, ["audit"]).exit_code == 0


@pytest.mark.parametrize("command", ["serve", "audit", "buku", "perbarui"])
def test_program_older_than_its_database_says_so_whatever_is_asked(
    place: Path, command: str
) -> None:
    """It said that the database was not made or old, and sent the IT officer to `aduan init`."""
    with closing(sqlite3.connect(place / "aduan.db")) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == 2
    assert "lebih baru" in result.output
    assert "init" not in result.output


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("UPDATE event SET hash = 'x' WHERE id = 2", "kejanggalan"),
        ("UPDATE blob SET content = X'00' WHERE size > 0", "kejanggalan"),
        ("DELETE FROM complaint WHERE id = 1", "hilang dari Buku"),
    ],
)
def test_an_upgrade_whose_check_fails_leaves_all_as_it_was(
    place: Path, harm: str, said: str
) -> None:
    with closing(sqlite3.connect(place / "aduan.db", isolation_level=None)) as file:
        file.execute(harm)
    before = old_rows(place / "aduan.db")
    told = perbarui(code=1)
    assert said in told
    assert "seperti semula" in told
    assert old_rows(place / "aduan.db") == before
    assert str(saved(place)[0].name) in told


def test_the_backups_of_upgrades_do_not_fill_the_disk(place: Path) -> None:
    """They lie where backups lie; three stay. A part that was left is plain, and goes; what is not theirs stays."""
    text = SAMPLE.read_text("utf-8").replace('folder = "cadangan"', 'folder = "arsip"', 1)
    assert 'folder = "arsip"' in text
    (place / "config.toml").write_text(text, "utf-8")
    folder = place / "arsip"
    folder.mkdir()
    old = [folder / f"sebelum-pembaruan-2026010{day}-070000.db" for day in range(1, 5)]
    part, stranger = (
        folder / "sebelum-pembaruan-20260105-070000.db.sebagian",
        folder / "sebelum-pembaruan.txt",
    )
    for one in (*old, part, stranger):
        one.write_bytes(b"x")
    assert "utuh" in perbarui()
    left = sorted(one.name for one in folder.iterdir())
    assert [one.exists() for one in old] == [False, False, True, True], left
    assert len(list(folder.glob("sebelum-pembaruan-*"))) == 3, left
    assert stranger.exists()


def test_a_running_office_is_not_upgraded_under_its_feet(place: Path) -> None:
    beat = place / "aduan.detak"
    beat.write_text("baik\n")
    assert "masih berjalan" in perbarui(code=2)
    assert saved(place) == []
    old = time.time() - 600
    os.utime(beat, (old, old))
    assert "utuh" in perbarui()


def test_an_office_on_postgresql_is_upgraded_or_left(place: Path, postgres_url: str) -> None:
    path = place / "aduan.db"
    engine = connect(postgres_url)
    old_office(engine, path)
    text = SAMPLE.read_text("utf-8").replace("sqlite:///aduan.db", postgres_url)
    (place / "config.toml").write_text(text, "utf-8")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE event SET hash = reverse(hash) WHERE id = 2")
    assert "seperti semula" in perbarui(code=1)
    assert not is_current(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE event SET hash = reverse(hash) WHERE id = 2")
    assert "utuh" in perbarui()
    assert is_current(engine)
    engine.dispose()


def old_office(engine: Engine, path: Path) -> None:
    """Fill a database with an office at its own, old revision."""
    contents = backup_contents.look(path)
    with schema.rebuilding(engine) as into:
        restore.make_room(into, contents.revision)
        restore.filled(backup_contents.Source(path, path), into, backup.silent)
        copied.restart_sequences(into)


def test_two_files_of_one_second_stand_beside_each_other(tmp_path: Path) -> None:
    """Of a backup before an upgrade, and of printed slips, whose serials are used up."""
    at = datetime(2026, 11, 30, 9, 27, 44, tzinfo=UTC)
    names = []
    for _turn in range(3):
        pdf, word_file = stamped(tmp_path, "slip", at, ".pdf", ".docx")
        pdf.touch()
        names.append((pdf.name, word_file.name))
    assert names == [
        ("slip-20261130-092744.pdf", "slip-20261130-092744.docx"),
        ("slip-20261130-092744-2.pdf", "slip-20261130-092744-2.docx"),
        ("slip-20261130-092744-3.pdf", "slip-20261130-092744-3.docx"),
    ]
