"""A slip that is laid flat → what is written in its fields: crop, recognise, repair, and how sure that is.

Hides rapidocr (loaded once, at first use) and the arithmetic of ink. Part of the extra `ocr`; its models lie in the
wheel, so nothing is fetched. Only the bounded child process (`worker`) and the benches import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr import RapidOCR

from pipeline.slips import boxes, digits, faint, repair, scan, stamps
from pipeline.slips import layout as places
from pipeline.slips.decode import Line, Reader
from pipeline.slips.decode import Look as Seen
from pipeline.slips.layout import Blank, Box, Tick
from pipeline.slips.repair import Look, Repaired
from pipeline.slips.scan import SCALE, FoundSlip, Grey, evened

INK = 0.74 * 255  # darker is ink
PRINT = 0.66 * 255  # about the grey of printed rules; on them, only what is darker still is ink
RULE = 0.45  # mm around a printed rule where ink does not count
TOOTH, THIN = 2.3, 0.45  # mm that the teeth of a comb are high, and less than a pen is wide
BENT, CELL = (
    1.5,
    3.2,
)  # mm that creases move print, and that a tooth's rule runs to either side of it
SPECK = 0.10  # mm²; a smaller blot is dirt
DOT = 0.5  # mm²; a smaller blot that stands alone is dirt
MOSTLY = 0.8  # share of a field's ink that is left when its dirt is gone
TOGETHER = 3.0  # mm; blots that are nearer are of one writing
UNREAD = 2.0  # mm² of ink that are more than dirt: a line of which nothing is read
LEAST = 0.5  # mm² of ink that make a field written in
# mm at the top, the foot and the sides of a field where its neighbours' ink may reach
INSIDE = (2.0, 1.2, 1.2)
STROKE = 2.8  # mm; what is wider than any stroke of a pen is a stain
UNSURE = 0.6  # of a character
GARBLED, STRAY = 0.35, 0.5  # of a line, and of one or two characters alone: less is no text
POOR = 0.8  # a line whose characters are less sure than this on the whole may have been cut wrongly
LEAST_LETTER = 0.4  # of a word in a letter
LETTER = 1100  # pixels of the longer side of a letter, for the detector
HEIGHT = 48  # pixels of a line for the recogniser
ABOVE = 4.0  # mm over the first field where its writing may reach
UNDER_STAMP = 0.3  # of a field in which nothing but a stamp was seen
TOUCHED, BEYOND = (
    0.02,
    0.1,
)  # shares: of a field under a stamp, and of its ink that is surely no stamp's
WORTH = 0.6  # a field of less confidence is not looked at a second time
SOFT, SECOND_WIDTH = 0.9, 1.12  # pixels, and how much wider, of a second look
WIDTHS = (1.0, 1.25)  # a line is looked at as it is, and stretched: each sees what the other misses
LATIN = "".join(chr(c) for c in range(32, 127))
WORDS = "".join(c for c in LATIN if c not in "\\^_`{|}~<>[]$#")
DIGITS = "0123456789"
ALPHABET = {
    "telepon": DIGITS + "+- ",
    "nik": DIGITS,
    "tanggal": DIGITS + "-/. ",
    "email": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.@_-+ ",
    "nama": "".join(c for c in WORDS if not c.isdigit() and c not in '!"%&*+:;=?@'),
}
Corners = NDArray[np.float64]  # of a line on a page: (x, y) each, from its beginning's upper one on
STYLE = {"alamat": "alamat", "uraian": "kalimat"}


@dataclass(frozen=True)
class Reading:
    """A slip as far as a machine can read it."""

    fields: dict[str, Repaired] = field(default_factory=dict)
    ticks: dict[str, bool | None] = field(default_factory=dict)


# ---- the engine ----------------------------------------------------------------------------------------------


class Engine:
    """rapidocr's detector and recogniser, with alphabets of our own."""

    def __init__(self, threads: int = 1) -> None:
        """A second thread waits for the first at work: half as much CPU again."""
        made: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            }
        )
        self._rec: Any = made._load_rec_model()
        self._det: Any = made._load_det_model()
        characters: list[str] = self._rec.postprocess_op.character
        wanted = set(LATIN)
        kept = [n for n, c in enumerate(characters) if not n or c in wanted]  # 0 is CTC's blank
        self._latin = np.array(kept)
        self._chars = [characters[n] for n in self._latin]
        self._reader = Reader(self._chars)

    @cache  # noqa: B019 (one engine for the process)
    def _columns(self, alphabet: str) -> NDArray[np.intp]:
        """Where these characters and CTC's blank stand in a look."""
        return np.array([n for n, c in enumerate(self._chars) if not n or c in alphabet])

    def line(self, image: Grey, alphabet: str = WORDS, style: str = "") -> Line:
        """The text of one line. How sure a character is, is what the recogniser gives it among all that it knows;
        `style` as in `decode`."""
        columns = self._columns(alphabet)
        looks = [self._look(image, WIDTHS[0])]
        if style and self._reader.doubtful(looks[0], columns):
            looks += [self._look(image, stretched) for stretched in WIDTHS[1:]]
        return self._reader.read(looks, columns, style)

    def second(self, image: Grey, alphabet: str = WORDS) -> str:
        """What is read when the same ink is prepared in another way: softened, wider, with more room."""
        room = max(image.shape[0] // 10, 2)
        larger = cv2.copyMakeBorder(
            image, room, room, room, room, cv2.BORDER_CONSTANT, value=(255,)
        )
        soft = cv2.GaussianBlur(larger, (0, 0), SOFT)
        return self._reader.plain(self._look(soft, SECOND_WIDTH), self._columns(alphabet))

    def _look(self, image: Grey, stretched: float) -> Seen:
        """What the recogniser sees (`decode`) in a line that is made so much wider first."""
        height, width = image.shape
        wide = max(round(HEIGHT * width / max(height, 1) * stretched), 16)
        shrinks = height > HEIGHT and wide <= width
        smooth = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        scaled = cv2.resize(image, (wide, HEIGHT), interpolation=smooth).astype(np.float32)
        canvas = np.zeros((1, 3, HEIGHT, max(wide, 320)), np.float32)
        canvas[:, :, :, :wide] = scaled / 127.5 - 1  # -1 black, 1 white, in three equal channels
        chances = self._rec.session(canvas)[0]
        return np.asarray(chances[:, self._latin], np.float32)

    def boxes(self, image: Grey, longest: int) -> list[Corners]:
        """The lines that the detector sees, four corners each."""
        factor = min(1.0, longest / max(image.shape))
        if factor < 1:
            image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        self._det.limit_type, self._det.limit_side_len = "max", max(longest, 64)
        found = self._det(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)).boxes
        if found is None:
            return []
        return [np.asarray(box, float) / factor for box in found]


@cache
def engine() -> Engine:
    cv2.setNumThreads(1)
    return Engine()


# ---- forms ---------------------------------------------------------------------------------------------------


def read(even: FoundSlip, units: Sequence[str], coloured: Grey | None = None) -> Reading:
    """All fields and ticks of a slip in even light (`scan.flattened`). `units`: names that the office knows, for the
    field that asks for one; `coloured`: the same slip `scan.as_seen`, for what is pale in grey alone."""
    lay = places.layout(even.version)
    stamped = stamps.find(even.image, coloured, scan.empty(even.version), _written(lay))
    clean = replace(even, image=stamped.image) if stamped else even
    fields = {}
    for name, blank in lay.blanks.items():
        read = _field(clean, blank, units)
        fields[name] = _of_the_writer(read, (even, clean), blank, stamped, units)
    ticks = {name: _ticked(even, tick, coloured) for name, tick in lay.ticks.items()}
    return Reading(fields, ticks)


def _ticked(even: FoundSlip, tick: Tick, coloured: Grey | None) -> bool | None:
    """A box that looks blank in grey is looked at in its colours, too: a marker's yellow is as light as paper."""
    told = boxes.ticked(even, tick)
    if told is not False or coloured is None:
        return told
    darkest = np.minimum(even.image, coloured.min(axis=2))
    return boxes.ticked(replace(even, image=darkest), tick)


def _field(even: FoundSlip, blank: Blank, units: Sequence[str]) -> Repaired:
    images, lines = _parted(even, blank)
    unread = _faint(even, blank)
    if not lines:
        # Ink that says nothing in this field's alphabet is no blank.
        something = bool(images) or unread
        return Repaired("", 0.3, "tak_terbaca") if something else Repaired("", 0.9, "kosong")
    look = _together([[line for line, _ in lines]])
    look = replace(look, missed=unread or _missed(images, lines))
    if blank.cells:
        return repair.mend(blank.name, _by_cells(even, blank, look), units)
    alone = repair.mend(blank.name, look, units)
    if alone.confidence < WORTH or alone.doubt not in ("", "kurang_jelas"):
        return alone  # for the clerk to look at anyhow
    alphabet = ALPHABET.get(blank.name, WORDS)
    second = " ".join(engine().second(image, alphabet) for _, image in lines)
    return repair.mend(blank.name, replace(look, second=second), units)


def _written(lay: places.Layout) -> tuple[float, float]:
    """From where to where down a slip's picture people write, in mm."""
    top = min(blank.box.y for blank in lay.blanks.values())
    bottom = max(tick.box.bottom for tick in lay.ticks.values())
    return top + scan.MARGIN - ABOVE, bottom + scan.MARGIN


def _of_the_writer(
    read: Repaired,
    slips: tuple[FoundSlip, FoundSlip],
    blank: Blank,
    stamped: stamps.Stamps | None,
    units: Sequence[str],
) -> Repaired:
    """What was read in a field unless it is an office's stamp; nothing under a stamp is ever clear. `slips`:
    as it lies there, and without the stamps' ink."""
    if blank.name not in repair.DIGITS and stamps.says_only_stamp(read.value, units):
        return Repaired("", UNDER_STAMP, "cap")
    if stamped is None:
        return read
    even, clean = slips
    covered = replace(clean, image=stamped.covers).crop(blank.box, blank.name)
    if float(covered.mean()) < TOUCHED:
        return read
    if not _crop(even, blank).ink.any():  # the rim of a stain, too pale for any stamp
        return _field(even, blank, units)
    if not read.value or _is_stamp(read, clean, blank, stamped):
        return Repaired("", UNDER_STAMP, "cap")
    confidence = min(read.confidence, repair.DOUBTED)
    return replace(read, confidence=confidence, doubt=read.doubt or "cap")


def _is_stamp(read: Repaired, clean: FoundSlip, blank: Blank, stamped: stamps.Stamps) -> bool:
    """Whether a text that nobody can be sure of may be the stamp's own: all that was read lies within it."""
    crop = _crop(clean, blank)
    covers = replace(clean, image=stamped.covers).crop(crop.reach, blank.name)
    outside = crop.ink & ~covers[: crop.ink.shape[0], : crop.ink.shape[1]]
    if outside.sum() > BEYOND * crop.ink.sum():
        return False
    if blank.name in repair.DIGITS:
        return not repair.is_possible(blank.name, read.value)
    return read.confidence < repair.DOUBTED


def _together(rows: Sequence[Sequence[Line]]) -> Look:
    """What was read of pieces that stand in rows, as one text with a line for each row."""
    pieces = [piece for row in rows for piece in row]
    text = "\n".join(" ".join(piece.text.strip() for piece in row) for row in rows)
    sure = [chance for piece in pieces for chance in piece.sure]
    changed = [f"{seen} → {word}" for piece in pieces for seen, word in piece.changed]
    unsure = _unsure(pieces)
    return Look(text, sure, ", ".join(unsure[:3]), ", ".join(changed[:4]))


def _missed(images: Sequence[Grey], lines: Sequence[tuple[Line, Grey]]) -> bool:
    """Whether there is a line, more than dirt, of which nothing was read."""
    read = {id(image) for _, image in lines}
    for image in images:
        ink = np.count_nonzero(image < INK)
        if id(image) not in read and ink >= UNREAD * SCALE**2:
            return True
    return False


def _faint(even: FoundSlip, blank: Blank) -> bool:
    """Whether there is writing too faint for `_ink`, away from what was read."""
    crop = _crop(even, blank)
    top, low, side = (round(n * SCALE) for n in INSIDE)
    paper = np.zeros(crop.image.shape, bool)
    paper[top:-low, side:-side] = True
    paper &= ~_widened(crop.rules, 5)
    paper &= ~_widened(crop.ink, 2 * round(TOGETHER * SCALE) + 1)
    return faint.is_written(crop.image, paper)


def _widened(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """What lies within a square of so many pixels about what is marked."""
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), square) > 0, bool)


def _by_cells(even: FoundSlip, blank: Blank, look: Look) -> Look:
    """A comb's line, each of its cells looked at alone."""
    written = _crop(even, blank)
    some: list[digits.Cell] = []
    if written.ink.any():
        some = digits.cells(_without_rules(written, blank), blank, written.reach)
    both = digits.weighed(look.text, look.sure, some)
    if repair.is_possible(blank.name, both.text) or not repair.is_possible(blank.name, look.text):
        return replace(look, text=both.text, sure=both.sure, second=both.second)
    # No such day, no such number: what the line says may be right.
    return replace(look, second=both.text)


def _parted(even: FoundSlip, blank: Blank) -> tuple[list[Grey], list[tuple[Line, Grey]]]:
    """A field's pictures, line by line, and what they say. Two lines in one crop, or a line cut through? Parted by the
    printed rules they may read better."""
    images = lines_of(even, blank)
    lines = _lines(images, blank)
    reads_poorly = any(_mean(line) < POOR for line, _ in lines)
    if not blank.pitch or not reads_poorly:
        return images, lines
    ruled = lines_of(even, blank, by_rules=True)
    by_rules = _lines(ruled, blank)
    if _surely(by_rules) > _surely(lines):
        return ruled, by_rules
    return images, lines


def _lines(images: Sequence[Grey], blank: Blank) -> list[tuple[Line, Grey]]:
    """The lines that say something, each with its picture. A stroke that is hardly a character is no text."""
    alphabet, style = ALPHABET.get(blank.name, WORDS), STYLE.get(blank.name, "")
    found = []
    for image in images:
        line = engine().line(image, alphabet, style)
        if line.text.strip() and _mean(line) > _enough(line, len(images)):
            found.append((line, image))
    return found


def _enough(line: Line, lines: int) -> float:
    """How sure a line's characters must be on the whole: dirt between the lines is read as a letter or two."""
    if len(line.text) > 2:
        return GARBLED
    return UNSURE if lines > 1 else STRAY


def _mean(line: Line) -> float:
    return float(np.mean(line.sure))


def _surely(lines: Sequence[tuple[Line, Grey]]) -> float:
    """How many characters are read, those that are hardly sure counting against."""
    return sum(chance - 0.5 for line, _ in lines for chance in line.sure)


def _unsure(lines: Sequence[Line]) -> list[str]:
    """Words with a character that the recogniser was not sure of."""
    found = []
    for line in lines:
        start = 0
        for part in line.text.split(" "):
            chances = line.sure[start : start + len(part)]
            start += len(part) + 1
            if chances and min(chances) < UNSURE:
                found.append(part)
    return found


def lines_of(even: FoundSlip, blank: Blank, *, by_rules: bool = False) -> list[Grey]:
    """Pictures of the written lines of a field, each cut to its ink; none where nothing is written. Lines are parted
    where the ink is least, or, `by_rules`, where those who keep to the printed rules leave room."""
    written = _crop(even, blank)
    if not written.ink.any():
        return []
    height = written.ink.shape[0]
    if not blank.pitch:
        spans = [(0, height)]
    elif by_rules:
        spans = _ruled(blank, written.reach, height)
    else:
        spans = _rows(written.ink)
    image = _without_rules(written, blank)
    cuts = [_trimmed(image, written.ink, top, bottom) for top, bottom in spans]
    return [cut for cut in cuts if cut is not None]


@dataclass(frozen=True)
class _Crop:
    """A field as it lies on the slip: its picture without stains, where the form's own rules run, where ink is, and
    which box of the layout that shows."""

    image: Grey
    rules: NDArray[np.bool_]
    ink: NDArray[np.bool_]
    reach: Box


def _crop(even: FoundSlip, blank: Blank) -> _Crop:
    reach = _reach(blank)
    image = _unstained(even.crop(reach, blank.name))
    height, width = image.shape
    rules = _rules(blank, reach)[:height, :width]
    if blank.cells:
        rules = _moved_comb(image, rules, blank, reach)
    return _Crop(image, rules, _ink(image, rules, blank, reach), reach)


def _reach(blank: Blank) -> Box:
    """A field with what may stick out of it."""
    return Box(blank.box.x - 1, blank.box.y - 1.5, blank.box.width + 1.5, blank.box.height + 2.5)


def _unstained(image: Grey) -> Grey:
    """The image divided by what lies under the writing: stains and shadows wider than a stroke go."""
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    across = round(STROKE * SCALE / 4)
    stroke = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    under = cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke)
    under = cv2.GaussianBlur(under.astype(np.float32), (0, 0), 1.0)
    under = np.maximum(
        cv2.resize(under, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR), 40
    )
    return np.asarray(np.minimum(image / under, 1) * 255, np.uint8)


def _without_rules(crop: _Crop, blank: Blank) -> Grey:
    """The image with the printed rules taken out; strokes that cross them stay, as they are darker."""
    if blank.cells:
        stroke = float(np.percentile(crop.image[crop.ink], 30))
        cleared = crop.image.copy()
        cleared[crop.rules & (crop.image > (stroke + PRINT) / 2)] = 255
        return cleared
    clean = crop.image.astype(np.float32)
    for rule in blank.rules:
        band = clean[_span(rule - crop.reach.y)]
        printed = np.maximum(_rule_of(band), 1)
        band[:] = np.minimum(band / printed * 255, 255)
    return np.asarray(clean, np.uint8)


def _rule_of(band: NDArray[np.float32]) -> NDArray[np.float32]:
    """The printed rule alone, as dark as it came out of the scanner: most of a band is not written on."""
    height, width = band.shape
    pieces = np.array_split(band, max(1, width // (15 * SCALE)), axis=1)
    light = [np.percentile(piece, 75, axis=1) for piece in pieces]
    profile = np.stack(light, axis=1).astype(np.float32)
    whole = cv2.resize(profile, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole, np.float32)


def _rules(blank: Blank, reach: Box) -> NDArray[np.bool_]:
    """Where the form itself has lines in the crop of a field."""
    mask = np.zeros((round(reach.height * SCALE) + 2, round(reach.width * SCALE) + 2), bool)
    if not blank.cells:
        for rule in blank.rules:
            mask[_span(rule - reach.y)] = True
        return mask
    mask[_span(blank.box.bottom - reach.y)] = True
    tooth = round((blank.box.bottom - TOOTH - reach.y) * SCALE)
    for cell in blank.cells:
        mask[tooth:, _span(cell.x - reach.x)] = True
        mask[tooth:, _span(cell.right - reach.x)] = True
    return mask


def _moved_comb(
    image: Grey, rules: NDArray[np.bool_], blank: Blank, reach: Box
) -> NDArray[np.bool_]:
    """Where the comb's print is, on paper that creases have moved here and there: each tooth where it is seen, as far
    as its neighbours bear that out, and the rule between them. A tooth that is left is read as a 1."""
    dark = 255 - image.astype(np.float32)
    edges = sorted({round(edge, 3) for cell in blank.cells for edge in (cell.x, cell.right)})
    foot = (blank.box.bottom - reach.y) * SCALE
    moves = [_move_of_tooth(dark, (edge - reach.x) * SCALE, foot) for edge in edges]
    mask = rules.copy()
    for order, edge in enumerate(edges):
        near = np.array(moves[max(order - 2, 0) : order + 3])
        dx, dy = np.median(near, axis=0)
        if max(abs(dx), abs(dy)) < RULE * SCALE / 2:
            continue  # the mask is as wide as that
        at = edge - reach.x + dx / SCALE
        low = blank.box.bottom - reach.y + dy / SCALE
        mask[round((low - TOOTH) * SCALE) : round((low + RULE) * SCALE), _span(at)] = True
        mask[_span(low), _span_of(at - CELL, at + CELL)] = True
    return mask


def _move_of_tooth(dark: NDArray[np.float32], at: float, foot: float) -> tuple[int, int]:
    """By how many pixels a tooth at this column, that stands on this row, is moved across and down: where there is a
    thin upright stroke that ends where teeth end, and where the rule runs beside it."""
    far, tall = round(BENT * SCALE), round(TOOTH * SCALE)
    left, right = max(round(at) - far, 0), min(round(at) + far + 1, dark.shape[1])
    low, high = max(round(foot) - far, 0), min(round(foot) + far + 1, dark.shape[0])
    if right - left < far or high - low < far:
        return 0, 0
    beside = dark[low:high, max(left - far, 0) : right + far]
    down = int(np.argmax(np.median(beside, axis=1))) + low - round(foot)
    base = round(foot) + down
    tooth = dark[max(base - tall + 2, 0) : base - 3, left:right].mean(axis=0)
    above = dark[max(base - 2 * tall, 0) : max(base - tall - 3, 1), left:right].mean(axis=0)
    across = int(np.argmax(tooth - above)) + left - round(at)
    return across, down


def _span_of(start: float, end: float) -> slice:
    return slice(max(round(start * SCALE), 0), max(round(end * SCALE), 0))


def _span(at: float) -> slice:
    """The pixels that a printed rule at so many mm may have darkened."""
    return slice(max(round((at - RULE) * SCALE), 0), round((at + RULE) * SCALE))


def _ink(image: Grey, rules: NDArray[np.bool_], blank: Blank, reach: Box) -> NDArray[np.bool_]:
    """What was written: dark, larger than dirt, and begun inside the field, not in its neighbour."""
    nothing = np.zeros(image.shape, bool)
    dark = (image < INK) & ~rules
    if not dark.any():
        return nothing
    stroke = float(np.percentile(image[dark], 20))
    half_way = (stroke + 255) / 2  # a firm pen's own shadows and light stains are no ink
    free = (image < min(INK, half_way)) & ~rules
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        free.astype(np.uint8), connectivity=8
    )
    top, bottom = (blank.box.y - reach.y) * SCALE, (blank.box.bottom - reach.y) * SCALE
    left, right = (blank.box.x - reach.x) * SCALE, (blank.box.right - reach.x) * SCALE
    keep = np.zeros(count, bool)
    for n in range(1, count):
        _, begins, width, height, area = stats[n]
        x, y = centres[n]
        inside = top <= y <= bottom and left - SCALE <= x <= right
        is_print = bool(blank.cells) and _is_tooth(width, height, bottom - begins)
        is_stroke = not is_print and not _is_line(width, height, image.shape)
        keep[n] = inside and area >= SPECK * SCALE**2 and is_stroke
    ink = _without_dirt(keep, labels)
    return ink if ink.sum() >= LEAST * SCALE**2 else nothing


def _is_tooth(width: int, height: int, over_rule: float) -> bool:
    """Whether this is a tooth of a printed comb that creased paper has moved from its place: thinner than any pen,
    upright, and no higher above the comb's rule than teeth are. Read as a digit, it would be a 1 in an empty field."""
    is_thin = width <= THIN * SCALE and height >= 2 * width
    return is_thin and max(height, over_rule) <= (TOOTH + 1) * SCALE


def _is_line(width: int, height: int, field: tuple[int, ...]) -> bool:
    """Whether a stroke runs through the whole field, thinner than people write: a fold, a streak, an edge."""
    whole_height, whole_width = field
    lies = width > 0.7 * whole_width and height < 1.5 * SCALE
    stands = height > 0.9 * whole_height and width < 0.8 * SCALE
    return lies or stands


def _without_dirt(keep: NDArray[np.bool_], labels: Grey) -> NDArray[np.bool_]:
    """The kept strokes but for dots that stand alone: a copier's specks, that would pass for lines of their own. A fax
    breaks writing into dots, too, but those stand together."""
    ink: NDArray[np.bool_] = keep[labels]
    near = _widened(ink, 2 * round(TOGETHER / 2 * SCALE) + 1)
    _, groups = cv2.connectedComponents(near.astype(np.uint8), connectivity=8)
    areas = np.bincount(groups[ink], minlength=int(groups.max()) + 1)
    large = areas >= DOT * SCALE**2
    writing: NDArray[np.bool_] = ink & large[groups]
    only_dots = writing.sum() <= MOSTLY * ink.sum()  # faint writing, then, and no dirt
    return ink if only_dots else writing


def _rows(ink: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(top, bottom) of each written line: valleys between the crests of ink."""
    profile = ink.sum(axis=1).astype(np.float32).reshape(-1, 1)
    smooth = cv2.GaussianBlur(profile, (1, 0), sigmaX=0.1, sigmaY=0.9 * SCALE).ravel()
    crests: list[int] = []
    for row in range(1, len(smooth) - 1):
        before, here, after = smooth[row - 1 : row + 2]
        if here < before or here <= after or here <= 0.02 * smooth.max():
            continue
        if not crests or row - crests[-1] >= 3.2 * SCALE:
            crests.append(row)
        elif here > smooth[crests[-1]]:  # of one line: i-dots, or a line written high and low
            crests[-1] = row
    valleys = [upper + int(np.argmin(smooth[upper:lower])) for upper, lower in pairwise(crests)]
    return list(pairwise([0, *valleys, len(smooth)]))


def _ruled(blank: Blank, reach: Box, height: int) -> list[tuple[int, int]]:
    """(top, bottom) of each line that is written on a rule: letters hang a little below it."""
    feet = [round((line.bottom + 0.6 - reach.y) * SCALE) for line in blank.lines]
    return list(pairwise([0, *feet[:-1], height]))


def _trimmed(image: Grey, ink: NDArray[np.bool_], top: int, bottom: int) -> Grey | None:
    """One line cut to its ink with a little room, or None where there is none."""
    line = ink[top:bottom]
    if line.sum() < LEAST * SCALE**2 / 2:
        return None
    rows = np.flatnonzero(line.any(axis=1))
    columns = np.flatnonzero(line.any(axis=0))
    room = round(0.6 * SCALE)
    first_row = max(top + rows[0] - room, 0)
    first_column = max(columns[0] - room, 0)
    after_columns = columns[-1] + 3 * room  # a full stop may lie on a rule
    part = image[first_row : top + rows[-1] + room, first_column:after_columns]
    return np.ascontiguousarray(part)


# ---- letters -------------------------------------------------------------------------------------------------


def letter(page: Grey) -> Look:
    """The text of a page without marks, whichever way it is turned, line by line. A second look costs as much again
    and is taken only where the first one would be shown as clear."""
    scale = max(page.shape) / 210  # a guess: the longer side of A5
    even = evened(page, scale)
    boxes = engine().boxes(even, LETTER)
    if _lies(boxes):
        even, boxes = _quarter(even, boxes)
    if _on_its_head(even, boxes):
        even, boxes = _quarter(*_quarter(even, boxes))
    rows: list[list[Line]] = []
    images: list[Grey] = []
    for row in _in_rows(boxes):
        words = [word for box in row if (word := _word(even, box))]
        if words:
            rows.append([line for line, _ in words])
            images += [image for _, image in words]
    look = _together(rows)
    if not repair.is_clear(repair.letter(look)):
        return look
    return replace(look, second=" ".join(engine().second(image) for image in images))


def _word(page: Grey, box: Corners) -> tuple[Line, Grey] | None:
    """What stands in a box that the detector saw, with its picture; None where it is no text."""
    image = _unbent(page, box)
    line = engine().line(image, style="kalimat")
    if not line.text.strip() or _mean(line) < LEAST_LETTER:
        return None
    return line, image


def _quarter(page: Grey, boxes: Sequence[Corners]) -> tuple[Grey, list[Corners]]:
    """Page and boxes turned left by 90°, each box again from its upper left corner on."""
    width = page.shape[1]
    turned = []
    for box in boxes:
        x, y = box.T
        corners = np.column_stack([y, width - 1 - x])
        turned.append(np.roll(corners, -1, axis=0))
    return np.ascontiguousarray(np.rot90(page)), turned


def _on_its_head(page: Grey, boxes: Sequence[Corners]) -> bool:
    """Whether the longest lines are read with more certainty upside down. (The engine's own classifier of turns
    fails with handwriting.)"""
    longest = sorted(boxes, key=_length, reverse=True)[:4]
    upright = turned = 0.0
    for box in longest:
        line = _unbent(page, box)
        upside_down = np.ascontiguousarray(np.rot90(line, 2))
        upright += sum(engine().line(line).sure)
        turned += sum(engine().line(upside_down).sure)
    return turned > upright


def _lies(boxes: Sequence[Corners]) -> bool:
    """Whether the lines run from top to bottom: the page lies on its side."""
    return sum(_height(box) - _length(box) for box in boxes) > 0


def _length(box: Corners) -> float:
    """Of a line, along its upper edge, in pixels."""
    return float(np.linalg.norm(box[0] - box[1]))


def _height(box: Corners) -> float:
    """Of a line, at its end, in pixels."""
    return float(np.linalg.norm(box[1] - box[2]))


def _unbent(page: Grey, box: Corners) -> Grey:
    """A line cut out along its own slope; more room around it was measured to do harm."""
    width, height = max(round(_length(box)), 8), max(round(_height(box)), 8)
    flat = np.array(Box(0, 0, width, height).corners, np.float32)
    step = cv2.getPerspectiveTransform(box.astype(np.float32), flat)
    line = cv2.warpPerspective(
        page, step, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.ascontiguousarray(line)


def _in_rows(boxes: Sequence[Corners]) -> list[list[Corners]]:
    """Boxes in reading order: those whose middles are less than half a line apart stand in one row."""
    rows: list[list[Corners]] = []
    for box in sorted(boxes, key=_middle):
        if rows and _same_row(rows[-1][-1], box):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [sorted(row, key=lambda box: float(box[:, 0].min())) for row in rows]


def _middle(box: Corners) -> float:
    """How far down a page a line is."""
    return float(box[:, 1].mean())


def _same_row(one: Corners, other: Corners) -> bool:
    height = min(_height(one), _height(other))
    x, other_x = one[:, 0], other[:, 0]
    is_before = x.max() < other_x.min() + height
    is_after = other_x.max() < x.min() + height
    apart = abs(_middle(one) - _middle(other))
    return apart < 0.5 * height and bool(is_before or is_after)
