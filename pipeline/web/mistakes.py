"""What can be done about an act that was a mistake: taken back within its minutes by its own button; said in words
later. No page hides it: a slip of the finger is seen right after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases, reports
from pipeline.cases import takeback
from pipeline.data.engine import transact
from pipeline.data.tables import Task
from pipeline.office import clock
from pipeline.office.config import Petugas
from pipeline.office.sop import OVER, Act
from pipeline.office.words import table, word
from pipeline.web import code as browser
from pipeline.web.site import Friendly, site
from pipeline.web.view import View, opened
from pipeline.work import Work

# Acts that somebody else can send back as long as the case is not over.
WHILE_IT_RUNS = frozenset(
    (
        Act.LAPORKAN,
        Act.LAPORKAN_KEPALA,
        Act.JAWAB,
        Act.BUKAN_BIDANG,
        Act.CATAT_JAWABAN,
        Act.PUTUSKAN,
        Act.AJUKAN,
        Act.TANDATANGANI,
        Act.KEMBALIKAN,
    )
)
pages = Blueprint("mistakes", __name__, url_prefix="/t/<token>")


@dataclass(frozen=True)
class Undo:
    """The two doors of a room's taking back."""

    offered: Callable[[Session, Task, str, datetime], tuple[str, datetime] | None]
    take_back: Callable[[Work, int, Petugas], str]


def remedy(view: View, holder: str, done: str) -> dict[str, Any] | None:
    """{teks, url, tombol} of the act `done` on a task: the button while it can be taken back, else what helps now."""
    offered = _undo_of(view.task).offered(view.session, view.task, holder, view.now)
    if offered is not None:
        until = clock.pukul(offered[1].astimezone(view.settings.zone))
        said = word("keliru.masih", waktu=until)
        return {"teks": said, "url": f"{view.url}/batalkan", "tombol": word("keliru.tombol")}
    advice = _advice(view, done)
    return {"teks": advice, "url": "", "tombol": ""} if advice else None


def _advice(view: View, done: str) -> str | None:
    """What helps after an act on a task of this kind; the same act on another kind may leave other ways, and a case
    that is over leaves one alone."""
    words: dict[str, str] = table("keliru")
    if view.complaint is not None and view.complaint.stage in OVER and done in WHILE_IT_RUNS:
        return words["umum"]
    return words.get(f"{view.task.kind}_{done}") or words.get(done)


def _undo_of(task: Task) -> Undo:
    """What takes back the acts of a task: of a report, or of a complaint."""
    if task.laporan_id is not None:
        return Undo(reports.takeback.offered, reports.takeback.take_back)
    return Undo(takeback.offered, takeback.take_back)


@pages.post("/batalkan")
def take_back(token: str) -> BaseResponse:
    """The newest act of this link's holder on its task is undone, if its mails still wait."""
    here = site()
    with opened(token) as (session, found, _view, person):
        if not browser.known(session, person):
            raise Friendly("bukan_hak", 403)
        task_id, undo = found.task.id, _undo_of(found.task)

    def step(session: Session) -> str:
        return undo.take_back(Work(session, here.settings, here.clock()), task_id, person)

    try:
        name = transact(here.engine, step)
    except cases.AlreadyDone as error:
        raise Friendly("terlambat_batal", 409) from error
    except cases.Forbidden as error:
        raise Friendly("bukan_hak", 409) from error
    return redirect(f"/t/{token}?aksi={name}&dibatalkan#aksi-{name}", 303)
