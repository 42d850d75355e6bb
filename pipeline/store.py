"""Raw mails and documents by SHA-256, kept in the database in the caller's transaction.

Hides where bytes lie, so that a large office can move them elsewhere. A blob is never changed.
"""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipeline.db import Blob


def put(session: Session, content: bytes) -> str:
    """Keep the bytes (once) and return their SHA-256 in hex."""
    digest = sha256(content).hexdigest()
    if session.scalar(select(Blob.sha256).where(Blob.sha256 == digest)) is None:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        # Another transaction may be keeping the same bytes at this moment.
        row = insert(Blob).values(sha256=digest, size=len(content), content=content)
        session.execute(row.on_conflict_do_nothing())
    return digest


def get(session: Session, digest: str) -> bytes:
    """The bytes; KeyError if they were never kept or have been erased."""
    content = session.scalar(select(Blob.content).where(Blob.sha256 == digest))
    if content is None:
        raise KeyError(digest)
    return content


def size(session: Session, digest: str) -> int:
    """How many bytes the blob has; 0 if it is not there."""
    return session.scalar(select(Blob.size).where(Blob.sha256 == digest)) or 0
