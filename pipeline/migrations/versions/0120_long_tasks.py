"""an index of the few tasks that took more than 60 days, for what was open at a moment long ago"""

import sqlalchemy as sa
from alembic import op

revision = "0120"
down_revision = "0119"
branch_labels = None
depends_on = None

ON_SQLITE = "julianday(closed_at) - julianday(opened_at) > 60"
ON_POSTGRESQL = "closed_at - opened_at > interval '60 days'"


def upgrade() -> None:
    op.create_index(
        "ix_task_long",
        "task",
        ["opened_at"],
        sqlite_where=sa.text(ON_SQLITE),
        postgresql_where=sa.text(ON_POSTGRESQL),
    )
