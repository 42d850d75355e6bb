"""The Flask application: one factory, headers, errors, static files. Hides Flask's set-up from the pages.

From the first page: no-store, no-referrer, nosniff, a strict Content-Security-Policy, no script, nothing from
outside. Tokens stand in paths only, and nothing here logs a path.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from flask import Flask, Response, redirect, request
from sqlalchemy import Engine
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from pipeline.access import links
from pipeline.data.damage import is_away
from pipeline.data.places import PlaceError
from pipeline.office import logs
from pipeline.office.config import Settings
from pipeline.office.messages import TEMPLATES
from pipeline.office.words import table
from pipeline.web import (
    authenticity,
    book,
    book_merge,
    citizen,
    code,
    counter,
    downloads,
    mine,
    mistakes,
    monitors,
    origin,
    saving,
    slips,
    task,
)
from pipeline.web.site import Friendly, Site, html
from pipeline.web.task_page import typed_rows

log = logging.getLogger(__name__)
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
BEHIND = re.compile(
    r"(?:[.,;:)>\]'\"]|%(?:29|3[BE]|5D|2[27C]))+$", re.IGNORECASE
)  # the end of a copied link
STATIC = {
    "aduan.css": "text/css; charset=utf-8",
    "bingkai.js": "text/javascript; charset=utf-8",
    "ikon.svg": "image/svg+xml",
    "simpan.js": "text/javascript; charset=utf-8",
    "slip.js": "text/javascript; charset=utf-8",
}


def _forgive() -> BaseResponse | None:
    """Lead a link that was copied with a full stop, a bracket or in capitals to the page that it means."""
    meant = links.forgiven(request.path) if request.method == "GET" else ""
    query = request.query_string.decode("ascii", "replace")
    tidy = BEHIND.sub("", query) if query.startswith("aksi=") else query
    if not meant or (meant, tidy) == (request.path, query):
        return None
    return redirect(f"{meant}?{tidy}" if tidy else meant, 302)


def create_app(
    settings: Settings,
    engine: Engine,
    clock: Callable[[], datetime],
    wake: Callable[..., None] = lambda *names: None,
) -> Flask:
    """The WSGI application. `wake` tells the poller's lanes that there is something to do."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.web.upload_mb * 2**20,
        MAX_FORM_MEMORY_SIZE=2**20,
        MAX_FORM_PARTS=200,
    )
    app.extensions["aduan"] = Site(settings, engine, clock, wake, _static(app))
    monitors.add(app, clock())  # first, so that its clock runs while the others work
    app.before_request(_forgive)
    app.register_blueprint(task.pages)
    app.register_blueprint(downloads.pages)
    app.register_blueprint(counter.pages)
    app.register_blueprint(book.pages)
    app.register_blueprint(book_merge.pages)
    app.register_blueprint(citizen.pages)
    app.register_blueprint(authenticity.pages)
    app.register_blueprint(mine.pages)
    app.register_blueprint(mistakes.pages)
    app.register_blueprint(slips.pages)
    app.register_blueprint(saving.pages)
    _errors(app)
    app.before_request(_refuse_nul)
    app.before_request(origin.check)
    app.after_request(_headers)
    return app


def _static(app: Flask) -> dict[str, str]:
    """The stylesheet and the icon under a name that changes with their content, so that they may be kept for long."""
    contents = {name: (TEMPLATES / "web" / name).read_bytes() for name in STATIC}
    mark = sha256(b"".join(contents.values())).hexdigest()[:12]
    shared = {"gaya_url": f"/statis/{mark}/aduan.css", "ikon_url": f"/statis/{mark}/ikon.svg"}
    shared |= {"bingkai_js": f"/statis/{mark}/bingkai.js"}
    shared |= {"simpan_js": f"/statis/{mark}/simpan.js", "slip_js": f"/statis/{mark}/slip.js"}

    @app.get("/statis/<version>/<name>")
    def statis(version: str, name: str) -> Response:
        if name not in contents:
            raise NotFound
        response = Response(contents[name], content_type=STATIC[name])
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if version == mark else "no-store"
        )
        return response

    return shared


def _refuse_nul() -> None:
    """No address of ours has a NUL in it, and PostgreSQL takes none as a text to look for."""
    if "\x00" in request.path or any(
        "\x00" in one for many in request.args.lists() for one in (many[0], *many[1])
    ):
        raise NotFound


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def friendly(kind: str, status: int, code: str = "") -> Response:
    """A page that says what happened and what can be done; the words are at salah.<kind>. Whoever only opens a page
    is not told that something was not kept: they would think of their complaint."""
    words = table(f"salah.{kind}")
    is_opened = request.method in ("GET", "HEAD")
    sentence = words.get("dibuka") if is_opened else None
    fresh = {"url": "/saya", "label": words["tombol"]} if words.get("tombol") else None
    return html(
        "galat.html",
        status,
        judul=words["judul"],
        kalimat=sentence or words["kalimat"],
        saran=words["saran"].split("|"),
        tautan=fresh,
        kode=code,
        ketikan=_given_back(kind),
    )


def _given_back(kind: str) -> list[dict[str, Any]]:
    """What was typed into a form that is refused, to be copied; not what another site sends, nor what was too much to
    be read."""
    if request.method != "POST" or kind in ("asal", "besar"):
        return []
    try:
        return typed_rows({name: request.form.getlist(name) for name in request.form})
    except HTTPException:  # it broke off
        return []


def _errors(app: Flask) -> None:
    @app.errorhandler(Friendly)
    def known(error: Friendly) -> Response:
        return friendly(error.kind, error.status)

    @app.errorhandler(code.Stranger)
    def stranger(error: code.Stranger) -> Response:
        url = f"/t/{error.token}/saya/kode"
        # Every mail leads to "tugas saya", and scanners follow: to them that page is no refusal.
        status = 200 if error.wanted == "/saya" else 403
        return html(
            "saya_kode.html",
            status,
            alamat=code.masked(error.person.email),
            url=url,
            tujuan=error.wanted,
        )

    @app.errorhandler(RequestEntityTooLarge)
    def large(error: RequestEntityTooLarge) -> Response:
        return friendly("besar", 413)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response | BaseResponse:
        if error.code is not None and error.code < 400:
            return error.get_response()
        return friendly("tidak_ada", error.code or 404)

    @app.errorhandler(PlaceError)
    def away(error: PlaceError) -> Response:
        log.warning("page failed, endpoint %s: %s", request.endpoint, error)
        return friendly("simpanan", 503)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        if is_away(error):
            log.warning("page failed, endpoint %s: %s", request.endpoint, logs.what(error))
            return friendly("basis_data", 503)
        code = sha256(
            f"{type(error).__name__}{datetime.now(UTC).timestamp()}".encode()
        ).hexdigest()[:8]
        log.error("page failed, code %s, endpoint %s", code, request.endpoint, exc_info=error)
        return friendly("sistem", 500, code)
