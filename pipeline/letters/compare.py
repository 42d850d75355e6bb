"""Two versions of a letter, word by word; pure.

difflib over paragraphs, then over whole words: it never splits a number or a date in its middle.
"""

from __future__ import annotations

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
    for was, now in _changed(before, after):
        found += _paragraphs(was, now, purse)
    words = 0
    for paragraph in found:
        words += sum(len(piece.text.split()) for piece in paragraph if piece.kind != "tetap")
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


def _changed(old: list[str], new: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """(what stood there, what stands there) of each stretch that is another one; of very many, all as one."""
    if len(old) * len(new) > MAX_PAIRS:
        yield old, new
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag != "equal":
            yield old[old_from:old_to], new[new_from:new_to]


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone = " ".join(old[old_from:old_to])
        here = " ".join(new[new_from:new_to])
        if tag == "equal":
            yield Piece("tetap", here)
            continue
        if old_from < old_to:
            yield Piece("hapus", gone)
        if new_from < new_to:
            yield Piece("tambah", here)


_CUT = 12  # words that are shown on each side of a change in a long paragraph


def shortened(paragraph: Paragraph) -> Paragraph:
    """The paragraph with long unchanged stretches cut down to what stands beside a change."""
    made = []
    last = len(paragraph) - 1
    for order, piece in enumerate(paragraph):
        words = piece.text.split()
        if piece.kind != "tetap" or len(words) <= 2 * _CUT + 2:
            made.append(piece)
            continue
        head = words[:_CUT] if order > 0 else []
        tail = words[-_CUT:] if order < last else []
        made.append(Piece("tetap", " ".join([*head, "…", *tail])))
    return tuple(made)
