"""A database that goes away while a mail is taken in: the mail is not to blame, and is taken in when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, select

from pipeline.data.damage import is_away
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Item
from pipeline.intake import mails
from pipeline.office.sop import TaskKind
from tests.kantor import Office, office


@pytest.fixture
def kantor(postgres_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, database_url=postgres_url) as running:
        yield running


@contextmanager
def cutting(engine: Engine, statement: str) -> Iterator[list[int]]:
    """`pg_terminate_backend` for each connection that is about to run such a statement; their numbers."""
    cut: list[int] = []
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

    def before(connection: Any, _cursor: object, said: str, *_more: object) -> None:
        if said.startswith(statement):
            cut.append(connection.connection.dbapi_connection.info.backend_pid)
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [cut[-1]])

    event.listen(engine, "before_cursor_execute", before)
    try:
        yield cut
    finally:
        event.remove(engine, "before_cursor_execute", before)


def states(kantor: Office) -> list[str]:
    with reading(kantor.engine) as session:
        return list(session.scalars(select(Item.state)))


def test_a_connection_that_is_cut_holds_no_mail(kantor: Office) -> None:
    """It was held as one that cannot be read, and waited for the JFU."""
    with cutting(kantor.engine, "INSERT INTO complaint") as cut:
        kantor.citizen_sends(settle=False)
        kantor.tick()
        kantor.tick()
    assert len(cut) >= 2
    assert states(kantor) == ["new"]
    assert kantor.tick().get("gagal_take_in") is None
    assert states(kantor) == ["done"]
    assert len(kantor.complaints()) == 1
    assert kantor.tasks(TaskKind.TERTAHAN) == []


def test_a_large_mail_waits_until_its_process_may_reach_the_database(kantor: Office) -> None:
    url = kantor.engine.url
    main = url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(main.replace("+psycopg", ""), autocommit=True) as operator:
        kantor.citizen_sends(
            settle=False, files=[("film.mp4", "video/mp4", b"film" * (mails.LARGE // 4))]
        )
        with kantor.engine.connect(), kantor.engine.connect():
            pass  # two connections that stay in the pool
        operator.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false')
        try:
            kantor.tick()
        finally:
            operator.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true')
        assert states(kantor) == ["new"]
    kantor.settle()
    assert states(kantor) == ["done"]
    assert len(kantor.complaints()) == 1


def test_what_a_mail_holds_is_its_own_fault(kantor: Office) -> None:
    """A value that the database refuses is no database that is away."""
    with pytest.raises(Exception) as refused, writing(kantor.engine) as session:  # noqa: PT011
        session.execute(select(Item).where(Item.sha256 == "\x00"))
    assert not is_away(refused.value)
