"""The second channel to the IT officer: a file that beats, and a command of theirs, when mail itself does not work.

Hides when an alarm is due. A lane that fails is as silent here as one that hangs: what counts is when it last went
well (an expired OAuth token must not go unnoticed for ten days).
"""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import clock
from pipeline.config import Settings
from pipeline.words import word

log = logging.getLogger(__name__)
AGAIN = timedelta(hours=6)  # how often an alarm that lasts is repeated
SECONDS = 60.0  # for the command


class Heartbeat:
    """When each watched lane last went well. `beat()` is to be called every few seconds, from one thread."""

    def __init__(self, settings: Settings, lanes: Iterable[str], now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now
        self._well = dict.fromkeys(lanes, now())
        self._lock = threading.Lock()
        self._told: datetime | None = None

    def well(self, lane: str) -> None:
        """A lane has done its work just now; one that is not watched is passed over."""
        with self._lock:
            if lane in self._well:
                self._well[lane] = self._now()

    def beat(self) -> None:
        """Rewrite the file; give the alarm when it is due, and the all-clear after one."""
        state = self._state()
        if self._settings.petugas_ti.berkas_detak:
            self._write(state or word("detak.baik"))
        if state and (self._told is None or self._now() - self._told >= AGAIN):
            self._told = self._now()
            self._call(state)
        elif not state and self._told is not None:
            self._told = None
            self._call(word("detak.pulih", kantor=self._settings.instansi.singkatan))

    def _state(self) -> str:
        """What is wrong, in a sentence; empty when all is well."""
        pause = max(box.every_seconds for box in self._settings.mailboxes)
        limit = timedelta(minutes=self._settings.petugas_ti.alarm_menit, seconds=pause)
        with self._lock:
            silent = {lane: at for lane, at in self._well.items() if self._now() - at > limit}
        if not silent:
            return ""
        faults = dict.fromkeys(word(f"detak.{lane.split()[0]}") for lane in silent)
        since = clock.waktu(min(silent.values()), self._settings.zone)
        kantor = self._settings.instansi.singkatan
        return word("detak.alarm", kantor=kantor, waktu=since, apa=f" {word('detak.dan')} ".join(faults))

    def _write(self, state: str) -> None:
        path = self._settings.path(self._settings.petugas_ti.berkas_detak)
        part = Path(f"{path}.baru")
        at = self._now().astimezone(self._settings.zone).isoformat(timespec="seconds")
        try:
            part.write_text(f"{at} {state}\n", "utf-8")
            os.replace(part, path)
        except OSError as error:
            log.warning("heartbeat file: %s", error)

    def _call(self, message: str) -> None:
        log.warning("%s", message)
        command = self._settings.petugas_ti.perintah_alarm
        if not command:
            return
        try:
            done = subprocess.run(
                [*command, message], timeout=SECONDS, check=False, stdin=subprocess.DEVNULL, capture_output=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.error("alarm command: %s", error)
            return
        if done.returncode:
            log.error("alarm command ended with %d: %s", done.returncode, done.stderr[-500:].decode(errors="replace"))
