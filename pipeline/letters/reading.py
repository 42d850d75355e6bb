"""One printed part of a Word file, read in one pass: its text, and what in it wants to be told.

Hides where WordprocessingML keeps tracked changes, comments, fields, prompts and the look of text. Each element is
visited once, whatever stands in whatever (a hostile paragraph holds thousands of changes). Source: ECMA-376 part 1, 17.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree as ET

from pipeline.letters.gate.package import W

_TEXT = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SILENT = ("del", "moveFrom", "rPr", "pPr", "instrText")  # what is not read as text
# Word writes a drawing twice, the second time for old readers.
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_CHANGES = (
    "ins",
    "del",
    "moveFrom",
    "moveTo",
    "rPrChange",
    "pPrChange",
    "sectPrChange",
    "tblPrChange",
    "tcPrChange",
    "trPrChange",
    "tblGridChange",
    "numberingChange",
    "cellIns",
    "cellDel",
    "cellMerge",
)
# Old elements that print the day on which the letter is opened (17.16.5).
_TODAY = ("dayLong", "dayShort", "monthLong", "monthShort", "yearLong", "yearShort")
TINY = 7  # half points; below 4 pt nobody reads a letter
PALE = 0xF0  # of 255 in each of red, green and blue: not to be told from white paper


def _w(name: str) -> str:
    return f"{{{W}}}{name}"


_P, _R, _T, _STYLE = _w("p"), _w("r"), _w("t"), _w("style")
_RPR, _PPR, _TC, _BOX = _w("rPr"), _w("pPr"), _w("tc"), _w("txbxContent")
_VAL, _AUTHOR, _ID = _w("val"), _w("author"), _w("id")
_SPECIAL = {_w(name): text for name, text in _TEXT.items()}
_MUTE = frozenset([*map(_w, _SILENT), _FALLBACK])
_CHANGED, _ANCHORS = (
    frozenset(map(_w, _CHANGES)),
    frozenset([_w("commentRangeStart"), _w("commentReference")]),
)
_DAYS = frozenset(map(_w, _TODAY))


@dataclass(frozen=True)
class Visibility:
    """How text looks, as far as it may hide it. None: as what stands around it."""

    hidden: bool | None = None
    pale: bool | None = None
    tiny: bool | None = None
    shaded: bool | None = None

    def over(self, below: Visibility) -> Visibility:
        """This look laid over another."""
        mine = {name: value for name, value in vars(self).items() if value is not None}
        return replace(below, **mine)

    @property
    def unseen(self) -> str:
        """Why nobody sees the text, as a name under [temuan.rupa]; "" for text as it should be."""
        if self.hidden:
            return "tersembunyi"
        if self.tiny:
            return "kecil"
        return "putih" if self.pale and not self.shaded else ""


@dataclass
class Paragraph:
    """A paragraph under way."""

    look: Visibility = Visibility()
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass
class PrintedPart:
    """What stands in one part, in its order. Each place is given by its paragraph, None outside of any."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    changes: list[tuple[str, Paragraph | None]] = field(default_factory=list)  # author, place
    comments: dict[str, Paragraph | None] = field(default_factory=dict)  # id of the comment, place
    codes: list[tuple[str, Paragraph | None]] = field(default_factory=list)  # of fields
    prompts: list[str] = field(default_factory=list)  # of controls that nobody has filled in
    unseen: list[tuple[str, str]] = field(default_factory=list)  # why nobody sees it, what it says

    @property
    def texts(self) -> Iterator[str]:
        """The paragraphs that say something."""
        return (text for paragraph in self.paragraphs if (text := paragraph.text.strip()))


@dataclass(frozen=True)
class _Place:
    """Where the reader stands. `mute`: what follows is not printed, or told elsewhere."""

    paragraph: Paragraph | None = None
    look: Visibility = Visibility()
    mute: bool = False


def read(root: ET.Element, styles: Mapping[str, Visibility]) -> PrintedPart:
    """A part's root element → what stands in it. `styles`: see `looks`."""
    return _Reader(styles).read(root)


class _Reader:
    def __init__(self, styles: Mapping[str, Visibility]) -> None:
        self._styles = styles
        self._part = PrintedPart()
        self._fields: list[list[str]] = []  # codes under way, the innermost last
        self._prompting = False

    def read(self, root: ET.Element) -> PrintedPart:
        waiting = [(iter(root), _Place())]
        while waiting:
            children, place = waiting[-1]
            for child in children:
                inside = self._enter(child, place)
                if len(child):
                    waiting.append((iter(child), inside))
                    break
            else:
                waiting.pop()
        return self._part

    def _enter(self, node: ET.Element, place: _Place) -> _Place:
        tag, paragraph = node.tag, place.paragraph
        if tag == _T:
            self._say(node.text or "", place)
        elif tag == _R:
            return self._run(node, place)
        elif tag in _SPECIAL:
            self._say(_SPECIAL[tag], place)
        elif tag == _P:
            return self._paragraph(node, place)
        elif tag in _CHANGED:
            self._part.changes.append((node.get(_AUTHOR, ""), paragraph))
        elif tag in _ANCHORS:
            self._part.comments.setdefault(node.get(_ID, ""), paragraph)
        else:
            return self._other(node, place)
        return replace(place, mute=True) if tag in _MUTE and not place.mute else place

    def _say(self, text: str, place: _Place) -> None:
        if place.paragraph is None or place.mute:
            return
        place.paragraph.pieces.append(text)
        if not text.strip():
            return
        if why := place.look.unseen:
            self._part.unseen.append((why, text))
        if self._prompting:
            self._part.prompts.append(text)
            self._prompting = False

    def _run(self, node: ET.Element, place: _Place) -> _Place:
        if not len(node) or node[0].tag != _RPR:  # by the schema it stands first
            return place
        return replace(place, look=_look(node[0], self._styles).over(place.look))

    def _paragraph(self, node: ET.Element, place: _Place) -> _Place:
        look = place.look
        if len(node) and node[0].tag == _PPR:
            about = node[0]
            look = _look(about, self._styles).over(look)
        made = Paragraph(look)
        if not place.mute:
            self._part.paragraphs.append(made)
        return _Place(made, look, place.mute)

    def _other(self, node: ET.Element, place: _Place) -> _Place:
        tag, local = node.tag, node.tag.removeprefix(f"{{{W}}}")
        if local == "fldChar":
            self._field_mark(node.get(_w("fldCharType"), ""), place)
        elif local in ("instrText", "delInstrText") and self._fields:
            self._fields[-1].append(node.text or "")
        elif local == "fldSimple":
            self._part.codes.append((node.get(_w("instr"), ""), place.paragraph))
        elif local == "showingPlcHdr":
            self._prompting = True  # what is said next is the control's own prompt
        elif tag in _DAYS:
            self._part.codes.append(("DATE", place.paragraph))
        elif _has_ground(node):
            return replace(place, look=replace(place.look, shaded=True))
        return replace(place, mute=True) if tag in _MUTE and not place.mute else place

    def _field_mark(self, kind: str, place: _Place) -> None:
        if kind == "begin":
            self._fields.append([])
        elif self._fields and kind == "separate":
            self._part.codes.append(("".join(self._fields[-1]), place.paragraph))
            self._fields[-1] = []
        elif self._fields and kind == "end":
            code = "".join(self._fields.pop())
            if code:
                self._part.codes.append((code, place.paragraph))


def looks(root: ET.Element | None) -> dict[str, Visibility]:
    """styles.xml → how each style looks, the styles that it is based on included."""
    if root is None:
        return {}
    own = {node.get(_w("styleId"), ""): node for node in root.iter(_STYLE)}
    made: dict[str, Visibility] = {}
    for name in own:
        line: list[str] = []
        while name in own and name not in made and name not in line:  # a circle ends too
            line.append(name)
            based = own[name].find(_w("basedOn"))
            name = based.get(_VAL, "") if based is not None else ""
        for one in reversed(line):
            about = own[one].find(_RPR)
            mine = _look(about, {}) if about is not None else Visibility()
            made[one] = mine.over(made.get(name, Visibility()))
            name = one
    return made


def _look(about: ET.Element, styles: Mapping[str, Visibility]) -> Visibility:
    """How the properties of a run, a paragraph or a style make text look."""
    look = Visibility()
    for node in about:
        local = node.tag.removeprefix(f"{{{W}}}")
        value = node.get(_VAL, "")
        if local in ("rStyle", "pStyle"):
            look = look.over(styles.get(value, Visibility()))
        elif local == "vanish":
            look = replace(look, hidden=value not in ("0", "false", "off"))
        elif local == "color":
            look = replace(
                look,
                pale=_pale(value) or node.get(_w("themeColor"), "") in ("background1", "light1"),
            )
        elif local == "sz":
            look = replace(
                look, tiny=value.isascii() and value.isdigit() and int(value[:6]) <= TINY
            )
        elif local == "shd":
            look = replace(look, shaded=_shaded(node))
        elif local == "highlight":
            look = replace(look, shaded=value not in ("none", "white"))
    return look


def _pale(color: str) -> bool:
    if len(color) != 6:
        return False
    try:
        parts = bytes.fromhex(color)
    except ValueError:
        return False
    return min(parts) >= PALE


def _has_ground(node: ET.Element) -> bool:
    """Whether what stands in an element may stand on a colour: a text box may have any."""
    if node.tag == _BOX:
        return True
    return node.tag == _TC and _shaded(node.find(f"{_w('tcPr')}/{_w('shd')}"))


def _shaded(node: ET.Element | None) -> bool:
    """Whether a shading darkens the paper."""
    if node is None:
        return False
    fill = node.get(_w("fill"), "auto")
    pattern = node.get(_VAL, "clear")
    themed = bool(node.get(_w("themeFill"), ""))
    return themed or pattern not in ("clear", "nil") or (fill.lower() != "auto" and not _pale(fill))
