"""acts that wait for a code belong to the browser that sent them; their wrong codes are counted for good"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "confirmation",
        sa.Column("browser", sa.String(length=16), nullable=False, server_default=""),
    )
    op.add_column(
        "confirmation", sa.Column("wrong", sa.Integer(), nullable=False, server_default="0")
    )
