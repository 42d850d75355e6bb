"""Several offices under one roof: which folders there are, and what two of them must never share.

Hides what makes two offices one by mistake (a folder that was copied): their host name, key, database, mailbox. What
would be shared is told of the later one by its name; the earlier one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from pipeline.office.config import Settings
from pipeline.office.words import word

CONFIG = "config.toml"


def offices(folder: Path) -> dict[str, Path]:
    """The config.toml of each office, by the name of its folder, in the order of names."""
    return {file.parent.name: file for file in sorted(folder.glob(f"*/{CONFIG}"))}


def host(settings: Settings) -> str:
    """The name at which an office's pages are found, in small letters."""
    return (urlsplit(settings.web.base_url).hostname or "").rstrip(".")


def shared(settings: Settings, others: Mapping[str, Settings]) -> str:
    """What an office has in common with one of the others, in a sentence; "" where there is nothing."""
    mine = dict(_own(settings))
    for name, other in others.items():
        theirs = set(_own(other))
        both = next((one for one in mine.items() if one in theirs), None)
        if both is not None:
            return word(f"atap.{both[1]}", kantor=name)
    return ""


def _own(settings: Settings) -> Iterator[tuple[str, str]]:
    """(what no other office may have, what kind of thing it is)."""
    yield f"host {host(settings)}", "host"
    for key in settings.key_file:
        yield f"key {key.value.hex()}", "kunci"
    yield f"database {_database(settings)}", "basis_data"
    for box in settings.mailboxes:
        yield f"mailbox {box.host.lower()}:{box.port} {box.user.lower()} {box.folder}", "kotak"


def _database(settings: Settings) -> str:
    url = make_url(settings.database.url)
    if url.get_backend_name() == "sqlite":
        return str(settings.path(url.database or ""))
    return f"{url.host} {url.port} {url.database}"
