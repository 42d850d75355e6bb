"""Hold one thread at the critical point: after its n-th transaction of a kind has begun, or has ended.

with stalled("reading", 3) as point:
    thread = point.run(lambda: drafting.letters(app))     # stands still once its third view has ended
    …                                                   # what others do meanwhile
assert thread.result() == …                             # let go at the end of the block
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

PATIENCE = 240.0  # seconds


@dataclass
class Point:
    """Where the thread stands. `reached` once it is there."""

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def run(self, work: Callable[[], Any]) -> Future[Any]:
        """Run in a thread of its own until it stands still; its result is there after the block."""
        result: Future[Any] = Future()

        def body() -> None:
            try:
                result.set_result(work())
            except BaseException as error:
                result.set_exception(error)
                self.reached.set()

        self.thread = threading.Thread(target=body, daemon=True)
        self.thread.start()
        assert self.reached.wait(PATIENCE), "never got there"
        return result


@contextmanager
def stalled(kind: Literal["reading", "writing"], order: int) -> Iterator[Point]:
    """The thread that `Point.run` starts stops after its `order`-th view has ended ("reading"), or just before its
    `order`-th commit ("writing")."""
    point, seen = Point(), 0

    def here(session: Session, *_more: object) -> None:
        nonlocal seen
        if threading.current_thread() is not point.thread or _is_reading(session) is not (
            kind == "reading"
        ):
            return
        seen += 1
        if seen == order:
            point.reached.set()
            assert point.go.wait(PATIENCE)

    moment = "after_transaction_end" if kind == "reading" else "before_commit"
    event.listen(Session, moment, here)
    try:
        yield point
    finally:
        point.go.set()
        if point.thread is not None:
            point.thread.join(PATIENCE)
        event.remove(Session, moment, here)


def _is_reading(session: Session) -> bool:
    return bool(session.get_bind().get_execution_options().get("aduan_reading", False))
