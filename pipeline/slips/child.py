"""The far end of `worker`, `python -m pipeline.slips.child`: opens scans and reads them, bounded in memory.

Each order is a line of JSON, then the file's bytes; each answer a line of JSON, then the pictures that it announces.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from dataclasses import asdict
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image

from pipeline.slips import pages
from pipeline.slips.worker import can_read

if TYPE_CHECKING:
    from pipeline.slips.reader import ReadSheet

MEMORY = 4 * 2**30  # bytes of address space; onnxruntime maps much more than it uses
PAGE_WIDTH = 1600  # pixels of the picture of a page


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    opened: pages.Pages | None = None
    units: list[str] = []
    before = Before()
    for line in iter(sys.stdin.buffer.readline, b""):
        order = json.loads(line)
        content = sys.stdin.buffer.read(order.get("size", 0))
        blobs: list[bytes] = []
        try:
            if order["do"] == "open":
                opened, units, before.front = pages.open_file(content), order["units"], None
                answer: dict[str, Any] = {"pages": opened.count}
                _learn(order["names"])
            elif order["do"] == "page" and opened is not None:
                answer, blobs = _page(opened.draw(order["number"]), units, order["plain"], before)
            else:
                answer = {"faults": _proof(content, order["dpi"])}
        except pages.UnreadablePageError as error:
            answer = {"broken": error.reason}
        except MemoryError:
            answer = {"broken": "terlalu_besar"}
        except Exception:  # noqa: BLE001 - whatever one page does to a library, the next one may be well
            answer = {"broken": "gagal"}
        answers.write(
            json.dumps(answer | {"blobs": [len(blob) for blob in blobs]}).encode() + b"\n"
        )
        for blob in blobs:
            answers.write(blob)
        answers.flush()


def _learn(names: list[str]) -> None:
    if names and can_read():
        from pipeline.slips import decode  # the extra `ocr`

        decode.learn(names)


class Before:
    """What was on the page before, of which the next may be the back."""

    front: Any = None


def _page(
    image: Image.Image, units: list[str], plain: bool, before: Before
) -> tuple[dict[str, Any], list[bytes]]:
    shown = image.copy()
    shown.thumbnail((PAGE_WIDTH, PAGE_WIDTH * 2))
    if plain or not can_read():
        sheet = {"kind": "halaman", "serial": "", "aligned": False, "marks": 0}
        return {"sheets": [sheet]}, [_jpeg(shown), _jpeg(shown)]
    from pipeline.slips import reader  # the extra `ocr`: heavy, and not always there

    found = reader.read(image, units, before.front)
    before.front = reader.front_of(found)
    sheets = [
        {
            "kind": sheet.kind,
            "serial": sheet.serial,
            "aligned": sheet.aligned,
            "marks": sheet.marks,
            "ticks": sheet.ticks,
            "fields": _fields(sheet),
        }
        for sheet in found
    ]
    return {"sheets": sheets}, [
        _jpeg(shown),
        *(_jpeg(Image.fromarray(sheet.picture)) for sheet in found),
    ]


def _fields(sheet: ReadSheet) -> dict[str, Any]:
    """What was read in each field and where it stands; of an unsure box to be ticked only where."""
    read = {name: asdict(found) for name, found in sheet.fields.items()}
    return {
        name: {**read.get(name, {}), "box": sheet.boxes.get(name)}
        for name in (*read, *(sheet.boxes.keys() - read))
    }


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=72, optimize=True)
    return out.getvalue()


def _proof(content: bytes, dpi: float) -> list[dict[str, Any]]:
    from pipeline.slips import proof  # the extra `ocr`

    opened = pages.open_file(content)
    return [
        asdict(fault)
        for number in range(1, opened.count + 1)
        for fault in proof.look(opened.draw(number), dpi)
    ]


if __name__ == "__main__":
    main()
