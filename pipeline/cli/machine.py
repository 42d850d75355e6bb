"""`aduan check --mesin`: what the check finds as JSON, with the exit codes of Nagios and its kin.

    {"keadaan": "hati", "temuan": [{"tingkat", "bagian", "pesan"}, …], "angka": {"aduan_tugas_terbuka{langkah=1}": 3}}

Hides how a check that could not even begin is told in the same form: a monitor reads no sentences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from pipeline.cli.base import open_database, read_settings
from pipeline.cli.told import said
from pipeline.data.engine import is_current
from pipeline.notices import gauges
from pipeline.running.health import Checkup, look

CODES = {"baik": 0, "hati": 1, "buruk": 2}  # OK, WARNING, CRITICAL


def check(context: click.Context) -> int:
    """Print the JSON; the exit code."""
    found: list[Checkup] = []
    numbers: dict[str, float] = {}
    try:
        settings = read_settings(context)
        engine = open_database(settings, current=False)
        found += look(settings, engine)
        if is_current(engine):  # else there is nothing to count, which is told already
            numbers |= dict(_numbers(gauges.read(engine, settings, datetime.now(UTC))))
    except Exception as error:  # noqa: BLE001 - whatever it is, a monitor wants JSON
        told = (
            error
            if isinstance(error, click.ClickException)
            else said(error, context.find_root().params["config"])
        )
        found.append(Checkup("buruk", "check", told.message))
    level = max((one.level for one in found), key=CODES.__getitem__, default="baik")
    findings = [
        {"tingkat": one.level, "bagian": one.part, "pesan": one.text}
        for one in found
        if one.level != "baik"
    ]
    click.echo(
        json.dumps(
            {"keadaan": level, "temuan": findings, "angka": numbers}, ensure_ascii=False, indent=1
        )
    )
    return CODES[level]


def _numbers(found: list[gauges.Gauge]) -> Iterator[tuple[str, float]]:
    for one in found:
        said = ",".join(f"{name}={value}" for name, value in one.labels.items())
        yield (f"{one.name}{{{said}}}" if said else one.name), one.value
