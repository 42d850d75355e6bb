"""Answered cases that are like this one, with what was told to their pengadu: for the one who writes the next answer.

Hides how likeness is counted. Each word of the case is looked for by the database's own search, which tells where it
stands and not how well it fits; so a word counts the more the fewer answers have it. What is confidential, or about
whoever reads, is not among them; nor what was merged, which has its parent's words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from sqlalchemy import Select, not_, select
from sqlalchemy.orm import Session

from pipeline.casefile import reported
from pipeline.data import fulltext
from pipeline.data.tables import Complaint
from pipeline.office.sop import Stage
from pipeline.work import Work

SHOWN = 3
WORDS, SHORTEST = 24, 4  # words of a case that are looked for; letters of one that says something
NEWEST = 200  # answers that have a word, the newest: in a large book the cost stays the same
SAME_KIND, SAME_UNIT = 1.0, 0.5  # what the same kategori and the same unit count, beside words
LEAST = 0.8  # less is likeness by chance
_NUMBERED = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True)
class Similar:
    """An answered case and the points of its letter."""

    complaint: Complaint
    points: tuple[str, ...]


def answers(session: Session, complaint: Complaint, reader: str = "") -> list[Similar]:
    """The most similar first, at most SHOWN."""
    scores = _scores(session, complaint, reader)

    def best_first(key: int) -> tuple[float, int]:
        return -scores[key], -key  # of two alike the newer one

    looked_at = sorted(scores, key=best_first)[: 10 * SHOWN]
    rows = session.scalars(select(Complaint).where(Complaint.id.in_(looked_at))).all()
    for row in rows:
        scores[row.id] += _beside(complaint, row)
    enough = [row for row in rows if scores[row.id] >= LEAST]
    ranked = sorted(enough, key=lambda row: best_first(row.id))
    return [Similar(row, points_of(row)) for row in ranked[:SHOWN]]


def points_of(complaint: Complaint) -> tuple[str, ...]:
    """What was told to the pengadu, a point a line."""
    points = []
    for line in complaint.disampaikan.splitlines():
        point = _NUMBERED.sub("", line).strip()
        if point:
            points.append(point)
    return tuple(points)


def words_of(complaint: Complaint) -> list[str]:
    """The words by which a case is looked for, each once."""
    text = f"{complaint.perihal} {complaint.ringkasan} {complaint.isi}"
    said = dict.fromkeys(fulltext.terms(text[:5_000]))
    telling = [one for one in said if len(one) >= SHORTEST and not one.isdigit()]
    return telling[:WORDS]


def _scores(session: Session, complaint: Complaint, reader: str) -> dict[int, float]:
    """{answered case: how much its words are those of this one}. A word that few cases have tells more."""
    found: dict[int, float] = defaultdict(float)
    for one in words_of(complaint):
        having = session.scalars(_having(session, complaint, reader, one)).all()
        if not having:
            continue
        weight = 1 / (1 + log(len(having))) if len(having) < NEWEST else 0.05
        for key in having:
            found[key] += weight
    return found


def _having(session: Session, complaint: Complaint, reader: str, one: str) -> Select[Any]:
    """The newest answers that have a word."""
    dialect = session.get_bind().dialect.name
    query = select(Complaint.id).where(
        Complaint.stage == Stage.SELESAI,
        Complaint.disampaikan != "",
        Complaint.rahasia.is_(False),
        Complaint.parent_id.is_(None),
        Complaint.id.not_in([complaint.id, complaint.parent_id or 0]),
    )
    if reader:
        query = query.where(not_(reported.about(reader)))
    newest_first = fulltext.order_of(one).desc()
    return fulltext.found(query, one, dialect).order_by(newest_first).limit(NEWEST)


def _beside(complaint: Complaint, other: Complaint) -> float:
    """What kategori and unit count, beside words."""
    score = 0.0
    if complaint.kategori and complaint.kategori == other.kategori:
        score += SAME_KIND
    if _units(complaint) & _units(other):
        score += SAME_UNIT
    return score


def _units(complaint: Complaint) -> set[str]:
    return set(complaint.unit.split(",")) - {""}


def shown_points(found: Sequence[Similar]) -> dict[str, str]:
    """{code of a point, as a link names it: its words}."""
    shown = {}
    for one in found:
        for number, point in enumerate(one.points):
            shown[f"{one.complaint.id}.{number}"] = point
    return shown


def duplicate_of(work: Work, complaint: Complaint) -> list[Complaint]:
    """Earlier complaints of the same address, newest first: shown, never joined by themselves."""
    if not complaint.email:
        return []
    query = select(Complaint).where(Complaint.email == complaint.email, Complaint.id < complaint.id)
    return list(work.session.scalars(query.order_by(Complaint.id.desc()).limit(5)))
