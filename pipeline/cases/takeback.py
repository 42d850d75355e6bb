"""Two minutes in which an act can be taken back: its mails wait in the outbox, and what stood before is remembered.

Hides what is remembered: the columns of the case that the act changed, all its tasks, the mails and jobs it put,
the decision that it made.
Taking back is an event of its own; the act stays in the history. What anybody did since, or a mail that has left,
ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from pipeline.access import unsent
from pipeline.casefile.decided import standing
from pipeline.casefile.offers import standing_meeting
from pipeline.casefile.standing import columns, others_since, value_of
from pipeline.cases import decisions
from pipeline.cases.chain import actor_of, log
from pipeline.cases.core import AlreadyDone, Forbidden, locked
from pipeline.data import jobs
from pipeline.data.states import JobKind
from pipeline.data.tables import Complaint, Event, Outbox, Payload, Task
from pipeline.mail import outbox
from pipeline.office.config import Petugas
from pipeline.office.sop import Act, EventKind
from pipeline.work import Work

ACTS = frozenset(
    (
        Act.PUTUSKAN,
        Act.KIRIM_EMAIL,
        Act.TANYA_UNIT,
        Act.TANYA_PENGADU,
        Act.BUKAN_PENGADUAN,
        Act.AJUKAN,
        Act.KIRIM_ULANG,
    )
)
WAITING_JOBS = (JobKind.FRESH_DRAFT, JobKind.FINAL_FORM)
TAKEN_BACK = "dibatalkan"  # the outcome of tasks that the act had opened
# A number once given to a letter stays its own, as when a letter is sent back.
STAY = frozenset(("letter_number", "letter_date", "covering_number"))
Row = Mapping[str, Any]


def wait(work: Work) -> timedelta:
    return timedelta(minutes=work.settings.smtp.tunda_menit)


def begin(work: Work, complaint: Complaint, name: str) -> dict[str, Any] | None:
    """What stands before an act; None for one that cannot be taken back: it waits for nothing, or others hang on it."""
    if name not in ACTS or not wait(work) or _others_hang_on(work.session, complaint, name):
        return None
    decided = standing(work.session, complaint.id)
    mine = select(Task).where(Task.complaint_id == complaint.id)
    tasks = {str(task.id): columns(task) for task in work.session.scalars(mine)}
    return {
        "pengaduan": columns(complaint),
        "tugas": tasks,
        "surat": outbox.newest(work.session),
        "keputusan": decided.id if decided else None,
    }


def _others_hang_on(session: Session, complaint: Complaint, name: str) -> bool:
    """Whether an act changes other complaints too, or calls off a rapat that stands in calendars."""
    if complaint.parent_id or (
        name == Act.BUKAN_PENGADUAN and standing_meeting(session, complaint)
    ):
        return True
    child = select(Complaint.id).where(Complaint.parent_id == complaint.id)
    return session.scalar(child.limit(1)) is not None


def finish(
    work: Work,
    task: Task,
    person: Petugas,
    name: str,
    before: dict[str, Any],
    form: Mapping[str, list[str]],
) -> None:
    """After the act: its mails and jobs wait, and what it changed is remembered until they go."""
    session, until = work.session, work.now + wait(work)
    session.flush()
    complaint = session.get_one(Complaint, task.complaint_id)
    mails = outbox.hold(session, Outbox.complaint_id == complaint.id, before["surat"], until)
    jobs.delay(session, WAITING_JOBS, complaint.id, until)
    now = columns(complaint)
    changed = {
        name: old
        for name, old in before["pengaduan"].items()
        if now[name] != old and name not in STAY
    }
    state = {
        **before,
        "surat": mails,
        "pengaduan": changed,
        "urut": _newest(session, complaint.id),
        "sampai": until.isoformat(),
        "isian": dict(form),
    }
    unsent.remember(session, task.id, person.kode, name, state, work.now)


def _newest(session: Session, complaint_id: int) -> int:
    return (
        session.scalar(select(func.max(Event.seq)).where(Event.complaint_id == complaint_id)) or 0
    )


def offered(session: Session, task: Task, code: str, now: datetime) -> tuple[str, datetime] | None:
    """(the act, until when) that this person may still take back on a task; None for nothing."""
    found = unsent.remembered(session, task.id, code)
    for action, state in found.items():
        until = datetime.fromisoformat(state["sampai"])
        if now < until and not others_since(session, task.complaint_id or 0, state):
            return action, until
    return None


def take_back(work: Work, task_id: int, person: Petugas) -> str:
    """Undo the newest act of this person on a task; its name. A second press changes nothing. AlreadyDone where it is
    too late or others have acted; Forbidden where there is nothing of theirs."""
    session = work.session
    task = session.get_one(Task, task_id)
    complaint = locked(work, task.complaint_id or 0)
    session.refresh(task)
    found = offered(session, task, person.kode, work.now)
    if found is None:
        if before := _just_taken_back(session, task, person):
            return before
        if not unsent.remembered(session, task.id, person.kode):
            raise Forbidden("batalkan")
        raise AlreadyDone(task)
    action, _until = found
    state = unsent.remembered(session, task.id, person.kode)[action]
    opened = opened_since(session, Task.complaint_id == complaint.id, state["tugas"])
    if not outbox.recall(session, state["surat"], opened):
        raise AlreadyDone(task)  # one of its mails is on its way
    for name, old in state["pengaduan"].items():
        setattr(complaint, name, value_of(Complaint, name, old))
    decided = standing(session, complaint.id)
    if decided is not None and decided.id != state["keputusan"]:
        decisions.unmake(work, complaint)
    restore_tasks(work, Task.complaint_id == complaint.id, person, state["tugas"])
    session.refresh(complaint)
    jobs.drop(session, WAITING_JOBS, [complaint.id])
    log(
        work,
        complaint,
        EventKind.TAKEN_BACK,
        actor_of(person),
        task.id,
        aksi=action,
        tugas=str(task.kind),
    )
    unsent.forget(session, task.id, person.kode, action)
    unsent.put(session, task, person.kode, action, state["isian"], work.now, mark=person.mark)
    return action


def _just_taken_back(session: Session, task: Task, person: Petugas) -> str:
    """The act that was the last of this person's on a task, and is taken back; "" for none."""
    mine = select(Event.kind, Payload.data).outerjoin(Payload, Payload.event_id == Event.id)
    mine = mine.where(
        Event.complaint_id == task.complaint_id,
        Event.task_id == task.id,
        Event.actor == person.kode,
    )
    last = session.execute(mine.order_by(Event.seq.desc()).limit(1)).first()
    return (
        str((last.data or {}).get("aksi", ""))
        if last is not None and last.kind is EventKind.TAKEN_BACK
        else ""
    )


def opened_since(
    session: Session, which: ColumnElement[bool], before: Mapping[str, Row]
) -> list[int]:
    """Of these tasks, the ids of those that were not there before."""
    return [one for one in session.scalars(select(Task.id).where(which)) if str(one) not in before]


def restore_tasks(
    work: Work, which: ColumnElement[bool], person: Petugas, before: Mapping[str, Row]
) -> None:
    """These tasks as they stood; those that the act had opened are closed."""
    for task in work.session.scalars(select(Task).where(which).with_for_update()).all():
        known = before.get(str(task.id))
        if known is None:
            task.closed_at, task.closed_by, task.outcome = work.now, person.kode, TAKEN_BACK
            task.remind_at = None
            continue
        for name, old in known.items():
            setattr(task, name, value_of(Task, name, old))
    work.session.flush()
