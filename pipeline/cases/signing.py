"""What becomes of the letters of a case: edited, handed in, signed, delivered with proof (SOP langkah 4 and 5).

Hides which of the two letters (`letters.series`) a file is, and what is recorded of who did it for whom.
"""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import select

from pipeline.casefile import reported
from pipeline.casefile.decided import outdated
from pipeline.casefile.documents import is_untouched
from pipeline.casefile.reach import on_board
from pipeline.cases import sheets
from pipeline.cases.copies import send_copies
from pipeline.cases.core import Forbidden
from pipeline.cases.deed import Deed
from pipeline.cases.input import File, Invalid, Scan
from pipeline.cases.letters import (
    code_to_sign,
    found_in,
    give_numbers,
    keep_letter,
    letters_of,
    levels,
    newest_of,
    of_another,
    series_in,
    signer_is_another,
    to_be_signed,
)
from pipeline.cases.pages import order_pages
from pipeline.cases.record import add_documents
from pipeline.cases.scans import foreign, refuse_unsigned
from pipeline.data import jobs
from pipeline.data.states import DocumentKind, JobKind
from pipeline.data.tables import Complaint, Document, Event
from pipeline.files import kinds
from pipeline.letters.mark import printed_code
from pipeline.letters.series import ANSWER, COVERING, Series
from pipeline.mail import outbox
from pipeline.notices import citizen, outside, tasks
from pipeline.office import clock
from pipeline.office.sop import Act, EventKind, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

SIGNED_FIELDS = {ANSWER: "bertanda_tangan", COVERING: "pengantar_bertanda_tangan"}


# ---- langkah 4 and the signature -----------------------------------------------------------------------------


def store_letter(deed: Deed) -> None:
    """An edited letter comes back by the page; what is wrong with it is told there, and blocks only `ajukan`."""
    _store(deed, ANSWER, DocumentKind.SURAT)


def store_covering(deed: Deed) -> None:
    if COVERING not in series_in(deed.work, deed.complaint):
        raise Forbidden(Act.UNGGAH_PENGANTAR)
    _store(deed, COVERING, "surat_pengantar")


def _store(deed: Deed, series: Series, name: str) -> None:
    letter = deed.form.letters.get(name)
    if letter is None:
        raise Invalid({name: word("galat.kosong.berkas")})
    if problem := of_another(deed.work, deed.complaint, letter, series):
        raise Invalid({name: problem})
    row = keep_letter(deed.work, deed.complaint, deed.form.files[name], letter, deed.actor, series)
    deed.log(
        EventKind.LETTER_STORED,
        dokumen=[row.id],
        lewat="halaman",
        surat=word(f"jenis_surat.{series.name}"),
    )


def draft_anew(deed: Deed) -> None:
    """The draft is made again with other points; never over what somebody has edited in Word."""
    if not is_untouched(deed.work.session, deed.complaint):
        raise Forbidden(Act.SUSUN_ULANG)
    deed.log(EventKind.POINTS_SET, teks=deed.form.text("butir"))
    jobs.put(deed.work.session, JobKind.FRESH_DRAFT, deed.complaint.id, deed.work.now)


def submit(deed: Deed) -> None:
    """The letters go to be signed, under their numbers. What was found in them must be mended, or confirmed."""
    work, complaint, form = deed.work, deed.complaint, deed.form
    if not has_letters(work, complaint):
        raise Forbidden(Act.AJUKAN)
    if outdated(work.session, complaint):
        raise Invalid({"catatan": word("galat.jawaban_lama")})
    letters = letters_of(work, complaint)
    if form.seen and _newer_letter(deed):
        raise Invalid({"catatan": word("galat.versi_baru")})
    looked = _looked_at(deed)
    give_numbers(work, complaint, form.values)
    deed.log(
        EventKind.SUBMITTED,
        dokumen=letters[-1].id,
        sha256=letters[-1].sha256,
        nomor=complaint.letter_number,
        teks=form.text("catatan"),
        dikonfirmasi=looked,
    )


def _looked_at(deed: Deed) -> list[str]:
    """What was found in the letters and is confirmed; Invalid for what blocks, or is not confirmed."""
    work, complaint = deed.work, deed.complaint
    newest = [letters_of(work, complaint, series)[-1] for series in series_in(work, complaint)]
    for letter in newest:
        if "blokir" in levels(letter):
            raise Invalid({"catatan": word("galat.surat_terhalang")})
        if problem := signer_is_another(work, complaint, letter):
            raise Invalid({"catatan": problem})
    found = [finding for letter in newest for finding in found_in(letter)]
    looked = [finding.message for finding in found if finding.level == "lihat"]
    if looked and not deed.form.text("yakin"):
        raise Invalid({"yakin": word("galat.yakin")})
    return looked


def has_letters(work: Work, complaint: Complaint) -> bool:
    """Whether there is something to hand in: each letter of the case. An older decision's letter says what no longer
    holds, and is none of them."""
    return all(letters_of(work, complaint, series) for series in series_in(work, complaint))


def unsubmittable(work: Work, complaint: Complaint) -> str:
    """Why the letters that are there cannot be handed in as they are, though nothing in them blocks; "" if they can."""
    newest = [letters_of(work, complaint, series)[-1:] for series in series_in(work, complaint)]
    if outdated(work.session, complaint):
        return word("galat.jawaban_lama")
    problems = [signer_is_another(work, complaint, letter) for some in newest for letter in some]
    return next(filter(None, problems), "")


def _newer_letter(deed: Deed) -> bool:
    """Whether a version came (by mail, say) after the page was shown: nobody hands in what they have not seen."""
    newer = select(Event.id).where(
        Event.complaint_id == deed.complaint.id,
        Event.seq > deed.form.seen,
        Event.kind.in_((EventKind.LETTER_STORED, EventKind.DRAFTED)),
    )
    return deed.work.session.scalars(newer).first() is not None


def sign(deed: Deed) -> None:
    """The signed letters are named after the case: they go out under that name, as PDFs. Who is named on them and who
    hands them in may be two people; both are recorded."""
    work = deed.work
    kept = [
        _keep_signed(deed, series, SIGNED_FIELDS[series])
        for series in series_in(work, deed.complaint)
    ]
    belonging = sheets.ask(work.session, deed.form, _papers(deed))
    answer, told, _vouched = kept[0]
    told = f"{told} {belonging}".rstrip()
    rows = [row for row, _told, _vouched in kept]
    facts = answer.facts or {}
    data: dict[str, object] = {"tanpa_kode": any(vouched for _row, _told, vouched in kept)}
    if deed.form.text("ttd_diragukan") and any(_is_doubted(row) for row in rows):
        data["ttd_diragukan"] = True
    if facts.get("kode_penanda", deed.person.kode) != deed.person.kode:
        data["untuk"] = facts["kode_penanda"]
        signer = {"nama": facts["penanda"], "jabatan": facts["jabatan"]}
        told = f"{told} {word('tanda_tangan.untuk', **signer)}"
        _tell_signer(deed, rows)
    for row in rows:  # whoever sends it looks at its first page
        order_pages(work, row.id)
    ids = [row.id for row in rows]
    deed.log(EventKind.SIGNED, dokumen=ids, sha256=answer.sha256, teks=told, **data)


def _papers(deed: Deed) -> list[sheets.Paper]:
    """Each signed paper of the form beside the letter that went to be signed."""
    papers = []
    for series in series_in(deed.work, deed.complaint):
        final = next(iter(newest_of(deed.work, deed.complaint, series.final)), None)
        scan = deed.form.scans[SIGNED_FIELDS[series]]
        papers.append(sheets.Paper(word(f"jenis_surat.{series.name}"), scan, final))
    return papers


def _is_doubted(letter: Document) -> bool:
    """Whether something was found on its electronic signature that a person has to look at."""
    verdict = (letter.facts or {}).get("vonis") or {}
    return verdict.get("level") == "hati"


def _keep_signed(deed: Deed, series: Series, name: str) -> tuple[Document, str, bool]:
    """(the document, what is told of its signature, whether a person has vouched for which letter it is)."""
    work, complaint, scan, signed = (
        deed.work,
        deed.complaint,
        deed.form.scans.get(name),
        deed.form.files.get(name),
    )
    if scan is None or signed is None:
        raise Invalid({name: word("galat.kosong.berkas")})
    vouched = _match(deed, series, name, scan)
    refuse_unsigned(work, complaint, series, name, scan, signed)
    if signed.mime != kinds.PDF:
        add_documents(work, DocumentKind.PINDAIAN, [signed], deed.actor, complaint=complaint)
    title = f"{word(f'jenis_surat.{series.name}')} {complaint.number.replace('/', '-')}.pdf"
    (row,) = add_documents(
        work, series.signed, [File(title, kinds.PDF, scan.pdf)], deed.actor, complaint=complaint
    )
    facts = _as_submitted(deed, series)
    verdict = scan.verdict.by(str(facts["penanda"])) if scan.verdict else None
    roots, confirmed = work.settings.surat.sertifikat_akar, deed.form.text("ttd_diragukan")
    if verdict and verdict.asks(bool(roots)) and not confirmed:
        raise Invalid(_question(series, "ttd_diragukan", "ttd_diragukan", sebab=verdict.sentence))
    row.code = code_to_sign(work, complaint, series)
    row.facts = facts | {
        "tanpa_kode": vouched,
        "vonis": verdict.facts if verdict else None,
        "kalimat": verdict.sentence if verdict else "",
    }
    paper = word("tanda_tangan.dikonfirmasi" if vouched else "tanda_tangan.cocok")
    told = verdict.sentence if verdict else f"{paper} {word('tanda_tangan.tinta')}"
    return row, told, vouched


def _as_submitted(deed: Deed, series: Series) -> dict[str, object]:
    """Number, date and signer of the letter that went to be signed."""
    final = newest_of(deed.work, deed.complaint, series.final)
    known = to_be_signed(deed.work, deed.complaint, series)
    said = final[0].facts or {} if final else {}
    return {name: said.get(name) or value for name, value in known.items()}


def _tell_signer(deed: Deed, signed: list[Document]) -> None:
    """Whoever is named on the letter hears that somebody else has handed it in as signed by them."""
    work, facts = deed.work, signed[0].facts or {}
    person = work.settings.person(str(facts["kode_penanda"]))
    if person is not None and person.kode not in reported.codes(deed.complaint):
        tasks.handed_in(work, deed.complaint, person, deed.person, signed)


def _match(deed: Deed, series: Series, name: str, scan: Scan) -> bool:
    """Stop a paper that says, on any of its pages, that it is another letter; True where it says nothing and a person
    has confirmed it. A code shows which paper it is, never that it is signed."""
    work, complaint = deed.work, deed.complaint
    own = code_to_sign(work, complaint, series)
    found = {code for text in scan.codes if (code := printed_code(text))}
    if problem := foreign(work, complaint, series, found - {own}, scan):
        raise Invalid({name: problem})
    if own and own in found:
        return False
    if not deed.form.text("tanpa_kode"):
        raise Invalid(_question(series, "tanpa_kode", "kode_tak_terbaca"))
    return True


def _question(series: Series, tick: str, said: str, **known: str) -> dict[str, str]:
    """What is to be confirmed of a signed paper. It stands at the tick, not at the file: the form keeps the file, so
    that the answer is about that one and no other."""
    question = word(f"galat.{said}", **known)
    title = "" if series is ANSWER else f"{word(f'jenis_surat.{series.name}')}: "
    return {tick: f"{title}{question}"}


# ---- langkah 5 -----------------------------------------------------------------------------------------------


def send(deed: Deed) -> None:
    complaint = deed.complaint
    if not complaint.email:
        raise Invalid({"pesan": word("galat.tanpa_email")})
    signed = newest_of(deed.work, complaint, ANSWER.signed)
    if not signed and not deed.form.text("pesan"):
        raise Invalid({"pesan": word("galat.pesan_gabungan")})
    complaint.delivery = "email"
    mail = citizen.letter(
        deed.work,
        complaint,
        deed.task,
        signed,
        deed.form.text("pesan"),
    )
    deed.log(
        EventKind.SENT,
        surat=mail.message_id,
        dokumen=[d.id for d in signed],
        teks=deed.form.text("pesan"),
    )


def hand_over(deed: Deed) -> None:
    """Recorded with its proof: a photo or signed receipt, a receipt number, who was told when, where it hangs."""
    complaint, way = deed.complaint, deed.form.text("cara")
    if way == "papan" and not on_board(deed.work.session, complaint):
        raise Invalid({"cara": word("galat.papan")})
    told, at, kept = proof(deed)
    if deed.task.kind is TaskKind.PENGIRIMAN:
        outbox.withdraw(deed.work.session, complaint.id, "surat_jawaban")
    complaint.delivery, complaint.delivered_at = way, at
    deed.log(EventKind.DELIVERED, cara=way, teks=told, lampiran=kept)
    send_copies(deed.work, complaint, deed.task.id, deed.actor)


def proof(deed: Deed) -> tuple[str, datetime, list[int]]:
    """What shows that a letter arrived: in words, when, and the ids of the documents."""
    form, zone = deed.form, deed.work.settings.zone
    at = datetime.fromisoformat(form.text("waktu")) if form.text("waktu") else deed.work.now
    if at > deed.work.now:
        raise Invalid({"waktu": word("galat.waktu_nanti")})
    if at < _ready_at(deed):
        raise Invalid({"waktu": word("galat.waktu_sebelum_surat")})
    _refuse_unreachable(deed)
    known = {name: form.text(name) for name in ("penerima", "resi", "tempat")}
    told = word(f"sampai.{form.text('cara')}", waktu=clock.waktu(at, zone), **known)
    return f"{told} {form.text('bukti')}".strip(), at, deed.keep(DocumentKind.BUKTI)


def _ready_at(deed: Deed) -> datetime:
    """The earliest moment at which the letter can have been handed over: the day that stands on it, or the moment at
    which its signed paper came in, for that may have been signed on an earlier day."""
    series = COVERING if deed.task.kind is TaskKind.PENGANTAR else ANSWER
    signed = newest_of(deed.work, deed.complaint, series.signed)
    day, zone = deed.complaint.letter_date, deed.work.settings.zone
    dated = [datetime.combine(day, time(), zone)] if day is not None else []
    return min([*dated, *(one.created_at for one in signed)], default=deed.complaint.received_at)


def _refuse_unreachable(deed: Deed) -> None:
    """By post only where there is an address, by telephone only where there is a number."""
    if deed.task.kind is TaskKind.PENGANTAR:  # to an agency
        return
    needed = {"pos": deed.complaint.alamat, "telepon": deed.complaint.telepon}
    way = deed.form.text("cara")
    if not needed.get(way, "known").strip():
        raise Invalid({"cara": word(f"galat.tanpa_kontak.{way}")})


def _signed_covering(deed: Deed) -> Document:
    signed = newest_of(deed.work, deed.complaint, COVERING.signed)
    if not signed:
        raise Forbidden(deed.form.action.name)
    return signed[0]


def send_covering(deed: Deed) -> None:
    """The signed covering letter to the agency in charge, by mail."""
    form, c = deed.form, deed.complaint
    signed = _signed_covering(deed)
    mail = outside.covering(
        deed.work,
        c,
        deed.task,
        signed,
        form.text("alamat_instansi"),
        form.text("pesan"),
    )
    deed.log(
        EventKind.COVERING_SENT,
        instansi=c.instansi,
        dokumen=[signed.id],
        surat=mail.message_id,
        teks=form.text("pesan"),
    )


def hand_over_covering(deed: Deed) -> None:
    signed = _signed_covering(deed)
    told, _at, kept = proof(deed)
    deed.log(
        EventKind.COVERING_DELIVERED,
        cara=deed.form.text("cara"),
        instansi=deed.complaint.instansi,
        teks=told,
        dokumen=[signed.id],
        lampiran=kept,
    )
