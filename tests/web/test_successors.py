"""A person is not a code: who bears it after somebody else gets none of what was theirs (DESIGN rule 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.access import browsers
from pipeline.cases.chain import SYSTEM
from pipeline.cases.delegation import delegate, delegations
from pipeline.data import in_force
from pipeline.data.engine import reading, writing
from pipeline.office.sop import Role, Stage
from pipeline.running import health
from pipeline.web.app import create_app
from pipeline.work import App, Work
from tests.kantor import Office, office

SUCCESSOR = {"nama": "Wahyu Nugroho", "email": "wahyu@kominfo.example"}


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def becomes(kantor: Office, code: str, **change: str) -> None:
    """config.toml names another person under the same code, and the program is started again."""
    people = [p.model_copy(update=change) if p.kode == code else p for p in kantor.settings.petugas]
    kantor.settings = kantor.settings.model_copy(update={"petugas": tuple(people)})
    kantor.app = App(kantor.settings, kantor.engine, kantor.clock)
    kantor.web = create_app(kantor.settings, kantor.engine, kantor.clock).test_client()


def findings(kantor: Office) -> list[str]:
    return [
        one.text for one in health._people(kantor.settings, kantor.engine) if one.level == "hati"
    ]


@pytest.mark.parametrize(
    "change",
    [SUCCESSOR, {"nama": SUCCESSOR["nama"]}, {"email": SUCCESSOR["email"]}],
    ids=["another person", "at the same address", "another address"],
)
def test_link_and_browser_of_the_predecessor_end_at_once(
    kantor: Office, change: dict[str, str]
) -> None:
    kantor.to_clarification()
    task = urlsplit(kantor.link("sekretaris", "laporkan_kepala")).path
    cookie = kantor.know("sekretaris")
    becomes(kantor, "sekretaris", **change)
    assert kantor.page(task).status == 410
    assert kantor.page(f"{task}/saya").status == 410
    with writing(kantor.engine) as session:
        assert not browsers.known(
            session, kantor.settings.keys, kantor.person("sekretaris"), cookie, kantor.clock()
        )
    assert kantor.web.post(task, data={"aksi": "laporkan_kepala", "hasil": "x"}).status_code == 410
    assert kantor.stage() is Stage.KLARIFIKASI


def test_successor_gets_a_link_of_their_own_and_acts_under_their_name(kantor: Office) -> None:
    kantor.to_clarification()
    old = kantor.link("sekretaris", "laporkan_kepala")
    becomes(kantor, "sekretaris", **SUCCESSOR)
    kantor.next_workday()
    kantor.settle()
    fresh = kantor.link("sekretaris", "laporkan_kepala")
    assert fresh != old
    kantor.press(fresh, "laporkan_kepala", hasil="Benar.")
    assert kantor.stage() is Stage.KEPUTUSAN
    assert "Wahyu Nugroho" in kantor.page(kantor.link("kepala", "putuskan")).text


def test_degree_behind_the_name_changes_nobody(kantor: Office) -> None:
    kantor.to_clarification()
    task = kantor.link("sekretaris", "laporkan_kepala")
    becomes(kantor, "sekretaris", nama="Ratih Kusumawardani, S.Sos., M.Si.")
    assert kantor.page(task).status == 200
    assert findings(kantor) == []


def test_mail_that_still_waits_for_the_predecessor_holds_no_key_to_the_successors_tasks(
    kantor: Office,
) -> None:
    """The outbox makes the token when it sends: it must be that of the person whom the mail was written to."""
    kantor.citizen_sends()
    kantor.press("jfu-1", "laporkan", settle=False, ringkasan="Lampu padam.")
    becomes(kantor, "sekretaris", **SUCCESSOR)
    kantor.settle()
    gone = [mail for mail in kantor.post.sent if mail.to == "sekretaris@kominfo.example"]
    assert gone
    for mail in gone:
        for url in kantor.links(mail):
            assert kantor.page(url).status == 410


@pytest.mark.parametrize("code", ["kepala", "kasubag-umum"], ids=["who is away", "who stands in"])
def test_delegation_ends_with_either_person_and_the_tasks_go_to_the_holder(
    kantor: Office, code: str
) -> None:
    kantor.to_decision()
    today = kantor.clock().astimezone(kantor.settings.zone).date()
    with writing(kantor.engine) as session:
        work = Work(session, kantor.settings, kantor.clock())
        delegate(work, "kepala", "kasubag-umum", "plh", today, today + timedelta(days=30), SYSTEM)
    kantor.settle()
    assert "putuskan" in kantor.page(kantor.link("kasubag-umum", "putuskan")).forms
    becomes(kantor, code, **SUCCESSOR)
    with reading(kantor.engine) as session:
        head = in_force.settings(session, kantor.settings, kantor.clock()).holders(Role.KEPALA)
    assert [p.kode for p in head] == ["kepala"]
    assert any("1 penggantian" in text for text in findings(kantor))
    before = len(kantor.inbox("kepala"))
    kantor.settle()
    assert len(kantor.inbox("kepala")) > before, "the task comes back with a link of their own"
    with writing(kantor.engine) as session:
        assert delegations(Work(session, kantor.settings, kantor.clock())) == []
    assert kantor.audit() == []


def test_check_says_what_ended_and_nothing_where_nobody_changed(kantor: Office) -> None:
    kantor.clock.now = kantor.clock.now.now(
        kantor.clock.now.tzinfo
    )  # `check` looks at the real time
    kantor.to_clarification()
    kantor.know("sekretaris")
    assert findings(kantor) == []
    becomes(kantor, "sekretaris", **SUCCESSOR)
    (said,) = findings(kantor)
    assert "'sekretaris'" in said
    assert "Wahyu Nugroho <wahyu@kominfo.example>" in said
    assert "1 peramban" in said
    assert " 0 tautan" not in said
