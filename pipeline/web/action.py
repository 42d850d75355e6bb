"""The page of a task, and what its buttons do. GET shows, POST acts (DESIGN rule 5).

A POST reads and checks its form outside any transaction, acts in one, and answers with a redirect to the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO

import segno
from flask import Blueprint, Response, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases, clock, files, links, notices, saved, store
from pipeline.browsers import Held
from pipeline.config import Petugas
from pipeline.db import Complaint, Document, Event, Item, Task, reading, writing
from pipeline.letters import signature
from pipeline.slips.layout import spoken
from pipeline.sop import COUNTER_FIELDS, Action, Role, TaskKind, action
from pipeline.web import browser, slips
from pipeline.web.common import Friendly, html, site
from pipeline.web.forms import control, pdfs_to_sign
from pipeline.web.opened import opened
from pipeline.web.page import passed_on_page, printed, receipt, spent_page, task_page
from pipeline.web.view import View
from pipeline.words import table, word

pages = Blueprint("action", __name__, url_prefix="/t/<token>")
COUNTER = Action("catat", fields=COUNTER_FIELDS)
WIDE, NARROW = 1400, 144
PDF_PAGES, PDFS_KEPT = 12, 4


@pages.get("")
def show(token: str) -> Response:
    with opened(token) as (session, found, view, person):
        if view.task.closed_at is not None:
            if found.full and view.task.closed_by == person.kode and slips.has_stack(session, view.task):
                return slips.stack_page(view, person)
            mine = found.full and view.task.closed_by == person.kode and "selesai" in request.args
            if mine and table(f"aksi.{view.task.kind}.{view.task.outcome}"):
                return html("selesai.html", **receipt(view, found))
            return html("terpakai.html", **spent_page(view, found))
        if not view.helping and person.kode not in {p.kode for p in cases.holders(view.settings, view.task)}:
            return html("terpakai.html", **passed_on_page(view, found))
        if slips.has_stack(session, view.task):
            return slips.slip_page(view)
        chosen = request.args.get("aksi", "")
        given = {name: request.args.getlist(name) for name in ("keputusan",) if name in request.args}
        done = request.args.get("tersimpan", "")
        if "disimpan" in request.args:
            return html("tugas.html", **task_page(view, chosen, given, said=word("halaman.disimpan")))
        said = table(f"aksi.{view.task.kind}.{done}").get("terima", "") if done else ""
        return html("tugas.html", **task_page(view, chosen, given, said=said))


@pages.post("")
def act(token: str) -> BaseResponse:
    """Read and check the form, then act, or ask for a code first where the browser is not known."""
    held = Held(
        f"aksi:{request.form.get('aksi', '')}",
        {key: request.form.getlist(key) for key in request.form},
        {name: (one.name, one.content) for name, one in _uploads().items() if one.content},
        _seen(),
    )
    with opened(token) as (session, found, view, person):
        at_once = browser.known(session, person) or view.task.closed_at is not None
        link_id, kind, settings = found.link_id, found.task.kind, view.settings
    if at_once:
        return _perform(token, held)
    name = held.deed.removeprefix("aksi:")
    try:
        cases.check(settings, kind, name, held.values, _files(token, name, held), held.seen)
    except cases.Invalid as error:
        return _again(token, name, held.values, error.errors)
    except cases.Forbidden as error:
        raise Friendly("bukan_hak", 409) from error
    return browser.ask(token, link_id, person, held)


def _perform(token: str, held: Held) -> BaseResponse:
    here = site()
    name, values = held.deed.removeprefix("aksi:"), held.values
    with opened(token) as (_session, found, view, person):
        task_id, kind, settings = found.task.id, found.task.kind, view.settings
    try:
        form = cases.check(settings, kind, name, values, _files(token, name, held), held.seen)
        with writing(here.engine) as session:
            cases.act(cases.Work(session, here.settings, here.clock()), task_id, person, form)
    except cases.Invalid as error:
        return _again(token, name, values, error.errors)
    except cases.AlreadyDone:
        return redirect(f"/t/{token}", 303)
    except cases.Forbidden as error:
        raise Friendly("bukan_hak", 409) from error
    here.wake("take_in", "letters", "pictures", "send")
    chosen = action(kind, name)
    return redirect(f"/t/{token}?" + ("selesai" if chosen and chosen.closes else f"tersimpan={name}"), 303)


def _files(token: str, name: str, held: Held) -> dict[str, cases.Upload]:
    """The files of a form; the letters signed here with the office's certificate where a signer asked for that."""
    uploads = browser.uploads_of(held)
    if name != "tandatangani" or uploads or not held.values.get("sistem"):
        return uploads
    with opened(token) as (session, _found, view, _person):
        offered, settings = [] if view.helping else pdfs_to_sign(view), view.settings
        contents = store.get_all(session, [one.sha256 for one in offered])
    if not settings.surat.pkcs12:
        return uploads
    password, certificate = settings.find_secret("pkcs12_password"), settings.path(settings.surat.pkcs12)
    try:
        for field, one in zip(cases.SIGNED_FIELDS.values(), offered, strict=False):
            signed = signature.sign(contents[one.sha256], certificate, password, one.name, settings.instansi.kota)
            uploads[field] = cases.Upload(one.name, signed)
    except signature.SignatureError as error:
        raise cases.Invalid({"bertanda_tangan": str(error)}) from error
    return uploads


# ---- the code ------------------------------------------------------------------------------------------------


@contextmanager
def whose(token: str) -> Iterator[tuple[Session, int, Petugas]]:
    """Session, link and person of a token, with or without a task."""
    here = site()
    with reading(here.engine) as session:
        try:
            link_id, holder = links.personal(session, here.settings.key, token, here.clock())
        except links.LinkError as error:
            raise Friendly("kedaluwarsa" if error.expired else "tautan", 410 if error.expired else 404) from error
        person = here.settings.person(holder)
        if person is None:
            raise Friendly("tautan", 404)
        yield session, link_id, person


@pages.get("/kode/<int(max=2147483647):row_id>")
def code(token: str, row_id: int) -> Response:
    with whose(token) as (session, link_id, person):
        return browser.code_page(session, token, link_id, person, row_id)


@pages.post("/kode/<int(max=2147483647):row_id>")
def enter_code(token: str, row_id: int) -> BaseResponse:
    """The right code makes the browser known, and what waited for it is done at once."""
    with whose(token) as (_session, link_id, person):
        pass
    held, answer, cookie = browser.enter(token, link_id, person, row_id)
    if held is None:
        assert answer is not None
        return answer
    if held.deed in browser.HELD:
        done = browser.HELD[held.deed](token, held)
    elif held.deed == "catat":
        done = _record(token, held)
    elif held.deed == "saya":
        done = redirect(f"/t/{token}/saya", 303)
    else:
        done = _perform(token, held)
    return browser.remember(done, person, cookie)


# ---- forms that are not sent yet -----------------------------------------------------------------------------


@pages.post("/simpan")
def save(token: str) -> BaseResponse:
    """Keep what is typed so far: by the script when a field is left, or by its own button."""
    here = site()
    name = request.form.get("aksi", "")
    with opened(token) as (session, found, view, person):
        if action(found.task.kind, name) is None or view.task.closed_at is not None:
            raise Friendly("bukan_hak", 409)
        known, whose, task_id = browser.known(session, person), browser.owner(session, person), found.task.id
    quiet = request.headers.get("X-Simpan") == "1"
    done: BaseResponse = Response(status=204) if quiet else redirect(f"/t/{token}?aksi={name}&disimpan", 303)
    if not known and not whose:
        whose = f"{person.kode}#{browser.make_guest(done)}"
    values = {key: request.form.getlist(key) for key in request.form if key not in ("aksi", "lihat")}
    with writing(here.engine) as session:
        saved.put(session, session.get_one(Task, task_id), whose, name, values, here.clock())
    return done


def _seen() -> int:
    text = request.form.get("lihat", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _uploads() -> dict[str, cases.Upload]:
    return {name: cases.Upload(file.filename or name, file.read()) for name, file in request.files.items()}


def _again(token: str, name: str, values: Mapping[str, Sequence[str]], errors: dict[str, str]) -> Response:
    """The same page with what was typed and what has to be mended; files have to be chosen again."""
    with opened(token) as (session, found, view, _person):
        if view.task.closed_at is not None:
            return html("terpakai.html", 409, **spent_page(view, found))
        if slips.has_stack(session, view.task):
            return slips.slip_page(view, values, errors)
        return html(
            "tugas.html", 422, **task_page(view, name, {key: list(many) for key, many in values.items()}, errors)
        )


# ---- files ---------------------------------------------------------------------------------------------------


def _document(session: Session, view: View, found: links.Opened, document_id: int) -> Document:
    """A document of this case or item, while the link shows the complaint."""
    row = session.get(Document, document_id)
    if row is None or not found.full:
        raise Friendly("tidak_ada", 404)
    same_case = view.complaint is not None and row.complaint_id == view.complaint.id
    same_item = view.task.item_id is not None and row.item_id == view.task.item_id
    if not (same_case or same_item) or not view.shows(row):
        raise Friendly("tidak_ada", 404)
    return row


@pages.get("/berkas/<int(max=2147483647):document_id>")
def download(token: str, document_id: int) -> Response:
    """The original, as a download that nothing renders."""
    with opened(token) as (session, found, view, _person):
        row = _document(session, view, found, document_id)
        response = Response(store.get(session, row.sha256), mimetype="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=row.name)
        if row.mime in (files.PDF, files.DOCX):
            response.mimetype = row.mime
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


@pages.get("/asli")
def original(token: str) -> Response:
    """The mail that could not be read, as a download that nothing renders."""
    with opened(token) as (session, found, view, _person):
        if view.task.item_id is None or view.complaint is not None or not found.full:
            raise Friendly("tidak_ada", 404)
        item = session.get_one(Item, view.task.item_id)
        response = Response(store.get(session, item.sha256), mimetype="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=f"kiriman-{item.id}.eml")
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


@pages.get("/gambar/<int(max=2147483647):document_id>")
def picture(token: str, document_id: int) -> Response:
    """A picture made anew from its pixels, or one page of a PDF."""
    with opened(token) as (session, found, view, _person):
        row = _document(session, view, found, document_id)
        content = store.get(session, row.sha256)
    try:
        if row.mime == files.PDF:
            content = _page_of(row.sha256, content, request.args.get("hal", "1"))
        return Response(files.picture(content, NARROW if "kecil" in request.args else WIDE), mimetype="image/jpeg")
    except files.FileError as error:
        raise Friendly("tidak_ada", 404) from error


_drawn: dict[str, list[bytes]] = {}  # pages of the PDFs that were looked at last: each has a request of its own


def _pages(digest: str, content: bytes) -> list[bytes]:
    """Pictures of a PDF's first pages, drawn by a bounded child process."""
    if digest not in _drawn:
        if len(_drawn) >= PDFS_KEPT:
            _drawn.clear()
        _drawn[digest] = files.pdf_pages(content, WIDE, PDF_PAGES)
    return _drawn[digest]


def _page_of(digest: str, content: bytes, number: str) -> bytes:
    drawn = _pages(digest, content)
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= len(drawn)):
        raise Friendly("tidak_ada", 404)
    return drawn[int(number) - 1]


@pages.get("/lihat/<int(max=2147483647):document_id>")
def look(token: str, document_id: int) -> Response:
    """The pages of a PDF as pictures; the original stays a download."""
    with opened(token) as (session, found, view, _person):
        row = _document(session, view, found, document_id)
        if row.mime != files.PDF:
            raise Friendly("tidak_ada", 404)
        content = store.get(session, row.sha256)
        shown = [
            {"url": f"/t/{token}/gambar/{row.id}?hal={n}", "baca": word("halaman.halaman_ke", nomor=n, nama=row.name)}
            for n in range(1, len(_pages(row.sha256, content)) + 1)
        ]
        return html(
            "lihat.html",
            nama=row.name,
            halaman=shown,
            unduh=f"/t/{token}/berkas/{row.id}",
            kembali=f"/t/{token}",
            waktu=notices.limit_line(view.settings, view.task, view.now),
        )


# ---- the counter ---------------------------------------------------------------------------------------------


def _clerk(person: Petugas) -> None:
    if Role.JFU not in person.peran:
        raise Friendly("bukan_hak", 403)


@pages.get("/catat")
def counter(token: str) -> Response:
    with opened(token) as (_session, found, view, person):
        _clerk(person)
        if not found.alive:
            raise Friendly("kedaluwarsa", 410)
        return _counter_page(view, {}, {})


def _counter_page(view: View, given: dict[str, list[str]], errors: dict[str, str]) -> Response:
    fields = [control(view, f, given, errors, fill=False) for f in COUNTER_FIELDS]
    return html(
        "catat.html",
        422 if errors else 200,
        galat=[
            {"untuk": f"catat-{k}", "pesan": f"{table(f'kolom.{k}').get('label', k)}: {v}"} for k, v in errors.items()
        ],
        formulir={
            "aksi": "catat",
            "kolom": fields,
            "tombol": word("catat.tombol"),
            "catatan": word("catat.catatan"),
            "multipart": True,
            "sembunyi": [{"name": "kunci", "value": _key(given)}],
        },
        sapaan=table("catat")["sapaan"],
        peringatan=view.settings.sop.peringatan,
    )


def _key(given: dict[str, list[str]]) -> str:
    """The code that the complaint will bear, made with the form: pressing twice records once."""
    text = (given.get("kunci") or [""])[0]
    return text if re.fullmatch(r"[a-z2-7]{16}", text) else cases.status_code()


@pages.post("/catat")
def record(token: str) -> BaseResponse:
    """Record a complaint that came in person, by telephone or by letter, and report it to the Sekretaris."""
    values = {key: request.form.getlist(key) for key in request.form} | {"kunci": [_key(request.form.to_dict(False))]}
    files = {name: (one.name, one.content) for name, one in _uploads().items() if one.content}
    return _record(token, Held("catat", values, files))


def _record(token: str, held: Held) -> BaseResponse:
    here = site()
    values = {name: list(many) for name, many in held.values.items()}
    with opened(token) as (session, found, view, person):
        _clerk(person)
        if not found.alive:
            raise Friendly("kedaluwarsa", 410)
        try:
            form = cases.read_fields(here.settings, COUNTER_FIELDS, "catat", values, browser.uploads_of(held), COUNTER)
        except cases.Invalid as error:
            return _counter_page(view, values, error.errors)
        trusted, link_id = browser.known(session, person) or held.seen, found.link_id
    if not trusted:
        return browser.ask(token, link_id, person, Held("catat", values, held.files, seen=1))
    with writing(here.engine) as session:
        work = cases.Work(session, here.settings, here.clock())
        complaint_id = cases.record_at_counter(work, person, form, code=_key(values)).id
    here.wake("send")
    return redirect(f"/t/{token}/tanda-terima/{complaint_id}", 303)


def _recorded_by(session: Session, found: links.Opened, person: Petugas, complaint_id: int) -> Complaint:
    """A complaint that this JFU typed in: whoever took it may print its receipt."""
    complaint = session.get(Complaint, complaint_id)
    first = session.scalars(select(Event.actor).where(Event.complaint_id == complaint_id, Event.seq == 1)).first()
    if complaint is None or not found.alive or first != person.kode:
        raise Friendly("tidak_ada", 404)
    return complaint


@pages.get("/tanda-terima/<int(max=2147483647):complaint_id>")
def slip(token: str, complaint_id: int) -> Response:
    """The printable receipt for a pengadu who stands at the counter."""
    with opened(token) as (session, found, view, person):
        _clerk(person)
        c = _recorded_by(session, found, person, complaint_id)
        settings, zone = view.settings, view.settings.zone
        recorded = c.recorded_at.astimezone(zone)
        last = notices.answer_day(settings, c.recorded_at)
        rows = [
            {
                "nama": "Diterima",
                "nilai": f"{clock.waktu(c.received_at, zone)}, {word(f'lewat.{c.channel}')}",
            },
            {"nama": "Perihal", "nilai": c.perihal},
            {"nama": "Jawaban", "nilai": f"paling lambat {clock.tanggal(last.astimezone(zone))}"},
        ]
        if serial := cases.stub_of(session, c):
            rows.insert(0, {"nama": word("slip.halaman.serial"), "nilai": spoken(serial)})
        return html(
            "tanda_terima.html",
            nomor=c.number,
            sapaan=f"Yth. Saudara {c.nama}" if c.nama else "Yth. Saudara Pengadu",
            baris=rows,
            selanjutnya=word("catat.selanjutnya"),
            status={
                "url": notices.status_url(settings, c),
                "teks": word("catat.status"),
                "qr_url": f"/t/{token}/tanda-terima/{c.id}/qr",
            },
            petugas={
                "tempat_tanggal": f"{settings.instansi.kota}, {clock.tanggal(recorded).split(', ', 1)[1]}",
                "jabatan": person.jabatan,
                "nama": person.nama,
            },
            kembali={"url": f"/t/{token}", "label": word("catat.kembali")},
        )


@pages.get("/serah-terima")
def handover(token: str) -> Response:
    """The receipt that is signed when a letter is handed over: to be printed by the one who delivers."""
    with opened(token) as (_session, found, view, _person):
        if view.task.kind is not TaskKind.PENYAMPAIAN or not found.full or view.complaint is None:
            raise Friendly("tidak_ada", 404)
        return html("serah_terima.html", **printed(view, view.complaint))


@pages.get("/tanda-terima/<int(max=2147483647):complaint_id>/qr")
def slip_code(token: str, complaint_id: int) -> Response:
    with opened(token) as (session, found, view, person):
        _clerk(person)
        c = _recorded_by(session, found, person, complaint_id)
        out = BytesIO()
        segno.make(notices.status_url(view.settings, c), error="m").save(out, kind="svg", scale=4, border=2)
        return Response(out.getvalue(), mimetype="image/svg+xml")
