"""Who asks for a fresh link by their address (`/saya`): noted by the page, answered by the outbox lane.

The page does the same for everybody, so that neither its words nor its time tell which addresses are an official's.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError

from pipeline.access import links
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Wish
from pipeline.notices import answers
from pipeline.work import App, Work

MOST = 50  # that wait at once: strangers cannot fill the table; the lane empties it within seconds


def ask(engine: Engine, address: str, now: datetime) -> None:
    """Note that somebody wants a link for this address; nothing where too many wait, or this one does already."""
    wish = Wish(address=address.lower(), asked_at=now)
    with suppress(IntegrityError), writing(engine) as session:
        waiting = session.scalar(select(func.count()).select_from(Wish)) or 0
        if waiting < MOST:
            session.add(wish)


def answer(app: App) -> int:
    """A mail with a fresh link to each that is an official's address; how many went out. The others are forgotten."""
    with reading(app.engine) as session:
        if session.scalars(select(Wish.address).limit(1)).first() is None:
            return 0
    now, sent = app.clock(), 0
    with writing(app.engine) as session:
        for wish in session.scalars(select(Wish).order_by(Wish.asked_at).with_for_update()).all():
            sent += _send(Work(session, app.settings, now), wish.address)
            session.delete(wish)
    return sent


def _send(work: Work, address: str) -> bool:
    person = work.settings.person_at(address)
    if person is None or not answers.may_have_link(work, person):
        return False
    link_id = links.issue_personal(work.session, person, work.now, work.settings.web.link_days)
    answers.personal_link(work, person, link_id)
    return True
