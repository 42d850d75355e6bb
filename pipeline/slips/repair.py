"""What the recogniser read → what was meant: rules of Indonesian addresses, numbers and dates; and how sure. Pure.

A rule mends only what cannot be meant otherwise ("JI." for "Jl."); what it cannot settle becomes a doubt for the
clerk, by its name in templates/istilah.toml ([ragu]).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from rapidfuzz import fuzz, process

LIKE = 82  # of 100: less like than this is not taken for a unit's name


# How often a field was right as a whole, by what the recogniser claimed: measured on 140 made-up forms in 22 fonts.
# bench/results/slips.json shows how well it holds with fonts that were not among them. Real handwriting is untested,
# so nothing is ever certain.
_DIGITS = ((0.0, 0.5), (0.5, 0.8), (0.65, 0.95), (0.8, 0.97), (1.0, 0.98))
_LINE = ((0.0, 0.0), (0.65, 0.45), (0.85, 0.6), (0.93, 0.75), (0.96, 0.93), (1.0, 0.98))
_ADDRESS = ((0.0, 0.0), (0.7, 0.5), (0.8, 0.75), (0.9, 0.92), (0.95, 0.96), (1.0, 0.98))
_TEXT = ((0.0, 0.0), (0.8, 0.2), (0.88, 0.4), (0.94, 0.7), (0.97, 0.88), (1.0, 0.97))
CALIBRATED = {
    "tanggal": _DIGITS,
    "telepon": _DIGITS,
    "nik": _DIGITS,
    "unit": ((0.0, 0.5), (0.6, 0.9), (1.0, 0.98)),
    "nama": _LINE,
    "alamat": _ADDRESS,
    "email": _LINE,
    "uraian": _TEXT,
}
ENOUGH = 0.8  # less than that is a doubt


@dataclass(frozen=True)
class Read:
    """What a field says, and how probable it is that all of it is right. `doubt` names why it should be looked at, ""
    if nothing speaks against it; `unsure` are words that the recogniser was least sure of."""

    value: str
    confidence: float
    doubt: str = ""
    unsure: str = ""


def mend(name: str, text: str, sure: Sequence[float], units: Sequence[str], unsure: str = "") -> Read:
    """The value of a field out of what was recognised in it."""
    value, doubt = RULES.get(name, _words)(text, units)
    confidence = calibrated(name, sure)
    if not value:
        return Read("", min(confidence, 0.5), "tak_terbaca")
    if doubt:
        confidence = min(confidence, 0.5)
    elif confidence < ENOUGH:
        doubt = "kurang_jelas"
    return Read(value, round(confidence, 3), doubt, unsure)


def calibrated(name: str, sure: Sequence[float]) -> float:
    """How probable it is that a field is right, out of how sure the recogniser was of each character."""
    if not sure:
        return 0.0
    least = sorted(sure)[: max(1, len(sure) // 10)]
    claimed = 0.5 * sum(sure) / len(sure) + 0.5 * sum(least) / len(least)
    points = CALIBRATED.get(name, _LINE)
    for (low, p), (high, q) in pairwise(points):
        if claimed <= high:
            return p + (q - p) * (claimed - low) / (high - low)
    return points[-1][1]


Ruled = tuple[str, str]


def _words(text: str, units: Sequence[str]) -> Ruled:
    return sentence(text), ""


def _name(text: str, units: Sequence[str]) -> Ruled:
    value = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", " ".join(text.split()))
    value = re.sub(r"\.(?=[A-Za-z]{3})", ". ", value)
    value = re.sub(r"\b(?!bin\b|binti\b)[a-z](?=[a-z]{2})", lambda m: m[0].upper(), value)
    return value.strip(" -_/,'"), ""


def _phone(text: str, units: Sequence[str]) -> Ruled:
    plus = text.strip().startswith("+")
    digits = re.sub(r"\D", "", text)
    value = "+" + digits if plus else digits
    national = re.sub(r"^62", "0", digits)
    return value, "" if re.fullmatch(r"0\d{8,13}", national) else "telepon"


def _nik(text: str, units: Sequence[str]) -> Ruled:
    """16 digits; 7 to 12 are the day of birth (women: the day and 40), as Permendagri says."""
    value = re.sub(r"\D", "", text)
    if not re.fullmatch(r"[1-9]\d{15}", value):
        return value, "nik"
    day, month = int(value[6:8]), int(value[8:10])
    return value, "" if 1 <= (day - 40 if day > 40 else day) <= 31 and 1 <= month <= 12 else "nik"


def _date(text: str, units: Sequence[str]) -> Ruled:
    """Day, month, year, as they are written here."""
    parts = [p for p in re.split(r"[^\d]+", text) if p]
    digits = "".join(parts)
    if len(parts) == 3 and len(parts[2]) in (2, 4) and len(parts[0]) <= 2 and len(parts[1]) <= 2:
        day, month, year = parts
    elif len(digits) in (6, 8):
        day, month, year = digits[:2], digits[2:4], digits[4:]
    else:
        return "-".join(parts), "tanggal"
    year = "20" + year if len(year) == 2 else year
    value = f"{day:0>2}-{month:0>2}-{year}"
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return value, "tanggal"
    return value, "" if 2000 <= int(year) <= 2100 else "tanggal"


HOSTS = ("gmail.com", "yahoo.com", "yahoo.co.id", "outlook.com", "hotmail.com", "icloud.com", "ymail.com")


def _email(text: str, units: Sequence[str]) -> Ruled:
    value = re.sub(r"\s+", "", text).lower().strip(".,-_")
    local, at, host = value.partition("@")
    if at and host:
        near = process.extractOne(host, HOSTS, scorer=fuzz.ratio, score_cutoff=86)
        host = near[0] if near else host
        value = f"{local}@{host}"
    good = re.fullmatch(r"[a-z0-9._+-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", value)
    return value, "" if good else "email"


def _unit(text: str, units: Sequence[str]) -> Ruled:
    value = " ".join(text.split())
    near = process.extractOne(value, units, scorer=_alike, score_cutoff=LIKE)
    return (near[0], "") if near else (value, "unit")


def _alike(one: str, other: str, **_: object) -> float:
    """Likeness of two names, blind to case, spaces and what a recogniser mixes up."""
    return float(fuzz.ratio(_bare(one), _bare(other)))


def _bare(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    return plain.translate(str.maketrans("10i5", "lols"))


# ---- addresses -----------------------------------------------------------------------------------------------


def _address(text: str, units: Sequence[str]) -> Ruled:
    return address(text), ""


_LIKE_DIGITS = str.maketrans("OoCcDQUIlSBZz", "0000000115822")
_NUMBER = "[0-9OoIlSBCcDQUZz]"  # a digit, or what is read for one
_SPELLING = (
    (r"^\s*(?:[JI5S3][lI1i|]|jl|JL|71|J(?=\.))\s*[\.,:]?\s*(?=[A-Z0-9a-z])", "Jl. "),
    (r"\b[Nn][oOa]\b\s?[\.,:]?\s?(?=\d)|\b[Nn]o(?=\d)", "No. "),
    (r"\b(?:[6C][gq]|G[gq9])\b\s?[\.,]?\s?(?=[A-Z0-9])", "Gg. "),
    (r"\b(Kel|Kec|Gg|Ds|Kab|Perum|Blok)\s?[\.,]\s?(?=[A-Z0-9])", r"\1. "),
    (r"\b(Nomor|Blok|Gang|Jalan)(?=\d|[A-Z]\d)", r"\1 "),
    (r"\b6(?=[a-z]{3})", "G"),
    (r"\b5(?=[a-z]{3})", "S"),
    (r"(?<=\d)[Il](?=[\d,. ]|$)|(?<=\b[A-H])[Il](?=\d)|(?<=\d)[Il](?=\d)", "1"),
    (r"(?<=\d)[Oo](?=[\d,. ]|$)", "0"),
    (r"(RT[ .]*\d{1,3})\s*/\s*(RW|\d)", r"\1/\2"),
    (r"\s+,", ","),
    (r"(?:(?<=\d)|(?<=\d[A-H]))\. ?(?=[A-Z])", ", "),  # a comma that was read as a full stop
    (r"(?<=[a-z]{4})\. ?(?=[A-Z])", ", "),  # "Patihan. Madiun": no abbreviation is so long
    (r",(?=[^\s\d])", ", "),
    (r"(?<=[a-z])(?=(?:RT|RW|No\.|Kel\.|Kec\.|Gg\.) ?)", " "),
    (r"(?<=\d)(?=(?:RT|RW|Kel\.|Kec\.) ?)", " "),
    (r"(?<=[a-z])(?=[A-Z][a-z])", " "),
)


def address(text: str) -> str:
    """An address in the usual spelling: Jl., No., Gg., RT/RW, Kel., Kec.; digits where digits stand."""
    value = re.sub(r"(?<=[a-z0-9,])(?=R[TW][ .]?[0-9OCDU])", " ", " ".join(text.split()))
    value = re.sub(rf"\bR\s?[TI7]\s?([\.:]?)\s?({_NUMBER}{{1,3}})(?![A-Za-z])", lambda m: _numbered("RT", m), value)
    value = re.sub(
        rf"\bR\s?[WwVv]N?/?\s?([\.:]?)\s?({_NUMBER}{{1,3}})(?![A-Za-z])", lambda m: _numbered("RW", m), value
    )
    value = re.sub(rf"(?<=RT.\d\d/)({_NUMBER}{{1,3}})(?![A-Za-z])", lambda m: _digits(m[1]), value)
    value = re.sub(r"\b[Nn][oO]\s?[\.,:]?\s?([0-9OoIlSQ]{1,4}[A-Za-z]?)\b", lambda m: "No. " + _house(m[1]), value)
    for pattern, meant in _SPELLING:
        value = re.sub(pattern, meant, value)
    return " ".join(value.split()).strip(" ,;-")


def _numbered(what: str, found: re.Match[str]) -> str:
    """RT and RW with their number, written as it was: "RT 03" or "RT.03"."""
    return f"{what}{'.' if found[1] else ' '}{_digits(found[2])}"


def _house(text: str) -> str:
    """The number of a house may end in a letter."""
    return _digits(text[:-1]) + (text[-1] if text[-1].isalpha() and text[-1] not in "OoIlQS" else _digits(text[-1]))


def _digits(text: str) -> str:
    return text.translate(_LIKE_DIGITS)


# ---- running text --------------------------------------------------------------------------------------------


_COUNTED = "hari|minggu|bulan|tahun|jam|menit|kali|orang|meter|buah|titik|rumah"


def sentence(text: str) -> str:
    """Running text: digits inside words become the letters that they look like, a letter before what is counted the
    digit; spaces follow commas and stops."""
    value = re.sub(r"\s+([,.;!?])", r"\1", " ".join(text.split()))
    value = re.sub(rf"(?<= )[SsZzIl](?= (?:{_COUNTED})\b)", lambda m: _digits(m[0].upper()), value)
    value = re.sub(r"(?<=[a-z])1(?=[a-z])", "l", value)
    value = re.sub(r"(?<=[a-z])0(?=[a-z])", "o", value)
    value = re.sub(r"(?<=[a-z])5(?=[a-z])", "s", value)
    value = re.sub(r"(?<=[a-z]{2})([,;!?])(?=[A-Za-z])", r"\1 ", value)
    return re.sub(r"(?<=[a-z]{2})\.(?=[A-Z][a-z])", ". ", value)


def letter(text: str) -> str:
    return "\n".join(sentence(line) for line in text.splitlines())


RULES: dict[str, Callable[[str, Sequence[str]], Ruled]] = {
    "nama": _name,
    "alamat": _address,
    "telepon": _phone,
    "nik": _nik,
    "tanggal": _date,
    "email": _email,
    "unit": _unit,
}
