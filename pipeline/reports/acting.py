"""What each button of a report's tasks does, in one short transaction; the same rules as for a letter.

`act()` is the door, as `cases.act` is for a complaint. The figures of the moment come in from outside, for counting
them takes longer than a transaction may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.access import links, unsent
from pipeline.casefile.holders import helpers, holders
from pipeline.cases import report_chain, sheets
from pipeline.cases.chain import Actor, actor_of
from pipeline.cases.core import AlreadyDone, Forbidden
from pipeline.cases.input import Checked, File, Invalid, Scan
from pipeline.cases.letters import found_in
from pipeline.cases.pages import order_pages
from pipeline.cases.record import add_to_report
from pipeline.cases.scans import refuse_without_signature
from pipeline.cases.tasks import close, open_report_task
from pipeline.data import jobs, store
from pipeline.data.states import JobKind
from pipeline.data.tables import Document, Laporan, Task
from pipeline.files import kinds, libreoffice
from pipeline.letters import draft as letter_draft
from pipeline.letters.copy import recoded
from pipeline.letters.mark import is_ours, new_code, printed_code, sealed
from pipeline.letters.returned import Returned
from pipeline.letters.series import REPORT
from pipeline.notices import reports
from pipeline.office.config import Petugas
from pipeline.office.sop import HANDED_IN, Act, TaskKind
from pipeline.office.words import word
from pipeline.reports import compare, sending, takeback
from pipeline.reports.making import facts_of, locked, mark_name
from pipeline.work import Work

Now = tuple[
    Sequence[Mapping[str, Any]], Sequence[str]
]  # tables and sentences, see `making.tables_now`
MOST_SAID = 5  # disagreements that a form's own words name


@dataclass(frozen=True)
class ReportDeed:
    """One action under way."""

    work: Work
    task: Task
    report: Laporan
    person: Petugas
    form: Checked
    now: Now

    @property
    def actor(self) -> Actor:
        return actor_of(self.person)

    def newest(self, *of: str) -> Document | None:
        found = reports.documents(self.work.session, self.report.id, *of)
        return found[-1] if found else None


def act(work: Work, task_id: int, person: Petugas, form: Checked, now: Now) -> None:
    """Carry out a checked form on a report's task. Raises what `cases.act` raises."""
    task = work.session.get_one(Task, task_id, populate_existing=True)
    report = locked(work, task.laporan_id or 0)
    work.session.refresh(task)
    name = form.action.name
    allowed = [*holders(work.settings, task)]
    if name in HANDED_IN:
        allowed += helpers(work.settings, task)
    actor = next((one for one in allowed if one.kode == person.kode), None)
    if actor is None:
        raise Forbidden(name)
    if task.closed_at is not None:
        raise AlreadyDone(task)
    before = takeback.begin(work, report, name)
    if form.action.closes:
        close(work, task, person.kode, name)
    else:
        unsent.drop(work.session, task.id, person.kode, name)
    deed = ReportDeed(work, task, report, actor, form, now)
    DO[task.kind, name](deed)
    _log(deed)
    if before is not None:
        typed = {key: [said] for key, said in form.values.items()}
        takeback.finish(work, task, person, name, before, typed)


def _log(deed: ReportDeed) -> None:
    """The act as an event: what was typed, and the file that stands now, by its hash."""
    told: dict[str, Any] = {key: said for key, said in deed.form.values.items() if said}
    files = reports.documents(deed.work.session, deed.report.id)
    if files:
        newest = files[-1]
        told |= {"berkas": newest.id, "sha256": newest.sha256}
    name = deed.form.action.name
    report_chain.log(deed.work, deed.report, name, deed.actor, deed.task.id, **told)


def _hand_on(deed: ReportDeed, kind: TaskKind, note: str = "") -> None:
    task, told = open_report_task(deed.work, deed.report, kind, note)
    for person, link_id in told:
        reports.task(deed.work, deed.report, task, person, link_id)
    if kind is TaskKind.LAPORAN_TTD:
        _tell_helpers(deed, task)


def _tell_helpers(deed: ReportDeed, task: Task) -> None:
    """A link for each who may hand in the signed paper, where the office signs on paper."""
    settings = deed.work.settings
    if settings.surat.jangkar or settings.surat.pkcs12:
        return
    wanted = [(task, person) for person in helpers(settings, task)]
    issued = links.issue(deed.work.session, wanted, deed.work.now, settings.web.link_days)
    for (_task, person), link_id in zip(wanted, issued, strict=True):
        reports.may_hand_in(deed.work, deed.report, task, person, link_id)


# ---- edited in Word ------------------------------------------------------------------------------------------


def _store(deed: ReportDeed) -> None:
    """The edited report comes back; what is wrong with it is told on the page, and blocks only `ajukan`."""
    letter, file = deed.form.letters["surat"], deed.form.files["surat"]
    if deed.form.seen and _newer(deed):
        raise Invalid({"surat": word("galat.versi_baru")})
    shown = compare.grids_of(letter.content)
    if problem := _not_ours(deed, letter, shown):
        raise Invalid({"surat": problem})
    tables, said = deed.now
    told = compare.disagreements(shown, letter.paragraphs, tables, said)
    newest = deed.newest(*REPORT.worked_on)
    row = add_to_report(
        deed.work,
        deed.report,
        REPORT.edited,
        File(file.name, file.mime, letter.content),
        deed.actor,
    )
    row.code = letter.footer_code or (newest.code if newest else "")
    row.facts = facts_of(letter, told) | {"tabel": shown}
    if libreoffice.soffice():
        jobs.put(deed.work.session, JobKind.MAKE_PDF, row.id, deed.work.now)


def _newer(deed: ReportDeed) -> bool:
    """Whether another has brought a version since the page was drawn."""
    theirs = [
        one
        for one in reports.documents(deed.work.session, deed.report.id, *REPORT.worked_on)
        if one.id > deed.form.seen
    ]
    return any(one.actor != deed.person.kode for one in theirs)


def _not_ours(deed: ReportDeed, letter: Returned, shown: Sequence[compare.Grid]) -> str:
    """Why a file cannot be this report, or "": its mark names something else, or it has neither a mark nor one of the
    tables."""
    for mark in (letter.mark, letter.identifier):
        if mark is None:
            continue
        if mark.case_id != mark_name(deed.report):
            mine = reports.name_of(deed.report)
            return word("galat.laporan_lain", nomor=mark.case_id, laporan=mine)
        if not is_ours(deed.work.settings.keys, mark):
            return word("galat.surat_palsu")
    if letter.mark or letter.identifier or letter.footer_code:
        return ""
    heads = [[*table["heads"]] for table in deed.report.figures]
    if any(table and table[0] in heads for table in shown):
        return ""
    return word("galat.laporan_asing")


def _submit(deed: ReportDeed) -> None:
    """The report goes to be signed, under a code of its own. Figures are looked at again: data may have changed since
    it came back."""
    newest = deed.newest(*REPORT.worked_on)
    if newest is None:
        raise Forbidden(Act.AJUKAN)
    if deed.form.seen and newest.id > deed.form.seen:
        raise Invalid({"catatan": word("galat.versi_baru")})
    found = found_in(newest)
    if any(one.level == "blokir" for one in found):
        raise Invalid({"catatan": word("galat.surat_terhalang")})
    tables, said = deed.now
    content = store.get(deed.work.session, newest.sha256)
    told = _disagreeing(newest, content, tables, said)
    told += [one.message for one in found if one.level == "lihat"]
    if told and not deed.form.text("yakin"):
        question = " ".join([word("galat.laporan_beda"), *told[:MOST_SAID]])
        raise Invalid({"yakin": question})
    deed.report.figures = [*tables]
    _final(deed, newest, content)
    _hand_on(deed, TaskKind.LAPORAN_TTD, deed.form.text("catatan"))


def _disagreeing(
    newest: Document, content: bytes, tables: Sequence[Mapping[str, Any]], said: Sequence[str]
) -> list[str]:
    facts = newest.facts or {}
    shown = facts.get("tabel") or compare.grids_of(content)
    return compare.disagreements(shown, facts.get("alinea", []), tables, said)


def _final(deed: ReportDeed, source: Document, content: bytes) -> None:
    """The report as it is to be signed, under a new code: what was printed before cannot pass for it."""
    work, settings = deed.work, deed.work.settings
    code = new_code()
    mark = sealed(settings.keys, mark_name(deed.report), source.version, code)
    picture = letter_draft.qr(f"{settings.web.base_url}/asli", code)
    letter = recoded(content, source.code, mark, picture)
    name = f"{word('laporan.berkas', periode=deed.report.name)}.docx"
    row = add_to_report(work, deed.report, REPORT.final, File(name, kinds.DOCX, letter), deed.actor)
    head = settings.signers[0]
    row.code, row.source_id = code, source.id
    row.facts = {
        "nomor": reports.name_of(deed.report),
        "tanggal": work.now.astimezone(settings.zone).date().isoformat(),
        "kode_penanda": head.kode,
        "penanda": head.nama,
        "jabatan": head.jabatan,
    }
    if libreoffice.soffice():
        jobs.put(work.session, JobKind.MAKE_PDF, row.id, work.now)


# ---- the signature -------------------------------------------------------------------------------------------


def _sign(deed: ReportDeed) -> None:
    """Signed, and frozen: the figures stay as they were, with the hash of the paper. It goes out at once."""
    work = deed.work
    scan = deed.form.scans.get("bertanda_tangan")
    file = deed.form.files.get("bertanda_tangan")
    if scan is None or file is None:
        raise Invalid({"bertanda_tangan": word("galat.kosong.berkas")})
    final = deed.newest(REPORT.final)
    if final is None:
        raise Forbidden(Act.TANDATANGANI)
    vouched = _match(deed, final, scan)
    refuse_without_signature(work, [final], "bertanda_tangan", scan, file)
    paper = sheets.Paper(word(f"jenis_surat.{REPORT.name}"), scan, final)
    sheets.ask(work.session, deed.form, [paper])
    facts = dict(final.facts or {})
    verdict = scan.verdict.by(str(facts["penanda"])) if scan.verdict else None
    roots, confirmed = work.settings.surat.sertifikat_akar, deed.form.text("ttd_diragukan")
    if verdict and verdict.asks(bool(roots)) and not confirmed:
        raise Invalid({"ttd_diragukan": word("galat.ttd_diragukan", sebab=verdict.sentence)})
    name = f"{word('laporan.berkas', periode=deed.report.name)}.pdf"
    file = File(name, kinds.PDF, scan.pdf)
    signed = add_to_report(work, deed.report, REPORT.signed, file, deed.actor)
    signed.code, signed.source_id = final.code, final.id
    signed.facts = facts | {
        "tanpa_kode": vouched,
        "vonis": verdict.facts if verdict else None,
        "kalimat": verdict.sentence if verdict else "",
    }
    order_pages(work, signed.id)
    deed.report.signed_at, deed.report.signed_by = work.now, deed.person.kode
    deed.report.sha256 = signed.sha256
    for report_id, tables in deed.report.corrections.items():
        locked(work, int(report_id)).told = tables
    sending.send(work, deed.report, signed)


def _match(deed: ReportDeed, final: Document, scan: Scan) -> bool:
    """Stop a paper that says it is another one; True where it says nothing and a person has confirmed it."""
    found = {printed_code(text) for text in scan.codes} - {""}
    foreign = sorted(found - {final.code})
    if foreign:
        raise Invalid({"bertanda_tangan": word("galat.kode_asing", kode=foreign[0])})
    if final.code in found:
        return False
    if not deed.form.text("tanpa_kode"):
        raise Invalid({"tanpa_kode": word("galat.kode_tak_terbaca")})
    return True


def _return(deed: ReportDeed) -> None:
    _hand_on(deed, TaskKind.LAPORAN, deed.form.text("alasan"))


# ---- to the tembusan -----------------------------------------------------------------------------------------


def _handed_over(deed: ReportDeed) -> None:
    """The JFU has brought it, or sent it by post; how stands with the task."""
    deed.task.note = deed.form.text("bukti")


def _send_again(deed: ReportDeed) -> None:
    if not sending.send_again(deed.work, deed.report, deed.task):
        raise Forbidden(Act.KIRIM_LAGI)


DO: dict[tuple[TaskKind, str], Callable[[ReportDeed], None]] = {
    (TaskKind.LAPORAN, Act.UNGGAH): _store,
    (TaskKind.LAPORAN, Act.AJUKAN): _submit,
    (TaskKind.LAPORAN_TTD, Act.TANDATANGANI): _sign,
    (TaskKind.LAPORAN_TTD, Act.KEMBALIKAN): _return,
    (TaskKind.LAPORAN_KIRIM, Act.SAMPAIKAN_LAPORAN): _handed_over,
    (TaskKind.LAPORAN_KIRIM, Act.KIRIM_LAGI): _send_again,
}
