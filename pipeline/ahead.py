"""Mails read ahead, in a process beside this one, while those before them are settled: for a mailbox with a backlog.

Hides the process. `python -m pipeline.ahead` is its other end: it gets the settings and then batches of mails, and
gives each batch back as `intake.Read`s; all are pickled, between two processes of ours.
"""

from __future__ import annotations

import logging
import pickle
import select
import subprocess
import sys
from typing import Any

from pipeline import intake
from pipeline.config import Settings
from pipeline.intake import Read

log = logging.getLogger(__name__)
BACKLOG = 200  # fewer mails are not worth the start of a process


class Reader:
    """A context manager. With fewer than BACKLOG mails to come it does nothing, and neither when its process fails:
    whoever settles a batch without a reading reads it there and then."""

    def __init__(self, settings: Settings, mails: int) -> None:
        self._settings, self._mails = settings, mails
        self.process: subprocess.Popen[bytes] | None = None
        self._ready, self._busy = False, False

    def __enter__(self) -> Reader:
        if self._mails >= BACKLOG:
            command = [sys.executable, "-m", "pipeline.ahead"]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._say(self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def begin(self, raws: dict[int, bytes]) -> None:
        """Let these be read, {item id: bytes}; the reading before must have been taken."""
        if self.process is None or self.process.stdout is None:
            return
        if not self._ready and select.select([self.process.stdout], [], [], 0)[0]:
            self._ready = self._hear() == "ready"
        if self._ready:
            self._say(raws)
            self._busy = self.process is not None

    def take(self) -> dict[int, Read]:
        """What was begun last; nothing if nothing was begun, or if it failed."""
        if not self._busy:
            return {}
        self._busy = False
        found = self._hear()
        return found if isinstance(found, dict) else {}

    def _say(self, value: object) -> None:
        try:
            assert self.process is not None
            assert self.process.stdin is not None
            pickle.dump(value, self.process.stdin)
            self.process.stdin.flush()
        except OSError as error:
            self._failed(error)

    def _hear(self) -> Any:
        try:
            assert self.process is not None
            assert self.process.stdout is not None
            return pickle.load(self.process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self._failed(error)
            return None

    def _failed(self, error: Exception) -> None:
        log.warning("the reader beside has ended: %s", type(error).__name__)
        self._end()

    def _end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
            self._ready, self._busy = False, False


def main() -> None:
    settings = pickle.load(sys.stdin.buffer)
    answer: object = "ready"
    while True:
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        try:
            raws = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        answer = {item_id: found for item_id, raw in raws.items() if (found := _read(settings, raw)) is not None}


def _read(settings: Settings, raw: bytes) -> Read | None:
    try:
        return intake.read_mail(settings, raw)
    except Exception:  # it is read again, alone, where the reason is kept with the item
        return None


if __name__ == "__main__":
    main()
