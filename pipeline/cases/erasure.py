"""Erasing what is known of the people in a case (UU 27/2022 on personal data, art. 8 and 16; DESIGN rule 7).

What stays is what the office did and when: number, dates, langkah, decision, the letter's number, date, signer and
hash, and the chain of events without what they said. The case must be over; what other cases need is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pipeline import ledger, links, saved, store
from pipeline.cases.chain import Actor, log
from pipeline.cases.core import Work, locked
from pipeline.cases.tasks import open_task_of
from pipeline.db import Complaint, Document, Event, Item, Link, Meeting, Payload, Slip, SlipPage, Task
from pipeline.letters.series import SIGNED
from pipeline.mail import outbox
from pipeline.sop import OVER, EventKind, TaskKind
from pipeline.words import word

BLANKED = ("nama", "alamat", "telepon", "email", "nik", "isi", "ringkasan", "hasil", "perintah", "keterangan")
PUBLIC = ("nomor", "tanggal", "penanda", "jabatan", "kalimat")  # of a signed letter's facts: what anybody may check


class NotErasable(ValueError):
    """The case, or one merged into it, is not over, or it was erased before; the message says which."""


@dataclass(frozen=True)
class Erased:
    """How many files and mails are gone, and whether a scan stays because slips of others are on it."""

    files: int
    mails: int
    scan_stays: bool


def _is_erased(session: Session, complaint: Complaint) -> bool:
    """Whether the people in a case have been erased."""
    found = select(Event.id).where(Event.complaint_id == complaint.id, Event.kind == EventKind.ERASED)
    return session.scalars(found.limit(1)).first() is not None


def erase(work: Work, complaint_id: int, actor: Actor, reason: str) -> Erased:
    """Erase the people in a case that is over, once; NotErasable otherwise. `reason` stays in the history."""
    complaint = locked(work, complaint_id)
    if _is_erased(work.session, complaint):
        raise NotErasable(word("hapus.sudah", nomor=complaint.number))
    merged = select(Complaint.id).where(Complaint.parent_id == complaint.id, Complaint.stage.not_in(OVER))
    waits = open_task_of(work, complaint.id, TaskKind.PENGANTAR) is not None  # a letter is still to be delivered
    if waits or complaint.stage not in OVER or work.session.scalars(merged.limit(1)).first() is not None:
        raise NotErasable(word("hapus.berjalan", nomor=complaint.number))
    if outbox.under_way(work.session, complaint.id):
        raise NotErasable(word("hapus.surat", nomor=complaint.number))
    tasks = list(work.session.scalars(select(Task).where(Task.complaint_id == complaint.id)))
    for name in BLANKED:
        setattr(complaint, name, "")
    complaint.perihal, complaint.thread_id = word("hapus.perihal"), ""
    for task in tasks:
        task.note = ""
        saved.drop(work.session, task.id)
    ids = work.session.scalars(select(Link.id).where(Link.task_id.in_([task.id for task in tasks])))
    links.revoke(work.session, ids, work.now)
    events = select(Event.id).where(Event.complaint_id == complaint.id)
    work.session.execute(delete(Payload).where(Payload.event_id.in_(events)))
    work.session.execute(
        update(Meeting).where(Meeting.complaint_id == complaint.id).values(agenda="", who="", invited=[], answers={})
    )
    mails = outbox.erase(work.session, complaint.id)
    item, scan_stays = _item(work.session, complaint)
    digests = {*_documents(work.session, complaint, item), *_slips(work.session, complaint)}
    if item is not None:
        digests.add(item.sha256)
    log(work, complaint, EventKind.ERASED, actor, teks=reason)
    work.session.flush()
    files = store.erase(work.session, digests - _needed(work.session, digests))
    return Erased(files, mails, scan_stays)


def _item(session: Session, complaint: Complaint) -> tuple[Item | None, bool]:
    """What came in, if it holds nobody else's words; and whether it had to stay."""
    item = session.get(Item, complaint.item_id) if complaint.item_id else None
    if item is None:
        return None, False
    erased = select(Event.complaint_id).where(Event.kind == EventKind.ERASED)
    others = select(Complaint.id).where(
        Complaint.item_id == item.id, Complaint.id != complaint.id, Complaint.id.not_in(erased)
    )
    waiting = select(Slip.id).where(Slip.item_id == item.id, Slip.complaint_id.is_(None), Slip.sha256.is_not(None))
    if session.scalars(others.limit(1)).first() or session.scalars(waiting.limit(1)).first():
        return None, True
    ledger.erase(item)
    return item, False


def _documents(session: Session, complaint: Complaint, item: Item | None) -> Iterable[str]:
    """Take the rows of the files away, save what the public page on a signed letter shows; their hashes."""
    mine = Document.complaint_id == complaint.id
    rows = session.scalars(select(Document).where(mine | (Document.item_id == item.id) if item else mine)).all()
    for row in rows:
        if row.kind in SIGNED and row.code:
            row.name = ""
            row.facts = {key: value for key, value in (row.facts or {}).items() if key in PUBLIC}
    session.flush()
    gone = [row.id for row in rows if row.name]
    made_from = update(Document).where(Document.source_id.in_([row.id for row in rows]))
    session.execute(made_from.values(source_id=None))
    session.execute(delete(Document).where(Document.id.in_(gone)))
    return [row.sha256 for row in rows]


def _slips(session: Session, complaint: Complaint) -> Iterable[str]:
    """Empty the slips of a case, and the pictures of pages that hold no other; their hashes."""
    first = select(Slip.id).where(Slip.complaint_id == complaint.id)
    slips = session.scalars(select(Slip).where(Slip.id.in_(first) | Slip.parent_id.in_(first))).all()
    digests = []
    for slip in slips:
        digests.append(slip.sha256)
        slip.fields, slip.ticks, slip.sha256, slip.reason = {}, {}, None, ""
    session.flush()
    for page in session.scalars(select(SlipPage).where(SlipPage.id.in_({slip.page_id for slip in slips}))):
        left = select(Slip.id).where(Slip.page_id == page.id, Slip.sha256.is_not(None))
        if session.scalars(left.limit(1)).first() is None:
            digests.append(page.sha256)
            page.sha256 = None
    return [digest for digest in digests if digest]


def _needed(session: Session, digests: Iterable[str]) -> set[str]:
    """Which bytes stand in something that was not erased: the same photo may have come twice."""
    wanted = list(digests)
    found = set(session.scalars(select(Document.sha256).where(Document.sha256.in_(wanted), Document.name != "")))
    found |= set(session.scalars(select(Item.sha256).where(Item.sha256.in_(wanted), Item.state != ledger.ERASED)))
    for column in (Slip.sha256, SlipPage.sha256):
        found |= {digest for digest in session.scalars(select(column).where(column.in_(wanted))) if digest}
    return found
