"""The span that a report or a page is about: a day's, month's, quarter's, half-year's or year's bounds.

Hides the office's zone: bounds are UTC instants, the first inside and the last outside. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.office import clock
from pipeline.office.words import word

MONTHS = {"bulan": 1, "triwulan": 3, "semester": 6, "tahun": 12}
YEARS = range(2000, 2101)


class BadPeriod(ValueError):
    """What was typed names no period; the message says how one is written."""


@dataclass(frozen=True)
class Period:
    """From the first day to the day after the last, in the office's zone. `kind` is a key of MONTHS, or "hari"."""

    kind: str
    first: date
    after: date

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first instant and the one after the last, in UTC."""
        return _midnight(self.first, zone), _midnight(self.after, zone)

    @property
    def number(self) -> int:
        """Which one of its year: 1 to 12, 4, 2 or 1."""
        return (self.first.month - 1) // MONTHS.get(self.kind, 1) + 1

    @property
    def code(self) -> str:
        """How the command names it: 2026-10, 2026-4, 2026."""
        if self.kind == "tahun":
            return str(self.first.year)
        if self.kind == "bulan":
            return f"{self.first:%Y-%m}"
        return f"{self.first.year}-{self.number}"

    @property
    def name(self) -> str:
        """In words: Oktober 2026, Triwulan IV 2026, Tahun 2026."""
        roman = ("I", "II", "III", "IV")[min(self.number, 4) - 1]
        return word(
            f"laporan.periode.{self.kind}",
            bulan=clock.bulan(self.first),
            nomor=roman,
            tahun=self.first.year,
        )

    @property
    def in_a_sentence(self) -> str:
        """Its name amid a sentence, where only a month keeps its capital: selama tahun 2026."""
        name = self.name
        return name if self.kind == "bulan" else name[:1].lower() + name[1:]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def span(kind: str, year: int, number: int = 1) -> Period:
    """The number-th period of a kind in a year."""
    months = MONTHS[kind]
    first = date(year, (number - 1) * months + 1, 1)
    month_after = first.month + months
    after = date(year + 1, 1, 1) if month_after > 12 else date(year, month_after, 1)
    return Period(kind, first, after)


def parse(kind: str, text: str) -> Period:
    """A period as it is typed: 2026-10 for a month, 2026-4 for a quarter, 2026-2 for a half, 2026 for a year."""
    wrong = BadPeriod(word(f"laporan.salah.{kind}"))
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?", text.strip(), re.ASCII)
    if found is None or int(found[1]) not in YEARS:
        raise wrong
    if kind == "tahun":
        if found[2]:
            raise wrong
        return span(kind, int(found[1]))
    number = int(found[2] or 0)
    if not 1 <= number <= 12 // MONTHS[kind]:
        raise wrong
    return span(kind, int(found[1]), number)


def last_before(kind: str, day: date) -> Period:
    """The newest period of a kind that is over on a day."""
    before = _with(kind, day).first - timedelta(days=1)
    return _with(kind, before)


def _with(kind: str, day: date) -> Period:
    """The period of a kind in which a day lies."""
    return span(kind, day.year, (day.month - 1) // MONTHS[kind] + 1)


def month_of(day: date) -> Period:
    return span("bulan", day.year, day.month)
