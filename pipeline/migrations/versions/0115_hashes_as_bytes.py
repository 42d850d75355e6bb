"""hashes stand as bytes, lists of attachments packed; of the mails an index holds those alone that are not over

What is hashed and witnessed is the hexadecimal text, which stays what it was. A value that is none, because somebody
put it there past the program, becomes the bytes of its text: the audit finds it still.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.data.packed import pack_json

revision = "0115"
down_revision = "0111"
branch_labels = None
depends_on = None

AT_ONCE = 500
HASHES = (
    ("event", ("payload_hash", "previous", "hash")),
    ("payload", ("salt",)),
    ("witness", ("digest", "previous", "hash")),
    ("outbox", ("html_hash",)),
)
SHOWN = "html IS NOT NULL AND length(html_hash) > 0"
GOING = "state NOT IN ('sent', 'folded', 'void')"
ON_POSTGRESQL = """CASE WHEN {c} ~ '^([0-9a-f][0-9a-f])*$'
    THEN decode({c}, 'hex') ELSE convert_to({c}, 'UTF8') END"""


def upgrade() -> None:
    for name in ("due", "to", "written_to", "shown"):
        op.drop_index(f"ix_outbox_{name}", "outbox")
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        file = connection.connection.driver_connection
        assert file is not None
        file.create_function("as_bytes_0115", 1, _as_bytes, deterministic=True)
    for table, columns in HASHES:
        _as_hashes(table, columns, connection.dialect.name)
    _pack_attachments(connection)
    _index("due", ["state", "next_at"], GOING)
    _index("shown", ["date"], SHOWN)
    op.create_index("ix_outbox_written_to", "outbox", [sa.text("lower(recipient)"), "date"])


def _index(name: str, columns: list[str], where: str) -> None:
    part = sa.text(where)
    op.create_index(
        f"ix_outbox_{name}", "outbox", columns, sqlite_where=part, postgresql_where=part
    )


def _as_bytes(value: object) -> bytes:
    said = value if isinstance(value, bytes) else str(value or "").encode()
    try:
        return bytes.fromhex(said.decode())
    except ValueError:
        return said


def _as_hashes(table: str, columns: tuple[str, ...], dialect: str) -> None:
    """Not as a batch on SQLite: a table made anew would lose its indexes on expressions."""
    if dialect == "postgresql":
        kinds = ", ".join(_kind_of(one) for one in columns)
        op.execute(f"ALTER TABLE {table} {kinds}")
        return
    for one in columns:
        column = sa.Column(f"{one}_0115", sa.LargeBinary(), nullable=False, server_default="")
        op.add_column(table, column)
    filled = ", ".join(f"{one}_0115 = as_bytes_0115({one})" for one in columns)
    op.execute(f"UPDATE {table} SET {filled}")
    for one in columns:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {one}")
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {one}_0115 TO {one}")


def _kind_of(column: str) -> str:
    """One statement for all columns of a table: its rows are written once."""
    using = ON_POSTGRESQL.format(c=column)
    return (
        f"ALTER COLUMN {column} DROP DEFAULT, "
        f"ALTER COLUMN {column} TYPE bytea USING {using}, "
        f"ALTER COLUMN {column} SET DEFAULT ''"
    )


def _pack_attachments(connection: sa.Connection) -> None:
    op.add_column("outbox", sa.Column("attachments_0115", sa.LargeBinary(), nullable=True))
    rows = sa.table(
        "outbox",
        sa.column("id", sa.Integer),
        sa.column("attachments", sa.JSON),
        sa.column("attachments_0115", sa.LargeBinary),
    )
    last = 0
    with_some = sa.cast(rows.c.attachments, sa.String) != "[]"
    some = sa.select(rows.c.id, rows.c.attachments).where(with_some)
    keep = rows.update().where(rows.c.id == sa.bindparam("row"))
    keep = keep.values(attachments_0115=sa.bindparam("packed"))
    while found := connection.execute(
        some.where(rows.c.id > last).order_by(rows.c.id).limit(AT_ONCE)
    ).all():
        packed = [{"row": i, "packed": pack_json(files)} for i, files in found]
        connection.execute(keep, packed)
        last = found[-1].id
    op.execute("ALTER TABLE outbox DROP COLUMN attachments")
    op.execute("ALTER TABLE outbox RENAME COLUMN attachments_0115 TO attachments")
