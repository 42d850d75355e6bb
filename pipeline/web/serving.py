"""The pages over HTTP, by waitress. Hides its threads: whatever the pages do, a monitor is answered at once; and its
sockets: only the thread that serves them may close them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import waitress
from waitress import wasyncore
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 16  # most of a page's time is spent waiting for the database
MONITORS = ("/hidup", "/sehat")
PATIENCE = 10  # seconds for what is being answered when the office stops


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress ships no types
    """Requests of monitors have a thread of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.set_thread_count(THREADS)
        self._apart = ThreadedTaskDispatcher()
        self._apart.set_thread_count(1)

    def add_task(self, task: Any) -> None:
        asked = task.requests[0].path if getattr(task, "requests", None) else ""
        if asked in MONITORS:
            self._apart.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        self._apart.shutdown(cancel_pending, 1)
        return bool(super().shutdown(cancel_pending, timeout))


class Server:
    """A site at a port, answered from `start` to `stop`. OSError where the port is taken."""

    def __init__(self, site: WSGIApplication, host: str, port: int) -> None:
        self._sockets: dict[int, Any] = {}
        self._dispatcher = _Dispatcher()
        waitress.create_server(
            site,
            host=host,
            port=port,
            map=self._sockets,
            ident="aduan",
            threads=THREADS,
            asyncore_use_poll=True,  # select() knows no socket above number 1023
            clear_untrusted_proxy_headers=False,  # `web.address` believes them of trusted proxies alone
            _dispatcher=self._dispatcher,
        )
        # A name such as localhost is two addresses, and each is listened at.
        self._listening = [one for one in self._sockets.values() if isinstance(one, BaseWSGIServer)]
        self._thread = threading.Thread(target=self._run, name="halaman", daemon=True)

    @property
    def port(self) -> int:
        return int(self._listening[0].effective_port)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        self._listening[0].run()  # one loop for all sockets of the map

    def stop(self) -> None:
        """What is being answered is finished; then the loop closes its own sockets, and ends as none is left. Another
        thread that closed them would pull them from under its poll."""
        self._dispatcher.shutdown(timeout=PATIENCE)
        self._listening[0].trigger.pull_trigger(self._close)
        self._thread.join(PATIENCE)

    def _close(self) -> None:
        wasyncore.close_all(self._sockets, ignore_all=True)
