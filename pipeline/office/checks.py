"""Single values of config.toml that are more than a pattern; each raises ValueError with what was expected.

Hides what a URL of a database and an address to listen at may look like."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import pyrage

from pipeline.office.messages import say

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")  # RFC 1123


def database_url(text: str) -> str:
    """`sqlite:///…` or `postgresql+psycopg://…`: the two that this program comes with a driver for."""
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in ("sqlite", "postgresql+psycopg"):
        raise ValueError(say("pengaturan.basis_data"))
    if scheme == "sqlite":
        if not rest.startswith("/") or rest.partition("?")[0] == "/" or ":memory:" in rest:
            raise ValueError(say("pengaturan.sqlite"))
        return text
    try:
        urlsplit(text).port  # noqa: B018 - raises where it is no number
    except ValueError as error:
        raise ValueError(say("pengaturan.port_basis_data")) from error
    return text


def listening(text: str) -> str:
    """An IP address or a host name, without a port."""
    try:
        ip_address(text)
    except ValueError:
        numbers = text.replace(".", "").isdigit()
        if numbers or not all(_LABEL.fullmatch(part) for part in text.split(".")):
            said = say("pengaturan.host")
            raise ValueError(said) from None
    return text


def recipient(text: str) -> str:
    """A public key of age, for which backups are encrypted."""
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise ValueError(say("pengaturan.kunci_age")) from error
    return text


def time_of_day(value: object) -> time:
    """A time as TOML has it, or as text; a number would be taken for seconds of a day in London."""
    try:
        found = time.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, time) or found.tzinfo is not None:
        raise ValueError(say("nilai.jam"))
    return found


def twice(values: Iterable[str]) -> str | None:
    """The first that stands there a second time."""
    seen: set[str] = set()
    for one in values:
        if one in seen:
            return one
        seen.add(one)
    return None
