"""What stands below the words of a reply without being a part of them: a signature, telephone numbers, a disclaimer.

Pure. Hides how people end their mails in Bahasa Indonesia and English. Nothing is deleted: `words` and `rest` hold
every line. It cuts only at the end, and never all.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

MOST = 40  # lines of a signature with its disclaimer
MOST_NAMES = 6  # words of a name with its titles
MOST_LINE = 1_000  # characters of a line that are looked at
_CLOSING = re.compile(
    r"(?:(?:dengan |salam )?hormat(?: kami| saya)?|salam(?: hangat| sejahtera)?|wassalam\w*(?:[ '`’]?alaikum.{0,40})?"
    r"|(?:demikian,? )?(?:atas perhatian(?:nya)?.{0,60})?terima ?kasih(?: banyak)?|trims|makasih"
    r"|(?:best |kind |warm )?regards"
    r"|sincerely|yours (?:sincerely|faithfully)|thanks(?: and regards)?|thank you|ttd|tertanda)[ ,.!]{0,5}",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\W{0,4}(?:(?:no(?:mor)?\.? ?)?(?:hp|telp?|telepon|ponsel|wa|whats ?app|phone|mobile|mob|tel|fax|faks|cell|kantor"
    r"|e-?mail|surel|pos-el|website|web|laman|situs|ig|instagram|nip|alamat)\b[ .]{0,3}[:/.]?[ ]{0,3}"
    r"(?:wa\b|hp\b)?[ :]{0,3}[+(\d@wh].{0,120}|(?:\+62|62|0)[\d ().-]{6,20}|[^\s@]{1,64}@[^\s@]{1,190}"
    r"|(?:https?://|www\.)\S{1,200}|nip\.? ?[\d .]{8,30})\W{0,4}",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\W{0,6}(?:disclaimer|penafian|confidential(?:ity)?(?: notice)?\b|rahasia\s?:|catatan kerahasiaan|peringatan\s?:"
    r"|(?:this|the) (?:e-?mail|message|communication|information)\b.{0,120}"
    r"\b(?:confidential|intended|privileged|may contain)"
    r"|(?:e-?mail|surel|pesan|surat|informasi)(?: elektronik)?(?: dan lampiran\w*)? ini\b.{0,120}"
    r"\b(?:rahasia|ditujukan|hanya untuk|bersifat|mengandung|dimaksudkan)"
    r"|(?:isi|segala informasi|setiap informasi)\b.{0,60}\b(?:e-?mail|surel|pesan) ini\b.{0,120}"
    r"\b(?:rahasia|tanggung jawab)"
    r"|please consider the environment|mohon pertimbangkan lingkungan|think before (?:you )?print|hemat kertas"
    r"|virus-?free|bebas virus|dikirim (?:dari|lewat|melalui)\b|sent (?:from|via)\b|get outlook)",
    re.IGNORECASE,
)
_POST = re.compile(
    r"(?:(?:plt|plh|pj|a\.?n)\.? )?(?:kepala|sekretaris|kasubag|kasi|kabid|jfu|staf"
    r"|dinas|pemerintah|kementerian|badan|bagian|bidang|sub ?bagian|seksi|pembina|penata|pengatur|analis|pranata)"
    r"\b[^.!?:;]{0,80}",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*~—–]{2,80}")


@dataclass(frozen=True)
class SaidAndRest:
    """The words that are meant, and what was cut off below them."""

    words: str
    rest: str


def split(text: str, own: Collection[str] = ()) -> SaidAndRest:
    """Part what a person says from how their mail ends. `own` are their name, title and addresses as the office knows
    them; a line that holds no more than these is a signature."""
    lines = text.splitlines()
    known = tuple(one.casefold() for one in own if one)
    start = _signature(lines[: _disclaimer(lines)], known)
    words = "\n".join(lines[:start]).strip("\n")
    if not words.strip():
        return SaidAndRest(text, "")
    rest = "\n".join(lines[start:]).strip("\n")
    return SaidAndRest(words, rest)


def _disclaimer(lines: list[str]) -> int:
    """Where a disclaimer begins: all below it is a part of it."""
    first = max(1, len(lines) - MOST)
    for index in range(first, len(lines)):
        if _DISCLAIMER.match(lines[index][:MOST_LINE]):
            return index
    return len(lines)


def _signature(lines: list[str], own: tuple[str, ...]) -> int:
    """Where the signature begins: upwards from the end, as long as each line can belong to one."""
    start = end = len(lines)
    for index in range(len(lines) - 1, max(0, len(lines) - MOST), -1):
        line = lines[index].strip(" \t*_|>")[:MOST_LINE]
        if not line:
            continue
        if not _signs(line, own, sure=start < end) and not _is_name_below_closing(lines, index):
            break
        start = index
    return start


def _is_name_below_closing(lines: list[str], index: int) -> bool:
    """Whether a line is somebody's name, for "Hormat saya," stands right above it; people write their names in other
    ways than the office does."""
    words = lines[index].split(maxsplit=MOST_NAMES)
    if len(words) > MOST_NAMES or not all(map(_like_a_name, words)):
        return False
    above = next((one.strip(" \t*_|>") for one in reversed(lines[:index]) if one.strip()), "")
    closes = _CLOSING.fullmatch(above[:MOST_LINE]) is not None
    return closes and above.rstrip().endswith(",")


def _like_a_name(word: str) -> bool:
    return word[0].isupper() and word[-1] not in "!?:;"


def _signs(line: str, own: tuple[str, ...], *, sure: bool) -> bool:
    """Whether a line can stand in a signature. `sure`: something below it is one, so that a title may be believed."""
    if _CLOSING.fullmatch(line) or _CONTACT.fullmatch(line) or _RULE.fullmatch(line):
        return True
    bare = line.casefold().strip(" ,.()-")
    if any(_is_own(bare, one) for one in own):
        return True
    return sure and bool(_POST.fullmatch(line))


def _is_own(bare: str, known: str) -> bool:
    """Whether a line is what the office knows of the writer, alone or with little beside it."""
    little_beside = len(bare) <= len(known) + 25
    return bare == known or (len(known) > 5 and known in bare and little_beside)
