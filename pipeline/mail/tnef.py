"""winmail.dat: the files and the text that Outlook wraps for its own kind (MS-OXTNEF).

Hides attributes, MAPI properties and mails inside. Never raises, in time and memory linear in the size; what is broken
off or unknown is passed over. (The reader on PyPI copies the rest of the file for each attribute.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.mail import charsets

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_FILES = 1_000
MAX_VALUES = 10_000  # of one list of properties
MAX_DEPTH = 4
# Attributes by their id alone; the type beside it says nothing that the id does not (MS-OXTNEF 2.1.3.2).
BODY, FILE_DATA, FILE_TITLE, FILE_BEGINS = 0x800C, 0x800F, 0x8010, 0x9002
MESSAGE_PROPERTIES, FILE_PROPERTIES, CODE_PAGE = 0x9003, 0x9005, 0x9007
# Properties (MS-OXPROPS).
PLAIN_BODIES, HTML_BODY = (0x1000, 0x3FD9), 0x1013
DISPLAY_NAME, DATA, SHORT_NAME, LONG_NAME = 0x3001, 0x3701, 0x3704, 0x3707
FIXED = {
    2: 2,
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 8,
    0xA: 4,
    0xB: 2,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}  # bytes by type
OBJECT, STRING, UNICODE, BINARY = 0x0D, 0x1E, 0x1F, 0x102
MANY = 0x1000
IDENTIFIER = 16  # bytes before the content of an object: which kind it is


@dataclass
class Wrapped:
    """What was inside: text ("" for none), HTML in an unknown charset, and (name, bytes) of each file."""

    text: str = ""
    html: bytes = b""
    files: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass
class _File:
    title: str = ""
    names: dict[int, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def name(self) -> str:
        found = (
            self.names.get(LONG_NAME),
            self.title,
            self.names.get(SHORT_NAME),
            self.names.get(DISPLAY_NAME),
        )
        return next((name for name in found if name), "")


def unwrap(data: bytes, depth: int = 0) -> Wrapped:
    """Everything that can be read; nothing for bytes of another kind."""
    found, files = _read(data)
    for file in files:
        if file.content.startswith(SIGNATURE) and depth < MAX_DEPTH:
            _take_in(found, unwrap(file.content, depth + 1))
        elif file.content:
            found.files.append((file.name, file.content))
    return found


def _read(data: bytes) -> tuple[Wrapped, list[_File]]:
    """The texts of a mail, and its files as they stand."""
    found, codec = Wrapped(), "cp1252"
    files: list[_File] = []
    for name, value in _attributes(data):
        if name == CODE_PAGE and len(value) >= 4:
            codec = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == BODY:
            found.text = found.text or _words(value, codec)
        elif name == MESSAGE_PROPERTIES:
            _read_bodies(found, value, codec)
        elif name == FILE_BEGINS and len(files) < MAX_FILES:
            files.append(_File())
        elif files:
            _add(files[-1], name, value, codec)
    return found, files


def _read_bodies(found: Wrapped, value: bytes, codec: str) -> None:
    for key, one in _properties(value, codec):
        if key in PLAIN_BODIES and isinstance(one, str):
            found.text = found.text or one
        elif key == HTML_BODY and isinstance(one, bytes):
            found.html = one


def _take_in(found: Wrapped, mail: Wrapped) -> None:
    """A mail that lay inside: its words follow, its files are files."""
    found.text = "\n\n".join(text for text in (found.text, mail.text) if text)
    found.html = found.html or mail.html
    found.files += mail.files


def _add(file: _File, name: int, value: bytes, codec: str) -> None:
    if name == FILE_TITLE:
        file.title = _words(value, codec)
    elif name == FILE_DATA:
        file.content = value
    elif name == FILE_PROPERTIES:
        for key, one in _properties(value, codec):
            if isinstance(one, str):
                file.names[key] = one
            elif key == DATA and one:
                file.content = one


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, value) of each: level 1 byte, id and type 2 each, length 4, value, checksum 2."""
    if not data.startswith(SIGNATURE):
        return
    at = 6
    while at + 9 <= len(data):
        name, _, length = struct.unpack_from("<HHI", data, at + 1)
        yield name, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _properties(data: bytes, codec: str) -> Iterator[tuple[int, str | bytes]]:
    """(id, value) of each property that is text or bytes, the first value of several."""
    try:
        count = _number(data, 0)
        at = 4
        for _ in range(min(count, MAX_VALUES)):
            kind, name = struct.unpack_from("<HH", data, at)
            at = _after_name(data, at + 4, name)
            base = kind & ~MANY
            if base in FIXED:
                many = _number(data, at) if kind & MANY else 1
                at += (4 if kind & MANY else 0) + _padded(FIXED[base]) * many
                continue
            many = _number(data, at)
            at += 4
            if many and base in (OBJECT, STRING, UNICODE, BINARY):
                yield name, _value(data, at, base, codec)
            for _ in range(min(many, MAX_VALUES)):
                at += 4 + _padded(_number(data, at))
    except struct.error:  # broken off; what stood before it is good
        return


def _number(data: bytes, at: int) -> int:
    (number,) = struct.unpack_from("<I", data, at)
    return int(number)


def _after_name(data: bytes, at: int, name: int) -> int:
    """Where a property's value begins: a named one has its set first, then a number or a name."""
    if name < 0x8000:
        return at
    has_name, length = _number(data, at + 16), _number(data, at + 20)
    return at + 24 + (_padded(length) if has_name else 0)


def _value(data: bytes, at: int, base: int, codec: str) -> str | bytes:
    end = at + 4 + _number(data, at)
    value = data[at + 4 + (IDENTIFIER if base == OBJECT else 0) : end]
    return _words(value, _codec(base, codec)) if base in (STRING, UNICODE) else value


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4


def _codec(kind: int, codec: str) -> str:
    return "utf-16-le" if kind == UNICODE else codec


def _words(value: bytes, codec: str) -> str:
    return charsets.clean(charsets.decode(value, codec, guess=False)).strip("\0 \r\n\t")
