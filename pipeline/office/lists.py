"""The office's own lists in config.toml: classes and categories of complaints, and the limits that the law sets.

Hides where the lists come from that an office has not written down itself: templates/daftar.toml.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, model_validator

from pipeline.office import clock
from pipeline.office.messages import TEMPLATES, say
from pipeline.office.table import Written

DEFAULTS = TEMPLATES / "daftar.toml"
CODE = r"^[a-z0-9_-]{1,40}$"
ADDRESS = re.compile(r"[^@\s<>,;]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
Moment = Literal["diterima", "ditanya", "lengkap", "diputus", "disampaikan"]
Row = TypeVar("Row", bound="Listed")


def _limit(text: str) -> str:
    clock.parse_limit(text)
    return text


class Listed(Written):
    """One row of a list, by its code."""

    kode: str = Field(pattern=CODE)
    nama: str


class Klasifikasi(Listed):
    """What kind of matter it is. `tertutup`: the pengadu's identity is kept secret. `tujuan` and `email`: to whom it is
    sent on (PPID, the Inspektorat); `kabar`: what the pengadu is told of that, nothing where it is empty."""

    tertutup: bool = False
    tujuan: str = ""
    email: str = ""
    kabar: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Klasifikasi:
        if bool(self.tujuan) != bool(self.email) or (
            self.email and not ADDRESS.fullmatch(self.email)
        ):
            raise ValueError(say("pengaturan.klasifikasi_tujuan", kode=self.kode))
        return self


class Kategori(Listed):
    """What it is about."""


class BatasHukum(Listed):
    """A limit that a regulation sets beside the SOP's Waktu: from one moment of a case to another. `klasifikasi`:
    holds for this class alone."""

    sumber: str
    waktu: Annotated[str, AfterValidator(_limit)]
    mulai: Moment
    sampai: Moment
    klasifikasi: str = ""

    @property
    def limit(self) -> clock.Limit:
        return clock.parse_limit(self.waktu)


@cache
def _defaults() -> dict[str, Any]:
    return tomllib.loads(DEFAULTS.read_text("utf-8"))


def default(name: str, kind: type[Row]) -> tuple[Row, ...]:
    """The list of an office that has none of its own in config.toml."""
    return tuple(kind.model_validate(row) for row in _defaults()[name])
