"""The history of a complaint as a hash chain, and the daily seal over all heads (DESIGN rule 7).

Hides hashing. An event holds ids, the actor as of then and a salted hash of its payload; the payload stands in a
row of its own, so that it can be erased and the chain stays valid.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.cases.core import Work
from pipeline.config import Petugas
from pipeline.db import Complaint, Event, Payload, Seal, wait_for_writers
from pipeline.sop import EventKind

START = "0" * 64


@dataclass(frozen=True)
class Actor:
    """Who did it, as of then."""

    code: str
    name: str
    title: str


CITIZEN = Actor("pengadu", "", "Pengadu")
SYSTEM = Actor("sistem", "", "Sistem")


def actor_of(person: Petugas) -> Actor:
    return Actor(person.kode, person.nama, person.jabatan)


@dataclass(frozen=True)
class Head:
    """The last link of a chain."""

    complaint_id: int
    seq: int
    hash: str


def _digest(value: object) -> str:
    return sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _payload_hash(salt: str, data: dict[str, Any]) -> str:
    return _digest([salt, data])


def _event_hash(event: Event) -> str:
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return _digest(
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
    seq, at, previous = (last.seq + 1, max(work.now, last.at), last.hash) if last else (1, work.now, START)
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


def heads(session: Session, until: int | None = None) -> list[Head]:
    """The last event of every chain, by complaint; only events up to id `until` when given."""
    last = select(Event.complaint_id, func.max(Event.seq).label("seq")).group_by(Event.complaint_id)
    if until is not None:
        last = last.where(Event.id <= until)
    newest = last.subquery()
    rows = session.execute(
        select(Event.complaint_id, Event.seq, Event.hash)
        .join(newest, (Event.complaint_id == newest.c.complaint_id) & (Event.seq == newest.c.seq))
        .order_by(Event.complaint_id)
    )
    return [Head(*row) for row in rows]


def _seal_hash(day: date, previous: str, rows: list[Head]) -> str:
    return _digest([day.isoformat(), previous, [[h.complaint_id, h.seq, h.hash] for h in rows]])


def seal_day(work: Work, day: date) -> Seal | None:
    """Seal a day once: a hash over all heads and the seal before it. None when it, or a later one, is sealed already
    (a clock that was set back must not put a seal before those that stand)."""
    before = work.session.scalars(select(Seal).order_by(Seal.day.desc()).limit(1)).one_or_none()
    if before is not None and before.day >= day:
        return None
    wait_for_writers(work.session, Event)  # the seal is over all events up to the newest id
    rows = heads(work.session)
    last = work.session.scalar(select(func.max(Event.id))) or 0
    digest = _seal_hash(day, before.hash if before else START, rows)
    seal = Seal(day=day, sealed_at=work.now, complaints=len(rows), last_event=last, hash=digest)
    work.session.add(seal)
    work.session.flush()
    return seal


def verify(session: Session, complaint: Complaint) -> Iterator[str]:
    """What is wrong with one chain, in words; nothing when it is whole."""
    previous, expected = START, 1
    query = select(Event, Payload).outerjoin(Payload, Payload.event_id == Event.id)
    for event, payload in session.execute(query.where(Event.complaint_id == complaint.id).order_by(Event.seq)):
        place = f"{complaint.number}, peristiwa ke-{event.seq}"
        if event.seq != expected:
            yield f"{place}: peristiwa ke-{expected} hilang"
        if event.previous != previous:
            yield f"{place}: tidak menyambung pada peristiwa sebelumnya"
        if event.hash != _event_hash(event):
            yield f"{place}: isi catatan telah diubah"
        if payload is not None and event.payload_hash != _payload_hash(payload.salt, payload.data):
            yield f"{place}: keterangan peristiwa telah diubah"
        previous, expected = event.hash, event.seq + 1
    if expected == 1:
        yield f"{complaint.number}: tidak mempunyai riwayat"


def _verify_seals(session: Session) -> Iterator[str]:
    previous = START
    for seal in session.scalars(select(Seal).order_by(Seal.day)):
        if seal.hash != _seal_hash(seal.day, previous, heads(session, seal.last_event)):
            yield f"Segel {seal.day.isoformat()}: riwayat tidak sama dengan saat disegel"
        previous = seal.hash


def audit(session: Session) -> Iterator[tuple[str, list[str]]]:
    """(register number, faults) for every complaint in order, then ("segel", faults) for the daily seals."""
    for complaint in session.scalars(select(Complaint).order_by(Complaint.id)):
        yield complaint.number, list(verify(session, complaint))
    yield "segel", list(_verify_seals(session))
