"""a form that is not sent yet belongs to a person, not to a code

Those of before bear no mark and stay their code's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0105"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    mark = sa.Column("mark", sa.String(16), nullable=False, server_default="")
    op.add_column("saved_form", mark)
