"""Letter templates and slips for the kotak pengaduan."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path

import click
from rich.table import Table

from pipeline.cases import slip_learning
from pipeline.cli.base import Fault, Found, main, out, read_settings, ready_database
from pipeline.cli.fresh_names import stamped
from pipeline.cli.written import NewFile, write
from pipeline.data.engine import reading
from pipeline.files import kinds, libreoffice
from pipeline.letters import emblem
from pipeline.letters.template.fields import TemplateError
from pipeline.office.config import SAMPLE, load
from pipeline.office.messages import TEMPLATES, family, say
from pipeline.office.numbers import percent, whole
from pipeline.office.words import word
from pipeline.running import health
from pipeline.slips import layout, worker


@main.group()
def surat() -> None:
    """Surat jawaban: templat kantor."""


@surat.command("check")
@click.argument("berkas", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def check_letter(context: click.Context, berkas: Path) -> None:
    """Periksa templat surat BERKAS: isian, perintah, dan semua ragam surat dengan data contoh."""
    path: Path = context.find_root().params["config"]
    settings = read_settings(context) if path.exists() else load(SAMPLE)
    try:
        health.letter_template(settings, berkas.read_bytes())
    except TemplateError as error:
        raise Found(str(error)) from error
    out.print(say("formulir.surat_baik", file=berkas.name))
    if emblem.is_sample(berkas):
        out.print(f"{berkas.name}: {word('kop.lambang_berkas')}")


@main.group()
def slip() -> None:
    """Slip kotak pengaduan: mencetak, memeriksa formulir, dan tata letaknya."""


@slip.command("cetak")
@click.option(
    "--jumlah",
    type=click.IntRange(1, 5000),
    required=True,
    help=say("bantuan.slip_cetak.jumlah"),
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help=say("bantuan.slip_cetak.folder"),
)
@click.option(
    "--bolak-balik",
    is_flag=True,
    help=say("bantuan.slip_cetak.bolak_balik"),
)
@click.pass_context
def slip_cetak(context: click.Context, jumlah: int, folder: Path, bolak_balik: bool) -> None:
    """Buat slip siap cetak sebagai PDF dan DOCX; tiap slip bernomor sendiri."""
    from pipeline.slips import form  # what draws takes 2 MiB, which a running office does without
    from pipeline.slips import form_word as word_form

    settings = read_settings(context)
    serials = [layout.new_serial() for _ in range(jumlah + jumlah % 2)]  # a sheet has two
    own = settings.path("slips/slip.docx")
    source = own if own.is_file() else TEMPLATES / "slips" / "slip.docx"
    if bolak_balik and source == own:
        raise Fault(say("formulir.balik", file=source))
    try:
        document = word_form.fill(source.read_bytes(), settings, serials)
        pdf = (
            libreoffice.to_pdf(document, timeout=600)
            if source == own
            else form.pdf(settings, serials, backs=bolak_balik)
        )
    except word_form.NotAForm as error:
        raise Fault(say("formulir.tanpa_qr", file=source)) from error
    except kinds.FileError as error:
        raise Fault(say("formulir.tanpa_pdf", file=source, sebab=error)) from error
    folder.mkdir(parents=True, exist_ok=True)
    files = stamped(folder, "slip", datetime.now(settings.zone), ".pdf", ".docx")
    for file, content in zip(files, (pdf, document), strict=True):
        write(file, content)
        out.print(str(file), markup=False)
    out.print(say("formulir.dicetak", slip=len(serials), lembar=len(serials) // 2))


@slip.command("layout")
@click.option(
    "--gambar",
    type=NewFile(".png"),
    help=say("bantuan.slip_layout.gambar"),
)
@click.option("--serial", help=say("bantuan.slip_layout.serial"))
@click.pass_context
def slip_layout(context: click.Context, gambar: Path | None, serial: str | None) -> None:
    """Cetak tata letak slip sebagai JSON (mm), dengan gambar slip kosong."""
    from pipeline.slips import form

    if serial and not layout.is_serial(serial):
        raise Fault(say("formulir.nomor"))
    settings = (
        read_settings(context) if context.find_root().params["config"].exists() else load(SAMPLE)
    )
    described = form.describe(settings, serial or layout.new_serial())
    if gambar:
        write(gambar, base64.b64decode(described["image"].pop("base64")))
        described["image"]["file"] = str(gambar)
    click.echo(json.dumps(described, ensure_ascii=False, indent=2))


@slip.command("mutu")
@click.pass_context
def slip_mutu(context: click.Context) -> None:
    """Seberapa sering bacaan mesin dibiarkan petugas, per isian: hanya angka, tidak ada isi slip yang disimpan."""
    app = ready_database(context)
    with reading(app.engine) as session:
        rows = slip_learning.quality(session)
    if not rows:
        out.print(say("formulir.belum_ada"))
        return
    table = Table(*family("mutu_slip.kolom").values())
    for row in rows:
        start = say("mutu_slip.tidak_pernah") if row.clear_from > 1 else percent(row.clear_from)
        kept, wrong = (
            percent(row.right / row.read),
            f"{whole(row.wrong)} ({percent(row.wrong / max(row.clear, 1))})",
        )
        table.add_row(row.field, whole(row.read), kept, whole(row.clear), wrong, start)
    out.print(table)


@slip.command("pemisah")
@click.argument("berkas", type=NewFile(".pdf"))
def slip_pemisah(berkas: Path) -> None:
    """Buat lembar pemisah (PDF): halaman surat di antara dua lembar ini menjadi satu surat."""
    from pipeline.slips import form

    write(berkas, form.separator())
    out.print(f"{berkas}", markup=False)


@slip.command("check")
@click.argument("berkas", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def slip_check(berkas: Path) -> None:
    """Periksa formulir yang disunting kantor (DOCX, PDF, atau gambar): tanda, kode QR, dan kotaknya masih terbaca?

    Memerlukan pembaca slip (pip install 'aduan[ocr]'), dan LibreOffice untuk berkas Word.
    """
    try:
        faults = worker.proof(berkas.read_bytes())
    except (worker.NoReader, kinds.FileError) as error:
        raise Fault(str(error)) from error
    for fault in faults:
        out.print(fault, markup=False)
    if faults:
        raise Found(say("formulir.perlu", jumlah=len(faults)))
    out.print(say("formulir.baik"))
