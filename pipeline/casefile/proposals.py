"""What a form may propose, so that the JFU reads and corrects instead of typing: from the words of the mail itself and
from what the office confirmed before. Always shown as a proposal with its source, never kept without a person.

Hides how people begin and end their mails. Pure but for the query over earlier cases.
"""

from __future__ import annotations

import re
from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.data.tables import Complaint

TAIL = 14  # lines at the end of a mail in which people say who they are
LONGEST = 300  # letters of a proposed summary
LOOKED_AT = 20_000  # letters of a mail
CASES, FEWEST, SURE = 500, 3, 0.7  # earlier cases that are asked; uses of a word that say something; of them one kind

GREETING = re.compile(
    r"(?:(?:kepada\b|kpd\b)?[ :]{0,3}(?:yth\b\.?|yang terhormat)|kepada\b|kpd\b"
    r"|dengan hormat|ass?alamu|salam|selamat (?:pagi|siang|sore|malam)"
    r"|halo|hai|hallo|hi\b|perkenalkan|perkenankan|nama saya|saya bernama|bapak/ibu|pak\b|bu\b|mohon izin|di tempat)"
    r"[^.!?\n]{0,120}(?:[.!?,:]+|$)\s*",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"(?:(?:dengan |salam )?hormat(?: kami| saya)?|salam\b.{0,30}|wassalam.{0,40}"
    r"|(?:atas perhatian.{0,60})?terima ?kasih"
    r".{0,40}|trims|demikian.{0,80}|--)[ ,.!]{0,4}",
    re.IGNORECASE,
)
PHONE = re.compile(
    r"(?<![\d/.-])\(?(?:\+?62[ .-]?|0)(?:8\d{1,2}|\d{2,3})[ .)-]{0,2}\d{3,4}(?:[ .-]?\d{2,5}){1,2}(?![\d/])"
)
ADDRESS = re.compile(r"(?:alamat(?: saya| rumah| lengkap)?\s*[:=]?\s*|(?=(?:jalan|jl|jln|gang|gg|dusun|desa|perum)\b))"
                     r"(\S.{7,150})", re.IGNORECASE)  # fmt: skip
LABELLED = re.compile(r"alamat(?: saya| rumah| lengkap)?\s*[:=]", re.IGNORECASE)
SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+|$)")
WORDS = re.compile(r"[^\W\d_]{4,30}")


def phone(text: str) -> str:
    """A telephone number in the end of a mail; "" where there is none, or more than one."""
    found = {re.sub(r"\D", "", one): one.strip() for one in PHONE.findall("\n".join(_lines(text)[-TAIL:]))}
    return next(iter(found.values())) if len(found) == 1 else ""


def address(text: str) -> str:
    """The writer's address: a line that says so, or a street below the closing words; never a street of the matter."""
    lines = _lines(text)[-TAIL:]
    closed = next((n for n, line in enumerate(lines) if CLOSING.fullmatch(line)), len(lines))
    for place, line in enumerate(lines):
        found = ADDRESS.match(line)
        if found and (place > closed or LABELLED.match(line)):
            return found[1].strip(" .")
    return ""


def summary(text: str) -> str:
    """The first sentences that say something, without greeting and closing; "" for a text without any."""
    kept: list[str] = []
    for line in _lines(text):
        if kept and CLOSING.fullmatch(line):
            break
        for found in SENTENCE.findall(_without_greeting(line)):
            sentence = found.strip()
            if not sentence or PHONE.search(sentence):
                continue
            if kept and len(" ".join(kept)) + len(sentence) >= LONGEST:
                return " ".join(kept)
            kept.append(sentence)
    return " ".join(kept)[:LONGEST]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text[:LOOKED_AT].splitlines() if line.strip()]


def _without_greeting(line: str) -> str:
    while found := GREETING.match(line):
        line = line[found.end() :]
    return line


def category(session: Session, complaint: Complaint) -> tuple[str, str, int] | None:
    """(kategori, the word that speaks for it, in how many earlier cases) by what the office confirmed; None without a
    clear one."""
    mine = set(_words(f"{complaint.perihal} {complaint.isi[:1000]}"))
    known = select(Complaint.kategori, Complaint.perihal).where(Complaint.kategori != "", Complaint.id != complaint.id)
    counts: dict[str, Counter[str]] = {}
    for kind, subject in session.execute(known.order_by(Complaint.id.desc()).limit(CASES)):
        for word in mine.intersection(_words(subject)):
            counts.setdefault(word, Counter())[kind] += 1
    clear = [
        (some, kind, word)
        for word, kinds in counts.items()
        for kind, some in kinds.most_common(1)
        if some >= FEWEST and some >= SURE * kinds.total()
    ]
    if not clear:
        return None
    some, kind, word = max(clear)
    return kind, word, some


def _words(text: str) -> set[str]:
    return set(WORDS.findall(text.casefold()))
