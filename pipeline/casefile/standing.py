"""How a case stands, as those outside the office hear it: an act that may still be taken back has not happened yet.

Hides how `cases.takeback` keeps what stood before an act, as JSON beside the task on which it was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.access import unsent
from pipeline.data.tables import Base, Complaint, Event, Task
from pipeline.office.sop import BESIDE_IT, MACHINE, EventKind

HARMLESS = BESIDE_IT - {EventKind.RESCHEDULED}
Row = Mapping[str, Any]
Kept = TypeVar("Kept", bound=Base)


@dataclass(frozen=True)
class Standing:
    """A case as it is told: rows to read, not to write; and when something last happened in it."""

    complaint: Complaint
    tasks: list[Task]
    changed_at: datetime

    @property
    def waits_for_pengadu(self) -> bool:
        """Whether the pengadu has been asked and has not answered yet."""
        return any(task.paused_at and not task.closed_at for task in self.tasks)


def told(session: Session, complaint: Complaint, now: datetime) -> Standing:
    """How the case stands, without an act that may still be taken back."""
    for at, state in unsent.remembered_of(session, complaint.id):
        if now < datetime.fromisoformat(state["sampai"]) and not others_since(
            session, complaint.id, state
        ):
            return _before(session, complaint, state, at)
    mine = select(Task).where(Task.complaint_id == complaint.id).order_by(Task.id)
    return Standing(complaint, list(session.scalars(mine)), _changed(session, complaint, now))


def _before(session: Session, complaint: Complaint, state: Row, at: datetime) -> Standing:
    stood = remade(Complaint, {**columns(complaint), **state["pengaduan"]})
    tasks = [remade(Task, state["tugas"][key]) for key in sorted(state["tugas"], key=int)]
    return Standing(stood, tasks, _changed(session, complaint, at, act=True))


def _changed(session: Session, complaint: Complaint, at: datetime, act: bool = False) -> datetime:
    """When something happened last: until then, or before the act of that moment."""
    until = Event.at < at if act else Event.at <= at
    query = select(Event.at).where(Event.complaint_id == complaint.id, until)
    newest = session.scalar(query.order_by(Event.seq.desc()).limit(1))
    return newest or complaint.received_at


def others_since(session: Session, complaint_id: int, state: Row) -> bool:
    """Whether something happened in the case since an act, beside what a machine does and no task of it shows."""
    later = select(Event.kind, Event.actor).where(
        Event.complaint_id == complaint_id, Event.seq > state["urut"]
    )
    return any(actor != MACHINE or kind not in HARMLESS for kind, actor in session.execute(later))


# ---- rows as JSON --------------------------------------------------------------------------------------------


def columns(row: Base) -> dict[str, Any]:
    """A row as JSON can hold it."""
    return {column.name: _plain(getattr(row, column.name)) for column in row.__table__.columns}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def value_of(table: type[Base], name: str, plain: Any) -> Any:
    """A column's value again."""
    column_type = table.__table__.columns[name].type
    kind = getattr(column_type, "impl", column_type).python_type
    return (
        kind.fromisoformat(plain) if plain is not None and hasattr(kind, "fromisoformat") else plain
    )


def remade(table: type[Kept], plain: Row) -> Kept:
    """A row to read, outside every session."""
    return table(**{name: value_of(table, name, value) for name, value in plain.items()})
