"""One pass of expat over the XML of a Word file: what may do harm is refused, what needs a look is remarked.

Hides the names under which WordprocessingML, VML and DrawingML fetch, run or embed something, and the counting that
bounds time and memory: costs are counted in the bytes before the parser sees them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from urllib.parse import unquote
from xml.parsers import expat

from pipeline.letters.gate.archive import broken, forbid, named, shown, suspect

MAX_ELEMENTS, MAX_ATTRIBUTES, MAX_DEPTH = 70_000, 180_000, 150
MAX_STRETCH = (
    2**20
)  # bytes without a tag; expat holds a tag or comment in memory whole, several times
MAX_RUN, RUN = (
    1_000,
    4_096,
)  # attributes of one tag, looked for in stretches of so many bytes without another tag
MAX_NAMESPACE = 150  # characters; expat repeats it before every name
MAX_NAMES = 5_000  # different names of elements and attributes; each is kept in memory
MAX_FIELDS, MAX_CODE = 20_000, 200_000  # how many, and characters of one; a citation's code is long
MAX_REFERENCES = 10_000  # tags in lists of parts and relations, which are read as trees
STEP = 256 * 1024
ENCODINGS = ("utf-8", "utf-16", "us-ascii", "ascii")

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
VML = "urn:schemas-microsoft-com:vml"
SVG = "http://www.w3.org/2000/svg"
TYPES_NAME = "[Content_Types].xml"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"

# What a letter does not need, by its name in [gerbang.apa].
_OTHER_FILE, _EMBEDDED, _ACTIVE = "sisipan", "objek", "activex"
_WORD_ELEMENTS = {
    "altChunk": _OTHER_FILE,
    "subDoc": _OTHER_FILE,
    "object": _EMBEDDED,
    "objectEmbed": _EMBEDDED,
    "objectLink": _EMBEDDED,
    "control": _ACTIVE,
    "movie": "video",
    "frameset": "bingkai",
    "binData": _EMBEDDED,
    "connectString": "sumber_data",
    "ddeLink": "dde",
}
_ELEMENTS = {
    f"{space} {name}": what for space in (W, STRICT) for name, what in _WORD_ELEMENTS.items()
} | {
    "urn:schemas-microsoft-com:office:office OLEObject": _EMBEDDED,
    "http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing webVideoPr": "video_luar",
}
_SVG_ELEMENTS = {"script": "program", "foreignobject": _OTHER_FILE, "handler": "program"}
_BASE = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties HyperlinkBase"
_REMARKS = {
    f"{W} ins": "perubahan",
    f"{W} del": "perubahan",
    f"{W} moveFrom": "perubahan",
    f"{W} moveTo": "perubahan",
    f"{W} comment": "komentar",
    f"{W} mailMerge": "gabungan",
}
# Fields that fetch a file or run a program, or from which such a field can be put together.
_BAD_FIELDS = frozenset(
    [
        "DDE",
        "DDEAUTO",
        "LINK",
        "INCLUDE",
        "INCLUDEPICTURE",
        "INCLUDETEXT",
        "IMPORT",
        "EMBED",
        "DATABASE",
        "HTMLCONTROL",
        "CONTROL",
        "OCX",
        "PRINT",
        "QUOTE",
        "RD",
        "MACRO",
    ]
)
_GOOD_FIELDS = frozenset(
    [
        "PAGE",
        "NUMPAGES",
        "SECTION",
        "SECTIONPAGES",
        "DATE",
        "TIME",
        "CREATEDATE",
        "SAVEDATE",
        "PRINTDATE",
        "REF",
        "PAGEREF",
        "NOTEREF",
        "HYPERLINK",
        "TOC",
        "TOA",
        "TA",
        "TC",
        "XE",
        "INDEX",
        "SEQ",
        "STYLEREF",
        "LISTNUM",
        "AUTONUM",
        "AUTONUMLGL",
        "AUTONUMOUT",
        "AUTHOR",
        "TITLE",
        "SUBJECT",
        "KEYWORDS",
        "COMMENTS",
        "DOCPROPERTY",
        "DOCVARIABLE",
        "FILENAME",
        "FILESIZE",
        "NUMWORDS",
        "NUMCHARS",
        "REVNUM",
        "TEMPLATE",
        "LASTSAVEDBY",
        "EDITTIME",
        "MERGEFIELD",
        "MERGEREC",
        "MERGESEQ",
        "NEXT",
        "GREETINGLINE",
        "ADDRESSBLOCK",
        "FORMTEXT",
        "FORMCHECKBOX",
        "FORMDROPDOWN",
        "SYMBOL",
        "EQ",
        "ADVANCE",
        "CITATION",
        "BIBLIOGRAPHY",
        "USERNAME",
        "USERINITIALS",
        "USERADDRESS",
        "DISPLAYBARCODE",
        "BARCODE",
        "SHAPE",
        "IF",
        "SET",
        "=",
    ]
)
_FIELD_WORD = re.compile(r"[A-Za-z]+|=")
_DDE = re.compile(r"\bDDE(?:AUTO)?\b", re.IGNORECASE)
_QUOTED = re.compile(r'\\[lmnot]|"([^"]*)"|(\S+)')

SAFE_LINK = re.compile(r"(?:https?|ftps?|mailto|tel|sms|geo):|#", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)  # one letter alone is a drive
_ROOT = re.compile(r"(file:)?([\\/]*)", re.IGNORECASE)


# What runs a program or a script when it is opened: the file is somebody's attack, not an office's odd habit.
_RUNS = re.compile(
    r"(?:javascript|vbscript|data|shell|search-ms|search|mhtml|ms-[\w.+-]*|script|jar|res|ldap)\s*:",
    re.IGNORECASE,
)


def check_link(target: str) -> str:
    """A hyperlink's target: refused if opening it runs something or logs in somewhere; a remark, or ""."""
    target = unquote(target.strip())
    if not target or SAFE_LINK.match(target):
        return ""
    if _names_server(target) or _is_scheme(target):
        forbid("tautan", tujuan=shown(target))
    return named("tautan_berkas")


def is_odd_link(target: str) -> bool:
    """Whether a link is of no use in a letter and does no harm to take away; one that attacks is for the gate."""
    target = unquote(target.strip())
    if not target or SAFE_LINK.match(target) or _names_server(target):
        return False
    return _is_scheme(target) and not _RUNS.match(target)


def _names_server(target: str) -> bool:
    """Behind file: three slashes are for a local file; two or four name a server, as two without it do."""
    root = _ROOT.match(target)
    slashes = len(root[2]) if root else 0
    return slashes >= 2 and not (root and root[1] and slashes == 3)


def _is_scheme(target: str) -> bool:
    scheme = _SCHEME.match(target)
    return scheme is not None and scheme[0].lower() != "file:"


Action = Callable[["Scanner", str, Mapping[str, str]], None]


def _attributes(data: bytes, start: int, end: int) -> int:
    """How many attributes there are at most: a value may hold "=" itself (base64, a formula)."""
    return sum(data.count(mark, start, end) for mark in _ASSIGNED)


_ASSIGNED = (b'="', b"='", b"= ", b"=\t", b"=\n", b"=\r", b"=\x00")  # the last in UTF-16


class Scanner:
    """Reads the parts of one file one after another; the counts are of all of them. `remarks` gathers what is
    harmless and wants a look, `roots` the name of each part's first element."""

    def __init__(self, *, lenient: bool = False) -> None:
        self._lenient = lenient  # what cleaning takes away is looked at afterwards
        self.remarks: dict[str, None] = {}
        self.roots: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._tags = self._equals = self._depth = self._references = self._fields_seen = 0
        self._fields: list[_Field] = []
        self._text: list[str] = []
        self._name = ""
        self._known: dict[str, Action | None] = {}

    def feed(self, name: str, data: bytes) -> None:
        self._count(name, data)
        self._svg = name.lower().endswith(".svg")
        if self._svg and _STYLED.search(_plain_css(data)):
            forbid("gambar_luar")
        parser = expat.ParserCreate(namespace_separator=" ", intern=self._names)
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.buffer_text = True
        self._parser, self._name = parser, name
        self._depth, self._fields = 0, []
        try:
            for at in range(0, len(data) or 1, STEP):
                parser.Parse(data[at : at + STEP], at + STEP >= len(data))
                if len(self._names) > MAX_NAMES:
                    suspect("susunan")
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise broken(name) from error
        for field in self._fields:  # without an end
            self._check_field(field)

    def _count(self, name: str, data: bytes) -> None:
        if name.endswith(".rels") or name == TYPES_NAME:
            self._references += data.count(b"<")
        self._tags += data.count(b"<")
        self._equals += _attributes(data, 0, len(data))
        if (
            self._tags > 2 * MAX_ELEMENTS
            or self._equals > MAX_ATTRIBUTES
            or self._references > MAX_REFERENCES
        ):
            suspect("banyak_alinea")
        if any(
            data.find(b"<", at, at + MAX_STRETCH) < 0
            for at in range(0, len(data) - MAX_STRETCH, MAX_STRETCH)
        ):
            suspect("bagian_panjang")
        run = 0
        for at in range(0, len(data), RUN):
            run = 0 if data.find(b"<", at, at + RUN) >= 0 else run + _attributes(data, at, at + RUN)
            if run > MAX_RUN:
                suspect("susunan")

    def _declaration(self, _version: str, encoding: str | None, _alone: int) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            suspect("pengodean")

    def _doctype(self, *_: object) -> None:
        suspect("dtd")

    def _namespace(self, _prefix: str | None, uri: str | None) -> None:
        if uri and len(uri) > MAX_NAMESPACE:
            suspect("susunan")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.roots[self._name] = tag
        elif self._depth > MAX_DEPTH:
            suspect("dalam")
        if self._svg:  # in whatever namespace, or in none: readers differ in what they take for SVG
            self._in_svg(tag, attributes)
            return
        try:
            action = self._known[tag]
        except KeyError:
            drawing = Scanner._drawing if tag.startswith((VML, SVG)) else None
            action = self._known[tag] = ACTIONS.get(tag, drawing)
        if action is not None:
            action(self, tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if tag in _CODE:
            self._parser.CharacterDataHandler = None
        elif tag == _BASE:
            self._parser.CharacterDataHandler = None
            self._add_remark(check_link("".join(self._text)))

    # what an element means; the table ACTIONS names the function of each

    def _in_svg(self, tag: str, attributes: Mapping[str, str]) -> None:
        local = tag.rpartition(" ")[2].lower()
        if local in _SVG_ELEMENTS:
            forbid(_SVG_ELEMENTS[local])
        self._drawing(f"{SVG} {local}", attributes)

    def _forbidden(self, tag: str, _attributes: Mapping[str, str]) -> None:
        if self._lenient and tag in _TAKEN:
            return
        forbid(_ELEMENTS[tag])

    def _remark(self, tag: str, _attributes: Mapping[str, str]) -> None:
        self.remarks[named(_REMARKS[tag])] = None

    def _vanish(self, tag: str, attributes: Mapping[str, str]) -> None:
        space = tag.partition(" ")[0]
        if attributes.get(f"{space} val", "true") not in ("0", "false", "off"):
            self.remarks[named("tersembunyi")] = None

    def _click(self, _tag: str, attributes: Mapping[str, str]) -> None:
        if (
            attributes.get("action", "")
            .lower()
            .startswith(("ppaction://program", "ppaction://macro"))
        ):
            forbid("tombol")

    def _simple_field(self, tag: str, attributes: Mapping[str, str]) -> None:
        space = tag.partition(" ")[0]
        self._check_field(_Field([attributes.get(f"{space} instr", "")]))

    def _field_mark(self, tag: str, attributes: Mapping[str, str]) -> None:
        kind = attributes.get(f"{tag.partition(' ')[0]} fldCharType", "")
        if kind == "begin":
            if self._fields and not self._fields[-1].shows:
                self._fields[-1].nested()
            self._fields.append(_Field([]))
        elif kind in ("separate", "end") and self._fields:
            if not self._fields[-1].shows:
                self._check_field(self._fields[-1])
            self._fields[-1].shows = True
            if kind == "end":
                self._fields.pop()

    def _code(self, _tag: str, _attributes: Mapping[str, str]) -> None:
        if not self._fields:
            self._fields.append(_Field([]))
        self._parser.CharacterDataHandler = self._fields[-1].pieces.append

    def _base(self, _tag: str, _attributes: Mapping[str, str]) -> None:
        """What every short hyperlink is added to: as good or bad as a link."""
        self._text = []
        self._parser.CharacterDataHandler = self._text.append

    def _check_field(self, field: _Field) -> None:
        self._fields_seen += 1
        if self._fields_seen > MAX_FIELDS or sum(map(len, field.pieces)) > MAX_CODE:
            suspect("banyak_bidang")
        self._add_remark(check_field("".join(field.pieces).strip()))

    def _drawing(self, tag: str, attributes: Mapping[str, str]) -> None:
        """VML and SVG: a picture's source may only lie in the file; a shape's address is a hyperlink."""
        is_shape = tag.startswith(VML) and not tag.endswith(_FILLED)
        is_linked = is_shape or tag == f"{SVG} a"
        for name, value in attributes.items():
            local = name.rpartition(" ")[2].lower()
            if local.startswith("on") and tag.startswith(SVG):
                forbid("program")
            elif local == "attributename" and _ANIMATED.fullmatch(value.strip()):
                forbid("gambar_luar")
            elif local == "href" and is_linked:
                self._add_remark(check_link(value))
            elif local in _SOURCES and _lies_outside(value):
                forbid("gambar_luar")

    def _add_remark(self, remark: str) -> None:
        if remark:
            self.remarks[remark] = None


_SOURCES = ("src", "href", "althref")  # of a picture


def _lies_outside(source: str) -> bool:
    """Whether a picture's source is neither a part of this drawing nor the picture's own bytes."""
    return bool(source) and not source.startswith(("#", "data:image/"))


def _plain_css(data: bytes) -> bytes:
    """A picture's source without the ways to write a word of CSS so that no search finds it: references of XML,
    escapes and comments of CSS."""
    charset = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = unescape(data.decode(charset, "replace"))
    before, *commented = text.split("/*")
    text = before + "".join(piece.partition("*/")[2] for piece in commented)
    return _CSS_ESCAPE.sub(_escaped, text).encode("utf-8", "replace")


def _escaped(found: re.Match[str]) -> str:
    """The letter that an escape of CSS stands for: by its number, or itself."""
    if not found[1]:
        return found[2]
    return chr(min(int(found[1], 16), 0xFFFD))


_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|(.))", re.DOTALL)
_TAKEN = frozenset(
    [
        *(f"{space} {name}" for space in (W, STRICT) for name in ("object", "objectEmbed")),
        "urn:schemas-microsoft-com:office:office OLEObject",
    ]
)
_STYLED = re.compile(rb"@import|image-set\(|url\(\s*['\"]?(?!#|data:|['\"])", re.IGNORECASE)
# SMIL sets such an attribute to whatever stands in `to`, `values`, `from` or `by`.
_ANIMATED = re.compile(r"(?:[^:]*:)?(?:href|src|on\w+)", re.IGNORECASE)
_FILLED = (" imagedata", " fill", " stroke", " image")
_CODE = {f"{space} {name}" for space in (W, STRICT) for name in ("instrText", "delInstrText")}


class _Field:
    """A field under way: its code so far, and whether what follows is its result."""

    def __init__(self, pieces: list[str]) -> None:
        self.pieces = pieces
        self.shows = False

    def nested(self) -> None:
        """Another field begins within the code. One that gives the first word, or a piece of it, would hide what
        this one is."""
        code = "".join(self.pieces).lstrip()
        if not code.startswith("=") and not re.search(r"\s", code):
            forbid("bidang_tersembunyi")
        self.pieces.append(" ")


def check_field(code: str) -> str:
    """A field's code: refused if it reaches outside the file; a remark for one that is not known, or ""."""
    found = _FIELD_WORD.match(code)
    name = found[0].upper() if found else _hidden_word(code)
    if name in _BAD_FIELDS or (name not in _GOOD_FIELDS and _DDE.search(code)):
        forbid("bidang_luar", kode=shown(code[:20]))
    if name == "HYPERLINK":
        return check_link(_target(code[len("HYPERLINK") :]))
    if not name or name in _GOOD_FIELDS:
        return ""
    return named("bidang", nama=shown(name))


def _hidden_word(code: str) -> str:
    """A word that fetches or runs, in a code that begins with a quotation mark or a switch: readers differ in what they
    take for the field's name there. "" for none."""
    words = {one.upper() for one in _FIELD_WORD.findall(code)} & _BAD_FIELDS
    glued = re.sub(r"[^A-Z]", "", code[:MAX_CODE].upper())
    words |= {one for one in ("INCLUDEPICTURE", "INCLUDETEXT", "DDEAUTO") if one in glued}
    return min(words, default="")


def _target(rest: str) -> str:
    """The address in `HYPERLINK "address" \\l "place"`, wherever its switches stand; "" where there is only a place."""
    skip = False
    for found in _QUOTED.finditer(rest):
        if found[0].startswith("\\") and len(found[0]) == 2:
            skip = found[0][1].lower() in "lot"  # what follows is a place, a tip, a window
        elif skip:
            skip = False
        else:
            return found[1] if found[1] is not None else found[2]
    return ""


def _actions() -> Iterator[tuple[str, Action]]:
    for space in (W, STRICT):
        yield f"{space} fldSimple", Scanner._simple_field
        yield f"{space} fldChar", Scanner._field_mark
        yield f"{space} vanish", Scanner._vanish
    yield from ((tag, Scanner._code) for tag in _CODE)
    yield _BASE, Scanner._base
    yield from ((tag, Scanner._forbidden) for tag in _ELEMENTS)
    yield from ((tag, Scanner._remark) for tag in _REMARKS)
    for name in ("hlinkClick", "hlinkHover", "hlinkMouseOver"):
        yield f"http://schemas.openxmlformats.org/drawingml/2006/main {name}", Scanner._click


ACTIONS: Mapping[str, Action] = dict(_actions())
