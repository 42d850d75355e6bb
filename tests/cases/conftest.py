"""A desk for each test: SQLite, or both databases where the test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk, desk_in


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


@pytest.fixture
def both(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """A desk on SQLite, and another time on PostgreSQL."""
    with desk_in(tmp_path, database_url) as made:
        yield made
