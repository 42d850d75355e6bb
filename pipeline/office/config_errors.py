"""Errors of the configuration, each told with its place and what was expected."""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.office.messages import family, say

if TYPE_CHECKING:  # words are read without it too, in processes that live for one file
    from pydantic import ValidationError


class ConfigError(Exception):
    """The configuration cannot be used; the message says which key and what to do."""


# What pydantic found, and the name of what was expected then.
KINDS = {
    "missing": "wajib",
    "extra_forbidden": "tak_dikenal",
    "string_type": "teks",
    "path_type": "teks",
    "int_type": "bulat",
    "int_parsing": "bulat",
    "int_from_float": "bulat",
    "finite_number": "bulat",
    "int_parsing_size": "angka_besar",
    "bool_parsing": "benar_salah",
    "bool_type": "benar_salah",
    "model_type": "tabel",
    "dict_type": "tabel",
    "mapping_type": "tabel",
    "tuple_type": "daftar",
    "enum": "pilihan",
    "literal_error": "pilihan",
    "greater_than_equal": "paling_kecil",
    "less_than_equal": "paling_besar",
    "string_pattern_mismatch": "nama",
    "time_parsing": "jam",
    "time_type": "jam",
    "date_parsing": "tanggal",
    "date_type": "tanggal",
    "date_from_datetime_parsing": "tanggal",
    "date_from_datetime_inexact": "tanggal_saja",
    "too_long": "banyak",
    "too_short": "kosong",
    "string_too_short": "kosong",
    "string_too_long": "panjang",
}
BRANCH = re.compile(
    r"(function|literal|nullable|constrained)\b.*\["
)  # pydantic's name of what it tried there


def explain(path: Path, error: ValidationError) -> str:
    """Every key that is wrong, once, with what was expected there."""
    lines: dict[str, str] = {}
    for entry in error.errors():
        parts = [str(part) for part in entry["loc"] if not BRANCH.match(str(part))]
        key = ".".join(parts) or say("nilai.isi_berkas")
        lines.setdefault(key, _expected(entry["type"], entry.get("ctx") or {}))
    told = (f"  {key}: {said}" for key, said in lines.items())
    return "\n".join([say("berkas.belum_dipakai", file=path), *told])


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "value_error":
        return str(context["error"])
    limit = context.get("ge", context.get("le"))
    choices = str(context.get("expected")).replace(" or ", f" {say('nilai.atau')} ")
    return say(f"nilai.{KINDS.get(kind, 'lain')}", batas=str(limit), pilihan=choices)


def text_of(path: Path) -> str:
    """The text of a file that somebody wrote; ConfigError where it cannot be read, or is no text."""
    try:
        return path.read_text("utf-8-sig")  # some editors begin a file with a mark
    except OSError as error:
        raise ConfigError(say("berkas.tak_terbaca", file=path, sebab=reason(error))) from error
    except UnicodeDecodeError as error:
        raise ConfigError(say("berkas.bukan_utf8", file=path)) from error


def toml_of(path: Path, text: str) -> dict[str, Any]:
    """What the text of a TOML file says; ConfigError where it is none, or more than Python takes."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(explain_toml(path, text, error)) from error
    except (RecursionError, ValueError) as error:  # thousands of brackets, or of digits
        raise ConfigError(say("berkas.terlalu_dalam", file=path)) from error


def _refused(number: int) -> str:
    """What the system means by an error's number; "" for those of which people need not hear."""
    return family("sistem").get(errno.errorcode.get(number, ""), "")


def reason(error: OSError) -> str:
    """Why the system refused, as the end of a sentence that begins with what it was about."""
    return _refused(error.errno or 0) or error.strerror or str(error)


_NUMBERED = re.compile(r"\[Errno (-?\d+)\] [^:\n]*")


def in_words(said: str) -> str:
    """A library's words with what the system refused told as ours are; a number below zero is of the resolver, which
    could not find a host."""
    return _NUMBERED.sub(_refusal, said)


def _refusal(found: re.Match[str]) -> str:
    number = int(found[1])
    return (_refused(number) or found[0]) if number > 0 else say("sistem.tanpa_host")


# What tomllib says, by how it begins (it tells in English and for who writes parsers), and our name for it.
SYNTAX = (
    ("Expected ']'", "kurung_tabel"),
    ("Expected '='", "sama_dengan"),
    ("Cannot declare", "tabel_lagi"),
    ("Cannot overwrite", "kunci_atau_tabel_lagi"),
    ("Cannot mutate", "kunci_atau_tabel_lagi"),
    ("Duplicate", "kunci_lagi"),
    ("Invalid value", "nilai"),
    ("Illegal character", "huruf"),
    ("Unescaped '\\'", "garis_miring"),
    ("Unterminated string", "kutip"),
    ("Unclosed array", "kurung_daftar"),
    ("Unclosed inline table", "kurung_kurawal"),
    ("Invalid statement", "baris"),
    ("Expected newline", "sisa"),
    ("Invalid date or datetime", "tanggal"),
    ("Invalid initial character", "nama"),
)


def explain_toml(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    """A file that is no TOML: which line, what stands left of its sign, what was expected. Its values are not told."""
    said = str(error)
    known = (name for begin, name in SYNTAX if said.startswith(begin))
    cause = say(f"toml.{next(known, 'lain')}")
    found = re.search(r"line (\d+), column (\d+)", said)
    lines = text.splitlines() or [""]
    number = min(int(found[1]), len(lines)) if found else len(lines)
    place = say("berkas.baris", nomor=number)
    if found:
        place = say("berkas.baris_kolom", nomor=number, kolom=found[2])
    if key := re.match(r"\s*(\[*\s*[\w.\"-]+\s*\]*)", lines[number - 1]):
        place = say("berkas.pada", tempat=place, kunci=key[1].strip())
    return say("berkas.bukan_toml", file=path, tempat=place, sebab=cause)
