"""The history of a report of a period: append-only events in a hash chain, as a complaint's, witnessed with the office.

Here and not in `reports`, for `audit` walks it. A report holds no citizen's words, so that its events are never erased
and their words stand in the rows themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.cases.chain import Actor
from pipeline.cases.witness import START, digest
from pipeline.data.tables import Laporan, LaporanEvent
from pipeline.office.words import word
from pipeline.work import Work


def log(
    work: Work, report: Laporan, kind: str, actor: Actor, task_id: int | None = None, **data: object
) -> LaporanEvent:
    """Append one event; `kind` is a word of [peristiwa_laporan], `data` JSON values. The report's row is locked."""
    last = newest(work.session, report.id)
    event = LaporanEvent(
        laporan_id=report.id,
        seq=last.seq + 1 if last else 1,
        at=max(work.now, last.at) if last else work.now,
        kind=kind,
        actor=actor.code,
        actor_name=actor.name,
        actor_title=actor.title,
        task_id=task_id,
        data=data,
        previous=last.hash if last else START,
    )
    event.hash = _hash(event)
    work.session.add(event)
    work.session.flush()
    return event


def newest(session: Session, report_id: int) -> LaporanEvent | None:
    query = select(LaporanEvent).where(LaporanEvent.laporan_id == report_id)
    return session.scalars(query.order_by(LaporanEvent.seq.desc()).limit(1)).first()


def events(session: Session, report_id: int) -> list[LaporanEvent]:
    """Oldest first."""
    query = select(LaporanEvent).where(LaporanEvent.laporan_id == report_id)
    return list(session.scalars(query.order_by(LaporanEvent.seq)))


def _hash(event: LaporanEvent) -> str:
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    who = [event.actor, event.actor_name, event.actor_title]
    return digest(
        [
            event.laporan_id,
            event.seq,
            at,
            event.kind,
            *who,
            event.task_id,
            event.data,
            event.previous,
        ]
    )


def faults(session: Session) -> Iterator[str]:
    """What is wrong with the chains of all reports, in words."""
    names = {key: name for key, name in session.execute(select(Laporan.id, Laporan.name))}  # noqa: C416
    heads: dict[int, tuple[int, str]] = {}
    for event in session.scalars(
        select(LaporanEvent).order_by(LaporanEvent.laporan_id, LaporanEvent.seq)
    ):
        seq, previous = heads.get(event.laporan_id, (0, START))
        whole = event.seq == seq + 1 and event.previous == previous and event.hash == _hash(event)
        if not whole:
            yield word("audit.laporan", laporan=names.get(event.laporan_id, ""), urut=event.seq)
        heads[event.laporan_id] = (event.seq, event.hash)
