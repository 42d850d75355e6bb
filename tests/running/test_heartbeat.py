"""The second channel: when it speaks, what it says, and that it speaks when mail, database or a lane is dead."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.data import engine, tables
from pipeline.office.config import Settings
from pipeline.running import collecting, heartbeat
from pipeline.running import lanes as lanes_module
from pipeline.running.heartbeat import AGAIN, Heartbeat
from pipeline.running.lanes import Lanes
from pipeline.running.poller import STEPS
from tests.desk import desk_in, jakarta
from tests.kantor import Clock, embedded, office, until
from tests.servers import free_port

NOTE = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2] + '\\n')"


def officer(folder: Path, **more: Any) -> dict[str, Any]:
    """A command that writes what it is told into a file."""
    command = (sys.executable, "-c", NOTE, str(folder / "alarm.txt"))
    return {"alarm_menit": 30, "perintah_alarm": command, "berkas_detak": "detak.txt", **more}


def heard(folder: Path) -> list[str]:
    file = folder / "alarm.txt"
    return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def clock() -> Clock:
    return Clock(jakarta(24, 9))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with desk_in(tmp_path, petugas_ti=officer(tmp_path)) as desk:
        return desk.settings


def test_it_is_silent_while_all_goes_well(settings: Settings, tmp_path: Path, clock: Clock) -> None:
    beat = Heartbeat(settings, ["mail", "send"], clock)
    for _ in range(5):
        clock.now += timedelta(minutes=20)
        beat.well("mail")
        beat.well("send")
        beat.well("letters")
        beat.beat()
    assert heard(tmp_path) == []
    assert (tmp_path / "detak.txt").read_text() == "2026-11-24T10:40:00+07:00 baik\n"


def test_it_alarms_once_again_after_hours_and_tells_when_it_is_over(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    beat = Heartbeat(settings, ["mail", "mail 2", "send"], clock)
    for _ in range(40):
        clock.now += timedelta(minutes=1)
        beat.well("mail")
        beat.well("send")
        beat.beat()
    (said,) = heard(tmp_path)
    assert "email tidak dapat diambil" in said
    assert "pukul 09.00" in said
    assert said in (tmp_path / "detak.txt").read_text()
    clock.now += AGAIN
    beat.well("mail")
    beat.beat()
    assert "tidak dapat diambil dan email tidak dapat dikirim" in heard(tmp_path)[1]
    for lane in ("mail", "mail 2", "send"):
        beat.well(lane)
    beat.beat()
    beat.beat()
    assert heard(tmp_path)[2:] == [
        "aduan Dinas Kominfo: sudah pulih, email diambil dan dikirim lagi."
    ]


@pytest.mark.parametrize(
    "command",
    [
        ("/tidak/ada",),
        (sys.executable, "-c", "raise SystemExit(3)"),
        (sys.executable, "-c", "import time; time.sleep(60)"),
    ],
)
def test_a_command_that_fails_or_hangs_stops_nothing(
    tmp_path: Path,
    clock: Clock,
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(heartbeat, "SECONDS", 0.5)
    with desk_in(tmp_path, petugas_ti=officer(tmp_path, perintah_alarm=command)) as desk:
        beat = Heartbeat(desk.settings, ["mail"], clock)
        clock.now += timedelta(hours=1)
        beat.beat()
        assert "alarm command" in caplog.text


def test_a_file_that_cannot_be_written_does_not_keep_the_alarm_back(
    tmp_path: Path, clock: Clock
) -> None:
    with desk_in(tmp_path, petugas_ti=officer(tmp_path, berkas_detak="tidak/ada.txt")) as desk:
        beat = Heartbeat(desk.settings, ["mail"], clock)
        clock.now += timedelta(hours=1)
        beat.beat()
        assert len(heard(tmp_path)) == 1


def test_a_mailbox_that_refuses_the_office_is_alarmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: lanes run, the server is not there, time passes, the command is called."""
    monkeypatch.setattr(lanes_module, "BEAT", 0.1)
    with (
        embedded() as post,
        office(
            tmp_path, post=post, imap={"port": free_port()}, petugas_ti=officer(tmp_path)
        ) as kantor,
    ):
        lanes = Lanes(kantor.app, dict.fromkeys(STEPS, 3600.0))
        lanes.start()
        try:
            until(lambda: (tmp_path / "detak.txt").exists())
            assert heard(tmp_path) == []
            kantor.clock.now += timedelta(hours=2)
            lanes.wake("send")
            until(lambda: any("diambil" in line for line in heard(tmp_path)))
        finally:
            lanes.stop()
        before = (tmp_path / "detak.txt").stat().st_mtime
        time.sleep(0.3)
        assert (tmp_path / "detak.txt").stat().st_mtime == before, (
            "a process that has ended beats no more"
        )


def test_a_poller_that_never_gets_its_turn_is_alarmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has the mail for hours: nothing fails, yet nothing is polled either."""
    monkeypatch.setattr(lanes_module, "BEAT", 0.1)
    monkeypatch.setattr(collecting, "PATIENCE", 0.1)
    with embedded() as post, office(tmp_path, post=post, petugas_ti=officer(tmp_path)) as kantor:
        lanes = Lanes(kantor.app, {**dict.fromkeys(STEPS, 3600.0), "mail": 1.0})
        with engine.lease(kantor.engine, "intake") as mine:
            assert mine
            assert kantor.tick()["poller_lain"] == 1
            lanes.start()
            try:
                until(lambda: (tmp_path / "detak.txt").exists())
                kantor.clock.now += timedelta(hours=2)
                lanes.wake("send")
                until(lambda: any("email tidak dapat diambil" in line for line in heard(tmp_path)))
                with engine.reading(kantor.engine) as session:
                    assert session.get(tables.Lane, "mail") is None, (
                        "what did not happen did not go well"
                    )
            finally:
                lanes.stop()
