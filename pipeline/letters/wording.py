"""The sentences of the letter, read from templates/letters/kalimat.toml.

Hides how an instruction of the Kepala Dinas becomes numbered points, and how a sentence is filled without
evaluating anything that a citizen wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.letters.template.fields import TemplateError
from pipeline.office import clock
from pipeline.office.config_errors import ConfigError, toml_of
from pipeline.office.messages import say

_BULLET = re.compile(r"^\s*(?:[-–—*•·▪]+(?![-–—*•·▪\d])|\(?\d{1,2}[.)](?=\s))\s*")
_LETTERED = re.compile(r"^\s*\(?([a-zA-Z])[.)]\s+")


@dataclass(frozen=True)
class DecidedCase:
    """The sentences for one decision of the Kepala Dinas."""

    opening: str
    first_points: tuple[str, ...]
    agency_point: str
    last_points: tuple[str, ...]
    closing: tuple[str, ...]
    subject: str = ""  # hal, where it is not the common one
    addressee: str = ""  # a letter to somebody else than the pengadu; the text is then no order, but told as it is


@dataclass(frozen=True)
class Wording:
    """kalimat.toml, checked: every key it must have is there."""

    common: Mapping[str, str]
    channels: Mapping[str, str]
    decisions: Mapping[str, DecidedCase]


_COMMON = (
    "sifat",
    "lampiran",
    "hal",
    "tujuan_bernama",
    "tujuan_anonim",
    "tempat_anonim",
    "perihal",
    "isian",
    "isian_butir",
    "isian_instansi",
    "klarifikasi",
    "klarifikasi_bersama",
    "tanda_tangan_elektronik",
)


def read_wording(text: str) -> Wording:
    """Parse kalimat.toml; raises TemplateError naming the table and key that is missing or wrong."""
    data = _read(text)
    common = _table(data, "umum")
    channels = _table(data, "saluran")
    return Wording(
        common={key: _string(common, "umum", key) for key in _COMMON},
        channels={key: _string(channels, "saluran", key) for key in channels},
        decisions={k: _decision(_table(data, k), k) for k in data if k not in ("umum", "saluran")},
    )


EVERYWHERE = "umum"  # the standard sentences that fit any kategori


def read_standard(text: str) -> dict[str, tuple[str, ...]]:
    """An office's own standard sentences: {kategori, or EVERYWHERE: sentences}. TemplateError says what is wrong."""
    table = _read(text).get("baku", {})
    if not isinstance(table, dict):
        raise TemplateError(say("kalimat.baku"))
    return {str(key): _strings(table, "baku", str(key)) for key in table}


def _read(text: str) -> dict[str, Any]:
    try:
        return toml_of(Path("kalimat.toml"), text)
    except ConfigError as error:
        raise TemplateError(str(error)) from error


def _decision(table: Mapping[str, object], name: str) -> DecidedCase:
    return DecidedCase(
        opening=_string(table, name, "pembuka"),
        first_points=_strings(table, name, "butir_awal"),
        agency_point=_string(table, name, "butir_instansi"),
        last_points=_strings(table, name, "butir_akhir"),
        closing=_strings(table, name, "penutup"),
        subject=_string(table, name, "hal") if "hal" in table else "",
        addressee=_string(table, name, "tujuan") if "tujuan" in table else "",
    )


def _table(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = data.get(name)
    if not isinstance(table, dict):
        raise TemplateError(say("kalimat.tanpa_bagian", bagian=name))
    return table


def _string(table: Mapping[str, object], where: str, key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        raise TemplateError(say("kalimat.satu", bagian=where, kunci=key))
    return value


def _strings(table: Mapping[str, object], where: str, key: str) -> tuple[str, ...]:
    value = table.get(key)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise TemplateError(say("kalimat.daftar", bagian=where, kunci=key))


def fill(sentence: str, values: Mapping[str, str]) -> str:
    """Replace {name} by its value, once: braces inside a value stay what the citizen wrote."""

    def one(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise TemplateError(say("kalimat.isian", isian=found[1], kalimat=sentence[:60]))
        return values[found[1]]

    return re.sub(r"\{(\w+)\}", one, sentence)


def points_from(told: str, wording: Wording) -> tuple[str, ...]:
    """Each line of what is to be told to the pengadu as a point of the letter, word for word; only a mark of a list
    before it goes, for the letter numbers its points itself.

    Where nothing was given there is room, wrapped in [ISI: …]: the inspection of the returned letter stops it from
    ever reaching the citizen.
    """
    lines = [line for line in told.splitlines() if line.strip()]
    lettered = _is_lettered(lines)
    marks = [_LETTERED if lettered and _LETTERED.match(line) else _BULLET for line in lines]
    bare = (mark.sub("", line).strip() for mark, line in zip(marks, lines, strict=True))
    points = [point for point in bare if point]
    return tuple(points) or (_room(wording, wording.common["isian_butir"]),)


def _is_lettered(lines: list[str]) -> bool:
    """Whether lines are marked a, b, c: a letter alone is somebody's initial (A. Yani)."""
    marks = [found[1].lower() for line in lines if (found := _LETTERED.match(line))]
    return len(marks) > 1 and "abcdefghijklmnopqrstuvwxyz".startswith("".join(marks))


def _room(wording: Wording, text: str) -> str:
    return fill(wording.common["isian"], {"teks": text})


def long_date(day: date) -> str:
    """23 November 2026."""
    return clock.tanggal_saja(day)
