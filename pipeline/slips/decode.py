"""What the recogniser sees in a line → its text: looks at several widths vote, word by word, and known words count.

Hides CTC. A look is a matrix: at each step (row) the chance of each character (column), the first column being
"nothing new here". Pure numpy.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from pipeline.office.messages import TEMPLATES

Look = NDArray[np.float32]
CERTAIN = 0.97  # a word whose every character is surer than this is not looked at again
NEAR = 2  # edits between what is read and a word that may be meant
CANDIDATES = 24
STRANGE = {"kalimat": 8.0, "alamat": 4.0}  # nats against a word that nobody knows
SPLIT = 1.0  # nats against a blank inside what another look sees as one word
RARE = 0.25  # nats against a known word, for each e-fold that it is rarer
MISCASED = 2.0  # nats against a capital inside a sentence, or a small letter at its beginning
TINY = 1e-7
_MARKS = ".,;:!?\"'()"
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
_LIST = Path(__file__).parent / "kata.txt"


@dataclass(frozen=True)
class Line:
    """A line's text, and how sure each of its characters is, 1 being certain."""

    text: str
    sure: tuple[float, ...]
    # Words that no look saw: (what was seen, the known word taken instead).
    changed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Seen:
    """A character of the plain reading: where it begins and ends, and its chance."""

    column: int
    start: int
    end: int
    sure: float


@cache
def words(style: str = "kalimat") -> Mapping[str, int]:
    """Words that people write in sentences or addresses, with how rare each is: 0 for the commonest."""
    if style == "alamat":
        return _of_addresses()
    found: dict[str, int] = {}
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            for word in line.split():
                found.setdefault(word, len(found))
    return found


@cache
def _of_addresses() -> dict[str, int]:
    data = tomllib.loads((TEMPLATES / "slips" / "alamat.toml").read_text(encoding="utf-8"))
    return dict.fromkeys((word.lower() for some in data.values() for word in some), 0)


def learn(names: Iterable[str]) -> None:
    """Names of streets and kelurahan that an office has confirmed join the words of its addresses, in this process."""
    _of_addresses().update(dict.fromkeys((name.lower() for name in names), 0))


def plain(look: Look, columns: NDArray[np.intp]) -> list[_Seen]:
    """The likeliest character at each step, repeats joined."""
    best = columns[look[:, columns].argmax(axis=1)]
    found: list[_Seen] = []
    before = 0
    for step, index in enumerate(best):
        chance = float(look[step, index])
        if index and index == before:
            last = found[-1]
            found[-1] = _Seen(last.column, last.start, step + 1, max(last.sure, chance))
        elif index:
            found.append(_Seen(int(index), step, step + 1, chance))
        before = int(index)
    return found


def chance_of(look: Look, labels: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """ln of the chance that these steps say exactly this, for each of several sequences of columns. CTC's forward
    pass (Graves et al. 2006, section 4.1) over all of them at once."""
    longest = max(map(len, labels), default=0)
    wide = 2 * longest + 1  # a blank before, between and after the characters
    extended = np.zeros((len(labels), wide), np.intp)
    for row, label in enumerate(labels):
        extended[row, 1 : 2 * len(label) : 2] = label
    # A blank may be left out, but not between two of the same character.
    skip = np.zeros_like(extended, bool)
    skip[:, 2:] = (extended[:, 2:] != 0) & (extended[:, 2:] != extended[:, :-2])
    logs = np.log(np.maximum(look, TINY)).astype(np.float64)
    now = np.full(extended.shape, -np.inf)
    now[:, 0] = logs[0, 0]
    if wide > 1:
        now[:, 1] = logs[0, extended[:, 1]]
    for step in logs[1:]:
        from_before = _moved(now, 1)
        from_two_before = np.where(skip, _moved(now, 2), -np.inf)
        reached = np.logaddexp(np.logaddexp(now, from_before), from_two_before)
        now = reached + step[extended]
    # The last step says the last character, or the blank behind it.
    rows = np.arange(len(labels))
    blank = np.array([2 * len(label) for label in labels])
    character = np.maximum(blank - 1, 0)
    on_character = np.where(blank > 0, now[rows, character], -np.inf)
    chances: NDArray[np.float64] = np.logaddexp(now[rows, blank], on_character)
    return chances


class Reader:
    """Puts the looks at a line together. `characters`: what each column stands for."""

    def __init__(self, characters: Sequence[str]) -> None:
        self._characters = list(characters)
        self._column = {c: n for n, c in enumerate(self._characters) if n}

    def read(self, looks: Sequence[Look], columns: NDArray[np.intp], style: str = "") -> Line:
        """The text of a line. `style`: "kalimat" or "alamat" where known words count, else ""."""
        seen = plain(looks[0], columns)
        text: list[str] = []
        sure: list[float] = []
        changed: list[tuple[str, str]] = []
        for first, last in self._words(seen):
            start = seen[first - 1].end if first else 0
            end = seen[last].start if last < len(seen) else len(looks[0])
            opening = None  # a line may begin inside a sentence
            if text:
                opening = text[-1][-1:] in (".", "!", "?")
            word, chances, read = self._word(
                looks, columns, seen[first:last], (start, end), style, opening
            )
            if not word:
                continue
            if word.lower() not in read:
                changed.append((read[0], word))
            if text:
                sure.append(seen[first - 1].sure)
            text.append(word)
            sure.extend(chances)
        return Line(" ".join(text), tuple(sure), tuple(changed))

    def doubtful(self, look: Look, columns: NDArray[np.intp]) -> bool:
        """Whether some word of this look would be weighed against another look."""
        seen = (one for one in plain(look, columns) if self._characters[one.column] != " ")
        return any(one.sure <= CERTAIN for one in seen)

    def plain(self, look: Look, columns: NDArray[np.intp]) -> str:
        """What one look alone sees."""
        return self._text(plain(look, columns)).strip()

    def _words(self, seen: Sequence[_Seen]) -> Iterable[tuple[int, int]]:
        """(first, last) characters of each word."""
        first = 0
        for n, one in enumerate([*seen, None]):
            if one is None or self._characters[one.column] == " ":
                if n > first:
                    yield first, n
                first = n + 1

    def _word(
        self,
        looks: Sequence[Look],
        columns: NDArray[np.intp],
        seen: Sequence[_Seen],
        steps: tuple[int, int],
        style: str,
        opening: bool | None,
    ) -> tuple[str, list[float], list[str]]:
        """(the word, how sure each character is, what the looks saw in small letters)"""
        own, sure = self._text(seen), [one.sure for one in seen]
        if not style or min(sure) > CERTAIN:
            return own, sure, [own.lower()]
        parts = [_part(look, looks[0], steps) for look in looks]
        others = [self._text(plain(part, columns)).strip() for part in parts[1:]]
        read = [own, *filter(None, others)]
        saw = [word.lower() for word in read]
        best, share = self._likeliest(read, parts, style, opening)
        if best != own:
            return best, [share * 0.95] * len(best), saw
        if share > 0.5:  # most say so: no less sure than the look itself was
            return own, sure, saw
        return own, [one * share for one in sure], saw

    def _likeliest(
        self,
        read: Sequence[str],
        parts: Sequence[Look],
        style: str,
        opening: bool | None,
    ) -> tuple[str, float]:
        """Of what was read and what may have been meant by it, the word that the looks together speak for; its share of
        their chances."""
        meant = [word for one in read for word in _meant(one, style)]
        wanted = dict.fromkeys([*read, *meant])
        fits = [word for word in wanted if all(c in self._column for c in word)]
        labels = [[self._column[c] for c in word] for word in fits]
        against = np.array([_against(word, style, opening) for word in fits])
        told = [chance_of(part, labels) for part in parts if len(part)]
        chances = np.mean(told, axis=0) - against
        best = int(chances.argmax())
        return fits[best], float(1 / np.exp(chances - chances[best]).sum())

    def _text(self, seen: Sequence[_Seen]) -> str:
        return "".join(self._characters[one.column] for one in seen)


def _moved(logs: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    """The same chances so many places further on; what comes in at the front is impossible."""
    moved = np.full_like(logs, -np.inf)
    moved[:, by:] = logs[:, :-by]
    return moved


def _part(look: Look, first: Look, steps: tuple[int, int]) -> Look:
    """The same stretch of the line in another look, which may be wider; there with a step more at either end, as
    characters are not seen at quite the same place."""
    factor = len(look) / len(first)
    start, end = (round(step * factor) for step in steps)
    end = max(end, start + 1)
    if look is first:
        return look[start:end]
    return look[max(start - 1, 0) : end + 1]


def _core(text: str) -> str:
    found = _WORD.search(text)
    return found[0] if found else ""


def _meant(text: str, style: str) -> list[str]:
    """Words that may be meant by what was read, in the case in which they would be written."""
    found = _WORD.fullmatch(text.strip(_MARKS))
    if not found or len(found[0]) < 2:
        return []
    core = found[0]
    head, _, tail = text.partition(core)
    near = process.extract(
        core.lower(),
        words(style).keys(),
        scorer=Levenshtein.distance,
        score_cutoff=min(NEAR, (len(core) + 1) // 3),
        limit=CANDIDATES,
    )
    known = [core.lower(), *(word for word, _, _ in near)]
    if style == "kalimat":
        known += _split(core.lower())
    cased = [case for word in known for case in (word, word[0].upper() + word[1:])]
    if core.isupper() and len(core) > 1:
        cased = [word.upper() for word in known]
    return [head + word + tail for word in cased]


def _split(core: str) -> Iterable[str]:
    """Two known words that were read as one."""
    known = words()
    if core in known:
        return
    for at in range(2, len(core) - 2):
        first, second = core[:at], core[at:]
        is_short = at == 2 and first not in ("di", "ke")
        if not is_short and first in known and second in known:
            yield f"{first} {second}"


def _against(text: str, style: str, opening: bool | None) -> float:
    """Nats against a word: strange ones, rare ones, and capitals where nobody writes them. `opening`: whether it
    begins a sentence, None where nobody can say."""
    core = _core(text)
    if not style or len(core) < 2:
        return 0.0
    parts = text.strip(_MARKS).lower().split()
    cost = (len(parts) - 1) * SPLIT
    for part in parts:
        rank = words(style).get(part)
        cost += STRANGE[style] if rank is None else RARE * float(np.log(rank + 10))
    if _is_miscased(core, style, opening):
        cost += MISCASED
    return cost


def _is_miscased(core: str, style: str, opening: bool | None) -> bool:
    """Whether a word of two letters or more has a capital where nobody writes one, or none where everybody does."""
    if not set(core.lower()) & set("aeiou"):  # an abbreviation: KTP, CCTV, SD
        return not core.isupper()
    if core.isupper():
        return False
    begins_with_capital = True if style == "alamat" else opening
    return begins_with_capital is not None and core[0].isupper() != begins_with_capital
