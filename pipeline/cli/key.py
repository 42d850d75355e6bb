"""The key behind links, browsers and letters: how it is replaced."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from pipeline.cli.base import Fault, main, out, read_settings, write_secret
from pipeline.data import recipients
from pipeline.office import clock, keys
from pipeline.office.messages import say
from pipeline.office.words import word


@main.group()
def kunci() -> None:
    """Kunci di balik tautan, peramban, dan tanda pengenal email (rahasia/key)."""


@kunci.command("ganti")
@click.option(
    "--segera",
    is_flag=True,
    help=say("bantuan.kunci_ganti.segera"),
)
@click.option(
    "--hari",
    type=click.IntRange(1, 730),
    default=keys.KEPT_DAYS,
    show_default=True,
    help=say("bantuan.kunci_ganti.hari"),
)
@click.pass_context
def change_key(context: click.Context, segera: bool, hari: int) -> None:
    """Buat kunci baru; yang dibuat dengan kunci lama tetap berlaku sampai masanya habis."""
    settings = read_settings(context)
    if os.environ.get("ADUAN_KEY"):
        raise Fault(say("kunci.di_lingkungan"))
    path = settings.folder / "rahasia" / "key"
    today = datetime.now(UTC).date()
    last = None if segera else today + timedelta(days=hari)
    try:
        text = keys.replaced(settings.secret("key"), today, last)
    except keys.KeyFileError as error:
        raise Fault(str(error)) from error
    # Written beside it first: a machine that stops half-way must not be left without a key.
    fresh = path.with_name("key.baru")
    fresh.unlink(missing_ok=True)
    write_secret(fresh, text)
    fresh.replace(path)
    out.print(say("kunci.dibuat", file=path))
    if last is None:
        out.print(say("kunci.lama_mati"))
    else:
        out.print(say("kunci.lama_sampai", tanggal=clock.tanggal(last)))


@kunci.command("cadangan")
@click.argument("berkas", type=click.Path(path_type=Path, dir_okay=False))
def backup_key(berkas: Path) -> None:
    """Buat kunci untuk cadangan terenkripsi di BERKAS; simpan di luar mesin ini. Kunci umumnya untuk config.toml."""
    identity = recipients.new_identity()
    try:
        write_secret(berkas, identity)
    except FileExistsError as error:
        raise Fault(say("kunci.sudah_ada", file=berkas)) from error
    out.print(
        word("cadangan.kunci", berkas=berkas, umum=recipients.public_of(identity)), markup=False
    )
