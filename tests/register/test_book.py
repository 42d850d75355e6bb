"""Buku Pengaduan: columns, filters, figures and the spreadsheet. Nothing leaves it, nothing becomes a formula."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from pipeline.cases.core import locked
from pipeline.cases.record import New, Pengadu, record
from pipeline.cases.withdrawal import make_sure
from pipeline.data.engine import reading
from pipeline.data.tables import Complaint, Outbox
from pipeline.office.sop import Channel, Stage
from pipeline.register import book as register_book
from pipeline.register import figures
from pipeline.register import sheet as register_sheet
from pipeline.register.book import COLUMNS, PAGE, Filter, Row
from pipeline.register.sheet import MAX_CELL
from pipeline.work import Work
from tests.desk import PROOF, Desk, desk_in, jakarta
from tests.kantor import SITI

ALL = Filter()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def rows(desk: Desk, wanted: Filter = ALL, **more: Any) -> list[Row]:
    with reading(desk.engine) as session:
        return list(register_book.rows(Work(session, desk.settings, desk.clock()), wanted, **more))


def numbers(desk: Desk, wanted: Filter = ALL) -> list[int]:
    """The running numbers of the found rows, oldest first."""
    return sorted(int(row.complaint.number[-6:]) for row in rows(desk, wanted))


def only(desk: Desk) -> Row:
    (row,) = rows(desk)
    return row


# ---- columns -------------------------------------------------------------------------------------------------


def test_book_has_the_columns_of_the_offices_books_and_of_the_sop() -> None:
    assert list(COLUMNS.values()) == [
        "No. register",
        "Tanggal dan jam",
        "Kanal",
        "Nama",
        "Alamat",
        "Telepon/email",
        "Isi ringkas",
        "Unit terkait",
        "Disposisi",
        "Keputusan",
        "Nomor dan tanggal surat",
        "Cara dan tanggal penyampaian",
        "Lama",
        "Paraf",
        "Keterangan",
        "Keadaan",
        "Hasil",
        "Petugas penerima",
        "NIK",
        "Nomor dan tanggal surat pengadu",
    ]


def test_row_of_a_finished_complaint_is_filled_in_every_column(desk: Desk) -> None:
    number = desk.record(telepon="0811 111 222", alamat="Jalan Mawar 5")
    fields: dict[str, Any] = {
        "ringkasan": "Tiga lampu padam.",
        "alamat": "Jalan Mawar 5",
        "telepon": "0811 111 222",
    }
    desk.press("jfu-1", "laporkan", nama="Siti Rahmawati", email=SITI, **fields)
    desk.press("sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"])
    desk.press("sekretaris", "laporkan_kepala")
    desk.press(
        "kepala",
        "putuskan",
        keputusan="bukan_wewenang",
        instansi="PLN Madiun",
        perintah="Meteran milik PLN.",
        disampaikan="Meteran milik PLN.",
    )
    desk.jobs()
    desk.to(Stage.PENYAMPAIAN, number)
    desk.clock.now = jakarta(25, 10, 5)
    desk.press("jfu-2", "sampaikan", cara="langsung", penerima="Siti sendiri", files=PROOF)
    row = only(desk)
    assert row.cells == {
        "register": "PGD-2026-000001",
        "masuk": "24-11-2026 09.00",
        "kanal": "email",
        "nama": "Siti Rahmawati",
        "alamat": "Jalan Mawar 5",
        "kontak": f"0811 111 222, {SITI}",
        "isi": "Tiga lampu padam.",
        "unit": "Seksi Pengelolaan Infrastruktur",
        "disposisi": "Meteran milik PLN.",
        "keputusan": "Bukan wewenang Dinas: PLN Madiun",
        "surat": "400.14.5/1/401.109/2026, 24-11-2026",
        "penyampaian": row.cells["penyampaian"],
        "lama": row.cells["lama"],
        "paraf": "Sri Wahyuni",
        "keterangan": "Surat pengantar 400.14.5/2/401.109/2026",
        "keadaan": "Selesai",
        "pembuktian": "",
        "penerima": "Dimas Prakoso",
        "nik": "",
        "surat_pengirim": "",
    }
    assert row.cells["penyampaian"].endswith("Rabu, 25 November 2026, pukul 10.05")
    assert "1 hari" in row.cells["lama"]
    assert (row.late, row.tone) == (False, "baik")


def test_a_letter_by_hand_tells_its_number_state_officer_result_and_that_there_is_a_nik(
    desk: Desk,
) -> None:
    """SOP, langkah 1 (Output) and the Buku: who took it and what came as a letter; a NIK itself stands nowhere."""
    number = desk.record(
        channel=Channel.SURAT,
        nik="3577010101010001",
        surat_pengirim="12/RW-04/2026, 20 November 2026",
    )
    assert only(desk).cells["keadaan"] == "Langkah 1 Penerimaan. Sisa 30 menit kerja"
    desk.press("jfu-2", "laporkan")
    taken = only(desk).cells
    assert (taken["penerima"], taken["nik"]) == (desk.person("jfu-2").nama, "ada")
    assert taken["surat_pengirim"] == "12/RW-04/2026, 20 November 2026"
    desk.to(Stage.KEPUTUSAN, number)
    desk.press("kepala", "putuskan", keputusan="ditindaklanjuti", pembuktian="sebagian")
    assert only(desk).cells["pembuktian"] == "Terbukti sebagian"
    written = " ".join(sheet(desk).values())
    assert "Terbukti sebagian" in written
    assert "12/RW-04/2026" in written
    assert "3577010101010001" not in written


def test_fresh_row_shows_what_is_known_and_how_much_time_is_left(desk: Desk) -> None:
    desk.record(nama="", email="")
    row = only(desk)
    assert (row.cells["nama"], row.cells["kontak"], row.cells["keputusan"]) == (
        "Tanpa nama",
        "",
        "",
    )
    assert (row.cells["isi"], row.due, row.late) == ("Lampu padam", jakarta(24, 9, 30), False)
    assert row.state == "Sisa 30 menit kerja"


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_has_its_word(desk: Desk, channel: Channel) -> None:
    desk.record(channel=channel)
    assert only(desk).cells["kanal"]


def test_time_of_arrival_is_the_offices_not_utc(desk: Desk) -> None:
    desk.clock.now = jakarta(25, 0, 30)
    desk.record()
    assert only(desk).cells["masuk"] == "25-11-2026 00.30"


def test_unit_that_is_no_longer_in_the_configuration_does_not_break_the_book(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "laporkan_kepala", unit=["umum", "informasi"])
    units = tuple(u for u in desk.settings.unit if u.kode != "umum")
    desk.settings = desk.settings.model_copy(update={"unit": units})
    assert only(desk).cells["unit"] == "Seksi Layanan Informasi Publik"


def test_void_row_stays_with_its_reason(desk: Desk) -> None:
    desk.record()
    desk.record()
    desk.press("jfu-1", "bukan_pengaduan", number="PGD-2026-000001", alasan="Penawaran dagang.")
    assert numbers(desk) == [1, 2]
    void = rows(desk)[-1]
    assert (void.cells["keputusan"], void.cells["keterangan"]) == (
        "Bukan pengaduan",
        "Penawaran dagang.",
    )


def test_merged_row_names_its_parent(desk: Desk) -> None:
    parent, child = desk.record(), desk.record()
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    assert rows(desk)[0].cells["keterangan"] == f"Digabung dengan {parent}"


def test_secret_identity_is_not_in_the_book(desk: Desk) -> None:
    desk.record(
        nama="Tuti Rahasia",
        alamat="Jalan Sunyi 1",
        telepon="0812 999",
        email="tuti@warga.example",
        surat_pengirim="7/Serikat-Tuti/2026",
        rahasia=True,
    )
    row = only(desk)
    assert (row.cells["nama"], row.cells["alamat"], row.cells["kontak"]) == ("Dirahasiakan", "", "")
    everything = " ".join(row.cells.values()) + " ".join(sheet(desk).values())
    for secret in ("Tuti", "Sunyi", "0812", "tuti@"):
        assert secret not in everything


def test_secret_identity_cannot_be_searched_out(desk: Desk) -> None:
    """Who searches a name must not learn which secret complaint is that person's."""
    desk.record(nama="Tuti Rahasia", rahasia=True)
    assert numbers(desk, Filter(text="Tuti")) == []


def test_newest_stands_first_on_the_page_and_last_in_the_book(desk: Desk) -> None:
    made = [desk.record() for _ in range(3)]
    assert [r.complaint.number for r in rows(desk)] == made[::-1]
    assert [r.complaint.number for r in rows(desk, oldest_first=True)] == made


# ---- state ---------------------------------------------------------------------------------------------------


def test_late_row_says_how_late_in_office_time(desk: Desk) -> None:
    desk.record()
    desk.clock.now = jakarta(25, 8)
    row = only(desk)
    assert (row.late, row.tone) == (True, "buruk")
    assert row.state == "Terlambat 6 jam kerja"  # 09.30–16.00 less the break, and 07.30–08.00


def test_waiting_for_the_pengadu_is_shown_as_such(desk: Desk) -> None:
    """SOP, Reading: it stops the clock of langkah 2 and is shown as such."""
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu")
    desk.later(days=3)
    row = only(desk)
    assert (row.state, row.due, row.late) == ("Menunggu pengadu", None, False)


def test_question_to_a_unit_does_not_hide_the_task_that_carries_the_case(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    desk.press("sekretaris", "tanya_pengadu")
    assert only(desk).state == "Menunggu pengadu"


# ---- filters -------------------------------------------------------------------------------------------------


@pytest.fixture
def book(desk: Desk) -> Desk:
    """Seven complaints with names that make searching hard."""
    for nama, perihal in (
        ("Siti Rahmawati", "Lampu padam"),
        ("Budi 100%", "Diskon 50% pajak"),
        ("Adi_Putra", "Wi_Fi taman"),
        ("Agus Wi Fi", "Taman kota"),
        ("Back\\slash", "Garis \\ miring"),
        ("O'Brien", "Tanda 'petik'"),
        ("ÉMILE", "Éclairage"),
    ):
        desk.record(nama=nama, perihal=perihal, isi=perihal, email="")
    return desk


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7]),
        ("siti", [1]),
        ("LAMPU", [1]),
        ("siti lampu", [1]),
        ("siti taman", []),
        ("taman", [3, 4]),
        ("PGD-2026-000004", [4]),
        ("pgd-2026-000004", [4]),
        ("000002", [2]),
        ("%", [2]),
        ("50%", [2]),
        ("_", [3]),
        ("wi_fi", [3]),
        ("\\", [5]),
        ("'", [6]),
        ("' OR 1=1 --", []),
        ("tidak ada", []),
        ("   ", [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_search_finds_words_as_they_stand(book: Desk, text: str, found: list[int]) -> None:
    """Every word must be found in number, name or perihal; % and _ are letters, not wildcards."""
    assert numbers(book, Filter(text=text)) == found


def test_search_is_the_same_on_both_databases(tmp_path: Path, database_url: str) -> None:
    with desk_in(tmp_path, database_url) as desk:
        for perihal in (
            "Diskon 50% pajak",
            "Wi_Fi taman",
            "WiXFi taman",
            "Garis \\ miring",
            "LAMPU",
        ):
            desk.record(perihal=perihal, isi=perihal)
        assert [numbers(desk, Filter(text=t)) for t in ("%", "wi_fi", "\\", "lampu")] == [
            [1],
            [2],
            [4],
            [5],
        ]


def test_month_is_the_offices_month(desk: Desk) -> None:
    desk.clock.now = jakarta(30, 23, 59)
    desk.record()
    desk.later(minutes=1)
    desk.record()
    assert numbers(desk, Filter(month=date(2026, 11, 1))) == [1]
    assert numbers(desk, Filter(month=date(2026, 12, 17))) == [2]
    assert numbers(desk, Filter(month=date(2027, 1, 1))) == []


def test_december_ends_with_the_year(desk: Desk) -> None:
    desk.clock.now = jakarta(31, 23, 59, month=12)
    desk.record()
    desk.later(minutes=1)
    desk.record()
    with reading(desk.engine) as session:
        assert (
            register_book.count(
                Work(session, desk.settings, desk.clock()), Filter(month=date(2026, 12, 1))
            )
            == 1
        )
        assert (
            register_book.count(
                Work(session, desk.settings, desk.clock()), Filter(month=date(2027, 1, 1))
            )
            == 1
        )


def test_langkah_finds_what_is_worked_on_there(desk: Desk) -> None:
    stages = (
        Stage.PENERIMAAN,
        Stage.KLARIFIKASI,
        Stage.KEPUTUSAN,
        Stage.JAWABAN,
        Stage.TANDA_TANGAN,
        Stage.SELESAI,
    )
    for stage in stages:
        desk.to(stage)
    found = {n: numbers(desk, Filter(langkah=n)) for n in range(1, 6)}
    assert found == {1: [1], 2: [2], 3: [3], 4: [4, 5], 5: []}


def test_late_finds_what_is_past_its_limit_now(desk: Desk) -> None:
    desk.record()
    desk.to(Stage.KEPUTUSAN)
    desk.to(Stage.SELESAI)
    assert numbers(desk, Filter(late=True)) == []
    desk.later(hours=3)
    assert numbers(desk, Filter(late=True)) == [1]


def test_filters_work_together(book: Desk) -> None:
    book.to(Stage.KLARIFIKASI, "PGD-2026-000003")
    month = date(2026, 11, 1)
    assert numbers(book, Filter(text="taman", langkah=1, month=month)) == [4]
    book.later(hours=1)
    assert numbers(book, Filter(text="taman", langkah=2, month=month, late=True)) == [3], (
        "by the pengadu's own words"
    )
    assert numbers(book, Filter(text="taman", langkah=3, month=month)) == []


def test_pages_hold_every_row_once(desk: Desk) -> None:
    count = PAGE + 3
    with desk.work() as work:
        for _ in range(count):
            record(
                work, [New(Channel.EMAIL, Pengadu(), perihal="x", isi="y", received_at=work.now)]
            )
    with reading(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        pages = [register_book.page(work, ALL, n) for n in range(3)]
        assert register_book.count(work, ALL) == count
        assert register_book.count(work, ALL, 10) == 11
    assert [len(page.rows) for page in pages] == [PAGE, 3, 0]
    assert [page.goes_on for page in pages] == [True, False, False]
    assert {page.total for page in pages} == {count}
    assert len({r.complaint.id for page in pages for r in page.rows}) == count


# ---- figures -------------------------------------------------------------------------------------------------


def test_recap_counts_what_came_is_over_and_runs(desk: Desk) -> None:
    desk.record()
    desk.to(Stage.KLARIFIKASI)
    desk.to(Stage.SELESAI)
    desk.record()
    desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    with reading(desk.engine) as session:
        recap = figures.recap(Work(session, desk.settings, desk.clock()))
    assert (recap.came, recap.over, recap.running) == (4, 2, 2)
    assert recap.months[-1] == (date(2026, 11, 1), 4)
    assert [count for _month, count in recap.months[:-1]] == [0] * 11


def test_recap_tells_which_langkah_kept_its_waktu(desk: Desk) -> None:
    desk.record()
    desk.later(minutes=31)
    desk.press("jfu-1", "laporkan")
    desk.press("sekretaris", "laporkan_kepala")
    with reading(desk.engine) as session:
        punctual = figures.recap(Work(session, desk.settings, desk.clock())).punctual
    told = [(step.name, step.punctual, step.counted) for step in punctual]
    assert told[:3] == [("Penerimaan", 0, 1), ("Klarifikasi", 1, 1), ("Keputusan", 0, 0)]


# ---- the spreadsheet -----------------------------------------------------------------------------------------

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def xlsx(desk: Desk, wanted: Filter = ALL) -> bytes:
    with reading(desk.engine) as session:
        return register_sheet.xlsx(Work(session, desk.settings, desk.clock()), wanted)


def xml(content: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return ElementTree.fromstring(archive.read(name))


def sheet(desk: Desk, wanted: Filter = ALL) -> dict[str, str]:
    """Text of the first sheet's cells by their name (A1), read with the standard library alone."""
    content = xlsx(desk, wanted)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        shared = "xl/sharedStrings.xml" in archive.namelist()
    words = (
        ["".join(si.itertext()) for si in xml(content, "xl/sharedStrings.xml")] if shared else []
    )
    cells = {}
    for cell in xml(content, "xl/worksheets/sheet1.xml").iter(f"{MAIN}c"):
        text = "".join(cell.itertext())
        if cell.get("t") == "s":
            text = words[int(text)]
        cells[str(cell.get("r"))] = text
    return {name: text for name, text in cells.items() if text}


def test_heading_shows_office_and_sop_with_its_dasar_hukum(desk: Desk) -> None:
    cells = sheet(desk)
    lines = [cells.get(f"A{n}", "") for n in range(1, 8)]
    sop = desk.settings.sop
    assert lines[:3] == [
        "PEMERINTAH KOTA MADIUN",
        "DINAS KOMUNIKASI DAN INFORMATIKA",
        "BUKU PENGADUAN",
    ]
    assert sop.nomor in lines[3]
    assert sop.nama in lines[3]
    for law, line in zip(sop.dasar_hukum, lines[4:7], strict=True):
        assert law in line
    beside = [cells.get(f"I{n}", "") for n in range(1, 7)]
    assert [line.partition(":")[0] for line in beside] == [
        "Tanggal Pembuatan",
        "Tanggal Revisi",
        "Tanggal Pengesahan",
        "Disahkan oleh",
        "Kualifikasi pelaksana",
        "Peralatan/perlengkapan",
    ]
    assert beside[4].endswith("SLTA")
    assert [cells[f"{letter}9"] for letter in "ABCDEFGHIJKLMNOPQRST"] == list(COLUMNS.values())


def test_rows_stand_oldest_first_under_the_heading(desk: Desk) -> None:
    made = [desk.record() for _ in range(3)]
    cells = sheet(desk)
    assert [cells[f"A{n}"] for n in (10, 11, 12)] == made
    assert "A13" not in cells


FORMULAS = [
    '=HYPERLINK("http://x.example","klik")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "=cmd|'/c calc'!A0",
    "\t=1",
    "{=1}",
]


@pytest.mark.parametrize(
    "words",
    [*FORMULAS, "https://x.example", "mailto:a@b.example", "internal:Sheet1!A1", "00123", "1e5"],
)
def test_words_of_a_citizen_stay_words(desk: Desk, words: str) -> None:
    desk.record(nama=words, alamat=words, perihal=words)
    content = xlsx(desk)
    page = xml(content, "xl/worksheets/sheet1.xml")
    assert list(page.iter(f"{MAIN}f")) == []
    assert list(page.iter(f"{MAIN}hyperlink")) == []
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert not [
            name for name in archive.namelist() if "externalLink" in name or "_rels/sheet" in name
        ]
    cells = {c.get("r"): c for c in page.iter(f"{MAIN}c")}
    for place in ("D10", "E10", "G10"):
        assert cells[place].get("t") in ("s", "inlineStr"), "text, not a number"
    assert sheet(desk)["D10"] == words


@pytest.mark.parametrize(
    "words",
    ["x" * 40_000, "baris\nbaris", "\x01\x0b rusak", "🙏 é ﷺ", "<b>&amp;</b>", "_x0041_"],
    ids=lambda w: repr(w[:12]),
)
def test_any_words_give_a_file_that_opens(desk: Desk, words: str) -> None:
    desk.record(perihal=words)
    cell = sheet(desk)["G10"]
    assert len(cell) <= MAX_CELL
    assert cell[:3] == words[:3] or "\x01" in words or words.startswith("_x")


def test_spreadsheet_holds_what_the_filter_finds(desk: Desk) -> None:
    desk.record(nama="Siti")
    desk.record(nama="Budi")
    cells = sheet(desk, Filter(text="budi"))
    assert (cells["A10"], "A11" in cells) == ("PGD-2026-000002", False)


def test_every_stage_of_the_sop_has_a_row_without_gaps_in_its_words(desk: Desk) -> None:
    for stage in Stage:
        if stage not in (Stage.PENGIRIMAN, Stage.DIGABUNG, Stage.BATAL, Stage.DICABUT):
            desk.to(stage)
    taken_back = desk.record()
    with desk.work() as work:
        make_sure(work, locked(work, desk.complaint(taken_back).id), "Saya cabut.")
    desk.press("jfu-1", "cabut", number=taken_back, alasan="Lewat telepon.")
    child = desk.record()
    desk.press("jfu-1", "gabungkan", number=child, nomor="PGD-2026-000001")
    desk.record()
    desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    taken_back = desk.record()
    with desk.work() as work:
        make_sure(
            work,
            work.session.scalars(select(Complaint).where(Complaint.number == taken_back)).one(),
            "Saya cabut.",
        )
    desk.press("jfu-1", "cabut", number=taken_back, alasan="Sudah menyala.")
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    assert {r.complaint.stage for r in rows(desk)} == set(Stage)
    for row in rows(desk):
        assert row.state
        assert not re.search(r"None|\{|\}|, ,|^, |, $", " | ".join(row.cells.values()))
        assert set(row.cells) == set(COLUMNS)


def test_reading_the_book_writes_nothing(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    before = [desk.count(Outbox), len(desk.events())]
    xlsx(desk)
    rows(desk)
    with reading(desk.engine) as session:
        figures.recap(Work(session, desk.settings, desk.clock()))
        assert not session.new
        assert not session.dirty
    assert [desk.count(Outbox), len(desk.events())] == before


def test_earlier_decision_stays_in_the_book_with_its_letter_and_delivery(desk: Desk) -> None:
    """Answered by post, reopened, decided anew: the row tells both."""
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press(
        "jfu-1", "koreksi", number=number, alamat="Jalan Mawar 5", alasan="Disebut lewat telepon."
    )
    desk.press("jfu-1", "sampaikan", number=number, cara="pos", resi="JT 7")
    letter = desk.complaint(number).letter_number
    desk.press("sekretaris", "buka_kembali", number=number, alasan="Masih padam.")
    row = only(desk)
    assert (row.cells["keputusan"], row.cells["surat"], row.cells["disposisi"]) == ("", "", "")
    for part in ("Keputusan terdahulu: Ditindaklanjuti", letter, "ditarik 24-11-2026"):
        assert part in row.cells["keterangan"]
