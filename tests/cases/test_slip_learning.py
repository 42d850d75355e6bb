"""What the clerk changes teaches the office how sure its reader may look; as numbers, never as text."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pipeline.cases import slip_learning as learning
from pipeline.cases.input import Checked
from pipeline.data.tables import Slip, SlipCount
from pipeline.office.actions import action
from pipeline.office.sop import TaskKind
from pipeline.slips.calibration import SURE
from tests.desk import Desk


def test_what_is_often_wrong_is_clear_no_more_and_what_never_is_becomes_clear() -> None:
    assert learning.judged({}) == SURE
    assert learning.judged({90: (39, 0)}) == SURE  # too few to say
    assert learning.judged({90: (40, 38), 95: (200, 200)}) == 0.95
    assert learning.judged({95: (100, 96)}) == learning.NEVER
    assert learning.judged({80: (100, 98), 90: (50, 50)}) == 0.8


@pytest.mark.parametrize(("typed", "right"), [("0812 3456 7890", 1), ("081234567891", 0)])
def test_a_field_that_the_clerk_changed_counts_against_its_confidence(
    desk: Desk, typed: str, right: int
) -> None:
    chosen = action(TaskKind.PINDAI, "catat_slip")
    assert chosen is not None
    fields = {
        "telepon": {"value": "081234567890", "confidence": 0.97, "doubt": ""},
        "email": {"value": "", "confidence": 0.9, "doubt": "kosong"},
        "nama": {"value": "Siti", "confidence": 0.4, "counted": True},
    }

    with desk.work() as work:
        learning.learn(
            work, Slip(kind="slip", fields=fields, ticks={}), Checked(chosen, {"telepon": typed})
        )
        rows = list(work.session.scalars(select(SlipCount)))
        assert [(row.field, row.low, row.read, row.right) for row in rows] == [
            ("telepon", 95, 1, right)
        ]
