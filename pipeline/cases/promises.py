"""A day before the answer that a receipt promised: where it will not be there, the pengadu hears so before, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text

from pipeline.casefile.limits import answer_day
from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.core import locked
from pipeline.cases.tasks import current_task
from pipeline.data.states import MailState
from pipeline.data.tables import RUNNING, Complaint, Outbox
from pipeline.notices import turns
from pipeline.office import clock
from pipeline.office.clock import Limit
from pipeline.office.sop import OVER, EventKind, Stage
from pipeline.work import Work

YOUNGEST = timedelta(days=1)  # a case of today has all its time before it
ON_ITS_WAY = (Stage.PENGIRIMAN, Stage.DIGABUNG, *OVER)  # answered, or with its parent
# Named one by one: what a case is not can be found by no index.
UNANSWERED = tuple(stage for stage in Stage if stage not in ON_ITS_WAY)
ANOTHER_DAY = ("janji_mundur", "waktu_bertambah", "dibuka_kembali")  # mails that name one
WRITING = Limit(3, "hari kerja")  # for langkah 4, the signature and langkah 5


def tell(work: Work) -> int:
    """Tell those whose promised day is the next office day, or has come already; not those who know another since. How
    many mails."""
    hours = work.settings.hours
    next_day = hours.local(clock.next_workday(work.now, hours)).date()
    told = select(Outbox.id).where(
        Outbox.complaint_id == Complaint.id,  # of the open ones alone, not of all mails of years
        Outbox.name.in_(ANOTHER_DAY),
        Outbox.state != MailState.VOID,
    )
    open_ones = select(Complaint.id, Complaint.recorded_at).where(
        text(RUNNING),
        Complaint.stage.in_(UNANSWERED),
        Complaint.email != "",
        Complaint.recorded_at < work.now - YOUNGEST,
        ~told.exists(),
    )
    due = [
        (complaint_id, promised)
        for complaint_id, recorded in work.session.execute(open_ones.order_by(Complaint.id)).all()
        if hours.local(promised := answer_day(work.settings, recorded)).date() <= next_day
    ]
    for complaint_id, promised in due:
        _tell(work, locked(work, complaint_id), promised)
    return len(due)


def _tell(work: Work, complaint: Complaint, promised: datetime) -> None:
    until = _new_day(work, complaint, promised)
    turns.promise_moved(work, complaint, promised, until)
    log(work, complaint, EventKind.PROMISE_MOVED, SYSTEM, waktu=until.isoformat())


def _new_day(work: Work, complaint: Complaint, promised: datetime) -> datetime:
    """After the limit of what the case waits for now, or after today: time to write, sign and deliver; never sooner."""
    task = current_task(work, complaint.id)
    waits_until = max(work.now, promised, *([task.due_at] if task and task.due_at else []))
    counted: datetime = clock.due(waits_until, WRITING, work.settings.hours)
    return counted
