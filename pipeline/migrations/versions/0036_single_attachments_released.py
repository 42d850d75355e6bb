"""which attachments of a case other units may see, one by one"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("complaint", sa.Column("dibuka", sa.Text(), nullable=False, server_default=""))
