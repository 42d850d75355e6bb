"""The product on one page: collect mail, collect scans, take in what is new, do slow work, remind, send.

Each step reads rows that the one before it committed, so each can be killed at any point and run again. `tick` runs
all once; `Lanes` runs each on its own schedule, with growing pauses for a lane that fails while the others go on.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import schedule
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipeline import cases, config, db, files, intake, jobs, ledger, links, notices, reconcile, stacks, store
from pipeline.cases import Work
from pipeline.config import Settings
from pipeline.db import Complaint, Document, Lane, Meeting, reading, writing
from pipeline.heartbeat import Heartbeat
from pipeline.ledger import Arrival
from pipeline.letters.fields import TemplateError
from pipeline.letters.mark import new_code
from pipeline.letters.returned import NotALetter, inspect
from pipeline.letters.series import ANSWER, COVERING, LETTERS
from pipeline.mail import outbox
from pipeline.mail.mailbox import Fetched, Mailbox, MailboxDown
from pipeline.sop import Decision

log = logging.getLogger(__name__)
LONGEST_PAUSE = 15 * 60  # seconds
BEAT = 5.0  # seconds
PATIENCE = 30.0  # seconds to wait for another poller
NOT_MINE = "poller_lain"  # in a report: another poller had the mail for longer than that, so nothing was polled
NOTED_EVERY = timedelta(minutes=1)
PAGE_WIDTH, PAGES = 1000, 6  # pictures of a letter's pages: pixels across, how many


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class App:
    """What every step needs: settings, database, the time."""

    settings: Settings
    engine: Engine
    clock: Callable[[], datetime] = utc_now


Report = dict[str, int]


def settled(app: App) -> App:
    """The same, now that all is loaded that stays: what stands in memory is no longer looked through for garbage, which
    a batch of mail would otherwise start again and again."""
    gc.freeze()
    return app


def tick(app: App) -> Report:
    """Everything once, top to bottom; what it did, in numbers. A step that fails does not stop the next."""
    done: Report = {}
    for name, step in STEPS.items():
        result = guarded(app, name, step)
        done |= {f"gagal_{name}": 1} if result is None else result
    return done


def guarded(app: App, name: str, step: Callable[[App], Report]) -> Report | None:
    """Run one step; its state is kept for `aduan check`. None if it failed. Never raises, so that a lane lives on."""
    done: Report | None = None
    problem = ""
    try:
        done = step(app)
    except Exception as error:  # a dead server or a full disk must not end the other lanes
        problem = f"{type(error).__name__}: {error}"
        log.warning("%s: %s", name, problem)
    try:
        if done is None or NOT_MINE not in done:
            _note(app, name, problem)
    except (SQLAlchemyError, OSError) as error:  # the database itself is away
        log.warning("%s: %s: %s", name, type(error).__name__, error)
        return None
    return done


def _note(app: App, name: str, error: str) -> None:
    """Keep how a lane fares; a lane that goes on well is written down once a minute only."""
    with reading(app.engine) as session:
        known = session.get(Lane, name)
        if not error and known and not known.failures and known.ok_at and utc_now() - known.ok_at < NOTED_EVERY:
            return
    with writing(app.engine) as session:
        lane = session.get(Lane, name) or Lane(name=name, failures=0, error="")
        session.add(lane)
        if error:
            lane.failures, lane.failed_at, lane.error = lane.failures + 1, utc_now(), error[:500]
        else:
            lane.failures, lane.ok_at = 0, utc_now()


# ---- the steps -----------------------------------------------------------------------------------------------


def mail(app: App) -> Report:
    """Every mailbox once; one that is down does not stop the others."""
    done: Counter[str] = Counter(surat_masuk=0)
    faults = []
    for conf in app.settings.mailboxes:
        try:
            with Mailbox(app.settings, conf) as box:
                done.update(collect(app, box))
        except MailboxDown as error:
            faults.append(str(error))
    if faults:
        raise MailboxDown("; ".join(faults))
    return dict(done)


def collect(app: App, box: Mailbox) -> Report:
    """Fetch and commit what is new, take it in, then move what is settled.

    One poller at a time: a mail may answer the one before it, and two must not move the same message.
    """
    with db.lease(app.engine, "intake", PATIENCE) as mine:
        if not mine:
            return {"surat_masuk": 0, NOT_MINE: 1}
        _take_in(app)  # what a run left behind that was killed comes first
        return _collect(app, box)


def _collect(app: App, box: Mailbox) -> Report:
    waiting = box.waiting()
    with reading(app.engine) as session:
        known = ledger.seen(session, *_place(box), waiting)
    moved = _file_away(app, box)  # what a run left behind that was killed
    new = 0
    for batch in box.fetch(uid for uid in waiting if uid not in known):
        item_ids = _keep(app, box, batch, moved)
        intake.take_in_all(app.engine, app.settings, item_ids, app.clock)
        moved = _file_away(app, box, [one.uid for one in batch])
        new += len(batch)
    if moved:
        with writing(app.engine) as session:
            ledger.moved(session, *_place(box), moved, app.clock())
    return {"surat_masuk": new}


def _place(box: Mailbox) -> tuple[str, str, int]:
    return box.conf.name, box.conf.folder, box.uidvalidity


def _keep(app: App, box: Mailbox, batch: list[Fetched], moved: list[int]) -> list[int]:
    """Commit the bytes and where they were seen, and which of the batch before have been moved; ids of the items. A
    mail beyond the limit is held at once."""
    found = [(one, Arrival(*_place(box), one.uid, one.arrived)) for one in batch]
    with writing(app.engine) as session:
        ledger.moved(session, *_place(box), moved, app.clock())
        whole = [(one.raw, arrival) for one, arrival in found if one.whole]
        items = ledger.receive(session, "mail", whole, app.clock()) if whole else []
        work = Work(session, app.settings, app.clock())
        intake.completed(work, [(item, raw) for item, (raw, _) in zip(items, whole, strict=True)])
        for one, arrival in found:
            if not one.whole and isinstance(one.raw, bytes):
                intake.refuse(work, arrival, one.raw, one.size)
    for one in batch:
        if not isinstance(one.raw, bytes):
            one.raw.close()
    return [item.id for item in items]


def _file_away(app: App, box: Mailbox, uids: Sequence[int] = ()) -> list[int]:
    """Move settled mail to Diproses or Ditahan; the UIDs that are to be noted as moved, with the next commit. One that
    was killed before is harmless to move again."""
    with reading(app.engine) as session:
        settled = ledger.settled(session, *_place(box), uids)
    box.move(settled.get("done", []), box.conf.folder_done)
    box.move(settled.get("held", []), box.conf.folder_held)
    return [uid for some in settled.values() for uid in some]


def scans(app: App) -> Report:
    """Take files out of the scanner's folder."""
    if not app.settings.scan.folder:
        return {}
    return {"pindaian": stacks.collect(app.engine, app.settings, app.clock)}


def take_in(app: App) -> Report:
    """Settle every item that is new, unless somebody is at it."""
    with db.lease(app.engine, "intake") as mine:
        return _take_in(app) if mine else {}


def _take_in(app: App) -> Report:
    with reading(app.engine) as session:
        waiting = ledger.new_items(session)
    states = intake.take_in_all(app.engine, app.settings, waiting, app.clock)
    return {"diproses": states.count("done"), "ditahan": states.count("held")}


def slips(app: App) -> Report:
    """Read scans page by page."""
    return {"slip": stacks.read_all(app.engine, app.settings, app.clock)}


def letters(app: App) -> Report:
    """Draft the letters that a decision asks for, copy them for merged complaints; give those that are to be signed
    their number."""
    done = {"konsep": _work(app, cases.FRESH_DRAFT), "salinan": _work(app, cases.COPY)}
    done["bernomor"] = _work(app, cases.FINAL_FORM)
    return done | {"undangan": _work(app, cases.INVITE)}


def pictures(app: App) -> Report:
    """PDFs by LibreOffice: a lane of its own, so that no draft waits behind it."""
    return {"pdf": _work(app, cases.MAKE_PDF)}


def _work(app: App, kind: str) -> int:
    """Do the jobs of one kind, one after another, outside any transaction; how many were done."""
    with reading(app.engine) as session:
        waiting = [(job.id, job.subject_id) for job in jobs.due(session, kind, app.clock())]
    done = 0
    for job_id, subject_id in waiting:
        try:
            JOBS[kind](app, subject_id)
        except (files.FileError, NotALetter, TemplateError, KeyError, OSError) as error:
            log.warning("job %s %s: %s", kind, subject_id, error)
            with writing(app.engine) as session:
                # a letter has to be drafted once its template is mended; a PDF is a convenience
                jobs.failed(session, job_id, str(error), app.clock(), give_up=kind == cases.MAKE_PDF)
            continue
        with writing(app.engine) as session:
            jobs.done(session, job_id)
        done += 1
    return done


def _draft(app: App, complaint_id: int) -> None:
    """The answer, and the covering letter where another agency is in charge."""
    with reading(app.engine) as session:
        complaint = session.get_one(Complaint, complaint_id)
        work = Work(session, app.settings, app.clock())
        settings, version = work.settings, cases.next_version(work, complaint)
        numbers = {series: cases.own_number(work, complaint, series) for series in LETTERS}
    room = settings.surat.room(app.clock().astimezone(settings.zone).year)
    made = []
    for series in LETTERS if complaint.decision is Decision.BUKAN_WEWENANG else (ANSWER,):
        kind, code = series.name if series is COVERING else str(complaint.decision), new_code()
        content = cases.compose_letter(settings, complaint, kind, version, code, numbers[series] or room)
        made.append((series, code, content, inspect(content), room))
    with writing(app.engine) as session:
        work = Work(session, app.settings, app.clock())
        cases.draft_letters(work, complaint_id, cases.Drafted(version, tuple(made)))


def _copy(app: App, complaint_id: int) -> None:
    with reading(app.engine) as session:
        work = Work(session, app.settings, app.clock())
        made = cases.copy_letter(work, session.get_one(Complaint, complaint_id))
    if made is not None:
        with writing(app.engine) as session:
            cases.keep_copy(Work(session, app.settings, app.clock()), complaint_id, made)


def _final(app: App, complaint_id: int) -> None:
    """The letters as they are to be signed, with their numbers and date."""
    with reading(app.engine) as session:
        work = Work(session, app.settings, app.clock())
        complaint = session.get_one(Complaint, complaint_id)
        sources = [
            (cases.letters_of(work, complaint, one)[-1], cases.room_of(work, complaint, one),
             cases.own_number(work, complaint, one))
            for one in cases.series_in(work, complaint)
        ]  # fmt: skip
        contents = store.get_all(session, [source.sha256 for source, _room, _number in sources])
    day = complaint.letter_date
    if day is None:
        return
    made = [
        (source, cases.final_form(app.settings, contents[source.sha256], room, number, day))
        for source, room, number in sources
    ]
    with writing(app.engine) as session:
        cases.letters_to_sign(Work(session, app.settings, app.clock()), complaint_id, made)


def _pdf(app: App, document_id: int) -> None:
    with reading(app.engine) as session:
        content = store.get(session, session.get_one(Document, document_id).sha256)
    pdf = files.to_pdf(content)
    pages = files.pdf_pages(pdf, PAGE_WIDTH, PAGES)
    anchor = app.settings.surat.jangkar
    anchors = files.pdf_text(pdf).count(anchor) if anchor else 1
    with writing(app.engine) as session:
        cases.store_pdf(Work(session, app.settings, app.clock()), document_id, pdf, pages, anchors)


def _undangan(app: App, meeting_id: int) -> None:
    with reading(app.engine) as session:
        work = Work(session, app.settings, app.clock())
        meeting = session.get_one(Meeting, meeting_id)
        complaint = session.get_one(Complaint, meeting.complaint_id)
    today = work.now.astimezone(work.settings.zone).date()
    content = cases.compose_invitation(work.settings, complaint, meeting, today)
    with writing(app.engine) as session:
        cases.store_invitation(Work(session, app.settings, app.clock()), meeting_id, content)


JOBS: dict[str, Callable[[App, int], None]] = {
    cases.FRESH_DRAFT: _draft,
    cases.COPY: _copy,
    cases.FINAL_FORM: _final,
    cases.MAKE_PDF: _pdf,
    cases.INVITE: _undangan,
}


def remind(app: App) -> Report:
    """What the time of day asks for, inside office hours only: hand tasks over to who stands in, remind what is late
    or soon will be."""
    with reading(app.engine) as session:
        work = Work(session, app.settings, app.clock())
        if not work.settings.hours.is_open(work.now):
            return {"pengingat": 0}
        changes, morning = bool(cases.delegations(work)), cases.digest_waits(work)
    moved = told = 0
    if changes:
        with writing(app.engine) as session:
            moved = cases.hand_over(Work(session, app.settings, app.clock()))
    if morning:
        with writing(app.engine) as session:
            told = cases.send_digests(Work(session, app.settings, app.clock()))
    with reading(app.engine) as session:
        late = cases.due_for_reminder(Work(session, app.settings, app.clock()))
    sent = 0
    for task_id in late:
        with writing(app.engine) as session:
            sent += cases.remind(Work(session, app.settings, app.clock()), task_id)
    return {"pengingat": sent} | {name: count for name, count in (("beralih", moved), ("ringkasan", told)) if count}


def seal(app: App) -> Report:
    """Seal yesterday's history once, and mail the seal to the IT officer."""
    yesterday = app.clock().astimezone(app.settings.zone).date() - timedelta(days=1)
    with writing(app.engine) as session:
        row = cases.seal_day(Work(session, app.settings, app.clock()), yesterday)
        if row is not None:
            notices.seal(session, app.settings, app.clock(), row)
    return {"segel": int(row is not None)}


def compare(app: App) -> Report:
    """Once a day: mailbox, ledger and register compared; what does not agree is mailed to the JFU."""
    try:
        return {"tidak_cocok": reconcile.daily(app.engine, app.settings, app.clock())}
    except (reconcile.BusyError, MailboxDown):  # tried again soon; a dead mailbox is the mail lane's to tell
        return {}


def send(app: App) -> Report:
    """Flush the outbox, then tell the cases how their mails ended."""

    def token_of(session: Session, link_id: int) -> str:
        return links.token(session, app.settings.key, link_id)

    try:
        flushed = outbox.flush(app.engine, app.settings, app.clock, token_of)
    finally:
        intake.take_results(app.engine, app.settings, app.clock)
    return {"terkirim": flushed.sent, "gagal_kirim": flushed.failed, "ditunda": flushed.later}


STEPS: dict[str, Callable[[App], Report]] = {
    "mail": mail,
    "scans": scans,
    "take_in": take_in,
    "slips": slips,
    "letters": letters,
    "pictures": pictures,
    "remind": remind,
    "seal": seal,
    "reconcile": compare,
    "send": send,
}


# ---- lanes ---------------------------------------------------------------------------------------------------


def seconds_until_next(pause: float, failures: int) -> int:
    """How long a lane waits after so many failures in a row: twice as long each time, never above 15 minutes."""
    return max(1, round(min(pause * (1 << min(failures, 20)), LONGEST_PAUSE)))


class Watch:
    """One mailbox that is kept open between its polls, and that says when something comes (IDLE)."""

    def __init__(self, conf: config.Mailbox) -> None:
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


@dataclass
class Lanes:
    """The steps as lanes, each in a thread with a schedule of its own, until `stop()`.

    A lane that fails waits longer each time and starts afresh after a success. Each mailbox has a lane of its own,
    which its server may wake; the schedule is the safety net.
    """

    app: App
    every: dict[str, float] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict, init=False)
    heartbeat: Heartbeat = field(init=False)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _woken: dict[str, threading.Event] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        boxes = self.app.settings.mailboxes
        self.watches = {"mail" if order == 1 else f"mail {order}": Watch(box) for order, box in enumerate(boxes, 1)}
        steps = {name: watch.collect for name, watch in self.watches.items()} | {
            name: step for name, step in STEPS.items() if name != "mail"
        }
        pauses = {name: float(watch.conf.every_seconds) for name, watch in self.watches.items()}
        pauses |= {"seal": 600.0, "reconcile": 600.0, "remind": 30.0, "scans": 5.0}
        self._woken = {name: threading.Event() for name in steps}
        watched = [*self.watches, "send"]
        self.heartbeat = Heartbeat(self.app.settings, watched, self.app.clock)
        for name, step in steps.items():
            pause = self.every.get(name, pauses.get(name, 2.0))
            thread = threading.Thread(target=self._run, args=(name, step, pause), name=f"lane-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._threads.append(beating)
        beating.start()

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT):
            self.heartbeat.beat()

    def _run(self, name: str, step: Callable[[App], Report], pause: float) -> None:
        failures = 0
        planner = schedule.Scheduler()

        def once() -> None:
            nonlocal failures
            done = guarded(self.app, name, step)
            failures = failures + 1 if done is None else 0
            if done is not None and NOT_MINE not in done:
                self.heartbeat.well(name)
            if done and any(done.values()) and name in ("scans", "take_in"):
                self.wake("slips")
            if done and any(done.values()):
                self.wake("send")  # most of what happens puts mails into the outbox

        once()
        while not self._stopped.is_set():
            planner.clear()
            planner.every(seconds_until_next(pause, failures)).seconds.do(once)
            if self._wait(name, planner, failures):
                once()
            else:
                planner.run_pending()
        if name in self.watches:
            self.watches[name].close()

    def _wait(self, name: str, planner: schedule.Scheduler, failures: int) -> bool:
        """Wait for the next time or a wake; True if woken. A lane that fails keeps its pause, whoever wakes it."""
        while not self._stopped.is_set() and (left := planner.idle_seconds or 0) > 0:
            woken = self._sleep(name, min(left, 1))
            if woken:
                self._woken[name].clear()
            if woken and not failures:
                return not self._stopped.is_set()
            if woken:
                self._stopped.wait(min(left, 1))
        return False

    def _sleep(self, name: str, seconds: float) -> bool:
        woken = self._woken[name]
        return self.watches[name].wait(seconds, woken) if name in self.watches else woken.wait(seconds)

    def wake(self, *names: str) -> None:
        """Run these lanes now instead of at their next time."""
        for name in names:
            self._woken[name].set()

    def stop(self, timeout: float = 10) -> None:
        """Ask all lanes to end and wait for what is under way."""
        self._stopped.set()
        for event in self._woken.values():
            event.set()
        for thread in self._threads:
            thread.join(timeout)
