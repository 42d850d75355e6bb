"""Several complaints of one place and matter: one note, one press, each pengadu answered by a letter of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.office.sop import Stage
from tests.kantor import Office, office

SAID = (
    ("Air keruh", "Air PDAM di Jalan Melati keruh sejak pagi."),
    ("PDAM", "Mohon dicek, air PDAM keruh di Jl. Melati RT 3."),
    ("Keluhan air", "Air dari PDAM keruh dan bau, Jalan Melati 20."),
)


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, pengaduan={"gelombang_jumlah": 3}) as one:
        for n, (subject, text) in enumerate(SAID):
            one.citizen_sends(subject, text, sender=f"warga{n}@warga.example", settle=False)
        one.citizen_sends("Lampu", "Lampu di Jalan Melati padam.", sender="lain@warga.example")
        yield one


def test_a_wave_is_one_note_and_one_press_merges_it(kantor: Office) -> None:
    kantor.later(minutes=30)
    kantor.settle()
    notes = [mail for mail in kantor.inbox("jfu-1") if "Gelombang" in mail.subject]
    assert len(notes) == 1
    assert "Gelombang: 3 pengaduan yang mirip" in notes[0].subject
    assert not any(subject in notes[0].text for subject, _text in SAID[1:]), (
        "other pengadu's words stay with them"
    )
    link = kantor.links(notes[0])[0]
    assert "Keluhan air" not in kantor.page(link).text, (
        "nor are they shown in a browser of anybody's"
    )
    kantor.know("jfu-1")
    assert "Keluhan air" in kantor.page(link).text
    form = kantor.page(link).forms["gabungkan_semua"]
    assert form.values["gelombang"] == ["PGD-2026-000002", "PGD-2026-000003"]
    before = len(kantor.inbox("jfu-1"))
    kantor.send(form, {})
    kantor.settle()
    assert [c.stage for c in kantor.complaints()] == [
        Stage.PENERIMAAN,
        Stage.DIGABUNG,
        Stage.DIGABUNG,
        Stage.PENERIMAAN,
    ]
    codes = [mail for mail in kantor.inbox("jfu-1")[before:] if not mail.subject.startswith("Kode")]
    assert codes == [], "the JFU is not told of each"
    assert kantor.audit() == []


def test_one_that_is_unticked_stays_by_itself(kantor: Office) -> None:
    link = kantor.link("jfu-1", "gabungkan_semua")
    kantor.press(link, "gabungkan_semua", gelombang=["PGD-2026-000003"])
    assert kantor.complaint("PGD-2026-000002").stage is Stage.PENERIMAAN
    assert kantor.complaint("PGD-2026-000003").parent_id == kantor.complaint("PGD-2026-000001").id


def test_a_complaint_outside_any_wave_does_not_offer_it(kantor: Office) -> None:
    other = kantor.link("jfu-1", "laporkan", "000004")
    assert "gabungkan_semua" not in kantor.page(other).forms
