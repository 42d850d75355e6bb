"""a telephone number that was written as 62811… is found as it is dialled, 0811…"""

from alembic import op

from pipeline.data import fulltext

revision = "0080"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    dialect = connection.dialect.name
    if dialect == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_complaint_words")
    fulltext.drop(connection)
    for statement in fulltext.statements(dialect):
        op.execute(statement)
    if dialect == "sqlite":
        op.execute(fulltext.FILL)
