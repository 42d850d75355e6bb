"""Names that the field "unit yang dituju" is compared with: the office's own, and those that citizens usually name."""

from __future__ import annotations

import tomllib
from functools import cache

from pipeline.office.config import Settings
from pipeline.office.messages import TEMPLATES


def known(settings: Settings) -> tuple[str, ...]:
    """The office's names first, with what citizens call its units: of two that are alike, its own is meant."""
    names = []
    for unit in settings.unit:
        names += [unit.nama, *unit.alias]
    names += [settings.instansi.nama, settings.instansi.singkatan, *_usual()]
    return tuple(dict.fromkeys(names))


@cache
def _usual() -> tuple[str, ...]:
    data = tomllib.loads((TEMPLATES / "slips" / "unit.toml").read_text(encoding="utf-8"))
    return tuple(data["nama"])
