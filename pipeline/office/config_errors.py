"""Errors of the configuration, each told with its place and what was expected."""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # words are read without it too, in processes that live for one file
    from pydantic import ValidationError


class ConfigError(Exception):
    """The configuration cannot be used; the message says which key and what to do."""


KINDS = {
    "missing": "wajib diisi",
    "extra_forbidden": "kunci ini tidak dikenal; periksa ejaannya",
    "string_type": "harus berupa teks dalam tanda kutip",
    "int_type": "harus berupa angka bulat",
    "int_parsing": "harus berupa angka bulat",
    "int_from_float": "harus berupa angka bulat",
    "bool_parsing": "harus true atau false",
    "model_type": "harus berupa tabel, [nama]",
    "dict_type": "harus berupa tabel, [nama]",
    "mapping_type": "harus berupa tabel, [nama]",
    "path_type": "harus berupa teks dalam tanda kutip",
    "bool_type": "harus true atau false",
    "tuple_type": "harus berupa daftar dalam kurung siku",
    "enum": "harus salah satu dari {expected}",
    "literal_error": "harus salah satu dari {expected}",
    "greater_than_equal": "paling kecil {ge}",
    "less_than_equal": "paling besar {le}",
    "string_pattern_mismatch": "hanya huruf kecil, angka, - dan _",
    "time_parsing": "harus berupa jam, contoh: 07:30:00",
    "time_type": "harus berupa jam, contoh: 07:30:00",
    "date_parsing": "harus berupa tanggal, contoh: 2026-06-20",
    "date_type": "harus berupa tanggal, contoh: 2026-06-20",
    "date_from_datetime_parsing": "harus berupa tanggal, contoh: 2026-06-20",
    "date_from_datetime_inexact": "harus berupa tanggal tanpa jam, contoh: 2026-06-20",
    "too_long": "terlalu banyak isinya",
    "too_short": "tidak boleh kosong",
    "string_too_short": "tidak boleh kosong",
    "string_too_long": "terlalu panjang",
    "int_parsing_size": "angkanya terlalu besar",
    "finite_number": "harus berupa angka bulat",
}
UNKNOWN = "tidak dapat dipakai; bandingkan dengan contohnya di panduan"
BRANCH = re.compile(
    r"(function|literal|nullable|constrained)\b.*\["
)  # pydantic's name of what it tried there


def explain(path: Path, error: ValidationError) -> str:
    """Every key that is wrong, once, with what was expected there."""
    lines: dict[str, str] = {}
    for entry in error.errors():
        parts = [str(part) for part in entry["loc"] if not BRANCH.match(str(part))]
        lines.setdefault(
            ".".join(parts) or "isi berkas", _expected(entry["type"], entry.get("ctx") or {})
        )
    return "\n".join(
        [f"{path} belum dapat dipakai:", *(f"  {key}: {said}" for key, said in lines.items())]
    )


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "value_error":
        return str(context["error"])
    words = {name: str(value).replace(" or ", " atau ") for name, value in context.items()}
    return KINDS.get(kind, UNKNOWN).format(**words)


def text_of(path: Path) -> str:
    """The text of a file that somebody wrote; ConfigError where it cannot be read, or is no text."""
    try:
        return path.read_text("utf-8-sig")  # some editors begin a file with a mark
    except OSError as error:
        raise ConfigError(f"{path} tidak dapat dibaca: {reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} harus disimpan sebagai UTF-8.") from error


def toml_of(path: Path, text: str) -> dict[str, Any]:
    """What the text of a TOML file says; ConfigError where it is none, or more than Python takes."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(explain_toml(path, text, error)) from error
    except (RecursionError, ValueError) as error:  # thousands of brackets, or of digits
        raise ConfigError(
            f"{path} tidak dapat dibaca: kurungnya terlalu dalam, atau angkanya terlalu panjang."
        ) from error


REASONS = {
    errno.ENOENT: "tidak ada",
    errno.EACCES: "tidak boleh dibuka oleh pengguna ini; periksa pemilik dan izinnya",
    errno.EPERM: "tidak boleh diubah oleh pengguna ini; periksa pemilik dan izinnya",
    errno.EISDIR: "adalah folder, seharusnya berkas",
    errno.ENOTDIR: "tidak mungkin ada: salah satu bagian jalurnya adalah berkas, bukan folder",
    errno.EEXIST: "sudah ada",
    errno.ENOSPC: "tidak dapat ditulis: disk penuh",
    errno.EFBIG: "tidak dapat ditulis: lebih besar daripada yang boleh di disk ini",
    errno.EDQUOT: "tidak dapat ditulis: kuota disk habis",
    errno.EROFS: "tidak dapat ditulis: disk hanya dapat dibaca",
    errno.ENAMETOOLONG: "namanya terlalu panjang",
    errno.ELOOP: "adalah tautan yang berputar",
    errno.EMFILE: "tidak dapat dibuka: terlalu banyak berkas yang terbuka",
    errno.EIO: "tidak dapat dibaca: disk bermasalah",
    errno.EADDRINUSE: "sedang dipakai program lain",
    errno.EADDRNOTAVAIL: "bukan alamat mesin ini",
    errno.ECONNREFUSED: "menolak sambungan; apakah programnya jalan?",
    errno.ENETUNREACH: "tidak terjangkau dari mesin ini",
    errno.ETIMEDOUT: "tidak menjawab",
}


def reason(error: OSError) -> str:
    """Why the system refused, as the end of a sentence that begins with what it was about."""
    return REASONS.get(error.errno or 0) or error.strerror or str(error)


_NUMBERED = re.compile(r"\[Errno (-?\d+)\] [^:\n]*")


def in_words(said: str) -> str:
    """A library's words with what the system refused told as ours are; a number below zero is of the resolver, which
    could not find a host."""
    return _NUMBERED.sub(_refusal, said)


def _refusal(found: re.Match[str]) -> str:
    number = int(found[1])
    return REASONS.get(number, found[0]) if number > 0 else "nama host tidak ditemukan (DNS)"


# What tomllib says, by how it begins; it tells in English and for who writes parsers.
SYNTAX = (
    ("Expected ']'", "kurung siku penutup ] kurang pada nama tabel"),
    ("Expected '='", "tanda = kurang sesudah nama kunci"),
    ("Cannot declare", "tabel itu sudah ditulis di atas; satukan keduanya"),
    ("Cannot overwrite", "kunci atau tabel itu sudah ditulis di atas; hapus salah satunya"),
    ("Cannot mutate", "kunci atau tabel itu sudah ditulis di atas; hapus salah satunya"),
    ("Duplicate", "kunci itu ditulis dua kali"),
    (
        "Invalid value",
        "nilainya tidak dikenal; teks ditulis dalam tanda kutip, true dan false dengan huruf kecil",
    ),
    ("Illegal character", "ada huruf yang tidak boleh di sini; periksa tanda kutip penutup"),
    ("Unescaped '\\'", "garis miring terbalik \\ ditulis dua kali, atau pakai tanda kutip tunggal"),
    ("Unterminated string", "tanda kutip penutup kurang"),
    ("Unclosed array", "kurung siku penutup ] kurang pada daftar, atau koma di antara isinya"),
    ("Unclosed inline table", "kurung kurawal penutup } kurang"),
    ("Invalid statement", "baris ini bukan [tabel] dan bukan kunci = nilai"),
    ("Expected newline", "ada sisa sesudah nilai; satu kunci satu baris, catatan diawali #"),
    ("Invalid date or datetime", "tanggal atau jamnya tidak ada"),
    ("Invalid initial character", "nama kunci kurang atau memuat tanda yang tidak boleh"),
)


def explain_toml(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    """A file that is no TOML: which line, what stands left of its sign, what was expected. Its values are not told."""
    said = str(error)
    known = (words for begin, words in SYNTAX if said.startswith(begin))
    what = next(known, "periksa tanda kutip, kurung, dan tanda = di dekatnya")
    place = re.search(r"line (\d+), column (\d+)", said)
    lines = text.splitlines() or [""]
    number = min(int(place[1]), len(lines)) if place else len(lines)
    name = re.match(r"\s*(\[*\s*[\w.\"-]+\s*\]*)", lines[number - 1])
    key = f", pada {name[1].strip()}" if name else ""
    column = f" kolom {place[2]}" if place else ""
    return f"{path} bukan TOML yang benar, baris {number}{column}{key}: {what}."
