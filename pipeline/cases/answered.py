"""Merged citizens who were answered already when the decision of their matter is withdrawn: the Sekretaris chooses for
each whether that answer stands, or whether they wait for the new one too."""

from __future__ import annotations

from pipeline.casefile.decided import outdated, standing
from pipeline.cases import merging
from pipeline.cases.chain import log
from pipeline.cases.core import Forbidden, locked
from pipeline.cases.deed import Deed
from pipeline.data.tables import Complaint
from pipeline.notices import turns
from pipeline.office.sop import EventKind


def choose(deed: Deed) -> None:
    """Those who are ticked follow the new decision; the others keep the answer that they have."""
    children = [
        locked(deed.work, child.id) for child in outdated(deed.work.session, deed.complaint)
    ]
    if not children:
        raise Forbidden(deed.form.action.name)
    ticked = deed.form.choices.get("ikut", ())
    follow = [child for child in children if child.number in ticked]
    keep = [child for child in children if child.number not in ticked]
    for child in follow:
        _wait_too(deed, child)
    for child in keep:
        _let_stand(deed, child)
    deed.log(
        EventKind.ANSWERS_CHOSEN, ikut=[c.number for c in follow], tetap=[c.number for c in keep]
    )


def _wait_too(deed: Deed, child: Complaint) -> None:
    _tell(deed, child, [child.number], [])
    merging.take_back(deed.work, child)
    turns.reopened(deed.work, child)


def _let_stand(deed: Deed, child: Complaint) -> None:
    decision = standing(deed.work.session, child.id)
    assert decision is not None, child.number
    decision.kept_at = deed.work.now
    _tell(deed, child, [], [child.number])


def _tell(deed: Deed, child: Complaint, ikut: list[str], tetap: list[str]) -> None:
    number = deed.complaint.number
    log(
        deed.work, child, EventKind.ANSWERS_CHOSEN, deed.actor, induk=number, ikut=ikut, tetap=tetap
    )
