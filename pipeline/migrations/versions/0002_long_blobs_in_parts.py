"""long blobs in parts; indexes for the cap on answers and for results"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blob_part",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_blob_part_sha256")),
        sa.PrimaryKeyConstraint("sha256", "order", name=op.f("pk_blob_part")),
    )
    op.create_index("ix_outbox_to", "outbox", ["recipient", "date"])
    op.create_index(op.f("ix_outbox_told"), "outbox", ["told"])
