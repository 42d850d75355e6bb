"""the search on PostgreSQL keeps the words of each complaint in a table of its own, with what the book is filtered by

An index on an expression found rows quickly, but every row that was looked at otherwise had its words made anew.
"""

from alembic import op

from pipeline.data import fulltext

revision = "0119"
down_revision = "0121"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        fulltext.make_anew(connection)
