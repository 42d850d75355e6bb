"""Differences between two versions of a letter: by whole words, never inside a number."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.letters.compare import Piece, difference, shortened
from tests.work import effort


def shown(old: list[str], new: list[str]) -> list[str]:
    """+added+ -removed- words of each changed paragraph."""
    marks = {"tetap": "{}", "tambah": "+{}+", "hapus": "-{}-"}
    return [
        " ".join(marks[p.kind].format(p.text) for p in paragraph)
        for paragraph in difference(old, new).paragraphs
    ]


def test_nothing_changed() -> None:
    assert difference(["Satu dua."], ["Satu dua."]).paragraphs == ()
    assert difference(["Satu  dua."], ["Satu\u00a0dua."]).words == 0


def test_a_date_is_replaced_as_a_word_not_digit_by_digit() -> None:
    assert shown(["Rapat 13 November 2026 di kantor."], ["Rapat 14 November 2026 di kantor."]) == [
        "Rapat -13- +14+ November 2026 di kantor."
    ]


def test_changed_paragraph_stands_beside_added_and_removed_ones() -> None:
    old = ["Pembuka surat ini.", "Lampu sudah diperbaiki kemarin sore.", "Alinea lama yang hilang."]
    new = [
        "Pembuka surat ini.",
        "Alinea baru sama sekali lain.",
        "Lampu sudah diganti kemarin sore.",
    ]
    assert shown(old, new) == [
        "+Alinea baru sama sekali lain.+",
        "Lampu sudah -diperbaiki- +diganti+ kemarin sore.",
        "-Alinea lama yang hilang.-",
    ]


def test_long_unchanged_stretches_are_cut_in_view() -> None:
    words = " ".join(f"kata{n}" for n in range(100))
    (paragraph,) = difference([f"{words} lama."], [f"{words} baru."]).paragraphs
    cut = shortened(paragraph)
    assert cut[0].text.startswith("… kata88")
    assert cut[1:] == (Piece("hapus", "lama."), Piece("tambah", "baru."))


def test_a_letter_is_compared_in_milliseconds() -> None:
    old = [
        f"Alinea {n} tentang pelayanan publik di kota ini yang cukup panjang." for n in range(40)
    ]
    new = [text.replace("publik", "umum") if n % 3 else text for n, text in enumerate(old)]
    assert effort(lambda: difference(old, new)) < 10


@pytest.mark.parametrize("count", [1_000, 30_000])
def test_however_long_a_text_is_its_comparison_is_bounded(count: int) -> None:
    """Equal paragraphs and equal words are what makes difflib slow."""
    same, words = ["Alinea yang sama."] * count, ["kata lain " * count]
    assert effort(lambda: difference(same, [*same[1:], "Baru.", *same])) < 300
    assert effort(lambda: difference(words, [words[0] + "satu kata lain"])) < 300


lines = st.lists(st.text("ab c\n", max_size=12), max_size=6)


@settings(deadline=None)
@given(lines, lines)
def test_both_versions_can_be_read_out_of_the_differences(old: list[str], new: list[str]) -> None:
    """What is kept and added is the new text, what is kept and removed the old, paragraph by paragraph."""
    found = difference(old, new).paragraphs
    plain = [" ".join(text.split()) for text in new]
    for paragraph in found:
        now = " ".join(p.text for p in paragraph if p.kind != "hapus")
        assert not now or " ".join(now.split()) in plain
