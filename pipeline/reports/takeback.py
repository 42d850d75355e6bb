"""Two minutes in which a report that was handed on, or signed, can be taken back; as `cases.takeback` for a complaint.

Signing sends to people outside: a wrong paper must not be with the tembusan before anybody could look at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from pipeline.access import unsent
from pipeline.casefile.standing import columns, value_of
from pipeline.cases import report_chain
from pipeline.cases.chain import SYSTEM, actor_of
from pipeline.cases.core import AlreadyDone, Forbidden
from pipeline.cases.takeback import opened_since, restore_tasks, wait
from pipeline.data.tables import Laporan, LaporanEvent, Outbox, Task
from pipeline.mail import outbox
from pipeline.office.config import Petugas
from pipeline.office.sop import Act
from pipeline.reports.making import locked
from pipeline.work import Work

ACTS = frozenset((Act.AJUKAN, Act.TANDATANGANI))
TAKEN_BACK = "batalkan"  # its event


def begin(work: Work, report: Laporan, name: str) -> dict[str, Any] | None:
    """What stands before an act; None for one that cannot be taken back, or waits for nothing."""
    if name not in ACTS or not wait(work):
        return None
    tasks = work.session.scalars(select(Task).where(Task.laporan_id == report.id))
    return {
        "laporan": {str(one.id): columns(one) for one in _concerned(work, report)},
        "tugas": {str(task.id): columns(task) for task in tasks},
        "surat": outbox.newest(work.session),
    }


def _concerned(work: Work, report: Laporan) -> list[Laporan]:
    """The report, and the earlier ones that it corrects once it is signed."""
    return [report, *(locked(work, int(key)) for key in report.corrections)]


def finish(
    work: Work,
    task: Task,
    person: Petugas,
    name: str,
    before: dict[str, Any],
    typed: Mapping[str, list[str]],
) -> None:
    """After the act: its mails wait, and what it changed is remembered until they go."""
    session, until = work.session, work.now + wait(work)
    session.flush()
    mails = outbox.hold(session, _mails(task), before["surat"], until)
    changed = {}
    for key, old in before["laporan"].items():
        now = columns(session.get_one(Laporan, int(key)))
        changed[key] = {name: value for name, value in old.items() if now[name] != value}
    last = report_chain.newest(session, task.laporan_id or 0)
    state = {
        **before,
        "surat": mails,
        "laporan": changed,
        "urut": last.seq if last else 0,
        "sampai": until.isoformat(),
    }
    unsent.remember(session, task.id, person.kode, name, {**state, "isian": dict(typed)}, work.now)


def _mails(task: Task) -> ColumnElement[bool]:
    return Outbox.task_id.in_(select(Task.id).where(Task.laporan_id == task.laporan_id))


def offered(session: Session, task: Task, code: str, now: datetime) -> tuple[str, datetime] | None:
    """(the act, until when) that this person may still take back on a report's task; None for nothing."""
    for action, state in unsent.remembered(session, task.id, code).items():
        until = datetime.fromisoformat(state["sampai"])
        if now < until and not _others_since(session, task, state["urut"]):
            return action, until
    return None


def _others_since(session: Session, task: Task, seq: int) -> bool:
    """Whether a person has done something with the report since."""
    later = select(LaporanEvent.id).where(
        LaporanEvent.laporan_id == task.laporan_id,
        LaporanEvent.seq > seq,
        LaporanEvent.actor != SYSTEM.code,
    )
    return session.scalar(later.limit(1)) is not None


def take_back(work: Work, task_id: int, person: Petugas) -> str:
    """Undo the newest act of this person on a report's task; its name. Raises what `cases.takeback` raises."""
    session = work.session
    task = session.get_one(Task, task_id)
    report = locked(work, task.laporan_id or 0)
    session.refresh(task)
    found = offered(session, task, person.kode, work.now)
    if found is None and (before := _just_taken_back(session, task, person)):
        return before
    known = unsent.remembered(session, task.id, person.kode)
    if not known:
        raise Forbidden("batalkan")
    if found is None:
        raise AlreadyDone(task)
    action, _until = found
    state = known[action]
    opened = opened_since(session, Task.laporan_id == report.id, state["tugas"])
    if not outbox.recall(session, state["surat"], opened):
        raise AlreadyDone(task)
    for key, old in state["laporan"].items():
        row = locked(work, int(key))
        for name, value in old.items():
            setattr(row, name, value_of(Laporan, name, value))
    restore_tasks(work, Task.laporan_id == report.id, person, state["tugas"])
    session.refresh(task)
    report_chain.log(work, report, TAKEN_BACK, actor_of(person), task.id, aksi=action)
    unsent.forget(session, task.id, person.kode, action)
    unsent.put(session, task, person.kode, action, state["isian"], work.now, mark=person.mark)
    return action


def _just_taken_back(session: Session, task: Task, person: Petugas) -> str:
    """The act that was the last of this person's on a task, and is taken back; "" for none."""
    mine = select(LaporanEvent).where(
        LaporanEvent.task_id == task.id, LaporanEvent.actor == person.kode
    )
    last = session.scalars(mine.order_by(LaporanEvent.seq.desc()).limit(1)).first()
    if last is None or last.kind != TAKEN_BACK:
        return ""
    return str(last.data["aksi"])
