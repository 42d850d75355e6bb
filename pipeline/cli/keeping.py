"""Keeping: audit, backup, restore, the drill, erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DatabaseError

from pipeline import cases
from pipeline.cases import audit as audits
from pipeline.cases import remains
from pipeline.cases.erasure import NotErasable, checked, erase
from pipeline.cli.base import (
    Fault,
    Found,
    beats,
    counting,
    main,
    open_database,
    out,
    read_settings,
    ready_database,
    write_secret,
)
from pipeline.cli.storage import bring_home
from pipeline.data import backup as backups
from pipeline.data import backup_contents, backup_folder, damage, recipients, storage
from pipeline.data import restore as restoring
from pipeline.data.damage import is_damage
from pipeline.data.engine import is_made, lease, let_others_write, reading, settle_erased, writing
from pipeline.data.places import PlaceError
from pipeline.data.tables import Seal
from pipeline.mail import outbox
from pipeline.office import clock
from pipeline.office.config import Settings
from pipeline.office.config_errors import text_of
from pipeline.office.messages import family, say
from pipeline.office.words import word
from pipeline.running import drill
from pipeline.work import App

T = TypeVar("T")


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
        raise Found(say("riwayat.kejanggalan", jumlah=len(faults), pengaduan=count))
    out.print(say("riwayat.utuh", pengaduan=count))
    if last is not None:
        out.print(
            say("riwayat.segel", jumlah=sealed, tanggal=clock.tanggal(last.day), segel=last.hash)
        )


@main.command()
@click.argument("berkas", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def backup(context: click.Context, berkas: Path | None) -> None:
    """Simpan cadangan selagi berjalan: ke folder [cadangan], yang baru saja isinya, atau seluruhnya ke BERKAS."""
    settings = read_settings(context)
    engine = open_database(
        settings, current=False
    )  # also before an upgrade: the tables are the old ones
    if not is_made(engine):
        raise Fault(say("basis_data.belum_dibuat"))
    to, whose = backup_recipients(settings), settings.office_name
    folder = settings.path(settings.cadangan.folder)
    if berkas is not None and berkas.resolve() != folder:
        rows = _copying(lambda tell: backups.backup(engine, berkas, tell, to, whose), ours=True)
        made = backup_folder.Made(berkas, rows, berkas.stat().st_size)
    else:
        conf, now = settings.cadangan, datetime.now(settings.zone)
        plan = backup_folder.Plan(to, conf.simpan, conf.penuh_hari, whose)
        made = _copying(lambda tell: backup_folder.make(engine, folder, now, plan, tell), ours=True)
    out.print(
        word("cadangan.tersimpan", berkas=made.path, banyak=made.rows, mb=made.size // backups.MIB),
        markup=False,
    )


def backup_recipients(settings: Settings) -> list[str]:
    """For whom backups are encrypted; none, and they are plain. This machine has a key of its own among them, made when
    there is none yet: with it the drill can open them, and only here."""
    if not settings.cadangan.penerima:
        return []
    if not settings.find_secret(drill.SECRET):
        file = settings.folder / "rahasia" / drill.SECRET
        file.parent.mkdir(mode=0o700, exist_ok=True)
        write_secret(file, recipients.new_identity())
        out.print(word("cadangan.kunci_latihan", berkas=file), markup=False)
    own = [recipients.public_of(one) for one in _own_keys(settings)]
    return [*settings.cadangan.penerima, *own]


def _own_keys(settings: Settings) -> list[str]:
    try:
        return drill.keys(settings)
    except recipients.RecipientError as error:
        raise Fault(str(error)) from error


@main.command()
@click.argument("sumber", required=False, type=click.Path(path_type=Path))
@click.option(
    "--kirim",
    is_flag=True,
    help=say("bantuan.restore.kirim"),
)
@click.option(
    "--kunci",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=say("bantuan.restore.kunci"),
)
@click.option("--ganti", is_flag=True, help=say("bantuan.restore.ganti"))
@click.option("--kantor-lain", is_flag=True, help=say("bantuan.restore.kantor_lain"))
@click.option("--ya", is_flag=True, help=say("bantuan.restore.ya"))
@click.pass_context
def restore(
    context: click.Context,
    sumber: Path | None,
    kirim: bool,
    kunci: Path | None,
    ganti: bool,
    kantor_lain: bool,
    ya: bool,
) -> None:
    """Pulihkan SUMBER (berkas, atau yang terbaru di folder; bawaannya folder [cadangan]) setelah memeriksanya."""
    settings = read_settings(context)
    engine = open_database(settings, current=False)
    path = _chosen(settings, sumber)
    opening = _opening(settings, kunci)

    with lease(engine, "serve") as mine:
        if not mine or beats(settings):
            raise Fault(word("cadangan.jalan"))
        standing = _standing(engine)
        if standing and not ganti:
            raise Fault(word("cadangan.tak_kosong", **standing))

        def fill(line: _Line) -> int:
            def before(contents: backup_contents.Contents) -> None:
                line.pause()
                _announce(path, contents, engine, standing, ask=not ya)

            office = "" if kantor_lain else settings.office_name
            wish = restoring.RestoreWish(not kirim, ganti, opening, settings.folder, office, before)
            return restoring.restore(engine, path, line, wish)

        rows = _copying(fill)
    out.print(word("cadangan.selesai", banyak=rows))
    bring_home(engine)
    witnessed(engine)
    with reading(engine) as session:
        kept = len(outbox.held(session))
    if kept:
        out.print(say("antrean.ditahan", jumlah=kept))


def _opening(settings: Settings, file: Path | None) -> list[str]:
    """The machine's own keys, and those of the file: with one at hand a broken one of the machine's stops nothing."""
    if file is None:
        return _own_keys(settings)
    try:
        given = recipients.identities(text_of(file))
    except recipients.RecipientError as error:
        raise Fault(f"{file}: {error}") from error
    with suppress(recipients.RecipientError):
        given += drill.keys(settings)
    return given


def _chosen(settings: Settings, source: Path | None) -> Path:
    """The backup that is meant: the file, or the newest one of a folder."""
    folder = source or settings.path(settings.cadangan.folder)
    if source is not None and not source.is_dir():
        return source
    now = datetime.now(settings.zone)
    found = backup_folder.backups(folder, now) or backup_folder.backups(folder.parent, now)
    inside = [one for one in found if folder in one.parents]
    if not inside:
        raise Fault(word("cadangan.tiada", folder=folder))
    return inside[0]


def _standing(engine: Engine) -> dict[str, object] | None:
    """What is in the database now; None where it is empty. No number of what cannot be read."""
    if not restoring.holds(engine):
        return None
    try:
        with engine.execution_options(aduan_reading=True).connect() as connection:
            count = connection.scalar(text("SELECT count(*) FROM complaint"))
            last = connection.scalar(text("SELECT max(at) FROM event"))
    except DatabaseError:
        return {"banyak": "?", "terakhir": "?"}
    return {"banyak": count, "terakhir": str(last or "-")[:16]}


def _announce(
    path: Path,
    contents: backup_contents.Contents,
    engine: Engine,
    standing: dict[str, object] | None,
    *,
    ask: bool,
) -> None:
    """What the backup holds, and what it is going to replace; asked where something is."""
    last = contents.last or "-"
    out.print(
        word("cadangan.isi", berkas=path, banyak=contents.complaints, terakhir=last), markup=False
    )
    if standing is None:
        return
    out.print(word("cadangan.diganti", **standing), markup=False)
    if engine.dialect.name == "sqlite":
        aside = restoring.laid_aside(Path(engine.url.database or ""))
        out.print(word("cadangan.disisihkan", berkas=aside), markup=False)
    if ask:
        click.confirm("Lanjutkan?", abort=True)


@main.command()
@click.pass_context
def latihan(context: click.Context) -> None:
    """Pulihkan cadangan terbaru ke basis data percobaan, periksa, bandingkan, dan beri tahu petugas TI."""
    app = ready_database(context)
    with _progress() as tell:
        outcome = drill.rehearse(app, tell)
    drill.tell(app, outcome)
    if outcome.faults:
        raise Found(word("latihan.gagal", sebab="; ".join(outcome.faults)))
    said = word(
        "latihan.baik", berkas=outcome.path, pengaduan=outcome.complaints, baris=outcome.rows
    )
    out.print(said, markup=False)


@main.command()
@click.option("--kirim", "how", flag_value="kirim", help=say("bantuan.antrean.kirim"))
@click.option(
    "--batal",
    "how",
    flag_value="batal",
    help=say("bantuan.antrean.batal"),
)
@click.pass_context
def antrean(context: click.Context, how: str | None) -> None:
    """Tampilkan email keluar yang ditahan sesudah pemulihan; kirim atau batalkan."""
    app = ready_database(context)
    if how is None:
        _held(app)
        return
    with app.writing() as work:
        count = (
            outbox.let_go(work.session, work.now)
            if how == "kirim"
            else outbox.drop_held(work.session)
        )
    out.print(say("antrean.dikirim" if how == "kirim" else "antrean.dibatalkan", jumlah=count))


def _held(app: App) -> None:
    """A line for each, without whom it is to or what it says."""
    with app.reading() as work:
        rows = outbox.held(work.session)
    table = Table(*family("antrean.kolom").values())
    for row in rows:
        table.add_row(
            clock.waktu(row.date, app.settings.zone), row.name, str(row.complaint_id or "-")
        )
    out.print(table if rows else say("antrean.tidak_ada"))


class _Line:
    """The line of a progress bar as what a copy tells of itself."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._line = progress, progress.add_task("Menyalin", total=None)
        self.pause = progress.stop

    def __call__(self, what: str, amount: int) -> None:
        self._progress.start()
        self._progress.update(
            self._line, description=say("cadangan.menyalin", bagian=what, banyak=amount)
        )


@contextmanager
def _progress() -> Iterator[_Line]:
    with Progress(console=out, transient=True) as progress:
        yield _Line(progress)


def _copying(copy: Callable[[_Line], T], *, ours: bool = False) -> T:
    with _progress() as line:
        return _told(lambda: copy(line), ours=ours)


def _told(step: Callable[[], T], *, ours: bool = False) -> T:
    """`ours`: what may be damaged is the office's own database, which is a finding; else it is a wrong file."""
    try:
        return step()
    except backups.BackupError as error:
        kind = Found if ours and error.__cause__ and is_damage(error.__cause__) else Fault
        raise kind(str(error)) from error


@main.command()
@click.argument("nomor")
@click.option("--petugas", required=True, help=say("bantuan.hapus.petugas"))
@click.option("--alasan", prompt=say("bantuan.hapus.alasan"))
@click.pass_context
def hapus(context: click.Context, nomor: str, petugas: str, alasan: str) -> None:
    """Hapus data pribadi dari pengaduan yang sudah selesai (UU 27/2022). Tidak dapat dibatalkan."""
    app = ready_database(context)
    person = app.settings.person(petugas)
    if person is None:
        raise Fault(
            say(
                "penghapusan.tidak_dikenal",
                kode=petugas,
                pilihan=", ".join(p.kode for p in app.settings.petugas),
            )
        )
    with app.reading() as work:
        complaint = cases.by_number(work, nomor)
    if complaint is None:
        raise Fault(say("penghapusan.tidak_ada", nomor=nomor))
    out.print(say("penghapusan.tanya", nomor=complaint.number))
    click.confirm("Lanjutkan?", abort=True)
    with reading(app.engine) as session, counting(say("penghapusan.mencari")) as tell:
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
    with counting(say("penghapusan.memeriksa"), size) as tell:
        left = remains.search(app.engine, searched, tell)
    with app.writing() as work:
        checked(work, complaint.id, by, left)
    _tell_outside(app)
    out.print(say("penghapusan.selesai", berkas=done.files, email=done.mails))
    _left(left)
    out.print(say("penghapusan.di_luar"))
    if done.scan_stays:
        out.print(say("penghapusan.asal_tetap"))


def _tell_outside(app: App) -> None:
    """What lies outside the database goes after the commit; where it could not, the nightly sweep tries again."""
    try:
        left = storage.still_there(app.engine, app.clock())
        why = word("simpanan.tertinggal", banyak=left) if left else ""
    except PlaceError as error:
        why = str(error)
    if why:
        out.print(word("simpanan.sapu_gagal", sebab=why), markup=False)


def _left(left: remains.Remains) -> None:
    """What the search after an erasure found; it stands in the history of the case, too."""
    if left.found:
        out.print(say("penghapusan.sisa"))
    else:
        out.print(say("penghapusan.tanpa_sisa"))
    for line in left.lines():
        out.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if left.unread:
        out.print(say("penghapusan.tidak_dibaca", jumlah=left.unread))


def witnessed(engine: Engine) -> None:
    """Cases of an earlier version are witnessed from now on (`aduan audit`)."""
    begun = 1
    while begun:
        with writing(engine) as session:
            begun = cases.begin_all(session)
        let_others_write(engine)
