"""A large register as a spreadsheet or on paper: asked for on a page, made by a job, told by mail when it is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from pipeline.access import links
from pipeline.data import exports, jobs
from pipeline.data.states import JobKind
from pipeline.data.tables import Export, Task
from pipeline.notices import answers
from pipeline.office.config import Petugas
from pipeline.office.sop import Channel, Decision
from pipeline.register import paper, sheet
from pipeline.register.book import Filter
from pipeline.work import Work

KIND = "berkas"  # beside the filters: as what it was asked for
AT_ONCE = 2_000  # rows; a larger book is made by a job
LABELS = {"xlsx": "XLSX", "docx": "Word", "pdf": "PDF"}
READ: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("month", "first", "last"), date.fromisoformat),
    "channel": Channel,
    "decision": Decision,
}


def asked(session: Session, person: Petugas, wanted: Filter, kind: str = "xlsx") -> Export | None:
    """What this person has asked for with these filters already, ready or not."""
    return exports.newest(session, person.kode, person.mark, _kept(wanted, kind))


def ask(work: Work, person: Petugas, task: Task, wanted: Filter, kind: str = "xlsx") -> None:
    """Have it made, once for the same filters while it waits; what was ready before is made anew."""
    row = asked(work.session, person, wanted, kind)
    if row is not None and row.ready_at is None:
        return
    if row is not None:
        exports.drop(work.session, row)
    fresh = exports.add(
        work.session, person.kode, person.mark, task.id, _kept(wanted, kind), work.now
    )
    jobs.put(work.session, JobKind.EXPORT, fresh.id, work.now)


def filters(row: Export) -> Filter:
    """What was asked for."""
    known = {name: value for name, value in row.wanted.items() if name != KIND}
    return Filter(
        **{
            name: READ[name](value) if name in READ and value else value
            for name, value in known.items()
        }
    )


def kind_of(row: Export) -> str:
    """As what: a key of LABELS."""
    return str(row.wanted.get(KIND, "xlsx"))


def make(work: Work, row: Export) -> bytes:
    """The spreadsheet; of what is to be printed the Word document."""
    wanted = filters(row)
    if kind_of(row) == "xlsx":
        return sheet.xlsx(work, wanted)
    return paper.docx(work, wanted, paper.span(wanted))


def keep(work: Work, export_id: int, content: bytes) -> None:
    """Keep what a job has made and tell the one who asked; nothing where it has been swept or erased meanwhile."""
    row = work.session.get(Export, export_id)
    if row is None:
        return
    person = work.settings.person(row.person)
    task = work.session.get(Task, row.task_id)
    if person is None or task is None or not person.owns(row.mark):
        return
    exports.fill(row, content, work.now)
    valid = work.settings.web.link_days
    (link_id,) = links.issue(work.session, [(task, person)], work.now, valid)
    answers.export_ready(work, person, link_id, row.id, LABELS[kind_of(row)])


def _kept(wanted: Filter, kind: str) -> dict[str, Any]:
    kept = {}
    for name, value in asdict(wanted).items():
        kept[name] = str(value) if name in READ and value else value
    if kind != "xlsx":
        kept[KIND] = kind
    return kept
