"""other units read a pengadu's words once they are released; whom a complaint is about"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "complaint",
        sa.Column("teks_terbuka", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("complaint", sa.Column("terlapor", sa.Text(), nullable=False, server_default=""))
