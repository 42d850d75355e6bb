"""Several processes share the work: each has its lanes, and what is the office's as a whole has one leader."""

from __future__ import annotations

import threading
from pathlib import Path

from pipeline.data.engine import lease
from pipeline.running.collecting import NOT_MINE
from pipeline.running.groups import ALONE, GROUPS, alone, lanes_of
from pipeline.running.lanes import Lanes
from pipeline.running.poller import STEPS
from tests.kantor import SITI, office, until


def test_each_lane_belongs_to_one_group() -> None:
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(STEPS)
    assert lanes_of(()) is None
    assert lanes_of(("web", "surat", "kerja")) is None
    assert lanes_of(("surat", "web")) == GROUPS["surat"]
    assert set(STEPS) > ALONE


def test_what_is_the_offices_is_done_by_one_at_a_time(postgres_url: str, tmp_path: Path) -> None:
    with office(tmp_path, database_url=postgres_url) as kantor:
        step = alone("seal", lambda app: {"segel": 1})
        with lease(kantor.engine, "lajur-seal") as mine:
            assert mine
            assert step(kantor.app) == {NOT_MINE: 1}
        assert step(kantor.app) == {"segel": 1}
        assert alone("send", STEPS["send"]) is STEPS["send"]


def test_two_of_each_kind_do_the_whole_work_once(postgres_url: str, tmp_path: Path) -> None:
    """As four processes would: a mail is taken in once, and answered once."""
    with office(tmp_path, database_url=postgres_url) as kantor:
        every = dict.fromkeys(STEPS, 1.0)
        running = [Lanes(kantor.app, every, lanes_of([name])) for name in ("surat", "kerja") * 2]
        for lanes in running:
            lanes.start()
        try:
            names = [
                thread.name for thread in threading.enumerate() if thread.name.startswith("lane-")
            ]
            assert sorted(names) == sorted(f"lane-{name}" for name in STEPS for _ in range(2))
            running[0].wake("slips", "send")  # one that another process has is passed over
            kantor.citizen_sends(settle=False)
            until(lambda: len(kantor.inbox(SITI)) == 1)
        finally:
            for lanes in running:
                lanes.stop()
        assert len(kantor.complaints()) == 1
        assert len(kantor.outbox("tanda_terima")) == 1
        assert kantor.audit() == []
