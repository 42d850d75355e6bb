"""Keeping: audit, backup, restore, erasure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine, func, select

from pipeline import cases
from pipeline.cases import audit as audits
from pipeline.cases import remains
from pipeline.cases.erasure import NotErasable, checked, erase
from pipeline.cli.base import Fault, Found, counting, main, open_database, out, read_settings, ready_database
from pipeline.data import backup as backups
from pipeline.data import damage
from pipeline.data.damage import is_damage
from pipeline.data.engine import is_made, reading, settle_erased, writing
from pipeline.data.tables import Seal
from pipeline.mail import outbox
from pipeline.office import clock
from pipeline.office.words import word
from pipeline.work import App


@main.command()
@click.pass_context
def audit(context: click.Context) -> None:
    """Periksa riwayat, isi Buku Pengaduan, surat, kiriman, dan segel harian: sama dengan yang tercatat atau tidak."""
    app = ready_database(context)
    count, faults = 0, damage.look(app.engine)
    if faults:  # what cannot be read cannot be compared: each reading would end there
        out.print("\n".join(faults), markup=False)
        raise Found(word("henti.rusak"))
    with reading(app.engine) as session:
        with counting("Memeriksa", audits.audit_size(session)) as tell:
            for name, found in audits.audit(session, app.settings.petugas, tell):
                count += name not in audits.PLACES
                faults += found
        last = session.scalars(select(Seal).order_by(Seal.day.desc()).limit(1)).first()
        sealed = session.scalar(select(func.count()).select_from(Seal))
    for fault in faults:
        out.print(fault, markup=False)
    if faults:
        raise Found(f"{len(faults)} kejanggalan pada {count} pengaduan.")
    out.print(f"Riwayat {count} pengaduan dan semua segel harian utuh.")
    if last is not None:
        out.print(f"{sealed} segel. Segel terakhir, {clock.tanggal(last.day)}: {last.hash}")


@main.command()
@click.argument("berkas", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def backup(context: click.Context, berkas: Path) -> None:
    """Simpan cadangan basis data ke satu berkas, selagi berjalan. Kunci dan kata sandi tidak ikut."""
    engine = open_database(read_settings(context), current=False)  # also before an upgrade: the tables are the old ones
    if not is_made(engine):
        raise Fault("Basis data belum dibuat. Jalankan 'aduan init'.")
    _copying(lambda tell: backups.backup(engine, berkas, tell), f"Cadangan tersimpan di {berkas}.", ours=True)


@main.command()
@click.argument("berkas", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--kirim", is_flag=True, help="Kirim juga surat yang menunggu saat cadangan dibuat (pindah mesin).")
@click.pass_context
def restore(context: click.Context, berkas: Path, kirim: bool) -> None:
    """Pulihkan cadangan ke basis data baru yang kosong."""
    engine = open_database(read_settings(context), current=False)
    done = "Cadangan dipulihkan. Jalankan 'aduan audit'."
    _copying(lambda tell: backups.restore(engine, berkas, tell, hold=not kirim), done)
    witnessed(engine)
    with reading(engine) as session:
        kept = len(outbox.held(session))
    if kept:
        out.print(f"{kept} surat dari masa cadangan ditahan; mungkin sudah terkirim. Lihat 'aduan antrean'.")


@main.command()
@click.option("--kirim", "how", flag_value="kirim", help="Kirim semuanya.")
@click.option("--batal", "how", flag_value="batal", help="Jangan pernah kirim; semuanya sudah terkirim dahulu.")
@click.pass_context
def antrean(context: click.Context, how: str | None) -> None:
    """Tampilkan surat keluar yang ditahan sesudah pemulihan; kirim atau batalkan."""
    app = ready_database(context)
    if how is None:
        _held(app)
        return
    with app.writing() as work:
        count = outbox.let_go(work.session, work.now) if how == "kirim" else outbox.drop_held(work.session)
    out.print(f"{count} surat {'akan dikirim' if how == 'kirim' else 'dibatalkan'}.")


def _held(app: App) -> None:
    """A line for each, without whom it is to or what it says."""
    with app.reading() as work:
        rows = outbox.held(work.session)
    table = Table("Ditulis", "Jenis", "Pengaduan")
    for row in rows:
        table.add_row(clock.waktu(row.date, app.settings.zone), row.name, str(row.complaint_id or "-"))
    out.print(table if rows else "Tidak ada surat yang ditahan.")


def _copying(copy: Any, done: str, *, ours: bool = False) -> None:
    """`ours`: what may be damaged is the office's own database, which is a finding; else it is a wrong file."""
    with Progress(console=out, transient=True) as progress:
        line = progress.add_task("Menyalin", total=None)
        try:
            count = copy(lambda what, amount: progress.update(line, description=f"Menyalin: {what} {amount}"))
        except backups.BackupError as error:
            kind = Found if ours and error.__cause__ and is_damage(error.__cause__) else Fault
            raise kind(str(error)) from error
    out.print(f"{done} {count} baris.")


@main.command()
@click.argument("nomor")
@click.option("--petugas", required=True, help="Kode petugas yang memerintahkan, seperti di config.toml.")
@click.option("--alasan", prompt="Alasan (tanpa nama orang; tersimpan dalam riwayat)")
@click.pass_context
def hapus(context: click.Context, nomor: str, petugas: str, alasan: str) -> None:
    """Hapus data pribadi dari pengaduan yang sudah selesai (UU 27/2022). Tidak dapat dibatalkan."""
    app = ready_database(context)
    person = app.settings.person(petugas)
    if person is None:
        raise Fault(f"'{petugas}' tidak dikenal. Pilihan: {', '.join(p.kode for p in app.settings.petugas)}.")
    with app.reading() as work:
        complaint = cases.by_number(work, nomor)
    if complaint is None:
        raise Fault(f"Tidak ada pengaduan bernomor {nomor}.")
    out.print(
        f"{complaint.number}: nama, kontak, isi, lampiran, surat, dan semua email akan dihapus. Yang tinggal: nomor, "
        "tanggal, keputusan, dan jejak langkah tanpa isinya."
    )
    click.confirm("Lanjutkan?", abort=True)
    with reading(app.engine) as session, counting("Mencari kiriman") as tell:
        items = remains.items_of(session, complaint, tell)
        searched = remains.person_of(session, complaint)
    by = cases.actor_of(person)
    try:
        with app.writing() as work:
            done = erase(work, complaint.id, by, alasan, items)
    except NotErasable as error:
        raise Fault(str(error)) from error
    settle_erased(app.engine)
    with reading(app.engine) as session:
        size = remains.search_size(session)
    with counting("Memeriksa sisa", size) as tell:
        left = remains.search(app.engine, searched, tell)
    with app.writing() as work:
        checked(work, complaint.id, by, left)
    out.print(f"Terhapus: {done.files} berkas dan isi {done.mails} email.")
    _left(left)
    out.print("Cadangan lama, kotak surat, dan folder pindaian tidak ikut terhapus; hapus di sana juga.")
    if done.scan_stays:
        out.print("Kiriman asalnya tetap tersimpan, karena memuat pengaduan lain. Hapus juga yang lain itu bila perlu.")


def _left(left: remains.Remains) -> None:
    """What the search after an erasure found; it stands in the history of the case, too."""
    if left.found:
        out.print("Nama, alamat, telepon, email, atau NIK orang itu masih ada pada:")
    else:
        out.print("Seluruh basis data diperiksa: nama, alamat, telepon, email, dan NIK orang itu tidak ditemukan lagi.")
    for line in left.lines():
        out.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if left.unread:
        out.print(f"{left.unread} gambar dan PDF dari pengaduan lain tidak dibaca isinya.")


def witnessed(engine: Engine) -> None:
    """Cases of an earlier version are witnessed from now on (`aduan audit`)."""
    begun = 1
    while begun:
        with writing(engine) as session:
            begun = cases.begin_all(session)
