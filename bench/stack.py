"""200 slips in one scan, read in a process that is killed twice: `make bench-stack`, or `python bench/stack.py PAGES`.

Fails where a page is lost or doubled; else writes how long it took and in how much memory to bench/results/stack.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.slips import stacked

RESULTS = Path(__file__).parent / "results" / "stack.json"

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="aduan-") as name:
        figures = stacked.through(
            Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else 200, kills=2
        )
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
