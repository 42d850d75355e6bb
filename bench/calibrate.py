"""Fits pipeline/slips/kalibrasi.toml: what the reader's certainty is worth, for each kind of field.

    python bench/slips.py 31 --part calibrated --claims claims.json && python bench/calibrate.py claims.json

Only slips of the part "calibrated" may go in. A curve is the growing step function nearest to what was right (pool
adjacent violators), pulled a little towards doubt where few fields were seen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.slips import calibration

NAMES = ("tanggal", "telepon", "nik", "unit", "nama", "alamat", "email", "uraian")
FILE = Path(calibration.__file__).parent / "kalibrasi.toml"
POOLED = {
    "tanggal": ("tanggal", "telepon", "nik"),
    "telepon": ("tanggal", "telepon", "nik"),
    "nik": ("tanggal", "telepon", "nik"),
    "unit": ("unit", "nama"),
    "nama": ("unit", "nama"),
}
DOUBT = 0.7  # wrong fields that are thought in with each step
FEWEST = 6  # fields of a step


def pooled(points: list[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(score, share that was right), growing. Each step holds at least FEWEST fields."""
    steps: list[list[float]] = []  # score, right, all
    for score, right in sorted(points):
        steps.append([score, float(right), 1.0])
        while len(steps) > 1 and (steps[-2][2] < FEWEST or _share(steps[-2]) >= _share(steps[-1])):
            last = steps.pop()
            one = steps[-1]
            weight = one[2] + last[2]
            steps[-1] = [(one[0] * one[2] + last[0] * last[2]) / weight, one[1] + last[1], weight]
    if len(steps) > 1 and steps[-1][2] < FEWEST:
        last, one = steps.pop(), steps[-1]
        steps[-1] = [one[0], one[1] + last[1], one[2] + last[2]]
    return growing([(score, right / (count + DOUBT)) for score, right, count in steps])


def growing(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """No step above a later one: thinking in wrong fields may have turned two of them round."""
    lowest, found = 1.0, []
    for score, share in reversed(points):
        lowest = min(lowest, share)
        found.append((score, lowest))
    return found[::-1]


def _share(step: list[float]) -> float:
    return step[1] / step[2]


def curve(claims: list[dict[str, Any]], names: tuple[str, ...]) -> list[list[float]]:
    some = [
        c
        for c in claims
        if c["name"] in names and len(c["evidence"]) == 3 and c["evidence"][2] >= 1
    ]
    steps = pooled([(calibration.score(c["evidence"]), c["right"]) for c in some])
    points = [[0.0, 0.0], *([round(x, 4), round(min(y, calibration.MOST), 3)] for x, y in steps)]
    return [*points, [1.0, points[-1][1]]] if points[-1][0] < 1 else points


def main() -> None:
    claims = [c for name in sys.argv[1:] for c in json.loads(Path(name).read_text())]
    lines = [
        f'# Fitted by bench/calibrate.py to {len(claims)} fields of the part "calibrated".',
        "[kurva]",
    ]
    lines += [f"{name} = {json.dumps(curve(claims, POOLED.get(name, (name,))))}" for name in NAMES]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
