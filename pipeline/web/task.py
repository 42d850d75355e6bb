"""The page of a task, and what its buttons do. GET shows, POST acts (DESIGN rule 5).

A POST reads and checks its form outside any transaction, acts in one, and answers with a redirect to the receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases, reports
from pipeline.access import links, unsent
from pipeline.access.browsers import Held
from pipeline.casefile.holders import holders
from pipeline.cases import slip_undo
from pipeline.cases.input import File
from pipeline.cases.late_answers import is_welcome
from pipeline.data import store
from pipeline.data.engine import reading, transact, writing
from pipeline.data.tables import Document, Task
from pipeline.intake import enclosed
from pipeline.letters import signature
from pipeline.office.actions import action
from pipeline.office.config import Petugas
from pipeline.office.sop import Act
from pipeline.office.words import table, word
from pipeline.web import chosen_files, report_pages, sentences, slips
from pipeline.web import code as browser
from pipeline.web.done_page import (
    not_offered_page,
    passed_on_page,
    receipt,
    slip_taken_page,
    spent_page,
)
from pipeline.web.site import Friendly, html, site, uploads
from pipeline.web.task_forms import BY_BUTTON, WITHOUT_FILES, pdfs_to_sign
from pipeline.web.task_page import task_page
from pipeline.web.view import View, opened, whose
from pipeline.work import Work

GONE = 410

pages = Blueprint("task", __name__, url_prefix="/t/<token>")


@pages.get("")
def show(token: str) -> Response:
    with opened(token) as (session, found, view, person):
        if is_spent(view.task):
            return _spent(session, found, view, person)
        if _is_passed_on(view):
            return html("terpakai.html", **passed_on_page(view, found))
        if slips.has_stack(session, view.task):
            return slips.slip_page(view)
        chosen = request.args.get("aksi", "")
        given = {}
        if "keputusan" in request.args:  # from a button of the mail
            given["keputusan"] = request.args.getlist("keputusan")
            given[BY_BUTTON] = ["keputusan"]
        given |= sentences.taken_over(view, request.args.getlist(sentences.CHOSEN)[:20])
        return html("tugas.html", **task_page(view, chosen, given, said=_said(view)))


def _spent(session: Session, found: links.Opened, view: View, person: Petugas) -> Response:
    """What a link shows whose task is done: to whoever did it what became of it, to others who it was."""
    mine = found.full and view.task.closed_by == person.kode
    if mine and slips.has_stack(session, view.task):
        return slips.stack_page(view, person)
    just_now = "selesai" in request.args
    if mine and just_now and table(f"aksi.{view.task.kind}.{view.task.outcome}"):
        return html("selesai.html", **receipt(view, found))
    return html("terpakai.html", **spent_page(view, found))


def _said(view: View) -> str:
    """What the page says of the press that led to it."""
    if "dibatalkan" in request.args:
        return word("keliru.dibatalkan")
    if "disimpan" in request.args:
        return word("halaman.disimpan")
    done = request.args.get("tersimpan", "")
    words = table(f"aksi.{view.task.kind}.{done}") if done else {}
    return str(words.get("terima", ""))


def _is_passed_on(view: View) -> bool:
    """Whether the task is in other hands now."""
    mine = {person.kode for person in holders(view.settings, view.task)}
    return not view.helping and view.person.kode not in mine


@pages.post("")
def act(token: str) -> BaseResponse:
    """Read and check the form, then act, or ask for a code first where the browser is not known."""
    sent = Held(
        f"aksi:{request.form.get('aksi', '')}",
        {key: request.form.getlist(key) for key in request.form},
        {name: (one.name, one.content) for name, one in uploads().items() if one.content},
        _seen(),
    )
    with opened(token) as (session, found, view, person):
        held, missing = chosen_files.completed(session, view.task, sent)
        over = (
            is_spent(view.task) and held.deed != f"aksi:{slip_undo.UNDO}"
        )  # nothing will come of it
        at_once = browser.known(session, person) or over
        link_id, kind, settings = found.link_id, found.task.kind, view.settings
    if missing and not over:
        return _again(token, held, missing)
    if at_once:
        return _perform(token, held)
    name = held.deed.removeprefix("aksi:")
    try:
        cases.check(settings, kind, name, held.values, _files(token, name, held)[0], held.seen)
    except cases.Invalid as error:
        return _again(token, held, error.errors)
    except cases.Forbidden as error:
        raise Friendly("bukan_hak", 409) from error
    return browser.ask(token, link_id, person, held)


def _perform(token: str, held: Held) -> BaseResponse:
    """Check what was sent outside any transaction, then act in one."""
    here = site()
    name = held.deed.removeprefix("aksi:")
    with opened(token) as (_session, found, _view, person):
        kind = found.task.kind
    try:
        _carry_out(token, name, held)
    except cases.Invalid as error:
        return _again(token, held, error.errors)
    except cases.Changed as error:
        return _again(token, held, {}, error.news)
    except cases.AlreadyDone as error:
        return _done_before(token, held, person, error)
    except cases.Forbidden:
        return _refused(token, held.values)
    here.wake("take_in", "letters", "pictures", "send")
    if _went_past(token):
        raise Friendly("dialihkan", 200)
    chosen = action(kind, name)
    closes = chosen is not None and chosen.closes
    onward = "selesai" if closes else f"tersimpan={name}"
    return redirect(f"/t/{token}?{onward}", 303)


def _done_before(token: str, held: Held, person: Petugas, error: cases.AlreadyDone) -> BaseResponse:
    """Who pressed twice sees their receipt; whom another came before reads so, with the words that were not said."""
    is_own = (error.by or error.settled_by) in ("", person.kode)
    if is_own and not error.unsaid:
        return redirect(f"/t/{token}", 303)
    return _too_late(token, held.values, "" if error.by else error.settled_by)


def _went_past(token: str) -> bool:
    """Whether the act has said that the case is about whoever acted, who sees nothing of it from now on. Told once, in
    the answer to the press alone: behind the link it looks as any that has ended."""
    try:
        with opened(token):
            return False
    except Friendly as error:
        return error.status == GONE


def _carry_out(token: str, name: str, held: Held) -> None:
    """Raises what `cases.check` and `cases.act` raise."""
    here = site()
    with opened(token) as (_session, found, view, person):
        task_id, kind, settings, report = found.task.id, found.task.kind, view.settings, view.report
    given, beside = _files(token, name, held)
    form = cases.check(settings, kind, name, held.values, given, held.seen)
    with reading(here.engine) as session:
        cases.compare(session, task_id, form)
    now = report_pages.figures(report) if report is not None else None

    def step(session: Session) -> None:
        browser.spend(session, held)
        work = Work(session, here.settings, here.clock())
        if now is not None:
            reports.act(work, task_id, person, form, now)
            return
        cases.attach(work, session.get_one(Task, task_id), person, beside)
        cases.act(work, task_id, person, form)
        if "slip" in held.values:
            kept = slips.saved_as(name, held.values["slip"][0])
            unsent.drop(session, task_id, person.kode, kept)

    contents = [*form.contents, *(one.content for one in beside)]
    with store.ahead(here.engine, contents):
        transact(here.engine, step)


def is_spent(task: Task) -> bool:
    """Whether nothing can be done on it any more: it is closed, and no late answer is welcome."""
    return task.closed_at is not None and not is_welcome(task)


def _files(token: str, name: str, held: Held) -> tuple[dict[str, cases.Upload], list[File]]:
    """The files of a form, and those that came beside it with the reply that filled it in."""
    with opened(token) as (_session, found, view, _person):
        given = action(found.task.kind, name)
        struck = bool(held.values.get(WITHOUT_FILES))
        replied = [] if struck else chosen_files.confirmed(view, name, held.values)
    came = enclosed.placed(given, replied, site().settings, site().engine)
    chosen = enclosed.merged(browser.uploads_of(held), came)
    return _signed_here(token, name, held, chosen), enclosed.beside(given, replied)


def _signed_here(
    token: str, name: str, held: Held, uploads: dict[str, cases.Upload]
) -> dict[str, cases.Upload]:
    """The letters signed here with the office's certificate, where a signer asked for that."""
    if name != Act.TANDATANGANI or uploads or not held.values.get("sistem"):
        return uploads
    with opened(token) as (session, _found, view, _person):
        offered, settings = [] if view.helping else pdfs_to_sign(view), view.settings
        contents = store.get_all(session, [one.sha256 for one in offered])
        named = {one.id: _signer_of(session, one) for one in offered}
    if not settings.surat.pkcs12:
        return uploads
    password, certificate = (
        settings.find_secret("pkcs12_password"),
        settings.path(settings.surat.pkcs12),
    )
    try:
        for field, one in zip(cases.SIGNED_FIELDS.values(), offered, strict=False):
            signed = signature.sign(
                contents[one.sha256],
                certificate,
                password,
                one.name,
                settings.instansi.kota,
                anchor=settings.surat.jangkar,
                person=named[one.id],
            )
            uploads[field] = cases.Upload(one.name, signed)
    except signature.SignatureError as error:
        raise cases.Invalid({"bertanda_tangan": str(error)}) from error
    return uploads


def _signer_of(session: Session, pdf: Document) -> str:
    """Who is named under a letter whose PDF this is."""
    final = session.get(Document, pdf.source_id) if pdf.source_id else None
    return str((final.facts or {}).get("penanda", "")) if final else ""


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
    perform = browser.HELD.get(held.deed, _perform)
    done = perform(token, held)
    return browser.remember(done, person, cookie)


# ---- forms that are not sent yet -----------------------------------------------------------------------------


@pages.post("/simpan")
def save(token: str) -> BaseResponse:
    """Keep what is typed so far: by the script when a field is left, or by its own button."""
    here = site()
    name = request.form.get("aksi", "")
    with opened(token) as (session, found, view, person):
        given = action(found.task.kind, name)
        if given is None or is_spent(view.task):
            raise Friendly("bukan_hak", 409)
        known, whose, task_id = (
            browser.known(session, person),
            browser.owner(session, person),
            found.task.id,
        )
    quiet = request.headers.get("X-Simpan") == "1"
    slip = request.form.get("slip", "")
    shown = f"slip={slip}" if slip.isdecimal() else f"aksi={name}"
    done: BaseResponse = (
        Response(status=204) if quiet else redirect(f"/t/{token}?{shown}&disimpan", 303)
    )
    if not known and not whose:
        whose = f"{person.kode}#{browser.make_guest(done)}"
    left_out = ("aksi", "lihat", *(one.name for one in given.fields if one.vouches))
    values = {key: request.form.getlist(key) for key in request.form if key not in left_out}
    with writing(here.engine) as session:
        task, kept_as = session.get_one(Task, task_id), slips.saved_as(name, slip)
        unsent.put(session, task, whose, kept_as, values, here.clock(), mark=person.mark)
    return done


def _seen() -> int:
    text = request.form.get("lihat", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _again(token: str, held: Held, errors: dict[str, str], news: Sequence[int] = ()) -> Response:
    """The same page with what was typed and chosen, and what has to be mended, or what is new."""
    with opened(token) as (_session, found, _view, _person):
        task_id, over = found.task.id, is_spent(found.task)
    name, values = (
        held.deed.removeprefix("aksi:"),
        held.values if over else chosen_files.kept(task_id, held, errors),
    )
    with opened(token) as (session, found, view, _person):
        if is_spent(view.task):
            return html("terpakai.html", 409, **spent_page(view, found, values))
        if _is_passed_on(view):
            return html("terpakai.html", 409, **passed_on_page(view, found))
        if slips.has_stack(session, view.task):
            return slips.slip_page(view, values, errors)
        typed = {key: list(many) for key, many in values.items()}
        return html(
            "tugas.html", 409 if news else 422, **task_page(view, name, typed, errors, news=news)
        )


def _too_late(token: str, values: Mapping[str, Sequence[str]], slip_by: str = "") -> Response:
    """Somebody else was first: who, and what was typed here, to be copied. `slip_by`: with one slip of a stack."""
    with opened(token) as (_session, found, view, _person):
        if slip_by:
            return html("terpakai.html", 409, **slip_taken_page(view, found, values, slip_by))
        return html("terpakai.html", 409, **spent_page(view, found, values))


def _refused(token: str, values: Mapping[str, Sequence[str]]) -> Response:
    """The task is somebody else's now, or does not offer this any more; what was typed here can be copied."""
    with opened(token) as (_session, found, view, person):
        holding = {p.kode for p in holders(view.settings, view.task)}
        if is_spent(view.task) or person.kode not in holding:
            return html("terpakai.html", 409, **passed_on_page(view, found, values))
        return html("terpakai.html", 409, **not_offered_page(view, found, values))
