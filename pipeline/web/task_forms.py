"""The forms of a task: which actions, in which order, with what filled in; downloads before an upload.

Hides how a field of the SOP's table becomes a control of templates/web/_bagian.html. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.access import unsent
from pipeline.casefile import (
    copies,
    documents,
    gist,
    history,
    offers,
    privacy,
    proposals,
    reported,
    waves,
)
from pipeline.cases.decisions import SHARED
from pipeline.cases.input import ASKED_ABOUT, OF_THE_CASE
from pipeline.cases.letters import levels
from pipeline.cases.pages import pages_of
from pipeline.cases.scans import SEEN
from pipeline.cases.sheets import SHEETS
from pipeline.cases.signing import has_letters, unsubmittable
from pipeline.cases.tasks import ACCEPTED
from pipeline.data import ledger, store
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Document, Event, Item
from pipeline.files.kinds import DOCX, PDF, size_words
from pipeline.letters.series import ANSWER, COVERING, REPORT, Series, series_of
from pipeline.mail import typos
from pipeline.office import clock, numbers
from pipeline.office.actions import MEETING, PRIORITIES, Action, Field, FieldKind
from pipeline.office.config import Petugas
from pipeline.office.sop import (
    AT_REST,
    HANDED_IN,
    NO_UNIT,
    SIGNING,
    Act,
    Channel,
    EventKind,
    Role,
    TaskKind,
)
from pipeline.office.words import label_of, table, word
from pipeline.web import chosen_files, decisions, meeting_form, report_pages
from pipeline.web.view import View
from pipeline.work import Work

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
Kept = dict[str, tuple[Mapping[str, list[str]], datetime]]  # form: what was typed, and when
WITHOUT_FILES = "tanpa_lampiran"  # the files of the reply that filled the form are not wanted
BY_BUTTON = "dari_tombol"  # names the fields that a button of the mail has filled in
PROPOSED = (
    "ringkasan",
    "kategori",
    "telepon",
    "alamat",
)  # fields that langkah 1 shows filled, with the source
# What the case tells; anything else is for the person to tick.
CHOICES = (FieldKind.PILIH, FieldKind.PETUGAS, FieldKind.PESERTA, FieldKind.UNIT, *OF_THE_CASE)
KNOWN_TICKS = ("rahasia", "lampiran_terbuka", "teks_terbuka")
ACCEPT = {
    FieldKind.SURAT: ".docx",
    FieldKind.BERKAS: "image/*,.pdf,.docx",
    FieldKind.PINDAIAN: "application/pdf,image/jpeg,image/png",
}

AFTER_REFUSAL = ("tetap",)  # to go on all the same: shown only where a form was refused
TYPED = set(CONTROLS) - set(ACCEPT)  # what is kept while somebody types

# ---- forms ---------------------------------------------------------------------------------------------------


def newest_event(view: View) -> int:
    if view.report is not None:  # its newest file: nobody hands in what they have not seen
        return max((d.id for d in view.letters(*REPORT.worked_on)), default=0)
    return view.newest_event


# Of an office that numbers its letters by hand, and where the case keeps them.
NUMBERS = {"nomor_surat": "letter_number", "nomor_pengantar": "covering_number"}


def _prefilled(view: View, name: str) -> str:
    c = view.complaint
    if c is None:
        return ""
    if name in PROPOSED and view.task.kind is TaskKind.CATAT:
        return str(getattr(c, name)) or _proposal(view, c, name)[0]
    if name == "ringkasan":
        return c.ringkasan
    if name in NUMBERS:  # a letter that was returned keeps its own
        return str(getattr(c, NUMBERS[name]))
    if name == "butir":
        return history.points(view.session, c, view.task.id)
    known = {
        "perihal",
        "kategori",
        "klasifikasi",
        "lokasi_kejadian",
        "surat_pengirim",
        "nama",
        "alamat",
        "telepon",
        "email",
        "hasil",
        "perintah",
        "disampaikan",
        "instansi",
    }
    if name in SHARED and (before := view.decided_before):
        return str(getattr(before, name))
    return str(getattr(c, name)) if name in known else ""


def _proposal(view: View, c: Complaint, name: str) -> tuple[str, str]:
    """(what a field of langkah 1 may hold, where that comes from); twice "" for nothing."""
    if name == "ringkasan":
        text = gist.summary(c.isi)
        return (text, word("usulan.ringkasan")) if text else ("", "")
    if name == "kategori":
        found = proposals.category(view.session, c)
        return (
            (found[0], word("usulan.kategori", kata=found[1], jumlah=found[2]))
            if found
            else ("", "")
        )
    own = view.settings.instansi.telepon
    told = proposals.phone(c.isi, own) if name == "telepon" else proposals.address(c.isi)
    text = numbers.phone(told) if name == "telepon" else told
    return (text, word("usulan.tanda_tangan")) if text else ("", "")


def _source(view: View, name: str, value: str) -> str:
    """Where a value that nobody has typed comes from."""
    c = view.complaint
    if (
        c is None
        or view.task.kind is not TaskKind.CATAT
        or name not in PROPOSED
        or getattr(c, name) == value
    ):
        return ""
    text, source = _proposal(view, c, name)
    return source if value == text else ""


def control(
    view: View, field: Field, given: Mapping[str, list[str]], errors: Mapping[str, str], fill: bool
) -> dict[str, Any]:
    """One field as templates/web/_bagian.html wants it. `given`: what was sent or kept; `fill`: else what the case
    knows."""
    values = given.get(field.name, [])
    if field.kind is FieldKind.CENTANG:
        return _tick(view, field, given, fill)
    row = {
        "name": field.name,
        "petunjuk": table(f"kolom.{field.name}").get("petunjuk", ""),
        "galat": errors.get(field.name, ""),
        "wajib": _needed(view, field),
    }
    if field.kind in CHOICES:
        choice = _choice(view, field, values, fill)
        row["petunjuk"] = f"{row['petunjuk']} {_by_button(field, choice, given)}".strip()
        return {**row, **choice}
    row["label"] = _control_label(view, field)
    if CONTROLS.get(field.kind) == "file":
        return {**row, **_file(view, field, given)}
    value = values[0] if values else ""
    if not values and fill:
        value = _prefilled(view, field.name)
    if field.kind is FieldKind.DAFTAR:
        row["petunjuk"] = " ".join(filter(None, (row["petunjuk"], *_routes(view, field.name))))
        return {**row, **_listed(view, field, value)}
    if value and not values:
        row["petunjuk"] = f"{row['petunjuk']} {_source(view, field.name, value)}".strip()
    if field.kind is FieldKind.TELEPON:
        row["inputmode"] = "tel"
    return {**row, "jenis": CONTROLS[field.kind], "nilai": value, "autocomplete": "off"}


def _by_button(field: Field, choice: dict[str, Any], given: Mapping[str, list[str]]) -> str:
    """That the mail's button has made the choice, where it has."""
    made = field.name in given.get(BY_BUTTON, ()) and any(one["dipilih"] for one in choice["opsi"])
    return word("halaman.terisi_tombol") if made else ""


def _control_label(view: View, field: Field) -> str:
    words = table(f"kolom.{field.name}")
    label = label_of(field.name)
    return str(words.get("label_laporan", label)) if view.report is not None else label


def _needed(view: View, field: Field) -> bool:
    """A scan of a signed letter is needed unless it may be signed in the system; a letter's number where it is asked
    for at all."""
    if field.name in NUMBERS:
        return True
    if field.kind is FieldKind.PINDAIAN:
        return not view.settings.surat.pkcs12 or view.helping
    return field.required


def _tick(view: View, field: Field, given: Mapping[str, list[str]], fill: bool) -> dict[str, Any]:
    return {
        "jenis": "checkbox",
        "name": field.name,
        "value": "ya",
        "label": _control_label(view, field),
        "ket": table(f"kolom.{field.name}").get("petunjuk", ""),
        "dipilih": _ticked(view, field.name, given, fill),
        "gambar": _pages_beside(view, field.name, given),
    }


def _pages_beside(view: View, name: str, given: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """The pages of a signed paper beside the tick by which somebody speaks for them, each page once."""
    if name == SEEN:
        return chosen_files.pictured(view, given, chosen_files.FIRST)
    if name == SHEETS:
        return chosen_files.pictured(
            view, given, chosen_files.REST if _takes_ink(view) else chosen_files.ALL
        )
    return []


def _choice(view: View, field: Field, values: Sequence[str], fill: bool) -> dict[str, Any]:
    """One of some, or several of them."""
    if not values and fill:
        values = _chosen(view, field.name)
    options = [{**one, "dipilih": one["value"] in values} for one in _options(view, field)]
    return {
        "jenis": "pilihan",
        "judul": _control_label(view, field),
        "opsi": options,
        "bentuk": "radio" if field.kind is FieldKind.PILIH else "checkbox",
    }


def _listed(view: View, field: Field, value: str) -> dict[str, Any]:
    """One of the office's own list."""
    names = view.settings.names_of(field.name, value)
    listed = [{"value": code, "label": name} for code, name in names.items()]
    return {"jenis": "select", "pilihan": listed, "kosong": "-", "nilai": value}


def _file(view: View, field: Field, given: Mapping[str, list[str]]) -> dict[str, Any]:
    """A file to choose; one that was chosen before need not be chosen again."""
    before = chosen_files.shown(view, field.name, given)
    return {
        "jenis": "file",
        "accept": ACCEPT[field.kind],
        "terpilih": before,
        "wajib": _needed(view, field) and before is None,
    }


def error_rows(form: str, errors: Mapping[str, str]) -> list[dict[str, str]]:
    """What a form says above all fields of what is wrong, each with the way to its field."""
    return [
        {"untuk": f"{form}-{name}", "pesan": f"{label_of(name)}: {text}"}
        for name, text in errors.items()
    ]


def _routes(view: View, name: str) -> list[str]:
    """What choosing a class does at once: some are sent on."""
    sent = [one for one in view.settings.klasifikasi if one.email] if name == "klasifikasi" else []
    return [word("rute.petunjuk", nama=one.nama, tujuan=one.tujuan) for one in sent]


def _chosen(view: View, name: str) -> list[str]:
    """What the case has chosen already of several."""
    if view.complaint is None:
        return []
    if name == "terlapor":
        return [*reported.codes(view.complaint)]
    if name == "unit":
        return view.complaint.unit.split(",")
    if name == "gelombang":
        return [one["value"] for one in _of_the_wave(view)]
    return [str(one) for one in privacy.released(view.complaint)] if name == "dibuka" else []


def _ticked(view: View, name: str, given: Mapping[str, list[str]], fill: bool) -> bool:
    """A tick as it was sent, or as the case has it. Of what was sent, a tick that the form did not show as the case
    has it now stands on the careful side: nobody has asked to take it off."""
    sent, now = bool(given.get(name)), has_tick(view, name)
    shown = name in " ".join(given.get("tampak", ())).split()
    if name == "rahasia" and now and not shown:
        return True
    if name in ("lampiran_terbuka", "teks_terbuka") and shown and not now:
        return False
    return sent or (fill and now)


def has_tick(view: View, name: str) -> bool:
    """Whether the case has one of the ticks that it keeps."""
    return name in KNOWN_TICKS and bool(getattr(view.complaint, name, False))


def _merged(
    view: View, values: Mapping[str, list[str]], seen: Callable[[Event], bool]
) -> dict[str, list[str]]:
    """What was typed, with what others have corrected meanwhile in fields that this person left as they were."""
    merged = {name: list(many) for name, many in values.items()}
    for event, data in view.history(EventKind.CORRECTED, EventKind.RECORDED):
        changed = {} if seen(event) else data.get("perubahan", {})
        for name, (before, after) in changed.items():
            if merged.get(name) == [before]:
                merged[name] = [after]
    return _marked(view, merged, seen)


def _marked(
    view: View, values: dict[str, list[str]], seen: Callable[[Event], bool]
) -> dict[str, list[str]]:
    """What was typed, with what others have marked meanwhile; where both chose several, on the careful side: whom the
    case is about stays named, and a file that was closed stays closed."""
    before, merged, new = PRIORITIES[0], dict(values), False
    for event, data in view.history(EventKind.MARKED):
        after = str(data.get("prioritas", before))
        if not seen(event):
            new = True
            if merged.get("prioritas") == [before]:
                merged["prioritas"] = [after]
        before = after
    if new and merged and view.complaint is not None:
        named = [*merged.get("terlapor", []), *reported.codes(view.complaint)]
        released = {str(one) for one in privacy.released(view.complaint)}
        merged["terlapor"] = [*dict.fromkeys(named)]
        merged["dibuka"] = [one for one in merged.get("dibuka", []) if one in released]
    return merged


Options = list[dict[str, str]]


def _options(view: View, field: Field) -> Options:
    """What may be chosen."""
    if field.name == "gelombang":
        return _of_the_wave(view)
    offered = OPTIONS.get(field.kind, _of_the_field)
    return offered(view, field)


def _kasi(view: View, field: Field) -> Options:
    people = view.settings.holders(Role.KASI)
    return _people([one for one in people if _may_be_chosen(view, field, one.kode)])


def _attachments(view: View, field: Field) -> Options:
    kinds = (DocumentKind.LAMPIRAN,) if field.name == "lampiran_ikut" else privacy.FROM_OUTSIDE
    return [_option(str(one.id), one.name) for one in view.documents(*kinds)]


def _of_the_field(_view: View, field: Field) -> Options:
    labels, hints = table(f"pilihan.{field.name}"), table(f"keterangan.{field.name}")
    codes = [str(one) for one in field.choices]
    return [_option(code, _capital(labels[code]), hints.get(code, "")) for code in codes]


OPTIONS: Mapping[FieldKind, Callable[[View, Field], Options]] = {
    FieldKind.GABUNGAN: lambda view, _field: decisions.options(view),
    FieldKind.PETUGAS: _kasi,
    FieldKind.PESERTA: lambda view, _field: _people(view.settings.petugas),
    FieldKind.UNIT: lambda view, _field: [
        _option(unit.kode, unit.nama) for unit in view.settings.unit
    ],
    FieldKind.LAMPIRAN: _attachments,
}


def _people(people: Sequence[Petugas]) -> list[dict[str, str]]:
    return [_option(one.kode, one.jabatan, one.nama) for one in people]


def _option(value: str, label: str, hint: str = "") -> dict[str, str]:
    return {"value": value, "label": label, "ket": hint}


def _of_the_wave(view: View) -> list[dict[str, str]]:
    """The complaints that came with this one; their subjects where the browser is known, as all of other cases."""
    work = Work(view.session, view.settings, view.now)
    found = waves.others(work, view.complaint) if view.complaint is not None else []
    return [
        {"value": one.number, "label": one.number, "ket": one.perihal if view.trusted else ""}
        for one in found
    ]


def _may_be_chosen(view: View, field: Field, code: str) -> bool:
    """Whether a Kasubag/Kasi is one whom the field is about: still asked, or another than who holds the task."""
    if field.name == "ditarik" and view.complaint is not None:
        return code in offers.asked_units(view.session, view.complaint)
    return field.name != "tanyakan" or code != view.task.holder


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _standing(view: View, action: Action) -> Mapping[str, list[str]]:
    """What a form begins with where it changes what is set already: the rapat."""
    return meeting_form.standing(view) if action is MEETING else {}


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
    sent, wrong = (given, errors) if mine else ({}, {})
    # What was sent just now is newer than what was kept.
    typed, typed_at = kept if kept and not wrong else ({}, None)
    fresh = typed_at is None and not wrong
    values = {**typed, **sent}
    if not values and fresh:
        values = dict(_standing(view, action))
    asked = [field for field in action.fields if _asked(view, field)]
    shown = [field for field in asked if _is_shown(field.name, values, wrong)]
    made = {
        "aksi": action.name,
        "judul": words["judul"],
        "keterangan": words.get("keterangan", ""),
        "kolom": [control(view, field, values, wrong, fresh) for field in shown],
        "tombol": words["tombol"],
        "tombol_unit": _unit_buttons(action, words),
        "catatan": words.get("catatan", ""),
        "multipart": _has_any(action.fields, set(ACCEPT)),
        "sembunyi": [{"name": "lihat", "value": newest_event(view)}, *_shown_ticks(view, action)],
        "buka": mine,
        "diisi": "aksi" in sent,  # as it was sent just now
        "simpan_url": f"{view.url}/simpan" if _has_any(asked, TYPED) else "",
        "disimpan": _kept_words(view, typed_at) if typed_at else "",
    }
    _bind(view, made, action, values)
    return made


def _bind(view: View, made: dict[str, Any], action: Action, given: Mapping[str, list[str]]) -> None:
    """Let a form name the files that it shows beside its ticks, and take off those that were about others."""
    names = {field.name for field in action.fields if field.vouches}
    shown = chosen_files.digests(view, action.name, given) if names else []
    asked = " ".join(given.get(ASKED_ABOUT, ())).split()
    if asked and not {*shown} <= {*asked}:
        for one in made["kolom"]:
            if one.get("name") in names:
                one["dipilih"] = False
    if shown:
        made["sembunyi"].append({"name": ASKED_ABOUT, "value": " ".join(shown)})


def _is_shown(name: str, given: Mapping[str, list[str]], wrong: Mapping[str, str]) -> bool:
    """Whether a tick that is only asked after a refusal has been asked for."""
    if name == SHEETS:
        return name in wrong or bool(given.get(name))
    return name not in AFTER_REFUSAL or bool(wrong)


def _has_any(fields: Sequence[Field], kinds: Collection[FieldKind]) -> bool:
    return any(field.kind in kinds for field in fields)


def _kept_words(view: View, at: datetime) -> str:
    return word("halaman.disimpan_pada", waktu=clock.waktu(at, view.settings.zone))


def _unit_buttons(action: Action, words: Mapping[str, str]) -> list[dict[str, str]]:
    """The button says itself that no unit is concerned, so that nobody passes it unread and it costs no tap of its own.
    A browser that knows `:has` shows the one that agrees with the boxes, another shows both."""
    if all(field.kind is not FieldKind.UNIT for field in action.fields):
        return []
    return [
        {"kelas": "tanpa-unit", "value": NO_UNIT, "label": words["tombol_tanpa_unit"]},
        {"kelas": "dengan-unit", "value": "", "label": words["tombol_dengan_unit"]},
    ]


def _shown_ticks(view: View, action: Action) -> list[dict[str, str]]:
    """Which ticks the form shows because the case has them: only those may be taken off by it."""
    names = [
        field.name for field in action.fields if has_tick(view, field.name) and _asked(view, field)
    ]
    return [{"name": "tampak", "value": " ".join(names)}] if names else []


def _asked(view: View, field: Field) -> bool:
    """Whether the case gives reason to ask for this field."""
    reason = REASONS.get(field.name)
    return reason is None or reason(view)


def _has_covering(view: View) -> bool:
    """Whether a covering letter to another agency goes along."""
    c = view.complaint
    return bool(c and c.instansi and view.letters(COVERING.drafted))


def _numbers_by_hand(view: View) -> bool:
    return view.settings.surat.penomoran == "manual"


def _came_by_letter(view: View) -> bool:
    return view.complaint is not None and view.complaint.channel is Channel.SURAT


def _has_files_from_outside(view: View) -> bool:
    return bool(view.documents(*privacy.FROM_OUTSIDE))


def _signs_here(view: View) -> bool:
    """Whether a letter may be signed in the system, by whoever reads this."""
    return bool(view.settings.surat.pkcs12 and not view.helping and pdfs_to_sign(view))


def _takes_ink(view: View) -> bool:
    """Whether this office signs on paper: an electronic signature is seen by the program itself."""
    return not (view.settings.surat.jangkar or view.settings.surat.sertifikat_akar)


def _has_something_to_look_at(view: View) -> bool:
    return any("lihat" in levels(letter) for letter in _newest(view))


# Fields that are asked for where the case gives reason; any other always is.
REASONS: dict[str, Callable[[View], bool]] = {
    "nomor_surat": _numbers_by_hand,
    "nomor_pengantar": lambda view: _numbers_by_hand(view) and _has_covering(view),
    "pengantar_bertanda_tangan": _has_covering,
    "surat_pengirim": _came_by_letter,
    "lampiran_ikut": lambda view: bool(view.documents(DocumentKind.LAMPIRAN)),
    "dibuka": _has_files_from_outside,
    "lampiran_terbuka": _has_files_from_outside,
    "sistem": _signs_here,
    SEEN: _takes_ink,
    "ttd_diragukan": lambda view: bool(view.settings.surat.sertifikat_akar),
    "yakin": _has_something_to_look_at,
}


def _newest(view: View) -> list[Document]:
    """The letters that are worked on."""
    if view.report is not None:
        return view.letters(*REPORT.worked_on)[-1:]
    return documents.newest_letters(view.session, view.complaint) if view.complaint else []


def forms(
    view: View,
    chosen: str = "",
    given: Mapping[str, list[str]] | None = None,
    errors: Mapping[str, str] | None = None,
    news: Sequence[int] = (),
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the main form, the others). The letter's task leads with the upload until there is an edited version.

    `news`: events that the form which was sent did not show.
    """
    given, errors = given or {}, errors or {}
    if news:
        given = _merged(view, given, lambda event: event.seq not in news)
    stopped = _stopped(view)
    replied = chosen_files.filled_by_reply(view)
    kept = _newest_typed(_kept(view), replied)
    made = []
    for action in _offered(view, stopped is None):
        one = form(view, action, chosen, given, errors, kept.get(action.name))
        if action.name in replied:
            _by_reply(view, one, action, replied[action.name])
        made.append(one)
    main, rest = made[0], made[1:]
    if stopped:
        main["keterangan"] = stopped
    _stages(view, main, rest)
    return main, rest


def _offered(view: View, submittable: bool) -> list[Action]:
    """What may be done now, the first of it leading."""
    offered = report_pages.offered(view) if view.report else list(view.offered)
    out = set() if submittable else {Act.AJUKAN}
    if not _is_readable(view):
        out.add(ACCEPTED)
    offered = [one for one in offered if one.name not in out]
    if view.helping:
        offered = [one for one in offered if one.name in HANDED_IN]
    if view.task.kind in (TaskKind.JAWABAN, TaskKind.LAPORAN):
        lead = Act.AJUKAN if _edited(view) else Act.UNGGAH
        offered.sort(key=lambda action: action.name != lead)
    return offered


def _is_readable(view: View) -> bool:
    """Whether what arrived can be taken in as it is."""
    if view.task.item_id is None:
        return True
    return ledger.readable(view.session.get_one(Item, view.task.item_id))


def _newest_typed(kept: Kept, replied: Mapping[str, unsent.Filled]) -> Kept:
    """What was typed on the page or came with a reply, whichever is newer, by form."""
    newest = dict(kept)
    for name, one in replied.items():
        if name not in kept or kept[name][1] <= one.at:
            newest[name] = (one.values, one.at)
    return newest


def _stages(view: View, main: dict[str, Any], rest: list[dict[str, Any]]) -> None:
    """What is done before the main form: a download, a look."""
    if view.task.kind in (TaskKind.JAWABAN, TaskKind.LAPORAN):
        _letter_stages(view, main, rest)
    elif view.task.kind in (TaskKind.PENYAMPAIAN, TaskKind.PENGANTAR):
        _signed_letter(view, main)
    elif view.task.kind in AT_REST:
        main["nada"] = "biasa"  # nothing is asked for
    elif view.task.kind is TaskKind.LAPORAN_KIRIM:
        main["tahap"] = [
            _download(view, d, word("halaman.periksa_laporan_judul"))
            for d in view.letters(REPORT.signed)[-1:]
        ]
        main["tahap_akhir"] = main["judul"]
    elif view.task.kind in SIGNING:
        main["tahap"] = [
            *_downloads(view),
            {
                "judul": word("halaman.tanda_tangani_judul"),
                "teks": word("halaman.tanda_tangani_teks"),
                "url": "",
            },
        ]
        main["tahap_akhir"], main["judul"] = (
            word("halaman.unggah_judul"),
            word("halaman.tanda_tangan_judul"),
        )


def _kept(view: View) -> Kept:
    """What was typed here before and not sent."""
    if not view.owner:
        return {}
    found = unsent.of(view.session, view.task.id, view.owner, view.person.mark)
    return {
        name: (_merged(view, values, lambda event, at=at: event.at <= at), at)  # type: ignore[misc]
        for name, (values, at) in found.items()
    }


def _stopped(view: View) -> str | None:
    """Why the letters cannot be handed in now, "" if that needs no words; None where they can be, or none are asked."""
    if view.task.kind is not TaskKind.JAWABAN or view.complaint is None:
        return None
    work = Work(view.session, view.settings, view.now)
    problem = unsubmittable(work, view.complaint)
    return problem if problem or not has_letters(work, view.complaint) else None


def _by_reply(view: View, form: dict[str, Any], action: Action, filled: unsent.Filled) -> None:
    """Show what came with the reply: its files, which go along unless they are struck, and what was cut off."""
    form["sisa"] = filled.rest
    if filled.files:
        form["lampiran"] = word("balasan.lampiran", berkas=", ".join(filled.files))
        form["sembunyi"].append({"name": chosen_files.REPLY, "value": filled.item_id})
        for one in form["kolom"]:
            one["wajib"] = one.get("wajib", False) and one["jenis"] != "file"
        tick = {
            "jenis": "checkbox",
            "name": WITHOUT_FILES,
            "value": "ya",
            "label": word("balasan.tanpa_lampiran"),
        }
        form["kolom"].append({**tick, "ket": "", "dipilih": False})
        vouches = [one for one in form["kolom"] if one.get("name") == SEEN]
        beside = (vouches or form["kolom"][-1:])[0]
        first = chosen_files.replied(view, action.name, chosen_files.FIRST)
        beside["gambar"] = [*beside.get("gambar", ()), *first]
        for one in form["kolom"]:
            if one.get("name") == SHEETS:
                rest = chosen_files.replied(view, action.name, chosen_files.REST)
                one["gambar"] = [*one["gambar"], *rest]


def _edited(view: View) -> bool:
    """Whether an edited letter came after the newest draft."""
    series = _series(view)
    newest = view.letters(*series.worked_on)
    return bool(newest) and newest[-1].kind == series.edited


def _series(view: View) -> Series:
    return REPORT if view.report is not None else ANSWER


def _downloads(view: View) -> list[dict[str, str]]:
    said = {TaskKind.JAWABAN: "halaman.unduh_teks", TaskKind.LAPORAN: "halaman.unduh_laporan_teks"}
    as_made = view.task.kind in said and not _edited(view)
    text = word(said[view.task.kind]) if as_made else ""
    rows = _newest(view)
    if view.task.kind is TaskKind.LAPORAN_TTD:
        rows = pdfs_to_sign(view) or view.letters(REPORT.final)[-1:]
    if view.task.kind is TaskKind.TANDA_TANGAN and view.complaint is not None:
        final = documents.final_letters(view.session, view.complaint)
        rows = (
            pdfs_to_sign(view) or final or rows[:1]
        )  # the Word files stand among the documents too
    return [{**_download(view, d, _title(view, d)), "teks": text or f"{d.name}."} for d in rows]


def _title(view: View, document: Document) -> str:
    source = (
        document
        if document.kind != DocumentKind.PDF
        else view.session.get_one(Document, document.source_id)
    )
    return word(f"halaman.unduh.{series_of(source.kind).name}")


def _download(view: View, document: Document, title: str) -> dict[str, str]:
    """A file as one stage of a form, with a button."""
    kind = {PDF: "PDF", DOCX: "Word"}.get(document.mime, word("jenis_berkas.foto"))
    size = size_words(store.size(view.session, document.sha256))
    return {
        "judul": title,
        "teks": f"{document.name}.",
        "url": f"{view.url}/berkas/{document.id}",
        "tombol": word("halaman.unduh_tombol", jenis=kind, ukuran=size),
    }


def _signed_letter(view: View, main: dict[str, Any]) -> None:
    """Before it is sent, the JFU looks at the signed letter; a merged complaint may have none."""
    covering = view.task.kind is TaskKind.PENGANTAR
    signed = view.letters(COVERING.signed if covering else ANSWER.signed)[-1:]
    if signed:
        stage = _download(view, signed[0], word("halaman.periksa_judul"))
        said = str(
            (signed[0].facts or {}).get("kalimat", "")
        )  # of its electronic signature, as of its upload
        main["tahap"] = [
            {**stage, "teks": f"{stage['teks']} {said}".strip(), **_first_page(view, signed[0])}
        ]
        main["tahap_akhir"] = main["judul"]
        main["judul"] = word(f"tugas.{view.task.kind}")
    if signed and not covering and view.complaint is not None:
        to = ", ".join(one.nama for one in copies.addressed(view.settings, view.complaint))
        main["keterangan"] = " ".join(
            filter(None, (main["keterangan"], to and word("halaman.tembusan", siapa=to)))
        )
    if main["aksi"] == Act.KIRIM_EMAIL and view.complaint is not None:
        main["kepada"] = _recipient(view.complaint.email)


def _first_page(view: View, signed: Document) -> dict[str, str]:
    """A small picture of the letter's first page, once it has been drawn."""
    if not pages_of(view.session, signed.id):
        return {}
    said = word("halaman.halaman_ke", nomor=1, nama=signed.name)
    look = f"{view.url}/lihat/{signed.id}"
    return {
        "gambar_url": f"{view.url}/gambar/{signed.id}?kecil",
        "gambar_baca": said,
        "lihat_url": look,
    }


def _recipient(address: str) -> str:
    """To whom the button sends, and whether the address looks like a slip of the finger."""
    to = word("halaman.dikirim_kepada", alamat=address)
    domain = address.rpartition("@")[2]
    likely = typos.meant(address)
    return f"{to} {word('halaman.salah_ketik', domain=domain, maksud=likely)}" if likely else to


def pdfs_to_sign(view: View) -> list[Document]:
    """The PDFs of the letters as they are to be signed, once a job has made all of them."""
    final = documents.final_letters(view.session, view.complaint) if view.complaint else []
    final = view.letters(REPORT.final)[-1:] if view.report else final
    made = {d.source_id: d for d in view.documents(DocumentKind.PDF)}
    return [made[d.id] for d in final] if all(d.id in made for d in final) else []


def _letter_stages(view: View, main: dict[str, Any], rest: list[dict[str, Any]]) -> None:
    if main["aksi"] == Act.UNGGAH:
        edit = {
            "judul": word("halaman.sunting_judul"),
            "teks": word("halaman.sunting_teks"),
            "url": "",
        }
        main["tahap"], main["tahap_akhir"] = [*_downloads(view), edit], word("halaman.unggah_judul")
        main["judul"] = word("halaman.laporan_judul" if view.report else "halaman.surat_judul")
        for one in rest:
            if one["aksi"] == Act.AJUKAN:
                one["judul"] = word("halaman.ajukan_langsung")
    else:
        main["tahap"], main["tahap_akhir"] = _downloads(view), word("halaman.ajukan_judul")
        for one in rest:
            if one["aksi"] == Act.UNGGAH:
                one["judul"] = word("halaman.unggah_lagi")
