"""The drill: the newest backup is restored into a scratch database, audited, and compared with the office.

A backup that was never restored is a hope. Hides where the scratch lies, and how the lane knows that a month is over.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, select, table
from sqlalchemy.orm import Session

from pipeline import cases
from pipeline.cases import audit as audits
from pipeline.data import backup, backup_folder, recipients, restore
from pipeline.data.copied import Tell
from pipeline.data.engine import connect_file, lease, reading, writing
from pipeline.data.tables import Lane
from pipeline.notices import it_officer
from pipeline.office.config import Settings
from pipeline.office.words import word
from pipeline.running.collecting import NOT_MINE
from pipeline.work import App, Report

LANE = "drill"
GROWING = (
    "complaint",
    "event",
    "item",
    "document",
    "seal",
)  # of these an office never has fewer than its backup
NIGHT = (*range(20, 24), *range(5))  # hours of the day
OLD = 3  # days after which a backup that should be of last night is too old
TIMES = 3  # so many times the backup's size the disk needs: opened, restored, and some
SCRATCH = "latihan.db"
SECRET = "cadangan_latihan"  # noqa: S105 - the name of a file


class DrillFailed(Exception):
    """The newest backup is not good; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What a drill found in a backup: `faults` is empty where all is well."""

    path: Path | None
    complaints: int = 0
    rows: int = 0
    faults: tuple[str, ...] = ()


def keys(settings: Settings) -> list[str]:
    """What opens the backups that were encrypted on this machine; none where there is no such secret. RecipientError
    names the file where it holds none."""
    text = settings.find_secret(SECRET)
    try:
        return recipients.identities(text) if text else []
    except recipients.RecipientError as error:
        raise recipients.RecipientError(
            word("latihan.kunci_rusak", berkas=settings.folder / "rahasia" / SECRET)
        ) from error


def drill(app: App) -> Report:
    """The lane's step: once a month, at night. DrillFailed where the backup is not good; tried again the next day."""
    if not app.settings.cadangan.latihan:
        return {}
    _forget_killed(app)
    with app.reading() as work:
        lane = work.session.get(Lane, LANE)
        begun, done = (
            lane is not None,
            bool(lane and lane.ok_at and _month(app, lane.ok_at) == _month(app, work.now)),
        )
        told = it_officer.was_told(work, "latihan_gagal")
        is_night = work.now.astimezone(work.settings.zone).hour in NIGHT
    if not begun:
        return {"latihan": 0}  # a new office: the month counts from now
    if done or not is_night:
        return {NOT_MINE: 0}
    if told:
        raise DrillFailed(word("kabar_ti.latihan_gagal.judul"))
    outcome = rehearse(app)
    tell(app, outcome)
    if outcome.path is None:
        return {"latihan": 0}  # it may back up by other means: said once a month, not each night
    if outcome.faults:
        raise DrillFailed("; ".join(outcome.faults))
    return {"latihan": 1}


def _forget_killed(app: App) -> None:
    """What a drill that was killed left of an encrypted backup lies there plain: it goes now, and not in a month."""
    folder = app.settings.path(app.settings.cadangan.folder)
    left = [folder / SCRATCH, *folder.glob(f".*{backup.OPENED}")]
    if not any(one.exists() for one in left):
        return
    with lease(app.engine, "latihan") as mine:
        for one in left if mine else ():
            backup.remove(one)


def _month(app: App, at: datetime) -> tuple[int, int]:
    local = at.astimezone(app.settings.zone)
    return local.year, local.month


def tell(app: App, outcome: Outcome) -> None:
    """How it went, to the IT officer."""
    with app.writing() as work:
        if outcome.faults:
            it_officer.tell(work, "latihan_gagal", "\n".join(outcome.faults))
            return
        name = outcome.path.name if outcome.path else ""
        it_officer.tell(
            work, "latihan", berkas=name, pengaduan=outcome.complaints, baris=outcome.rows
        )


def rehearse(app: App, tell: Tell = backup.silent) -> Outcome:
    """Restore the newest backup beside the others, look it through, and take the scratch away again."""
    folder = app.settings.path(app.settings.cadangan.folder)
    found = backup_folder.backups(folder, app.clock().astimezone(app.settings.zone))
    if not found:
        return Outcome(None, faults=(word("cadangan.tiada", folder=folder),))
    newest = found[0]
    faults = [*_age(app, newest), *_room(newest)]
    if faults:
        return Outcome(newest, faults=tuple(faults))
    with lease(app.engine, "latihan", patience=3600):
        scratch = folder / SCRATCH
        backup.remove(scratch)
        engine = connect_file(scratch)
        try:
            return _tried(app, newest, engine, tell)
        except (backup.BackupError, recipients.RecipientError) as error:
            return Outcome(newest, faults=(str(error),))
        finally:
            engine.dispose()
            backup.remove(scratch)


def _age(app: App, newest: Path) -> Iterator[str]:
    made = backup_folder.moment(newest)
    now = app.clock().astimezone(app.settings.zone).replace(tzinfo=None)
    days = (now - made).days if made else 0
    if days > OLD:
        yield word("latihan.tua", hari=days)


def _room(newest: Path) -> Iterator[str]:
    needed = TIMES * sum(
        one.stat().st_size
        for one in newest.parent.iterdir()
        if one.suffix != ".db" or one == newest
    )
    free = shutil.disk_usage(newest.parent).free
    if free < needed:
        yield word("latihan.sesak", perlu=needed // backup.MIB, ada=free // backup.MIB)


def _tried(app: App, newest: Path, engine: Engine, tell: Tell) -> Outcome:
    wish = restore.RestoreWish(
        keys=keys(app.settings), room=newest.parent.parent, office=app.settings.office_name
    )
    rows = restore.restore(engine, newest, tell, wish)
    with writing(engine) as session:
        while cases.begin_all(session):  # cases of an earlier version have no witness yet
            session.flush()
    with reading(engine) as session:
        faults = [fault for _, found in audits.audit(session) for fault in found]
        kept = _counts(session)
    with reading(app.engine) as session:
        now = _counts(session)
    said = [word("latihan.audit", banyak=len(faults), pertama=faults[0])] if faults else []
    fewer = [name for name in GROWING if now[name] < kept[name]]
    said += [
        word("latihan.kurang", tabel=name, cadangan=kept[name], kantor=now[name]) for name in fewer
    ]
    return Outcome(newest, kept["complaint"], rows, tuple(said))


def _counts(session: Session) -> dict[str, int]:
    return {
        name: session.scalar(select(func.count()).select_from(table(name))) or 0 for name in GROWING
    }
