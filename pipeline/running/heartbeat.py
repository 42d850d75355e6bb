"""The second channel to the IT officer: the log, a file that beats, their second address, and a command of theirs.

Hides when an alarm is due. A lane that fails is as silent here as one that hangs: what counts is when it last went
well (an expired OAuth token must not go unnoticed for ten days).
"""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.mail import smtp
from pipeline.notices import it_officer
from pipeline.notices.watching import BACK, Trouble, judge, sentence
from pipeline.office import clock
from pipeline.office.config import Settings
from pipeline.office.config_errors import ConfigError
from pipeline.office.words import word

log = logging.getLogger(__name__)
LOOK = 60.0  # seconds between two looks at what is wrong beside the lanes
MAIL_AGAIN = 300.0  # seconds
AGAIN = timedelta(hours=6)  # how often an alarm that lasts is repeated
SECONDS = 60.0  # for the command


class Heartbeat:
    """When each lane last went well. `beat()` is to be called every few seconds, from one thread.

    Ages are measured twice: by the office's clock, and by one that never goes back. `look` tells what is wrong beside
    the lanes; it is asked once a minute.
    """

    def __init__(
        self,
        settings: Settings,
        lanes: Iterable[str],
        now: Callable[[], datetime],
        look: Callable[[], list[Trouble]] = list,
    ) -> None:
        self._settings, self._now, self._look = settings, now, look
        self._well = dict.fromkeys(lanes, (now(), time.monotonic()))
        self._lock = threading.Lock()
        self._told: datetime | None = None
        self._unsent = ""  # an alarm that could not be mailed yet
        self._mail_at = 0.0  # when it may be tried again
        self._looked_at = -LOOK
        self._seen: list[Trouble] = []

    def well(self, lane: str) -> None:
        """A lane has done its work just now; one that is not watched is passed over."""
        with self._lock:
            if lane in self._well:
                self._well[lane] = (self._now(), time.monotonic())

    def restart(self) -> None:
        """The clock has been moved on purpose (the demo does): every lane counts from now."""
        with self._lock:
            self._well = dict.fromkeys(self._well, (self._now(), time.monotonic()))

    def beat(self) -> None:
        """Rewrite the file; give the alarm when it is due, and the all-clear after one."""
        state = self._state()
        if self._settings.petugas_ti.berkas_detak:
            self._write(state or word("detak.baik"))
        if state and self._is_due():
            self._told = self._now()
            self._call(state)
        elif not state and self._told is not None:
            self._told = None
            self._call(word("detak.pulih", kantor=self._settings.instansi.singkatan))
        self._mail()

    def _is_due(self) -> bool:
        return self._told is None or not timedelta() <= self._now() - self._told < AGAIN

    def _state(self) -> str:
        """What is wrong, in a sentence; empty when all is well."""
        found = [*self._late(), *self._beside()]
        if not found:
            return ""
        since = clock.waktu(
            min((one.at for one in found if one.at), default=self._now()), self._settings.zone
        )
        kantor = self._settings.instansi.singkatan
        return word("detak.alarm", kantor=kantor, waktu=since, apa=sentence(found))

    def _late(self) -> list[Trouble]:
        now, ticks = self._now(), time.monotonic()
        with self._lock:
            known = dict(self._well)
        found = []
        for lane, (at, tick) in known.items():
            age, steady = now - at, timedelta(seconds=ticks - tick)
            trouble = judge(self._settings, lane, age if age < BACK else max(age, steady), at)
            found += [trouble] if trouble else []
        return found

    def _beside(self) -> list[Trouble]:
        if time.monotonic() - self._looked_at >= LOOK:
            self._looked_at = time.monotonic()
            self._seen = self._look()
        return self._seen

    def _write(self, state: str) -> None:
        path = self._settings.path(self._settings.petugas_ti.berkas_detak)
        part = Path(f"{path}.baru")
        at = self._now().astimezone(self._settings.zone).isoformat(timespec="seconds")
        try:
            part.write_text(f"{at} {state}\n", "utf-8")
            os.replace(part, path)
        except OSError as error:
            log.warning("heartbeat file: %s", error)

    def _mail(self) -> None:
        """The alarm to the IT officer's second address; where the server takes nothing, again a little later."""
        if not self._unsent or time.monotonic() < self._mail_at:
            return
        try:
            it_officer.alarm(self._settings, self._now(), self._unsent)
            self._unsent = ""
        except (smtp.MailServerDown, smtp.Unsendable, ConfigError) as error:
            self._mail_at = time.monotonic() + MAIL_AGAIN
            log.error("alarm mail: %s", error)

    def _call(self, message: str) -> None:
        log.error("%s", message)
        self._unsent, self._mail_at = message, 0.0
        command = self._settings.petugas_ti.perintah_alarm
        if not command:
            return
        try:
            done = subprocess.run(
                [*command, message],
                timeout=SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.error("alarm command: %s", error)
            return
        if done.returncode:
            log.error(
                "alarm command ended with %d: %s",
                done.returncode,
                done.stderr[-500:].decode(errors="replace"),
            )
