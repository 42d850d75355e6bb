"""Forms that are typed in and not sent yet: saved so that a dropped connection loses nothing, or filled in by a reply.

They belong to one holder of one task and are erased when the task closes: they hold people's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipeline.data.tables import SavedForm, Task
from pipeline.office.config import Petugas

GUEST = "#"  # stands between a person's code and the name of a browser that is not known
MOST_OF_GUESTS = 5  # forms of one task; the oldest gives way
LONGEST = 100_000  # characters of all fields together; what is longer could not be sent either

BY_REPLY = (
    "=balasan"  # behind a holder's code: filled in by a mail in their name, which may be forged
)

LONGEST_WAIT = timedelta(days=1)  # [smtp] tunda_menit is never as long
BEFORE = "=sebelum"  # behind a holder's code: what stood before an act that can still be taken back

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Filled:
    """A form as a reply filled it in: shown by the link that answered the reply. `item_id` is the reply itself, whose
    `files` go with the form; `rest` is what was cut off its words."""

    values: dict[str, list[str]]
    at: datetime
    link_id: int
    item_id: int
    files: list[str]
    rest: str


def put(
    session: Session,
    task: Task,
    holder: str,
    action: str,
    values: Values,
    now: datetime,
    *,
    mark: str = "",
) -> bool:
    """Keep the newest state of one form; nothing of a task that is closed, nor of what is too long. True if kept.

    `mark` is the person's: whoever bears their code next does not see it."""
    kept = {name: [str(one) for one in many] for name, many in values.items()}
    if (
        task.closed_at is not None
        or sum(len(one) for many in kept.values() for one in many) > LONGEST
    ):
        return False
    if session.get(SavedForm, (task.id, holder, action)) is None:
        _make_room(session, task, holder)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    state = {"data": kept, "saved_at": now, "mark": mark}
    row = dialect.insert(SavedForm).values(task_id=task.id, holder=holder, action=action, **state)
    key = ["task_id", "holder", "action"]
    session.execute(
        row.on_conflict_do_update(index_elements=key, set_=state)
    )  # two pages may save first at once
    return True


def _make_room(session: Session, task: Task, holder: str) -> None:
    """Browsers that are not known keep few forms of a task: whoever has its link may send as many as they like."""
    if GUEST not in holder:
        return
    guests = select(SavedForm).where(
        SavedForm.task_id == task.id, SavedForm.holder.contains(GUEST, autoescape=True)
    )
    newest_first = guests.order_by(SavedForm.saved_at.desc(), SavedForm.holder, SavedForm.action)
    for row in session.scalars(newest_first.offset(MOST_OF_GUESTS - 1)):
        session.delete(row)


def put_reply(session: Session, task: Task, person: Petugas, action: str, filled: Filled) -> bool:
    """Keep a form that a reply has filled in, apart from what the holder typed. True if kept."""
    holder = f"{person.kode}{BY_REPLY}"
    if not put(session, task, holder, action, filled.values, filled.at, mark=person.mark):
        return False
    row = session.get_one(SavedForm, (task.id, holder, action), populate_existing=True)
    about = {
        "tautan": filled.link_id,
        "kiriman": filled.item_id,
        "berkas": filled.files,
        "sisa": filled.rest[:LONGEST],
    }
    row.data = {"isian": row.data, **about}
    return True


def of_reply(session: Session, task_id: int, person: Petugas) -> dict[str, Filled]:
    """{action: form} of what replies in this person's name have filled in and nobody has sent yet."""
    rows = _rows(session, task_id, f"{person.kode}{BY_REPLY}", person.mark)
    return {row.action: _filled(row.data, row.saved_at) for row in rows}


_ROWS = select(SavedForm).where(
    SavedForm.task_id == bindparam("task"),
    SavedForm.holder == bindparam("whose"),
    or_(SavedForm.mark == "", SavedForm.mark == bindparam("mark")),
)  # made once, for each page of a task asks it


def _rows(session: Session, task_id: int, whose: str, mark: str) -> Iterable[SavedForm]:
    return session.scalars(_ROWS, {"task": task_id, "whose": whose, "mark": mark})


def _filled(data: Mapping[str, Any], at: datetime) -> Filled:
    return Filled(data["isian"], at, data["tautan"], data["kiriman"], data["berkas"], data["sisa"])


def of(
    session: Session, task_id: int, holder: str, mark: str
) -> dict[str, tuple[dict[str, list[str]], datetime]]:
    """{action: (values, when)} of what this holder has not sent yet, `mark` being the person's."""
    rows = _rows(session, task_id, holder, mark)
    return {row.action: (dict(row.data), row.saved_at) for row in rows}


def remember(
    session: Session, task_id: int, holder: str, action: str, state: Mapping[str, Any], at: datetime
) -> None:
    """Keep what stood before an act, for as long as it can be taken back; instead of what was kept before."""
    forget(session, task_id, holder, action)
    row = SavedForm(
        task_id=task_id, holder=f"{holder}{BEFORE}", action=action, data=dict(state), saved_at=at
    )
    session.add(row)
    session.flush()


def remembered(session: Session, task_id: int, holder: str) -> dict[str, dict[str, Any]]:
    """{action: what stood before it}."""
    return {row.action: dict(row.data) for row in _rows(session, task_id, f"{holder}{BEFORE}", "")}


def remembered_of(session: Session, complaint_id: int) -> list[tuple[datetime, dict[str, Any]]]:
    """(when an act was done, what stood before it) on all tasks of a complaint, newest first."""
    query = (
        select(SavedForm)
        .join(Task, Task.id == SavedForm.task_id)
        .where(Task.complaint_id == complaint_id, SavedForm.holder.endswith(BEFORE))
        .order_by(SavedForm.saved_at.desc())
    )
    return [(row.saved_at, dict(row.data)) for row in session.scalars(query)]


def forget(session: Session, task_id: int, holder: str, action: str) -> None:
    mine = (
        SavedForm.task_id == task_id,
        SavedForm.holder == f"{holder}{BEFORE}",
        SavedForm.action == action,
    )
    session.execute(delete(SavedForm).where(*mine))


def sweep(session: Session, before: datetime, now: datetime, most: int) -> int:
    """Forget forms that nobody has touched since `before`, or whose task is closed; how many. What stood before an act
    outlives its task, for as long as the act may be taken back."""
    over = select(Task.id).where(Task.closed_at.is_not(None))
    of_act = SavedForm.holder.endswith(BEFORE)
    needed = of_act & (SavedForm.saved_at > now - LONGEST_WAIT)
    old = or_(of_act, SavedForm.saved_at < before, SavedForm.task_id.in_(over)) & ~needed
    rows = session.scalars(select(SavedForm).where(old).limit(most)).all()
    for row in rows:
        session.delete(row)
    return len(rows)


def drop(session: Session, task_id: int, holder: str = "", action: str = "") -> None:
    """Forget the forms of a task: all, or one that has been sent."""
    query = delete(SavedForm).where(SavedForm.task_id == task_id)
    if holder:
        mine = or_(
            SavedForm.holder == holder, SavedForm.holder.startswith(f"{holder}#", autoescape=True)
        )
        query = query.where(mine, SavedForm.action == action)
    session.execute(query)
