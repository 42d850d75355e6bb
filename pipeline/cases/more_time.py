"""More time for a task, and another calendar: limits that are moved by a person, by office hours or by holidays.

Hides what moves along with a limit (questions within langkah 2), how far one may be moved, and who is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from pipeline.casefile import limits
from pipeline.cases.chain import SYSTEM, actor_of, log
from pipeline.cases.core import AlreadyDone, locked
from pipeline.cases.input import Invalid
from pipeline.cases.tasks import (
    due,
    due_of_question,
    fresh_links,
    limit_of,
    next_reminder,
    questions_beside,
    resume,
)
from pipeline.data.tables import Complaint, Event, Task
from pipeline.notices import citizen
from pipeline.notices.tasks import extended
from pipeline.office import clock
from pipeline.office.clock import Limit
from pipeline.office.config import Petugas
from pipeline.office.sop import BESIDE, EventKind, Stage, TaskKind
from pipeline.office.words import word
from pipeline.work import Work


def extend(
    work: Work, task: Task, complaint: Complaint, by: Petugas, until: datetime, reason: str
) -> None:
    """Another limit with a reason, by the Kepala Dinas; who holds the task hears of it, and who was asked within this
    limit, for whom it moves along. Invalid for one that is over or too far off, and for an earlier one, save where it
    was extended before: a slip of the finger is corrected so."""
    if task.closed_at is not None:
        raise AlreadyDone(task)
    asked = questions_beside(work, task) if task.kind is TaskKind.KLARIFIKASI else ()
    _refuse_limit(work, task, until, max(_begun(work, one) for one in (task, *asked)))
    if task.paused_at is not None:
        for one in (task, *asked):
            resume(work, one)
    was_late = task.due_at is not None and task.due_at < work.now
    _set_limit(work, task, until)
    moved = [task, *_moved_along(work, asked, until)]
    data = {"waktu": until.isoformat(), "teks": reason, "tugas": str(task.kind)}
    if was_late and task.missed_at is not None:
        data["lewat"] = task.missed_at.isoformat()
    log(work, complaint, EventKind.EXTENDED, actor_of(by), task.id, **data)
    for one in moved:
        _tell_of_limit(work, complaint, one, by, reason)
    if task.kind not in BESIDE:
        _tell_pengadu(work, complaint, limits.later_answer(work.settings, task, until))


def _tell_of_limit(work: Work, complaint: Complaint, task: Task, by: Petugas, reason: str) -> None:
    for person, link_id in fresh_links(work, task):
        if person.kode != by.kode:
            extended(work, complaint, task, person, link_id, reason)


def _moved_along(work: Work, asked: Iterable[Task], until: datetime) -> list[Task]:
    """The questions of langkah 2 whose own limits have moved with it."""
    moved = []
    for question in asked:
        theirs = _share_until(work, question, until)
        if _moves_along(work, question, theirs):
            _set_limit(work, question, theirs)
            moved.append(question)
    return moved


def _refuse_limit(work: Work, task: Task, until: datetime, begun: datetime) -> None:
    """Invalid for a limit that is over, earlier than the one that nobody has moved yet, or too far off. A limit before
    its own beginning is over, too, whatever a clock says that was set back since."""
    earlier = task.due_at is not None and until < task.due_at
    if until <= begun or (earlier and not task.extended):
        raise Invalid({"sampai": word("galat.waktu_mundur")})
    if until > farthest(work, task):
        days = work.settings.sop.perpanjangan_hari_kerja
        raise Invalid({"sampai": word("galat.waktu_jauh", hari=days)})


def _begun(work: Work, task: Task) -> datetime:
    """From when on a limit is given anew: now, but never before its task was there."""
    return max(work.now, task.counted_from or task.opened_at)


def _share_until(work: Work, question: Task, until: datetime) -> datetime:
    """By when a unit answers that was asked within a limit which ends then, as of now."""
    hours = work.settings.hours
    begun = _begun(work, question)
    own = limits.share(work.settings, clock.elapsed(begun, until, hours))
    return min(clock.after(begun, own, hours), until) if own else until


def _moves_along(work: Work, question: Task, theirs: datetime) -> bool:
    """Whether a question follows the limit of who asks; a later one that the head gave to this unit itself stays."""
    own = select(Event.id).where(Event.task_id == question.id, Event.kind == EventKind.EXTENDED)
    is_given = work.session.scalars(own.limit(1)).first() is not None
    return not is_given or question.due_at is None or question.due_at < theirs


def _set_limit(work: Work, task: Task, until: datetime) -> None:
    """Another limit; one that had passed stays known."""
    if task.due_at is not None and task.due_at < work.now:
        task.missed_at = task.missed_at or task.due_at
    task.first_due_at = task.first_due_at or task.due_at
    task.due_at, task.extended = until, True
    task.remind_at = until


def _tell_pengadu(work: Work, complaint: Complaint, answer: datetime) -> None:
    """The new day, to whoever waits for this answer: also those whose complaints are merged into it."""
    waiting = select(Complaint).where(
        Complaint.parent_id == complaint.id, Complaint.stage == Stage.DIGABUNG
    )
    for one in (complaint, *work.session.scalars(waiting.order_by(Complaint.id)).all()):
        if one.email:
            citizen.extended(work, one, answer)


def farthest(work: Work, task: Task) -> datetime:
    """The latest limit that may be given at once: so many office days from now, or from what the SOP gives."""
    begin = max(work.now, _counted(work, task) or work.now)
    limit = Limit(work.settings.sop.perpanjangan_hari_kerja, "hari kerja")
    end: datetime = clock.due(begin, limit, work.settings.hours)
    return work.settings.hours.local(end).replace(hour=23, minute=59, second=59)


def recount(work: Work, reason: str) -> int:
    """Count the limits of all open tasks anew, after the calendar has changed; how many moved. A stopped clock keeps
    its minutes, a limit that the Kepala Dinas has set is a date and stays."""
    moved = 0
    query = select(Task).where(
        Task.closed_at.is_(None),
        Task.due_at.is_not(None),
        Task.paused_at.is_(None),
        Task.extended.is_(False),
    )
    for task in work.session.scalars(query.order_by(Task.complaint_id, Task.id)).all():
        complaint = locked(work, task.complaint_id) if task.complaint_id else None
        work.session.refresh(task)
        due = _counted(work, task)
        if task.closed_at is not None or due is None or due == task.due_at:
            continue
        task.due_at = due
        if task.remind_at is not None:
            task.remind_at = (
                min(task.remind_at, due)
                if due > work.now
                else next_reminder(work.settings, task, work.now)
            )
        moved += 1
        if complaint is not None:
            log(
                work,
                complaint,
                EventKind.RESCHEDULED,
                SYSTEM,
                task.id,
                waktu=due.isoformat(),
                teks=reason,
                tugas=str(task.kind),
            )
    return moved


def _counted(work: Work, task: Task) -> datetime | None:
    """The due time as it is counted from the start, with what a pause gave back."""
    if task.kind is TaskKind.KETERANGAN:
        return due_of_question(work, task)
    limit = limit_of(work.settings, task.kind)
    if limit is None or limit.working_time is None:
        return None if limit is None or task.paused_minutes else due(work, task)
    if not task.paused_minutes:
        return due(work, task)
    minutes = int(limit.working_time.total_seconds() // 60) + task.paused_minutes
    return clock.due(task.opened_at, Limit(minutes, "menit"), work.settings.hours)
