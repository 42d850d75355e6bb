"""How a complaint begins (SOP langkah 1) and how later words of the pengadu reach it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import select

from pipeline import jobs, notices, store
from pipeline.cases.chain import CITIZEN, Actor, actor_of, begin, log
from pipeline.cases.core import Work, locked, next_number
from pipeline.cases.forms import Checked, File
from pipeline.cases.tasks import (
    COPY,
    current_task,
    fresh_links,
    links_for,
    open_task,
    open_task_of,
    resume,
    start,
    window,
)
from pipeline.config import Petugas
from pipeline.db import Complaint, Document, Item, Task, exclusive
from pipeline.notices import Asked
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
    before = len(documents(work, complaint, kind)) if complaint else 0
    rows = _attach(work, kind, _kept(work, list(files)), actor, complaint, item_id, before)
    work.session.flush()
    return rows


def _kept(work: Work, files: Sequence[File]) -> Iterator[tuple[File, str]]:
    """Each file with the SHA-256 under which its bytes are kept now."""
    digests = store.put_all(work.session, [file.content for file in files]) if files else []
    return zip(files, digests, strict=True)


def _attach(
    work: Work,
    kind: str,
    kept: Iterable[tuple[File, str]],
    actor: Actor,
    complaint: Complaint | None,
    item_id: int | None = None,
    before: int = 0,
) -> list[Document]:
    """Rows for files after `before` others of their kind; they have no ids before the next flush."""
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
        for order, (file, digest) in enumerate(kept, 1)
    ]
    work.session.add_all(rows)
    return rows


def keep_item_files(work: Work, item: Item, file: File) -> None:
    """Keep a scan that is no complaint yet, as it came; once an item."""
    there = select(Document.id).where(Document.item_id == item.id)
    if work.session.scalars(there).first() is None:
        add_documents(work, "lampiran", [file], CITIZEN, item_id=item.id)


def documents(work: Work, complaint: Complaint, *kinds: str) -> list[Document]:
    """Documents of these kinds, oldest first."""
    query = select(Document).where(Document.complaint_id == complaint.id, Document.kind.in_(kinds))
    return list(work.session.scalars(query.order_by(Document.id)))


@dataclass(frozen=True)
class New:
    """A complaint before it is recorded. `note` is what the JFU should know before recording, `origin` the number
    of the complaint that it was a part of."""

    channel: Channel
    person: Pengadu
    perihal: str
    isi: str
    received_at: datetime
    item_id: int | None = None
    thread_id: str = ""
    kategori: str = ""
    files: Sequence[File] = ()
    note: str = ""
    origin: str = ""


def _rows(work: Work, news: Sequence[New]) -> list[Complaint]:
    """Rows with their numbers, in the order given."""
    year = work.now.astimezone(work.settings.zone).year
    first = next_number(work, f"register:{year}", len(news))
    rows = [
        Complaint(
            number=work.settings.register_.pola.format(tahun=year, urut=order),
            year=year,
            stage=Stage.PENERIMAAN,
            channel=new.channel,
            received_at=min(new.received_at, work.now),
            recorded_at=work.now,
            status_code=status_code(),
            item_id=new.item_id,
            thread_id=new.thread_id,
            perihal=new.perihal,
            isi=new.isi,
            kategori=new.kategori,
            nama=new.person.nama,
            alamat=new.person.alamat,
            telepon=new.person.telepon,
            email=new.person.email,
            nik=new.person.nik,
            rahasia=new.person.rahasia or work.settings.pengaduan.tertutup,
        )
        for order, new in enumerate(news, first)
    ]
    work.session.add_all(rows)
    work.session.flush()
    return rows


def record(work: Work, news: Sequence[New], actor: Actor = CITIZEN) -> list[Complaint]:
    """New rows of the Buku Pengaduan: number, history, acknowledgement to the pengadu, the JFU's task.

    Many at once cost a third of one by one: each kind of row goes to the database in one statement for all.
    """
    if not news:
        return []
    complaints = _rows(work, news)
    pairs = list(zip(news, complaints, strict=True))
    kept = _kept(work, [file for new in news for file in new.files])
    attached = [
        _attach(work, "lampiran", list(islice(kept, len(new.files))), actor, complaint) for new, complaint in pairs
    ]
    work.session.flush()
    opened = {}
    for (new, complaint), files in zip(pairs, attached, strict=True):
        more = {"dari": new.origin} if new.origin else {}
        begin(work, complaint, actor, kanal=str(new.channel), lampiran=[d.id for d in files], **more)
        task = Task(complaint_id=complaint.id, kind=TaskKind.CATAT, note=new.note, opened_at=work.now)
        start(work, task)
        opened[task] = (complaint, files)
    notices.acknowledge(work.session, work.settings, work.now, complaints)
    asked = [
        Asked(opened[task][0], task, person, link_id, opened[task][1])
        for task, person, link_id in links_for(work, list(opened))
    ]
    notices.tasks(work.session, work.settings, work.now, asked)
    return complaints


def record_at_counter(
    work: Work,
    person: Petugas,
    form: Checked,
    channel: Channel | None = None,
    item_id: int | None = None,
    code: str = "",
    *,
    parent: Complaint | None = None,
    acknowledged: bool = True,
) -> Complaint:
    """A complaint that a JFU typed in (in person, telephone, letter, slip): recorded and reported to the Sekretaris
    in one go, for the JFU has just done all of langkah 1.

    `code` is the status code that the form was given (see `status_code`): the same form pressed twice is one complaint.
    `parent`: it is the same matter as this one, and waits for its answer. `acknowledged`: by mail, where there is an
    address.
    """
    actor = actor_of(person)
    if code:
        exclusive(work.session, code)
        there = work.session.scalars(select(Complaint).where(Complaint.status_code == code)).one_or_none()
        if there is not None:
            return there
    pengadu = Pengadu(
        form.text("nama"),
        form.text("alamat"),
        form.text("telepon"),
        form.text("email"),
        form.text("nik"),
        rahasia=bool(form.text("rahasia")),
    )
    new = New(
        channel or Channel(form.text("kanal")),
        pengadu,
        form.text("perihal"),
        form.text("isi"),
        work.now,
        item_id,
        kategori=form.text("kategori"),
        files=list(form.files.values()),
    )
    (complaint,) = _rows(work, [new])
    complaint.ringkasan = form.text("isi")
    complaint.status_code = code or complaint.status_code
    kept = add_documents(work, "lampiran", new.files, actor, complaint=complaint)
    begin(work, complaint, actor, kanal=str(complaint.channel), lampiran=[d.id for d in kept])
    log(work, complaint, EventKind.RECORDED, actor)
    if acknowledged:
        notices.acknowledge(work.session, work.settings, work.now, [complaint])
    if parent is not None:
        complaint.stage, complaint.parent_id = Stage.DIGABUNG, parent.id
        log(work, complaint, EventKind.MERGED, actor, ke=parent.number)
        log(work, parent, EventKind.MERGED, actor, dari=complaint.number)
        if parent.stage is Stage.TANDA_TANGAN:  # its letter stands already
            jobs.put(work.session, COPY, complaint.id, work.now)
        return complaint
    complaint.stage = Stage.KLARIFIKASI
    open_task(work, complaint, TaskKind.KLARIFIKASI)
    return complaint


def split_off(work: Work, complaint: Complaint, perihal: str, isi: str, actor: Actor) -> Complaint:
    """A second complaint out of the same item (pisahkan), with its own number and acknowledgement."""
    person = Pengadu(
        complaint.nama, complaint.alamat, complaint.telepon, complaint.email, complaint.nik, complaint.rahasia
    )
    new = New(
        complaint.channel,
        person,
        perihal,
        isi,
        complaint.received_at,
        complaint.item_id,
        complaint.thread_id,
        origin=complaint.number,
    )
    return record(work, [new], actor)[0]


def citizen_wrote(
    work: Work, complaint_id: int, text: str, files: Iterable[File], item_id: int | None, folded: str = ""
) -> Complaint:
    """A later mail of the pengadu: it joins the case, starts a stopped clock, and whoever holds the case is told.

    `folded`: what seems to be quotes and signature; kept, for it may hold words of theirs all the same.
    """
    complaint = locked(work, complaint_id)
    kept = add_documents(work, "lampiran", files, CITIZEN, complaint=complaint)
    complaint.lampiran_terbuka = complaint.lampiran_terbuka and not kept  # nobody has looked at the new ones yet
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
        **({"lipatan": folded} if folded else {}),
    )
    if answered and waiting is not None:
        resume(work, waiting)
    current = current_task(work, complaint.id)
    holding = fresh_links(work, current) if current is not None else []
    for person, link_id in holding:
        notices.citizen_wrote(
            work.session, work.settings, work.now, complaint, current, person, link_id, text, answered, bool(folded)
        )
    for person in work.settings.holders(Role.JFU):
        if person.kode not in {p.kode for p, _link in holding}:
            look = window(work, complaint, person)
            notices.citizen_wrote(
                work.session, work.settings, work.now, complaint, None, person, look, text, answered, bool(folded)
            )
    return complaint
