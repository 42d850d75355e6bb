"""Steps and lanes when servers are dead, and how the mailbox is treated: against real IMAP and SMTP servers."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from email import policy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from imapclient import DELETED, FLAGGED, SEEN, IMAPClient
from sqlalchemy import select

from pipeline import cases
from pipeline.cli.main import main
from pipeline.data.engine import reading
from pipeline.data.tables import Blob, Document, Item, Lane, Sighting
from pipeline.mail.mailbox import Mailbox, MailboxDown
from pipeline.office.config import Settings
from pipeline.office.sop import Stage
from pipeline.running import collecting
from pipeline.running.lanes import LONGEST_PAUSE, Lanes, seconds_until_next
from pipeline.running.poller import STEPS, attempt
from pipeline.web.app import create_app
from pipeline.work import App
from tests.between import between, hiding, silent_about
from tests.kantor import (
    INTAKE,
    SIGNED,
    SITI,
    Office,
    Post,
    compose,
    embedded,
    office,
    production,
    until,
)
from tests.servers import PASSWORD, Dovecot, free_port


def scanned(path: Path, content: bytes = SIGNED) -> None:
    """A file that the scanner finished a minute ago."""
    path.write_bytes(content)
    os.utime(path, times=(time.time() - 60,) * 2)


@pytest.fixture
def post(dovecot: Dovecot) -> Iterator[Post]:
    with production(dovecot) as host:
        yield host


@pytest.fixture
def kantor(post: Post, tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, post=post) as running:
        yield running


# ---- dead servers --------------------------------------------------------------------------------------------


def lane(kantor: Office, name: str) -> Lane:
    with reading(kantor.engine) as session:
        return session.get_one(Lane, name)


def test_with_a_dead_imap_server_everything_else_goes_on(post: Post, tmp_path: Path) -> None:
    """A scan is taken in, the JFU gets the mail, a link works; the mail lane's state says what is wrong."""
    port = free_port()
    with office(
        tmp_path, post=post, imap={"port": port}, scan={"folder": ".", "baca": False}
    ) as kantor:
        scanned(tmp_path / "slip.jpg")
        done = kantor.tick()
        assert done["gagal_mail"] == 1
        assert done["terkirim"] >= 1
        page = kantor.page(kantor.link("jfu-1", "catat_slip"))
        kantor.submit(page.url, "catat_slip", {"perihal": "Wifi", "isi": "Wifi mati."})
        kantor.tick()
        assert kantor.stage() is Stage.KLARIFIKASI
        assert kantor.newest("sekretaris")
        assert list(kantor.lanes()) == ["mail"]
        assert f"localhost:{port}" in kantor.lanes()["mail"]
        assert lane(kantor, "mail").failures == 2
        assert lane(kantor, "mail").ok_at is None
        assert lane(kantor, "send").ok_at is not None


def test_a_server_that_comes_back_clears_the_lane(post: Post, tmp_path: Path) -> None:
    with office(tmp_path, post=post, imap={"port": free_port()}) as dark:
        dark.tick()
        dark.tick()
    with office(tmp_path, post=post) as kantor:
        kantor.citizen_sends()
        assert kantor.lanes() == {}
        assert lane(kantor, "mail").failures == 0
        assert len(kantor.complaints()) == 1


def test_with_a_dead_smtp_server_mail_is_taken_in_and_answered_later_once(
    post: Post, tmp_path: Path
) -> None:
    port = free_port()
    with office(tmp_path, post=post, smtp={"port": port}) as dark:
        dark.citizen_sends(settle=False)
        for _ in range(3):
            assert dark.tick()["gagal_send"] == 1
            dark.later(minutes=30)
        assert len(dark.complaints()) == 1
        assert dark.messages("INBOX") == []
        assert {(row.state, row.attempts) for row in dark.outbox()} == {("due", 0)}
        assert f"localhost:{port}" in dark.lanes()["send"]
        now = dark.clock.now
    with office(tmp_path, post=post, now=now) as kantor:
        kantor.settle()
        assert len([m for m in kantor.inbox(SITI) if "Tanda terima" in m.subject]) == 1


def test_a_mail_that_the_server_defers_is_tried_with_growing_pauses_and_given_up(
    kantor: Office,
) -> None:
    kantor.post.server.defer.add(SITI)
    kantor.citizen_sends()
    [row] = kantor.outbox("tanda_terima")
    pauses = []
    while row.state == "due":
        assert row.error.startswith("451")
        pauses.append((row.next_at - kantor.clock.now).total_seconds())
        kantor.clock.now = row.next_at
        kantor.tick()
        [row] = kantor.outbox("tanda_terima")
    assert pauses == sorted(pauses)
    assert pauses[0] == 60
    assert 2.5 * 86400 < sum(pauses) < 4 * 86400, "about three days"
    assert row.state == "dead"
    assert kantor.stage() is Stage.PENERIMAAN


def test_an_imap_server_with_a_wrong_certificate_is_refused(post: Post, tmp_path: Path) -> None:
    """Without the office's own authority the test certificate is as good as a stranger's."""
    with office(tmp_path, post=post, imap={"ca_file": ""}) as kantor:
        assert kantor.tick()["gagal_mail"] == 1
        assert "CERTIFICATE_VERIFY_FAILED" in kantor.lanes()["mail"]


def test_an_smtp_server_with_a_wrong_certificate_gets_no_mail(post: Post, tmp_path: Path) -> None:
    with office(tmp_path, post=post, smtp={"ca_file": ""}) as kantor:
        kantor.citizen_sends(settle=False)
        assert kantor.tick()["gagal_send"] == 1
        assert "CERTIFICATE_VERIFY_FAILED" in kantor.lanes()["send"]
        assert post.sent == []
        assert {row.state for row in kantor.outbox()} == {"due"}


def test_starttls_on_imap_is_verified_and_used(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    plain = {"port": dovecot.port, "security": "starttls"}
    with office(tmp_path, post=post, imap=plain) as kantor, Mailbox(kantor.settings) as box:
        assert list(box.waiting()) == []
        assert box.client.socket().cipher() is not None
    (tmp_path / "lain").mkdir()
    with office(tmp_path / "lain", post=post, imap={**plain, "ca_file": ""}) as kantor:
        kantor.tick()
        assert "CERTIFICATE_VERIFY_FAILED" in kantor.lanes()["mail"]


def test_a_mail_server_without_starttls_gets_neither_password_nor_mail(
    post: Post, tmp_path: Path
) -> None:
    with embedded() as clear:
        smtp = {"host": "localhost", "port": clear.server.smtp_port}
        with office(tmp_path, post=post, smtp=smtp) as kantor:
            kantor.citizen_sends(settle=False)
            assert kantor.tick()["gagal_send"] == 1
            assert "STARTTLS" in kantor.lanes()["send"]
            assert clear.sent == []
            assert {row.state for row in kantor.outbox()} == {"due"}


def test_a_wrong_password_is_a_failed_lane_not_a_crash(post: Post, tmp_path: Path) -> None:
    with office(tmp_path, post=post) as kantor:
        (tmp_path / "rahasia" / "imap_password").write_text("keliru")
        (tmp_path / "rahasia" / "smtp_password").write_text("keliru juga")
        done = kantor.tick()
        assert done["gagal_mail"] == 1
        assert "keliru" not in str(kantor.lanes())
        assert set(kantor.lanes()) == {"mail", "send"}


# ---- lanes ---------------------------------------------------------------------------------------------------


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    assert [seconds_until_next(60, n) for n in range(6)] == [60, 120, 240, 480, 900, 900]
    assert seconds_until_next(60, 10_000) == LONGEST_PAUSE
    assert seconds_until_next(0.1, 0) == 1


def test_a_database_that_was_away_is_asked_again_within_a_minute(kantor: Office) -> None:
    """A mail lane that grew its pause to a quarter of an hour left citizens waiting long after the outage."""
    assert [seconds_until_next(2, n, away=True) for n in (1, 4, 5, 9)] == [4, 32, 60, 60]
    assert seconds_until_next(600, 9, away=True) == 600, "never more often than when all is well"
    with closing(sqlite3.connect(kantor.engine.url.database or "")) as other:
        other.execute("BEGIN EXCLUSIVE")
        locked = attempt(kantor.app, "take_in", STEPS["take_in"])
    assert (locked.well, locked.away) == (None, True)


def test_a_server_that_is_away_is_no_database_that_is_away(kantor: Office) -> None:
    def refused(_: App) -> dict[str, int]:
        raise MailboxDown("connection refused")

    failed = attempt(kantor.app, "mail", refused)
    assert (failed.well, failed.away) == (None, False)


@contextmanager
def running(kantor: Office, **every: float) -> Iterator[Lanes]:
    """All lanes, each once and then asleep for an hour unless `every` says otherwise."""
    lanes = Lanes(kantor.app, {**dict.fromkeys(STEPS, 3600.0), **every})
    lanes.start()
    try:
        yield lanes
    finally:
        lanes.stop()


def lane_threads() -> list[str]:
    return sorted(t.name for t in threading.enumerate() if t.name.startswith("lane-"))


def test_lanes_run_the_steps_until_they_are_stopped(kantor: Office) -> None:
    kantor.citizen_sends(settle=False)
    with running(kantor, take_in=1, send=1):
        assert lane_threads() == sorted(f"lane-{name}" for name in STEPS)
        until(lambda: len(kantor.inbox(SITI)) == 1)
    assert lane_threads() == []
    kantor.citizen_sends(settle=False)
    assert len(kantor.messages("INBOX")) == 1, "nothing runs any more"


def test_a_woken_lane_runs_at_once(kantor: Office) -> None:
    with running(kantor) as lanes:
        until(lambda: all(_ran(kantor, name) for name in STEPS))
        kantor.citizen_sends(settle=False)
        lanes.wake("mail")
        until(lambda: len(kantor.inbox(SITI)) == 1)  # a lane that has put mails wakes the outbox


def _ran(kantor: Office, name: str) -> bool:
    with reading(kantor.engine) as session:
        row = session.get(Lane, name)
        return row is not None and (row.ok_at is not None or row.failed_at is not None)


def test_a_press_on_a_page_wakes_the_lanes_that_it_concerns(kantor: Office) -> None:
    kantor.citizen_sends()
    with running(kantor) as lanes:
        until(lambda: all(_ran(kantor, name) for name in STEPS))
        kantor.web = create_app(
            kantor.settings, kantor.engine, kantor.clock, lanes.wake
        ).test_client()
        kantor.press("jfu-1", "laporkan", settle=False, ringkasan="Lampu padam.")
        until(lambda: len(kantor.inbox("sekretaris")) == 1)


def test_a_failing_lane_keeps_its_state_while_the_others_work(post: Post, tmp_path: Path) -> None:
    with office(
        tmp_path, post=post, imap={"port": free_port()}, scan={"folder": ".", "baca": False}
    ) as kantor:
        scanned(tmp_path / "slip.jpg")
        with running(kantor, mail=1):
            until(lambda: len(kantor.inbox("jfu-1")) == 1)
            until(lambda: _ran(kantor, "mail") and lane(kantor, "mail").failures == 2)
        assert list(kantor.lanes()) == ["mail"]


def test_waking_a_failing_lane_does_not_shorten_its_pause(post: Post, tmp_path: Path) -> None:
    """Presses on pages wake lanes; a server that is down must not be asked at every press."""
    dark: dict[str, Any] = {"imap": {"port": free_port()}, "scan": {"folder": ".", "baca": False}}
    with office(tmp_path, post=post, **dark) as kantor, running(kantor) as lanes:
        until(lambda: all(_ran(kantor, name) for name in STEPS))
        for n in (1, 2):
            scanned(tmp_path / f"slip-{n}.jpg", SIGNED + bytes(n))
            lanes.wake("mail", "scans")
            until(lambda n=n: len(kantor.inbox("jfu-1")) == n)  # type: ignore[misc]
        assert lane(kantor, "mail").failures == 1


# ---- the mailbox ---------------------------------------------------------------------------------------------


def raw_mail(
    kantor: Office, subject: str = "Lampu", sender: str = SITI, head: bytes = b""
) -> bytes:
    return head + compose(sender, INTAKE, subject, f"{subject} padam.", kantor.clock.now).as_bytes()


def test_taken_mail_lies_unread_and_unchanged_in_diproses(kantor: Office) -> None:
    """Nothing is deleted, no flag is set or lost, other folders are left alone."""
    first, second, other = (raw_mail(kantor, name) for name in ("Satu", "Dua", "Tiga"))
    with kantor.imap() as client:
        client.create_folder("Arsip lama")
        client.append("Arsip lama", other)
        client.append("INBOX", first)
        client.append("INBOX", second, flags=[SEEN, FLAGGED])
    kantor.settle()
    assert len(kantor.complaints()) == 2, "a mail that somebody has read before is taken in too"
    assert kantor.messages("INBOX") == []
    filed = [
        (_lines(raw), {f for f in flags if f != b"\\Recent"})
        for raw, flags in kantor.messages("Diproses")
    ]
    assert filed == [(_lines(first), set()), (_lines(second), {SEEN, FLAGGED})]
    assert [_lines(raw) for raw, _ in kantor.messages("Arsip lama")] == [_lines(other)]
    with kantor.imap() as client:
        assert {"Diproses", "Ditahan"} <= {name for _flags, _sep, name in client.list_sub_folders()}


def _lines(raw: bytes) -> list[bytes]:
    return raw.splitlines()


def test_what_is_held_goes_to_its_own_folder_and_the_rest_goes_on(kantor: Office) -> None:
    kantor.arrive(raw_mail(kantor, "Hadiah", head=b"X-Spam-Flag: YES\r\n"))
    kantor.citizen_sends()
    assert [c.perihal for c in kantor.complaints()] == ["Lampu jalan padam"]
    assert len(kantor.messages("Ditahan")) == 1
    assert len(kantor.messages("Diproses")) == 1
    assert kantor.page(kantor.link("jfu-1", "catat_slip")).status == 200


def test_a_copy_of_a_mail_is_moved_and_makes_no_second_complaint(kantor: Office) -> None:
    raw = raw_mail(kantor)
    kantor.arrive(raw)
    kantor.arrive(raw)
    kantor.arrive(
        b"Received: from mx2.example by mx.example; Tue, 24 Nov 2026 09:00:01 +0700\r\n" + raw
    )
    kantor.settle()
    assert len(kantor.complaints()) == 1
    assert len(kantor.inbox(SITI)) == 1
    assert kantor.messages("INBOX") == []
    assert len(kantor.messages("Diproses")) == 3


def test_many_mails_come_in_the_order_of_their_arrival(kantor: Office) -> None:
    """More than one batch of twenty."""
    names = [f"Lampu {n}" for n in range(23)]
    with kantor.imap() as client:
        for n, name in enumerate(names):
            client.append(
                "INBOX",
                raw_mail(kantor, name, f"warga-{n}@warga.example"),
                msg_time=kantor.clock.now,
            )
    kantor.settle()
    assert [c.perihal for c in kantor.complaints()] == names
    assert len(kantor.messages("Diproses")) == len(names)


def test_a_new_uidvalidity_doubles_nothing_and_hides_nothing(post: Post, tmp_path: Path) -> None:
    """A mailbox that was restored from a copy numbers its mails anew; an old number may name a new mail."""
    with office(tmp_path, post=post, imap={"folder": "Masuk", "folder_done": "Beres"}) as kantor:
        with kantor.imap() as client:
            client.create_folder("Masuk")
        old = [raw_mail(kantor, name) for name in ("Satu", "Dua")]
        for raw in old:
            kantor.arrive(raw, "Masuk")
        kantor.settle()
        with kantor.imap() as client:
            before = client.select_folder("Masuk")[b"UIDVALIDITY"]
            client.close_folder()
            client.delete_folder("Masuk")
            client.create_folder("Masuk")
            assert client.select_folder("Masuk")[b"UIDVALIDITY"] != before
        for raw in (raw_mail(kantor, "Tiga"), *old):
            kantor.arrive(raw, "Masuk")
        kantor.settle()
        assert [c.perihal for c in kantor.complaints()] == ["Satu", "Dua", "Tiga"]
        assert len(kantor.outbox("tanda_terima")) == 3
        assert kantor.messages("Masuk") == []
        assert len(kantor.messages("Beres")) == 5


@pytest.mark.parametrize(
    "missing", [(b"MOVE",), (b"MOVE", b"UIDPLUS")], ids=["no MOVE", "no MOVE, no UIDPLUS"]
)
def test_a_server_without_move_gets_copy_and_loses_nothing(
    missing: tuple[bytes, ...], dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    """A mail that somebody has marked as deleted is taken in and kept like any other; one that comes and is marked
    between fetching and filing away is not gone with the others. Without UIDPLUS the originals stay, marked."""
    late: list[bytes] = []
    with (
        between(dovecot, hiding(*missing)) as proxy,
        office(tmp_path, post=post, imap=proxy.imap) as kantor,
    ):

        def while_taking_in() -> datetime:
            if not late and kantor.messages("INBOX"):
                late.append(raw_mail(kantor, "Tiga"))
                with kantor.imap() as client:
                    client.append("INBOX", late[0], flags=[DELETED])
            return kantor.clock.now

        kantor.arrive(raw_mail(kantor, "Satu"))
        kantor.arrive(raw_mail(kantor, "Dua"))
        with kantor.imap() as client:
            client.select_folder("INBOX")
            client.add_flags(client.search("ALL"), [DELETED])
        collecting.mail(replace(kantor.app, clock=while_taking_in))
        assert late
        assert sorted(c.perihal for c in kantor.complaints()) == ["Dua", "Satu"]
        assert _lines(late[0]) in [_lines(raw) for raw, _ in kantor.messages("INBOX")]
        kantor.settle()
        kantor.settle()
        assert sorted(c.perihal for c in kantor.complaints()) == ["Dua", "Satu", "Tiga"]
        staying = kantor.messages("INBOX")
        assert len(staying) == (3 if b"UIDPLUS" in missing else 0)
        assert all(DELETED in flags for _raw, flags in staying)
        assert len(kantor.messages("Diproses")) == 3
    said = b"".join(proxy.asked)
    assert b"UID COPY" in said
    assert b"MOVE" not in said
    assert (b"EXPUNGE" in said) is (b"UIDPLUS" not in missing)


@pytest.mark.parametrize("instead", [b"NIL", b'""'], ids=["NIL", "nothing"])
def test_a_mail_whose_body_the_server_does_not_give_waits_for_the_next_poll(
    instead: bytes, dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    deaf = between(dovecot, silent_about(b"Subject: Selokan", instead))
    with deaf as proxy, office(tmp_path, post=post, imap=proxy.imap) as kantor:
        for name in ("Selokan satu", "Lampu", "Selokan dua"):
            kantor.arrive(raw_mail(kantor, name))
        assert kantor.tick()["surat_masuk"] == 1
        assert [c.perihal for c in kantor.complaints()] == ["Lampu"]
        assert len(kantor.messages("INBOX")) == 2
        assert kantor.tick()["surat_masuk"] == 0
        now = kantor.clock.now
    with office(tmp_path, post=post, now=now) as kantor:
        assert kantor.tick()["surat_masuk"] == 2
        assert [c.perihal for c in kantor.complaints()] == ["Lampu", "Selokan satu", "Selokan dua"]
        assert kantor.messages("INBOX") == []


@pytest.mark.parametrize("instead", [b"NIL", b'""'], ids=["NIL", "nothing"])
def test_a_big_mail_of_which_a_piece_does_not_come_waits_for_the_next_poll(
    instead: bytes, dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    deaf = between(dovecot, silent_about(b"BAGIAN TENGAH", instead))
    with deaf as proxy, office(tmp_path, post=post, imap=proxy.imap) as kantor:
        mail = compose(SITI, INTAKE, "Rekaman", "Terlampir.", kantor.clock.now)
        film = b"x" * 4 * 2**20 + b"BAGIAN TENGAH" + b"x" * 6 * 2**20
        mail.add_attachment(film, maintype="video", subtype="mp4", filename="a.mp4", cte="8bit")
        kantor.arrive(mail.as_bytes(policy=policy.SMTP))
        kantor.arrive(raw_mail(kantor, "Lampu"))
        assert kantor.tick()["surat_masuk"] == 1
        assert [c.perihal for c in kantor.complaints()] == ["Lampu"]
        assert len(kantor.messages("INBOX")) == 1
        now = kantor.clock.now
    with office(tmp_path, post=post, now=now) as kantor:
        kantor.tick()
        assert [c.perihal for c in kantor.complaints()] == ["Lampu", "Rekaman"]
        with reading(kantor.engine) as session:
            assert max(session.scalars(select(Blob.size))) > 10 * 2**20


def test_a_connection_that_is_cut_is_one_kind_of_error(
    dovecot: Dovecot, post: Post, tmp_path: Path
) -> None:
    """Whatever breaks in mid-session, the caller sees MailboxDown and can come again."""
    with office(tmp_path, post=post) as kantor:
        kantor.citizen_sends(settle=False)
        _cut(kantor.settings, lambda box: box.waiting())
        _cut(kantor.settings, lambda box: list(box.fetch([1])))
        _cut(kantor.settings, lambda box: box.move([1], "Diproses"))
        kantor.settle()
        assert len(kantor.complaints()) == 1


def _cut(settings: Settings, use: Callable[[Mailbox], object]) -> None:
    with Mailbox(settings) as box:
        box.client.socket().shutdown(socket.SHUT_RDWR)
        with pytest.raises(MailboxDown):
            use(box)


# ---- many mailboxes, IDLE, big mails -------------------------------------------------------------------------


def second(post: Post, dovecot: Dovecot) -> dict[str, object]:
    """Another mailbox of the office, as [[imap.lain]] has it."""
    return {**post.imap, "user": dovecot.fresh_user()}


def mailbox_of(kantor: Office, user: str, raw: bytes, dovecot: Dovecot) -> None:
    with IMAPClient(dovecot.host, port=dovecot.port, ssl=False, timeout=20) as client:
        client.login(user, PASSWORD)
        client.append("INBOX", raw, msg_time=kantor.clock.now)


def test_mail_is_taken_from_every_mailbox_and_a_copy_in_two_is_one_complaint(
    post: Post, dovecot: Dovecot, tmp_path: Path
) -> None:
    other = second(post, dovecot)
    with office(tmp_path, post=post, imap={"lain": [other]}) as kantor:
        both = compose(SITI, INTAKE, "Lampu", "Padam.", kantor.clock.now).as_bytes()
        alone = compose(SITI, str(other["user"]), "Selokan", "Mampet.", kantor.clock.now).as_bytes()
        kantor.arrive(both)
        for raw in (b"Received: from a\r\n" + both, alone):
            mailbox_of(kantor, str(other["user"]), raw, dovecot)
        assert kantor.tick()["surat_masuk"] == 3
        assert [c.perihal for c in kantor.complaints()] == ["Lampu", "Selokan"]
        with reading(kantor.engine) as session:
            assert len(set(session.scalars(select(Sighting.mailbox)))) == 2


def test_a_mailbox_that_is_down_does_not_stop_the_other(post: Post, tmp_path: Path) -> None:
    dead = {**post.imap, "port": free_port(), "secret": "imap_lain"}
    (tmp_path / "rahasia").mkdir()
    (tmp_path / "rahasia" / "imap_lain").write_text("apa saja")
    with office(tmp_path, post=post, imap={"lain": [dead]}) as kantor:
        kantor.citizen_sends(settle=False)
        assert kantor.tick()["gagal_mail"] == 1
        assert len(kantor.complaints()) == 1
        assert str(dead["port"]) in kantor.lanes()["mail"]


def test_every_mailbox_has_a_lane_and_is_woken_by_its_server(
    post: Post, dovecot: Dovecot, tmp_path: Path
) -> None:
    other = second(post, dovecot)
    with (
        office(tmp_path, post=post, imap={"lain": [other]}) as kantor,
        running(kantor, **{"mail 2": 3600.0}) as lanes,
    ):
        assert {"lane-mail", "lane-mail 2"} <= set(lane_threads())
        until(lambda: all(watch.idling for watch in lanes.watches.values()))
        kantor.arrive(compose(SITI, INTAKE, "Lampu", "Padam.", kantor.clock.now).as_bytes())
        until(lambda: len(kantor.complaints()) == 1)
        raw = compose(SITI, INTAKE, "Selokan", "Mampet.", kantor.clock.now).as_bytes()
        mailbox_of(kantor, str(other["user"]), raw, dovecot)
        until(lambda: len(kantor.complaints()) == 2)
        until(lambda: len(kantor.inbox(SITI)) == 2)
        assert kantor.messages("INBOX") == []


def test_a_lane_whose_connection_broke_connects_again_and_goes_on(kantor: Office) -> None:
    with running(kantor) as lanes:
        until(lambda: lanes.watches["mail"].idling)
        box = lanes.watches["mail"]._box
        assert box is not None
        box.client.socket().shutdown(socket.SHUT_RDWR)
        kantor.citizen_sends(settle=False)
        until(lambda: len(kantor.complaints()) == 1)


def test_mail_beyond_the_limit_is_held_with_its_head_and_stays_on_the_server(
    post: Post, tmp_path: Path
) -> None:
    with office(tmp_path, post=post, imap={"max_mb": 1}) as kantor:
        mail = compose(SITI, INTAKE, "Rekaman rapat", "Terlampir.", kantor.clock.now)
        mail.add_attachment(
            os.urandom(2**20), maintype="video", subtype="mp4", filename="rapat.mp4"
        )
        kantor.arrive(mail.as_bytes())
        kantor.tick()
        (held,) = kantor.messages("Ditahan")
        assert len(held[0]) > 2**20
        assert kantor.complaints() == []
        with reading(kantor.engine) as session:
            item = session.scalars(select(Item)).one()
            assert (item.state, item.name) == ("held", "Rekaman rapat")
            assert "1,3 MB" in item.reason or "1,4 MB" in item.reason
        assert kantor.tick()["surat_masuk"] == 0


def large(kantor: Office) -> bytes:
    mail = compose(SITI, INTAKE, "Rekaman rapat", "Terlampir rekamannya.", kantor.clock.now)
    mail.add_attachment(os.urandom(2**20), maintype="video", subtype="mp4", filename="rapat.mp4")
    return mail.as_bytes()


def back_to_inbox(kantor: Office) -> None:
    with kantor.imap() as client:
        client.select_folder("Ditahan")
        client.move(client.search("ALL"), "INBOX")


def test_mail_beyond_the_limit_is_taken_in_whole_once_the_limit_is_raised(
    post: Post, tmp_path: Path
) -> None:
    """Twice, each copy with the fields of another way; put back too early it is held again, as the same one."""
    with office(tmp_path, post=post, imap={"max_mb": 1}) as kantor:
        raw = large(kantor)
        kantor.arrive(raw)
        kantor.tick()
        back_to_inbox(kantor)
        kantor.arrive(b"X-Forwarded-To: humas@kominfo.example\r\n" + raw)
        kantor.settle()
        with reading(kantor.engine) as session:
            (held,) = cases.held_items(session)
            assert held.full_size
            assert held.full_size > 2**20
        command = ["--config", str(tmp_path / "config.toml"), "release", str(held.id)]
        refused = CliRunner().invoke(main, command)
        assert refused.exit_code == 2
        assert "max_mb" in refused.output
        assert "Ditahan kembali ke INBOX" in " ".join(refused.output.split())
        assert kantor.complaints() == []
        now = kantor.clock.now
    with office(tmp_path, post=post, now=now) as kantor:
        back_to_inbox(kantor)
        kantor.settle()
        complaint = kantor.complaint()
        assert (complaint.perihal, complaint.isi) == ("Rekaman rapat", "Terlampir rekamannya.")
        with reading(kantor.engine) as session:
            assert cases.held_items(session) == []
            assert [d.name for d in session.scalars(select(Document))] == ["rapat.mp4"]
        assert len(kantor.inbox(SITI)) == 1


def test_mail_beyond_the_limit_that_the_jfu_typed_in_is_no_second_complaint(
    post: Post, tmp_path: Path
) -> None:
    with office(tmp_path, post=post, imap={"max_mb": 1}) as kantor:
        kantor.arrive(large(kantor))
        kantor.settle()
        page = kantor.page(kantor.link("jfu-1", "catat_slip"))
        kantor.submit(page.url, "catat_slip", {"perihal": "Rekaman", "isi": "Ada rekaman."})
        now = kantor.clock.now
    with office(tmp_path, post=post, now=now) as kantor:
        back_to_inbox(kantor)
        kantor.settle()
        assert kantor.complaint().perihal == "Rekaman"
        assert len(kantor.messages("Diproses")) == 1


@pytest.mark.parametrize("megabytes", [10])
def test_a_big_mail_is_taken_in_whole(kantor: Office, megabytes: int) -> None:
    mail = compose(SITI, INTAKE, "Rekaman", "Terlampir.", kantor.clock.now)
    mail.add_attachment(
        os.urandom(megabytes * 2**20), maintype="video", subtype="mp4", filename="rapat.mp4"
    )
    kantor.arrive(mail.as_bytes())
    kantor.tick()
    assert kantor.complaint().perihal == "Rekaman"
    assert len(kantor.messages("Diproses")) == 1
