"""limits that were extended, and who has had the morning's digest"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "task", sa.Column("extended", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    with op.batch_alter_table("task") as batch:
        batch.alter_column("extended", existing_type=sa.Boolean(), server_default=None)
    op.create_table(
        "digest",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("day", "person", name=op.f("pk_digest")),
    )
