"""`aduan check --mesin`: what the check finds as JSON, with the exit codes of Nagios and its kin.

    {"keadaan": "hati", "temuan": [{"tingkat", "bagian", "pesan"}, …], "angka": {"aduan_tugas_terbuka{langkah=1}": 3}}

Hides how a check that could not even begin is told in the same form: a monitor reads no sentences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipeline.cli.base import of_settings, open_database
from pipeline.cli.told import said
from pipeline.data.engine import is_current
from pipeline.notices import gauges
from pipeline.running.health import Checkup, look

CODES = {"baik": 0, "hati": 1, "buruk": 2}  # OK, WARNING, CRITICAL


@dataclass(frozen=True)
class CheckedOffice:
    """An office as the check found it."""

    found: list[Checkup]
    numbers: dict[str, float]

    @property
    def level(self) -> str:
        """The worst of what was found."""
        return max((one.level for one in self.found), key=CODES.__getitem__, default="baik")

    def as_json(self) -> dict[str, Any]:
        findings = [
            {"tingkat": one.level, "bagian": one.part, "pesan": one.text}
            for one in self.found
            if one.level != "baik"
        ]
        return {"keadaan": self.level, "temuan": findings, "angka": self.numbers}


def checked(config: Path) -> CheckedOffice:
    """Look at the office of this config.toml; never raises."""
    found: list[Checkup] = []
    numbers: dict[str, float] = {}
    try:
        settings = of_settings(config)
        engine = open_database(settings, current=False)
        found += look(settings, engine)
        if is_current(engine):  # else there is nothing to count, which is told already
            numbers |= dict(_numbers(gauges.read(engine, settings, datetime.now(UTC))))
        engine.dispose()
    except Exception as error:  # noqa: BLE001 - whatever it is, a monitor wants JSON
        told = error if isinstance(error, click.ClickException) else said(error, config)
        found.append(Checkup("buruk", "check", told.message))
    return CheckedOffice(found, numbers)


def check(config: Path) -> int:
    """Print the JSON; the exit code."""
    office = checked(config)
    click.echo(json.dumps(office.as_json(), ensure_ascii=False, indent=1))
    return CODES[office.level]


def _numbers(found: list[gauges.Gauge]) -> Iterator[tuple[str, float]]:
    for one in found:
        said = ",".join(f"{name}={value}" for name, value in one.labels.items())
        yield (f"{one.name}{{{said}}}" if said else one.name), one.value
