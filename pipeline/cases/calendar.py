"""Holidays that are added or struck while running (aduan kalender): the limits of open tasks are counted anew."""

from __future__ import annotations

from datetime import date

from pipeline.cases.more_time import recount
from pipeline.data.tables import Holiday
from pipeline.office import clock
from pipeline.office.words import word
from pipeline.work import Work


def add_holiday(work: Work, day: date, name: str) -> int:
    """The office stays closed on a day (a decree, a cuti bersama); how many limits moved."""
    row = work.session.get(Holiday, day) or Holiday(day=day, added_at=work.now)
    row.name = name
    work.session.add(row)
    return _recounted(work, word("kalender.ditambah", hari=clock.tanggal(day), nama=name))


def strike_holiday(work: Work, day: date) -> int:
    """A day that was added is no holiday after all; how many limits moved. KeyError if it was not added."""
    row = work.session.get(Holiday, day)
    if row is None:
        raise KeyError(day)
    work.session.delete(row)
    return _recounted(work, word("kalender.dihapus", hari=clock.tanggal(day)))


def _recounted(work: Work, reason: str) -> int:
    work.session.flush()
    return recount(Work(work.session, work.settings, work.now), reason)
