"""Whatever ends a command is told in a sentence: one handler for all commands. Hides which error means what.

A trace-back never reaches the terminal. What nobody expected gets a code, and its places go to `aduan.log` beside
config.toml.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from pipeline.cli import usage
from pipeline.data.damage import first_line, is_damage, remedy
from pipeline.data.places import PlaceError
from pipeline.office import logs
from pipeline.office.config_errors import ConfigError, reason
from pipeline.office.words import word

LOG = "aduan.log"
# What is only there with an extra of the package.
EXTRAS = {
    "aiosmtpd": "demo",
    "proxyprotocol": "demo",
    "pymap": "demo",
    "pysasl": "demo",
    "minio": "s3",
    "psycopg": "postgres",
}


class Fault(click.ClickException):
    """A known error in the configuration or the arguments: one sentence that says what to do."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(self.message, err=True)


class Found(Fault):
    """The command worked and found something that is not right."""

    exit_code = 1


class Commands(click.Group):
    """The group of all commands."""

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        """What stands before the command's name is read here."""
        try:
            return super().make_context(*arguments, **more)
        except click.UsageError as error:
            raise Fault(usage.said(error)) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it raises besides click's own becomes a Fault or a Found."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise Fault(usage.said(error)) from error
        except click.Abort as error:
            raise Found(word("argumen.batal")) from error
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click's own, and a reader that has gone away: nobody is there to be told
        except Exception as error:
            raise _said(error, ctx.params.get("config") or Path("config.toml")) from error


def _said(error: Exception, config: Path) -> Fault:
    try:
        return said(error, config)
    except Exception:  # noqa: BLE001 - templates/istilah.toml, in which the sentences stand, may be what is broken
        return Fault(f"{type(error).__name__}: {logs.masked(str(error))}")


def said(error: Exception, config: Path) -> Fault:
    """The sentence for an error, with the exit code that belongs to it."""
    if isinstance(error, ConfigError | PlaceError):
        return Fault(str(error))
    if extra := _missing_extra(error):
        return Fault(word("henti.ekstra", ekstra=extra))
    if is_damage(error):
        return Found(word("henti.rusak"))
    if isinstance(error, SQLAlchemyError | sqlite3.Error):
        return unusable(error)
    if isinstance(error, UnicodeEncodeError | UnicodeTranslateError):
        return Fault(word("henti.huruf"))
    if isinstance(error, OSError) and (error.errno or error.filename):
        return Fault(of_file(error))
    return _unknown(error, config)


def _missing_extra(error: Exception) -> str:
    """The extra that brings the package which is not installed; empty where that is not the trouble."""
    if not isinstance(error, ModuleNotFoundError):
        return ""
    package = (error.name or "").partition(".")[0]
    return EXTRAS.get(package, "")


def unusable(error: Exception) -> Fault:
    """The database refused: why, and what to do about it."""
    cause = remedy(error)
    said = word(f"henti.basis_data_{cause}") if cause else ""
    return Fault(said or word("henti.basis_data", sebab=first_line(error)))


def of_file(error: OSError) -> str:
    """What the system refused: which file, and why."""
    why = reason(error)
    return f"{error.filename} {why}." if error.filename else word("henti.sistem", sebab=why)


def _unknown(error: Exception, config: Path) -> Fault:
    code = secrets.token_hex(4)
    file = config.absolute().parent / LOG
    if logs.keep(file, code, error):
        return Fault(word("henti.lain", kode=code, berkas=file))
    logging.getLogger("pipeline").error("command failed, code %s", code, exc_info=error)
    return Fault(word("henti.lain_tanpa_berkas", kode=code))
