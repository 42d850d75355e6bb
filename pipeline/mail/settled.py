"""What mails of a case that is over said: their texts stand together in a pack, for they repeat each other.

Hides where a text stands. Sixteen mails of a case say much the same of it: one by one they take 3.8 KB, together 1.8.
A mail says by `pack_id` in which pack its text is; one that is not over, or is of no case, keeps its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from time import monotonic

from sqlalchemy import Engine, delete, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from pipeline.data.engine import let_others_write, writing
from pipeline.data.packed import RUINED
from pipeline.data.states import MailState
from pipeline.data.tables import LOOSE, Complaint, MailPack, Outbox

ENDED = (MailState.SENT, MailState.DEAD, MailState.FOLDED, MailState.VOID)  # once somebody was told
CASES = 10  # a transaction, so that nobody waits long for the writer
MOST = 100  # mails of a pack: to read one, all of them are unpacked


class Texts:
    """Texts of mails, wherever they stand. The pack that was read last stays at hand: mails of a case follow each
    other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._at_hand: tuple[int, Mapping[int, str]] = (0, {})

    def of(self, mail_id: int, own: str, pack_id: int | None) -> str:
        """`own`: what the mail's row has. RUINED where the pack lacks it or is damaged."""
        return own if pack_id is None else self._pack(pack_id).get(mail_id, RUINED)

    def _pack(self, pack_id: int) -> Mapping[int, str]:
        if self._at_hand[0] != pack_id:
            said = self._session.scalar(select(MailPack.texts).where(MailPack.id == pack_id))
            self._at_hand = pack_id, said or {}
        return self._at_hand[1]


def pack(engine: Engine, before: datetime, seconds: float = math.inf) -> int:
    """Put together what the mails of cases that were over before then said, where these show no HTML any more; how
    many mails. What is not done in so many seconds is left for the next time."""
    packed, last, until = 0, 0, monotonic() + seconds
    while True:
        with writing(engine) as session:
            cases = _over(session, before, last)
            packed += _packed(session, cases)
        if len(cases) < CASES or monotonic() > until:
            return packed
        last = cases[-1]
        let_others_write(engine)


def _over(session: Session, before: datetime, after: int) -> Sequence[int]:
    """The next cases with mails to pack."""
    found = select(Outbox.complaint_id).join(Complaint, Complaint.id == Outbox.complaint_id)
    found = found.where(sql(LOOSE), Outbox.complaint_id > after, Complaint.closed_at < before)
    found = found.where(Outbox.state.in_(ENDED), Outbox.told).distinct()
    cases = session.scalars(found.order_by(Outbox.complaint_id).limit(CASES))
    return [one for one in cases if one is not None]


def _packed(session: Session, cases: Sequence[int]) -> int:
    mine = select(Outbox.complaint_id, Outbox.id, Outbox.text)
    mine = mine.where(sql(LOOSE), Outbox.complaint_id.in_(cases))
    mine = mine.where(Outbox.state.in_(ENDED), Outbox.told).order_by(Outbox.id)
    by_case: dict[int | None, list[tuple[int, str]]] = defaultdict(list)
    for complaint_id, mail_id, text in session.execute(mine):
        if text != RUINED:  # its bytes stay: a copy may tell what they were
            by_case[complaint_id].append((mail_id, text))
    for complaint_id, mails in by_case.items():
        for start in range(0, len(mails), MOST):
            _put(session, complaint_id, dict(mails[start : start + MOST]))
    return sum(map(len, by_case.values()))


def _put(session: Session, complaint_id: int | None, texts: dict[int, str]) -> None:
    made = MailPack(complaint_id=complaint_id, texts=texts)
    session.add(made)
    session.flush()
    moved = update(Outbox).where(Outbox.id.in_(texts)).values(text="", pack_id=made.id)
    session.execute(moved, execution_options={"synchronize_session": False})


def forget(session: Session, mails: Iterable[int]) -> None:
    """Take away what these mails said, where it stands in a pack; the others of the pack keep theirs."""
    ids = set(mails)
    holding = select(Outbox.pack_id).where(Outbox.id.in_(ids), Outbox.pack_id.is_not(None))
    for one in session.scalars(select(MailPack).where(MailPack.id.in_(holding))).all():
        left = {mail_id: text for mail_id, text in one.texts.items() if mail_id not in ids}
        if left:
            one.texts = left
        else:
            session.execute(delete(MailPack).where(MailPack.id == one.id))
