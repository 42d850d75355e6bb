"""What a page shows: what the token in its address opens, in one consistent view; or why it opens nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from werkzeug.routing import RequestRedirect

from pipeline.access import links, unsent
from pipeline.casefile import decided, limits, offers, privacy, reported
from pipeline.casefile.documents import letters_of
from pipeline.casefile.history import entries
from pipeline.casefile.holders import helpers, holders
from pipeline.data import in_force
from pipeline.data.engine import reading
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Decided, Document, Event, Laporan, Task
from pipeline.office import clock
from pipeline.office.actions import Action
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import (
    AT_REST,
    BESIDE,
    LANGKAH_OF,
    LANGKAH_OF_TASK,
    OVER,
    REPORTING,
    EventKind,
    Role,
    Stage,
    TaskKind,
)
from pipeline.office.words import listed, word
from pipeline.web import code
from pipeline.web.site import Friendly, site


@contextmanager
def opened(token: str) -> Iterator[tuple[Session, links.Opened, View, Petugas]]:
    """What the token opens, in one consistent view; Friendly pages for a bad or expired one."""
    here = site()
    with reading(here.engine) as session:
        found, person = _resolve(session, token)
        complaint = found.complaint
        if complaint is not None and person.kode in reported.codes(complaint):
            raise Friendly("kedaluwarsa", 410)  # it is about them: it has gone past them
        now = here.clock()
        settings = in_force.settings(session, here.settings, now)
        whose = code.owner(session, person)
        helping = person.kode in {p.kode for p in helpers(settings, found.task)}
        if not _may_read(settings, found.task, person):
            found = replace(found, full=False)
        yield (
            session,
            found,
            View(session, settings, now, token, found.task, complaint, person, whose, helping),
            person,
        )


def _may_read(settings: Settings, task: Task, person: Petugas) -> bool:
    """Whether a case is shown behind a link of before: not to a Kasubag/Kasi whose task it is no more (they moved,
    or held for somebody for a while), for other units read what was written for them alone (DESIGN rule 10)."""
    if privacy.is_other_unit(task.kind) or task.closed_by == person.kode:
        return True
    if set(person.peran) != {Role.KASI}:
        return True
    acting = (*holders(settings, task), *helpers(settings, task))
    return person.kode in {one.kode for one in acting}


def _resolve(session: Session, token: str) -> tuple[links.Opened, Petugas]:
    here = site()
    try:
        found = links.resolve(session, here.settings, token, here.clock())
    except links.LinkError as error:
        if _is_personal(session, token):
            raise RequestRedirect(f"/t/{token}/saya") from error
        raise Friendly(
            "kedaluwarsa" if error.expired else "tautan", 410 if error.expired else 404
        ) from error
    person = here.settings.person(found.holder)
    if person is None:
        raise Friendly("tautan", 404)
    return found, person


def _is_personal(session: Session, token: str) -> bool:
    """Whether the token opens "tugas saya" and no task."""
    here = site()
    with suppress(links.LinkError):
        links.personal(session, here.settings, token, here.clock())
        return True
    return False


# Made once, for each page of a task asks them.
_TASKS = select(Task).where(Task.complaint_id == bindparam("of")).order_by(Task.id)
_CHILDREN = (
    select(Complaint)
    .where(Complaint.parent_id == bindparam("of"), Complaint.stage != Stage.BATAL)
    .order_by(Complaint.id)
)
_FILES_OF_CASE, _FILES_OF_REPORT, _FILES_OF_ITEM = (
    select(Document).where(whose == bindparam("of")).order_by(Document.id)
    for whose in (Document.complaint_id, Document.laporan_id, Document.item_id)
)


@dataclass(frozen=True)
class View:
    """One task as one holder sees it at one moment. `token` opens the page and what belongs to it."""

    session: Session
    settings: Settings
    now: datetime
    token: str
    task: Task
    complaint: Complaint | None
    person: Petugas  # who holds the link
    owner: str = ""  # whose unsent forms are shown; "" for nobody's
    helping: bool = False  # somebody else's task: the signed paper may be handed in for them

    @property
    def trusted(self) -> bool:
        """Whether the browser is known to be the holder's: only then other complaints are named beside the task."""
        return bool(self.owner) and "#" not in self.owner

    @property
    def url(self) -> str:
        return f"/t/{self.token}"

    @cached_property
    def report(self) -> Laporan | None:
        """The report of a period that the task is about."""
        return (
            self.session.get(Laporan, self.task.laporan_id)
            if self.task.laporan_id is not None
            else None
        )

    def documents(self, *kinds: str) -> list[Document]:
        """Its files, the oldest first; of all kinds where none is named."""
        return [one for one in self._documents if not kinds or one.kind in kinds]

    @cached_property
    def _documents(self) -> list[Document]:
        """Read once: a page asks for one kind after the other."""
        query, of = _FILES_OF_ITEM, self.task.item_id
        if self.complaint is not None:
            query, of = _FILES_OF_CASE, self.complaint.id
        elif self.task.laporan_id is not None:
            query, of = _FILES_OF_REPORT, self.task.laporan_id
        return list(self.session.scalars(query, {"of": of}))

    @cached_property
    def replied(self) -> dict[str, unsent.Filled]:
        """What replies in this person's name have filled in on this task; read once, for each form asks."""
        return unsent.of_reply(self.session, self.task.id, self.person)

    @cached_property
    def newest_event(self) -> int:
        """The number of the case's newest event, by which a form tells what it was drawn from."""
        return self._history[-1][0].seq if self._history else 0

    @cached_property
    def offered(self) -> list[Action]:
        """The actions that the case allows now."""
        return offers.offered(self.session, self.task.kind, self.complaint)

    @cached_property
    def withdrawn(self) -> list[Decided]:
        """The decisions of the case that stand no more, oldest first."""
        if self.complaint is None:
            return []
        return decided.withdrawn(self.session, [self.complaint.id]).get(self.complaint.id, [])

    @cached_property
    def decided_before(self) -> Decided | None:
        """What the Kepala Dinas begins from: the last of them, where nothing stands now."""
        if not self.withdrawn or self.complaint is None:
            return None
        stands = decided.standing(self.session, self.complaint.id)
        return self.withdrawn[-1] if stands is None else None

    @cached_property
    def tasks(self) -> list[Task]:
        """All tasks of the case, the oldest first."""
        if self.complaint is None:
            return []
        return list(self.session.scalars(_TASKS, {"of": self.complaint.id}))

    @cached_property
    def children(self) -> list[Complaint]:
        """Complaints that were merged into this one, where the holder may read the pengadu's own words."""
        if self.complaint is None or privacy.is_other_unit(self.task.kind):
            return []
        return list(self.session.scalars(_CHILDREN, {"of": self.complaint.id}))

    def documents_of(self, child: Complaint, *kinds: str) -> list[Document]:
        query = select(Document).where(Document.complaint_id == child.id, Document.kind.in_(kinds))
        return list(self.session.scalars(query.order_by(Document.id)))

    def letters(self, *kinds: str) -> list[Document]:
        """Letters of the decision that stands; of a report its own."""
        if self.task.laporan_id is not None:
            return self.documents(*kinds)
        return (
            letters_of(self.session, self.complaint, *kinds) if self.complaint is not None else []
        )

    def shows(self, document: Document) -> bool:
        """Whether the holder may have a file: a Kasubag/Kasi sees what units answered, not the letters, and of what
        the pengadu sent only what has been released."""
        if self.task.kind is not TaskKind.KETERANGAN or self.complaint is None:
            return True
        if document.kind in privacy.FROM_OUTSIDE:
            return not privacy.hides(self.complaint, self.task.kind, document)
        return document.kind == DocumentKind.KETERANGAN

    def history(self, *kinds: EventKind) -> list[tuple[Event, dict[str, Any]]]:
        """Events of these kinds (all when none is given) with what they say, oldest first."""
        return [one for one in self._history if not kinds or one[0].kind in kinds]

    @cached_property
    def _history(self) -> list[tuple[Event, dict[str, Any]]]:
        """Read once, as the files."""
        return entries(self.session, self.complaint) if self.complaint else []


# ---- limits --------------------------------------------------------------------------------------------------


def deadline(view: View) -> dict[str, Any] | None:
    """The due time with what is used and left and how it was counted; None where a task has no limit."""
    task = view.task
    left, tone = limits.left_words(view.settings, task, view.now)
    shown = {
        "sisa": left,
        "nada": tone,
        "terpakai": limits.used_words(view.settings, task, view.now),
        "hari": [],
    }
    if task.paused_at is not None:
        since = clock.waktu(task.paused_at, view.settings.zone)
        return {
            **shown,
            "kata": word("waktu.berhenti"),
            "waktu": f"sejak {since}",
            "iso": "",
            "hitungan": "",
        }
    if task.due_at is None:
        return None
    return {
        **shown,
        "kata": word("waktu.paling_lambat"),
        "waktu": clock.waktu(task.due_at, view.settings.zone),
        "iso": task.due_at.astimezone(view.settings.zone).isoformat(timespec="minutes"),
        "hitungan": limits.limit_words(view.settings, task),
        "hari": list(_days(view)) if task.kind is TaskKind.KEPUTUSAN else [],
    }


def _days(view: View) -> Iterator[dict[str, Any]]:
    """The strip of days of langkah 3, from the day it came to the day it is due."""
    if view.task.due_at is None:
        return
    zone = view.settings.zone
    first, last = (
        limits.start_of(view.task).astimezone(zone).date(),
        view.task.due_at.astimezone(zone).date(),
    )
    today = view.now.astimezone(zone).date()
    if (last - first).days > 20:
        return
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        office = bool(view.settings.hours.intervals(day))
        kind = (
            "mulai"
            if day == first
            else "batas"
            if day == last
            else "kini"
            if day == today
            else "biasa"
        )
        spoken = (
            "hari ini"
            if day == today
            else "batas"
            if day == last
            else ""
            if office
            else "kantor tutup"
        )
        yield {"angka": str(day.day), "jenis": kind, "baca": spoken}


def steps(view: View) -> list[dict[str, Any]]:
    """The five langkah with how much of each Waktu was used; none of a report, which stands beside the SOP."""
    if view.task.kind in REPORTING:
        return []
    if view.complaint is None:
        return _steps_of(view.settings, 1, False, {}, view.now)
    tasks: dict[int, Task] = {}
    for task in view.tasks:
        if task.kind not in (*AT_REST, TaskKind.TANDA_TANGAN, *BESIDE):
            tasks[LANGKAH_OF_TASK[task.kind]] = task
    over = view.complaint.stage in OVER
    return _steps_of(view.settings, LANGKAH_OF[view.complaint.stage], over, tasks, view.now)


def _steps_of(
    settings: Settings, current: int, over: bool, tasks: Mapping[int, Task], now: datetime
) -> list[dict[str, Any]]:
    rows = []
    for step in settings.sop.langkah:
        state = (
            "sudah"
            if step.nomor < current or over
            else "kini"
            if step.nomor == current
            else "belum"
        )
        task = tasks.get(step.nomor)
        if over and task is None:
            state = "belum"
        who = listed([word(f"peran.{role}") for role in step.pelaksana])
        text = (
            _used(settings, task, step.limit, now)
            if task and state != "belum"
            else _at_most(step.limit)
        )
        rows.append(
            {"nomor": step.nomor, "nama": step.nama, "keadaan": state, "ket": text, "oleh": who}
        )
    return rows


def _at_most(limit: clock.Limit) -> str:
    return word("waktu.maks", batas=str(limit))


def _used(settings: Settings, task: Task, limit: clock.Limit, now: datetime) -> str:
    spent = clock.spent(
        limits.start_of(task), task.closed_at or task.paused_at or now, limit, settings.hours
    )
    if limit.working_time is None:
        return word("waktu.dari", dipakai=spent.amount, batas=str(limit))
    return limits.used_of(max(0, spent.amount - task.paused_minutes), limit.working_time)


def for_unit(view: View) -> bool:
    """Whether the page is another unit's, which reads what was written for it."""
    return view.complaint is not None and privacy.is_other_unit(view.task.kind)


# ---- the code ------------------------------------------------------------------------------------------------


@contextmanager
def whose(token: str) -> Iterator[tuple[Session, int, Petugas]]:
    """Session, link and person of a token, with or without a task."""
    here = site()
    with reading(here.engine) as session:
        try:
            link_id, person = links.personal(session, here.settings, token, here.clock())
        except links.LinkError as error:
            raise Friendly(
                "kedaluwarsa" if error.expired else "tautan", 410 if error.expired else 404
            ) from error
        yield session, link_id, person
