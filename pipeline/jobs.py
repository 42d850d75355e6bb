"""Slow work as rows: LibreOffice, letters, page pictures. Hides retrying.

A job is put in the caller's transaction, found by `due()`, worked on outside any transaction by the poller's jobs
lane, and then marked. It is named by its kind and the row it is about, so the same job is never put twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.db import Job

PAUSES = (timedelta(seconds=10), timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=2))


def put(session: Session, kind: str, subject_id: int, now: datetime) -> None:
    """A job of this kind about this row; one that was done or given up is started anew."""
    row = session.scalar(select(Job).where(Job.kind == kind, Job.subject_id == subject_id))
    if row is None:
        session.add(Job(kind=kind, subject_id=subject_id, next_at=now))
    else:
        row.state, row.attempts, row.next_at, row.error = "due", 0, now, ""


def due(session: Session, kind: str, now: datetime) -> list[Job]:
    """Jobs of a kind whose time has come, oldest first."""
    query = select(Job).where(Job.state == "due", Job.kind == kind, Job.next_at <= now)
    return list(session.scalars(query.order_by(Job.id)))


def done(session: Session, job_id: int) -> None:
    session.get_one(Job, job_id).state = "done"


def failed(session: Session, job_id: int, error: str, now: datetime, *, give_up: bool) -> None:
    """Note a failure and plan the next try, in growing pauses; with `give_up` the last pause is not repeated."""
    row = session.get_one(Job, job_id)
    row.attempts += 1
    row.error = error[:500]
    if give_up and row.attempts > len(PAUSES):
        row.state = "dead"
    else:
        row.next_at = now + PAUSES[min(row.attempts, len(PAUSES)) - 1]
