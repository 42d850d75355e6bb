"""Whether a field that looks empty holds writing too faint to be read: copied twice, a worn ribbon, a hard pencil.

Hides how thin pale strokes are told from what is wide (stains, folds, shadows) and from what is short (dust). It only
says that something is there: a field with it is never a clear blank.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.slips.scan import SCALE, Grey

PALE = 0.08  # of the paper's light: a stroke is darker than what lies beside it by so much
THIN = 1.2  # mm; wider is no stroke of a pen
BROKEN = 1.0  # mm between the pieces of one letter
LETTER = 1.5  # mm; a smaller thing is dust
WRITING = 4.0  # mm of letters that are more than a hair on the glass
SOFT = 1.0  # pixels of blur that take the grain away


def is_written(image: Grey, paper: NDArray[np.bool_]) -> bool:
    """`image`: a field, stains divided out; `paper`: where nothing is printed and nothing was read."""
    strokes = _thin(image) & paper
    if not strokes.any():
        return False
    between = round(BROKEN * SCALE) | 1
    joined = cv2.dilate(strokes.astype(np.uint8), np.ones((between, between), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    sizes = (
        np.maximum(stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]) - between
    ) / SCALE
    return bool(sizes[sizes >= LETTER].sum() >= WRITING)


def _thin(image: Grey) -> NDArray[np.bool_]:
    soft = cv2.GaussianBlur(image, (0, 0), SOFT)
    across = round(THIN * SCALE) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    hat = cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, disc)
    return np.asarray(hat > PALE * 255, bool)
