"""How a complaint begins (SOP langkah 1) and how later words of the pengadu reach it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import func, select

from pipeline.casefile import privacy, reported
from pipeline.casefile.decided import standing
from pipeline.cases import joined, routes
from pipeline.cases.chain import CITIZEN, Actor, actor_of, begin, log
from pipeline.cases.core import keep_secret, locked, next_number
from pipeline.cases.input import Checked, File, Invalid, in_one_piece
from pipeline.cases.tasks import (
    carry_reported,
    close,
    current_task,
    fresh_links,
    links_for,
    open_task,
    open_task_of,
    resume_langkah,
    start,
    window,
)
from pipeline.data import jobs, store
from pipeline.data.engine import exclusive
from pipeline.data.states import DocumentKind, JobKind
from pipeline.data.tables import Complaint, Document, Item, Laporan, Task
from pipeline.letters.series import LETTER_KINDS
from pipeline.notices import citizen, tasks, turns
from pipeline.notices import news as notices_news
from pipeline.notices.tasks import Asked
from pipeline.office import numbers
from pipeline.office.config import Petugas
from pipeline.office.sop import Act, Channel, EventKind, Role, Stage, TaskKind
from pipeline.office.words import word
from pipeline.work import Work


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
    kind: DocumentKind,
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


def add_to_report(
    work: Work, report: Laporan, kind: DocumentKind, file: File, actor: Actor
) -> Document:
    """Keep a file with a report, as the next version of its kind."""
    there = select(func.count(Document.id)).where(
        Document.laporan_id == report.id, Document.kind == kind
    )
    (row,) = _attach(work, kind, _kept(work, [file]), actor, None)
    row.laporan_id, row.version = report.id, 1 + (work.session.scalar(there) or 0)
    work.session.flush()
    return row


def _kept(work: Work, files: Sequence[File]) -> Iterator[tuple[File, str]]:
    """Each file with the SHA-256 under which its bytes are kept now."""
    digests = store.put_all(work.session, [file.content for file in files]) if files else []
    return zip(files, digests, strict=True)


def _attach(
    work: Work,
    kind: DocumentKind,
    kept: Iterable[tuple[File, str]],
    actor: Actor,
    complaint: Complaint | None,
    item_id: int | None = None,
    before: int = 0,
) -> list[Document]:
    """Rows for files after `before` others of their kind; they have no ids before the next flush."""
    letter = complaint is not None and kind in LETTER_KINDS
    decision = standing(work.session, complaint.id) if complaint is not None and letter else None
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
            decision_id=decision.id if decision else None,
        )
        for order, (file, digest) in enumerate(kept, 1)
    ]
    work.session.add_all(rows)
    return rows


def keep_item_files(work: Work, item: Item, file: File) -> None:
    """Keep a scan that is no complaint yet, as it came; once an item."""
    there = select(Document.id).where(Document.item_id == item.id)
    if work.session.scalars(there).first() is None:
        add_documents(work, DocumentKind.LAMPIRAN, [file], CITIZEN, item_id=item.id)


def documents(work: Work, complaint: Complaint, *kinds: str) -> list[Document]:
    """Documents of these kinds, oldest first."""
    query = select(Document).where(Document.complaint_id == complaint.id, Document.kind.in_(kinds))
    return list(work.session.scalars(query.order_by(Document.id)))


@dataclass(frozen=True)
class New:
    """A complaint before it is recorded. `note` is what the JFU should know before recording, `origin` the number
    of the complaint that it was a part of. Not `acknowledged`: the receipt waits until the JFU reports it, for only a
    text tells who complains."""

    channel: Channel
    person: Pengadu
    perihal: str
    isi: str
    received_at: datetime
    item_id: int | None = None
    thread_id: str = ""
    kategori: str = ""
    klasifikasi: str = ""
    lokasi_kejadian: str = ""
    surat_pengirim: str = ""
    files: Sequence[File] = ()
    note: str = ""
    origin: str = ""
    acknowledged: bool = True
    terlapor: str = ""


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
            perihal=in_one_piece(new.perihal),
            isi=in_one_piece(new.isi),
            kategori=new.kategori,
            klasifikasi=new.klasifikasi,
            lokasi_kejadian=new.lokasi_kejadian,
            surat_pengirim=new.surat_pengirim,
            nama=in_one_piece(new.person.nama),
            alamat=in_one_piece(new.person.alamat),
            telepon=numbers.phone(new.person.telepon),
            email=new.person.email,
            nik=new.person.nik,
            terlapor=new.terlapor,
            rahasia=new.person.rahasia or privacy.asks_for_secrecy(f"{new.perihal}\n{new.isi}"),
            teks_terbuka=not work.settings.pengaduan.tertutup,
            lampiran_terbuka=not work.settings.pengaduan.tertutup,
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
        _attach(work, DocumentKind.LAMPIRAN, list(islice(kept, len(new.files))), actor, complaint)
        for new, complaint in pairs
    ]
    work.session.flush()
    opened = {}
    for (new, complaint), files in zip(pairs, attached, strict=True):
        more = (
            {"dari": new.origin}
            if new.origin
            else {}
            if new.acknowledged
            else {"belum_dijawab": True}
        )
        begin(
            work, complaint, actor, kanal=str(new.channel), lampiran=[d.id for d in files], **more
        )
        holder = reported.stand_in(work.settings, complaint, TaskKind.CATAT)
        task = Task(
            complaint_id=complaint.id,
            kind=TaskKind.CATAT,
            holder=holder,
            note=new.note,
            opened_at=work.now,
        )
        start(work, task)
        opened[task] = (complaint, files)
    certain = [complaint for new, complaint in pairs if new.acknowledged]
    citizen.acknowledge(work, certain)
    asked = [
        Asked(opened[task][0], task, person, link_id, opened[task][1])
        for task, person, link_id in links_for(work, list(opened))
    ]
    tasks.tasks(work, asked)
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
    received: datetime | None = None,
) -> Complaint:
    """A complaint that a JFU typed in (in person, telephone, letter, slip): recorded and reported to the Sekretaris
    in one go, for the JFU has just done all of langkah 1.

    `code` is the status code that the form was given (see `status_code`): the same form pressed twice is one complaint.
    `parent`: it is the same matter as this one, and waits for its answer. `acknowledged`: by mail, where there is an
    address. `received`: earlier than now, as a letter is; langkah 1 began then.
    """
    if code:
        exclusive(work.session, code)
        same_form = select(Complaint).where(Complaint.status_code == code)
        there = work.session.scalars(same_form).one_or_none()
        if there is not None:
            return there
    actor = actor_of(person)
    new = _typed_in(work, form, channel or Channel(form.text("kanal")), received, item_id)
    (complaint,) = _rows(work, [new])
    complaint.ringkasan, complaint.lengkap_at = form.text("isi"), work.now
    complaint.status_code = code or complaint.status_code
    kept = add_documents(work, DocumentKind.LAMPIRAN, new.files, actor, complaint=complaint)
    begin(work, complaint, actor, kanal=str(complaint.channel), lampiran=[d.id for d in kept])
    log(work, complaint, EventKind.RECORDED, actor)
    if complaint.received_at < work.now:
        _langkah_1(work, complaint, actor)
    if acknowledged:
        citizen.acknowledge(work, [complaint])
    routes.follow(work, complaint, actor)
    if parent is not None:
        _wait_for(work, complaint, parent, actor)
        return complaint
    complaint.stage = Stage.KLARIFIKASI
    open_task(work, complaint, TaskKind.KLARIFIKASI)
    return complaint


def _typed_in(
    work: Work, form: Checked, channel: Channel, received: datetime | None, item_id: int | None
) -> New:
    """What a JFU typed, as a complaint that is to be begun."""
    closed = work.settings.closes(form.text("klasifikasi"))
    pengadu = Pengadu(
        form.text("nama"),
        form.text("alamat"),
        form.text("telepon"),
        form.text("email"),
        form.text("nik"),
        rahasia=bool(form.text("rahasia")) or closed,
    )
    return New(
        channel,
        pengadu,
        form.text("perihal"),
        form.text("isi"),
        received or work.now,
        item_id,
        kategori=form.text("kategori"),
        klasifikasi=form.text("klasifikasi"),
        lokasi_kejadian=form.text("lokasi_kejadian"),
        surat_pengirim=form.text("surat_pengirim") if channel is Channel.SURAT else "",
        files=list(form.files.values()),
        terlapor=reported.joined(form.choices.get("terlapor", ())),
    )


def _wait_for(work: Work, complaint: Complaint, parent: Complaint, actor: Actor) -> None:
    """It is the same matter as another, and waits for its answer; not where an official could decide their own."""
    if reported.official(work.settings, complaint):
        raise Invalid({"sama": word("galat.induk_petugas")})
    complaint.stage, complaint.parent_id = Stage.DIGABUNG, parent.id
    carry_reported(work, complaint, parent)
    open_task(work, complaint, TaskKind.GABUNGAN)
    log(work, complaint, EventKind.MERGED, actor, ke=parent.number)
    log(work, parent, EventKind.MERGED, actor, dari=complaint.number)
    if parent.stage is Stage.TANDA_TANGAN:  # its letter stands already
        jobs.put(work.session, JobKind.COPY, complaint.id, work.now)


def _langkah_1(work: Work, complaint: Complaint, actor: Actor) -> None:
    """Langkah 1 of a complaint that had come before it was typed in: begun then, done now."""
    task = Task(complaint_id=complaint.id, kind=TaskKind.CATAT, opened_at=complaint.received_at)
    start(work, task)
    work.session.flush()
    close(work, task, actor.code, Act.LAPORKAN)


def split_off(
    work: Work, complaint: Complaint, perihal: str, isi: str, files: Sequence[File], actor: Actor
) -> Complaint:
    """A second complaint out of the same item (pisahkan), with its own number, files and acknowledgement."""
    person = Pengadu(
        complaint.nama,
        complaint.alamat,
        complaint.telepon,
        complaint.email,
        complaint.nik,
        complaint.rahasia,
    )
    new = New(
        complaint.channel,
        person,
        perihal,
        isi,
        complaint.received_at,
        complaint.item_id,
        complaint.thread_id,
        files=files,
        origin=complaint.number,
        terlapor=complaint.terlapor,
    )
    return record(work, [new], actor)[0]


def _keep_back(work: Work, complaint: Complaint, kept: Sequence[Document]) -> None:
    """Where all files were released, those that are there stay so; what comes now nobody has looked at."""
    if not (complaint.lampiran_terbuka and kept):
        return
    new = {d.id for d in kept}
    known = {d.id for d in documents(work, complaint, *privacy.FROM_OUTSIDE)} - new
    complaint.lampiran_terbuka, complaint.dibuka = False, privacy.joined(known)


@dataclass(frozen=True)
class Told:
    """Words that a JFU typed in for a pengadu: who, by which way they came, and when if not now."""

    actor: Actor = CITIZEN
    channel: Channel | None = None
    at: datetime | None = None

    @property
    def facts(self) -> dict[str, str]:
        """What the event says of it."""
        way = {"kanal": str(self.channel)} if self.channel else {}
        return way | ({"waktu": self.at.isoformat()} if self.at else {})


def _closed_by(text: str, complaint: Complaint) -> bool:
    """Whether the name of the pengadu is kept secret from now on, for these words ask for it."""
    closes = privacy.asks_for_secrecy(text) and not complaint.rahasia
    if closes:
        keep_secret(complaint)
    return closes


def citizen_wrote(
    work: Work,
    complaint_id: int,
    text: str,
    files: Iterable[File],
    item_id: int | None,
    folded: str = "",
    told: Told = Told(),
) -> Complaint:
    """A later word of the pengadu: it joins the case, starts a stopped clock, and whoever holds the case is told.

    `folded`: what seems to be quotes and signature; kept, for it may hold words of theirs all the same. `told`: not by
    mail, but to a JFU.
    """
    parent = joined.parent_of(work, complaint_id)  # its row first, as wherever both are locked
    complaint = locked(work, complaint_id)
    kept = add_documents(work, DocumentKind.LAMPIRAN, files, told.actor, complaint=complaint)
    kept_ids = [document.id for document in kept]
    if work.settings.pengaduan.tertutup:  # nobody has looked at the new words and files yet
        _keep_back(work, complaint, kept)
        complaint.teks_terbuka = False
    closes = _closed_by(text, complaint)
    waiting = open_task_of(work, complaint.id, TaskKind.KLARIFIKASI)
    asked = waiting if waiting and waiting.paused_at else None
    always = {"teks": text, "lampiran": kept_ids, "item": item_id, "menjawab": asked is not None}
    where_so = {"lipatan": folded, "rahasia": closes}
    said = always | {name: value for name, value in where_so.items() if value} | dict(told.facts)
    log(work, complaint, EventKind.CITIZEN_WROTE, told.actor, asked.id if asked else None, **said)
    if waiting:
        complaint.lengkap_at = complaint.lengkap_at or told.at or work.now
    if asked:
        _is_answered(work, complaint, asked, told)
    turns.addition(work, complaint)
    heard: set[str] = set()
    if parent:
        heard = joined.tell(work, parent, complaint, text, bool(folded), kept_ids)
    _tell_who_holds(work, complaint, heard, text, asked is not None, bool(folded))
    return complaint


def _is_answered(work: Work, complaint: Complaint, asked: Task, told: Told) -> None:
    """What the pengadu was asked is answered: the clock goes on, and no JFU needs to ask any more."""
    resume_langkah(work, asked)
    by_phone = open_task_of(work, complaint.id, TaskKind.TANYA)
    if by_phone is not None:
        close(work, by_phone, told.actor.code, "dijawab")


def _tell_who_holds(
    work: Work, complaint: Complaint, heard: set[str], text: str, answers: bool, folded: bool
) -> None:
    """Whoever holds the case hears of it, and the JFU; not those who have heard of it with the parent."""
    current = current_task(work, complaint.id)
    holding = fresh_links(work, current) if current is not None else []
    for person, link_id in holding:
        if person.kode not in heard:
            notices_news.citizen_wrote(
                work, complaint, current, person, link_id, text, answers, folded
            )
    knowing = heard | {person.kode for person, _link_id in holding}
    for person in reported.spared(complaint, work.settings.holders(Role.JFU)):
        if person.kode not in knowing:
            look = window(work, complaint, person)
            notices_news.citizen_wrote(work, complaint, None, person, look, text, answers, folded)
