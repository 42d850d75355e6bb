#!/usr/bin/env python3
"""`make bench`: what the product reaches, measured in one run and written to bench/results/.

Ratios compare with a bare loop over the same mails in the same process, so that they hold on a noisy machine. The
scores on a corpus need the collection beside the project (../shared); without it that part is left out and says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline import db, intake, ledger
from pipeline.demo.office import demo_settings, sample_mails
from pipeline.store import put

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
CORPORA = HERE.parents[1] / "shared" / "corpora"
MAILS = 300


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sample(number: int) -> bytes:
    """One of the sample complaints, made unlike the others."""
    mails = sample_mails()
    raw = mails[number % len(mails)].read_bytes()
    return raw.replace(b"From:", b"X-Urut: %d\nFrom:" % number, 1)


def taking_in(folder: Path) -> dict[str, float]:
    """Mails a second from bytes to a recorded complaint with its two mails rendered (SQLite, FULL), against a loop
    that only parses and commits the raw bytes."""
    (folder / "rahasia").mkdir()
    (folder / "rahasia" / "key").write_text("5a" * 32)
    settings = demo_settings(folder, 1, 1, 1)
    raws = [sample(n) for n in range(MAILS)]
    bare, full = db.connect(f"sqlite:///{folder / 'bare.db'}"), db.connect(f"sqlite:///{folder / 'full.db'}")
    for engine in (bare, full):
        db.migrate(engine)
    now = datetime.now(UTC)

    def only_keep() -> None:
        for raw in raws:
            message_from_bytes(raw).as_string()
            with db.writing(bare) as session:
                put(session, raw)

    def take() -> None:
        for number, raw in enumerate(raws, 1):
            with db.writing(full) as session:
                arrival = ledger.Arrival("bench", "INBOX", 1, number, now)
                item = ledger.receive(session, "mail", [(raw, arrival)], now)[0].id
            assert intake.take_in(full, settings, item, lambda: now) == "done"

    bare_time, full_time = seconds(only_keep), seconds(take)
    return {
        "mails_a_second": MAILS / full_time,
        "bare_loop_a_second": MAILS / bare_time,
        "ratio": bare_time / full_time,
    }


def reading() -> str:
    """The scorer's own table for the open corpus."""
    manifest = CORPORA / "open" / "manifest.jsonl"
    if not manifest.is_file():
        return "not measured: no corpus beside the project\n"
    with tempfile.TemporaryDirectory() as name:
        out = str(Path(name) / "out.jsonl")
        root = str(CORPORA / "open")
        subprocess.run([sys.executable, str(HERE / "read_mails.py"), root, str(manifest), out], check=True)
        score = [sys.executable, str(CORPORA / "score.py"), root, str(manifest), out]
        return subprocess.run(score, check=True, capture_output=True, text=True).stdout


def main() -> None:
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        figures = taking_in(Path(name))
    (RESULTS / "intake.json").write_text(json.dumps({k: round(v, 2) for k, v in figures.items()}, indent=1) + "\n")
    (RESULTS / "mail.txt").write_text(reading())
    for file in sorted(RESULTS.iterdir()):
        print(f"-- {file.name}\n{file.read_text()}")


if __name__ == "__main__":
    main()
