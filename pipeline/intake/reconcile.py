"""Mailbox, ledger and register compared: a mail that is in one and not in the others is named.

Hides how a message in Diproses or Ditahan, where it has another UID, is known again: by Message-ID and size, by its
bytes where these do not decide. What was found once is kept as a sighting and not fetched again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeVar

from sqlalchemy import ColumnExpressionArgument, Engine, Select, and_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from pipeline.casefile import law
from pipeline.data import ledger
from pipeline.data.engine import lease, reading, writing
from pipeline.data.ledger import Arrival, Place
from pipeline.data.states import ItemState
from pipeline.data.tables import (
    UNLOOKED,
    Blob,
    Complaint,
    Discrepancy,
    Item,
    Reconciled,
    Sighting,
    Task,
)
from pipeline.mail.mailbox import Fetched, Mailbox
from pipeline.mail.message import Message, read
from pipeline.notices import it_officer
from pipeline.office import config
from pipeline.office.config import Settings
from pipeline.office.words import word
from pipeline.work import Work

N = TypeVar("N", int, str)

SETTLING = timedelta(hours=1)  # a mail that is younger may still be on its way
PATIENCE = 60.0  # seconds to wait for the poller
MANY = 500  # mails asked for at once


@dataclass(frozen=True)
class Mismatch:
    """One mail that is not where it should be. `key` is the same whenever it is found again."""

    kind: str  # a name in [rekonsiliasi] of istilah.toml
    place: str
    subject: str
    sender: str
    at: datetime

    @property
    def key(self) -> str:
        return sha256(
            "\0".join((self.kind, self.place, self.subject, self.at.isoformat())).encode()
        ).hexdigest()

    @property
    def advice(self) -> str:
        return word(f"rekonsiliasi.{self.kind}")


class BusyError(Exception):
    """The poller is at work for long; nothing was looked at."""


def look(
    engine: Engine, settings: Settings, now: datetime, *, whole: bool = True
) -> list[Mismatch]:
    """Everything that does not agree, the mailboxes first; what was settled and found whole once only if `whole`.
    MailboxDown, BusyError."""
    with lease(engine, "intake", PATIENCE) as mine:  # no mail moves meanwhile
        if not mine:
            raise BusyError
        present: set[Place] = set()
        found = [
            one
            for conf in settings.mailboxes
            for one in _mailbox(engine, settings, conf, now, present)
        ]
        with reading(engine) as session:
            gone = list(_gone(session, settings, present))
            return found + gone + list(_register(session, now, whole=whole))


def daily(engine: Engine, settings: Settings, now: datetime) -> int:
    """Once on each day: look, and tell the JFU what is new; how many new findings.

    On an office day as soon as the office opens, for the JFU to read it then; on other days, and where the program
    did not run in office hours, whenever it can: a mail that was lost on Friday evening is not to wait for Monday.
    Each settled item is looked at until what it became was there once; that it is there later is the audit's to say.
    """
    day = now.astimezone(settings.zone).date()
    opens = not settings.hours.is_open(now) and any(
        now < begin for begin, _ in settings.hours.intervals(day)
    )
    with reading(engine) as session:
        if opens or session.get(Reconciled, day) is not None:
            return 0
    found = look(engine, settings, now, whole=False)
    with writing(engine) as session:
        ledger.agree(session)
        known = set(
            session.scalars(
                select(Discrepancy.key).where(Discrepancy.key.in_([f.key for f in found]))
            )
        )
        new = {one.key: one for one in found if one.key not in known}
        session.add_all([Discrepancy(key=key, found_at=now) for key in new])
        session.add(Reconciled(day=day, at=now, findings=len(found)))
        if new:
            it_officer.discrepancies(Work(session, settings, now), list(new.values()))
    return len(new)


# ---- the mailbox ---------------------------------------------------------------------------------------------


def _mailbox(
    engine: Engine, settings: Settings, conf: config.MailboxConf, now: datetime, present: set[Place]
) -> Iterator[Mismatch]:
    """What lies in the folders and is not known; `present` gets all that lies there."""
    with Mailbox(settings, conf) as box:
        for folder in (conf.folder, conf.folder_done, conf.folder_held):
            validity, uids = box.listing(folder)
            place = (conf.name, folder, validity)
            present.update((*place, uid) for uid in uids)
            with reading(engine) as session:
                known = ledger.seen(session, *place, uids)
                gone = (
                    ledger.said_to_be_moved(session, *place, uids) if folder == conf.folder else []
                )
            yield from _not_moved(engine, box, place, gone)
            fresh = [uid for uid in uids if uid not in known]
            for heads in box.heads(fresh):
                for one in heads:
                    if folder == conf.folder:
                        if now - one.arrived > SETTLING:
                            yield _finding("belum_diambil", conf, folder, one)
                    elif not _recognised(engine, box, place, one, now):
                        yield _finding("asing", conf, folder, one)


def _not_moved(
    engine: Engine, box: Mailbox, place: tuple[str, str, int], uids: list[int]
) -> Iterator[Mismatch]:
    """Settled mails that the server said it had moved, and that lie there still: told, and moved once more. One that is
    marked as deleted stays on purpose, where the server knows no other way (see `Mailbox.move`)."""
    marked = box.deleted(uids)
    staying = [uid for uid in uids if uid not in marked]
    for heads in box.heads(staying):
        for one in heads:
            yield _finding("tidak_berpindah", box.conf, place[1], one)
    if staying:
        with writing(engine) as session:
            ledger.not_moved(session, *place, staying)


def _gone(session: Session, settings: Settings, present: set[Place]) -> Iterator[Mismatch]:
    """Mails that somebody took out of the mailbox too early. To empty Diproses is the office's own business, once a
    case is over; of a mail beyond the limit the mailbox has the only body. A copy that still lies there is as good."""
    held = and_(text(UNLOOKED), Item.state == ItemState.HELD)
    heads = select(Item).where(Item.full_size.is_not(None), held)
    yield from _items("hilang_besar", _not_there(session, settings, heads, present))
    open_cases = (
        select(Item)
        .join(Complaint, Complaint.item_id == Item.id)
        .where(law.is_running(), Item.full_size.is_(None))
    )
    yield from _items("hilang", _not_there(session, settings, open_cases, present))


def _not_there(
    session: Session, settings: Settings, query: Select[Item], present: set[Place]
) -> list[Item]:
    """Those mails that were seen in the mailboxes of today, and lie at none of these places any more."""
    mails = session.scalars(query.where(Item.source == "mail").order_by(Item.id)).all()
    own = _places(session, settings, Item.id, {item.id for item in mails})
    # Its own places first: ids lie together, twins are spread over the whole index.
    away = [item for item in mails if present.isdisjoint(own.get(item.id, ()))]
    seen = _places(session, settings, Item.twin, {item.twin for item in away})
    return [item for item in away if item.twin in seen and present.isdisjoint(seen[item.twin])]


def _places(
    session: Session, settings: Settings, name: InstrumentedAttribute[N], wanted: Collection[N]
) -> dict[N, set[Place]]:
    """Where mails were seen in the mailboxes of today, by their `name`: id or twin. One that came out of a file was
    never there."""
    boxes = [conf.name for conf in settings.mailboxes]
    columns = (name, Sighting.mailbox, Sighting.folder, Sighting.uidvalidity, Sighting.uid)
    query = select(*columns).join(Item, Item.id == Sighting.item_id)
    query = query.where(Sighting.mailbox.in_(boxes))
    found: defaultdict[N, set[Place]] = defaultdict(set)
    ordered = sorted(wanted)
    for start in range(0, len(ordered), MANY):
        some = name.in_(ordered[start : start + MANY])
        for value, mailbox, folder, validity, uid in session.execute(query.where(some)):
            found[value].add((mailbox, folder, validity, uid))
    return found


def _finding(kind: str, conf: config.MailboxConf, folder: str, one: Fetched) -> Mismatch:
    head = _head(one)
    sender = head.sender.email if head.sender else ""
    return Mismatch(kind, f"{conf.user}, {folder}", head.subject[:150], sender, one.arrived)


def _head(one: Fetched) -> Message:
    """What a head tells; nothing where a whole mail was fetched into a file."""
    return read(one.raw if isinstance(one.raw, bytes) else b"")


def _recognised(
    engine: Engine, box: Mailbox, place: tuple[str, str, int], head: Fetched, now: datetime
) -> bool:
    """Whether the ledger has this message; if so its place is noted, so that it need not be asked again."""
    known = _by_head(engine, head)
    if known is None:
        known = _by_whole(engine, box, head.uid)
    if known is None:
        return False
    with writing(engine) as session:
        ledger.found_again(session, Arrival(*place, head.uid, head.arrived), known, now)
    return True


def _by_head(engine: Engine, head: Fetched) -> int | None:
    """The one item with this Message-ID and size; else one beyond the limit of which this very head was kept."""
    message_id = _head(head).message_id
    with reading(engine) as session:
        if message_id:
            of_size = select(Item.id).join(Blob, Blob.sha256 == Item.sha256)
            alike = of_size.where(Item.message_id == message_id, Blob.size == head.size)
            same = session.scalars(alike).all()
            if len(same) == 1:
                return same[0]
        return session.scalars(select(Item.id).where(Item.sha256 == _digest(head))).first()


def _by_whole(engine: Engine, box: Mailbox, uid: int) -> int | None:
    """The item that has the content of a message, which is fetched for that."""
    found = None
    for batch in box.fetch([uid]):
        for one in batch:
            found = _by_content(engine, one)
            if not isinstance(one.raw, bytes):
                one.raw.close()
    return found


def _digest(one: Fetched) -> str:
    return sha256(one.raw).hexdigest() if isinstance(one.raw, bytes) else ""


def _by_content(engine: Engine, one: Fetched) -> int | None:
    same = select(Item.id).where(Item.twin == ledger.twin_of(one.raw))
    with reading(engine) as session:
        return session.scalars(same.limit(1)).first()


# ---- ledger and register -------------------------------------------------------------------------------------


def _register(session: Session, now: datetime, *, whole: bool = True) -> Iterator[Mismatch]:
    """Items that nobody settled, and settled ones of which nothing came."""
    asked: list[ColumnExpressionArgument[bool]] = (
        [] if whole else [text(UNLOOKED), Item.state.in_(tuple(ItemState))]
    )
    task = select(Task.id).where(Task.item_id == Item.id)
    case = select(Complaint.id).where(Complaint.item_id == Item.id)
    place = select(Sighting.id).where(Sighting.item_id == Item.id)
    unsettled = and_(Item.state == ItemState.NEW, Item.received_at < now - SETTLING)
    unasked = and_(Item.state == ItemState.HELD, ~task.exists())
    is_case = and_(Item.state == ItemState.DONE, Item.reason == ledger.NEW_CASE)
    for kind, condition in (
        ("belum_diproses", unsettled),
        ("tanpa_tugas", unasked),
        ("tidak_tercatat", and_(is_case, ~case.exists(), *asked)),
        ("tanpa_tempat", and_(~place.exists(), *asked)),
    ):
        items = session.scalars(select(Item).where(condition).order_by(Item.id))
        yield from _items(kind, items.all())


def _items(kind: str, items: Sequence[Item]) -> Iterator[Mismatch]:
    for item in items:
        place = word("rekonsiliasi.kiriman", nomor=item.id)
        yield Mismatch(kind, place, item.name, "", item.received_at)
