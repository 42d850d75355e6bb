"""A complaint goes on: its next stage, that stage's task, and what ends with the one before."""

from __future__ import annotations

from pipeline.cases import merging
from pipeline.cases.chain import Actor
from pipeline.cases.deed import Deed
from pipeline.cases.letters import series_in
from pipeline.cases.tasks import close_rest, open_task
from pipeline.data.states import JobKind
from pipeline.data.tables import Complaint
from pipeline.letters.series import COVERING
from pipeline.office.sop import OVER, TASK_OF, UNDECIDED, Act, Stage, TaskKind
from pipeline.work import Work

WITH_NOTE = (Act.KEMBALIKAN, Act.BUKA_KEMBALI, Act.LEPASKAN)  # the reason goes with the next task
# The mails of the next task wait for what a job makes.
AFTER = {
    (TaskKind.KEPUTUSAN, Stage.JAWABAN): JobKind.FRESH_DRAFT,
    (TaskKind.JAWABAN, Stage.TANDA_TANGAN): JobKind.FINAL_FORM,
}


def move(deed: Deed, stage: Stage) -> None:
    """Put the complaint in its next stage and open that stage's task, with the note of a return."""
    work, complaint = deed.work, deed.complaint
    if stage is complaint.stage:
        return
    _take_letters_back(work, complaint, stage)
    complaint.stage = stage
    close_rest(work, complaint, "dilanjutkan", keep=_kept_open(stage))
    if stage in OVER:
        _end(work, complaint, deed.actor)
    if stage in TASK_OF:
        _open_next(deed, stage)
    if stage is Stage.PENYAMPAIAN and COVERING in series_in(work, complaint):
        open_task(work, complaint, TaskKind.PENGANTAR)
    merging.order_copies(work, complaint)
    if stage is Stage.DIGABUNG:  # the parent's letter may wait for its signature already
        merging.order_copies(work, work.session.get_one(Complaint, complaint.parent_id))


def _take_letters_back(work: Work, complaint: Complaint, stage: Stage) -> None:
    """Of those that are merged into a complaint whose answer is written no more. Neighbours who have their letters keep
    them where the complaint is only taken back."""
    written_no_more = complaint.stage in merging.WRITTEN and stage not in merging.WRITTEN
    if written_no_more and stage is not Stage.DICABUT:
        merging.recall(work, complaint)
    if stage in (*UNDECIDED, Stage.BATAL):
        merging.withdraw(work, complaint)


def _kept_open(stage: Stage) -> tuple[TaskKind, ...]:
    """Tasks that going on does not settle: whether a complaint is taken back, and the covering letter."""
    kept: tuple[TaskKind, ...] = () if stage in OVER else (TaskKind.PENCABUTAN,)
    if stage in (Stage.SELESAI, Stage.PENGIRIMAN):
        kept = (*kept, TaskKind.PENGANTAR)
    return kept


def _open_next(deed: Deed, stage: Stage) -> None:
    note = deed.form.text("alasan") if deed.form.action.name in WITH_NOTE else ""
    after = AFTER.get((deed.task.kind, stage))
    quiet = stage is Stage.PENGIRIMAN
    open_task(deed.work, deed.complaint, TASK_OF[stage], note=note, after=after, quiet=quiet)


def _end(work: Work, complaint: Complaint, actor: Actor) -> None:
    complaint.closed_at = work.now
    complaint.paraf = actor.name or complaint.paraf
