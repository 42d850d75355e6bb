"""The outbox against a real SMTP server: what leaves, how it looks, and that nothing is lost or sent twice."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pipeline import cases
from pipeline.access import links
from pipeline.data import store
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Link, Outbox, Task
from pipeline.intake.mails import take_results
from pipeline.mail import outbox
from pipeline.mail.outbox import PAUSES, Draft, Flushed
from pipeline.mail.smtp import MailServerDown
from pipeline.office.sop import EventKind, Stage
from pipeline.office.words import word
from pipeline.work import Work
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import INTAKE, SITI
from tests.mail import wellformed
from tests.servers import LOOPBACK, Sink, free_port


@pytest.fixture
def desk(tmp_path: Path, sink: Sink) -> Iterator[Desk]:
    with desk_in(tmp_path, smtp=_loopback(sink.port)) as made:
        yield made


@pytest.fixture
def both(tmp_path: Path, sink: Sink, database_url: str) -> Iterator[Desk]:
    with desk_in(tmp_path, database_url, smtp=_loopback(sink.port)) as made:
        yield made


def _loopback(port: int) -> dict[str, object]:
    return {"host": LOOPBACK, "port": port, "security": "tanpa", "user": ""}


def put(desk: Desk, **changes: Any) -> int:
    """A mail that is due; its id."""
    plain: dict[str, Any] = {
        "name": "tanda_terima",
        "recipient": SITI,
        "recipient_name": "Siti Rahmawati",
        "subject": "Tanda terima",
        "text": "Terima kasih.\n",
        "html": "<p>Terima kasih.</p>",
    }
    with writing(desk.engine) as session:
        mail = outbox.put(Work(session, desk.settings, desk.clock()), Draft(**plain | changes))
        session.flush()
        return mail.id


def flush(desk: Desk) -> Flushed:
    def token_of(session: Session, link_id: int) -> str:
        return links.token(session, desk.settings.keys, link_id)

    return outbox.flush(desk.app, token_of)


def row(desk: Desk, mail_id: int) -> Outbox:
    with reading(desk.engine) as session:
        return session.get_one(Outbox, mail_id)


def arrived(sink: Sink) -> EmailMessage:
    """The one mail that arrived."""
    (sent,) = sink.messages
    message = message_from_bytes(sent.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def sent(desk: Desk, sink: Sink, **changes: Any) -> EmailMessage:
    put(desk, **changes)
    assert flush(desk) == Flushed(sent=1)
    return arrived(sink)


# ---- how a mail looks ----------------------------------------------------------------------------------------


def test_mail_arrives_as_it_was_put(desk: Desk, sink: Sink) -> None:
    mail_id = put(desk, subject="Tanda terima – nomor 1", text="Selamat pagi.\n")
    flush(desk)
    message, mail = arrived(sink), row(desk, mail_id)
    assert (sink.messages[0].mail_from, sink.messages[0].rcpt) == ("aduan@kominfo.example", SITI)
    assert message["Subject"] == "Tanda terima – nomor 1"
    assert message["From"] == "Pengaduan Dinas Kominfo Kota Madiun <aduan@kominfo.example>"
    assert message["To"] == f"Siti Rahmawati <{SITI}>"
    assert body(message, "plain").strip() == "Selamat pagi."
    assert (mail.state, mail.sent_at, mail.attempts, mail.error) == ("sent", desk.clock(), 1, "")
    assert message["Message-ID"] == mail.message_id


def test_every_mail_says_that_no_robot_should_answer(desk: Desk, sink: Sink) -> None:
    """RFC 3834; Exchange reads the second; the third tells our own intake."""
    message = sent(desk, sink)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert message[outbox.LOOP_HEADER] == "aduan@kominfo.example"


def test_message_id_cannot_be_guessed_and_has_the_offices_domain(desk: Desk) -> None:
    ids = {row(desk, put(desk)).message_id for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch(r"<[a-z2-7]{16}@kominfo\.example>", one) for one in ids)


def test_date_is_that_of_the_event_in_the_offices_zone_not_of_the_sending(
    desk: Desk, sink: Sink
) -> None:
    put(desk)
    desk.later(hours=5)
    flush(desk)
    assert arrived(sink)["Date"] == "Tue, 24 Nov 2026 09:00:00 +0700"


def test_both_twins_are_there_text_first(desk: Desk, sink: Sink) -> None:
    message = sent(desk, sink)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "text",
    [
        "Kabel é – ’ “ ” … 🙏 日本 ﷺ\n",
        "panjang " * 2_000 + "\n",
        "x" * 20_000 + "\n",
        ".\n..\n.akhir\nFrom saya\n",
        "a\n\n\n\nb\n",
        "= =20 =3D =\n",
        "spasi di akhir   \ntab\t\n",
    ],
    ids=[
        "signs",
        "long line",
        "one long word",
        "dots",
        "blank lines",
        "equal signs",
        "trailing blanks",
    ],
)
def test_words_arrive_unchanged_in_lines_that_every_server_takes(
    desk: Desk, sink: Sink, text: str
) -> None:
    message = sent(desk, sink, text=text, html=f"<pre>{text}</pre>")
    assert body(message, "plain").replace("\r\n", "\n") == text
    assert f"<pre>{text}" in body(message, "html").replace("\r\n", "\n")
    raw = sink.messages[0].raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "subject",
    ["Kabel putus – é 🙏" * 12, "x" * 400, "", "=?utf-8?q?bukan?=", "[PGD-2026-000001] a"],
)
def test_subject_of_any_length_and_letters_arrives(desk: Desk, sink: Sink, subject: str) -> None:
    message = sent(desk, sink, subject=subject)
    assert "".join(str(message["Subject"]).split()) in ("".join(subject.split()), "bukan")
    assert sink.messages[0].raw.isascii()


# ---- injection -----------------------------------------------------------------------------------------------

HOSTILE = [
    "Lampu\r\nBcc: korban@lain.example",
    "Lampu\nBcc: korban@lain.example",
    "Lampu\rBcc: korban@lain.example",
    "Lampu\r\n\r\n<html>isi palsu",
    "Lampu\x0bBcc: korban@lain.example",
    "Lampu\x85Bcc: korban@lain.example",
    "Lampu\u2028Bcc: korban@lain.example",
    "Lampu\x1cBcc: korban@lain.example",
]


@pytest.mark.parametrize("words", HOSTILE, ids=repr)
def test_no_subject_adds_a_header(desk: Desk, sink: Sink, words: str) -> None:
    message = sent(desk, sink, subject=words)
    assert message["Bcc"] is None
    assert len(sink.messages) == 1
    assert "isi palsu" not in body(message, "plain")


@pytest.mark.parametrize(
    "words",
    [*HOSTILE, '"><script>', 'a" <korban@lain.example>, "b', "a, korban@lain.example"],
    ids=repr,
)
def test_no_name_adds_a_header_or_a_recipient(desk: Desk, sink: Sink, words: str) -> None:
    message = sent(desk, sink, recipient_name=words)
    assert message["Bcc"] is None
    assert [sent.rcpt for sent in sink.messages] == [SITI]
    assert [a.addr_spec for a in message["To"].addresses] == [SITI]


@pytest.mark.parametrize(
    "recipient",
    [
        "a@b.example\r\nBcc: korban@lain.example",
        "a@b.example, korban@lain.example",
        "a@b.example> BODY=8BITMIME",
        "",
        "@",
        "a b@c.example",
    ],
    ids=repr,
)
def test_recipient_that_is_no_single_address_reaches_nobody_else(
    desk: Desk, sink: Sink, recipient: str
) -> None:
    mail_id, other = put(desk, recipient=recipient), put(desk)
    flush(desk)
    assert "korban@lain.example" not in {s.rcpt for s in sink.messages}
    assert all(
        b"korban" not in s.raw.partition(b"\r\n\r\n")[0] or s.rcpt != SITI for s in sink.messages
    )
    assert row(desk, mail_id).state in ("dead", "sent")
    assert row(desk, other).state == "sent", "and the next mail is not held up"


def test_thread_ids_of_a_citizens_mail_add_no_header(desk: Desk, sink: Sink) -> None:
    message = sent(
        desk,
        sink,
        in_reply_to="a@b.example>\r\nBcc: korban@lain.example",
        references=("x\r\nBcc: k@l.example",),
    )
    assert message["Bcc"] is None


def test_endless_message_id_does_not_cost_the_pengadu_their_answer(desk: Desk, sink: Sink) -> None:
    """A line above 998 letters is refused by many servers (RFC 5321, 4.5.3.1.6)."""
    endless = "a" * 2_000 + "@b.example"
    sent(desk, sink, in_reply_to=endless, references=(endless, "satu@b.example"))
    assert max(len(line) for line in sink.messages[0].raw.split(b"\r\n")) <= 998
    assert arrived(sink)["References"] == "<satu@b.example>"


def test_address_with_letters_beyond_ascii_is_written_to(desk: Desk, sink: Sink) -> None:
    """SMTPUTF8 (RFC 6531), which the sink offers."""
    message = sent(desk, sink, recipient="señor@warga.example", recipient_name="Señor")
    assert sink.messages[0].rcpt == "señor@warga.example"
    assert "señor@warga.example" in str(message["To"])


def test_thread_stands_in_brackets_oldest_first(desk: Desk, sink: Sink) -> None:
    """`message.read` gives Message-IDs without brackets; the header needs them (RFC 5322, 3.6.4)."""
    message = sent(
        desk, sink, in_reply_to="dua@b.example", references=("satu@b.example", "<dua@b.example>")
    )
    assert message["In-Reply-To"] == "<dua@b.example>"
    assert message["References"] == "<satu@b.example> <dua@b.example>"


def test_our_mail_is_found_by_its_id_with_and_without_brackets(desk: Desk) -> None:
    mail = row(desk, put(desk))
    with reading(desk.engine) as session:
        for text in (mail.message_id, mail.message_id.strip("<>")):
            found = outbox.by_message_id(session, ("lain@b.example", text))
            assert found is not None
            assert found.id == mail.id
        assert outbox.by_message_id(session, ()) is None
        assert outbox.by_message_id(session, ("", "lain@b.example")) is None


# ---- attachments ---------------------------------------------------------------------------------------------


def attached(desk: Desk, name: str, content: bytes, mime: str) -> tuple[str, str, str]:
    with writing(desk.engine) as session:
        return (store.put(session, content), name, mime)


@pytest.mark.parametrize(
    "name",
    [
        "surat.pdf",
        "Jawaban – Jalan Dr. Soetomo (é).pdf",
        "日本語.pdf",
        "a" * 110 + ".pdf",
        'kutip "dua".pdf',
        "a;b=c.pdf",
    ],
)
def test_attachment_keeps_name_type_and_bytes(desk: Desk, sink: Sink, name: str) -> None:
    content = bytes(range(256)) * 300
    message = sent(desk, sink, attachments=(attached(desk, name, content, "application/pdf"),))
    (part,) = message.iter_attachments()
    assert part.get_filename() == name
    assert part.get_content_type() == "application/pdf"
    assert part.get_payload(decode=True) == content
    assert max(len(line) for line in sink.messages[0].raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_no_filename_adds_a_header(desk: Desk, sink: Sink, name: str) -> None:
    message = sent(desk, sink, attachments=(attached(desk, name, b"x", "application/pdf"),))
    (part,) = message.iter_attachments()
    assert message["Bcc"] is None
    assert part["Bcc"] is None


def test_attachment_that_was_erased_gives_the_mail_up_and_the_next_goes_on(
    desk: Desk, sink: Sink
) -> None:
    mail_id = put(desk, attachments=(("0" * 64, "surat.pdf", "application/pdf"),))
    other = put(desk)
    assert flush(desk) == Flushed(sent=1, failed=1)
    assert (row(desk, mail_id).state, row(desk, other).state) == ("dead", "sent")
    assert row(desk, mail_id).error


# ---- links ---------------------------------------------------------------------------------------------------


def linked(desk: Desk, count: int = 1) -> list[int]:
    """Links of a task, one for each JFU in turn."""
    desk.record()
    with desk.work() as work:
        task = work.session.get_one(Task, desk.tasks()[0].id)
        made = links.issue(work.session, [(task, desk.person("jfu-1"))] * count, work.now, 30)
        work.session.execute(
            update(Outbox).values(state="sent")
        )  # only the mails of the test are due
    return made


def url(desk: Desk, link_id: int) -> str:
    with reading(desk.engine) as session:
        return (
            f"https://aduan.kominfo.example/t/{links.token(session, desk.settings.keys, link_id)}"
        )


def test_placeholder_becomes_the_link_on_its_way_and_stays_one_in_the_database(
    desk: Desk, sink: Sink
) -> None:
    (link_id,) = linked(desk)
    slot = outbox.new_slot()
    place = outbox.placeholder(slot, link_id)
    mail_id = put(
        desk,
        slot=slot,
        links=(link_id,),
        text=f"Buka {place}?aksi=x dan {place}\n",
        html=f'<a href="{place}">',
    )
    flush(desk)
    message, link = arrived(sink), url(desk, link_id)
    assert body(message, "plain").strip() == f"Buka {link}?aksi=x dan {link}"
    assert f'href="{link}"' in body(message, "html")
    stored = row(desk, mail_id)
    assert place in stored.text
    assert link.rpartition("-")[2] not in stored.text + stored.html


def test_placeholder_is_filled_for_the_mails_own_links_only(desk: Desk, sink: Sink) -> None:
    """Another link's number in the right slot, and the right number in another slot, stay words."""
    mine, others = linked(desk, 2)
    slot = outbox.new_slot()
    foreign, older = outbox.placeholder(slot, others), outbox.placeholder(outbox.new_slot(), mine)
    message = sent(desk, sink, slot=slot, links=(mine,), text=f"{foreign} {older}\n")
    assert body(message, "plain").strip() == f"{foreign} {older}"
    assert "/t/" not in body(message, "plain")


def test_link_1_is_not_filled_into_the_place_of_link_12(desk: Desk, sink: Sink) -> None:
    made = linked(desk, 12)
    slot = outbox.new_slot()
    text = " ".join(outbox.placeholder(slot, one) for one in made)
    message = sent(desk, sink, slot=slot, links=tuple(made), text=text + "\n")
    assert body(message, "plain").split() == [url(desk, one) for one in made]


def test_citizen_who_writes_placeholders_gets_no_link(desk: Desk, sink: Sink) -> None:
    """Even with the slot of an earlier mail, copied from a leaked backup: each mail has a slot of its own."""
    desk.record()
    old = desk.mails("tugas_catat")[0]
    spell = (
        " ".join(outbox.placeholder(old.slot, n) for n in range(1, 9))
        + " tautan..1. {{ tautan }} {tautan}"
    )
    desk.record(perihal=spell[:140], isi=spell, nama=spell[:100])
    flush(desk)
    for sent in sink.messages:
        message = message_from_bytes(sent.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        owner = next((p.kode for p in desk.settings.petugas if p.email == sent.rcpt), "")
        for part in ("plain", "html"):
            for text in re.findall(r"/t/([0-9]+-[a-z2-7]{24})", body(message, part)):
                with reading(desk.engine) as session:
                    found = links.resolve(session, desk.settings, text, desk.clock())
                assert found.holder == owner
        if sent.rcpt == SITI:
            assert "/t/" not in body(message, "plain") + body(message, "html")
            assert "/t/" not in str(message["Subject"])


def test_no_token_stands_in_any_header(desk: Desk, sink: Sink) -> None:
    desk.record()
    flush(desk)
    with reading(desk.engine) as session:
        tokens = [
            links.token(session, desk.settings.keys, n) for n in session.scalars(select(Link.id))
        ]
    assert tokens
    for sent in sink.messages:
        head = sent.raw.partition(b"\r\n\r\n")[0]
        assert not any(t.encode() in head for t in tokens)


def test_mail_whose_link_is_gone_is_given_up_with_the_reason(desk: Desk) -> None:
    mail_id = put(desk, slot="a", links=(999,))
    assert flush(desk) == Flushed(failed=1)
    assert (row(desk, mail_id).state, "999" in row(desk, mail_id).error) == ("dead", True)


# ---- refusals ------------------------------------------------------------------------------------------------


def test_permanent_refusal_ends_the_mail_with_the_servers_words(desk: Desk, sink: Sink) -> None:
    sink.reject.add(SITI)
    mail_id = put(desk)
    assert flush(desk) == Flushed(failed=1)
    mail = row(desk, mail_id)
    assert (mail.state, mail.error, mail.sent_at) == ("dead", "550 5.1.1 User unknown", None)
    desk.later(days=5)
    assert flush(desk) == Flushed()


def test_temporary_refusal_is_tried_again_with_growing_pauses_for_three_days(
    desk: Desk, sink: Sink
) -> None:
    sink.defer.add(SITI)
    mail_id, waits = put(desk), []
    assert list(PAUSES) == sorted(PAUSES)
    assert timedelta(days=2) < sum(PAUSES, timedelta()) < timedelta(days=5)
    while flush(desk) == Flushed(later=1):
        mail = row(desk, mail_id)
        assert (mail.state, mail.error) == ("due", "451 4.2.1 Mailbox busy, try again later")
        waits.append(mail.next_at - desk.clock())
        desk.clock.now = mail.next_at - timedelta(seconds=1)
        assert flush(desk) == Flushed(), "not before its time"
        desk.later(seconds=1)
    assert waits == list(PAUSES)
    assert row(desk, mail_id).state == "dead"


def test_mail_that_was_put_off_arrives_once_the_server_takes_it(desk: Desk, sink: Sink) -> None:
    sink.defer.add(SITI)
    mail_id = put(desk)
    flush(desk)
    sink.defer.clear()
    desk.later(minutes=1)
    assert flush(desk) == Flushed(sent=1)
    assert arrived(sink)["Message-ID"] == row(desk, mail_id).message_id


def test_refused_mail_does_not_hold_up_the_others(desk: Desk, sink: Sink) -> None:
    sink.reject.add("satu@warga.example")
    sink.defer.add("dua@warga.example")
    for recipient in ("satu@warga.example", "dua@warga.example", "tiga@warga.example"):
        put(desk, recipient=recipient)
    assert flush(desk) == Flushed(sent=1, failed=1, later=1)
    assert [s.rcpt for s in sink.messages] == ["tiga@warga.example"]


def test_more_than_one_batch_leaves_in_one_flush_in_order(desk: Desk, sink: Sink) -> None:
    for n in range(outbox.BATCH + 5):
        put(desk, subject=f"Surat {n}")
    assert flush(desk).sent == outbox.BATCH + 5
    subjects = [
        str(message_from_bytes(s.raw, policy=policy.default)["Subject"]) for s in sink.messages
    ]
    assert subjects == [f"Surat {n}" for n in range(outbox.BATCH + 5)]


# ---- dead servers --------------------------------------------------------------------------------------------


def test_dead_server_loses_nothing_and_costs_no_try(desk: Desk, sink: Sink) -> None:
    mail_ids = [put(desk), put(desk)]
    alive = desk.settings
    desk.settings = alive.model_copy(
        update={"smtp": alive.smtp.model_copy(update={"port": free_port()})}
    )
    with pytest.raises(MailServerDown, match=LOOPBACK):
        flush(desk)
    assert [(row(desk, n).state, row(desk, n).attempts) for n in mail_ids] == [("due", 0)] * 2
    desk.settings = alive
    assert flush(desk) == Flushed(sent=2)
    assert len(sink.messages) == 2


Talk = Callable[[str], str | None]


@contextmanager
def rude_server(answer: Talk) -> Iterator[int]:
    """An SMTP server that gives `answer(line)` to each line, and hangs up where that is None."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = Thread(target=_serve, args=(listener, answer), daemon=True)
        thread.start()
        yield listener.getsockname()[1]


def _serve(listener: socket.socket, answer: Talk) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, connection.makefile("rwb") as line_io:
            line_io.write(b"220 siap\r\n")
            line_io.flush()
            for line in line_io:
                said = answer(line.decode("latin-1").strip())
                if said is None:
                    break
                if said:
                    line_io.write(said.encode() + b"\r\n")
                    line_io.flush()


def against(desk: Desk, answer: Talk) -> Exception | Flushed:
    """One flush against a rude server."""
    with rude_server(answer) as port:
        polite = desk.settings
        desk.settings = polite.model_copy(
            update={"smtp": polite.smtp.model_copy(update={"port": port})}
        )
        try:
            return flush(desk)
        except MailServerDown as error:
            return error
        finally:
            desk.settings = polite


def ok(line: str) -> str:
    return "354 lanjut" if line.upper() == "DATA" else "250 baik"


@pytest.mark.parametrize(("at", "tries"), [("EHLO", 0), ("MAIL", 1), ("RCPT", 1), ("DATA", 1)])
def test_server_that_hangs_up_half_way_loses_nothing(
    desk: Desk, sink: Sink, at: str, tries: int
) -> None:
    """A hang-up on a mail counts as a try of that mail, or one that always ends so would be sent for ever."""
    mail_id = put(desk)
    result = against(desk, lambda line: None if line.upper().startswith((at, "HELO")) else ok(line))
    assert isinstance(result, MailServerDown)
    assert (
        row(desk, mail_id).state,
        row(desk, mail_id).attempts,
        row(desk, mail_id).claimed_at,
    ) == (
        "due",
        tries,
        None,
    )
    desk.later(minutes=1)
    assert flush(desk) == Flushed(sent=1)
    assert len(sink.messages) == 1


def test_mail_on_which_the_server_always_hangs_up_ends_and_does_not_hold_up_the_next(
    desk: Desk, sink: Sink
) -> None:
    """A filter that drops the connection at one mail: the others go out between its tries, and it is given up."""
    poison, good = put(desk), put(desk)
    against(desk, lambda line: None if line.upper().startswith("DATA") else ok(line))
    assert flush(desk) == Flushed(sent=1)
    assert row(desk, good).state == "sent"
    for _ in range(len(outbox.PAUSES)):
        desk.later(days=2)
        against(desk, lambda line: None if line.upper().startswith("DATA") else ok(line))
    assert row(desk, poison).state == "dead"


@pytest.mark.parametrize(
    "said", ["530 5.7.0 Authentication required", "550 5.7.1 sender not allowed", "451 later"]
)
def test_server_that_refuses_the_office_itself_does_not_end_the_mails(
    desk: Desk, sink: Sink, said: str
) -> None:
    """MAIL FROM is refused for every mail alike: a wrong setting must not turn letters into dead ones."""
    mail_ids = [put(desk), put(desk)]
    result = against(desk, lambda line: said if line.upper().startswith("MAIL") else ok(line))
    assert isinstance(result, MailServerDown)
    assert said.split()[-1] in str(result)
    assert {row(desk, n).state for n in mail_ids} == {"due"}
    desk.later(minutes=1)
    assert flush(desk) == Flushed(sent=2)
    assert len(sink.messages) == 2


def test_mail_that_is_too_large_for_the_server_is_given_up(desk: Desk) -> None:
    """552 at MAIL FROM (RFC 1870) is about this mail, not about the office."""
    mail_id = put(desk)
    result = against(
        desk, lambda line: "552 5.3.4 too big" if line.upper().startswith("MAIL") else ok(line)
    )
    assert result == Flushed(failed=1)
    assert (row(desk, mail_id).state, "552" in row(desk, mail_id).error) == ("dead", True)


def test_server_that_is_closing_down_is_asked_again_later(desk: Desk, sink: Sink) -> None:
    """421 at RCPT: the server means itself."""
    mail_ids = [put(desk), put(desk)]
    against(desk, lambda line: "421 4.3.2 closing" if line.upper().startswith("RCPT") else ok(line))
    assert {row(desk, n).state for n in mail_ids} == {"due"}
    desk.later(minutes=2)
    flush(desk)
    assert {row(desk, n).state for n in mail_ids} == {"sent"}


def test_content_that_the_server_refuses_is_given_up(desk: Desk) -> None:
    mail_id, in_data = put(desk), [False]

    def answer(line: str) -> str:
        if in_data[0] and line == ".":
            in_data[0] = False
            return "554 5.7.1 virus"
        words = "" if in_data[0] else ok(line)
        in_data[0] = in_data[0] or line.upper() == "DATA"
        return words

    assert against(desk, answer) == Flushed(failed=1)
    assert row(desk, mail_id).error == "554 5.7.1 virus"


# ---- a connection that is kept -------------------------------------------------------------------------------


@dataclass
class Moody:
    """An SMTP server that takes one connection after another; `mood` may answer a verb otherwise.

    It is told the verb ("BYE" stands for the end of a mail that was taken) and how many mails this connection has
    carried; "" leaves the ordinary answer, None hangs up. The verbs of each connection are kept.
    """

    mood: Callable[[str, int], str | None]
    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    talks: list[list[str]] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.talks.append([])
            with connection, connection.makefile("rwb") as line_io:
                self._talk(line_io)

    def _talk(self, line_io: Any) -> None:
        carried = 0

        def say(verb: str, ordinary: str) -> bool:
            said = self.mood(verb, carried)
            line_io.write(b"" if said is None else f"{said or ordinary}\r\n".encode())
            line_io.flush()
            return said is not None and not said.startswith("421")

        going = say("CONNECT", "220 siap")
        while going and (line := line_io.readline()):
            verb = line.split()[0].decode().upper()
            self.talks[-1].append(verb)
            ordinary = (
                "250-baik\r\n250 SIZE 0"
                if verb == "EHLO"
                else "354 lanjut"
                if verb == "DATA"
                else "250 baik"
            )
            going = say(verb, ordinary) and verb != "QUIT"
            if going and verb == "DATA" and not self.mood(verb, carried):
                self.mails.append(b"".join(iter(line_io.readline, b".\r\n")))
                carried += 1
                going = say("BYE", "250 diterima")


@contextmanager
def moody(desk: Desk, mood: Callable[[str, int], str | None]) -> Iterator[Moody]:
    """The desk's mail goes to such a server."""
    polite = desk.settings
    with socket.create_server((LOOPBACK, 0)) as listener:
        server = Moody(mood, listener.getsockname()[1])
        Thread(target=server.serve, args=(listener,), daemon=True).start()
        desk.settings = polite.model_copy(
            update={"smtp": polite.smtp.model_copy(update={"port": server.port})}
        )
        try:
            yield server
        finally:
            desk.settings = polite
            listener.shutdown(socket.SHUT_RDWR)


def subjects(server: Moody) -> list[str]:
    return [str(message_from_bytes(raw, policy=policy.default)["Subject"]) for raw in server.mails]


def test_a_batch_leaves_on_one_connection(desk: Desk) -> None:
    for n in range(7):
        put(desk, subject=f"Surat {n}")
    with moody(desk, lambda verb, carried: "") as server:
        assert flush(desk) == Flushed(sent=7)
    assert server.talks == [["EHLO", *["MAIL", "RCPT", "DATA"] * 7, "QUIT"]]


TIRED = "421 4.7.0 Too many messages in this session"


@pytest.mark.parametrize(
    ("at", "said"),
    [("MAIL", TIRED), ("RCPT", TIRED), ("DATA", TIRED), ("MAIL", None), ("RCPT", None)],
)
def test_a_server_that_ends_each_connection_after_some_mails_costs_no_try(
    desk: Desk, at: str, said: str | None
) -> None:
    """Many providers allow ten or a hundred mails a connection."""
    ids = [put(desk, subject=f"Surat {n}") for n in range(8)]
    with moody(desk, lambda verb, carried: said if (verb, carried) == (at, 3) else "") as server:
        assert flush(desk) == Flushed(sent=8)
    assert subjects(server) == [f"Surat {n}" for n in range(8)]
    assert len(server.talks) == 3
    assert {row(desk, n).attempts for n in ids} == {1}


def test_a_server_that_hangs_up_after_data_is_not_sent_the_mail_again_at_once(desk: Desk) -> None:
    """Nobody knows what it heard: that is a try, and the next one comes after a pause, with the same bytes."""
    ids = [put(desk, subject=f"Surat {n}") for n in range(3)]
    ends = iter(["", None])
    with moody(desk, lambda verb, carried: next(ends, "") if verb == "BYE" else "") as server:
        with pytest.raises(MailServerDown):
            flush(desk)
        assert [row(desk, n).attempts for n in ids] == [1, 1, 0]
        desk.later(minutes=1)
        assert flush(desk) == Flushed(sent=2)
    assert len(server.mails) == 4
    assert server.mails.count(server.mails[1]) == 2


def test_a_server_that_will_not_be_called_again_so_soon_costs_no_try(desk: Desk) -> None:
    """The connection is used up, and the next one is refused at its greeting."""
    ids = [put(desk, subject=f"Surat {n}") for n in range(4)]
    greetings = iter(["", "421 4.7.0 Too many connections"])

    def mood(verb: str, carried: int) -> str | None:
        if verb == "CONNECT":
            return next(greetings, "")
        return None if (verb, carried) == ("MAIL", 2) else ""

    with moody(desk, mood) as server:
        with pytest.raises(MailServerDown, match="Too many connections"):
            flush(desk)
        assert [row(desk, n).state for n in ids] == ["sent", "sent", "due", "due"]
        assert [row(desk, n).attempts for n in ids] == [1, 1, 0, 0]
        desk.later(minutes=1)
        assert flush(desk) == Flushed(sent=2)
    assert subjects(server) == ["Surat 0", "Surat 1", "Surat 3", "Surat 2"]


def test_a_421_on_a_fresh_connection_puts_off_that_mail_alone(desk: Desk) -> None:
    """The next one gets a new connection."""
    first, second = put(desk, recipient="satu@warga.example"), put(desk)
    seen = []

    def mood(verb: str, carried: int) -> str | None:
        seen.append(verb)
        return "421 4.7.0 try later" if verb == "RCPT" and seen.count("RCPT") == 1 else ""

    with moody(desk, mood):
        assert flush(desk) == Flushed(sent=1, later=1)
    assert (row(desk, first).state, row(desk, first).attempts) == ("due", 1)
    assert row(desk, first).error == "421 4.7.0 try later"
    assert row(desk, second).state == "sent"


def test_a_refused_mail_is_taken_back_before_the_next(desk: Desk) -> None:
    """RSET, or the server would take the next MAIL for a nested one (RFC 5321, 4.1.1.5)."""
    put(desk, recipient="satu@warga.example")
    put(desk)
    replies = iter(["550 5.1.1 User unknown"])
    with moody(desk, lambda verb, carried: next(replies, "") if verb == "RCPT" else "") as server:
        assert flush(desk) == Flushed(sent=1, failed=1)
    assert server.talks == [["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]]


# ---- size ----------------------------------------------------------------------------------------------------


def limited(desk: Desk, size: str) -> AbstractContextManager[Moody]:
    return moody(desk, lambda verb, carried: f"250-baik\r\n250 {size}" if verb == "EHLO" else "")


def test_the_size_is_said_before_the_mail(desk: Desk) -> None:
    """RFC 1870: the octets of the mail with CRLF, before dots are doubled."""
    mail_id, heard = put(desk, text=".\n" * 100), []

    def answer(line: str) -> str:
        heard.append(line)
        return "250-baik\r\n250 SIZE 9000" if line.upper().startswith("EHLO") else ok(line)

    against(desk, answer)
    size = len(outbox.wire(row(desk, mail_id), desk.settings, {}, [])[1])
    assert f"mail FROM:<{INTAKE}> SIZE={size}" in heard


@pytest.mark.parametrize("size", ["SIZE 2000000", "SIZE 0", "SIZE", "SIZE banyak", "HELP"])
def test_a_server_that_allows_enough_or_says_nothing_is_sent_to(desk: Desk, size: str) -> None:
    put(desk)
    with limited(desk, size) as server:
        assert flush(desk) == Flushed(sent=1)
    assert len(server.mails) == 1


def test_a_mail_that_is_larger_than_the_server_takes_is_not_even_offered(desk: Desk) -> None:
    mail_id = put(
        desk, attachments=(attached(desk, "surat.pdf", bytes(1_500_000), "application/pdf"),)
    )
    other = put(desk)
    with limited(desk, "SIZE 1048576") as server:
        assert flush(desk) == Flushed(sent=1, failed=1)
    assert server.talks[0].count("MAIL") == 1
    mail = row(desk, mail_id)
    assert (mail.state, mail.attempts, row(desk, other).state) == ("dead", 1, "sent")
    assert "2,0 MB" in mail.error
    assert "1,0 MB" in mail.error
    desk.later(days=1)
    assert flush(desk) == Flushed()


def test_a_letter_that_is_too_large_gives_langkah_5_back_to_the_jfu_with_the_reason(
    desk: Desk,
) -> None:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    with limited(desk, "SIZE 30000"):
        flush(desk)
    take_results(desk.app)
    assert desk.stage(number) is Stage.PENYAMPAIAN
    task = desk.task("kirim_email", number)
    assert "lebih besar dari batas server email kantor" in task.note
    assert "550" not in task.note


# ---- addresses that are none ---------------------------------------------------------------------------------

NO_ADDRESS = [
    "",
    "siti",
    "@",
    "@warga.example",
    "siti@",
    "siti@@warga.example",
    "siti@lain@warga.example",
    "siti rahma@warga.example",
    "siti@warga .example",
    " siti@warga.example",
    "siti@warga.example\n",
    "siti@warga.example\r\nRCPT TO:<korban@lain.example>",
    "siti\0@warga.example",
    "siti@warga.example,korban@lain.example",
    "<siti@warga.example>",
    "siti@warga..example\u3002é",
    "siti@[127.0.0.1]",
    "siti\u202e@warga.example",
    "siti\ud800@warga.example",
    "s" * 65 + "@warga.example",
    "siti@" + "w" * 250 + ".example",
    "siti@" + "é" * 64 + ".example",
    '"si\r\nti"@warga.example',
]


@pytest.mark.parametrize("recipient", NO_ADDRESS, ids=ascii)
def test_a_recipient_that_is_no_address_is_told_and_holds_nobody_up(
    desk: Desk, sink: Sink, recipient: str
) -> None:
    mail_id, other = put(desk, recipient=recipient), put(desk)
    flush(desk)
    assert (row(desk, mail_id).state, row(desk, mail_id).error) == ("dead", word("kirim.alamat"))
    assert row(desk, other).state == "sent"
    assert [s.rcpt for s in sink.messages] == [SITI]


def test_an_address_beyond_ascii_at_a_server_without_smtputf8_is_told(desk: Desk) -> None:
    mail_id, other = put(desk, recipient="señor@warga.example"), put(desk)
    with moody(desk, lambda verb, carried: "") as server:
        assert flush(desk) == Flushed(sent=1, failed=1)
    assert len(server.mails) == 1
    assert (row(desk, mail_id).state, row(desk, mail_id).error) == ("dead", word("kirim.huruf"))
    assert row(desk, other).state == "sent"


def test_a_domain_beyond_ascii_needs_no_smtputf8(desk: Desk) -> None:
    """It has an ASCII form (RFC 5890)."""
    put(desk, recipient="siti@wärga.example")
    with moody(desk, lambda verb, carried: "") as server:
        assert flush(desk) == Flushed(sent=1)
    assert b"siti@xn--wrga-loa.example" in server.mails[0]


def test_the_clerk_hears_at_once_of_a_receipt_that_no_address_takes(desk: Desk, sink: Sink) -> None:
    number = desk.record(email="siti@@warga.example")
    flush(desk)
    take_results(desk.app)
    told = desk.mails("terpental")
    assert {mail.recipient for mail in told} >= {"jfu@kominfo.example"}
    assert all(word("kirim.alamat") in " ".join(mail.text.split()) for mail in told)
    assert EventKind.SEND_FAILED in desk.kinds(number)


def test_a_mail_that_no_library_can_build_holds_nobody_up(desk: Desk, sink: Sink) -> None:
    """A row that an older version stored, say: its type is nonsense."""
    mail_id, other = put(desk), put(desk)
    with writing(desk.engine) as session:
        session.get_one(Outbox, mail_id).headers = {"references": 7}
    assert flush(desk) == Flushed(sent=1, failed=1)
    assert (row(desk, mail_id).state, row(desk, other).state) == ("dead", "sent")
    assert "TypeError" in row(desk, mail_id).error


# ---- the wire ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "From saya\n",
        ".\n",
        "..\nFrom\n.\n",
        "spasi \n\t\n",
        "a\n\n\n",
        "é=\n",
        ".",
        "a\r\n.\r\nQUIT\r\n",
    ],
)
def test_what_arrives_is_byte_by_byte_what_was_built(desk: Desk, sink: Sink, text: str) -> None:
    """A DKIM signature over it would hold: 7 bits, dots doubled and taken off again, "From " left alone."""
    mail_id = put(
        desk, text=text, html=f"<pre>{text}</pre>", subject="From é", recipient_name="From. Siti"
    )
    flush(desk)
    (sent,) = sink.messages
    assert sent.raw == outbox.wire(row(desk, mail_id), desk.settings, {}, [])[1]
    read = wellformed.read(sent.raw)
    assert read.text == text.replace("\r\n", "\n").removesuffix("\n")


# ---- claims --------------------------------------------------------------------------------------------------


def test_two_flushers_at_once_send_each_mail_once(both: Desk, sink: Sink) -> None:
    ids = [put(both, subject=f"Surat {n}") for n in range(30)]
    start = Barrier(3, timeout=120)

    def lane(_n: int) -> int:
        start.wait()
        return flush(both).sent

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lane, range(3)))
    assert sum(counts) == 30
    subjects = [
        str(message_from_bytes(s.raw, policy=policy.default)["Subject"]) for s in sink.messages
    ]
    assert sorted(subjects) == sorted(f"Surat {n}" for n in range(30))
    assert {row(both, n).attempts for n in ids} == {1}


def claimed(desk: Desk, mail_id: int, at: datetime) -> None:
    """As a sender that was killed while it sent leaves it."""
    with writing(desk.engine) as session:
        session.execute(
            update(Outbox).where(Outbox.id == mail_id).values(state="sending", claimed_at=at)
        )


def test_claim_of_another_sender_is_respected_for_ten_minutes(desk: Desk, sink: Sink) -> None:
    mail_id = put(desk)
    claimed(desk, mail_id, desk.clock())
    desk.clock.now += outbox.STALE
    assert flush(desk) == Flushed()
    assert sink.messages == []


def test_stale_claim_is_sent_again_under_the_same_message_id_and_date(
    desk: Desk, sink: Sink
) -> None:
    """Nobody knows whether the first try arrived: a recognisable duplicate beats a silent loss."""
    mail_id = put(desk)
    before = row(desk, mail_id)
    claimed(desk, mail_id, desk.clock())
    desk.clock.now += outbox.STALE + timedelta(seconds=1)
    assert flush(desk) == Flushed(sent=1)
    message = arrived(sink)
    assert (message["Message-ID"], message["Date"]) == (
        before.message_id,
        "Tue, 24 Nov 2026 09:00:00 +0700",
    )


# ---- the end is told -----------------------------------------------------------------------------------------


def test_result_of_each_mail_is_told_once(desk: Desk, sink: Sink) -> None:
    sink.reject.add("satu@warga.example")
    ids = [put(desk), put(desk, recipient="satu@warga.example")]
    flush(desk)
    waiting = put(desk)
    with writing(desk.engine) as session:
        assert outbox.untold(session) == ids
        for one in outbox.take_untold(session, ids):
            outbox.mark_told(session, one)
        assert outbox.take_untold(session, ids) == []
    with reading(desk.engine) as session:
        assert outbox.untold(session) == []
    assert row(desk, waiting).state == "due"


def test_mail_of_an_act_that_fails_is_never_sent(desk: Desk, sink: Sink) -> None:
    """The mail is due in the transaction of the act, or not at all."""
    desk.record()
    task = desk.task("laporkan")
    form = cases.check(desk.settings, task.kind, "bukan_pengaduan", {"alasan": ["Iklan."]}, {})
    before = desk.count(Outbox)

    def fails() -> None:
        with desk.work() as work:
            cases.act(work, task.id, desk.person("jfu-1"), form)
            raise RuntimeError("disk penuh")

    with pytest.raises(RuntimeError):
        fails()
    assert desk.count(Outbox) == before
    flush(desk)
    assert not [s for s in sink.messages if b"bukan" in s.raw.partition(b"\r\n\r\n")[0]]


def test_answers_to_one_address_are_capped_by_the_hour(desk: Desk, sink: Sink) -> None:
    """RFC 3834: two robots that write to each other slow down; a busy citizen gets the rest in the next hour."""
    for _ in range(8):
        desk.record()
    desk.record(email="lain@warga.example")

    def receipts() -> list[str]:
        flush(desk)
        return [s.rcpt for s in sink.messages if b"Tanda terima" in s.raw]

    assert Counter(receipts()) == {
        SITI: desk.settings.smtp.answers_per_hour,
        "lain@warga.example": 1,
    }
    desk.clock.now = jakarta(24, 10) + timedelta(seconds=1)
    assert Counter(receipts()) == {SITI: 8, "lain@warga.example": 1}


def test_thread_of_a_very_long_message_id_leaves_unbroken(desk: Desk) -> None:
    """Outlook writes ids of 80 characters and more; encoded or broken they would end the pengadu's thread."""
    long_id = f"<{'A' * 110}@warga.example>"
    mail_id = put(desk, in_reply_to=long_id, references=(long_id,))
    raw = outbox.build(row(desk, mail_id), desk.settings, {}, []).as_bytes().replace(b"\r\n ", b" ")
    assert f"In-Reply-To: {long_id}".encode() in raw
    assert f"References: {long_id}".encode() in raw
