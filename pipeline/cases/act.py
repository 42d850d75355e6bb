"""What each action of the SOP does: one short transaction that changes the state, writes the event and puts the
mails that are due (DESIGN rule 3).

`act()` is the only door. It closes the task by a conditional update before anything else, so a second press changes
nothing. The table `DO` at the end names the function of every action.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select

from pipeline.access import unsent
from pipeline.casefile import history, privacy, reported
from pipeline.casefile.decided import outdated
from pipeline.casefile.holders import helpers, holders, mergers, post_of
from pipeline.cases import (
    answered,
    asking,
    copies,
    decisions,
    late_answers,
    meetings,
    mending,
    merging,
    routes,
    signing,
    slip_undo,
    slips,
    stuck,
    takeback,
    unit_answers,
    unseen,
    withdrawal,
)
from pipeline.cases.chain import CITIZEN, SYSTEM, Actor, log
from pipeline.cases.core import AlreadyDone, Forbidden, keep_secret, locked
from pipeline.cases.deed import Deed
from pipeline.cases.input import Checked, File, Invalid
from pipeline.cases.letters import series_in
from pipeline.cases.record import add_documents, documents, record_at_counter, split_off
from pipeline.cases.tasks import (
    ACCEPTED,
    FINAL_FORM,
    FRESH_DRAFT,
    carry_reported,
    close,
    close_rest,
    extend,
    hurry,
    open_task,
    pass_by,
    pause_langkah,
    resume,
    tell_holders,
)
from pipeline.data import ledger, store
from pipeline.data.tables import Complaint, Document, Event, Item, Task
from pipeline.letters.series import COVERING
from pipeline.mail import outbox
from pipeline.notices import citizen, news, outside, turns
from pipeline.office.config import Petugas
from pipeline.office.sop import (
    ACTIONS,
    ANYTIME,
    BESIDE,
    BINDING,
    HANDED_IN,
    MARK_AND_RELEASE,
    MERGEABLE,
    NO_UNIT,
    OVER,
    TASK_OF,
    UNDECIDED,
    Channel,
    Decision,
    EventKind,
    Stage,
    TaskKind,
    next_stage,
)
from pipeline.office.traces import traces_of
from pipeline.office.words import word
from pipeline.work import Work

WITH_NOTE = ("kembalikan", "buka_kembali", "lepaskan")  # the reason goes with the next task
PERSON_FIELDS = ("nama", "alamat", "telepon", "email")
# The mails of the next task wait for what a job makes.
AFTER = {
    (TaskKind.KEPUTUSAN, Stage.JAWABAN): FRESH_DRAFT,
    (TaskKind.JAWABAN, Stage.TANDA_TANGAN): FINAL_FORM,
}


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
    allowed = [*holders(work.settings, task)]
    allowed += helpers(work.settings, task) if form.action.name in HANDED_IN else ()
    allowed += mergers(work.settings, task, complaint) if form.action.name in ANYTIME else ()
    mine = [p for p in allowed if p.kode == person.kode]
    if not mine:
        raise Forbidden(form.action.name)
    person = mine[0]  # in the form in which they hold the task: "Plh. Kepala Dinas"
    if form.action.name == slip_undo.UNDO:  # the last slip of a stack has closed its task
        slip_undo.undo(work, task, person, form)
        return None
    late = late_answers.is_welcome(task)
    if task.closed_at is not None and not late:
        raise AlreadyDone(task)
    if complaint is None:
        return _settle_item(work, task, person, form)
    _refuse_second_press(work, task, complaint, person, form)
    unseen.check(work, task, person, form)
    _warn_of_the_person(complaint, form)
    deed = Deed(work, task, complaint, person, form, late)
    before = takeback.begin(work, complaint, form.action.name)
    if late:
        late_answers.take(work, task, person.kode)
    elif form.action.closes:
        resume(work, task)  # a limit that stood still is known again when the task ends
        close(work, task, person.kode, form.action.name)
    else:
        unsent.drop(work.session, task.id, person.kode, form.action.name)
    DO[task.kind, form.action.name](deed)
    if form.action.closes and (task.kind not in BESIDE or form.action.leads_to is not None):
        _move(deed, next_stage(task.kind, form.action.name, complaint.stage))
    if form.action.name in BINDING:
        news.decision_receipt(work, complaint, task, person)
    if before is not None:
        takeback.finish(work, task, person, form.action.name, before, _typed(form))
    return complaint


def _typed(form: Checked) -> dict[str, list[str]]:
    """What was typed and ticked, as the page may show it again; files are chosen anew."""
    return {name: [text] for name, text in form.values.items()} | {
        n: [*many] for n, many in form.choices.items()
    }


def _lock_parent_too(work: Work, task: Task, form: Checked) -> None:
    """Two complaints that are merged into each other at once: both rows are locked in the order of their ids."""
    if task.complaint_id is None:
        return
    complaint = work.session.get_one(Complaint, task.complaint_id)
    both = {task.complaint_id}
    if form.action.name == "gabungkan" and (
        parent := merging.merge_parent(work, complaint, form.text("nomor"))
    ):
        both.add(parent.id)
    if form.action.name == "gabungkan_semua":
        both |= {
            child.id
            for child in merging.of_wave(work, complaint, form.choices.get("gelombang", ()))
        }
    if complaint.stage is Stage.DIGABUNG and complaint.parent_id:
        both.add(complaint.parent_id)
    for complaint_id in sorted(both) if len(both) > 1 else ():
        locked(work, complaint_id)


def _refuse_second_press(
    work: Work, task: Task, complaint: Complaint, person: Petugas, form: Checked
) -> None:
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


def _move(deed: Deed, stage: Stage) -> None:
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


# ---- langkah 1 -----------------------------------------------------------------------------------------------


def _fill(deed: Deed, *names: str) -> dict[str, list[str]]:
    """Put form values into the complaint; what changed, as {field: [before, after]}."""
    changed = {}
    for name in names:
        before, after = str(getattr(deed.complaint, name)), deed.form.text(name)
        if before != after:
            changed[name] = [before, after]
            setattr(deed.complaint, name, after)
    secret = deed.form.keeps("rahasia", deed.complaint.rahasia)
    if secret is not deed.complaint.rahasia:
        changed["rahasia"] = [str(deed.complaint.rahasia), str(secret)]
        _set_secret(deed.complaint, secret)
    return changed


def _set_secret(complaint: Complaint, secret: bool) -> None:
    if secret:
        keep_secret(complaint)
    else:
        complaint.rahasia = False


def _report(deed: Deed) -> None:
    if named := deed.form.choices.get("terlapor", ()):
        deed.complaint.terlapor = reported.joined(named)
        pass_by(deed.work, deed.complaint)
    changed = _fill(
        deed, "perihal", "ringkasan", "klasifikasi", "kategori", "lokasi_kejadian", *PERSON_FIELDS
    )
    deed.complaint.lengkap_at = deed.work.now
    if deed.work.settings.closes(deed.complaint.klasifikasi):
        keep_secret(deed.complaint)
    deed.log(EventKind.RECORDED, perubahan=changed)
    work, complaint = deed.work, deed.complaint
    (_event, begun), *_ = history.entries(work.session, complaint, EventKind.RECEIVED)
    first = len(history.entries(work.session, complaint, EventKind.RECORDED)) == 1
    if first and begun.get("belum_dijawab"):  # the JFU has looked at who complains
        citizen.acknowledge(work, [complaint])
    else:
        _receipt_again(deed, changed)
    routes.follow(work, complaint, deed.actor, deed.task.id)


def _receipt_again(deed: Deed, changed: Mapping[str, list[str]]) -> None:
    """The receipt went nowhere, or to somebody else, before the address was mended."""
    before, after = (address.lower() for address in changed.get("email", ("", "")))
    if after and before != after and deed.complaint.stage not in OVER:
        citizen.acknowledge(deed.work, [deed.complaint])


def _merge(deed: Deed) -> None:
    parent = merging.merge_parent(deed.work, deed.complaint, deed.form.text("nomor"))
    # Looked at again under its lock: it may have been signed, voided or merged meanwhile.
    if parent is None or locked(deed.work, parent.id).stage not in MERGEABLE:
        raise Invalid({"nomor": word("galat.induk")})
    if deed.person.kode in reported.codes(
        parent
    ):  # of a complaint about them they know nothing, not that it is there
        raise Invalid({"nomor": word("galat.induk")})
    if reported.official(deed.work.settings, deed.complaint):  # who could decide their own matter
        raise Invalid({"nomor": word("galat.induk_petugas")})
    if outdated(deed.work.session, deed.complaint):  # who was answered with it would be forgotten
        raise Invalid({"nomor": word("galat.jawaban_lama")})
    deed.complaint.parent_id = parent.id
    carry_reported(deed.work, deed.complaint, parent)
    deed.log(EventKind.MERGED, ke=parent.number)
    log(deed.work, parent, EventKind.MERGED, deed.actor, dari=deed.complaint.number)
    merging.bring_along(deed.work, deed.complaint, parent, deed.actor)


def _merge_all(deed: Deed) -> None:
    """The complaints of a wave wait for the answer to this one; each pengadu gets a letter of their own."""
    work, parent = deed.work, deed.complaint
    chosen = merging.of_wave(work, parent, deed.form.choices.get("gelombang", ()))
    if not chosen:
        raise Invalid({"gelombang": word("galat.kosong.pilih")})
    for child in (locked(work, one.id) for one in chosen):
        child.parent_id = parent.id
        carry_reported(work, child, parent)
        log(work, child, EventKind.MERGED, deed.actor, ke=parent.number)
        deed.log(EventKind.MERGED, dari=child.number)
        merging.bring_along(work, child, parent, deed.actor)
        merging.join(work, child)


def _split(deed: Deed) -> None:
    """A second complaint out of the first, with those of its attachments that the clerk has ticked."""
    ticked = deed.form.choices.get("lampiran_ikut", ())
    rows = [
        row for row in documents(deed.work, deed.complaint, "lampiran") if str(row.id) in ticked
    ]
    contents = store.get_all(deed.work.session, [row.sha256 for row in rows])
    files = [File(row.name, row.mime, contents[row.sha256]) for row in rows]
    about = deed.form.text("perihal_lain"), deed.form.text("isi_lain")
    other = split_off(deed.work, deed.complaint, *about, files, deed.actor)
    _note(deed.complaint, word("buku.dipisah_ke", nomor=other.number))
    _note(other, word("buku.dipisah_dari", nomor=deed.complaint.number))
    deed.log(EventKind.SPLIT, ke=other.number, lampiran=[row.id for row in rows])


def _note(complaint: Complaint, text: str) -> None:
    """One more note in the row of the Buku Pengaduan."""
    complaint.keterangan = "; ".join(filter(None, (complaint.keterangan, text)))


def _release(deed: Deed) -> None:
    """A merged complaint goes its own way again."""
    merging.leave(deed.work, deed.complaint, deed.actor, deed.form.text("alasan"))


def _void(deed: Deed) -> None:
    reason = deed.form.text("alasan")
    merging.leave(deed.work, deed.complaint, deed.actor, reason)
    _note(deed.complaint, reason)
    deed.log(EventKind.VOIDED, alasan=reason)
    citizen.not_a_complaint(deed.work, deed.complaint, reason)
    meetings.fall(deed.work, deed.complaint, word("sistem.bukan_pengaduan"), deed.actor)
    _free_children(deed)


def _free_children(deed: Deed) -> None:
    """No answer will come for complaints that wait for this one: each goes its own way again from langkah 1."""
    for child in merging.waiting(deed.work, deed.complaint):
        merging.free(deed.work, child, deed.complaint, deed.actor)


def _settle_item(work: Work, task: Task, person: Petugas, form: Checked) -> Complaint | None:
    """A slip of a stack, or a held mail: taken in as it is, typed in as a complaint, or laid aside with a reason."""
    if task.kind is TaskKind.PINDAI:
        return slips.settle(work, task, person, form)
    item = work.session.get_one(Item, task.item_id, with_for_update=True)
    if (
        item.state == "done"
    ):  # it could be read after all, and nobody closed the task: not a second time
        close(work, task, SYSTEM.code, "terbaca")
        return None
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
    if (
        item.source == "mail"
    ):  # what the pengadu sent stays with the case, and their next reply finds it
        complaint.thread_id = outbox.bracketed(item.message_id)
        raw = File(f"kiriman-{item.id}.eml", "message/rfc822", store.get(work.session, item.sha256))
        add_documents(work, "lampiran", [raw], CITIZEN, complaint=complaint)
    for row in work.session.scalars(select(Document).where(Document.item_id == item.id)):
        row.complaint_id = complaint.id
    return complaint


# ---- langkah 2 -----------------------------------------------------------------------------------------------


def _ask_units(deed: Deed) -> None:
    question, people = deed.form.text("pertanyaan"), deed.form.choices["petugas"]
    asked = set((deed.complaint.unit or "").split(",")) - {"", NO_UNIT}
    if reported.codes(deed.complaint).intersection(people):
        raise Invalid({"petugas": word("galat.terlapor")})
    posts = [post_of(deed.work.settings, code) for code in people]
    deed.log(  # first: the mails say who asks
        EventKind.UNIT_ASKED, kepada=list(people), jabatan=posts, teks=question
    )
    for code in people:
        person = deed.work.settings.person(code)
        if person and person.unit:
            asked.add(person.unit)
        _ask_unit(deed, code, question)
    if deed.task.paused_at is not None:  # the pengadu is being asked, too
        pause_langkah(deed.work, deed.task)
    deed.complaint.unit = ",".join(sorted(asked))


def _ask_unit(deed: Deed, code: str, question: str) -> None:
    """Somebody who has not answered yet gets the further question in the same task: they answer once."""
    open_ones = select(Task).where(
        Task.complaint_id == deed.complaint.id,
        Task.kind == TaskKind.KETERANGAN,
        Task.holder == code,
        Task.closed_at.is_(None),
    )
    asked = deed.work.session.scalars(open_ones.limit(1)).first()
    if asked is None:
        open_task(deed.work, deed.complaint, TaskKind.KETERANGAN, holder=code, note=question)
        return
    asked.note = f"{asked.note}\n\n{question}"
    tell_holders(deed.work, deed.complaint, asked)


def _answer(deed: Deed) -> None:
    answer = deed.form.text("jawaban")
    kept = deed.keep("keterangan")
    late = {"susulan": True} if deed.late else {}
    deed.log(EventKind.UNIT_ANSWERED, teks=answer, lampiran=kept, **late)
    unit_answers.tell(deed, answer)


def _report_to_head(deed: Deed) -> None:
    deed.complaint.hasil = deed.form.text("hasil")
    deed.complaint.lengkap_at = (
        deed.complaint.lengkap_at or deed.work.now
    )  # enough is known, whoever told it
    deed.complaint.unit = _concerned(deed.complaint, set(deed.form.choices["unit"]))
    deed.log(EventKind.REPORTED, teks=deed.complaint.hasil, unit=deed.complaint.unit)


def _concerned(complaint: Complaint, said: set[str]) -> str:
    """The units terkait as the Sekretaris says, beside those that were asked; that there is none only as said."""
    if said == {NO_UNIT}:
        return NO_UNIT
    return ",".join(sorted({*said, *complaint.unit.split(",")} - {"", NO_UNIT}))


def _return(deed: Deed) -> None:
    deed.log(EventKind.RETURNED, teks=deed.form.text("alasan"), dari=str(deed.task.kind))


# ---- langkah 3 -----------------------------------------------------------------------------------------------


def _mark(deed: Deed) -> None:
    """How urgent a case is, and whether other units may know who complains."""
    c, form = deed.complaint, deed.form
    before_it = c.prioritas
    c.prioritas = form.text("prioritas")
    _set_secret(c, form.keeps("rahasia", c.rahasia))
    released = _open_to_units(deed) if form.action is MARK_AND_RELEASE else {}
    before, c.terlapor = c.terlapor, reported.joined(form.choices.get("terlapor", ()))
    deed.log(
        EventKind.MARKED, prioritas=c.prioritas, rahasia=c.rahasia, terlapor=c.terlapor, **released
    )
    if c.prioritas != before_it:
        hurry(deed.work, c)
    if c.terlapor != before:
        deed.work.session.flush()
        pass_by(deed.work, c)
        _tell_parent_whom(deed)


def _tell_parent_whom(deed: Deed) -> None:
    """A merged complaint is about somebody, as is seen now: so is the one whose answer it waits for."""
    c = deed.complaint
    if c.stage is not Stage.DIGABUNG or c.parent_id is None:
        return
    parent = locked(deed.work, c.parent_id)
    before = parent.terlapor
    carry_reported(deed.work, c, parent)
    if parent.terlapor != before:
        log(
            deed.work,
            parent,
            EventKind.MARKED,
            deed.actor,
            prioritas=parent.prioritas,
            rahasia=parent.rahasia,
            terlapor=parent.terlapor,
        )


def _open_to_units(deed: Deed) -> dict[str, object]:
    """What other units may read and see: the words, all files, or those that were chosen. What the event says of it."""
    c, form = deed.complaint, deed.form
    c.lampiran_terbuka, c.teks_terbuka = (
        bool(form.text("lampiran_terbuka")),
        bool(form.text("teks_terbuka")),
    )
    chosen = set(form.choices.get("dibuka", ()))
    files = [d for d in documents(deed.work, c, *privacy.FROM_OUTSIDE) if str(d.id) in chosen]
    c.dibuka = privacy.joined(d.id for d in files)
    names = [d.name for d in files]
    return {
        "lampiran": c.lampiran_terbuka,
        "isi": c.teks_terbuka,
        "dibuka": [d.id for d in files],
        "berkas": names,
    }


def _forward(deed: Deed) -> None:
    """To another agency, for their information and action; the case goes on here until it is answered."""
    form = deed.form
    mail = outside.forwarded(
        deed.work,
        deed.complaint,
        form.text("alamat_instansi"),
        form.text("instansi"),
        form.text("pengantar"),
    )
    deed.log(
        EventKind.FORWARDED,
        instansi=form.text("instansi"),
        teks=form.text("pengantar"),
        surat=mail.message_id,
    )


def _extend(deed: Deed) -> None:
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


def _decide(deed: Deed) -> None:
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
    )


# ---- langkah 5 -----------------------------------------------------------------------------------------------


def _correct(deed: Deed) -> None:
    changed = _fill(deed, *PERSON_FIELDS, "surat_pengirim")
    deed.log(EventKind.CORRECTED, perubahan=changed, alasan=deed.form.text("alasan"))
    _receipt_again(deed, changed)


# ---- after the end -------------------------------------------------------------------------------------------


def _reopen(deed: Deed) -> None:
    deed.log(EventKind.REOPENED, teks=deed.form.text("alasan"))
    merging.withdraw(deed.work, deed.complaint)  # with its letter and delivery, as they were
    decisions.new_round(deed.complaint)
    for _event, voided in history.entries(deed.work.session, deed.complaint, EventKind.VOIDED)[-1:]:
        note = deed.complaint.keterangan.removesuffix(voided.get("alasan", ""))
        deed.complaint.keterangan = note.removesuffix("; ")
    turns.reopened(deed.work, deed.complaint)


def reopen_after_bounce(work: Work, complaint: Complaint, reason: str) -> None:
    """The letter came back after it was accepted: langkah 5 again, under the same number."""
    close_rest(work, complaint, "dibuka kembali", keep=(TaskKind.PENGANTAR,))
    log(work, complaint, EventKind.REOPENED, SYSTEM, teks=reason)
    decisions.unclose(complaint)
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
    (TaskKind.CATAT, "laporkan"): _report,
    (TaskKind.CATAT, "gabungkan"): _merge,
    (TaskKind.CATAT, "gabungkan_semua"): _merge_all,
    (TaskKind.CATAT, "pisahkan"): _split,
    (TaskKind.CATAT, "bukan_pengaduan"): _void,
    (TaskKind.KLARIFIKASI, "laporkan_kepala"): _report_to_head,
    (TaskKind.KLARIFIKASI, "tanya_unit"): _ask_units,
    (TaskKind.KLARIFIKASI, "gabungkan"): _merge,
    (TaskKind.KLARIFIKASI, "pilih_jawaban"): answered.choose,
    (TaskKind.KLARIFIKASI, "tanya_pengadu"): asking.ask,
    (TaskKind.TANYA, "catat_jawaban"): asking.answered,
    (TaskKind.PENCABUTAN, "cabut"): withdrawal.withdraw,
    (TaskKind.PENCABUTAN, "tidak_dicabut"): withdrawal.kept_up,
    (TaskKind.MACET, "ulangi"): stuck.again,
    (TaskKind.KLARIFIKASI, "kembalikan"): _return,
    (TaskKind.KLARIFIKASI, "tarik_pertanyaan"): mending.withdraw,
    (TaskKind.KETERANGAN, "jawab"): _answer,
    (TaskKind.KETERANGAN, "bukan_bidang"): mending.decline,
    (TaskKind.KEPUTUSAN, "putuskan"): _decide,
    (TaskKind.KEPUTUSAN, "tandai"): _mark,
    (TaskKind.KLARIFIKASI, "tandai"): _mark,
    (TaskKind.CATAT, "tandai"): _mark,
    (TaskKind.KLARIFIKASI, "teruskan"): _forward,
    (TaskKind.PENYAMPAIAN, "teruskan"): _forward,
    (TaskKind.KEPUTUSAN, "perpanjang"): _extend,
    (TaskKind.KEPUTUSAN, "gabungkan"): _merge,
    (TaskKind.KEPUTUSAN, "kembalikan"): _return,
    (TaskKind.JAWABAN, "unggah"): signing.store_letter,
    (TaskKind.JAWABAN, "unggah_pengantar"): signing.store_covering,
    (TaskKind.JAWABAN, "susun_ulang"): signing.draft_anew,
    (TaskKind.JAWABAN, "ajukan"): signing.submit,
    (TaskKind.JAWABAN, "pilih_jawaban"): answered.choose,
    (TaskKind.JAWABAN, "kembalikan"): _return,
    (TaskKind.TANDA_TANGAN, "tandatangani"): signing.sign,
    (TaskKind.TANDA_TANGAN, "kembalikan"): _return,
    (TaskKind.PENYAMPAIAN, "kirim_email"): signing.send,
    (TaskKind.PENYAMPAIAN, "sampaikan"): signing.hand_over,
    (TaskKind.PENGIRIMAN, "sampaikan"): signing.hand_over,
    (TaskKind.PENYAMPAIAN, "koreksi"): _correct,
    (TaskKind.PENYAMPAIAN, "kembalikan"): _return,
    (TaskKind.PENGANTAR, "kirim_pengantar"): signing.send_covering,
    (TaskKind.PENGANTAR, "sampaikan_pengantar"): signing.hand_over_covering,
    (TaskKind.GABUNGAN, "lepaskan"): _release,
    (TaskKind.GABUNGAN, "koreksi"): _correct,
    (TaskKind.GABUNGAN, "tandai"): _mark,
    (TaskKind.GABUNGAN, "bukan_pengaduan"): _void,
    (TaskKind.ARSIP, "buka_kembali"): _reopen,
    (TaskKind.ARSIP, "kirim_ulang"): mending.send_again,
    (TaskKind.ARSIP, "sampaikan_ulang"): mending.hand_over_again,
    (TaskKind.ARSIP, "kirim_tembusan"): copies.send_again,
    (TaskKind.ARSIP, "koreksi"): _correct,
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
