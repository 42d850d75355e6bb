"""Where a class of matter is sent on: a permohonan informasi to the PPID, the berkadar pengawasan to the Inspektorat.

The address stands with the class in config.toml. It goes once for each class that a case is given; the case itself goes
on here until it is answered.
"""

from __future__ import annotations

from pipeline.casefile import history
from pipeline.cases.chain import Actor, log
from pipeline.data.tables import Complaint
from pipeline.notices import citizen, outside
from pipeline.office.sop import EventKind
from pipeline.office.words import word
from pipeline.work import Work


def follow(work: Work, complaint: Complaint, actor: Actor, task_id: int | None = None) -> None:
    """Send a case on to whom its class belongs, and tell the pengadu where the office says so; nothing where the class
    has no address, or it went there already."""
    route = work.settings.route_of(complaint.klasifikasi)
    if route is None or _went(work, complaint, route.email):
        return
    message = word("rute.pengantar", klasifikasi=route.nama)
    mail = outside.forwarded(work, complaint, route.email, route.tujuan, message)
    log(
        work,
        complaint,
        EventKind.FORWARDED,
        actor,
        task_id,
        instansi=route.tujuan,
        teks=message,
        surat=mail.message_id,
        alamat=route.email,
    )
    if route.kabar and complaint.email:
        citizen.sent_on(work, complaint, route)


def _went(work: Work, complaint: Complaint, address: str) -> bool:
    sent = history.entries(work.session, complaint, EventKind.FORWARDED)
    return any(data.get("alamat") == address for _event, data in sent)
