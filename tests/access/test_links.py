"""Action links: what opens, what does not, and that looking never changes a row (DESIGN rule 5)."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from pipeline.access import links
from pipeline.access.links import LinkError, Opened
from pipeline.cases.reminders import remind
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Link, Outbox, Task
from pipeline.office.sop import Stage
from tests.desk import Desk, desk_in


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        made.record()
        yield made


def tokens(desk: Desk) -> dict[str, str]:
    """The token of the newest link of each holder."""
    with reading(desk.engine) as session:
        rows = session.scalars(select(Link).order_by(Link.id))
        return {row.holder: links.token(session, desk.settings.keys, row.id) for row in rows}


def opened(desk: Desk, text: str) -> Opened:
    with reading(desk.engine) as session:
        return links.resolve(session, desk.settings, text, desk.clock())


def refused(desk: Desk, text: str) -> LinkError:
    with pytest.raises(LinkError) as caught:
        opened(desk, text)
    return caught.value


# ---- what opens ----------------------------------------------------------------------------------------------


def test_each_holder_has_a_token_of_their_own_that_opens_the_task_for_them(desk: Desk) -> None:
    """Two JFU hold langkah 1; whose link was pressed decides who acted."""
    made = tokens(desk)
    assert set(made) == {"jfu-1", "jfu-2"}
    for holder, text in made.items():
        found = opened(desk, text)
        assert (found.holder, found.task.id, found.full) == (holder, desk.tasks()[0].id, True)


def test_token_fits_in_an_address_and_is_hard_to_guess(desk: Desk) -> None:
    number, mac = tokens(desk)["jfu-1"].split("-")
    assert re.fullmatch(r"[a-z2-7]{24}", mac), "120 bits without padding"
    assert number.isdigit()


def test_token_is_the_same_each_time_so_that_a_retried_mail_holds_it_again(desk: Desk) -> None:
    assert tokens(desk) == tokens(desk)


def test_token_of_a_link_that_was_never_issued_cannot_be_made(desk: Desk) -> None:
    with reading(desk.engine) as session, pytest.raises(KeyError):
        links.token(session, desk.settings.keys, 999)


# ---- the database alone ----------------------------------------------------------------------------------------


def test_neither_database_nor_outbox_holds_a_token(desk: Desk) -> None:
    """A backup, or a look into the tables, cannot act."""
    content = (desk.settings.folder / "aduan.db").read_bytes()
    wal = desk.settings.folder / "aduan.db-wal"
    content += wal.read_bytes() if wal.exists() else b""
    for text in tokens(desk).values():
        assert text.encode() not in content
        assert text.split("-")[1].encode() not in content
    assert any("tautan." in mail.text for mail in desk.mails()), "the place-holder is there instead"


def test_token_made_without_the_key_opens_nothing(desk: Desk) -> None:
    """Everything that the rows hold, and the recipe, but a guessed key."""
    with reading(desk.engine) as session:
        link = session.scalars(select(Link)).first()
    assert link is not None
    text = f"tautan|{link.id}|{link.task_id}|{link.holder}|{link.created_at.timestamp():.0f}|{link.mark}"
    for key in (b"", b"\0" * 32, b"aduan", bytes.fromhex("ab" * 32)):
        mac = base64.b32encode(hmac.digest(key, text.encode(), sha256)[:15]).decode().lower()
        assert not refused(desk, f"{link.id}-{mac}").expired


@pytest.mark.parametrize("column", ["task_id", "holder", "created_at", "mark"])
def test_row_that_was_changed_in_the_database_no_longer_opens(desk: Desk, column: str) -> None:
    """Who can write to the database still cannot turn one person's link into another's."""
    desk.record()
    text = tokens(desk)["jfu-1"]
    with writing(desk.engine) as session:
        link = session.get_one(Link, int(text.split("-")[0]))
        first = session.scalars(select(Task.id).order_by(Task.id)).first()
        later = link.created_at + timedelta(hours=1)
        values = {
            "task_id": first,
            "holder": "kepala",
            "created_at": later,
            "mark": desk.person("kepala").mark,
        }
        setattr(link, column, values[column])
    assert not refused(desk, text).expired


# ---- what does not open ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mangle",
    [
        lambda t: t[:-1],
        lambda t: t + "a",
        lambda t: t.upper(),
        lambda t: t.replace("-", ""),
        lambda t: t.replace("-", "--"),
        lambda t: t.split("-")[0],
        lambda t: t.split("-")[0] + "-",
        lambda t: "-" + t.split("-")[1],
        lambda t: "+" + t,
        lambda t: "0" * 20 + t,
        lambda t: "٣" + t[1:],
        lambda t: t[:-1] + "é",
        lambda t: t + "\n",
        lambda t: " " + t,
        lambda t: t.replace("-", "-\0"),
        lambda t: "",
        lambda t: "9" * 14 + "-" + t.split("-")[1],
    ],
)
def test_mangled_token_opens_nothing(desk: Desk, mangle: object) -> None:
    assert callable(mangle)
    assert not refused(desk, mangle(tokens(desk)["jfu-1"])).expired


@given(text=st.text(max_size=60))
def test_no_text_at_all_breaks_the_reading_of_tokens(text: str) -> None:
    """Whatever stands in the address, the answer is LinkError. (An empty database: nothing can open.)"""
    with reading(_empty().engine) as session, pytest.raises(LinkError):
        links.resolve(session, _empty().settings, text, _empty().clock())


_kept: list[Desk] = []


def _empty() -> Desk:
    return _kept[0]


@pytest.fixture(autouse=True, scope="module")
def _database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with desk_in(tmp_path_factory.mktemp("kosong")) as made:
        _kept.append(made)
        yield
        _kept.clear()


def test_token_of_another_office_opens_nothing(desk: Desk) -> None:
    """The same row under another key: a restored copy that got keys of its own."""
    with reading(desk.engine) as session:
        foreign = links.token(session, b"kunci kantor lain" * 2, 1)
    assert foreign != tokens(desk)["jfu-1"]
    assert not refused(desk, foreign).expired


def test_mac_of_one_link_does_not_open_another(desk: Desk) -> None:
    made = tokens(desk)
    crossed = made["jfu-1"].split("-")[0] + "-" + made["jfu-2"].split("-")[1]
    assert not refused(desk, crossed).expired


def test_link_expires_after_the_days_of_the_configuration_to_the_second(desk: Desk) -> None:
    text = tokens(desk)["jfu-1"]
    start = desk.clock()
    desk.clock.now = start + timedelta(days=desk.settings.web.link_days)
    assert opened(desk, text).full
    desk.clock.now += timedelta(seconds=1)
    assert refused(desk, text).expired


def test_expired_link_is_told_from_a_mangled_one_only_to_who_holds_it(desk: Desk) -> None:
    desk.later(days=400)
    assert refused(desk, tokens(desk)["jfu-1"]).expired
    assert not refused(desk, tokens(desk)["jfu-1"][:-1] + "8").expired


# ---- spent -----------------------------------------------------------------------------------------------------


def test_spent_link_still_opens_and_names_who_acted(desk: Desk) -> None:
    text = tokens(desk)["jfu-2"]
    desk.press("jfu-1", "laporkan")
    task = opened(desk, text).task
    assert (task.closed_by, task.outcome, task.closed_at) == ("jfu-1", "laporkan", desk.clock())


def test_spent_link_shows_the_complaint_for_seven_days_and_no_longer(desk: Desk) -> None:
    text = tokens(desk)["jfu-1"]
    desk.press("jfu-1", "laporkan")
    desk.later(days=7)
    assert opened(desk, text).full
    desk.later(seconds=1)
    assert not opened(desk, text).full


def test_spent_link_says_who_acted_even_after_its_expiry(desk: Desk) -> None:
    """Only an open task's link expires; what was done stays told, without the complaint."""
    text = tokens(desk)["jfu-1"]
    desk.press("jfu-1", "laporkan")
    desk.later(days=400)
    found = opened(desk, text)
    assert (found.full, found.task.outcome) == (False, "laporkan")


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_link_that_ended_does_not_open_the_complaint_when_somebody_closes_the_task(
    end: str, desk: Desk
) -> None:
    """It was refused while the task was open; afterwards it says who acted, and nothing of the complaint."""
    text = tokens(desk)["jfu-1"]
    if end == "revoked":
        with writing(desk.engine) as session:
            links.revoke(session, [int(text.partition("-")[0])], desk.clock())
        desk.later(seconds=1)
    else:
        desk.later(days=desk.settings.web.link_days, seconds=1)
    assert refused(desk, text).expired
    desk.press("jfu-2", "laporkan")
    found = opened(desk, text)
    assert (found.full, found.alive, found.task.closed_by) == (False, False, "jfu-2")


def test_link_of_a_closed_case_opens_what_the_case_allows(desk: Desk) -> None:
    """The archive's task stays open, so its links live on until they expire."""
    desk.to(Stage.SELESAI, desk.complaint().number)
    found = opened(desk, tokens(desk)["sekretaris"])
    assert found.full
    assert found.task.closed_at is None


# ---- looking ---------------------------------------------------------------------------------------------------


def test_number_beyond_the_columns_range_opens_nothing_on_either_database(
    tmp_path: Path, database_url: str
) -> None:
    with desk_in(tmp_path, database_url) as desk:
        assert not refused(desk, "99999999999999-" + "a" * 24).expired


def test_resolving_writes_nothing(desk: Desk) -> None:
    """GET shows: no statement other than a SELECT, for good, spent, expired and mangled tokens."""
    said: list[str] = []
    made = tokens(desk)
    desk.press("jfu-1", "laporkan")
    made |= tokens(desk)
    event.listen(desk.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    opened(desk, made["jfu-1"])
    opened(desk, made["sekretaris"])
    refused(desk, "1-aaaaaaaaaaaaaaaaaaaaaaaa")
    desk.later(days=99)
    refused(desk, made["sekretaris"])
    assert said
    assert [s for s in said if not s.lstrip().upper().startswith(("SELECT", "BEGIN"))] == []


def test_reminder_brings_a_fresh_link_and_the_older_one_works_on(tmp_path: Path) -> None:
    """The official may press the button of whichever mail is at hand."""
    with desk_in(tmp_path, pengingat={"satuan": True}) as desk:
        desk.record()
        first = tokens(desk)["jfu-1"]
        desk.later(minutes=16)
        with desk.work() as work:
            assert remind(work, desk.tasks()[0].id)
        second = tokens(desk)["jfu-1"]
        assert second != first
        assert opened(desk, first).task.id == opened(desk, second).task.id


def test_every_mail_with_a_button_names_links_of_its_own_recipient(desk: Desk) -> None:
    """No mail carries another person's link."""
    desk.to(Stage.SELESAI, desk.complaint().number)
    with reading(desk.engine) as session:
        mails = list(session.scalars(select(Outbox)))
        for mail in mails:
            for link_id in mail.links:
                holder = session.get_one(Link, link_id).holder
                assert desk.person(holder).email == mail.recipient
    assert sum(bool(m.links) for m in mails) >= 10


def test_issue_without_holders_makes_no_link(desk: Desk) -> None:
    with desk.work() as work:
        assert links.issue(work.session, [], work.now, 30) == []
