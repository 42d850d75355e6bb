"""Whether the register, what arrived, what was sent and what was sealed still is what it was (`aduan audit`).

Hides one walk over each table, in the order of its ids, in little memory: chains of events, chains of witnesses, seals,
then every case against its newest witness, then what arrived and the bytes of every file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, load_only

from pipeline.cases import report_chain, witness
from pipeline.cases.chain import Walk, reach_of, seal_hash
from pipeline.cases.closing import how as ended
from pipeline.cases.witness import CASE, START, digest
from pipeline.data import store
from pipeline.data.engine import among
from pipeline.data.places import Lost
from pipeline.data.states import ItemState
from pipeline.data.store import ERASED
from pipeline.data.tables import (
    Blob,
    Closing,
    Complaint,
    Counter,
    Document,
    Event,
    Item,
    Outbox,
    Payload,
    Seal,
    Sighting,
    Slip,
    SlipPage,
    Witness,
)
from pipeline.office.config import Petugas
from pipeline.office.words import word

REGISTER, OFFICE, ARRIVED, FILES, SEALS = "buku", "kantor", "kiriman", "berkas", "segel"
PLACES = (REGISTER, OFFICE, ARRIVED, FILES, SEALS)  # what is told beside the cases, after them
ENDING = (
    Complaint.number,
    Complaint.stage,
    Complaint.parent_id,
    Complaint.decision,
    Complaint.closed_at,
    Complaint.received_at,
)
ROWS, CASES, BLOBS = (
    2000,
    50,
    10,
)  # at once in memory: a case brings its mails with it, a blob up to 1 MiB
Tell = Callable[[int], None]


def audit_size(session: Session) -> int:
    """How many steps `audit` will tell."""
    tables = (Event, Witness, Item, Complaint, Blob)
    return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def audit(
    session: Session, people: Iterable[Petugas] | None = None, tell: Tell = lambda _steps: None
) -> Iterator[tuple[str, list[str]]]:
    """(register number, faults) for every complaint in order, then (place, faults) for each of PLACES.

    `people`: those of config.toml, compared where they are given. `tell` hears how many rows were looked at. A value
    that the program cannot have written (a word that is none of its list, a time that is none) is told, and ends it:
    what cannot be read cannot be compared.
    """
    try:
        yield from _audit(session, people, tell)
    except (ValueError, TypeError) as unreadable:
        yield REGISTER, [word("audit.tak_terbaca", sebab=str(unreadable))]


def _audit(
    session: Session, people: Iterable[Petugas] | None, tell: Tell
) -> Iterator[tuple[str, list[str]]]:
    seals = _Seals(session)
    walk, named = Walk(), _Named()
    for row in _rows(session, _events(), tell):
        seals.events.add(row.id, row.hash, walk)
        walk.step(row, row if row.event_id is not None else None)
        named.note(row.kind, row.data)
    links = _Links()
    for row in _rows(session, _links(), tell):
        seals.witnesses.add(row.id, row.hash)
        links.step(row)
    for row in _rows(session, select(Item.id, Item.sha256).order_by(Item.id), tell):
        seals.items.add(row.id, row.sha256)
    seals.walked(walk)
    yield from _cases(session, walk, links, tell)
    yield REGISTER, [*_lost(walk, links), *_gaps(session), *_ends(session)]
    yield (
        OFFICE,
        [
            *links.faults.get((witness.OFFICE, 0), ()),
            *witness.office_differences(session, people),
            *report_chain.faults(session),
        ],
    )
    yield ARRIVED, list(_arrived(session, named, walk))
    yield FILES, [*_missing(session), *_changed(session, tell)]
    yield SEALS, list(seals.faults(session))


def _rows(session: Session, query: Any, tell: Tell) -> Iterator[Any]:
    for rows in session.execute(query.execution_options(yield_per=ROWS)).partitions():
        yield from rows
        tell(len(rows))


def _events() -> Any:
    payload = Payload.__table__.c
    query = select(*Event.__table__.c, payload.event_id, payload.salt, payload.data)
    return query.outerjoin(Payload, Payload.event_id == Event.id).order_by(Event.id)


def _links() -> Any:
    names = ("id", "kind", "subject_id", "seq", "digest", "previous", "hash")
    return select(*(Witness.__table__.c[name] for name in names)).order_by(Witness.id)


# ---- cases ---------------------------------------------------------------------------------------------------


class _Links:
    """Chains of witnesses as far as they were seen."""

    def __init__(self) -> None:
        self.heads: dict[tuple[str, int], tuple[int, str]] = {}
        self.faults: dict[tuple[str, int], list[str]] = {}

    def step(self, row: Any) -> None:
        subject = (row.kind, row.subject_id)
        seq, previous = self.heads.get(subject, (0, START))
        good = (
            row.seq == seq + 1
            and row.previous == previous
            and row.hash == witness.link_hash(row._mapping)
        )
        if not good:
            self.faults.setdefault(subject, []).append(word("audit.rantai_saksi", urut=row.seq))
        self.heads[subject] = (row.seq, row.hash)


def _cases(
    session: Session, walk: Walk, links: _Links, tell: Tell
) -> Iterator[tuple[str, list[str]]]:
    """Each complaint; what the walks know of it is taken out of them, so that what is left belongs to none."""
    rows = session.execute(select(Complaint.id, Complaint.number).order_by(Complaint.id)).all()
    stream = iter(rows)
    while some := list(islice(stream, CASES)):
        heads = {row.id: walk.heads[row.id] for row in some if row.id in walk.heads}
        differ = witness.differences(session, [row.id for row in some], heads)
        session.expunge_all()
        for row in some:
            yield row.number, list(_faults(row.id, row.number, walk, links, differ.get(row.id, [])))
        tell(len(some))


def _faults(
    complaint_id: int, number: str, walk: Walk, links: _Links, differ: Iterable[str]
) -> Iterator[str]:
    yield from (f"{number}, {fault}" for fault in walk.faults.pop(complaint_id, ()))
    for seq in walk.unexplained(complaint_id):
        yield f"{number}, " + word("audit.tempat", urut=seq, apa=word("audit.tanpa_keterangan"))
    if walk.heads.pop(complaint_id, None) is None:
        yield f"{number}: {word('audit.tanpa_riwayat')}"
    links.heads.pop((CASE, complaint_id), None)
    yield from (
        f"{number}: {fault}" for fault in (*links.faults.pop((CASE, complaint_id), ()), *differ)
    )


def _lost(walk: Walk, links: _Links) -> Iterator[str]:
    """Histories without a complaint."""
    left = {*walk.heads, *(subject for kind, subject in links.heads if kind == CASE)}
    return (word("audit.pengaduan_hilang", urut=complaint_id) for complaint_id in sorted(left))


def _gaps(session: Session) -> Iterator[str]:
    """The register is without gaps: as many rows a year as numbers were given."""
    counted = session.execute(select(Complaint.year, func.count()).group_by(Complaint.year)).all()
    rows = {str(year): count for year, count in counted}
    for name, given in session.execute(
        select(Counter.name, Counter.value).where(Counter.name.like("register:%"))
    ):
        year = name.partition(":")[2]
        if rows.pop(year, 0) != given:
            yield word("audit.nomor", tahun=year, jumlah=given)
    yield from (word("audit.nomor", tahun=year, jumlah=0) for year in rows)


def _ends(session: Session) -> Iterator[str]:
    """The end of each case, as reports count it, is the one that the case itself tells."""
    stands = (Closing.complaint_id == Complaint.id) & Closing.reopened_at.is_(None)
    either = or_(Complaint.closed_at.is_not(None), Closing.id.is_not(None))
    query = (
        select(Complaint, Closing.at, Closing.how)
        .options(load_only(*ENDING))
        .outerjoin(Closing, stands)
    )
    rows = session.execute(
        query.where(either).order_by(Complaint.id).execution_options(yield_per=ROWS)
    )
    for some in rows.partitions():
        for complaint, at, how in some:
            told = max(complaint.closed_at, complaint.received_at) if complaint.closed_at else None
            if (at, how) != (told, ended(complaint)):
                yield f"{complaint.number}: {word('audit.akhir')}"
            session.expunge(complaint)  # one by one: `expunge_all` would end the stream


# ---- what arrived --------------------------------------------------------------------------------------------


class _Named:
    """Items that events speak of."""

    def __init__(self) -> None:
        self.arrived: set[int] = set()
        self.erased: set[int] = set()

    def note(self, kind: str, data: Any) -> None:
        if not isinstance(data, dict):
            return
        if isinstance(data.get("item"), int):
            self.arrived.add(data["item"])
        if str(kind) == "erased":
            self.erased.update(one for one in data.get("kiriman", ()) if isinstance(one, int))


def _arrived(session: Session, named: _Named, walk: Walk) -> Iterator[str]:
    """Items that are gone although something names them, and items that were erased although no act says so."""
    stray = (
        select(Sighting.item_id)
        .outerjoin(Item, Item.id == Sighting.item_id)
        .where(Item.id.is_(None))
    )
    seen_somewhere = set(session.scalars(stray.distinct()))
    named_by_a_case = named.arrived - among(session, Item.id, named.arrived)
    for item_id in sorted(seen_somewhere | named_by_a_case):
        yield word("audit.kiriman_hilang", urut=item_id)
    query = select(Item.id, Item.twin, Complaint.id).outerjoin(
        Complaint, Complaint.item_id == Item.id
    )
    erased = session.execute(query.where(Item.state == ItemState.ERASED).order_by(Item.id)).all()
    said = {
        row.twin for row in erased if row[0] in named.erased or row[2] in walk.erased
    }  # copies are erased as well
    unexplained = dict.fromkeys(row[0] for row in erased if row.twin not in said)
    yield from (word("audit.kiriman_terhapus", urut=item_id) for item_id in unexplained)


# ---- bytes ---------------------------------------------------------------------------------------------------


def _missing(session: Session) -> Iterator[str]:
    """Rows whose bytes are not there although nobody erased them."""
    wanted = (
        (Item.id, Item.sha256, Item.state != ItemState.ERASED, "kiriman"),
        (Document.id, Document.sha256, Document.name != "", "berkas"),
        (Slip.id, Slip.sha256, Slip.sha256.is_not(None), "slip"),
        (SlipPage.id, SlipPage.sha256, SlipPage.sha256.is_not(None), "halaman"),
    )
    for row_id, column, counts, name in wanted:
        query = select(row_id).outerjoin(Blob, (Blob.sha256 == column) & (Blob.size != ERASED))
        for one in session.scalars(query.where(counts, Blob.sha256.is_(None)).order_by(row_id)):
            yield word("audit.isi_hilang", bagian=f"{name} {one}")


def _changed(session: Session, tell: Tell) -> Iterator[str]:
    """Blobs whose bytes are not what their name says."""
    query = (
        select(Blob.sha256, Blob.size, Blob.content)
        .order_by(Blob.sha256)
        .execution_options(yield_per=BLOBS)
    )
    for rows in session.execute(query).partitions():
        for name, size, content in rows:
            if size == ERASED and not content:
                continue
            try:
                found = _digest_of(session, name, size, content)
            except Lost as lost:
                yield str(lost)
                continue
            if found != name:
                yield word("audit.isi_berubah", bagian=name[:16])
        tell(len(rows))


def _digest_of(session: Session, name: str, size: int, content: bytes) -> str:
    if len(content) == size:
        return sha256(content).hexdigest()
    found, length = sha256(), 0
    for piece in store.pieces(session, name):
        found.update(piece)
        length += len(piece)
    return found.hexdigest() if length == size else ""


# ---- seals ---------------------------------------------------------------------------------------------------


class _Span:
    """The digest of the rows up to each bound, one after another, of a table that is walked in the order of ids."""

    def __init__(self, bounds: list[int]) -> None:
        self.bounds = bounds
        self.digests: list[str] = []
        self._now = sha256()

    def add(self, row_id: int, one: str, _walk: Walk | None = None) -> None:
        self.reach(row_id)
        self._now.update(f"{row_id}:{one};".encode())

    def reach(self, row_id: float) -> None:
        """Rows from this id on belong to later bounds."""
        while len(self.digests) < len(self.bounds) and row_id > self.bounds[len(self.digests)]:
            self.digests.append(self._now.hexdigest())
            self._now = sha256()


class _Events(_Span):
    """Beside it the heads of all chains at each seal of an earlier version, which was over those."""

    def __init__(self, bounds: list[int], old: list[bool]) -> None:
        super().__init__(bounds)
        self.old = old
        self.walk = Walk()
        self.heads: dict[int, list[list[object]]] = {}

    def add(self, row_id: int, one: str, walk: Walk | None = None) -> None:
        self.walk = walk or self.walk
        super().add(row_id, one)

    def reach(self, row_id: float) -> None:
        at = len(self.digests)
        super().reach(row_id)
        for passed in range(at, len(self.digests)):
            if self.old[passed]:
                self.heads[passed] = [[i, *head] for i, head in sorted(self.walk.heads.items())]


class _Seals:
    """The seals, against what was walked over."""

    def __init__(self, session: Session) -> None:
        self.seals = list(session.scalars(select(Seal).order_by(Seal.day)))
        reaches = [reach_of(seal) for seal in self.seals]
        self.events = _Events(
            [reach.event for reach in reaches], [seal.number is None for seal in self.seals]
        )
        self.witnesses = _Span([reach.witness for reach in reaches])
        self.items = _Span([reach.item for reach in reaches])

    def walked(self, walk: Walk) -> None:
        """All rows were seen: what the last seals are over is taken down before `_cases` empties the walk."""
        self.events.walk = walk
        for span in (self.items, self.events, self.witnesses):
            span.reach(float("inf"))

    def faults(self, session: Session) -> Iterator[str]:
        """After the walks: seals that do not fit, or that are gone."""
        previous = START
        for place, seal in enumerate(self.seals):
            if seal.hash != self._expected(place, seal, previous):
                yield word("audit.segel", hari=seal.day.isoformat())
            previous = seal.hash
        yield from self._gone(session)

    def _expected(self, place: int, seal: Seal, previous: str) -> str:
        if seal.number is None:
            return digest([seal.day.isoformat(), previous, self.events.heads[place]])
        spans = (self.items, self.events, self.witnesses)
        return seal_hash(seal, previous, [span.digests[place] for span in spans])

    def _gone(self, session: Session) -> Iterator[str]:
        for place, seal in enumerate(self.seals, 1):
            if seal.number is not None and seal.number != place:
                yield word(
                    "audit.segel_urutan", hari=seal.day.isoformat(), urut=seal.number, ada=place
                )
        known = {seal.hash for seal in self.seals}
        mails = select(Outbox.date, Outbox.text).where(Outbox.name == "segel").order_by(Outbox.id)
        for at, text in session.execute(mails.execution_options(yield_per=ROWS)):
            told = {
                "".join(pair) for pair in re.findall(r"\b([0-9a-f]{32})\s+([0-9a-f]{32})\b", text)
            }
            if told and told.isdisjoint(known):
                yield word("audit.segel_hilang", hari=at.date().isoformat())
