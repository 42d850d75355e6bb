"""What happened in a case after a form was drawn, and matters for what the form does: nobody acts on what they have
not seen.

Every form carries the number of the newest event that its page showed. The deed is stopped when somebody else has
done since what could change the mind of whoever acts; the page comes back with what was typed and with what is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.cases.core import Changed
from pipeline.cases.input import Checked
from pipeline.data.tables import Event, Payload, Task
from pipeline.office.config import Petugas
from pipeline.office.sop import BESIDE_IT, EventKind
from pipeline.work import Work

FIELDS = {EventKind.MARKED, EventKind.CORRECTED, EventKind.RECORDED}
MEETINGS = {EventKind.MEETING_SET, EventKind.MEETING_CANCELLED, EventKind.MINUTES_ADDED}
LETTERS = {EventKind.LETTER_STORED, EventKind.DRAFTED}

# Acts that add something and decide nothing are stopped by less; all others by everything but what is beside it.
ADDING: Mapping[str, set[EventKind]] = {
    "tandai": {*FIELDS, EventKind.CITIZEN_WROTE},  # what it releases should have been read
    "koreksi": FIELDS,
    "jawab": {EventKind.UNIT_ASKED},
    "tanya_unit": {EventKind.UNIT_ASKED, EventKind.UNIT_ANSWERED, EventKind.MARKED},
    "tarik_pertanyaan": {EventKind.UNIT_ANSWERED, EventKind.UNIT_WITHDRAWN},
    "bukan_bidang": {EventKind.UNIT_ASKED},
    "perpanjang": {EventKind.EXTENDED},
    "rapat": MEETINGS,
    "notulen": MEETINGS,
    "batal_rapat": MEETINGS,
    "unggah": LETTERS,
    "unggah_pengantar": LETTERS,
    "susun_ulang": LETTERS,
}


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
    rows = session.execute(later.order_by(Event.seq))
    return [
        event.seq
        for event, payload in rows
        if _matters(name, event, payload.data if payload else {}, task)
    ]


def _matters(name: str, event: Event, data: Mapping[str, Any], task: Task) -> bool:
    wanted = ADDING.get(name)
    if wanted is None:
        return event.kind not in BESIDE_IT
    if name in ("jawab", "bukan_bidang"):  # the question to somebody else is not theirs
        return event.kind in wanted and task.holder in data.get("kepada", ())
    return event.kind in wanted
