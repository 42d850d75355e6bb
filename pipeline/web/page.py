"""A task → the plain data that templates/web/tugas.html, selesai.html and terpakai.html show.

Hides what earlier langkah found, the history in words, who was told. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pipeline import cases, clock, files, links, notices, store
from pipeline.db import Complaint, Document, Event, Item, Outbox, Task
from pipeline.letters.series import ANSWER
from pipeline.mail.message import read
from pipeline.sop import (
    OVER,
    Channel,
    EventKind,
    Role,
    TaskKind,
)
from pipeline.web.forms import forms
from pipeline.web.letter import inspections
from pipeline.web.view import View, deadline, steps
from pipeline.words import table, word

READ_HERE, SHOWN = 2**20, 20_000  # bytes of a held mail that is read for its page; letters of it that are shown

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
    look = f"{view.url}/lihat/{document.id}" if document.mime == files.PDF else ""
    url = f"{view.url}/berkas/{document.id}"
    return {"nama": document.name, "ket": detail, "url": url, "gambar_url": picture, "lihat_url": look}


def _shown(view: View, text: str) -> str:
    """Other units read a confidential case without the name and the contacts of who complains."""
    unit = view.task.kind is TaskKind.KETERANGAN and view.complaint is not None
    return notices.masked(view.complaint, text) if unit and view.complaint else text


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
        "teks": _shown(view, c.isi),
        "asal": word("halaman.asal", pengadu=who, kanal=word(f"lewat.{c.channel}"), waktu=when),
        "berkas": [file_row(view, d) for d in view.documents("lampiran") if view.shows(d)],
        "tertutup": word("rapat.lampiran_tertutup") if _closed(view, c) else "",
    }


def _closed(view: View, c: Complaint) -> bool:
    return notices.hidden_files(c, view.task.kind) and bool(view.documents(*notices.FROM_OUTSIDE))


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
        return _held_mail(view)
    found: list[dict[str, Any]] = []
    if task.note:
        title = task.kind if task.kind in (TaskKind.KETERANGAN, TaskKind.CATAT) else "lain"
        said = [{"teks": _shown(view, task.note)}]
        found.append({"judul": word(f"judul_catatan.{title}"), "isi": said, "dulu": True})
    if c.decision and task.kind is not TaskKind.KETERANGAN:
        agency = f" ({c.instansi})" if c.instansi else ""
        decision = word(f"pilihan.keputusan.{c.decision}") + agency
        ordered = task.kind in (TaskKind.JAWABAN, TaskKind.PENYAMPAIAN)
        rows = [{"kata": decision, "teks": c.perintah}]
        found.append({"judul": word("halaman.keputusan"), "isi": rows, "dulu": ordered})
    found += _shared(view, c)
    if c.ringkasan and c.ringkasan != c.isi and task.kind is not TaskKind.CATAT:
        found.append({"judul": word("halaman.ringkasan"), "isi": [{"teks": _shown(view, c.ringkasan)}]})
    if c.hasil and task.kind not in (TaskKind.KETERANGAN, TaskKind.KLARIFIKASI):
        found.append({"judul": word("halaman.hasil"), "isi": [{"teks": c.hasil}]})
    found += _units(view)
    found += _meetings(view)
    later = [
        {
            "kepala": clock.waktu(event.at, view.settings.zone),
            "teks": _shown(view, data.get("teks", "")),
            "lipatan": _shown(view, data.get("lipatan", "")),
        }
        for event, data in view.history(EventKind.CITIZEN_WROTE)
    ]
    if later:
        found.append({"judul": word("halaman.tambahan"), "isi": later})
    return found + _earlier(view)


def _held_mail(view: View) -> list[dict[str, Any]]:
    """What a held mail says, for a phone that opens no .eml; nothing of a large one."""
    item = view.session.get_one(Item, view.task.item_id)
    if item.source != "mail" or store.size(view.session, item.sha256) > READ_HERE:
        return []
    message = read(store.get(view.session, item.sha256))
    sender = message.sender
    said = links.masked(message.text.strip())[:SHOWN]
    who = ", ".join(filter(None, (sender.name, sender.email))) if sender else word("pengadu.tanpa_nama")
    row = {"kepala": message.subject or word("surat.tanpa_perihal"), "ket": who, "teks": said or word("surat.kosong")}
    return [{"judul": word("halaman.isi_surat"), "isi": [row]}]


def _shared(view: View, c: Complaint) -> list[dict[str, Any]]:
    """Whom the letter answers as well."""
    if view.task.kind not in (TaskKind.JAWABAN, TaskKind.TANDA_TANGAN):
        return []
    others = notices.answered_with(view.session, c)
    said = word("salinan.ikut_teks", nomor=", ".join(others))
    return [{"judul": word("salinan.ikut"), "pengantar": said, "isi": [], "dulu": True}] if others else []


def _units(view: View) -> list[dict[str, Any]]:
    answers = [
        {
            "kepala": event.actor_title,
            "ket": f"{event.actor_name}, {clock.pukul(event.at.astimezone(view.settings.zone))}",
            "teks": _shown(view, data.get("teks", "")),
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
    for event, data in view.history(EventKind.MEETING_SET, EventKind.MEETING_CANCELLED, EventKind.MINUTES_ADDED):
        at = _time_of(view, data)
        if event.kind is EventKind.MEETING_SET:
            told = [data.get("agenda", ""), word("rapat.diundang", siapa=data["kepada"]) if data.get("kepada") else ""]
            text = "\n\n".join(filter(None, (*told, data.get("peserta", ""))))
            rows.append({"kepala": at, "ket": data.get("tempat", ""), "teks": text})
        elif event.kind is EventKind.MEETING_CANCELLED:
            rows.append({"kepala": word("rapat.batal"), "ket": at, "teks": data.get("teks", "")})
        else:
            present = word("rapat.hadir", siapa=data["hadir"]) if data.get("hadir") else ""
            text = "\n\n".join(filter(None, (present, data.get("teks", ""))))
            rows.append({"kepala": word("jenis_dokumen.notulen"), "teks": text})
    if not rows or view.complaint is None:
        return []
    standing = notices.standing_meeting(view.session, view.complaint)
    if standing is not None and standing.answers:
        names = {str(a).lower(): n or a for a, n in standing.invited}
        said = ", ".join(f"{names.get(a, a)} {word(f'rapat.jawab.{state}')}" for a, state in standing.answers.items())
        rows.append({"kepala": word("rapat.jawaban"), "teks": said})
    rows = [{**row, "teks": _shown(view, row["teks"])} for row in rows]
    lead = ", ".join(view.settings.sop.keterkaitan)
    return [{"judul": word("halaman.rapat"), "pengantar": lead, "isi": rows}]


def _time_of(view: View, data: Mapping[str, Any]) -> str:
    begins, ends = (datetime.fromisoformat(data[name]) if data.get(name) else None for name in ("waktu", "selesai"))
    return notices.meeting_time(view.settings, begins, ends) if begins else ""


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
        "keputusan": "", "waktu": "", "arah": "", "tugas": "", "nomor": "", "nama": "",
        "instansi": "", "surat": word("jenis_surat.jawaban"),
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
    values["waktu"] = _time_of(view, data)
    if isinstance(data.get("kepada"), list):
        people = [view.settings.person(code) for code in data["kepada"]]
        values["kepada"] = ", ".join(p.jabatan for p in people if p)
    if event.kind is EventKind.MERGED:
        values["arah"] = f"ke {data['ke']}" if data.get("ke") else f"dari {data.get('dari', '')}"
    if data.get("prioritas"):
        values["prioritas"] = word(f"pilihan.prioritas.{data['prioritas']}")
        values["kerahasiaan"] = word("rapat.rahasia" if data.get("rahasia") else "rapat.terbuka").lower()
        if data.get("rahasia") and data.get("lampiran"):
            values["kerahasiaan"] += word("rapat.lampiran_terbuka")
    return _shown(view, word(f"peristiwa.{event.kind}", **values).strip())


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
    title = word(f"tugas.{view.task.kind}") + (f": {_shown(view, c.perihal)}" if c else "")
    shown = {d.id for d in view.documents("lampiran")}
    pictures = [d for d in view.documents() if d.mime in files.PICTURES] if c is None else []
    return {
        "kepala": head_line(view),
        "nomor": c.number if c else "",
        "judul": title,
        "pengantar": _signer_words(view),
        "prioritas": word(f"pilihan.prioritas.{c.prioritas}") if c and c.prioritas != "biasa" else "",
        "rahasia": bool(c and c.rahasia),
        "pesan": said,
        "galat": [
            {"untuk": f"{chosen}-{name}", "pesan": f"{_label(name)}: {text}"} for name, text in (errors or {}).items()
        ],
        "tenggat": deadline(view),
        "langkah": steps(view),
        "aduan": matter(view),
        "pengadu": contact(view),
        "bagian": sections(view),
        "periksa": inspections(view),
        "gambar": [{"url": f"{view.url}/gambar/{d.id}", "nama": d.name} for d in pictures],
        "dokumen": [
            file_row(view, d)
            for d in reversed(view.documents())
            if d.id not in shown and d.kind != "rupa" and c is not None and view.shows(d)
        ],
        "riwayat": timeline(view),
        "utama": main,
        "lain": rest,
        "alat": tools(view),
    }


def _signer_words(view: View) -> str:
    """Whose signature is asked for, where that is not the reader's own."""
    final = view.documents(ANSWER.final)[-1:] if view.task.kind is TaskKind.TANDA_TANGAN else []
    facts = final[0].facts or {} if final else {}
    if not facts.get("penanda"):
        return ""
    who = {"nama": facts["penanda"], "jabatan": facts["jabatan"]}
    if view.helping:
        return word("tanda_tangan.membantu", **who)
    another = facts["kode_penanda"] != view.settings.signers[0].kode
    return word("tanda_tangan.penanda_lain", **who) if another else ""


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
    if view.task.kind is TaskKind.PENYAMPAIAN and view.task.closed_at is None:
        rows.append({"label": word("cetak.serah"), "url": f"{view.url}/serah-terima"})
        c = view.complaint
        if c is not None and cases.on_board(view.session, c):
            rows.append({"label": word("cetak.pengumuman"), "url": f"{view.url}/pengumuman/{c.id}"})
    if not found or found.alive:
        rows.append({"label": word("saya.tautan"), "url": f"{view.url}/saya"})
    if any({Role.JFU, Role.SEKRETARIS, Role.KEPALA} & set(p.peran) for p in holder) and (not found or found.full):
        rows.append({"label": word("halaman.buku"), "url": f"{view.url}/buku"})
    if any(Role.JFU in p.peran for p in holder) and (not found or found.alive):
        rows.append({"label": word("halaman.catat_lain"), "url": f"{view.url}/catat"})
        rows.append({"label": word("slip.unggah.judul"), "url": f"{view.url}/unggah"})
    return rows


def printed(view: View, c: Complaint) -> dict[str, Any]:
    """The context of serah_terima.html."""
    zone = view.settings.zone
    received = clock.tanggal(c.received_at.astimezone(zone))
    return {
        "nomor": c.number,
        "baris": [
            {"nama": word("cetak.register"), "nilai": c.number},
            {"nama": word("cetak.kepada"), "nilai": c.nama or word("pengadu.tanpa_nama")},
            {"nama": word("cetak.diterima"), "nilai": f"{received}, {word(f'lewat.{c.channel}')}"},
            {"nama": word("cetak.surat"), "nilai": c.letter_number or "-"},
        ],
        "tanggal": f"{view.settings.instansi.kota}, {clock.tanggal(view.now.astimezone(zone)).split(', ', 1)[1]}",
        "kembali": {"url": view.url, "label": word("catat.kembali")},
    }


def done_words(view: View) -> str:
    task, zone = view.task, view.settings.zone
    at = clock.waktu(task.closed_at or view.now, zone)
    who = closer(view)
    if not who:
        return word("halaman.dipakai_sistem", waktu=at)
    return word("halaman.dipakai_orang_lain", siapa=who, waktu=at)


def closer(view: View) -> str:
    """Who closed the task, with the jabatan as of then; "" if nobody did."""
    task = view.task
    person = view.settings.person(task.closed_by)
    if person is None:
        return ""
    for event, _data in reversed(view.history()):
        if event.task_id == task.id and event.actor == person.kode:
            return f"{event.actor_name} ({event.actor_title})"
    return f"{person.nama} ({person.jabatan})"


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
        late = at > task.due_at
        recorded.append(
            {
                "nama": word("bukti.ketepatan"),
                "nilai": word("bukti.batas", waktu=clock.waktu(task.due_at, zone)),
                "kata": word("bukti.terlambat" if late else "bukti.tepat"),
                "nada": "buruk" if late else "baik",
            }
        )
        recorded.append({"nama": word("waktu.judul"), "nilai": notices.time_words(view.settings, task, view.now)})
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
    mails = list(view.session.scalars(query))
    told = [
        {"siapa": mail.recipient_name or word("peran.pengadu"), "ket": table("surel").get(mail.name, mail.name)}
        for mail in mails
    ]
    return told + _told_later(view, at, {mail.task_id for mail in mails})


def _told_later(view: View, at: datetime, told: set[int | None]) -> list[dict[str, str]]:
    """Who gets a mail as soon as the letter that goes with it is made."""
    opened = select(Task).where(Task.complaint_id == view.task.complaint_id, Task.opened_at == at)
    return [
        {"siapa": person.nama, "ket": word("bukti.menyusul", surat=word(f"surel.tugas_{task.kind}"))}
        for task in view.session.scalars(opened.order_by(Task.id))
        if task.id not in told
        for person in cases.holders(view.settings, task)
    ]


def passed_on_page(view: View, found: links.Opened) -> dict[str, Any]:
    """The context of terpakai.html for an open task that somebody else holds now (Plh./Plt.), or again."""
    holding = " dan ".join(f"{p.nama} ({p.jabatan})" for p in cases.holders(view.settings, view.task))
    return spent_page(view, found) | {
        "judul": word("delegasi.judul"),
        "pengantar": word("delegasi.pengantar", siapa=holding),
        "bukan_anda": "",
    }


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
    if spent := notices.time_words(view.settings, view.task, view.now):
        state.append({"nama": word("waktu.judul"), "nilai": spent})
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
