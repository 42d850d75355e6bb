"""What slow work and the mail server bring back to a case: the draft, its PDF, accepted, given up, bounced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from pipeline.access import links
from pipeline.casefile import copies, reported
from pipeline.casefile.decided import is_outdated, standing
from pipeline.casefile.documents import is_untouched
from pipeline.cases import merging
from pipeline.cases.chain import SYSTEM, actor_of, log
from pipeline.cases.copies import arrived, send_copies, trouble
from pipeline.cases.core import locked
from pipeline.cases.input import File
from pipeline.cases.letters import (
    final_letter,
    found_in,
    keep_draft,
    keep_letter,
    letters_of,
    newest_of,
    of_another,
    series_in,
    series_of_letter,
)
from pipeline.cases.record import documents
from pipeline.cases.reopening import reopen_after_bounce
from pipeline.cases.tasks import (
    close_rest,
    open_task,
    open_task_of,
    resume_langkah,
    tell_helpers,
    tell_holders,
    window,
)
from pipeline.data.states import DocumentKind, MailState
from pipeline.data.tables import Complaint, Document, Event, Outbox, Task
from pipeline.files.kinds import DOCX
from pipeline.letters.returned import Returned
from pipeline.letters.series import ANSWER, COVERING, Series
from pipeline.mail.diagnosis import explained
from pipeline.notices import answers, it_officer, news
from pipeline.office.config import Petugas
from pipeline.office.sop import BESIDE, EventKind, Role, Stage, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

LETTER_MAIL = "surat_jawaban"
COVERING_MAIL = "surat_pengantar"


def next_version(work: Work, complaint: Complaint) -> int:
    return 1 + len(documents(work, complaint, DocumentKind.KONSEP))


@dataclass(frozen=True)
class Drafted:
    """Generated letters of one version, for one decision: of each its series, the code printed on it, its bytes, how it
    reads, and how it shows the number that is still to come."""

    version: int
    decision_id: int | None
    letters: tuple[tuple[Series, str, bytes, Returned, str], ...]


def draft_letters(work: Work, complaint_id: int, made: Drafted) -> None:
    """Keep the generated letters and tell the Sekretaris, who has waited for them; nothing if the case moved on."""
    complaint = locked(work, complaint_id)
    task = open_task_of(work, complaint.id, TaskKind.JAWABAN)
    if (
        task is None
        or next_version(work, complaint) != made.version
        or task.decision_id != made.decision_id
    ):
        return
    if letters_of(work, complaint) and not is_untouched(
        work.session, complaint
    ):  # edited while it was made
        return
    for series, code, content, letter, room in made.letters:
        name = word(f"nama_konsep.{series.name}", nomor=complaint.number.replace("/", "-"))
        kept = keep_draft(work, complaint, series, File(name, DOCX, content), letter, code, room)
        if series is ANSWER:
            log(work, complaint, EventKind.DRAFTED, SYSTEM, task.id, dokumen=kept.id)
    tell_holders(work, complaint, task)


def letters_to_sign(
    work: Work, complaint_id: int, made: Sequence[tuple[Document, bytes, str]]
) -> None:
    """Keep the letters as they are to be signed, each with what it was made from, and tell who signs; nothing if the
    case moved on."""
    complaint = locked(work, complaint_id)
    task = open_task_of(work, complaint.id, TaskKind.TANDA_TANGAN)
    newest = [
        one.id
        for series in series_in(work, complaint)
        for one in letters_of(work, complaint, series)[-1:]
    ]
    if task is None or newest != [source.id for source, _content, _code in made]:
        return
    for source, content, code in made:
        final_letter(work, complaint, source, content, SYSTEM, code)
    tell_holders(work, complaint, task)
    tell_helpers(work, complaint, task)


def letter_by_mail(
    work: Work,
    task_id: int,
    person: Petugas,
    file: File,
    letter: Returned | None,
    *,
    quiet: bool = False,
) -> str:
    """A letter that came as a reply to the mail of langkah 4: kept as a version, and answered with the link that
    sends it on, unless `quiet`. Why it was not kept, in words, or ""."""
    task = work.session.get_one(Task, task_id)
    if task.complaint_id is None or letter is None:
        return word("balasan.tanpa_surat")
    complaint = locked(work, task.complaint_id)
    work.session.refresh(task)
    if task.closed_at is not None:
        return word("balasan.sudah_selesai")
    series = series_of_letter(work, complaint, letter)
    if problem := of_another(work, complaint, letter, series):
        return problem
    kept = keep_letter(work, complaint, file, letter, actor_of(person), series)
    surat = word(f"jenis_surat.{series.name}")
    log(
        work,
        complaint,
        EventKind.LETTER_STORED,
        actor_of(person),
        task.id,
        dokumen=[kept.id],
        lewat="email",
        surat=surat,
    )
    if quiet:
        return ""
    (link_id,) = links.issue(work.session, [(task, person)], work.now, work.settings.web.link_days)
    found = [(f.level, f.message) for f in found_in(kept) if f.level != "baik"]
    answers.letter_stored(work, complaint, task, person, link_id, file.name, found)
    return ""


def delivery_result(work: Work, mail: Outbox) -> None:
    """The end of a mail of ours. A letter that the server took closes langkah 5; one that it refused opens it again."""
    complaint = locked(work, mail.complaint_id) if mail.complaint_id else None
    if complaint is None:
        if mail.state == MailState.DEAD and _is_official(work, mail.recipient):
            official_unreached(work, mail.recipient, mail.error)
    elif mail.name == COVERING_MAIL:
        _covering_result(work, complaint, mail)
    elif mail.name == LETTER_MAIL:
        _letter_result(work, complaint, mail)
    elif mail.state == MailState.DEAD:
        told, which = trouble(mail, mail.error), mail.message_id
        log(work, complaint, EventKind.SEND_FAILED, SYSTEM, mail.task_id, teks=told, surat=which)
        _unreached(work, complaint, mail, mail.error)
    elif mail.name == copies.MAIL and mail.state == MailState.SENT:
        arrived(work, complaint, mail)


def _letter_result(work: Work, complaint: Complaint, mail: Outbox) -> None:
    """The answer at the pengadu's server, or not."""
    if complaint.stage is not Stage.PENGIRIMAN:
        _again_unsent(work, complaint, mail)
        return
    if not _is_current(work, complaint, mail):
        return
    if mail.state == MailState.SENT:
        _delivered(work, complaint, mail)
        return
    log(work, complaint, EventKind.SEND_FAILED, SYSTEM, mail.task_id, teks=mail.error)
    # What it told may have been withdrawn meanwhile: then the next answer is waited for.
    if is_outdated(work.session, complaint.id):
        merging.take_back(work, complaint)
        return
    close_rest(work, complaint, "gagal_kirim", keep=BESIDE)
    complaint.stage, complaint.delivery = Stage.PENYAMPAIAN, ""
    note = word("sistem.gagal_kirim", sebab=explained(mail.error))
    open_task(work, complaint, TaskKind.PENYAMPAIAN, note=note)


def _again_unsent(work: Work, complaint: Complaint, mail: Outbox) -> None:
    """A letter that was sent once more, after the end, and that the server refused: the JFU hears of it."""
    if (
        complaint.stage is Stage.SELESAI
        and mail.state == MailState.DEAD
        and _is_current(work, complaint, mail)
    ):
        _log_refusal(work, complaint, mail)
        _unreached(work, complaint, mail, mail.error)


def _log_refusal(work: Work, complaint: Complaint, mail: Outbox) -> None:
    """The history names the mail that a server refused, and what it said."""
    said, which = mail.error, mail.message_id
    log(work, complaint, EventKind.SEND_FAILED, SYSTEM, mail.task_id, teks=said, surat=which)


def _covering_result(work: Work, complaint: Complaint, mail: Outbox) -> None:
    """The covering letter at the agency's server, or not."""
    if mail.state == MailState.SENT:
        log(
            work,
            complaint,
            EventKind.COVERING_DELIVERED,
            SYSTEM,
            mail.task_id,
            cara="email",
            instansi=complaint.instansi,
            surat=mail.message_id,
        )
        return
    _log_refusal(work, complaint, mail)
    _covering_again(
        work, complaint, mail, word("sistem.pengantar_gagal", sebab=explained(mail.error))
    )


def _covering_again(work: Work, complaint: Complaint, mail: Outbox, note: str) -> None:
    """The JFU delivers it another way, unless it is no longer the letter of the case or is being delivered already."""
    signed = newest_of(work, complaint, COVERING.signed)
    mailed = {sha256 for sha256, _name, _mime in mail.attachments}
    if (
        signed
        and signed[0].sha256 in mailed
        and open_task_of(work, complaint.id, TaskKind.PENGANTAR) is None
    ):
        open_task(work, complaint, TaskKind.PENGANTAR, note=note)


def _is_current(work: Work, complaint: Complaint, mail: Outbox) -> bool:
    decision = standing(work.session, complaint.id)
    if decision is None or mail.decision_id != decision.id:
        return False
    newest = select(Outbox.id).where(
        Outbox.complaint_id == complaint.id, Outbox.name == LETTER_MAIL
    )
    newest = newest.where(
        Outbox.state != MailState.VOID
    )  # one that was called back has replaced none
    return work.session.scalar(newest.order_by(Outbox.id.desc()).limit(1)) == mail.id


def _delivered(work: Work, complaint: Complaint, mail: Outbox) -> None:
    complaint.stage = Stage.SELESAI
    complaint.delivered_at = complaint.closed_at = mail.sent_at or work.now
    sender = work.session.scalars(
        select(Event)
        .where(Event.complaint_id == complaint.id, Event.kind == EventKind.SENT)
        .order_by(Event.seq.desc())
    ).first()
    complaint.paraf = sender.actor_name if sender else complaint.paraf
    log(
        work,
        complaint,
        EventKind.DELIVERED,
        SYSTEM,
        mail.task_id,
        cara="email",
        surat=mail.message_id,
    )
    send_copies(work, complaint, mail.task_id)
    close_rest(work, complaint, "selesai", keep=(TaskKind.PENGANTAR,))
    open_task(work, complaint, TaskKind.ARSIP)


def bounced(work: Work, mail: Outbox, permanent: bool, diagnostic: str) -> None:
    """A mail of ours came back (RFC 3464). A letter reopens langkah 5; anything else is noted and told to the JFU."""
    complaint = locked(work, mail.complaint_id) if mail.complaint_id else None
    if complaint is None:
        if permanent and _is_official(work, mail.recipient):
            official_unreached(work, mail.recipient, diagnostic)
        return
    log(
        work,
        complaint,
        EventKind.BOUNCED,
        SYSTEM,
        mail.task_id,
        surat=mail.message_id,
        teks=trouble(mail, diagnostic),
        tetap=permanent,
    )
    if not permanent:
        return
    if mail.name == COVERING_MAIL:
        note = word("sistem.pengantar_terpental", sebab=explained(diagnostic))
        _covering_again(work, complaint, mail, note)
    elif mail.name == LETTER_MAIL:
        _letter_came_back(work, complaint, mail, diagnostic)
    else:
        _unreached(work, complaint, mail, diagnostic)


def _letter_came_back(work: Work, complaint: Complaint, mail: Outbox, diagnostic: str) -> None:
    if not _is_current(work, complaint, mail):
        return
    if complaint.delivery != "email":
        if complaint.stage is Stage.SELESAI:  # sent once more, after another way
            _unreached(work, complaint, mail, diagnostic)
    elif is_outdated(work.session, complaint.id):
        merging.take_back(work, complaint)
    else:
        reopen_after_bounce(work, complaint, word("sistem.terpental", sebab=explained(diagnostic)))


def _unreached(work: Work, complaint: Complaint, mail: Outbox, reason: str) -> None:
    """A mail that will not arrive: the clock that waited for its answer goes on, and somebody hears of it.

    Of an official's bad address the IT officer hears, of the pengadu's the JFU (and the Sekretaris who asked), of one
    outside the office that somebody typed the JFU and the Sekretaris.
    """
    to_pengadu = mail.recipient.lower() == complaint.email.lower()
    if not to_pengadu and _is_official(work, mail.recipient):
        official_unreached(work, mail.recipient, reason, complaint)
        return
    question = to_pengadu and mail.name == "tanya_pengadu"
    asked = open_task_of(work, complaint.id, TaskKind.KLARIFIKASI) if question else None
    if asked is not None:
        resume_langkah(work, asked)
    told = {person.kode: person for person in work.settings.holders(Role.JFU)}
    if asked is not None or not to_pengadu:
        told |= {person.kode: person for person in work.settings.holders(Role.SEKRETARIS)}
    for person in reported.spared(complaint, told.values()):
        link_id = window(work, complaint, person) if Role.JFU in person.peran else None
        news.bounce(work, complaint, person, link_id, mail, reason)


def _is_official(work: Work, address: str) -> bool:
    """Whether config.toml names the address."""
    return (
        work.settings.person_at(address) is not None
        or address.lower() == work.settings.petugas_ti.email.lower()
    )


def official_unreached(
    work: Work, address: str, reason: str, complaint: Complaint | None = None
) -> None:
    """An official's address does not take mail; `complaint` is what it was about, where that is known."""
    it_officer.official_unreached(work, complaint, address, reason)
