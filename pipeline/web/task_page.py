"""A task → the plain data that templates/web/tugas.html, selesai.html and terpakai.html show.

Hides what earlier langkah found, the history in words, who was told. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import has_request_context, request

from pipeline.access import links
from pipeline.casefile import history, privacy, reach, reported
from pipeline.casefile.holders import holders
from pipeline.cases.late_answers import is_welcome
from pipeline.data import store
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Document, Event, Item
from pipeline.files import kinds
from pipeline.letters.series import ANSWER, REPORT
from pipeline.mail.message import read
from pipeline.office import clock, procedure
from pipeline.office.actions import ACTIONS
from pipeline.office.rendering import unit_names
from pipeline.office.sop import (
    AT_REST,
    LANGKAH_OF_TASK,
    REPORTING,
    SIGNING,
    EventKind,
    Role,
    TaskKind,
)
from pipeline.office.words import label_of, table, word
from pipeline.web import decisions, report_pages, sentences
from pipeline.web.first_look import deadline_line, gist
from pipeline.web.history import earlier, meetings, news_rows, timeline
from pipeline.web.letter import inspections
from pipeline.web.mistakes import remedy
from pipeline.web.task_forms import TYPED, error_rows, forms
from pipeline.web.view import View, deadline, for_unit, steps

# Whoever delivers the answer, or asks by telephone or visit, needs to know how to reach the pengadu.
WITH_CONTACTS = (
    TaskKind.PENYAMPAIAN,
    TaskKind.PENGIRIMAN,
    TaskKind.TANYA,
    TaskKind.PENCABUTAN,
    *AT_REST,
)
FIELDS = [field for acts in ACTIONS.values() for act in acts for field in act.fields]
# Fields that are picked in every form that has them: what is sent are codes, which nobody has typed.
PICKED = {one.name for one in FIELDS} - {one.name for one in FIELDS if one.kind in TYPED}
READ_HERE = 2**20  # bytes of a held mail that is read for its page
SHOWN = 20_000  # letters of it that are shown
READ_THE_BOOK = {Role.JFU, Role.SEKRETARIS, Role.KEPALA}

# ---- what is shown -------------------------------------------------------------------------------------------


def file_row(view: View, document: Document) -> dict[str, Any]:
    size = kinds.size_words(store.size(view.session, document.sha256))
    is_picture = document.mime in kinds.PICTURES
    picture = f"{view.url}/gambar/{document.id}?kecil" if is_picture else None
    if document.kind == DocumentKind.LAMPIRAN:
        kind = {kinds.PDF: "pdf", kinds.DOCX: "word"}.get(
            document.mime, "foto" if is_picture else "lain"
        )
        detail = f"{word(f'jenis_berkas.{kind}')}, {size}"
    else:
        kind = word(f"jenis_dokumen.{document.kind}")
        detail = word("halaman.versi", jenis=kind, versi=document.version, ukuran=size)
    look = f"{view.url}/lihat/{document.id}" if document.mime == kinds.PDF else ""
    url = f"{view.url}/berkas/{document.id}"
    return {
        "nama": document.name,
        "ket": detail,
        "url": url,
        "gambar_url": picture,
        "lihat_url": look,
    }


def matter(view: View) -> dict[str, Any]:
    """The complaint itself: the citizen's words, where they come from, their attachments."""
    c = view.complaint
    if view.report is not None:
        return report_pages.matter(view, view.report)
    if c is None:
        item = view.session.get_one(Item, view.task.item_id)
        at = clock.waktu(item.received_at, view.settings.zone)
        return {
            "judul": word("halaman.kiriman"),
            "teks": view.task.note,
            "asal": word(
                f"halaman.asal_{item.source}",
                waktu=at,
                nama=item.name or word("surat.tanpa_perihal"),
            ),
            "berkas": [file_row(view, d) for d in view.documents()] or [_original(view, item)],
        }
    when = clock.waktu(c.received_at, view.settings.zone)
    unit = for_unit(view)
    return {
        "judul": word("privasi.ringkasan" if unit and not c.teks_terbuka else "halaman.isi"),
        "teks": privacy.matter(c) if unit else c.isi,
        "asal": word(
            "halaman.asal", pengadu=_who(view, c), kanal=word(f"lewat.{c.channel}"), waktu=when
        ),
        "berkas": [
            file_row(view, d) for d in view.documents(DocumentKind.LAMPIRAN) if view.shows(d)
        ],
        "tertutup": word("rapat.lampiran_tertutup") if _closed(view, c) else "",
    }


def _who(view: View, c: Complaint) -> str:
    """Who complains. A secret identity is for JFU, Sekretaris and Kepala Dinas, and marked as such."""
    if for_unit(view):
        return word("pengadu.tidak_disebut")
    name = c.nama or word("pengadu.tanpa_nama")
    return word("pengadu.rahasia_nama", nama=name) if c.rahasia else name


def _closed(view: View, c: Complaint) -> bool:
    return any(privacy.hides(c, view.task.kind, d) for d in view.documents(*privacy.FROM_OUTSIDE))


def _original(view: View, item: Item) -> dict[str, Any]:
    """The mail as it came, to be opened in a mail program: all that there is of one that could not be read."""
    size = kinds.size_words(store.size(view.session, item.sha256))
    return {
        "nama": item.name or word("surat.tanpa_perihal"),
        "ket": word("halaman.asli", ukuran=size),
        "url": f"{view.url}/asli",
        "gambar_url": None,
    }


def sections(view: View) -> list[dict[str, Any]]:
    """What earlier langkah found, in the order in which it is needed; `dulu` marks what comes before the complaint:
    why a task came back, what is asked, what was ordered."""
    c = view.complaint
    if view.report is not None:
        return report_pages.sections(view, view.report)
    if c is None:
        return _held_mail(view)
    return [
        *_note(view),
        *_decision(view, c),
        *_shared(view, c),
        *decisions.to_choose(view, c),
        *sentences.sections(view, _chosen_sentences()),
        *_summary(view, c),
        *_result(view, c),
        *_units(view),
        *meetings(view),
        *_written_later(view, c),
        *merged_citizens(view, c),
        *decisions.earlier_decisions(view, c),
        *earlier(view),
    ]


def _chosen_sentences() -> Sequence[str]:
    return request.args.getlist(sentences.CHOSEN)[:20] if has_request_context() else ()


def _note(view: View) -> list[dict[str, Any]]:
    """Why the task came back, or what is asked."""
    note = view.task.note
    if not note:
        return []
    title = view.task.kind if view.task.kind in table("judul_catatan") else "lain"
    return [{"judul": word(f"judul_catatan.{title}"), "isi": [{"teks": note}], "dulu": True}]


def _decision(view: View, c: Complaint) -> list[dict[str, Any]]:
    """What the Kepala Dinas has decided; before all else for those who carry it out."""
    if not c.decision or view.task.kind is TaskKind.KETERANGAN:
        return []
    agency = f" ({c.instansi})" if c.instansi else ""
    rows = [{"kata": word(f"pilihan.keputusan.{c.decision}") + agency, "teks": c.perintah}]
    if c.disampaikan:
        rows.append({"kepala": word("kolom.disampaikan.label"), "teks": c.disampaikan})
    ordered = view.task.kind in (TaskKind.JAWABAN, TaskKind.PENYAMPAIAN)
    return [{"judul": word("halaman.keputusan"), "isi": rows, "dulu": ordered}]


def _reads_the_words(view: View, c: Complaint) -> bool:
    """Whether the reader sees what the pengadu wrote; other units only once it was released."""
    return c.teks_terbuka or not for_unit(view)


def _summary(view: View, c: Complaint) -> list[dict[str, Any]]:
    """The JFU's summary, unless it is the page's first words."""
    tells_more = c.ringkasan and c.ringkasan != c.isi
    if not tells_more or view.task.kind is TaskKind.CATAT or not _reads_the_words(view, c):
        return []
    return [{"judul": word("halaman.ringkasan"), "isi": [{"teks": c.ringkasan}]}]


def _result(view: View, c: Complaint) -> list[dict[str, Any]]:
    """What the Sekretaris reported to the Kepala Dinas."""
    if not c.hasil or view.task.kind in (TaskKind.KETERANGAN, TaskKind.KLARIFIKASI):
        return []
    concerned = unit_names(view.settings, c.unit)
    lead = word("peristiwa_lain.unit", nama=concerned) if concerned else ""
    return [{"judul": word("halaman.hasil"), "pengantar": lead, "isi": [{"teks": c.hasil}]}]


def _written_later(view: View, c: Complaint) -> list[dict[str, Any]]:
    """What the pengadu wrote afterwards; a merged citizen's words stand with their own complaint."""
    if not _reads_the_words(view, c):
        return []
    rows = [
        {"kepala": clock.waktu(event.at, view.settings.zone), **_later_words(data)}
        for event, data in view.history(EventKind.CITIZEN_WROTE)
        if not data.get("dari")
    ]
    return [{"judul": word("halaman.tambahan"), "isi": rows}] if rows else []


def _later_words(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"teks": data.get("teks", ""), "lipatan": data.get("lipatan", "")}


def _held_mail(view: View) -> list[dict[str, Any]]:
    """What a held mail says, for a phone that opens no .eml; nothing of a large one."""
    item = view.session.get_one(Item, view.task.item_id)
    if item.source != "mail" or store.size(view.session, item.sha256) > READ_HERE:
        return []
    message = read(store.get(view.session, item.sha256))
    sender = message.sender
    said = links.masked(message.text.strip())[:SHOWN]
    who = (
        ", ".join(filter(None, (sender.name, sender.email)))
        if sender
        else word("pengadu.tanpa_nama")
    )
    row = {
        "kepala": message.subject or word("surat.tanpa_perihal"),
        "ket": who,
        "teks": said or word("surat.kosong"),
    }
    return [{"judul": word("halaman.isi_surat"), "isi": [row]}]


def _shared(view: View, c: Complaint) -> list[dict[str, Any]]:
    """Whom the letter answers as well."""
    if view.task.kind not in (TaskKind.JAWABAN, TaskKind.TANDA_TANGAN):
        return []
    others = history.answered_with(view.session, c)
    said = word("salinan.ikut_teks", nomor=", ".join(others))
    return (
        [{"judul": word("salinan.ikut"), "pengantar": said, "isi": [], "dulu": True}]
        if others
        else []
    )


def merged_citizens(view: View, c: Complaint) -> list[dict[str, Any]]:
    """The complaints that were merged into this one, in the words of their citizens, with their files."""
    rows = []
    for child in view.children:
        at = clock.waktu(child.received_at, view.settings.zone)
        files = [file_row(view, d) for d in view.documents_of(child, *privacy.FROM_OUTSIDE)]
        who = f"{_who(view, child)}, {at}"
        rows.append(
            {
                "kepala": child.number,
                "ket": who,
                "teks": child.isi or child.perihal,
                "berkas": files,
            }
        )
        for event, data in history.entries(view.session, child, EventKind.CITIZEN_WROTE):
            when = clock.waktu(event.at, view.settings.zone)
            said = word("gabungan.tambahan", waktu=when)
            rows.append({"kepala": child.number, "ket": said, **_later_words(data)})
    return [{"judul": word("gabungan.judul"), "isi": rows}] if rows else []


def _units(view: View) -> list[dict[str, Any]]:
    """What the Kasubag/Kasi answered, and who has not yet."""
    answers = [
        {
            "kepala": event.actor_title,
            "ket": _who_answered(view, event, data),
            "teks": data.get("teks", ""),
        }
        for event, data in view.history(EventKind.UNIT_ANSWERED)
    ]
    names = _asked_units(view)
    lead = word("halaman.menunggu_unit", jumlah=len(names), siapa=", ".join(names)) if names else ""
    if not answers and not lead:
        return []
    return [{"judul": word("halaman.keterangan_unit"), "pengantar": lead, "isi": answers}]


def _who_answered(view: View, event: Event, data: Mapping[str, Any]) -> str:
    said = [event.actor_name, clock.pukul(event.at.astimezone(view.settings.zone))]
    if data.get("susulan"):
        said.append(word("peristiwa_lain.ket_susulan"))
    return ", ".join(said)


def _asked_units(view: View) -> list[str]:
    """The posts of those who are asked and have not answered."""
    asked = [one for one in view.tasks if one.kind is TaskKind.KETERANGAN and not one.closed_at]
    people = [view.settings.person(one.holder) for one in asked]
    return [person.jabatan for person in people if person]


# ---- pages ---------------------------------------------------------------------------------------------------


HEADS = {
    TaskKind.KLARIFIKASI: "sekretaris",
    TaskKind.KETERANGAN: "kasi",
    TaskKind.KEPUTUSAN: "kepala",
    TaskKind.JAWABAN: "sekretaris",
    TaskKind.MACET: "sekretaris",
    TaskKind.TANDA_TANGAN: "kepala",
    TaskKind.LAPORAN: "sekretaris",
    TaskKind.LAPORAN_TTD: "kepala",
}  # whose page it is; any other is the JFU's


def head_line(view: View) -> str:
    role = HEADS.get(view.task.kind, "jfu")
    return word("halaman.kepala", siapa=word(f"peran.{role}"))


def task_page(
    view: View,
    chosen: str = "",
    given: Mapping[str, list[str]] | None = None,
    errors: Mapping[str, str] | None = None,
    said: str = "",
    news: Sequence[int] = (),
) -> dict[str, Any]:
    """The context of tugas.html. `news`: what happened since the form was drawn that was sent just now."""
    main, rest = forms(view, chosen, given, errors, news)
    shows_again = any(one["diisi"] for one in (main, *rest))
    return {
        "kepala": head_line(view),
        "judul": _title(view),
        **_marks(view),
        "pengantar": word("halaman.susulan") if is_welcome(view.task) else _signer_words(view),
        "pesan": said,
        "urung": _to_be_undone(view),
        "baru": news_rows(view, news),
        "ketikan": [] if shows_again else typed_rows(given or {}),
        "galat": error_rows(chosen, errors or {}),
        "batas": deadline_line(view),
        "inti": gist(view),
        "tenggat": deadline(view),
        "langkah": steps(view),
        "sop": by_the_sop(view),
        "peringatan": view.settings.sop.peringatan if LANGKAH_OF_TASK[view.task.kind] == 1 else "",
        "aduan": matter(view),
        "pengadu": contact(view),
        "bagian": sections(view),
        "periksa": inspections(view),
        "gambar": _pictures(view),
        "dokumen": _other_documents(view),
        "riwayat": timeline(view),
        "utama": main,
        "lain": rest,
        "alat": tools(view),
    }


def _title(view: View) -> str:
    """What is to be done, and with what."""
    title = word(f"tugas.{view.task.kind}")
    if view.report is not None:
        return f"{title} {view.report.name}"
    c = view.complaint
    if c is None:
        return title
    return f"{title}: {privacy.title(c) if for_unit(view) else privacy.as_title(c.perihal)}"


def _marks(view: View) -> dict[str, Any]:
    """Number, and what marks a case."""
    c = view.complaint
    urgent = c is not None and c.prioritas != "biasa"
    return {
        "nomor": c.number if c else "",
        "prioritas": word(f"pilihan.prioritas.{c.prioritas}") if c and urgent else "",
        "rahasia": bool(c and c.rahasia),
        "menyangkut": _concerns_officials(view),
    }


def _pictures(view: View) -> list[dict[str, str]]:
    """The pictures of something that arrived and is no complaint yet."""
    if not view.task.item_id:
        return []
    pictures = [one for one in view.documents() if one.mime in kinds.PICTURES]
    return [{"url": f"{view.url}/gambar/{one.id}", "nama": one.name} for one in pictures]


def _other_documents(view: View) -> list[dict[str, Any]]:
    """The files of a case that do not stand beside the complaint's words, newest first."""
    if view.task.item_id is not None:
        return []
    shown = {one.id for one in view.documents(DocumentKind.LAMPIRAN)}
    others = [
        one for one in view.documents() if one.id not in shown and one.kind != DocumentKind.RUPA
    ]
    return [file_row(view, one) for one in reversed(others) if view.shows(one)]


def _concerns_officials(view: View) -> list[str]:
    """What marks a complaint by an official, or about one."""
    c = view.complaint
    if c is None or for_unit(view):
        return []
    by = reported.official(view.settings, c)
    return [
        word(f"halaman.menyangkut.{name}")
        for name, there in (("oleh", by), ("tentang", c.terlapor))
        if there
    ]


def by_the_sop(view: View) -> list[dict[str, str]]:
    """The cells of the SOP's table for the langkah of the task."""
    if view.task.kind in REPORTING:
        return []
    step = view.settings.sop.langkah[LANGKAH_OF_TASK[view.task.kind] - 1]
    return [{"nama": name, "nilai": text} for name, text in procedure.cells(step)]


def _to_be_undone(view: View) -> dict[str, Any] | None:
    """What mends the act whose task goes on, for the one who did it a moment ago: its button, else words."""
    done = request.args.get("tersimpan", "") if has_request_context() else ""
    return remedy(view, view.owner, done) if view.trusted else None


def _signer_words(view: View) -> str:
    """Whose signature is asked for, where that is not the reader's own."""
    series = REPORT if view.task.kind is TaskKind.LAPORAN_TTD else ANSWER
    final = view.letters(series.final)[-1:] if view.task.kind in SIGNING else []
    facts = final[0].facts or {} if final else {}
    if not facts.get("penanda"):
        return ""
    who = {"nama": facts["penanda"], "jabatan": facts["jabatan"]}
    if view.helping:
        return word("tanda_tangan.membantu", **who)
    if view.complaint is None:
        return ""
    another = facts["kode_penanda"] != reported.signer(view.settings, view.complaint).kode
    return word("tanda_tangan.penanda_lain", **who) if another else ""


def contact(view: View) -> list[dict[str, str]]:
    """How the pengadu is reached, for the one who delivers the answer; a mail does not spread a secret identity."""
    c = view.complaint
    if c is None or view.task.kind not in WITH_CONTACTS:
        return []
    rows = [{"nama": label_of(name), "nilai": value} for name, value in reach.contact(c).items()]
    if rows and c.rahasia:
        rows.append(
            {"nama": word("halaman.kerahasiaan"), "nilai": word("halaman.kerahasiaan_teks")}
        )
    return rows


def tools(view: View, found: links.Opened | None = None) -> list[dict[str, str]]:
    """Links beside the task: the book, and for a JFU the form for those who come in person; as long as they open."""
    alive = not found or found.alive
    full = not found or found.full
    roles = {role for person in holders(view.settings, view.task) for role in person.peran}
    rows = _printed_tools(view)
    if alive:
        rows.append(_tool(view, "saya.tautan", "saya"))
    if full and roles & READ_THE_BOOK:
        rows.append(_tool(view, "halaman.buku", "buku"))
    if alive and Role.JFU in roles:
        rows.append(_tool(view, "halaman.catat_lain", "catat"))
        rows.append(_tool(view, "slip.unggah.judul", "unggah"))
    return rows


def _printed_tools(view: View) -> list[dict[str, str]]:
    """What is printed for a letter that is handed over, or pinned to the board."""
    delivers = view.task.kind in (TaskKind.PENYAMPAIAN, TaskKind.PENGIRIMAN)
    if not delivers or view.task.closed_at is not None:
        return []
    rows = [_tool(view, "cetak.serah", "serah-terima")]
    c = view.complaint
    if c is not None and reach.on_board(view.session, c):
        rows.append(_tool(view, "cetak.pengumuman", f"pengumuman/{c.id}"))
    return rows


def _tool(view: View, label: str, place: str) -> dict[str, str]:
    return {"label": word(label), "url": f"{view.url}/{place}"}


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


def typed_rows(values: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """What was typed into a form that came too late, or that is offered no more, by the labels of its
    fields; choices need no keeping."""
    rows = [(name, "\n".join(many).strip()) for name, many in values.items()]
    known = [
        (table(f"kolom.{name}").get("label"), text)
        for name, text in rows
        if text and name not in PICKED and not table(f"pilihan.{name}")
    ]
    return [{"nama": label, "nilai": text, "orang": True} for label, text in known if label]
