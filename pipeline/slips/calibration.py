"""How sure the recogniser was → how probable it is that a field is right as a whole, for each kind of field. Pure.

The curves stand in kalibrasi.toml, fitted by `bench/calibrate.py` on made-up slips that share neither fonts, words nor
faults with those the reader was made with. No reading is ever certain.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

Curve = Sequence[tuple[float, float]]
_FILE = Path(__file__).parent / "kalibrasi.toml"
MOST = 0.98
SURE = 0.9  # what is read with less confidence is marked for the clerk
DISAGREE = 0.6  # the most that a field is worth of which two looks saw different things


def features(sure: Sequence[float]) -> tuple[float, float]:
    """(mean, mean of the least sure tenth) of how sure the recogniser was of each character."""
    if not sure:
        return 0.0, 0.0
    least = sorted(sure)[: max(1, len(sure) // 10)]
    return round(sum(sure) / len(sure), 4), round(sum(least) / len(least), 4)


def score(evidence: Sequence[float]) -> float:
    """One number out of the features, growing with certainty."""
    return 0.4 * evidence[0] + 0.6 * evidence[1]


def confidence(name: str, evidence: Sequence[float]) -> float:
    """How probable it is that a field of this kind is right. `evidence`: `features`, and how far two looks agree."""
    known = curves()
    reached = at(known.get(name, known["nama"]), score(evidence))
    return min(reached, MOST if evidence[2] >= 1 else DISAGREE)


def at(curve: Curve, x: float) -> float:
    """The value of a curve of straight pieces."""
    if x <= curve[0][0]:
        return curve[0][1]
    for (low, p), (high, q) in pairwise(curve):
        if x <= high:
            return p + (q - p) * (x - low) / (high - low)
    return curve[-1][1]


@cache
def curves() -> Mapping[str, Curve]:
    """For each kind of field: (score, how probable), both growing."""
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: tuple((float(x), float(y)) for x, y in points)
        for name, points in data["kurva"].items()
    }
