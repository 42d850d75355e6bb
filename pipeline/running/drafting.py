"""Slow work from the job table: drafts, copies, letters to sign, PDFs, invitations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from pipeline import cases, reports
from pipeline.casefile import history
from pipeline.casefile.decided import standing
from pipeline.cases import stuck
from pipeline.cases.letters import (
    final_form,
    letters_of,
    own_number,
    room_of,
    series_in,
    store_pdf,
    under_new_code,
)
from pipeline.cases.meetings import compose_invitation, store_invitation
from pipeline.cases.merging import copy_letter, keep_copy
from pipeline.cases.outcomes import Drafted, draft_letters, letters_to_sign, next_version
from pipeline.cases.pages import store_pages
from pipeline.cases.sheets import DRAWN
from pipeline.cases.tasks import open_task_of
from pipeline.data import jobs, store
from pipeline.data.engine import reading, writing
from pipeline.data.jobs import Claimed
from pipeline.data.states import JobKind
from pipeline.data.tables import Complaint, Document, Export, Meeting
from pipeline.files import libreoffice
from pipeline.files.pdf import pdf_pages, pdf_text
from pipeline.letters.mark import new_code
from pipeline.letters.returned import inspect
from pipeline.letters.series import ANSWER, COVERING, LETTERS
from pipeline.office import logs
from pipeline.office.sop import Decision, TaskKind
from pipeline.register import exports
from pipeline.work import App, Report, Work

log = logging.getLogger(__name__)
PAGE_WIDTH, PAGES = 1000, DRAWN  # pictures of a letter's pages: pixels across, how many
PRINTING = 300  # seconds for a large book as PDF
SHOWN_WIDTH, MOST_SHOWN = 1400, 12  # the same of a PDF that somebody looks at


def letters(app: App) -> Report:
    """Draft the letters that a decision asks for, copy them for merged complaints; give those that are to be signed
    their number; make the reports of periods that are over."""
    done = {"konsep": _work(app, JobKind.FRESH_DRAFT), "salinan": _work(app, JobKind.COPY)}
    done["bernomor"] = _work(app, JobKind.FINAL_FORM)
    done["laporan"] = _work(app, JobKind.REPORT)
    return done | {"undangan": _work(app, JobKind.INVITATION)}


def pictures(app: App) -> Report:
    """PDFs by LibreOffice, large spreadsheets one at a time: a lane of its own, so that no draft waits behind it."""
    return {
        "pdf": _work(app, JobKind.MAKE_PDF),
        "halaman": _work(app, JobKind.SHOW_PAGES),
        "ekspor": _work(app, JobKind.EXPORT),
    }


def _work(app: App, kind: JobKind) -> int:
    """Do the jobs of one kind, one after another, outside any transaction; how many were done."""
    with reading(app.engine) as session:
        waiting = [job.id for job in jobs.due(session, kind, app.clock())]
    return sum(_do(app, job_id) for job_id in waiting)


def _do(app: App, job_id: int) -> bool:
    """Do one job, unless another worker has it. Whatever goes wrong is kept on the job: the next one goes on."""
    with jobs.claimed(app.engine, job_id) as job:
        if job is None:
            return False
        try:
            JOBS[job.kind](app, job)
        except jobs.Overtaken as reason:
            log.info("job %s: put again meanwhile", reason)
            return False
        except Exception as error:  # noqa: BLE001
            log.warning("job %s %s: %s", job.kind, job.subject_id, logs.what(error))
            _failed(app, job, f"{type(error).__name__}: {error}")
            return False
        if job.attempts >= stuck.PATIENCE:
            with app.writing() as work:
                stuck.is_mended(work, job.kind, job.subject_id)
    return True


def _failed(app: App, job: Claimed, said: str) -> None:
    """Plan the next try; what does not mend itself is told to the Sekretaris."""
    with writing(app.engine) as session:
        attempts = jobs.failed(session, job, said, app.clock(), tries=TRIES.get(job.kind, 0))
    if attempts >= stuck.PATIENCE:
        with app.writing() as work:
            stuck.tell(work, job.kind, job.subject_id, said)


def _draft(app: App, job: Claimed) -> None:
    """The answer, and the covering letter where another agency is in charge."""
    with app.reading() as work:
        complaint = work.session.get_one(Complaint, job.subject_id)
        settings, version = work.settings, next_version(work, complaint)
        numbers = {series: own_number(work, complaint, series) for series in LETTERS}
        decision = standing(work.session, complaint.id)
        together = history.clarified_together(work.session, complaint)
        task = open_task_of(work, complaint.id, TaskKind.JAWABAN)
        told = history.points(work.session, complaint, task.id if task else None)
    if decision is None:  # it was withdrawn meanwhile; the next one asks again
        with jobs.finishing(app.engine, job):
            return
    room = settings.surat.room(app.clock().astimezone(settings.zone).year)
    made = []
    for series in LETTERS if complaint.decision is Decision.BUKAN_WEWENANG else (ANSWER,):
        kind, code = series.name if series is COVERING else str(complaint.decision), new_code()
        content = cases.compose_letter(
            settings,
            complaint,
            kind,
            version,
            code,
            numbers[series] or room,
            together=together,
            told=told,
        )
        made.append((series, code, content, inspect(content), room))
    with jobs.finishing(app.engine, job) as session:
        work = Work(session, app.settings, app.clock())
        draft_letters(work, job.subject_id, Drafted(version, decision.id, tuple(made)))


def _copy(app: App, job: Claimed) -> None:
    with app.reading() as work:
        made = copy_letter(work, work.session.get_one(Complaint, job.subject_id))
    with jobs.finishing(app.engine, job) as session:
        if made is not None:
            keep_copy(Work(session, app.settings, app.clock()), job.subject_id, made)


def _final(app: App, job: Claimed) -> None:
    """The letters as they are to be signed, with their numbers and date."""
    with app.reading() as work:
        complaint = work.session.get_one(Complaint, job.subject_id)
        sources = [
            (letter, room_of(work, complaint, one), own_number(work, complaint, one))
            for one in series_in(work, complaint)
            for letter in letters_of(work, complaint, one)[-1:]
        ]
        contents = store.get_all(
            work.session, [source.sha256 for source, _room, _number in sources]
        )
    day = complaint.letter_date
    made = []
    for source, room, number in sources:
        if day is None:
            continue
        letter = final_form(app.settings, contents[source.sha256], room, number, day)
        code, letter = under_new_code(app.settings, complaint, source, letter)
        made.append((source, letter, code))
    with jobs.finishing(app.engine, job) as session:
        if day is not None:
            letters_to_sign(Work(session, app.settings, app.clock()), job.subject_id, made)


def _pdf(app: App, job: Claimed) -> None:
    with reading(app.engine) as session:
        content = store.get(session, session.get_one(Document, job.subject_id).sha256)
    pdf = libreoffice.to_pdf(content)
    pages = pdf_pages(pdf, PAGE_WIDTH, PAGES)
    anchor = app.settings.surat.jangkar
    anchors = pdf_text(pdf).count(anchor) if anchor else 1
    with jobs.finishing(app.engine, job) as session:
        store_pdf(Work(session, app.settings, app.clock()), job.subject_id, pdf, pages, anchors)


def _pages(app: App, job: Claimed) -> None:
    """Pictures of a PDF that came from outside, or was signed, for the page on which somebody looks at it."""
    with reading(app.engine) as session:
        content = store.get(session, session.get_one(Document, job.subject_id).sha256)
    pages = pdf_pages(content, SHOWN_WIDTH, MOST_SHOWN)
    with jobs.finishing(app.engine, job) as session:
        store_pages(Work(session, app.settings, app.clock()), job.subject_id, pages)


def _undangan(app: App, job: Claimed) -> None:
    with app.reading() as work:
        meeting = work.session.get_one(Meeting, job.subject_id)
        complaint = work.session.get_one(Complaint, meeting.complaint_id)
    today = work.now.astimezone(work.settings.zone).date()
    content = compose_invitation(work.settings, complaint, meeting, today)
    with jobs.finishing(app.engine, job) as session:
        store_invitation(Work(session, app.settings, app.clock()), job.subject_id, content)


def _export(app: App, job: Claimed) -> None:
    """The register as a spreadsheet or on paper, for the one who asked."""
    with app.reading() as work:
        row = work.session.get(Export, job.subject_id)
        content = exports.make(work, row) if row is not None else b""
        printed = row is not None and exports.kind_of(row) == "pdf"
    if printed:
        content = libreoffice.to_pdf(content, timeout=PRINTING)
    with jobs.finishing(app.engine, job) as session:
        exports.keep(Work(session, app.settings, app.clock()), job.subject_id, content)


def _report(app: App, job: Claimed) -> None:
    """The report of a period, for the Sekretaris to edit."""
    with app.reading() as work:
        made = reports.compose(work, job.subject_id)
    with jobs.finishing(app.engine, job) as session:
        if made is not None:
            reports.keep_draft(Work(session, app.settings, app.clock()), job.subject_id, made)


JOBS: Mapping[JobKind, Callable[[App, Claimed], None]] = {
    JobKind.FRESH_DRAFT: _draft,
    JobKind.COPY: _copy,
    JobKind.FINAL_FORM: _final,
    JobKind.MAKE_PDF: _pdf,
    JobKind.INVITATION: _undangan,
    JobKind.SHOW_PAGES: _pages,
    JobKind.EXPORT: _export,
    JobKind.REPORT: _report,
}
# A letter has to be drafted once its template is mended; a PDF is a convenience, and one that cannot be drawn stays so.
TRIES = {JobKind.MAKE_PDF: len(jobs.PAUSES) + 1, JobKind.SHOW_PAGES: 1}
