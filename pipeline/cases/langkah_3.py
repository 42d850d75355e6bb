"""Langkah 3: the Kepala Dinas decides, or gives whoever has the task more time."""

from __future__ import annotations

from datetime import datetime

from pipeline.casefile import reported
from pipeline.cases import decisions, unseen
from pipeline.cases.core import Forbidden, locked
from pipeline.cases.deed import Deed
from pipeline.cases.input import Checked
from pipeline.cases.more_time import extend
from pipeline.data.tables import Task
from pipeline.office.config import Petugas
from pipeline.office.sop import Decision, EventKind
from pipeline.work import Work


def decide(deed: Deed) -> None:
    form, outcome = deed.form, Decision(deed.form.text("keputusan"))
    agency = form.text("instansi") if outcome is Decision.BUKAN_WEWENANG else ""
    said = {name: form.text(name) for name in decisions.SHARED} | {"instansi": agency}
    decisions.take(deed.work, deed.complaint, deed.actor, outcome, said)
    deed.log(
        EventKind.DECIDED,
        keputusan=str(outcome),
        teks=said["perintah"],
        disampaikan=said["disampaikan"],
        instansi=agency,
        pembuktian=said["pembuktian"],
    )


def give_time(deed: Deed) -> None:
    until = datetime.fromisoformat(deed.form.text("sampai"))
    extend(deed.work, deed.task, deed.complaint, deed.person, until, deed.form.text("alasan"))


def extend_for(work: Work, task: Task, head: Petugas, form: Checked) -> None:
    """The Kepala Dinas extends the limit of somebody else's task."""
    complaint = locked(work, task.complaint_id or 0)
    if head.kode in reported.codes(complaint):
        raise Forbidden(form.action.name)
    work.session.refresh(task)
    unseen.check(work, task, head, form)
    extend(
        work,
        task,
        complaint,
        head,
        datetime.fromisoformat(form.text("sampai")),
        form.text("alasan"),
    )
