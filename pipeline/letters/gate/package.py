"""The gate before anything reads an uploaded Word file: bytes in, bounded XML parts out, or NotALetter.

Hides the OPC rules (ECMA-376 part 2): content types, relations, which parts a letter may hold. Standard library and our
own words only; nothing is fetched, nothing is executed. At most 0.2 s and 60 MB for any file up to 10 MB, whatever it
holds.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from pipeline.letters.gate import archive
from pipeline.letters.gate.archive import (
    NotALetter,
    PackagePart,
    broken,
    forbid,
    megabytes,
    named,
    no_word_file,
    shown,
    suspect,
)
from pipeline.letters.gate.markup import RELATIONS, TYPES, TYPES_NAME, Scanner, W, check_link
from pipeline.office.words import word

__all__ = ["MAX_BYTES", "NotALetter", "Package", "W", "open_package"]

MAX_BYTES = 10 * 2**20
OFFICE = "application/vnd.openxmlformats-officedocument"
MAIN_TYPE = f"{OFFICE}.wordprocessingml.document.main+xml"
MAIN_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
ROOT_RELS = "_rels/.rels"

_FORBIDDEN = (
    ("macroenabled", "makro"),
    ("vbaproject", "makro"),
    ("vbadata", "makro"),
    ("keymapcustom", "makro"),
    ("customui/", "makro"),
    ("ui/extensibility", "makro"),
    ("activex", "activex"),
    ("/control", "activex"),
    ("oleobject", "objek"),
    ("embeddings/", "objek"),
    ("relationships/package", "objek"),
    ("afchunk", "sisipan"),
    ("webextension", "tambahan"),
    ("subdocument", "sisipan"),
    ("relationships/transform", "sisipan"),
)
_HARMLESS = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".gif",
    ".bmp",
    ".dib",
    ".tif",
    ".tiff",
    ".emf",
    ".wmf",
    ".emz",
    ".wmz",
    ".webp",
    ".heic",
    ".ico",
    ".wdp",
    ".jxr",
    ".odttf",
    ".ttf",
    ".otf",
    ".fntdata",
)
_ODD = re.compile(
    r"word/printersettings/printersettings\d*\.bin|_xmlsignatures/origin\.sigs|\[trash\]/\d+\.dat"
)
# What a part that calls itself a picture or a font may not be.
_DISGUISED = (
    b"MZ",
    b"PK",
    b"%PDF",
    b"\xd0\xcf\x11\xe0",
    b"{\\rtf",
    b"\x7fELF",
    b"#!",
    b"%!PS",
    b"\xc5\xd0\xd3\xc6",
    b"Rar!",
    b"7z\xbc\xaf",
)
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
MAX_PIXELS = (
    120_000_000  # of one picture, and of all together twice that: what a phone's camera takes
)
_CHART_RELS = re.compile(r"word/charts/_rels/[^/]+\.rels")
_SHEET = re.compile(r"word/embeddings/[^/]+\.xlsx", re.IGNORECASE)
MAX_SHEETS = 20
_PICTURE_LATER = ("NULL", "about:blank")  # what Word writes for a picture that it has lost
_OUTSIDE = re.compile(r"[a-zA-Z][\w+.-]*:|//|\\")


@dataclass(frozen=True)
class Package:
    """An admitted Word file: its XML parts by name, the name of the main one, and what wants a look."""

    xml: Mapping[str, bytes]
    main: str
    types: Mapping[str, str]
    remarks: tuple[str, ...] = ()

    def tree(self, name: str) -> ET.Element:
        """A part as a tree; its size was bounded when the package was opened."""
        return ET.fromstring(self.xml[name])

    def of_type(self, ending: str) -> list[str]:
        """The names of the parts whose content type ends like this, in order."""
        return sorted(
            name for name, kind in self.types.items() if kind.endswith(ending) and name in self.xml
        )


def open_package(data: bytes, *, max_bytes: int = MAX_BYTES) -> Package:
    """Admit a .docx or raise NotALetter."""
    if len(data) > max_bytes:
        size, most = megabytes(len(data)), megabytes(max_bytes)
        raise NotALetter(word("gerbang.terlalu_besar", ukuran=size, batas=most))
    _check_kind(data)
    meter = archive.Meter()
    parts = archive.read(data, meter)
    _check_document_kind(parts)
    xml = {name: part.content for name, part in parts.items() if part.is_xml}
    scanner = Scanner()
    for name, content in xml.items():
        scanner.feed(name, content)
    types = _content_types(parts)
    main = _main_part(xml, types)
    if scanner.roots.get(main) != f"{W} document":
        raise no_word_file("rusak")
    relations = _Relations(scanner.remarks)
    for name in xml:
        if name.lower().endswith(".rels"):
            relations.check(name, xml[name])
    if sum(part.pixels for part in parts.values()) > 2 * MAX_PIXELS:
        suspect("semua_gambar")
    for part in parts.values():
        _check_part(part, types.get(part.name, ""), data, relations, meter)
    return Package(xml, main, types, tuple(scanner.remarks))


# ---- what is no .docx at all -----------------------------------------------------------------------------------

# What is known of a file by its first bytes, by its name in [gerbang.bukan].
_OLD = b"\xd0\xcf\x11\xe0"
_KINDS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda d: not d, "kosong"),
    (lambda d: d.startswith(b"%PDF"), "pdf"),
    (lambda d: d.lstrip()[:5].lower() == b"{\\rtf", "rtf"),
    (lambda d: d.startswith(_OLD) and "EncryptedPackage".encode("utf-16-le") in d, "bersandi"),
    (lambda d: d.startswith(_OLD), "doc"),
    (lambda d: d.lstrip()[:1] == b"<" or d[:3] == b"\xef\xbb\xbf", "html"),
    (lambda d: d[:3] == b"\xff\xd8\xff" or d[:4] == b"\x89PNG", "gambar"),
    (lambda d: not d.startswith(b"PK\x03\x04"), "lain"),
)


def _check_kind(data: bytes) -> None:
    for is_kind, kind in _KINDS:
        if is_kind(data):
            raise no_word_file(kind)


def _check_document_kind(parts: Mapping[str, PackagePart]) -> None:
    mimetype = parts.get("mimetype")
    if mimetype is not None and b"opendocument" in mimetype.content:
        raise no_word_file("odt")
    if TYPES_NAME not in parts or ROOT_RELS not in parts:
        raise no_word_file("lain")


# ---- content types and relations -------------------------------------------------------------------------------


def _content_types(parts: Mapping[str, PackagePart]) -> dict[str, str]:
    kinds: dict[str, str] = {}
    defaults: dict[str, str] = {}
    used = {name.rpartition(".")[2].lower() for name in parts}
    for node in ET.fromstring(parts[TYPES_NAME].content):
        kind, extension = node.get("ContentType", ""), node.get("Extension", "").lower()
        if node.tag == f"{{{TYPES}}}Override":
            name = unquote(node.get("PartName", "")).lstrip("/")
            if kinds.setdefault(name, kind) != kind:
                suspect("dua_jenis")
            _check_word(kind)
        else:
            if defaults.setdefault(extension, kind) != kind:
                suspect("dua_jenis")
            if extension in used or "macro" in kind.lower():
                _check_word(kind)
    for name in parts:
        kinds.setdefault(name, defaults.get(name.rpartition(".")[2].lower(), ""))
    return kinds


def _check_word(text: str) -> None:
    for piece, what in _FORBIDDEN:
        if piece in text.lower():
            forbid(what)


def _main_part(xml: Mapping[str, bytes], types: Mapping[str, str]) -> str:
    relations = list(ET.fromstring(xml[ROOT_RELS]))
    if any("purl.oclc.org" in node.get("Type", "") for node in relations):
        raise no_word_file("strict")
    targets = [
        posixpath.normpath(unquote(node.get("Target", "")).lstrip("/"))
        for node in relations
        if node.get("Type") == MAIN_REL
    ]
    if len(targets) != 1 or targets[0] not in xml:
        raise no_word_file("rusak")
    if "macroenabled" in types.get(targets[0], "").lower():
        forbid("makro")
    if types.get(targets[0]) != MAIN_TYPE:
        raise no_word_file("office")
    return targets[0]


class _Relations:
    """What the parts refer to. `sheets` are the workbooks behind charts, the only files that may be embedded."""

    def __init__(self, remarks: dict[str, None]) -> None:
        self.remarks = remarks
        self.sheets: set[str] = set()

    def check(self, name: str, content: bytes) -> None:
        for node in ET.fromstring(content):
            if node.tag != f"{{{RELATIONS}}}Relationship":
                suspect("susunan")
            self._check_one(
                name, node.get("Type", ""), node.get("Target", ""), node.get("TargetMode", "")
            )

    def _check_one(self, name: str, kind: str, target: str, mode: str) -> None:
        if kind.endswith("/hyperlink"):
            remark = check_link(target)
            self.remarks |= {remark: None} if remark else {}
            return
        if mode.lower() == "external" or _OUTSIDE.match(target.strip()):
            if target.strip() in _PICTURE_LATER:
                return
            _check_word(kind)
            forbid("templat_luar" if kind.endswith("/attachedTemplate") else "data_luar")
        place = self._place(name, target)
        if _CHART_RELS.fullmatch(name) and kind.endswith("/package") and _SHEET.fullmatch(place):
            self.sheets.add(place)
            if len(self.sheets) > MAX_SHEETS:
                suspect("banyak_grafik")
            self.remarks[named("grafik")] = None
            return
        _check_word(kind)

    def _place(self, name: str, target: str) -> str:
        """Where a relation leads within the file."""
        folder = posixpath.dirname(posixpath.dirname(name))
        target = unquote(target)
        place = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        place = posixpath.normpath(place)
        if place.startswith(".."):
            suspect("di_luar")
        return place


# ---- the parts -------------------------------------------------------------------------------------------------


def _check_part(
    part: PackagePart, kind: str, data: bytes, relations: _Relations, meter: archive.Meter
) -> None:
    name = part.name.lower()
    if part.name in relations.sheets:
        _check_sheet(data, part, meter)
        return
    _check_word(name)
    if part.is_xml or name.endswith("/"):
        return
    if kind.lower().endswith(
        "xml"
    ):  # a reader that goes by the type would parse what was not looked at
        suspect("jenis_tidak_cocok")
    _check_word(kind)
    picture = "/media/" in name and part.content.startswith(
        _PICTURES
    )  # Word for Mac writes some without an ending
    if not (name.endswith(_HARMLESS) or _ODD.fullmatch(name) or picture):
        suspect("tidak_lazim", nama=shown(part.name))
    _check_pixels(part)
    start = part.content.lstrip()
    if start.startswith(_DISGUISED) or start[:1] == b"<":
        suspect("bukan_gambar", nama=shown(part.name))


def _check_pixels(part: PackagePart) -> None:
    """A picture of a few kilobytes may unfold into gigabytes wherever it is drawn."""
    if part.pixels > MAX_PIXELS:
        millions = str(part.pixels // 1_000_000)
        suspect("gambar_besar", nama=shown(part.name), juta=millions)


def _check_sheet(data: bytes, part: PackagePart, meter: archive.Meter) -> None:
    """The workbook behind a chart: its list of parts may name nothing that runs or reaches outside."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as outer, outer.open(part.name) as stream:
            content = stream.read(archive.MAX_XML)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise broken(part.name) from error
    names = [inside.name.lower() for inside in archive.read(content, meter, keep=False).values()]
    for name in names:
        _check_word(name)
        if "externallink" in name or "connections" in name or "macrosheet" in name:
            forbid("data_luar")
