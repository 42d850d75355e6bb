"""Scans → slips: files out of the scanner's folder, then page by page through the reader, in a lane of its own.

Hides files that are still being written, and that a process may be killed at any page: each page is committed by
itself, so that the next process goes on where this one ended. What a page does to the reader holds that page alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from pipeline import cases, db, intake, jobs, ledger, store
from pipeline.cases import Work
from pipeline.config import Settings
from pipeline.db import Item, Job, reading, writing
from pipeline.ledger import Arrival
from pipeline.slips import units
from pipeline.slips.worker import Broken, Worker
from pipeline.words import word

log = logging.getLogger(__name__)
SUFFIXES = frozenset({".pdf", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".heic", ".heif", ".webp", ".bmp"})
STILL = timedelta(seconds=3)  # a file of the scanner's share is taken when nobody has written to it for so long
MAX_BYTES = 200 * 2**20
Clock = Callable[[], datetime]


# ---- the folder ----------------------------------------------------------------------------------------------


def collect(engine: Engine, settings: Settings, clock: Clock) -> int:
    """Take files out of the scanner's folder: bytes committed first, then moved to diproses/ (or ditahan/)."""
    folder = settings.path(settings.scan.folder)
    found = [path for path in sorted(folder.iterdir()) if _is_still(path)] if folder.is_dir() else []
    faults = []
    for path in found:
        try:
            _take(engine, settings, clock, folder, path)
        except (OSError, ValueError) as error:  # one file must not hold up the next
            faults.append(f"{type(error).__name__}: {error}")
    if faults:
        raise OSError("; ".join(faults))
    return len(found)


def _take(engine: Engine, settings: Settings, clock: Clock, folder: Path, path: Path) -> None:
    status = path.stat()
    at, whole = datetime.fromtimestamp(status.st_mtime, UTC), status.st_size <= MAX_BYTES
    place, name = (os.fsencode(p).decode("utf-8", "replace") for p in (path, path.name))
    content = path.read_bytes() if whole else f"{name}: {status.st_size}".encode()
    with writing(engine) as session:
        arrival = Arrival("pindaian", place, int(at.timestamp()), 0, at, name)
        (item,) = ledger.receive(session, "scan", [(content, arrival)], clock())
        if not whole:
            intake.hold_scan(Work(session, settings, clock()), item, word("slip.masalah.terlalu_besar"))
        item_id = item.id
    state = intake.take_in(engine, settings, item_id, clock)
    _put_away(path, folder / ("ditahan" if state == "held" else "diproses"))


def _is_still(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.suffix.lower() not in SUFFIXES:
        return False
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return datetime.now(UTC) - changed > STILL


def _put_away(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    order = 1
    while target.exists():
        order += 1
        target = folder / f"{path.stem}-{order}{path.suffix}"
    path.rename(target)


# ---- reading -------------------------------------------------------------------------------------------------


def read_all(engine: Engine, settings: Settings, clock: Clock) -> int:
    """Read the scans that wait, unless another process is at it; how many slips were found."""
    with db.lease(engine, "slips") as mine:
        if not mine:
            return 0
        with reading(engine) as session:
            waiting = [(job.id, job.subject_id) for job in jobs.due(session, cases.READ_STACK, clock())]
        return sum(_read(engine, settings, clock, job_id, item_id) for job_id, item_id in waiting)


def _read(engine: Engine, settings: Settings, clock: Clock, job_id: int, item_id: int) -> int:
    with reading(engine) as session:
        content = store.get(session, session.get_one(Item, item_id).sha256)
    with Worker(units.known(settings)) as worker:
        try:
            pages = worker.open(content)
        except Broken as error:
            return _hold(engine, settings, clock, job_id, item_id, error.reason)
        with writing(engine) as session:
            done = cases.stack_opened(Work(session, settings, clock()), item_id, pages)
        for number in range(1, pages + 1):
            if number not in done:
                _page(engine, settings, clock, worker, item_id, number)
    with writing(engine) as session:
        work = Work(session, settings, clock())
        count = cases.stack_read(work, item_id)
        reason = cases.held_reason(session, item_id) or "tanpa_isi"
        jobs.done(session, job_id)
    return count or _hold(engine, settings, clock, job_id, item_id, reason)


def _page(engine: Engine, settings: Settings, clock: Clock, worker: Worker, item_id: int, number: int) -> None:
    """Read one page and commit it. A page that ends the reader is tried once more for its picture alone."""
    try:
        picture, sheets = worker.page(number, plain=not settings.scan.baca)
    except Broken as first:
        try:
            picture, sheets = worker.page(number, plain=True)
            log.warning("item %s page %s: %s; shown unread", item_id, number, first.reason)
        except Broken as error:
            log.warning("item %s page %s: %s; held", item_id, number, error.reason)
            with writing(engine) as session:
                cases.page_held(Work(session, settings, clock()), item_id, number, error.reason)
            return
    with writing(engine) as session:
        cases.page_read(Work(session, settings, clock()), item_id, number, picture, sheets)


def _hold(engine: Engine, settings: Settings, clock: Clock, job_id: int, item_id: int, reason: str) -> int:
    """A scan that gives no slip at all: the JFU is told why."""
    with writing(engine) as session:
        item = session.get_one(Item, item_id)
        intake.hold_scan(Work(session, settings, clock()), item, word(f"slip.masalah.{reason}"))
        session.get_one(Job, job_id).state = "done"
        digest = item.sha256
    _set_aside(settings, digest)
    return 0


def _set_aside(settings: Settings, digest: str) -> None:
    """Move what turned out to give nothing from diproses/ to ditahan/; it may have come another way, or be gone."""
    folder = settings.path(settings.scan.folder)
    for path in (folder / "diproses").glob("*") if settings.scan.folder else ():
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            _put_away(path, folder / "ditahan")
