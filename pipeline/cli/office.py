"""The office's day: the counter, the register, acting holders, the calendar, known browsers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipeline import cases
from pipeline.access import browsers
from pipeline.casefile import privacy
from pipeline.casefile.reach import has_contact
from pipeline.cases.calendar import add_holiday, strike_holiday
from pipeline.cases.chain import SYSTEM
from pipeline.cases.spoken import received_at, spoken
from pipeline.cli.base import Fault, main, out, read_settings, ready_database
from pipeline.cli.written import NewFile, replacing, write
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Complaint
from pipeline.files.kinds import FileError
from pipeline.files.libreoffice import to_pdf
from pipeline.letters import sop_form
from pipeline.office import clock, procedure
from pipeline.office.actions import COUNTER_FIELDS, LATER_FIELDS, Action
from pipeline.office.config import Petugas
from pipeline.office.messages import family, say
from pipeline.office.sop import Act, Channel, Role
from pipeline.office.words import word
from pipeline.register import book, paper, sheet
from pipeline.register.period import month_of
from pipeline.work import App, Work

WIDE = 200  # letters of a line: the SOP's table has too many columns for a narrow terminal

# ---- the office's words --------------------------------------------------------------------------------------


class AskedForNew(click.Option):
    """What is asked for a new complaint alone: a later word has its number."""

    def prompt_for_value(self, ctx: click.Context) -> Any:
        return "" if isinstance(ctx.params.get("nomor"), str) else super().prompt_for_value(ctx)


@main.command()
@click.option("--petugas", required=True, help=say("bantuan.catat.petugas"))
@click.option(
    "--kanal",
    type=click.Choice([str(Channel.LANGSUNG), str(Channel.TELEPON), str(Channel.SURAT)]),
    required=True,
)
@click.option("--nomor", is_eager=True, help=say("bantuan.catat.nomor"))
@click.option(
    "--diterima",
    help=say("bantuan.catat.diterima"),
)
@click.option(
    "--cabut",
    is_flag=True,
    help=say("bantuan.catat.cabut"),
)
@click.option("--perihal", cls=AskedForNew, prompt=True)
@click.option("--isi", prompt=say("catat.isi"))
@click.option("--nama", cls=AskedForNew, prompt=say("catat.nama"), default="", show_default=False)
@click.option(
    "--alamat", cls=AskedForNew, prompt=say("catat.alamat"), default="", show_default=False
)
@click.option(
    "--telepon", cls=AskedForNew, prompt=say("catat.telepon"), default="", show_default=False
)
@click.option("--email", cls=AskedForNew, prompt=say("catat.email"), default="", show_default=False)
@click.option("--rahasia", is_flag=True, help=say("bantuan.catat.rahasia"))
@click.option("--terlapor", multiple=True, metavar="KODE", help=say("bantuan.catat.terlapor"))
@click.pass_context
def catat(
    context: click.Context, /, petugas: str, terlapor: tuple[str, ...], **fields: Any
) -> None:
    """Catat pengaduan yang datang langsung, lewat telepon, atau lewat surat; dengan --nomor: tambahannya."""
    app = ready_database(context)
    person = app.settings.person(petugas)
    if person is None or Role.JFU not in person.peran:
        known = ", ".join(p.kode for p in app.settings.holders(Role.JFU))
        raise Fault(say("catat.bukan_jfu", kode=petugas, pilihan=known))
    values = {name: [str(value)] for name, value in fields.items() if value} | {
        "terlapor": list(terlapor)
    }
    later = "nomor" in values
    if later:
        values["nomor_aduan"] = values.pop("nomor")
    try:
        complaint = _later(app, person, values) if later else _new(app, person, values)
    except cases.Invalid as error:
        raise Fault("\n".join(f"{name}: {text}" for name, text in error.errors.items())) from error
    if later:
        out.print(word("catat.lanjutan_disimpan", nomor=complaint.number))
        return
    url = f"{app.settings.web.base_url}/s/{complaint.status_code}"
    out.print(say("catat.tercatat", nomor=complaint.number))
    out.print(say("catat.untuk_pengadu", alamat=url))
    if not has_contact(complaint):
        out.print(word("catat.tanpa_kontak"))


def _new(app: App, person: Petugas, values: dict[str, list[str]]) -> Complaint:
    form = cases.read_fields(app.settings, COUNTER_FIELDS, Act.CATAT, values, {}, Action(Act.CATAT))
    with app.writing() as work:
        return cases.record_at_counter(work, person, form, received=received_at(work, form))


def _later(app: App, person: Petugas, values: dict[str, list[str]]) -> Complaint:
    form = cases.read_fields(app.settings, LATER_FIELDS, Act.TAMBAH, values, {}, Action(Act.TAMBAH))
    with app.writing() as work:
        return spoken(work, person, form)


@main.command()
@click.option("--docx", type=NewFile(".docx"), help=say("bantuan.sop.docx"))
@click.pass_context
def sop(context: click.Context, docx: Path | None) -> None:
    """Tampilkan SOP seperti yang berlaku di config.toml, menurut tabel instansi; atau simpan sebagai Word."""
    made = procedure.procedure(read_settings(context))
    if docx:
        write(docx, sop_form.write(made))
        out.print(say("buku.sop_tersimpan", file=docx))
        return
    head = Table(*(Column() for _ in range(2)), show_header=False, title=" · ".join(made.agency))
    for name, value in (*made.head, *((name, "\n".join(lines)) for name, lines in made.boxes)):
        head.add_row(name, value)
    wide = Console(highlight=False, markup=False, emoji=False, width=max(out.width, WIDE))
    wide.print(head)
    roles = [word(f"peran.{role}") for role in procedure.COLUMNS]
    names = ["no", "uraian", *roles, "kelengkapan", "waktu", "output", "keterangan"]
    steps = Table(
        *(name if name in roles else word(f"sop.{name}") for name in names), show_lines=True
    )
    for one in made.steps:
        steps.add_row(
            str(one.number),
            one.description,
            *one.marks,
            one.needs,
            one.time,
            one.output,
            one.remark,
        )
    wide.print(steps)
    out.print("\n".join(made.signer))


@main.command()
@click.option("--dari", help=say("bantuan.delegasi.dari"))
@click.option("--kepada", help=say("bantuan.delegasi.kepada"))
@click.option(
    "--sebagai",
    type=click.Choice(sorted(cases.FORMS)),
    default="plh",
    show_default=True,
    help=say("bantuan.delegasi.sebagai"),
)
@click.option("--mulai", help=say("bantuan.delegasi.mulai"))
@click.option("--sampai", help=say("bantuan.delegasi.sampai"))
@click.option("--akhiri", type=click.IntRange(1, 2**31 - 1), help=say("bantuan.delegasi.akhiri"))
@click.pass_context
def delegasi(
    context: click.Context,
    dari: str | None,
    kepada: str | None,
    sebagai: str,
    mulai: str | None,
    sampai: str | None,
    akhiri: int | None,
) -> None:
    """Pejabat pengganti (Plh./Plt.) atau penanda tangan a.n.: tampilkan, tambah, atau akhiri.

    Tugas yang terbuka beralih dengan tautan baru.
    """
    app = ready_database(context)
    changes = akhiri is not None or bool(dari or kepada or sampai)
    with app.writing() if changes else app.reading() as work:
        if akhiri is not None:
            _end_delegation(work, akhiri)
        elif changes:
            _delegate(work, dari or "", kepada or "", sebagai, mulai, sampai)
        table = _delegations(work)
    out.print(table if table.row_count else say("delegasi.tidak_ada"))


def _end_delegation(work: Work, number: int) -> None:
    try:
        cases.end_delegation(work, number)
    except KeyError as error:
        raise Fault(say("delegasi.nomor", nomor=number)) from error


def _delegations(work: Work) -> Table:
    table = Table(*family("delegasi.kolom").values())
    table.columns[2].no_wrap = True  # who acts
    for row in cases.delegations(work):
        away, acting = work.settings.person(row.holder), work.settings.person(row.acting)
        table.add_row(
            str(row.id),
            f"{away.nama}, {away.jabatan}" if away else row.holder,
            f"{acting.nama} ({row.form})" if acting else row.acting,
            row.first.isoformat(),
            row.last.isoformat(),
            "berlaku" if row.begun_at else say("delegasi.belum_mulai"),
        )
    return table


@main.command()
@click.option(
    "--tahun",
    type=click.IntRange(2000, 2100),
    help=say("bantuan.kalender.tahun"),
)
@click.option("--libur", help=say("bantuan.kalender.libur"))
@click.option("--nama", default="Libur", show_default=True, help=say("bantuan.kalender.nama"))
@click.option("--hapus", help=say("bantuan.kalender.hapus"))
@click.pass_context
def kalender(
    context: click.Context, tahun: int | None, libur: str | None, nama: str, hapus: str | None
) -> None:
    """Hari kerja kantor dalam setahun; tambah libur, dan batas waktu tugas yang terbuka dihitung ulang."""
    app = ready_database(context)
    try:
        added, struck = (date.fromisoformat(text) if text else None for text in (libur, hapus))
    except ValueError as error:
        raise Fault(say("kalender.tanggal")) from error
    with app.writing() if added or struck else app.reading() as work:
        if added:
            moved = add_holiday(work, added, nama)
            out.print(
                say("kalender.ditambah", tanggal=clock.tanggal(added), nama=nama, batas=moved)
            )
        if struck:
            try:
                moved = strike_holiday(work, struck)
            except KeyError as error:
                raise Fault(
                    say("kalender.bukan_tambahan", tanggal=clock.tanggal(struck))
                ) from error
            out.print(say("kalender.dihapus", tanggal=clock.tanggal(struck), batas=moved))
        hours = Work(
            work.session, app.settings, work.now
        ).settings.hours  # with what has just been added or struck
    year = tahun or app.clock().astimezone(app.settings.zone).year
    out.print(_year(year, hours))


def _year(year: int, hours: clock.OfficeHours) -> Table:
    """A line for each month: how many office days it has, and which weekdays are free and why."""
    table = Table(*family("kalender.kolom").values(), title=say("kalender.kantor", tahun=year))
    for month, name in enumerate(clock.MONTHS, 1):
        first = date(year, month, 1)
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        free = [
            (day, hours.holiday_name(day)) for day in days if day.weekday() in hours.season(day)
        ]
        closed = "\n".join(f"{clock.tanggal_pendek(day)} {why}" for day, why in free if why)
        fasting = " (Ramadan)" if any(hours.in_ramadan(day) for day in days) else ""
        table.add_row(f"{name}{fasting}", str(len(hours.workdays(first, last))), closed)
    fasting_days = [_fasting(span, computed) for span, computed in hours.ramadans(year)]
    table.caption = Text("\n".join(fasting_days))  # brackets in it are no markup
    return table


def _fasting(span: tuple[date, date], computed: bool) -> str:
    """When Ramadan's hours are kept, and whether anybody has said so."""
    first, last = map(clock.tanggal, span)
    return word(
        "kalender.ramadan_hitungan" if computed else "kalender.ramadan", mulai=first, sampai=last
    )


@main.command()
@click.option("--cabut", type=click.IntRange(1, 2**31 - 1), help=say("bantuan.peramban.cabut"))
@click.option("--orang", help=say("bantuan.peramban.orang"))
@click.pass_context
def peramban(context: click.Context, cabut: int | None, orang: str | None) -> None:
    """Peramban yang dikenal tanpa kode: tampilkan, atau cabut (telepon hilang, petugas pindah)."""
    app = ready_database(context)
    changes = cabut is not None or bool(orang)
    with writing(app.engine) if changes else reading(app.engine) as session:
        now = app.clock()
        if changes:
            gone = browsers.revoke(session, now, browser_id=cabut, person=orang or "")
            if not gone:
                raise Fault(say("peramban.nomor"))
            out.print(say("peramban.dicabut", jumlah=gone))
        marks = {person.kode: person.mark for person in app.settings.petugas}
        known = browsers.listed(session, now)
        rows = [row for row in known if row.mark == marks.get(row.person)]  # no predecessor's
    zone = app.settings.zone
    table = Table(*family("peramban.kolom").values())
    for row in rows:
        since, until = clock.waktu(row.created_at, zone), clock.waktu(row.expires_at, zone)
        table.add_row(str(row.id), row.person, row.agent or "-", since, until)
    out.print(table if rows else say("peramban.tidak_ada"))


def _delegate(
    work: Work, away: str, acting: str, form: str, first: str | None, last: str | None
) -> None:
    today = work.now.astimezone(work.settings.zone).date()
    try:
        begin, end = date.fromisoformat(first) if first else today, date.fromisoformat(last or "")
    except ValueError as error:
        raise Fault(say("delegasi.tanggal")) from error
    try:
        cases.delegate(work, away, acting, form, begin, end, SYSTEM)
    except cases.Invalid as error:
        raise Fault(
            "\n".join(f"--{name}: {text}" for name, text in error.errors.items())
        ) from error


@main.command()
@click.option("--bulan", help=say("bantuan.buku.bulan"))
@click.option("--xlsx", type=NewFile(".xlsx"), help=say("bantuan.buku.xlsx"))
@click.option(
    "--docx",
    type=NewFile(".docx"),
    help=say("bantuan.buku.docx"),
)
@click.option(
    "--pdf",
    type=NewFile(".pdf"),
    help=say("bantuan.buku.pdf"),
)
@click.pass_context
def buku(
    context: click.Context,
    bulan: str | None,
    xlsx: Path | None,
    docx: Path | None,
    pdf: Path | None,
) -> None:
    """Tampilkan Buku Pengaduan, atau simpan sebagai Excel, Word, atau PDF."""
    app = ready_database(context)
    try:
        month = date.fromisoformat(f"{bulan}-01") if bulan else None
    except ValueError as error:
        raise Fault(say("buku.bulan")) from error
    wanted, now = book.Filter(month=month), datetime.now(UTC)
    with reading(app.engine) as session:
        work = Work(session, app.settings, now)
        made = _saved(work, wanted, xlsx, docx, pdf)
        for path in made:
            out.print(say("buku.tersimpan", file=path))
        if made:
            return
        table = Table(*family("buku.kolom").values(), title=say("buku.nama"))
        for row in book.rows(work, wanted, oldest_first=True):
            cells = row.cells
            about = privacy.in_register(row.complaint, row.complaint.perihal)
            table.add_row(cells["register"], cells["masuk"], cells["kanal"], about, row.state)
    out.print(table)


def _saved(
    work: Work, wanted: book.Filter, xlsx: Path | None, docx: Path | None, pdf: Path | None
) -> list[Path]:
    """Write the files that are asked for; their paths."""
    if xlsx:
        with replacing(xlsx) as file:
            sheet.write(file, work, wanted)
    if docx or pdf:
        content = paper.docx(work, wanted, month_of(wanted.month).name if wanted.month else "")
        if docx:
            write(docx, content)
        if pdf:
            write(pdf, _as_pdf(content))
    return [path for path in (xlsx, docx, pdf) if path]


def _as_pdf(content: bytes) -> bytes:
    try:
        return to_pdf(content, timeout=300)
    except FileError as error:
        raise Fault(say("buku.tanpa_pdf", sebab=error)) from error
