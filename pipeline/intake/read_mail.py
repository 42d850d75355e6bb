"""A mail as far as it is read before any transaction begins: its message, its kind, links of ours, enclosed letters.

Hides what is read of a mail and when; what it is for is decided in `mails` and `persons`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.access import links
from pipeline.cases.input import File, read_letter
from pipeline.data.engine import among, reading
from pipeline.data.tables import Complaint, Outbox
from pipeline.files import kinds
from pipeline.intake import replies
from pipeline.intake.enclosed import is_letter, meant
from pipeline.intake.replies import Enclosed, EnclosedLetter
from pipeline.mail import authentication, forwarded, outbox, triage
from pipeline.mail.message import Message, every_text, read
from pipeline.mail.triage import Kind, Verdict
from pipeline.office.config import Settings


@dataclass(frozen=True)
class ReadMail:
    """A mail as far as it is read before any transaction begins."""

    message: Message
    verdict: Verdict
    by_hand: bool  # a person has looked at it and says that it is a complaint
    tokens: tuple[str, ...] = ()  # of links of ours that came back in any of its texts
    enclosed: Enclosed = field(default_factory=Enclosed)


def opened(settings: Settings, raw: bytes, by_hand: bool) -> ReadMail:
    message = read(raw)
    verdict = triage.classify(message, own_addresses=settings.own_addresses)
    refused = verdict.kind in (Kind.SPAM, Kind.LIST) or not verdict.certain
    if by_hand and refused:
        verdict = Verdict(Kind.PERSON, verdict.reason)  # a person has decided
    return ReadMail(message, verdict, by_hand, _tokens(settings, message, raw))


def _tokens(settings: Settings, message: Message, raw: bytes) -> tuple[str, ...]:
    """The links of ours in a mail that may quote one: they stay in it, so they must not stay alive. All its texts are
    looked through, also those that nobody is shown; of a first mail, as most are, only the text."""
    found = links.found(message.text)
    answers = bool(message.in_reply_to or message.references)
    passes_on = forwarded.SUBJECT.match(message.subject) is not None
    if found or answers or passes_on or is_from_officials(settings, message):
        for text in every_text(raw):
            found += links.found(text)
    return tuple(dict.fromkeys(found))[: replies.MOST_TOKENS]


def with_letters(
    engine: Engine, settings: Settings, mails: Mapping[int, ReadMail]
) -> dict[int, ReadMail]:
    """The same mails with their letters read, outside any transaction; most bring none, and nothing is asked for."""
    found = dict(mails)
    messages = {
        key: mail.message
        for key, mail in mails.items()
        if _may_bring_a_letter(settings, mail.message)
    }
    if not messages:
        return found
    with reading(engine) as session:
        threads = threads_of(session, messages)
        bring = [
            key
            for key, message in messages.items()
            if replies.hands_in_a_letter(session, settings, message, threads[key])
        ]
    for key in bring:
        letters = _letters(settings, messages[key])
        found[key] = replace(mails[key], enclosed=Enclosed(letters))
    return found


def _may_bring_a_letter(settings: Settings, message: Message) -> bool:
    official = message.sender is not None and settings.person_at(message.sender.email) is not None
    return official and any(map(is_letter, meant(message.attachments)))


def _letters(settings: Settings, message: Message) -> list[EnclosedLetter]:
    """The letter attached to a reply, through its gate, before any transaction begins; of several none is read."""
    attached = [one for one in meant(message.attachments) if is_letter(one)]
    if len(attached) != 1:
        return []
    (attachment,) = attached
    file = File(attachment.name, kinds.DOCX, attachment.content)
    try:
        return [EnclosedLetter(file, read_letter(settings, attachment.content))]
    except ValueError as error:
        return [EnclosedLetter(file, None, str(error))]


def threads_of(session: Session, messages: Mapping[int, Message]) -> dict[int, frozenset[str]]:
    """The Message-IDs that each of these answers, save those that lead nowhere: neither to a mail of ours, nor to one
    that is a complaint or may become one now. Two questions for all, for most mails are in no thread of ours."""
    named: dict[int, set[str]] = {}
    asked: set[str] = set()
    for key, message in messages.items():
        answered = (*message.in_reply_to, *message.references)
        named[key] = {outbox.bracketed(one) for one in answered}
        asked |= named[key]
    known = among(session, Outbox.message_id, asked) | among(session, Complaint.thread_id, asked)
    known |= {outbox.bracketed(message.message_id) for message in messages.values()}
    return {key: frozenset(ids & known) for key, ids in named.items()}


def sender_of(message: Message) -> str:
    """The address from which a mail says that it comes, in small letters; "" for none."""
    return message.sender.email.lower() if message.sender else ""


def is_from_officials(settings: Settings, message: Message) -> bool:
    """Whether it comes from whom we write to when a mail is held: their robot would be asked about its own answers."""
    sender = sender_of(message)
    return settings.person_at(sender) is not None or sender == settings.petugas_ti.email.lower()


def is_forged(settings: Settings, message: Message) -> bool:
    """Whether a trusted server says that the sender's domain disowns this mail: who is named there may have written
    nothing, and an acknowledgement would be ours to blame for. A failure of SPF or DKIM alone happens to every
    forwarded mail."""
    results = message.all(authentication.HEADER)
    return authentication.failure(results, settings.balasan.server_tepercaya) == "dmarc"
