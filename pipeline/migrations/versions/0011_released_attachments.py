"""whether other units may see the attachments of a confidential complaint"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "complaint",
        sa.Column(
            "lampiran_terbuka", sa.Boolean(), nullable=False, server_default=sa.text("false")
        ),
    )
    with op.batch_alter_table("complaint") as batch:
        batch.alter_column("lampiran_terbuka", existing_type=sa.Boolean(), server_default=None)
