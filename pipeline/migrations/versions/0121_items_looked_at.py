"""items that were settled and found whole are not looked at every day: what is so already is noted"""

import sqlalchemy as sa
from alembic import op

revision = "0121"
down_revision = "0115"
branch_labels = None
depends_on = None

WHOLE = """UPDATE item SET agreed = true
    WHERE state IN ('done', 'erased')
    AND (reason <> 'pengaduan baru' OR EXISTS (SELECT 1 FROM complaint WHERE item_id = item.id))
    AND EXISTS (SELECT 1 FROM sighting WHERE item_id = item.id)"""


def upgrade() -> None:
    column: sa.Column[bool] = sa.Column(
        "agreed", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("item", column)
    op.execute(WHOLE)
    part = sa.text("NOT agreed")
    op.create_index("ix_item_unlooked", "item", ["id"], sqlite_where=part, postgresql_where=part)
