"""The bytes of a mail as a tree of MIME parts (RFC 5322, RFC 2045, RFC 2046, RFC 2183).

Hides heads that are broken off or torn, every kind of line end, lost, early and repeated boundaries, and parameters
in all their spellings. A part is a span of the mail: nothing is copied or decoded before it is asked for, no byte
makes it raise, and the work is linear in the size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from pipeline.mail import charsets

MAX_HEAD = 500_000  # bytes of one part's head that are read
MAX_HEADER = 100_000  # characters of one value
MAX_CHILDREN = 1_000  # of one part
MAX_LOOK = 1_000_000  # bytes in which a lost boundary is looked for

_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*+")
_BOUNDARY_END = re.compile(rb"(--)?[ \t]*\r?(?=\n|\Z)")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LINE_END = re.compile(r"\r\n?+|\n")
_ENVELOPE = re.compile(r">?From [^\n]*\n?")
_KNOWN = (
    r"(?:from|to|cc|bcc|date|subject|sender|reply-to|message-id|in-reply-to|references|received|return-path"
    r"|delivered-to|mime-version|user-agent|importance|priority|dkim-signature|content-[a-z-]+|x-[\w-]+|list-[a-z-]+"
    r"|arc-[a-z-]+|authentication-results)"
)
# A line of blanks is the blank line below the head, unless the head goes on behind it.
_WHITE_LINE = rf"[ \t]*+\n(?!{_KNOWN}[ \t]*:|[ \t])"
_FIELD = re.compile(
    rf"(?!--)([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+(?:\n(?!{_WHITE_LINE})[ \t][^\n]*+)*+)\n?", re.I
)
_SEPARATOR = re.compile(_WHITE_LINE, re.I)
_NAMELESS = re.compile(r"[ \t:][^\n]*+\n?")
# A line that lost its indent, or noise, with the head going on behind it.
_TORN = re.compile(rf"(?!--)([^\n]*+)\n(?={_KNOWN}[ \t]*:)", re.I)
_LOST_BOUNDARY = re.compile(rb"(?:^|\n)--(\S[^\r\n]{0,120})\r?\n(?=content-[a-z-]+[ \t]*:)", re.I)
_OPENS_AS_MULTIPART = re.compile(
    rb"\s*+(?:this is a multi-?part message[^\n]{0,80}\n\s*+)?--\S[^\r\n]{0,120}\r?\ncontent-[a-z-]+[ \t]*:",
    re.I,
)


class Part:
    """One part: its header fields as they came (8-bit as surrogates, unfolded), and the span of its body."""

    def __init__(
        self, raw: bytes, start: int = 0, end: int | None = None, default: str = "text/plain"
    ) -> None:
        self.raw, self.end, self.default = raw, len(raw) if end is None else end, default
        self.fields: list[tuple[str, str]] = []
        self.start = self._read_head(start)
        self._by_name: dict[str, list[str]] = {}
        for name, value in self.fields:
            self._by_name.setdefault(name.lower(), []).append(value)

    def first(self, name: str) -> str:
        """The first value of a field; "" where it is missing. `name` in lower case."""
        return self._by_name.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Every value of a field. `name` in lower case."""
        return self._by_name.get(name, [])

    @property
    def body(self) -> bytes:
        """The bytes below the head, still encoded."""
        return self.raw[self.start : self.end]

    def content(self) -> bytes:
        """The bytes below the head, with the transfer encoding undone as far as it can be."""
        return charsets.transfer_decode(self.body, self.encoding)

    # --- the head -----------------------------------------------------------------------------

    def _read_head(self, start: int) -> int:
        """Gather the fields; the offset where the body begins."""
        raw, end = self.raw, self.end
        for opening in (b"\n", b"\r\n"):
            if raw.startswith(opening, start, end):
                return start + len(opening)
        blank = _BLANK_LINE.search(raw, start, end)
        stop, below = (blank.start() + 1, blank.end()) if blank else (end, end)
        head = raw[start : min(stop, start + MAX_HEAD)].decode("ascii", "surrogateescape")
        text = _LINE_END.sub("\n", head) if "\r" in head else head
        at = self._read_fields(text)
        if at >= len(text):
            return below
        # No blank line above the body: it begins with the line that is no field.
        lines = text.count("\n", 0, at)
        return start + ([0, *(found.end() for found in _LINE_END.finditer(head))][lines])

    def _read_fields(self, text: str) -> int:
        """Gather the fields of `text`; the offset of the first line that cannot belong to the head."""
        envelope = _ENVELOPE.match(text)
        at = envelope.end() if envelope else 0
        while at < len(text):
            if field := _FIELD.match(text, at):
                self.fields.append((field[1], field[2].replace("\n", "")[:MAX_HEADER]))
                at = field.end()
            elif separator := _SEPARATOR.match(text, at):
                return separator.end()
            elif nameless := _NAMELESS.match(text, at):
                at = nameless.end()
            elif torn := _TORN.match(text, at):
                if self.fields:
                    name, value = self.fields[-1]
                    self.fields[-1] = (name, f"{value} {torn[1]}"[:MAX_HEADER])
                at = torn.end()
            else:
                return at
        return at

    # --- what the head says ---------------------------------------------------------------------

    @cached_property
    def _type(self) -> str:
        """The Content-Type; of several the one that can be followed."""
        values = self.all("content-type")
        return next(
            (v for v in values if "boundary" in v.lower()),
            next((v for v in values if v.strip()), ""),
        )

    @cached_property
    def kind(self) -> str:
        """The declared media type in lower case, always with a subtype."""
        declared = charsets.header_text(self._type).partition(";")[0].strip().lower()
        found = re.match(r"([\w.+-]+)\s*/\s*([\w.+-]*)", declared)
        if found and found[2]:
            return f"{found[1]}/{found[2]}"
        if declared.startswith("multipart") or (not found and "boundary" in self.parameters):
            return "multipart/mixed"
        if not declared and _OPENS_AS_MULTIPART.match(self.raw, self.start, self.end):
            return "multipart/mixed"  # its head was lost, or never written
        return "text/html" if declared == "html" else self.default

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of the Content-Type."""
        return parameters(self._type)

    @cached_property
    def encoding(self) -> str:
        """The transfer encoding by its usual name, whatever its spelling."""
        name = self.first("content-transfer-encoding").lower()
        if re.search(r"base[-_ ]?64", name):
            return "base64"
        if "quoted" in name or "printable" in name:
            return "quoted-printable"
        return "uuencode" if re.search(r"\buu", name) else ""

    @cached_property
    def disposition(self) -> str:
        """`inline`, `attachment`, what else came, or ""."""
        return self.first("content-disposition").partition(";")[0].strip().lower()

    def file_name(self, hint: str = "") -> str:
        """The name that the sender gave the file, "" for none; of two the one that lost no characters."""
        stated = parameters(self.first("content-disposition"), hint)
        of_type = self.parameters if self._type.isascii() else parameters(self._type, hint)
        best = ""
        for name in (stated.get("filename", ""), of_type.get("name", "")):
            is_whole = "?" not in name and "\ufffd" not in name
            if name and is_whole:
                best = name
                break
            best = best or name
        return re.sub(r"\s+", " ", best).strip()

    # --- what is inside -------------------------------------------------------------------------

    def children(self) -> list[Part]:
        """The parts of a multipart; [] where there are none to be found."""
        boundary = self.parameters.get("boundary", "")
        found = self._split(boundary.encode("utf-8", "surrogateescape")) if boundary else []
        if found:
            return found
        lost = _LOST_BOUNDARY.search(
            self.raw, max(0, self.start - 1), min(self.end, self.start + MAX_LOOK)
        )
        if lost:
            return self._split(lost[1].rstrip())
        if self.encoding:  # forbidden for a multipart (RFC 2045, 6.4), but it comes
            whole = (
                b"Content-Type: "
                + self._type.encode("ascii", "surrogateescape")
                + b"\n\n"
                + self.content()
            )
            return Part(whole).children()
        return []

    def _split(self, boundary: bytes) -> list[Part]:
        default = "message/rfc822" if self.kind == "multipart/digest" else "text/plain"
        found: list[Part] = []
        opened = -1
        for start, closing, end in self._delimiters(b"\n--" + boundary):
            if opened >= 0:
                stop = start - self.raw.endswith(b"\r", opened, start)
                found.append(Part(self.raw, opened, max(opened, stop), default))
            # Parts below a closing line that came too early are still parts.
            opened = -1 if closing else min(end + 1, self.end)
            if len(found) > MAX_CHILDREN:
                return found
        if opened >= 0:
            found.append(Part(self.raw, opened, self.end, default))
        return found

    def _delimiters(self, mark: bytes) -> Iterator[tuple[int, bool, int]]:
        """(start, whether it is a closing one, end) of each boundary's line; a pattern that is compiled anew for each
        boundary would cost more than the search."""
        start = self.raw.find(mark, max(0, self.start - 1), self.end)
        while start >= 0:
            after = start + len(mark)
            rest = _BOUNDARY_END.match(self.raw, after, self.end)
            if rest:
                closes = rest[1] is not None
                yield start, closes, rest.end()
                after = rest.end()
            start = self.raw.find(mark, after, self.end)


def parse(raw: bytes, start: int = 0, end: int | None = None) -> Part:
    """The outermost part of the mail in this span, past what stands before its first header."""
    end = len(raw) if end is None else end
    start = _BEFORE.match(raw, start, end).end()  # type: ignore[union-attr]  # it matches nothing, too
    first = raw.find(b"\n", start, end)
    if first < 0 and raw.find(b"\r", start, end) >= 0:
        return Part(raw[start:end].replace(b"\r", b"\n"))
    if raw.endswith(b"\r\r", start, max(first, start)):
        return Part(raw[start:end].replace(b"\r\r\n", b"\r\n"))
    if raw.startswith(
        b"--", start, end
    ):  # a body alone: its first boundary needs a line end above it
        return Part(b"\n" + raw[start:end])
    return Part(raw, start, end)


def enclosed(part: Part) -> Part:
    """The mail inside a message/rfc822 part; its bytes are not copied where they were not encoded."""
    return parse(part.content()) if part.encoding else parse(part.raw, part.start, part.end)


# --- parameters -------------------------------------------------------------------------------------

_PARAMETER = re.compile(
    r"""(?:^|;|(?<!\s)\s)\s*+([^\s=;"]{1,80}+)\s*+=\s*+("(?:[^"\\]|\\.)*+"?"""
    r"""|[^;]*?(?=;|$|\s(?:charset|name|filename|boundary|format|delsp|type|size)\s*+=))""",
    re.S | re.I,
)
_NUMBERED = re.compile(r"^([^*]+)\*(\d+)?(\*)?$")
_EXTENDED = re.compile(r"^[\w.:-]*'[\w-]*'.*%[0-9A-Fa-f]{2}", re.S)


def parameters(raw: str, hint: str = "") -> dict[str, str]:
    """Parameters of a MIME header (RFC 2231 with its continuations, RFC 2047 against the rules)."""
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for found in _PARAMETER.finditer(raw):
        name, value = found[1].lower(), found[2].strip()
        if value.startswith('"'):
            value = re.sub(r'\\(["\\])', r"\1", value[1:].removesuffix('"'))
        numbered = _NUMBERED.match(name)
        if numbered:
            extended = bool(numbered[3]) or numbered[2] is None
            pieces.setdefault(numbered[1], []).append(
                (int((numbered[2] or "0")[:6]), extended, value)
            )
        elif _EXTENDED.match(value):
            plain.setdefault(name, _joined([(0, True, value)]))
        else:
            plain.setdefault(name, charsets.header_text(value, hint))
    return plain | {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    charset, data = "", []
    for index, (_, extended, value) in enumerate(sorted(parts, key=lambda piece: piece[0])):
        if index == 0 and extended and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        raw = value.encode("utf-8", "surrogateescape")
        data.append(_percent(raw) if extended else raw)
    return charsets.clean(charsets.words(charsets.decode(b"".join(data), charset)))


def _percent(data: bytes) -> bytes:
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), data)
