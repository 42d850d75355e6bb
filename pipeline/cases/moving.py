"""A complaint goes on: its next stage, that stage's task, and what ends with the one before."""

from __future__ import annotations

from pipeline.cases import merging
from pipeline.cases.chain import Actor
from pipeline.cases.deed import Deed
from pipeline.cases.letters import series_in
from pipeline.cases.tasks import FINAL_FORM, FRESH_DRAFT, close_rest, open_task
from pipeline.data.tables import Complaint
from pipeline.letters.series import COVERING
from pipeline.office.sop import OVER, TASK_OF, UNDECIDED, Stage, TaskKind
from pipeline.work import Work

WITH_NOTE = ("kembalikan", "buka_kembali", "lepaskan")  # the reason goes with the next task
# The mails of the next task wait for what a job makes.
AFTER = {
    (TaskKind.KEPUTUSAN, Stage.JAWABAN): FRESH_DRAFT,
    (TaskKind.JAWABAN, Stage.TANDA_TANGAN): FINAL_FORM,
}


def move(deed: Deed, stage: Stage) -> None:
    """Put the complaint in its next stage and open that stage's task, with the note of a return."""
    work, complaint = deed.work, deed.complaint
    if stage is complaint.stage:
        return
    taken_back = stage is Stage.DICABUT  # neighbours who have their letters keep them
    if complaint.stage in merging.WRITTEN and stage not in merging.WRITTEN and not taken_back:
        merging.recall(work, complaint)
    if stage in (*UNDECIDED, Stage.BATAL):
        merging.withdraw(work, complaint)
    complaint.stage = stage
    onward = stage in (Stage.SELESAI, Stage.PENGIRIMAN)
    sure = (
        () if stage in OVER else (TaskKind.PENCABUTAN,)
    )  # whether it is taken back is not settled by going on
    close_rest(work, complaint, "dilanjutkan", keep=(*sure, TaskKind.PENGANTAR) if onward else sure)
    if stage in OVER:
        _end(work, complaint, deed.actor)
    if stage in TASK_OF:
        note = deed.form.text("alasan") if deed.form.action.name in WITH_NOTE else ""
        after = AFTER.get((deed.task.kind, stage), "")
        open_task(
            work, complaint, TASK_OF[stage], note=note, after=after, quiet=stage is Stage.PENGIRIMAN
        )
    if stage is Stage.PENYAMPAIAN and COVERING in series_in(work, complaint):
        open_task(work, complaint, TaskKind.PENGANTAR)
    merging.order_copies(work, complaint)
    if stage is Stage.DIGABUNG:  # the parent's letter may wait for its signature already
        merging.order_copies(work, work.session.get_one(Complaint, complaint.parent_id))


def _end(work: Work, complaint: Complaint, actor: Actor) -> None:
    complaint.closed_at = work.now
    complaint.paraf = actor.name or complaint.paraf
