"""Looks at a line are put together as a person would: by what each saw, and by the words that there are."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.slips import decode
from pipeline.slips.decode import Look, Reader, chance_of, words

LETTERS = ["", *" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,0123456789"]
COLUMNS = np.arange(len(LETTERS))
READER = Reader(LETTERS)


def look(*seen: str | tuple[str, float, str], steps: int = 2) -> Look:
    """A look at a line: a character that is surely there, or (character, its chance, what it may be instead)."""
    rows = []
    for one in seen:
        char, chance, other = (one, 0.999, " ") if isinstance(one, str) else one
        row = np.full(len(LETTERS), 1e-6, np.float32)
        row[LETTERS.index(other)], row[LETTERS.index(char)] = 1 - chance, chance
        nothing = np.full(len(LETTERS), 1e-6, np.float32)
        nothing[0] = 0.999
        rows += [row, *[nothing] * (steps - 1)]
    return np.array(rows)


def text(*looks: Look, style: str = "") -> str:
    return READER.read(looks, COLUMNS, style).text


def test_what_is_surely_there_is_read_as_it_stands() -> None:
    line = READER.read([look(*"Lampu padam.")], COLUMNS, "kalimat")
    assert line.text == "Lampu padam."
    assert len(line.sure) == len(line.text)
    assert min(line.sure) > 0.99


@pytest.mark.parametrize(
    ("seen", "meant"),
    [
        ([*"min", "g", ("s", 0.9, "g"), *"u lalu"], "minggu lalu"),
        ([("s", 0.8, "j"), *"alan rusak"], "jalan rusak"),
        ([*"lampu ", ("K", 0.7, "k"), *"elurahan"], "lampu kelurahan"),
    ],
    ids=["letter", "first", "capital"],
)
def test_a_known_word_is_taken_for_an_uncertain_one(
    seen: list[str | tuple[str, float, str]], meant: str
) -> None:
    assert text(look(*seen), style="kalimat") == meant


def test_names_that_nobody_lists_stay() -> None:
    """A word that is surely read is not bent to one that is known."""
    assert text(look(*"Bapak Sudarmaji"), style="kalimat") == "Bapak Sudarmaji"


def test_each_look_sees_what_the_other_misses() -> None:
    narrow = look(*"xqz", ("w", 0.55, "v"), "7", steps=2)
    wide = look(*"xqz", ("v", 0.98, "w"), "7", steps=4)
    assert text(narrow) == "xqzw7"
    assert text(narrow, wide, style="kalimat") == "xqzv7"


def test_a_street_is_known_in_an_address_only() -> None:
    seen = look(*"Dip", ("a", 0.8, "o"), *"negoro")
    assert text(seen, style="alamat") == "Diponegoro"
    assert text(seen) == "Dipanegoro"


def test_a_name_that_the_office_has_confirmed_is_taken_for_an_uncertain_one() -> None:
    seen = look(*"Jl. Kalibes", ("a", 0.6, "o"))
    assert text(seen, style="alamat") == "Jl. Kalibesa"
    before = dict(decode.words("alamat"))
    try:
        decode.learn(["kalibeso"])
        assert text(seen, style="alamat") == "Jl. Kalibeso"
    finally:
        decode._of_addresses().clear()
        decode._of_addresses().update(before)


def test_chances_are_those_of_every_way_to_say_it() -> None:
    """CTC: "a" in two steps is a-, -a or aa."""
    one = np.array([[0.5, 0.5], [0.25, 0.75]], np.float32)
    assert np.exp(chance_of(one, [[1], []])) == pytest.approx([1 - 0.5 * 0.25, 0.5 * 0.25])
    assert np.exp(chance_of(one, [[1, 1]])) == pytest.approx([0.0])  # a repeat needs a step between


def test_the_words_of_complaints_are_there() -> None:
    assert {"loket", "mampet", "kelurahan", "retribusi", "menindaklanjuti"} <= set(words())
    assert {"diponegoro", "kelurahan", "mojorejo"} <= set(words("alamat"))
