"""Browsers that a holder is known by, and the code that makes one known.

A link may be forwarded; what it opens may be read, but the first act in an unknown browser waits for a code that goes
to the holder's own mailbox. Hides codes, their tries and the signed cookie. The act waits in the database, files
included, so that nobody has to type it twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from pipeline.access import tokens
from pipeline.access.tokens import Keys
from pipeline.data.tables import Browser, Confirmation, ConfirmationFile
from pipeline.office.config import Petugas

LIFE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=10)
TRIES = 5
HOUR = timedelta(hours=1)
CODES_OF_BROWSER, CODES_OF_LINK = 3, 5  # in an hour, of those that nobody entered
WRONG_OF_LINK = (
    10  # wrong codes while acts are kept: one in 100,000 to guess it, then the link ends
)
GUEST = "tamu."  # stands for the person in the cookie of a browser that is not known; no code of a person has a dot
ENDED = timedelta(days=30)  # how long the row of a browser that is no longer known is kept
KEPT = timedelta(hours=12)  # how long an act waits at most


class Misuse(StrEnum):
    """Why no further code is sent."""

    PERAMBAN = "peramban"  # this browser has asked often enough; others may
    TAUTAN = "tautan"  # somebody keeps asking by this link: it ends, and its holder gets another


@dataclass(frozen=True)
class Held:
    """An act as it was sent: which form, what was typed, which files."""

    deed: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    seen: int = 0
    waiting: int = 0  # id of the row in which it waited for its code; 0 where none was asked for


# ---- known browsers ------------------------------------------------------------------------------------------


def cookie_name(person: str, secure: bool) -> str:
    """Several people may share a computer of the office: each has a cookie of their own.

    Over TLS its name keeps out one that another host of the domain has set (RFC 6265bis, 4.1.3.2).
    """
    return f"__Host-aduan_{person}" if secure else f"aduan_{person}"


def _text(row: Browser) -> str:
    return f"peramban|{row.id}|{row.person}|{row.created_at.timestamp():.0f}|{row.mark}"


def known(session: Session, keys: Keys, person: Petugas, cookie: str, now: datetime) -> bool:
    """Whether this cookie was given to this person, still lives and has not been revoked."""
    number, mac = tokens.parted(cookie)
    row = session.get(Browser, number)
    if row is None or now >= row.expires_at:
        return False
    if row.person != person.kode or row.mark != person.mark:
        return False
    return tokens.fits(keys, _text(row), mac)


def remember(session: Session, keys: Keys, person: Petugas, agent: str, now: datetime) -> str:
    """Make a browser known; the cookie's value."""
    moment = now.replace(microsecond=0)
    until = moment + LIFE
    row = Browser(
        person=person.kode, mark=person.mark, agent=agent[:200], created_at=moment, expires_at=until
    )
    session.add(row)
    session.flush()
    return tokens.made(keys, row.id, _text(row))


def listed(session: Session, now: datetime) -> list[Browser]:
    """Those that are known now, by person."""
    return list(
        session.scalars(
            select(Browser).where(Browser.expires_at > now).order_by(Browser.person, Browser.id)
        )
    )


def revoke(
    session: Session, now: datetime, *, browser_id: int | None = None, person: str = ""
) -> int:
    """Forget one browser, or all of a person; how many those were."""
    mine = Browser.id == browser_id if browser_id is not None else Browser.person == person
    rows = list(session.scalars(select(Browser).where(mine, Browser.expires_at > now)))
    for row in rows:
        row.expires_at = now
    return len(rows)


# ---- acts that wait for a code -------------------------------------------------------------------------------


def refusal(session: Session, link_id: int, browser: str, now: datetime) -> Misuse | None:
    """Why no further code may be sent to this browser by this link, if that is so.

    A browser alone is no bound (a stranger drops its cookie), a person alone lets a stranger lock out the holder: so
    it is the link, and the holder has others in their mailbox, or gets one by "minta tautan".
    """
    since = now - HOUR
    sent = select(func.coalesce(func.sum(Confirmation.sent), 0)).where(
        Confirmation.link_id == link_id, Confirmation.sent_at > since
    )
    if (session.scalar(sent) or 0) >= CODES_OF_LINK:
        return Misuse.TAUTAN
    if (session.scalar(sent.where(Confirmation.browser == browser)) or 0) >= CODES_OF_BROWSER:
        return Misuse.PERAMBAN
    return None


def hold(
    session: Session, keys: Keys, link_id: int, person: str, held: Held, now: datetime, browser: str
) -> tuple[int, str]:
    """Keep an act until its code is entered in this browser: (id, code). Ask `refusal` first."""
    _forget_old(session, now)
    row = Confirmation(
        link_id=link_id,
        person=person,
        browser=browser,
        deed=held.deed,
        data={name: list(many) for name, many in held.values.items()},
        seen=held.seen,
        sent_at=now,
    )
    session.add(row)
    session.flush()
    for name, (filename, content) in held.files.items():
        session.add(
            ConfirmationFile(confirmation_id=row.id, field=name, name=filename, content=content)
        )
    return row.id, new_code(session, keys, row, now)


def new_code(session: Session, keys: Keys, row: Confirmation, now: datetime) -> str:
    """A code for an act that waits; the one before is dead. Ask `refusal` first."""
    code = f"{secrets.randbelow(10**6):06d}"
    row.code = tokens.mac(keys, _code_text(row.id, code))
    row.sent_at, row.tries, row.sent = now, 0, (row.sent or 0) + 1
    session.flush()
    return code


def _code_text(row_id: int, code: str) -> str:
    return f"kode|{row_id}|{code}"


def waiting(
    session: Session, confirmation_id: int, link_id: int, browser: str, *, locked: bool = False
) -> Confirmation | None:
    """The act of this link that waits in this browser; None if there is none (any more). `locked`: for a code that is
    tried or sent anew, in a transaction that writes."""
    row = session.get(Confirmation, confirmation_id, with_for_update=locked or None)
    if row is None or row.link_id != link_id or row.used_at is not None:
        return None
    return row if row.browser == browser else None


def state(row: Confirmation, now: datetime) -> Literal["berlaku", "habis"]:
    return "berlaku" if row.tries < TRIES and now < row.sent_at + CODE_LIFE else "habis"


def enter(session: Session, keys: Keys, row: Confirmation, code: str, now: datetime) -> bool:
    """Try a code: True if it is right and in time. A wrong one counts; commit either way.

    A right one is spent by the transaction of the act (`spend`), so that it is good again if that one fails.
    """
    if state(row, now) == "habis":
        return False
    digits = "".join(c for c in code if c.isdigit())
    if not tokens.fits(keys, _code_text(row.id, digits), row.code):
        row.tries += 1
        row.wrong += 1
        return False
    row.sent = 0  # only codes that nobody could enter are held against the link
    return True


def guessed(session: Session, link_id: int, now: datetime) -> bool:
    """Whether somebody is guessing codes behind this link."""
    wrong = select(func.coalesce(func.sum(Confirmation.wrong), 0)).where(
        Confirmation.link_id == link_id, Confirmation.sent_at > now - KEPT
    )
    return (session.scalar(wrong) or 0) >= WRONG_OF_LINK


def kept(session: Session, row: Confirmation) -> Held:
    """The act whose code was right."""
    files = list(
        session.scalars(select(ConfirmationFile).where(ConfirmationFile.confirmation_id == row.id))
    )
    return Held(
        row.deed, dict(row.data), {f.field: (f.name, f.content) for f in files}, row.seen, row.id
    )


def spend(session: Session, held: Held, now: datetime) -> bool:
    """Use up the code of an act, in the transaction that carries it out: what was kept of it is erased. False when
    it has been carried out already; an act that never waited is fine."""
    if not held.waiting:
        return True
    row = session.get(Confirmation, held.waiting, with_for_update=True, populate_existing=True)
    if row is None or row.used_at is not None:
        return False
    session.execute(delete(ConfirmationFile).where(ConfirmationFile.confirmation_id == row.id))
    row.used_at, row.data = now, {}
    return True


def forget(session: Session, link_ids: Collection[int]) -> None:
    """Erase the acts of these links that wait for a code, and their files."""
    _erase(session, Confirmation.link_id.in_(link_ids))


def _erase(session: Session, which: ColumnElement[bool]) -> int:
    """Erase acts that wait, their files first; how many acts."""
    acts = select(Confirmation.id).where(which)
    session.execute(delete(ConfirmationFile).where(ConfirmationFile.confirmation_id.in_(acts)))
    return session.execute(delete(Confirmation).where(which)).rowcount  # type: ignore[attr-defined,no-any-return]


def sweep(session: Session, now: datetime) -> int:
    """Forget acts that nobody confirmed, with their codes and files, and browsers that ended a month ago; how many."""
    acts = _forget_old(session, now)
    browsers = session.execute(delete(Browser).where(Browser.expires_at < now - ENDED))
    return acts + browsers.rowcount  # type: ignore[attr-defined,no-any-return]


def _forget_old(session: Session, now: datetime) -> int:
    return _erase(session, Confirmation.sent_at < now - KEPT)
