"""a decision as a row of its own, to which letters, tasks and mails belong"""

from __future__ import annotations

import json
import secrets
from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0037"
branch_labels = None
depends_on = None

LETTERS = (
    "konsep",
    "surat",
    "akhir",
    "ttd",
    "pengantar",
    "pengantar_surat",
    "pengantar_akhir",
    "pengantar_ttd",
)
CARRIES_OUT = ("jawaban", "tanda_tangan", "penyampaian", "pengantar")
MAILS = ("surat_jawaban", "surat_pengantar")
UNDECIDED = ("penerimaan", "klarifikasi", "keputusan", "batal")
# What the program witnesses of a decision (cases.witness), as of this revision.
WITNESSED = (
    "number",
    "decided_at",
    "author",
    "author_name",
    "author_title",
    "outcome",
    "perintah",
    "disampaikan",
    "instansi",
    "source_id",
    "kept_at",
    "withdrawn_at",
    "letter_number",
    "letter_date",
    "covering_number",
    "delivery",
    "delivered_at",
)
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    decision = _table()
    # Without a foreign key: SQLite would have to copy each table whole, with its indexes on expressions.
    for name in ("task", "document", "outbox"):
        op.add_column(name, sa.Column("decision_id", sa.Integer(), nullable=True))
        op.create_index(f"ix_{name}_decision_id", name, ["decision_id"])
    _bring_along(op.get_bind(), decision)


def _table() -> sa.Table:
    table = op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("decided_at", WHEN, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_title", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("perintah", sa.Text(), nullable=False),
        sa.Column("disampaikan", sa.Text(), nullable=False),
        sa.Column("instansi", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("kept_at", WHEN, nullable=True),
        sa.Column("withdrawn_at", WHEN, nullable=True),
        sa.Column("letter_number", sa.String(80), nullable=False),
        sa.Column("letter_date", sa.Date(), nullable=True),
        sa.Column("covering_number", sa.String(80), nullable=False),
        sa.Column("delivery", sa.String(16), nullable=False),
        sa.Column("delivered_at", WHEN, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.UniqueConstraint("complaint_id", "number", name="uq_decision_complaint_id"),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name="fk_decision_complaint_id"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["decision.id"], name="fk_decision_source_id"),
    )
    op.create_index("ix_decision_source_id", "decision", ["source_id"])
    stands = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "ix_decision_standing",
        "decision",
        ["complaint_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    return table


# ---- what was decided before ---------------------------------------------------------------------------------

EVENT = sa.table(
    "event",
    sa.column("id"),
    sa.column("complaint_id"),
    sa.column("seq"),
    sa.column("at", WHEN),
    sa.column("kind"),
    sa.column("actor"),
    sa.column("actor_name"),
    sa.column("actor_title"),
)
PAYLOAD = sa.table("payload", sa.column("event_id"), sa.column("data", sa.JSON()))
COMPLAINT = sa.table(
    "complaint",
    sa.column("id"),
    sa.column("stage"),
    sa.column("decision"),
    sa.column("parent_id"),
    sa.column("perintah"),
    sa.column("disampaikan"),
    sa.column("instansi"),
)
TOLD = ("decided", "reopened", "returned", "drafted")


def _bring_along(bind: Any, decision: sa.Table) -> None:
    """Each DECIDED event is a decision; it stood until the case came back before it. A merged complaint followed the
    decision that its parent had when its letter was copied."""
    cases = {row.id: row for row in bind.execute(sa.select(COMPLAINT).where(COMPLAINT.c.id > 0))}
    events = _events(bind)
    rows: dict[int, list[dict[str, Any]]] = {}
    known = [key for key in events if key in cases]  # the check of foreign keys tells of the others
    parents_first = sorted(known, key=lambda key: (cases[key].parent_id is not None, key))
    for complaint_id in parents_first:
        case = cases[complaint_id]
        found = _decided(case, events[complaint_id], rows.get(case.parent_id or 0, []))
        for number, row in enumerate(found, 1):
            values = {**row, "complaint_id": complaint_id, "number": number}
            inserted = bind.execute(sa.insert(decision).values(**values))
            values["id"] = inserted.inserted_primary_key[0]
            rows.setdefault(complaint_id, []).append(values)
    _belongings(bind, rows)
    _witness(bind, rows)


def _events(bind: Any) -> dict[int, list[Any]]:
    query = sa.select(EVENT, PAYLOAD.c.data).select_from(
        EVENT.outerjoin(PAYLOAD, PAYLOAD.c.event_id == EVENT.c.id)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    query = query.where(EVENT.c.kind.in_(TOLD)).order_by(EVENT.c.complaint_id, EVENT.c.seq)
    for row in bind.execute(query):
        found[row.complaint_id].append(row)
    return found


def _decided(case: Any, events: list[Any], of_parent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for event in events:
        data = event.data if isinstance(event.data, dict) else {}
        if event.kind == "decided":
            _end(found, event.at)
            found.append(_row(case, event, data))
        elif event.kind == "drafted" and data.get("dari"):
            source = next(
                (row for row in reversed(of_parent) if row["decided_at"] <= event.at), None
            )
            if source is not None and not (found and found[-1]["source_id"] == source["id"]):
                _end(found, event.at)
                keep = (
                    "author",
                    "author_name",
                    "author_title",
                    "outcome",
                    "perintah",
                    "disampaikan",
                    "instansi",
                )
                copied = {name: source[name] for name in keep}
                found.append({**_row(case, event, {}), **copied, "source_id": source["id"]})
        elif _ends(event, data):
            _end(found, event.at)
    found = [row for row in found if row["outcome"]]
    if found and (case.stage in UNDECIDED or not case.decision):
        _end(found, events[-1].at)
    if found and case.decision and case.stage not in UNDECIDED:
        found[-1]["withdrawn_at"] = None
    return found


def _ends(event: Any, data: dict[str, Any]) -> bool:
    """Whether a case came back before its decision. The machine opens one only because a letter came back: langkah 5
    again, under the same decision; it has no name."""
    if event.kind == "reopened":
        return bool(event.actor_name)
    return event.kind == "returned" and data.get("dari") == "jawaban"


def _end(found: list[dict[str, Any]], at: datetime) -> None:
    if found and found[-1]["withdrawn_at"] is None:
        found[-1]["withdrawn_at"] = at


def _row(case: Any, event: Any, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "decided_at": event.at,
        "author": event.actor,
        "author_name": event.actor_name,
        "author_title": event.actor_title,
        "outcome": data.get("keputusan") or case.decision or "",
        "perintah": data.get("teks") or "",
        "disampaikan": data.get("disampaikan") or "",
        "instansi": data.get("instansi") or "",
        "source_id": None,
        "kept_at": None,
        "withdrawn_at": None,
        "letter_number": "",
        "letter_date": None,
        "covering_number": "",
        "delivery": "",
        "delivered_at": None,
    }


# ---- what belongs to them ------------------------------------------------------------------------------------


def _belongings(bind: Any, rows: dict[int, list[dict[str, Any]]]) -> None:
    """Letters, tasks and mails were made under the newest decision of their time."""
    for name, at, kind, kinds in (
        ("document", "created_at", "kind", LETTERS),
        ("task", "opened_at", "kind", CARRIES_OUT),
        ("outbox", "date", "name", MAILS),
    ):
        table = sa.table(
            name,
            sa.column("id"),
            sa.column("complaint_id"),
            sa.column(at, WHEN),
            sa.column(kind),
            sa.column("decision_id"),
        )
        mine = sa.select(table.c.id, table.c.complaint_id, table.c[at]).where(
            table.c[kind].in_(kinds)
        )
        belongs: dict[int, list[int]] = defaultdict(list)
        for row_id, complaint_id, moment in bind.execute(
            mine.where(table.c.complaint_id.is_not(None))
        ).all():
            decisions = rows.get(complaint_id, [])
            place = bisect_right([row["decided_at"] for row in decisions], moment)
            if decisions:
                belongs[decisions[max(place - 1, 0)]["id"]].append(row_id)
        for decision_id, ids in belongs.items():
            for start in range(0, len(ids), 500):
                some = table.c.id.in_(ids[start : start + 500])
                bind.execute(sa.update(table).where(some).values(decision_id=decision_id))


# ---- witnesses -----------------------------------------------------------------------------------------------

LINK = sa.table(
    "witness",
    sa.column("id"),
    sa.column("kind"),
    sa.column("subject_id"),
    sa.column("seq"),
    sa.column("digest"),
    sa.column("previous"),
    sa.column("hash"),
    sa.column("parts", sa.JSON(none_as_null=True)),
)


def _witness(bind: Any, rows: dict[int, list[dict[str, Any]]]) -> None:
    """The new rows join the chain of their case, so that the audit does not take them for slipped in. A case without a
    chain gets one whole when the program begins."""
    for complaint_id, decisions in rows.items():
        kept = LINK.c.kind == "kasus", LINK.c.subject_id == complaint_id, LINK.c.parts.is_not(None)
        last = bind.execute(sa.select(LINK).where(*kept)).one_or_none()
        if last is None:
            continue
        salt = secrets.token_hex(6)
        parts = {**last.parts, **{f"keputusan {row['id']}": _part(salt, row) for row in decisions}}
        link = {
            "kind": "kasus",
            "subject_id": complaint_id,
            "seq": last.seq + 1,
            "digest": _digest(parts),
        }
        link["previous"] = last.hash
        chained = [link[name] for name in ("kind", "subject_id", "seq", "digest", "previous")]
        bind.execute(sa.update(LINK).where(LINK.c.id == last.id).values(parts=sa.null()))
        bind.execute(sa.insert(LINK).values(**link, hash=_digest(chained), parts=parts))


def _part(salt: str, row: dict[str, Any]) -> str:
    value = [row[name] for name in WITNESSED]
    return salt + _digest([salt, f"keputusan {row['id']}", value])[:32]


def _digest(value: object) -> str:
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="microseconds")
    assert isinstance(value, date)
    return value.isoformat()
