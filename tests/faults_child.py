"""The process that the fault harness kills: `python -m tests.faults_child CONFIG MINUTES_AHEAD`, until SIGTERM.

What `aduan serve` runs without its pages, on a clock that may be ahead.
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline import config, db
from pipeline.poller import App, Lanes


def main() -> None:
    settings, ahead = config.load(Path(sys.argv[1])), timedelta(minutes=int(sys.argv[2]))
    app = App(settings, db.connect(settings.database.url, settings.folder), lambda: datetime.now(UTC) + ahead)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    lanes = Lanes(app, {"mail": 1.0, "send": 1.0, "take_in": 1.0})
    lanes.start()
    stopping.wait()
    lanes.stop()


if __name__ == "__main__":
    main()
