"""Combs: each cell is looked at alone, and line and cells together say what is clear."""

from __future__ import annotations

import random

import numpy as np
import pytest

from pipeline.slips import digits, ocr, scan
from pipeline.slips.digits import Cell
from tests.slips import varied
from tests.slips.ingredients import MADE


def cell(digit: str, sure: float = 0.95) -> Cell:
    chances = np.full(11, (1 - sure) / 10, np.float32)
    chances[int(digit) if digit else digits.NOTHING] = sure
    return Cell(chances, 0.0, 5.0)


def test_a_digit_is_no_surer_than_its_less_sure_witness() -> None:
    read = digits.weighed(
        "0812", (1.0, 1.0, 1.0, 1.0), [cell("0"), cell("8"), cell("1", 0.6), cell("2")]
    )
    assert (read.text, read.second) == ("0812", "0812")
    assert min(read.sure) < 0.61


def test_a_digit_that_two_witnesses_see_differently_is_never_clear() -> None:
    """The recogniser is sure of a real person's 7 that it takes for a 1."""
    read = digits.weighed(
        "0811", (0.99, 0.99, 0.99, 0.7), [cell("0"), cell("8"), cell("1"), cell("7")]
    )
    assert read.text == "0817"
    assert read.second == "0811"


def test_a_digit_that_the_line_swallowed_is_found_in_its_cell() -> None:
    read = digits.weighed("081", (0.9, 0.9, 0.9), [cell(d) for d in "0814"])
    assert (read.text, read.second) == ("0814", "081")


def test_a_stroke_in_a_cell_is_no_digit() -> None:
    read = digits.weighed(
        "02-05", (0.9,) * 5, [cell("0"), cell("2"), cell(""), cell("0"), cell("5")]
    )
    assert read.second == "0205"
    assert read.text == "02-05"


def test_a_cell_that_says_nothing_leaves_the_digit_to_the_line() -> None:
    """And takes no other digit out of the number."""
    read = digits.weighed(
        "0812", (0.9, 0.9, 0.99, 0.9), [cell("0"), cell("8"), cell("", 0.3), cell("2")]
    )
    assert (read.text, read.second) == ("0812", "082")


def test_a_hand_that_the_cells_do_not_know_is_read_by_its_line() -> None:
    line = "3577034202590079"
    read = digits.weighed(line, (0.99,) * 16, [cell(d, 0.9) for d in "8577084808580079"])
    assert (read.text, read.second) == (line, "8577084808580079")


def test_teeth_that_creased_paper_has_moved_are_no_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comb's print lies up to a mm from where the layout has it; none of it is read as a 1."""
    monkeypatch.setattr(varied, "families", lambda part, hand: ["Liberation Sans"])
    made = varied.filled(MADE, random.Random(1), hand=False)
    bent = varied._crumpled(made.picture, random.Random(1), 4, 0.2, 1.0)
    (found,) = scan.slips(varied._grey(varied._scaled(bent, 200)))
    read = ocr.read(scan.flattened(found), ()).fields
    assert read["nik"].value == made.fields["nik"]
    assert read["tanggal"].value == made.fields["tanggal"]
