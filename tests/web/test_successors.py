"""A person is not a code: who bears it after somebody else gets none of what was theirs (DESIGN rule 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.access import browsers
from pipeline.cases.chain import SYSTEM
from pipeline.cases.delegation import delegate, delegations
from pipeline.data import in_force
from pipeline.data.engine import reading, writing
from pipeline.office.sop import NO_UNIT, Role, Stage
from pipeline.running import health
from pipeline.web.app import create_app
from pipeline.work import App, Work
from tests.kantor import SIGNED, Office, office

SUCCESSOR = {"nama": "Wahyu Nugroho", "email": "wahyu@kominfo.example"}


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def becomes(kantor: Office, code: str, **change: object) -> None:
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


OWN_CODE = {"kode": "wahyu", **SUCCESSOR}


@pytest.mark.parametrize("change", [SUCCESSOR, OWN_CODE], ids=["the same code", "a new code"])
def test_successor_gets_a_link_of_their_own_at_once_and_acts_under_their_name(
    kantor: Office, change: dict[str, str]
) -> None:
    kantor.to_clarification()
    old = kantor.link("sekretaris", "laporkan_kepala")
    becomes(kantor, "sekretaris", **change)
    kantor.settle()
    told = kantor.inbox(SUCCESSOR["email"])
    assert [mail.subject for mail in told] == ["Tugas yang kini pada Bapak/Ibu: 1 menunggu"]
    kantor.later(hours=1)
    kantor.settle()
    assert len(kantor.inbox(SUCCESSOR["email"])) == 1, "told once"
    fresh = kantor.link(change.get("kode", "sekretaris"), "laporkan_kepala")
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
    """The outbox makes the token when it sends: what was written to somebody who left is not sent any more."""
    kantor.citizen_sends()
    kantor.press("jfu-1", "laporkan", settle=False, ringkasan="Lampu padam.")
    becomes(kantor, "sekretaris", **SUCCESSOR)
    kantor.settle()
    gone = [mail for mail in kantor.post.sent if mail.to == "sekretaris@kominfo.example"]
    assert gone == [], "what waits for somebody who left is nobody's to read"
    (told,) = kantor.inbox("sekretaris")
    assert told.to == SUCCESSOR["email"]
    kantor.press(told.links[0], "laporkan_kepala", hasil="Benar.")
    assert kantor.stage() is Stage.KEPUTUSAN


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
    assert "systemctl reload aduan" in said  # a program that runs goes by what it has loaded


def kasi_is_asked(kantor: Office) -> str:
    kantor.to_clarification()
    asked: dict[str, Any] = {"petugas": ["kasi-infrastruktur"], "pertanyaan": "Apa penyebabnya?"}
    kantor.press("sekretaris", "tanya_unit", **asked)
    return kantor.link("kasi-infrastruktur", "jawab")


def test_question_to_one_kasi_goes_to_who_holds_the_post_after_them(kantor: Office) -> None:
    old = kasi_is_asked(kantor)
    becomes(kantor, "kasi-infrastruktur", **OWN_CODE)
    kantor.settle()
    assert kantor.page(old).status == 404
    kantor.press("wahyu", "jawab", jawaban="Kabelnya putus.")
    page = kantor.page(kantor.link("sekretaris", "laporkan_kepala"))
    assert "Kabelnya putus." in page.text
    assert "Meminta keterangan Kasi Pengelolaan Infrastruktur" in page.text
    assert kantor.audit() == []


def test_question_stays_with_the_post_when_its_holder_moves_to_another(kantor: Office) -> None:
    """The one who was asked goes on under their code as Kasubag; somebody else is Kasi now."""
    old = kasi_is_asked(kantor)
    post = kantor.person("kasi-infrastruktur").jabatan
    left = kantor.person("kasubag-umum").jabatan
    becomes(kantor, "kasi-infrastruktur", jabatan=left, unit="umum")
    becomes(kantor, "kasubag-umum", jabatan=post, unit="infrastruktur", **OWN_CODE)
    kantor.settle()
    assert "jawab" not in kantor.page(old).forms
    kantor.press("wahyu", "jawab", jawaban="Kabelnya putus.")
    assert kantor.audit() == []


def test_sekretaris_hears_that_nobody_is_left_to_answer_and_goes_on(kantor: Office) -> None:
    kasi_is_asked(kantor)
    jobless = {**OWN_CODE, "jabatan": "Kasi Persandian", "unit": "informasi"}
    becomes(kantor, "kasi-infrastruktur", **jobless)
    kantor.settle()
    told = kantor.newest("sekretaris", "Tugas yang kini")
    assert "pertanyaan kepada Kasi Pengelolaan Infrastruktur belum dijawab" in told.words
    assert kantor.inbox("wahyu") == []
    again: dict[str, Any] = {"petugas": ["wahyu"], "pertanyaan": "Apa penyebabnya?"}
    kantor.press(told.links[0], "tanya_unit", **again)
    kantor.press("wahyu", "jawab", jawaban="Kabelnya putus.")
    assert kantor.audit() == []


def test_swapped_posts_are_told_to_both_and_the_old_links_show_no_form(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.citizen_sends("Jalan berlubang", "Jalan Kenanga berlubang di depan pasar besar.")
    links = {
        "sekretaris": kantor.link("sekretaris", "laporkan_kepala"),
        "jfu-1": kantor.link("jfu-1", "laporkan"),
    }
    becomes(kantor, "sekretaris", peran=(Role.JFU,), jabatan="JFU Pelayanan Pengaduan")
    becomes(kantor, "jfu-1", peran=(Role.SEKRETARIS,), jabatan="Sekretaris")
    kantor.settle()
    for code, act in (("sekretaris", "laporkan"), ("jfu-1", "laporkan_kepala")):
        assert len([m for m in kantor.inbox(code) if "Tugas yang kini" in m.subject]) == 1
        assert kantor.page(kantor.link(code, act)).status == 200
        assert kantor.page(links[code]).forms == {}


def test_what_the_predecessor_typed_is_not_shown_to_the_successor(kantor: Office) -> None:
    kantor.to_decision()
    task = urlsplit(kantor.link("kepala", "putuskan")).path
    kantor.know("kepala")
    typed = {"aksi": "putuskan", "perintah": "Setengah jadi"}
    assert kantor.web.post(f"{task}/simpan", data=typed).status_code == 303
    assert "Setengah jadi" in kantor.page(task).text
    becomes(kantor, "kepala", **SUCCESSOR)
    kantor.settle()
    kantor.know("kepala")
    assert "Setengah jadi" not in kantor.page(kantor.link("kepala", "putuskan")).text


def test_who_left_is_still_named_for_what_they_did(kantor: Office) -> None:
    """A JFU who may hand in the signed letter looks at the link of a task that somebody has done who left since."""
    kantor.to_delivery()
    (link,) = kantor.links(kantor.newest("jfu-1", "Menunggu tanda tangan"))
    becomes(kantor, "kepala", **OWN_CODE)
    assert "dikerjakan oleh NOOR AFLAH, S.Kom" in kantor.page(link).text


def test_check_names_a_code_that_nobody_bears_any_more(kantor: Office) -> None:
    kantor.clock.now = kantor.clock.now.now(kantor.clock.now.tzinfo)
    kantor.to_clarification()
    becomes(kantor, "sekretaris", **OWN_CODE)
    (said,) = findings(kantor)
    assert "kode sekretaris tidak ada lagi" in said


def test_kasi_who_was_jfu_reads_no_more_of_what_the_pengadu_wrote(kantor: Office) -> None:
    """Other units read what was written for them alone, also by a link, a cookie and a form of an earlier post."""
    kantor.citizen_sends(
        text="Lampu di Jalan Mawar padam, kata Pak Hasan.",
        files=[("foto.jpg", "image/jpeg", SIGNED)],
    )
    task = urlsplit(kantor.link("jfu-1", "laporkan")).path
    cookie = kantor.know("jfu-1")
    (photo,) = kantor.documents("lampiran")
    becomes(kantor, "jfu-1", peran=(Role.KASI,), jabatan="Kasi Persandian")
    becomes(kantor, "sekretaris", peran=(Role.SEKRETARIS, Role.JFU))
    kantor.web.set_cookie(kantor.cookie("jfu-1"), cookie, path="/")
    assert "Pak Hasan" not in kantor.page(task).html
    assert kantor.page(f"{task}/berkas/{photo.id}").status == 404
    assert kantor.page(f"{task}/gambar/{photo.id}").status == 404
    for sent in ({"ringkasan": ""}, {"ringkasan": "Lampu padam.", "unit": NO_UNIT}):
        answer = kantor.web.post(task, data={"aksi": "laporkan", **sent})
        assert answer.status_code == 409
        assert "Pak Hasan" not in answer.text
    assert kantor.stage() is Stage.PENERIMAAN
