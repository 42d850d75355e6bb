"""The line of a reply that names the units terkait of langkah 2: "Unit terkait: Sekretariat", or "tidak ada". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.office.config import Settings
from pipeline.office.sop import NO_UNIT
from pipeline.office.words import word

_LINE = re.compile(r"[\s*_]*+unit(?:\s{1,3}terkait)?[\s*_]*+[:：](.{1,400})", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;/]|\bdan\b", re.IGNORECASE)
_AROUND = " \t*_.\"'"


def taken_out(settings: Settings, lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """(the other lines, the codes of the units): all lines and none where no line names units that the office has.
    A second such line makes it unsure which is meant, and both stay."""
    rest = []
    named = []
    for line in lines:
        codes = _named(settings, line)
        if codes:
            named.append(codes)
        else:
            rest.append(line)
    if len(named) != 1:
        return list(lines), []
    return rest, named[0]


def _named(settings: Settings, line: str) -> list[str]:
    """The codes that a line names; none unless every word of it is understood."""
    found = _LINE.fullmatch(line)
    if found is None:
        return []
    known = {unit.kode.casefold(): unit.kode for unit in settings.unit}
    known |= {unit.nama.casefold(): unit.kode for unit in settings.unit}
    said = found[1].strip(_AROUND).casefold()
    if said == word("unit.tidak_ada"):
        return [NO_UNIT]
    if said in known:  # a name may hold "dan" itself
        return [known[said]]
    parts = [part.strip(_AROUND) for part in _BETWEEN.split(said)]
    if not all(part in known for part in parts):
        return []
    return list(dict.fromkeys(known[part] for part in parts))
