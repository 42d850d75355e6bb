"""How a finding of the check is shown to a person: one line, with a mark."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.cli.base import out
from pipeline.running.health import Checkup

MARKS = {"baik": "[green]baik [/]", "hati": "[yellow]lihat[/]", "buruk": "[red]salah[/]"}


def show(findings: Iterable[Checkup]) -> bool:
    """A line for each, as it is found; whether something does not work."""
    broken = False
    for finding in findings:
        out.print(MARKS[finding.level], markup=True, end=" ")
        out.print(f"{finding.part}:", end=" ")
        out.print(finding.text, markup=False)
        broken |= finding.level == "buruk"
    return broken
