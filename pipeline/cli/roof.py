"""`aduan serve --semua` while it runs: the offices of a folder in one process, each with its own database, mailbox,
keys and host name.

Hides how they keep out of each other's way. One that cannot be opened is told by name and tried again; the others go
on. Their lanes are threads of one process, as measured (docs/design.md).
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pipeline.cli.base import Fault
from pipeline.cli.service import (
    Listen,
    OpenOffice,
    Signals,
    end,
    may_change,
    spare_the_collector,
    usable,
)
from pipeline.cli.told import said
from pipeline.data.engine import is_current, lease
from pipeline.data.places import open_office
from pipeline.data.schema import newer
from pipeline.letters.template.fields import TemplateError
from pipeline.office import roof, whose
from pipeline.office.config import Settings, load
from pipeline.office.config_errors import ConfigError
from pipeline.office.words import word
from pipeline.running.lanes import settled
from pipeline.running.service import ALIVE, READY, busy, notify, reloading, status
from pipeline.web.roof import Door, Entrance
from pipeline.work import App

log = logging.getLogger(__name__)
BEAT = 5.0  # seconds between two looks at the lanes
AGAIN = 60.0  # seconds after which an office is tried again that could not be opened
MOST = 60.0  # seconds that the opening of one office may take
Look = tuple[tuple[str, int, int], ...]


@dataclass
class _Room:
    """An open office, what it holds on to, and how its settings looked when they were read."""

    office: OpenOffice
    door: Door
    held: ExitStack
    look: Look

    @property
    def settings(self) -> Settings:
        return self.office.app.settings


class Roof:
    """The offices of one folder, from `run` until somebody asks for the end."""

    def __init__(self, folder: Path, parts: Collection[str] = ()) -> None:
        """`parts`: the groups of lanes that this process has of each office, all when none is named."""
        self._folder, self._parts = folder, parts
        self._signals = Signals()
        self._entrance = Entrance()
        self._rooms: dict[str, _Room] = {}
        self._refused: dict[str, str] = {}  # why an office could not be opened

    def run(self, listen: Listen, tell: Callable[[int | None, int], None]) -> None:
        """Serve until SIGTERM or SIGINT. `listen` opens the port; `tell` says which, and how many offices are open."""
        if not roof.offices(self._folder):
            raise Fault(word("atap.kosong", folder=self._folder))
        server = listen(self._entrance) if not self._parts or "web" in self._parts else None
        self.look_around(roof.offices(self._folder))
        if not self._rooms and not self._signals.waiting():
            raise Fault(word("atap.tidak_satu_pun", folder=self._folder))
        spare_the_collector()
        if server is not None:
            server.start()
        tell(server.port if server is not None else None, len(self._rooms))
        notify(READY, self._status())
        self._watch()
        end(self.offices.values(), server)
        for name in self.offices:
            self.close(name)

    @property
    def offices(self) -> dict[str, OpenOffice]:
        """Those that are open, by the names of their folders."""
        return {name: room.office for name, room in self._rooms.items()}

    def _watch(self) -> None:
        """Until somebody asks for the end."""
        tried = time.monotonic()
        while (asked := self._signals.next(BEAT)) in (None, signal.SIGHUP):
            if asked == signal.SIGHUP:
                notify(reloading())
                self.look_around(roof.offices(self._folder))
                notify(READY, self._status())
            elif self._refused and time.monotonic() - tried >= AGAIN:
                known = roof.offices(self._folder)
                self.look_around({name: known[name] for name in self._refused if name in known})
                tried = time.monotonic()
            self.mend()
            notify(ALIVE)

    def _status(self) -> str:
        return status(word("atap.keadaan", terbuka=len(self._rooms), tertutup=len(self._refused)))

    # -- one office after the other --------------------------------------------------------------------------

    def look_around(self, found: dict[str, Path]) -> None:
        """Open what is new, take in what has changed, close what is gone from the folder."""
        gone = {*self._rooms, *self._refused} - roof.offices(self._folder).keys()
        for name in gone:
            self.close(name)
            log.warning("%s", word("atap.ditutup", kantor=name))
        for name, config in found.items():
            if self._signals.waiting():
                return  # whoever wants the end need not wait for the rest; another SIGHUP begins anew
            whose.begin(name)
            self._take(name, config)
            whose.begin("")
            self._show()
            notify(ALIVE, busy(MOST))

    def _take(self, name: str, config: Path) -> None:
        room = self._rooms.get(name)
        try:
            look = _look(config)
            if room is not None and room.look == look:
                return
            if room is None:
                self._rooms[name] = self._opened(name, config, look)
            else:
                self._renew(room, name)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one office, the others are served
            self._refuse(name, _reason(error, config))
            return
        self._refused.pop(name, None)
        log.warning("%s", word("atap.diperbarui" if room else "atap.dibuka", kantor=name))

    def _refuse(self, name: str, why: str) -> None:
        """Tell it once; an office that is open stays so, as it was."""
        is_open = name in self._rooms
        if is_open or self._refused.get(name) != why:
            log.error(
                "%s", word("atap.tetap" if is_open else "atap.tidak_dibuka", kantor=name, sebab=why)
            )
        if not is_open:
            self._refused[name] = why

    def _others(self, name: str) -> dict[str, Settings]:
        return {other: room.settings for other, room in self._rooms.items() if other != name}

    def _usable(self, name: str, config: Path) -> Settings:
        settings = load(config)
        usable(settings)
        if both := roof.shared(settings, self._others(name)):
            raise ConfigError(both)
        return settings

    def _opened(self, name: str, config: Path, look: Look) -> _Room:
        settings = self._usable(name, config)
        with ExitStack() as held:
            engine = open_office(settings)
            held.callback(engine.dispose)
            if not is_current(engine):
                raise ConfigError(newer(engine) or word("atap.lama", berkas=config))
            if engine.dialect.name == "sqlite":
                if self._parts:
                    raise ConfigError(word("atap.lajur"))
                if not held.enter_context(lease(engine, "serve")):
                    raise ConfigError(word("atap.dipakai"))
            app = App(settings, engine)
            office = OpenOffice(config, app, self._parts, alive=_not_alone)
            office.lanes.start()
            settled(app)
            door = Door(name, office, app.clock())
            return _Room(office, door, held.pop_all(), look)

    def _renew(self, room: _Room, name: str) -> None:
        room.look = _look(room.office.config)  # refused settings are told once
        settings = self._usable(name, room.office.config)
        may_change(room.office.config, room.settings, settings, address=False)
        room.office.renew(settings, self._signals.waiting)

    def close(self, name: str) -> None:
        self._refused.pop(name, None)
        room = self._rooms.pop(name, None)
        if room is None:
            return
        self._show()
        room.office.stop(self._signals.waiting)
        room.held.close()

    def _show(self) -> None:
        """From now on visitors find these."""
        doors = {roof.host(room.settings): room.door for room in self._rooms.values()}
        self._entrance.show(doors, self._refused)

    def mend(self) -> None:
        """An office of which a lane hangs or has ended gets new ones: to start the process again, as systemd does for
        a single office, would stop all the others."""
        for name, room in self._rooms.items():
            stuck = room.office.lanes.stuck()
            if stuck:
                whose.begin(name)
                log.error("%s", word("atap.macet", kantor=name, jalur=", ".join(stuck)))
                room.office.renew(room.settings, self._signals.waiting)
                whose.begin("")


def _reason(error: Exception, config: Path) -> str:
    return str(error) if isinstance(error, TemplateError) else said(error, config).message


def _not_alone() -> None:
    """No office says for all that the process lives."""


def _look(config: Path) -> Look:
    """The settings' and the secrets' files as they lie there; they are read again when this has changed."""
    files = [config, *sorted(config.parent.glob("rahasia/*"))]
    stats = [(file, file.stat()) for file in files if file.is_file()]
    return tuple((str(file), stat.st_mtime_ns, stat.st_size) for file, stat in stats)
