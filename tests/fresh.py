"""Migrated, empty databases: each kind is migrated once a test process and copied from then on. A SQLite database can
be kept as it is now, and put back into another file."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url

from pipeline.data.engine import connect, is_made, migrate

Kept = sqlite3.Connection  # in memory, for as long as the test process lives


def fresh(url: str, folder: Path = Path()) -> Engine:
    """An engine on a database of the newest revision: a new one, or the one that an office of before has left."""
    engine = connect(url, folder)
    if is_made(engine):
        return engine
    engine.dispose()
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        (folder / str(place.database)).write_bytes(_sqlite())
    else:
        _copy(place, _postgres(place.set(database="postgres")))
    return engine


def renew(url: str) -> None:
    """Make a PostgreSQL database that nobody is connected to an empty one of the newest revision again."""
    place = make_url(url)
    _copy(place, _postgres(place.set(database="postgres")))


def is_file(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def kept(engine: Engine) -> Kept:
    """The SQLite database as it is now."""
    copy = sqlite3.connect(":memory:")
    with closing(_opened(engine)) as file:
        file.backup(copy)
    return copy


def put_back(copy: Kept, engine: Engine) -> None:
    """Make the engine's SQLite database what was kept."""
    with closing(_opened(engine)) as file:
        copy.backup(file)


def _opened(engine: Engine) -> sqlite3.Connection:
    place = engine.url.database
    assert place
    return sqlite3.connect(place)


@cache
def _sqlite() -> bytes:
    with tempfile.TemporaryDirectory(prefix="aduan-") as name:
        engine = connect("sqlite:///kosong.db", Path(name))
        migrate(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        engine.dispose()
        return (Path(name) / "kosong.db").read_bytes()


@cache
def _postgres(server: URL) -> str:
    """A database of that server to copy from; its name."""
    name = "kosong"
    _told(server, f"CREATE DATABASE {name}")
    engine = connect(server.set(database=name).render_as_string(hide_password=False))
    migrate(engine)
    engine.dispose()
    return name


def _copy(place: URL, template: str) -> None:
    server = place.set(database="postgres")
    _told(
        server,
        f"DROP DATABASE {place.database}",
        f"CREATE DATABASE {place.database} TEMPLATE {template}",
    )


def _told(server: URL, *statements: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
