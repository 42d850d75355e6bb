"""Acting holders (Plh./Plt./a.n.): who stands in for whom from one day to another, and what becomes of the open tasks.

The roles themselves are read by `current.settings`; this module writes the rows, and at the start and the end hands
the open tasks over with a new link and an event. A link of the one who is away then says so.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, select

from pipeline.access import links
from pipeline.casefile import reported
from pipeline.casefile.holders import holders
from pipeline.cases.chain import Actor
from pipeline.cases.core import locked
from pipeline.cases.input import Invalid
from pipeline.cases.tasks import log_passed_on, pass_by
from pipeline.data import in_force
from pipeline.data.engine import exclusive
from pipeline.data.tables import Delegation, Item, Laporan, Task
from pipeline.notices import reports, tasks
from pipeline.notices.tasks import Asked
from pipeline.office.config import ON_BEHALF, Penjabat, Petugas
from pipeline.office.sop import SIGNING, Role
from pipeline.office.words import word
from pipeline.work import Work

FORMS = {"plh": "Plh.", "plt": "Plt.", "an": ON_BEHALF}


def delegate(
    work: Work, holder: str, acting: str, form: str, first: date, last: date, by: Actor
) -> Delegation:
    """From `first` to `last`, both included, `acting` holds all roles of `holder`; in the form "an" they sign letters
    only. Invalid says what does not fit.

    What begins today begins at once.
    """
    exclusive(work.session, "delegasi")  # of two that are made at once each would not see the other
    problems = dict(_problems(work, holder, acting, form, first, last))
    if problems:
        raise Invalid(problems)
    row = Delegation(
        holder=holder,
        acting=acting,
        holder_mark=_mark(work, holder),
        acting_mark=_mark(work, acting),
        form=FORMS[form],
        first=first,
        last=last,
        made_by=by.code,
        made_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    hand_over(work)
    return row


def _mark(work: Work, code: str) -> str:
    person = work.settings.base.person(code)
    return person.mark if person else ""


def _problems(
    work: Work, holder: str, acting: str, form: str, first: date, last: date
) -> list[tuple[str, str]]:
    found = []
    today = work.now.astimezone(work.settings.zone).date()
    for name, code in (("dari", holder), ("kepada", acting)):
        if work.settings.person(code) is None:
            found.append((name, word("galat.petugas", kode=code)))
    if holder == acting:
        found.append(("kepada", word("galat.delegasi_sendiri")))
    if form not in FORMS:
        found.append(("sebagai", word("galat.kosong.pilih")))
    if form == "an" and holder not in {p.kode for p in work.settings.base.holders(Role.KEPALA)}:
        found.append(("sebagai", word("galat.delegasi_an")))
    if not today <= first <= last:
        found.append(("mulai", word("galat.delegasi_tanggal")))
    overlapping = work.session.scalars(
        _open_rows().where(Delegation.first <= last, Delegation.last >= first)
    )
    clash = [
        row for row in overlapping if holder in (row.holder, row.acting) or acting == row.holder
    ]
    return found + [("dari", word("galat.delegasi_ganda", nomor=row.id)) for row in clash]


def _open_rows() -> Select[Delegation]:
    return select(Delegation).where(Delegation.ended_at.is_(None)).order_by(Delegation.id)


def delegations(work: Work) -> list[Delegation]:
    """Those that stand or are to come, oldest first."""
    return list(work.session.scalars(_open_rows()))


def end_delegation(work: Work, delegation_id: int) -> Delegation:
    """End one now, or strike it before it begins; KeyError if there is none that stands."""
    row = work.session.get(Delegation, delegation_id)
    if row is None or row.ended_at is not None:
        raise KeyError(delegation_id)
    _end(work, row)
    return row


def hand_over(work: Work) -> int:
    """Begin and end what is due; how many delegations that were."""
    today = work.now.astimezone(work.settings.zone).date()
    rows = list(work.session.scalars(_open_rows().with_for_update()))
    over = [
        row for row in rows if row.last < today or not in_force.still_theirs(work.settings, row)
    ]
    begun = [row for row in rows if row not in over and row.begun_at is None and row.first <= today]
    for row in over:
        _end(work, row)
    for row in begun:
        _begin(work, row)
    return len(over) + len(begun)


def _begin(work: Work, row: Delegation) -> None:
    row.begun_at = work.now
    work.session.flush()
    work = Work(work.session, work.settings, work.now)  # with the one who stands in
    for task in _open_tasks(work, row):
        for person in holders(work.settings, task):
            if isinstance(person, Penjabat) and person.mewakili == row.holder:
                _pass_on(work, task, row.holder, person, "mulai")


def _end(work: Work, row: Delegation) -> None:
    row.ended_at = work.now
    work.session.flush()
    work = Work(work.session, work.settings, work.now)  # with the holder again
    if row.begun_at is None:
        return
    for task in _open_tasks(work, row):
        for person in holders(work.settings, task):
            if person.kode == row.holder and not isinstance(person, Penjabat):
                _pass_on(work, task, _before(work, row), person, "selesai")


def _before(work: Work, row: Delegation) -> str:
    """Who gives the tasks back: nobody that can be named, where somebody else bears their code by now."""
    acting = work.settings.base.person(row.acting)
    return row.acting if acting is not None and acting.owns(row.acting_mark) else ""


def _open_tasks(work: Work, row: Delegation) -> list[Task]:
    """Those that a delegation may move: who signs on behalf gets no others."""
    query = select(Task).where(Task.closed_at.is_(None)).order_by(Task.complaint_id, Task.id)
    if row.form == ON_BEHALF:
        query = query.where(Task.kind.in_(SIGNING))
    return list(work.session.scalars(query))


def _pass_on(work: Work, task: Task, before: str, person: Petugas, why: str) -> None:
    """A fresh link and the mail of the task to whoever holds it from now on."""
    complaint = locked(work, task.complaint_id) if task.complaint_id else None
    work.session.refresh(task)
    if task.closed_at is not None:
        return
    if complaint is not None and person.kode in reported.codes(complaint):
        pass_by(work, complaint)  # who stands in now is the one whom it is about
        return
    (link_id,) = links.issue(work.session, [(task, person)], work.now, work.settings.web.link_days)
    if task.laporan_id is not None:
        reports.task(
            work,
            work.session.get_one(Laporan, task.laporan_id),
            task,
            person,
            link_id,
            _moved(work, before),
        )
        return
    if complaint is None:
        item = work.session.get_one(Item, task.item_id)
        tasks.item_task(work, item, task, person, link_id)
        return
    asked = Asked(complaint, task, person, link_id, moved=_moved(work, before))
    tasks.tasks(work, [asked])
    log_passed_on(work, complaint, task, before, person)


def _moved(work: Work, before: str) -> str:
    person = work.settings.person(before)
    return f"{person.nama} ({person.jabatan})" if person else before
