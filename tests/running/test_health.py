"""What `aduan check` tells beside the connections."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.cases.tasks import FRESH_DRAFT
from pipeline.data import jobs
from pipeline.data.engine import writing
from pipeline.data.tables import Job
from pipeline.office import config
from pipeline.running import health
from tests.fresh import fresh
from tests.kantor import sample

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_a_letter_that_cannot_be_drafted_is_tried_on_and_told_with_its_reason(
    tmp_path: Path,
) -> None:
    """Nobody gets the mail of langkah 4 while its draft cannot be made, so the IT officer has to hear of it."""
    settings = config.parse(sample(), tmp_path / "config.toml")
    engine = fresh(settings.database.url, settings.folder)
    with writing(engine) as session:
        jobs.put(session, FRESH_DRAFT, 7, NOW)
        session.flush()
        job_id = session.scalars(select(Job.id)).one()
    for _ in range(9):
        with jobs.claimed(engine, job_id) as job, writing(engine) as session:
            assert job is not None
            jobs.failed(session, job, "Templat surat, badan surat: isian tidak dikenal", NOW)
    with writing(engine) as session:
        assert session.get_one(Job, job_id).state == "due"
    found = next(f for f in health.look(settings, engine) if f.part == "pekerjaan")
    assert found.level == "hati"
    assert "konsep 7" in found.text
    assert "isian tidak dikenal" in found.text
    engine.dispose()


# ---- what a server outside found about our mail --------------------------------------------------------------

GOOD = "mx.luar.example; spf=pass smtp.mailfrom=aduan@kominfo.example; dkim=pass header.d=kominfo.example; dmarc=pass"


@pytest.mark.parametrize(
    ("results", "sender", "levels"),
    [
        (GOOD, "aduan@kominfo.example", {"SPF": "baik", "DKIM": "baik", "DMARC": "baik"}),
        (
            "mx.luar.example; spf=fail; dkim=none",
            "aduan@kominfo.example",
            {"SPF": "buruk", "DKIM": "hati"},
        ),
        (
            "mx.luar.example; spf=softfail; dmarc=fail",
            "aduan@kominfo.example",
            {"SPF": "buruk", "DMARC": "buruk"},
        ),
        (
            "mx.luar.example; spf=pass smtp.mailfrom=x@massal.example",
            "aduan@kominfo.example",
            {"SPF": "hati"},
        ),
        ("", "aduan@kominfo.example", {"contoh": "buruk"}),
        (GOOD, "lain@kominfo.example", {"contoh": "buruk"}),
    ],
)
def test_a_received_sample_tells_of_spf_dkim_and_dmarc(
    tmp_path: Path, results: str, sender: str, levels: dict[str, str]
) -> None:
    settings = config.parse(sample(), tmp_path / "config.toml")
    header = f"Authentication-Results: {results}\r\n" if results else ""
    raw = f"{header}From: Pengaduan <{sender}>\r\nSubject: x\r\n\r\nx".encode()
    found = {finding.part: finding for finding in health.received(settings, raw)}
    assert {part: found[part].level for part in levels} == levels
    assert all(f.text for f in found.values())
