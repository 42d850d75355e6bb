"""Tables 3, 4 and 7 of the report, counted a second time: by walking what happened to each task and each case, one by
one, where `figures` asks the database. Random histories; any difference is a fault of one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from pipeline.data.engine import reading
from pipeline.data.tables import Closing, Complaint, Event, Task
from pipeline.office import clock
from pipeline.office.sop import ROLE_OF, Act, EventKind, Stage, TaskKind
from pipeline.register import figures
from pipeline.register.period import Period, span
from pipeline.work import Work
from tests.desk import Desk, desk_in
from tests.register.test_figures import fill

FIRST = datetime(2026, 9, 20, tzinfo=UTC)
DAYS = 110  # from September into January
OCTOBER, QUARTER = span("bulan", 2026, 10), span("triwulan", 2026, 4)
PERIODS = (OCTOBER, span("bulan", 2026, 11), QUARTER)
MINUTES = st.integers(0, DAYS * 24 * 60)
KINDS = (*figures.STEPS, TaskKind.KETERANGAN, TaskKind.PENGANTAR)
HOLDERS = ("", "jfu-1", "sekretaris", "kepala", "kasubag-umum", "tidak-ada-lagi")
RANDOM = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def at(minutes: int) -> datetime:
    return FIRST + timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as name, desk_in(Path(name)) as made:
        yield made


# ---- a task's story --------------------------------------------------------------------------------------------


@dataclass
class Story:
    """What happened to one task, in order: opened, given each limit at a moment, stopped, done."""

    kind: TaskKind
    holder: str
    opened: datetime
    limits: list[tuple[datetime, datetime]]  # (given at, ends at)
    done: datetime | None
    outcome: str = ""
    counted_from: datetime | None = None
    stood_still: int = 0  # minutes, over and done
    stopped: bool = False  # stands still now
    row: dict[str, Any] = field(default_factory=dict)

    def missed(self, moment: datetime) -> datetime | None:
        """The first limit that passed while it was the one in force, before a moment."""
        given = [when for when, _end in self.limits] + [moment]
        for (_when, end), (_, after) in zip(self.limits, pairwise(given), strict=True):
            if end < min(after, moment):
                return end
        return None


@st.composite
def stories(draw: st.DrawFn) -> Story:
    opened = at(draw(MINUTES))
    length = st.integers(1, 40 * 24 * 60).map(lambda n: timedelta(minutes=n))
    limits = [(opened, opened + draw(length))]
    for _ in range(draw(st.integers(0, 2))):
        when = limits[-1][0] + draw(length)
        limits.append((when, max(when, limits[-1][1]) + draw(length)))
    done = draw(st.none() | length.map(lambda span: limits[-1][0] + span))
    one = Story(draw(st.sampled_from(KINDS)), draw(st.sampled_from(HOLDERS)), opened, limits, done)
    if done is not None:
        one.outcome = draw(st.sampled_from(["", Act.KEMBALIKAN]))
        one.stood_still = draw(st.sampled_from([0, 0, 45, 100_000]))
        one.counted_from = draw(st.none() | length.map(lambda span: opened - span))
    elif len(limits) == 1:
        one.stopped = draw(st.booleans())
    return one


def write(desk: Desk, told: list[Story]) -> None:
    """The rows that `cases` would have left."""
    desk.clock.now = FIRST + timedelta(days=DAYS + 400)
    with desk.engine.begin() as connection:
        connection.execute(delete(Task))
    fill(desk, [(0, "email", [])])  # type: ignore[list-item]
    rows = [row_of(one) for one in told]
    with desk.engine.begin() as connection:
        if rows:
            connection.execute(insert(Task), rows)


def row_of(one: Story) -> dict[str, Any]:
    moved = one.limits[1:]
    passed = [end for (_g, end), (when, _e) in zip(one.limits, moved, strict=False) if end < when]
    return {
        "complaint_id": 1,
        "kind": one.kind,
        "holder": one.holder,
        "opened_at": one.opened,
        "counted_from": one.counted_from,
        "due_at": None if one.stopped else one.limits[-1][1],
        "first_due_at": one.limits[0][1] if moved else None,
        "missed_at": passed[0] if passed else None,
        "paused_at": one.opened if one.stopped else None,
        "paused_minutes": one.stood_still,
        "extended": bool(moved),
        "closed_at": one.done,
        "outcome": one.outcome,
    }


def fate(one: Story, begin: datetime, end: datetime, now: datetime) -> str:
    """In which column of a period a task stands; "" in none."""
    if one.opened >= end or (one.done is not None and one.done < begin):
        return ""
    is_done = one.done is not None and one.done < end
    if is_done and one.kind is TaskKind.KEPUTUSAN and one.outcome == Act.KEMBALIKAN:
        return ""
    if one.stopped:
        return "waiting"
    upto = one.done if is_done and one.done else min(end, now)
    if one.missed(upto):
        return "late" if is_done else "late_open"
    if not is_done:
        return "running"
    if len(one.limits) > 1 and upto > one.limits[0][1]:
        return "extended"
    return "stopped" if one.stood_still else "punctual"


def rank(values: list[float], part: int) -> float | None:
    """Of a hundred parts: the least value that has `part` of them not above it."""
    return next(
        (
            one
            for one in sorted(values)
            if sum(other <= one for other in values) * 100 >= part * len(values)
        ),
        None,
    )


@RANDOM
@given(told=st.lists(stories(), max_size=25), period=st.sampled_from(PERIODS))
def test_each_langkah_is_counted_alike(desk: Desk, told: list[Story], period: Period) -> None:
    write(desk, told)
    begin, end = period.bounds(desk.settings.zone)
    with reading(desk.engine) as session:
        found = figures.steps(Work(session, desk.settings, desk.clock()), period)
    for step in found:
        own = [one for one in told if one.kind is step.kind]
        fates = [fate(one, begin, end, desk.clock()) for one in own]
        late_open = fates.count("late_open")
        assert (step.punctual, step.late, step.late_open) == (
            fates.count("punctual"),
            fates.count("late") + late_open,
            late_open,
        )
        assert (step.extended, step.stopped, step.waiting, step.running) == tuple(
            fates.count(name) for name in ("extended", "stopped", "waiting", "running")
        )
        took = [
            minutes_of(desk, one)
            for one, how in zip(own, fates, strict=True)
            if how in ("punctual", "late", "extended", "stopped")
        ]
        assert step.median == pytest.approx(rank(took, 50))
        assert step.p90 == pytest.approx(rank(took, 90))


def minutes_of(desk: Desk, one: Story) -> float:
    assert one.done is not None
    worked = clock.elapsed(one.counted_from or one.opened, one.done, desk.settings.hours)
    return max(0.0, worked.total_seconds() / 60 - one.stood_still)


@RANDOM
@given(told=st.lists(stories(), max_size=25), period=st.sampled_from(PERIODS))
def test_late_ones_are_the_same_by_the_same_posts(
    desk: Desk, told: list[Story], period: Period
) -> None:
    write(desk, told)
    begin, end = period.bounds(desk.settings.zone)
    expected = []
    for one in told:
        if one.kind in figures.STEPS and fate(one, begin, end, desk.clock()) == "late_open":
            due = one.missed(end)
            assert due is not None
            past = clock.elapsed(due, end, desk.settings.hours).total_seconds() / 60
            expected.append((due, posts(desk, one), round(past, 3)))
    with reading(desk.engine) as session:
        found = figures.late(Work(session, desk.settings, desk.clock()), period)
    assert [one.due for one in found] == sorted(one.due for one in found)
    rows = [(one.due, one.holder, round(one.minutes, 3)) for one in found]
    assert sorted(rows) == sorted(expected)


def posts(desk: Desk, one: Story) -> str:
    """Of the one who holds it; of whoever has the role, where nobody does or they are gone."""
    people = desk.settings.petugas
    alone = [person.jabatan for person in people if person.kode == one.holder]
    role = [person.jabatan for person in people if set(person.peran) & set(ROLE_OF[one.kind])]
    return ", ".join(dict.fromkeys(alone or role))


# ---- the law's clocks --------------------------------------------------------------------------------------------


@dataclass
class Case:
    """The moments of one case in their order; it may have ended early, and been opened again."""

    klasifikasi: str
    received: datetime
    asked: list[datetime]
    lengkap: datetime | None
    decided: datetime | None
    answered: datetime | None  # which ends it
    again: datetime | None  # opened again: then nothing of the first round stands


@st.composite
def lawsuits(draw: st.DrawFn) -> Case:
    step = st.integers(1, 45 * 24 * 60).map(lambda n: timedelta(minutes=n))
    received = at(draw(MINUTES))
    far = draw(st.integers(0, 4))
    lengkap = received + draw(step) if far > 0 else None
    decided = lengkap + draw(step) if lengkap and far > 1 else None
    answered = decided + draw(step) if decided and far > 2 else None
    again = answered + draw(step) if answered and far > 3 else None
    asked = [received + draw(step) for _ in range(draw(st.integers(0, 2)))]
    if lengkap:
        asked = [min(one, lengkap) for one in asked]
    if again and draw(st.booleans()):
        asked.append(again + draw(step))
    kind = draw(st.sampled_from(["", "informasi", "tidak_berkadar", "berkadar"]))
    return Case(kind, received, asked, lengkap, decided, answered, again)


def write_cases(desk: Desk, told: list[Case]) -> None:
    desk.clock.now = FIRST + timedelta(days=DAYS + 400)
    with desk.engine.begin() as connection:
        connection.execute(delete(Task))
        connection.execute(delete(Event))
    fill(desk, [(0, "email", []) for _ in told])  # type: ignore[misc]
    with desk.engine.begin() as connection:
        for key, one in enumerate(told, 1):
            round_over = one.again is not None
            now = {
                "klasifikasi": one.klasifikasi,
                "received_at": one.received,
                "lengkap_at": None if round_over and len(one.asked) % 2 else one.lengkap,
                "decided_at": None if round_over else one.decided,
                "answered_at": None if round_over else one.answered,
                "closed_at": None if round_over else one.answered,
                "stage": Stage.SELESAI if one.answered and not round_over else Stage.KLARIFIKASI,
            }
            connection.execute(Complaint.__table__.update().where(Complaint.id == key).values(now))  # type: ignore[attr-defined]
            if one.answered:
                ended = {"at": one.answered, "how": "selesai", "reopened_at": one.again}
                connection.execute(insert(Closing), [{"complaint_id": key, **ended}])
            for seq, when in enumerate(one.asked, 1):
                event = {
                    "complaint_id": key,
                    "seq": seq,
                    "at": when,
                    "hash": f"{key:032x}{seq:032x}",
                }
                kind = {"kind": EventKind.CITIZEN_ASKED, "actor": "sekretaris"}
                connection.execute(insert(Event), [{**REST_OF_EVENT, **event, **kind}])


REST_OF_EVENT = {"actor_name": "", "actor_title": "", "payload_hash": "", "previous": ""}


def in_column(desk: Desk, limit: Any, one: Case, begin: datetime, end: datetime) -> str:
    """Where a limit of a case that was not opened again in the period stands, by what was known at its end."""
    asked = [when for when in one.asked if when < end]
    known = {
        "diterima": one.received,
        "ditanya": max(asked, default=None),
        "lengkap": one.lengkap,
        "diputus": one.decided,
        "disampaikan": one.answered,
    }
    start, stop = known[limit.mulai], known[limit.sampai]
    if start is None or start >= end or limit.klasifikasi not in ("", one.klasifikasi):
        return ""
    due = clock.due(start, limit.limit, desk.settings.hours)
    if stop is None or max(stop, start) >= end:
        return "late_open" if due < end else "running"
    if max(stop, start) < begin:
        return ""
    return "late" if due < max(stop, start) else "punctual"


@RANDOM
@given(told=st.lists(lawsuits(), max_size=20), period=st.sampled_from(PERIODS))
def test_limits_of_the_law_are_counted_alike(desk: Desk, told: list[Case], period: Period) -> None:
    """A case that is opened again after the period leaves it as it was, up to when it was decided: of a round that is
    over its end alone is kept, so those count here by limits that ended with the answer."""
    begin, end = period.bounds(desk.settings.zone)
    told = [one for one in told if one.again is None or one.again >= end]
    write_cases(desk, told)
    with reading(desk.engine) as session:
        found = figures.lawful(Work(session, desk.settings, desk.clock()), period)
    for limit, row in zip(desk.settings.batas_hukum, found, strict=True):
        whole = {limit.mulai, limit.sampai} <= {"diterima", "disampaikan"}
        if any(one.again for one in told) and not whole:
            continue
        columns = [in_column(desk, limit, one, begin, end) for one in told]
        late_open = columns.count("late_open")
        assert (row.punctual, row.late, row.late_open, row.running) == (
            columns.count("punctual"),
            columns.count("late") + late_open,
            late_open,
            columns.count("running"),
        ), limit.kode
