"""What is wrong with the running as a whole: a lane that is late, a clock that went back, a disk that is full.

Hides where each is read. Asked by `/sehat`, by `aduan check` and by the alarm; nothing is changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from pipeline.data.damage import MARK, is_damage
from pipeline.data.engine import reading
from pipeline.data.places import PlaceError
from pipeline.data.states import MailState
from pipeline.data.tables import Lane, Outbox, Seal
from pipeline.mail import outbox
from pipeline.notices import it_officer
from pipeline.office.config import Settings
from pipeline.office.words import word
from pipeline.work import Work

LANES = (
    "mail",
    "scans",
    "take_in",
    "slips",
    "letters",
    "pictures",
    "remind",
    "seal",
    "reconcile",
    "verify",
    "drill",
    "send",
)
# A lane in which one piece of work may take long: a stack of a hundred pages, letters for many cases.
SLOW: Mapping[str, timedelta] = {
    "slips": timedelta(hours=4),
    "pictures": timedelta(hours=1),
    "letters": timedelta(hours=1),
    "reconcile": timedelta(hours=2),
    "verify": timedelta(hours=26),  # once a day, and a large file takes its time
    "drill": timedelta(days=40),  # once a month
}
PAUSE = timedelta(minutes=10)  # the longest that a lane waits of itself, save the mailboxes'
BACK = timedelta(minutes=-2)  # machines set their clocks by less
ROOM = 50 * 2**20  # bytes that the disk of the database needs
STAFF = 2  # officials whose mail is refused: of one alone the IT officer hears by mail
RECENT = timedelta(days=3)


@dataclass(frozen=True)
class Trouble:
    """`kind` is a name at [detak] of istilah.toml: a lane, or what is wrong beside the lanes. `at`: when it last went
    well, or the time that is wrong."""

    kind: str
    at: datetime | None = None


def limit(settings: Settings, lane: str) -> timedelta:
    """How long a lane may be silent."""
    kind = lane.split()[0]
    pause = PAUSE
    if kind == "mail":
        pause = timedelta(seconds=max(box.every_seconds for box in settings.mailboxes))
    allowed = timedelta(minutes=settings.petugas_ti.alarm_menit)
    return allowed + pause + SLOW.get(kind, timedelta())


def judge(settings: Settings, lane: str, age: timedelta, at: datetime) -> Trouble | None:
    """What the age of a lane's last good run says; below zero its time lies in the future."""
    if age < BACK:
        return Trouble("jam", at)
    return Trouble(lane.split()[0], at) if age > limit(settings, lane) else None


def lanes(work: Work, since: datetime | None) -> list[Trouble]:
    """Lanes that are late by what the database says; one that never ran counts from `since`, when the process began
    (None: it may be that nothing runs yet)."""
    known = {row.name: row for row in work.session.scalars(select(Lane))}
    boxes = [f"mail {n}" for n in range(2, len(work.settings.mailboxes) + 1)]
    names = [*LANES, *(name for name in boxes if name in known)]
    found = []
    for name in names:
        at = (known[name].ok_at if name in known else None) or since
        trouble = judge(work.settings, name, work.now - at, at) if at else None
        found += [trouble] if trouble else []
    return found


def disk(settings: Settings, engine: Engine) -> list[Trouble]:
    """Whether the disk under a SQLite file is full, so that nothing can be kept any more."""
    file = engine.url.database
    if engine.dialect.name != "sqlite" or not file or file == ":memory:":
        return []
    return [Trouble("disk")] if shutil.disk_usage(Path(file).parent).free < ROOM else []


def staff(work: Work) -> list[Trouble]:
    """Whether mail reaches no official any more: of each the newest mail was refused."""
    addresses = {person.email.lower() for person in work.settings.petugas}
    ended = select(func.lower(Outbox.recipient), Outbox.state).where(
        outbox.to(*addresses),
        Outbox.state.in_((MailState.SENT, MailState.DEAD)),
        Outbox.date > work.now - RECENT,
    )
    newest: dict[str, MailState] = dict(work.session.execute(ended.order_by(Outbox.id)).all())
    all_refused = all(state == MailState.DEAD for state in newest.values())
    enough = len(newest) >= min(STAFF, len(addresses))
    return [Trouble("petugas")] if all_refused and enough else []


def seal_ahead(work: Work) -> list[Trouble]:
    """A seal of a day that has not ended: written while the clock was ahead, it keeps the days until then unsealed."""
    newest = work.session.scalar(select(func.max(Seal.day)))
    today = work.now.astimezone(work.settings.zone).date()
    if newest is None or newest < today:
        return []
    return [Trouble("segel")]


def damaged(work: Work) -> list[Trouble]:
    """Whether a lane has met a broken page of the database; `at`: when."""
    rows = work.session.scalars(select(Lane).where(Lane.failures > 0, Lane.error.startswith(MARK)))
    return [Trouble("rusak", row.failed_at) for row in rows][:1]


def away(work: Work) -> list[Trouble]:
    """Whether a lane cannot reach where the office's bytes lie; `at`: when it met that."""
    met = Lane.error.startswith(f"{PlaceError.__name__}:")
    rows = work.session.scalars(select(Lane).where(Lane.failures > 0, met))
    return [Trouble("simpanan", row.failed_at) for row in rows][:1]


def _unreadable(error: Exception) -> Trouble:
    return Trouble("rusak" if is_damage(error) else "basis_data")


def look(engine: Engine, settings: Settings, now: datetime) -> list[Trouble]:
    """All that is wrong beside the lanes' ages."""
    try:
        with reading(engine) as session:
            refused = [Trouble("antrean")] if it_officer.waits(session, "antrean") else []
            work = Work(session, settings, now)
            found = [*refused, *staff(work), *seal_ahead(work), *damaged(work), *away(work)]
    except (SQLAlchemyError, OSError) as error:
        found = [_unreadable(error)]
    try:
        return found + disk(settings, engine)
    except OSError:
        return [*found, Trouble("disk")]


def health(
    engine: Engine, settings: Settings, now: datetime, since: datetime | None
) -> list[Trouble]:
    """What keeps this installation from working now: for a monitor outside."""
    try:
        with reading(engine) as session:
            work = Work(session, settings, now)
            found = lanes(work, since) + damaged(work) + away(work)
        return found + disk(settings, engine)
    except (SQLAlchemyError, OSError) as error:
        return [_unreadable(error)]


def sentence(troubles: Sequence[Trouble]) -> str:
    """What is wrong, each once, joined as one says it."""
    said = list(dict.fromkeys(word(f"detak.{one.kind}") for one in troubles))
    if len(said) < 2:
        return "".join(said)
    *first, last = said
    return f"{', '.join(first)} {word('detak.dan')} {last}"
