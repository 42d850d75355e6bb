"""One mail that the server does not hand out, one move that it refuses: nothing else waits for either."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from sqlalchemy import select

from pipeline.data import engine as db
from pipeline.data.engine import reading
from pipeline.data.tables import MailTrouble, Sighting
from pipeline.running.lanes import Lanes
from tests.between import between
from tests.kantor import INTAKE, SITI, Office, Post, compose, office, production, until
from tests.servers import PASSWORD, Dovecot

TI = "ti@kominfo.example"
NO = b"NO [SERVERBUG] Internal error occurred."
HANG_UP = b""


@pytest.fixture
def post(dovecot: Dovecot) -> Iterator[Post]:
    with production(dovecot) as host:
        yield host


def arrive(kantor: Office, *subjects: str) -> None:
    for n, subject in enumerate(subjects):
        kantor.arrive(
            compose(
                f"w{n}@warga.example", INTAKE, subject, f"{subject}.", kantor.clock.now
            ).as_bytes()
        )


def uids(line: bytes) -> set[int]:
    """Which messages a UID FETCH asks for the bodies of."""
    found = re.search(rb"UID FETCH ([\d,:]+) \((?:BODY\.PEEK\[\]|RFC822)", line)
    spans = [part.split(b":") for part in found[1].split(b",")] if found else []
    return {n for span in spans for n in range(int(span[0]), int(span[-1]) + 1)}


def withholding(bad: set[int], answer: bytes) -> Callable[[bytes], bytes | None]:
    return lambda line: answer if uids(line) & bad and b"RFC822.SIZE" not in line else None


def lying(dovecot: Dovecot, kantor: Office, folder: str = "INBOX") -> int:
    """How many messages a folder holds, as the server itself says."""
    with IMAPClient(dovecot.host, port=dovecot.port, ssl=False, timeout=20) as client:
        client.login(kantor.settings.imap.user, PASSWORD)
        client.select_folder(folder, readonly=True)
        return len(client.search("ALL"))


def troubles(kantor: Office) -> list[MailTrouble]:
    with reading(kantor.engine) as session:
        return list(session.scalars(select(MailTrouble).order_by(MailTrouble.id)))


@pytest.mark.parametrize("answer", [NO, HANG_UP], ids=["NO", "hang up"])
def test_one_mail_that_the_server_withholds_stops_no_other_and_is_told(
    answer: bytes, dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    bad = {2}
    with (
        between(dovecot, refuse=withholding(bad, answer)) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu", "Dua yang rusak", "Tiga", "Empat")
        kantor.settle()
        assert [c.perihal for c in kantor.complaints()] == ["Satu", "Tiga", "Empat"]
        assert lying(dovecot, kantor) == 1
        for who in ("jfu-1", TI):
            told = kantor.newest(who, "tidak dapat diambil")
            assert "Dua yang rusak" in told.html
            assert "w1@warga.example" in told.words
        kantor.later(hours=1)
        kantor.settle()
        assert len([m for m in kantor.inbox("jfu-1") if "tidak dapat diambil" in m.subject]) == 1, (
            "told once"
        )
        bad.clear()
        kantor.later(days=1)
        kantor.settle()
        assert kantor.complaint().perihal == "Dua yang rusak"
        assert troubles(kantor) == []


def test_a_withheld_mail_is_asked_for_in_growing_pauses(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    with (
        between(dovecot, refuse=withholding({1}, NO)) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu")
        pauses = []
        for _ in range(9):
            kantor.tick()
            (row,) = troubles(kantor)
            pauses.append((row.next_at - kantor.clock.now).total_seconds() / 60)
            assert kantor.lanes() == {}
            kantor.clock.now = row.next_at
        assert pauses == [1, 5, 15, 60, 240, 720, 1440, 1440, 1440]


def test_sizes_that_cannot_be_had_of_one_mail_stop_no_other(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    def refuse(line: bytes) -> bytes | None:
        return NO if 1 in uids(line) else None

    with (
        between(dovecot, refuse=refuse) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu", "Dua", "Tiga")
        kantor.settle()
        assert [c.perihal for c in kantor.complaints()] == ["Dua", "Tiga"]


def test_a_server_that_fails_for_every_mail_is_down_and_tells_of_no_single_one(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    """Twenty letters about twenty mails would help nobody; when it is well again all come in."""
    ill = [True]
    with (
        between(dovecot, refuse=lambda line: NO if ill and uids(line) else None) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, *(f"Lampu {n}" for n in range(20)))
        assert kantor.tick()["gagal_mail"] == 1
        assert kantor.outbox("surat_tak_terambil") == []
        ill.clear()
        kantor.later(minutes=2)
        kantor.settle()
        assert len(kantor.complaints()) == 20
        assert troubles(kantor) == []


def test_a_server_that_dies_of_a_mail_and_needs_time_is_not_asked_for_it_first_again(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    """No connection is taken for a while after each time: every poll fails at another place, but mail comes in."""
    dead = [False]

    def refuse(line: bytes) -> bytes | None:
        if 2 in uids(line) and b"RFC822.SIZE" not in line:
            dead[0] = True
        return HANG_UP if dead[0] else None

    with (
        between(dovecot, refuse=refuse) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu", "Dua yang rusak", "Tiga")
        for _ in range(4):
            kantor.tick()
            dead[0] = False
            kantor.later(seconds=10)
        assert [c.perihal for c in kantor.complaints()] == ["Satu", "Tiga"]


# ---- moving --------------------------------------------------------------------------------------------------


def refusing_move(words: bytes, state: list[bool]) -> Callable[[bytes], bytes | None]:
    """Every MOVE is answered with these words while `state` holds something."""
    return lambda line: words if state and b"UID MOVE" in line else None


def test_a_refused_move_stops_no_fetching_and_is_told_and_tried_again(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    full = [True]
    with (
        between(dovecot, refuse=refusing_move(b"NO [OVERQUOTA] Quota exceeded", full)) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu", "Dua")
        kantor.settle()
        arrive(kantor, "Tiga")
        kantor.settle()
        assert len(kantor.complaints()) == 3
        assert lying(dovecot, kantor) == 3
        (told,) = [m for m in kantor.inbox(TI) if "dipindah" in m.subject]
        assert "Quota exceeded" in told.words
        assert kantor.lanes() == {}
        full.clear()
        kantor.later(days=1)
        kantor.settle()
        assert lying(dovecot, kantor) == 0
        assert lying(dovecot, kantor, "Diproses") == 3
        assert troubles(kantor) == []


def test_one_message_that_cannot_be_moved_keeps_no_other_in_the_inbox(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    def refuse(line: bytes) -> bytes | None:
        found = re.search(rb"UID MOVE ([\d,:]+)", line)
        spans = [part.split(b":") for part in found[1].split(b",")] if found else []
        return NO if any(int(span[0]) <= 2 <= int(span[-1]) for span in spans) else None

    with (
        between(dovecot, refuse=refuse) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu", "Dua", "Tiga")
        kantor.settle()
        assert lying(dovecot, kantor, "Diproses") == 2
        assert lying(dovecot, kantor) == 1


def test_folders_that_cannot_be_made_keep_no_mail_out(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    def refuse(line: bytes) -> bytes | None:
        return (
            b"NO [NOPERM] Permission denied"
            if b" CREATE " in line or b" SUBSCRIBE " in line
            else None
        )

    with (
        between(dovecot, refuse=refuse) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu")
        kantor.settle()
        assert kantor.complaint().perihal == "Satu"


def test_a_folder_that_somebody_deleted_is_made_anew(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    with office(tmp_path, post=post) as kantor:
        arrive(kantor, "Satu")
        lanes = Lanes(kantor.app, {"mail": 3600.0})
        lanes.start()
        try:
            until(lambda: len(kantor.complaints()) == 1)
            with kantor.imap() as client:
                client.delete_folder("Diproses")
            arrive(kantor, "Dua")
            lanes.wake("mail")
            until(lambda: len(kantor.complaints()) == 2)
            until(lambda: lying(dovecot, kantor) == 0)
        finally:
            lanes.stop()
        assert troubles(kantor) == []


def test_a_move_that_says_ok_and_did_nothing_is_found_by_reconcile_and_mended(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    idle = [True]
    words = b"OK Moved."
    with (
        between(dovecot, refuse=refusing_move(words, idle)) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):
        arrive(kantor, "Satu")
        kantor.settle()
        assert lying(dovecot, kantor) == 1
        with reading(kantor.engine) as session:
            assert all(session.scalars(select(Sighting.moved_at))), "the server said so"
        idle.clear()
        kantor.next_workday()
        kantor.settle()
        assert "Satu" in kantor.newest("jfu-1", "perlu dilihat").html
        kantor.settle()
        assert lying(dovecot, kantor) == 0


def test_a_long_backlog_of_one_mailbox_does_not_keep_the_others_waiting(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    """The server of the first is slow: while its mail is on the wire nobody else waits for it."""
    slow, go_on = threading.Event(), threading.Event()

    def stall(line: bytes) -> bytes | None:
        if uids(line) and b"RFC822.SIZE" not in line:
            slow.set()
            go_on.wait(20)
        return None

    other = {**post.imap, "user": dovecot.fresh_user()}
    with (
        between(dovecot, refuse=stall) as proxy,
        office(tmp_path, post=post, imap={**proxy.imap, "lain": [other]}) as kantor,
    ):
        arrive(kantor, "Lampu")
        with IMAPClient(dovecot.host, port=dovecot.port, ssl=False, timeout=20) as client:
            client.login(str(other["user"]), PASSWORD)
            client.append(
                "INBOX", compose(SITI, INTAKE, "Selokan", "Mampet.", kantor.clock.now).as_bytes()
            )
        lanes = Lanes(kantor.app, {"mail": 3600.0, "mail 2": 3600.0})
        lanes.start()
        try:
            assert slow.wait(10)
            until(lambda: [c.perihal for c in kantor.complaints()] == ["Selokan"])
            go_on.set()
            until(lambda: len(kantor.complaints()) == 2)
        finally:
            go_on.set()
            lanes.stop()


def test_the_lease_is_free_while_mail_is_on_the_wire(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    held = []
    with office(tmp_path, post=post) as plain:
        engine = plain.engine

        def look(line: bytes) -> bytes | None:
            if uids(line):
                with db.lease(engine, "intake") as mine:
                    held.append(not mine)
            return None

        with (
            between(dovecot, refuse=look) as proxy,
            office(tmp_path, post=post, imap=proxy.imap) as kantor,
        ):
            arrive(kantor, "Lampu")
            kantor.settle()
    assert held
    assert not any(held)
