"""Names for files that must not take another's place: two made in one second would have one name."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path


def stamped(folder: Path, stem: str, at: datetime, *endings: str) -> list[Path]:
    """`stem-20261130-092744` with each ending, or with `-2`, `-3` … before it where one of them is there already."""
    name = f"{stem}-{at:%Y%m%d-%H%M%S}"
    for order in count(1):
        suffix = f"-{order}" if order > 1 else ""
        paths = [folder / f"{name}{suffix}{ending}" for ending in endings]
        if not any(path.exists() for path in paths):
            break
    return paths
