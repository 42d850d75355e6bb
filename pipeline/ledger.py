"""What arrived and where it was seen (DESIGN rules 1 and 2). The one writer of `item` and `sighting`.

Hides that one item may lie in many places: a sighting (mailbox, folder, UIDVALIDITY, UID; or a path) points to an
item, which is unique by the hash of its bytes. What an item is for is `intake`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import chain

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from pipeline import store
from pipeline.db import Item, Sighting, exclusive
from pipeline.store import Content

TRACE = re.compile(
    rb"^(received|return-path|delivered-to|x-original-to|envelope-to|x-received|arc-[\w-]+|dkim-signature|"
    rb"authentication-results|received-spf|x-google-[\w-]+|x-gm-[\w-]+|x-gmail-[\w-]+|x-spam[\w-]*):",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Arrival:
    """Where and when an item was seen. A scan has its path as `folder` and zeros for the numbers."""

    mailbox: str
    folder: str
    uidvalidity: int
    uid: int
    at: datetime
    name: str = ""


def twin_of(content: Content) -> str:
    """A hash of a mail without the header fields that its way adds: copies sent to several of our addresses agree,
    and so does one that comes out of an archive, whatever its line ends are there."""
    pieces = store.parts(content)
    start = next(pieces)
    head, separator, body = start.partition(b"\r\n\r\n")
    if not separator:
        head, separator, body = start.partition(b"\n\n")
    kept, dropping = [], False
    for line in head.splitlines():
        if line[:1] not in (b" ", b"\t"):
            dropping = bool(TRACE.match(line))
        if not dropping:
            kept.append(line)
    found = sha256(b"\n".join(kept) + b"\n\n")
    rest = b""  # line ends that may be the last ones, which an archive adds to
    for piece in chain([body], pieces):
        text = (rest + piece).replace(b"\r", b"")
        body = text.rstrip(b"\n")
        found.update(body)
        rest = text[len(body) :]
    return found.hexdigest()


def receive(session: Session, source: str, found: Sequence[tuple[Content, Arrival]], now: datetime) -> list[Item]:
    """Keep bytes and where they were seen, in the order given. The same bytes are one item, however often seen.

    `source` is "mail" or "scan".
    """
    exclusive(session, "ledger")
    digests = store.put_all(session, [content for content, _ in found])
    items = {item.sha256: item for item in session.scalars(select(Item).where(Item.sha256.in_(digests)))}
    for digest, (content, arrival) in zip(digests, found, strict=True):
        if digest not in items:
            items[digest] = Item(
                sha256=digest,
                twin=twin_of(content) if source == "mail" else digest,
                source=source,
                name=arrival.name,
                state="new",
                received_at=min(arrival.at, now),
            )
            session.add(items[digest])
    session.flush()
    known = _known(session, [arrival for _, arrival in found])
    places = {_place(arrival): items[digest].id for digest, (_, arrival) in zip(digests, found, strict=True)}
    rows = [
        {
            "mailbox": place[0],
            "folder": place[1],
            "uidvalidity": place[2],
            "uid": place[3],
            "item_id": i,
            "seen_at": now,
        }
        for place, i in places.items()
        if place not in known
    ]
    if rows:
        session.execute(insert(Sighting), rows)
    return [items[digest] for digest in digests]


Place = tuple[str, str, int, int]


def _place(arrival: Arrival) -> Place:
    return arrival.mailbox, arrival.folder, arrival.uidvalidity, arrival.uid


def _known(session: Session, arrivals: list[Arrival]) -> set[Place]:
    """Which of these places have a sighting already."""
    folders = {(a.mailbox, a.folder, a.uidvalidity) for a in arrivals}
    return {
        (*folder, uid)
        for folder in folders
        for uid in seen(session, *folder, [a.uid for a in arrivals if (a.mailbox, a.folder, a.uidvalidity) == folder])
    }


def seen(session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> set[int]:
    """Which of these UIDs the ledger knows already."""
    wanted = set(uids)
    if not wanted:
        return set()
    query = select(Sighting.uid).where(
        Sighting.mailbox == mailbox,
        Sighting.folder == folder,
        Sighting.uidvalidity == uidvalidity,
        Sighting.uid.between(min(wanted), max(wanted)),
    )
    return {uid for uid in session.scalars(query) if uid in wanted}


def found_again(session: Session, arrival: Arrival, item_id: int, now: datetime) -> None:
    """Note where a settled message lies now: under its new UID in Diproses or Ditahan."""
    mailbox, folder, uidvalidity, uid = _place(arrival)
    session.add(
        Sighting(
            mailbox=mailbox, folder=folder, uidvalidity=uidvalidity, uid=uid,
            item_id=item_id, seen_at=now, moved_at=now,
        )
    )  # fmt: skip


def settled(
    session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Sequence[int] = ()
) -> dict[str, list[int]]:
    """UIDs whose item is settled but that still lie where they were seen, by the item's state ("done", "held").

    `uids` narrows the question to these.
    """
    query = (
        select(Sighting.uid, Item.state)
        .join(Item, Item.id == Sighting.item_id)
        .where(
            Sighting.mailbox == mailbox,
            Sighting.folder == folder,
            Sighting.uidvalidity == uidvalidity,
            Sighting.moved_at.is_(None),
            Item.state.in_(("done", "held")),
        )
        .order_by(Sighting.uid)
    )
    if uids:
        query = query.where(Sighting.uid.in_(uids))
    found: dict[str, list[int]] = {}
    for uid, state in session.execute(query):
        found.setdefault(state, []).append(uid)
    return found


def moved(session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Sequence[int], now: datetime) -> None:
    """Note that these messages lie in their folder for settled mail now."""
    session.execute(
        update(Sighting)
        .where(
            Sighting.mailbox == mailbox,
            Sighting.folder == folder,
            Sighting.uidvalidity == uidvalidity,
            Sighting.uid.in_(uids),
        )
        .values(moved_at=now)
    )


def new_items(session: Session) -> list[int]:
    """Ids of items that nobody has looked at yet, in the order in which they came."""
    return list(session.scalars(select(Item.id).where(Item.state == "new").order_by(Item.received_at, Item.id)))


def originals(session: Session, items: Iterable[Item]) -> dict[str, int]:
    """{twin: the oldest item that has it}: of two copies the older one has to become the complaint."""
    query = select(Item.twin, func.min(Item.id)).where(Item.twin.in_({item.twin for item in items}))
    return dict(session.execute(query.group_by(Item.twin)).all())


def doubled_ids(session: Session, items: Iterable[Item]) -> set[int]:
    """Which of these bear a Message-ID that an older mail with other content bears: some software uses one twice."""
    asked = {item.id: item for item in items if item.message_id}
    ids = {item.message_id for item in asked.values()}
    query = select(Item.message_id, Item.id, Item.twin).where(Item.message_id.in_(ids))
    bearers: dict[str, list[tuple[int, str]]] = {}
    for message_id, item_id, twin in session.execute(query) if ids else ():
        bearers.setdefault(message_id, []).append((item_id, twin))
    return {
        item.id
        for item in asked.values()
        if any(i < item.id and twin != item.twin for i, twin in bearers.get(item.message_id, ()))
    }
