"""The same press twice, or something else typed on an old page: what was typed is never thrown away unseen.

Hides how a form is compared with what its own act wrote into the history. A form that says no more than that is the
same press again; one that says something else was drawn before the act and meant for later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from pipeline.casefile import reported
from pipeline.cases.core import by_number
from pipeline.cases.input import Checked
from pipeline.data.tables import Complaint, Event, Payload, Task
from pipeline.office.actions import FieldKind
from pipeline.office.config import Petugas
from pipeline.office.sop import Act
from pipeline.work import Work

TYPED = (FieldKind.TEKS, FieldKind.PANJANG, FieldKind.WAKTU)
TICKS = ("teks_terbuka", "lampiran_terbuka")


def is_recorded(
    work: Work, task: Task, complaint: Complaint, person: Petugas, form: Checked
) -> bool:
    """Whether what a form says stands in what this person has done on the task, as one act."""
    if form.action.name == Act.TANDAI:
        return _is_marked_so(complaint, form)
    said = [text.casefold() for text in _said(form)]
    mine = select(Payload.data).join(Event, Event.id == Payload.event_id)
    mine = mine.where(Event.task_id == task.id, Event.actor == person.kode)
    for data in work.session.scalars(mine):
        told = [text.casefold() for text in _told(work, complaint, data)]
        if all(any(text in one for one in told) for text in said):
            return True
    return not said


def _said(form: Checked) -> list[str]:
    """What has to be typed or chosen among people; of a form that needs nothing of the kind, what was typed."""
    fields = form.action.fields
    needed = [one for one in fields if one.required and one.kind in TYPED]
    asked = needed or [one for one in fields if one.kind is FieldKind.PANJANG]
    typed = [form.text(one.name) for one in asked]
    chosen = [code for one in fields if one.required for code in form.choices.get(one.name, ())]
    return [*filter(None, typed), *chosen]


def _told(work: Work, complaint: Complaint, data: Mapping[str, Any]) -> Iterator[str]:
    """The texts of one act: in its event, in the case, and in the complaint that it split off."""
    yield from _texts(data)
    yield from (complaint.perihal, complaint.ringkasan, complaint.unit)
    other = by_number(work, str(data["ke"])) if "ke" in data else None
    if other is not None:
        yield from (other.perihal, other.isi)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for one in value.values() for text in _texts(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in _texts(one))


def _is_marked_so(complaint: Complaint, form: Checked) -> bool:
    """Whether the case has each mark of the form."""
    names = {one.name for one in form.action.fields}
    ticks = [name for name in TICKS if name in names]
    return (
        form.text("prioritas") == complaint.prioritas
        and form.keeps("rahasia", complaint.rahasia) == complaint.rahasia
        and set(form.choices.get("terlapor", ())) == reported.codes(complaint)
        and all(bool(form.text(name)) == getattr(complaint, name) for name in ticks)
    )
