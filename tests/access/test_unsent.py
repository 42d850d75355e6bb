"""Forms that wait: whose they are, and that a task which is closed keeps none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from pipeline.access import unsent
from pipeline.data.tables import Base, Task
from pipeline.office.config import Petugas
from pipeline.office.sop import Role, TaskKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KASI, OTHER = (
    Petugas(
        kode=code,
        nama=name,
        jabatan="Kasi",
        email=f"{code}@kominfo.example",
        peran=(Role.KASI,),
    )
    for code, name in (("kasi-1", "Bagus Prayitno"), ("kasi-2", "Endah Lestari"))
)
SUCCESSOR = KASI.model_copy(update={"nama": "Wahyu Nugroho"})
FILLED = unsent.Filled({"pesan": ["Sudah diperiksa."]}, NOW, 4, 9, ["foto.jpg"], "-- \nKasi")


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as made:
        yield made
    engine.dispose()


def task(session: Session, **facts: datetime) -> Task:
    row = Task(kind=TaskKind.JAWABAN, opened_at=NOW, due_at=NOW + timedelta(days=2), **facts)
    session.add(row)
    session.flush()
    return row


def test_what_a_reply_filled_in_is_one_holders_of_one_task(session: Session) -> None:
    mine, other = task(session), task(session)
    assert unsent.put_reply(session, mine, KASI, "jawab", FILLED)
    assert unsent.of_reply(session, mine.id, KASI) == {"jawab": FILLED}
    assert unsent.of_reply(session, mine.id, OTHER) == {}
    assert unsent.of_reply(session, other.id, KASI) == {}
    typed = unsent.of(session, mine.id, "kasi-1", KASI.mark)
    assert typed == {}, "what the holder typed is kept apart"


def test_forms_of_a_predecessor_are_not_shown_to_whoever_bears_the_code_next(
    session: Session,
) -> None:
    mine = task(session)
    assert unsent.put_reply(session, mine, KASI, "jawab", FILLED)
    unsent.put(session, mine, "kasi-1", "jawab", FILLED.values, NOW, mark=KASI.mark)
    assert unsent.of(session, mine.id, "kasi-1", KASI.mark) == {"jawab": (FILLED.values, NOW)}
    assert unsent.of(session, mine.id, "kasi-1", SUCCESSOR.mark) == {}
    assert unsent.of_reply(session, mine.id, SUCCESSOR) == {}


def test_nothing_is_kept_of_a_task_that_is_closed_and_the_caller_hears_so(session: Session) -> None:
    closed = task(session, closed_at=NOW)
    assert not unsent.put(session, closed, "kasi-1", "jawab", FILLED.values, NOW)
    assert not unsent.put_reply(session, closed, KASI, "jawab", FILLED)
    assert unsent.of_reply(session, closed.id, KASI) == {}


def test_a_form_as_long_as_can_be_sent_is_kept_and_no_longer_one(session: Session) -> None:
    open_ = task(session)
    longest = "x" * unsent.LONGEST
    assert unsent.put(session, open_, "kasi-1", "jawab", {"pesan": [longest]}, NOW)
    assert not unsent.put(session, open_, "kasi-1", "jawab", {"pesan": [longest, "x"]}, NOW)


def test_what_stood_before_an_act_is_remembered_until_the_next(session: Session) -> None:
    row = task(session)
    unsent.remember(session, row.id, "kasi-1", "jawab", {"stage": "klarifikasi"}, NOW)
    unsent.remember(session, row.id, "kasi-1", "jawab", {"stage": "telaah"}, NOW)
    assert unsent.remembered(session, row.id, "kasi-1") == {"jawab": {"stage": "telaah"}}
    unsent.forget(session, row.id, "kasi-1", "jawab")
    assert unsent.remembered(session, row.id, "kasi-1") == {}
