"""Langkah 2: whoever asked a unit is told what it answered, and which units still owe an answer."""

from __future__ import annotations

from sqlalchemy import select

from pipeline.casefile.holders import holders
from pipeline.cases.deed import Deed
from pipeline.cases.tasks import current_task, fresh_links, open_task_of
from pipeline.data.tables import Task
from pipeline.notices import news
from pipeline.office.config import Petugas
from pipeline.office.sop import TaskKind


def tell(deed: Deed, answer: str) -> None:
    asking = open_task_of(deed.work, deed.complaint.id, TaskKind.KLARIFIKASI)
    if asking is None and deed.late:  # whoever has the case now
        asking = current_task(deed.work, deed.complaint.id)
    if asking is None:
        return
    owing = _owing(deed)
    for person, link_id in fresh_links(deed.work, asking):
        news.unit_answered(
            deed.work, deed.complaint, asking, person, link_id, deed.person, answer, owing
        )


def _owing(deed: Deed) -> list[Petugas]:
    """Those of the other open questions, in the order in which they were asked."""
    others = select(Task).where(
        Task.complaint_id == deed.complaint.id,
        Task.kind == TaskKind.KETERANGAN,
        Task.closed_at.is_(None),
        Task.id != deed.task.id,
    )
    tasks = deed.work.session.scalars(others.order_by(Task.id))
    return [person for task in tasks for person in holders(deed.work.settings, task)]
