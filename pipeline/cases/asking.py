"""Asking the pengadu, whoever they are: by mail where there is an address, else a JFU asks and types in the answer.

Hides by which way. The clock of langkah 2 stands meanwhile, for a bounded time (SOP, Reading).
"""

from __future__ import annotations

from pipeline.casefile import history
from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.deed import Deed
from pipeline.cases.record import Told, citizen_wrote
from pipeline.cases.tasks import (
    open_task,
    open_task_of,
    pause_langkah,
    resume_langkah,
    tell_holders,
)
from pipeline.cases.withdrawal import make_sure, seems_withdrawn
from pipeline.data.tables import Complaint, Task
from pipeline.notices import citizen
from pipeline.office.sop import Channel, EventKind, TaskKind
from pipeline.office.words import word
from pipeline.work import Work


def ask(deed: Deed) -> None:
    """Put the question of the Sekretaris to the pengadu."""
    question = deed.form.text("pertanyaan")
    pause_langkah(deed.work, deed.task)
    deed.complaint.lengkap_at = None
    by_mail = bool(deed.complaint.email)
    deed.log(EventKind.CITIZEN_ASKED, teks=question, lewat="email" if by_mail else "jfu")
    if by_mail:
        citizen.ask_citizen(deed.work, deed.complaint, question)
    else:
        _by_a_clerk(deed, question)


def _by_a_clerk(deed: Deed, question: str) -> None:
    """A further question joins the one that a JFU has not put yet."""
    open_one = open_task_of(deed.work, deed.complaint.id, TaskKind.TANYA)
    if open_one is None:
        open_task(deed.work, deed.complaint, TaskKind.TANYA, note=question)
        return
    open_one.note = f"{open_one.note}\n\n{question}"
    tell_holders(deed.work, deed.complaint, open_one)


def answered(deed: Deed) -> None:
    """A JFU has asked, and types in what the pengadu said."""
    how = Told(deed.actor, Channel(deed.form.text("kanal")))
    said = deed.form.text("jawaban_pengadu")
    citizen_wrote(deed.work, deed.complaint.id, said, deed.form.files.values(), None, told=how)
    if seems_withdrawn(said):
        make_sure(deed.work, deed.complaint, said)


def remind(work: Work, complaint: Complaint) -> None:
    """The pengadu has not answered for some days; whom a JFU asks, the JFU is reminded of as of any task."""
    asked = history.entries(work.session, complaint, EventKind.CITIZEN_ASKED)[-1:]
    if complaint.email and asked and asked[0][1].get("teks"):
        citizen.remind(work, complaint, asked[0][1]["teks"])


def wait_no_longer(work: Work, complaint: Complaint, task: Task) -> None:
    """The bounded time is over: langkah 2 goes on with what it had left."""
    resume_langkah(work, task)
    days = work.settings.sop.waktu_tunggu_pengadu
    log(
        work,
        complaint,
        EventKind.RESCHEDULED,
        SYSTEM,
        task.id,
        tugas=str(task.kind),
        waktu=task.due_at.isoformat() if task.due_at else "",
        teks=word("sistem.tunggu_habis", lama=days),
    )
