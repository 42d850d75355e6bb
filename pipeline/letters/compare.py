"""Two versions of a letter, word by word; pure.

difflib over paragraphs, then over whole words: it never splits a number or a date in its middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["tetap", "tambah", "hapus"]
LIKE = 0.35  # a paragraph that has less in common was replaced, not changed
# difflib takes squared time where much is equal: beyond so many pairs of paragraphs, or of words of all paragraphs
# together, what differs is shown as replaced.
MAX_PAIRS, MAX_WORD_PAIRS = 250_000, 4_000_000


@dataclass(frozen=True)
class Piece:
    """A run of words of one paragraph."""

    kind: Kind
    text: str


Paragraph = tuple[Piece, ...]


@dataclass(frozen=True)
class Difference:
    """The paragraphs that changed, in order, and how many words were added or taken out in them."""

    paragraphs: tuple[Paragraph, ...]
    words: int


def difference(old: Sequence[str], new: Sequence[str]) -> Difference:
    """What changed from one version to another. Spaces do not count: Word and LibreOffice change them at will."""
    before, after = _middle([_plain(text) for text in old], [_plain(text) for text in new])
    found: list[Paragraph] = []
    purse = _Purse()
    for tag, i1, i2, j1, j2 in _opcodes(before, after):
        if tag != "equal":
            found += _paragraphs(before[i1:i2], after[j1:j2], purse)
    words = sum(len(p.text.split()) for paragraph in found for p in paragraph if p.kind != "tetap")
    return Difference(tuple(found), words)


def _plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def _middle(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Both without what they begin and end with in common."""
    head = _in_common(old, new)
    old, new = old[head:], new[head:]
    tail = _in_common(old[::-1], new[::-1])
    return old[: len(old) - tail], new[: len(new) - tail]


def _in_common(old: list[str], new: list[str]) -> int:
    """How many pieces both begin with."""
    shorter = min(len(old), len(new))
    return next((n for n in range(shorter) if old[n] != new[n]), shorter)


def _opcodes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    if len(old) * len(new) > MAX_PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


class _Purse:
    """How many pairs of words may still be compared."""

    def __init__(self) -> None:
        self._left = MAX_WORD_PAIRS

    def pays(self, old: list[str], new: list[str]) -> bool:
        price = max(1, len(old)) * max(1, len(new))
        if price > self._left:
            return False
        self._left -= price
        return True


def _paragraphs(old: list[str], new: list[str], purse: _Purse) -> Iterator[Paragraph]:
    """Paragraphs that are like each other side by side, the others whole."""
    rest = list(old)
    for text in new:
        twin = next((o for o in rest if _alike(o, text, purse)), None)
        if twin is None:
            yield (Piece("tambah", text),)
            continue
        while rest[0] != twin:
            yield (Piece("hapus", rest.pop(0)),)
        rest.pop(0)
        yield tuple(_pieces(twin.split(), text.split()))
    yield from ((Piece("hapus", text),) for text in rest)


def _alike(old: str, new: str, purse: _Purse) -> bool:
    a, b = old.split(), new.split()
    if not purse.pays(a, b):
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= LIKE


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("tetap", " ".join(new[j1:j2]))
            continue
        if i1 < i2:
            yield Piece("hapus", " ".join(old[i1:i2]))
        if j1 < j2:
            yield Piece("tambah", " ".join(new[j1:j2]))


_CUT = 12  # words that are shown on each side of a change in a long paragraph


def shortened(paragraph: Paragraph) -> Paragraph:
    """The paragraph with long unchanged stretches cut down to what stands beside a change."""
    made = []
    for order, piece in enumerate(paragraph):
        words = piece.text.split()
        if piece.kind != "tetap" or len(words) <= 2 * _CUT + 2:
            made.append(piece)
            continue
        head = words[:_CUT] if order else []
        tail = words[-_CUT:] if order < len(paragraph) - 1 else []
        made.append(
            Piece("tetap", re.sub(r"\s+", " ", f"{' '.join(head)} … {' '.join(tail)}").strip())
        )
    return tuple(made)
