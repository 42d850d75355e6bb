"""What came in: held items, reconciliation, import."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click
from rich.table import Table

from pipeline import cases
from pipeline.cli.base import Fault, Found, counting, main, out, ready_database
from pipeline.data.engine import reading
from pipeline.data.states import ItemState
from pipeline.intake import importer, mails
from pipeline.intake import reconcile as reconciliation
from pipeline.mail.mailbox import MailboxDown
from pipeline.office import clock
from pipeline.office.config_errors import in_words


@main.command()
@click.pass_context
def held(context: click.Context) -> None:
    """Daftar kiriman yang ditahan karena tidak dapat dibaca."""
    app = ready_database(context)
    table = Table("Nomor", "Diterima", "Dari", "Sebab")
    with reading(app.engine) as session:
        rows = cases.held_items(session)
    for item in rows:
        when = clock.waktu(item.received_at, app.settings.zone)
        table.add_row(
            str(item.id), when, "pemindai" if item.source == "scan" else "email", item.reason
        )
    out.print(table if rows else "Tidak ada kiriman yang ditahan.")


@main.command()
@click.argument("nomor", type=click.IntRange(1, 2**31 - 1))
@click.pass_context
def release(context: click.Context, nomor: int) -> None:
    """Coba lagi membaca satu kiriman yang ditahan."""
    app = ready_database(context)
    try:
        state = mails.release(app, nomor)
    except KeyError as error:
        raise Fault(f"Tidak ada kiriman tertahan nomor {nomor}. Lihat 'aduan held'.") from error
    except mails.HeadOnly as error:
        raise Fault(f"Kiriman {nomor}: {error}") from error
    if state == ItemState.HELD:
        raise Found(f"Kiriman {nomor} tetap belum dapat dibaca; aslinya tersimpan.")
    out.print(f"Kiriman {nomor} sudah terbaca.")


@main.command()
@click.pass_context
def reconcile(context: click.Context) -> None:
    """Bandingkan kotak email, catatan kiriman, dan Buku Pengaduan; sebutkan yang tidak cocok."""
    app = ready_database(context)
    try:
        found = reconciliation.look(app.engine, app.settings, app.clock())
    except MailboxDown as error:
        raise Fault(f"Kotak email tidak dapat dibuka: {in_words(str(error))}") from error
    except reconciliation.BusyError as error:
        raise Fault("Email sedang diambil oleh proses lain. Coba lagi sebentar lagi.") from error
    if not found:
        out.print("Kotak email, catatan kiriman, dan Buku Pengaduan cocok.")
        return
    table = Table("Tempat", "Tiba", "Dari", "Perihal", "Yang perlu dilakukan")
    for one in found:
        table.add_row(
            one.place, clock.waktu(one.at, app.settings.zone), one.sender, one.subject, one.advice
        )
    out.print(table)
    raise Found(f"{len(found)} email tidak cocok.")


@main.command("import")
@click.argument("sumber", type=click.Path(path_type=Path, exists=True))
@click.option("--sejak", help="Hanya email sejak tanggal ini, mis. 2026-11-01.")
@click.option("--ya", "--yes", "yes", is_flag=True, help="Jangan bertanya dahulu.")
@click.pass_context
def import_(context: click.Context, sumber: Path, sejak: str | None, yes: bool) -> None:
    """Ambil email dari berkas mbox, folder Maildir, atau berkas .eml. Boleh diulang: yang sudah ada dilewati."""
    app = ready_database(context)
    try:
        since = (
            datetime.combine(date.fromisoformat(sejak), datetime.min.time(), app.settings.zone)
            if sejak
            else None
        )
    except ValueError as error:
        raise Fault("--sejak ditulis seperti 2026-11-01.") from error
    with counting("Memeriksa email") as tell:
        found = importer.survey(app.engine, sumber, since, tell)
    out.print(
        f"{found.new} email baru, {found.known} sudah ada, {found.older} lebih lama dari tanggal itu."
    )
    if not found.new:
        _not_taken(found)
        return
    if found.left:
        out.print(f"{len(found.left)} berkas tidak akan diambil; disebut satu per satu di akhir.")
    if not yes:
        out.print(
            "Email yang berupa pengaduan dicatat, pengirimnya mendapat tanda terima, dan JFU mendapat tugas."
        )
        click.confirm("Lanjutkan?", abort=True)
    try:
        with counting("Mengambil email", found.new + found.known + found.older) as tell:
            done = importer.run(app, sumber, since, tell)
    except importer.AlreadyImportingError as error:
        raise Fault("Email sedang diambil oleh proses lain. Coba lagi sebentar lagi.") from error
    out.print(
        f"Selesai: {done.new} email diambil, {done.held} di antaranya ditahan ('aduan held')."
    )
    _not_taken(done)


def _not_taken(count: importer.Count) -> None:
    if count.left:
        out.print(f"{len(count.left)} tidak diambil:")
    for one in count.left:
        out.print(f"  {one.place}: {one.why}", markup=False, highlight=False, soft_wrap=True)
