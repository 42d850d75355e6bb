"""All bytes together, wherever they lie: how many there are where, moving them, and those that nobody names.

Hides what a killed writer leaves in a place, and that moving goes on where it was killed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, Select, func, not_, or_, select
from sqlalchemy.orm import Session

from pipeline.data import places, store
from pipeline.data.engine import among, let_others_write, reading
from pipeline.data.places import BytePlace, Lost
from pipeline.data.tables import Blob, BlobPlace

YOUNG = timedelta(days=1)  # what is younger may belong to a transaction that has not ended
AT_ONCE = 500
DATABASE = "database"


# ---- how much lies where -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """How much lies in a place: its name in [simpanan], how many blobs, how many bytes."""

    place: str
    count: int
    size: int


def shares(session: Session) -> list[Share]:
    """What each place holds by the rows, the database first."""
    kept = select(func.count(), func.coalesce(func.sum(Blob.size), 0)).where(Blob.size >= 0)
    outside = kept.join(BlobPlace, BlobPlace.sha256 == Blob.sha256)
    named = [
        Share(name, *session.execute(outside.where(_lies_in(name))).one()) for name in places.NAMES
    ]
    count, size = session.execute(kept).one()
    count -= sum(one.count for one in named)
    size -= sum(one.size for one in named)
    return [Share(DATABASE, count, size), *(one for one in named if one.count)]


def target_of(session: Session) -> str:
    """The name of the place where fresh bytes go."""
    new = places.places_of(session).new
    return new.name if new else DATABASE


def elsewhere(session: Session) -> int:
    """How many blobs do not lie where fresh ones go."""
    return session.scalar(select(func.count()).select_from(_strays(session).subquery())) or 0


def _strays(session: Session) -> Select[str, int]:
    new = places.places_of(session).new
    joined = select(Blob.sha256, Blob.size).outerjoin(BlobPlace, BlobPlace.sha256 == Blob.sha256)
    if new is None:
        return joined.where(BlobPlace.place.is_not(None))
    apart = or_(BlobPlace.place.is_(None), not_(_lies_in(new.name)))
    return joined.where(Blob.size > 0, apart)  # what is empty has no bytes to move


def _lies_in(name: str) -> ColumnElement[bool]:
    return BlobPlace.place.startswith(f"{name}:")


# ---- moving --------------------------------------------------------------------------------------------------


@dataclass
class Moved:
    """What a move has done: blobs and bytes that lie in the new place, and why others could not be moved."""

    count: int = 0
    size: int = 0
    refused: list[str] = field(default_factory=list)


def move(engine: Engine, tell: Callable[[int], None] = lambda _count: None) -> Moved:
    """Bring everything where fresh bytes go; killed, it goes on when it is called again. What is lost stays where its
    row says, and is told of; PlaceError where a place does not answer."""
    moved = Moved()
    with reading(engine) as session:
        new = places.places_of(session).new
    for some in store.batches(_stray_sizes(engine)):
        try:
            _note(moved, store.relocate(engine, some, new))
        except Lost:
            _one_by_one(engine, some, new, moved)
        tell(len(some))
        let_others_write(engine)
    return moved


def _one_by_one(
    engine: Engine, digests: Iterable[str], new: BytePlace | None, moved: Moved
) -> None:
    for digest in digests:
        try:
            _note(moved, store.relocate(engine, [digest], new))
        except Lost as lost:
            moved.refused.append(str(lost))


def _note(moved: Moved, done: tuple[int, int]) -> None:
    moved.count += done[0]
    moved.size += done[1]


def _stray_sizes(engine: Engine) -> Iterator[tuple[str, int]]:
    """(hash, size) of each blob to be moved, asked for in parts: no view stays open while others write."""
    last = ""
    while True:
        with reading(engine) as session:
            query = _strays(session).where(Blob.sha256 > last)
            some = session.execute(query.order_by(Blob.sha256).limit(AT_ONCE)).all()
        if not some:
            return
        yield from ((digest, size) for digest, size in some)
        last = some[-1][0]


# ---- what nobody names ---------------------------------------------------------------------------------------


def sweep(engine: Engine, now: datetime) -> int:
    """Take away bytes outside that no row names and that are older than any transaction; how many. They are of writers
    that were killed, or refused, and of an erasure that could not reach the place."""
    gone = 0
    for place, key in _unnamed(engine, now - YOUNG):
        place.remove(key)
        gone += 1
    return gone


def still_there(engine: Engine, now: datetime) -> int:
    """How many bytes lie outside though they were erased."""
    left = [places.digest_in(key) for _, key in _unnamed(engine, now)]
    with reading(engine) as session:
        return len(among(session, Blob.sha256, left, Blob.size == store.ERASED))


def _unnamed(engine: Engine, before: datetime) -> Iterator[tuple[BytePlace, str]]:
    with reading(engine) as session:
        home = store.home_of(session)
        known = places.places_of(session).known
    for place in known.values():
        old = (key for key, written in place.keys(home) if written < before)
        ours = (key for key in old if places.digest_in(key))
        for keys in _in_portions(ours):
            named = _named(engine, home, place, keys)
            yield from ((place, key) for key in keys if key not in named)


def _named(engine: Engine, home: str, place: BytePlace, keys: Collection[str]) -> set[str]:
    """Which of these keys a row names: asked after they were listed."""
    digests = {places.digest_in(key) for key in keys}
    with reading(engine) as session:
        query = select(BlobPlace.sha256, BlobPlace.place).where(BlobPlace.sha256.in_(digests))
        return {
            store.key_of(home, digest, where)
            for digest, where in session.execute(query.where(_lies_in(place.name)))
        }


def _in_portions(keys: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for key in keys:
        some.append(key)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


# ---- a backup brings them with it ----------------------------------------------------------------------------


def reach(engine: Engine) -> None:
    """PlaceError where fresh bytes cannot be kept just now: the place is away, or its disk is not mounted."""
    with reading(engine) as session:
        place, home = places.places_of(session).new, store.home_of(session)
        if place is not None:
            place.check()
            store.refuse_unmounted(session, place, home)


def bring_in(engine: Engine, file: sqlite3.Connection, schema: str, digests: Iterable[str]) -> None:
    """Fill the bytes of blobs whose rows a SQLite file has, from wherever they lie now. KeyError where one was erased
    meanwhile, PlaceError where one cannot be had."""
    for digest in digests:
        with reading(engine) as session:
            for order, piece in enumerate(store.pieces(session, digest)):
                if order:
                    sql = f'INSERT INTO {schema}.blob_part (sha256, "order", content) VALUES (?, ?, ?)'
                    file.execute(sql, (digest, order, piece))
                else:
                    sql = f"UPDATE {schema}.blob SET content = ? WHERE sha256 = ?"
                    file.execute(sql, (piece, digest))
