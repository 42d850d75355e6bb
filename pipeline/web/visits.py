"""How often a public page may be looked at: from one address, and from everywhere. Each office counts for itself."""

from __future__ import annotations

import threading
from collections import deque

EACH, ALL = 30, 300  # looks a minute: from one address, from everywhere
FIRST = 3  # looks a minute that an address has also when others have used up all
MOST = 3_000  # looks a minute that the machine bears at any rate


class VisitLimit:
    """Looks within the last minute, by address; addresses are forgotten with their minute.

    A citizen looks once or twice: nobody who takes all that there is (from a dozen addresses) shuts them out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()
        self._swept = 0.0

    def allows(self, address: str, now: float) -> bool:
        with self._lock:
            self._sweep(now)
            mine, everywhere = self._count(address, now), _within(self._all, now)
            room = ALL if mine >= FIRST else MOST
            if mine >= EACH or everywhere >= room:
                return False
            self._seen.setdefault(address, deque()).append(now)
            self._all.append(now)
            return True

    def _count(self, name: str, now: float) -> int:
        return _within(self._seen.get(name, deque()), now)

    def _sweep(self, now: float) -> None:
        """Once a minute: at most `MOST` addresses a minute are ever remembered."""
        if now - self._swept < 60:
            return
        self._swept = now
        self._seen = {name: times for name, times in self._seen.items() if _within(times, now)}


def _within(times: deque[float], now: float) -> int:
    """How many are of the last minute; older ones are dropped."""
    while times and now - times[0] >= 60:
        times.popleft()
    return len(times)
