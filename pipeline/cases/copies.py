"""Copies of the signed letter by mail (*tembusan*): a part of langkah 5, with a delivery state of their own.

They go once the letter is on its way to the pengadu or handed over, and once a letter: what comes back from the
pengadu's address and is sent anew does not send them again.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.casefile import copies, history
from pipeline.casefile.documents import documents_of
from pipeline.cases.chain import SYSTEM, Actor, log
from pipeline.cases.core import Forbidden
from pipeline.cases.deed import Deed
from pipeline.data.tables import Complaint, Document, Outbox
from pipeline.letters.series import ANSWER
from pipeline.notices import outside
from pipeline.office.config import Tembusan
from pipeline.office.sop import EventKind
from pipeline.office.words import word
from pipeline.work import Work


def send_copies(
    work: Work, complaint: Complaint, task_id: int | None, actor: Actor = SYSTEM
) -> None:
    """The signed letter to each tembusan with an address; nothing where there is none, or it went before."""
    signed = documents_of(work.session, complaint, ANSWER.signed)[-1:]
    if signed and not _went(work, complaint, signed[0]):
        _send(
            work, complaint, signed[0], copies.addressed(work.settings, complaint), task_id, actor
        )


def _went(work: Work, complaint: Complaint, signed: Document) -> bool:
    sent = history.entries(work.session, complaint, EventKind.COPY_SENT)
    return any(data.get("dokumen") == [signed.id] for _event, data in sent)


def _send(
    work: Work,
    complaint: Complaint,
    signed: Document,
    to: Sequence[Tembusan],
    task_id: int | None,
    actor: Actor,
) -> None:
    for one in to:
        mail = outside.copy(work, complaint, signed, one)
        log(
            work,
            complaint,
            EventKind.COPY_SENT,
            actor,
            task_id,
            kepada=one.nama,
            dokumen=[signed.id],
            surat=mail.message_id,
        )


def send_again(deed: Deed) -> None:
    """Those that did not arrive, to the addresses that config.toml has now."""
    work, complaint = deed.work, deed.complaint
    lost = {mail.recipient_name for mail in copies.not_arrived(work.session, complaint)}
    again = [one for one in copies.addressed(work.settings, complaint) if one.nama in lost]
    signed = documents_of(work.session, complaint, ANSWER.signed)[-1:]
    if not (again and signed):
        raise Forbidden(deed.form.action.name)
    _send(work, complaint, signed[0], again, deed.task.id, deed.actor)


def arrived(work: Work, complaint: Complaint, mail: Outbox) -> None:
    """The recipient's server has taken a copy."""
    log(
        work,
        complaint,
        EventKind.COPY_DELIVERED,
        SYSTEM,
        mail.task_id,
        kepada=mail.recipient_name,
        surat=mail.message_id,
    )


def trouble(mail: Outbox, reason: str) -> str:
    """Why a mail of ours did not arrive, as the history tells it; of a copy with whom it was for."""
    return (
        word("sistem.tembusan_gagal", kepada=mail.recipient_name, sebab=reason)
        if mail.name == copies.MAIL
        else reason
    )
