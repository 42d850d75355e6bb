"""The one place where mail leaves (DESIGN rule 4). Hides MIME, claiming and retrying; `smtp` is the connection.

`put()` stores a rendered mail in the caller's transaction; `flush()` claims what is due, builds the MIME with the
link tokens filled in, sends on a kept connection and marks. A claim that went stale is retried under the same
Message-ID: a recognisable duplicate beats a silent loss.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    Engine,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from pipeline.data import store
from pipeline.data.engine import reading, writing
from pipeline.data.packed import RUINED
from pipeline.data.places import Lost, PlaceError
from pipeline.data.states import MailState
from pipeline.data.tables import GOING, KEPT, SHOWN, UNTOLD, Decided, Outbox
from pipeline.mail import settled, smtp
from pipeline.mail.refusals import RUN, About, Refusal
from pipeline.mail.settled import ENDED

# `flush` raises the errors of a connection; whoever asks for them asks here.
from pipeline.mail.smtp import MailServerDown, OfficeRefused, Unsendable
from pipeline.office.config import Settings
from pipeline.office.words import word
from pipeline.work import App, Work

LOOP_HEADER = "X-Aduan-Loop"
STALE = timedelta(minutes=10)
# Between tries, about three days together.
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720, 1440, 1440))
WAITING = (MailState.DUE, MailState.FOLDED, MailState.HELD)  # to leave, or to be a line of a digest
NEVER_SENT = (MailState.FOLDED, MailState.VOID)  # or kept for a digest
BATCH = 50
NEWEST = 5_000  # more than an office sends in a day
LOOK_AGAIN = 2.0  # seconds after which a slow queue is looked at anew
URGENT = ("kode", "tautan_saya")  # somebody waits for these with the page open
# An id cannot be folded, and a header line may have 998 letters.
THREAD_ID = re.compile(r"\s*<?[!-;=?-~]{1,250}>?\s*")
LINE = 76  # letters; RFC 2045 allows quoted-printable no more
LONGEST_LINE = 500  # letters of a subject or a name, for the same reason
# One address as RFC 5321 (4.1.2) has it, with letters beyond ASCII (RFC 6531); a quoted local part is rare but right.
MAILBOX = re.compile(
    r"""([^\s()<>\[\]:;@\\,"]{1,64}|"[^"\\\r\n]{1,62}")@([^\s()<>\[\]:;@\\,"]{1,253})"""
)
LONGEST_ADDRESS = 254  # bytes; RFC 5321, 4.5.3.1.3, less the brackets
# Words that need no quotes in a name (RFC 5322, 3.2.3).
ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]*", re.ASCII)
CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
MORE_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")  # U+0080 to U+009F in UTF-8
POLICY = EmailPolicy(linesep="\r\n", max_line_length=LINE)
CALENDAR = "text/calendar"
TokenOf = Callable[[Session, int], str]


class _Field(str):
    """The value of a header field, encoded and folded already: the library's own folding loses spaces in long names,
    breaks Message-IDs and fails on some names altogether."""

    def __new__(cls, name: str, value: str) -> _Field:
        made = super().__new__(cls, value)
        made.name = name
        return made

    name: str

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class NobodysLink(Exception):
    """A link in this mail is nobody's any more: whom it was written to bears the code no longer. It does not go."""


@dataclass(frozen=True)
class Draft:
    """A mail before it is stored. `attachments` are (sha256, name, mime); `links` the ids behind place-holders; `wait`
    how long it is not due yet."""

    name: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    slot: str = ""
    links: tuple[int, ...] = ()
    attachments: tuple[tuple[str, str, str], ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    complaint_id: int | None = None
    task_id: int | None = None
    decision_id: int | None = None
    wait: timedelta = timedelta()
    folded: bool = False  # kept for the recipient's digest instead of sent


@dataclass(frozen=True)
class Flushed:
    """What one flush did."""

    sent: int = 0
    failed: int = 0
    later: int = 0


def new_slot() -> str:
    """A random part for the place-holders of one mail, so that no citizen's text can name a link."""
    return secrets.token_hex(8)


def _new_local_part() -> str:
    """Of a Message-ID: 80 random bits, as the code on a letter has, in the letters that no server changes."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def placeholder(slot: str, link_id: int) -> str:
    """What stands in a stored text where the sender will put the token of a link."""
    return f"tautan.{slot}.{link_id}."


def _clean(text: str) -> str:
    """What every database and mail program takes: no control letters, no lone surrogates, lines that end in LF."""
    data = text.encode("utf-8", "replace").translate(None, CONTROLS)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return MORE_CONTROLS.sub(b"", data).decode()


def _one_line(text: str) -> str:
    """For a header, and no longer than a line of it may be."""
    line = " ".join(_clean(text).split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1].rstrip() + "…"


def bracketed(message_id: str) -> str:
    """A Message-ID as header fields hold it (RFC 5322, 3.6.4); `message.read` gives it bare. Nothing stays nothing."""
    bare = "".join(message_id.split()).strip("<>")
    return f"<{bare}>" if bare else ""


def put(work: Work, draft: Draft) -> Outbox:
    """Store a mail that is due, with a fixed Message-ID (unguessable) and Date, in the caller's transaction.

    It has no id before the next flush of the session.
    """
    row = Outbox(**_columns(work.settings, draft, work.now))
    work.session.add(row)
    return row


def put_all(work: Work, drafts: Iterable[Draft]) -> None:
    """Store many at once, at half the cost of one by one."""
    if rows := [_columns(work.settings, draft, work.now) for draft in drafts]:
        work.session.execute(insert(Outbox), rows)


def _columns(settings: Settings, draft: Draft, now: datetime) -> dict[str, Any]:
    domain = settings.smtp.sender.rpartition("@")[2]
    thread = [
        bracketed(one) for one in (*draft.references, draft.in_reply_to) if THREAD_ID.fullmatch(one)
    ]
    html = _clean(draft.html)
    return {
        "name": draft.name,
        # One that cannot be written to must not become another's, nor keep the row from being stored.
        "recipient": draft.recipient if draft.recipient.isprintable() else ascii(draft.recipient),
        "recipient_name": _one_line(draft.recipient_name),
        "subject": _one_line(draft.subject),
        "text": _clean(draft.text),
        "html": html,
        "html_hash": store.digest_of(html.encode()),
        "headers": {
            "in_reply_to": thread[-1] if THREAD_ID.fullmatch(draft.in_reply_to) else "",
            "references": list(dict.fromkeys(thread)),
        },
        "attachments": [list(a) for a in draft.attachments],
        "links": list(draft.links),
        "slot": draft.slot,
        "message_id": f"<{_new_local_part()}@{domain}>",
        "date": now,
        "next_at": now + draft.wait,
        "complaint_id": draft.complaint_id,
        "task_id": draft.task_id,
        "decision_id": draft.decision_id,
        "state": MailState.FOLDED if draft.folded else MailState.DUE,
    }


def going(*states: MailState) -> ColumnElement[bool]:
    """Mails in one of these states, none of which is the end of most: found by an index that holds few."""
    return and_(sql(GOING), Outbox.state.in_(states))


def to(*addresses: str) -> ColumnElement[bool]:
    """Mails to these addresses, however they are written; lower letters are the database's, as in its index."""
    return func.lower(Outbox.recipient).in_([func.lower(one) for one in addresses])


def newest(session: Session) -> int:
    """The id of the newest mail; 0 where there is none."""
    return session.scalar(select(func.max(Outbox.id))) or 0


def hold(session: Session, which: ColumnElement[bool], after: int, until: datetime) -> list[int]:
    """Let those of these mails that were put after this id wait until then, also as a line of a digest: their act may
    be taken back. The ids of all of them."""
    put_since = select(Outbox.id).where(which, Outbox.id > after)
    of_the_act = list(session.scalars(put_since))
    waiting = (
        update(Outbox)
        .where(
            Outbox.id.in_(of_the_act),
            Outbox.state.in_((MailState.DUE, MailState.FOLDED)),
            Outbox.next_at < until,
        )
        .values(next_at=until)
    )
    session.execute(waiting, execution_options={"synchronize_session": "fetch"})
    return of_the_act


def recall(session: Session, of_the_act: Sequence[int], opened: Collection[int]) -> bool:
    """Keep these mails back, and what was written since about tasks that the act `opened` (a Plh. took one over, say);
    False, and nothing is done, where one has left."""
    mine = or_(Outbox.id.in_(of_the_act), Outbox.task_id.in_(opened))
    left = select(Outbox.id).where(
        mine, Outbox.state.in_((MailState.SENDING, MailState.SENT, MailState.DEAD))
    )
    if session.scalars(left).first() is not None:
        return False
    kept = (
        update(Outbox)
        .where(mine, Outbox.state.in_(WAITING))
        .values(state=MailState.VOID, told=True)
    )
    session.execute(kept, execution_options={"synchronize_session": "fetch"})
    return True


def _folded(recipient: str, now: datetime) -> tuple[ColumnExpressionArgument[bool], ...]:
    """What was kept for somebody's digest and has not been in one; not what may still be taken back."""
    return (
        to(recipient),
        Outbox.recipient == recipient,
        sql(KEPT),
        Outbox.next_at <= now,
    )


def folded(
    session: Session, recipient: str, now: datetime, without: Collection[str] = ()
) -> list[Outbox]:
    """What a digest of now tells somebody, oldest first; some kinds left out, and what was erased meanwhile."""
    kept = select(Outbox).where(
        *_folded(recipient, now), Outbox.name.not_in(without), Outbox.subject != ""
    )
    return list(session.scalars(kept.order_by(Outbox.id)))


def mark_folded_told(session: Session, recipient: str, now: datetime) -> None:
    """All of it has been in a digest now."""
    read = update(Outbox).where(*_folded(recipient, now)).values(told=True)
    session.execute(read, execution_options={"synchronize_session": "fetch"})


def count_since(
    session: Session, recipients: Collection[str], names: tuple[str, ...], since: datetime
) -> Counter[str]:
    """How many mails of these kinds went to each address since then (for the cap on answers, RFC 3834)."""
    counts = select(Outbox.recipient, func.count()).where(
        to(*recipients),
        Outbox.recipient.in_(recipients),
        Outbox.name.in_(names),
        Outbox.date >= since,
    )
    rows = session.execute(counts.group_by(Outbox.recipient)).all()
    return Counter(dict(rows))


def in_the_hour(session: Session, name: str, now: datetime, most: int) -> int:
    """How many mails of a kind became due in the last hour or wait for their turn; counted among the newest alone."""
    last = select(func.coalesce(func.max(Outbox.id), 0)).scalar_subquery()
    lately = Outbox.id > last - 4 * most  # the outbox of years is not looked through for each mail
    newest = (
        select(Outbox.next_at)
        .where(Outbox.name == name, lately)
        .order_by(Outbox.id.desc())
        .limit(most)
    )
    some = newest.subquery()
    hour_ago = now - timedelta(hours=1)
    begun = select(func.count()).select_from(some).where(some.c.next_at > hour_ago)
    return session.scalar(begun) or 0


def last_to(session: Session, recipient: str, complaint_id: int) -> tuple[str, list[str]] | None:
    """(Message-ID, references) of the newest mail of this case to this address, for the thread."""
    left = Outbox.state.not_in(NEVER_SENT)
    to_them = (Outbox.recipient == recipient, Outbox.complaint_id == complaint_id)
    mails = (
        select(Outbox.message_id, Outbox.headers).where(*to_them, left).order_by(Outbox.id.desc())
    )
    newest = session.execute(mails.limit(1)).one_or_none()
    if newest is None:
        return None
    return newest.message_id, newest.headers.get("references", [])


def by_message_id(session: Session, ids: Iterable[str]) -> Outbox | None:
    """The newest mail of ours that one of these Message-IDs names."""
    wanted = [bracketed(one) for one in ids if one]
    if not wanted:
        return None
    return session.scalar(
        select(Outbox).where(Outbox.message_id.in_(wanted)).order_by(Outbox.id.desc()).limit(1)
    )


def all_by_message_id(session: Session, ids: Iterable[str]) -> list[Outbox]:
    """The mails of ours that these Message-IDs name, the newest first."""
    wanted = [bracketed(one) for one in ids if one]
    if not wanted:
        return []
    return list(
        session.scalars(
            select(Outbox).where(Outbox.message_id.in_(wanted)).order_by(Outbox.id.desc())
        )
    )


def was_written_to(session: Session, address: str) -> bool:
    """Whether a mail of ours ever went to this address, however servers write its letters."""
    written = select(Outbox.id).where(to(address.lower()))
    return session.scalar(written.limit(1)) is not None


def under_way(session: Session, complaint_id: int) -> bool:
    """Whether a mail of this case has not been sent yet, or nobody has been told how it ended."""
    rows = select(Outbox.id).where(
        Outbox.complaint_id == complaint_id, Outbox.state.not_in(NEVER_SENT)
    )
    return (
        session.scalars(
            rows.where(
                or_(Outbox.state.in_((MailState.DUE, MailState.SENDING)), Outbox.told.is_(False))
            )
        ).first()
        is not None
    )


def withdraw(session: Session, complaint_id: int, *names: str) -> int:
    """Mails of a case, of these kinds or of all, that nobody has begun to send never go; how many."""
    kinds = [Outbox.name.in_(names)] if names else []
    return _call_off(session, Outbox.complaint_id == complaint_id, *kinds)


def erase(
    session: Session, complaint_id: int, tasks: Collection[int] = (), others: Collection[int] = ()
) -> tuple[int, set[str]]:
    """Take away what mails said and to whom they went: of a case, about these tasks, and these by their ids; how many,
    and the hashes of what was attached. That they were sent stays."""
    of_them = or_(
        Outbox.complaint_id == complaint_id, Outbox.task_id.in_(tasks), Outbox.id.in_(others)
    )
    files = {
        str(file[0])
        for some in session.scalars(select(Outbox.attachments).where(of_them))
        for file in some
    }
    personal = ("recipient", "recipient_name", "subject", "text", "html", "html_hash", "error")
    nothing = dict.fromkeys(personal, "")
    settled.forget(session, session.scalars(select(Outbox.id).where(of_them)))
    erased = session.execute(
        update(Outbox).where(of_them).values(**nothing, attachments=[], headers={}, pack_id=None)
    )
    return erased.rowcount, files  # type: ignore[attr-defined]


def attached(session: Session, digests: Collection[str]) -> set[str]:
    """Which of these bytes are attached to a mail of ours."""
    with_files = Outbox.attachments.is_not(None)
    found = set()
    for files in session.scalars(select(Outbox.attachments).where(with_files)):
        found |= {str(digest) for digest, *_ in files}
    return found & set(digests)


def forget_looks(session: Session, before: datetime, most: int) -> int:
    """Forget the HTML of mails of before then that will not leave any more, and what only the sender needs; how many.
    Text and hash stay."""
    over = select(Outbox.id).where(
        sql(SHOWN), Outbox.date < before, Outbox.state.in_(ENDED), Outbox.told
    )
    oldest = over.order_by(Outbox.date).limit(most)
    emptying = update(Outbox).where(Outbox.id.in_(oldest)).values(html="", slot="")
    done = session.execute(emptying, execution_options={"synchronize_session": False})
    return done.rowcount  # type: ignore[attr-defined,no-any-return]


def call_back(session: Session, decision_id: int) -> None:
    """What tells a decision that is withdrawn, and waits still, does not leave. A mail that the server is being handed
    just now cannot be stopped."""
    _call_off(session, Outbox.decision_id == decision_id)


def _call_off(session: Session, *which: ColumnElement[bool]) -> int:
    waiting = update(Outbox).where(Outbox.state.in_(WAITING), *which)
    return session.execute(waiting.values(state=MailState.VOID, told=True)).rowcount  # type: ignore[attr-defined,no-any-return]


def held(session: Session) -> list[Outbox]:
    """Mails that a restore has kept back, oldest first."""
    return list(session.scalars(select(Outbox).where(going(MailState.HELD)).order_by(Outbox.id)))


def let_go(session: Session, now: datetime) -> int:
    """Send what a restore has kept back; how many."""
    freed = update(Outbox).where(going(MailState.HELD)).values(state=MailState.DUE, next_at=now)
    return session.execute(freed).rowcount  # type: ignore[attr-defined,no-any-return]


def drop_held(session: Session) -> int:
    """Never send what a restore has kept back, for it was sent before; how many."""
    gone = update(Outbox).where(going(MailState.HELD)).values(state=MailState.VOID, told=True)
    return session.execute(gone).rowcount  # type: ignore[attr-defined,no-any-return]


def is_waiting(session: Session, decision_id: int, name: str) -> bool:
    """Whether a mail of this kind that tells the decision waits still, and can be called back."""
    mine = select(Outbox.id).where(
        Outbox.decision_id == decision_id,
        Outbox.name == name,
        Outbox.state.in_((MailState.DUE, MailState.HELD)),
    )
    return session.scalar(mine.limit(1)) is not None


def untold(session: Session) -> list[int]:
    """Ids of mails whose end (sent, dead) nobody has been told of yet, oldest first."""
    ended = select(Outbox.id).where(Outbox.state.in_((MailState.SENT, MailState.DEAD)), sql(UNTOLD))
    return list(session.scalars(ended.order_by(Outbox.id)))


def take_untold(session: Session, ids: Sequence[int]) -> list[Outbox]:
    """These mails, held until the transaction ends, without those that somebody has been told of meanwhile."""
    query = select(Outbox).where(Outbox.id.in_(ids), Outbox.told.is_(False)).order_by(Outbox.id)
    return list(session.scalars(query.with_for_update()))


def mark_told(session: Session, row: Outbox) -> None:
    row.told = True


def _mailbox(email: str) -> str:
    """A single address with its domain in ASCII; Unsendable if it is none (RFC 5321, 4.1.2 and 4.5.3.1)."""
    found = MAILBOX.fullmatch(email)
    try:
        if found and email.isprintable():
            domain = found[2] if found[2].isascii() else found[2].encode("idna").decode()
            if len(f"{found[1]}@{domain}".encode()) <= LONGEST_ADDRESS:
                return f"{found[1]}@{domain}"
    except UnicodeError:
        pass
    raise Unsendable(word("kirim.alamat"))


def _encoded(name: str, text: str) -> str:
    """Words for a header field, folded; as encoded words (RFC 2047) where they are not ASCII or look like some."""
    plain = text.isascii() and "=?" not in text
    charset = "us-ascii" if plain else "utf-8"
    return Header(text, charset, maxlinelen=LINE, header_name=name).encode(linesep="\r\n")


def _address(field: str, name: str, email: str) -> str:
    """Name and address for a header field (RFC 5322, 3.4)."""
    at = f"<{email}>"
    if not name:
        return at
    if name.isascii() and "=?" not in name and not ATOMS.fullmatch(name):
        name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    phrase = _encoded(field, name)
    room = LINE - len(phrase.rpartition("\r\n")[2]) - len(field) - 3
    return f"{phrase} {at}" if len(at) <= room else f"{phrase}\r\n {at}"


def build(
    row: Outbox, settings: Settings, tokens: dict[int, str], files: list[tuple[bytes, str, str]]
) -> EmailMessage:
    """The MIME message of a stored mail: UTF-8 text and HTML, attachments, thread, RFC 3834 headers."""
    message = EmailMessage(policy=POLICY)
    for name, value in _fields(row, settings).items():
        message[name] = _Field(name, value)
    text, html = row.text, row.html
    for link_id, token in tokens.items():
        url = f"{settings.web.base_url}/t/{token}"
        text = text.replace(placeholder(row.slot, link_id), url)
        html = html.replace(placeholder(row.slot, link_id), url)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for content, _name, mime in files:
        if mime.startswith(CALENDAR):  # shown as an invitation only if it stands beside the texts
            method = mime.partition("method=")[2]
            message.add_alternative(
                content.decode(), subtype="calendar", params={"method": method}, cte="base64"
            )
    for content, name, mime in files:
        _attach(message, content, name, mime)
    # The same mail has the same bytes at each try, so that a duplicate is known as one.
    mark = hashlib.sha256(row.message_id.encode()).hexdigest()[:32]
    with_parts = [part for part in message.walk() if part.is_multipart()]
    for letter, part in zip("ab", with_parts, strict=False):
        part.set_boundary(f"=_{letter}{mark}")  # "=_" cannot stand in quoted-printable or base64
    return message


def wire(
    row: Outbox, settings: Settings, tokens: dict[int, str], files: list[tuple[bytes, str, str]]
) -> tuple[str, bytes]:
    """(recipient, mail) as SMTP gets them; Unsendable if nobody could be written to there."""
    recipient = _mailbox(row.recipient)
    policy = POLICY if recipient.isascii() else POLICY.clone(utf8=True)  # RFC 6531
    return recipient, build(row, settings, tokens, files).as_bytes(policy=policy)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(going(MailState.DUE), Outbox.next_at <= now),
        and_(going(MailState.SENDING), Outbox.claimed_at < now - STALE),
    )


def _fields(row: Outbox, settings: Settings) -> dict[str, str]:
    """The header of a stored mail, in the order in which it is written."""
    fields = {
        "From": _address("From", settings.smtp.sender_name, settings.smtp.sender),
        "Reply-To": _address("Reply-To", settings.smtp.sender_name, settings.smtp.sender),
        "To": _address("To", row.recipient_name, _mailbox(row.recipient)),
        "Subject": _encoded("Subject", row.subject),
        "Date": format_datetime(row.date.astimezone(settings.zone)),
        "Message-ID": row.message_id,
        "Auto-Submitted": "auto-generated",
        # Not "All", which keeps failures to deliver from us, too (MS-OXCMAIL 2.1.3.2.20).
        "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
        LOOP_HEADER: settings.smtp.sender,
    }
    if answered := row.headers.get("in_reply_to", ""):
        fields["In-Reply-To"] = answered
    if thread := row.headers.get("references", []):
        fields["References"] = "\r\n ".join(thread[-10:])
    return fields


def _attach(message: EmailMessage, content: bytes, name: str, mime: str) -> None:
    main, _, sub = mime.partition("/")
    if mime.startswith(CALENDAR):
        main, sub = "application", "ics"  # a second text/calendar would be a second invitation
    shown = _one_line(name).replace("=?", "= ?")  # not to be taken for an encoded word
    message.add_attachment(
        content,
        maintype=main,
        subtype=sub or "octet-stream",
        filename=shown or word("kirim.tanpa_nama"),
    )


def _claim(engine: Engine, mail_id: int, now: datetime) -> bool:
    """Whether this mail is ours to send: one of several who try at once gets it."""
    claim = (
        update(Outbox)
        .where(Outbox.id == mail_id, _is_due(now))
        .values(state=MailState.SENDING, claimed_at=now)
    )
    with writing(engine) as session:
        claimed = session.execute(claim)
        taken = bool(claimed.rowcount == 1)  # type: ignore[attr-defined]
        return taken and not _is_called_back(session, mail_id, now)


def _is_called_back(session: Session, mail_id: int, now: datetime) -> bool:
    """Whether what a mail tells was withdrawn while the server was being handed it, and it is to be tried again: it is
    not. One whose decision was withdrawn in the case that it follows ends as refused, so that its case hears of it."""
    row = session.get_one(Outbox, mail_id, populate_existing=True)
    decision = session.get(Decided, row.decision_id) if row.decision_id else None
    if decision is None:
        return False
    if decision.withdrawn_at is not None:
        row.state, row.told, row.claimed_at = MailState.VOID, True, None
        return True
    source = session.get(Decided, decision.source_id) if decision.source_id else None
    if source is None or source.withdrawn_at is None or decision.kept_at is not None:
        return False
    row.state, row.next_at, row.claimed_at, row.error = (
        MailState.DEAD,
        now,
        None,
        word("kirim.ditarik"),
    )
    return True


def _load(
    engine: Engine, mail_id: int, token_of: TokenOf
) -> tuple[Outbox, dict[int, str], list[tuple[bytes, str, str]]]:
    with reading(engine) as session:
        row = session.get_one(Outbox, mail_id)
        if RUINED in (row.text, row.html, row.headers):
            raise ValueError("the text of this mail is damaged")
        tokens = {link_id: token_of(session, link_id) for link_id in row.links}
        files = [(store.get(session, sha), name, mime) for sha, name, mime in row.attachments]
        session.expunge(row)
    return row, tokens, files


def _mark(
    engine: Engine, mail_id: int, now: datetime, error: str = "", permanent: bool = False
) -> MailState:
    """Note the result of one try; returns the new state."""
    with writing(engine) as session:
        row = session.get_one(Outbox, mail_id)
        row.attempts += 1
        row.claimed_at, row.error = None, error[:500]
        if not error:
            row.state, row.sent_at = MailState.SENT, now
        elif permanent or row.attempts > len(PAUSES):
            row.state, row.next_at = MailState.DEAD, now  # when it ended
        else:
            row.state, row.next_at = MailState.DUE, now + PAUSES[row.attempts - 1]
        return row.state


def _keep_back(engine: Engine, mail_id: int) -> None:
    with writing(engine) as session:
        row = session.get_one(Outbox, mail_id)
        row.state, row.told, row.claimed_at = MailState.VOID, True, None


def _release(engine: Engine, mail_id: int, now: datetime, error: str) -> None:
    """The server refuses the office, whatever the mail: the try does not count against it."""
    with writing(engine) as session:
        row = session.get_one(Outbox, mail_id)
        row.state, row.claimed_at, row.error = MailState.DUE, None, error[:500]
        row.next_at = now + PAUSES[0]


def due(engine: Engine, now: datetime) -> list[int]:
    """Ids of mails whose time has come, at most one batch: what somebody waits for at a screen, then longest due
    first."""
    urgent = case((Outbox.name.in_(URGENT), 0), else_=1)
    with reading(engine) as session:
        query = select(Outbox.id).where(_is_due(now)).order_by(urgent, Outbox.next_at, Outbox.id)
        return list(session.scalars(query.limit(BATCH)))


def waits(session: Session, name: str, subject: str) -> bool:
    """Whether a mail of this kind with this subject has not been sent yet: it need not be put twice."""
    same = select(Outbox.id).where(
        going(MailState.DUE, MailState.SENDING),
        Outbox.name == name,
        Outbox.subject == _one_line(subject),
    )
    return session.scalar(same.limit(1)) is not None


def was_put(session: Session, address: str, name: str, subject: str, since: datetime) -> bool:
    """Whether a mail of this kind with this subject was put to this address since then."""
    same = select(Outbox.id).where(
        to(address), Outbox.date >= since, Outbox.name == name, Outbox.subject == _one_line(subject)
    )
    return session.scalar(same.limit(1)) is not None


def flush(
    app: App,
    token_of: TokenOf,
    meanwhile: Callable[[], object] = lambda: None,
) -> Flushed:
    """Send what is due; `token_of` gives the token of a link that a text holds a place for, or raises NobodysLink, and
    the mail is kept back. `meanwhile` is called now
    and then while the queue is long.

    MailServerDown when the server cannot be used, OfficeRefused when it refuses the office whatever the mail; nothing
    is lost, a claim is given back.
    """
    return _Flush(app.engine, app.settings, app.clock, token_of).run(meanwhile)


def send_now(settings: Settings, draft: Draft, now: datetime) -> None:
    """Send a mail without keeping it: an alarm must get out where the database is away. MailServerDown."""
    recipient, raw = wire(Outbox(**_columns(settings, draft, now)), settings, {}, [])
    line = smtp.SmtpLine(settings)
    try:
        line.send(recipient, raw)
    except smtp.FAULTS as error:
        raise MailServerDown(str(error)) from error
    finally:
        line.hang_up()


class _Flush:
    """One flush. A refusal that may be about the office is held back, with its claim, until the next mails tell: one
    that is taken makes it the refused mail's own; equal refusals in a row make it the office's."""

    def __init__(
        self, engine: Engine, settings: Settings, clock: Callable[[], datetime], token_of: TokenOf
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._token_of = token_of
        self._line = smtp.SmtpLine(settings)
        self._unclear: list[tuple[int, Refusal]] = []
        self._done = Counter[MailState]()

    def run(self, meanwhile: Callable[[], object]) -> Flushed:
        try:
            while waiting := due(self._engine, self._clock()):
                self._line.server()  # before claiming: a dead server must not hold claims
                self._some(waiting)
                meanwhile()
            self._end()
        finally:
            self._give_back()
            self._line.hang_up()
        return Flushed(
            self._done[MailState.SENT], self._done[MailState.DEAD], self._done[MailState.DUE]
        )

    def _some(self, waiting: Sequence[int]) -> None:
        """These mails, or fewer where the server is slow: a code that is asked for meanwhile goes first."""
        until = time.monotonic() + LOOK_AGAIN
        for mail_id in waiting:
            if _claim(self._engine, mail_id, self._clock()):
                self._one(mail_id)
            if time.monotonic() > until:
                return

    def _one(self, mail_id: int) -> None:
        try:
            refusal = self._deliver(mail_id)
        except NobodysLink:
            _keep_back(self._engine, mail_id)
            return
        except PlaceError as away:  # what has no attachment goes on: somebody may wait for a code
            _release(self._engine, mail_id, self._clock(), str(away))
            self._done[MailState.DUE] += 1
            return
        if refusal is None:
            self._mark(mail_id)
            self._blame_the_mails()
        elif refusal.about is About.MAIL:
            self._mark(mail_id, refusal)
        elif refusal.about is About.OFFICE:
            self._unclear.append((mail_id, refusal))
            raise OfficeRefused(refusal.said)
        elif self._others_passed(mail_id):
            self._mark(mail_id, refusal)
        else:
            self._unclear.append((mail_id, refusal))
            if self._in_a_row() >= RUN:
                raise OfficeRefused(refusal.said)

    def _deliver(self, mail_id: int) -> Refusal | None:
        """How one claimed mail fared; a fault that is not the mail's gives the claim back and is raised."""
        try:
            loaded = _load(self._engine, mail_id, self._token_of)
        except (LookupError, ValueError) as gone:
            # An attachment that was erased, a link that is no more.
            return _Own(f"{type(gone).__name__}: {gone}", True)
        except Lost as lost:  # it may be put back from a copy
            return _Own(str(lost), False)
        try:
            recipient, raw = wire(loaded[0], self._settings, *loaded[1:])
        except Unsendable as bad:
            return _Own(str(bad), True)
        except Exception as bad:  # noqa: BLE001 - whatever one mail does to the libraries, the next has to go out
            return _Own(f"{type(bad).__name__}: {bad}", True)
        try:
            return smtp.send(self._line, recipient, raw)
        except MailServerDown as down:
            _release(self._engine, mail_id, self._clock(), str(down))
            raise
        except smtp.FAULTS as broken:
            # The server hung up on this mail: that counts as a try, or it would be sent for ever.
            _mark(self._engine, mail_id, self._clock(), str(broken))
            raise MailServerDown(str(broken)) from broken
        except Unsendable as bad:
            return _Own(str(bad), True)

    def _mark(self, mail_id: int, refusal: Refusal | None = None) -> None:
        said, permanent = (refusal.said, refusal.permanent) if refusal else ("", False)
        self._done[_mark(self._engine, mail_id, self._clock(), said, permanent)] += 1

    def _in_a_row(self) -> int:
        """How many of the newest refusals are equal to the last one."""
        last = self._unclear[-1][1].kind
        return len(list(takewhile(lambda one: one[1].kind == last, reversed(self._unclear))))

    def _blame_the_mails(self) -> None:
        """Another mail has been taken: what was refused before it was refused for itself."""
        for mail_id, refusal in self._unclear:
            self._mark(mail_id, refusal)
        self._unclear.clear()

    def _end(self) -> None:
        """Nothing more is due: judge what is still unclear by what came before."""
        for mail_id, refusal in list(self._unclear):
            if self._is_the_offices(refusal):
                lacks_room = refusal.at_sender and not refusal.permanent
                raise MailServerDown(refusal.said) if lacks_room else OfficeRefused(refusal.said)
            self._mark(mail_id, refusal)
            self._unclear.remove((mail_id, refusal))

    def _is_the_offices(self, refusal: Refusal) -> bool:
        if refusal.at_sender:
            # The same for each mail, but a server that is short of room takes the small ones.
            return refusal.permanent or not self._done[MailState.SENT]
        with reading(self._engine) as session:
            return _run_before(session, refusal, self._clock()) + self._in_a_row() >= RUN

    def _others_passed(self, mail_id: int) -> bool:
        """Whether another mail was taken since the server refused this one, and its claim was given back."""
        with reading(self._engine) as session:
            row = session.get_one(Outbox, mail_id)
            if not row.error:
                return False
            refused_at = row.next_at - PAUSES[0]
            passed = select(Outbox.id).where(Outbox.sent_at > refused_at, _lately(session))
            return session.scalar(passed.limit(1)) is not None

    def _give_back(self) -> None:
        """The claims of what nobody can judge: these tries do not count."""
        for mail_id, refusal in self._unclear:
            _release(self._engine, mail_id, self._clock(), refusal.said)
        self._unclear.clear()


class _Own(Refusal):
    """A mail that we ourselves cannot send."""

    @property
    def about(self) -> About:
        return About.MAIL


def _lately(session: Session) -> ColumnElement[bool]:
    """Among the newest mails, which those of a day are: the outbox of years is not looked through for a refusal."""
    return Outbox.id > newest(session) - NEWEST


def _run_before(session: Session, refusal: Refusal, now: datetime) -> int:
    """How many mails in a row, and today, ended with the same answer and none was taken after the first of them."""
    taken = select(func.max(Outbox.sent_at)).where(Outbox.state == MailState.SENT, _lately(session))
    last_taken = taken.scalar_subquery()
    refused = select(Outbox.error).where(
        going(MailState.DEAD),
        Outbox.next_at > now - timedelta(days=1),
        or_(last_taken.is_(None), Outbox.next_at >= last_taken),
    )
    newest_first = refused.order_by(Outbox.next_at.desc(), Outbox.id.desc()).limit(RUN)
    count = 0
    for error in session.scalars(newest_first):
        if Refusal(error, True).kind != refusal.kind:
            break
        count += 1
    return count
