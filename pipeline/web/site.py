"""What every page needs of the application: settings, database, time, templates; and the friendly refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Response, current_app, request

from pipeline import cases
from pipeline.office.rendering import environment
from pipeline.web.visits import VisitLimit
from pipeline.work import App


class Friendly(Exception):
    """Show the page salah.<kind> with this HTTP status."""

    def __init__(self, kind: str, status: int) -> None:
        super().__init__(kind)
        self.kind, self.status = kind, status


def _nobody(*_names: str) -> None:
    """Wakes no lane: for pages without a poller beside them."""


@dataclass(frozen=True)
class Site(App):
    """The application behind the page that is being made."""

    wake: Callable[..., None] = _nobody
    shared: dict[str, str] = field(
        default_factory=dict
    )  # addresses of stylesheet and icon; the demo adds its own
    looks: VisitLimit = field(default_factory=VisitLimit)  # at public pages behind a code


def site() -> Site:
    found: Site = current_app.extensions["aduan"]
    return found


def html(template: str, http_status: int = 200, **context: Any) -> Response:
    """A page from templates/web/."""
    body = (
        environment(site().settings)
        .get_template(f"web/{template}")
        .render(**site().shared, **context)
    )
    return Response(body, status=http_status, mimetype="text/html")


def uploads() -> dict[str, cases.Upload]:
    return {
        name: cases.Upload(file.filename or name, file.read())
        for name, file in request.files.items()
    }
