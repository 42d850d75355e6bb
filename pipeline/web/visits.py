"""How often a public page may be looked at: from one address, and from everywhere. Each office counts for itself."""

from __future__ import annotations

import threading
from collections import deque

EACH, ALL = 30, 300  # looks a minute: from one address, from everywhere
KNOWN = 5_000  # addresses that are remembered at most


class VisitLimit:
    """Looks within the last minute, by address; addresses are forgotten with their minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, deque[float]] = {}

    def allows(self, address: str, now: float) -> bool:
        with self._lock:
            fine = [self._count(name, now) < most for name, most in ((address, EACH), ("", ALL))]
            if all(fine):
                for name in (address, ""):
                    self._seen.setdefault(name, deque()).append(now)
            if len(self._seen) > KNOWN:
                self._seen = {
                    name: times
                    for name, times in self._seen.items()
                    if times and now - times[-1] < 60
                }
            return all(fine)

    def _count(self, name: str, now: float) -> int:
        times = self._seen.get(name, deque())
        while times and now - times[0] >= 60:
            times.popleft()
        return len(times)
