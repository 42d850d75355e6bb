"""how often the reader of slips was right, in numbers: by field and by how sure it was"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slip_count",
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("field", "low", name="pk_slip_count"),
    )
