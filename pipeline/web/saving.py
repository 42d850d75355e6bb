"""Saving what is typed into forms that belong to no task: by the script while somebody types, or by a button.

A form of a page asks `saved` for what stands in it and for what its template needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from pipeline.access import typed
from pipeline.access.browsers import Held
from pipeline.office import clock
from pipeline.office.sop import Act
from pipeline.office.words import word
from pipeline.web import code as browser
from pipeline.web.site import Friendly, site
from pipeline.web.view import whose

pages = Blueprint("saving", __name__, url_prefix="/t/<token>/isian")
Typed = Mapping[str, tuple[dict[str, list[str]], datetime]]

# The page of each form; a form about one of many ends with the number of that one.
PAGES = {
    Act.CATAT: "/catat",
    Act.TAMBAH: "/catat",
    "delegasi": "/saya",
    Act.PERPANJANG: "/saya",
    Act.GABUNGKAN: "/buku/{number}",
}
NAME = re.compile(rf"({'|'.join(PAGES)})(?:-([0-9]{{1,9}}))?")
SAVING = "isian"  # what waits for a code where the browser is not known


@pages.post("/<name>")
def save(token: str, name: str) -> BaseResponse:
    if not NAME.fullmatch(name):
        raise Friendly("tidak_ada", 404)
    values = {
        key: request.form.getlist(key) for key in request.form if key not in ("aksi", "lihat")
    }
    with whose(token) as (session, link_id, person):
        known = browser.known(session, person)
    held = Held(SAVING, {**values, SAVING: [name]}, {})
    if known:
        return _keep(token, held)
    if _by_script():
        return Response(status=403)  # the script keeps it in the tab and says so
    return browser.ask(token, link_id, person, held)


def _by_script() -> bool:
    return request.headers.get("X-Simpan") == "1"


def _keep(token: str, held: Held) -> BaseResponse:
    here = site()
    with whose(token) as (_session, _link_id, person):
        pass
    values = {name: list(many) for name, many in held.values.items()}
    (name,) = values.pop(SAVING)
    with here.writing() as work:
        typed.put(work.session, person, name, values, work.now)
    if _by_script():
        return Response(status=204)
    kind, _, number = name.partition("-")
    return redirect(f"/t/{token}{PAGES[kind].format(number=number)}?disimpan={name}", 303)


browser.HELD[SAVING] = _keep


def saved(token: str, forms: Typed, name: str) -> dict[str, Any]:
    """What the template of a form needs to save it: where to, under which name, and when it was saved last."""
    known = forms.get(name)
    at = clock.waktu(known[1], site().settings.zone) if known else ""
    return {
        "nama": name,
        "simpan_url": f"/t/{token}/isian/{name}",
        "disimpan": word("halaman.disimpan_pada", waktu=at) if at else "",
        "terisi": bool(known),
    }
