"""One note to the JFU about a wave of complaints, with the button that merges them."""

from __future__ import annotations

from pipeline.access import links
from pipeline.casefile import reported, waves
from pipeline.cases.core import locked
from pipeline.cases.tasks import open_task_of
from pipeline.notices import news
from pipeline.office.sop import Role, Stage, TaskKind
from pipeline.work import Work


def tell(work: Work) -> int:
    """Tell each JFU of each wave, once; how many waves."""
    told = 0
    for wave in waves.news(work):
        first = locked(work, wave[0].id)
        task = open_task_of(work, first.id, TaskKind.CATAT)
        if task is None or first.stage is not Stage.PENERIMAAN:
            continue
        for person in reported.spared(first, work.settings.holders(Role.JFU)):
            (link_id,) = links.issue(
                work.session, [(task, person)], work.now, work.settings.web.link_days
            )
            news.wave(work, first, task, person, link_id, wave)
        told += 1
    return told
