"""What is written on backs and beside slips is never dropped; dust, holes and what shines through are."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.office.config import SAMPLE, load
from pipeline.slips import boxes, form, ground, layout, pages, reader, scan
from pipeline.slips.boxes import Ink
from pipeline.slips.repair import is_clear
from tests.slips import generator

DATA = Path(__file__).parent / "data"
A4 = (2339, 1654)  # at 200 dpi


def paper(noise: float = 3.0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    made = np.random.default_rng(1).normal(248, noise, A4)
    return np.clip(made, 0, 255).astype(np.uint8)


def written(
    text: str, at: tuple[int, int], grey: int = 60, size: float = 1.4
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    page = paper()
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, grey, 3, cv2.LINE_AA)
    return page


@pytest.mark.parametrize(
    ("text", "grey"), [("0812 3456 7890", 40), ("Trims", 60), ("Trims", 150), ("ok", 30)], ids=str
)
def test_a_short_back_is_not_blank(text: str, grey: int) -> None:
    assert not ground.blank(written(text, (500, 900), grey))


def test_a_real_back_with_a_telephone_number_is_kept() -> None:
    (sheet,) = reader.read(Image.open(DATA / "a4_punggung_nomor_hp.jpg"), ())
    assert sheet.kind == "surat"


@pytest.mark.parametrize("grey", [130, 160, 185])
@pytest.mark.parametrize("text", ["Trims", "0812 3456 7890"])
def test_pencil_on_a_punched_back_is_not_blank(text: str, grey: int) -> None:
    """A binder's holes are black in a scan; measured by them, a pencil's grey would pass for shine-through."""
    page = written(text, (500, 900), grey)
    for y in (900, 1500):
        cv2.circle(page, (80, y), 24, 10, -1)
    (sheet,) = reader.read(Image.fromarray(page), ())
    assert sheet.kind == "surat"


def test_dust_holes_and_what_shines_through_are_no_writing() -> None:
    page = paper()
    for x, y in ((300, 400), (900, 1200), (1400, 2000), (700, 300)):
        cv2.circle(page, (x, y), 2, 90, -1)
    for y in (900, 1500):
        cv2.circle(page, (80, y), 24, 20, -1)
    cv2.putText(page, "Kepada Yth", (300, 700), cv2.FONT_HERSHEY_SIMPLEX, 2, 222, 4, cv2.LINE_AA)
    assert ground.blank(cv2.GaussianBlur(page, (0, 0), 1.5))


def test_two_backs_on_one_sheet_are_two() -> None:
    page = np.ascontiguousarray(np.rot90(paper()))
    for x, text in ((200, "0812 3456 7890"), (1500, "Lampu mati")):
        cv2.putText(page, text, (x, 800), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 50, 3, cv2.LINE_AA)
    sheets = reader.read(Image.fromarray(page), (), reader.Front(("aaaa", "bbbb")))
    assert [(sheet.kind, sheet.serial) for sheet in sheets] == [
        ("punggung", "bbbb"),
        ("punggung", "aaaa"),
    ]


def test_a_printed_back_is_blank_until_somebody_writes_on_it() -> None:
    serials = [layout.new_serial(), layout.new_serial()]
    printed = pages.open_file(form.pdf(load(SAMPLE), serials, backs=True))
    assert printed.count == 2
    sheet = np.asarray(printed.draw(2).convert("L"))
    left = np.ascontiguousarray(sheet[:, : sheet.shape[1] // 2])
    assert reader.read(Image.fromarray(left), ()) == []
    cv2.putText(
        left, "Hub. 0812 3456 7890", (200, 700), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA
    )
    (back,) = reader.read(Image.fromarray(left), ())
    assert (back.kind, back.serial) == ("balik", serials[1])  # behind the right slip


@pytest.mark.parametrize("written_on", [(0,), (1,), (0, 1)], ids=str)
def test_two_printed_backs_on_the_glass_are_two_peoples(written_on: tuple[int, ...]) -> None:
    """Both would be joined to the complaint of the first whose code was seen."""
    serials = [layout.new_serial(), layout.new_serial()]
    printed = pages.open_file(form.pdf(load(SAMPLE), serials, backs=True))
    sheet = np.asarray(printed.draw(2).convert("L")).copy()
    behind = [serials[1], serials[0]]  # behind the right slip lies the left half
    for half in written_on:
        at = (200 + half * sheet.shape[1] // 2, 700)
        cv2.putText(sheet, "Hub. 0812", at, cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
    found = reader.read(Image.fromarray(sheet), ())
    assert [(one.kind, one.serial) for one in found] == [
        ("balik", behind[half]) for half in written_on
    ]


def test_a_note_in_a_markers_yellow_is_no_blank_back() -> None:
    page = cv2.cvtColor(paper(), cv2.COLOR_GRAY2RGB)
    cv2.putText(page, "Trims", (300, 900), cv2.FONT_HERSHEY_SIMPLEX, 4, PEN["stabilo"], 14)
    (sheet,) = reader.read(Image.fromarray(page), ())
    assert sheet.kind == "surat"


def test_the_boxes_of_a_torn_slip_beside_another_are_unsure() -> None:
    """Only its upper half lies there: whether its name is to be kept secret nobody can say."""
    whole = cv2.cvtColor(_empty(), cv2.COLOR_RGB2GRAY)
    page = np.full((whole.shape[0], whole.shape[1] * 2 + 100), 255, np.uint8)
    page[:, : whole.shape[1]] = whole
    half = whole.shape[0] * 2 // 5
    page[:half, -whole.shape[1] :] = whole[:half]
    slip, torn = reader.read(Image.fromarray(page), ())
    assert set(slip.ticks.values()) == {False}
    assert set(torn.ticks.values()) == {None}
    assert {name: one.doubt for name, one in slip.fields.items() if one.doubt != "kosong"} == {}
    assert not is_clear(torn.fields["uraian"])


@pytest.mark.parametrize(
    ("share", "gone"),
    [
        (0.6, {"uraian"}),
        (0.4, {"email", "nik", "unit", "uraian"}),
    ],
    ids=["text", "the lower half"],
)
def test_what_is_not_on_the_scan_is_not_called_empty(share: float, gone: set[str]) -> None:
    """A slip that lay half beyond the glass, or whose lower part is torn off and shows the lid."""
    whole = np.asarray(_empty())
    high = round(whole.shape[0] * share)
    on_lid = whole.copy()
    on_lid[high:] = 253
    for page in (whole[:high], on_lid):
        (sheet,) = reader.read(Image.fromarray(np.ascontiguousarray(page)), ())
        assert gone <= {name for name, one in sheet.fields.items() if not is_clear(one)}
        assert set(sheet.ticks.values()) == {None}


def creased(page: NDArray[np.uint8], at: float, bend: float) -> NDArray[np.uint8]:
    """The paper folded upright and smoothed out again: what lies beyond `at` of its width came this many mm nearer,
    the more the farther from the fold, as far as 8 mm away."""
    high, wide = page.shape[:2]
    per_mm = wide / 148
    xs, ys = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
    moved = bend * per_mm * np.tanh((xs - at * wide) / (8 * per_mm)) / 2
    white = (255, 255, 255)
    bent = cv2.remap(page, xs + moved.astype(np.float32), ys, cv2.INTER_LINEAR, borderValue=white)
    return np.asarray(bent, np.uint8)


@pytest.mark.parametrize("at", [0.35, 0.5, 0.65, 0.8])
@pytest.mark.parametrize("bend", [-1.4, -0.8, 0.8, 1.4])
def test_the_teeth_of_a_comb_that_creased_paper_has_moved_are_no_digits(
    at: float, bend: float
) -> None:
    """Printed 2 mm high and a fifth of a mm thin; a row of them was read as 1, 11 in an empty NIK."""
    (sheet,) = reader.read(Image.fromarray(creased(_empty(), at, bend)), ())
    assert {name: one.value for name, one in sheet.fields.items() if one.value} == {}


@pytest.mark.parametrize("colour", [(20, 20, 90), (255, 235, 60)], ids=["pen", "marker"])
def test_a_word_in_one_stroke_beside_a_slip_is_an_item_of_its_own(
    colour: tuple[int, int, int],
) -> None:
    """A joined script's "Trims" is a single piece of ink; a marker's yellow is as light as paper."""
    page = np.full((3508, 2480, 3), 250, np.uint8)
    slip = _empty()
    page[24 : 24 + slip.shape[0], 24 : 24 + slip.shape[1]] = slip
    along = np.linspace(0, 8 * np.pi, 200)
    word = np.column_stack([500 + along * 14, 2900 + 45 * np.sin(along)]).astype(np.int32)
    cv2.polylines(page, [word], False, colour, 9, cv2.LINE_AA)
    kinds = [sheet.kind for sheet in reader.read(Image.fromarray(page), ())]
    assert kinds == ["slip", "surat"]


def test_no_field_is_surely_empty_where_the_pen_is_too_pale_to_be_read() -> None:
    """A second copy took most of the ink: of the name nothing is left that a machine sees, of the text a trace."""
    page = _empty().copy()
    per_mm = generator.MM
    for name, grey in (("alamat", 222), ("uraian", 222), ("nama", 242)):
        box = layout.layout().blanks[name].box
        at = (round((box.x + 3) * per_mm), round((box.y + 6) * per_mm))
        cv2.putText(page, "Mohon bantuan", at, cv2.FONT_HERSHEY_SIMPLEX, 2, (grey,) * 3, 4)
    (sheet,) = reader.read(Image.fromarray(page), ())
    assert not sheet.fields["nama"].value
    assert not [name for name, one in sheet.fields.items() if is_clear(one)]


def test_what_lies_beside_a_slip_becomes_an_item_of_its_own() -> None:
    sheets = reader.read(Image.open(DATA / "a4_slip_dan_surat_bebas.jpg"), ())
    assert [sheet.kind for sheet in sheets] == ["slip", "surat"]
    assert sheets[0].ticks == {
        "rahasia": False,
        "surat": None,
        "telepon": False,
        "email": True,
        "papan": True,
    }
    note = sheets[1].fields["uraian"]
    assert "SUDAH 2 MINGGU" in note.value
    assert "MIN66U" in note.seen
    assert not is_clear(note)  # "DI GG. PUNTUK" is read with much certainty as "DI 66. PUNTUK"


def test_a_blackened_box_is_not_called_empty() -> None:
    (sheet,) = reader.read(Image.open(DATA / "slip_rahasia_dihitamkan_biru.png"), ())
    assert sheet.ticks["rahasia"] is not False


@pytest.mark.parametrize(
    ("ink", "told"),
    [
        (Ink(0.0, 0.0, 0, 0, 0, 0), False),
        (Ink(0.03, 0.2, 0, 0, 0, 0, tall=0.2, broad=0.2), False),
        (Ink(0.3, 0.3, 0, 0.5, 0.4, 0), True),
        (Ink(0.1, 0.2, 0, 0, 0, 0), None),
        (Ink(0.97, 1.5, 0, 0, 0, 0), None),
        (Ink(0.0, 0.0, 1, 1, 1, 1), None),
        (Ink(0.3, 0.3, 1, 1, 1, 1), None),
        (Ink(0.3, 0.3, 0.6, 0.6, 0, 0), None),
        (Ink(0.0, 0.0, 1.5, 0, 0, 0), None),
        (Ink(0.2, 0.2, 0, 0, 0, 0, tall=0.1, broad=0.8), None),
        (Ink(0.2, 0.2, 0, 0, 0, 0, tall=0.7, broad=0.1), None),
        (Ink(0.75, 0.5, 0, 0, 0, 0), None),
        (Ink(0.0, 0.0, 0.1, 0, 0, 0, corners=2), None),
        (Ink(0.05, 0.1, 0, 0, 0, 0), None),
    ],
    ids=[
        "blank",
        "touch",
        "tick",
        "faint",
        "blackened",
        "ring",
        "ring and tick",
        "crossed out",
        "beside",
        "dash",
        "tail",
        "scribble",
        "wide ring",
        "hard pencil",
    ],
)
def test_only_a_clean_tick_and_a_clean_blank_are_sure(ink: Ink, told: bool | None) -> None:
    assert boxes.judged(ink) is told


PEN = {"biru": (30, 60, 180), "stabilo": (250, 235, 80), "pensil": (150, 150, 150)}


@cache
def _empty() -> NDArray[np.uint8]:
    """A slip that nobody wrote on."""
    drawn = Image.open(BytesIO(form.skeleton(300 * 2)))
    return np.asarray(drawn.convert("RGB").resize((1748, 2480)))


Strokes = list[list[tuple[float, float]]]  # mm from the upper left of a box


def _rows(start: float, end: float, out: float) -> Strokes:
    return [[(-out, y), (5 + out, y)] for y in np.arange(start, end, 0.4)]


RING = [[(2.5 + 5.3 * np.cos(a), 2.5 + 5.0 * np.sin(a)) for a in np.linspace(0, 6.4, 50)]]
TIGHT = [[(2.5 + 2.9 * np.cos(a), 2.5 + 2.9 * np.sin(a)) for a in np.linspace(0.3, 6.7, 50)]]
TICK = [[(0.5, 2.4), (2.0, 4.3), (5.8, 0.2)]]
ON_LABEL = 10.0  # mm: in the middle of a label's first word
CROSS_ON_LABEL = [
    [(ON_LABEL, 0), (ON_LABEL + 5, 5)],
    [(ON_LABEL + 5, 0), (ON_LABEL, 5)],
]
TICK_ON_LABEL = [[(x + ON_LABEL, y - 0.6) for x, y in TICK[0]]]


@pytest.mark.parametrize(
    ("pen", "width", "strokes", "may_be"),
    [
        ("biru", 1.8, _rows(-0.8, 5.8, 1.2), {None}),
        ("biru", 0.5, RING, {None}),
        ("pensil", 0.5, RING, {None}),
        ("stabilo", 3.0, _rows(0.5, 4.5, 0), {None, True}),
        ("stabilo", 1.2, [[(0.5, 0.5), (4.5, 4.5)], [(4.5, 0.5), (0.5, 4.5)]], {None, True}),
        ("biru", 0.5, [[(1, 2.5), (4, 2.4)]], {None}),
        ("biru", 0.5, [*TICK, [(-1 + n * 0.5, 5.0 * (n % 2)) for n in range(15)]], {None}),
        ("biru", 0.3, TIGHT, {None}),
        ("pensil", 0.3, TIGHT, {None}),
        ("biru", 0.3, CROSS_ON_LABEL, {None}),
        ("pensil", 0.5, TICK_ON_LABEL, {None}),
        ("biru", 1.2, [[(1, 2.5), (4, 2.5)]], {None}),
        ("biru", 1.5, [[(2.5, 2.5), (2.6, 2.5)]], {None}),
        ("biru", 1.2, TICK, {True}),
        ("biru", 0.5, TICK, {True}),
    ],
    ids=[
        "felt pen",
        "wide ring",
        "pencil ring",
        "marker",
        "marker cross",
        "dash",
        "scribbled over",
        "ring along the frame",
        "pencil ring along the frame",
        "cross on the label",
        "tick on the label",
        "dash of a felt pen",
        "dot of a felt pen",
        "tick of a felt pen",
        "tick",
    ],
)
def test_ink_that_is_no_clean_tick_is_asked_about(
    pen: str, width: float, strokes: Strokes, may_be: set[bool | None]
) -> None:
    """Whatever the pen: "Rahasiakan identitas saya" is never taken for left blank, and no other box is touched."""
    picture, scale = _empty().copy(), 1748 / 148
    box = layout.layout().ticks["rahasia"].box
    for line in strokes:
        points = np.array([((box.x + x) * scale, (box.y + y) * scale) for x, y in line], np.int32)
        cv2.polylines(picture, [points], False, PEN[pen], round(width * scale), cv2.LINE_AA)
    (sheet,) = reader.read(Image.fromarray(picture), ())
    assert sheet.ticks.pop("rahasia") in may_be
    assert set(sheet.ticks.values()) == {False}


def ringed(name: str, wide: float, high: float, pen: str) -> Image.Image:
    """An empty slip with a ring of these half axes (mm) about the label of a box."""
    picture, scale = _empty().copy(), 1748 / 148
    box, width = layout.layout().ticks[name].box, WIDTHS[name]
    middle = (box.x + box.width + 1.6 + width / 2, box.y + box.height / 2)
    angles = np.linspace(0.4, 6.9, 60)
    ring = [
        (middle[0] + (width / 2 + wide) * np.cos(a), middle[1] + high * np.sin(a)) for a in angles
    ]
    points = np.array([(x * scale, y * scale) for x, y in ring], np.int32)
    cv2.polylines(picture, [points], False, PEN[pen], round(0.5 * scale), cv2.LINE_AA)
    return Image.fromarray(picture)


def ticks_of(picture: Image.Image) -> dict[str, bool | None]:
    (found,) = scan.slips(np.asarray(picture.convert("L")))
    even = scan.flattened(found)
    return {name: boxes.ticked(even, tick) for name, tick in layout.layout().ticks.items()}


WIDTHS = {
    "surat": 6.9,
    "telepon": 10.2,
    "email": 7.3,
    "papan": 28.7,
    "rahasia": 36.8,
}  # mm of the printed labels


@pytest.mark.parametrize("pen", ["biru", "pensil"])
@pytest.mark.parametrize(
    ("wide", "high"), [(1.2, 2.6), (3.0, 3.4), (6.0, 3.8), (7.5, 4.2), (8.5, 3.0)]
)
@pytest.mark.parametrize("name", WIDTHS)
def test_a_ring_about_a_label_is_asked_about_and_no_tick_in_the_box_beside_it(
    name: str, wide: float, high: float, pen: str
) -> None:
    """People ring the word instead of ticking its box; the ring may run through the next one."""
    ticks = ticks_of(ringed(name, wide, high, pen))
    assert ticks[name] is not False
    assert [other for other, ticked in ticks.items() if ticked and other != name] == []


def test_a_label_that_is_underlined_is_asked_about() -> None:
    picture, scale, box = _empty().copy(), 1748 / 148, layout.layout().ticks["telepon"].box
    start, y = box.x + 6.4, box.y + 5.4
    ends = [
        (round(x * scale), round((y + slope) * scale))
        for x, slope in ((start, 0.0), (start + 10.5, -0.2))
    ]
    cv2.line(picture, ends[0], ends[1], PEN["biru"], 6, cv2.LINE_AA)
    ticks = ticks_of(Image.fromarray(picture))
    assert {name: ticked for name, ticked in ticks.items() if ticked is not False} == {
        "telepon": None
    }


def test_the_layouts_of_backs_are_told_from_fronts() -> None:
    serial = layout.new_serial()
    assert layout.parse_back(layout.back_code_of(serial)) == serial
    assert layout.parse_code(layout.back_code_of(serial)) is None
    assert layout.parse_back(layout.code_of(serial)) == ""


def test_pale_ink_is_seen_in_the_picture_for_people() -> None:
    page = written("pensil tipis", (300, 900), 189)
    seen = scan.stretched(page)
    assert int(seen.min()) < 200
    assert int(np.median(seen)) > 245
