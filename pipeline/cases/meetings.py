"""Rapat (SOP langkah 3: "mengadakan rapat jika diperlukan"): set, changed, called off, answered, under one UID."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from sqlalchemy import select

from pipeline import jobs, notices
from pipeline.cases.core import Work
from pipeline.config import Petugas
from pipeline.db import Complaint, Meeting
from pipeline.sop import Role

INVITE = "undangan"  # a job's kind: the invitation as a letter
ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")


def set_meeting(
    work: Work,
    complaint: Complaint,
    when: tuple[datetime, datetime],
    place: str,
    agenda: str,
    codes: tuple[str, ...],
    who: str,
) -> Meeting:
    """Invite to a rapat from one time to another. One that stands and is still to come is changed; who is no longer
    invited is told so."""
    row = notices.standing_meeting(work.session, complaint)
    before: list[tuple[str, str]] = []
    if row is not None and row.at > work.now:
        before, row.sequence = [(a, n) for a, n in row.invited], row.sequence + 1
    else:
        row = Meeting(complaint_id=complaint.id, uid=_uid(work), answers={}, sequence=0)
        work.session.add(row)
    (row.at, row.until), row.place, row.agenda, row.who = when, place, agenda, who
    row.invited = [list(one) for one in _guests(work, codes, who)]
    work.session.flush()
    now = [(a, n) for a, n in row.invited]
    notices.meeting(work.session, work.settings, work.now, complaint, row, now)
    gone = [one for one in before if one not in now]
    if gone:
        notices.meeting(work.session, work.settings, work.now, complaint, row, gone, cancelled=True)
    jobs.put(work.session, INVITE, row.id, work.now)
    return row


def _uid(work: Work) -> str:
    return f"{secrets.token_hex(12)}@{work.settings.smtp.sender.rpartition('@')[2]}"


def _guests(work: Work, codes: tuple[str, ...], who: str) -> list[tuple[str, str]]:
    """The Sekretaris, who prepares it, the chosen officials, and addresses among the others."""
    chosen = [p for p in map(work.settings.person, codes) if p is not None]
    people: list[Petugas] = [*work.settings.holders(Role.SEKRETARIS), *map(work.settings.present, chosen)]
    found = {p.email.lower(): (p.email, p.nama) for p in people}
    for address in ADDRESS.findall(who):
        found.setdefault(address.lower(), (address, ""))
    return list(found.values())


def call_off(work: Work, complaint: Complaint, reason: str) -> Meeting | None:
    """The rapat that stands is called off; None if there is none."""
    row = notices.standing_meeting(work.session, complaint)
    if row is None:
        return None
    row.cancelled_at, row.sequence = work.now, row.sequence + 1
    guests = [(a, n) for a, n in row.invited]
    notices.meeting(work.session, work.settings, work.now, complaint, row, guests, reason, cancelled=True)
    return row


def meeting_answered(work: Work, uid: str, address: str, state: str) -> bool:
    """What somebody's calendar answers; False for a rapat or a guest that is not known."""
    row = work.session.scalars(select(Meeting).where(Meeting.uid == uid).with_for_update()).one_or_none()
    if row is None or address.lower() not in {str(a).lower() for a, _ in row.invited}:
        return False
    row.answers = {**row.answers, address.lower(): state}
    return True
