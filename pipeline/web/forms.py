"""The forms of a task: which actions, in which order, with what filled in; downloads before an upload.

Hides how a field of the SOP's table becomes a control of templates/web/_bagian.html. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from pipeline import cases, clock, files, notices, saved, store
from pipeline.db import Document, Event
from pipeline.sop import (
    Action,
    Field,
    FieldKind,
    Role,
    TaskKind,
)
from pipeline.web.view import View
from pipeline.words import table, word

CONTROLS = {
    FieldKind.TEKS: "text",
    FieldKind.PANJANG: "textarea",
    FieldKind.EMAIL: "email",
    FieldKind.TELEPON: "tel",
    FieldKind.WAKTU: "datetime-local",
    FieldKind.JAM: "time",
    FieldKind.SURAT: "file",
    FieldKind.BERKAS: "file",
    FieldKind.PINDAIAN: "file",
}
KNOWN_TICKS = ("rahasia", "lampiran_terbuka")  # what the case tells; anything else is for the person to tick
ACCEPT = {
    FieldKind.SURAT: ".docx",
    FieldKind.BERKAS: "image/*,.pdf,.docx",
    FieldKind.PINDAIAN: "application/pdf,image/jpeg,image/png",
}

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
    needed = field.required and not (field.name == "bertanda_tangan" and view.settings.surat.pkcs12)
    shared = {"name": field.name, "petunjuk": hint, "galat": errors.get(field.name, ""), "wajib": needed}
    if field.kind is FieldKind.CENTANG:
        ticked = bool(values) or (fill and field.name in KNOWN_TICKS and bool(getattr(view.complaint, field.name, "")))
        return {"jenis": "checkbox", "name": field.name, "value": "ya", "label": label, "ket": hint, "dipilih": ticked}
    if field.kind in (FieldKind.PILIH, FieldKind.PETUGAS, FieldKind.PESERTA, FieldKind.UNIT):
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
    if field.kind is FieldKind.PESERTA:
        return [{"value": p.kode, "label": p.jabatan, "ket": p.nama} for p in view.settings.petugas]
    if field.kind is FieldKind.UNIT:
        return [{"value": u.kode, "label": u.nama, "ket": ""} for u in view.settings.unit]
    labels, hints = table(f"pilihan.{field.name}"), table(f"keterangan.{field.name}")
    return [{"value": c, "label": _capital(labels[c]), "ket": hints.get(c, "")} for c in map(str, field.choices)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def form(
    view: View,
    action: Action,
    chosen: str,
    given: Mapping[str, list[str]],
    errors: Mapping[str, str],
    kept: tuple[Mapping[str, list[str]], datetime] | None = None,
) -> dict[str, Any]:
    """One action's form. `chosen` is the action that the link or the last press named; `kept` what was typed before
    and not sent, and when."""
    words = table(f"aksi.{view.task.kind}.{action.name}")
    mine = chosen == action.name
    values = dict(given) if mine else {}
    if kept and not (mine and errors):
        values = {**kept[0], **values}
    kinds = {f.kind for f in action.fields}
    at = clock.waktu(kept[1], view.settings.zone) if kept and not (mine and errors) else ""
    return {
        "aksi": action.name,
        "judul": words["judul"],
        "keterangan": words.get("keterangan", ""),
        "kolom": [
            control(view, f, values, errors if mine else {}, fill=not kept and not (mine and errors))
            for f in action.fields
            if _asked(view, f)
        ],
        "tombol": words["tombol"],
        "catatan": words.get("catatan", ""),
        "multipart": bool(kinds & set(ACCEPT)),
        "sembunyi": [{"name": "lihat", "value": newest_event(view)}],
        "buka": mine,
        "simpan_url": f"{view.url}/simpan" if FieldKind.PANJANG in kinds else "",
        "disimpan": word("halaman.disimpan_pada", waktu=at) if at else "",
    }


def _asked(view: View, field: Field) -> bool:
    """Whether the case gives reason to ask for this field."""
    if field.name == "nomor_surat":
        return view.settings.surat.penomoran == "manual"
    if field.name == "lampiran_terbuka":
        return bool(view.documents(*notices.FROM_OUTSIDE))
    if field.name == "sistem":
        return bool(view.settings.surat.pkcs12 and _pdf_of(view))
    if field.name == "yakin":
        letters = view.documents("konsep", "surat")
        return bool(letters) and "lihat" in cases.levels(letters[-1])
    return True


def forms(
    view: View, chosen: str = "", given: Mapping[str, list[str]] | None = None, errors: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the main form, the others). The letter's task leads with the upload until there is an edited version."""
    offered = notices.offered(view.session, view.task.kind, view.complaint)
    if view.task.kind is TaskKind.JAWABAN:
        lead = "ajukan" if _edited(view) else "unggah"
        offered.sort(key=lambda a: a.name != lead)
    kept = saved.of(view.session, view.task.id, view.owner) if view.owner else {}
    made = [form(view, a, chosen, given or {}, errors or {}, kept.get(a.name)) for a in offered]
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
    if view.task.kind is TaskKind.TANDA_TANGAN:
        final = view.documents("akhir")[-1:]
        final += view.documents("pengantar_akhir")[-1:] if view.complaint and view.complaint.instansi else []
        rows = [*_pdf_of(view), *final] or view.documents("konsep", "surat")[-1:]
    else:
        rows = view.documents("konsep", "surat")[-1:]
        rows += view.documents("pengantar")[-1:] if view.complaint and view.complaint.instansi else []
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


def pdf_to_sign(view: View) -> Document | None:
    """The PDF of the letter as it is to be signed, once a job has made it."""
    return next(iter(_pdf_of(view)), None)


def _pdf_of(view: View) -> list[Document]:
    final = view.documents("akhir")[-1:]
    return [d for d in view.documents("pdf") if final and d.source_id == final[0].id][-1:]


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
