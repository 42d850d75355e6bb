"""A database whose file is damaged, or that is away: how it shows, and how it is looked for. Hides SQLite's and
PostgreSQL's codes.

A broken page is no error of the program: whoever reads it is told what it means, and the alarm is given. Nor is an item
to blame, or a job, during which the database goes away.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneInThePool

from pipeline.office.messages import say

SQLITE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
POSTGRESQL = ("XX001", "XX002")  # data_corrupted, index_corrupted
# PostgreSQL: no connection; no room or too many clients; ended by its operator; lost to others again; a standby.
AWAY_STATES = ("08", "53", "57P", "40", "25006")
FIRST = 5  # findings that are told
MARK = "Damaged"


class Away(Exception):
    """A process beside this one could not use the database."""


class Damaged(Exception):
    """The database's file was looked through and is broken; the message is what the database says of it."""


def is_damage(error: BaseException) -> bool:
    """Whether an error, or what caused it, says that the database's own file is broken."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, Damaged):
        return True
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF in SQLITE or getattr(error, "sqlstate", "") in POSTGRESQL


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database could not be reached or used just then, whatever was being done."""
    if isinstance(error, Away | NoneInThePool):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", 0) or 0
    state = getattr(error.orig, "sqlstate", "") or ""
    if code or state:
        return code & 0xFF in REFUSALS or state.startswith(AWAY_STATES)
    return error.connection_invalidated or isinstance(error, OperationalError)


def look(engine: Engine) -> list[str]:
    """What is wrong with the file, in the database's own words; empty where all is well.

    SQLite reads all of it (`quick_check`). PostgreSQL counts the pages whose checksum was wrong as they were read. Any
    other error, such as a database that is away, is raised.
    """
    if engine.dialect.name == "postgresql":
        return _wrong_checksums(engine)
    try:
        with engine.execution_options(aduan_reading=True).connect() as connection:
            rows = connection.exec_driver_sql(f"PRAGMA quick_check({FIRST})").scalars().all()
    except SQLAlchemyError as error:
        if not is_damage(error):
            raise
        return [first_line(error)]
    return [line for row in rows if row != "ok" for line in str(row).splitlines()][:FIRST]


def _wrong_checksums(engine: Engine) -> list[str]:
    """NULL, and so nothing, where the cluster was made without checksums."""
    ask = text("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()")
    with engine.connect() as connection:
        count = connection.scalar(ask)
    return [f"checksum_failures = {count}"] if count else []


REFUSALS = {  # how [basis_data.menolak] of pesan.toml calls it
    sqlite3.SQLITE_BUSY: "dikunci",
    sqlite3.SQLITE_LOCKED: "dikunci",
    sqlite3.SQLITE_FULL: "penuh",
    sqlite3.SQLITE_IOERR: "disk",
    sqlite3.SQLITE_READONLY: "tulis",
    sqlite3.SQLITE_CANTOPEN: "buka",
}


# What to do differs by cause: words of [henti] in istilah.toml.
REMEDIES = {
    sqlite3.SQLITE_BUSY: "sibuk",
    sqlite3.SQLITE_LOCKED: "sibuk",
    sqlite3.SQLITE_FULL: "penuh",
    sqlite3.SQLITE_IOERR: "penuh",
    sqlite3.SQLITE_READONLY: "izin",
    sqlite3.SQLITE_CANTOPEN: "izin",
}
BY_STATE = {"53100": "penuh", "25006": "izin", "55P03": "sibuk"}  # PostgreSQL's


def remedy(error: BaseException) -> str:
    """For which cause somebody can act on a refusal: "sibuk", "penuh", "izin"; "" for any other."""
    said = getattr(error, "orig", None) or error
    code = getattr(said, "sqlite_errorcode", 0) or 0
    state = getattr(said, "sqlstate", "") or ""
    return REMEDIES.get(code & 0xFF) or BY_STATE.get(state, "")


def first_line(error: BaseException) -> str:
    """What the database said, without what SQLAlchemy and drivers add below it; in our words where a person can act on
    it."""
    said = getattr(error, "orig", None) or error
    code = getattr(said, "sqlite_errorcode", 0) or 0
    if refusal := REFUSALS.get(code & 0xFF):
        return say(f"basis_data.menolak.{refusal}")
    return next(iter(str(said).splitlines()), type(error).__name__)


def is_full(error: BaseException) -> bool:
    """Whether SQLite could not write on, for want of room."""
    code = getattr(getattr(error, "orig", None) or error, "sqlite_errorcode", 0) or 0
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
