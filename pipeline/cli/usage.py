"""What click says of wrong arguments, in Indonesian. Hides click's kinds of errors and of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from pipeline.office.words import word


def said(error: click.UsageError) -> str:
    """The sentence for an error in the arguments, and where help is."""
    help_of = error.ctx.command_path if error.ctx is not None else "aduan"
    return f"{_what(error)} {word('argumen.bantuan', perintah=help_of)}"


def _what(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchCommand):
        return word("argumen.perintah", nama=error.command_name) + _near(error.possibilities)
    if isinstance(error, click.NoSuchOption):
        return word("argumen.pilihan", nama=error.option_name) + _near(error.possibilities)
    if isinstance(error, click.MissingParameter):
        return word("argumen.kurang", nama=_name(error))
    if isinstance(error, click.BadParameter):
        return word("argumen.nilai", nama=_name(error), harus=_expected(error))
    if isinstance(error, click.BadOptionUsage):
        return word("argumen.nilai_kurang", nama=error.option_name)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return word("argumen.tanpa_perintah")
    return word("argumen.lebih")


def _near(possibilities: object) -> str:
    names = sorted(possibilities) if isinstance(possibilities, list | tuple | set) else []
    return f" {word('argumen.mirip', nama=', '.join(names))}" if names else ""


def _name(error: click.BadParameter) -> str:
    parameter = error.param
    if isinstance(parameter, click.Option):
        return (
            parameter.opts[-1]
            if not parameter.opts[-1].startswith("-")
            else max(parameter.opts, key=len)
        )
    return (
        parameter.human_readable_name.upper()
        if parameter is not None
        else str(error.param_hint or "")
    )


def _expected(error: click.BadParameter) -> str:
    kind = error.param.type if error.param is not None else None
    for known, expected in KINDS:
        if isinstance(kind, known):
            return expected(kind)
    return word("argumen.lain")


def _of_range(kind: click.IntRange) -> str:
    return word(
        "argumen.antara",
        dari=kind.min if kind.min is not None else "-",
        sampai=kind.max if kind.max is not None else "…",
    )


KINDS: tuple[tuple[type[click.ParamType[Any]], Callable[..., str]], ...] = (
    (
        click.Choice,
        lambda kind: word("argumen.salah_satu", pilihan=", ".join(map(str, kind.choices))),
    ),
    (click.IntRange, _of_range),
    (type(click.INT), lambda _kind: word("argumen.angka")),
    (click.Path, lambda kind: word("argumen.folder" if not kind.file_okay else "argumen.berkas")),
    (click.DateTime, lambda kind: word("argumen.tanggal", bentuk=", ".join(kind.formats))),
)
