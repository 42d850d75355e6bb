"""Silence is noticed: a lane that is late, a clock that goes back, mail that reaches nobody, a full disk."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import urllib3
from flask import Flask
from sqlalchemy import update

from pipeline import cases
from pipeline.data.engine import writing
from pipeline.data.tables import Lane, Seal
from pipeline.notices import watching
from pipeline.office.sop import TaskKind
from pipeline.running import health, heartbeat
from pipeline.running.heartbeat import Heartbeat
from pipeline.running.lanes import Lanes
from pipeline.running.poller import STEPS
from pipeline.web import serving
from pipeline.work import Work, utc_now
from tests.kantor import SITI, Office, embedded, office, until

TI, SECOND = "ti@kominfo.example", "ti-rumah@lain.example"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, petugas_ti={"email_cadangan": SECOND}) as running:
        yield running


def sehat(kantor: Office) -> tuple[int, str]:
    answer = kantor.web.get("/sehat")
    return answer.status_code, answer.text


def test_sehat_names_the_lane_that_is_late_and_hidup_never_does(kantor: Office) -> None:
    kantor.settle()
    assert sehat(kantor) == (200, "sehat\n")
    kantor.later(hours=1)
    with writing(kantor.engine) as session:
        session.execute(update(Lane).where(Lane.name != "send").values(ok_at=kantor.clock.now))
    assert sehat(kantor) == (503, "terlambat: send\n")
    assert kantor.web.get("/hidup").status_code == 200
    kantor.settle()
    assert sehat(kantor)[0] == 200


def test_sehat_counts_a_poller_that_never_began(kantor: Office) -> None:
    assert sehat(kantor)[0] == 200, "it may be about to begin"
    kantor.later(hours=9)
    status, said = sehat(kantor)
    assert status == 503
    assert "mail" in said


def test_sehat_tells_a_clock_that_went_back(kantor: Office) -> None:
    kantor.settle()
    kantor.later(hours=-1)
    assert sehat(kantor) == (503, "terlambat: jam\n")


def test_sehat_tells_a_database_that_is_away_and_a_full_disk(
    kantor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    kantor.settle()
    monkeypatch.setattr(watching, "ROOM", shutil.disk_usage(kantor.folder).total * 2)
    assert sehat(kantor) == (503, "terlambat: disk\n")
    monkeypatch.undo()
    (kantor.folder / "aduan.db").rename(kantor.folder / "pindah.db")
    kantor.engine.dispose()
    (kantor.folder / "aduan.db").mkdir()
    assert sehat(kantor) == (503, "terlambat: basis_data\n")
    assert kantor.web.get("/hidup").status_code == 200


def test_lanes_go_on_when_the_clock_goes_back(kantor: Office) -> None:
    """An hour back on the machine's clock: mail that comes then does not wait an hour."""
    lanes = Lanes(kantor.app, {**dict.fromkeys(STEPS, 1.0)})
    lanes.start()
    try:
        kantor.citizen_sends(settle=False)
        until(lambda: len(kantor.inbox()) == 1)
        kantor.later(hours=-1)
        kantor.citizen_sends("Wifi", "Wifi mati.", sender="budi@warga.example", settle=False)
        until(lambda: len(kantor.complaints()) == 2)
    finally:
        lanes.stop()


def test_an_age_below_zero_is_an_alarm(kantor: Office, caplog: pytest.LogCaptureFixture) -> None:
    beat = Heartbeat(kantor.settings, ["mail", "send"], kantor.clock)
    kantor.later(hours=-1)
    beat.beat()
    assert "jam komputer mundur" in caplog.text
    beat.well("mail")
    beat.well("send")
    beat.beat()
    assert "sudah pulih" in caplog.text


def test_by_default_the_alarm_goes_to_log_file_and_second_address(
    kantor: Office, caplog: pytest.LogCaptureFixture
) -> None:
    beat = Heartbeat(kantor.settings, STEPS, kantor.clock)
    beat.beat()
    assert (kantor.folder / "aduan.detak").read_text().endswith(" baik\n")
    kantor.later(hours=6)
    for lane in [name for name in STEPS if name != "letters"]:
        beat.well(lane)
    beat.beat()
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert "konsep surat tidak dapat dibuat" in caplog.text
    assert "konsep surat" in (kantor.folder / "aduan.detak").read_text()
    (told,) = kantor.inbox(SECOND)
    assert told.subject == "Alarm sistem pengaduan"
    assert "konsep surat tidak dapat dibuat" in told.words


def test_an_alarm_that_cannot_be_mailed_is_mailed_later(
    kantor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "MAIL_AGAIN", 0.0)
    kantor.post.server.defer.add(SECOND)
    beat = Heartbeat(kantor.settings, ["mail"], kantor.clock)
    kantor.later(hours=2)
    beat.beat()
    assert kantor.inbox(SECOND) == []
    kantor.post.server.defer.clear()
    beat.beat()
    beat.beat()
    assert len(kantor.inbox(SECOND)) == 1


def test_staff_addresses_that_all_refuse_are_an_alarm(kantor: Office) -> None:
    """Nobody in the office reads anything, while every lane goes well."""
    kantor.post.server.reject |= {person.email for person in kantor.settings.petugas}
    kantor.citizen_sends()
    _to_the_sekretaris(kantor)
    found = watching.look(kantor.engine, kantor.settings, kantor.clock.now)
    assert [one.kind for one in found] == ["petugas"]
    kantor.post.server.reject.clear()
    kantor.citizen_sends("Wifi", "Wifi mati.", sender="budi@warga.example")
    assert watching.look(kantor.engine, kantor.settings, kantor.clock.now) == []


def _to_the_sekretaris(kantor: Office) -> None:
    """The counter records a visitor: the Sekretaris gets a mail, which is refused too."""
    task = kantor.task(TaskKind.CATAT)
    person = kantor.person("jfu-1")
    values = {
        "perihal": ["Lampu"],
        "ringkasan": ["Lampu padam."],
        "nama": ["Siti"],
        "email": [SITI],
    }
    form = cases.check(kantor.settings, TaskKind.CATAT, "laporkan", values, {})
    with writing(kantor.engine) as session:
        cases.act(Work(session, kantor.settings, kantor.clock.now), task.id, person, form)
    kantor.settle()


def test_a_seal_of_the_future_is_told(kantor: Office) -> None:
    kantor.settle()
    ahead = (kantor.clock.now + timedelta(days=30)).date()
    with writing(kantor.engine) as session:
        session.add(
            Seal(day=ahead, sealed_at=kantor.clock.now, complaints=0, last_event=0, hash="0" * 64)
        )
    kantor.later(days=1)
    kantor.settle()
    kantor.later(hours=1)
    kantor.settle()
    assert len([m for m in kantor.inbox(TI) if "masa depan" in m.subject]) == 1
    assert [
        one.kind for one in watching.look(kantor.engine, kantor.settings, kantor.clock.now)
    ] == ["segel"]


@pytest.mark.parametrize(
    ("second", "level", "words"),
    [
        ("", "hati", "email_cadangan"),
        ("x@kominfo.example", "hati", "juga di"),
        ("x@lain.example", "baik", "x@lain"),
    ],
)
def test_check_looks_at_the_second_address(
    tmp_path: Path, second: str, level: str, words: str
) -> None:
    with office(tmp_path, petugas_ti={"email_cadangan": second}) as kantor:
        found = [one for one in health.look(kantor.settings, kantor.engine) if one.part == "alarm"]
        assert any(one.level == level and words in one.text for one in found)


def test_check_tells_a_lane_that_is_late(kantor: Office) -> None:
    kantor.settle()
    with writing(kantor.engine) as session:
        late = utc_now() - timedelta(hours=3)
        session.execute(update(Lane).values(ok_at=utc_now()))
        session.execute(update(Lane).where(Lane.name == "remind").values(ok_at=late))
    found = [one for one in health.look(kantor.settings, kantor.engine) if one.part == "jalur"]
    assert [one.level for one in found] == ["buruk"]
    assert "pengingat" in found[0].text


def test_monitors_are_answered_while_every_thread_of_the_pages_is_busy(tmp_path: Path) -> None:
    go_on = threading.Event()
    app = Flask("uji")

    @app.get("/lama")
    def slow() -> str:
        go_on.wait(20)
        return "lama"

    @app.get("/hidup")
    def alive() -> str:
        return "hidup"

    with embedded() as post, office(tmp_path, post=post, web={"port": 0}) as kantor:
        server = serving.Server(app, kantor.settings.web.host, kantor.settings.web.port)
        server.start()
        url = f"http://127.0.0.1:{server.port}"
        http = urllib3.PoolManager(maxsize=40, num_pools=40)
        busy = [
            threading.Thread(target=http.request, args=("GET", f"{url}/lama"), daemon=True)
            for _ in range(serving.THREADS + 4)
        ]
        for one in busy:
            one.start()
        time.sleep(0.5)
        try:
            begun = time.monotonic()
            assert http.request("GET", f"{url}/hidup", timeout=10).status == 200
            assert time.monotonic() - begun < 5
        finally:
            go_on.set()
            for one in busy:
                one.join(10)
            server.stop()
