"""Old mails from files: mbox, Maildir, .eml. They are kept and taken in like mails that arrive now.

What the ledger has already is passed over, so an import that was broken off is simply started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipeline import intake, ledger, store
from pipeline.cases import Work
from pipeline.config import Settings
from pipeline.db import Item, lease, reading, writing
from pipeline.ledger import Arrival
from pipeline.mail.mailfiles import Found, Left, mails


@dataclass
class Count:
    """How many mails are new, were known, are older than asked for; how many of the new ones are held; what is left."""

    new: int = 0
    known: int = 0
    older: int = 0
    held: int = 0
    left: list[Left] = field(default_factory=list)


class BusyError(Exception):
    """Another poller has the ledger for long; what was taken in until then stays."""


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
                items = ledger.receive(session, "mail", kept, clock())
                arrived = [(item, one.content) for item, one in zip(items, some, strict=True)]
                intake.completed(Work(session, settings, clock()), arrived)
                item_ids = [item.id for item in items]
            return intake.take_in_all(engine, settings, item_ids, clock)

    return _each(engine, path, since, tell, take)


def _taken(path: Path, left: list[Left]) -> Iterator[Found]:
    for one in mails(path):
        if isinstance(one, Left):
            left.append(one)
        else:
            yield one


def _each(
    engine: Engine,
    path: Path,
    since: datetime | None,
    tell: Callable[[int], None],
    take: Callable[[list[Found]], list[str]],
) -> Count:
    count = Count()
    for some in store.batches((one, store.length(one.content)) for one in _taken(path, count.left)):
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
