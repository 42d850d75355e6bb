"""One inbound item, or the end of one of our mails → calls of `cases`.

Hides the decision what a mail is for. `take_in_all` reads mails outside any transaction and acts on them in one. What
cannot be read is held and the JFU is told; one bad item never stops the next (DESIGN rules 1 and 2).
"""

from __future__ import annotations

import logging
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from pipeline import cases, files, ledger, links, notices, replies, store
from pipeline.cases import File, New, Pengadu, Work
from pipeline.config import Settings
from pipeline.db import Blob, Complaint, Item, Outbox, Task, among, exclusive, reading, writing
from pipeline.ledger import Arrival
from pipeline.mail import authentication, invitation, outbox, phrases, reply, triage
from pipeline.mail.message import Address, Attachment, Message, read
from pipeline.mail.triage import Failure, Kind, Verdict
from pipeline.replies import Enclosed, Letter
from pipeline.sop import COMMANDS, Channel, TaskKind
from pipeline.store import Content
from pipeline.words import word

log = logging.getLogger(__name__)
LARGE = 8 * 2**20  # bytes; a larger mail is read by a process of its own, which may not fill the machine's memory
LARGE_SECONDS = 180
LARGE_MEMORY = 600 * 2**20  # bytes of data, beside the program itself
PERIHAL = 150  # letters of a subject; the rest of it goes above the text
FOLDED = 20_000  # letters of quotes and signature that a case keeps
COMMAND_WORDS = tuple({command.word for commands in COMMANDS.values() for command in commands})
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


class HeadOnly(Exception):
    """Of a mail beyond the limit there is nothing more to read here; the message says how the whole can come."""


# ---- taking in -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """A mail as far as it is read before any transaction begins."""

    message: Message
    verdict: Verdict
    enclosed: Enclosed
    by_hand: bool  # a person has looked at it and says that it is a complaint


def take_in_all(
    engine: Engine, settings: Settings, item_ids: Sequence[int], clock: Callable[[], datetime]
) -> list[str]:
    """Settle items; the new state ("done", "held") of each, in the same order. Never raises for what an item holds.

    Usual mails are settled in one transaction for many; if one of them makes trouble, each in one of its own.
    """
    with reading(engine) as session:
        rows = select(Item.id, Blob.size).join(Blob, Blob.sha256 == Item.sha256)
        usual = rows.where(Item.id.in_(item_ids), Item.source == "mail", Blob.size <= LARGE).order_by(Item.id)
        sizes = dict(session.execute(usual).all())
    states: dict[int, str] = {}
    for some in store.batches(sizes.items()):
        try:
            states |= _take_mails(engine, settings, some, clock)
        except Exception as error:  # the one who makes the trouble is found by taking each alone
            log.warning("items %s: %s; one by one", some, type(error).__name__)
    return [states.get(i) or take_in(engine, settings, i, clock) for i in item_ids]


def take_in(
    engine: Engine,
    settings: Settings,
    item_id: int,
    clock: Callable[[], datetime],
    *,
    by_hand: bool = False,
    apart: bool = False,
) -> str:
    """Settle one item; its new state ("done", "held"). Never raises for what the item holds.

    `by_hand`: a person has decided that it is a complaint. `apart`: this process may be killed for it.
    """
    try:
        with reading(engine) as session:
            item = session.get_one(Item, item_id)
            scan = item.source == "scan"
            large = not scan and store.size(session, item.sha256) > LARGE  # a scan is opened by a process of its own
            raw = b"" if large and not apart else store.get(session, item.sha256)
        if large and not apart:
            return _take_apart(engine, settings, item_id, clock(), by_hand)
        if scan:
            return _take_scan(engine, settings, item_id, raw, item.name, clock())
        return _take_mails(engine, settings, [item_id], clock, by_hand=by_hand)[item_id]
    except Exception as error:  # whatever one item does, the next ones go on; the reason is kept with it
        log.exception("item %s is held", item_id)
        heavy = isinstance(error, MemoryError)
        reason = word("ditahan.terlalu_berat") if heavy else word("ditahan.galat", jenis=type(error).__name__)
        return _hold_new(engine, settings, item_id, clock(), reason)


def _take_apart(engine: Engine, settings: Settings, item_id: int, now: datetime, by_hand: bool) -> str:
    """Let a child process settle a large item, bounded in memory and time; what ends it is the reason to hold it."""
    order = pickle.dumps((settings, engine.url, item_id, now, by_hand, LARGE_MEMORY))
    command = [sys.executable, "-m", "pipeline.largemail"]
    try:
        subprocess.run(command, input=order, timeout=LARGE_SECONDS, check=True, stdout=subprocess.DEVNULL)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        log.warning("item %s: %s", item_id, type(error).__name__)
        return _hold_new(engine, settings, item_id, now, word("ditahan.terlalu_berat"))
    with reading(engine) as session:
        return session.get_one(Item, item_id).state


def _hold_new(engine: Engine, settings: Settings, item_id: int, now: datetime, reason: str) -> str:
    with writing(engine) as session:
        item = session.get_one(Item, item_id)
        return item.state if item.state != "new" else _hold(Work(session, settings, now), item, reason)


def refuse(work: Work, arrival: Arrival, headers: bytes, size: int) -> None:
    """A mail beyond the limit: its head is kept, the JFU is told, the mail itself stays on the server."""
    before = ledger.heads(work.session)
    (item,) = ledger.receive(work.session, "mail", [(headers, arrival)], work.now)
    if item.state == "new":
        item.name, item.full_size = read(headers).subject[:200], size
        if item.twin in before:
            _done(item, f"salinan item {before[item.twin].id}")
        else:
            _hold(work, item, word("ditahan.terlalu_besar", ukuran=files.size_words(size)))


def completed(work: Work, arrived: Sequence[tuple[Item, Content]]) -> None:
    """Of a mail whose head alone was kept the whole has come, for the limit was raised: nobody has to look at the head
    any more. Where the JFU has settled it by hand meanwhile, the whole is a copy of what is settled."""
    heads = ledger.heads(work.session)
    for item, content in arrived if heads else ():
        head = heads.get(ledger.twin_of_head(content))
        if head is None or item.state != "new" or not _as_large(store.length(content), head.full_size or 0):
            continue
        if head in cases.held_items(work.session):
            cases.close_item(work, head.id, "terbaca")
            _done(head, f"lengkap sebagai item {item.id}")
        else:
            _done(item, f"salinan item {head.id}")


def _as_large(size: int, said: int) -> bool:
    """Servers only estimate what they say; 0 where it was not noted."""
    return not said or abs(size - said) <= said / 10


def _hold(work: Work, item: Item, reason: str) -> str:
    item.state, item.reason = "held", reason
    item.attempts += 1
    cases.open_item_task(work, item, TaskKind.TERTAHAN, reason)
    return item.state


def _done(item: Item, reason: str) -> str:
    item.state, item.reason = "done", reason
    return item.state


def _take_scan(engine: Engine, settings: Settings, item_id: int, raw: bytes, name: str, now: datetime) -> str:
    """A scan waits for the lane that reads slips (`stacks`); what is no picture and no PDF is held at once."""
    mime = files.sniff(raw)
    problem = "kosong" if not raw else "" if mime in files.SCANS else "jenis"
    with writing(engine) as session:
        work = Work(session, settings, now)
        item = session.get_one(Item, item_id)
        if item.state != "new":
            return item.state
        cases.keep_item_files(work, item, File(name, mime, raw))
        if problem:
            return hold_scan(work, item, word(f"slip.masalah.{problem}"))
        cases.stack_arrived(work, item)
        return _done(item, "pindaian")


def hold_scan(work: Work, item: Item, reason: str) -> str:
    """A scan that cannot be shown as slips: the JFU is told, and may type from the paper."""
    return _hold(work, item, reason)


def _read(settings: Settings, raw: bytes, by_hand: bool) -> Read:
    message = read(raw)
    verdict = triage.classify(message, own_addresses=settings.own_addresses)
    if by_hand and (verdict.kind in (Kind.SPAM, Kind.LIST) or not verdict.certain):
        verdict = Verdict(Kind.PERSON, verdict.reason)  # a person has decided
    enclosed = Enclosed(_letters(settings, message), replies.read_scans(settings, message))
    return Read(message, verdict, enclosed, by_hand)


def _take_mails(
    engine: Engine, settings: Settings, item_ids: Sequence[int], clock: Callable[[], datetime], *, by_hand: bool = False
) -> dict[int, str]:
    """Read mails, then settle them in one transaction; the state of each."""
    with reading(engine) as session:
        digests = dict(session.execute(select(Item.id, Item.sha256).where(Item.id.in_(item_ids))).all())
        raws = store.get_all(session, list(digests.values()))
        accepted = set(item_ids) if by_hand else cases.accepted(session, item_ids)
    mails = {item_id: _read(settings, raws[digests[item_id]], item_id in accepted) for item_id in item_ids}
    with writing(engine) as session:
        exclusive(session, "intake")  # copies of one mail, seen by two pollers
        query = select(Item).where(Item.id.in_(item_ids)).order_by(Item.id).with_for_update()
        items = session.scalars(query).all()
        work = Work(session, settings, clock())
        fresh = [item for item in items if item.state == "new"]
        for item in fresh:
            message = mails[item.id].message
            item.message_id, item.name = message.message_id, message.subject[:200]
        originals = ledger.originals(session, fresh)
        doubled = ledger.doubled_ids(session, fresh)
        threads = _threads(session, {item.id: mails[item.id].message for item in fresh})
        news: list[New] = []
        for item in fresh:
            if originals[item.twin] != item.id:
                _done(item, f"salinan item {originals[item.twin]}")
                continue
            if not threads[item.id].isdisjoint(new.thread_id for new in news):  # it belongs to one of these
                cases.record(work, news)
                news = []
            new = _take_mail(work, item, mails[item.id], item.id in doubled, threads[item.id])
            news += [new] if new else []
        cases.record(work, news)
        return {item.id: item.state for item in items}


def _threads(session: Session, messages: Mapping[int, Message]) -> dict[int, frozenset[str]]:
    """The Message-IDs that each of these answers, save those that lead nowhere: neither to a mail of ours, nor to one
    that is a complaint or may become one now. Two questions for all, for most mails are in no thread of ours."""
    named = {
        key: {outbox.bracketed(one) for one in (*message.in_reply_to, *message.references)}
        for key, message in messages.items()
    }
    asked = set().union(*named.values())
    known = among(session, Outbox.message_id, asked) | among(session, Complaint.thread_id, asked)
    known |= {outbox.bracketed(message.message_id) for message in messages.values()}
    return {key: frozenset(ids & known) for key, ids in named.items()}


def _take_mail(work: Work, item: Item, mail: Read, doubled: bool, thread: Collection[str]) -> New | None:
    """Settle a mail, save that a new complaint is left to be recorded together with others."""
    if mail.message.sender and mail.message.sender.email.lower() in work.settings.scan.pengirim:
        _scans(work, item, mail.message)
    elif mail.verdict.kind is Kind.BOUNCE or mail.verdict.failures:
        _bounce(work, item, mail.verdict)
    elif not mail.verdict.certain and not _from_officials(work.settings, mail.message):
        _hold_doubtful(work, item, mail.verdict)
    elif mail.verdict.kind is Kind.LIST:  # perhaps a complaint all the same: a group address adds List-Id
        _hold(work, item, mail.verdict.reason)
    elif mail.verdict.kind not in (Kind.PERSON, Kind.SPAM) and (mail.verdict.certain or not _acts(mail.message)):
        _done(item, mail.verdict.reason)
    else:
        return _person(work, item, mail, doubled, thread)
    return None


def _from_officials(settings: Settings, message: Message) -> bool:
    """Whether it comes from whom we write to when a mail is held: their robot would be asked about its own answers."""
    sender = message.sender.email.lower() if message.sender else ""
    return settings.person_at(sender) is not None or sender == settings.petugas_ti.email.lower()


def _acts(message: Message) -> bool:
    """Whether an official does something by it, as no robot does: a file is enclosed, a line starts with a command."""
    lines = [line.strip(" \t*_\"'").upper() for line in reply.split(message.text).new.splitlines()]
    return bool(message.attachments) or any(line.startswith(COMMAND_WORDS) for line in lines)


def _hold_doubtful(work: Work, item: Item, verdict: Verdict) -> str:
    """Only its words say that no person wrote it: a JFU decides, and nobody is answered before."""
    return _hold(work, item, word("ditahan.mungkin_orang", sebab=verdict.reason))


def _scans(work: Work, item: Item, message: Message) -> str:
    """A mail from the scanner: its attachments are scans, each an item of its own; the machine is not answered.

    Held where a trusted server says that somebody else wrote it: From alone can be written by anybody."""
    failed = authentication.failure(message.all(authentication.HEADER), work.settings.balasan.server_tepercaya)
    if failed:
        return _hold(work, item, word("ditahan.bukan_pemindai", metode=failed.upper()))
    found = [one for one in message.attachments if files.sniff(one.content) in files.SCANS]
    if not found:
        return _hold(work, item, word("slip.masalah.tanpa_lampiran"))
    place = Arrival("email pemindai", str(item.id), 0, 0, item.received_at)
    arrivals = [(one.content, replace(place, uid=n, name=_name(one, n))) for n, one in enumerate(found, 1)]
    ledger.receive(work.session, "scan", arrivals, work.now)  # each is taken in by itself
    return _done(item, "dari pemindai")


def _bounce(work: Work, item: Item, verdict: Verdict) -> str:
    """Bound to the mail of ours that it is about (RFC 3464); one that cannot be bound is kept with its reason."""
    bound = stray = False
    for failure in verdict.failures:
        # The id alone binds: it cannot be guessed, and a mail that was forwarded comes back from another address.
        mail = outbox.by_message_id(work.session, (failure.original_message_id,))
        reason = (failure.diagnostic or failure.status)[:300]
        if mail is None:
            stray |= _unbound(work, failure, reason, verdict.certain)
            continue
        bound = True
        if failure.permanent:  # what is only late may still arrive, and has to open its task then
            links.revoke(work.session, mail.links, work.now)
        cases.bounced(work, mail, failure.permanent, reason)
    if not (verdict.certain or bound):
        return _hold_doubtful(work, item, verdict)
    return _hold(work, item, word("ditahan.terpental")) if stray else _done(item, verdict.reason)


def _unbound(work: Work, failure: Failure, reason: str, certain: bool) -> bool:
    """Whether a JFU has to find out which of our mails did not arrive. Of an official's address the IT officer hears:
    a JFU's own mailbox would send back what tells them, too."""
    if not outbox.was_written_to(work.session, failure.recipient):
        return False
    if not certain or work.settings.person_at(failure.recipient) is None:
        return True
    if failure.permanent:
        cases.official_unreached(work, failure.recipient, reason)
    return False


def _person(work: Work, item: Item, mail: Read, doubled: bool, thread: Collection[str]) -> New | None:
    """A reply in its thread, by its writer, is believed whatever a spam filter says; all else that it flags is held."""
    sender = mail.message.sender.email.lower() if mail.message.sender else ""
    ours = outbox.by_message_id(work.session, thread) if thread else None
    known = _own_thread(work.session, thread, sender)
    official = work.settings.person_at(sender) if sender and ours is None else None
    link = replies.by_token(work, mail.message, official) if official else None  # some mail programs drop the thread
    message = replace(mail.message, text=links.masked(mail.message.text))
    asked = "" if mail.by_hand else _status_asked(work.settings, message)
    if asked and _answerable(sender) and mail.verdict.kind is Kind.PERSON:
        _tell_status(work, item, asked, sender, message)
    elif ours is not None and ours.recipient.lower() == sender:
        _reply_to_us(work, item, message, ours, mail.enclosed)
    elif known is not None:
        _join(work, item, message, known)
    elif link is not None and official is not None:
        links.revoke(work.session, [link.link_id], work.now)  # as where the thread is known
        _done(item, replies.take(work, message, link.task, official, mail.enclosed))
    elif mail.verdict.kind is Kind.SPAM:
        _hold(work, item, mail.verdict.reason)
    else:
        _done(item, "pengaduan baru")
        return _new(work, item, message, sender, doubled)
    return None


def _new(work: Work, item: Item, message: Message, sender: str, doubled: bool) -> New:
    text = _text(message)
    nobody = phrases.NO_REPLY.match(sender) or sender in work.settings.own_addresses
    answer_to = _visitor(work.settings, message) if nobody else message.sender
    email = answer_to.email.lower() if answer_to else ""
    return New(
        Channel.EMAIL,
        Pengadu(nama=_display_name(answer_to), email=email if _answerable(email) else ""),
        perihal=_subject(message),
        isi=text,
        received_at=item.received_at,
        item_id=item.id,
        thread_id=outbox.bracketed(message.message_id),
        files=_files(message),
        note=_remark(work, f"{message.subject}\n{text[:20_000]}", doubled),
    )


def _status_asked(settings: Settings, message: Message) -> str:
    """The number in a subject that asks for nothing but the state of a case ("STATUS <number>"); "" for any other."""
    asks = rf"\s*(?:re\s*:\s*)?(?:cek\s+|tanya\s+)?status\s*:?\s*#?({settings.register_.number})[\s.?!]*"
    found = re.fullmatch(asks, message.subject, re.IGNORECASE)
    return found[1] if found else ""


def _tell_status(work: Work, item: Item, number: str, sender: str, message: Message) -> str:
    """To the pengadu's own address alone; anybody else hears the same as about a number that does not exist. What the
    mail says besides is for the JFU: a number alone joins no case."""
    complaint = cases.by_number(work, number)
    mine = complaint is not None and complaint.email.lower() == sender
    notices.status(work.session, work.settings, work.now, complaint if mine else None, number, sender)
    said = phrases.COURTESY.sub("", reply.split(message.text).new.replace(number, ""))
    if len(re.findall(r"\w+", said)) > 2 or message.attachments:
        return _hold(work, item, word("ditahan.status", nomor=number))
    return _done(item, "permintaan status")


def _remark(work: Work, text: str, doubled: bool) -> str:
    """What the JFU should know before recording: numbers that the mail names join nothing by themselves."""
    found = re.findall(rf"(?<![\w-]){work.settings.register_.number}(?!\w)", text, re.IGNORECASE)
    numbers = dict.fromkeys(number.upper() for number in found)
    named = [number for number in list(numbers)[:3] if cases.by_number(work, number) is not None]
    notes = [word("catatan.menyebut", nomor=", ".join(named))] if named else []
    return "\n".join(notes + [word("catatan.nomor_surat_sama")] * doubled)


def _reply_to_us(work: Work, item: Item, message: Message, ours: Outbox, enclosed: Enclosed) -> str:
    """A reply to a mail of ours, by the one it was sent to: the pengadu adds to the case, an official to a task."""
    official = work.settings.person_at(ours.recipient)
    if official is not None:
        links.revoke(work.session, ours.links, work.now)  # the quoted mail holds them
    if ours.name in ("rapat", "terusan_instansi", "surat_pengantar"):
        return _guest_answers(work, item, message, ours)
    if official is not None and ours.task_id is not None:
        task = work.session.get_one(Task, ours.task_id)
        return _done(item, replies.take(work, message, task, official, enclosed))
    if ours.complaint_id is not None and official is None:
        return _join(work, item, message, work.session.get_one(Complaint, ours.complaint_id))
    return _hold(work, item, word("ditahan.balasan"))


def _guest_answers(work: Work, item: Item, message: Message, ours: Outbox) -> str:
    """A calendar's answer to an invitation is noted; words of a guest or of another agency go to the JFU."""
    for attachment in message.attachments:
        found = invitation.answer(attachment.content) if b"BEGIN:VCALENDAR" in attachment.content[:200] else None
        if found and cases.meeting_answered(work, found[0], ours.recipient, found[1]):
            return _done(item, "jawaban undangan")
    return _hold(work, item, word("ditahan.bukan_pengadu"))


def _letters(settings: Settings, message: Message) -> list[Letter]:
    """Letters attached to a reply, each through its gate, before any transaction begins. A reply of an official may
    have lost its thread."""
    official = message.sender is not None and settings.person_at(message.sender.email) is not None
    found = []
    for attachment in message.attachments if official or message.in_reply_to or message.references else ():
        if not attachment.name.lower().endswith((".docx", ".doc", ".odt", ".rtf", ".pdf")):
            continue
        file = File(attachment.name, files.DOCX, attachment.content)
        try:
            found.append(Letter(file, cases.read_letter(settings, attachment.content)))
        except ValueError as error:
            found.append(Letter(file, None, str(error)))
    return found


def _own_thread(session: Session, thread: Collection[str], sender: str) -> Complaint | None:
    """The case of the pengadu's own earlier mail: by its Message-ID and the same sender, never by a number alone."""
    if not thread or not sender:
        return None
    query = select(Complaint).where(
        Complaint.thread_id.in_(thread), func.lower(Complaint.email) == sender, Complaint.thread_id != ""
    )
    return session.scalars(query.order_by(Complaint.id.desc())).first()


def _join(work: Work, item: Item, message: Message, complaint: Complaint) -> str:
    split = reply.split(message.text)
    text = "\n\n".join(filter(None, (_new_subject(message, complaint), split.new.strip())))
    folded = split.rest[:FOLDED]
    if not text:
        text, folded = message.text.strip() or word("surat.kosong"), ""
    cases.citizen_wrote(work, complaint.id, text + _notes(message), _files(message), item.id, folded)
    return _done(item, f"tambahan untuk {complaint.number}")


def _new_subject(message: Message, complaint: Complaint) -> str:
    """What the subject of a reply says that was not there before; a subject in brackets or with the number is ours."""
    subject = _bare_subject(message)
    old = (complaint.number, complaint.perihal[:40])
    return "" if subject.startswith("[") or any(one and one in subject for one in old) else subject


def _answerable(address: str) -> bool:
    return bool(re.fullmatch(r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z0-9-]{2,}", address))


def _line(text: str) -> str:
    """One line without marks that turn the reading direction: they can make an .exe read like a .jpg."""
    return " ".join(_DIRECTION.sub("", text).split())


def _visitor(settings: Settings, message: Message) -> Address | None:
    """Who filled in the form of a web site: the site mails it from an address that nobody reads."""
    (first, *more) = message.reply_to or (None,)
    own = first is not None and first.email.lower() in settings.own_addresses
    return first if first is not None and not more and not own else message.sender


def _display_name(address: Address | None) -> str:
    name = _line(address.name if address else "")
    return "" if "@" in name else name[:120]


def _bare_subject(message: Message) -> str:
    return _line(re.sub(r"^\s*((re|fw|fwd|bls|trs)\s*:\s*)+", "", message.subject, flags=re.IGNORECASE))


def _subject(message: Message) -> str:
    subject = _bare_subject(message)
    if subject:
        return subject if len(subject) <= PERIHAL else f"{subject[: PERIHAL - 1].rstrip()}…"
    first = next((line.strip() for line in message.text.splitlines() if line.strip()), "")
    return _line(first)[:80] or word("surat.tanpa_perihal")


def _text(message: Message) -> str:
    """The words of a new complaint; a subject that is too long for one stands above them, whole."""
    subject = _bare_subject(message)
    above = f"{subject}\n\n" if len(subject) > PERIHAL else ""
    return (above + message.text.strip() or word("surat.kosong")) + _notes(message)


def _notes(message: Message) -> str:
    return "".join(f"\n\n[{note}]" for note in message.notes)


def _files(message: Message) -> list[File]:
    return [File(_name(a, n), a.content_type, a.content) for n, a in enumerate(message.attachments, 1) if a.content]


def _name(attachment: Attachment, order: int) -> str:
    return _line(attachment.name.replace("/", "-").replace("\\", "-"))[:120] or f"lampiran-{order}"


def release(engine: Engine, settings: Settings, item_id: int, clock: Callable[[], datetime]) -> str:
    """Try a held item again; its new state. KeyError for one that is not held, or that a JFU has settled by hand;
    HeadOnly."""
    with writing(engine) as session:
        item = session.get(Item, item_id, with_for_update=True)
        if item is None or item not in cases.held_items(session):
            raise KeyError(item_id)
        if item.full_size is not None:
            raise HeadOnly(word("ditahan.hanya_kepala", folder=settings.imap.folder_held, masuk=settings.imap.folder))
        ledger.accept(item)
    state = take_in(engine, settings, item_id, clock, by_hand=True)
    if state == "done":
        with writing(engine) as session:
            cases.close_item(Work(session, settings, clock()), item_id, "terbaca")
    return state


# ---- the end of our own mails --------------------------------------------------------------------------------


def take_results(engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> int:
    """Tell `cases` how our mails ended; each once, in the transaction that marks it told."""
    with reading(engine) as session:
        ids = outbox.untold(session)
    for start in range(0, len(ids), outbox.BATCH):
        with writing(engine) as session:
            for row in outbox.take_untold(session, ids[start : start + outbox.BATCH]):
                cases.delivery_result(Work(session, settings, clock()), row)
                outbox.mark_told(session, row)
    return len(ids)
