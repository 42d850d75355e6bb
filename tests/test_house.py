"""The house as a newcomer finds it: one word means one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PIPELINE = Path(__file__).parents[1] / "pipeline"


def test_no_two_public_classes_bear_one_name() -> None:
    """There were once three `Letter`, one of them an envelope."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(PIPELINE.rglob("*.py")):
        for statement in ast.parse(path.read_bytes()).body:
            if isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
                homes[statement.name].append(path.relative_to(PIPELINE).as_posix())
    assert len(homes) > 100
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
