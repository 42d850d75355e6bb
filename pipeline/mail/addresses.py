"""Address headers as mailers really write them.

Hides comments, groups, quotes, encoded names and what RFC 5322 forbids but arrives;
an address that cannot be used comes back with an empty `email`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.mail import charsets

MAX_ADDRESSES = 1_000
MAX_RAW = 100_000  # characters of a header
MAX_PIECE = 1_000  # characters of one address with its name
_LOCAL = r"""("[^"\r\n]{1,200}"|[^\s<>@",;:()\\]{1,200})"""
_DOMAIN = r"""([^\s<>@",;:()\\]{1,253}|\[[0-9a-fA-F.:IPv]+\])"""
_USABLE = re.compile(f"^{_LOCAL}@{_DOMAIN}$")
_COMMENT = re.compile(r"\(((?:[^()]++|\([^()]*+\))*+)\)")
_WHOLE_WORD = re.compile(r"=\?[^?\s]{1,60}\?[qQ]\?[^?<@]{0,1000}[<@]")
_SPECIAL = re.compile(r"""[@<>"()\\,;:]""")
_HOST_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_BARE = re.compile(r"""(?<![^\s<>@",;:()\[\]\\])[^\s<>@",;:()\[\]\\]++@[^\s<>@",;:()\[\]\\]++""")


@dataclass(frozen=True)
class Address:
    """One mailbox: shown name, and address with a lower-case domain ("" if unusable; a bare word is an address on the
    sender's own host, which nobody else can write to)."""

    name: str
    email: str


def parse(raw: str, hint: str = "") -> tuple[Address, ...]:
    """The mailboxes of a raw address header (8-bit as surrogates, still encoded)."""
    if "=?" in raw and ("@" not in raw or _WHOLE_WORD.search(raw)):
        raw = charsets.header_text(raw, hint)  # some mailers encode name and address as one word
    one_line = re.sub(r"[\r\n]+", " ", raw)
    pieces = _pieces(one_line[:MAX_RAW])[:MAX_ADDRESSES]
    # Searching an address takes quadratic time in the length of a piece.
    found = (_one(piece.strip()[:MAX_PIECE], hint) for piece in pieces)
    return tuple(address for address in found if address is not None)


def usable(email: str) -> str:
    """The address with its domain in lower case, or "" where no mail could go there."""
    if not (email.isascii() and email.isprintable()):
        email = charsets.header_text(email)
    bare = email.strip().strip("'").removeprefix("mailto:")
    match = _USABLE.match(re.sub(r"\s*+@\s*+", "@", bare))
    if match is None:
        return ""
    domain = match[2].lower().rstrip(".")
    return f"{match[1]}@{domain}"


def _pieces(raw: str) -> list[str]:
    """Split at commas and semicolons outside quotes, comments and angle brackets; a comma before any
    address belongs to a name that should have been quoted."""
    pieces, start, address = [], 0, False
    for index, char, outside in _marks(raw):
        address |= char in "@<"
        if not outside:
            continue
        if char == ";" or (char == "," and address):
            pieces.append(raw[start:index])
            start, address = index + 1, False
        elif char == ":" and not re.search(r"@|=\?", raw[max(start, index - MAX_PIECE) : index]):
            start = index + 1  # the name of a group
    return [piece for piece in [*pieces, raw[start:]] if piece.strip(" ,")]


def _marks(raw: str) -> Iterator[tuple[int, str, bool]]:
    """(place, character, whether it stands outside quotes, comments and angle brackets) of each that may part
    addresses. What is opened and never closed opens nothing."""

    within = _Within(raw)
    for found in _SPECIAL.finditer(raw):
        within.passes(found.start(), found[0])
        yield found.start(), found[0], within.nothing


@dataclass
class _Within:
    """What is open at a place: quotes, comments within comments, angle brackets (RFC 5322 section 3.2)."""

    raw: str
    quoted: bool = False
    depth: int = 0
    bracketed: bool = False
    nothing: bool = True
    escaped: int = -1  # the place of a character that a backslash stands before

    def passes(self, index: int, char: str) -> None:
        if index == self.escaped:
            self.nothing = False
            return
        if self.quoted:
            self._quotes(index, char)
        elif char in "()":
            opens = char == "(" and self._is_closed(")", index)
            self.depth = max(0, self.depth + (1 if opens else -1))
        elif self.depth:
            self._escapes(index, char)
        elif char == '"':
            self.quoted = self._is_closed('"', index)
        elif char in "<>":
            self.bracketed = char == "<" and self._is_closed(">", index)
        self.nothing = not (self.quoted or self.depth or self.bracketed)

    def _quotes(self, index: int, char: str) -> None:
        self._escapes(index, char)
        self.quoted = char != '"'

    def _escapes(self, index: int, char: str) -> None:
        if char == "\\":
            self.escaped = index + 1

    def _is_closed(self, char: str, index: int) -> bool:
        return self.raw.find(char, index + 1, index + MAX_PIECE) > 0


def _one(piece: str, hint: str) -> Address | None:
    angle = re.search(r"<([^<>]*)>([^<>]*)$", piece) or re.search(r"<([^<>]*)()$", piece)
    if angle:
        before = piece[: angle.start()]
        name = before if before.strip() else angle[2]
        email = usable(_unquoted_route(angle[1]).strip()) or _first_bare(piece)
    else:
        name, email = _without_brackets(piece)
    shown = _name(name, hint)
    return Address(shown, email) if shown or email or "@" in piece else None


def _without_brackets(piece: str) -> tuple[str, str]:
    """(name, address) of "siti@warga.example (Siti)", or of words among which an address stands."""
    comment = _COMMENT.search(piece)
    name = comment[1] if comment else ""
    written = _COMMENT.sub(" ", piece).strip(" ,")
    email = usable(written)
    if email:
        return name, email
    bare = _BARE.search(written)
    name = name or (written.replace(bare[0], " ") if bare else written)
    email = _first_bare(written) or _first_bare(piece)
    if not email and _HOST_LOCAL.fullmatch(written):
        email = written
    return name, email


def _first_bare(text: str) -> str:
    """The first address that stands in a text, "" where it is none that can be used."""
    bare = _BARE.search(text)
    return usable(bare[0]) if bare else ""


def _unquoted_route(inner: str) -> str:
    inner = charsets.header_text(inner) if "=?" in inner else inner
    return inner.rpartition(":")[2] if inner.startswith("@") else inner


def _name(raw: str, hint: str) -> str:
    raw = raw.strip(" ,")
    outside = " \"'<>[]"
    if len(raw) > 1 and raw[0] == raw[-1] == '"':
        raw = raw[1:-1]
        outside = " \"'"  # what stands in quotes is meant
    raw = re.sub(r"\\(.)", r"\1", raw)
    return re.sub(r"\s+", " ", charsets.header_text(raw, hint)).strip(outside)
