"""The undangan of a rapat as a letter in Word: composed outside any transaction, kept with the case."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlalchemy import select

from pipeline.casefile import offers, privacy, reported
from pipeline.cases.chain import SYSTEM, Actor, log
from pipeline.cases.core import Forbidden, locked
from pipeline.cases.deed import Deed
from pipeline.cases.input import File, Invalid
from pipeline.cases.letters import contact_line
from pipeline.cases.record import add_documents
from pipeline.data import jobs
from pipeline.data.states import DocumentKind, JobKind
from pipeline.data.tables import Complaint, Meeting
from pipeline.files.kinds import DOCX
from pipeline.letters import invitation
from pipeline.mail import calendar
from pipeline.notices import outside
from pipeline.notices.outside import GuestNews
from pipeline.office import clock
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import Act, EventKind, Role
from pipeline.office.words import word
from pipeline.work import Work

ABOUT = ("nomor", "sifat", "perihal")  # what stands above the text of an undangan


def compose_invitation(
    settings: Settings, complaint: Complaint, meeting: Meeting, today: date
) -> bytes:
    """The undangan of a rapat as DOCX; SOP Penyelenggaraan Rapat Dinas is named on it."""
    office, head = settings.instansi, reported.signer(settings, complaint)
    title = privacy.title(complaint)
    _weekday, day = clock.tanggal(today).split(", ", 1)
    sop = ", ".join(settings.sop.keterkaitan) or settings.sop.nama
    letterhead = (office.pemerintah.upper(), office.nama.upper(), office.alamat)
    invite = invitation.Invite(
        head=(*letterhead, contact_line(settings)),
        place_day=f"{office.kota}, {day}",
        about=tuple(
            (word(f"undangan_rapat.{name}"), word(f"rapat.{name}_surat")) for name in ABOUT
        ),
        to=(word("undangan_rapat.yth"), *_addressees(settings, meeting, head)),
        opening=word("rapat.pembuka", nomor=complaint.number, perihal=title),
        rows=_invitation_rows(settings, meeting, title),
        closing=word("rapat.penutup", sop=sop),
        signer=_signature(head),
    )
    return invitation.write(invite)


def _invitation_rows(settings: Settings, meeting: Meeting, title: str) -> list[tuple[str, str]]:
    """When and where, and what about."""
    begins, ends = meeting.at.astimezone(settings.zone), meeting.until.astimezone(settings.zone)
    hours = word(
        "rapat.pukul",
        mulai=clock.pukul(begins),
        selesai=clock.pukul(ends),
        zona=begins.tzname() or "",
    )
    return [
        (word("undangan_rapat.hari"), clock.tanggal(begins)),
        (word("undangan_rapat.waktu"), hours),
        (word("undangan_rapat.tempat"), meeting.place),
        (word("undangan_rapat.agenda"), " ".join(meeting.agenda.split()) or title),
    ]


def _addressees(settings: Settings, meeting: Meeting, head: Petugas) -> list[str]:
    """Those who are invited, numbered: the office's own by their posts, then others by name. Not whoever invites."""
    people = [settings.person_at(str(address)) for address, _name in meeting.invited]
    posts = [person.jabatan for person in people if person and person.kode != head.kode]
    bare = [ADDRESS.sub("", line).strip(" ,;<>()") for line in meeting.who.splitlines()]
    others = [name for name in bare if name]
    return [f"{number}. {name}" for number, name in enumerate([*posts, *others], 1)]


def _signature(head: Petugas) -> tuple[str, ...]:
    """Post, room for the signature, name, rank and number."""
    room = ("", "", "")
    number = word("undangan_rapat.nip", nip=head.nip) if head.nip else ""
    return (*head.signature_title.split("\n"), *room, head.nama, head.pangkat, number)


def store_invitation(work: Work, meeting_id: int, content: bytes) -> None:
    """Keep the undangan with the case; each change of the rapat is a version."""
    meeting = work.session.get_one(Meeting, meeting_id)
    complaint = locked(work, meeting.complaint_id)
    name = word("rapat.nama_berkas", nomor=complaint.number.replace("/", "-"))
    add_documents(
        work, DocumentKind.UNDANGAN, [File(name, DOCX, content)], SYSTEM, complaint=complaint
    )


AN_HOUR = timedelta(hours=1)
ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")


def convene(deed: Deed) -> None:
    """Invite to a rapat. One that stands and is still to come is changed; who is no longer invited is told so."""
    work, form = deed.work, deed.form
    at = datetime.fromisoformat(form.text("waktu"))
    if at <= work.now:
        raise Invalid({"waktu": word("galat.waktu_lalu")})
    until = _end(deed, at)
    chosen = form.choices.get("undangan", ())
    if reported.codes(deed.complaint).intersection(chosen):
        raise Invalid({"undangan": word("galat.terlapor")})
    row, before = _row(work, deed.complaint)
    if (row.at, row.until) != (at, until):
        row.answers = {}  # given for another time
    row.at, row.until, row.place = at, until, form.text("tempat")
    row.agenda, row.who = form.text("agenda"), form.text("peserta")
    guests = _guests(work, deed.complaint, chosen, row.who)
    row.invited = [list(one) for one in guests]
    stay = _addresses(guests)
    row.answers = {address: said for address, said in row.answers.items() if address in stay}
    work.session.flush()
    _tell_guests(work, deed.complaint, row, before)
    jobs.put(work.session, JobKind.INVITATION, row.id, work.now)
    deed.log(
        EventKind.MEETING_SET,
        waktu=at.isoformat(),
        selesai=until.isoformat(),
        tempat=row.place,
        peserta=row.who,
        agenda=row.agenda,
        kepada=", ".join(name or address for address, name in guests),
    )


def _tell_guests(
    work: Work, complaint: Complaint, row: Meeting, before: Collection[tuple[str, str]]
) -> None:
    """Each guest reads what holds for them: invited now, invited before and changed, or no longer."""
    now = [(address, name) for address, name in row.invited]
    known, stay = _addresses(before), _addresses(now)
    tell = partial(outside.meeting, work, complaint, row)
    tell([one for one in now if one[0].lower() not in known], GuestNews.INVITED)
    tell([one for one in now if one[0].lower() in known], GuestNews.CHANGED)
    tell([one for one in before if one[0].lower() not in stay], GuestNews.LEFT_OUT)


def _addresses(guests: Iterable[tuple[str, str]]) -> set[str]:
    return {address.lower() for address, _name in guests}


def _end(deed: Deed, at: datetime) -> datetime:
    """On the same day; an hour later where no end is given."""
    if not deed.form.text("selesai"):
        return at + AN_HOUR
    zone = deed.work.settings.zone
    ends = datetime.combine(
        at.astimezone(zone).date(), time.fromisoformat(deed.form.text("selesai")), zone
    )
    if ends <= at:
        raise Invalid({"selesai": word("galat.selesai")})
    return ends.astimezone(UTC)


def _row(work: Work, complaint: Complaint) -> tuple[Meeting, list[tuple[str, str]]]:
    """The rapat that is changed, with who was invited to it; else a new one."""
    row = offers.standing_meeting(work.session, complaint)
    if row is not None and row.at > work.now:
        row.sequence += 1
        return row, [(a, n) for a, n in row.invited]
    row = Meeting(complaint_id=complaint.id, uid=_uid(work), answers={}, sequence=0)
    work.session.add(row)
    return row, []


def _uid(work: Work) -> str:
    return f"{secrets.token_hex(12)}@{work.settings.smtp.sender.rpartition('@')[2]}"


def _guests(
    work: Work, complaint: Complaint, codes: tuple[str, ...], who: str
) -> list[tuple[str, str]]:
    """The Kepala Dinas, who presides, the Sekretaris, who prepares it, the chosen officials, and addresses among the
    others."""
    chosen = [p for p in map(work.settings.person, codes) if p is not None]
    always = [*work.settings.holders(Role.KEPALA), *work.settings.holders(Role.SEKRETARIS)]
    people: list[Petugas] = [
        *reported.spared(complaint, always),
        *map(work.settings.present, chosen),
    ]
    found = {p.email.lower(): (p.email, p.nama) for p in people}
    for address in ADDRESS.findall(who):
        found.setdefault(address.lower(), (address, ""))
    return list(found.values())


def call_off(deed: Deed) -> None:
    """The rapat that stands is called off."""
    work, reason = deed.work, deed.form.text("alasan")
    row = offers.meeting_to_call_off(work.session, deed.complaint)
    if row is None:
        raise Forbidden(Act.BATAL_RAPAT)
    _cancel(work, deed.complaint, row, reason, deed.actor, deed.task.id)


def fall(work: Work, complaint: Complaint, reason: str, actor: Actor) -> None:
    """A rapat that is still to come falls with its case; who was invited is told."""
    row = offers.standing_meeting(work.session, complaint)
    if row is not None and row.at > work.now:
        _cancel(work, complaint, row, reason, actor)


def _cancel(
    work: Work,
    complaint: Complaint,
    row: Meeting,
    reason: str,
    actor: Actor,
    task_id: int | None = None,
) -> None:
    row.cancelled_at, row.sequence = work.now, row.sequence + 1
    guests = [(a, n) for a, n in row.invited]
    outside.meeting(work, complaint, row, guests, GuestNews.CALLED_OFF, reason)
    log(
        work,
        complaint,
        EventKind.MEETING_CANCELLED,
        actor,
        task_id,
        waktu=row.at.isoformat(),
        teks=reason,
    )


def minutes(deed: Deed) -> None:
    """Who was there and what was agreed, typed or as a file."""
    kept = deed.keep(DocumentKind.NOTULEN)
    people = [
        p for code in deed.form.choices.get("hadir", ()) if (p := deed.work.settings.person(code))
    ]
    present = ", ".join(p.nama for p in people)
    units = any(Role.KASI in p.peran for p in people)
    deed.log(
        EventKind.MINUTES_ADDED,
        teks=deed.form.text("notulen"),
        lampiran=kept,
        hadir=present,
        bidang=units,
    )


def meeting_answered(work: Work, answer: calendar.Answer, address: str) -> bool:
    """What somebody's calendar answers; False for a rapat or a guest that is not known. What was said of a time that
    has been changed since is no answer to the new one."""
    row = work.session.scalars(
        select(Meeting).where(Meeting.uid == answer.uid).with_for_update()
    ).one_or_none()
    if row is None or address.lower() not in {str(a).lower() for a, _ in row.invited}:
        return False
    if answer.at is None or answer.at == row.at:
        row.answers = {**row.answers, address.lower(): answer.state}
    return True
