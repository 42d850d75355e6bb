#!/usr/bin/env python3
"""Letters a second with all checks on, against docxtpl's own way (open, render, save) with the same template, values
and QR, in one run. Prints JSON."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import segno
from docx.shared import Cm
from docxtpl import DocxTemplate, InlineImage

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.letters import draft
from pipeline.letters.mark import sealed
from pipeline.office.messages import TEMPLATES

LETTERS = 60
CONTENT = (TEMPLATES / "letters" / "surat_jawaban.docx").read_bytes()
WORDING = draft.read_wording((TEMPLATES / "letters" / "kalimat.toml").read_text("utf-8"))


def data(number: int) -> draft.LetterData:
    return draft.compose(
        wording=WORDING,
        decision="ditindaklanjuti",
        instruction="Sampaikan bahwa panel kontrol sudah diganti.\nLampu menyala kembali pada 18 November 2026.",
        channel="email",
        received=date(2026, 11, 10),
        perihal="Lampu jalan padam",
        register_number=f"PGD-2026-{number:06d}",
        agency=None,
        addressee="Siti Rahmawati",
        city="Madiun",
        office=draft.Letterhead("PEMERINTAH KOTA", "DINAS", "Jalan Contoh 1", "Telepon 1"),
        signer=draft.Signer("Kepala Dinas", "NAMA LENGKAP", "Pembina", "1"),
        code="7K3M-9QXF-2BTR-WD5H",
        number=f"400/{number}/1/2026",
        authenticity="https://aduan.contoh.id/asli",
    )


def plain(number: int) -> None:
    letter, one, picture = DocxTemplate(io.BytesIO(CONTENT)), data(number), io.BytesIO()
    segno.make(f"{one.authenticity}/{one.document_code}", error="m").save(
        picture, kind="png", scale=8
    )
    picture.seek(0)
    lists = {
        "pembuka": [one.opening],
        "butir_surat": one.points,
        "penutup": [one.closing],
        "tembusan": [],
    }
    qr = InlineImage(letter, picture, width=Cm(1.5))
    letter.render(
        {**dict.fromkeys(draft.FIELDS.single, "isi"), **lists, "kode_qr": qr}, autoescape=True
    )
    letter.save(io.BytesIO())


def ours(number: int) -> None:
    one = data(number)
    draft.render(CONTENT, one, sealed(b"kunci", one.register_number, 1, one.document_code))


def seconds(work: Callable[[int], None]) -> float:
    start = time.perf_counter()
    for number in range(LETTERS):
        work(number)
    return time.perf_counter() - start


if __name__ == "__main__":
    plain(0)
    theirs, mine = seconds(plain), seconds(ours)  # ours with the compiling of the template
    figures = {
        "letters_a_second": LETTERS / mine,
        "plain_docxtpl_a_second": LETTERS / theirs,
        "ratio": theirs / mine,
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}, indent=1))
