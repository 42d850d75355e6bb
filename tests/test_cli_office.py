"""What the IT officer types for the office: delegasi, kalender, peramban, check --contoh."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from pipeline import browsers, cases, config, db
from pipeline.cases import New, Pengadu, Work
from pipeline.cli import main
from pipeline.db import Complaint, Outbox, writing
from pipeline.sop import Channel, Stage
from tests.office import KEY

TODAY = datetime.now(UTC).date()
LATER = (TODAY + timedelta(days=5)).isoformat()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A config.toml with its key and an empty database."""
    (tmp_path / "rahasia").mkdir()
    (tmp_path / "rahasia" / "key").write_text(KEY, "utf-8")
    path = tmp_path / "config.toml"
    path.write_text(config.SAMPLE.read_text("utf-8"), "utf-8")
    settings = config.load(path)
    engine = db.connect(settings.database.url, settings.folder)
    db.migrate(engine)
    engine.dispose()
    return path


def aduan(place: Path, *arguments: str, code: int = 0, typed: str = "") -> str:
    result: Result = CliRunner().invoke(main, ["--config", str(place), *arguments], typed, env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return " ".join(re.sub("[\u2500-\u257f]", " ", result.output).split())  # without the lines of tables


def test_delegasi_is_shown_added_and_ended(place: Path) -> None:
    assert "Tidak ada pejabat pengganti" in aduan(place, "delegasi")
    made = ("delegasi", "--dari", "kepala", "--kepada", "sekretaris", "--sebagai", "plt", "--sampai", LATER)
    said = aduan(place, *made)
    assert "Ratih Kusumawardani (Plt.)" in said
    assert "berlaku" in said
    assert "--dari" in aduan(place, *made, code=2)  # a second one for the same days
    assert "Tidak ada pejabat pengganti" in aduan(place, "delegasi", "--akhiri", "1")
    assert "Tidak ada penggantian nomor 1" in aduan(place, "delegasi", "--akhiri", "1", code=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dari", "kepala", "--kepada", "sekretaris"), "--sampai wajib diisi"),
        (("--dari", "kepala", "--kepada", "sekretaris", "--sampai", "besok"), "2026-12-01"),
        (("--dari", "bos", "--kepada", "sekretaris", "--sampai", LATER), "'bos' tidak ada"),
        (("--dari", "kepala", "--kepada", "kepala", "--sampai", LATER), "orang lain"),
    ],
)
def test_delegasi_says_what_is_wrong(place: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in aduan(place, "delegasi", *arguments, code=2)


def test_kalender_shows_the_year_and_takes_holidays(place: Path) -> None:
    said = aduan(place, "kalender", "--tahun", "2026")
    assert "Kalender kantor 2026" in said
    assert "Februari (Ramadan)" in said
    assert "Hari Raya Idul Fitri" in said
    assert "Agustus 19 17 Agu Hari Kemerdekaan Republik Indonesia" in said
    day = ("--libur", "2026-08-18", "--nama", "Cuti bersama kantor")
    said = aduan(place, "kalender", "--tahun", "2026", *day)
    assert "Selasa, 18 Agustus 2026 libur: Cuti bersama kantor. 0 batas waktu dihitung ulang." in said
    assert "Agustus 18" in said
    assert "Agustus 19" in aduan(place, "kalender", "--tahun", "2026", "--hapus", "2026-08-18")
    assert "bukan libur" in aduan(place, "kalender", "--hapus", "2026-08-18", code=2)
    assert "2026-12-24" in aduan(place, "kalender", "--libur", "besok", code=2)


def test_peramban_shows_and_revokes(place: Path) -> None:
    assert "Belum ada peramban" in aduan(place, "peramban")
    settings = config.load(place)
    engine = db.connect(settings.database.url, settings.folder)
    with writing(engine) as session:
        for person in ("kepala", "kepala", "sekretaris"):
            browsers.remember(session, settings.key, person, "Android", datetime.now(UTC))
    engine.dispose()
    assert "kepala Android" in aduan(place, "peramban")
    assert "1 peramban dicabut" in aduan(place, "peramban", "--cabut", "3")
    assert "Tidak ada peramban seperti itu" in aduan(place, "peramban", "--cabut", "3", code=2)
    assert "2 peramban dicabut" in aduan(place, "peramban", "--orang", "kepala")
    assert "Belum ada peramban" in aduan(place, "peramban")


def test_check_reads_a_received_sample(place: Path, tmp_path: Path) -> None:
    sample = tmp_path / "contoh.eml"
    good = "mx.luar.example; spf=pass; dkim=pass header.d=kominfo.example; dmarc=pass"
    for results, code in ((good, 0), ("mx.luar.example; spf=fail; dmarc=fail", 1)):
        sample.write_text(f"Authentication-Results: {results}\nFrom: aduan@kominfo.example\nSubject: x\n\nx", "utf-8")
        said = aduan(place, "check", "--contoh", str(sample), code=code)
        for method in ("SPF", "DKIM", "DMARC"):
            assert method in said


def test_hapus_asks_erases_and_says_what_is_left(place: Path) -> None:
    settings = config.load(place)
    engine = db.connect(settings.database.url, settings.folder)
    with writing(engine) as session:
        work = Work(session, settings, datetime.now(UTC))
        pengadu = Pengadu("Siti Rahmawati", email="siti@warga.example")
        new = New(Channel.EMAIL, pengadu, perihal="Lampu padam", isi="Lampu padam.", received_at=work.now)
        (complaint,) = cases.record(work, [new])
    number = complaint.number
    by = ("hapus", number, "--petugas", "jfu-1", "--alasan", "permintaan tertulis")
    assert "'bos' tidak dikenal. Pilihan: kepala" in aduan(place, *by[:2], "--petugas", "bos", code=2, typed="x\n")
    assert "Tidak ada pengaduan bernomor X-1" in aduan(place, "hapus", "X-1", *by[2:], code=2)
    assert f"{number}, atau pengaduan yang digabung dengannya, belum selesai" in aduan(place, *by, code=2, typed="y\n")
    with writing(engine) as session:
        session.get_one(Complaint, complaint.id).stage = Stage.BATAL
        session.execute(update(Outbox).values(state="sent", told=True))
    engine.dispose()
    assert "Aborted" in aduan(place, *by, code=1, typed="n\n")
    said = aduan(place, *by, code=0, typed="y\n")
    assert "Yang tinggal: nomor, tanggal, keputusan" in said
    assert "isi 2 email. Cadangan lama, kotak surat" in said
    assert "(data pribadi" in aduan(place, "buku")
    assert "Siti" not in aduan(place, "buku")
    assert "utuh" in aduan(place, "audit")
