"""Rapat (SOP langkah 3: "mengadakan rapat jika diperlukan"): set, changed, called off, answered, under one UID."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select

from pipeline import jobs, notices
from pipeline.cases.core import Forbidden, Work
from pipeline.cases.deed import Deed
from pipeline.cases.forms import Invalid
from pipeline.config import Petugas
from pipeline.db import Complaint, Meeting
from pipeline.sop import EventKind, Role
from pipeline.words import word

INVITE = "undangan"  # a job's kind: the invitation as a letter
AN_HOUR = timedelta(hours=1)
ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")


def convene(deed: Deed) -> None:
    """Invite to a rapat. One that stands and is still to come is changed; who is no longer invited is told so."""
    work, form = deed.work, deed.form
    at = datetime.fromisoformat(form.text("waktu"))
    if at <= work.now:
        raise Invalid({"waktu": word("galat.waktu_lalu")})
    until = _end(deed, at)
    row, before = _row(work, deed.complaint)
    row.at, row.until, row.place = at, until, form.text("tempat")
    row.agenda, row.who = form.text("agenda"), form.text("peserta")
    row.invited = [list(one) for one in _guests(work, form.choices.get("undangan", ()), row.who)]
    work.session.flush()
    now = [(a, n) for a, n in row.invited]
    notices.meeting(work.session, work.settings, work.now, deed.complaint, row, now)
    gone = [one for one in before if one not in now]
    if gone:
        notices.meeting(work.session, work.settings, work.now, deed.complaint, row, gone, cancelled=True)
    jobs.put(work.session, INVITE, row.id, work.now)
    told = ", ".join(name or address for address, name in now)
    deed.log(
        EventKind.MEETING_SET, waktu=at.isoformat(), selesai=until.isoformat(), tempat=row.place, peserta=row.who,
        agenda=row.agenda, kepada=told,
    )  # fmt: skip


def _end(deed: Deed, at: datetime) -> datetime:
    """On the same day; an hour later where no end is given."""
    if not deed.form.text("selesai"):
        return at + AN_HOUR
    zone = deed.work.settings.zone
    ends = datetime.combine(at.astimezone(zone).date(), time.fromisoformat(deed.form.text("selesai")), zone)
    if ends <= at:
        raise Invalid({"selesai": word("galat.selesai")})
    return ends.astimezone(UTC)


def _row(work: Work, complaint: Complaint) -> tuple[Meeting, list[tuple[str, str]]]:
    """The rapat that is changed, with who was invited to it; else a new one."""
    row = notices.standing_meeting(work.session, complaint)
    if row is not None and row.at > work.now:
        row.sequence += 1
        return row, [(a, n) for a, n in row.invited]
    row = Meeting(complaint_id=complaint.id, uid=_uid(work), answers={}, sequence=0)
    work.session.add(row)
    return row, []


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


def call_off(deed: Deed) -> None:
    """The rapat that stands is called off."""
    work, reason = deed.work, deed.form.text("alasan")
    row = notices.standing_meeting(work.session, deed.complaint)
    if row is None:
        raise Forbidden("batal_rapat")
    row.cancelled_at, row.sequence = work.now, row.sequence + 1
    guests = [(a, n) for a, n in row.invited]
    notices.meeting(work.session, work.settings, work.now, deed.complaint, row, guests, reason, cancelled=True)
    deed.log(EventKind.MEETING_CANCELLED, waktu=row.at.isoformat(), teks=reason)


def minutes(deed: Deed) -> None:
    """Who was there and what was agreed, typed or as a file."""
    kept = deed.keep("notulen")
    people = [p for code in deed.form.choices.get("hadir", ()) if (p := deed.work.settings.person(code))]
    present = ", ".join(p.nama for p in people)
    deed.log(EventKind.MINUTES_ADDED, teks=deed.form.text("notulen"), lampiran=kept, hadir=present)


def meeting_answered(work: Work, uid: str, address: str, state: str) -> bool:
    """What somebody's calendar answers; False for a rapat or a guest that is not known."""
    row = work.session.scalars(select(Meeting).where(Meeting.uid == uid).with_for_update()).one_or_none()
    if row is None or address.lower() not in {str(a).lower() for a, _ in row.invited}:
        return False
    row.answers = {**row.answers, address.lower(): state}
    return True
