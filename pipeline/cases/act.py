"""What each action of the SOP does: one short transaction that changes the state, writes the event and puts the
mails that are due (DESIGN rule 3).

`act()` is the only door. It closes the task by a conditional update before anything else, so a second press changes
nothing. The table `DO` at the end names the function of every action.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from pipeline import ledger, notices, saved, store
from pipeline.cases import meetings, paperwork, slips, together
from pipeline.cases.chain import CITIZEN, SYSTEM, Actor, log
from pipeline.cases.core import AlreadyDone, Forbidden, Work, locked
from pipeline.cases.deed import Deed
from pipeline.cases.forms import Checked, File, Invalid
from pipeline.cases.letters import series_in
from pipeline.cases.record import add_documents, record_at_counter, split_off
from pipeline.cases.tasks import (
    ACCEPTED,
    FINAL_FORM,
    FRESH_DRAFT,
    close,
    close_rest,
    extend,
    fresh_links,
    helpers,
    holders,
    open_task,
    open_task_of,
    pause,
    resume,
)
from pipeline.config import Petugas
from pipeline.db import Complaint, Document, Event, Item, Task
from pipeline.letters.series import COVERING
from pipeline.mail import outbox
from pipeline.sop import (
    BESIDE,
    BINDING,
    HANDED_IN,
    MERGEABLE,
    OVER,
    TASK_OF,
    Channel,
    Decision,
    EventKind,
    Stage,
    TaskKind,
    next_stage,
)
from pipeline.words import word

PERSON_FIELDS = ("nama", "alamat", "telepon", "email")
# The mails of the next task wait for what a job makes.
AFTER = {
    (TaskKind.KEPUTUSAN, Stage.JAWABAN): FRESH_DRAFT,
    (TaskKind.JAWABAN, Stage.TANDA_TANGAN): FINAL_FORM,
}


def act(work: Work, task_id: int, person: Petugas, form: Checked) -> Complaint | None:
    """Carry out a checked form on a task. Returns the complaint (None where an item turned out to be none).

    AlreadyDone when the task was closed, or the same press came twice; Forbidden when the person may not act or the
    case does not allow it now; Invalid when a field does not fit the case.
    """
    task = work.session.get_one(Task, task_id, populate_existing=True)
    _lock_parent_too(work, task, form)
    complaint = locked(work, task.complaint_id) if task.complaint_id else None
    work.session.refresh(task)
    allowed = [*holders(work.settings, task), *(helpers(work.settings, task) if form.action.name in HANDED_IN else ())]
    mine = [p for p in allowed if p.kode == person.kode]
    if not mine:
        raise Forbidden(form.action.name)
    person = mine[0]  # in the form in which they hold the task: "Plh. Kepala Dinas"
    if task.closed_at is not None:
        raise AlreadyDone(task)
    if complaint is None:
        return _settle_item(work, task, person, form)
    _refuse_second_press(work, task, complaint, person, form)
    deed = Deed(work, task, complaint, person, form)
    if form.action.closes:
        resume(work, task)  # a limit that stood still is known again when the task ends
        close(work, task, person.kode, form.action.name)
    else:
        saved.drop(work.session, task.id, person.kode, form.action.name)
    DO[task.kind, form.action.name](deed)
    if form.action.closes and task.kind not in BESIDE:
        _move(deed, next_stage(task.kind, form.action.name, complaint.stage))
    if form.action.name in BINDING:
        notices.decision_receipt(work.session, work.settings, work.now, complaint, task, person)
    return complaint


def _lock_parent_too(work: Work, task: Task, form: Checked) -> None:
    """Two complaints that are merged into each other at once: both rows are locked in the order of their ids."""
    if form.action.name == "gabungkan" and task.complaint_id:
        parent = together.merge_parent(work, work.session.get_one(Complaint, task.complaint_id), form.text("nomor"))
        for complaint_id in sorted({task.complaint_id, parent.id} if parent else {task.complaint_id}):
            locked(work, complaint_id)


def _refuse_second_press(work: Work, task: Task, complaint: Complaint, person: Petugas, form: Checked) -> None:
    """A form whose action leaves the task open, pressed twice: the second shows the page's newest event as old."""
    if form.action.closes or not form.seen:
        return
    again = select(Event).where(
        Event.complaint_id == complaint.id,
        Event.task_id == task.id,
        Event.actor == person.kode,
        Event.seq > form.seen,
        Event.kind == KEEPING[form.action.name],
    )
    if work.session.scalars(again).first() is not None:
        raise AlreadyDone(task)


def _move(deed: Deed, stage: Stage) -> None:
    """Put the complaint in its next stage and open that stage's task, with the note of a return."""
    work, complaint = deed.work, deed.complaint
    if stage is complaint.stage:
        return
    if complaint.stage in together.WRITTEN and stage not in together.WRITTEN:
        together.recall(work, complaint)
    complaint.stage = stage
    onward = stage in (Stage.SELESAI, Stage.PENGIRIMAN)
    close_rest(work, complaint, "dilanjutkan", keep=(TaskKind.PENGANTAR,) if onward else ())
    if stage in OVER:
        _end(work, complaint, deed.actor)
    if stage in TASK_OF:
        note = deed.form.text("alasan") if deed.form.action.name in ("kembalikan", "buka_kembali") else ""
        after = AFTER.get((deed.task.kind, stage), "")
        open_task(work, complaint, TASK_OF[stage], note=note, after=after)
    if stage is Stage.PENYAMPAIAN and COVERING in series_in(work, complaint):
        open_task(work, complaint, TaskKind.PENGANTAR)
    together.order_copies(work, complaint)
    if stage is Stage.DIGABUNG:  # the parent's letter may wait for its signature already
        together.order_copies(work, work.session.get_one(Complaint, complaint.parent_id))


def _end(work: Work, complaint: Complaint, actor: Actor) -> None:
    complaint.closed_at = work.now
    complaint.paraf = actor.name or complaint.paraf


# ---- langkah 1 -----------------------------------------------------------------------------------------------


def _fill(deed: Deed, *names: str) -> dict[str, list[str]]:
    """Put form values into the complaint; what changed, as {field: [before, after]}."""
    changed = {}
    for name in names:
        before, after = str(getattr(deed.complaint, name)), deed.form.text(name)
        if before != after:
            changed[name] = [before, after]
            setattr(deed.complaint, name, after)
    secret = bool(deed.form.text("rahasia"))
    if secret is not deed.complaint.rahasia:
        changed["rahasia"] = [str(deed.complaint.rahasia), str(secret)]
        deed.complaint.rahasia = secret
    return changed


def _report(deed: Deed) -> None:
    changed = _fill(deed, "perihal", "ringkasan", "kategori", *PERSON_FIELDS)
    deed.log(EventKind.RECORDED, perubahan=changed)


def _merge(deed: Deed) -> None:
    parent = together.merge_parent(deed.work, deed.complaint, deed.form.text("nomor"))
    # Looked at again under its lock: it may have been signed, voided or merged meanwhile.
    if parent is None or locked(deed.work, parent.id).stage not in MERGEABLE:
        raise Invalid({"nomor": word("galat.induk")})
    deed.complaint.parent_id = parent.id
    deed.log(EventKind.MERGED, ke=parent.number)
    log(deed.work, parent, EventKind.MERGED, deed.actor, dari=deed.complaint.number)
    for child in deed.work.session.scalars(select(Complaint).where(Complaint.parent_id == deed.complaint.id)).all():
        child.parent_id = parent.id


def _split(deed: Deed) -> None:
    other = split_off(deed.work, deed.complaint, deed.form.text("perihal_lain"), deed.form.text("isi_lain"), deed.actor)
    deed.log(EventKind.SPLIT, ke=other.number)


def _void(deed: Deed) -> None:
    reason = deed.form.text("alasan")
    deed.complaint.keterangan = reason
    deed.log(EventKind.VOIDED, alasan=reason)
    notices.not_a_complaint(deed.work.session, deed.work.settings, deed.work.now, deed.complaint, reason)
    _free_children(deed)


def _free_children(deed: Deed) -> None:
    """No answer will come for complaints that wait for this one: each goes its own way again from langkah 1."""
    for child in together.waiting(deed.work, deed.complaint):
        reason = word("sistem.induk_batal", nomor=deed.complaint.number)
        child.parent_id, child.stage = None, Stage.PENERIMAAN
        log(deed.work, child, EventKind.REOPENED, deed.actor, teks=reason)
        open_task(deed.work, child, TaskKind.CATAT, note=reason)


def _settle_item(work: Work, task: Task, person: Petugas, form: Checked) -> Complaint | None:
    """A slip of a stack, or a held mail: taken in as it is, typed in as a complaint, or laid aside with a reason."""
    if task.kind is TaskKind.PINDAI:
        return slips.settle(work, task, person, form)
    item = work.session.get_one(Item, task.item_id)
    if form.action.name == ACCEPTED and not ledger.readable(item):
        raise Forbidden(form.action.name)
    close(work, task, person.kode, form.action.name)
    if form.action.name == ACCEPTED:
        ledger.accept(item)
        return None
    if form.action.name == "bukan_pengaduan":
        return None
    channel = Channel.KOTAK if item.source == "scan" else Channel.EMAIL
    complaint = record_at_counter(work, person, form, channel, item.id)
    if item.source == "mail":  # what the pengadu sent stays with the case, and their next reply finds it
        complaint.thread_id = outbox.bracketed(item.message_id)
        raw = File(f"kiriman-{item.id}.eml", "message/rfc822", store.get(work.session, item.sha256))
        add_documents(work, "lampiran", [raw], CITIZEN, complaint=complaint)
    for row in work.session.scalars(select(Document).where(Document.item_id == item.id)):
        row.complaint_id = complaint.id
    return complaint


# ---- langkah 2 -----------------------------------------------------------------------------------------------


def _ask_units(deed: Deed) -> None:
    question, people = deed.form.text("pertanyaan"), deed.form.choices["petugas"]
    asked = set((deed.complaint.unit or "").split(",")) - {""}
    for code in people:
        person = deed.work.settings.person(code)
        if person and person.unit:
            asked.add(person.unit)
        open_task(deed.work, deed.complaint, TaskKind.KETERANGAN, holder=code, note=question)
    deed.complaint.unit = ",".join(sorted(asked))
    deed.log(EventKind.UNIT_ASKED, kepada=list(people), teks=question)


def _answer(deed: Deed) -> None:
    answer = deed.form.text("jawaban")
    kept = deed.keep("keterangan")
    deed.log(EventKind.UNIT_ANSWERED, teks=answer, lampiran=kept)
    asking = open_task_of(deed.work, deed.complaint.id, TaskKind.KLARIFIKASI)
    if asking is not None:
        for person, link_id in fresh_links(deed.work, asking):
            notices.unit_answered(
                deed.work.session,
                deed.work.settings,
                deed.work.now,
                deed.complaint,
                asking,
                person,
                link_id,
                deed.person,
                answer,
            )


def _ask_citizen(deed: Deed) -> None:
    if not deed.complaint.email:
        raise Invalid({"pertanyaan": word("galat.tanpa_email")})
    question = deed.form.text("pertanyaan")
    pause(deed.work, deed.task)
    deed.log(EventKind.CITIZEN_ASKED, teks=question)
    notices.ask_citizen(deed.work.session, deed.work.settings, deed.work.now, deed.complaint, question)


def _report_to_head(deed: Deed) -> None:
    deed.complaint.hasil = deed.form.text("hasil")
    units = set((deed.complaint.unit or "").split(",")) - {""}
    deed.complaint.unit = ",".join(sorted(units | set(deed.form.choices.get("unit", ()))))
    deed.log(EventKind.REPORTED, teks=deed.complaint.hasil, unit=deed.complaint.unit)


def _return(deed: Deed) -> None:
    deed.log(EventKind.RETURNED, teks=deed.form.text("alasan"), dari=str(deed.task.kind))


# ---- langkah 3 -----------------------------------------------------------------------------------------------


def _mark(deed: Deed) -> None:
    """How urgent a case is, and whether other units may know who complains."""
    c, form = deed.complaint, deed.form
    c.prioritas, c.rahasia = form.text("prioritas"), bool(form.text("rahasia"))
    c.lampiran_terbuka = bool(form.text("lampiran_terbuka"))
    deed.log(EventKind.MARKED, prioritas=c.prioritas, rahasia=c.rahasia, lampiran=c.lampiran_terbuka)


def _forward(deed: Deed) -> None:
    """To another agency, for their information and action; the case goes on here until it is answered."""
    form = deed.form
    mail = notices.forwarded(
        deed.work.session,
        deed.work.settings,
        deed.work.now,
        deed.complaint,
        form.text("alamat_instansi"),
        form.text("instansi"),
        form.text("pengantar"),
    )
    deed.log(EventKind.FORWARDED, instansi=form.text("instansi"), teks=form.text("pengantar"), surat=mail.message_id)


def _extend(deed: Deed) -> None:
    until = datetime.fromisoformat(deed.form.text("sampai"))
    extend(deed.work, deed.task, deed.complaint, deed.person, until, deed.form.text("alasan"))


def extend_for(work: Work, task: Task, head: Petugas, form: Checked) -> None:
    """The Kepala Dinas extends the limit of somebody else's task."""
    complaint = locked(work, task.complaint_id or 0)
    work.session.refresh(task)
    extend(work, task, complaint, head, datetime.fromisoformat(form.text("sampai")), form.text("alasan"))


def _decide(deed: Deed) -> None:
    complaint, form = deed.complaint, deed.form
    complaint.decision = Decision(form.text("keputusan"))
    complaint.perintah = form.text("perintah")
    complaint.instansi = form.text("instansi") if complaint.decision is Decision.BUKAN_WEWENANG else ""
    deed.log(
        EventKind.DECIDED,
        keputusan=str(complaint.decision),
        teks=complaint.perintah,
        instansi=complaint.instansi,
    )


# ---- langkah 5 -----------------------------------------------------------------------------------------------


def _correct(deed: Deed) -> None:
    changed = _fill(deed, *PERSON_FIELDS)
    deed.log(EventKind.CORRECTED, perubahan=changed, alasan=deed.form.text("alasan"))


# ---- after the end -------------------------------------------------------------------------------------------


def _reopen(deed: Deed) -> None:
    deed.log(EventKind.REOPENED, teks=deed.form.text("alasan"))
    _unclose(deed.complaint)
    # A new round: the next letter bears its own number and date.
    deed.complaint.letter_number, deed.complaint.letter_date, deed.complaint.decision = "", None, None
    deed.complaint.covering_number = ""
    deed.complaint.keterangan = ""


def _unclose(complaint: Complaint) -> None:
    complaint.closed_at = complaint.delivered_at = None
    complaint.delivery = ""


def reopen_after_bounce(work: Work, complaint: Complaint, reason: str) -> None:
    """The letter came back after it was accepted: langkah 5 again, under the same number."""
    close_rest(work, complaint, "dibuka kembali", keep=(TaskKind.PENGANTAR,))
    log(work, complaint, EventKind.REOPENED, SYSTEM, teks=reason)
    _unclose(complaint)
    complaint.stage = Stage.PENYAMPAIAN
    open_task(work, complaint, TaskKind.PENYAMPAIAN, note=reason)


def duplicate_of(work: Work, complaint: Complaint) -> list[Complaint]:
    """Earlier complaints of the same address, newest first: shown, never joined by themselves."""
    if not complaint.email:
        return []
    query = select(Complaint).where(Complaint.email == complaint.email, Complaint.id < complaint.id)
    return list(work.session.scalars(query.order_by(Complaint.id.desc()).limit(5)))


KEEPING = {
    "pisahkan": EventKind.SPLIT,
    "tanya_unit": EventKind.UNIT_ASKED,
    "tanya_pengadu": EventKind.CITIZEN_ASKED,
    "rapat": EventKind.MEETING_SET,
    "notulen": EventKind.MINUTES_ADDED,
    "perpanjang": EventKind.EXTENDED,
    "batal_rapat": EventKind.MEETING_CANCELLED,
    "tandai": EventKind.MARKED,
    "teruskan": EventKind.FORWARDED,
    "unggah": EventKind.LETTER_STORED,
    "unggah_pengantar": EventKind.LETTER_STORED,
    "koreksi": EventKind.CORRECTED,
}

DO: dict[tuple[TaskKind, str], Callable[[Deed], None]] = {
    (TaskKind.CATAT, "laporkan"): _report,
    (TaskKind.CATAT, "gabungkan"): _merge,
    (TaskKind.CATAT, "pisahkan"): _split,
    (TaskKind.CATAT, "bukan_pengaduan"): _void,
    (TaskKind.KLARIFIKASI, "laporkan_kepala"): _report_to_head,
    (TaskKind.KLARIFIKASI, "tanya_unit"): _ask_units,
    (TaskKind.KLARIFIKASI, "tanya_pengadu"): _ask_citizen,
    (TaskKind.KLARIFIKASI, "kembalikan"): _return,
    (TaskKind.KETERANGAN, "jawab"): _answer,
    (TaskKind.KEPUTUSAN, "putuskan"): _decide,
    (TaskKind.KEPUTUSAN, "rapat"): meetings.convene,
    (TaskKind.KEPUTUSAN, "notulen"): meetings.minutes,
    (TaskKind.KEPUTUSAN, "batal_rapat"): meetings.call_off,
    (TaskKind.KEPUTUSAN, "tandai"): _mark,
    (TaskKind.KLARIFIKASI, "tandai"): _mark,
    (TaskKind.CATAT, "tandai"): _mark,
    (TaskKind.KLARIFIKASI, "teruskan"): _forward,
    (TaskKind.PENYAMPAIAN, "teruskan"): _forward,
    (TaskKind.KEPUTUSAN, "perpanjang"): _extend,
    (TaskKind.KEPUTUSAN, "kembalikan"): _return,
    (TaskKind.JAWABAN, "unggah"): paperwork.store_letter,
    (TaskKind.JAWABAN, "unggah_pengantar"): paperwork.store_covering,
    (TaskKind.JAWABAN, "ajukan"): paperwork.submit,
    (TaskKind.JAWABAN, "kembalikan"): _return,
    (TaskKind.TANDA_TANGAN, "tandatangani"): paperwork.sign,
    (TaskKind.TANDA_TANGAN, "kembalikan"): _return,
    (TaskKind.PENYAMPAIAN, "kirim_email"): paperwork.send,
    (TaskKind.PENYAMPAIAN, "sampaikan"): paperwork.hand_over,
    (TaskKind.PENYAMPAIAN, "koreksi"): _correct,
    (TaskKind.PENYAMPAIAN, "kembalikan"): _return,
    (TaskKind.PENGANTAR, "kirim_pengantar"): paperwork.send_covering,
    (TaskKind.PENGANTAR, "sampaikan_pengantar"): paperwork.hand_over_covering,
    (TaskKind.ARSIP, "buka_kembali"): _reopen,
    (TaskKind.ARSIP, "koreksi"): _correct,
}
