"""The slip that was just settled by mistake lies on the clerk's desk again, for ten minutes.

A complaint that came of it is voided: its number stays in the Buku Pengaduan. What others have begun to work on stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.cases import merging
from pipeline.cases.chain import actor_of, log
from pipeline.cases.core import AlreadyDone, locked, note
from pipeline.cases.input import Checked, Invalid
from pipeline.cases.record import status_code
from pipeline.cases.tasks import close_rest, next_reminder
from pipeline.data.states import SlipState
from pipeline.data.tables import Complaint, Event, Slip, Task
from pipeline.mail import outbox
from pipeline.office.config import Petugas
from pipeline.office.sop import Act, EventKind, Stage
from pipeline.office.words import word
from pipeline.work import Work

UNDO = Act.BATALKAN_SLIP
WHILE = timedelta(minutes=10)
OWN = (
    EventKind.RECEIVED,
    EventKind.RECORDED,
    EventKind.MERGED,
)  # what recording a slip itself leaves in a case
WRITTEN = {
    "nama": "nama",
    "alamat": "alamat",
    "telepon": "telepon",
    "email": "email",
    "nik": "nik",
    "uraian": "isi",
}


def undoable(work: Work, task: Task, person: str) -> Slip | None:
    """The slip of this stack that this person settled last, while it may be taken back."""
    mine = select(Slip).where(
        Slip.item_id == task.item_id, Slip.settled_by == person, Slip.settled_at > work.now - WHILE
    )
    return work.session.scalars(
        mine.order_by(Slip.settled_at.desc(), Slip.id.desc()).limit(1)
    ).first()


def undo(work: Work, task: Task, person: Petugas, form: Checked) -> None:
    """Take the last settling back. AlreadyDone where another came after it, or the time is over; Invalid where others
    have begun to work on the complaint."""
    work.session.refresh(task, with_for_update=True)
    slip = undoable(work, task, person.kode)
    if slip is None or str(slip.id) != form.text("slip"):
        raise AlreadyDone(task)
    if slip.complaint_id is not None:
        complaint = locked(work, slip.complaint_id)
        if not _untouched(work.session, complaint):
            raise Invalid({"slip": word("slip.batal.sudah_diproses", nomor=complaint.number)})
        slip.fields = _restored(slip, complaint)
        _void(work, complaint, person)
    elif slip.parent_id is not None:
        first = work.session.get_one(Slip, slip.parent_id)
        if first.state != SlipState.OPEN:  # its words are part of a complaint by now
            raise AlreadyDone(task)
        _part(first, slip)
    else:
        slip.fields = _unread(slip, slip.fields)
    slip.state, slip.complaint_id, slip.parent_id, slip.reason = SlipState.OPEN, None, None, ""
    slip.settled_at, slip.settled_by = None, ""
    task.closed_at, task.closed_by, task.outcome = None, "", ""
    task.remind_at = next_reminder(work.settings, task, work.now)


def _untouched(session: Session, complaint: Complaint) -> bool:
    kinds = set(session.scalars(select(Event.kind).where(Event.complaint_id == complaint.id)))
    return kinds <= set(OWN) and complaint.stage in (Stage.KLARIFIKASI, Stage.DIGABUNG)


def _restored(slip: Slip, complaint: Complaint) -> dict[str, object]:
    """The fields with what the clerk had made of them: what was read is gone since."""
    remark = complaint.isi.rpartition("\n\n")
    text = {name: getattr(complaint, column) for name, column in WRITTEN.items()}
    text["uraian"] = remark[0] or complaint.isi
    kept = {
        name: {**slip.fields.get(name, {}), "value": value, "doubt": "", "counted": True}
        for name, value in text.items()
        if value
    }
    return {**_unread(slip, [name for name in slip.fields if name not in WRITTEN]), **kept}


def _unread(slip: Slip, names: Iterable[str]) -> dict[str, object]:
    """The fields, of which these are to be looked at again: what was read there is gone, which is not the same as
    nothing."""
    gone = {name: {**slip.fields[name], "value": "", "doubt": "tak_terbaca"} for name in names}
    return {**slip.fields, **gone}


def _void(work: Work, complaint: Complaint, person: Petugas) -> None:
    """The row stays, as void; mails about it that are not sent yet are not sent. Its status code is the slip's, which
    the slip needs again."""
    reason = word("slip.batal.alasan")
    outbox.withdraw(work.session, complaint.id)
    close_rest(work, complaint, UNDO)
    merging.leave(work, complaint, actor_of(person), reason)
    complaint.stage, complaint.closed_at = Stage.BATAL, work.now
    note(complaint, reason)
    complaint.status_code = status_code()
    log(work, complaint, EventKind.VOIDED, actor_of(person), alasan=reason)


def _part(first: Slip, page: Slip) -> None:
    """A page that was joined to the one before goes its own way again, with its own words."""
    own = str(page.fields.get("uraian", {}).get("value", ""))
    known = first.fields.get("uraian", {})
    text = str(known.get("value", "")).removesuffix(own).rstrip("\n")
    first.fields = {**first.fields, "uraian": {**known, "value": text}}
