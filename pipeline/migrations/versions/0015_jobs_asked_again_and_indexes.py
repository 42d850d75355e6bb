"""jobs that are asked for again while they run; indexes for what is looked up; an undangan's UID of any length"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TELEPON = "replace(replace(replace(replace(telepon, ' ', ''), '-', ''), '.', ''), '+62', '0')"


def upgrade() -> None:
    op.add_column("job", sa.Column("asked", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("job") as batch:
        batch.alter_column("asked", existing_type=sa.Integer(), server_default=None)
    with op.batch_alter_table(
        "document"
    ) as batch:  # 0007 left it there, and no table made from the code has it
        batch.alter_column("code", existing_type=sa.String(length=19), server_default=None)
        batch.create_index(op.f("ix_document_source_id"), ["source_id"])
    with op.batch_alter_table(
        "saved_form"
    ) as batch:  # for a day 0005 made it shorter than it is now
        batch.alter_column(
            "holder",
            existing_type=sa.String(length=40),
            type_=sa.String(length=64),
            existing_nullable=False,
        )
    with op.batch_alter_table("meeting") as batch:
        batch.alter_column(
            "uid", existing_type=sa.String(length=80), type_=sa.Text(), existing_nullable=False
        )
    # Alembic cannot see these two again: a later revision that makes one of the tables anew has to make them, too.
    op.execute("CREATE INDEX ix_outbox_written_to ON outbox (lower(recipient))")
    op.execute("CREATE INDEX ix_complaint_email_lower ON complaint (lower(email))")
    op.execute(f"CREATE INDEX ix_complaint_dialled ON complaint (({TELEPON}))")
    op.create_index(op.f("ix_complaint_nik"), "complaint", ["nik"])
