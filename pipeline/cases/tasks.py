"""Tasks: opening one with its limit, links and mail; closing it once; pausing; reminding.

Hides the arithmetic of limits. A task closes by a conditional update, so that of two people who press at once one
acts and the other is told who did.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from pipeline import clock, jobs, links, notices, saved
from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.core import AlreadyDone, Work, locked
from pipeline.clock import Limit
from pipeline.config import Petugas, Settings
from pipeline.db import Complaint, Item, Task
from pipeline.sop import LANGKAH_OF_TASK, ROLE_OF, EventKind, Role, TaskKind

FRESH_DRAFT = "konsep"  # job kinds
FINAL_FORM = "akhir"
MAKE_PDF = "pdf"
WAIT_FOR_PENGADU = Limit(3, "hari kerja")


def limit_of(settings: Settings, kind: TaskKind) -> Limit | None:
    """The Waktu of a task: its langkah's (SOP), the signature's own; none for a closed complaint."""
    if kind is TaskKind.ARSIP:
        return None
    if kind is TaskKind.TANDA_TANGAN:
        return clock.parse_limit(settings.sop.waktu_tanda_tangan)
    return settings.sop.langkah[LANGKAH_OF_TASK[kind] - 1].limit


def holders(settings: Settings, task: Task) -> tuple[Petugas, ...]:
    """Who may act on the task: its one holder, or everybody of its role."""
    if task.holder:
        person = settings.person(task.holder)
        return (settings.present(person),) if person else ()
    return settings.holders(*ROLE_OF[task.kind])


def tasks_of(session: Session, settings: Settings, code: str) -> list[Task]:
    """The open tasks that this person may act on now and that ask for something, the most urgent first."""
    mine = {role for role in Role if code in {p.kode for p in settings.holders(role)}}
    kinds = [kind for kind in TaskKind if kind is not TaskKind.ARSIP and mine & set(ROLE_OF[kind])]
    named = [p.kode for p in settings.petugas if settings.present(p).kode == code]
    query = select(Task).where(
        Task.closed_at.is_(None),
        Task.kind != TaskKind.ARSIP,
        or_(and_(Task.holder == "", Task.kind.in_(kinds)), Task.holder.in_(named)),
    )
    return list(session.scalars(query.order_by(Task.due_at.is_(None), Task.due_at, Task.id)))


def half_way(opened: datetime, limit: Limit, settings: Settings) -> datetime:
    """When half of a limit is used: the first reminder."""
    working = limit.working_time
    if working is not None:
        minutes = max(1, int(working.total_seconds() // 120))
        return clock.due(opened, Limit(minutes, "menit"), settings.hours)
    if limit.amount < 2:
        return clock.next_workday(opened, settings.hours)
    middle = clock.due(opened, Limit(limit.amount // 2, limit.unit), settings.hours)
    return clock.next_workday(middle, settings.hours)


def _due(work: Work, task: Task) -> datetime | None:
    limit = limit_of(work.settings, task.kind)
    if task.kind is TaskKind.KETERANGAN:  # shares the limit of the Sekretaris who asks, while that runs
        asking = open_task_of(work, task.complaint_id, TaskKind.KLARIFIKASI)
        if asking is not None and asking.due_at is not None and asking.due_at > task.opened_at:
            return asking.due_at
    return clock.due(task.opened_at, limit, work.settings.hours) if limit else None


def open_task(
    work: Work,
    complaint: Complaint,
    kind: TaskKind,
    *,
    holder: str = "",
    note: str = "",
    after: str = "",
) -> Task:
    """Ask somebody for the next thing: the row with its due time, a link for each holder, the mails.

    `after` names the job that the mails wait for: it makes the letter that goes with them.
    """
    task = Task(complaint_id=complaint.id, kind=kind, holder=holder, note=note, opened_at=work.now)
    start(work, task)
    if after:
        jobs.put(work.session, after, complaint.id, work.now)
    else:
        tell_holders(work, complaint, task)
    return task


def open_item_task(work: Work, item: Item, kind: TaskKind, note: str) -> Task:
    """Ask the JFU to look at something that arrived and is no complaint yet (a scan, a held mail); once an item."""
    there = select(Task).where(Task.item_id == item.id, Task.kind == kind, Task.closed_at.is_(None))
    existing = work.session.scalars(there).first()
    if existing is not None:
        return existing
    task = Task(item_id=item.id, kind=kind, note=note, opened_at=work.now)
    start(work, task)
    for person, link_id in fresh_links(work, task):
        notices.item_task(work.session, work.settings, work.now, item, task, person, link_id)
    return task


def start(work: Work, task: Task) -> None:
    """Set the due time and the first reminder; the row has no id before the next flush."""
    task.due_at = _due(work, task)
    limit = limit_of(work.settings, task.kind)
    if task.due_at and limit:
        task.remind_at = min(half_way(work.now, limit, work.settings), task.due_at)
    work.session.add(task)


def links_for(work: Work, tasks: Sequence[Task]) -> list[tuple[Task, Petugas, int]]:
    """A new link for each who may act on one of the tasks, task by task."""
    wanted = [(task, person) for task in tasks for person in holders(work.settings, task)]
    pairs = [(task, person.kode) for task, person in wanted]
    issued = links.issue(work.session, pairs, work.now, work.settings.web.link_days)
    return [(task, person, link_id) for (task, person), link_id in zip(wanted, issued, strict=True)]


def fresh_links(work: Work, task: Task) -> list[tuple[Petugas, int]]:
    """A new link for each who may act on the task."""
    return [(person, link_id) for _, person, link_id in links_for(work, [task])]


def window(work: Work, complaint: Complaint, clerk: Petugas) -> int | None:
    """A fresh link for a JFU who is told something and has no task in the case now: it opens their langkah 1, which
    shows how the case stands and leads to the book and to the form for those who come in person."""
    mine = select(Task).where(Task.complaint_id == complaint.id, Task.kind == TaskKind.CATAT).order_by(Task.id.desc())
    task = work.session.scalars(mine).first()
    if task is None:
        return None
    return links.issue(work.session, [(task, clerk.kode)], work.now, work.settings.web.link_days)[0]


def tell_holders(work: Work, complaint: Complaint, task: Task) -> None:
    """A fresh link and the mail of the task for each who may act on it."""
    for person, link_id in fresh_links(work, task):
        notices.task(work.session, work.settings, work.now, complaint, task, person, link_id)


def open_task_of(work: Work, complaint_id: int | None, kind: TaskKind) -> Task | None:
    """The open task of this kind, if there is one."""
    query = select(Task).where(Task.complaint_id == complaint_id, Task.kind == kind, Task.closed_at.is_(None))
    return work.session.scalars(query).first()


def current_task(work: Work, complaint_id: int) -> Task | None:
    """The open task that carries the complaint forward; questions to a Kasubag/Kasi are beside it."""
    query = select(Task).where(
        Task.complaint_id == complaint_id, Task.closed_at.is_(None), Task.kind != TaskKind.KETERANGAN
    )
    return work.session.scalars(query.order_by(Task.id.desc())).first()


def close(work: Work, task: Task, by: str, outcome: str) -> None:
    """Close a task once; AlreadyDone when it was closed meanwhile."""
    closed = work.session.execute(
        update(Task)
        .where(Task.id == task.id, Task.closed_at.is_(None))
        .values(closed_at=work.now, closed_by=by, outcome=outcome, remind_at=None)
    )
    work.session.refresh(task)
    saved.drop(work.session, task.id)
    if closed.rowcount != 1:  # type: ignore[attr-defined]
        raise AlreadyDone(task)


def close_rest(work: Work, complaint: Complaint, outcome: str) -> None:
    """Close what is still open on a complaint whose stage has changed (a late Kasubag/Kasi, say)."""
    for task in work.session.scalars(
        select(Task).where(Task.complaint_id == complaint.id, Task.closed_at.is_(None))
    ).all():
        close(work, task, SYSTEM.code, outcome)


def held_items(session: Session) -> list[Item]:
    """What could not be read and nobody has settled yet, oldest first."""
    open_task = select(Task.id).where(Task.item_id == Item.id, Task.kind == TaskKind.TERTAHAN, Task.closed_at.is_(None))
    return list(session.scalars(select(Item).where(Item.state == "held", open_task.exists()).order_by(Item.id)))


def close_item(work: Work, item_id: int, outcome: str) -> None:
    """Close the task of an item that settled itself (a held mail that could be read after all)."""
    for task in work.session.scalars(select(Task).where(Task.item_id == item_id, Task.closed_at.is_(None))).all():
        close(work, task, SYSTEM.code, outcome)


def pause(work: Work, task: Task) -> None:
    """Stop the clock of a task (SOP, Reading: while the pengadu is asked). What is late already stays late."""
    if task.paused_at is not None:
        return
    if task.due_at is not None and task.due_at > work.now:
        left = clock.elapsed(work.now, task.due_at, work.settings.hours)
        task.left_minutes = -(-int(left.total_seconds()) // 60)  # in the office's favour
        task.due_at = None
    task.paused_at, task.remind_at = work.now, _patience(work)


def _patience(work: Work) -> datetime:
    """The morning after the days on which the pengadu's answer is waited for in silence."""
    hours = work.settings.hours
    return clock.next_workday(clock.due(work.now, WAIT_FOR_PENGADU, hours), hours)


def resume(work: Work, task: Task) -> None:
    """Start the clock again with what was left."""
    if task.paused_at is None:
        return
    stood_still = clock.elapsed(task.paused_at, work.now, work.settings.hours)
    task.paused_minutes += int(stood_still.total_seconds() // 60)
    if task.left_minutes is not None:
        task.due_at = clock.due(work.now, Limit(max(task.left_minutes, 1), "menit"), work.settings.hours)
    task.paused_at, task.left_minutes = None, None
    task.remind_at = next_reminder(work.settings, task, work.now)


def next_reminder(settings: Settings, task: Task, now: datetime) -> datetime | None:
    """After half time comes the limit itself, then every office day."""
    if task.due_at is None:
        return None
    return task.due_at if task.due_at > now else clock.next_workday(now, settings.hours)


def remind(work: Work, task_id: int) -> bool:
    """Remind the holders of one task if it is still due for it, inside office hours; True if mails went out."""
    task = work.session.get_one(Task, task_id)
    complaint = locked(work, task.complaint_id) if task.complaint_id else None
    work.session.refresh(task, with_for_update=True)  # after the complaint, in the order of `act`
    if task.closed_at or task.remind_at is None or task.remind_at > work.now:
        return False
    if not work.settings.hours.is_open(work.now):
        return False
    if task.paused_at is not None:
        return _still_waiting(work, task, complaint)
    task.reminders += 1
    task.remind_at = next_reminder(work.settings, task, work.now)
    item = work.session.get(Item, task.item_id) if task.item_id else None
    for person, link_id in fresh_links(work, task):
        notices.reminder(work.session, work.settings, work.now, complaint, item, task, person, link_id)
    if complaint is not None:
        log(work, complaint, EventKind.REMINDED, SYSTEM, task.id, ke=task.reminders, tugas=str(task.kind))
    return True


def _still_waiting(work: Work, task: Task, complaint: Complaint | None) -> bool:
    """The pengadu does not answer: the Sekretaris is told every few office days that the case may go on without."""
    if complaint is None:
        return False
    task.remind_at = _patience(work)
    for person, link_id in fresh_links(work, task):
        notices.waiting(work.session, work.settings, work.now, complaint, task, person, link_id)
    return True


def due_for_reminder(work: Work) -> list[int]:
    """Ids of the tasks whose reminder time has come."""
    query = select(Task.id).where(Task.closed_at.is_(None), Task.remind_at <= work.now).order_by(Task.remind_at)
    return list(work.session.scalars(query))
