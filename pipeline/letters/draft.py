"""Template bytes and typed data in, the bytes of a Word letter out; pure.

Hides the cleaning of values (a lone surrogate would cut a paragraph, a control character would start a page), the QR
at the foot, and what each place of the template gets.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812
from functools import lru_cache

import segno
from markupsafe import Markup, escape

from pipeline.letters.mark import Mark, to_identifier, to_properties
from pipeline.letters.template.fields import Fields, TemplateError
from pipeline.letters.template.program import LINE_END, Program, Properties
from pipeline.letters.wording import (
    DecidedCase,
    Wording,
    fill,
    long_date,
    points_from,
    read_wording,
)
from pipeline.office.messages import say

__all__ = [
    "LetterData",
    "Letterhead",
    "Mark",
    "Signer",
    "TemplateError",
    "Wording",
    "compose",
    "read_wording",
    "render",
]

FIELDS = Fields(
    single=frozenset(
        [
            "pemerintah",
            "kantor",
            "alamat",
            "kontak",
            "nomor",
            "sifat",
            "lampiran",
            "hal",
            "tempat_tanggal",
            "tujuan",
            "tempat_tujuan",
            "jabatan",
            "jangkar",
            "nama",
            "pangkat",
            "nip",
            "nomor_register",
            "kode_dokumen",
            "kode_qr",
            "laman_keaslian",
            "kalimat_elektronik",
        ]
    ),
    lists=frozenset(["pembuka", "butir_surat", "penutup", "tembusan"]),
    required=frozenset(
        [
            "nomor",
            "hal",
            "tempat_tanggal",
            "tujuan",
            "pembuka",
            "butir_surat",
            "penutup",
            "jabatan",
            "nama",
            "nip",
            "nomor_register",
            "kode_dokumen",
            "kode_qr",
        ]
    ),
)
MAX_SUBJECT = 200
BLANK = "\u00a0" * 24  # room to write a date by hand


@dataclass(frozen=True)
class Letterhead:
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
    office: Letterhead
    electronic_sentence: str = ""
    authenticity: str = ""  # address of the public page, without the code


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
    office: Letterhead,
    signer: Signer,
    code: str,
    number: str = "",
    day: Date | None = None,
    tembusan: tuple[str, ...] = (),
    electronic: bool = False,
    authenticity: str = "",
    street: str = "",
    together: bool = False,
) -> LetterData:
    """The first draft of the reply (SOP langkah 4): a decision and an instruction in formal sentences.

    `street`: of a pengadu whom no mail reaches. `together`: whether other units took part in the clarification.
    """
    common, sentences = wording.common, _sentences(wording, decision)
    name = one_line(addressee)
    values = {
        "tanggal": long_date(received),
        "saluran": _channel(wording, channel),
        "register": one_line(register_number),
        "perihal": fill(common["perihal"], {"perihal": subject(perihal)})
        if subject(perihal)
        else "",
        "klarifikasi": common["klarifikasi_bersama" if together else "klarifikasi"],
        "instansi": one_line(agency) or fill(common["isian"], {"teks": common["isian_instansi"]}),
    }
    return LetterData(
        number=number,
        sifat=common["sifat"],
        lampiran=common["lampiran"],
        hal=sentences.subject or common["hal"],
        place=city,
        date=day,
        addressee=_addressee(sentences, common, name, values),
        addressee_place=common["tempat_anonim"]
        if sentences.addressee
        else place_of(common, city, name, street),
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
        authenticity=authenticity,
    )


def place_of(common: Mapping[str, str], city: str, name: str, street: str) -> str:
    """The line below the name: the street where the letter goes by hand or by post, else the city; "Tempat" for
    somebody unknown."""
    street = one_line(street)
    if not street:
        return city if name else common["tempat_anonim"]
    return street if city.casefold() in street.casefold() else f"{street}, {city}"


def _addressee(
    sentences: DecidedCase, common: Mapping[str, str], name: str, values: dict[str, str]
) -> str:
    if sentences.addressee:
        return fill(sentences.addressee, values)
    return fill(common["tujuan_bernama"], {"nama": name}) if name else common["tujuan_anonim"]


def _sentences(wording: Wording, decision: str) -> DecidedCase:
    if decision not in wording.decisions:
        raise TemplateError(say("kalimat.tanpa_bagian", bagian=decision))
    return wording.decisions[decision]


def _channel(wording: Wording, channel: str) -> str:
    if channel not in wording.channels:
        raise TemplateError(say("kalimat.tanpa_saluran", saluran=channel))
    return wording.channels[channel]


def _points(
    sentences: DecidedCase,
    values: dict[str, str],
    instruction: str,
    wording: Wording,
    agency: str | None,
) -> tuple[str, ...]:
    """What the letter says point by point: its own first sentences, what was instructed, its own last ones."""
    first = list(sentences.first_points)
    if agency and sentences.agency_point:
        first.append(sentences.agency_point)
    before = [fill(sentence, values) for sentence in first]
    after = [fill(sentence, values) for sentence in sentences.last_points]
    written = clean(instruction)
    if sentences.addressee:  # another agency is told line by line what was written
        lines = map(str.strip, written.split("\n"))
        return (*before, *filter(None, lines), *after)
    return (*before, *points_from(written, wording), *after)


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
    picture = qr(data.authenticity, data.document_code)
    letter = compiled(template).fill(_context(data, anchor), picture, _properties(data, mark))
    if anchor and letter.count(anchor) != 1:
        raise TemplateError(say("templat.jangkar", tanda=anchor, jumlah=letter.count(anchor)))
    return letter.packed


@lru_cache(maxsize=4)
def compiled(template: bytes) -> Program:
    """The checked template, ready to be filled many times; checking it takes longer than a letter."""
    return Program(template, FIELDS)


def _context(data: LetterData, anchor: str) -> dict[str, object]:
    def value(text: str | None) -> Markup:
        lines = (clean(text).replace(anchor, "") if anchor else clean(text)).split("\n")
        return LINE_END.join(escape(line) for line in lines)

    def paragraphs(text: str) -> list[Markup]:
        return [value(line) for line in clean(text).split("\n") if line.strip()]

    return {
        "pemerintah": value(data.office.government),
        "kantor": value(data.office.name),
        "alamat": value(data.office.address),
        "kontak": value(data.office.contact),
        "nomor": value(spaced(data.number)),
        "sifat": value(data.sifat),
        "lampiran": value(data.lampiran),
        "hal": value(data.hal),
        "tempat_tanggal": value(f"{data.place}, {long_date(data.date) if data.date else BLANK}"),
        "tujuan": value(data.addressee),
        "tempat_tujuan": value(data.addressee_place),
        "pembuka": paragraphs(data.opening),
        "butir_surat": [value(point) for point in data.points],
        "penutup": paragraphs(data.closing),
        "jabatan": value(data.signer_title),
        "jangkar": Markup(escape(anchor)),  # noqa: S704
        "nama": value(data.signer_name),
        "pangkat": value(data.signer_rank),
        "nip": value(data.signer_nip),
        "tembusan": [value(line) for line in data.tembusan],
        "nomor_register": value(data.register_number),
        "kode_dokumen": value(data.document_code),
        "laman_keaslian": value(data.authenticity),
        "kalimat_elektronik": value(data.electronic_sentence),
    }


def _properties(data: LetterData, mark: Mark) -> Properties:
    return Properties(
        identifier=to_identifier(mark),
        title=clean(f"{data.hal} {data.register_number}")[:250],
        author=clean(data.office.name)[:250],
        custom=lambda existing: to_properties(mark, existing),
    )


def spaced(number: str) -> str:
    """Room left for a number to be written in must not collapse: "400.14.5/      /401.109/2026"."""
    return clean(number).replace("  ", "\u00a0\u00a0") or BLANK


def qr(authenticity: str, code: str) -> bytes:
    """PNG of the address where the letter can be checked, else of its code. In capitals where that means the same: it
    makes a coarser code. 2 modules of quiet zone, the footer's own white space gives the rest."""
    text = f"{authenticity}/{code}" if authenticity else code
    if re.fullmatch(r"https?://[^/?#]+/asli/[0-9A-Z-]+", text):
        text = text.upper()
    out = io.BytesIO()
    segno.make(text or "-", micro=False, error="m").save(out, kind="png", scale=8, border=2)
    return out.getvalue()
