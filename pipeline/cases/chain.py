"""The history of a complaint as a hash chain, and the daily seal over all that is new (DESIGN rule 7).

Hides hashing. An event holds ids, the actor as of then and a salted hash of its payload; the payload stands in a
row of its own, so that it can be erased and the chain stays valid.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from pipeline.cases.witness import START, digest
from pipeline.data.engine import exclusive, reading, wait_for_writers, writing
from pipeline.data.tables import Complaint, Event, Item, Payload, Seal, Witness
from pipeline.office.config import Petugas
from pipeline.office.sop import MACHINE, EventKind
from pipeline.office.words import word
from pipeline.work import Work


@dataclass(frozen=True)
class Actor:
    """Who did it, as of then."""

    code: str
    name: str
    title: str


CITIZEN = Actor("pengadu", "", "Pengadu")
SYSTEM = Actor(MACHINE, "", "Sistem")


def actor_of(person: Petugas) -> Actor:
    return Actor(person.kode, person.nama, person.jabatan)


def _payload_hash(salt: str, data: dict[str, Any]) -> str:
    return digest([salt, data])


def _event_hash(event: Event) -> str:
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return digest(
        [
            event.complaint_id,
            event.seq,
            at,
            str(event.kind),
            event.actor,
            event.actor_name,
            event.actor_title,
            event.task_id,
            event.payload_hash,
            event.previous,
        ]
    )


def begin(work: Work, complaint: Complaint, actor: Actor, **data: object) -> Event:
    """The first event of a complaint that was made just now: it was received."""
    return _append(work, complaint, EventKind.RECEIVED, actor, None, data, 1, work.now, START)


def log(
    work: Work,
    complaint: Complaint,
    kind: EventKind,
    actor: Actor,
    task_id: int | None = None,
    **data: object,
) -> Event:
    """Append one event to the complaint's chain; `data` is its payload (JSON values, personal ones welcome)."""
    newest = select(Event.seq, Event.at, Event.hash).where(Event.complaint_id == complaint.id)
    last = work.session.execute(newest.order_by(Event.seq.desc()).limit(1)).one_or_none()
    seq, at, previous = (
        (last.seq + 1, max(work.now, last.at), last.hash) if last else (1, work.now, START)
    )
    return _append(work, complaint, kind, actor, task_id, data, seq, at, previous)


def _append(
    work: Work,
    complaint: Complaint,
    kind: EventKind,
    actor: Actor,
    task_id: int | None,
    data: dict[str, object],
    seq: int,
    at: datetime,
    previous: str,
) -> Event:
    salt = secrets.token_hex(16)
    event = Event(
        complaint_id=complaint.id,
        seq=seq,
        at=at,
        kind=kind,
        actor=actor.code,
        actor_name=actor.name,
        actor_title=actor.title,
        task_id=task_id,
        payload_hash=_payload_hash(salt, data),
        previous=previous,
    )
    event.hash = _event_hash(event)
    work.session.add(Payload(event=event, salt=salt, data=data))
    return event


@dataclass(frozen=True)
class Reach:
    """Up to which ids a seal goes."""

    item: int
    event: int
    witness: int


def reach_of(seal: Seal | None) -> Reach:
    """Nothing for no seal. One of before the witnesses covers events alone."""
    return (
        Reach(seal.last_item or 0, seal.last_event, seal.last_witness or 0)
        if seal is not None
        else Reach(0, 0, 0)
    )


def seal_hash(seal: Seal, previous: str, content: Sequence[str]) -> str:
    """`content`: the digests of items, events and witnesses that are new since the seal before."""
    reach = [seal.last_item, seal.last_event, seal.last_witness]
    return digest(
        [seal.day, seal.number, seal.sealed_at, seal.complaints, previous, reach, list(content)]
    )


def _new_since(session: Session, before: Reach, until: Reach) -> list[str]:
    """The digests of what is new, each over ids and hashes in their order."""
    parts = (
        select(Item.id, Item.sha256)
        .where(Item.id > before.item, Item.id <= until.item)
        .order_by(Item.id),
        select(Event.id, Event.hash)
        .where(Event.id > before.event, Event.id <= until.event)
        .order_by(Event.id),
        select(Witness.id, Witness.hash)
        .where(Witness.id > before.witness, Witness.id <= until.witness)
        .order_by(Witness.id),
    )
    return [_over(session.execute(query.execution_options(yield_per=5000))) for query in parts]


def _over(rows: Iterable[Any]) -> str:
    found = sha256()
    for row_id, one in rows:
        found.update(f"{row_id}:{one};".encode())
    return found.hexdigest()


@dataclass(frozen=True)
class Gathered:
    """What a seal is to be over, read before its transaction: the seal before, up to which ids, and their digests."""

    before: Seal | None
    until: Reach
    complaints: int
    content: list[str]


def gather(engine: Engine, day: date) -> Gathered | None:
    """Read all that is new since the last seal while others write on: rows are only ever added. None when the day, or a
    later one, is sealed already."""
    with reading(engine) as session:
        if _is_sealed(last_seal(session), day):
            return None
    until = _settled(engine)
    with reading(engine) as session:
        return _gathered(session, until)


def _settled(engine: Engine) -> Reach:
    """Ids below which no row can come any more: a moment's wait for who writes just now (PostgreSQL)."""
    with writing(engine) if engine.dialect.name == "postgresql" else reading(engine) as session:
        return _reached(session)


def _reached(session: Session) -> Reach:
    for table in (
        Item,
        Event,
        Witness,
    ):  # in the order in which a mail writes them: nobody waits for each other
        wait_for_writers(session, table)
    return Reach(
        *(session.scalar(select(func.max(table.id))) or 0 for table in (Item, Event, Witness))
    )


def _gathered(session: Session, until: Reach) -> Gathered:
    before = last_seal(session)
    since = reach_of(before)
    begun = select(func.count()).where(
        Event.seq == 1, Event.id > since.event, Event.id <= until.event
    )
    complaints = (before.complaints if before else 0) + (session.scalar(begun) or 0)
    return Gathered(before, until, complaints, _new_since(session, since, until))


def last_seal(session: Session) -> Seal | None:
    return session.scalars(select(Seal).order_by(Seal.day.desc()).limit(1)).one_or_none()


def _is_sealed(before: Seal | None, day: date) -> bool:
    """A clock that was set back must not put a seal before those that stand."""
    return before is not None and before.day >= day


def seal_day(work: Work, day: date, found: Gathered | None = None) -> Seal | None:
    """Seal a day once: a hash over all that is new since the seal before, and over that seal. None when it, or a later
    one, is sealed already. `found`: what `gather` has read, so that this transaction is short."""
    session = work.session
    exclusive(session, "segel")
    before = last_seal(session)
    if _is_sealed(before, day):
        return None
    is_current = found is not None and _hash_of(found.before) == _hash_of(before)
    new = found if found is not None and is_current else _gathered(session, _reached(session))
    seal = Seal(
        day=day,
        number=1 + (session.scalar(select(func.count()).select_from(Seal)) or 0),
        sealed_at=work.now,
        complaints=new.complaints,
        last_item=new.until.item,
        last_event=new.until.event,
        last_witness=new.until.witness,
    )
    seal.hash = seal_hash(seal, _hash_of(before), new.content)
    session.add(seal)
    session.flush()
    return seal


def _hash_of(seal: Seal | None) -> str:
    return seal.hash if seal is not None else START


def verify(session: Session, complaint: Complaint) -> Iterator[str]:
    """What is wrong with one chain, in words; nothing when it is whole."""
    walk = Walk()
    query = select(Event, Payload).outerjoin(Payload, Payload.event_id == Event.id)
    for event, payload in session.execute(
        query.where(Event.complaint_id == complaint.id).order_by(Event.seq)
    ):
        walk.step(event, payload)
    yield from (f"{complaint.number}, {fault}" for fault in walk.faults.get(complaint.id, ()))
    if complaint.id not in walk.heads:
        yield f"{complaint.number}: {word('audit.tanpa_riwayat')}"


@dataclass
class Walk:
    """Chains as far as their events were seen, each in its order; many at once."""

    heads: dict[int, tuple[int, str]] = field(default_factory=dict)  # complaint: seq, hash
    faults: dict[int, list[str]] = field(default_factory=dict)
    wordless: dict[int, list[int]] = field(default_factory=dict)  # events whose payload is gone
    erased: dict[int, int] = field(default_factory=dict)  # complaint: the event that says so

    def step(self, event: Event, payload: Payload | None) -> None:
        """The next event of its chain."""
        seq, previous = self.heads.get(event.complaint_id, (0, START))
        self._check(event, "hilang_peristiwa", event.seq == seq + 1, ke=seq + 1)
        self._check(event, "sambungan", event.previous == previous)
        self._check(event, "peristiwa", event.hash == _event_hash(event))
        if payload is None:
            self.wordless.setdefault(event.complaint_id, []).append(event.seq)
        else:
            same = event.payload_hash == _payload_hash(payload.salt, payload.data)
            self._check(event, "keterangan", same)
        if event.kind is EventKind.ERASED:
            self.erased[event.complaint_id] = event.seq
        self.heads[event.complaint_id] = (event.seq, event.hash)

    def _check(self, event: Event, key: str, good: bool, **values: object) -> None:
        if not good:
            text = word("audit.tempat", urut=event.seq, apa=word(f"audit.{key}", **values))
            self.faults.setdefault(event.complaint_id, []).append(text)

    def unexplained(self, complaint_id: int) -> list[int]:
        """Events whose words are gone although no erasure after them says so."""
        until = self.erased.get(complaint_id, 0)
        return [seq for seq in self.wordless.get(complaint_id, ()) if seq > until]
