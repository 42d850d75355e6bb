"""How much work something is, told so that no test depends on the speed of the machine that runs it.

assert calls(lambda: inspect(large)) < 3 * calls(lambda: inspect(half))     # counted, always the same
assert effort(lambda: inspect(hostile)) < 150                               # against a loop timed beside it
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from types import FrameType


def calls(act: Callable[[], object]) -> int:
    """How many functions are called, those of C included: squared work shows as four times as many for twice."""
    count = 0

    def counted(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def _loop() -> float:
    begun = time.thread_time()
    sum(range(10**6))
    return time.thread_time() - begun


def effort(act: Callable[[], object]) -> float:
    """The processor time of an act in this thread, in loops of a million additions: 50 are about a second. What threads
    that an earlier test left behind do meanwhile is none of it, nor is one look of the collector at all that a long run
    has left alive: a second, where the act takes a tenth."""
    gc.collect()
    gc.freeze()
    before = _loop()
    begun = time.thread_time()
    act()
    spent = time.thread_time() - begun
    gc.unfreeze()
    return spent / max(before, _loop())
