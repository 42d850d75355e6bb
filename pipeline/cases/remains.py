"""What is left of a person in the database: looked for before an erasure, and after it in every row and every byte.

Hides where words lie: in columns, in JSON, in mails with their encodings, in Word files, and in the file of the
database itself, where a row that was deleted may still be read. Reads only.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Engine, String, Table, Text, func, or_, select
from sqlalchemy.orm import Session

from pipeline.casefile.erased import erased_cases
from pipeline.data import store
from pipeline.data.engine import reading
from pipeline.data.packed import Packed, PackedJson, PackedTexts
from pipeline.data.states import ItemState, MailState
from pipeline.data.tables import Base, Blob, Complaint, Event, Item, Outbox, Payload
from pipeline.files import kinds as files
from pipeline.mail import outbox
from pipeline.mail.message import Message, read
from pipeline.mail.settled import Texts
from pipeline.office.sop import EventKind
from pipeline.office.traces import EMAIL, NAME, Traces, traces_of
from pipeline.office.words import word

SAID = (
    "nama",
    "alamat",
    "telepon",
    "email",
    "nik",
)  # columns of a complaint that tell who somebody is
WITHOUT_WORDS = ("blob", "blob_part", "blob_place")  # bytes are looked through by themselves
HASHED = ("sha256", "hash", "html_hash", "previous", "digest", "payload_hash", "parts", "salt")
QUOTING = (
    "pengadu_menulis",
    "pengadu_menjawab",
)  # words of a pengadu; of a merged one in a mail of another case
ROWS, PIECE = 500, 4 * 2**20
LONGEST_ITEM = 8 * 2**20  # bytes of a mail that is read whole; of a longer one the beginning
MOST_XML = 20 * 2**20  # bytes that are unpacked of one Word file
_TAG = re.compile(rb"<[^>]*>")
_OURS = re.compile(
    rb"\b([0-9a-f]{32}|[a-z2-7]{16})@"
)  # the local part of our Message-IDs, old and new
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Remains:
    """What a search found: (where, kinds, the register number of the case it stands in or ""), and how many files hold
    pictures or pages that no search reads."""

    found: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    unread: int = 0

    def lines(self) -> list[str]:
        """In words, one a place; without what was found itself."""
        return [
            word(
                "hapus.sisa" if number else "hapus.sisa_lepas",
                tempat=place,
                apa=", ".join(kinds),
                nomor=number,
            )
            for place, kinds, number in self.found
        ]


def person_of(session: Session, complaint: Complaint) -> Traces:
    """What to look for of the pengadu of a case: as it stands, as it stood before corrections, as they signed mails."""
    values = [(name, getattr(complaint, name)) for name in SAID]
    data = (
        select(Payload.data)
        .join(Event, Event.id == Payload.event_id)
        .where(Event.complaint_id == complaint.id)
    )
    for changed in (row.get("perubahan") for row in session.scalars(data) if isinstance(row, dict)):
        if isinstance(changed, dict):
            values += [(name, str(one)) for name in SAID for one in changed.get(name, ())]
    mails = select(Outbox.recipient, Outbox.recipient_name).where(
        Outbox.complaint_id == complaint.id
    )
    for address, name in session.execute(
        mails.where(func.lower(Outbox.recipient) == complaint.email.lower())
    ):
        values += [(EMAIL, address), (NAME, name)]
    return traces_of([(kind, value) for kind, value in values if value], called=False)


# ---- what belongs to a case ----------------------------------------------------------------------------------


def items_of(session: Session, complaint: Complaint, tell: Tell = lambda _steps: None) -> set[int]:
    """Items that are the case's: what began it, what joined it, and mails that answer, quote or return one of ours
    about it, or name its number; not those that another case was made of or that joined it.

    Reads every mail since the case began: seconds to minutes, so outside a write transaction.
    """
    mine = {complaint.item_id} if complaint.item_id else set()
    began = select(Complaint.item_id).where(
        Complaint.id != complaint.id, Complaint.id.not_in(erased_cases())
    )
    others = {item_id for item_id in session.scalars(began) if item_id is not None}
    for complaint_id, item_id in _joined(session):
        (mine if complaint_id == complaint.id else others).add(item_id)
    sent = dict(_sent(session, complaint.id))
    since = select(Item.id, Item.sha256).where(
        Item.source == "mail", Item.state != ItemState.ERASED
    )
    since = since.where(Item.received_at >= complaint.received_at, Item.id.not_in(mine | others))
    for item_id, digest in session.execute(since.order_by(Item.id)).all():
        if _about(_beginning(session, digest), complaint.number, sent):
            mine.add(item_id)
        tell(1)
    return mine - others


def _joined(session: Session) -> Iterator[tuple[int, int]]:
    """(complaint, item) of every mail that joined a case."""
    query = select(Event.complaint_id, Payload.data).join(Payload, Payload.event_id == Event.id)
    for complaint_id, data in session.execute(query.where(Event.kind == EventKind.CITIZEN_WROTE)):
        if isinstance(data, dict) and isinstance(data.get("item"), int):
            yield complaint_id, data["item"]


def _sent(session: Session, complaint_id: int) -> Iterator[tuple[bytes, bool]]:
    """{local part of a Message-ID of ours: whether it was about this case}."""
    for message_id, about in session.execute(select(Outbox.message_id, Outbox.complaint_id)):
        yield message_id.strip("<>").partition("@")[0].encode(), about == complaint_id


def _beginning(session: Session, digest: str) -> bytes:
    if store.size(session, digest) <= LONGEST_ITEM:
        return store.get_all(session, [digest]).get(digest, b"")
    return next(store.pieces(session, digest))


def _about(raw: bytes, number: str, sent: dict[bytes, bool]) -> bool:
    """A thread of ours tells; without one, the number."""
    threads = [sent[one] for one in _OURS.findall(raw) if one in sent]
    if threads:
        return any(threads)
    message = read(raw)
    named = rf"(?<![\w-]){re.escape(number)}(?!\w)"
    return re.search(named, f"{message.subject}\n{message.text}", re.IGNORECASE) is not None


# ---- what is left --------------------------------------------------------------------------------------------


def search(engine: Engine, person: Traces, tell: Tell = lambda _steps: None) -> Remains:
    """Look for a person in all rows, in all bytes that hold words, and in the database's own file."""
    if not person:
        return Remains()
    found: list[tuple[str, tuple[str, ...], str]] = []
    with reading(engine) as session:
        numbers = dict(session.execute(select(Complaint.id, Complaint.number)).all())
        for table in Base.metadata.sorted_tables:
            found += _in_table(session, table, person, numbers, tell)
        unread, in_blobs = _in_blobs(session, person, tell)
    found += in_blobs
    if not found and (kinds := _in_file(engine, person)):
        found.append((word("hapus.berkas_basis_data"), kinds, ""))
    return Remains(tuple(found), unread)


def search_size(session: Session) -> int:
    """How many steps `search` will tell."""
    return sum(
        session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    )


def _in_table(
    session: Session, table: Table, person: Traces, numbers: dict[int, str], tell: Tell
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(row, kinds of traces, number of its case) of each row that still tells who a person is."""
    words = [column for column in table.columns if _holds_words(column)]
    if not words or table.name in WITHOUT_WORDS:
        return
    keys = list(table.primary_key.columns)
    named = [column.key for column in keys if column not in words]
    owner = _owner(table)
    whose = [owner.label("owner_")] if owner is not None else []
    query = select(*keys, *whose, *words).execution_options(yield_per=ROWS)
    for rows in session.execute(query).mappings().partitions():
        for row in rows:
            kinds = person.kinds_in("\n".join(_text(row[column.key]) for column in words))
            if kinds:
                key = "/".join(str(row[name]) for name in named)
                number = numbers.get(row.get("owner_") or 0, "")
                yield f"{table.name} {key}".strip(), kinds, number
        tell(len(rows))


def _holds_words(column: Column[Any]) -> bool:
    return isinstance(column.type, String | Text | JSON | Packed | PackedJson | PackedTexts) and (
        column.key not in HASHED
    )


def _owner(table: Table) -> Column[Any] | None:
    """The column that names the case of a row; None where it belongs to none."""
    name = "id" if table.name == "complaint" else "complaint_id"
    return table.columns.get(name)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _in_blobs(
    session: Session, person: Traces, tell: Tell
) -> tuple[int, list[tuple[str, tuple[str, ...], str]]]:
    unread, found = 0, []
    owners = _owners(session)
    query = select(Blob.sha256, Blob.size).where(Blob.size != store.ERASED).order_by(Blob.sha256)
    for digest, _size in session.execute(query).all():
        text = _words_of(_whole(session, digest))
        unread += text is None
        kinds = person.kinds_in(text) if text else ()
        if kinds:
            place, number = owners.get(digest, (f"blob {digest[:16]}", ""))
            found.append((place, kinds, number))
        tell(1)
    return unread, found


def _owners(session: Session) -> dict[str, tuple[str, str]]:
    """{digest: (where its bytes are used, the case)}."""
    document = Base.metadata.tables["document"].c
    found = {
        row.sha256: (f"item {row.id}", row.number or "")
        for row in session.execute(
            select(Item.sha256, Item.id, Complaint.number).outerjoin(
                Complaint, Complaint.item_id == Item.id
            )
        )
    }
    rows = select(document.sha256, document.id, Complaint.number)
    for row in session.execute(rows.outerjoin(Complaint, Complaint.id == document.complaint_id)):
        found[row.sha256] = (f"document {row.id}", row.number or "")
    return found


def _whole(session: Session, digest: str) -> bytes:
    beginning = islice(store.pieces(session, digest), 1 + LONGEST_ITEM // store.PART)
    return b"".join(beginning)


def _words_of(content: bytes) -> str | None:
    """The words in some bytes, raw and decoded; None for pictures and pages, which hold none that are read here."""
    kind = files.sniff(content)
    if (
        kind in files.PICTURES | files.PHONE
        or kind == files.PDF
        or kind.startswith(("audio/", "video/"))
    ):
        return None
    raw = content.decode("utf-8", "replace")
    if content[:2] == b"PK":
        return raw + _unpacked(content)
    try:
        return f"{raw}\n{_mail_words(read(content))}"
    except Exception:  # noqa: BLE001 - no mail, or one that cannot be read: its bytes were searched
        return raw


def _mail_words(message: Message) -> str:
    people = [message.sender, *message.reply_to]
    named = [f"{one.name} {one.email}" for one in people if one is not None]
    enclosed = [f"{one.name}\n{_words_of(one.content) or ''}" for one in message.attachments]
    return "\n".join([message.subject, message.text, *named, *enclosed])


def _unpacked(content: bytes) -> str:
    """The text of the XML parts of a Word file, as far as it is bounded."""
    texts, room = [], MOST_XML
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            for info in package.infolist():
                if room > 0 and info.filename.endswith((".xml", ".rels")):
                    with package.open(info) as part:
                        data = part.read(room)
                    room -= len(data)
                    texts.append(_TAG.sub(b"", data).decode("utf-8", "replace"))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        pass
    return "\n".join(texts)


def _in_file(engine: Engine, person: Traces) -> tuple[str, ...]:
    """The bytes of a SQLite file and its log, also those that no row holds any more."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:":
        return ()
    kinds: dict[str, None] = {}
    for path in (Path(name), Path(f"{name}-wal")):
        if path.is_file():
            kinds |= dict.fromkeys(_in_bytes(path, person))
    return tuple(kinds)


def _in_bytes(path: Path, person: Traces) -> Iterator[str]:
    tail = ""
    with path.open("rb") as file:
        while data := file.read(PIECE):
            text = tail + data.decode("utf-8", "replace")
            yield from person.kinds_in(text)
            tail = text[-400:]


def erased_mails(
    session: Session, number: str, tasks: set[int], complaint_id: int
) -> tuple[int, set[str]]:
    """Erase what our mails said of a case: its own, those about a task of it, those of no case that name its number
    (the morning's digest, a comparison's findings), and those of another that tell what its pengadu wrote. How many,
    and the hashes of what was attached."""
    quotes = or_(Outbox.complaint_id.is_(None), Outbox.name.in_(QUOTING))
    named = select(Outbox.id, Outbox.subject, Outbox.text, Outbox.pack_id).where(quotes)
    pattern = re.compile(rf"(?<![\w-]){re.escape(number)}(?!\w)", re.IGNORECASE)
    ended = named.where(Outbox.state.not_in((MailState.DUE, MailState.SENDING)))
    rows, texts = session.execute(ended.execution_options(yield_per=ROWS)), Texts(session)
    said = ((one.id, one.subject, texts.of(one.id, one.text, one.pack_id)) for one in rows)
    quoting = [mail_id for mail_id, *words in said if any(map(pattern.search, words))]
    return outbox.erase(session, complaint_id, tasks, quoting)
