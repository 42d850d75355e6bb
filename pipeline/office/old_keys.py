"""Keys of config.toml that earlier releases had: read for one release more, and told.

`OLD` is the one place to note a key that is renamed or goes. What it names is not refused as a misspelling; a value is
carried to the new key unless that is written as well. With the next release its line goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.office.messages import say

# The old key, and the new one; "" where the program has no more use for it.
OLD: Mapping[str, str] = {
    "surat.sifat": "",  # 0.1: the template of the letter has it
    "surat.hal": "",
}


def renewed(
    data: Mapping[str, Any], old: Mapping[str, str] = OLD
) -> tuple[dict[str, Any], list[str]]:
    """The tables with new keys in the place of old ones, and a sentence for each that was found."""
    fresh = {
        name: dict(value) if isinstance(value, dict) else value for name, value in data.items()
    }
    told = []
    for before, after in old.items():
        table, _, key = before.rpartition(".")
        place = _table(fresh, table)
        if place is None or key not in place:
            continue
        value = place.pop(key)
        told.append(_sentence(before, after))
        if after:
            _put(fresh, after, value)
    return fresh, told


def _sentence(before: str, after: str) -> str:
    if after:
        return say("kunci_lama.berganti", lama=before, baru=after)
    return say("kunci_lama.hapus", lama=before)


def _table(data: dict[str, Any], path: str) -> dict[str, Any] | None:
    found: Any = data
    for name in path.split(".") if path else ():
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    *tables, name = key.split(".")
    for table in tables:
        data = data.setdefault(table, {})
    data.setdefault(name, value)
