"""What the clerk does with something that arrived and is no complaint yet: a scan, or a mail that is held."""

from __future__ import annotations

from sqlalchemy import select

from pipeline.cases import slips
from pipeline.cases.chain import CITIZEN, SYSTEM
from pipeline.cases.core import Forbidden
from pipeline.cases.input import Checked, File
from pipeline.cases.record import add_documents, record_at_counter
from pipeline.cases.tasks import ACCEPTED, close
from pipeline.data import ledger, store
from pipeline.data.states import DocumentKind, ItemState
from pipeline.data.tables import Complaint, Document, Item, Task
from pipeline.mail import outbox
from pipeline.office.config import Petugas
from pipeline.office.sop import Act, Channel, TaskKind
from pipeline.work import Work


def settle_item(work: Work, task: Task, person: Petugas, form: Checked) -> Complaint | None:
    """A slip of a stack, or a held mail: taken in as it is, typed in as a complaint, or laid aside with a reason."""
    if task.kind is TaskKind.PINDAI:
        return slips.settle(work, task, person, form)
    item = work.session.get_one(Item, task.item_id, with_for_update=True)
    if (
        item.state == ItemState.DONE
    ):  # it could be read after all, and nobody closed the task: not a second time
        close(work, task, SYSTEM.code, "terbaca")
        return None
    if form.action.name == ACCEPTED and not ledger.readable(item):
        raise Forbidden(form.action.name)
    close(work, task, person.kode, form.action.name)
    if form.action.name == ACCEPTED:
        ledger.accept(item)
        return None
    if form.action.name == Act.BUKAN_PENGADUAN:
        return None
    channel = Channel.KOTAK if item.source == "scan" else Channel.EMAIL
    complaint = record_at_counter(work, person, form, channel, item.id)
    if (
        item.source == "mail"
    ):  # what the pengadu sent stays with the case, and their next reply finds it
        complaint.thread_id = outbox.bracketed(item.message_id)
        raw = File(f"kiriman-{item.id}.eml", "message/rfc822", store.get(work.session, item.sha256))
        add_documents(work, DocumentKind.LAMPIRAN, [raw], CITIZEN, complaint=complaint)
    for row in work.session.scalars(select(Document).where(Document.item_id == item.id)):
        row.complaint_id = complaint.id
    return complaint
