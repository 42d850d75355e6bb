"""Forms that are typed in and not sent yet: saved so that a dropped connection loses nothing, or filled in by a reply.

They belong to one holder of one task and are erased when the task closes: they hold people's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from pipeline.db import SavedForm, Task

LONGEST = 100_000  # characters of all fields together; what is longer could not be sent either

Values = Mapping[str, Sequence[str]]


def put(session: Session, task: Task, holder: str, action: str, values: Values, now: datetime) -> bool:
    """Keep the newest state of one form; nothing of a task that is closed, nor of what is too long. True if kept."""
    kept = {name: [str(one) for one in many] for name, many in values.items()}
    if task.closed_at is not None or sum(len(one) for many in kept.values() for one in many) > LONGEST:
        return False
    row = session.get(SavedForm, (task.id, holder, action), with_for_update=True)
    if row is None:
        row = SavedForm(task_id=task.id, holder=holder, action=action)
        session.add(row)
    row.data, row.saved_at = kept, now
    return True


def of(session: Session, task_id: int, holder: str) -> dict[str, tuple[dict[str, list[str]], datetime]]:
    """{action: (values, when)} of what this holder has not sent yet."""
    rows = session.scalars(select(SavedForm).where(SavedForm.task_id == task_id, SavedForm.holder == holder))
    return {row.action: (dict(row.data), row.saved_at) for row in rows}


def drop(session: Session, task_id: int, holder: str = "", action: str = "") -> None:
    """Forget the forms of a task: all, or one that has been sent."""
    query = delete(SavedForm).where(SavedForm.task_id == task_id)
    if holder:
        mine = or_(SavedForm.holder == holder, SavedForm.holder.startswith(f"{holder}#", autoescape=True))
        query = query.where(mine, SavedForm.action == action)
    session.execute(query)
