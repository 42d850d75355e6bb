"""What a case is called stands in headings and in our own sentences, however the pengadu or the JFU ended it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.office.sop import Stage
from tests.browser import Browser
from tests.desk import desk_in

DOUBLED = re.compile(r"[.,;:] ?[.,;:](?![.])")


@pytest.mark.parametrize("end", [".", " ,"])
def test_a_title_brings_no_full_stop_into_a_sentence(tmp_path: Path, end: str) -> None:
    """Of the pengadu's subject in each mail about a case, and of the summary's beginning in those to other units."""
    matter = "Lampu Jalan Mawar padam"
    ended = f"{matter}{end}"
    with desk_in(tmp_path) as desk:
        number = desk.record(perihal=ended, isi="Mohon diperbaiki")
        desk.press("jfu-1", "laporkan", number=number, perihal=ended, ringkasan=ended)
        ask: dict[str, Any] = {
            "petugas": ["kasi-infrastruktur"],
            "pertanyaan": "Sejak kapan padam?",
        }
        desk.press("sekretaris", "tanya_unit", number=number, **ask)
        desk.press("kasi-infrastruktur", "jawab", number=number, jawaban="Sejak Senin")
        desk.to(Stage.KEPUTUSAN, number)
        rapat: dict[str, Any] = {
            "waktu": "2026-11-26T10:00",
            "tempat": "Aula",
            "undangan": ["kasubag-umum"],
        }
        desk.press("kepala", "rapat", number=number, **rapat)
        page = Browser(desk).open("kepala", desk.task("putuskan", number))
        assert f"<h1>Mohon keputusan: {matter}</h1>" in page.html.replace("\n", "")
        desk.to(Stage.SELESAI, number)
        mails = desk.mails()
        assert {"tugas_keterangan", "rapat"} <= {row.name for row in mails}
        for row in mails:
            told = " ".join(f"{row.subject}\n{row.text}".split())
            around = [told[one.end() :][:2] for one in re.finditer(re.escape(matter), told)]
            assert [one for one in around if DOUBLED.match(one)] == [], row.name


def test_a_kasubag_reads_where_a_complaint_came_from_as_a_sentence(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KLARIFIKASI)
        ask: dict[str, Any] = {"petugas": ["kasubag-umum"], "pertanyaan": "Benar?"}
        desk.press("sekretaris", "tanya_unit", number=number, **ask)
        assert "Pengadu, lewat email. " in " ".join(desk.mails("tugas_keterangan")[-1].text.split())
        page = Browser(desk).open("kasubag-umum", desk.task("jawab", number))
        assert "Pengadu, lewat email. " in " ".join(page.text.split())


def test_days_of_a_step_are_told_as_everywhere(tmp_path: Path) -> None:
    """ "0 dari 10 hari", as in the line of the limit, and not by a word for the first day."""
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        browser = Browser(desk)
        page = browser.open("kepala", desk.task("putuskan", number))
        assert "oleh Kepala Dinas, 0 dari 10 hari" in " ".join(page.text.split())
        desk.later(days=3)
        page = browser.open("kepala", desk.task("putuskan", number))
        assert "oleh Kepala Dinas, 3 dari 10 hari" in " ".join(page.text.split())
