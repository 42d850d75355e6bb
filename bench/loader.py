"""A register of many realistic cases, made in bulk: copies of cases that went their way for real, row by row.

Each copy has its own mail, number, history and witness, all with the right hashes, so that `aduan audit` finds nothing.
What differs from a register that grew: the files of the letters are shared, a case has one link of its witness's chain,
and the texts of the mails name the case that was copied. Rows go past SQLAlchemy: about 1 ms of CPU a case.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from pipeline.cases import witness
from pipeline.cases.witness import START, digest
from pipeline.data.packed import OF_TEXT, HexBytes, PackedJson, pack_json, unpack
from pipeline.data.tables import Base, Complaint, Outbox

SQLITE = sqlite_dialect()
STEP = 1_000  # ids of one case lie within so many
BATCH = 500
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
        return {
            n: [dict(row) for row in file.execute(f"SELECT * FROM {n} WHERE {where.get(n, mine)}")]
            for n in names
        }


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


class Copier:
    """Copies of cases, each with the next number of its year."""

    def __init__(self) -> None:
        self.count = 0
        self.years: dict[int, int] = {}

    def copy(self, case: Sample) -> Sample:
        """The next copy."""
        self.count += 1
        n = self.count
        made = {table: [_shifted(row, n) for row in rows] for table, rows in case.items()}
        self._named(made, n)
        made["event"], made["payload"] = _history(made["event"], made["payload"], n)
        made["witness"] = [_witness(made)]
        return made

    def _named(self, made: Sample, n: int) -> None:
        [complaint], [item] = made["complaint"], made["item"]
        year = int(complaint["received_at"][:4])
        self.years[year] = self.years.get(year, 0) + 1
        who = f"warga{n}@warga.example"
        complaint |= {
            "number": f"PGD-{year}-{self.years[year]:06d}",
            "year": year,
            "status_code": f"{n:016d}",
        }
        raw = f"From: {who}\r\nSubject: Lampu padam {n}\r\n\r\nLampu jalan di Jalan Mawar {n} padam.\r\n".encode()
        name = sha256(raw).hexdigest()
        made["blob"] = [{"sha256": name, "size": len(raw), "content": raw}]
        item |= {"sha256": name, "twin": name, "message_id": f"{n}@warga.example"}
        for row in made["sighting"]:
            row["uid"] = n
        for row in made["letter_number"]:
            row["number"] = f"{row['number']}/{n}"
        for row in made["outbox"]:
            row["message_id"] = f"<{n}.{row['id']}@kominfo.example>"
            if row["recipient"] == complaint["email"]:
                row["recipient"] = who
        complaint |= {"email": who, "thread_id": f"<{n}@warga.example>"}


def _shifted(row: Row, n: int) -> Row:
    ids = {
        k: v + n * STEP
        for k, v in row.items()
        if isinstance(v, int) and (k == "id" or k.endswith("_id"))
    }
    return row | ids


def _history(events: list[Row], payloads: list[Row], n: int) -> tuple[list[Row], list[Row]]:
    """The chain anew: each event is over the ids of the copy."""
    said = {row["event_id"]: row for row in payloads}
    previous = START
    for row in sorted(events, key=lambda row: row["seq"]):
        words = said[row["id"]]
        data = json.loads(words["data"])
        if isinstance(data, dict) and isinstance(data.get("item"), int):
            data["item"] += n * STEP
            words["data"] = json.dumps(data)
            row["payload_hash"] = bytes.fromhex(digest([words["salt"].hex(), data]))
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
        previous = digest([*told, previous])
        row["hash"] = bytes.fromhex(previous)
    return events, payloads


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


def _witness(made: Sample) -> Row:
    """The newest link of the case's chain."""
    salt = "0" * witness.SALT
    [complaint], [item] = made["complaint"], made["item"]
    values: dict[str, Any] = {}
    parts = {name: _column(salt, name, complaint[name]) for name in witness.COLUMNS}
    values[witness.ARRIVAL] = [
        item["id"],
        item["sha256"],
        item["source"],
        _iso(item["received_at"]),
    ]
    last = max(made["event"], key=lambda row: row["seq"])
    values[witness.HISTORY] = [last["seq"], last["hash"].hex()]
    for table, rows in witness.OF_CASE.items():
        name = str(table.__tablename__)
        for row in made.get(name, []):
            counted = (*rows.columns, *rows.later) if table is not Outbox else ()
            read = {k: _value(name, k, row[k]) for k in counted} if counted else _mail(row, rows)
            values |= witness._parts(rows, row[rows.key], read)
    parts |= {name: witness.part(salt, name, value) for name, value in values.items()}
    link: Row = {
        "id": complaint["id"],
        "kind": witness.CASE,
        "subject_id": complaint["id"],
        "seq": 1,
    }
    link |= {"digest": digest(parts), "previous": START}
    hashes = {name: bytes.fromhex(link[name]) for name in ("digest", "previous")}
    own = bytes.fromhex(witness.link_hash(link))
    return {**link, **hashes, "hash": own, "parts": pack_json(parts, OF_TEXT)}


@lru_cache(100_000)
def _column(salt: str, name: str, value: Any) -> str:
    """The part of a complaint's column; most say the same in all copies."""
    return witness.part(salt, name, _value("complaint", name, value))


_texts: dict[bytes, str] = {}


def _mail(row: Row, rows: witness.Rows) -> Mapping[str, Any]:
    """A mail for its digest: its text is the same in all copies, and the HTML counts by its hash."""
    text = row["text"]
    if text is not None and text not in _texts:
        _texts[text] = unpack(text)
    counted = [k for k in (*rows.columns, *rows.later) if k not in ("text", "html")]
    plain = {k: _value("outbox", k, row[k]) for k in counted}
    return {**plain, "text": _texts.get(text, ""), "html": "", "html_hash": row["html_hash"].hex()}


# ---- into a database -----------------------------------------------------------------------------------------


def load(engine: Engine, rows: Iterator[Sample], first: list[Row]) -> None:
    """Put copies, and before them the bytes they share, into a migrated, empty database."""
    if engine.dialect.name == "postgresql":
        _into_postgresql(engine, rows, first)
    else:
        _into_sqlite(engine, rows, first)


def _gathered(rows: Iterator[Sample]) -> Iterator[tuple[str, list[Row]]]:
    while some := list(islice(rows, BATCH)):
        for table in TABLES:
            if found := [row for one in some for row in one.get(table, ())]:
                yield table, found


def _into_sqlite(engine: Engine, rows: Iterator[Sample], first: list[Row]) -> None:
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as file:
        file.execute("PRAGMA synchronous=OFF")
        file.execute("PRAGMA cache_size=-400000")
        file.execute("BEGIN")
        if first:
            _insert(file, "blob", first)
        for table, found in _gathered(rows):
            _insert(file, table, found)
            if table == TABLES[-1]:
                file.execute("COMMIT")
                file.execute("BEGIN")
        file.execute("COMMIT")
        file.execute("ANALYZE")


def _insert(file: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" for _ in names)
    file.executemany(
        f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', [[r[k] for k in names] for r in rows]
    )


def _into_postgresql(engine: Engine, rows: Iterator[Sample], first: list[Row]) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        if first:
            _copied(connection, "blob", first)
        for table, found in _gathered(rows):
            _copied(connection, table, found)
        for (name,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            if (
                "id" in Base.metadata.tables.get(name, Complaint.__table__).columns
                and name in Base.metadata.tables
            ):
                sequence = connection.execute(
                    "SELECT pg_get_serial_sequence(%s, 'id')", [name]
                ).fetchone()
                if sequence and sequence[0]:
                    connection.execute(
                        f"SELECT setval('{sequence[0]}', greatest(1, (SELECT max(id) FROM {name})))"
                    )
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _copied(connection: psycopg.Connection[Any], table: str, rows: list[Row]) -> None:
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row([row[name] for name in names])
