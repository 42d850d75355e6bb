"""Connections that break at any byte and a process that is killed at any moment: nothing lost, nothing doubled.

Mails come in all the time; the process talks to Dovecot and to an SMTP server through proxies that cut, and is killed
and started again. After the last fault it is left in peace. `make faults` runs 500 mails and 200 faults.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import pytest
from imapclient import IMAPClient
from sqlalchemy import Engine, func, select, text

from pipeline.cases.audit import audit
from pipeline.data import ledger
from pipeline.data.engine import connect, migrate, reading
from pipeline.data.tables import Complaint, Document, Item, Outbox, Sighting
from pipeline.office.config import load
from tests.faults import Proxy, Trouble, Victim, ending
from tests.kantor import INTAKE, Post, compose, write_config
from tests.servers import (
    LOOPBACK,
    PASSWORD,
    Dovecot,
    Postgres,
    Sink,
    postgres,
    postgres_missing,
    server_folder,
)

MAILS = int(os.environ.get("ADUAN_FAULTS_MAILS", "60"))
FAULTS = int(os.environ.get("ADUAN_FAULTS", "25"))
SEED = int(os.environ.get("ADUAN_FAULTS_SEED", "20261124"))
AHEAD = 9 * 24 * 60  # minutes at the end: beyond every pause of the outbox
PEACE = 240.0  # seconds at most until all is settled


@dataclass
class Letters:
    """What citizens and machines send, and what must come of it."""

    random: random.Random
    replies: bool = True
    sent: list[bytes] = field(default_factory=list)
    complaints: dict[str, str] = field(default_factory=dict)  # {subject: sender}
    joined: int = 0
    _first: list[EmailMessage] = field(default_factory=list)

    def next(self, number: int) -> list[bytes]:
        """The next mail, or two: one that was sent to two of our addresses."""
        weights = {
            "plain": 50,
            "reply": 15 * self.replies,
            "copies": 10,
            "robot": 8,
            "junk": 7,
            "file": 10,
        }
        kind = self.random.choices(list(weights), list(weights.values()))[0]
        raws = self._reply(number) if kind == "reply" and self._first else self._write(kind, number)
        self.sent += raws
        return raws

    def _reply(self, number: int) -> list[bytes]:
        earlier = self.random.choice(self._first)
        mail = _mail(str(earlier["From"]), f"Re: {earlier['Subject']}", number)
        mail["In-Reply-To"] = earlier["Message-ID"]
        self.joined += 1
        return [mail.as_bytes()]

    def _write(self, kind: str, number: int) -> list[bytes]:
        subject, sender = f"Lampu padam {number:04d}", f"warga{number:04d}@warga.example"
        mail = _mail(sender, subject, number)
        if kind == "junk":
            mail["X-Spam-Flag"] = "YES"
            return [
                mail.as_bytes().replace(
                    b"Content-Type: text/plain", b"Content-Type: \xff\xfe/\x80; boundary="
                )
            ]
        if kind == "robot":
            mail["Auto-Submitted"] = "auto-replied"
            return [mail.as_bytes()]
        if kind == "file":
            noise = self.random.randbytes(300_000)
            mail.add_attachment(noise, maintype="image", subtype="jpeg", filename="foto.jpg")
        self._first.append(mail)
        self.complaints[subject] = sender
        raw = mail.as_bytes()
        return (
            [b"Received: by mx1\r\n" + raw, b"Received: by mx2\r\n" + raw]
            if kind == "copies"
            else [raw]
        )


def _mail(sender: str, subject: str, number: int) -> EmailMessage:
    return compose(sender, INTAKE, subject, f"Tiang nomor {number}.", datetime.now(UTC))


@dataclass
class Scene:
    """One office with trouble around it."""

    folder: Path
    dovecot: Dovecot
    sink: Sink
    user: str
    imap: Proxy
    smtp: Proxy
    trouble: Trouble
    engine: Engine
    config: Path

    def client(self) -> IMAPClient:
        client = IMAPClient(self.dovecot.host, port=self.dovecot.port, ssl=False, timeout=30)
        client.login(self.user, PASSWORD)
        return client

    def lying(self, folder: str) -> list[bytes]:
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            uids = client.search("ALL")
            found = client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
            return [
                found[uid][b"BODY[]"] for uid in uids if uid in found
            ]  # a poller may move one meanwhile

    def unsettled(self) -> dict[str, int]:
        """What still has to be done; empty when all is at rest."""
        with reading(self.engine) as session:
            counts = {
                "inbox": len(self.lying("INBOX")),
                "new": session.scalar(select(func.count()).where(Item.state == "new")) or 0,
                "unmoved": session.scalar(select(func.count()).where(Sighting.moved_at.is_(None)))
                or 0,
                "unsent": session.scalar(
                    select(func.count()).where(Outbox.state.in_(("due", "sending")))
                )
                or 0,
            }
        return {name: count for name, count in counts.items() if count}


@pytest.fixture
def stage(
    tmp_path: Path, dovecot: Dovecot, sink: Sink
) -> Iterator[Callable[[str, int, int], Scene]]:
    def build(url: str, faults: int, seed: int) -> Scene:
        user = dovecot.fresh_user()
        trouble = Trouble(random.Random(seed), faults)
        imap = stack.enter_context(Proxy("imap", dovecot.port, trouble))
        smtp = stack.enter_context(Proxy("smtp", sink.port, trouble))
        clear = {"host": LOOPBACK, "security": "tanpa"}
        post = Post(
            {**clear, "port": imap.port, "user": user},
            {**clear, "port": smtp.port, "user": ""},
            None,  # type: ignore[arg-type]
        )
        path = write_config(tmp_path, post, url, {"smtp": {"answers_per_hour": 1000}})
        settings = load(path)
        engine = connect(settings.database.url, settings.folder)
        stack.callback(engine.dispose)
        migrate(engine)
        return Scene(tmp_path, dovecot, sink, user, imap, smtp, trouble, engine, path)

    with ExitStack() as stack:
        yield build


def put_in(
    scene: Scene, letters: Letters, victims: list[Victim], mails: int, dice: random.Random
) -> None:
    """Mails arrive while connections break and processes are killed, until there was trouble enough."""
    for victim in victims:
        victim.start()
    number = 0
    while number < mails or not scene.trouble.over:
        if number < mails:
            with scene.client() as client:
                for _ in range(min(dice.randint(1, 8), mails - number)):
                    for raw in letters.next(number):
                        client.append("INBOX", raw)
                    number += 1
        time.sleep(dice.uniform(0.3, 2.5))
        victim = dice.choice(victims)
        if scene.trouble.cause("kill"):
            victim.kill()
            victim.ahead += 11  # a claim goes stale after ten minutes
            victim.start()


def settle(scene: Scene, victims: list[Victim]) -> None:
    """No more trouble: run on, far enough ahead that every pause is over, until nothing is left to do."""
    scene.trouble.end()  # or the last mail, which is tried once a minute, may be cut off each time
    for victim in victims:
        victim.kill()
        victim.ahead = AHEAD
        victim.start()
    deadline = time.monotonic() + PEACE
    while left := scene.unsettled():
        assert time.monotonic() < deadline, (
            left,
            (scene.folder / "proses.log").read_text()[-3000:],
        )
        time.sleep(0.5)
    for victim in victims:
        victim.stop()


def check(scene: Scene, letters: Letters) -> str:
    """Everything that must hold; figures for whoever reads the run."""
    lying = Counter(
        sha256(raw).hexdigest() for f in ("INBOX", "Diproses", "Ditahan") for raw in scene.lying(f)
    )
    sent = Counter(sha256(raw).hexdigest() for raw in letters.sent)
    assert lying - sent == Counter(), "the server holds each mail once"
    assert sent - lying == Counter(), "the server has lost nothing"
    with reading(scene.engine) as session:
        items = session.scalars(select(Item)).all()
        assert {item.sha256 for item in items} == set(sent), "each mail is one item, with its bytes"
        assert {ledger.twin_of(raw) for raw in letters.sent} == {item.twin for item in items}
        places = session.scalar(select(func.count()).select_from(Sighting))
        recorded = Counter((c.perihal, c.email) for c in session.scalars(select(Complaint)))
        assert recorded == Counter(letters.complaints.items()), "one case each"
        numbers = sorted(int(n[-6:]) for n in session.scalars(select(Complaint.number)))
        assert numbers == list(range(1, len(numbers) + 1)), "gapless"
        assert [fault for _, found in audit(session) for fault in found] == []
        rows = {row.message_id: row for row in session.scalars(select(Outbox))}
        assert {row.state for row in rows.values()} <= {"sent", "folded"}, (
            "gone, or a line of a digest"
        )
        receipts = {row.recipient for row in rows.values() if row.name == "tanda_terima"}
        assert receipts == set(letters.complaints.values())
        added = sum(i.reason.startswith("tambahan untuk") for i in items)
        assert added == letters.joined
        assert session.scalar(select(func.count()).where(Document.kind == "lampiran")) == _files(
            letters
        )
    ours = [
        one.raw for one in scene.sink.messages if b"Subject: Alarm sistem" not in one.raw
    ]  # past the outbox
    arrived = Counter(map(_message_id, ours))
    due = {
        message_id for message_id, row in rows.items() if row.state == "sent"
    }  # a folded one waits for the digest
    assert set(arrived) == due, "every mail that is due has left, and no other"
    assert not list(scene.folder.glob("tmp*"))
    twice = sum(count - 1 for count in arrived.values())
    return f"{dict(scene.trouble.caused)}; {len(sent)} mails, {places} sightings, {len(due)} sent, {twice} twice"


def _message_id(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Message-ID"])


def _files(letters: Letters) -> int:
    return sum(len(re.findall(rb'filename="foto.jpg"', raw)) for raw in letters.sent)


@pytest.mark.timeout(1800)
def test_broken_connections_and_killed_processes_lose_and_double_nothing(
    stage: Callable[[str, int, int], Scene], capsys: pytest.CaptureFixture[str]
) -> None:
    scene = stage("", FAULTS, SEED)
    letters, victim = Letters(random.Random(SEED)), Victim(scene.config)
    with ending(victim):
        put_in(scene, letters, [victim], MAILS, random.Random(SEED + 1))
        settle(scene, [victim])
    figures = check(scene, letters)
    with capsys.disabled():
        print(f"\nfaults (seed {SEED}): {figures}")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("faults", [0, FAULTS // 3])
def test_two_pollers_on_one_mailbox_lose_and_double_nothing(
    stage: Callable[[str, int, int], Scene], postgres_url: str, faults: int
) -> None:
    scene = stage(postgres_url, faults, SEED)
    # A reply may be seen by the one before the other has recorded what it answers: then it is a complaint of its own.
    letters = Letters(random.Random(SEED), replies=False)
    victims = [Victim(scene.config), Victim(scene.config)]
    with ending(*victims):
        put_in(scene, letters, victims, MAILS // 2, random.Random(SEED + 2))
        settle(scene, victims)
    check(scene, letters)


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL that may be ended and started again."""
    with server_folder() as folder, postgres(folder, crashes=True) as server:
        yield server


@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(postgres_missing()), reason=str(postgres_missing()))
def test_four_processes_and_a_database_that_cuts_off_and_dies_lose_and_double_nothing(
    stage: Callable[[str, int, int], Scene], cluster: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two processes have `--lajur surat`, two `--lajur kerja`. Whichever is killed, whatever its PostgreSQL does."""
    scene = stage(cluster.database("kantor"), FAULTS, SEED)
    letters = Letters(random.Random(SEED), replies=False)
    victims = [Victim(scene.config, parts=(part,)) for part in ("surat", "kerja") * 2]
    with ending(*victims):
        vex_four(scene, letters, victims, cluster)
        settle(scene, victims)
    figures = check(scene, letters)
    with capsys.disabled():
        print(f"\nfour processes (seed {SEED}): {figures}")


def vex_four(scene: Scene, letters: Letters, victims: list[Victim], cluster: Postgres) -> None:
    """Mails arrive, until all have and there was trouble enough."""
    dice = random.Random(SEED + 3)
    for victim in victims:
        victim.start()
    number = 0
    while number < MAILS or not scene.trouble.over:
        if number < MAILS:
            with scene.client() as client:
                for _ in range(min(dice.randint(1, 8), MAILS - number)):
                    for raw in letters.next(number):
                        client.append("INBOX", raw)
                    number += 1
        time.sleep(dice.uniform(0.3, 2.5))
        how = dice.choices(["kill", "cut off", "restart", "crash"], [4, 4, 1, 1])[0]
        if not scene.trouble.cause(how):
            continue
        if how == "kill":
            victim = dice.choice(victims)
            victim.kill()
            victim.ahead += 11  # a claim goes stale after ten minutes
            victim.start()
        elif how == "cut off":
            cut_off(scene, dice.randint(1, 5))
        else:
            cluster.restart(signal.SIGINT if how == "restart" else signal.SIGQUIT)


def cut_off(scene: Scene, connections: int) -> None:
    """`pg_terminate_backend` for some of the program's connections, whatever is done in them."""
    victims = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() ORDER BY random() LIMIT :connections"
    )
    with scene.engine.connect() as connection:
        ended = text(f"SELECT pg_terminate_backend(pid) FROM ({victims}) AS chosen")
        connection.execute(ended, {"connections": connections})


@pytest.mark.timeout(1800)
def test_refusals_a_full_disk_a_clock_set_back_and_a_database_away_lose_and_double_nothing(
    stage: Callable[[str, int, int], Scene],
) -> None:
    """One mail in seven is withheld and half of the moves are refused, as long as there is trouble."""
    scene = stage("", FAULTS, SEED)
    scene.imap.refuses = True
    # A reply may come in before what it answers, which is withheld: then it is a complaint of its own.
    letters, victim = Letters(random.Random(SEED), replies=False), Victim(scene.config)
    with ending(victim):
        begin(scene, victim)
        for number, vex in enumerate((full_disk, clock_back, database_away, full_disk)):
            with scene.client() as client:
                for n in range(MAILS // 10):
                    for raw in letters.next(number * 1000 + n):
                        client.append("INBOX", raw)
            time.sleep(1)
            vex(scene, victim)
        settle(scene, [victim])
    check(scene, letters)


def begin(scene: Scene, victim: Victim) -> None:
    """Start, and wait until it beats: then it listens to signals, too."""
    beat = scene.folder / "aduan.detak"
    beat.unlink(missing_ok=True)
    victim.start()
    deadline = time.monotonic() + PEACE
    while not beat.exists():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def full_disk(scene: Scene, victim: Victim) -> None:
    """Nothing can be written for a while."""
    victim.disk(full=True)
    time.sleep(4)
    victim.disk(full=False)


def clock_back(scene: Scene, victim: Victim) -> None:
    """The machine is started again an hour before it was ended."""
    victim.kill()
    victim.ahead -= 60
    begin(scene, victim)


def database_away(scene: Scene, victim: Victim) -> None:
    """Somebody else keeps it for longer than anybody waits."""
    lock = sqlite3.connect(scene.folder / "aduan.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    time.sleep(12)
    lock.execute("ROLLBACK")
    lock.close()
