"""Bytes that claim to be text become text.

Hides the charset names that mailers invent, wrong declarations, encoded words (RFC 2047)
and lenient transfer decoding. Nothing here raises for any input.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes

SAMPLE = 32_768
MAX_WORDS = 2_000

# WHATWG supersets where mailers declare the smaller set but send the larger one.
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "ansi": "cp1252",
    "ansi_x3.110-1983": "cp1252",
    "x-ansi": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "x-windows-874": "cp874",
    "dos-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "gb_2312-80": "gb18030",
    "x-euc-cn": "gb18030",
    "euc-cn": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "x-windows-949": "cp949",
    "ksc5601": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8-mac": "utf-8",
    "unicode": "utf-16",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-ce": "mac-latin2",
    "x-mac-cyrillic": "mac-cyrillic",
    "koi8r": "koi8-r",
    "x-koi8-r": "koi8-r",
    "cp-1250": "cp1250",
    "cp-1251": "cp1251",
    "cp-1252": "cp1252",
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "visual": "iso-8859-8",
    "iso-ir-6": "ascii",
}
_UNKNOWN = {
    "",
    "us-ascii",
    "ascii",
    "ansi_x3.4-1968",
    "x-unknown",
    "unknown",
    "unknown-8bit",
    "default",
    "default_charset",
    "x-user-defined",
    "none",
    "binary",
    "8bit",
    "_autodetect",
    "_autodetect_all",
}
# Python codecs that are text to text tricks, not charsets; undefined raises by design.
_NOT_CHARSETS = {
    "unicode_escape",
    "raw_unicode_escape",
    "unicode-escape",
    "raw-unicode-escape",
    "punycode",
    "idna",
    "undefined",
    "mbcs",
    "oem",
}

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*)*)\?=")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def codec(name: str) -> str | None:
    """The Python codec for a declared charset, or None where the name says nothing usable."""
    name = name.strip().strip("\"'").lower()
    if name in _UNKNOWN or len(name) > 60:
        return None
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return codec(name[2:]) if name.startswith("x-") else None
    # A private flag, yet the only one that tells charsets from zlib, base64 and the like.
    return info.name if info._is_text_encoding and info.name not in _NOT_CHARSETS else None


def decode(data: bytes, declared: str = "", hint: str = "") -> str:
    """Text of `data`: by the declared charset, else detected, else with replacement marks."""
    for name in ("utf-8" if _single_byte(declared) else declared, declared, "utf-8"):
        text = _strict(data, name)
        if text is not None:
            return text
    named = codec(declared)
    if named is not None and named not in {"utf-7", "ascii"}:
        text = _replaced(data, named)
        # One damaged byte should not turn a whole page over to guessing.
        if text.count("\ufffd") <= max(1, len(text) // 50):
            return text
    return _detected(data, hint)


def _single_byte(declared: str) -> bool:
    """Whether UTF-8 should be tried first: what is valid UTF-8 by chance is no text in these."""
    name = codec(declared) or ""
    return name.startswith(("cp125", "iso8859", "koi8", "mac", "cp874"))


def _strict(data: bytes, declared: str) -> str | None:
    if b"\x1b$" in data and declared.lower() in _UNKNOWN:
        declared = "iso-2022-jp"
    name = codec(declared)
    if name is None:
        return None
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return None


def _replaced(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except (UnicodeError, ValueError):
        return data.decode("cp1252", "replace")


def _detected(data: bytes, hint: str) -> str:
    text = _strict(data, hint) if hint else None
    if text is not None:
        return text
    if len(data) < 16 or _western(data):
        return _replaced(data, "cp1252")
    best = from_bytes(data[:SAMPLE]).best()
    return _replaced(data, best.encoding if best is not None else "cp1252")


def _western(data: bytes) -> bool:
    """Whether the high bytes stand alone between ASCII letters, as accents and curly quotes do;
    statistics over so few of them mislead."""
    runs = re.findall(rb"[\x80-\xff]+", data[:SAMPLE])
    single = sum(1 for run in runs if len(run) == 1)
    return single >= 0.8 * len(runs) and sum(map(len, runs)) < 0.15 * len(data[:SAMPLE])


def clean(text: str) -> str:
    """Text without control characters (tab and line ends stay) and lone surrogates."""
    return _CONTROL.sub("", text)


def transfer_decode(data: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding as far as the data allows."""
    if encoding == "base64":
        return base64_bytes(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return uu_bytes(data)
    return data


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOISE = bytes(set(range(256)) - set(_BASE64))


def base64_bytes(data: bytes) -> bytes:
    """Base64 with noise, missing or early padding, or several runs in a row."""
    runs = data.translate(None, _NOISE).split(b"=")
    return b"".join(_base64_run(run) for run in runs if run)


def _base64_run(run: bytes) -> bytes:
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


def uu_bytes(data: bytes) -> bytes:
    """The first uuencoded file of `data`, or `data` itself where there is none."""
    lines = data.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith(b"begin ")), None)
    return data if start is None else b"".join(uu_lines(lines[start + 1 :]))


def uu_lines(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line.strip() in {b"end", b"", b"`"}:
            return
        try:
            yield binascii.a2b_uu(line)
        except binascii.Error:
            # Known mailers pad the line wrongly: keep what its length byte promises.
            promised = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                yield binascii.a2b_uu(line[:promised])
            except binascii.Error:
                return


def header_text(raw: str, hint: str = "") -> str:
    """A raw header value (8-bit as surrogates) as one readable line."""
    data = raw.encode("utf-8", "surrogateescape")
    if hint and "=?" not in raw and codec(hint) == "utf-7" and re.search(r"\+[A-Za-z0-9+/]{2,}-", raw):
        return clean(_replaced(data, "utf-7")).strip()
    text = raw if raw.isascii() and "\x1b$" not in raw else decode(data, "", hint)
    text = re.sub(r"\r?\n(?=[ \t])|[\r\n]+", "", text)
    return re.sub(r"[\r\n\t]+", " ", clean(words(text))).strip()


def words(text: str) -> str:
    """Decode encoded words; neighbours in one charset are joined before decoding, as
    mailers cut them inside a character."""
    if "=?" not in text:
        return text
    out: list[str] = []
    end = 0
    pending: tuple[str, bytes] | None = None
    for count, word in enumerate(_WORD.finditer(text)):
        if count >= MAX_WORDS:
            break
        gap = text[end : word.start()]
        charset, data = word[1].partition("*")[0].lower(), _word_bytes(word[2], word[3])
        if pending and not gap.strip() and pending[0] == charset and count:
            pending = (charset, pending[1] + data)
        else:
            out += _flush(pending)
            out += [] if pending and not gap.strip() else [gap]
            pending = (charset, data)
        end = word.end()
    return "".join([*out, *_flush(pending), text[end:]])


def _flush(pending: tuple[str, bytes] | None) -> list[str]:
    return [decode(pending[1], pending[0])] if pending else []


def _word_bytes(encoding: str, body: str) -> bytes:
    data = body.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return base64_bytes(data)
    return binascii.a2b_qp(data.replace(b"_", b" ").replace(b"\r", b"").replace(b"\n", b""))
