"""Tasks: opening one with its limit, links and mail; closing it once; pausing; reminding.

Hides the arithmetic of limits. A task closes by a conditional update, so that of two people who press at once one
acts and the other is told who did.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pipeline.access import chosen, links, unsent
from pipeline.casefile import limits, privacy, reported
from pipeline.casefile.decided import standing
from pipeline.casefile.holders import helpers, holders
from pipeline.cases import closing as closing  # watches every end of a case
from pipeline.cases import stays
from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.core import AlreadyDone
from pipeline.data import exports, jobs
from pipeline.data.states import ItemState, JobKind
from pipeline.data.tables import Complaint, Item, Laporan, Link, Task
from pipeline.notices import tasks as notices_tasks
from pipeline.notices.tasks import Asked, item_task, may_hand_in
from pipeline.office import clock
from pipeline.office.clock import Limit
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import AT_REST, BESIDE, Act, EventKind, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

SUCCEEDED = "berganti"  # how a question ends whose addressee left and that nobody took over
ACCEPTED = Act.TERIMA  # how the task about a held mail ends that is taken in as it is
# What a decision asks for: it ends with the decision.
CARRIES_OUT = (
    TaskKind.JAWABAN,
    TaskKind.TANDA_TANGAN,
    TaskKind.PENYAMPAIAN,
    TaskKind.PENGIRIMAN,
    TaskKind.PENGANTAR,
)
WAIT_FOR_PENGADU = Limit(3, "hari kerja")


def limit_of(settings: Settings, kind: TaskKind) -> Limit | None:
    """The Waktu of a task; none for one that asks for nothing."""
    return None if kind in AT_REST else limits.limit_for(settings, kind)


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


def due(work: Work, task: Task) -> datetime | None:
    if task.kind is TaskKind.KETERANGAN:
        return due_of_question(work, task)
    limit = limit_of(work.settings, task.kind)
    return clock.due(limits.start_of(task), limit, work.settings.hours) if limit else None


def due_of_question(work: Work, task: Task) -> datetime:
    """A share of what langkah 2 had left when it was asked, with what a pause gave back since; the whole Waktu where
    nothing was left."""
    hours = work.settings.hours
    asking = open_task_of(work, task.complaint_id, TaskKind.KLARIFIKASI)
    rest = _rest(work, asking, task) if asking else timedelta()
    if rest <= timedelta():
        return clock.due(task.opened_at, limits.limit_for(work.settings, task.kind), hours)
    own = limits.share(work.settings, rest) + timedelta(minutes=task.paused_minutes)
    return clock.after(task.opened_at, own, hours)


def _rest(work: Work, asking: Task, asked: Task) -> timedelta:
    """What the one who asks had left when the question was put, in office time."""
    if asking.paused_at is not None:
        return timedelta(minutes=asking.left_minutes or 0)
    if asking.due_at is None:
        return timedelta()
    until = clock.elapsed(asked.opened_at, asking.due_at, work.settings.hours)
    return until - timedelta(minutes=asked.paused_minutes)


def open_task(
    work: Work,
    complaint: Complaint,
    kind: TaskKind,
    *,
    holder: str = "",
    note: str = "",
    after: JobKind | None = None,
    quiet: bool = False,
) -> Task:
    """Ask somebody for the next thing: the row with its due time, a link for each holder, the mails.

    `after` names the job that the mails wait for: it makes the letter that goes with them. `quiet`: it stands on their
    pages and in the digest, for it most likely ends by itself.
    """
    holder = holder or reported.stand_in(work.settings, complaint, kind)
    task = Task(complaint_id=complaint.id, kind=kind, holder=holder, note=note, opened_at=work.now)
    task.paused_minutes = 0  # is counted with before the row is written
    if kind in CARRIES_OUT and (decision := standing(work.session, complaint.id)):
        task.decision_id = decision.id
    start(work, task)
    if kind is TaskKind.KETERANGAN:
        _stand_still_with(work, open_task_of(work, complaint.id, TaskKind.KLARIFIKASI), task)
    if quiet:
        work.session.flush()
        fresh_links(work, task)
    elif after:
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
        item_task(work, item, task, person, link_id)
    return task


def open_report_task(
    work: Work, report: Laporan, kind: TaskKind, note: str = ""
) -> tuple[Task, list[tuple[Petugas, int]]]:
    """Ask somebody for the next thing about a report: the row, a link for each who may act; the caller tells."""
    task = Task(laporan_id=report.id, kind=kind, note=note, opened_at=work.now)
    start(work, task)
    work.session.flush()
    return task, fresh_links(work, task)


def open_report_tasks(work: Work, report_id: int, kind: TaskKind) -> list[Task]:
    """Those of this kind that nobody has done yet."""
    query = select(Task).where(
        Task.laporan_id == report_id, Task.kind == kind, Task.closed_at.is_(None)
    )
    return list(work.session.scalars(query.order_by(Task.id)))


def start(work: Work, task: Task) -> None:
    """Set the due time and the first reminder; the row has no id before the next flush."""
    stays.go_on(work, task)
    if task.extended:
        task.first_due_at = due(work, task)
    task.due_at = task.due_at or due(work, task)
    task.remind_at = first_reminder(work, task)
    work.session.add(task)


def first_reminder(work: Work, task: Task) -> datetime | None:
    """When half of what a limit leaves is used, at the limit at the latest; None where it is not told by itself."""
    limit, due = limit_of(work.settings, task.kind), task.due_at
    if due is None or limit is None or not _reminds(work.settings, limit):
        return None
    if due <= work.now:  # late from the first moment: the digest tells
        return next_reminder(work.settings, task, work.now)
    if task.kind is TaskKind.KETERANGAN:
        limit = limits.own_limit(work.settings, task)
    half = min(half_way(limits.start_of(task), _pressed(work, task, limit), work.settings), due)
    return half if half > work.now else due


def _pressed(work: Work, task: Task, limit: Limit) -> Limit:
    """The limit as reminders count it: an urgent case halves their time."""
    complaint = work.session.get(Complaint, task.complaint_id) if task.complaint_id else None
    if complaint is None or complaint.prioritas != "segera":
        return limit
    if limit.working_time is not None:
        return Limit(max(1, int(limit.working_time.total_seconds() // 120)), "menit")
    return Limit(max(1, limit.amount // 2), limit.unit)


def hurry(work: Work, complaint: Complaint) -> None:
    """A case has become urgent, or is so no more: plan the reminders of its open tasks anew."""
    query = select(Task).where(
        Task.complaint_id == complaint.id, Task.closed_at.is_(None), Task.paused_at.is_(None)
    )
    for task in work.session.scalars(
        query.where(Task.reminders == 0, Task.extended.is_(False))
    ).all():
        task.remind_at = first_reminder(work, task)
        if (
            complaint.prioritas == "segera"
            and task.remind_at is not None
            and task.remind_at == task.due_at
        ):
            task.remind_at = min(task.due_at, clock.next_workday(work.now, work.settings.hours))


def _reminds(settings: Settings, limit: Limit) -> bool:
    """Whether half time is told: limits of minutes or hours stand on pages and in the digest, and send nothing."""
    return settings.pengingat.satuan or limit.working_time is None


def links_for(work: Work, tasks: Sequence[Task]) -> list[tuple[Task, Petugas, int]]:
    """A new link for each who may act on one of the tasks, task by task."""
    wanted = [(task, person) for task in tasks for person in holders(work.settings, task)]
    issued = links.issue(work.session, wanted, work.now, work.settings.web.link_days)
    return [(task, person, link_id) for (task, person), link_id in zip(wanted, issued, strict=True)]


def fresh_links(work: Work, task: Task) -> list[tuple[Petugas, int]]:
    """A new link for each who may act on the task."""
    return [(person, link_id) for _, person, link_id in links_for(work, [task])]


def window(work: Work, complaint: Complaint, clerk: Petugas) -> int | None:
    """A fresh link for a JFU who is told something and has no task in the case now: it opens their langkah 1, which
    shows how the case stands and leads to the book and to the form for those who come in person."""
    mine = (
        select(Task)
        .where(Task.complaint_id == complaint.id, Task.kind == TaskKind.CATAT)
        .order_by(Task.id.desc())
    )
    task = work.session.scalars(mine).first()
    if task is None:
        return None
    return links.issue(work.session, [(task, clerk)], work.now, work.settings.web.link_days)[0]


def tell_holders(work: Work, complaint: Complaint, task: Task) -> None:
    """A fresh link and the mail of the task for each who may act on it."""
    asked = [Asked(complaint, task, person, link_id) for person, link_id in fresh_links(work, task)]
    notices_tasks.tasks(work, asked)


def pass_by(work: Work, complaint: Complaint) -> None:
    """Take the open tasks of a case from those whom it is about, with their links to all of it."""
    about = reported.codes(complaint)
    mine = select(Task.id).where(Task.complaint_id == complaint.id)
    held = select(Link.id).where(Link.task_id.in_(mine), Link.holder.in_(about))
    links.revoke(work.session, work.session.scalars(held).all(), work.now)
    exports.forget_of(work.session, about)
    open_ones = select(Task).where(Task.complaint_id == complaint.id, Task.closed_at.is_(None))
    for task in work.session.scalars(open_ones).all():
        if about.isdisjoint(person.kode for person in holders(work.settings, task)):
            continue
        if privacy.is_other_unit(task.kind):
            close(work, task, SYSTEM.code, "terlapor")
            continue
        task.holder = reported.stand_in(work.settings, complaint, task.kind)
        tell_holders(work, complaint, task)


def carry_reported(work: Work, child: Complaint, parent: Complaint) -> None:
    """Two complaints are the same matter: whom the one is about, the other is about."""
    before = reported.codes(parent)
    parent.terlapor = reported.joined(sorted(before | reported.codes(child)))
    if reported.codes(parent) != before:
        work.session.flush()
        pass_by(work, parent)


def tell_helpers(work: Work, complaint: Complaint, task: Task) -> None:
    """A link for each who may hand in the signed paper, where the office signs on paper."""
    if work.settings.surat.jangkar or work.settings.surat.pkcs12:
        return
    people = reported.spared(complaint, helpers(work.settings, task))
    issued = links.issue(
        work.session, [(task, person) for person in people], work.now, work.settings.web.link_days
    )
    for person, link_id in zip(people, issued, strict=True):
        may_hand_in(work, complaint, task, person, link_id)


def open_task_of(work: Work, complaint_id: int | None, kind: TaskKind) -> Task | None:
    """The open task of this kind, if there is one."""
    query = select(Task).where(
        Task.complaint_id == complaint_id, Task.kind == kind, Task.closed_at.is_(None)
    )
    return work.session.scalars(query).first()


def current_task(work: Work, complaint_id: int) -> Task | None:
    """The open task that carries the complaint forward, without those beside it."""
    query = select(Task).where(
        Task.complaint_id == complaint_id, Task.closed_at.is_(None), Task.kind.not_in(BESIDE)
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
    unsent.drop(work.session, task.id)
    chosen.drop(work.session, task.id)
    if closed.rowcount != 1:  # type: ignore[attr-defined]
        raise AlreadyDone(task)


def close_rest(
    work: Work, complaint: Complaint, outcome: str, keep: Collection[TaskKind] = ()
) -> None:
    """Close what is still open on a complaint whose stage has changed (a late Kasubag/Kasi, say)."""
    query = select(Task).where(Task.complaint_id == complaint.id, Task.closed_at.is_(None))
    for task in work.session.scalars(query.where(Task.kind.not_in(keep))).all():
        close(work, task, SYSTEM.code, outcome)


def held_items(session: Session) -> list[Item]:
    """What could not be read and nobody has settled yet, oldest first."""
    open_task = select(Task.id).where(
        Task.item_id == Item.id, Task.kind == TaskKind.TERTAHAN, Task.closed_at.is_(None)
    )
    return list(
        session.scalars(
            select(Item).where(Item.state == ItemState.HELD, open_task.exists()).order_by(Item.id)
        )
    )


def accepted(session: Session, item_ids: Sequence[int]) -> set[int]:
    """Which of these items a JFU wants to be taken in as they are."""
    taken = select(Task.item_id).where(Task.item_id.in_(item_ids), Task.outcome == ACCEPTED)
    return {item_id for item_id in session.scalars(taken) if item_id}


def close_item(work: Work, item_id: int, outcome: str) -> None:
    """Close the task of an item that settled itself (a held mail that could be read after all)."""
    for task in work.session.scalars(
        select(Task).where(Task.item_id == item_id, Task.closed_at.is_(None))
    ).all():
        close(work, task, SYSTEM.code, outcome)


def pause(work: Work, task: Task) -> None:
    """Stop the clock of a task (SOP, Reading: while the pengadu is asked). What is late already stays late."""
    if task.paused_at is not None:
        return
    if task.due_at is not None and task.due_at > work.now:
        left = clock.elapsed(work.now, task.due_at, work.settings.hours)
        task.left_minutes = -(-int(left.total_seconds()) // 60)  # in the office's favour
        task.due_at = None
    task.paused_at, task.remind_at = work.now, patience(work)


def pause_langkah(work: Work, asking: Task) -> None:
    """Stop every clock of langkah 2 while the pengadu is asked: also those of the units that were asked before."""
    pause(work, asking)
    for task in questions_beside(work, asking):
        _stand_still_with(work, asking, task)


def _stand_still_with(work: Work, asking: Task | None, asked: Task) -> None:
    """Stop the clock of a question while that of whoever asks stands: before the mail that tells the limit."""
    if asking is None or asking.paused_at is None:
        return
    pause(work, asked)
    asked.remind_at = None  # the one who asked is told how long it lasts


def resume_langkah(work: Work, asking: Task) -> None:
    """Start them all again, each with what was left."""
    resume(work, asking)
    for task in questions_beside(work, asking):
        resume(work, task)


def questions_beside(work: Work, asking: Task) -> Sequence[Task]:
    query = select(Task).where(
        Task.complaint_id == asking.complaint_id,
        Task.kind == TaskKind.KETERANGAN,
        Task.closed_at.is_(None),
    )
    return work.session.scalars(query.order_by(Task.id)).all()


def patience(work: Work) -> datetime:
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
        task.due_at = clock.due(
            work.now, Limit(max(task.left_minutes, 1), "menit"), work.settings.hours
        )
    task.paused_at, task.left_minutes = None, None
    task.remind_at = next_reminder(work.settings, task, work.now)


def next_reminder(settings: Settings, task: Task, now: datetime) -> datetime | None:
    """One reminder is enough beside the digest; where each is a mail, half time is followed by the limit itself, then
    by every office day."""
    if task.due_at is None or not settings.pengingat.satuan:
        return None
    return task.due_at if task.due_at > now else clock.next_workday(now, settings.hours)


def about(work: Work, task: Task) -> dict[str, str]:
    """One line of a list of tasks: what, which case, by when, what is left; `kapan` is terlambat, hari_ini or nanti."""
    complaint = work.session.get(Complaint, task.complaint_id) if task.complaint_id else None
    name = _name_of(work, task, complaint)
    title = word(f"tugas.{task.kind}")
    joint = " " if task.laporan_id is not None else ": "  # "Sunting laporan pengaduan Oktober 2026"
    words, tone = limits.left_words(work.settings, task, work.now)
    return {
        "judul": f"{title}{joint}{name}" if name else title,
        "nomor": complaint.number if complaint else "",
        "batas": clock.waktu(task.due_at, work.settings.zone) if task.due_at else "",
        "terpakai": limits.used_words(work.settings, task, work.now) if words else "",
        "sisa": words or word("waktu.berhenti"),
        "nada": tone,
        "kapan": urgency(work.settings, task, work.now),
    }


def _name_of(work: Work, task: Task, complaint: Complaint | None) -> str:
    """What a task is about; "" where it has no name."""
    if complaint is not None:
        other_unit = privacy.is_other_unit(task.kind)
        return privacy.title(complaint) if other_unit else complaint.perihal
    if task.laporan_id is not None:
        return work.session.get_one(Laporan, task.laporan_id).name
    item = work.session.get(Item, task.item_id) if task.item_id else None
    return item.name if item else ""


def log_passed_on(
    work: Work, complaint: Complaint, task: Task, before: str, person: Petugas
) -> None:
    """The history tells who holds a task now, under the post that they hold, and whose it was."""
    now_with = {"kepada": person.jabatan, "nama": person.nama}
    log(work, complaint, EventKind.DELEGATED, SYSTEM, task.id, dari=before, **now_with)


def urgency(settings: Settings, task: Task, now: datetime) -> str:
    """How near a task's limit is: terlambat, hari_ini, or nanti (later, or none)."""
    if task.due_at is None:
        return "nanti"
    if task.due_at < now:
        return "terlambat"
    same_day = settings.hours.local(task.due_at).date() <= settings.hours.local(now).date()
    return "hari_ini" if same_day else "nanti"
