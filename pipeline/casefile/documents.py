"""The documents of a case: which letters it has, which of them stands."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.casefile.decided import standing_id
from pipeline.data.engine import once
from pipeline.data.tables import Complaint, Document
from pipeline.letters.series import ANSWER, COVERING, LETTERS


def newest_letters(session: Session, c: Complaint) -> list[Document]:
    """The letters that are worked on, as they are now: the answer, and the covering letter where there is one."""
    wanted = LETTERS if c.instansi else (ANSWER,)
    return [newest for one in wanted for newest in letters_of(session, c, *one.worked_on)[-1:]]


def is_untouched(session: Session, c: Complaint) -> bool:
    """Whether the letters that are worked on are the program's own drafts still."""
    letters = newest_letters(session, c)
    return bool(letters) and all(one.kind in (ANSWER.drafted, COVERING.drafted) for one in letters)


def letter_blocked(letter: Document) -> bool:
    """Whether something in a letter must be mended before it can be signed."""
    return any(
        level == "blokir" for level, _message, _where in (letter.facts or {}).get("temuan", ())
    )


def documents_of(session: Session, complaint: Complaint, *kinds: str) -> list[Document]:
    query = select(Document).where(Document.complaint_id == complaint.id, Document.kind.in_(kinds))
    return list(session.scalars(query.order_by(Document.id)))


def letters_of(session: Session, complaint: Complaint, *kinds: str) -> list[Document]:
    """Letters of the decision that stands, oldest first: those of one that was withdrawn are no longer the case's."""
    query = select(Document).where(Document.decision_id.in_(standing_id(complaint.id)))
    key = ("letters_of", complaint.id)
    every = once(session, key, lambda: session.scalars(query.order_by(Document.id)).all())
    return [one for one in every if one.kind in kinds]


def final_letters(session: Session, complaint: Complaint) -> list[Document]:
    """The letters as they are to be signed."""
    found = []
    for one in LETTERS if complaint.instansi else (ANSWER,):
        versions = letters_of(session, complaint, one.final)
        found += versions[-1:]
    return found
