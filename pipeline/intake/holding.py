"""What cannot be taken in by itself is held, with a task for the JFU; nothing is dropped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from pipeline import cases
from pipeline.cases.tasks import close_item, open_item_task
from pipeline.data import ledger, store
from pipeline.data.engine import writing
from pipeline.data.ledger import Arrival
from pipeline.data.states import ItemState
from pipeline.data.store import Content
from pipeline.data.tables import Item
from pipeline.files import kinds
from pipeline.mail.message import read
from pipeline.office.config import Settings
from pipeline.office.messages import say
from pipeline.office.sop import TaskKind
from pipeline.office.words import word
from pipeline.work import Work

log = logging.getLogger(__name__)


def hold_new(
    engine: Engine, settings: Settings, item_id: int, now: datetime, reason: str
) -> ItemState:
    """Hold an item unless somebody has settled it meanwhile; its state."""
    with writing(engine) as session:
        item = session.get_one(Item, item_id)
        if item.state != ItemState.NEW:
            return item.state
        return hold(Work(session, settings, now), item, reason)


def refuse(work: Work, arrival: Arrival, headers: bytes, size: int) -> None:
    """A mail beyond the limit: its head is kept, the JFU is told, the mail itself stays on the server."""
    before = ledger.heads(work.session)
    (item,) = ledger.receive(work.session, "mail", [(headers, arrival)], work.now)
    if item.state == ItemState.NEW:
        ledger.head_only(item, read(headers).subject, size)
        if item.twin in before:
            ledger.done(item, say("kiriman.salinan", nomor=before[item.twin].id))
        else:
            hold(work, item, word("ditahan.terlalu_besar", ukuran=kinds.size_words(size)))


def completed(work: Work, arrived: Sequence[tuple[Item, Content]]) -> None:
    """Of a mail whose head alone was kept the whole has come, for the limit was raised: nobody has to look at the head
    any more. Where the JFU has settled it by hand meanwhile, the whole is a copy of what is settled."""
    heads = ledger.heads(work.session)
    for item, content in arrived if heads else ():
        head = heads.get(ledger.twin_of_head(content))
        if (
            head is None
            or item.state != ItemState.NEW
            or not _as_large(store.length(content), head.full_size or 0)
        ):
            continue
        if head in cases.held_items(work.session):
            close_item(work, head.id, "terbaca")
            ledger.done(head, say("kiriman.lengkap", nomor=item.id))
        else:
            ledger.done(item, say("kiriman.salinan", nomor=head.id))


def _as_large(size: int, said: int) -> bool:
    """Servers only estimate what they say; 0 where it was not noted."""
    return not said or abs(size - said) <= said / 10


def hold(work: Work, item: Item, reason: str) -> ItemState:
    ledger.hold(item, reason)
    open_item_task(work, item, TaskKind.TERTAHAN, reason)
    return item.state


def hold_scan(work: Work, item: Item, reason: str) -> ItemState:
    """A scan that cannot be shown as slips: the JFU is told, and may type from the paper."""
    return hold(work, item, reason)
