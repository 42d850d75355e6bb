"""Full-text search over the register, one interface for both databases.

Hides FTS5 (SQLite: a table without content) and tsvector (PostgreSQL: a table with a GIN index), both fed by triggers
on `complaint`. Both look for words and beginnings of words; capitals do not count. The database keeps it: whatever
writes a complaint, a restore too, writes its words.

What is confidential is not found: of a complaint whose pengadu is secret neither name, address, contacts nor their own
words are in it, and the officials that a complaint is about are in none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    event,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from pipeline.data.tables import Complaint

WORDS = "complaint_words"
LONGEST = 100_000  # characters of the pengadu's words that count; PostgreSQL takes 1 MB of different words at most
OPEN = (
    "number",
    "perihal",
    "ringkasan",
    "unit",
    "kategori",
    "instansi",
    "letter_number",
    "covering_number",
    "perintah",
    "disampaikan",
    "hasil",
    "keterangan",
)
PERSONAL = ("nama", "alamat", "telepon", "email", "lokasi_kejadian", "surat_pengirim")
# What the book is filtered by, as words that nobody can type: each begins with a sign of its column, of Unicode's area
# for private use. Two filters, or one and words, are then one search, however few rows bear both.
MARKED = {
    "channel": "\ue001",
    "klasifikasi": "\ue002",
    "kategori": "\ue003",
    "unit": "\ue004",
    "decision": "\ue005",
}
_CODE = re.compile(r"[a-z0-9_-]+")
DECIDED = "coalesce({row}decision, '')"
# A number as it is dialled beside how it was written: +62 811 111 222 is found as 0811111222 as well.
_DIGITS = "{row}telepon"
for _old, _new in zip(" -.()/;", ("", "", "", "", "", ",", ","), strict=True):
    _DIGITS = f"replace({_DIGITS}, '{_old}', '{_new}')"
DIALLED = f"replace(replace(',' || {_DIGITS}, '+62', '0'), ',62', ',0')"
# Digits that seem to be a telephone number, wherever they stand in what is asked for.
_TELEPHONE = re.compile(r"(?<!\w)(?:\+?62|0)(?:[ ()./-]{0,2}\d){5,13}(?!\w)", re.ASCII)
LONGEST_MARK = 200  # characters of a code; rows of before may have any words for one
# PostgreSQL: of the first rows so many are tried, and a word that this many of them have is met among the nearest soon.
TRIED, OFTEN, NEAR = 2_000, 100, 30_000
SPARE = 50  # rows that have the words, and may be none of those asked for by something else
# What waits to be put into PostgreSQL's index is read through by each search: so little of it.
PENDING = "gin_pending_list_limit = 256"  # KiB
LEAST_HIDDEN = 3  # letters of a word that may tell who complains
# A beginning of a length that has an index of its own is read as it is asked for; of any other length all rows of all
# words that begin so are gathered first, which at a million rows takes longer than the whole page.
BEGINNINGS = " ".join(map(str, range(1, 13)))  # letters
NOT_WORDS = r"[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+"


def _said(row: str) -> str:
    """The SQL of all words of a row; `row` is "new.", "old." or ""."""
    own = " || ' ' || ".join(f"{row}{name}" for name in PERSONAL)
    secret = f"{own} || ' ' || {DIALLED.format(row=row)} || ' ' || substr({row}isi, 1, {LONGEST})"
    shown = " || ' ' || ".join(f"{row}{name}" for name in OPEN)
    return f"{shown} || ' ' || {DECIDED.format(row=row)} || ' ' || CASE WHEN {row}rahasia THEN '' ELSE {secret} END"


def _marks(row: str) -> str:
    """The SQL of a row's marks; `unit` may hold several codes, joined by commas."""
    codes = {name: f"{row}{name}" for name in MARKED} | {"decision": DECIDED.format(row=row)}
    shown = (_mark_of(sign, codes[name]) for name, sign in MARKED.items())
    return " || ".join(shown)


def _mark_of(sign: str, code: str) -> str:
    whole = f"replace(replace({code}, '-', ''), '_', '')"
    return f"' {sign}' || replace({whole}, ',', ' {sign}')"


def marks(filters: Mapping[str, str]) -> tuple[str, ...]:
    """The marks of a row with these codes by MARKED; without those that no configuration of today could name so."""
    given = {name: code for name, code in filters.items() if _is_code(code)}
    return tuple(MARKED[name] + re.sub("[_-]", "", code) for name, code in given.items())


def _is_code(code: str) -> bool:
    return len(code) <= LONGEST_MARK and _CODE.fullmatch(code) is not None


def _written(row: str) -> str:
    """All that FTS5 has of a row."""
    return f"{_said(row)} || {_marks(row)}"


def _vector(row: str) -> str:
    """All that PostgreSQL has of a row: words without their places, and marks, which its parser would take apart."""
    words = f"regexp_replace({_said(row)}, '{NOT_WORDS}', ' ', 'g')"
    borne = f"regexp_split_to_array(trim({_marks(row)}), '\\s+')"
    cut = f"(SELECT array_agg(left(one, {LONGEST_MARK})) FROM unnest({borne}) AS one)"
    return f"strip(to_tsvector('simple'::regconfig, {words})) || array_to_tsvector({cut})"


FILL = f"INSERT INTO {WORDS} (rowid, words) SELECT id, {_written('')} FROM complaint"
FILL_POSTGRESQL = f"INSERT INTO {WORDS} (rowid, words) SELECT id, {_vector('')} FROM complaint"
_PUT = f"INSERT INTO {WORDS} (rowid, words) VALUES (new.id, {_written('new.')});"
_DROP = (
    f"INSERT INTO {WORDS} ({WORDS}, rowid, words) VALUES ('delete', old.id, {_written('old.')});"
)
Ids = tuple[int, int]  # the first and the last
NOBODY: Ids = (1, 0)
_TABLE = table(WORDS, column("rowid"), column("words"))
_READ = ", ".join((*OPEN, *PERSONAL, "isi", "decision", "rahasia", "channel", "klasifikasi"))


def statements(dialect: str) -> Sequence[str]:
    """What makes the search on a database of this kind."""
    if dialect == "postgresql":
        return _on_postgresql()
    shape = f"words, content='', detail=none, prefix='{BEGINNINGS}'"
    made = f"CREATE VIRTUAL TABLE {WORDS} USING fts5({shape}, "
    return (
        made + "tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER {WORDS}_new AFTER INSERT ON complaint BEGIN {_PUT} END",
        f"CREATE TRIGGER {WORDS}_gone AFTER DELETE ON complaint BEGIN {_DROP} END",
        f"CREATE TRIGGER {WORDS}_other AFTER UPDATE OF {_READ} ON complaint BEGIN {_DROP} {_PUT} END",
    )


def _on_postgresql() -> tuple[str, ...]:
    put = f"INSERT INTO {WORDS} (rowid, words) VALUES (new.id, {_vector('new.')})"
    anew = "ON CONFLICT (rowid) DO UPDATE SET words = excluded.words"
    gone = f"DELETE FROM {WORDS} WHERE rowid = old.id"
    return (
        f"CREATE TABLE {WORDS} (rowid integer PRIMARY KEY, words tsvector NOT NULL)",
        f"CREATE INDEX ix_{WORDS} ON {WORDS} USING gin (words) WITH ({PENDING})",
        _function("put", f"{put} {anew}"),
        _function("drop", gone),
        _trigger("new", "INSERT", "put"),
        _trigger("gone", "DELETE", "drop"),
        _trigger("other", f"UPDATE OF {_READ}", "put"),
    )


def _function(name: str, statement: str) -> str:
    body = f"BEGIN {statement}; RETURN NULL; END"
    head = f"CREATE OR REPLACE FUNCTION {WORDS}_{name}() RETURNS trigger LANGUAGE plpgsql"
    return f"{head} AS $${body}$$"


def _trigger(name: str, on: str, function: str) -> str:
    each = f"FOR EACH ROW EXECUTE FUNCTION {WORDS}_{function}()"
    return f"CREATE TRIGGER {WORDS}_{name} AFTER {on} ON complaint {each}"


@event.listens_for(Complaint.__table__, "after_create")
def _with_the_table(_table: Table, connection: Connection, **_more: Any) -> None:
    for statement in statements(connection.dialect.name):
        _run(connection, statement)


def is_of_search(name: str) -> bool:
    """Whether a table or index is the search's own: made anew by a restore, never copied."""
    return name.removeprefix("ix_").startswith(WORDS)


def make_anew(connection: Connection) -> None:
    """The search of a database that has the table already, with all that stands in it."""
    drop(connection)
    dialect = connection.dialect.name
    fill = FILL_POSTGRESQL if dialect == "postgresql" else FILL
    for statement in (*statements(dialect), fill):
        _run(connection, statement)


def _run(connection: Connection, statement: str) -> None:
    is_postgresql = connection.dialect.name == "postgresql"
    connection.exec_driver_sql(statement.replace("%", "%%") if is_postgresql else statement)


def drop(connection: Connection) -> None:
    """Take the search away before its table goes; it comes again with the table."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP INDEX IF EXISTS ix_complaint_words")  # of before 0119
        for name in ("put", "drop"):  # with their triggers
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {WORDS}_{name}() CASCADE")
    else:
        for name in ("new", "gone", "other"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {WORDS}_{name}")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {WORDS}")


def terms(asked: str) -> list[str]:
    """The words to look for, each a beginning, in small letters."""
    return [one for one in re.split(r"[\W_]+", unicodedata.normalize("NFC", asked).lower()) if one]


def _ways(asked: str) -> list[list[str]]:
    """The words as they stand, or with each telephone number, however it was typed, as one. The number of a letter
    looks like one too: so both are looked for. Empty where no word is asked for."""
    words, dialled = terms(asked), terms(_TELEPHONE.sub(_dialled, asked))
    if not words:
        return []
    return [words] if dialled == words else [words, dialled]


def _dialled(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return "0" + digits.removeprefix("62") if digits.startswith("62") else digits


def found(
    query: Select[Any],
    asked: str,
    dialect: str,
    within: Ids | None = None,
    marked: Sequence[str] = (),
) -> Select[Any]:
    """The query over complaints, narrowed to those in which every word of `asked` begins a word. What spares
    the database a look at the others: `within`, of which ids they are known to be, and `marked`, which `marks` they
    bear."""
    ways = _ways(asked)
    if not ways and not marked:
        return query
    if dialect == "postgresql":
        matches = _bears(_TABLE.c.words, _tsquery(ways, marked))
    else:
        match: BindParameter[str] = bindparam("words", _fts5(ways, marked), unique=True)
        matches = text(f"{WORDS} MATCH :words").bindparams(match)  # type: ignore[assignment]
    having = query.join(_TABLE, _TABLE.c.rowid == Complaint.id).where(matches)
    return having if within is None else having.where(_TABLE.c.rowid.between(*within))


def _fts5(ways: list[list[str]], marked: Sequence[str]) -> str:
    parts = [f'"{one}"' for one in marked]
    if ways:
        said = ("(" + " AND ".join(f'"{one}"*' for one in way) + ")" for way in ways)
        parts.append("(" + " OR ".join(said) + ")")
    return " AND ".join(parts)


def _tsquery(ways: list[list[str]], marked: Sequence[str]) -> ColumnElement[Any]:
    # Letters and digits alone: `terms`, `marks`.
    parts: list[ColumnElement[Any]] = []
    if marked:
        parts.append(cast(" & ".join(f"'{one}'" for one in marked), TSQUERY))
    if ways:
        said = ("(" + " & ".join(f"'{one}':*" for one in way) + ")" for way in ways)
        parts.append(func.to_tsquery(text("'simple'::regconfig"), " | ".join(said)))
    return reduce(lambda one, other: one.op("&&")(other), parts)


def _bears(words: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = words.op("@@")(wanted)
    return matches


def tells_nobody(asked: str) -> ColumnElement[bool]:
    """That no word of `asked` tells who complains where that is secret. A summary may name them too: by searching for a
    name nobody is to learn that it is theirs."""
    dialled: ColumnElement[str] = literal_column(DIALLED.format(row="complaint."), Text)
    columns = (Complaint.nama, Complaint.email, Complaint.nik, Complaint.telepon, dialled)
    words = {one for way in _ways(asked) for one in way if len(one) >= LEAST_HIDDEN}
    told = (part.icontains(one, autoescape=True) for one in sorted(words) for part in columns)
    return or_(Complaint.rahasia.is_(False), not_(or_(false(), *told)))


def first_of(
    session: Session,
    query: Select[Any],
    asked: str,
    within: Ids | None = None,
    marked: Sequence[str] = (),
    *,
    most: int,
    upwards: bool = False,
) -> list[int]:
    """The newest ids of what `found` finds, or the oldest ones (`upwards`), at most so many. `query`: complaints, of
    whose conditions most rows with these words are true; otherwise it is right, but slow on PostgreSQL."""
    dialect = session.get_bind().dialect.name
    ways = _ways(asked)
    if dialect == "postgresql" and (ways or marked):
        words = _Words(session, _tsquery(ways, marked), within, upwards)
        known = words.first_of(query, most)
        if known is not None:
            return known
    order = order_of(asked, marked)
    ids = found(query, asked, dialect, within, marked).with_only_columns(Complaint.id)
    ordered = ids.order_by(order.asc() if upwards else order.desc())
    return list(session.scalars(ordered.limit(most)))


@dataclass(frozen=True)
class _Words:
    """A search on PostgreSQL. Its index gathers all rows of a word before it gives the first, and going through the
    book looks for a rare word everywhere; how common the beginning of a word is, the planner cannot tell. So a few rows
    are tried."""

    session: Session
    wanted: ColumnElement[Any]
    within: Ids | None
    upwards: bool

    def first_of(self, query: Select[Any], most: int) -> list[int] | None:
        """None where the words did not lead to enough rows, nor to all."""
        enough = most + SPARE
        is_common = len(self._met(TRIED, OFTEN)) == OFTEN
        candidates = self._met(NEAR, enough) if is_common else []
        if len(candidates) < enough:
            candidates = self._looked_up(enough)
        is_one = Complaint.id == any_(cast(candidates, ARRAY(Integer)))
        fitting = query.with_only_columns(Complaint.id).where(is_one)
        ids = sorted(self.session.scalars(fitting), reverse=not self.upwards)
        return ids[:most] if len(ids) >= most or len(candidates) < enough else None

    def _met(self, rows: int, most: int) -> Sequence[int]:
        """Those that are met going through so many rows."""
        passed = self._in_order(self._all(), _TABLE.c.rowid).limit(rows).subquery()
        met = select(passed.c.rowid).where(_bears(passed.c.words, self.wanted))
        return self.session.scalars(met.limit(most)).all()

    def _looked_up(self, most: int) -> Sequence[int]:
        """The first of those that the index has."""
        having = self._all().where(_bears(_TABLE.c.words, self.wanted))
        every = having.cte().prefix_with("MATERIALIZED")
        first = self._in_order(select(every.c.rowid), every.c.rowid).limit(most)
        return self.session.scalars(first).all()

    def _all(self) -> Select[Any]:
        every = select(_TABLE.c.rowid, _TABLE.c.words)
        return every.where(_TABLE.c.rowid.between(*self.within)) if self.within else every

    def _in_order(self, query: Select[Any], key: ColumnElement[Any]) -> Select[Any]:
        return query.order_by(key.asc() if self.upwards else key.desc())


def order_of(asked: str, marked: Sequence[str] = ()) -> ColumnElement[Any]:
    """By what the rows that were found are put in their order, so that the database can stop after one page."""
    by_words = marked or terms(asked)
    return _TABLE.c.rowid if by_words else Complaint.__table__.c.id


def forget(connection: Connection) -> None:
    """Bring words that were erased out of the search's own pages too; costs one pass over all of it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"INSERT INTO {WORDS} ({WORDS}) VALUES ('optimize')")
