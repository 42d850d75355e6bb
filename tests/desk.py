"""An office without servers: `cases` called as the web and the intake call it, for tests of one action at a time.

    desk = make_desk(tmp_path)
    number = desk.record()
    desk.press("jfu-1", "laporkan", ringkasan="Lampu padam")

Mails stay in the outbox. For the whole way, over HTTP, IMAP and SMTP, there is tests/kantor.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, literal, select, union_all

from pipeline import cases
from pipeline.cases import Upload
from pipeline.cases import record as cases_record
from pipeline.cases.audit import audit
from pipeline.cases.record import New, Pengadu
from pipeline.data import ledger, places
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Base, Complaint, Document, Event, Item, Outbox, Payload, Slip, Task
from pipeline.intake import mails as intake_mails
from pipeline.office import config
from pipeline.office.actions import action
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import NO_UNIT, Channel, EventKind, Stage, TaskKind
from pipeline.running import drafting
from pipeline.work import App, Work
from tests.fresh import Kept, fresh, is_file, kept, put_back
from tests.kantor import KEY, SIGNED, SITI, TUESDAY, Clock, sample

SECOND_JFU = """
[[petugas]]
kode = "jfu-2"
nama = "Sri Wahyuni"
jabatan = "JFU Pelayanan Pengaduan"
email = "jfu2@kominfo.example"
peran = ["jfu"]
"""
PROOF = {"berkas": ("serah-terima.jpg", SIGNED)}
PEOPLE = {
    TaskKind.CATAT: "jfu-1",
    TaskKind.KLARIFIKASI: "sekretaris",
    TaskKind.KETERANGAN: "kasubag-umum",
    TaskKind.KEPUTUSAN: "kepala",
    TaskKind.JAWABAN: "sekretaris",
    TaskKind.TANDA_TANGAN: "kepala",
    TaskKind.PENYAMPAIAN: "jfu-1",
    TaskKind.PENGANTAR: "jfu-1",
    TaskKind.GABUNGAN: "jfu-1",
    TaskKind.ARSIP: "jfu-1",
    TaskKind.PINDAI: "jfu-1",
    TaskKind.TERTAHAN: "jfu-1",
}


def jakarta(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """A moment of 2026 as the office's clock shows it (WIB, UTC+7), in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


def make_settings(folder: Path, **tables: Mapping[str, object]) -> Settings:
    """The sample's office with a second JFU; `tables` change keys: `smtp={"port": 2525}`."""
    secrets = folder / "rahasia"
    secrets.mkdir(exist_ok=True)
    (secrets / "key").write_text(KEY, "utf-8")
    settings = config.parse(sample() + SECOND_JFU, folder / "config.toml")
    at_once = {"tunda_menit": 0, **tables.pop("smtp", {})}
    tables = {
        "scan": {"baca": False},
        **tables,
        "smtp": at_once,
    }  # a machine that reads slips is slow to start
    changes = {
        name: getattr(settings, name).model_copy(update=dict(keys)) for name, keys in tables.items()
    }
    return settings.model_copy(update=changes)


def make_engine(folder: Path, url: str = "") -> Engine:
    """A migrated database; SQLite in `folder` unless a URL of an empty one is given."""
    return fresh(url or "sqlite:///aduan.db", folder)


# Settings, time and stage -> the number of the first complaint, which was walked there, and the database then.
_WALKED: dict[tuple[str, datetime, Stage], tuple[str, Kept]] = {}


@dataclass
class Desk:
    """Settings, a database and a clock, and short words for what people do."""

    settings: Settings
    engine: Engine
    clock: Clock = field(default_factory=Clock)
    _uid: int = 0

    @property
    def app(self) -> App:
        return App(self.settings, self.engine, self.clock)

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One write transaction now."""
        with writing(self.engine) as session:
            yield Work(session, self.settings, self.clock())

    def later(self, **span: float) -> None:
        self.clock.now += timedelta(**span)

    def person(self, code: str) -> Petugas:
        found = self.settings.person(code)
        assert found is not None, code
        return found

    # what people do

    def record(self, **changes: Any) -> str:
        """A complaint comes in by mail; its number. `changes` are fields of Pengadu, or perihal, isi, channel."""
        about = {"perihal": "Lampu padam", "isi": "Lampu di Jalan Mawar padam.", **changes}
        person = {"nama": "Siti Rahmawati", "email": SITI} | {
            key: about.pop(key) for key in list(about) if key in Pengadu.__dataclass_fields__
        }
        channel = about.pop("channel", Channel.EMAIL)
        with self.work() as work:
            return cases_record.record(
                work, [New(channel, Pengadu(**person), received_at=self.clock(), **about)]
            )[0].number

    def task(self, name: str, number: str = "", holder: str = "") -> Task:
        """The newest open task that offers this action."""
        for task in reversed(self.tasks(number)):
            fits = not holder or task.holder in ("", holder)
            if task.closed_at is None and fits and action(task.kind, name) is not None:
                return task
        raise AssertionError(
            f"no open task offers '{name}': {[str(t.kind) for t in self.tasks(number)]}"
        )

    def press(
        self,
        who: str,
        name: str,
        *,
        number: str = "",
        task: Task | None = None,
        seen: int = 0,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        **fields: object,
    ) -> Complaint | None:
        """An official's form is checked and carried out. Fields that the action needs and the test does not care
        about get a word of their own."""
        task = task or self.task(name, number, who)
        given = action(task.kind, name)
        assert given is not None
        values = {
            f.name: [f"isi {f.name}"] for f in given.fields if f.required and not f.choices
        } | {
            key: [str(v) for v in value] if isinstance(value, list) else [str(value)]
            for key, value in fields.items()
        }
        if "unit" in values and "unit" not in fields:
            values["unit"] = (
                self.complaint(number).unit.split(",") if self.complaint(number).unit else [NO_UNIT]
            )
        if name == "tandatangani":
            values = {
                "ttd_terlihat": ["ya"],
                "tanpa_kode": ["ya"],
                "halaman_sesuai": ["ya"],
                **values,
            }  # the sample picture of a signed letter has no code, and is one page
        uploads = {key: Upload(*file) for key, file in (files or {}).items()}
        if (
            name == "tandatangani" and uploads and self.complaint(number).instansi
        ):  # the covering letter is signed too
            uploads = {"pengantar_bertanda_tangan": uploads["bertanda_tangan"], **uploads}
        form = cases.check(self.settings, task.kind, name, values, uploads, seen)
        with self.work() as work:
            return cases.act(work, task.id, self.person(who), form)

    def jobs(self) -> None:
        """Let the jobs lane make the drafts that wait."""
        drafting.letters(App(self.settings, self.engine, self.clock))

    def arrives(
        self,
        raw: bytes,
        *,
        folder: str = "INBOX",
        source: str = "mail",
        name: str = "",
        box: str = "kotak",
    ) -> int:
        """A mail or a scan is kept in the ledger; the item's id."""
        self._uid += 1
        arrival = ledger.Arrival(box, folder, 1, self._uid, self.clock(), name)
        with writing(self.engine) as session:
            return ledger.receive(session, source, [(raw, arrival)], self.clock())[0].id

    def take_in(self, raw: bytes, **where: str) -> Item:
        """A mail arrives and is settled; its item."""
        item_id = self.arrives(raw, **where)
        intake_mails.take_in(self.app, item_id)
        return self.item(item_id)

    # roads

    def to(self, stage: Stage, number: str = "") -> str:
        """Walk a new complaint (or that one) from langkah 1 to a stage; its number."""
        if not number and is_file(self.engine) and self._is_new():
            return self._first_to(stage)
        return self._walk(stage, number or self.record())

    def _is_new(self) -> bool:
        """Nothing was ever written to this database."""
        anything = union_all(
            *(
                select(literal(1)).select_from(table)
                for table in Base.metadata.sorted_tables
                if table.name != "blob_home"  # which the database was born with
            )
        )
        with reading(self.engine) as session:
            return session.execute(anything.limit(1)).first() is None

    def _first_to(self, stage: Stage) -> str:
        """Many tests begin with the walk of the first complaint: each kind of office walks it once a test process, and
        its database is copied from then on."""
        office = (self.settings.model_dump_json(), self.clock(), stage)
        if office in _WALKED:
            number, database = _WALKED[office]
            put_back(database, self.engine)
            return number
        number = self._walk(stage, self.record())
        _WALKED[office] = number, kept(self.engine)
        return number

    def _walk(self, stage: Stage, number: str) -> str:
        for here, step in ROAD.items():
            if self.stage(number) is stage:
                return number
            if self.stage(number) is here:
                step(self, number)
        assert self.stage(number) is stage
        return number

    # what is known

    def complaint(self, number: str = "") -> Complaint:
        """The complaint of that number; without one, the newest."""
        query = select(Complaint).order_by(Complaint.id.desc()).limit(1)
        with reading(self.engine) as session:
            return session.scalars(
                query.where(Complaint.number == number) if number else query
            ).one()

    def complaints(self) -> list[Complaint]:
        with reading(self.engine) as session:
            return list(session.scalars(select(Complaint).order_by(Complaint.id)))

    def stage(self, number: str = "") -> Stage:
        return self.complaint(number).stage

    def tasks(self, number: str = "", *, open_only: bool = False) -> list[Task]:
        query = select(Task).where(Task.complaint_id == self.complaint(number).id).order_by(Task.id)
        with reading(self.engine) as session:
            return list(
                session.scalars(query.where(Task.closed_at.is_(None)) if open_only else query)
            )

    def item(self, item_id: int) -> Item:
        with reading(self.engine) as session:
            return session.get_one(Item, item_id)

    def item_tasks(self, item_id: int) -> list[Task]:
        with reading(self.engine) as session:
            return list(
                session.scalars(select(Task).where(Task.item_id == item_id).order_by(Task.id))
            )

    def events(self, number: str = "") -> list[tuple[Event, dict[str, Any]]]:
        """Events with their payload, oldest first."""
        query = (
            select(Event, Payload)
            .outerjoin(Payload, Payload.event_id == Event.id)
            .order_by(Event.seq)
        )
        with reading(self.engine) as session:
            rows = session.execute(query.where(Event.complaint_id == self.complaint(number).id))
            return [(event, dict(payload.data) if payload else {}) for event, payload in rows]

    def kinds(self, number: str = "") -> list[EventKind]:
        return [event.kind for event, _data in self.events(number)]

    def seen(self, number: str = "") -> int:
        """The newest event of a case: what its page carries along as seen."""
        return self.events(number)[-1][0].seq

    def slips(self, item_id: int) -> list[int]:
        """The ids of what was found on the pages of a scan."""
        with reading(self.engine) as session:
            return list(
                session.scalars(select(Slip.id).where(Slip.item_id == item_id).order_by(Slip.id))
            )

    def documents(self, number: str = "") -> list[Document]:
        query = (
            select(Document)
            .where(Document.complaint_id == self.complaint(number).id)
            .order_by(Document.id)
        )
        with reading(self.engine) as session:
            return list(session.scalars(query))

    def mails(self, *names: str) -> list[Outbox]:
        """The outbox, oldest first; only these kinds when given."""
        query = select(Outbox).order_by(Outbox.id)
        with reading(self.engine) as session:
            return list(session.scalars(query.where(Outbox.name.in_(names)) if names else query))

    def count(self, table: type[Any]) -> int:
        with reading(self.engine) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def faults(self) -> list[str]:
        """What `aduan audit` would complain of."""
        with reading(self.engine) as session:
            return [f"{where}: {what}" for where, found in audit(session) for what in found]


def _submit(desk: Desk, number: str) -> None:
    desk.press("sekretaris", "ajukan", number=number)
    desk.jobs()


def _decide(desk: Desk, number: str) -> None:
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditindaklanjuti",
        perintah="Lampu sudah diperbaiki.",
        disampaikan="Lampu sudah diperbaiki.",
    )
    desk.jobs()


ROAD: dict[Stage, Callable[[Desk, str], object]] = {
    Stage.PENERIMAAN: lambda desk, n: desk.press(
        "jfu-1", "laporkan", number=n, nama="Siti Rahmawati", email=SITI
    ),
    Stage.KLARIFIKASI: lambda desk, n: desk.press(
        "sekretaris", "laporkan_kepala", number=n, hasil="Benar padam."
    ),
    Stage.KEPUTUSAN: _decide,
    Stage.JAWABAN: _submit,
    Stage.TANDA_TANGAN: lambda desk, n: desk.press(
        "kepala", "tandatangani", number=n, files={"bertanda_tangan": ("surat.jpg", SIGNED)}
    ),
    Stage.PENYAMPAIAN: lambda desk, n: desk.press(
        "jfu-1", "sampaikan", number=n, cara="langsung", penerima="Siti Rahmawati", files=PROOF
    ),
}


@contextmanager
def desk_in(
    folder: Path, url: str = "", now: datetime = TUESDAY, **tables: Mapping[str, object]
) -> Iterator[Desk]:
    """A desk whose database and secrets lie in `folder`."""
    settings = make_settings(folder, **tables)
    engine = places.attached(make_engine(folder, url), settings)
    try:
        yield Desk(settings, engine, Clock(now))
    finally:
        engine.dispose()
