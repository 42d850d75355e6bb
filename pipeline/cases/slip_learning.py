"""What the clerk makes of what was read, as numbers alone: how often each kind of field is right at each confidence.

Hides how many must have been seen before the numbers count. No word of a slip is kept. What is shown as clear follows
the office's own paper: a range of confidence in which too many fields were changed is no longer clear.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.cases.input import Checked
from pipeline.data.engine import exclusive
from pipeline.data.states import SlipState
from pipeline.data.tables import Complaint, Slip, SlipCount
from pipeline.slips.calibration import SURE
from pipeline.work import Work

LOWS = (0, 50, 80, 90, 95)  # percent: where the ranges of confidence begin
ENOUGH = 40  # fields of a range before it is judged
MANY = 100  # and before it is trusted more than it was
MOST_WRONG = 0.03  # of what is shown as clear
NEVER = 1.01  # no confidence is enough
DIGITS = ("telepon", "nik")
NAMES = {
    "unit": "unit_dituju",
    "uraian": "isi",
}  # fields of the paper that have another name in the form
NAMED = 3  # complaints in whose addresses a word stands, before it is a name of this town and not of somebody's house
RECENT = 2000  # complaints that are looked at for such names
Counts = Mapping[int, tuple[int, int]]  # {low: (read, right)}


@dataclass(frozen=True)
class Quality:
    """How a kind of field fares in this office: `read` and `right` in all, `clear` and `wrong` of those of a confidence
    from which they are shown as clear (`clear_from`)."""

    field: str
    read: int
    right: int
    clear: int
    wrong: int
    clear_from: float


def learn(work: Work, slip: Slip, form: Checked) -> None:
    """Count each field that was read as left or changed by the clerk; called before what was read goes."""
    for name, known in slip.fields.items() if slip.kind == "slip" else ():
        value = str(known.get("value", ""))
        if not value or known.get("confidence") is None or known.get("counted"):
            continue
        same = _plain(name, value) == _plain(name, form.text(NAMES.get(name, name)))
        _add(work.session, name, _low(float(known["confidence"])), same)


def _low(confidence: float) -> int:
    return max(low for low in LOWS if low <= confidence * 100)


def _plain(name: str, text: str) -> str:
    """What of a value counts: spaces and capitals do not, and of a number only its digits."""
    return re.sub(r"\D", "", text) if name in DIGITS else " ".join(text.split()).casefold()


def _add(session: Session, name: str, low: int, same: bool) -> None:
    exclusive(session, f"slip_count:{name}:{low}")  # two clerks may count the first one at once
    row = session.get(SlipCount, (name, low), populate_existing=True)
    if row is None:
        row = SlipCount(field=name, low=low, read=0, right=0)
        session.add(row)
    row.read += 1
    row.right += same


def clear_from(session: Session) -> Mapping[str, float]:
    """For each kind of field that was seen here, the confidence from which it is shown as clear."""
    return {name: judged(bins) for name, bins in _counts(session).items()}


def judged(bins: Counts) -> float:
    """The rule: what was wrong too often is clear no more; what was hardly ever wrong becomes clear."""
    if _too_wrong(bins.get(95, (0, 0))):
        return NEVER
    if _too_wrong(bins.get(90, (0, 0))):
        return 0.95
    read, right = bins.get(80, (0, 0))
    return 0.8 if read >= MANY and read - right <= MOST_WRONG * read else SURE


def _too_wrong(one: tuple[int, int]) -> bool:
    read, right = one
    return read >= ENOUGH and read - right > MOST_WRONG * read


def quality(session: Session) -> list[Quality]:
    """How the reader fares here, a row for each kind of field."""
    rows = []
    for name, bins in sorted(_counts(session).items()):
        start = judged(bins)
        clear = [one for low, one in bins.items() if low >= start * 100]
        rows.append(
            Quality(
                name,
                sum(read for read, _ in bins.values()),
                sum(right for _, right in bins.values()),
                sum(read for read, _ in clear),
                sum(read - right for read, right in clear),
                start,
            )
        )
    return rows


def confirmed_names(session: Session) -> list[str]:
    """Names of streets and kelurahan that clerks confirmed on slips, for the reader. Found anew each time: nothing is
    kept beside the complaints, and what is erased there is gone here."""
    recorded = select(Slip.complaint_id).where(Slip.state == SlipState.RECORDED)
    query = (
        select(Complaint.alamat)
        .where(Complaint.id.in_(recorded), Complaint.alamat != "")
        .order_by(Complaint.id.desc())
        .limit(RECENT)
    )
    found: Counter[str] = Counter()
    for address in session.scalars(query):
        found.update(set(re.findall(r"[a-z]{4,}", address.lower())))
    return sorted(word for word, count in found.items() if count >= NAMED)


def _counts(session: Session) -> Mapping[str, Counts]:
    found: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in session.scalars(select(SlipCount)):
        found[row.field][row.low] = (row.read, row.right)
    return found
