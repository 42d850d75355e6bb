"""One inbound item, or the end of one of our mails → calls of `cases`.

Hides the decision what a mail is for. `take_in_all` reads mails outside any transaction and acts on them in one. What
cannot be read is held and the JFU is told; one bad item never stops the next (DESIGN rules 1 and 2).
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from pipeline import cases, reports
from pipeline.access import links
from pipeline.casefile import reported
from pipeline.cases import tasks, withdrawal
from pipeline.cases.input import File, read_letter
from pipeline.cases.outcomes import bounced, delivery_result, official_unreached
from pipeline.cases.record import New, citizen_wrote, keep_item_files, record
from pipeline.cases.slips import stack_arrived
from pipeline.cases.tasks import close_item
from pipeline.data import ledger, store
from pipeline.data.damage import Away, is_away
from pipeline.data.engine import among, exclusive, reading, transact, writing
from pipeline.data.ledger import Arrival
from pipeline.data.places import Lost, PlaceError
from pipeline.data.states import ItemState
from pipeline.data.tables import Blob, Complaint, Item, Link, Outbox, Task
from pipeline.files import kinds
from pipeline.intake import by_calendar, complaints, quoted, replies
from pipeline.intake.enclosed import is_letter, meant
from pipeline.intake.holding import hold, hold_new, hold_scan
from pipeline.intake.replies import Enclosed, EnclosedLetter
from pipeline.mail import authentication, forwarded, outbox, phrases, reply, triage
from pipeline.mail.bounces import Failure
from pipeline.mail.message import Attachment, Message, every_text, read
from pipeline.mail.triage import Kind, Verdict
from pipeline.notices import citizen, post
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import COMMANDS
from pipeline.office.words import word
from pipeline.work import App, Work

log = logging.getLogger(__name__)
LARGE = 8 * 2**20  # bytes; a larger mail is read by a process of its own, in memory of its own
LARGE_SECONDS = 180
AWAY_CODE = (
    75  # of the child that settles a large one: the database was away (EX_TEMPFAIL of sysexits.h)
)
LARGE_MEMORY = 600 * 2**20  # bytes of data, beside the program itself
LONGEST_QUESTION = 2_000  # letters of a mail that may only ask for the state of a case
FOLDED = 20_000  # letters of quotes and signature that a case keeps
COMMAND_WORDS = tuple({command.word for commands in COMMANDS.values() for command in commands})
# Mails whose recipients are no pengadu.
GUESTS = ("rapat", "terusan_instansi", "surat_pengantar", "tembusan")


class NotHeld(KeyError):
    """It is not held, or somebody has settled it meanwhile."""


class HeadOnly(Exception):
    """Of a mail beyond the limit there is nothing more to read here; the message says how the whole can come."""


# ---- taking in -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadMail:
    """A mail as far as it is read before any transaction begins."""

    message: Message
    verdict: Verdict
    by_hand: bool  # a person has looked at it and says that it is a complaint
    tokens: tuple[str, ...] = ()  # of links of ours that came back in any of its texts
    enclosed: Enclosed = field(default_factory=Enclosed)


def take_in_all(app: App, item_ids: Sequence[int]) -> list[ItemState]:
    """Settle items; the new state (done, held) of each, in the same order. Never raises for what an item holds.
    An error that says that the database is away is raised, and the items stay as they are.

    Usual mails are settled in one transaction for many; if one of them makes trouble, each in one of its own.
    """
    with reading(app.engine) as session:
        rows = select(Item.id, Blob.size).join(Blob, Blob.sha256 == Item.sha256)
        usual = rows.where(Item.id.in_(item_ids), Item.source == "mail", Blob.size <= LARGE)
        sizes = dict(session.execute(usual.order_by(Item.id)).all())
    states: dict[int, ItemState] = {}
    for some in store.batches(sizes.items()):
        try:
            states |= _take_mails(app, some)
        except Exception as error:
            if is_away(error):
                raise
            log.warning("items %s: %s; one by one", some, type(error).__name__)
    return [states.get(item_id) or take_in(app, item_id) for item_id in item_ids]


def take_in(
    app: App,
    item_id: int,
    *,
    by_hand: bool = False,
    apart: bool = False,
    held: bool = False,
) -> ItemState:
    """Settle one item; its new state (done, held). Never raises for what the item holds, as `take_in_all`.

    `by_hand`: a person has decided that it is a complaint. `apart`: this process may be killed for it. `held`: it is
    one that is held; NotHeld where it is not (any more).
    """
    try:
        return _taken(app, item_id, by_hand=by_hand, apart=apart, held=held)
    except (NotHeld, PlaceError):
        raise  # the place of all bytes is away: the item waits, as while the database is
    except Lost as lost:
        return hold_new(app.engine, app.settings, item_id, app.clock(), str(lost))
    except Exception as error:
        if is_away(error):
            raise
        log.exception("item %s is held", item_id)
        reason = word("ditahan.galat", jenis=type(error).__name__)
        if isinstance(error, MemoryError):
            reason = word("ditahan.terlalu_berat")
        return hold_new(app.engine, app.settings, item_id, app.clock(), reason)


def _taken(app: App, item_id: int, *, by_hand: bool, apart: bool, held: bool) -> ItemState:
    """Settle one item, or raise for what it holds."""
    with reading(app.engine) as session:
        item = session.get_one(Item, item_id)
        if item.state == ItemState.ERASED:
            return item.state
        scan = item.source == "scan"  # it is opened by a process of its own, however large
        large = not scan and not apart and store.size(session, item.sha256) > LARGE
        raw = store.get(session, item.sha256) if scan else b""
    if large:
        return _take_apart(app.engine, app.settings, item_id, app.clock(), by_hand, held)
    if scan:
        return _take_scan(app.engine, app.settings, item_id, raw, item.name, app.clock(), held)
    return _take_mails(app, [item_id], by_hand=by_hand, held=held)[item_id]


def _take_apart(
    engine: Engine, settings: Settings, item_id: int, now: datetime, by_hand: bool, held: bool
) -> ItemState:
    """Let a child process settle a large item, bounded in memory and time; what ends it is the reason to hold it."""
    order = {
        "settings": {
            **settings.base.model_dump(mode="json", by_alias=True),
            "folder": str(settings.folder),
        },
        "url": engine.url.render_as_string(hide_password=False),
        "item": item_id,
        "now": now.isoformat(),
        "by_hand": by_hand,
        "held": held,
        "memory": LARGE_MEMORY,
    }
    told, command = json.dumps(order).encode(), [sys.executable, "-m", "pipeline.intake.large"]
    try:
        subprocess.run(
            command, input=told, timeout=LARGE_SECONDS, check=True, stdout=subprocess.DEVNULL
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        if getattr(error, "returncode", 0) == AWAY_CODE:
            raise Away from error
        log.warning("item %s: %s", item_id, type(error).__name__)
        return hold_new(engine, settings, item_id, now, word("ditahan.terlalu_berat"))
    with reading(engine) as session:
        return session.get_one(Item, item_id).state


def _take_scan(
    engine: Engine,
    settings: Settings,
    item_id: int,
    raw: bytes,
    name: str,
    now: datetime,
    held: bool,
) -> ItemState:
    """A scan waits for the lane that reads slips (`stacks`); what is no picture and no PDF is held at once."""
    mime = kinds.sniff(raw)
    problem = "kosong" if not raw else "" if mime in kinds.SCANS else "jenis"
    with writing(engine) as session:
        work = Work(session, settings, now)
        item = session.get_one(Item, item_id, with_for_update=True)
        if held:
            _no_longer_held(session, [item])
        if item.state != ItemState.NEW:
            return item.state
        keep_item_files(work, item, File(name, mime, raw))
        if problem:
            return hold_scan(work, item, word(f"slip.masalah.{problem}"))
        stack_arrived(work, item)
        if held:
            close_item(work, item.id, "terbaca")
        return ledger.done(item, "pindaian")


def _read(settings: Settings, raw: bytes, by_hand: bool) -> ReadMail:
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
    if found or answers or passes_on or _from_officials(settings, message):
        for text in every_text(raw):
            found += links.found(text)
    return tuple(dict.fromkeys(found))[: replies.MOST_TOKENS]


def _take_mails(
    app: App,
    item_ids: Sequence[int],
    *,
    by_hand: bool = False,
    held: bool = False,
) -> dict[int, ItemState]:
    """Read mails, then settle them in one transaction; the state of each."""
    with reading(app.engine) as session:
        digests = dict(
            session.execute(select(Item.id, Item.sha256).where(Item.id.in_(item_ids))).all()
        )
        raws = store.get_all(session, list(digests.values()))
        accepted = set(item_ids) if by_hand else tasks.accepted(session, item_ids)
    mails = {
        item_id: _read(app.settings, raws[digests[item_id]], item_id in accepted)
        for item_id in item_ids
    }
    mails = _with_letters(app.engine, app.settings, mails)
    # Mails of a batch join cases in the order in which they came, officials' acts lock them in another.
    return transact(
        app.engine,
        lambda session: _settle_mails(Work(session, app.settings, app.clock()), mails, held),
    )


def _settle_mails(work: Work, mails: Mapping[int, ReadMail], held: bool) -> dict[int, ItemState]:
    """Settle mails that have been read, in one transaction; the state of each."""
    session = work.session
    exclusive(session, "intake")  # copies of one mail, seen by two pollers
    query = select(Item).where(Item.id.in_(list(mails))).order_by(Item.id).with_for_update()
    items = session.scalars(query).all()
    if held:
        _no_longer_held(session, items)
    fresh = [item for item in items if item.state == ItemState.NEW]
    for item in fresh:
        message = mails[item.id].message
        ledger.named(item, message.message_id, message.subject)
    originals = ledger.originals(session, fresh)
    doubled = ledger.doubled_ids(session, fresh)
    threads = _threads(session, {item.id: mails[item.id].message for item in fresh})
    news: list[New] = []
    for item in fresh:
        original, thread = originals[item.twin], threads[item.id]
        if original != item.id:
            ledger.done(item, f"salinan item {original}")
            continue
        belongs_to_one = not thread.isdisjoint(new.thread_id for new in news)
        if belongs_to_one:
            record(work, news)
            news = []
        news += _take_mail(work, item, mails[item.id], item.id in doubled, thread)
    record(work, news)
    if held:
        for item in items:
            if item.state == ItemState.DONE:
                close_item(work, item.id, "terbaca")
    return {item.id: item.state for item in items}


def _with_letters(
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
        threads = _threads(session, messages)
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


def _no_longer_held(session: Session, items: Sequence[Item]) -> None:
    """Begin anew with held items, in the transaction that settles them: killed in between, they would be a complaint
    and a task at once. NotHeld where somebody was faster."""
    waiting = cases.held_items(session)
    for item in items:
        if item not in waiting:
            raise NotHeld(item.id)
        ledger.accept(item)


def _threads(session: Session, messages: Mapping[int, Message]) -> dict[int, frozenset[str]]:
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


def _take_mail(
    work: Work, item: Item, mail: ReadMail, doubled: bool, thread: Collection[str]
) -> list[New]:
    """Settle a mail, save that a new complaint is left to be recorded together with others; several are, where an
    official passes them on in one."""
    verdict = mail.verdict
    is_person = verdict.kind in (Kind.PERSON, Kind.SPAM)
    if _names_scanner(work.settings, mail):
        _scans(work, item, mail)
    elif verdict.kind is Kind.BOUNCE or verdict.failures:
        _bounce(work, item, verdict)
    elif _may_be_a_programs(mail) and by_calendar.settled(
        work, item, mail.message, _forged(work.settings, mail.message)
    ):
        pass  # noted or held
    elif not verdict.certain and not _from_officials(work.settings, mail.message):
        _hold_doubtful(work, item, verdict)
    elif verdict.kind is Kind.LIST:
        hold(work, item, verdict.reason)  # perhaps a complaint: a group address adds List-Id
    elif not is_person and (verdict.certain or not _acts(mail.message)):
        ledger.done(item, verdict.reason)
    else:
        return _person(work, item, mail, doubled, thread)
    return []


def _may_be_a_programs(mail: ReadMail) -> bool:
    """Not what a JFU has looked at and calls a complaint, nor what we have sent ourselves."""
    return not mail.by_hand and mail.verdict.kind is not Kind.OWN


def _from_officials(settings: Settings, message: Message) -> bool:
    """Whether it comes from whom we write to when a mail is held: their robot would be asked about its own answers."""
    sender = _sender(message)
    return settings.person_at(sender) is not None or sender == settings.petugas_ti.email.lower()


def _sender(message: Message) -> str:
    """The address from which a mail says that it comes, in small letters; "" for none."""
    return message.sender.email.lower() if message.sender else ""


def _acts(message: Message) -> bool:
    """Whether an official does something by it, as no robot does: a file is enclosed, a line starts with a command."""
    if message.attachments:
        return True
    lines = reply.split(message.text).new.splitlines()
    return any(line.strip(" \t*_\"'").upper().startswith(COMMAND_WORDS) for line in lines)


def _hold_doubtful(work: Work, item: Item, verdict: Verdict) -> ItemState:
    """Only its words say that no person wrote it: a JFU decides, and nobody is answered before."""
    return hold(work, item, word("ditahan.mungkin_orang", sebab=verdict.reason))


def _names_scanner(settings: Settings, mail: ReadMail) -> bool:
    """Whether a mail gives itself out as the scanner's. One without a scan that a JFU accepts is a mail like others."""
    scanners = {address.lower() for address in settings.scan.pengirim}
    if _sender(mail.message) not in scanners:
        return False
    return not mail.by_hand or bool(_scanned(mail.message))


def _scanned(message: Message) -> list[Attachment]:
    return [one for one in message.attachments if kinds.sniff(one.content) in kinds.SCANS]


def _scans(work: Work, item: Item, mail: ReadMail) -> ItemState:
    """A mail from the scanner: its attachments are scans, each an item of its own; the machine is not answered.

    From alone can be written by anybody: unless a trusted server vouches for its domain, as for a reply that acts, a
    JFU looks at it and accepts it."""
    if not (mail.by_hand or replies.is_proven(work.settings, mail.message)):
        return hold(work, item, word("ditahan.bukan_pemindai"))
    found = _scanned(mail.message)
    if not found:
        return hold(work, item, word("slip.masalah.tanpa_lampiran"))
    place = Arrival(ledger.BY_SCANNER, str(item.id), 0, 0, item.received_at)
    arrivals = []
    for order, one in enumerate(found, 1):
        name = complaints.file_name(one, order)
        arrivals.append((one.content, replace(place, uid=order, name=name)))
    ledger.receive(work.session, "scan", arrivals, work.now)  # each is taken in by itself
    return ledger.done(item, "dari pemindai")


def _bounce(work: Work, item: Item, verdict: Verdict) -> ItemState:
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
        bounced(work, mail, failure.permanent, reason)
        reports.bounced(work, mail, failure.permanent, reason)
    if not (verdict.certain or bound):
        return _hold_doubtful(work, item, verdict)
    if stray:
        return hold(work, item, word("ditahan.terpental"))
    return ledger.done(item, verdict.reason)


def _unbound(work: Work, failure: Failure, reason: str, certain: bool) -> bool:
    """Whether a JFU has to find out which of our mails did not arrive. Of an official's address the IT officer hears:
    a JFU's own mailbox would send back what tells them, too."""
    if not outbox.was_written_to(work.session, failure.recipient):
        return False
    if not certain or work.settings.person_at(failure.recipient) is None:
        return True
    if failure.permanent:
        official_unreached(work, failure.recipient, reason)
    return False


def _person(
    work: Work, item: Item, mail: ReadMail, doubled: bool, thread: Collection[str]
) -> list[New]:
    """A reply in its thread, by its writer, is believed whatever a spam filter says; all else that it flags is held."""
    settings, sender = work.settings, _sender(mail.message)
    message = replace(mail.message, text=links.masked(mail.message.text))
    of_tokens = replies.opened(work.session, settings, mail.tokens)
    # The mail that holds these links is kept as it is.
    links.revoke(work.session, [link.id for link in of_tokens], work.now)
    forged = not mail.by_hand and _forged(settings, message)
    status = _status_asked(settings, message)
    asks = bool(status) and not mail.by_hand and not forged
    several = 0 if mail.by_hand else complaints.passed_on_together(settings, message, sender)
    if asks and complaints.is_answerable(sender) and mail.verdict.kind is Kind.PERSON:
        _tell_status(work, item, status, sender, message)
    elif _answers_us(work, item, mail, message, of_tokens, thread, forged):
        return []
    elif mail.verdict.kind is Kind.SPAM:
        hold(work, item, mail.verdict.reason)
    elif forged and (status or _from_officials(settings, message)):
        hold(work, item, word("ditahan.pengirim_palsu"))
    elif several > 1:
        hold(work, item, word("ditahan.beberapa_surat", jumlah=several))
    else:
        ledger.done(item, ledger.NEW_CASE)
        news = complaints.passed_on(work, item, message, sender, doubled)
        if not news:
            news = [complaints.of_mail(work, item, message, sender, doubled, mail.by_hand)]
        return [complaints.unanswered(new) for new in news] if forged else news
    return []


def _answers_us(
    work: Work,
    item: Item,
    mail: ReadMail,
    message: Message,
    of_tokens: Sequence[Link],
    thread: Collection[str],
    forged: bool,
) -> bool:
    """Settle what answers or quotes a mail of ours: by the one it was sent to it acts or joins; by anybody else, and
    where the sender's domain disowns it (`forged`), it is held. False where it is about none of our mails."""
    sender = _sender(message)
    official = work.settings.person_at(sender) if sender else None
    ours = outbox.all_by_message_id(work.session, thread) if thread else []
    theirs = [row for row in ours if _is_theirs(work.settings, row, sender)]
    case = _case_answered(work, ours, thread, sender)
    links_of_theirs = [one for one in of_tokens if official and one.holder == official.kode]
    if theirs and official is not None:
        shown = max(row.date for row in theirs)
        _official_replies(work, item, message, theirs[0], official, mail.enclosed, shown)
    elif forged and (case is not None or theirs):
        hold(work, item, word("ditahan.pengirim_palsu"))
    elif theirs and theirs[0].name in GUESTS:
        _guest_answers(work, item)
    elif case is not None:
        _join(work, item, message, case)
    elif links_of_theirs and official is not None:
        _quotes_own_task(work, item, mail, message, links_of_theirs[0], official)
    elif not mail.by_hand:  # which a JFU has looked at and calls a complaint
        return _quotes_anothers(work, item, mail, of_tokens, ours)
    else:
        return False
    return True


def _quotes_anothers(
    work: Work, item: Item, mail: ReadMail, of_tokens: Sequence[Link], ours: Sequence[Outbox]
) -> bool:
    """Hold what answers or quotes a mail that was sent to somebody else; False where it does not."""
    mails = ours or quoted.passed_on(work, mail.message)
    if not (of_tokens or mails or quoted.shows_a_task(work.settings, mail.message)):
        return False
    behind = of_tokens or quoted.end_links(work, mails)
    quoted.hold_quoted(work, item, behind)
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


def _quotes_own_task(
    work: Work, item: Item, mail: ReadMail, message: Message, link: Link, official: Petugas
) -> ItemState:
    """An official's new mail that holds the link of a task of theirs is as good as a reply to the task's mail."""
    task = work.session.get_one(Task, link.task_id)
    if _is_about(work, task.complaint_id, official):
        return hold(work, item, word("ditahan.balasan"))
    reason = replies.take(
        work, message, task, official, mail.enclosed, item.id, shown=link.created_at
    )
    return ledger.done(item, reason)


def _forged(settings: Settings, message: Message) -> bool:
    """Whether a trusted server says that the sender's domain disowns this mail: who is named there may have written
    nothing, and an acknowledgement would be ours to blame for. A failure of SPF or DKIM alone happens to every
    forwarded mail."""
    results = message.all(authentication.HEADER)
    return authentication.failure(results, settings.balasan.server_tepercaya) == "dmarc"


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


def _official_replies(
    work: Work,
    item: Item,
    message: Message,
    ours: Outbox,
    official: Petugas,
    enclosed: Enclosed,
    shown: datetime,
) -> ItemState:
    """A reply of an official to a mail that was sent to them; `shown`: the newest that it answers."""
    if ours.name in GUESTS:
        return _guest_answers(work, item)
    if ours.task_id is None or _is_about(work, ours.complaint_id, official):
        return hold(work, item, word("ditahan.balasan"))
    task = work.session.get_one(Task, ours.task_id)
    return ledger.done(item, replies.take(work, message, task, official, enclosed, item.id, shown))


def _guest_answers(work: Work, item: Item) -> ItemState:
    """Words of a guest or of another agency go to the JFU; what a calendar answers is noted before."""
    return hold(work, item, word("ditahan.bukan_pengadu"))


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


def release(app: App, item_id: int) -> ItemState:
    """Try a held item again; its new state. NotHeld (a KeyError) for one that is not held, or that a JFU has settled by
    hand; HeadOnly."""
    with reading(app.engine) as session:
        item = session.get(Item, item_id)
        if item is None or item not in cases.held_items(session):
            raise NotHeld(item_id)
        if item.full_size is not None:
            raise HeadOnly(
                word(
                    "ditahan.hanya_kepala",
                    folder=app.settings.imap.folder_held,
                    masuk=app.settings.imap.folder,
                )
            )
    return take_in(app, item_id, by_hand=True, held=True)


# ---- the end of our own mails --------------------------------------------------------------------------------


def take_results(app: App) -> int:
    """Tell `cases` how our mails ended; each once, in the transaction that marks it told."""
    with reading(app.engine) as session:
        ids = outbox.untold(session)
    for start in range(0, len(ids), outbox.BATCH):
        with app.writing() as work:
            for row in outbox.take_untold(work.session, ids[start : start + outbox.BATCH]):
                delivery_result(work, row)
                reports.delivery_result(work, row)
                outbox.mark_told(work.session, row)
    return len(ids)
