"""One way of writing a telephone number, whatever way it was typed."""

from __future__ import annotations

import pytest

from pipeline.office import numbers


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("081234567890", "0812 3456 7890"),
        ("+62 812-3456-7890", "0812 3456 7890"),
        ("+62 (0)812 3456 7890", "0812 3456 7890"),
        ("0811111222", "0811 111 222"),
        ("0857.0000.612", "0857 0000 612"),
        ("0895123456789", "0895 1234 56789"),
        ("0351467327", "(0351) 467327"),
        ("+62351467327", "(0351) 467327"),
        ("021-3456789", "(021) 3456789"),
        ("112", "112"),
        ("+65 6123 4567", "+65 6123 4567"),
        ("0812 3456 7890 / 0811 111 222", "0812 3456 7890 / 0811 111 222"),
        ("0812 3456 7890 (Budi)", "0812 3456 7890 (Budi)"),
        ("", ""),
    ],
)
def test_telephone_number_is_written_in_one_way(typed: str, told: str) -> None:
    assert numbers.phone(typed) == told
    assert numbers.phone(told) == told
