"""A Kasubag/Kasi who answers after the case has gone on: the answer is kept as *keterangan susulan*, never refused."""

from __future__ import annotations

from sqlalchemy import update

from pipeline.casefile.erased import is_erased
from pipeline.cases.chain import SYSTEM
from pipeline.cases.core import AlreadyDone
from pipeline.data.tables import Task
from pipeline.office.sop import Act, TaskKind
from pipeline.work import Work

GONE_ON = ("dilanjutkan", "selesai")  # how `cases` closes a question that nobody has answered


def is_welcome(task: Task) -> bool:
    """Whether a question that is closed may still be answered: nobody has, and it was not taken from the one asked."""
    return (
        task.kind is TaskKind.KETERANGAN
        and task.closed_by == SYSTEM.code
        and task.outcome in GONE_ON
    )


def take(work: Work, task: Task, by: str) -> None:
    """Note who answered after all, once; AlreadyDone for a second press."""
    if is_erased(work.session, task.complaint_id):
        raise AlreadyDone(task)
    waiting = update(Task).where(
        Task.id == task.id, Task.closed_by == SYSTEM.code, Task.outcome.in_(GONE_ON)
    )
    taken = work.session.execute(
        waiting.values(closed_by=by, outcome=Act.JAWAB, closed_at=work.now)
    )
    work.session.refresh(task)
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise AlreadyDone(task)
