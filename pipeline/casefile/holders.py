"""Whose turn a task is: its holders, those who may hand in for them, whoever may act."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, and_, or_, select, text
from sqlalchemy.orm import Session

from pipeline.casefile import reported
from pipeline.data.tables import ASKING, Complaint, Task
from pipeline.office.actions import action
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import ANYTIME, AT_REST, MERGING, ROLE_OF, SIGNING, Role, TaskKind
from pipeline.office.words import listed


def holders(settings: Settings, task: Task) -> tuple[Petugas, ...]:
    """Who may act on the task: its one holder, or everybody of its role."""
    if task.holder:
        person = settings.person(task.holder)
        return (settings.present(person),) if person else ()
    return performers(settings, task.kind)


def named(people: Iterable[Petugas]) -> str:
    """People by name and post, as a list in a sentence."""
    return listed([f"{person.nama} ({person.jabatan})" for person in people])


def post_of(settings: Settings, code: str) -> str:
    """The jabatan of whoever bears a code now; the code itself where nobody does any more."""
    person = settings.person(code)
    return person.jabatan if person else code


def helpers(settings: Settings, task: Task) -> tuple[Petugas, ...]:
    """Who may hand in for the holders what those have done on paper: a JFU the signed letter, and nothing else."""
    if task.kind not in SIGNING:
        return ()
    mine = _codes(holders(settings, task))
    return tuple(jfu for jfu in settings.holders(Role.JFU) if jfu.kode not in mine)


def helped(session: Session, settings: Settings, code: str) -> list[Task]:
    """The open tasks of others that this person may hand in the signed paper for, oldest limit first."""
    signing = select(Task).where(Task.closed_at.is_(None), Task.kind.in_(SIGNING))
    of_others = or_(
        Task.complaint_id.is_(None),
        Task.complaint_id.not_in(select(Complaint.id).where(reported.about(code))),
    )
    tasks = session.scalars(signing.where(of_others).order_by(Task.due_at, Task.id))
    return [task for task in tasks if code in _codes(helpers(settings, task))]


def mergers(settings: Settings, task: Task, complaint: Complaint | None) -> list[Petugas]:
    """Who may merge a complaint while this task of its is open, beside the holders; never whom it is about."""
    if not any(action(task.kind, name) for name in ANYTIME):
        return []
    mine = _codes(holders(settings, task))
    may = reported.spared(complaint, settings.holders(*MERGING))
    return [person for person in may if person.kode not in mine]


def _codes(people: Iterable[Petugas]) -> set[str]:
    return {person.kode for person in people}


def performers(settings: Settings, kind: TaskKind) -> tuple[Petugas, ...]:
    """Who does tasks of this kind now, where they are not one person's."""
    return settings.signers if kind in SIGNING else settings.holders(*ROLE_OF[kind])


def tasks_of(session: Session, settings: Settings, code: str) -> list[Task]:
    """The open tasks that this person may act on now and that ask for something, the most urgent first."""
    return list(session.scalars(open_tasks(settings, code)))


def open_tasks(settings: Settings, code: str) -> Select[Task]:
    """The query of `tasks_of`."""
    kinds = [kind for kind in TaskKind if code in _codes(performers(settings, kind))]
    stands_for = [one.kode for one in settings.petugas if settings.present(one).kode == code]
    of_role = and_(Task.holder == "", Task.kind.in_(kinds))
    own = Task.holder.in_(stands_for)
    about_them = reported.cases_about(code)
    of_others = or_(Task.complaint_id.is_(None), Task.complaint_id.not_in(about_them))
    query = select(Task).where(text(ASKING), or_(of_role, own), of_others)
    most_urgent_first = (Task.due_at.is_(None), Task.due_at, Task.id)
    return query.order_by(*most_urgent_first)


def resting(
    session: Session, settings: Settings, complaint_id: int | None, code: str
) -> list[Task]:
    """What this person may still do with a case that is over or was merged, without being asked."""
    query = select(Task).where(
        Task.complaint_id == complaint_id, Task.kind.in_(AT_REST), Task.closed_at.is_(None)
    )
    tasks = session.scalars(query)
    return [task for task in tasks if code in _codes(holders(settings, task))]
