"""What the JFU's form proposes from the words of a mail."""

from __future__ import annotations

import pytest

from pipeline.casefile.gist import LONGEST, summary
from pipeline.casefile.proposals import address, phone

MAIL = """Yth. Kepala Dinas Kominfo
di tempat

Selamat pagi Bapak/Ibu. Lampu jalan di Jalan Mawar RT 05 padam sejak Senin. Warga takut lewat.
Mohon diperiksa.

Terima kasih.
Hormat saya,
Siti Rahmawati
Jalan Kenanga Nomor 7, Madiun
HP 0812-5550-0117
"""


def test_signature_gives_telephone_and_address() -> None:
    assert phone(MAIL) == "0812-5550-0117"
    assert address(MAIL) == "Jalan Kenanga Nomor 7, Madiun"


def test_summary_leaves_out_greeting_and_closing() -> None:
    assert (
        summary(MAIL)
        == "Lampu jalan di Jalan Mawar RT 05 padam sejak Senin. Warga takut lewat. Mohon diperiksa."
    )


def test_street_of_the_matter_is_no_address() -> None:
    assert address("Lampu padam.\nJalan Mawar RT 05 gelap gulita.\nMohon diperbaiki.") == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Telp +62 812 5550 0117", "+62 812 5550 0117"),
        ("Hubungi (0351) 467327", "(0351) 467327"),
        ("0812 5550 0117 atau 0813 5550 0118", ""),
        ("NIK 3577010203040506", ""),
        ("Rp 1.500.000", ""),
        ("", ""),
    ],
)
def test_telephone_only_where_it_is_certain(text: str, found: str) -> None:
    assert phone(text) == found


@pytest.mark.parametrize(
    "text", ["", "   ", "Selamat pagi.", "\n" * 1000, "a" * 100_000, "Yth. " * 50_000]
)
def test_odd_texts_cost_little_and_never_fail(text: str) -> None:
    assert len(summary(text)) <= LONGEST
    assert phone(text) == address(text) == ""


def below(line: str) -> str:
    return f"Lampu padam di Jalan Mawar.\n\nTerima kasih\nBudi Hartono\n{line}"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("No. HP/WA: +62 812-5550-0117", "+62 812-5550-0117"),
        ("WA +62 (812) 5550 0117", "+62 (812) 5550 0117"),
        ("Hp.0812 55500117", "0812 55500117"),
        ("https://wa.me/6281255500117", "6281255500117"),
        ("Kantor (0351) 555 0123, HP 0812 5550 0117", "0812 5550 0117"),
        ("+62 812 5550 0117 / 0812-5550-0117", "0812-5550-0117"),  # one number in two forms
        ("Rek. BRI 0123456789", ""),
        ("kode 0123456789abcdef", ""),
        ("NIP. 19760907 200312 1 007", ""),
        ("Saya sudah menelepon 0351-5550199 tetapi tidak diangkat.", ""),
        ("Telepon kantor Bapak 0351 467327", ""),
    ],
)
def test_telephone_in_the_forms_people_write(line: str, found: str) -> None:
    assert phone(below(line), own="(0351) 467327") == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Alamat rumah : Perumahan Griya Asri Blok C2", "Perumahan Griya Asri Blok C2"),
        ("Domisili: Jl. Melati 3", "Jl. Melati 3"),
        ("PT Maju Jaya, Jl. Pahlawan 10 Madiun", "Jl. Pahlawan 10 Madiun"),
        ("Alamat kantor: Jl. Pahlawan 10 Madiun", "Jl. Pahlawan 10 Madiun"),
        ("Dsn. Krajan RT 1 RW 2 Desa Sogaten", "Dsn. Krajan RT 1 RW 2 Desa Sogaten"),
        (
            "Jl. Cempaka 14, RT 03 RW 07,\nKelurahan Mekarsari",
            "Jl. Cempaka 14, RT 03 RW 07, Kelurahan Mekarsari",
        ),
        ("Alamat email: budi@contoh.example", ""),
        ("Alamat kejadian: Jalan Rusak 3", ""),
        ("Alamat IP: 10.0.0.1", ""),
    ],
)
def test_address_in_the_forms_people_write(line: str, found: str) -> None:
    assert address(below(line)) == found


def test_street_beside_a_telephone_number_needs_no_closing_words() -> None:
    assert address("Lampu padam.\n\nYoga\nJl. Anggrek 5\n0813 5550 2295") == "Jl. Anggrek 5"


GIST = [
    (
        "Assalamu'alaikum Wr. Wb.\n\nLampu di Jl. A. Yani No. 5 mati.\n\nWassalam",
        "Lampu di Jl. A. Yani No. 5 mati.",
    ),
    (
        "Kepada Yth. Kepala Dinas Kominfo\ndi tempat\n\nDengan hormat, bersama ini saya laporkan wifi mati.",
        "Bersama ini saya laporkan wifi mati.",
    ),
    (
        "Selamat pagi Bapak/Ibu Admin, izin lapor wifi alun-alun mati",
        "Izin lapor wifi alun-alun mati",
    ),
    ("pagi min\nwifi mati", "Wifi mati"),
    ("Yth. Bpk. Kepala Dinas di Madiun. Jalan kami rusak.", "Jalan kami rusak."),
    ("Permisi, saya Budi dari Kelurahan Taman. Air mati.", "Air mati."),
    ("Nama saya Budi, warga RT 3.\nTiang listrik miring.", "Tiang listrik miring."),
    ("Nama: Budi\nAlamat: Jl. Mawar 5\nHP: 081255500117\n\nIsi: Lampu padam.", "Lampu padam."),
    (
        "Perihal: Lampu\n\nSaya yang bertanda tangan di bawah ini:\nNama : Budi\n\nmelaporkan lampu padam.",
        "Melaporkan lampu padam.",
    ),
    ("Padam sejak 3 Nov. pukul 19.30 WIB. Tolong.", "Padam sejak 3 Nov. pukul 19.30 WIB. Tolong."),
    ("Lampu padam sejak Senin.\n\nYoga Saputra\nJl. Anggrek 5", "Lampu padam sejak Senin."),
    ("Lampu padam.\nDikirim dari iPhone saya", "Lampu padam."),
    ("Sekian terima kasih.\nLampu padam.", "Lampu padam."),
]


@pytest.mark.parametrize(("text", "found"), GIST)
def test_summary_of_mails_that_begin_and_end_as_people_write(text: str, found: str) -> None:
    assert summary(text) == found


def test_long_sentence_is_cut_between_words() -> None:
    found = summary("lampu " * 200)
    assert found.endswith("lampu…")
    assert len(found) <= LONGEST
