"""The file `rahasia/key`: one key a line, the newest first; a replaced one bears the last day on which it counts.

    5a5a…                     makes links and all else from now on
    77ab… sampai 2027-05-27   still opens what it made

Hides that form; nothing here touches a file. The same text may stand in ADUAN_KEY, with commas for the line ends.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date

from pipeline.office.messages import say

SHORTEST = 16  # bytes
KEPT_DAYS = 180  # longer than links and browsers live; a letter may be edited for months


class KeyFileError(ValueError):
    """The keys cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Key:
    """One key. `until`: the last day on which a replaced one counts; None for the one in use."""

    value: bytes
    until: date | None = None

    def counts(self, today: date) -> bool:
        return self.until is None or today <= self.until


def read(text: str) -> tuple[Key, ...]:
    """Every key of the file, the newest first."""
    lines = [line.strip() for line in re.split(r"[\n,]", text)]
    found = tuple(_key(line) for line in lines if line)
    if not found or found[0].until is not None:
        raise KeyFileError(say("kunci.awal"))
    return found


def _key(line: str) -> Key:
    digits, _, rest = line.partition(" ")
    try:
        value = bytes.fromhex(digits)
    except ValueError as error:
        raise KeyFileError(say("kunci.heksadesimal")) from error
    if len(value) < SHORTEST:
        raise KeyFileError(say("kunci.pendek"))
    return Key(value, _until(rest.strip()) if rest.strip() else None)


def _until(words: str) -> date:
    try:
        return date.fromisoformat(words.removeprefix("sampai").strip())
    except ValueError as error:
        raise KeyFileError(say("kunci.sampai")) from error


def replaced(text: str, today: date, last: date | None) -> str:
    """The file with a new key before the others. Those that stand count until `last`, or not at all where it is None;
    what has ended already is left out."""
    lines = [secrets.token_hex(32)]
    if last is not None:
        for key in read(text):
            until = min(key.until or last, last)
            if today <= until:
                lines.append(f"{key.value.hex()} sampai {until.isoformat()}")
    return "\n".join(lines)
