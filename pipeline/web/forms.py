"""The forms of a task: which actions, in which order, with what filled in; downloads before an upload.

Hides how a field of the SOP's table becomes a control of templates/web/_bagian.html. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from pipeline import cases, clock, files, ledger, notices, saved, store
from pipeline.db import Document, Event, Item
from pipeline.letters.series import ANSWER, COVERING, series_of
from pipeline.sop import (
    HANDED_IN,
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
    signed = field.kind is FieldKind.PINDAIAN  # needed unless it may be signed in the system
    needed = not view.settings.surat.pkcs12 or view.helping if signed else field.required
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
    covered = bool(view.complaint and view.complaint.instansi and view.documents(COVERING.drafted))
    if field.name in ("nomor_surat", "nomor_pengantar"):
        return view.settings.surat.penomoran == "manual" and (covered or field.name == "nomor_surat")
    if field.name == "pengantar_bertanda_tangan":
        return covered
    if field.name == "lampiran_terbuka":
        return bool(view.documents(*notices.FROM_OUTSIDE))
    if field.name == "sistem":
        return bool(view.settings.surat.pkcs12 and not view.helping and pdfs_to_sign(view))
    if field.name == "ttd_diragukan":
        return bool(view.settings.surat.sertifikat_akar)
    if field.name == "yakin":
        return any("lihat" in cases.levels(letter) for letter in _newest(view))
    return True


def _newest(view: View) -> list[Document]:
    """The letters that are worked on."""
    return notices.newest_letters(view.session, view.complaint) if view.complaint else []


def forms(
    view: View, chosen: str = "", given: Mapping[str, list[str]] | None = None, errors: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the main form, the others). The letter's task leads with the upload until there is an edited version."""
    offered = notices.offered(view.session, view.task.kind, view.complaint)
    if view.task.item_id is not None and not ledger.readable(view.session.get_one(Item, view.task.item_id)):
        offered = [one for one in offered if one.name != cases.ACCEPTED]
    if view.helping:
        offered = [one for one in offered if one.name in HANDED_IN]
    if view.task.kind is TaskKind.JAWABAN:
        lead = "ajukan" if _edited(view) else "unggah"
        offered.sort(key=lambda a: a.name != lead)
    kept = saved.of(view.session, view.task.id, view.owner) if view.owner else {}
    made = [form(view, a, chosen, given or {}, errors or {}, kept.get(a.name)) for a in offered]
    main, rest = made[0], made[1:]
    if view.task.kind is TaskKind.JAWABAN:
        _letter_stages(view, main, rest)
    elif view.task.kind in (TaskKind.PENYAMPAIAN, TaskKind.PENGANTAR):
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
    newest = view.documents(*ANSWER.worked_on)
    return bool(newest) and newest[-1].kind == ANSWER.edited


def _downloads(view: View) -> list[dict[str, str]]:
    text = word("halaman.unduh_teks") if view.task.kind is TaskKind.JAWABAN and not _edited(view) else ""
    rows = _newest(view)
    if view.task.kind is TaskKind.TANDA_TANGAN and view.complaint is not None:
        final = notices.final_letters(view.session, view.complaint)
        rows = pdfs_to_sign(view) or final or rows[:1]  # the Word files stand among the documents too
    return [{**_download(view, d, _title(view, d)), "teks": text or f"{d.name}."} for d in rows]


def _title(view: View, document: Document) -> str:
    source = document if document.kind != "pdf" else view.session.get_one(Document, document.source_id)
    return word(f"halaman.unduh.{series_of(source.kind).name}")


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
    covering = view.task.kind is TaskKind.PENGANTAR
    signed = view.documents(COVERING.signed if covering else ANSWER.signed)[-1:]
    if signed:
        stage = _download(view, signed[0], word("halaman.periksa_judul"))
        said = str((signed[0].facts or {}).get("kalimat", ""))  # of its electronic signature, as of its upload
        main["tahap"] = [{**stage, "teks": f"{stage['teks']} {said}".strip()}]
        main["tahap_akhir"] = main["judul"]
        main["judul"] = word(f"tugas.{view.task.kind}")


def pdfs_to_sign(view: View) -> list[Document]:
    """The PDFs of the letters as they are to be signed, once a job has made all of them."""
    final = notices.final_letters(view.session, view.complaint) if view.complaint else []
    made = {d.source_id: d for d in view.documents("pdf")}
    return [made[d.id] for d in final] if all(d.id in made for d in final) else []


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
