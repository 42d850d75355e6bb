"""Tables, engine and sessions. Hides SQLAlchemy's dialects: SQLite (WAL, FULL, BEGIN IMMEDIATE) and PostgreSQL.

Each table names the one module that writes it (DESIGN rule 3). Times are aware UTC in Python and UTC in the file.
`writing()` is one short transaction that takes the write lock at once; `reading()` never writes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

try:
    import fcntl
except ImportError:  # Windows: one process at a time is then the IT officer's business
    fcntl = None  # type: ignore[assignment]

from pipeline.sop import Channel, Decision, EventKind, Stage, TaskKind

T = TypeVar("T")


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. A naive value is a programming error and raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[Any]):
    """A StrEnum kept as its plain value, so that the file can be read without the program."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[Any]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.kind(value)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own attribute
        datetime: UtcTime,
        Channel: Word(Channel),
        Stage: Word(Stage),
        TaskKind: Word(TaskKind),
        Decision: Word(Decision),
        EventKind: Word(EventKind),
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class Blob(Base):
    """Bytes by their SHA-256; never changed, but erased. What is long goes on in `blob_part`. Written by `store`."""

    __tablename__ = "blob"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class BlobPart(Base):
    """The rest of a long blob, in order from 1. Written by `store`."""

    __tablename__ = "blob_part"
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), primary_key=True)
    order: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Item(Base):
    """One thing that arrived, unique by its bytes. Written by `intake`."""

    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), unique=True)
    twin: Mapped[str] = mapped_column(String(64), index=True)  # hash of what the writer made: one copy per address
    source: Mapped[str] = mapped_column(String(8))  # "mail", "scan"
    name: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(8), index=True, default="new")  # new, done, held, erased
    reason: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[str] = mapped_column(Text, default="", index=True)
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    full_size: Mapped[int | None] = mapped_column(BigInteger)  # bytes on the server, where the head alone is kept


class Sighting(Base):
    """Where an item was seen: a mail by mailbox, folder, UIDVALIDITY, UID; a scan by its path. Written by `intake`."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("mailbox", "folder", "uidvalidity", "uid"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(Text)
    uidvalidity: Mapped[int] = mapped_column(BigInteger)  # RFC 3501: 32 bits without a sign
    uid: Mapped[int] = mapped_column(BigInteger)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    seen_at: Mapped[datetime]
    moved_at: Mapped[datetime | None]


class Reconciled(Base):
    """A day on which mailbox, ledger and register were compared. Written by `reconcile`."""

    __tablename__ = "reconciled"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime]
    findings: Mapped[int]


class Discrepancy(Base):
    """What a comparison found and has told; each is told once. Written by `reconcile`."""

    __tablename__ = "discrepancy"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    found_at: Mapped[datetime]


class Counter(Base):
    """Gapless numbers, updated in the transaction that uses them. Written by `cases`."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class Complaint(Base):
    """One row of the Buku Pengaduan. Written by `cases`."""

    __tablename__ = "complaint"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    year: Mapped[int] = mapped_column(index=True)
    stage: Mapped[Stage] = mapped_column(index=True)
    channel: Mapped[Channel]
    received_at: Mapped[datetime] = mapped_column(index=True)
    recorded_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    status_code: Mapped[str] = mapped_column(String(16), unique=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)
    # Deferred: a child may be older than its parent, and a restore copies rows in the order of their ids.
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint.id", deferrable=True, initially="DEFERRED"), index=True
    )
    thread_id: Mapped[str] = mapped_column(Text, default="", index=True)  # Message-ID of the citizen's mail

    nama: Mapped[str] = mapped_column(Text, default="")
    alamat: Mapped[str] = mapped_column(Text, default="")
    telepon: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(Text, default="", index=True)
    nik: Mapped[str] = mapped_column(Text, default="")
    rahasia: Mapped[bool] = mapped_column(Boolean, default=False)
    lampiran_terbuka: Mapped[bool] = mapped_column(Boolean, default=False)  # other units may see what was attached
    prioritas: Mapped[str] = mapped_column(String(8), default="biasa")  # biasa, penting, segera
    perihal: Mapped[str] = mapped_column(Text, default="")
    isi: Mapped[str] = mapped_column(Text, default="")
    ringkasan: Mapped[str] = mapped_column(Text, default="")
    kategori: Mapped[str] = mapped_column(Text, default="")

    unit: Mapped[str] = mapped_column(Text, default="")  # unit terkait, codes of config.toml joined by commas
    hasil: Mapped[str] = mapped_column(Text, default="")  # langkah 2: what the Sekretaris reports
    decision: Mapped[Decision | None]
    perintah: Mapped[str] = mapped_column(Text, default="")
    instansi: Mapped[str] = mapped_column(Text, default="")  # the agency named with bukan_wewenang
    letter_number: Mapped[str] = mapped_column(String(80), default="")
    covering_number: Mapped[str] = mapped_column(String(80), default="")  # of the letter to that agency
    letter_date: Mapped[date | None] = mapped_column(Date)
    delivery: Mapped[str] = mapped_column(String(16), default="")  # email, langsung, pos, telepon, papan
    delivered_at: Mapped[datetime | None]
    paraf: Mapped[str] = mapped_column(Text, default="")
    keterangan: Mapped[str] = mapped_column(Text, default="")


class Task(Base):
    """Something somebody is asked to do. Written by `cases`."""

    __tablename__ = "task"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)
    kind: Mapped[TaskKind]
    holder: Mapped[str] = mapped_column(String(40), default="")  # one person, or everybody of the role
    note: Mapped[str] = mapped_column(Text, default="")  # the question, the reason it came back
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    left_minutes: Mapped[int | None]  # working minutes left when the clock was stopped
    paused_minutes: Mapped[int] = mapped_column(default=0)  # working minutes that did not count
    extended: Mapped[bool] = mapped_column(Boolean, default=False)  # the Kepala Dinas has set another limit
    remind_at: Mapped[datetime | None] = mapped_column(index=True)
    reminders: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_by: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(32), default="")


class Event(Base):
    """Append-only history, one hash chain for each complaint. Written by `cases`."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("complaint_id", "seq"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    seq: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[EventKind]
    actor: Mapped[str] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(Text)
    actor_title: Mapped[str] = mapped_column(Text)
    task_id: Mapped[int | None]
    payload_hash: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Payload(Base):
    """What an event says, apart from the chain so that it can be erased. Written by `cases`."""

    __tablename__ = "payload"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    salt: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    event: Mapped[Event] = relationship()


class Meeting(Base):
    """A rapat about a complaint, with its invitation (RFC 5545). Written by `cases`."""

    __tablename__ = "meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    uid: Mapped[str] = mapped_column(String(80), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    until: Mapped[datetime]
    place: Mapped[str] = mapped_column(Text)
    agenda: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[str] = mapped_column(Text, default="")  # others, in words; those with an address are invited too
    invited: Mapped[list[Any]]  # [[address, name], …]
    answers: Mapped[dict[str, Any]]  # {address: ACCEPTED, DECLINED, TENTATIVE}
    cancelled_at: Mapped[datetime | None]


class Seal(Base):
    """A day's hash over the heads of all chains; mailed to the IT officer. Written by `cases`."""

    __tablename__ = "seal"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    sealed_at: Mapped[datetime]
    complaints: Mapped[int]
    last_event: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class Document(Base):
    """A file of a complaint or of an item; the bytes are a blob. Written by `cases`."""

    __tablename__ = "document"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # see templates/istilah.toml, [jenis_dokumen]
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(Text)
    mime: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    created_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40), default="")
    code: Mapped[str] = mapped_column(String(19), default="", index=True)  # printed on the letter; 80 random bits
    source_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))  # what a PDF or a page was made from
    facts: Mapped[dict[str, Any] | None]  # of a letter: its paragraphs, findings, verdict; erased with the blob


class LetterNumber(Base):
    """Every number that a letter has borne, so that none is given twice. Written by `cases`."""

    __tablename__ = "letter_number"
    number: Mapped[str] = mapped_column(String(80), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # jawaban, pengantar
    given_at: Mapped[datetime]


class Link(Base):
    """An action link: one task, one holder. The token is an HMAC of this row. Written by `links`."""

    __tablename__ = "link"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)  # none: "tugas saya" alone
    holder: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SavedForm(Base):
    """What a holder has typed into a form and not sent yet; erased when the task closes. Written by `saved`."""

    __tablename__ = "saved_form"
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64), primary_key=True)  # with the browser, while that is not known
    action: Mapped[str] = mapped_column(String(32), primary_key=True)
    data: Mapped[dict[str, Any]]  # {field: [values]}
    saved_at: Mapped[datetime]


class Browser(Base):
    """A browser in which a holder has shown that they read their own mail. Written by `browsers`."""

    __tablename__ = "browser"
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(String(40), index=True)
    agent: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Confirmation(Base):
    """An act that waits for a code from the holder's mailbox. Written by `browsers`."""

    __tablename__ = "confirmation"
    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("link.id"), index=True)
    person: Mapped[str] = mapped_column(String(40), index=True)
    deed: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]]  # {field: [values]}
    seen: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(String(64), default="")  # keyed hash of the newest code
    sent_at: Mapped[datetime]
    sent: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class ConfirmationFile(Base):
    """A file of such an act. Written by `browsers`."""

    __tablename__ = "confirmation_file"
    confirmation_id: Mapped[int] = mapped_column(ForeignKey("confirmation.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Stack(Base):
    """A scan as pages, one after another; `read_at` once the last is read. Written by `cases`."""

    __tablename__ = "stack"
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    pages: Mapped[int]
    opened_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class SlipPage(Base):
    """A page of a scan: read, blank, plain (its picture alone), or held with a reason. Written by `cases`."""

    __tablename__ = "slip_page"
    __table_args__ = (UniqueConstraint("item_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))


class Slip(Base):
    """A slip, a letter or a page that a clerk looks at once. What was read in it goes when it is settled.

    Written by `cases`.
    """

    __tablename__ = "slip"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("slip_page.id"))
    kind: Mapped[str] = mapped_column(String(8))  # slip, surat, halaman, pemisah, gagal
    state: Mapped[str] = mapped_column(String(16), default="baru")  # and how it was settled: see `cases.slips`
    serial: Mapped[str] = mapped_column(String(16), default="")
    fields: Mapped[dict[str, Any]]
    ticks: Mapped[dict[str, Any]]
    sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("slip.id"))
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    location: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(40), default="")
    page: Mapped[SlipPage] = relationship()


class Outbox(Base):
    """A mail that is due, being sent, sent or given up. Written by `mail.outbox`."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "next_at"), Index("ix_outbox_to", "recipient", "date"))
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="due")  # due, sending, sent, dead
    name: Mapped[str] = mapped_column(String(40))  # the folder in templates/email
    recipient: Mapped[str] = mapped_column(Text)
    recipient_name: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, Any]]
    attachments: Mapped[list[Any]]  # [[sha256, name, mime], …]
    links: Mapped[list[Any]]  # ids of links that the texts hold place-holders for
    slot: Mapped[str] = mapped_column(String(16), default="")  # random part of the place-holders
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    date: Mapped[datetime]
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    told: Mapped[bool] = mapped_column(Boolean, default=False, index=True)  # the result has reached `intake`
    error: Mapped[str] = mapped_column(Text, default="")


class Job(Base):
    """Slow work to be done outside requests and transactions. Written by `jobs`."""

    __tablename__ = "job"
    __table_args__ = (UniqueConstraint("kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default="due", index=True)  # due, done, dead
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text, default="")


class Delegation(Base):
    """Somebody stands in for a holder from one day to another, both included. Written by `cases`."""

    __tablename__ = "delegation"
    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(40), index=True)
    acting: Mapped[str] = mapped_column(String(40))
    form: Mapped[str] = mapped_column(String(4))  # Plh., Plt., a.n.
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date, index=True)
    made_by: Mapped[str] = mapped_column(String(40), default="")
    made_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]  # the open tasks went over
    ended_at: Mapped[datetime | None]  # and came back


class Holiday(Base):
    """A day without office that was added while running; a decree, a cuti bersama. Written by `cases`."""

    __tablename__ = "holiday"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]


class Digest(Base):
    """A person who has been told of the day's tasks, or for whom nothing waits. Written by `cases`."""

    __tablename__ = "digest"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    person: Mapped[str] = mapped_column(String(40), primary_key=True)


class Lane(Base):
    """How each lane of the poller fares; read by `aduan check`. Written by `poller`."""

    __tablename__ = "lane"
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    ok_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")


def _sqlite(engine: Engine) -> None:
    """BEGIN ourselves (the driver's own habits break both IMMEDIATE and savepoints); WAL, FULL, foreign keys."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA wal_autocheckpoint=8000")  # 32 MB: several batches of mail before they are copied
        connection.execute("PRAGMA secure_delete=ON")  # what is erased is written over

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("aduan_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@event.listens_for(Session, "before_flush")
def _ids_at_once(session: Session, _context: object, _instances: object) -> None:
    """Give many new rows their ids before they go to SQLite, which cannot return those of several in their order:
    SQLAlchemy would send each row alone, for thrice the time. The ids are those that SQLite would give (one more
    than the largest), and nobody else can be writing."""
    if session.get_bind().dialect.name != "sqlite":
        return
    fresh = [one for one in session.new if getattr(one, "id", 0) is None]
    for table in {type(one) for one in fresh}:
        rows = sorted((one for one in fresh if type(one) is table), key=lambda one: inspect(one).insert_order)
        if len(rows) > 1:
            largest = session.connection().scalar(select(func.max(table.id))) or 0
            for row_id, row in enumerate(rows, largest + 1):
                row.id = row_id


def connect(url: str, folder: Path = Path()) -> Engine:
    """An engine for the URL of config.toml; a relative SQLite file is seen from `folder`. The file is made 0600.

    An error's text, which is logged, does not repeat the values: names, addresses, status codes.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    if parsed.database and parsed.database != ":memory:":
        file = (folder / parsed.database).resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        parsed = parsed.set(database=str(file))
    engine = create_engine(parsed, hide_parameters=True)
    _sqlite(engine)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One short write transaction, committed at the end; nothing is kept if the block raises."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.connection()  # take the lock before the first read, so that what is read is what is changed
        yield session


def among(session: Session, column: InstrumentedAttribute[T], values: Iterable[T]) -> set[T]:
    """Which of these values stand in the column; asked in parts, for a statement takes only so many."""
    wanted = list(values)
    parts = (wanted[start : start + 500] for start in range(0, len(wanted), 500))
    return {value for part in parts for value in session.scalars(select(column).where(column.in_(part)))}


def wait_for_writers(session: Session, table: type[Base]) -> None:
    """Let all transactions end that have added rows to a table, and hold new ones until this one ends.

    SQLite has one writer at a time anyhow; on PostgreSQL a row with a smaller id may be committed after a larger one.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f'LOCK TABLE "{table.__tablename__}" IN SHARE MODE'))


def exclusive(session: Session, name: str) -> None:
    """Hold others off until this transaction ends that name the same thing; SQLite has one writer at a time anyhow."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


@contextmanager
def lease(engine: Engine, name: str, patience: float = 0) -> Iterator[bool]:
    """Whether this one alone may do a thing meanwhile, among all threads and processes at the database.

    Waits up to `patience` seconds for who has it. It ends with the block, or with the process. On SQLite it is a lock
    on a file beside the database.
    """
    with ExitStack() as stack:
        take = _advisory(engine, name, stack) if engine.dialect.name == "postgresql" else _flock(engine, name, stack)
        end = time.monotonic() + patience
        while not (mine := take()) and time.monotonic() < end:
            time.sleep(0.02)
        yield mine


def _advisory(engine: Engine, name: str, stack: ExitStack) -> Callable[[], bool]:
    connection = stack.enter_context(engine.connect()).execution_options(isolation_level="AUTOCOMMIT")
    stack.callback(connection.execute, text("SELECT pg_advisory_unlock_all()"))
    ask = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 1))")
    return lambda: bool(connection.scalar(ask, {"name": name}))


def _flock(engine: Engine, name: str, stack: ExitStack) -> Callable[[], bool]:
    if fcntl is None or not engine.url.database or engine.url.database == ":memory:":
        return lambda: True
    file = stack.enter_context(open(f"{engine.url.database}.{name}", "ab"))  # noqa: SIM115 - closed by the stack

    def take() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    return take


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One consistent view; it is never committed. What was loaded may be read on after its end."""
    view = engine.execution_options(aduan_reading=True)
    with Session(view, autoflush=False) as session:
        yield session


def settle_erased(engine: Engine) -> None:
    """Bring what was erased out of the log beside a SQLite file too, as far as nobody is reading in it just now."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # the one begun by `_begin`; a checkpoint stands outside any
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")


def _alembic(engine: Engine) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision; from empty this makes all tables."""
    command.upgrade(_alembic(engine), "head")


def is_current(engine: Engine) -> bool:
    """Whether the database stands at the newest revision."""
    head = ScriptDirectory.from_config(_alembic(engine)).get_current_head()
    with engine.execution_options(aduan_reading=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
