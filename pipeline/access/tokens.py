"""The one keyed module: what only this office can have made (links, browsers, codes, marks of letters, confirmations).

Hides HMAC and how a key is replaced. The newest key makes; every key of the list is tried when something comes back, so
that a replaced one lets what is under way arrive (`keys`, `aduan kunci ganti`).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from hashlib import sha256

Keys = bytes | Sequence[bytes]  # one key, or several with the newest first

BYTES = 15  # 120 bits are 24 letters of base 32, without padding
MOST_DIGITS = 9  # of a row's number: PostgreSQL refuses to look for one above 2^31


def mac(keys: Keys, text: str) -> str:
    """24 letters (a to z, 2 to 7) over a text, by the newest key. ValueError without a key.

    The text begins with what it is about ("tautan|", "peramban|"), so that one kind never passes for another.
    """
    newest, *_older = _each(keys)
    return _mac(newest, text)


def fits(keys: Keys, text: str, given: str) -> bool:
    """Whether one of the keys made this mac over this text."""
    if not given.isascii():  # compare_digest takes no other letters
        return False
    # All keys are tried, also after one that fits: the time tells nothing.
    found = [hmac.compare_digest(_mac(key, text), given) for key in _each(keys)]
    return any(found)


def made(keys: Keys, number: int, text: str) -> str:
    """The token of a row: its number, and a mac over the text that stands for it. `parted` reads it."""
    return f"{number}-{mac(keys, text)}"


def parted(token: str) -> tuple[int, str]:
    """(number of the row, mac) of a token that came back; (0, ""), which is no row's, where none can be meant."""
    number, _, given = token.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
        return 0, ""
    return int(number), given


def _each(keys: Keys) -> Sequence[bytes]:
    every = (keys,) if isinstance(keys, bytes) else tuple(keys)
    if not every or not all(every):
        raise ValueError("a mac needs a key")
    return every


def _mac(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), sha256)
    return base64.b32encode(digest[:BYTES]).decode().lower()
