"""What each action of the SOP does: one short transaction that changes the state, writes the event and puts the
mails that are due (DESIGN rule 3).

`act()` is the only door. It closes the task by a conditional update before anything else, so a second press changes
nothing. The table `DO` at the end names the function of every action.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from pipeline.access import unsent
from pipeline.casefile import privacy
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
from pipeline.office.config import Petugas
from pipeline.office.sop import (
    ACTIONS,
    ANYTIME,
    BESIDE,
    BINDING,
    HANDED_IN,
    OVER,
    EventKind,
    Stage,
    TaskKind,
    next_stage,
)
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
    if form.action.name == "gabungkan":
        parent = merging.merge_parent(work, complaint, form.text("nomor"))
        return {parent.id} if parent else set()
    if form.action.name == "gabungkan_semua":
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
    "pisahkan": EventKind.SPLIT,
    "gabungkan_semua": EventKind.MERGED,
    "tanya_unit": EventKind.UNIT_ASKED,
    "tarik_pertanyaan": EventKind.UNIT_WITHDRAWN,
    "kirim_ulang": EventKind.SENT_AGAIN,
    "sampaikan_ulang": EventKind.SENT_AGAIN,
    "tanya_pengadu": EventKind.CITIZEN_ASKED,
    "rapat": EventKind.MEETING_SET,
    "notulen": EventKind.MINUTES_ADDED,
    "perpanjang": EventKind.EXTENDED,
    "batal_rapat": EventKind.MEETING_CANCELLED,
    "tandai": EventKind.MARKED,
    "teruskan": EventKind.FORWARDED,
    "kirim_tembusan": EventKind.COPY_SENT,
    "pilih_jawaban": EventKind.ANSWERS_CHOSEN,
    "unggah": EventKind.LETTER_STORED,
    "susun_ulang": EventKind.POINTS_SET,
    "unggah_pengantar": EventKind.LETTER_STORED,
    "koreksi": EventKind.CORRECTED,
}

DO: dict[tuple[TaskKind, str], Callable[[Deed], None]] = {
    (TaskKind.CATAT, "laporkan"): langkah_1.report,
    (TaskKind.CATAT, "gabungkan"): other_ways.merge,
    (TaskKind.CATAT, "gabungkan_semua"): other_ways.merge_wave,
    (TaskKind.CATAT, "pisahkan"): other_ways.split,
    (TaskKind.CATAT, "bukan_pengaduan"): other_ways.void,
    (TaskKind.KLARIFIKASI, "laporkan_kepala"): langkah_2.report_to_head,
    (TaskKind.KLARIFIKASI, "tanya_unit"): langkah_2.ask_units,
    (TaskKind.KLARIFIKASI, "gabungkan"): other_ways.merge,
    (TaskKind.KLARIFIKASI, "pilih_jawaban"): answered.choose,
    (TaskKind.KLARIFIKASI, "tanya_pengadu"): asking.ask,
    (TaskKind.TANYA, "catat_jawaban"): asking.answered,
    (TaskKind.PENCABUTAN, "cabut"): withdrawal.withdraw,
    (TaskKind.PENCABUTAN, "tidak_dicabut"): withdrawal.kept_up,
    (TaskKind.MACET, "ulangi"): stuck.again,
    (TaskKind.KLARIFIKASI, "kembalikan"): langkah_2.send_back,
    (TaskKind.KLARIFIKASI, "tarik_pertanyaan"): mending.withdraw,
    (TaskKind.KETERANGAN, "jawab"): langkah_2.answer,
    (TaskKind.KETERANGAN, "bukan_bidang"): mending.decline,
    (TaskKind.KEPUTUSAN, "putuskan"): langkah_3.decide,
    (TaskKind.KEPUTUSAN, "tandai"): marking.mark,
    (TaskKind.KLARIFIKASI, "tandai"): marking.mark,
    (TaskKind.CATAT, "tandai"): marking.mark,
    (TaskKind.KLARIFIKASI, "teruskan"): langkah_2.forward,
    (TaskKind.PENYAMPAIAN, "teruskan"): langkah_2.forward,
    (TaskKind.KEPUTUSAN, "perpanjang"): langkah_3.give_time,
    (TaskKind.KEPUTUSAN, "gabungkan"): other_ways.merge,
    (TaskKind.KEPUTUSAN, "kembalikan"): langkah_2.send_back,
    (TaskKind.JAWABAN, "unggah"): signing.store_letter,
    (TaskKind.JAWABAN, "unggah_pengantar"): signing.store_covering,
    (TaskKind.JAWABAN, "susun_ulang"): signing.draft_anew,
    (TaskKind.JAWABAN, "ajukan"): signing.submit,
    (TaskKind.JAWABAN, "pilih_jawaban"): answered.choose,
    (TaskKind.JAWABAN, "kembalikan"): langkah_2.send_back,
    (TaskKind.TANDA_TANGAN, "tandatangani"): signing.sign,
    (TaskKind.TANDA_TANGAN, "kembalikan"): langkah_2.send_back,
    (TaskKind.PENYAMPAIAN, "kirim_email"): signing.send,
    (TaskKind.PENYAMPAIAN, "sampaikan"): signing.hand_over,
    (TaskKind.PENGIRIMAN, "sampaikan"): signing.hand_over,
    (TaskKind.PENYAMPAIAN, "koreksi"): langkah_1.correct,
    (TaskKind.PENYAMPAIAN, "kembalikan"): langkah_2.send_back,
    (TaskKind.PENGANTAR, "kirim_pengantar"): signing.send_covering,
    (TaskKind.PENGANTAR, "sampaikan_pengantar"): signing.hand_over_covering,
    (TaskKind.GABUNGAN, "lepaskan"): other_ways.release,
    (TaskKind.GABUNGAN, "koreksi"): langkah_1.correct,
    (TaskKind.GABUNGAN, "tandai"): marking.mark,
    (TaskKind.GABUNGAN, "bukan_pengaduan"): other_ways.void,
    (TaskKind.ARSIP, "buka_kembali"): reopening.reopen,
    (TaskKind.ARSIP, "kirim_ulang"): mending.send_again,
    (TaskKind.ARSIP, "sampaikan_ulang"): mending.hand_over_again,
    (TaskKind.ARSIP, "kirim_tembusan"): copies.send_again,
    (TaskKind.ARSIP, "koreksi"): langkah_1.correct,
}
MEETINGS = {
    "rapat": meetings.convene,
    "notulen": meetings.minutes,
    "batal_rapat": meetings.call_off,
}
DO |= {
    (kind, one.name): MEETINGS[one.name]
    for kind, some in ACTIONS.items()
    for one in some
    if one.name in MEETINGS
}
