"""One task as one holder sees it: its rows, its limit with the arithmetic, how far the five langkah are.

Hides which rows tell what. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline import clock, notices
from pipeline.config import Settings
from pipeline.db import Complaint, Document, Event, Task
from pipeline.sop import (
    BESIDE,
    LANGKAH_OF,
    LANGKAH_OF_TASK,
    OVER,
    EventKind,
    TaskKind,
)
from pipeline.words import word


@dataclass(frozen=True)
class View:
    """One task as one holder sees it at one moment. `token` opens the page and what belongs to it."""

    session: Session
    settings: Settings
    now: datetime
    token: str
    task: Task
    complaint: Complaint | None
    owner: str = ""  # whose unsent forms are shown; "" for nobody's
    helping: bool = False  # somebody else's task: the signed paper may be handed in for them

    @property
    def url(self) -> str:
        return f"/t/{self.token}"

    def documents(self, *kinds: str) -> list[Document]:
        query = select(Document)
        if self.complaint is not None:
            query = query.where(Document.complaint_id == self.complaint.id)
        else:
            query = query.where(Document.item_id == self.task.item_id)
        if kinds:
            query = query.where(Document.kind.in_(kinds))
        return list(self.session.scalars(query.order_by(Document.id)))

    def shows(self, document: Document) -> bool:
        """Whether the holder may have a file: a Kasubag/Kasi sees what the question is about, not the letters, and of
        a confidential case only what has been released."""
        if self.task.kind is not TaskKind.KETERANGAN or self.complaint is None:
            return True
        if document.kind in notices.FROM_OUTSIDE:
            return not notices.hidden_files(self.complaint, self.task.kind)
        return document.kind == "keterangan"

    def history(self, *kinds: EventKind) -> list[tuple[Event, dict[str, Any]]]:
        return notices.history(self.session, self.complaint, *kinds) if self.complaint else []


# ---- limits --------------------------------------------------------------------------------------------------


def deadline(view: View) -> dict[str, Any] | None:
    """The due time with what is used and left and how it was counted; None where a task has no limit."""
    task = view.task
    left, tone = notices.left_words(view.settings, task, view.now)
    shown = {"sisa": left, "nada": tone, "terpakai": notices.used_words(view.settings, task, view.now), "hari": []}
    if task.paused_at is not None:
        since = clock.waktu(task.paused_at, view.settings.zone)
        return {**shown, "kata": word("waktu.berhenti"), "waktu": f"sejak {since}", "iso": "", "hitungan": ""}
    if task.due_at is None:
        return None
    return {
        **shown,
        "kata": word("waktu.paling_lambat"),
        "waktu": clock.waktu(task.due_at, view.settings.zone),
        "iso": task.due_at.astimezone(view.settings.zone).isoformat(timespec="minutes"),
        "hitungan": notices.limit_words(view.settings, task),
        "hari": list(_days(view)) if task.kind is TaskKind.KEPUTUSAN else [],
    }


def _days(view: View) -> Iterator[dict[str, Any]]:
    """The strip of days of langkah 3, from the day it came to the day it is due."""
    if view.task.due_at is None:
        return
    zone = view.settings.zone
    first, last = view.task.opened_at.astimezone(zone).date(), view.task.due_at.astimezone(zone).date()
    today = view.now.astimezone(zone).date()
    if (last - first).days > 20:
        return
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        office = bool(view.settings.hours.intervals(day))
        kind = "mulai" if day == first else "batas" if day == last else "kini" if day == today else "biasa"
        spoken = "hari ini" if day == today else "batas" if day == last else "" if office else "kantor tutup"
        yield {"angka": str(day.day), "jenis": kind, "baca": spoken}


def steps(view: View) -> list[dict[str, Any]]:
    """The five langkah with how much of each Waktu was used."""
    if view.complaint is None:
        return _steps_of(view.settings, 1, False, {}, view.now)
    tasks: dict[int, Task] = {}
    query = select(Task).where(Task.complaint_id == view.complaint.id).order_by(Task.id)
    for task in view.session.scalars(query):
        if task.kind not in (TaskKind.ARSIP, TaskKind.TANDA_TANGAN, *BESIDE):
            tasks[LANGKAH_OF_TASK[task.kind]] = task
    over = view.complaint.stage in OVER
    return _steps_of(view.settings, LANGKAH_OF[view.complaint.stage], over, tasks, view.now)


def _steps_of(
    settings: Settings, current: int, over: bool, tasks: Mapping[int, Task], now: datetime
) -> list[dict[str, Any]]:
    rows = []
    for step in settings.sop.langkah:
        state = "sudah" if step.nomor < current or over else "kini" if step.nomor == current else "belum"
        task = tasks.get(step.nomor)
        if over and task is None:
            state = "belum"
        who = " dan ".join(word(f"peran.{role}") for role in step.pelaksana)
        text = _used(settings, task, step.limit, now) if task and state != "belum" else _at_most(step.limit)
        rows.append({"nomor": step.nomor, "nama": step.nama, "keadaan": state, "ket": text, "oleh": who})
    return rows


def _at_most(limit: clock.Limit) -> str:
    return word("waktu.maks", batas=str(limit))


def _used(settings: Settings, task: Task, limit: clock.Limit, now: datetime) -> str:
    spent = clock.spent(task.opened_at, task.closed_at or task.paused_at or now, limit, settings.hours)
    if limit.working_time is None and not spent.amount:
        return word("waktu.terpakai_hari_pertama", batas=limit.amount)
    if limit.working_time is None:
        return word("waktu.terpakai_hari", dipakai=spent.amount, batas=limit.amount)
    minutes = int(limit.working_time.total_seconds() // 60)
    return word("waktu.terpakai_menit", dipakai=max(0, spent.amount - task.paused_minutes), batas=minutes)
