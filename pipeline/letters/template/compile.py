"""A child process that checks a template and takes it apart: `python -m pipeline.letters.compile < order > answer`.

Hides docxtpl and python-docx, whose patterns take squared time on what a hostile template holds, from the processes
that go on for months. Bounded in memory and time by itself. `program` writes the order (JSON: fields and template) and
reads the answer: what is the same in every letter as a zip, and the parts that each letter fills.
"""

from __future__ import annotations

import base64
import io
import json
import resource
import sys
import zipfile
from typing import Any

import segno
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.shared import Cm
from docxtpl import InlineImage  # ships no types

from pipeline.letters.template.fields import Fields, TemplateError
from pipeline.letters.template.lint import open_template, parts
from pipeline.letters.template.program import PLACE, THEN

MEMORY = 400 * 2**20  # bytes of data; the office's own template takes a tenth
SECONDS = 20  # of processor time; it takes a fifth of one, the worst that the lint lets in four on a busy machine
QR_SIZE_CM = 1.5
NEAR = Cm(1)
CORE = "docProps/core.xml"
_CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_CUSTOM_REL = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
)
_EMPTY_CUSTOM = (
    b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    b'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"/>'
)


def taken_apart(data: bytes, fields: Fields) -> dict[str, Any]:
    """The answer for a template that is in order; TemplateError lists its faults."""
    document = open_template(data, fields)
    _follow_paper(document.docx)
    stand_in = _stand_in()
    sources: dict[str, dict[str, str]] = {}
    for place, part, root in parts(document):
        source, picture = document.patch_xml(document.xml_to_string(root)), ""
        if "kode_qr" in source:
            document.current_rendering_part = part
            picture = str(InlineImage(document, io.BytesIO(stand_in), width=Cm(QR_SIZE_CM)))
        sources[str(part.partname).lstrip("/")] = {
            "place": place,
            "source": source,
            "picture": picture,
        }
    custom = _room_for_marks(document)
    out = io.BytesIO()
    document.docx.save(out)
    return {
        "sources": sources,
        "custom_name": custom,
        **_split(out.getvalue(), custom, set(sources), stand_in),
    }


def _follow_paper(document: Any) -> None:
    """The date ends at the right margin also where the office has chosen another paper (F4): Word leaves the tab where
    it stood on A4. A tab that stands elsewhere is meant."""
    section = document.sections[0]
    width = section.page_width - section.left_margin - section.right_margin
    for paragraph in document.paragraphs:
        for tab in (
            paragraph.paragraph_format.tab_stops if "tempat_tanggal" in paragraph.text else ()
        ):
            if tab.alignment == WD_TAB_ALIGNMENT.RIGHT and abs(tab.position - width) <= NEAR:
                tab.position = width


def _split(packed: bytes, custom: str, filled: set[str], stand_in: bytes) -> dict[str, str]:
    """What is the same in every letter stays packed; the rest is filled or replaced each time."""
    qr_name, out = "", io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fixed,
    ):
        for name in old.namelist():
            content = old.read(name)
            if content == stand_in:
                qr_name = name
            elif name not in (CORE, custom) and name not in filled:
                info = zipfile.ZipInfo(name, THEN)
                info.compress_type = zipfile.ZIP_DEFLATED
                fixed.writestr(info, content)
        kept = {"core": old.read(CORE).decode("utf-8"), "custom": old.read(custom).decode("utf-8")}
    return {**kept, "qr_name": qr_name, "fixed": base64.b64encode(out.getvalue()).decode("ascii")}


def _stand_in() -> bytes:
    """A picture in the place of a letter's own code; PNG."""
    out = io.BytesIO()
    segno.make("aduan").save(out, kind="png")
    return out.getvalue()


def _room_for_marks(document: Any) -> str:
    """Place-holders in the properties that each letter fills; the name of the part with the custom ones."""
    core = document.docx.core_properties
    core.identifier, core.title, core.author = (
        PLACE.format(name) for name in ("identifier", "title", "author")
    )
    core.language = "id-ID"
    package = document.docx.part.package
    for relation in package.rels.values():
        if relation.reltype == _CUSTOM_REL:
            return str(relation.target_part.partname).lstrip("/")
    part = Part(PackURI("/docProps/custom.xml"), _CUSTOM_TYPE, _EMPTY_CUSTOM, package)
    package.relate_to(part, _CUSTOM_REL)
    return "docProps/custom.xml"


def bounded() -> None:
    """From here on this process has so much memory and time, and no more."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main() -> None:
    bounded()
    order = json.load(sys.stdin)
    fields = Fields(*(frozenset(names) for names in order["fields"]))
    try:
        answer = taken_apart(base64.b64decode(order["template"]), fields)
    except TemplateError as error:
        answer = {"problem": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
