"""a telephone number that was written as 62811… is found as it is dialled, 0811…: by the search that 0110 makes"""

revision = "0080"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
