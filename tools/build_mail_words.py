#!/usr/bin/env python3
"""Write pipeline/data/mail-N.txt, the lines that mails of ours share: python tools/build_mail_words.py N.

The mails of one invented case are written as the program does, and each of their lines is kept once, those of all
mails last: the compressor finds the near ones cheaper. Never write a number again that was released.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.office.sop import Stage
from tests.desk import desk_in

WINDOW = 32_700  # bytes; what lies further back is not seen
TARGET = Path(__file__).resolve().parents[1] / "pipeline" / "data"


def mails() -> list[tuple[str, str]]:
    """(HTML, text) of each mail of a case that goes the whole way."""
    with tempfile.TemporaryDirectory() as name, desk_in(Path(name)) as desk:
        number = desk.record()
        desk.to(Stage.KLARIFIKASI, number)
        desk.press(
            "sekretaris",
            "tanya_unit",
            number=number,
            petugas=["kasubag-umum"],
            pertanyaan="Sejak kapan?",
        )
        desk.press("kasubag-umum", "jawab", number=number, jawaban="Sejak Senin.")
        desk.to(Stage.SELESAI, number)
        return [(one.html, one.text) for one in desk.mails()]


def shared(texts: list[str]) -> list[str]:
    """Each line once, in its order: a longest mail whole, before it what the others have beside."""
    ordered = sorted(texts, key=len)
    seen: dict[str, None] = {}
    for text in reversed(ordered):
        seen |= dict.fromkeys(text.splitlines(keepends=True))
    whole = ordered[-1]
    beside = [line for line in seen if line not in set(whole.splitlines(keepends=True))]
    return ["".join(reversed(beside)), whole]


def main() -> int:
    path = TARGET / f"mail-{int(sys.argv[1])}.txt"
    if path.exists():
        print(f"{path} stands already: texts in databases need it as it is", file=sys.stderr)
        return 1
    written = mails()
    html, text = shared([one for one, _ in written]), shared([one for _, one in written])
    whole = "".join((*html[:1], *text, *html[1:])).encode()
    path.write_bytes(whole[-WINDOW:].decode("utf-8", "ignore").encode())
    print(f"{path}: {path.stat().st_size} bytes of {len(whole)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
