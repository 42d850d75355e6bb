"""One transaction at one moment (`Work`), and what opens one (`App`): the carrier that every step hands on.

Hides how a transaction begins and ends, and how the settings of the moment are found (delegations, added holidays).

    with app.writing() as work:       # committed at the end, undone by an exception
        cases.act(work, task_id, person, form)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.data import engine as databases
from pipeline.data import in_force
from pipeline.office.config import Settings


def utc_now() -> datetime:
    return datetime.now(UTC)


Report = dict[str, int]


@dataclass(frozen=True)
class Work:
    """One transaction at one moment. `settings` are those in force then."""

    session: Session
    settings: Settings
    now: datetime

    def __post_init__(self) -> None:
        self.session.info["work"] = True  # what is written here is witnessed: see `cases.witness`
        self.session.info["now"] = self.now  # of `cases.closing`
        if self.session.bind is None:
            return  # apart from any database: an alarm past it
        object.__setattr__(
            self, "settings", in_force.settings(self.session, self.settings, self.now)
        )


@dataclass(frozen=True)
class App:
    """What every step needs: settings, database, the time."""

    settings: Settings
    engine: Engine
    clock: Callable[[], datetime] = utc_now

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """A transaction that may write: alone on SQLite, committed at the end, undone by an exception."""
        with databases.writing(self.engine) as session:
            yield Work(session, self.settings, self.clock())

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """A transaction that only reads, in one consistent view."""
        with databases.reading(self.engine) as session:
            yield Work(session, self.settings, self.clock())
