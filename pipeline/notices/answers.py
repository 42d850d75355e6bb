"""Answers to officials who wrote or asked: replies, codes, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from pipeline.casefile.offers import reply_words
from pipeline.data.tables import Complaint, Task
from pipeline.mail import outbox
from pipeline.notices.post import Envelope, answers_to, send
from pipeline.office.config import Petugas
from pipeline.office.words import label_of, table, word
from pipeline.work import Work


def letter_stored(
    work: Work,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    name: str,
    found: Sequence[tuple[str, str]],
) -> None:
    """A letter came back by mail and was kept; `found` are (level, message) of what is wrong with it."""
    to = Envelope(person.email, person.nama, complaint, task, link_id)
    blocked = any(level == "blokir" for level, _message in found)
    send(
        work,
        "surat_tersimpan",
        to,
        petugas=person,
        dokumen=name,
        terhalang=blocked,
        temuan=[
            {"kata": word(f"temuan.kata.{level}"), "teks": message} for level, message in found
        ],
    )


def task_reply(
    work: Work,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    link_id: int | None,
    reason: str,
    action: str = "",
    *,
    replaced: bool = False,
) -> None:
    """A reply to a task mail that cannot act by itself: friendly, with the way on. Beyond the cap it waits its turn,
    for the link that was quoted is dead; what still comes then is a robot's, and gets none. `replaced`: the person
    replied nothing, their link went through somebody else's hands."""
    wait = _turn(work, person)
    if wait is None:
        return
    to = Envelope(person.email, person.nama, complaint, task, link_id, wait=wait)
    words = reply_words(work.session, task, complaint) if link_id else []
    send(
        work,
        "balasan_tugas",
        to,
        petugas=person,
        judul=word("balasan.judul_diganti" if replaced else "balasan.judul"),
        diganti=replaced,
        sebab=reason,
        kata=words,
        aksi=action,
    )


def _turn(work: Work, person: Petugas) -> timedelta | None:
    """How long an answer to this person waits beyond the cap; None where it is not sent at all."""
    cap = work.settings.smtp.answers_per_hour
    sent = answers_to(work.session, work.now, person.email)
    return timedelta(hours=sent // cap) if sent < 2 * cap else None


def reply_filled(
    work: Work,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    link_id: int,
    action: str,
    values: Mapping[str, str],
    files: Sequence[str] = (),
    rest: str = "",
    news: bool = False,
    missing: Mapping[str, str] = MappingProxyType({}),
    waits: str = "",
) -> None:
    """An act by reply that wants one more look: the form is filled in, and the link shows it, with what is new since
    the mail that was answered (`news`), what is still to be filled in (`missing`: why, by field) and which command of
    the same reply is not carried out before (`waits`). Beyond the cap it
    waits its turn, as `task_reply` does: anybody can write in the name of an official."""
    wait = _turn(work, person)
    if wait is None:
        return
    to = Envelope(person.email, person.nama, complaint, task, link_id, wait=wait)
    rows = [
        {"nama": word(f"kolom.{name}.label"), "nilai": table(f"pilihan.{name}").get(value, value)}
        for name, value in values.items()
        if value
    ]
    send(
        work,
        "balasan_konfirmasi",
        to,
        petugas=person,
        aksi=action,
        baris=rows,
        tindakan=table(f"aksi.{task.kind}.{action}")["judul"],
        lampiran=list(files),
        terpotong=rest,
        baru=news,
        kurang=[{"nama": label_of(name), "nilai": why} for name, why in missing.items()],
        kata=waits,
    )


def reply_done(
    work: Work,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    link_id: int | None,
    action: str,
    files: Sequence[str] = (),
    rest: str = "",
) -> None:
    """A reply has acted: what was done and what comes next."""
    to = Envelope(person.email, person.nama, complaint, task, link_id)
    words = table(f"aksi.{task.kind}.{action}")
    following = word(f"selanjutnya.{complaint.stage}") if complaint and task.closed_at else ""
    send(
        work,
        "balasan_dikerjakan",
        to,
        petugas=person,
        hasil=words["terima"],
        tindakan=words["judul"],
        lanjut=following,
        lampiran=list(files),
        terpotong=rest,
    )


def code(work: Work, person: Petugas, digits: str, agent: str) -> None:
    """The code that makes a browser known, to the holder's own mailbox."""
    send(work, "kode", Envelope(person.email, person.nama), petugas=person, kode=digits, alat=agent)


def link_ended(work: Work, person: Petugas, task: Task | None, link_id: int) -> None:
    """Codes were asked for or guessed again and again behind a link, which has ended: its holder gets another one, and
    the IT officer hears of it. `task` is what the fresh link opens; None for "tugas saya" alone."""
    to = Envelope(person.email, person.nama, task=task, link_id=link_id)
    send(work, "tautan_diakhiri", to, petugas=person)
    send(work, "kode_dicoba", Envelope(work.settings.petugas_ti.email, ""), petugas=person)


def export_ready(work: Work, person: Petugas, link_id: int, export_id: int, kind: str) -> None:
    """The book that they asked for can be fetched; `kind`: as what, in words."""
    to = Envelope(person.email, person.nama, link_id=link_id)
    send(work, "ekspor_siap", to, petugas=person, nomor=export_id, jenis=kind)


def may_have_link(work: Work, person: Petugas) -> bool:
    """Whether this person may be sent a link now: anybody may ask for it, but not without end."""
    sent = outbox.count_since(
        work.session, [person.email], ("tautan_saya",), work.now - timedelta(hours=1)
    )
    return sent[person.email] < work.settings.smtp.answers_per_hour


def personal_link(work: Work, person: Petugas, link_id: int) -> None:
    """A fresh link to "tugas saya"."""
    send(work, "tautan_saya", Envelope(person.email, person.nama, link_id=link_id), petugas=person)
