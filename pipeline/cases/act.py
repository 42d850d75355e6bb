"""What each action of the SOP does: one short transaction that changes the state, writes the event and puts the
mails that are due (DESIGN rule 3).

`act()` is the only door. It closes the task by a conditional update before anything else, so a second press changes
nothing. The table `DO` at the end names the function of every action.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from pipeline.access import unsent
from pipeline.casefile import offers, privacy
from pipeline.casefile.erased import is_erased
from pipeline.casefile.holders import helpers, holders, mergers
from pipeline.cases import (
    answered,
    asking,
    copies,
    langkah_1,
    langkah_2,
    langkah_3,
    late_answers,
    marking,
    meetings,
    mending,
    merging,
    moving,
    other_ways,
    reopening,
    repeated,
    settling,
    signing,
    slip_undo,
    stuck,
    takeback,
    unseen,
    withdrawal,
)
from pipeline.cases.core import AlreadyDone, Changed, Forbidden, locked
from pipeline.cases.deed import Deed
from pipeline.cases.input import Checked, Invalid
from pipeline.cases.tasks import (
    close,
    resume,
)
from pipeline.data.tables import Complaint, Event, Task
from pipeline.notices import news
from pipeline.office.actions import ACTIONS, next_stage
from pipeline.office.commands import BINDING
from pipeline.office.config import Petugas
from pipeline.office.sop import ANYTIME, BESIDE, HANDED_IN, OVER, Act, EventKind, Stage, TaskKind
from pipeline.office.traces import traces_of
from pipeline.office.words import word
from pipeline.work import Work


def act(work: Work, task_id: int, person: Petugas, form: Checked) -> Complaint | None:
    """Carry out a checked form on a task. Returns the complaint (None where an item turned out to be none).

    AlreadyDone when the task was closed, or the same press came twice; Changed when something happened that the form
    does not show; Forbidden when the person may not act or the
    case does not allow it now; Invalid when a field does not fit the case.
    """
    task = work.session.get_one(Task, task_id, populate_existing=True)
    _lock_parent_too(work, task, form)
    complaint = locked(work, task.complaint_id) if task.complaint_id else None
    work.session.refresh(task)
    person = _as_holder(work, task, complaint, person, form)
    if form.action.name == slip_undo.UNDO:  # the last slip of a stack has closed its task
        slip_undo.undo(work, task, person, form)
        return None
    late = late_answers.is_welcome(task)
    if task.closed_at is not None and not late:
        unsaid = complaint is not None and not repeated.is_recorded(
            work, task, complaint, person, form
        )
        raise AlreadyDone(task, unsaid=unsaid)
    if complaint is None:
        return settling.settle_item(work, task, person, form)
    if not late and complaint.stage in OVER and is_erased(work.session, complaint.id):
        raise Forbidden(form.action.name)
    _refuse_second_press(work, task, complaint, person, form)
    unseen.check(work, task, person, form)
    _warn_of_the_person(complaint, form)
    if not offers.is_offered(work.session, task.kind, form.action, complaint):
        raise Forbidden(form.action.name)
    before = takeback.begin(work, complaint, form.action.name)
    _carry_out(Deed(work, task, complaint, person, form, late))
    if before is not None:
        takeback.finish(work, task, person, form.action.name, before, _typed(form))
    return complaint


def _as_holder(
    work: Work, task: Task, complaint: Complaint | None, person: Petugas, form: Checked
) -> Petugas:
    """The person in the form in which they hold the task: "Plh. Kepala Dinas". Forbidden where they may not act."""
    name = form.action.name
    allowed = [*holders(work.settings, task)]
    if name in HANDED_IN:
        allowed += helpers(work.settings, task)
    if name in ANYTIME:
        allowed += mergers(work.settings, task, complaint)
    for one in allowed:
        if one.kode == person.kode:
            return one
    raise Forbidden(name)


def _carry_out(deed: Deed) -> None:
    """The task ends or goes on, what the action does is done, and the complaint moves to its next stage."""
    work, task, action = deed.work, deed.task, deed.form.action
    if deed.late:
        late_answers.take(work, task, deed.person.kode)
    elif action.closes:
        resume(work, task)  # a limit that stood still is known again when the task ends
        close(work, task, deed.person.kode, action.name)
    else:
        unsent.drop(work.session, task.id, deed.person.kode, action.name)
    DO[task.kind, action.name](deed)
    moves = task.kind not in BESIDE or action.leads_to is not None
    if action.closes and moves:
        moving.move(deed, next_stage(task.kind, action.name, deed.complaint.stage))
    if action.name in BINDING:
        news.decision_receipt(work, deed.complaint, task, deed.person)


def _typed(form: Checked) -> dict[str, list[str]]:
    """What was typed and ticked, as the page may show it again; files are chosen anew."""
    typed = {name: [text] for name, text in form.values.items()}
    ticked = {name: [*many] for name, many in form.choices.items()}
    return typed | ticked


def _lock_parent_too(work: Work, task: Task, form: Checked) -> None:
    """Two complaints that are merged into each other at once: both rows are locked in the order of their ids."""
    if task.complaint_id is None:
        return
    complaint = work.session.get_one(Complaint, task.complaint_id)
    others = _to_be_merged(work, complaint, form)
    if complaint.stage is Stage.DIGABUNG and complaint.parent_id:
        others.add(complaint.parent_id)
    if others - {complaint.id}:
        for complaint_id in sorted({complaint.id, *others}):
            locked(work, complaint_id)


def _to_be_merged(work: Work, complaint: Complaint, form: Checked) -> set[int]:
    """The complaints that the form merges with this one."""
    if form.action.name == Act.GABUNGKAN:
        parent = merging.merge_parent(work, complaint, form.text("nomor"))
        return {parent.id} if parent else set()
    if form.action.name == Act.GABUNGKAN_SEMUA:
        chosen = form.choices.get("gelombang", ())
        return {child.id for child in merging.of_wave(work, complaint, chosen)}
    return set()


def _refuse_second_press(
    work: Work, task: Task, complaint: Complaint, person: Petugas, form: Checked
) -> None:
    """A form whose action leaves the task open, pressed twice: the second shows the page's newest event as old.
    Something else on such a page comes back with what was done since."""
    if form.action.closes or not form.seen:
        return
    again = select(Event).where(
        Event.complaint_id == complaint.id,
        Event.task_id == task.id,
        Event.actor == person.kode,
        Event.seq > form.seen,
        Event.kind == KEEPING[form.action.name],
    )
    since = work.session.scalars(again.order_by(Event.seq)).all()
    if not since:
        return
    if repeated.is_recorded(work, task, complaint, person, form):
        raise AlreadyDone(task)
    raise Changed([event.seq for event in since])


def _warn_of_the_person(complaint: Complaint, form: Checked) -> None:
    """What other units will read tells who complains: asked back once. What repeats the pengadu's own words is not
    shown to them anyhow."""
    if form.text("tetap"):
        return
    known = [(name, form.text(name) or str(getattr(complaint, name))) for name in privacy.SAID]
    person = traces_of([(name, value) for name, value in known if value])
    for name in privacy.READ_BY_OTHERS.get(form.action.name, ()):
        text = form.text(name)
        told = ", ".join(word(f"privasi.{kind}") for kind in person.kinds_in(text))
        if told and not privacy.repeats(complaint, text):
            label = word("kolom.tetap.label")
            raise Invalid({name: word("privasi.peringatan", apa=told, label=label)})


KEEPING = {
    Act.PISAHKAN: EventKind.SPLIT,
    Act.GABUNGKAN_SEMUA: EventKind.MERGED,
    Act.TANYA_UNIT: EventKind.UNIT_ASKED,
    Act.TARIK_PERTANYAAN: EventKind.UNIT_WITHDRAWN,
    Act.KIRIM_ULANG: EventKind.SENT_AGAIN,
    Act.SAMPAIKAN_ULANG: EventKind.SENT_AGAIN,
    Act.TANYA_PENGADU: EventKind.CITIZEN_ASKED,
    Act.RAPAT: EventKind.MEETING_SET,
    Act.NOTULEN: EventKind.MINUTES_ADDED,
    Act.PERPANJANG: EventKind.EXTENDED,
    Act.BATAL_RAPAT: EventKind.MEETING_CANCELLED,
    Act.TANDAI: EventKind.MARKED,
    Act.TERUSKAN: EventKind.FORWARDED,
    Act.KIRIM_TEMBUSAN: EventKind.COPY_SENT,
    Act.PILIH_JAWABAN: EventKind.ANSWERS_CHOSEN,
    Act.UNGGAH: EventKind.LETTER_STORED,
    Act.SUSUN_ULANG: EventKind.POINTS_SET,
    Act.UNGGAH_PENGANTAR: EventKind.LETTER_STORED,
    Act.KOREKSI: EventKind.CORRECTED,
}

DO: dict[tuple[TaskKind, str], Callable[[Deed], None]] = {
    (TaskKind.CATAT, Act.LAPORKAN): langkah_1.report,
    (TaskKind.CATAT, Act.GABUNGKAN): other_ways.merge,
    (TaskKind.CATAT, Act.GABUNGKAN_SEMUA): other_ways.merge_wave,
    (TaskKind.CATAT, Act.PISAHKAN): other_ways.split,
    (TaskKind.CATAT, Act.BUKAN_PENGADUAN): other_ways.void,
    (TaskKind.KLARIFIKASI, Act.LAPORKAN_KEPALA): langkah_2.report_to_head,
    (TaskKind.KLARIFIKASI, Act.TANYA_UNIT): langkah_2.ask_units,
    (TaskKind.KLARIFIKASI, Act.GABUNGKAN): other_ways.merge,
    (TaskKind.KLARIFIKASI, Act.PILIH_JAWABAN): answered.choose,
    (TaskKind.KLARIFIKASI, Act.TANYA_PENGADU): asking.ask,
    (TaskKind.TANYA, Act.CATAT_JAWABAN): asking.answered,
    (TaskKind.PENCABUTAN, Act.CABUT): withdrawal.withdraw,
    (TaskKind.PENCABUTAN, Act.TIDAK_DICABUT): withdrawal.kept_up,
    (TaskKind.MACET, Act.ULANGI): stuck.again,
    (TaskKind.KLARIFIKASI, Act.KEMBALIKAN): langkah_2.send_back,
    (TaskKind.KLARIFIKASI, Act.TARIK_PERTANYAAN): mending.withdraw,
    (TaskKind.KETERANGAN, Act.JAWAB): langkah_2.answer,
    (TaskKind.KETERANGAN, Act.BUKAN_BIDANG): mending.decline,
    (TaskKind.KEPUTUSAN, Act.PUTUSKAN): langkah_3.decide,
    (TaskKind.KEPUTUSAN, Act.TANDAI): marking.mark,
    (TaskKind.KLARIFIKASI, Act.TANDAI): marking.mark,
    (TaskKind.CATAT, Act.TANDAI): marking.mark,
    (TaskKind.KLARIFIKASI, Act.TERUSKAN): langkah_2.forward,
    (TaskKind.PENYAMPAIAN, Act.TERUSKAN): langkah_2.forward,
    (TaskKind.KEPUTUSAN, Act.PERPANJANG): langkah_3.give_time,
    (TaskKind.KEPUTUSAN, Act.GABUNGKAN): other_ways.merge,
    (TaskKind.KEPUTUSAN, Act.KEMBALIKAN): langkah_2.send_back,
    (TaskKind.JAWABAN, Act.UNGGAH): signing.store_letter,
    (TaskKind.JAWABAN, Act.UNGGAH_PENGANTAR): signing.store_covering,
    (TaskKind.JAWABAN, Act.SUSUN_ULANG): signing.draft_anew,
    (TaskKind.JAWABAN, Act.AJUKAN): signing.submit,
    (TaskKind.JAWABAN, Act.PILIH_JAWABAN): answered.choose,
    (TaskKind.JAWABAN, Act.KEMBALIKAN): langkah_2.send_back,
    (TaskKind.TANDA_TANGAN, Act.TANDATANGANI): signing.sign,
    (TaskKind.TANDA_TANGAN, Act.KEMBALIKAN): langkah_2.send_back,
    (TaskKind.PENYAMPAIAN, Act.KIRIM_EMAIL): signing.send,
    (TaskKind.PENYAMPAIAN, Act.SAMPAIKAN): signing.hand_over,
    (TaskKind.PENGIRIMAN, Act.SAMPAIKAN): signing.hand_over,
    (TaskKind.PENYAMPAIAN, Act.KOREKSI): langkah_1.correct,
    (TaskKind.PENYAMPAIAN, Act.KEMBALIKAN): langkah_2.send_back,
    (TaskKind.PENGANTAR, Act.KIRIM_PENGANTAR): signing.send_covering,
    (TaskKind.PENGANTAR, Act.SAMPAIKAN_PENGANTAR): signing.hand_over_covering,
    (TaskKind.GABUNGAN, Act.LEPASKAN): other_ways.release,
    (TaskKind.GABUNGAN, Act.KOREKSI): langkah_1.correct,
    (TaskKind.GABUNGAN, Act.TANDAI): marking.mark,
    (TaskKind.GABUNGAN, Act.BUKAN_PENGADUAN): other_ways.void,
    (TaskKind.ARSIP, Act.BUKA_KEMBALI): reopening.reopen,
    (TaskKind.ARSIP, Act.KIRIM_ULANG): mending.send_again,
    (TaskKind.ARSIP, Act.SAMPAIKAN_ULANG): mending.hand_over_again,
    (TaskKind.ARSIP, Act.KIRIM_TEMBUSAN): copies.send_again,
    (TaskKind.ARSIP, Act.KOREKSI): langkah_1.correct,
}
MEETINGS = {
    Act.RAPAT: meetings.convene,
    Act.NOTULEN: meetings.minutes,
    Act.BATAL_RAPAT: meetings.call_off,
}
DO |= {
    (kind, one.name): MEETINGS[one.name]
    for kind, some in ACTIONS.items()
    for one in some
    if one.name in MEETINGS
}
