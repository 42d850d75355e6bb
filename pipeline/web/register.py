"""The Buku Pengaduan as a page, a spreadsheet and a print, for whoever holds a link of the JFU, the Sekretaris or
the Kepala Dinas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from pipeline import clock, register
from pipeline.register import Filter, Row
from pipeline.sop import Role
from pipeline.web.common import Friendly, html, site
from pipeline.web.opened import opened
from pipeline.web.view import View
from pipeline.words import word

pages = Blueprint("book", __name__, url_prefix="/t/<token>/buku")
READERS = {Role.JFU, Role.SEKRETARIS, Role.KEPALA}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@contextmanager
def reader(token: str) -> Iterator[tuple[Session, View]]:
    with opened(token) as (session, found, view, person):
        if not READERS & set(person.peran):
            raise Friendly("bukan_hak", 403)
        if not found.full:
            raise Friendly("kedaluwarsa", 410)
        yield session, view


def wanted() -> Filter:
    """The filters of the address; what cannot be read is left out."""
    month: date | None = None
    try:
        month = date.fromisoformat(request.args.get("bulan", "") + "-01")
    except ValueError:
        month = None
    if month is not None and not 2000 <= month.year <= 2100:
        month = None
    step = request.args.get("langkah", "")
    return Filter(
        text=request.args.get("q", "").strip()[:100],
        month=month,
        langkah=int(step) if step in {"1", "2", "3", "4", "5"} else None,
        late=request.args.get("waktu") == "terlambat",
    )


def _page_number() -> int:
    text = request.args.get("hal", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


@pages.get("")
def book(token: str) -> Response:
    here = site()
    with reader(token) as (session, view):
        asked, page = wanted(), _page_number()
        total = register.count(session, here.settings, asked, view.now)
        rows = list(register.rows(session, here.settings, asked, view.now, page=page))
        figures = register.recap(session, here.settings, asked, view.now)
        return html(
            "buku.html",
            sop=_sop(),
            judul=_title(asked),
            ringkas=word("buku.ringkas", masuk=figures.came, selesai=figures.over, berjalan=figures.running),
            angka=_figures(figures),
            saring=_filters(asked, figures),
            unduh=[{"label": "XLSX", "url": _url(token, "/xlsx"), "baca": "Excel"}],
            rows=[_row(r) for r in rows],
            jumlah=word("buku.jumlah", tampak=len(rows), semua=total),
            halaman=_more(token, page, total),
            cetak=False,
            cetak_url=_url(token, "/cetak"),
            penanda=None,
        )


@pages.get("/cetak")
def printed(token: str) -> Response:
    here = site()
    with reader(token) as (session, view):
        asked = wanted()
        head = view.settings.holders(Role.KEPALA)[0]
        today = clock.tanggal(view.now.astimezone(here.settings.zone)).split(", ", 1)[1]
        return html(
            "buku.html",
            sop=_sop(),
            judul=_title(asked),
            ringkas="",
            angka=None,
            saring=[],
            unduh=[],
            rows=[_row(r) for r in register.rows(session, here.settings, asked, view.now, oldest_first=True)],
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
    here = site()
    with reader(token) as (session, view):
        content = register.xlsx(session, here.settings, wanted(), view.now)
    response = Response(content, mimetype=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename="Buku Pengaduan.xlsx")
    return response


def _sop() -> dict[str, Any]:
    sop = site().settings.sop
    return {
        "nomor": sop.nomor,
        "nama": sop.nama,
        "dasar_hukum": list(sop.dasar_hukum),
        "keterkaitan": ", ".join(sop.keterkaitan),
    }


def _title(asked: Filter) -> str:
    return word("buku.judul") + (f", {_month(asked.month)}" if asked.month else "")


def _month(month: date) -> str:
    return clock.tanggal(month).split(", ", 1)[1].split(" ", 1)[1]


def _url(token: str, path: str, **change: object) -> str:
    query = {k: v for k, v in request.args.items() if k in ("q", "bulan", "langkah", "waktu") and v}
    query |= {k: str(v) for k, v in change.items()}
    return f"/t/{token}/buku{path}" + (f"?{urlencode(query)}" if query else "")


def _more(token: str, page: int, total: int) -> list[dict[str, str]]:
    rows = []
    if page:
        rows.append({"label": word("buku.sesudah"), "url": _url(token, "", hal=page - 1)})
    if (page + 1) * register.PAGE < total:
        rows.append({"label": word("buku.sebelum"), "url": _url(token, "", hal=page + 1)})
    return rows


def _row(row: Row) -> dict[str, Any]:
    return {
        **row.cells,
        "url": None,
        "lewat": word(f"lewat.{row.complaint.channel}"),
        "iso": row.complaint.received_at.isoformat(timespec="minutes"),
        "keadaan": row.state,
        "nada": row.tone,
        "terpakai": row.used,
    }


def _figures(figures: register.Recap) -> dict[str, Any]:
    names = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
    return {
        "tepat": [
            {"nama": f"{n}. {name}", "persen": round(100 * good / done) if done else 0, "teks": f"{good}/{done}"}
            for n, (name, good, done) in enumerate(figures.punctual, 1)
        ],
        "masuk": [
            {"nama": names[m.month - 1], "nilai": n, "kini": m == figures.months[-1][0]} for m, n in figures.months
        ],
        "judul_masuk": word("buku.masuk"),
    }


def _filters(asked: Filter, figures: register.Recap) -> list[dict[str, Any]]:
    months = [{"value": f"{m:%Y-%m}", "label": _month(m)} for m, _n in reversed(figures.months)]
    steps = [{"value": str(s.nomor), "label": f"{s.nomor} {s.nama}"} for s in site().settings.sop.langkah]
    late = [{"value": "terlambat", "label": word("buku.terlambat")}]
    chosen = {"bulan": f"{asked.month:%Y-%m}" if asked.month else "", "langkah": str(asked.langkah or "")}
    chosen["waktu"] = "terlambat" if asked.late else ""
    search = {"name": "q", "label": word("buku.cari"), "jenis": "search", "nilai": asked.text}
    return [
        search,
        *(
            {
                "name": name,
                "label": word(f"buku.{name}"),
                "jenis": "select",
                "pilihan": options,
                "kosong": word("buku.semua"),
                "nilai": chosen[name],
            }
            for name, options in (("bulan", months), ("langkah", steps), ("waktu", late))
        ),
    ]
