"""Bytes that claim to be text become text.

Hides the charset names that mailers invent, wrong declarations, encoded words (RFC 2047)
and lenient transfer decoding. Nothing here raises for any input.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterable
from functools import lru_cache

from charset_normalizer import from_bytes

SAMPLE = 32_768
MAX_WORDS = 2_000
MAX_RUNS = 10_000  # of base64 with padding between them

# WHATWG supersets where mailers declare the smaller set but send the larger one, and names that Python lacks.
_ALIASES = {
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "ansi": "cp1252",
    "ansi_x3.110-1983": "cp1252",
    "iso-ir-100": "cp1252",
    "tis-620": "cp874",
    "dos-874": "cp874",
    "visual": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "csgb2312": "gb18030",
    "euc-cn": "gb18030",
    "euccn": "gb18030",
    "cn-gb": "gb18030",
    "chinese": "gb18030",
    "cp936": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "korean": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "sjis-win": "cp932",
    "csshiftjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "eucjp": "euc_jp",
    "eucjp-win": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "jis": "iso2022_jp_ext",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "big5-eten": "big5hkscs",
    "cn-big5": "big5hkscs",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf-8-mac": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "mac-ce": "mac-latin2",
    "koi8r": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "iso-ir-6": "ascii",
}
_FAMILIES = (
    (re.compile(r"utf\W?_?8(?:\D.*|mb[34])?"), "utf-8"),
    (re.compile(r"(?:windows|win|cp|ms|dos|ibm|microsoft-cp)[-_ ]?(\d{3,5})(?:\D.*)?"), "cp{}"),
    (re.compile(r"(?:iso)?[-_ ]?8859[-_ ]?(\d{1,2})(?:\D.*)?"), "iso-8859-{}"),
)
_SUPERSETS = {"iso-8859-1": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874"}
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

# Only looked for up to the last "?=", so that every body that begins also ends: without that it is quadratic.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?((?:[^?]++|\?(?!=))*+)\?=")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def codec(name: str) -> str | None:
    """The Python codec for a declared charset, or None where the name says nothing usable."""
    return _codec(name) if len(name) <= 60 else None


@lru_cache(maxsize=256)
def _codec(name: str) -> str | None:
    name = name.strip().strip("\"'").lower()
    if name in _UNKNOWN:
        return None
    name = _usual(name)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return codec(name[2:]) if name.startswith("x-") else None
    # A private flag, yet the only one that tells charsets from zlib, base64 and the like.
    return info.name if info._is_text_encoding and info.name not in _NOT_CHARSETS else None


def _usual(name: str) -> str:
    for pattern, form in _FAMILIES:
        if found := pattern.fullmatch(name):
            name = form.format(*found.groups())
    return _ALIASES.get(name) or _SUPERSETS.get(name, name)


def decode(data: bytes, declared: str = "", hint: str = "", *, guess: bool = True) -> str:
    """Text of `data`: by the declared charset, else by the hint, else detected (if `guess`), else with marks."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) % 2 == 0 and not _wide(declared):
        return _replaced(data, "utf-16")
    for name in ("utf-8" if _single_byte(declared) else declared, declared, "utf-8"):
        text = _strict(data, name)
        if text is not None:
            return text.removeprefix("\ufeff")
    text = _nearly(data, declared)
    if text is None and hint:
        text = _strict(data, hint)
    if text is not None:
        return text
    return _replaced(data, _guessed(data) if guess else "cp1252")


def _nearly(data: bytes, declared: str) -> str | None:
    """By the declared charset in spite of a damaged byte or two: they should not turn a whole page over to guessing."""
    named = codec(declared)
    if named in (None, "utf-7", "ascii"):
        return None
    text = _replaced(data, named)
    return text if text.count("\ufffd") <= max(1, len(text) // 50) else None


def _single_byte(declared: str) -> bool:
    """Whether UTF-8 should be tried first: what is valid UTF-8 by chance is no text in these."""
    name = codec(declared) or ""
    return name.startswith(("cp125", "iso8859", "koi8", "mac", "cp874"))


def _wide(declared: str) -> bool:
    return (codec(declared) or "").startswith(("utf-16", "utf-32"))


def _strict(data: bytes, declared: str) -> str | None:
    if b"\x1b$" in data and (declared.lower() in _UNKNOWN or codec(declared) == "utf-8"):
        declared = "iso-2022-kr" if b"\x1b$)C" in data else "iso-2022-jp"
    name = codec(declared)
    if name is None:
        return None
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return _strict(data, _VENDORS[name]) if name in _VENDORS else _vendor_jis(data, name)


# Where a vendor's own characters stand in the gaps of the standard.
_VENDORS = {"euc_jp": "euc_jis_2004", "big5hkscs": "cp950", "cp932": "shift_jis_2004"}


def _vendor_jis(data: bytes, name: str) -> str | None:
    """ISO-2022-JP with the numbers in circles and the like that NEC put into row 13."""
    if name != "iso2022_jp_ext":
        return None
    high = re.sub(
        rb"\x1b\$[@B]([^\x1b\n]*)(?:\x1b\([BJ])?",
        lambda m: bytes(byte | 0x80 for byte in m[1]),
        data,
        flags=re.S,
    )
    return _strict(high, "euc_jis_2004")


def _replaced(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except (UnicodeError, ValueError):
        return data.decode("cp1252", "replace")


def guess(data: bytes) -> str:
    """The charset of undeclared text, by statistics over its lines with 8-bit bytes; "" where all is ASCII."""
    return (
        ""
        if data.isascii()
        else _guessed(b"\n".join(line for line in data.splitlines() if not line.isascii()))
    )


def _guessed(data: bytes) -> str:
    if len(data) < 16 or _western(data):
        return "cp1252"
    best = from_bytes(data[:SAMPLE]).best()
    return best.encoding if best is not None else "cp1252"


def _western(data: bytes) -> bool:
    """Whether the high bytes stand alone between ASCII letters, as accents and curly quotes do;
    statistics over so few of them mislead."""
    sample = data[:SAMPLE]
    lengths = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    mostly_single = lengths.count(1) >= 0.8 * len(lengths)
    few = sum(lengths) < 0.15 * len(sample)
    return mostly_single and few


def clean(text: str) -> str:
    """Text without control characters (tab and line ends stay) and lone surrogates."""
    return _CONTROL.sub("", text)


def transfer_decode(data: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding (by its usual name) as far as the data allows."""
    if encoding == "base64":
        return base64_bytes(data)
    if encoding == "quoted-printable":
        return quoted_printable(data)
    return uu_bytes(data) if encoding == "uuencode" else data


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOISE = bytes(set(range(256)) - set(_BASE64))


def base64_bytes(data: bytes) -> bytes:
    """Base64 with noise, missing or early padding, or several runs in a row."""
    padding = data.find(b"=")
    if padding < 0 or (len(data) - padding < 1_000 and not data[padding:].strip(b"=\r\n\t ")):
        try:
            return binascii.a2b_base64(data)
        except binascii.Error:
            pass  # cut off, or padded wrongly
    *runs, rest = data.translate(None, _NOISE).split(b"=", MAX_RUNS)
    return b"".join(_base64_run(run) for run in [*runs, rest.replace(b"=", b"")] if run)


def _base64_run(run: bytes) -> bytes:
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


def is_plain(data: bytes, decoded: bytes) -> bool:
    """Whether text that is declared as base64 was never encoded: its first line has blanks or signs, and decodes
    to noise."""
    first = data.lstrip()[:1_000].partition(b"\n")[0].rstrip()
    if not first.translate(None, _BASE64):
        return False
    sample = decoded[:4_096]
    noise = len(re.findall(rb"[\x00-\x08\x0e-\x1f\x7f]", sample))
    return noise > len(sample) // 30 or "\ufffd" in sample.decode("utf-8", "replace")[:1_000]


def quoted_printable(data: bytes) -> bytes:
    """Quoted-printable, with blanks behind the "=" of a soft break and stray "=" signs."""
    if re.search(rb"=[ \t=]|=\r(?!\n)", data):
        data = re.sub(rb"=[ \t]*+(?:\r\n?+|\n|\Z)", b"", data.replace(b"==", b"=3D="))
    return binascii.a2b_qp(data)


def uu_bytes(data: bytes) -> bytes:
    """The first uuencoded file of `data`, or `data` itself where there is none."""
    start = re.search(rb"(?:^|\n)begin [^\n]*\n", data)
    return (
        uu_lines(line[0] for line in re.finditer(rb"[^\r\n]+", data[start.end() :]))
        if start
        else data
    )


def uu_lines(lines: Iterable[bytes]) -> bytes:
    """What uuencoded lines hold, up to the first that is none."""
    whole = bytearray()
    for line in lines:
        if line[:1] in b"e` " and line.strip() in {b"end", b"", b"`"}:
            break
        try:
            whole += binascii.a2b_uu(line)
        except binascii.Error:
            # Known mailers pad the line wrongly: keep what its length byte promises.
            promised = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                whole += binascii.a2b_uu(line[:promised])
            except binascii.Error:
                break
    return bytes(whole)


def header_text(raw: str, hint: str = "") -> str:
    """A raw header value (8-bit as surrogates) as one readable line; `hint` is the mail's charset, as far as known."""
    encoded_words = "=?" in raw
    if (
        raw.isascii()
        and not encoded_words
        and raw.isprintable()
        and not hint.lower().endswith("utf-7")
    ):
        return raw.strip()
    data = raw.encode("utf-8", "surrogateescape")
    if (
        hint
        and not encoded_words
        and codec(hint) == "utf-7"
        and re.search(r"\+[A-Za-z0-9+/]{2,}-", raw)
    ):
        return clean(_replaced(data, "utf-7")).strip()
    text = raw
    if not raw.isascii() or "\x1b$" in raw:  # the latter begins Japanese in seven bits
        text = decode(
            data, "", hint, guess=False
        )  # too short for statistics, which take long and mislead
    unfolded = re.sub(r"\r?\n(?=[ \t])|[\r\n]+", "", text)
    return re.sub(r"[\r\n\t]+", " ", clean(words(unfolded, hint))).strip()


def words(text: str, hint: str = "") -> str:
    """Decode encoded words; neighbours in one charset are joined before decoding, as
    mailers cut them inside a character."""
    if "=?" not in text:
        return text
    out: list[str] = []
    end = 0
    pending: tuple[str, bytes] | None = None
    last = text.rfind("?=") + 2
    for count, word in enumerate(_WORD.finditer(text, 0, last)):
        if count >= MAX_WORDS:
            break
        gap = text[end : word.start()]
        charset, data = word[1].partition("*")[0].lower(), _word_bytes(word[2], word[3])
        if pending and not gap.strip() and pending[0] == charset and count:
            pending = (charset, pending[1] + data)
        else:
            out += _flush(pending, hint)
            out += [] if pending and not gap.strip() else [gap]
            pending = (charset, data)
        end = word.end()
    return "".join([*out, *_flush(pending, hint), text[end:]])


def _flush(pending: tuple[str, bytes] | None, hint: str) -> list[str]:
    return [decode(pending[1], pending[0], hint, guess=False)] if pending else []


def _word_bytes(encoding: str, body: str) -> bytes:
    data = body.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return base64_bytes(data)
    return binascii.a2b_qp(data.replace(b"_", b" ").replace(b"\r", b"").replace(b"\n", b""))
