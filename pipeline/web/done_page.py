"""What a page shows once a task is done: the receipt, the spent link, a task passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from pipeline.access import links
from pipeline.casefile import limits
from pipeline.casefile.holders import holders
from pipeline.cases.mending import WITHDRAWN
from pipeline.data.tables import Outbox, Task
from pipeline.office import clock
from pipeline.office.sop import OVER, Channel, Role, TaskKind
from pipeline.office.words import table, word
from pipeline.web.history import sentence
from pipeline.web.mistakes import remedy
from pipeline.web.task_page import matter, tools, typed_rows
from pipeline.web.view import View, steps


def done_words(view: View) -> str:
    task, zone = view.task, view.settings.zone
    at = clock.waktu(task.closed_at or view.now, zone)
    who = closer(view)
    if task.outcome == WITHDRAWN:
        return word("halaman.dipakai_ditarik", waktu=at)
    if not who:
        return word("halaman.dipakai_sistem", waktu=at)
    return word("halaman.dipakai_orang_lain", siapa=who, waktu=at)


def closer(view: View) -> str:
    """Who closed the task, with the jabatan as of then; "" if nobody did."""
    task = view.task
    for event, _data in reversed(view.history()):
        if event.task_id == task.id and event.actor == task.closed_by and event.actor_name:
            return f"{event.actor_name} ({event.actor_title})"
    person = view.settings.person(task.closed_by)
    return f"{person.nama} ({person.jabatan})" if person else ""


def receipt(view: View, found: links.Opened) -> dict[str, Any]:
    """The context of selesai.html, after an act that closed the task."""
    task, c, zone = view.task, view.complaint, view.settings.zone
    words = table(f"aksi.{task.kind}.{task.outcome}")
    at = task.closed_at or view.now
    person = view.settings.person(task.closed_by)
    recorded: list[dict[str, Any]] = [{"nama": word("bukti.oleh"), "nilai": closer(view)}]
    for event, data in view.history():
        if event.task_id == task.id and event.at == at and data:
            said = sentence(view, event, data)
            recorded.append({"nama": word("bukti.tercatat"), "nilai": said})
            if data.get("teks") and data["teks"] not in said:
                recorded.append({"nama": word("bukti.isi"), "nilai": data["teks"], "orang": True})
    if task.due_at:
        late = at > task.due_at or task.missed_at is not None
        recorded.append(
            {
                "nama": word("bukti.ketepatan"),
                "nilai": word("bukti.batas", waktu=clock.waktu(task.due_at, zone)),
                "kata": word("bukti.terlambat" if late else "bukti.tepat"),
                "nada": "buruk" if late else "baik",
            }
        )
        recorded.append(
            {"nama": word("waktu.judul"), "nilai": limits.time_words(view.settings, task, view.now)}
        )
    local = at.astimezone(zone)
    return {
        "nomor": c.number if c else "",
        "judul": words["terima"],
        "stempel": {
            "atas": words.get("cap", "Selesai").upper(),
            "baris": [f"{clock.tanggal(local)}, pukul {clock.pukul(local)}"],
        },
        "tercatat": recorded,
        "diberitahu": _told(view, at),
        "langkah": steps(view),
        "judul_selanjutnya": word(
            "bukti.keadaan" if c and c.stage in OVER else "bukti.selanjutnya"
        ),
        "selanjutnya": _onward(view),
        "keliru": remedy(view, found.holder, task.outcome)
        or {"teks": word("keliru.umum"), "url": "", "tombol": ""},
        "alat": tools(view, found),
        "cetak_url": f"{view.url}/tanda-terima/{c.id}"
        if c and c.channel is not Channel.EMAIL and Role.JFU in (person.peran if person else ())
        else "",
    }


def _onward(view: View) -> str:
    if view.report is not None:
        return word(f"selanjutnya.{view.task.kind}.{view.task.outcome}")
    return (
        word(f"selanjutnya.{view.complaint.stage}")
        if view.complaint
        else word("selanjutnya.klarifikasi")
    )


def _told(view: View, at: datetime) -> list[dict[str, str]]:
    """Who got a mail from this act: those that were put into the outbox at the same moment."""
    if view.complaint is None and view.report is None:
        return []
    query = select(Outbox).where(_of(view), Outbox.date == at).order_by(Outbox.id)
    mails = list(view.session.scalars(query))
    told = [
        {
            "siapa": mail.recipient_name or word("peran.pengadu"),
            "ket": table("surel").get(mail.name, mail.name),
        }
        for mail in mails
    ]
    return (
        told
        if view.complaint is None
        else told + _told_later(view, at, {mail.task_id for mail in mails})
    )


def _of(view: View) -> ColumnElement[bool]:
    if view.complaint is not None:
        return Outbox.complaint_id == view.complaint.id
    return Outbox.task_id.in_(select(Task.id).where(Task.laporan_id == view.task.laporan_id))


def _told_later(view: View, at: datetime, told: set[int | None]) -> list[dict[str, str]]:
    """Who gets a mail as soon as the letter that goes with it is made."""
    opened = select(Task).where(Task.complaint_id == view.task.complaint_id, Task.opened_at == at)
    opened = opened.where(Task.kind != TaskKind.PENGIRIMAN)  # sends no mail: it ends by itself
    return [
        {
            "siapa": person.nama,
            "ket": word("bukti.menyusul", surat=word(f"surel.tugas_{task.kind}")),
        }
        for task in view.session.scalars(opened.order_by(Task.id))
        if task.id not in told
        for person in holders(view.settings, task)
    ]


def passed_on_page(
    view: View, found: links.Opened, typed: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """The context of terpakai.html for an open task that somebody else holds now (Plh./Plt.), or again."""
    holding = " dan ".join(f"{p.nama} ({p.jabatan})" for p in holders(view.settings, view.task))
    return spent_page(view, found, typed) | {
        "judul": word("delegasi.judul"),
        "pengantar": word("delegasi.pengantar", siapa=holding),
        "bukan_anda": "",
    }


def slip_taken_page(
    view: View, found: links.Opened, typed: Mapping[str, Sequence[str]], by: str
) -> dict[str, Any]:
    """The context of terpakai.html for a slip of an open stack that another has settled, by the code `by`."""
    person = view.settings.person(by)
    who = f"{person.nama} ({person.jabatan})" if person else word("peran.jfu")
    return spent_page(view, found, typed) | {
        "judul": word("slip.sudah_judul"),
        "pengantar": word("slip.sudah_teks", siapa=who),
        "bukan_anda": "",
    }


def not_offered_page(
    view: View, found: links.Opened, typed: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The context of terpakai.html for an open task of theirs which does not offer the act any more."""
    said = table("salah.bukan_hak")
    return spent_page(view, found, typed) | {
        "judul": said["judul"],
        "pengantar": f"{said['kalimat']} {said['saran']}",
        "bukan_anda": "",
    }


def spent_page(
    view: View, found: links.Opened, typed: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """The context of terpakai.html: who acted and when; the complaint itself only for 7 more days.

    The one who is named may not have pressed; somebody else need not be asked.
    """
    c = view.complaint
    state = []
    if c is not None:
        state.append({"nama": "Keadaan", "nilai": word(f"tahap.{c.stage}")})
        if c.decision:
            state.append({"nama": "Keputusan", "nilai": word(f"pilihan.keputusan.{c.decision}")})
    if spent := limits.time_words(view.settings, view.task, view.now):
        state.append({"nama": word("waktu.judul"), "nilai": spent})
    return {
        "nomor": c.number if c else "",
        "judul": word("halaman.dipakai_judul" if closer(view) else "halaman.tidak_berlaku_judul"),
        "pengantar": f"{done_words(view)} {word('halaman.dipakai_pengantar')}",
        "langkah": steps(view),
        "keadaan": state,
        "bukan_anda": word("halaman.bukan_anda") if view.task.closed_by == found.holder else "",
        "ketikan": typed_rows(typed or {}),
        "aduan": matter(view)
        if found.full and (c is not None or view.report is not None)
        else None,
        "alat": tools(view, found),
    }
