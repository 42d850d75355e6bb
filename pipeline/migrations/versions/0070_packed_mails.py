"""what mails said stands compressed; of the HTML of new ones a hash, so that it can be forgotten once delivered

A mail of before keeps its HTML (0.6 KB, compressed): its case's witness is over the text itself.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.data.packed import pack

revision = "0070"
down_revision = "0057"
branch_labels = None
depends_on = None

AT_ONCE = 500
UNTOLD = sa.text("NOT told")
SHOWN = sa.text("html IS NOT NULL AND html_hash != ''")


def upgrade() -> None:
    for name in ("text_0070", "html_0070"):
        op.add_column("outbox", sa.Column(name, sa.LargeBinary(), nullable=True))
    op.add_column(
        "outbox", sa.Column("html_hash", sa.String(64), nullable=False, server_default="")
    )
    _pack()
    for name in (
        "text",
        "html",
    ):  # not as a batch: a table made anew would lose its indexes on expressions
        op.execute(f"ALTER TABLE outbox DROP COLUMN {name}")
        op.execute(f"ALTER TABLE outbox RENAME COLUMN {name}_0070 TO {name}")
    op.drop_index("ix_outbox_told", "outbox")
    op.create_index(
        "ix_outbox_untold", "outbox", ["id"], sqlite_where=UNTOLD, postgresql_where=UNTOLD
    )
    op.create_index(
        "ix_outbox_shown", "outbox", ["date"], sqlite_where=SHOWN, postgresql_where=SHOWN
    )


def _pack() -> None:
    connection, last = op.get_bind(), 0
    some = sa.text("SELECT id, text, html FROM outbox WHERE id > :last ORDER BY id LIMIT :most")
    keep = sa.text("UPDATE outbox SET text_0070 = :text, html_0070 = :html WHERE id = :id")
    while rows := connection.execute(some, {"last": last, "most": AT_ONCE}).all():
        connection.execute(
            keep,
            [{"id": i, "text": _packed(said), "html": _packed(shown)} for i, said, shown in rows],
        )
        last = rows[-1].id


def _packed(text: str) -> bytes | None:
    return pack(text) if text else None
