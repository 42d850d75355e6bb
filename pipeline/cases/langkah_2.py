"""Langkah 2: the Sekretaris asks those who may know, they answer, and the Kepala Dinas gets the hasil."""

from __future__ import annotations

from sqlalchemy import select

from pipeline.casefile import reported
from pipeline.casefile.holders import post_of
from pipeline.cases import unit_answers
from pipeline.cases.deed import Deed
from pipeline.cases.input import Invalid
from pipeline.cases.tasks import open_task, tell_holders
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Task
from pipeline.notices import outside
from pipeline.office.sop import NO_UNIT, EventKind, TaskKind
from pipeline.office.words import word


def ask_units(deed: Deed) -> None:
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


def answer(deed: Deed) -> None:
    answer = deed.form.text("jawaban")
    kept = deed.keep(DocumentKind.KETERANGAN)
    late = {"susulan": True} if deed.late else {}
    deed.log(EventKind.UNIT_ANSWERED, teks=answer, lampiran=kept, **late)
    unit_answers.tell(deed, answer)


def report_to_head(deed: Deed) -> None:
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


def send_back(deed: Deed) -> None:
    deed.log(EventKind.RETURNED, teks=deed.form.text("alasan"), dari=str(deed.task.kind))


def forward(deed: Deed) -> None:
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
