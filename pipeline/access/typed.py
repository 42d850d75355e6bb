"""Forms that belong to no task (the counter, a delegation, more time for somebody), typed in and not sent yet.

They belong to a person, whichever of their links opened the page, and hold people's words: what was sent is erased at
once, the rest after [retensi.mesin] isian.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipeline.access.unsent import LONGEST
from pipeline.data.tables import TypedForm
from pipeline.office.config import Petugas

Values = Mapping[str, Sequence[str]]


def put(session: Session, person: Petugas, form: str, values: Values, now: datetime) -> bool:
    """Keep the newest state of one form; nothing that is too long to be sent. True if kept."""
    kept = {name: [str(one) for one in many] for name, many in values.items()}
    if sum(len(one) for many in kept.values() for one in many) > LONGEST:
        return False
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    state = {"data": kept, "saved_at": now}
    row = dialect.insert(TypedForm).values(person=person.mark, form=form, **state)
    key = ["person", "form"]
    session.execute(row.on_conflict_do_update(index_elements=key, set_=state))
    return True


def of(session: Session, person: Petugas) -> dict[str, tuple[dict[str, list[str]], datetime]]:
    """{form: (values, when)} of what this person has not sent yet."""
    mine = select(TypedForm).where(TypedForm.person == person.mark)
    return {row.form: (dict(row.data), row.saved_at) for row in session.scalars(mine)}


def drop(session: Session, person: Petugas, form: str) -> None:
    """Forget a form that has been sent."""
    mine = (TypedForm.person == person.mark, TypedForm.form == form)
    session.execute(delete(TypedForm).where(*mine))


def forget(session: Session, about: Callable[[str], bool]) -> int:
    """Forget the forms whose words are about somebody, whoever has typed them; how many."""
    rows = session.scalars(select(TypedForm)).all()
    named = [row for row in rows if about(_words(row))]
    for row in named:
        session.delete(row)
    return len(named)


def _words(row: TypedForm) -> str:
    return "\n".join(str(one) for many in row.data.values() for one in many)


def sweep(session: Session, before: datetime) -> int:
    """Forget what nobody has touched since then; how many."""
    over = session.execute(delete(TypedForm).where(TypedForm.saved_at < before))
    return over.rowcount  # type: ignore[attr-defined,no-any-return]
