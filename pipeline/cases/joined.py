"""What a merged citizen says reaches whoever holds the complaint that theirs was merged into."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.casefile.decided import follows
from pipeline.cases.chain import CITIZEN, log
from pipeline.cases.core import locked
from pipeline.cases.tasks import current_task, fresh_links
from pipeline.data.tables import Complaint
from pipeline.notices import news
from pipeline.office.sop import OVER, EventKind, Stage
from pipeline.work import Work


def parent_of(work: Work, complaint_id: int) -> Complaint | None:
    """The complaint whose answer this one shares and that is not over yet, locked; None for one on its own way."""
    complaint = work.session.get_one(Complaint, complaint_id)
    parent = locked(work, complaint.parent_id) if complaint.parent_id else None
    if parent is None or (parent.stage in OVER and complaint.stage is not Stage.DIGABUNG):
        return None
    return parent if follows(work.session, complaint, parent) else None


def tell(
    work: Work, parent: Complaint, child: Complaint, text: str, folded: bool, files: Sequence[int]
) -> set[str]:
    """Note in the parent's history that a merged citizen wrote, and tell who holds the parent; their codes. The words
    stay in the child's own history: erasing the child erases them."""
    log(
        work,
        parent,
        EventKind.CITIZEN_WROTE,
        CITIZEN,
        teks="",
        dari=child.number,
        berkas=len(files),
    )
    current = current_task(work, parent.id)
    holding = fresh_links(work, current) if current is not None else []
    for person, link_id in holding:
        news.citizen_wrote(work, parent, current, person, link_id, text, False, folded, child)
    return {person.kode for person, _link_id in holding}
