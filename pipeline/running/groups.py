"""Which lanes a process has, where several share the work (`aduan serve --lajur`), and which lanes one alone may run.

Any number of processes of each kind may run on one PostgreSQL: mails and jobs are claimed one by one, and what is the
office's as a whole (`ALONE`) is led by whoever has its lease. A lease ends with its process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from pipeline.data.engine import lease
from pipeline.running.collecting import NOT_MINE
from pipeline.work import App, Report

GROUPS: dict[str, frozenset[str]] = {
    "web": frozenset(),
    "surat": frozenset(("mail", "take_in", "send", "reconcile")),
    "kerja": frozenset(
        ("scans", "slips", "letters", "pictures", "remind", "seal", "verify", "drill")
    ),
}
ALONE = frozenset(
    ("remind", "seal", "verify", "drill")
)  # `collect` and `reconcile` have a lease of their own
WATCHER = "seal"  # the process that has it watches over the whole office
WAIT = 1.0  # seconds between two looks at whether another has ended


def lanes_of(groups: Collection[str]) -> frozenset[str] | None:
    """The lanes of these groups, by the name of the step; None for all."""
    if not groups or set(groups) == set(GROUPS):
        return None
    return frozenset().union(*(GROUPS[name] for name in groups))


def alone(name: str, step: Callable[[App], Report]) -> Callable[[App], Report]:
    """The step, run by one process at a time; the others report that it was not theirs."""

    def led(app: App) -> Report:
        with lease(app.engine, f"lajur-{name}") as mine:
            return step(app) if mine else {NOT_MINE: 1}

    return led if name in ALONE else step


@contextmanager
def only_one(
    app: App, waits: Callable[[], None], stopped: Callable[[float], bool]
) -> Iterator[bool]:
    """On SQLite one process serves at a time: a second one calls `waits`, once, and goes on when the first has ended.

    False where it was stopped meanwhile: `stopped` waits some seconds and says so. Elsewhere any number may.
    """
    if app.engine.dialect.name != "sqlite":
        yield True
        return
    told = False
    while True:
        with lease(app.engine, "serve") as mine:
            if mine:
                yield True
                return
        if not told:
            waits()
            told = True
        if stopped(WAIT):
            yield False
            return
