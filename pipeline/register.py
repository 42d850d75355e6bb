"""The Buku Pengaduan: rows, filters, recap, export. Reads only.

Hides how a row of the book is put together from the complaint and its tasks. Columns as proposed from the books of
Indonesian offices: 15, from the register number to keterangan; void rows stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from pipeline import clock, notices
from pipeline.config import Settings
from pipeline.db import Complaint, Task
from pipeline.sop import LANGKAH_OF, LANGKAH_OF_TASK, OVER, TASK_OF, Stage, TaskKind
from pipeline.words import remaining_words, word

if TYPE_CHECKING:
    import xlsxwriter

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
MAX_CELL = 32_767


@dataclass(frozen=True)
class Filter:
    """What the book is asked for. Months are of the office's zone; empty means all."""

    text: str = ""
    month: date | None = None
    langkah: int | None = None
    late: bool = False


@dataclass(frozen=True)
class Row:
    """One row of the book in words, with what the page needs beside it."""

    complaint: Complaint
    cells: Mapping[str, str]
    due: datetime | None
    late: bool
    state: str
    tone: str
    used: str  # how much of the Waktu of the running langkah is used; "" where none runs


def _month_bounds(month: date, settings: Settings) -> tuple[datetime, datetime]:
    first = datetime(month.year, month.month, 1, tzinfo=settings.zone)
    after = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=settings.zone)
    return first.astimezone(UTC), after.astimezone(UTC)


def _query(wanted: Filter, settings: Settings, now: datetime) -> Select[Complaint]:
    query = select(Complaint)
    if wanted.month:
        first, after = _month_bounds(wanted.month, settings)
        query = query.where(Complaint.received_at >= first, Complaint.received_at < after)
    for piece in wanted.text.split():
        like = "%" + piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        number, name, about = (
            f.ilike(like, escape="\\") for f in (Complaint.number, Complaint.nama, Complaint.perihal)
        )
        # A hidden name must not be found out by searching for it.
        query = query.where(or_(number, about, and_(name, Complaint.rahasia.is_(False))))
    if wanted.langkah:
        stages = [s for s, n in LANGKAH_OF.items() if n == wanted.langkah and s not in OVER]
        query = query.where(Complaint.stage.in_(stages))
    if wanted.late:
        query = query.where(
            Complaint.id.in_(select(Task.complaint_id).where(Task.closed_at.is_(None), Task.due_at < now))
        )
    return query


def count(session: Session, settings: Settings, wanted: Filter, now: datetime) -> int:
    return session.scalar(select(func.count()).select_from(_query(wanted, settings, now).subquery())) or 0


def rows(
    session: Session,
    settings: Settings,
    wanted: Filter,
    now: datetime,
    *,
    page: int | None = None,
    oldest_first: bool = False,
) -> Iterator[Row]:
    """Rows of the book; one page (from 0), or all in batches when `page` is None."""
    order = Complaint.id if oldest_first else Complaint.id.desc()
    query = _query(wanted, settings, now).order_by(order)
    if page is not None:
        query = query.limit(PAGE).offset(page * PAGE)
    for batch in session.scalars(query.execution_options(yield_per=500)).partitions(500):
        tasks = _open_tasks(session, batch)
        parents = _numbers(session, [c.parent_id for c in batch if c.parent_id])
        for complaint in batch:
            yield _row(settings, complaint, tasks.get(complaint.id), parents.get(complaint.parent_id or 0, ""), now)


def _open_tasks(session: Session, batch: Sequence[Complaint]) -> dict[int, Task]:
    query = select(Task).where(Task.complaint_id.in_([c.id for c in batch]), Task.closed_at.is_(None))
    query = query.where(Task.kind != TaskKind.KETERANGAN).order_by(Task.id)
    return {task.complaint_id or 0: task for task in session.scalars(query)}


def _numbers(session: Session, ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    query = select(Complaint.id, Complaint.number).where(Complaint.id.in_(ids))
    return {key: number for key, number in session.execute(query)}  # noqa: C416 - Row is no pair to dict()


def _row(settings: Settings, c: Complaint, task: Task | None, parent: str, now: datetime) -> Row:
    zone = settings.zone
    local = c.received_at.astimezone(zone)
    end = c.delivered_at or c.closed_at or now
    units = ", ".join(filter(None, (settings.unit_name(u) for u in c.unit.split(","))))
    covering = word("buku.pengantar", nomor=c.covering_number) if c.covering_number else ""
    note = "; ".join(filter(None, (word("buku.induk", nomor=parent) if parent else "", covering, c.keterangan)))
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
        "isi": c.ringkasan or c.perihal,
        "unit": units,
        "disposisi": c.perintah,
        "keputusan": _decision(c),
        "surat": f"{c.letter_number}, {_day(c.letter_date)}" if c.letter_number and c.letter_date else "",
        "penyampaian": handed,
        "lama": clock.lama(end - c.received_at),
        "paraf": c.paraf,
        "keterangan": note,
    }
    late = bool(task and task.due_at and task.due_at < now)
    state, tone = _state(settings, c, task, now)
    runs = task is not None and task.due_at is not None and c.stage in TASK_OF and c.stage not in OVER
    used = notices.used_words(settings, task, now) if task is not None and runs else ""
    return Row(c, cells, task.due_at if task else None, late, state, tone, used)


def _day(day: date | datetime) -> str:
    return f"{day.day:02d}-{day.month:02d}-{day.year}"


def _decision(c: Complaint) -> str:
    if c.stage is Stage.BATAL:
        return word("tahap.batal")
    if c.decision is None:
        return ""
    text = word(f"pilihan.keputusan.{c.decision}")
    return f"{text}: {c.instansi}" if c.instansi else text


def _state(settings: Settings, c: Complaint, task: Task | None, now: datetime) -> tuple[str, str]:
    """The state of a row in words, and its tone (baik, hati, buruk or none)."""
    if c.stage in (Stage.SELESAI, Stage.BATAL, Stage.DIGABUNG, Stage.PENGIRIMAN):
        return word(f"tahap.{c.stage}"), "baik" if c.stage is Stage.SELESAI else ""
    if task is None or task.due_at is None:
        return word("waktu.berhenti"), "hati"
    return remaining_words(settings, task.due_at, now)


# ---- recap ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recap:
    """The month in figures: how many came, are over, run; per langkah how many of the done tasks were in time."""

    came: int
    over: int
    running: int
    punctual: tuple[tuple[str, int, int], ...]  # (name of the langkah, in time, done)
    months: tuple[tuple[date, int], ...]  # up to 12 months, oldest first


def recap(session: Session, settings: Settings, wanted: Filter, now: datetime) -> Recap:
    chosen = _query(wanted, settings, now).subquery()
    came = session.scalar(select(func.count()).select_from(chosen)) or 0
    over = (
        session.scalar(select(func.count()).select_from(chosen).where(chosen.c.stage.in_([str(s) for s in OVER]))) or 0
    )
    done: dict[int, list[int]] = {n: [0, 0] for n in range(1, 6)}
    tasks = select(Task.kind, Task.closed_at, Task.due_at).where(
        Task.complaint_id.in_(select(chosen.c.id)), Task.closed_at.is_not(None), Task.due_at.is_not(None)
    )
    for kind, closed, due in session.execute(tasks):
        if kind is TaskKind.KETERANGAN or closed is None or due is None:
            continue
        figures = done[LANGKAH_OF_TASK[kind]]
        figures[1] += 1
        figures[0] += closed <= due
    punctual = tuple((settings.sop.langkah[n - 1].nama, done[n][0], done[n][1]) for n in range(1, 6))
    return Recap(came, over, came - over, punctual, tuple(_months(session, settings, now)))


def _months(session: Session, settings: Settings, now: datetime) -> Iterator[tuple[date, int]]:
    today = now.astimezone(settings.zone).date()
    for month in range(1, today.month + 1):
        first, after = _month_bounds(date(today.year, month, 1), settings)
        query = select(func.count(Complaint.id)).where(Complaint.received_at >= first, Complaint.received_at < after)
        yield date(today.year, month, 1), session.scalar(query) or 0


# ---- export --------------------------------------------------------------------------------------------------

WIDTHS = (17, 16, 11, 20, 26, 24, 44, 24, 34, 22, 26, 28, 14, 16, 28)


def xlsx(session: Session, settings: Settings, wanted: Filter, now: datetime) -> bytes:
    """The book as a spreadsheet: heading with the SOP's number, name and Dasar Hukum, then all rows, oldest first.

    Citizens' words stay words: nothing becomes a formula or a link.
    """
    import xlsxwriter  # takes 2 MiB, which an office that exports nothing does without

    out = BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("Buku Pengaduan")
        bold = book.add_format({"bold": True, "font_size": 13})
        head = book.add_format(
            {"bold": True, "text_wrap": True, "border": 1, "bg_color": "#EEEBF6", "valign": "vcenter"}
        )
        cell = book.add_format({"text_wrap": True, "border": 1, "valign": "top"})
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        top = _heading(sheet, settings, bold)
        for column, title in enumerate(COLUMNS.values()):
            sheet.write_string(top, column, title, head)
        for line, row in enumerate(rows(session, settings, wanted, now, oldest_first=True), top + 1):
            for column, name in enumerate(COLUMNS):
                sheet.write_string(line, column, _cell(row.cells[name]), cell)
        sheet.freeze_panes(top + 1, 1)
        sheet.set_landscape()
        sheet.set_paper(14)  # folio, the nearest of Excel's papers to F4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
    return out.getvalue()


def _cell(text: str) -> str:
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _heading(sheet: xlsxwriter.worksheet.Worksheet, settings: Settings, bold: object) -> int:
    """Writes the lines above the table; the index of the table's first line."""
    lines = [
        settings.instansi.pemerintah.upper(),
        settings.instansi.nama.upper(),
        "BUKU PENGADUAN",
        f"SOP Nomor {settings.sop.nomor}: {settings.sop.nama}",
        *(f"Dasar hukum {n}. {text}" for n, text in enumerate(settings.sop.dasar_hukum, 1)),
    ]
    for line, text in enumerate(lines):
        sheet.write_string(line, 0, text, bold if line < 4 else None)
    return len(lines) + 1
