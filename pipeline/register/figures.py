"""All figures of the register, from one place: the page, the report and its spreadsheet ask here.

Counts are made by the database, the same on both; office time is counted here, for no database knows the office's
hours. Every figure is as of the end of its period: a case that was open then counts as open, whatever came of it.

    sisa lalu + masuk + dibuka kembali - keluar = sisa        (`Flow`, each channel and all of them)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, text, true

from pipeline.casefile import law, reported
from pipeline.data.tables import LONG, LONG_DAYS, Closing, Complaint, Decided, Task
from pipeline.office.rendering import unit_names
from pipeline.office.sop import LANGKAH_OF_TASK, ROLE_OF, SUMMED, Act, Channel, TaskKind
from pipeline.office.words import word
from pipeline.register.officetime import OfficeTime
from pipeline.register.period import Period, last_before, month_of
from pipeline.work import Work

ENDS = ("selesai", "ditolak", "bukan_wewenang", "dicabut", "batal", "digabung")
# The signature stands by itself: langkah 4 is the Sekretaris's hour, the signature has a Waktu of its own.
STEPS = (
    TaskKind.CATAT,
    TaskKind.KLARIFIKASI,
    TaskKind.KEPUTUSAN,
    TaskKind.JAWABAN,
    TaskKind.TANDA_TANGAN,
    TaskKind.PENYAMPAIAN,
)
AGES = ((0, 7), (8, 14), (15, 30), (31, 60), (61, None))
DAY = timedelta(days=1)


def middle(values: Sequence[float], part: float = 0.5) -> float | None:
    """The smallest value that at least this part of all do not exceed (nearest rank); None of none."""
    if not values:
        return None
    rank = math.ceil(len(values) * part)
    return sorted(values)[max(rank, 1) - 1]


# ---- 1 what came and went ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flow:
    """Cases of one channel in a period."""

    before: int
    came: int
    reopened: int
    ends: Mapping[str, int]  # by ENDS
    left: int

    @property
    def gone(self) -> int:
        return sum(self.ends.values())


def flows(work: Work, period: Period) -> dict[Channel, Flow]:
    """Table 1, every channel, also those by which nothing came."""
    begin, end = period.bounds(work.settings.zone)
    came = _by_channel(work, Complaint.received_at, begin, end)
    reopened = _by_channel(work, Closing.reopened_at, begin, end)
    ended = _by_channel(work, Closing.at, begin, end, Closing.how)
    before, left = _open_at(work, begin), _open_at(work, end)
    found = {}
    for channel in Channel:
        ends = {how: ended[channel, how] for how in ENDS}
        of = (channel,)
        found[channel] = Flow(before[of], came[of], reopened[of], ends, left[of])
    return found


def _by_channel(
    work: Work, column: Any, begin: datetime, end: datetime | None, *more: Any
) -> dict[tuple[Any, ...], int]:
    """{(channel, …): how many} whose moment lies in the span; without an end, until ever."""
    by = (Complaint.channel, *more)
    query: Select[Any] = select(*by, func.count()).where(column >= begin)
    if end is not None:
        query = query.where(column < end)
    if column.class_ is Closing:
        query = query.select_from(Closing).join(Complaint, Complaint.id == Closing.complaint_id)
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    for *key, count in work.session.execute(query.group_by(*by)):
        found[tuple(key)] = count
    return found


def _open_at(work: Work, moment: datetime) -> dict[tuple[Any, ...], int]:
    """{(channel,): how many were open}: those that are open now, walked back. So it costs what has happened since, and
    not what the book holds."""
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    open_now = select(Complaint.channel, func.count()).where(law.is_running())
    for channel, count in work.session.execute(open_now.group_by(Complaint.channel)):
        found[channel,] = count
    # Who came since was not there yet, whoever was closed since was open still, and what was reopened since was over.
    came = _by_channel(work, Complaint.received_at, moment, None)
    closed = _by_channel(work, Closing.at, moment, None)
    reopened = _by_channel(work, Closing.reopened_at, moment, None)
    for key in came.keys() | closed.keys() | reopened.keys():
        found[key] += closed.get(key, 0) - came.get(key, 0) - reopened.get(key, 0)
    return found


def total(rows: Iterable[Flow]) -> Flow:
    """The sum of all channels."""
    every = list(rows)
    return Flow(
        before=sum(row.before for row in every),
        came=sum(row.came for row in every),
        reopened=sum(row.reopened for row in every),
        ends={how: sum(row.ends[how] for row in every) for how in ENDS},
        left=sum(row.left for row in every),
    )


# ---- 2 what about --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Topic:
    """What came about one category for one unit, with its share of all that came, and the median of days to the end;
    how many of them are secret, or about an official."""

    kategori: str
    unit: str
    came: int
    share: float
    days: float | None
    closed: int = 0


def topics(work: Work, period: Period) -> list[Topic]:
    """Table 2, by names, most first. A complaint of two units counts with both; the shares are of complaints."""
    _, end = period.bounds(work.settings.zone)
    closed = or_(Complaint.rahasia.is_(True), Complaint.terlapor != "")
    columns = (Complaint.kategori, Complaint.unit, Complaint.received_at, Complaint.closed_at)
    query = select(*columns, closed).where(_came_in(work, period))
    found: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    kept: dict[tuple[str, str], int] = defaultdict(int)
    count = 0
    for kategori, units, received, ended, is_closed in work.session.execute(query):
        count += 1
        took = (ended - received) / DAY if ended is not None and ended < end else None
        for unit in dict.fromkeys(units.split(",")):
            found[kategori, unit].append(took)
            kept[kategori, unit] += bool(is_closed)
    names = work.settings.names_of("kategori")
    nothing = word("laporan.tanpa")
    rows = []
    for (kategori, unit), cases in found.items():
        rows.append(
            Topic(
                kategori=names.get(kategori, kategori or nothing),
                unit=unit_names(work.settings, unit) or unit or nothing,
                came=len(cases),
                share=len(cases) / count,
                days=middle([days for days in cases if days is not None]),
                closed=kept[kategori, unit],
            )
        )
    return sorted(rows, key=most_first)


def most_first(topic: Topic) -> tuple[int, str, str]:
    return -topic.came, topic.kategori, topic.unit


@dataclass(frozen=True)
class MostCame:
    """A category by its name, and how many complaints came about it."""

    kategori: str
    came: int


def _came_in(work: Work, period: Period) -> ColumnElement[bool]:
    """What was received in a period."""
    begin, end = period.bounds(work.settings.zone)
    return and_(Complaint.received_at >= begin, Complaint.received_at < end)


def most_came(work: Work, period: Period) -> MostCame | None:
    """The category of the settings about which most came, whatever the units; None where none was given."""
    names = work.settings.names_of("kategori")
    query = select(Complaint.kategori, func.count()).where(
        _came_in(work, period), Complaint.kategori.in_(names)
    )
    rows = work.session.execute(query.group_by(Complaint.kategori))
    found = [MostCame(names[kategori], count) for kategori, count in rows]
    return min(found, key=lambda one: (-one.came, one.kategori), default=None)


# ---- 3 the Waktu of the SOP ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Punctuality:
    """How a langkah kept its Waktu in a period. Each task stands in one column: done in time; late, done or still
    open; done in time only by another limit of the Kepala Dinas; done in time only as the clock had been stopped for
    the pengadu; stopped at the end; running within its limit. More time given after the limit mends no lateness. What
    goes back from langkah 3 counts in the stay that follows."""

    kind: TaskKind
    name: str
    punctual: int
    late: int
    late_open: int  # of the late ones
    extended: int
    stopped: int
    waiting: int
    running: int
    median: float | None  # office minutes of what was done, without what stood still
    p90: float | None

    @property
    def counted(self) -> int:
        """What the punctuality is a part of: tasks with the SOP's own Waktu that were done, or are late."""
        return self.punctual + self.late


def steps(work: Work, period: Period, reader: str = "", *, timed: bool = True) -> list[Punctuality]:
    """Table 3: the langkah of the SOP, and the signature as a row of its own, without what is about the `reader`.
    `timed`: with median and p90, which cost a look at every task of the period."""
    begin, end = period.bounds(work.settings.zone)
    done = and_(Task.closed_at >= begin, Task.closed_at < end)
    is_open = or_(Task.closed_at.is_(None), Task.closed_at >= end)
    late = _late_at(case((done, Task.closed_at), else_=min(end, work.now)))
    columns = {
        "late": late,
        "late_open": and_(late, is_open),
        "extended": and_(done, ~late, _by_another_limit()),
        "stopped": and_(done, ~late, ~_by_another_limit(), Task.paused_minutes > 0),
        "waiting": and_(is_open, ~late, Task.due_at.is_(None)),
        "running": and_(is_open, ~late, Task.due_at.is_not(None)),
    }
    sums = [func.sum(case((column, 1), else_=0)) for column in columns.values()]
    in_period = or_(done, *_open_tasks(work, end))
    goes_on = and_(done, _goes_on())
    query = (
        select(Task.kind, func.count(), *sums)
        .where(_of_steps(reader), in_period, ~goes_on)
        .group_by(Task.kind)
    )
    counts: dict[TaskKind, int] = {}
    found: dict[TaskKind, Mapping[str, int]] = {}
    for kind, count, *values in work.session.execute(query):
        counts[kind] = count
        found[kind] = dict(zip(columns, values, strict=True))
    spent = _spent(work, begin, end, reader) if timed else {}
    nothing = dict.fromkeys(columns, 0)
    return [
        _step(work, kind, counts.get(kind, 0), found.get(kind, nothing), spent.get(kind, []))
        for kind in STEPS
    ]


def _open_tasks(work: Work, moment: datetime) -> Iterator[ColumnElement[bool]]:
    """Ways in which a task was open at a moment, each with an index: still so, closed soon after it, or a long one.
    So what has been closed in the years since costs nothing. A day more, for SQLite's days know no microseconds."""
    begun, soon = Task.opened_at < moment, moment + timedelta(days=LONG_DAYS + 1)
    is_long = text(LONG[work.session.get_bind().dialect.name])
    yield and_(begun, Task.closed_at.is_(None))
    yield and_(begun, Task.closed_at >= moment, Task.closed_at <= soon)
    yield and_(begun, Task.closed_at > soon, is_long)


def _by_another_limit() -> ColumnElement[bool]:
    """Whether it was the extension that made a task punctual; where the first limit is not known, it was."""
    beyond = or_(Task.first_due_at.is_(None), Task.closed_at > Task.first_due_at)
    return and_(Task.extended.is_(true()), beyond)


def _late_at(moment: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    """Whether the limit had passed at a moment: the one that stands, or one that was past when another was set."""
    return or_(
        and_(Task.due_at.is_not(None), Task.due_at < moment),
        and_(Task.missed_at.is_not(None), Task.missed_at < moment),
    )


def _goes_on() -> ColumnElement[bool]:
    """A stay that was sent back, which is summed with the next one."""
    return and_(Task.kind.in_(SUMMED), Task.outcome == Act.KEMBALIKAN)


def _of_steps(reader: str = "") -> ColumnElement[bool]:
    return and_(
        Task.kind.in_(STEPS),
        Task.complaint_id.is_not(None),
        *_of_others(reader, Task.complaint_id),
    )


def _of_others(reader: str, complaint: Any) -> Iterator[ColumnElement[bool]]:
    """That a row is not about who reads; nothing where nobody does. `complaint`: its column with the complaint's id."""
    if reader:
        yield complaint.not_in(reported.cases_about(reader))


def _step(
    work: Work, kind: TaskKind, count: int, sums: Mapping[str, int], spent: Sequence[float]
) -> Punctuality:
    apart = sum(sums[name] for name in ("late", "extended", "stopped", "waiting", "running"))
    return Punctuality(
        kind=kind,
        name=_langkah(work, kind),
        punctual=count - apart,
        **sums,
        median=middle(spent),
        p90=middle(spent, 0.9),
    )


def _spent(work: Work, begin: datetime, end: datetime, reader: str) -> dict[TaskKind, list[float]]:
    """Office minutes of the tasks that were done in the span, with earlier stays that count in them."""
    since = func.coalesce(Task.counted_from, Task.opened_at, type_=Task.opened_at.type)
    done = and_(Task.closed_at >= begin, Task.closed_at < end)
    query = select(Task.kind, since, Task.closed_at, Task.paused_minutes)
    query = query.where(_of_steps(reader), ~_goes_on(), done)
    hours = OfficeTime(work.settings.hours)
    found: dict[TaskKind, list[float]] = defaultdict(list)
    for kind, begun, closed, paused in work.session.execute(query):
        worked = hours.minutes(begun, closed or begun)
        found[kind].append(max(0.0, worked - paused))
    return found


# ---- 4 the limits of the law ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lawful:
    """How one limit of the law was kept in a period: cases by whether they kept it, with what is still open."""

    kode: str
    name: str
    source: str
    limit: str
    punctual: int
    late: int
    late_open: int  # of the late ones
    running: int


def lawful(work: Work, period: Period) -> list[Lawful]:
    """Table 4: each limit of the settings, over the cases in which it ended in the period or was open at its end."""
    begin, end = period.bounds(work.settings.zone)
    found = law.stands(work, _touched(begin, end), begin, end)
    rows = []
    for limit in work.settings.batas_hukum:
        counts = (found[limit.kode][column] for column in law.COLUMNS)
        rows.append(Lawful(limit.kode, limit.nama, limit.sumber, limit.waktu, *counts))
    return rows


def _touched(begin: datetime, end: datetime) -> ColumnElement[bool]:
    """Cases that were open at some moment of a span."""
    ended = Complaint.id.in_(select(Closing.complaint_id).where(Closing.at >= begin))
    return and_(Complaint.received_at < end, or_(law.is_running(), ended))


# ---- 5 what was decided --------------------------------------------------------------------------------------


def decisions(work: Work, period: Period) -> dict[tuple[str, str], int]:
    """Table 5: {(keputusan, pembuktian or ""): how many} of the decisions of the period that stood at its end. One
    that a merged complaint follows counts once."""
    begin, end = period.bounds(work.settings.zone)
    in_period = and_(Decided.decided_at >= begin, Decided.decided_at < end)
    stood = or_(Decided.withdrawn_at.is_(None), Decided.withdrawn_at >= end)
    own = Decided.source_id.is_(None)
    by = (Decided.outcome, Decided.pembuktian)
    query = select(*by, func.count()).where(own, stood, in_period).group_by(*by)
    rows = work.session.execute(query)
    return {(str(decision), proven): count for decision, proven, count in rows}


# ---- 6, 7 what is open ---------------------------------------------------------------------------------------


def open_at(moment: datetime) -> ColumnElement[bool]:
    """Whether a case was open at a moment. Looks only at what is open now or has ended since."""
    stayed_over = or_(Closing.reopened_at.is_(None), Closing.reopened_at >= moment)
    over = select(Closing.id).where(
        Closing.complaint_id == Complaint.id, Closing.at < moment, stayed_over
    )
    since = Complaint.id.in_(select(Closing.complaint_id).where(Closing.at >= moment))
    again = Complaint.id.in_(select(Closing.complaint_id).where(Closing.reopened_at >= moment))
    maybe = or_(law.is_running(), since, again)
    return and_(Complaint.received_at < moment, maybe, ~over.exists())


def ages(work: Work, period: Period) -> list[int]:
    """Table 6: how many of the open cases are of each of AGES, in days of the office's calendar."""
    zone = work.settings.zone
    _, end = period.bounds(zone)
    last_moment = min(end - timedelta(microseconds=1), work.now)
    today = last_moment.astimezone(zone).date()
    counts = [0] * len(AGES)
    for received in work.session.scalars(select(Complaint.received_at).where(open_at(end))):
        days = (today - received.astimezone(zone).date()).days
        for order, (least, most) in enumerate(AGES):
            if least <= days and (most is None or days <= most):
                counts[order] += 1
    return counts


@dataclass(frozen=True)
class Late:
    """A task that was past its limit at the end of a period. `holder`: a post, never a person."""

    complaint_id: int
    number: str
    langkah: str
    holder: str
    due: datetime
    minutes: float  # of office time past the limit


def late(work: Work, period: Period) -> list[Late]:
    """Table 7, latest first."""
    _, end = period.bounds(work.settings.zone)
    moment = min(end, work.now)
    is_open = or_(Task.closed_at.is_(None), Task.closed_at >= end)
    # A later limit mends no lateness.
    due_at = func.coalesce(Task.missed_at, Task.due_at, type_=Task.due_at.type)
    query = select(Task.kind, Task.holder, due_at, Complaint.id, Complaint.number)
    query = query.join(Complaint, Complaint.id == Task.complaint_id)
    query = query.where(_of_steps(), is_open, Task.opened_at < end, _late_at(moment))
    hours = OfficeTime(work.settings.hours)
    found = []
    for kind, holder, due, key, number in work.session.execute(query.order_by(due_at, Task.id)):
        langkah, post = _langkah(work, kind), _post(work, kind, holder)
        found.append(Late(key, number, langkah, post, due, hours.minutes(due, moment)))
    return found


def _langkah(work: Work, kind: TaskKind) -> str:
    if kind is TaskKind.TANDA_TANGAN:
        return word("laporan.tanda_tangan")
    return work.settings.sop.langkah[LANGKAH_OF_TASK[kind] - 1].nama


def _post(work: Work, kind: TaskKind, holder: str) -> str:
    """By which post a task is held; a role where it is everybody's of it."""
    person = work.settings.person(holder) if holder else None
    held = [person] if person else work.settings.holders(*ROLE_OF[kind])
    posts = dict.fromkeys(one.jabatan for one in held)
    return ", ".join(posts)


# ---- 8 months ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Month:
    first: date
    came: int
    gone: int


def months(work: Work, last: Period) -> list[Month]:
    """Table 8: the twelve months up to the last one of a period, oldest first."""
    return [
        Month(
            month.first,
            _counted(work, Complaint.received_at, month),
            _counted(work, Closing.at, month),
        )
        for month in months_to(last, 12)
    ]


def months_to(last: Period, count: int) -> list[Period]:
    """So many months up to the last one of a period, oldest first."""
    month = month_of(last.after - DAY)
    found = [month]
    while len(found) < count:
        month = last_before("bulan", month.first)
        found.append(month)
    return found[::-1]


def _counted(work: Work, at: Any, month: Period) -> int:
    """How many rows of the table of a column are of a month."""
    begin, end = month.bounds(work.settings.zone)
    return work.session.scalar(select(func.count()).where(at >= begin, at < end)) or 0


# ---- the page ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recap:
    """The book's page in figures: of what came in a period, how many are over and run; how each langkah of that time
    kept its Waktu; twelve months, to the running one or, where the period is older or later, to that."""

    came: int
    over: int
    running: int
    punctual: tuple[Punctuality, ...]
    months: tuple[tuple[date, int], ...]  # oldest first


def recap(work: Work, period: Period | None = None, reader: str = "") -> Recap:
    """Of a period; without one, of the running month. What is about the `reader` is left out."""
    today = work.now.astimezone(work.settings.zone).date()
    period = period or month_of(today)
    runs = Complaint.closed_at.is_(None)
    of_others = _of_others(reader, Complaint.id)
    query = select(runs, func.count()).where(_came_in(work, period), *of_others).group_by(runs)
    found = {bool(one): count for one, count in work.session.execute(query)}
    over, running = found.get(False, 0), found.get(True, 0)
    punctual = tuple(steps(work, period, reader, timed=False))
    recent = months_to(month_of(today), 12)
    months = recent if recent[0].first <= period.first < recent[-1].after else months_to(period, 12)
    return Recap(over + running, over, running, punctual, _came(work, months, reader))


def _came(work: Work, months: Iterable[Period], reader: str) -> tuple[tuple[date, int], ...]:
    """How many came in each month: all, which an index counts, without the few about who reads."""
    zone = work.settings.zone
    about = select(Complaint.received_at).where(reported.about(reader))
    theirs = [at.astimezone(zone).date() for at in work.session.scalars(about)] if reader else []
    found = []
    for month in months:
        hidden = sum(month.first <= day < month.after for day in theirs)
        found.append((month.first, _counted(work, Complaint.received_at, month) - hidden))
    return tuple(found)
