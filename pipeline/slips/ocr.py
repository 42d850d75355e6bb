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

from pipeline.slips import boxes, digits, faint, repair
from pipeline.slips import layout as places
from pipeline.slips.decode import Line, Reader
from pipeline.slips.decode import Look as Seen
from pipeline.slips.layout import Blank, Box, Tick
from pipeline.slips.repair import Look, Repaired
from pipeline.slips.scan import SCALE, FoundSlip, Grey, evened

INK = 0.74 * 255  # darker is ink
PRINT = (
    0.66 * 255
)  # about the grey of printed rules; where they run, only what is darker still is ink
RULE = 0.45  # mm around a printed rule where ink does not count
SPECK = 0.10  # mm²; a smaller blot is dirt
DOT = 0.5  # mm²; a smaller blot that stands alone is dirt
MOSTLY = 0.8  # share of a field's ink that is left when its dirt is gone
TOGETHER = 3.0  # mm; blots that are nearer are of one writing
UNREAD = 2.0  # mm² of ink that are more than dirt: a line of which nothing is read
LEAST = 0.5  # mm² of ink that make a field written in
INSIDE = (
    2.0,
    1.2,
    1.2,
)  # mm at the top, the foot and the sides of a field where its neighbours' ink may reach
STROKE = 2.8  # mm; what is wider than any stroke of a pen is a stain
UNSURE = 0.6  # of a character
GARBLED, STRAY = 0.35, 0.5  # of a line, and of one or two characters alone: less is no text
POOR = 0.8  # a line whose characters are less sure than this on the whole may have been cut wrongly
LEAST_LETTER = 0.4  # of a word in a letter
LETTER = 1100  # pixels of the longer side of a letter, for the detector
HEIGHT = 48  # pixels of a line for the recogniser
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
STYLE = {"alamat": "alamat", "uraian": "kalimat"}


@dataclass(frozen=True)
class Reading:
    """A slip as far as a machine can read it."""

    fields: dict[str, Repaired] = field(default_factory=dict)
    ticks: dict[str, bool | None] = field(default_factory=dict)


# ---- the engine ----------------------------------------------------------------------------------------------


class Engine:
    """rapidocr's detector and recogniser, with alphabets of our own."""

    def __init__(
        self, threads: int = 1
    ) -> None:  # a second one waits for the first at work: half as much CPU again
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
        self._latin = np.array(
            [n for n, c in enumerate(characters) if not n or c in wanted]
        )  # 0 is CTC's blank
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
        height, width = image.shape
        wide = max(round(HEIGHT * width / max(height, 1) * stretched), 16)
        smooth = cv2.INTER_AREA if height > HEIGHT and wide <= width else cv2.INTER_CUBIC
        canvas = np.zeros((1, 3, HEIGHT, max(wide, 320)), np.float32)
        canvas[:, :, :, :wide] = (
            cv2.resize(image, (wide, HEIGHT), interpolation=smooth).astype(np.float32) / 127.5 - 1
        )
        return np.asarray(self._rec.session(canvas)[0][:, self._latin], np.float32)

    def boxes(self, image: Grey, longest: int) -> list[NDArray[np.float64]]:
        """The lines that the detector sees, four corners each."""
        factor = min(1.0, longest / max(image.shape))
        small = (
            cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            if factor < 1
            else image
        )
        self._det.limit_type, self._det.limit_side_len = "max", max(longest, 64)
        found = self._det(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR))
        return (
            [] if found.boxes is None else [np.asarray(box, float) / factor for box in found.boxes]
        )


@cache
def engine() -> Engine:
    cv2.setNumThreads(1)
    return Engine()


# ---- forms ---------------------------------------------------------------------------------------------------


def read(even: FoundSlip, units: Sequence[str], coloured: Grey | None = None) -> Reading:
    """All fields and ticks of a slip in even light (`scan.flattened`). `units`: names that the office knows, for the
    field that asks for one; `coloured`: the same slip `scan.as_seen`, for what is pale in grey alone."""
    lay = places.layout(even.version)
    fields = {name: _field(even, blank, units) for name, blank in lay.blanks.items()}
    return Reading(
        fields, {name: _ticked(even, tick, coloured) for name, tick in lay.ticks.items()}
    )


def _ticked(even: FoundSlip, tick: Tick, coloured: Grey | None) -> bool | None:
    """A box that looks blank in grey is looked at in its colours, too: a marker's yellow is as light as paper."""
    told = boxes.ticked(even, tick)
    if told is not False or coloured is None:
        return told
    return boxes.ticked(replace(even, image=np.minimum(even.image, coloured.min(axis=2))), tick)


def _field(even: FoundSlip, blank: Blank, units: Sequence[str]) -> Repaired:
    images = lines_of(even, blank)
    lines = _lines(images, blank)
    if blank.pitch and any(
        _mean(line) < POOR for line, _ in lines
    ):  # two lines in one crop, or a line cut through?
        ruled = lines_of(even, blank, by_rules=True)
        images, lines = max(
            (images, lines), (ruled, _lines(ruled, blank)), key=lambda way: _surely(way[1])
        )
    unread = _faint(even, blank)
    if not lines:  # ink that says nothing in this field's alphabet is no blank
        return Repaired("", 0.3, "tak_terbaca") if images or unread else Repaired("", 0.9, "kosong")
    text = " ".join(line.text.strip() for line, _ in lines)
    sure = [chance for line, _ in lines for chance in line.sure]
    changed = [f"{seen} → {word}" for line, _ in lines for seen, word in line.changed]
    words = ", ".join(_unsure([line for line, _ in lines])[:3])
    look = Look(text, sure, words, ", ".join(changed[:4]), missed=unread or _missed(images, lines))
    if blank.cells:
        return repair.mend(blank.name, _by_cells(even, blank, look), units)
    alone = repair.mend(blank.name, look, units)
    if alone.confidence < WORTH or alone.doubt not in (
        "",
        "kurang_jelas",
    ):  # for the clerk to look at anyhow
        return alone
    alphabet = ALPHABET.get(blank.name, WORDS)
    second = " ".join(engine().second(image, alphabet) for _, image in lines)
    return repair.mend(blank.name, replace(look, second=second), units)


def _missed(images: Sequence[Grey], lines: Sequence[tuple[Line, Grey]]) -> bool:
    """Whether there is a line, more than dirt, of which nothing was read."""
    read = {id(image) for _, image in lines}
    left = (image for image in images if id(image) not in read)
    return any(float((image < INK).sum()) >= UNREAD * SCALE**2 for image in left)


def _faint(even: FoundSlip, blank: Blank) -> bool:
    """Whether there is writing too faint for `_ink`, away from what was read."""
    reach = _reach(blank)
    image = _unstained(even.crop(reach, blank.name))
    rules = _rules(blank, reach)[: image.shape[0], : image.shape[1]]
    ink = _ink(image, rules, blank, reach).astype(np.uint8)
    paper = np.zeros(image.shape, bool)
    top, low, side = (round(n * SCALE) for n in INSIDE)
    paper[top:-low, side:-side] = True
    paper &= cv2.dilate(rules.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    around = 2 * round(TOGETHER * SCALE) + 1
    paper &= cv2.dilate(ink, np.ones((around, around), np.uint8)) == 0
    return faint.is_written(image, paper)


def _by_cells(even: FoundSlip, blank: Blank, look: Look) -> Look:
    """A comb's line, each of its cells looked at alone."""
    written = _written(even, blank)
    some = digits.cells(written.image, blank, written.reach) if written else []
    both = digits.weighed(look.text, look.sure, some)
    if repair.is_possible(blank.name, both.text) or not repair.is_possible(blank.name, look.text):
        return replace(look, text=both.text, sure=both.sure, second=both.second)
    return replace(
        look, second=both.text
    )  # no such day, no such number: what the line says may be right


def _lines(images: Sequence[Grey], blank: Blank) -> list[tuple[Line, Grey]]:
    """The lines that say something, each with its picture. A stroke that is hardly a character is no text."""
    alphabet, style = ALPHABET.get(blank.name, WORDS), STYLE.get(blank.name, "")
    read = [(engine().line(image, alphabet, style), image) for image in images]
    return [
        (line, image)
        for line, image in read
        if line.text.strip() and _mean(line) > _enough(line, len(read))
    ]


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
    written = _written(even, blank)
    if written is None:
        return []
    image, ink, reach = written.image, written.ink, written.reach
    spans = [(0, ink.shape[0])]
    if blank.pitch:
        spans = _ruled(blank, reach, ink.shape[0]) if by_rules else _rows(ink)
    return [cut for top, bottom in spans if (cut := _trimmed(image, ink, top, bottom)) is not None]


@dataclass(frozen=True)
class _Written:
    """A field with writing in it: its picture without the printed rules, where ink is, and which box that shows."""

    image: Grey
    ink: NDArray[np.bool_]
    reach: Box


def _written(even: FoundSlip, blank: Blank) -> _Written | None:
    reach = _reach(blank)
    image = _unstained(even.crop(reach, blank.name))
    rules = _rules(blank, reach)[: image.shape[0], : image.shape[1]]
    ink = _ink(image, rules, blank, reach)
    return _Written(_without(image, rules, ink, blank, reach), ink, reach) if ink.any() else None


def _reach(blank: Blank) -> Box:
    """A field with what may stick out of it."""
    return Box(blank.box.x - 1, blank.box.y - 1.5, blank.box.width + 1.5, blank.box.height + 2.5)


def _unstained(image: Grey) -> Grey:
    """The image divided by what lies under the writing: stains and shadows wider than a stroke go."""
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    across = round(STROKE * SCALE / 4)
    under = cv2.morphologyEx(
        small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    )
    under = cv2.GaussianBlur(under.astype(np.float32), (0, 0), 1.0)
    under = np.maximum(
        cv2.resize(under, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR), 40
    )
    return np.asarray(np.minimum(image / under, 1) * 255, np.uint8)


def _without(
    image: Grey, rules: NDArray[np.bool_], ink: NDArray[np.bool_], blank: Blank, reach: Box
) -> Grey:
    """The image with the printed rules taken out; strokes that cross them stay, as they are darker."""
    if not blank.cells:
        clean = image.astype(np.float32)
        for line in blank.lines:
            band = clean[_span(line.y + line.height - 1.2 - reach.y)]
            band[:] = np.minimum(band / np.maximum(_rule_of(band), 1) * 255, 255)
        return np.asarray(clean, np.uint8)
    stroke = float(np.percentile(image[ink], 30))
    cleared = image.copy()
    cleared[rules & (image > (stroke + PRINT) / 2)] = 255
    return cleared


def _rule_of(band: NDArray[np.float32]) -> NDArray[np.float32]:
    """The printed rule alone, as dark as it came out of the scanner: most of a band is not written on."""
    parts = np.array_split(band, max(1, band.shape[1] // (15 * SCALE)), axis=1)
    profile = np.stack([np.percentile(part, 75, axis=1) for part in parts], axis=1).astype(
        np.float32
    )
    return np.asarray(
        cv2.resize(profile, (band.shape[1], band.shape[0]), interpolation=cv2.INTER_LINEAR),
        np.float32,
    )


def _rules(blank: Blank, reach: Box) -> NDArray[np.bool_]:
    """Where the form itself has lines in the crop of a field."""
    mask = np.zeros((round(reach.height * SCALE) + 2, round(reach.width * SCALE) + 2), bool)

    def across(y: float) -> None:
        mask[_span(y - reach.y)] = True

    if blank.cells:
        across(blank.box.y + blank.box.height)
        foot = round((blank.box.y + blank.box.height - 2.3 - reach.y) * SCALE)
        for cell in blank.cells:
            for x in (cell.x, cell.x + cell.width):
                mask[foot:, _span(x - reach.x)] = True
    else:
        for line in blank.lines:
            across(line.y + line.height - 1.2)
    return mask


def _span(at: float) -> slice:
    return slice(max(round((at - RULE) * SCALE), 0), round((at + RULE) * SCALE))


def _ink(image: Grey, rules: NDArray[np.bool_], blank: Blank, reach: Box) -> NDArray[np.bool_]:
    """What was written: dark, larger than dirt, and begun inside the field, not in its neighbour."""
    dark = image < INK
    if not (dark & ~rules).any():
        return np.zeros_like(dark)
    stroke = float(np.percentile(image[dark & ~rules], 20))
    dark = image < min(
        INK, (stroke + 255) / 2
    )  # half-way: a firm pen's own shadows and light stains are no ink
    free = dark & ~rules
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        free.astype(np.uint8), connectivity=8
    )
    keep = np.zeros(count, bool)
    top, bottom = (
        (blank.box.y - reach.y) * SCALE,
        (blank.box.y + blank.box.height - reach.y) * SCALE,
    )
    left, right = (blank.box.x - reach.x) * SCALE, (blank.box.x + blank.box.width - reach.x) * SCALE
    for n in range(1, count):
        _, _, w, h, area = stats[n]
        long_line = (w > 0.7 * dark.shape[1] and h < 1.5 * SCALE) or (
            h > 0.9 * dark.shape[0] and w < 0.8 * SCALE
        )
        inside = top <= centres[n][1] <= bottom and left - SCALE <= centres[n][0] <= right
        keep[n] = area >= SPECK * SCALE**2 and inside and not long_line
    ink = _without_dirt(keep, labels)
    if ink.sum() < LEAST * SCALE**2:
        return np.zeros_like(ink)
    return np.asarray(ink, bool)


def _without_dirt(keep: NDArray[np.bool_], labels: Grey) -> NDArray[np.bool_]:
    """The kept strokes but for dots that stand alone: a copier's specks, that would pass for lines of their own. A fax
    breaks writing into dots, too, but those stand together."""
    ink = keep[labels]
    reach = 2 * round(TOGETHER / 2 * SCALE) + 1
    near = cv2.dilate(ink.astype(np.uint8), np.ones((reach, reach), np.uint8))
    _, groups = cv2.connectedComponents(near, connectivity=8)
    areas = np.bincount(groups[ink], minlength=int(groups.max()) + 1)
    writing = np.asarray(ink & (areas >= DOT * SCALE**2)[groups], bool)
    return (
        writing if writing.sum() > MOSTLY * ink.sum() else ink
    )  # dots alone are faint writing, not dirt


def _rows(ink: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(top, bottom) of each written line: valleys between the crests of ink."""
    profile = ink.sum(axis=1).astype(np.float32)
    smooth = cv2.GaussianBlur(
        profile.reshape(-1, 1), (1, 0), sigmaX=0.1, sigmaY=0.9 * SCALE
    ).ravel()
    crests = [
        n
        for n in range(1, len(smooth) - 1)
        if smooth[n] >= smooth[n - 1]
        and smooth[n] > smooth[n + 1]
        and smooth[n] > 0.02 * smooth.max()
    ]
    merged: list[int] = []
    for crest in crests:  # two crests of one line: i-dots, or a line written high and low
        if merged and (crest - merged[-1] < 3.2 * SCALE):
            merged[-1] = crest if smooth[crest] > smooth[merged[-1]] else merged[-1]
        else:
            merged.append(crest)
    cuts = [0] + [a + int(np.argmin(smooth[a:b])) for a, b in pairwise(merged)] + [len(smooth)]
    return list(pairwise(cuts))


def _ruled(blank: Blank, reach: Box, height: int) -> list[tuple[int, int]]:
    """(top, bottom) of each line that is written on a rule: letters hang a little below it."""
    feet = [round((line.y + line.height + 0.6 - reach.y) * SCALE) for line in blank.lines]
    return list(pairwise([0, *feet[:-1], height]))


def _trimmed(image: Grey, ink: NDArray[np.bool_], top: int, bottom: int) -> Grey | None:
    """One line cut to its ink with a little room, or None where there is none."""
    rows = np.flatnonzero(ink[top:bottom].any(axis=1))
    columns = np.flatnonzero(ink[top:bottom].any(axis=0))
    if not len(rows) or ink[top:bottom].sum() < LEAST * SCALE**2 / 2:
        return None
    room = round(0.6 * SCALE)
    y1, y2 = max(top + rows[0] - room, 0), min(top + rows[-1] + room, image.shape[0])
    x1, x2 = (
        max(columns[0] - room, 0),
        min(columns[-1] + 3 * room, image.shape[1]),
    )  # a full stop may lie on a rule
    return np.ascontiguousarray(image[y1:y2, x1:x2])


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
    rows = [[read for box in row if (read := _word(even, box))] for row in _in_rows(boxes)]
    words = [word for row in rows for word in row]
    text = "\n".join(" ".join(line.text.strip() for line, _ in row) for row in rows if row)
    sure = [chance for line, _ in words for chance in line.sure]
    changed = [f"{seen} → {word}" for line, _ in words for seen, word in line.changed]
    unsure = ", ".join(_unsure([line for line, _ in words])[:3])
    look = Look(text, sure, unsure, ", ".join(changed[:4]))
    if not repair.is_clear(repair.letter(look)):
        return look
    return replace(look, second=" ".join(engine().second(image) for _, image in words))


def _word(page: Grey, box: NDArray[np.float64]) -> tuple[Line, Grey] | None:
    """What stands in a box that the detector saw, with its picture; None where it is no text."""
    image = _unbent(page, box)
    line = engine().line(image, style="kalimat")
    if not line.text.strip() or _mean(line) < LEAST_LETTER:
        return None
    return line, image


def _quarter(
    page: Grey, boxes: Sequence[NDArray[np.float64]]
) -> tuple[Grey, list[NDArray[np.float64]]]:
    """Page and boxes turned left by 90°, each box again from its upper left corner on."""
    width = page.shape[1]
    turned = [np.column_stack([box[:, 1], width - 1 - box[:, 0]]) for box in boxes]
    return np.ascontiguousarray(np.rot90(page)), [np.roll(box, -1, axis=0) for box in turned]


def _on_its_head(page: Grey, boxes: Sequence[NDArray[np.float64]]) -> bool:
    """Whether the longest lines are read with more certainty upside down. (The engine's own classifier of turns
    fails with handwriting.)"""
    lines = [_unbent(page, box) for box in sorted(boxes, key=lambda box: -_side(box, 0, 1))[:4]]
    upright, turned = (
        sum(sum(engine().line(np.ascontiguousarray(np.rot90(line, turns))).sure) for line in lines)
        for turns in (0, 2)
    )
    return turned > upright


def _lies(boxes: Sequence[NDArray[np.float64]]) -> bool:
    """Whether the lines run from top to bottom: the page lies on its side."""
    tall = sum(_side(box, 1, 2) - _side(box, 0, 1) for box in boxes)
    return bool(tall > 0)


def _side(box: NDArray[np.float64], a: int, b: int) -> float:
    return float(np.linalg.norm(box[a] - box[b]))


def _unbent(page: Grey, box: NDArray[np.float64]) -> Grey:
    """A line cut out along its own slope; more room around it was measured to do harm."""
    width, height = max(round(_side(box, 0, 1)), 8), max(round(_side(box, 1, 2)), 8)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    step = cv2.getPerspectiveTransform(box.astype(np.float32), flat)
    return np.ascontiguousarray(
        cv2.warpPerspective(
            page, step, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    )


def _in_rows(boxes: Sequence[NDArray[np.float64]]) -> list[list[NDArray[np.float64]]]:
    """Boxes in reading order: those whose middles are less than half a line apart stand in one row."""
    rows: list[list[NDArray[np.float64]]] = []
    for box in sorted(boxes, key=lambda b: float(b[:, 1].mean())):
        if rows and _same_row(rows[-1][-1], box):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [sorted(row, key=lambda b: float(b[:, 0].min())) for row in rows]


def _same_row(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    height = min(_side(one, 1, 2), _side(other, 1, 2))
    apart = abs(float(one[:, 1].mean() - other[:, 1].mean()))
    beside = (
        one[:, 0].max() < other[:, 0].min() + height or other[:, 0].max() < one[:, 0].min() + height
    )
    return apart < 0.5 * height and beside
