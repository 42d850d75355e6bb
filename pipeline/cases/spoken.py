"""What somebody says later at the counter, by telephone or by letter about a complaint of theirs, by its number."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.casefile import history, reported
from pipeline.casefile.erased import is_erased
from pipeline.cases.chain import actor_of
from pipeline.cases.core import by_number
from pipeline.cases.input import Checked, Invalid
from pipeline.cases.record import Told, citizen_wrote
from pipeline.cases.withdrawal import make_sure
from pipeline.data.tables import Complaint
from pipeline.office.config import Petugas
from pipeline.office.sop import Channel, EventKind
from pipeline.office.words import word
from pipeline.work import Work

TWICE = timedelta(minutes=10)


def received_at(work: Work, form: Checked) -> datetime:
    """When it came, as the form says, else now. Invalid for a time that has not come yet."""
    if not form.text("diterima"):
        return work.now
    at = datetime.fromisoformat(form.text("diterima"))
    if at > work.now:
        raise Invalid({"diterima": word("galat.diterima_nanti")})
    return at


def _again(work: Work, complaint: Complaint, person: Petugas, text: str) -> bool:
    """Whether the same form was pressed twice."""
    words = history.entries(work.session, complaint, EventKind.CITIZEN_WROTE)[-1:]
    return any(
        event.actor == person.kode and data.get("teks") == text and work.now - event.at < TWICE
        for event, data in words
    )


def spoken(work: Work, person: Petugas, form: Checked) -> Complaint:
    """Join what was said to its complaint, as a mail of the pengadu would; Invalid for a number that is not known, and
    for one whose people were erased. A complaint about this very JFU is none of their business."""
    complaint = by_number(work, form.text("nomor_aduan"))
    if complaint is None or person.kode in reported.codes(complaint):
        raise Invalid({"nomor_aduan": word("galat.nomor_aduan")})
    if is_erased(work.session, complaint.id):
        raise Invalid({"nomor_aduan": word("galat.nomor_dihapus")})
    if _again(work, complaint, person, form.text("isi")):
        return complaint
    how = Told(actor_of(person), Channel(form.text("kanal")), received_at(work, form))
    files = form.files.values()
    complaint = citizen_wrote(work, complaint.id, form.text("isi"), files, None, told=how)
    if form.text("cabut"):
        make_sure(work, complaint, form.text("isi"))
    return complaint
