"""The pages of several offices at one address: each request goes to the office whose host name it bears.

Hides how a host name is read, and what is answered at none: a page that names no office. Monitors of this machine
itself ask here for all offices at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Request, Response

from pipeline.notices import watching
from pipeline.office import whose
from pipeline.office.messages import TEMPLATES
from pipeline.office.words import table
from pipeline.web import monitors
from pipeline.web.app import HEADERS
from pipeline.work import App

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Office(Protocol):
    """What is behind a door: pages, and the settings of the moment."""

    app: App

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]: ...


@dataclass(frozen=True)
class Door:
    """An office as its visitors find it. `name`: its folder's; `since`: when it was opened."""

    name: str
    office: Office
    since: datetime


def host_of(header: str) -> str:
    """The name in a Host header, without port and in small letters."""
    text = header.strip().lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0].rstrip(".")


class Entrance:
    """The WSGI application before all offices."""

    def __init__(self) -> None:
        self._doors: Mapping[str, Door] = {}
        self._closed: frozenset[str] = frozenset()
        self._nowhere = _page()

    def show(self, doors: Mapping[str, Door], closed: Iterable[str]) -> None:
        """From now on: the doors by their host names, and the names of the offices that could not be opened."""
        self._doors, self._closed = dict(doors), frozenset(closed)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        door = self._doors.get(host_of(environ.get("HTTP_HOST", "")))
        # Not for this call alone: what is sent in pieces is made after it. The thread's next request begins anew.
        whose.begin(door.name if door else "")
        if door is not None:
            return door.office(environ, start)
        return self._own(Request(environ))(environ, start)

    def _own(self, request: Request) -> Response:
        if request.path == "/hidup":
            return Response("hidup\n", mimetype="text/plain")
        here = monitors.is_here(request)
        if here and request.path == "/sehat":
            return self._health()
        if here and request.path == "/metrik":
            return self._figures()
        return Response(self._nowhere, 404, mimetype="text/html", headers=HEADERS)

    def _health(self) -> Response:
        """What is late, office by office."""
        late = [f"tidak_dibuka: {name}" for name in sorted(self._closed)]
        for door in self._doors.values():
            app = door.office.app
            found = watching.health(app.engine, app.settings, app.clock(), door.since)
            kinds = dict.fromkeys(one.kind for one in found)
            late += [f"terlambat: {door.name} {kind}" for kind in kinds]
        if not late:
            return Response("sehat\n", mimetype="text/plain")
        return Response("".join(f"{line}\n" for line in late), 503, mimetype="text/plain")

    def _figures(self) -> Response:
        found = [
            (door.name, one)
            for door in self._doors.values()
            for one in monitors.read(door.office.app)
        ]
        found += [(name, monitors.opened(False)) for name in sorted(self._closed)]
        found += [(door.name, monitors.opened(True)) for door in self._doors.values()]
        return monitors.told(found, None)


def _page() -> str:
    """What is said at a host name that no office has."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True
    )
    words = table("salah.bukan_kantor")
    return environment.get_template("web/bukan_kantor.html").render(**words)
