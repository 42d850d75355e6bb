"""Several citizens, one matter: complaints that are merged into another share its decision, and each gets a letter of
its own, copied from the one that the Sekretaris has edited.

Hides when a copy is due, what in it is another's, and when it wants one more look.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from pipeline import jobs, store
from pipeline.cases.chain import SYSTEM, Actor, log
from pipeline.cases.core import Work, by_number, locked
from pipeline.cases.forms import File
from pipeline.cases.letters import give_numbers, keep_draft, letters_of, levels, room_of, sentences
from pipeline.cases.record import documents
from pipeline.cases.tasks import COPY, FINAL_FORM, close_rest, open_task
from pipeline.config import Settings
from pipeline.db import Complaint, Document, Event
from pipeline.files import DOCX
from pipeline.letters import copy, draft
from pipeline.letters.mark import new_code, sealed
from pipeline.letters.returned import Returned, inspect
from pipeline.letters.series import ANSWER
from pipeline.letters.wording import Wording, fill, long_date
from pipeline.sop import MERGEABLE, EventKind, Stage, TaskKind
from pipeline.words import word

WRITTEN = (Stage.TANDA_TANGAN, Stage.PENYAMPAIAN, Stage.PENGIRIMAN, Stage.SELESAI)  # the letter stands
SHARED = ("decision", "perintah", "instansi", "hasil", "unit")


def merge_parent(work: Work, complaint: Complaint, number: str) -> Complaint | None:
    """The complaint that another may be merged into: open, not signed yet, and itself not merged."""
    parent = by_number(work, number)
    if parent is None or parent.id == complaint.id or parent.stage not in MERGEABLE:
        return None
    return parent


def waiting(work: Work, parent: Complaint) -> list[Complaint]:
    """Complaints that wait for the answer of this one, locked."""
    query = select(Complaint.id).where(Complaint.parent_id == parent.id, Complaint.stage == Stage.DIGABUNG)
    return [locked(work, child_id) for child_id in work.session.scalars(query.order_by(Complaint.id)).all()]


def order_copies(work: Work, parent: Complaint) -> None:
    """Where the letter of this one stands, each that waits for it is to get its own."""
    if parent.stage not in WRITTEN:
        return
    query = select(Complaint.id).where(Complaint.parent_id == parent.id, Complaint.stage == Stage.DIGABUNG)
    for child_id in work.session.scalars(query.order_by(Complaint.id)).all():
        jobs.put(work.session, COPY, child_id, work.now)


def recall(work: Work, parent: Complaint) -> None:
    """The answer is taken back: merged complaints that have not been answered with it wait for the next one. Who has
    a letter that was written for them alone keeps it."""
    pending = (Stage.JAWABAN, Stage.TANDA_TANGAN, Stage.PENYAMPAIAN)
    query = select(Complaint.id).where(Complaint.parent_id == parent.id, Complaint.stage.in_(pending))
    for child_id in work.session.scalars(query.order_by(Complaint.id)).all():
        child = locked(work, child_id)
        if child.stage in pending and _copied_last(work, child):
            close_rest(work, child, "ditarik")
            child.stage = Stage.DIGABUNG
            log(work, child, EventKind.MERGED, SYSTEM, ke=parent.number)


def _copied_last(work: Work, child: Complaint) -> bool:
    """Whether the newest letter of a merged complaint is that of its parent, not one of its own."""
    newest = letters_of(work, child)[-1:]
    return not newest or newest[0].source_id is not None


# ---- a copy --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Copied:
    """A letter for a merged complaint: out of which letter of its parent, as which version, and what in it may still
    be another's (in words)."""

    source: Document
    version: int
    code: str
    content: bytes
    letter: Returned
    room: str
    doubts: tuple[str, ...]


def copy_letter(work: Work, child: Complaint) -> Copied | None:
    """The letter of the parent for this complaint, made outside any write transaction; None where there is none yet.

    Raises NotALetter for a file that would not pass the gate again.
    """
    parent = work.session.get_one(Complaint, child.parent_id) if child.parent_id else None
    letters = letters_of(work, parent) if parent else []
    if parent is None or not letters or parent.stage not in WRITTEN:
        return None
    source, settings, wording = letters[-1], work.settings, sentences()
    version, code = 1 + len(documents(work, child, "konsep")), new_code()
    theirs, ours = _facts(settings, wording, parent), _facts(settings, wording, child)
    room = room_of(work, parent)
    changes = copy.Changes(
        addressee=ours.addressee,
        lines=((theirs.place, ours.place),),
        pieces=(
            (parent.number, child.number), *zip(theirs.phrases, ours.phrases, strict=True),
            *(((parent.letter_number, draft.spaced(room)),) if parent.letter_number else ()),
        ),
        code=source.code,
        mark=sealed(settings.key, child.number, version, code),
        qr=draft.qr(f"{settings.web.base_url}/asli", code),
    )  # fmt: skip
    content = copy.copied(store.get(work.session, source.sha256), changes)
    letter = inspect(content)
    return Copied(source, version, code, content, letter, room, _doubts(letter, parent, child, theirs, ours))


@dataclass(frozen=True)
class _Facts:
    """How a letter speaks of one complaint."""

    addressee: str
    place: str
    day: str
    channel: str
    phrases: tuple[str, ...]


def _facts(settings: Settings, wording: Wording, c: Complaint) -> _Facts:
    common = wording.common
    name = "" if c.rahasia else draft.one_line(c.nama)
    day = f"tanggal {long_date(c.received_at.astimezone(settings.zone).date())}"
    channel = wording.channels[str(c.channel)]
    return _Facts(
        fill(common["tujuan_bernama"], {"nama": name}) if name else common["tujuan_anonim"],
        settings.instansi.kota if name else common["tempat_anonim"],
        day,
        channel,
        (f"{day} {channel}", f"{channel} pada {day}", fill(common["perihal"], {"perihal": draft.subject(c.perihal)})),
    )


def _doubts(letter: Returned, parent: Complaint, child: Complaint, theirs: _Facts, ours: _Facts) -> tuple[str, ...]:
    """What of the other complaint still stands in the copy: the Sekretaris has written it in words of their own."""
    said = " ".join(" ".join((*letter.paragraphs, *letter.feet)).split()).casefold()
    own = {" ".join(str(getattr(child, name)).split()).casefold() for name in _PERSONAL}
    kept = [" ".join(str(getattr(parent, name)).split()) for name in _PERSONAL]
    found = [text for text in kept if text and text.casefold() in said and text.casefold() not in own]
    opening = next((text for text in letter.paragraphs if child.number in text), "")
    for old, new in ((theirs.day, ours.day), (theirs.channel, ours.channel)):
        if old != new and old in " ".join(opening.split()):
            found.append(old)
    return tuple(dict.fromkeys(found))


_PERSONAL = ("nama", "alamat", "telepon", "email", "nik", "number")


def keep_copy(work: Work, child_id: int, made: Copied) -> None:
    """Keep the copy, and ask for its signature. One that wants a look, or a number by hand, goes to the Sekretaris
    first. Nothing if either case has moved on."""
    child_parent = work.session.get_one(Complaint, child_id).parent_id
    parent = locked(work, child_parent) if child_parent else None
    child = locked(work, child_id)
    if parent is None or child.stage is not Stage.DIGABUNG or parent.stage not in WRITTEN:
        return
    if letters_of(work, parent)[-1].id != made.source.id or child.parent_id != parent.id:
        return
    for name in SHARED:
        setattr(child, name, getattr(parent, name))
    file = File(f"Konsep jawaban {child.number.replace('/', '-')}.docx", DOCX, made.content)
    kept = keep_draft(work, child, ANSWER, file, made.letter, made.code, made.room)
    kept.source_id = made.source.id
    told = word("salinan.disalin", nomor=parent.number)
    log(work, child, EventKind.DRAFTED, SYSTEM, dokumen=kept.id, dari=parent.number, teks=told)
    if made.doubts or "blokir" in levels(kept) or work.settings.surat.penomoran == "manual":
        _to_write(work, parent, child, made)
    else:
        _to_sign(work, parent, child, kept)


def _to_write(work: Work, parent: Complaint, child: Complaint, made: Copied) -> None:
    child.stage = Stage.JAWABAN
    reason = word("salinan.ragu", apa="; ".join(f"“{text}”" for text in made.doubts)) if made.doubts else ""
    note = " ".join(filter(None, (word("salinan.periksa", nomor=parent.number), reason)))
    open_task(work, child, TaskKind.JAWABAN, note=note)


def _to_sign(work: Work, parent: Complaint, child: Complaint, letter: Document) -> None:
    child.stage = Stage.TANDA_TANGAN
    give_numbers(work, child, {})
    log(
        work, child, EventKind.SUBMITTED, _who_submitted(work, parent), dokumen=letter.id, sha256=letter.sha256,
        nomor=child.letter_number, teks="", dikonfirmasi=[],
    )  # fmt: skip
    open_task(work, child, TaskKind.TANDA_TANGAN, after=FINAL_FORM)


def _who_submitted(work: Work, parent: Complaint) -> Actor:
    """Who handed in the letter that was copied: they answer for the copy too."""
    query = select(Event).where(Event.complaint_id == parent.id, Event.kind == EventKind.SUBMITTED)
    event = work.session.scalars(query.order_by(Event.seq.desc()).limit(1)).one()
    return Actor(event.actor, event.actor_name, event.actor_title)
