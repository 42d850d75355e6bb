"""The same letter for somebody else: an edited letter in, its copy with another addressee, register number and code
out; pure.

Hides where Word keeps what differs: paragraphs split into runs, headers and footers, properties, the QR's picture.
Everything that the Sekretaris wrote stays as it is.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree  # ships no types
from PIL import Image

from pipeline.letters.codes import codes_in
from pipeline.letters.gate.package import Package, open_package
from pipeline.letters.mark import Mark, to_identifier, to_properties
from pipeline.letters.numbering import NUMBER_LINE, SPACE, W, characters, repacked

_PRINTED = ("document.main+xml", "header+xml", "footer+xml", "footnotes+xml", "endnotes+xml")
_DC = "http://purl.org/dc/elements/1.1/"
_GAP = f"{SPACE}+"
_ADDRESSEE = re.compile(r"\s*Yth\.\s*(\S.*\S)")
Found = tuple[str, Any, int]  # a character, the node that holds it, its place there


@dataclass(frozen=True)
class Changes:
    """What is another's: the `addressee` behind "Yth.", whole `lines` (each the first time that a paragraph says
    exactly this) and `pieces` of text wherever they stand, each as (old, new); the `code` that gives way to that of
    `mark`, and the mark's QR as PNG."""

    addressee: str
    lines: Sequence[tuple[str, str]]
    pieces: Sequence[tuple[str, str]]
    code: str
    mark: Mark
    qr: bytes
    room: str = (
        ""  # what stands on the number's line until there is a number; "" leaves the line as it is
    )


def copied(content: bytes, changes: Changes) -> bytes:
    """The copy. Raises NotALetter for a file that would not pass the gate."""
    return _changed(content, changes)


def recoded(content: bytes, code: str, mark: Mark, qr: bytes) -> bytes:
    """The same letter under the code of another mark, in print, in its QR and in its properties."""
    return _changed(content, Changes("", (), (), code, mark, qr))


def _changed(content: bytes, changes: Changes) -> bytes:
    package = open_package(content)
    lines, changed = dict(changes.lines), {}
    for ending in _PRINTED:
        for name in package.of_type(ending):
            root = _tree(package.xml[name])
            if name == package.main and changes.addressee:
                _address(root, changes.addressee)
                _empty_number(root, changes.room)
            _rewrite(root, lines, changes)
            changed[name] = _bytes(root)
    return repacked(content, changed | _properties(package, changes) | _pictures(content, changes))


def _empty_number(root: Any, room: str) -> None:
    """Room for another number, on the number's own line: "12" elsewhere in the letter counts poles."""
    for paragraph in root.iter(f"{{{W}}}p"):
        found = list(characters(paragraph))
        text = _text(found)
        if line := NUMBER_LINE.match(text):
            end = text.find("\t", line.end())
            end = len(text) if end < 0 else end
            if room and text[line.end() : end].strip():
                _put(found, line.end(), end, room)
            return


def _address(root: Any, addressee: str) -> None:
    for paragraph in root.iter(f"{{{W}}}p"):
        found = list(characters(paragraph))
        if line := _ADDRESSEE.match(_text(found)):
            _put(found, *line.span(1), addressee)
            return


def _rewrite(root: Any, lines: dict[str, str], changes: Changes) -> None:
    wanted = (*changes.pieces, (changes.code, changes.mark.code))
    pieces = {old: new for old, new in wanted if old and old != new}
    longest = sorted(pieces, key=len, reverse=True)  # a piece may begin as another one does
    pattern = _any_of(longest)
    for paragraph in root.iter(f"{{{W}}}p"):
        found = list(characters(paragraph))
        text = _text(found)
        line = text.strip()
        if line in lines:
            start = len(text) - len(text.lstrip())
            _put(found, start, start + len(line), lines.pop(line))
        elif pieces:
            for match in reversed(list(pattern.finditer(text))):
                old = longest[(match.lastindex or 1) - 1]
                _put(found, *match.span(), pieces[old])


def _text(found: list[Found]) -> str:
    return "".join(character for character, _node, _at in found)


def _any_of(pieces: Sequence[str]) -> re.Pattern[str]:
    """Any of these as whole words, however they are spaced; a group for each."""
    groups = []
    for piece in pieces:
        words = [re.escape(word) for word in piece.split()]
        groups.append(f"({_GAP.join(words)})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)")


def _put(found: list[Found], start: int, end: int, text: str) -> None:
    """Write `text` where these characters stand, as the first of them is written. What comes later is put first:
    places before it stay right."""
    inside = [(node, at) for _character, node, at in found[start:end] if node is not None]
    if not inside:
        return
    first, *others = inside
    for node, at in reversed(others):
        _exchange(node, at, "")
    _exchange(*first, text)


def _exchange(node: Any, at: int, text: str) -> None:
    """Put `text` in the place of one character."""
    node.text = node.text[:at] + text + node.text[at + 1 :]
    node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _properties(package: Package, changes: Changes) -> dict[str, bytes]:
    """The mark of the copy, in both places where a mark is kept; a letter that has lost its mark gets none."""
    changed = {}
    for name in package.of_type("custom-properties+xml"):
        changed[name] = to_properties(changes.mark, package.xml[name])
    for name in package.of_type("core-properties+xml"):
        root = _tree(package.xml[name])
        for node in root.iter(f"{{{_DC}}}identifier"):
            node.text = to_identifier(changes.mark)
        for node in root.iter(f"{{{_DC}}}title", f"{{{_DC}}}subject", f"{{{_DC}}}description"):
            for old, new in changes.pieces:
                node.text = (node.text or "").replace(old, new)
        changed[name] = _bytes(root)
    return changed


def _pictures(content: bytes, changes: Changes) -> dict[str, bytes]:
    """The QR, wherever its picture lies and as whatever Word has saved it."""
    changed = {}
    showing = [name for name, code in codes_in(content).items() if code == changes.code]
    with zipfile.ZipFile(io.BytesIO(content)) as letter:
        for name in showing:
            changed[name] = _as(letter.read(name), changes.qr)
    return changed


def _as(old: bytes, qr: bytes) -> bytes:
    if old[:4] == b"\x89PNG":
        return qr
    out = io.BytesIO()
    with Image.open(io.BytesIO(old)) as source, Image.open(io.BytesIO(qr)) as new:
        new.convert("RGB").save(out, source.format)
    return out.getvalue()


def _tree(xml: bytes) -> Any:
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))


def _bytes(root: Any) -> bytes:
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return text
