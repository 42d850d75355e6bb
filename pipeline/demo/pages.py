"""The newcomer's playground at /demo: everybody's mailbox, what comes next, what has happened, controls.

Hides nothing of the product: mails are read over IMAP, answers go out over SMTP, buttons of the mails open the same
task pages as in production.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline.casefile import documents
from pipeline.data import engine, store
from pipeline.data.tables import Complaint, Document, Task
from pipeline.demo.office import DeliveredMail, DemoOffice
from pipeline.demo.signed import signed_scan
from pipeline.letters.series import LETTERS, series_of
from pipeline.office import clock
from pipeline.office.sop import AT_REST, ROLE_OF, Role, Stage, TaskKind
from pipeline.office.words import word
from pipeline.web.history import timeline
from pipeline.web.site import Friendly, html
from pipeline.web.view import View, steps

SANDBOX = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)
# The page measures the mail (allow-same-origin) to show it whole; without allow-scripts the mail itself does nothing.
FRAME = "allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
OPEN_IN_TOP = '<base target="_top">'
BUTTON = re.compile(
    r'<a class="uh" href="([^"]+)"[^>]*>([^<]+)</a>'
)  # a mail's first, as the template has it


@dataclass(frozen=True)
class ShownMailbox:
    """One box of the playground: a kind of person, and the mailboxes that it shows."""

    id: str
    role: str
    name: str
    addresses: tuple[str, ...]


def boxes(office: DemoOffice) -> list[ShownMailbox]:
    settings = office.settings
    rows = [
        ShownMailbox(
            "pengadu", word("peran.pengadu"), word("demo.semua_pengadu"), tuple(office.citizens)
        )
    ]
    for role in (Role.JFU, Role.SEKRETARIS, Role.KASI, Role.KEPALA):
        people = settings.holders(role)
        rows.append(
            ShownMailbox(
                str(role),
                word(f"peran.{role}"),
                ", ".join(p.nama for p in people),
                tuple(p.email for p in people),
            )
        )
    return rows


def _answer(office: DemoOffice, address: str, uid: int) -> None:
    """Send what was typed, with the file that was chosen, as a reply; nothing where there is neither."""
    found = _letter(office, address, uid)
    upload = request.files.get("berkas")
    files = []
    if upload and upload.filename:
        files.append(
            (upload.filename, upload.mimetype or "application/octet-stream", upload.read())
        )
    text = request.form.get("teks", "").strip()
    if text or files:
        office.reply(found, text, files)
        office.settle()


def register(app: Flask, office: DemoOffice) -> None:
    """Add the playground to the demo's application; `serve` never does."""
    pages = Blueprint("demo", __name__, url_prefix="/demo")
    app.extensions["aduan"].shared["demo_url"] = "/demo"

    @pages.get("")
    def show() -> Response:
        office.settle()
        response = html("demo.html", **_context(office))
        policy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
        policy += "script-src 'self'; "
        response.headers["Content-Security-Policy"] = (
            policy + "base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    @pages.post("")
    def control() -> BaseResponse:
        controls: dict[str, Callable[[], object]] = {
            "kirim": office.send_next,
            "pindai": office.drop_slip,
            "lompat": office.jump_workday,
            "ulang": lambda: _start_over(office),
        }
        act = controls.get(request.form.get("aksi", ""))
        if act is None:
            raise Friendly("bukan_hak", 409)
        act()
        office.settle()
        return redirect("/demo", 303)

    @pages.get("/surat/<box>/<address>/<int:uid>")
    def letter(box: str, address: str, uid: int) -> Response:
        found = _letter(office, address, uid)
        body = found.part("text/html")
        if not body:
            body = f"<pre>{_escaped(found.part('text/plain'))}</pre>"
        body = body.replace("<head>", f"<head>{OPEN_IN_TOP}", 1)
        response = Response(body, mimetype="text/html")
        response.headers["Content-Security-Policy"] = f"{SANDBOX} {FRAME}"
        return response

    @pages.get("/surat/<box>/<address>/<int:uid>/lampiran/<int:order>")
    def attachment(box: str, address: str, uid: int, order: int) -> Response:
        files = _letter(office, address, uid).attachments()
        if order >= len(files):
            raise Friendly("tidak_ada", 404)
        name, _mime, content = files[order]
        response = Response(content, mimetype="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response

    @pages.post("/surat/<box>/<address>/<int:uid>/balas")
    def reply(box: str, address: str, uid: int) -> BaseResponse:
        _answer(office, address, uid)
        return redirect(f"/demo?kotak={box}", 303)

    @pages.get("/contoh-bertanda-tangan/<int:document_id>.jpg")
    def signed(document_id: int) -> Response:
        with engine.reading(office.engine) as session:
            row = session.get(Document, document_id)
            if row is None or row.kind not in [series.final for series in LETTERS]:
                raise Friendly("tidak_ada", 404)
            letter, name = store.get(session, row.sha256), Path(row.name).stem
        response = Response(signed_scan(letter), mimetype="image/jpeg")
        response.headers.set(
            "Content-Disposition", "attachment", filename=f"{name} bertanda tangan.jpg"
        )
        return response

    app.register_blueprint(pages)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _start_over(office: DemoOffice) -> None:
    office.restart()
    office.send_next()


def _letter(office: DemoOffice, address: str, uid: int) -> DeliveredMail:
    known = {a for box in boxes(office) for a in box.addresses}
    found = (
        next((x for x in office.mailbox(address) if x.uid == uid), None)
        if address in known
        else None
    )
    if found is None:
        raise Friendly("tidak_ada", 404)
    return found


def _focus(session: Session) -> tuple[Complaint | None, Task | None]:
    """The complaint that the newcomer follows: the oldest that is not over, else the newest."""
    over = (Stage.SELESAI, Stage.BATAL, Stage.DIGABUNG)
    running = session.scalars(
        select(Complaint).where(Complaint.stage.not_in(over)).order_by(Complaint.id)
    ).first()
    complaint = running or session.scalars(select(Complaint).order_by(Complaint.id.desc())).first()
    if complaint is None:
        return None, None
    open_tasks = (
        select(Task)
        .where(Task.complaint_id == complaint.id, Task.closed_at.is_(None))
        .order_by(Task.id.desc())
    )
    return complaint, session.scalars(open_tasks).first()


def _turn(complaint: Complaint | None, task: Task | None) -> tuple[str, dict[str, str]]:
    """(id of the box whose turn it is, what to do there)."""
    if complaint is None or task is None:
        return "", {"siapa": "", "teks": word("demo.kosong")}
    if task.paused_at is not None:
        return "pengadu", {"siapa": word("peran.pengadu"), "teks": word("demo.jawab")}
    if task.kind in AT_REST:
        return "", {"siapa": "", "teks": word("demo.selesai", nomor=complaint.number)}
    role = ROLE_OF[task.kind][0]
    return str(role), {"siapa": word(f"peran.{role}"), "teks": word(f"demo.{task.kind}")}


def _context(office: DemoOffice) -> dict[str, Any]:
    with engine.reading(office.engine) as session:
        complaint, task = _focus(session)
        turn, words = _turn(complaint, task)
        view = View(
            session,
            office.settings,
            office.clock(),
            "",
            task or Task(kind=TaskKind.CATAT),
            complaint,
            office.settings.petugas[0],  # nobody in particular looks at it
        )
        progress, happened = steps(view), timeline(view)[::-1] if complaint else []
        waiting = complaint and task and task.kind is TaskKind.TANDA_TANGAN
        letters = documents.final_letters(session, complaint) if complaint and waiting else []
        examples = [
            {
                "url": f"/demo/contoh-bertanda-tangan/{d.id}.jpg",
                "label": word(f"demo.contoh.{series_of(d.kind).name}"),
            }
            for d in letters
        ]
    rows, opened = _mailboxes(office, turn)
    controls = [
        {"aksi": "kirim", "label": word("demo.kirim"), "ket": ""},
        {"aksi": "pindai", "label": word("demo.pindai"), "ket": ""},
        {
            "aksi": "lompat",
            "label": word("demo.lompat"),
            "ket": word("demo.sekarang", waktu=_when(office, office.clock())),
        },
        {"aksi": "ulang", "label": word("demo.ulang"), "ket": ""},
    ]
    return {
        "giliran": {**words, "contoh": examples},
        "langkah": progress,
        "kotak": rows,
        "surat": opened,
        "kejadian": [{"waktu": r["waktu"], "iso": r["iso"], "teks": r["teks"]} for r in happened],
        "kendali": controls,
    }


def _when(office: DemoOffice, at: datetime) -> str:
    return clock.waktu(at, office.settings.zone)


def _mailboxes(office: DemoOffice, turn: str) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The five boxes, and the letter that is open: the one asked for, else the newest of whoever's turn it is."""
    asked_box, asked_letter = request.args.get("kotak", ""), request.args.get("surat", "")
    current = asked_box or turn or "pengadu"
    rows, opened = [], None
    for box in boxes(office):
        letters = sorted(
            (x for a in box.addresses for x in office.mailbox(a)),
            key=lambda x: (x.at, x.uid),
            reverse=True,
        )
        marked = _opened(letters, asked_letter) if box.id == current else None
        if marked is not None:
            opened = _open_letter(office, box, marked)
        rows.append(
            {
                "id": box.id,
                "peran": box.role,
                "nama": box.name,
                "url": f"/demo?kotak={box.id}#surat",
                "giliran": box.id == turn,
                "buka": box.id == current,
                "baru": 0,
                "surat": list(_letter_rows(office, box, letters, marked)),
            }
        )
    return rows, opened


def _opened(letters: Sequence[DeliveredMail], asked: str) -> DeliveredMail | None:
    return next(
        (x for x in letters if f"{x.address}/{x.uid}" == asked), letters[0] if letters else None
    )


def _letter_rows(
    office: DemoOffice,
    box: ShownMailbox,
    letters: Sequence[DeliveredMail],
    marked: DeliveredMail | None,
) -> Iterator[dict[str, Any]]:
    for letter in letters[:8]:
        here = letter is marked
        at = letter.at.astimezone(office.settings.zone)
        yield {
            "perihal": letter.subject,
            "ket": f"{clock.tanggal_pendek(at)}, {clock.pukul(at)}",
            "url": f"/demo?kotak={box.id}&surat={letter.address}/{letter.uid}#surat",
            "buka": here,
            "baru": False,
        }


def _first_button(letter: DeliveredMail) -> dict[str, str] | None:
    """What the mail asks to be pressed, for those to whom it lies below the screen."""
    found = BUTTON.search(letter.part("text/html"))
    if found is None:
        return None
    return {"url": unescape(found[1]), "label": unescape(found[2]).strip()}


def _open_letter(office: DemoOffice, box: ShownMailbox, letter: DeliveredMail) -> dict[str, Any]:
    base = f"/demo/surat/{box.id}/{letter.address}/{letter.uid}"
    return {
        "kotak": box.role,
        "perihal": letter.subject,
        "dari": str(letter.message["From"]),
        "kepada": str(letter.message["To"]),
        "waktu": _when(office, letter.at),
        "url": base,
        "url_sendiri": base,
        "tombol": _first_button(letter),
        "lampiran": [
            {"nama": name, "url": f"{base}/lampiran/{n}"}
            for n, (name, _m, _c) in enumerate(letter.attachments())
        ],
        "balas_url": f"{base}/balas",
        "boleh_berkas": box.id != "kepala",
    }
