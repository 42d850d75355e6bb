"""What does not go on by itself: a letter that cannot be made (the Sekretaris is told why and may have it tried again),
and a case that an earlier version left without a task."""

from __future__ import annotations

from sqlalchemy import select

from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.core import locked
from pipeline.cases.deed import Deed
from pipeline.cases.tasks import close, open_task, open_task_of
from pipeline.data import jobs
from pipeline.data.states import JobKind
from pipeline.data.tables import Complaint, Meeting, Task
from pipeline.office.sop import OVER, TASK_OF, EventKind, Stage, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

PATIENCE = (
    3  # failures, about two minutes and a quarter of an hour apart, before a person hears of them
)
WITHOUT_TASK = (Stage.DIGABUNG, Stage.PENGIRIMAN)  # stages that had no task in earlier versions
MOST_AT_ONCE = 500
MADE_OF_CASES = (JobKind.FRESH_DRAFT, JobKind.COPY, JobKind.FINAL_FORM)


def tell(work: Work, kind: JobKind, subject_id: int, error: str) -> None:
    """A job has failed so often that it will not mend itself: a task with the reason, once."""
    complaint_id = _case_of(work, kind, subject_id)
    if complaint_id is None:
        return
    complaint = locked(work, complaint_id)
    if complaint.stage in OVER or open_task_of(work, complaint.id, TaskKind.MACET) is not None:
        return
    reason = word("sistem.macet", apa=word(f"pekerjaan.{kind}"), sebab=error)
    task = open_task(work, complaint, TaskKind.MACET, note=reason)
    log(work, complaint, EventKind.STUCK, SYSTEM, task.id, teks=reason)


def is_mended(work: Work, kind: JobKind, subject_id: int) -> None:
    """It could be made after all: nothing waits for the Sekretaris any more."""
    complaint_id = _case_of(work, kind, subject_id)
    task = open_task_of(work, complaint_id, TaskKind.MACET) if complaint_id is not None else None
    if task is not None:
        close(work, task, SYSTEM.code, "pulih")


def again(deed: Deed) -> None:
    """Try at once what has failed."""
    for kind in MADE_OF_CASES:
        if jobs.is_failing(deed.work.session, kind, deed.complaint.id):
            jobs.put(deed.work.session, kind, deed.complaint.id, deed.work.now)
    deed.log(EventKind.RETRIED)


def _case_of(work: Work, kind: JobKind, subject_id: int) -> int | None:
    if kind in MADE_OF_CASES:
        complaint = work.session.get(Complaint, subject_id)
        return complaint.id if complaint is not None else None
    if kind == JobKind.INVITATION:
        meeting = work.session.get(Meeting, subject_id)
        return meeting.complaint_id if meeting is not None else None
    return None


def give_tasks(work: Work) -> int:
    """Cases that were merged, or whose letter was on its way, when an older office was upgraded: each gets the task in
    which it can be corrected, taken out or handed over. Nobody is written to: it most likely ends by itself."""
    given = 0
    for stage in WITHOUT_TASK:
        kind = TASK_OF[stage]
        held = select(Task.id).where(
            Task.complaint_id == Complaint.id, Task.kind == kind, Task.closed_at.is_(None)
        )
        query = (
            select(Complaint.id)
            .where(Complaint.stage == stage, ~held.exists())
            .order_by(Complaint.id)
        )
        for complaint_id in work.session.scalars(query.limit(MOST_AT_ONCE)).all():
            complaint = locked(work, complaint_id)
            if complaint.stage is stage and open_task_of(work, complaint_id, kind) is None:
                open_task(work, complaint, kind, quiet=True)
                given += 1
    return given
