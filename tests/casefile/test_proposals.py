"""What the JFU's form proposes from the words of a mail."""

from __future__ import annotations

import pytest

from pipeline.casefile.proposals import LONGEST, address, phone, summary

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
    assert summary(MAIL) == "Lampu jalan di Jalan Mawar RT 05 padam sejak Senin. Warga takut lewat. Mohon diperiksa."


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


@pytest.mark.parametrize("text", ["", "   ", "Selamat pagi.", "\n" * 1000, "a" * 100_000, "Yth. " * 50_000])
def test_odd_texts_cost_little_and_never_fail(text: str) -> None:
    assert len(summary(text)) <= LONGEST
    assert phone(text) == address(text) == ""
