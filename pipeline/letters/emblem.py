"""The lambang in the kop of an office's letter: whether it is still the sample that the program comes with.

Hides how pictures are compared: by their look, as Word makes a picture anew when it saves one.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

from docx import Document
from docx.package import Package
from PIL import Image, ImageChops, ImageStat, UnidentifiedImageError

from pipeline.office.messages import TEMPLATES

SAMPLE = TEMPLATES / "letters" / "surat_jawaban.docx"
SIDE = 48  # pixels at which two pictures are laid over each other
ALIKE = 12.0  # mean difference of their greys, of 255; below it, the one is the other


def is_sample(template: Path) -> bool:
    """Whether a template of a letter shows the sample of a lambang anywhere in its kop."""
    samples = [small for blob in _pictures(SAMPLE) if (small := _small(blob))]
    pictures = [small for blob in _pictures(template) if (small := _small(blob))]
    return any(_difference(one, other) < ALIKE for one in samples for other in pictures)


def _pictures(template: Path) -> list[bytes]:
    package = cast(Package, Document(str(template)).part.package)
    return [part.blob for part in package.image_parts]


def _small(content: bytes) -> Image.Image | None:
    """A picture in grey at one size for all; None for a drawing that is no picture of pixels."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            shown = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError):
        return None
    paper = Image.new("RGBA", shown.size, "white")
    paper.alpha_composite(shown)
    return paper.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)


def _difference(one: Image.Image, other: Image.Image) -> float:
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])
