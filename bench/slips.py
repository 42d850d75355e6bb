"""Scores the reader of slips on slips that were made for it: `make bench-slips`, or `python bench/slips.py SEED`.

56 forms and 16 free letters, half of the forms in handwriting fonts, spoiled and turned as `tests/slips/generator.py`
does it. Writes bench/results/slips.json: character error rate (CER), exact fields, codes, alignment, ticks, invented
text, seconds, memory; and for 42 more forms in fonts that the reader was not made with, what its confidence is worth.
Seeds 1 to 19, 2026, 604107 and the hundreds from 101 to 501 were looked at while the reader was made; the default
was not.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rapidfuzz.distance import Levenshtein

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.config import SAMPLE, load
from pipeline.slips import ocr, reader, scan
from pipeline.slips.repair import Read
from pipeline.slips.units import known
from tests.slips import generator
from tests.slips.generator import Sample

FORMS, LETTERS, OTHER = 56, 16, 42
UNSEEN = 771903
DIGITS = ("telepon", "nik", "tanggal")
RESULTS = Path(__file__).parent / "results" / "slips.json"


class Score:
    """Counts of right and all, by name."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self.claims: list[tuple[float, bool]] = []  # (confidence of a field, whether it was right)
        self.seconds: dict[str, list[float]] = {"form": [], "letter": []}

    def add(self, name: str, right: float, of: float = 1) -> None:
        self.right[name] += right  # type: ignore[assignment]
        self.all[name] += of  # type: ignore[assignment]

    def share(self, name: str) -> float:
        return round(100 * self.right[name] / self.all[name], 2) if self.all[name] else 0.0

    def text(self, name: str, want: str, got: str) -> None:
        self.add(f"cer {name}", Levenshtein.distance(want, got), len(want))


def plain(name: str, text: str) -> str:
    return re.sub(r"\D", "", text) if name in DIGITS else " ".join(text.split())


def judge(sample: Sample, units: tuple[str, ...], score: Score) -> None:
    image = Image.fromarray(sample.picture)
    start = time.perf_counter()
    sheets = reader.read(image, units)
    seconds = time.perf_counter() - start
    if sample.kind == "surat":
        score.seconds["letter"].append(seconds)
        got = " ".join(" ".join(s.fields["uraian"].value for s in sheets).split())
        score.text("surat", sample.text, got)
        return
    score.seconds["form"].append(seconds)
    found = next((s for s in sheets if s.kind == "slip"), None)
    score.add("qr", bool(found and found.serial == sample.serial))
    score.add("aligned", bool(found and _off(sample) < 0.5))
    for name, want in sample.fields.items():
        read = found.fields[name] if found else Read("", 0.0)
        _field(name, plain(name, want), plain(name, read.value), read, sample.kind, score)
    for name, ticked in sample.ticks.items():
        score.add("ticks", bool(found and found.ticks[name] is ticked))


def _field(name: str, want: str, got: str, read: Read, kind: str, score: Score) -> None:
    if not want:
        score.add("invented", bool(got))
        return
    score.text(kind, want, got)
    right = want == got
    score.add(f"exact {kind} {name}", right)
    if name in DIGITS:
        score.add("exact digits", right)
    if name in ("unit", "alamat"):
        score.add(f"exact {name}", right)
    score.claims.append((read.confidence, right))


def reliability(claims: list[tuple[float, bool]]) -> list[dict[str, float]]:
    """For each range of confidence: how many fields claimed it, what they claimed, how many were right (percent)."""
    rows = []
    for low, high in pairwise((0.0, 0.5, 0.8, 0.9, 0.95, 1.01)):
        some = [(claimed, right) for claimed, right in claims if low <= claimed < high]
        if some:
            means = (round(100 * float(np.mean(column)), 1) for column in zip(*some, strict=True))
            rows.append({"from": low, "fields": len(some), **dict(zip(("claimed", "right"), means, strict=True))})
    return rows


def expected_error(claims: list[tuple[float, bool]]) -> float:
    """How far claim and truth are apart on average, in percent points."""
    return round(sum(abs(r["claimed"] - r["right"]) * r["fields"] for r in reliability(claims)) / len(claims), 1)


def _off(sample: Sample) -> float:
    """How far the slip's corners are found from where they are, in mm."""
    found = scan.slips(sample.picture)
    if not found:
        return float("inf")
    want = np.array(sample.corners)
    scale = float(np.linalg.norm(want[1] - want[0])) / 148
    return float(np.linalg.norm(np.array(found[0].corners) - want, axis=1).max()) / scale


def main(seed: int) -> None:
    score, units = Score(), known(load(SAMPLE))
    ocr.engine()
    for sample in generator.samples(FORMS, LETTERS, seed):
        judge(sample(), units, score)
    other = Score()
    for sample in generator.samples(OTHER, 0, seed, other=True):
        judge(sample(), units, other)
    report: dict[str, Any] = {
        "seed": seed,
        "forms": FORMS,
        "letters": LETTERS,
        "fonts": {"printed": len(generator.fonts(False)), "handwriting": len(generator.fonts(True))},
        "percent": {name: score.share(name) for name in sorted(score.all)},
        "counts": {name: [score.right[name], score.all[name]] for name in sorted(score.all) if "cer" not in name},
        "other_fonts": {
            "forms": OTHER,
            "fonts": {"printed": len(generator.fonts(False, True)), "handwriting": len(generator.fonts(True, True))},
            "percent": {name: other.share(name) for name in sorted(other.all)},
            "reliability": reliability(other.claims),
            "expected_calibration_error": expected_error(other.claims),
        },
        "reliability": reliability(score.claims),
        "seconds": {
            kind: {"mean": round(float(np.mean(some)), 2), "most": round(max(some), 2)}
            for kind, some in score.seconds.items()
        },
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    shown = ("seed", "percent", "other_fonts", "reliability", "seconds", "memory_mb")
    print(json.dumps({name: report[name] for name in shown}, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else UNSEEN)
