"""The process is killed at every commit of the intake, in mid-MOVE and in mid-SMTP, then runs again.

What must hold each time: every mail is exactly one complaint with one acknowledgement, every scan one page for the
JFU, nothing is lost. Only a mail that was on the wire may come twice, and then under the same Message-ID.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from pipeline.data.engine import reading
from pipeline.data.tables import Item, Outbox, Task
from pipeline.demo.mailserver import MailServer
from pipeline.office.sop import TaskKind
from tests.kantor import INTAKE, SIGNED, SITI, Mail, Office, Post, embedded, office, production
from tests.servers import PASSWORD, Dovecot

BUDI = "budi@warga.example"
ROOT = Path(__file__).parents[1]
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Victims:
    """A process that makes processes to be killed; the imports are paid once."""

    orders: IO[str]
    answers: IO[str]

    def start(self, kantor: Office, when: str = "", n: int = 0, **act: object) -> int:
        """Begin a tick, or another act, in a new process; its id."""
        path = str(kantor.folder / "config.toml")
        order = {"config": path, "now": kantor.clock.now.isoformat(), "when": when, "n": n, **act}
        self.orders.write(json.dumps(order) + "\n")
        self.orders.flush()
        return int(self.answers.readline())

    def end(self) -> int:
        """Wait for that process; its exit code."""
        return int(self.answers.readline())

    def run(self, kantor: Office, when: str = "", n: int = 0, **act: object) -> int:
        self.start(kantor, when, n, **act)
        return self.end()


@pytest.fixture(scope="module")
def victims() -> Iterator[Victims]:
    command = [sys.executable, "-m", "tests.crash_child"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Victims(process.stdin, process.stdout)
        process.stdin.close()


@contextmanager
def busy_office(folder: Path, post: Post) -> Iterator[Office]:
    """An office with two mails in its mailbox and one file in its scan folder."""
    folder.mkdir()
    scans = folder / "pindaian"
    scans.mkdir()
    with office(folder, post=post, scan={"folder": "pindaian", "baca": False}) as kantor:
        kantor.citizen_sends(settle=False)
        kantor.citizen_sends(
            "Wifi",
            "Wifi taman mati.",
            sender=BUDI,
            files=[("a.jpg", "image/jpeg", SIGNED)],
            settle=False,
        )
        (scans / "slip.jpg").write_bytes(SIGNED)
        os.utime(scans / "slip.jpg", times=(time.time() - 60,) * 2)
        yield kantor


@contextmanager
def in_the_clear(dovecot: Dovecot) -> Iterator[Post]:
    """Dovecot without TLS: a hundred offices are opened here, and TLS is tested elsewhere."""
    with MailServer({}) as server:
        imap = {
            "host": dovecot.host,
            "port": dovecot.port,
            "security": "tanpa",
            "user": dovecot.fresh_user(),
        }
        yield Post(
            imap,
            {"host": server.host, "port": server.smtp_port, "security": "tanpa", "user": ""},
            server,
        )


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_every_commit_loses_and_doubles_nothing(
    when: str, victims: Victims, dovecot: Dovecot, tmp_path: Path
) -> None:
    """Before a commit means after what was done outside the database: a MOVE, a mail that the server has taken."""
    doubled = []
    for n in range(1, 200):
        with in_the_clear(dovecot) as post, busy_office(tmp_path / str(n), post) as kantor:
            code = victims.run(kantor, when, n)
            kantor.later(minutes=11)  # a claim goes stale after ten
            kantor.settle()
            doubled.append(_exactly_once(kantor))
            mails = len(kantor.outbox())
        if code == 0:
            break
        assert code == KILLED, f"commit {n}"
    assert len(doubled) > 2 * mails, "each mail is claimed and marked"
    assert sorted(doubled)[-mails - 1 :] == [0] + [int(when == "before")] * mails, (
        "only what was on the wire"
    )


def _exactly_once(kantor: Office) -> int:
    """The state of `busy_office` after all work; how many mails came once more under their Message-ID and Date."""
    complaints = kantor.complaints()
    assert sorted(c.email for c in complaints) == [BUDI, SITI]
    assert sorted(c.number for c in complaints) == ["PGD-2026-000001", "PGD-2026-000002"]
    with reading(kantor.engine) as session:
        assert sorted(session.scalars(select(Item.state))) == ["done", "done", "done"]
        tasks = list(session.scalars(select(Task)))
        assert {row.state for row in session.scalars(select(Outbox))} == {"sent"}
    assert sorted(t.kind for t in tasks) == [TaskKind.CATAT, TaskKind.CATAT, TaskKind.PINDAI]
    for complaint in complaints:
        [receipt] = _distinct(kantor.inbox(complaint.email))
        assert complaint.number in receipt.subject
    assert len(_distinct(kantor.inbox("jfu-1"))) == 3
    sent = kantor.post.sent
    assert len({(mail.message_id, mail.message["Date"]) for mail in sent}) == len(kantor.outbox())
    assert kantor.messages("INBOX") == []
    assert len(kantor.messages("Diproses")) == 2
    assert kantor.messages("Ditahan") == []
    scans = kantor.folder / "pindaian"
    assert [p.relative_to(scans).as_posix() for p in scans.rglob("*.jpg")] == ["diproses/slip.jpg"]
    assert kantor.audit() == []
    return len(sent) - len(kantor.outbox())


def _distinct(mails: list[Mail]) -> list[Mail]:
    """Each mail once, however often it came under its Message-ID."""
    return list({mail.message_id: mail for mail in mails}.values())


# ---- on the wire ---------------------------------------------------------------------------------------------


class Fragile(MailServer):
    """Dies once in mid-mail: with the connection, or with the process that sends. May have kept the mail before."""

    def __init__(self, keeps: bool) -> None:
        super().__init__({INTAKE: PASSWORD})
        self.keeps = keeps
        self.victim = 0
        self.armed = True

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.armed:
            return await super().handle_DATA(server, session, envelope)
        self.armed = False
        if self.keeps:
            await super().handle_DATA(server, session, envelope)
        if self.victim:
            os.kill(self.victim, signal.SIGKILL)
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()
        return "421 4.3.0 gone"


@contextmanager
def fragile(keeps: bool) -> Iterator[tuple[Fragile, Post]]:
    server = Fragile(keeps)
    with embedded() as post, server:
        smtp = {**post.smtp, "port": server.smtp_port}
        yield server, Post(post.imap, smtp, server)


@pytest.mark.parametrize("keeps", [False, True], ids=["before it was taken", "after it was taken"])
def test_a_mail_server_that_dies_in_mid_mail_gets_it_again(keeps: bool, tmp_path: Path) -> None:
    """The sender cannot know whether the mail was taken: it comes again under the same Message-ID and Date."""
    with fragile(keeps) as (_server, post), busy_office(tmp_path / "kantor", post) as kantor:
        assert kantor.tick()["gagal_send"] == 1
        assert list(kantor.lanes()) == ["send"]
        assert len(kantor.complaints()) == 2, "the other steps went on"
        kantor.later(minutes=1)
        kantor.settle()
        assert _exactly_once(kantor) == int(keeps)


@pytest.mark.parametrize("keeps", [False, True], ids=["before it was taken", "after it was taken"])
def test_a_kill_in_mid_mail_sends_it_again_when_the_claim_is_stale(
    keeps: bool, victims: Victims, tmp_path: Path
) -> None:
    with fragile(keeps) as (server, post), busy_office(tmp_path / "kantor", post) as kantor:
        server.armed = False
        server.victim = victims.start(kantor)
        server.armed = True
        assert victims.end() == KILLED
        with reading(kantor.engine) as session:
            assert "sending" in set(session.scalars(select(Outbox.state)))
        kantor.later(minutes=9)
        kantor.settle()
        with reading(kantor.engine) as session:
            assert "sending" in set(session.scalars(select(Outbox.state))), (
                "the claim may still be somebody's"
            )
        kantor.later(minutes=2)
        kantor.settle()
        assert _exactly_once(kantor) == int(keeps)


def test_two_processes_at_once_take_each_mail_once(
    victims: Victims, dovecot: Dovecot, tmp_path: Path
) -> None:
    """`aduan poll --once` beside a running `aduan serve`: claims and ledger keep them apart."""
    with production(dovecot) as post, busy_office(tmp_path / "kantor", post) as kantor:
        victims.start(kantor)
        kantor.tick()
        victims.end()
        kantor.settle()
        assert _exactly_once(kantor) == 0
