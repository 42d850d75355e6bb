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
    complaint, tasks = standing.complaint, standing.tasks
    waiting = standing.waits_for_pengadu
    stage = str(complaint.stage)
    rows = [
        {"nama": "Diterima", "nilai": clock.waktu(complaint.received_at, settings.zone)},
        {
            "nama": "Perubahan terakhir",
            "nilai": clock.waktu(standing.changed_at, settings.zone),
        },
    ]
    if complaint.delivered_at is None and complaint.stage not in OVER:
        promised = limits.answer_day(settings, complaint.recorded_at)
        running = [t for t in tasks if t.due_at and not t.closed_at and t.kind not in BESIDE]
        last = max([promised, *(_answer_after(settings, task) for task in running)])
        rows.append(
            {
                "nama": "Jawaban",
                "nilai": f"paling lambat {clock.tanggal(last.astimezone(settings.zone))}",
            }
        )
    if complaint.delivered_at:
        rows.append(
            {"nama": "Dijawab", "nilai": clock.waktu(complaint.delivered_at, settings.zone)}
        )
    return {
        "nomor": complaint.number,
        "ringkas": word("status.menunggu") if waiting else word(f"status.{stage}"),
        "langkah": _steps(
            settings, complaint, tasks, word("belum.menunggu" if waiting else "belum.kini")
        ),
        "tanggal": rows,
        "arti": {
            "judul": word("arti.judul"),
            "teks": word("arti.menunggu") if waiting else word(f"arti.{stage}"),
        },
        "tambah": {
            "teks": "Balas email tanda terima dari kami. Foto dan dokumen boleh dilampirkan.",
            "url": "",  # a new mail would be a new complaint: only a reply is known by its thread
            "label": "",
            "catatan": "Mengadu tanpa email? Sebutkan nomor di atas kepada petugas kami di ruang pengaduan.",
        },
    }


def _answer_after(settings: Settings, task: Task) -> datetime:
    """The day that a running task leaves for the answer; as it was mailed, where the limit was extended."""
    assert task.due_at is not None
    return limits.later_answer(settings, task, task.due_at) if task.extended else task.due_at


def _steps(
    settings: Settings, complaint: Complaint, tasks: list[Task], doing: str
) -> list[dict[str, Any]]:
    """Five steps with the day on which each was finished."""
    over = complaint.stage in OVER
    now = LANGKAH_OF[complaint.stage]
    done: dict[int, Task] = {}
    for task in tasks:
        if task.closed_at and task.kind not in (*AT_REST, *BESIDE):
            done[LANGKAH_OF_TASK[task.kind]] = task
    rows = []
    for step in settings.sop.langkah:
        state = "sudah" if (step.nomor < now or over) else "kini" if step.nomor == now else "belum"
        if complaint.stage in (Stage.BATAL, Stage.DICABUT) and step.nomor > 1:
            state = "belum"
        closed = done.get(step.nomor)
        text = word("belum.ket")
        if state == "sudah" and closed and closed.closed_at:
            text = clock.tanggal_pendek(closed.closed_at.astimezone(settings.zone))
        elif state == "sudah":
            text = word("waktu.selesai")
        elif state == "kini":
            text = doing
        rows.append({"nomor": step.nomor, "nama": step.nama, "keadaan": state, "ket": text})
    return rows
