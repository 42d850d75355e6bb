"""Fifty presses on one task at once, over the application as it is served, on both databases: one act, and whoever
typed something else is shown it again."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.access import browsers
from pipeline.data.engine import writing
from pipeline.office.sop import EventKind, Stage, TaskKind
from tests.kantor import Office, office

PRESSES = 50


def press_together(kantor: Office, task: str, cookie: str, fields: dict[str, str]) -> Counter[str]:
    """Where fifty browsers are led that press the same button at the same moment."""
    start = threading.Barrier(PRESSES)

    def press(number: int) -> str:
        client = kantor.web.application.test_client()
        client.set_cookie(kantor.cookie("sekretaris"), cookie, path="/")
        start.wait(60)
        answer = client.post(task, data={**fields, "hasil": f"{fields['hasil']} {number:02}."})
        return f"{answer.status_code} {answer.headers.get('Location', '').removeprefix(task)}"

    with ThreadPoolExecutor(PRESSES) as pool:
        return Counter(pool.map(press, range(PRESSES)))


def test_fifty_presses_at_once_are_one_act(database_url: str, tmp_path: Path) -> None:
    with office(tmp_path, database_url=database_url) as kantor:
        kantor.to_clarification()
        with writing(kantor.engine) as session:
            cookie = browsers.remember(
                session, kantor.settings.keys, kantor.person("sekretaris"), "", kantor.clock()
            )
        task = urlsplit(kantor.link("sekretaris", "laporkan_kepala")).path
        led = press_together(
            kantor,
            task,
            cookie,
            {"aksi": "laporkan_kepala", "hasil": "Benar padam.", "unit": "tidak_ada"},
        )
        assert led == {"303 ?selesai": 1, "409 ": PRESSES - 1}  # each typed words of its own
        assert kantor.stage() is Stage.KEPUTUSAN
        assert kantor.events().count(EventKind.REPORTED) == 1
        assert len(kantor.tasks(TaskKind.KEPUTUSAN)) == 1
        assert len(kantor.outbox("tugas_keputusan")) == 1
        assert kantor.audit() == []
