"""A task → the plain data that templates/web/tugas.html, selesai.html and terpakai.html show.

Hides which rows tell what: limits and their arithmetic, what earlier langkah found, documents, history, forms.
Reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline import cases, clock, files, links, notices, register, store
from pipeline.config import Settings
from pipeline.db import Complaint, Document, Event, Item, Outbox, Task
from pipeline.sop import (
    LANGKAH_OF,
    LANGKAH_OF_TASK,
    Action,
    Channel,
    EventKind,
    Field,
    FieldKind,
    Role,
    Stage,
    TaskKind,
)
from pipeline.words import table, word

CONTROLS = {
    FieldKind.TEKS: "text",
    FieldKind.PANJANG: "textarea",
    FieldKind.EMAIL: "email",
    FieldKind.TELEPON: "tel",
    FieldKind.WAKTU: "datetime-local",
    FieldKind.SURAT: "file",
    FieldKind.BERKAS: "file",
    FieldKind.PINDAIAN: "file",
}
ACCEPT = {
    FieldKind.SURAT: ".docx",
    FieldKind.BERKAS: "image/*,.pdf,.docx",
    FieldKind.PINDAIAN: "application/pdf,image/jpeg,image/png",
}
OVER = (Stage.SELESAI, Stage.BATAL)


@dataclass(frozen=True)
class View:
    """One task as one holder sees it at one moment. `token` opens the page and what belongs to it."""

    session: Session
    settings: Settings
    now: datetime
    token: str
    task: Task
    complaint: Complaint | None

    @property
    def url(self) -> str:
        return f"/t/{self.token}"

    def documents(self, *kinds: str) -> list[Document]:
        query = select(Document)
        if self.complaint is not None:
            query = query.where(Document.complaint_id == self.complaint.id)
        else:
            query = query.where(Document.item_id == self.task.item_id)
        if kinds:
            query = query.where(Document.kind.in_(kinds))
        return list(self.session.scalars(query.order_by(Document.id)))

    def history(self, *kinds: EventKind) -> list[tuple[Event, dict[str, Any]]]:
        return notices.history(self.session, self.complaint, *kinds) if self.complaint else []


# ---- limits --------------------------------------------------------------------------------------------------


def deadline(view: View) -> dict[str, Any] | None:
    """The due time with what is left and how it was counted; None where a task has no limit."""
    task = view.task
    if task.paused_at is not None:
        since = clock.waktu(task.paused_at, view.settings.zone)
        return {
            "kata": word("waktu.berhenti"),
            "waktu": f"sejak {since}",
            "iso": "",
            "nada": "hati",
            "sisa": "",
            "hitungan": "",
        }
    if task.due_at is None:
        return None
    words, tone = register.remaining_words(view.settings, task.due_at, view.now)
    return {
        "kata": word("waktu.paling_lambat"),
        "waktu": clock.waktu(task.due_at, view.settings.zone),
        "iso": task.due_at.astimezone(view.settings.zone).isoformat(timespec="minutes"),
        "nada": tone,
        "sisa": words,
        "hitungan": notices.limit_words(view.settings, task),
        "hari": list(_days(view)) if task.kind is TaskKind.KEPUTUSAN else [],
    }


def _days(view: View) -> Iterator[dict[str, Any]]:
    """The strip of days of langkah 3, from the day it came to the day it is due."""
    if view.task.due_at is None:
        return
    zone = view.settings.zone
    first, last = view.task.opened_at.astimezone(zone).date(), view.task.due_at.astimezone(zone).date()
    today = view.now.astimezone(zone).date()
    if (last - first).days > 20:
        return
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        office = bool(view.settings.hours.intervals(day))
        kind = "mulai" if day == first else "batas" if day == last else "kini" if day == today else "biasa"
        spoken = "hari ini" if day == today else "batas" if day == last else "" if office else "kantor tutup"
        yield {"angka": str(day.day), "jenis": kind, "baca": spoken}


def steps(view: View) -> list[dict[str, Any]]:
    """The five langkah with how much of each Waktu was used."""
    if view.complaint is None:
        return _steps_of(view.settings, 1, False, {}, view.now)
    tasks: dict[int, Task] = {}
    query = select(Task).where(Task.complaint_id == view.complaint.id).order_by(Task.id)
    for task in view.session.scalars(query):
        if task.kind not in (TaskKind.ARSIP, TaskKind.KETERANGAN, TaskKind.TANDA_TANGAN):
            tasks[LANGKAH_OF_TASK[task.kind]] = task
    over = view.complaint.stage in OVER
    return _steps_of(view.settings, LANGKAH_OF[view.complaint.stage], over, tasks, view.now)


def _steps_of(
    settings: Settings, current: int, over: bool, tasks: Mapping[int, Task], now: datetime
) -> list[dict[str, Any]]:
    rows = []
    for step in settings.sop.langkah:
        state = "sudah" if step.nomor < current or over else "kini" if step.nomor == current else "belum"
        task = tasks.get(step.nomor)
        if over and task is None:
            state = "belum"
        who = " dan ".join(word(f"peran.{role}") for role in step.pelaksana)
        text = _used(settings, task, step.limit, now) if task and state != "belum" else _at_most(step.limit)
        rows.append({"nomor": step.nomor, "nama": step.nama, "keadaan": state, "ket": text, "oleh": who})
    return rows


def _at_most(limit: clock.Limit) -> str:
    return word("waktu.maks", batas=str(limit))


def _used(settings: Settings, task: Task, limit: clock.Limit, now: datetime) -> str:
    spent = clock.spent(task.opened_at, task.closed_at or task.paused_at or now, limit, settings.hours)
    if limit.working_time is None and not spent.amount:
        return word("waktu.terpakai_hari_pertama", batas=limit.amount)
    if limit.working_time is None:
        return word("waktu.terpakai_hari", dipakai=spent.amount, batas=limit.amount)
    minutes = int(limit.working_time.total_seconds() // 60)
    return word("waktu.terpakai_menit", dipakai=max(0, spent.amount - task.paused_minutes), batas=minutes)


# ---- what is shown -------------------------------------------------------------------------------------------


def file_row(view: View, document: Document) -> dict[str, Any]:
    size = files.size_words(store.size(view.session, document.sha256))
    is_picture = document.mime in files.PICTURES
    picture = f"{view.url}/gambar/{document.id}?kecil" if is_picture else None
    if document.kind == "lampiran":
        kind = {files.PDF: "pdf", files.DOCX: "word"}.get(document.mime, "foto" if is_picture else "lain")
        detail = f"{word(f'jenis_berkas.{kind}')}, {size}"
    else:
        kind = word(f"jenis_dokumen.{document.kind}")
        detail = word("halaman.versi", jenis=kind, versi=document.version, ukuran=size)
    return {"nama": document.name, "ket": detail, "url": f"{view.url}/berkas/{document.id}", "gambar_url": picture}


def matter(view: View) -> dict[str, Any]:
    """The complaint itself: the citizen's words, where they come from, their attachments."""
    c = view.complaint
    if c is None:
        item = view.session.get_one(Item, view.task.item_id)
        at = clock.waktu(item.received_at, view.settings.zone)
        return {
            "judul": word("halaman.kiriman"),
            "teks": view.task.note,
            "asal": word(f"halaman.asal_{item.source}", waktu=at, nama=item.name or word("surat.tanpa_perihal")),
            "berkas": [file_row(view, d) for d in view.documents()] or [_original(view, item)],
        }
    who = c.nama or word("pengadu.tanpa_nama")
    if c.rahasia:
        who = word("pengadu.rahasia")
    when = clock.waktu(c.received_at, view.settings.zone)
    return {
        "judul": word("halaman.isi"),
        "teks": c.isi,
        "asal": word("halaman.asal", pengadu=who, kanal=word(f"lewat.{c.channel}"), waktu=when),
        "berkas": [file_row(view, d) for d in view.documents("lampiran")],
    }


def _original(view: View, item: Item) -> dict[str, Any]:
    """The mail as it came, to be opened in a mail program: all that there is of one that could not be read."""
    size = files.size_words(store.size(view.session, item.sha256))
    return {
        "nama": item.name or word("surat.tanpa_perihal"),
        "ket": word("halaman.asli", ukuran=size),
        "url": f"{view.url}/asli",
        "gambar_url": None,
    }


def sections(view: View) -> list[dict[str, Any]]:
    """What earlier langkah found, in the order in which it is needed; `dulu` marks what comes before the complaint:
    why a task came back, what is asked, what was ordered."""
    c, task = view.complaint, view.task
    if c is None:
        return []
    found: list[dict[str, Any]] = []
    if task.note:
        title = "halaman.pertanyaan" if task.kind is TaskKind.KETERANGAN else "halaman.dikembalikan"
        found.append({"judul": word(title), "isi": [{"teks": task.note}], "dulu": True})
    if c.decision and task.kind is not TaskKind.KETERANGAN:
        agency = f" ({c.instansi})" if c.instansi else ""
        decision = word(f"pilihan.keputusan.{c.decision}") + agency
        ordered = task.kind in (TaskKind.JAWABAN, TaskKind.PENYAMPAIAN)
        rows = [{"kata": decision, "teks": c.perintah}]
        found.append({"judul": word("halaman.keputusan"), "isi": rows, "dulu": ordered})
    if c.ringkasan and c.ringkasan != c.isi and task.kind is not TaskKind.CATAT:
        found.append({"judul": word("halaman.ringkasan"), "isi": [{"teks": c.ringkasan}]})
    if c.hasil and task.kind not in (TaskKind.KETERANGAN, TaskKind.KLARIFIKASI):
        found.append({"judul": word("halaman.hasil"), "isi": [{"teks": c.hasil}]})
    found += _units(view)
    found += _meetings(view)
    later = [
        {"kepala": clock.waktu(event.at, view.settings.zone), "teks": data.get("teks", "")}
        for event, data in view.history(EventKind.CITIZEN_WROTE)
    ]
    if later:
        found.append({"judul": word("halaman.tambahan"), "isi": later})
    return found + _earlier(view)


def _units(view: View) -> list[dict[str, Any]]:
    answers = [
        {
            "kepala": event.actor_title,
            "ket": f"{event.actor_name}, {clock.pukul(event.at.astimezone(view.settings.zone))}",
            "teks": data.get("teks", ""),
        }
        for event, data in view.history(EventKind.UNIT_ANSWERED)
    ]
    waiting = view.session.scalars(
        select(Task.holder).where(
            Task.complaint_id == view.task.complaint_id, Task.kind == TaskKind.KETERANGAN, Task.closed_at.is_(None)
        )
    ).all()
    names = [p.jabatan for code in waiting if (p := view.settings.person(code))]
    lead = word("halaman.menunggu_unit", jumlah=len(names), siapa=", ".join(names)) if names else ""
    if not answers and not lead:
        return []
    return [{"judul": word("halaman.keterangan_unit"), "pengantar": lead, "isi": answers}]


def _meetings(view: View) -> list[dict[str, Any]]:
    rows = []
    for event, data in view.history(EventKind.MEETING_SET, EventKind.MINUTES_ADDED):
        if event.kind is EventKind.MEETING_SET:
            at = clock.waktu(datetime.fromisoformat(data["waktu"]), view.settings.zone) if "waktu" in data else ""
            rows.append({"kepala": at, "ket": data.get("tempat", ""), "teks": data.get("peserta", "")})
        else:
            rows.append({"kepala": word("jenis_dokumen.notulen"), "teks": data.get("teks", "")})
    if not rows:
        return []
    lead = ", ".join(view.settings.sop.keterkaitan)
    return [{"judul": word("halaman.rapat"), "pengantar": lead, "isi": rows}]


def _earlier(view: View) -> list[dict[str, Any]]:
    if view.complaint is None or view.task.kind not in (TaskKind.CATAT, TaskKind.KLARIFIKASI):
        return []
    work = cases.Work(view.session, view.settings, view.now)
    rows = [
        {"kepala": c.number, "ket": clock.tanggal(c.received_at.astimezone(view.settings.zone)), "teks": c.perihal}
        for c in cases.duplicate_of(work, view.complaint)
    ]
    return [{"judul": word("halaman.lain_dari_pengadu"), "isi": rows}] if rows else []


def sentence(view: View, event: Event, data: Mapping[str, Any]) -> str:
    """One event in words. A payload that was erased leaves its blanks empty."""
    values: dict[str, Any] = {
        "teks": "", "alasan": "", "ke": "", "kepada": "", "lewat": "", "tempat": "", "kanal": "", "cara": "",
        "keputusan": "", "waktu": "", "arah": "", "tugas": "",
    }  # fmt: skip
    values |= data
    if data.get("kanal"):
        values["kanal"] = word(f"lewat.{data['kanal']}")
    if data.get("cara"):
        values["cara"] = word(f"pilihan.cara.{data['cara']}")
    if data.get("keputusan"):
        values["keputusan"] = word(f"pilihan.keputusan.{data['keputusan']}")
    if data.get("tugas"):
        values["tugas"] = word(f"tugas.{data['tugas']}")
    if data.get("waktu"):
        values["waktu"] = clock.waktu(datetime.fromisoformat(data["waktu"]), view.settings.zone)
    if isinstance(data.get("kepada"), list):
        people = [view.settings.person(code) for code in data["kepada"]]
        values["kepada"] = ", ".join(p.jabatan for p in people if p)
    if event.kind is EventKind.MERGED:
        values["arah"] = f"ke {data['ke']}" if data.get("ke") else f"dari {data.get('dari', '')}"
    return word(f"peristiwa.{event.kind}", **values).strip()


def timeline(view: View) -> list[dict[str, str]]:
    """The history, newest first."""
    zone = view.settings.zone
    rows = []
    for event, data in view.history():
        at = event.at.astimezone(zone)
        who = ", ".join(filter(None, (event.actor_name, event.actor_title if event.actor_name else "")))
        rows.append(
            {
                "waktu": f"{clock.tanggal_pendek(at)}, {clock.pukul(at)}",
                "iso": at.isoformat(timespec="minutes"),
                "teks": sentence(view, event, data),
                "oleh": who,
            }
        )
    return rows[::-1]


# ---- forms ---------------------------------------------------------------------------------------------------


def newest_event(view: View) -> int:
    if view.complaint is None:
        return 0
    query = select(func.max(Event.seq)).where(Event.complaint_id == view.complaint.id)
    return view.session.scalar(query) or 0


def _prefilled(view: View, name: str) -> str:
    c = view.complaint
    if c is None:
        return ""
    if name == "ringkasan":
        return c.ringkasan or (c.isi if len(c.isi) <= 600 else "")
    known = {"perihal", "kategori", "nama", "alamat", "telepon", "email", "hasil", "perintah", "instansi"}
    return str(getattr(c, name)) if name in known else ""


def control(
    view: View, field: Field, given: Mapping[str, list[str]], errors: Mapping[str, str], fill: bool
) -> dict[str, Any]:
    """One field as templates/web/_bagian.html wants it."""
    words = table(f"kolom.{field.name}")
    label, hint = words.get("label", field.name), words.get("petunjuk", "")
    values = given.get(field.name, [])
    value = values[0] if values else (_prefilled(view, field.name) if fill else "")
    shared = {"name": field.name, "petunjuk": hint, "galat": errors.get(field.name, ""), "wajib": field.required}
    if field.kind is FieldKind.CENTANG:
        ticked = bool(values) or (fill and bool(view.complaint and view.complaint.rahasia))
        return {"jenis": "checkbox", "name": field.name, "value": "ya", "label": label, "ket": hint, "dipilih": ticked}
    if field.kind in (FieldKind.PILIH, FieldKind.PETUGAS, FieldKind.UNIT):
        options = [{**o, "dipilih": o["value"] in values} for o in _options(view, field)]
        shape = "radio" if field.kind is FieldKind.PILIH else "checkbox"
        return {**shared, "jenis": "pilihan", "judul": label, "opsi": options, "bentuk": shape}
    kind = CONTROLS[field.kind]
    row: dict[str, Any] = {**shared, "label": label, "jenis": kind}
    if kind == "file":
        return {**row, "accept": ACCEPT[field.kind]}
    if field.kind is FieldKind.TELEPON:
        row["inputmode"] = "tel"
    return {**row, "nilai": value, "autocomplete": "off"}


def _options(view: View, field: Field) -> list[dict[str, str]]:
    if field.kind is FieldKind.PETUGAS:
        return [{"value": p.kode, "label": p.jabatan, "ket": p.nama} for p in view.settings.holders(Role.KASI)]
    if field.kind is FieldKind.UNIT:
        return [{"value": u.kode, "label": u.nama, "ket": ""} for u in view.settings.unit]
    labels, hints = table(f"pilihan.{field.name}"), table(f"keterangan.{field.name}")
    return [{"value": c, "label": _capital(labels[c]), "ket": hints.get(c, "")} for c in map(str, field.choices)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def form(
    view: View, action: Action, chosen: str, given: Mapping[str, list[str]], errors: Mapping[str, str]
) -> dict[str, Any]:
    """One action's form. `chosen` is the action that the link or the last press named."""
    words = table(f"aksi.{view.task.kind}.{action.name}")
    mine = chosen == action.name
    kinds = {f.kind for f in action.fields}
    return {
        "aksi": action.name,
        "judul": words["judul"],
        "keterangan": words.get("keterangan", ""),
        "kolom": [
            control(view, f, given if mine else {}, errors if mine else {}, fill=not (mine and errors))
            for f in action.fields
        ],
        "tombol": words["tombol"],
        "catatan": words.get("catatan", ""),
        "multipart": bool(kinds & set(ACCEPT)),
        "sembunyi": [{"name": "lihat", "value": newest_event(view)}],
        "buka": mine,
    }


def forms(
    view: View, chosen: str = "", given: Mapping[str, list[str]] | None = None, errors: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the main form, the others). The letter's task leads with the upload until there is an edited version."""
    offered = notices.offered(view.session, view.task.kind, view.complaint)
    if view.task.kind is TaskKind.JAWABAN:
        lead = "ajukan" if _edited(view) else "unggah"
        offered.sort(key=lambda a: a.name != lead)
    made = [form(view, a, chosen, given or {}, errors or {}) for a in offered]
    main, rest = made[0], made[1:]
    if view.task.kind is TaskKind.JAWABAN:
        _letter_stages(view, main, rest)
    elif view.task.kind is TaskKind.PENYAMPAIAN:
        _signed_letter(view, main)
    elif view.task.kind is TaskKind.ARSIP:
        main["nada"] = "biasa"  # nothing is asked for
    elif view.task.kind is TaskKind.TANDA_TANGAN:
        main["tahap"] = [
            *_downloads(view),
            {"judul": word("halaman.tanda_tangani_judul"), "teks": word("halaman.tanda_tangani_teks"), "url": ""},
        ]
        main["tahap_akhir"], main["judul"] = word("halaman.unggah_judul"), word("halaman.tanda_tangan_judul")
    return main, rest


def _edited(view: View) -> bool:
    """Whether an edited letter came after the newest draft."""
    newest = view.documents("konsep", "surat")
    return bool(newest) and newest[-1].kind == "surat"


def _downloads(view: View) -> list[dict[str, str]]:
    text = word("halaman.unduh_teks") if view.task.kind is TaskKind.JAWABAN and not _edited(view) else ""
    rows = [*view.documents("konsep", "surat")[-1:], *_pdf_of(view)]
    return [{**_download(view, d, word("halaman.unduh_judul")), "teks": text or f"{d.name}."} for d in rows]


def _download(view: View, document: Document, title: str) -> dict[str, str]:
    """A file as one stage of a form, with a button."""
    kind = {files.PDF: "PDF", files.DOCX: "Word"}.get(document.mime, word("jenis_berkas.foto"))
    size = files.size_words(store.size(view.session, document.sha256))
    return {
        "judul": title,
        "teks": f"{document.name}.",
        "url": f"{view.url}/berkas/{document.id}",
        "tombol": word("halaman.unduh_tombol", jenis=kind, ukuran=size),
    }


def _signed_letter(view: View, main: dict[str, Any]) -> None:
    """Before it is sent, the JFU looks at the signed letter; a merged complaint may have none."""
    signed = view.documents("ttd")[-1:]
    if signed:
        main["tahap"] = [_download(view, signed[0], word("halaman.periksa_judul"))]
        main["tahap_akhir"] = main["judul"]
        main["judul"] = word("halaman.sampaikan_judul")


def _pdf_of(view: View) -> list[Document]:
    letters = view.documents("konsep", "surat")
    made = [d for d in view.documents("pdf") if letters and d.created_at >= letters[-1].created_at]
    return made[-1:]


def _letter_stages(view: View, main: dict[str, Any], rest: list[dict[str, Any]]) -> None:
    if main["aksi"] == "unggah":
        edit = {"judul": word("halaman.sunting_judul"), "teks": word("halaman.sunting_teks"), "url": ""}
        main["tahap"], main["tahap_akhir"] = [*_downloads(view), edit], word("halaman.unggah_judul")
        main["judul"] = word("halaman.surat_judul")
        for one in rest:
            if one["aksi"] == "ajukan":
                one["judul"] = word("halaman.ajukan_langsung")
    else:
        main["tahap"], main["tahap_akhir"] = _downloads(view), word("halaman.ajukan_judul")
        for one in rest:
            if one["aksi"] == "unggah":
                one["judul"] = word("halaman.unggah_lagi")


# ---- pages ---------------------------------------------------------------------------------------------------


def head_line(view: View) -> str:
    role = {TaskKind.KEPUTUSAN: "kepala", TaskKind.TANDA_TANGAN: "kepala", TaskKind.KETERANGAN: "kasi"}
    role |= {TaskKind.KLARIFIKASI: "sekretaris", TaskKind.JAWABAN: "sekretaris"}
    return word("halaman.kepala", siapa=word(f"peran.{role.get(view.task.kind, 'jfu')}"))


def task_page(
    view: View,
    chosen: str = "",
    given: Mapping[str, list[str]] | None = None,
    errors: Mapping[str, str] | None = None,
    said: str = "",
) -> dict[str, Any]:
    """The context of tugas.html."""
    main, rest = forms(view, chosen, given, errors)
    c = view.complaint
    title = word(f"tugas.{view.task.kind}") + (f": {c.perihal}" if c else "")
    shown = {d.id for d in view.documents("lampiran")}
    pictures = [d for d in view.documents() if d.mime in files.PICTURES] if c is None else []
    return {
        "kepala": head_line(view),
        "nomor": c.number if c else "",
        "judul": title,
        "pengantar": "",
        "pesan": said,
        "galat": [
            {"untuk": f"{chosen}-{name}", "pesan": f"{_label(name)}: {text}"} for name, text in (errors or {}).items()
        ],
        "tenggat": deadline(view),
        "langkah": steps(view),
        "aduan": matter(view),
        "pengadu": contact(view),
        "bagian": sections(view),
        "periksa": None,
        "gambar": [{"url": f"{view.url}/gambar/{d.id}", "nama": d.name} for d in pictures],
        "dokumen": [file_row(view, d) for d in reversed(view.documents()) if d.id not in shown and c is not None],
        "riwayat": timeline(view),
        "utama": main,
        "lain": rest,
        "alat": tools(view),
    }


def contact(view: View) -> list[dict[str, str]]:
    """How the pengadu is reached, for the one who delivers the answer; a mail does not spread a secret identity."""
    c = view.complaint
    if c is None or view.task.kind not in (TaskKind.PENYAMPAIAN, TaskKind.ARSIP):
        return []
    names = [name for name in ("nama", "alamat", "telepon", "email") if getattr(c, name)]
    rows = [{"nama": _label(name), "nilai": str(getattr(c, name))} for name in names]
    if rows and c.rahasia:
        rows.append({"nama": word("halaman.kerahasiaan"), "nilai": word("halaman.kerahasiaan_teks")})
    return rows


def _label(name: str) -> str:
    return str(table(f"kolom.{name}").get("label", name))


def tools(view: View, found: links.Opened | None = None) -> list[dict[str, str]]:
    """Links beside the task: the book, and for a JFU the form for those who come in person; as long as they open."""
    holder = cases.holders(view.settings, view.task)
    rows = []
    if any({Role.JFU, Role.SEKRETARIS, Role.KEPALA} & set(p.peran) for p in holder) and (not found or found.full):
        rows.append({"label": word("halaman.buku"), "url": f"{view.url}/buku"})
    if any(Role.JFU in p.peran for p in holder) and (not found or found.alive):
        rows.append({"label": word("halaman.catat_lain"), "url": f"{view.url}/catat"})
    return rows


def done_words(view: View) -> str:
    task, zone = view.task, view.settings.zone
    at = clock.waktu(task.closed_at or view.now, zone)
    person = view.settings.person(task.closed_by)
    if person is None:
        return word("halaman.dipakai_sistem", waktu=at)
    return word("halaman.dipakai_orang_lain", siapa=f"{person.nama} ({person.jabatan})", waktu=at)


def receipt(view: View, found: links.Opened) -> dict[str, Any]:
    """The context of selesai.html, after an act that closed the task."""
    task, c, zone = view.task, view.complaint, view.settings.zone
    words = table(f"aksi.{task.kind}.{task.outcome}")
    at = task.closed_at or view.now
    person = view.settings.person(task.closed_by)
    who = f"{person.nama}, {person.jabatan}" if person else ""
    recorded: list[dict[str, Any]] = [{"nama": word("bukti.oleh"), "nilai": who}]
    for event, data in view.history():
        if event.task_id == task.id and event.at == at and data:
            said = sentence(view, event, data)
            recorded.append({"nama": word("bukti.tercatat"), "nilai": said})
            if data.get("teks") and data["teks"] not in said:
                recorded.append({"nama": word("bukti.isi"), "nilai": data["teks"], "orang": True})
    if task.due_at:
        late = at > task.due_at
        recorded.append(
            {
                "nama": word("bukti.ketepatan"),
                "nilai": word("bukti.batas", waktu=clock.waktu(task.due_at, zone)),
                "kata": word("bukti.terlambat" if late else "bukti.tepat"),
                "nada": "buruk" if late else "baik",
            }
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
        "judul_selanjutnya": word("bukti.keadaan" if c and c.stage in OVER else "bukti.selanjutnya"),
        "selanjutnya": word(f"selanjutnya.{c.stage}") if c else word("selanjutnya.klarifikasi"),
        "keliru": None,
        "alat": tools(view, found),
        "cetak_url": f"{view.url}/tanda-terima/{c.id}"
        if c and c.channel is not Channel.EMAIL and Role.JFU in (person.peran if person else ())
        else "",
    }


def _told(view: View, at: datetime) -> list[dict[str, str]]:
    """Who got a mail from this act: those that were put into the outbox at the same moment."""
    if view.complaint is None:
        return []
    query = select(Outbox).where(Outbox.complaint_id == view.complaint.id, Outbox.date == at).order_by(Outbox.id)
    return [
        {"siapa": mail.recipient_name or word("peran.pengadu"), "ket": table("surel").get(mail.name, mail.name)}
        for mail in view.session.scalars(query)
    ]


def spent_page(view: View, found: links.Opened) -> dict[str, Any]:
    """The context of terpakai.html: who acted and when; the complaint itself only for 7 more days.

    The one who is named may not have pressed; somebody else need not be asked.
    """
    c = view.complaint
    state = []
    if c is not None:
        state.append({"nama": "Keadaan", "nilai": word(f"tahap.{c.stage}")})
        if c.decision:
            state.append({"nama": "Keputusan", "nilai": word(f"pilihan.keputusan.{c.decision}")})
    return {
        "nomor": c.number if c else "",
        "judul": word("halaman.dipakai_judul" if view.task.closed_by else "halaman.tidak_berlaku_judul"),
        "pengantar": f"{done_words(view)} {word('halaman.dipakai_pengantar')}",
        "langkah": steps(view),
        "keadaan": state,
        "bukan_anda": word("halaman.bukan_anda") if view.task.closed_by == found.holder else "",
        "aduan": matter(view) if found.full and c is not None else None,
        "alat": tools(view, found),
    }
