"""A checked template, compiled once and filled many times: strings in, the bytes of a .docx out.

Hides the child process that checks a template and takes it apart (`compile`), and the zip that a letter is put into:
what does not change from letter to letter is packed once. Filling is bounded by what the check lets a template say (no
loop within a loop, no call, no arithmetic) and by the size of what comes out.
"""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from xml.parsers import expat

from jinja2 import Template
from jinja2 import TemplateError as JinjaError
from markupsafe import Markup, escape

from pipeline.letters.template.fields import Fields, TemplateError, environment
from pipeline.office.messages import say

MAX_TEMPLATE_BYTES = 5 * 1024 * 1024
MAX_LETTER = 5 * 2**20  # characters of one filled part
SECONDS = 120
LINE_END = Markup('</w:t><w:br/><w:t xml:space="preserve">')
PLACE = "aduan-isian-{}"  # stands in docProps/core.xml where a letter's own words come
THEN = (1980, 1, 1, 0, 0, 0)  # equal input must give equal bytes


@dataclass(frozen=True)
class Properties:
    """What stands in the document's properties; `custom` takes those that the template had."""

    identifier: str
    title: str
    author: str
    custom: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Composed:
    """A letter: its bytes, and the text of its body, headers and footers."""

    packed: bytes
    text: str

    def count(self, character: str) -> int:
        return self.text.count(character)


class Program:
    """A template that has been checked; TemplateError lists its faults."""

    def __init__(self, data: bytes, fields: Fields) -> None:
        answer = _apart(data, fields)
        self._fixed = base64.b64decode(answer["fixed"])
        self._core, self._custom = answer["core"], answer["custom"].encode("utf-8")
        self._custom_name, self._qr_name = answer["custom_name"], answer["qr_name"]
        self._sources: dict[str, Template] = {}
        self._pictures: dict[str, Markup] = {}
        for name, one in answer["sources"].items():
            self._pictures[name] = Markup(one["picture"])  # noqa: S704
            try:
                self._sources[name] = environment().from_string(one["source"])
            except (JinjaError, RecursionError, MemoryError) as error:
                raise TemplateError(say("templat.perintah_rusak", tempat=one["place"])) from error

    def fill(self, values: Mapping[str, object], qr: bytes, properties: Properties) -> Composed:
        """A letter. TemplateError when the template cannot be filled, grows too large, or is no XML afterwards."""
        filled = {
            name: self._render(name, source, values) for name, source in self._sources.items()
        }
        core = self._core
        for name in ("identifier", "title", "author"):
            core = core.replace(PLACE.format(name), str(escape(getattr(properties, name))))
        out = io.BytesIO(self._fixed)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as letter:
            for name, text in filled.items():
                _write(
                    letter,
                    name,
                    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text,
                )
            _write(letter, "docProps/core.xml", core.encode("utf-8"))
            _write(letter, self._custom_name, properties.custom(self._custom))
            if self._qr_name:
                _write(letter, self._qr_name, qr)
        return Composed(out.getvalue(), "\n".join(_printed(text) for text in filled.values()))

    def _render(self, name: str, source: Template, values: Mapping[str, object]) -> bytes:
        pieces: list[str] = []
        length = 0
        try:
            for piece in source.generate({**values, "kode_qr": self._pictures.get(name, "")}):
                pieces.append(piece)
                length += len(piece)
                if length > MAX_LETTER:
                    raise TemplateError(say("templat.hasil_panjang"))
        except JinjaError as error:
            raise TemplateError(say("templat.tidak_terisi", sebab=error)) from error
        text = "".join(pieces).encode("utf-8")
        try:
            expat.ParserCreate().Parse(text, True)
        except expat.ExpatError as error:
            raise TemplateError(say("templat.susunan")) from error
        return text


def _apart(data: bytes, fields: Fields) -> dict[str, Any]:
    """What the child process says of a template; whatever ends it is the template's fault."""
    if len(data) > MAX_TEMPLATE_BYTES:
        raise TemplateError(say("templat.besar"))
    names = [sorted(some) for some in (fields.single, fields.lists, fields.required)]
    order = json.dumps({"fields": names, "template": base64.b64encode(data).decode("ascii")})
    command = [sys.executable, "-m", "pipeline.letters.template.compile"]
    try:
        done = subprocess.run(
            command, input=order.encode(), timeout=SECONDS, check=True, capture_output=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise TemplateError(say("templat.rumit")) from error
    answer: dict[str, Any] = json.loads(done.stdout)
    if "problem" in answer:
        raise TemplateError(answer["problem"])
    return answer


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, THEN)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


_TEXTS = re.compile(r"<w:t(?: [^>]*)?>([^<]*)</w:t>")


def _printed(xml: bytes) -> str:
    return unescape("".join(_TEXTS.findall(xml.decode("utf-8"))))
