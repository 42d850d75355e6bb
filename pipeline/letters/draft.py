"""Template bytes and typed data in, the bytes of a Word letter out; pure.

Hides docxtpl, the cleaning of values (a lone surrogate would cut a paragraph, a control character would
start a page), the QR at the foot, and where the mark is written.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import date as Date
from typing import Any

import segno
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.shared import Cm
from docxtpl import InlineImage  # ships no types
from jinja2 import TemplateError as JinjaError
from markupsafe import Markup, escape

from pipeline.letters.mark import Mark, document_code, to_identifier, to_properties
from pipeline.letters.template import TemplateError, environment, open_template
from pipeline.letters.wording import Decision, Wording, fill, long_date, points_from, read_wording

__all__ = [
    "LetterData", "Mark", "Office", "Signer", "TemplateError", "Wording",
    "compose", "document_code", "read_wording", "render",
]  # fmt: skip

FIELDS = frozenset(
    [
        "pemerintah", "kantor", "alamat", "kontak", "nomor", "sifat", "lampiran", "hal", "tempat_tanggal",
        "tujuan", "tempat_tujuan", "pembuka", "butir_surat", "penutup", "jabatan", "jangkar", "nama",
        "pangkat", "nip", "tembusan", "nomor_register", "kode_dokumen", "kode_qr", "kalimat_elektronik",
    ]
)  # fmt: skip
QR_SIZE_CM = 1.2
MAX_SUBJECT = 200
_BLANK = "\u00a0" * 24
_CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_CUSTOM_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"


@dataclass(frozen=True)
class Office:
    """The kop: whose letter it is."""

    government: str
    name: str
    address: str
    contact: str


@dataclass(frozen=True)
class Signer:
    """Who signs, as of the day of signing; an acting holder's title says so ("Plt. Kepala Dinas …")."""

    title: str
    name: str
    rank: str
    nip: str


@dataclass(frozen=True)
class LetterData:
    """Everything printed on the letter. Line ends part paragraphs in opening and closing, lines elsewhere."""

    number: str
    sifat: str
    lampiran: str
    hal: str
    place: str
    date: Date | None
    addressee: str
    addressee_place: str
    opening: str
    points: tuple[str, ...]
    closing: str
    signer_title: str
    signer_name: str
    signer_rank: str
    signer_nip: str
    tembusan: tuple[str, ...]
    register_number: str
    document_code: str
    office: Office
    electronic_sentence: str = ""


def compose(
    *,
    wording: Wording,
    decision: str,
    instruction: str,
    channel: str,
    received: Date,
    perihal: str,
    register_number: str,
    agency: str | None,
    addressee: str | None,
    city: str,
    office: Office,
    signer: Signer,
    code: str,
    number: str = "",
    day: Date | None = None,
    tembusan: tuple[str, ...] = (),
    electronic: bool = False,
) -> LetterData:
    """The first draft of the reply (SOP langkah 4): a decision and an instruction in formal sentences."""
    common, sentences = wording.common, _sentences(wording, decision)
    name = one_line(addressee)
    values = {
        "tanggal": long_date(received),
        "saluran": _channel(wording, channel),
        "register": one_line(register_number),
        "perihal": fill(common["perihal"], {"perihal": subject(perihal)}) if subject(perihal) else "",
        "instansi": one_line(agency) or fill(common["isian"], {"teks": common["isian_instansi"]}),
    }
    return LetterData(
        number=number,
        sifat=common["sifat"],
        lampiran=common["lampiran"],
        hal=common["hal"],
        place=city,
        date=day,
        addressee=fill(common["tujuan_bernama"], {"nama": name}) if name else common["tujuan_anonim"],
        addressee_place=city if name else common["tempat_anonim"],
        opening=_tidy(fill(sentences.opening, values)),
        points=_points(sentences, values, instruction, wording, agency),
        closing="\n".join(fill(s, values) for s in sentences.closing),
        signer_title=signer.title,
        signer_name=signer.name,
        signer_rank=signer.rank,
        signer_nip=signer.nip,
        tembusan=tembusan,
        register_number=register_number,
        document_code=code,
        office=office,
        electronic_sentence=common["tanda_tangan_elektronik"] if electronic else "",
    )


def _sentences(wording: Wording, decision: str) -> Decision:
    if decision not in wording.decisions:
        raise TemplateError(f"kalimat.toml: bagian [{decision}] tidak ada.")
    return wording.decisions[decision]


def _channel(wording: Wording, channel: str) -> str:
    if channel not in wording.channels:
        raise TemplateError(f"kalimat.toml, bagian [saluran]: “{channel}” tidak ada.")
    return wording.channels[channel]


def _points(
    sentences: Decision, values: dict[str, str], instruction: str, wording: Wording, agency: str | None
) -> tuple[str, ...]:
    beside = (sentences.agency_point,) if agency and sentences.agency_point else ()
    before = [fill(s, values) for s in (*sentences.first_points, *beside)]
    after = [fill(s, values) for s in sentences.last_points]
    return (*before, *points_from(clean(instruction), wording), *after)


def subject(perihal: str | None) -> str:
    """The citizen's own words as they stand between quotation marks: one line, no stop, bounded."""
    text = one_line(perihal).strip('"“”.;, ')
    return text if len(text) <= MAX_SUBJECT else text[: MAX_SUBJECT - 1].rstrip() + "…"


def one_line(text: str | None) -> str:
    """Cleaned, on one line."""
    return " ".join(clean(text).split())


def _tidy(sentence: str) -> str:
    return re.sub(r" +([,.:])", r"\1", re.sub(r" {2,}", " ", sentence))


def clean(text: str | None) -> str:
    """Text that XML, Word and the reader's eye take as it stands; line ends become "\\n".

    Surrogates become U+FFFD; control characters, non-characters and marks that reorder text vanish.
    """
    if text is None:
        return ""
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text).replace("\t", " ")
    return "".join(map(_clean_character, text))


def _clean_character(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    bidi = "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"
    # & 0xFFFE is the pattern of U+xxFFFE and U+xxFFFF, which XML 1.0 does not allow.
    return "" if category == "Cc" or bidi or ord(character) & 0xFFFE == 0xFFFE else character


def render(template: bytes, data: LetterData, mark: Mark, *, anchor: str = "") -> bytes:
    """The letter as .docx. `anchor` is the one character where the electronic signature is to be placed.

    The anchor is taken out of every value, and must then stand in the letter exactly once. The same input
    gives the same bytes. Raises TemplateError.
    """
    document = open_template(template, FIELDS)
    try:
        document.render(_context(document, data, anchor), environment())
    except JinjaError as error:
        raise TemplateError(f"Templat surat tidak dapat diisi: {error}.") from error
    _write_mark(document.docx, data, mark)
    out = io.BytesIO()
    document.save(out)
    return _settled(out.getvalue(), anchor)


def _context(document: Any, data: LetterData, anchor: str) -> dict[str, object]:
    def value(text: str | None) -> Markup:
        # docxtpl rewrites some brace pairs after rendering and may evaluate a part twice; as character
        # references they reach the XML parser untouched.
        safe = str(escape(clean(text).replace(anchor, "") if anchor else clean(text)))
        for mark in "{}%":
            safe = safe.replace(mark, f"&#{ord(mark)};")
        return Markup(safe)

    def paragraphs(text: str) -> list[Markup]:
        return [value(line) for line in clean(text).split("\n") if line.strip()]

    return {
        "pemerintah": value(data.office.government),
        "kantor": value(data.office.name),
        "alamat": value(data.office.address),
        "kontak": value(data.office.contact),
        "nomor": value(_spaced(data.number)),
        "sifat": value(data.sifat),
        "lampiran": value(data.lampiran),
        "hal": value(data.hal),
        "tempat_tanggal": value(f"{data.place}, {long_date(data.date) if data.date else _BLANK}"),
        "tujuan": value(data.addressee),
        "tempat_tujuan": value(data.addressee_place),
        "pembuka": paragraphs(data.opening),
        "butir_surat": [value(point) for point in data.points],
        "penutup": paragraphs(data.closing),
        "jabatan": value(data.signer_title),
        "jangkar": Markup(escape(anchor)),
        "nama": value(data.signer_name),
        "pangkat": value(data.signer_rank),
        "nip": value(data.signer_nip),
        "tembusan": [value(line) for line in data.tembusan],
        "nomor_register": value(data.register_number),
        "kode_dokumen": value(data.document_code),
        "kode_qr": InlineImage(document, _qr(data.document_code), width=Cm(QR_SIZE_CM)),
        "kalimat_elektronik": value(data.electronic_sentence),
    }


def _spaced(number: str) -> str:
    """Room left for a number to be written in must not collapse: "400.14.5/      /401.109/2026"."""
    return clean(number).replace("  ", "\u00a0\u00a0") or _BLANK


def _qr(code: str) -> io.BytesIO:
    """PNG of the document code; 2 modules of quiet zone, the footer's own white space gives the rest."""
    out = io.BytesIO()
    segno.make(code or "-", micro=False, error="m").save(out, kind="png", scale=12, border=2)
    out.seek(0)
    return out


def _write_mark(document: Any, data: LetterData, mark: Mark) -> None:
    core = document.core_properties
    core.identifier = to_identifier(mark)
    core.title = clean(f"{data.hal} {data.register_number}")[:250]
    core.author = clean(data.office.name)[:250]
    core.language = "id-ID"
    package = document.part.package
    for relation in package.rels.values():
        if relation.reltype == _CUSTOM_REL:
            relation.target_part._blob = to_properties(mark, relation.target_part.blob)
            return
    part = Part(PackURI("/docProps/custom.xml"), _CUSTOM_TYPE, to_properties(mark), package)
    package.relate_to(part, _CUSTOM_REL)


def _settled(data: bytes, anchor: str) -> bytes:
    """The same package with fixed times, for equal input must give equal bytes; the anchor is counted."""
    out = io.BytesIO()
    printed = 0
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            blob = old.read(name)
            if anchor and re.fullmatch(r"word/(document|header\d*|footer\d*)\.xml", name):
                printed += _count(blob, anchor)
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, blob)
    if anchor and printed != 1:
        raise TemplateError(
            f"Templat surat: tanda “{anchor}” untuk tanda tangan elektronik harus tercetak tepat satu kali "
            f"(isian {{{{ jangkar }}}}), sekarang {printed} kali."
        )
    return out.getvalue()


def _count(xml: bytes, anchor: str) -> int:
    texts = re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", xml.decode("utf-8"))
    return "".join(texts).count(str(escape(anchor)))
