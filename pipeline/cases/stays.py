"""Langkah 3 is one limit, however often a case comes back to it (SOP: "maks 10 hari" for all of it).

Hides how earlier stays are counted: a further one begins as if its limit had begun that much earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from pipeline.casefile import limits
from pipeline.data.tables import Event, Task
from pipeline.office import clock
from pipeline.office.sop import SUMMED, EventKind
from pipeline.work import Work


def go_on(work: Work, task: Task) -> None:
    """What earlier stays leave to a task that is opened now: its start for counting, and a limit of the Kepala Dinas,
    which is a date and holds."""
    before = earlier(work, task)
    if not before:
        return
    task.counted_from = _begun(work, task, before)
    task.missed_at = max((one.missed_at for one in before if one.missed_at), default=None)
    given = max((one.due_at for one in before if one.extended and one.due_at), default=None)
    if given is not None:
        task.due_at, task.extended = given, True


def earlier(work: Work, task: Task) -> Sequence[Task]:
    """The stays in the same langkah before this one, since the case was recorded or reopened."""
    if task.kind not in SUMMED:
        return ()
    reopened = select(func.max(Event.at)).where(
        Event.complaint_id == task.complaint_id, Event.kind == EventKind.REOPENED
    )
    since = work.session.scalar(reopened)
    query = select(Task).where(
        Task.complaint_id == task.complaint_id,
        Task.kind == task.kind,
        Task.closed_at.is_not(None),
        Task.opened_at < task.opened_at,
    )
    if since is not None:
        query = query.where(Task.opened_at >= since)
    return work.session.scalars(query.order_by(Task.id)).all()


def _begun(work: Work, task: Task, before: Sequence[Task]) -> datetime:
    limit, hours = limits.limit_for(work.settings, task.kind), work.settings.hours
    stays = [(one.opened_at, one.closed_at) for one in before if one.closed_at is not None]
    if limit.unit == "hari":  # calendar days run day and night
        return task.opened_at - sum((end - start for start, end in stays), timedelta())
    worked = sum((clock.elapsed(start, end, hours) for start, end in stays), timedelta())
    return clock.begun(task.opened_at, worked, hours)
