"""What of another citizen stands in a letter: blocking where it tells who somebody is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from pipeline.cases.strangers import strangers
from pipeline.data.tables import Complaint
from pipeline.office.sop import Stage
from tests.cases.test_letters import draft_of, told, upload
from tests.desk import Desk, desk_in
from tests.kantor import edited

BUDI = {
    "nama": "Budi Santoso",
    "email": "budi@warga.example",
    "telepon": "0812-3456-7890",
    "nik": "3577011203800001",
    "alamat": "Jalan Kenanga Nomor 9, Manguharjo",
    "perihal": "Sampah menumpuk di pasar lama",
    "isi": "Selamat pagi. Tumpukan sampah itu dibakar penjaga parkir setiap malam Jumat.\nMohon perhatian.",
}


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
        ("Mohon menghubungi 0812/3456/7890.", "blokir"),
        ("Mohon menghubungi 0812 – 3456 – 7890.", "blokir"),
        ("Mohon menghubungi 812-3456-7890.", "blokir"),
        ("Mohon menghubungi O812 3456 789O.", "blokir"),
        ("Mohon menghubungi 0062 812_3456_7890.", "blokir"),
        ("Mohon menulis kepada budi@warga.example.", "blokir"),
        ("Mohon menulis kepada budi [at] warga (dot) example.", "blokir"),
        ("Mohon menulis kepada budi @ warga.example.", "blokir"),
        ("NIK 3577_0112_0380_0001.", "blokir"),
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
        ("Lihat pula PGD 2026 000001.", "blokir"),
        ("Lihat pula pgd/2026/1.", "blokir"),
        ("Lihat pula PGD2026000001.", "blokir"),
        ("Hal ini disampaikan pula oleh Santoso, Budi.", "blokir"),
        ("Hal ini disampaikan pula oleh BUDI  SANTOSO.", "blokir"),
        ("Lokasi di Jl. Kenanga No. 9.", "lihat"),
        ("Tumpukan sampah itu dibakar penjaga parkir setiap malam Jumat.", "lihat"),
        (
            "Saudara melaporkan bahwa tumpukan sampah itu dibakar penjaga parkir setiap malam Jumat.",
            "lihat",
        ),
    ],
)
def test_what_is_anothers_is_told(desk: Desk, text: str, level: str) -> None:
    number = desk.to(Stage.JAWABAN, desk.record())
    upload(desk, number, edited(draft_of(desk, number), "Demikian", f"{text} Demikian"))
    assert [one for one, _message in told(desk, number)] == [level], told(desk, number)


def test_what_the_case_itself_says_is_no_stranger(desk: Desk) -> None:
    number = desk.to(
        Stage.JAWABAN, desk.record(isi="Budi Santoso membuang sampah di depan rumah saya.")
    )
    upload(
        desk,
        number,
        edited(draft_of(desk, number), "Demikian", "Sdr. Budi Santoso sudah kami tegur. Demikian"),
    )
    assert told(desk, number) == []


def test_pengadu_whose_name_looks_like_a_gap_blocks_nothing(desk: Desk) -> None:
    number = desk.record(nama="{{7*7}}", perihal="Lampu.... ??? [nama]", email="")
    desk.press("jfu-1", "laporkan", number=number, nama="{{7*7}}", perihal="Lampu.... ??? [nama]")
    desk.to(Stage.JAWABAN, number)
    assert told(desk, number) == []


def test_sentence_of_a_secret_complaint_is_told(desk: Desk) -> None:
    said = "Kepala gudang menjual solar kantor kepada sopir truk pasir."
    desk.record(
        isi=f"{said} Mohon identitas saya dirahasiakan.", email="cici@warga.example", nama="Cici"
    )
    assert desk.complaint().rahasia
    number = desk.to(Stage.JAWABAN, desk.record())
    upload(desk, number, edited(draft_of(desk, number), "Demikian", f"{said} Demikian"))
    assert [level for level, _message in told(desk, number)] == ["lihat"]


def test_words_of_politeness_are_everybodys(desk: Desk) -> None:
    polite = "Atas perhatian dan kerja samanya kami ucapkan banyak terima kasih"
    for n in range(5):
        desk.record(
            isi=f"Lampu {n} padam. {polite}.", email=f"warga{n}@warga.example", nama=f"Warga {n}"
        )
    number = desk.to(Stage.JAWABAN, desk.record())
    upload(desk, number, edited(draft_of(desk, number), "Demikian", f"{polite}. Demikian"))
    assert told(desk, number) == []


def test_words_that_the_head_took_from_another_case_are_told(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN, desk.record())
    borrowed = BUDI["isi"].split(". ")[1].split("\n")[0]
    desk.press(
        "kepala", "putuskan", number=number, keputusan="ditindaklanjuti", disampaikan=borrowed
    )
    desk.jobs()
    assert [level for level, _message in told(desk, number)] == ["lihat"]


def test_sentence_of_a_secret_complaint_is_told_however_many_came_after_it(desk: Desk) -> None:
    said = "Mandor proyek drainase itu meminta uang kepada setiap pemilik kios di pasar."
    desk.record(
        isi=f"{said} Mohon identitas saya dirahasiakan.", email="cici@warga.example", nama="Cici"
    )
    first = desk.complaint()
    columns = {
        name: getattr(first, name)
        for name in map(str, Complaint.__table__.columns.keys())
        if name != "id"
    }
    later = [
        {
            **columns,
            "number": f"PGD-2026-9{n:05}",
            "status_code": f"kode{n}",
            "isi": f"Pohon ke-{n} tumbang.",
        }
        for n in range(2_050)
    ]
    with desk.work() as work:
        work.session.execute(insert(Complaint), later)
    number = desk.to(Stage.JAWABAN, desk.record())
    with desk.work() as work:
        found = strangers(work, desk.complaint(number), [f"Kami tahu bahwa {said}"], [])
    assert [(one.level, first.number in one.message) for one in found] == [("lihat", True)]


def test_letter_too_long_to_be_compared_whole_says_so(desk: Desk) -> None:
    number = desk.record()
    long = [" ".join(f"kata{n}{place}" for place in range(9)) for n in range(450)]
    with desk.work() as work:
        found = strangers(work, desk.complaint(number), long, [])
    assert [one.level for one in found] == ["lihat"]
    assert "hanya bagian awalnya" in found[0].message
