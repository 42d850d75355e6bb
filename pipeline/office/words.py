"""Every label and sentence that the code needs by name, from templates/istilah.toml; and the Jinja environment.

Hides where wording lies. It is found and changed in templates/ without reading code (DESIGN rule 9).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from types import CodeType
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from pipeline.office import clock, numbers
from pipeline.office.config import TEMPLATES, Instansi, Settings, Sop
from pipeline.office.config_errors import text_of, toml_of
from pipeline.office.sop import NO_UNIT

NAMES = ("tahun", "nomor", "port", "kode", "urut", "slip", "n")  # no counts, though numbers


@cache
def _all() -> dict[str, Any]:
    file = TEMPLATES / "istilah.toml"
    return toml_of(file, text_of(file))  # offices change their words


@lru_cache(maxsize=1024)
def table(path: str) -> dict[str, Any]:
    """The table at a dotted path, e.g. "aksi.catat.laporkan"; empty if it is not there."""
    node: Any = _all()
    for part in path.split("."):
        node = node.get(part, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}


def label_of(name: str) -> str:
    """How a field is called on a page; its name where it has no label."""
    return str(table(f"kolom.{name}").get("label", name))


def word(path: str, **values: object) -> str:
    """The sentence at a dotted path with its {values} filled in; KeyError if it is not there."""
    head, _, name = path.rpartition(".")
    shown = {key: _shown(key, value) for key, value in values.items()}
    return str(table(head)[name]).format(**shown)


def _shown(name: str, value: object) -> object:
    """A count as people write it; a year or the number of something is no count."""
    is_count = type(value) is int and name not in NAMES
    return numbers.whole(value) if is_count else value  # type: ignore[arg-type]


def unit_names(settings: Settings, codes: str) -> str:
    """Units by their codes, joined by commas; that there is none is said so."""
    named = {NO_UNIT: word("unit.tidak_ada")} | {unit.kode: unit.nama for unit in settings.unit}
    return ", ".join(named[code] for code in codes.split(",") if code in named)


def listed(parts: Sequence[str]) -> str:
    """ "a", "a dan b", "a, b, dan c": EYD V."""
    if len(parts) < 3:
        return " dan ".join(parts)
    return f"{', '.join(parts[:-1])}, dan {parts[-1]}"


def choices(path: str) -> dict[str, str]:
    """A table of labels, {name: label}."""
    return {key: str(value) for key, value in table(path).items() if not isinstance(value, dict)}


def remaining_words(settings: Settings, due: datetime, now: datetime) -> tuple[str, str]:
    """How much is left until a due time, or how late it is: (words, tone). Office time below two days of it."""
    hours = settings.hours
    if now > due:
        late = clock.elapsed(due, now, hours)
        return word("waktu.terlambat", lama=clock.lama(late, days=False)), "buruk"
    last_day, today = (moment.astimezone(settings.zone).date() for moment in (due, now))
    days = (last_day - today).days
    if days >= 2:
        return word("waktu.sisa_hari", hari=days), "baik"
    begun_minutes = -(-clock.elapsed(now, due, hours) // clock.MINUTE)
    left = (
        begun_minutes * clock.MINUTE
    )  # rounded up, as what is used is rounded down: both make the limit
    return word("waktu.sisa", lama=clock.lama(left, days=False)), "hati" if days == 0 else "baik"


def fold(text: str, lines: int = 15, width: int = 90) -> str:
    """The first lines of a long text, whole words only, with "…" where something is left out."""
    kept: list[str] = []
    room = lines
    for line in text.strip().splitlines():
        need = max(1, -(-len(line) // width))
        if need > room:
            cut = line[: room * width].rsplit(" ", 1)[0] if room else ""
            return "\n".join([*kept, cut]).rstrip() + " …"
        kept.append(line)
        room -= need
    return "\n".join(kept)


def wrap(text: object, lebar: int = 72, menjorok: int = 0) -> str:
    """Each line folded between words and set in by some columns; a word that is longer than a line stays whole."""
    inset = " " * menjorok
    lines = str(text or "").splitlines()
    pieces = [piece for line in lines for piece in _folded(line, lebar - menjorok)]
    return "\n".join(inset + piece if piece else "" for piece in pieces)


def _folded(line: str, width: int) -> Iterator[str]:
    while len(line) > width:
        end = line.rfind(" ", 1, width + 1)
        end = end if end > 0 else line.find(" ", width)
        if end < 0:
            break
        yield line[:end].rstrip()
        line = line[end:].lstrip()
    yield line


def environment(settings: Settings, *, escape: bool = True) -> Environment:
    """Jinja over templates/: strict, escaped for HTML or not; times are printed in the office's zone."""
    return _environment(settings.instansi, settings.sop, escape)


class _Compiled(BytecodeCache):
    """The templates as they were compiled, for all offices: their own values come in when a template is rendered."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = {True: _Compiled(), False: _Compiled()}  # escaped for HTML or not


@lru_cache(maxsize=256)
def _environment(office: Instansi, sop: Sop, escape: bool) -> Environment:
    """Kept: compiling the templates for every mail would cost more than all the rest."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=escape,  # noqa: S701
        bytecode_cache=_COMPILED[escape],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # as istilah.toml; looking at each file for each mail would cost more than rendering
    )
    zone = ZoneInfo(office.zona)

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)

    env.filters |= {
        "waktu": lambda at: clock.waktu(at, zone),
        "tanggal": lambda at: clock.tanggal(local(at) if isinstance(at, datetime) else at),
        "tanggal_pendek": lambda at: clock.tanggal_pendek(
            local(at) if isinstance(at, datetime) else at
        ),
        "pukul": lambda at: clock.pukul(local(at)),
        "iso": lambda at: local(at).isoformat(timespec="minutes"),
        "telepon": numbers.phone,
        "lipat": fold,
        "baris": wrap,
    }
    env.globals |= {"kantor": office, "sop": sop, "istilah": word, "pilihan": choices}
    return env
