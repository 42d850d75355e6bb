"""The page of a task asks the database nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from pipeline.access import links
from pipeline.data.engine import reading
from pipeline.data.tables import Link, Task
from pipeline.office.sop import Stage
from pipeline.web.app import create_app
from tests.desk import Desk, desk_in


def address(desk: Desk) -> str:
    """The newest link of an open task."""
    with reading(desk.engine) as session:
        newest = select(Link.id).join(Task, Task.id == Link.task_id)
        newest = newest.where(Task.closed_at.is_(None)).order_by(Link.id.desc()).limit(1)
        return f"/t/{links.token(session, desk.settings.keys, session.scalars(newest).one())}"


@pytest.mark.parametrize("stage", [Stage.KLARIFIKASI, Stage.KEPUTUSAN, Stage.JAWABAN])
def test_a_page_asks_for_nothing_twice(tmp_path: Path, stage: Stage) -> None:
    with desk_in(tmp_path) as desk:
        desk.to(stage, desk.record())
        page = create_app(desk.settings, desk.engine, desk.clock).test_client()
        path = address(desk)
        asked: list[tuple[str, str]] = []

        @event.listens_for(desk.engine, "before_cursor_execute")
        def _note(_c: object, _k: object, statement: str, values: Any, *_more: object) -> None:
            asked.append((statement, repr(values)))

        assert page.get(path).status_code == 200
    twice = {pair for pair, times in Counter(asked).items() if times > 1 and pair[0] != "BEGIN"}
    assert twice == set()
    assert len(asked) <= 25
