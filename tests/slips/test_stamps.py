"""An office's stamp on a slip is nobody's text, and what lies under it is never clear."""

from __future__ import annotations

import random
from collections.abc import Mapping

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.slips import reader, stamps
from pipeline.slips.repair import Repaired, is_clear
from tests.slips import generator, varied
from tests.slips.generator import Picture
from tests.slips.ingredients import MADE
from tests.slips.varied import Made, Pen

WRITTEN = {"nama": "Ratna Kusuma"}
VIOLET, BLACK = (110, 40, 140), (20, 20, 20)


def slip(written: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Made:
    """A clean printed slip on which nothing else is written."""
    empty = dict.fromkeys(varied.person(MADE, random.Random(1)), "")
    monkeypatch.setattr(varied, "person", lambda part, rng: {**empty, **written})
    monkeypatch.setattr(varied, "families", lambda part, hand: ["Liberation Sans"])
    return varied.filled(MADE, random.Random(7), hand=False)


def ring(made: Made, x: float, y: float, colour: tuple[int, int, int]) -> Picture:
    """The slip with a round stamp of this colour at these mm, its word across the middle."""
    mask = np.zeros(made.picture.shape[:2], np.uint8)
    middle = (round(x * generator.MM), round(y * generator.MM))
    for radius in (14.0, 10.0):
        cv2.circle(mask, middle, round(radius * generator.MM), 230, 6, cv2.LINE_AA)
    foot = (middle[0] - round(8.5 * generator.MM), middle[1] + round(1.2 * generator.MM))
    cv2.putText(mask, "DITERIMA", foot, cv2.FONT_HERSHEY_DUPLEX, 1.3, 230, 4, cv2.LINE_AA)
    writer = Pen(made.picture.copy(), made.font, ("cap", colour, 0.5, 0.0), random.Random(3), False)
    writer.ink(mask, 0, 0)
    return writer.picture


def read(picture: Picture) -> dict[str, Repaired]:
    (sheet,) = reader.read(Image.fromarray(picture), varied.units())
    return sheet.fields


@pytest.mark.parametrize("colour", [VIOLET, BLACK])
@pytest.mark.parametrize("field", ["email", "unit", "alamat", "uraian"])
def test_a_stamp_in_an_empty_field_is_no_text(
    colour: tuple[int, int, int], field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = slip(WRITTEN, monkeypatch)
    place = varied._places()[field]
    y = place["y"] + place["height"] / 2
    fields = read(ring(made, 95, y, colour))
    assert {name: one.value for name, one in fields.items() if one.value} == WRITTEN
    assert fields[field].doubt == "cap"
    assert not is_clear(fields[field])


def test_what_is_written_under_a_coloured_stamp_is_read_and_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pen's black is told from the stamp's violet."""
    made = slip({**WRITTEN, "unit": "Dinas Kesehatan"}, monkeypatch)
    place = varied._places()["unit"]
    unit = read(ring(made, place["x"] + 16, place["y"] + 4, VIOLET))["unit"]
    assert unit.value == "Dinas Kesehatan"
    assert not is_clear(unit)


def test_a_slip_without_a_stamp_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    written = {
        "uraian": " ".join(MADE.sentences[:3]),
        "alamat": "Jl. Mawar 3 RT 02/RW 04, Kel. Taman",
    }
    made = slip(WRITTEN | written, monkeypatch)
    assert "cap" not in {one.doubt for one in read(made.picture).values()}


@pytest.mark.parametrize(
    "text", ["DITERIMA", "(DITERIMA)", "oditerima", "DINAS KOMINFO ((DITERIMA))", "03 FEB 2026"]
)
def test_words_of_stamps(text: str) -> None:
    assert stamps.says_only_stamp(text, ("Dinas Kominfo",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dinas Kominfo",
        "Bantuan belum diterima",
        "Surat saya masuk Januari",
        "Jl. Mei 2",
        "Kota",
    ],
)
def test_words_of_people(text: str) -> None:
    assert not stamps.says_only_stamp(text, ("Dinas Kominfo",))
