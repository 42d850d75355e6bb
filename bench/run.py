#!/usr/bin/env python3
"""`make bench`: what the product reaches, written to bench/results/.

python bench/run.py [VENV]: a virtual environment with django-helpdesk, to be measured against in the same run.

Ratios compare with others in the same run, so that they hold on a noisy machine. Scores and comparisons need the
collections and tools beside the project (../shared); without them that part is left out and says so.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
CORPORA = HERE.parents[1] / "shared" / "corpora"


def tool(name: str, *arguments: str) -> str:
    """What another measuring script here prints."""
    command = [sys.executable, str(HERE / name), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def reading() -> str:
    """The scorer's own table for the open corpus."""
    manifest = CORPORA / "open" / "manifest.jsonl"
    if not manifest.is_file():
        return "not measured: no corpus beside the project\n"
    with tempfile.TemporaryDirectory() as name:
        out = str(Path(name) / "out.jsonl")
        root = str(CORPORA / "open")
        tool("read_mails.py", root, str(manifest), out)
        score = [sys.executable, str(CORPORA / "score.py"), root, str(manifest), out]
        return subprocess.run(score, check=True, capture_output=True, text=True).stdout


def main() -> None:
    RESULTS.mkdir(exist_ok=True)
    venv = [] if len(sys.argv) < 2 else ["--helpdesk", sys.argv[1]]
    (RESULTS / "mail.txt").write_text(reading())
    (RESULTS / "ingest.json").write_text(tool("ingest.py", *venv))
    (RESULTS / "letters.json").write_text(tool("letters.py"))
    (RESULTS / "action_page.json").write_text(tool("action_page.py"))
    (RESULTS / "memory.json").write_text(tool("memory.py", "--waiting", "10000"))
    for file in sorted(RESULTS.iterdir()):
        print(f"-- {file.name}\n{file.read_text()}")


if __name__ == "__main__":
    main()
