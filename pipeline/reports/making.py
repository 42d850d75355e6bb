"""The report of a period that is over: ordered once, made by a job, kept with its figures, handed to the Sekretaris."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from pipeline.cases import report_chain
from pipeline.cases.chain import SYSTEM
from pipeline.cases.input import File
from pipeline.cases.record import add_to_report
from pipeline.cases.tasks import open_report_task
from pipeline.data import jobs
from pipeline.data.engine import exclusive
from pipeline.data.states import JobKind
from pipeline.data.tables import Complaint, Laporan
from pipeline.files.kinds import DOCX
from pipeline.letters.mark import new_code, sealed
from pipeline.letters.returned import Returned, inspect
from pipeline.letters.series import REPORT
from pipeline.notices import it_officer, reports
from pipeline.office.messages import TEMPLATES
from pipeline.office.sop import TaskKind
from pipeline.office.words import word
from pipeline.register import report
from pipeline.register.period import Period, last_before, parse
from pipeline.reports import compare
from pipeline.work import Work

CAUGHT_UP = 12  # periods of a kind at most whose reports are made at once
LOOKED_BACK = 12  # earlier reports of the same kind that may be corrected


@dataclass(frozen=True)
class MadeReport:
    """A report as a job has made it. `fault`: why the office's own template could not be used."""

    tables: list[dict[str, Any]]
    corrections: dict[str, Any]
    content: bytes
    code: str
    read: Returned
    fault: str = ""


def period_of(row: Laporan) -> Period:
    return parse(row.kind, row.code)


def mark_name(row: Laporan) -> str:
    """What the mark in the Word file calls the report, as a letter's names its case."""
    return f"LAPORAN {row.kind} {row.code}"


# ---- when ----------------------------------------------------------------------------------------------------


def is_due(work: Work) -> bool:
    """Whether a report is to be ordered now."""
    return bool(_due(work))


def order_due(work: Work) -> int:
    """Order the reports of periods that are over and have none; how many. A day without office, and a book that was
    empty at the end of a period, have none."""
    waiting = _due(work)
    if not waiting:
        return 0
    exclusive(work.session, "laporan")
    return sum(_order(work, period) for period in _due(work))


def _due(work: Work) -> list[Period]:
    hours = work.settings.hours
    today = hours.local(work.now).date()
    if not hours.intervals(today):
        return []
    kinds = work.settings.laporan.otomatis
    over = [period for kind in kinds for period in _since_last_report(work, kind, today)]
    return [period for period in over if _has_book(work, period)]


def _since_last_report(work: Work, kind: str, today: date) -> list[Period]:
    """Periods that are over and have no report yet, the oldest first: more than one where the program stood still for
    longer than a period. Where there never was a report the newest period alone: an office that begins to use them
    does not want years of them at once."""
    found: list[Period] = []
    period = last_before(kind, today)
    while len(found) < CAUGHT_UP:
        if _is_ordered(work, period):
            return found[::-1]
        found.append(period)
        period = last_before(kind, period.first)
    return found[::-1] if _has_report(work, kind) else found[:1]


def _has_report(work: Work, kind: str) -> bool:
    there = select(Laporan.id).where(Laporan.kind == kind).limit(1)
    return work.session.scalar(there) is not None


def _is_ordered(work: Work, period: Period) -> bool:
    there = select(Laporan.id).where(Laporan.kind == period.kind, Laporan.code == period.code)
    return work.session.scalar(there) is not None


def _has_book(work: Work, period: Period) -> bool:
    """Whether anything had come before the end of a period."""
    _begin, end = period.bounds(work.settings.zone)
    come = select(Complaint.id).where(Complaint.received_at < end)
    return work.session.scalar(come.limit(1)) is not None


def _order(work: Work, period: Period) -> bool:
    row = Laporan(
        kind=period.kind,
        code=period.code,
        name=period.name,
        asked_at=work.now,
        figures=[],
        corrections={},
        lost=[],
    )
    work.session.add(row)
    work.session.flush()
    jobs.put(work.session, JobKind.REPORT, row.id, work.now)
    return True


# ---- what ----------------------------------------------------------------------------------------------------


def tables_now(work: Work, row: Laporan) -> tuple[list[dict[str, Any]], list[str]]:
    """(tables, sentences) of a report as the data say now. Takes seconds in a large office: outside a transaction."""
    found = report.gather(work, period_of(row), public=True)
    return compare.kept(found), [*found.sentences]


def compose(work: Work, report_id: int) -> MadeReport | None:
    """The report in Word; None where it is made already. An office's template that cannot be filled holds up nobody:
    the one that comes with the program is used, and that is told."""
    row = work.session.get(Laporan, report_id)
    if row is None or row.made_at is not None:
        return None
    found = report.gather(work, period_of(row), public=True)
    corrected, told = _corrections(work, row)
    code = new_code()
    mark = sealed(work.settings.keys, mark_name(row), 1, code)
    seal = report.Sealing(code, mark, tuple(told))
    fault = ""
    try:
        content = report.docx(work, found, seal=seal)
    except report.BadTemplate as error:
        fault = str(error)
        ours = (TEMPLATES / report.TEMPLATE).read_bytes()
        content = report.docx(work, found, ours, seal=seal)
    return MadeReport(compare.kept(found), corrected, content, code, inspect(content), fault)


def _corrections(work: Work, row: Laporan) -> tuple[dict[str, Any], list[str]]:
    """({id of an earlier report: its tables now}, what is different in them, in words)."""
    signed = select(Laporan).where(
        Laporan.kind == row.kind, Laporan.signed_at.is_not(None), Laporan.id != row.id
    )
    newest = signed.order_by(Laporan.id.desc()).limit(LOOKED_BACK)
    corrected, told = {}, []
    for earlier in work.session.scalars(newest).all():
        said_then = earlier.told or earlier.figures
        now, _sentences = tables_now(work, earlier)
        lines = compare.corrections(reports.name_of(earlier), said_then, now)
        if lines:
            corrected[str(earlier.id)] = now
            told += lines
    return corrected, told


def keep_draft(work: Work, report_id: int, made: MadeReport) -> None:
    """Keep what was made and hand it to the Sekretaris, once."""
    row = locked(work, report_id)
    if row.made_at is not None:
        return
    row.made_at, row.figures, row.corrections = work.now, made.tables, made.corrections
    name = f"{word('laporan.berkas', periode=row.name)}.docx"
    draft = add_to_report(work, row, REPORT.drafted, File(name, DOCX, made.content), SYSTEM)
    draft.code, draft.facts = made.code, facts_of(made.read, [])
    report_chain.log(work, row, "dibuat", SYSTEM, berkas=draft.id, sha256=draft.sha256)
    note = ""
    if made.fault:
        note = word("laporan.templat_bawaan", sebab=made.fault)
        it_officer.tell_daily(work, "laporan", sebab=made.fault)
    task, told = open_report_task(work, row, TaskKind.LAPORAN, note)
    for person, link_id in told:
        reports.task(work, row, task, person, link_id)


def facts_of(read: Returned, disagreeing: Sequence[str]) -> dict[str, Any]:
    """What is kept of a file: its paragraphs, what the gate found, and where it does not agree with the data."""
    # What a report says of a case without kategori or unit is no gap of its own.
    own = word("laporan.tanpa").strip("()")
    found = [(f.level, f.message, f.where) for f in read.findings if own not in f.message]
    found += [("lihat", line, "") for line in disagreeing]
    if read.findings and not disagreeing:
        found.append(("baik", word("laporan.periksa.sesuai"), ""))
    order = ("blokir", "lihat", "baik")
    return {
        "alinea": [*read.paragraphs],
        "temuan": [[*one] for one in sorted(found, key=lambda f: order.index(f[0]))],
    }


def locked(work: Work, report_id: int) -> Laporan:
    """The report, with its row locked until the transaction ends."""
    query = select(Laporan).where(Laporan.id == report_id).with_for_update()
    return work.session.scalars(query.execution_options(populate_existing=True)).one()
