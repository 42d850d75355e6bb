"""Every end of a case as a row, so that a period that is over can be counted after a case was opened again.

Hides who ends a case: whatever way it ends or begins anew, it does so by `Complaint.closed_at`, and that is what is
watched, in the transaction that writes it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from pipeline.data.tables import Closing, Complaint
from pipeline.office.sop import Decision, Stage

REFUSED = (Decision.DITOLAK, Decision.BUKAN_WEWENANG)


def how(complaint: Complaint) -> str:
    """How a case ended, as the reports count it."""
    if complaint.stage in (Stage.BATAL, Stage.DICABUT):
        return str(complaint.stage)
    if complaint.parent_id is not None:
        return str(Stage.DIGABUNG)
    return str(complaint.decision) if complaint.decision in REFUSED else str(Stage.SELESAI)


@event.listens_for(Session, "before_flush")
def _keep_ends(session: Session, _context: object, _instances: object) -> None:
    for one in [*session.dirty, *session.new]:
        if isinstance(one, Complaint) and inspect(one).attrs.closed_at.history.has_changes():
            _ended(session, one) if one.closed_at else _begun_again(session, one)


def _ended(session: Session, complaint: Complaint) -> None:
    at = max(complaint.closed_at or complaint.received_at, complaint.received_at)
    last = _last(session, complaint)
    if last is not None and last.reopened_at is None:
        last.at, last.how = at, how(complaint)
        return
    complaint.answered_at = at if complaint.stage is Stage.SELESAI else None
    session.add(Closing(complaint_id=complaint.id, at=at, how=how(complaint)))


def _begun_again(session: Session, complaint: Complaint) -> None:
    last = _last(session, complaint)
    complaint.answered_at = None
    if last is not None and last.reopened_at is None:
        last.reopened_at = max(last.at, _moment(session))


def _last(session: Session, complaint: Complaint) -> Closing | None:
    with session.no_autoflush:
        query = (
            select(Closing).where(Closing.complaint_id == complaint.id).order_by(Closing.id.desc())
        )
        return session.scalars(query.limit(1)).first()


def _moment(session: Session) -> datetime:
    moment: datetime = session.info["now"]  # of the Work
    return moment
