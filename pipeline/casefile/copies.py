"""Who gets a copy of the signed letter by mail (*tembusan*), and which copies did not arrive. Read only."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.casefile import reported
from pipeline.casefile.history import entries
from pipeline.data.tables import Complaint, Outbox
from pipeline.office.config import Settings, Tembusan
from pipeline.office.sop import EventKind

MAIL = "tembusan"
FAILED = (EventKind.SEND_FAILED, EventKind.BOUNCED)


def addressed(settings: Settings, complaint: Complaint) -> list[Tembusan]:
    """Those with an address, without whom the complaint is about; nobody of a confidential case, unless the office
    wants a note to go."""
    if complaint.rahasia and settings.surat.tembusan_rahasia == "tanpa":
        return []
    return [
        one
        for one in settings.surat.tembusan
        if one.email and not _concerned(settings, complaint, one.email)
    ]


def _concerned(settings: Settings, complaint: Complaint, email: str) -> bool:
    person = settings.person_at(email)
    return person is not None and person.kode in reported.codes(complaint)


def not_arrived(session: Session, complaint: Complaint) -> list[Outbox]:
    """The newest copy to each recipient, where it was refused or came back for good."""
    mails = select(Outbox).where(Outbox.complaint_id == complaint.id, Outbox.name == MAIL)
    newest = {mail.recipient_name: mail for mail in session.scalars(mails.order_by(Outbox.id))}
    lost = set()
    for _event, said in entries(session, complaint, *FAILED):
        if said.get("tetap", True):  # for good
            lost.add(said.get("surat"))
    return [mail for mail in newest.values() if mail.message_id in lost]
