"""The clerk's pages for scanned slips: one slip at a time with its crops, the end of a stack, upload, announcement.

It only translates: `cases` settles a slip, through the same door as every other action (`action.act`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, redirect, request
from PIL import Image, ImageChops, ImageFilter, ImageOps
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline.access import unsent
from pipeline.access.browsers import Held
from pipeline.casefile import reported
from pipeline.casefile.reach import has_contact, on_board
from pipeline.cases.slip_learning import clear_from
from pipeline.cases.slip_undo import UNDO, undoable
from pipeline.cases.slips import (
    NOT_COUNTED,
    UNREAD,
    alike,
    all_slips,
    following,
    further_pages,
    open_slips,
    pages_done,
    pages_shown,
    tally,
    value_of,
)
from pipeline.data import ledger, store
from pipeline.data.engine import writing
from pipeline.data.ledger import Arrival
from pipeline.data.states import ItemState
from pipeline.data.tables import Complaint, Item, Slip, Stack, Task
from pipeline.files import kinds
from pipeline.intake import mails
from pipeline.office import clock
from pipeline.office.actions import REPORTED
from pipeline.office.config import Petugas
from pipeline.office.sop import LANGKAH_OF, Act, TaskKind
from pipeline.office.words import label_of, word
from pipeline.slips.calibration import SURE
from pipeline.slips.layout import BOX, spoken
from pipeline.web import code
from pipeline.web.site import Friendly, html, site
from pipeline.web.task_forms import control, error_rows
from pipeline.web.view import View, deadline, opened
from pipeline.work import Work

pages = Blueprint("slips", __name__, url_prefix="/t/<token>")
FIELDS = ("tanggal", "nama", "alamat", "telepon", "email", "nik", "unit", "uraian")
NAMES = {
    "unit": "unit_dituju",
    "uraian": "isi",
}  # fields of the paper that have another name in the form
MOST_PAGES = 12  # of a letter, shown at once
INK = 225  # grey of the palest writing after its contrast was stretched
GREETING = re.compile(
    r"\s*(kepada|yth|dengan hormat|assalam|selamat (pagi|siang|sore|malam)|di tempat)\b",
    re.IGNORECASE,
)
NUMERIC = {"telepon": "tel", "nik": "numeric", "tanggal": "numeric"}
RECORDED, REFUSED = Act.CATAT_SLIP, Act.BUKAN_PENGADUAN
FORMS: tuple[str, ...] = (RECORDED, REFUSED)  # of one slip that are typed in
Typed = Mapping[str, tuple[Mapping[str, Sequence[str]], datetime]]
WAYS = ("surat", "telepon", "email", "papan")


def has_stack(session: Session, task: Task) -> bool:
    """Whether a task is about a scan that was taken apart into slips; one from before that is typed in whole."""
    return task.kind is TaskKind.PINDAI and session.get(Stack, task.item_id or 0) is not None


# ---- one slip ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlipInStack:
    """A slip on the clerk's desk, and the stack that it lies in."""

    slip: Slip
    every: Sequence[Slip]  # of the stack, in order
    waiting: Sequence[Slip]  # those that nobody has settled

    @property
    def number(self) -> int:
        return [one.id for one in self.every].index(self.slip.id) + 1

    @property
    def next(self) -> Slip | None:
        """Where the clerk goes from here: the next that waits, at the end the first of them."""
        later = [one for one in self.waiting if one.id > self.slip.id]
        earlier = [one for one in self.waiting if one.id < self.slip.id]
        return next(iter([*later, *earlier]), None)

    @property
    def follows_another(self) -> bool:
        """Whether a paper before it waits, too, to which it may belong."""
        return any(one.id < self.slip.id for one in self.waiting)


def slip_page(
    view: View,
    given: Mapping[str, Sequence[str]] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    """The slip that is asked for, or the first that nobody has settled."""
    errors = errors or {}
    sheet = _sheet(view, _value(given, "slip") or request.args.get("slip", ""))
    slip = sheet.slip
    kept = _kept(view, slip)
    typed = given or _kept_values(kept, RECORDED)
    rows = _rows(view, slip, typed, errors)
    return html(
        "slip.html",
        422 if errors else 200,
        url=view.url,
        tenggat=deadline(view),
        urung=_undo(view),
        pesan=_said(view),
        simpan={name: _saving(view, slip, kept, name, bool(errors)) for name in FORMS},
        galat=error_rows("f", errors),
        **_of_the_stack(sheet),
        **_of_the_paper(view, slip),
        **_of_the_rows(rows, errors),
        **_typed_beside(view, slip, typed, errors),
        alasan=_value(typed, "alasan") or _value(_kept_values(kept, REFUSED), "alasan"),
    )


def _sheet(view: View, wanted: str) -> SlipInStack:
    """The slip of this id, or the first that waits; 404 where none does."""
    waiting = open_slips(view.session, view.task.item_id or 0)
    if not waiting:
        raise Friendly("tidak_ada", 404)
    slip = next((one for one in waiting if str(one.id) == wanted), waiting[0])
    return SlipInStack(slip, _counted(view.session, slip.item_id), waiting)


def _counted(session: Session, item_id: int) -> list[Slip]:
    """The slips of a stack, without separators and what belongs to the paper before it."""
    return [slip for slip in all_slips(session, item_id) if slip.state not in NOT_COUNTED]


def _of_the_stack(sheet: SlipInStack) -> dict[str, Any]:
    return {
        "nomor": sheet.number,
        "jumlah": len(sheet.every),
        "selesai": len(sheet.every) - len(sheet.waiting),
        "berikut": sheet.next,
        "gabung": sheet.follows_another,
    }


def _of_the_paper(view: View, slip: Slip) -> dict[str, Any]:
    return {
        "slip": slip,
        "lihat": pages_shown(view.session, slip),
        "gambar": _pictures(view, slip),
        "sambung": _following(view, slip),
        "serupa": _alike(view, slip),
        "serial": _serial(slip),
        "masalah": word(f"slip.masalah.{slip.reason}") if slip.reason else "",
    }


def _of_the_rows(rows: Sequence[dict[str, Any]], errors: Mapping[str, str]) -> dict[str, Any]:
    """The fields, and how much the clerk has to look at."""
    return {
        "baris": rows,
        "berpotongan": _with_crops(rows),
        "ragu": [row for row in rows if row["ragu"]],
        "jelas": sum(1 for row in rows if row["nilai"] and not row["ragu"]),
        "fokus": _focus(rows, errors),
    }


def _typed_beside(
    view: View, slip: Slip, typed: Mapping[str, Sequence[str]], errors: Mapping[str, str]
) -> dict[str, Any]:
    """What is filled in beside the fields of the paper."""
    ticks = _ticks(view, slip, typed)
    place = _value(typed, "lokasi")
    if not place and view.trusted:
        place = _last_location(view.session)
    named = {name: list(many) for name, many in typed.items()}
    return {
        "perihal": _value(typed, "perihal") or _subject(value_of(slip, "uraian")),
        "rahasia": ticks["rahasia"],
        "lewat": [
            {"name": f"lewat_{way}", "label": word(f"slip.lewat.{way}"), **ticks[way]}
            for way in WAYS
        ],
        "lokasi": place,
        "terlapor": control(view, REPORTED, named, errors, fill=False),
        "sama": _value(typed, "sama"),
    }


def _rows(
    view: View, slip: Slip, typed: Mapping[str, Sequence[str]], errors: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The fields of the paper; what was left empty takes no room beside its crop."""
    clear = clear_from(view.session) if slip.kind == "slip" else {}
    rows = [_row(view, slip, name, typed, errors, clear.get(name, SURE)) for name in FIELDS]
    with_crops = _with_crops(rows)
    for row in rows:
        calls = row["nilai"] or row["ragu"] or row["galat"] or row["wajib"]
        row["terlipat"] = with_crops and not calls
    return rows


def _with_crops(rows: Sequence[dict[str, Any]]) -> bool:
    return any(row["gambar"] for row in rows)


def _serial(slip: Slip) -> str:
    return spoken(slip.serial) if slip.serial else ""


def saved_as(name: str, slip: str) -> str:
    """Under which name a form of one slip of a stack is kept until it is sent."""
    return f"{name}-{slip}" if re.fullmatch(r"[0-9]{1,9}", slip) else name


def _kept(view: View, slip: Slip) -> Typed:
    """What was typed for this slip before and not sent, by form."""
    if not view.owner:
        return {}
    found = unsent.of(view.session, view.task.id, view.owner, view.person.mark)
    kept = {}
    for name in FORMS:
        key = saved_as(name, str(slip.id))
        if key in found:
            kept[name] = found[key]
    return kept


def _kept_values(kept: Typed, name: str) -> Mapping[str, Sequence[str]]:
    """What one form held; nothing where it was not saved."""
    return kept[name][0] if name in kept else {}


def _saving(view: View, slip: Slip, before: Typed, name: str, wrong: bool) -> dict[str, Any]:
    """What the form's template needs to save it while somebody types."""
    at = clock.waktu(before[name][1], view.settings.zone) if name in before else ""
    return {
        "nama": saved_as(name, str(slip.id)),
        "simpan_url": f"{view.url}/simpan",
        "disimpan": word("halaman.disimpan_pada", waktu=at) if at else "",
        "diisi": wrong,
    }


def _value(given: Mapping[str, Sequence[str]] | None, name: str) -> str:
    return ((given or {}).get(name) or [""])[0]


def _row(
    view: View,
    slip: Slip,
    name: str,
    given: Mapping[str, Sequence[str]],
    errors: Mapping[str, str],
    clear: float,
) -> dict[str, Any]:
    """One field: its crop, what was read, and in words how sure that is."""
    known, form_name = slip.fields.get(name, {}), NAMES.get(name, name)
    value, box = str(known.get("value", "")), known.get("box")
    unsure = _is_unsure(known, clear)
    words = _doubt_words(known) if unsure else ""
    if not unsure and known:
        words = word("slip.terbaca" if value else "slip.ragu.kosong")
    return {
        "name": form_name,
        "label": label_of(form_name),
        "nilai": _value(given, form_name) if given else value,
        "panjang": name in ("alamat", "uraian"),
        "tinggi": 5 if name == "uraian" else 2,
        "inputmode": NUMERIC.get(name, ""),
        "jenis": "email" if name == "email" else "text",
        "wajib": name == "uraian",
        "gambar": f"{view.url}/slip/{slip.id}/{name}.jpg" if box else "",
        "ragu": unsure,
        "kata": words,
        "galat": errors.get(form_name, ""),
    }


def _is_unsure(known: Mapping[str, Any], clear: float) -> bool:
    """Whether a field is to be looked at: read with doubt, written in and not read, or less sure than this office's own
    paper allows (`clear`)."""
    if known.get("doubt") in UNREAD:
        return True
    earned = clear < SURE and known.get("doubt") == "kurang_jelas"
    spoken_against = bool(known.get("doubt")) and not earned
    typed = bool(known.get("counted"))  # by the clerk, before the slip was taken back
    return (
        bool(known.get("value"))
        and not typed
        and (spoken_against or known.get("confidence", 0) < clear)
    )


def _doubt_words(known: Mapping[str, Any]) -> str:
    """Why a field is doubted; what was read where a repair changed it; what may be meant instead."""
    said = [word(f"slip.ragu.{known.get('doubt') or 'kurang_jelas'}")]
    if known.get("seen") and known.get("doubt") != "diperbaiki":
        said.append(word("slip.ragu.diperbaiki"))
    if known.get("seen"):
        said.append(word("slip.ragu.dibaca", dibaca=known["seen"], menjadi=known.get("value", "")))
    if known.get("perhaps"):
        said.append(word("slip.ragu.mungkin", nilai=known["perhaps"]))
    if known.get("unsure"):
        said.append(word("slip.ragu.kata_ragu", kata=known["unsure"]))
    return " ".join(said)


def _focus(rows: Sequence[Mapping[str, Any]], errors: Mapping[str, str]) -> str:
    """Where the cursor stands: in the first field to be looked at, else in the first of all. Enter goes on from it."""
    if errors:
        return ""
    shown = [row for row in rows if row["ragu"]] or [row for row in rows if not row["terlipat"]]
    return str(shown[0]["name"])


def _ticks(
    view: View, slip: Slip, given: Mapping[str, Sequence[str]] | None
) -> dict[str, dict[str, Any]]:
    """Each tick as the form shows it; one that the machine could not tell is left open, in words and with its crop.
    Where it cannot tell whether the name is to be kept secret, it is, until the clerk says no."""
    found = {}
    for name in ("rahasia", *WAYS):
        read = slip.ticks.get(name, False) if slip.ticks else False
        form_name = name if name == "rahasia" else f"lewat_{name}"
        unsure = bool(slip.ticks) and read is None
        ticked = (
            bool(_value(given, form_name))
            if given
            else read is True or (unsure and name == "rahasia")
        )
        crop = f"{BOX}{name}"
        seen = unsure and slip.fields.get(crop, {}).get("box")
        picture = f"{view.url}/slip/{slip.id}/{crop}.jpg" if seen else ""
        found[name] = {"dipilih": ticked, "ragu": unsure, "gambar": picture}
    return found


def _pictures(view: View, slip: Slip) -> list[dict[str, Any]]:
    """The slip alone and its further pages, for what has no crops; and the page as it was scanned."""
    every = [slip, *further_pages(view.session, slip)]
    return [
        {
            "url": f"{view.url}/slip/{one.id}/lembar.jpg",
            "utuh": f"{view.url}/slip/{one.id}/halaman.jpg",
            "nomor": n,
        }
        for n, one in enumerate(every, 1)
        if one.sha256
    ]


def _following(view: View, slip: Slip) -> list[dict[str, Any]]:
    """Pages that may go on with this letter, to be looked at and joined before it is recorded."""
    return [
        {"id": one.id, "nomor": one.page.number, "url": f"{view.url}/slip/{one.id}/lembar.jpg"}
        for one in following(view.session, slip)[:MOST_PAGES]
        if one.sha256
    ]


def _undo(view: View) -> int:
    """The slip that the holder may take back; 0 for none, and for a browser that is not known to be theirs."""
    if not view.trusted:
        return 0
    last = undoable(Work(view.session, view.settings, view.now), view.task, view.owner)
    return last.id if last else 0


def _subject(text: str) -> str:
    """A first proposal: the first sentence after the salutation, cut between words."""
    lines = [line for line in text.splitlines() if not GREETING.match(line)]
    first = re.split(r"(?<=[a-z])[.!?]\s", " ".join(" ".join(lines).split()), maxsplit=1)[0].rstrip(
        "."
    )
    return first if len(first) <= 80 else first[:80].rsplit(" ", 1)[0]


def _last_location(session: Session) -> str:
    """Where the paper before this one was put: a stack goes into one map."""
    query = (
        select(Slip.location).where(Slip.location != "").order_by(Slip.settled_at.desc()).limit(1)
    )
    return session.scalars(query).first() or ""


def _alike(view: View, slip: Slip) -> list[dict[str, Any]]:
    """Complaints that may be the same; a forwarded link shows its own task alone."""
    if not view.trusted:
        return []
    work = Work(view.session, view.settings, view.now)
    return [
        _known(view, c, why) for c, why in alike(work, slip) if view.owner not in reported.codes(c)
    ]


def _known(view: View, complaint: Complaint, why: str) -> dict[str, Any]:
    return {
        "nomor": complaint.number,
        "tanggal": clock.tanggal(complaint.received_at.astimezone(view.settings.zone)),
        "perihal": complaint.perihal,
        "sebab": word(f"slip.serupa.{why}"),
        "serial": why == "serial",
    }


def _said(view: View) -> str:
    """What became of the slip before, when its form has just been sent."""
    if "disimpan" in request.args:
        return word("halaman.disimpan")
    if "tersimpan" not in request.args:
        return ""
    if request.args["tersimpan"] == UNDO:
        return word("slip.batal.sudah")
    settled = [one for one in all_slips(view.session, view.task.item_id or 0) if one.settled_at]
    if not settled:
        return ""
    last = max(settled, key=lambda one: (one.settled_at, one.id))
    complaint = view.session.get(Complaint, last.complaint_id) if last.complaint_id else None
    return word(f"slip.sudah.{last.state}", nomor=complaint.number if complaint else "")


# ---- pictures ------------------------------------------------------------------------------------------------


@pages.get("/slip/<int(max=2147483647):slip_id>/<name>.jpg")
def picture(token: str, slip_id: int, name: str) -> Response:
    """A field's crop, the slip alone (`lembar`), or the page as it was scanned (`halaman`)."""
    with opened(token) as (session, found, view, _person):
        slip = session.get(Slip, slip_id)
        if slip is None or slip.item_id != view.task.item_id or not found.full:
            raise Friendly("tidak_ada", 404)
        sha = slip.page.sha256 if name == "halaman" else slip.sha256
        box = slip.fields.get(name, {}).get("box")
        if sha is None or (name not in ("halaman", "lembar") and not box):
            raise Friendly("tidak_ada", 404)
        content = store.get(session, sha)
    return Response(_cropped(content, box) if box else content, mimetype="image/jpeg")


def _cropped(content: bytes, box: Sequence[int]) -> bytes:
    """A field in its own colours, its contrast stretched to its own darkest ink, without most of what is empty at its
    right: what is written stands larger, above all on a phone. The faintest pencil that the reader saw is seen."""
    left, top, width, height = box
    out = BytesIO()
    with Image.open(BytesIO(content), formats=("JPEG",)) as image:
        part = image.crop((left, top, left + width, top + height)).convert("RGB")
    part = ImageOps.autocontrast(part, cutoff=(0.2, 0), preserve_tone=True)
    red, green, blue = part.split()
    darkest = ImageChops.darker(
        ImageChops.darker(red, green), blue
    )  # a marker's yellow is light in grey
    ink = darkest.filter(ImageFilter.BoxBlur(1)).point(lambda grey: 255 if grey < INK else 0)
    ends = ink.crop((0, height // 8, width, height * 3 // 4)).getbbox()  # above the printed rule
    right = min(width, max((ends[2] if ends else width) + height // 2, width * 2 // 5))
    part.crop((0, 0, right, height)).save(out, "JPEG", quality=82)
    return out.getvalue()


# ---- the end of a stack --------------------------------------------------------------------------------------


def stack_page(view: View, person: Petugas) -> Response:
    """What became of each slip of a stack, with receipts and announcements to print."""
    item_id = view.task.item_id or 0
    slips = _counted(view.session, item_id)
    count = tally(view.session, item_id)
    return html(
        "slip_selesai.html",
        url=view.url,
        urung=_undo(view),
        baris=[_settled_row(view, person, order, slip) for order, slip in enumerate(slips, 1)],
        hitungan=[
            word(f"slip.jumlah.{state}", jumlah=number) for state, number in count.items() if number
        ],
        kembali={"url": f"{view.url}/unggah", "label": word("slip.unggah.tautan")},
    )


def _settled_row(view: View, person: Petugas, order: int, slip: Slip) -> dict[str, Any]:
    """What became of one slip; what may be printed of its complaint, if it is one."""
    row: dict[str, Any] = {
        "urut": order,
        "kata": word(f"slip.keadaan.{slip.state}"),
        "serial": _serial(slip),
        "lokasi": slip.location,
    }
    complaint = view.session.get(Complaint, slip.complaint_id) if slip.complaint_id else None
    if complaint is None:
        nothing = dict.fromkeys(("nomor", "tanda_terima", "pengumuman", "tanpa_kontak"), "")
        return {**row, **nothing, "perihal": slip.reason}
    settled_it = slip.settled_by == person.kode
    for_the_board = on_board(view.session, complaint)
    return {
        **row,
        "nomor": complaint.number,
        "perihal": complaint.perihal,
        "tanda_terima": f"{view.url}/tanda-terima/{complaint.id}" if settled_it else "",
        "pengumuman": f"{view.url}/pengumuman/{complaint.id}" if for_the_board else "",
        "tanpa_kontak": "" if has_contact(complaint) else word("catat.tanpa_kontak"),
    }


@pages.get("/pengumuman/<int(max=2147483647):complaint_id>")
def announcement(token: str, complaint_id: int) -> Response:
    """To be printed and pinned to the board: for who holds the stub, and telling nobody else anything."""
    with opened(token) as (session, found, view, _person):
        complaint = session.get(Complaint, complaint_id)
        slip = session.scalars(select(Slip).where(Slip.complaint_id == complaint_id)).first()
        mine = slip is not None and slip.item_id == view.task.item_id
        if (
            complaint is None
            or not found.full
            or not (mine or view.task.complaint_id == complaint_id)
        ):
            raise Friendly("tidak_ada", 404)
        return html("pengumuman.html", **_announced(view, complaint, slip))


def _announced(view: View, c: Complaint, slip: Slip | None) -> dict[str, Any]:
    zone, office = view.settings.zone, view.settings.instansi
    serial = (
        f"{spoken(slip.serial)[:9]} …" if slip and slip.serial else ""
    )  # whole, it opens the status page
    rows = (
        [{"nama": word("slip.papan.nomor"), "nilai": c.number}] if serial else []
    )  # else it stands above, large
    rows += [{"nama": word("slip.papan.diterima"), "nilai": _day(c.received_at.astimezone(zone))}]
    answered = c.decision and c.letter_date and LANGKAH_OF[c.stage] == 5
    if not answered:
        rows += [{"nama": word("slip.papan.keadaan"), "nilai": word(f"status.{c.stage}")}]
    return {
        "nomor": c.number,
        "serial": serial,
        "rows": rows,
        "jawaban": word(f"slip.papan.keputusan.{c.decision}", instansi=c.instansi)
        if answered
        else "",
        "surat": word(
            "slip.papan.surat",
            nomor=c.letter_number,
            tanggal=_day(c.letter_date),
            tempat=office.nama,
        )
        if answered and c.letter_date
        else "",
        "hari_ini": _day(view.now.astimezone(zone)),
        "kota": office.kota,
        "kembali": {"url": view.url, "label": word("catat.kembali")},
    }


def _day(at: date) -> str:
    """A date without its weekday, as letters have it."""
    return clock.tanggal(at).partition(", ")[2]


# ---- upload --------------------------------------------------------------------------------------------------


@pages.get("/unggah")
def upload_page(token: str) -> Response:
    """Where scans and photos are handed in, and how far those that were are read."""
    with opened(token) as (session, found, view, person):
        _clerk(person)
        if not found.alive:
            raise Friendly("kedaluwarsa", 410)
        code.insist(session, token, person)
        return _upload_page(session, view, "")


def _upload_page(session: Session, view: View, problem: str) -> Response:
    query = (
        select(Item, Stack).outerjoin(Stack, Stack.item_id == Item.id).where(Item.source == "scan")
    )
    rows = []
    for item, stack in session.execute(query.order_by(Item.id.desc()).limit(10)):
        kata, done = _progress(session, item, stack)
        rows.append(
            {
                "nama": item.name or word("surat.tanpa_perihal"),
                "kata": kata,
                "selesai": done,
                "jumlah": stack.pages if stack and stack.read_at is None else 0,
            }
        )
    return html(
        "slip_unggah.html",
        422 if problem else 200,
        url=f"{view.url}/unggah",
        galat=[{"untuk": "f-berkas", "pesan": problem}] if problem else [],
        berkas=rows,
        batas=view.settings.web.upload_mb,
        saya=f"{view.url}/saya",
        kembali={"url": view.url, "label": word("catat.kembali")},
    )


def _progress(session: Session, item: Item, stack: Stack | None) -> tuple[str, int]:
    """(in words how far a scan is, pages that are read)."""
    if item.state == ItemState.HELD:
        return item.reason, 0
    if stack is None:
        return word("slip.unggah.menunggu"), 0
    if stack.read_at is None:
        done = pages_done(session, item.id)
        return word("slip.unggah.dibaca", selesai=done, jumlah=stack.pages), done
    count = tally(session, item.id)
    return word(
        "slip.unggah.selesai", slip=sum(count.values()), sisa=count["baru"], jumlah=stack.pages
    ), stack.pages


@pages.post("/unggah")
def upload(token: str) -> BaseResponse:
    """Keep what was handed in; the lane for slips reads it."""
    given = [one for one in request.files.getlist("berkas") if one.filename]
    held = Held(
        "unggah",
        files={f"berkas-{n}": (one.filename or "", one.read()) for n, one in enumerate(given)},
    )
    with opened(token) as (session, found, view, person):
        _clerk(person)
        if not found.alive:
            raise Friendly("kedaluwarsa", 410)
        if not given:
            code.insist(session, token, person)
            return _upload_page(session, view, word("galat.kosong.berkas"))
        trusted, link_id = code.known(session, person), found.link_id
    return _keep(token, held) if trusted else code.ask(token, link_id, person, held)


def _keep(token: str, held: Held) -> BaseResponse:
    """The files of a browser that is known, or whose code was right."""
    here = site()
    with opened(token) as (_session, _found, _view, person):
        _clerk(person)
    now = here.clock()
    order = secrets.randbits(31) * 1000  # two uploads of one second are two
    contents = [content for _name, content in held.files.values()]
    with store.ahead(here.engine, contents), writing(here.engine) as session:
        code.spend(session, held)
        some = [
            (
                content,
                Arrival("unggah", person.kode, int(now.timestamp()), order + n, now, _name(name)),
            )
            for n, (name, content) in enumerate(held.files.values())
        ]
        ids = [item.id for item in ledger.receive(session, "scan", some, now)]
    for item_id in ids:
        mails.take_in(here, item_id)
    here.wake("slips", "send")
    return redirect(f"/t/{token}/unggah", 303)


code.HELD["unggah"] = _keep


def _name(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f/\\]", " ", text).split())[-120:]


def _clerk(person: Petugas) -> None:
    if "jfu" not in person.peran:
        raise Friendly("bukan_hak", 403)


ACCEPT = ",".join(sorted(kinds.SCANS))
