"""A domain that is likely a slip of the finger is asked about; one that is real is left alone."""

from __future__ import annotations

import pytest

from pipeline.mail.typos import meant


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("siti@gmial.com", "gmail.com"),
        ("siti@gmail.con", "gmail.com"),
        ("siti@GMAIL.CO", "gmail.com"),
        ("siti@gmail.co.id", "gmail.com"),
        ("siti@gmaill.com", "gmail.com"),
        ("siti@yaho.com", "yahoo.com"),
        ("siti@yahoo.co.di", "yahoo.co.id"),
        ("siti@hotmial.com", "hotmail.com"),
        ("siti@outlok.com", "outlook.com"),
    ],
)
def test_slip_of_the_finger(address: str, domain: str) -> None:
    assert meant(address) == domain


@pytest.mark.parametrize(
    "address",
    [
        "siti@gmail.com",
        "siti@mail.com",
        "siti@ymail.com",
        "siti@warga.example",
        "siti@kominfo.example",
        "",
        "siti",
        "siti@pu.go.id",
        "siti@unmer-madiun.ac.id",
        "siti@email.com",
    ],
)
def test_real_domain(address: str) -> None:
    assert meant(address) == ""
