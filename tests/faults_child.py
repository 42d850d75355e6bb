"""The process that the fault harness kills: `python -m tests.faults_child CONFIG MINUTES_AHEAD [GROUP …]`, until
SIGTERM.

What `aduan serve` runs without its pages, on a clock that may be ahead. SIGUSR1 fills its disk, SIGUSR2 empties it.
"""

from __future__ import annotations

import resource
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.data import engine
from pipeline.office import config
from pipeline.running import groups
from pipeline.running.lanes import Lanes
from pipeline.work import App


def _room(size: int) -> None:
    """How long any file may be from now on: with little, every write to the database fails as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def main() -> None:
    settings, ahead = config.load(Path(sys.argv[1])), timedelta(minutes=int(sys.argv[2]))
    app = App(
        settings,
        engine.connect(settings.database.url, settings.folder),
        lambda: datetime.now(UTC) + ahead,
    )
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a full disk is an error, not the end
    signal.signal(signal.SIGUSR1, lambda *_: _room(4096))
    signal.signal(signal.SIGUSR2, lambda *_: _room(resource.RLIM_INFINITY))
    every = {"mail": 1.0, "send": 1.0, "take_in": 1.0}
    lanes = Lanes(app, every, groups.lanes_of(sys.argv[3:]))
    lanes.start()
    stopping.wait()
    lanes.stop()


if __name__ == "__main__":
    main()
