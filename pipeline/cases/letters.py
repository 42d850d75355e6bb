"""The letter of a case: whose a returned file is, what is wrong with it, its number, its final form.

Hides where the code, the findings and the paragraphs of a letter lie (`Document.code`, `Document.facts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from pipeline import files, jobs, store
from pipeline.cases.chain import Actor
from pipeline.cases.core import Work, next_number
from pipeline.cases.forms import File, Invalid
from pipeline.cases.record import add_documents, documents
from pipeline.cases.tasks import MAKE_PDF
from pipeline.config import TEMPLATES, Settings
from pipeline.db import Complaint, Document, LetterNumber, exclusive
from pipeline.files import DOCX
from pipeline.letters import check, draft
from pipeline.letters.mark import is_ours, sealed
from pipeline.letters.numbering import numbered
from pipeline.letters.returned import Finding, Returned
from pipeline.letters.wording import long_date
from pipeline.words import word

COVERING = "pengantar"  # beside a reply of `bukan wewenang`: the surat pengantar to the agency that is in charge


def letters_of(work: Work, complaint: Complaint) -> list[Document]:
    """Drafts and edited letters, oldest first."""
    return documents(work, complaint, "konsep", "surat")


# ---- drafting ------------------------------------------------------------------------------------------------


def sentences() -> draft.Wording:
    return draft.read_wording((TEMPLATES / "letters" / "kalimat.toml").read_text("utf-8"))


def compose_letter(
    settings: Settings,
    complaint: Complaint,
    kind: str,
    version: int,
    code: str,
    number: str,
    template: bytes | None = None,
    key: bytes = b"",
) -> bytes:
    """A generated letter of langkah 4 as DOCX; TemplateError when the office's template is broken.

    `kind`: the decision, or COVERING for the letter to the agency in charge. `number` may have room for its order, see
    `Surat.room`.
    """
    template = settings.letter_template.read_bytes() if template is None else template
    office, head = settings.instansi, settings.signers[0]
    data = draft.compose(
        wording=sentences(),
        decision=kind,
        instruction=complaint.perintah if kind != COVERING else complaint.ringkasan or complaint.isi,
        channel=str(complaint.channel),
        received=complaint.received_at.astimezone(settings.zone).date(),
        perihal=complaint.perihal,
        register_number=complaint.number,
        agency=complaint.instansi or None,
        addressee=None if complaint.rahasia else complaint.nama or None,
        city=office.kota,
        office=draft.Office(office.pemerintah.upper(), office.nama.upper(), office.alamat, contact_line(settings)),
        signer=draft.Signer(head.signature_title, head.nama, head.pangkat, head.nip),
        code=code,
        number=number,
        tembusan=settings.surat.tembusan,
        electronic=bool(settings.surat.jangkar),
        authenticity=f"{settings.web.base_url}/asli",
    )
    mark = sealed(key or settings.key, complaint.number, version, code)
    return draft.render(template, data, mark, anchor=settings.surat.jangkar)


def contact_line(settings: Settings) -> str:
    """Telepon, Laman, Pos-el of the kop; only those that config.toml has."""
    office = settings.instansi
    pairs = (("Telepon", office.telepon), ("Laman", office.laman), ("Pos-el", office.pos_el))
    return ", ".join(f"{name} {value}" for name, value in pairs if value)


# ---- what comes back -----------------------------------------------------------------------------------------


def of_another(work: Work, complaint: Complaint, letter: Returned) -> str:
    """Why a file cannot be the letter that is worked on now, or "". It is asked in this order: the page or thread that
    it came by names the case; then its sealed properties, dc:identifier, and the code printed at its foot.

    A letter without any mark is taken: its page or thread is all that there is.
    """
    newest = len(documents(work, complaint, "konsep"))
    for mark in filter(None, (letter.mark, letter.identifier)):
        if mark.case_id != complaint.number:
            return word("galat.surat_lain", nomor=mark.case_id)
        if not is_ours(work.settings.key, mark):
            return word("galat.surat_palsu")
        if mark.version < newest:
            return word("galat.surat_lama", nomor=complaint.number, versi=mark.version, terbaru=newest)
    return _foot_of_another(work, complaint, letter.footer_code, newest) if letter.footer_code else ""


def _foot_of_another(work: Work, complaint: Complaint, code: str, newest: int) -> str:
    source = by_code(work, code)
    if source is None:
        return word("galat.surat_lain_kode", kode=code)
    if source.complaint_id != complaint.id:
        other = work.session.get_one(Complaint, source.complaint_id)
        return word("galat.surat_lain", nomor=other.number)
    if source.kind == "konsep" and source.version < newest:
        return word("galat.surat_lama", nomor=complaint.number, versi=source.version, terbaru=newest)
    return ""


def by_code(work: Work, code: str) -> Document | None:
    """The draft that this code was printed on."""
    query = select(Document).where(Document.code == code, Document.kind.in_(("konsep", "pengantar")))
    return work.session.scalars(query.order_by(Document.id)).first() if code else None


def keep_letter(
    work: Work, complaint: Complaint, kind: str, file: File, letter: Returned, code: str, actor: Actor, room: str = ""
) -> Document:
    """Keep a draft (with its `room` for the number) or an edited letter with what was found in it; a job draws the
    pages of the latter."""
    own = letter if kind == "konsep" else None
    found = check.findings(letter, _expected(work, complaint, own, room or room_of(work, complaint)))
    (row,) = add_documents(work, kind, [file], actor, complaint=complaint)
    row.code = code
    row.facts = {
        "alinea": list(letter.paragraphs),
        "temuan": [[f.level, f.message, f.where] for f in found],
        "ruang": room_of(work, complaint) if kind == "surat" else room,
    }
    if kind == "surat" and files.soffice() and not _tracked(letter):
        jobs.put(work.session, MAKE_PDF, row.id, work.now)
    return row


def _tracked(letter: Returned) -> bool:
    """LibreOffice would print what was deleted."""
    return any("perubahan terlacak" in f.message for f in letter.findings if f.level == "blokir")


def room_of(work: Work, complaint: Complaint) -> str:
    """The room for the number as the newest draft shows it."""
    drafts = documents(work, complaint, "konsep")
    if not drafts or not drafts[-1].facts:
        return work.settings.surat.room(work.now.astimezone(work.settings.zone).year)
    return str(drafts[-1].facts["ruang"])


def own_number(work: Work, complaint: Complaint) -> str:
    """The number of the case's own letter; "" for none, and where it is only that of the case it was merged into."""
    row = work.session.get(LetterNumber, complaint.letter_number) if complaint.letter_number else None
    return row.number if row is not None and row.complaint_id == complaint.id else ""


def _expected(work: Work, complaint: Complaint, own: Returned | None, room: str) -> check.Expected:
    """What the letter must say. `own`: it is the generated letter itself, and there is none to compare with."""
    settings = work.settings
    drafts = documents(work, complaint, "konsep")
    facts = drafts[-1].facts if drafts else None
    said = tuple((facts or {}).get("alinea", ())) if own is None else own.paragraphs
    head = settings.signers[0]
    addressee = next((text.removeprefix("Yth.").strip() for text in said if text.startswith("Yth.")), "")
    today = work.now.astimezone(settings.zone).date()
    return check.Expected(
        register=complaint.number,
        room=room,
        number=own_number(work, complaint),
        by_hand=settings.surat.penomoran == "manual",
        place=settings.instansi.kota,
        today=long_date(today),
        addressee=addressee,
        signer_name=head.nama,
        signer_nip=head.nip,
        anchor=settings.surat.jangkar,
        draft=said,
    )


def found_in(document: Document) -> list[Finding]:
    """What was found in a letter when it was kept."""
    return [Finding(level, message, where) for level, message, where in (document.facts or {}).get("temuan", [])]


def paragraphs_of(document: Document) -> list[str]:
    return list((document.facts or {}).get("alinea", []))


def levels(document: Document) -> set[str]:
    return {finding.level for finding in found_in(document)}


# ---- number and final form -----------------------------------------------------------------------------------


def give_number(work: Work, complaint: Complaint, typed: str = "") -> None:
    """The number under which the letter is signed: the next of its year, or the one that the office typed. A letter
    that was returned keeps its own. Invalid when a typed one has been given before."""
    today = work.now.astimezone(work.settings.zone).date()
    kept = own_number(work, complaint)
    if work.settings.surat.penomoran == "manual":
        if not typed:
            raise Invalid({"nomor_surat": word("galat.kosong.teks")})
        if typed != kept:
            complaint.letter_number = _take(work, complaint, typed, "jawaban")
    elif not kept:
        complaint.letter_number = next_letter_number(work, complaint, today, "jawaban")
    complaint.letter_date = today
    _number_covering(work, complaint, today)


def covering_of(work: Work, complaint: Complaint) -> Document | None:
    """The newest covering letter of a case that another agency is in charge of."""
    drafted = documents(work, complaint, "pengantar")
    return drafted[-1] if drafted and complaint.instansi else None


def _number_covering(work: Work, complaint: Complaint, today: date) -> None:
    """The covering letter is a letter of its own. Where the office numbers by hand, it writes this one by hand too."""
    row = covering_of(work, complaint)
    if row is None or work.settings.surat.penomoran == "manual" or (row.facts or {}).get("nomor"):
        return
    row.facts = {**(row.facts or {}), "nomor": next_letter_number(work, complaint, today, "pengantar")}


def _take(work: Work, complaint: Complaint, number: str, kind: str) -> str:
    exclusive(work.session, f"surat {number}")
    taken = work.session.get(LetterNumber, number)
    if taken is not None:
        other = work.session.get_one(Complaint, taken.complaint_id)
        raise Invalid({"nomor_surat": word("galat.nomor_terpakai", nomor=number, register=other.number)})
    work.session.add(LetterNumber(number=number, complaint_id=complaint.id, kind=kind, given_at=work.now))
    work.session.flush()
    return number


def next_letter_number(work: Work, complaint: Complaint, day: date, kind: str) -> str:
    """The next number of the year. One that was typed by hand before is passed over: it is used already."""
    while True:
        number = work.settings.surat.number(next_number(work, f"surat:{day.year}"), day.year)
        if work.session.get(LetterNumber, number) is None:
            return _take(work, complaint, number, kind)


def final_form(settings: Settings, content: bytes, room: str, number: str, day: date) -> bytes:
    """The letter with its number and date where the draft had left room."""
    return numbered(content, room, number, settings.instansi.kota, long_date(day))


def final_letter(work: Work, complaint: Complaint, source: Document, content: bytes, actor: Actor) -> Document:
    """Keep the letter as it is to be signed, and let a job make its PDF."""
    kind = "pengantar_akhir" if source.kind == "pengantar" else "akhir"
    title = "Surat pengantar" if source.kind == "pengantar" else "Surat jawaban"
    name = f"{title} {complaint.number.replace('/', '-')}.docx"
    (row,) = add_documents(work, kind, [File(name, DOCX, content)], actor, complaint=complaint)
    row.code, row.source_id = source.code, source.id
    row.facts = {"nomor": (source.facts or {}).get("nomor", "") or complaint.letter_number}
    if files.soffice():
        jobs.put(work.session, MAKE_PDF, row.id, work.now)
    return row


def store_pdf(work: Work, document_id: int, content: bytes, pages: Sequence[bytes], actor: Actor) -> None:
    """Keep the PDF of a letter and the pictures of its pages beside it, as the same version."""
    source = work.session.get_one(Document, document_id)
    stem = source.name.rsplit(".", 1)[0]
    made = [("pdf", f"{stem}.pdf", files.PDF, content)]
    made += [("rupa", f"{stem} halaman {n}.jpg", "image/jpeg", page) for n, page in enumerate(pages, 1)]
    for kind, name, mime, blob in made:
        row = Document(
            complaint_id=source.complaint_id,
            kind=kind,
            version=source.version,
            name=name,
            mime=mime,
            sha256=store.put(work.session, blob),
            created_at=work.now,
            actor=actor.code,
            code=source.code,
            source_id=source.id,
        )
        work.session.add(row)
