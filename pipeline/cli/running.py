"""Setting up, checking and running: init, check, oauth, serve, poll."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.cli import all_offices, machine, setup
from pipeline.cli.base import (
    Fault,
    Found,
    main,
    open_database,
    out,
    read_settings,
    ready_database,
    write_secret,
)
from pipeline.cli.keeping import witnessed
from pipeline.cli.marks import MARKS, show
from pipeline.cli.roof import Roof
from pipeline.cli.service import Service, usable
from pipeline.cli.told import unusable
from pipeline.data.damage import is_damage
from pipeline.data.engine import SchemaError, migrate
from pipeline.letters.template.fields import TemplateError
from pipeline.mail import oauth as consent
from pipeline.office.config import SAMPLE, parse
from pipeline.office.config_errors import reason
from pipeline.office.messages import family, say
from pipeline.office.words import word
from pipeline.running import groups, health
from pipeline.running.poller import tick
from pipeline.web import serving
from pipeline.work import App

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


# ---- operating -----------------------------------------------------------------------------------------------


@main.command()
@click.option(
    "--jawaban",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=say("bantuan.init.jawaban"),
)
@click.option(
    "--tanya/--tanpa-tanya",
    default=None,
    help=say("bantuan.init.tanya"),
)
@click.pass_context
def init(context: click.Context, jawaban: Path | None, tanya: bool | None) -> None:
    """Siapkan kantor baru: pengaturan, kunci, basis data, unit systemd; sesudah pembaruan: perbarui basis data."""
    path: Path = context.find_root().params["config"]
    asks = jawaban is not None or (sys.stdin.isatty() if tanya is None else tanya)
    if jawaban is not None:
        setup.refuse_existing(path)
    if path.exists():
        out.print(say("persiapan.sudah_ada", file=path))
        asks = False
    elif asks:
        _answered(
            path,
            setup.from_file(jawaban) if jawaban else setup.from_keyboard(),
            ask=jawaban is None,
        )
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SAMPLE.read_bytes())
        out.print(say("persiapan.dibuat", file=path))
    folder = _key(path)
    settings = read_settings(context)
    settings.keys  # noqa: B018 - read now: no office is ready with a key that it cannot read
    engine = open_database(settings, current=False)
    _migrate(engine)
    witnessed(engine)
    if asks:
        out.print(word("siap.unit", folder=setup.write_units(path.parent.resolve())), markup=False)
        out.print(word("siap.periksa"))
        _show(health.look(settings, engine))
        return
    out.print(say("persiapan.siap"))
    imap, smtp = folder / "imap_password", folder / "smtp_password"
    steps = (say("persiapan.kata_sandi", imap=imap, smtp=smtp), "aduan check", "aduan serve")
    for number, step in enumerate(steps, 1):
        out.print(f"  {number}. {step}")


def _key(path: Path) -> Path:
    """The folder of the secrets, with a key."""
    folder = path.parent / "rahasia"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = folder / "key"
    if key.is_file() and not key.stat().st_size:
        key.unlink()  # a full disk left it so
    if not key.exists() and not os.environ.get("ADUAN_KEY"):
        write_secret(key, secrets.token_hex(32))
        out.print(say("persiapan.kunci", file=folder / "key"))
    return folder


def _answered(path: Path, answers: setup.Answers, *, ask: bool) -> None:
    """Write config.toml and the secrets, and log in at once; where that fails, ask again who sits there."""
    answers, found = setup.with_servers(answers)
    settings = parse(
        setup.config_of(answers), path
    )  # before anything is written: it tells what does not fit
    path.parent.mkdir(parents=True, exist_ok=True)
    if found is not None:
        kind = "tebakan" if found.guessed else "ditemukan"
        out.print(word(f"siap.{kind}", imap=found.imap.host, smtp=found.smtp.host), markup=False)
    while True:
        _write_answers(path, answers)
        settings = parse(path.read_text("utf-8"), path)
        if found is not None and found.oauth and not answers.kata_sandi:
            out.print(word("siap.oauth", penyedia=found.oauth))
            return
        tried = list(health.log_ins(settings))
        show(tried)
        again = (
            setup.other_server(answers)
            if ask and any(one.level == "buruk" for one in tried)
            else None
        )
        if again is None:
            return
        answers = again


def _write_answers(path: Path, answers: setup.Answers) -> None:
    path.write_text(setup.config_of(answers), "utf-8")
    folder = _key(path)
    for name in ("imap_password", "smtp_password") if answers.kata_sandi else ():
        (folder / name).unlink(missing_ok=True)
        write_secret(folder / name, answers.kata_sandi)
    out.print(word("siap.ditulis", berkas=path, rahasia=folder), markup=False)


def _migrate(engine: Engine) -> None:
    with Progress(console=out, transient=True) as progress:
        line = progress.add_task(say("persiapan.memeriksa"), total=None)

        def tell(revision: str, number: int, of: int) -> None:
            progress.update(
                line,
                description=say("persiapan.memperbarui", revisi=revision),
                total=of,
                completed=number,
            )

        try:
            migrate(engine, tell)
        except SchemaError as error:
            raise Fault(str(error)) from error
        except SQLAlchemyError as error:
            if is_damage(error):
                raise
            raise unusable(error) from error


@main.command()
@click.option(
    "--contoh",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=say("bantuan.check.contoh"),
)
@click.option(
    "--mesin",
    is_flag=True,
    help=say("bantuan.check.mesin"),
)
@click.option("--semua", type=FOLDER, help=say("bantuan.check.semua"))
@click.pass_context
def check(context: click.Context, contoh: Path | None, mesin: bool, semua: Path | None) -> None:
    """Periksa pengaturan, basis data, IMAP, SMTP, templat, dan program lain."""
    if semua is not None:
        raise SystemExit(all_offices.check(semua, machine_reads=mesin))
    if mesin:
        raise SystemExit(machine.check(context.find_root().params["config"]))
    settings = read_settings(context)
    if contoh is not None:
        _show(health.received(settings, contoh.read_bytes()))
        return
    out.print(MARKS["baik"], markup=True, end=" ")
    out.print(say("layanan.pengaturan", file=context.find_root().params["config"]))
    _show(health.look(settings, open_database(settings, current=False)))


def _show(findings: Iterable[health.Checkup]) -> None:
    """A line for each; exit 1 if something does not work."""
    if show(findings):
        raise SystemExit(1)


@main.command()
@click.argument("user", required=False)
@click.pass_context
def oauth(context: click.Context, user: str | None) -> None:
    """Minta izin OAuth untuk satu akun dari [[oauth]], lewat peramban, dan simpan izinnya."""
    settings = read_settings(context)
    known = [account.user for account in settings.oauth]
    account = settings.oauth_of(user or (known[0] if len(known) == 1 else ""))
    if account is None:
        raise Fault(
            say("izin.akun", pilihan=", ".join(known)) if known else say("izin.tanpa_oauth")
        )

    def tell(url: str) -> None:
        out.print(say("izin.buka", user=account.user), end="\n\n")
        out.print(url, markup=False, end="\n\n")
        out.print(say("izin.menunggu"))
        out.print(say("izin.salin"))

    try:
        consent.ask(settings, account, tell, sys.stdin)
    except consent.OAuthError as error:
        raise Found(say("izin.gagal", sebab=error)) from error
    out.print(say("izin.tersimpan", file=settings.path(account.token_file)))


@main.command()
@click.option(
    "--lajur",
    multiple=True,
    type=click.Choice(list(groups.GROUPS)),
    help=say("bantuan.serve.lajur"),
)
@click.option("--semua", type=FOLDER, help=say("bantuan.serve.semua"))
@click.option(
    "--alamat",
    default="127.0.0.1:8080",
    show_default=True,
    help=say("bantuan.serve.alamat"),
)
@click.pass_context
def serve(context: click.Context, lajur: tuple[str, ...], semua: Path | None, alamat: str) -> None:
    """Jalankan semuanya: ambil email, kirim email, layani halaman, sampai dihentikan."""
    if semua is not None:
        _serve_all(semua, lajur, alamat)
        return
    app = ready_database(context)
    if lajur and app.engine.dialect.name == "sqlite":
        raise Fault(say("layanan.lajur"))
    try:
        usable(app.settings)
    except TemplateError as error:
        raise Fault(f"{say('layanan.templat')}\n{error}") from error
    service = Service(context.find_root().params["config"].absolute(), app, lajur)
    with groups.only_one(app, _waits, service.stopped) as mine:
        if mine:
            web = app.settings.web
            of_config = say("layanan.alamat_pengaturan", file=context.find_root().params["config"])
            service.run(
                lambda site: _listening(of_config, web.host, web.port, site),
                lambda port: _tell(app, lajur, port),
            )
            out.print(say("layanan.berhenti"))


def _serve_all(folder: Path, parts: Collection[str], address: str) -> None:
    host, mark, port = address.rpartition(":")
    if not mark or not port.isdecimal() or int(port) > 65535:
        raise Fault(word("henti.alamat", alamat=address))

    def listen(site: WSGIApplication) -> serving.Server:
        return _listening("--alamat", host.strip("[]"), int(port), site)

    def tell(at: int | None, offices: int) -> None:
        part = say("layanan.kantor", jumlah=offices)
        out.print(_running(host, at, part))

    Roof(folder.absolute(), parts).run(listen, tell)
    out.print(say("layanan.berhenti"))


def _waits() -> None:
    out.print(say("layanan.menunggu"))


def _tell(app: App, lajur: Collection[str], port: int | None) -> None:
    if lajur:
        part = say("layanan.bagian", lajur=", ".join(lajur))
    else:
        part = say("layanan.email", detik=app.settings.imap.every_seconds)
    out.print(_running(app.settings.web.host, port, part))


def _running(host: str, port: int | None, what: str) -> str:
    if port is None:
        return say("layanan.berjalan", apa=what)
    return say("layanan.berjalan_di", alamat=f"http://{host}:{port}", apa=what)


def _listening(said_in: str, host: str, port: int, site: WSGIApplication) -> serving.Server:
    """`said_in`: where the address stands."""
    try:
        return serving.Server(site, host, port)
    except (OSError, ValueError) as error:  # waitress raises ValueError where a name has no address
        why = reason(error) if isinstance(error, OSError) else say("layanan.bukan_alamat")
        text = word("henti.port", tempat=said_in, host=host, port=port, sebab=why)
        raise Fault(text) from error


@main.command()
@click.option("--once", is_flag=True, required=True, help=say("bantuan.poll.once"))
@click.pass_context
def poll(context: click.Context, once: bool) -> None:
    """Jalankan satu putaran tanpa melayani halaman, dan tampilkan hasilnya."""
    done = tick(ready_database(context))
    table = Table(*family("layanan.kolom").values())
    for name, count in done.items():
        table.add_row(name.replace("_", " "), str(count))
    out.print(table)
    if any(name.startswith("gagal_") and name != "gagal_kirim" for name in done):
        out.print(say("layanan.gagal"))
        raise SystemExit(1)
