"""Mails to other agencies and to guests of a rapat."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from pipeline.casefile import privacy, titles
from pipeline.casefile.copies import MAIL
from pipeline.casefile.limits import meeting_time
from pipeline.casefile.reach import contact
from pipeline.data import store
from pipeline.data.tables import Complaint, Document, Meeting, Outbox, Task
from pipeline.mail import calendar
from pipeline.notices.post import Envelope, send
from pipeline.office.config import Tembusan
from pipeline.office.words import word
from pipeline.work import Work


class GuestNews(StrEnum):
    """What a guest of a rapat is told."""

    INVITED = "baru"
    CHANGED = "ubah"
    LEFT_OUT = "cabut"  # of a rapat that goes on
    CALLED_OFF = "batal"


def meeting(
    work: Work,
    complaint: Complaint,
    row: Meeting,
    guests: Sequence[tuple[str, str]],
    told: GuestNews,
    reason: str = "",
) -> None:
    """The invitation to a rapat, its change, or its end: to each guest (address, name), with the part that calendars
    understand."""
    if not guests:
        return
    url = f"{work.settings.web.base_url}/saya"  # opens nothing by itself: calendars are shared
    about = titles.subject(work.session, work.settings, complaint)
    whose = word("rapat.tautan", nomor=complaint.number, url=url)
    one = calendar.Invitation(
        uid=row.uid,
        sequence=row.sequence,
        at=row.at,
        until=row.until,
        title=word("rapat.judul", nomor=complaint.number, perihal=about),
        place=row.place,
        text="\n\n".join(
            filter(None, (row.agenda, ", ".join(work.settings.sop.keterkaitan), whose))
        ),
        url=url,
        organiser=(work.settings.smtp.sender, work.settings.smtp.sender_name),
        guests=guests if told is GuestNews.LEFT_OUT else [(a, n) for a, n in row.invited],
        stamp=work.now,
        goes_on=told is GuestNews.LEFT_OUT,
    )
    is_over = told in (GuestNews.LEFT_OUT, GuestNews.CALLED_OFF)
    method: Literal["REQUEST", "CANCEL"] = "CANCEL" if is_over else "REQUEST"
    digest = store.put(work.session, calendar.write(one, method))
    who = ", ".join(filter(None, (*(n or a for a, n in row.invited), _words_only(row.who))))
    for address, name in guests:
        person = work.settings.person_at(address)
        to = Envelope(
            address,
            name,
            complaint,
            files=((digest, "undangan.ics", f"text/calendar; method={method}"),),
        )
        send(
            work,
            "rapat",
            to,
            petugas=person,
            sapaan=name or address,
            rapat=row,
            jenis=told,
            waktu_rapat=meeting_time(work.settings, row.at, row.until),
            alasan=reason,
            agenda=row.agenda,
            peserta=who,
        )


def _words_only(text: str) -> str:
    """Those who are named without an address."""
    return ", ".join(line.strip() for line in text.splitlines() if line.strip() and "@" not in line)


def withdrawn(work: Work, complaint: Complaint, address: str, name: str) -> None:
    """To another agency that was written to about it: the complaint was taken back."""
    send(work, "dicabut", Envelope(address, name, complaint), petugas=None, sapaan=name or address)


def forwarded(work: Work, complaint: Complaint, address: str, agency: str, message: str) -> Outbox:
    """The complaint to another agency, in its own words; a secret identity stays here."""
    to = Envelope(address, agency, complaint)
    person = [
        {"nama": word(f"kolom.{name}.label"), "nilai": value}
        for name, value in contact(complaint).items()
        if not complaint.rahasia
    ]
    return send(
        work,
        "terusan_instansi",
        to,
        instansi=agency,
        pesan=message,
        pengadu=person,
        isi=privacy.matter(complaint) if complaint.rahasia else complaint.isi,
    )


def copy(work: Work, complaint: Complaint, signed: Document, to: Tembusan) -> Outbox:
    """The signed letter to a tembusan; of a confidential case only that it was answered."""
    attached = () if complaint.rahasia else (signed,)
    envelope = Envelope(to.email, to.nama, complaint, attachments=attached)
    return send(
        work,
        MAIL,
        envelope,
        tembusan=to.nama,
        nomor_surat=complaint.letter_number,
        kode=signed.code,
        keaslian=f"{work.settings.web.base_url}/asli/{signed.code}",
    )


def covering(
    work: Work,
    complaint: Complaint,
    task: Task,
    signed: Document,
    address: str,
    message: str,
) -> Outbox:
    """The signed covering letter to the agency that is in charge."""
    to = Envelope(address, complaint.instansi, complaint, task, attachments=(signed,))
    return send(
        work,
        "surat_pengantar",
        to,
        pesan=message,
        kode=signed.code,
        keaslian=f"{work.settings.web.base_url}/asli/{signed.code}",
    )
