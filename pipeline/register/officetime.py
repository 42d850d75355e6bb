"""Office minutes between many pairs of moments, quickly: each day is added up once. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pipeline.office.clock import OfficeHours

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LONGEST = 3_660  # days; beyond ten years office time is not counted on, as `clock.elapsed` has it


class OfficeTime:
    """The same as `clock.elapsed`, for a report over hundreds of thousands of tasks."""

    def __init__(self, hours: OfficeHours) -> None:
        self.hours = hours
        self.origin: date | None = None
        self.before: list[float] = []  # minutes of all days before each one, from the origin
        self.back: dict[date, float] = {}

    def minutes(self, begin: datetime, end: datetime) -> float:
        """Minutes of office time; 0 where the end is not the later one."""
        if end <= begin:
            return 0.0
        first, last = self.hours.local(begin), self.hours.local(min(end, begin + LONGEST * DAY))
        if first.date() == last.date():
            return self._until(last) - self._until(first)
        whole = self._sum(last.date()) - self._sum(first.date() + DAY)
        return self._whole(first.date()) - self._until(first) + whole + self._until(last)

    def _sum(self, day: date) -> float:
        """Minutes from the origin to the morning of a day."""
        if self.origin is None:
            self.origin, self.before = day, [0.0]
        if day < self.origin:
            return -sum(self._whole(day + n * DAY) for n in range((self.origin - day).days))
        while len(self.before) <= (day - self.origin).days:
            self.before.append(self.before[-1] + self._whole(self.origin + (len(self.before) - 1) * DAY))
        return self.before[(day - self.origin).days]

    def _whole(self, day: date) -> float:
        if day not in self.back:
            self.back[day] = sum((close - begin) / MINUTE for begin, close in self.hours.intervals(day))
        return self.back[day]

    def _until(self, local: datetime) -> float:
        """Minutes of a day up to a moment of it."""
        return sum(
            (min(close, local) - begin) / MINUTE for begin, close in self.hours.intervals(local.date()) if begin < local
        )
