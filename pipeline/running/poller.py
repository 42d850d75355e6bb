"""The product on one page: collect mail, collect scans, take in what is new, do slow work, remind, send.

Each step reads rows that the one before it committed, so each can be killed at any point and run again. `tick` runs
all once; `lanes` runs each on its own schedule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipeline import cases, reports
from pipeline.access import links
from pipeline.casefile import waves
from pipeline.cases import promises, reminders, stuck, succession, wave_notes
from pipeline.cases.chain import gather, seal_day
from pipeline.cases.delegation import hand_over
from pipeline.cases.reminders import digest_waits, due_for_reminder, send_digests
from pipeline.cases.witness import note_people
from pipeline.data import damage, storage
from pipeline.data.damage import MARK, is_away, is_damage
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Lane
from pipeline.intake import mails, reconcile, wishes
from pipeline.intake import scans as stacks
from pipeline.mail import outbox, smtp
from pipeline.mail.mailbox import MailboxDown
from pipeline.notices import it_officer, watching
from pipeline.office import logs, meters
from pipeline.running import sweep
from pipeline.running.collecting import NOT_MINE, mail, take_in
from pipeline.running.drafting import letters, pictures
from pipeline.running.drill import drill
from pipeline.work import App, Report

log = logging.getLogger(__name__)
NOTED_EVERY = timedelta(minutes=1)


def tick(app: App) -> Report:
    """Everything once, top to bottom; what it did, in numbers. A step that fails does not stop the next, but where the
    database takes no note of how it went, the round ends with its error: no later step could keep anything."""
    done: Report = {}
    for name, step in STEPS.items():
        tried = attempt(app, name, step)
        if tried.unnoted is not None:
            raise tried.unnoted
        found = {f"gagal_{name}": 1} if tried.done is None else tried.done
        done |= {what: count for what, count in found.items() if count or what != NOT_MINE}
    return done


@dataclass(frozen=True)
class Attempt:
    """How one run of a step went."""

    done: Report | None  # None if it failed
    away: bool = False  # it failed because the database could not be reached or used
    unnoted: Exception | None = None  # why the database did not take a note of it

    @property
    def well(self) -> Report | None:
        """What it did; None where it failed, or where its state could not be noted."""
        return self.done if self.unnoted is None else None


def guarded(app: App, name: str, step: Callable[[App], Report]) -> Report | None:
    """Run one step; its state is kept for `aduan check`. None if it failed. Never raises, so that a lane lives on."""
    return attempt(app, name, step).well


def attempt(app: App, name: str, step: Callable[[App], Report]) -> Attempt:
    """Run one step and keep its state for `aduan check`. Never raises."""
    done: Report | None = None
    problem, away = "", False
    try:
        with meters.step(name.split()[0]):
            done = step(app)
        meters.count(done)
    except Exception as error:  # noqa: BLE001 - a dead server or a full disk must not end the other lanes
        problem = f"{MARK if is_damage(error) else type(error).__name__}: {error}"
        away = is_away(error)
        log.warning("%s: %s", name, logs.what(error))
    try:
        if done is None or NOT_MINE not in done:
            _note(app, name, problem)
    except (SQLAlchemyError, OSError) as error:  # the database itself is away
        log.warning("%s: %s", name, logs.what(error))
        return Attempt(done, away or is_away(error), error)
    return Attempt(done, away)


def _note(app: App, name: str, error: str) -> None:
    """Keep how a lane fares; a lane that goes on well is written down once a minute only."""
    with reading(app.engine) as session:
        known = session.get(Lane, name)
        age = app.clock() - known.ok_at if known and known.ok_at else NOTED_EVERY
        if (
            not error and known and not known.failures and timedelta() <= age < NOTED_EVERY
        ):  # else the clock went back
            return
    with writing(app.engine) as session:
        lane = session.get(Lane, name) or Lane(name=name, failures=0, error="")
        session.add(lane)
        if error:
            lane.failures, lane.failed_at, lane.error = lane.failures + 1, app.clock(), error[:500]
        else:
            lane.failures, lane.ok_at = 0, app.clock()


def scans(app: App) -> Report:
    """Take files out of the scanner's folder."""
    if not app.settings.scan.folder:
        return {}
    return {"pindaian": stacks.collect(app)}


def slips(app: App) -> Report:
    """Read scans page by page."""
    return {"slip": stacks.read_all(app)}


def remind(app: App) -> Report:
    """What the time of day asks for, inside office hours only: hand tasks over to who stands in, remind what is late
    or soon will be."""
    with app.reading() as work:
        if not work.settings.hours.is_open(work.now):
            return {"pengingat": 0}
        changes, morning = bool(cases.delegations(work)), digest_waits(work)
    moved = told = 0
    ordered = _order_reports(app)
    if changes:
        with app.writing() as work:
            moved = hand_over(work)
    if morning:
        with app.writing() as work:
            told = send_digests(work) + promises.tell(work)
    with app.reading() as work:
        late = due_for_reminder(work)
    sent = 0
    for task_id in late:
        with app.writing() as work:
            sent += reminders.remind(work, task_id)
    waved, succeeded = _tell_waves(app), _hand_on(app)
    others = (
        ("beralih", moved),
        ("ringkasan", told),
        ("laporan_diminta", ordered),
        ("gelombang", waved),
        ("berganti", succeeded),
    )
    return {"pengingat": sent} | {name: count for name, count in others if count}


def _tell_waves(app: App) -> int:
    """Tell the JFU of complaints that came in a wave; nothing is written where there is none."""
    with app.reading() as work:
        waiting = waves.news(work)
    if not waiting:
        return 0
    with app.writing() as work:
        return wave_notes.tell(work)


def _hand_on(app: App) -> int:
    """Give open work to whoever bears a post since config.toml was changed; nothing is written where nobody is new."""
    with app.reading() as work:
        waiting = succession.is_due(work)
    if not waiting:
        return 0
    with app.writing() as work:
        return succession.hand_on(work)


def _order_reports(app: App) -> int:
    """Have the reports made of periods that are over; nothing is written where none is due."""
    with app.reading() as work:
        waiting = reports.is_due(work)
    if not waiting:
        return 0
    with app.writing() as work:
        return reports.order_due(work)


def seal(app: App) -> Report:
    """Once a day: seal yesterday's history, mail the seal to the IT officer, give what an earlier version left without
    a task one, and sweep what the machinery left."""
    yesterday = app.clock().astimezone(app.settings.zone).date() - timedelta(days=1)
    found = gather(app.engine, yesterday)
    with app.writing() as work:
        row = seal_day(work, yesterday, found)
        if row is not None:
            changed = note_people(work.session, app.settings.petugas)
            it_officer.seal(work, row, changed)
        elif watching.seal_ahead(work):
            it_officer.tell_daily(work, "segel")
    if row is None:
        return {"segel": 0}
    with app.writing() as work:
        stuck.give_tasks(work)
    return {"segel": 1, "disapu": sweep.sweep(app.engine, app.clock(), app.settings.retensi.mesin)}


def compare(app: App) -> Report:
    """Once a day: mailbox, ledger and register compared; what does not agree is mailed to the JFU."""
    try:
        return {"tidak_cocok": reconcile.daily(app.engine, app.settings, app.clock())}
    except (
        reconcile.BusyError,
        MailboxDown,
    ):  # tried again soon; a dead mailbox is the mail lane's to tell
        return {}


def verify(app: App) -> Report:
    """Once a day: look the database's file through; every time, whether bytes can be kept outside it, so that an office
    without mail hears of it too. What is wrong is raised: this lane fails, and the alarm is given."""
    storage.reach(app.engine)
    with app.reading() as work:
        last = work.session.get(Lane, "verify")
    today = app.clock().astimezone(app.settings.zone).date()
    if (
        last
        and not last.failures
        and last.ok_at
        and last.ok_at.astimezone(app.settings.zone).date() == today
    ):
        return {NOT_MINE: 0}  # nothing was done, so nothing is noted
    found = damage.look(app.engine)
    if found:
        raise damage.Damaged("; ".join(found))
    return {"basis_data_utuh": 1}


def send(app: App) -> Report:
    """Flush the outbox, then tell the cases how their mails ended."""

    def token_of(session: Session, link_id: int) -> str:
        if links.is_nobodys(session, app.settings, link_id):
            raise outbox.NobodysLink(link_id)
        return links.token(session, app.settings.keys, link_id)

    wishes.answer(app)

    def results() -> int:
        return mails.take_results(app)

    try:
        flushed = outbox.flush(app, token_of, results)
    except smtp.OfficeRefused as refused:
        with app.writing() as work:
            it_officer.tell_once(work, "antrean", str(refused))
        raise
    finally:
        results()
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
    "verify": verify,
    "drill": drill,
    "send": send,
}
