"""Whether a browser is known, the cookie that says so, and the page that asks for the code.

Hides cookies and what is kept of an act while its code is on the way.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from flask import Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import browsers, cases, notices
from pipeline.browsers import Held
from pipeline.config import Petugas
from pipeline.db import Link, Task, writing
from pipeline.web.common import Friendly, html, site
from pipeline.words import word

HELD: dict[str, Callable[[str, Held], BaseResponse]] = {}  # what a page does once its code is entered, by deed
GUEST = "aduan_tamu"  # a browser that is not known yet: its unsent forms are its own


def known(session: Session, person: Petugas) -> bool:
    """Whether this request comes from a browser that this person is known by; always where no code is asked for."""
    here = site()
    if not here.settings.web.kode_peramban:
        return True
    cookie = request.cookies.get(browsers.cookie_name(person.kode), "")
    return browsers.known(session, here.settings.key, person.kode, cookie, here.clock())


def owner(session: Session, person: Petugas) -> str:
    """Whose unsent forms this browser sees: the person's, or its own alone."""
    guest = request.cookies.get(GUEST, "")
    if known(session, person):
        return person.kode
    return f"{person.kode}#{guest}" if re.fullmatch(r"[0-9a-f]{16}", guest) else ""


def make_guest(response: BaseResponse) -> str:
    """Give this browser a name of its own until it is known."""
    guest = secrets.token_hex(8)
    _set_cookie(response, GUEST, guest)
    return guest


def _set_cookie(response: BaseResponse, name: str, value: str) -> None:
    secure = site().settings.web.base_url.startswith("https:")
    age = int(browsers.LIFE.total_seconds())
    response.set_cookie(name, value, max_age=age, secure=secure, httponly=True, samesite="Lax", path="/")


def device() -> str:
    """What kind of device asks, as far as the browser tells, for the person who reads the mail."""
    agent = request.headers.get("User-Agent", "")[:300]
    known_names = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
    return next((name for name in known_names if name in agent), "")


def ask(token: str, link_id: int, person: Petugas, held: Held) -> BaseResponse:
    """Keep the act, mail the code, lead to the page where it is typed in."""
    here = site()
    try:
        with writing(here.engine) as session:
            now = here.clock()
            row_id, code = browsers.hold(session, here.settings.key, link_id, person.kode, held, now)
            notices.code(session, here.settings, now, person, code, device())
    except browsers.TooManyCodes as error:
        raise Friendly("kode", 429) from error
    here.wake("send")
    return redirect(f"/t/{token}/kode/{row_id}", 303)


def code_page(session: Session, token: str, link_id: int, person: Petugas, row_id: int, problem: str = "") -> Response:
    """The page that asks for the code; Friendly where no act waits."""
    row = browsers.waiting(session, row_id, link_id)
    if row is None:
        raise Friendly("kode_lewat", 410)
    return html("kode.html", 422 if problem else 200, **_context(session, token, link_id, person, row_id, problem))


def _context(session: Session, token: str, link_id: int, person: Petugas, row_id: int, problem: str) -> dict[str, Any]:
    here, task_id = site(), session.get_one(Link, link_id).task_id
    task = session.get(Task, task_id) if task_id else None
    return {
        "waktu": notices.limit_line(here.settings, task, here.clock()) if task and not task.closed_at else "",
        "alamat": masked(person.email),
        "galat": problem,
        "url": f"/t/{token}/kode/{row_id}",
    }


def masked(address: str) -> str:
    """Enough of an address for its owner to know it."""
    name, _, domain = address.partition("@")
    return f"{name[:2]}{'•' * max(1, len(name) - 2)}@{domain}"


def enter(token: str, link_id: int, person: Petugas, row_id: int) -> tuple[Held | None, BaseResponse | None, str]:
    """Try the code that was typed in: (the act, None, cookie) when it is right, else what to answer."""
    here = site()
    now = here.clock()
    with writing(here.engine) as session:
        row = browsers.waiting(session, row_id, link_id)
        if row is None:
            raise Friendly("kode_lewat", 410)
        if "lagi" in request.form:
            return None, _again(session, token, person, row_id, link_id), ""
        if browsers.enter(session, here.settings.key, row, request.form.get("kode", "")[:40], now):
            cookie = browsers.remember(session, here.settings.key, person.kode, device(), now)
            return browsers.release(session, row), None, cookie
        over = browsers.state(row, now) == "habis"
        left = browsers.TRIES - row.tries
        problem = word("kode.habis") if over else word("kode.salah", sisa=left)
        shown = _context(session, token, link_id, person, row_id, problem)
    return None, html("kode.html", 422, **shown), ""


def _again(session: Session, token: str, person: Petugas, row_id: int, link_id: int) -> BaseResponse:
    here = site()
    row = browsers.waiting(session, row_id, link_id)
    if row is None:
        raise Friendly("kode_lewat", 410)
    try:
        code = browsers.again(session, here.settings.key, row, here.clock())
    except browsers.TooManyCodes as error:
        raise Friendly("kode", 429) from error
    notices.code(session, here.settings, here.clock(), person, code, device())
    here.wake("send")
    return redirect(f"/t/{token}/kode/{row_id}", 303)


def remember(response: BaseResponse, person: Petugas, cookie: str) -> BaseResponse:
    _set_cookie(response, browsers.cookie_name(person.kode), cookie)
    return response


def uploads_of(held: Held) -> dict[str, cases.Upload]:
    return {name: cases.Upload(filename, content) for name, (filename, content) in held.files.items()}
