#!/usr/bin/env python3
"""The product's own gate for Word files over any folder: python bench/gate_docx.py FOLDER OUT.jsonl

One JSON object a file: file (below FOLDER), verdict (accept, flag, reject), reasons, seconds, peak_mb. Each file is
judged in a process of its own: `seconds` is the processor time of reading and judging it, which a busy machine does not
change, `peak_mb` the most memory that the whole of Python held meanwhile, `base_mb` what it held before the file came.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.letters.gate.archive import NotALetter
from pipeline.letters.gate.cleaning import admitted
from pipeline.letters.gate.package import MAX_BYTES, open_package
from pipeline.office.words import table

KILOBYTES = 1 if sys.platform != "darwin" else 1024  # in what ru_maxrss is counted


def judge(path: Path) -> dict[str, Any]:
    base = _most_memory()
    start = time.process_time()
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)  # what is longer is refused by its length
    try:
        package, _copy, taken = admitted(data, open_package)
        reasons = [*taken, *package.remarks]
        verdict = "flag" if reasons else "accept"
    except NotALetter as error:
        verdict, reasons = "reject", [str(error)]
    seconds = time.process_time() - start
    return {
        "verdict": verdict,
        "reasons": reasons,
        "seconds": round(seconds, 4),
        "peak_mb": _most_memory(),
        "base_mb": base,
    }


def _most_memory() -> float:
    """MiB that this process has held at most, so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES / 1024, 1)


def apart(path: Path) -> dict[str, Any]:
    """`judge` in a child process. One that dies has refused the file, and says so."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, json.dumps(judge(path)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    if not answer:
        return {
            "verdict": "reject",
            "reasons": ["the gate itself failed"],
            "seconds": 0.0,
            "peak_mb": 0.0,
            "base_mb": 0.0,
        }
    found: dict[str, Any] = json.loads(answer)
    return found


def main(folder: Path, out: Path) -> None:
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.resolve() != out.resolve()
    )
    table("gerbang")  # the program has its words long before a file comes; they are no file's cost
    with out.open("w", encoding="utf-8") as stream:
        for path in files:
            row = {"file": path.relative_to(folder).as_posix(), **apart(path)}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
