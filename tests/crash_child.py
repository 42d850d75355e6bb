"""A process that is to be killed: reads orders, one JSON a line, and runs each in a fork of its own.

An order {"config", "now", "when", "n"} runs one tick and kills itself with SIGKILL before or after the n-th commit;
with "when" empty it runs to its end. For each order two lines are written: the process id, and its exit code.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from pipeline import config, db, poller
from pipeline.poller import App

MOMENTS = {"before": "before_commit", "after": "after_commit"}


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run_and_leave(order)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run_and_leave(order: dict[str, Any]) -> None:
    code = 1
    try:
        code = _tick(order)
    finally:
        os._exit(code)  # the rest of this process belongs to the parent


def _tick(order: dict[str, Any]) -> int:
    settings = config.load(Path(order["config"]))
    engine = db.connect(settings.database.url, settings.folder)
    now = datetime.fromisoformat(order["now"])
    if order["when"]:
        _kill_at(MOMENTS[order["when"]], order["n"])
    report = poller.tick(App(settings, engine, lambda: now))
    return 2 if any(f"gagal_{step}" in report for step in poller.STEPS) else 0


def _kill_at(moment: str, n: int) -> None:
    """Die like a pulled plug at the n-th commit: no `finally` runs, no buffer is flushed."""
    commits = count(1)

    @event.listens_for(Session, moment)
    def committed(session: Session) -> None:
        if not session.in_nested_transaction() and next(commits) == n:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
