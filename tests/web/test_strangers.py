"""Mails are forwarded: a stranger with a link sees its one task, acts on nothing, and keeps nobody out."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from pipeline.access import browsers
from pipeline.data.engine import reading
from pipeline.data.tables import SavedForm
from pipeline.office.sop import Stage
from tests.kantor import SIGNED, Office, office

ACT = {"aksi": "laporkan_kepala", "hasil": "Benar, tiga titik padam.", "unit": "tidak_ada"}
OFFICER = "ti@kominfo.example"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


@pytest.fixture
def task(kantor: Office) -> str:
    """The path of the Sekretaris's open task, as it stands in a mail that was forwarded."""
    kantor.to_clarification()
    kantor.forget("jfu-1")
    return urlsplit(kantor.link("sekretaris", "laporkan_kepala")).path


def stranger(kantor: Office) -> FlaskClient:
    return kantor.web.application.test_client()


def act(client: FlaskClient, task: str) -> TestResponse:
    return client.post(task, data=ACT)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


# ---- what a forwarded link shows -----------------------------------------------------------------------------


LONG_FILTER = "/buku?" + urlencode({"q": "“jalan”" * 14, "kategori": "…" * 200, "unit": "é" * 40})


@pytest.mark.parametrize(
    "part", ["/buku", "/buku/cetak", "/buku/xlsx", "/buku?q=lampu", LONG_FILTER, "/saya"]
)
def test_all_that_shows_more_than_the_task_asks_for_the_code_and_opens_then(
    kantor: Office, task: str, part: str
) -> None:
    number = kantor.complaint().number
    page = kantor.page(f"{task}{part}")
    assert page.status == (200 if part == "/saya" else 403)
    assert "Peramban ini belum dikenal" in page.text
    assert number not in page.html
    (form,) = page.forms.values()
    answer = kantor.web.post(form.url, data=form.values)
    done = kantor.web.post(answer.headers["Location"], data={"kode": kantor.code()})
    assert done.headers["Location"] == f"{task}{part}"
    assert kantor.web.get(f"{task}{part}").status_code == 200


@pytest.mark.parametrize(
    "part", ["/catat", "/unggah", "/tanda-terima/1", "/tanda-terima/1/qr", "/buku/xlsx"]
)
def test_pages_of_the_clerk_ask_too(kantor: Office, part: str) -> None:
    kantor.citizen_sends()
    place = urlsplit(kantor.link("jfu-1", "laporkan")).path
    assert "Peramban ini belum dikenal" in kantor.page(f"{place}{part}").text
    kantor.know("jfu-1")
    assert b"Peramban ini belum dikenal" not in kantor.web.get(f"{place}{part}").data


def test_link_of_a_task_that_is_done_opens_the_book_no_more_than_an_open_one(
    kantor: Office, task: str
) -> None:
    kantor.press(task, "laporkan_kepala", hasil="Benar.")
    kantor.forget("sekretaris")
    assert kantor.page(f"{task}/buku").status == 403


def test_other_complaints_of_the_same_person_are_named_to_the_holder_alone(kantor: Office) -> None:
    kantor.citizen_sends("Wifi mati", "Wifi di balai kelurahan mati.")
    kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.")
    place = urlsplit(kantor.link("jfu-1", "laporkan", "000002")).path
    assert "Wifi mati" not in kantor.page(place).text
    kantor.know("jfu-1")
    assert "Wifi mati" in kantor.page(place).text


@pytest.mark.parametrize(
    "wanted", ["//jahat.example", "/../../saya", "/buku@jahat", "", "/saya\r\nX: y"]
)
def test_code_leads_to_no_other_place(kantor: Office, task: str, wanted: str) -> None:
    answer = kantor.web.post(f"{task}/saya/kode", data={"tujuan": wanted})
    done = kantor.web.post(answer.headers["Location"], data={"kode": kantor.code()})
    assert done.headers["Location"] == f"{task}/saya"


# ---- codes ---------------------------------------------------------------------------------------------------


def test_ten_posts_of_a_stranger_mail_few_codes_and_keep_nobody_out(
    kantor: Office, task: str
) -> None:
    """In one browser that keeps its cookie: it is stopped alone, and the holder acts by the very same link."""
    other = stranger(kantor)
    answers = [act(other, task).status_code for _ in range(10)]
    assert answers == [303] * 3 + [429] * 7
    assert len(kantor.outbox("kode")) == 4  # one of them for the JFU before
    kantor.press(task, "laporkan_kepala", hasil="Benar.")
    assert kantor.stage() is Stage.KEPUTUSAN


def test_ten_posts_from_ten_browsers_end_the_link_and_the_holder_gets_another(
    kantor: Office, task: str
) -> None:
    answers = [act(stranger(kantor), task).status_code for _ in range(10)]
    assert answers == [303] * 5 + [410] * 5
    kantor.settle()
    assert len(kantor.outbox("kode")) == 6
    (told,) = [
        mail for mail in kantor.inbox("sekretaris") if mail.subject.startswith("Tautan pengganti")
    ]
    (officer,) = [mail for mail in kantor.inbox(OFFICER) if "Kode berulang kali" in mail.subject]
    assert "Ratih Kusumawardani" in officer.text
    assert not [url for url in officer.links if "/t/" in url]
    assert "Tautan ini sudah kedaluwarsa" in kantor.page(task).text
    (fresh,) = kantor.links(told)
    kantor.press(fresh, "laporkan_kepala", hasil="Benar.")
    assert kantor.stage() is Stage.KEPUTUSAN


def test_guessing_ends_the_link_too(kantor: Office, task: str) -> None:
    where = act(kantor.web, task).headers["Location"]
    tries = []
    for _ in range(2):
        code = kantor.code()
        tries += [kantor.web.post(where, data={"kode": wrong(code)}).status_code for _ in range(5)]
        kantor.web.post(where, data={"lagi": "ya"})
    assert tries == [422] * 9 + [410]
    kantor.settle()
    assert [mail for mail in kantor.inbox(OFFICER) if "Kode berulang kali" in mail.subject]
    assert kantor.web.post(where, data={"kode": code}).status_code == 410
    kantor.forget(browsers.GUEST)
    fresh = kantor.links(kantor.newest("sekretaris", "Tautan pengganti"))[0]
    kantor.press(fresh, "laporkan_kepala", hasil="Benar.")
    assert kantor.stage() is Stage.KEPUTUSAN


def test_strangers_browser_spoils_no_code_of_the_holder(kantor: Office, task: str) -> None:
    where = act(kantor.web, task).headers["Location"]
    code, other = kantor.code(), stranger(kantor)
    for _ in range(6):
        assert other.post(where, data={"kode": wrong(code)}).status_code == 410
    assert other.get(where).status_code == 410
    assert kantor.web.post(where, data={"kode": code}).headers["Location"] == f"{task}?selesai"


def test_holder_may_always_ask_anew_from_their_own_mail(kantor: Office, task: str) -> None:
    """Whoever has used up a link asks for another at their own address, in the same browser."""
    for _ in range(4):
        act(kantor.web, task)
    kantor.web.post("/saya", data={"email": "sekretaris@kominfo.example"})
    kantor.settle()
    mine = next(
        url for url in kantor.newest("sekretaris", "Tautan baru").links if url.endswith("/saya")
    )
    page = kantor.page(mine)
    (form,) = page.forms.values()
    answer = kantor.web.post(form.url, data=form.values)
    assert answer.status_code == 303
    assert (
        kantor.web.post(answer.headers["Location"], data={"kode": kantor.code()}).status_code == 303
    )
    assert "1 tugas menunggu" in kantor.page(mine).text


def test_right_code_is_good_again_when_the_act_could_not_be_kept(kantor: Office, task: str) -> None:
    """The database refuses once, in the middle of the act: the page fails, nothing is lost, the same code acts."""
    where = act(kantor.web, task).headers["Location"]
    code = kantor.code()
    refuse = "CREATE TRIGGER penuh BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'penuh'); END"
    with kantor.engine.begin() as connection:
        connection.execute(text(refuse))
    assert kantor.web.post(where, data={"kode": code}).status_code == 500
    assert kantor.stage() is Stage.KLARIFIKASI
    with kantor.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER penuh"))
    assert kantor.web.post(where, data={"kode": code}).headers["Location"] == f"{task}?selesai"
    assert kantor.complaint().hasil == ACT["hasil"]
    assert kantor.web.post(where, data={"kode": code}).status_code == 410


# ---- other sites ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://jahat.example"},
        {"Origin": "https://lain.kominfo.example"},
        {"Origin": "http://aduan.kominfo.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://aduan.kominfo.example", "Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_form_of_another_site_does_nothing(
    kantor: Office, task: str, headers: dict[str, str]
) -> None:
    kantor.know("sekretaris")
    for path in (
        task,
        f"{task}/simpan",
        f"{task}/isian/delegasi",
        f"{task}/saya/kode",
        f"{task}/saya/delegasi",
        f"{task}/unggah",
        "/saya",
    ):
        assert kantor.web.post(path, data=ACT, headers=headers).status_code == 403, path
    assert kantor.stage() is Stage.KLARIFIKASI


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://aduan.kominfo.example"},
        {"Origin": "http://localhost"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_form_of_ours_acts(kantor: Office, task: str, headers: dict[str, str]) -> None:
    """Without a referrer, browsers say "null" of our own pages too; a proxy may hand on another host."""
    kantor.know("sekretaris")
    assert kantor.web.post(task, data=ACT, headers=headers).status_code == 303
    assert kantor.stage() is Stage.KEPUTUSAN


# ---- tables --------------------------------------------------------------------------------------------------


def test_strangers_unsent_forms_are_few(kantor: Office, task: str) -> None:
    for number in range(12):
        stranger(kantor).post(
            f"{task}/simpan", data={"aksi": "laporkan_kepala", "hasil": f"Kata {number}"}
        )
    with reading(kantor.engine) as session:
        assert session.query(SavedForm).count() <= 5


def test_files_that_wait_for_codes_are_few(kantor: Office) -> None:
    kantor.citizen_sends()
    place = urlsplit(kantor.link("jfu-1", "laporkan")).path
    for _ in range(9):
        files = {"berkas": [(BytesIO(SIGNED), "satu.jpg")]}
        stranger(kantor).post(f"{place}/unggah", data=files, content_type="multipart/form-data")
    with kantor.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM confirmation_file")) == 5


def test_who_marks_a_case_as_about_themself_reads_that_it_went_to_somebody_else(
    kantor: Office,
) -> None:
    """Once, in the answer to the press; the link then looks like any that has ended, whoever comes."""
    kantor.citizen_sends("Petugas kasar", "Petugas loket kasar.")
    url = kantor.links(kantor.inbox("jfu-1")[-1])[0]
    page = kantor.press("jfu-1", "laporkan", ringkasan="Petugas kasar.", terlapor=["jfu-1"])
    assert "kini ditangani petugas lain" in page.text
    assert "loket" not in page.text
    assert "kedaluwarsa" not in page.text
    again = kantor.web.get(url)
    assert again.status_code == 410
    assert "ditangani petugas lain" not in again.text
