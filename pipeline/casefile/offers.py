"""What can be done on a task now: the actions, the words of a reply, handing in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pipeline.casefile import copies, waves
from pipeline.casefile.decided import outdated
from pipeline.casefile.documents import is_untouched, letter_blocked, letters_of, newest_letters
from pipeline.casefile.history import entries
from pipeline.data.engine import once
from pipeline.data.tables import Complaint, Meeting, Task
from pipeline.letters.series import ANSWER
from pipeline.office.actions import ACTIONS, MINUTES, NO_MEETING, RAPAT, Action
from pipeline.office.commands import COMMANDS
from pipeline.office.sop import Act, EventKind, Stage, TaskKind
from pipeline.office.words import table


def offered(session: Session, kind: TaskKind, complaint: Complaint | None) -> list[Action]:
    """The actions of a task that the case allows now, in the order of the SOP."""
    return [action for action in ACTIONS[kind] if _fits(session, kind, action, complaint)]


def _fits(session: Session, kind: TaskKind, action: Action, c: Complaint | None) -> bool:
    if action in RAPAT:
        return c is not None and _fits_rapat(session, kind, action, c)
    allows = _ONLY_WHERE.get(action.name)
    return allows is None or (c is not None and allows(session, c))


def _fits_rapat(session: Session, kind: TaskKind, action: Action, c: Complaint) -> bool:
    """Whoever has the case may change what was convened; only the Kepala Dinas convenes, in langkah 3."""
    if action is MINUTES:
        return bool(entries(session, c, EventKind.MEETING_SET))
    if action is NO_MEETING:
        return meeting_to_call_off(session, c) is not None
    return kind is TaskKind.KEPUTUSAN or meeting_to_call_off(session, c) is not None


def is_offered(session: Session, kind: TaskKind, action: Action, c: Complaint) -> bool:
    """Whether the case allows what is done with a rapat now, whatever a page has shown before. All other actions look
    for themselves, with words of their own."""
    return action not in RAPAT or _fits_rapat(session, kind, action, c)


def _has_email(_session: Session, c: Complaint) -> bool:
    return bool(c.email)


def _waits_for_units(session: Session, c: Complaint) -> bool:
    return bool(asked_units(session, c))


def _can_go_again(session: Session, c: Complaint) -> bool:
    """Whether the signed letter of a finished case can go again."""
    return c.stage is Stage.SELESAI and bool(letters_of(session, c, ANSWER.signed))


def _others_were_answered_otherwise(session: Session, c: Complaint) -> bool:
    return bool(outdated(session, c))


def _begins_a_wave(session: Session, c: Complaint) -> bool:
    return c.stage is Stage.PENERIMAAN and waves.is_first(session, c)


def _has_covering_letter(session: Session, c: Complaint) -> bool:
    return len(newest_letters(session, c)) > 1


def _copies_are_missing(session: Session, c: Complaint) -> bool:
    return bool(copies.not_arrived(session, c))


def _can_be_handed_in(session: Session, c: Complaint) -> bool:
    """Whether there are letters of the decision that stands, nothing in them blocks, and nobody is left to be chosen
    about who was answered otherwise."""
    letters = newest_letters(session, c)
    return bool(letters) and not any(map(letter_blocked, letters)) and not outdated(session, c)


# Actions that not every case allows: what must hold of it. All others are always there.
_ONLY_WHERE: Mapping[str, Callable[[Session, Complaint], bool]] = {
    Act.KIRIM_EMAIL: _has_email,
    Act.TARIK_PERTANYAAN: _waits_for_units,
    Act.KIRIM_ULANG: _can_go_again,
    Act.SAMPAIKAN_ULANG: _can_go_again,
    Act.AJUKAN: _can_be_handed_in,
    Act.PILIH_JAWABAN: _others_were_answered_otherwise,
    Act.GABUNGKAN_SEMUA: _begins_a_wave,
    Act.SUSUN_ULANG: is_untouched,
    Act.UNGGAH_PENGANTAR: _has_covering_letter,
    Act.KIRIM_TEMBUSAN: _copies_are_missing,
}


_ASKED = (
    select(Task.holder)
    .where(
        Task.complaint_id == bindparam("case"),
        Task.kind == TaskKind.KETERANGAN,
        Task.closed_at.is_(None),
    )
    .order_by(Task.id)
)


def asked_units(session: Session, complaint: Complaint) -> list[str]:
    """The codes of those who were asked for what they know and have not answered."""
    return list(session.scalars(_ASKED, {"case": complaint.id}))


_STANDING_MEETING = (
    select(Meeting)
    .where(Meeting.complaint_id == bindparam("case"), Meeting.cancelled_at.is_(None))
    .order_by(Meeting.id.desc())
    .limit(1)
)


def standing_meeting(session: Session, complaint: Complaint) -> Meeting | None:
    """The newest rapat of a case that has not been called off."""
    key, case = ("standing_meeting", complaint.id), {"case": complaint.id}
    return once(session, key, lambda: session.scalars(_STANDING_MEETING, case).first())


def meeting_to_call_off(session: Session, complaint: Complaint) -> Meeting | None:
    """The rapat that stands; None for one that took place, as minutes say that were written since it began."""
    row = standing_meeting(session, complaint)
    minutes = entries(session, complaint, EventKind.MINUTES_ADDED)
    if row is None or any(event.at >= row.at for event, _data in minutes):
        return None
    return row


def reply_words(session: Session, task: Task, complaint: Complaint | None) -> list[dict[str, str]]:
    """The words with which a reply may begin now, each with what it does."""
    actions = offered(session, task.kind, complaint)
    names = {action.name for action in actions}
    meaning = table(f"balas.{task.kind}")
    words = [command.word for command in COMMANDS[task.kind] if command.action in names]
    return [{"kata": said, "arti": meaning[said]} for said in words]
