"""The decisions of a case: the one that stands, those that were withdrawn, answers whose decision stands no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from pipeline.casefile.erased import was_erased
from pipeline.data.engine import once
from pipeline.data.tables import Complaint, Decided
from pipeline.office.sop import Stage


def standing(session: Session, complaint_id: int) -> Decided | None:
    """The decision that stands in a case, if there is one."""
    query = select(Decided).where(
        Decided.complaint_id == complaint_id, Decided.withdrawn_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def standing_id(complaint_id: int) -> Select[Any]:
    """The same as a part of another query: its id."""
    return select(Decided.id).where(
        Decided.complaint_id == complaint_id, Decided.withdrawn_at.is_(None)
    )


_WITHDRAWN = (
    select(Decided)
    .where(
        Decided.complaint_id.in_(bindparam("cases", expanding=True)),
        Decided.withdrawn_at.is_not(None),
    )
    .order_by(Decided.number)
)


def withdrawn(session: Session, ids: Collection[int]) -> dict[int, list[Decided]]:
    """{complaint: its decisions that stand no more, oldest first} of these."""
    found: defaultdict[int, list[Decided]] = defaultdict(list)
    for row in session.scalars(_WITHDRAWN, {"cases": list(ids)}):
        found[row.complaint_id].append(row)
    return found


def is_outdated(session: Session, complaint_id: int) -> bool:
    """Whether a merged complaint has, or is being sent, an answer out of a decision that was withdrawn since, and the
    Sekretaris has not let it stand all the same."""
    row = standing(session, complaint_id)
    if row is None or row.source_id is None or row.kept_at is not None:
        return False
    source = session.get(Decided, row.source_id)
    return source is not None and source.withdrawn_at is not None


def follows(session: Session, child: Complaint, parent: Complaint) -> bool:
    """Whether a merged complaint waits for its parent's answer, or has taken over the decision that stands there; not
    one that was reopened and goes its own way."""
    if child.stage is Stage.DIGABUNG:
        return True
    ours = standing(session, child.id)
    theirs = standing(session, parent.id)
    return ours is not None and theirs is not None and ours.source_id == theirs.id


def outdated(session: Session, parent: Complaint) -> list[Complaint]:
    """Complaints merged into this one that were answered with a decision that was withdrawn since: the Sekretaris
    chooses for each whether that answer stands. Not one whose people were erased: nobody is left to be answered."""
    asked = {"parent": parent.id}
    key = ("outdated", parent.id)
    return list(once(session, key, lambda: session.scalars(_outdated(), asked).all()))


@cache  # every page of a task asks it, and to make an alias costs ten times what the answer does
def _outdated() -> Select[Complaint]:
    """The merged complaints of `:parent` whose answer is out of a decision that stands no more."""
    source = aliased(Decided)
    query = (
        select(Complaint)
        .join(Decided, Decided.complaint_id == Complaint.id)
        .join(source, Decided.source_id == source.id)
    )
    answered = query.where(
        Complaint.parent_id == bindparam("parent"),
        Complaint.stage.in_((Stage.SELESAI, Stage.PENGIRIMAN)),
        Decided.withdrawn_at.is_(None),
        Decided.kept_at.is_(None),
        source.withdrawn_at.is_not(None),
        ~was_erased(Complaint.id),
    )
    return answered.order_by(Complaint.id)
