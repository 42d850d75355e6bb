"""One action under way: who does what on which task of which complaint, with the checked form."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.cases.chain import Actor, actor_of, log
from pipeline.cases.input import Checked
from pipeline.cases.record import add_documents
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Task
from pipeline.office.config import Petugas
from pipeline.office.sop import EventKind
from pipeline.work import Work


@dataclass(frozen=True)
class Deed:
    """One action under way."""

    work: Work
    task: Task
    complaint: Complaint
    person: Petugas
    form: Checked
    late: bool = False  # after the case had gone on

    @property
    def actor(self) -> Actor:
        return actor_of(self.person)

    def log(self, kind: EventKind, **data: object) -> None:
        log(self.work, self.complaint, kind, self.actor, self.task.id, **data)

    def keep(self, kind: DocumentKind) -> list[int]:
        """Keep the form's files with the complaint; their document ids."""
        rows = add_documents(
            self.work, kind, self.form.files.values(), self.actor, complaint=self.complaint
        )
        return [row.id for row in rows]
