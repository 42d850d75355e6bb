"""Answers to similar cases and standard sentences, offered where the next answer is decided and written."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document as Docx

from pipeline.office.sop import Stage
from tests.kantor import SIGNED, Office, office

LAMP = "Bahwa lampu jalan kami ganti dengan lampu LED."
BAKU = '[baku]\ninfrastruktur = ["Bahwa perbaikan kami jadwalkan."]\numum = ["Bahwa kami berterima kasih."]\n'


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    """A lamp was answered before; another lamp waits for its decision."""
    with office(tmp_path) as one:
        one.to_decision()
        one.press(
            "kepala", "putuskan", keputusan="ditindaklanjuti", perintah="Jawab.", disampaikan=LAMP
        )
        one.press("sekretaris", "ajukan")
        one.press("kepala", "tandatangani", bertanda_tangan=("surat.jpg", SIGNED))
        one.press("jfu-1", "kirim_email")
        assert one.stage() is Stage.SELESAI
        one.citizen_sends(
            "Lampu jalan mati", "Lampu jalan di Jalan Melati mati.", sender="budi@warga.example"
        )
        one.press(
            "jfu-1",
            "laporkan",
            about="000002",
            ringkasan="Lampu jalan mati.",
            kategori="infrastruktur",
        )
        one.press("sekretaris", "laporkan_kepala", about="000002", hasil="Benar.")
        yield one


def test_a_sentence_of_a_similar_answer_is_taken_into_the_form(kantor: Office) -> None:
    (kantor.settings.folder / "kalimat.toml").write_text(BAKU, "utf-8")
    kantor.know("kepala")
    link = kantor.link("kepala", "putuskan", "000002")
    page = kantor.page(link)
    assert "Jawaban serupa" in page.text
    assert LAMP in page.text
    assert "Bahwa perbaikan kami jadwalkan." in page.text
    first = next(url for url in page.links("pakai=") if "b." not in url)
    page = kantor.page(first.partition("#")[0])
    assert page.forms["putuskan"].values["disampaikan"] == [LAMP]
    second = next(url for url in page.links("pakai=b.1"))
    page = kantor.page(second.partition("#")[0])
    assert page.forms["putuskan"].values["disampaikan"] == [f"{LAMP}\nBahwa kami berterima kasih."]
    kantor.send(page.forms["putuskan"], {"keputusan": "ditindaklanjuti", "perintah": "Jawab."})
    assert kantor.complaint().disampaikan.startswith(LAMP)


def test_a_sentence_goes_into_the_draft_until_somebody_has_edited_it(kantor: Office) -> None:
    kantor.press(
        "kepala",
        "putuskan",
        about="000002",
        keputusan="ditindaklanjuti",
        perintah="Jawab.",
        disampaikan="Bahwa lampu sudah menyala.",
    )
    kantor.know("sekretaris")
    link = kantor.link("sekretaris", "susun_ulang", "000002")
    page = kantor.page(link)
    assert page.forms["susun_ulang"].values["butir"] == ["Bahwa lampu sudah menyala."]
    page = kantor.page(next(iter(page.links("pakai="))).partition("#")[0])
    assert page.forms["susun_ulang"].values["butir"] == [f"Bahwa lampu sudah menyala.\n{LAMP}"]
    before = len(kantor.inbox("sekretaris"))
    kantor.send(page.forms["susun_ulang"], {})
    kantor.settle()
    first, second = kantor.documents("konsep")
    said = "\n".join(one.text for one in Docx(BytesIO(kantor.content(second))).paragraphs)
    assert LAMP in said
    assert LAMP not in "\n".join(
        one.text for one in Docx(BytesIO(kantor.content(first))).paragraphs
    )
    assert len(kantor.inbox("sekretaris")) == before + 1, "the new draft comes by mail"
    assert kantor.complaint().disampaikan == "Bahwa lampu sudah menyala.", "what was decided stays"
    kantor.press(link, "unggah", surat=("surat.docx", kantor.content(second)))
    page = kantor.page(link)
    assert "susun_ulang" not in page.forms
    assert (LAMP in page.text, page.links("pakai=")) == (True, [])
    assert kantor.audit() == []


def test_other_cases_are_not_named_in_an_unknown_browser_nor_when_confidential(
    kantor: Office,
) -> None:
    link = kantor.link("kepala", "putuskan", "000002")
    kantor.forget("kepala")
    assert LAMP not in kantor.page(link).text


def test_words_cannot_be_put_into_a_form_by_an_address(kantor: Office) -> None:
    kantor.know("kepala")
    link = kantor.link("kepala", "putuskan", "000002")
    page = kantor.page(f"{link}?aksi=putuskan&pakai=999.0&pakai=<b>&pakai=b.7")
    assert page.forms["putuskan"].values["disampaikan"] == [""]


def test_a_broken_file_of_sentences_hides_none_of_the_page(kantor: Office) -> None:
    link = kantor.link("kepala", "putuskan", "000002")
    for broken in (
        b"[baku",
        b"\xff\xfe",
        b"a = " + b"[" * 3000 + b"]" * 3000,
        b"a = " + b"9" * 5000,
    ):
        (kantor.settings.folder / "kalimat.toml").write_bytes(broken)
        assert kantor.page(link).status == 200, broken[:9]


def test_a_file_of_sentences_that_begins_with_a_mark_is_read(kantor: Office) -> None:
    (kantor.settings.folder / "kalimat.toml").write_text(
        '\ufeff[baku]\numum = ["Salam hormat."]\n', "utf-8"
    )
    assert "Salam hormat." in kantor.page(kantor.link("kepala", "putuskan", "000002")).text
