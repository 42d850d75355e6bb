"""Pictures of a document's pages: kept beside it, asked for by whoever looks at a PDF, and let go after some days.

Hides that they are documents of their own (`PAGE`), which point to what they were made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from pipeline.cases.chain import SYSTEM
from pipeline.cases.core import locked
from pipeline.cases.input import File
from pipeline.data import jobs, store
from pipeline.data.engine import among
from pipeline.data.states import DocumentKind, JobKind
from pipeline.data.tables import Document
from pipeline.files import kinds
from pipeline.work import Work

PAGE = DocumentKind.RUPA


def keep_made(work: Work, source: Document, kind: DocumentKind, file: File) -> None:
    """Keep what was made from a document beside it, as the same version."""
    row = Document(
        complaint_id=source.complaint_id,
        item_id=source.item_id,
        laporan_id=source.laporan_id,
        kind=kind,
        version=source.version,
        name=file.name,
        mime=file.mime,
        sha256=store.put(work.session, file.content),
        created_at=work.now,
        actor=SYSTEM.code,
        code=source.code,
        source_id=source.id,
    )
    work.session.add(row)


def keep_pages(work: Work, source: Document, pages: Sequence[bytes]) -> None:
    """Keep the pictures of a document's pages, in order."""
    stem = source.name.rsplit(".", 1)[0]
    for number, page in enumerate(pages, 1):
        keep_made(work, source, PAGE, File(f"{stem} halaman {number}.jpg", "image/jpeg", page))


def order_pages(work: Work, document_id: int) -> None:
    """Have the pages of a PDF drawn, for somebody wants to look at it."""
    jobs.put(work.session, JobKind.SHOW_PAGES, document_id, work.now)


def store_pages(work: Work, document_id: int, pages: Sequence[bytes]) -> None:
    """Keep the pictures of a PDF's pages for some days."""
    source = work.session.get_one(Document, document_id)
    if source.complaint_id is not None:
        locked(
            work, source.complaint_id
        )  # before the job, like all who put one; an erasure waits, or is over
    if not pages_of(work.session, source.id):
        keep_pages(work, source, pages)


def pages_of(session: Session, document_id: int) -> list[Document]:
    """The pictures of a document's pages, in order."""
    query = select(Document).where(Document.source_id == document_id, Document.kind == PAGE)
    return list(session.scalars(query.order_by(Document.id)))


def forget_pages(session: Session, before: datetime, most: int) -> int:
    """Take away pictures of PDFs that were drawn before then to be looked at: they can be drawn again. How many."""
    source = aliased(Document)
    query = select(Document).join(source, Document.source_id == source.id)
    old = query.where(Document.kind == PAGE, source.mime == kinds.PDF, Document.created_at < before)
    rows = session.scalars(old.order_by(Document.id).limit(most)).all()
    digests = {row.sha256 for row in rows}
    jobs.drop(
        session, (JobKind.SHOW_PAGES,), {row.source_id for row in rows if row.source_id is not None}
    )
    for row in rows:
        session.delete(row)
    session.flush()
    store.hold(session, digests)
    store.erase(session, digests - among(session, Document.sha256, digests))
    return len(rows)
