"""How a complaint begins (SOP langkah 1) and how later words of the pengadu reach it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pipeline import notices, store
from pipeline.cases.chain import CITIZEN, Actor, actor_of, begin, log
from pipeline.cases.core import Work, locked, next_number
from pipeline.cases.forms import Checked, File
from pipeline.cases.tasks import current_task, fresh_links, open_task, open_task_of, resume, window
from pipeline.config import Petugas
from pipeline.db import Complaint, Document, Item, exclusive
from pipeline.sop import Channel, EventKind, Role, Stage, TaskKind


@dataclass(frozen=True)
class Pengadu:
    """Who complains, as far as is known."""

    nama: str = ""
    alamat: str = ""
    telepon: str = ""
    email: str = ""
    nik: str = ""
    rahasia: bool = False


def status_code() -> str:
    """80 random bits in 16 letters: what a citizen's status link holds instead of the register number."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def add_documents(
    work: Work,
    kind: str,
    files: Iterable[File],
    actor: Actor,
    *,
    complaint: Complaint | None = None,
    item_id: int | None = None,
) -> list[Document]:
    """Keep files with a complaint or an item; versions of one kind are counted from 1 on a complaint."""
    files = list(files)
    if not files:
        return []
    before = len(documents(work, complaint, kind)) if complaint else 0
    digests = store.put_all(work.session, [file.content for file in files])
    rows = [
        Document(
            complaint_id=complaint.id if complaint else None,
            item_id=item_id,
            kind=kind,
            version=before + order if complaint else 1,
            name=file.name,
            mime=file.mime,
            sha256=digest,
            created_at=work.now,
            actor=actor.code,
        )
        for order, (file, digest) in enumerate(zip(files, digests, strict=True), 1)
    ]
    work.session.add_all(rows)
    work.session.flush()
    return rows


def keep_item_files(work: Work, item: Item, file: File, pages: Sequence[bytes]) -> None:
    """Keep a scan that is no complaint yet, and the pictures of its pages; once an item."""
    there = select(Document.id).where(Document.item_id == item.id)
    if work.session.scalars(there).first() is None:
        add_documents(work, "lampiran", [file], CITIZEN, item_id=item.id)
        shown = [File(f"{file.name} halaman {n}.jpg", "image/jpeg", page) for n, page in enumerate(pages, 1)]
        add_documents(work, "halaman", shown, CITIZEN, item_id=item.id)


def documents(work: Work, complaint: Complaint, *kinds: str) -> list[Document]:
    """Documents of these kinds, oldest first."""
    query = select(Document).where(Document.complaint_id == complaint.id, Document.kind.in_(kinds))
    return list(work.session.scalars(query.order_by(Document.id)))


def _create(
    work: Work,
    channel: Channel,
    person: Pengadu,
    perihal: str,
    isi: str,
    received_at: datetime,
    item_id: int | None,
    thread_id: str,
    kategori: str = "",
) -> Complaint:
    year = work.now.astimezone(work.settings.zone).year
    order = next_number(work, f"register:{year}")
    complaint = Complaint(
        number=work.settings.register_.pola.format(tahun=year, urut=order),
        year=year,
        stage=Stage.PENERIMAAN,
        channel=channel,
        received_at=min(received_at, work.now),
        recorded_at=work.now,
        status_code=status_code(),
        item_id=item_id,
        thread_id=thread_id,
        perihal=perihal,
        isi=isi,
        kategori=kategori,
        nama=person.nama,
        alamat=person.alamat,
        telepon=person.telepon,
        email=person.email,
        nik=person.nik,
        rahasia=person.rahasia,
    )
    work.session.add(complaint)
    work.session.flush()
    return complaint


def record(
    work: Work,
    channel: Channel,
    person: Pengadu,
    *,
    perihal: str,
    isi: str,
    received_at: datetime,
    item_id: int | None = None,
    thread_id: str = "",
    files: Iterable[File] = (),
    actor: Actor = CITIZEN,
    note: str = "",
) -> Complaint:
    """A new row of the Buku Pengaduan: number, history, acknowledgement to the pengadu, the JFU's task.

    `note` is what the JFU should know before recording.
    """
    complaint = _create(work, channel, person, perihal, isi, received_at, item_id, thread_id)
    kept = add_documents(work, "lampiran", files, actor, complaint=complaint)
    begin(work, complaint, actor, kanal=str(channel), lampiran=[d.id for d in kept])
    notices.acknowledge(work.session, work.settings, work.now, complaint)
    open_task(work, complaint, TaskKind.CATAT, note=note)
    return complaint


def record_at_counter(
    work: Work,
    person: Petugas,
    form: Checked,
    channel: Channel | None = None,
    item_id: int | None = None,
    code: str = "",
) -> Complaint:
    """A complaint that a JFU typed in (in person, telephone, letter, slip): recorded and reported to the Sekretaris
    in one go, for the JFU has just done all of langkah 1.

    `code` is the status code that the form was given (see `status_code`): the same form pressed twice is one complaint.
    """
    actor = actor_of(person)
    if code:
        exclusive(work.session, code)
        there = work.session.scalars(select(Complaint).where(Complaint.status_code == code)).one_or_none()
        if there is not None:
            return there
    complaint = _create(
        work,
        channel or Channel(form.text("kanal")),
        Pengadu(
            form.text("nama"),
            form.text("alamat"),
            form.text("telepon"),
            form.text("email"),
            "",
            bool(form.text("rahasia")),
        ),
        form.text("perihal"),
        form.text("isi"),
        work.now,
        item_id,
        "",
        form.text("kategori"),
    )
    complaint.ringkasan = form.text("isi")
    complaint.status_code = code or complaint.status_code
    kept = add_documents(work, "lampiran", form.files.values(), actor, complaint=complaint)
    begin(work, complaint, actor, kanal=str(complaint.channel), lampiran=[d.id for d in kept])
    log(work, complaint, EventKind.RECORDED, actor)
    notices.acknowledge(work.session, work.settings, work.now, complaint)
    complaint.stage = Stage.KLARIFIKASI
    open_task(work, complaint, TaskKind.KLARIFIKASI)
    return complaint


def split_off(work: Work, complaint: Complaint, perihal: str, isi: str, actor: Actor) -> Complaint:
    """A second complaint out of the same item (pisahkan), with its own number and acknowledgement."""
    person = Pengadu(
        complaint.nama, complaint.alamat, complaint.telepon, complaint.email, complaint.nik, complaint.rahasia
    )
    other = _create(
        work,
        complaint.channel,
        person,
        perihal,
        isi,
        complaint.received_at,
        complaint.item_id,
        complaint.thread_id,
    )
    begin(work, other, actor, kanal=str(other.channel), dari=complaint.number)
    notices.acknowledge(work.session, work.settings, work.now, other)
    open_task(work, other, TaskKind.CATAT)
    return other


def citizen_wrote(work: Work, complaint_id: int, text: str, files: Iterable[File], item_id: int | None) -> Complaint:
    """A later mail of the pengadu: it joins the case, starts a stopped clock, and whoever holds the case is told."""
    complaint = locked(work, complaint_id)
    kept = add_documents(work, "lampiran", files, CITIZEN, complaint=complaint)
    waiting = open_task_of(work, complaint.id, TaskKind.KLARIFIKASI)
    answered = waiting is not None and waiting.paused_at is not None
    log(
        work,
        complaint,
        EventKind.CITIZEN_WROTE,
        CITIZEN,
        waiting.id if answered and waiting else None,
        teks=text,
        lampiran=[d.id for d in kept],
        item=item_id,
        menjawab=answered,
    )
    if answered and waiting is not None:
        resume(work, waiting)
    current = current_task(work, complaint.id)
    holding = fresh_links(work, current) if current is not None else []
    for person, link_id in holding:
        notices.citizen_wrote(
            work.session, work.settings, work.now, complaint, current, person, link_id, text, answered
        )
    for person in work.settings.holders(Role.JFU):
        if person.kode not in {p.kode for p, _link in holding}:
            look = window(work, complaint, person)
            notices.citizen_wrote(work.session, work.settings, work.now, complaint, None, person, look, text, answered)
    return complaint
