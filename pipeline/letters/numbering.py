"""The number and the date, written into a letter that has come back from Word; bytes in, bytes out.

Hides how Word splits a line into runs. Only the room that the draft left is filled, nothing else is touched.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree  # ships no types

from pipeline.letters.gate.package import open_package
from pipeline.office.clock import MONTHS

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SPACE = "[ \u00a0\u2000-\u200a]"
# Possessive: what the spaces took is never given back, so a line of 200,000 of them is read once.
NUMBER_LINE = re.compile(rf"^{SPACE}*+Nomor{SPACE}*+(?:\t{SPACE}*+)?:\t?")
_DAY = rf"\d{{1,2}}{SPACE}++(?:{'|'.join(MONTHS)}){SPACE}++\d{{4}}"


def number_in(paragraphs: tuple[str, ...]) -> str | None:
    """What stands on the line "Nomor :", without the date beside it; None if there is no such line."""
    for text in paragraphs:
        found = NUMBER_LINE.match(text)
        if found:
            return " ".join(re.split(r"\t", text[found.end() :])[0].replace("\u00a0", " ").split())
    return None


def has_room(paragraphs: tuple[str, ...], room: str) -> bool:
    """Whether the line of the number still has the room that the draft left."""
    number = number_in(paragraphs)
    return number is not None and (
        number == "" if not room else re.fullmatch(_room(room), number) is not None
    )


def date_in(paragraphs: tuple[str, ...], place: str) -> str | None:
    """The date beside the place: "" while there is only room for it, None if there is no such line."""
    for text in paragraphs:
        found = re.search(rf"{_beside(place)}{SPACE}*+({_DAY}|){SPACE}*+$", text)
        if found:
            return " ".join(found[2].replace("\u00a0", " ").split())
    return None


def _beside(place: str) -> str:
    """A pattern for the place before the date: at the start of a line, or behind the tab of the number's line; never
    the "Kota Madiun," over the signature."""
    return rf"((?:^|\t){SPACE}*+{re.escape(place)},)"


def _room(room: str) -> str:
    """A pattern for the number with its room, however many spaces are left of it."""
    if not room:
        return ""
    return f"{SPACE}*+".join(re.escape(piece) for piece in re.split(" {2,}", room))


def numbered(content: bytes, room: str, number: str, place: str, day: str) -> bytes:
    """The letter with its number and date where there was room for them; the same bytes where there was none."""
    package = open_package(content)
    root = etree.fromstring(
        package.xml[package.main], etree.XMLParser(resolve_entities=False, no_network=True)
    )
    # What follows the first spaces is no space (save where there is nothing but room): each is taken once.
    pattern = rf"({NUMBER_LINE.pattern})({SPACE}*+{_room(room)}{SPACE}*+)(?=\t|$)"
    done = [
        _filled(paragraph, pattern, number)
        + _filled(paragraph, rf"{_beside(place)}({SPACE}*+)$", f" {day}")
        for paragraph in root.iter(f"{{{W}}}p")
    ]
    if not any(done):
        return content
    changed = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return repacked(content, {package.main: changed})


def _filled(paragraph: Any, pattern: str, text: str) -> int:
    """Put `text` where the second group of the pattern stands; how often (0 or 1)."""
    pieces = list(characters(paragraph))
    found = re.search(pattern, "".join(character for character, _node, _at in pieces))
    if not found:
        return 0
    at, end = found.span(2)
    if at == end:  # no space is left: behind the character before
        _character, node, place = pieces[at - 1]
        if node is None:
            return 0
        _exchange(node, place + 1, place + 1, text)
    else:
        for order, (_character, node, place) in reversed(list(enumerate(pieces[at:end]))):
            if node is not None:
                _exchange(node, place, place + 1, text if order == 0 else "")
    for _character, node, _place in pieces:
        if node is not None:
            node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return 1


def _exchange(node: Any, start: int, end: int, text: str) -> None:
    """Put `text` in the place of these characters of a w:t."""
    own = node.text or ""
    node.text = own[:start] + text + own[end:]


def characters(paragraph: Any) -> Iterator[tuple[str, Any, int]]:
    """(character, the w:t that holds it, its place there) of a paragraph; a tab is no node's."""
    text, tab, run = f"{{{W}}}t", f"{{{W}}}tab", f"{{{W}}}r"
    for node in paragraph.iter(text, tab):
        if node.tag == text:
            for at, character in enumerate(node.text or ""):
                yield character, node, at
        elif node.getparent().tag == run:  # not one of the places that w:tabs defines
            yield "\t", None, 0


def repacked(content: bytes, changed: Mapping[str, bytes]) -> bytes:
    """The same file with these parts instead of its own."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            part = changed.get(entry.filename)
            new.writestr(entry, old.read(entry) if part is None else part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
