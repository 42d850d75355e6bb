#!/usr/bin/env python3
"""Write pipeline/data/mail-N.txt, the lines that texts of ours share: python tools/build_mail_words.py N [--html].

Every mail of the office is written once as the program does, and each line of its text (with --html: of its HTML) is
kept once; the mails of every case stand whole and last: the compressor finds the near ones cheaper. Without --html also
what is kept as JSON: the points of a letter, the names of what is witnessed. Names of the invented office and its
people are left out: another office has others. Never write a number again that was released.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import select

from pipeline.cases.witness import COLUMNS, HISTORY
from pipeline.data.engine import reading
from pipeline.data.tables import Document, Outbox
from pipeline.office.sop import Stage
from tests.desk import Desk, desk_in
from tests.notices.test_notices import BUSY, busy_day

WINDOW = 32_700  # bytes; what lies further back is not seen
TARGET = Path(__file__).resolve().parents[1] / "pipeline" / "data"
# Of a mail that goes out for every case; of the others one stands further back.
EVERY_CASE = (
    "tanda_terima",
    "bukti_keputusan",
    "boleh_unggah",
    "tugas_arsip",
    "tugas_tanda_tangan",
    "tugas_penyampaian",
    "tugas_jawaban",
    "tugas_keputusan",
    "tugas_klarifikasi",
    "tugas_catat",
)
PLACEHOLDER = re.compile(r"tautan\.[0-9a-f]{16}\.\d+\.")
NUMBER = re.compile(r"PGD-\d{4}-\d{6}")


def written() -> tuple[list[Outbox], list[str], list[str]]:
    """The mails of a busy day and of a case that goes the whole way, what letters say as JSON, and names in both."""
    mails, facts, own = [], [], []
    for act in (busy_day, lambda desk: desk.to(Stage.SELESAI, desk.record())):
        with tempfile.TemporaryDirectory() as name, desk_in(Path(name), **BUSY) as desk:
            act(desk)
            with reading(desk.engine) as session:
                facts += [one for one in session.scalars(select(Document.facts)) if one]
            mails += desk.mails()
            own += names(desk, mails)
    return mails, [json.dumps(one, separators=(",", ":")) for one in facts], own


def names(desk: Desk, mails: Iterable[Outbox]) -> list[str]:
    """Words of the invented office alone, the long ones first."""
    settings = desk.settings
    found = {settings.smtp.sender, *settings.instansi.model_dump().values()}
    found |= {one.recipient_name for one in mails} | {one.recipient for one in mails}
    found |= {value for one in settings.petugas for value in (one.nama, one.email, one.nip)}
    return sorted((one for one in found if len(one) > 2), key=len, reverse=True)


def of_every_case(mails: list[Outbox], html: bool) -> list[str]:
    """One of each kind that goes out for every case, whole: long runs are cheap."""
    newest = {one.name: one.html if html else one.text for one in mails}
    return [newest[name] for name in EVERY_CASE]


def lines_once(texts: Iterable[str], without: list[str]) -> str:
    """Each line once, where it stands last."""
    split = [without_names(text, without).splitlines(keepends=True) for text in texts]
    seen: dict[str, None] = {}
    for line in (line for lines in reversed(split) for line in reversed(lines)):
        seen.setdefault(line)
    return "".join(reversed(seen))


def without_names(text: str, found: list[str]) -> str:
    text = PLACEHOLDER.sub("tautan.", NUMBER.sub("PGD-2026-0000", text))
    for name in found:
        text = text.replace(name, "").replace(name.upper(), "")
    return text


def keys() -> str:
    """How the names of what is witnessed stand in JSON."""
    return "".join(f'","{name}":"' for name in (*COLUMNS, HISTORY))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("number", type=int)
    parser.add_argument("--html", action="store_true")
    given = parser.parse_args()
    path = TARGET / f"mail-{given.number}.txt"
    if path.exists():
        print(f"{path} stands already: texts in databases need it as it is", file=sys.stderr)
        return 1
    mails, facts, own = written()
    kept = [] if given.html else [*facts, keys()]
    common = "".join(without_names(one, own) for one in of_every_case(mails, given.html))
    rare = lines_once((one.html if given.html else one.text for one in mails), own)
    beside = "".join(one for one in rare.splitlines(keepends=True) if one not in common)
    whole = (beside + without_names("".join(kept), own) + common).encode()
    path.write_bytes(whole[-WINDOW:].decode("utf-8", "ignore").encode())
    print(f"{path}: {path.stat().st_size} bytes of {len(whole)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
