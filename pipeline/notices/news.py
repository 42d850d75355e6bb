"""Mails to officials for their information."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.casefile import waves
from pipeline.casefile.limits import limit_words, time_words
from pipeline.casefile.privacy import citizen_words
from pipeline.data.tables import Complaint, Outbox, Task
from pipeline.mail.diagnosis import sentence
from pipeline.notices.post import MAX_NAMED, Envelope, send
from pipeline.office import clock
from pipeline.office.config import Petugas
from pipeline.office.sop import TaskKind
from pipeline.office.words import word
from pipeline.work import Work

# ---- to officials, for their information ---------------------------------------------------------------------


def unit_answered(
    work: Work,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    by: Petugas,
    answer: str,
    waiting: Sequence[Petugas] = (),
) -> None:
    """To whoever asked. With the last answer the turn is theirs again; `waiting`: who has not answered yet. Whoever has
    the case after langkah 2 is told for information."""
    to = Envelope(person.email, person.nama, complaint, task, link_id)
    send(
        work,
        _answer_mail(task, waiting),
        to,
        petugas=person,
        oleh=by,
        jawaban=answer,
        hitungan=limit_words(work.settings, task),
        menunggu=[other.jabatan for other in waiting],
    )


def _answer_mail(task: Task, waiting: Sequence[Petugas]) -> str:
    if task.kind is not TaskKind.KLARIFIKASI:
        return "dijawab_susulan"
    return "dijawab_sebagian" if waiting else "dijawab_unit"


def citizen_wrote(
    work: Work,
    complaint: Complaint,
    task: Task | None,
    person: Petugas,
    link_id: int | None,
    text: str,
    answered: bool,
    folded: bool,
    child: Complaint | None = None,
) -> None:
    """To whoever holds the case (`task`), and to the JFU for their information (None). `answered`: what was asked, so
    that the stopped clock runs again. `folded`: the page has more.
    `child`: the merged complaint whose pengadu it is, where that is not the case's own."""
    to = Envelope(person.email, person.nama, complaint, task, link_id)
    context = {
        "teks": text,
        "menjawab": answered,
        "pengadu": citizen_words(child or complaint),
        "petugas": person,
    }
    context |= {"lipatan": folded, "gabungan": child.number if child else ""}
    hitungan = limit_words(work.settings, task) if task is not None else ""
    send(
        work,
        "pengadu_menjawab" if answered and task else "pengadu_menulis",
        to,
        hitungan=hitungan,
        **context,
    )


def withdrawn(work: Work, complaint: Complaint, person: Petugas) -> None:
    """To each who was asked about it: the pengadu has taken the complaint back."""
    send(work, "dicabut", Envelope(person.email, person.nama, complaint), petugas=person, sapaan="")


def decision_receipt(work: Work, complaint: Complaint, task: Task, person: Petugas) -> None:
    """What the Kepala Dinas has decided, and within how much of the Waktu, for their own file: it binds."""
    to = Envelope(person.email, person.nama, complaint)
    following, spent = (
        word(f"selanjutnya.{complaint.stage}"),
        time_words(work.settings, task, work.now),
    )
    send(work, "bukti_keputusan", to, petugas=person, lanjut=following, sisa=spent)


def bounce(
    work: Work,
    complaint: Complaint,
    person: Petugas,
    link_id: int | None,
    mail: Outbox,
    diagnostic: str,
) -> None:
    """A mail did not reach the pengadu, or another outside the office whom it went to."""
    to = Envelope(person.email, person.nama, complaint, link_id=link_id)
    citizen = mail.recipient.lower() == complaint.email.lower()
    whom = word("terpental.pengadu") if citizen else mail.recipient_name or mail.recipient
    send(
        work,
        "terpental",
        to,
        petugas=person,
        surat=mail,
        sebab=diagnostic.strip(),
        arti=sentence(diagnostic),
        pengadu=citizen,
        kepada=whom,
    )


def wave(
    work: Work,
    first: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    complaints: Sequence[Complaint],
) -> None:
    """To a JFU: several complaints are about one place and one matter; one press merges them. The mail is one
    complaint's, so that it holds no words of the others: theirs are on the page, and go when they are erased."""
    zone = work.settings.zone
    came = [(one, clock.waktu(one.received_at, zone)) for one in complaints[:MAX_NAMED]]
    to = Envelope(person.email, person.nama, first, task, link_id)
    send(
        work,
        waves.MAIL,
        to,
        petugas=person,
        jumlah=len(complaints),
        jam=work.settings.pengaduan.gelombang_jam,
        isi=[
            {"nama": one.number, "nilai": f"{word(f'lewat.{one.channel}')}, {at}"}
            for one, at in came
        ],
    )
