"""from when a limit is counted that runs on over returns; which limit had passed when a later one was set"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("counted_from", sa.DateTime(timezone=True)))
    op.add_column("task", sa.Column("missed_at", sa.DateTime(timezone=True)))
