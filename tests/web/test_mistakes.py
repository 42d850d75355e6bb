"""On the pages: an act is taken back by the button of its receipt, text is given back, links are forgiven."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pipeline.access import browsers, links
from pipeline.data.engine import reading, writing
from pipeline.data.tables import SavedForm, Task
from pipeline.office.actions import ACTIONS
from pipeline.office.sop import REPORTING, EventKind, Stage, TaskKind
from pipeline.office.words import table, word
from pipeline.running.sweep import sweep
from pipeline.web.app import create_app
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, SITI, compose

ORDER = {
    "keputusan": "ditindaklanjuti",
    "perintah": "Lampu diperbaiki.",
    "disampaikan": "Lampu diperbaiki.",
}


@dataclass
class Counter:
    """A desk with its pages, in a browser by which officials are known."""

    desk: Desk
    web: FlaskClient

    def url(self, who: str, task: Task) -> str:
        person = self.desk.person(who)
        with self.desk.work() as work:
            (link_id,) = links.issue(
                work.session, [(work.session.get_one(Task, task.id), person)], work.now, 30
            )
            return f"/t/{links.token(work.session, work.settings.keys, link_id)}"

    def know(self, who: str) -> None:
        with writing(self.desk.engine) as session:
            keys = self.desk.settings.keys
            value = browsers.remember(
                session, keys, self.desk.person(who), "uji", self.desk.clock()
            )
        secure = self.desk.settings.web.base_url.startswith("https:")
        self.web.set_cookie(browsers.cookie_name(who, secure), value, path="/")


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with desk_in(tmp_path, smtp={"tunda_menit": 2}) as desk:
        yield Counter(desk, create_app(desk.settings, desk.engine, desk.clock).test_client())


def decided(counter: Counter) -> tuple[str, str]:
    """(number, the link of the decision, which has been sent by its page)."""
    number = counter.desk.to(Stage.KEPUTUSAN)
    url = counter.url("kepala", counter.desk.task("putuskan", number))
    counter.know("kepala")
    answer = counter.web.post(url, data={"aksi": "putuskan", **ORDER})
    assert answer.headers["Location"] == f"{url}?selesai"
    return number, url


def test_receipt_takes_the_decision_back_and_the_form_is_as_it_was_sent(counter: Counter) -> None:
    number, url = decided(counter)
    receipt = counter.web.get(f"{url}?selesai").text
    assert "Keliru?" in receipt
    assert f'action="{url}/batalkan"' in receipt
    back = counter.web.post(f"{url}/batalkan")
    assert back.status_code == 303
    page = counter.web.get(back.headers["Location"]).text
    assert "Sudah dibatalkan." in page
    assert "Lampu diperbaiki." in page
    assert counter.desk.stage(number) is Stage.KEPUTUSAN
    assert counter.desk.kinds(number)[-1] is EventKind.TAKEN_BACK


def test_mails_own_link_takes_back_what_its_receipt_did(counter: Counter) -> None:
    """Whoever closed the tab and thinks better of it has the mail: the button stands behind its link too."""
    number, url = decided(counter)
    assert "Yang akan diberi tahu" in counter.web.get(f"{url}?selesai").text
    again = counter.web.get(url).text
    assert "Keliru?" in again
    assert f'action="{url}/batalkan"' in again
    desk = counter.desk
    stranger = create_app(desk.settings, desk.engine, desk.clock).test_client()
    assert "Keliru?" not in stranger.get(url).text
    desk.later(minutes=2)
    late = counter.web.get(url).text
    assert word("keliru.putuskan") in late
    assert "/batalkan" not in late
    assert "Yang diberi tahu" in counter.web.get(f"{url}?selesai").text
    assert desk.stage(number) is Stage.JAWABAN


def test_case_that_ended_early_does_not_wait_to_begin(counter: Counter) -> None:
    desk = counter.desk
    number = desk.record()
    desk.press("jfu-1", "bukan_pengaduan", number=number, alasan="Ucapan terima kasih.")
    counter.know("jfu-1")
    task = next(t for t in desk.tasks(number) if t.kind is TaskKind.CATAT)
    said = counter.web.get(f"{counter.url('jfu-1', task)}?selesai").text
    assert "Menunggu dimulai" not in said
    assert "Berakhir sebelum langkah kelima" in said


def test_after_two_minutes_the_receipt_says_what_helps_now(counter: Counter) -> None:
    number, url = decided(counter)
    counter.desk.later(minutes=2)
    receipt = counter.web.get(f"{url}?selesai").text
    assert "Keliru?" in receipt
    assert "/batalkan" not in receipt
    late = counter.web.post(f"{url}/batalkan")
    assert late.status_code == 409
    assert "Sudah tidak dapat dibatalkan" in late.text
    assert counter.desk.stage(number) is Stage.JAWABAN


def test_receipt_of_a_case_that_is_over_tells_of_reopening_alone(tmp_path: Path) -> None:
    """Nobody can send a decision back once its letter has gone."""
    with desk_in(tmp_path) as desk:
        _over(Counter(desk, create_app(desk.settings, desk.engine, desk.clock).test_client()))


def _over(counter: Counter) -> None:
    number = counter.desk.to(Stage.SELESAI)
    decided = next(t for t in counter.desk.tasks(number) if t.kind is TaskKind.KEPUTUSAN)
    counter.know("kepala")
    said = counter.web.get(f"{counter.url('kepala', decided)}?selesai").text
    assert word("keliru.putuskan") not in said
    assert word("keliru.umum") in said


def test_pressed_twice_it_is_taken_back_once_and_the_form_is_there(counter: Counter) -> None:
    _number, url = decided(counter)
    first, second = counter.web.post(f"{url}/batalkan"), counter.web.post(f"{url}/batalkan")
    assert second.status_code == 303
    assert second.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, one.name) for kind, acts in ACTIONS.items() for one in acts if one.closes],
)
def test_every_receipt_says_what_helps(kind: TaskKind, name: str) -> None:
    """True of this kind of task: a report is no complaint, a mail set aside has no row in the Buku."""
    words = table("keliru")
    said = words.get(f"{kind}_{name}") or words.get(name) or words["umum"]
    if kind in REPORTING:
        assert "laporan" in said
        assert "pengadu" not in said.lower()
    if kind is TaskKind.TERTAHAN and name == "bukan_pengaduan":
        assert "Aslinya tetap tersimpan." in said


def test_receipt_of_what_goes_on_says_what_helps_after_its_minutes(counter: Counter) -> None:
    number = counter.desk.to(Stage.KLARIFIKASI)
    url = counter.url("sekretaris", counter.desk.task("tanya_unit", number))
    counter.know("sekretaris")
    form = {"aksi": "tanya_unit", "petugas": "kasubag-umum", "pertanyaan": "Sejak kapan padam?"}
    receipt = counter.web.post(url, data=form).headers["Location"]
    counter.desk.later(minutes=3)
    page = counter.web.get(receipt).text
    assert "/batalkan" not in page
    assert "Keliru?" in page
    assert "dapat ditarik lewat “Tarik pertanyaan”" in page


def test_a_browser_that_is_not_known_takes_nothing_back(counter: Counter) -> None:
    number, url = decided(counter)
    stranger = create_app(
        counter.desk.settings, counter.desk.engine, counter.desk.clock
    ).test_client()
    assert stranger.post(f"{url}/batalkan").status_code == 403
    assert counter.desk.stage(number) is Stage.JAWABAN


def test_question_to_a_unit_is_taken_back_from_the_page(counter: Counter) -> None:
    number = counter.desk.to(Stage.KLARIFIKASI)
    url = counter.url("sekretaris", counter.desk.task("tanya_unit", number))
    counter.know("sekretaris")
    form = {"aksi": "tanya_unit", "petugas": "kasubag-umum", "pertanyaan": "Sejak kapan padam?"}
    answer = counter.web.post(url, data=form)
    page = counter.web.get(answer.headers["Location"]).text
    assert f'action="{url}/batalkan"' in page
    counter.web.post(f"{url}/batalkan")
    assert [t.kind for t in counter.desk.tasks(number, open_only=True)] == ["klarifikasi"]


def test_unit_reads_that_its_question_was_withdrawn(counter: Counter) -> None:
    """Not that somebody has answered it."""
    number = counter.desk.to(Stage.KLARIFIKASI)
    counter.desk.press(
        "sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"], pertanyaan="Benar?"
    )
    asked = counter.desk.task("jawab", number)
    counter.desk.press("sekretaris", "tarik_pertanyaan", number=number, ditarik=["kasubag-umum"])
    counter.know("kasubag-umum")
    said = counter.web.get(counter.url("kasubag-umum", asked)).text
    assert "Pertanyaan ini ditarik oleh Sekretaris" in said
    assert word("halaman.tidak_berlaku_judul") in said
    assert word("halaman.dipakai_judul") not in said


def test_text_that_came_too_late_is_given_back(counter: Counter) -> None:
    """Two JFU at once: the second reads who was first, and what they had typed themselves."""
    number = counter.desk.record()
    url = counter.url("jfu-2", counter.desk.task("laporkan", number))
    counter.know("jfu-2")
    counter.desk.press("jfu-1", "laporkan", number=number)
    form = {
        "aksi": "laporkan",
        "perihal": "Lampu",
        "ringkasan": "Ringkasan yang panjang dan lama diketik.",
    }
    late = counter.web.post(url, data=form)
    assert late.status_code == 409
    assert "Sudah dikerjakan" in late.text
    assert "Ringkasan yang panjang dan lama diketik." in late.text


TYPED = "Ringkasan yang panjang dan lama diketik; <b>tidak</b> boleh hilang."
FORM = {"aksi": "laporkan", "perihal": "Lampu", "ringkasan": TYPED}


def test_text_is_given_back_where_the_link_has_expired_or_was_mangled(counter: Counter) -> None:
    url = counter.url("jfu-1", counter.desk.task("laporkan", counter.desk.record()))
    mangled = counter.web.post(f"{url[:-4]}aaaa", data=FORM)
    counter.desk.later(days=40)
    expired = counter.web.post(url, data=FORM)
    for answer, status in ((mangled, 404), (expired, 410)):
        assert answer.status_code == status
        assert "lama diketik; &lt;b&gt;tidak&lt;/b&gt; boleh hilang." in answer.text


def test_text_is_given_back_when_the_page_breaks(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = counter.url("jfu-1", counter.desk.task("laporkan", counter.desk.record()))
    counter.know("jfu-1")
    counter.desk.engine.dispose()
    monkeypatch.setattr(
        counter.desk.engine, "connect", lambda *args: (_ for _ in ()).throw(OSError("disk"))
    )
    broken = counter.web.post(url, data=FORM)
    assert broken.status_code == 500
    assert "boleh hilang." in broken.text


def test_what_another_site_sends_is_not_shown(counter: Counter) -> None:
    url = counter.url("jfu-1", counter.desk.task("laporkan", counter.desk.record()))
    answer = counter.web.post(url, data=FORM, headers={"Origin": "https://lain.example"})
    assert answer.status_code == 403
    assert "diketik" not in answer.text


@pytest.mark.parametrize("behind", [".", ")", ">", "%3E", ").", "'", "…", "/"])
def test_letters_behind_a_copied_link_are_forgiven(counter: Counter, behind: str) -> None:
    url = counter.url("jfu-1", counter.desk.task("laporkan", counter.desk.record()))
    answer = counter.web.get(url + behind)
    assert (answer.status_code, answer.headers["Location"]) == (302, url)
    assert counter.web.get(url.upper()).headers["Location"] == url
    asked = counter.web.get(f"{url}?aksi=laporkan{behind}", follow_redirects=True)
    assert asked.status_code == 200


@pytest.mark.parametrize("behind", [".", ")", ">", "%3E", ").", "'", "…", "/"])
def test_links_without_a_token_are_forgiven_too(counter: Counter, behind: str) -> None:
    """What a citizen copies from a receipt or types from a letter."""
    status = f"/s/{counter.desk.complaint(counter.desk.record()).status_code}"
    for path in (status, "/saya", "/asli"):
        answer = counter.web.get(path + behind)
        assert (answer.status_code, answer.headers.get("Location")) == (302, path)
    assert counter.web.get(status.upper(), follow_redirects=True).status_code == 200
    assert counter.web.get("/SAYA").headers["Location"] == "/saya"


def test_mail_leads_to_the_form_and_the_page_has_it(counter: Counter) -> None:
    number = counter.desk.record()
    mail = counter.desk.mails("tugas_catat")[-1]
    wanted = dict.fromkeys(re.findall(r"\?aksi=(\w+)#([\w-]+)", mail.text))
    assert wanted
    page = counter.web.get(counter.url("jfu-1", counter.desk.task("laporkan", number))).text
    for name, anchor in wanted:
        assert anchor == f"aksi-{name}"
        assert f'id="{anchor}"' in page


def test_form_of_langkah_1_is_filled_from_the_mail_and_says_so(counter: Counter) -> None:
    text = "Selamat pagi. Lampu di Jalan Mawar padam.\n\nHormat saya,\nSiti\nJalan Kenanga 7, Madiun\n0812-5550-0117"
    number = counter.desk.record(isi=text)
    page = counter.web.get(counter.url("jfu-1", counter.desk.task("laporkan", number))).text
    assert 'value="0812 5550 0117"' in page
    assert 'value="Jalan Kenanga 7, Madiun"' in page
    assert page.count("Dari tanda tangan surat") == 2
    assert re.search(
        r'id="laporkan-ringkasan"[^>]*>\nLampu di Jalan Mawar padam\.</textarea>', page
    )


def test_sender_sees_the_address_and_a_likely_slip(counter: Counter) -> None:
    number = counter.desk.record(email="siti@gmial.com")
    counter.desk.press("jfu-1", "laporkan", number=number, email="siti@gmial.com")
    for stage in (Stage.KEPUTUSAN, Stage.JAWABAN):
        counter.desk.to(stage, number)
    counter.desk.later(minutes=3)
    counter.desk.jobs()
    counter.desk.to(Stage.TANDA_TANGAN, number)
    counter.desk.later(minutes=3)
    counter.desk.jobs()
    counter.desk.to(Stage.PENYAMPAIAN, number)
    page = counter.web.get(counter.url("jfu-1", counter.desk.task("kirim_email", number))).text
    assert "Dikirim kepada siti@gmial.com. Mohon diperiksa: gmial.com, maksudnya gmail.com?" in page


def told(counter: Counter, number: str) -> str:
    """What the pengadu's page of the state of a case shows now."""
    return counter.web.get(f"/s/{counter.desk.complaint(number).status_code}").text


@pytest.mark.parametrize("taken_back", [True, False])
def test_pengadu_sees_no_act_that_may_still_be_taken_back(
    counter: Counter, taken_back: bool
) -> None:
    """A decision of a minute ago is not on the page of the state, nor in an answer to STATUS."""
    number = counter.desk.to(Stage.KEPUTUSAN)
    before = told(counter, number)
    counter.desk.later(minutes=5)
    url = counter.url("kepala", counter.desk.task("putuskan", number))
    counter.know("kepala")
    counter.web.post(url, data={"aksi": "putuskan", **ORDER})
    counter.desk.later(minutes=1)
    assert told(counter, number) == before
    asked = compose(SITI, INTAKE, f"STATUS {number}", "", counter.desk.clock())
    counter.desk.take_in(asked.as_bytes(policy=policy.SMTP))
    (answer,) = counter.desk.mails("status")
    assert word("status.keputusan") in " ".join(answer.text.split())
    if taken_back:
        counter.web.post(f"{url}/batalkan")
        assert word("status.keputusan") in told(counter, number)
        return
    counter.desk.later(minutes=1)
    after = told(counter, number)
    assert after != before
    assert word("status.jawaban") in after


def test_question_to_the_pengadu_stands_on_their_page_once_it_was_sent(counter: Counter) -> None:
    number = counter.desk.to(Stage.KLARIFIKASI)
    before = told(counter, number)
    counter.desk.press("sekretaris", "tanya_pengadu", number=number)
    assert told(counter, number) == before
    counter.desk.later(minutes=2)
    assert word("status.menunggu") in told(counter, number)


def test_daily_sweep_leaves_what_an_act_can_be_taken_back_by(counter: Counter) -> None:
    """The nightly sweep between the act and its taking back; a day later nothing is left of it."""
    desk = counter.desk
    number, url = decided(counter)
    desk.later(minutes=1)
    sweep(desk.engine, desk.clock())
    assert counter.web.post(f"{url}/batalkan").status_code == 303
    assert desk.stage(number) is Stage.KEPUTUSAN
    counter.web.post(url, data={"aksi": "putuskan", **ORDER})
    desk.later(days=2)
    sweep(desk.engine, desk.clock())
    with reading(desk.engine) as session:
        assert session.scalars(select(SavedForm)).all() == []
