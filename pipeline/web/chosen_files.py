"""Between a form's file fields and what is kept of them for an hour (`access.chosen`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from pipeline.access import chosen
from pipeline.access.browsers import Held
from pipeline.data.engine import writing
from pipeline.data.tables import Task
from pipeline.office import clock
from pipeline.office.words import word
from pipeline.web.site import site
from pipeline.web.view import View

Values = dict[str, list[str]]


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


def shown(view: View, field: str, given: Mapping[str, list[str]]) -> dict[str, Any] | None:
    """What a file field says of the file that was chosen before: {name, value, label}; None where none is kept."""
    name = f"{chosen.PREFIX}{field}"
    digest = (given.get(name) or [""])[0]
    row = chosen.find(view.session, view.task.id, digest, view.now) if digest else None
    if row is None:
        return None
    until = (row.chosen_at + chosen.KEPT).astimezone(view.settings.zone)
    return {
        "name": name,
        "value": digest,
        "label": word("halaman.terpilih", nama=row.name, pukul=clock.pukul(until)),
    }
