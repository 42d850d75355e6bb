"""What a mail server refuses again and again, so that one message or one folder does not hold up all others.

Hides the growing pauses, and that each trouble is told once. The one writer of `mail_trouble`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from pipeline.data.tables import MailTrouble

FETCH, MOVE = "fetch", "move"
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440))  # then once a day
Place = tuple[str, str, int]  # mailbox, folder, UIDVALIDITY


def failed(
    session: Session, act: str, place: Place, uid: int, error: str, now: datetime
) -> MailTrouble:
    """Note one more failure, and when the next try may be."""
    row = _find(session, act, place, uid)
    if row is None:
        mailbox, folder, uidvalidity = place
        row = MailTrouble(
            act=act,
            mailbox=mailbox,
            folder=folder,
            uidvalidity=uidvalidity,
            uid=uid,
            tries=0,
            first_at=now,
        )
        session.add(row)
    row.tries += 1
    row.error = error[:500]
    row.next_at = now + PAUSES[min(row.tries, len(PAUSES)) - 1]
    session.flush()
    return row


def over(session: Session, act: str, place: Place, uids: Collection[int]) -> None:
    """Forget the troubles with these: what was refused has been done."""
    if uids:
        session.execute(delete(MailTrouble).where(*_at(act, place), MailTrouble.uid.in_(uids)))


def known(session: Session, act: str, place: Place) -> dict[int, datetime]:
    """{UID: when it may be tried again} of all that is refused at a place."""
    rows = select(MailTrouble.uid, MailTrouble.next_at).where(*_at(act, place))
    return dict(session.execute(rows).all())


def untold(session: Session, act: str, place: Place, uids: Collection[int]) -> list[MailTrouble]:
    """Which of these nobody has been told of, to be marked with `told_at` in the transaction that tells."""
    rows = select(MailTrouble).where(
        *_at(act, place), MailTrouble.uid.in_(uids), MailTrouble.told_at.is_(None)
    )
    return list(session.scalars(rows.order_by(MailTrouble.uid)))


def count(session: Session, act: str) -> int:
    """How many messages or folders are refused now."""
    return session.scalar(select(func.count(MailTrouble.id)).where(MailTrouble.act == act)) or 0


def _find(session: Session, act: str, place: Place, uid: int) -> MailTrouble | None:
    return session.scalar(select(MailTrouble).where(*_at(act, place), MailTrouble.uid == uid))


def _at(act: str, place: Place) -> tuple[ColumnElement[bool], ...]:
    mailbox, folder, uidvalidity = place
    return (
        MailTrouble.act == act,
        MailTrouble.mailbox == mailbox,
        MailTrouble.folder == folder,
        MailTrouble.uidvalidity == uidvalidity,
    )
