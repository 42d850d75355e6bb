"""Places outside the database in which an office may keep its bytes. Hides files, folders and what a power cut does.

A place keeps bytes under keys `HOME/ab/SHA256-NONCE`. A key is written once, never changed and never used again, so
that whatever removes one can hit nothing else: HOME belongs to one database, the nonce to one writing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.data.engine import connect
from pipeline.office.config import Settings
from pipeline.office.config_errors import reason
from pipeline.office.words import word

PIECE = 2**20
FOLDER = "berkas"
BUCKET = "s3"
NAMES = (FOLDER, BUCKET)
ACCESS, SECRET = "simpanan_kunci", "simpanan_rahasia"
OPTION = "aduan_places"  # of an engine
Content = bytes | BinaryIO  # a file is read from its start, as often as needed


class PlaceError(Exception):
    """A place cannot be reached, or takes nothing; the message says which and why."""


class Lost(PlaceError):
    """The place answers, but these bytes are gone, or are not what they were."""


class Missing(Exception):
    """Nothing lies under that key."""


class BytePlace(Protocol):
    """Somewhere to keep bytes; its text is where that is, for people."""

    @property
    def name(self) -> str:
        """As [simpanan] calls it."""

    def begun(self, home: str) -> bool:
        """Whether bytes of a database ever came here: a disk that is not mounted holds none."""

    def write(self, contents: Sequence[tuple[str, Content]]) -> None:
        """Keep each under its key; when it returns, a power cut takes nothing away."""

    def pieces(self, key: str) -> Iterator[bytes]:
        """The bytes, at most 1 MiB at once. Missing if there are none."""

    def remove(self, key: str) -> None:
        """Take bytes away for good; nothing happens where there are none."""

    def keys(self, home: str) -> Iterator[tuple[str, datetime]]:
        """All that lies there for a database: (key, when it was written, UTC)."""

    def check(self) -> None:
        """PlaceError unless bytes can be kept there just now."""


@dataclass(frozen=True)
class FolderPlace:
    """A folder of this machine, or one that all machines share."""

    root: Path
    name: str = FOLDER

    def __str__(self) -> str:
        return str(self.root)

    def begun(self, home: str) -> bool:
        return (self.root / home).is_dir()

    def write(self, contents: Sequence[tuple[str, Content]]) -> None:
        try:
            folders = {self._written(key, content) for key, content in contents}
            for folder in folders:
                _to_disk(folder)
        except OSError as error:
            raise self._refused(error) from error

    def _written(self, key: str, content: Content) -> Path:
        file = self.root / key
        self._make(file.parent)
        try:
            with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as target:
                for piece in parts(content):
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
        except OSError:
            file.unlink(missing_ok=True)  # the half of it on a full disk
            raise
        return file.parent

    def _make(self, folder: Path) -> None:
        """A folder whose name survives a power cut, as those above it do."""
        if folder.is_dir():
            return
        if folder != self.root:
            self._make(folder.parent)
        folder.mkdir(mode=0o700, parents=folder == self.root, exist_ok=True)
        _to_disk(folder.parent)

    def pieces(self, key: str) -> Iterator[bytes]:
        try:
            with (self.root / key).open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        except FileNotFoundError as error:
            if not self.begun(key.partition("/")[0]):
                raise PlaceError(word("simpanan.tak_terpasang", tempat=self.root)) from error
            raise Missing(key) from error
        except OSError as error:
            raise self._refused(error) from error

    def remove(self, key: str) -> None:
        try:
            (self.root / key).unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def keys(self, home: str) -> Iterator[tuple[str, datetime]]:
        try:
            for file in (self.root / home).glob("*/*"):
                written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                yield f"{home}/{file.parent.name}/{file.name}", written
        except FileNotFoundError:
            return  # removed meanwhile by who swept, too
        except OSError as error:
            raise self._refused(error) from error

    def check(self) -> None:
        there = next(one for one in (self.root, *self.root.parents) if one.exists())
        if not there.is_dir() or not os.access(there, os.R_OK | os.W_OK | os.X_OK):
            raise PlaceError(word("simpanan.tak_tertulis", tempat=self.root))

    def _refused(self, error: OSError) -> PlaceError:
        return PlaceError(word("simpanan.menolak", tempat=self.root, sebab=reason(error)))


def _to_disk(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def length(content: Content) -> int:
    """How many bytes."""
    return len(content) if isinstance(content, bytes) else content.seek(0, os.SEEK_END)


def parts(content: Content) -> Iterator[bytes]:
    """The bytes in pieces of at most 1 MiB, the first one always there."""
    if isinstance(content, bytes):
        for start in range(0, max(len(content), 1), PIECE):
            yield content[start : start + PIECE]
        return
    content.seek(0)
    yield content.read(PIECE)
    while piece := content.read(PIECE):
        yield piece


# ---- those of an office --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Places:
    """The places that the settings name: `new` is where fresh bytes go, None for the database."""

    new: BytePlace | None = None
    known: Mapping[str, BytePlace] = field(default_factory=dict)

    def of(self, name: str) -> BytePlace:
        """The place that a row names; PlaceError where the settings do not know it."""
        try:
            return self.known[name]
        except KeyError:
            raise PlaceError(word("simpanan.tak_dikenal", tempat=name)) from None


def places_of_office(settings: Settings) -> Places:
    """As [simpanan] says."""
    conf = settings.simpanan
    known: dict[str, BytePlace] = {FOLDER: FolderPlace(settings.path(conf.folder))}
    if conf.ember:
        known[BUCKET] = _bucket(settings)
    return Places(known.get(conf.tempat), known)


def _bucket(settings: Settings) -> BytePlace:
    from pipeline.data.bucket import Bucket  # which knows what a place is

    conf = settings.simpanan
    access, secret = settings.secret(ACCESS), settings.secret(SECRET)
    return Bucket(conf.alamat, conf.ember, conf.wilayah, access, secret)


def open_office(settings: Settings, url: str = "") -> Engine:
    """An engine for the office's database, with the places of its bytes. `url`: where it lies if not as configured."""
    return attached(connect(url or settings.database.url, settings.folder), settings)


def attached(engine: Engine, settings: Settings) -> Engine:
    """The same engine, whose sessions know the places that the settings name."""
    attach(engine, places_of_office(settings))
    return engine


def attach(engine: Engine, places: Places) -> None:
    """Let the sessions of an engine know these places, instead of those that they knew."""
    engine.update_execution_options(**{OPTION: places})


def places_of(session: Session) -> Places:
    """Those of the engine that a session works on; none where it was opened as a bare database."""
    found = session.get_bind().get_execution_options().get(OPTION)
    return found if isinstance(found, Places) else Places()


def new_nonce() -> str:
    """A name that no other bytes have."""
    return secrets.token_hex(8)


def key_of(home: str, digest: str, nonce: str) -> str:
    """Where bytes lie in a place."""
    return f"{home}/{digest[:2]}/{digest}-{nonce}"


def digest_in(key: str) -> str:
    """The SHA-256 that a key names; "" for a file that is none of ours."""
    name = key.rpartition("/")[2]
    digest, dash, nonce = name.partition("-")
    return digest if dash and len(digest) == 64 and nonce else ""
