"""Registers made in bulk are such as the program makes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from pipeline.cases.audit import audit
from pipeline.data import fulltext
from pipeline.data.engine import reading
from pipeline.data.tables import Complaint, Outbox
from tests.fresh import fresh

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.mark.usefixtures("bench")
def test_the_audit_finds_nothing_in_a_register_of_copies(database_url: str, tmp_path: Path) -> None:
    """Also that it is searched and has all indexes: they are made when the rows are there."""
    scale = sys.modules.get("scale") or __import__("scale")
    engine = fresh(database_url, tmp_path)
    indexes = _indexes(engine)
    cases = 230
    (tmp_path / "contoh").mkdir()
    scale.fill(engine, tmp_path / "contoh", cases, lambda said: None)
    assert _indexes(engine) == indexes
    with reading(engine) as session:
        assert session.scalar(select(func.count(Complaint.id))) == cases
        assert session.scalar(select(func.count(Complaint.number.distinct()))) == cases
        mails = session.scalar(select(func.count(Outbox.id))) or 0
        assert mails > 5 * cases
        assert [found for _place, faults in audit(session) for found in faults] == []
        found = fulltext.found(select(Complaint.id), "lampu padam", engine.dialect.name)
        assert len(session.scalars(found).all()) > 50
    engine.dispose()


def _indexes(engine: Engine) -> set[str]:
    is_file = engine.dialect.name == "sqlite"
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if is_file
        else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
    )
    with engine.connect() as connection:
        return set(connection.scalars(text(query)))
