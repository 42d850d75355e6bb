"""Office time: when a limit of the SOP ends, how much of it is used, and why.

Hides working hours, breaks, Ramadan, national holidays and cuti bersama, their overrides, and time zones.
Pure. Instants to be stored come back in UTC, what is read aloud (intervals, closing, gaps) in office time.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from types import MappingProxyType
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo

import holidays
from hijridate import Hijri
from holidays.constants import HOLIDAY_NAME_DELIMITER

from pipeline.office.messages import say
from pipeline.office.words import listed, word

Unit = Literal["menit", "jam", "hari", "hari kerja"]
Interval = tuple[datetime, datetime]

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LONGEST_CLOSURE = 400  # days in a row without office: beyond that the calendar must be wrong
LONGEST_SPAN = timedelta(days=3653)
KEPT = (
    64  # answers: the tasks of a batch of mail begin at the same moment, and have the same limits
)
MOON = timedelta(days=15)  # two first days of Ramadan closer than this mean the same Ramadan

DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
ORDINALS = (
    "pertama",
    "kedua",
    "ketiga",
    "keempat",
    "kelima",
    "keenam",
    "ketujuh",
    "kedelapan",
    "kesembilan",
    "kesepuluh",
)


# ---- limits ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """One Waktu of the SOP. Zero is allowed for minutes only: what `remaining` leaves of a used-up limit."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ValueError(say("jam.satuan", satuan=repr(self.unit)))
        if self.amount < (0 if self.unit == "menit" else 1):
            raise ValueError(say("jam.lebih_dari_nol", jumlah=self.amount, satuan=self.unit))

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    @property
    def working_time(self) -> timedelta | None:
        """The length of a limit in minutes or hours; None for a limit in days."""
        minutes = {"menit": 1, "jam": 60}.get(self.unit)
        return None if minutes is None else self.amount * minutes * MINUTE


_LIMIT = re.compile(r"(?:maks\.? )?([0-9]{1,4}) (menit|jam|hari kerja|hari)")


def parse_limit(text: str) -> Limit:
    """Read a cell of the SOP's Waktu column, such as "30 menit" or "maks 10 hari"."""
    found = _LIMIT.fullmatch(" ".join(text.lower().split()))
    if not found or int(found[1]) == 0:
        raise ValueError(say("jam.batas", teks=repr(text)))
    return Limit(int(found[1]), cast(Unit, found[2]))


# ---- office hours ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """The hours of one weekday, in the office's local time; a shift never crosses midnight."""

    start: time
    end: time
    break_start: time | None = None
    break_end: time | None = None

    def __post_init__(self) -> None:
        if (self.break_start is None) != (self.break_end is None):
            raise ValueError(say("jam.istirahat"))
        edges = [edge for stretch in self.stretches() for edge in stretch]
        if any(earlier >= later for earlier, later in pairwise(edges)):
            told = ", ".join(f"{edge:%H.%M}" for edge in edges)
            raise ValueError(say("jam.berurutan", jam=told))

    def stretches(self) -> tuple[tuple[time, time], ...]:
        if self.break_start is None or self.break_end is None:
            return ((self.start, self.end),)
        return ((self.start, self.break_start), (self.break_end, self.end))


def _week(ordinary: Shift, friday: Shift) -> Mapping[int, Shift]:
    return MappingProxyType({0: ordinary, 1: ordinary, 2: ordinary, 3: ordinary, 4: friday})


PERPRES_21_2023: tuple[Mapping[int, Shift], Mapping[int, Shift]] = (
    _week(
        Shift(time(7, 30), time(16, 0), time(12, 0), time(13, 0)),
        Shift(time(7, 30), time(16, 30), time(11, 30), time(13, 0)),
    ),
    _week(
        Shift(time(8, 0), time(15, 0), time(12, 0), time(12, 30)),
        Shift(time(8, 0), time(15, 30), time(11, 30), time(12, 30)),
    ),
)
"""The week and the week in Ramadan: 37.5 and 32.5 hours net of breaks (Perpres 21/2023)."""


@lru_cache(maxsize=128)
def national_holidays(year: int) -> Mapping[date, str]:
    """National holidays and cuti bersama of one year, with their Indonesian names.

    Built whole for each year: the package's own lazy calendar shows a half-filled year to a second thread.
    """
    found = holidays.country_holidays(
        "ID", years=year, expand=False, categories=("public", "government"), language="id"
    )
    named = {day: name.replace(HOLIDAY_NAME_DELIMITER, " dan ") for day, name in found.items()}
    return MappingProxyType(named)


@lru_cache(maxsize=128)
def computed_ramadans(year: int) -> tuple[tuple[date, date], ...]:
    """First and last day of each Ramadan that begins in a Gregorian year; 2030 has two.

    Umm al-Qura can be a day off the government's calendar. It covers 1924–2077: elsewhere none is known.
    """
    around = int((year - 622) * 33 / 32)  # Hijri years are about 11 days shorter
    found = []
    for hijri_year in range(around - 1, around + 3):
        span = _ramadan(hijri_year)
        if span is not None and span[0].year == year:
            found.append(span)
    return tuple(found)


def _ramadan(hijri_year: int) -> tuple[date, date] | None:
    try:
        first = Hijri(hijri_year, 9, 1)
    except OverflowError:
        return None
    begin = date.fromisoformat(first.to_gregorian().isoformat())
    return begin, begin + (first.month_length() - 1) * DAY


@dataclass(frozen=True, eq=False)  # told apart by identity, so that answers can be kept for it
class OfficeHours:
    """When the office works. Days are cached: change nothing in it, make another with `dataclasses.replace`.

    `ramadan` replaces a computed Ramadan by the government's dates, keyed by the year of its first day.
    A day in `extra_workdays` is worked whatever else says: such an entry has no other use than to overrule.
    """

    zone: ZoneInfo
    week: Mapping[int, Shift]
    ramadan_week: Mapping[int, Shift]
    ramadan: Mapping[int, tuple[date, date]] = field(default_factory=dict)
    extra_holidays: Mapping[date, str] = field(default_factory=dict)
    extra_workdays: frozenset[date] = frozenset()
    _known: dict[date, tuple[Interval, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for week in (self.week, self.ramadan_week):
            if not week or not set(week) <= set(range(7)):
                raise ValueError(say("jam.hari"))
        for year, (first, last) in self.ramadan.items():
            if first.year != year or not first <= last <= first + 30 * DAY:
                raise ValueError(say("jam.ramadan", tahun=year, awal=first, akhir=last))

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """Stretches of working time of a day, in the office's zone; none on a day without office."""
        known = self._known.get(day)
        if known is None:
            shift = self._shift(day)
            stretches = shift.stretches() if shift else ()
            known = tuple((self._at(day, begin), self._at(day, end)) for begin, end in stretches)
            self._known[day] = known
        return known

    def closing(self, day: date) -> datetime:
        """Closing time; for a day without office the ordinary one of its season, Monday's."""
        return self._at(day, (self._shift(day) or self._ordinary(day)).end)

    def holiday_name(self, day: date) -> str | None:
        """What keeps the office closed, if it has a name; weekends have none."""
        if day in self.extra_workdays:
            return None
        if day in self.extra_holidays:
            return self.extra_holidays[day] or word("hitungan.libur_kantor")
        return national_holidays(day.year).get(day)

    def season(self, day: date) -> Mapping[int, Shift]:
        """The week that applies on a day, holidays aside."""
        return self.ramadan_week if self.in_ramadan(day) else self.week

    def in_ramadan(self, day: date) -> bool:
        near = (*self.ramadans(day.year - 1), *self.ramadans(day.year))
        return any(first <= day <= last for (first, last), _computed in near)

    def ramadans(self, year: int) -> list[tuple[tuple[date, date], bool]]:
        """((first day, last day), whether that is computed) of each Ramadan that begins in a year."""
        decreed = tuple(self.ramadan.values())
        said = [(span, False) for span in decreed if span[0].year == year]
        computed = [
            (span, True)
            for span in computed_ramadans(year)
            if all(abs(span[0] - first) > MOON for first, _ in decreed)
        ]
        return sorted(said + computed)

    def is_open(self, at: datetime) -> bool:
        """Whether working time runs; at the very end of a stretch it no longer does."""
        return any(begin <= at < end for begin, end in self.intervals(self.local(at).date()))

    def next_open(self, at: datetime) -> datetime:
        """The first instant of working time from `at` on (UTC): `at` itself if the office is open."""
        return next(_stretches(at, _office_days(self.local(at).date(), self), self))[0]

    def workdays(self, start: date, end: date) -> list[date]:
        """The office days from start to end, both included."""
        return [day for day in _days(start, end) if self.intervals(day)]

    def local(self, at: datetime) -> datetime:
        """The same instant in the office's zone; ValueError for a datetime without a zone."""
        return _utc(at).astimezone(self.zone)

    def _ordinary(self, day: date) -> Shift:
        season = self.season(day)
        return season[min(season)]

    def _shift(self, day: date) -> Shift | None:
        shift = self.season(day).get(day.weekday())
        if day in self.extra_workdays:
            return shift or self._ordinary(day)
        return None if self.holiday_name(day) else shift

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone)


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(say("jam.tanpa_zona", waktu=at.isoformat()))
    return at.astimezone(UTC)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * DAY for n in range((last - first).days + 1))


def _office_days(first: date, hours: OfficeHours) -> Iterator[date]:
    """Office days from `first` on, without end; ValueError where the calendar has none for over a year."""
    day, seen = first, first
    while (day - seen).days < LONGEST_CLOSURE:
        if hours.intervals(day):
            yield day
            seen = day
        day += DAY
    raise ValueError(say("jam.tutup_lama", hari=LONGEST_CLOSURE, tanggal=tanggal(seen)))


def _stretches(start: datetime, days: Iterable[date], hours: OfficeHours) -> Iterator[Interval]:
    """Working time of the given days after `start`, in UTC, where differences are true durations."""
    start = _utc(start)
    for day in days:
        for begin, end in hours.intervals(day):
            if end > start:
                yield max(begin.astimezone(UTC), start), end.astimezone(UTC)


# ---- arithmetic ------------------------------------------------------------------------------------------


def due(start: datetime, limit: Limit, hours: OfficeHours) -> datetime:
    """When a limit that begins at `start` ends, in UTC.

    Minutes and hours are working time. Days end at closing time of the n-th day after the day of `start`:
    calendar days are never moved off a closed day (SOP, Reading), working days count office days only.
    """
    if limit.working_time is not None:
        return after(start, limit.working_time, hours)
    return hours.closing(_last_day(start, limit, hours)).astimezone(UTC)


def after(start: datetime, worked: timedelta, hours: OfficeHours) -> datetime:
    """The instant until which so much working time lies behind `start`, in UTC."""
    return _after_working(start, worked, hours)


@lru_cache(maxsize=KEPT)
def _after_working(start: datetime, left: timedelta, hours: OfficeHours) -> datetime:
    stretches = _stretches(start, _office_days(hours.local(start).date(), hours), hours)
    begin, end = next(stretches)
    while left > end - begin:
        left -= end - begin
        begin, end = next(stretches)
    return begin + left


@lru_cache(maxsize=KEPT)
def _last_day(start: datetime, limit: Limit, hours: OfficeHours) -> date:
    first = hours.local(start).date() + DAY
    if limit.unit == "hari":
        return first + (limit.amount - 1) * DAY
    return next(islice(_office_days(first, hours), limit.amount - 1, None))


def elapsed(start: datetime, end: datetime, hours: OfficeHours) -> timedelta:
    """Working time between two instants; zero if the second is not the later one. Beyond ten years it is not counted
    on: a date of the year 9999 must not cost a page half a minute."""
    return _worked(start, min(_utc(end), _utc(start) + LONGEST_SPAN), hours)


@lru_cache(maxsize=KEPT)
def _worked(start: datetime, end: datetime, hours: OfficeHours) -> timedelta:
    days = _days(hours.local(start).date(), hours.local(end).date())
    worked = timedelta()
    for begin, close in _stretches(start, days, hours):
        if begin < end:
            worked += min(close, end) - begin
    return worked


def begun(end: datetime, worked: timedelta, hours: OfficeHours) -> datetime:
    """The instant from which so much working time lies before `end`, in UTC: the reverse of `elapsed`."""
    day, end = hours.local(end).date(), _utc(end)
    while worked > timedelta():
        for start, close in reversed(hours.intervals(day)):
            length = max(min(close.astimezone(UTC), end) - start.astimezone(UTC), timedelta())
            if length >= worked:
                return min(close.astimezone(UTC), end) - worked
            worked -= length
        day -= DAY
    return end


@dataclass(frozen=True)
class Spent:
    """How much of a limit is used: `amount` is whole minutes for minutes and hours, else n of "hari ke-n".

    `remaining` is working time for minutes and hours, time on the wall for days; negative once it is overrun.
    """

    amount: int
    limit: Limit
    late: bool
    remaining: timedelta

    def __str__(self) -> str:
        if self.limit.working_time is not None:
            used = lama(self.amount * MINUTE, days=False)
            return word("waktu.dari", dipakai=used, batas=self.limit)
        if self.amount == 0:
            return word("hitungan.belum_hari_pertama", batas=self.limit)
        return word("waktu.terpakai_hari", dipakai=str(self.amount), batas=self.limit)


def spent(start: datetime, now: datetime, limit: Limit, hours: OfficeHours) -> Spent:
    """Where a limit that began at `start` stands at `now`."""
    end = due(start, limit, hours)
    if limit.working_time is not None:
        used = elapsed(start, now, hours)
        return Spent(used // MINUTE, limit, now > end, limit.working_time - used)
    first = hours.local(start).date() + DAY
    days = list(_days(first, hours.local(now).date()))
    if limit.unit != "hari":
        days = [day for day in days if hours.intervals(day)]
    return Spent(len(days), limit, now > end, end - _utc(now))


def remaining(start: datetime, now: datetime, limit: Limit, hours: OfficeHours) -> Limit:
    """What a paused limit has left, rounded up to whole minutes in the office's favour.

    ValueError for a limit in days: those are dates, which a pause does not move.
    """
    if limit.working_time is None:
        raise ValueError(say("jam.jeda", batas=limit))
    left = limit.working_time - elapsed(start, now, hours)
    return Limit(max(0, -(-left // MINUTE)), "menit")


def next_workday(at: datetime, hours: OfficeHours) -> datetime:
    """Opening time (UTC) of the first office day after the day of `at`."""
    day = next(_office_days(hours.local(at).date() + DAY, hours))
    return hours.intervals(day)[0][0].astimezone(UTC)


# ---- what does not count, and why ------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """A stretch that does not count, in the office's zone; `name` tells the holidays of a "libur"."""

    kind: Literal["istirahat", "malam", "akhir pekan", "libur"]
    start: datetime
    end: datetime
    name: str | None = None


def skipped(start: datetime, until: datetime, hours: OfficeHours) -> tuple[Gap, ...]:
    """The stretches between two instants without working time; a closure includes the nights around it."""
    days = _days(hours.local(start).date(), hours.local(until).date())
    cursor, until = _utc(start), _utc(until)
    gaps = []
    for begin, end in (*_stretches(start, days, hours), (until, until)):
        gap_end = min(begin, until)
        if gap_end > cursor:
            gaps.append(_gap(hours.local(cursor), hours.local(gap_end), hours))
        cursor = end
    return tuple(gaps)


def _gap(start: datetime, end: datetime, hours: OfficeHours) -> Gap:
    last = (
        end - timedelta.resolution
    ).date()  # a gap that ends at midnight has no part of the new day
    closed = [day for day in _days(start.date(), last) if not hours.intervals(day)]
    names = _holidays_among(closed, hours)
    if names:
        return Gap("libur", start, end, ", ".join(names))
    if closed:
        return Gap(
            "akhir pekan" if any(day.weekday() >= 5 for day in closed) else "libur", start, end
        )
    within = hours.intervals(last)[0][0] <= start and end <= hours.closing(last)
    return Gap("istirahat" if within else "malam", start, end)


def _holidays_among(closed: Iterable[date], hours: OfficeHours) -> list[str]:
    """Names, each once, of holidays that took a working day: one on a Sunday explains nothing."""
    lost = (day for day in closed if day.weekday() in hours.season(day))
    return list(dict.fromkeys(name for day in lost if (name := hours.holiday_name(day))))


def explain(start: datetime, limit: Limit, hours: OfficeHours) -> str:
    """The arithmetic behind `due`, for officials and citizens to check by hand."""
    if limit.working_time is not None:
        return _explain_working(hours.local(start), limit, hours)
    return _explain_days(hours.local(start).date(), _last_day(start, limit, hours), limit, hours)


@lru_cache(maxsize=KEPT)
def _explain_working(start: datetime, limit: Limit, hours: OfficeHours) -> str:
    end = hours.local(due(start, limit, hours))
    gaps = skipped(start, end, hours)
    same_day = start.date() == end.date()
    begin, finish = (
        word("hitungan.pukul", pukul=pukul(at)) if same_day else _moment(at) for at in (start, end)
    )
    sentences = [word("hitungan.kerja_sejak", batas=limit, mulai=begin)]
    if len(gaps) <= 4:
        sentences += [_gap_words(gap) for gap in gaps]
    else:
        sentences.append(word("hitungan.sela.semua"))
    return " ".join([*sentences, word("hitungan.batas", selesai=finish)])


def _gap_words(gap: Gap) -> str:
    span = _span_words(gap)
    if gap.name:
        return word("hitungan.sela.libur_bernama", nama=gap.name, selang=span)
    return word(f"hitungan.sela.{gap.kind.replace(' ', '_')}", selang=span)


def _span_words(gap: Gap) -> str:
    start, end = pukul(gap.start), pukul(gap.end)
    if gap.start.date() == gap.end.date():
        return f"{start}–{end}"
    # Within a week the weekday says which day; six days, for "Senin" to "Senin" could be either.
    day = _weekday if gap.end - gap.start < 6 * DAY else tanggal_pendek
    return word(
        "hitungan.selang", hari=day(gap.start), mulai=start, hari_akhir=day(gap.end), selesai=end
    )


def _explain_days(begin: date, last: date, limit: Limit, hours: OfficeHours) -> str:
    calendar = limit.unit == "hari"
    first = begin + DAY if calendar else next(_office_days(begin + DAY, hours))
    nth = ORDINALS[limit.amount - 1] if limit.amount <= len(ORDINALS) else f"ke-{limit.amount}"
    days = word("hitungan.hari_pertama", tanggal=_date_words(first, begin))
    if last != first:
        days = word("hitungan.hari_terakhir", hari=days, ke=nth, tanggal=_date_words(last, begin))
    opened = bool(hours.intervals(last))
    close = word(
        "hitungan.saat_tutup" if opened else "hitungan.saat_libur", pukul=pukul(hours.closing(last))
    )
    words = word(
        "hitungan.hari_kalender" if calendar else "hitungan.hari_kerja",
        jumlah=str(limit.amount),
        mulai=tanggal(begin),
        hari=days,
        tutup=close,
    )
    return words if calendar else words + _uncounted_days(begin, last, hours)


def _uncounted_days(begin: date, last: date, hours: OfficeHours) -> str:
    closed = [day for day in _days(begin + DAY, last) if not hours.intervals(day)]
    if not closed:
        return ""
    names = _holidays_among(closed, hours)
    kinds = [word("hitungan.akhir_pekan")] if any(day.weekday() >= 5 for day in closed) else []
    if names:
        kinds.append(word("hitungan.libur_bernama", nama=", ".join(names)))
    elif not kinds:
        kinds.append(word("hitungan.libur"))
    return " " + word("hitungan.tidak_dihitung", hari=len(closed), sebab=listed(kinds))


# ---- Indonesian words for dates and durations ------------------------------------------------------------


def tanggal(day: date | datetime) -> str:
    """ "Selasa, 24 November 2026". A datetime is read as it stands: bring it into the office's zone first."""
    return f"{_weekday(day)}, {tanggal_saja(day)}"


def tanggal_saja(day: date | datetime) -> str:
    """ "24 November 2026"."""
    return f"{day.day} {bulan(day)}"


def bulan(day: date | datetime) -> str:
    """ "November 2026"."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def tanggal_pendek(day: date | datetime) -> str:
    """ "24 Nov"."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def pukul(at: datetime) -> str:
    """ "15.30", of the datetime as it stands."""
    return f"{at:%H.%M}"


def waktu(at: datetime, zone: ZoneInfo) -> str:
    """ "Selasa, 24 November 2026, pukul 15.30" in the given zone."""
    local = _utc(at).astimezone(zone)
    return _moment(local)


def _moment(at: datetime) -> str:
    return word("hitungan.tanggal_pukul", tanggal=tanggal(at), pukul=pukul(at))


def lama(length: timedelta, *, days: bool = True) -> str:
    """ "1 jam 5 menit". Without `days`, for working time, 26 hours stay hours.

    A negative length reads like a positive one: "sisa" or "terlambat" is for the caller to say.
    """
    length = abs(length)
    if timedelta() < length < MINUTE:
        return word("hitungan.kurang_semenit")
    whole_days, rest = divmod(length, DAY) if days else (0, length)
    hours, minutes = divmod(rest // MINUTE, 60)
    parts = ((whole_days, "hari"), (hours, "jam"), (minutes, "menit"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 menit"


def _weekday(day: date) -> str:
    return DAYS[day.weekday()]


def _date_words(day: date, reference: date) -> str:
    """A date whose year is told only where it is not that of the date told before."""
    words = tanggal(day)
    return words.removesuffix(f" {day.year}") if day.year == reference.year else words
