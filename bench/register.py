#!/usr/bin/env python3
"""The register at 10,000 cases and at many more: CPU of page, search, filters, report and spreadsheet.

python bench/register.py [--cases 100000] [--database sqlite|postgresql] [--requests 25] [OUT.json]

Both sizes are measured in turns in the same run. An office takes 50,000 cases a year at either size: more cases are
more years. Each operation gets cpu_seconds (p95 of the requests; of the server too, with PostgreSQL), its ratio to
10,000, and peak_mib, the highest resident set of this process while it ran (Linux).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.access import links
from pipeline.data.engine import reading
from pipeline.data.tables import Closing, Complaint, Link, Task
from pipeline.office.sop import Channel, Decision, Stage, TaskKind
from pipeline.register import report, sheet
from pipeline.register.book import Filter
from pipeline.register.period import last_before
from pipeline.web.app import create_app
from pipeline.work import Work
from tests import servers
from tests.desk import Desk, desk_in

SMALL = 10_000
A_YEAR = 50_000
BATCH = 5_000
WORDS = Path(__file__).resolve().parents[1] / "pipeline" / "slips" / "kata.txt"
STEPS = (
    TaskKind.CATAT,
    TaskKind.KLARIFIKASI,
    TaskKind.KEPUTUSAN,
    TaskKind.JAWABAN,
    TaskKind.TANDA_TANGAN,
    TaskKind.PENYAMPAIAN,
)
SPANS = (0.02, 0.1, 4, 0.3, 0.5, 0.2)  # days that each takes on the average
PAGES = {
    "page": "",
    "search_rare": "?q=xkatalangka",
    "search_common": "?q=jalan",
    "search_two_words": "?q=lampu+jalan",
    "search_telephone": "?q=0812+0000+0007",
    "search_nothing": "?q=tidakadasamasekali",
    "filter_channel": "?kanal=surat",
    "filter_category": "?kategori=aplikasi",
    "filter_class": "?klasifikasi=informasi",
    "filter_unit": "?unit=umum",
    "filter_decision": "?keputusan=ditolak",
    "filter_late": "?waktu=terlambat",
    "filter_month": "?bulan={month}",
    "filter_days_and_search": "?q=jalan&dari={month}-01&sampai={month}-15",
    "sort_limit": "?urut=batas",
    "page_far": "?hal=100",
}


@dataclass
class Measured:
    """One office of one size."""

    desk: Desk
    client: FlaskClient
    url: str
    took: dict[str, list[float]] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)


# ---- rows ----------------------------------------------------------------------------------------------------


def load(desk: Desk, cases: int) -> None:
    """Realistic rows in bulk: words, categories, ends; the newest ones still run, some of them late."""
    chance = random.Random(cases)
    words = WORDS.read_text("utf-8").split()[:4_000]
    columns = {
        c.name: "" for c in Complaint.__table__.columns if not c.nullable and str(c.type) == "TEXT"
    }
    first = desk.clock.now - timedelta(days=365 * cases / A_YEAR)
    with desk.engine.begin() as connection:
        task_id = 1_000
        for begin in range(0, cases, BATCH):
            numbers = range(begin, min(cases, begin + BATCH))
            made = [_case(desk, chance, words, columns, first, n) for n in numbers]
            tasks = [row for one in made for row in _tasks(chance, one, desk.clock.now)]
            for row in tasks:
                task_id += 1
                row["id"] = task_id
            connection.execute(insert(Complaint.__table__), made)  # type: ignore[arg-type]
            connection.execute(insert(Task.__table__), tasks)  # type: ignore[arg-type]
            ends = [_end(one) for one in made if one["closed_at"]]
            connection.execute(insert(Closing.__table__), ends)  # type: ignore[arg-type]
    with desk.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _case(
    desk: Desk,
    chance: random.Random,
    words: list[str],
    columns: dict[str, str],
    first: datetime,
    n: int,
) -> dict[str, Any]:
    at = first + timedelta(days=365 * n / A_YEAR)
    took = timedelta(days=sum(SPANS) * chance.uniform(0.3, 2))
    over = at + took < desk.clock.now
    said = " ".join(chance.choices(words, k=40))
    rare = " xkatalangka" if n % 4_999 == 7 else ""
    decision = chance.choices(list(Decision), (8, 1, 1))[0] if over else None
    stage = Stage.SELESAI if over else chance.choice((Stage.KLARIFIKASI, Stage.KEPUTUSAN))
    end = at + took if over else None
    return {
        **columns,
        "id": n + 1_000,
        "number": f"PGD-{at.year}-{n + 1_000:07d}",
        "year": at.year,
        "stage": stage,
        "channel": chance.choices(list(Channel), (50, 20, 10, 15, 5))[0],
        "received_at": at,
        "recorded_at": at,
        "closed_at": end,
        "status_code": f"{n + 1_000:016d}",
        "nama": f"{chance.choice(words)} {chance.choice(words)}".title(),
        "alamat": f"Jalan {chance.choice(words)} {n % 90}",
        "telepon": f"0812-{n // 10_000:04d}-{n % 10_000:04d}",
        "perihal": f"{chance.choice(('Lampu', 'Wi-Fi', 'Situs', 'Petugas'))} {chance.choice(words)}",
        "isi": f"{said} jalan{rare}",
        "ringkasan": " ".join(said.split()[:12]),
        "kategori": chance.choice(desk.settings.kategori).kode,
        "klasifikasi": chance.choice(desk.settings.klasifikasi).kode,
        "unit": chance.choice(desk.settings.unit).kode,
        "prioritas": "biasa",
        "rahasia": n % 50 == 0,
        "lampiran_terbuka": False,
        "teks_terbuka": False,
        "lengkap_at": at + timedelta(minutes=20),
        "decision": decision,
        "decided_at": at + took * 0.8 if over else None,
        "delivery": "email" if over else "",
        "delivered_at": end,
        "answered_at": end,
    }


def _tasks(chance: random.Random, one: dict[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
    at, end = one["received_at"], one["closed_at"]
    if end is None:
        due = at + timedelta(days=chance.uniform(0.5, 20))
        kind = TaskKind.KLARIFIKASI if one["stage"] is Stage.KLARIFIKASI else TaskKind.KEPUTUSAN
        yield _task(one["id"], kind, at, due, None)
        return
    whole = sum(SPANS)
    for kind, share in zip(STEPS, SPANS, strict=True):
        closed = at + (end - one["received_at"]) * share / whole
        yield _task(
            one["id"], kind, at, at + timedelta(days=share * chance.choice((1.1, 3))), closed
        )
        at = closed


def _task(
    case: int, kind: TaskKind, opened: datetime, due: datetime, closed: datetime | None
) -> dict[str, Any]:
    return {
        "complaint_id": case,
        "kind": kind,
        "holder": "",
        "note": "",
        "opened_at": opened,
        "due_at": due,
        "paused_minutes": 0,
        "extended": False,
        "reminders": 0,
        "closed_at": closed,
        "closed_by": "",
        "outcome": "" if closed is None else "selesai",
    }


def _end(one: dict[str, Any]) -> dict[str, Any]:
    refused = one["decision"] in (Decision.DITOLAK, Decision.BUKAN_WEWENANG)
    how = str(one["decision"]) if refused else "selesai"
    return {"complaint_id": one["id"], "at": one["closed_at"], "how": how, "reopened_at": None}


# ---- measuring -----------------------------------------------------------------------------------------------


def cpu(postgres: Path | None) -> float:
    """CPU seconds of this process, and of the server's: of the one whose folder this is, for others may run beside it.
    Of a child that has ended the server itself keeps account."""
    own = time.process_time()
    if postgres is None:
        return own
    server = int((postgres / "data" / "postmaster.pid").read_text().split()[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            numbers = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == server:
            ticks += sum(map(int, numbers[11:15]))  # with children that have ended
        elif int(numbers[1]) == server:
            ticks += sum(map(int, numbers[11:13]))
    return own + ticks / 100


def peak_reset() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def timed(one: Measured, name: str, postgres: Path | None, run: Callable[[], object]) -> None:
    peak_reset()
    begun = cpu(postgres)
    run()
    one.took.setdefault(name, []).append(cpu(postgres) - begun)
    one.peak[name] = max(one.peak.get(name, 0.0), peak_mib())


def get(one: Measured, path: str) -> None:
    answer = one.client.get(one.url + path)
    assert answer.status_code == 200, (path, answer.status_code)
    assert b"</html>" in answer.data


def year_report(one: Measured) -> None:
    with reading(one.desk.engine) as session:
        work = Work(session, one.desk.settings, one.desk.clock())
        period = last_before("tahun", one.desk.clock.now.date() + timedelta(days=366))
        report.docx(work, report.gather(work, period))


def year_sheet(one: Measured) -> None:
    """The last 365 days: at the larger size, 50,000 rows."""
    day = one.desk.clock.now.date()
    with reading(one.desk.engine) as session, tempfile.TemporaryFile() as file:
        work = Work(session, one.desk.settings, one.desk.clock())
        sheet.write(file, work, Filter(first=day - timedelta(days=365), last=day))


def opened(stack: ExitStack, folder: Path, url: str, cases: int) -> Measured:
    desk = stack.enter_context(desk_in(folder, url, web={"kode_peramban": False}))
    desk.to(Stage.KLARIFIKASI)
    begun = time.perf_counter()
    load(desk, cases)
    print(f"{cases} cases loaded in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    client = create_app(desk.settings, desk.engine, desk.clock).test_client()
    return Measured(desk, client, f"/t/{_token(desk.engine, desk)}/buku")


def _token(engine: Engine, desk: Desk) -> str:
    with reading(engine) as session:
        newest = select(Link.id).where(Link.holder == "sekretaris").order_by(Link.id.desc())
        return links.token(session, desk.settings.keys, session.scalars(newest).first() or 0)


def measure(sizes: dict[int, Measured], postgres: Path | None, requests: int) -> None:
    month = f"{next(iter(sizes.values())).desk.clock.now:%Y-%m}"
    for path in PAGES.values():  # warm
        for one in sizes.values():
            get(one, path.format(month=month))
    for _turn in range(requests):
        for name, path in PAGES.items():
            for one in sizes.values():
                timed(one, name, postgres, lambda o=one, p=path: get(o, p.format(month=month)))  # type: ignore[misc]
    for one in sizes.values():
        timed(one, "report_of_a_year", postgres, lambda o=one: year_report(o))  # type: ignore[misc]
        timed(one, "xlsx_of_a_year", postgres, lambda o=one: year_sheet(o))  # type: ignore[misc]


def p95(values: list[float]) -> float:
    return values[0] if len(values) == 1 else statistics.quantiles(values, n=20)[18]


def table(small: Measured, large: Measured) -> dict[str, dict[str, float]]:
    return {
        name: {
            "cpu_seconds": round(p95(took), 4),
            "ratio": round(
                statistics.median(took) / max(statistics.median(small.took[name]), 1e-9), 2
            ),
            "peak_mib": round(large.peak[name], 1),
        }
        for name, took in large.took.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--requests", type=int, default=25, help="of each page, at each size")
    parser.add_argument("out", type=Path, nargs="?")
    asked = parser.parse_args()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = server_folder = None
        if asked.database == "postgresql":
            server_folder = stack.enter_context(servers.server_folder())
            made = stack.enter_context(servers.postgres(server_folder))
        sizes = {}
        for size in dict.fromkeys((SMALL, asked.cases)):
            folder = root / str(size)
            folder.mkdir()
            sizes[size] = opened(stack, folder, made.database(f"buku_{size}") if made else "", size)
        measure(sizes, server_folder, asked.requests)
        found = {
            "cases": asked.cases,
            "database": asked.database,
            **table(sizes[SMALL], sizes[asked.cases]),
        }
    written = json.dumps(found, indent=1) + "\n"
    if asked.out:
        asked.out.write_text(written, "utf-8")
    print(written, end="")


if __name__ == "__main__":
    main()
