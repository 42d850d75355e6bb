"""Raw mails and documents by SHA-256, kept in the caller's transaction: in the database, or outside with a row here.

Hides where bytes lie, and that long ones lie in parts: 50 MB go from a file into the database without ever standing in
memory whole. A blob is never changed, but it may be erased.

Outside, bytes are safe in their place before the transaction ends that names them, and are removed only after the one
has ended that names them no more. Whatever is killed in between leaves bytes that no row names: `storage.sweep`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from hashlib import sha256
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine, delete, event, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipeline.data import places
from pipeline.data.engine import among, once, reading, writing
from pipeline.data.places import BytePlace, Lost, Missing, PlaceError
from pipeline.data.places import Content as Content
from pipeline.data.places import length as length
from pipeline.data.places import parts as parts
from pipeline.data.tables import Blob, BlobHome, BlobPart, BlobPlace
from pipeline.office.words import word

log = logging.getLogger(__name__)
T = TypeVar("T")

PART = places.PIECE
BATCH = 100
BATCH_BYTES = 8 * 2**20
ERASED = -1  # size of what is no longer there
_AHEAD: ContextVar[Mapping[str, str]] = ContextVar("ahead", default={})  # noqa: B039 - never changed
LEAVING = "leaving"  # in a session: places of bytes that its transaction names no more
Named = tuple[str, str]  # the hash of some bytes, and the place in their row


def put(session: Session, content: Content) -> str:
    """Keep the bytes (once) and return their SHA-256 in hex."""
    return put_all(session, [content])[0]


def put_all(session: Session, contents: Sequence[Content]) -> list[str]:
    """Keep many at once; their SHA-256 in hex, in the same order."""
    digests = [digest_of(content) for content in contents]
    there = _held(session, digests)
    by_digest = dict(sorted(dict(zip(digests, contents, strict=True)).items()))
    fresh = {digest: one for digest, one in by_digest.items() if digest not in there}
    quietly = _insert_quietly(session)
    place = places.places_of(session).new
    if place is None:
        _put_inside(session, quietly, fresh)
        return digests
    outside = {digest: one for digest, one in fresh.items() if length(one)}
    if outside:
        _put_outside(session, quietly, place, outside)
    _put_inside(session, quietly, {d: one for d, one in fresh.items() if d not in outside})
    return digests


def _held(session: Session, digests: Sequence[str]) -> set[str]:
    """Those of these bytes that are there, held until this transaction ends (PostgreSQL): a case with the same photo
    may be erased at this moment."""
    rows = select(Blob.sha256).where(Blob.sha256.in_(digests), Blob.size != ERASED)
    return set(session.scalars(rows.order_by(Blob.sha256).with_for_update(read=True)))


def _insert_quietly(session: Session) -> Any:
    """Another transaction may be keeping the same bytes at this moment; those that were erased may come anew."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(Blob)
    new = {name: row.excluded[name] for name in ("size", "content")}
    return row.on_conflict_do_update(index_elements=["sha256"], set_=new, where=Blob.size == ERASED)


def _put_inside(session: Session, quietly: Any, contents: Mapping[str, Content]) -> None:
    """Keep bytes in the database: short ones in one statement, each long one in its parts."""
    short, long = [], []
    for digest, one in contents.items():
        if isinstance(one, bytes) and len(one) <= PART:
            short.append({"sha256": digest, "size": len(one), "content": one})
        else:
            long.append((digest, one))
    if short:
        session.execute(quietly, short)
    for digest, one in long:
        _put_long(session, quietly, digest, one)


@contextmanager
def ahead(engine: Engine, contents: Iterable[Content]) -> Iterator[None]:
    """Around one transaction that will keep these bytes: those that lie outside are brought there before it begins, so
    that nobody waits for a slow server who waits for the writer's lock. What it does not name after all is swept."""
    named = _brought(engine, contents)
    token = _AHEAD.set(named)
    try:
        yield
    finally:
        _AHEAD.reset(token)


def _brought(engine: Engine, contents: Iterable[Content]) -> dict[str, str]:
    """{hash: key} of what was written now; nothing of what is there already."""
    with reading(engine) as session:
        place = places.places_of(session).new
        if place is None:
            return {}
        wanted = {digest_of(one): one for one in contents if length(one)}
        fresh = sorted(set(wanted) - among(session, Blob.sha256, wanted, Blob.size != ERASED))
        home = home_of(session)
        if fresh:
            refuse_unmounted(session, place, home)
    keys = {one: key_of(home, one, _new_name(place)) for one in fresh}
    if keys:
        place.write([(key, wanted[one]) for one, key in keys.items()])
    return keys


def _new_name(place: BytePlace) -> str:
    """What a row of `blob_place` says of bytes that no other row names."""
    return f"{place.name}:{places.new_nonce()}"


def _ahead_of(place: BytePlace, home: str, digest: str) -> str:
    """The name under which bytes were brought there before this transaction; "" where they were not."""
    key = _AHEAD.get().get(digest, "")
    nonce = key.rpartition("-")[2]
    name = f"{place.name}:{nonce}"
    return name if key and key == key_of(home, digest, name) else ""


def _put_outside(
    session: Session, quietly: Any, place: BytePlace, contents: dict[str, Content]
) -> None:
    """Bytes first, then their rows; whose row somebody else was quicker to make, their bytes leave again."""
    home = home_of(session)
    refuse_unmounted(session, place, home)
    there = {one: name for one in contents if (name := _ahead_of(place, home, one))}
    named = {one: there.get(one) or _new_name(place) for one in contents}
    missing = [
        (key_of(home, one, named[one]), contents[one]) for one in contents if one not in there
    ]
    if missing:
        place.write(missing)
    rows = [{"sha256": one, "size": length(contents[one]), "content": b""} for one in contents]
    mine = set(session.scalars(quietly.values(rows).returning(Blob.sha256)))
    if mine:
        session.execute(
            insert(BlobPlace), [{"sha256": one, "place": named[one]} for one in sorted(mine)]
        )
    _leave(session, [(one, where) for one, where in named.items() if one not in mine])


def refuse_unmounted(session: Session, place: BytePlace, home: str) -> None:
    """PlaceError where rows name bytes in a place that has never held any: its disk is not mounted."""
    if place.begun(home):
        return
    mine = select(BlobPlace.sha256).where(BlobPlace.place.startswith(f"{place.name}:"))
    if session.scalars(mine.limit(1)).first() is not None:
        raise PlaceError(word("simpanan.tak_terpasang", tempat=place))


def note_erased(session: Session, digests: Collection[str]) -> None:
    """Rows for bytes that are not to be kept: only that they were here."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    quietly = dialect.insert(Blob).on_conflict_do_nothing(index_elements=["sha256"])
    for digest in digests:
        session.execute(quietly.values(sha256=digest, size=ERASED, content=b""))


def _put_long(session: Session, quietly: Any, digest: str, content: Content) -> None:
    size = length(content)
    for order, part in enumerate(parts(content)):
        if order:
            session.execute(insert(BlobPart).values(sha256=digest, order=order, content=part))
            continue
        head = quietly.values(sha256=digest, size=size, content=part)
        if not session.execute(head).rowcount:  # type: ignore[attr-defined]
            return


def digest_of(content: Content) -> str:
    """SHA-256 in hex."""
    found = sha256()
    for part in parts(content):
        found.update(part)
    return found.hexdigest()


def get(session: Session, digest: str) -> bytes:
    """The bytes; KeyError if they were never kept or have been erased, PlaceError if they cannot be had."""
    query = select(Blob.content, Blob.size).where(Blob.sha256 == digest, Blob.size != ERASED)
    row = session.execute(query).one_or_none()
    if row is None:
        raise KeyError(digest)
    content, size = row
    return bytes(content) if len(content) == size else b"".join(pieces(session, digest))


def get_all(session: Session, digests: Sequence[str]) -> dict[str, bytes]:
    """Many at once, {sha256: bytes}; what is not there is left out."""
    query = select(Blob.sha256, Blob.content, Blob.size).where(
        Blob.sha256.in_(digests), Blob.size != ERASED
    )
    return {
        digest: bytes(content) if len(content) == size else get(session, digest)
        for digest, content, size in session.execute(query)
    }


def pieces(session: Session, digest: str) -> Iterator[bytes]:
    """The bytes, at most 1 MiB at once, wherever they lie; of those outside the hash is compared at the end. KeyError
    and PlaceError as of `get`."""
    query = select(Blob.size).where(Blob.sha256 == digest, Blob.size != ERASED)
    if session.scalar(query) is None:
        raise KeyError(digest)
    where = session.scalar(select(BlobPlace.place).where(BlobPlace.sha256 == digest))
    if where is not None:
        yield from _outside(session, digest, where)
        return
    yield bytes(session.scalar(select(Blob.content).where(Blob.sha256 == digest)) or b"")
    rest = select(BlobPart.content).where(BlobPart.sha256 == digest).order_by(BlobPart.order)
    yield from session.scalars(rest.execution_options(yield_per=1))


def _outside(session: Session, digest: str, where: str) -> Iterator[bytes]:
    place = place_of(session, where)
    found = sha256()
    try:
        for piece in place.pieces(key_of(home_of(session), digest, where)):
            found.update(piece)
            yield piece
    except Missing:
        yield from _by_now(session, digest, where)
        return
    if found.hexdigest() != digest:
        raise Lost(word("simpanan.berubah", isi=digest[:16], tempat=place.name))


def _by_now(session: Session, digest: str, where: str) -> Iterator[bytes]:
    """What this transaction's view names may have been moved, or erased, after the view was taken."""
    engine = _engine_of(session)
    with reading(engine) as later:
        now = later.scalar(select(BlobPlace.place).where(BlobPlace.sha256 == digest))
        if now == where:
            place = where.partition(":")[0]
            raise Lost(word("simpanan.hilang", isi=digest[:16], tempat=place))
        yield from pieces(later, digest)


def place_of(session: Session, where: str) -> BytePlace:
    """The place that a row of `blob_place` names; PlaceError where the settings do not know it."""
    return places.places_of(session).of(where.partition(":")[0])


def key_of(home: str, digest: str, where: str) -> str:
    """The key under which the bytes of such a row lie."""
    return places.key_of(home, digest, where.partition(":")[2])


def home_of(session: Session) -> str:
    """Under which name this database keeps bytes outside."""
    return session.scalars(select(BlobHome.name)).one()


def renew_home(connection: Connection) -> None:
    """What was copied from another database keeps its bytes apart from that one's."""
    connection.execute(update(BlobHome).values(name=uuid4().hex))


def _engine_of(session: Session) -> Engine:
    return session.get_bind().engine


def size(session: Session, digest: str) -> int:
    """How many bytes the blob has; 0 if it is not there."""
    query = select(Blob.size).where(Blob.sha256 == digest)
    return max(0, once(session, ("size", digest), lambda: session.scalar(query)) or 0)


def hold(session: Session, digests: Collection[str]) -> None:
    """Let those end who keep the same bytes just now, and hold off others (PostgreSQL): whether a blob is still
    needed can be asked only after this."""
    if session.get_bind().dialect.name == "postgresql":
        rows = select(Blob.sha256).where(Blob.sha256.in_(digests)).order_by(Blob.sha256)
        session.execute(rows.with_for_update()).all()


def erase(session: Session, digests: Collection[str]) -> int:
    """Take bytes away for good, how many blobs; their hashes stay, for rows that point to them. After `hold`. What lies
    outside goes once the transaction has ended."""
    session.execute(delete(BlobPart).where(BlobPart.sha256.in_(digests)))
    forget_places(session, digests)
    gone = (
        update(Blob)
        .where(Blob.sha256.in_(digests), Blob.size != ERASED)
        .values(size=ERASED, content=b"")
    )
    return session.execute(gone).rowcount  # type: ignore[attr-defined,no-any-return]


def forget_places(session: Session, digests: Collection[str]) -> None:
    """No row names where these bytes lie outside; there they go once the transaction has ended."""
    mine = select(BlobPlace.sha256, BlobPlace.place).where(BlobPlace.sha256.in_(digests))
    outside = [(digest, where) for digest, where in session.execute(mine)]
    if outside:
        session.execute(delete(BlobPlace).where(BlobPlace.sha256.in_(digests)))
        _leave(session, outside)


Kept = tuple[
    str | None, bytes
]  # where the bytes of a blob lie, None for the database; and they themselves


def relocate(engine: Engine, digests: Collection[str], target: BytePlace | None) -> tuple[int, int]:
    """Bring bytes to another place, None for the database: how many blobs, and how many bytes.

    What was erased or moved meanwhile is left as it is. Each is compared with its hash as it leaves, and read back as
    it arrived: Lost where one is not what its name says; then none of these moves. Killed at any point, each lies where
    its row says.
    """
    with reading(engine) as session:
        kept = {one: _kept(session, one) for one in digests if size(session, one)}
    contents = {digest: content for digest, (_, content) in kept.items()}
    for digest, content in contents.items():
        if digest_of(content) != digest:
            raise Lost(word("simpanan.berubah", isi=digest[:16], tempat="database"))
    named = _written(engine, contents, target) if target else {}
    with writing(engine) as session:
        hold(session, kept)
        same = _unmoved(session, kept)
        forget_places(session, same)
        _leave(session, [(one, where) for one, where in named.items() if one not in same])
        for digest in same:
            _settled(session, digest, named.get(digest), contents[digest])
    return len(same), sum(len(contents[one]) for one in same)


def _written(engine: Engine, contents: Mapping[str, bytes], target: BytePlace) -> dict[str, str]:
    """Write bytes to another place and read them back; where each lies there."""
    with reading(engine) as session:
        home = home_of(session)
        refuse_unmounted(session, target, home)
    named = {one: f"{target.name}:{places.new_nonce()}" for one in contents}
    keys = {one: key_of(home, one, where) for one, where in named.items()}
    target.write([(keys[one], content) for one, content in contents.items()])
    _read_back(target, keys)
    return named


def _kept(session: Session, digest: str) -> Kept:
    where = session.scalar(select(BlobPlace.place).where(BlobPlace.sha256 == digest))
    return where, get(session, digest)


def _read_back(place: BytePlace, keys: Mapping[str, str]) -> None:
    for digest, key in keys.items():
        found = sha256()
        with suppress(Missing):
            for piece in place.pieces(key):
                found.update(piece)
        if found.hexdigest() != digest:
            raise Lost(word("simpanan.berubah", isi=digest[:16], tempat=place.name))


def _unmoved(session: Session, kept: Mapping[str, Kept]) -> list[str]:
    """Those that still lie where they were read, and were not erased."""
    rows = select(Blob.sha256, BlobPlace.place).outerjoin(
        BlobPlace, BlobPlace.sha256 == Blob.sha256
    )
    mine = rows.where(Blob.sha256.in_(list(kept)), Blob.size != ERASED)
    return [digest for digest, where in session.execute(mine) if kept[digest][0] == where]


def _settled(session: Session, digest: str, where: str | None, content: bytes) -> None:
    """The rows of a blob whose bytes lie outside from now on, or inside."""
    first, *rest = parts(content) if where is None else (b"",)
    session.execute(delete(BlobPart).where(BlobPart.sha256 == digest))
    session.execute(update(Blob).where(Blob.sha256 == digest).values(content=first))
    for order, part in enumerate(rest, 1):
        session.execute(insert(BlobPart).values(sha256=digest, order=order, content=part))
    if where is not None:
        session.execute(insert(BlobPlace).values(sha256=digest, place=where))


def _leave(session: Session, outside: Collection[Named]) -> None:
    session.info.setdefault(LEAVING, []).extend(outside)


@event.listens_for(Session, "after_commit")
def _left(session: Session) -> None:
    """Only what a committed row names no more: a part of the transaction may have been undone."""
    if session.in_nested_transaction() or not session.info.get(LEAVING):
        return
    leaving = session.info.pop(LEAVING)
    try:
        with reading(_engine_of(session)) as later:
            named = among(later, BlobPlace.place, [where for _, where in leaving])
            home = home_of(later)
            for digest, where in leaving:
                if where not in named:
                    place_of(later, where).remove(key_of(home, digest, where))
    except Exception as error:  # noqa: BLE001 - what was committed stays so; the daily sweep tries again
        log.warning("bytes outside the database stay until the sweep: %s", type(error).__name__)


def batches(sized: Iterable[tuple[T, int]]) -> Iterator[list[T]]:
    """Things with their sizes in bytes, in their order: at most 100 and 8 MiB at once, so that memory stays small; a
    larger one alone."""
    some: list[T] = []
    total = 0
    for one, size in sized:
        if some and (len(some) == BATCH or total + size > BATCH_BYTES):
            yield some
            some, total = [], 0
        some.append(one)
        total += size
    if some:
        yield some
