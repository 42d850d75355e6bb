"""full-text search over the register: an FTS5 table fed by triggers on SQLite, an index on an expression on PostgreSQL

A later revision that makes `complaint` anew on SQLite (batch_alter_table) drops the triggers with the old table, and
has to make them again: see `pipeline.data.fulltext`.
"""

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """0110 makes it, with all columns that the search reads now: here some of them are still to come."""
