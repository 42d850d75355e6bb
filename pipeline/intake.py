"""One inbound item, or the end of one of our mails → calls of `cases`.

Hides the ledger (items, sightings) and the decision what a mail is for. `receive` keeps the bytes before anybody
is told; `take_in` reads them outside any transaction and acts in one. What cannot be read is held and the JFU is
told; one bad item never stops the next (DESIGN rules 1 and 2).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipeline import cases, files, links, notices, store
from pipeline.cases import File, Pengadu, Work
from pipeline.config import Petugas, Settings
from pipeline.db import Complaint, Item, Outbox, Sighting, Task, exclusive, reading, writing
from pipeline.letters.returned import Returned
from pipeline.mail import outbox, reply, triage
from pipeline.mail.message import Attachment, Message, read
from pipeline.mail.triage import Kind, Verdict
from pipeline.sop import Channel, TaskKind
from pipeline.words import word

log = logging.getLogger(__name__)
TRACE = re.compile(
    rb"^(received|return-path|delivered-to|x-original-to|envelope-to|x-received|arc-[\w-]+|dkim-signature|"
    rb"authentication-results|received-spf|x-google-[\w-]+|x-gm-[\w-]+|x-spam[\w-]*):",
    re.IGNORECASE,
)
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Arrival:
    """Where and when an item was seen. A scan has its path as `folder` and zeros for the numbers."""

    mailbox: str
    folder: str
    uidvalidity: int
    uid: int
    at: datetime
    name: str = ""


# ---- the ledger ----------------------------------------------------------------------------------------------


def without_trace(raw: bytes) -> bytes:
    """A mail without the header fields that its way adds, so that copies sent to several of our addresses agree."""
    head, separator, body = raw.partition(b"\r\n\r\n")
    if not separator:
        head, separator, body = raw.partition(b"\n\n")
    kept, dropping = [], False
    for line in head.splitlines():
        if line[:1] not in (b" ", b"\t"):
            dropping = bool(TRACE.match(line))
        if not dropping:
            kept.append(line)
    return b"\n".join(kept) + b"\n\n" + body


def receive(session: Session, source: str, raw: bytes, arrival: Arrival, now: datetime) -> Item:
    """Keep the bytes and the ledger rows. The same bytes are one item, however often they are seen."""
    digest = store.put(session, raw)
    item = session.scalars(select(Item).where(Item.sha256 == digest)).one_or_none()
    if item is None:
        item = Item(
            sha256=digest,
            twin=sha256(without_trace(raw) if source == "mail" else raw).hexdigest(),
            source=source,
            name=arrival.name,
            state="new",
            received_at=min(arrival.at, now),
        )
        session.add(item)
        session.flush()
    if seen(session, arrival.mailbox, arrival.folder, arrival.uidvalidity, [arrival.uid]):
        return item
    session.add(
        Sighting(
            mailbox=arrival.mailbox,
            folder=arrival.folder,
            uidvalidity=arrival.uidvalidity,
            uid=arrival.uid,
            item_id=item.id,
            seen_at=now,
        )
    )
    session.flush()
    return item


def seen(session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> set[int]:
    """Which of these UIDs the ledger knows already."""
    wanted = set(uids)
    if not wanted:
        return set()
    query = select(Sighting.uid).where(
        Sighting.mailbox == mailbox,
        Sighting.folder == folder,
        Sighting.uidvalidity == uidvalidity,
        Sighting.uid.between(min(wanted), max(wanted)),
    )
    return {uid for uid in session.scalars(query) if uid in wanted}


def to_move(session: Session, mailbox: str, folder: str, uidvalidity: int) -> list[tuple[Sighting, str]]:
    """Sightings whose item is settled but that still lie where they were seen: (sighting, state of the item)."""
    query = (
        select(Sighting, Item.state)
        .join(Item, Item.id == Sighting.item_id)
        .where(
            Sighting.mailbox == mailbox,
            Sighting.folder == folder,
            Sighting.uidvalidity == uidvalidity,
            Sighting.moved_at.is_(None),
            Item.state.in_(("done", "held")),
        )
        .order_by(Sighting.uid)
    )
    return [(sighting, state) for sighting, state in session.execute(query)]


def moved(session: Session, sighting_ids: Iterable[int], now: datetime) -> None:
    for sighting in session.scalars(select(Sighting).where(Sighting.id.in_(list(sighting_ids)))):
        sighting.moved_at = now


def new_items(session: Session) -> list[int]:
    """Ids of items that nobody has looked at yet, in the order in which they came."""
    return list(session.scalars(select(Item.id).where(Item.state == "new").order_by(Item.received_at, Item.id)))


# ---- taking in -----------------------------------------------------------------------------------------------


def take_in(
    engine: Engine, settings: Settings, item_id: int, clock: Callable[[], datetime], *, by_hand: bool = False
) -> str:
    """Settle one item; its new state ("done", "held"). Never raises for what the item holds."""
    try:
        with reading(engine) as session:
            item = session.get_one(Item, item_id)
            raw, source, name = store.get(session, item.sha256), item.source, item.name
        if source == "scan":
            return _take_scan(engine, settings, item_id, raw, name, clock())
        message = read(raw)
        verdict = triage.classify(message, own_addresses=settings.own_addresses, raw=raw)
        if by_hand and verdict.kind in (Kind.SPAM, Kind.LIST):
            verdict = Verdict(Kind.PERSON, verdict.reason)  # a person has decided
        letters = _letters(settings, message)
        with writing(engine) as session:
            return _take_mail(Work(session, settings, clock()), item_id, message, verdict, letters)
    except Exception as error:  # whatever one item does, the next ones go on; the reason is kept with it
        log.exception("item %s is held", item_id)
        with writing(engine) as session:
            item = session.get_one(Item, item_id)
            if item.state != "new":
                return item.state
            return _hold(Work(session, settings, clock()), item, word("ditahan.galat", jenis=type(error).__name__))


def _hold(work: Work, item: Item, reason: str) -> str:
    item.state, item.reason = "held", reason
    item.attempts += 1
    cases.open_item_task(work, item, TaskKind.TERTAHAN, reason)
    return item.state


def _done(item: Item, reason: str) -> str:
    item.state, item.reason = "done", reason
    return item.state


def _take_scan(engine: Engine, settings: Settings, item_id: int, raw: bytes, name: str, now: datetime) -> str:
    """A file of the scan folder becomes a page for the JFU, with the picture beside empty fields."""
    mime = files.sniff(raw)
    problem = ""
    try:
        if mime == files.PDF or mime in ("image/jpeg", "image/png"):
            files.check_scan(raw, mime)
        elif mime in files.PICTURES:
            files.picture(raw, 200)
        else:
            problem = word("galat.pindaian")
    except (ValueError, files.FileError) as error:
        problem = str(error)
    pages = files.pdf_pages(raw) if mime == files.PDF and not problem else []
    with writing(engine) as session:
        work = Work(session, settings, now)
        item = session.get_one(Item, item_id)
        if item.state != "new":
            return item.state
        cases.keep_item_files(work, item, File(name, mime, raw), pages)
        if problem:
            return _hold(work, item, problem)
        cases.open_item_task(work, item, TaskKind.PINDAI, "")
        return _done(item, "slip")


def _take_mail(work: Work, item_id: int, message: Message, verdict: Verdict, letters: list[Letter]) -> str:
    item = work.session.get_one(Item, item_id, with_for_update=True)
    if item.state != "new":
        return item.state
    item.message_id, item.name = message.message_id, message.subject[:200]
    # Only an older item is the original: of two copies one has to become the complaint, whichever is held.
    exclusive(work.session, item.twin)
    twin = work.session.scalars(select(Item.id).where(Item.twin == item.twin, Item.id < item.id).limit(1)).first()
    if twin is not None:
        return _done(item, f"salinan item {twin}")
    if verdict.kind is Kind.BOUNCE:
        return _bounce(work, item, verdict)
    if verdict.kind in (Kind.SPAM, Kind.LIST):  # perhaps a complaint all the same: a group address adds List-Id
        return _hold(work, item, verdict.reason)
    if verdict.kind is not Kind.PERSON:
        return _done(item, verdict.reason)
    return _person(work, item, message, letters)


def _bounce(work: Work, item: Item, verdict: Verdict) -> str:
    """Bound to the mail of ours that it is about (RFC 3464); one that cannot be bound is kept with its reason."""
    stray = False
    for failure in verdict.failures:
        # The id alone binds: it cannot be guessed, and a mail that was forwarded comes back from another address.
        mail = outbox.by_message_id(work.session, (failure.original_message_id,))
        if mail is None:
            stray |= outbox.was_written_to(work.session, failure.recipient)
            continue
        links.revoke(work.session, mail.links, work.now)
        cases.bounced(work, mail, failure.permanent, (failure.diagnostic or failure.status)[:300])
    return _hold(work, item, word("ditahan.terpental")) if stray else _done(item, verdict.reason)


def _person(work: Work, item: Item, message: Message, letters: list[Letter]) -> str:
    sender = message.sender.email.lower() if message.sender else ""
    thread = tuple(outbox.bracketed(i) for i in (*message.in_reply_to, *message.references))
    ours = outbox.by_message_id(work.session, thread) if thread else None
    if ours is not None and ours.recipient.lower() == sender:
        return _reply_to_us(work, item, message, ours, letters)
    known = _own_thread(work.session, thread, sender)
    if known is not None:
        return _join(work, item, message, known)
    cases.record(
        work,
        Channel.EMAIL,
        Pengadu(nama=_display_name(message), email=sender if _answerable(sender) else ""),
        perihal=_subject(message),
        isi=_text(message),
        received_at=item.received_at,
        item_id=item.id,
        thread_id=outbox.bracketed(message.message_id),
        files=_files(message),
    )
    return _done(item, "pengaduan baru")


def _reply_to_us(work: Work, item: Item, message: Message, ours: Outbox, letters: list[Letter]) -> str:
    """A reply to a mail of ours, by the one it was sent to: the pengadu adds to the case, an official to a task."""
    official = work.settings.person_at(ours.recipient)
    if official is not None:
        links.revoke(work.session, ours.links, work.now)  # the quoted mail holds them
    if official is not None and ours.task_id is not None:
        return _reply_to_task(work, item, ours, official, letters)
    if ours.complaint_id is not None and official is None:
        return _join(work, item, message, work.session.get_one(Complaint, ours.complaint_id))
    return _hold(work, item, word("ditahan.balasan"))


def _reply_to_task(work: Work, item: Item, ours: Outbox, person: Petugas, letters: list[Letter]) -> str:
    """A letter that comes back by mail is kept as a version; anything else is answered with the way on."""
    task = work.session.get_one(Task, ours.task_id)
    complaint = work.session.get(Complaint, task.complaint_id) if task.complaint_id else None
    problem = word("balasan.pakai_tautan")
    if task.kind is TaskKind.JAWABAN and task.closed_at is None:
        problem = word("balasan.tanpa_surat")
        for letter in letters:
            problem = letter.problem or cases.letter_by_mail(work, task.id, person, letter.file, letter.read)
            if not problem:
                return _done(item, "surat dari Word")
    link_id = None
    if task.closed_at is None and person in cases.holders(work.settings, task):
        issued = links.issue(work.session, task.id, [person.kode], work.now, work.settings.web.link_days)
        link_id = issued[person.kode]
    elif task.closed_at is not None:
        problem = word("balasan.sudah_selesai")
    notices.task_reply(work.session, work.settings, work.now, complaint, task, person, link_id, problem)
    return _done(item, "balasan tugas")


@dataclass(frozen=True)
class Letter:
    """An attached letter after its gate: as read, or why it cannot be taken."""

    file: File
    read: Returned | None
    problem: str = ""


def _letters(settings: Settings, message: Message) -> list[Letter]:
    """Letters attached to a reply, each through its gate, before any transaction begins."""
    found = []
    for attachment in message.attachments if message.in_reply_to or message.references else ():
        if not attachment.name.lower().endswith((".docx", ".doc", ".odt", ".rtf", ".pdf")):
            continue
        file = File(attachment.name, files.DOCX, attachment.content)
        try:
            found.append(Letter(file, cases.read_letter(settings, attachment.content)))
        except ValueError as error:
            found.append(Letter(file, None, str(error)))
    return found


def _own_thread(session: Session, thread: tuple[str, ...], sender: str) -> Complaint | None:
    """The case of the pengadu's own earlier mail: by its Message-ID and the same sender, never by a number alone."""
    if not thread or not sender:
        return None
    query = select(Complaint).where(
        Complaint.thread_id.in_(thread), Complaint.email == sender, Complaint.thread_id != ""
    )
    return session.scalars(query.order_by(Complaint.id.desc())).first()


def _join(work: Work, item: Item, message: Message, complaint: Complaint) -> str:
    split = reply.split(message.text)
    text = split.new.strip() or message.text.strip() or word("surat.kosong")
    cases.citizen_wrote(work, complaint.id, text, _files(message), item.id)
    return _done(item, f"tambahan untuk {complaint.number}")


def _answerable(address: str) -> bool:
    return bool(re.fullmatch(r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z0-9-]{2,}", address))


def _line(text: str) -> str:
    """One line without marks that turn the reading direction: they can make an .exe read like a .jpg."""
    return " ".join(_DIRECTION.sub("", text).split())


def _display_name(message: Message) -> str:
    name = _line(message.sender.name if message.sender else "")
    return "" if "@" in name else name[:120]


def _subject(message: Message) -> str:
    subject = re.sub(r"^\s*((re|fw|fwd|bls|trs)\s*:\s*)+", "", message.subject, flags=re.IGNORECASE)
    subject = _line(subject)
    if subject:
        return subject[:150]
    first = next((line.strip() for line in message.text.splitlines() if line.strip()), "")
    return _line(first)[:80] or word("surat.tanpa_perihal")


def _text(message: Message) -> str:
    notes = "".join(f"\n\n[{note}]" for note in message.notes)
    return (message.text.strip() or word("surat.kosong")) + notes


def _files(message: Message) -> list[File]:
    return [File(_name(a, n), a.content_type, a.content) for n, a in enumerate(message.attachments, 1) if a.content]


def _name(attachment: Attachment, order: int) -> str:
    return _line(attachment.name.replace("/", "-").replace("\\", "-"))[:120] or f"lampiran-{order}"


def release(engine: Engine, settings: Settings, item_id: int, clock: Callable[[], datetime]) -> str:
    """Try a held item again; its new state. KeyError for one that is not held, or that a JFU has settled by hand."""
    with writing(engine) as session:
        item = session.get(Item, item_id, with_for_update=True)
        if item is None or item not in cases.held_items(session):
            raise KeyError(item_id)
        item.state = "new"
    state = take_in(engine, settings, item_id, clock, by_hand=True)
    if state == "done":
        with writing(engine) as session:
            cases.close_item(Work(session, settings, clock()), item_id, "terbaca")
    return state


# ---- the end of our own mails --------------------------------------------------------------------------------


def take_results(engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> int:
    """Tell `cases` how our mails ended; each once, in the transaction that marks it told."""
    with reading(engine) as session:
        ids = [row.id for row in outbox.untold(session)]
    for mail_id in ids:
        with writing(engine) as session:
            row = session.get_one(Outbox, mail_id, with_for_update=True)
            if not row.told:
                cases.delivery_result(Work(session, settings, clock()), row)
                outbox.mark_told(session, row)
    return len(ids)
