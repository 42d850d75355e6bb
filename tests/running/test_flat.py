"""An idle office costs the same however much it has seen: no step reads a table through that grows for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from pipeline.cases import promises, reminders
from pipeline.intake import reconcile
from pipeline.office.sop import Stage
from pipeline.running.poller import STEPS, guarded
from tests.desk import Desk, desk_in

ELSEWHERE = ("mail", "seal", "reconcile")  # the network; what reads what is new
GROWING = ("outbox", "item", "sighting", "complaint", "task", "event", "document", "link", "blob")
READ_THROUGH = re.compile(rf"SCAN ({'|'.join(GROWING)})( USING .*)?")
FEW = (
    "ix_complaint_terlapor",
    "ix_task_asking",
    "ix_item_unlooked",
    "ix_outbox_kept",
    "ix_outbox_untold",
    "ix_outbox_due",
    "ix_outbox_shown",
    "ix_outbox_loose",
)


def plans(desk: Desk, act: Callable[[], object]) -> dict[str, list[str]]:
    """{statement: how SQLite goes about it} of what an act asks for."""
    asked: list[tuple[str, Any]] = []

    @event.listens_for(desk.engine, "before_cursor_execute")
    def _note(_c: object, _k: object, statement: str, values: Any, *_more: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, values))

    act()
    event.remove(desk.engine, "before_cursor_execute", _note)
    with desk.engine.connect() as connection:
        return {
            statement: [
                row[3]
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            ]
            for statement, values in dict(asked).items()
        }


def read_through(found: dict[str, list[str]]) -> dict[str, list[str]]:
    assert found
    return {
        statement: plan
        for statement, plan in found.items()
        if any(
            READ_THROUGH.fullmatch(line) and not any(name in line for name in FEW) for line in plan
        )
    }


def test_no_idle_step_reads_what_grows_through(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.to(Stage.KEPUTUSAN, desk.record())
        steps = [(name, step) for name, step in STEPS.items() if name not in ELSEWHERE]
        found = plans(desk, lambda: [guarded(desk.app, name, step) for name, step in steps])
    assert read_through(found) == {}


def test_the_morning_and_the_comparison_read_what_is_open_alone(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.to(Stage.KEPUTUSAN, desk.record())
        desk.clock.now += timedelta(days=1)

        def morning() -> None:
            with desk.app.writing() as work:
                reminders.send_digests(work)
                promises.tell(work)
            with desk.app.reading() as work:
                list(reconcile._gone(work.session, desk.settings, set()))
                list(reconcile._register(work.session, work.now, whole=False))

        found = plans(desk, morning)
    assert read_through(found) == {}
