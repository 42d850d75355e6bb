"""A process that is to be killed: reads orders, one JSON a line, and runs each in a fork of its own.

An order {"config", "now", "when", "n"} runs one tick and kills itself with SIGKILL before or after the n-th commit;
with "when" empty it runs to its end. With "post" {"path", "values", "files", "cookie"} it sends that form instead, with
"release" it takes that held item in. For each order two lines are written: the process id, and its exit code.
"""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from pipeline.data.engine import connect
from pipeline.intake import mails
from pipeline.office import config
from pipeline.office.config import Settings
from pipeline.running import poller
from pipeline.web.app import create_app
from pipeline.work import App

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
        code = _act(order)
    finally:
        os._exit(code)  # the rest of this process belongs to the parent


def _act(order: dict[str, Any]) -> int:
    settings = config.load(Path(order["config"]))
    engine = connect(settings.database.url, settings.folder)
    now = datetime.fromisoformat(order["now"])
    if order["when"]:
        _kill_at(MOMENTS[order["when"]], order["n"])
    if "post" in order:
        return _post(settings, engine, now, order["post"])
    if "release" in order:
        mails.release(App(settings, engine, lambda: now), order["release"])
        return 0
    report = poller.tick(App(settings, engine, lambda: now))
    return 2 if any(f"gagal_{step}" in report for step in poller.STEPS) else 0


def _post(settings: Settings, engine: Engine, now: datetime, form: dict[str, Any]) -> int:
    web = create_app(settings, engine, lambda: now).test_client()
    for name, value in form["cookies"].items():
        web.set_cookie(name, value, path="/")
    data: dict[str, Any] = dict(form["values"])
    for name, (filename, content) in form["files"].items():
        data[name] = (io.BytesIO(base64.b64decode(content)), filename)
    answer = web.post(form["path"], data=data, content_type="multipart/form-data")
    return 0 if answer.status_code == 303 else 2


def _kill_at(moment: str, n: int) -> None:
    """Die like a pulled plug at the n-th commit: no `finally` runs, no buffer is flushed."""
    commits = count(1)

    @event.listens_for(Session, moment)
    def committed(session: Session) -> None:
        if not session.in_nested_transaction() and next(commits) == n:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
