"""Mails to the pengadu."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.casefile import reported
from pipeline.casefile.documents import letters_of
from pipeline.casefile.limits import answer_day
from pipeline.casefile.standing import told
from pipeline.data.tables import Complaint, Document, Event, Outbox, Task
from pipeline.letters.series import ANSWER
from pipeline.mail import outbox
from pipeline.notices.post import (
    ANSWERS,
    LINKS,
    Envelope,
    draft,
    send,
    status_url,
    too_many_answers,
)
from pipeline.office import numbers
from pipeline.office.lists import Klasifikasi
from pipeline.office.sop import Channel, Role
from pipeline.office.words import fold, word
from pipeline.work import Work

SENTENCE, POINTS = (
    40,
    12,
)  # letters of a paragraph that says something; points of a letter that its mail repeats
CLOSINGS = (
    "Apabila",
    "Demikian",
)  # how the paragraph after the last point begins in the templates of letters


# ---- to the pengadu ------------------------------------------------------------------------------------------


def _to_citizen(complaint: Complaint, **extra: Any) -> Envelope:
    name = "" if LINKS.search(complaint.nama) else complaint.nama
    return Envelope(complaint.email, name, complaint, **extra)


def acknowledge(work: Work, complaints: Iterable[Complaint]) -> None:
    """The number, the next step and the time it takes. At most so many an hour go to one address (RFC 3834): those
    beyond wait their turn, so that a busy citizen gets each and a robot is not fed."""
    answerable = [complaint for complaint in complaints if complaint.email]
    cap, cap_of_all = work.settings.smtp.answers_per_hour, work.settings.smtp.all_answers_per_hour
    hour_ago = work.now - timedelta(hours=1)
    sent = outbox.count_since(work.session, {c.email for c in answerable}, ANSWERS, hour_ago)
    before = outbox.in_the_hour(work.session, "tanda_terima", work.now, 10 * cap_of_all)
    promised = answer_day(work.settings, work.now)
    drafts = []
    for order, complaint in enumerate(answerable, before):
        hours = max(sent[complaint.email] // cap, order // cap_of_all)
        receipt = draft(
            work,
            "tanda_terima",
            _to_citizen(complaint, opening=True, wait=timedelta(hours=hours)),
            status=status_url(work.settings, complaint),
            jawaban=promised,
            pengadu=_told_of_them(complaint),
            petugas_penerima=_receiver(work, complaint),
        )
        drafts.append(receipt)
        sent[complaint.email] += 1
    outbox.put_all(work, drafts)
    if before + len(answerable) > cap_of_all:
        _tell_flood(work)


def _told_of_them(complaint: Complaint) -> list[dict[str, str]]:
    """Name and contacts as the register has them, to be checked by whom they belong to; what holds a link is left out,
    as everywhere in a first mail (see `post`)."""
    written = {"nama": complaint.nama, "alamat": complaint.alamat}
    told = {name: value for name, value in written.items() if value and not LINKS.search(value)}
    told["kontak"] = ", ".join(filter(None, (numbers.phone(complaint.telepon), complaint.email)))
    return [_receipt_row(name, value) for name, value in told.items()]


def _receipt_row(name: str, value: str) -> dict[str, str]:
    return {"nama": word(f"tanda_terima.{name}"), "nilai": value}


def _receiver(work: Work, complaint: Complaint) -> list[dict[str, str]]:
    """The official who took it: who typed it in, else the JFU on duty."""
    typed_in_by = _typed_in_by(work, complaint) if complaint.channel is not Channel.EMAIL else None
    if typed_in_by:
        return [_receipt_row("petugas", typed_in_by)]
    on_duty = reported.spared(complaint, work.settings.holders(Role.JFU))[:1]
    return [_receipt_row("petugas", f"{person.nama}, {person.jabatan}") for person in on_duty]


def _typed_in_by(work: Work, complaint: Complaint) -> str | None:
    """Name and title of the official whose act the complaint began with."""
    first = select(Event.actor_name, Event.actor_title).where(
        Event.complaint_id == complaint.id, Event.seq == 1
    )
    actor = work.session.execute(first).first()
    if actor is None or not actor.actor_name:
        return None
    return f"{actor.actor_name}, {actor.actor_title}"


def _tell_flood(work: Work) -> None:
    """To the IT officer, once an hour: somebody may be using our acknowledgements against others (backscatter)."""
    title, address = word("kabar_ti.banjir.judul"), work.settings.petugas_ti.email
    hour_ago = work.now - timedelta(hours=1)
    if not outbox.was_put(work.session, address, "kabar_ti", title, hour_ago):
        sentence = word("kabar_ti.banjir.kalimat", batas=work.settings.smtp.all_answers_per_hour)
        to = Envelope(address, "")
        send(work, "kabar_ti", to, judul=title, kalimat=sentence, sebab="")


def status(work: Work, complaint: Complaint | None, number: str, address: str) -> None:
    """How a complaint stands, or that the number is not known (None), to the address that asks; within the cap."""
    if too_many_answers(work, address):
        return
    stage = _stage_told(work, complaint) if complaint else ""
    send(
        work,
        "status",
        _to_citizen(complaint) if complaint else Envelope(address, ""),
        nomor=number,
        ringkas=word(f"status.{stage}") if stage else "",
        arti=word(f"arti.{stage}") if stage else "",
        status=status_url(work.settings, complaint) if complaint else "",
    )


def _stage_told(work: Work, complaint: Complaint) -> str:
    """The word for how a case stands; what may still be taken back has not happened."""
    standing = told(work.session, complaint, work.now)
    return "menunggu" if standing.waits_for_pengadu else str(standing.complaint.stage)


def ask_citizen(work: Work, complaint: Complaint, question: str) -> None:
    send(
        work,
        "tanya_pengadu",
        _to_citizen(complaint),
        pertanyaan=question,
        status=status_url(work.settings, complaint),
    )


def extended(work: Work, complaint: Complaint, answer: datetime) -> None:
    """More time was given: the new day by which the pengadu has an answer."""
    url = status_url(work.settings, complaint)
    send(work, "waktu_bertambah", _to_citizen(complaint), jawaban=answer, status=url)


def sent_on(work: Work, complaint: Complaint, route: Klasifikasi) -> None:
    """It belongs to somebody else as well, by its class: to whom it went, and what the law says of that."""
    url = status_url(work.settings, complaint)
    send(
        work,
        "disampaikan_kepada",
        _to_citizen(complaint),
        tujuan=route.tujuan,
        kabar=route.kabar,
        jenis=route.nama,
        status=url,
    )


def remind(work: Work, complaint: Complaint, question: str) -> None:
    """A question of ours has not been answered yet."""
    url = status_url(work.settings, complaint)
    send(work, "ingatkan_pengadu", _to_citizen(complaint), pertanyaan=question, status=url)


def withdrawn(work: Work, complaint: Complaint) -> None:
    """The complaint was taken back, as they asked."""
    if complaint.email:
        send(work, "pengaduan_dicabut", _to_citizen(complaint))


def not_a_complaint(work: Work, complaint: Complaint, reason: str) -> None:
    if complaint.email:
        send(work, "bukan_pengaduan", _to_citizen(complaint), alasan=reason)


def letter(
    work: Work,
    complaint: Complaint,
    task: Task,
    signed: Iterable[Document],
    message: str,
) -> Outbox:
    """The signed letter to the pengadu, in the thread of the complaint; a merged complaint gets the words alone."""
    signed = tuple(signed)
    to = _to_citizen(complaint, task=task, attachments=signed)
    code = signed[0].code if signed else ""
    return send(
        work,
        "surat_jawaban",
        to,
        pesan=message,
        status=status_url(work.settings, complaint),
        inti=_gist(work.session, complaint) if signed else [],
        kode=code,
        keaslian=f"{work.settings.web.base_url}/asli/{code}" if code else "",
    )


def _gist(session: Session, complaint: Complaint) -> list[str]:
    """The points of the letter in its own words: what stands between its opening and its closing."""
    letters = letters_of(session, complaint, *ANSWER.worked_on)
    facts = letters[-1].facts if letters else None
    lines = (facts or {}).get("alinea", [])
    points = itertools.takewhile(lambda text: not text.startswith(CLOSINGS), _after_opening(lines))
    return [fold(text, lines=6) for text in points][:POINTS]


def _after_opening(lines: Sequence[str]) -> Sequence[str]:
    """What follows the sentence that ends in a colon; where a letter has none, its whole sentences."""
    for number, text in enumerate(lines, start=1):
        if len(text) > SENTENCE and text.endswith(":"):
            return lines[number:]
    return [text for text in lines if len(text) > SENTENCE and "\t" not in text]
