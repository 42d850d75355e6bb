"""One inbound item, or the end of one of our mails → calls of `cases`.

Hides the decision what a mail is for. `take_in_all` reads mails outside any transaction and acts on them in one. What
cannot be read is held and the JFU is told; one bad item never stops the next (DESIGN rules 1 and 2).
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipeline import cases, reports
from pipeline.access import links
from pipeline.cases import tasks
from pipeline.cases.input import File
from pipeline.cases.outcomes import bounced, delivery_result, official_unreached
from pipeline.cases.record import New, keep_item_files, record
from pipeline.cases.slips import stack_arrived
from pipeline.cases.tasks import close_item
from pipeline.data import ledger, store
from pipeline.data.damage import Away, is_away
from pipeline.data.engine import exclusive, reading, transact, writing
from pipeline.data.ledger import Arrival
from pipeline.data.places import Lost, PlaceError
from pipeline.data.states import ItemState
from pipeline.data.tables import Blob, Item
from pipeline.files import kinds
from pipeline.intake import by_calendar, complaints, persons, replies
from pipeline.intake.holding import hold, hold_new, hold_scan
from pipeline.intake.read_mail import (
    ReadMail,
    is_forged,
    is_from_officials,
    opened,
    sender_of,
    threads_of,
    with_letters,
)
from pipeline.mail import outbox, reply
from pipeline.mail.bounces import Failure
from pipeline.mail.message import Attachment, Message
from pipeline.mail.triage import Kind, Verdict
from pipeline.office.commands import COMMANDS
from pipeline.office.config import Settings
from pipeline.office.words import word
from pipeline.work import App, Work

log = logging.getLogger(__name__)
LARGE = 8 * 2**20  # bytes; a larger mail is read by a process of its own, in memory of its own
LARGE_SECONDS = 180
AWAY_CODE = (
    75  # of the child that settles a large one: the database was away (EX_TEMPFAIL of sysexits.h)
)
LARGE_MEMORY = 600 * 2**20  # bytes of data, beside the program itself
COMMAND_WORDS = tuple({command.word for commands in COMMANDS.values() for command in commands})


class NotHeld(KeyError):
    """It is not held, or somebody has settled it meanwhile."""


class HeadOnly(Exception):
    """Of a mail beyond the limit there is nothing more to read here; the message says how the whole can come."""


# ---- taking in -----------------------------------------------------------------------------------------------


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
        item_id: opened(app.settings, raws[digests[item_id]], item_id in accepted)
        for item_id in item_ids
    }
    mails = with_letters(app.engine, app.settings, mails)
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
    threads = threads_of(session, {item.id: mails[item.id].message for item in fresh})
    news: list[New] = []  # complaints that are recorded together: many at once cost less
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
        _close_readable(work, items)
    return {item.id: item.state for item in items}


def _close_readable(work: Work, items: Iterable[Item]) -> None:
    """Nobody needs to look at what was held and could be settled after all."""
    for item in items:
        if item.state == ItemState.DONE:
            close_item(work, item.id, "terbaca")


def _no_longer_held(session: Session, items: Sequence[Item]) -> None:
    """Begin anew with held items, in the transaction that settles them: killed in between, they would be a complaint
    and a task at once. NotHeld where somebody was faster."""
    waiting = cases.held_items(session)
    for item in items:
        if item not in waiting:
            raise NotHeld(item.id)
        ledger.accept(item)


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
        work, item, mail.message, is_forged(work.settings, mail.message)
    ):
        pass  # noted or held
    elif not verdict.certain and not is_from_officials(work.settings, mail.message):
        _hold_doubtful(work, item, verdict)
    elif verdict.kind is Kind.LIST:
        hold(work, item, verdict.reason)  # perhaps a complaint: a group address adds List-Id
    elif not is_person and (verdict.certain or not _acts(mail.message)):
        ledger.done(item, verdict.reason)
    else:
        return persons.settle(work, item, mail, doubled, thread)
    return []


def _may_be_a_programs(mail: ReadMail) -> bool:
    """Not what a JFU has looked at and calls a complaint, nor what we have sent ourselves."""
    return not mail.by_hand and mail.verdict.kind is not Kind.OWN


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
    if sender_of(mail.message) not in scanners:
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
