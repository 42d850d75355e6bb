"""The steps as lanes: each in a thread with a schedule of its own, growing pauses for one that fails."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as time_of_day

import schedule

from pipeline.mail.mailbox import Mailbox, MailboxDown
from pipeline.notices import watching
from pipeline.notices.watching import Trouble
from pipeline.office import config, whose
from pipeline.office.config import Settings
from pipeline.running.collecting import NOT_MINE, collect
from pipeline.running.groups import WATCHER, alone
from pipeline.running.heartbeat import Heartbeat
from pipeline.running.poller import STEPS, Attempt, attempt
from pipeline.running.service import ALIVE, notify
from pipeline.work import App, Report

log = logging.getLogger(__name__)
LONGEST_PAUSE = 15 * 60  # seconds, of a server far away that may want to be left alone
LONGEST_WHILE_AWAY = (
    60  # seconds; the office's own database: to ask costs nothing, and citizens wait
)
BEAT = 5.0  # seconds


def settled(app: App) -> App:
    """The same, now that all is loaded that stays: what stands in memory is no longer looked through for garbage, which
    a batch of mail would otherwise start again and again."""
    gc.freeze()
    return app


# ---- lanes ---------------------------------------------------------------------------------------------------


def seconds_until_next(pause: float, failures: int, *, away: bool = False) -> int:
    """How long a lane waits after so many failures in a row: twice as long each time, never above 15 minutes; above
    one minute only by its own pause while the database is `away`."""
    longest = max(pause, LONGEST_WHILE_AWAY) if away else LONGEST_PAUSE
    return max(1, round(min(pause * (1 << min(failures, 20)), longest)))


def _calendar(settings: Settings, wake: Callable[..., None]) -> schedule.Scheduler:
    """What the office's day begins with, at its hour: a lane is woken then. Should the machine's clock be set, the
    lane's own pause finds it all the same."""
    planner = schedule.Scheduler()
    for hour, lane in (
        (time_of_day(0, 1), "seal"),
        (_opening(settings), "remind"),
        (_opening(settings), "reconcile"),
    ):
        at = datetime.combine(datetime.now(settings.zone).date(), hour, settings.zone).astimezone()
        planner.every().day.at(f"{at:%H:%M}").do(wake, lane)
    return planner


def _opening(settings: Settings) -> time_of_day:
    """When the office opens on an ordinary day."""
    return min(shift.start for shift in settings.hours.week.values())


class Watch:
    """One mailbox that is kept open between its polls, and that says when something comes (IDLE)."""

    def __init__(self, conf: config.MailboxConf) -> None:
        self.conf = conf
        self._box: Mailbox | None = None

    def collect(self, app: App) -> Report:
        """The lane's step: connect if need be, and collect."""
        try:
            if self._box is None:
                self._box = Mailbox(app.settings, self.conf).__enter__()
            return collect(app, self._box)
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        """True as soon as the server announces something, has gone away, or the lane is woken."""
        if self._box is None or not self._box.can_wait:
            return woken.wait(seconds)
        try:
            return self._box.wait(seconds) or woken.is_set()
        except MailboxDown:
            self.close()
            return True

    @property
    def idling(self) -> bool:
        """Whether the server has been asked to tell."""
        return self._box is not None and self._box.idling

    def close(self) -> None:
        if self._box is not None:
            self._box.__exit__(None, None, None)
            self._box = None


def tell_alive() -> None:
    """Of a process that has one office."""
    notify(ALIVE)


@dataclass
class Lanes:
    """The steps as lanes, each in a thread with a schedule of its own, until `stop()`.

    A lane that fails waits longer each time and starts afresh after a success. Each mailbox has a lane of its own,
    which its server may wake; the schedule is the safety net.
    """

    app: App
    every: dict[str, float] = field(default_factory=dict)
    only: Collection[str] | None = None  # these lanes alone; others have the rest
    alive: Callable[[], None] = tell_alive  # told every few seconds while none hangs
    watches: dict[str, Watch] = field(default_factory=dict, init=False)
    heartbeat: Heartbeat = field(init=False)
    _calendar: schedule.Scheduler = field(init=False)
    _begun: dict[str, float] = field(
        default_factory=dict, init=False
    )  # steps under way, by a clock that only goes on
    _since: float = field(default_factory=time.monotonic, init=False)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _woken: dict[str, threading.Event] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        boxes = self.app.settings.mailboxes if self._has("mail") else ()
        self.watches = {
            "mail" if order == 1 else f"mail {order}": Watch(box)
            for order, box in enumerate(boxes, 1)
        }
        steps = {name: watch.collect for name, watch in self.watches.items()} | {
            name: alone(name, step)
            for name, step in STEPS.items()
            if name != "mail" and self._has(name)
        }
        pauses = {name: float(watch.conf.every_seconds) for name, watch in self.watches.items()}
        pauses |= {
            "seal": 600.0,
            "reconcile": 600.0,
            "verify": 600.0,
            "drill": 600.0,
            "remind": 30.0,
            "scans": 5.0,
        }
        self._woken = {name: threading.Event() for name in steps}
        self.heartbeat = Heartbeat(self.app.settings, steps, self.app.clock, self._look)
        self._calendar = _calendar(self.app.settings, self.wake)
        for name, step in steps.items():
            pause = self.every.get(name, pauses.get(name, 2.0))
            thread = threading.Thread(
                target=whose.kept(self._run),
                args=(name, step, pause),
                name=f"lane-{name}",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()
        beating = threading.Thread(target=whose.kept(self._beat), name="heartbeat", daemon=True)
        self._threads.append(beating)
        beating.start()

    def _has(self, name: str) -> bool:
        return self.only is None or name in self.only

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT):
            self._calendar.run_pending()
            if self._has(WATCHER):
                self.heartbeat.beat()
            if not self.stuck():
                self.alive()

    def stuck(self) -> list[str]:
        """Lanes that hang: in one step for longer than any may be silent, or ended. One that only fails is none: to
        start the process again would not help it."""
        now, begun = time.monotonic(), dict(self._begun)
        settings = self.app.settings
        late = [
            name
            for name, at in begun.items()
            if now - at > watching.limit(settings, name).total_seconds()
        ]
        dead = [one.name for one in self._threads if not one.is_alive()]
        return late + dead

    def _look(self) -> list[Trouble]:
        engine, settings, now = self.app.engine, self.app.settings, self.app.clock()
        found = watching.look(engine, settings, now)
        if (
            self.only is None
            or time.monotonic() - self._since < 60 * settings.petugas_ti.alarm_menit
        ):
            return (
                found  # right after an outage the others' lanes are late until they have run once
            )
        return found + watching.health(engine, settings, now, None)

    def _run(self, name: str, step: Callable[[App], Report], pause: float) -> None:
        """A lane's life. Its pauses are counted by a clock that nobody can set back."""
        failures = 0
        while not self._stopped.is_set():
            tried = self._once(name, step)
            failures = failures + 1 if tried.well is None else 0
            pausing = seconds_until_next(pause, failures, away=tried.away)
            self._wait(name, time.monotonic() + pausing, failures)
        if name in self.watches:
            self.watches[name].close()

    def _once(self, name: str, step: Callable[[App], Report]) -> Attempt:
        """Run the step, and wake who has work by it."""
        self._begun[name] = time.monotonic()
        tried = attempt(self.app, name, step)
        self._begun.pop(name, None)
        if tried.well is None:
            return tried
        if NOT_MINE not in tried.well:
            self.heartbeat.well(name)
        did = any(tried.well.values())
        if did and name in ("scans", "take_in"):
            self.wake("slips")
        if did:
            self.wake("send")  # most of what happens puts mails into the outbox
        return tried

    def _wait(self, name: str, until: float, failures: int) -> None:
        """Wait for the next time or a wake. A lane that fails keeps its pause, whoever wakes it."""
        while not self._stopped.is_set() and (left := until - time.monotonic()) > 0:
            woken = self._sleep(name, min(left, 1))
            if woken:
                self._woken[name].clear()
            if woken and not failures:
                return
            if woken:
                self._stopped.wait(min(left, 1))

    def _sleep(self, name: str, seconds: float) -> bool:
        woken = self._woken[name]
        return (
            self.watches[name].wait(seconds, woken) if name in self.watches else woken.wait(seconds)
        )

    def wake(self, *names: str) -> None:
        """Run these lanes now instead of at their next time."""
        for name in names:
            if name in self._woken:  # else another process has it, and looks by itself
                self._woken[name].set()

    def ask(self) -> None:
        """Ask all lanes to end after what is under way."""
        self._stopped.set()
        for event in self._woken.values():
            event.set()

    def stop(self, timeout: float = 10) -> bool:
        """Ask all lanes to end and wait for what is under way, so many seconds for all of them; whether all ended."""
        self.ask()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)
