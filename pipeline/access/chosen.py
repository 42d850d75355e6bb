"""Files that were chosen on a form which came back for another field: kept for an hour, so that nobody chooses twice.

A browser does not fill in a file by itself. The form names the kept one by the hash of its content instead: who knows
that has had the file in hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipeline.data.store import digest_of
from pipeline.data.tables import ChosenFile, Task

KEPT = timedelta(hours=1)
MOST = (
    8  # files of one task; the oldest gives way: whoever has its link may send as many as they like
)
PREFIX = "terpilih_"  # before the name of a field: the kept file that it means


def keep(
    session: Session, task: Task, files: Mapping[str, tuple[str, bytes]], now: datetime
) -> dict[str, list[str]]:
    """Keep files, {field: (name, content)}, for a form that goes back; what the form says of them."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    said = {}
    for field, (name, content) in files.items():
        digest = digest_of(content)
        newest = {"name": name, "chosen_at": now}
        row = dialect.insert(ChosenFile).values(
            task_id=task.id, sha256=digest, content=content, **newest
        )
        key = ["task_id", "sha256"]
        session.execute(
            row.on_conflict_do_update(index_elements=key, set_=newest)
        )  # two may be sent at once
        said[f"{PREFIX}{field}"] = [digest]
    _make_room(session, task)
    return said


def _make_room(session: Session, task: Task) -> None:
    mine = select(ChosenFile).where(ChosenFile.task_id == task.id)
    newest_first = mine.order_by(ChosenFile.chosen_at.desc(), ChosenFile.sha256)
    for row in session.scalars(newest_first.offset(MOST)):
        session.delete(row)


def find(session: Session, task_id: int, digest: str, now: datetime) -> ChosenFile | None:
    """The kept file of that hash, for as long as it is kept."""
    row = session.get(ChosenFile, (task_id, digest)) if len(digest) == 64 else None
    return row if row is not None and now < row.chosen_at + KEPT else None


def drop(session: Session, task_id: int) -> None:
    session.execute(delete(ChosenFile).where(ChosenFile.task_id == task_id))


def sweep(session: Session, now: datetime) -> int:
    """Forget what is no longer kept; how many."""
    over = session.execute(delete(ChosenFile).where(ChosenFile.chosen_at <= now - KEPT))
    return over.rowcount  # type: ignore[attr-defined,no-any-return]
