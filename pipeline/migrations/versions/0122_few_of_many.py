"""what is open, asked or kept for a digest has indexes of its own, however much is over"""

import sqlalchemy as sa
from alembic import op

revision = "0122"
down_revision = "0120"
branch_labels = None
depends_on = None

PARTS = (
    (
        "ix_complaint_running",
        "complaint",
        ["stage", "id"],
        "stage NOT IN ('selesai', 'dicabut', 'batal')",
    ),
    (
        "ix_task_asking",
        "task",
        ["due_at"],
        "NOT (closed_at IS NOT NULL) AND kind NOT IN ('gabungan', 'arsip')",
    ),
    ("ix_outbox_kept", "outbox", [sa.text("lower(recipient)")], "state = 'folded' AND NOT told"),
    ("ix_item_unlooked", "item", ["state"], "NOT agreed"),
)


def upgrade() -> None:
    op.drop_index("ix_item_unlooked", "item")
    for name, table, columns, where in PARTS:
        part = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=part, postgresql_where=part)
