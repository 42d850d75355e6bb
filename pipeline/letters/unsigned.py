"""Whether a paper that comes back is our own letter as it was offered for signing: nothing was added to it; pure.

Hides how two pictures of a page are compared. With the extra `ocr` a paper is laid on ours however it was scanned
(`laid`). Without it there is Pillow alone, which knows the letter as it was drawn, saved by another program, or scanned
straight; whatever it does not know passes, and the official has looked at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from io import BytesIO

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from pipeline.files.pictures import qr_codes

WIDTH, HEIGHT = 600, 850  # pixels to which a page is brought
MARGIN = 45  # pixels at each edge (15 mm) where scanners and their programs leave marks, and nobody signs
EDGE = 12  # the same of a page without its margins
NEAR, FAR = 9, 17  # pixels within which ink is the same ink; beyond which it is something else
SPECK = 8  # pixels of ink that are dust
DUSTY = 2_000  # pixels of ink that are no dust, however they lie
MORE = 50  # pixels of ink that are no signature
LESS = 0.1  # of our ink that may be missing
PART = 0.2  # of our ink that a cut page must still have to be known
FLAT = 40  # between the lightest and the darkest of a page without ink
HEAD = 0.25  # of a page: the letterhead
THIN = 15  # how much longer than wide a line is
PALE = 200  # of 255: what is lighter is paper, on a page that we drew ourselves
INK = 255
Point = tuple[int, int]


def is_unsigned(paper: Sequence[bytes], ours: Sequence[bytes]) -> bool:
    """Whether each of our pages (JPEG) stands among the pages of the paper with nothing added."""
    if lays_papers():
        from pipeline.letters import laid  # OpenCV is large, and loaded where a paper is compared

        return laid.is_unsigned(paper, ours)
    drawn = [_shapes(page) for page in paper]
    return bool(ours) and all(any(_same(page, one) for page in drawn) for one in map(_shapes, ours))


def lays_papers() -> bool:
    """Whether a paper is known however it was scanned: the extra `ocr` is installed."""
    return find_spec("cv2") is not None


def bears_ink(pages: Sequence[bytes]) -> bool:
    """Whether something on pages without their text (JPEG) could be a signature: below the letterhead, no line, no
    code."""
    return any(_drawn_on(page) > MORE for page in pages) or not pages


def is_blank(page: bytes) -> bool:
    """Whether a page (JPEG) is the empty back of a sheet: dust and a scanner's edges are on it at most."""
    inner = _ink(_sized(_grey(page))).crop((MARGIN, MARGIN, WIDTH - MARGIN, HEIGHT - MARGIN))
    return _count(inner) < DUSTY and _of_any_size(_pieces(inner)) <= MORE


# ---- a paper and our page ------------------------------------------------------------------------------------


def _shapes(page: bytes) -> tuple[Image.Image, Image.Image]:
    """The ink of a page: as it lies on the paper, and cut to its bounds (a screen shot has none)."""
    grey = _grey(page)
    bounds = _ink(grey).getbbox()
    cut = grey.crop(bounds) if bounds else grey
    return _ink(_sized(grey)), _ink(_sized(cut))


def _same(paper: tuple[Image.Image, Image.Image], ours: tuple[Image.Image, Image.Image]) -> bool:
    return _alike(paper[0], ours[0], MARGIN) or _alike(paper[1], ours[1], EDGE)


def _alike(paper: Image.Image, ours: Image.Image, edge: int) -> bool:
    """Whether nothing was added to our page, and little of it is missing as far as the paper reaches."""
    reach = paper.getbbox()
    if reach is None:
        return False
    ink, whole = _count(ours.crop(reach)), _count(ours)
    less = _count(ImageChops.subtract(ours, _thick(paper, NEAR)).crop(reach))
    added = ImageChops.subtract(paper, _thick(ours, FAR))
    inner = added.crop((edge, edge, WIDTH - edge, HEIGHT - edge))
    return (
        ink > max(MORE, PART * whole)
        and less <= LESS * ink
        and _of_any_size(_pieces(inner)) <= MORE
    )


def _ink(grey: Image.Image) -> Image.Image:
    """Ink by a threshold between paper and print, wherever those lie (Otsu); none on a page of one grey."""
    low, high = grey.getextrema()
    if float(high) - float(low) < FLAT:  # type: ignore[arg-type]  # of one channel, they are two numbers
        return Image.new("L", grey.size)
    most = _between(grey.histogram())
    return grey.point([INK if value <= most else 0 for value in range(256)])


def _between(histogram: Sequence[int]) -> int:
    """The grey up to which there is ink: that which parts the two groups farthest from each other."""
    total, weight = sum(histogram), sum(value * count for value, count in enumerate(histogram))
    best, found, dark, dark_weight = -1.0, 0, 0, 0
    for value, count in enumerate(histogram):
        dark += count
        dark_weight += value * count
        light = total - dark
        if not dark or not light:
            continue
        apart = dark_weight / dark - (weight - dark_weight) / light
        if dark * light * apart * apart > best:
            best, found = dark * light * apart * apart, value
    return found


def _thick(ink: Image.Image, size: int) -> Image.Image:
    """The greatest within a square of that size; many small steps are quicker than a large one."""
    for _step in range(size // 2):
        ink = ink.filter(ImageFilter.MaxFilter(3))
    return ink


def _count(ink: Image.Image) -> int:
    return ink.histogram()[INK]


def _grey(page: bytes) -> Image.Image:
    with Image.open(BytesIO(page)) as source:
        return source.convert("L")


def _sized(grey: Image.Image) -> Image.Image:
    return grey.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


# ---- pieces of ink -------------------------------------------------------------------------------------------


def _pieces(ink: Image.Image) -> Iterator[list[Point]]:
    """The points of each connected piece, also over corners."""
    width = ink.width
    left = {(at % width, at // width) for at, value in enumerate(ink.tobytes()) if value}
    while left:
        piece = [left.pop()]
        for x, y in piece:  # it grows meanwhile
            near = {(x + right, y + down) for right in (-1, 0, 1) for down in (-1, 0, 1)} & left
            left -= near
            piece += near
        yield piece


def _of_any_size(pieces: Iterable[list[Point]]) -> int:
    """How many pixels of ink there are in pieces that are no dust."""
    return sum(len(piece) for piece in pieces if len(piece) >= SPECK)


def _is_line(piece: list[Point]) -> bool:
    across = [x for x, _ in piece]
    down = [y for _, y in piece]
    wide = max(across) - min(across) + 1
    high = max(down) - min(down) + 1
    return max(wide, high) >= THIN * min(wide, high)


# ---- a page of text alone ------------------------------------------------------------------------------------


def _drawn_on(page: bytes) -> int:
    """Pixels of ink on a page, at WIDTH, that are neither letterhead, line nor code."""
    grey = _grey(page)
    pen = ImageDraw.Draw(grey)
    for code in qr_codes(grey):
        across = [int(x) for x, _ in code.corners]
        down = [int(y) for _, y in code.corners]
        left, right, top, bottom = min(across), max(across), min(down), max(down)
        room = max(4, (right - left) // 20)
        pen.rectangle((left - room, top - room, right + room - 1, bottom + room - 1), fill=255)
    ink = _sized(grey).point([INK if value < PALE else 0 for value in range(256)])
    ink.paste(0, (0, 0, WIDTH, int(HEAD * HEIGHT)))
    return _of_any_size(piece for piece in _pieces(ink) if not _is_line(piece))
