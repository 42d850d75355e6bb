"""How full and how old things are now, for `/metrik` and `aduan check --mesin`: numbers alone, nobody's words.

Hides where each is read. Each question is answered by an index over what is open or waits, not over all that was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from pipeline.data.engine import reading
from pipeline.data.states import JobState, MailState
from pipeline.data.tables import Job, Lane, Outbox, Task
from pipeline.mail import outbox
from pipeline.office.config import Settings
from pipeline.office.messages import say
from pipeline.office.sop import LANGKAH_OF_TASK, TaskKind
from pipeline.work import Work


@dataclass(frozen=True)
class Gauge:
    """One number; `labels` tell numbers of one name apart."""

    name: str
    about: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


def gauges(engine: Engine, work: Work) -> Iterator[Gauge]:
    """All of them; SQLAlchemyError where the database is away."""
    yield from _lanes(work)
    yield from _outbox(work)
    yield from _tasks(work)
    yield from _jobs(work)
    yield Gauge("aduan_basis_data_byte", say("ukuran.basis_data"), _size(engine, work))


def _lanes(work: Work) -> Iterator[Gauge]:
    for lane in work.session.scalars(select(Lane).order_by(Lane.name)):
        said = {"jalur": lane.name}
        yield Gauge("aduan_jalur_gagal", say("ukuran.gagal"), lane.failures, said)
        if lane.ok_at is not None:
            age = (work.now - lane.ok_at).total_seconds()
            yield Gauge("aduan_jalur_umur_detik", say("ukuran.berhasil"), age, said)


def _outbox(work: Work) -> Iterator[Gauge]:
    count = select(func.count()).select_from(Outbox)
    for state, about in (
        (MailState.DUE, say("ukuran.keadaan.menunggu")),
        (MailState.SENDING, say("ukuran.keadaan.dikirim")),
        (MailState.DEAD, say("ukuran.keadaan.ditolak")),
    ):
        mails = work.session.scalar(count.where(outbox.going(state))) or 0
        yield Gauge("aduan_surat_keluar", say("ukuran.surat_keluar"), mails, {"keadaan": about})
    oldest = work.session.scalar(select(func.min(Outbox.date)).where(outbox.going(MailState.DUE)))
    age = (work.now - oldest).total_seconds() if oldest else 0.0
    age = max(age, 0.0)  # the clock may have been set back
    yield Gauge("aduan_surat_keluar_tertua_detik", say("ukuran.surat_tertua"), age)


def _tasks(work: Work) -> Iterator[Gauge]:
    """Open tasks, and those past their limit, by langkah of the SOP; what is held is counted apart."""
    waiting = Task.closed_at.is_(None)
    rows = work.session.execute(
        select(Task.kind, func.count(), func.count().filter(Task.due_at < work.now))
        .where(waiting)
        .group_by(Task.kind)
    ).all()
    open_, late = dict.fromkeys(range(1, 6), 0), dict.fromkeys(range(1, 6), 0)
    for kind, count, past in rows:
        open_[LANGKAH_OF_TASK.get(kind, 5)] += count
        late[LANGKAH_OF_TASK.get(kind, 5)] += past
    for langkah in open_:
        said = {"langkah": str(langkah)}
        yield Gauge("aduan_tugas_terbuka", say("ukuran.tugas"), open_[langkah], said)
        yield Gauge("aduan_tugas_terlambat", say("ukuran.terlambat"), late[langkah], said)
    held = sum(count for kind, count, _ in rows if kind == TaskKind.TERTAHAN)
    yield Gauge("aduan_kiriman_tertahan", say("ukuran.tertahan"), held)


def _jobs(work: Work) -> Iterator[Gauge]:
    not_done = select(Job.state, func.count()).where(Job.state != JobState.DONE).group_by(Job.state)
    counts: dict[JobState, int] = dict(work.session.execute(not_done).all())
    for state, about in (
        (JobState.DUE, say("ukuran.keadaan.menunggu")),
        (JobState.DEAD, say("ukuran.keadaan.menyerah")),
    ):
        jobs = counts.get(state, 0)
        yield Gauge(
            "aduan_pekerjaan_mesin", say("ukuran.pekerjaan_mesin"), jobs, {"keadaan": about}
        )


def _size(engine: Engine, work: Work) -> float:
    """Bytes that the database takes; on SQLite with what its log has not handed over yet."""
    if engine.dialect.name == "postgresql":
        size = work.session.scalar(text("SELECT pg_database_size(current_database())"))
        return float(size or 0)
    file = Path(engine.url.database or "")
    log = file.with_name(f"{file.name}-wal")
    return float(sum(one.stat().st_size for one in (file, log) if one.is_file()))


def read(engine: Engine, settings: Settings, now: datetime) -> list[Gauge]:
    """All gauges in one consistent view."""
    with reading(engine) as session:
        return list(gauges(engine, Work(session, settings, now)))
