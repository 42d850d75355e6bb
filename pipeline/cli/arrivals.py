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
from pipeline.office.messages import family, say


@main.command()
@click.pass_context
def held(context: click.Context) -> None:
    """Daftar kiriman yang ditahan karena tidak dapat dibaca."""
    app = ready_database(context)
    table = Table(*family("kiriman.kolom_tertahan").values())
    with reading(app.engine) as session:
        rows = cases.held_items(session)
    for item in rows:
        when = clock.waktu(item.received_at, app.settings.zone)
        table.add_row(
            str(item.id), when, "pemindai" if item.source == "scan" else "email", item.reason
        )
    out.print(table if rows else say("kiriman.tidak_ada"))


@main.command()
@click.argument("nomor", type=click.IntRange(1, 2**31 - 1))
@click.pass_context
def release(context: click.Context, nomor: int) -> None:
    """Coba lagi membaca satu kiriman yang ditahan."""
    app = ready_database(context)
    try:
        state = mails.release(app, nomor)
    except KeyError as error:
        raise Fault(say("kiriman.nomor_tidak_ada", nomor=nomor)) from error
    except mails.HeadOnly as error:
        raise Fault(say("kiriman.terlalu_besar", nomor=nomor, sebab=error)) from error
    if state == ItemState.HELD:
        raise Found(say("kiriman.tetap", nomor=nomor))
    out.print(say("kiriman.terbaca", nomor=nomor))


@main.command()
@click.pass_context
def reconcile(context: click.Context) -> None:
    """Bandingkan kotak email, catatan kiriman, dan Buku Pengaduan; sebutkan yang tidak cocok."""
    app = ready_database(context)
    try:
        found = reconciliation.look(app.engine, app.settings, app.clock())
    except MailboxDown as error:
        raise Fault(say("kiriman.kotak_tertutup", sebab=in_words(str(error)))) from error
    except reconciliation.BusyError as error:
        raise Fault(say("kiriman.sedang_diambil")) from error
    if not found:
        out.print(say("kiriman.cocok"))
        return
    table = Table(*family("kiriman.kolom").values())
    for one in found:
        table.add_row(
            one.place, clock.waktu(one.at, app.settings.zone), one.sender, one.subject, one.advice
        )
    out.print(table)
    raise Found(say("kiriman.tidak_cocok", jumlah=len(found)))


@main.command("import")
@click.argument("sumber", type=click.Path(path_type=Path, exists=True))
@click.option("--sejak", help=say("bantuan.import.sejak"))
@click.option("--ya", "--yes", "yes", is_flag=True, help=say("bantuan.import.ya"))
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
        raise Fault(say("kiriman.sejak")) from error
    with counting(say("kiriman.memeriksa")) as tell:
        found = importer.survey(app.engine, sumber, since, tell)
    out.print(say("kiriman.ada", baru=found.new, ada=found.known, lama=found.older))
    if not found.new:
        _not_taken(found)
        return
    if found.left:
        out.print(say("kiriman.tertinggal", jumlah=len(found.left)))
    if not yes:
        out.print(say("kiriman.akan_dicatat"))
        click.confirm("Lanjutkan?", abort=True)
    try:
        with counting(say("kiriman.mengambil"), found.new + found.known + found.older) as tell:
            done = importer.run(app, sumber, since, tell)
    except importer.AlreadyImportingError as error:
        raise Fault(say("kiriman.sedang_diambil")) from error
    out.print(say("kiriman.selesai", jumlah=done.new, ditahan=done.held))
    _not_taken(done)


def _not_taken(count: importer.Count) -> None:
    if count.left:
        out.print(say("kiriman.tidak_diambil", jumlah=len(count.left)))
    for one in count.left:
        out.print(f"  {one.place}: {one.why}", markup=False, highlight=False, soft_wrap=True)
