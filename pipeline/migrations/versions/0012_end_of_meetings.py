"""when a rapat ends"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

meeting = sa.table(
    "meeting",
    sa.column("id", sa.Integer),
    sa.column("at", sa.DateTime(True)),
    sa.column("until", sa.DateTime(True)),
)


def upgrade() -> None:
    op.add_column("meeting", sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(
        sa.select(meeting.c.id, meeting.c.at)
    ).all():  # an hour is what calendars were told
        ends = row.at + timedelta(hours=1)
        connection.execute(sa.update(meeting).where(meeting.c.id == row.id).values(until=ends))
    with op.batch_alter_table("meeting") as batch:
        batch.alter_column("until", existing_type=sa.DateTime(timezone=True), nullable=False)
