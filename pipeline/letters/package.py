"""The gate before anything reads an uploaded Word file: bytes in, bounded XML trees out, or NotALetter.

Hides the zip and OPC rules and the limits that stop bombs, macros, linked pictures and renamed files at a
small cost in time and memory. Standard library only; nothing is fetched, nothing is executed.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.parsers import expat

MAX_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 500
MAX_UNPACKED = 60 * 1024 * 1024
MAX_XML_PART = 20 * 1024 * 1024
# Word's own XML packs to about a tenth; only above this many bytes does the ratio say anything.
MAX_RATIO, RATIO_FROM = 100, 4 * 1024 * 1024
MAX_ELEMENTS, MAX_DEPTH, MAX_ATTRIBUTES = 200_000, 100, 1_000_000

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MAIN_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
TYPES_NAME, ROOT_RELS = "[Content_Types].xml", "_rels/.rels"

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf")
_HARMLESS = (*_PICTURES, ".odttf")
_PRINTER = re.compile(r"word/printersettings/printersettings\d+\.bin")
_FORBIDDEN = (
    ("macroenabled", "makro"), ("vbaproject", "makro"), ("vbadata", "makro"), ("keymapcustom", "makro"),
    ("activex", "kontrol ActiveX"), ("/control", "kontrol ActiveX"), ("oleobject", "objek tertanam"),
    ("embeddings/", "objek tertanam"), ("relationships/package", "objek tertanam"),
    ("afchunk", "sisipan berkas lain"), ("subdocument", "sisipan berkas lain"),
)  # fmt: skip
_ELEMENTS = {
    "altChunk": "sisipan berkas lain", "subDoc": "sisipan berkas lain", "object": "objek tertanam",
    "OLEObject": "objek tertanam", "control": "kontrol ActiveX", "movie": "video", "frameset": "bingkai web",
}  # fmt: skip
# Fields outside this list may fetch a file or run a program (DDE, INCLUDEPICTURE, INCLUDETEXT, LINK …).
_FIELDS = frozenset(
    [
        "PAGE", "NUMPAGES", "SECTION", "SECTIONPAGES", "DATE", "TIME", "CREATEDATE", "SAVEDATE",
        "PRINTDATE", "REF", "PAGEREF", "NOTEREF", "HYPERLINK", "TOC", "SEQ", "STYLEREF", "LISTNUM",
        "AUTHOR", "TITLE", "SUBJECT", "DOCPROPERTY", "FILENAME", "NUMWORDS", "NUMCHARS", "SYMBOL", "EQ",
        "LASTSAVEDBY", "EDITTIME", "MERGEFIELD", "FORMTEXT", "FORMCHECKBOX", "FORMDROPDOWN", "=",
    ]
)  # fmt: skip
_FIELD_WORD = re.compile(r"[A-Za-z]+|=|")
_LINK = re.compile(r"(?:https?://|mailto:|tel:|#)", re.IGNORECASE)

SAVE_AS = (
    "Mohon buka di Word atau LibreOffice, pilih Simpan Sebagai (Save As), pilih jenis berkas "
    "“Word Document (*.docx)”, lalu unggah berkas yang baru."
)
REDO = "Mohon unduh kembali konsepnya, salin teks surat ke sana, simpan, lalu unggah lagi."


class NotALetter(Exception):
    """The file is refused; the message says why and what to do, in plain Bahasa Indonesia."""


@dataclass(frozen=True)
class Package:
    """An admitted Word file: its XML parts by name, and the name of the main one."""

    xml: Mapping[str, bytes]
    main: str
    types: Mapping[str, str]

    def tree(self, name: str) -> ET.Element:
        """A part as a tree; its size was bounded when the package was opened."""
        return ET.fromstring(self.xml[name])

    def of_type(self, ending: str) -> list[str]:
        """The names of the parts whose content type ends like this, in order."""
        return sorted(name for name, kind in self.types.items() if kind.endswith(ending) and name in self.xml)


def open_package(data: bytes, *, max_bytes: int = MAX_BYTES) -> Package:
    """Admit a .docx or raise NotALetter. Takes about 0.1 s and 50 MB at worst, whatever it is given."""
    if len(data) > max_bytes:
        raise NotALetter(
            f"Berkas terlalu besar ({_mb(len(data))}); paling besar {_mb(max_bytes)}. "
            "Mohon hapus atau perkecil gambar di dalamnya, lalu unggah lagi."
        )
    _check_kind(data)
    try:
        parts = _unpack(data)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
            OverflowError, UnicodeError, LookupError) as error:  # fmt: skip
        raise NotALetter(f"Berkas rusak dan tidak dapat dibuka. {SAVE_AS}") from error
    _count_elements(parts)
    types = _content_types(parts)
    main = _main_part(parts, types)
    _check_relations(parts)
    return Package(parts, main, types)


def _mb(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB".replace(".", ",").replace(",0 ", " ")


_KINDS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda d: not d, f"Berkas kosong. {SAVE_AS}"),
    (lambda d: d.startswith(b"%PDF"),
     "Ini berkas PDF, sedangkan yang diperlukan surat Word (.docx) yang masih dapat disunting. "
     "Mohon unggah berkas Word asalnya."),
    (lambda d: d.lstrip()[:5].lower() == b"{\\rtf",
     f"Ini berkas RTF walaupun namanya mungkin .docx. {SAVE_AS}"),
    (lambda d: d.startswith(b"\xd0\xcf\x11\xe0") and "EncryptedPackage".encode("utf-16-le") in d,
     "Berkas ini dikunci dengan kata sandi. Mohon buka di Word, pilih File, Info, Proteksi Dokumen, "
     "kosongkan kata sandinya, simpan, lalu unggah lagi."),
    (lambda d: d.startswith(b"\xd0\xcf\x11\xe0"), f"Ini berkas Word lama (.doc). {SAVE_AS}"),
    (lambda d: d.lstrip()[:1] == b"<" or d[:3] == b"\xef\xbb\xbf", f"Ini berkas HTML atau XML. {SAVE_AS}"),
    (lambda d: d[:3] == b"\xff\xd8\xff" or d[:4] == b"\x89PNG",
     "Ini gambar, sedangkan yang diperlukan berkas Word (.docx). Mohon unggah berkas Word suratnya."),
    (lambda d: not d.startswith(b"PK\x03\x04"), f"Berkas ini bukan dokumen Word (.docx). {SAVE_AS}"),
)  # fmt: skip


def _check_kind(data: bytes) -> None:
    for is_kind, message in _KINDS:
        if is_kind(data):
            raise NotALetter(message)


def _unpack(data: bytes) -> dict[str, bytes]:
    """The XML parts; pictures stay packed, nothing here reads them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        _check_entries(archive, entries, len(data))
        return {e.filename: _read(archive, e) for e in entries if _is_xml(e.filename)}


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """At most the declared size: `ZipFile.read` inflates everything first, whatever the entry declares."""
    with archive.open(entry) as stream:
        return stream.read(max(entry.file_size, 1))


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))


def _check_entries(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_ENTRIES:
        _suspect(f"memuat {len(entries)} bagian, terlalu banyak untuk sebuah surat")
    total = sum(e.file_size for e in entries)
    xml_sizes = [e.file_size for e in entries if _is_xml(e.filename)]
    if total > MAX_UNPACKED or max(xml_sizes, default=0) > MAX_XML_PART:
        _suspect(f"isinya mengembang menjadi {_mb(total)} saat dibuka")
    if total > RATIO_FROM and total > MAX_RATIO * size:
        _suspect("isinya mengembang tidak wajar saat dibuka")
    if archive.comment or min((e.header_offset for e in entries), default=0) != 0:
        _suspect("memuat data lain yang ditempelkan pada berkas")
    _check_names([e.orig_filename for e in entries])
    _check_flags(entries)
    kinds = [_read(archive, e)[:200] for e in entries if e.filename == "mimetype" and e.file_size < 1000]
    if any(b"opendocument" in kind for kind in kinds):
        raise NotALetter(f"Ini berkas OpenDocument (.odt). {SAVE_AS}")
    for entry in entries:
        _check_part_name(entry)


def _check_names(names: list[str]) -> None:
    if len({posixpath.normpath(unquote(name)).lower() for name in names}) != len(names):
        _suspect("memuat dua bagian dengan nama yang sama")
    for name in names:
        plain = unquote(name)
        odd = re.search(r"[\\:\x00-\x1f]", plain)
        if not plain or plain.startswith("/") or ".." in plain.split("/") or odd:
            _suspect("memuat bagian dengan nama yang tidak wajar")


def _check_flags(entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise NotALetter(f"Berkas ini dikunci dengan kata sandi. Mohon hapus kata sandinya. {SAVE_AS}")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            _suspect("dimampatkan dengan cara yang tidak dipakai Word")


def _check_part_name(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.lower()
    for part, what in _FORBIDDEN:
        if part in name:
            _forbid(what)
    if not (_is_xml(name) or name.endswith(("/", *_HARMLESS)) or _PRINTER.fullmatch(name)):
        _suspect(f"memuat bagian “{_shown(entry.filename)}” yang tidak lazim dalam surat")


def _shown(name: str) -> str:
    return re.sub(r"[^\w./\- ]", "?", name)[-60:]


def _suspect(what: str) -> NoReturn:
    raise NotALetter(f"Berkas tidak diterima karena {what}. {REDO}")


def _forbid(what: str) -> NoReturn:
    raise NotALetter(f"Berkas tidak diterima karena memuat {what}. Surat tidak memerlukannya. {REDO}")


class _Counter:
    """One pass of expat over a part: refuses DOCTYPE, dangerous elements and fields, and counts."""

    def __init__(self) -> None:
        self.elements = self.attributes = self.depth = 0
        self.fields: list[list[str]] = []
        self.in_code = False

    def feed(self, name: str, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.buffer_text = True
        self.depth, self.fields, self.in_code = 0, [], False
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise NotALetter(f"Berkas rusak pada bagian “{_shown(name)}”. {SAVE_AS}") from error
        for field in self.fields:
            _check_field(field)

    def _doctype(self, *_: object) -> None:
        _suspect("memuat deklarasi DTD, yang tidak pernah ditulis oleh Word")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        self.attributes += len(attributes)
        if self.elements > MAX_ELEMENTS or self.attributes > MAX_ATTRIBUTES:
            _suspect("memuat terlalu banyak alinea atau bagian untuk sebuah surat")
        if self.depth > MAX_DEPTH:
            _suspect("susunannya terlalu dalam untuk sebuah surat")
        space, _, local = tag.rpartition(" ")
        if local in _ELEMENTS and (space == W or local == "OLEObject"):
            _forbid(_ELEMENTS[local])
        if space == W:
            self._word(local, attributes)
        elif space == "urn:schemas-microsoft-com:vml":
            _check_vml(attributes)

    def _word(self, local: str, attributes: dict[str, str]) -> None:
        if local == "fldSimple":
            _check_field([attributes.get(f"{W} instr", "")])
        elif local == "fldChar":
            self._field_mark(attributes.get(f"{W} fldCharType", ""))
        elif local in ("instrText", "delInstrText"):
            self.in_code = True
            if not self.fields:
                self.fields.append([])

    def _field_mark(self, kind: str) -> None:
        if kind == "begin":
            self.fields.append([])
        elif kind in ("separate", "end") and self.fields:
            _check_field(self.fields[-1])
            if kind == "end":
                self.fields.pop()

    def _end(self, tag: str) -> None:
        self.depth -= 1
        if self.in_code and tag in (f"{W} instrText", f"{W} delInstrText"):
            self.in_code = False

    def _text(self, text: str) -> None:
        if self.in_code:
            self.fields[-1].append(text)


def _check_field(pieces: list[str]) -> None:
    code = "".join(pieces).strip()
    word = code[: _FIELD_WORD.match(code).end()]  # type: ignore[union-attr]  # matches the empty string too
    if code and word.upper() not in _FIELDS:
        _forbid(f"bidang otomatis “{_shown(code[:20])}” yang dapat mengambil data dari luar")


def _check_vml(attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        local = name.rpartition(" ")[2]
        if local in ("src", "href", "althref") and not value.startswith("#"):
            _forbid("gambar yang ditautkan dari luar")


def _count_elements(parts: Mapping[str, bytes]) -> None:
    counter = _Counter()
    for name, data in parts.items():
        counter.feed(name, data)


def _content_types(parts: Mapping[str, bytes]) -> dict[str, str]:
    if TYPES_NAME not in parts or ROOT_RELS not in parts:
        raise NotALetter(f"Berkas ini bukan dokumen Word (.docx). {SAVE_AS}")
    kinds: dict[str, str] = {}
    defaults: dict[str, str] = {}
    for node in ET.fromstring(parts[TYPES_NAME]):
        kind = node.get("ContentType", "")
        _check_word(kind)
        if node.tag == f"{{{TYPES}}}Override":
            kinds[node.get("PartName", "").lstrip("/")] = kind
        else:
            defaults[node.get("Extension", "").lower()] = kind
    for name in parts:
        kinds.setdefault(name, defaults.get(name.rpartition(".")[2].lower(), ""))
    return kinds


def _check_word(kind: str) -> None:
    for part, what in _FORBIDDEN:
        if part in kind.lower():
            _forbid(what)


def _main_part(parts: Mapping[str, bytes], types: Mapping[str, str]) -> str:
    targets = [
        posixpath.normpath(node.get("Target", "").lstrip("/"))
        for node in ET.fromstring(parts[ROOT_RELS])
        if node.get("Type") == MAIN_REL
    ]
    if any("purl.oclc.org" in node.get("Type", "") for node in ET.fromstring(parts[ROOT_RELS])):
        raise NotALetter(f"Berkas ini disimpan sebagai “Strict Open XML Document”. {SAVE_AS}")
    if len(targets) != 1 or targets[0] not in parts:
        raise NotALetter(f"Berkas ini bukan dokumen Word (.docx), atau rusak. {SAVE_AS}")
    if types.get(targets[0]) != MAIN_TYPE:
        raise NotALetter(f"Berkas ini jenis Office yang lain, bukan dokumen Word (.docx). {SAVE_AS}")
    return targets[0]


def _check_relations(parts: Mapping[str, bytes]) -> None:
    for name, data in parts.items():
        if name.lower().endswith(".rels"):
            for node in ET.fromstring(data):
                _check_relation(node)


def _check_relation(node: ET.Element) -> None:
    kind, target = node.get("Type", ""), node.get("Target", "")
    _check_word(kind)
    outside = node.get("TargetMode", "").lower() == "external" or re.match(r"[a-zA-Z][\w+.-]*:|//|\\", target)
    if not outside:
        return
    if not kind.endswith("/hyperlink"):
        what = "templat" if kind.endswith("/attachedTemplate") else "gambar atau data"
        _forbid(f"{what} yang ditautkan dari luar")
    if target and not _LINK.match(target):
        _forbid(f"tautan ke “{_shown(target)}”, bukan ke laman atau alamat pos-el")
