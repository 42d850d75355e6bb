#!/usr/bin/env python3
"""Letters as PDF by the LibreOffice that is kept, against one that is started for each letter, in one run. Prints JSON:
{"kept": {"cpu_seconds", "ratio"}, "started": {"cpu_seconds"}}, processor seconds a letter with those of the children.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.files import libreoffice
from tests.letters.sample import draft

KEPT, STARTED = libreoffice.LETTERS, 5


def cpu(act: Callable[[], object], times: int) -> float:
    """Seconds each; what a process has used counts when it has ended."""
    before = _spent()
    for _ in range(times):
        act()
    libreoffice._kept._stop()
    return (_spent() - before) / times


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    program = libreoffice.soffice()
    if program is None:
        sys.exit("LibreOffice is not installed")
    letter = draft()
    started = cpu(lambda: libreoffice._by_one_of_its_own(program, letter, 120), STARTED)
    kept = cpu(lambda: libreoffice.to_pdf(letter, 120), KEPT)
    found = {
        "kept": {"cpu_seconds": round(kept, 3), "ratio": round(kept / started, 3), "letters": KEPT},
        "started": {"cpu_seconds": round(started, 3), "letters": STARTED},
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
