"""what an event says stands compressed; an index that only repeats the beginning of another is gone

What is hashed is the value, which stays what it was. What is no JSON, because somebody put it there past the program,
stays as its bytes: the audit finds it still.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from pipeline.data.packed import OF_TEXT, pack_json

revision = "0123"
down_revision = "0122"
branch_labels = None
depends_on = None

AT_ONCE = 500
DOUBLED = (
    ("ix_event_complaint_id", "event"),
    ("ix_laporan_event_laporan_id", "laporan_event"),
    ("ix_slip_page_item_id", "slip_page"),
)
PAYLOAD = sa.table(
    "payload",
    sa.column("event_id", sa.Integer),
    sa.column("data", sa.JSON),
    sa.column("data_0123", sa.LargeBinary),
)


def upgrade() -> None:
    for index, table in DOUBLED:
        op.drop_index(index, table)
    op.add_column("payload", sa.Column("data_0123", sa.LargeBinary(), nullable=True))
    keep = sa.update(PAYLOAD).where(PAYLOAD.c.event_id == sa.bindparam("row"))
    keep = keep.values(data_0123=sa.bindparam("packed"))
    for portion in _portions(op.get_bind()):
        packed = [{"row": event_id, "packed": _packed(said)} for event_id, said in portion]
        op.get_bind().execute(keep, packed)
    op.execute("ALTER TABLE payload DROP COLUMN data")
    op.execute("ALTER TABLE payload RENAME COLUMN data_0123 TO data")


def _portions(connection: sa.Connection) -> Iterator[Any]:
    """(event, what stands there as text), in the order of events."""
    said = sa.cast(PAYLOAD.c.data, sa.Text)
    rows, last = sa.select(PAYLOAD.c.event_id, said), 0
    rows = rows.order_by(PAYLOAD.c.event_id).limit(AT_ONCE)
    while portion := connection.execute(rows.where(PAYLOAD.c.event_id > last)).all():
        yield portion
        last = portion[-1].event_id


def _packed(said: str | None) -> bytes | None:
    try:
        return None if said is None else pack_json(json.loads(said), OF_TEXT)
    except ValueError:
        return (said or "").encode()
