"""the search on SQLite also knows what the book is filtered by, and has an index for beginnings of every length"""

from alembic import op

from pipeline.data import fulltext

revision = "0111"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    fulltext.drop(connection)
    for statement in fulltext.statements("sqlite"):
        op.execute(statement)
    op.execute(fulltext.FILL)
