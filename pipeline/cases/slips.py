"""A scan as a stack of slips (SOP langkah 1): its pages as they are read, and what the clerk makes of each.

Hides how several complaints come of one item. The one task of a stack is closed with its last slip. States of a slip:
baru, dicatat (recorded), bukan (no complaint), tak_terbaca (kept and counted), digabung (a further page of another),
pemisah (a separator sheet), ditahan (held with its whole file).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from pipeline.cases.chain import actor_of
from pipeline.cases.core import AlreadyDone, Forbidden, by_number, locked
from pipeline.cases.input import Checked, File, Invalid
from pipeline.cases.record import add_documents, record_at_counter
from pipeline.cases.slip_learning import learn
from pipeline.cases.tasks import close, open_item_task
from pipeline.data import jobs, store
from pipeline.data.states import DocumentKind, JobKind, PageState, SlipState
from pipeline.data.tables import DIALLED, Complaint, Item, Sighting, Slip, SlipPage, Stack, Task
from pipeline.office.config import Petugas
from pipeline.office.sop import MERGEABLE, Act, Channel, TaskKind
from pipeline.office.words import word
from pipeline.slips.worker import Sheet
from pipeline.work import Work

SLIPS = (
    SlipState.OPEN,
    SlipState.RECORDED,
    SlipState.UNREADABLE,
)  # as far as a serial is asked for
NOT_COUNTED = (SlipState.SEPARATOR, SlipState.JOINED)  # papers that are no slip of their own
FOLDER = "pindaian"  # the mailbox of sightings in the scanner's folder
CONTINUED = timedelta(days=1)  # so long a file of the same name may be the continuation of a scan
OLDEST = timedelta(days=400)  # before it is scanned a slip may have been written
UNREAD = (
    "tak_terbaca",
    "tertutup",
    "cap",
    "terlewat",
    "terpotong",
)  # doubts: something is written that nobody read
DOUBTED = 0.5  # the most that is claimed for a field that something speaks against
WAYS = ("surat", "telepon", "email", "papan")
TICKS = (
    "rahasia",
    *WAYS,
)  # of a slip that no machine looked at each is unsure: its name is kept secret
ALIKE = (
    0.5  # share of the words that two complaints have in common when they are probably one matter
)
LOOK_BACK = timedelta(days=60)


# ---- reading -------------------------------------------------------------------------------------------------


def stack_arrived(work: Work, item: Item) -> None:
    """A scan waits to be read by the lane for slips."""
    jobs.put(work.session, JobKind.READ_STACK, item.id, work.now)


def stack_opened(work: Work, item_id: int, pages: int) -> set[int]:
    """How many pages a scan has; the numbers of those that were read before (by a process that was killed)."""
    if work.session.get(Stack, item_id) is None:
        work.session.add(Stack(item_id=item_id, pages=pages, opened_at=work.now))
    return set(work.session.scalars(select(SlipPage.number).where(SlipPage.item_id == item_id)))


def page_read(
    work: Work, item_id: int, number: int, picture: bytes, sheets: Sequence[Sheet]
) -> None:
    """Keep a page and what is on it; none for a blank back."""
    digest = store.put(work.session, picture)
    state = _page_state(sheets)
    if sheets and _taken_before(work, item_id, digest):
        state, sheets = PageState.SAME, ()
    page = SlipPage(item_id=item_id, number=number, state=state, sha256=digest)
    work.session.add(page)
    work.session.flush()
    for sheet in sheets:
        separates = sheet.kind == "pemisah"
        work.session.add(
            Slip(
                item_id=item_id,
                page_id=page.id,
                kind=sheet.kind,
                state=SlipState.SEPARATOR if separates else SlipState.OPEN,
                serial=sheet.serial,
                fields=_with_its_day(sheet.fields, work.now.astimezone(work.settings.zone).date()),
                ticks=sheet.ticks,
                sha256=store.put(work.session, sheet.picture),
            )
        )
    work.session.flush()


def _page_state(sheets: Sequence[Sheet]) -> PageState:
    if not sheets:
        return PageState.BLANK
    return PageState.PLAIN if sheets[0].kind == "halaman" else PageState.READ


def _with_its_day(fields: dict[str, dict[str, Any]], today: date) -> dict[str, dict[str, Any]]:
    """The fields; a day after the scan, or long before it, is doubted: nobody writes it, a digit was read wrongly."""
    known = fields.get("tanggal", {})
    try:
        day = datetime.strptime(known.get("value", ""), "%d-%m-%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return fields
    if today - OLDEST <= day <= today:
        return fields
    told = {
        **known,
        "doubt": "tanggal_lain",
        "confidence": min(known.get("confidence", 0.0), DOUBTED),
    }
    return {**fields, "tanggal": told}


def _taken_before(work: Work, item_id: int, digest: str) -> bool:
    """Whether this very page came before in a file of the same name: a scanner that saves anew with more pages, or went
    on writing after its file was taken. Two papers are never alike to the last pixel."""
    mine, other = aliased(Sighting), aliased(Sighting)
    query = (
        select(SlipPage.id)
        .join(other, other.item_id == SlipPage.item_id)
        .join(mine, (mine.mailbox == other.mailbox) & (mine.folder == other.folder))
        .where(mine.item_id == item_id, mine.mailbox == FOLDER, SlipPage.item_id != item_id)
        .where(
            SlipPage.sha256 == digest,
            SlipPage.state != PageState.HELD,
            other.seen_at > work.now - CONTINUED,
        )
    )
    return work.session.scalars(query.limit(1)).first() is not None


def only_repeated(session: Session, item_id: int) -> bool:
    """Whether a scan brings nothing new: its written pages all came before."""
    states = set(session.scalars(select(SlipPage.state).where(SlipPage.item_id == item_id)))
    return PageState.SAME in states and states <= {PageState.SAME, PageState.BLANK}


def page_held(work: Work, item_id: int, number: int, reason: str) -> None:
    """A page that gives no picture: the clerk is told which, and types from the paper."""
    page = SlipPage(item_id=item_id, number=number, state=PageState.HELD, reason=reason)
    work.session.add(page)
    work.session.flush()
    work.session.add(
        Slip(
            item_id=item_id,
            page_id=page.id,
            kind="gagal",
            fields={},
            ticks=dict.fromkeys(TICKS),
            reason=reason,
        )
    )


def stack_read(work: Work, item_id: int) -> int:
    """All pages are read: the JFU are told how many slips there are; the number. 0 where no page gives anything."""
    stack = work.session.get_one(Stack, item_id)
    if stack.read_at is None:
        stack.read_at = work.now
        _join_letters(work, item_id)
        _join_backs(work, item_id)
        waiting = open_slips(work.session, item_id)
        if all(slip.kind == "gagal" for slip in waiting):  # the file as a whole is held
            for slip in waiting:
                slip.state = SlipState.HELD
            return 0
        if count := len(open_slips(work.session, item_id)):
            open_item_task(
                work,
                work.session.get_one(Item, item_id),
                TaskKind.PINDAI,
                word("slip.baru", jumlah=count),
            )
    return len(open_slips(work.session, item_id))


def _join_letters(work: Work, item_id: int) -> None:
    """Pages of letters between separator sheets are one letter. Without such sheets the clerk joins them."""
    rows = all_slips(work.session, item_id)
    first: Slip | None = None
    if not any(row.kind == "pemisah" for row in rows):
        return
    for row in rows:
        if row.kind != "surat":
            first = None
        elif first is None:
            first = row
        else:
            _append(row, first)


def _join_backs(work: Work, item_id: int) -> None:
    """A back that carries its slip's serial belongs to it, wherever it lies in the stack."""
    rows = open_slips(work.session, item_id)
    for row in rows:
        fronts = [one for one in rows if one.kind == "slip" and one.serial == row.serial]
        if row.kind == "balik" and len(fronts) == 1:
            _append(row, fronts[0])


def _append(row: Slip, first: Slip) -> None:
    row.state, row.parent_id = SlipState.JOINED, first.id
    one, other = (slip.fields.get("uraian", {}) for slip in (first, row))
    first.fields = {**first.fields, "uraian": _joined(one, other)}


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The texts of two pages as one, no surer than the less sure of them; where one of the two could not be read,
    something is missing."""
    written = [page for page in (one, other) if page.get("value")]
    unread = [page for page in (one, other) if page.get("doubt", UNREAD[0]) in UNREAD]
    told = [*unread, *(page for page in written if page["doubt"])]
    doubt = str(told[0].get("doubt", "")) if told else "" if written else "kosong"
    least = min((float(page["confidence"]) for page in written), default=0.0)
    return {
        **{name: _both(one, other, name, ", ") for name in ("unsure", "seen")},
        "box": one.get("box"),
        "value": _both(one, other, "value", "\n"),
        "confidence": min(least, DOUBTED) if doubt else least,
        "doubt": "terlewat" if unread and written else doubt,
    }


def _both(one: dict[str, Any], other: dict[str, Any], name: str, between: str) -> str:
    return between.join(filter(None, (one.get(name), other.get(name))))


def value_of(slip: Slip, name: str) -> str:
    return str(slip.fields.get(name, {}).get("value", ""))


# ---- looking -------------------------------------------------------------------------------------------------


def all_slips(session: Session, item_id: int) -> list[Slip]:
    """Everything of a stack in the order of its pages."""
    query = select(Slip).join(SlipPage, SlipPage.id == Slip.page_id).where(Slip.item_id == item_id)
    return list(session.scalars(query.order_by(SlipPage.number, Slip.id)))


def open_slips(session: Session, item_id: int) -> list[Slip]:
    """What nobody has settled yet."""
    return [slip for slip in all_slips(session, item_id) if slip.state == SlipState.OPEN]


def further_pages(session: Session, slip: Slip) -> list[Slip]:
    """Pages that were joined to this one."""
    return [one for one in all_slips(session, slip.item_id) if one.parent_id == slip.id]


LETTERS = ("surat", "punggung")  # what may be a page of a letter of several pages


def following(session: Session, slip: Slip) -> list[Slip]:
    """Open pages right after this one that may belong to the same letter."""
    found: list[Slip] = []
    for one in [row for row in open_slips(session, slip.item_id) if _place(row) > _place(slip)]:
        if slip.kind not in LETTERS or one.kind not in LETTERS:
            break
        found.append(one)
    return found


def _place(slip: Slip) -> tuple[int, int]:
    return slip.page.number, slip.id


def held_reason(session: Session, item_id: int) -> str:
    """Why the first page that was held gave nothing; "" if none was."""
    query = select(SlipPage.reason).where(
        SlipPage.item_id == item_id, SlipPage.state == PageState.HELD
    )
    return session.scalars(query.order_by(SlipPage.number)).first() or ""


def pages_done(session: Session, item_id: int) -> int:
    """How many pages of a scan are read so far."""
    return session.scalar(select(func.count(SlipPage.id)).where(SlipPage.item_id == item_id)) or 0


def tally(session: Session, item_id: int) -> Counter[str]:
    """How many slips of a stack are in each state; separators and further pages do not count."""
    return Counter(one.state for one in all_slips(session, item_id) if one.state not in NOT_COUNTED)


def alike(work: Work, slip: Slip) -> list[tuple[Complaint, str]]:
    """Complaints that a slip may double, the newest first, each with what is alike: serial, telepon, email, nik, or
    much the same words (isi)."""
    same = {name: test for name, test in _same(slip).items() if test is not None}
    since = work.now - LOOK_BACK
    recent = (
        select(Complaint)
        .where(Complaint.received_at >= since)
        .order_by(Complaint.id.desc())
        .limit(300)
    )
    found: dict[Complaint, str] = {}
    for name, test in same.items():
        for complaint in work.session.scalars(recent.where(test).limit(3)):
            found.setdefault(complaint, name)
    words = _words(value_of(slip, "uraian"))
    if len(words) >= 5:
        for complaint in work.session.scalars(recent):
            if complaint not in found and _share(words, _words(complaint.isi)) >= ALIKE:
                found[complaint] = "isi"
    return list(found.items())[:3]


def _same(slip: Slip) -> dict[str, ColumnElement[bool] | None]:
    """What makes a complaint surely the same person's; numbers as they are dialled, however they were written."""
    telephone, email, nik = (value_of(slip, name) for name in ("telepon", "email", "nik"))
    return {
        "serial": Complaint.status_code == slip.serial if slip.serial else None,
        "nik": Complaint.nik == nik if nik else None,
        "telepon": _dialled_in_database() == _dialled(telephone) if telephone else None,
        "email": func.lower(Complaint.email) == email.lower() if email else None,
    }


def _dialled(number: str) -> str:
    return re.sub(r"^\+?62", "0", re.sub(r"[^\d+]", "", number))


def _dialled_in_database() -> ColumnElement[str]:
    return literal_column(DIALLED, String)


def papers_of(session: Session, serial: str) -> int:
    """On how many papers this serial was seen: more than one where a form was photocopied. What the clerk laid aside (a
    paper that was scanned twice) does not count."""
    query = select(func.count(Slip.id)).where(
        Slip.serial == serial,
        Slip.kind == "slip",
        Slip.state.in_(SLIPS),
    )
    return session.scalar(query) or 0


def stub_of(session: Session, complaint: Complaint) -> str:
    """The serial on the pengadu's stub; "" where that leads elsewhere (a photocopied form), or there is none."""
    query = select(Slip.serial).where(
        Slip.complaint_id == complaint.id, Slip.serial == complaint.status_code
    )
    return session.scalars(query).first() or ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower()))


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(min(len(one), len(other)), 5)


# ---- settling ------------------------------------------------------------------------------------------------


def settle(work: Work, task: Task, person: Petugas, form: Checked) -> Complaint | None:
    """Record one slip, join it to the one before, or lay it aside; the last one closes the task.

    AlreadyDone when it was settled before; Invalid when a field does not fit.
    """
    # Two people may settle the last two slips at once: each would see the other's open still, and nobody would close.
    work.session.refresh(task, with_for_update=True)
    if task.closed_at is not None:
        raise AlreadyDone(task)
    slip = _named(work, task, form.text("slip"))
    if form.seen and form.seen != pages_shown(work.session, slip):
        raise Invalid({"isi": word("slip.lembar_berubah")})
    if form.action.name == Act.GABUNGKAN_HALAMAN and form.text("sampai"):
        _join_following(work, slip, person, form.text("sampai"))
        return None
    complaint = _made_of(work, slip, person, form)
    slip.location = form.text("lokasi")
    slip.settled_at, slip.settled_by = work.now, person.kode
    if form.action.name != Act.GABUNGKAN_HALAMAN:  # what was read in it is needed no more
        for one in (slip, *further_pages(work.session, slip)):
            if one.state != SlipState.OPEN:
                one.fields = _emptied(one)
    work.session.flush()
    if not open_slips(work.session, slip.item_id):
        close(work, task, person.kode, form.action.name)
    return complaint


def _made_of(work: Work, slip: Slip, person: Petugas, form: Checked) -> Complaint | None:
    """A complaint of a slip, a further page of the one before, or neither."""
    if form.action.name == Act.GABUNGKAN_HALAMAN:
        _append(slip, _before(work, slip))
        return None
    if form.action.name == Act.CATAT_SLIP:
        complaint = _record(work, slip, person, form)
        learn(work, slip, form)
        slip.state, slip.complaint_id = SlipState.RECORDED, complaint.id
        ways = {way: bool(form.text(f"lewat_{way}")) for way in WAYS}
        slip.ticks = {"rahasia": bool(form.text("rahasia")), **ways}
        return complaint
    unreadable = form.action.name == Act.TIDAK_TERBACA
    slip.state = SlipState.UNREADABLE if unreadable else SlipState.NO_SLIP
    slip.reason = form.text("alasan") or slip.reason
    return None


def _join_following(work: Work, first: Slip, person: Petugas, last: str) -> None:
    """The pages after this one, up to the one that is named, are pages of the same letter; it stays open."""
    pages = following(work.session, first)
    ends = [order for order, one in enumerate(pages, 1) if str(one.id) == last]
    if not ends:
        raise Invalid({"slip": word("slip.tanpa_halaman_sesudah")})
    for one in pages[: ends[0]]:
        _append(one, first)
        one.settled_at, one.settled_by = work.now, person.kode


def _emptied(slip: Slip) -> dict[str, object]:
    """Where the fields are, without what was read there: the complaint has it now, or nobody needs it."""
    return {
        name: {"box": one.get("box"), "confidence": one.get("confidence")}
        for name, one in slip.fields.items()
    }


def _named(work: Work, task: Task, text: str) -> Slip:
    """The slip that a form is about; the first open one where it names none."""
    waiting = open_slips(work.session, task.item_id or 0)
    if not text:
        if not waiting:
            raise AlreadyDone(task)
        return waiting[0]
    slip = work.session.get(
        Slip, int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    )
    if slip is None or slip.item_id != task.item_id:
        raise Forbidden("slip")
    work.session.refresh(slip, with_for_update=True)
    if slip.state != SlipState.OPEN:
        raise AlreadyDone(task, slip.settled_by)
    return slip


def pages_shown(session: Session, slip: Slip) -> int:
    """How many pages the form of a slip shows; it is sent along, so that none joins it unread."""
    return 1 + len(further_pages(session, slip))


def _before(work: Work, slip: Slip) -> Slip:
    """The open slip that comes before this one."""
    earlier = [one for one in open_slips(work.session, slip.item_id) if one.id < slip.id]
    if not earlier:
        raise Invalid({"slip": word("slip.tanpa_halaman_sebelum")})
    return earlier[-1]


def _record(work: Work, slip: Slip, person: Petugas, form: Checked) -> Complaint:
    parent = _parent(work, form.text("sama"))
    ways = [way for way in WAYS if form.text(f"lewat_{way}")]
    used = (
        work.session.scalar(select(Complaint.id).where(Complaint.status_code == slip.serial))
        is not None
    )
    complaint = record_at_counter(
        work,
        person,
        form,
        Channel.KOTAK,
        slip.item_id,
        "" if used else slip.serial,
        parent=parent,
        acknowledged=not ways or "email" in ways,
    )
    complaint.received_at = work.session.get_one(Item, slip.item_id).received_at
    complaint.isi += _remark(form, ways)
    complaint.unit = _unit_of(work, form.text("unit_dituju"))
    complaint.keterangan = form.text("lokasi")
    pictures = [one.sha256 for one in (slip, *further_pages(work.session, slip)) if one.sha256]
    shown = [
        File(
            f"Slip {complaint.number.replace('/', '-')} lembar {n}.jpg",
            "image/jpeg",
            store.get(work.session, sha),
        )
        for n, sha in enumerate(pictures, 1)
    ]
    add_documents(work, DocumentKind.LAMPIRAN, shown, actor_of(person), complaint=complaint)
    return complaint


def _unit_of(work: Work, written: str) -> str:
    """The code of the unit that is called so, by its name or by another that the office knows it by."""
    name = written.casefold()
    called = {
        one.casefold(): unit.kode for unit in work.settings.unit for one in (*unit.alias, unit.nama)
    }
    return called.get(name, "")


def _remark(form: Checked, ways: Sequence[str]) -> str:
    """What the slip says beside the complaint, for those who decide and answer."""
    rows = [
        word(f"slip.catatan.{name}", nilai=value)
        for name, value in (
            ("unit", form.text("unit_dituju")),
            ("tanggal", form.text("tanggal")),
            ("lewat", ", ".join(word(f"slip.lewat.{way}") for way in ways)),
        )
        if value
    ]
    return "\n\n" + "\n".join(rows) if rows else ""


def _parent(work: Work, number: str) -> Complaint | None:
    """The complaint that this slip doubles, if the clerk named one."""
    if not number:
        return None
    parent = by_number(work, number)
    if parent is None or locked(work, parent.id).stage not in MERGEABLE:
        raise Invalid({"sama": word("galat.induk")})
    return parent
