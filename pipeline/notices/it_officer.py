"""Mails to the IT officer, and to the JFU about the mailbox itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pipeline.data.tables import Complaint, Seal
from pipeline.mail import outbox
from pipeline.notices.post import MAX_NAMED, Envelope, draft, send
from pipeline.office.config import Settings
from pipeline.office.sop import Role
from pipeline.office.words import word
from pipeline.work import Work

NEWS = "kabar_ti"


def official_unreached(work: Work, complaint: Complaint | None, address: str, reason: str) -> None:
    """To the IT officer: an official's address does not take mail. Never about the IT officer's own, and at most
    so many an hour, so that no bounce of a bounce goes round (RFC 3834)."""
    to = work.settings.petugas_ti.email
    since = work.now - timedelta(hours=1)
    name = "petugas_tak_terjangkau"
    told = outbox.count_since(work.session, [to], (name,), since)[to]
    if address.lower() == to.lower() or told >= work.settings.smtp.answers_per_hour:
        return
    send(work, name, Envelope(to, "", complaint), alamat=address, sebab=reason)


def discrepancies(work: Work, findings: Sequence[Any]) -> None:
    """To every JFU: mails that are in the mailbox and not in the book, or the other way round."""
    for person in work.settings.holders(Role.JFU):
        to = Envelope(person.email, person.nama)
        send(
            work,
            "rekonsiliasi",
            to,
            petugas=person,
            temuan=findings[:MAX_NAMED],
            jumlah=len(findings),
        )


def seal(work: Work, row: Seal, changed: Sequence[str] = ()) -> None:
    """The day's seal to the IT officer, who keeps it outside the system. `changed`: people of config.toml who are not
    as they were at the seal before."""
    to = Envelope(work.settings.petugas_ti.email, "")
    send(work, "segel", to, segel=row, berubah=", ".join(changed))


@dataclass(frozen=True)
class Unread:
    """A mail that its server does not hand out: where it lies, and what the envelope says ("" where nothing)."""

    mailbox: str
    folder: str
    sender: str
    subject: str


def unread_mails(work: Work, found: Sequence[Unread]) -> None:
    """To every JFU and to the IT officer: which mails have to be looked at in the mailbox itself."""
    people = [(p.email, p.nama, p) for p in work.settings.holders(Role.JFU)]
    for email, name, person in [*people, (work.settings.petugas_ti.email, "", None)]:
        send(
            work,
            "surat_tak_terambil",
            Envelope(email, name),
            petugas=person,
            surat=found[:MAX_NAMED],
            jumlah=len(found),
        )


def move_refused(work: Work, mailbox: str, folder: str, error: str) -> None:
    """Settled mail cannot be filed away: intake goes on, the folder has to be mended."""
    tell(work, "pindah", error, kotak=mailbox, folder=folder)


def tell(work: Work, kind: str, detail: str = "", **values: object) -> None:
    """One piece of news to the IT officer; the words are at kabar_ti.<kind>, `detail` is what a server or program
    said."""
    title, sentence = (word(f"kabar_ti.{kind}.{part}", **values) for part in ("judul", "kalimat"))
    to = Envelope(work.settings.petugas_ti.email, "")
    send(work, NEWS, to, judul=title, kalimat=sentence, sebab=detail)


def tell_once(work: Work, kind: str, detail: str = "", **values: object) -> None:
    """The same, unless it waits to be sent already: what lasts is told once until that mail has left."""
    if not waits(work.session, kind, **values):
        tell(work, kind, detail, **values)


def tell_daily(work: Work, kind: str, **values: object) -> None:
    """The same, but once a day at most."""
    if not was_told(work, kind, **values):
        tell(work, kind, "", **values)


def was_told(work: Work, kind: str, **values: object) -> bool:
    """Whether a piece of news has been put within a day."""
    title = word(f"kabar_ti.{kind}.judul", **values)
    address, day_ago = work.settings.petugas_ti.email, work.now - timedelta(days=1)
    return outbox.was_put(work.session, address, NEWS, title, day_ago)


def waits(session: Session, kind: str, **values: object) -> bool:
    """Whether a piece of news has been put and not been sent yet."""
    return outbox.waits(session, NEWS, word(f"kabar_ti.{kind}.judul", **values))


def alarm(settings: Settings, now: datetime, message: str) -> None:
    """The alarm by mail, past database and queue: to the second address, which lies outside the office's own server.
    MailServerDown."""
    to = Envelope(settings.petugas_ti.email_cadangan or settings.petugas_ti.email, "")
    context = {"judul": word("detak.judul"), "kalimat": message, "sebab": ""}
    mail = draft(Work(Session(), settings, now), NEWS, to, **context)
    outbox.send_now(settings, mail, now)
