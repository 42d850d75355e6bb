"""Erasing what is known of the people in a case (UU 27/2022 on personal data, art. 8 and 16; DESIGN rule 7).

What stays is what the office did and when: number, dates, langkah, decision, the letter's number, date, signer and
hash, and the chain of events without what they said. The case must be over; what other cases need is not touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from pipeline.access import browsers, chosen, links, typed, unsent
from pipeline.casefile.erased import erased_cases, is_erased
from pipeline.cases import decisions, remains
from pipeline.cases.chain import Actor, log
from pipeline.cases.core import locked
from pipeline.cases.tasks import (
    close_rest,
    open_task_of,
)
from pipeline.data import exports, jobs, ledger, store
from pipeline.data.states import ItemState, JobKind
from pipeline.data.tables import (
    Complaint,
    Document,
    Event,
    Item,
    Link,
    Meeting,
    Payload,
    Slip,
    SlipPage,
    Task,
)
from pipeline.letters.series import SIGNED
from pipeline.mail import outbox
from pipeline.office.sop import OVER, EventKind, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

ABOUT_DOCUMENTS = (JobKind.MAKE_PDF, JobKind.SHOW_PAGES)
BLANKED = (
    "nama",
    "alamat",
    "telepon",
    "email",
    "nik",
    "lokasi_kejadian",
    "surat_pengirim",
    "isi",
    "ringkasan",
    "hasil",
    "perintah",
    "disampaikan",
    "keterangan",
)
PUBLIC = (
    "nomor",
    "tanggal",
    "penanda",
    "jabatan",
    "kalimat",
    "tanpa_kode",
)  # of a signed letter's facts: what anybody may check


GONE = "dihapus"  # how the tasks of a case end whose people are erased: it is not taken up again


class NotErasable(ValueError):
    """The case, or one merged into it, is not over, or it was erased before; the message says which."""


@dataclass(frozen=True)
class Erased:
    """How many files and mails are gone, and whether a scan stays because slips of others are on it."""

    files: int
    mails: int
    scan_stays: bool


def erase(
    work: Work, complaint_id: int, actor: Actor, reason: str, items: Collection[int] | None = None
) -> Erased:
    """Erase the people in a case that is over, once; NotErasable otherwise. `reason` stays in the history.

    `items`: what `remains.items_of` found, which reads many mails and is better asked before this transaction.
    """
    session = work.session
    complaint = locked(work, complaint_id)
    _may_be_erased(work, complaint)
    wanted = remains.items_of(session, complaint) if items is None else items
    found, scan_stays = _its_items(session, complaint, wanted)
    item_ids = [item.id for item in found]
    close_rest(work, complaint, GONE)
    tasks = _tasks(session, complaint, item_ids)
    task_ids = {task.id for task in tasks}
    _forget_typed(session, complaint)
    _blank(session, complaint, tasks)
    _end_links(work, task_ids)
    _drop_jobs(session, complaint, item_ids)
    mails, attached = remains.erased_mails(session, complaint.number, task_ids, complaint.id)
    digests = {*_documents(session, complaint, item_ids), *_slips(session, complaint), *attached}
    for item in found:
        ledger.erase(session, item)
        digests.add(item.sha256)
    log(work, complaint, EventKind.ERASED, actor, teks=reason, kiriman=sorted(item_ids))
    session.flush()
    store.hold(session, digests)
    gone = store.erase(session, digests - _needed(session, digests))
    return Erased(gone, mails, scan_stays)


def _its_items(
    session: Session, complaint: Complaint, items: Collection[int]
) -> tuple[list[Item], bool]:
    """What arrived and tells of this case alone, its copies and what it came in too; and whether its own scan stays,
    for others came in the same."""
    copies = _items(session, ledger.copies(session, set(items)))
    alone = [item for item in copies if not _has_others(session, complaint, item.id)]
    bearing, with_others = ledger.bearers(session, [item.id for item in alone])
    its_own = complaint.item_id
    is_shared = its_own is not None and _has_others(session, complaint, its_own)
    return alone + _items(session, bearing), is_shared or bool(with_others)


def _end_links(work: Work, task_ids: Collection[int]) -> None:
    ids = list(work.session.scalars(select(Link.id).where(Link.task_id.in_(task_ids))))
    links.revoke(work.session, ids, work.now)
    browsers.forget(work.session, ids)


def _may_be_erased(work: Work, complaint: Complaint) -> None:
    if is_erased(work.session, complaint.id):
        raise NotErasable(word("hapus.sudah", nomor=complaint.number))
    merged = select(Complaint.id).where(
        Complaint.parent_id == complaint.id, Complaint.stage.not_in(OVER)
    )
    waits = (
        open_task_of(work, complaint.id, TaskKind.PENGANTAR) is not None
    )  # a letter is still to be delivered
    if (
        waits
        or complaint.stage not in OVER
        or work.session.scalars(merged.limit(1)).first() is not None
    ):
        raise NotErasable(word("hapus.berjalan", nomor=complaint.number))
    if outbox.under_way(work.session, complaint.id):
        raise NotErasable(word("hapus.surat", nomor=complaint.number))


def checked(work: Work, complaint_id: int, actor: Actor, found: remains.Remains) -> None:
    """Keep what the search after an erasure found: where, never what."""
    complaint = locked(work, complaint_id)
    places = [[place, list(kinds), number] for place, kinds, number in found.found]
    left = "; ".join(found.lines()) or word("hapus.bersih")
    log(
        work,
        complaint,
        EventKind.ERASURE_CHECKED,
        actor,
        teks=left,
        sisa=places,
        tak_terbaca=found.unread,
    )


def _items(session: Session, ids: Collection[int]) -> list[Item]:
    return list(
        session.scalars(
            select(Item).where(Item.id.in_(ids), Item.state != ItemState.ERASED).order_by(Item.id)
        )
    )


def _tasks(session: Session, complaint: Complaint, items: Collection[int]) -> list[Task]:
    mine = or_(Task.complaint_id == complaint.id, Task.item_id.in_(items))
    return list(session.scalars(select(Task).where(mine)))


def _forget_typed(session: Session, complaint: Complaint) -> None:
    """Forms of no task, typed in and never sent, that name the person: nobody but who typed them could empty them."""
    person = remains.person_of(session, complaint)
    if person:
        typed.forget(session, lambda words: bool(person.kinds_in(words)))


def _blank(session: Session, complaint: Complaint, tasks: Collection[Task]) -> None:
    """The rows that stay, without what they said."""
    for name in BLANKED:
        setattr(complaint, name, "")
    complaint.perihal, complaint.thread_id = word("hapus.perihal"), ""
    for task in tasks:
        task.note = ""
        unsent.drop(session, task.id)
        chosen.drop(session, task.id)
    events = select(Event.id).where(Event.complaint_id == complaint.id)
    exports.forget_all(session)  # spreadsheets that wait to be fetched
    session.execute(delete(Payload).where(Payload.event_id.in_(events)))
    decisions.forget_words(session, complaint.id)
    empty = {"place": "", "agenda": "", "who": "", "invited": [], "answers": {}}
    session.execute(update(Meeting).where(Meeting.complaint_id == complaint.id).values(**empty))


def _drop_jobs(session: Session, complaint: Complaint, item_ids: Sequence[int]) -> None:
    """Take away slow work that would bring back what is being erased; what is being drawn just now is not kept."""
    mine = (Document.complaint_id == complaint.id) | Document.item_id.in_(item_ids)
    documents = session.scalars(select(Document.id).where(mine))
    meetings = session.scalars(select(Meeting.id).where(Meeting.complaint_id == complaint.id))
    jobs.drop(session, ABOUT_DOCUMENTS, documents.all())
    jobs.drop(session, (JobKind.INVITATION,), meetings.all())
    jobs.drop(session, (JobKind.FRESH_DRAFT, JobKind.COPY, JobKind.FINAL_FORM), [complaint.id])


def _has_others(session: Session, complaint: Complaint, item_id: int) -> bool:
    """Whether words of others, who are not erased, stand in what came in."""
    others = select(Complaint.id).where(
        Complaint.item_id == item_id,
        Complaint.id != complaint.id,
        Complaint.id.not_in(erased_cases()),
    )
    waiting = select(Slip.id).where(
        Slip.item_id == item_id, Slip.complaint_id.is_(None), Slip.sha256.is_not(None)
    )
    return any(session.scalars(query.limit(1)).first() is not None for query in (others, waiting))


def _documents(session: Session, complaint: Complaint, items: Collection[int]) -> Iterable[str]:
    """Take the rows of the files away, save what the public page on a signed letter shows; their hashes."""
    mine = Document.complaint_id == complaint.id
    rows = session.scalars(select(Document).where(or_(mine, Document.item_id.in_(items)))).all()
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
    slips = session.scalars(
        select(Slip).where(Slip.id.in_(first) | Slip.parent_id.in_(first))
    ).all()
    digests = []
    for slip in slips:
        digests.append(slip.sha256)
        slip.fields, slip.ticks, slip.sha256, slip.reason = {}, {}, None, ""
    session.flush()
    for page in session.scalars(
        select(SlipPage).where(SlipPage.id.in_({slip.page_id for slip in slips}))
    ):
        left = select(Slip.id).where(Slip.page_id == page.id, Slip.sha256.is_not(None))
        if session.scalars(left.limit(1)).first() is None:
            digests.append(page.sha256)
            page.sha256 = None
    return [digest for digest in digests if digest]


def _needed(session: Session, digests: Iterable[str]) -> set[str]:
    """Which bytes stand in something that was not erased: the same photo may have come twice."""
    wanted = list(digests)
    found = set(
        session.scalars(
            select(Document.sha256).where(Document.sha256.in_(wanted), Document.name != "")
        )
    )
    found |= set(
        session.scalars(
            select(Item.sha256).where(Item.sha256.in_(wanted), Item.state != ItemState.ERASED)
        )
    )
    for column in (Slip.sha256, SlipPage.sha256):
        found |= {
            digest for digest in session.scalars(select(column).where(column.in_(wanted))) if digest
        }
    return found | outbox.attached(session, wanted)
