"""Rendering and threads: the one way by which a mail reaches the outbox.

Hides Jinja, place-holders of links, the thread of each person's mails, and the caps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pipeline.casefile import privacy, titles
from pipeline.casefile.limits import short_limit, time_words
from pipeline.data.tables import Complaint, Document, Outbox, Task
from pipeline.mail import outbox
from pipeline.notices import few
from pipeline.office.config import Settings
from pipeline.office.rendering import environment
from pipeline.office.sop import Role
from pipeline.office.words import word
from pipeline.work import Work

# What a robot could make us repeat (RFC 3834).
ANSWERS = ("tanda_terima", "tambahan_diterima", "balasan_tugas", "balasan_konfirmasi", "status")
# What is sent to the pengadu alone, so that an answer to it is theirs.
TO_CITIZENS = (
    "tanda_terima",
    "tambahan_diterima",
    "tanya_pengadu",
    "ingatkan_pengadu",
    "waktu_bertambah",
    "janji_mundur",
    "pengaduan_dicabut",
    "surat_jawaban",
    "bukan_pengaduan",
    "dibuka_kembali",
    "status",
    "disampaikan_kepada",
)
MAX_ATTACHED = 10 * 2**20
MAX_NAMED = 20

TO_A_REPLY = ("balasan_dikerjakan", "balasan_konfirmasi", "balasan_tugas")
TO_AGENCIES = ("terusan_instansi", "surat_pengantar")  # what another agency needs in order to act


@dataclass(frozen=True)
class Envelope:
    """Who gets a mail, and what it hangs on. `opening`: the case's first mail to this person."""

    email: str
    name: str
    complaint: Complaint | None = None
    task: Task | None = None
    link_id: int | None = None
    attachments: Sequence[Document] = ()
    opening: bool = False
    files: Sequence[
        tuple[str, str, str]
    ] = ()  # (sha256, name, mime) that are no documents of the case
    others: Sequence[int] = ()  # further links, of a mail about several tasks
    wait: timedelta = timedelta()  # before it is due


def send(work: Work, name: str, to: Envelope, **context: Any) -> Outbox:
    """Render a mail and put it into the outbox; one that waits for the morning's digest is only kept there."""
    return outbox.put(work, draft(work, name, to, **context))


def draft(work: Work, name: str, to: Envelope, **context: Any) -> outbox.Draft:
    """Render templates/email/<name>/: subject, and one body as text and as HTML."""
    slot = outbox.new_slot()
    whole = to.complaint is None or not _other_unit(work.settings, to, name)
    shown = _unlinked(to) if whole else privacy.ForOthers(to.complaint)  # type: ignore[arg-type]
    tautan = outbox.placeholder(slot, to.link_id) if to.link_id else ""
    values = {
        "p": shown,
        "tugas": to.task,
        "tautan": tautan,
        "batas": short_limit(work.settings, to.task, work.now),
        "berkas": [d.name for d in to.attachments],
        "saya": _own_page(work.settings, to, tautan),
        "sisa": time_words(work.settings, to.task, work.now),
        "tautan_lain": {link_id: outbox.placeholder(slot, link_id) for link_id in to.others},
        **context,
    }
    in_subject = {**values, "p": _in_subject(work, to, shown)}
    subject = _urgent(
        work.settings, to, _render(work.settings, f"{name}/subject.txt", "txt", in_subject)
    )
    text = _render(work.settings, f"{name}/body.jinja", "txt", {**values, "perihal_surat": subject})
    html = _render(
        work.settings, f"{name}/body.jinja", "html", {**values, "perihal_surat": subject}
    )
    return outbox.Draft(
        name=name,
        recipient=to.email,
        recipient_name=to.name,
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=html,
        slot=slot,
        links=(*((to.link_id,) if to.link_id else ()), *to.others),
        attachments=(*((d.sha256, d.name, d.mime) for d in to.attachments), *to.files),
        complaint_id=to.complaint.id if to.complaint else None,
        task_id=to.task.id if to.task else None,
        decision_id=_decision_of(name, to),
        wait=to.wait,
        folded=few.folds(work, name, to.email),
        **_thread(work.session, to),
    )


def _in_subject(work: Work, to: Envelope, shown: Any) -> Any:
    """The case as the subject shows it: a pengadu's own words go back to that pengadu alone."""
    if to.complaint is None or to.email == to.complaint.email:
        return shown
    return privacy.InSubject(
        to.complaint, titles.subject(work.session, work.settings, to.complaint)
    )


def _decision_of(name: str, to: Envelope) -> int | None:
    """The decision that a mail carries out: that of its task, or of a letter that goes with it. An answer to somebody's
    reply carries out none: whoever wrote is answered, also about what was withdrawn meanwhile."""
    if name in TO_A_REPLY:
        return None
    of_letters = (d.decision_id for d in to.attachments if d.decision_id is not None)
    return to.task.decision_id if to.task and to.task.decision_id else next(of_letters, None)


def _urgent(settings: Settings, to: Envelope, subject: str) -> str:
    """The subject; of an official's mail about an urgent case it says so."""
    if to.complaint is None or to.complaint.prioritas != "segera":
        return subject
    if settings.person_at(to.email) is None:
        return subject
    return word("surat.segera", judul=subject.strip())


def _other_unit(settings: Settings, to: Envelope, name: str) -> bool:
    """Whether a mail about a case goes to somebody who is told only what was written for other units."""
    if to.complaint is None or to.email == to.complaint.email:
        return False
    if (
        name == "bukti_keputusan"
    ):  # a Kasubag/Kasi who stands in for the head has read what they decided
        return False
    if to.task is not None and privacy.is_other_unit(to.task.kind):
        return True
    person = settings.person_at(to.email)
    if person is None:
        return to.complaint.rahasia or name not in TO_AGENCIES
    return set(person.peran) <= {Role.KASI}


# What mail programs turn into something to press, with or without a scheme.
LINKS = re.compile(
    r"://|\bwww\.|[a-z0-9-]\.(?:com|net|org|info|biz|xyz|top|site|online|shop|click|link|app|dev|io|co|me|"
    r"ru|cn|id|my|sg|tk|cc)\b|[a-z0-9-]\.[a-z]{2,10}/\S",
    re.IGNORECASE,
)


def _unlinked(to: Envelope) -> Any:
    """The case as its mails show it, its perihal as a title. To a pengadu without links: whoever forges a sender must
    not have us mail their links to strangers (backscatter)."""
    c = to.complaint
    if c is None:
        return None
    perihal, nama = privacy.as_title(c.perihal), c.nama
    if to.email == c.email:
        perihal = word("surat.perihal_bertautan") if LINKS.search(perihal) else perihal
        nama = "" if LINKS.search(nama) else nama
    return _Unlinked(c, perihal, nama)


@dataclass(frozen=True)
class _Unlinked:
    whole: Complaint
    perihal: str
    nama: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)


def _own_page(settings: Settings, to: Envelope, link: str) -> str:
    """Where an official finds all their tasks: behind the mail's own link, else where one asks for a link."""
    if settings.person_at(to.email) is None:
        return ""
    return f"{link}/saya" if link else f"{settings.web.base_url}/saya"


def _render(settings: Settings, template: str, twin: str, values: dict[str, Any]) -> str:
    """One part of a mail. Both twins come from the same body, with the layout and the parts of their kind."""
    env = environment(settings, escape=twin == "html")
    layout = {"dasar": f"email/_dasar.{twin}", "bagian": f"email/_bagian.{twin}"}
    return env.get_template(f"email/{template}").render(**values, **layout)


def _thread(session: Session, to: Envelope) -> dict[str, Any]:
    """One thread for each person and case: after our last mail to them, or the pengadu's own first mail."""
    if to.complaint is None:
        return {}
    root = to.complaint.thread_id if to.email == to.complaint.email else ""
    last = None if to.opening else outbox.last_to(session, to.email, to.complaint.id)
    if last is None:
        return {"in_reply_to": root, "references": (root,)}
    message_id, references = last
    return {"in_reply_to": message_id, "references": (root, *references)}


def status_url(settings: Settings, complaint: Complaint) -> str:
    return f"{settings.web.base_url}/s/{complaint.status_code}"


def too_many_answers(work: Work, address: str) -> bool:
    return answers_to(work.session, work.now, address) >= work.settings.smtp.answers_per_hour


def answers_to(session: Session, now: datetime, address: str) -> int:
    """How many answers went to an address within the last hour."""
    return outbox.count_since(session, [address], ANSWERS, now - timedelta(hours=1))[address]
