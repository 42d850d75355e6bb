"""Tables, engine and sessions. Hides SQLAlchemy's dialects: SQLite (WAL, FULL, BEGIN IMMEDIATE) and PostgreSQL.

Each table names the one module that writes it (DESIGN rule 3). Times are aware UTC in Python and UTC in the file.
`writing()` is one short transaction that takes the write lock at once; `reading()` never writes.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Engine,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from pipeline.data import fulltext
from pipeline.data.schema import SchemaError as SchemaError
from pipeline.data.schema import is_current as is_current
from pipeline.data.schema import is_made as is_made
from pipeline.data.schema import migrate as migrate
from pipeline.data.tables import Base

try:
    import fcntl
except ImportError:  # Windows: one process at a time is then the IT officer's business
    fcntl = None  # type: ignore[assignment]


T = TypeVar("T")
R = TypeVar("R")
BREATH = 0.15  # seconds; longer than the longest sleep of SQLite's busy handler
SEEN = "seen"  # in `Session.info` of a view: what was asked in it
POOL = {
    "pool_size": 8,
    "max_overflow": 32,
}  # threads of pages and lanes at once; a monitor must not wait for one


def _sqlite(engine: Engine) -> None:
    """BEGIN ourselves (the driver's own habits break both IMMEDIATE and savepoints); WAL, FULL, foreign keys."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(
            "PRAGMA wal_autocheckpoint=8000"
        )  # 32 MB: several batches of mail before they are copied
        connection.execute("PRAGMA secure_delete=ON")  # what is erased is written over

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("aduan_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(engine: Engine) -> None:
    """Plan each search for its own words: one that all rows have is met by going through the book, a rare one found by
    the index, and a plan for any word is wrong for one of them. Statements are short and many people ask at once:
    making machine code or starting helpers for one takes longer than it saves."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        was = connection.autocommit
        connection.autocommit = True
        for setting in (
            "plan_cache_mode = force_custom_plan",
            "jit = off",
            "max_parallel_workers_per_gather = 0",
        ):
            connection.execute(f"SET {setting}")
        connection.autocommit = was


@event.listens_for(Session, "before_flush")
def _ids_at_once(session: Session, _context: object, _instances: object) -> None:
    """Give many new rows their ids before they go to SQLite, which cannot return those of several in their order:
    SQLAlchemy would send each row alone, for thrice the time. The ids are those that SQLite would give (one more
    than the largest), and nobody else can be writing."""
    if session.get_bind().dialect.name != "sqlite":
        return
    fresh = [one for one in session.new if getattr(one, "id", 0) is None]
    for table in {type(one) for one in fresh}:
        rows = sorted(
            (one for one in fresh if type(one) is table), key=lambda one: inspect(one).insert_order
        )
        if len(rows) > 1:
            largest = session.connection().scalar(select(func.max(table.id))) or 0
            for row_id, row in enumerate(rows, largest + 1):
                row.id = row_id


def connect_file(path: Path) -> Engine:
    """An engine for a SQLite file, whatever signs its path has: in a URL a question mark would end it."""
    return connect(URL.create("sqlite", database=str(path.resolve())))


def connect(url: str | URL, folder: Path = Path()) -> Engine:
    """An engine for the URL of config.toml; a relative SQLite file is seen from `folder`. The file is made 0600.

    An error's text, which is logged, does not repeat the values: names, addresses, status codes.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, **POOL)
        _postgresql(engine)
        return engine
    if parsed.database and parsed.database != ":memory:":
        file = (folder / parsed.database).resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        parsed = parsed.set(database=str(file))
    room = {} if parsed.database in (None, "", ":memory:") else POOL
    uri = {"uri": True}  # so that a backup beside it can be attached as one that is only read
    engine = create_engine(parsed, hide_parameters=True, connect_args=uri, **room)
    _sqlite(engine)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One short write transaction, committed at the end; nothing is kept if the block raises."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.connection()  # take the lock before the first read, so that what is read is what is changed
        yield session


def let_others_write(engine: Engine) -> None:
    """Between two portions of long work. Whoever waits for SQLite's lock asks for it every 100 ms, and nobody queues:
    taken again at once it is never seen free, and a page waits ten seconds and fails."""
    if engine.dialect.name == "sqlite":
        time.sleep(BREATH)


def among(
    session: Session,
    column: InstrumentedAttribute[T],
    values: Iterable[T],
    *where: ColumnElement[bool],
) -> set[T]:
    """Which of these values stand in the column, in rows as wanted; asked in parts, for a statement takes only so
    many."""
    wanted = list(values)
    parts = (wanted[start : start + 500] for start in range(0, len(wanted), 500))
    return {
        value
        for part in parts
        for value in session.scalars(select(column).where(column.in_(part), *where))
    }


def wait_for_writers(session: Session, table: type[Base]) -> None:
    """Let all transactions end that have added rows to a table, and hold new ones until this one ends.

    SQLite has one writer at a time anyhow; on PostgreSQL a row with a smaller id may be committed after a larger one.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f'LOCK TABLE "{table.__tablename__}" IN SHARE MODE'))


def exclusive(session: Session, name: str) -> None:
    """Hold others off until this transaction ends that name the same thing; SQLite has one writer at a time anyhow."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )


@contextmanager
def lease(engine: Engine, name: str, patience: float = 0) -> Iterator[bool]:
    """Whether this one alone may do a thing meanwhile, among all threads and processes at the database.

    Waits up to `patience` seconds for who has it. It ends with the block, or with the process. On SQLite it is a lock
    on a file beside the database.
    """
    with ExitStack() as stack:
        take = (
            _advisory(engine, name, stack)
            if engine.dialect.name == "postgresql"
            else _flock(engine, name, stack)
        )
        end = time.monotonic() + patience
        while not (mine := take()) and time.monotonic() < end:
            time.sleep(0.02)
        yield mine


def _advisory(engine: Engine, name: str, stack: ExitStack) -> Callable[[], bool]:
    connection = stack.enter_context(engine.connect()).execution_options(
        isolation_level="AUTOCOMMIT"
    )
    stack.callback(connection.execute, text("SELECT pg_advisory_unlock_all()"))
    ask = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 1))")
    return lambda: bool(connection.scalar(ask, {"name": name}))


def _flock(engine: Engine, name: str, stack: ExitStack) -> Callable[[], bool]:
    if fcntl is None or not engine.url.database or engine.url.database == ":memory:":
        return lambda: True
    file = stack.enter_context(open(f"{engine.url.database}.{name}", "ab"))  # noqa: SIM115 - closed by the stack

    def take() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    return take


LOST = frozenset({"40P01", "40001"})  # PostgreSQL: deadlock detected, serialization failure
TRIES = 4


def transact(engine: Engine, step: Callable[[Session], R]) -> R:
    """One write transaction that is run again, from its start, where it lost to another (a deadlock: PostgreSQL ends
    one of the two). `step` does nothing but write in the session. What it returns."""
    for left in range(TRIES - 1, -1, -1):
        try:
            with writing(engine) as session:
                return step(session)
        except DBAPIError as error:
            if not left or getattr(error.orig, "sqlstate", "") not in LOST:
                raise
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311
    raise AssertionError("unreachable")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One consistent view; it is never committed, and writes nothing. What was loaded may be read on after its end."""
    view = engine.execution_options(aduan_reading=True)
    if engine.dialect.name == "postgresql":  # each statement would see another moment
        view = view.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(view, autoflush=False, info={SEEN: {}}) as session:
        yield session


def is_view(session: Session) -> bool:
    """Whether it is of `reading()`."""
    return SEEN in session.info


def once(session: Session, key: Hashable, ask: Callable[[], R]) -> R:
    """What `ask` finds; in `reading()`, where nothing can become another, it is asked once for a key: a page asked for
    the same letters ten times. Whoever gets it must not change it."""
    seen = session.info.get(SEEN)
    if seen is None:
        return ask()
    if key not in seen:
        seen[key] = ask()
    found: R = seen[key]
    return found


def settle_erased(engine: Engine) -> None:
    """Bring what was erased out of the log beside a SQLite file too, as far as nobody is reading in it just now."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            fulltext.forget(connection)
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "COMMIT"
            )  # the one begun by `_begin`; a checkpoint stands outside any
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
