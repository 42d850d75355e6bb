"""A complaint about somebody who holds a role goes past that person (*terlapor*, marked by the JFU or above).

Hides who acts instead: another of the same role, else the next in line (SUPERIORS), else the *pengawas* of config.toml
(the Inspektorat, say), else whoever is left of those who handle a case; never the one whom it is about. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, literal, literal_column, select

from pipeline.data.tables import Complaint
from pipeline.office.config import ON_BEHALF, Penjabat, Petugas, Settings
from pipeline.office.sop import ROLE_OF, SUPERIORS, Role, TaskKind

P = TypeVar("P", bound=Petugas)
DECIDING = (TaskKind.KEPUTUSAN, TaskKind.TANDA_TANGAN)
LAST = (Role.PENGAWAS, Role.KEPALA, Role.SEKRETARIS, Role.JFU)


def codes(complaint: Complaint) -> frozenset[str]:
    """Whom it is about."""
    named = complaint.terlapor or ""  # None on a sample that was never in a database
    return frozenset(named.split(",")) - {""}


def about(code: str) -> ColumnElement[bool]:
    """In a query: whether a complaint is about this person, who is then shown no list in which it stands."""
    named = (literal(",") + Complaint.terlapor + ",").contains(f",{code},", autoescape=True)
    return and_(
        Complaint.terlapor != literal_column("''"), named
    )  # written out, it is the index's own condition


def cases_about(code: str) -> Select[int]:
    """The ids of those complaints: few, and a list that leaves them out need not look at the rows of the others."""
    return select(Complaint.id).where(about(code))


def joined(codes: Iterable[str]) -> str:
    """Such codes as the complaint keeps them."""
    return ",".join(dict.fromkeys(codes))


def spared(complaint: Complaint | None, people: Iterable[P]) -> list[P]:
    """These without the ones whom the complaint is about."""
    about = codes(complaint) if complaint is not None else frozenset()
    return [one for one in people if one.kode not in about]


def stand_in(settings: Settings, complaint: Complaint, kind: TaskKind) -> str:
    """Who does a task of this kind instead of those who do it otherwise; "" where none of them is concerned."""
    usual = settings.signers if kind is TaskKind.TANDA_TANGAN else settings.holders(*ROLE_OF[kind])
    left = _unconcerned(complaint, kind, usual)
    if len(left) == len(usual):
        return ""
    if left:
        return left[0].kode
    above = [role for own in ROLE_OF[kind] for role in SUPERIORS[own]]
    for role in (*above, *LAST):
        unconcerned = _unconcerned(complaint, kind, settings.holders(role))
        if unconcerned:
            return unconcerned[0].kode
    return ""


def _unconcerned(complaint: Complaint, kind: TaskKind, people: Sequence[Petugas]) -> list[Petugas]:
    """These without the ones whom it is about; nobody decides or signs the answer to their own complaint either."""
    left = spared(complaint, people)
    return [one for one in left if kind not in DECIDING or not is_pengadu(complaint, one)]


def is_pengadu(complaint: Complaint, person: Petugas) -> bool:
    """Whether this official is the one who complains."""
    own = {email.lower() for email in (person.email, *person.email_lain)}
    return bool(complaint.email) and complaint.email.lower() in own


def official(settings: Settings, complaint: Complaint) -> Petugas | None:
    """The official who complains, if one does."""
    return settings.person_at(complaint.email) if complaint.email else None


def signer(settings: Settings, complaint: Complaint) -> Petugas:
    """Who is named on the letter: whoever signs now, or the next in line a.n. where it is about that person."""
    usual = settings.signers
    if left := _unconcerned(complaint, TaskKind.TANDA_TANGAN, usual):
        return left[0]
    person = settings.person(stand_in(settings, complaint, TaskKind.TANDA_TANGAN))
    if person is None or Role.KEPALA in person.peran:
        return person or usual[0]
    head = usual[0]
    title = f"{ON_BEHALF} {head.jabatan}"
    return Penjabat(
        **person.model_dump(exclude={"jabatan"}),
        jabatan=f"{person.jabatan} {title}",
        bentuk=ON_BEHALF,
        mewakili=head.kode,
        sebutan=f"{title}\n{person.jabatan}",
    )
