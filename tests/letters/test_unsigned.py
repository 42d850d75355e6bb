"""Whether a paper is our letter with nothing added, in an office without the reader of slips (no OpenCV, no numpy)."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from pipeline.letters.unsigned import bears_ink, is_unsigned

# What the extra `ocr` brings is as good as not installed.
WITHOUT = """
import sys
class Away:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("cv2", "numpy", "onnxruntime", "rapidfuzz", "rapidocr"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Away())
import importlib.util
known = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "cv2" else known(name, package)
"""
LINES = [f"Baris {n} surat kepada pengadu tentang lampu jalan" for n in range(14)]


def page(size: tuple[int, int] = (1000, 1414), *, signed: bool = False, quality: int = 80) -> bytes:
    drawing = Image.new("L", (1000, 1414), 255)
    pen = ImageDraw.Draw(drawing)
    for n, line in enumerate(LINES):
        pen.text((120, 150 + 60 * n), line, fill=0, font_size=30)
    pen.line((120, 1050, 880, 1050), fill=0, width=3)
    if signed:
        pen.line(
            [(560, 1180), (600, 1120), (640, 1190), (690, 1110), (760, 1180)], fill=40, width=6
        )
    out = BytesIO()
    drawing.resize(size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=quality)
    return out.getvalue()


def other() -> bytes:
    drawing = Image.new("L", (1000, 1414), 255)
    ImageDraw.Draw(drawing).text((100, 900), "surat lain", fill=0, font_size=60)
    out = BytesIO()
    drawing.save(out, "JPEG")
    return out.getvalue()


def bare(*, signed: bool) -> bytes:
    """As a page looks without its text."""
    drawing = Image.new("L", (1000, 1414), 255)
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((100, 60, 200, 160), fill=0)
    pen.line((100, 1050, 900, 1050), fill=0, width=3)
    if signed:
        pen.line(
            [(560, 1180), (600, 1120), (640, 1190), (690, 1110), (760, 1180)], fill=40, width=6
        )
    out = BytesIO()
    drawing.save(out, "JPEG")
    return out.getvalue()


def without_opencv(said: str, *pages: bytes) -> str:
    """What an expression is worth there; `pages` are the papers."""
    given = [b64encode(one).decode() for one in pages]
    script = f"""{WITHOUT}
from base64 import b64decode
from pipeline.letters.unsigned import bears_ink, is_unsigned
pages = [b64decode(one) for one in sys.stdin.read().split()]
print({said})
"""
    done = subprocess.run(
        [sys.executable, "-c", script], input=" ".join(given), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


SCRIPT = "[is_unsigned([one], pages[:1]) for one in pages[1:]]"
PAPERS = {
    "saved anew": (page(quality=55), True),
    "smaller": (page((827, 1169)), True),
    "larger": (page((1654, 2339)), True),
    "signed": (page(signed=True), False),
    "signed and smaller": (page((827, 1169), signed=True), False),
    "another letter": (other(), False),
}


def test_the_letter_saved_anew_is_known_without_opencv_and_a_signed_one_is_not() -> None:
    said = without_opencv(SCRIPT, page(), *(paper for paper, _unsigned in PAPERS.values()))
    assert said == str([unsigned for _paper, unsigned in PAPERS.values()])


@pytest.mark.parametrize("name", PAPERS)
def test_with_opencv_it_says_the_same(name: str) -> None:
    paper, unsigned = PAPERS[name]
    assert is_unsigned([paper], [page()]) is unsigned


def test_ink_below_the_letterhead_is_seen_by_pillow_alone() -> None:
    assert not bears_ink([bare(signed=False)])
    assert bears_ink([bare(signed=True)])
    assert (
        without_opencv("[bears_ink([one]) for one in pages]", bare(signed=False), bare(signed=True))
        == "[False, True]"
    )


def test_the_whole_office_starts_without_what_reads_slips() -> None:
    script = f"{WITHOUT}\nimport pipeline.cli.main, pipeline.web.app, pipeline.running.lanes, pipeline.slips.pages\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_check_says_what_such_an_office_does_not_recognise() -> None:
    script = f"{WITHOUT}\nfrom pipeline.running.health import _programs\nprint(*_programs(), sep='\\n')\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    (line,) = (one for one in done.stdout.splitlines() if "surat tanpa tanda tangan" in one)
    assert "level='hati'" in line
    assert "aduan[ocr]" in line
