"""What every part of `cases` works with: one transaction, the settings, the time; and the ways to be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pipeline.config import Settings
from pipeline.db import Complaint, Counter, Task


@dataclass(frozen=True)
class Work:
    """One write transaction at one moment."""

    session: Session
    settings: Settings
    now: datetime


class AlreadyDone(Exception):
    """Somebody else closed the task first, or the same press came twice. Says who, what and when, also after the
    transaction has ended; empty for a task that is open still."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.id)
        self.by, self.outcome, self.at = task.closed_by, task.outcome, task.closed_at


class Forbidden(Exception):
    """The task does not offer this action to this person now."""


def next_number(work: Work, name: str) -> int:
    """The next value of a gapless counter, taken in this transaction (unique under concurrency on both databases)."""
    step = update(Counter).where(Counter.name == name).values(value=Counter.value + 1)
    for _ in range(2):
        if work.session.execute(step).rowcount:  # type: ignore[attr-defined]
            return work.session.scalars(
                select(Counter.value).where(Counter.name == name).execution_options(populate_existing=True)
            ).one()
        try:
            with work.session.begin_nested():
                work.session.add(Counter(name=name, value=0))
        except IntegrityError:
            continue  # another transaction made the row meanwhile
    step_again = work.session.execute(step).rowcount  # type: ignore[attr-defined]
    assert step_again, f"counter {name} cannot be made"
    return work.session.scalars(select(Counter.value).where(Counter.name == name)).one()


def by_number(work: Work, number: str) -> Complaint | None:
    """The complaint with this register number, however it was typed."""
    return work.session.scalars(select(Complaint).where(Complaint.number == number.strip().upper())).one_or_none()


def locked(work: Work, complaint_id: int) -> Complaint:
    """The complaint, with its row locked until the transaction ends (PostgreSQL; SQLite locks the file)."""
    return work.session.scalars(
        select(Complaint)
        .where(Complaint.id == complaint_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
