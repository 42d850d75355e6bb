"""`aduan check --semua FOLDER`: every office under the roof, one after the other; the worst of all is the exit code.

    {"keadaan": "buruk", "kantor": {"dinas-pu": {"keadaan", "temuan", "angka"}, …}}

Hides what no office can find by itself: that it shares with another what would make two offices one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from pipeline.cli.base import Fault, out
from pipeline.cli.machine import CODES, CheckedOffice, checked
from pipeline.cli.marks import show
from pipeline.office import roof
from pipeline.office.config import Settings, load
from pipeline.office.config_errors import ConfigError
from pipeline.office.words import word
from pipeline.running.health import Checkup


def check(folder: Path, *, machine_reads: bool) -> int:
    """Print what is found in each office, as JSON where a machine reads it; the exit code, that of `--mesin` or of a
    plain check: 1 where something does not work."""
    configs = roof.offices(folder)
    if not configs:
        raise Fault(word("atap.kosong", folder=folder))
    together = dict(_shared(configs.items()))
    found = {name: checked(config) for name, config in configs.items()}
    found = {name: _with(one, together.get(name, "")) for name, one in found.items()}
    worst = max((one.level for one in found.values()), key=CODES.__getitem__)
    if machine_reads:
        offices = {name: one.as_json() for name, one in found.items()}
        click.echo(json.dumps({"keadaan": worst, "kantor": offices}, ensure_ascii=False, indent=1))
        return CODES[worst]
    for name, one in found.items():
        out.print(f"\n{name}")
        show(one.found)
    return 1 if worst == "buruk" else 0


def _with(office: CheckedOffice, sentence: str) -> CheckedOffice:
    if not sentence:
        return office
    return replace(office, found=[*office.found, Checkup("buruk", "atap", sentence)])


def _shared(configs: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, str]]:
    """(office, what it has in common with an earlier one). One that cannot be read is told by its own check."""
    earlier: dict[str, Settings] = {}
    for name, config in configs:
        try:
            settings = load(config)
            sentence = roof.shared(settings, earlier)
        except ConfigError:
            continue
        if sentence:
            yield name, sentence
        else:
            earlier[name] = settings
