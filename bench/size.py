#!/usr/bin/env python3
"""Bytes of the database that a plain case costs, by table: python bench/size.py [--cases N] [--save].

Cases come by plain mail, go the whole way of the SOP to a letter that is handed over, and their mails are delivered;
then the machinery's daily sweep runs. Only the network, LibreOffice and the pages in a browser are left out. Bytes are
those of SQLite's pages (dbstat) after VACUUM, above those of the empty office. Files of a case (the letter, its signed
picture) are told apart: what they weigh is the office's own. Prints one JSON object:

    {"cases": …, "bytes_a_case": …, "files_a_case": …, "without_files": …, "mails_a_case": …, "tables": {name: …},
     "tables_and_indexes": {name: …}}

`taken_in` is the same right after a mail was taken in, while its answers wait for the mail server.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing
from email import policy
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import select

from pipeline.data.engine import writing
from pipeline.data.states import MailState
from pipeline.data.tables import Outbox
from pipeline.intake import mails
from pipeline.office.sop import Stage
from pipeline.running import sweep
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, compose

FILES = ("blob", "blob_part")
SUBJECT = "Lampu padam di Jalan Mawar {n}"
TEXT = """\
Selamat pagi,

Lampu jalan di Jalan Mawar Nomor {n} padam sejak hari Senin. Anak-anak pulang mengaji dalam gelap, dan kemarin seorang
ibu jatuh dari sepedanya. Kami sudah memberi tahu ketua RT. Mohon segera diperiksa dan diperbaiki.

Terima kasih,
Warga {n}
"""
RESULT = Path(__file__).parent / "results" / "size.json"


def arrive(desk: Desk, n: int, subject: str = SUBJECT, text: str = TEXT) -> str:
    """A plain mail of some lines is taken in; the number of its case."""
    sender, name = f"warga{n}@warga.example", f"Warga {n}"
    said = text.format(n=n)
    mail = compose(sender, INTAKE, subject.format(n=n), said, desk.clock(), name=name)
    desk.take_in(mail.as_bytes(policy=policy.SMTP))
    return desk.complaint().number


def delivered(desk: Desk) -> None:
    """The outbox as a mail server leaves it: all that is due has gone, and its end was heard of. What was folded has
    been a line of a digest."""
    with writing(desk.engine) as session:
        for row in session.scalars(select(Outbox).where(Outbox.state == "folded")):
            row.told = True
        for row in session.scalars(select(Outbox).where(Outbox.state == "due")):
            row.state, row.sent_at, row.attempts = MailState.SENT, desk.clock(), 1
    mails.take_results(desk.app)


def bytes_of(desk: Desk, *, apart: bool = False) -> Counter[str]:
    """Bytes of each table with its indexes, after VACUUM; `apart`: of each table and each index alone."""
    with closing(sqlite3.connect(str(desk.engine.url.database))) as file:
        file.execute("VACUUM")
        whose = "m.name" if apart else "m.tbl_name"
        query = f"SELECT {whose}, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
        return Counter(dict(file.execute(query).fetchall()))


def figures(found: Counter[str], empty: Counter[str], cases: int) -> dict[str, Any]:
    grown = {name: round((size - empty[name]) / cases) for name, size in found.most_common()}
    tables = {name: size for name, size in grown.items() if size > 0}
    files = sum(tables.get(name, 0) for name in FILES)
    total = sum(tables.values())
    return {
        "bytes_a_case": total,
        "files_a_case": files,
        "without_files": total - files,
        "tables": tables,
    }


def measure(desk: Desk, cases: int) -> dict[str, Any]:
    empty, empty_apart = bytes_of(desk), bytes_of(desk, apart=True)
    numbers = [arrive(desk, n) for n in range(cases)]
    taken_in = figures(bytes_of(desk), empty, cases)
    for number in numbers:
        desk.to(Stage.SELESAI, number)
        desk.later(minutes=5)
        delivered(desk)
    desk.later(days=40)
    sweep.sweep(desk.engine, desk.clock())
    mails_a_case = round(len(desk.mails()) / cases, 1)
    return {
        "cases": cases,
        **figures(bytes_of(desk), empty, cases),
        "mails_a_case": mails_a_case,
        "tables_and_indexes": figures(bytes_of(desk, apart=True), empty_apart, cases)["tables"],
        "taken_in": taken_in,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--save", action="store_true", help=f"also write {RESULT.name}")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, desk_in(Path(name)) as desk:
        found = measure(desk, given.cases)
    text = json.dumps(found, indent=2)
    print(text)
    if given.save:
        RESULT.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
