"""Mails about the report of a period: its tasks, and the signed report to the tembusan."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.casefile.limits import limit_words
from pipeline.data import store
from pipeline.data.tables import Document, Laporan, Outbox, Task
from pipeline.letters.series import REPORT
from pipeline.notices.post import MAX_ATTACHED, Envelope, send
from pipeline.office.actions import ACTIONS, Action
from pipeline.office.commands import COMMANDS
from pipeline.office.config import Petugas, Tembusan
from pipeline.office.sop import TaskKind
from pipeline.office.words import table, word
from pipeline.work import Work

COPY = "laporan_tembusan"
# What goes with the mail of each task: the newest of these kinds of document.
ATTACHED = {
    TaskKind.LAPORAN: REPORT.worked_on,
    TaskKind.LAPORAN_TTD: (REPORT.final,),
    TaskKind.LAPORAN_KIRIM: (REPORT.signed,),
}


def name_of(report: Laporan) -> str:
    """How people call it."""
    return word("laporan.nama", periode=report.name)


def documents(session: Session, report_id: int | None, *kinds: str) -> list[Document]:
    """Documents of a report, oldest first; of all kinds where none is named."""
    query = select(Document).where(
        Document.laporan_id == report_id, Document.laporan_id.is_not(None)
    )
    if kinds:
        query = query.where(Document.kind.in_(kinds))
    return list(session.scalars(query.order_by(Document.id)))


def task(
    work: Work, report: Laporan, task: Task, person: Petugas, link_id: int, moved: str = ""
) -> None:
    """What is asked about a report, with its newest file: to one who may act."""
    newest = documents(work.session, report.id, *ATTACHED[task.kind])[-1:]
    files = [one for one in newest if store.size(work.session, one.sha256) <= MAX_ATTACHED]
    first, *others = ACTIONS[task.kind]
    known = table(f"balas.{task.kind}")
    send(
        work,
        f"tugas_{task.kind}",
        Envelope(person.email, person.nama, None, task, link_id, files),
        petugas=person,
        laporan=name_of(report),
        masa=report.name,
        beralih=moved,
        hitungan=limit_words(work.settings, task),
        catatan=task.note,
        tombol=_button(task, first),
        lain=[_button(task, one) for one in others],
        kata=[{"kata": one.word, "arti": known[one.word]} for one in COMMANDS[task.kind]],
    )


def _button(task: Task, action: Action) -> dict[str, str]:
    """What leads to one action of the task's page."""
    label = word(f"aksi.{task.kind}.{action.name}.judul")
    return {"label": label, "url": f"?aksi={action.name}#aksi-{action.name}"}


def may_hand_in(work: Work, report: Laporan, task: Task, clerk: Petugas, link_id: int) -> None:
    """To a JFU: a report waits for its signature, and they may hand in the signed paper for whoever signs."""
    to = Envelope(clerk.email, clerk.nama, None, task, link_id)
    send(
        work,
        "boleh_unggah_laporan",
        to,
        petugas=clerk,
        laporan=name_of(report),
        penanda=work.settings.signers[0],
    )


def copies(
    work: Work, report: Laporan, task: Task, signed: Document, to: Sequence[Tembusan]
) -> list[Outbox]:
    """The signed report to each tembusan."""
    known = f"{work.settings.web.base_url}/asli/{signed.code}" if signed.code else ""
    return [
        send(
            work,
            COPY,
            Envelope(one.email, one.nama, None, task, attachments=(signed,)),
            tembusan=one.nama,
            laporan=name_of(report),
            kode=signed.code,
            keaslian=known,
        )
        for one in to
    ]
