"""Scans → slips: files out of the scanner's folder, then page by page through the reader, in a lane of its own.

Hides files that are still being written (`slips.arriving` knows their ends), and that a process may be killed at any
page: each page is committed by itself, so that the next process goes on where this one ended. What a page does to the
reader holds that page alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipeline.cases.slip_learning import confirmed_names
from pipeline.cases.slips import (
    TICKS,
    held_reason,
    only_repeated,
    page_held,
    page_read,
    stack_opened,
    stack_read,
)
from pipeline.data import jobs, ledger, store
from pipeline.data.engine import lease, reading, writing
from pipeline.data.jobs import Claimed
from pipeline.data.ledger import Arrival
from pipeline.data.states import ItemState, JobKind
from pipeline.data.tables import Item, Sighting
from pipeline.intake import holding, mails
from pipeline.office import logs
from pipeline.office.config import Settings
from pipeline.office.words import word
from pipeline.slips import arriving, units
from pipeline.slips.worker import ReaderDiedError, Worker
from pipeline.work import App, Work

log = logging.getLogger(__name__)
AWAY = ("diproses", "ditahan")
LOOK_AGAIN = timedelta(days=1)  # so long a file that was put away may still change
MAX_BYTES = 200 * 2**20
Clock = Callable[[], datetime]


# ---- the folder ----------------------------------------------------------------------------------------------


class Folder(OSError):
    """The scanner's folder is not as it should be; the message says what to do."""


def collect(app: App) -> int:
    """Take files out of the scanner's folder: bytes committed first, then moved to diproses/ (or ditahan/); how many.

    Folder where the share has vanished, or a file cannot be taken. What is no scan is taken too, after a while: it is
    held, so that the JFU are told of it once.
    """
    folder = app.settings.path(app.settings.scan.folder)
    if not folder.is_dir():
        raise Folder(word("slip.folder.hilang", folder=folder))
    taken, faults = 0, []
    for path in [*sorted(folder.iterdir()), *_changed(app.engine, folder)]:
        try:
            taken += _look_at(app, folder, path)
        except (OSError, ValueError) as error:  # one file must not hold up the next
            faults.append(
                f"{type(error).__name__}: {error}" if not isinstance(error, Folder) else str(error)
            )
    faults += [
        word("slip.folder.anak", nama=_shown(path.name))
        for path in sorted(folder.iterdir())
        if _is_overlooked(path)
    ]
    if faults:
        raise Folder("; ".join(faults))
    return taken


def _is_overlooked(path: Path) -> bool:
    """Whether this is a folder in which scans may lie that nobody takes: some scanners make one a day or a user."""
    ours = path.name in AWAY or arriving.is_system_folder(path.name)
    if ours or path.is_symlink() or not path.is_dir():
        return False
    return any(arriving.is_scan(one.name) for one in path.iterdir())


def _look_at(app: App, folder: Path, path: Path) -> int:
    """Take this file if it is a scan that is written to its end; 1 if it was taken."""
    if arriving.is_ignored(path.name) or not _own_file(path.lstat()):
        return 0
    quiet = datetime.now(UTC) - _changed_at(path)
    if quiet < -arriving.AHEAD:
        raise Folder(word("slip.folder.masa_depan", nama=_shown(path.name)))
    return _take(app, folder, path) if quiet > arriving.waits(path.name) else 0


def _take(app: App, folder: Path, path: Path) -> int:
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
        status = os.fstat(file.fileno())  # of what is read: the name may be another file's by now
        if not _own_file(status):
            raise OSError("no file of its own")
        at, whole = datetime.fromtimestamp(status.st_mtime, UTC), status.st_size <= MAX_BYTES
        content = file.read() if whole else f"{_shown(path.name)}: {status.st_size}".encode()
    if whole and not _is_finished(path, content, status):
        return 0
    with app.writing() as work:
        # the time alone would not tell apart what a scanner saves twice in one second, or in two on a FAT share
        arrival = Arrival(
            "pindaian",
            _place(folder, path),
            int(at.timestamp()),
            zlib.crc32(content),
            at,
            _shown(path.name),
        )
        (item,) = ledger.receive(work.session, "scan", [(content, arrival)], app.clock())
        if not whole:
            holding.hold_scan(work, item, word("slip.masalah.terlalu_besar"))
        item_id = item.id
    state = mails.take_in(app, item_id)
    if path.parent == folder:
        _put_away(path, folder / ("ditahan" if state == ItemState.HELD else "diproses"))
    return 1


def _own_file(status: os.stat_result) -> bool:
    """Whether it is a file and has this name alone. A link, soft or hard, is another name of a file elsewhere: who may
    write into the folder could have us read that one and show it as a scan."""
    if not stat.S_ISREG(status.st_mode):
        return False
    if status.st_nlink > 1:
        _refused(status.st_dev, status.st_ino)
    return status.st_nlink == 1


@cache
def _refused(_device: int, inode: int) -> None:
    """Said once, not at every look into the folder."""
    log.warning("scan folder: a hard link is not taken (inode %s)", inode)


def _is_finished(path: Path, content: bytes, before: os.stat_result) -> bool:
    """Whether nobody wrote while it was read, and it has its end, or was left without one."""
    after = path.stat()
    changed = (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
    if changed or after.st_size != len(content):
        return False
    quiet = datetime.now(UTC) - _changed_at(path)
    if arriving.has_end(content):
        return quiet > arriving.patience(content)
    return quiet > (arriving.GIVEN_UP if content else arriving.STILL)


def _changed(engine: Engine, folder: Path) -> list[Path]:
    """Files that were put away and have changed since: a scanner went on writing to one that was taken too early, or
    somebody mended one that was held. They are looked at again where they lie."""
    since = datetime.now(UTC) - LOOK_AGAIN
    fresh = [
        path
        for name in AWAY
        for path in sorted((folder / name).glob("*"))
        if _is_newer(path, since)
    ]
    if not fresh:
        return []
    with reading(engine) as session:
        return [path for path in fresh if not _is_known(session, folder, path)]


def _is_newer(path: Path, since: datetime) -> bool:
    return _own_file(path.lstat()) and _changed_at(path) > since


def _is_known(session: Session, folder: Path, path: Path) -> bool:
    """Whether this file was taken as it is now: its name (or that before another of the name came) and its time."""
    base = re.sub(r"-\d+$", "", path.stem) + path.suffix
    places = {_place(folder, folder / name) for name in (path.name, base)}
    query = select(Sighting.id).where(
        Sighting.mailbox == "pindaian",
        Sighting.folder.in_(places),
        Sighting.uidvalidity == int(path.stat().st_mtime),
    )
    return session.scalars(query).first() is not None


def _place(folder: Path, path: Path) -> str:
    """Where a file was first seen, wherever it lies now."""
    return os.fsencode(folder / path.name).decode("utf-8", "replace")


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _put_away(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    order = 1
    while target.exists():
        order += 1
        target = folder / f"{path.stem}-{order}{path.suffix}"
    path.rename(target)


# ---- reading -------------------------------------------------------------------------------------------------


def read_all(app: App) -> int:
    """Read the scans that wait, unless another process is at it; how many slips were found."""
    with lease(app.engine, "slips") as mine:
        if not mine:
            return 0
        with reading(app.engine) as session:
            waiting = [job.id for job in jobs.due(session, JobKind.READ_STACK, app.clock())]
        return sum(_read_one(app, job_id) for job_id in waiting)


def _read_one(app: App, job_id: int) -> int:
    with jobs.claimed(app.engine, job_id) as job:
        if job is None:
            return 0
        try:
            return _read(app, job)
        except jobs.Overtaken as reason:  # the scan was erased meanwhile
            log.info("job %s: no longer wanted", reason)
        except Exception as error:  # noqa: BLE001 - one scan must not hold up the next
            log.warning("job %s %s: %s", job.kind, job.subject_id, logs.what(error))
            with writing(app.engine) as session:
                jobs.failed(session, job, f"{type(error).__name__}: {error}", app.clock())
        return 0


def _read(app: App, job: Claimed) -> int:
    item_id = job.subject_id
    with reading(app.engine) as session:
        content = store.get(session, session.get_one(Item, item_id).sha256)
        names = confirmed_names(session)
    with Worker(units.known(app.settings), names=names) as worker:
        try:
            pages = worker.open(content)
        except ReaderDiedError as error:
            return _hold(app, job, error.reason)
        with app.writing() as work:
            done = stack_opened(work, item_id, pages)
        for number in range(1, pages + 1):
            if number not in done:
                _page(app, worker, item_id, number)
    return _close(app, job)


def _close(app: App, job: Claimed) -> int:
    """All pages are read: the JFU has the slips, or is told in the same transaction that there are none."""
    with jobs.finishing(app.engine, job) as session:
        work = Work(session, app.settings, app.clock())
        count = stack_read(work, job.subject_id)
        repeated = not count and only_repeated(session, job.subject_id)
        item = session.get_one(Item, job.subject_id)
        if not count and not repeated:
            reason = held_reason(session, item.id) or "tanpa_isi"
            holding.hold_scan(work, item, word(f"slip.masalah.{reason}"))
        digest = item.sha256
    if not count and not repeated:
        _set_aside(app.settings, digest)
    return count


def _page(app: App, worker: Worker, item_id: int, number: int) -> None:
    """Read one page and commit it. A page that ends the reader is tried once more for its picture alone."""
    try:
        picture, sheets = worker.page(number, plain=not app.settings.scan.baca)
    except ReaderDiedError as first:
        try:
            picture, sheets = worker.page(number, plain=True)
            sheets = [replace(sheet, ticks=dict.fromkeys(TICKS)) for sheet in sheets]
            log.warning("item %s page %s: %s; shown unread", item_id, number, first.reason)
        except ReaderDiedError as error:
            log.warning("item %s page %s: %s; held", item_id, number, error.reason)
            with app.writing() as work:
                page_held(work, item_id, number, error.reason)
            return
    with app.writing() as work:
        page_read(work, item_id, number, picture, sheets)


def _hold(app: App, job: Claimed, reason: str) -> int:
    """A scan that cannot be opened: the JFU is told why."""
    with jobs.finishing(app.engine, job) as session:
        item = session.get_one(Item, job.subject_id)
        holding.hold_scan(
            Work(session, app.settings, app.clock()), item, word(f"slip.masalah.{reason}")
        )
        digest = item.sha256
    _set_aside(app.settings, digest)
    return 0


def _set_aside(settings: Settings, digest: str) -> None:
    """Move what turned out to give nothing from diproses/ to ditahan/; it may have come another way, or be gone."""
    if not settings.scan.folder:
        return
    folder = settings.path(settings.scan.folder)
    for path in (folder / "diproses").glob("*"):
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            _put_away(path, folder / "ditahan")
