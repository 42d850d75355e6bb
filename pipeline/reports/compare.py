"""Figures as they are kept, compared with other figures or with what a Word file shows; pure.

A kept table is JSON: {name, title, heads, rows, shares}. A cell is compared as the report prints it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from io import BytesIO
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from pipeline.office.words import word
from pipeline.register.report import FigureTable, PeriodReport, as_text

Kept = Mapping[str, Any]
Grid = list[list[str]]
KEYS = {"kategori": 2}  # columns that name a row; one, elsewhere
MOST_TOLD = 40
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?", re.ASCII)
SHORT = 60  # letters of a row's name
MOST_ROWS, MOST_CELLS = 2_000, 40  # of a table that came back


def kept(found: PeriodReport) -> list[dict[str, Any]]:
    """The tables of a report as JSON."""
    return [
        {
            **asdict(table),
            "heads": [*table.heads],
            "rows": [[*row] for row in table.rows],
            "shares": [*table.shares],
        }
        | {"links": []}
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
    return [
        _tidy(as_text(one, column, cell) for column, cell in enumerate(row)) for row in one.rows
    ]


def _tidy(cells: Iterable[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in cells]


def grids_of(content: bytes) -> list[Grid]:
    """The tables of a Word file that has passed the gate, heads included."""
    found = []
    for table in Document(BytesIO(content)).tables:
        rows = table._tbl.tr_lst[:MOST_ROWS]
        found.append(
            [
                _tidy(
                    "".join(node.text or "" for node in cell.iter(qn("w:t")))
                    for cell in row.tc_lst[:MOST_CELLS]
                )
                for row in rows
            ]
        )
    return found


# ---- a file against the data ---------------------------------------------------------------------------------


def disagreements(
    shown: Sequence[Grid], paragraphs: Sequence[str], now: Sequence[Kept], said: Sequence[str]
) -> list[str]:
    """What a file shows and the data do not say: cells of its tables, and numbers in sentences that are ours still."""
    told = [line for table in now for line in _of_table(shown, table)]
    told += _of_sentences(paragraphs, said)
    return _shortened(told)


def _of_table(shown: Sequence[Grid], table: Kept) -> Iterator[str]:
    heads = _tidy(table["heads"])
    mine = next((one for one in shown if one and one[0] == heads), None)
    if mine is None:
        yield word("laporan.periksa.tabel_hilang", tabel=table["title"])
        return
    for name, head, old, new in _changes(table, mine[1:], grid(table)):
        yield word(
            "laporan.periksa.beda",
            tabel=table["title"],
            baris=name,
            kolom=head,
            berkas=old,
            data=new,
        )


def _of_sentences(paragraphs: Sequence[str], said: Sequence[str]) -> Iterator[str]:
    """A sentence whose words are ours and whose numbers are not; what was written anew is the writer's own."""
    there = {_numbered(text): " ".join(text.split()) for text in paragraphs}
    by_words = {words: text for (words, _numbers), text in there.items()}
    for sentence in said:
        words, numbers = _numbered(sentence)
        if words in by_words and (words, numbers) not in there:
            yield word("laporan.periksa.kalimat", berkas=by_words[words], data=sentence)


def _numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """A sentence without its numbers, and they."""
    return " ".join(NUMBER.sub("#", text).split()), tuple(
        _value(one) for one in NUMBER.findall(text)
    )


def same(one: str, other: str) -> bool:
    """Whether two cells say the same: 1.234 is 1234, 12,50 is 12.5, 50 % is 50%. What is no number is compared as it
    stands."""
    return one == other or _value(one) == _value(other)


def _value(cell: str) -> str:
    """A number in one form, whoever wrote it: one or two digits behind the last mark are decimals, all others whole."""
    plain = "".join(cell.split()).removesuffix("%")
    if not NUMBER.fullmatch(plain):
        return cell
    whole, decimals = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", plain).groups()  # type: ignore[union-attr]
    digits = re.sub(r"\D", "", whole).lstrip("0") or "0"
    return ",".join(filter(None, (digits, (decimals or "").rstrip("0"))))


# ---- figures against earlier figures -------------------------------------------------------------------------


def corrections(name: str, before: Sequence[Kept], now: Sequence[Kept]) -> list[str]:
    """What an earlier report says and is known better now. Shares follow from the counts and are not told."""
    old = {table["name"]: table for table in before}
    told = []
    for table in now:
        if table["name"] in old:
            for row, head, was, new in _changes(
                table, grid(old[table["name"]]), grid(table), follows=True
            ):
                told.append(
                    word(
                        "laporan.koreksi.baris",
                        laporan=name,
                        tabel=table["title"],
                        baris=row,
                        kolom=head,
                        semula=was,
                        menjadi=new,
                    )
                )
    return _shortened(told)


def _changes(
    table: Kept, old: Grid, new: Grid, *, follows: bool = False
) -> Iterator[tuple[str, str, str, str]]:
    """(row, head, old cell, new cell) of each difference; "-" for a row that is not there."""
    keys = KEYS.get(table["name"], 1)
    left_out = set(table["shares"]) if follows else set()
    was, now = ({tuple(row[:keys]): row for row in some} for some in (old, new))
    for key in dict.fromkeys((*now, *was)):
        for column, head in enumerate(table["heads"]):
            pair = [
                row[column] if row and column < len(row) else "-"
                for row in (was.get(key), now.get(key))
            ]
            if column >= keys and column not in left_out and not same(*pair):
                yield ", ".join(part[:SHORT] for part in key), head, pair[0], pair[1]


def _shortened(told: list[str]) -> list[str]:
    rest = len(told) - MOST_TOLD
    return told if rest <= 0 else [*told[:MOST_TOLD], word("laporan.periksa.lebih", jumlah=rest)]
