"""What a citizen sees: langkah and dates at a link with a random 80-bit code; never names, words or documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import select

from pipeline.casefile import limits
from pipeline.casefile.standing import Standing, told
from pipeline.cases import slips
from pipeline.data.engine import reading
from pipeline.data.tables import Complaint, Task
from pipeline.office import clock
from pipeline.office.config import Settings
from pipeline.office.sop import AT_REST, BESIDE, LANGKAH_OF, LANGKAH_OF_TASK, OVER, Stage
from pipeline.office.words import word
from pipeline.web.site import Friendly, html, site

ENDED_EARLY = (Stage.BATAL, Stage.DICABUT)  # without an answer

pages = Blueprint("citizen", __name__)


@pages.get("/s/<code>")
def status(code: str) -> Response:
    here = site()
    with reading(here.engine) as session:
        complaint = session.scalars(
            select(Complaint).where(Complaint.status_code == code.lower())
        ).one_or_none()
        if (
            slips.papers_of(session, code.lower()) > 1
        ):  # two people hold this stub: neither sees the other's case
            raise Friendly("status_ganda", 409)
        if complaint is None:
            raise Friendly("status", 404)
        return html(
            "status.html", **_context(here.settings, told(session, complaint, here.clock()))
        )


def _context(settings: Settings, standing: Standing) -> dict[str, Any]:
    """What somebody sees who asks how their complaint stands: nothing of what it says, nor who complains."""
    complaint = standing.complaint
    waiting = standing.waits_for_pengadu
    state = "menunggu" if waiting else str(complaint.stage)
    doing = word("belum.menunggu" if waiting else "belum.kini")
    return {
        "nomor": complaint.number,
        "ringkas": word(f"status.{state}"),
        "langkah": _steps(settings, complaint, standing.tasks, doing),
        "tanggal": _days(settings, standing),
        "arti": {"judul": word("arti.judul"), "teks": word(f"arti.{state}")},
        "tambah": {
            "teks": word("status_lain.tambah"),
            "url": "",  # a new mail would be a new complaint: only a reply is known by its thread
            "label": "",
            "catatan": word("status_lain.tanpa_email"),
        },
    }


def _days(settings: Settings, standing: Standing) -> list[dict[str, str]]:
    """When it came, when something was done last, and when it is or was answered."""
    complaint, zone = standing.complaint, settings.zone
    rows = [
        _day("diterima", clock.waktu(complaint.received_at, zone)),
        _day("berubah", clock.waktu(standing.changed_at, zone)),
    ]
    if complaint.delivered_at is not None:
        rows.append(_day("dijawab", clock.waktu(complaint.delivered_at, zone)))
    elif complaint.stage not in OVER:
        last = clock.tanggal(_promised(settings, standing).astimezone(zone))
        rows.append(_day("jawaban", word("status_lain.paling_lambat", hari=last)))
    return rows


def _day(name: str, said: str) -> dict[str, str]:
    return {"nama": word(f"status_lain.{name}"), "nilai": said}


def _promised(settings: Settings, standing: Standing) -> datetime:
    """The last day for the answer: as it was promised, or later where a running task leaves more."""
    promised = limits.answer_day(settings, standing.complaint.recorded_at)
    running = [
        task
        for task in standing.tasks
        if task.due_at and not task.closed_at and task.kind not in BESIDE
    ]
    return max([promised, *(_answer_after(settings, task) for task in running)])


def _answer_after(settings: Settings, task: Task) -> datetime:
    """The day that a running task leaves for the answer; as it was mailed, where the limit was extended."""
    assert task.due_at is not None
    return limits.later_answer(settings, task, task.due_at) if task.extended else task.due_at


def _steps(
    settings: Settings, complaint: Complaint, tasks: list[Task], doing: str
) -> list[dict[str, Any]]:
    """Five steps with the day on which each was finished."""
    finished = _finished(tasks)
    goes_on = complaint.stage not in ENDED_EARLY
    rows = []
    for step in settings.sop.langkah:
        state = _state_of(step.nomor, complaint)
        to_come = word("belum.ket" if goes_on else "belum.berhenti")
        said = doing if state == "kini" else to_come
        if state == "sudah":
            at = finished.get(step.nomor)
            said = (
                clock.tanggal_pendek(at.astimezone(settings.zone)) if at else word("waktu.selesai")
            )
        rows.append({"nomor": step.nomor, "nama": step.nama, "keadaan": state, "ket": said})
    return rows


def _finished(tasks: list[Task]) -> dict[int, datetime]:
    """When each langkah was finished last."""
    return {
        LANGKAH_OF_TASK[task.kind]: task.closed_at
        for task in tasks
        if task.closed_at and task.kind not in (*AT_REST, *BESIDE)
    }


def _state_of(langkah: int, complaint: Complaint) -> str:
    """Whether a langkah is over, under way, or to come; of what was voided or taken back none after the first came."""
    now = LANGKAH_OF[complaint.stage]
    if complaint.stage in ENDED_EARLY and langkah > 1:
        return "belum"
    if langkah < now or complaint.stage in OVER:
        return "sudah"
    return "kini" if langkah == now else "belum"
