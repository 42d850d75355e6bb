"""Cases whose people were erased (`aduan hapus`): nothing of them is to come back, for it could not be erased again."""

from __future__ import annotations

from sqlalchemy import Exists, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from pipeline.data.tables import Event
from pipeline.office.sop import EventKind


def erased_cases() -> Select[int]:
    """The ids of complaints whose people are erased, as a subquery."""
    return select(Event.complaint_id).where(Event.kind == EventKind.ERASED)


def was_erased(complaint_id: InstrumentedAttribute[int] | int) -> Exists:
    """Whether the people in that case have been erased, as a part of a query."""
    return erased_cases().where(Event.complaint_id == complaint_id).exists()


def is_erased(session: Session, complaint_id: int | None) -> bool:
    """Whether the people in a case have been erased."""
    return complaint_id is not None and bool(session.scalar(select(was_erased(complaint_id))))
