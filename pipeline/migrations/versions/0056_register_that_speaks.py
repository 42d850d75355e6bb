"""what the reports count by (class, place, outcome of the check, when complete, decided, answered), and every end of a
case as a row of its own, so that a period that is over stays countable after a case was opened again"""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0048"
branch_labels = None
depends_on = None

NEW_TIMES = ("lengkap_at", "decided_at", "answered_at")
FILTERED = ("channel", "klasifikasi", "kategori", "decision", "rahasia")
ENDED = {"voided": "batal", "withdrawn": "dicabut", "delivered": ""}  # how, or as it was decided
BEGUN_AGAIN = ("reopened", "merged")  # a merged one whose answer stands no more waits for the next
BATCH = 2_000


def upgrade() -> None:
    for name, size in (("klasifikasi", 40), ("pembuktian", 16)):
        op.add_column(
            "complaint", sa.Column(name, sa.String(size), nullable=False, server_default="")
        )
    op.add_column(
        "complaint", sa.Column("lokasi_kejadian", sa.Text(), nullable=False, server_default="")
    )
    for name in NEW_TIMES:
        op.add_column("complaint", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "decision", sa.Column("pembuktian", sa.String(16), nullable=False, server_default="")
    )
    op.add_column("task", sa.Column("first_due_at", sa.DateTime(timezone=True), nullable=True))
    for name in FILTERED:
        op.create_index(f"ix_complaint_{name}", "complaint", [name, "id"])
    some = sa.text("terlapor != ''")
    op.create_index(
        "ix_complaint_terlapor", "complaint", ["terlapor"], sqlite_where=some, postgresql_where=some
    )
    op.create_table(
        "closing",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column(
            "complaint_id",
            sa.Integer(),
            sa.ForeignKey("complaint.id", name="fk_closing_complaint_id"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_closing"),
    )
    for name in ("complaint_id", "at", "reopened_at"):
        op.create_index(f"ix_closing_{name}", "closing", [name])
    _fill_times()
    _fill_closings()


def _fill_times() -> None:
    """Complete: when it was recorded; where the pengadu was asked, when they answered, or when it was reported to the
    head without their answer."""
    op.execute("UPDATE complaint SET answered_at = delivered_at WHERE stage = 'selesai'")
    op.execute(
        "UPDATE complaint SET decided_at = (SELECT d.decided_at FROM decision d WHERE d.complaint_id = complaint.id"
        " AND d.withdrawn_at IS NULL) WHERE decision IS NOT NULL"
    )
    op.execute(
        "UPDATE complaint SET lengkap_at = (SELECT min(e.at) FROM event e WHERE e.complaint_id = complaint.id"
        " AND e.kind IN ('recorded', 'citizen_wrote', 'reported')"
        " AND e.seq > coalesce((SELECT max(a.seq) FROM event a WHERE a.complaint_id = complaint.id"
        " AND a.kind = 'citizen_asked'), 0))"
    )


def _fill_closings() -> None:
    connection = op.get_bind()
    event = sa.table(
        "event",
        *map(sa.column, ("id", "complaint_id", "seq", "kind")),
        sa.column("at", sa.DateTime()),
    )
    complaint = sa.table(
        "complaint",
        *map(sa.column, ("id", "parent_id", "stage", "decision")),
        sa.column("closed_at", sa.DateTime()),
    )
    payload = sa.table("payload", sa.column("event_id"), sa.column("data", sa.JSON()))
    query = (
        sa.select(
            event.c.complaint_id,
            event.c.kind,
            event.c.at,
            payload.c.data,
            complaint.c.parent_id,
            complaint.c.stage,
            complaint.c.decision,
            complaint.c.closed_at,
        )
        .join(complaint, complaint.c.id == event.c.complaint_id)
        .outerjoin(payload, payload.c.event_id == event.c.id)
        .where(event.c.kind.in_(("decided", *ENDED, *BEGUN_AGAIN)))
        .order_by(event.c.complaint_id, event.c.seq)
    )
    made = [
        row
        for _id, found in groupby(connection.execute(query).all(), lambda row: row[0])
        for row in _ends(found)
    ]
    closing = sa.table(
        "closing",
        sa.column("complaint_id"),
        sa.column("at", sa.DateTime()),
        sa.column("how"),
        sa.column("reopened_at", sa.DateTime()),
    )
    for start in range(0, len(made), BATCH):
        connection.execute(sa.insert(closing), made[start : start + BATCH])


def _ends(found: Iterator[Any]) -> list[dict[str, Any]]:
    """The ends of one case from its history; the last one is where the complaint itself says it is."""
    ends: list[dict[str, Any]] = []
    how, last = "selesai", None
    for row in found:
        last = row
        is_open = not ends or ends[-1]["reopened_at"] is not None
        if row.kind == "decided":
            said = (row.data or {}).get("keputusan", "")
            how = said if said in ("ditolak", "bukan_wewenang") else "selesai"
        elif row.kind in BEGUN_AGAIN and not is_open:
            ends[-1]["reopened_at"] = row.at
        elif row.kind in ENDED and is_open:
            ends.append(_end(row, row.at, ENDED[row.kind] or how))
    if last is None or not ends or ends[-1]["reopened_at"] is not None or last.closed_at is None:
        return ends
    decided = last.decision if last.decision in ("ditolak", "bukan_wewenang") else "selesai"
    own = last.stage if last.stage in ("batal", "dicabut") else ""
    ends[-1] |= {"at": last.closed_at, "how": own or ("digabung" if last.parent_id else decided)}
    return ends


def _end(row: Any, at: datetime, how: str) -> dict[str, Any]:
    merged = row.parent_id and how not in ("batal", "dicabut")
    return {
        "complaint_id": row.complaint_id,
        "at": at,
        "how": "digabung" if merged else how,
        "reopened_at": None,
    }
