"""what is typed into a form that belongs to no task is saved, too"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "typed_form",
        sa.Column("person", sa.String(16), nullable=False),
        sa.Column("form", sa.String(32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "form", name=op.f("pk_typed_form")),
    )
    op.create_index(op.f("ix_typed_form_saved_at"), "typed_form", ["saved_at"])
