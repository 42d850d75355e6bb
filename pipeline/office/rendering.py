"""Templates and words that need the office's own settings: its Jinja environment, its units, its time.

Hides Jinja, and how it is kept compiled.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from types import CodeType
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from pipeline.office import clock, numbers
from pipeline.office.config import Instansi, Settings, Sop
from pipeline.office.messages import TEMPLATES
from pipeline.office.sop import NO_UNIT
from pipeline.office.words import choices, fold, word, wrap


def unit_names(settings: Settings, codes: str) -> str:
    """Units by their codes, joined by commas; that there is none is said so."""
    named = {NO_UNIT: word("unit.tidak_ada")} | {unit.kode: unit.nama for unit in settings.unit}
    return ", ".join(named[code] for code in codes.split(",") if code in named)


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
