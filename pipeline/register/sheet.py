"""The register as a spreadsheet (XLSX)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from itertools import zip_longest
from typing import IO, TYPE_CHECKING, Any

from pipeline.office import procedure
from pipeline.office.config import Settings
from pipeline.register.book import COLUMNS, Filter, rows
from pipeline.work import Work

if TYPE_CHECKING:
    import xlsxwriter
MAX_CELL = 32_767
BESIDE = 8  # the column in which the rest of the SOP's head stands, as on the agency's form


# ---- export --------------------------------------------------------------------------------------------------

WIDTHS = {
    "register": 17,
    "masuk": 16,
    "kanal": 11,
    "nama": 20,
    "alamat": 26,
    "kontak": 24,
    "isi": 44,
    "unit": 24,
    "disposisi": 34,
    "keputusan": 22,
    "surat": 26,
    "penyampaian": 28,
    "lama": 14,
    "paraf": 16,
    "keterangan": 28,
    "keadaan": 24,
    "pembuktian": 12,
    "penerima": 18,
    "nik": 6,
    "surat_pengirim": 20,
}  # characters
LINE, TALLEST = 15, 409  # points of a line, and of the highest row that Excel allows
MOMENT = "[$-421]d mmm yyyy, hh.mm"  # months in Indonesian, whatever the reader's country
DAYS = '0.0" hari"'
DAY = timedelta(days=1)


def xlsx(work: Work, wanted: Filter) -> bytes:
    """The book as a spreadsheet: heading with the SOP's number, name and Dasar Hukum, then all rows, oldest first.

    Citizens' words stay words: nothing becomes a formula or a link. When a case came is a date, how long it took a
    number of days. Rows are as high as their words are long, for no program but Excel itself measures them.
    """
    out = BytesIO()
    write(out, work, wanted)
    return out.getvalue()


def write(out: IO[bytes], work: Work, wanted: Filter) -> int:
    """The same into a file, in memory that does not grow with the rows; how many."""
    import xlsxwriter  # takes 2 MiB, which an office that exports nothing does without

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("Buku Pengaduan")
        bold = book.add_format({"bold": True, "font_size": 13})
        head = book.add_format(
            {
                "bold": True,
                "text_wrap": True,
                "border": 1,
                "bg_color": "#EEEBF6",
                "valign": "vcenter",
            }
        )
        for column, name in enumerate(COLUMNS):
            sheet.set_column(column, column, WIDTHS[name])
        top = _heading(sheet, work.settings, bold)
        sheet.set_row(top, 2 * LINE)
        for column, title in enumerate(COLUMNS.values()):
            sheet.write_string(top, column, title, head)
        last = _rows(sheet, work, wanted, top + 1, _formats(book))
        sheet.autofilter(top, 0, max(last, top), len(COLUMNS) - 1)
        sheet.freeze_panes(top + 1, 1)
        sheet.set_landscape()
        sheet.set_paper(14)  # folio, the nearest of Excel's papers to F4
        sheet.set_margins(0.4, 0.4, 0.5, 0.6)
        sheet.set_footer("&L&8&D&R&8&P / &N")
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
    return last - top


def _formats(book: xlsxwriter.Workbook) -> dict[str, Any]:
    """How cells look, by the name of their column; of all others as "teks"."""
    shared = {"text_wrap": True, "border": 1, "valign": "top"}
    return {
        "teks": book.add_format(shared),
        "masuk": book.add_format({**shared, "num_format": MOMENT}),
        "lama": book.add_format({**shared, "num_format": DAYS}),
    }


def _rows(
    sheet: xlsxwriter.worksheet.Worksheet,
    work: Work,
    wanted: Filter,
    first: int,
    formats: Mapping[str, Any],
) -> int:
    """All rows; the line of the last one, or the one before the first."""
    line = first - 1
    for line, row in enumerate(rows(work, wanted, oldest_first=True), first):
        sheet.set_row(line, _height(row.cells))
        _forget_height(sheet, line - 2)  # the last one that is written by now
        for column, name in enumerate(COLUMNS):
            if name == "masuk":
                local = row.complaint.received_at.astimezone(work.settings.zone)
                sheet.write_datetime(line, column, local.replace(tzinfo=None), formats[name])
            elif name == "lama":
                sheet.write_number(line, column, round(row.took / DAY, 3), formats[name])
            else:
                sheet.write_string(line, column, _cell(row.cells[name]), formats["teks"])
    return line


def _forget_height(sheet: xlsxwriter.worksheet.Worksheet, line: int) -> None:
    """XlsxWriter keeps the height of a row that it has written, for pictures that might be placed: there are none, and
    those of 50,000 rows took 17 MiB."""
    for kept in (sheet.row_info, sheet.row_sizes):
        kept.pop(line, None)


def _height(cells: Mapping[str, str]) -> float:
    """Points that the longest cell of a row needs when its words wrap."""
    most = 1
    for name, width in WIDTHS.items():
        shown = cells[name][: 60 * width]
        lines = sum(math.ceil(max(len(line), 1) / (width - 1)) for line in shown.splitlines())
        most = max(most, lines)
    return float(min(most * LINE, TALLEST))


def _cell(text: str) -> str:
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _heading(sheet: xlsxwriter.worksheet.Worksheet, settings: Settings, bold: object) -> int:
    """Writes the lines above the table; the index of the table's first line."""
    lines = [
        settings.instansi.pemerintah.upper(),
        settings.instansi.nama.upper(),
        "BUKU PENGADUAN",
        f"SOP Nomor {settings.sop.nomor}: {settings.sop.nama}",
        *(f"Dasar hukum {n}. {text}" for n, text in enumerate(settings.sop.dasar_hukum, 1)),
    ]
    head = procedure.heading(settings)
    for line, (text, beside) in enumerate(zip_longest(lines, head, fillvalue="")):
        sheet.write_string(line, 0, text, bold if line < 4 else None)
        if beside:
            sheet.write_string(line, BESIDE, beside)
    return max(len(lines), len(head)) + 1
