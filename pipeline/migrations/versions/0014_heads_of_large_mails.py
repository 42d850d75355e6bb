"""mails of which the head alone is kept; twins by what the writer made"""

import sqlalchemy as sa
from alembic import op

from pipeline.data import ledger

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item", sa.Column("full_size", sa.BigInteger(), nullable=True))
    # The only mark until now: the sentence that the JFU was told.
    op.execute(
        "UPDATE item SET full_size = 0 WHERE state = 'held' AND reason LIKE '%di sini hanya kepalanya.'"
    )
    _renew_twins(op.get_bind())


def _renew_twins(connection: sa.Connection) -> None:
    """Else an old mail that is seen again, in an archive or with other fields of its way, would be a second case."""
    item = sa.table(
        "item", sa.column("id"), sa.column("sha256"), sa.column("source"), sa.column("twin")
    )
    blob = sa.table(
        "blob", sa.column("sha256"), sa.column("content", sa.LargeBinary), sa.column("size")
    )
    part = sa.table(
        "blob_part", sa.column("sha256"), sa.column("order"), sa.column("content", sa.LargeBinary)
    )
    for item_id, digest in connection.execute(
        sa.select(item.c.id, item.c.sha256).where(item.c.source == "mail")
    ).all():
        found = connection.execute(
            sa.select(blob.c.content).where(blob.c.sha256 == digest, blob.c.size >= 0)
        ).scalar()
        if found is not None:
            rest = sa.select(part.c.content).where(part.c.sha256 == digest).order_by(part.c.order)
            raw = b"".join([found, *connection.execute(rest).scalars()])
            connection.execute(
                item.update().where(item.c.id == item_id).values(twin=ledger.twin_of(raw))
            )
