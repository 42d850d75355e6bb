"""What stands in a case, as salted digests in a chain of its own beside the events (DESIGN rule 7).

Hides how changes are noticed. Whatever a `Work` writes is seen as it goes to the database; before the commit, the
digests of just those parts are made anew in a new link of the chain. What was changed behind the program's back keeps
its old digest, and `differences` finds it, however often the case is written to later.

A part is a column of the complaint, or a row that belongs to it (a document, a mail, a task). Each has a salt of its
own, and only the newest link keeps the digests one by one: an erased value leaves nothing that it could be guessed by.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import Delete, Select, Update, event, insert, inspect, select, update
from sqlalchemy.orm import ORMExecuteState, Session

from pipeline.data.engine import exclusive
from pipeline.data.store import ERASED, digest_of
from pipeline.data.tables import (
    Base,
    Blob,
    Complaint,
    Decided,
    Delegation,
    Document,
    Event,
    Holiday,
    Item,
    Laporan,
    LaporanEvent,
    LetterNumber,
    Meeting,
    Outbox,
    Seal,
    Slip,
    Task,
    Witness,
)
from pipeline.mail.settled import Texts
from pipeline.office.config import Petugas
from pipeline.office.words import word

START = "0" * 64
CASE, OFFICE = "kasus", "kantor"
HISTORY, ARRIVAL, SEALS, LATER = "riwayat", "kiriman", "segel", "tambahan"
SALT, SHORT = 12, 32  # hex digits of a part: 48 bits of salt, 128 of the digest
COLUMNS = tuple(column.key for column in Complaint.__table__.columns if column.key != "id")


@dataclass(frozen=True)
class Rows:
    """How the rows of a table become parts: the word before the key, the key, the columns that count; those that were
    added later are a part of their own, where any of them says something."""

    word: str
    key: str
    columns: tuple[str, ...]
    later: tuple[str, ...] = ()
    hashed: Mapping[str, str] = field(
        default_factory=dict
    )  # a long column: the one that keeps its hash
    beside: tuple[str, ...] = ()  # that tell where a value stands


# Left out is what says nothing of the case: when to remind next, how a mail is being sent. A column that is added
# later belongs to `later`, with a revision that witnesses it (0085): the digests of the rows that are there know
# nothing of it.
OF_CASE: dict[type[Base], Rows] = {
    Document: Rows(
        "berkas",
        "id",
        (
            "kind",
            "version",
            "name",
            "mime",
            "sha256",
            "created_at",
            "actor",
            "code",
            "source_id",
            "facts",
        ),
        ("decision_id", "item_id"),
    ),
    Task: Rows(
        "tugas",
        "id",
        (
            "kind",
            "holder",
            "note",
            "opened_at",
            "due_at",
            "paused_at",
            "left_minutes",
            "paused_minutes",
            "extended",
            "closed_at",
            "closed_by",
            "outcome",
        ),
        ("decision_id", "counted_from", "first_due_at", "missed_at"),
    ),
    Meeting: Rows(
        "rapat",
        "id",
        (
            "uid",
            "sequence",
            "at",
            "until",
            "place",
            "agenda",
            "who",
            "invited",
            "answers",
            "cancelled_at",
        ),
    ),
    Decided: Rows(
        "keputusan",
        "id",
        (
            "number",
            "decided_at",
            "author",
            "author_name",
            "author_title",
            "outcome",
            "perintah",
            "disampaikan",
            "instansi",
            "source_id",
            "kept_at",
            "withdrawn_at",
            "letter_number",
            "letter_date",
            "covering_number",
            "delivery",
            "delivered_at",
        ),
        ("pembuktian",),
    ),
    LetterNumber: Rows("nomor", "number", ("kind", "given_at")),
    Slip: Rows("slip", "id", ("kind", "state", "serial", "sha256", "settled_at", "settled_by")),
    Outbox: Rows(
        "email",
        "message_id",
        (
            "name",
            "recipient",
            "recipient_name",
            "subject",
            "text",
            "html",
            "headers",
            "attachments",
            "links",
            "date",
            "task_id",
        ),
        ("decision_id",),
        {"html": "html_hash"},
        ("id", "pack_id"),
    ),
}
OF_OFFICE: dict[type[Base], Rows] = {
    Delegation: Rows(
        "delegasi",
        "id",
        (
            "holder",
            "holder_mark",
            "acting",
            "acting_mark",
            "form",
            "first",
            "last",
            "made_by",
            "made_at",
            "begun_at",
            "ended_at",
        ),
    ),
    Holiday: Rows("libur", "day", ("name", "added_at")),
    Laporan: Rows("laporan", "id", ("kind", "code", "figures", "signed_at", "signed_by", "sha256")),
}
PERSON = (
    "nama",
    "jabatan",
    "email",
    "peran",
    "unit",
    "nip",
    "pangkat",
)  # of config.toml, by `kode`
V = TypeVar("V")
Parts = dict[str, str]
GONE = object()  # the value of a part that is no more; None is what an empty column says


def digest(value: object) -> str:
    """SHA-256 in hex of a value as JSON, the same on both databases."""
    return sha256(_AS_JSON.encode(value).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date | StrEnum):
        return str(value)
    raise TypeError(type(value).__name__)


# Made once: an audit asks it for a hundred digests a case.
_AS_JSON = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
)


def part(salt: str, name: str, value: object) -> str:
    """The salt and digest of one part."""
    return salt + digest([salt, name, value])[:SHORT]


def holds(kept: str, name: str, value: object) -> bool:
    """Whether a part still says what it said."""
    return part(kept[:SALT], name, value) == kept


def link_hash(row: Witness | Mapping[str, Any]) -> str:
    """What chains a link to the one before."""
    of = row.__getitem__ if isinstance(row, Mapping) else lambda name: getattr(row, name)
    return digest([of(name) for name in ("kind", "subject_id", "seq", "digest", "previous")])


# ---- what is written in a transaction ------------------------------------------------------------------------


@dataclass
class Touched:
    """What a transaction has written of cases and of the office, until it commits."""

    fresh: set[int] = field(default_factory=set)  # complaints that were made in it
    columns: dict[int, set[str]] = field(default_factory=dict)
    heads: dict[int, tuple[int, str]] = field(
        default_factory=dict
    )  # newest event of a complaint: seq, hash
    rows: dict[type[Base], dict[Any, set[int]]] = field(
        default_factory=dict
    )  # key: complaints it is or was part of
    mails: list[Mapping[str, Any]] = field(
        default_factory=list
    )  # put by one statement: there are no objects
    office: dict[str, object] = field(default_factory=dict)

    def row(self, table: type[Base], key: Any, complaints: Iterable[int | None]) -> None:
        known = self.rows.setdefault(table, {}).setdefault(key, set())
        known.update(one for one in complaints if one is not None)

    def cases(self) -> set[int]:
        found = {*self.columns, *self.heads, *(mail["complaint_id"] for mail in self.mails)}
        return found.union(*(ids for rows in self.rows.values() for ids in rows.values()))


def _touched(session: Session) -> Touched:
    found: Touched = session.info.setdefault("disaksikan", Touched())
    return found


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _context: object) -> None:
    touched = _touched(session)
    for one in session.new:
        _note(touched, one, None)
    for one in session.dirty:
        changed = {
            attribute.key for attribute in inspect(one).attrs if attribute.history.has_changes()
        }
        if changed:
            _note(touched, one, changed)
    for one in session.deleted:
        _note(touched, one, None, gone=True)  # its state says so only once the flush is over


def _note(touched: Touched, one: Any, changed: set[str] | None, *, gone: bool = False) -> None:
    """Remember what a row that was written means for its case; `changed`: its columns, None for all."""
    table = type(one)
    if table is Complaint:
        touched.columns.setdefault(one.id, set()).update(COLUMNS if changed is None else changed)
        if changed is None:
            touched.fresh.add(one.id)
    elif table is Event:
        newest = touched.heads.get(one.complaint_id, (0, ""))
        touched.heads[one.complaint_id] = max(newest, (one.seq, one.hash))
    elif table is Seal:
        touched.office[SEALS] = _seal_value(one)
    elif table is LaporanEvent:
        touched.office.update(_report_head(one))
    elif table in OF_CASE:
        _note_row(touched, one, OF_CASE[table], changed)
    elif table in OF_OFFICE:
        rows = OF_OFFICE[table]
        touched.office[_name(rows, one)] = GONE if gone else _value(rows, one)


def _note_row(touched: Touched, one: Any, rows: Rows, changed: set[str] | None) -> None:
    if changed is not None and changed.isdisjoint((*rows.columns, *rows.later, "complaint_id")):
        return
    before = inspect(one).attrs.complaint_id.history.deleted or ()
    touched.row(type(one), getattr(one, rows.key), (one.complaint_id, *before))


@event.listens_for(Session, "do_orm_execute")
def _bulk(state: ORMExecuteState) -> None:
    """Statements that write many rows at once go past the flush."""
    writes = state.is_insert or state.is_update or state.is_delete
    if not writes or not state.session.info.get("work") or state.bind_mapper is None:
        return
    table = state.bind_mapper.class_
    rows = OF_CASE.get(table)
    if rows is None:
        return
    touched = _touched(state.session)
    if not state.is_insert:
        for key, complaint_id in _changed(state, table, rows.key):
            touched.row(table, key, (complaint_id,))
    elif table is Outbox:
        touched.mails += [one for one in _inserted(state) if one.get("complaint_id") is not None]


def _changed(state: ORMExecuteState, table: type[Any], key: str) -> Sequence[Any]:
    """(key, case) of each row that the statement is about to change."""
    assert isinstance(state.statement, Update | Delete)
    query = select(getattr(table, key), table.complaint_id)
    where = state.statement.whereclause
    return state.session.execute(query if where is None else query.where(where)).all()


def _inserted(state: ORMExecuteState) -> Sequence[Mapping[str, Any]]:
    """The rows that a statement writes."""
    given = state.parameters
    return [given] if isinstance(given, Mapping) else given or ()


@event.listens_for(Session, "before_commit")
def _witness(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    touched: Touched = session.info.pop("disaksikan", Touched())
    if not session.info.get("work"):
        return
    if cases := touched.cases():
        _append_cases(session, touched, cases)
    if touched.office:
        append_office(session, touched.office)


@event.listens_for(Session, "after_rollback")
def _forgotten(session: Session) -> None:
    session.info.pop("disaksikan", None)


# ---- a new link ----------------------------------------------------------------------------------------------


def _append_cases(session: Session, touched: Touched, ids: Collection[int]) -> None:
    if (
        session.get_bind().dialect.name == "postgresql"
    ):  # two that add to one case: the second sees the first's link
        session.execute(
            select(Complaint.id)
            .where(Complaint.id.in_(ids))
            .order_by(Complaint.id)
            .with_for_update()
        )
    new = _new_values(session, touched)
    kept = newest(session, CASE, set(ids) - touched.fresh)
    _append(session, CASE, kept, {i: new.get(i, {}) for i in sorted(ids)})


def append_office(session: Session, values: Mapping[str, object]) -> None:
    """A new link of the office's own chain; GONE takes a part away."""
    exclusive(session, "saksi")
    _append(session, OFFICE, newest(session, OFFICE, [0]), {0: values})


def newest(session: Session, kind: str, subjects: Collection[int]) -> dict[int, Witness]:
    """{subject: the newest link of its chain}."""
    if not subjects:
        return {}
    query = select(Witness).where(
        Witness.kind == kind, Witness.subject_id.in_(subjects), Witness.parts.is_not(None)
    )
    return {row.subject_id: row for row in session.scalars(query)}


def _append(
    session: Session,
    kind: str,
    kept: Mapping[int, Witness],
    values: Mapping[int, Mapping[str, object]],
) -> None:
    salt = secrets.token_hex(SALT // 2)
    rows, older = [], []
    for subject, changed in values.items():
        last = kept.get(subject)
        before: Parts = dict(last.parts or {}) if last else {}
        after = _after(salt, before, changed)
        if after == before:
            continue
        row = {
            "kind": kind,
            "subject_id": subject,
            "seq": last.seq + 1 if last else 1,
            "digest": digest(after),
            "previous": last.hash if last else START,
            "parts": after,
        }
        rows.append({**row, "hash": link_hash(row)})
        older += [last.id] if last else []
    if not rows:
        return
    if older:
        session.execute(update(Witness).where(Witness.id.in_(older)).values(parts=None))
    session.execute(insert(Witness), rows)


def _after(salt: str, before: Parts, changed: Mapping[str, object]) -> Parts:
    """The parts of a case, with what was changed and without what is gone."""
    after = dict(before)
    for name, value in changed.items():
        if value is GONE:
            after.pop(name, None)
        else:
            after[name] = part(salt, name, value)
    return after


def _new_values(session: Session, touched: Touched) -> dict[int, dict[str, object]]:
    """{complaint: {part: its value as it will be committed}}."""
    found: dict[int, dict[str, object]] = {}
    for complaint_id, values in _columns(session, touched.columns):
        wanted = touched.columns[complaint_id]
        arrived = {ARRIVAL} if "item_id" in wanted else set()
        found[complaint_id] = {
            name: value for name, value in values.items() if name in wanted | arrived
        }
    for complaint_id, head in touched.heads.items():
        found.setdefault(complaint_id, {})[HISTORY] = list(head)
    for table, keys in touched.rows.items():
        rows = OF_CASE[table]
        there = {
            key: (complaint_id, parts)
            for complaint_id, key, parts in _rows_of(session, table, keys=list(keys))
        }
        for key, complaints in keys.items():
            owner, parts = there.get(key, (None, {}))
            nothing = dict.fromkeys(_names(rows, key), GONE)
            for one in complaints:
                found.setdefault(one, {}).update({**nothing, **(parts if one == owner else {})})
    mails = OF_CASE[Outbox]
    for mail in touched.mails:
        parts = _parts(mails, mail["message_id"], mail)
        found.setdefault(mail["complaint_id"], {}).update(parts)
    return found


# ---- what stands in the database -----------------------------------------------------------------------------


def _name(rows: Rows, one: Any) -> str:
    return f"{rows.word} {getattr(one, rows.key)}"


def _value(rows: Rows, one: Any) -> list[object]:
    return [getattr(one, name) for name in rows.columns]


def _names(rows: Rows, key: object) -> tuple[str, str]:
    """What the parts of a row are called: its own, and that of the columns that came later."""
    return f"{rows.word} {key}", f"{LATER} {rows.word} {key}"


def _parts(rows: Rows, key: object, row: Mapping[str, Any]) -> dict[str, object]:
    """{name: value} of the parts of a row."""
    own, later = _names(rows, key)
    added = [row.get(name) for name in rows.later]
    beside: dict[str, object] = (
        {later: added} if any(one not in (None, "") for one in added) else {}
    )
    return {own: _said(rows, row), **beside}


def _said(rows: Rows, row: Mapping[str, Any]) -> list[object]:
    """What counts of a row, in the order of its columns."""
    short = {name: _hash_or_text(row[name], row[other]) for name, other in rows.hashed.items()}
    return [short[name] if name in short else row[name] for name in rows.columns]


def _hash_or_text(text: str, hashed: str) -> str:
    """Of a text that may be forgotten its hash; itself where it has none, or is not what the hash is of."""
    return hashed if hashed and (not text or digest_of(text.encode()) == hashed) else text


def _columns(session: Session, ids: Collection[int]) -> Iterator[tuple[int, dict[str, object]]]:
    """(complaint, {column: value, and of what arrived}) of these."""
    table = Complaint.__table__
    arrived = (Item.id, Item.sha256, Item.source, Item.received_at)
    query = select(*table.columns, *(column.label(f"item_{column.key}_") for column in arrived))
    query = (
        query.select_from(table)
        .outerjoin(Item, Item.id == table.c.item_id)
        .where(table.c.id.in_(ids))
    )
    for row in session.execute(query.order_by(table.c.id)).mappings():
        values = {name: row[name] for name in COLUMNS}
        values[ARRIVAL] = [row[f"item_{column.key}_"] for column in arrived]
        yield row["id"], values


def _rows_of(
    session: Session, table: Any, keys: Collection[Any] = (), complaints: Collection[int] = ()
) -> Iterator[tuple[int | None, Any, dict[str, object]]]:
    """(complaint, key, parts) of rows, by their keys or by their complaints; at most 500 keys a statement."""
    rows = OF_CASE[table]
    key = getattr(table, rows.key)
    wanted, column = (list(keys), key) if keys else (list(complaints), table.complaint_id)
    names = (*rows.columns, *rows.later, *rows.hashed.values(), *rows.beside)
    columns, texts = [getattr(table, name) for name in names], Texts(session)
    for start in range(0, len(wanted), 500):
        query: Select[Any] = select(table.complaint_id.label("case_"), key.label("key_"), *columns)
        for found in session.execute(query.where(column.in_(wanted[start : start + 500]))):
            row = dict(found._mapping)
            if table is Outbox:
                row["text"] = texts.of(row["id"], row["text"], row["pack_id"])
            yield row["case_"], row["key_"], _parts(rows, row["key_"], row)


def _report_head(newest: LaporanEvent) -> dict[str, object]:
    """The end of a report's history, as a part of the office."""
    return {f"{HISTORY} laporan {newest.laporan_id}": [newest.seq, newest.hash]}


def _seal_value(seal: Seal) -> list[object]:
    return [seal.number, seal.day, seal.hash]


def _standing(session: Session, ids: Collection[int]) -> dict[int, dict[str, object]]:
    """{complaint: {part: value}} as it stands, without the history's end, which the audit knows from its walk."""
    found = dict(_columns(session, ids))
    for table in OF_CASE:
        for complaint_id, _key, parts in _rows_of(session, table, complaints=ids):
            if complaint_id is not None:
                found[complaint_id].update(parts)
    return found


def office_values(session: Session, people: Iterable[Petugas] | None) -> dict[str, object]:
    """{part: value} of the office: delegations, holidays, the newest seal, and people where they are given."""
    found: dict[str, object] = {}
    for table, rows in OF_OFFICE.items():
        found |= {_name(rows, one): _value(rows, one) for one in session.scalars(select(table))}
    for one in session.scalars(select(LaporanEvent).order_by(LaporanEvent.seq)):
        found |= _report_head(one)
    last = session.scalars(
        select(Seal).where(Seal.number.is_not(None)).order_by(Seal.number.desc()).limit(1)
    ).first()
    if last is not None:
        found[SEALS] = _seal_value(last)
    return found | people_values(people or ())


def people_values(people: Iterable[Petugas]) -> dict[str, object]:
    """{part: value} of the people in config.toml."""
    return {f"petugas {one.kode}": [_set(getattr(one, name)) for name in PERSON] for one in people}


def _set(value: object) -> object:
    return (
        sorted(str(one) for one in value)
        if isinstance(value, tuple | list | set | frozenset)
        else value
    )


def note_people(session: Session, people: Iterable[Petugas]) -> list[str]:
    """Take the people of config.toml into the office's chain; the codes of those who are new, changed or gone since
    they were taken in last. Nothing is told at the first time."""
    now = people_values(people)
    last = newest(session, OFFICE, [0]).get(0)
    kept: Parts = {
        name: one for name, one in ((last.parts or {}) if last else {}).items() if _is_person(name)
    }
    changed = {
        name: value
        for name, value in now.items()
        if name not in kept or not holds(kept[name], name, value)
    }
    gone = dict.fromkeys(set(kept) - set(now), GONE)
    if changed or gone:
        append_office(session, {**changed, **gone})
    return sorted(name.partition(" ")[2] for name in {**changed, **gone}) if kept else []


def _is_person(name: str) -> bool:
    return name.startswith("petugas ")


# ---- what was there before there were witnesses --------------------------------------------------------------


def begin_all(session: Session, limit: int = 200) -> int:
    """Witness cases, and the office's rows, of which there is no witness yet: they were made by an earlier version.
    How many cases; at most `limit` a call."""
    none = (
        ~select(Witness.id).where(Witness.kind == CASE, Witness.subject_id == Complaint.id).exists()
    )
    ids = list(
        session.scalars(select(Complaint.id).where(none).order_by(Complaint.id).limit(limit))
    )
    values = _standing(session, ids)
    for complaint_id, seq, head in _heads(session, ids):
        values[complaint_id][HISTORY] = [seq, head]
    _append(session, CASE, {}, values)
    if not newest(session, OFFICE, [0]) and (office := office_values(session, None)):
        append_office(session, office)
    return len(ids)


def _heads(session: Session, ids: Collection[int]) -> Iterator[tuple[int, int, str]]:
    query = select(Event.complaint_id, Event.seq, Event.hash).where(Event.complaint_id.in_(ids))
    last = {
        row.complaint_id: (row.complaint_id, row.seq, row.hash)
        for row in session.execute(query.order_by(Event.seq))
    }
    return iter(last.values())


# ---- comparing -----------------------------------------------------------------------------------------------


def differences(
    session: Session, ids: Collection[int], heads: Mapping[int, tuple[int, str]]
) -> dict[int, list[str]]:
    """{complaint: what differs from the newest link of its chain, in words}; `heads`: the newest event of each."""
    kept = newest(session, CASE, ids)
    standing = _standing(session, ids)
    for complaint_id, head in heads.items():
        if complaint_id in standing:
            standing[complaint_id][HISTORY] = list(head)
    attached = _missing_attachments(session, standing)
    return {
        i: [*_compared(kept.get(i), values), *attached.get(i, ())] for i, values in standing.items()
    }


def office_differences(session: Session, people: Iterable[Petugas] | None) -> list[str]:
    """What differs from the newest link of the office's chain, in words."""
    kept = newest(session, OFFICE, [0]).get(0)
    standing = office_values(session, people)
    if kept is None:
        return [word("audit.disisipkan", bagian=name) for name in standing if not _is_person(name)]
    noted = any(
        _is_person(name) for name in kept.parts or ()
    )  # not yet in an office that was upgraded just now
    return list(_compared(kept, standing, with_people=people is not None and noted))


def _compared(
    kept: Witness | None, standing: Mapping[str, object], *, with_people: bool = True
) -> Iterator[str]:
    if kept is None:
        yield word("audit.tanpa_saksi")
        return
    parts: Parts = kept.parts if isinstance(kept.parts, dict) else {}
    if digest(kept.parts) != kept.digest:
        yield word("audit.saksi")
    if not with_people:
        parts, standing = _without_people(parts), _without_people(standing)
    for name, one in parts.items():
        if name not in standing:
            yield word("audit.hilang", bagian=name)
        elif not holds(one, name, standing[name]):
            yield word("audit.berubah", bagian=name)
    # A column of a later version is witnessed when it is written.
    known = {*parts, *COLUMNS}
    for name in standing:
        if name not in known:
            yield word("audit.disisipkan", bagian=name)


def _without_people(named: Mapping[str, V]) -> dict[str, V]:
    return {name: value for name, value in named.items() if not _is_person(name)}


def _missing_attachments(
    session: Session, standing: Mapping[int, Mapping[str, object]]
) -> dict[int, list[str]]:
    """Mails whose attached bytes are gone."""
    place = OF_CASE[Outbox].columns.index("attachments")
    sent = [
        (complaint_id, name, value[place])
        for complaint_id, values in standing.items()
        for name, value in values.items()
        if name.startswith(f"{OF_CASE[Outbox].word} ") and isinstance(value, list)
    ]
    wanted = {str(one[0]) for _i, _name, files in sent for one in files if isinstance(files, list)}
    there = set(
        session.scalars(select(Blob.sha256).where(Blob.sha256.in_(wanted), Blob.size != ERASED))
    )
    found: dict[int, list[str]] = {}
    for complaint_id, name, files in sent:
        if any(one[0] not in there for one in files if isinstance(files, list)):
            found.setdefault(complaint_id, []).append(word("audit.lampiran", bagian=name))
    return found
