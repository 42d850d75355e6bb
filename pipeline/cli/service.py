"""`aduan serve` while it runs: lanes and pages, SIGHUP for new settings, SIGTERM for the end.

Hides what can change while the office is open: all of config.toml and the secrets, save where the pages listen and
which database it is. New settings are checked as at the start; refused ones change nothing and are told.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.letters.template.fields import TemplateError
from pipeline.office import logs
from pipeline.office.config import Settings, load
from pipeline.office.config_errors import ConfigError
from pipeline.office.keys import KeyFileError
from pipeline.office.words import word
from pipeline.running import groups, health
from pipeline.running.lanes import Lanes
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


class Service:
    """One running office: from `begin` until somebody asks it to end."""

    def __init__(self, config: Path, app: App, parts: Collection[str] = ()) -> None:
        """`parts`: the groups of lanes that this process has, all when none is named."""
        self._config, self._app, self._parts = config, app, parts
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda got, _frame: self._signals.put(got))
        self._lanes = self._lanes_of(app)
        self._site = self._made(app)

    def _lanes_of(self, app: App) -> Lanes:
        return Lanes(app, only=groups.lanes_of(self._parts))

    def _made(self, app: App) -> WSGIApplication:
        return create_app(
            app.settings, app.engine, app.clock, lambda *names: self._lanes.wake(*names)
        )

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """The pages as they are now."""
        return self._site(environ, start)

    def stopped(self, seconds: float) -> bool:
        """Whether somebody asks it to end within so many seconds, before it has begun."""
        try:
            return self._signals.get(timeout=seconds) != signal.SIGHUP
        except queue.Empty:
            return False

    def run(self, listen: Listen, tell: Callable[[int | None], None]) -> None:
        """Serve until SIGTERM or SIGINT. `listen` opens the port; `tell` says which is open, None without pages."""
        server = listen(self) if not self._parts or "web" in self._parts else None
        self._lanes.start()
        if server is not None:
            server.start()
        tell(server.port if server is not None else None)
        notify(READY)
        while self._signals.get() == signal.SIGHUP:
            self._reload()
        self._end(server)

    def _reload(self) -> None:
        notify(reloading())
        try:
            settings = load(self._config)
            self._may_change(settings)
            usable(settings)
            app = App(settings, self._app.engine, self._app.clock)
            lanes, site = self._lanes_of(app), self._made(app)
        except Exception as error:  # noqa: BLE001 - the office stays open as it is, whatever is wrong with the new one
            why = str(error) if isinstance(error, ConfigError | TemplateError) else logs.what(error)
            log.error("%s", word("jalan.ditolak", sebab=why))
            notify(READY, status(word("jalan.ditolak", sebab=why)))
            return
        logs.begin(settings.log.bentuk, settings.log.tingkat)
        self._wait_for_lanes()
        self._app, self._lanes, self._site = app, lanes, site
        lanes.start()
        log.warning("%s", word("jalan.dimuat"))
        notify(READY, status(word("jalan.dimuat")))

    def _wait_for_lanes(self) -> None:
        """Until they have ended, or somebody asks for something else: who wants the end waits for it but once. One that
        is busy for longer ends by itself: its work is leased, nobody takes it up."""
        until = time.monotonic() + END
        while not self._lanes.stop(0.2) and self._signals.empty() and time.monotonic() < until:
            pass

    def _may_change(self, settings: Settings) -> None:
        now, then = self._app.settings, settings
        fixed = {
            "database.url": (now.database.url, then.database.url),
            "web.host": (now.web.host, then.web.host),
            "web.port": (now.web.port, then.web.port),
        }
        changed = [key for key, (old, new) in fixed.items() if old != new]
        if changed:
            raise ConfigError(word("jalan.tetap", berkas=self._config, kunci=", ".join(changed)))

    def _end(self, server: Server | None) -> None:
        """What is under way is finished, for as long as one may wait; all of it can be done again."""
        notify(STOPPING)
        until = time.monotonic() + END
        self._lanes.ask()
        if server is not None:
            server.stop()
        if not self._lanes.stop(max(until - time.monotonic(), 1.0)):
            logging.shutdown()
            sys.stdout.flush()
            os._exit(
                0
            )  # a thread that waits for a dead server would hold or disturb the end of the interpreter
