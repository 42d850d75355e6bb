"""A register of many realistic cases, made in bulk: copies of cases that went their way for real, row by row.

Each copy has its own mail, number, history and witness, all with the right hashes, so that `aduan audit` finds nothing.
What differs from a register that grew: the files of the letters are shared, a case has one link of its witness's chain,
and the texts of the mails name the case that was copied.

A case is made a mould once: its rows, and all that is hashed, with gaps where a copy says something of its own. A copy
fills the gaps and hashes; rows go past SQLAlchemy, and indexes and search are made when all rows are there: about
0.7 ms of CPU a case.
"""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from pipeline.cases import witness
from pipeline.cases.witness import START
from pipeline.data import fulltext
from pipeline.data.packed import (
    OF_TEXT,
    RAW,
    HexBytes,
    PackedJson,
    PackedTexts,
    pack,
    pack_json,
    unpack,
)
from pipeline.data.tables import Base, Outbox

SQLITE = sqlite_dialect()
STEP = 1_000  # ids of one case lie within so many
BATCH = 500
ROOM = 1_000_000  # KiB that SQLite may take while rows are put in
# In the order in which one points to the other.
TABLES = (
    "blob",
    "item",
    "sighting",
    "complaint",
    "decision",
    "closing",
    "task",
    "event",
    "payload",
    "document",
    "letter_number",
    "link",
    "outbox",
    "witness",
)
JSON_COLUMNS = {
    t.name: {c.name for c in t.columns if "JSON" in str(c.type)}
    for t in Base.metadata.tables.values()
}
BOOLEANS = {
    t.name: {c.name for c in t.columns if "BOOL" in str(c.type)}
    for t in Base.metadata.tables.values()
}
READ_BY_TYPE = {
    t.name: {c.name: c.type for c in t.columns if isinstance(c.type, HexBytes | PackedJson)}
    for t in Base.metadata.tables.values()
}
Row = dict[str, Any]
Sample = dict[str, list[Row]]  # the rows of one case, by table


def sample(path: str, complaint_id: int) -> Sample:
    """All rows of one case out of a SQLite file."""
    mine = f"complaint_id = {complaint_id}"
    where = {
        "item": f"id = (SELECT item_id FROM complaint WHERE id = {complaint_id})",
        "sighting": f"item_id = (SELECT item_id FROM complaint WHERE id = {complaint_id})",
        "complaint": f"id = {complaint_id}",
        "payload": f"event_id IN (SELECT id FROM event WHERE {mine})",
        "link": f"task_id IN (SELECT id FROM task WHERE {mine})",
    }
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        names = [name for name in TABLES if name not in ("blob", "witness")]
        found = {
            n: [dict(row) for row in file.execute(f"SELECT * FROM {n} WHERE {where.get(n, mine)}")]
            for n in names
        }
        for mail in found["outbox"]:
            _with_text(file, mail)
        return found


def _with_text(file: sqlite3.Connection, mail: Row) -> None:
    """The mail with its text in its own row: a copy is in no pack."""
    if mail["pack_id"] is not None:
        [[texts]] = file.execute("SELECT texts FROM mail_pack WHERE id = ?", [mail["pack_id"]])
        said = PackedTexts().process_result_value(texts, SQLITE)[mail["id"]]
        mail |= {"text": pack(said, OF_TEXT), "pack_id": None}


def shared(path: str) -> list[Row]:
    """The bytes of letters and scans, which all copies point to."""
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        rows = file.execute("SELECT * FROM blob WHERE sha256 NOT IN (SELECT sha256 FROM item)")
        return [dict(row) for row in rows]


def moved(case: Sample, days: int) -> Sample:
    """The same some days earlier."""
    span = timedelta(days=days)
    return {
        table: [{k: _earlier(v, span) for k, v in row.items()} for row in rows]
        for table, rows in case.items()
    }


def _earlier(value: Any, span: timedelta) -> Any:
    if not isinstance(value, str) or len(value) != 26 or value[10] != " ":
        return value
    return (datetime.fromisoformat(value) - span).isoformat(" ", "microseconds")


# ---- texts with gaps -----------------------------------------------------------------------------------------

# What stands in a mould where a copy says something of its own. Ids are the count times STEP and three digits, so the
# digits of the count stand where its number is to be, in ids as in texts.
COUNT, SIZE = 918_273_645_546, 918_273_645_547
NUMBER, CODE = "@@nomor@@", "@@kode@@"
HALF = 32  # hex digits: a part of a witness keeps the first half of a hash
_STEM = "feedc0de" * 3
CONTENT, PARTS = f"{_STEM}fffffffe", f"{_STEM}ffffffff"  # bytes, as hex
_GAP = re.compile(f"({COUNT}|{SIZE}|{NUMBER}|{CODE}|{_STEM}[0-9a-f]{{8}})")
Gaps = dict[str, str]  # {what stands in the mould: what a copy says there}


def _hash_gap(step: int) -> str:
    """What stands for the hash that a step makes: two halves, each a gap."""
    return f"{_STEM}{2 * step:08x}{_STEM}{2 * step + 1:08x}"


def _with_gaps(said: str) -> str | None:
    """The text as a format of its gaps; None where it has none."""
    parts = _GAP.split(said)
    if len(parts) == 1:
        return None
    parts[1::2] = (f"%({gap})s" for gap in parts[1::2])
    parts[::2] = (plain.replace("%", "%%") for plain in parts[::2])
    return "".join(parts)


class Hashes:
    """The hashes of a mould: those without gaps are known at once, of the others is kept what they are over."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str, str]] = []  # both halves, and the format that is hashed

    def digest(self, value: object) -> str:
        return self.of(witness._AS_JSON.encode(value))

    def of(self, said: str) -> str:
        form = _with_gaps(said)
        if form is None:
            return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
        gap = _hash_gap(len(self.steps))
        self.steps.append((gap[:HALF], gap[HALF:], form))
        return gap

    def part(self, salt: str, name: str, value: object) -> str:
        return salt + self.digest([salt, name, value])[: witness.SHORT]

    def fill(self, gaps: Gaps) -> None:
        for first, second, form in self.steps:
            found = sha256((form % gaps).encode("utf-8", "surrogatepass")).hexdigest()
            gaps[first], gaps[second] = found[:HALF], found[HALF:]


# ---- a mould -------------------------------------------------------------------------------------------------

MAIL = "From: warga{n}@warga.example\r\nSubject: Lampu padam {n}\r\n\r\nLampu jalan di Jalan Mawar {n} padam.\r\n"


class Mould:
    """One case, of which copies are made: its rows with gaps."""

    def __init__(self, case: Sample) -> None:
        self.hashes = Hashes()
        made = {table: [_shifted(row) for row in rows] for table, rows in case.items()}
        self.year = int(made["complaint"][0]["received_at"][:4])
        self._named(made)
        _history(made["event"], made["payload"], self.hashes)
        link, said = _witness(made, self.hashes)
        made["witness"] = [link]
        self.rows = {table: made[table] for table in TABLES if made.get(table)}
        said_with_gaps = _with_gaps(said)
        assert said_with_gaps
        self.parts = said_with_gaps

    def _named(self, made: Sample) -> None:
        n = COUNT
        [complaint], [item] = made["complaint"], made["item"]
        who = f"warga{n}@warga.example"
        name = self.hashes.of(MAIL.format(n=n))
        item |= {"sha256": name, "twin": name, "message_id": f"{n}@warga.example"}
        made["blob"] = [{"sha256": name, "size": SIZE, "content": bytes.fromhex(CONTENT)}]
        for row in made["sighting"]:
            row["uid"] = n
        for row in made["letter_number"]:
            row["number"] = f"{row['number']}/{n}"
        for row in made["outbox"]:
            row["message_id"] = f"<{n}.{row['id']}@kominfo.example>"
            if row["recipient"] == complaint["email"]:
                row["recipient"] = who
        complaint |= {"number": f"PGD-{self.year}-{NUMBER}", "year": self.year, "status_code": CODE}
        complaint |= {"email": who, "thread_id": f"<{n}@warga.example>"}

    def filled(self, n: int, number: int) -> Gaps:
        """What the n-th copy says, with this number of its year."""
        mail = MAIL.format(n=n).encode()
        gaps = {str(COUNT): str(n), NUMBER: f"{number:06d}", CODE: f"{n:016d}"}
        gaps |= {str(SIZE): str(len(mail)), CONTENT: mail.hex()}
        self.hashes.fill(gaps)
        gaps[PARTS] = _packed(self.parts % gaps).hex()
        return gaps


def _packed(said: str) -> bytes:
    """As `packed.pack`, in a fourth of the time and a tenth more bytes: hashes are not like any words known before."""
    press = zlib.compressobj(1, wbits=RAW)
    return bytes([OF_TEXT]) + press.compress(said.encode()) + press.flush()


Copy = tuple[Mould, Gaps]


class Copier:
    """Copies of cases, each with the next number of its year."""

    def __init__(self) -> None:
        self.count = 0
        self.years: dict[int, int] = {}

    def copies(self, case: Sample, many: int) -> Iterator[Copy]:
        """The next copies of a case."""
        mould = Mould(case)
        for _ in range(many):
            self.count += 1
            self.years[mould.year] = self.years.get(mould.year, 0) + 1
            yield mould, mould.filled(self.count, self.years[mould.year])


def _shifted(row: Row) -> Row:
    ids = {k: v for k, v in row.items() if isinstance(v, int) and (k == "id" or k.endswith("_id"))}
    assert all(one < STEP for one in ids.values()), ids
    return row | {k: v + COUNT * STEP for k, v in ids.items()}


def _history(events: list[Row], payloads: list[Row], hashes: Hashes) -> None:
    """The chain anew: each event is over the ids of the copy."""
    said = {row["event_id"]: row for row in payloads}
    previous = START
    for row in sorted(events, key=lambda row: row["seq"]):
        words = said[row["id"]]
        data = json.loads(unpack(words["data"]))
        if isinstance(data, dict) and isinstance(data.get("item"), int):
            data["item"] += COUNT * STEP
            words["data"] = pack_json(data, OF_TEXT)
            row["payload_hash"] = bytes.fromhex(hashes.digest([words["salt"].hex(), data]))
        names = (
            "complaint_id",
            "seq",
            "at",
            "kind",
            "actor",
            "actor_name",
            "actor_title",
            "task_id",
            "payload_hash",
        )
        told = [_value("event", name, row[name]) for name in names]
        row["previous"] = bytes.fromhex(previous)
        previous = hashes.digest([*told, previous])
        row["hash"] = bytes.fromhex(previous)


def _iso(value: Any) -> Any:
    """A time as the hashes have it."""
    is_time = isinstance(value, str) and len(value) == 26 and value[10] == " "
    return f"{value[:10]}T{value[11:]}+00:00" if is_time else value


def _value(table: str, name: str, value: Any) -> Any:
    """A value as Python reads it, for a digest."""
    if kind := READ_BY_TYPE[table].get(name):
        return kind.process_result_value(value, SQLITE)
    if name in JSON_COLUMNS[table]:
        return json.loads(value) if isinstance(value, str) else value
    if name in BOOLEANS[table] and value is not None:
        return bool(value)
    if isinstance(value, bytes):
        return unpack(value)
    return _iso(value)


def _witness(made: Sample, hashes: Hashes) -> tuple[Row, str]:
    """The newest link of the case's chain, and its parts as JSON."""
    salt = "0" * witness.SALT
    [complaint], [item] = made["complaint"], made["item"]
    values = {name: _value("complaint", name, complaint[name]) for name in witness.COLUMNS}
    arrived = (item["id"], item["sha256"], item["source"], _iso(item["received_at"]))
    values[witness.ARRIVAL] = list(arrived)
    last = max(made["event"], key=lambda row: row["seq"])
    values[witness.HISTORY] = [last["seq"], last["hash"].hex()]
    for table, rows in witness.OF_CASE.items():
        name = str(table.__tablename__)
        for row in made.get(name, []):
            counted = (*rows.columns, *rows.later) if table is not Outbox else ()
            read = {k: _value(name, k, row[k]) for k in counted} if counted else _mail(row, rows)
            values |= witness._parts(rows, row[rows.key], read)
    parts = {name: hashes.part(salt, name, value) for name, value in values.items()}
    link: Row = {"id": complaint["id"], "kind": witness.CASE, "subject_id": complaint["id"]}
    link |= {"seq": 1, "digest": hashes.digest(parts), "previous": START}
    chained = [link[name] for name in ("kind", "subject_id", "seq", "digest", "previous")]
    link["hash"] = hashes.digest(chained)  # see witness.link_hash
    as_bytes = {name: bytes.fromhex(link[name]) for name in ("digest", "previous", "hash")}
    said = json.dumps(parts, separators=(",", ":"))
    return {**link, **as_bytes, "parts": bytes.fromhex(PARTS)}, said


def _mail(row: Row, rows: witness.Rows) -> Mapping[str, Any]:
    """A mail for its digest: its HTML counts by its hash."""
    counted = [k for k in (*rows.columns, *rows.later) if k not in ("text", "html")]
    plain = {k: _value("outbox", k, row[k]) for k in counted}
    said = unpack(row["text"]) if row["text"] else ""
    return {**plain, "text": said, "html": "", "html_hash": row["html_hash"].hex()}


# ---- into a database -----------------------------------------------------------------------------------------


@contextmanager
def unindexed(engine: Engine) -> Iterator[None]:
    """Without indexes and search while many rows are put in; both are made when they are there."""
    with engine.begin() as connection:
        made = _indexes(connection)
        for name in made:
            connection.execute(text(f'DROP INDEX "{name}"'))
        fulltext.drop(connection)
    engine.dispose()  # SQLite changes its journal when nobody else is there
    yield
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA cache_size=-{ROOM}")
        for statement in made.values():
            connection.exec_driver_sql(statement)
        fulltext.make_anew(connection)
    engine.dispose()  # with the room that SQLite was given
    tidy(engine)


def _indexes(connection: Connection) -> dict[str, str]:
    """{name: how it is made} of the indexes that no constraint needs."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    else:
        query = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
        )
    every = {str(name): str(made) for name, made in connection.execute(text(query))}
    return {name: made for name, made in every.items() if not fulltext.is_of_search(name)}


def tidy(engine: Engine) -> None:
    """What the planner goes by; PostgreSQL sees to it by itself after a while."""
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        is_file = engine.dialect.name == "sqlite"
        connection.execute(text("ANALYZE" if is_file else "VACUUM (ANALYZE)"))


def load(engine: Engine, copies: Iterable[Copy], first: Sequence[Row] = ()) -> None:
    """Put copies, and before them the bytes they share, into a migrated database."""
    into = _into_postgresql if engine.dialect.name == "postgresql" else _into_sqlite
    into(engine, iter(copies), first, is_bare=False)
    tidy(engine)


def load_many(engine: Engine, copies: Iterable[Copy], first: Sequence[Row] = ()) -> None:
    """The same where nothing points elsewhere and all is put in order at the end."""
    into = _into_postgresql if engine.dialect.name == "postgresql" else _into_sqlite
    with unindexed(engine):
        into(engine, iter(copies), first, is_bare=True)


def _batches(copies: Iterator[Copy]) -> Iterator[tuple[Mould, list[Gaps]]]:
    """So many copies of one mould at a time."""
    for mould, of_one in groupby(copies, key=itemgetter(0)):
        while some := [gaps for _, gaps in islice(of_one, BATCH)]:
            yield mould, some


def _into_sqlite(
    engine: Engine, copies: Iterator[Copy], first: Sequence[Row], *, is_bare: bool
) -> None:
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as file:
        file.execute("PRAGMA synchronous=OFF")
        file.execute(f"PRAGMA cache_size=-{ROOM}")
        [[mode]] = file.execute("PRAGMA journal_mode").fetchall()
        if is_bare:
            file.execute("PRAGMA journal_mode=OFF")
        file.execute("BEGIN")
        for row in first:
            file.execute(_insert("blob", row), list(row.values()))
        for mould, some in _batches(copies):
            for table, rows in mould.rows.items():
                makers = [_maker(row) for row in rows]
                made = (make(gaps) for gaps in some for make in makers)
                file.executemany(_insert(table, rows[0]), made)
        file.execute("COMMIT")
        file.execute(f"PRAGMA journal_mode={mode}")


def _insert(table: str, row: Row) -> str:
    columns = ", ".join(f'"{name}"' for name in row)
    return f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join("?" for _ in row)})'


def _maker(row: Row) -> Callable[[Gaps], list[Any]]:
    """What makes the values of a copy's row."""
    plain = list(row.values())
    gaps_at = [(i, fill) for i, value in enumerate(plain) if (fill := _filler(value))]

    def make(gaps: Gaps) -> list[Any]:
        values = plain.copy()
        for i, fill in gaps_at:
            values[i] = fill(gaps)
        return values

    return make


def _filler(value: Any) -> Callable[[Gaps], Any] | None:
    """What makes a copy's value; None for one that all copies share."""
    said = value.hex() if isinstance(value, bytes) else str(value)
    form = _with_gaps(said)
    if form is None:
        return None
    if isinstance(value, bytes):
        return lambda gaps: bytes.fromhex(form % gaps)
    return (lambda gaps: int(form % gaps)) if isinstance(value, int) else lambda gaps: form % gaps


def _into_postgresql(
    engine: Engine, copies: Iterator[Copy], first: Sequence[Row], *, is_bare: bool
) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        if is_bare:  # what points to what is known to be right
            connection.execute("SET session_replication_role = replica")
        if first:
            _copied(connection, "blob", first[0], "".join(map(_line, first)))
        for mould, some in _batches(copies):
            for table, rows in mould.rows.items():
                lines = "".join(map(_line, rows))
                form = _with_gaps(lines) or lines.replace("%", "%%")
                _copied(connection, table, rows[0], "".join(form % gaps for gaps in some))
        _count_on(connection)


def _copied(connection: psycopg.Connection[Any], table: str, row: Row, lines: str) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
    ):
        copy.write(lines)


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _line(row: Row) -> str:
    """A row as COPY reads it."""
    return "\t".join(map(_field, row.values())) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return r"\N"
    return rf"\\x{value.hex()}" if isinstance(value, bytes) else str(value).translate(_ESCAPES)


def _count_on(connection: psycopg.Connection[Any]) -> None:
    """What is put in by the program goes on after the highest id."""
    for name, table in Base.metadata.tables.items():
        if "id" not in table.columns:
            continue
        query = "SELECT pg_get_serial_sequence(%s, 'id')"
        [sequence] = connection.execute(query, [name]).fetchone() or [None]
        if sequence:
            highest = f"greatest(1, (SELECT max(id) FROM {name}))"
            connection.execute(f"SELECT setval('{sequence}', {highest})".encode())
