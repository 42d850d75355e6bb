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
from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, select

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import loader

from pipeline.access import links
from pipeline.data.engine import reading
from pipeline.data.tables import Base, Complaint, Link, UtcTime
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
RUNNING = 5_000  # beside the year that is copied: more than a month, of which some still run
FIRST = 1_000  # id of the first case
IDS = 10  # ids that the tasks of a case take
BATCH = 5_000
COMPLAINT, *_others = COPIED = tuple(
    Base.metadata.tables[n] for n in ("complaint", "task", "closing")
)
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
    "filter_two": "?kategori=aplikasi&kanal=surat",
    "filter_rare": "?kategori=aplikasi&kanal=surat&keputusan=ditolak&unit=umum",
    "filter_and_search": "?q=jalan&kategori=aplikasi&kanal=surat",
    "filter_year": "?dari={year}-01-01&sampai={year}-12-31",
    "filter_year_and_search": "?q=jalan&dari={year}-01-01&sampai={year}-12-31",
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
    """Realistic rows in bulk: words, categories, ends; the newest ones still run, some of them late. A little more than
    the last year is written one by one; the database itself copies it into the years before, oldest first, as a
    register grows."""
    with loader.unindexed(desk.engine), desk.engine.begin() as connection:
        if desk.engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA cache_size=-{loader.ROOM}")
        newest = min(cases, A_YEAR + RUNNING)
        for one in COPIED:
            of = f"CREATE TEMPORARY TABLE newest_{one.name} AS SELECT * FROM {one.name} WHERE 1 = 0"
            connection.exec_driver_sql(of)
        _write_newest(connection, desk, cases, newest)
        for years in range(-(-(cases - newest) // A_YEAR), -1, -1):
            for one in COPIED:
                connection.exec_driver_sql(
                    _copy(one, desk.engine.dialect.name, years, cases - newest)
                )


def _write_newest(connection: Connection, desk: Desk, cases: int, newest: int) -> None:
    chance = random.Random(cases)
    words = WORDS.read_text("utf-8").split()[:4_000]
    columns = {
        c.name: ""
        for c in Complaint.__table__.columns
        if not c.nullable and isinstance(c.type, String)
    }
    into = [
        Table(f"newest_{one.name}", MetaData(), *(Column(c.name, c.type) for c in one.columns))
        for one in COPIED
    ]
    for begin in range(cases - newest, cases, BATCH):
        numbers = range(begin, min(cases, begin + BATCH))
        made = [_case(desk, chance, words, columns, cases, n) for n in numbers]
        tasks = [row for one in made for row in _tasks(chance, one)]
        ends = [_end(one) for one in made if one["closed_at"]]
        for table, rows in zip(into, (made, tasks, ends), strict=True):
            connection.execute(insert(table), rows)


def _copy(one: Table, dialect: str, years: int, first: int) -> str:
    """The SQL that puts the newest rows into a table, so many years earlier; with 0 themselves. `first`: before which
    number those begin that were written."""
    case = "id" if one is COMPLAINT else "complaint_id"
    moved = {c.name: _moved(c, dialect, years) for c in one.columns if c.name != "id"}
    moved["id"] = f"id - {years * A_YEAR * (1 if one is COMPLAINT else IDS)}"
    if one is COMPLAINT:
        moved["status_code"] = _padded(f"({moved['id']})", 16, dialect)
        year = f"substr(CAST({moved['received_at']} AS TEXT), 1, 4)"
        number = _padded(f"({moved['id']})", 7, dialect)
        moved |= {
            "year": f"CAST({year} AS INTEGER)",
            "number": f"'PGD-' || {year} || '-' || {number}",
        }
    least, most = FIRST + years * A_YEAR, FIRST + first + A_YEAR
    which = f"{case} >= {least} AND {case} < {most}" if years else "1 = 1"
    into, said = ", ".join(moved), ", ".join(moved.values())
    return f"INSERT INTO {one.name} ({into}) SELECT {said} FROM newest_{one.name} WHERE {which} ORDER BY id"


def _moved(column: Column[Any], dialect: str, years: int) -> str:
    """A column as it stands, a time some years earlier, a case's id that of the copy."""
    if column.name == "complaint_id":
        return f"complaint_id - {years * A_YEAR}"
    if not years or not isinstance(column.type, UtcTime):
        return column.name
    days = 365 * years
    if dialect == "postgresql":
        return f"{column.name} - INTERVAL '{days} days'"
    return f"strftime('%Y-%m-%d %H:%M:%f', {column.name}, '-{days} days') || '000'"


def _padded(number: str, digits: int, dialect: str) -> str:
    if dialect == "postgresql":
        return f"lpad(CAST({number} AS TEXT), {digits}, '0')"
    return f"printf('%0{digits}d', {number})"


def _case(
    desk: Desk,
    chance: random.Random,
    words: list[str],
    columns: dict[str, str],
    cases: int,
    n: int,
) -> dict[str, Any]:
    at = desk.clock.now - timedelta(days=365 * (cases - n) / A_YEAR)
    took = timedelta(days=sum(SPANS) * chance.uniform(0.3, 2))
    over = at + took < desk.clock.now
    said = " ".join(chance.choices(words, k=40))
    rare = " xkatalangka" if n % 4_999 == 7 else ""
    decision = chance.choices(list(Decision), (8, 1, 1))[0] if over else None
    stage = Stage.SELESAI if over else chance.choice((Stage.KLARIFIKASI, Stage.KEPUTUSAN))
    end = at + took if over else None
    return {
        **columns,
        "id": n + FIRST,
        "number": f"PGD-{at.year}-{n + FIRST:07d}",
        "year": at.year,
        "stage": stage,
        "channel": chance.choices(list(Channel), (50, 20, 10, 15, 5))[0],
        "received_at": at,
        "recorded_at": at,
        "closed_at": end,
        "status_code": f"{n + FIRST:016d}",
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


def _tasks(chance: random.Random, one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at, end = one["received_at"], one["closed_at"]
    if end is None:
        due = at + timedelta(days=chance.uniform(0.5, 20))
        kind = TaskKind.KLARIFIKASI if one["stage"] is Stage.KLARIFIKASI else TaskKind.KEPUTUSAN
        yield _task(one["id"], 0, kind, at, due, None)
        return
    whole = sum(SPANS)
    for order, (kind, share) in enumerate(zip(STEPS, SPANS, strict=True)):
        closed = at + (end - one["received_at"]) * share / whole
        due = at + timedelta(days=share * chance.choice((1.1, 3)))
        yield _task(one["id"], order, kind, at, due, closed)
        at = closed


def _task(
    case: int,
    order: int,
    kind: TaskKind,
    opened: datetime,
    due: datetime,
    closed: datetime | None,
) -> dict[str, Any]:
    return {
        "id": case * IDS + order,
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
    ids = {"id": one["id"] * IDS, "complaint_id": one["id"]}
    return {**ids, "at": one["closed_at"], "how": how, "reopened_at": None}


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
            get(one, path.format(month=month, year=month[:4]))
    for _turn in range(requests):
        for name, path in PAGES.items():
            for one in sizes.values():
                address = path.format(month=month, year=month[:4])
                timed(one, name, postgres, lambda o=one, p=address: get(o, p))  # type: ignore[misc]
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
