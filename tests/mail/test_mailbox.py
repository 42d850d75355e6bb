"""The mailbox against a real Dovecot: batches, big messages, IDLE, a changed UIDVALIDITY, no MOVE."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import SEEN, IMAPClient

from pipeline.data import store
from pipeline.mail import mailbox
from pipeline.mail.mailbox import Fetched, Mailbox, MailboxDown
from pipeline.office import config, config_errors
from pipeline.office.config import Settings
from tests.kantor import Post, production, write_config
from tests.servers import PASSWORD, Dovecot


@pytest.fixture
def post(dovecot: Dovecot) -> Iterator[Post]:
    with production(dovecot) as host:
        yield host


@pytest.fixture
def settings(tmp_path: Path, post: Post) -> Settings:
    return config.load(write_config(tmp_path, post))


@pytest.fixture
def outside(dovecot: Dovecot, post: Post) -> Iterator[IMAPClient]:
    """The mailbox as somebody else sees it."""
    with IMAPClient(dovecot.host, port=dovecot.port, ssl=False, timeout=20) as client:
        client.login(str(post.imap["user"]), PASSWORD)
        yield client


def mail(number: int, size: int = 100) -> bytes:
    head = (
        f"From: siti@warga.example\r\nSubject: Lampu {number}\r\n"
        f"Message-ID: <{number}@warga.example>\r\n\r\n"
    ).encode()
    line = b"x" * 76 + b"\r\n"
    return head + line * (size // len(line) + 1)


def bytes_of(one: Fetched) -> bytes:
    return one.raw if isinstance(one.raw, bytes) else b"".join(store.parts(one.raw))


def test_messages_come_in_small_batches_unread_and_byte_for_byte(
    settings: Settings, outside: IMAPClient
) -> None:
    sent = [mail(n) for n in range(105)]
    for raw in sent:
        outside.append("INBOX", raw)
    with Mailbox(settings) as box:
        batches = list(box.fetch(box.waiting()))
        assert [len(batch) for batch in batches] == [100, 5]
        assert [one.raw for batch in batches for one in batch] == sent
    outside.select_folder("INBOX", readonly=True)
    assert not any(
        SEEN in flags[b"FLAGS"]
        for flags in outside.fetch(outside.search("ALL"), ["FLAGS"]).values()
    )


@pytest.mark.parametrize("megabytes", [9, 12.5])
def test_a_big_message_comes_piece_by_piece_into_a_file_without_a_name(
    settings: Settings, outside: IMAPClient, megabytes: float
) -> None:
    raw = mail(1, int(megabytes * 2**20))
    outside.append("INBOX", raw)
    outside.append("INBOX", mail(2))
    with Mailbox(settings) as box:
        (big,), (small,) = box.fetch(box.waiting())
    assert not isinstance(big.raw, bytes)
    assert bytes_of(big) == raw
    assert os.fstat(big.raw.fileno()).st_nlink == 0, (
        "nobody can open it, and it is gone with the process"
    )
    big.raw.close()
    assert small.raw == mail(2)


def test_no_log_holds_a_mail(
    settings: Settings, outside: IMAPClient, caplog: pytest.LogCaptureFixture
) -> None:
    outside.append("INBOX", mail(7))
    caplog.clear()
    with caplog.at_level(logging.DEBUG), Mailbox(settings) as box:
        assert list(box.fetch(box.waiting()))
    assert not [one for one in caplog.messages if "siti" in one or "Lampu" in one]


def test_a_message_beyond_the_limit_comes_with_its_head_alone(
    tmp_path: Path, post: Post, outside: IMAPClient
) -> None:
    settings = config.load(write_config(tmp_path, post, overrides={"imap": {"max_mb": 1}}))
    outside.append("INBOX", mail(1, 2**20 + 5_000))
    with Mailbox(settings) as box:
        ((one,),) = box.fetch(box.waiting())
    assert (one.whole, one.size > 2**20) == (False, True)
    assert one.raw == mail(1).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def test_the_limit_holds_among_others_too(tmp_path: Path, post: Post, outside: IMAPClient) -> None:
    settings = config.load(write_config(tmp_path, post, overrides={"imap": {"max_mb": 1}}))
    for n, size in enumerate((100, 2**20 + 5_000, 2**20 + 5_000, 100)):
        outside.append("INBOX", mail(n, size))
    with Mailbox(settings) as box:
        assert [one.whole for batch in box.fetch(box.waiting()) for one in batch] == [
            True,
            False,
            False,
            True,
        ]


def test_a_message_that_vanished_meanwhile_is_left_out(
    settings: Settings, outside: IMAPClient
) -> None:
    for n in range(3):
        outside.append("INBOX", mail(n))
    with Mailbox(settings) as box:
        uids = box.waiting()
        outside.select_folder("INBOX")
        outside.delete_messages(uids[1])
        outside.expunge()
        assert [one.uid for batch in box.fetch([*uids, 9_999]) for one in batch] == [
            uids[0],
            uids[2],
        ]


def test_a_changed_uidvalidity_is_seen_by_a_connection_that_stays(
    settings: Settings, outside: IMAPClient
) -> None:
    """An office that restored its mailbox from a backup: the same UIDs may be other messages."""
    outside.create_folder("Masuk")
    outside.append("Masuk", mail(1))
    changed = settings.model_copy(
        update={"imap": settings.imap.model_copy(update={"folder": "Masuk"})}
    )
    with Mailbox(changed) as box:
        box.waiting()
        before = box.uidvalidity
        box.client.unselect_folder()
        outside.delete_folder("Masuk")
        time.sleep(1.1)  # Dovecot takes it from the clock
        outside.create_folder("Masuk")
        outside.append("Masuk", mail(2))
        assert len(box.waiting()) == 1
        assert box.uidvalidity != before


# ---- waiting -------------------------------------------------------------------------------------------------


def arrives_soon(outside: IMAPClient, raw: bytes, after: float = 0.3) -> threading.Thread:
    timer = threading.Timer(after, lambda: outside.append("INBOX", raw))
    timer.start()
    return timer


def test_the_server_wakes_who_waits_and_the_mailbox_goes_on(
    settings: Settings, outside: IMAPClient
) -> None:
    with Mailbox(settings) as box:
        assert box.can_wait
        box.waiting()
        for number in range(3):
            thread = arrives_soon(outside, mail(number))
            assert box.wait(20)
            thread.join()
            assert len(box.waiting()) == number + 1
        assert not box.wait(0.2)
        assert not box.wait(0.2), "it goes on waiting"
        box.move(list(box.waiting()), "Diproses")
        assert list(box.waiting()) == []


def test_what_came_between_the_last_look_and_the_waiting_is_announced(
    settings: Settings, outside: IMAPClient
) -> None:
    with Mailbox(settings) as box:
        for number in range(10):
            box.waiting()
            outside.append("INBOX", mail(number))
            assert box.wait(20)


def test_waiting_is_begun_anew_before_the_server_ends_it(
    settings: Settings, outside: IMAPClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "IDLE_AGAIN", 0)
    with Mailbox(settings) as box:
        box.waiting()
        assert not any(box.wait(0.05) for _ in range(5))
        outside.append("INBOX", mail(1))
        assert box.wait(20)


def test_who_waits_for_a_server_that_goes_away_is_told(settings: Settings) -> None:
    with Mailbox(settings) as box:
        box.waiting()
        assert not box.wait(0.1)
        box.client.socket().shutdown(2)
        with pytest.raises(MailboxDown):
            box.wait(20)


def test_a_mail_is_found_wherever_it_lies(settings: Settings, outside: IMAPClient) -> None:
    with Mailbox(settings) as box:
        outside.append("Diproses", mail(1))
        validity, uids = box.listing("Diproses")
        assert (validity > 0, len(uids)) == (True, 1)
        assert list(box.waiting()) == []


def test_two_mailboxes_of_one_name_and_folder_are_refused(tmp_path: Path, post: Post) -> None:
    twice = {"imap": {"lain": [{**post.imap}]}}
    with pytest.raises(config_errors.ConfigError, match="dua kali"):
        config.load(write_config(tmp_path, post, overrides=twice))
