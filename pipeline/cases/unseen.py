"""What happened in a case after a form was drawn, and matters for what the form does: nobody acts on what they have
not seen.

Every form carries the number of the newest event that its page showed. The deed is stopped when somebody else has
done since what could change the mind of whoever acts; the page comes back with what was typed and with what is new.
So for every act alike, also for one that only adds: of an act that is thought of later nobody has to remember it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.cases.core import Changed
from pipeline.cases.input import Checked
from pipeline.data.tables import Complaint, Event, Payload, Task
from pipeline.office.actions import ACTIONS
from pipeline.office.config import Petugas
from pipeline.office.sop import BESIDE_IT, Act, EventKind, TaskKind
from pipeline.work import Work

# What changes the mind of nobody but of who does the same once more.
AGAIN: Mapping[str, EventKind] = {
    Act.PERPANJANG: EventKind.EXTENDED,
    Act.KIRIM_TEMBUSAN: EventKind.COPY_SENT,
}
OF_A_UNIT = frozenset(one.name for one in ACTIONS[TaskKind.KETERANGAN])


def check(work: Work, task: Task, person: Petugas, form: Checked) -> None:
    """Changed when something new matters for this form, drawn from a page or answering a mail."""
    if form.seen and task.complaint_id is not None:
        found = news(work.session, task, person, form.action.name, form.seen)
        if found:
            raise Changed(found)


def newest(session: Session, task: Task, at: datetime) -> int:
    """The newest event of the task's case that a mail written then could tell of; 0 where there is none."""
    told = select(func.max(Event.seq)).where(
        Event.complaint_id == task.complaint_id, Event.at <= at
    )
    return session.scalar(told) or 0


def news(session: Session, task: Task, person: Petugas, name: str, seen: int) -> list[int]:
    """The numbers in the case's history of what this person has not seen and what matters for the act."""
    query = select(Event, Payload).outerjoin(Payload, Payload.event_id == Event.id)
    later = query.where(
        Event.complaint_id == task.complaint_id, Event.seq > seen, Event.actor != person.kode
    )
    rows = session.execute(later.order_by(Event.seq)).all()
    complaint = session.get(Complaint, task.complaint_id)
    words_open = complaint is not None and complaint.teks_terbuka
    return [
        event.seq
        for event, payload in rows
        if _matters(name, event, payload.data if payload else {}, task, words_open)
    ]


def _matters(
    name: str, event: Event, data: Mapping[str, Any], task: Task, words_open: bool
) -> bool:
    if name in OF_A_UNIT:
        return _matters_to_a_unit(event, data, task, words_open)
    return event.kind not in BESIDE_IT or event.kind is AGAIN.get(name)


def _matters_to_a_unit(event: Event, data: Mapping[str, Any], task: Task, words_open: bool) -> bool:
    """A unit answers for itself what it was asked: the question, who may know who complains, and of the pengadu's
    words what was released to it. A question to others, and their answers, leave its own as it is."""
    if event.kind is EventKind.UNIT_ASKED:
        return task.holder in data.get("kepada", ())
    if event.kind is EventKind.CITIZEN_WROTE:
        return bool(data.get("rahasia")) or (words_open and not data.get("dari"))
    return event.kind is EventKind.MARKED
