"""A process that is to be killed while bytes go to a place, between places, or away: reads orders, one JSON a line.

An order {"config", "act", "n"} does one thing in a fork of its own, and kills it with SIGKILL before the n-th of its
steps: a statement, a commit, a file that is opened or removed, an fsync, a request. Written for each: its exit code.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from pipeline.data import storage, store
from pipeline.data.engine import writing
from pipeline.data.places import open_office
from pipeline.office import config

CONTENTS = (b"surat", b"", bytes(range(256)) * 5000, b"x" * store.PART)


def put(engine: Engine) -> None:
    with writing(engine) as session:
        store.put_all(session, CONTENTS)


def erase(engine: Engine) -> None:
    digests = [store.digest_of(one) for one in CONTENTS[:3]]
    with writing(engine) as session:
        store.hold(session, digests)
        store.erase(session, digests)


def move(engine: Engine) -> None:
    storage.move(engine)


ACTS = {"put": put, "erase": erase, "move": move}


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run_and_leave(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run_and_leave(order: dict[str, object]) -> None:
    code = 1
    try:
        engine = open_office(config.load(Path(str(order["config"]))))
        with engine.connect():
            pass  # what a connection says of itself is no step
        _kill_at(engine, int(str(order["n"])))
        ACTS[str(order["act"])](engine)
        code = 0
    finally:
        os._exit(code)


def _kill_at(engine: Engine, n: int) -> None:
    steps = count(1)

    def step(*_arguments: object) -> None:
        if next(steps) == n:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(name: str, _arguments: object) -> None:
        if name in ("open", "os.remove", "os.mkdir", "http.client.send"):
            step()

    event.listen(engine, "before_cursor_execute", step)
    event.listen(Session, "before_commit", step)
    event.listen(Session, "after_commit", step, insert=True)
    sys.addaudithook(heard)
    fsync = os.fsync

    def to_disk(place: int) -> None:
        step()
        fsync(place)

    os.fsync = to_disk  # type: ignore[assignment]  # of files that are open we sync none


if __name__ == "__main__":
    main()
