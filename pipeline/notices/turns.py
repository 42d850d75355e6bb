"""Mails to the pengadu about a turn of their case: an addition came, it is opened again, an answer takes longer."""

from __future__ import annotations

from datetime import datetime

from pipeline.casefile.limits import answer_day
from pipeline.data.tables import Complaint
from pipeline.notices.post import LINKS, Envelope, send, status_url, too_many_answers
from pipeline.office.words import word
from pipeline.work import Work


def _pengadu(complaint: Complaint) -> Envelope:
    return Envelope(
        complaint.email, "" if LINKS.search(complaint.nama) else complaint.nama, complaint
    )


def addition(work: Work, complaint: Complaint) -> None:
    """A further word has joined the case; within the cap on answers (RFC 3834)."""
    if not complaint.email or too_many_answers(work, complaint.email):
        return
    meaning = word(f"arti.{complaint.stage}")
    send(
        work,
        "tambahan_diterima",
        _pengadu(complaint),
        arti=meaning,
        status=status_url(work.settings, complaint),
    )


def reopened(work: Work, complaint: Complaint) -> None:
    """The case is looked at anew, so that another answer surprises nobody, with a new day for it. Why is the office's
    own."""
    if complaint.email:
        until = answer_day(work.settings, work.now)
        send(
            work,
            "dibuka_kembali",
            _pengadu(complaint),
            jawaban=until,
            status=status_url(work.settings, complaint),
        )


def promise_moved(work: Work, complaint: Complaint, promised: datetime, until: datetime) -> None:
    """The answer will not be there on the day that the receipt named: an apology, why, and a new day."""
    meaning = word(f"arti.{complaint.stage}")
    send(
        work,
        "janji_mundur",
        _pengadu(complaint),
        lama=promised,
        baru=until,
        arti=meaning,
        status=status_url(work.settings, complaint),
    )
