"""One action under way: who does what on which task of which complaint, with the checked form."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.cases.chain import Actor, actor_of, log
from pipeline.cases.core import Work
from pipeline.cases.forms import Checked
from pipeline.cases.record import add_documents
from pipeline.config import Petugas
from pipeline.db import Complaint, Task
from pipeline.sop import EventKind


@dataclass(frozen=True)
class Deed:
    """One action under way."""

    work: Work
    task: Task
    complaint: Complaint
    person: Petugas
    form: Checked

    @property
    def actor(self) -> Actor:
        return actor_of(self.person)

    def log(self, kind: EventKind, **data: object) -> None:
        log(self.work, self.complaint, kind, self.actor, self.task.id, **data)

    def keep(self, kind: str) -> list[int]:
        """Keep the form's files with the complaint; their document ids."""
        rows = add_documents(self.work, kind, self.form.files.values(), self.actor, complaint=self.complaint)
        return [row.id for row in rows]
