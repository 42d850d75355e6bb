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
from pipeline.office.config import Petugas
from pipeline.office.sop import COUNTER_FIELDS, LATER_FIELDS, Act, Action, Channel, Role
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
@click.option("--petugas", required=True, help="Kode JFU yang mencatat, seperti di config.toml.")
@click.option(
    "--kanal",
    type=click.Choice([str(Channel.LANGSUNG), str(Channel.TELEPON), str(Channel.SURAT)]),
    required=True,
)
@click.option(
    "--nomor", is_eager=True, help="Tambahan untuk pengaduan bernomor ini; cukup --kanal dan --isi."
)
@click.option(
    "--diterima",
    help="Kapan surat atau telepon itu datang, mis. '2026-11-20 09:00'; bila kosong, sekarang.",
)
@click.option(
    "--cabut",
    is_flag=True,
    help="Bersama --nomor: pengadu mencabut pengaduannya; JFU memastikannya.",
)
@click.option("--perihal", cls=AskedForNew, prompt=True)
@click.option("--isi", prompt="Isi pengaduan")
@click.option(
    "--nama", cls=AskedForNew, prompt="Nama (boleh kosong)", default="", show_default=False
)
@click.option(
    "--alamat", cls=AskedForNew, prompt="Alamat (boleh kosong)", default="", show_default=False
)
@click.option(
    "--telepon", cls=AskedForNew, prompt="Telepon (boleh kosong)", default="", show_default=False
)
@click.option(
    "--email", cls=AskedForNew, prompt="Email (boleh kosong)", default="", show_default=False
)
@click.option("--rahasia", is_flag=True, help="Rahasiakan identitas pengadu.")
@click.option(
    "--terlapor", multiple=True, metavar="KODE", help="Petugas yang diadukan; boleh beberapa kali."
)
@click.pass_context
def catat(
    context: click.Context, /, petugas: str, terlapor: tuple[str, ...], **fields: Any
) -> None:
    """Catat pengaduan yang datang langsung, lewat telepon, atau lewat surat; dengan --nomor: tambahannya."""
    app = ready_database(context)
    person = app.settings.person(petugas)
    if person is None or Role.JFU not in person.peran:
        known = ", ".join(p.kode for p in app.settings.holders(Role.JFU))
        raise Fault(f"'{petugas}' bukan JFU. Pilihan: {known}.")
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
    out.print(f"Tercatat: {complaint.number}. Sekretaris menerima tugasnya lewat email.")
    out.print(f"Untuk pengadu: {url}")
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
@click.option("--docx", type=NewFile(".docx"), help="Simpan sebagai Word.")
@click.pass_context
def sop(context: click.Context, docx: Path | None) -> None:
    """Tampilkan SOP seperti yang berlaku di config.toml, menurut tabel instansi; atau simpan sebagai Word."""
    made = procedure.procedure(read_settings(context))
    if docx:
        write(docx, sop_form.write(made))
        out.print(f"SOP tersimpan di {docx}.")
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
@click.option("--dari", help="Kode petugas yang berhalangan, seperti di config.toml.")
@click.option("--kepada", help="Kode petugas yang menggantikan.")
@click.option(
    "--sebagai",
    type=click.Choice(sorted(cases.FORMS)),
    default="plh",
    show_default=True,
    help="plh dan plt mengerjakan semua tugas; an (atas nama) hanya menandatangani surat.",
)
@click.option("--mulai", help="Hari pertama, mis. 2026-12-01; bila kosong, hari ini.")
@click.option("--sampai", help="Hari terakhir, mis. 2026-12-05.")
@click.option(
    "--akhiri", type=click.IntRange(1, 2**31 - 1), help="Nomor penggantian yang diakhiri sekarang."
)
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
            try:
                cases.end_delegation(work, akhiri)
            except KeyError as error:
                raise Fault(
                    f"Tidak ada penggantian nomor {akhiri}. Lihat 'aduan delegasi'."
                ) from error
        elif changes:
            _delegate(work, dari or "", kepada or "", sebagai, mulai, sampai)
        rows = cases.delegations(work)
        whole = Column("Pengganti", no_wrap=True)
        table = Table("Nomor", "Berhalangan", whole, "Mulai", "Sampai", "Keadaan")
        for row in rows:
            away, acting = app.settings.person(row.holder), app.settings.person(row.acting)
            table.add_row(
                str(row.id),
                f"{away.nama}, {away.jabatan}" if away else row.holder,
                f"{acting.nama} ({row.form})" if acting else row.acting,
                row.first.isoformat(),
                row.last.isoformat(),
                "berlaku" if row.begun_at else "belum mulai",
            )
    out.print(table if rows else "Tidak ada pejabat pengganti.")


@main.command()
@click.option(
    "--tahun",
    type=click.IntRange(2000, 2100),
    help="Tahun yang ditampilkan; bila kosong, tahun ini.",
)
@click.option("--libur", help="Tambah satu hari libur atau cuti bersama, mis. 2026-12-24.")
@click.option("--nama", default="Libur", show_default=True, help="Nama hari libur itu.")
@click.option("--hapus", help="Hapus hari libur yang pernah ditambah, mis. 2026-12-24.")
@click.pass_context
def kalender(
    context: click.Context, tahun: int | None, libur: str | None, nama: str, hapus: str | None
) -> None:
    """Hari kerja kantor dalam setahun; tambah libur, dan batas waktu tugas yang terbuka dihitung ulang."""
    app = ready_database(context)
    try:
        added, struck = (date.fromisoformat(text) if text else None for text in (libur, hapus))
    except ValueError as error:
        raise Fault("Tanggal ditulis seperti 2026-12-24.") from error
    with app.writing() if added or struck else app.reading() as work:
        if added:
            moved = add_holiday(work, added, nama)
            out.print(f"{clock.tanggal(added)} libur: {nama}. {moved} batas waktu dihitung ulang.")
        if struck:
            try:
                moved = strike_holiday(work, struck)
            except KeyError as error:
                raise Fault(
                    f"{clock.tanggal(struck)} bukan libur yang pernah ditambah di sini."
                ) from error
            out.print(
                f"{clock.tanggal(struck)} tidak libur lagi. {moved} batas waktu dihitung ulang."
            )
        hours = Work(
            work.session, app.settings, work.now
        ).settings.hours  # with what has just been added or struck
    year = tahun or app.clock().astimezone(app.settings.zone).year
    out.print(_year(year, hours))


def _year(year: int, hours: clock.OfficeHours) -> Table:
    """A line for each month: how many office days it has, and which weekdays are free and why."""
    table = Table("Bulan", "Hari kerja", "Libur pada hari biasa", title=f"Kalender kantor {year}")
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
@click.option(
    "--cabut", type=click.IntRange(1, 2**31 - 1), help="Nomor peramban yang tidak lagi dikenal."
)
@click.option("--orang", help="Kode petugas yang semua perambannya tidak lagi dikenal.")
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
                raise Fault("Tidak ada peramban seperti itu. Lihat 'aduan peramban'.")
            out.print(f"{gone} peramban dicabut; tindakan berikutnya dari sana meminta kode lagi.")
        people = {p.kode: p for p in app.settings.petugas}
        rows = [row for row in browsers.listed(session, now) if row.person in people]
        rows = [
            row for row in rows if row.mark == people[row.person].mark
        ]  # not those of a predecessor
    table = Table("Nomor", "Petugas", "Alat", "Dikenal sejak", "Sampai")
    for row in rows:
        since, until = (
            clock.waktu(at, app.settings.zone) for at in (row.created_at, row.expires_at)
        )
        table.add_row(str(row.id), row.person, row.agent or "-", since, until)
    out.print(table if rows else "Belum ada peramban yang dikenal.")


def _delegate(
    work: Work, away: str, acting: str, form: str, first: str | None, last: str | None
) -> None:
    today = work.now.astimezone(work.settings.zone).date()
    try:
        begin, end = date.fromisoformat(first) if first else today, date.fromisoformat(last or "")
    except ValueError as error:
        raise Fault(
            "--mulai dan --sampai ditulis seperti 2026-12-01; --sampai wajib diisi."
        ) from error
    try:
        cases.delegate(work, away, acting, form, begin, end, SYSTEM)
    except cases.Invalid as error:
        raise Fault(
            "\n".join(f"--{name}: {text}" for name, text in error.errors.items())
        ) from error


@main.command()
@click.option("--bulan", help="Hanya satu bulan, mis. 2026-11.")
@click.option("--xlsx", type=NewFile(".xlsx"), help="Simpan sebagai Excel.")
@click.option(
    "--docx",
    type=NewFile(".docx"),
    help="Simpan sebagai Word, F4 untuk dicetak.",
)
@click.option(
    "--pdf",
    type=NewFile(".pdf"),
    help="Simpan sebagai PDF, F4 untuk dicetak.",
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
        raise Fault("--bulan ditulis seperti 2026-11.") from error
    wanted, now = book.Filter(month=month), datetime.now(UTC)
    with reading(app.engine) as session:
        work = Work(session, app.settings, now)
        made = _saved(work, wanted, xlsx, docx, pdf)
        for path in made:
            out.print(f"Buku Pengaduan tersimpan di {path}.")
        if made:
            return
        table = Table("Register", "Masuk", "Kanal", "Perihal", "Keadaan", title="Buku Pengaduan")
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
        raise Fault(f"PDF tidak dapat dibuat: {error}.") from error
