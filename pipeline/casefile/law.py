"""The law's clock beside the SOP's: each limit of the settings, from one moment of a case to another.

Hides where each moment of a case is kept. A limit is counted anew from its start whenever it is asked for, so a change
of office hours or holidays counts everywhere at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from pipeline.data.tables import RUNNING as RUNNING_ROWS
from pipeline.data.tables import Closing, Complaint, Event
from pipeline.office import clock
from pipeline.office.config import Settings
from pipeline.office.lists import BatasHukum
from pipeline.office.sop import OVER, EventKind, Stage
from pipeline.office.words import word
from pipeline.work import Work

COLUMNS = ("punctual", "late", "late_open", "running")
RUNNING = tuple(stage for stage in Stage if stage not in OVER)
ENDED = ("lengkap", "diputus", "disampaikan")  # moments that the end of a case brings
NEAR = 3  # calendar days before a limit of the law at which it is told


def is_running() -> ColumnElement[bool]:
    """Cases that are not over, so that their own index finds them, whatever the planner knows of the others."""
    return and_(text(RUNNING_ROWS), Complaint.stage.in_(RUNNING))


@dataclass(frozen=True)
class Clock:
    """One limit of one case: when it began, by when, and when it was met (None while it is not)."""

    limit: BatasHukum
    begun: datetime
    due: datetime
    met: datetime | None

    def late(self, now: datetime) -> bool:
        return self.due < (self.met or now)


class Law:
    """All limits of an office; day limits of one day are counted once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._known: dict[tuple[str, date], datetime] = {}

    def due(self, limit: BatasHukum, begun: datetime) -> datetime:
        """When a limit ends that began then."""
        if limit.limit.working_time is not None:
            return clock.due(begun, limit.limit, self.settings.hours)
        day = begun.astimezone(self.settings.zone).date()
        key = (limit.waktu, day)
        if key not in self._known:
            self._known[key] = clock.due(begun, limit.limit, self.settings.hours)
        return self._known[key]

    def clocks(self, moments: Mapping[str, datetime | None], klasifikasi: str) -> Iterator[Clock]:
        """The limits that run, or ran, in a case with these moments."""
        for limit in self.settings.batas_hukum:
            begun = moments.get(limit.mulai)
            if begun is None or limit.klasifikasi not in ("", klasifikasi):
                continue
            met = moments.get(limit.sampai)
            if met is not None:
                met = max(met, begun)
            yield Clock(limit, begun, self.due(limit, begun), met)


def moments(c: Any, asked: datetime | None) -> dict[str, datetime | None]:
    """The moments of a case by their names in the settings; one of an earlier round has been cleared. Whoever was
    answered had a complete complaint: what ends a case ends each of its clocks."""
    over = c.closed_at
    return {
        "diterima": c.received_at,
        "ditanya": asked,
        "lengkap": c.lengkap_at or over,
        "diputus": c.decided_at or over,
        "disampaikan": c.answered_at or over,
    }


FIELDS = ("received_at", "lengkap_at", "decided_at", "answered_at", "closed_at", "klasifikasi")


def stands(
    work: Work, which: ColumnElement[bool], begin: datetime, end: datetime
) -> dict[str, dict[str, int]]:
    """{limit: {column: how many}} over these cases, as of `end`: met in the span, or open at its end."""
    law = Law(work.settings)
    found = {one.kode: dict.fromkeys(COLUMNS, 0) for one in work.settings.batas_hukum}
    for row, then in _rows(work, which, end):
        for one in law.clocks(then, row.klasifikasi):
            counts = found[one.limit.kode]
            column = _column(one, begin, end, work.now)
            if column:
                counts[column] += 1
            if column == "late_open":
                counts["late"] += 1
    return found


def _column(one: Clock, begin: datetime, end: datetime, now: datetime) -> str:
    """Where a limit counts in a span; "" where it neither ended nor ran in it."""
    if one.begun >= end:
        return ""
    if one.met is None or one.met >= end:
        return "late_open" if one.due < min(end, now) else "running"
    if one.met < begin:
        return ""
    return "late" if one.due < one.met else "punctual"


def _rows(
    work: Work, which: ColumnElement[bool], end: datetime
) -> Iterator[tuple[Any, dict[str, datetime | None]]]:
    """The cases with their moments as of `end`: who was asked, decided or opened again since has not been yet, so that
    a period that is over stays as it was."""
    asked = _newest(work, which, Event, Event.kind == EventKind.CITIZEN_ASKED, Event.at < end)
    stayed = or_(Closing.reopened_at.is_(None), Closing.reopened_at >= end)
    over = _newest(work, which, Closing, Closing.at < end, stayed)
    columns = [getattr(Complaint, name) for name in FIELDS]
    query = select(Complaint.id, *columns).where(which, Complaint.stage != Stage.BATAL)
    for row in work.session.execute(query):
        known = moments(row, asked.get(row.id))
        ended = over.get(row.id)
        then = {name: at if at is not None and at < end else None for name, at in known.items()}
        yield row, then | {name: then[name] or ended for name in ENDED}


def _newest(
    work: Work, which: ColumnElement[bool], rows: Any, *more: ColumnElement[bool]
) -> dict[int, datetime]:
    """{complaint: the newest moment} of rows with a complaint and a moment."""
    query = select(rows.complaint_id, func.max(rows.at, type_=rows.at.type))
    query = query.join(Complaint, Complaint.id == rows.complaint_id).where(which, *more)
    found = work.session.execute(query.group_by(rows.complaint_id))
    return {key: at for key, at in found}  # noqa: C416 - Row is no pair to dict()


def of_case(work: Work, complaint: Complaint) -> list[Clock]:
    """The limits of one case, in the order of the settings."""
    asked = work.session.scalar(
        select(func.max(Event.at)).where(
            Event.complaint_id == complaint.id, Event.kind == EventKind.CITIZEN_ASKED
        )
    )
    found = Law(work.settings).clocks(moments(complaint, asked), complaint.klasifikasi)
    return [] if complaint.stage is Stage.BATAL else list(found)


def near(work: Work) -> list[tuple[Complaint, Clock]]:
    """Open cases that are past a limit of the law or near it, the latest first."""
    query = select(Complaint).where(is_running()).order_by(Complaint.id)
    found: list[tuple[Complaint, Clock]] = []
    for complaint in work.session.scalars(query):
        running = [one for one in of_case(work, complaint) if one.met is None]
        ending = [one for one in running if (one.due - work.now).days < NEAR]
        found += [(complaint, one) for one in ending]
    return sorted(found, key=lambda pair: pair[1].due)


def warning(work: Work, complaint: Complaint, one: Clock) -> str:
    """One line of the digest: which case, which limit, by when. What the pengadu does not complete is never withdrawn
    by itself: it is proposed."""
    due = clock.waktu(one.due, work.settings.zone)
    said = word(
        "hukum.dekat",
        nomor=complaint.number,
        nama=one.limit.nama,
        sumber=one.limit.sumber,
        batas=due,
    )
    proposed = one.limit.mulai == "ditanya" and one.late(work.now)
    return f"{said} {word('hukum.usul_cabut')}" if proposed else said
