"""`aduan laporan`: the report of a month, quarter, half or year, as Word, Excel and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table

from pipeline.cli.base import Fault, main, out, ready_database
from pipeline.cli.written import NewFile, replacing, write
from pipeline.data.engine import reading
from pipeline.files.kinds import FileError
from pipeline.files.libreoffice import to_pdf
from pipeline.office.messages import say
from pipeline.register import report
from pipeline.register.period import MONTHS, BadPeriod, last_before, parse
from pipeline.work import Work

WIDEST = 1000  # letters; wider than any table


@main.command()
@click.argument("jenis", type=click.Choice(list(MONTHS), case_sensitive=False))
@click.argument("periode", required=False)
@click.option("--docx", type=NewFile(".docx"), help=say("bantuan.laporan.docx"))
@click.option("--xlsx", type=NewFile(".xlsx"), help=say("bantuan.laporan.xlsx"))
@click.option("--pdf", type=NewFile(".pdf"), help=say("bantuan.laporan.pdf"))
@click.option("--umum", is_flag=True, help=say("bantuan.laporan.umum"))
@click.pass_context
def laporan(
    context: click.Context,
    jenis: str,
    periode: str | None,
    docx: Path | None,
    xlsx: Path | None,
    pdf: Path | None,
    umum: bool,
) -> None:
    """Laporan Buku Pengaduan: tampilkan angkanya, atau simpan.

    PERIODE ditulis seperti 2026-10 (bulan), 2026-4 (triwulan), 2026-2 (semester), atau 2026 (tahun); bila kosong, yang
    terakhir selesai.
    """
    app, now = ready_database(context), datetime.now(UTC)
    try:
        period = (
            parse(jenis, periode)
            if periode
            else last_before(jenis, now.astimezone(app.settings.zone).date())
        )
    except BadPeriod as error:
        raise Fault(str(error)) from error
    with reading(app.engine) as session:
        work = Work(session, app.settings, now)
        found = report.gather(work, period, public=umum)
        try:
            content = report.docx(work, found) if docx or pdf else b""
        except report.BadTemplate as error:
            raise Fault(str(error)) from error
    for path in _saved(found, content, docx, xlsx, pdf):
        out.print(say("buku.laporan_tersimpan", masa=period.name, file=path))
    if not (docx or xlsx or pdf):
        _show(found)


def _saved(
    found: report.PeriodReport,
    content: bytes,
    docx: Path | None,
    xlsx: Path | None,
    pdf: Path | None,
) -> list[Path]:
    """Write the files that are asked for; their paths."""
    if docx:
        write(docx, content)
    if xlsx:
        with replacing(xlsx) as file:
            report.xlsx(found, file)
    if pdf:
        try:
            write(pdf, to_pdf(content))
        except FileError as error:
            raise Fault(say("buku.tanpa_pdf", sebab=error)) from error
    return [path for path in (docx, xlsx, pdf) if path]


def _show(found: report.PeriodReport) -> None:
    for sentence in found.sentences:
        out.print(sentence)
    for number, one in enumerate(found.tables, 1):
        title = f"{number}. {one.title}"
        rows = [
            [report.as_text(one, column, cell) for column, cell in enumerate(row)]
            for row in report.told(one)
        ]
        out.print(_table(title, one.heads, rows) if rows else say("buku.kosong", judul=title))


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table as the report has it; on a screen too narrow for its columns these are its lines."""
    upright = _filled(title, heads, rows)
    if _least_width(upright) <= out.width:
        return upright
    first, *others = zip(heads, *rows, strict=True)
    lying = _filled(title, first, others)
    return lying if _least_width(lying) < _least_width(upright) else upright


def _filled(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table in which a word too long for its column goes on in the next line, and is never cut."""
    table = Table(*(Column(head, overflow="fold") for head in heads), title=title)
    for row in rows:
        table.add_row(*row)
    return table


def _least_width(table: Table) -> int:
    """How many letters wide a table is when no word in it is cut."""
    return Console(width=WIDEST, markup=False, emoji=False).measure(table).minimum
