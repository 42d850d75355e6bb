"""The law's clock: what runs in a case, what a class changes, what a holiday moves, and where it is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipeline.casefile import law
from pipeline.cases.calendar import add_holiday
from pipeline.cases.reminders import DIGEST_ROWS, send_digests
from pipeline.data.engine import reading
from pipeline.office.sop import Stage
from pipeline.work import Work
from tests.desk import Desk, desk_in, jakarta


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def clocks(desk: Desk) -> dict[str, law.Clock]:
    with reading(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        return {one.limit.kode: one for one in law.of_case(work, desk.complaint())}


def test_each_limit_runs_from_its_own_moment(desk: Desk) -> None:
    desk.record()
    assert set(clocks(desk)) == {"kelengkapan"}
    desk.press("jfu-1", "laporkan", klasifikasi="informasi")
    found = clocks(desk)
    assert set(found) == {"kelengkapan", "keputusan", "informasi"}
    assert found["kelengkapan"].met == desk.clock()
    assert found["informasi"].due == jakarta(1, 16, month=12)  # the fifth office day
    desk.to(Stage.SELESAI)
    assert all(one.met and not one.late(desk.clock()) for one in clocks(desk).values())


def test_pengadu_who_is_asked_stops_completeness_and_has_a_limit(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu")
    found = clocks(desk)
    assert (found["melengkapi"].met, "keputusan" in found) == (None, False)


def test_holiday_that_is_added_moves_limits_in_office_days_alone(desk: Desk) -> None:
    desk.record()
    desk.press("jfu-1", "laporkan", klasifikasi="informasi")
    before = clocks(desk)
    with desk.work() as work:
        add_holiday(work, date(2026, 11, 26), "Libur")
    after = clocks(desk)
    moved = {name for name in before if after[name].due != before[name].due}
    assert moved == {"informasi"}


def test_digest_of_jfu_and_sekretaris_tells_what_is_near(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu")
    desk.later(days=35)
    with desk.work() as work:
        send_digests(work)
    told = {mail.recipient.partition("@")[0]: mail.text for mail in desk.mails("ringkasan")}
    assert {name for name, text in told.items() if "Pengadu melengkapi" in text} >= {"sekretaris"}
    assert any("dianggap dicabut" in text for text in told.values())
    assert desk.stage() is Stage.KLARIFIKASI, "proposed, never done"


def test_digest_counts_what_it_does_not_list(desk: Desk) -> None:
    """Each limit of the law that is near is a line, or is counted below the lines."""
    for number in range(DIGEST_ROWS + 5):
        desk.record(perihal=f"Lampu {number}", email=f"warga{number}@warga.example")
    desk.later(days=35)
    with desk.work() as work:
        near = len(law.near(work))
        send_digests(work)
    assert near > DIGEST_ROWS
    (mail,) = [
        one for one in desk.mails("ringkasan") if one.recipient == desk.person("sekretaris").email
    ]
    assert f"{near - DIGEST_ROWS} batas lainnya" in " ".join(mail.text.split())
