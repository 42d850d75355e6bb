"""The newest backup is tried once a month; a damaged database file is an alarm, and a drill that fails is told."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.main import main
from pipeline.data import backup_folder, recipients
from pipeline.data.backup_folder import Plan
from pipeline.data.tables import Lane
from pipeline.notices import watching
from pipeline.running import drill, heartbeat
from pipeline.running.collecting import NOT_MINE
from pipeline.running.heartbeat import Heartbeat
from pipeline.running.poller import STEPS, guarded
from tests.kantor import Office, office, write_config

TI, SECOND = "ti@kominfo.example", "ti-rumah@lain.example"
GOOD, BAD = "Latihan pemulihan cadangan berhasil", "Latihan pemulihan cadangan GAGAL"


@pytest.fixture
def kantor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.chdir(tmp_path)
    with office(tmp_path, petugas_ti={"email_cadangan": SECOND}) as running:
        running.citizen_sends("Lampu padam", "Lampu padam.")
        yield running
    logging.getLogger().setLevel(logging.WARNING)


def save(kantor: Office) -> Path:
    now = kantor.clock.now.astimezone(kantor.settings.zone)
    return backup_folder.make(kantor.engine, kantor.folder / "cadangan", now, Plan()).path


def at_night(kantor: Office, days: int) -> None:
    """So many days on, when nobody is in the office."""
    kantor.later(days=days)
    local = kantor.clock.now.astimezone(kantor.settings.zone)
    kantor.later(hours=23 - local.hour)


def ran(kantor: Office) -> object:
    return guarded(kantor.app, "drill", STEPS["drill"])


def news(kantor: Office, subject: str) -> int:
    return sum(one.subject == subject for one in kantor.outbox("kabar_ti"))


def test_the_lane_tries_the_newest_backup_once_a_month_at_night(kantor: Office) -> None:
    assert ran(kantor) == {NOT_MINE: 0}, "its first round began to count"
    at_night(kantor, days=30)
    save(kantor)
    assert ran(kantor) == {"latihan": 1}
    assert news(kantor, GOOD) == 1
    assert ran(kantor) == {NOT_MINE: 0}
    assert list((kantor.folder / "cadangan").glob("latihan.db*")) == []
    at_night(kantor, days=31)
    save(kantor)
    ran(kantor)
    assert news(kantor, GOOD) == 2


def test_an_office_without_backups_is_told_once_a_month(kantor: Office) -> None:
    """It may back up by other means; by day nothing is tried at all."""
    assert ran(kantor) == {NOT_MINE: 0}
    kantor.later(days=30)
    assert ran(kantor) == {NOT_MINE: 0}
    for days in (0, 1, 1):
        at_night(kantor, days=days)
        ran(kantor)
    assert news(kantor, BAD) == 1
    assert "aduan backup" in kantor.outbox("kabar_ti")[-1].text


def test_an_old_backup_or_a_spoilt_one_is_told_once_a_day_and_shown(kantor: Office) -> None:
    at_night(kantor, days=30)
    pack = save(kantor).with_suffix(".isi")
    pack.write_bytes(pack.read_bytes()[:-1] + b"x")
    assert ran(kantor) is None
    assert ran(kantor) is None
    assert news(kantor, BAD) == 1
    assert "sidik jari" in kantor.outbox("kabar_ti")[-1].text
    with kantor.app.reading() as work:
        lane = work.session.get(Lane, "drill")
        assert lane is not None
        assert lane.failures == 2
    at_night(kantor, days=9)
    assert ran(kantor) is None
    assert "umur" in " ".join(kantor.outbox("kabar_ti")[-1].text.split())


def change(kantor: Office, **tables: dict[str, object]) -> None:
    """Rewrite the office's config.toml with other values in some tables."""
    write_config(kantor.folder, kantor.post, overrides=tables)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_the_commands_back_up_encrypted_try_it_and_restore_it_elsewhere(
    kantor: Office, tmp_path: Path
) -> None:
    """The office's key stays in the safe; the drill opens the backup with the key of this machine."""
    assert "penerima" in run("kunci", "cadangan", "brankas.txt").output
    public = recipients.public_of((tmp_path / "brankas.txt").read_text().strip())
    change(kantor, cadangan={"penerima": [public]})
    kantor.clock.now = datetime.now(kantor.settings.zone)
    made = run("backup")
    assert made.exit_code == 0, made.output
    assert "kunci untuk latihan" in made.output.lower()
    tried = run("latihan")
    assert tried.exit_code == 0, tried.output
    assert "1 pengaduan" in tried.output
    assert news(kantor, GOOD) == 1
    (tmp_path / "rahasia" / "cadangan_latihan").unlink()
    change(kantor, database={"url": "sqlite:///baru.db"})
    refused = run("restore")
    assert refused.exit_code == 2
    assert "--kunci" in refused.output
    done = run("restore", "--kunci", "brankas.txt")
    assert done.exit_code == 0, done.output
    assert "1 pengaduan" in done.output
    assert run("audit").exit_code == 0
    again = run("restore", "--kunci", "brankas.txt")
    assert "tidak kosong: 1 pengaduan" in again.output
    asked = CliRunner().invoke(main, ["restore", "--kunci", "brankas.txt", "--ganti"], input="n\n")
    assert "DIGANTI" in asked.output
    assert asked.exit_code == 1
    assert not list(tmp_path.glob("baru.db.sebelum*"))
    replaced = run("restore", "--kunci", "brankas.txt", "--ganti", "--ya")
    assert replaced.exit_code == 0, replaced.output
    assert (tmp_path / "baru.db.sebelum-pulih-1").exists()


def test_a_drill_that_finds_less_in_the_office_than_in_its_backup_fails(kantor: Office) -> None:
    save(kantor)
    with kantor.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        connection.exec_driver_sql("DELETE FROM seal")
        connection.exec_driver_sql(
            "DELETE FROM payload WHERE event_id = (SELECT max(id) FROM event)"
        )
        connection.exec_driver_sql("DELETE FROM event WHERE id = (SELECT max(id) FROM event)")
    outcome = drill.rehearse(kantor.app)
    assert any("event" in fault for fault in outcome.faults), outcome


def spoil(path: Path) -> None:
    """Every page behind the first three becomes rubbish, in place: the office has the file open."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        content = file.read()
        file.seek(12 * 4096)
        file.write(bytes(255 - one for one in content[12 * 4096 :]))


def test_a_damaged_file_fails_the_verify_lane_and_is_an_alarm(
    kantor: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kantor.later(days=1)
    assert guarded(kantor.app, "verify", STEPS["verify"]) == {"basis_data_utuh": 1}

    def look() -> list[watching.Trouble]:
        return watching.look(kantor.engine, kantor.settings, kantor.clock.now)

    monkeypatch.setattr(heartbeat, "LOOK", 0.0)
    beat = Heartbeat(kantor.settings, STEPS, kantor.clock, look)
    beat.beat()
    assert "rusak" not in caplog.text
    kantor.later(days=1)
    spoil(kantor.folder / "aduan.db")
    kantor.engine.dispose()
    assert guarded(kantor.app, "verify", STEPS["verify"]) is None
    answer = kantor.web.get("/sehat")
    assert answer.status_code == 503
    assert "rusak" in answer.text
    for lane in STEPS:
        beat.well(lane)
    beat.beat()
    assert "berkas basis data rusak" in caplog.text
    [told] = kantor.inbox(SECOND)
    assert "berkas basis data rusak" in told.words


def test_what_a_killed_drill_left_plain_goes_at_once(kantor: Office) -> None:
    """Not in a month, when the next drill is: an encrypted backup that was opened lies there for everybody."""
    folder = save(kantor).parent.parent
    left = [
        folder / name
        for name in ("latihan.db", "latihan.db-wal", ".2026-11-01-0115.db.age.terbuka")
    ]
    for one in left:
        one.write_bytes(b"data pribadi")
    ran(kantor)
    assert not [one for one in left if one.exists()]
