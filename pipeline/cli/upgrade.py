"""`aduan perbarui`: back-up, migration, check; and all as it was where the check finds something.

Hides that migration and check are one transaction: what is refused was never there, whatever kills the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click
from rich.progress import Progress
from sqlalchemy import Connection, Engine, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipeline import cases
from pipeline.cases import audit as audits
from pipeline.cli.base import Fault, Found, beats, main, open_database, out, read_settings
from pipeline.cli.fresh_names import stamped
from pipeline.cli.keeping import backup_recipients
from pipeline.data import backup as backups
from pipeline.data import damage, recipients, schema
from pipeline.data.engine import is_current, is_made
from pipeline.office.config import Settings
from pipeline.office.messages import say
from pipeline.office.words import word

# What arrived, what was decided, what was sent: none of it may be fewer afterwards.
KEPT = ("complaint", "event", "item", "document", "blob", "outbox", "task", "seal")
STEM = "sebelum-pembaruan"  # how the backups of upgrades are called
KEEP = 3  # of them stay


class _Refused(Exception):
    """The upgraded database is not what it was; the message says where."""


@main.command()
@click.option(
    "--cadangan",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("bantuan.perbarui.cadangan"),
)
@click.pass_context
def perbarui(context: click.Context, cadangan: Path | None) -> None:
    """Perbarui basis data sesudah program diperbarui: cadangkan, perbarui, periksa; kembali bila ada yang salah."""
    settings = read_settings(context)
    engine = open_database(settings, current=False)
    if not is_made(engine):
        raise Fault(say("basis_data.belum_dibuat"))
    if is_current(engine):
        out.print(word("perbarui.sudah"))
        return
    with engine.connect() as connection:
        try:
            schema.refuse_newer(connection)
        except schema.SchemaError as error:
            raise Fault(str(error)) from error
    if beats(settings):
        raise Fault(word("perbarui.jalan"))
    broken = damage.look(engine)
    if broken:
        raise Found(f"{word('henti.rusak')} ({'; '.join(broken)})")
    file = _saved(engine, settings, cadangan or settings.path(settings.cadangan.folder))
    try:
        _upgrade(engine)
    except (_Refused, schema.SchemaError, SQLAlchemyError) as error:
        said = damage.first_line(error)
        raise Found(word("perbarui.kembali", sebab=said, berkas=file)) from error
    out.print(word("perbarui.selesai"))


def _saved(engine: Engine, settings: Settings, folder: Path) -> Path:
    to = backup_recipients(settings)
    ending = f".db{recipients.ENDING}" if to else ".db"
    (file,) = stamped(folder, STEM, datetime.now(settings.zone), ending)
    try:
        backups.backup(engine, file, to=to, office=settings.office_name)
    except backups.BackupError as error:
        raise Fault(str(error)) from error
    out.print(word("perbarui.cadangan", berkas=file))
    _forget_oldest(folder)
    return file


def _forget_oldest(folder: Path) -> None:
    """A refused upgrade that is tried again and again would fill the disk; a killed one leaves a part that is plain."""
    mine = [one for one in sorted(folder.glob(f"{STEM}*")) if one.is_file()]
    whole = [one for one in mine if one.name.endswith((".db", f".db{recipients.ENDING}"))]
    parts = [one for one in mine if one.suffix in backups.PARTS]
    for one in (*whole[:-KEEP], *parts):
        backups.remove(one)


def _upgrade(engine: Engine) -> None:
    with Progress(console=out, transient=True) as progress, schema.rebuilding(engine) as connection:
        line = progress.add_task(word("perbarui.memeriksa"), total=None)
        before = _counts(connection)
        schema.upgrade(
            connection,
            tell=lambda name, n, of: progress.update(line, description=name, completed=n, total=of),
        )
        progress.update(line, description=word("perbarui.memeriksa"), completed=0, total=None)
        _check(connection, before)


def _counts(connection: Connection) -> Mapping[str, int]:
    there = set(inspect(connection).get_table_names())
    return {
        name: connection.scalar(select(func.count()).select_from(table(name))) or 0
        for name in KEPT
        if name in there
    }


def _check(connection: Connection, before: Mapping[str, int]) -> None:
    """Nothing is lost, and every chain, seal and file still is what it was. Who stands in config.toml is not compared:
    that is no matter of an upgrade."""
    after = _counts(connection)
    for name, count in before.items():
        if after.get(name, 0) < count:
            raise _Refused(
                word("perbarui.hilang", tabel=name, sebelum=count, sesudah=after.get(name, 0))
            )
    with Session(connection, autoflush=False, join_transaction_mode="rollback_only") as session:
        while cases.begin_all(session):  # cases of an earlier version have no witness yet
            session.flush()
        session.flush()
        faults = [fault for _, found in audits.audit(session) for fault in found]
        session.commit()
    if faults:
        raise _Refused(word("perbarui.kejanggalan", banyak=len(faults), pertama=faults[0]))
