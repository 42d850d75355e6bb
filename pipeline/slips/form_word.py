"""The slip as a Word file that office staff may restyle: the template, and sheets filled from it with new serials.

Hides OOXML. Marks and boxes are one picture behind the words, at a fixed place on the page; each QR is a picture of
its own, named by its title ("qr 1", "potongan 1"), that is exchanged; words are ordinary text in frames.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import segno
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

from pipeline.office.config import Settings
from pipeline.slips import form
from pipeline.slips import layout as places
from pipeline.slips.layout import Box, Layout

EMU = 36_000  # a mm
TWIP = 1440 / 25.4  # a mm
ON_A_SHEET = 2
SAMPLE_SERIAL = "a" * 16
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"


FIRST_VERSION = 1  # forms of the first layout did not name it
_NAME = re.compile(r"(qr|potongan) (\d)(?: v(\d{1,3}))?")


class NotAForm(Exception):
    """A Word file that is no form of ours: its QR pictures are missing."""


# ---- the template --------------------------------------------------------------------------------------------


def template() -> bytes:
    """The form as it is delivered, with place-holders in braces; written to templates/slips/ by tools/build_slip.py."""
    lay = places.layout()
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(297), Mm(210)
    for side in (
        "left_margin",
        "right_margin",
        "top_margin",
        "bottom_margin",
        "header_distance",
        "footer_distance",
    ):
        setattr(section, side, Mm(5))
    document.styles["Normal"].font.name = "Arial"
    body = document.element.body
    ground = document.paragraphs[0] if document.paragraphs else document.add_paragraph()
    for order in range(ON_A_SHEET):
        left = order * (lay.width + 1)
        for frame in _frames(lay, left, order + 1):
            body.insert(list(body).index(ground._p), frame)
        _pictures(ground, lay, left, order + 1)
    core = document.core_properties
    core.title, core.author, core.comments, core.language = "Slip kotak pengaduan", "", "", "id-ID"
    return _saved(document)


def _frames(lay: Layout, left: float, order: int) -> Iterator[Any]:
    """The words of one slip, each in a frame of its own."""
    words = lay.words
    sizes, spots = lay.sizes, lay.spots
    yield _frame(left + 18, 6, 88, 7, "{{ pemerintah }}\n{{ nama }}", sizes["kantor"])
    yield _frame(left + 18, 12.8, 88, 6.5, words["judul"], 13, bold=True)
    yield _spot(left, spots["petunjuk"], words["petunjuk"], sizes["petunjuk"])
    yield _spot(left, spots["nomor"], f"{{{{ nomor_{order} }}}}", 8, bold=True)
    for blank in lay.blanks.values():
        wide, size, small = blank.box.x < 20, sizes["label"], sizes["petunjuk_kolom"]
        x, y = (blank.box.x, blank.box.y - 4.4) if wide else (6.0, blank.box.y + 0.2)
        after = blank.hint if wide else ""
        yield _frame(
            left + x,
            y,
            130 if wide else 27,
            4.2,
            blank.label,
            size,
            bold=True,
            after=after,
            small=small,
        )
        if blank.hint and not wide:
            lines = blank.hint.count("\n") + 1
            yield _frame(left + x, y + 3.9, 27, 3.7 * lines + 0.2, blank.hint, small)
    for tick in lay.ticks.values():
        x, y = tick.box.x + tick.box.width + 1.1, tick.box.y + 0.6
        yield _frame(
            left + x, y, 44 if tick.name == "rahasia" else 30, 4.2, tick.label, sizes["centang"]
        )
    yield _spot(left, _lower(spots["jawaban"], 0.6), words["jawaban"], sizes["centang"], bold=True)
    told = {
        "nama": "{{ nama }}",
        "alamat": "{{ alamat }}",
        "telepon": "{{ telepon }}",
        "lama": "{{ lama }}",
    }
    yield _spot(
        left, spots["persetujuan"], words["persetujuan"].format(**told), sizes["persetujuan"]
    )
    room = spots["potongan"]
    yield _spot(left, _lower(spots["sobek"], 0.4), f"- - - {words['sobek']} - - -", sizes["sobek"])
    yield _frame(left + 6, room.y - 10.5, 110, 4.2, words["potongan_judul"], 9, bold=True)
    yield _frame(
        left + 6, room.y - 5.5, 110, 4.2, f"{words['potongan_nomor']}  {{{{ nomor_{order} }}}}", 9
    )
    yield _spot(left, room, words["potongan_cara"].format(**told), sizes["potongan"])


def _spot(left: float, box: Box, text: str, size: float, *, bold: bool = False) -> Any:
    return _frame(left + box.x, box.y, box.width, box.height, text, size, bold=bold)


def _lower(box: Box, by: float) -> Box:
    return Box(box.x, box.y + by, box.width, box.height)


def _frame(
    x: float,
    y: float,
    width: float,
    height: float,
    text: str,
    size: float,
    *,
    bold: bool = False,
    after: str = "",
    small: float = 6,
) -> Any:
    """Words at a place of the page; `after` follows on the same line, smaller."""
    place = " ".join(
        f'w:{name}="{round(value * TWIP)}"'
        for name, value in (("w", width), ("h", height), ("x", x), ("y", y))
    )
    lines = text.split("\n")
    runs = "<w:r><w:br/></w:r>".join(_run(line, size, bold) for line in lines)
    runs += _run(f"   {after}", small, bold=False) if after else ""
    exact = round(size * 1.15 * 20)
    return parse_xml(
        f'<w:p {nsdecls("w")}><w:pPr><w:framePr {place} w:hRule="exact" w:wrap="around" w:vAnchor="page" '
        f'w:hAnchor="page"/><w:spacing w:before="0" w:after="0" w:line="{exact}" w:lineRule="exact"/></w:pPr>'
        f"{runs}</w:p>"
    )


def _run(text: str, size: float, bold: bool) -> str:
    mark = "<w:b/>" if bold else ""
    return f'<w:r><w:rPr>{mark}<w:sz w:val="{round(size * 2)}"/></w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def _pictures(ground: Any, lay: Layout, left: float, order: int) -> None:
    """Marks and boxes behind the words, and the two codes."""
    whole = Box(left, 0, lay.width, lay.height)
    _place(ground, form.grid(), whole, f"kotak {order}", behind=True)
    _place(
        ground,
        _qr(places.code_of(SAMPLE_SERIAL)),
        _moved(lay.qr, left),
        f"qr {order} v{lay.version}",
    )
    stub = f"https://aduan.contoh.example/s/{SAMPLE_SERIAL}"
    _place(ground, _qr(stub), _moved(lay.stub_qr, left), f"potongan {order}")


def _moved(box: Box, left: float) -> Box:
    return Box(box.x + left, box.y, box.width, box.height)


def _qr(text: str) -> bytes:
    out = BytesIO()
    segno.make_qr(text, error="m", boost_error=False).save(out, kind="png", scale=12, border=0)
    return out.getvalue()


def _place(ground: Any, picture: bytes, box: Box, title: str, *, behind: bool = False) -> None:
    """A picture at a fixed place of the page."""
    inline = ground.add_run().add_picture(BytesIO(picture), Mm(box.width), Mm(box.height))._inline
    inline.docPr.set("name", title)
    inline.docPr.set("title", title)
    drawing = inline.getparent()
    anchor = parse_xml(
        f'<wp:anchor {nsdecls("wp", "a", "pic", "r")} distT="0" distB="0" distL="0" distR="0" simplePos="0" '
        f'relativeHeight="{0 if behind else 2}" behindDoc="{1 if behind else 0}" locked="1" layoutInCell="1" '
        f'allowOverlap="1"><wp:simplePos x="0" y="0"/>'
        f'<wp:positionH relativeFrom="page"><wp:posOffset>{round(box.x * EMU)}</wp:posOffset></wp:positionH>'
        f'<wp:positionV relativeFrom="page"><wp:posOffset>{round(box.y * EMU)}</wp:posOffset></wp:positionV>'
        f"</wp:anchor>"
    )
    for child in list(inline):
        anchor.append(child)
        if child.tag == f"{_DRAWING}extent":
            anchor.append(parse_xml(f"<wp:wrapNone {nsdecls('wp')}/>"))
    drawing.replace(inline, anchor)


# ---- filled sheets -------------------------------------------------------------------------------------------


def fill(content: bytes, settings: Settings, serials: Sequence[str]) -> bytes:
    """The form, restyled or not, with a sheet for every two serials (an even number of them). NotAForm where its QR
    pictures are gone."""
    document = Document(BytesIO(content))
    body = document.element.body
    sheet = [child for child in body if child.tag != qn("w:sectPr")]
    for child in sheet:
        body.remove(child)
    end = body.find(qn("w:sectPr"))
    office = settings.instansi
    words = {
        "pemerintah": office.pemerintah,
        "nama": office.nama,
        "alamat": office.alamat,
        "telepon": office.telepon,
    }
    words["lama"] = settings.scan.masa_simpan
    for first in range(0, len(serials), ON_A_SHEET):
        pair = serials[first : first + ON_A_SHEET]
        made = [copy.deepcopy(child) for child in sheet]
        named = {f"nomor_{n}": places.spoken(serial) for n, serial in enumerate(pair, 1)}
        for child in made:
            _say(child, words | named)
        _exchange(document, made, settings, pair)
        if first + ON_A_SHEET < len(serials):
            made[-1].append(parse_xml(f'<w:r {nsdecls("w")}><w:br w:type="page"/></w:r>'))
        for child in made:
            end.addprevious(child)
    return _saved(document)


def _say(element: Any, words: dict[str, str]) -> None:
    for text in element.iter(qn("w:t")):
        for name, value in words.items():
            if text.text and f"{{{{ {name} }}}}" in text.text:
                text.text = text.text.replace(f"{{{{ {name} }}}}", value)


def _exchange(
    document: Any, sheet: Sequence[Any], settings: Settings, serials: Sequence[str]
) -> None:
    """Put this sheet's codes in."""
    found = set()
    for anchor in [
        a for child in sheet for a in child.iter(f"{_DRAWING}anchor", f"{_DRAWING}inline")
    ]:
        named = _NAME.fullmatch(anchor.find(f"{_DRAWING}docPr").get("name", ""))
        if not named or int(named[2]) > ON_A_SHEET:
            continue
        kind, order, version = named[1], named[2], int(named[3] or FIRST_VERSION)
        found.add((kind, int(order)))
        serial = serials[int(order) - 1]
        text = (
            places.code_of(serial, version)
            if kind == "qr"
            else f"{settings.web.base_url}/s/{serial}"
        )
        part = document.part.package.get_or_add_image_part(BytesIO(_qr(text)))
        anchor.find(f".//{_BLIP}").set(
            qn("r:embed"), document.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
        )
    if not {("qr", n) for n in range(1, ON_A_SHEET + 1)} <= found:
        raise NotAForm


def _saved(document: Any) -> bytes:
    out = BytesIO()
    document.save(out)
    return out.getvalue()
