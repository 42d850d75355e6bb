"""Mailbox, ledger and register compared, on a real Dovecot and both databases: what is named, and what is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete as erase
from sqlalchemy import select, update

from pipeline.cli.main import main
from pipeline.data.engine import writing
from pipeline.data.tables import (
    Complaint,
    Discrepancy,
    Document,
    Event,
    Item,
    Link,
    Outbox,
    Payload,
    Sighting,
    Task,
)
from pipeline.intake import reconcile
from pipeline.office.sop import Stage
from pipeline.running import poller
from tests.kantor import INTAKE, SITI, Office, Post, compose, office, production
from tests.servers import Dovecot


@pytest.fixture
def post(dovecot: Dovecot) -> Iterator[Post]:
    with production(dovecot) as host:
        yield host


@pytest.fixture
def kantor(tmp_path: Path, post: Post, database_url: str) -> Iterator[Office]:
    with office(tmp_path, post=post, database_url=database_url, imap={"max_mb": 1}) as made:
        yield made


def mail(kantor: Office, subject: str, size: int = 0) -> bytes:
    letter = compose(SITI, INTAKE, subject, "Padam.", kantor.clock.now)
    if size:
        letter.add_attachment(os.urandom(size), maintype="video", subtype="mp4", filename="a.mp4")
    return letter.as_bytes()


def look(kantor: Office) -> list[tuple[str, str]]:
    return [
        (one.kind, one.subject)
        for one in reconcile.look(kantor.engine, kantor.settings, kantor.clock.now)
    ]


def busy(kantor: Office) -> None:
    """Complaints, a held one, one beyond the limit, the same mail twice; all taken in and moved."""
    twice = mail(kantor, "Dua kali")
    for raw in (mail(kantor, "Lampu"), twice, twice, mail(kantor, "Rekaman", 2**20)):
        kantor.arrive(raw)
    spam = mail(kantor, "Hadiah").replace(b"Subject:", b"X-Spam-Flag: YES\r\nSubject:", 1)
    kantor.arrive(spam)
    kantor.tick()
    assert kantor.messages("INBOX") == []


def test_an_office_in_order_agrees_and_is_not_asked_twice(kantor: Office) -> None:
    busy(kantor)
    assert look(kantor) == []
    with writing(kantor.engine) as session:
        before = session.scalars(select(Sighting.id)).all()
    assert look(kantor) == []
    with writing(kantor.engine) as session:
        assert session.scalars(select(Sighting.id)).all() == before, (
            "what was recognised is not fetched again"
        )
    assert len(before) == 10, "five where they came in, five where they lie"


def test_a_mail_that_somebody_moved_before_it_was_taken_in_is_named_until_it_is_put_back(
    kantor: Office,
) -> None:
    busy(kantor)
    kantor.arrive(mail(kantor, "Dipindahkan tangan"), folder="Diproses")
    assert look(kantor) == [("asing", "Dipindahkan tangan")]
    with kantor.imap() as client:
        client.select_folder("Diproses")
        client.move(client.search(["SUBJECT", "Dipindahkan tangan"]), "INBOX")
    kantor.tick()
    assert kantor.complaint().perihal == "Dipindahkan tangan"
    assert look(kantor) == []


def test_a_copy_with_a_known_message_id_and_other_content_is_named(kantor: Office) -> None:
    kantor.arrive(mail(kantor, "Lampu"))
    kantor.tick()
    ((lying, _),) = kantor.messages("Diproses")
    kantor.arrive(lying.replace(b"Padam.", b"Redup saja."), folder="Diproses")
    assert look(kantor) == [("asing", "Lampu")]


def test_mail_that_stays_in_the_inbox_is_named_after_an_hour(kantor: Office) -> None:
    kantor.arrive(mail(kantor, "Belum diambil"))
    assert look(kantor) == []
    kantor.clock.now += timedelta(hours=2)
    assert look(kantor) == [("belum_diambil", "Belum diambil")]


def delete(kantor: Office, folder: str, subject: str = "") -> None:
    with kantor.imap() as client:
        client.select_folder(folder)
        client.delete_messages(client.search(["SUBJECT", subject] if subject else "ALL"))
        client.expunge()


@pytest.mark.parametrize("looked", [False, True])
def test_mail_that_was_deleted_by_hand_is_named_while_its_case_is_open(
    kantor: Office, looked: bool
) -> None:
    """What was held or answered and is settled is the office's own business; a copy that still lies there will do."""
    busy(kantor)
    assert not looked or look(kantor) == []
    with kantor.imap() as client:
        client.select_folder("Diproses")
        client.delete_messages(client.search(["SUBJECT", "Dua kali"])[:1])
        client.expunge()
    assert look(kantor) == []
    delete(kantor, "Diproses")
    delete(kantor, "Ditahan", "Hadiah")
    assert look(kantor) == [("hilang", "Lampu"), ("hilang", "Dua kali")]
    with writing(kantor.engine) as session:
        session.execute(update(Complaint).values(stage=Stage.SELESAI))
    assert look(kantor) == []


def test_a_mail_beyond_the_limit_that_was_deleted_by_hand_is_named_always(kantor: Office) -> None:
    busy(kantor)
    page = kantor.page(kantor.link("jfu-1", "catat_slip"))
    kantor.submit(page.url, "catat_slip", {"perihal": "Rekaman", "isi": "Ada rekaman."})
    with writing(kantor.engine) as session:
        session.execute(update(Complaint).values(stage=Stage.SELESAI))
    delete(kantor, "Ditahan")
    assert look(kantor) == [("hilang_besar", "Rekaman")]


def test_what_the_ledger_has_and_the_book_has_not_is_named(kantor: Office) -> None:
    busy(kantor)
    lose(kantor, "Lampu")
    with writing(kantor.engine) as session:
        session.execute(update(Item).where(Item.name == "Dua kali").values(state="new"))
    kantor.clock.now += timedelta(hours=2)
    assert sorted(look(kantor)) == [("belum_diproses", "Dua kali"), ("tidak_tercatat", "Lampu")]


def lose(kantor: Office, subject: str) -> None:
    """The complaint that a mail became is not in the book any more."""
    with writing(kantor.engine) as session:
        mine = select(Complaint.id).join(Item, Item.id == Complaint.item_id)
        case = session.scalars(mine.where(Item.name == subject)).one()
        events = select(Event.id).where(Event.complaint_id == case)
        tasks = select(Task.id).where(Task.complaint_id == case)
        session.execute(erase(Payload).where(Payload.event_id.in_(events)))
        session.execute(erase(Event).where(Event.complaint_id == case))
        session.execute(erase(Outbox).where(Outbox.complaint_id == case))
        session.execute(erase(Link).where(Link.task_id.in_(tasks)))
        session.execute(erase(Task).where(Task.complaint_id == case))
        session.execute(erase(Document).where(Document.complaint_id == case))
        session.execute(erase(Complaint).where(Complaint.id == case))


# ---- every day -----------------------------------------------------------------------------------------------


def test_the_jfu_is_told_once_a_day_of_what_is_new(kantor: Office) -> None:
    busy(kantor)  # a tick compares too
    assert [m for m in kantor.outbox() if m.name == "rekonsiliasi"] == []
    kantor.arrive(mail(kantor, "Dipindahkan tangan"), folder="Diproses")
    assert poller.compare(kantor.app) == {"tidak_cocok": 0}, "today is done"
    for new in (1, 0):
        kantor.clock.now += timedelta(days=1)
        assert poller.compare(kantor.app) == {"tidak_cocok": new}
    (told,) = [m for m in kantor.outbox() if m.name == "rekonsiliasi"]
    assert "Dipindahkan tangan" in told.html
    assert "pindahkan kembali" in told.text
    assert "Dipindahkan" not in told.subject
    with writing(kantor.engine) as session:
        assert len(session.scalars(select(Discrepancy)).all()) == 1


def test_every_day_what_was_settled_since_is_looked_at_until_it_was_found_once(
    kantor: Office,
) -> None:
    """What was found once is for `aduan reconcile` and the audit: they read all."""
    busy(kantor)
    kantor.clock.now += timedelta(days=1)
    assert poller.compare(kantor.app) == {"tidak_cocok": 0}
    kantor.arrive(mail(kantor, "Selokan"))
    kantor.tick()
    lose(kantor, "Selokan")
    lose(kantor, "Lampu")
    kantor.clock.now += timedelta(days=1)
    assert poller.compare(kantor.app) == {"tidak_cocok": 1}
    assert sorted(look(kantor)) == [("tidak_tercatat", "Lampu"), ("tidak_tercatat", "Selokan")]
    with writing(kantor.engine) as session:
        waiting = session.scalars(select(Item.name).where(~Item.agreed, Item.state == "done")).all()
    assert list(waiting) == ["Selokan"]


def test_on_an_office_day_the_office_is_waited_for(kantor: Office) -> None:
    kantor.clock.now = kantor.clock.now.replace(hour=0)  # 07.00 in the office's zone
    with kantor.imap() as client:
        client.create_folder("Diproses")
    kantor.arrive(mail(kantor, "Dipindahkan tangan"), folder="Diproses")
    assert poller.compare(kantor.app) == {"tidak_cocok": 0}
    kantor.clock.now += timedelta(hours=2)
    assert poller.compare(kantor.app) == {"tidak_cocok": 1}


@pytest.mark.parametrize(
    ("days", "hour"), [(4, 3), (4, 20), (0, 14)], ids=["Saturday", "Sunday night", "after hours"]
)
def test_days_without_office_hours_are_compared_too(kantor: Office, days: int, hour: int) -> None:
    kantor.clock.now = (kantor.clock.now + timedelta(days=days)).replace(hour=hour)
    with kantor.imap() as client:
        client.create_folder("Diproses")
    kantor.arrive(mail(kantor, "Dipindahkan tangan"), folder="Diproses")
    assert poller.compare(kantor.app) == {"tidak_cocok": 1}
    assert poller.compare(kantor.app) == {"tidak_cocok": 0}


def test_the_command_names_what_does_not_agree(kantor: Office) -> None:
    command = ["--config", str(kantor.folder / "config.toml"), "reconcile"]
    kantor.arrive(mail(kantor, "Lampu"))
    kantor.tick()
    good = CliRunner().invoke(main, command)
    assert (good.exit_code, "cocok" in good.output) == (0, True)
    kantor.arrive(mail(kantor, "Dipindahkan tangan"), folder="Diproses")
    bad = CliRunner().invoke(main, command)
    assert bad.exit_code == 1
    assert "1 email tidak cocok" in bad.output
