"""Letters for the tests: an invented case, and Word files changed part by part, as an attacker would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from pipeline.letters.draft import LetterData, Letterhead, Signer, compose, render
from pipeline.letters.mark import sealed
from pipeline.letters.wording import read_wording

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "letters"
TEMPLATE = (TEMPLATES / "surat_jawaban.docx").read_bytes()
WORDING = read_wording((TEMPLATES / "kalimat.toml").read_text(encoding="utf-8"))
OFFICE = Letterhead(
    "PEMERINTAH KOTA MADIUN",
    "DINAS KOMUNIKASI DAN INFORMATIKA",
    "Jalan Perintis Kemerdekaan Nomor 32, Madiun, Jawa Timur 63116",
    "Telepon (0351) 467327",
)
SIGNER = Signer(
    "Kepala Dinas Komunikasi dan Informatika\nKota Madiun",
    "NOOR AFLAH, S.Kom",
    "Pembina",
    "19760907 200312 1 007",
)
CODE = "7K3M-9QXF-2BTR-WD5H"
MARK = sealed(b"kunci uji", "kasus-1", 2, CODE)
REPAIRED = (
    "Bahwa tiga titik lampu padam akibat kerusakan panel kontrol.\n"
    "2. Perbaikan telah dilaksanakan pada tanggal 18 November 2026."
)


def letter(**changes: Any) -> LetterData:
    """An ordinary letter about a street light."""
    facts: dict[str, Any] = {
        "wording": WORDING,
        "decision": "ditindaklanjuti",
        "instruction": REPAIRED,
        "channel": "email",
        "received": date(2026, 11, 10),
        "perihal": "Lampu jalan di Jalan Mawar RT 05 RW 02 padam",
        "register_number": "PGD-2026-000123",
        "agency": None,
        "addressee": "Siti Rahmawati",
        "city": "Madiun",
        "office": OFFICE,
        "signer": SIGNER,
        "code": CODE,
        "number": "400.14.5/123/401.109/2026",
        "day": date(2026, 11, 23),
        "tembusan": ("Wali Kota Madiun (sebagai laporan).",),
    }
    return compose(**{**facts, **changes})


def draft(anchor: str = "", **changes: Any) -> bytes:
    return render(TEMPLATE, letter(**changes), MARK, anchor=anchor)


def texts(data: bytes) -> list[str]:
    """The paragraphs of the body as python-docx reads them."""
    document = Document(io.BytesIO(data))
    return [Paragraph(node, document).text for node in document.element.body.iter(qn("w:p"))]


def footer(data: bytes) -> str:
    foot = Document(io.BytesIO(data)).sections[0].footer
    cells = [cell for table in foot.tables for row in table.rows for cell in row.cells]
    return "\n".join(p.text for cell in cells for p in cell.paragraphs)


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(content: Mapping[str, bytes], more: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """A zip of these parts; `more` may repeat a name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, blob in (*content.items(), *more):
            archive.writestr(name, blob)
    return out.getvalue()


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    """The file with one piece of one part replaced; the piece must be there."""
    content = parts(data)
    text = content[part].decode("utf-8")
    assert old in text
    content[part] = text.replace(old, new, 1).encode("utf-8")
    return pack(content)


def template_with(text: str) -> bytes:
    """The template with one paragraph more at its end."""
    paragraph = f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
    content = parts(TEMPLATE)
    body = content["word/document.xml"].decode("utf-8")
    place = body.rindex("<w:sectPr")
    content["word/document.xml"] = (body[:place] + paragraph + body[place:]).encode("utf-8")
    return pack(content)
