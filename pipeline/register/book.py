"""The Buku Pengaduan: rows, filters, recap, export. Reads only.

Hides how a row of the book is put together from the complaint and its tasks. Columns: the fifteen of the books of
Indonesian offices, from the register number to keterangan, then what the SOP's receipt and follow-up add. Void rows
stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from pipeline.casefile import history, limits, privacy, reported
from pipeline.casefile.decided import withdrawn
from pipeline.data.fulltext import (
    NOBODY,
    Ids,
    first_of,
    found,
    marks,
    order_of,
    tells_nobody,
    terms,
)
from pipeline.data.tables import Complaint, Decided, Task
from pipeline.office import clock, numbers
from pipeline.office.config import Settings
from pipeline.office.rendering import unit_names
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
from pipeline.office.words import choices, word
from pipeline.register.period import Period, month_of
from pipeline.work import Work

DAY = timedelta(days=1)

COLUMNS = choices("buku.kolom")  # of the book, in its order
# On paper fifteen columns have room: what stands under which.
UNDER = {
    "masuk": ("penerima",),
    "kanal": ("surat_pengirim",),
    "nama": ("nik",),
    "keputusan": ("pembuktian",),
    "lama": ("keadaan",),
}
PRINTED = tuple(
    (name, *UNDER.get(name, ()))
    for name in COLUMNS
    if name not in {below for names in UNDER.values() for below in names}
)  # the names of each column of the printed book
PAGE = 50
ASIDE = tuple(
    kind for kind in BESIDE if kind is not TaskKind.PENGANTAR
)  # whose limits are not the row's


MOST = 1_000  # rows are counted up to here: a page must not cost what the whole book holds
WIDEST = 400 * DAY  # a span of days whose rows are looked through
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


def printed_heads() -> list[list[str]]:
    """The titles of the printed book's columns, as lines."""
    return [[COLUMNS[name] for name in names] for names in PRINTED]


def printed_cells(row: Row) -> list[list[str]]:
    """What stands in the printed book's columns, as lines; those without a word are left out."""
    there = row.cells["nik"]
    cells = {**row.cells, "nik": f"{COLUMNS['nik']} {there}" if there else ""}
    return [[cells[name] for name in names if cells[name]] for names in PRINTED]


def selection(work: Work, wanted: Filter) -> Select[Complaint]:
    """The complaints that fit."""
    within = _within(work, wanted)
    query = found(select(Complaint), wanted.text, _dialect(work), within, _marks(wanted))
    if within:
        query = query.where(Complaint.id.between(*within))
    for part in conditions(work, wanted):
        query = query.where(part)
    return query


def _codes(wanted: Filter) -> dict[str, str]:
    """The filters that ask for a code, by the name of their column."""
    names = ("channel", "klasifikasi", "kategori", "unit", "decision")
    return {name: str(code) for name in names if (code := getattr(wanted, name))}


def _marks(wanted: Filter) -> tuple[str, ...]:
    """The filters that the search is asked for. One by itself has an index of its own, save the unit: a row may have
    several."""
    codes = _codes(wanted)
    by_search = terms(wanted.text) or len(codes) > 1 or wanted.unit
    return marks(codes) if by_search else ()


def _within(work: Work, wanted: Filter) -> Ids | None:
    """The first and the last id of the days, to which a search, or going through the book, then keeps; None without
    days, and of a long span. They do not follow from the days, for a letter is recorded some days after it came."""
    span = _span(work, wanted)
    if span is None or span[1] - span[0] > WIDEST:
        return None
    days = _days(work, wanted)
    # As a sum: PostgreSQL looks for the smallest id itself by going through the book from its beginning.
    key = Complaint.id + 0
    ends = select(func.min(key), func.max(key)).where(*days)
    first, last = work.session.execute(ends).one()
    return (first, last) if first is not None else NOBODY


def _dialect(work: Work) -> str:
    return work.session.get_bind().dialect.name


def _running_in(langkah: int) -> list[Stage]:
    return [stage for stage, n in LANGKAH_OF.items() if n == langkah and stage not in OVER]


def conditions(work: Work, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What each filter but the search asks of a complaint."""
    if wanted.reader:
        yield Complaint.id.not_in(reported.cases_about(wanted.reader))
    yield from _days(work, wanted)
    yield from _marked(wanted.text)
    if terms(wanted.text):
        yield tells_nobody(wanted.text)
    if wanted.langkah:
        yield Complaint.stage.in_(_running_in(wanted.langkah))
    if wanted.late:
        past = select(Task.complaint_id).where(Task.closed_at.is_(None), Task.due_at < work.now)
        yield Complaint.id.in_(past.where(Task.kind.not_in(ASIDE)))
    exact = {name: code for name, code in _codes(wanted).items() if name != "unit"}
    yield from (getattr(Complaint, name) == code for name, code in exact.items())
    if wanted.unit:  # codes joined by commas, of letters, digits, _ and -
        yield ("," + Complaint.unit + ",").contains(f",{wanted.unit},", autoescape=True)
    if wanted.secret is not None:
        yield Complaint.rahasia.is_(wanted.secret)
    if wanted.merged is not None:
        yield Complaint.parent_id.is_not(None) if wanted.merged else Complaint.parent_id.is_(None)


def _days(work: Work, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    first, after = _bounds(wanted)
    if first:
        yield Complaint.received_at >= _midnight(work, first)
    if after:
        yield Complaint.received_at < _midnight(work, after)


def _span(work: Work, wanted: Filter) -> tuple[date, date] | None:
    """The days asked for, without the last; None where they have no beginning."""
    first, after = _bounds(wanted)
    today = work.now.astimezone(work.settings.zone).date()
    return (first, after or max(first, today) + DAY) if first else None


def _bounds(wanted: Filter) -> tuple[date | None, date | None]:
    """The first day asked for, and the one after the last."""
    month = month_of(wanted.month) if wanted.month else None
    firsts = [wanted.first, month.first if month else None]
    afters = [wanted.last + DAY if wanted.last else None, month.after if month else None]
    first = max((day for day in firsts if day), default=None)
    return first, min((day for day in afters if day), default=None)


def _midnight(work: Work, day: date) -> datetime:
    return Period("hari", day, day).bounds(work.settings.zone)[0]


def _marked(asked: str) -> Iterator[ColumnElement[bool]]:
    """The search knows words alone; what was typed with a percent sign, a quote or the like stands so in the row."""
    for piece in filter(MARKED.search, asked.split()):
        number = Complaint.number.icontains(piece, autoescape=True)
        about = Complaint.perihal.icontains(piece, autoescape=True)
        name = Complaint.nama.icontains(piece, autoescape=True)
        # A hidden name must not be found out by searching for it.
        yield or_(number, about, and_(name, Complaint.rahasia.is_(False)))


def count(work: Work, wanted: Filter, most: int = MOST) -> int:
    """How many fit, in whatever order; `most` + 1 for more than that."""
    return len(_first_ids(work, replace(wanted, sort=SORTS[0]), most + 1))


@dataclass(frozen=True)
class Page:
    """One page of the book."""

    rows: Sequence[Row]
    total: int  # how many there are on all pages; MOST + 1 for more than MOST
    goes_on: bool  # whether another page follows


def page(work: Work, wanted: Filter, number: int) -> Page:
    """The page of that number, from 0. Ids alone are sought and sorted: whole rows of a year, of which fifty are shown,
    would be carried through the sorting."""
    first = number * PAGE
    ids = _first_ids(work, wanted, max(first + PAGE, MOST) + 1)
    here = ids[first : first + PAGE]
    rows = tuple(rows_of(work, _whole(work.session, here)))
    return Page(rows, min(len(ids), MOST + 1), len(ids) > first + PAGE)


def _first_ids(work: Work, wanted: Filter, most: int) -> list[int]:
    """The ids of the rows as they are shown, at most so many."""
    if _is_by_words(wanted):
        query = select(Complaint).where(*conditions(work, wanted))
        within, marked = _within(work, wanted), _marks(wanted)
        upwards = wanted.sort == "terlama"
        return first_of(
            work.session, query, wanted.text, within, marked, most=most, upwards=upwards
        )
    ids = _ordered(work, wanted, oldest_first=False).with_only_columns(Complaint.id)
    return list(work.session.scalars(ids.limit(most)))


def _is_by_words(wanted: Filter) -> bool:
    """Whether the search alone leads to the rows; where another filter leaves few of what it finds, the database may
    begin with that one."""
    few = wanted.langkah or wanted.late or wanted.secret is not None or wanted.merged is not None
    by_search = terms(wanted.text) or _marks(wanted)
    return bool(by_search) and not few and wanted.sort != "batas"


def _ordered(work: Work, wanted: Filter, oldest_first: bool) -> Select[Complaint]:
    query = selection(work, wanted)
    if wanted.sort == "batas" and not oldest_first:
        running = and_(Task.closed_at.is_(None), Task.due_at.is_not(None), Task.kind.not_in(ASIDE))
        due = select(Task.complaint_id, func.min(Task.due_at).label("due")).where(running)
        nearest = due.group_by(Task.complaint_id).subquery()
        with_limit = query.join(nearest, nearest.c.complaint_id == Complaint.id)
        return with_limit.order_by(nearest.c.due, Complaint.id)
    order = order_of(wanted.text, _marks(wanted))
    upwards = oldest_first or wanted.sort == "terlama"
    return query.order_by(order.asc() if upwards else order.desc())


def rows(work: Work, wanted: Filter, *, oldest_first: bool = False) -> Iterator[Row]:
    """All rows of the book that fit, in batches."""
    query = _ordered(work, wanted, oldest_first)
    for batch in work.session.scalars(query.execution_options(yield_per=500)).partitions(500):
        yield from rows_of(work, batch)


def _whole(session: Session, ids: Sequence[int]) -> list[Complaint]:
    """The complaints of these ids, in their order."""
    found = session.scalars(select(Complaint).where(Complaint.id.in_(ids)))
    by_id = {one.id: one for one in found}
    return [by_id[key] for key in ids]


def rows_of(work: Work, batch: Sequence[Complaint]) -> Iterator[Row]:
    """The rows of these complaints."""
    tasks = _open_tasks(work.session, batch)
    before = withdrawn(work.session, [one.id for one in batch])
    parents = _numbers(work.session, [one.parent_id for one in batch if one.parent_id])
    receivers = history.receivers(work.session, [one.id for one in batch])
    for complaint in batch:
        beside = _Beside(
            task=tasks.get(complaint.id),
            parent=parents.get(complaint.parent_id or 0, ""),
            receiver=receivers.get(complaint.id, ""),
            withdrawn=[_withdrawn(work.settings, one) for one in before.get(complaint.id, [])],
        )
        yield _row(work, complaint, beside)


def _open_tasks(session: Session, batch: Sequence[Complaint]) -> dict[int, Task]:
    """The newest open task of each, by the id of its complaint."""
    query = select(Task).where(
        Task.complaint_id.in_([one.id for one in batch]),
        Task.closed_at.is_(None),
        Task.kind.not_in(ASIDE),
    )
    tasks = session.scalars(query.order_by(Task.id))
    return {task.complaint_id or 0: task for task in tasks}


def _numbers(session: Session, ids: list[int]) -> dict[int, str]:
    """Numbers by the ids of their complaints."""
    if not ids:
        return {}
    query = select(Complaint.id, Complaint.number).where(Complaint.id.in_(ids))
    return {key: number for key, number in session.execute(query)}  # noqa: C416 - Row is no pair to dict()


@dataclass(frozen=True)
class _Beside:
    """What a row tells that does not stand in the complaint itself."""

    task: Task | None  # the newest open one
    parent: str  # the number of the complaint into which it is merged
    receiver: str  # the name of who took it
    withdrawn: Sequence[str]  # its decisions that stand no more, in words


def _row(work: Work, c: Complaint, beside: _Beside) -> Row:
    settings, task = work.settings, beside.task
    end = c.delivered_at or c.closed_at or work.now
    due = task.due_at if task is not None else None
    state, tone = _state(settings, c, task, work.now)
    langkah = _langkah(settings, c)
    used = ""
    if task is not None and due is not None and c.stage in TASK_OF and c.stage not in OVER:
        used = limits.used_words(settings, task, work.now)
    cells = {
        **_who(c, beside.receiver),
        **_what(settings, c),
        **_answer(settings, c),
        "masuk": _moment(c.received_at.astimezone(settings.zone)),
        "lama": clock.lama(end - c.received_at),
        "keadaan": word("buku.kini", langkah=langkah, keadaan=state) if langkah else state,
        "keterangan": _note(c, beside.parent, beside.withdrawn),
    }
    return Row(
        c,
        {name: cells[name] for name in COLUMNS},
        due,
        end - c.received_at,
        late=due is not None and due < work.now,
        state=state,
        tone=tone,
        langkah=langkah,
        kategori=settings.names_of("kategori", c.kategori).get(c.kategori, ""),
        klasifikasi=settings.names_of("klasifikasi", c.klasifikasi).get(c.klasifikasi, ""),
        used=used,
    )


def _note(c: Complaint, parent: str, told: Sequence[str]) -> str:
    """The last column: what is special about a case, and its decisions that stand no more (`told`)."""
    notes = []
    if c.prioritas == "segera":
        notes.append(word("pilihan.prioritas.segera"))
    if parent:
        notes.append(word("buku.induk", nomor=parent))
    if c.covering_number:
        notes.append(word("buku.pengantar", nomor=c.covering_number))
    if c.keterangan:
        notes.append(c.keterangan)
    return "; ".join([*notes, *filter(None, told)])


def _who(c: Complaint, receiver: str) -> dict[str, str]:
    """The cells about people; nothing in them tells who keeps their identity secret. A NIK is only said to be there."""
    known = {
        "nama": c.nama or word("pengadu.tanpa_nama"),
        "alamat": c.alamat,
        "kontak": ", ".join(filter(None, (numbers.phone(c.telepon), c.email))),
        "surat_pengirim": c.surat_pengirim,  # an organisation's number tells who wrote
    }
    if c.rahasia:
        known = dict.fromkeys(known, "") | {"nama": word("pengadu.rahasia")}
    nik = word("buku.nik_ada") if c.nik else ""
    return {**known, "nik": nik, "penerima": receiver, "paraf": c.paraf}


def _what(settings: Settings, c: Complaint) -> dict[str, str]:
    """The cells about the matter."""
    return {
        "register": c.number,
        "kanal": word(f"pilihan.kanal.{c.channel}"),
        "isi": privacy.in_register(c, c.ringkasan or c.perihal),
        "unit": unit_names(settings, c.unit),
        "disposisi": c.perintah,
    }


def _answer(settings: Settings, c: Complaint) -> dict[str, str]:
    """The cells about what was decided and how the pengadu was told."""
    letter = handed = ""
    if c.letter_number and c.letter_date:
        letter = f"{c.letter_number}, {_day(c.letter_date)}"
    if c.delivered_at:
        way, at = word(f"pilihan.cara.{c.delivery}"), clock.waktu(c.delivered_at, settings.zone)
        handed = f"{way}, {at}"
    return {
        "keputusan": _decision(c),
        "pembuktian": word(f"pilihan.pembuktian.{c.pembuktian}") if c.pembuktian else "",
        "surat": letter,
        "penyampaian": handed,
    }


def _langkah(settings: Settings, c: Complaint) -> str:
    """The langkah in which a case is, as it is called; "" where it rests."""
    if TASK_OF[c.stage] in AT_REST:
        return ""
    step = settings.sop.langkah[LANGKAH_OF[c.stage] - 1]
    signs = c.stage is Stage.TANDA_TANGAN
    return f"{step.nomor} {word('laporan.tanda_tangan') if signs else step.nama}"


def _moment(local: datetime) -> str:
    return f"{_day(local)} {clock.pukul(local)}"


def _day(day: date | datetime) -> str:
    return f"{day.day:02d}-{day.month:02d}-{day.year}"


def _decision(c: Complaint) -> str:
    if c.stage in (Stage.BATAL, Stage.DICABUT):
        return word(f"tahap.{c.stage}")
    if c.decision is None:
        return ""
    return _outcome(c.decision, c.instansi)


def _outcome(decision: Decision, agency: str) -> str:
    """A decision in words, with the agency that the matter belongs to."""
    text = word(f"pilihan.keputusan.{decision}")
    return f"{text}: {agency}" if agency else text


def _withdrawn(settings: Settings, one: Decided) -> str:
    """A decision that stands no more, with its letter and delivery, in one line."""
    zone = settings.zone
    outcome = _outcome(one.outcome, one.instansi)
    day = _day((one.withdrawn_at or one.decided_at).astimezone(zone))
    if one.delivered_at is None:
        return word("buku.ditarik", keputusan=outcome, hari=day)
    return word(
        "buku.ditarik_sampai",
        keputusan=outcome,
        hari=day,
        surat=one.letter_number,
        cara=word(f"pilihan.cara.{one.delivery}"),
        waktu=clock.waktu(one.delivered_at, zone),
    )


def _state(settings: Settings, c: Complaint, task: Task | None, now: datetime) -> tuple[str, str]:
    """The state of a row in words, and its tone (baik, hati, buruk or none)."""
    if c.stage is Stage.SELESAI:
        return word("tahap.selesai"), "baik"
    if c.stage in (Stage.DICABUT, Stage.BATAL, Stage.DIGABUNG):
        return word(f"tahap.{c.stage}"), ""
    due = task.due_at if task is not None else None
    is_late = due is not None and due < now
    if c.stage is Stage.PENGIRIMAN and not is_late:
        return word("tahap.pengiriman"), ""
    if task is None or due is None:
        return word("waktu.berhenti"), "hati"
    return limits.left_words(settings, task, now)
