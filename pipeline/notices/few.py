"""Few mails (DESIGN rule 12): nobody who handles cases gets more than two mails a day beside those of tasks that
come, or come back.

What is only for their information and would be a third is kept in the outbox as *folded*, and stands as a line in
their next digest. Hides what counts as such, and how it is counted.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import func, select

from pipeline.data.engine import among
from pipeline.data.tables import Digest, Outbox, Task
from pipeline.mail import outbox
from pipeline.office.config import Petugas
from pipeline.work import Work

BESIDE_TASKS = 2  # mails a day: the digest, and one more
# For information: it can wait until the next morning, and the pages show it at once.
INFORMING = frozenset(
    (
        "pengingat",
        "naik",
        "dijawab_sebagian",
        "dijawab_susulan",
        "boleh_unggah",
        "boleh_unggah_laporan",
        "pengadu_menulis",
        "bukti_keputusan",
        "diunggah_untuk",
        "diperpanjang",
        "menunggu_pengadu",
        "terpental",
        "dicabut",
    )
)
# What somebody asked for themselves a moment ago, or waits for with the page open: neither counted nor kept back.
ASKED_FOR = (
    "kode",
    "tautan_saya",
    "balasan_tugas",
    "balasan_konfirmasi",
    "balasan_dikerjakan",
    "surat_tersimpan",
    "status",
    "ekspor_siap",
)
# They bring work like a new task: their own turn has come back, and its clock runs.
BRINGS_WORK = (
    "gelombang",
    "dijawab_unit",
    "pengadu_menjawab",
)
# They ask for nothing: a line in the digest, never a mail of their own.
FINISHED = ("tugas_arsip", "tugas_gabungan")
# No news any more once their task is closed.
WHILE_OPEN = (*FINISHED, "boleh_unggah", "boleh_unggah_laporan")
LISTED_ANYHOW = ("pengingat", "naik")  # the digest shows the task itself
MORNING = timedelta(minutes=15)  # after opening, in which the digest is written


def folds(work: Work, name: str, email: str) -> bool:
    """Whether a mail waits for the digest instead of being sent now."""
    reminding = work.settings.pengingat
    if reminding.satuan or not reminding.ringkasan_pagi or name not in (*INFORMING, *FINISHED):
        return False
    person = work.settings.person_at(email)
    if person is None:
        return False
    return name in FINISHED or _beside_tasks(work, person) >= BESIDE_TASKS - _reserved(work, person)


def _beside_tasks(work: Work, person: Petugas) -> int:
    """How many mails of this office day went to a person that brought no work."""
    begin = _midnight(work)
    beside = select(func.count()).where(
        outbox.to(person.email),
        Outbox.date >= begin,
        Outbox.state.not_in(outbox.NEVER_SENT),
        Outbox.name.not_like("tugas!_%", escape="!"),
        Outbox.name.not_in(BRINGS_WORK),
        Outbox.name.not_in(ASKED_FOR),
    )
    return work.session.scalar(beside) or 0


def _reserved(work: Work, person: Petugas) -> int:
    """One for the digest that is still to come today."""
    today = work.settings.hours.local(work.now).date()
    open_hours = work.settings.hours.intervals(today)
    if not open_hours or work.now >= open_hours[0][0] + MORNING:
        return 0
    had = select(Digest.person).where(Digest.day == today, Digest.person == person.kode)
    return int(work.session.scalar(had) is None)


def _midnight(work: Work) -> datetime:
    local = work.settings.hours.local(work.now)
    return datetime.combine(local.date(), time(), local.tzinfo)


def unread(work: Work, person: Petugas) -> list[Outbox]:
    """What was kept for a person's digest and has not been in one, oldest first; not that a case is finished which was
    opened again since, nor that a letter may be handed in which was signed meanwhile."""
    kept = outbox.folded(work.session, person.email, work.now, LISTED_ANYHOW)
    passing = [mail.task_id for mail in kept if mail.name in WHILE_OPEN and mail.task_id]
    still = among(work.session, Task.id, passing, Task.closed_at.is_(None))
    return [mail for mail in kept if mail.name not in WHILE_OPEN or mail.task_id in still]


def mark_read(work: Work, person: Petugas) -> None:
    """All of it has been in a digest now."""
    outbox.mark_folded_told(work.session, person.email, work.now)
