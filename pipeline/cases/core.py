"""What every part of `cases` works with: one transaction, the settings, the time; and the ways to be refused."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from pipeline.data.tables import Complaint, Counter, Task
from pipeline.work import Work


class AlreadyDone(Exception):
    """Somebody else closed the task first, or the same press came twice. Says who, what and when, also after the
    transaction has ended; empty for a task that is open still. `settled_by`: of a slip, whose task goes on. `unsaid`:
    the form says something that the act which closed the task did not."""

    def __init__(self, task: Task, settled_by: str = "", *, unsaid: bool = False) -> None:
        super().__init__(task.id)
        self.settled_by, self.unsaid = settled_by, unsaid
        self.by, self.outcome, self.at = task.closed_by, task.outcome, task.closed_at


class Changed(Exception):
    """Something that matters has happened since the form was drawn: the numbers (`Event.seq`) of what is new."""

    def __init__(self, news: list[int]) -> None:
        super().__init__(news)
        self.news = news


class Forbidden(Exception):
    """The task does not offer this action to this person now."""


def next_number(work: Work, name: str, count: int = 1) -> int:
    """The first of the next `count` values of a gapless counter, taken in this transaction.

    Unique under concurrency on both databases.
    """
    table = Counter.__table__.c
    step = (
        update(Counter.__table__)  # type: ignore[arg-type]
        .where(table.name == name)
        .values(value=table.value + count)
        .returning(table.value)
    )
    value: int | None = work.session.scalar(step)
    if value is None:
        with (
            suppress(IntegrityError),
            work.session.begin_nested(),
        ):  # another transaction may make the row meanwhile
            work.session.add(Counter(name=name, value=0))
        value = work.session.scalar(step)
    assert value is not None, f"counter {name} cannot be made"
    return value - count + 1


def by_number(work: Work, number: str) -> Complaint | None:
    """The complaint with this register number, however it was typed."""
    return work.session.scalars(
        select(Complaint).where(Complaint.number == number.strip().upper())
    ).one_or_none()


def locked(work: Work, complaint_id: int) -> Complaint:
    """The complaint, with its row locked until the transaction ends (PostgreSQL; SQLite locks the file)."""
    return work.session.scalars(
        select(Complaint)
        .where(Complaint.id == complaint_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def note(complaint: Complaint, text: str) -> None:
    """One more note in the row of the Buku Pengaduan."""
    complaint.keterangan = "; ".join(filter(None, (complaint.keterangan, text)))


def strike(complaint: Complaint, text: str) -> None:
    """The newest note holds no more; those before it stay."""
    complaint.keterangan = complaint.keterangan.removesuffix(text).removesuffix("; ")


def keep_secret(complaint: Complaint) -> None:
    """From now on other units are not to know who complains: what was released to them before is so no more."""
    if complaint.rahasia:
        return
    complaint.rahasia, complaint.dibuka = True, ""
    complaint.teks_terbuka = complaint.lampiran_terbuka = False


def set_secret(complaint: Complaint, secret: bool) -> None:
    """Whether other units may know who complains, as somebody has just said."""
    if secret:
        keep_secret(complaint)
    else:
        complaint.rahasia = False
