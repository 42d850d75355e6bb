"""The one place where mail leaves (DESIGN rule 4). Hides MIME, SMTP, claiming and retrying.

`put()` stores a rendered mail in the caller's transaction; `flush()` claims what is due, builds the MIME with the
link tokens filled in, sends on a kept connection and marks. A claim that went stale is retried under the same
Message-ID: a recognisable duplicate beats a silent loss.
"""

from __future__ import annotations

import secrets
import smtplib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update
from sqlalchemy.orm import Session

from pipeline import store
from pipeline.config import Oauth, Settings, trust
from pipeline.db import Outbox, reading, writing
from pipeline.mail import oauth

LOOP_HEADER = "X-Aduan-Loop"
STALE = timedelta(minutes=10)
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720, 1440, 1440))  # about three days
BATCH = 50
LONGEST_ID = 250  # letters; a header line may have 998, and an id cannot be folded
TOO_LARGE = 552  # RFC 1870: the server says at MAIL FROM that this mail is too big
TokenOf = Callable[[Session, int], str]


class _Policy(EmailPolicy):
    """SMTP's own, but a thread's Message-IDs are never encoded or broken, however long they are (RFC 5322, 3.6.4)."""

    def fold(self, name: str, value: str) -> str:
        return _thread_line(name, value) if name in THREAD else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return _thread_line(name, value).encode() if name in THREAD else super().fold_binary(name, value)


def _thread_line(name: str, value: str) -> str:
    return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"


THREAD = ("In-Reply-To", "References")
POLICY = _Policy(linesep="\r\n")


class MailServerDown(Exception):
    """The SMTP server could not be used; what was due stays due. The message says why."""


@dataclass(frozen=True)
class Draft:
    """A mail before it is stored. `attachments` are (sha256, name, mime); `links` the ids behind place-holders."""

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


def _one_line(text: str) -> str:
    return " ".join(text.split())


def bracketed(message_id: str) -> str:
    """A Message-ID as header fields hold it (RFC 5322, 3.6.4); `message.read` gives it bare. Nothing stays nothing."""
    bare = "".join(message_id.split()).strip("<>")
    return f"<{bare}>" if bare else ""


def put(session: Session, settings: Settings, draft: Draft, now: datetime) -> Outbox:
    """Store a mail that is due, with a fixed Message-ID (unguessable) and Date, in the caller's transaction.

    It has no id before the next flush of the session.
    """
    domain = settings.smtp.sender.rpartition("@")[2]
    answered = bracketed(draft.in_reply_to) if 0 < len(draft.in_reply_to) <= LONGEST_ID else ""
    thread = [bracketed(r) for r in (*draft.references, draft.in_reply_to) if 0 < len(r) <= LONGEST_ID]
    row = Outbox(
        name=draft.name,
        recipient=draft.recipient,
        recipient_name=_one_line(draft.recipient_name),
        subject=_one_line(draft.subject),
        text=draft.text,
        html=draft.html,
        headers={"in_reply_to": answered, "references": list(dict.fromkeys(thread))},
        attachments=[list(a) for a in draft.attachments],
        links=list(draft.links),
        slot=draft.slot,
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        date=now,
        next_at=now,
        complaint_id=draft.complaint_id,
        task_id=draft.task_id,
    )
    session.add(row)
    return row


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


def by_message_id(session: Session, ids: tuple[str, ...]) -> Outbox | None:
    """The newest mail of ours that one of these Message-IDs names."""
    wanted = [bracketed(one) for one in ids if one]
    if not wanted:
        return None
    return session.scalar(select(Outbox).where(Outbox.message_id.in_(wanted)).order_by(Outbox.id.desc()).limit(1))


def was_written_to(session: Session, address: str) -> bool:
    """Whether a mail of ours ever went to this address."""
    return session.scalar(select(Outbox.id).where(Outbox.recipient == address).limit(1)) is not None


def untold(session: Session) -> list[Outbox]:
    """Mails whose end (sent, dead) nobody has been told of yet."""
    return list(
        session.scalars(
            select(Outbox).where(Outbox.state.in_(("sent", "dead")), Outbox.told.is_(False)).order_by(Outbox.id)
        )
    )


def mark_told(session: Session, row: Outbox) -> None:
    row.told = True


def _address(name: str, email: str) -> Address | str:
    local, _, domain = email.rpartition("@")
    try:
        return Address(display_name=name, username=local, domain=domain)
    except ValueError:
        return email


def build(row: Outbox, settings: Settings, tokens: dict[int, str], files: list[tuple[bytes, str, str]]) -> EmailMessage:
    """The MIME message of a stored mail: UTF-8 text and HTML, attachments, thread, RFC 3834 headers."""
    text, html = row.text, row.html
    for link_id, token in tokens.items():
        url = f"{settings.web.base_url}/t/{token}"
        text = text.replace(placeholder(row.slot, link_id), url)
        html = html.replace(placeholder(row.slot, link_id), url)
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(settings.smtp.sender_name, settings.smtp.sender)
    message["To"] = _address(row.recipient_name, row.recipient)
    message["Subject"] = row.subject
    message["Date"] = format_datetime(row.date.astimezone(settings.zone))
    message["Message-ID"] = row.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message[LOOP_HEADER] = settings.smtp.sender
    if row.headers.get("in_reply_to"):
        message["In-Reply-To"] = row.headers["in_reply_to"]
    if row.headers.get("references"):
        message["References"] = " ".join(row.headers["references"][-10:])
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for content, name, mime in files:
        main, _, sub = mime.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=_one_line(name))
    return message


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


def _load(engine: Engine, settings: Settings, mail_id: int, token_of: TokenOf) -> tuple[Outbox, EmailMessage]:
    with reading(engine) as session:
        row = session.get_one(Outbox, mail_id)
        tokens = {link_id: token_of(session, link_id) for link_id in row.links}
        files = [(store.get(session, sha), name, mime) for sha, name, mime in row.attachments]
        session.expunge(row)
    return row, build(row, settings, tokens, files)


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


def _wire(message: EmailMessage, recipient: str) -> tuple[bytes, tuple[str, ...]]:
    """(bytes, MAIL options). smtplib's own send_message would put ">" before a line that begins with "From "."""
    if recipient.isascii():
        return message.as_bytes(), ()
    return message.as_bytes(policy=POLICY.clone(utf8=True)), ("SMTPUTF8", "BODY=8BITMIME")  # RFC 6531


def _send(server: smtplib.SMTP, settings: Settings, row: Outbox, message: EmailMessage) -> tuple[str, bool]:
    """("", False) when accepted, else (what the server said, whether it is final)."""
    try:
        raw, options = _wire(message, row.recipient)
        server.sendmail(settings.smtp.sender, [row.recipient], raw, options)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return f"{code} {text.decode(errors='replace')}", code >= 500
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError):
        raise
    except smtplib.SMTPSenderRefused as error:
        if error.smtp_code != TOO_LARGE:  # it is the office that is refused, not this mail: nothing may die of it
            raise
        return f"{error.smtp_code} {_words(error.smtp_error)}", True
    except smtplib.SMTPResponseException as error:
        return f"{error.smtp_code} {_words(error.smtp_error)}", error.smtp_code >= 500
    except (smtplib.SMTPException, ValueError, UnicodeError) as error:
        return f"{type(error).__name__}: {error}", True
    return "", False


def _words(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


@contextmanager
def _connected(settings: Settings) -> Iterator[Callable[[], smtplib.SMTP]]:
    """A connection that is opened at first need and closed politely."""
    kept: list[smtplib.SMTP] = []

    def server() -> smtplib.SMTP:
        if not kept:
            kept.append(connect(settings))
        return kept[0]

    try:
        yield server
    finally:
        for one in kept:
            try:
                one.quit()
            except (OSError, smtplib.SMTPException):
                one.close()


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
    with _connected(settings) as server:
        while waiting := due(engine, clock()):
            server()  # before claiming: a dead server must not hold claims
            for mail_id in waiting:
                if not _claim(engine, mail_id, clock()):
                    continue
                try:
                    row, message = _load(engine, settings, mail_id, token_of)
                    error, permanent = _send(server(), settings, row, message)
                except smtplib.SMTPSenderRefused as refused:
                    _release(engine, mail_id, clock(), str(refused))
                    raise MailServerDown(str(refused)) from refused
                except (OSError, smtplib.SMTPException) as broken:
                    # The server hung up on this mail: that counts as a try, or it would be sent for ever.
                    _mark(engine, mail_id, clock(), str(broken))
                    raise MailServerDown(str(broken)) from broken
                except (KeyError, ValueError, LookupError) as bad:
                    error, permanent = f"{type(bad).__name__}: {bad}", True
                done[_mark(engine, mail_id, clock(), error, permanent)] += 1
    return Flushed(done["sent"], done["dead"], done["due"])
