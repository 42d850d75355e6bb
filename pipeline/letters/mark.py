"""The mark that ties a Word file to one version of one case.

Hides where the mark is kept: custom document properties (they survive Word and LibreOffice, also through .odt and .doc)
and dc:identifier as a second place. The printed code is random; a keyed seal shows that the mark is ours.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipeline.access import tokens
from pipeline.access.tokens import Keys

# Crockford's base 32: no I, L, O, U, which are mistaken for others in print or over the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP = f"[{ALPHABET}]{{4}}"
CODE = re.compile(rf"{_GROUP}(?:-{_GROUP}){{3}}")
_MISTAKEN = str.maketrans("OIL", "011")

CUSTOM_NS = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
VALUE_NS = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
# Fixed by ECMA-376 part 1, 22.3: the format id of user-defined properties; ids start at 2.
FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"

CASE, VERSION, CODE_NAME, SEAL = "aduan_case", "aduan_version", "aduan_code", "aduan_seal"


@dataclass(frozen=True)
class Mark:
    """Which draft a file is: the case, the version of its letter, the code printed at its foot, and the keyed seal."""

    case_id: str
    version: int
    code: str
    seal: str = ""


def new_code() -> str:
    """80 random bits, printed like "7K3M-9QXF-2BTR-WD5H": nobody can guess one."""
    return _in_groups("".join(secrets.choice(ALPHABET) for _ in range(16)))


def _in_groups(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def read_code(text: str) -> str:
    """A code as somebody typed or scanned it, in its printed form; "" if it is none. Takes the address of its page."""
    end_of_address = text.strip().rstrip("/").rpartition("/")[2]
    letters = re.sub(r"[\s-]", "", end_of_address.upper().translate(_MISTAKEN))
    code = _in_groups(letters)
    return code if CODE.fullmatch(code) else ""


def printed_code(text: str) -> str:
    """The code that a QR shows as a letter's: bare, or at the end of the address of its page (any office's); "" for
    any other address, whose end may look like one."""
    address = "://" in text or "/" in text
    if address and not re.search(r"/asli/[^/]{1,40}/?$", text.strip()[-200:], re.IGNORECASE):
        return ""
    return read_code(text)


def _text(case_id: str, version: int, code: str) -> str:
    return f"aduan letter 2\0{version}\0{code}\0{case_id}"


def sealed(keys: Keys, case_id: str, version: int, code: str) -> Mark:
    """A mark that nobody without the key can make."""
    return Mark(case_id, version, code, tokens.mac(keys, _text(case_id, version, code)))


def is_ours(keys: Keys, mark: Mark) -> bool:
    """Whether the seal fits."""
    return tokens.fits(keys, _text(mark.case_id, mark.version, mark.code), mark.seal)


def to_identifier(mark: Mark) -> str:
    """The text kept in dc:identifier."""
    return f"aduan:{mark.case_id}:{mark.version}:{mark.code}:{mark.seal}"


def from_identifier(text: str) -> Mark | None:
    """Read `to_identifier` back; anything else is None."""
    found = re.fullmatch(r"aduan:(.{1,100}):(\d{1,6}):([^:]*):([^:]*)", text.strip())
    return _mark(found[1], found[2], found[3], found[4]) if found else None


def to_properties(mark: Mark, existing: bytes | None = None) -> bytes:
    """docProps/custom.xml with our four properties, beside those that the template had of its own."""
    ET.register_namespace("vt", VALUE_NS)
    ET.register_namespace("", CUSTOM_NS)
    root = ET.fromstring(existing) if existing else ET.Element(f"{{{CUSTOM_NS}}}Properties")
    ours = {CASE: mark.case_id, VERSION: str(mark.version), CODE_NAME: mark.code, SEAL: mark.seal}
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
    """Read the four properties; None when one is missing or cannot be ours."""
    values = {node.get("name", ""): "".join(node.itertext()).strip() for node in root}
    return _mark(
        values.get(CASE, ""),
        values.get(VERSION, ""),
        values.get(CODE_NAME, ""),
        values.get(SEAL, ""),
    )


def _mark(case_id: str, version: str, code: str, seal: str) -> Mark | None:
    fits = (
        re.fullmatch(r"[0-9]{1,6}", version)
        and CODE.fullmatch(code)
        and re.fullmatch(r"[a-z2-7]{24}", seal)
    )
    return Mark(case_id, int(version), code, seal) if case_id and fits else None
