"""What of other people's complaints stands in a letter: numbers, names, telephones, addresses of another case.

Hides the search: the register is asked in one statement what of it the text may hold, and each answer is looked at
again here, word by word. What the case itself says of somebody is no stranger.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, func, literal, or_, select

from pipeline.cases.core import by_number
from pipeline.data.tables import Complaint
from pipeline.letters.returned import Finding
from pipeline.office.words import word
from pipeline.work import Work

LONGEST = 50_000  # characters of a letter that are compared; SQLite's LIKE takes no more
MOST = 20
SHORTEST_NAME, SHORTEST_ADDRESS, SHORTEST_SUBJECT = 6, 12, 16  # characters; shorter ones stand in any text
PHONE = re.compile(r"(?<!\d)(?:\+?62|0)[ .()-]{0,2}\d(?:[ .()-]{0,2}\d){7,12}(?!\d)")
NIK = re.compile(r"(?<!\d)\d(?:[ .()/-]{0,2}\d){15}(?!\d)")
_DASH, _UNSEEN = (
    re.compile("[\u2010-\u2015\u2212]"),
    re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"),
)
DIGITS = 9  # of a telephone number that are compared, from its end


def strangers(work: Work, complaint: Complaint, texts: Sequence[str]) -> list[Finding]:
    """Findings for what is another's: blocking where it is another's number or identity, to be looked at otherwise."""
    said = _legible(" ".join(texts))[:LONGEST]
    found = {
        finding.message: finding for finding in (*_numbers(work, complaint, said), *_people(work, complaint, said))
    }
    return list(found.values())[:MOST]


def _legible(text: str) -> str:
    """A text as one reads it: one space between words, one kind of dash, no signs that nobody sees. Word parts a number
    by such, so that it stays in one line."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(_DASH.sub("-", seen).split())


def _numbers(work: Work, complaint: Complaint, said: str) -> Iterator[Finding]:
    numbers = re.findall(rf"(?<![\w-]){work.settings.register_.number}(?!\w)", said, re.IGNORECASE)
    for number in dict.fromkeys(one.upper() for one in numbers):
        if number == complaint.number.upper():
            continue
        other = by_number(work, number)
        if other is None:
            yield _finding("lihat", "register_asing", nomor=number)
        elif _same_person(complaint, other):
            yield _finding("lihat", "register_sendiri", nomor=number)
        else:
            yield _finding("blokir", "register_lain", nomor=number)


def _people(work: Work, complaint: Complaint, said: str) -> Iterator[Finding]:
    own = _own_words(work, complaint)
    for other in _suspects(work, complaint, said):
        if _same_person(complaint, other):
            continue
        for field, value, blocks in _facts(other):
            if _stands_in(field, value, said) and not _stands_in(field, value, own):
                level, name = ("blokir", "orang_lain") if blocks else ("lihat", "orang_lain_lihat")
                told = word(f"kolom.{field}.label") if field != "nik" else "NIK"
                yield _finding(level, name, apa=told, nomor=other.number, teks=value)


def _suspects(work: Work, complaint: Complaint, said: str) -> list[Complaint]:
    """Complaints of which something may stand in the text, by a search that lets too much through."""
    text = literal(said.lower())
    columns = (Complaint.nama, Complaint.alamat, Complaint.email, Complaint.nik, Complaint.perihal)
    held: list[ColumnElement[bool]] = [
        (column != "") & text.like("%" + func.lower(column) + "%") & (func.length(column) >= SHORTEST_NAME)
        for column in columns
    ]
    phone, nik = _digits(Complaint.telepon.expression), _digits(Complaint.nik.expression)
    ends = {re.sub(r"\D", "", one)[-DIGITS:] for one in PHONE.findall(said)[:MOST]}
    held += [phone.like(f"%{end}") for end in sorted(ends)]
    held.append(nik.in_(sorted(_niks(said))[:MOST]))
    query = select(Complaint).where(Complaint.id != complaint.id, or_(*held))
    return list(work.session.scalars(query.order_by(Complaint.id).limit(10 * MOST)))


def _digits(column: ColumnElement[str]) -> ColumnElement[str]:
    """A number without what people write between its digits."""
    for mark in (" ", "-", ".", "(", ")"):
        column = func.replace(column, mark, "")
    return column


def _facts(other: Complaint) -> Iterator[tuple[str, str, bool]]:
    """(field, its value, whether it tells who somebody is)."""
    if len(other.nama) >= SHORTEST_NAME and " " in other.nama.strip():  # "Budi" alone is anybody
        yield "nama", other.nama, True
    if other.telepon:
        yield "telepon", other.telepon, True
    if other.email:
        yield "email", other.email, True
    if len(other.nik) >= 10:
        yield "nik", other.nik, True
    if len(other.alamat) >= SHORTEST_ADDRESS:
        yield "alamat", other.alamat, False
    if len(other.perihal) >= SHORTEST_SUBJECT:
        yield "perihal", other.perihal, False


def _stands_in(field: str, value: str, said: str) -> bool:
    if field == "telepon":
        end = re.sub(r"\D", "", value)[-DIGITS:]
        ends = {re.sub(r"\D", "", one)[-DIGITS:] for one in PHONE.findall(said)}
        return len(end) == DIGITS and end in ends
    if field == "nik":
        return re.sub(r"\D", "", value) in _niks(said)
    plain = " ".join(value.split())
    return re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", said, re.IGNORECASE) is not None


def _niks(said: str) -> set[str]:
    """Numbers of sixteen digits, however they are grouped."""
    return {re.sub(r"\D", "", one) for one in NIK.findall(said)}


def _own_words(work: Work, complaint: Complaint) -> str:
    """What may stand in the letter because the case or the office itself says it."""
    people = [text for p in work.settings.petugas for text in (p.nama, p.email)]
    office = work.settings.instansi
    case = (
        complaint.nama, complaint.alamat, complaint.telepon, complaint.email, complaint.nik, complaint.perihal,
        complaint.isi, complaint.ringkasan, complaint.hasil, complaint.perintah,
        complaint.disampaikan, complaint.instansi,
    )  # fmt: skip
    return " ".join(" ".join((*case, *people, office.telepon, office.pos_el, office.alamat)).split())[: 4 * LONGEST]


def _same_person(one: Complaint, other: Complaint) -> bool:
    """By email, telephone or NIK; a name alone may be shared."""
    for field in ("email", "nik"):
        mine = str(getattr(one, field)).casefold()
        if mine and mine == str(getattr(other, field)).casefold():
            return True
    mine = re.sub(r"\D", "", one.telepon)[-DIGITS:]
    return len(mine) == DIGITS and mine == re.sub(r"\D", "", other.telepon)[-DIGITS:]


def _finding(level: str, name: str, **facts: str) -> Finding:
    message = word(f"temuan.{name}", **facts)
    return Finding("blokir" if level == "blokir" else "lihat", message, word("temuan.di.isi"))
