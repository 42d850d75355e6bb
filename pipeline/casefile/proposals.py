"""What a form may propose, so that the JFU reads and corrects instead of typing: from the words of the mail itself and
from what the office confirmed before. Always shown as a proposal with its source, never kept without a person.

Hides how people sign their mails. Pure but for the query over earlier cases.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.casefile.gist import REGARDS
from pipeline.data.tables import Complaint

TAIL = 14  # lines at the end of a mail in which people say who they are
LOOKED_AT = 20_000  # letters of a mail
CASES, FEWEST, SURE = (
    500,
    3,
    0.7,
)  # earlier cases that are asked; uses of a word that say something; of them one kind

# A number in Indonesia: mobile or with an area code, with or without the country's.
PHONE = re.compile(
    r"(?:(?<![\d/-])(?<!\d\.)|(?<=wa\.me/))(?P<number>\(?(?:\+?62[ .-]?\(?|0)(?:8\d{1,2}|\d{2,3})[ .)-]{0,2}\d{3,4}"
    r"(?:[ .-]?\d{2,5}){1,2})(?![\da-z/])"
)
MOBILE = re.compile(r"08")
# What else has so many digits, and whom somebody called.
NOT_THEIRS = re.compile(
    r"\b(?:rek|rekening|nip|nik|npwp|no\.? ?kk|kartu keluarga|pelanggan|meteran|menelepon|menelpon|menghubungi|nelpon"
    r"|(?:telepon|telp|hubungi) ke|call center)\b",
    re.IGNORECASE,
)
PLACE = (
    r"(?:(?:jalan|jln|jl|gang|gg|dusun|dsn|dukuh|desa|kelurahan|kel|perumahan|perum|kompleks|komplek|blok)\b"
    r"|rt\b[ .]{0,2}\d)"
)
LABELLED = re.compile(
    r"(?:alamat(?: (?:saya|kami|rumah|lengkap|tinggal|domisili|ktp|kantor|pengadu|pelapor))?|domisili|tempat tinggal"
    r"|rumah(?: saya)?|kantor)\s*[:=]\s*(?P<place>\S.{3,150})",
    re.IGNORECASE,
)
STREET = re.compile(
    rf"(?:(?!{PLACE})[^,;]{{1,60}}[,;] |[^-–]{{1,60}} [-–] |(?:tinggal|domisili|rumah) di )?"
    rf"(?P<place>{PLACE}.{{4,150}})",
    re.IGNORECASE,
)
GOES_ON = re.compile(
    r"(?:kelurahan|kel|desa|kecamatan|kec|kota|kab|kabupaten|rt|rw|madiun|\d{5})\b", re.IGNORECASE
)
CLOSED = re.compile(rf"(?:{REGARDS}|demikian.{{0,80}}|--)[ ,.!]{{0,4}}", re.IGNORECASE)
CONTACT = re.compile(
    r"(?:[a-z./ ]{0,20}[:.]? ?)?[+(\d][\d ().+-]{7,24}|\S{1,64}@\S{1,190}", re.IGNORECASE
)
WORDS = re.compile(r"[^\W\d_]{4,30}")


def phone(text: str, own: str = "") -> str:
    """The writer's telephone number in the end of a mail; "" where there is none, or more than one that could be. A
    mobile number goes before that of a house or an office. `own`: the office's, which is nobody's who writes to it."""
    theirs = [line for line in _lines(text)[-TAIL:] if not NOT_THEIRS.search(line)]
    by_digits: dict[str, str] = {}  # numbers as they are written
    for found in PHONE.finditer("\n".join(theirs)):
        number = found["number"].strip()
        by_digits[_digits(number)] = number
    by_digits.pop(_digits(own), None)
    mobile = [number for digits, number in by_digits.items() if MOBILE.match(digits)]
    certain = mobile or list(by_digits.values())
    return certain[0] if len(certain) == 1 else ""


def _digits(number: str) -> str:
    """A number as it is dialled within the country."""
    return re.sub(r"^62", "0", re.sub(r"\D", "", number))


def address(text: str) -> str:
    """The writer's address: a line that says so, or a street below the closing words or beside a telephone number;
    never a street of the matter."""
    lines = _lines(text)[-TAIL:]
    closed = next((n for n, line in enumerate(lines) if CLOSED.fullmatch(line)), len(lines))
    for place, line in enumerate(lines):
        below = lines[place + 1] if place + 1 < len(lines) else ""
        found = LABELLED.match(line)
        if not found and (place > closed or CONTACT.fullmatch(below)):
            found = STREET.match(line)
        if not found:
            continue
        said: str = found["place"]
        if GOES_ON.match(below):
            said += f" {below}"
        return said.strip(" .,")
    return ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text[:LOOKED_AT].splitlines() if line.strip()]


def category(session: Session, complaint: Complaint) -> tuple[str, str, int] | None:
    """(kategori, the word that speaks for it, in how many earlier cases) by what the office confirmed; None without a
    clear one."""
    mine = set(_words(f"{complaint.perihal} {complaint.isi[:1000]}"))
    known = select(Complaint.kategori, Complaint.perihal).where(
        Complaint.kategori != "", Complaint.id != complaint.id
    )
    newest = known.order_by(Complaint.id.desc()).limit(CASES)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for kind, subject in session.execute(newest):
        for word in mine.intersection(_words(subject)):
            counts[word][kind] += 1
    clear = []
    for word, kinds in counts.items():
        kind, some = kinds.most_common(1)[0]
        if some >= FEWEST and some >= SURE * kinds.total():
            clear.append((some, kind, word))
    if not clear:
        return None
    some, kind, word = max(clear)
    return kind, word, some


def _words(text: str) -> set[str]:
    return set(WORDS.findall(text.casefold()))
