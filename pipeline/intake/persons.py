"""What the mail of a person is for: it answers us, asks how a case stands, or is a complaint.

settle(work, item, mail, doubled, thread) → the complaints that are to be recorded

Hides who is believed: a reply acts or joins only where it comes from the one whom we wrote to. All else that answers or
quotes a mail of ours is held (DESIGN rule 5).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline import cases
from pipeline.access import links
from pipeline.casefile import reported
from pipeline.cases import withdrawal
from pipeline.cases.record import New, citizen_wrote
from pipeline.data import ledger
from pipeline.data.states import ItemState
from pipeline.data.tables import Complaint, Item, Link, Outbox, Task
from pipeline.intake import complaints, quoted, replies
from pipeline.intake.holding import hold
from pipeline.intake.read_mail import ReadMail, is_forged, is_from_officials, sender_of
from pipeline.mail import outbox, phrases, reply
from pipeline.mail.message import Message
from pipeline.mail.triage import Kind
from pipeline.notices import citizen, post
from pipeline.office.config import Petugas, Settings
from pipeline.office.words import word
from pipeline.work import Work

LONGEST_QUESTION = 2_000  # letters of a mail that may only ask for the state of a case
FOLDED = 20_000  # letters of quotes and signature that a case keeps
# Mails whose recipients are no pengadu.
GUESTS = ("rapat", "terusan_instansi", "surat_pengantar", "tembusan")


@dataclass(frozen=True)
class _Written:
    """A person's mail, who wrote it as far as is known, and what came with it of ours."""

    work: Work
    item: Item
    mail: ReadMail
    message: Message  # without the tokens of links
    sender: str
    official: Petugas | None
    forged: bool  # the sender's domain disowns it
    opened: Sequence[Link]  # whose tokens it holds
    ours: Sequence[Outbox]  # mails of ours that it answers
    thread: Collection[str]

    @property
    def theirs(self) -> list[Outbox]:
        """The mails of ours that it answers and that were sent to its writer."""
        return [row for row in self.ours if _is_theirs(self.work.settings, row, self.sender)]


def settle(
    work: Work, item: Item, mail: ReadMail, doubled: bool, thread: Collection[str]
) -> list[New]:
    """A reply in its thread, by its writer, is believed whatever a spam filter says; all else that it flags is held."""
    one = _looked_at(work, item, mail, thread)
    # The mail that holds these links is kept as it is.
    links.revoke(work.session, [link.id for link in one.opened], work.now)
    number = _status_asked(work.settings, one.message)
    if number and _may_be_told(one):
        _tell_status(work, item, number, one.sender, one.message)
    elif not _answers_us(one):
        return _first_mail(one, doubled, bool(number))
    return []


def _looked_at(work: Work, item: Item, mail: ReadMail, thread: Collection[str]) -> _Written:
    settings, sender = work.settings, sender_of(mail.message)
    message = replace(mail.message, text=links.masked(mail.message.text))
    return _Written(
        work,
        item,
        mail,
        message,
        sender,
        official=settings.person_at(sender) if sender else None,
        forged=not mail.by_hand and is_forged(settings, message),
        opened=replies.opened(work.session, settings, mail.tokens),
        ours=outbox.all_by_message_id(work.session, thread) if thread else [],
        thread=thread,
    )


def _may_be_told(one: _Written) -> bool:
    """How a case stands is told to a person who can be answered."""
    is_person = one.mail.verdict.kind is Kind.PERSON and not one.mail.by_hand
    return is_person and not one.forged and complaints.is_answerable(one.sender)


def _first_mail(one: _Written, doubled: bool, asks: bool) -> list[New]:
    """The complaints in a mail that answers none of ours; none where it is held."""
    reason = _doubtful(one, asks)
    if reason:
        hold(one.work, one.item, reason)
        return []
    ledger.done(one.item, ledger.NEW_CASE)
    about = (one.work, one.item, one.message, one.sender, doubled)
    news = complaints.passed_on(*about) or [complaints.of_mail(*about, one.mail.by_hand)]
    return [complaints.unanswered(new) for new in news] if one.forged else news


def _doubtful(one: _Written, asks: bool) -> str:
    """Why a JFU looks at it first; empty where it is a complaint. `asks`: it asks how a case stands."""
    settings, mail = one.work.settings, one.mail
    if mail.verdict.kind is Kind.SPAM:
        return mail.verdict.reason
    if one.forged and (asks or is_from_officials(settings, one.message)):
        return word("ditahan.pengirim_palsu")
    several = complaints.passed_on_together(settings, one.message, one.sender)
    if several > 1 and not mail.by_hand:
        return word("ditahan.beberapa_surat", jumlah=several)
    return ""


def _answers_us(one: _Written) -> bool:
    """Settle what answers or quotes a mail of ours: by the one it was sent to it acts or joins; by anybody else, and
    where the sender's domain disowns it, it is held. False where it is about none of our mails."""
    theirs = one.theirs
    if theirs and one.official:
        _official_replies(one, theirs, one.official)
        return True
    case = _case_answered(one.work, one.ours, one.thread, one.sender)
    if one.forged and (case or theirs):
        hold(one.work, one.item, word("ditahan.pengirim_palsu"))
    elif theirs and theirs[0].name in GUESTS:
        _guest_answers(one.work, one.item)
    elif case:
        _join(one.work, one.item, one.message, case)
    else:
        return _quotes_us(one)
    return True


def _quotes_us(one: _Written) -> bool:
    """Settle a mail that is no answer and holds what we have sent; False for any other, and for one that a JFU has
    looked at and calls a complaint."""
    if one.official:
        for link in one.opened:
            if link.holder == one.official.kode:
                _quotes_own_task(one, link, one.official)
                return True
    return not one.mail.by_hand and _quotes_anothers(one)


def _quotes_anothers(one: _Written) -> bool:
    """Hold what answers or quotes a mail that was sent to somebody else; False where it does not."""
    work, mail = one.work, one.mail
    mails = one.ours or quoted.passed_on(work, mail.message)
    if not (one.opened or mails or quoted.shows_a_task(work.settings, mail.message)):
        return False
    behind = one.opened or quoted.end_links(work, mails)
    quoted.hold_quoted(work, one.item, behind)
    return True


def _is_about(work: Work, complaint_id: int | None, official: Petugas) -> bool:
    """Whether a case is about the official who writes: it has gone past them, and no answer tells them how it goes."""
    complaint = work.session.get(Complaint, complaint_id) if complaint_id else None
    return complaint is not None and official.kode in reported.codes(complaint)


def _is_theirs(settings: Settings, row: Outbox, sender: str) -> bool:
    """Whether a mail of ours went to the one who writes now, be it from another address of theirs that config.toml
    knows."""
    if row.recipient.lower() == sender:
        return True
    person = settings.person_at(sender) if sender else None
    return person is not None and person is settings.person_at(row.recipient)


def _case_of_pengadu(work: Work, row: Outbox, sender: str) -> Complaint | None:
    """The case that a mail of a citizen's kind is about, if its pengadu of today writes: not who was written to by
    mistake, or before the address was corrected."""
    if row.name not in post.TO_CITIZENS or row.complaint_id is None or not sender:
        return None
    complaint = work.session.get_one(Complaint, row.complaint_id)
    return complaint if complaint.email.lower() == sender else None


def _case_answered(
    work: Work, ours: Sequence[Outbox], thread: Collection[str], sender: str
) -> Complaint | None:
    """The case of a pengadu who writes into one of its threads."""
    for row in ours:
        if case := _case_of_pengadu(work, row, sender):
            return case
    return _own_thread(work.session, thread, sender)


def _own_thread(session: Session, thread: Collection[str], sender: str) -> Complaint | None:
    """The case of the pengadu's own earlier mail: by its Message-ID and the same sender, never by a number alone."""
    if not thread or not sender:
        return None
    query = select(Complaint).where(
        Complaint.thread_id.in_(thread),
        func.lower(Complaint.email) == sender,
        Complaint.thread_id != "",
    )
    return session.scalars(query.order_by(Complaint.id.desc())).first()


def _official_replies(one: _Written, theirs: Sequence[Outbox], official: Petugas) -> ItemState:
    """A reply of an official to a mail that was sent to them, or to several; the first is what it is about."""
    work, ours = one.work, theirs[0]
    if ours.name in GUESTS:
        return _guest_answers(work, one.item)
    if ours.task_id is None or _is_about(work, ours.complaint_id, official):
        return hold(work, one.item, word("ditahan.balasan"))
    task = work.session.get_one(Task, ours.task_id)
    shown = max(row.date for row in theirs)
    reason = replies.take(work, one.message, task, official, one.mail.enclosed, one.item.id, shown)
    return ledger.done(one.item, reason)


def _quotes_own_task(one: _Written, link: Link, official: Petugas) -> ItemState:
    """An official's new mail that holds the link of a task of theirs is as good as a reply to the task's mail."""
    work = one.work
    task = work.session.get_one(Task, link.task_id)
    if _is_about(work, task.complaint_id, official):
        return hold(work, one.item, word("ditahan.balasan"))
    reason = replies.take(
        work, one.message, task, official, one.mail.enclosed, one.item.id, shown=link.created_at
    )
    return ledger.done(one.item, reason)


def _guest_answers(work: Work, item: Item) -> ItemState:
    """Words of a guest or of another agency go to the JFU; what a calendar answers is noted before."""
    return hold(work, item, word("ditahan.bukan_pengadu"))


def _join(work: Work, item: Item, message: Message, complaint: Complaint) -> ItemState:
    """What a pengadu writes into the thread of their case joins it."""
    split = reply.split(message.text)
    subject = complaints.new_subject(message, complaint)
    text = "\n\n".join(filter(None, (subject, split.new.strip())))
    folded = split.rest[:FOLDED]
    if not text:
        text, folded = message.text.strip() or word("surat.kosong"), ""
    said = text + complaints.notes(message)
    citizen_wrote(work, complaint.id, said, complaints.files(message), item.id, folded)
    if withdrawal.seems_withdrawn(text):
        withdrawal.make_sure(work, complaint, text)
    return ledger.done(item, f"tambahan untuk {complaint.number}")


def _status_asked(settings: Settings, message: Message) -> str:
    """The number in a subject, or in a mail's whole text, that asks for nothing but the state of a case ("STATUS
    <number>"); "" for any other."""
    asks = rf"(?:re ?: ?)?(?:cek |tanya )?status ?:? ?#?({settings.register_.number})[ .?!]*"
    said = reply.split(message.text[:LONGEST_QUESTION]).new
    for text in (message.subject[: complaints.PERIHAL], said):
        if found := re.fullmatch(asks, " ".join(text.split()), re.IGNORECASE):
            return found[1]
    return ""


def _tell_status(work: Work, item: Item, number: str, sender: str, message: Message) -> ItemState:
    """To the pengadu's own address alone; anybody else hears the same as about a number that does not exist. What the
    mail says besides is for the JFU: a number alone joins no case."""
    complaint = cases.by_number(work, number)
    if complaint is not None and complaint.email.lower() != sender:
        complaint = None
    citizen.status(work, complaint, number, sender)
    new = reply.split(message.text).new
    besides = phrases.COURTESY.sub("", new.replace(number, ""))
    if len(re.findall(r"\w+", besides)) > 2 or message.attachments:
        return hold(work, item, word("ditahan.status", nomor=number))
    return ledger.done(item, "permintaan status")
