"""An idle office costs the same however many mails it has written: no step reads the outbox through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event

from pipeline.running.poller import STEPS, guarded
from tests.desk import desk_in

ELSEWHERE = ("mail", "seal", "reconcile")  # the network; what reads what is new


def test_no_idle_step_reads_the_outbox_through(tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []
    with desk_in(tmp_path) as desk:
        desk.record()

        @event.listens_for(desk.engine, "before_cursor_execute")
        def _note(_c: object, _k: object, statement: str, values: Any, *_more: object) -> None:
            if "FROM outbox" in statement and statement.startswith("SELECT"):
                asked.append((statement, values))

        for name, step in STEPS.items():
            if name not in ELSEWHERE:
                guarded(desk.app, name, step)
        found = set(asked)
        with desk.engine.connect() as connection:
            plans = {
                statement: [
                    row[3]
                    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                ]
                for statement, values in found
            }
    assert plans
    read_through = {
        statement: plan
        for statement, plan in plans.items()
        if any(line == "SCAN outbox" for line in plan)
    }
    assert read_through == {}
