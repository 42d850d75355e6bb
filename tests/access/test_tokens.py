"""The one keyed module: a row's token is put together and taken apart in one place."""

from __future__ import annotations

import pytest

from pipeline.access import tokens

KEY = b"k" * 32


def test_token_that_was_made_is_parted_into_its_row_and_a_mac_that_fits() -> None:
    number, mac = tokens.parted(tokens.made(KEY, 123_456_789, "tautan|123456789"))
    assert number == 123_456_789
    assert tokens.fits(KEY, "tautan|123456789", mac)
    assert not tokens.fits(KEY, "peramban|123456789", mac), "one kind never passes for another"


@pytest.mark.parametrize(
    "number", ["", " 1", "+1", "-1", "1.0", "1_000", "٣", "²", "1234567890", "9" * 5000]
)
def test_text_that_names_no_row_is_refused_before_the_database_sees_it(number: str) -> None:
    """PostgreSQL fails on a number above 2^31, and Python on one of 5,000 digits: neither may be asked."""
    assert tokens.parted(f"{number}-{'a' * 24}") == (0, "")


@pytest.mark.parametrize("keys", [b"", [], [b""], [KEY, b""]])
def test_nothing_is_made_or_checked_without_a_key(keys: bytes | list[bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        tokens.mac(keys, "teks")
    with pytest.raises(ValueError, match="key"):
        tokens.fits(keys, "teks", "a" * 24)


def test_replaced_key_still_fits_and_no_longer_makes() -> None:
    old = tokens.mac(b"lama", "teks")
    assert tokens.fits([b"baru", b"lama"], "teks", old)
    assert tokens.mac([b"baru", b"lama"], "teks") != old
