"""Riwayat on a task's page tells what an official chose, not only that they did."""

from __future__ import annotations

from pathlib import Path

from pipeline.office.sop import Stage
from tests.browser import Browser
from tests.desk import desk_in


def test_decision_is_told_with_its_result_and_the_agency_in_charge(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        desk.press(
            "kepala",
            "putuskan",
            number=number,
            keputusan="bukan_wewenang",
            instansi="Dinas Perhubungan",
            pembuktian="sebagian",
            perintah="Teruskan.",
            disampaikan="Diteruskan.",
        )
        page = Browser(desk).open("sekretaris", desk.task("unggah", number))
    told = "Bukan wewenang Dinas (Dinas Perhubungan). Hasil pemeriksaan: terbukti sebagian."
    assert f"Keputusan: {told}" in page.text
