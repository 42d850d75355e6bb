"""What the IT officer types for the office: delegasi, kalender, peramban, check --contoh."""

from __future__ import annotations

import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from pipeline.access import browsers
from pipeline.cases.record import New, Pengadu, record
from pipeline.cli.main import main
from pipeline.data.engine import connect, writing
from pipeline.data.tables import Complaint, Outbox, SlipCount
from pipeline.office import config
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import Channel, Role, Stage
from pipeline.work import Work
from tests.fresh import fresh
from tests.kantor import KEY, sample

TODAY = datetime.now(UTC).date()
LATER = (TODAY + timedelta(days=5)).isoformat()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A config.toml with its key and an empty database."""
    (tmp_path / "rahasia").mkdir()
    (tmp_path / "rahasia" / "key").write_text(KEY, "utf-8")
    path = tmp_path / "config.toml"
    path.write_text(sample(), "utf-8")
    settings = config.load(path)
    fresh(settings.database.url, settings.folder).dispose()
    return path


def _person(settings: Settings, code: str) -> Petugas:
    person = settings.person(code)
    assert person is not None
    return person


def aduan(place: Path, *arguments: str, code: int = 0, typed: str = "") -> str:
    result: Result = CliRunner().invoke(
        main, ["--config", str(place), *arguments], typed, env={"COLUMNS": "200"}
    )
    assert result.exit_code == code, result.output
    return " ".join(
        re.sub("[\u2500-\u257f]", " ", result.output).split()
    )  # without the lines of tables


def test_delegasi_is_shown_added_and_ended(place: Path) -> None:
    assert "Tidak ada pejabat pengganti" in aduan(place, "delegasi")
    made = (
        "delegasi",
        "--dari",
        "kepala",
        "--kepada",
        "sekretaris",
        "--sebagai",
        "plt",
        "--sampai",
        LATER,
    )
    said = aduan(place, *made)
    assert "Ratih Kusumawardani (Plt.)" in said
    assert "berlaku" in said
    assert "--dari" in aduan(place, *made, code=2)  # a second one for the same days
    assert "Tidak ada pejabat pengganti" in aduan(place, "delegasi", "--akhiri", "1")
    assert "Tidak ada penggantian nomor 1" in aduan(place, "delegasi", "--akhiri", "1", code=2)


def test_mutu_tells_how_the_reader_of_slips_fares_here(place: Path) -> None:
    assert "Belum ada slip" in aduan(place, "slip", "mutu")
    engine = connect(config.load(place).database.url, place.parent)
    with writing(engine) as session:
        session.add_all(
            [
                SlipCount(field="nik", low=95, read=100, right=90),
                SlipCount(field="nik", low=0, read=5, right=1),
            ]
        )
    engine.dispose()
    assert "nik 105 87% 0 0 (0%) tidak pernah" in aduan(place, "slip", "mutu")


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


def test_kalender_names_the_days_of_ramadan_and_where_they_come_from(place: Path) -> None:
    said = " ".join(aduan(place, "kalender", "--tahun", "2027").split())
    assert (
        "Ramadan: Senin, 8 Februari 2027 sampai Senin, 8 Maret 2027. Tanggal ini dihitung" in said
    )
    assert "[jam_kerja.tanggal_ramadan]" in said
    decreed = "[jam_kerja.tanggal_ramadan]\n2027 = [2027-02-09, 2027-03-10]"
    words = place.read_text("utf-8").replace("[jam_kerja.tanggal_ramadan]", decreed, 1)
    place.write_text(words, "utf-8")
    said = " ".join(aduan(place, "kalender", "--tahun", "2027").split())
    assert "Selasa, 9 Februari 2027 sampai Rabu, 10 Maret 2027, seperti tertulis" in said
    assert "dihitung;" not in said


def test_kalender_shows_the_year_and_takes_holidays(place: Path) -> None:
    said = aduan(place, "kalender", "--tahun", "2026")
    assert "Kalender kantor 2026" in said
    assert "Februari (Ramadan)" in said
    assert "Hari Raya Idul Fitri" in said
    assert "Agustus 19 17 Agu Hari Kemerdekaan Republik Indonesia" in said
    day = ("--libur", "2026-08-18", "--nama", "Cuti bersama kantor")
    said = aduan(place, "kalender", "--tahun", "2026", *day)
    assert (
        "Selasa, 18 Agustus 2026 libur: Cuti bersama kantor. 0 batas waktu dihitung ulang." in said
    )
    assert "Agustus 18" in said
    assert "Agustus 19" in aduan(place, "kalender", "--tahun", "2026", "--hapus", "2026-08-18")
    assert "bukan libur" in aduan(place, "kalender", "--hapus", "2026-08-18", code=2)
    assert "2026-12-24" in aduan(place, "kalender", "--libur", "besok", code=2)


def test_peramban_shows_and_revokes(place: Path) -> None:
    assert "Belum ada peramban" in aduan(place, "peramban")
    settings = config.load(place)
    engine = connect(settings.database.url, settings.folder)
    with writing(engine) as session:
        for person in ("kepala", "kepala", "sekretaris"):
            browsers.remember(
                session, settings.keys, _person(settings, person), "Android", datetime.now(UTC)
            )
    engine.dispose()
    assert "kepala Android" in aduan(place, "peramban")
    assert "1 peramban dicabut" in aduan(place, "peramban", "--cabut", "3")
    assert "Tidak ada peramban seperti itu" in aduan(place, "peramban", "--cabut", "3", code=2)
    assert "2 peramban dicabut" in aduan(place, "peramban", "--orang", "kepala")
    assert "Belum ada peramban" in aduan(place, "peramban")


def test_new_key_goes_before_the_old_one_which_still_opens_what_it_made(place: Path) -> None:
    settings = config.load(place)
    engine = connect(settings.database.url, settings.folder)
    head = _person(settings, "kepala")
    with writing(engine) as session:
        cookie = browsers.remember(session, settings.keys, head, "Android", datetime.now(UTC))
    said = aduan(place, "kunci", "ganti", "--hari", "30")
    assert "Kunci baru dibuat" in said
    assert "Kunci lama berlaku sampai" in said
    file = place.parent / "rahasia" / "key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"{KEY} sampai {TODAY + timedelta(days=30)}" in file.read_text("utf-8")
    after = config.load(place)
    with writing(engine) as session:
        assert browsers.known(session, after.keys, head, cookie, datetime.now(UTC))
        fresh = browsers.remember(session, after.keys, head, "Android", datetime.now(UTC))
        assert not browsers.known(session, settings.keys, head, fresh, datetime.now(UTC)), (
            "made by the new key"
        )
    assert "tidak berlaku lagi" in aduan(place, "kunci", "ganti", "--segera")
    with writing(engine) as session:
        for gone in (cookie, fresh):
            assert not browsers.known(
                session, config.load(place).keys, head, gone, datetime.now(UTC)
            )
    engine.dispose()


def test_replaced_keys_keep_their_own_last_day(place: Path) -> None:
    aduan(place, "kunci", "ganti", "--hari", "30")
    aduan(place, "kunci", "ganti", "--hari", "90")
    lines = (place.parent / "rahasia" / "key").read_text("utf-8").split("\n")
    assert lines[1].endswith(f"sampai {TODAY + timedelta(days=90)}")
    assert lines[2] == f"{KEY} sampai {TODAY + timedelta(days=30)}"


def test_key_of_the_environment_is_not_replaced_behind_its_back(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADUAN_KEY", f"{'ab' * 32}, {KEY} sampai {LATER}")
    assert len(config.load(place).keys) == 2
    assert "ADUAN_KEY" in aduan(place, "kunci", "ganti", code=2)


def test_check_reads_a_received_sample(place: Path, tmp_path: Path) -> None:
    sample = tmp_path / "contoh.eml"
    good = "mx.luar.example; spf=pass; dkim=pass header.d=kominfo.example; dmarc=pass"
    for results, code in ((good, 0), ("mx.luar.example; spf=fail; dmarc=fail", 1)):
        sample.write_text(
            f"Authentication-Results: {results}\nFrom: aduan@kominfo.example\nSubject: x\n\nx",
            "utf-8",
        )
        said = aduan(place, "check", "--contoh", str(sample), code=code)
        for method in ("SPF", "DKIM", "DMARC"):
            assert method in said


def test_hapus_asks_erases_and_says_what_is_left(place: Path) -> None:
    settings = config.load(place)
    engine = connect(settings.database.url, settings.folder)
    with writing(engine) as session:
        work = Work(session, settings, datetime.now(UTC))
        pengadu = Pengadu("Siti Rahmawati", email="siti@warga.example")
        new = New(
            Channel.EMAIL, pengadu, perihal="Lampu padam", isi="Lampu padam.", received_at=work.now
        )
        (complaint,) = record(work, [new])
    number = complaint.number
    by = ("hapus", number, "--petugas", "jfu-1", "--alasan", "permintaan tertulis")
    assert "'bos' tidak dikenal. Pilihan: kepala" in aduan(
        place, *by[:2], "--petugas", "bos", code=2, typed="x\n"
    )
    assert "Tidak ada pengaduan bernomor X-1" in aduan(place, "hapus", "X-1", *by[2:], code=2)
    assert f"{number}, atau pengaduan yang digabung dengannya, belum selesai" in aduan(
        place, *by, code=2, typed="y\n"
    )
    with writing(engine) as session:
        Work(session, settings, datetime.now(UTC))  # which witnesses what is written
        session.get_one(Complaint, complaint.id).stage = Stage.BATAL
        session.execute(update(Outbox).values(state="sent", told=True))
    engine.dispose()
    assert "Dibatalkan; tidak ada yang diubah." in aduan(place, *by, code=1, typed="n\n")
    said = aduan(place, *by, code=0, typed="y\n")
    assert "Yang tinggal: nomor, tanggal, keputusan" in said
    assert "isi 2 email" in said
    assert "tidak ditemukan lagi. Cadangan lama, kotak email" in said
    assert "(data pribadi" in aduan(place, "buku")
    assert "Siti" not in aduan(place, "buku")
    assert "utuh" in aduan(place, "audit")


def test_catat_with_a_number_asks_only_for_the_words(place: Path) -> None:
    new = ("catat", "--petugas", "dimas", "--kanal", "surat", "--diterima", "2026-01-05 09:00")
    code = config.load(place).holders(Role.JFU)[0].kode
    said = aduan(
        place, *(code if one == "dimas" else one for one in new), typed="Lampu\nPadam.\n\n\n\n\n"
    )
    number = re.search(r"PGD-\d{4}-\d{6}", said)
    assert number is not None
    later = ("catat", "--petugas", code, "--kanal", "telepon", "--nomor", number[0])
    assert number[0] in aduan(place, *later, typed="Masih padam.\n")
    refused = aduan(place, *later[:-1], "PGD-2026-009999", typed="Padam.\n", code=2)
    assert "tidak ditemukan" in refused
