"""Full-text search over the register, one interface for both databases.

Hides FTS5 (SQLite: a table without content, fed by triggers on `complaint`) and tsvector (PostgreSQL: an index on an
expression). Both look for words and beginnings of words; capitals do not count. The database keeps it: whatever writes
a complaint, a restore too, writes its words.

What is confidential is not found: of a complaint whose pengadu is secret neither name, address, contacts nor their own
words are in it, and the officials that a complaint is about are in none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    Text,
    bindparam,
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
    given = {name: code for name, code in filters.items() if _CODE.fullmatch(code)}
    return tuple(MARKED[name] + re.sub("[_-]", "", code) for name, code in given.items())


def _written(row: str) -> str:
    """All that FTS5 has of a row."""
    return f"{_said(row)} || {_marks(row)}"


VECTOR = f"to_tsvector('simple'::regconfig, regexp_replace({_said('')}, '{NOT_WORDS}', ' ', 'g'))"
FILL = f"INSERT INTO {WORDS} (rowid, words) SELECT id, {_written('')} FROM complaint"
_PUT = f"INSERT INTO {WORDS} (rowid, words) VALUES (new.id, {_written('new.')});"
_DROP = (
    f"INSERT INTO {WORDS} ({WORDS}, rowid, words) VALUES ('delete', old.id, {_written('old.')});"
)
Ids = tuple[int, int]  # the first and the last
NOBODY: Ids = (1, 0)
_TABLE = table(WORDS, column("rowid"))
_READ = ", ".join((*OPEN, *PERSONAL, "isi", "decision", "rahasia", "channel", "klasifikasi"))


def statements(dialect: str) -> Sequence[str]:
    """What makes the search on a database of this kind."""
    if dialect == "postgresql":
        return (f"CREATE INDEX ix_complaint_words ON complaint USING gin (({VECTOR}))",)
    shape = f"words, content='', detail=none, prefix='{BEGINNINGS}'"
    made = f"CREATE VIRTUAL TABLE {WORDS} USING fts5({shape}, "
    return (
        made + "tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER {WORDS}_new AFTER INSERT ON complaint BEGIN {_PUT} END",
        f"CREATE TRIGGER {WORDS}_gone AFTER DELETE ON complaint BEGIN {_DROP} END",
        f"CREATE TRIGGER {WORDS}_other AFTER UPDATE OF {_READ} ON complaint BEGIN {_DROP} {_PUT} END",
    )


@event.listens_for(Complaint.__table__, "after_create")
def _with_the_table(_table: Table, connection: Connection, **_more: Any) -> None:
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(
            statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement
        )


def is_of_search(name: str) -> bool:
    """Whether a table or index is the search's own: made anew by a restore, never copied."""
    return name.removeprefix("ix_").startswith(WORDS)


def drop(connection: Connection) -> None:
    """Take the search away before its table goes; it comes again with the table."""
    if connection.dialect.name == "sqlite":
        for name in ("new", "gone", "other"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {WORDS}_{name}")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {WORDS}")


def terms(asked: str) -> list[str]:
    """The words to look for, each a beginning, in small letters."""
    return [one for one in re.split(r"[\W_]+", unicodedata.normalize("NFC", asked).lower()) if one]


def _ways(asked: str) -> list[list[str]]:
    """The words as they stand, or with each telephone number, however it was typed, as one. The number of a letter
    looks like one too: so both are looked for."""
    words, dialled = terms(asked), terms(_TELEPHONE.sub(_dialled, asked))
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
    """The query over complaints, narrowed to those in which every word of `asked` begins a word. What spares SQLite a
    look at the others: `within`, of which ids they are known to be, and `marked`, which `marks` they bear."""
    wanted = _ways(asked)
    if dialect == "postgresql":
        return _found_by_vector(query, wanted) if wanted[0] else query
    parts = [f'"{one}"' for one in marked]
    if wanted[0]:
        ways = ("(" + " AND ".join(f'"{one}"*' for one in way) + ")" for way in wanted)
        parts.append("(" + " OR ".join(ways) + ")")
    if not parts:
        return query
    match: BindParameter[str] = bindparam("words", " AND ".join(parts), unique=True)
    matches = text(f"{WORDS} MATCH :words").bindparams(match)
    having = query.join(_TABLE, _TABLE.c.rowid == Complaint.id).where(matches)
    return having if within is None else having.where(_TABLE.c.rowid.between(*within))


def _found_by_vector(query: Select[Any], wanted: list[list[str]]) -> Select[Any]:
    # Letters and digits alone: `terms`.
    match = " | ".join("(" + " & ".join(f"'{one}':*" for one in way) + ")" for way in wanted)
    vector: ColumnElement[Any] = literal_column(VECTOR)
    return query.where(vector.op("@@")(func.to_tsquery(text("'simple'::regconfig"), match)))


@contextmanager
def by_index(session: Session, asked: str) -> Iterator[None]:
    """While all rows of a search are counted. PostgreSQL takes making the words of a row anew, which its index spares
    it, for the cost of each row that the index finds: of a common word it would rather do so with the whole table."""
    ways = ("enable_seqscan", "enable_indexscan") if _is_misjudged(session, asked) else ()
    for one in ways:
        session.execute(select(func.set_config(one, "off", True)))
    yield
    for one in ways:
        session.execute(select(func.set_config(one, "on", True)))


def _is_misjudged(session: Session, asked: str) -> bool:
    return bool(terms(asked)) and session.get_bind().dialect.name == "postgresql"


def tells_nobody(asked: str) -> ColumnElement[bool]:
    """That no word of `asked` tells who complains where that is secret. A summary may name them too: by searching for a
    name nobody is to learn that it is theirs."""
    dialled: ColumnElement[str] = literal_column(DIALLED.format(row="complaint."), Text)
    columns = (Complaint.nama, Complaint.email, Complaint.nik, Complaint.telepon, dialled)
    words = {one for way in _ways(asked) for one in way if len(one) >= LEAST_HIDDEN}
    told = (part.icontains(one, autoescape=True) for one in sorted(words) for part in columns)
    return or_(Complaint.rahasia.is_(False), not_(or_(false(), *told)))


def order_of(asked: str, dialect: str, marked: Sequence[str] = ()) -> ColumnElement[Any]:
    """By what the rows that were found are put in their order, so that the database can stop after one page."""
    by_words = dialect == "sqlite" and (marked or terms(asked))
    return _TABLE.c.rowid if by_words else Complaint.__table__.c.id


def forget(connection: Connection) -> None:
    """Bring words that were erased out of the search's own pages too; costs one pass over all of it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"INSERT INTO {WORDS} ({WORDS}) VALUES ('optimize')")
