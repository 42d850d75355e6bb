"""A class of matter with an address is sent on: once, confidential where the class is, the pengadu told where asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.office import config
from pipeline.office.config_errors import ConfigError
from pipeline.office.lists import Klasifikasi
from pipeline.office.sop import EventKind
from tests.desk import Desk, make_engine, make_settings
from tests.kantor import SITI, sample

PPID = Klasifikasi(
    kode="informasi",
    nama="Permohonan informasi",
    tujuan="PPID Kota",
    email="ppid@kota.example",
    kabar="PPID menjawab dalam 10 hari kerja.",
)
INSPEKTORAT = Klasifikasi(
    kode="berkadar",
    nama="Berkadar pengawasan",
    tertutup=True,
    tujuan="Inspektorat",
    email="irda@kota.example",
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = make_settings(tmp_path).model_copy(update={"klasifikasi": (PPID, INSPEKTORAT)})
    engine = make_engine(tmp_path)
    yield Desk(settings, engine)
    engine.dispose()


def mails_to(desk: Desk, address: str) -> list[str]:
    return [mail.text for mail in desk.mails() if mail.recipient == address]


def test_a_request_for_information_goes_to_the_ppid_and_the_citizen_is_told(desk: Desk) -> None:
    number = desk.record(perihal="Salinan anggaran")
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        klasifikasi="informasi",
        nama="Siti Rahmawati",
        email=SITI,
    )
    (sent,) = mails_to(desk, PPID.email)
    assert "Siti Rahmawati" in sent
    assert "PPID menjawab dalam 10 hari kerja." in mails_to(desk, SITI)[-1]
    assert EventKind.FORWARDED in desk.kinds(number)
    assert desk.faults() == []


def test_what_is_for_the_inspektorat_goes_without_the_citizens_name(desk: Desk) -> None:
    number = desk.record(isi="Saya Siti Rahmawati diminta uang oleh petugas.")
    before = len(mails_to(desk, SITI))
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        klasifikasi="berkadar",
        nama="Siti Rahmawati",
        email=SITI,
        ringkasan="Dugaan pungutan di loket.",
    )
    (sent,) = mails_to(desk, INSPEKTORAT.email)
    assert "Dugaan pungutan di loket." in sent
    assert "Siti" not in sent
    assert "Identitas pengadu dirahasiakan." in sent, "and not that they asked for it"
    assert desk.complaint(number).rahasia
    assert len(mails_to(desk, SITI)) == before, "the pengadu is not told by a mail of its own"


def test_it_goes_once_and_not_without_an_address(desk: Desk) -> None:
    number = desk.record()
    desk.press("jfu-1", "laporkan", number=number, klasifikasi="informasi")
    desk.press("sekretaris", "kembalikan", number=number)
    desk.press("jfu-1", "laporkan", number=number, klasifikasi="informasi")
    assert len(mails_to(desk, PPID.email)) == 1
    other = desk.record(perihal="Lain")
    desk.press("jfu-1", "laporkan", number=other)
    assert len(mails_to(desk, PPID.email)) == 1


@pytest.mark.parametrize("row", ['tujuan = "PPID"', 'tujuan = "PPID"\nemail = "bukan alamat"'])
def test_an_address_that_is_half_written_is_said(row: str) -> None:
    text = f'{sample()}\n[[klasifikasi]]\nkode = "informasi"\nnama = "Informasi"\n{row}\n'
    with pytest.raises(ConfigError, match="tujuan"):
        config.parse(text, Path("/kantor/config.toml"))
