"""the digests of a case's newest witness, what a letter says, and a mail's thread stand compressed

Digests are hexadecimal, so they halve; nothing asks the database for what is inside. What is witnessed is the value,
which stays what it was.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.data.packed import pack_json

revision = "0096"
down_revision = "0105"
branch_labels = None
depends_on = None

AT_ONCE = 500
COLUMNS = (("witness", "parts"), ("document", "facts"), ("outbox", "headers"))


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(f"{column}_0096", sa.LargeBinary(), nullable=True))
        _pack(table, column)
        # Not as a batch: a table made anew would lose its indexes on expressions.
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {column}_0096 TO {column}")


def _pack(name: str, column: str) -> None:
    rows = sa.table(
        name,
        sa.column("id", sa.Integer),
        sa.column(column, sa.JSON),
        sa.column(f"{column}_0096", sa.LargeBinary),
    )
    connection, last = op.get_bind(), 0
    there = sa.select(rows.c.id, rows.c[column]).where(rows.c[column].is_not(sa.null()))
    keep = (
        rows.update()
        .where(rows.c.id == sa.bindparam("row"))
        .values({f"{column}_0096": sa.bindparam("packed")})
    )
    while some := connection.execute(
        there.where(rows.c.id > last).order_by(rows.c.id).limit(AT_ONCE)
    ).all():
        packed = [{"row": i, "packed": pack_json(value)} for i, value in some if value is not None]
        if packed:
            connection.execute(keep, packed)
        last = some[-1].id
