#!/usr/bin/env python3
"""The page of a task at 200 and at 100,000 cases, opened by 20 people at once over HTTP: p95 in milliseconds and ratio.

python bench/action_page.py [CASES …]. Both sizes are measured in turns in the same run, so that the ratio holds on a
noisy machine. The cases are copies of one at langkah 3, row by row: its tasks, history, links and mails.
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, insert, select, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.access import links
from pipeline.data.engine import reading
from pipeline.data.tables import Base, Complaint, Document, Event, Link, Outbox, Payload, Task
from pipeline.office.sop import Stage
from pipeline.web import serving
from pipeline.web.app import create_app
from tests.desk import Desk, desk_in

CLIENTS, REQUESTS, ROUNDS = 20, 15, 4
STEP = 1_000  # ids of one case lie within so many
BATCH = 2_000


def clone(desk: Desk, cases: int) -> None:
    """Copy the one case of the desk until there are so many."""
    tables: list[type[Base]] = [Complaint, Task, Event, Payload, Document, Link, Outbox]
    with desk.engine.connect() as connection:
        rows = {
            t: [dict(r) for r in connection.execute(select(t.__table__)).mappings()] for t in tables
        }
        connection.exec_driver_sql("COMMIT")
    with desk.engine.begin() as connection:
        for begin in range(1, cases, BATCH):
            for table in tables:
                made = [
                    _copy(table, r, n)
                    for n in range(begin, min(cases, begin + BATCH))
                    for r in rows[table]
                ]
                if made:
                    connection.execute(insert(_table(table)), made)
    with desk.engine.connect() as connection:
        connection.execute(text("ANALYZE"))


def _table(of: type[Base]) -> Table:
    assert isinstance(of.__table__, Table)
    return of.__table__


def _copy(table: type[Base], row: dict[str, Any], n: int) -> dict[str, Any]:
    shifted = {
        name: row[name] + n * STEP
        for name in ("id", "complaint_id", "task_id", "event_id")
        if row.get(name)
    }
    unique = {
        "number": f"PGD-2026-{n + 1:06d}",
        "status_code": f"{n:016d}",
        "message_id": f"<{n}.{row.get('id')}@kominfo.example>",
        "email": f"warga{n}@warga.example",
        "thread_id": f"<{n}@warga.example>",
    }
    return {**row, **shifted, **{name: value for name, value in unique.items() if row.get(name)}}


def tokens(engine: Engine, keys: tuple[bytes, ...], cases: int) -> list[str]:
    """Links of the Kepala Dinas to open tasks of cases all over the table."""
    chosen = random.Random(1).sample(range(cases), min(cases, 150))
    with reading(engine) as session:
        first = (
            session.scalars(
                select(Link.id).where(Link.holder == "kepala").order_by(Link.id)
            ).first()
            or 0
        )
        return [links.token(session, keys, first + n * STEP) for n in chosen]


def measure(port: int, paths: list[str]) -> list[float]:
    """Milliseconds of each request of 20 clients at once."""
    took: list[float] = []
    start = threading.Barrier(CLIENTS)

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        start.wait()
        for turn in range(REQUESTS):
            began = time.perf_counter()
            connection.request("GET", paths[(number * REQUESTS + turn) % len(paths)])
            answer = connection.getresponse()
            body = answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, answer.status
            assert b"Mohon keputusan" in body

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def main() -> None:
    sizes = [int(a) for a in sys.argv[1:]] or [200, 100_000]
    with tempfile.TemporaryDirectory() as name:
        served: dict[int, tuple[int, list[str]]] = {}
        for size in sizes:
            folder = Path(name) / str(size)
            folder.mkdir()
            context = desk_in(folder)
            desk = context.__enter__()
            desk.to(Stage.KEPUTUSAN)
            clone(desk, size)
            site = create_app(desk.settings, desk.engine, desk.clock)
            server = serving.Server(site, "127.0.0.1", 0)
            server.start()
            paths = [f"/t/{token}" for token in tokens(desk.engine, desk.settings.keys, size)]
            served[size] = (server.port, paths)
            measure(*served[size])  # warm
        took: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(ROUNDS):
            for size in sizes:
                took[size] += measure(*served[size])
    p95 = {size: statistics.quantiles(found, n=20)[18] for size, found in took.items()}
    median = {size: statistics.median(found) for size, found in took.items()}
    print(
        json.dumps(
            {
                "clients": CLIENTS,
                "requests": CLIENTS * REQUESTS * ROUNDS,
                "p95_ms": {str(s): round(v, 1) for s, v in p95.items()},
                "median_ms": {str(s): round(v, 1) for s, v in median.items()},
                "p95_ratio": round(p95[sizes[-1]] / p95[sizes[0]], 2),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
