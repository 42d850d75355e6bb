"""Which answered cases are like another: by their words, their kategori, their unit; never a confidential one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pipeline.casefile import similar
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Complaint
from pipeline.office.sop import Stage
from tests.desk import Desk, desk_in


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def answered(desk: Desk, text: str, point: str, **more: object) -> str:
    number = desk.record(perihal=text, isi=text)
    with writing(desk.engine) as session:
        told = {"stage": Stage.SELESAI, "disampaikan": point, **more}
        session.execute(update(Complaint).where(Complaint.number == number).values(**told))
    return number


def like(desk: Desk, number: str, reader: str = "") -> list[str]:
    with reading(desk.engine) as session:
        one = session.scalars(select(Complaint).where(Complaint.number == number)).one()
        return [found.complaint.number for found in similar.answers(session, one, reader)]


def test_the_three_most_similar_come_first(desk: Desk) -> None:
    road = answered(desk, "Jalan berlubang di Melati", "- Bahwa jalan ditambal.")
    lamp = answered(
        desk, "Lampu taman padam dekat pasar", "Bahwa lampu diganti.", kategori="infrastruktur"
    )
    lamps = [
        answered(desk, f"Lampu padam di gang {n}", "Bahwa lampu diganti.")
        for n in ("satu", "dua", "tiga")
    ]
    mine = desk.record(perihal="Lampu taman padam", isi="Lampu taman dekat pasar padam lagi.")
    found = like(desk, mine)
    assert found[0] == lamp
    assert len(found) == 3
    assert set(found[1:]) <= set(lamps)
    assert road not in found


def test_a_confidential_case_and_one_about_the_reader_are_not_shown(desk: Desk) -> None:
    answered(desk, "Wifi taman mati", "Bahwa wifi diperbaiki.", rahasia=True)
    about = answered(desk, "Wifi taman mati", "Bahwa wifi diperbaiki.", terlapor="kepala")
    mine = desk.record(perihal="Wifi taman mati", isi="Wifi taman mati.")
    assert like(desk, mine, "kepala") == []
    assert like(desk, mine, "sekretaris") == [about]
    assert like(desk, about) == []


def test_a_merged_case_does_not_repeat_its_parents_answer(desk: Desk) -> None:
    parent = answered(desk, "Wifi taman mati", "Bahwa wifi diperbaiki.")
    child = answered(
        desk, "Wifi taman mati juga", "Bahwa wifi diperbaiki.", parent_id=desk.complaint(parent).id
    )
    mine = desk.record(perihal="Wifi taman mati", isi="Wifi taman mati.")
    assert like(desk, mine) == [parent]
    assert like(desk, child) == [], "its parent's answer is its own"


def test_points_are_the_lines_of_what_was_told(desk: Desk) -> None:
    number = answered(desk, "Wifi", "1. Bahwa wifi diperbaiki.\n\n- Bahwa kami berterima kasih.")
    points = similar.points_of(desk.complaint(number))
    assert points == ("Bahwa wifi diperbaiki.", "Bahwa kami berterima kasih.")
