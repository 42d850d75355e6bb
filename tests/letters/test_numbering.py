"""Number and date, written into the room that the draft left, however Word or a person has handled it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.letters.numbering import date_in, has_room, number_in, numbered
from pipeline.letters.returned import inspect
from tests.letters.sample import changed, draft, texts

ROOM = "400.14.5/      /401.109/2026"
NUMBER, DAY = "400.14.5/7/401.109/2026", "24 November 2026"
BODY = "word/document.xml"


def blank(**changes: Any) -> bytes:
    facts: dict[str, Any] = {"number": ROOM, "day": None, **changes}
    return draft(**facts)


def first_line(content: bytes) -> str:
    return next(text for text in texts(content) if text.startswith("Nomor"))


def test_room_is_filled_and_nothing_else_changes() -> None:
    before, after = texts(blank()), texts(numbered(blank(), ROOM, NUMBER, "Madiun", DAY))
    assert f"Nomor\t:\t{NUMBER}\tMadiun, {DAY}" in after
    assert [a for a, b in zip(after, before, strict=True) if a != b] == [
        first_line(blank()).replace(*_filled())
    ]


def _filled() -> tuple[str, str]:
    line = first_line(blank())
    return line, f"Nomor\t:\t{NUMBER}\tMadiun, {DAY}"


def test_letter_keeps_its_marks_and_passes_the_gate_again() -> None:
    before, after = inspect(blank()), inspect(numbered(blank(), ROOM, NUMBER, "Madiun", DAY))
    assert (after.mark, after.identifier, after.footer_code) == (
        before.mark,
        before.identifier,
        before.footer_code,
    )
    assert not after.blocked


@pytest.mark.parametrize("spaces", ["", " ", "\u00a0\u00a0", "            "])
def test_room_is_found_whatever_is_left_of_its_spaces(spaces: str) -> None:
    squeezed = changed(blank(), BODY, "400.14.5/" + "\u00a0" * 6 + "/", f"400.14.5/{spaces}/")
    assert NUMBER in first_line(numbered(squeezed, ROOM, NUMBER, "Madiun", DAY))


def test_room_that_word_has_split_into_runs_is_filled() -> None:
    split = changed(
        blank(),
        BODY,
        "400.14.5/" + "\u00a0" * 6,
        "400.14.5/\u00a0\u00a0</w:t></w:r><w:r><w:t>\u00a0\u00a0\u00a0\u00a0",
    )
    assert NUMBER in first_line(numbered(split, ROOM, NUMBER, "Madiun", DAY))


def test_whole_number_by_hand_goes_into_an_empty_line() -> None:
    done = numbered(blank(number=""), "", "065/12/401.109/2026", "Madiun", DAY)
    assert first_line(done) == f"Nomor\t:\t065/12/401.109/2026\tMadiun, {DAY}"


def test_number_and_date_that_stand_there_are_left() -> None:
    done = draft(number=NUMBER)
    assert numbered(done, ROOM, "400.14.5/8/401.109/2026", "Madiun", DAY) == done


def test_number_that_looks_like_a_pattern_is_taken_literally() -> None:
    done = numbered(blank(), ROOM, r"\1/(7)/&/<2026>", "Madiun", DAY)
    assert r"\1/(7)/&/<2026>" in first_line(done)


def test_line_is_read() -> None:
    paragraphs = inspect(blank()).paragraphs
    assert has_room(paragraphs, ROOM)
    assert (number_in(paragraphs), date_in(paragraphs, "Madiun")) == ("400.14.5/ /401.109/2026", "")
    filled = inspect(draft(number=NUMBER)).paragraphs
    assert not has_room(filled, ROOM)
    assert (number_in(filled), date_in(filled, "Madiun")) == (NUMBER, "23 November 2026")
    assert (number_in(("surat",)), date_in(("surat",), "Madiun")) == (None, None)
