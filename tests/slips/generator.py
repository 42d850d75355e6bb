"""Fills the slip's layout with invented people's complaints and spoils the picture as scanners and phones do. Seeded.

Fonts come from Debian or npm packages on the machine and are never part of this repository. Each slip knows its
truth, so that a reader can be scored.
"""

from __future__ import annotations

import base64
import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.office.config import SAMPLE, load
from pipeline.slips import form, layout

Picture = NDArray[Any]
MM = form.DPI / 25.4

FIRST = (
    "Suharti",
    "Bambang",
    "Sri",
    "Agus",
    "Wahyu",
    "Dewi",
    "Slamet",
    "Yuni",
    "Hendra",
    "Ratna",
    "Joko",
    "Endang",
    "Rizky",
    "Lestari",
    "Teguh",
    "Maya",
    "Sutrisno",
    "Fitri",
)
LAST = (
    "Wibowo",
    "Handayani",
    "Santoso",
    "Pratiwi",
    "Nugroho",
    "Kusuma",
    "Rahayu",
    "Setiawan",
    "Purnomo",
    "Astuti",
    "Hidayat",
    "Susilo",
    "Utami",
    "Saputra",
)
STREETS = (
    "Cempaka",
    "Diponegoro",
    "Pahlawan",
    "Serayu",
    "Mawar",
    "Kartini",
    "Ahmad Yani",
    "Thamrin",
    "Salak",
    "Mastrip",
    "Kenanga",
    "Musi",
)
WARDS = (
    "Taman",
    "Kartoharjo",
    "Sogaten",
    "Winongo",
    "Klegen",
    "Mojorejo",
    "Pandean",
    "Oro-oro Ombo",
    "Rejomulyo",
    "Banjarejo",
)
UNITS = [unit.nama for unit in load(SAMPLE).unit] + [
    "Dinas Kesehatan",
    "Dinas Pekerjaan Umum",
    "Dinas Perhubungan",
    "Dinas Pendidikan",
    "Satpol PP",
]
SENTENCES = (
    "Wifi gratis di taman sudah dua minggu tidak bisa dipakai, sering putus.",
    "Lampu jalan di depan SD padam sejak hari Senin.",
    "Anak-anak perlu internet untuk belajar.",
    "Mohon segera diperbaiki. Terima kasih.",
    "Aplikasi antrean tidak bisa dibuka dari ponsel saya.",
    "Petugas loket kurang ramah kepada warga lanjut usia.",
    "Kabel menjuntai di gang dan membahayakan anak kecil.",
    "Sampah menumpuk di pinggir jalan sejak 3 hari yang lalu.",
    "Saluran air mampet sehingga banjir bila hujan deras.",
    "CCTV di perempatan pasar mati dan sudah dua kali ada pencurian.",
    "Saya sudah melapor lewat telepon tetapi belum ada jawaban.",
    "Jam pelayanan tidak sesuai dengan papan pengumuman.",
    "Surat keterangan yang dijanjikan selesai 2 hari belum jadi sampai sekarang.",
    "Trotoar rusak dan licin, ibu saya jatuh minggu lalu.",
)
HOSTS = ("gmail.com", "yahoo.co.id", "contoh.example")
PRINTED = ("Liberation Sans", "Liberation Serif", "DejaVu Sans", "Nimbus Sans")
HANDWRITING_FILES = ("Breip.ttf", "SteveHand.ttf", "dkg.ttf")
NPM = (
    Path(__file__).parent.parent.parent / ".venv/fonts/node_modules/@fontsource"
)  # `make .venv/installed-fonts`
HANDWRITING_NPM = (
    "patrick-hand",
    "kalam",
    "indie-flower",
    "shadows-into-light",
    "caveat",
    "handlee",
    "architects-daughter",
)
# Never used while the reader was made: what its confidence is worth is measured with these.
OTHER_PRINTED = ("URW Bookman", "URW Gothic")
OTHER_NPM = (
    "nanum-pen-script",
    "gloria-hallelujah",
    "schoolbell",
    "delius",
    "reenie-beanie",
    "itim",
)
FAULTS = ("bersih", "dpi150", "dpi200", "miring_noda", "faks", "foto", "pudar")


@dataclass(frozen=True)
class Sample:
    """A filled slip or letter with its truth."""

    picture: Picture
    kind: str  # "cetak" (printed), "tangan" (handwriting), "surat" (a free letter)
    fault: str
    serial: str
    fields: dict[str, str] = field(default_factory=dict)
    ticks: dict[str, bool] = field(default_factory=dict)
    text: str = ""
    corners: tuple[
        tuple[float, float], ...
    ] = ()  # of the slip's form part, in pixels of the picture


@cache
def fonts(hand: bool, other: bool = False) -> list[str]:
    """Paths of the fonts that this machine has; `other` ones than the reader was made with."""
    if not hand:
        return [p for name in (OTHER_PRINTED if other else PRINTED) if (p := _match(name))]
    found = (
        []
        if other
        else [p for name in HANDWRITING_FILES for p in Path("/usr/share/fonts").rglob(name)]
    )
    names = OTHER_NPM if other else HANDWRITING_NPM
    found += [NPM / name / "files" / f"{name}-latin-400-normal.woff" for name in names]
    return [str(path) for path in found if path.is_file()]


def _match(name: str) -> str:
    done = subprocess.run(
        ["fc-match", "-f", "%{file}", name], capture_output=True, text=True, check=False
    )
    return done.stdout


# ---- writing -------------------------------------------------------------------------------------------------


def person(rng: random.Random) -> dict[str, str]:
    """What somebody writes; some fields are left empty."""
    first, last = rng.choice(FIRST), rng.choice(LAST)
    street = f"Jl. {rng.choice(STREETS)} No. {rng.randint(1, 180)}"
    place = rng.choice(
        [
            f"RT {rng.randint(1, 12):02}/RW {rng.randint(1, 9):02}, Kel. {rng.choice(WARDS)}",
            f"RT {rng.randint(1, 12):02} RW {rng.randint(1, 9):02}, {rng.choice(WARDS)}",
        ]
    )
    born = f"{rng.randint(1, 28) + rng.choice([0, 40]):02}{rng.randint(1, 12):02}{rng.randint(50, 99):02}"
    fields = {
        "tanggal": f"{rng.randint(1, 28):02}-{rng.randint(1, 12):02}-{rng.choice([2025, 2026, 2027])}",
        "nama": f"{first} {last}",
        "alamat": f"{street} {place}",
        "telepon": f"08{rng.randint(11, 99)}{rng.randint(10**6, 10**8 - 1)}",
        "email": f"{first}.{last}{rng.randint(1, 99)}@{rng.choice(HOSTS)}".lower(),
        "nik": f"3577{rng.randint(1, 3):02}{born}{rng.randint(1, 99):04}",
        "unit": rng.choice(UNITS),
        "uraian": " ".join(rng.sample(SENTENCES, rng.randint(2, 3))),
    }
    for name in ("email", "nik", "telepon", "unit"):
        if rng.random() < 0.25:
            fields[name] = ""
    return fields


def _jitter(image: Picture, rng: random.Random, strength: float) -> Picture:
    """A slow wave, as a hand has it."""
    height, width = image.shape
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    phase, period = rng.random() * 6.28, rng.uniform(250, 600)
    dy = strength * np.sin(xs / period * 6.28 + phase)
    dx = strength * 0.6 * np.sin(xs / (period * 0.37) * 6.28 + phase * 2)
    return np.asarray(
        cv2.remap(
            image,
            xs + dx.astype(np.float32),
            ys + dy.astype(np.float32),
            cv2.INTER_LINEAR,
            borderValue=255,
        )
    )


class Pen:
    """Writes into a picture of a form with one font."""

    def __init__(self, picture: Picture, path: str, rng: random.Random, hand: bool) -> None:
        self.picture, self.path, self.rng, self.hand = picture, path, rng, hand
        self.grey = rng.randint(0, 70) if hand else 0

    def line(self, text: str, x: float, base: float, width: float, size: float) -> None:
        """Text with its base line at `base` mm, made smaller if it is too wide."""
        font = ImageFont.truetype(self.path, round(size * MM))
        while font.getlength(text) > width * MM and font.size > 12:
            font = ImageFont.truetype(self.path, font.size - 2)
        wide, high = int(font.getlength(text)) + 80, int(font.size * 2.4)
        strip = Image.new("L", (wide, high), 255)
        ImageDraw.Draw(strip).text((40, high * 0.62), text, font=font, fill=self.grey, anchor="ls")
        drawn = np.asarray(strip)
        if self.hand:
            drawn = _jitter(drawn, self.rng, 2.0)
            drawn = np.asarray(
                Image.fromarray(drawn).rotate(
                    self.rng.uniform(-0.5, 0.5), Image.Resampling.BICUBIC, fillcolor=255
                )
            )
        left, top = round(x * MM) - 40, round(base * MM - high * 0.62)
        self._stamp(drawn, left, top)

    def _stamp(self, drawn: Picture, left: int, top: int) -> None:
        y1, x1 = max(top, 0), max(left, 0)
        y2, x2 = (
            min(top + drawn.shape[0], self.picture.shape[0]),
            min(left + drawn.shape[1], self.picture.shape[1]),
        )
        part = drawn[y1 - top : y2 - top, x1 - left : x2 - left]
        self.picture[y1:y2, x1:x2] = np.minimum(self.picture[y1:y2, x1:x2], part)

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

    def tick(self, box: dict[str, float]) -> None:
        """A tick or a cross, as people make them."""
        x, y, side = box["x"] * MM, box["y"] * MM, box["width"] * MM
        wide = self.rng.randint(4, 8)
        r = self.rng.uniform
        if self.rng.random() < 0.5:
            points = [
                (x + r(0, 0.2) * side, y + r(0.4, 0.6) * side),
                (x + 0.4 * side, y + r(0.8, 0.95) * side),
                (x + r(0.9, 1.3) * side, y + r(-0.2, 0.2) * side),
            ]
            cv2.polylines(
                self.picture, [np.array(points, np.int32)], False, self.grey, wide, cv2.LINE_AA
            )
        else:
            for a, b in (((0.15, 0.15), (0.85, 0.85)), ((0.85, 0.15), (0.15, 0.85))):
                start, end = (
                    (int(x + (p + r(-0.1, 0.1)) * side), int(y + (q + r(-0.1, 0.1)) * side))
                    for p, q in (a, b)
                )
                cv2.line(self.picture, start, end, self.grey, wide, cv2.LINE_AA)


@cache
def _blank() -> tuple[dict[str, Any], Picture]:
    described = form.describe(load(SAMPLE), "a" * 16)
    png = base64.b64decode(described["image"]["base64"])
    return described, np.asarray(Image.open(BytesIO(png)).convert("L")).copy()


def filled(rng: random.Random, hand: bool, loose: bool = False, other: bool = False) -> Sample:
    """One slip, still clean. Its QR is stamped over the one of the blank page. `loose`: written without regard to
    rules and combs; `other`: in other fonts."""
    described, blank = _blank()
    serial = layout.new_serial()
    picture = blank.copy()
    _stamp_code(picture, described["qr"], layout.code_of(serial))
    pen = Pen(picture, rng.choice(fonts(hand, other)), rng, hand)
    truth = person(rng)
    size = rng.uniform(4.2, 5.2) if hand else rng.uniform(3.6, 4.2)
    for name, place in described["fields"].items():
        value = truth[name]
        if loose and len(place["lines"]) > 1 and value:
            pitch = size * rng.uniform(1.15, 1.5)
            free = [
                {**place, "y": place["y"] + n * pitch, "height": pitch}
                for n in range(int(place["height"] / pitch))
            ]
            truth[name] = pen.wrapped(value, free, size * 0.85)
        elif loose and value:
            base = place["y"] + place["height"] / 2 + size * rng.uniform(0.25, 0.45)
            pen.line(value, place["x"] + rng.uniform(0.5, 4), base, place["width"] - 2, size)
        elif place["kind"] in ("digits", "date") and value:
            digits = "".join(c for c in value if c.isdigit())[: len(place["cells"])]
            pen.comb(digits, place["cells"], size)
        elif len(place["lines"]) > 1 and value:
            truth[name] = pen.wrapped(value, place["lines"], size * 0.9)
        elif value:
            pen.line(
                value,
                place["x"] + 1,
                place["y"] + place["height"] - rng.uniform(1.3, 2.2),
                place["width"] - 2,
                size,
            )
    ticks = {name: rng.random() < 0.4 for name in described["checkboxes"]}
    for name, box in described["checkboxes"].items():
        if ticks[name]:
            pen.tick(box)
    page = described["page"]
    width, height = page["width"] * MM, page["form_height"] * MM
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    return Sample(
        picture, "tangan" if hand else "cetak", "bersih", serial, truth, ticks, "", corners
    )


def _stamp_code(picture: Picture, place: dict[str, float], text: str) -> None:
    rows = np.array(
        [
            [0 if dark else 255 for dark in row]
            for row in segno.make_qr(text, error="m", boost_error=False).matrix
        ],
        np.uint8,
    )
    side = round(place["width"] * MM)
    x, y = round(place["x"] * MM), round(place["y"] * MM)
    picture[y - 6 : y + side + 6, x - 6 : x + side + 6] = 255
    picture[y : y + side, x : x + side] = cv2.resize(
        rows, (side, side), interpolation=cv2.INTER_NEAREST
    )


def letter(rng: random.Random, hand: bool) -> Sample:
    """A free letter on A5 without any mark."""
    picture = np.full((round(210 * MM), round(148 * MM)), 255, np.uint8)
    pen = Pen(picture, rng.choice(fonts(hand)), rng, hand)
    size = rng.uniform(4.2, 5.0) if hand else rng.uniform(3.6, 4.2)
    lines = [
        {"x": 14.0, "y": 15 + n * size * 1.9, "width": 120.0, "height": size * 1.9}
        for n in range(18)
    ]
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    parts = [
        "Kepada Yth. Kepala Dinas Kominfo",
        " ".join(rng.sample(SENTENCES, rng.randint(3, 5))),
        f"Hormat saya, {name}",
    ]
    text, at = [], 0
    for part in parts:
        done = pen.wrapped(part, lines[at : at + 9], size)
        text.append(done)
        font = ImageFont.truetype(pen.path, round(size * MM))
        at += max(1, -(-int(font.getlength(done)) // int(116 * MM))) + 1
    return Sample(picture, "surat", "bersih", "", text=" ".join(text))


# ---- spoiling ------------------------------------------------------------------------------------------------


def _moved(sample: Sample, picture: Picture, step: NDArray[Any]) -> Sample:
    if not sample.corners:
        return replace(sample, picture=picture)
    corners = cv2.perspectiveTransform(np.array([sample.corners], float), step)[0]
    return replace(sample, picture=picture, corners=tuple((float(x), float(y)) for x, y in corners))


def _warp(sample: Sample, step: NDArray[Any], size: tuple[int, int], paper: int = 255) -> Sample:
    return _moved(
        sample,
        np.asarray(
            cv2.warpPerspective(sample.picture, step, size, flags=cv2.INTER_AREA, borderValue=paper)
        ),
        step,
    )


def scaled(sample: Sample, dpi: int) -> Sample:
    factor = dpi / form.DPI
    size = (round(sample.picture.shape[1] * factor), round(sample.picture.shape[0] * factor))
    return _moved(
        sample,
        np.asarray(cv2.resize(sample.picture, size, interpolation=cv2.INTER_AREA)),
        np.diag([factor, factor, 1.0]),
    )


def skewed(sample: Sample, degrees: float, paper: int = 255) -> Sample:
    height, width = sample.picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    pad = np.array([[1, 0, width * 0.04], [0, 1, height * 0.04], [0, 0, 1.0]])
    return _warp(
        sample,
        pad @ np.vstack([turn, [0, 0, 1]]),
        (round(width * 1.08), round(height * 1.08)),
        paper,
    )


def turned(sample: Sample, quarters: int) -> Sample:
    height, width = sample.picture.shape
    steps = {
        0: (np.eye(3), (width, height)),
        1: (np.array([[0, -1, height - 1], [1, 0, 0], [0, 0, 1.0]]), (height, width)),
        2: (np.array([[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1.0]]), (width, height)),
        3: (np.array([[0, 1, 0], [-1, 0, width - 1], [0, 0, 1.0]]), (height, width)),
    }
    step, size = steps[quarters % 4]
    return _warp(sample, step, size)


def stained(picture: Picture, rng: random.Random, strength: float = 0.35) -> Picture:
    """A ring of coffee with a pale inside."""
    height, width = picture.shape
    xs, ys = np.meshgrid(np.arange(width), np.arange(height))
    radius = rng.uniform(0.1, 0.2) * width
    away = np.hypot(xs - rng.uniform(0.2, 0.8) * width, ys - rng.uniform(0.3, 0.8) * height)
    ring = np.exp(-(((away - radius) / (0.06 * radius)) ** 2)) + 0.4 * (away < radius)
    return np.asarray(np.clip(picture * (1 - strength * np.clip(ring, 0, 1)), 0, 255), np.uint8)


def noisy(picture: Picture, rng: random.Random, sigma: float) -> Picture:
    noise = np.random.default_rng(rng.randint(0, 2**31)).normal(0, sigma, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def jpeg(picture: Picture, quality: int) -> Picture:
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def photographed(sample: Sample, rng: random.Random) -> Sample:
    """From a hand, at an angle, on a darker table, with a shadow over it."""
    height, width = sample.picture.shape
    r = rng.uniform
    to = [
        (width * (0.1 + r(0, 0.07)), height * (0.1 + r(0, 0.05))),
        (width * (1.1 - r(0, 0.07)), height * (0.1 + r(0, 0.06))),
        (width * (1.12 + r(0, 0.04)), height * (1.08 + r(0, 0.05))),
        (width * (0.06 + r(0, 0.04)), height * (1.08 + r(0, 0.05))),
    ]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    step = cv2.getPerspectiveTransform(corners, np.array(to, np.float32))
    size = (round(width * 1.22), round(height * 1.22))
    out = _warp(sample, step, size, rng.randint(60, 120))
    xs, ys = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    edge = 1 / (1 + np.exp(-(xs * r(0.5, 1.5) + ys * r(-1, 1) - r(0.2, 0.8)) * r(8, 40)))
    light = (0.75 + 0.25 * xs) * (1 - r(0.3, 0.5) * edge)
    picture = np.asarray(np.clip(out.picture * light, 0, 255), np.uint8)
    out = _moved(out, cv2.GaussianBlur(picture, (0, 0), r(0.6, 1.4)), np.eye(3))
    out = scaled(out, rng.choice([170, 200, 220]))
    return _moved(out, jpeg(noisy(out.picture, rng, 4), 70), np.eye(3))


def faxed(sample: Sample) -> Sample:
    small = scaled(sample, 200)
    blurred = cv2.GaussianBlur(small.picture, (0, 0), 0.8)
    return _moved(small, np.asarray(np.where(blurred > 185, 255, 0), np.uint8), np.eye(3))


def spoil(sample: Sample, fault: str, rng: random.Random) -> Sample:
    if fault == "dpi150":
        sample = scaled(sample, 150)
    elif fault == "dpi200":
        sample = scaled(sample, 200)
        sample = replace(sample, picture=jpeg(noisy(sample.picture, rng, 5), 75))
    elif fault == "miring_noda":
        sample = skewed(replace(sample, picture=stained(sample.picture, rng)), rng.uniform(-3, 3))
        sample = replace(
            sample,
            picture=noisy(scaled(sample, 200).picture, rng, 6),
            corners=scaled(sample, 200).corners,
        )
    elif fault == "faks":
        sample = faxed(skewed(sample, rng.uniform(-1, 1)))
    elif fault == "foto":
        sample = photographed(sample, rng)
    elif fault == "pudar":
        sample = scaled(sample, 200)
        sample = replace(
            sample,
            picture=noisy(np.asarray(150 + sample.picture.astype(float) * 0.35, np.uint8), rng, 3),
        )
    return replace(turned(sample, rng.randint(0, 3)), fault=fault)


def samples(
    count: int, letters: int, seed: int, loose: bool = False, other: bool = False
) -> Sequence[Callable[[], Sample]]:
    """So many forms and letters; each is made when it is called, so that a large set needs little memory."""

    def make(order: int, free: bool) -> Sample:
        rng = random.Random(f"{seed}-{order}-{free}")
        hand = order % 2 == 1
        made = letter(rng, hand) if free else filled(rng, hand, loose, other)
        return spoil(made, FAULTS[(order // 2) % len(FAULTS)], rng)

    return [lambda o=o: make(o, False) for o in range(count)] + [
        lambda o=o: make(o, True) for o in range(letters)
    ]
