"""Reads a folder of scans as the product would: `python bench/read_slips.py FOLDER OUT.jsonl`.

One JSON object a line for each slip or letter: file, page, serial, aligned, fields {name: {value, confidence}},
checkboxes {name: true, false or null}, seconds. A free letter has its text in the field `uraian`. Needs the extra
`ocr`. A file that cannot be read is told on standard error.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from pipeline.office.config import SAMPLE, load
from pipeline.slips import pages, reader
from pipeline.slips.units import known


def main(folder: Path, target: Path) -> None:
    units = known(load(SAMPLE))
    with target.open("w", encoding="utf-8") as out:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
            try:
                opened = pages.open_file(path.read_bytes())
            except pages.UnreadablePageError as error:
                print(f"{path.name}: {error.reason}", file=sys.stderr)
                continue
            for number in range(1, opened.count + 1):
                start = time.perf_counter()
                try:
                    sheets = reader.read(opened.draw(number), units)
                except pages.UnreadablePageError as error:
                    print(f"{path.name} {number}: {error.reason}", file=sys.stderr)
                    continue
                seconds = (time.perf_counter() - start) / max(len(sheets), 1)
                for sheet in sheets:
                    name = str(path.relative_to(folder))
                    line = {
                        "file": name,
                        "page": number,
                        **reader.plain(sheet),
                        "seconds": round(seconds, 3),
                    }
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
