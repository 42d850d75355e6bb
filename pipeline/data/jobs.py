"""Slow work as rows: LibreOffice, letters, page pictures. Hides retrying, and that two workers may want one job.

A job is put in the caller's transaction, claimed by one worker, worked on outside any transaction, and finished in
the very transaction that keeps what was made: killed before it, the work is done again; after it, never. It is named
by its kind and the row it is about, so the same job never stands there twice. Put again while it runs, it is asked
for once more: what the run under way has made is out of date, and is not kept.

A claim is a lease of the database's: it ends with the process that has it, so that a job is not lost for a while
when a worker is killed. Should a lease be lost, `finish` still lets only one of two workers keep its result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipeline.data.engine import lease, reading, writing
from pipeline.data.states import JobKind, JobState
from pipeline.data.tables import Job

PAUSES = (timedelta(seconds=10), timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=2))


class Overtaken(Exception):
    """The job was put again, finished by another worker, or taken away, while it was worked on: nothing is to be kept.

    The transaction is rolled back; a job that was put again is due."""


@dataclass(frozen=True)
class Claimed:
    """A job that this worker has: which, about what row, and the how-manieth asking is being answered."""

    id: int
    kind: JobKind
    subject_id: int
    asked: int
    attempts: int = 0  # how often it has failed before


def put(session: Session, kind: JobKind, subject_id: int, now: datetime) -> None:
    """A job of this kind about this row; one that was done, given up or is being done is started anew."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.flush()  # the row that it is about comes first
    row = dialect.insert(Job).values(
        kind=kind, subject_id=subject_id, next_at=now, state=JobState.DUE, error=""
    )
    again = {
        "state": JobState.DUE,
        "attempts": 0,
        "next_at": now,
        "error": "",
        "asked": Job.asked + 1,
    }
    session.execute(row.on_conflict_do_update(index_elements=["kind", "subject_id"], set_=again))


def delay(session: Session, kinds: Collection[JobKind], subject_id: int, until: datetime) -> None:
    """Let jobs about this row that are due wait until then."""
    waiting = (
        Job.subject_id == subject_id,
        Job.kind.in_(kinds),
        Job.state == JobState.DUE,
        Job.next_at < until,
    )
    later = update(Job).where(*waiting).values(next_at=until)
    session.execute(later.execution_options(synchronize_session=False))


def due(session: Session, kind: JobKind, now: datetime) -> list[Job]:
    """Jobs of a kind whose time has come, oldest first."""
    query = select(Job).where(Job.state == JobState.DUE, Job.kind == kind, Job.next_at <= now)
    return list(session.scalars(query.order_by(Job.id)))


def state_of(session: Session, kind: JobKind, subject_id: int) -> JobState | None:
    """How far a job is; None where it was never put, or has been swept."""
    return session.scalar(select(Job.state).where(Job.kind == kind, Job.subject_id == subject_id))


def is_failing(session: Session, kind: JobKind, subject_id: int) -> bool:
    """Whether the last try of a job went wrong and nothing has been made since."""
    row = select(Job.id).where(
        Job.kind == kind, Job.subject_id == subject_id, Job.state != JobState.DONE, Job.error != ""
    )
    return session.scalar(row) is not None


@contextmanager
def claimed(engine: Engine, job_id: int) -> Iterator[Claimed | None]:
    """Have a job for as long as the block runs; None where another worker has it, or it is not due any more.

    On SQLite a kind has one worker at a time, so that the folder does not fill with the files of leases.
    """
    with reading(engine) as session:
        job = session.get(Job, job_id)
    if job is None:
        yield None
        return
    name = f"job-{job.kind}-{job_id}" if engine.dialect.name == "postgresql" else f"job-{job.kind}"
    with lease(engine, name) as mine:
        if not mine:
            yield None
            return
        with reading(
            engine
        ) as session:  # only now: another may have finished it before the lease was ours
            job = session.get(Job, job_id)
        there = job is not None and job.state == JobState.DUE
        yield (
            Claimed(job.id, job.kind, job.subject_id, job.asked, job.attempts)
            if job is not None and there
            else None
        )


@contextmanager
def finishing(engine: Engine, job: Claimed) -> Iterator[Session]:
    """One write transaction that keeps what a job has made and marks it done; Overtaken, and nothing is kept, where
    the result is no longer wanted."""
    with writing(engine) as session:
        yield session
        finish(session, job)


def finish(session: Session, job: Claimed) -> None:
    """Mark a job as done, last in the transaction that keeps its result: the case is locked before the job, as in all
    that puts one. Overtaken as above."""
    session.flush()
    still = (Job.id == job.id, Job.state == JobState.DUE, Job.asked == job.asked)
    done = session.execute(
        update(Job)
        .where(*still)
        .values(state=JobState.DONE, error="")
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Overtaken(f"{job.kind} {job.subject_id}")


def failed(session: Session, job: Claimed, error: str, now: datetime, *, tries: int = 0) -> int:
    """Note a failure and plan the next try, in growing pauses, the last of them again and again; given up after so
    many `tries`, if any. A job that was put again meanwhile is due at once. How often it has
    failed; 0 where that is no matter any more."""
    query = (
        select(Job)
        .where(Job.id == job.id, Job.asked == job.asked, Job.state == JobState.DUE)
        .with_for_update()
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        return 0
    row.attempts += 1
    row.error = error[:500]
    if 0 < tries <= row.attempts:
        row.state = JobState.DEAD
    else:
        row.next_at = now + PAUSES[min(row.attempts, len(PAUSES)) - 1]
    return row.attempts


def drop(session: Session, kinds: Collection[JobKind], subject_ids: Collection[int]) -> None:
    """Take jobs away whose row is to be erased; one that is being done keeps nothing."""
    gone = delete(Job).where(Job.kind.in_(kinds), Job.subject_id.in_(subject_ids))
    session.execute(gone.execution_options(synchronize_session=False))


def sweep(session: Session, before: datetime, most: int) -> int:
    """Forget jobs that were done, and were last due before then; how many."""
    old = select(Job.id).where(Job.state == JobState.DONE, Job.next_at < before).limit(most)
    return session.execute(delete(Job).where(Job.id.in_(old))).rowcount  # type: ignore[attr-defined,no-any-return]
