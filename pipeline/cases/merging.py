"""Several citizens, one matter: complaints that are merged into another share its decision, and each gets a letter of
its own, copied from the one that the Sekretaris has edited.

Hides when a copy is due, what in it is another's, and when it wants one more look.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from pipeline.casefile import reported, waves
from pipeline.casefile.decided import follows, standing
from pipeline.cases import decisions
from pipeline.cases.chain import SYSTEM, Actor, log
from pipeline.cases.core import by_number, locked
from pipeline.cases.input import File
from pipeline.cases.letters import (
    give_numbers,
    keep_draft,
    letters_of,
    levels,
    room_of,
    sentences,
    street_of,
)
from pipeline.cases.record import documents
from pipeline.cases.tasks import close_rest, open_task
from pipeline.data import jobs, store
from pipeline.data.states import DocumentKind, JobKind
from pipeline.data.tables import Complaint, Decided, Document, Event
from pipeline.files.kinds import DOCX
from pipeline.letters import copy, draft
from pipeline.letters.mark import new_code, sealed
from pipeline.letters.returned import Returned, inspect
from pipeline.letters.series import ANSWER
from pipeline.letters.wording import Wording, fill, long_date
from pipeline.mail import outbox
from pipeline.office.config import Settings
from pipeline.office.sop import MERGEABLE, Act, EventKind, Stage, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

WRITTEN = (
    Stage.TANDA_TANGAN,
    Stage.PENYAMPAIAN,
    Stage.PENGIRIMAN,
    Stage.SELESAI,
)  # the letter stands
SHARED = ("hasil", "unit")  # beside the decision
PENDING = (
    Stage.DIGABUNG,
    Stage.JAWABAN,
    Stage.TANDA_TANGAN,
    Stage.PENYAMPAIAN,
)  # merged, and not answered yet


def merge_parent(work: Work, complaint: Complaint, number: str) -> Complaint | None:
    """The complaint that another may be merged into: open, not signed yet, and itself not merged."""
    parent = by_number(work, number)
    if parent is None or parent.id == complaint.id or parent.stage not in MERGEABLE:
        return None
    return parent


def of_wave(work: Work, parent: Complaint, numbers: Collection[str]) -> list[Complaint]:
    """Those of the wave of a complaint that were chosen and wait in langkah 1 still, in the order of their ids; not an
    official's own complaint, which goes past them."""
    others = [one for one in waves.others(work, parent) if one.number in numbers]
    return [one for one in others if reported.official(work.settings, one) is None]


def join(work: Work, child: Complaint) -> None:
    """A complaint of a wave waits for the answer of its parent. No mail says so: who merged them knows."""
    close_rest(work, child, Act.GABUNGKAN)
    child.stage = Stage.DIGABUNG
    open_task(work, child, TaskKind.GABUNGAN, quiet=True)


def waiting(work: Work, parent: Complaint) -> list[Complaint]:
    """Complaints that wait for the answer of this one, locked."""
    query = select(Complaint.id).where(
        Complaint.parent_id == parent.id, Complaint.stage == Stage.DIGABUNG
    )
    return [
        locked(work, child_id)
        for child_id in work.session.scalars(query.order_by(Complaint.id)).all()
    ]


def order_copies(work: Work, parent: Complaint) -> None:
    """Where the letter of this one stands, each that waits for it is to get its own."""
    if parent.stage not in WRITTEN:
        return
    query = select(Complaint.id).where(
        Complaint.parent_id == parent.id, Complaint.stage == Stage.DIGABUNG
    )
    for child_id in work.session.scalars(query.order_by(Complaint.id)).all():
        jobs.put(work.session, JobKind.COPY, child_id, work.now)


def recall(work: Work, parent: Complaint) -> None:
    """The answer is taken back: merged complaints that have not been answered with it wait for the next one. Who has
    a letter that was written for them alone keeps it."""
    pending = (Stage.JAWABAN, Stage.TANDA_TANGAN, Stage.PENYAMPAIAN)
    query = select(Complaint.id).where(
        Complaint.parent_id == parent.id, Complaint.stage.in_(pending)
    )
    for child_id in work.session.scalars(query.order_by(Complaint.id)).all():
        child = locked(work, child_id)
        if (
            child.stage in pending
            and follows(work.session, child, parent)
            and _copied_last(work, child)
        ):
            wait_for(work, child, parent)
            log(work, child, EventKind.MERGED, SYSTEM, ke=parent.number)


def withdraw(work: Work, complaint: Complaint) -> None:
    """The decision stands no more, neither here nor where it was taken over. Whoever has not been answered with it
    waits for the next one, also with a letter that was written for them alone: it says what no longer holds. About
    those who have been answered the Sekretaris chooses."""
    source = decisions.withdraw(work, complaint)
    if source is None:
        return
    followed = select(Decided.complaint_id).where(
        Decided.source_id == source.id, Decided.withdrawn_at.is_(None)
    )
    for child_id in work.session.scalars(followed.order_by(Decided.complaint_id)).all():
        child = locked(work, child_id)
        stopped = child.stage is Stage.PENGIRIMAN and _unsent(work, child)
        if child.stage in PENDING or stopped:
            take_back(work, child)


def _unsent(work: Work, child: Complaint) -> bool:
    """Whether the letter waits in the outbox still: it can be called back."""
    decision = standing(work.session, child.id)
    return decision is not None and outbox.is_waiting(work.session, decision.id, "surat_jawaban")


def take_back(work: Work, child: Complaint) -> None:
    """A merged complaint waits for the decision of its parent anew; under a new number where its letter went out."""
    parent = work.session.get_one(Complaint, child.parent_id)
    if child.stage in (Stage.SELESAI, Stage.PENGIRIMAN):
        decisions.withdraw(work, child)
        decisions.new_round(child)
    else:
        decisions.withdraw(work, child)
    if child.stage is Stage.DIGABUNG:
        return
    wait_for(work, child, parent)
    if child.parent_id is not None:
        log(work, child, EventKind.MERGED, SYSTEM, ke=parent.number)
        order_copies(work, parent)


def wait_for(work: Work, child: Complaint, parent: Complaint) -> None:
    """From now on this complaint is answered with its parent; nobody waits for one that is void."""
    close_rest(work, child, "ditarik")
    if parent.stage is Stage.BATAL:
        free(work, child, parent)
        return
    child.stage = Stage.DIGABUNG
    open_task(work, child, TaskKind.GABUNGAN)


def bring_along(work: Work, merged: Complaint, parent: Complaint, actor: Actor) -> None:
    """Those who were merged into a complaint follow it into another, in both histories."""
    query = select(Complaint.id).where(Complaint.parent_id == merged.id)
    for child_id in work.session.scalars(query.order_by(Complaint.id)).all():
        child = locked(work, child_id)
        child.parent_id = parent.id
        log(work, child, EventKind.MERGED, actor, ke=parent.number)
        log(work, parent, EventKind.MERGED, actor, dari=child.number)


def leave(work: Work, child: Complaint, actor: Actor, reason: str) -> None:
    """A complaint that waits for the answer of another waits no more, and both histories say so."""
    if child.stage is not Stage.DIGABUNG or child.parent_id is None:
        return
    parent = locked(work, child.parent_id)
    log(work, child, EventKind.RELEASED, actor, dari=parent.number, teks=reason)
    log(work, parent, EventKind.RELEASED, actor, ke=child.number, teks=reason)
    child.parent_id = None


def free(
    work: Work,
    child: Complaint,
    parent: Complaint,
    actor: Actor = SYSTEM,
    why: str = "sistem.induk_batal",
) -> None:
    """No answer will come with the parent: the child goes its own way again from langkah 1. `why` names the words."""
    reason = word(why, nomor=parent.number)
    close_rest(work, child, "dilepas")
    child.parent_id, child.stage = None, Stage.PENERIMAAN
    log(work, child, EventKind.REOPENED, actor, teks=reason)
    open_task(work, child, TaskKind.CATAT, note=reason)


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
    version, code = 1 + len(documents(work, child, DocumentKind.KONSEP)), new_code()
    theirs, ours = _facts(settings, wording, parent), _facts(settings, wording, child)
    room = room_of(work, parent)
    changes = copy.Changes(
        addressee=ours.addressee,
        lines=((theirs.place, ours.place),),
        pieces=(
            (parent.number, child.number),
            *zip(theirs.phrases, ours.phrases, strict=True),
        ),
        code=source.code,
        mark=sealed(settings.keys, child.number, version, code),
        qr=draft.qr(f"{settings.web.base_url}/asli", code),
        room=draft.spaced(room),
    )
    content = copy.copied(store.get(work.session, source.sha256), changes)
    letter = inspect(content)
    return Copied(
        source, version, code, content, letter, room, _doubts(letter, parent, child, theirs, ours)
    )


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
        draft.place_of(common, settings.instansi.kota, name, street_of(c)),
        day,
        channel,
        (
            f"{day} {channel}",
            f"{channel} pada {day}",
            fill(common["perihal"], {"perihal": draft.subject(c.perihal)}),
        ),
    )


def _doubts(
    letter: Returned, parent: Complaint, child: Complaint, theirs: _Facts, ours: _Facts
) -> tuple[str, ...]:
    """What of the other complaint still stands in the copy: the Sekretaris has written it in words of their own."""
    said = " ".join(" ".join((*letter.paragraphs, *letter.feet)).split()).casefold()
    own = {" ".join(str(getattr(child, name)).split()).casefold() for name in _PERSONAL}
    kept = [" ".join(str(getattr(parent, name)).split()) for name in _PERSONAL]
    found = [
        text for text in kept if text and text.casefold() in said and text.casefold() not in own
    ]
    opening = next((text for text in letter.paragraphs if child.number in text), "")
    for old, new in ((theirs.day, ours.day), (theirs.channel, ours.channel)):
        if old != new and old in " ".join(opening.split()):
            found.append(old)
    return tuple(dict.fromkeys(found))


_PERSONAL = ("nama", "alamat", "telepon", "email", "nik", "number")


def keep_copy(work: Work, child_id: int, made: Copied) -> None:
    """Keep the copy, and ask for its signature. One that wants a look, or a number by hand, goes to the Sekretaris
    first. Nothing if either case has moved on."""
    parent_id = work.session.get_one(Complaint, child_id).parent_id
    parent = locked(work, parent_id) if parent_id else None
    child = locked(work, child_id)
    if parent is None or not _still_copies(work, parent, child, made.source):
        return
    decision = standing(work.session, parent.id)
    if decision is None or decision.id != made.source.decision_id:
        return
    decisions.follow(work, child, decision)
    for name in SHARED:
        setattr(child, name, getattr(parent, name))
    file_name = word("salinan.nama_berkas", nomor=child.number.replace("/", "-"))
    file = File(file_name, DOCX, made.content)
    kept = keep_draft(work, child, ANSWER, file, made.letter, made.code, made.room)
    kept.source_id = made.source.id
    told = word("salinan.disalin", nomor=parent.number)
    log(work, child, EventKind.DRAFTED, SYSTEM, dokumen=kept.id, dari=parent.number, teks=told)
    by_hand = work.settings.surat.penomoran == "manual"
    if made.doubts or by_hand or "blokir" in levels(kept):
        _to_write(work, parent, child, made)
    else:
        _to_sign(work, parent, child, kept)


def _still_copies(work: Work, parent: Complaint, child: Complaint, source: Document) -> bool:
    """Whether the child waits for this parent's answer still, and the letter that was copied is its newest."""
    if child.stage is not Stage.DIGABUNG or child.parent_id != parent.id:
        return False
    newest = letters_of(work, parent)[-1:]
    return parent.stage in WRITTEN and [letter.id for letter in newest] == [source.id]


def _to_write(work: Work, parent: Complaint, child: Complaint, made: Copied) -> None:
    close_rest(work, child, "disalin")
    child.stage = Stage.JAWABAN
    reason = (
        word("salinan.ragu", apa="; ".join(f"“{text}”" for text in made.doubts))
        if made.doubts
        else ""
    )
    note = " ".join(filter(None, (word("salinan.periksa", nomor=parent.number), reason)))
    open_task(work, child, TaskKind.JAWABAN, note=note)


def _to_sign(work: Work, parent: Complaint, child: Complaint, letter: Document) -> None:
    close_rest(work, child, "disalin")
    child.stage = Stage.TANDA_TANGAN
    give_numbers(work, child, {})
    log(
        work,
        child,
        EventKind.SUBMITTED,
        _who_submitted(work, parent),
        dokumen=letter.id,
        sha256=letter.sha256,
        nomor=child.letter_number,
        teks="",
        dikonfirmasi=[],
    )
    open_task(work, child, TaskKind.TANDA_TANGAN, after=JobKind.FINAL_FORM)


def _who_submitted(work: Work, parent: Complaint) -> Actor:
    """Who handed in the letter that was copied: they answer for the copy too."""
    query = select(Event).where(Event.complaint_id == parent.id, Event.kind == EventKind.SUBMITTED)
    event = work.session.scalars(query.order_by(Event.seq.desc()).limit(1)).one()
    return Actor(event.actor, event.actor_name, event.actor_title)
