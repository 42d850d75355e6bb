"""Where the bytes of mails, letters and pictures lie: to see it, and to move them as [simpanan] says."""

from __future__ import annotations

import click
from sqlalchemy import Engine

from pipeline.cli.base import Found, counting, main, out, ready_database
from pipeline.data import storage
from pipeline.data.backup import MIB
from pipeline.data.engine import reading
from pipeline.office.messages import say
from pipeline.office.words import word


@main.group()
def simpanan() -> None:
    """Tempat isi surat, lampiran, dan gambar ([simpanan]): di basis data, atau di luarnya."""


@simpanan.command()
@click.pass_context
def lihat(context: click.Context) -> None:
    """Tampilkan berapa banyak isi ada di mana."""
    app = ready_database(context)
    with reading(app.engine) as session:
        shares, named = storage.shares(session), storage.target_of(session)
    for one in shares:
        said = word(
            "simpanan.baris", tempat=one.place, banyak=one.count, mb=round(one.size / MIB, 1)
        )
        out.print(said)
    out.print(word("simpanan.tujuan", tempat=named))


@simpanan.command()
@click.pass_context
def pindah(context: click.Context) -> None:
    """Pindahkan semua isi ke [simpanan] tempat; boleh selagi serve bekerja, dan diteruskan bila terputus."""
    app = ready_database(context)
    bring_home(app.engine, told=True)


def bring_home(engine: Engine, *, told: bool = False) -> None:
    """Move what lies elsewhere. `told`: also that there is nothing. Found where something could not be moved."""
    with reading(engine) as session:
        count, named = storage.elsewhere(session), storage.target_of(session)
    if not count:
        if told:
            out.print(word("simpanan.sudah", tempat=named))
        return
    with counting(say("cadangan.memindahkan", tempat=named), count) as tell:
        moved = storage.move(engine, tell)
    mb = round(moved.size / MIB, 1)
    out.print(word("simpanan.pindah", banyak=moved.count, mb=mb, tempat=named))
    if engine.dialect.name == "sqlite" and named != storage.DATABASE:
        out.print(word("simpanan.ruang"))
    if moved.refused:
        first = moved.refused[0]
        raise Found(word("simpanan.sisa", banyak=len(moved.refused), sebab=first))
