"""Which sentences of a letter speak to an official and not to the pengadu."""

from __future__ import annotations

import pytest

from pipeline.letters.for_staff import LONGEST, said_to_staff

TO_AN_OFFICIAL = (
    "Sampaikan bahwa lampu menyala.",
    "Jelaskan kepada pelapor bahwa dana belum ada.",
    "Yang bersangkutan ini sering mengeluh, jawab seperlunya saja",
    "Jangan beri tahu pelapor penyebabnya",
    "Tolong jawab saja dengan sopan",
    "2. Sampaikanlah kepada ybs bahwa sudah selesai",
    "BERITAHU WARGA KALAU JALAN DITUTUP",
    "Tidak usah disebut nama kontraktornya.",
    "Terima kasih. Buatkan jawaban normatif.",
    "Cantumkan bahwa ini kewenangan PLN",
    "- Minta pengadu bersabar",
)
TO_THE_PENGADU = (
    "Lampu sudah diganti pada 20 November 2026.",
    "Mohon sampaikan kepada kami bila lampu padam lagi.",
    "Kami sampaikan bahwa lampu sudah menyala.",
    "Dapat kami jelaskan bahwa jalan itu milik provinsi.",
    "Sampaikan keluhan berikutnya melalui 112.",
    "Jangan ragu menghubungi kami.",
    "Jangan buka pintu panel listrik.",
    "Bersama ini kami sampaikan kepada pengadu surat kelurahan.",
    "Saudara tidak perlu menyampaikan dokumen lagi.",
    "Petugas sudah menjawab pertanyaan Saudara secara lisan.",
)


@pytest.mark.parametrize("text", TO_AN_OFFICIAL)
def test_an_order_is_told(text: str) -> None:
    assert len(list(said_to_staff([text]))) == 1


@pytest.mark.parametrize("text", TO_THE_PENGADU)
def test_a_sentence_for_the_pengadu_is_not(text: str) -> None:
    assert not list(said_to_staff([text]))


def test_each_is_told_once_and_shortened() -> None:
    long = "Sampaikan bahwa " + "lampu " * 40
    (told,) = said_to_staff([long, long])
    assert len(told) <= LONGEST + 2
