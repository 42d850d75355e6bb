"""what the Kepala Dinas wants to be told to the pengadu, apart from the order to the Sekretaris"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "complaint", sa.Column("disampaikan", sa.Text(), nullable=False, server_default="")
    )
