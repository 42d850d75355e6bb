"""What the token in an address opens: one consistent view, or a friendly page that says why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.orm import Session
from werkzeug.routing import RequestRedirect

from pipeline import cases, current, links
from pipeline.config import Petugas
from pipeline.db import Complaint, reading
from pipeline.web import browser
from pipeline.web.common import Friendly, site
from pipeline.web.view import View


@contextmanager
def opened(token: str) -> Iterator[tuple[Session, links.Opened, View, Petugas]]:
    """What the token opens, in one consistent view; Friendly pages for a bad or expired one."""
    here = site()
    with reading(here.engine) as session:
        found, person = _resolve(session, token)
        complaint = session.get(Complaint, found.task.complaint_id) if found.task.complaint_id else None
        now = here.clock()
        settings = current.settings(session, here.settings, now)
        whose = browser.owner(session, person)
        helping = person.kode in {p.kode for p in cases.helpers(settings, found.task)}
        yield session, found, View(session, settings, now, token, found.task, complaint, whose, helping), person


def _resolve(session: Session, token: str) -> tuple[links.Opened, Petugas]:
    here = site()
    try:
        found = links.resolve(session, here.settings.key, token, here.clock())
    except links.LinkError as error:
        if _is_personal(session, token):
            raise RequestRedirect(f"/t/{token}/saya") from error
        raise Friendly("kedaluwarsa" if error.expired else "tautan", 410 if error.expired else 404) from error
    person = here.settings.person(found.holder)
    if person is None:
        raise Friendly("tautan", 404)
    return found, person


def _is_personal(session: Session, token: str) -> bool:
    """Whether the token opens "tugas saya" and no task."""
    here = site()
    with suppress(links.LinkError):
        links.personal(session, here.settings.key, token, here.clock())
        return True
    return False
