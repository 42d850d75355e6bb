"""A pengadu takes a complaint back: an ending of its own, which a JFU confirms and all who were asked hear of.

Hides who that is: units, guests of a rapat, other agencies, whoever holds the case.
"""

from __future__ import annotations

from sqlalchemy import select

from pipeline.casefile import reported
from pipeline.casefile.holders import holders
from pipeline.cases import meetings, merging
from pipeline.cases.core import note
from pipeline.cases.deed import Deed
from pipeline.cases.tasks import open_task, open_task_of
from pipeline.data.states import MailState
from pipeline.data.tables import Complaint, Outbox, Task
from pipeline.mail import outbox
from pipeline.mail.phrases import WITHDRAWS
from pipeline.notices import citizen, news, outside
from pipeline.notices.post import TO_AGENCIES
from pipeline.office.config import Petugas
from pipeline.office.sop import OVER, EventKind, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

WAITING_MAILS = ("surat_jawaban", "surat_pengantar", "tanya_pengadu", "ingatkan_pengadu")


def seems_withdrawn(text: str) -> bool:
    """Whether words of a pengadu may mean that they take the complaint back; a person decides."""
    return WITHDRAWS.search(text) is not None


def make_sure(work: Work, complaint: Complaint, text: str) -> None:
    """Ask a JFU, once, whether the complaint is taken back; not for one that is over."""
    if complaint.stage in OVER or open_task_of(work, complaint.id, TaskKind.PENCABUTAN) is not None:
        return
    open_task(work, complaint, TaskKind.PENCABUTAN, note=text)


def withdraw(deed: Deed) -> None:
    """The complaint ends here, and everybody who was asked hears of it."""
    work, complaint = deed.work, deed.complaint
    told = _officials(work, complaint)
    merging.leave(work, complaint, deed.actor, word("sistem.dicabut"))
    deed.log(EventKind.WITHDRAWN, teks=deed.form.text("alasan"))
    outbox.withdraw(
        work.session, complaint.id, *WAITING_MAILS
    )  # they would answer, or ask about, what is over
    note(complaint, word("buku.dicabut"))
    for person in told:
        news.withdrawn(work, complaint, person)
    for address, name in _agencies(work, complaint):
        outside.withdrawn(work, complaint, address, name)
    meetings.fall(work, complaint, word("sistem.dicabut"), deed.actor)
    citizen.withdrawn(work, complaint)
    _free_children(deed)


def kept_up(deed: Deed) -> None:
    deed.log(EventKind.KEPT_UP, teks=deed.form.text("alasan"))


def _officials(work: Work, complaint: Complaint) -> list[Petugas]:
    """Whoever has, or had, something to do with it: holders of its tasks, open or done, once each."""
    query = select(Task).where(Task.complaint_id == complaint.id, Task.kind != TaskKind.PENCABUTAN)
    found: dict[str, Petugas] = {}
    for task in work.session.scalars(query.order_by(Task.id)).all():
        found |= {person.kode: person for person in holders(work.settings, task)}
    return reported.spared(complaint, found.values())


def _agencies(work: Work, complaint: Complaint) -> list[tuple[str, str]]:
    """(address, name) of other agencies that were written to."""
    query = select(Outbox.recipient, Outbox.recipient_name).where(
        Outbox.complaint_id == complaint.id,
        Outbox.name.in_(TO_AGENCIES),
        Outbox.state != MailState.VOID,
    )
    rows = work.session.execute(query.order_by(Outbox.id))
    return list({row.recipient: row.recipient_name for row in rows}.items())


def _free_children(deed: Deed) -> None:
    """Others complained of the same matter, and have not taken that back: each goes its own way from langkah 1."""
    for child in merging.waiting(deed.work, deed.complaint):
        merging.free(deed.work, child, deed.complaint, deed.actor, why="sistem.induk_dicabut")
