"""Texts that stand compressed: what was put comes back, and what is damaged is told instead of sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from pipeline.data import packed
from pipeline.data.tables import Event, Outbox
from tests.desk import Desk, desk_in


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    with desk_in(tmp_path, database_url) as one:
        yield one


@pytest.mark.parametrize("said", ["x", "Terima kasih 🚦\r\n" * 3, "a" * 100_000, "\u2028\ufeff"])
def test_a_text_comes_back_as_it_was(said: str) -> None:
    assert packed.unpack(packed.pack(said)) == said


def test_the_dictionary_of_released_texts_never_changes() -> None:
    """Texts in databases need it byte for byte; a better one gets the next number."""
    known = {
        1: "05ddadc5bfe037ba0f61209512d8119ceab72be322cec8c31e17e77df6f7ea81",
        2: "b5215d80954c62c448be514f60b3852b6f489a930d9351673f08f687c461a8cf",
    }
    for number, digest in known.items():
        path = Path(packed.__file__).with_name(f"mail-{number}.txt")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


def test_a_mail_costs_little_before_it_leaves(desk: Desk) -> None:
    """10 KB of HTML and 2 KB of text, of which nearly all is the layout."""
    desk.record()
    with desk.work() as work:
        sizes = work.session.execute(text("SELECT length(html), length(text) FROM outbox")).all()
        assert sum(html + words for html, words in sizes) < 1_200 * len(sizes)
        assert all(len(one.html) > 4_000 for one in work.session.scalars(select(Outbox)))


def test_a_damaged_text_is_found_by_the_audit_and_stops_nothing(desk: Desk) -> None:
    desk.record()
    assert desk.faults() == []
    spoilt = {"sqlite": "x'0102'", "postgresql": r"'\x0102'::bytea"}[desk.engine.dialect.name]
    with desk.engine.begin() as connection:
        connection.execute(text(f"UPDATE outbox SET text = {spoilt} WHERE id = 1"))
    assert any("email" in fault for fault in desk.faults())
    assert desk.mails()[0].text == packed.RUINED


def test_a_hash_comes_back_as_its_digits_and_what_is_none_as_it_was(desk: Desk) -> None:
    desk.record()
    with desk.work() as work:
        kept = work.session.scalars(select(Event.hash)).first()
        assert kept is not None
        assert re.fullmatch("[0-9a-f]{64}", kept)
    if desk.engine.dialect.name == "sqlite":
        with desk.engine.begin() as connection:
            connection.execute(text("UPDATE event SET hash = 'bukan' WHERE id = 1"))
        assert desk.faults() != []
