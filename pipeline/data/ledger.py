"""What arrived and where it was seen (DESIGN rules 1 and 2). The one writer of `item` and `sighting`.

Hides that one item may lie in many places: a sighting (mailbox, folder, UIDVALIDITY, UID; or a path) points to an
item, which is unique by the hash of its bytes. What an item is for is `intake`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import chain

from sqlalchemy import String, cast, func, insert, literal, or_, select, text, update
from sqlalchemy.orm import Session

from pipeline.data import store
from pipeline.data.engine import exclusive
from pipeline.data.states import ItemState
from pipeline.data.store import Content
from pipeline.data.tables import UNLOOKED, Complaint, Item, Sighting

BY_SCANNER = "email pemindai"  # mailbox of scans that a scanner's mail brought; the folder is that mail's item
NEW_CASE = "pengaduan baru"  # why an item is done that became a complaint
BY_PATH = ("pindaian", "impor")  # mailboxes whose folder is a path, with names that somebody gave
# What a mail's writer made, and what says how its body reads. All else comes from the way it took: relays, filters and
# mailboxes add fields of any name, lists and group addresses rewrite Sender, Reply-To, To and Cc.
_WRITTEN = re.compile(
    rb"^(from|subject|date|message-id|in-reply-to|references|content-(?:type|transfer-encoding|disposition))[ \t]*:"
    rb"([^\n]*(?:\n[ \t][^\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_ESCAPED = re.compile(
    rb"\n>+From "
)  # mbox archives do that, some to lines that were escaped already
_MAYBE_ESCAPED = re.compile(rb">+(?:F(?:r(?:om?)?)?)?")


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
    """A hash of what the writer of a mail made: copies sent to several of our addresses agree, whatever each met on its
    way, and so does one that comes out of an archive, whatever its line ends and escaped lines are there."""
    pieces = store.parts(content)
    head, body = _halves(next(pieces))
    found = sha256(head)
    rest = b"\n"  # what only the next piece tells: line ends that may be the last ones, the start of an escaped line
    for piece in chain([body], pieces):
        text = rest + piece.replace(b"\r", b"")
        if b">" in text:  # fast to tell, and most mails are base64 for the most part
            text = _ESCAPED.sub(b"\nFrom ", text)
        start = text.rfind(b"\n") + 1
        known = text[:start] if start and _MAYBE_ESCAPED.fullmatch(text, start) else text
        known = known.rstrip(b"\n")
        found.update(known)
        rest = text[len(known) :]
    found.update(rest.rstrip(b"\n"))
    return found.hexdigest()


def twin_of_head(content: Content) -> str:
    """The twin that a mail has while its head alone is kept."""
    return sha256(_halves(next(store.parts(content)))[0]).hexdigest()


def _halves(start: bytes) -> tuple[bytes, bytes]:
    """The fields of the head that its writer made, and what follows it, of a mail's first piece."""
    start = start.lstrip(b"\r\n")
    crlf = start.find(b"\n\r\n")
    end = start.find(b"\n\n", 0, crlf if crlf >= 0 else len(start))
    if end < 0:
        end = crlf if crlf >= 0 else len(start)
    fields = [
        b"%b:%b\n" % (name.lower(), b" ".join(value.split()))
        for name, value in _WRITTEN.findall(start[:end])
    ]
    return b"".join(sorted(fields)), start[end:].lstrip(b"\r\n")


def receive(
    session: Session, source: str, found: Sequence[tuple[Content, Arrival]], now: datetime
) -> list[Item]:
    """Keep bytes and where they were seen, in the order given. The same bytes are one item, however often seen.

    `source` is "mail" or "scan".
    """
    exclusive(session, "ledger")
    seen = [(store.digest_of(content), content, arrival) for content, arrival in found]
    digests = [digest for digest, _, _ in seen]
    items = _here(session, digests)
    fresh = {digest: content for digest, content, _ in seen if digest not in items}
    twins = {one: twin_of(fresh[one]) if source == "mail" else one for one in fresh}
    unwanted = _unwanted(session, items.values(), twins)
    store.put_all(session, [content for digest, content, _ in seen if digest not in unwanted])
    store.note_erased(session, unwanted)
    for digest, _, arrival in seen:
        if digest in items:
            continue
        items[digest] = Item(
            sha256=digest,
            twin=twins[digest],
            source=source,
            name=arrival.name,
            state=ItemState.NEW,
            received_at=min(arrival.at, now),
        )
        if digest in unwanted:
            items[digest].name, items[digest].state = "", ItemState.ERASED
        session.add(items[digest])
    session.flush()
    _note_sightings(session, [(arrival, items[digest].id) for digest, _, arrival in seen], now)
    return [items[digest] for digest in digests]


def _here(session: Session, digests: Collection[str]) -> dict[str, Item]:
    found = session.scalars(select(Item).where(Item.sha256.in_(digests)))
    return {item.sha256: item for item in found}


def _unwanted(session: Session, items: Iterable[Item], twins: Mapping[str, str]) -> set[str]:
    """Digests of what was erased: it does not come back, nor does its twin."""
    forgotten = _forgotten(session, twins.values())
    returned = {digest for digest, twin in twins.items() if twin in forgotten}
    return returned | {item.sha256 for item in items if item.state == ItemState.ERASED}


def _note_sightings(
    session: Session, arrivals: Sequence[tuple[Arrival, int]], now: datetime
) -> None:
    """Where each item was seen, once a place."""
    known = _known(session, [arrival for arrival, _ in arrivals])
    places = {_place(arrival): item_id for arrival, item_id in arrivals}
    rows = [
        {**dict(zip(PLACE, place, strict=True)), "item_id": item_id, "seen_at": now}
        for place, item_id in places.items()
        if place not in known
    ]
    if rows:
        session.execute(insert(Sighting), rows)


def _forgotten(session: Session, twins: Iterable[str]) -> set[str]:
    """Which twins are those of mails that were erased: a copy that is seen again must not bring their words back."""
    wanted = set(twins)
    query = select(Item.twin).where(Item.twin.in_(wanted), Item.state == ItemState.ERASED)
    return set(session.scalars(query)) if wanted else set()


Place = tuple[str, str, int, int]
PLACE = ("mailbox", "folder", "uidvalidity", "uid")  # columns of a sighting that name one


def _place(arrival: Arrival) -> Place:
    return arrival.mailbox, arrival.folder, arrival.uidvalidity, arrival.uid


def _known(session: Session, arrivals: list[Arrival]) -> set[Place]:
    """Which of these places have a sighting already."""
    folders = {(a.mailbox, a.folder, a.uidvalidity) for a in arrivals}
    return {
        (*folder, uid)
        for folder in folders
        for uid in seen(
            session,
            *folder,
            [a.uid for a in arrivals if (a.mailbox, a.folder, a.uidvalidity) == folder],
        )
    }


def seen(
    session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Sequence[int]
) -> set[int]:
    """Which of these UIDs the ledger knows already."""
    if not uids:
        return set()
    query = select(Sighting.uid).where(
        Sighting.mailbox == mailbox,
        Sighting.folder == folder,
        Sighting.uidvalidity == uidvalidity,
        Sighting.uid.between(min(uids), max(uids)),
    )
    return set(session.scalars(query)).intersection(uids)


def found_again(session: Session, arrival: Arrival, item_id: int, now: datetime) -> None:
    """Note where a settled message lies now: under its new UID in Diproses or Ditahan."""
    mailbox, folder, uidvalidity, uid = _place(arrival)
    session.add(
        Sighting(
            mailbox=mailbox,
            folder=folder,
            uidvalidity=uidvalidity,
            uid=uid,
            item_id=item_id,
            seen_at=now,
            moved_at=now,
        )
    )


def settled(
    session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Sequence[int] = ()
) -> dict[ItemState, list[int]]:
    """UIDs whose item is settled but that still lie where they were seen, by the item's state (done, held).

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
            Item.state.in_((ItemState.DONE, ItemState.HELD, ItemState.ERASED)),
        )
        .order_by(Sighting.uid)
    )
    if uids:
        query = query.where(Sighting.uid.in_(uids))
    found: dict[ItemState, list[int]] = {}
    for uid, state in session.execute(query):
        found.setdefault(ItemState.DONE if state == ItemState.ERASED else state, []).append(uid)
    return found


def _set_moved(
    session: Session, place: tuple[str, str, int], uids: Sequence[int], at: datetime | None
) -> None:
    mailbox, folder, uidvalidity = place
    of_them = (
        Sighting.mailbox == mailbox,
        Sighting.folder == folder,
        Sighting.uidvalidity == uidvalidity,
        Sighting.uid.in_(uids),
    )
    session.execute(update(Sighting).where(*of_them).values(moved_at=at))


def moved(
    session: Session,
    mailbox: str,
    folder: str,
    uidvalidity: int,
    uids: Sequence[int],
    now: datetime,
) -> None:
    """Note that these messages lie in their folder for settled mail now."""
    _set_moved(session, (mailbox, folder, uidvalidity), uids, now)


def said_to_be_moved(
    session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Sequence[int]
) -> list[int]:
    """Which of these messages, that lie in the folder, the server said it had moved out of it."""
    if not uids:
        return []
    query = select(Sighting.uid).where(
        Sighting.mailbox == mailbox,
        Sighting.folder == folder,
        Sighting.uidvalidity == uidvalidity,
        Sighting.uid.between(min(uids), max(uids)),
        Sighting.moved_at.is_not(None),
    )
    return sorted(set(session.scalars(query)).intersection(uids))


def not_moved(
    session: Session, mailbox: str, folder: str, uidvalidity: int, uids: Sequence[int]
) -> None:
    """Take back that these have been moved, so that it is tried again."""
    _set_moved(session, (mailbox, folder, uidvalidity), uids, None)


def new_items(session: Session) -> list[int]:
    """Ids of items that nobody has looked at yet, in the order in which they came."""
    return list(
        session.scalars(
            select(Item.id).where(Item.state == ItemState.NEW).order_by(Item.received_at, Item.id)
        )
    )


def originals(session: Session, items: Iterable[Item]) -> dict[str, int]:
    """{twin: the oldest item that has it}: of two copies the older one has to become the complaint."""
    query = select(Item.twin, func.min(Item.id)).where(Item.twin.in_({item.twin for item in items}))
    return dict(session.execute(query.group_by(Item.twin)).all())


def heads(session: Session) -> dict[str, Item]:
    """{twin: the oldest mail that has it} of those that are held and of which the head alone is kept."""
    query = (
        select(Item)
        .where(Item.full_size.is_not(None), Item.state == ItemState.HELD)
        .order_by(Item.id.desc())
    )
    return {item.twin: item for item in session.scalars(query)}


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


def readable(item: Item) -> bool:
    """Whether a held item is a mail of which the whole is here, so that it can be taken in as it is."""
    return item.source == "mail" and item.full_size is None


def named(item: Item, message_id: str, subject: str) -> None:
    """Note what a mail is called, once it could be read."""
    item.message_id, item.name = message_id, subject[:200]


def head_only(item: Item, subject: str, size: int) -> None:
    """Note that only the head of a mail is kept, and how many bytes the whole has on the server."""
    item.name, item.full_size = subject[:200], size


def done(item: Item, reason: str) -> ItemState:
    """The item is settled; its state. `reason` says what became of it."""
    item.state, item.reason, item.agreed = ItemState.DONE, reason, False
    return item.state


def agree(session: Session) -> int:
    """Note of which settled items what they became is there, so that nobody looks at them every day; how many."""
    case = select(Complaint.id).where(Complaint.item_id == Item.id)
    place = select(Sighting.id).where(Sighting.item_id == Item.id)
    whole = (
        text(UNLOOKED),
        Item.state.in_((ItemState.DONE, ItemState.ERASED)),
        or_(Item.reason != NEW_CASE, case.exists()),
        place.exists(),
    )
    found = session.execute(
        update(Item).where(*whole).values(agreed=True),
        execution_options={"synchronize_session": False},
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


def hold(item: Item, reason: str) -> None:
    """The item could not be taken in; a person is to look at it."""
    item.state, item.reason, item.agreed = ItemState.HELD, reason, False
    item.attempts += 1


def erase(session: Session, item: Item) -> None:
    """Forget what a settled item says of its writer; that it came stays, so that a copy is known as one."""
    item.state, item.name, item.message_id, item.reason = ItemState.ERASED, "", "", ""
    named = update(Sighting).where(Sighting.item_id == item.id, Sighting.mailbox.in_(BY_PATH))
    session.execute(
        named.values(folder=literal(f"{ItemState.ERASED} ").concat(cast(Sighting.id, String)))
    )


def copies(session: Session, item_ids: Collection[int]) -> set[int]:
    """Items that the same writer made at once with these: a mail to two of our addresses. Themselves among them."""
    mine = select(Item.twin).where(Item.id.in_(item_ids))
    return set(session.scalars(select(Item.id).where(Item.twin.in_(mine))))


def bearers(session: Session, scan_ids: Collection[int]) -> tuple[set[int], set[int]]:
    """The scanner's mails in which these scans came, each whole inside: those of which nothing else is kept, and those
    that bear other scans still."""
    came = select(Sighting.folder).where(
        Sighting.mailbox == BY_SCANNER, Sighting.item_id.in_(scan_ids)
    )
    mails = set(session.scalars(came))
    others = select(Sighting.folder).join(Item, Item.id == Sighting.item_id)
    others = others.where(Sighting.mailbox == BY_SCANNER, Sighting.folder.in_(mails))
    kept = set(
        session.scalars(others.where(Item.state != ItemState.ERASED, Item.id.not_in(scan_ids)))
    )
    return {int(one) for one in mails - kept}, {int(one) for one in kept}


def accept(item: Item) -> None:
    """A person has looked at a held mail: it is taken in once more, as a person's."""
    item.state = ItemState.NEW
