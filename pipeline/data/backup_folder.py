"""The folder of backups: one a night, each with what is new since the one before, and the oldest taken away.

    cadangan/
      2026-11-01-0115/                 a chain: begins with everything, goes on with what is new
        2026-11-01-0115.db             every row of that moment, without the bytes of mails and letters
        2026-11-01-0115.isi            those bytes (a pack)
        2026-11-02-0115.db, ….isi      the next night: again every row, and the bytes that are new
        daftar.db                      which bytes the chain has, and the hashes of its files; without it the next
                                       backup begins a new chain

Each chain can be copied elsewhere by itself, and each `.db` in it be restored. With recipients all but `daftar.db`, in
which only hashes stand, are encrypted (`.age`). A new chain begins after some days, so that one damaged pack does not
spoil all that follows, and that what was erased in the office is gone from the backups in the end.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from pipeline.data import backup as single
from pipeline.data import backup_contents, copied
from pipeline.data.backup import CONTENTS, COUNTS, INDEX, PACKS, silent
from pipeline.data.copied import Tell
from pipeline.data.recipients import ENDING
from pipeline.data.tables import Blob, BlobPart
from pipeline.office.messages import say

FORM = "%Y-%m-%d-%H%M"
MADE = {
    "blob": "CREATE TABLE {place}blob (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, content BLOB NOT NULL)",
    "blob_part": 'CREATE TABLE {place}blob_part (sha256 TEXT, "order" INTEGER, content BLOB NOT NULL, '
    'PRIMARY KEY (sha256, "order"))',
}
NEW = "WHERE sha256 NOT IN (SELECT sha256 FROM daftar.blob)"
AT_ONCE = 200


@dataclass(frozen=True)
class Plan:
    """`to`: recipients, none for plain files. `keep`: how many backups stay. `days`: how long a chain goes on.
    `office`: whose they are."""

    to: Collection[str] = ()
    keep: int = 30
    days: int = 30
    office: str = ""


@dataclass(frozen=True)
class Made:
    """A backup that was made: its rows' file, how many rows, and how many bytes it added."""

    path: Path
    rows: int
    size: int


def backups(folder: Path, now: datetime) -> list[Path]:
    """The backups of a folder, the newest first; at the end those of a day that has not come: made while the clock was
    wrong, they are older than they say. What only bears such a name (a folder, a link to nothing) is none."""
    found = [*folder.glob("*/*.db"), *folder.glob(f"*/*.db{ENDING}")]
    latest = f"{now + timedelta(days=1):{FORM}}"  # the office's zone may have been another one
    mine = (one for one in found if moment(one) is not None and one.is_file())
    return sorted(mine, key=lambda one: (one.name <= latest, one.name), reverse=True)


def moment(path: Path) -> datetime | None:
    """When a backup was made, in the office's time; None for any other file."""
    try:
        return datetime.strptime(path.name.partition(".")[0], FORM)  # noqa: DTZ007 - compared among themselves alone
    except ValueError:
        return None


def make(engine: Engine, folder: Path, now: datetime, plan: Plan, tell: Tell = silent) -> Made:
    """One more backup, of one moment of the office, while others go on working; then the oldest go.

    BackupError if the database is damaged; then nothing is added and nothing goes.
    """
    return single.as_often(lambda: _make(engine, folder, now, plan, tell))


def _make(engine: Engine, folder: Path, now: datetime, plan: Plan, tell: Tell) -> Made:
    stamp = f"{now:{FORM}}"
    chain = _chain(folder, now, plan) or folder / stamp
    ending = ENDING if plan.to else ""
    rows, pack = chain / f"{stamp}.db{ending}", chain / f"{stamp}.isi{ending}"
    if rows.exists():
        raise single.BackupError(say("pencadangan.semenit", file=rows))
    chain.mkdir(mode=0o700, parents=True, exist_ok=True)
    index = chain / INDEX
    _forget_unfinished(index, folder)
    with single.writing_file(rows, plan.to, plan.office) as rows_part:
        with single.writing_file(pack, plan.to, plan.office) as pack_part:
            fill = _of_sqlite if engine.dialect.name == "sqlite" else _of_postgresql
            fill(engine, rows_part, pack_part, index, tell)
        count = _noted(rows_part, pack, index)
        _added(
            index, pack
        )  # before the rows are there: a pack that no index knows is taken for unfinished
    _as_made(index, rows)
    rotate(folder, plan.keep, now)
    return Made(rows, count, rows.stat().st_size + pack.stat().st_size)


# ---- chains --------------------------------------------------------------------------------------------------


def _chain(folder: Path, now: datetime, plan: Plan) -> Path | None:
    """The chain that goes on: the newest, while it is young, whole, and encrypted or not as is wanted now."""
    chains = sorted((one for one in folder.glob("*") if one.is_dir() and moment(one)), reverse=True)
    if not chains:
        return None
    begun = moment(chains[0])
    young = begun is not None and timedelta() <= now.replace(tzinfo=None) - begun < timedelta(
        days=plan.days
    )
    return chains[0] if young and _intact(chains[0], ENDING if plan.to else "") else None


def _intact(chain: Path, ending: str) -> bool:
    """Whether the index can be read, and each pack that it names is what it was, under the wanted ending. All of them
    are read: a backup that goes on with a rotten one could never be restored."""
    try:
        with closing(copied.opened(chain / INDEX)) as file:
            packs = file.execute("SELECT nama, panjang, sha256 FROM isi").fetchall()
            as_closed = file.execute("SELECT segel FROM tutup").fetchall() == [(_seal(file),)]
    except sqlite3.Error:
        return False
    return as_closed and all(
        Path(name).suffix == (ending or ".isi") and _is_whole(chain / name, size, digest)
        for name, size, digest in packs
    )


def _is_whole(pack: Path, size: int, digest: str) -> bool:
    try:
        return pack.stat().st_size == size and backup_contents.digest_of_file(pack) == digest
    except OSError:
        return False


def _seal(index: sqlite3.Connection) -> str:
    """One hash over all that an index says."""
    found = sha256()
    for query in (
        "SELECT nama, sha256, panjang FROM isi ORDER BY nama",
        "SELECT sha256 FROM blob ORDER BY sha256",
    ):
        for row in index.execute(query):
            found.update(repr(row).encode())
    return found.hexdigest()


def _forget_unfinished(index: Path, folder: Path) -> None:
    """A killed backup may have left a pack that no index knows: what it holds is copied again. Parts, in whichever
    chain, are gone as well: those of an encrypted backup are plain."""
    with closing(_index(index)) as file:
        known = {name for (name,) in file.execute("SELECT nama FROM isi")}
    for one in (*index.parent.glob("*.isi"), *index.parent.glob(f"*.isi{ENDING}")):
        if one.name not in known:
            one.unlink()
    for part in (part for kind in single.PARTS for part in folder.glob(f"*/*{kind}")):
        if moment(part) is not None:
            single.remove(part)


def _index(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    file = sqlite3.connect(path, isolation_level=None)
    file.execute(
        "CREATE TABLE IF NOT EXISTS isi (nama TEXT PRIMARY KEY, sha256 TEXT, panjang INTEGER)"
    )
    file.execute("CREATE TABLE IF NOT EXISTS blob (sha256 TEXT PRIMARY KEY) WITHOUT ROWID")
    file.execute("CREATE TABLE IF NOT EXISTS baru (sha256 TEXT PRIMARY KEY) WITHOUT ROWID")
    file.execute("CREATE TABLE IF NOT EXISTS tutup (segel TEXT NOT NULL)")
    file.execute("CREATE TABLE IF NOT EXISTS baris (nama TEXT PRIMARY KEY, sha256 TEXT NOT NULL)")
    return file


def _noted(rows: Path, pack: Path, index: Path) -> int:
    """Write into the rows' file which packs it needs and how many rows it has; how many they are."""
    with closing(_index(index)) as known:
        packs = known.execute("SELECT nama, sha256 FROM isi").fetchall()
    packs.append((pack.name, backup_contents.digest_of_file(pack)))
    with closing(sqlite3.connect(rows, isolation_level=None)) as file:
        for pragma in ("journal_mode=OFF", "synchronous=OFF"):
            file.execute(f"PRAGMA {pragma}")
        counts = [
            (n, file.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0])
            for n in copied.tables_of(file)
        ]
        counts = [(name, count) for name, count in counts if name not in CONTENTS]
        file.execute("BEGIN")
        file.execute(f"CREATE TABLE {PACKS} (nama TEXT PRIMARY KEY, sha256 TEXT NOT NULL)")
        file.executemany(f"INSERT INTO {PACKS} VALUES (?, ?)", packs)
        file.execute(f"CREATE TABLE {COUNTS} (tabel TEXT PRIMARY KEY, banyak INTEGER NOT NULL)")
        file.executemany(f"INSERT INTO {COUNTS} VALUES (?, ?)", counts)
        file.execute("COMMIT")
    return sum(count for _, count in counts)


def _added(index: Path, pack: Path) -> None:
    """The chain has these bytes now."""
    with closing(_index(index)) as file:
        file.execute("BEGIN")
        file.execute("INSERT OR IGNORE INTO blob SELECT sha256 FROM baru")
        file.execute("DELETE FROM baru")
        noted = (pack.name, backup_contents.digest_of_file(pack), pack.stat().st_size)
        file.execute("INSERT INTO isi VALUES (?, ?, ?)", noted)
        file.execute("DELETE FROM tutup")
        file.execute("INSERT INTO tutup VALUES (?)", (_seal(file),))
        file.execute("COMMIT")


def _as_made(index: Path, rows: Path) -> None:
    """What the rows' file was when it was made, so that a restore sees a bit that has turned since."""
    with closing(_index(index)) as file:
        file.execute(
            "INSERT OR REPLACE INTO baris VALUES (?, ?)",
            (rows.name, backup_contents.digest_of_file(rows)),
        )


def rotate(folder: Path, keep: int, now: datetime) -> list[Path]:
    """Take the oldest away, but `keep` of them, and whole chains of which none is left; what went."""
    gone = backups(folder, now)[keep:]
    for one in gone:
        one.unlink()
    for chain in {one.parent for one in gone}:
        if not any(one.parent == chain for one in backups(folder, now)):
            _forget_chain(chain)
    return gone


def _forget_chain(chain: Path) -> None:
    """What is ours of it goes, and the folder where nothing else lies in it; a link to another disk stays."""
    for one in list(chain.iterdir()):
        if one.is_file() and (one.name.startswith(INDEX) or moment(one) is not None):
            one.unlink()
    if not chain.is_symlink() and not any(chain.iterdir()):
        chain.rmdir()


# ---- what is copied ------------------------------------------------------------------------------------------


def _of_sqlite(engine: Engine, rows: Path, pack: Path, index: Path, tell: Tell) -> None:
    """SQLite moves the rows itself, in one read transaction over the office's file."""
    with closing(sqlite3.connect(rows, uri=True, isolation_level=None)) as file, engine.connect():
        for name, place in (
            ("isi", str(pack)),
            ("daftar", str(index)),
            ("asal", str(engine.url.database)),
        ):
            file.execute(f"ATTACH ? AS {name}", (place,))
        for schema in ("main", "isi"):
            file.execute(f"PRAGMA {schema}.journal_mode=OFF")
            file.execute(f"PRAGMA {schema}.synchronous=OFF")
        file.execute("BEGIN")
        tables = copied.tables_of(file, "asal")
        for sql in (*tables.values(), *copied.indexes_of(file, "asal")):
            file.execute(sql)
        for name in tables:
            if name not in (*CONTENTS, single.OUTSIDE):
                tell(name, copied.attached(file, name, "asal"))
        file.execute("INSERT INTO blob SELECT sha256, size, x'' FROM asal.blob")
        _pack_of_sqlite(file, tables, tell)
        if single.OUTSIDE in tables:
            query = "SELECT sha256 FROM asal.blob_place WHERE sha256 IN (SELECT sha256 FROM daftar.baru)"
            digests = [one for (one,) in file.execute(query)]
            single.bring_in(engine, file, "isi", digests, tell)
        file.execute("COMMIT")


def _pack_of_sqlite(file: sqlite3.Connection, tables: Collection[str], tell: Tell) -> None:
    file.execute("DELETE FROM daftar.baru")
    file.execute(f"INSERT INTO daftar.baru SELECT sha256 FROM asal.blob {NEW} AND size >= 0")
    for name in CONTENTS:
        file.execute(MADE[name].format(place="isi."))
        if name in tables:
            extra = "WHERE sha256 IN (SELECT sha256 FROM daftar.baru)"
            tell(say("pencadangan.bagian.isi"), copied.attached(file, name, "asal", "isi", extra))


def _of_postgresql(engine: Engine, rows: Path, pack: Path, index: Path, tell: Tell) -> None:
    def further(source: Connection, into: Connection) -> None:
        names = source.execution_options(yield_per=1000).execute(select(Blob.sha256, Blob.size))
        blob = copied.shared_tables(into).tables["blob"]
        with (
            closing(_index(index)) as known,
            closing(sqlite3.connect(pack, isolation_level=None)) as file,
        ):
            for sql in MADE.values():
                file.execute(sql.format(place=""))
            known.execute("BEGIN")
            known.execute("DELETE FROM baru")
            for some in names.partitions():
                into.execute(
                    blob.insert(),
                    [{"sha256": one, "size": size, "content": b""} for one, size in some],
                )
                known.executemany(
                    "INSERT INTO baru VALUES (?)", ((one,) for one, size in some if size >= 0)
                )
            known.execute("DELETE FROM baru WHERE sha256 IN (SELECT sha256 FROM blob)")
            file.execute("BEGIN")
            for digests in _in_portions(one for (one,) in known.execute("SELECT sha256 FROM baru")):
                _put_contents(source, file, digests)
                tell(say("pencadangan.bagian.isi"), file.total_changes)
            fresh = "SELECT count(*) FROM baru WHERE sha256 = ?"
            digests = [
                one for one in single.outside(source) if known.execute(fresh, (one,)).fetchone()[0]
            ]
            single.bring_in(engine, file, "main", digests, tell)
            file.execute("COMMIT")
            known.execute("COMMIT")

    single.copy_of_postgresql(engine, rows, tell, further)


def _put_contents(source: Connection, file: sqlite3.Connection, digests: list[str]) -> None:
    whole = select(Blob.sha256, Blob.size, Blob.content).where(Blob.sha256.in_(digests))
    parts = select(BlobPart.sha256, BlobPart.order, BlobPart.content).where(
        BlobPart.sha256.in_(digests)
    )
    for name, query in (("blob", whole), ("blob_part", parts)):
        found: Any = source.execution_options(yield_per=copied.BLOBS).execute(query)
        file.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", (tuple(row) for row in found))


def _in_portions(names: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for one in names:
        some.append(one)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some
