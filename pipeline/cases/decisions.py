"""A decision has one life: it is taken (SOP langkah 3), and stands until it is withdrawn.

Hides what goes with it: letters, covering letters, copies, tasks and mails belong to the decision under which they were
made. What belongs to a withdrawn one is neither signed, sent nor offered; that it was, stays.
"""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pipeline.casefile.decided import standing
from pipeline.cases.chain import SYSTEM, Actor
from pipeline.cases.tasks import close
from pipeline.data.tables import Complaint, Decided, Document, Outbox, Task
from pipeline.mail import outbox
from pipeline.office.sop import Decision
from pipeline.work import Work

SHARED = (
    "perintah",
    "disampaikan",
    "instansi",
    "pembuktian",
)  # the complaint says them while the decision stands


def take(
    work: Work, complaint: Complaint, by: Actor, outcome: Decision, said: dict[str, str]
) -> Decided:
    """The Kepala Dinas has decided; `said` names each of SHARED."""
    withdraw(work, complaint)
    return _stand(work, complaint, by, outcome, said, None)


def follow(work: Work, child: Complaint, source: Decided) -> Decided:
    """A merged complaint is decided as the one that it was merged into; once for each decision."""
    there = standing(work.session, child.id)
    if there is not None and there.source_id == source.id:
        return there
    withdraw(work, child)
    by = Actor(source.author, source.author_name, source.author_title)
    return _stand(
        work, child, by, source.outcome, {name: getattr(source, name) for name in SHARED}, source.id
    )


def _stand(
    work: Work,
    complaint: Complaint,
    by: Actor,
    outcome: Decision,
    said: dict[str, str],
    source_id: int | None,
) -> Decided:
    before = select(func.max(Decided.number)).where(Decided.complaint_id == complaint.id)
    row = Decided(
        complaint_id=complaint.id,
        number=1 + (work.session.scalar(before) or 0),
        decided_at=work.now,
        author=by.code,
        author_name=by.name,
        author_title=by.title,
        outcome=outcome,
        source_id=source_id,
        **said,
    )
    work.session.add(row)
    work.session.flush()
    complaint.decision, complaint.decided_at = outcome, row.decided_at
    for name in SHARED:
        setattr(complaint, name, said[name])
    return row


def withdraw(work: Work, complaint: Complaint) -> Decided | None:
    """The decision stands no more, with all that was made under it; which one, or None where none stood.

    A letter that was never delivered leaves its number to the next one; what was delivered keeps its own, in this row.
    """
    row = standing(work.session, complaint.id)
    if row is None:
        return None
    row.withdrawn_at = work.now
    for name in ("letter_number", "letter_date", "covering_number", "delivery", "delivered_at"):
        setattr(row, name, getattr(complaint, name))
    open_ones = select(Task).where(Task.decision_id == row.id, Task.closed_at.is_(None))
    for task in work.session.scalars(open_ones).all():
        close(work, task, SYSTEM.code, "ditarik")
    work.session.flush()
    outbox.call_back(work.session, row.id)
    complaint.decision = complaint.decided_at = None
    for name in SHARED:
        setattr(complaint, name, "")
    return row


def unmake(work: Work, complaint: Complaint) -> None:
    """The decision that stands was a slip of the finger, taken back before anybody could hear of it: as if it had never
    been taken. Two events tell that it was. What was made for it a moment ago is closed and called back by the caller.
    """
    row = standing(work.session, complaint.id)
    if row is None:
        return
    for table in (Task, Outbox, Document):  # its id may be another's later
        theirs = update(table).where(table.decision_id == row.id).values(decision_id=None)
        work.session.execute(theirs, execution_options={"synchronize_session": "fetch"})
    work.session.delete(row)
    work.session.flush()


def new_round(complaint: Complaint) -> None:
    """What comes next has a letter, a number and an end of its own."""
    complaint.letter_number, complaint.letter_date, complaint.covering_number = "", None, ""
    unclose(complaint)


def unclose(complaint: Complaint) -> None:
    complaint.closed_at = complaint.delivered_at = None
    complaint.delivery = ""


def forget_words(session: Session, complaint_id: int) -> None:
    """What was ordered and told may name people: it goes with an erased case; that and how it was decided stays."""
    said = update(Decided).where(Decided.complaint_id == complaint_id)
    session.execute(said.values(perintah="", disampaikan=""))
