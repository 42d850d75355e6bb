"""Tasks: opening one with its limit, links and mail; closing it once; pausing; reminding.

Hides the arithmetic of limits. A task closes by a conditional update, so that of two people who press at once one
acts and the other is told who did.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from pipeline import clock, jobs, links, notices, saved
from pipeline.cases.chain import SYSTEM, actor_of, log
from pipeline.cases.core import AlreadyDone, Work, locked
from pipeline.cases.forms import Invalid
from pipeline.clock import Limit
from pipeline.config import Petugas, Settings
from pipeline.db import Complaint, Digest, Item, Task, exclusive
from pipeline.notices import Asked
from pipeline.sop import BESIDE, ROLE_OF, SUPERIORS, EventKind, Role, TaskKind
from pipeline.words import word

FRESH_DRAFT = "konsep"  # job kinds
FINAL_FORM = "akhir"
COPY = "salinan"  # the letter of a merged complaint
MAKE_PDF = "pdf"
ACCEPTED = "terima"  # how the task about a held mail ends that is taken in as it is
DIGEST_ROWS = 40
WAIT_FOR_PENGADU = Limit(3, "hari kerja")


def limit_of(settings: Settings, kind: TaskKind) -> Limit | None:
    """The Waktu of a task; none for a closed complaint."""
    return None if kind is TaskKind.ARSIP else notices.limit_for(settings, kind)


def holders(settings: Settings, task: Task) -> tuple[Petugas, ...]:
    """Who may act on the task: its one holder, or everybody of its role."""
    if task.holder:
        person = settings.person(task.holder)
        return (settings.present(person),) if person else ()
    return performers(settings, task.kind)


def helpers(settings: Settings, task: Task) -> tuple[Petugas, ...]:
    """Who may hand in for the holders what those have done on paper: a JFU the signed letter, and nothing else."""
    if task.kind is not TaskKind.TANDA_TANGAN:
        return ()
    mine = {p.kode for p in holders(settings, task)}
    return tuple(p for p in settings.holders(Role.JFU) if p.kode not in mine)


def performers(settings: Settings, kind: TaskKind) -> tuple[Petugas, ...]:
    """Who does tasks of this kind now, where they are not one person's."""
    return settings.signers if kind is TaskKind.TANDA_TANGAN else settings.holders(*ROLE_OF[kind])


def tasks_of(session: Session, settings: Settings, code: str) -> list[Task]:
    """The open tasks that this person may act on now and that ask for something, the most urgent first."""
    kinds = [kind for kind in TaskKind if code in {p.kode for p in performers(settings, kind)}]
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
    asked = [Asked(complaint, task, person, link_id) for person, link_id in fresh_links(work, task)]
    notices.tasks(work.session, work.settings, work.now, asked)


def tell_helpers(work: Work, complaint: Complaint, task: Task) -> None:
    """A link for each who may hand in the signed paper, where the office signs on paper."""
    if work.settings.surat.jangkar or work.settings.surat.pkcs12:
        return
    people = helpers(work.settings, task)
    issued = links.issue(work.session, [(task, p.kode) for p in people], work.now, work.settings.web.link_days)
    for person, link_id in zip(people, issued, strict=True):
        notices.may_hand_in(work.session, work.settings, work.now, complaint, task, person, link_id)


def open_task_of(work: Work, complaint_id: int | None, kind: TaskKind) -> Task | None:
    """The open task of this kind, if there is one."""
    query = select(Task).where(Task.complaint_id == complaint_id, Task.kind == kind, Task.closed_at.is_(None))
    return work.session.scalars(query).first()


def current_task(work: Work, complaint_id: int) -> Task | None:
    """The open task that carries the complaint forward, without those beside it."""
    query = select(Task).where(Task.complaint_id == complaint_id, Task.closed_at.is_(None), Task.kind.not_in(BESIDE))
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


def close_rest(work: Work, complaint: Complaint, outcome: str, keep: Collection[TaskKind] = ()) -> None:
    """Close what is still open on a complaint whose stage has changed (a late Kasubag/Kasi, say)."""
    query = select(Task).where(Task.complaint_id == complaint.id, Task.closed_at.is_(None))
    for task in work.session.scalars(query.where(Task.kind.not_in(keep))).all():
        close(work, task, SYSTEM.code, outcome)


def held_items(session: Session) -> list[Item]:
    """What could not be read and nobody has settled yet, oldest first."""
    open_task = select(Task.id).where(Task.item_id == Item.id, Task.kind == TaskKind.TERTAHAN, Task.closed_at.is_(None))
    return list(session.scalars(select(Item).where(Item.state == "held", open_task.exists()).order_by(Item.id)))


def accepted(session: Session, item_ids: Sequence[int]) -> set[int]:
    """Which of these items a JFU wants to be taken in as they are."""
    taken = select(Task.item_id).where(Task.item_id.in_(item_ids), Task.outcome == ACCEPTED)
    return {item_id for item_id in session.scalars(taken) if item_id}


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
    _up_the_line(work, task, complaint, item)
    return True


def _up_the_line(work: Work, task: Task, complaint: Complaint | None, item: Item | None) -> None:
    """Who is above hears of what is late: each after so many office days (config: pengingat.naik_setelah)."""
    if task.due_at is None or task.due_at >= work.now:
        return
    hours = work.settings.hours
    due, today = hours.local(task.due_at).date(), hours.local(work.now).date()
    late = len(hours.workdays(due, today)) - bool(hours.intervals(due))
    holding = holders(work.settings, task)
    roles = [role for role in ROLE_OF[task.kind] if role in SUPERIORS]
    above = SUPERIORS[roles[0]] if roles else ()
    reached = [role for role, days in zip(above, work.settings.pengingat.naik_setelah, strict=False) if late >= days]
    told = [p for p in work.settings.holders(*reached) if p.kode not in {h.kode for h in holding}] if reached else []
    for person in told:
        link_id = links.issue_personal(work.session, person.kode, work.now, work.settings.web.link_days)
        notices.late_task(work.session, work.settings, work.now, complaint, item, task, person, holding, link_id)
    if told and complaint is not None:
        names = ", ".join(p.jabatan for p in told)
        log(work, complaint, EventKind.ESCALATED, SYSTEM, task.id, kepada=names, tugas=str(task.kind))


# ---- the morning's digest ------------------------------------------------------------------------------------


def digest_waits(work: Work) -> bool:
    """Whether somebody has not had today's digest yet."""
    if not work.settings.pengingat.ringkasan_pagi:
        return False
    today = work.settings.hours.local(work.now).date()
    had = set(work.session.scalars(select(Digest.person).where(Digest.day == today)))
    return bool({p.kode for p in work.settings.petugas} - had)


def send_digests(work: Work) -> int:
    """One mail a person with what waits, late first; none where nothing waits. How many went out."""
    today = work.settings.hours.local(work.now).date()
    exclusive(work.session, "digest")
    had = set(work.session.scalars(select(Digest.person).where(Digest.day == today)))
    sent = 0
    for person in work.settings.petugas:
        if person.kode in had:
            continue
        work.session.add(Digest(day=today, person=person.kode))
        tasks = [t for t in tasks_of(work.session, work.settings, person.kode) if t.opened_at < _opening(work)]
        if any(task.paused_at is None for task in tasks):  # what waits for the pengadu alone is no news
            _digest(work, person, tasks[:DIGEST_ROWS])
            sent += 1
    return sent


def _opening(work: Work) -> datetime:
    """When the office opened today: who was told of a task since needs no digest of it."""
    return work.settings.hours.intervals(work.settings.hours.local(work.now).date())[0][0]


def _digest(work: Work, person: Petugas, tasks: Sequence[Task]) -> None:
    pairs = [(task, person.kode) for task in tasks]
    issued = links.issue(work.session, pairs, work.now, work.settings.web.link_days)
    own = links.issue_personal(work.session, person.kode, work.now, work.settings.web.link_days)
    rows = [
        {**about(work.session, work.settings, work.now, task), "tautan": link_id}
        for task, link_id in zip(tasks, issued, strict=True)
    ]
    notices.digest(work.session, work.settings, work.now, person, rows, own)


def about(session: Session, settings: Settings, now: datetime, task: Task) -> dict[str, str]:
    """One line of a list of tasks: what, which case, by when, what is left; `kapan` is terlambat, hari_ini or nanti."""
    complaint = session.get(Complaint, task.complaint_id) if task.complaint_id else None
    item = session.get(Item, task.item_id) if task.item_id else None
    name = item.name if item else ""
    if complaint is not None:
        asked = task.kind is TaskKind.KETERANGAN
        name = notices.masked(complaint, complaint.perihal) if asked else complaint.perihal
    words, tone = notices.left_words(settings, task, now)
    when = "nanti"
    if task.due_at is not None:
        same_day = settings.hours.local(task.due_at).date() <= settings.hours.local(now).date()
        when = "terlambat" if task.due_at < now else "hari_ini" if same_day else "nanti"
    return {
        "judul": word(f"tugas.{task.kind}") + (f": {name}" if name else ""),
        "nomor": complaint.number if complaint else "",
        "batas": clock.waktu(task.due_at, settings.zone) if task.due_at else "",
        "terpakai": notices.used_words(settings, task, now) if words else "",
        "sisa": words or word("waktu.berhenti"),
        "nada": tone,
        "kapan": when,
    }


# ---- more time, and another calendar -------------------------------------------------------------------------


def extend(work: Work, task: Task, complaint: Complaint, by: Petugas, until: datetime, reason: str) -> None:
    """A later limit with a reason, by the Kepala Dinas; who holds the task hears of it. Invalid for an earlier one."""
    if task.closed_at is not None:
        raise AlreadyDone(task)
    if until <= work.now or (task.due_at is not None and until < task.due_at):
        raise Invalid({"sampai": word("galat.waktu_mundur")})
    if task.paused_at is not None:
        resume(work, task)
    task.due_at, task.extended = until, True
    task.remind_at = until
    data = {"waktu": until.isoformat(), "teks": reason, "tugas": str(task.kind)}
    log(work, complaint, EventKind.EXTENDED, actor_of(by), task.id, **data)
    for person, link_id in fresh_links(work, task):
        if person.kode != by.kode:
            notices.extended(work.session, work.settings, work.now, complaint, task, person, link_id, reason)


def recount(work: Work, reason: str) -> int:
    """Count the limits of all open tasks anew, after the calendar has changed; how many moved. A stopped clock keeps
    its minutes, a limit that the Kepala Dinas has set is a date and stays."""
    moved = 0
    query = select(Task).where(
        Task.closed_at.is_(None), Task.due_at.is_not(None), Task.paused_at.is_(None), Task.extended.is_(False)
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
                min(task.remind_at, due) if due > work.now else next_reminder(work.settings, task, work.now)
            )
        moved += 1
        if complaint is not None:
            log(
                work, complaint, EventKind.RESCHEDULED, SYSTEM, task.id, waktu=due.isoformat(), teks=reason,
                tugas=str(task.kind),
            )  # fmt: skip
    return moved


def _counted(work: Work, task: Task) -> datetime | None:
    """The due time as it is counted from the start, with what a pause gave back."""
    limit = limit_of(work.settings, task.kind)
    if limit is None or limit.working_time is None:
        return None if limit is None or task.paused_minutes else _due(work, task)
    if not task.paused_minutes:
        return _due(work, task)
    minutes = int(limit.working_time.total_seconds() // 60) + task.paused_minutes
    return clock.due(task.opened_at, Limit(minutes, "menit"), work.settings.hours)


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
