"""The only writer of a complaint, its tasks, events, documents and numbers.

`record` begins a case, `check` reads a form outside the transaction, `act` carries it out inside one, `reminders`
watches the limits. Everything takes a `Work`: one write transaction, the settings in force and the time.

What stands here is what several rooms use; the rest is imported from the file that holds it.
"""

from pipeline.cases.act import act
from pipeline.cases.attached import attach
from pipeline.cases.chain import actor_of
from pipeline.cases.core import AlreadyDone, Changed, Forbidden, by_number
from pipeline.cases.delegation import FORMS, delegate, delegations, end_delegation
from pipeline.cases.input import Invalid, Upload, check, read_fields
from pipeline.cases.letters import compose_letter
from pipeline.cases.record import record_at_counter
from pipeline.cases.scans import compare
from pipeline.cases.signing import SIGNED_FIELDS
from pipeline.cases.tasks import held_items
from pipeline.cases.witness import begin_all, note_people

__all__ = [
    "FORMS",
    "SIGNED_FIELDS",
    "AlreadyDone",
    "Changed",
    "Forbidden",
    "Invalid",
    "Upload",
    "act",
    "actor_of",
    "attach",
    "begin_all",
    "by_number",
    "check",
    "compare",
    "compose_letter",
    "delegate",
    "delegations",
    "end_delegation",
    "held_items",
    "note_people",
    "read_fields",
    "record_at_counter",
]
