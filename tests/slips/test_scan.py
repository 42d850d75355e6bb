"""Slips as they really come: torn, folded, stained, overlapping, at an angle. A test each, with what the clerk sees."""

from __future__ import annotations

import random
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from rapidfuzz.distance import Levenshtein

from pipeline.slips import layout, reader, scan
from pipeline.slips.repair import is_clear
from tests.slips import generator, varied
from tests.slips.generator import MM, Picture, Sample

pytestmark = pytest.mark.skipif(
    not generator.fonts(False), reason="the fonts for made-up slips are not installed"
)
LAY = layout.layout()


@pytest.fixture(scope="module")
def slip() -> Sample:
    """A clean, printed slip with every field filled and nothing ticked but `rahasia`."""
    rng = random.Random(4)
    made = generator.filled(rng, False)
    while not all(made.fields.values()) or made.ticks != {
        **dict.fromkeys(made.ticks, False),
        "rahasia": True,
    }:
        made = generator.filled(rng, False)
    return made


def read(picture: Picture) -> list[reader.ReadSheet]:
    return reader.read(Image.fromarray(picture), generator.UNITS)


def without(picture: Picture, *marks: int) -> Picture:
    """Marks torn off: their corners of the paper are gone."""
    torn = picture.copy()
    for number in marks:
        x, y, side = LAY.marks[number].x, LAY.marks[number].y, LAY.marks[number].width
        top, left = round((y - 1) * MM), round((x - 1) * MM)
        torn[top : top + round((side + 2) * MM), left : left + round((side + 2) * MM)] = 255
    return torn


def agrees(sheet: reader.ReadSheet, sample: Sample, *names: str) -> None:
    for name in names or sample.fields:
        got, want = sheet.fields[name].value, sample.fields[name]
        if name in ("telepon", "nik", "tanggal"):
            got, want = ("".join(c for c in text if c.isdigit()) for text in (got, want))
        assert got.rstrip(".") == want.rstrip("."), name


@pytest.mark.parametrize("marks", [(0,), (2,)], ids=str)
def test_one_mark_torn_off(slip: Sample, marks: tuple[int, ...]) -> None:
    """The clerk sees a slip that is read as if nothing were missing."""
    (sheet,) = read(
        generator.skewed(replace(slip, picture=without(slip.picture, *marks)), 2).picture
    )
    assert (sheet.marks, sheet.aligned, sheet.serial) == (3, True, slip.serial)
    agrees(sheet, slip)


@pytest.mark.parametrize("marks", [(0, 1), (0, 2), (2, 3), (1, 2, 3), (0, 1, 2, 3)], ids=str)
def test_two_marks_or_more_torn_off(slip: Sample, marks: tuple[int, ...]) -> None:
    """The printed words put the fields in place: the clerk sees a slip that is read, down to no mark at all."""
    (sheet,) = read(
        generator.skewed(replace(slip, picture=without(slip.picture, *marks)), -2).picture
    )
    assert (sheet.marks, sheet.aligned) == (4 - len(marks), True)
    agrees(sheet, slip)


def test_code_torn_off(slip: Sample) -> None:
    """The clerk sees the slip read, and no serial: they type it from the stub if the pengadu has one."""
    torn = slip.picture.copy()
    cv2.line(
        torn,
        (round(104 * MM), round(20 * MM)),
        (round(132 * MM), round(8 * MM)),
        255,
        round(7 * MM),
    )
    (sheet,) = read(torn)
    assert (sheet.serial, sheet.aligned) == ("", True)
    agrees(sheet, slip)


def test_fold_across_the_middle(slip: Sample) -> None:
    """The lower half lies 2 mm off: the words beside the fields tell, and the fields are read from where they are."""
    middle = round(58 * MM)
    folded = np.full_like(slip.picture, 255)
    folded[:middle] = slip.picture[:middle]
    step, aside = round(2 * MM), round(1 * MM)
    folded[middle:-step, aside:] = slip.picture[middle + step :, :-aside]
    folded[middle - 2 : middle + 2] = np.minimum(folded[middle - 2 : middle + 2], 120)
    (sheet,) = read(folded)
    assert sheet.aligned
    agrees(sheet, slip, "tanggal", "nama", "telepon", "email", "nik", "unit", "uraian")


def test_coffee_stain(slip: Sample) -> None:
    """What lies under the ring is read through it."""
    (sheet,) = read(generator.stained(slip.picture, random.Random(3), 0.5))
    assert sheet.serial == slip.serial
    agrees(sheet, slip)


def test_specks_of_a_copier_are_no_lines(slip: Sample) -> None:
    """Dirt far below the writing once made one crop of four lines, of which nothing was read: the rest was lost."""
    picture = slip.picture.copy()
    for name in ("uraian", "alamat"):
        box = LAY.blanks[name].box
        for x, y in ((0.4, 0.94), (0.95, 0.9), (0.62, 0.8)):
            at = (round((box.x + x * box.width) * MM), round((box.y + y * box.height) * MM))
            cv2.circle(picture, at, 4, 30, -1)
    (sheet,) = read(picture)
    agrees(sheet, slip, "uraian", "alamat")


def test_a_line_of_which_nothing_is_read_is_told(slip: Sample) -> None:
    """What is read above it is not shown as the whole."""
    picture = slip.picture.copy()
    line = LAY.blanks["uraian"].lines[-1]
    xs = np.linspace(line.x + 8, line.x + 60, 80)
    zigzag = [
        [round(x * MM), round((line.y + (1.5 if n % 2 else 6)) * MM)] for n, x in enumerate(xs)
    ]
    cv2.polylines(picture, [np.array(zigzag, np.int32)], False, 30, 7, cv2.LINE_AA)
    (sheet,) = read(picture)
    assert sheet.fields["uraian"].value.startswith(slip.fields["uraian"][:20])
    assert not is_clear(sheet.fields["uraian"])


def test_crossed_out_tick_is_left_to_the_clerk(slip: Sample) -> None:
    """Neither yes nor no: the clerk is asked."""
    picture = slip.picture.copy()
    box = LAY.ticks["surat"].box
    x, y, side = box.x * MM, box.y * MM, box.width * MM
    cv2.polylines(
        picture,
        [np.array([[x, y + side / 2], [x + side / 3, y + side * 0.9], [x + side, y]], np.int32)],
        False,
        0,
        6,
        cv2.LINE_AA,
    )
    assert read(picture)[0].ticks["surat"] is True
    for up in (0.35, 0.6):
        start, end = (
            (round(x - 1.5 * MM), round(y + side * up)),
            (round(x + side + 1.2 * MM), round(y + side * up - 8)),
        )
        cv2.line(picture, start, end, 0, 6, cv2.LINE_AA)
    assert read(picture)[0].ticks["surat"] is None


def test_a_touch_of_the_pen_is_no_tick(slip: Sample) -> None:
    picture = slip.picture.copy()
    box = LAY.ticks["email"].box
    cv2.circle(picture, (round((box.x + 2) * MM), round((box.y + 2) * MM)), 4, 0, -1)
    assert read(picture)[0].ticks["email"] is False


def test_two_slips_overlapping(slip: Sample) -> None:
    """The upper one is read whole. Of the lower one, what is covered is left empty with its reason, never read from
    the paper above it."""
    other = generator.filled(random.Random(99), False)
    page = np.full((round(210 * MM) + 400, round(230 * MM)), 255, np.uint8)
    page[200 : 200 + slip.picture.shape[0], : slip.picture.shape[1]] = slip.picture
    left = round(80 * MM)
    page[: other.picture.shape[0], left : left + other.picture.shape[1]] = other.picture
    sheets = {sheet.serial: sheet for sheet in read(page)}
    agrees(sheets[other.serial], other)
    under = sheets.get(slip.serial) or sheets[""]
    assert {under.fields[name].doubt for name in ("nama", "uraian")} == {"tertutup"}
    assert under.fields["nama"].value == ""


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turned_and_upside_down(slip: Sample, quarters: int) -> None:
    """Turned upright by itself."""
    (sheet,) = read(generator.turned(slip, quarters).picture)
    assert sheet.serial == slip.serial
    agrees(sheet, slip)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_photographed_at_an_angle_with_shadow(slip: Sample, seed: int) -> None:
    """A phone's photo on a table is read like a scan, and lies where it should to half a millimetre."""
    photo = generator.photographed(slip, random.Random(seed))
    (found,) = scan.slips(photo.picture)
    scale = np.linalg.norm(np.subtract(photo.corners[1], photo.corners[0])) / LAY.width
    assert np.abs(np.subtract(found.corners, photo.corners)).max() / scale < 0.5
    (sheet,) = read(photo.picture)
    agrees(sheet, slip, "tanggal", "nama", "telepon", "nik", "unit")
    assert Levenshtein.distance(sheet.fields["uraian"].value, slip.fields["uraian"]) <= 3


def test_two_slips_on_a_page_of_a4() -> None:
    made = [generator.filled(random.Random(seed), False) for seed in (5, 6)]
    page = generator.scaled(replace(made[0], picture=np.hstack([one.picture for one in made])), 200)
    sheets = read(page.picture)
    assert [sheet.serial for sheet in sheets] == [one.serial for one in made]
    for sheet, one in zip(sheets, made, strict=True):
        agrees(sheet, one, "nama", "nik")


def test_blank_backs_are_dropped_also_when_the_front_shines_through(slip: Sample) -> None:
    noise = np.random.default_rng(1).normal(250, 3, slip.picture.shape)
    through = 255 - (255 - cv2.GaussianBlur(slip.picture[:, ::-1], (0, 0), 3).astype(float)) * 0.12
    back = np.clip(np.minimum(noise, through), 0, 255).astype(np.uint8)
    assert read(back) == []


def test_an_empty_form_has_nothing_written_in_it() -> None:
    rng = random.Random(8)
    _, blank = generator._blank()
    for fault in generator.FAULTS:
        spoiled = generator.spoil(Sample(blank.copy(), "cetak", "", ""), fault, rng)
        (sheet,) = read(spoiled.picture)
        assert {name: f.value for name, f in sheet.fields.items() if f.value} == {}, fault
        assert {f.doubt for f in sheet.fields.values()} == {"kosong"}, fault
        assert set(sheet.ticks.values()) == {False}
        assert all(f.confidence < 1 for f in sheet.fields.values())  # blank is never certain


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_letter_without_marks_is_read_whole(quarters: int) -> None:
    made = generator.turned(
        generator.scaled(generator.letter(random.Random(11), False), 200), quarters
    )
    (sheet,) = read(made.picture)
    assert (sheet.kind, sheet.aligned, sheet.serial) == ("surat", False, "")
    assert " ".join(sheet.fields["uraian"].value.split()) == made.text


def test_a_letter_in_a_field_of_digits_is_doubted(slip: Sample) -> None:
    """Only digits may come out; how sure they are is told by what the recogniser saw among all characters."""
    picture = slip.picture.copy()
    box = LAY.blanks["telepon"].box
    top, left = round(box.y * MM), round(box.x * MM)
    picture[top - 4 : top + round(box.height * MM) - 12, left : left + round(box.width * MM)] = 255
    generator.Pen(picture, generator.fonts(False)[0], random.Random(1), False).line(
        "HUBUNGI", box.x + 2, box.y + 5.4, 80, 5
    )
    field = read(picture)[0].fields["telepon"]
    assert not set(field.value) - set("0123456789+")
    assert field.confidence <= 0.5
    assert field.doubt


def test_nothing_is_fetched_to_read(slip: Sample, tmp_path: Path) -> None:
    """The models lie in the wheel: a process that may open no socket reads as well."""
    Image.fromarray(slip.picture).save(tmp_path / "slip.png")
    program = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('asked for the network')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from PIL import Image\nfrom pipeline.slips import reader\n"
        "print(reader.read(Image.open(sys.argv[1]), ())[0].fields['nik'].value)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "slip.png")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert (done.stdout.strip(), done.returncode) == (slip.fields["nik"], 0), done.stderr


def test_the_reader_is_pinned() -> None:
    """Other versions of rapidocr fetch their models; it does not name onnxruntime; OpenCV 5 is another interface."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    wanted = project["optional-dependencies"]["ocr"]
    assert {"rapidocr==3.10.0", "onnxruntime", "opencv-python-headless<5"} <= set(wanted)


def test_a_fax_that_breaks_writing_into_dots_is_no_blank(slip: Sample) -> None:
    """A thin pen in a dithered fax: no dot of it is as large as a speck of dirt, and together they are the writing."""
    faint = np.where(slip.picture < 200, np.maximum(slip.picture, 120), slip.picture).astype(
        np.uint8
    )
    for box in (*LAY.marks, LAY.qr):
        top, left = round((box.y - 1) * MM), round((box.x - 1) * MM)
        part = (
            slice(top, top + round((box.height + 2) * MM)),
            slice(left, left + round((box.width + 2) * MM)),
        )
        faint[part] = slip.picture[part]
    dithered = varied.FAULTS["faks_halus"](
        cv2.cvtColor(faint, cv2.COLOR_GRAY2RGB), random.Random(1)
    )
    sheet = read(dithered)[0]
    for name in ("nama", "alamat", "uraian"):
        assert sheet.fields[name].doubt != "kosong", name


@pytest.mark.parametrize("grey", [195, 208, 222])
def test_writing_too_faint_to_be_read_is_no_blank(grey: int) -> None:
    """A copy of a copy: a person sees that there is something; nobody is told that it, or another, was left empty."""
    described, blank = generator._blank()
    picture = blank.copy()
    generator._stamp_code(picture, described["qr"], layout.code_of(layout.new_serial()))
    pen = generator.Pen(picture, generator.fonts(False)[0], random.Random(1), False)
    pen.grey = grey
    name = described["fields"]["nama"]
    pen.line("Siti Wulandari", name["x"] + 2, name["y"] + name["height"] - 2, 100, 4)
    pen.comb("083091080221", described["fields"]["telepon"]["cells"], 4)
    (sheet,) = read(generator.scaled(Sample(picture, "cetak", "bersih", ""), 200).picture)
    assert not [name for name, one in sheet.fields.items() if is_clear(one)]
