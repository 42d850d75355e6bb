"""A child process that settles one large mail: `python -m pipeline.largemail < order`.

Hides what 50 MB of MIME cost from the process that goes on for months: it is bounded in memory and time by itself,
and whatever ends it leaves the item as it was. The order is pickled by `intake`, from process to process.
"""

from __future__ import annotations

import pickle
import resource
import sys

from pipeline import db, intake

SECONDS = 120  # of processor time


def bound(memory: int) -> None:
    """What this process may take from now on: bytes of data (all but the program and files it maps), and time."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main() -> None:
    settings, url, item_id, now, by_hand, memory = pickle.load(sys.stdin.buffer)  # our own parent wrote it
    bound(memory)
    engine = db.connect(url.render_as_string(hide_password=False), settings.folder)
    intake.take_in(engine, settings, item_id, lambda: now, by_hand=by_hand, apart=True)


if __name__ == "__main__":
    main()
