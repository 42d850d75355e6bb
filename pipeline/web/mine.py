""" "Tugas saya": all that waits for one person, behind the link of any of their mails; and asking for a fresh link.

It shows more than the one task that a forwarded mail names, so an unknown browser is asked for a code first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases
from pipeline.access import links, typed
from pipeline.access.browsers import Held
from pipeline.casefile import reported
from pipeline.casefile.holders import helped, holders, named, tasks_of
from pipeline.casefile.limits import waiting_words
from pipeline.cases.langkah_3 import extend_for
from pipeline.cases.tasks import about, current_task
from pipeline.data import in_force
from pipeline.data.tables import Complaint, Event, Task
from pipeline.intake import wishes
from pipeline.office import clock
from pipeline.office.config import Penjabat, Petugas, Settings
from pipeline.office.sop import AT_REST, Act, Role, TaskKind
from pipeline.office.words import word
from pipeline.web import code, saving
from pipeline.web.history import news_rows
from pipeline.web.site import Friendly, html, site
from pipeline.web.view import View, whose
from pipeline.work import Work

pages = Blueprint("mine", __name__)
SHOWN = 200
DELEGATION, EXTENSION = "delegasi", Act.PERPANJANG  # the forms of the page, as they are saved
SAID = ("diganti", "diakhiri", "diperpanjang", "didahului")


# ---- asking for a link ---------------------------------------------------------------------------------------


@pages.get("/saya")
def ask() -> Response:
    return html("minta_tautan.html", galat="", terkirim=False)


@pages.post("/saya")
def send_link() -> Response:
    """A link goes out to known holders only; a stranger reads the same words after the same time (`wishes`)."""
    here = site()
    address = request.form.get("email", "").strip()[:254]
    if "@" not in address:
        return html("minta_tautan.html", 422, galat=word("galat.email"), terkirim=False)
    wishes.ask(here.engine, address, here.clock())
    here.wake("send")
    return html("minta_tautan.html", galat="", terkirim=True)


# ---- the page ------------------------------------------------------------------------------------------------


@pages.get("/t/<token>/saya")
def mine(token: str) -> Response:
    with whose(token) as (session, _link_id, person):
        code.insist(session, token, person)
        return _page(session, token, person)


def _page(
    session: Session,
    token: str,
    person: Petugas,
    form: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    """The page; `form` names the one that was sent and has to be mended: delegasi, or t and the number of a task."""
    here, wrong = site(), dict(errors or {})
    now = here.clock()
    settings = in_force.settings(session, here.settings, now)
    tasks = tasks_of(session, settings, person.kode)[:SHOWN]
    handed_in = helped(session, settings, person.kode)[:SHOWN]
    opening = links.newest(session, person, [task.id for task in (*tasks, *handed_in)], now)
    rows = [_row(Work(session, settings, now), task, opening.get(task.id)) for task in tasks]
    work = Work(session, here.settings, now)
    before = typed.of(session, person)
    return html(
        "saya.html",
        422 if errors else 200,
        nama=person.nama,
        jabatan=", ".join([person.jabatan, *_stands_for(settings, person)]),
        ringkas=_summary(rows),
        bagian=_parts(rows),
        unggahan=[
            _row(Work(session, settings, now), task, opening[task.id])
            for task in handed_in
            if task.id in opening
        ],
        mati=any(not row["url"] for row in rows),
        lain=[
            {**row, **_typed_there(token, row["tugas"], before, form)}
            for row in _late_elsewhere(Work(session, settings, now), person)
        ],
        salah=form,
        keliru=wrong,
        url=f"/t/{token}/saya",
        delegasi=[
            _delegation(settings, row)
            for row in cases.delegations(work)
            if row.holder == person.kode
        ],
        formulir={
            **_delegation_form(
                settings, person, wrong if form == DELEGATION else {}, before.get(DELEGATION)
            ),
            **saving.saved(token, before, DELEGATION),
            "diisi": form == DELEGATION,
        },
        galat=[
            {
                "untuk": f"{form}-{'kepada' if name == 'dari' else name}",
                "pesan": _named(form, name, text),
            }
            for name, text in wrong.items()
        ],
        pesan=_said(),
    )


def _said() -> str:
    said = request.args.get("pesan")
    if said in SAID:
        return word(f"saya.{said}")
    return word("halaman.disimpan") if "disimpan" in request.args else ""


def _typed_there(token: str, task_id: int, before: saving.Typed, sent: str) -> dict[str, Any]:
    """What stands in the form that gives more time for one task: as it was sent just now, or typed before."""
    name, mine = f"{EXTENSION}-{task_id}", sent == f"t{task_id}"
    kept = before.get(name, ({}, None))[0]
    values = {
        one: request.form.get(one, "") if mine else (kept.get(one) or [""])[0]
        for one in ("sampai", "alasan")
    }
    return {"isian": values, "simpan": {**saving.saved(token, before, name), "diisi": mine}}


def _named(form: str, name: str, text: str) -> str:
    label = (
        word(f"kolom.{name}.label")
        if form != DELEGATION
        else word(f"saya.{'kepada' if name == 'dari' else name}")
    )
    return f"{label}: {text}"


def _stands_for(settings: Settings, person: Petugas) -> list[str]:
    now = [*map(settings.present, settings.petugas), *settings.signers]
    return sorted({p.jabatan for p in now if isinstance(p, Penjabat) and p.kode == person.kode})


def _row(work: Work, task: Task, link_id: int | None) -> dict[str, Any]:
    url = f"/t/{links.token(work.session, work.settings.keys, link_id)}" if link_id else ""
    return {**about(work, task), "url": url}


def _parts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parts = []
    for name in ("terlambat", "hari_ini", "nanti"):
        some = [row for row in rows if row["kapan"] == name]
        if some:
            parts.append({"judul": word(f"saya.{name}"), "isi": some})
    return parts


def _summary(rows: list[dict[str, Any]]) -> str:
    late, today = (sum(row["kapan"] == when for row in rows) for when in ("terlambat", "hari_ini"))
    return waiting_words(len(rows), late, today)


def _late_elsewhere(work: Work, person: Petugas) -> list[dict[str, Any]]:
    """For the Kepala Dinas: what is late with others, or was extended, so that the limit may be set with a reason."""
    if person.kode not in {p.kode for p in work.settings.holders(Role.KEPALA)}:
        return []
    told = or_(Task.due_at < work.now, Task.extended)  # what was extended may have to be corrected
    query = select(Task).where(Task.closed_at.is_(None), told, Task.complaint_id.is_not(None))
    query = query.where(Task.complaint_id.not_in(reported.cases_about(person.kode)))
    rows = []
    for task in work.session.scalars(query.order_by(Task.due_at, Task.id).limit(SHOWN)):
        holding = holders(work.settings, task)
        if person.kode not in {p.kode for p in holding}:
            who = word("saya.pada", siapa=named(holding))
            shown = about(work, task)
            late = task.due_at is not None and task.due_at < work.now
            beside = {
                "tugas": task.id,
                "siapa": who,
                "lihat": _newest(work.session, task),
                "diperpanjang": not late,
            }
            rows.append({**shown, **beside})
    return rows


def _newest(session: Session, task: Task) -> int:
    """The newest event that a form about this task shows."""
    query = select(func.max(Event.seq)).where(Event.complaint_id == task.complaint_id)
    return session.scalar(query) or 0


def _news(
    session: Session, token: str, person: Petugas, task_id: int, numbers: Sequence[int]
) -> str:
    """What is new in the case of somebody else's task, in words."""
    here = site()
    task = session.get_one(Task, task_id)
    complaint = session.get_one(Complaint, task.complaint_id)
    current = current_task(Work(session, here.settings, here.clock()), complaint.id) or task
    view = View(session, here.settings, here.clock(), token, current, complaint, person)
    return " ".join(row["teks"] for row in news_rows(view, numbers))


def _seen() -> int:
    text = request.form.get("lihat", "")
    return int(text) if re.fullmatch(r"[0-9]{1,8}", text) else 0


@pages.post("/t/<token>/saya/kode")
def ask_code(token: str) -> BaseResponse:
    with whose(token) as (_session, link_id, person):
        pass
    wanted = request.form.get("tujuan", "")
    return code.ask(token, link_id, person, Held(code.OPENING, {"tujuan": [wanted or "/saya"]}))


@pages.post("/t/<token>/saya/tautan")
def fresh_links(token: str) -> BaseResponse:
    """New links for tasks whose links have expired."""
    here = site()
    person = _known(token)
    with here.writing() as work:
        tasks = tasks_of(work.session, work.settings, person.kode)[:SHOWN]
        opening = links.newest(work.session, person, [task.id for task in tasks], work.now)
        wanted = [(task, person) for task in tasks if task.id not in opening]
        links.issue(work.session, wanted, work.now, here.settings.web.link_days)
    return redirect(f"/t/{token}/saya", 303)


def _known(token: str) -> Petugas:
    """The person behind the token, in a browser that they are known by."""
    with whose(token) as (session, _link_id, person):
        if not code.known(session, person):
            raise Friendly("bukan_hak", 403)
        return person


@pages.post("/t/<token>/saya/perpanjang")
def extend(token: str) -> BaseResponse:
    """The Kepala Dinas gives somebody more time."""
    here = site()
    person = _known(token)
    number = request.form.get("tugas", "")
    try:
        _give_time(person, number)
    except cases.Invalid as error:
        with whose(token) as (session, _link_id, person):
            return _page(session, token, person, f"t{number}", error.errors)
    except cases.Changed as error:
        with whose(token) as (session, _link_id, person):
            said = _news(session, token, person, int(number), error.news)
            said = word("galat.batas_berubah", baru=said)
            return _page(session, token, person, f"t{number}", {"sampai": said})
    except cases.AlreadyDone:
        return redirect(f"/t/{token}/saya?pesan=didahului", 303)
    here.wake("send")
    return redirect(f"/t/{token}/saya?tersimpan={EXTENSION}-{number}&pesan=diperpanjang", 303)


def _give_time(person: Petugas, number: str) -> None:
    """Raises what `cases.check` and `extend_for` raise; 409 to whoever may not, or for a task without a limit."""
    here = site()
    values = {name: request.form.getlist(name) for name in ("sampai", "alasan")}
    form = cases.check(here.settings, TaskKind.KEPUTUSAN, Act.PERPANJANG, values, {}, _seen())
    with here.writing() as work:
        heads = [one for one in work.settings.holders(Role.KEPALA) if one.kode == person.kode]
        task = None
        if re.fullmatch(r"[0-9]{1,9}", number):
            task = work.session.get(Task, int(number))
        if not heads or task is None or task.complaint_id is None or task.kind in AT_REST:
            raise Friendly("bukan_hak", 409)
        extend_for(work, task, heads[0], form)
        typed.drop(work.session, person, f"{EXTENSION}-{task.id}")


# ---- who stands in -------------------------------------------------------------------------------------------


def _delegation(settings: Settings, row: Any) -> dict[str, Any]:
    acting = settings.base.person(row.acting)
    return {
        "nomor": row.id,
        "siapa": f"{acting.nama} ({row.form})" if acting else row.acting,
        "kapan": word(
            "saya.antara", mulai=clock.tanggal(row.first), sampai=clock.tanggal(row.last)
        ),
    }


def _delegation_form(
    settings: Settings,
    person: Petugas,
    errors: Mapping[str, str],
    before: tuple[Mapping[str, list[str]], datetime] | None,
) -> dict[str, Any]:
    kept = {name: many[0] for name, many in before[0].items() if many} if before else {}
    others = [p for p in settings.base.petugas if p.kode != person.kode]
    given = request.form if errors else kept
    return {
        "kepada": [{"value": p.kode, "label": f"{p.nama}, {p.jabatan}"} for p in others],
        "bentuk": [
            {
                "value": form,
                "label": word(f"saya.bentuk.{form}"),
                "dipilih": form == given.get("sebagai"),
            }
            for form in cases.FORMS
            if form != "an" or Role.KEPALA in person.peran
        ],
        "nilai": {name: given.get(name, "") for name in ("kepada", "mulai", "sampai")},
        "galat": {
            name: errors.get(name, "") for name in ("dari", "kepada", "sebagai", "mulai", "sampai")
        },
    }


@pages.post("/t/<token>/saya/delegasi")
def delegate(token: str) -> BaseResponse:
    """Somebody stands in for the person of this page."""
    here = site()
    person = _known(token)
    try:
        with here.writing() as work:
            first, last = _day(request.form.get("mulai", "")), _day(request.form.get("sampai", ""))
            form = request.form.get("sebagai", "")
            acting = request.form.get("kepada", "")
            cases.delegate(work, person.kode, acting, form, first, last, cases.actor_of(person))
            typed.drop(work.session, person, DELEGATION)
    except cases.Invalid as error:
        with whose(token) as (session, _link_id, person):
            return _page(session, token, person, DELEGATION, error.errors)
    here.wake("send")
    return redirect(f"/t/{token}/saya?tersimpan={DELEGATION}&pesan=diganti", 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


@pages.post("/t/<token>/saya/delegasi/<int(max=2147483647):row_id>")
def end(token: str, row_id: int) -> BaseResponse:
    here = site()
    person = _known(token)
    with here.writing() as work:
        if row_id not in {row.id for row in cases.delegations(work) if row.holder == person.kode}:
            raise Friendly("tidak_ada", 404)
        cases.end_delegation(work, row_id)
    here.wake("send")
    return redirect(f"/t/{token}/saya?pesan=diakhiri", 303)
