"""Figures compared as people mean them: by their value, not by the marks between their digits."""

from __future__ import annotations

import pytest

from pipeline.reports.compare import disagreements, same

ALIKE = [
    ("1.234", "1234"),
    ("1 234", "1.234"),
    ("1\u00a0234", "1.234"),
    ("1,234", "1.234"),
    ("12,5", "12.5"),
    ("12,50", "12,5"),
    ("50%", "50 %"),
    ("007", "7"),
    ("5,0", "5"),
    ("1.234,5", "1234.5"),
    ("", ""),
    ("-", "0"),  # as a count of nothing is printed
]
UNLIKE = [
    ("50%", "51%"),
    ("0", ""),
    ("-", "1"),
    ("1.234", "1.243"),
    ("12,5", "125"),
    ("Seksi 1", "Seksi 2"),
    ("dua", "2"),
    ("²", "2"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_the_same_number_in_other_marks_is_the_same(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_another_number_is_another(one: str, other: str) -> None:
    assert not same(one, other)


SAID = "Selama November 2026 masuk 1.234 pengaduan."


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ("Selama November 2026 masuk 1234 pengaduan.", 0),
        ("Selama  November 2026 masuk 1,234 pengaduan.", 0),
        ("Selama November 2026 masuk 1.243 pengaduan.", 1),
        ("Selama November 2025 masuk 1.234 pengaduan.", 1),
        ("Pada bulan ini masuk 12 pengaduan.", 0),
    ],
)
def test_a_sentence_is_held_against_the_data_by_its_numbers(there: str, told: int) -> None:
    assert len(disagreements([], [there], [], [SAID])) == told
