"""The figures of the register: what came and went balances in any history, and an independent count over the events of
every case agrees; punctuality tells open tasks that are late, extensions, stops and the signature apart."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from pipeline.cases.core import locked
from pipeline.cases.withdrawal import make_sure
from pipeline.data.engine import reading
from pipeline.data.tables import Closing, Complaint, Task
from pipeline.office import clock
from pipeline.office.sop import Channel, Decision, Stage, TaskKind
from pipeline.register import figures
from pipeline.register.officetime import OfficeTime
from pipeline.register.period import BadPeriod, Period, last_before, month_of, parse, span
from pipeline.work import Work
from tests.desk import Desk, desk_in, jakarta, make_settings

HERE = ("bulan", "triwulan", "semester", "tahun")
NOVEMBER = span("bulan", 2026, 11)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


@contextmanager
def looking(desk: Desk) -> Iterator[Work]:
    with reading(desk.engine) as session:
        yield Work(session, desk.settings, desk.clock())


def step(desk: Desk, kind: TaskKind, period: Period = NOVEMBER) -> figures.Punctuality:
    with looking(desk) as work:
        return next(one for one in figures.steps(work, period) if one.kind is kind)


# ---- what came and went --------------------------------------------------------------------------------------


def balance(flow: figures.Flow) -> int:
    return flow.before + flow.came + flow.reopened - flow.gone - flow.left


def test_every_end_is_counted_in_its_own_column(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    desk.record()
    desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    parent, child = desk.record(), desk.record()
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    taken_back = desk.to(Stage.KLARIFIKASI)
    take_back(desk, taken_back)
    with looking(desk) as work:
        flow = figures.flows(work, NOVEMBER)[Channel.EMAIL]
    assert (flow.before, flow.came, flow.left) == (0, 5, 2)
    assert flow.ends == {
        "selesai": 1,
        "ditolak": 0,
        "bukan_wewenang": 0,
        "dicabut": 1,
        "batal": 1,
        "digabung": 0,
    }
    assert balance(flow) == 0


def take_back(desk: Desk, number: str) -> None:
    with desk.work() as work:
        complaint = locked(work, desk.complaint(number).id)
        make_sure(work, complaint, "Saya cabut.")
    desk.press("jfu-1", "cabut", number=number, alasan="Lewat telepon.")


def test_merged_one_that_is_released_ends_as_it_is_answered_and_not_as_merged(desk: Desk) -> None:
    parent, child, other = desk.record(), desk.record(), desk.record()
    for one in (child, other):
        desk.press("jfu-1", "gabungkan", number=one, nomor=parent)
    desk.press("jfu-1", "lepaskan", number=child, alasan="Hal lain.")
    take_back(desk, desk.to(Stage.KLARIFIKASI, parent))  # the other one goes its own way, too
    desk.to(Stage.SELESAI, child)
    with looking(desk) as work:
        flow = figures.total(figures.flows(work, NOVEMBER).values())
        assert sum(figures.ages(work, NOVEMBER)) == flow.left == 1
    assert (flow.came, flow.ends["selesai"], flow.ends["dicabut"], flow.ends["digabung"]) == (
        3,
        1,
        1,
        0,
    )
    assert balance(flow) == 0


def test_decision_that_is_withdrawn_later_was_one_of_its_month(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI)
    desk.clock.now = jakarta(3, 9, month=12)
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Padam lagi.")
    assert desk.complaint(number).decided_at is None
    with looking(desk) as work:
        assert figures.decisions(work, NOVEMBER) == {("ditindaklanjuti", ""): 1}
        assert figures.decisions(work, span("tahun", 2026)) == {}


def test_page_counts_nothing_that_is_about_its_reader(desk: Desk) -> None:
    desk.record()
    desk.press("jfu-1", "laporkan", ringkasan="x", terlapor=["sekretaris"])
    with looking(desk) as work:
        shown, hidden = figures.recap(work), figures.recap(work, reader="sekretaris")
    assert (shown.came, shown.months[-1][1], shown.punctual[0].punctual) == (1, 1, 1)
    assert (hidden.came, hidden.months[-1][1], hidden.punctual[0].punctual) == (0, 0, 0)


def test_case_that_is_opened_again_over_year_end_leaves_the_year_that_is_over_as_it_was(
    desk: Desk,
) -> None:
    number = desk.to(Stage.SELESAI)
    year = span("tahun", 2026)
    with looking(desk) as work:
        before = figures.flows(work, year)[Channel.EMAIL]
    desk.clock.now = jakarta(5, 9, month=1).replace(year=2027)
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Padam lagi.")
    with looking(desk) as work:
        assert figures.flows(work, year)[Channel.EMAIL] == before
        later = figures.flows(work, span("tahun", 2027))[Channel.EMAIL]
        assert sum(figures.ages(work, year)) == 0
    assert (later.before, later.came, later.reopened, later.left) == (0, 0, 1, 1)


def test_letter_that_bounces_is_open_again_and_ends_twice(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI)
    desk.later(days=1)
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Padam lagi.")
    assert desk.complaint(number).answered_at is None
    desk.later(days=1)
    desk.to(Stage.SELESAI, number)
    with looking(desk) as work:
        flow = figures.total(figures.flows(work, NOVEMBER).values())
    assert (flow.reopened, flow.ends["selesai"], flow.left) == (1, 2, 0)
    assert desk.complaint(number).answered_at is not None


Span = tuple[int, int | None]  # (minutes from one end or opening to the next, …)
START = datetime(2025, 12, 20, tzinfo=UTC)
CASE = st.tuples(
    st.integers(0, 60 * 24 * 60),
    st.sampled_from(list(Channel)),
    st.lists(st.tuples(st.integers(0, 60 * 24 * 20), st.sampled_from(figures.ENDS)), max_size=5),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cases=st.lists(CASE, max_size=25), moment=st.integers(0, 90))
def test_what_was_left_and_came_less_what_went_is_what_is_left(
    history: Desk, cases: list[tuple[int, Channel, list[tuple[int, str]]]], moment: int
) -> None:
    """Random histories: each case ends and is opened again any number of times, also at one moment. The other count
    walks the events of each case by itself."""
    history.clock.now = START + timedelta(days=200)
    walked = fill(history, cases)
    day = (START + timedelta(days=moment)).date()
    with looking(history) as work:
        for kind in HERE:
            period = last_before(kind, day)
            bounds = period.bounds(history.settings.zone)
            for channel, flow in figures.flows(work, period).items():
                assert balance(flow) == 0
                assert counted(flow) == by_hand(walked, channel, *bounds)
            _begin, end = bounds
            assert sum(figures.ages(work, period)) == sum(
                is_open(events, end) for _channel, events in walked
            )


def test_a_hundred_thousand_random_cases_are_counted_alike(tmp_path: Path) -> None:
    """At the size of two large years: the months and the year that lie in them, and the ages of what is open."""
    chance = random.Random(17)
    with desk_in(tmp_path) as desk:
        desk.clock.now = START + timedelta(days=200)
        walked = fill(desk, [_random_case(chance) for _ in range(100_000)])
        day = (START + timedelta(days=45)).date()
        with looking(desk) as work:
            for kind in HERE:
                period = last_before(kind, day)
                bounds = period.bounds(desk.settings.zone)
                by_channel = counted_by_hand(walked, *bounds)
                for channel, flow in figures.flows(work, period).items():
                    assert balance(flow) == 0
                    assert counted(flow) == by_channel[channel]
                left = sum(found["sisa"] for found in by_channel.values())
                assert sum(figures.ages(work, period)) == left
            for month in figures.months(work, last_before("bulan", day))[-3:]:
                begin, end = month_of(month.first).bounds(desk.settings.zone)
                every = sum(counted_by_hand(walked, begin, end).values(), Counter())
                ends = sum(every[how] for how in figures.ENDS)
                assert (month.came, month.gone) == (every["masuk"], ends)


def _random_case(chance: random.Random) -> tuple[int, Channel, list[tuple[int, str]]]:
    turns = chance.choices(range(6), (20, 50, 10, 10, 5, 5))[0]
    ways = [(chance.randrange(60 * 24 * 20), chance.choice(figures.ENDS)) for _ in range(turns)]
    return chance.randrange(60 * 24 * 60), chance.choice(list(Channel)), ways


def counted_by_hand(
    walked: list[tuple[Channel, Events]], begin: datetime, end: datetime
) -> dict[Channel, Counter[str]]:
    return {channel: by_hand(walked, channel, begin, end) for channel in Channel}


@pytest.fixture(scope="module")
def history() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as name, desk_in(Path(name)) as made:
        yield made


Events = list[tuple[datetime, str]]


def fill(
    desk: Desk, cases: list[tuple[int, Channel, list[tuple[int, str]]]]
) -> list[tuple[Channel, Events]]:
    """Write the cases as `cases` would; what happened in each, in order."""
    rows: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    walked = []
    for key, (begin, channel, turns) in enumerate(cases, 1):
        at = START + timedelta(minutes=begin)
        rows.append(row(key, channel, at, turns))
        events: Events = [(at, "masuk")]
        for number, (wait, how) in enumerate(turns):
            at += timedelta(minutes=wait)
            if number % 2 == 0:
                ends.append({"complaint_id": key, "at": at, "how": how, "reopened_at": None})
                events.append((at, how))
            else:
                ends[-1]["reopened_at"] = at
                events.append((at, "buka"))
        walked.append((channel, events))
    with desk.engine.begin() as connection:
        connection.execute(delete(Closing))
        connection.execute(delete(Complaint))
        for table, made in ((Complaint, rows), (Closing, ends)):
            if made:
                connection.execute(insert(table), made)
    return walked


def row(key: int, channel: Channel, at: datetime, turns: list[tuple[int, str]]) -> dict[str, Any]:
    over = len(turns) % 2 == 1
    stage = Stage.SELESAI if over else Stage.KEPUTUSAN
    texts = dict.fromkeys(
        (
            "thread_id",
            "nama",
            "alamat",
            "telepon",
            "email",
            "nik",
            "perihal",
            "isi",
            "ringkasan",
            "kategori",
            "unit",
            "hasil",
            "perintah",
            "instansi",
            "letter_number",
            "covering_number",
            "delivery",
            "paraf",
            "keterangan",
        ),
        "",
    )
    return {
        **texts,
        "id": key,
        "number": f"PGD-{key}",
        "year": at.year,
        "stage": stage,
        "channel": channel,
        "received_at": at,
        "recorded_at": at,
        "status_code": f"{key:016d}",
        "closed_at": at if over else None,
        "rahasia": False,
        "lampiran_terbuka": False,
        "prioritas": "biasa",
        "decision": Decision.DITINDAKLANJUTI,
    }


def is_open(events: Events, moment: datetime) -> bool:
    before = [what for at, what in events if at < moment]
    return bool(before) and before[-1] in ("masuk", "buka")


def by_hand(
    walked: list[tuple[Channel, Events]], channel: Channel, begin: datetime, end: datetime
) -> Counter[str]:
    found: Counter[str] = Counter()
    for own, events in walked:
        if own is not channel:
            continue
        found["sisa lalu"] += is_open(events, begin)
        found["sisa"] += is_open(events, end)
        found.update(what for at, what in events if begin <= at < end)
    return +found


def counted(flow: figures.Flow) -> Counter[str]:
    own = {"sisa lalu": flow.before, "masuk": flow.came, "buka": flow.reopened, "sisa": flow.left}
    return +Counter({**own, **flow.ends})


# ---- the Waktu -----------------------------------------------------------------------------------------------


def test_open_task_past_its_limit_counts_as_late_now(desk: Desk) -> None:
    """ "5. Penyampaian 100 %" with two tasks three hours late was said before."""
    desk.to(Stage.PENYAMPAIAN)
    desk.later(hours=3)
    found = step(desk, TaskKind.PENYAMPAIAN)
    assert (found.punctual, found.late, found.late_open, found.counted) == (0, 1, 1, 1)


def test_signature_is_a_row_of_its_own(desk: Desk) -> None:
    desk.to(Stage.TANDA_TANGAN)
    desk.later(days=7)
    assert step(desk, TaskKind.JAWABAN).late == 0
    assert (step(desk, TaskKind.TANDA_TANGAN).late, step(desk, TaskKind.TANDA_TANGAN).name) == (
        1,
        "Tanda tangan",
    )


def test_what_was_punctual_by_an_extension_alone_stands_apart(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    first = desk.task("putuskan").due_at
    desk.press("kepala", "perpanjang", sampai="2026-12-18T15:00", alasan="Menunggu suku cadang.")
    assert desk.task("putuskan").first_due_at == first
    desk.later(days=12)
    desk.press("kepala", "putuskan", keputusan="ditindaklanjuti", perintah="Ya.", disampaikan="Ya.")
    found = step(desk, TaskKind.KEPUTUSAN, span("bulan", 2026, 12))
    assert (found.punctual, found.late, found.extended, found.counted) == (0, 0, 1, 0)


def test_extension_after_the_limit_stays_late_also_while_it_is_open(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    first = desk.task("putuskan").due_at
    desk.clock.now = jakarta(8, 9, month=12)
    desk.press("kepala", "perpanjang", sampai="2026-12-18T15:00", alasan="Menunggu suku cadang.")
    december = span("bulan", 2026, 12)
    with looking(desk) as work:
        (told,) = figures.late(work, december)
    found = step(desk, TaskKind.KEPUTUSAN, december)
    assert (told.due, found.late, found.late_open, found.extended) == (first, 1, 1, 0)


def test_stay_that_was_sent_back_counts_in_the_next_one(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.later(days=1)
    desk.press("kepala", "kembalikan", alasan="Belum jelas.")
    assert step(desk, TaskKind.KEPUTUSAN).counted == 0
    desk.press("sekretaris", "laporkan_kepala", hasil="Sudah jelas.")
    desk.press("kepala", "putuskan", keputusan="ditolak", perintah="Tidak.", disampaikan="Tidak.")
    found = step(desk, TaskKind.KEPUTUSAN)
    assert (found.punctual, found.counted) == (1, 1)
    assert found.median, "the day of the first stay"


def test_extension_that_was_not_needed_is_punctual(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "perpanjang", sampai="2026-12-18T15:00", alasan="Menunggu suku cadang.")
    desk.press("kepala", "putuskan", keputusan="ditindaklanjuti", perintah="Ya.", disampaikan="Ya.")
    assert (step(desk, TaskKind.KEPUTUSAN).punctual, step(desk, TaskKind.KEPUTUSAN).extended) == (
        1,
        0,
    )


def test_stopped_clock_stands_apart_while_it_stands_and_after(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu")
    assert desk.complaint().lengkap_at is None
    desk.later(days=2)
    assert step(desk, TaskKind.KLARIFIKASI).waiting == 1
    desk.press("sekretaris", "laporkan_kepala")
    found = step(desk, TaskKind.KLARIFIKASI)
    assert (found.punctual, found.stopped, found.waiting) == (0, 1, 0)
    assert found.median == 0, "what stood still is no office time that was spent"


def test_month_that_is_over_does_not_change_by_what_comes_later(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.clock.now = jakarta(1, 8, month=12)
    with looking(desk) as work:
        then = figures.steps(work, NOVEMBER), figures.ages(work, NOVEMBER)
    desk.later(days=2)
    desk.press("kepala", "putuskan", keputusan="ditolak", perintah="Tidak.", disampaikan="Tidak.")
    with looking(desk) as work:
        assert (figures.steps(work, NOVEMBER), figures.ages(work, NOVEMBER)) == then


def test_law_of_a_month_that_is_over_stays_whatever_is_asked_or_opened_again(desk: Desk) -> None:
    """What was met in November was met, though the case is opened again, or its pengadu asked anew, in December."""
    over, asked = desk.to(Stage.SELESAI), desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", number=asked)
    desk.clock.now = jakarta(1, 8, month=12)
    with looking(desk) as work:
        then = figures.lawful(work, NOVEMBER)
    assert {one.kode: one.punctual for one in then}["penyampaian"] == 1
    desk.press("jfu-1", "buka_kembali", number=over, alasan="Padam lagi.")
    desk.later(days=1)
    desk.press("sekretaris", "tanya_pengadu", number=over)
    desk.later(days=40)
    with looking(desk) as work:
        assert [one.punctual for one in figures.lawful(work, NOVEMBER)] == [
            one.punctual for one in then
        ]


def test_office_time_of_many_is_the_office_time_of_one(tmp_path: Path) -> None:
    hours = make_settings(tmp_path).hours
    many = OfficeTime(hours)
    for begin in range(0, 60 * 24 * 40, 1_237):
        for length in (0, 7, 600, 60 * 24 * 3, 60 * 24 * 90):
            pair = START + timedelta(minutes=begin), START + timedelta(minutes=begin + length)
            assert many.minutes(*pair) == pytest.approx(
                clock.elapsed(*pair, hours).total_seconds() / 60
            )


def test_late_tasks_are_told_by_post_and_not_by_person(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.later(hours=3)
    with looking(desk) as work:
        (found,) = figures.late(work, NOVEMBER)
    assert (found.number, found.langkah, found.holder) == (
        "PGD-2026-000001",
        "Klarifikasi",
        "Sekretaris",
    )
    assert found.minutes > 0


def test_figures_of_a_time_without_cases_are_empty_and_whole(desk: Desk) -> None:
    with looking(desk) as work:
        period = span("tahun", 2020)
        assert figures.total(figures.flows(work, period).values()).left == 0
        assert figures.topics(work, period) == []
        assert figures.decisions(work, period) == {}
        assert figures.ages(work, period) == [0, 0, 0, 0, 0]
        assert len(figures.lawful(work, period)) == len(desk.settings.batas_hukum)
        assert [m.first for m in figures.months(work, period)][-1] == date(2020, 12, 1)


def test_figures_are_the_same_on_both_databases(tmp_path: Path, database_url: str) -> None:
    with desk_in(tmp_path, database_url) as desk:
        desk.to(Stage.SELESAI)
        desk.to(Stage.KLARIFIKASI)
        desk.later(hours=5)
        with looking(desk) as work:
            flow = figures.total(figures.flows(work, NOVEMBER).values())
            late = {one.kind: one.late_open for one in figures.steps(work, NOVEMBER)}
            kept = {one.kode: (one.punctual, one.running) for one in figures.lawful(work, NOVEMBER)}
            assert figures.decisions(work, NOVEMBER) == {("ditindaklanjuti", ""): 1}
            units = {topic.unit: topic.came for topic in figures.topics(work, NOVEMBER)}
            assert units == {"tidak ada": 1, "(belum diisi)": 1}
    assert (flow.came, flow.gone, flow.left) == (2, 1, 1)
    assert late[TaskKind.KLARIFIKASI] == 1
    assert kept["keputusan"] == (1, 1)


# ---- periods -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "name", "first", "after"),
    [
        ("bulan", "2026-12", "Desember 2026", date(2026, 12, 1), date(2027, 1, 1)),
        ("triwulan", "2026-4", "Triwulan IV 2026", date(2026, 10, 1), date(2027, 1, 1)),
        ("semester", "2026-1", "Semester I 2026", date(2026, 1, 1), date(2026, 7, 1)),
        ("tahun", "2026", "Tahun 2026", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_period_is_read_as_it_is_typed(
    kind: str, text: str, name: str, first: date, after: date
) -> None:
    period = parse(kind, text)
    assert (period.name, period.first, period.after) == (name, first, after)
    assert parse(kind, period.code) == period
    assert last_before(kind, after) == period


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bulan", "2026-13"),
        ("bulan", "2026"),
        ("triwulan", "2026-5"),
        ("semester", "2026-0"),
        ("tahun", "2026-1"),
        ("bulan", "kemarin"),
        ("tahun", "99999"),
        ("bulan", "1999-12"),
        ("bulan", "٢٠٢٦-١"),
    ],
)
def test_what_names_no_period_is_refused_with_the_way_to_write_it(kind: str, text: str) -> None:
    with pytest.raises(BadPeriod, match=r"mis\."):
        parse(kind, text)


def test_tasks_that_were_open_long_ago_are_counted_however_long_they_took(
    tmp_path: Path, database_url: str
) -> None:
    """Of a month of years ago, those open at its end: still, closed soon after it, or after many days."""
    end = NOVEMBER.bounds(make_settings(tmp_path).zone)[1]
    moment = timedelta(microseconds=1)
    days = (0, 1, 59, 60, 61, 62, 200, 3_000)
    before = [end - timedelta(days=one) - moment for one in days] + [end]
    after = [end + timedelta(days=one) + moment * more for one in days for more in (-1, 0, 1)]
    with desk_in(tmp_path, database_url) as desk:
        desk.record()
        key = desk.complaint().id
        tasks: list[dict[str, Any]] = [
            {
                "complaint_id": key,
                "kind": TaskKind.JAWABAN,
                "opened_at": opened,
                "closed_at": closed,
            }
            for opened in before
            for closed in (*after, None)
            if closed is None or opened <= closed
        ]
        with desk.engine.begin() as connection:
            connection.execute(insert(Task), tasks)
        found = step(desk, TaskKind.JAWABAN)
    begin = NOVEMBER.bounds(desk.settings.zone)[0]
    open_then = [one for one in tasks if one["opened_at"] < end and not is_over(one, end)]
    done = [one for one in tasks if is_over(one, end) and one["closed_at"] >= begin]
    assert found.waiting == len(open_then)
    assert found.punctual == len(done)


def is_over(task: dict[str, Any], moment: datetime) -> bool:
    return task["closed_at"] is not None and task["closed_at"] < moment
