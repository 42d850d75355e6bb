"""What the time of day asks of the cases: reminders at half time and when late, the morning's digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from pipeline.access import links
from pipeline.casefile import law, reported
from pipeline.casefile.holders import holders, named, tasks_of
from pipeline.cases import asking, takeback
from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.core import locked
from pipeline.cases.tasks import about, fresh_links, next_reminder, patience, urgency
from pipeline.data.engine import exclusive
from pipeline.data.tables import ASKING, Complaint, Digest, Outbox, Task
from pipeline.notices import few
from pipeline.notices.tasks import digest, late_task, reminder, waiting
from pipeline.office import clock
from pipeline.office.config import Petugas
from pipeline.office.sop import ROLE_OF, SUPERIORS, EventKind, Role
from pipeline.work import Work

DIGEST_ROWS = 40
WARNED = {Role.JFU, Role.SEKRETARIS}  # of the limits of the law


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
    for person, link_id in fresh_links(work, task):
        reminder(work, complaint, task, person, link_id)
    if complaint is not None:
        log(
            work,
            complaint,
            EventKind.REMINDED,
            SYSTEM,
            task.id,
            ke=task.reminders,
            tugas=str(task.kind),
        )
    if work.settings.pengingat.satuan:
        _up_the_line(work, task, complaint)
    return True


def _up_the_line(work: Work, task: Task, complaint: Complaint | None) -> None:
    """A mail to each who hears of what is late."""
    told = _above(work, task, complaint)
    holding = holders(work.settings, task)
    for person in told:
        link_id = links.issue_personal(work.session, person, work.now, work.settings.web.link_days)
        late_task(work, complaint, task, person, holding, link_id)
    _escalated(work, task, complaint, told)


def _above(work: Work, task: Task, complaint: Complaint | None) -> list[Petugas]:
    """Who is above and hears of a task now: each after so many office days of lateness (pengingat.naik_setelah)."""
    late = _days_late(work, task)
    if late is None:
        return []
    roles = [role for role in ROLE_OF[task.kind] if role in SUPERIORS]
    above = SUPERIORS[roles[0]] if roles else ()
    reached = [
        role
        for role, days in zip(above, work.settings.pengingat.naik_setelah, strict=False)
        if late >= days
    ]
    superiors = work.settings.holders(*reached) if reached else ()
    holding = {person.kode for person in holders(work.settings, task)}
    return [
        person for person in reported.spared(complaint, superiors) if person.kode not in holding
    ]


def _days_late(work: Work, task: Task) -> int | None:
    """Office days since the limit, today included; None for a task that is in time or whose clock stands still."""
    if task.due_at is None or task.due_at >= work.now or task.paused_at is not None:
        return None
    hours = work.settings.hours
    due, today = hours.local(task.due_at).date(), hours.local(work.now).date()
    return len(hours.workdays(due, today)) - bool(hours.intervals(due))


def _escalated(
    work: Work, task: Task, complaint: Complaint | None, told: Sequence[Petugas]
) -> None:
    if not told or complaint is None:
        return
    names = ", ".join(person.jabatan for person in told)
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
    """One mail a person with what waits, late first, and with what is late below them; none where there is neither.
    How many went out."""
    today = work.settings.hours.local(work.now).date()
    exclusive(work.session, "digest")
    had = set(work.session.scalars(select(Digest.person).where(Digest.day == today)))
    waiting_for_it = [person for person in work.settings.petugas if person.kode not in had]
    below = _late_below(work) if waiting_for_it else {}
    near = law.near(work) if waiting_for_it else []
    sent = 0
    for person in waiting_for_it:
        work.session.add(Digest(day=today, person=person.kode))
        tasks = [
            t
            for t in tasks_of(work.session, work.settings, person.kode)
            if t.opened_at < _told_since(work)
        ]
        late = below.get(person.kode, [])
        waits = any(
            task.paused_at is None for task in tasks
        )  # what waits for the pengadu alone is no news
        kept = few.unread(work, person)
        lawful = _lawful(person, near)
        if waits or late or kept or lawful:
            _digest(work, person, tasks, late, kept, lawful)
            few.mark_read(work, person)
            sent += 1
    return sent


def _lawful(
    person: Petugas, near: Sequence[tuple[Complaint, law.Clock]]
) -> list[tuple[Complaint, law.Clock]]:
    """What somebody hears of the limits of the law: not of a case that is about them."""
    told = WARNED & set(person.peran)
    return [(case, one) for case, one in near if told and person.kode not in reported.codes(case)]


def _late_below(work: Work) -> dict[str, list[Task]]:
    """{code of an official: tasks of those below them that are so late that they hear of it}, oldest limit first.

    The history tells it once, on the day on which a task reaches somebody new.
    """
    if work.settings.pengingat.satuan:
        return {}  # each has had a mail of its own
    found: dict[str, list[Task]] = {}
    late = select(Task).where(text(ASKING), Task.paused_at.is_(None), Task.due_at < work.now)
    for task in work.session.scalars(late.order_by(Task.due_at, Task.id)):
        complaint = locked(work, task.complaint_id) if task.complaint_id else None
        told = _above(work, task, complaint)
        for person in told:
            found.setdefault(person.kode, []).append(task)
        if _days_late(work, task) in work.settings.pengingat.naik_setelah:
            _escalated(work, task, complaint, told)
    return found


def forget_digests(session: Session, before: date) -> int:
    """Forget who had the digest of days before then; how many."""
    return session.execute(delete(Digest).where(Digest.day < before)).rowcount  # type: ignore[attr-defined,no-any-return]


def _told_since(work: Work) -> datetime:
    """When the office opened today, or the time of acts that may still be taken back: who is told of a task since needs
    no digest of it."""
    return min(_opening(work), work.now - takeback.wait(work))


def _opening(work: Work) -> datetime:
    return work.settings.hours.intervals(work.settings.hours.local(work.now).date())[0][0]


def _digest(
    work: Work,
    person: Petugas,
    tasks: Sequence[Task],
    late: Sequence[Task],
    kept: Sequence[Outbox],
    near: Sequence[tuple[Complaint, law.Clock]],
) -> None:
    shown = tasks[:DIGEST_ROWS]
    pairs = [(task, person) for task in shown]
    issued = links.issue(work.session, pairs, work.now, work.settings.web.link_days)
    own = links.issue_personal(work.session, person, work.now, work.settings.web.link_days)
    rows = [
        {**about(work, task), "tautan": link_id}
        for task, link_id in zip(shown, issued, strict=True)
    ]
    below = [
        {**about(work, task), "siapa": named(holders(work.settings, task))}
        for task in late[:DIGEST_ROWS]
    ]
    counts = Counter(urgency(work.settings, task, work.now) for task in tasks)
    lines = [law.warning(work, complaint, one) for complaint, one in near[:DIGEST_ROWS]]
    digest(work, person, rows, own, counts, below, len(late), kept, lines, len(near) - len(lines))


def _still_waiting(work: Work, task: Task, complaint: Complaint | None) -> bool:
    """The pengadu does not answer: the Sekretaris is told every few office days that the case may go on
    without, the pengadu is reminded, and after a bounded time the clock goes on."""
    if complaint is None or task.paused_at is None:
        return False
    limit = clock.parse_limit(work.settings.sop.waktu_tunggu_pengadu)
    end = clock.due(task.paused_at, limit, work.settings.hours)
    over = end <= work.now
    if over:
        asking.wait_no_longer(work, complaint, task)
    else:
        task.remind_at = min(patience(work), end)  # the wait ends when its time is over
        asking.remind(work, complaint)
    for person, link_id in fresh_links(work, task):
        waiting(work, complaint, task, person, link_id, over)
    return True


def due_for_reminder(work: Work) -> list[int]:
    """Ids of the tasks whose reminder time has come."""
    query = (
        select(Task.id)
        .where(Task.closed_at.is_(None), Task.remind_at <= work.now)
        .order_by(Task.remind_at)
    )
    return list(work.session.scalars(query))
