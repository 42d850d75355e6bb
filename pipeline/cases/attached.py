"""Files that came with a reply whose command has no place for them: they join the case. Written by `cases` alone."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.cases.chain import actor_of, log
from pipeline.cases.core import locked
from pipeline.cases.input import File
from pipeline.cases.record import add_documents
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Task
from pipeline.office.config import Petugas
from pipeline.office.sop import EventKind
from pipeline.work import Work

KIND = DocumentKind.KETERANGAN  # what officials add; never what a pengadu sent


def attach(work: Work, task: Task, person: Petugas, files: Sequence[File]) -> None:
    """Keep the files of an official's reply with the case, as an event of its own; nothing for a task without one."""
    if not files or task.complaint_id is None:
        return
    complaint = locked(work, task.complaint_id)
    actor = actor_of(person)
    kept = add_documents(work, KIND, files, actor, complaint=complaint)
    names = ", ".join(file.name for file in files)
    log(
        work,
        complaint,
        EventKind.ATTACHED,
        actor,
        task.id,
        teks=names,
        dokumen=[row.id for row in kept],
    )
