"""the report of a period is a row with tasks and documents of its own

None for the months before: their reports were made by hand, and nobody knows what stood in them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "laporan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("corrections", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("lost", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_laporan")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_laporan_kind")),
    )
    for table in ("task", "document"):
        op.add_column(table, sa.Column("laporan_id", sa.Integer(), nullable=True))
        op.create_index(op.f(f"ix_{table}_laporan_id"), table, ["laporan_id"])
