"""The revisions of the database: which one it has, and the way to the newest. Hides Alembic.

SQLite cannot change a column: Alembic makes a new table, copies the rows and drops the old one, which with foreign
keys on fails as soon as a row elsewhere points to one of them. So SQLite is upgraded with foreign keys off, they are
checked before the commit, and the whole way is one transaction: killed or refused, the database is what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from pipeline.office.messages import say

Tell = Callable[[str, int, int], None]  # (revision, which one of how many)
HEAD = "head"


class SchemaError(Exception):
    """The database cannot be brought to another revision; the message says why."""


def silent(_revision: str, _number: int, _of: int) -> None:
    """Tell nobody."""


def _config(connection: Connection | None = None, tell: Tell = silent) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.attributes["connection"] = connection
    config.attributes["tell"] = tell
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def newest() -> str:
    """The revision that this program works on."""
    return str(_scripts().get_current_head())


def known(revision: str) -> bool:
    """Whether this program has a way from that revision to the newest; not so when a newer program made it."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def revision_of(connection: Connection) -> str | None:
    """The revision that a database stands at; None where there are no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Whether the database stands at the newest revision."""
    with engine.execution_options(aduan_reading=True).connect() as connection:
        return revision_of(connection) == newest()


def is_made(engine: Engine) -> bool:
    """Whether there are tables of ours, of whatever revision."""
    with engine.execution_options(aduan_reading=True).connect() as connection:
        return revision_of(connection) is not None


def migrate(engine: Engine, tell: Tell = silent, to: str = HEAD) -> None:
    """Bring the database to the newest revision (or to `to`); from empty this makes all tables.

    SchemaError when it comes from a newer program, or when its foreign keys would not hold afterwards.
    """
    with rebuilding(engine) as connection:
        upgrade(connection, to, tell)


def refuse_newer(connection: Connection) -> None:
    """SchemaError when a newer program made the database."""
    now = revision_of(connection)
    if now is not None and not known(now):
        raise SchemaError(say("basis_data.lebih_baru", revisi=now))


def newer(engine: Engine) -> str:
    """The sentence for a database that a newer program made, which no command of this one can help; "" for others."""
    try:
        with engine.execution_options(aduan_reading=True).connect() as connection:
            refuse_newer(connection)
    except SchemaError as error:
        return str(error)
    return ""


def upgrade(connection: Connection, to: str = HEAD, tell: Tell = silent) -> None:
    """The same inside a transaction that `rebuilding` began."""
    refuse_newer(connection)
    command.upgrade(_config(connection, _counted(connection, tell, to)), to)


def _counted(connection: Connection, tell: Tell, to: str) -> Tell:
    """`tell` with the number of each step and of all."""
    scripts = _scripts()
    now = revision_of(connection)
    way = [script.revision for script in scripts.iterate_revisions(to, now or "base")]
    order = {revision: number for number, revision in enumerate(reversed(way), 1)}
    return lambda revision, _number, _of: tell(revision, order.get(revision, 0), len(order))


@contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """One transaction in which tables may be made anew; nothing is kept if the block raises."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('schema', 0))"))
            yield connection
            connection.commit()
            return
        connection.exec_driver_sql(
            "COMMIT"
        )  # what `db` has begun: inside a transaction neither of these counts
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            _check_foreign_keys(connection)
            connection.commit()
        finally:
            connection.invalidate()  # the next one starts with foreign keys on


def _check_foreign_keys(connection: Connection) -> None:
    broken: list[Any] = list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
    if broken:
        table, row, parent = broken[0][:3]
        raise SchemaError(
            say("basis_data.tidak_utuh", jumlah=len(broken), tabel=table, nomor=row, induk=parent)
        )
