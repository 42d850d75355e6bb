"""Action links: issue, resolve. Hides the token (DESIGN rule 5).

A token is an HMAC, under a key that lies outside the database, of a row that names one task and one holder; so
neither the database nor a backup can act. A link is spent when its task is closed.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.db import Link, Task

SHOWN_AFTER_CLOSING = timedelta(days=7)
TOKEN = re.compile(r"(?<=/t/)(\d{1,9}-[a-z2-7]{24})(?![a-z2-7])")


class LinkError(Exception):
    """The token opens nothing: it is mangled, was never issued, or has expired (`expired`)."""

    def __init__(self, expired: bool = False) -> None:
        super().__init__("expired" if expired else "unknown")
        self.expired = expired


@dataclass(frozen=True)
class Opened:
    """What a good token opens. `full` is False once the task has been closed for more than 7 days, `alive` once
    the link itself has expired."""

    link_id: int
    task: Task
    holder: str
    full: bool
    alive: bool


def _mac(key: bytes, link: Link) -> str:
    text = f"{link.id}|{link.task_id}|{link.holder}|{link.created_at.timestamp():.0f}"
    digest = hmac.digest(key, text.encode(), sha256)[:15]
    return base64.b32encode(digest).decode().lower()


def issue(session: Session, wanted: Iterable[tuple[Task, str]], now: datetime, days: int) -> list[int]:
    """One new link for each (task, holder): their ids in the same order. Tokens are made later, by the sender."""
    session.flush()  # new tasks have their ids now: bound by these, a link costs half
    rows = [
        Link(
            task_id=task.id,
            holder=holder,
            created_at=now.replace(microsecond=0),
            expires_at=now + timedelta(days=days),
        )
        for task, holder in wanted
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def token(session: Session, key: bytes, link_id: int) -> str:
    """The token of a link that was issued; KeyError if there is none."""
    link = session.get(Link, link_id)
    if link is None:
        raise KeyError(link_id)
    return f"{link.id}-{_mac(key, link)}"


def masked(text: str) -> str:
    """A text from outside without the tokens in it: people quote and forward their task mails."""
    return TOKEN.sub("(…)", text)


def _link(session: Session, key: bytes, text: str) -> Link | None:
    """The link of a token, if it was ever issued."""
    number, _, mac = text.partition("-")
    link = session.get(Link, int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
    if link is None or not mac.isascii() or not hmac.compare_digest(mac, _mac(key, link)):
        return None
    return link


def issue_personal(session: Session, holder: str, now: datetime, days: int) -> int:
    """A link to "tugas saya" alone, which opens no task by itself; its id."""
    row = Link(holder=holder, created_at=now.replace(microsecond=0), expires_at=now + timedelta(days=days))
    session.add(row)
    session.flush()
    return row.id


def personal(session: Session, key: bytes, text: str, now: datetime) -> tuple[int, str]:
    """(link id, holder) of a token that still lives, with or without a task; LinkError otherwise."""
    link = _link(session, key, text)
    if link is None or now > link.expires_at:
        raise LinkError(expired=link is not None)
    return link.id, link.holder


def newest(session: Session, holder: str, task_ids: Collection[int], now: datetime) -> dict[int, int]:
    """{task id: id of this holder's newest living link to it}."""
    query = select(Link.task_id, func.max(Link.id)).where(
        Link.holder == holder, Link.task_id.in_(task_ids), Link.expires_at > now
    )
    return {task_id: link_id for task_id, link_id in session.execute(query.group_by(Link.task_id)) if task_id}


def resolve(session: Session, key: bytes, text: str, now: datetime) -> Opened:
    """The task and holder that a token names; LinkError otherwise. Never changes a row."""
    link = _link(session, key, text)
    if link is None or link.task_id is None:
        raise LinkError
    task = session.get_one(Task, link.task_id)
    if now > link.expires_at and task.closed_at is None:
        raise LinkError(expired=True)
    full = task.closed_at is None or now <= task.closed_at + SHOWN_AFTER_CLOSING
    return Opened(link.id, task, link.holder, full, now <= link.expires_at)


def revoke(session: Session, link_ids: Iterable[int], now: datetime) -> None:
    """End these links at once: their tokens have come back to us in a mail, which is kept as it is."""
    for link in session.scalars(select(Link).where(Link.id.in_(list(link_ids)))):
        link.expires_at = min(link.expires_at, now)
