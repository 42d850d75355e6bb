"""What mends a mistake after its two minutes: a question is withdrawn, or is another's; a signed letter goes again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from pipeline.casefile.documents import letters_of
from pipeline.casefile.holders import performers, post_of
from pipeline.cases import signing, unit_answers
from pipeline.cases.chain import SYSTEM
from pipeline.cases.core import Forbidden
from pipeline.cases.deed import Deed
from pipeline.cases.input import Invalid
from pipeline.cases.tasks import close
from pipeline.data.tables import Document, Task
from pipeline.letters.series import ANSWER
from pipeline.notices import citizen
from pipeline.office.sop import Act, EventKind, Stage, TaskKind
from pipeline.office.words import word

WITHDRAWN = "ditarik"  # the outcome of a question that is not asked any more


def withdraw(deed: Deed) -> None:
    """The Sekretaris takes questions to units back; whoever was asked has nothing to do any more."""
    wanted = deed.form.choices.get("ditarik", ())
    waiting = select(Task).where(
        Task.complaint_id == deed.complaint.id,
        Task.kind == TaskKind.KETERANGAN,
        Task.closed_at.is_(None),
    )
    gone = [task for task in deed.work.session.scalars(waiting).all() if task.holder in wanted]
    if not gone:
        raise Invalid({"ditarik": word("galat.tidak_ditanya")})
    for task in gone:
        close(deed.work, task, SYSTEM.code, WITHDRAWN)
    _not_concerned(deed, [task.holder for task in gone])
    deed.log(
        EventKind.UNIT_WITHDRAWN,
        kepada=[task.holder for task in gone],
        jabatan=[post_of(deed.work.settings, task.holder) for task in gone],
        teks=deed.form.text("alasan"),
    )


def decline(deed: Deed) -> None:
    """A Kasubag/Kasi says that it is not theirs, and perhaps whose it is; the Sekretaris decides whom to ask."""
    named = [code for code in deed.form.choices.get("tanyakan", ()) if code != deed.person.kode]
    kasi = {
        person.kode: person.jabatan
        for person in performers(deed.work.settings, TaskKind.KETERANGAN)
    }
    others = ", ".join(kasi[code] for code in named if code in kasi)
    said = word("bukan_bidang.kepada", siapa=others) if others else word("bukan_bidang.saja")
    answer = "\n\n".join(filter(None, (said, deed.form.text("alasan"))))
    late = {"susulan": True} if deed.late else {}
    if not deed.late:  # later, it stands as the Sekretaris reported it
        _not_concerned(deed, [deed.task.holder])
    deed.log(EventKind.UNIT_ANSWERED, teks=answer, bukan_bidang=True, **late)
    unit_answers.tell(deed, answer)


def _not_concerned(deed: Deed, people: Sequence[str]) -> None:
    """Their units were terkait for having been asked alone: no more, unless a question to one of them still stands or
    was answered."""
    questions = select(Task).where(
        Task.complaint_id == deed.complaint.id, Task.kind == TaskKind.KETERANGAN
    )
    standing = [
        task.holder
        for task in deed.work.session.scalars(questions)
        if task.outcome == Act.JAWAB or (task.closed_at is None and task.id != deed.task.id)
    ]
    gone = _units(deed, people) - _units(deed, standing)
    deed.complaint.unit = ",".join(
        one for one in deed.complaint.unit.split(",") if one and one not in gone
    )


def _units(deed: Deed, people: Sequence[str]) -> set[str]:
    found = [deed.work.settings.person(code) for code in people]
    return {person.unit for person in found if person is not None}


def send_again(deed: Deed) -> None:
    """The signed letter of a case that is over goes once more, to the address given; nothing is decided anew."""
    signed = [_signed(deed)]
    address, before = deed.form.text("email"), deed.complaint.email
    deed.complaint.email = address
    mail = citizen.letter(deed.work, deed.complaint, deed.task, signed, deed.form.text("pesan"))
    changed = {"email": [before, address]} if address != before else {}
    deed.log(
        EventKind.SENT_AGAIN,
        surat=mail.message_id,
        dokumen=[signed[0].id],
        teks=deed.form.text("alasan"),
        perubahan=changed,
    )


def hand_over_again(deed: Deed) -> None:
    """The same by hand or by post, with its proof."""
    signed = _signed(deed)
    told, _at, kept = signing.proof(deed)
    words = f"{told} {deed.form.text('alasan')}"
    deed.log(
        EventKind.SENT_AGAIN,
        cara=deed.form.text("cara"),
        dokumen=[signed.id],
        teks=words,
        lampiran=kept,
    )


def _signed(deed: Deed) -> Document:
    """The newest signed letter of a case that is over; Forbidden where there is none."""
    signed = letters_of(deed.work.session, deed.complaint, ANSWER.signed)
    if not signed or deed.complaint.stage is not Stage.SELESAI:
        raise Forbidden(deed.form.action.name)
    return signed[-1]
