"""The Buku Pengaduan: rows, filters, recap, export. Reads only.

Hides how a row of the book is put together from the complaint and its tasks. Columns as proposed from the books of
Indonesian offices: 15, from the register number to keterangan; void rows stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from pipeline.casefile import limits, privacy, reported
from pipeline.casefile.decided import withdrawn
from pipeline.data.fulltext import by_index, found, order_of, tells_nobody, terms
from pipeline.data.tables import Complaint, Decided, Task
from pipeline.office import clock
from pipeline.office.config import Settings
from pipeline.office.sop import (
    AT_REST,
    BESIDE,
    LANGKAH_OF,
    OVER,
    TASK_OF,
    Channel,
    Decision,
    Stage,
    TaskKind,
)
from pipeline.office.words import unit_names, word
from pipeline.register.period import Period, month_of
from pipeline.work import Work

DAY = timedelta(days=1)

COLUMNS = {
    "register": "No. register",
    "masuk": "Tanggal dan jam",
    "kanal": "Kanal",
    "nama": "Nama",
    "alamat": "Alamat",
    "kontak": "Telepon/email",
    "isi": "Isi ringkas",
    "unit": "Unit terkait",
    "disposisi": "Disposisi",
    "keputusan": "Keputusan",
    "surat": "Nomor dan tanggal surat",
    "penyampaian": "Cara dan tanggal penyampaian",
    "lama": "Lama",
    "paraf": "Paraf",
    "keterangan": "Keterangan",
}
PAGE = 50
ASIDE = tuple(
    kind for kind in BESIDE if kind is not TaskKind.PENGANTAR
)  # whose limits are not the row's


FEW = 2_000  # rows that a search has found
MOST = 10_000  # rows are counted up to here: a page must not cost what the whole book holds
SORTS = ("terbaru", "terlama", "batas")
MARKED = re.compile(r"[%_\\'\"]")


@dataclass(frozen=True)
class Filter:
    """What the book is asked for. Days and months are of the office's zone; empty means all."""

    text: str = ""
    month: date | None = None
    first: date | None = None
    last: date | None = None  # included
    langkah: int | None = None
    late: bool = False
    channel: Channel | None = None
    klasifikasi: str = ""
    kategori: str = ""
    unit: str = ""
    decision: Decision | None = None
    secret: bool | None = None
    merged: bool | None = None
    sort: str = "terbaru"  # one of SORTS
    reader: str = ""  # the code of who looks: complaints about them are not shown to them


@dataclass(frozen=True)
class Row:
    """One row of the book in words, with what the page needs beside it."""

    complaint: Complaint
    cells: Mapping[str, str]
    due: datetime | None
    took: timedelta  # from the arrival to the answer, the end, or now
    late: bool
    state: str
    tone: str
    langkah: str  # where it stands, by its number and name; "" where nothing runs
    kategori: str
    klasifikasi: str
    used: str  # how much of the Waktu of the running langkah is used; "" where none runs


def selection(work: Work, wanted: Filter) -> Select[Complaint]:
    """The complaints that fit."""
    query = found(select(Complaint), wanted.text, _dialect(work))
    for part in conditions(work, wanted):
        query = query.where(part)
    return query


def _dialect(work: Work) -> str:
    return work.session.get_bind().dialect.name


def conditions(work: Work, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What each filter but the search asks of a complaint."""
    if wanted.reader:
        yield not_(reported.about(wanted.reader))
    yield from _days(work, wanted)
    yield from _marked(wanted.text)
    if terms(wanted.text):
        yield tells_nobody(wanted.text)
    if wanted.langkah:
        yield Complaint.stage.in_(
            [s for s, n in LANGKAH_OF.items() if n == wanted.langkah and s not in OVER]
        )
    if wanted.late:
        past = select(Task.complaint_id).where(Task.closed_at.is_(None), Task.due_at < work.now)
        yield Complaint.id.in_(past.where(Task.kind.not_in(ASIDE)))
    exact = {
        "channel": wanted.channel,
        "klasifikasi": wanted.klasifikasi,
        "kategori": wanted.kategori,
    }
    yield from (
        getattr(Complaint, name) == value
        for name, value in {**exact, "decision": wanted.decision}.items()
        if value
    )
    if wanted.unit:  # codes joined by commas, of letters, digits, _ and -
        yield ("," + Complaint.unit + ",").contains(f",{wanted.unit},", autoescape=True)
    if wanted.secret is not None:
        yield Complaint.rahasia.is_(wanted.secret)
    if wanted.merged is not None:
        yield Complaint.parent_id.is_not(None) if wanted.merged else Complaint.parent_id.is_(None)


def _days(work: Work, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    zone = work.settings.zone
    month = month_of(wanted.month) if wanted.month else None
    firsts = [day for day in (wanted.first, month.first if month else None) if day]
    afters = [
        day
        for day in (wanted.last + DAY if wanted.last else None, month.after if month else None)
        if day
    ]
    for day in firsts:
        yield Complaint.received_at >= Period("hari", day, day).bounds(zone)[0]
    for day in afters:
        yield Complaint.received_at < Period("hari", day, day).bounds(zone)[0]


def _marked(asked: str) -> Iterator[ColumnElement[bool]]:
    """The search knows words alone; what was typed with a percent sign, a quote or the like stands so in the row."""
    for piece in filter(MARKED.search, asked.split()):
        number, name, about = (
            column.icontains(piece, autoescape=True)
            for column in (Complaint.number, Complaint.nama, Complaint.perihal)
        )
        # A hidden name must not be found out by searching for it.
        yield or_(number, about, and_(name, Complaint.rahasia.is_(False)))


def count(work: Work, wanted: Filter) -> int:
    """How many fit; MOST + 1 for more than MOST."""
    some = selection(work, wanted).with_only_columns(Complaint.id).limit(MOST + 1).subquery()
    with by_index(work.session, wanted.text):
        return work.session.scalar(select(func.count()).select_from(some)) or 0


def _ordered(work: Work, wanted: Filter, oldest_first: bool) -> Select[Complaint]:
    query = selection(work, wanted)
    if wanted.sort == "batas" and not oldest_first:
        due = select(Task.complaint_id, func.min(Task.due_at).label("due"))
        running = due.where(
            Task.closed_at.is_(None), Task.due_at.is_not(None), Task.kind.not_in(ASIDE)
        )
        open_ones = running.group_by(Task.complaint_id).subquery()
        return query.join(open_ones, open_ones.c.complaint_id == Complaint.id).order_by(
            open_ones.c.due, Complaint.id
        )
    order = order_of(wanted.text, _dialect(work))
    return query.order_by(order.asc() if oldest_first or wanted.sort == "terlama" else order.desc())


def rows(
    work: Work,
    wanted: Filter,
    *,
    page: int | None = None,
    oldest_first: bool = False,
    total: int = MOST,
) -> Iterator[Row]:
    """Rows of the book; one page (from 0), or all in batches when `page` is None. `total`: how many fit, where that is
    known: few are found by their words and sorted, many are met soon by going through the book."""
    query = _ordered(work, wanted, oldest_first)
    if page is not None:
        with by_index(work.session, wanted.text if total <= FEW else ""):
            found_here = work.session.scalars(query.limit(PAGE).offset(page * PAGE)).all()
        yield from rows_of(work, found_here)
        return
    for batch in work.session.scalars(query.execution_options(yield_per=500)).partitions(500):
        yield from rows_of(work, batch)


def rows_of(work: Work, batch: Sequence[Complaint]) -> Iterator[Row]:
    """The rows of these complaints."""
    tasks = _open_tasks(work.session, batch)
    before = withdrawn(work.session, [c.id for c in batch])
    parents = _numbers(work.session, [c.parent_id for c in batch if c.parent_id])
    for complaint in batch:
        told = [_withdrawn(work.settings, one) for one in before.get(complaint.id, [])]
        parent = parents.get(complaint.parent_id or 0, "")
        yield _row(work.settings, complaint, tasks.get(complaint.id), parent, work.now, told)


def _open_tasks(session: Session, batch: Sequence[Complaint]) -> dict[int, Task]:
    query = select(Task).where(
        Task.complaint_id.in_([c.id for c in batch]), Task.closed_at.is_(None)
    )
    query = query.where(Task.kind.not_in(ASIDE)).order_by(Task.id)
    return {task.complaint_id or 0: task for task in session.scalars(query)}


def _numbers(session: Session, ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    query = select(Complaint.id, Complaint.number).where(Complaint.id.in_(ids))
    return {key: number for key, number in session.execute(query)}  # noqa: C416 - Row is no pair to dict()


def _row(
    settings: Settings,
    c: Complaint,
    task: Task | None,
    parent: str,
    now: datetime,
    told: Sequence[str],
) -> Row:
    zone = settings.zone
    local = c.received_at.astimezone(zone)
    end = c.delivered_at or c.closed_at or now
    units = unit_names(settings, c.unit)
    covering = word("buku.pengantar", nomor=c.covering_number) if c.covering_number else ""
    urgent = word("pilihan.prioritas.segera") if c.prioritas == "segera" else ""
    merged = word("buku.induk", nomor=parent) if parent else ""
    note = "; ".join(filter(None, (urgent, merged, covering, c.keterangan, *told)))
    handed = ""
    if c.delivered_at:
        handed = f"{word(f'pilihan.cara.{c.delivery}')}, {clock.waktu(c.delivered_at, zone)}"
    cells = {
        "register": c.number,
        "masuk": f"{_day(local)} {clock.pukul(local)}",
        "kanal": word(f"pilihan.kanal.{c.channel}"),
        "nama": word("pengadu.rahasia") if c.rahasia else c.nama or word("pengadu.tanpa_nama"),
        "alamat": "" if c.rahasia else c.alamat,
        "kontak": "" if c.rahasia else ", ".join(filter(None, (c.telepon, c.email))),
        "isi": privacy.in_register(c, c.ringkasan or c.perihal),
        "unit": units,
        "disposisi": c.perintah,
        "keputusan": _decision(c),
        "surat": f"{c.letter_number}, {_day(c.letter_date)}"
        if c.letter_number and c.letter_date
        else "",
        "penyampaian": handed,
        "lama": clock.lama(end - c.received_at),
        "paraf": c.paraf,
        "keterangan": note,
    }
    late = bool(task and task.due_at and task.due_at < now)
    state, tone = _state(settings, c, task, now)
    runs = (
        task is not None and task.due_at is not None and c.stage in TASK_OF and c.stage not in OVER
    )
    used = limits.used_words(settings, task, now) if task is not None and runs else ""
    due = task.due_at if task else None
    kategori = settings.names_of("kategori", c.kategori).get(c.kategori, "")
    klasifikasi = settings.names_of("klasifikasi", c.klasifikasi).get(c.klasifikasi, "")
    return Row(
        c,
        cells,
        due,
        end - c.received_at,
        late,
        state,
        tone,
        _langkah(settings, c),
        kategori,
        klasifikasi,
        used,
    )


def _langkah(settings: Settings, c: Complaint) -> str:
    if TASK_OF[c.stage] in AT_REST:
        return ""
    step = settings.sop.langkah[LANGKAH_OF[c.stage] - 1]
    return f"{step.nomor} {word('laporan.tanda_tangan') if c.stage is Stage.TANDA_TANGAN else step.nama}"


def _day(day: date | datetime) -> str:
    return f"{day.day:02d}-{day.month:02d}-{day.year}"


def _decision(c: Complaint) -> str:
    if c.stage in (Stage.BATAL, Stage.DICABUT):
        return word(f"tahap.{c.stage}")
    if c.decision is None:
        return ""
    text = word(f"pilihan.keputusan.{c.decision}")
    return f"{text}: {c.instansi}" if c.instansi else text


def _withdrawn(settings: Settings, one: Decided) -> str:
    """A decision that stands no more, with its letter and delivery, in one line."""
    zone = settings.zone
    outcome = word(f"pilihan.keputusan.{one.outcome}") + (
        f": {one.instansi}" if one.instansi else ""
    )
    day = _day((one.withdrawn_at or one.decided_at).astimezone(zone))
    if one.delivered_at is None:
        return word("buku.ditarik", keputusan=outcome, hari=day)
    way, at = word(f"pilihan.cara.{one.delivery}"), clock.waktu(one.delivered_at, zone)
    return word(
        "buku.ditarik_sampai",
        keputusan=outcome,
        hari=day,
        surat=one.letter_number,
        cara=way,
        waktu=at,
    )


def _state(settings: Settings, c: Complaint, task: Task | None, now: datetime) -> tuple[str, str]:
    """The state of a row in words, and its tone (baik, hati, buruk or none)."""
    if c.stage in (Stage.SELESAI, Stage.DICABUT, Stage.BATAL, Stage.DIGABUNG):
        return word(f"tahap.{c.stage}"), "baik" if c.stage is Stage.SELESAI else ""
    if c.stage is Stage.PENGIRIMAN and (task is None or task.due_at is None or task.due_at >= now):
        return word("tahap.pengiriman"), ""
    if task is None or task.due_at is None:
        return word("waktu.berhenti"), "hati"
    return limits.left_words(settings, task, now)
