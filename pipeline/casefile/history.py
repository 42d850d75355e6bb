"""What happened in a case, as its events tell it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from pipeline.casefile.decided import follows
from pipeline.data.engine import is_view, once
from pipeline.data.tables import Complaint, Event, Payload
from pipeline.office.config import Settings
from pipeline.office.sop import EventKind, Stage
from pipeline.office.words import word

Said = tuple[Event, Payload | None]
# Made once: building a statement costs as much as what SQLite does for it.
_HISTORY = (
    select(Event, Payload)
    .outerjoin(Payload, Payload.event_id == Event.id)
    .where(Event.complaint_id == bindparam("case"))
    .order_by(Event.seq)
)

# ---- what a task mail says -----------------------------------------------------------------------------------


def entries(
    session: Session, complaint: Complaint, *kinds: EventKind
) -> list[tuple[Event, dict[str, Any]]]:
    """Events of these kinds (all when none is given) with what they say, oldest first. In a view the history is read
    once, whatever is asked of it."""
    if is_view(session):
        key = ("entries", complaint.id)
        whole = once(session, key, lambda: _rows(session, complaint, ()))
        rows: Sequence[Said] = [row for row in whole if not kinds or row[0].kind in kinds]
    else:
        rows = _rows(session, complaint, kinds)
    return [(event, dict(payload.data) if payload else {}) for event, payload in rows]


def _rows(session: Session, complaint: Complaint, kinds: Collection[EventKind]) -> Sequence[Said]:
    query = _HISTORY.where(Event.kind.in_(kinds)) if kinds else _HISTORY
    return [(event, payload) for event, payload in session.execute(query, {"case": complaint.id})]


def receivers(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The names of the officials who took these complaints (langkah 1, Output), by the complaints' ids: who entered or
    reported it, else who merged it, voided it or confirmed that it is taken back, while it is that."""
    begun = select(Event.complaint_id, Event.actor_name).where(
        Event.complaint_id.in_(ids), Event.actor_name != ""
    )
    settled = or_(
        and_(Event.kind == EventKind.MERGED, Complaint.parent_id.is_not(None)),
        and_(Event.kind == EventKind.VOIDED, Complaint.stage == Stage.BATAL),
        and_(Event.kind == EventKind.WITHDRAWN, Complaint.stage == Stage.DICABUT),
    )
    took = begun.where(Event.kind.in_((EventKind.RECEIVED, EventKind.RECORDED)))
    aside = begun.join(Complaint, Complaint.id == Event.complaint_id).where(settled)
    found: dict[int, str] = {}
    for query in (took, aside):
        for complaint_id, name in session.execute(query.order_by(Event.complaint_id, Event.seq)):
            found.setdefault(complaint_id, name)
    return found


def points(session: Session, complaint: Complaint, task_id: int | None) -> str:
    """What the letter of a task tells the pengadu, a point a line: as the Sekretaris has set it, else as decided."""
    chosen = [
        data
        for event, data in entries(session, complaint, EventKind.POINTS_SET)
        if event.task_id == task_id
    ]
    return str(chosen[-1].get("teks", "")) if chosen else complaint.disampaikan


def answers(session: Session, settings: Settings, complaint: Complaint) -> list[dict[str, str]]:
    return [
        {"nama": event.actor_name, "jabatan": event.actor_title, "teks": data.get("teks", "")}
        for event, data in entries(session, complaint, EventKind.UNIT_ANSWERED)
    ]


def clarified_together(session: Session, complaint: Complaint) -> bool:
    """Whether others than the Sekretaris took part in langkah 2: a unit answered (and not only that it is another's
    field), or was at a rapat whose minutes say so. The letter says so only then."""
    heard = entries(session, complaint, EventKind.UNIT_ANSWERED, EventKind.MINUTES_ADDED)
    return any(not data.get("bukan_bidang") and data.get("bidang", True) for _event, data in heard)


def answered_with(session: Session, complaint: Complaint) -> list[str]:
    """The register numbers of the complaints that are merged into this one and get a copy of its letter."""
    query = select(Complaint).where(Complaint.parent_id == complaint.id).order_by(Complaint.id)
    return [child.number for child in session.scalars(query) if follows(session, child, complaint)]


# What makes a task come to somebody, and how that is called.
SENDING = {
    EventKind.RECORDED: "diteruskan",
    EventKind.MERGED: "diteruskan",
    EventKind.SPLIT: "diteruskan",
    EventKind.RELEASED: "diteruskan",
    EventKind.REPORTED: "diteruskan",
    EventKind.DECIDED: "diteruskan",
    EventKind.SUBMITTED: "diteruskan",
    EventKind.SIGNED: "diteruskan",
    EventKind.UNIT_ASKED: "ditanyakan",
    EventKind.CITIZEN_ASKED: "ditanyakan",
    EventKind.RETURNED: "dikembalikan",
    EventKind.REOPENED: "dibuka",
}


ASKING = {kind for kind, how in SENDING.items() if how == "ditanyakan"}


def sent_by(session: Session, complaint: Complaint, asked: bool = False) -> str:
    """Which official sent the case on, or sent it back last, in a sentence with the jabatan as of then; who asked last,
    for a task that only answers a question (`asked`). "" where nobody has yet. What was only noted beside it sends
    nothing."""
    wanted = ASKING if asked else SENDING.keys() - ASKING
    query = select(Event.kind, Event.actor_name, Event.actor_title).where(
        Event.complaint_id == complaint.id,
        Event.actor_name != "",
        Event.actor != "pengadu",
        Event.kind.in_(wanted),
    )
    last = session.execute(query.order_by(Event.seq.desc()).limit(1)).one_or_none()
    if last is None:
        return ""
    return word(f"pengirim.{SENDING[last.kind]}", siapa=f"{last.actor_name} ({last.actor_title})")
