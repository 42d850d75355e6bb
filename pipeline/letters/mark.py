"""The mark that ties a Word file to one version of one case.

Hides where the mark is kept: custom document properties (they survive Word and LibreOffice, also through
.odt and .doc) and dc:identifier as a second place; and how the printed code is derived.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

# Consonants only, without those mistaken for others in print or over the telephone: no code spells a word.
ALPHABET = "BCDFGHJKMNPQRTVWXY"
CODE = re.compile(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}")

CUSTOM_NS = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
VALUE_NS = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
# Fixed by ECMA-376 part 1, 22.3: the format id of user-defined properties; ids start at 2.
FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"

CASE, VERSION, CODE_NAME = "aduan_case", "aduan_version", "aduan_code"


@dataclass(frozen=True)
class Mark:
    """Which draft a file is: the case, the version of its letter, and the code printed at its foot."""

    case_id: str
    version: int
    code: str


def document_code(key: bytes, case_id: str, version: int) -> str:
    """A keyed code, printed like "HYRM-WDJF": nobody without the key can make one that fits."""
    if not key:
        raise ValueError("document_code needs a key")
    message = f"aduan document 1\0{version}\0{case_id}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.new(key, message, hashlib.sha256).digest(), "big")
    letters = ""
    for _ in range(8):
        number, index = divmod(number, len(ALPHABET))
        letters += ALPHABET[index]
    return f"{letters[:4]}-{letters[4:]}"


def to_identifier(mark: Mark) -> str:
    """The text kept in dc:identifier."""
    return f"aduan:{mark.case_id}:{mark.version}:{mark.code}"


def from_identifier(text: str) -> Mark | None:
    """Read `to_identifier` back; anything else is None."""
    found = re.fullmatch(r"aduan:(.{1,100}):(\d{1,6}):(.*)", text.strip())
    return _mark(found[1], found[2], found[3]) if found else None


def to_properties(mark: Mark, existing: bytes | None = None) -> bytes:
    """docProps/custom.xml with our three properties, beside those that the template had of its own."""
    ET.register_namespace("vt", VALUE_NS)
    ET.register_namespace("", CUSTOM_NS)
    root = ET.fromstring(existing) if existing else ET.Element(f"{{{CUSTOM_NS}}}Properties")
    ours = {CASE: mark.case_id, VERSION: str(mark.version), CODE_NAME: mark.code}
    for old in [p for p in root if p.get("name") in ours]:
        root.remove(old)
    for name, value in ours.items():
        node = ET.SubElement(root, f"{{{CUSTOM_NS}}}property", {"fmtid": FORMAT_ID, "name": name})
        ET.SubElement(node, f"{{{VALUE_NS}}}lpwstr").text = value
    for number, node in enumerate(root, start=2):
        node.set("pid", str(number))
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text


def from_properties(root: ET.Element) -> Mark | None:
    """Read the three properties; None when one is missing or cannot be ours."""
    values = {node.get("name", ""): "".join(node.itertext()).strip() for node in root}
    return _mark(values.get(CASE, ""), values.get(VERSION, ""), values.get(CODE_NAME, ""))


def _mark(case_id: str, version: str, code: str) -> Mark | None:
    if not case_id or not re.fullmatch(r"[0-9]{1,6}", version) or not CODE.fullmatch(code):
        return None
    return Mark(case_id, int(version), code)
