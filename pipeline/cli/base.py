"""What every command needs: the group, the settings, the database, and how a refusal is told."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.cli.told import Commands, of_file, unusable
from pipeline.cli.told import Fault as Fault
from pipeline.cli.told import Found as Found
from pipeline.data.damage import is_damage
from pipeline.data.engine import is_current
from pipeline.data.places import open_office
from pipeline.data.schema import newer
from pipeline.office import logs
from pipeline.office.config import Settings, load
from pipeline.office.messages import say
from pipeline.office.words import word
from pipeline.running.lanes import settled
from pipeline.work import App

log = logging.getLogger(__name__)
out = Console(
    highlight=False, soft_wrap=True, markup=False, emoji=False
)  # what citizens wrote stays what they wrote
BEATS = 60.0  # seconds; a running `serve` writes its heartbeat every few


def write_secret(path: Path, text: str) -> None:
    """A file that nobody else may read; FileExistsError where there is one."""
    with open(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text + "\n")


def read_settings(context: click.Context) -> Settings:
    return of_settings(context.find_root().params["config"])


def of_settings(config: Path) -> Settings:
    """The settings of a config.toml; the log goes by them from now on."""
    settings = load(config)
    logs.begin(settings.log.bentuk, settings.log.tingkat)
    for told in settings.old_keys:
        log.warning("config.toml: %s", told)
    return settings


def open_database(settings: Settings, *, current: bool = True) -> Engine:
    """The database; a Fault when it cannot be reached or, with `current`, is not at the newest revision."""
    try:
        engine = open_office(settings)
        if current and not is_current(engine):
            raise Fault(newer(engine) or say("basis_data.belum_atau_lama"))
    except SQLAlchemyError as error:
        if is_damage(error):
            raise
        raise unusable(error) from error
    except OSError as error:
        raise Fault(
            word(
                "henti.basis_data_url", berkas=settings.folder / "config.toml", sebab=of_file(error)
            )
        ) from error
    return engine


def beats(settings: Settings) -> bool:
    """Whether a `serve` of this office is running: its lanes would meet tables that they do not know."""
    name = settings.petugas_ti.berkas_detak
    file = settings.path(name) if name else None
    try:
        return file is not None and time.time() - file.stat().st_mtime < BEATS
    except FileNotFoundError:
        return False


def ready_database(context: click.Context) -> App:
    """Settings, database and key; a Fault when one of them is missing."""
    settings = read_settings(context)
    settings.keys  # noqa: B018 - read now, so that a missing key is told before any work
    return settled(App(settings, open_database(settings)))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config.toml"),
    show_default=True,
    help=say("bantuan.main.config"),
)
@click.version_option(package_name="aduan")
def main(config: Path) -> None:
    """aduan: pengaduan masyarakat ditangani lewat email dan Word, menurut SOP."""
    os.umask(0o077)
    logs.begin()


@contextmanager
def counting(words: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar; what is yielded takes how many more are done."""
    with Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), console=out, transient=True
    ) as progress:
        line = progress.add_task(words, total=total)
        yield lambda count: progress.advance(line, count)
