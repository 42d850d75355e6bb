"""number and date of the letter that a complaint came as; the search reads them, and is made anew"""

import sqlalchemy as sa
from alembic import op

from pipeline.data import fulltext

revision = "0110"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("surat_pengirim", sa.Text(), nullable=False, server_default="")
    op.add_column("complaint", column)
    connection = op.get_bind()
    dialect = connection.dialect.name
    if dialect == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_complaint_words")
    fulltext.drop(connection)
    for statement in fulltext.statements(dialect):
        op.execute(statement)
    if dialect == "sqlite":
        op.execute(fulltext.FILL)
