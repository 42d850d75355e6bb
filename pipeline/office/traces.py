"""A person's name, address, telephone, email and NIK, found in a text however they are written there.

Hides the written forms: +62 812-3456-7890, (0812) 3456 7890, a NIK in groups, a name with other spaces or letters.
For warning who writes to others, and for looking after an erasure; never for masking (DESIGN rule 10).
Every search is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

NAME, ADDRESS, TELEPHONE, EMAIL, NIK = "nama", "alamat", "telepon", "email", "nik"
SHORTEST = {
    NAME: 4,
    ADDRESS: 8,
    TELEPHONE: 7,
    NIK: 10,
}  # letters or digits; shorter ones would be found everywhere
# Between the digits of a number: spaces of all kinds, dots, dashes, brackets, slashes; at most three.
GAP = r"[^0-9A-Za-z\n]{0,3}"
# What does not tell one person from another: titles, and the words that addresses are made of.
TITLES = frozenset(
    [
        "bapak",
        "pak",
        "bpk",
        "ibu",
        "bu",
        "sdr",
        "sdri",
        "saudara",
        "saudari",
        "tn",
        "ny",
        "nn",
        "dr",
        "drs",
        "dra",
        "ir",
        "h",
        "hj",
        "prof",
        "kh",
        "ust",
    ]
)
PLACE_WORDS = frozenset(
    [
        "jalan",
        "jl",
        "jln",
        "gang",
        "gg",
        "nomor",
        "no",
        "rt",
        "rw",
        "kelurahan",
        "kel",
        "desa",
        "ds",
        "kecamatan",
        "kec",
        "kota",
        "kab",
        "blok",
    ]
)
# Accents that stand by themselves after NFKD; soft hyphens, joiners and marks of direction, which nobody sees.
_UNSEEN = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DIGITS = re.compile(r"\D+")
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Traces:
    """What to look for: (kind, pattern) of one person, to be matched against `plain` texts."""

    patterns: tuple[tuple[str, re.Pattern[str]], ...]

    def kinds_in(self, text: str) -> tuple[str, ...]:
        """Which kinds stand in a text, each once."""
        said = plain(text)
        return tuple(dict.fromkeys(kind for kind, pattern in self.patterns if pattern.search(said)))

    def __bool__(self) -> bool:
        return bool(self.patterns)


def plain(text: str) -> str:
    """A text as it is searched: one form for each letter, small, without marks that are not seen."""
    return (
        text.lower()
        if text.isascii()
        else _UNSEEN.sub("", unicodedata.normalize("NFKD", text).casefold())
    )


def traces_of(values: Collection[tuple[str, str]], *, called: bool = True) -> Traces:
    """What to look for of (kind, value) pairs; empty values and those too short to tell a person are left out.

    `called`: also by a part of the name that people call them by.
    """
    makers = {NAME: _name, ADDRESS: _address, TELEPHONE: _telephone, EMAIL: _email, NIK: _number}
    found: dict[tuple[str, str], None] = {}  # in their order, each once
    for kind, value in values:
        for pattern in makers[kind](value):
            found[kind, pattern] = None
    names = [value for kind, value in values if kind == NAME] if called else []
    for name in names:
        for pattern in _called(name):
            found[NAME, pattern] = None
    return Traces(tuple((kind, re.compile(pattern)) for kind, pattern in found))


def name_words(value: str) -> list[str]:
    """The words of a name in its order, without titles and degrees: "Hartono, Budi" is Budi Hartono."""
    family, _, after = value.partition(",")
    given = [part for part in after.split() if _is_given(part)]
    words = _WORDS.findall(plain(" ".join((*given, family))))
    return [word for word in words if word not in TITLES and len(word) > 1]


def _is_given(part: str) -> bool:
    """Whether what follows a comma is a name and no degree ("S.Kom", "MSi")."""
    return len(part) >= SHORTEST[NAME] and part.isalpha() and part[1:].islower()


def _name(value: str) -> Iterator[str]:
    """As it is said, and with its last word first, as lists have it."""
    words = name_words(value)
    if sum(map(len, words)) < SHORTEST[NAME]:
        return
    *given, family = words
    for order in dict.fromkeys((tuple(words), (family, *given))):
        yield r"(?<![^\W_])" + r"[\W_]{1,3}".join(order) + r"(?![^\W_])"


def _called(value: str) -> Iterator[str]:
    """Each of the first two words of a name that has four letters or more."""
    words = [word for word in name_words(value)[:2] if len(word) >= SHORTEST[NAME]]
    yield from (rf"(?<![^\W_]){word}(?![^\W_])" for word in words)


def street_words(value: str) -> list[str]:
    """The words of an address that tell it from others: street and number, without "Jalan", "No" and the like."""
    street = value.partition("\n")[0].partition(",")[0]
    return [word for word in _WORDS.findall(plain(street)) if word not in PLACE_WORDS]


def words_in(text: str) -> frozenset[str]:
    """All words of a text, as names and streets are compared with them."""
    return frozenset(_WORDS.findall(plain(text)))


def _address(value: str) -> Iterator[str]:
    """Street and number as they follow each other, however they are parted and shortened."""
    words = street_words(value)
    long_enough = sum(map(len, words)) >= SHORTEST[ADDRESS]
    numbered = len(words) > 1 and any(map(str.isdigit, words))
    if not long_enough and not numbered:
        return
    gap = r"[\W_]{1,3}"
    place_word = "(?:" + "|".join(sorted(PLACE_WORDS)) + ")"
    between = rf"{gap}(?:{place_word}{gap}){{0,2}}"
    yield r"(?<![^\W_])" + between.join(words) + r"(?![^\W_])"


def _telephone(value: str) -> Iterator[str]:
    """The digits after +62 or the leading 0: all forms of a number have these."""
    for one in re.split(r"[,;\n]|\batau\b|\s/\s", value):
        digits = _DIGITS.sub("", one)
        core = re.sub(r"^(?:00)?62(?=\d{8})|^0+", "", digits)
        if len(core) >= SHORTEST[TELEPHONE]:
            yield r"(?<!\d)(?:(?:00)?62)?" + GAP + "0?" + GAP + GAP.join(core) + r"(?!\d)"


def _email(value: str) -> Iterator[str]:
    local, _, domain = plain(value).strip().partition("@")
    if local and domain:
        at = r"\s?(?:@|%40|=40|[(\[]?\s?(?:at)\s?[)\]]?)\s?"
        yield r"(?<![\w.+-])" + re.escape(local) + at + re.escape(domain) + r"(?![\w-])"


def _number(value: str) -> Iterator[str]:
    digits = _DIGITS.sub("", value)
    if len(digits) >= SHORTEST[NIK]:
        yield r"(?<!\d)" + GAP.join(digits) + r"(?!\d)"
