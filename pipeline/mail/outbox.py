"""The one place where mail leaves (DESIGN rule 4). Hides MIME, SMTP, claiming and retrying.

`put()` stores a rendered mail in the caller's transaction; `flush()` claims what is due, builds the MIME with the
link tokens filled in, sends on a kept connection and marks. A claim that went stale is retried under the same
Message-ID: a recognisable duplicate beats a silent loss.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import smtplib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from pipeline import store
from pipeline.config import Oauth, Settings, trust
from pipeline.db import Outbox, reading, writing
from pipeline.files import size_words
from pipeline.mail import oauth
from pipeline.words import word

LOOP_HEADER = "X-Aduan-Loop"
STALE = timedelta(minutes=10)
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720, 1440, 1440))  # about three days
BATCH = 50
THREAD_ID = re.compile(r"\s*<?[!-;=?-~]{1,250}>?\s*")  # a header line may have 998 letters; an id cannot be folded
LINE = 76  # letters; RFC 2045 allows quoted-printable no more
LONGEST_LINE = 500  # letters of a subject or a name, for the same reason
TOO_LARGE = 552  # RFC 1870: the server says at MAIL FROM that this mail is too big
CLOSING = 421  # RFC 5321, 3.8: whatever it was asked, the server ends the connection
# One address as RFC 5321 (4.1.2) has it, with letters beyond ASCII (RFC 6531); a quoted local part is rare but right.
MAILBOX = re.compile(r"""([^\s()<>\[\]:;@\\,"]{1,64}|"[^"\\\r\n]{1,62}")@([^\s()<>\[\]:;@\\,"]{1,253})""")
LONGEST_ADDRESS = 254  # bytes; RFC 5321, 4.5.3.1.3, less the brackets
ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]*", re.ASCII)  # words that need no quotes in a name (RFC 5322, 3.2.3)
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


class MailServerDown(Exception):
    """The SMTP server could not be used; what was due stays due. The message says why."""


class Unsendable(ValueError):
    """No server could take this mail; the message says why, to the clerk."""


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
    wait: timedelta = timedelta()


@dataclass(frozen=True)
class Flushed:
    """What one flush did."""

    sent: int = 0
    failed: int = 0
    later: int = 0


def new_slot() -> str:
    """A random part for the place-holders of one mail, so that no citizen's text can name a link."""
    return secrets.token_hex(8)


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


def put(session: Session, settings: Settings, draft: Draft, now: datetime) -> Outbox:
    """Store a mail that is due, with a fixed Message-ID (unguessable) and Date, in the caller's transaction.

    It has no id before the next flush of the session.
    """
    row = Outbox(**_columns(settings, draft, now))
    session.add(row)
    return row


def put_all(session: Session, settings: Settings, drafts: Iterable[Draft], now: datetime) -> None:
    """Store many at once, at half the cost of one by one."""
    if rows := [_columns(settings, draft, now) for draft in drafts]:
        session.execute(insert(Outbox), rows)


def _columns(settings: Settings, draft: Draft, now: datetime) -> dict[str, Any]:
    domain = settings.smtp.sender.rpartition("@")[2]
    thread = [bracketed(one) for one in (*draft.references, draft.in_reply_to) if THREAD_ID.fullmatch(one)]
    return {
        "name": draft.name,
        # One that cannot be written to must not become another's, nor keep the row from being stored.
        "recipient": draft.recipient if draft.recipient.isprintable() else ascii(draft.recipient),
        "recipient_name": _one_line(draft.recipient_name),
        "subject": _one_line(draft.subject),
        "text": _clean(draft.text),
        "html": _clean(draft.html),
        "headers": {
            "in_reply_to": thread[-1] if THREAD_ID.fullmatch(draft.in_reply_to) else "",
            "references": list(dict.fromkeys(thread)),
        },
        "attachments": [list(a) for a in draft.attachments],
        "links": list(draft.links),
        "slot": draft.slot,
        "message_id": f"<{secrets.token_hex(16)}@{domain}>",
        "date": now,
        "next_at": now + draft.wait,
        "complaint_id": draft.complaint_id,
        "task_id": draft.task_id,
    }


def count_since(session: Session, recipients: Collection[str], names: tuple[str, ...], since: datetime) -> Counter[str]:
    """How many mails of these kinds went to each address since then (for the cap on answers, RFC 3834)."""
    rows = select(Outbox.recipient, func.count()).where(
        Outbox.recipient.in_(recipients), Outbox.name.in_(names), Outbox.date >= since
    )
    return Counter(dict(session.execute(rows.group_by(Outbox.recipient)).all()))


def last_to(session: Session, recipient: str, complaint_id: int) -> tuple[str, list[str]] | None:
    """(Message-ID, references) of the newest mail of this case to this address, for the thread."""
    rows = select(Outbox.message_id, Outbox.headers).where(
        Outbox.recipient == recipient, Outbox.complaint_id == complaint_id
    )
    newest = session.execute(rows.order_by(Outbox.id.desc()).limit(1)).one_or_none()
    return (newest.message_id, newest.headers.get("references", [])) if newest else None


def by_message_id(session: Session, ids: Iterable[str]) -> Outbox | None:
    """The newest mail of ours that one of these Message-IDs names."""
    wanted = [bracketed(one) for one in ids if one]
    if not wanted:
        return None
    return session.scalar(select(Outbox).where(Outbox.message_id.in_(wanted)).order_by(Outbox.id.desc()).limit(1))


def was_written_to(session: Session, address: str) -> bool:
    """Whether a mail of ours ever went to this address, however servers write its letters."""
    written = select(Outbox.id).where(func.lower(Outbox.recipient) == address.lower())
    return session.scalar(written.limit(1)) is not None


def under_way(session: Session, complaint_id: int) -> bool:
    """Whether a mail of this case has not been sent yet, or nobody has been told how it ended."""
    rows = select(Outbox.id).where(Outbox.complaint_id == complaint_id)
    return (
        session.scalars(rows.where(or_(Outbox.state.in_(("due", "sending")), Outbox.told.is_(False)))).first()
        is not None
    )


def erase(session: Session, complaint_id: int) -> int:
    """Take away what the mails of a case said and to whom they went; how many. That they were sent stays."""
    gone = dict.fromkeys(("recipient", "recipient_name", "subject", "text", "html", "error"), "")
    mine = update(Outbox).where(Outbox.complaint_id == complaint_id)
    return session.execute(mine.values(**gone, attachments=[], headers={})).rowcount  # type: ignore[attr-defined,no-any-return]


def untold(session: Session) -> list[int]:
    """Ids of mails whose end (sent, dead) nobody has been told of yet, oldest first."""
    ended = select(Outbox.id).where(Outbox.state.in_(("sent", "dead")), Outbox.told.is_(False))
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
    return Header(text, "us-ascii" if plain else "utf-8", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")


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


def build(row: Outbox, settings: Settings, tokens: dict[int, str], files: list[tuple[bytes, str, str]]) -> EmailMessage:
    """The MIME message of a stored mail: UTF-8 text and HTML, attachments, thread, RFC 3834 headers."""
    text, html = row.text, row.html
    for link_id, token in tokens.items():
        url = f"{settings.web.base_url}/t/{token}"
        text = text.replace(placeholder(row.slot, link_id), url)
        html = html.replace(placeholder(row.slot, link_id), url)
    thread = {
        "In-Reply-To": row.headers.get("in_reply_to", ""),
        "References": "\r\n ".join(row.headers.get("references", [])[-10:]),
    }
    fields = {
        "From": _address("From", settings.smtp.sender_name, settings.smtp.sender),
        "Reply-To": _address("Reply-To", settings.smtp.sender_name, settings.smtp.sender),
        "To": _address("To", row.recipient_name, _mailbox(row.recipient)),
        "Subject": _encoded("Subject", row.subject),
        "Date": format_datetime(row.date.astimezone(settings.zone)),
        "Message-ID": row.message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        LOOP_HEADER: settings.smtp.sender,
        **{name: ids for name, ids in thread.items() if ids},
    }
    message = EmailMessage(policy=POLICY)
    for name, value in fields.items():
        message[name] = _Field(name, value)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for content, _name, mime in files:
        if mime.startswith(CALENDAR):  # shown as an invitation only if it stands beside the texts
            method = mime.partition("method=")[2]
            message.add_alternative(content.decode(), subtype="calendar", params={"method": method}, cte="base64")
    for content, name, mime in files:
        main, _, sub = mime.partition("/")
        shown = _one_line(name).replace("=?", "= ?") or word("kirim.tanpa_nama")  # not to be taken for an encoded word
        if mime.startswith(CALENDAR):
            main, sub = "application", "ics"  # a second text/calendar would be a second invitation
        message.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=shown)
    # The same mail has the same bytes at each try, so that a duplicate is known as one.
    mark = hashlib.sha256(row.message_id.encode()).hexdigest()[:32]
    for letter, part in zip("ab", (part for part in message.walk() if part.is_multipart()), strict=False):
        part.set_boundary(f"=_{letter}{mark}")  # "=_" cannot stand in quoted-printable or base64
    return message


def wire(
    row: Outbox, settings: Settings, tokens: dict[int, str], files: list[tuple[bytes, str, str]]
) -> tuple[str, bytes]:
    """(recipient, mail) as SMTP gets them; Unsendable if nobody could be written to there."""
    recipient = _mailbox(row.recipient)
    policy = POLICY if recipient.isascii() else POLICY.clone(utf8=True)  # RFC 6531
    return recipient, build(row, settings, tokens, files).as_bytes(policy=policy)


def connect(settings: Settings, timeout: float = 30) -> smtplib.SMTP:
    """A logged-in SMTP connection, verified by TLS unless config says loopback in the clear. MailServerDown if not."""
    conf = settings.smtp
    context = None if conf.security == "tanpa" else trust(settings, conf.ca_file)
    try:
        if conf.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(conf.host, conf.port, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(conf.host, conf.port, timeout=timeout)
        try:
            if conf.security == "starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if account := settings.oauth_of(conf.user):
                _log_in(server, settings, account, timeout)
            elif conf.user:
                server.login(conf.user, settings.secret("smtp_password"))
        except BaseException:
            server.close()
            raise
    except (OSError, smtplib.SMTPException, oauth.OAuthError) as error:
        raise MailServerDown(f"SMTP {conf.host}:{conf.port}: {error}") from error
    return server


def _log_in(server: smtplib.SMTP, settings: Settings, account: Oauth, timeout: float) -> None:
    name = oauth.mechanism(server.esmtp_features.get("auth", "").upper().split())
    first = oauth.sasl(name, account.user, oauth.access_token(settings, account, timeout))
    try:
        # A refusal comes as a challenge, which an empty line or a ^A (RFC 7628, 3.2.3) has to end.
        last = "" if name == "XOAUTH2" else "\1"
        server.auth(name, lambda challenge=None: first if challenge is None else last)
    except smtplib.SMTPAuthenticationError:
        oauth.forget(settings, account)
        raise


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(Outbox.state == "due", Outbox.next_at <= now),
        and_(Outbox.state == "sending", Outbox.claimed_at < now - STALE),
    )


def _claim(engine: Engine, mail_id: int, now: datetime) -> bool:
    with writing(engine) as session:
        claimed = session.execute(
            update(Outbox).where(Outbox.id == mail_id, _is_due(now)).values(state="sending", claimed_at=now)
        )
        return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]


def _load(
    engine: Engine, mail_id: int, token_of: TokenOf
) -> tuple[Outbox, dict[int, str], list[tuple[bytes, str, str]]]:
    with reading(engine) as session:
        row = session.get_one(Outbox, mail_id)
        tokens = {link_id: token_of(session, link_id) for link_id in row.links}
        files = [(store.get(session, sha), name, mime) for sha, name, mime in row.attachments]
        session.expunge(row)
    return row, tokens, files


def _mark(engine: Engine, mail_id: int, now: datetime, error: str = "", permanent: bool = False) -> str:
    """Note the result of one try; returns the new state."""
    with writing(engine) as session:
        row = session.get_one(Outbox, mail_id)
        row.attempts += 1
        row.claimed_at, row.error = None, error[:500]
        if not error:
            row.state, row.sent_at = "sent", now
        elif permanent or row.attempts > len(PAUSES):
            row.state = "dead"
        else:
            row.state, row.next_at = "due", now + PAUSES[row.attempts - 1]
        return row.state


def _release(engine: Engine, mail_id: int, now: datetime, error: str) -> None:
    """The server refuses the office, whatever the mail: the try does not count against it."""
    with writing(engine) as session:
        row = session.get_one(Outbox, mail_id)
        row.state, row.claimed_at, row.error = "due", None, error[:500]
        row.next_at = now + PAUSES[0]


def _hand_over(server: smtplib.SMTP, sender: str, recipient: str, raw: bytes) -> None:
    """One mail (RFC 5321, 3.3); smtplib's exceptions tell a refusal, _HungUp that the mail was not even heard.

    smtplib's own send_message would put ">" before a line that begins with "From ".
    """
    options = [] if recipient.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
    if options and not server.has_extn("smtputf8"):
        raise Unsendable(word("kirim.huruf"))
    if server.has_extn("size"):  # RFC 1870; no figure, or 0, is no limit
        limit = server.esmtp_features["size"]
        if limit.isdecimal() and 0 < int(limit) < len(raw):
            raise Unsendable(word("kirim.terlalu_besar", ukuran=size_words(len(raw)), batas=size_words(int(limit))))
        options.append(f"SIZE={len(raw)}")
    try:
        code, said = server.mail(sender, options)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, said, sender)
        code, said = server.rcpt(recipient)
    except smtplib.SMTPServerDisconnected as gone:
        raise _HungUp(str(gone)) from gone
    if code not in (250, 251):
        raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})
    code, said = server.data(raw)
    if code != 250:
        raise smtplib.SMTPDataError(code, said)


class _HungUp(smtplib.SMTPServerDisconnected):
    """The server went away before it had heard the mail: sending it again makes no duplicate."""


def _code(error: Exception) -> int:
    """The code of a refusal; a server that went away has none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return int(next(iter(error.recipients.values()))[0])
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


class _Line:
    """A connection that is opened at first need, and anew once the server has ended it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None
        self._carried = 0

    def server(self) -> smtplib.SMTP:
        if self._server is None:
            self._server, self._carried = connect(self._settings), 0
        return self._server

    def send(self, recipient: str, raw: bytes) -> None:
        """As `_hand_over`; a server that is tired of a connection which has carried mails gets a fresh one."""
        while True:
            server, used = self.server(), self._carried
            try:
                _hand_over(server, self._settings.smtp.sender, recipient, raw)
                self._carried += 1
                return
            except smtplib.SMTPException as error:
                if isinstance(error, smtplib.SMTPServerDisconnected) or _code(error) == CLOSING:
                    self.hang_up()
                    if used and (isinstance(error, _HungUp) or _code(error) == CLOSING):
                        continue
                else:
                    self._reset(server)
                raise

    def _reset(self, server: smtplib.SMTP) -> None:
        try:
            server.rset()  # what was said of a refused mail must not stand before the next
        except (OSError, smtplib.SMTPException):
            self.hang_up()

    def hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()


def _send(line: _Line, recipient: str, raw: bytes) -> tuple[str, bool]:
    """("", False) when accepted, else (what the server said, whether it is final)."""
    try:
        line.send(recipient, raw)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return f"{code} {text.decode(errors='replace')}", code >= 500
    except smtplib.SMTPSenderRefused as error:
        if error.smtp_code != TOO_LARGE:  # it is the office that is refused, not this mail: nothing may die of it
            raise
        return f"{error.smtp_code} {_words(error.smtp_error)}", True
    except smtplib.SMTPResponseException as error:
        return f"{error.smtp_code} {_words(error.smtp_error)}", error.smtp_code >= 500
    return "", False


def _words(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


def due(engine: Engine, now: datetime) -> list[int]:
    """Ids of mails whose time has come, longest due first, at most one batch."""
    with reading(engine) as session:
        query = select(Outbox.id).where(_is_due(now)).order_by(Outbox.next_at, Outbox.id)
        return list(session.scalars(query.limit(BATCH)))


def flush(engine: Engine, settings: Settings, clock: Callable[[], datetime], token_of: TokenOf) -> Flushed:
    """Send what is due; `token_of` gives the token of a link that a text holds a place for.

    MailServerDown when the server cannot be used; nothing is lost, a claim is given back.
    """
    done = {"sent": 0, "dead": 0, "due": 0}
    line = _Line(settings)
    try:
        while waiting := due(engine, clock()):
            line.server()  # before claiming: a dead server must not hold claims
            for mail_id in waiting:
                if _claim(engine, mail_id, clock()):
                    error, permanent = _deliver(engine, settings, line, mail_id, clock, token_of)
                    done[_mark(engine, mail_id, clock(), error, permanent)] += 1
    finally:
        line.hang_up()
    return Flushed(done["sent"], done["dead"], done["due"])


def _deliver(
    engine: Engine, settings: Settings, line: _Line, mail_id: int, clock: Callable[[], datetime], token_of: TokenOf
) -> tuple[str, bool]:
    """How one claimed mail fared, as `_send`; a fault that is not the mail's gives the claim back and is raised."""
    try:
        loaded = _load(engine, mail_id, token_of)
    except (LookupError, ValueError) as gone:  # an attachment that was erased, a link that is no more
        return f"{type(gone).__name__}: {gone}", True
    try:
        recipient, raw = wire(loaded[0], settings, *loaded[1:])
    except Unsendable as bad:
        return str(bad), True
    except Exception as bad:  # whatever one mail does to the libraries, the next has to go out
        return f"{type(bad).__name__}: {bad}", True
    try:
        return _send(line, recipient, raw)
    except (smtplib.SMTPSenderRefused, MailServerDown) as down:
        _release(engine, mail_id, clock(), str(down))
        raise MailServerDown(str(down)) from down
    except (OSError, smtplib.SMTPException) as broken:
        # The server hung up on this mail: that counts as a try, or it would be sent for ever.
        _mark(engine, mail_id, clock(), str(broken))
        raise MailServerDown(str(broken)) from broken
    except Unsendable as bad:
        return str(bad), True
