"""What a page shows once a task is done: the receipt, the spent link, a task passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from pipeline.access import links
from pipeline.casefile import limits
from pipeline.casefile.holders import holders, named
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
    task, c = view.task, view.complaint
    words = table(f"aksi.{task.kind}.{task.outcome}")
    at = task.closed_at or view.now
    local = at.astimezone(view.settings.zone)
    over = c is not None and c.stage in OVER
    mistaken = _mistaken(view, found)
    told_words = "bukti.akan_diberitahu" if mistaken["url"] else "bukti.diberitahu"
    return {
        "nomor": c.number if c else "",
        "judul": words["terima"],
        "stempel": {
            "atas": words.get("cap", word("bukti.cap")).upper(),
            "baris": [f"{clock.tanggal(local)}, pukul {clock.pukul(local)}"],
        },
        "tercatat": [
            {"nama": word("bukti.oleh"), "nilai": closer(view)},
            *_recorded(view, at),
            *_in_time(view, at),
        ],
        "judul_diberitahu": word(told_words),
        "diberitahu": _told(view, at),
        "langkah": steps(view),
        "judul_selanjutnya": word("bukti.keadaan" if over else "bukti.selanjutnya"),
        "selanjutnya": _onward(view),
        "keliru": mistaken,
        "alat": tools(view, found),
        "cetak_url": _slip_to_print(view),
    }


def _mistaken(view: View, found: links.Opened) -> dict[str, Any]:
    """What helps whoever did it, were it a mistake: {teks, url, tombol}."""
    nothing_mends = {"teks": word("keliru.umum"), "url": "", "tombol": ""}
    return remedy(view, found.holder, view.task.outcome) or nothing_mends


def _recorded(view: View, at: datetime) -> list[dict[str, Any]]:
    """What the act wrote into the history, and its own words where the sentence does not have them."""
    rows: list[dict[str, Any]] = []
    for event, data in view.history():
        if event.task_id != view.task.id or event.at != at or not data:
            continue
        said = sentence(view, event, data)
        rows.append({"nama": word("bukti.tercatat"), "nilai": said})
        text = data.get("teks")
        if text and text not in said:
            rows.append({"nama": word("bukti.isi"), "nilai": text, "orang": True})
    return rows


def _in_time(view: View, at: datetime) -> list[dict[str, Any]]:
    """Whether the limit was kept, and how much of it was used; nothing of a task without one."""
    task = view.task
    if not task.due_at:
        return []
    late = at > task.due_at or task.missed_at is not None
    limit = clock.waktu(
        task.missed_at or task.due_at, view.settings.zone
    )  # the one that was missed
    kept = {
        "nama": word("bukti.ketepatan"),
        "nilai": word("bukti.batas", waktu=limit),
        "kata": word("bukti.terlambat" if late else "bukti.tepat"),
        "nada": "buruk" if late else "baik",
    }
    used = limits.time_words(view.settings, task, view.now)
    return [kept, {"nama": word("waktu.judul"), "nilai": used}]


def _slip_to_print(view: View) -> str:
    """Where a JFU prints the tanda terima for a pengadu who did not write by email; "" for any other."""
    c = view.complaint
    person = view.settings.person(view.task.closed_by)
    if c is None or person is None or c.channel is Channel.EMAIL or Role.JFU not in person.peran:
        return ""
    return f"{view.url}/tanda-terima/{c.id}"


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
    names = table("surel")
    told = [
        {
            "siapa": mail.recipient_name or word("peran.pengadu"),
            "ket": names.get(mail.name, mail.name),
        }
        for mail in mails
    ]
    if view.complaint is not None:
        told += _told_later(view, at, {mail.task_id for mail in mails})
    return told


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
    holding = named(holders(view.settings, view.task))
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
    shows_matter = found.full and (c is not None or view.report is not None)
    title = "dipakai_judul" if closer(view) else "tidak_berlaku_judul"
    mine = view.task.closed_by == found.holder
    # Whoever closed the tab finds here what stood on the receipt; a browser that is not known may undo nothing.
    undoes = found.full and mine and view.owner == found.holder
    return {
        "nomor": c.number if c else "",
        "judul": word(f"halaman.{title}"),
        "pengantar": f"{done_words(view)} {word('halaman.dipakai_pengantar')}",
        "langkah": steps(view),
        "keadaan": _standing(view),
        "keliru": _mistaken(view, found) if undoes else None,
        "bukan_anda": word("halaman.bukan_anda") if mine else "",
        "ketikan": typed_rows(typed or {}),
        "aduan": matter(view) if shows_matter else None,
        "alat": tools(view, found),
    }


def _standing(view: View) -> list[dict[str, str]]:
    """How the case stands now, what was decided, and how long the task took."""
    c = view.complaint
    rows = []
    if c is not None:
        rows.append({"nama": word("bukti.kata_keadaan"), "nilai": word(f"tahap.{c.stage}")})
    if c is not None and c.decision:
        decision = word(f"pilihan.keputusan.{c.decision}")
        rows.append({"nama": word("bukti.kata_keputusan"), "nilai": decision})
    if spent := limits.time_words(view.settings, view.task, view.now):
        rows.append({"nama": word("waktu.judul"), "nilai": spent})
    return rows
