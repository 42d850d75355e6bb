"""what stands in a case as a chain of digests; seals over what is new since the one before"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "witness",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("parts", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witness")),
        sa.UniqueConstraint("kind", "subject_id", "seq", name=op.f("uq_witness_kind")),
    )
    op.add_column("seal", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("seal", sa.Column("last_witness", sa.Integer(), nullable=True))
    op.add_column("seal", sa.Column("last_item", sa.Integer(), nullable=True))
