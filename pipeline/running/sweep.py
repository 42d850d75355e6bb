"""What the machinery leaves behind, taken away once a day. Nothing of a case, and no event, is ever swept.

Each table is swept by the module that writes it; the days stand in [retensi.mesin] of config.toml.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.access import browsers, chosen, links, typed, unsent
from pipeline.cases.pages import forget_pages
from pipeline.cases.reminders import forget_digests
from pipeline.data import exports, jobs, storage
from pipeline.data.engine import let_others_write, writing
from pipeline.mail import outbox, settled
from pipeline.office.config import Mesin

AT_ONCE = 500  # rows a transaction, so that nobody waits long for the writer
# Seconds of one day for what an old office has years of: the rest goes on the next day. A lane that is busy for longer
# than any may be silent counts as one that hangs, and the process would be started again.
LONGEST = 10 * 60.0


def sweep(engine: Engine, now: datetime, keep: Mesin | None = None) -> int:
    """Everything once; how many rows are gone. Codes and unconfirmed acts go after `browsers.KEPT`."""
    keep = keep or Mesin()
    with writing(engine) as session:
        gone = browsers.sweep(session, now) + forget_digests(
            session, _before(now, keep.ringkasan).date()
        )
        gone += exports.sweep(session, now) + chosen.sweep(session, now)
        gone += typed.sweep(session, _before(now, keep.isian))
    gone += sum(
        _in_portions(engine, step)
        for step in (
            lambda session: jobs.sweep(session, _before(now, keep.pekerjaan), AT_ONCE),
            lambda session: links.sweep(session, _before(now, keep.tautan), AT_ONCE),
            lambda session: unsent.sweep(session, _before(now, keep.isian), now, AT_ONCE),
            lambda session: forget_pages(session, _before(now, keep.gambar), AT_ONCE),
            lambda session: outbox.forget_looks(session, _before(now, keep.rupa_email), AT_ONCE),
        )
    )
    gone += settled.pack(engine, _before(now, keep.rupa_email), LONGEST)
    return gone + storage.sweep(engine, now)  # at last: a place that is away stops nothing else


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _in_portions(engine: Engine, step: Callable[[Session], int]) -> int:
    total, until = 0, monotonic() + LONGEST / 5
    while True:
        with writing(engine) as session:
            gone = step(session)
        total += gone
        if gone < AT_ONCE or monotonic() > until:
            return total
        let_others_write(engine)
