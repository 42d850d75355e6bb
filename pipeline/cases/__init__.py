"""The only writer of a complaint, its tasks, events, documents and numbers (DESIGN rule 3).

`record` begins a case, `check` reads a form outside the transaction, `act` carries it out inside one, `remind`
watches the limits. Everything takes a `Work`: one write transaction, the settings and the time.
"""

from pipeline.cases.act import act, duplicate_of, merge_parent, reopen_after_bounce
from pipeline.cases.chain import CITIZEN, SYSTEM, Actor, Head, actor_of, audit, seal_day, verify
from pipeline.cases.core import AlreadyDone, Forbidden, Work, by_number
from pipeline.cases.delegation import FORMS, delegate, delegations, end_delegation, hand_over
from pipeline.cases.forms import Checked, File, Invalid, Upload, check, of_another, read_fields, read_letter
from pipeline.cases.record import New, Pengadu, citizen_wrote, keep_item_files, record, record_at_counter, status_code
from pipeline.cases.results import (
    bounced,
    compose_letter,
    delivery_result,
    draft_letter,
    letter_by_mail,
    next_version,
    store_pdf,
)
from pipeline.cases.tasks import (
    FRESH_DRAFT,
    MAKE_PDF,
    close_item,
    due_for_reminder,
    held_items,
    holders,
    open_item_task,
    remind,
    tasks_of,
)

__all__ = [
    "CITIZEN",
    "FORMS",
    "FRESH_DRAFT",
    "MAKE_PDF",
    "SYSTEM",
    "Actor",
    "AlreadyDone",
    "Checked",
    "File",
    "Forbidden",
    "Head",
    "Invalid",
    "New",
    "Pengadu",
    "Upload",
    "Work",
    "act",
    "actor_of",
    "audit",
    "bounced",
    "by_number",
    "check",
    "citizen_wrote",
    "close_item",
    "compose_letter",
    "delegate",
    "delegations",
    "delivery_result",
    "draft_letter",
    "due_for_reminder",
    "duplicate_of",
    "end_delegation",
    "hand_over",
    "held_items",
    "holders",
    "keep_item_files",
    "letter_by_mail",
    "merge_parent",
    "next_version",
    "of_another",
    "open_item_task",
    "read_fields",
    "read_letter",
    "record",
    "record_at_counter",
    "remind",
    "reopen_after_bounce",
    "seal_day",
    "status_code",
    "store_pdf",
    "tasks_of",
    "verify",
]
