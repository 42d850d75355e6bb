"""full-text search over the register: an FTS5 table fed by triggers on SQLite, an index on an expression on PostgreSQL

A later revision that makes `complaint` anew on SQLite (batch_alter_table) drops the triggers with the old table, and
has to make them again: see `pipeline.data.fulltext`.
"""

from alembic import op

from pipeline.data import fulltext

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in fulltext.statements(op.get_bind().dialect.name):
        op.execute(statement)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(fulltext.FILL)
