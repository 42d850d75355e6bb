"""Whether a browser is known, the cookie that says so, and the page that asks for the code.

Hides cookies and what is kept of an act while its code is on the way. What shows more than the one task of a link asks
for the code before it shows anything (`insist`): mails are forwarded.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases
from pipeline.access import browsers, links
from pipeline.access.browsers import Held, Misuse
from pipeline.casefile import limits
from pipeline.data.engine import writing
from pipeline.data.tables import Confirmation, Link, Task
from pipeline.notices import answers
from pipeline.office.config import Petugas
from pipeline.office.words import word
from pipeline.web.site import Friendly, html, site
from pipeline.work import Work

HELD: dict[
    str, Callable[[str, Held], BaseResponse]
] = {}  # what a page does once its code is entered, by deed
OPENING = "saya"  # the deed of who only wants to see a page
# What may be opened once a code was entered: a path behind the token, with its query. All filters of the Buku together
# are some 3,400 letters, percent-encoded.
BOOK = r"buku(/cetak|/xlsx|/docx|/pdf|/ekspor/\d{1,9}|/\d{1,9})?"
WIDE = re.compile(
    rf"/(saya|{BOOK}|catat|unggah|tanda-terima/\d{{1,9}}(/qr)?)(\?[!-~]{{0,4000}})?", re.ASCII
)


class Stranger(Exception):
    """This browser is not known, and the page shows more than one task: ask for the code first.

    `wanted` is the path behind the token that is to be opened then.
    """

    def __init__(self, token: str, person: Petugas, wanted: str) -> None:
        super().__init__(wanted)
        self.token, self.person, self.wanted = token, person, wanted


# ---- cookies -------------------------------------------------------------------------------------------------


def known(session: Session, person: Petugas) -> bool:
    """Whether this request comes from a browser that this person is known by; always where no code is asked for."""
    here = site()
    if not here.settings.web.kode_peramban:
        return True
    cookie = request.cookies.get(browsers.cookie_name(person.kode, _secure()), "")
    return bool(cookie) and browsers.known(
        session, here.settings.keys, person, cookie, here.clock()
    )


def insist(session: Session, token: str, person: Petugas) -> None:
    """Go on only in a browser that this person is known by; Stranger leads others to the code and back."""
    if not known(session, person):
        path = request.full_path.rstrip("?").removeprefix(f"/t/{token}")
        raise Stranger(token, person, path if WIDE.fullmatch(path) else "/saya")


def owner(session: Session, person: Petugas) -> str:
    """Whose unsent forms this browser sees: the person's, or its own alone."""
    if known(session, person):
        return person.kode
    guest = _guest()
    return f"{person.kode}#{guest}" if guest else ""


def _guest() -> str:
    """The name of this browser until it is known, if it has one."""
    guest = request.cookies.get(_guest_name(), "")
    return guest if re.fullmatch(r"[0-9a-f]{16}", guest) else ""


def _guest_name() -> str:
    return browsers.cookie_name(browsers.GUEST, _secure())


def make_guest(response: BaseResponse, guest: str = "") -> str:
    """Give this browser a name of its own until it is known."""
    guest = guest or secrets.token_hex(8)
    _set_cookie(response, _guest_name(), guest)
    return guest


def _secure() -> bool:
    return site().settings.web.base_url.startswith("https:")


def _set_cookie(response: BaseResponse, name: str, value: str) -> None:
    age = int(browsers.LIFE.total_seconds())
    response.set_cookie(
        name, value, max_age=age, secure=_secure(), httponly=True, samesite="Lax", path="/"
    )


def remember(response: BaseResponse, person: Petugas, cookie: str) -> BaseResponse:
    _set_cookie(response, browsers.cookie_name(person.kode, _secure()), cookie)
    return response


def device() -> str:
    """What kind of device asks, as far as the browser tells, for the person who reads the mail."""
    agent = request.headers.get("User-Agent", "")[:300]
    known_names = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
    return next((name for name in known_names if name in agent), "")


# ---- asking for the code -------------------------------------------------------------------------------------


def ask(token: str, link_id: int, person: Petugas, held: Held) -> BaseResponse:
    """Keep the act, mail the code, lead to the page where it is typed in."""
    here, now = site(), site().clock()
    guest = _guest() or secrets.token_hex(8)
    row_id = 0
    with writing(here.engine) as session:
        refused = browsers.refusal(session, link_id, guest, now)
        if refused is None:
            row_id, code = browsers.hold(
                session, here.settings.keys, link_id, person.kode, held, now, guest
            )
            answers.code(Work(session, here.settings, now), person, code, device())
        _end_if_misused(session, refused, link_id, person, now)
    here.wake("send")
    _stop_if(refused)
    answer = redirect(f"/t/{token}/kode/{row_id}", 303)
    make_guest(answer, guest)
    return answer


def _end_if_misused(
    session: Session, refused: Misuse | None, link_id: int, person: Petugas, now: datetime
) -> None:
    """End a link behind which somebody keeps asking or guessing; its holder gets another, the IT officer is told."""
    if refused is not Misuse.TAUTAN:
        return
    settings = site().settings
    links.revoke(session, [link_id], now)
    task_id = session.get_one(Link, link_id).task_id
    task = session.get(Task, task_id) if task_id else None
    days = settings.web.link_days
    if task is not None and task.closed_at is None:
        (fresh,) = links.issue(session, [(task, person)], now, days)
    else:
        task, fresh = None, links.issue_personal(session, person, now, days)
    answers.link_ended(Work(session, settings, now), person, task, fresh)


def _stop_if(refused: Misuse | None) -> None:
    """The friendly page in the place of a code; after the transaction, which must stay."""
    if refused is Misuse.TAUTAN:
        raise Friendly("tautan_diakhiri", 410)
    if refused is Misuse.PERAMBAN:
        raise Friendly("kode", 429)


def code_page(session: Session, token: str, link_id: int, person: Petugas, row_id: int) -> Response:
    """The page that asks for the code; Friendly where no act waits in this browser."""
    row = browsers.waiting(session, row_id, link_id, _guest())
    if row is None:
        raise Friendly("kode_lewat", 410)
    return html("kode.html", **_context(session, token, person, row, ""))


def _context(
    session: Session, token: str, person: Petugas, row: Confirmation, problem: str
) -> dict[str, Any]:
    here, task_id = site(), session.get_one(Link, row.link_id).task_id
    task = session.get(Task, task_id) if task_id else None
    return {
        "waktu": limits.limit_line(here.settings, task, here.clock())
        if task and not task.closed_at
        else "",
        "alamat": masked(person.email),
        "membuka": row.deed == OPENING,
        "galat": problem,
        "url": f"/t/{token}/kode/{row.id}",
    }


def masked(address: str) -> str:
    """Enough of an address for its owner to know it."""
    name, _, domain = address.partition("@")
    return f"{name[:2]}{'•' * max(1, len(name) - 2)}@{domain}"


def enter(
    token: str, link_id: int, person: Petugas, row_id: int
) -> tuple[Held | None, BaseResponse | None, str]:
    """Try the code that was typed in: (the act, None, cookie) when it is right, else what to answer."""
    if "lagi" in request.form:
        return None, _again(token, person, row_id, link_id), ""
    here, now = site(), site().clock()
    with writing(here.engine) as session:
        row = browsers.waiting(session, row_id, link_id, _guest(), locked=True)
        if row is None:
            raise Friendly("kode_lewat", 410)
        if browsers.enter(session, here.settings.keys, row, request.form.get("kode", "")[:40], now):
            cookie = browsers.remember(session, here.settings.keys, person, device(), now)
            return browsers.kept(session, row), None, cookie
        refused = Misuse.TAUTAN if browsers.guessed(session, link_id, now) else None
        _end_if_misused(session, refused, link_id, person, now)
        over = browsers.state(row, now) == "habis"
        problem = (
            word("kode.habis") if over else word("kode.salah", sisa=browsers.TRIES - row.tries)
        )
        shown = _context(session, token, person, row, problem)
    here.wake("send")
    _stop_if(refused)
    return None, html("kode.html", 422, **shown), ""


def _again(token: str, person: Petugas, row_id: int, link_id: int) -> BaseResponse:
    """Another code for the same act."""
    here, now = site(), site().clock()
    guest = _guest()
    with writing(here.engine) as session:
        row = browsers.waiting(session, row_id, link_id, guest, locked=True)
        if row is None:
            raise Friendly("kode_lewat", 410)
        refused = browsers.refusal(session, link_id, guest, now)
        if refused is None:
            code = browsers.new_code(session, here.settings.keys, row, now)
            answers.code(Work(session, here.settings, now), person, code, device())
        _end_if_misused(session, refused, link_id, person, now)
    here.wake("send")
    _stop_if(refused)
    return redirect(f"/t/{token}/kode/{row_id}", 303)


def spend(session: Session, held: Held) -> None:
    """Use up the code of an act in the act's own transaction; Friendly where it has been carried out already."""
    if not browsers.spend(session, held, site().clock()):
        raise Friendly("kode_lewat", 410)


def _open(token: str, held: Held) -> BaseResponse:
    """Nothing was to be done but to open a page."""
    with writing(site().engine) as session:
        spend(session, held)
    (wanted,) = held.values.get("tujuan") or ("/saya",)
    return redirect(f"/t/{token}{wanted if WIDE.fullmatch(wanted) else '/saya'}", 303)


HELD[OPENING] = _open


def uploads_of(held: Held) -> dict[str, cases.Upload]:
    return {
        name: cases.Upload(filename, content) for name, (filename, content) in held.files.items()
    }
