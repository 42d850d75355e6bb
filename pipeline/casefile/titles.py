"""What a mail's subject calls a case."""

from __future__ import annotations

from sqlalchemy.orm import Session

from pipeline.casefile import privacy
from pipeline.casefile.history import entries
from pipeline.data.tables import Complaint
from pipeline.office.config import Settings
from pipeline.office.sop import Channel, EventKind


def subject(session: Session, settings: Settings, complaint: Complaint) -> str:
    """The JFU's perihal once they have given one, else what stands for it; none that tells who complains."""
    own = complaint.perihal if _is_the_offices(session, complaint) else ""
    if own and not privacy.tells_who(complaint, own):
        return privacy.as_title(own)
    return privacy.subject_title(settings, complaint)


def _is_the_offices(session: Session, complaint: Complaint) -> bool:
    """Whether an official has worded the perihal: of a mail the pengadu has, until a JFU reports it otherwise."""
    if complaint.channel is not Channel.EMAIL:
        return complaint.lengkap_at is not None
    if complaint.lengkap_at is None:
        return False
    return any(
        "perihal" in said.get("perubahan", {})
        for _e, said in entries(session, complaint, EventKind.RECORDED)
    )
