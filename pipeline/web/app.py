"""The Flask application: one factory, headers, errors, static files. Hides Flask's set-up from the pages.

From the first page: no-store, no-referrer, nosniff, a strict Content-Security-Policy, no script, nothing from
outside. Tokens stand in paths only, and nothing here logs a path.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from flask import Flask, Response, request
from sqlalchemy import Engine
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from pipeline.config import TEMPLATES, Settings
from pipeline.web import action, authenticity, citizen, mine, register, slips
from pipeline.web.common import Friendly, Site, html
from pipeline.words import table

log = logging.getLogger(__name__)
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
STATIC = {
    "aduan.css": "text/css; charset=utf-8",
    "ikon.svg": "image/svg+xml",
    "simpan.js": "text/javascript; charset=utf-8",
    "slip.js": "text/javascript; charset=utf-8",
}


def create_app(
    settings: Settings,
    engine: Engine,
    clock: Callable[[], datetime],
    wake: Callable[..., None] = lambda *names: None,
) -> Flask:
    """The WSGI application. `wake` tells the poller's lanes that there is something to do."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=settings.web.upload_mb * 2**20, MAX_FORM_MEMORY_SIZE=2**20, MAX_FORM_PARTS=200)
    app.extensions["aduan"] = Site(settings, engine, clock, wake, _static(app))
    app.register_blueprint(action.pages)
    app.register_blueprint(register.pages)
    app.register_blueprint(citizen.pages)
    app.register_blueprint(authenticity.pages)
    app.register_blueprint(mine.pages)
    app.register_blueprint(slips.pages)
    _errors(app)
    app.after_request(_headers)
    app.add_url_rule("/sehat", "sehat", lambda: Response("sehat\n", mimetype="text/plain"))
    return app


def _static(app: Flask) -> dict[str, str]:
    """The stylesheet and the icon under a name that changes with their content, so that they may be kept for long."""
    contents = {name: (TEMPLATES / "web" / name).read_bytes() for name in STATIC}
    mark = sha256(b"".join(contents.values())).hexdigest()[:12]
    shared = {"gaya_url": f"/statis/{mark}/aduan.css", "ikon_url": f"/statis/{mark}/ikon.svg"}
    shared |= {"simpan_js": f"/statis/{mark}/simpan.js", "slip_js": f"/statis/{mark}/slip.js"}

    @app.get("/statis/<version>/<name>")
    def statis(version: str, name: str) -> Response:
        if name not in contents:
            raise NotFound
        response = Response(contents[name], content_type=STATIC[name])
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if version == mark else "no-store"
        return response

    return shared


def _headers(response: Response) -> Response:
    for name, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }.items():
        response.headers.setdefault(name, value)
    return response


def friendly(kind: str, status: int, code: str = "") -> Response:
    """A page that says what happened and what can be done; the words are at salah.<kind>."""
    words = table(f"salah.{kind}")
    return html(
        "galat.html",
        status,
        judul=words["judul"],
        kalimat=words["kalimat"],
        saran=words["saran"].split("|"),
        tautan=None,
        kode=code,
    )


def _errors(app: Flask) -> None:
    @app.errorhandler(Friendly)
    def known(error: Friendly) -> Response:
        return friendly(error.kind, error.status)

    @app.errorhandler(RequestEntityTooLarge)
    def large(error: RequestEntityTooLarge) -> Response:
        return friendly("besar", 413)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response | BaseResponse:
        if error.code is not None and error.code < 400:
            return error.get_response()
        return friendly("tidak_ada", error.code or 404)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        code = sha256(f"{type(error).__name__}{datetime.now().timestamp()}".encode()).hexdigest()[:8]
        log.error("page failed, code %s, endpoint %s", code, request.endpoint, exc_info=error)
        return friendly("sistem", 500, code)
