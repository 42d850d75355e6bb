"""A Word file without what a letter does not need: bytes in, a working copy out, and what was taken away.

Hides where Word keeps an attached template, task panes, key maps, links and embedded objects, and how Strict Open XML
is told in Transitional words (ISO/IEC 29500 part 4). The gate judges the copy afterwards like any other file: what
cannot be cleaned here is refused there.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import unquote

from lxml import etree  # ships no types

from pipeline.files.pdf import pdf_pages
from pipeline.letters.gate import archive
from pipeline.letters.gate.archive import NotALetter, PackagePart
from pipeline.letters.gate.markup import RELATIONS, TYPES_NAME, VML, Scanner, W, is_odd_link
from pipeline.office.words import listed, word

T = TypeVar("T")
_STRICT = b"http://purl.oclc.org/ooxml/"
_SPACES = (
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships/metadata/core-properties",
        b"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
    ),
    (
        b"http://purl.oclc.org/ooxml/drawingml/",
        b"http://schemas.openxmlformats.org/drawingml/2006/",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/",
        b"http://schemas.openxmlformats.org/officeDocument/2006/",
    ),
    (
        b"http://purl.oclc.org/ooxml/schemaLibrary/main",
        b"http://schemas.openxmlformats.org/schemaLibrary/2006/main",
    ),
)
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OFFICE = "urn:schemas-microsoft-com:office:office"
_PANES = {"webextension": "panel", "keymapcustomizations": "tombol"}


def _pane(kind: str) -> str:
    """What a kind of relation is under [dibersihkan] where it leads to a pane or buttons of Word's own; else ""."""
    return next((name for part, name in _PANES.items() if part in kind), "")


_LOCAL = re.compile(
    r"(?:file:/{0,1}(?:/{2})?)?(?:[a-zA-Z]:|[^\\/:]+$|\.{0,2}[\\/](?![\\/]))", re.IGNORECASE
)
MOST_PICTURES = 20  # of a kind that only a Mac shows; each is drawn by a child process
DRAWN = 1_200  # pixels across such a picture


def cleaned(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """(the working copy, what was taken away, in words). The same bytes where there was nothing to take away.

    Raises NotALetter for an archive that is none.
    """
    parts = archive.read(data, archive.Meter())
    if TYPES_NAME not in parts:
        return data, ()
    broom = _Broom(data, parts)
    broom.sweep()
    return broom.packed(), tuple(broom.taken)


class _Broom:
    """The parts of one file while they are cleaned. `taken` are names under [dibersihkan] in words, each once."""

    def __init__(self, data: bytes, parts: dict[str, PackagePart]) -> None:
        self._data = data
        self._names = dict.fromkeys(parts)
        self._xml: dict[str, bytes] = {}
        self._heads: dict[str, bytes] = {}
        for name, part in parts.items():
            kind = self._xml if part.is_xml else self._heads
            kind[name] = part.content
        self._changed: dict[str, bytes] = {}
        self._gone: set[str] = set()
        self.taken: dict[str, None] = {}

    def sweep(self) -> None:
        scanner = Scanner(lenient=True)
        for name, content in self._xml.items():
            # What no cleaning helps against is refused before a tree is built.
            scanner.feed(name, content)
        self._transitional()
        for name in [n for n in self._xml if n.lower().endswith(".rels")]:
            self._relations(name)
        self._types()

    def packed(self) -> bytes:
        if not self._changed and not self._gone:
            return self._data
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(self._data)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in self._names:
                if name not in self._gone:
                    content = self._changed.get(name)
                    new.writestr(
                        name,
                        old.read(name)
                        if content is None and name in self._heads | self._xml.keys()
                        else content or b"",
                    )
        return out.getvalue()

    def _take(self, what: str) -> None:
        self.taken[word(f"dibersihkan.{what}")] = None

    def _write(self, name: str, content: bytes) -> None:
        self._xml[name] = self._changed[name] = content

    # Strict Open XML says the same in other names

    def _transitional(self) -> None:
        if not any(_STRICT in content for content in self._xml.values()):
            return
        for name, content in list(self._xml.items()):
            told = content
            for old, new in _SPACES:
                told = told.replace(old, new)
            told = re.sub(rb'\s(?:\w{1,9}:)?conformance="strict"', b"", told)
            if told != content:
                self._write(name, told)
        self._take("strict")

    # what a part refers to

    def _relations(self, name: str) -> None:
        root = _tree(self._xml[name])
        source = _source_of(name)
        dead: dict[str, str] = {}
        for node in list(root):
            if node.tag != f"{{{RELATIONS}}}Relationship":
                continue
            what = self._verdict(source, node)
            if what:
                dead[node.get("Id", "")] = what
                root.remove(node)
        if not dead:
            return
        self._write(name, _bytes(root))
        if source in self._xml:
            self._unlink(source, dead)

    def _verdict(self, source: str, node: Any) -> str:
        """What a relation is that goes, as a name under [dibersihkan]; "" for one that stays."""
        kind, target = node.get("Type", "").lower(), node.get("Target", "")
        place, external = _place(source, target), _is_external(node)
        what, is_near = kind.rpartition("/")[2], not external or _is_local(target)
        if what == "attachedtemplate" and is_near:
            return self._goes("templat", place, external)
        if pane := _pane(kind):
            return self._goes(pane, place, external)
        if what == "hyperlink" and is_odd_link(target):
            return self._goes("tautan", "", True)
        if what in ("oleobject", "package") and self._is_shown(source, node.get("Id", "")):
            return self._goes("objek", place, external)
        if what == "image" and not external and self._is_pdf(place):
            self._draw(node, place)
        return ""

    def _is_pdf(self, place: str) -> bool:
        return self._heads.get(place, b"").lstrip().startswith(b"%PDF-")

    def _goes(self, what: str, place: str, external: bool) -> str:
        if not external and place in self._names:
            self._gone.add(place)
            self._gone.update(
                name
                for name in self._names
                if name.startswith(f"{posixpath.dirname(place)}/")
                and "webextension" in name.lower()
            )
            self._gone.add(_rels_of(place))
        self._take(what)
        return what

    def _is_shown(self, source: str, name: str) -> bool:
        """Whether an embedded object has a picture, which stays in its place."""
        if source not in self._xml:
            return False
        objects = [
            one
            for one in _tree(self._xml[source]).iter(f"{{{W}}}object")
            if any(
                inside.get(f"{{{_R}}}id") == name for inside in one.iter(f"{{{_OFFICE}}}OLEObject")
            )
        ]
        return bool(objects) and all(
            next(one.iter(f"{{{VML}}}imagedata"), None) is not None for one in objects
        )

    def _draw(self, node: Any, place: str) -> None:
        """A picture that a Mac keeps as PDF, as PNG or JPEG like any other."""
        drawn = f"{place}.jpg"
        if drawn not in self._names:
            if sum(name.endswith(".pdf.jpg") for name in self._names) >= MOST_PICTURES:
                return
            with zipfile.ZipFile(io.BytesIO(self._data)) as letter:
                pages = pdf_pages(letter.read(place), DRAWN, 1)
            if not pages:
                return
            self._names[drawn] = None
            self._changed[drawn] = pages[0]
        self._gone.add(place)
        node.set("Target", f"{node.get('Target')}.jpg")
        self._take("gambar_pdf")

    # what pointed there

    def _unlink(self, source: str, dead: dict[str, str]) -> None:
        root = _tree(self._xml[source])
        for node in list(root.iter()):
            points = [
                value
                for key, value in node.attrib.items()
                if key.startswith(f"{{{_R}}}") and value in dead
            ]
            if not points:
                continue
            local = etree.QName(node).localname
            if local == "OLEObject":
                _as_picture(node)
            elif local in ("hlinkClick", "hlinkHover", "attachedTemplate"):
                node.getparent().remove(node)
            elif local == "hyperlink":
                _dissolve(node)
            else:
                for key in [k for k, value in node.attrib.items() if value in points]:
                    del node.attrib[key]
        self._write(source, _bytes(root))

    def _types(self) -> None:
        root = _tree(self._xml[TYPES_NAME])
        changed = False
        for node in list(root):
            if node.get("PartName", "").lstrip("/") in self._gone:
                root.remove(node)
                changed = True
        if any(name.endswith(".pdf.jpg") for name in self._changed):
            known = {node.get("Extension", "").lower() for node in root}
            if "jpg" not in known:
                node = etree.SubElement(root, root.tag.replace("Types", "Default"))
                node.set("Extension", "jpg")
                node.set("ContentType", "image/jpeg")
            changed = True
        if changed:
            self._write(TYPES_NAME, _bytes(root))


def _is_local(target: str) -> bool:
    """Whether a template lies on the computer where the letter was written; never one on a server."""
    return _LOCAL.match(unquote(target.strip())) is not None and "//" not in re.sub(
        r"file:/{3}(?![\\/])", "", unquote(target), flags=re.IGNORECASE
    )


def _source_of(rels: str) -> str:
    folder, name = posixpath.split(rels)
    return posixpath.join(posixpath.dirname(folder), name.removesuffix(".rels"))


def _rels_of(name: str) -> str:
    folder, last = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{last}.rels")


def _place(source: str, target: str) -> str:
    target = unquote(target)
    if target.startswith("/"):
        return posixpath.normpath(target.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def _as_picture(node: Any) -> None:
    """An embedded object becomes the picture that Word shows of it."""
    holder = node.getparent()
    holder.remove(node)
    while holder is not None and etree.QName(holder).localname != "object":
        holder = holder.getparent()
    if holder is not None:
        holder.tag = f"{{{W}}}pict"
        holder.attrib.clear()


def _dissolve(node: Any) -> None:
    """A link becomes the text that it showed."""
    parent = node.getparent()
    at = parent.index(node)
    for child in list(node):
        parent.insert(at, child)
        at += 1
    parent.remove(node)


def _tree(xml: bytes) -> Any:
    return etree.fromstring(
        xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    )


def _bytes(root: Any) -> bytes:
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return text


def admitted(data: bytes, gate: Callable[[bytes], T]) -> tuple[T, bytes, tuple[str, ...]]:
    """(what the gate makes of it, the bytes that it let in, what was taken away for that). Raises the gate's own
    NotALetter where cleaning does not help."""
    try:
        return gate(data), data, ()
    except NotALetter as error:
        refused = error
    try:
        copy, taken = cleaned(data)
    except (NotALetter, etree.XMLSyntaxError, KeyError, ValueError):
        raise refused from None
    if not taken:
        raise refused
    return gate(copy), copy, taken


def told(taken: Iterable[str]) -> str:
    """What was taken away, as one list in a sentence."""
    return listed(list(taken))


def _is_external(node: Any) -> bool:
    return bool(node.get("TargetMode", "").lower() == "external")
