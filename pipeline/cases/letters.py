"""The letter of a case: whose a returned file is, what is wrong with it, its number, its final form.

Hides where the code, the findings and the paragraphs of a letter lie (`Document.code`, `Document.facts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select

from pipeline.casefile import documents as casefile_documents
from pipeline.casefile import reported
from pipeline.cases.chain import SYSTEM, Actor
from pipeline.cases.core import locked, next_number
from pipeline.cases.input import File, Invalid
from pipeline.cases.pages import keep_made, keep_pages
from pipeline.cases.record import add_documents
from pipeline.cases.strangers import strangers
from pipeline.data import jobs
from pipeline.data.engine import exclusive
from pipeline.data.states import DocumentKind, JobKind
from pipeline.data.tables import Complaint, Document, LetterNumber
from pipeline.files import kinds, libreoffice
from pipeline.files.kinds import DOCX
from pipeline.letters import copy, draft, findings
from pipeline.letters.mark import is_ours, new_code, sealed
from pipeline.letters.numbering import numbered
from pipeline.letters.returned import Finding, Returned
from pipeline.letters.series import ANSWER, COVERING, LETTERS, Series, series_of
from pipeline.letters.wording import long_date
from pipeline.office.config import Settings
from pipeline.office.messages import TEMPLATES
from pipeline.office.words import word
from pipeline.work import Work

ORIGINAL = DocumentKind.SURAT_KIRIMAN  # a letter as it came, where something was taken away from it
MOST_ROUNDS = 100  # submissions of one letter


def letters_of(work: Work, complaint: Complaint, series: Series = ANSWER) -> list[Document]:
    """Drafts and edited letters of the decision that stands, oldest first."""
    return casefile_documents.letters_of(work.session, complaint, *series.worked_on)


def newest_of(work: Work, complaint: Complaint, kind: DocumentKind) -> list[Document]:
    """The newest letter of this kind under the decision that stands, if there is one."""
    return casefile_documents.letters_of(work.session, complaint, kind)[-1:]


def series_in(work: Work, complaint: Complaint) -> tuple[Series, ...]:
    """The letters that the case has now: the answer, and the covering letter where another agency is in charge."""
    covered = bool(complaint.instansi and newest_of(work, complaint, COVERING.drafted))
    return LETTERS if covered else (ANSWER,)


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
    together: bool = False,
    told: str | None = None,
) -> bytes:
    """A generated letter of langkah 4 as DOCX; TemplateError when the office's template is broken.

    `kind`: the decision, or COVERING.name for the letter to the agency in charge. `number` may have room for its
    order, see `Surat.room`. `together`: whether other units took part in langkah 2.
    `told`: the points of the answer, where they are not those of the decision.
    """
    template = settings.letter_template.read_bytes() if template is None else template
    told = complaint.disampaikan if told is None else told
    office, head = settings.instansi, reported.signer(settings, complaint)
    data = draft.compose(
        wording=sentences(),
        decision=kind,
        instruction=told if kind != COVERING.name else complaint.ringkasan or complaint.isi,
        channel=str(complaint.channel),
        received=complaint.received_at.astimezone(settings.zone).date(),
        perihal=complaint.perihal,
        register_number=complaint.number,
        agency=complaint.instansi or None,
        addressee=None if complaint.rahasia else complaint.nama or None,
        city=office.kota,
        office=draft.Letterhead(
            office.pemerintah.upper(), office.nama.upper(), office.alamat, contact_line(settings)
        ),
        signer=draft.Signer(head.signature_title, head.nama, head.pangkat, head.nip),
        code=code,
        number=number,
        tembusan=tuple(one.nama for one in settings.surat.tembusan),
        electronic=bool(settings.surat.jangkar),
        authenticity=f"{settings.web.base_url}/asli",
        street=street_of(complaint),
        together=together,
    )
    mark = sealed(key or settings.keys, complaint.number, version, code)
    return draft.render(template, data, mark, anchor=settings.surat.jangkar)


def street_of(complaint: Complaint) -> str:
    """The address on the letter of somebody whom no mail reaches; a secret one stays off it."""
    return "" if complaint.email or complaint.rahasia else complaint.alamat


def contact_line(settings: Settings) -> str:
    """Telepon, Laman, Pos-el of the kop; only those that config.toml has."""
    office = settings.instansi
    pairs = (("Telepon", office.telepon), ("Laman", office.laman), ("Pos-el", office.pos_el))
    return ", ".join(f"{name} {value}" for name, value in pairs if value)


# ---- what comes back -----------------------------------------------------------------------------------------


def series_of_letter(work: Work, complaint: Complaint, letter: Returned) -> Series:
    """Which letter of the case a file is: as its marks or its foot say; without any, the answer."""
    codes = [mark.code for mark in (letter.mark, letter.identifier) if mark] + [
        letter.footer_code or ""
    ]
    known = [
        source
        for code in codes
        if (source := by_code(work, code)) and source.complaint_id == complaint.id
    ]
    return series_of(known[0].kind) if known else ANSWER


def of_another(work: Work, complaint: Complaint, letter: Returned, series: Series = ANSWER) -> str:
    """Why a file cannot be the letter that is worked on now, or "". It is asked in this order: the page or thread that
    it came by names the case; then its sealed properties, dc:identifier, and the code printed at its foot.

    A letter without any mark is taken: its page or thread is all that there is.
    """
    for mark in filter(None, (letter.mark, letter.identifier)):
        if mark.case_id != complaint.number:
            return word("galat.surat_lain", nomor=mark.case_id)
        if not is_ours(work.settings.keys, mark):
            return word("galat.surat_palsu")
        if problem := _another_draft(work, complaint, by_code(work, mark.code), series):
            return problem
    if not letter.footer_code:
        return ""
    source = by_code(work, letter.footer_code)
    if source is None:
        return word("galat.surat_lain_kode", kode=letter.footer_code)
    return _another_draft(work, complaint, source, series)


def _another_draft(
    work: Work, complaint: Complaint, source: Document | None, series: Series
) -> str:
    """Why what was made from this draft is not the letter that is worked on, or ""."""
    source = _draft_behind(work, source)
    newest = newest_of(work, complaint, series.drafted)
    if source is None or [source.id] == [d.id for d in newest]:
        return ""
    if source.complaint_id != complaint.id:
        other = work.session.get_one(Complaint, source.complaint_id)
        return word("galat.surat_lain", nomor=other.number)
    if source.kind != series.drafted:
        return word(
            "galat.surat_jenis",
            ini=word(f"jenis_surat.{series_of(source.kind).name}"),
            itu=word(f"jenis_surat.{series.name}"),
        )
    latest = newest[0].version if newest else source.version + 1
    return word("galat.surat_lama", nomor=complaint.number, versi=source.version, terbaru=latest)


def by_code(work: Work, code: str) -> Document | None:
    """The draft, or the letter to be signed, that this code was printed on."""
    printed = [kind for series in LETTERS for kind in (series.drafted, series.final)]
    query = select(Document).where(Document.code == code, Document.kind.in_(printed))
    return work.session.scalars(query.order_by(Document.id)).first() if code else None


def _draft_behind(work: Work, document: Document | None) -> Document | None:
    """The draft that a letter to be signed has come from: somebody may go on editing the numbered one."""
    drafted = [series.drafted for series in LETTERS]
    for _round in range(MOST_ROUNDS):
        if document is None or document.kind in drafted:
            break
        letter = work.session.get(Document, document.source_id) if document.source_id else None
        document = (
            letter if letter is None or letter.kind in drafted else by_code(work, letter.code)
        )
    return document


def code_to_sign(work: Work, complaint: Complaint, series: Series) -> str:
    """The code on the letter that is to be signed now: a new one at each submission."""
    final = newest_of(work, complaint, series.final)
    return (final or letters_of(work, complaint, series)[-1:])[-1].code


def keep_draft(
    work: Work,
    complaint: Complaint,
    series: Series,
    file: File,
    letter: Returned,
    code: str,
    room: str,
) -> Document:
    """Keep a generated letter with what was found in it; `room` is how it shows the number that is still to come."""
    expected = _expected(work, complaint, series, letter.paragraphs, room)
    return _keep(work, complaint, series.drafted, file, letter, code, SYSTEM, expected)


def keep_letter(
    work: Work,
    complaint: Complaint,
    file: File,
    letter: Returned,
    actor: Actor,
    series: Series = ANSWER,
) -> Document:
    """Keep an edited letter with what was found in it; a job draws its pages."""
    drafted = newest_of(work, complaint, series.drafted)
    said = paragraphs_of(drafted[0]) if drafted else []
    expected = _expected(work, complaint, series, tuple(said), room_of(work, complaint, series))
    printed = letter.footer_code or (letter.mark.code if letter.mark else "")
    code = printed if by_code(work, printed) else drafted[0].code if drafted else ""
    if letter.taken:  # the original stays; what is worked on is without what a letter does not need
        add_documents(work, ORIGINAL, [file], actor, complaint=complaint)
        file = File(file.name, file.mime, letter.content)
    row = _keep(work, complaint, series.edited, file, letter, code, actor, expected)
    if libreoffice.soffice() and not _tracked(letter):
        jobs.put(work.session, JobKind.MAKE_PDF, row.id, work.now)
    return row


def _keep(
    work: Work,
    complaint: Complaint,
    kind: DocumentKind,
    file: File,
    letter: Returned,
    code: str,
    actor: Actor,
    expected: findings.Expected,
) -> Document:
    (row,) = add_documents(work, kind, [file], actor, complaint=complaint)
    row.code = code
    others = strangers(work, complaint, (*letter.paragraphs, *letter.feet), expected.draft)
    found = [*findings.findings(letter, expected), *others]
    found.sort(key=lambda f: ("blokir", "lihat", "baik").index(f.level))
    row.facts = {
        "alinea": list(letter.paragraphs),
        "temuan": [[f.level, f.message, f.where] for f in found],
        "ruang": expected.room,
    }
    return row


def _tracked(letter: Returned) -> bool:
    """LibreOffice would print what was deleted."""
    return any("perubahan terlacak" in f.message for f in letter.findings if f.level == "blokir")


def room_of(work: Work, complaint: Complaint, series: Series = ANSWER) -> str:
    """The room for the number as the newest draft shows it."""
    drafts = newest_of(work, complaint, series.drafted)
    if not drafts or not drafts[-1].facts:
        return work.settings.surat.room(work.now.astimezone(work.settings.zone).year)
    return str(drafts[-1].facts["ruang"])


def own_number(work: Work, complaint: Complaint, series: Series = ANSWER) -> str:
    """The number of the case's own letter; "" for none, and where it is only that of the case it was merged into."""
    number = complaint.covering_number if series is COVERING else complaint.letter_number
    row = work.session.get(LetterNumber, number) if number else None
    return row.number if row is not None and row.complaint_id == complaint.id else ""


def _expected(
    work: Work, complaint: Complaint, series: Series, said: tuple[str, ...], room: str
) -> findings.Expected:
    """What the letter must say. `said`: the paragraphs of the generated letter."""
    settings, head = work.settings, reported.signer(work.settings, complaint)
    addressee = next(
        (text.removeprefix("Yth.").strip() for text in said if text.startswith("Yth.")), ""
    )
    today = work.now.astimezone(settings.zone).date()
    return findings.Expected(
        register=complaint.number,
        room=room,
        number=own_number(work, complaint, series),
        by_hand=settings.surat.penomoran == "manual",
        place=settings.instansi.kota,
        today=long_date(today),
        addressee=addressee,
        signer_name=head.nama,
        signer_nip=head.nip,
        anchor=settings.surat.jangkar,
        draft=said,
        own=_own_words(complaint),
    )


def _own_words(complaint: Complaint) -> tuple[str, ...]:
    """What the pengadu wrote and the letter repeats, as the letter writes it."""
    known = (complaint.nama, complaint.alamat, complaint.instansi, complaint.number)
    return (*map(draft.one_line, known), draft.subject(complaint.perihal))


def signer_is_another(work: Work, complaint: Complaint, letter: Document) -> str:
    """Why a letter cannot be signed by who signs now, or "": a delegation may have begun after it was looked at."""
    head = reported.signer(work.settings, complaint)
    said = " ".join(" ".join(text.split()) for text in paragraphs_of(letter))
    named = not said or " ".join(head.nama.split()) in said
    return "" if named else word("galat.penanda_lain", nama=head.nama, jabatan=head.jabatan)


def found_in(document: Document) -> list[Finding]:
    """What was found in a letter when it was kept."""
    return [
        Finding(level, message, where)
        for level, message, where in (document.facts or {}).get("temuan", [])
    ]


def paragraphs_of(document: Document) -> list[str]:
    return list((document.facts or {}).get("alinea", []))


def levels(document: Document) -> set[str]:
    return {finding.level for finding in found_in(document)}


# ---- number and final form -----------------------------------------------------------------------------------


def give_numbers(work: Work, complaint: Complaint, typed: Mapping[str, str]) -> None:
    """The numbers under which the letters are signed: the next of their year, or those that the office typed, by the
    name of the form's field. A letter that was returned keeps its own. Invalid when one has been given before."""
    today = work.now.astimezone(work.settings.zone).date()
    complaint.letter_number = _number(work, complaint, ANSWER, today, "nomor_surat", typed)
    if COVERING in series_in(work, complaint):
        complaint.covering_number = _number(
            work, complaint, COVERING, today, "nomor_pengantar", typed
        )
    complaint.letter_date = today


def _number(
    work: Work,
    complaint: Complaint,
    series: Series,
    today: date,
    name: str,
    typed: Mapping[str, str],
) -> str:
    kept, text = own_number(work, complaint, series), typed.get(name, "")
    if work.settings.surat.penomoran != "manual":
        # A letter that was returned in December and is dated January bears a number of January's year.
        given = work.session.get(LetterNumber, kept) if kept else None
        if given is not None and given.given_at.astimezone(work.settings.zone).year != today.year:
            kept = ""
        return kept or next_letter_number(work, complaint, today, series.name)
    if not text:
        raise Invalid({name: word("galat.kosong.teks")})
    return kept if text == kept else _take(work, complaint, text, series.name, name)


def _take(
    work: Work, complaint: Complaint, number: str, kind: str, name: str = "nomor_surat"
) -> str:
    exclusive(work.session, f"surat {number}")
    taken = work.session.get(LetterNumber, number)
    if taken is not None:
        other = work.session.get_one(Complaint, taken.complaint_id)
        raise Invalid({name: word("galat.nomor_terpakai", nomor=number, register=other.number)})
    work.session.add(
        LetterNumber(number=number, complaint_id=complaint.id, kind=kind, given_at=work.now)
    )
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


def under_new_code(
    settings: Settings, complaint: Complaint, source: Document, content: bytes
) -> tuple[str, bytes]:
    """(code, the letter under it): what is signed says which submission it was, so that an earlier version that was
    printed and returned can never pass as this one."""
    code = new_code()
    mark = sealed(settings.keys, complaint.number, source.version, code)
    return code, copy.recoded(
        content, source.code, mark, draft.qr(f"{settings.web.base_url}/asli", code)
    )


def to_be_signed(work: Work, complaint: Complaint, series: Series) -> dict[str, object]:
    """Number, date and signer that a letter of the case bears, as things stand now."""
    head = reported.signer(work.settings, complaint)
    return {
        "nomor": own_number(work, complaint, series),
        "tanggal": complaint.letter_date.isoformat() if complaint.letter_date else "",
        "kode_penanda": head.kode,
        "penanda": head.nama,
        "jabatan": head.jabatan,
    }


def final_letter(
    work: Work, complaint: Complaint, source: Document, content: bytes, actor: Actor, code: str
) -> Document:
    """Keep the letter as it is to be signed, and by whom; a job makes its PDF."""
    series = series_of(source.kind)
    name = f"{word(f'jenis_surat.{series.name}')} {complaint.number.replace('/', '-')}.docx"
    (row,) = add_documents(
        work, series.final, [File(name, DOCX, content)], actor, complaint=complaint
    )
    row.code, row.source_id = code, source.id
    row.facts = to_be_signed(work, complaint, series)
    if libreoffice.soffice():
        jobs.put(work.session, JobKind.MAKE_PDF, row.id, work.now)
    return row


def store_pdf(
    work: Work, document_id: int, content: bytes, pages: Sequence[bytes], anchors: int
) -> None:
    """Keep the PDF of a letter and the pictures of its pages beside it, as the same version.

    `anchors`: how often it prints the place of the electronic signature. Where that is not once it is nothing to sign:
    the pictures are kept, and what is wrong is told with the letter.
    """
    source = work.session.get_one(Document, document_id)
    if source.complaint_id is not None:
        locked(
            work, source.complaint_id
        )  # before the job, like all who put one; an erasure waits, or is over
    if anchors == 1:
        name = source.name.rsplit(".", 1)[0] + ".pdf"
        keep_made(work, source, DocumentKind.PDF, File(name, kinds.PDF, content))
    keep_pages(work, source, pages)
    if anchors != 1:
        facts = dict(source.facts or {})
        told = word("temuan.jangkar_pdf", tanda=work.settings.surat.jangkar, jumlah=anchors)
        facts["temuan"] = [
            *facts.get("temuan", ()),
            ["blokir", told, word("temuan.di.tanda_tangan")],
        ]
        source.facts = facts
