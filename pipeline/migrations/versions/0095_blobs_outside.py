"""the bytes of blobs may lie outside the database: where each lies, and under which name this database keeps them

An office of before has all of them inside, and no row here.
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blob_place",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("place", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob_place")),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_blob_place_sha256")),
    )
    home = op.create_table(
        "blob_home",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob_home")),
    )
    # Here, and not with the first bytes: those of a transaction that is undone must lie under a name that is known.
    op.bulk_insert(home, [{"id": 1, "name": uuid4().hex}])
