"""to which decision a letter, a task and a mail belong, from where a limit counts, what a check came to are witnessed

What stands now joins the chain of its case, so that the audit does not take it for slipped in.
"""

import json
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0081"
branch_labels = None
depends_on = None

# (table, the word and the key of its parts, the columns that came later) as of this revision (cases.witness).
LATER = (
    ("document", "berkas", "id", ("decision_id", "item_id")),
    ("task", "tugas", "id", ("decision_id", "counted_from", "first_due_at", "missed_at")),
    ("decision", "keputusan", "id", ("pembuktian",)),
    ("outbox", "email", "message_id", ("decision_id",)),
)
TIMES = ("counted_from", "first_due_at", "missed_at")
AT_ONCE = 300
LINK = sa.table(
    "witness",
    sa.column("id"),
    sa.column("kind"),
    sa.column("subject_id"),
    sa.column("seq"),
    sa.column("digest"),
    sa.column("previous"),
    sa.column("hash"),
    sa.column("parts", sa.JSON(none_as_null=True)),
)


def upgrade() -> None:
    bind = op.get_bind()
    newest = sa.select(LINK.c.subject_id).where(
        LINK.c.kind == "kasus", LINK.c.parts.is_not(None), LINK.c.subject_id > sa.bindparam("after")
    )
    after = 0
    while some := list(
        bind.scalars(newest.order_by(LINK.c.subject_id).limit(AT_ONCE), {"after": after})
    ):
        _witness(bind, _values(bind, some))
        after = some[-1]


def _values(bind: Any, cases: list[int]) -> dict[int, dict[str, list[object]]]:
    """{complaint: {part: what its later columns say}}."""
    found: dict[int, dict[str, list[object]]] = {}
    for table, word, key, names in LATER:
        columns = [
            sa.column(n, sa.DateTime(timezone=True)) if n in TIMES else sa.column(n) for n in names
        ]
        rows = sa.table(table, sa.column("complaint_id"), sa.column(key), *columns)
        query = sa.select(rows).where(rows.c.complaint_id.in_(cases))
        for row in bind.execute(query).mappings():
            said = [row[name] for name in names]
            if any(one not in (None, "") for one in said):
                found.setdefault(row["complaint_id"], {})[f"tambahan {word} {row[key]}"] = said
    return found


def _witness(bind: Any, values: dict[int, dict[str, list[object]]]) -> None:
    kept = LINK.c.kind == "kasus", LINK.c.subject_id.in_(values), LINK.c.parts.is_not(None)
    for last in bind.execute(sa.select(LINK).where(*kept)).all():
        salt = secrets.token_hex(6)
        new = {
            name: salt + _digest([salt, name, value])[:32]
            for name, value in values[last.subject_id].items()
        }
        _append(bind, last, {**last.parts, **new})


def _append(bind: Any, last: Any, parts: dict[str, str]) -> None:
    """A new link of a chain, behind its newest."""
    link = {"kind": "kasus", "subject_id": last.subject_id, "seq": last.seq + 1}
    link |= {"digest": _digest(parts), "previous": last.hash}
    chained = [link[name] for name in ("kind", "subject_id", "seq", "digest", "previous")]
    bind.execute(sa.update(LINK).where(LINK.c.id == last.id).values(parts=sa.null()))
    bind.execute(sa.insert(LINK).values(**link, hash=_digest(chained), parts=parts))


def _digest(value: object) -> str:
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")
