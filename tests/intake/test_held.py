"""What is held stays listed until somebody settles it: by reading it again, or by hand on the JFU's page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from pipeline import cases
from pipeline.data import ledger
from pipeline.data.engine import reading, writing
from pipeline.data.ledger import Arrival
from pipeline.data.tables import Complaint, Item, Task
from pipeline.intake import mails
from pipeline.office import config
from pipeline.office.config import Settings
from pipeline.office.sop import TaskKind
from pipeline.work import App, Work
from tests.fresh import fresh
from tests.kantor import sample

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
BULK = b"From: kabar@warga.example\r\nList-Id: <kabar.warga.example>\r\nSubject: Lampu padam\r\n\r\nLampu padam.\r\n"
SLIP = {"perihal": ["Lampu padam"], "isi": ["Lampu jalan padam."]}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "rahasia").mkdir()
    (tmp_path / "rahasia" / "key").write_text("5a" * 32)
    return config.parse(sample(), tmp_path / "config.toml")


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = fresh(settings.database.url, settings.folder)
    yield engine
    engine.dispose()


@pytest.fixture
def held(settings: Settings, engine: Engine) -> int:
    """The id of a mail of a list, which is held for the JFU to look at."""
    with writing(engine) as session:
        item_id = ledger.receive(
            session, "mail", [(BULK, Arrival("kotak", "INBOX", 1, 1, NOW))], NOW
        )[0].id
    assert mails.take_in(App(settings, engine, lambda: NOW), item_id) == "held"
    return item_id


def settle(settings: Settings, engine: Engine, item_id: int) -> None:
    """The JFU types it in as a complaint."""
    form = cases.check(settings, TaskKind.TERTAHAN, "catat_slip", SLIP, {})
    with writing(engine) as session:
        task = session.scalars(select(Task).where(Task.item_id == item_id)).one()
        person = settings.person("jfu-1")
        assert person is not None
        cases.act(Work(session, settings, NOW), task.id, person, form)


def listed(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return [item.id for item in cases.held_items(session)]


def test_a_held_mail_is_listed_until_the_jfu_types_it_in(
    settings: Settings, engine: Engine, held: int
) -> None:
    assert listed(engine) == [held]
    settle(settings, engine, held)
    assert listed(engine) == []


def test_what_the_jfu_typed_in_cannot_be_released_into_a_second_complaint(
    settings: Settings, engine: Engine, held: int
) -> None:
    settle(settings, engine, held)
    with pytest.raises(KeyError):
        mails.release(App(settings, engine, lambda: NOW), held)
    with reading(engine) as session:
        assert len(session.scalars(select(Complaint)).all()) == 1
        assert session.get_one(Item, held).state == "held"


def test_a_mail_of_a_list_that_is_released_becomes_a_complaint(
    settings: Settings, engine: Engine, held: int
) -> None:
    """A group address in front of the mailbox adds List-Id to every complaint; who releases has decided."""
    assert mails.release(App(settings, engine, lambda: NOW), held) == "done"
    assert listed(engine) == []
    with reading(engine) as session:
        assert session.scalars(select(Complaint.perihal)).all() == ["Lampu padam"]
