"""A checked template, compiled once and filled many times: strings in, the bytes of a .docx out.

Hides docxtpl and python-docx, which read and check a template, and the zip that a letter is put into: what does not
change from letter to letter is packed once.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from xml.parsers import expat

import segno
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.shared import Cm
from docxtpl import InlineImage  # ships no types
from jinja2 import Template
from jinja2 import TemplateError as JinjaError
from markupsafe import Markup, escape

from pipeline.letters.template import Fields, TemplateError, environment, open_template, parts

QR_SIZE_CM = 1.5
MAX_LETTER = 5 * 2**20  # characters of one filled part
LINE_END = Markup('</w:t><w:br/><w:t xml:space="preserve">')
_CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_CUSTOM_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_EMPTY_CUSTOM = (
    b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    b'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"/>'
)
_PLACE = "aduan-isian-{}"  # stands in docProps/core.xml where a letter's own words come
_THEN = (1980, 1, 1, 0, 0, 0)  # equal input must give equal bytes


def _stand_in() -> bytes:
    """A picture in the place of a letter's own code; PNG."""
    out = io.BytesIO()
    segno.make("aduan").save(out, kind="png")
    return out.getvalue()


_STAND_IN = _stand_in()


@dataclass(frozen=True)
class Properties:
    """What stands in the document's properties; `custom` takes those that the template had."""

    identifier: str
    title: str
    author: str
    custom: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Filled:
    """A letter: its bytes, and the text of its body, headers and footers."""

    packed: bytes
    text: str

    def count(self, character: str) -> int:
        return self.text.count(character)


class Program:
    """A template that has been checked; TemplateError lists its faults."""

    def __init__(self, data: bytes, fields: Fields) -> None:
        document = open_template(data, fields)
        self._sources: dict[str, Template] = {}
        self._pictures: dict[str, Markup] = {}
        for place, part, root in parts(document):
            name = str(part.partname).lstrip("/")
            source = document.patch_xml(document.xml_to_string(root))
            if "kode_qr" in source:
                document.current_rendering_part = part
                self._pictures[name] = Markup(str(InlineImage(document, io.BytesIO(_STAND_IN), width=Cm(QR_SIZE_CM))))
            try:
                self._sources[name] = environment().from_string(source)
            except (JinjaError, RecursionError, MemoryError) as error:
                raise TemplateError(f"Templat surat, {place}: perintah templat tidak dapat dibaca.") from error
        self._custom_name = _room_for_marks(document)
        out = io.BytesIO()
        document.docx.save(out)
        self._split(out.getvalue())

    def _split(self, packed: bytes) -> None:
        """What is the same in every letter stays packed; the rest is filled or replaced each time."""
        with zipfile.ZipFile(io.BytesIO(packed)) as old:
            self._core = old.read("docProps/core.xml").decode("utf-8")
            self._custom = old.read(self._custom_name)
            changing = {"docProps/core.xml", self._custom_name, *self._sources}
            self._qr_name = ""
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fixed:
                for name in old.namelist():
                    content = old.read(name)
                    if content == _STAND_IN:
                        self._qr_name = name
                    elif name not in changing:
                        _write(fixed, name, content)
        self._fixed = out.getvalue()

    def fill(self, values: Mapping[str, object], qr: bytes, properties: Properties) -> Filled:
        """A letter. TemplateError when the template cannot be filled, grows too large, or is no XML afterwards."""
        filled = {name: self._render(name, source, values) for name, source in self._sources.items()}
        core = self._core
        for name in ("identifier", "title", "author"):
            core = core.replace(_PLACE.format(name), str(escape(getattr(properties, name))))
        out = io.BytesIO(self._fixed)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as letter:
            for name, text in filled.items():
                _write(letter, name, b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text)
            _write(letter, "docProps/core.xml", core.encode("utf-8"))
            _write(letter, self._custom_name, properties.custom(self._custom))
            if self._qr_name:
                _write(letter, self._qr_name, qr)
        return Filled(out.getvalue(), "\n".join(_printed(text) for text in filled.values()))

    def _render(self, name: str, source: Template, values: Mapping[str, object]) -> bytes:
        pieces: list[str] = []
        length = 0
        try:
            for piece in source.generate({**values, "kode_qr": self._pictures.get(name, "")}):
                pieces.append(piece)
                length += len(piece)
                if length > MAX_LETTER:
                    raise TemplateError("Templat surat: hasilnya terlalu panjang untuk sebuah surat.")
        except JinjaError as error:
            raise TemplateError(f"Templat surat tidak dapat diisi: {error}.") from error
        text = "".join(pieces).encode("utf-8")
        try:
            expat.ParserCreate().Parse(text, True)
        except expat.ExpatError as error:
            raise TemplateError("Templat surat: setelah diisi, susunannya tidak lagi benar.") from error
        return text


def _room_for_marks(document: Any) -> str:
    """Place-holders in the properties that each letter fills; the name of the part with the custom ones."""
    core = document.docx.core_properties
    core.identifier, core.title, core.author = (_PLACE.format(name) for name in ("identifier", "title", "author"))
    core.language = "id-ID"
    package = document.docx.part.package
    for relation in package.rels.values():
        if relation.reltype == _CUSTOM_REL:
            return str(relation.target_part.partname).lstrip("/")
    part = Part(PackURI("/docProps/custom.xml"), _CUSTOM_TYPE, _EMPTY_CUSTOM, package)
    package.relate_to(part, _CUSTOM_REL)
    return "docProps/custom.xml"


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _THEN)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


_TEXTS = re.compile(r"<w:t(?: [^>]*)?>([^<]*)</w:t>")


def _printed(xml: bytes) -> str:
    return unescape("".join(_TEXTS.findall(xml.decode("utf-8"))))
