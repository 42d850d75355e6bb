"""The files that an official's reply carries: which are meant, and where they belong once the reply is confirmed.

They are not copied while a reply waits for its one look: the kept mail is read again, which takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.access import unsent
from pipeline.cases.input import File, Scan, Upload, read_scan
from pipeline.cases.letters import by_code
from pipeline.cases.signing import SIGNED_FIELDS
from pipeline.data import store
from pipeline.data.engine import reading
from pipeline.data.tables import Item, Task
from pipeline.files import kinds
from pipeline.letters.mark import read_code
from pipeline.letters.series import series_of
from pipeline.mail.message import Attachment, read
from pipeline.office.actions import Action, FieldKind
from pipeline.office.config import Petugas, Settings
from pipeline.work import Work

MOST = 8  # files of one reply that are taken
LARGEST = 24 * 2**20  # bytes of a mail that a page reads again
FILES = (FieldKind.SURAT, FieldKind.BERKAS, FieldKind.PINDAIAN)
# What mail programs add by themselves: signatures of the mail, calling cards, calendars.
_NO_FILES = (
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
    "application/pgp-keys",
    "text/calendar",
    "text/vcard",
    "text/x-vcard",
)
_LETTERS = (".docx", ".docm", ".dotx", ".doc", ".odt", ".rtf", ".pdf", ".wps", ".pages")
_LETTER_TYPES = (
    kinds.DOCX,
    kinds.PDF,
    "application/msword",
    "application/rtf",
    "text/rtf",
    "application/vnd.oasis.opendocument.text",
)


def meant(attachments: Sequence[Attachment]) -> list[Attachment]:
    """The files that a person attached, also those that came empty: their sender believes that they arrived."""
    found = [one for one in attachments if one.content or (one.name and not one.inline)]
    return [one for one in found if one.content_type not in _NO_FILES and not _is_shown(one)]


def _is_shown(one: Attachment) -> bool:
    """Whether a file is a picture that the text shows, as those of signatures are. Apple Mail sends photos and PDFs as
    inline, too, but without the id by which a text shows them; Outlook gives one to a letter that was pasted."""
    return one.inline and bool(one.content_id) and not is_letter(one)


def is_letter(one: Attachment) -> bool:
    """Whether a file is sent as the edited letter, readable or not."""
    return one.name.lower().endswith(_LETTERS) or one.content_type in _LETTER_TYPES


def refused(attachments: Sequence[Attachment]) -> list[str]:
    """The names of files that cannot join a case: of a kind that the pages do not take, or too many."""
    good = [
        one
        for one in attachments[:MOST]
        if kinds.sniff(one.content, one.content_type, one.name) in kinds.ACCEPTED
    ]
    return [one.name for one in attachments if one not in good]


def places(action: Action | None) -> list[str]:
    """The fields of a form that take a file, in their order."""
    return [one.name for one in action.fields if one.kind in FILES] if action else []


def as_uploads(action: Action | None, attachments: Sequence[Attachment]) -> dict[str, Upload]:
    """The files for the form's own fields."""
    pairs = zip(places(action), attachments, strict=False)
    return {name: Upload(one.name, one.content) for name, one in pairs}


def placed(
    action: Action | None, attachments: Sequence[Attachment], settings: Settings, engine: Engine
) -> dict[str, Upload]:
    """The same for signed papers: each goes where its own code says, in whatever order they came. Takes seconds, and
    is done outside any transaction."""
    papers = _paper_fields(action)
    if len(papers) < 2 or len(attachments) < 2:
        return as_uploads(action, attachments)
    uploads = [
        Upload(one.name, one.content, _scan(settings, one)) for one in attachments[: len(papers)]
    ]
    with reading(engine) as session:
        work = Work(session, settings, datetime.now(UTC))
        told = [_field_of(work, upload.scan) for upload in uploads]
    found = {name: upload for name, upload in zip(told, uploads, strict=True) if name in papers}
    # Those whose code says nothing fill the other fields, in the order in which they came.
    free = [name for name in papers if name not in found]
    rest = [upload for upload in uploads if upload not in found.values()]
    return found | dict(zip(free, rest, strict=False))


def _scan(settings: Settings, one: Attachment) -> Scan | ValueError:
    try:
        return read_scan(settings, one.content)
    except ValueError as error:
        return error


def _paper_fields(action: Action | None) -> list[str]:
    """The fields of a form that take signed papers."""
    if action is None:
        return []
    return [field.name for field in action.fields if field.kind is FieldKind.PINDAIAN]


def _field_of(work: Work, scan: Scan | ValueError | None) -> str:
    """Which field of the form a signed paper belongs to by its code; "" where it does not say."""
    if not isinstance(scan, Scan):
        return ""
    for text in scan.codes:
        source = by_code(work, read_code(text))
        if source is not None:
            return SIGNED_FIELDS[series_of(source.kind)]
    return ""


def beside(action: Action | None, attachments: Sequence[Attachment]) -> list[File]:
    """The files for which the form has no field: they join the case."""
    found = []
    for one in attachments[len(places(action)) :]:
        kind = kinds.sniff(one.content, one.content_type, one.name)
        found.append(File(one.name[-120:], kind, one.content))
    return found


def waiting(
    session: Session, task: Task, person: Petugas, action: Action | None
) -> list[Attachment]:
    """The files of the reply that waits for this person to confirm this action; [] where there is none."""
    if action is None:
        return []
    row = unsent.of_reply(session, task.id, person).get(action.name)
    if row is None or not row.item_id or not row.files:
        return []
    item = session.get(Item, row.item_id)
    if item is None or store.size(session, item.sha256) > LARGEST:
        return []
    mail = read(store.get(session, item.sha256))
    return meant(mail.attachments)[:MOST]


def names(attachments: Sequence[Attachment]) -> list[str]:
    return [one.name for one in attachments]


def merged(given: Mapping[str, Upload], kept: Mapping[str, Upload]) -> dict[str, Upload]:
    """What was uploaded on the page goes before what came with the reply."""
    uploaded = {name: one for name, one in given.items() if one.content}
    return {**kept, **uploaded}
