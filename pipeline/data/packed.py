"""Long texts that the office writes again and again, in few bytes: a column type that keeps them compressed.

Hides the dictionary (`mail-N.txt`: lines that nearly every mail has). The number of the dictionary stands before the
bytes; one that was ever used is kept for ever, a better one gets the next number (tools/build_mail_words.py). zlib with
it makes 0.6 KB of a mail's 10 KB of HTML.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NEWEST = 1
LEVEL = 6
RUINED = "\ufffd"  # what damaged bytes read as: the audit finds that the text is another, and nobody sends it
RAW = -15  # a window of 32 KiB, without header and checksum: the witness knows whether a text is what it was


@cache
def _dictionary(number: int) -> bytes:
    """What stood before each text, for the compressor; KeyError for a number that this program does not know."""
    path = Path(__file__).with_name(f"mail-{number}.txt")
    if not path.is_file():
        raise KeyError(number)
    return path.read_bytes()


def pack(text: str) -> bytes:
    """A text in few bytes, the same on every machine."""
    press = zlib.compressobj(LEVEL, wbits=RAW, zdict=_dictionary(NEWEST))
    return bytes([NEWEST]) + press.compress(text.encode()) + press.flush()


def unpack(packed: bytes) -> str:
    """The text again; ValueError if the bytes are damaged."""
    try:
        whole = zlib.decompressobj(RAW, _dictionary(packed[0]))
        text = (whole.decompress(packed[1:]) + whole.flush()).decode()
    except (zlib.error, KeyError, IndexError) as error:
        raise ValueError(f"packed text: {error}") from error
    if not whole.eof:
        raise ValueError("packed text: the end is missing")
    return text


class Packed(TypeDecorator[str]):
    """A text that stands compressed in the database; an empty one is NULL there, and costs nothing."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        return pack(value) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> str:
        try:
            return unpack(bytes(value)) if value else ""
        except ValueError:
            return RUINED


class PackedJson(TypeDecorator[Any]):
    """Objects and lists as JSON, compressed: hashes in hexadecimal take half. None is NULL; no query looks inside."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else pack_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        try:
            return None if value is None else json.loads(unpack(bytes(value)))
        except ValueError:
            return RUINED


def pack_json(value: Any) -> bytes:
    """The same for a migration, which knows no types of ours."""
    return pack(json.dumps(value, separators=(",", ":")))
