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

from pipeline.office.config import TEMPLATES

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
    changed: tuple[
        tuple[str, str], ...
    ] = ()  # words that no look saw: (what was seen, the known word taken instead)


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
        data = tomllib.loads((TEMPLATES / "slips" / "alamat.toml").read_text(encoding="utf-8"))
        return dict.fromkeys((word.lower() for some in data.values() for word in some), 0)
    lines = (
        line for line in _LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    )
    return {
        word: rank
        for rank, word in enumerate(dict.fromkeys(word for line in lines for word in line.split()))
    }


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
    """ln of the chance that these steps say exactly this, for each of several sequences of columns."""
    longest = max(map(len, labels), default=0)
    wide = 2 * longest + 1
    extended = np.zeros((len(labels), wide), np.intp)
    for row, label in enumerate(labels):
        extended[row, 1 : 2 * len(label) : 2] = label
    skip = np.zeros_like(extended, bool)
    skip[:, 2:] = (extended[:, 2:] != 0) & (extended[:, 2:] != extended[:, :-2])
    logs = np.log(np.maximum(look, TINY)).astype(np.float64)
    now = np.full(extended.shape, -np.inf)
    now[:, 0] = logs[0, 0]
    if wide > 1:
        now[:, 1] = logs[0, extended[:, 1]]
    for step in logs[1:]:
        one = np.pad(now[:, :-1], ((0, 0), (1, 0)), constant_values=-np.inf)
        two = np.pad(now[:, :-2], ((0, 0), (2, 0)), constant_values=-np.inf)[:, :wide]
        now = np.logaddexp(np.logaddexp(now, one), np.where(skip, two, -np.inf)) + step[extended]
    ends = np.array([2 * len(label) for label in labels])
    rows = np.arange(len(labels))
    last: NDArray[np.float64] = np.logaddexp(
        now[rows, ends], np.where(ends > 0, now[rows, np.maximum(ends - 1, 0)], -np.inf)
    )
    return last


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
            opening = (
                text[-1][-1:] in (".", "!", "?") if text else None
            )  # a line may begin inside a sentence
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
        own = self._text(seen)
        if not style or min(one.sure for one in seen) > CERTAIN:
            return own, [one.sure for one in seen], [own.lower()]
        parts = [_part(look, looks[0], steps) for look in looks]
        read = [
            own,
            *filter(None, (self._text(plain(part, columns)).strip() for part in parts[1:])),
        ]
        wanted = dict.fromkeys([*read, *(meant for word in read for meant in _meant(word, style))])
        fits = [w for w in wanted if all(c in self._column for c in w)]
        labels = [[self._column[c] for c in w] for w in fits]
        told = np.mean([chance_of(part, labels) for part in parts if len(part)], axis=0)
        told = told + np.array([-_against(w, style, opening) for w in fits])
        best = int(told.argmax())
        share = float(1 / np.exp(told - told[best]).sum())
        saw = [word.lower() for word in read]
        if fits[best] == own:
            return (
                own,
                [max(one.sure * share, one.sure if share > 0.5 else 0.0) for one in seen],
                saw,
            )
        return fits[best], [share * 0.95] * len(fits[best]), saw

    def _text(self, seen: Sequence[_Seen]) -> str:
        return "".join(self._characters[one.column] for one in seen)


def _part(look: Look, first: Look, steps: tuple[int, int]) -> Look:
    """The same stretch of the line in another look, which may be wider; there with a step more at either end, as
    characters are not seen at quite the same place."""
    factor = len(look) / len(first)
    start, end = (round(step * factor) for step in steps)
    more = look is not first
    return look[max(start - more, 0) : max(end, start + 1) + more]


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
    for at in range(2, len(core) - 1) if core not in known else ():
        long = at > 2 or core[:at] in ("di", "ke")
        if long and len(core) - at > 2 and core[:at] in known and core[at:] in known:
            yield f"{core[:at]} {core[at:]}"


def _against(text: str, style: str, opening: bool | None) -> float:
    """Nats against a word: strange ones, rare ones, and capitals where nobody writes them. `opening`: whether it
    begins a sentence, None where nobody can say."""
    core = _core(text)
    if not style or len(core) < 2:
        return 0.0
    parts = text.strip(_MARKS).lower().split()
    cost = (len(parts) - 1) * SPLIT
    ranks = [words(style).get(part) for part in parts]
    cost += sum(
        STRANGE[style] if rank is None else RARE * float(np.log(rank + 10)) for rank in ranks
    )
    capital = True if style == "alamat" else opening
    if not set(core.lower()) & set("aeiou"):  # an abbreviation: KTP, CCTV, SD
        cost += 0.0 if core.isupper() else MISCASED
    elif (
        capital is not None
        and core[0].isupper() != capital
        and not (core.isupper() and len(core) > 1)
    ):
        cost += MISCASED
    return cost
