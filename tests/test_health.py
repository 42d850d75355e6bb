"""What `aduan check` tells beside the connections."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline import cases, config, db, health, jobs
from pipeline.db import Job, writing

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_a_letter_that_cannot_be_drafted_is_tried_on_and_told_with_its_reason(tmp_path: Path) -> None:
    """Nobody gets the mail of langkah 4 while its draft cannot be made, so the IT officer has to hear of it."""
    settings = config.parse(config.SAMPLE.read_text("utf-8"), tmp_path / "config.toml")
    engine = db.connect(settings.database.url, settings.folder)
    db.migrate(engine)
    with writing(engine) as session:
        jobs.put(session, cases.FRESH_DRAFT, 7, NOW)
        session.flush()
        job_id = session.scalars(select(Job.id)).one()
        for _ in range(9):
            jobs.failed(session, job_id, "Templat surat, badan surat: isian tidak dikenal", NOW, give_up=False)
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
        ("mx.luar.example; spf=fail; dkim=none", "aduan@kominfo.example", {"SPF": "buruk", "DKIM": "hati"}),
        ("mx.luar.example; spf=softfail; dmarc=fail", "aduan@kominfo.example", {"SPF": "buruk", "DMARC": "buruk"}),
        ("mx.luar.example; spf=pass smtp.mailfrom=x@massal.example", "aduan@kominfo.example", {"SPF": "hati"}),
        ("", "aduan@kominfo.example", {"contoh": "buruk"}),
        (GOOD, "lain@kominfo.example", {"contoh": "buruk"}),
    ],
)
def test_a_received_sample_tells_of_spf_dkim_and_dmarc(
    tmp_path: Path, results: str, sender: str, levels: dict[str, str]
) -> None:
    settings = config.parse(config.SAMPLE.read_text("utf-8"), tmp_path / "config.toml")
    header = f"Authentication-Results: {results}\r\n" if results else ""
    raw = f"{header}From: Pengaduan <{sender}>\r\nSubject: x\r\n\r\nx".encode()
    found = {finding.part: finding for finding in health.received(settings, raw)}
    assert {part: found[part].level for part in levels} == levels
    assert all(f.text for f in found.values())
