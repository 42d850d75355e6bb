"""The office as it is at this moment: config.toml, with who stands in for whom and with the holidays added since.

Hides the tables `delegation` and `holiday`. Reads only; `cases.delegation` and `cases.calendar` write them.

To ask who holds a role now, and in which form:

    head = in_force.settings(session, settings, now).holders(Role.KEPALA)[0]
    head.jabatan                      # "Plh. Kepala Dinas …" while somebody stands in
    isinstance(head, Penjabat)        # then head.bentuk is "Plh." or "Plt.", head.mewakili the code of who is away

Who signs letters is asked by `signers`: there may be one who does so "a.n." while the head stays in office.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pipeline.data.engine import once
from pipeline.data.tables import Delegation, Holiday
from pipeline.office.config import ON_BEHALF, Penjabat, Petugas, Settings

Standing = tuple[str, str, str]  # holder, acting, form
Rows = tuple[tuple[Standing, ...], tuple[tuple[date, str], ...]]
# Made once: every page and step asks for them.
_STANDING = (
    select(Delegation)
    .where(Delegation.first <= bindparam("today"), Delegation.last >= bindparam("today"))
    .where(Delegation.ended_at.is_(None))
    .order_by(Delegation.id)
)
_ADDED = select(Holiday.day, Holiday.name).order_by(Holiday.day)
KEPT = 128  # offices of different moments: a week's clock is costly to make
_made: dict[tuple[int, Rows], tuple[Settings, Settings]] = {}


def settings(session: Session, base: Settings, now: datetime) -> Settings:
    """The settings as they are in force at `now`. Asking again with the answer gives the same."""
    base = base.base
    today = now.astimezone(base.zone).date()
    rows = once(session, ("in_force", id(base), today), lambda: _rows(session, base, today))
    if not any(rows):
        return base
    known = _made.get((id(base), rows))
    if known is None:
        if len(_made) >= KEPT:
            _made.clear()
        known = _made[id(base), rows] = (
            base,
            _with(base, rows),
        )  # the base is kept, so that its id stays its own
    return known[1]


def _rows(session: Session, base: Settings, today: date) -> Rows:
    """Who stands in today, and the holidays that were added."""
    found = session.scalars(_STANDING, {"today": today})
    free = session.execute(_ADDED)
    return (
        tuple((one.holder, one.acting, one.form) for one in found if still_theirs(base, one)),
        tuple((one.day, one.name) for one in free),
    )


def still_theirs(settings: Settings, row: Delegation) -> bool:
    """Whether both people of a delegation are those who made it: it does not pass to whoever bears a code next."""
    holder, acting = settings.base.person(row.holder), settings.base.person(row.acting)
    if holder is None or acting is None:
        return False
    return holder.owns(row.holder_mark) and acting.owns(row.acting_mark)


def _with(base: Settings, rows: Rows) -> Settings:
    delegations, holidays = rows
    acting = {}
    for holder_code, acting_code, form in delegations:
        holder, person = base.person(holder_code), base.person(acting_code)
        if holder is not None and person is not None:
            acting[holder_code] = _penjabat(holder, person, form)
    return base.as_of(acting, {day.isoformat(): name for day, name in holidays})


def _penjabat(holder: Petugas, person: Petugas, form: str) -> Penjabat:
    """The title is that of the post that is filled; who signs "a.n." keeps their own post below it (naskah dinas)."""
    behalf = form == ON_BEHALF
    return Penjabat(
        kode=person.kode,
        nama=person.nama,
        email=person.email,
        pangkat=person.pangkat,
        nip=person.nip,
        jabatan=f"{person.jabatan} {form} {holder.jabatan}"
        if behalf
        else f"{form} {holder.jabatan}",
        sebutan=f"{form} {holder.jabatan}\n{person.jabatan}"
        if behalf
        else f"{form} {holder.jabatan}",
        peran=holder.peran,
        unit=holder.unit,
        bentuk=form,
        mewakili=holder.kode,
    )
