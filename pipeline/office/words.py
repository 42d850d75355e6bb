"""Every label and sentence that the code needs by name, from templates/istilah.toml.

Hides where wording lies. It is found and changed in templates/ without reading code (DESIGN rule 9). What only the IT
officer reads is said by `messages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.office.config_errors import text_of, toml_of
from pipeline.office.messages import TEMPLATES, Sentences


def _read(file: Path) -> dict[str, Any]:
    return toml_of(file, text_of(file))  # offices change their words


_ISTILAH = Sentences("istilah.toml", _read)


def table(path: str) -> dict[str, Any]:
    """The table at a dotted path, e.g. "aksi.catat.laporkan"; empty if it is not there."""
    return _ISTILAH.table(path)


def label_of(name: str) -> str:
    """How a field is called on a page; its name where it has no label."""
    return str(table(f"kolom.{name}").get("label", name))


def word(path: str, **values: object) -> str:
    """The sentence at a dotted path with its {values} filled in; KeyError if it is not there."""
    return _ISTILAH.sentence(path, values)


def forget() -> None:
    """Read the words anew; the program does not, as it holds what it has rendered from them."""
    _ISTILAH.forget()


@cache
def vocabulary(name: str) -> frozenset[str]:
    """A list of words in templates/kenali.toml by which something is recognised; no person reads them."""
    return frozenset(str(_read(TEMPLATES / "kenali.toml")[name]).split())


def listed(parts: Sequence[str]) -> str:
    """ "a", "a dan b", "a, b, dan c": EYD V."""
    if len(parts) < 3:
        return " dan ".join(parts)
    return f"{', '.join(parts[:-1])}, dan {parts[-1]}"


def choices(path: str) -> dict[str, str]:
    """A table of labels, {name: label}."""
    return {key: str(value) for key, value in table(path).items() if not isinstance(value, dict)}


def fold(text: str, lines: int = 15, width: int = 90) -> str:
    """The first lines of a long text, whole words only, with "…" where something is left out."""
    kept: list[str] = []
    room = lines
    for line in text.strip().splitlines():
        need = max(1, -(-len(line) // width))
        if need > room:
            cut = line[: room * width].rsplit(" ", 1)[0] if room else ""
            return "\n".join([*kept, cut]).rstrip() + " …"
        kept.append(line)
        room -= need
    return "\n".join(kept)


def wrap(text: object, lebar: int = 72, menjorok: int = 0) -> str:
    """Each line folded between words and set in by some columns; a word that is longer than a line stays whole."""
    inset = " " * menjorok
    lines = str(text or "").splitlines()
    pieces = [piece for line in lines for piece in _folded(line, lebar - menjorok)]
    return "\n".join(inset + piece if piece else "" for piece in pieces)


def _folded(line: str, width: int) -> Iterator[str]:
    while len(line) > width:
        end = line.rfind(" ", 1, width + 1)
        end = end if end > 0 else line.find(" ", width)
        if end < 0:
            break
        yield line[:end].rstrip()
        line = line[end:].lstrip()
    yield line
