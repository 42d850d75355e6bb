"""codes, sources and findings of letters; every number that a letter has borne"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.add_column(sa.Column("code", sa.String(length=19), nullable=False, server_default=""))
        table.add_column(sa.Column("source_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("facts", sa.JSON(), nullable=True))
        table.create_foreign_key(op.f("fk_document_source_id"), "document", ["source_id"], ["id"])
    op.create_index(op.f("ix_document_code"), "document", ["code"])
    op.create_table(
        "letter_number",
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_letter_number_complaint_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_letter_number")),
    )
    op.create_index(op.f("ix_letter_number_complaint_id"), "letter_number", ["complaint_id"])
    op.execute(
        "INSERT INTO letter_number (number, complaint_id, kind, given_at) "
        "SELECT letter_number, MIN(id), 'jawaban', MIN(recorded_at) FROM complaint "
        "WHERE letter_number <> '' AND parent_id IS NULL GROUP BY letter_number"
    )
