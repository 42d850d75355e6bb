""" "Tugas saya": all that waits for one person, behind the link of any of their mails; and asking for a fresh link.

It shows more than the one task that a forwarded mail names, so an unknown browser is asked for a code first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases, clock, current, links, notices, register
from pipeline.browsers import Held
from pipeline.cases import Work
from pipeline.config import Penjabat, Petugas, Settings
from pipeline.db import Complaint, Item, Task, writing
from pipeline.web import browser
from pipeline.web.action import whose
from pipeline.web.common import Friendly, html, site
from pipeline.words import word

pages = Blueprint("mine", __name__)
SHOWN = 200


# ---- asking for a link ---------------------------------------------------------------------------------------


@pages.get("/saya")
def ask() -> Response:
    return html("minta_tautan.html", galat="", terkirim=False)


@pages.post("/saya")
def send_link() -> Response:
    """A link goes out to known holders only; a stranger reads the same words."""
    here = site()
    address = request.form.get("email", "").strip()[:254]
    if "@" not in address:
        return html("minta_tautan.html", 422, galat=word("galat.email"), terkirim=False)
    person = here.settings.person_at(address)
    if person is not None:
        with writing(here.engine) as session:
            now = here.clock()
            link_id = links.issue_personal(session, person.kode, now, here.settings.web.link_days)
            notices.personal_link(session, here.settings, now, person, link_id)
        here.wake("send")
    return html("minta_tautan.html", galat="", terkirim=True)


# ---- the page ------------------------------------------------------------------------------------------------


@pages.get("/t/<token>/saya")
def mine(token: str) -> Response:
    with whose(token) as (session, _link_id, person):
        if not browser.known(session, person):
            return html("saya_kode.html", alamat=browser.masked(person.email), url=f"/t/{token}/saya/kode")
        return _page(session, token, person)


def _page(session: Session, token: str, person: Petugas, errors: Mapping[str, str] | None = None) -> Response:
    here = site()
    now = here.clock()
    settings = current.settings(session, here.settings, now)
    tasks = cases.tasks_of(session, settings, person.kode)[:SHOWN]
    opening = links.newest(session, person.kode, [task.id for task in tasks], now)
    rows = [_row(session, settings, now, task, opening.get(task.id)) for task in tasks]
    work = Work(session, here.settings, now)
    return html(
        "saya.html",
        422 if errors else 200,
        nama=person.nama,
        jabatan=", ".join([person.jabatan, *_stands_for(settings, person)]),
        ringkas=_summary(tasks, settings, now),
        bagian=_parts(rows),
        mati=any(not row["url"] for row in rows),
        url=f"/t/{token}/saya",
        delegasi=[_delegation(settings, row) for row in cases.delegations(work) if row.holder == person.kode],
        formulir=_delegation_form(settings, person, errors or {}),
        galat=[{"untuk": f"delegasi-{name}", "pesan": text} for name, text in (errors or {}).items()],
        pesan=word(f"saya.{request.args['pesan']}") if request.args.get("pesan") in ("diganti", "diakhiri") else "",
    )


def _stands_for(settings: Settings, person: Petugas) -> list[str]:
    acting = {p.jabatan for p in map(settings.present, settings.petugas) if isinstance(p, Penjabat)}
    mine = {p.jabatan for p in map(settings.present, settings.petugas) if p.kode == person.kode}
    return sorted(acting & mine)


def _row(session: Session, settings: Settings, now: datetime, task: Task, link_id: int | None) -> dict[str, Any]:
    complaint = session.get(Complaint, task.complaint_id) if task.complaint_id else None
    item = session.get(Item, task.item_id) if task.item_id else None
    about = complaint.perihal if complaint else (item.name if item else "")
    words, tone = word("waktu.berhenti"), "hati"
    if task.due_at is not None:
        words, tone = register.remaining_words(settings, task.due_at, now)
    return {
        "judul": word(f"tugas.{task.kind}") + (f": {about}" if about else ""),
        "nomor": complaint.number if complaint else "",
        "batas": clock.waktu(task.due_at, settings.zone) if task.due_at else "",
        "sisa": words,
        "nada": tone,
        "url": f"/t/{links.token(session, settings.key, link_id)}" if link_id else "",
        "kapan": _when(settings, task, now),
    }


def _when(settings: Settings, task: Task, now: datetime) -> str:
    if task.due_at is None:
        return "nanti"
    if task.due_at < now:
        return "terlambat"
    same_day = task.due_at.astimezone(settings.zone).date() <= now.astimezone(settings.zone).date()
    return "hari_ini" if same_day else "nanti"


def _parts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parts = []
    for name in ("terlambat", "hari_ini", "nanti"):
        some = [row for row in rows if row["kapan"] == name]
        if some:
            parts.append({"judul": word(f"saya.{name}"), "isi": some})
    return parts


def _summary(tasks: list[Task], settings: Settings, now: datetime) -> str:
    if not tasks:
        return word("saya.kosong")
    late = sum(_when(settings, task, now) == "terlambat" for task in tasks)
    today = sum(_when(settings, task, now) == "hari_ini" for task in tasks)
    return word("saya.ringkas", jumlah=len(tasks), terlambat=late, hari_ini=today)


@pages.post("/t/<token>/saya/kode")
def ask_code(token: str) -> BaseResponse:
    with whose(token) as (_session, link_id, person):
        pass
    return browser.ask(token, link_id, person, Held("saya"))


@pages.post("/t/<token>/saya/tautan")
def fresh_links(token: str) -> BaseResponse:
    """New links for tasks whose links have expired."""
    here = site()
    person = _known(token)
    with writing(here.engine) as session:
        work = Work(session, here.settings, here.clock())
        tasks = cases.tasks_of(session, work.settings, person.kode)[:SHOWN]
        opening = links.newest(session, person.kode, [task.id for task in tasks], work.now)
        wanted = [(task, person.kode) for task in tasks if task.id not in opening]
        links.issue(session, wanted, work.now, here.settings.web.link_days)
    return redirect(f"/t/{token}/saya", 303)


def _known(token: str) -> Petugas:
    """The person behind the token, in a browser that they are known by."""
    with whose(token) as (session, _link_id, person):
        if not browser.known(session, person):
            raise Friendly("bukan_hak", 403)
        return person


# ---- who stands in -------------------------------------------------------------------------------------------


def _delegation(settings: Settings, row: Any) -> dict[str, Any]:
    acting = settings.base.person(row.acting)
    return {
        "nomor": row.id,
        "siapa": f"{acting.nama} ({row.form})" if acting else row.acting,
        "kapan": word("saya.antara", mulai=clock.tanggal(row.first), sampai=clock.tanggal(row.last)),
    }


def _delegation_form(settings: Settings, person: Petugas, errors: Mapping[str, str]) -> dict[str, Any]:
    others = [p for p in settings.base.petugas if p.kode != person.kode]
    given = request.form if errors else {}
    return {
        "kepada": [{"value": p.kode, "label": f"{p.nama}, {p.jabatan}"} for p in others],
        "nilai": {name: given.get(name, "") for name in ("kepada", "sebagai", "mulai", "sampai")},
        "galat": {name: errors.get(name, "") for name in ("dari", "kepada", "sebagai", "mulai", "sampai")},
    }


@pages.post("/t/<token>/saya/delegasi")
def delegate(token: str) -> BaseResponse:
    """Somebody stands in for the person of this page."""
    here = site()
    person = _known(token)
    try:
        with writing(here.engine) as session:
            work = Work(session, here.settings, here.clock())
            first, last = _day(request.form.get("mulai", "")), _day(request.form.get("sampai", ""))
            form = request.form.get("sebagai", "")
            acting = request.form.get("kepada", "")
            cases.delegate(work, person.kode, acting, form, first, last, cases.actor_of(person))
    except cases.Invalid as error:
        with whose(token) as (session, _link_id, person):
            return _page(session, token, person, error.errors)
    here.wake("send")
    return redirect(f"/t/{token}/saya?pesan=diganti", 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


@pages.post("/t/<token>/saya/delegasi/<int(max=2147483647):row_id>")
def end(token: str, row_id: int) -> BaseResponse:
    here = site()
    person = _known(token)
    with writing(here.engine) as session:
        work = Work(session, here.settings, here.clock())
        if row_id not in {row.id for row in cases.delegations(work) if row.holder == person.kode}:
            raise Friendly("tidak_ada", 404)
        cases.end_delegation(work, row_id)
    here.wake("send")
    return redirect(f"/t/{token}/saya?pesan=diakhiri", 303)
