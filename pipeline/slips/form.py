"""The printable slip: two of A5 on a sheet of A4, as PDF; one alone as a picture, with where its fields are.

Hides reportlab. What is drawn comes from `layout` (places and words) and `config.toml` (the office's name).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from typing import Any

import segno
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from pipeline.files.pdf import pdfium
from pipeline.office.config import Settings
from pipeline.slips import layout as places
from pipeline.slips.layout import MARKERS, Blank, Box, Layout

DPI = 300
FAINT = 0.62  # grey of rules and combs: seen by people, far lighter than ink
POINT = 25.4 / 72  # mm
SANS, BOLD = "Helvetica", "Helvetica-Bold"


class PrintedSheet:
    """One slip on a canvas: mm from its top left corner, y downwards."""

    def __init__(self, canvas: Canvas, left: float, height: float) -> None:
        self.canvas, self.left, self.height = canvas, left, height

    def rect(self, box: Box, *, fill: bool = False, grey: float = 0.0, line: float = 0.2) -> None:
        self.canvas.setFillGray(grey)
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(line * mm)
        x, y = self._at(box.x, box.y + box.height)
        self.canvas.rect(
            x, y, box.width * mm, box.height * mm, stroke=0 if fill else 1, fill=1 if fill else 0
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, dash: bool = False, grey: float = FAINT
    ) -> None:
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(0.2 * mm)
        self.canvas.setDash([0.4 * mm, 0.8 * mm] if dash else [])
        self.canvas.line(*self._at(x1, y1), *self._at(x2, y2))
        self.canvas.setDash([])

    def text(
        self, x: float, y: float, words: str, size: float, font: str = SANS, *, grey: float = 0.0
    ) -> None:
        """Words with their base line at y; a new line for each \\n."""
        self.canvas.setFillGray(grey)
        self.canvas.setFont(font, size)
        for order, line in enumerate(words.split("\n")):
            self.canvas.drawString(*self._at(x, y + order * size * 1.15 * POINT), line)

    def paragraph(self, box: Box, words: str, size: float, font: str = SANS) -> None:
        """Words broken to the width of a box."""
        lines, width = [""], box.width * mm
        for one in words.split():
            longer = f"{lines[-1]} {one}".strip()
            if stringWidth(longer, font, size) <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(one)
        self.text(box.x, box.y + size * POINT * 0.8, "\n".join(lines), size, font)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (self.left + x) * mm, (self.height - y) * mm


def pdf(
    settings: Settings,
    serials: Sequence[str],
    *,
    backs: bool = False,
    version: int = places.CURRENT,
) -> bytes:
    """The slips of these serials, two on each sheet of A4; with `backs`, a page behind each that carries them again."""
    lay = places.layout(version)

    def front(canvas: Canvas, pair: Sequence[str]) -> None:
        for order, serial in enumerate(pair):
            sheet = PrintedSheet(canvas, order * (lay.width + 1), lay.height)
            _slip(sheet, lay, settings, serial)

    def behind(canvas: Canvas, pair: Sequence[str]) -> None:
        for order, serial in enumerate(reversed(pair)):  # turned over, the right slip lies left
            sheet = PrintedSheet(canvas, order * (lay.width + 1), lay.height)
            _back(sheet, lay, serial)

    pages: list[Callable[[Canvas], None]] = []
    for n in range(0, len(serials), 2):
        pair = serials[n : n + 2]
        pages.append(partial(front, pair=pair))
        if backs:
            pages.append(partial(behind, pair=pair))
    return _canvas(landscape(A4), pages)


def _back(sheet: PrintedSheet, lay: Layout, serial: str) -> None:
    """The back of a slip: whose it is, and that it is the back; the rest is free for who writes on."""
    code = Box(places.BACK_AT, places.BACK_AT, places.BACK_SIDE, places.BACK_SIDE)
    _code(sheet, code, places.back_code_of(serial, lay.version))
    number = f"{lay.words['potongan_nomor']}  {places.spoken(serial)}"
    sheet.text(code.right + 3, 12, lay.words["balik_judul"], 9, BOLD)
    sheet.text(code.right + 3, 17, number, 9)


def _canvas(size: tuple[float, float], pages: list[Callable[[Canvas], None]]) -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    canvas.setTitle("Slip kotak pengaduan")
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def separator() -> bytes:
    """A sheet to be put between letters of several pages, as PDF."""

    def draw(canvas: Canvas) -> None:
        sheet = PrintedSheet(canvas, 0, A4[1] / mm)
        _code(sheet, Box(75, 70, 60, 60), places.SEPARATOR)
        sheet.text(40, 155, places.layout().words["pemisah"], 14, BOLD)

    return _canvas(A4, [draw])


def page(settings: Settings, serial: str, dpi: int = DPI, version: int = places.CURRENT) -> bytes:
    """One slip alone, empty, as PNG."""
    return _raster(version, dpi, lambda sheet, lay: _slip(sheet, lay, settings, serial))


def grid(dpi: int = DPI) -> bytes:
    """Marks and boxes alone, as PNG: what lies behind the words of the Word form."""
    return _raster(places.CURRENT, dpi, _marks, _boxes, _tear, _samples)


def skeleton(dpi: int, version: int = places.CURRENT) -> bytes:
    """Marks, boxes and the words that every office prints, as PNG: what the reader looks for."""
    return _raster(version, dpi, _marks, _boxes, _labels, _consent)


def _raster(version: int, dpi: int, *parts: Callable[[PrintedSheet, Layout], None]) -> bytes:
    lay = places.layout(version)

    def draw(canvas: Canvas) -> None:
        sheet = PrintedSheet(canvas, 0, lay.height)
        for part in parts:
            part(sheet, lay)

    with pdfium(_canvas((lay.width * mm, lay.height * mm), [draw])) as opened:
        image = opened[0].render(scale=dpi / 72).to_pil().convert("L")
    out = BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def describe(
    settings: Settings, serial: str, dpi: int = DPI, version: int = places.CURRENT
) -> dict[str, Any]:
    """The layout as plain data, with the picture of an empty slip: what a program needs to fill one in."""
    lay = places.layout(version)
    picture = page(settings, serial, dpi, version)
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))  # PNG's IHDR
    checkboxes = {}
    for name, tick in lay.ticks.items():
        checkboxes[name] = {"label": tick.label.replace("\n", " "), **_plain(tick.box)}
    marks = []
    for number, box in enumerate(lay.marks, lay.first_mark):
        marks.append({"id": number, "dictionary": "DICT_4X4_50", **_plain(box)})
    return {
        "layout": lay.version,
        "unit": "mm",
        "origin": "top left of the slip, y downwards",
        "page": {"width": lay.width, "height": lay.height, "form_height": lay.form_height},
        "fields": {name: _field(blank) for name, blank in lay.blanks.items()},
        "checkboxes": checkboxes,
        "marks": marks,
        "qr": {"text": places.code_of(serial, lay.version), **_plain(lay.qr)},
        "stub_qr": _plain(lay.stub_qr),
        "serial": serial,
        "image": {
            "mime": "image/png",
            "dpi": dpi,
            "pixels_per_mm": dpi / 25.4,
            "width": width,
            "height": height,
            "base64": base64.b64encode(picture).decode(),
        },
    }


def _plain(box: Box) -> dict[str, float]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _field(blank: Blank) -> dict[str, Any]:
    return {
        "label": blank.label,
        "kind": {"teks": "text", "baris": "text", "angka": "digits", "tanggal": "date"}[blank.kind],
        **_plain(blank.box),
        "lines": [_plain(line) for line in blank.lines],
        "cells": [_plain(cell) for cell in blank.cells],
    }


# ---- drawing -------------------------------------------------------------------------------------------------


def _slip(sheet: PrintedSheet, lay: Layout, settings: Settings, serial: str) -> None:
    _marks(sheet, lay)
    _boxes(sheet, lay)
    _words(sheet, lay, settings, serial)
    _code(sheet, lay.qr, places.code_of(serial, lay.version))
    _stub(sheet, lay, settings, serial)


def _marks(sheet: PrintedSheet, lay: Layout) -> None:
    for box, bits in zip(lay.marks, MARKERS[lay.first_mark :], strict=False):
        sheet.rect(box, fill=True)
        _squares(sheet, box, bits)


def _squares(sheet: PrintedSheet, mark: Box, bits: Sequence[str]) -> None:
    """The white squares of a mark of 6 by 6, whose outermost are black."""
    side = mark.width / 6
    for row, line in enumerate(bits, 1):
        for column, bit in enumerate(line, 1):
            if bit == "1":
                white = Box(mark.x + column * side, mark.y + row * side, side, side)
                sheet.rect(white, fill=True, grey=1.0)


def _boxes(sheet: PrintedSheet, lay: Layout) -> None:
    for blank in lay.blanks.values():
        for cell in blank.cells:
            sheet.line(cell.x, cell.bottom, cell.right, cell.bottom)
            for x in (cell.x, cell.right):  # teeth, low enough to stay clear of most strokes
                sheet.line(x, cell.bottom - 2, x, cell.bottom)
        for rule in blank.rules:  # solid: dots are read as full stops
            sheet.line(blank.box.x, rule, blank.box.right, rule)
    for tick in lay.ticks.values():
        sheet.rect(tick.box, line=0.25)


def _words(sheet: PrintedSheet, lay: Layout, settings: Settings, serial: str) -> None:
    office, spots = settings.instansi, lay.spots
    sheet.text(18, 9, f"{office.pemerintah}\n{office.nama}", lay.sizes["kantor"])
    _labels(sheet, lay)
    _consent(sheet, lay, nama=office.nama, telepon=office.telepon, lama=settings.scan.masa_simpan)
    if "nomor" in spots:
        sheet.text(spots["nomor"].x, spots["nomor"].y + 2.2, places.spoken(serial), 8, BOLD)


def _consent(
    sheet: PrintedSheet, lay: Layout, nama: str = "", telepon: str = "", lama: str = ""
) -> None:
    words = lay.words["persetujuan"].format(nama=nama, telepon=telepon, lama=lama)
    sheet.paragraph(lay.spots["persetujuan"], words, lay.sizes["persetujuan"])


def _labels(sheet: PrintedSheet, lay: Layout) -> None:
    """What every office prints."""
    words, sizes = lay.words, lay.sizes
    sheet.text(18, 17.5, words["judul"], 13, BOLD)
    sheet.paragraph(lay.spots["petunjuk"], words["petunjuk"], sizes["petunjuk"])
    for blank in lay.blanks.values():
        _label(sheet, lay, blank)
    for tick in lay.ticks.values():
        two_rows = "\n" in tick.label
        y = tick.box.y + 2.0 if two_rows else _base_line(tick.box)
        sheet.text(tick.box.right + 1.5, y, tick.label, sizes["centang"])
    answer = lay.spots["jawaban"]
    sheet.text(answer.x, _base_line(answer), words["jawaban"], sizes["centang"], BOLD)
    _samples(sheet, lay)


def _base_line(box: Box) -> float:
    """Where small print stands that is in the middle of a box's height."""
    return box.y + box.height / 2 + 0.95


def _label(sheet: PrintedSheet, lay: Layout, blank: Blank) -> None:
    """A field's name with its hint: at its left, or above a field over the whole width."""
    size, small = lay.sizes["label"], lay.sizes["petunjuk_kolom"]
    over_whole_width = blank.box.x < 20
    if over_whole_width:
        x, y = blank.box.x, blank.box.y - 1.6
        after = x + stringWidth(blank.label, BOLD, size) / mm + 2
        sheet.text(x, y, blank.label, size, BOLD)
        sheet.text(after, y, blank.hint, small)
        return
    y = blank.box.y + 3.4
    below = y + small * 1.15 * POINT + 0.2
    sheet.text(6.0, y, blank.label, size, BOLD)
    sheet.text(6.0, below, blank.hint, small)


def _samples(sheet: PrintedSheet, lay: Layout) -> None:
    """How digits and a tick are written; apart from what is read."""
    if "contoh_angka" not in lay.spots:
        return
    words, size = lay.words["contoh"], lay.sizes["petunjuk"]
    row = lay.spots["contoh_angka"]
    sheet.text(row.x, row.y + 4.6, words, size)
    for order, digit in enumerate("0123456789"):
        sheet.text(row.x + 14 + order * 3.0, row.y + 5.0, digit, 12)
    spot = lay.spots["contoh_centang"]
    sheet.text(spot.x, _base_line(spot), words, size)
    box = Box(spot.x + 14, spot.y, spot.height, spot.height)
    sheet.rect(box, line=0.25)
    foot = (box.x + 2.0, box.y + 4.0)  # of the tick
    sheet.line(box.x + 0.8, box.y + 2.4, *foot, grey=0.0)
    sheet.line(*foot, box.x + 4.4, box.y + 0.8, grey=0.0)


def _stub(sheet: PrintedSheet, lay: Layout, settings: Settings, serial: str) -> None:
    words, office, room = lay.words, settings.instansi, lay.spots["potongan"]
    _tear(sheet, lay)
    tear_here = f"- - - {words['sobek']} - - -"
    x, y = lay.spots["sobek"].x, lay.form_height + 2.8
    sheet.text(x, y, tear_here, lay.sizes["sobek"], grey=0.3)
    number = f"{words['potongan_nomor']}  {places.spoken(serial)}"
    sheet.text(6, room.y - 7.5, words["potongan_judul"], 9, BOLD)
    sheet.text(6, room.y - 2.5, number, 9)
    how = words["potongan_cara"].format(
        nama=office.nama, alamat=office.alamat, telepon=office.telepon
    )
    sheet.paragraph(room, how, lay.sizes["potongan"])
    _code(sheet, lay.stub_qr, f"{settings.web.base_url}/s/{serial}")


def _tear(sheet: PrintedSheet, lay: Layout) -> None:
    sheet.line(0, lay.form_height, lay.width, lay.form_height, dash=True, grey=0.3)


def _code(sheet: PrintedSheet, box: Box, text: str) -> None:
    """A QR of level M that fills the box; its quiet zone lies outside."""
    rows = list(segno.make_qr(text, error="m", boost_error=False).matrix)
    side = box.width / len(rows)
    for order, row in enumerate(rows):
        for start, dark in enumerate(row):
            if dark:  # a hair larger than its place, so that no viewer shows seams
                square = Box(box.x + start * side, box.y + order * side, side, side)
                sheet.rect(square.grown(0.005), fill=True)
