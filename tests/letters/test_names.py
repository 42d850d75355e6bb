"""Names with titles and degrees are the people who bear them; initials ask."""

from __future__ import annotations

import pytest

from pipeline.letters.names import same_person


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        ("NOOR AFLAH, S.Kom", "Drs. H. Noor Aflah, M.Si"),
        ("NOOR AFLAH, S.Kom", "NOOR AFLAH S.Kom"),
        ("Siti Aminah", "Hj. Siti Aminah, S.E., M.M."),
        ("NOOR AFLAH", "Noor Aflah SE"),
        ("Budi", "Dr. Ir. Budi"),
    ],
)
def test_titles_do_not_make_another_person(expected: str, name: str) -> None:
    assert same_person(expected, name)


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        ("Muhammad Yusuf", "M. Yusuf"),
        ("Noor Aflah", "Noor Aflah Budi"),
        ("Ani Sela", "Ani"),
        ("", ""),
    ],
)
def test_initials_and_other_names_ask(expected: str, name: str) -> None:
    assert not same_person(expected, name)
