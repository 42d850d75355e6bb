"""A large register as a spreadsheet: asked for on a page, made by a job, told by mail when it is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from pipeline.access import links
from pipeline.data import exports, jobs
from pipeline.data.tables import Export, Task
from pipeline.notices import answers
from pipeline.office.config import Petugas
from pipeline.office.sop import Channel, Decision
from pipeline.register.book import Filter
from pipeline.work import Work

JOB = "ekspor"
AT_ONCE = 2_000  # rows; a larger book is made by a job
READ: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("month", "first", "last"), date.fromisoformat),
    "channel": Channel,
    "decision": Decision,
}


def asked(session: Session, person: Petugas, wanted: Filter) -> Export | None:
    """What this person has asked for with these filters already, ready or not."""
    return exports.newest(session, person.kode, person.mark, _kept(wanted))


def ask(work: Work, person: Petugas, task: Task, wanted: Filter) -> None:
    """Have it made, once for the same filters while it waits; what was ready before is made anew."""
    row = asked(work.session, person, wanted)
    if row is not None and row.ready_at is None:
        return
    if row is not None:
        exports.drop(work.session, row)
    fresh = exports.add(work.session, person.kode, person.mark, task.id, _kept(wanted), work.now)
    jobs.put(work.session, JOB, fresh.id, work.now)


def filters(row: Export) -> Filter:
    """What was asked for."""
    return Filter(
        **{name: READ[name](value) if name in READ and value else value for name, value in row.wanted.items()}
    )


def keep(work: Work, export_id: int, content: bytes) -> None:
    """Keep what a job has made and tell the one who asked; nothing where it has been swept or erased meanwhile."""
    row = work.session.get(Export, export_id)
    person = work.settings.person(row.person) if row is not None else None
    task = work.session.get(Task, row.task_id) if row is not None else None
    if row is None or person is None or task is None or not person.owns(row.mark):
        return
    exports.fill(row, content, work.now)
    (link_id,) = links.issue(work.session, [(task, person)], work.now, work.settings.web.link_days)
    answers.export_ready(work, person, link_id, row.id)


def _kept(wanted: Filter) -> dict[str, Any]:
    return {name: str(value) if name in READ and value else value for name, value in asdict(wanted).items()}
