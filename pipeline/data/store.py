"""Raw mails and documents by SHA-256, kept in the database in the caller's transaction.

Hides where bytes lie, so that a large office can move them elsewhere, and that long ones lie in parts: 50 MB go from
a file into the database without ever standing in memory whole. A blob is never changed, but it may be erased.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, BinaryIO, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipeline.data.tables import Blob, BlobPart

T = TypeVar("T")

PART = 2**20
BATCH = 100
BATCH_BYTES = 8 * 2**20
ERASED = -1  # size of what is no longer there
Content = bytes | BinaryIO  # a file is read from its start, as often as needed


def put(session: Session, content: Content) -> str:
    """Keep the bytes (once) and return their SHA-256 in hex."""
    return put_all(session, [content])[0]


def put_all(session: Session, contents: Sequence[Content]) -> list[str]:
    """Keep many at once; their SHA-256 in hex, in the same order."""
    digests = [digest_of(content) for content in contents]
    # Held until this transaction ends (PostgreSQL): a case with the same photo may be erased at this moment.
    held = (
        select(Blob.sha256)
        .where(Blob.sha256.in_(digests), Blob.size != ERASED)
        .order_by(Blob.sha256)
    )
    there = set(session.scalars(held.with_for_update(read=True)))
    pairs = sorted(dict(zip(digests, contents, strict=True)).items(), key=lambda pair: pair[0])
    fresh = {digest: one for digest, one in pairs if digest not in there}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    fresh_row = dialect.insert(Blob)
    new = {name: fresh_row.excluded[name] for name in ("size", "content")}
    # Another transaction may be keeping the same bytes at this moment; those that were erased may come anew.
    quietly = fresh_row.on_conflict_do_update(
        index_elements=["sha256"], set_=new, where=Blob.size == ERASED
    )
    short = [
        {"sha256": digest, "size": len(one), "content": one}
        for digest, one in fresh.items()
        if isinstance(one, bytes) and len(one) <= PART
    ]
    if short:
        session.execute(quietly, short)
    for digest, one in fresh.items():
        if not isinstance(one, bytes) or len(one) > PART:
            _put_long(session, quietly, digest, one)
    return digests


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


def parts(content: Content) -> Iterator[bytes]:
    """The bytes in pieces of at most 1 MiB, the first one always there."""
    if isinstance(content, bytes):
        for start in range(0, max(len(content), 1), PART):
            yield content[start : start + PART]
        return
    content.seek(0)
    yield content.read(PART)
    while part := content.read(PART):
        yield part


def length(content: Content) -> int:
    """How many bytes."""
    return len(content) if isinstance(content, bytes) else content.seek(0, os.SEEK_END)


def digest_of(content: Content) -> str:
    """SHA-256 in hex."""
    found = sha256()
    for part in parts(content):
        found.update(part)
    return found.hexdigest()


def get(session: Session, digest: str) -> bytes:
    """The bytes; KeyError if they were never kept or have been erased."""
    query = select(Blob.content, Blob.size).where(Blob.sha256 == digest, Blob.size != ERASED)
    row = session.execute(query).one_or_none()
    if row is None:
        raise KeyError(digest)
    content, size = row
    if len(content) == size:
        return bytes(content)
    rest = select(BlobPart.content).where(BlobPart.sha256 == digest).order_by(BlobPart.order)
    return b"".join([content, *session.scalars(rest)])


def get_all(session: Session, digests: Sequence[str]) -> dict[str, bytes]:
    """Many at once, {sha256: bytes}; what is not there is left out."""
    query = select(Blob.sha256, Blob.content, Blob.size).where(
        Blob.sha256.in_(digests), Blob.size != ERASED
    )
    return {
        digest: bytes(content) if len(content) == size else get(session, digest)
        for digest, content, size in session.execute(query)
    }


def size(session: Session, digest: str) -> int:
    """How many bytes the blob has; 0 if it is not there."""
    return max(0, session.scalar(select(Blob.size).where(Blob.sha256 == digest)) or 0)


def hold(session: Session, digests: Collection[str]) -> None:
    """Let those end who keep the same bytes just now, and hold off others (PostgreSQL): whether a blob is still
    needed can be asked only after this."""
    if session.get_bind().dialect.name == "postgresql":
        rows = select(Blob.sha256).where(Blob.sha256.in_(digests)).order_by(Blob.sha256)
        session.execute(rows.with_for_update()).all()


def erase(session: Session, digests: Collection[str]) -> int:
    """Take bytes away for good, how many blobs; their hashes stay, for rows that point to them. After `hold`."""
    session.execute(delete(BlobPart).where(BlobPart.sha256.in_(digests)))
    gone = (
        update(Blob)
        .where(Blob.sha256.in_(digests), Blob.size != ERASED)
        .values(size=ERASED, content=b"")
    )
    return session.execute(gone).rowcount  # type: ignore[attr-defined,no-any-return]


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
