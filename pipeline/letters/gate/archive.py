"""A zip file that nobody can trust: its bytes in, the parts in it out, bounded in time and memory.

Hides the zip format's ways to lie: sizes, names, overlaps, gaps, two directories. Only the directory is read by
`zipfile`; every entry is inflated here, never beyond what it declares. Source: PKWARE's APPNOTE 6.3.
"""

from __future__ import annotations

import io
import math
import posixpath
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

from pipeline.letters.gate.ruler import Ruler
from pipeline.office.words import word

MAX_ENTRIES = 500
MAX_DIRECTORY = 256 * 1024
MAX_UNPACKED = 40 * 2**20
MAX_XML = 10 * 2**20
# Word's own XML packs to about a tenth; only above this many bytes does the ratio say anything.
MAX_RATIO, RATIO_FROM = 100, 4 * 2**20
# Zip writers leave a descriptor of up to 24 bytes behind an entry, some align the next one.
MAX_GAP = 64
HEAD = 512  # bytes that are kept of what is no XML
STEP, SLICE = 256 * 1024, 32 * 1024  # bytes that are inflated, and that are read, at a time
# Bytes that are inflated for one file, the workbooks behind its charts included.
MAX_WORK = 2 * MAX_UNPACKED
# How much more a file may be packed than unpacked: blocks of deflate without content cost a table each.
MAX_HOLLOW = 256 * 1024

_END, _END64_LOCATOR, _END64, _LOCAL = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06", b"PK\x03\x04"
_DIRECTORY = b"PK\x01\x02"
_UNICODE_PATH = 0x7075
SYMLINK = 0o12  # the upper bits of a Unix mode


class NotALetter(Exception):
    """The file is refused; the message says why and what to do, in plain Bahasa Indonesia."""


def suspect(why: str, **values: object) -> NoReturn:
    """Refuse what a letter is not like; `why` is a reason of [gerbang.karena]."""
    raise NotALetter(word("gerbang.ditolak", sebab=word(f"gerbang.karena.{why}", **values)))


def forbid(what: str, **values: object) -> NoReturn:
    """Refuse what a letter does not need; `what` is a thing of [gerbang.apa]."""
    raise NotALetter(word("gerbang.terlarang", apa=named(what, **values)))


def named(what: str, **values: object) -> str:
    """A thing that a file may hold, in words."""
    return word(f"gerbang.apa.{what}", **values)


def no_word_file(kind: str) -> NotALetter:
    """Another kind of file, of [gerbang.bukan]."""
    return NotALetter(word(f"gerbang.bukan.{kind}", simpan=word("gerbang.simpan_sebagai")))


def broken(where: str = "") -> NotALetter:
    place = f" {word('gerbang.pada_bagian', nama=shown(where))}" if where else ""
    return NotALetter(word("gerbang.rusak", tempat=place, simpan=word("gerbang.simpan_sebagai")))


def shown(name: str) -> str:
    """A name out of the file as it may stand in a sentence."""
    return re.sub(r"[^\w./\- ]", "?", name)[-60:]


def megabytes(size: int) -> str:
    """Never less than it is: what is a little too large must not be said to be as large as it may."""
    tenths = math.ceil(size * 10 / 2**20)
    return f"{tenths / 10:.1f} MB".replace(".", ",").replace(",0 ", " ")


class Meter:
    """The work that a file has left, counted in bytes: the same file ends the same way on every machine.

    The limits on sizes bound one archive; this bounds all archives of one file together, and what takes time without
    giving bytes (blocks of deflate without content).
    """

    def __init__(self) -> None:
        self._work = self._hollow = 0

    def spend(self, consumed: int, given: int) -> None:
        """One part was read further: so many packed bytes gave so many unpacked ones, counted from its start."""
        self._hollow = max(self._hollow, consumed - given)
        if self._hollow > MAX_HOLLOW:
            suspect("rumit")

    def inflated(self, size: int) -> None:
        self._work += size
        if self._work > MAX_WORK:
            suspect("rumit")


@dataclass(frozen=True)
class PackagePart:
    """One entry of the archive. `content` is whole for XML; of anything else only the first bytes are kept."""

    name: str
    size: int
    content: bytes
    pixels: int = 0  # of a picture

    @property
    def is_xml(self) -> bool:
        return is_xml(self.name)


def is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".svg", ".vml"))


def read(data: bytes, meter: Meter, *, keep: bool = True) -> dict[str, PackagePart]:
    """Every part by its name, in the order of the directory; NotALetter if anything about the archive is odd. Without
    `keep` of XML too only the first bytes are kept."""
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            comment = archive.comment
    except (
        zipfile.BadZipFile,
        OSError,
        NotImplementedError,
        ValueError,
        OverflowError,
        UnicodeError,
        struct.error,
    ) as error:
        raise broken() from error
    if comment:
        suspect("ditempel")
    _check_sizes(entries, len(data))
    _check_names([e.orig_filename for e in entries])
    for entry in entries:
        _check_flags(entry)
    return {part.name: part for part in _unpacked(data, entries, meter, keep)}


def _check_directory(data: bytes) -> None:
    """The directory's own size is bounded before `zipfile` makes an object of each of its entries."""
    end = len(data) - 22
    if end < 0 or data[end : end + 4] != _END:
        if data.rfind(_END, max(0, len(data) - 65_557)) >= 0:
            suspect("ditempel")
        raise broken()
    count, size = struct.unpack("<HI", data[end + 10 : end + 16])
    locator = end - 20
    if locator >= 56 and data[locator : locator + 4] == _END64_LOCATOR:
        record = data[locator - 56 : locator]
        if record[:4] != _END64:
            raise broken()
        count, size = struct.unpack("<QQ", record[32:48])
    if count > MAX_ENTRIES or size > MAX_DIRECTORY:
        suspect("banyak_bagian", jumlah=str(count))


def _check_sizes(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_ENTRIES:
        suspect("banyak_bagian", jumlah=str(len(entries)))
    total = sum(e.file_size for e in entries)
    xml = sum(e.file_size for e in entries if is_xml(e.filename))
    if total > MAX_UNPACKED or xml > MAX_XML:
        suspect("mengembang", ukuran=megabytes(total))
    if total > RATIO_FROM and total > MAX_RATIO * size:
        suspect("mengembang_tidak_wajar")
    if sum(max(0, e.compress_size - e.file_size) for e in entries) > MAX_HOLLOW:
        suspect("rumit")


def _check_names(names: list[str]) -> None:
    if len({_plain(name) for name in names}) != len(names):
        suspect("nama_sama")
    for name in names:
        plain = unquote(name)
        odd = re.search("[\\\\:\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", plain)
        if not plain or plain.startswith("/") or ".." in plain.split("/") or odd:
            suspect("nama_tidak_wajar")


def _plain(name: str) -> str:
    """A name as the most lenient reader would take it."""
    lenient = unicodedata.normalize("NFKC", unquote(name)).casefold().replace("\\", "/")
    return posixpath.normpath(lenient).rstrip(" .")


def _check_flags(entry: zipfile.ZipInfo) -> None:
    if entry.external_attr >> 28 == SYMLINK or (entry.is_dir() and entry.file_size):
        suspect("jenis_tidak_wajar")
    if entry.flag_bits & 0x2041:  # encrypted, strongly encrypted, with a masked directory
        raise no_word_file("dikunci")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        suspect("mampatan")
    extra = entry.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == _UNICODE_PATH and extra[9 : 4 + length] != entry.orig_filename.encode("utf-8"):
            suspect("dua_nama")
        extra = extra[4 + length :]


def _unpacked(
    data: bytes, entries: list[zipfile.ZipInfo], meter: Meter, keep: bool
) -> Iterator[PackagePart]:
    """Entries must lie one behind the other from the first byte on: nothing shared, nothing hidden between."""
    places = {}
    reached = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        start = _content_start(data, entry)
        if not 0 <= entry.header_offset - reached <= MAX_GAP or (
            reached == 0 and entry.header_offset
        ):
            suspect("ditempel")
        places[entry.filename] = start
        reached = start + entry.compress_size
    if data.find(_DIRECTORY, reached, reached + MAX_GAP + 4) < 0:
        suspect("ditempel")
    for entry in entries:
        start = places[entry.filename]
        ruler = Ruler()
        content = _inflate(data[start : start + entry.compress_size], entry, meter, keep, ruler)
        yield PackagePart(entry.filename, entry.file_size, content, ruler.pixels)


def _content_start(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Behind the entry's local header, which has to say the same as the directory."""
    head = data[entry.header_offset : entry.header_offset + 30]
    if len(head) < 30 or head[:4] != _LOCAL:
        raise broken()
    flags, method, _time, _day, crc, packed, size, name, extra = struct.unpack(
        "<HHHHIIIHH", head[6:30]
    )
    name_start = entry.header_offset + 30
    start: int = name_start + name + extra
    charset = "utf-8" if entry.flag_bits & 0x800 else "cp437"
    same_name = data[name_start : name_start + name] == entry.orig_filename.encode(
        charset, "replace"
    )
    said_elsewhere = flags & 0x8 or 0xFFFFFFFF in (
        packed,
        size,
    )  # behind the content, or in the ZIP64 field
    same_sizes = said_elsewhere or (crc, packed, size) == (
        entry.CRC,
        entry.compress_size,
        entry.file_size,
    )
    encrypted = flags & 0x2041
    if encrypted or not same_name or not same_sizes or method != entry.compress_type:
        suspect("daftar_isi")
    if start + entry.compress_size > len(data):
        raise broken(entry.filename)
    return start


def _inflate(
    packed: bytes, entry: zipfile.ZipInfo, meter: Meter, keep: bool, ruler: Ruler
) -> bytes:
    """The content, at most as long as declared, with its checksum; the first bytes only of what is not XML."""
    kept: list[bytes] = []
    length = crc = 0
    whole = keep and is_xml(entry.filename)
    try:
        for consumed, piece in _pieces(packed, entry.compress_type == zipfile.ZIP_DEFLATED):
            meter.inflated(len(piece))
            meter.spend(consumed, length + len(piece))
            crc = zlib.crc32(piece, crc)
            length += len(piece)
            if length > entry.file_size:
                break
            if not whole:
                ruler.feed(piece)
            if whole or length - len(piece) < HEAD:  # a first piece may be empty
                kept.append(piece if whole else piece[:HEAD])
    except zlib.error as error:
        raise broken(entry.filename) from error
    if length != entry.file_size:
        suspect("ukuran", nama=shown(entry.filename))
    if crc != entry.CRC:
        raise broken(entry.filename)
    return b"".join(kept)


def _pieces(packed: bytes, deflated: bool) -> Iterator[tuple[int, bytes]]:
    """(how many packed bytes were taken so far, the next unpacked ones)."""
    if not deflated:
        yield from ((at, packed[at : at + STEP]) for at in range(0, len(packed), STEP))
        return
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, len(packed), SLICE):
        rest = packed[at : at + SLICE]
        while rest and not engine.eof:
            piece = engine.decompress(rest, STEP)
            rest = engine.unconsumed_tail
            yield at + SLICE - len(rest), piece
        if engine.eof:
            if rest or engine.unused_data or at + SLICE < len(packed):
                raise zlib.error("data behind the end")
            return
    while piece := engine.decompress(engine.unconsumed_tail, STEP):
        yield len(packed), piece
    if not engine.eof:
        raise zlib.error("no end")
