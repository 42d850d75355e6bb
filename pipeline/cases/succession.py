"""Open work follows the post, not the one who held it: the next one gets it, with links of their own.

config.toml alone says who the people are, and nothing tells the program that it was changed. So it looks for what a
change leaves behind: an open task that was told to somebody, and to nobody who may act on it now.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select

from pipeline.access import links
from pipeline.casefile import history, reported
from pipeline.casefile.holders import holders, open_tasks
from pipeline.cases.chain import SYSTEM, log
from pipeline.cases.core import locked
from pipeline.cases.tasks import SUCCEEDED, about, close, log_passed_on, open_task_of
from pipeline.data.tables import Complaint, Link, Task
from pipeline.notices import tasks as notices
from pipeline.office.config import Petugas
from pipeline.office.sop import EventKind, Role, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

ROWS = 40  # tasks that one mail lists; "tugas saya" shows all
ACTING = re.compile(r"^(?:plt|plh|pj|pjs)\b\.?\s*", re.IGNORECASE)


def is_due(work: Work) -> bool:
    """Whether open work waits for somebody who was never told of it."""
    if any(_post_left(work, task) for task in _questions(work)) or _orphans(work):
        return True
    return any(_untold(work, person, most=1) for person in work.settings.petugas)


def hand_on(work: Work) -> int:
    """One mail to each who bears a post with open work of somebody else; how many mails."""
    ended = _move_questions(work)
    for task in _orphans(work):
        _stand_in(work, task)
    work.session.flush()
    told = 0
    for person in work.settings.petugas:
        asking, stopped = ended.get(person.kode, ([], []))
        waiting = list(dict.fromkeys([*asking, *_untold(work, person)]))
        if waiting:
            _tell(work, person, waiting, stopped)
            told += 1
    return told


# ---- tasks of a role -------------------------------------------------------------------------------------------


def _untold(work: Work, person: Petugas, most: int = 10_000) -> list[Task]:
    """Open tasks of this person that others have had links to, and they never."""
    of_the_task = select(Link.id).where(Link.task_id == Task.id)
    mine = of_the_task.where(Link.holder == person.kode, Link.mark.in_(("", person.mark)))
    query = open_tasks(work.settings, person.kode).where(of_the_task.exists(), ~mine.exists())
    return list(work.session.scalars(query.limit(most)))


def _tell(work: Work, person: Petugas, waiting: Sequence[Task], stopped: Sequence[str]) -> None:
    days = work.settings.web.link_days
    pairs = [(task, person) for task in waiting]
    issued = links.issue(work.session, pairs, work.now, days)
    own = links.issue_personal(work.session, person, work.now, days)
    listed = list(zip(waiting, issued, strict=True))[:ROWS]
    rows = [{**about(work, task), "tautan": link_id} for task, link_id in listed]
    notices.succession(work, person, rows, own, len(waiting) - len(rows), stopped)


# ---- tasks of one person ---------------------------------------------------------------------------------------


def _orphans(work: Work) -> list[Task]:
    """Open tasks of somebody whose code nobody bears any more; questions are looked at apart."""
    codes = [person.kode for person in work.settings.petugas]
    return list(
        work.session.scalars(_named(~Task.holder.in_(codes), Task.kind != TaskKind.KETERANGAN))
    )


def _named(*which: ColumnElement[bool]) -> Select[Task]:
    query = select(Task).where(Task.closed_at.is_(None), Task.holder != "")
    return query.where(*which).order_by(Task.id)


def _stand_in(work: Work, task: Task) -> None:
    """Back to whoever does it now: the role, or who stands in for the one whom the case is about."""
    complaint = locked(work, task.complaint_id) if task.complaint_id else None
    task.holder = reported.stand_in(work.settings, complaint, task.kind) if complaint else ""


def _questions(work: Work) -> list[Task]:
    return list(work.session.scalars(_named(Task.kind == TaskKind.KETERANGAN)))


def _post_left(work: Work, task: Task) -> bool:
    """Whether the one who was asked holds the post no more that was asked."""
    person = work.settings.base.person(task.holder)
    if person is None or Role.KASI not in person.peran:
        return True
    return _successor(work, task) is not None


def _asked_post(work: Work, task: Task) -> str:
    """The jabatan that the newest question of this task went to; the code where an earlier version asked."""
    complaint = work.session.get_one(Complaint, task.complaint_id)
    for _event, data in reversed(history.entries(work.session, complaint, EventKind.UNIT_ASKED)):
        asked = dict(zip(data.get("kepada", ()), data.get("jabatan", ()), strict=False))
        if task.holder in asked:
            return str(asked[task.holder])
    return task.holder


def _successor(work: Work, task: Task) -> Petugas | None:
    """The one other Kasubag/Kasi who holds the post now that was asked."""
    complaint = work.session.get_one(Complaint, task.complaint_id)
    post = _bare(_asked_post(work, task))
    people = reported.spared(complaint, work.settings.base.holders(Role.KASI))
    found = [one for one in people if _bare(one.jabatan) == post]
    return found[0] if len(found) == 1 and found[0].kode != task.holder else None


def _bare(post: str) -> str:
    return " ".join(ACTING.sub("", post.strip()).casefold().split())


def _move_questions(work: Work) -> dict[str, tuple[list[Task], list[str]]]:
    """Give questions to who holds the post now. {code of who asked: (their tasks, sentences) of those that nobody took
    over}."""
    ended: dict[str, tuple[list[Task], list[str]]] = defaultdict(lambda: ([], []))
    for task in _questions(work):
        if not _post_left(work, task):
            continue
        complaint = locked(work, task.complaint_id) if task.complaint_id else None
        work.session.refresh(task)
        if task.closed_at is not None or complaint is None:
            continue
        successor = _successor(work, task)
        if successor is not None:
            _pass_to(work, complaint, task, successor)
        else:
            _end(work, complaint, task, ended)
    return ended


def _pass_to(work: Work, complaint: Complaint, task: Task, successor: Petugas) -> None:
    before, task.holder = task.holder, successor.kode
    log_passed_on(work, complaint, task, before, successor)


def _end(
    work: Work, complaint: Complaint, task: Task, ended: dict[str, tuple[list[Task], list[str]]]
) -> None:
    """Nobody holds the post: whoever asked decides anew."""
    post = _asked_post(work, task)
    close(work, task, SYSTEM.code, SUCCEEDED)
    gone = {"kepada": [task.holder], "jabatan": [post], "teks": word("suksesi.ditarik")}
    log(work, complaint, EventKind.UNIT_WITHDRAWN, SYSTEM, task.id, **gone)
    asking = open_task_of(work, complaint.id, TaskKind.KLARIFIKASI)
    if asking is None:
        return
    sentence = word("suksesi.berhenti", nomor=complaint.number, jabatan=post)
    for person in holders(work.settings, asking):
        tasks, sentences = ended[person.kode]
        tasks.append(asking)
        sentences.append(sentence)
