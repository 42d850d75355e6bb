"""Office time against a slow, separate reading of the rules: minute after minute, from literal tables."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.office.clock import (
    PERPRES_21_2023,
    Gap,
    Limit,
    OfficeHours,
    Shift,
    Unit,
    computed_ramadans,
    due,
    elapsed,
    explain,
    lama,
    national_holidays,
    next_workday,
    parse_limit,
    pukul,
    remaining,
    skipped,
    spent,
    tanggal,
    tanggal_pendek,
    waktu,
)

JAKARTA = ZoneInfo("Asia/Jakarta")
WEEK, RAMADAN_WEEK = PERPRES_21_2023
RAMADAN = {
    2025: (date(2025, 3, 1), date(2025, 3, 30)),
    2026: (date(2026, 2, 19), date(2026, 3, 20)),
}
HOURS = OfficeHours(JAKARTA, WEEK, RAMADAN_WEEK, RAMADAN)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def at(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime:
    """A moment of the office's wall clock."""
    return datetime(year, month, day, hour, minute, second, tzinfo=JAKARTA)


def minutes(amount: int) -> Limit:
    return Limit(amount, "menit")


# ---- the separate reading of the rules: it shares no code with the module, and its calendar is literal ---

# National holidays and cuti bersama that fall on weekdays, within the windows drawn below.
FREE = {
    *(date(2024, 12, day) for day in (25, 26)),
    *(date(2025, 1, day) for day in (1, 27, 28, 29)),
    *(date(2025, 3, day) for day in (28, 31)),
    *(date(2025, 4, day) for day in (1, 2, 3, 4, 7, 18)),
    *(date(2025, 12, day) for day in (25, 26)),
    *(date(2026, 1, day) for day in (1, 16)),
    *(date(2026, 2, day) for day in (16, 17)),
    *(date(2026, 3, day) for day in (18, 19, 20, 23, 24)),
    date(2026, 4, 3),
}
WINDOWS = (
    (date(2024, 12, 20), date(2025, 1, 10)),  # a year's end
    (date(2025, 2, 24), date(2025, 4, 10)),  # into Ramadan, and out over the 11 days without office
    (date(2025, 12, 18), date(2026, 1, 20)),
    (date(2026, 2, 10), date(2026, 4, 6)),
)


def counts(minute: datetime) -> bool:
    """Whether the minute that begins now is working time: Perpres 21/2023 written as minutes of the day."""
    day, clock = minute.date(), minute.hour * 60 + minute.minute
    if day.weekday() > 4 or day in FREE:
        return False
    fasting = any(first <= day <= last for first, last in RAMADAN.values())
    opening = 480 if fasting else 450
    if day.weekday() == 4:
        rest, back, closing = (690, 750, 930) if fasting else (690, 780, 990)
    else:
        rest, back, closing = (720, 750, 900) if fasting else (720, 780, 960)
    return opening <= clock < rest or back <= clock < closing


def slow_due(start: datetime, amount: int) -> datetime:
    """Walk a naive wall clock (Jakarta has no summer time) until that many minutes have counted."""
    clock = start.astimezone(JAKARTA).replace(tzinfo=None)
    while amount:
        amount -= counts(clock)
        clock += MINUTE
    return clock.replace(tzinfo=JAKARTA)


def slow_elapsed(start: datetime, end: datetime) -> timedelta:
    whole = range((end - start) // MINUTE)
    return sum(counts((start + n * MINUTE).astimezone(JAKARTA)) for n in whole) * MINUTE


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """A whole minute in one of the windows, in UTC as the database has it; often near a shift's edge."""
    first, last = draw(st.sampled_from(WINDOWS))
    day = draw(st.dates(first, last))
    edges = st.sampled_from([450, 480, 690, 720, 750, 780, 900, 930, 960, 990])
    near = st.builds(lambda edge, off: edge + off, edges, st.integers(-2, 2))
    clock = draw(st.one_of(near, st.integers(0, 1439)))
    return (datetime.combine(day, time(), tzinfo=JAKARTA) + clock * MINUTE).astimezone(UTC)


# No deadlines below: a busy CI machine is not a defect of the calendar.
amounts = st.integers(1, 600)
limits = st.one_of(
    st.builds(Limit, amounts, st.just("menit")),
    st.builds(Limit, st.integers(1, 20), st.sampled_from(["jam", "hari", "hari kerja"])),
)


# ---- working time ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(moments(), amounts)
def test_a_limit_in_minutes_ends_where_counting_each_minute_ends(
    start: datetime, amount: int
) -> None:
    assert due(start, minutes(amount), HOURS) == slow_due(start, amount)


@settings(max_examples=60, deadline=None)
@given(moments(), st.integers(0, 4 * 24 * 60))
def test_elapsed_equals_counting_each_minute(start: datetime, length: int) -> None:
    end = start + length * MINUTE
    assert elapsed(start, end, HOURS) == slow_elapsed(start, end)


@settings(deadline=None)
@given(moments(), amounts)
def test_a_working_time_limit_never_ends_outside_office_hours(start: datetime, amount: int) -> None:
    end = due(start, minutes(amount), HOURS)
    assert any(
        opened < end <= closed for opened, closed in HOURS.intervals(HOURS.local(end).date())
    )


@settings(deadline=None)
@given(moments(), amounts)
def test_elapsed_until_due_is_the_limit(start: datetime, amount: int) -> None:
    assert elapsed(start, due(start, minutes(amount), HOURS), HOURS) == amount * MINUTE


@settings(deadline=None)
@given(moments(), st.timedeltas(timedelta(), timedelta(days=20)), limits)
def test_a_later_start_is_never_due_earlier(
    start: datetime, later: timedelta, limit: Limit
) -> None:
    assert due(start, limit, HOURS) <= due(start + later, limit, HOURS)


@settings(deadline=None)
@given(moments(), limits, st.integers(1, 50))
def test_a_longer_limit_is_due_later(start: datetime, limit: Limit, more: int) -> None:
    assert due(start, limit, HOURS) < due(start, Limit(limit.amount + more, limit.unit), HOURS)


@settings(deadline=None)
@given(moments(), st.integers(1, 20))
def test_an_hour_is_sixty_minutes(start: datetime, amount: int) -> None:
    assert due(start, Limit(amount, "jam"), HOURS) == due(start, minutes(60 * amount), HOURS)


@settings(deadline=None)
@given(moments(), limits, st.sampled_from(["Asia/Jayapura", "America/New_York", "Europe/London"]))
def test_the_zone_in_which_a_moment_is_told_does_not_matter(
    start: datetime, limit: Limit, zone: str
) -> None:
    told_elsewhere = start.astimezone(ZoneInfo(zone))
    end = due(told_elsewhere, limit, HOURS)
    assert end == due(start, limit, HOURS)
    assert end.tzinfo is UTC


@settings(deadline=None)
@given(moments(), moments(), moments())
def test_elapsed_adds_up_and_is_zero_backwards(
    one: datetime, two: datetime, three: datetime
) -> None:
    a, b, c = sorted((one, two, three))
    assert elapsed(a, b, HOURS) + elapsed(b, c, HOURS) == elapsed(a, c, HOURS)
    assert elapsed(c, a, HOURS) == timedelta()


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        (at(2026, 11, 10, 9, 55), 30, at(2026, 11, 10, 10, 25)),
        (
            at(2026, 11, 10, 11, 30),
            30,
            at(2026, 11, 10, 12, 0),
        ),  # exactly at the break: stays there
        (at(2026, 11, 10, 11, 45), 30, at(2026, 11, 10, 13, 15)),
        (at(2026, 11, 10, 12, 0), 30, at(2026, 11, 10, 13, 30)),
        (at(2026, 11, 13, 11, 45), 10, at(2026, 11, 13, 13, 10)),  # Friday's longer break
        (at(2026, 11, 10, 15, 30), 30, at(2026, 11, 10, 16, 0)),  # exactly at closing: stays there
        (at(2026, 11, 10, 16, 0), 30, at(2026, 11, 11, 8, 0)),
        (at(2026, 11, 13, 16, 15), 30, at(2026, 11, 16, 7, 45)),
        (at(2026, 11, 14, 23, 59), 10, at(2026, 11, 16, 7, 40)),
        (at(2026, 11, 10, 0, 0), 10, at(2026, 11, 10, 7, 40)),
        (
            at(2026, 12, 23, 15, 50),
            30,
            at(2026, 12, 28, 7, 50),
        ),  # cuti bersama and Natal, then a weekend
        (at(2026, 2, 20, 15, 15), 30, at(2026, 2, 23, 8, 15)),  # Friday in Ramadan
    ],
)
def test_known_limits_in_minutes(start: datetime, amount: int, end: datetime) -> None:
    assert due(start, minutes(amount), HOURS) == end


def test_seconds_are_kept() -> None:
    assert due(at(2026, 11, 10, 9, 55, 23), minutes(10), HOURS) == at(2026, 11, 10, 10, 5, 23)


def test_nothing_left_is_due_as_soon_as_the_office_works() -> None:
    assert due(at(2026, 11, 10, 9, 0), minutes(0), HOURS) == at(2026, 11, 10, 9, 0)
    assert due(at(2026, 11, 14, 9, 0), minutes(0), HOURS) == at(2026, 11, 16, 7, 30)


def test_an_office_with_summer_time_counts_true_hours() -> None:
    """A night shift of a port office: the clocks of 29 March 2026 jump from 02.00 to 03.00."""
    night = {day: Shift(time(0), time(6)) for day in range(7)}
    port = OfficeHours(ZoneInfo("Europe/Amsterdam"), night, night)
    start = datetime(2026, 3, 29, 0, 30, tzinfo=port.zone)
    assert due(start, Limit(2, "jam"), port) == datetime(2026, 3, 29, 3, 30, tzinfo=port.zone)


# ---- days ------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(moments(), st.integers(1, 60))
def test_calendar_days_end_at_closing_on_the_nth_day_and_never_move(
    start: datetime, amount: int
) -> None:
    end = HOURS.local(due(start, Limit(amount, "hari"), HOURS))
    assert end.date() - HOURS.local(start).date() == amount * DAY
    assert end == HOURS.closing(end.date())


@settings(deadline=None)
@given(moments(), st.integers(1, 30))
def test_working_days_end_at_closing_on_the_nth_office_day(start: datetime, amount: int) -> None:
    end = HOURS.local(due(start, Limit(amount, "hari kerja"), HOURS))
    counted = HOURS.workdays(HOURS.local(start).date() + DAY, end.date())
    assert len(counted) == amount
    assert counted[-1] == end.date()
    assert end == HOURS.intervals(end.date())[-1][1]


def test_ten_calendar_days_may_end_amid_eleven_days_without_office() -> None:
    assert due(at(2025, 3, 27, 10, 0), parse_limit("maks 10 hari"), HOURS) == at(2025, 4, 6, 16, 0)


def test_ten_working_days_skip_the_eleven_days_without_office() -> None:
    assert due(at(2025, 3, 27, 10, 0), parse_limit("10 hari kerja"), HOURS) == at(
        2025, 4, 22, 16, 0
    )


def test_the_local_date_begins_the_count_not_that_of_utc() -> None:
    early = datetime(2026, 11, 9, 23, 30, tzinfo=UTC)  # 06.30 on the 10th in Jakarta
    assert due(early, Limit(1, "hari"), HOURS) == at(2026, 11, 11, 16, 0)


# ---- the calendar ----------------------------------------------------------------------------------------


def week_length(week: Mapping[int, Shift]) -> timedelta:
    hours = OfficeHours(JAKARTA, week, week)
    return elapsed(at(2026, 11, 9), at(2026, 11, 16), hours)


def test_the_default_weeks_have_the_hours_of_the_regulation() -> None:
    assert week_length(WEEK) == timedelta(hours=37.5)
    assert week_length(RAMADAN_WEEK) == timedelta(hours=32.5)


def test_eight_days_of_cuti_bersama_in_2026() -> None:
    found = {day for day, name in national_holidays(2026).items() if "Cuti Bersama" in name}
    assert found == {
        date(2026, 2, 16),
        date(2026, 3, 18),
        date(2026, 3, 20),
        date(2026, 3, 23),
        date(2026, 3, 24),
        date(2026, 5, 15),
        date(2026, 5, 28),
        date(2026, 12, 24),
    }


def test_eleven_days_without_office_in_2025() -> None:
    assert HOURS.workdays(date(2025, 3, 27), date(2025, 4, 8)) == [
        date(2025, 3, 27),
        date(2025, 4, 8),
    ]


def test_holidays_have_indonesian_names() -> None:
    assert HOURS.holiday_name(date(2026, 12, 25)) == "Hari Raya Natal"
    assert HOURS.holiday_name(date(2026, 11, 15)) is None


def test_a_closed_day_has_no_intervals_but_an_ordinary_closing_time() -> None:
    sunday, in_ramadan = date(2026, 11, 15), date(2026, 2, 22)
    assert HOURS.intervals(sunday) == ()
    assert HOURS.closing(sunday) == at(2026, 11, 15, 16, 0)
    assert HOURS.closing(in_ramadan) == at(2026, 2, 22, 15, 0)


def test_an_added_holiday_closes_a_working_day() -> None:
    election = dataclasses.replace(
        HOURS, extra_holidays={date(2026, 11, 11): "Pemilihan Wali Kota"}
    )
    assert HOURS.intervals(date(2026, 11, 11))
    assert election.intervals(date(2026, 11, 11)) == ()
    assert election.holiday_name(date(2026, 11, 11)) == "Pemilihan Wali Kota"
    assert due(at(2026, 11, 10, 15, 45), minutes(30), election) == at(2026, 11, 12, 7, 45)


def test_an_added_holiday_without_a_name_closes_the_office_too() -> None:
    unnamed = dataclasses.replace(HOURS, extra_holidays={date(2026, 11, 11): ""})
    assert unnamed.intervals(date(2026, 11, 11)) == ()
    assert unnamed.holiday_name(date(2026, 11, 11)) == "Libur kantor"


def test_an_added_workday_overrules_a_holiday_and_a_weekend() -> None:
    natal, saturday = date(2026, 12, 25), date(2026, 11, 14)
    busy = dataclasses.replace(
        HOURS, extra_workdays=frozenset({natal, saturday}), extra_holidays={saturday: "Keliru"}
    )
    assert busy.intervals(natal)[-1][1] == at(2026, 12, 25, 16, 30)  # a Friday
    assert busy.intervals(saturday)[-1][1] == at(2026, 11, 14, 16, 0)  # the ordinary shift
    assert busy.holiday_name(natal) is None
    assert busy.holiday_name(saturday) is None


def test_ramadan_is_computed_where_it_is_not_decreed() -> None:
    computed = OfficeHours(JAKARTA, WEEK, RAMADAN_WEEK)
    assert computed.intervals(date(2027, 2, 9))[0][0] == at(2027, 2, 9, 8, 0)
    assert computed.in_ramadan(date(2026, 2, 18))


def test_a_decreed_ramadan_replaces_the_computed_one_of_the_same_moon_only() -> None:
    """In 2030 two begin, in January and in December; a year's entry must not lose the other one."""
    assert [first for first, _ in computed_ramadans(2030)] == [date(2030, 1, 5), date(2030, 12, 26)]
    decreed = OfficeHours(
        JAKARTA,
        WEEK,
        RAMADAN_WEEK,
        {2026: RAMADAN[2026], 2030: (date(2030, 1, 6), date(2030, 2, 4))},
    )
    assert not decreed.in_ramadan(date(2026, 2, 18))
    assert not decreed.in_ramadan(date(2030, 1, 5))
    assert decreed.in_ramadan(date(2030, 2, 4))
    assert decreed.in_ramadan(date(2030, 12, 26))
    assert decreed.in_ramadan(date(2031, 1, 10))


def test_the_office_is_open_from_the_first_minute_and_closed_at_the_last() -> None:
    assert HOURS.is_open(at(2026, 11, 10, 7, 30))
    assert HOURS.is_open(at(2026, 11, 10, 11, 59, 59))
    assert not HOURS.is_open(at(2026, 11, 10, 12, 0))
    assert not HOURS.is_open(at(2026, 11, 10, 16, 0))
    assert HOURS.is_open(datetime(2026, 11, 10, 1, 0, tzinfo=UTC))


@settings(deadline=None)
@given(moments())
def test_next_open_is_the_first_instant_of_working_time(moment: datetime) -> None:
    opening = HOURS.next_open(moment)
    assert HOURS.is_open(opening)
    assert elapsed(moment, opening, HOURS) == timedelta()
    assert (opening == moment) == HOURS.is_open(moment)


def test_next_workday_opens_after_the_day_even_when_the_office_is_open_now() -> None:
    assert next_workday(at(2026, 11, 10, 9, 0), HOURS) == at(2026, 11, 11, 7, 30)
    assert next_workday(at(2026, 11, 11, 0, 30), HOURS) == at(2026, 11, 12, 7, 30)
    assert next_workday(at(2025, 3, 27, 16, 0), HOURS) == at(2025, 4, 8, 7, 30)


def test_a_calendar_without_office_days_is_an_error_not_an_endless_loop() -> None:
    always = {date(2026, 1, 1) + n * DAY: "Tutup" for n in range(450)}
    closed = dataclasses.replace(HOURS, extra_holidays=always)
    start = at(2026, 1, 5, 9, 0)
    for limit in (minutes(30), Limit(1, "hari kerja")):
        with pytest.raises(ValueError, match="Tidak ada hari kerja selama 400 hari"):
            due(start, limit, closed)
    with pytest.raises(ValueError, match="Tidak ada hari kerja"):
        closed.next_open(start)
    assert due(start, Limit(10, "hari"), closed) == at(2026, 1, 15, 16, 0)


def test_a_long_closure_is_not_mistaken_for_an_endless_one() -> None:
    flood = dataclasses.replace(
        HOURS, extra_holidays={date(2026, 6, 1) + n * DAY: "Banjir" for n in range(300)}
    )
    assert due(at(2026, 6, 1, 9, 0), minutes(30), flood) == at(2027, 3, 29, 8, 0)


def test_a_limit_longer_than_the_longest_closure_is_no_error() -> None:
    end = due(at(2026, 1, 5, 9, 0), Limit(450, "hari kerja"), HOURS)
    assert len(HOURS.workdays(date(2026, 1, 6), HOURS.local(end).date())) == 450


def test_years_beyond_the_hijri_tables_keep_ordinary_hours() -> None:
    assert computed_ramadans(2090) == ()
    assert due(at(2090, 5, 3, 7, 30), minutes(30), HOURS) == at(2090, 5, 3, 8, 0)


# ---- spent, remaining ------------------------------------------------------------------------------------


def test_minutes_spent_stand_still_during_the_break() -> None:
    seen = spent(at(2026, 11, 10, 11, 45), at(2026, 11, 10, 12, 40), minutes(30), HOURS)
    assert (seen.amount, seen.late, seen.remaining) == (15, False, 15 * MINUTE)
    assert str(seen) == "15 menit dari 30 menit"


def test_an_hour_is_spent_in_minutes() -> None:
    seen = spent(at(2026, 11, 10, 9, 0), at(2026, 11, 10, 10, 5), Limit(1, "jam"), HOURS)
    assert (seen.amount, seen.late, seen.remaining) == (65, True, -5 * MINUTE)
    assert str(seen) == "1 jam 5 menit dari 1 jam"


@pytest.mark.parametrize(
    ("now", "amount", "late", "words"),
    [
        (at(2026, 11, 10, 15, 0), 0, False, "belum masuk hari pertama dari 10 hari"),
        (at(2026, 11, 11, 0, 0), 1, False, "hari ke-1 dari 10 hari"),
        (at(2026, 11, 20, 16, 30), 10, False, "hari ke-10 dari 10 hari"),
        (at(2026, 11, 20, 16, 31), 10, True, "hari ke-10 dari 10 hari"),
        (at(2026, 11, 22, 9, 0), 12, True, "hari ke-12 dari 10 hari"),
    ],
)
def test_calendar_days_are_told_as_the_nth_day(
    now: datetime, amount: int, late: bool, words: str
) -> None:
    seen = spent(at(2026, 11, 10, 9, 55), now, Limit(10, "hari"), HOURS)
    assert (seen.amount, seen.late, str(seen)) == (amount, late, words)
    assert seen.remaining == at(2026, 11, 20, 16, 30) - now


def test_working_days_do_not_advance_over_a_weekend() -> None:
    limit = Limit(3, "hari kerja")
    start = at(2026, 11, 12, 9, 0)
    on_days = [spent(start, at(2026, 11, day, 9, 0), limit, HOURS).amount for day in range(12, 18)]
    assert on_days == [0, 1, 1, 1, 2, 3]


@settings(deadline=None)
@given(moments(), limits, st.timedeltas(timedelta(minutes=-100), timedelta(days=30)))
def test_late_means_after_due(start: datetime, limit: Limit, after: timedelta) -> None:
    now = start + after
    seen = spent(start, now, limit, HOURS)
    assert seen.late == (now > due(start, limit, HOURS))
    assert seen.late or seen.remaining >= timedelta()


@settings(deadline=None)
@given(moments(), limits)
def test_at_the_very_end_a_limit_is_used_up_but_not_overrun(start: datetime, limit: Limit) -> None:
    end = due(start, limit, HOURS)
    seen = spent(start, end, limit, HOURS)
    assert (seen.late, seen.remaining) == (False, timedelta())
    assert spent(start, end + timedelta.resolution, limit, HOURS).late


@settings(deadline=None)
@given(moments(), amounts, st.integers(0, 700), st.timedeltas(timedelta(), timedelta(days=20)))
def test_a_paused_limit_keeps_exactly_what_it_had_left(
    start: datetime, amount: int, used: int, pause: timedelta
) -> None:
    paused = due(start, minutes(used), HOURS)
    left = remaining(start, paused, minutes(amount), HOURS)
    assert left == minutes(max(0, amount - used))
    resumed = paused + pause
    assert elapsed(resumed, due(resumed, left, HOURS), HOURS) == left.amount * MINUTE


@settings(deadline=None)
@given(moments(), st.integers(2, 600), st.data())
def test_a_pause_of_no_length_changes_nothing(
    start: datetime, amount: int, data: st.DataObject
) -> None:
    now = due(start, minutes(data.draw(st.integers(1, amount - 1))), HOURS)
    left = remaining(start, now, minutes(amount), HOURS)
    assert due(now, left, HOURS) == due(start, minutes(amount), HOURS)


def test_a_begun_minute_is_left_to_the_office() -> None:
    now = at(2026, 11, 10, 9, 10, 30)
    assert remaining(at(2026, 11, 10, 9, 0), now, Limit(1, "jam"), HOURS) == minutes(50)


def test_days_cannot_be_paused() -> None:
    with pytest.raises(ValueError, match="tidak dapat dihentikan"):
        remaining(at(2026, 11, 10), at(2026, 11, 11), Limit(10, "hari"), HOURS)


# ---- gaps and explanations -------------------------------------------------------------------------------


@settings(deadline=None)
@given(moments(), st.timedeltas(timedelta(), timedelta(days=20)))
def test_gaps_and_working_time_fill_the_stretch_between_them(
    start: datetime, length: timedelta
) -> None:
    end = start + length
    gaps = skipped(start, end, HOURS)
    assert (
        elapsed(start, end, HOURS) + sum((gap.end - gap.start for gap in gaps), timedelta())
        == length
    )
    for gap in gaps:
        assert start <= gap.start < gap.end <= end
        assert elapsed(gap.start, gap.end, HOURS) == timedelta()
    assert all(one.end < two.start for one, two in pairwise(gaps))


def test_nights_join_the_weekend_between_them() -> None:
    assert skipped(at(2026, 11, 12, 11, 0), at(2026, 11, 16, 8, 0), HOURS) == (
        Gap("istirahat", at(2026, 11, 12, 12, 0), at(2026, 11, 12, 13, 0)),
        Gap("malam", at(2026, 11, 12, 16, 0), at(2026, 11, 13, 7, 30)),
        Gap("istirahat", at(2026, 11, 13, 11, 30), at(2026, 11, 13, 13, 0)),
        Gap("akhir pekan", at(2026, 11, 13, 16, 30), at(2026, 11, 16, 7, 30)),
    )


def test_a_holiday_beside_a_weekend_makes_one_named_gap() -> None:
    assert skipped(at(2026, 12, 23, 15, 0), at(2026, 12, 28, 8, 0), HOURS) == (
        Gap(
            "libur",
            at(2026, 12, 23, 16, 0),
            at(2026, 12, 28, 7, 30),
            "Cuti Bersama Hari Raya Natal, Hari Raya Natal",
        ),
    )


def test_a_holiday_that_falls_on_a_sunday_is_only_a_weekend() -> None:
    """Hari Lahir Pancasila 2025: nobody lost a working day by it."""
    (gap,) = skipped(at(2025, 6, 1, 8, 0), at(2025, 6, 1, 9, 0), HOURS)
    assert HOURS.holiday_name(date(2025, 6, 1)) == "Hari Lahir Pancasila"
    assert (gap.kind, gap.name) == ("akhir pekan", None)


def test_a_weekday_on_which_the_office_never_works_is_a_nameless_libur() -> None:
    week = {day: shift for day, shift in WEEK.items() if day != 2}
    hours = OfficeHours(JAKARTA, week, week)
    (gap,) = skipped(at(2026, 11, 10, 16, 0), at(2026, 11, 12, 7, 30), hours)
    assert gap == Gap("libur", at(2026, 11, 10, 16, 0), at(2026, 11, 12, 7, 30))
    assert explain(at(2026, 11, 10, 9, 0), Limit(1, "hari kerja"), hours).endswith(
        "Tidak dihitung: 1 hari libur."
    )


def test_a_holiday_on_a_day_that_ramadan_leaves_free_is_not_blamed() -> None:
    """Nyepi, Thursday 19 March 2026, in an office that fasts from Monday to Wednesday only."""
    short = OfficeHours(JAKARTA, WEEK, {day: RAMADAN_WEEK[day] for day in (0, 1, 2)}, RAMADAN)
    (gap,) = skipped(at(2026, 3, 19, 9, 0), at(2026, 3, 19, 10, 0), short)
    assert (gap.kind, gap.name) == ("libur", None)


def test_an_evening_before_a_weekend_is_a_night() -> None:
    (gap,) = skipped(at(2026, 11, 13, 18, 0), at(2026, 11, 14, 0, 0), HOURS)
    assert gap.kind == "malam"


@pytest.mark.parametrize(
    ("start", "limit", "words"),
    [
        (
            at(2026, 11, 10, 9, 55),
            "30 menit",
            "30 menit kerja sejak pukul 09.55. Batas waktu pukul 10.25.",
        ),
        (
            at(2026, 11, 10, 11, 45),
            "30 menit",
            "30 menit kerja sejak pukul 11.45. Istirahat 12.00–13.00 tidak dihitung. Batas waktu pukul 13.15.",
        ),
        (
            at(2026, 11, 10, 15, 30),
            "1 jam",
            "1 jam kerja sejak Selasa, 10 November 2026, pukul 15.30. Waktu di luar jam kantor Selasa pukul "
            "16.00 sampai Rabu pukul 07.30 tidak dihitung. Batas waktu Rabu, 11 November 2026, pukul 08.00.",
        ),
        (
            at(2026, 12, 31, 15, 50),
            "30 menit",
            "30 menit kerja sejak Kamis, 31 Desember 2026, pukul 15.50. Libur (Tahun Baru Masehi) Kamis "
            "pukul 16.00 sampai Senin pukul 07.30 tidak dihitung. "
            "Batas waktu Senin, 4 Januari 2027, pukul 07.50.",
        ),
        (
            at(2026, 11, 10, 9, 0),
            "40 jam",
            "40 jam kerja sejak Selasa, 10 November 2026, pukul 09.00. Istirahat, waktu di luar jam kantor, "
            "akhir pekan, dan hari libur tidak dihitung. Batas waktu Selasa, 17 November 2026, pukul 11.30.",
        ),
        (
            at(2026, 11, 10, 9, 55),
            "maks 10 hari",
            "10 hari kalender sejak Selasa, 10 November 2026; hari pertama dihitung Rabu, 11 November; "
            "hari kesepuluh Jumat, 20 November, saat kantor tutup pukul 16.30.",
        ),
        (
            at(2026, 12, 20, 9, 55),
            "14 hari",
            "14 hari kalender sejak Minggu, 20 Desember 2026; hari pertama dihitung Senin, 21 Desember; "
            "hari ke-14 Minggu, 3 Januari 2027, pukul 16.00, walaupun hari itu kantor tidak buka.",
        ),
        (
            at(2026, 11, 10, 9, 55),
            "1 hari",
            "1 hari kalender sejak Selasa, 10 November 2026; hari pertama dihitung Rabu, 11 November, "
            "saat kantor tutup pukul 16.00.",
        ),
        (
            at(2026, 12, 23, 9, 0),
            "2 hari kerja",
            "2 hari kerja sejak Rabu, 23 Desember 2026; hari pertama dihitung Senin, 28 Desember; hari kedua "
            "Selasa, 29 Desember, saat kantor tutup pukul 16.00. Tidak dihitung: 4 hari akhir pekan dan "
            "libur (Cuti Bersama Hari Raya Natal, Hari Raya Natal).",
        ),
        (
            at(2026, 8, 24, 9, 0),
            "1 hari kerja",
            "1 hari kerja sejak Senin, 24 Agustus 2026; hari pertama dihitung Rabu, 26 Agustus, "
            "saat kantor tutup pukul 16.00. Tidak dihitung: 1 hari libur (Maulid Nabi Muhammad).",
        ),
    ],
)
def test_the_arithmetic_is_told_in_words(start: datetime, limit: str, words: str) -> None:
    assert explain(start.astimezone(UTC), parse_limit(limit), HOURS) == words


@settings(deadline=None)
@given(moments(), limits)
def test_the_explanation_names_the_moment_that_due_computes(start: datetime, limit: Limit) -> None:
    assert f"pukul {pukul(HOURS.local(due(start, limit, HOURS)))}" in explain(start, limit, HOURS)


# ---- reading and writing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("30 menit", 30, "menit"),
        ("1 jam", 1, "jam"),
        ("10 hari", 10, "hari"),
        ("maks 10 hari", 10, "hari"),
        ("Maks. 10  Hari\u00a0Kerja ", 10, "hari kerja"),
        ("10 hari kerja", 10, "hari kerja"),
    ],
)
def test_limits_are_read_from_the_words_of_the_sop(text: str, amount: int, unit: Unit) -> None:
    assert parse_limit(text) == Limit(amount, unit)


@settings(deadline=None)
@given(limits)
def test_a_limit_reads_back_what_it_writes(limit: Limit) -> None:
    assert parse_limit(str(limit)) == limit


@pytest.mark.parametrize(
    "text", ["", "0 menit", "-1 jam", "1,5 jam", "menit", "2 minggu", "30", "99999 hari", "١ jam"]
)
def test_other_limits_are_refused_with_an_example_of_a_right_one(text: str) -> None:
    with pytest.raises(ValueError, match="maks 10 hari"):
        parse_limit(text)


@pytest.mark.parametrize(("amount", "unit"), [(-1, "menit"), (0, "hari"), (1, "minggu")])
def test_a_limit_that_means_nothing_cannot_be_made(amount: int, unit: str) -> None:
    with pytest.raises(ValueError, match=r"Batas waktu|Satuan waktu"):
        Limit(amount, unit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "edges",
    [
        (time(16), time(8), None, None),
        (time(8), time(16), time(12), None),
        (time(8), time(16), time(13), time(12)),
        (time(8), time(16), time(12), time(17)),
    ],
)
def test_a_shift_out_of_order_is_refused(
    edges: tuple[time, time, time | None, time | None],
) -> None:
    with pytest.raises(ValueError, match=r"berurutan|Istirahat"):
        Shift(*edges)


def test_a_week_without_days_and_a_misplaced_ramadan_are_refused() -> None:
    with pytest.raises(ValueError, match="Jam kantor"):
        OfficeHours(JAKARTA, WEEK, {})
    with pytest.raises(ValueError, match="Jam kantor"):
        OfficeHours(JAKARTA, {7: WEEK[0]}, RAMADAN_WEEK)
    with pytest.raises(ValueError, match="Ramadan 2027"):
        OfficeHours(JAKARTA, WEEK, RAMADAN_WEEK, {2027: RAMADAN[2026]})
    with pytest.raises(ValueError, match="Ramadan 2026"):
        OfficeHours(JAKARTA, WEEK, RAMADAN_WEEK, {2026: (date(2026, 2, 19), date(2026, 4, 20))})


def test_a_moment_without_a_zone_is_refused_everywhere() -> None:
    naive, aware, limit = datetime(2026, 11, 10, 9, 0), at(2026, 11, 10, 9, 0), minutes(30)
    calls = (
        lambda: due(naive, limit, HOURS),
        lambda: due(naive, Limit(10, "hari"), HOURS),
        lambda: elapsed(naive, aware, HOURS),
        lambda: elapsed(aware, naive, HOURS),
        lambda: spent(aware, naive, limit, HOURS),
        lambda: spent(aware, naive, Limit(10, "hari"), HOURS),
        lambda: skipped(aware, naive, HOURS),
        lambda: remaining(naive, aware, limit, HOURS),
        lambda: next_workday(naive, HOURS),
        lambda: explain(naive, limit, HOURS),
        lambda: HOURS.is_open(naive),
        lambda: HOURS.next_open(naive),
        lambda: waktu(naive, JAKARTA),
    )
    for call in calls:
        with pytest.raises(ValueError, match="zona waktu"):
            call()


def test_dates_are_told_as_letters_tell_them() -> None:
    moment = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert tanggal(date(2026, 11, 24)) == "Selasa, 24 November 2026"
    assert tanggal_pendek(moment) == "24 Nov"
    assert tanggal_pendek(date(2026, 8, 17)) == "17 Agu"
    assert pukul(at(2026, 11, 24, 7, 5)) == "07.05"
    assert waktu(moment, JAKARTA) == "Selasa, 24 November 2026, pukul 15.30"
    assert waktu(moment, ZoneInfo("Asia/Jayapura")) == "Selasa, 24 November 2026, pukul 17.30"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "0 menit"),
        (timedelta(seconds=59), "kurang dari 1 menit"),
        (timedelta(minutes=65), "1 jam 5 menit"),
        (timedelta(minutes=-65), "1 jam 5 menit"),
        (timedelta(hours=2), "2 jam"),
        (timedelta(days=9, hours=4, minutes=1, seconds=59), "9 hari 4 jam 1 menit"),
        (timedelta(days=1), "1 hari"),
    ],
)
def test_lengths_are_told_in_days_hours_and_minutes(length: timedelta, words: str) -> None:
    assert lama(length) == words


def test_working_time_is_told_in_hours_however_long() -> None:
    assert lama(timedelta(hours=37, minutes=30), days=False) == "37 jam 30 menit"
