"""The span that a report or a page is about: a day's, month's, quarter's, half-year's or year's bounds.

Hides the office's zone: bounds are UTC instants, the first inside and the last outside. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
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
        begin, end = (
            datetime(day.year, day.month, day.day, tzinfo=zone) for day in (self.first, self.after)
        )
        return begin.astimezone(UTC), end.astimezone(UTC)

    @property
    def number(self) -> int:
        """Which one of its year: 1 to 12, 4, 2 or 1."""
        return (self.first.month - 1) // MONTHS.get(self.kind, 1) + 1

    @property
    def code(self) -> str:
        """How the command names it: 2026-10, 2026-4, 2026."""
        if self.kind == "tahun":
            return str(self.first.year)
        return f"{self.first:%Y-%m}" if self.kind == "bulan" else f"{self.first.year}-{self.number}"

    @property
    def name(self) -> str:
        """In words: Oktober 2026, Triwulan IV 2026, Tahun 2026."""
        month = clock.tanggal(self.first).split(", ", 1)[1].split(" ", 1)[1]
        roman = ("I", "II", "III", "IV")[min(self.number, 4) - 1]
        return word(f"laporan.periode.{self.kind}", bulan=month, nomor=roman, tahun=self.first.year)


def span(kind: str, year: int, number: int = 1) -> Period:
    """The number-th period of a kind in a year."""
    months = MONTHS[kind]
    first = date(year, (number - 1) * months + 1, 1)
    end = first.month - 1 + months
    return Period(kind, first, date(first.year + end // 12, end % 12 + 1, 1))


def parse(kind: str, text: str) -> Period:
    """A period as it is typed: 2026-10 for a month, 2026-4 for a quarter, 2026-2 for a half, 2026 for a year."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?", text.strip(), re.ASCII)
    most = 12 // MONTHS[kind]
    number = int(found[2] or 0) if found else 0
    fits = found is not None and int(found[1]) in YEARS
    if (
        found is None
        or not fits
        or (number not in range(1, most + 1) if kind != "tahun" else found[2])
    ):
        raise BadPeriod(word(f"laporan.salah.{kind}"))
    return span(kind, int(found[1]), number or 1)


def last_before(kind: str, day: date) -> Period:
    """The newest period of a kind that is over on a day."""
    months = MONTHS[kind]
    current = span(kind, day.year, (day.month - 1) // months + 1)
    before = date.fromordinal(current.first.toordinal() - 1)
    return span(kind, before.year, (before.month - 1) // months + 1)


def month_of(day: date) -> Period:
    return span("bulan", day.year, day.month)
