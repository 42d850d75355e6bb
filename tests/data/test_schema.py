"""Every revision that there ever was comes up to date with its rows, on both databases, and so does a backup of it.

The offices in data/schemas were filled by the code of their time: see README.md.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, UniqueConstraint, inspect, select, text

from pipeline.cases import begin_all
from pipeline.cases.audit import audit
from pipeline.cases.record import New, Pengadu, record
from pipeline.cli.main import main
from pipeline.data import backup, backup_contents, copied, restore, schema
from pipeline.data.engine import connect, is_current, reading, writing
from pipeline.data.packed import unpack
from pipeline.data.tables import Base, Complaint
from pipeline.office.sop import Channel
from pipeline.work import Work
from tests.desk import make_settings
from tests.kantor import TUESDAY

pytestmark = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index"
)
OLD = sorted((Path(__file__).parent / "schemas").glob("*.db.xz"))
RENEWED = {("item", "twin"), ("item", "full_size")}  # by 0014
PACKED = {("outbox", "text"), ("outbox", "html")}  # by 0070: compared once they are unpacked
PACKED_JSON = {
    ("witness", "parts"),
    ("document", "facts"),
    ("outbox", "headers"),
    ("outbox", "attachments"),
    ("payload", "data"),
}  # by 0096, 0115 and 0123
HASHES = {
    ("event", "payload_hash"),
    ("event", "previous"),
    ("event", "hash"),
    ("payload", "salt"),
    ("witness", "digest"),
    ("witness", "previous"),
    ("witness", "hash"),
    ("outbox", "html_hash"),
}  # by 0115: bytes, of which the digits are what was there
FORGOTTEN = {"browser"}  # by 0023: whose they were is not known, and a browser acts without a code
every_revision = pytest.mark.parametrize("packed", OLD, ids=[path.name[:4] for path in OLD])


def unpacked(packed: Path, folder: Path) -> Path:
    path = folder / "lama.db"
    path.write_bytes(lzma.decompress(packed.read_bytes()))
    return path


def old_rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    """{table: rows} as the file has them, without what SQLAlchemy makes of a value."""
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        names = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: [dict(row) for row in file.execute(f'SELECT * FROM "{name}"')] for name in names
        }


def told_apart(before: dict[str, list[dict[str, Any]]], engine: Engine) -> list[str]:
    """Tables of which a row, or a value that was there before, is another now."""
    with reading(engine) as session:
        return [
            name
            for name, rows in before.items()
            if name not in {"alembic_version", *FORGOTTEN}
            and not _same(session.connection(), name, rows)
        ]


def _same(connection: Connection, name: str, rows: list[dict[str, Any]]) -> bool:
    columns = [column for column in (rows[0] if rows else {}) if (name, column) not in RENEWED]
    listed = ", ".join(f'"{column}"' for column in columns) or "1"
    found = connection.execute(text(f'SELECT {listed} FROM "{name}"')).all()
    kinds = [(name, column) for column in columns]
    opened = (
        [_opened(*pair) for pair in zip(row, kinds, strict=True)] if rows else row for row in found
    )
    now = sorted(repr([_plain(value) for value in row]) for row in opened)
    return (
        now == sorted(repr([_plain(_as_packed(name, row, c)) for c in columns]) for row in rows)
        if rows
        else not found
    )


def _opened(value: Any, kind: tuple[str, str]) -> Any:
    """A value as it was put: what stands packed is unpacked, and NULL is an empty text there."""
    if isinstance(value, str) or kind not in PACKED | PACKED_JSON | HASHES:
        return value
    if kind in HASHES:
        return bytes(value).hex()
    return unpack(bytes(value)) if value else ""


def _as_packed(table: str, row: dict[str, Any], column: str) -> Any:
    """A value of before as it would be put: JSON without its blanks, and null as nothing; of bytes their digits."""
    value = row[column]
    if (table, column) in HASHES and isinstance(value, bytes):
        return value.hex()
    if (table, column) == ("outbox", "attachments") and value == "[]":
        return ""
    if (table, column) not in PACKED_JSON:
        return value
    said = None if value is None else json.loads(value)
    return "" if said is None else json.dumps(said, separators=(",", ":"))


def _plain(value: Any) -> str:
    """A value as text that does not show which database it stood in."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        value = (value.astimezone(UTC) if value.tzinfo else value).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, str):
        with suppress(ValueError):
            return repr(json.loads(value))
    return repr(value) if isinstance(value, dict | list) else str(value)


def shape(engine: Engine) -> dict[str, Any]:
    """Everything that a database knows of its tables."""
    seen = inspect(engine)
    return {"": index_names(engine) - {"alembic_version_pkc"}} | {
        name: {
            "columns": {
                c["name"]: (
                    str(c["type"]),
                    c["nullable"],
                    c["default"] and "nextval" in str(c["default"]),
                )
                for c in seen.get_columns(name)
            },
            "key": seen.get_pk_constraint(name),
            "foreign": sorted(map(_named, seen.get_foreign_keys(name))),
            "unique": sorted(map(_named, seen.get_unique_constraints(name))),
            "indexes": sorted(map(_named, seen.get_indexes(name))),
        }
        for name in seen.get_table_names()
        if name != "alembic_version"
    }


def index_names(engine: Engine) -> set[str]:
    """Also of indexes on expressions, which SQLAlchemy cannot see on SQLite."""
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
    postgresql = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
    with reading(engine) as session:
        return set(session.scalars(text(sqlite if engine.dialect.name == "sqlite" else postgresql)))


def _named(one: Any) -> str:
    options = {
        name: str(value) for name, value in one.get("dialect_options", {}).items()
    }  # a condition has no repr
    told = {**one, "dialect_options": options} if options else one
    return repr(sorted(told.items(), key=lambda pair: pair[0]))


def made_afresh(url: str) -> dict[str, Any]:
    engine = connect(url)
    Base.metadata.create_all(engine)
    found = shape(engine)
    Base.metadata.drop_all(engine)
    engine.dispose()
    return found


def works(engine: Engine, folder: Path) -> None:
    """The program goes on with it: histories are whole, and the next complaint gets the next number."""
    settings = make_settings(folder)
    with writing(engine) as session:
        assert begin_all(session, 10_000) > 0, (
            "as `aduan init` does: old cases are witnessed from now on"
        )
    with writing(engine) as session:
        newest = session.scalars(select(Complaint).order_by(Complaint.id.desc()).limit(1)).one()
        person = Pengadu(nama="Siti Rahmawati", email="siti@warga.example")
        new = New(Channel.EMAIL, person, perihal="Lampu", isi="Padam.", received_at=TUESDAY)
        [made] = record(Work(session, settings, TUESDAY), [new])
        assert int(made.number[-6:]) == int(newest.number[-6:]) + 1
    with reading(engine) as session:
        assert [fault for _name, faults in audit(session) for fault in faults] == []


def test_no_index_is_only_the_beginning_of_another() -> None:
    """It would take room, and time of each write, and find nothing that the other does not."""
    for table in Base.metadata.sorted_tables:
        unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
        whole = [[column.key for column in one.columns] for one in (table.primary_key, *unique)]
        plain = [one for one in table.indexes if one.dialect_options["sqlite"]["where"] is None]
        named = {str(one.name): [str(part) for part in one.expressions] for one in plain}
        listed = {
            name: [part.rpartition(".")[2] for part in parts] for name, parts in named.items()
        }
        for name, columns in listed.items():
            others = [*whole, *(parts for other, parts in listed.items() if other != name)]
            assert not any(one[: len(columns)] == columns for one in others), name


def test_there_is_an_office_of_every_revision() -> None:
    """Whoever adds a revision leaves an office as it was before it: a file of the revision that is newest now too."""
    revisions = {script.revision for script in schema._scripts().walk_revisions()}
    assert {path.name[:4] for path in OLD} >= {one for one in revisions if one <= "0014"}


@every_revision
def test_a_filled_database_of_any_revision_is_upgraded_with_all_its_rows(
    packed: Path, tmp_path: Path
) -> None:
    path = unpacked(packed, tmp_path)
    before = old_rows(path)
    engine = connect(f"sqlite:///{path}")
    told: list[tuple[str, int, int]] = []
    schema.migrate(engine, lambda *step: told.append(step))
    assert is_current(engine)
    assert told_apart(before, engine) == []
    assert shape(engine) == made_afresh(f"sqlite:///{tmp_path / 'baru.db'}")
    assert [number for _revision, number, _of in told] == list(range(1, len(told) + 1))
    assert all(of == len(told) for _revision, _number, of in told)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    works(engine, tmp_path)
    engine.dispose()


@every_revision
def test_a_backup_of_any_revision_is_restored_into_either_database(
    packed: Path, database_url: str, tmp_path: Path
) -> None:
    """It is made with the program of today, before the upgrade, and left as it was."""
    old = connect(f"sqlite:///{unpacked(packed, tmp_path)}")
    file = tmp_path / "cadangan.db"
    backup.backup(old, file)
    old.dispose()
    before, raw = old_rows(file), file.read_bytes()
    fresh = made_afresh(database_url)
    engine = connect(database_url)
    restore.restore(engine, file)
    assert is_current(engine)
    assert told_apart(before, engine) == []
    assert shape(engine) == fresh
    assert file.read_bytes() == raw
    works(engine, tmp_path)
    engine.dispose()


@every_revision
def test_a_filled_postgresql_of_any_revision_is_upgraded_and_backed_up(
    packed: Path, postgres_url: str, tmp_path: Path
) -> None:
    """The old rows are put into tables of their revision, which then are those of an office of that time."""
    path = unpacked(packed, tmp_path)
    before = old_rows(path)
    fresh = made_afresh(postgres_url)
    engine = connect(postgres_url)
    with schema.rebuilding(engine) as into:
        restore.make_room(into, packed.name[:4])
        restore.filled(backup_contents.Source(path, path), into, backup.silent)
        copied.restart_sequences(into)
    backup.backup(engine, tmp_path / "cadangan.db")
    assert {name: len(rows) for name, rows in old_rows(tmp_path / "cadangan.db").items()} == {
        name: len(rows) for name, rows in before.items()
    }
    schema.migrate(engine)
    assert told_apart(before, engine) == []
    assert shape(engine) == fresh
    works(engine, tmp_path)
    engine.dispose()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    """A row that points to none is told in a sentence, and nothing has moved: not even the first of the revisions."""
    path = unpacked(OLD[0], tmp_path)
    with closing(sqlite3.connect(path)) as file:
        file.execute("DELETE FROM complaint WHERE id = 1")
        file.commit()
    before = old_rows(path)
    engine = connect(f"sqlite:///{path}")
    with pytest.raises(schema.SchemaError, match="tidak utuh"):
        schema.migrate(engine)
    engine.dispose()
    assert old_rows(path) == before


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    for path in folder.glob("aduan.db*"):
        path.unlink()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DELETE FROM complaint WHERE id = 1", "tidak utuh"),
        ("UPDATE blob SET content = X'00' WHERE size > 0", "sidik jarinya"),
        ("UPDATE alembic_version SET version_num = '9999'", "lebih baru"),
        ("DROP TABLE blob", "bukan cadangan"),
        ("UPDATE complaint SET email = NULL", "tidak dapat dipulihkan"),
    ],
)
def test_a_restore_that_is_refused_says_why_and_leaves_no_file(
    harm: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    path = unpacked(OLD[7], tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        if "NULL" in harm:
            file.execute("PRAGMA writable_schema=ON")
            file.execute(
                "UPDATE sqlite_master SET sql = replace(sql, 'email TEXT NOT NULL', 'email TEXT')"
            )
            file.execute("PRAGMA writable_schema=OFF")
            file.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(harm)
    result = CliRunner().invoke(main, ["restore", "lama.db"])
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert not isinstance(result.exception, sqlite3.Error)
    left = {path.name for path in tmp_path.glob("aduan.db*")}
    assert left <= {"aduan.db.serve"}, (
        "the empty lock against a running office stays: whoever waits for it has it open"
    )


@pytest.mark.parametrize("packed", [OLD[4], OLD[-1]], ids=lambda path: path.name[:4])
def test_init_upgrades_an_office_and_backup_needs_no_upgrade_before(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of the guide: backup with whatever program is installed, then init."""
    install(tmp_path, monkeypatch)
    unpacked(packed, tmp_path).rename(tmp_path / "aduan.db")
    assert "tersimpan" in CliRunner().invoke(main, ["backup", "c.db"]).output
    assert "Basis data siap" in CliRunner().invoke(main, ["init"]).output
    audited = CliRunner().invoke(main, ["audit"])
    assert audited.exit_code == 0, audited.output
    (tmp_path / "aduan.db").unlink()
    assert "dipulihkan" in CliRunner().invoke(main, ["restore", "c.db"]).output
    assert CliRunner().invoke(main, ["audit"]).exit_code == 0
