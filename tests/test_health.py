"""What `aduan check` tells beside the connections."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

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
