"""Old mails from files: mbox, Maildir, .eml. They are kept and taken in like mails that arrive now.

Hides the formats. Nothing in the source is changed. What the ledger has already is passed over, so an import that was
broken off is simply started again.
"""

from __future__ import annotations

import mailbox
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipeline import intake, ledger, store
from pipeline.config import Settings
from pipeline.db import Item, lease, reading, writing
from pipeline.ledger import Arrival
from pipeline.mail.message import read
from pipeline.store import Content

HEAD = 64 * 1024  # bytes; enough to tell a mail and its date
_HEADER = re.compile(rb"^[!-9;-~]{1,76}:[^\n]*\n(?:[ \t][^\n]*\n|[!-9;-~]{1,76}:[^\n]*\n)*\r?\n?")
_MBOX = re.compile(rb"^From [^\n]*\n[!-9;-~]{1,76}:")


@dataclass(frozen=True)
class Found:
    """One mail of a file: its bytes (or an open file, for a big one), when it was written, where it stands."""

    content: Content
    at: datetime
    place: str
    order: int


@dataclass
class Count:
    """How many mails are new, were known, are older than asked for; how many of the new ones are held."""

    new: int = 0
    known: int = 0
    older: int = 0
    held: int = 0


class BusyError(Exception):
    """Another poller has the ledger for long; what was taken in until then stays."""


def mails(path: Path) -> Iterator[Found]:
    """Every mail in a file or below a folder, in the order of their names. Links are not followed."""
    for file in _files(path):
        with file.open("rb") as source:
            head = source.read(HEAD)
        if _MBOX.match(head):
            yield from _mbox(file)
        elif _HEADER.match(head):
            yield _one(file.open("rb"), file.stat().st_size, str(file), 0)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file() and not path.is_symlink():
        yield path
    for folder, below, names in os.walk(path):
        below.sort()
        yield from (p for name in sorted(names) if (p := Path(folder, name)).is_file() and not p.is_symlink())


def _mbox(path: Path) -> Iterator[Found]:
    with closing(mailbox.mbox(path, create=False)) as box:
        for order, key in enumerate(box.keys(), 1):
            with box.get_file(key) as source:
                copy: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_one` or by who stores it
                shutil.copyfileobj(source, copy)
            yield _one(copy, copy.tell(), str(path), order)


def _one(source: BinaryIO, size: int, place: str, order: int) -> Found:
    source.seek(0)
    head = source.read(HEAD)
    at = read(head).date or datetime.now(UTC)
    if size > store.BATCH_BYTES:
        return Found(source, at, place, order)
    with source:
        source.seek(0)
        return Found(source.read(), at, place, order)


def _new(session: Session, some: list[Found]) -> list[Found]:
    """Those that the ledger does not know, by any way."""
    first: dict[str, Found] = {}
    for one in some:
        first.setdefault(ledger.twin_of(one.content), one)
    known = set(session.scalars(select(Item.twin).where(Item.twin.in_(first))))
    return [one for twin, one in first.items() if twin not in known]


def survey(engine: Engine, path: Path, since: datetime | None, tell: Callable[[int], None]) -> Count:
    """What an import would do; `tell` gets the number of mails after each few."""
    return _each(engine, path, since, tell, lambda _some: [])


def run(
    engine: Engine,
    settings: Settings,
    path: Path,
    since: datetime | None,
    clock: Callable[[], datetime],
    tell: Callable[[int], None],
) -> Count:
    """Take in what is new; each few mails are committed before the next are read. BusyError if another poller is at
    it."""

    def take(some: list[Found]) -> list[str]:
        with lease(engine, "intake", 60) as mine:  # for these few alone: new mail must not wait for an archive
            if not mine:
                raise BusyError
            with writing(engine) as session:
                kept = [(one.content, Arrival("impor", one.place, 0, one.order, one.at)) for one in some]
                item_ids = [item.id for item in ledger.receive(session, "mail", kept, clock())]
            return intake.take_in_all(engine, settings, item_ids, clock)

    return _each(engine, path, since, tell, take)


def _each(
    engine: Engine,
    path: Path,
    since: datetime | None,
    tell: Callable[[int], None],
    take: Callable[[list[Found]], list[str]],
) -> Count:
    count = Count()
    for some in store.batches((one, store.length(one.content)) for one in mails(path)):
        recent = [one for one in some if since is None or one.at >= since]
        with reading(engine) as session:
            new = _new(session, recent)
        states = take(new) if new else []
        count.new += len(new)
        count.known += len(recent) - len(new)
        count.older += len(some) - len(recent)
        count.held += states.count("held")
        for one in some:
            if not isinstance(one.content, bytes):
                one.content.close()
        tell(len(some))
    return count
