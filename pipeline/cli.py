"""The `aduan` command. Operating commands are English verbs, domain commands the office's words.

It only reads arguments, calls the modules below and prints; every known error ends with one clear sentence in
Bahasa Indonesia and an exit code: 1 something was found, 2 the configuration or the arguments are wrong.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import waitress
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Column, Table
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from pipeline import backup as backups
from pipeline import browsers, cases, clock, db, files, health, importer, intake, register
from pipeline import reconcile as reconciliation
from pipeline.cases import Work
from pipeline.config import SAMPLE, TEMPLATES, ConfigError, Settings, load
from pipeline.db import Seal, reading, writing
from pipeline.letters.fields import TemplateError
from pipeline.mail import oauth as consent
from pipeline.mail.mailbox import MailboxDown
from pipeline.poller import App, Lanes, settled, tick
from pipeline.slips import layout, worker
from pipeline.sop import COUNTER_FIELDS, Action, Channel, Role
from pipeline.web.app import create_app

out = Console(highlight=False, soft_wrap=True)
MARKS = {"baik": "[green]baik [/]", "hati": "[yellow]lihat[/]", "buruk": "[red]salah[/]"}


class Fault(click.ClickException):
    """A known error in the configuration or the arguments: one sentence that says what to do."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(self.message, err=True)


class Found(Fault):
    """The command worked and found something that is not right."""

    exit_code = 1


def _settings(context: click.Context) -> Settings:
    path: Path = context.find_root().params["config"]
    try:
        return load(path)
    except ConfigError as error:
        raise Fault(str(error)) from error


def _engine(settings: Settings, *, current: bool = True) -> Engine:
    """The database; a Fault when it cannot be reached or, with `current`, is not at the newest revision."""
    try:
        engine = db.connect(settings.database.url, settings.folder)
        if current and not db.is_current(engine):
            raise Fault("Basis data belum dibuat atau versinya lama. Jalankan 'aduan init'.")
    except SQLAlchemyError as error:
        raise Fault(f"Basis data tidak dapat dibuka: {error.__class__.__name__}. Periksa [database] url.") from error
    return engine


def _ready(context: click.Context) -> App:
    """Settings, database and key; a Fault when one of them is missing."""
    settings = _settings(context)
    try:
        settings.key  # noqa: B018 - read now, so that a missing key is told before any work
    except (ConfigError, ValueError) as error:
        raise Fault(str(error)) from error
    return settled(App(settings, _engine(settings)))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config.toml"),
    show_default=True,
    help="Berkas pengaturan.",
)
@click.version_option(package_name="aduan")
def main(config: Path) -> None:
    """aduan: pengaduan masyarakat ditangani lewat email dan Word, menurut SOP."""
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


# ---- operating -----------------------------------------------------------------------------------------------


@main.command()
@click.pass_context
def init(context: click.Context) -> None:
    """Buat config.toml, kunci, dan basis data; setelah pembaruan program, perbarui basis data."""
    path: Path = context.find_root().params["config"]
    if path.exists():
        out.print(f"{path} sudah ada; tidak diubah.")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SAMPLE, path)
        out.print(f"{path} dibuat. Sunting isinya: instansi, petugas, imap, smtp, web.")
    folder = path.parent / "rahasia"
    folder.mkdir(mode=0o700, exist_ok=True)
    if not (folder / "key").exists() and not os.environ.get("ADUAN_KEY"):
        _write_secret(folder / "key", secrets.token_hex(32))
        out.print(f"{folder / 'key'} dibuat. Simpan salinannya terpisah dari cadangan basis data.")
    settings = _settings(context)
    try:
        db.migrate(_engine(settings, current=False))
    except SQLAlchemyError as error:
        raise Fault(f"Basis data tidak dapat dibuat: {error}") from error
    out.print("Basis data siap. Langkah berikutnya:")
    out.print(f"  1. Tulis kata sandi ke {folder / 'imap_password'} dan {folder / 'smtp_password'} (chmod 600).")
    out.print("  2. aduan check")
    out.print("  3. aduan serve")


def _write_secret(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")


@main.command()
@click.option(
    "--contoh",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Surat dari kantor seperti diterima di luar (.eml): periksa SPF, DKIM, dan DMARC.",
)
@click.pass_context
def check(context: click.Context, contoh: Path | None) -> None:
    """Periksa pengaturan, basis data, IMAP, SMTP, templat, dan program lain."""
    settings = _settings(context)
    if contoh is not None:
        _show(health.received(settings, contoh.read_bytes()))
        return
    out.print(f"{MARKS['baik']} pengaturan: {context.find_root().params['config']}")
    _show(health.look(settings, _engine(settings, current=False)))


def _show(findings: Iterable[health.Finding]) -> None:
    """A line for each; exit 1 if something does not work."""
    worst = False
    for finding in findings:
        out.print(f"{MARKS[finding.level]} {finding.part}:", end=" ")
        out.print(finding.text, markup=False)
        worst |= finding.level == "buruk"
    if worst:
        raise SystemExit(1)


@main.command()
@click.argument("user", required=False)
@click.pass_context
def oauth(context: click.Context, user: str | None) -> None:
    """Minta izin OAuth untuk satu akun dari [[oauth]], lewat peramban, dan simpan izinnya."""
    settings = _settings(context)
    known = [account.user for account in settings.oauth]
    account = settings.oauth_of(user or (known[0] if len(known) == 1 else ""))
    if account is None:
        raise Fault(f"Akun mana? Pilihan: {', '.join(known)}." if known else "config.toml belum memuat [[oauth]].")

    def tell(url: str) -> None:
        out.print(f"Buka alamat ini di peramban dan masuklah sebagai {account.user}:\n")
        out.print(url, markup=False, end="\n\n")
        out.print("Menunggu izin. Bila peramban ada di komputer lain, halaman terakhirnya tidak akan terbuka:")
        out.print("salin seluruh alamatnya (http://localhost:…) dari bilah alamat, tempel di sini, tekan Enter.")

    try:
        consent.ask(settings, account, tell, sys.stdin)
    except consent.OAuthError as error:
        raise Found(f"Gagal: {error}.") from error
    out.print(f"Izin tersimpan di {settings.path(account.token_file)}. Langkah berikutnya: aduan check")


@main.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """Jalankan semuanya: ambil surat, kirim surat, layani halaman, sampai dihentikan."""
    app = _ready(context)
    try:
        health.letter_template(app.settings)
    except TemplateError as error:
        raise Fault(f"Templat surat rusak; perbaiki dahulu.\n{error}") from error
    lanes = Lanes(app)
    site = create_app(app.settings, app.engine, app.clock, lanes.wake)
    server = waitress.create_server(site, host=app.settings.web.host, port=app.settings.web.port, ident="aduan")
    thread = threading.Thread(target=server.run, name="halaman", daemon=True)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    lanes.start()
    thread.start()
    out.print(
        f"aduan berjalan: http://{app.settings.web.host}:{server.effective_port}, "
        f"surat diambil tiap {app.settings.imap.every_seconds} detik. Berhenti: Ctrl+C"
    )
    stopping.wait()
    out.print("Menghentikan; menyelesaikan pekerjaan yang sedang berjalan ...")
    server.close()
    lanes.stop()


@main.command()
@click.option("--once", is_flag=True, required=True, help="Satu putaran, lalu selesai.")
@click.pass_context
def poll(context: click.Context, once: bool) -> None:
    """Jalankan satu putaran tanpa melayani halaman, dan tampilkan hasilnya."""
    done = tick(_ready(context))
    table = Table("Yang dikerjakan", "Jumlah")
    for name, count in done.items():
        table.add_row(name.replace("_", " "), str(count))
    out.print(table)
    if any(name.startswith("gagal_") and name != "gagal_kirim" for name in done):
        out.print("Ada jalur yang gagal. Jalankan 'aduan check'.")
        raise SystemExit(1)


@main.command()
@click.pass_context
def held(context: click.Context) -> None:
    """Daftar kiriman yang ditahan karena tidak dapat dibaca."""
    app = _ready(context)
    table = Table("Nomor", "Diterima", "Dari", "Sebab")
    with reading(app.engine) as session:
        rows = cases.held_items(session)
    for item in rows:
        when = clock.waktu(item.received_at, app.settings.zone)
        table.add_row(str(item.id), when, "pemindai" if item.source == "scan" else "email", item.reason)
    out.print(table if rows else "Tidak ada kiriman yang ditahan.")


@main.command()
@click.argument("nomor", type=int)
@click.pass_context
def release(context: click.Context, nomor: int) -> None:
    """Coba lagi membaca satu kiriman yang ditahan."""
    app = _ready(context)
    try:
        state = intake.release(app.engine, app.settings, nomor, app.clock)
    except KeyError as error:
        raise Fault(f"Tidak ada kiriman tertahan nomor {nomor}. Lihat 'aduan held'.") from error
    except intake.HeadOnly as error:
        raise Fault(f"Kiriman {nomor}: {error}") from error
    if state == "held":
        raise Found(f"Kiriman {nomor} tetap belum dapat dibaca; aslinya tersimpan.")
    out.print(f"Kiriman {nomor} sudah terbaca.")


@main.command()
@click.pass_context
def reconcile(context: click.Context) -> None:
    """Bandingkan kotak surat, catatan kiriman, dan Buku Pengaduan; sebutkan yang tidak cocok."""
    app = _ready(context)
    try:
        found = reconciliation.look(app.engine, app.settings, app.clock())
    except MailboxDown as error:
        raise Fault(f"Kotak surat tidak dapat dibuka: {error}") from error
    except reconciliation.BusyError as error:
        raise Fault("Surat sedang diambil oleh proses lain. Coba lagi sebentar lagi.") from error
    if not found:
        out.print("Kotak surat, catatan kiriman, dan Buku Pengaduan cocok.")
        return
    table = Table("Tempat", "Tiba", "Dari", "Perihal", "Yang perlu dilakukan")
    for one in found:
        table.add_row(one.place, clock.waktu(one.at, app.settings.zone), one.sender, one.subject, one.advice)
    out.print(table)
    raise Found(f"{len(found)} surat tidak cocok.")


@main.command("import")
@click.argument("sumber", type=click.Path(path_type=Path, exists=True))
@click.option("--sejak", help="Hanya surat sejak tanggal ini, mis. 2026-11-01.")
@click.option("--yes", is_flag=True, help="Jangan bertanya dahulu.")
@click.pass_context
def import_(context: click.Context, sumber: Path, sejak: str | None, yes: bool) -> None:
    """Ambil surat dari berkas mbox, folder Maildir, atau berkas .eml. Boleh diulang: yang sudah ada dilewati."""
    app = _ready(context)
    try:
        since = datetime.combine(date.fromisoformat(sejak), datetime.min.time(), app.settings.zone) if sejak else None
    except ValueError as error:
        raise Fault("--sejak ditulis seperti 2026-11-01.") from error
    with _counting("Memeriksa surat") as tell:
        found = importer.survey(app.engine, sumber, since, tell)
    out.print(f"{found.new} surat baru, {found.known} sudah ada, {found.older} lebih lama dari tanggal itu.")
    if not found.new:
        _not_taken(found)
        return
    if found.left:
        out.print(f"{len(found.left)} berkas tidak akan diambil; disebut satu per satu di akhir.")
    if not yes:
        out.print("Surat yang berupa pengaduan dicatat, pengirimnya mendapat tanda terima, dan JFU mendapat tugas.")
        click.confirm("Lanjutkan?", abort=True)
    try:
        with _counting("Mengambil surat", found.new + found.known + found.older) as tell:
            done = importer.run(app.engine, app.settings, sumber, since, app.clock, tell)
    except importer.BusyError as error:
        raise Fault("Surat sedang diambil oleh proses lain. Coba lagi sebentar lagi.") from error
    out.print(f"Selesai: {done.new} surat diambil, {done.held} di antaranya ditahan ('aduan held').")
    _not_taken(done)


def _not_taken(count: importer.Count) -> None:
    if count.left:
        out.print(f"{len(count.left)} tidak diambil:")
    for one in count.left:
        out.print(f"  {one.place}: {one.why}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _counting(words: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar; what is yielded takes how many more are done."""
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=out, transient=True) as progress:
        line = progress.add_task(words, total=total)
        yield lambda count: progress.advance(line, count)


@main.command()
@click.pass_context
def audit(context: click.Context) -> None:
    """Periksa rantai riwayat semua pengaduan dan segel harian."""
    app = _ready(context)
    count, faults = 0, []
    with reading(app.engine) as session:
        for name, found in cases.audit(session):
            count += name != "segel"
            faults += found
        last = session.scalars(select(Seal).order_by(Seal.day.desc()).limit(1)).first()
    for fault in faults:
        out.print(fault, markup=False)
    if faults:
        raise Found(f"{len(faults)} kejanggalan pada {count} pengaduan.")
    out.print(f"Riwayat {count} pengaduan dan semua segel harian utuh.")
    if last is not None:
        out.print(f"Segel terakhir, {clock.tanggal(last.day)}: {last.hash}")


@main.command()
@click.argument("berkas", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def backup(context: click.Context, berkas: Path) -> None:
    """Simpan cadangan basis data ke satu berkas, selagi berjalan. Kunci dan kata sandi tidak ikut."""
    app = _ready(context)
    _copying(lambda tell: backups.backup(app.engine, berkas, tell), f"Cadangan tersimpan di {berkas}.")


@main.command()
@click.argument("berkas", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def restore(context: click.Context, berkas: Path) -> None:
    """Pulihkan cadangan ke basis data baru yang kosong."""
    engine = _engine(_settings(context), current=False)
    _copying(lambda tell: backups.restore(engine, berkas, tell), "Cadangan dipulihkan. Jalankan 'aduan audit'.")


def _copying(copy: Any, done: str) -> None:
    with Progress(console=out, transient=True) as progress:
        line = progress.add_task("Menyalin", total=None)
        try:
            count = copy(lambda table, rows: progress.update(line, description=f"Menyalin {table}: {rows}"))
        except backups.BackupError as error:
            raise Fault(str(error)) from error
    out.print(f"{done} {count} baris.")


@main.command()
@click.option("--auto", is_flag=True, help="Perankan semua orang sendiri, lalu selesai.")
@click.option("--port", type=int, default=8765, show_default=True, help="Port halaman.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"), show_default=True)
def demo(auto: bool, port: int, folder: Path) -> None:
    """Coba seluruh SOP di komputer ini, dengan orang dan surat rekaan; tidak ada yang terkirim ke luar."""
    from pipeline.demo import show  # its servers take 5 MiB, which no other command needs

    try:
        show.alone(out, folder) if auto else show.playground(out, folder, port)
    except show.PlayError as error:
        raise Found(f"Gagal: {error}") from error
    except OSError as error:
        raise Fault(f"Port {port} sedang dipakai. Coba: aduan demo --port {port + 1} ({error})") from error


@main.command()
@click.argument("nomor")
@click.option("--petugas", required=True, help="Kode petugas yang memerintahkan, seperti di config.toml.")
@click.option("--alasan", prompt="Alasan (tanpa nama orang; tersimpan dalam riwayat)")
@click.pass_context
def hapus(context: click.Context, nomor: str, petugas: str, alasan: str) -> None:
    """Hapus data pribadi dari pengaduan yang sudah selesai (UU 27/2022). Tidak dapat dibatalkan."""
    app = _ready(context)
    person = app.settings.person(petugas)
    if person is None:
        raise Fault(f"'{petugas}' tidak dikenal. Pilihan: {', '.join(p.kode for p in app.settings.petugas)}.")
    with reading(app.engine) as session:
        complaint = cases.by_number(Work(session, app.settings, app.clock()), nomor)
    if complaint is None:
        raise Fault(f"Tidak ada pengaduan bernomor {nomor}.")
    out.print(
        f"{complaint.number}: nama, kontak, isi, lampiran, surat, dan semua email akan dihapus. Yang tinggal: nomor, "
        "tanggal, keputusan, dan jejak langkah tanpa isinya."
    )
    click.confirm("Lanjutkan?", abort=True)
    try:
        with writing(app.engine) as session:
            work = Work(session, app.settings, app.clock())
            done = cases.erase(work, complaint.id, cases.actor_of(person), alasan)
    except cases.NotErasable as error:
        raise Fault(str(error)) from error
    db.settle_erased(app.engine)
    out.print(f"Terhapus: {done.files} berkas dan isi {done.mails} email.")
    out.print("Cadangan lama, kotak surat, dan folder pindaian tidak ikut terhapus; hapus di sana juga.")
    if done.scan_stays:
        out.print("Kiriman asalnya tetap tersimpan, karena memuat pengaduan lain. Hapus juga yang lain itu bila perlu.")


# ---- the office's words --------------------------------------------------------------------------------------


@main.command()
@click.option("--petugas", required=True, help="Kode JFU yang mencatat, seperti di config.toml.")
@click.option(
    "--kanal", type=click.Choice([str(Channel.LANGSUNG), str(Channel.TELEPON), str(Channel.SURAT)]), required=True
)
@click.option("--perihal", prompt=True)
@click.option("--isi", prompt="Isi pengaduan")
@click.option("--nama", prompt="Nama (boleh kosong)", default="", show_default=False)
@click.option("--alamat", prompt="Alamat (boleh kosong)", default="", show_default=False)
@click.option("--telepon", prompt="Telepon (boleh kosong)", default="", show_default=False)
@click.option("--email", prompt="Email (boleh kosong)", default="", show_default=False)
@click.option("--rahasia", is_flag=True, help="Rahasiakan identitas pengadu.")
@click.pass_context
def catat(context: click.Context, /, petugas: str, **fields: Any) -> None:
    """Catat pengaduan yang datang langsung, lewat telepon, atau lewat surat."""
    app = _ready(context)
    person = app.settings.person(petugas)
    if person is None or Role.JFU not in person.peran:
        known = ", ".join(p.kode for p in app.settings.holders(Role.JFU))
        raise Fault(f"'{petugas}' bukan JFU. Pilihan: {known}.")
    values = {name: [str(value)] for name, value in fields.items() if value}
    try:
        form = cases.read_fields(app.settings, COUNTER_FIELDS, "catat", values, {}, Action("catat"))
    except cases.Invalid as error:
        raise Fault("\n".join(f"{name}: {text}" for name, text in error.errors.items())) from error
    with writing(app.engine) as session:
        complaint = cases.record_at_counter(Work(session, app.settings, app.clock()), person, form)
    url = f"{app.settings.web.base_url}/s/{complaint.status_code}"
    out.print(f"Tercatat: {complaint.number}. Sekretaris menerima tugasnya lewat email.")
    out.print(f"Untuk pengadu: {url}")


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
@click.option("--akhiri", type=int, help="Nomor penggantian yang diakhiri sekarang.")
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
    app = _ready(context)
    with writing(app.engine) as session:
        work = Work(session, app.settings, app.clock())
        if akhiri is not None:
            try:
                cases.end_delegation(work, akhiri)
            except KeyError as error:
                raise Fault(f"Tidak ada penggantian nomor {akhiri}. Lihat 'aduan delegasi'.") from error
        elif dari or kepada or sampai:
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
@click.option("--tahun", type=click.IntRange(2000, 2100), help="Tahun yang ditampilkan; bila kosong, tahun ini.")
@click.option("--libur", help="Tambah satu hari libur atau cuti bersama, mis. 2026-12-24.")
@click.option("--nama", default="Libur", show_default=True, help="Nama hari libur itu.")
@click.option("--hapus", help="Hapus hari libur yang pernah ditambah, mis. 2026-12-24.")
@click.pass_context
def kalender(context: click.Context, tahun: int | None, libur: str | None, nama: str, hapus: str | None) -> None:
    """Hari kerja kantor dalam setahun; tambah libur, dan batas waktu tugas yang terbuka dihitung ulang."""
    app = _ready(context)
    try:
        added, struck = (date.fromisoformat(text) if text else None for text in (libur, hapus))
    except ValueError as error:
        raise Fault("Tanggal ditulis seperti 2026-12-24.") from error
    with writing(app.engine) as session:
        work = Work(session, app.settings, app.clock())
        if added:
            moved = cases.add_holiday(work, added, nama)
            out.print(f"{clock.tanggal(added)} libur: {nama}. {moved} batas waktu dihitung ulang.")
        if struck:
            try:
                moved = cases.strike_holiday(work, struck)
            except KeyError as error:
                raise Fault(f"{clock.tanggal(struck)} bukan libur yang pernah ditambah di sini.") from error
            out.print(f"{clock.tanggal(struck)} tidak libur lagi. {moved} batas waktu dihitung ulang.")
        hours = Work(session, app.settings, app.clock()).settings.hours
    year = tahun or app.clock().astimezone(app.settings.zone).year
    out.print(_year(year, hours))


def _year(year: int, hours: clock.OfficeHours) -> Table:
    """A line for each month: how many office days it has, and which weekdays are free and why."""
    table = Table("Bulan", "Hari kerja", "Libur pada hari biasa", title=f"Kalender kantor {year}")
    for month, name in enumerate(clock.MONTHS, 1):
        first = date(year, month, 1)
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        free = [(day, hours.holiday_name(day)) for day in days if day.weekday() in hours.season(day)]
        closed = "\n".join(f"{clock.tanggal_pendek(day)} {why}" for day, why in free if why)
        fasting = " (Ramadan)" if any(hours.in_ramadan(day) for day in days) else ""
        table.add_row(f"{name}{fasting}", str(len(hours.workdays(first, last))), closed)
    return table


@main.command()
@click.option("--cabut", type=int, help="Nomor peramban yang tidak lagi dikenal.")
@click.option("--orang", help="Kode petugas yang semua perambannya tidak lagi dikenal.")
@click.pass_context
def peramban(context: click.Context, cabut: int | None, orang: str | None) -> None:
    """Peramban yang dikenal tanpa kode: tampilkan, atau cabut (telepon hilang, petugas pindah)."""
    app = _ready(context)
    with writing(app.engine) as session:
        now = app.clock()
        if cabut is not None or orang:
            gone = browsers.revoke(session, now, browser_id=cabut, person=orang or "")
            if not gone:
                raise Fault("Tidak ada peramban seperti itu. Lihat 'aduan peramban'.")
            out.print(f"{gone} peramban dicabut; tindakan berikutnya dari sana meminta kode lagi.")
        rows = browsers.listed(session, now)
    table = Table("Nomor", "Petugas", "Alat", "Dikenal sejak", "Sampai")
    for row in rows:
        since, until = (clock.waktu(at, app.settings.zone) for at in (row.created_at, row.expires_at))
        table.add_row(str(row.id), row.person, row.agent or "-", since, until)
    out.print(table if rows else "Belum ada peramban yang dikenal.")


def _delegate(work: Work, away: str, acting: str, form: str, first: str | None, last: str | None) -> None:
    today = work.now.astimezone(work.settings.zone).date()
    try:
        begin, end = date.fromisoformat(first) if first else today, date.fromisoformat(last or "")
    except ValueError as error:
        raise Fault("--mulai dan --sampai ditulis seperti 2026-12-01; --sampai wajib diisi.") from error
    try:
        cases.delegate(work, away, acting, form, begin, end, cases.SYSTEM)
    except cases.Invalid as error:
        raise Fault("\n".join(f"--{name}: {text}" for name, text in error.errors.items())) from error


@main.group()
def surat() -> None:
    """Surat jawaban: templat kantor."""


@surat.command("check")
@click.argument("berkas", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def check_letter(context: click.Context, berkas: Path) -> None:
    """Periksa templat surat BERKAS: isian, perintah, dan semua ragam surat dengan data contoh."""
    path: Path = context.find_root().params["config"]
    settings = _settings(context) if path.exists() else load(SAMPLE)
    try:
        health.letter_template(settings, berkas.read_bytes())
    except TemplateError as error:
        raise Found(str(error)) from error
    out.print(f"{berkas.name}: baik. Semua isian dikenal, dan setiap ragam surat dapat dibuat.")


@main.command()
@click.option("--bulan", help="Hanya satu bulan, mis. 2026-11.")
@click.option("--xlsx", type=click.Path(path_type=Path, dir_okay=False), help="Simpan sebagai Excel.")
@click.pass_context
def buku(context: click.Context, bulan: str | None, xlsx: Path | None) -> None:
    """Tampilkan Buku Pengaduan, atau simpan sebagai Excel."""
    app = _ready(context)
    try:
        month = date.fromisoformat(f"{bulan}-01") if bulan else None
    except ValueError as error:
        raise Fault("--bulan ditulis seperti 2026-11.") from error
    wanted, now = register.Filter(month=month), datetime.now(UTC)
    with reading(app.engine) as session:
        if xlsx:
            xlsx.write_bytes(register.xlsx(session, app.settings, wanted, now))
            out.print(f"Buku Pengaduan tersimpan di {xlsx}.")
            return
        table = Table("Register", "Masuk", "Kanal", "Perihal", "Keadaan", title="Buku Pengaduan")
        for row in register.rows(session, app.settings, wanted, now, oldest_first=True):
            cells = row.cells
            table.add_row(cells["register"], cells["masuk"], cells["kanal"], row.complaint.perihal, row.state)
    out.print(table)


@main.group()
def slip() -> None:
    """Slip kotak pengaduan: mencetak, memeriksa formulir, dan tata letaknya."""


@slip.command("cetak")
@click.option("--jumlah", type=click.IntRange(1, 5000), required=True, help="Banyaknya slip; dua pada satu lembar A4.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Tempat hasilnya.")
@click.pass_context
def slip_cetak(context: click.Context, jumlah: int, folder: Path) -> None:
    """Buat slip siap cetak sebagai PDF dan DOCX; tiap slip bernomor sendiri."""
    from pipeline.slips import form  # what draws takes 2 MiB, which a running office does without
    from pipeline.slips import word as word_form

    settings = _settings(context)
    serials = [layout.new_serial() for _ in range(jumlah + jumlah % 2)]  # a sheet has two
    own = settings.path("slips/slip.docx")
    source = own if own.is_file() else TEMPLATES / "slips" / "slip.docx"
    try:
        document = word_form.fill(source.read_bytes(), settings, serials)
        pdf = files.to_pdf(document, timeout=600) if source == own else form.pdf(settings, serials)
    except word_form.NotAForm as error:
        raise Fault(f"Gambar kode QR di {source} hilang. Mulailah lagi dari formulir bawaan.") from error
    except files.FileError as error:
        raise Fault(f"PDF dari {source} tidak dapat dibuat: {error}.") from error
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"slip-{datetime.now(settings.zone):%Y%m%d-%H%M%S}"
    for suffix, content in ((".pdf", pdf), (".docx", document)):
        (folder / f"{stem}{suffix}").write_bytes(content)
        out.print(f"{folder / stem}{suffix}", markup=False)
    out.print(
        f"{len(serials)} slip pada {len(serials) // 2} lembar A4. "
        "Cetak pada ukuran sebenarnya (100%); tiap slip bernomor sendiri, jadi jangan difotokopi."
    )


@slip.command("layout")
@click.option(
    "--gambar", type=click.Path(path_type=Path, dir_okay=False), help="Simpan gambar slip kosong ke berkas ini."
)
@click.option("--serial", help="Nomor slip, 16 huruf; bila tidak ditulis, nomor baru.")
@click.pass_context
def slip_layout(context: click.Context, gambar: Path | None, serial: str | None) -> None:
    """Cetak tata letak slip sebagai JSON (mm), dengan gambar slip kosong."""
    from pipeline.slips import form

    if serial and not layout.is_serial(serial):
        raise Fault("--serial terdiri dari 16 huruf a-z atau angka 2-7.")
    settings = _settings(context) if context.find_root().params["config"].exists() else load(SAMPLE)
    described = form.describe(settings, serial or layout.new_serial())
    if gambar:
        gambar.write_bytes(base64.b64decode(described["image"].pop("base64")))
        described["image"]["file"] = str(gambar)
    click.echo(json.dumps(described, ensure_ascii=False, indent=2))


@slip.command("pemisah")
@click.argument("berkas", type=click.Path(path_type=Path, dir_okay=False))
def slip_pemisah(berkas: Path) -> None:
    """Buat lembar pemisah (PDF): halaman surat di antara dua lembar ini menjadi satu surat."""
    from pipeline.slips import form

    berkas.write_bytes(form.separator())
    out.print(f"{berkas}", markup=False)


@slip.command("check")
@click.argument("berkas", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def slip_check(berkas: Path) -> None:
    """Periksa formulir yang disunting kantor (DOCX, PDF, atau gambar): tanda, kode QR, dan kotaknya masih terbaca?

    Memerlukan pembaca slip (pip install 'aduan[ocr]'), dan LibreOffice untuk berkas Word.
    """
    try:
        faults = worker.proof(berkas.read_bytes())
    except (worker.NoReader, files.FileError) as error:
        raise Fault(str(error)) from error
    for fault in faults:
        out.print(fault, markup=False)
    if faults:
        raise Found(f"{len(faults)} hal perlu diperbaiki sebelum dicetak.")
    out.print("Baik: tanda, kode QR, dan semua kotak terbaca.")


if __name__ == "__main__":
    sys.exit(main())
