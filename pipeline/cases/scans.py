"""The signed paper that comes back: whether it is another letter, or our own that nobody has signed.

Hides where a paper may say what it is: its QRs, the text that a PDF carries, its bytes, the look of its pages.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.cases.core import by_number
from pipeline.cases.input import Checked, File, Invalid, Scan
from pipeline.cases.letters import by_code, newest_of
from pipeline.cases.strangers import same_person
from pipeline.data import store
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Document, Task
from pipeline.letters.mark import CODE
from pipeline.letters.series import LETTERS, REPORT, Series, series_of
from pipeline.letters.unsigned import is_unsigned
from pipeline.office.words import word
from pipeline.work import Work

SEEN = "ttd_terlihat"  # the tick by which somebody says that the ink is a signature


def foreign(
    work: Work, complaint: Complaint, series: Series, codes: Iterable[str], scan: Scan
) -> str:
    """Why a paper cannot go out with this case's letter, or "". `codes`: those on it that are not the letter's own.

    One foreign page is enough: it would go to somebody whom it does not concern.
    """
    printed = {code for code in CODE.findall(scan.said) if by_code(work, code) is not None}
    own = {document.code for document in newest_of(work, complaint, series.final)}
    for code in sorted({*codes, *(printed - own)}):
        source = by_code(work, code)
        if source is None:
            return word("galat.kode_asing", kode=code)
        if source.complaint_id != complaint.id:
            other = work.session.get_one(Complaint, source.complaint_id)
            return word("galat.kode_lain", nomor=other.number)
        if series_of(source.kind) is not series:
            this, wanted = (
                word(f"jenis_surat.{one}") for one in (series_of(source.kind).name, series.name)
            )
            return word("galat.surat_jenis", ini=this, itu=wanted)
        return word("galat.kode_lama")
    return _foreign_number(work, complaint, scan.said)


def _foreign_number(work: Work, complaint: Complaint, said: str) -> str:
    """The same by the register numbers that a PDF carries as text: a QR may be missing on the other letter."""
    for number in dict.fromkeys(work.settings.register_.written_in(said)):
        other = by_number(work, number) if number != complaint.number else None
        if other is not None and not same_person(other, complaint):
            return word("galat.kode_lain", nomor=other.number)
    return ""


def refuse_unsigned(
    work: Work, complaint: Complaint, series: Series, name: str, scan: Scan, file: File
) -> None:
    """Invalid for a paper that bears no signature, see below; the letter that was offered is the case's newest."""
    refuse_without_signature(work, newest_of(work, complaint, series.final), name, scan, file)


def refuse_without_signature(
    work: Work, finals: Iterable[Document], name: str, scan: Scan, file: File
) -> None:
    """Invalid for a paper that bears no signature: in an office that signs electronically any without such a one; in
    any office one of text alone, as Word saves it, and the very letter that was offered, by its bytes or by the look of
    its pages, also printed and scanned."""
    if scan.verdict is not None:
        return
    if work.settings.surat.jangkar or work.settings.surat.sertifikat_akar:
        raise Invalid({name: word("galat.tanpa_ttd_elektronik")})
    if scan.typed:
        raise Invalid({name: word("galat.belum_ttd")})
    offered = select(Document.id).where(
        Document.sha256 == store.digest_of(file.content),
        Document.kind.in_((DocumentKind.PDF, DocumentKind.RUPA)),
    )
    if work.session.scalars(offered).first() is not None:
        raise Invalid({name: word("galat.belum_ttd")})
    for final in finals:
        if _is_ours(work.session, scan, final):
            raise Invalid({name: word("galat.belum_ttd")})


def in_ink(form: Checked) -> bool:
    """Whether a paper is signed with ink: somebody has to say that they see the signature, for what was added to our
    page may be a stamp of receipt as well."""
    return any(scan.verdict is None for scan in form.scans.values())


def compare(session: Session, task_id: int, form: Checked) -> None:
    """Compare the papers of a form with the letters that were offered for signing, before the transaction that acts:
    it takes seconds, and nobody else could write meanwhile. What is drawn in between is compared when it acts."""
    task = session.get(Task, task_id)
    if task is None or (task.complaint_id is None and task.laporan_id is None):
        return
    of_report = task.laporan_id is not None
    mine = (
        Document.laporan_id == task.laporan_id
        if of_report
        else Document.complaint_id == task.complaint_id
    )
    finals = [series.final for series in (*LETTERS, REPORT)]
    offered = select(Document).where(mine, Document.kind.in_(finals))
    newest = {final.kind: final for final in session.scalars(offered.order_by(Document.id))}
    for scan in form.scans.values():
        for final in newest.values() if scan.verdict is None and not scan.typed else ():
            _is_ours(session, scan, final)


def _is_ours(session: Session, scan: Scan, final: Document) -> bool:
    """Whether a paper is the letter to be signed with nothing added to it."""
    drawn = select(Document.sha256).where(
        Document.source_id == final.id, Document.kind == DocumentKind.RUPA
    )
    digests = tuple(session.scalars(drawn.order_by(Document.id)))
    if digests not in scan.compared:
        kept = store.get_all(session, digests)
        scan.compared[digests] = is_unsigned(scan.looks, [kept[one] for one in digests])
    return scan.compared[digests]
