"""How an answer can reach the pengadu."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.data.tables import Complaint, Slip
from pipeline.office import numbers


def has_contact(complaint: Complaint) -> bool:
    """Whether somebody can be written to or called: an email, a telephone, or a name with an address."""
    by_post = complaint.nama and complaint.alamat
    return bool(complaint.email or complaint.telepon or by_post)


def contact(complaint: Complaint) -> dict[str, str]:
    """What is known of the pengadu, by the name of its field, as it is read."""
    known = {
        "nama": complaint.nama,
        "alamat": complaint.alamat,
        "telepon": numbers.phone(complaint.telepon),
        "email": complaint.email,
    }
    return {name: value for name, value in known.items() if value}


def on_board(session: Session, complaint: Complaint) -> bool:
    """Whether the answer may go on the board: nobody can be reached otherwise, or the slip asks for it."""
    if not has_contact(complaint):
        return True
    slip = session.scalars(select(Slip).where(Slip.complaint_id == complaint.id)).first()
    return slip is not None and slip.ticks.get("papan") is True
