"""What of another citizen stands in a letter: blocking where it tells who somebody is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.office.sop import Stage
from tests.cases.test_letters import draft_of, told, upload
from tests.desk import Desk, desk_in
from tests.kantor import edited

BUDI = {
    "nama": "Budi Santoso", "email": "budi@warga.example", "telepon": "0812-3456-7890", "nik": "3577011203800001",
    "alamat": "Jalan Kenanga Nomor 9, Manguharjo", "perihal": "Sampah menumpuk di pasar lama",
}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        made.record(**BUDI)
        yield made


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Hal ini disampaikan pula oleh Budi Santoso.", "blokir"),
        ("Mohon menghubungi +62 812 3456 7890.", "blokir"),
        ("Mohon menulis kepada budi@warga.example.", "blokir"),
        ("NIK 3577011203800001.", "blokir"),
        ("NIK 35.7701.120380.0001.", "blokir"),
        ("NIK 3577 0112 0380 0001.", "blokir"),
        ("Hal ini disampaikan pula oleh Budi\u00a0San\u00adtoso.", "blokir"),
        ("Lihat pula PGD\u20112026\u2011000001.", "blokir"),
        ("Lihat pula PGD-2026-\u200b000001.", "blokir"),
        ("Lokasi di Jalan Kenanga Nomor 9, Manguharjo.", "lihat"),
        ("Pengaduan Sampah menumpuk di pasar lama.", "lihat"),
        ("Lihat pula PGD-2026-000001.", "blokir"),
        ("Lihat pula PGD-2026-000777.", "lihat"),
    ],
)
def test_what_is_anothers_is_told(desk: Desk, text: str, level: str) -> None:
    number = desk.to(Stage.JAWABAN, desk.record())
    upload(desk, number, edited(draft_of(desk, number), "Demikian", f"{text} Demikian"))
    assert [one for one, _message in told(desk, number)] == [level], told(desk, number)


def test_what_the_case_itself_says_is_no_stranger(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN, desk.record(isi="Budi Santoso membuang sampah di depan rumah saya."))
    upload(desk, number, edited(draft_of(desk, number), "Demikian", "Sdr. Budi Santoso sudah kami tegur. Demikian"))
    assert told(desk, number) == []


def test_pengadu_whose_name_looks_like_a_gap_blocks_nothing(desk: Desk) -> None:
    number = desk.record(nama="{{7*7}}", perihal="Lampu.... ??? [nama]", email="")
    desk.press("jfu-1", "laporkan", number=number, nama="{{7*7}}", perihal="Lampu.... ??? [nama]")
    desk.to(Stage.JAWABAN, number)
    assert told(desk, number) == []
