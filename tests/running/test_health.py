"""What `aduan check` tells beside the connections."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from pipeline.data import jobs
from pipeline.data.engine import writing
from pipeline.data.states import JobKind
from pipeline.data.tables import Job
from pipeline.letters import emblem
from pipeline.office import config
from pipeline.running import health
from tests.fresh import fresh
from tests.kantor import sample

EMBLEM = "gambar contoh"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_a_letter_that_cannot_be_drafted_is_tried_on_and_told_with_its_reason(
    tmp_path: Path,
) -> None:
    """Nobody gets the mail of langkah 4 while its draft cannot be made, so the IT officer has to hear of it."""
    settings = config.parse(sample(), tmp_path / "config.toml")
    engine = fresh(settings.database.url, settings.folder)
    with writing(engine) as session:
        jobs.put(session, JobKind.FRESH_DRAFT, 7, NOW)
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


def told_of_letter(settings: config.Settings) -> list[str]:
    engine = fresh(settings.database.url, settings.folder)
    return [
        f"{f.level} {f.text}" for f in health.look(settings, engine) if f.part == "templat surat"
    ]


def test_a_kop_with_the_sample_of_a_lambang_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = config.parse(sample(), tmp_path / "config.toml")
    _good, told = told_of_letter(settings)
    assert told.startswith("hati ")
    assert EMBLEM in told
    assert str(emblem.SAMPLE) in told


@pytest.mark.parametrize("saved", ["as it is", "smaller, as Word saves it"])
def test_the_sample_is_known_in_an_offices_own_letter(tmp_path: Path, saved: str) -> None:
    settings = config.parse(sample(), tmp_path / "config.toml")
    own = settings.path(settings.surat.templat)
    shown: Image.Image = Image.open(io.BytesIO(pictures_of(emblem.SAMPLE)[0]))
    if saved != "as it is":
        shown = shown.resize((shown.width * 220 // 300, shown.height * 220 // 300))
    own.parent.mkdir(parents=True)
    own.write_bytes(with_picture(emblem.SAMPLE, shown))
    assert [EMBLEM in told for told in told_of_letter(settings)] == [False, True]


def test_a_lambang_of_the_city_is_good(tmp_path: Path) -> None:
    """A shield as well, drawn in the same outline."""
    settings = config.parse(sample(), tmp_path / "config.toml")
    own = settings.path(settings.surat.templat)
    shown = Image.open(io.BytesIO(pictures_of(emblem.SAMPLE)[0])).convert("RGB")
    draw = ImageDraw.Draw(shown)
    draw.polygon([(60, 60), (420, 60), (420, 380), (240, 520), (60, 380)], fill="#1b5e20")
    draw.ellipse((170, 170, 310, 310), fill="#fdd835")
    own.parent.mkdir(parents=True)
    own.write_bytes(with_picture(emblem.SAMPLE, shown))
    assert [EMBLEM in told for told in told_of_letter(settings)] == [False]


def pictures_of(template: Path) -> list[bytes]:
    with zipfile.ZipFile(template) as file:
        return [file.read(name) for name in file.namelist() if name.startswith("word/media/")]


def with_picture(template: Path, shown: Image.Image) -> bytes:
    """The template with another picture in its kop."""
    png, made = io.BytesIO(), io.BytesIO()
    shown.save(png, "PNG")
    with zipfile.ZipFile(template) as file, zipfile.ZipFile(made, "w") as other:
        for one in file.infolist():
            is_picture = one.filename.startswith("word/media/")
            other.writestr(one, png.getvalue() if is_picture else file.read(one))
    return made.getvalue()
