"""Bad input to the register's figures, reports and search: what clumsy hands, old rows and broken files bring."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import fromstring
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result
from docx import Document as Docx
from sqlalchemy import update

from pipeline.cases.chain import actor_of
from pipeline.cases.erasure import erase
from pipeline.cli.main import main
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Complaint, Outbox, Task
from pipeline.office.sop import Stage
from pipeline.register import book, paper, report, sheet
from pipeline.register.book import Filter
from pipeline.register.period import parse
from pipeline.work import Work
from tests.desk import Desk, desk_in
from tests.kantor import office

NOVEMBER = parse("bulan", "2026-11")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as one:
        yield one


def change(desk: Desk, number: str, **columns: object) -> None:
    with writing(desk.engine) as session:
        session.execute(update(Complaint).where(Complaint.number == number).values(**columns))


def gathered(desk: Desk, *, public: bool = False) -> report.PeriodReport:
    with reading(desk.engine) as session:
        return report.gather(Work(session, desk.settings, desk.clock()), NOVEMBER, public=public)


def template(desk: Desk, content: bytes) -> None:
    path = desk.settings.path(report.TEMPLATE)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def filled(desk: Desk) -> bytes:
    with reading(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        return report.docx(work, report.gather(work, NOVEMBER))


def with_text(text: str) -> bytes:
    document = Docx()
    document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as packed:
        packed.writestr(name, "halo")
    return out.getvalue()


BROKEN = {
    "no_docx": b"ini bukan berkas Word",
    "empty": b"",
    "half": with_text("{{ periode }}")[:900],
    "unknown": with_text("{{ apa }}"),
    "open_tag": with_text("{% for x in kalimat %}"),
    "divides": with_text("{{ 1 / 0 }}"),
    "attribute": with_text("{{ tabel[99].judul }}"),
    "endless": with_text("{% for x in range(10 ** 9) %}x{% endfor %}"),
    "unsafe": with_text("{{ ''.__class__.__mro__ }}"),
    "filter": with_text("{{ periode | tidak_ada }}"),
    "zip": zipped("halo.txt"),
}


def test_a_broken_template_is_told_in_a_sentence(desk: Desk) -> None:
    desk.record()
    for name, content in BROKEN.items():
        template(desk, content)
        with pytest.raises(report.BadTemplate) as told:
            filled(desk)
        assert "Templat laporan tidak dapat diisi" in str(told.value), name


FORMULAS = [
    "=1+1",
    "+62811",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "=cmd|' /C calc'!A0",
    "\ufffe",
    "[/b]",
    "[red]x",
    "{{ 1 }}",
    "<b>&",
    ":smile:",
]


def test_words_stay_words_in_every_sheet_and_on_the_screen(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        desk = Desk(kantor.settings, kantor.engine, kantor.clock)
        for text in FORMULAS:
            number = desk.record(nama=text, alamat=text, telepon=text, perihal=text, isi=text)
            change(
                desk,
                number,
                kategori=text,
                unit=text,
                ringkasan=text,
                keterangan=text,
                instansi=text,
            )
        with reading(desk.engine) as session:
            content = sheet.xlsx(Work(session, desk.settings, desk.clock()), Filter())
        figures_too = io.BytesIO()
        report.xlsx(gathered(desk), figures_too)
        for made in (content, figures_too.getvalue()):
            with ZipFile(io.BytesIO(made)) as packed:
                sheets = [
                    name for name in packed.namelist() if name.startswith("xl/worksheets/sheet")
                ]
                assert all(not fromstring(packed.read(name)).findall(".//{*}f") for name in sheets)
        assert filled(desk)[:2] == b"PK"
    done = told_by(tmp_path, "laporan", "bulan", "2026-11")
    assert done.exit_code == 0, done.output
    assert all(text in done.output for text in ("[/b]", "[red]x", ":smile:"))


def told_by(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(
        main, ["--config", str(folder / "config.toml"), *words], terminal_width=200
    )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office to which nobody has written."""
    folder = tmp_path_factory.mktemp("kosong")
    with office(folder):
        return folder


REFUSED = [
    "bulan 2026-13",
    "bulan 2026-0",
    "bulan 2027",
    "bulan 11-2026",
    "bulan november",
    "bulan 2026/11",
    "bulan 2026-11-01",
    "bulan -1",
    "triwulan 2026-5",
    "semester 2026-0",
    "tahun 2026-0",
    "tahun 2026-00",
    "tahun 1999",
    "minggu 2026-1",
    "bulan 99999",
]


@pytest.mark.parametrize("words", REFUSED)
def test_a_period_that_is_none_is_a_sentence(empty: Path, words: str) -> None:
    done = told_by(empty, "laporan", *words.split())
    assert (done.exit_code, "Traceback" in done.output) == (2, False), done.output


@pytest.mark.parametrize(
    "words",
    [
        "bulan 2099-01",
        "Bulan 2026-11",
        "TAHUN 2100",
        "bulan 2000-01",
        "bulan 2026-1",
        "triwulan 2026-4",
    ],
)
def test_a_period_without_a_case_is_a_report_of_noughts(empty: Path, words: str) -> None:
    done = told_by(empty, "laporan", *words.split())
    assert (done.exit_code, "tidak ada pengaduan yang masuk" in done.output) == (0, True), (
        done.output
    )


def test_category_that_was_removed_while_in_use(desk: Desk) -> None:
    number = desk.record(kategori="aplikasi")
    desk.record(kategori="layanan")
    change(desk, number, kategori="dihapus")
    inner, public = (
        {row[0] for row in gathered(desk, public=one).tables[1].rows} for one in (False, True)
    )
    assert (inner, public) == (
        {"dihapus", "Pelayanan dan petugas"},
        {"(di luar daftar)", "Pelayanan dan petugas"},
    )
    assert "Pelayanan dan petugas: 1 pengaduan (50%)" in " ".join(gathered(desk).sentences)
    assert filled(desk)[:2] == b"PK"


def test_the_sentence_names_the_largest_category(desk: Desk) -> None:
    """… and not the largest cell of the table, which tells the units apart."""
    two, three = (
        [("infrastruktur", "umum"), ("infrastruktur", "infrastruktur")] * 2,
        [("layanan", "umum")] * 3,
    )
    for kategori, unit in (*two, *three):
        change(desk, desk.record(), kategori=kategori, unit=unit)
    assert "Infrastruktur dan jaringan: 4 pengaduan (57%)" in " ".join(gathered(desk).sentences)


def test_few_complaints_about_an_official_are_not_told_apart_in_public(desk: Desk) -> None:
    """A unit of one, a complaint about that one: the cell would name them."""
    change(desk, desk.record(), kategori="layanan", unit="umum", terlapor="kasubag-umum")
    change(desk, desk.record(), kategori="infrastruktur", unit="umum", rahasia=True)
    for _n in range(2):
        change(desk, desk.record(), kategori="aplikasi", unit="informasi")
    for secret in (True, False, False):
        change(desk, desk.record(), kategori="informasi", unit="informasi", rahasia=secret)
    rows = {row[:3] for row in gathered(desk, public=True).tables[1].rows}
    unit = "Seksi Layanan Informasi Publik"
    assert rows == {
        ("Informasi publik", unit, 3),
        ("Aplikasi dan situs", unit, 2),
        ("(tidak dirinci)", "(tidak dirinci)", 2),
    }
    assert len(gathered(desk).tables[1].rows) == 4, "the office itself sees them"


def test_an_erased_person_counts_still_and_stands_nowhere(desk: Desk) -> None:
    number = desk.to(
        Stage.SELESAI,
        desk.record(nama="Siti Rahmawati", alamat="Jalan Kenanga 7", perihal="Lampu Siti"),
    )
    with writing(desk.engine) as session:
        session.execute(update(Outbox).values(state="sent", told=True))
    before = gathered(desk).tables[0].rows
    with desk.work() as work:
        erase(
            work, desk.complaint(number).id, actor_of(desk.person("kepala")), "permintaan tertulis"
        )
    assert gathered(desk).tables[0].rows == before
    made = io.BytesIO()
    with reading(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        report.xlsx(gathered(desk), made)
        files = [
            sheet.xlsx(work, Filter()),
            paper.docx(work, Filter(), ""),
            filled(desk),
            made.getvalue(),
        ]
    for content in files:
        with ZipFile(io.BytesIO(content)) as packed:
            said = b"".join(map(packed.read, packed.namelist()))
        assert not any(word in said for word in (b"Rahmawati", b"Kenanga", b"Lampu Siti"))


def test_late_is_what_the_row_shows_as_late(desk: Desk) -> None:
    """A question to a unit that is late makes no row late whose langkah has time."""
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benarkah?")
    task = desk.task("jawab")
    with writing(desk.engine) as session:
        session.execute(
            update(Task)
            .where(Task.id == task.id)
            .values(due_at=desk.clock() - timedelta(minutes=1))
        )
    with reading(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        shown = [row.late for row in book.rows(work, Filter())]
        assert (shown, book.count(work, Filter(late=True))) == ([False], 0)


def test_unit_named_twice_counts_once(desk: Desk) -> None:
    change(desk, desk.record(), kategori="layanan", unit="umum,umum")
    assert gathered(desk).tables[1].rows[0][2] == 1


def found_by(desk: Desk, *asked: str) -> dict[str, int]:
    """How many rows each search finds."""
    with reading(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        return {words: book.count(work, Filter(text=words)) for words in asked}


SEARCHES = [
    '"',
    "'",
    "*",
    "NEAR(a b)",
    "a NEAR b",
    "-",
    "a -b",
    "AND",
    "OR",
    "NOT",
    "a AND",
    "words:a",
    "^a",
    "(",
    ")",
    "x" * 5_000,
    "lampu " * 2_000,
    "\U0001f600",
    ":*",
    "a:*",
    "!a",
    "a & b",
    "a | b",
    "<->",
    "\\",
    "\\'",
    "''",
    "½",
    "²",
    "٣",
    "é",
    "e\u0301",
    "\u200b",
    "%",
    "_",
    "a%'\\",
    "\ufffe",
    "0" * 90,
    "+62",
    "62",
    "0-0-0-0-0-0",
]


def test_no_words_stop_a_search(tmp_path: Path, database_url: str) -> None:
    with desk_in(tmp_path, database_url) as desk:
        desk.record()
        with reading(desk.engine) as session:
            work = Work(session, desk.settings, desk.clock())
            for asked in SEARCHES:
                for wanted in (
                    Filter(text=asked),
                    Filter(kategori=asked),
                    Filter(unit=asked),
                    Filter(klasifikasi=asked),
                ):
                    book.count(work, wanted)
                    book.page(work, wanted, 0)


TELEPHONES = [
    "0811-222-333",
    "+62 811 222 333",
    "62811222333",
    "(0811) 222333",
    "0811.222.333",
    "+62811222333 (WA)",
    "081 1222333, 0351467327",
    "0351467327 / 62 811-222-333",
]
ASKED = [
    "0811222333",
    "+62811222333",
    "62811222333",
    "0811-222-333",
    "+62 811-222-333",
    "0811 222",
    "(0811) 222333",
    "62 811 222 333",
    "siti 0811222333",
    "siti 0811 222 333",
    "0811/222/333",
    "0811 222 333 siti",
]


def test_a_telephone_is_found_however_it_is_written(tmp_path: Path, database_url: str) -> None:
    with desk_in(tmp_path, database_url) as desk:
        for telephone in TELEPHONES:
            desk.record(telepon=telephone)
        desk.record(telepon="0811-222-444")
        every = len(TELEPHONES)
        assert found_by(desk, *ASKED) == {**dict.fromkeys(ASKED, every), "0811 222": every + 1}


def test_a_number_that_looks_like_a_telephone_is_found_too(
    tmp_path: Path, database_url: str
) -> None:
    with desk_in(tmp_path, database_url) as desk:
        change(desk, desk.record(), letter_number="045.2-123 000.1.2/12 01-12-2026")
        asked = [
            "045.2-123",
            "01-12-2026",
            "000.1.2/12",
            "PGD-2026-000001",
            "pgd 2026 000001",
            "000001",
        ]
        assert found_by(desk, *asked) == dict.fromkeys(asked, 1)


def test_names_are_found_in_whatever_letters(tmp_path: Path, database_url: str) -> None:
    pairs = {
        "Ame\u0301lie": "Am\u00e9lie",
        "Ren\u00e9e": "Rene\u0301e",
        "NI MADE AYU": "ayu",
        "O'Brien": "o'brien",
        "陳大文": "陳",
        "Muḥammad": "muḥ",
        "Nuʼman": "nu",
    }
    with desk_in(tmp_path, database_url) as desk:
        for name in pairs:
            desk.record(nama=name)
        assert found_by(desk, *pairs.values()) == dict.fromkeys(pairs.values(), 1)


def test_a_hidden_name_is_not_found_out(tmp_path: Path, database_url: str) -> None:
    """The summary of a secret complaint names who complains: its row says so in none of its words, nor may a search."""
    told = "Siti Rahmawati siti@warga.example (0811222333), NIK 3577010101010001: lampu"
    with desk_in(tmp_path, database_url) as desk:
        number = desk.record(
            perihal="Lampu, dari Siti Rahmawati", telepon="0811 222-333", nik="3577010101010001"
        )
        change(desk, number, rahasia=True, ringkasan=told)
        asked = [
            "Rahmawati",
            "rahma",
            "0811222333",
            "+62 811 222 333",
            "siti@warga",
            "siti%",
            "lampu rahmawati",
            "rahmawati lampu",
            "3577010101010001",
        ]
        assert found_by(desk, *asked, "lampu") == {**dict.fromkeys(asked, 0), "lampu": 1}
