"""The undangan of a rapat as a letter in Word: composed outside any transaction, kept with the case."""

from __future__ import annotations

from datetime import date

from pipeline import clock, notices
from pipeline.cases.chain import SYSTEM
from pipeline.cases.core import Work, locked
from pipeline.cases.forms import File
from pipeline.cases.letters import contact_line
from pipeline.cases.meetings import ADDRESS
from pipeline.cases.record import add_documents
from pipeline.config import Settings
from pipeline.db import Complaint, Meeting
from pipeline.files import DOCX
from pipeline.letters import invitation
from pipeline.words import word


def compose_invitation(settings: Settings, complaint: Complaint, meeting: Meeting, today: date) -> bytes:
    """The undangan of a rapat as DOCX; SOP Penyelenggaraan Rapat Dinas is named on it."""
    office, head = settings.instansi, settings.signers[0]
    at, until = meeting.at.astimezone(settings.zone), meeting.until.astimezone(settings.zone)
    title = head.signature_title.split("\n")
    rows = [
        ("Hari, tanggal", clock.tanggal(at)),
        ("Waktu", word("rapat.pukul", mulai=clock.pukul(at), selesai=clock.pukul(until), zona=at.tzname() or "")),
        ("Tempat", meeting.place),
        ("Agenda", notices.masked(complaint, " ".join(meeting.agenda.split()) or complaint.perihal)),
    ]
    others = [name for line in meeting.who.splitlines() if (name := ADDRESS.sub("", line).strip(" ,;<>()"))]
    known = [p for address, _ in meeting.invited if (p := settings.person_at(str(address)))]
    return invitation.write(
        invitation.Invite(
            head=(office.pemerintah.upper(), office.nama.upper(), office.alamat, contact_line(settings)),
            place_day=f"{office.kota}, {clock.tanggal(today).split(', ', 1)[1]}",
            about=(
                ("Nomor", word("rapat.nomor_surat")),
                ("Sifat", word("rapat.sifat_surat")),
                ("Hal", word("rapat.perihal_surat")),
            ),
            to=("Yth.", *(f"{n}. {name}" for n, name in enumerate([*(p.jabatan for p in known), *others], 1))),
            opening=word("rapat.pembuka", nomor=complaint.number, perihal=notices.masked(complaint, complaint.perihal)),
            rows=rows,
            closing=word("rapat.penutup", sop=", ".join(settings.sop.keterkaitan) or settings.sop.nama),
            signer=(*title, "", "", "", head.nama, head.pangkat, f"NIP. {head.nip}" if head.nip else ""),
        )
    )


def store_invitation(work: Work, meeting_id: int, content: bytes) -> None:
    """Keep the undangan with the case; each change of the rapat is a version."""
    meeting = work.session.get_one(Meeting, meeting_id)
    complaint = locked(work, meeting.complaint_id)
    name = word("rapat.nama_berkas", nomor=complaint.number.replace("/", "-"))
    add_documents(work, "undangan", [File(name, DOCX, content)], SYSTEM, complaint=complaint)
