""" "Tugas saya": all that waits for one person, behind the link of any of their mails; and asking for a fresh link.

It shows more than the one task that a forwarded mail names, so an unknown browser is asked for a code first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases, clock, current, links, notices
from pipeline.browsers import Held
from pipeline.cases import Work
from pipeline.config import Penjabat, Petugas, Settings
from pipeline.db import Task, writing
from pipeline.sop import Role, TaskKind
from pipeline.web import browser
from pipeline.web.action import whose
from pipeline.web.common import Friendly, html, site
from pipeline.words import word

pages = Blueprint("mine", __name__)
SHOWN = 200
SAID = ("diganti", "diakhiri", "diperpanjang", "didahului")


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


def _page(
    session: Session, token: str, person: Petugas, form: str = "", errors: Mapping[str, str] | None = None
) -> Response:
    """The page; `form` names the one that was sent and has to be mended: delegasi, or t and the number of a task."""
    here, wrong = site(), dict(errors or {})
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
        ringkas=_summary(rows),
        bagian=_parts(rows),
        mati=any(not row["url"] for row in rows),
        lain=_late_elsewhere(session, settings, now, person),
        salah=form,
        isian={name: request.form.get(name, "") for name in ("sampai", "alasan")},
        keliru=wrong,
        url=f"/t/{token}/saya",
        delegasi=[_delegation(settings, row) for row in cases.delegations(work) if row.holder == person.kode],
        formulir=_delegation_form(settings, person, wrong if form == "delegasi" else {}),
        galat=[
            {"untuk": f"{form}-{'kepada' if name == 'dari' else name}", "pesan": _named(form, name, text)}
            for name, text in wrong.items()
        ],
        pesan=word(f"saya.{said}") if (said := request.args.get("pesan")) in SAID else "",
    )


def _named(form: str, name: str, text: str) -> str:
    label = word(f"kolom.{name}.label") if form != "delegasi" else word(f"saya.{'kepada' if name == 'dari' else name}")
    return f"{label}: {text}"


def _stands_for(settings: Settings, person: Petugas) -> list[str]:
    now = [*map(settings.present, settings.petugas), *settings.signers]
    return sorted({p.jabatan for p in now if isinstance(p, Penjabat) and p.kode == person.kode})


def _row(session: Session, settings: Settings, now: datetime, task: Task, link_id: int | None) -> dict[str, Any]:
    url = f"/t/{links.token(session, settings.key, link_id)}" if link_id else ""
    return {**cases.about(session, settings, now, task), "url": url}


def _parts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parts = []
    for name in ("terlambat", "hari_ini", "nanti"):
        some = [row for row in rows if row["kapan"] == name]
        if some:
            parts.append({"judul": word(f"saya.{name}"), "isi": some})
    return parts


def _summary(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return word("saya.kosong")
    count = {when: sum(row["kapan"] == when for row in rows) for when in ("terlambat", "hari_ini")}
    return word("saya.ringkas", jumlah=len(rows), **count)


def _late_elsewhere(session: Session, settings: Settings, now: datetime, person: Petugas) -> list[dict[str, Any]]:
    """For the Kepala Dinas: what is late with others, so that the limit may be extended with a reason."""
    if person.kode not in {p.kode for p in settings.holders(Role.KEPALA)}:
        return []
    query = select(Task).where(Task.closed_at.is_(None), Task.due_at < now, Task.complaint_id.is_not(None))
    rows = []
    for task in session.scalars(query.order_by(Task.due_at, Task.id).limit(SHOWN)):
        holding = cases.holders(settings, task)
        if person.kode not in {p.kode for p in holding}:
            who = word("saya.pada", siapa=" dan ".join(f"{p.nama} ({p.jabatan})" for p in holding))
            rows.append({**cases.about(session, settings, now, task), "tugas": task.id, "siapa": who})
    return rows


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


@pages.post("/t/<token>/saya/perpanjang")
def extend(token: str) -> BaseResponse:
    """The Kepala Dinas gives somebody more time."""
    here = site()
    person = _known(token)
    number = request.form.get("tugas", "")
    values = {name: request.form.getlist(name) for name in ("sampai", "alasan")}
    try:
        form = cases.check(here.settings, TaskKind.KEPUTUSAN, "perpanjang", values, {})
        with writing(here.engine) as session:
            work = Work(session, here.settings, here.clock())
            head = next((p for p in work.settings.holders(Role.KEPALA) if p.kode == person.kode), None)
            task = session.get(Task, int(number)) if re.fullmatch(r"[0-9]{1,9}", number) else None
            if head is None or task is None or task.complaint_id is None or task.kind is TaskKind.ARSIP:
                raise Friendly("bukan_hak", 409)
            cases.extend_for(work, task, head, form)
    except cases.Invalid as error:
        with whose(token) as (session, _link_id, person):
            return _page(session, token, person, f"t{number}", error.errors)
    except cases.AlreadyDone:
        return redirect(f"/t/{token}/saya?pesan=didahului", 303)
    here.wake("send")
    return redirect(f"/t/{token}/saya?pesan=diperpanjang", 303)


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
        "bentuk": [
            {"value": form, "label": word(f"saya.bentuk.{form}"), "dipilih": form == given.get("sebagai")}
            for form in cases.FORMS
            if form != "an" or Role.KEPALA in person.peran
        ],
        "nilai": {name: given.get(name, "") for name in ("kepada", "mulai", "sampai")},
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
            return _page(session, token, person, "delegasi", error.errors)
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
