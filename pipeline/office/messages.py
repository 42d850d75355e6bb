"""Sentences by name, from the files in templates/ in which they lie; and what the machinery says to the IT officer.

Hides how a sentence is found and filled in: `words.word` (what an office may reword) and `say` (templates/pesan.toml:
errors of the settings, checks, backups, the command's own help) are the same look-up in two files. Nothing of ours but
`numbers` is imported, so that config itself can speak through this.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pipeline.office import numbers

PACKAGE = Path(__file__).parents[1]
ROOT = (
    PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent
)  # installed wheel, or a checkout
TEMPLATES = ROOT / "templates"
NAMES = ("tahun", "nomor", "port", "kode", "urut", "slip", "n")  # no counts, though numbers


class Sentences:
    """One file of sentences in tables, read when the first of them is asked for."""

    def __init__(self, file: str, read: Callable[[Path], dict[str, Any]]) -> None:
        self._tables = cache(lambda: read(TEMPLATES / file))
        self.table = lru_cache(maxsize=1024)(self._table)

    def _table(self, path: str) -> dict[str, Any]:
        """The table at a dotted path, e.g. "aksi.catat.laporkan"; empty if it is not there."""
        node: Any = self._tables()
        for part in path.split("."):
            node = node.get(part, {}) if isinstance(node, dict) else {}
        return node if isinstance(node, dict) else {}

    def sentence(self, path: str, values: dict[str, object]) -> str:
        """The sentence at a dotted path with its {values} filled in; KeyError if it is not there."""
        head, _, name = path.rpartition(".")
        shown = {key: _shown(key, value) for key, value in values.items()}
        return str(self.table(head)[name]).format(**shown)

    def forget(self) -> None:
        """Read the file anew when the next sentence is asked for."""
        self._tables.cache_clear()
        self.table.cache_clear()


def _shown(name: str, value: object) -> object:
    """A count as people write it; a year or the number of something is no count."""
    is_count = type(value) is int and name not in NAMES
    return numbers.whole(value) if is_count else value  # type: ignore[arg-type]


def shipped(file: Path) -> dict[str, Any]:
    """A file of the machinery's own. With pesan.toml broken no sentence can be said but this one, and it ends the
    command as it begins: every command reads the file for its options."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"{file} rusak; pasang kembali berkas bawaannya ({error}).") from error


_PESAN = Sentences("pesan.toml", shipped)


def say(path: str, **values: object) -> str:
    """The sentence of pesan.toml at a dotted path with its {values} filled in; KeyError if it is not there."""
    return _PESAN.sentence(path, values)


def family(path: str) -> dict[str, str]:
    """The sentences in one table of pesan.toml by their names, as they stand there."""
    return {key: str(value) for key, value in _PESAN.table(path).items()}
