"""room for packs: texts of mails of a case that is over stand together; the daily sweep fills them"""

import sqlalchemy as sa
from alembic import op

revision = "0124"
down_revision = "0123"
branch_labels = None
depends_on = None

LOOSE = sa.text("html IS NULL AND text IS NOT NULL AND complaint_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "mail_pack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("texts", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name="fk_mail_pack_complaint_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mail_pack"),
    )
    op.add_column("outbox", sa.Column("pack_id", sa.Integer(), nullable=True))
    op.create_index(
        "ix_outbox_loose", "outbox", ["complaint_id"], sqlite_where=LOOSE, postgresql_where=LOOSE
    )
