"""What monitors ask: `/hidup`, `/sehat`, `/metrik`. Hides the text of Prometheus and who may read it.

`/hidup` says that the process answers; `/sehat` that the work is done: 503 with what is late, by name alone. `/metrik`
is for this machine, or for who bears the token `metrik_token`: how many tasks wait is nobody else's business.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from ipaddress import ip_address
from time import monotonic

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as BaseResponse

from pipeline.data.damage import first_line
from pipeline.notices import gauges, watching
from pipeline.office import meters, whose
from pipeline.office.messages import say
from pipeline.web.site import site
from pipeline.work import App

log = logging.getLogger(__name__)
TOKEN = "metrik_token"  # noqa: S105 - the name of a file in rahasia/
FORWARDED = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Real-IP",
    "Forwarded",
    "Via",
)  # a proxy has been at work


class _Now(Collector):
    """Gauges that were read for this one answer, each of an office: "" where there is but one."""

    def __init__(self, found: Iterable[tuple[str, gauges.Gauge]]) -> None:
        self.found = list(found)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for office, one in self.found:
            labels = ({meters.OFFICE: office} if office else {}) | one.labels
            fresh = GaugeMetricFamily(one.name, one.about, labels=list(labels))
            families.setdefault(one.name, fresh).add_metric(list(labels.values()), one.value)
        yield from families.values()


def told(found: Iterable[tuple[str, gauges.Gauge]], office: str | None) -> BaseResponse:
    """Gauges of offices, and what was counted for this one or, for None, for all, as Prometheus reads it."""
    own = CollectorRegistry()
    own.register(_Now(found))
    own.register(meters.Counted(office))
    return BaseResponse(generate_latest(own), content_type=CONTENT_TYPE_LATEST)


def add(app: Flask, since: datetime) -> None:
    """Put the three pages into the application, and time all others. `since`: when this process began."""

    @app.get("/hidup")
    def hidup() -> Response:
        return Response("hidup\n", mimetype="text/plain")

    @app.get("/sehat")
    def sehat() -> Response:
        here = site()
        found = watching.health(here.engine, here.settings, here.clock(), since)
        names = list(dict.fromkeys(one.kind for one in found))
        if not names:
            return Response("sehat\n", mimetype="text/plain")
        return Response(
            "".join(f"terlambat: {name}\n" for name in names), 503, mimetype="text/plain"
        )

    @app.get("/metrik")
    def metrik() -> BaseResponse:
        if not (is_here(request) or _bears_token()):
            raise NotFound
        office = whose.name()
        return told([(office, one) for one in read(site())], office)

    app.before_request(_begin)
    app.after_request(_end)


def read(app: App) -> Iterator[gauges.Gauge]:
    """What is counted in the database, where it can be read: the process has figures of its own, which are wanted most
    when it cannot."""
    try:
        found = gauges.read(app.engine, app.settings, app.clock())
    except (SQLAlchemyError, OSError) as error:
        log.warning("metrik: %s", first_line(error))
        found = []
    yield from found
    yield gauges.Gauge("aduan_basis_data_terbaca", say("ukuran.terbaca"), bool(found))


def opened(is_open: bool) -> gauges.Gauge:
    """Whether an office under the roof could be opened."""
    return gauges.Gauge("aduan_kantor_terbuka", say("ukuran.terbuka"), is_open)


def is_here(request: Request) -> bool:
    """Asked from this machine and by no proxy on it: behind one, everybody's address would be the machine's own."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    named = (request.host or "").rsplit(":", 1)[0].strip("[]")
    return address.is_loopback and named in ("127.0.0.1", "localhost", "::1")


def _bears_token() -> bool:
    wanted = site().settings.find_secret(TOKEN)
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    # Compared as bytes: a letter beyond ASCII would be an error, not a refusal.
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), wanted.encode())
    return bool(wanted) and kind.lower() == "bearer" and same


def _begin() -> None:
    g.begun = monotonic()


def _end(response: Response) -> Response:
    """The page by the name of its function: its path holds a token."""
    begun = g.pop("begun", None)
    if begun is not None:
        name = request.endpoint or "tidak_ada"
        method = (
            request.method if request.method in ("GET", "HEAD", "POST") else "lain"
        )  # anybody may make one up
        meters.page(name, method, response.status_code, monotonic() - begun)
    return response
