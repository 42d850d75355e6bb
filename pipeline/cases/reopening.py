"""A case that was over goes on, under its number."""

from __future__ import annotations

from pipeline.casefile import history
from pipeline.cases import decisions, merging
from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.core import strike
from pipeline.cases.deed import Deed
from pipeline.cases.tasks import close_rest, open_task
from pipeline.data.tables import Complaint
from pipeline.notices import turns
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.office.words import word
from pipeline.work import Work


def reopen(deed: Deed) -> None:
    deed.log(EventKind.REOPENED, teks=deed.form.text("alasan"))
    merging.withdraw(deed.work, deed.complaint)  # with its letter and delivery, as they were
    decisions.new_round(deed.complaint)
    strike(deed.complaint, _why_over(deed))
    turns.reopened(deed.work, deed.complaint)


def _why_over(deed: Deed) -> str:
    """What the Buku noted when a case ended without an answer; "" for one that was answered."""
    if deed.complaint.stage is Stage.DICABUT:
        return word("buku.dicabut")
    if deed.complaint.stage is not Stage.BATAL:
        return ""
    voided = history.entries(deed.work.session, deed.complaint, EventKind.VOIDED)[-1:]
    return "".join(str(data.get("alasan", "")) for _event, data in voided)


def reopen_after_bounce(work: Work, complaint: Complaint, reason: str) -> None:
    """The letter came back after it was accepted: langkah 5 again, under the same number."""
    close_rest(work, complaint, "dibuka kembali", keep=(TaskKind.PENGANTAR,))
    log(work, complaint, EventKind.REOPENED, SYSTEM, teks=reason)
    decisions.unclose(complaint)
    complaint.stage = Stage.PENYAMPAIAN
    open_task(work, complaint, TaskKind.PENYAMPAIAN, note=reason)
