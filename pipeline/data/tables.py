"""The tables. Who writes each one stands in docs/design.md; no other module changes its rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from pipeline.data.packed import (
    OF_HTML,
    HexBytes,
    Packed,
    PackedJson,
    PackedList,
    PackedTexts,
)
from pipeline.data.states import (
    DocumentKind,
    ItemState,
    JobKind,
    JobState,
    MailState,
    PageState,
    SlipState,
)
from pipeline.office.sop import Channel, Decision, EventKind, Stage, TaskKind

# A telephone number as it is dialled, however it was written; spelled out, so that its index is found by it.
DIALLED = "replace(replace(replace(replace(telepon, ' ', ''), '-', ''), '.', ''), '+62', '0')"

UNTOLD = "NOT told"  # mails whose end nobody was told of; written so on both databases, or no index is used
UNLOOKED = "NOT agreed"  # settled items of which nobody has seen that what they became is there
KEPT = "state = 'folded' AND NOT told"  # mails that are to be a line of a digest
SHOWN = "html IS NOT NULL AND length(html_hash) > 0"  # a mail whose HTML may be forgotten one day
# A mail of a case whose text stands in its row still, and whose HTML is gone: few, once the sweep has gone over them.
LOOSE = "html IS NULL AND text IS NOT NULL AND complaint_id IS NOT NULL"
# Mails that are not over: few of all. Said so in a query, or its index is not used.
GOING = "state NOT IN ('sent', 'folded', 'void')"

# Cases that are not over, and tasks that ask for something (not sop.AT_REST): few of all, however large the book.
# Said so in a query, or the planner takes the index of all stages, or of all open tasks, which are most of the rows.
RUNNING = "stage NOT IN ('selesai', 'dicabut', 'batal')"
ASKING = "NOT (task.closed_at IS NOT NULL) AND task.kind NOT IN ('gabungan', 'arsip')"
# A task that took longer than anybody does over one: few of all. Whoever looks for those that were open at a moment of
# years ago need not go through all that were closed since: the others were closed soon after it.
LONG_DAYS = 60
LONG = {
    "sqlite": f"julianday(closed_at) - julianday(opened_at) > {LONG_DAYS}",
    "postgresql": f"closed_at - opened_at > interval '{LONG_DAYS} days'",
}

FILTERED = ("channel", "klasifikasi", "kategori", "decision", "rahasia")


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

    impl = String
    cache_ok = True

    def __init__(self, kind: type[Any], length: int = 32) -> None:
        super().__init__(length)
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


class BlobPlace(Base):
    """Where the bytes of a blob lie that are not in its row: "berkas" or "s3", a colon, and a name that no other bytes
    ever had. Written by `store`."""

    __tablename__ = "blob_place"
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), primary_key=True)
    place: Mapped[str] = mapped_column(String(24))


class BlobHome(Base):
    """Under which name this database keeps bytes outside, in its one row. A restored copy gets another, so that what
    the two remove is their own. Written by `store`."""

    __tablename__ = "blob_home"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(32))


class Item(Base):
    """One thing that arrived, unique by its bytes. Written by `ledger`."""

    __tablename__ = "item"
    __table_args__ = (
        Index(
            "ix_item_unlooked",
            "state",
            sqlite_where=text(UNLOOKED),
            postgresql_where=text(UNLOOKED),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), unique=True)
    twin: Mapped[str] = mapped_column(
        String(64), index=True
    )  # hash of what the writer made: one copy per address
    source: Mapped[str] = mapped_column(String(8))  # "mail", "scan"
    name: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[ItemState] = mapped_column(Word(ItemState, 8), index=True, default=ItemState.NEW)
    reason: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[str] = mapped_column(Text, default="", index=True)
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    full_size: Mapped[int | None] = mapped_column(
        BigInteger
    )  # bytes on the server, where the head alone is kept
    agreed: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=false()
    )  # it was settled, and what it became was found


class Sighting(Base):
    """Where an item was seen: a mail by mailbox, folder, UIDVALIDITY, UID; a scan by its path. Written by `ledger`."""

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


class MailTrouble(Base):
    """What a mail server refuses again and again: to hand out one message ("fetch"), or to move messages into a folder
    ("move", with UID 0). No words of a mail stand here. Written by `troubles`."""

    __tablename__ = "mail_trouble"
    __table_args__ = (UniqueConstraint("act", "mailbox", "folder", "uidvalidity", "uid"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(8))
    mailbox: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(Text)
    uidvalidity: Mapped[int] = mapped_column(BigInteger)
    uid: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime]
    next_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")


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
    __table_args__ = (
        Index("ix_complaint_email_lower", text("lower(email)")),
        Index("ix_complaint_dialled", text(f"({DIALLED})")),
        Index(
            "ix_complaint_running",
            "stage",
            "id",
            sqlite_where=text(RUNNING),
            postgresql_where=text(RUNNING),
        ),
        # The few that are about somebody, which a list leaves out for that reader.
        Index(
            "ix_complaint_terlapor",
            "terlapor",
            sqlite_where=text("terlapor != ''"),
            postgresql_where=text("terlapor != ''"),
        ),
        # Each filter of the book with the id beside it: the newest that fit are found without looking at the others.
        *(Index(f"ix_complaint_{name}", name, "id") for name in FILTERED),
    )
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
    thread_id: Mapped[str] = mapped_column(
        Text, default="", index=True
    )  # Message-ID of the citizen's mail

    nama: Mapped[str] = mapped_column(Text, default="")
    alamat: Mapped[str] = mapped_column(Text, default="")
    telepon: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(Text, default="", index=True)
    nik: Mapped[str] = mapped_column(Text, default="", index=True)
    rahasia: Mapped[bool] = mapped_column(Boolean, default=False)
    lampiran_terbuka: Mapped[bool] = mapped_column(
        Boolean, default=False
    )  # other units may see what was attached
    dibuka: Mapped[str] = mapped_column(
        Text, default="", server_default=""
    )  # those alone: ids joined by commas
    teks_terbuka: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=false()
    )  # and read the pengadu's own words
    terlapor: Mapped[str] = mapped_column(
        Text, default="", server_default=""
    )  # officials whom it is about: codes joined by commas
    prioritas: Mapped[str] = mapped_column(String(8), default="biasa")  # biasa, penting, segera
    perihal: Mapped[str] = mapped_column(Text, default="")
    isi: Mapped[str] = mapped_column(Text, default="")
    ringkasan: Mapped[str] = mapped_column(Text, default="")
    kategori: Mapped[str] = mapped_column(
        Text, default=""
    )  # a code of config.toml; words, in old rows
    klasifikasi: Mapped[str] = mapped_column(
        String(40), default="", server_default=""
    )  # a code of config.toml
    lokasi_kejadian: Mapped[str] = mapped_column(
        Text, default="", server_default=""
    )  # where it happened
    surat_pengirim: Mapped[str] = mapped_column(
        Text, default="", server_default=""
    )  # number and date of the letter that the complaint came as
    lengkap_at: Mapped[
        datetime | None
    ]  # when the complaint was complete; None while the pengadu is asked

    unit: Mapped[str] = mapped_column(
        Text, default=""
    )  # unit terkait, codes of config.toml joined by commas
    hasil: Mapped[str] = mapped_column(Text, default="")  # langkah 2: what the Sekretaris reports
    decision: Mapped[Decision | None]
    decided_at: Mapped[datetime | None]  # of the decision that stands
    pembuktian: Mapped[str] = mapped_column(
        String(16), default="", server_default=""
    )  # terbukti, sebagian, tidak
    perintah: Mapped[str] = mapped_column(Text, default="")
    disampaikan: Mapped[str] = mapped_column(
        Text, default="", server_default=""
    )  # to the pengadu, as points
    instansi: Mapped[str] = mapped_column(Text, default="")  # the agency named with bukan_wewenang
    letter_number: Mapped[str] = mapped_column(String(80), default="")
    covering_number: Mapped[str] = mapped_column(
        String(80), default=""
    )  # of the letter to that agency
    letter_date: Mapped[date | None] = mapped_column(Date)
    delivery: Mapped[str] = mapped_column(
        String(16), default=""
    )  # email, langsung, pos, telepon, papan
    delivered_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # when the pengadu had the answer of this round
    paraf: Mapped[str] = mapped_column(Text, default="")
    keterangan: Mapped[str] = mapped_column(Text, default="")


class Decided(Base):
    """What the Kepala Dinas decided in a case, once: it stands until it is withdrawn, and what was made under it
    (letters, copies, tasks, mails) goes with it. At most one of a case stands. Written by `cases.decisions`."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("complaint_id", "number"),
        Index(
            "ix_decision_standing",
            "complaint_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"))
    number: Mapped[int]  # the how-manieth of its case
    decided_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(40))
    author_name: Mapped[str] = mapped_column(Text)
    author_title: Mapped[str] = mapped_column(Text)
    outcome: Mapped[Decision]
    perintah: Mapped[str] = mapped_column(Text, default="")
    disampaikan: Mapped[str] = mapped_column(Text, default="")
    instansi: Mapped[str] = mapped_column(Text, default="")
    pembuktian: Mapped[str] = mapped_column(String(16), default="", server_default="")
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey("decision.id"), index=True
    )  # of the case it was merged into
    kept_at: Mapped[
        datetime | None
    ]  # the Sekretaris lets the answer stand although its source was withdrawn
    # What became of it, once it is withdrawn; until then that stands in the complaint.
    withdrawn_at: Mapped[datetime | None]
    letter_number: Mapped[str] = mapped_column(String(80), default="")
    letter_date: Mapped[date | None] = mapped_column(Date)
    covering_number: Mapped[str] = mapped_column(String(80), default="")
    delivery: Mapped[str] = mapped_column(String(16), default="")
    delivered_at: Mapped[datetime | None]


class Task(Base):
    """Something somebody is asked to do. Written by `cases`."""

    __tablename__ = "task"
    __table_args__ = (
        Index(
            "ix_task_asking",
            "due_at",
            sqlite_where=text(ASKING.replace("task.", "")),
            postgresql_where=text(ASKING.replace("task.", "")),
        ),
        Index(
            "ix_task_long",
            "opened_at",
            sqlite_where=text(LONG["sqlite"]),
            postgresql_where=text(LONG["postgresql"]),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)
    laporan_id: Mapped[int | None] = mapped_column(
        index=True
    )  # of a report's task, which is about no complaint
    kind: Mapped[TaskKind]
    holder: Mapped[str] = mapped_column(
        String(40), default=""
    )  # one person, or everybody of the role
    note: Mapped[str] = mapped_column(Text, default="")  # the question, the reason it came back
    opened_at: Mapped[datetime]
    counted_from: Mapped[datetime | None]  # where earlier stays in the langkah count, too
    due_at: Mapped[datetime | None]
    first_due_at: Mapped[
        datetime | None
    ]  # the limit before the Kepala Dinas set another; None without one
    missed_at: Mapped[datetime | None]  # the limit that had passed when a later one was set
    paused_at: Mapped[datetime | None]
    left_minutes: Mapped[int | None]  # working minutes left when the clock was stopped
    paused_minutes: Mapped[int] = mapped_column(default=0)  # working minutes that did not count
    extended: Mapped[bool] = mapped_column(
        Boolean, default=False
    )  # the Kepala Dinas has set another limit
    remind_at: Mapped[datetime | None] = mapped_column(index=True)
    reminders: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_by: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(32), default="")
    decision_id: Mapped[int | None] = mapped_column(index=True)  # that it carries out


class Laporan(Base):
    """The report of a period on its way: made, edited in Word, signed, sent. Once signed its figures stay as they were.
    Written by `reports`."""

    __tablename__ = "laporan"
    __table_args__ = (UniqueConstraint("kind", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))  # register.period.MONTHS
    code: Mapped[str] = mapped_column(String(10))  # of the period, as the command names it
    name: Mapped[str] = mapped_column(String(40))  # of the period, in words
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    figures: Mapped[
        list[Any]
    ]  # its tables, as of when it was made; of when it went to be signed, after that
    corrections: Mapped[
        dict[str, Any]
    ]  # {id of an earlier report: its tables as this one corrects them}
    told: Mapped[list[Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # its tables as a later one corrected them
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str] = mapped_column(String(40), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the signed paper
    lost: Mapped[list[Any]]  # Message-IDs of copies that did not arrive


class LaporanEvent(Base):
    """What was done with a report: append-only, one hash chain for each. Written by `cases`, for `reports`."""

    __tablename__ = "laporan_event"
    __table_args__ = (UniqueConstraint("laporan_id", "seq"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    laporan_id: Mapped[int] = mapped_column(ForeignKey("laporan.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))  # a word of [peristiwa_laporan]
    actor: Mapped[str] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(Text)
    actor_title: Mapped[str] = mapped_column(Text)
    task_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Closing(Base):
    """An end of a case: when, how (`register.figures.ENDS`), and when it was opened again. Written by `cases`."""

    __tablename__ = "closing"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    how: Mapped[str] = mapped_column(String(16))
    reopened_at: Mapped[datetime | None] = mapped_column(index=True)


class Event(Base):
    """Append-only history, one hash chain for each complaint. Written by `cases`."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("complaint_id", "seq"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[EventKind]
    actor: Mapped[str] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(Text)
    actor_title: Mapped[str] = mapped_column(Text)
    task_id: Mapped[int | None]
    payload_hash: Mapped[str] = mapped_column(HexBytes, server_default="")
    previous: Mapped[str] = mapped_column(HexBytes, server_default="")
    hash: Mapped[str] = mapped_column(HexBytes, server_default="")


class Payload(Base):
    """What an event says, apart from the chain so that it can be erased. Written by `cases`."""

    __tablename__ = "payload"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    salt: Mapped[str] = mapped_column(HexBytes, server_default="")
    data: Mapped[dict[str, Any]] = mapped_column(PackedJson, nullable=True)
    event: Mapped[Event] = relationship()


class Meeting(Base):
    """A rapat about a complaint, with its invitation (RFC 5545). Written by `cases`."""

    __tablename__ = "meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    uid: Mapped[str] = mapped_column(Text, unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    until: Mapped[datetime]
    place: Mapped[str] = mapped_column(Text)
    agenda: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[str] = mapped_column(
        Text, default=""
    )  # others, in words; those with an address are invited too
    invited: Mapped[list[Any]]  # [[address, name], …]
    answers: Mapped[dict[str, Any]]  # {address: ACCEPTED, DECLINED, TENTATIVE}
    cancelled_at: Mapped[datetime | None]


class Seal(Base):
    """A day's hash over all that is new since the seal before; mailed to the IT officer. Written by `cases`."""

    __tablename__ = "seal"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    sealed_at: Mapped[datetime]
    complaints: Mapped[int]
    last_event: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    # None in a seal of before revision 0026, which was over the heads of all chains.
    number: Mapped[int | None]  # the how-manieth seal it is
    last_witness: Mapped[int | None]
    last_item: Mapped[int | None]


class Witness(Base):
    """What stood in a case, or in the office's own rows, after a transaction: one link of its chain of digests.
    Written by `cases.witness`."""

    __tablename__ = "witness"
    __table_args__ = (UniqueConstraint("kind", "subject_id", "seq"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))  # kasus, kantor
    subject_id: Mapped[int]  # the complaint; 0 for the office
    seq: Mapped[int]
    digest: Mapped[str] = mapped_column(HexBytes, server_default="")  # of `parts`
    previous: Mapped[str] = mapped_column(HexBytes, server_default="")
    hash: Mapped[str] = mapped_column(HexBytes, server_default="")
    # {name of a part: its salt and digest}; in the newest link alone, so that nothing helps to guess an erased value
    parts: Mapped[dict[str, Any] | None] = mapped_column(PackedJson)


class Document(Base):
    """A file of a complaint or of an item; the bytes are a blob. Written by `cases`."""

    __tablename__ = "document"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)
    laporan_id: Mapped[int | None] = mapped_column(index=True)
    kind: Mapped[DocumentKind] = mapped_column(Word(DocumentKind, 16))
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(Text)
    mime: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    created_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40), default="")
    code: Mapped[str] = mapped_column(
        String(19), default="", index=True
    )  # printed on the letter; 80 random bits
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey("document.id"), index=True
    )  # what it was made from
    # of a letter: its paragraphs, findings, verdict; erased with the blob
    facts: Mapped[dict[str, Any] | None] = mapped_column(PackedJson)
    decision_id: Mapped[int | None] = mapped_column(index=True)  # of a letter: what it tells


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
    task_id: Mapped[int | None] = mapped_column(
        ForeignKey("task.id"), index=True
    )  # none: "tugas saya" alone
    holder: Mapped[str] = mapped_column(String(40))
    mark: Mapped[str] = mapped_column(
        String(16), default="", server_default=""
    )  # whose: config.Petugas.mark
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Wish(Base):
    """An address at which somebody asks for a fresh link, known or not; for some seconds. Written by `wishes`."""

    __tablename__ = "wish"
    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    asked_at: Mapped[datetime]


class SavedForm(Base):
    """What a holder has typed into a form and not sent yet; erased when the task closes. Written by `unsent`."""

    __tablename__ = "saved_form"
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(
        String(64), primary_key=True
    )  # with the browser, while that is not known
    action: Mapped[str] = mapped_column(String(32), primary_key=True)
    data: Mapped[dict[str, Any]]  # {field: [values]}
    saved_at: Mapped[datetime]
    mark: Mapped[str] = mapped_column(String(16), server_default="")  # whose: config.Petugas.mark


class TypedForm(Base):
    """What an official has typed into a form that belongs to no task of theirs (the counter, more time for somebody)
    and not sent yet. Written by `typed`."""

    __tablename__ = "typed_form"
    person: Mapped[str] = mapped_column(String(16), primary_key=True)  # config.Petugas.mark
    form: Mapped[str] = mapped_column(String(32), primary_key=True)
    data: Mapped[dict[str, Any]]  # {field: [values]}
    saved_at: Mapped[datetime] = mapped_column(index=True)


class ChosenFile(Base):
    """A file of a form that came back for another field; kept for an hour. Written by `chosen`."""

    __tablename__ = "chosen_file"
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    chosen_at: Mapped[datetime] = mapped_column(index=True)


class Browser(Base):
    """A browser in which a holder has shown that they read their own mail. Written by `browsers`."""

    __tablename__ = "browser"
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(String(40), index=True)
    mark: Mapped[str] = mapped_column(
        String(16), default="", server_default=""
    )  # whose: config.Petugas.mark
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
    wrong: Mapped[int] = mapped_column(
        default=0, server_default="0"
    )  # wrong codes of all its codes together
    browser: Mapped[str] = mapped_column(
        String(16), default="", server_default=""
    )  # who may enter it: its cookie
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
    """A page of a scan. Written by `cases`."""

    __tablename__ = "slip_page"
    __table_args__ = (UniqueConstraint("item_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int]
    state: Mapped[PageState] = mapped_column(Word(PageState, 8))
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
    kind: Mapped[str] = mapped_column(
        String(8)
    )  # slip, surat, balik, punggung, halaman, pemisah, gagal
    state: Mapped[SlipState] = mapped_column(Word(SlipState, 16), default=SlipState.OPEN)
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


class SlipCount(Base):
    """How many fields of a kind were read with a confidence of so many percent and more (up to the next range), and how
    many of them the clerk left as they were. Numbers alone. Written by `cases`."""

    __tablename__ = "slip_count"
    field: Mapped[str] = mapped_column(String(16), primary_key=True)
    low: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    read: Mapped[int] = mapped_column(default=0)
    right: Mapped[int] = mapped_column(default=0)


class Outbox(Base):
    """A mail that is due, being sent, sent or given up. Written by `mail`: by `outbox`; what an ended one said is moved
    into its pack by `settled`."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "state",
            "next_at",
            sqlite_where=text(GOING),
            postgresql_where=text(GOING),
        ),
        Index("ix_outbox_written_to", text("lower(recipient)"), "date"),
        Index("ix_outbox_untold", "id", sqlite_where=text(UNTOLD), postgresql_where=text(UNTOLD)),
        Index(
            "ix_outbox_kept",
            text("lower(recipient)"),
            sqlite_where=text(KEPT),
            postgresql_where=text(KEPT),
        ),
        # Those of which the sweep may forget how they looked; few at any time.
        Index("ix_outbox_shown", "date", sqlite_where=text(SHOWN), postgresql_where=text(SHOWN)),
        Index(
            "ix_outbox_loose",
            "complaint_id",
            sqlite_where=text(LOOSE),
            postgresql_where=text(LOOSE),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[MailState] = mapped_column(Word(MailState, 8), default=MailState.DUE)
    name: Mapped[str] = mapped_column(String(40))  # the folder in templates/email
    recipient: Mapped[str] = mapped_column(Text)
    recipient_name: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text)
    # NULL once it stands in a pack: mail.settled.
    text: Mapped[str] = mapped_column(Packed, nullable=True)
    pack_id: Mapped[int | None]
    # Until its delivery is settled.
    html: Mapped[str] = mapped_column(Packed(OF_HTML), nullable=True)
    # Stays; "" of before 0070.
    html_hash: Mapped[str] = mapped_column(HexBytes, default="", server_default="")
    headers: Mapped[dict[str, Any]] = mapped_column(PackedJson, nullable=True)
    # [[sha256, name, mime], …]
    attachments: Mapped[list[Any]] = mapped_column(PackedList, nullable=True)
    links: Mapped[list[Any]]  # ids of links that the texts hold place-holders for
    slot: Mapped[str] = mapped_column(String(16), default="")  # random part of the place-holders
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    date: Mapped[datetime]
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    decision_id: Mapped[int | None] = mapped_column(index=True)  # leaves only while it stands
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    told: Mapped[bool] = mapped_column(Boolean, default=False)  # the result has reached `intake`
    error: Mapped[str] = mapped_column(Text, default="")


class MailPack(Base):
    """What mails of a case that is over said, by their ids. Written by `mail.settled`."""

    __tablename__ = "mail_pack"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"))
    texts: Mapped[dict[int, str]] = mapped_column(PackedTexts, nullable=True)


class Job(Base):
    """Slow work to be done outside requests and transactions. Written by `jobs`."""

    __tablename__ = "job"
    __table_args__ = (UniqueConstraint("kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[JobKind] = mapped_column(Word(JobKind, 16))
    subject_id: Mapped[int]
    state: Mapped[JobState] = mapped_column(Word(JobState, 8), default=JobState.DUE, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(
        default=1
    )  # how often it was put: a run answers one asking, not a later one
    next_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text, default="")


class Export(Base):
    """A spreadsheet of the register that somebody has asked for; kept for a day. Written by `data.exports`."""

    __tablename__ = "export"
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(String(40), index=True)
    mark: Mapped[str] = mapped_column(String(16))  # whose: config.Petugas.mark
    task_id: Mapped[int] = mapped_column(
        ForeignKey("task.id"), index=True
    )  # on whose page it was asked for
    wanted: Mapped[dict[str, Any]]  # register.book.Filter
    asked_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    content: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)


class Delegation(Base):
    """Somebody stands in for a holder from one day to another, both included. Written by `cases`."""

    __tablename__ = "delegation"
    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(40), index=True)
    acting: Mapped[str] = mapped_column(String(40))
    holder_mark: Mapped[str] = mapped_column(
        String(16), default="", server_default=""
    )  # config.Petugas.mark of both
    acting_mark: Mapped[str] = mapped_column(String(16), default="", server_default="")
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
