#!/usr/bin/env python3
"""What a register of many cases costs: python bench/scale.py --cases N --database sqlite|postgresql OUT.json

Two registers are made in bulk (see loader.py), one of 10,000 cases and one of N, each with the same 200 open ones and
the same new ones of today. Each operation runs in a process of its own on both, in turns: CPU seconds (the median; with
those of PostgreSQL's server), the ratio of N to 10,000, and the most memory the process ever had, the program's own
90 MiB included. What an operation would write is undone, so that each run meets the same. Writes and prints

    {"operation": {"cpu_seconds": …, "ratio": …, "peak_mib": …}, …}

`start` is the program's own beginning; `tick` a round with nothing to do; `reconcile` without the mailbox's listing.
Audit and backup read every row: they grow with N, and their memory must not. --keep DIR keeps the registers there, and
finds them there again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import loader
import size
from sqlalchemy import Engine, func, select

from pipeline.access import links
from pipeline.cases import promises, reminders
from pipeline.cases.audit import audit
from pipeline.cases.chain import seal_day
from pipeline.data import ledger
from pipeline.data.backup import backup
from pipeline.data.engine import connect, is_current, reading, writing
from pipeline.data.tables import Complaint, Counter, Link, Task
from pipeline.intake import reconcile
from pipeline.office.sop import Stage
from pipeline.running import poller, sweep
from pipeline.web.app import create_app
from pipeline.work import Work
from tests.desk import Desk, desk_in, make_settings
from tests.fresh import fresh
from tests.kantor import TUESDAY, Clock
from tests.servers import postgres, server_folder

BASE = 10_000
OPEN = (Stage.PENERIMAAN, Stage.KLARIFIKASI, Stage.KEPUTUSAN, Stage.JAWABAN)
OPEN_EACH = 50
YEARS = 5
CAME = (
    (size.SUBJECT, size.TEXT),
    (
        "Wi-Fi taman tidak menyambung",
        "Selamat siang,\n\nWi-Fi di taman kota tidak menyambung sejak tiga hari. Saya sudah mencoba dengan dua telepon."
        "\n\nSalam,\nWarga {n}\n",
    ),
    (
        "Formulir izin tidak terkirim",
        "Yth. Admin,\n\nformulir izin di situs dinas selalu kembali ke halaman pertama setelah tombol Kirim"
        " ditekan. Berkas saya dua halaman PDF. Mohon petunjuk, karena batas waktunya minggu"
        " depan.\n\nHormat saya,\nWarga {n}\n",
    ),
    (
        "Loket tutup sebelum jamnya",
        "Loket 2 sudah tutup pukul 14.10, padahal tertulis sampai 15.00.",
    ),
)  # subject and text of each closed case that is copied
PARTS = 10  # moments over which the copies of each are spread
WITHOUT = (
    "mail",
    "reconcile",
    "seal",
    "remind",
)  # of a tick: the network; what has a line of its own


class Undone(Exception):
    """The transaction is not to be kept."""


# ---- registers -----------------------------------------------------------------------------------------------


def samples(
    folder: Path,
) -> tuple[list[loader.Sample], list[loader.Sample], list[loader.Row]]:
    """Closed cases, one of each open stage, and the bytes of their letters, made by the program itself."""
    stages = (Stage.SELESAI,) * len(CAME) + OPEN
    came = CAME * len(stages)
    with desk_in(folder) as desk:
        numbers = [size.arrive(desk, n, *came[n]) for n in range(len(stages))]
        for stage, number in zip(stages, numbers, strict=True):
            desk.to(stage, number)
        size.delivered(desk)
        desk.later(days=40)
        sweep.sweep(desk.engine, desk.clock())
        ids = [desk.complaint(number).id for number in numbers]
        desk.engine.dispose()
        path = str(desk.engine.url.database)
        every = [loader.sample(path, one) for one in ids]
        return every[: len(CAME)], every[len(CAME) :], loader.shared(path)


def fill(engine: Engine, folder: Path, cases: int, tell: Callable[[str], None]) -> None:
    """A register of so many cases, sealed but for the open ones, which came today."""
    closed, still_open, bytes_of_all = samples(folder)
    copier = loader.Copier()
    old = cases - OPEN_EACH * len(OPEN)
    parts = PARTS * len(closed)

    def copies() -> Iterator[loader.Copy]:
        for part in range(parts):
            days = (parts - part) * YEARS * 365 // parts
            many = old * (part + 1) // parts - old * part // parts
            yield from copier.copies(loader.moved(closed[part % len(closed)], days), many)
            tell(f"{copier.count} of {cases}")

    loader.load_many(engine, copies(), bytes_of_all)
    desk = Desk(make_settings(folder), engine, Clock(TUESDAY - timedelta(days=1)))
    with desk.work() as work:
        seal_day(work, (TUESDAY - timedelta(days=2)).date())
    with writing(engine) as session:
        ledger.agree(session)  # as every day's comparison does
    of_today = (copier.copies(one, OPEN_EACH) for one in still_open)
    loader.load(engine, chain.from_iterable(of_today))
    with writing(engine) as session:
        session.add_all(
            [Counter(name=f"register:{year}", value=value) for year, value in copier.years.items()]
        )


# ---- operations ----------------------------------------------------------------------------------------------


def _undone(desk: Desk, step: Callable[[Work], object]) -> None:
    try:
        with desk.app.writing() as work:
            step(work)
            work.session.flush()
            raise Undone
    except Undone:
        pass


def start(desk: Desk) -> None:
    engine = connect(desk.engine.url.render_as_string(hide_password=False))
    assert is_current(engine)
    create_app(desk.settings, engine, desk.clock)
    engine.dispose()


def tick(desk: Desk) -> None:
    for name, step in poller.STEPS.items():
        if name not in WITHOUT:
            assert poller.guarded(desk.app, name, step) is not None, name


def remind(desk: Desk) -> None:
    desk_later = Desk(desk.settings, desk.engine, Clock(desk.clock.now + timedelta(days=7)))
    with desk_later.app.reading() as work:
        due = reminders.due_for_reminder(work)
    assert due
    _undone(desk_later, lambda work: [reminders.remind(work, task_id) for task_id in due[:20]])


def digest(desk: Desk) -> None:
    later = Desk(desk.settings, desk.engine, Clock(desk.clock.now + timedelta(days=1)))
    with later.app.reading() as work:
        assert reminders.digest_waits(work)
    _undone(later, lambda work: (reminders.send_digests(work), promises.tell(work)))


def seal(desk: Desk) -> None:
    _undone(desk, lambda work: seal_day(work, (work.now - timedelta(days=1)).date()))


def compare(desk: Desk) -> None:
    with reading(desk.engine) as session:
        found = [
            *reconcile._gone(session, desk.settings, set()),
            *reconcile._register(session, desk.clock(), whole=False),
        ]
    assert found is not None


def whole_audit(desk: Desk) -> None:
    with reading(desk.engine) as session:
        faults = [fault for _place, found in audit(session) for fault in found]
    assert not faults, faults[:3]


def status_page(desk: Desk) -> None:
    with reading(desk.engine) as session:
        newest = session.scalar(select(func.max(Complaint.id)))
        code = session.get_one(Complaint, newest).status_code
    assert _site(desk).get(f"/s/{code}").status_code == 200


def action_page(desk: Desk) -> None:
    if not _paths:
        _paths.append(_action_link(desk))
    assert _site(desk).get(_paths[0]).status_code == 200


def _action_link(desk: Desk) -> str:
    """The newest link of an open task; looked for once, for that takes longer than the page."""
    with reading(desk.engine) as session:
        query = select(Link.id).join(Task, Task.id == Link.task_id).where(Task.closed_at.is_(None))
        token = links.token(
            session,
            desk.settings.keys,
            session.scalars(query.order_by(Link.id.desc()).limit(1)).first() or 0,
        )
    return f"/t/{token}"


_sites: list[Any] = []
_paths: list[str] = []


def _site(desk: Desk) -> Any:
    if not _sites:
        _sites.append(create_app(desk.settings, desk.engine, desk.clock).test_client())
    return _sites[0]


def whole_backup(desk: Desk) -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCALE_DIR")) as name:
        backup(desk.engine, Path(name) / "cadangan.db")


OPERATIONS: dict[str, tuple[Callable[[Desk], None], int]] = {
    "start": (start, 5),
    "tick": (tick, 40),
    "reminders": (remind, 3),
    "digest": (digest, 3),
    "seal": (seal, 5),
    "reconcile": (compare, 5),
    "status_page": (status_page, 40),
    "action_page": (action_page, 40),
    "audit": (whole_audit, 1),
    "backup": (whole_backup, 1),
}  # name: what runs, and how often after the first time; the median counts


def child(url: str, name: str, server: int) -> dict[str, float]:
    """One operation in this process."""
    step, times = OPERATIONS[name]
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(make_settings(Path(folder)), connect(url), Clock(TUESDAY + timedelta(hours=1)))
        if times > 1:
            step(desk)
        spent = [_spent(step, desk, server) for _ in range(times)]
        desk.engine.dispose()
    return {"cpu_seconds": statistics.median(spent), "peak_mib": _peak()}


def _peak() -> float:
    """MiB; not `ru_maxrss`, which a process has from who started it."""
    [line] = [
        one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")
    ]
    return int(line.split()[1]) / 1024


def _spent(step: Callable[[Desk], None], desk: Desk, server: int) -> float:
    before = time.process_time() + _of_server(server)
    step(desk)
    return time.process_time() + _of_server(server) - before


def _of_server(pid: int) -> float:
    """CPU seconds of PostgreSQL's processes, also of those that have ended."""
    if not pid:
        return 0.0
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(path.parent.name) == pid:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(url: str, name: str, server: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", name, "--url", url, "--server", str(server)]
    return dict(
        json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    )


# ---- the run -------------------------------------------------------------------------------------------------


@contextmanager
def registers(
    database: str, sizes: list[int], keep: Path | None
) -> Iterator[tuple[dict[int, str], int]]:
    """({cases: URL}, PostgreSQL's pid or 0)."""
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = None
        if database == "postgresql":
            server = stack.enter_context(postgres(stack.enter_context(server_folder())))
        urls = {}
        for cases in sizes:
            urls[cases] = (
                server.database(f"c{cases}") if server else f"sqlite:///{folder / f'{cases}.db'}"
            )
            if server or not (folder / f"{cases}.db").exists():
                _make(urls[cases], cases)
        yield urls, _pid_at(server.port) if server else 0


def _make(url: str, cases: int) -> None:
    begun = time.monotonic()
    path = Path(url.removeprefix("sqlite:///"))
    engine = fresh(url, path.parent)
    with tempfile.TemporaryDirectory() as name:
        fill(engine, Path(name), cases, lambda said: None)
    engine.dispose()
    print(f"{cases} cases in {time.monotonic() - begun:.0f} s", file=sys.stderr)


def _pid_at(port: int) -> int:
    """The postmaster that listens at a port."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if words[0].endswith(b"postgres") and str(port).encode() in words:
            return int(path.parent.name)
    return 0


def run(
    cases: int, base: int, database: str, only: list[str], keep: Path | None
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    with registers(database, sorted({base, cases}), keep) as (urls, server):
        for name in only or OPERATIONS:
            small = measure(urls[base], name, server)
            large = measure(urls[cases], name, server) if cases != base else small
            found[name] = {
                "cpu_seconds": round(large["cpu_seconds"], 5),
                "ratio": round(large["cpu_seconds"] / max(small["cpu_seconds"], 1e-5), 2),
                "peak_mib": round(large["peak_mib"]),
            }
            print(name, found[name], file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--base", type=int, default=BASE, help="what the ratio is to")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--only", nargs="*", default=[], help="operations")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--server", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("out", type=Path, nargs="?")
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.url, given.child, given.server)))
        return 0
    found = run(given.cases, given.base, given.database, given.only, given.keep)
    text = json.dumps(found, indent=2)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
