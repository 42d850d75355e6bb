"""The counter's pages: record who comes, phones or writes a letter; slips handed over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any, TypeVar

import segno
from flask import Blueprint, Response, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases
from pipeline.access import links, typed
from pipeline.access.browsers import Held
from pipeline.casefile import limits
from pipeline.casefile.reach import has_contact
from pipeline.cases import spoken as later_words
from pipeline.cases.input import Checked
from pipeline.cases.record import status_code
from pipeline.cases.slips import stub_of
from pipeline.data.tables import Complaint, Event
from pipeline.notices import post
from pipeline.office import clock, numbers
from pipeline.office.actions import COUNTER_FIELDS, LATER_FIELDS, Action
from pipeline.office.config import Petugas
from pipeline.office.sop import Act, Role, TaskKind
from pipeline.office.words import fold, table, word
from pipeline.slips.layout import spoken
from pipeline.web import chosen_files, saving
from pipeline.web import code as browser
from pipeline.web.site import Friendly, html, site, uploads
from pipeline.web.task_forms import control, error_rows
from pipeline.web.task_page import printed
from pipeline.web.view import View, opened
from pipeline.work import Work

Values = dict[str, list[str]]
Said = TypeVar("Said")
pages = Blueprint("counter", __name__, url_prefix="/t/<token>")
COUNTER = Action(Act.CATAT, fields=COUNTER_FIELDS)
LATER = Action(Act.TAMBAH, fields=LATER_FIELDS)


# ---- the counter ---------------------------------------------------------------------------------------------


def _clerk(person: Petugas) -> None:
    if Role.JFU not in person.peran:
        raise Friendly("bukan_hak", 403)


@pages.get("/catat")
def counter(token: str) -> Response:
    with opened(token) as (session, found, view, person):
        _clerk(person)
        if not found.alive:
            raise Friendly("kedaluwarsa", 410)
        browser.insist(session, token, person)
        return _counter_page(view, person, said=request.args.get("tambahan", ""))


def _counter_page(
    view: View, person: Petugas, sent: str = "", given: Values | None = None, **more: Any
) -> Response:
    """Both forms with what was typed before; `sent`: the one that was sent with `given` and has to be mended, for
    `more["errors"]`; `more["said"]`: the number of a complaint to which words were added just now."""
    errors: dict[str, str] = more.get("errors", {})
    before = _unrecorded(view.session, person)
    values = {name: kept for name, (kept, _at) in before.items()} | ({sent: given} if given else {})
    number = re.fullmatch(view.settings.register_.number, more.get("said", ""))

    def form(action: Action) -> dict[str, Any]:
        mine, wrong = values.get(action.name, {}), errors if action.name == sent else {}
        return {
            "aksi": action.name,
            "kolom": [control(view, one, mine, wrong, fill=False) for one in action.fields],
            "multipart": True,
            "diisi": action.name == sent,
            **saving.saved(view.token, before, action.name),
        }

    return html(
        "catat.html",
        422 if errors else 200,
        galat=error_rows(sent, errors),
        formulir={
            **form(COUNTER),
            "tombol": word("catat.tombol"),
            "catatan": word("catat.catatan"),
            "sembunyi": [{"name": "kunci", "value": _key(values.get(COUNTER.name, {}))}],
        },
        lanjutan={
            **form(LATER),
            "judul": word("catat.lanjutan_judul"),
            "tombol": word("catat.lanjutan_tombol"),
            "catatan": word("catat.lanjutan_catatan"),
            "buka": sent == LATER.name or LATER.name in before,
        },
        pesan=_said(more.get("said", "") if number else ""),
        sapaan=table("catat")["sapaan"],
        peringatan=view.settings.sop.peringatan,
    )


def _said(number: str) -> str:
    if number:
        return word("catat.lanjutan_disimpan", nomor=number)
    return word("halaman.disimpan") if "disimpan" in request.args else ""


def _unrecorded(session: Session, person: Petugas) -> saving.Typed:
    """What was typed before at the counter, but for a complaint that has been recorded since: a tab that was left
    open may save once more."""
    forms = typed.of(session, person)
    kept, _at = forms.get(COUNTER.name, ({}, None))
    code = (kept.get("kunci") or [""])[0]
    same = select(Complaint.id).where(Complaint.status_code == code)
    recorded = bool(code) and session.scalar(same) is not None
    return {name: one for name, one in forms.items() if not (recorded and name == COUNTER.name)}


def _key(given: dict[str, list[str]]) -> str:
    """The code that the complaint will bear, made with the form: pressing twice records once."""
    text = (given.get("kunci") or [""])[0]
    return text if re.fullmatch(r"[a-z2-7]{16}", text) else status_code()


@pages.post("/catat")
def record(token: str) -> BaseResponse:
    """Record a complaint that came in person, by telephone or by letter, and report it to the Sekretaris."""
    values = {key: request.form.getlist(key) for key in request.form} | {
        "kunci": [_key(request.form.to_dict(False))]
    }
    files = {name: (one.name, one.content) for name, one in uploads().items() if one.content}
    if request.form.get("aksi") == LATER.name:
        return _with_files(token, Held(LATER.name, values, files), later_here)
    return _with_files(token, Held("catat", values, files), record_here)


def _with_files(token: str, sent: Held, act: Callable[[str, Held], BaseResponse]) -> BaseResponse:
    """Act with the files that were chosen before, too; or the page again, where one is no longer kept."""
    with opened(token) as (session, found, _view, person):
        _clerk(person)
        held, missing = chosen_files.completed(session, found.task, sent)
    return _mend(token, held, missing) if missing else act(token, held)


def record_here(token: str, held: Held) -> BaseResponse:
    here = site()

    def said(view: View, values: Values) -> tuple[Checked, datetime | None]:
        form = cases.read_fields(
            here.settings, COUNTER_FIELDS, "catat", values, browser.uploads_of(held), COUNTER
        )
        return form, later_words.received_at(Work(view.session, here.settings, here.clock()), form)

    read = _read(token, held, said)
    if isinstance(read, BaseResponse):
        return read
    person, (form, received) = read
    with here.writing() as work:
        browser.spend(work.session, held)
        code = _key(_values(held))
        complaint_id = cases.record_at_counter(work, person, form, code=code, received=received).id
        typed.drop(work.session, person, COUNTER.name)
    here.wake("send")
    return redirect(f"/t/{token}/tanda-terima/{complaint_id}", 303)


def later_here(token: str, held: Held) -> BaseResponse:
    """What somebody says later about a complaint that has its number."""
    here = site()

    def said(_view: View, values: Values) -> Checked:
        return cases.read_fields(
            here.settings, LATER_FIELDS, LATER.name, values, browser.uploads_of(held), LATER
        )

    read = _read(token, held, said)
    if isinstance(read, BaseResponse):
        return read
    person, form = read
    try:
        with here.writing() as work:
            browser.spend(work.session, held)
            number = later_words.spoken(work, person, form).number
            typed.drop(work.session, person, LATER.name)
    except cases.Invalid as error:
        return _mend(token, held, error.errors)
    here.wake("send")
    return redirect(f"/t/{token}/catat?tambahan={number}&tersimpan={LATER.name}", 303)


def _mend(token: str, held: Held, errors: dict[str, str]) -> Response:
    """The form again, with what was typed and chosen."""
    with opened(token) as (_session, found, _view, _person):
        task_id = found.task.id
    values = chosen_files.kept(task_id, held, errors)
    with opened(token) as (_session, _found, view, person):
        return _counter_page(view, person, held.deed, values, errors=errors)


def _read(
    token: str, held: Held, said: Callable[[View, Values], Said]
) -> tuple[Petugas, Said] | BaseResponse:
    """Who sends a form and what it says; or the page to answer with: fields to be mended, or the code to be entered."""
    values, errors, read = _values(held), {}, None
    with opened(token) as (session, found, view, person):
        _clerk(person)
        if not found.alive:
            raise Friendly("kedaluwarsa", 410)
        try:
            read = said(view, values)
        except cases.Invalid as error:
            errors = error.errors
        trusted, link_id = browser.known(session, person) or held.seen, found.link_id
    if read is None:
        return _mend(token, held, errors)
    if not trusted:
        return browser.ask(token, link_id, person, Held(held.deed, values, held.files, seen=1))
    return person, read


def _values(held: Held) -> Values:
    return {name: list(many) for name, many in held.values.items()}


browser.HELD["catat"] = record_here
browser.HELD[LATER.name] = later_here


def _recorded_by(
    session: Session, found: links.Opened, person: Petugas, complaint_id: int
) -> Complaint:
    """A complaint that this JFU typed in: whoever took it may print its receipt."""
    complaint = session.get(Complaint, complaint_id)
    first = session.scalars(
        select(Event.actor).where(Event.complaint_id == complaint_id, Event.seq == 1)
    ).first()
    if complaint is None or not found.alive or first != person.kode:
        raise Friendly("tidak_ada", 404)
    return complaint


@pages.get("/tanda-terima/<int(max=2147483647):complaint_id>")
def slip(token: str, complaint_id: int) -> Response:
    """The printable receipt for a pengadu who stands at the counter."""
    with opened(token) as (session, found, view, person):
        _clerk(person)
        browser.insist(session, token, person)
        c = _recorded_by(session, found, person, complaint_id)
        settings, zone = view.settings, view.settings.zone
        recorded = c.recorded_at.astimezone(zone)
        last = limits.answer_day(settings, c.recorded_at)
        answer = "tanda_terima.jawaban" if has_contact(c) else "tanda_terima.jawaban_papan"
        rows = [
            {
                "nama": "Diterima",
                "nilai": f"{clock.waktu(c.received_at, zone)}, {word(f'lewat.{c.channel}')}",
            },
            *who_rows(c),
            {"nama": "Perihal", "nilai": c.perihal},
            {"nama": word("tanda_terima.isi"), "nilai": fold(c.ringkasan or c.isi, lines=4)},
            {
                "nama": "Jawaban",
                "nilai": word(answer, tanggal=clock.tanggal(last.astimezone(zone))),
            },
        ]
        if serial := stub_of(session, c):
            rows.insert(0, {"nama": word("slip.halaman.serial"), "nilai": spoken(serial)})
        return html(
            "tanda_terima.html",
            nomor=c.number,
            sapaan=f"Yth. Saudara {c.nama}" if c.nama else "Yth. Saudara Pengadu",
            baris=rows,
            selanjutnya=word("catat.selanjutnya"),
            status={
                "url": post.status_url(settings, c),
                "teks": word("catat.status"),
                "qr_url": f"/t/{token}/tanda-terima/{c.id}/qr",
            },
            petugas={
                "tempat_tanggal": f"{settings.instansi.kota}, {clock.tanggal(recorded).split(', ', 1)[1]}",
                "jabatan": person.jabatan,
                "nama": person.nama,
            },
            kembali={"url": f"/t/{token}", "label": word("catat.kembali")},
            tanpa_kontak="" if has_contact(c) else word("catat.tanpa_kontak"),
        )


def who_rows(c: Complaint) -> list[dict[str, str]]:
    """Who complains and how they are reached, as they have told."""
    contact = ", ".join(filter(None, (numbers.phone(c.telepon), c.email)))
    rows = (("nama", c.nama), ("alamat", c.alamat), ("kontak", contact))
    return [{"nama": word(f"tanda_terima.{name}"), "nilai": value or "-"} for name, value in rows]


@pages.get("/serah-terima")
def handover(token: str) -> Response:
    """The receipt that is signed when a letter is handed over: to be printed by the one who delivers."""
    with opened(token) as (_session, found, view, _person):
        delivering = view.task.kind in (TaskKind.PENYAMPAIAN, TaskKind.PENGIRIMAN)
        if not delivering or not found.full or view.complaint is None:
            raise Friendly("tidak_ada", 404)
        return html("serah_terima.html", **printed(view, view.complaint))


@pages.get("/tanda-terima/<int(max=2147483647):complaint_id>/qr")
def slip_code(token: str, complaint_id: int) -> Response:
    with opened(token) as (session, found, view, person):
        _clerk(person)
        browser.insist(session, token, person)
        c = _recorded_by(session, found, person, complaint_id)
        out = BytesIO()
        segno.make(post.status_url(view.settings, c), error="m").save(
            out, kind="svg", scale=4, border=4, light="#fff"
        )
        return Response(out.getvalue(), mimetype="image/svg+xml")
