"""Browsers that a holder is known by, and the code that makes one known.

A link may be forwarded; what it opens may be read, but the first act in an unknown browser waits for a code that goes
to the holder's own mailbox. Hides codes, their tries and the signed cookie. The act waits in the database, files
included, so that nobody has to type it twice.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pipeline.db import Browser, Confirmation, ConfirmationFile

LIFE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=10)
TRIES = 5
CODES_PER_HOUR = 10  # to one person
KEPT = timedelta(hours=12)  # how long an act waits at most


class TooManyCodes(Exception):
    """This person has been sent as many codes in this hour as anybody may be."""


@dataclass(frozen=True)
class Held:
    """An act as it was sent: which form, what was typed, which files."""

    deed: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    seen: int = 0


# ---- known browsers ------------------------------------------------------------------------------------------


def cookie_name(person: str) -> str:
    """Several people may share a computer of the office: each has a cookie of their own."""
    return f"aduan_{person}"


def _mac(key: bytes, kind: str, text: str) -> str:
    return base64.b32encode(hmac.digest(key, f"{kind}|{text}".encode(), sha256)[:15]).decode().lower()


def _signature(key: bytes, row: Browser) -> str:
    return _mac(key, "peramban", f"{row.id}|{row.person}|{row.created_at.timestamp():.0f}")


def known(session: Session, key: bytes, person: str, cookie: str, now: datetime) -> bool:
    """Whether this cookie was given to this person, still lives and has not been revoked."""
    number, _, mac = cookie.partition("-")
    row = session.get(Browser, int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
    if row is None or row.person != person or now >= row.expires_at or not mac.isascii():
        return False
    return hmac.compare_digest(mac, _signature(key, row))


def remember(session: Session, key: bytes, person: str, agent: str, now: datetime) -> str:
    """Make a browser known; the cookie's value."""
    moment = now.replace(microsecond=0)
    row = Browser(person=person, agent=agent[:200], created_at=moment, expires_at=moment + LIFE)
    session.add(row)
    session.flush()
    return f"{row.id}-{_signature(key, row)}"


def listed(session: Session, now: datetime) -> list[Browser]:
    """Those that are known now, by person."""
    return list(session.scalars(select(Browser).where(Browser.expires_at > now).order_by(Browser.person, Browser.id)))


def revoke(session: Session, now: datetime, *, browser_id: int | None = None, person: str = "") -> int:
    """Forget one browser, or all of a person; how many those were."""
    mine = Browser.id == browser_id if browser_id is not None else Browser.person == person
    rows = list(session.scalars(select(Browser).where(mine, Browser.expires_at > now)))
    for row in rows:
        row.expires_at = now
    return len(rows)


# ---- acts that wait for a code -------------------------------------------------------------------------------


def hold(session: Session, key: bytes, link_id: int, person: str, held: Held, now: datetime) -> tuple[int, str]:
    """Keep an act until its code is entered: (id, code). TooManyCodes beyond so many an hour."""
    _forget_old(session, now)
    row = Confirmation(
        link_id=link_id,
        person=person,
        deed=held.deed,
        data={name: list(many) for name, many in held.values.items()},
        seen=held.seen,
        sent_at=now,
    )
    session.add(row)
    session.flush()
    for name, (filename, content) in held.files.items():
        session.add(ConfirmationFile(confirmation_id=row.id, field=name, name=filename, content=content))
    return row.id, _new_code(session, key, row, now)


def again(session: Session, key: bytes, row: Confirmation, now: datetime) -> str:
    """A new code for the same act; the one before is dead."""
    return _new_code(session, key, row, now)


def _new_code(session: Session, key: bytes, row: Confirmation, now: datetime) -> str:
    since = now - timedelta(hours=1)
    sent = select(func.coalesce(func.sum(Confirmation.sent), 0)).where(
        Confirmation.person == row.person, Confirmation.sent_at > since
    )
    if (session.scalar(sent) or 0) >= CODES_PER_HOUR:
        raise TooManyCodes
    code = f"{secrets.randbelow(10**6):06d}"
    row.code, row.sent_at, row.tries, row.sent = _code_mac(key, row.id, code), now, 0, (row.sent or 0) + 1
    session.flush()
    return code


def _code_mac(key: bytes, row_id: int, code: str) -> str:
    return _mac(key, "kode", f"{row_id}|{code}")


def waiting(session: Session, confirmation_id: int, link_id: int) -> Confirmation | None:
    """The act of this link that waits, locked; None if there is none (any more)."""
    row = session.get(Confirmation, confirmation_id, with_for_update=True)
    return row if row is not None and row.link_id == link_id and row.used_at is None else None


def state(row: Confirmation, now: datetime) -> Literal["berlaku", "habis"]:
    return "berlaku" if row.tries < TRIES and now < row.sent_at + CODE_LIFE else "habis"


def enter(session: Session, key: bytes, row: Confirmation, code: str, now: datetime) -> bool:
    """Try a code: True if it is right and in time. A wrong one counts; commit either way."""
    if state(row, now) == "habis":
        return False
    row.tries += 1
    digits = "".join(c for c in code if c.isdigit())
    if not hmac.compare_digest(row.code, _code_mac(key, row.id, digits)):
        return False
    row.used_at = now
    return True


def release(session: Session, row: Confirmation) -> Held:
    """The act whose code was right; what was kept of it is erased."""
    files = list(session.scalars(select(ConfirmationFile).where(ConfirmationFile.confirmation_id == row.id)))
    held = Held(row.deed, dict(row.data), {f.field: (f.name, f.content) for f in files}, row.seen)
    session.execute(delete(ConfirmationFile).where(ConfirmationFile.confirmation_id == row.id))
    row.data = {}
    return held


def _forget_old(session: Session, now: datetime) -> None:
    old = select(Confirmation.id).where(Confirmation.sent_at < now - KEPT)
    session.execute(delete(ConfirmationFile).where(ConfirmationFile.confirmation_id.in_(old)))
    session.execute(delete(Confirmation).where(Confirmation.sent_at < now - KEPT))
