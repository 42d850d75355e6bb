"""covering letters with a number of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "complaint",
        sa.Column("covering_number", sa.String(length=80), nullable=False, server_default=""),
    )
    with op.batch_alter_table("complaint") as batch:
        batch.alter_column(
            "covering_number", existing_type=sa.String(length=80), server_default=None
        )
