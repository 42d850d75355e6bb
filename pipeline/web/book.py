"""The Buku Pengaduan as a page, a spreadsheet and a print, for whoever holds a link of the JFU, the Sekretaris or
the Kepala Dinas, in a browser that they are known by."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline.access import links, typed
from pipeline.casefile import law, privacy, reported
from pipeline.casefile.holders import mergers, resting, tasks_of
from pipeline.data.tables import Complaint, Export, Task
from pipeline.files.kinds import DOCX, PDF, FileError
from pipeline.files.libreoffice import to_pdf
from pipeline.office import clock, procedure
from pipeline.office.config import Petugas
from pipeline.office.sop import BESIDE, LANGKAH_OF_TASK, NO_UNIT, Channel, Decision, Role
from pipeline.office.words import table, word
from pipeline.register import book as register_book
from pipeline.register import exports, paper, sheet
from pipeline.register.book import COLUMNS, MOST, SORTS, Filter, Row, count
from pipeline.register.figures import Punctuality, Recap, months_to, recap
from pipeline.register.period import month_of
from pipeline.web import code, saving
from pipeline.web.history import timeline
from pipeline.web.site import Friendly, html, site
from pipeline.web.task_forms import newest_event
from pipeline.web.view import View, opened, steps
from pipeline.work import Work

pages = Blueprint("book", __name__, url_prefix="/t/<token>/buku")
READERS = {Role.JFU, Role.SEKRETARIS, Role.KEPALA}
FILES = (("xlsx", "Excel"), ("docx", "Word"), ("pdf", "PDF"))
PRINTED = 3_000  # rows of one printed book; a year of more is printed month by month
MIME = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": DOCX,
    "pdf": PDF,
}


E = TypeVar("E", bound=StrEnum)
YES_NO = {"ya": True, "tidak": False}
ASKED = (
    "q",
    "dari",
    "sampai",
    "bulan",
    "langkah",
    "waktu",
    "kanal",
    "klasifikasi",
    "kategori",
    "unit",
    "keputusan",
    "rahasia",
    "gabung",
    "urut",
)
_exporting = threading.Lock()
PATIENCE = 2.0  # seconds to wait for another export


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """The whole book costs seconds of the machine: a second one waits a little, then is asked to come again, so that
    never more than a few threads are away from the pages."""
    if not _exporting.acquire(timeout=PATIENCE):
        raise Friendly("sibuk", 503)
    try:
        yield
    finally:
        _exporting.release()


@contextmanager
def reader(token: str) -> Iterator[tuple[Session, View, Petugas]]:
    with opened(token) as (session, found, view, person):
        if not READERS & set(person.peran):
            raise Friendly("bukan_hak", 403)
        if not found.full:
            raise Friendly("kedaluwarsa", 410)
        code.insist(session, token, person)
        yield session, view, person


def wanted(person: Petugas) -> Filter:
    """The filters of the address; what cannot be read is left out. Nobody sees complaints about themselves."""
    given = request.args
    step = given.get("langkah", "")
    return Filter(
        text=given.get("q", "").strip()[:100],
        month=_day(given.get("bulan", "") + "-01"),
        first=_day(given.get("dari", "")),
        last=_day(given.get("sampai", "")),
        langkah=int(step) if step in {"1", "2", "3", "4", "5"} else None,
        late=given.get("waktu") == "terlambat",
        channel=_one_of(Channel, given.get("kanal", "")),
        klasifikasi=given.get("klasifikasi", "")[:40],
        kategori=given.get("kategori", "")[:200],
        unit=given.get("unit", "")[:40],
        decision=_one_of(Decision, given.get("keputusan", "")),
        secret=YES_NO.get(given.get("rahasia", "")),
        merged=YES_NO.get(given.get("gabung", "")),
        sort=given["urut"] if given.get("urut") in SORTS else SORTS[0],
        reader=person.kode,
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _one_of(kind: type[E], text: str) -> E | None:
    return kind(text) if text in set(kind) else None


def _page_number() -> int:
    text = request.args.get("hal", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


@pages.get("")
def book(token: str) -> Response:
    here = site()
    with reader(token) as (session, view, person):
        asked, number = wanted(person), _page_number()
        work = Work(session, here.settings, view.now)
        page = register_book.page(work, asked, number)
        period = month_of(asked.month or view.now.astimezone(here.settings.zone).date())
        figures = recap(work, period, person.kode)
        return html(
            "buku.html",
            sop=_sop(),
            kepala_lengkap=register_book.printed_heads(),
            judul=_title(asked),
            ringkas=word(
                "buku.ringkas",
                periode=period.name,
                masuk=figures.came,
                selesai=figures.over,
                berjalan=figures.running,
            ),
            angka=_figures(figures, period.first),
            saring=_filters(asked, view.now.astimezone(here.settings.zone).date()),
            unduh=[
                {"label": kind.upper(), "url": _url(token, f"/{kind}"), "baca": read}
                for kind, read in FILES
            ],
            rows=[_row(r, f"/t/{token}/buku/{r.complaint.id}") for r in page.rows],
            jumlah=_found(len(page.rows), page.total),
            halaman=_more(token, number, page.goes_on),
            cetak=False,
            cetak_url=_url(token, "/cetak"),
            penanda=None,
        )


@pages.get("/cetak")
def printed(token: str) -> Response:
    """A book of ordinary size, to be printed by the browser; a large one is made by a job, as Word."""
    if by_job := _large(token, "docx"):
        return by_job
    here = site()
    with one_at_a_time(), reader(token) as (session, view, person):
        asked = wanted(person)
        work = Work(session, here.settings, view.now)
        head = view.settings.holders(Role.KEPALA)[0]
        today = clock.tanggal_saja(view.now.astimezone(here.settings.zone))
        return html(
            "buku.html",
            sop=_sop(),
            kepala_lengkap=register_book.printed_heads(),
            judul=_title(asked),
            ringkas="",
            angka=None,
            saring=[],
            unduh=[],
            rows=[_row(r) for r in register_book.rows(work, asked, oldest_first=True)],
            jumlah="",
            halaman=[],
            cetak=True,
            cetak_url=_url(token, ""),
            penanda={
                "tempat_tanggal": f"{here.settings.instansi.kota}, {today}",
                "jabatan": head.jabatan,
                "nama": head.nama,
                "pangkat": head.pangkat,
                "nip": head.nip,
            },
        )


@pages.get("/xlsx")
def spreadsheet(token: str) -> Response:
    """A book of ordinary size at once; a large one is made by a job."""
    if by_job := _large(token, "xlsx"):
        return by_job
    with one_at_a_time(), reader(token) as (session, view, person):
        content = sheet.xlsx(Work(session, site().settings, view.now), wanted(person))
    return _download(content, MIME["xlsx"], "Buku Pengaduan.xlsx")


def _large(token: str, kind: str) -> Response | None:
    """The page on which a large book is asked for; None for one of ordinary size."""
    with reader(token) as (session, view, person):
        asked = wanted(person)
        most = exports.AT_ONCE if kind == "xlsx" else PRINTED
        total = count(Work(session, site().settings, view.now), asked, most)
        if kind != "xlsx" and total > PRINTED:
            raise Friendly("terlalu_banyak", 422)
        return (
            _export_page(token, kind, exports.asked(session, person, asked, kind))
            if total > exports.AT_ONCE
            else None
        )


@pages.post("/<any(xlsx, docx, pdf):kind>")
def order(token: str, kind: str) -> BaseResponse:
    here = site()
    with reader(token) as (_session, view, person):
        task_id, asked = view.task.id, wanted(person)
    with here.writing() as work:
        exports.ask(work, person, work.session.get_one(Task, task_id), asked, kind)
    here.wake("pictures")
    return redirect(_url(token, f"/{kind}"), 303)


@pages.get("/ekspor/<int(max=2147483647):export_id>")
def ready(token: str, export_id: int) -> Response:
    """What a job has made, for the one who asked."""
    with reader(token) as (session, _view, person):
        row = session.get(Export, export_id)
        if (
            row is None
            or row.ready_at is None
            or row.person != person.kode
            or not person.owns(row.mark)
        ):
            raise Friendly("tidak_ada", 404)
        kind = exports.kind_of(row)
        return _download(row.content, MIME[kind], f"Buku Pengaduan.{kind}")


def _export_page(token: str, kind: str, row: Export | None) -> Response:
    state = "belum" if row is None else "menunggu" if row.ready_at is None else "siap"
    return html(
        "ekspor.html",
        keadaan=state,
        kalimat=word(f"buku.ekspor.{state}"),
        berkas=exports.LABELS[kind],
        url=_url(token, f"/{kind}"),
        unduh=f"/t/{token}/buku/ekspor/{row.id}" if row else "",
        kembali={"url": _url(token, ""), "label": word("buku.judul")},
    )


@pages.get("/docx")
def word_book(token: str) -> Response:
    if by_job := _large(token, "docx"):
        return by_job
    with one_at_a_time():
        return _download(_paper(token), DOCX, "Buku Pengaduan.docx")


@pages.get("/pdf")
def pdf_book(token: str) -> Response:
    if by_job := _large(token, "pdf"):
        return by_job
    with one_at_a_time():
        try:
            made = to_pdf(_paper(token), timeout=120)
        except FileError as error:
            raise Friendly("sibuk", 503) from error
    return _download(made, PDF, "Buku Pengaduan.pdf")


def _paper(token: str) -> bytes:
    with reader(token) as (session, view, person):
        asked = wanted(person)
        return paper.docx(Work(session, site().settings, view.now), asked, paper.span(asked))


def _download(content: bytes, mime: str, name: str) -> Response:
    response = Response(content, mimetype=mime)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _sop() -> dict[str, Any]:
    sop = site().settings.sop
    return {
        "nomor": sop.nomor,
        "nama": sop.nama,
        "dasar_hukum": list(sop.dasar_hukum),
        "keterkaitan": ", ".join(sop.keterkaitan),
        "kepala": procedure.heading(site().settings),
    }


def _title(asked: Filter) -> str:
    return word("buku.judul") + (f", {clock.bulan(asked.month)}" if asked.month else "")


def _url(token: str, path: str, **change: object) -> str:
    query = {k: v for k, v in request.args.items() if k in ASKED and v}
    query |= {k: str(v) for k, v in change.items()}
    return f"/t/{token}/buku{path}" + (f"?{urlencode(query)}" if query else "")


def _more(token: str, page: int, goes_on: bool) -> list[dict[str, str]]:
    rows = []
    if page:
        rows.append({"label": word("buku.sesudah"), "url": _url(token, "", hal=page - 1)})
    if goes_on:
        rows.append({"label": word("buku.sebelum"), "url": _url(token, "", hal=page + 1)})
    return rows


def _found(shown: int, total: int) -> str:
    if total > MOST:
        return word("buku.jumlah_lebih", tampak=shown, banyak=MOST)
    return word("buku.jumlah", tampak=shown, semua=total)


def _row(row: Row, url: str = "") -> dict[str, Any]:
    return {
        **row.cells,
        "lengkap": register_book.printed_cells(row),
        "url": url,
        "perihal": privacy.in_register(row.complaint, row.complaint.perihal),
        "langkah": row.langkah,
        "kategori": row.kategori,
        "klasifikasi": row.klasifikasi,
        "lewat": word(f"lewat.{row.complaint.channel}"),
        "iso": row.complaint.received_at.isoformat(timespec="minutes"),
        "keadaan": row.state,
        "nada": row.tone,
        "terpakai": row.used,
    }


def _figures(figures: Recap, shown: date) -> dict[str, Any]:
    """`shown`: the first day of the month that the page tells of."""
    names = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
    return {
        "tepat": [
            {
                "nama": f"{LANGKAH_OF_TASK[step.kind]}. {step.name}",
                "persen": round(100 * step.punctual / step.counted) if step.counted else 0,
                "teks": f"{step.punctual}/{step.counted}",
                "lain": _apart(step),
            }
            for step in figures.punctual
        ],
        "masuk": [
            {"nama": names[m.month - 1], "nilai": n, "kini": m == shown} for m, n in figures.months
        ],
        "judul_masuk": word("buku.masuk"),
    }


def _apart(step: Punctuality) -> str:
    """What is not in the share of a langkah: late and still open, by another limit, stopped."""
    counts = {
        "terbuka": step.late_open,
        "perpanjang": step.extended,
        "berhenti": step.stopped + step.waiting,
    }
    return ", ".join(
        word(f"buku.lain.{name}", jumlah=count) for name, count in counts.items() if count
    )


def _filters(asked: Filter, today: date) -> list[dict[str, Any]]:
    """What is in force stands in its select, also an older month or what the settings name no more: else pressing
    Tampilkan once more would lose it."""
    settings = site().settings
    recent = [month.first for month in reversed(months_to(month_of(today), 12))]
    months = recent if asked.month is None or asked.month in recent else [*recent, asked.month]
    units = {unit.kode: unit.nama for unit in settings.unit} | {NO_UNIT: word("unit.tidak_ada")}
    numbered = {str(s.nomor): f"{s.nomor} {s.nama}" for s in settings.sop.langkah}
    chosen = {name: request.args.get(name, "") for name in ASKED}
    options = {
        "bulan": {f"{month:%Y-%m}": clock.bulan(month) for month in months},
        "langkah": numbered,
        "waktu": {"terlambat": word("buku.terlambat")},
        "kanal": table("pilihan.kanal"),
        "klasifikasi": settings.names_of("klasifikasi", asked.klasifikasi),
        "kategori": settings.names_of("kategori", asked.kategori),
        "unit": {asked.unit: asked.unit} | units if asked.unit else units,
        "keputusan": table("pilihan.keputusan"),
        "rahasia": table("buku.ya_tidak"),
        "gabung": table("buku.ya_tidak"),
        "urut": {name: word(f"buku.urutan.{name}") for name in SORTS[1:]},
    }
    search = {
        "name": "q",
        "label": word("buku.cari"),
        "jenis": "search",
        "nilai": asked.text,
        "atribut": {"placeholder": word("buku.cari_apa")},
    }
    days = [
        {"name": name, "label": word(f"buku.{name}"), "jenis": "date", "nilai": chosen[name]}
        for name in ("dari", "sampai")
    ]
    return [
        search,
        *(_choice(name, listed, chosen[name]) for name, listed in options.items()),
        *days,
    ]


def _choice(name: str, listed: Mapping[str, str], chosen: str) -> dict[str, Any]:
    empty = word("buku.urutan.terbaru") if name == "urut" else word("buku.semua")
    options = [
        {"value": value, "label": label[:1].upper() + label[1:]} for value, label in listed.items()
    ]
    return {
        "name": name,
        "label": word(f"buku.{name}"),
        "jenis": "select",
        "pilihan": options,
        "kosong": empty,
        "nilai": chosen,
    }


# ---- one case ------------------------------------------------------------------------------------------------


@pages.get("/<int(max=2147483647):complaint_id>")
def case(token: str, complaint_id: int) -> Response:
    """A row of the book, opened: what is known, its clocks, its history; with the reader's own task where they have
    one."""
    return case_page(token, complaint_id)


def case_page(token: str, complaint_id: int, number: str = "", problem: str = "") -> Response:
    """The page of a case; with what was typed as the `number` to merge it into, and why that was not done."""
    here = site()
    with reader(token) as (session, view, person):
        complaint = of_book(session, person, complaint_id)
        work = Work(session, here.settings, view.now)
        own = replace(
            view, complaint=complaint, task=newest_task(view, complaint), settings=work.settings
        )
        (row,) = register_book.rows_of(work, [complaint])
        return html(
            "buku_kasus.html",
            422 if problem else 200,
            judul=complaint.number,
            kembali=_url(token, ""),
            row=_row(row),
            rincian=[
                {"nama": name, "nilai": row.cells[key] or "-"} for key, name in COLUMNS.items()
            ]
            + _confidential(own, row),
            steps=steps(own),
            hukum=[_clock(work, one) for one in law.of_case(work, complaint)],
            riwayat=timeline(own),
            tugas=_own_task(work, person, complaint),
            gabung=_merging(own, person, number, problem),
        )


def _confidential(own: View, row: register_book.Row) -> list[dict[str, str]]:
    """What of a case stands on its page alone, and in no book that is printed or passed on."""
    c = row.complaint
    people = [own.settings.person(code) for code in sorted(reported.codes(c))]
    said = {
        word("kolom.surat_pengirim.label"): c.surat_pengirim if c.rahasia else "",
        word("kolom.terlapor.label"): ", ".join(p.jabatan for p in people if p),
        word("kolom.lokasi_kejadian.label"): c.lokasi_kejadian,
        word("kolom.hasil.label"): c.hasil,
    }
    return [{"nama": name, "nilai": value} for name, value in said.items() if value]


def of_book(session: Session, person: Petugas, complaint_id: int) -> Complaint:
    """A row of the book that this person may open."""
    complaint = session.get(Complaint, complaint_id)
    if complaint is None or person.kode in reported.codes(complaint):
        raise Friendly("tautan", 404)
    return complaint


def _merging(own: View, person: Petugas, number: str, problem: str) -> dict[str, Any] | None:
    """The form by which a JFU or the Sekretaris merges a case that somebody else holds; None where it cannot be."""
    if (
        own.complaint is None
        or own.task.complaint_id != own.complaint.id
        or own.task.closed_at is not None
    ):
        return None
    allowed = mergers(own.settings, own.task, own.complaint)
    if person.kode not in {p.kode for p in allowed}:
        return None
    url = f"{own.url}/buku/{own.task.complaint_id}/gabungkan"
    before, name = typed.of(own.session, person), f"gabungkan-{own.complaint.id}"
    kept = (before[name][0].get("nomor") or [""])[0] if name in before else ""
    return {
        "url": url,
        "nilai": number or kept,
        "galat": problem,
        "lihat": newest_event(own),
        "diisi": bool(problem),
        **saving.saved(own.token, before, name),
    }


def newest_task(view: View, complaint: Complaint) -> Task:
    """The newest task that carried a case; a case that was merged at the counter has had none."""
    query = (
        select(Task)
        .where(Task.complaint_id == complaint.id, Task.kind.not_in(BESIDE))
        .order_by(Task.id.desc())
    )
    return view.session.scalars(query.limit(1)).first() or view.task


def _own_task(work: Work, person: Petugas, complaint: Complaint) -> str:
    """The address of the reader's own open task of the case; "" without one."""
    mine = [
        t
        for t in tasks_of(work.session, work.settings, person.kode)
        if t.complaint_id == complaint.id
    ]
    mine += resting(work.session, work.settings, complaint.id, person.kode)
    opening = links.newest(work.session, person, [task.id for task in mine], work.now)
    urls = [f"/t/{links.token(work.session, work.settings.keys, key)}" for key in opening.values()]
    return urls[0] if urls else ""


def _clock(work: Work, one: law.Clock) -> dict[str, str]:
    """One limit of the law in words, with how it was counted."""
    state = "terlambat" if one.late(work.now) else "tepat" if one.met else "berjalan"
    due = clock.waktu(one.due, work.settings.zone)
    counted = clock.explain(one.begun, one.limit.limit, work.settings.hours)
    return {
        "nama": one.limit.nama,
        "sumber": one.limit.sumber,
        "keadaan": word(f"hukum.{state}"),
        "nada": {"terlambat": "buruk", "tepat": "baik"}.get(state, ""),
        "teks": word("hukum.hitungan", batas=due, hitungan=counted),
    }
