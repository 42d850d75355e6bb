"""The counter: what a JFU types in is recorded once, and its receipt is printed by who took it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kantor import Office, office

VISITOR = {
    "kanal": "langsung",
    "perihal": "Wifi taman",
    "isi": "Wifi taman mati.",
    "nama": "Suharti",
}


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        running.citizen_sends()
        running.know("jfu-1")
        yield running


def token(kantor: Office) -> str:
    return kantor.link("jfu-1", "laporkan").partition("?")[0]


def test_the_same_form_pressed_twice_is_one_complaint(kantor: Office) -> None:
    """A slow network and an impatient finger: one number, one receipt."""
    form = kantor.page(f"{token(kantor)}/catat").forms["catat"]
    kantor.send(form, VISITOR)
    kantor.send(form, VISITOR)
    assert [c.perihal for c in kantor.complaints()].count("Wifi taman") == 1
    kantor.send(kantor.page(f"{token(kantor)}/catat").forms["catat"], VISITOR)
    assert [c.perihal for c in kantor.complaints()].count("Wifi taman") == 2


def test_only_a_complaint_that_was_typed_in_by_this_jfu_has_a_receipt_here(kantor: Office) -> None:
    mailed = kantor.complaint().id
    path = token(kantor)[token(kantor).index("/t/") :]
    assert kantor.web.get(f"{path}/tanda-terima/{mailed}").status_code == 404
    assert kantor.web.get(f"{path}/tanda-terima/{mailed}/qr").status_code == 404
    kantor.send(kantor.page(f"{token(kantor)}/catat").forms["catat"], VISITOR)
    typed = next(c.id for c in kantor.complaints() if c.perihal == "Wifi taman")
    assert kantor.web.get(f"{path}/tanda-terima/{typed}").status_code == 200
    assert 'fill="#fff"' in kantor.web.get(f"{path}/tanda-terima/{typed}/qr").text, (
        "also where the page is dark"
    )


def test_receipt_of_an_act_is_shown_for_seven_days_only(kantor: Office) -> None:
    """Afterwards the link tells who acted and when, and nothing of the complaint."""
    link = token(kantor)
    kantor.press("jfu-1", "laporkan", ringkasan="Ringkasan yang rahasia.")
    path = link[link.index("/t/") :]
    assert "Terima kasih" in kantor.web.get(f"{path}?selesai").text
    kantor.later(days=8)
    late = kantor.web.get(f"{path}?selesai").text
    assert "Terima kasih" not in late
    assert "Sudah dikerjakan" in late


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2026-13", "x"])
def test_book_of_an_impossible_month_is_the_whole_book(kantor: Office, month: str) -> None:
    path = token(kantor)[token(kantor).index("/t/") :]
    assert kantor.web.get(f"{path}/buku?bulan={month}").status_code == 200


def test_the_counter_is_reached_from_every_mail_that_a_jfu_gets(kantor: Office) -> None:
    """Also from a mail that only tells something, long after the JFU's own task was done."""
    kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam.")
    kantor.later(days=9)
    kantor.citizen_sends("Re: Lampu", "Masih padam.", reply_to=kantor.newest())
    told = kantor.newest("jfu-1", "Tambahan dari pengadu")
    look = kantor.links(told)[0].partition("?")[0]
    page = kantor.page(look)
    assert page.forms == {}, "the JFU holds no task in this langkah"
    kantor.send(kantor.page(f"{look}/catat").forms["catat"], VISITOR)
    assert [c.perihal for c in kantor.complaints()].count("Wifi taman") == 1


@pytest.mark.parametrize(
    ("contact", "told"),
    [({}, True), ({"telepon": "0812 0000 1111"}, False), ({"alamat": "Jalan Mawar 1"}, False)],
    ids=["none", "telephone", "address"],
)
def test_who_left_no_contact_is_told_where_the_answer_hangs(
    kantor: Office, contact: dict[str, str], told: bool
) -> None:
    """At the counter, while the pengadu still stands there and can leave a number."""
    kantor.send(kantor.page(f"{token(kantor)}/catat").forms["catat"], VISITOR | contact)
    typed = next(c.id for c in kantor.complaints() if c.perihal == "Wifi taman")
    path = token(kantor)[token(kantor).index("/t/") :]
    receipt = kantor.web.get(f"{path}/tanda-terima/{typed}").text
    assert "Mohon simpan lembar ini" in receipt
    assert ("hanya lewat papan pengumuman kantor kami, paling lambat" in receipt) is told
    assert ("Tanpa email, telepon, atau nama dengan alamat" in receipt) is told
