"""Each variant of the letter as text, word for word (tests/data/surat); and its look within a tolerance.

After a wanted change: ADUAN_GOLDEN=1 pytest tests/letters/test_golden.py, then read the difference and commit it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pypdfium2  # ships no types
import pytest
from PIL import Image, ImageChops, ImageStat

from pipeline.files import kinds, libreoffice, pictures
from pipeline.letters.draft import Signer
from tests.letters.sample import REPAIRED, draft, footer, texts

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "surat"
VARIANTS = (
    {
        f"{decision}-{name}": {
            "decision": decision,
            "addressee": "Siti Rahmawati" if name == "bernama" else None,
        }
        for decision in ("ditindaklanjuti", "ditolak", "bukan_wewenang")
        for name in ("bernama", "anonim")
    }
    | {
        f"ditindaklanjuti-{name}": {
            "decision": "ditindaklanjuti",
            "addressee": "Siti Rahmawati",
            "signer": signer,
        }
        for name, signer in {
            "plh": Signer(
                "Plh. Kepala Dinas Komunikasi dan Informatika",
                "ENDAH LESTARI, S.Sos",
                "Penata",
                "1",
            ),
            "plt": Signer(
                "Plt. Kepala Dinas Komunikasi dan Informatika",
                "ENDAH LESTARI, S.Sos",
                "Penata",
                "1",
            ),
            "an": Signer(
                "a.n. Kepala Dinas Komunikasi dan Informatika\nSekretaris",
                "ENDAH LESTARI, S.Sos",
                "Penata",
                "1",
            ),
        }.items()
    }
    | {"ditindaklanjuti-bersama": {"decision": "ditindaklanjuti", "together": True}}
    | {
        "pengantar": {
            "decision": "pengantar",
            "instruction": "Meteran listrik padam.\nWarga mohon diperiksa.",
        }
    }
)


def made(name: str) -> bytes:
    agency = "PT PLN (Persero) ULP Madiun Kota" if name.startswith(("bukan", "pengantar")) else None
    facts: dict[str, Any] = {
        "agency": agency,
        "instruction": REPAIRED,
        "electronic": True,
        **VARIANTS[name],
    }
    return draft(anchor="^", **facts)


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_reads_as_it_was_agreed(name: str) -> None:
    content = made(name)
    text = "\n".join([*texts(content), "-- kaki --", footer(content)]) + "\n"
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("ADUAN_GOLDEN") == "1":
        GOLDEN.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.usefixtures("libreoffice")
def test_letter_looks_as_it_was_agreed() -> None:
    """A5 grey picture of the page: one place may differ as fonts do, the whole hardly."""
    pdf = libreoffice.to_pdf(made("ditindaklanjuti-bernama"))
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1
        page = document[0].render(scale=0.7).to_pil().convert("L")
    file = GOLDEN / "ditindaklanjuti-bernama.png"
    if os.environ.get("ADUAN_GOLDEN") == "1":
        page.save(file, optimize=True)
    with Image.open(file) as agreed:
        assert page.size == agreed.size
        difference = ImageStat.Stat(ImageChops.difference(page, agreed)).mean[0]
    if difference >= 3:
        page.save(Path(tempfile.gettempdir()) / "surat-lain.png")
    assert difference < 3, "mean grey levels of 255"


@pytest.mark.usefixtures("libreoffice")
def test_pdf_is_for_the_archive_and_bears_the_anchor_once() -> None:
    pdf = libreoffice.to_pdf(made("ditolak-bernama"))
    assert b"pdfaid:part>2<" in pdf or b"pdfaid:part='2'" in pdf or b'pdfaid:part="2"' in pdf
    with pypdfium2.PdfDocument(pdf) as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert text.count("^") == 1


@pytest.mark.usefixtures("libreoffice")
def test_code_on_the_printed_page_is_read_from_a_scan_of_150_dpi() -> None:
    pdf = libreoffice.to_pdf(draft(authenticity="https://aduan.kominfo.example/asli"))
    with pypdfium2.PdfDocument(pdf) as document, tempfile.TemporaryDirectory() as folder:
        scan = (
            document[0]
            .render(scale=150 / 72)
            .to_pil()
            .convert("L")
            .rotate(1.2, fillcolor=250, expand=True)
        )
        scan.save(Path(folder) / "scan.jpg", quality=70)
        codes = pictures.read_codes((Path(folder) / "scan.jpg").read_bytes(), "image/jpeg")
    assert codes == ("HTTPS://ADUAN.KOMINFO.EXAMPLE/ASLI/7K3M-9QXF-2BTR-WD5H",)
    assert pictures.read_codes(pdf, kinds.PDF) == codes
