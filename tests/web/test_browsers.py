"""A forwarded mail does not act: the first act in an unknown browser waits for a code from the holder's mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from pipeline.access import browsers
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Browser, Confirmation, ConfirmationFile, Item
from pipeline.office.sop import NO_UNIT, Stage, TaskKind
from tests.kantor import SIGNED, Office, office

ACT = {"aksi": "laporkan_kepala", "hasil": "Benar, tiga titik padam.", "unit": NO_UNIT}


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


@pytest.fixture
def task(kantor: Office) -> str:
    """The path of the Sekretaris's open task; nobody is known in this browser."""
    kantor.to_clarification()
    kantor.forget("jfu-1")
    return urlsplit(kantor.link("sekretaris", "laporkan_kepala")).path


def act(kantor: Office, task: str, **fields: object) -> TestResponse:
    return kantor.web.post(task, data={**ACT, **fields}, content_type="multipart/form-data")


def count(kantor: Office, table: type) -> int:
    with reading(kantor.engine) as session:
        return session.query(table).count()


def test_the_page_that_asks_for_the_code_shows_on_either_database(
    tmp_path: Path, database_url: str
) -> None:
    """It only looks; PostgreSQL refuses a look that locks a row."""
    with office(tmp_path, database_url=database_url) as kantor:
        kantor.to_clarification()
        kantor.forget("jfu-1")
        link = urlsplit(kantor.link("sekretaris", "laporkan_kepala")).path
        answer = act(kantor, link)
        page = kantor.page(answer.headers["Location"])
        assert (page.status, "Ketik kode dari email" in page.text) == (200, True)


def test_the_act_waits_and_is_done_when_the_code_is_entered(kantor: Office, task: str) -> None:
    answer = act(kantor, task)
    where = answer.headers["Location"]
    assert answer.status_code == 303
    assert kantor.stage() is Stage.KLARIFIKASI
    page = kantor.page(where)
    assert "Ketik kode dari email" in page.text
    assert "se••••••••@kominfo.example" in page.text
    code = kantor.code()
    assert kantor.newest("sekretaris").subject == "Kode untuk melanjutkan di peramban"
    assert code not in kantor.newest("sekretaris").subject
    done = kantor.web.post(where, data={"kode": f" {code[:3]} {code[3:]} "})
    assert done.headers["Location"] == f"{task}?selesai"
    assert kantor.stage() is Stage.KEPUTUSAN
    assert kantor.complaint().hasil == ACT["hasil"]
    cookie = done.headers["Set-Cookie"]
    for mark in (
        "__Host-aduan_sekretaris=",
        "SameSite=Lax",
        "HttpOnly",
        "Secure",
        "Max-Age=7776000",
        "Path=/",
    ):
        assert mark in cookie


def test_the_next_act_of_the_same_person_in_that_browser_needs_no_code(
    kantor: Office, task: str
) -> None:
    where = act(kantor, task).headers["Location"]
    kantor.web.post(where, data={"kode": kantor.code()})
    kantor.settle()
    before = len(kantor.outbox("kode"))
    kantor.press("kepala", "kembalikan", alasan="Mohon diperiksa lagi.")
    assert len(kantor.outbox("kode")) == before + 1  # another person: a code of their own
    kantor.press("sekretaris", "laporkan_kepala", hasil="Sudah diperiksa.")
    assert len(kantor.outbox("kode")) == before + 1


def test_looking_needs_no_code(kantor: Office, task: str) -> None:
    before = len(kantor.outbox("kode"))
    assert kantor.page(task).status == 200
    assert len(kantor.outbox("kode")) == before


def test_files_wait_too_and_are_erased_afterwards(kantor: Office) -> None:
    kantor.to_signature()
    kantor.forget("kepala")
    kantor.press("kepala", "tandatangani", bertanda_tangan=("surat.jpg", SIGNED))
    assert kantor.content(kantor.documents("pindaian")[0]) == SIGNED
    assert count(kantor, ConfirmationFile) == 0
    with reading(kantor.engine) as session:
        assert all(row.data == {} for row in session.query(Confirmation))


def test_a_form_with_faults_is_mended_before_a_code_is_sent(kantor: Office, task: str) -> None:
    before = len(kantor.outbox("kode"))
    answer = act(kantor, task, hasil="")
    assert answer.status_code == 422
    assert len(kantor.outbox("kode")) == before


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_five_wrong_tries_end_a_code_and_a_new_one_may_be_asked_for(
    kantor: Office, task: str
) -> None:
    where = act(kantor, task).headers["Location"]
    code = kantor.code()
    for left in (4, 3, 2, 1):
        answer = kantor.web.post(where, data={"kode": wrong(code)})
        assert answer.status_code == 422
        assert f"masih ada {left} kali" in answer.text
    assert "tidak berlaku" in kantor.web.post(where, data={"kode": wrong(code)}).text
    assert (
        "tidak berlaku" in kantor.web.post(where, data={"kode": code}).text
    )  # the right one comes too late
    assert kantor.stage() is Stage.KLARIFIKASI
    assert kantor.web.post(where, data={"lagi": "ya"}).status_code == 303
    fresh = kantor.code()
    assert kantor.web.post(where, data={"kode": fresh}).headers["Location"] == f"{task}?selesai"
    assert kantor.stage() is Stage.KEPUTUSAN


def test_a_code_lives_for_ten_minutes(kantor: Office, task: str) -> None:
    where = act(kantor, task).headers["Location"]
    code = kantor.code()
    kantor.later(minutes=10)
    assert "tidak berlaku" in kantor.web.post(where, data={"kode": code}).text
    assert kantor.stage() is Stage.KLARIFIKASI


def test_a_code_is_good_once_and_for_its_own_act(kantor: Office, task: str) -> None:
    first = act(kantor, task).headers["Location"]
    one = kantor.code()
    second = act(kantor, task, hasil="Lain.").headers["Location"]
    kantor.code()
    assert kantor.web.post(second, data={"kode": one}).status_code == 422
    assert kantor.web.post(first, data={"kode": one}).status_code == 303
    assert kantor.web.post(first, data={"kode": one}).status_code == 410
    assert kantor.page(first).status == 410


def test_a_code_page_belongs_to_its_link(kantor: Office, task: str) -> None:
    where = act(kantor, task).headers["Location"]
    other = "/t/1-aaaaaaaaaaaaaaaaaaaaaaaa"
    assert kantor.page(where.replace(task, other)).status == 404
    mine = urlsplit(kantor.links(kantor.inbox("jfu-1")[0])[0]).path
    assert kantor.page(where.replace(task, mine)).status == 410


def test_not_more_than_three_codes_an_hour_for_one_browser_and_link(
    kantor: Office, task: str
) -> None:
    for _ in range(3):
        assert act(kantor, task).status_code == 303
    answer = act(kantor, task)
    assert answer.status_code == 429
    assert 'href="/saya"' in answer.text
    kantor.later(minutes=61)
    assert act(kantor, task).status_code == 303


def test_code_that_was_entered_is_not_held_against_anybody(kantor: Office, task: str) -> None:
    """Somebody who always opens a private window acts as often as they need to."""
    for number in range(7):
        kantor.forget("sekretaris", browsers.GUEST)
        page = kantor.submit(
            task, "tanya_unit", {"petugas": ["kasubag-umum"], "pertanyaan": f"Benarkah {number}?"}
        )
        assert page.status == 200, page.text[:300]


@pytest.mark.parametrize(
    "cookie", ["", "1", "1-", "1-aaaaaaaaaaaaaaaaaaaaaaaa", "999-x", "é-é", "-1-x"]
)
def test_a_forged_cookie_is_not_known(kantor: Office, task: str, cookie: str) -> None:
    kantor.web.set_cookie(kantor.cookie("sekretaris"), cookie, path="/")
    assert "/kode/" in act(kantor, task).headers["Location"]


def test_one_persons_cookie_is_not_anothers_and_ends_after_90_days(
    kantor: Office, task: str
) -> None:
    with writing(kantor.engine) as session:
        theirs = browsers.remember(
            session, kantor.settings.keys, kantor.person("kepala"), "", kantor.clock()
        )
        mine = browsers.remember(
            session, kantor.settings.keys, kantor.person("sekretaris"), "", kantor.clock()
        )
    with reading(kantor.engine) as session:
        assert not browsers.known(
            session, kantor.settings.keys, kantor.person("sekretaris"), theirs, kantor.clock()
        )
        assert browsers.known(
            session, kantor.settings.keys, kantor.person("sekretaris"), mine, kantor.clock()
        )
        assert not browsers.known(
            session, b"another key of 16", kantor.person("sekretaris"), mine, kantor.clock()
        )
        kantor.later(days=90)
        assert not browsers.known(
            session, kantor.settings.keys, kantor.person("sekretaris"), mine, kantor.clock()
        )


def test_a_revoked_browser_is_asked_again(kantor: Office, task: str) -> None:
    kantor.know("sekretaris")
    with writing(kantor.engine) as session:
        assert browsers.revoke(session, kantor.clock(), person="sekretaris") == 1
        assert browsers.revoke(session, kantor.clock(), person="sekretaris") == 0
    assert "/kode/" in act(kantor, task).headers["Location"]


def test_config_may_do_without(tmp_path: Path) -> None:
    with office(tmp_path, web={"kode_peramban": False}) as one:
        one.to_clarification()
        assert one.outbox("kode") == []
        assert count(one, Browser) == 0


def test_neither_codes_nor_files_are_kept_for_long(kantor: Office, task: str) -> None:
    act(kantor, task)
    kantor.later(hours=13)
    act(kantor, task)
    assert count(kantor, Confirmation) == 1


def test_the_counter_asks_too(kantor: Office) -> None:
    kantor.citizen_sends()
    place = urlsplit(kantor.link("jfu-1", "laporkan")).path
    before = len(kantor.complaints())
    form = {"aksi": "catat", "kanal": "telepon", "perihal": "Wifi", "isi": "Wifi lambat."}
    answer = kantor.web.post(f"{place}/catat", data=form)
    done = kantor.web.post(answer.headers["Location"], data={"kode": kantor.code()})
    assert kantor.page(done.headers["Location"]).status == 200
    assert len(kantor.complaints()) == before + 1
    assert len(kantor.outbox("kode")) == 1


def test_scans_that_are_handed_in_wait_too(kantor: Office) -> None:
    kantor.citizen_sends()
    place = urlsplit(kantor.link("jfu-1", "laporkan")).path
    files = {"berkas": [(BytesIO(SIGNED), "satu.jpg"), (BytesIO(SIGNED + b" "), "dua.jpg")]}
    answer = kantor.web.post(f"{place}/unggah", data=files, content_type="multipart/form-data")
    with reading(kantor.engine) as session:
        assert session.query(Item).filter_by(source="scan").count() == 0
    done = kantor.web.post(answer.headers["Location"], data={"kode": kantor.code()})
    assert done.headers["Location"] == f"{place}/unggah"
    with reading(kantor.engine) as session:
        assert [i.name for i in session.query(Item).filter_by(source="scan")] == [
            "satu.jpg",
            "dua.jpg",
        ]


# ---- unsent forms --------------------------------------------------------------------------------------------


def save(kantor: Office, task: str, text: str) -> TestResponse:
    return kantor.web.post(f"{task}/simpan", data={"aksi": "laporkan_kepala", "hasil": text})


def test_what_was_typed_is_there_again(kantor: Office, task: str) -> None:
    kantor.know("sekretaris")
    assert save(kantor, task, "Benar pada").status_code == 303
    assert save(kantor, task, "Benar padam, tiga titik").status_code == 303
    page = kantor.page(task)
    assert page.forms["laporkan_kepala"].values["hasil"] == ["Benar padam, tiga titik"]
    assert "Isian ini tersimpan Selasa, 24 November 2026, pukul 09.00, belum dikirim." in page.text
    assert kantor.stage() is Stage.KLARIFIKASI
    kantor.press(task, "laporkan_kepala")
    assert kantor.complaint().hasil == "Benar padam, tiga titik"


def test_an_unknown_browser_has_forms_of_its_own(kantor: Office, task: str) -> None:
    """Whoever got the mail forwarded puts no words into the holder's mouth."""
    save(kantor, task, "Kata-kata orang lain")
    assert kantor.page(task).forms["laporkan_kepala"].values["hasil"] == ["Kata-kata orang lain"]
    kantor.forget(browsers.GUEST)
    kantor.know("sekretaris")
    assert kantor.page(task).forms["laporkan_kepala"].values["hasil"] == [""]


def test_nothing_is_saved_for_a_task_that_is_done(kantor: Office, task: str) -> None:
    kantor.know("sekretaris")
    kantor.press(task, "laporkan_kepala", hasil="Benar.")
    assert save(kantor, task, "Terlambat").status_code == 409
    assert kantor.task(TaskKind.KLARIFIKASI).closed_at is not None


def test_the_script_gets_a_short_answer(kantor: Office, task: str) -> None:
    kantor.know("sekretaris")
    answer = kantor.web.post(
        f"{task}/simpan", data={"aksi": "laporkan_kepala", "hasil": "x"}, headers={"X-Simpan": "1"}
    )
    assert (answer.status_code, answer.data) == (204, b"")
