"""What the recogniser read → what was meant: rules of Indonesian addresses, numbers and dates; and how sure. Pure.

A rule mends only what is improbable as it stands and like a known form ("JI." for "Jl."), never a plausible string;
every repair is shown as one, and what cannot be settled becomes a doubt for the clerk, by its name in
templates/istilah.toml ([slip.ragu]).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from pipeline.slips import calibration
from pipeline.slips.calibration import SURE
from pipeline.slips.decode import words

LIKE = 78  # of 100: less like than this is not like a unit's name
APART = 4.0  # of 100: two names that are nearer to each other are a tie
NEAR_HOST = 82  # of 100: a domain that is so like a common one is asked about
PLACED = frozenset(  # what is called by its place
    word
    for words in (
        ("kelurahan", "kecamatan", "desa", "puskesmas", "pustu", "rsud", "pasar", "terminal"),
        ("sdn", "smpn", "sman", "smkn", "kua", "polsek", "koramil", "uptd"),
    )
    for word in words
)
DIGITS = ("tanggal", "telepon", "nik")
LETTER = "uraian"
DOUBTED = 0.5  # the most that a field is worth that something speaks against
CLEAR_LETTER = 0.975  # mean certainty of its characters


@dataclass(frozen=True)
class Repaired:
    """What a field says, and how probable it is that all of it is right. `doubt` names why it should be looked at, ""
    if nothing speaks against it; `unsure` are words that the recogniser was least sure of; `seen` is what was read
    where a repair changed it; `perhaps` what may be meant; `evidence` what the confidence was computed from."""

    value: str
    confidence: float
    doubt: str = ""
    unsure: str = ""
    seen: str = ""
    perhaps: str = ""
    evidence: tuple[float, ...] = ()


def is_clear(read: Repaired) -> bool:
    """Whether a field is shown to the clerk as clearly read. An empty one counts: nobody is led to look at it."""
    if not read.value:
        return read.doubt == "kosong"
    return not read.doubt and read.confidence >= SURE


@dataclass(frozen=True)
class Look:
    """What the recogniser gives for a field: its text, how sure it was of each character, which words it was least
    sure of, which words were changed to known ones ("minggn → minggu"), what a second look at the same ink read, and
    whether there is a line of which it read nothing."""

    text: str
    sure: Sequence[float]
    unsure: str = ""
    changed: str = ""
    second: str | None = None
    missed: bool = False


def mend(name: str, look: Look, units: Sequence[str]) -> Repaired:
    """The value of a field out of what was recognised in it. What a rule changed, or two looks saw differently, is
    never clear."""
    ruled = RULES.get(name, _words)(look.text, units)
    seen = look.changed or (
        " ".join(look.text.split()) if _is_repair(name, look.text, ruled.value) else ""
    )
    agree = 1.0 if look.second is None else agreement(name, look.text, look.second)
    evidence = (*calibration.features(look.sure), agree)
    confidence = calibration.confidence(name, evidence)
    if not says_something(ruled.value):
        return Repaired("", min(confidence, DOUBTED), "tak_terbaca", evidence=evidence)
    doubt = "terlewat" if look.missed else ruled.doubt
    if not doubt and seen:
        doubt = "diperbaiki"
    if not doubt and agree < 1:
        doubt = "dua_bacaan"
    if doubt:
        confidence = min(confidence, DOUBTED)
    elif confidence < SURE:
        doubt = "kurang_jelas"
    return Repaired(
        ruled.value, round(confidence, 3), doubt, look.unsure, seen, ruled.perhaps, evidence
    )


def says_something(value: str) -> bool:
    """Whether there is a letter or a digit: dots and dashes alone are dirt, rules, or writing that was not read."""
    return any(c.isalnum() for c in value)


def is_possible(name: str, text: str) -> bool:
    """Whether there may be such a date, telephone number or NIK."""
    return not RULES[name](text, ()).doubt


def agreement(name: str, one: str, other: str) -> float:
    """1 where two looks read the same, spaces, case and stops apart; else less."""
    first, second = (_ink_of(name, text) for text in (one, other))
    if first == second:
        return 1.0
    return min(fuzz.ratio(first, second) / 100, 0.999)


def _ink_of(name: str, text: str) -> str:
    """What of a text is ink, not spacing: digits alone where only they count."""
    if name in DIGITS:
        return re.sub(r"\D", "", text)
    return re.sub(r"[^a-z0-9@_+]", "", text.lower())


def _is_repair(name: str, seen: str, value: str) -> bool:
    """Whether a rule changed more than spaces, stops and capitals. A date is only written in full."""
    return name != "tanggal" and _ink_of(name, seen) != _ink_of(name, value)


@dataclass(frozen=True)
class Ruled:
    """A value, why it should be looked at, and what may be meant instead, to be asked about."""

    value: str
    doubt: str = ""
    perhaps: str = ""


def _words(text: str, units: Sequence[str]) -> Ruled:
    value = sentence(text)
    return Ruled(value, "kurang_jelas" if is_strange(value) else "")


def _name(text: str, units: Sequence[str]) -> Ruled:
    joined = r"(?<=[a-z])(?<!\bMc)(?<!\bDe)(?<!\bDi)(?<!\bLa)(?=[A-Z][a-z])"
    value = re.sub(joined, " ", " ".join(text.split()))
    value = re.sub(r"\.(?=[A-Za-z]{3})", ". ", value)
    small = r"(?<![\w'-])(?!(?:bin|binti|van|der|den|al)\b)[a-z](?=[a-z]{2})"
    value = re.sub(small, lambda m: m[0].upper(), value)
    value = value.strip(" -_/,'")
    return Ruled(value, "" if _is_name(value) else "kurang_jelas")


def _is_name(value: str) -> bool:
    """Whether people are called so: two letters at least, and no run of signs but in "S.H., M.H."."""
    return sum(c.isalpha() for c in value) > 1 and not re.search(r"(?!\.,)[^\w\s]{2}", value)


def _phone(text: str, units: Sequence[str]) -> Ruled:
    """Mobile numbers begin with 08 and no second 0, those of places with 02 to 09 (numbering plan of 2018)."""
    plus = text.strip().startswith("+")
    digits = re.sub(r"\D", "", text)
    value = "+" + digits if plus else digits
    national = re.sub(r"^62", "0", digits)
    return Ruled(
        value, "" if re.fullmatch(r"0(?:8[1-9]|[2-79]\d)\d{6,11}", national) else "telepon"
    )


_PROVINCES = (
    "1[1-9]|21|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[12]|9[1-7]"  # codes of the Ministry of Home Affairs
)


def _nik(text: str, units: Sequence[str]) -> Ruled:
    """16 digits; 1 and 2 are a province, 7 to 12 the day of birth (women: the day and 40), as Permendagri says."""
    value = re.sub(r"\D", "", text)
    if not re.fullmatch(rf"(?:{_PROVINCES})\d{{14}}", value) or value.endswith("0000"):
        return Ruled(value, "nik")
    day, month = int(value[6:8]), int(value[8:10])
    possible = 1 <= (day - 40 if day > 40 else day) <= 31 and 1 <= month <= 12
    return Ruled(value, "" if possible else "nik")


def _date(text: str, units: Sequence[str]) -> Ruled:
    """Day, month, year, as they are written here."""
    parts = [p for p in re.split(r"[^\d]+", text) if p]
    digits = "".join(parts)
    if len(parts) == 3 and len(parts[2]) in (2, 4) and len(parts[0]) <= 2 and len(parts[1]) <= 2:
        day, month, year = parts
    elif len(digits) in (6, 8):
        day, month, year = digits[:2], digits[2:4], digits[4:]
    else:
        return Ruled("-".join(parts), "tanggal")
    year = "20" + year if len(year) == 2 else year
    value = f"{day:0>2}-{month:0>2}-{year}"
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return Ruled(value, "tanggal")
    return Ruled(value, "" if 2000 <= int(year) <= 2100 else "tanggal")


HOSTS = (
    "gmail.com",
    "yahoo.com",
    "yahoo.co.id",
    "outlook.com",
    "hotmail.com",
    "icloud.com",
    "ymail.com",
)


def _email(text: str, units: Sequence[str]) -> Ruled:
    """The address as it was written: an answer that goes to a corrected domain goes to a stranger. What is only like a
    common domain is asked about."""
    value = re.sub(r"\s+", "", text).lower().strip(".,")
    if (
        not re.fullmatch(
            r"[a-z0-9]+(?:[._+-]+[a-z0-9]+)*@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", value
        )
        or ".." in value
    ):
        return Ruled(value, "email")
    host = value.partition("@")[2]
    if host in HOSTS:
        return Ruled(value)
    near = process.extractOne(host, HOSTS, scorer=fuzz.ratio, score_cutoff=NEAR_HOST)
    same = next((known for known in HOSTS if known.partition(".")[0] == host.partition(".")[0]), "")
    perhaps = near[0] if near else same
    return Ruled(value, "email_mirip" if perhaps else "", perhaps)


def _unit(text: str, units: Sequence[str]) -> Ruled:
    """A unit's name from the office's list where that is surely meant; a name that is only like one stays as it is."""
    value = _parted(" ".join(text.split()), units)
    near = process.extract(value, units, scorer=_alike, score_cutoff=LIKE, limit=2)
    if not near:
        return Ruled(value, "unit")
    best = near[0][0]
    if _bare(value) == _bare(best):
        is_numbered_otherwise = bool(_ROMAN.search(value)) and not _ROMAN.search(best)
        return Ruled(value, "unit_mirip", best) if is_numbered_otherwise else Ruled(best)
    tied = len(near) > 1 and near[0][1] - near[1][1] < APART
    slips = Levenshtein.distance(_bare(value), _bare(best))
    is_near = slips <= max(1, len(best) // 12)
    if tied or not is_near or not _improbable(value, units) or _other_place(value, best):
        return Ruled(value, "unit_mirip", best)
    return Ruled(best)


def _parted(value: str, units: Sequence[str]) -> str:
    """A unit's name with the blanks that were too narrow to be seen: "KantorPertanahan", "DINASKEBUDAYAAN"."""
    value = re.sub(r"(?<=[a-z]{2})(?=[A-Z][a-z])", " ", value)
    known = {word.lower() for unit in units for word in re.findall(r"[A-Za-z]+", unit)}
    return " ".join(_in_two(word, known) for word in value.split(" "))


def _in_two(word: str, known: Container[str]) -> str:
    """Two words of units' names that were read as one, or the word as it is."""
    small = word.lower()
    if small in known:
        return word
    for at in range(3, len(word) - 2):
        if small[:at] in known and small[at:] in known:
            return f"{word[:at]} {word[at:]}"
    return word


def _improbable(value: str, units: Sequence[str]) -> bool:
    """Whether some word of this is neither a word of the language nor of any unit's name."""
    known = {word.lower() for unit in units for word in re.findall(r"[A-Za-z]+", unit)}
    common = words()
    return any(
        word not in known and word not in common for word in re.findall(r"[a-z]{3,}", value.lower())
    )


def _other_place(value: str, best: str) -> bool:
    """Whether two names part in a place's name: for "Kelurahan Klagen" nobody knows that "Klegen" is meant."""
    head, *place = best.lower().split()
    told = value.lower().split()
    return head in PLACED and any(word not in told and word not in words() for word in place)


def _alike(one: str, other: str, **_: object) -> float:
    """Likeness of two names, blind to case, spaces and what a recogniser mixes up."""
    return float(fuzz.ratio(_bare(one), _bare(other)))


def _bare(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    return plain.translate(str.maketrans("10i5", "lols"))


# ---- addresses -----------------------------------------------------------------------------------------------


def _address(text: str, units: Sequence[str]) -> Ruled:
    value = address(text)
    strange = is_strange(value) or _STROKED.search(value) or _ROMAN_AREA.search(value)
    return Ruled(value, "kurang_jelas" if strange else "")


_STROKED = re.compile(
    r"\b\d\d1\d\d\b"
)  # 30/07, its stroke taken for a 1; or a post code: somebody looks
_ROMAN_AREA = re.compile(r"\bR[TW](?:\W{0,2}|\W\d\d/)I{2,3}\b", re.IGNORECASE)
_LIKE_DIGITS = str.maketrans("OoCcDQUIlSBZz", "0000000115822")
_NUMBER = "[0-9OoIlSBCcDQUZz]"  # a digit, or what is read for one
_ROMAN = re.compile(r"\bI{2,3}\b")  # 2 or 3 as some write it; or 11, read so
_OF_AREA = rf"(?!I{{2,3}}\b)({_NUMBER}{{1,3}})(?![A-Za-z])"  # the number of an RT or RW
_SPACES = (
    (r"(?<=[a-z0-9,])(?=R[TW][ .]?[0-9OCDU])", " "),
    (r"\s+,", ","),
    (r",(?=[^\s\d])", ", "),
    (r"(?<=[a-z])(?=(?:RT|RW|No\.|Kel\.|Kec\.|Gg\.) ?)", " "),
    (r"(?<=\d)(?=(?:RT|RW|Kel\.|Kec\.) ?)", " "),
    (r"(?<=[a-z])(?=[A-Z][a-z])", " "),
    (r"\b(Jl|No|Kel|Kec|Gg|Ds|Kab)\s?\.(?=[A-Z0-9])", r"\1. "),
    (r"\b(Nomor|Blok|Gang|Jalan)(?=\d|[A-Z]\d)", r"\1 "),
)
# What is improbable as it stands, and looks like what stands there usually. "Sidomulyo", "Siliwangi", "Jln." stay.
_SPELLING = (
    (r"^(?:J[I1i|]|I[lI1|])(?=\s*[.,:]|\s+[A-Z])", "Jl"),
    (r"^(?:[53][l1I|]|71)(?=\s*[.,:]\s*[A-Z])", "Jl"),
    (r"^J[lI1|](?=[A-Z][a-z])", "Jl. "),
    (r"^J[I1|]n\b", "Jln"),
    (r"^(Jln?|Gg)\s*[,:]\s*(?=[A-Z])", r"\1. "),
    (r"\b(?:6[gq]|Gq)\b(?=\.\s?[A-Z0-9]|\s?\d)", "Gg"),  # "Mawar 6g, Taman" is a house
    (r"\b6(?=[a-z]{3})", "G"),
    (r"\b5(?=[a-z]{3})", "S"),
    (r"(?<=\d)[Il](?=[\d,. ]|$)|(?<=\b[A-H])[Il](?=\d)|(?<=\d)[Il](?=\d)", "1"),
    (r"(?<=\d)[Oo](?=[\d,. ]|$)", "0"),
    (r"\b(RT[ .]?\d\d)1 ?(?=RW)", r"\1/"),
    (r"^J(?=\. [A-Z][a-z])", "Jl"),
    (r"^Jl[uvm](?=\. ?[A-Z])", "Jln"),
    (r"^JL(?=\. ?[A-Z][a-z])", "Jl"),
    (r"(?<=RT.\d\d/)Rw(?=[ .]?\d)", "RW"),
    (r"(?<=[a-z])0(?=-[a-z])", "o"),
    (r"(?<=\d\d/\d\d)(?=[A-Z][a-z])", " "),
)


def address(text: str) -> str:
    """An address as it was written, spaces apart: only digits stand where digits must, and "JI." becomes "Jl."."""
    value = " ".join(text.split())
    for pattern, meant in _SPACES[:1]:
        value = re.sub(pattern, meant, value)
    value = re.sub(
        rf"\b(R\s?[TI7])(\s?[.:]?\s?){_OF_AREA}",
        lambda m: _numbered("RT", m),
        value,
    )
    value = re.sub(
        rf"\b(R\s?[WwVv]N?/?)(\s?[.:]?\s?){_OF_AREA}",
        lambda m: _numbered("RW", m),
        value,
    )
    value = re.sub(rf"(?<=RT.\d\d/){_OF_AREA}", lambda m: _digits(m[1]), value)
    value = re.sub(r"\b(N[oO0]\s?[.,:]?\s?)([0-9OoIlSQ]{1,4}[A-Za-z]?)\b", _with_house, value)
    for pattern, meant in (*_SPELLING, *_SPACES):
        value = re.sub(pattern, meant, value)
    return " ".join(value.split()).strip(" ,;-")


def _numbered(what: str, found: re.Match[str]) -> str:
    """RT and RW with their number, as they were written: "RT 03" or "RT.03"."""
    head = found[1] if found[1].upper() == what else what
    return f"{head}{found[2].strip() or ' '}{_digits(found[3])}"


def _with_house(found: re.Match[str]) -> str:
    head = re.sub(r"^N[O0](?=\s?[.,:]?\s?$)", "No", found[1])
    return head.replace(",", ".").replace(":", ".").rstrip() + " " + _house(found[2])


def _house(text: str) -> str:
    """The number of a house may end in a letter."""
    return _digits(text[:-1]) + (
        text[-1] if text[-1].isalpha() and text[-1] not in "OoIlQS" else _digits(text[-1])
    )


def _digits(text: str) -> str:
    return text.translate(_LIKE_DIGITS)


# ---- running text --------------------------------------------------------------------------------------------


_COUNTED = "hari|minggu|bulan|tahun|jam|menit|kali|orang|meter|buah|titik|rumah"
# What a single letter is the name of: "bu S orang mana", "kelas I rumah sakit".
_LETTERED = frozenset(
    word
    for words in (
        ("pak", "bapak", "bu", "ibu", "mas", "mbak", "sdr"),
        ("kelas", "golongan", "eselon", "tingkat", "tahap", "semester"),
        ("lantai", "blok", "gang", "jalur", "romawi"),
    )
    for word in words
)
# What a number follows. After any other word an S or I is as well the name of what stands before: "bus S rumah sakit".
_COUNTING = frozenset(
    word
    for words in (
        ("sejak", "selama", "sudah", "sdh", "telah", "baru", "hampir", "hingga", "sampai"),
        ("dan", "atau", "ada", "punya", "sekitar", "kira", "lebih", "kurang", "cuma", "hanya"),
        ("tiap", "setiap", "dalam", "per", "selang", "minimal", "maksimal", "lagi"),
        ("menunggu", "nunggu", "tunggu", "antre", "antri", "lapor", "datang", "mati", "padam"),
        ("rusak", "lewat", "kurleb", "jarak", "sepanjang", "setinggi", "sedalam"),
    )
    for word in words
)
_WORD = re.compile(r"[A-Za-z0-9]+")
_IN_WORDS = ("0156", ("olsg", "oisg"))  # digits, and the letters for which they are read
_LONG = 4  # letters of a word in which a digit is surely a letter
_PLAIN = re.compile(  # letters and digits in one word, as people write them
    r"(?!6[Gg])\d+(?:[A-HJKMNP-RT-Ya-hjkmnp-rt-y]|[A-Za-z]{2,3})"  # 14C, 5rb
    r"|[A-Za-z]{2,}2(?:nya|an|lah|kah|ku|mu)?"  # anak2nya
    r"|(?![IOZloz]\d)(?:[A-Z]{1,4}|[A-Z][a-z]{1,3}|[a-z]{1,3})\d{1,4}[A-HJKMNP-RT-Z]?"  # RT05, Blok C2A
    r"|[A-Z]{1,3}\d[A-Z]{1,3}|[a-z]{1,2}[234789][a-z]{1,3}"  # P3K, mp3nya
)
_CODE = re.compile(r"[A-Z]{1,2}\d{2,4}[A-Z]?")  # of a block or a bus: B15A is not surely BISA
_CROWDED = re.compile(
    r"\bR[TW]\W{0,2}[1-9]\d\d", re.IGNORECASE
)  # no RT 351: a stroke was taken for a 1
_LONE = re.compile(rf"\b[SZIOlsz] (?:{_COUNTED})\b")


def sentence(text: str) -> str:
    """Running text: digits inside words become the letters that they look like where that makes a known word, a letter
    before what is counted the digit; spaces follow commas and stops."""
    value = re.sub(r"\s+([,.;!?])", r"\1", " ".join(text.split()))
    value = re.sub(rf"([a-z]+)(\W* )([SsZzIl])(?= (?:{_COUNTED})\b)", _counted, value)
    value = re.sub(
        r"(?<=\bRp)(\.? ?)([\dSOoIlB]*\d[\dSOoIlB]*(?:[.,][\dSOoIlB]{3})+)\b", _priced, value
    )
    value = _WORD.sub(lambda m: _with_letters(m[0]), value)
    value = re.sub(r"(?<=[a-z]{2})([,;!?])(?=[A-Za-z])", r"\1 ", value)
    return re.sub(r"(?<=[a-z]{2})\.(?=[A-Z][a-z])", ". ", value)


def _counted(found: re.Match[str]) -> str:
    """A number before what is counted; no digit where a letter may stand, behind a title, a class or a name."""
    before, between, letter = found.groups()
    begins_word = not found.string[: found.start()][-1:].isalpha()
    may_be_name = letter in "SI" and between == " " and before not in _COUNTING
    if not begins_word or before in _LETTERED or may_be_name:
        return found[0]
    return f"{before}{between}{_digits(letter.upper())}"


def _priced(found: re.Match[str]) -> str:
    """A price is digits alone."""
    return found[1] + _digits(found[2])


def _with_letters(word: str) -> str:
    """A word with digits in it as the known word that it looks like; as it stands where there is none."""
    return word if _CODE.fullmatch(word) else _meant_by(word) or word


def _meant_by(word: str) -> str:
    """The known word that a word with digits in it looks like, "" for none."""
    digits, ways = _IN_WORDS
    if len(word) < _LONG or word.isdigit() or not any(c in digits for c in word):
        return ""
    for letters in ways:
        meant = word.lower().translate(str.maketrans(digits, letters))
        if meant in words():
            return (
                meant.upper()
                if word.upper() == word
                else word[0] + meant[1:]
                if word[0].isalpha()
                else meant
            )
    return ""


def is_strange(text: str) -> bool:
    """Whether letters and digits stand together as nobody writes them: one was taken for the other."""
    mixed = (word for word in _WORD.findall(text) if not word.isalpha() and not word.isdigit())
    odd = (word for word in mixed if not _PLAIN.fullmatch(word) or _meant_by(word))
    return any(odd) or bool(_LONE.search(text) or _CROWDED.search(text))


def letter(look: Look) -> Repaired:
    """A letter's text, line by line. What a rule changed, or two looks saw differently, is never clear."""
    value = "\n".join(sentence(line) for line in look.text.splitlines())
    sure = round(sum(look.sure) / len(look.sure), 3) if look.sure else 0.0
    if not says_something(value):
        return Repaired("", 0.0, "tak_terbaca")
    pairs = zip(look.text.splitlines(), value.splitlines(), strict=True)
    ruled = [f"{read} → {meant}" for read, meant in pairs if _is_repair(LETTER, read, meant)]
    seen = ", ".join(filter(None, [look.changed, *ruled]))
    differs = look.second is not None and agreement(LETTER, look.text, look.second) < 1
    if sure <= CLEAR_LETTER or is_strange(value):
        doubt = "kurang_jelas"
    else:
        doubt = "diperbaiki" if seen else "dua_bacaan" if differs else ""
    return Repaired(
        value, min(sure, calibration.DISAGREE) if doubt else sure, doubt, look.unsure, seen
    )


RULES: dict[str, Callable[[str, Sequence[str]], Ruled]] = {
    "nama": _name,
    "alamat": _address,
    "telepon": _phone,
    "nik": _nik,
    "tanggal": _date,
    "email": _email,
    "unit": _unit,
}
