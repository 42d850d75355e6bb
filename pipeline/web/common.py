"""What every page needs of the application: settings, database, time, templates; and the friendly refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, current_app
from sqlalchemy import Engine

from pipeline.config import Settings
from pipeline.words import environment


class Friendly(Exception):
    """Show the page salah.<kind> with this HTTP status."""

    def __init__(self, kind: str, status: int) -> None:
        super().__init__(kind)
        self.kind, self.status = kind, status


@dataclass(frozen=True)
class Site:
    """The application behind the page that is being made."""

    settings: Settings
    engine: Engine
    clock: Callable[[], datetime]
    wake: Callable[..., None]
    shared: dict[str, str]  # what every page is given: addresses of stylesheet and icon; the demo adds its own


def site() -> Site:
    found: Site = current_app.extensions["aduan"]
    return found


def html(template: str, http_status: int = 200, **context: Any) -> Response:
    """A page from templates/web/."""
    body = environment(site().settings).get_template(f"web/{template}").render(**site().shared, **context)
    return Response(body, status=http_status, mimetype="text/html")
