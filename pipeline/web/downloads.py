"""Documents behind a link: as files, and as pictures of their pages."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from pipeline.access import links
from pipeline.casefile import limits, privacy
from pipeline.cases.pages import order_pages, pages_of
from pipeline.data import jobs, store
from pipeline.data.states import JobKind, JobState
from pipeline.data.tables import Document, Item
from pipeline.files import kinds, pictures
from pipeline.office.words import word
from pipeline.web import chosen_files
from pipeline.web.site import Friendly, html, site
from pipeline.web.view import View, opened

pages = Blueprint("downloads", __name__, url_prefix="/t/<token>")
WIDE, NARROW = 1400, 144


# ---- files ---------------------------------------------------------------------------------------------------


def _document(session: Session, view: View, found: links.Opened, document_id: int) -> Document:
    """A document of this case or item, while the link shows the complaint."""
    row = session.get(Document, document_id)
    if row is None or not found.full:
        raise Friendly("tidak_ada", 404)
    same_case = view.complaint is not None and row.complaint_id == view.complaint.id
    same_item = view.task.item_id is not None and row.item_id == view.task.item_id
    same_report = view.task.laporan_id is not None and row.laporan_id == view.task.laporan_id
    if _is_of_a_merged(view, row):
        return row
    if not (same_case or same_item or same_report) or not view.shows(row):
        raise Friendly("tidak_ada", 404)
    return row


def _is_of_a_merged(view: View, row: Document) -> bool:
    """Whether it is what the citizen of a complaint that was merged into this one has sent."""
    return row.kind in privacy.FROM_OUTSIDE and row.complaint_id in {
        child.id for child in view.children
    }


@pages.get("/berkas/<int(max=2147483647):document_id>")
def download(token: str, document_id: int) -> Response:
    """The original, as a download that nothing renders."""
    with opened(token) as (session, found, view, _person):
        row = _document(session, view, found, document_id)
        response = Response(store.get(session, row.sha256), mimetype="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=row.name)
        if row.mime in (kinds.PDF, kinds.DOCX):
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
        shown = (
            row if row.mime != kinds.PDF else _page_of(session, row, request.args.get("hal", "1"))
        )
        content = store.get(session, shown.sha256)
    try:
        return Response(
            pictures.picture(content, NARROW if "kecil" in request.args else WIDE),
            mimetype="image/jpeg",
        )
    except kinds.FileError as error:
        raise Friendly("tidak_ada", 404) from error


@pages.get("/terpilih/<digest>")
def chosen_page(token: str, digest: str) -> Response:
    """A page of a file that was chosen on this task's form, and is not handed in yet."""
    with opened(token) as (_session, found, view, _person):
        if not found.full:
            raise Friendly("tidak_ada", 404)
        try:
            drawn = chosen_files.page(view, digest, request.args.get("hal", "1"))
        except kinds.FileError as error:
            raise Friendly("tidak_ada", 404) from error
    return Response(drawn, mimetype="image/jpeg")


@pages.get("/balasan/<name>/<int(max=99):order>")
def replied_page(token: str, name: str, order: int) -> Response:
    """A page of a file that came with the reply which filled in a form, and is not handed in yet."""
    with opened(token) as (_session, found, view, _person):
        if not found.full:
            raise Friendly("tidak_ada", 404)
        try:
            number = request.args.get("hal", "1")
            drawn = chosen_files.replied_page(view, name, order, number)
        except kinds.FileError as error:
            raise Friendly("tidak_ada", 404) from error
    return Response(drawn, mimetype="image/jpeg")


def _page_of(session: Session, pdf: Document, number: str) -> Document:
    drawn = pages_of(session, pdf.id)
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= len(drawn)):
        raise Friendly("tidak_ada", 404)
    return drawn[int(number) - 1]


@pages.get("/lihat/<int(max=2147483647):document_id>")
def look(token: str, document_id: int) -> Response:
    """The pages of a PDF as pictures, once the pictures lane has drawn them; the original stays a download."""
    here = site()
    with opened(token) as (session, found, view, _person):
        row = _document(session, view, found, document_id)
        if row.mime != kinds.PDF:
            raise Friendly("tidak_ada", 404)
        drawn = pages_of(session, row.id)
        state = JobState.DONE if drawn else jobs.state_of(session, JobKind.SHOW_PAGES, row.id)
        shown = [
            {
                "url": f"/t/{token}/gambar/{row.id}?hal={n}",
                "baca": word("halaman.halaman_ke", nomor=n, nama=row.name),
            }
            for n in range(1, len(drawn) + 1)
        ]
        page = html(
            "lihat.html",
            nama=row.name,
            halaman=shown,
            menunggu=state in (None, JobState.DUE),
            unduh=f"/t/{token}/berkas/{row.id}",
            kembali=f"/t/{token}",
            waktu=limits.limit_line(view.settings, view.task, view.now),
        )
    if (
        state is None
    ):  # asked for by whoever opens the page first; a scanner of mails does no harm by it
        with here.writing() as work:
            order_pages(work, document_id)
        here.wake("pictures")
    return page
