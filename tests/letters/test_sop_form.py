"""The SOP as configured: printed, as Word, on the pages and in the book's heading, cell by cell."""

from __future__ import annotations

import io
import re
from pathlib import Path

from docx import Document

from pipeline.letters import sop_form
from pipeline.office import config
from pipeline.office.config import Settings
from pipeline.office.procedure import cells, heading, procedure
from tests.cli.test_cli_office import aduan, place  # noqa: F401 - a fixture
from tests.kantor import sample

CELLS = (
    "12.1.1.10",
    "Tanggal Pembuatan",
    "Tanggal Revisi",
    "Tanggal Pengesahan",
    "Disahkan oleh",
    "Kepala Dinas Komunikasi dan Informatika",
    "Penanganan Pengaduan Pelayanan Publik",
    "SLTA",
    "Ruang pengaduan",
    "Kotak pengaduan",
    "bersikap sopan dan ramah",
    "Pencatatan pada Buku Pengaduan",
    "maks 10 hari",
    "1 jam",
    "Jawaban atas pengaduan",
    "SOP Penyelenggaraan Rapat Dinas",
    "NIP. ",
)


def settings() -> Settings:
    return config.parse(sample(), Path("config.toml"))


def told(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    lines = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        lines += [cell.text for row in table.rows for cell in row.cells]
    return "\n".join(lines)


def test_the_word_form_has_every_cell_of_the_agencys_table() -> None:
    text = told(sop_form.write(procedure(settings())))
    assert [cell for cell in CELLS if cell not in text] == []
    for step in settings().sop.langkah:
        for cell in (step.uraian, step.kelengkapan, step.output, step.waktu, step.keterangan):
            assert cell in text


def test_the_marks_of_pelaksana_stand_in_the_agencys_columns() -> None:
    """Kepala Dinas, Sekretaris, Kasubag/Kasi, JFU; langkah 1 begins and langkah 5 ends with the JFU."""
    marks = [step.marks for step in procedure(settings()).steps]
    assert [[bool(mark) for mark in row] for row in marks] == [
        [False, False, False, True],
        [False, True, True, False],
        [True, False, False, False],
        [False, True, False, False],
        [False, False, False, True],
    ]
    assert "mulai" in marks[0][3]
    assert "selesai" in marks[4][3]


def test_what_is_configured_is_what_is_printed() -> None:
    """Another office's Waktu and days, not the words of this program."""
    own = settings()
    steps = tuple(step.model_copy(update={"waktu": "3 hari kerja"}) for step in own.sop.langkah)
    sop = own.sop.model_copy(
        update={"langkah": steps, "tanggal_pembuatan": "2 Januari 2026", "peralatan": ("Kursi",)}
    )
    made = procedure(own.model_copy(update={"sop": sop}))
    text = told(sop_form.write(made))
    assert "3 hari kerja" in text
    assert "2 Januari 2026" in text
    assert "Kursi" in text
    assert "maks 10 hari" not in text
    assert "Tanggal Pembuatan: 2 Januari 2026" in heading(own.model_copy(update={"sop": sop}))


def test_an_empty_cell_is_said_to_be_empty() -> None:
    assert dict(cells(settings().sop.langkah[0]))["Keterangan"] == "(kosong)"
    assert "Tanggal Pengesahan: (kosong)" in heading(settings())


def test_a_config_of_before_has_no_such_keys_and_is_fine() -> None:
    old = re.sub(
        r"^(tanggal_\w+|disahkan_oleh|kualifikasi|peralatan|pencatatan) = .*\n",
        "",
        sample(),
        flags=re.M,
    )
    made = procedure(config.parse(old, Path("config.toml")))
    assert dict(made.head)["Tanggal Revisi"] == "-"


def test_words_of_the_sop_stay_as_config_has_them(place: Path) -> None:  # noqa: F811
    """No mark-up, no emoji: "[/b]" ended the command with an error, "[lihat]" vanished."""
    text = place.read_text("utf-8")
    odd = text.replace('nama = "Penanganan', 'nama = "[/b] [lihat] :smile: Penanganan', 1)
    assert odd != text
    place.write_text(odd, "utf-8")
    assert "[/b] [lihat] :smile: Penanganan" in aduan(place, "sop")


def test_aduan_sop_prints_and_writes(place: Path, tmp_path: Path) -> None:  # noqa: F811
    said = aduan(place, "sop")
    assert [
        cell
        for cell in ("12.1.1.10", "SLTA", "Uraian Prosedur", "● mulai", "● selesai")
        if cell not in said
    ] == []
    target = tmp_path / "sop.docx"
    assert "tersimpan" in aduan(place, "sop", "--docx", str(target))
    assert "12.1.1.10" in told(target.read_bytes())
