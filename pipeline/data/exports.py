"""Spreadsheets that somebody has asked for: a row each, filled by a job, kept for a day for the one who asked.

They hold the data of many pengadu on their way to one reader: an erasure empties them all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pipeline.data.tables import Export

KEPT = timedelta(days=1)


def newest(session: Session, person: str, mark: str, wanted: Mapping[str, Any]) -> Export | None:
    """What this person has asked for with these filters already, ready or not."""
    mine = (
        select(Export)
        .where(Export.person == person, Export.mark == mark)
        .order_by(Export.id.desc())
    )
    return next((row for row in session.scalars(mine) if row.wanted == wanted), None)


def add(
    session: Session, person: str, mark: str, task_id: int, wanted: Mapping[str, Any], now: datetime
) -> Export:
    row = Export(person=person, mark=mark, task_id=task_id, wanted=dict(wanted), asked_at=now)
    session.add(row)
    session.flush()
    return row


def fill(row: Export, content: bytes, now: datetime) -> None:
    row.content, row.ready_at = content, now


def drop(session: Session, row: Export) -> None:
    session.delete(row)


def sweep(session: Session, now: datetime) -> int:
    """Forget those of days before; how many."""
    return session.execute(delete(Export).where(Export.asked_at < now - KEPT)).rowcount  # type: ignore[attr-defined,no-any-return]


def forget_of(session: Session, people: Collection[str]) -> None:
    """Those of people who may not read any more what they have asked for."""
    session.execute(
        delete(Export).where(Export.person.in_(people)).execution_options(synchronize_session=False)
    )


def forget_all(session: Session) -> None:
    """Somebody's data are erased, and each of them may hold some."""
    session.execute(delete(Export).execution_options(synchronize_session=False))
