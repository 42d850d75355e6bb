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

from pipeline.data import ledger, store
from pipeline.data.engine import lease, reading
from pipeline.data.ledger import Arrival
from pipeline.data.states import ItemState
from pipeline.data.tables import Item
from pipeline.intake import holding, mails
from pipeline.mail import mailfiles
from pipeline.mail.mailfiles import Left, StoredMail
from pipeline.work import App


@dataclass
class Count:
    """How many mails are new, were known, are older than asked for; how many of the new ones are held; what is left."""

    new: int = 0
    known: int = 0
    older: int = 0
    held: int = 0
    left: list[Left] = field(default_factory=list)


class AlreadyImportingError(Exception):
    """Another poller has the ledger for long; what was taken in until then stays."""


def _new(session: Session, some: list[StoredMail]) -> list[StoredMail]:
    """Those that the ledger does not know, by any way."""
    by_twin: dict[str, StoredMail] = {}
    for one in some:
        by_twin.setdefault(ledger.twin_of(one.content), one)
    known = set(session.scalars(select(Item.twin).where(Item.twin.in_(by_twin))))
    return [one for twin, one in by_twin.items() if twin not in known]


def survey(
    engine: Engine, path: Path, since: datetime | None, tell: Callable[[int], None]
) -> Count:
    """What an import would do; `tell` gets the number of mails after each few."""
    return _each(engine, path, since, tell, lambda _some: [])


def run(
    app: App,
    path: Path,
    since: datetime | None,
    tell: Callable[[int], None],
) -> Count:
    """Take in what is new; each few mails are committed before the next are read.

    AlreadyImportingError if another poller is at it.
    """

    def take(some: list[StoredMail]) -> list[ItemState]:
        with lease(
            app.engine, "intake", 60
        ) as mine:  # for these few alone: new mail must not wait for an archive
            if not mine:
                raise AlreadyImportingError
            with store.ahead(app.engine, [one.content for one in some]), app.writing() as work:
                kept = [
                    (one.content, Arrival("impor", one.place, 0, one.order, one.at)) for one in some
                ]
                items = ledger.receive(work.session, "mail", kept, app.clock())
                arrived = [(item, one.content) for item, one in zip(items, some, strict=True)]
                holding.completed(work, arrived)
                item_ids = [item.id for item in items]
            return mails.take_in_all(app, item_ids)

    return _each(app.engine, path, since, tell, take)


def _taken(path: Path, left: list[Left]) -> Iterator[StoredMail]:
    for one in mailfiles.mails(path):
        if isinstance(one, Left):
            left.append(one)
        else:
            yield one


def _each(
    engine: Engine,
    path: Path,
    since: datetime | None,
    tell: Callable[[int], None],
    take: Callable[[list[StoredMail]], list[ItemState]],
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
        count.held += states.count(ItemState.HELD)
        for one in some:
            if not isinstance(one.content, bytes):
                one.content.close()
        tell(len(some))
    return count
