"""Mails that are read ahead by another process: the same as read here; and nothing is lost when that process is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import intake
from pipeline.ahead import BACKLOG, Reader
from tests.desk import Desk, desk_in
from tests.office import INTAKE, SITI, Office, compose, embedded, office, until

MAILS = {n: f"From: {SITI}\r\nSubject: Lampu {n}\r\n\r\nPadam.\r\n".encode() for n in range(30)} | {
    30: b"",
    31: b"\xff\x00" * 500,
    32: b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def ready(reader: Reader) -> None:
    """Wait until the process has started."""

    def answered() -> bool:
        reader.begin(MAILS)
        return bool(reader.take())

    until(answered)


def test_what_is_read_beside_is_what_would_be_read_here(desk: Desk) -> None:
    with Reader(desk.settings, BACKLOG) as reader:
        ready(reader)
        reader.begin(MAILS)
        assert reader.take() == {n: intake.read_mail(desk.settings, raw) for n, raw in MAILS.items()}
        assert reader.take() == {}, "once"


def test_a_few_mails_start_no_process(desk: Desk) -> None:
    with Reader(desk.settings, BACKLOG - 1) as reader:
        reader.begin(MAILS)
        assert reader.take() == {}
        assert reader.process is None


@pytest.mark.parametrize("moment", ["idle", "busy"])
def test_a_process_that_is_killed_leaves_the_mails_to_be_read_here(desk: Desk, moment: str) -> None:
    with Reader(desk.settings, BACKLOG) as reader:
        ready(reader)
        if moment == "busy":
            reader.begin(MAILS)
        assert reader.process is not None
        reader.process.send_signal(signal.SIGKILL)
        reader.process.wait(30)
        if moment == "idle":
            reader.begin(MAILS)
        assert len(reader.take()) in (0, len(MAILS))
        reader.begin(MAILS)
        assert reader.take() == {}


def backlog(kantor: Office) -> None:
    with kantor.imap() as client:
        for n in range(BACKLOG + 20):
            raw = compose(f"warga{n}@warga.example", INTAKE, f"Lampu {n}", "Padam.", kantor.clock.now).as_bytes()
            client.append("INBOX", raw)


def test_a_backlog_is_taken_in_whole_and_in_order(tmp_path: Path) -> None:
    with embedded() as post, office(tmp_path, post=post, smtp={"answers_per_hour": 1000}) as kantor:
        backlog(kantor)
        assert kantor.tick()["surat_masuk"] == BACKLOG + 20
        assert [c.perihal for c in kantor.complaints()] == [f"Lampu {n}" for n in range(BACKLOG + 20)]
        assert kantor.messages("INBOX") == []
