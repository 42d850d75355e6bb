"""Whose turn a task is, as mails and pages say it."""

from __future__ import annotations

from pathlib import Path

from pipeline.casefile.holders import named
from tests.desk import make_settings


def test_three_people_are_a_list_with_commas(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    one, two, three = settings.petugas[:3]
    a, b, c = (f"{person.nama} ({person.jabatan})" for person in (one, two, three))
    assert named([one]) == a
    assert named([one, two]) == f"{a} dan {b}"
    assert named([one, two, three]) == f"{a}, {b}, dan {c}"
