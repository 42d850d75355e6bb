"""A JFU or the Sekretaris merges a complaint that is in somebody else's hands, from its page in the Buku Pengaduan."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline import cases
from pipeline.access import typed
from pipeline.data.engine import transact
from pipeline.office.actions import action
from pipeline.office.sop import ANYTIME
from pipeline.office.words import word
from pipeline.web import book
from pipeline.web.site import Friendly, site
from pipeline.work import Work

pages = Blueprint(
    "book_merge", __name__, url_prefix="/t/<token>/buku/<int(max=2147483647):complaint_id>"
)
(MERGE,) = ANYTIME


@pages.post("/gabungkan")
def merge(token: str, complaint_id: int) -> BaseResponse:
    """Read the form, merge, show the case as it is now."""
    here = site()
    number, seen = request.form.get("nomor", ""), request.form.get("lihat", "")
    with book.reader(token) as (session, view, person):
        complaint = book.of_book(session, person, complaint_id)
        task = book.newest_task(view, complaint)
        if task.complaint_id != complaint.id or action(task.kind, MERGE) is None:
            raise Friendly("bukan_hak", 409)
        task_id, kind = task.id, task.kind

    def step(session: Session) -> None:
        work = Work(session, here.settings, here.clock())
        cases.act(work, task_id, person, form)
        typed.drop(session, person, f"gabungkan-{complaint_id}")

    try:
        known = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
        form = cases.check(here.settings, kind, MERGE, {"nomor": [number]}, {}, known)
        transact(here.engine, step)
    except cases.Invalid as error:
        return book.case_page(token, complaint_id, number, " ".join(error.errors.values()))
    except cases.Changed:
        return book.case_page(token, complaint_id, number, word("galat.kasus_berubah"))
    except (cases.AlreadyDone, cases.Forbidden) as error:
        raise Friendly("bukan_hak", 409) from error
    here.wake("letters", "send")
    return redirect(f"/t/{token}/buku/{complaint_id}?tersimpan=gabungkan-{complaint_id}", 303)
