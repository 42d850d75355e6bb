"""Between a form's file fields and what is kept of them for an hour (`access.chosen`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from pipeline.access import chosen
from pipeline.access.browsers import Held
from pipeline.data.engine import writing
from pipeline.data.tables import ChosenFile, Task
from pipeline.files import kinds, pictures
from pipeline.files.pdf import pdf_pages
from pipeline.office import clock
from pipeline.office.words import word
from pipeline.web.site import site
from pipeline.web.view import View

Values = dict[str, list[str]]
PAGES, WIDE = 3, 1400  # of a signed paper that are shown, and their width in pixels


def completed(session: Session, task: Task, held: Held) -> tuple[Held, dict[str, str]]:
    """The form with the files that it names and did not send again; {field: why} where one is no longer kept."""
    files, errors = dict(held.files), {}
    for key, digests in held.values.items():
        field = key.removeprefix(chosen.PREFIX)
        if field == key or field in files or not digests:
            continue
        row = chosen.find(session, task.id, digests[0], site().clock())
        if row is None:
            errors[field] = word("galat.berkas_lewat")
        else:
            files[field] = (row.name, row.content)
    return replace(held, files=files), errors


def kept(task_id: int, held: Held, errors: Mapping[str, str]) -> Values:
    """The values of a form that goes back, with the files that are right kept and named."""
    values = {
        name: list(many) for name, many in held.values.items() if not name.startswith(chosen.PREFIX)
    }
    right = {field: file for field, file in held.files.items() if field not in errors}
    if not right:
        return values
    with writing(site().engine) as session:
        return values | chosen.keep(session, session.get_one(Task, task_id), right, site().clock())


def _of(view: View, name: str, given: Mapping[str, list[str]]) -> ChosenFile | None:
    """The kept file that a field of the form names."""
    digest = (given.get(name) or [""])[0]
    return chosen.find(view.session, view.task.id, digest, view.now) if digest else None


def shown(view: View, field: str, given: Mapping[str, list[str]]) -> dict[str, Any] | None:
    """What a file field says of the file that was chosen before: {name, value, label}; None where none is kept."""
    name = f"{chosen.PREFIX}{field}"
    row = _of(view, name, given)
    if row is None:
        return None
    until = (row.chosen_at + chosen.KEPT).astimezone(view.settings.zone)
    return {
        "name": name,
        "value": row.sha256,
        "label": word("halaman.terpilih", nama=row.name, pukul=clock.pukul(until)),
    }


def pictured(view: View, given: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """The first pages of the files that are kept, so that whoever vouches for them has seen them: [{url, baca}]."""
    named = [name for name in given if name.startswith(chosen.PREFIX)]
    rows = [row for name in named if (row := _of(view, name, given))]
    return [
        {
            "url": f"{view.url}/terpilih/{row.sha256}?hal={number}",
            "baca": word("halaman.halaman_ke", nomor=number, nama=row.name),
        }
        for row in rows
        for number in range(1, len(_drawn(row.content, 60)) + 1)
    ]


def page(view: View, digest: str, number: str) -> bytes:
    """One of those pages as JPEG; FileError where there is none."""
    row = chosen.find(view.session, view.task.id, digest, view.now)
    drawn = _drawn(row.content, WIDE) if row is not None else []
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= len(drawn)):
        raise kinds.FileError(digest)
    return drawn[int(number) - 1]


def _drawn(content: bytes, width: int) -> list[bytes]:
    """The first pages of a PDF or of a telephone's picture, or the picture itself, made anew from its pixels."""
    if kinds.sniff(content) in {kinds.PDF, *kinds.PHONE}:
        return pdf_pages(content, width, PAGES)
    try:
        return [pictures.picture(content, width)]
    except kinds.FileError:
        return []
