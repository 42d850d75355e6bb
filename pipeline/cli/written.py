"""Files that a command writes for whoever called it: of their own kind alone, and whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

import click

from pipeline.cli.told import Fault
from pipeline.office.words import word


class NewFile(click.Path):
    """Where to write a file whose name ends so: a slip of the finger must not write a letter over config.toml, the
    database or a key. One of the same kind is replaced, as whoever makes a report each week expects."""

    def __init__(self, suffix: str) -> None:
        super().__init__(path_type=Path, dir_okay=False)
        self.suffix = suffix

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, context)))
        if path.suffix.lower() != self.suffix:
            raise Fault(word("argumen.akhiran", berkas=path, akhiran=self.suffix))
        if not path.parent.is_dir():
            raise Fault(word("argumen.tanpa_folder", folder=path.parent))
        return path


def write(path: Path, content: bytes) -> None:
    """The whole file at once; what was there stays where that fails (a full disk)."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written that takes this place when it is complete."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, path)
