"""links, browsers and delegations belong to a person, not to the code that they bear"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # "" stands for rows from before: whose they were is not known.
    for table, columns in (
        ("link", ["mark"]),
        ("browser", ["mark"]),
        ("delegation", ["holder_mark", "acting_mark"]),
    ):
        for name in columns:
            op.add_column(
                table, sa.Column(name, sa.String(length=16), nullable=False, server_default="")
            )
    # A browser acts without a code, so that one of unknown owner must not; a link of theirs asks for a code anyhow.
    op.execute("DELETE FROM browser")
