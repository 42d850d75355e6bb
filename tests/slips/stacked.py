"""A large stack through the real process, read by the real reader, killed on the way: what must hold, and figures.

`tests/intake/test_scans.py` runs it small; `python bench/stack.py` with 200 pages.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import func, select

from pipeline.cases.slips import pages_done
from pipeline.data.engine import reading
from pipeline.data.tables import Slip, SlipPage, Stack
from pipeline.intake import scans
from pipeline.office.sop import TaskKind
from tests.desk import Desk, desk_in
from tests.slips import generator

CHILD = """
import sys
from pathlib import Path
from pipeline.data.engine import connect
from pipeline.intake import scans
from pipeline.work import App
from tests.desk import make_settings
settings = make_settings(Path(sys.argv[1]), scan={"folder": "pindaian", "baca": True})
scans.read_all(App(settings, connect(sys.argv[2])))
"""
PATIENCE = 90.0  # seconds for one page, on a machine that does much else


def through(folder: Path, count: int, kills: int = 1) -> dict[str, Any]:
    """Scan `count` slips as one file, read it in a process that is killed `kills` times, check that each page is read
    once and told once. AssertionError where not; else how long it took, and in how much memory (MB)."""
    with desk_in(folder, scan={"folder": "pindaian", "baca": True}) as desk:
        serials = _scan(folder, count)
        scans.collect(desk.app)
        start, watch = time.monotonic(), Watch()
        killed = [
            _until(desk, folder, count * n // (kills + 1), watch) for n in range(1, kills + 1)
        ]
        _until(desk, folder, None, watch)
        seconds = time.monotonic() - start
        with reading(desk.engine) as session:
            numbers = list(session.scalars(select(SlipPage.number).order_by(SlipPage.id)))
            found = list(session.scalars(select(Slip.serial).order_by(Slip.id)))
            (stack,) = session.scalars(select(Stack))
            tasks = [t.kind for t in desk.item_tasks(stack.item_id)]
        assert numbers == list(range(1, count + 1)), "a page was lost, or read twice"
        assert found == serials, "a slip was lost, or came twice"
        assert tasks == [TaskKind.PINDAI]
        assert {m.subject.split(" slip")[0] for m in desk.mails("tugas_pindai")} == {str(count)}
    return {"pages": count, "killed_after": killed, "seconds": round(seconds), **watch.figures()}


class Watch:
    """The memory of the process that holds the database, and of the reader below it, looked at while they run."""

    def __init__(self) -> None:
        self.own: list[int] = []
        self.reader: list[int] = []

    def look(self, process: int) -> None:
        self.own.append(_resident(process))
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            self.reader.append(_resident(int(child)))

    def figures(self) -> dict[str, Any]:
        """In MB: the most, and how much the reader had in the middle of its second and of its last quarter."""
        some = self.reader
        quarter = max(len(some) // 4, 1)
        middle = [
            sorted(part)[len(part) // 2]
            for part in (some[quarter : 2 * quarter] or some, some[-quarter:])
        ]
        return {
            "process_mb": max(self.own),
            "reader_mb": max(some),
            "reader_second_and_last_quarter_mb": middle,
        }


def _resident(process: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    except OSError:  # it has just ended
        return 0
    return int(found[1]) // 1024 if found else 0


def _scan(folder: Path, count: int) -> list[str]:
    """A PDF of so many slips, no two alike, in the scanner's folder; their serials."""
    rng = random.Random(200)
    made = [generator.scaled(generator.filled(rng, order % 2 == 1), 150) for order in range(count)]
    pages = [Image.fromarray(one.picture) for one in made]
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    path = folder / "pindaian" / "tumpukan.pdf"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(out.getvalue())
    os.utime(path, times=(time.time() - 60,) * 2)
    return [one.serial for one in made]


def _until(desk: Desk, folder: Path, pages: int | None, watch: Watch) -> int:
    """Read until so many pages are committed, then SIGKILL; None: until all are. How many there are."""
    url = desk.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", CHILD, str(folder), url]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    before, since = done(desk), time.monotonic()
    while process.poll() is None:
        watch.look(process.pid)
        now = done(desk)
        if now > before:
            before, since = now, time.monotonic()
        if pages is not None and now >= pages:
            process.send_signal(signal.SIGKILL)
        assert time.monotonic() - since < PATIENCE, f"page {before + 1} does not end"
        time.sleep(0.1)
    assert pages is not None or process.returncode == 0
    return done(desk)


def done(desk: Desk) -> int:
    """What the page for uploads shows as progress."""
    with reading(desk.engine) as session:
        item = session.scalar(select(func.min(Stack.item_id)))
        return pages_done(session, item) if item else 0
