"""`aduan serve` while it runs: lanes and pages, SIGHUP for new settings, SIGTERM for the end.

Hides what can change while the office is open: all of config.toml and the secrets, save where the pages listen and
which database it is. New settings are checked as at the start; refused ones change nothing and are told.
"""

from __future__ import annotations

import gc
import logging
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data.places import attach, places_of_office
from pipeline.letters.template.fields import TemplateError
from pipeline.office import logs
from pipeline.office.config import Settings, load
from pipeline.office.config_errors import ConfigError
from pipeline.office.keys import KeyFileError
from pipeline.office.words import word
from pipeline.running import groups, health
from pipeline.running.lanes import Lanes, tell_alive
from pipeline.running.service import READY, STOPPING, notify, reloading, status
from pipeline.web.app import create_app
from pipeline.web.serving import Server
from pipeline.work import App

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
END = 20.0  # seconds for all that is under way; systemd and people wait for half a minute
Listen = Callable[["WSGIApplication"], Server]


def usable(settings: Settings) -> None:
    """ConfigError or TemplateError where the office could not work with these."""
    try:
        settings.keys  # noqa: B018 - read now, so that a missing key is told before any work
    except KeyFileError as error:
        raise ConfigError(str(error)) from error
    health.letter_template(settings)


class OpenOffice:
    """One office that is open: its lanes and its pages, and how both go over to new settings."""

    def __init__(
        self,
        config: Path,
        app: App,
        parts: Collection[str] = (),
        alive: Callable[[], None] = tell_alive,
    ) -> None:
        """`parts`: the groups of lanes that this process has, all when none is named. `alive` is called while no lane
        hangs."""
        self.config, self.app, self._parts, self._alive = config, app, parts, alive
        self.lanes = self._lanes_of(app)
        self._site = self._made(app)

    def _lanes_of(self, app: App) -> Lanes:
        return Lanes(app, only=groups.lanes_of(self._parts), alive=self._alive)

    def _made(self, app: App) -> WSGIApplication:
        return create_app(
            app.settings, app.engine, app.clock, lambda *names: self.lanes.wake(*names)
        )

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """The pages as they are now."""
        return self._site(environ, start)

    def renew(self, settings: Settings, hurried: Callable[[], bool]) -> None:
        """Go on with these. Whatever cannot be made with them is raised before anything has changed."""
        app = App(settings, self.app.engine, self.app.clock)
        lanes, site = self._lanes_of(app), self._made(app)
        places = places_of_office(settings)
        self.stop(hurried)
        attach(app.engine, places)
        self.app, self.lanes, self._site = app, lanes, site
        lanes.start()

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Wait until the lanes have ended, or somebody asks for something else: who wants the end waits for it but
        once. One that is busy for longer ends by itself: its work is leased, nobody takes it up."""
        until = time.monotonic() + END
        while not self.lanes.stop(0.2) and not hurried() and time.monotonic() < until:
            pass


def may_change(config: Path, now: Settings, then: Settings, *, address: bool = True) -> None:
    """ConfigError where something has changed that an open office keeps; `address`: it listens at one of its own."""
    fixed = {"database.url": (now.database.url, then.database.url)}
    if address:
        fixed["web.host"] = (now.web.host, then.web.host)
        fixed["web.port"] = (str(now.web.port), str(then.web.port))
    changed = [key for key, (old, new) in fixed.items() if old != new]
    if changed:
        raise ConfigError(word("jalan.tetap", berkas=config, kunci=", ".join(changed)))


def why(error: Exception) -> str:
    """Why settings were not taken, for the log."""
    return str(error) if isinstance(error, ConfigError | TemplateError) else logs.what(error)


class Signals:
    """What the process is asked for: SIGHUP for new settings, SIGTERM or SIGINT for the end."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda got, _frame: self._asked.put(got))

    def next(self, seconds: float | None = None) -> int | None:
        """The next one; None where none comes within so many seconds."""
        try:
            return self._asked.get(timeout=seconds)
        except queue.Empty:
            return None

    def waiting(self) -> bool:
        return not self._asked.empty()

    def stopped(self, seconds: float) -> bool:
        """Whether somebody asks for the end within so many seconds, before all has begun."""
        return self.next(seconds) not in (None, signal.SIGHUP)


def spare_the_collector() -> None:
    """What is loaded by now stays until the end: Python's collector need not look through it again and again, each time
    for 100 ms in the middle of somebody's page (170,000 objects)."""
    gc.collect()
    gc.freeze()


def end(offices: Collection[OpenOffice], server: Server | None) -> None:
    """What is under way is finished, for as long as one may wait; all of it can be done again."""
    notify(STOPPING)
    until = time.monotonic() + END
    for one in offices:
        one.lanes.ask()
    if server is not None:
        server.stop()
    ended = [one.lanes.stop(max(until - time.monotonic(), 1.0 / len(offices))) for one in offices]
    if not all(ended):
        logging.shutdown()
        sys.stdout.flush()
        # A thread that waits for a dead server would hold or disturb the end of the interpreter.
        os._exit(0)


class Service:
    """One running office: from `begin` until somebody asks it to end."""

    def __init__(self, config: Path, app: App, parts: Collection[str] = ()) -> None:
        self._signals = Signals()
        self._office = OpenOffice(config, app, parts)
        self._has_pages = not parts or "web" in parts

    def stopped(self, seconds: float) -> bool:
        """Whether somebody asks it to end within so many seconds, before it has begun."""
        return self._signals.stopped(seconds)

    def run(self, listen: Listen, tell: Callable[[int | None], None]) -> None:
        """Serve until SIGTERM or SIGINT. `listen` opens the port; `tell` says which is open, None without pages."""
        server = listen(self._office) if self._has_pages else None
        spare_the_collector()
        self._office.lanes.start()
        if server is not None:
            server.start()
        tell(server.port if server is not None else None)
        notify(READY)
        while self._signals.next() == signal.SIGHUP:
            self._reload()
        end([self._office], server)

    def _reload(self) -> None:
        notify(reloading())
        office = self._office
        try:
            settings = load(office.config)
            may_change(office.config, office.app.settings, settings)
            usable(settings)
            office.renew(settings, self._signals.waiting)
        except Exception as error:  # noqa: BLE001 - the office stays open as it is, whatever is wrong with the new one
            log.error("%s", word("jalan.ditolak", sebab=why(error)))
            notify(READY, status(word("jalan.ditolak", sebab=why(error))))
            return
        logs.begin(settings.log.bentuk, settings.log.tingkat)
        log.warning("%s", word("jalan.dimuat"))
        notify(READY, status(word("jalan.dimuat")))
