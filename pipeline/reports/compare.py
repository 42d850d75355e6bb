"""Figures as they are kept, compared with other figures or with what a Word file shows; pure.

A kept table is JSON: {name, title, heads, rows, shares}. A cell is compared as the report prints it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from pipeline.office.numbers import NOTHING
from pipeline.office.words import word
from pipeline.register.report import FigureTable, PeriodReport, as_text, told

Kept = Mapping[str, Any]
Grid = list[list[str]]
KEYS = {"kategori": 2}  # columns that name a row; one, elsewhere
MOST_TOLD = 40
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?", re.ASCII)
DECIMALS = re.compile(r"[.,](\d{1,2})\Z")
SHORT = 60  # letters of a row's name
MOST_ROWS, MOST_CELLS = 2_000, 40  # of a table that came back


def kept(found: PeriodReport) -> list[dict[str, Any]]:
    """The tables of a report as JSON."""
    return [
        {
            "name": table.name,
            "title": table.title,
            "heads": [*table.heads],
            "rows": [[*row] for row in table.rows],
            "shares": [*table.shares],
            "links": [],  # a report that goes out leads to no case
        }
        for table in found.tables
    ]


def grid(table: Kept) -> Grid:
    """A kept table as it is printed."""
    one = FigureTable(
        table["name"],
        table["title"],
        tuple(table["heads"]),
        tuple(map(tuple, table["rows"])),
        tuple(table["shares"]),
    )
    printed = []
    for row in told(one):
        texts = (as_text(one, column, cell) for column, cell in enumerate(row))
        printed.append(_tidy(texts))
    return printed


def _tidy(cells: Iterable[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in cells]


def grids_of(content: bytes) -> list[Grid]:
    """The tables of a Word file that has passed the gate, heads included."""
    found = []
    for table in Document(BytesIO(content)).tables:
        rows = table._tbl.tr_lst[:MOST_ROWS]
        found.append([_cells_of(row) for row in rows])
    return found


# ---- a file against the data ---------------------------------------------------------------------------------


def disagreements(
    shown: Sequence[Grid], paragraphs: Sequence[str], now: Sequence[Kept], said: Sequence[str]
) -> list[str]:
    """What a file shows and the data do not say: cells of its tables, and numbers in sentences that are ours still."""
    lines = [line for table in now for line in _of_table(shown, table)]
    lines += _of_sentences(paragraphs, said)
    return _shortened(lines)


def _cells_of(row: Any) -> list[str]:
    """The texts of a row's cells; w:t holds text, and nothing else does."""
    texts = []
    for cell in row.tc_lst[:MOST_CELLS]:
        pieces = [node.text or "" for node in cell.iter(qn("w:t"))]
        texts.append("".join(pieces))
    return _tidy(texts)


def _of_table(shown: Sequence[Grid], table: Kept) -> Iterator[str]:
    heads = _tidy(table["heads"])
    mine = next((one for one in shown if one and one[0] == heads), None)
    if mine is None:
        yield word("laporan.periksa.tabel_hilang", tabel=table["title"])
        return
    for one in _changes(table, mine[1:], grid(table)):
        yield word(
            "laporan.periksa.beda",
            tabel=table["title"],
            baris=one.row,
            kolom=one.head,
            berkas=_count(one.was),
            data=_count(one.now),
        )


def _of_sentences(paragraphs: Sequence[str], said: Sequence[str]) -> Iterator[str]:
    """A sentence whose words are ours and whose numbers are not; what was written anew is the writer's own."""
    there = set()
    by_words = {}
    for text in paragraphs:
        words, numbers = _numbered(text)
        there.add((words, numbers))
        by_words[words] = " ".join(text.split())
    for sentence in said:
        words, numbers = _numbered(sentence)
        if words in by_words and (words, numbers) not in there:
            yield word("laporan.periksa.kalimat", berkas=by_words[words], data=sentence)


def _numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """A sentence without its numbers, and they."""
    words = " ".join(NUMBER.sub("#", text).split())
    numbers = tuple(_value(one) for one in NUMBER.findall(text))
    return words, numbers


def same(one: str, other: str) -> bool:
    """Whether two cells say the same: 1.234 is 1234, 12,50 is 12.5, 50 % is 50%. What is no number is compared as it
    stands."""
    return one == other or _value(one) == _value(other)


def _value(cell: str) -> str:
    """A number in one form, whoever wrote it: one or two digits behind the last mark are decimals, all others whole."""
    plain = "".join(cell.split()).removesuffix("%")
    if plain == NOTHING:  # as a count of nothing is printed
        return "0"
    if not NUMBER.fullmatch(plain):
        return cell
    decimals = ""
    if found := DECIMALS.search(plain):
        plain, decimals = plain[: found.start()], found[1].rstrip("0")
    whole = re.sub(r"\D", "", plain).lstrip("0") or "0"
    return f"{whole},{decimals}" if decimals else whole


# ---- figures against earlier figures -------------------------------------------------------------------------


def corrections(name: str, before: Sequence[Kept], now: Sequence[Kept]) -> list[str]:
    """What an earlier report says and is known better now. Shares follow from the counts and are not told."""
    old = {table["name"]: table for table in before}
    lines = []
    for table in now:
        if table["name"] not in old:
            continue
        was = grid(old[table["name"]])
        lines += [
            word(
                "laporan.koreksi.baris",
                laporan=name,
                tabel=table["title"],
                baris=one.row,
                kolom=one.head,
                semula=_count(one.was),
                menjadi=_count(one.now),
            )
            for one in _changes(table, was, grid(table), leaving_out=table["shares"])
        ]
    return _shortened(lines)


def _count(cell: str) -> str:
    """A cell as a sentence says it."""
    return "0" if cell == NOTHING else cell


@dataclass(frozen=True)
class CellChange:
    """A cell that differs: of which row, under which head, what it was and what it is."""

    row: str
    head: str
    was: str
    now: str


def _changes(
    table: Kept, old: Grid, new: Grid, *, leaving_out: Collection[int] = ()
) -> Iterator[CellChange]:
    """Each cell that differs, but for some columns. A row that is not there may be one of nothing, which is left out:
    then a cell that says nothing does not differ."""
    keys = KEYS.get(table["name"], 1)
    was = {tuple(row[:keys]): row for row in old}
    now = {tuple(row[:keys]): row for row in new}
    for key in dict.fromkeys((*now, *was)):
        row = ", ".join(part[:SHORT] for part in key)
        for column, head in enumerate(table["heads"]):
            if column < keys or column in leaving_out:
                continue
            before, after = _cell(was.get(key), column), _cell(now.get(key), column)
            bare = "" in (before, after) and not (key in was and key in now)
            if not bare and not same(before, after):
                yield CellChange(row, head, before, after)


def _cell(row: Sequence[str] | None, column: int) -> str:
    """ "-" for a row or a cell that is not there."""
    return row[column] if row is not None and column < len(row) else NOTHING


def _shortened(lines: list[str]) -> list[str]:
    rest = len(lines) - MOST_TOLD
    if rest <= 0:
        return lines
    return [*lines[:MOST_TOLD], word("laporan.periksa.lebih", jumlah=rest)]
