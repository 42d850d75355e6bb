"""What the office writes again and again, in few bytes: column types that keep it compressed, and hashes as bytes.

Hides the dictionaries (`mail-N.txt`: lines that nearly every mail has). The number of the dictionary stands before the
bytes; one that was ever used is kept for ever, a better one gets the next number (tools/build_mail_words.py). zlib with
them makes 0.6 KB of a mail's 10 KB of HTML, and 0.1 KB of the 2 KB of its text.
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

OF_HTML, OF_TEXT = 1, 2  # the newest dictionary of each
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


def pack(text: str, dictionary: int = OF_HTML) -> bytes:
    """A text in few bytes, the same on every machine."""
    press = zlib.compressobj(LEVEL, wbits=RAW, zdict=_dictionary(dictionary))
    return bytes([dictionary]) + press.compress(text.encode()) + press.flush()


def unpack(packed: bytes | memoryview | str) -> str:
    """The text again; ValueError if the bytes are damaged, or are none: SQLite keeps a text that was put there past the
    program."""
    if isinstance(packed, str):
        raise ValueError("packed text: it is not packed")
    packed = bytes(packed)
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

    def __init__(self, dictionary: int = OF_TEXT) -> None:
        super().__init__()
        self.dictionary = dictionary

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        return pack(value, self.dictionary) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> str:
        try:
            return unpack(value) if value else ""
        except ValueError:
            return RUINED


class PackedJson(TypeDecorator[Any]):
    """Objects and lists as JSON, compressed: hashes in hexadecimal take half. None is NULL; no query looks inside."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else pack_json(value, OF_TEXT)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        try:
            return None if value is None else json.loads(unpack(value))
        except ValueError:
            return RUINED


class PackedList(PackedJson):
    """The same of a list, which is empty in most rows: such a one is NULL, and costs nothing."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return super().process_bind_param(value or None, dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return [] if value is None else super().process_result_value(value, dialect)


class PackedTexts(TypeDecorator[dict[int, str]]):
    """Texts by a number, compressed together. Damaged bytes read as none of them."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[int, str] | None, dialect: Dialect) -> Any:
        return None if value is None else pack(_joined(value), OF_TEXT)

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[int, str]:
        try:
            return _parted(unpack(value or b""))
        except ValueError:
            return {}


def _joined(texts: dict[int, str]) -> str:
    """The numbers and lengths in a line of JSON, then the texts as they are: line ends that JSON writes in another way
    the dictionary would not know."""
    heads = [[number, len(text)] for number, text in texts.items()]
    return json.dumps(heads, separators=(",", ":")) + "\n" + "".join(texts.values())


def _parted(whole: str) -> dict[int, str]:
    heads, _, texts = whole.partition("\n")
    found, at = {}, 0
    for number, length in json.loads(heads):
        found[number] = texts[at : at + length]
        at += length
    return found


class HexBytes(TypeDecorator[str]):
    """Hexadecimal digits, such as of a hash, that stand as bytes: half the room. ValueError for anything else."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        # SQLite keeps a text that was put there past the program: it reads as it is, for the audit to find.
        return value if value is None or isinstance(value, str) else bytes(value).hex()


def pack_json(value: Any, dictionary: int = OF_HTML) -> bytes:
    """The same for a migration, which knows no types of ours."""
    return pack(json.dumps(value, separators=(",", ":")), dictionary)
