"""Action links: issue, resolve. Hides the token (DESIGN rule 5).

A token is an HMAC, under a key that lies outside the database, of a row that names one task and one holder; so
neither the database nor a backup can act. A link is spent when its task is closed.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from pipeline.access import tokens
from pipeline.access.tokens import Keys
from pipeline.data.tables import Complaint, Confirmation, Link, Task
from pipeline.office.config import Petugas, Settings

SHOWN_AFTER_CLOSING = timedelta(days=7)
# As mail programs and their guards write it: in capitals, percent-encoded once or more (Safe Links), with "_" and "-2D"
# (Proofpoint's urldefense, version 2; version 3 leaves the address as it is), and broken over two lines.
_SLASH = r"(?:/|%(?:25){0,3}2f|_|&#(?:47|x2f);|&sol;|\uff0f)"
_DASH = r"(?:-2d|-|%(?:25){0,3}2d|&#(?:45|x2d);|&(?:ndash|hyphen|dash|shy);|[\u2010-\u2013\u2212\uff0d])"
_BREAK = r"(?:=?\r?\n[ \t>]{0,8}|[\u00ad\u200b-\u200d\u2060\ufeff]|<wbr ?/?>)?"
TOKEN = re.compile(
    rf"({_SLASH}t{_SLASH})(\d{{1,9}}){_DASH}((?:{_BREAK}[a-z2-7]){{24}})(?![a-z2-7])",
    re.IGNORECASE | re.ASCII,
)
# An address that begins with "http", in base64, as some guards put it into their own (Sophos).
_ENCODED = re.compile(r"aHR0c[A-Za-z0-9+/_-]{40,2000}+", re.ASCII)


# What follows a token when a mail program takes the end of a sentence, a quotation or a bracket for part of the link.
_WRITTEN = re.compile(
    r"/t/(\d{1,9})-([a-z2-7]{24})(?![a-z2-7])[^/]{0,20}((?:/[\w-]{1,40}){0,3})[^\w/]{0,20}/?",
    re.ASCII,
)


# The pages without a token: a citizen's status, a letter's authenticity, where one asks for a link.
_OPEN = re.compile(r"/(s|asli|saya)(/[a-z0-9-]{4,40})?([^\w/]{0,20}/?)", re.ASCII | re.IGNORECASE)


def forgiven(path: str) -> str:
    """The path that was meant by one with capitals, or with letters behind its token or its end; "" where it is none of
    ours. May be the same path."""
    meant = _WRITTEN.fullmatch(path.lower())
    if meant:
        return f"/t/{meant[1]}-{meant[2]}{meant[3]}"
    plain = _OPEN.fullmatch(path)
    if plain is None or (
        plain[1] == "ASLI" and not plain[3]
    ):  # a QR is in capitals, and its page answers to them
        return ""
    return f"/{plain[1].lower()}{plain[2] or ''}"


class LinkError(Exception):
    """The token opens nothing: it is mangled, was never issued, or has expired (`expired`)."""

    def __init__(self, expired: bool = False) -> None:
        super().__init__("expired" if expired else "unknown")
        self.expired = expired


@dataclass(frozen=True)
class Opened:
    """What a good token opens. `full`, the complaint itself, is False once the task has been closed, and the link been
    there, for more than 7 days, or the link has expired or was revoked; `alive` is False once it has: then only who did
    what is shown."""

    link_id: int
    task: Task
    holder: str
    full: bool
    alive: bool
    complaint: Complaint | None = None


def _text(link: Link) -> str:
    row = f"{link.id}|{link.task_id}|{link.holder}|{link.created_at.timestamp():.0f}"
    return f"tautan|{row}|{link.mark}" if link.mark else row  # as it was before links bore one


def issue(
    session: Session, wanted: Iterable[tuple[Task, Petugas]], now: datetime, days: int
) -> list[int]:
    """One new link for each (task, holder): their ids in the same order. Tokens are made later, by the sender."""
    session.flush()  # new tasks have their ids now: bound by these, a link costs half
    rows = [
        Link(
            task_id=task.id,
            holder=holder.kode,
            mark=holder.mark,
            created_at=now.replace(microsecond=0),
            expires_at=now + timedelta(days=days),
        )
        for task, holder in wanted
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def token(session: Session, keys: Keys, link_id: int) -> str:
    """The token of a link that was issued; KeyError if there is none."""
    link = session.get(Link, link_id)
    if link is None:
        raise KeyError(link_id)
    return tokens.made(keys, link.id, _text(link))


def is_nobodys(session: Session, settings: Settings, link_id: int) -> bool:
    """Whether the one for whom it was issued bears the code no longer."""
    link = session.get(Link, link_id)
    return link is not None and not _is_of(settings.base.person(link.holder), link)


def _is_of(person: Petugas | None, link: Link) -> bool:
    return person is not None and person.kode == link.holder and person.owns(link.mark)


def own(session: Session, person: Petugas, link_ids: Collection[int]) -> set[int]:
    """Those of these links that were issued for this person."""
    rows = session.scalars(select(Link).where(Link.id.in_(link_ids)))
    return {link.id for link in rows if _is_of(person, link)}


def masked(text: str) -> str:
    """A text from outside without the tokens in it: people quote and forward their task mails."""
    return TOKEN.sub(
        r"\1(…)",
        _ENCODED.sub(lambda one: "(…)" if TOKEN.search(_decoded(one[0])) else one[0], text),
    )


def _decoded(text: str) -> str:
    """What base64 says, whichever of its alphabets it is in."""
    plain = text.replace("-", "+").replace("_", "/")
    return b64decode(plain[: len(plain) // 4 * 4]).decode("latin-1")


def found(text: str) -> list[str]:
    """The tokens that a text from outside holds, each once, however their links were wrapped."""
    whole = "\n".join((text, *(_decoded(one[0]) for one in _ENCODED.finditer(text))))
    read = (f"{one[2]}-{_letters(one[3])}" for one in TOKEN.finditer(whole))
    return list(dict.fromkeys(read))


def _letters(mac: str) -> str:
    """A token's letters without what broke it."""
    return re.sub(r"[^a-z2-7]", "", re.sub(r"<wbr ?/?>", "", mac.lower()))


def known(session: Session, keys: Keys, text: str) -> Link | None:
    """The link to a task that a token belongs to, be it alive or not; None for what was never issued."""
    link = _link(session, keys, text)
    return link if link is not None and link.task_id is not None else None


def _link(session: Session, keys: Keys, text: str) -> Link | None:
    """The link of a token, if it was ever issued."""
    number, mac = tokens.parted(text)
    link = session.get(Link, number)
    if link is None or not tokens.fits(keys, _text(link), mac):
        return None
    return link


def issue_personal(session: Session, holder: Petugas, now: datetime, days: int) -> int:
    """A link to "tugas saya" alone, which opens no task by itself; its id."""
    moment = now.replace(microsecond=0)
    until = now + timedelta(days=days)
    row = Link(holder=holder.kode, mark=holder.mark, created_at=moment, expires_at=until)
    session.add(row)
    session.flush()
    return row.id


def _holder(settings: Settings, link: Link) -> Petugas:
    """Whose link it is. LinkError where nobody bears the code any more, or somebody else does (`expired`)."""
    person = settings.base.person(link.holder)
    if person is None or not person.owns(link.mark):
        raise LinkError(expired=person is not None)
    return person


def personal(session: Session, settings: Settings, text: str, now: datetime) -> tuple[int, Petugas]:
    """(link id, holder) of a token that still lives, with or without a task; LinkError otherwise."""
    link = _link(session, settings.keys, text)
    if link is None or now > link.expires_at:
        raise LinkError(expired=link is not None)
    return link.id, _holder(settings, link)


def newest(
    session: Session, holder: Petugas, task_ids: Collection[int], now: datetime
) -> dict[int, int]:
    """{task id: id of this holder's newest living link to it}."""
    query = select(Link.task_id, func.max(Link.id)).where(
        Link.holder == holder.kode,
        Link.mark.in_(("", holder.mark)),
        Link.task_id.in_(task_ids),
        Link.expires_at > now,
    )
    return {
        task_id: link_id
        for task_id, link_id in session.execute(query.group_by(Link.task_id))
        if task_id
    }


# Made once: every page begins so.
_NAMED = (
    select(Link, Task, Complaint)
    .join(Task, Task.id == Link.task_id)
    .outerjoin(Complaint, Complaint.id == Task.complaint_id)
    .where(Link.id == bindparam("number"))
)


def resolve(session: Session, settings: Settings, text: str, now: datetime) -> Opened:
    """The task and holder that a token names; LinkError otherwise. Never changes a row."""
    number, mac = tokens.parted(text)
    row = session.execute(_NAMED, {"number": number}).one_or_none()
    if row is None or not tokens.fits(settings.keys, _text(row[0]), mac):
        raise LinkError
    link, task, complaint = row
    _holder(settings, link)
    if now > link.expires_at and task.closed_at is None:
        raise LinkError(expired=True)
    alive = now <= link.expires_at  # one that was revoked, for it came back in a mail, ended then
    full = task.closed_at is None or (alive and now <= _shown_until(link, task.closed_at))
    return Opened(link.id, task, link.holder, full, alive, complaint)


def _shown_until(link: Link, closed_at: datetime) -> datetime:
    """How long the matter of a task that is done is shown behind a link. News of a case that went on long ago bring a
    link of their own (`tasks.window`): whoever is told is to see it."""
    return max(closed_at, link.created_at) + SHOWN_AFTER_CLOSING


def sweep(session: Session, before: datetime, most: int) -> int:
    """Forget links that ended before then and lead to nothing that is open; how many.

    Not the newest of all: SQLite would give its id to another, and a stored mail names its links by their ids.
    """
    newest = select(func.max(Link.id)).scalar_subquery()
    closed = select(Task.id).where(Task.closed_at.is_not(None))
    waits_for_code = select(Confirmation.link_id)
    old = select(Link.id).where(
        Link.expires_at < before,
        or_(Link.task_id.is_(None), Link.task_id.in_(closed)),
        Link.id < newest,
        Link.id.not_in(waits_for_code),
    )
    forgotten = session.execute(delete(Link).where(Link.id.in_(old.limit(most))))
    return forgotten.rowcount  # type: ignore[attr-defined,no-any-return]


def revoke(session: Session, link_ids: Iterable[int], now: datetime) -> None:
    """End these links at once: their tokens have come back to us in a mail, which is kept as it is."""
    gone = now - timedelta(seconds=1)  # a link still lives in the second of its end
    returned = select(Link).where(Link.id.in_(list(link_ids)))
    for link in session.scalars(returned):
        link.expires_at = min(link.expires_at, gone)
