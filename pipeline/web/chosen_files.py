"""Between a form's file fields and what is kept of them for an hour (`access.chosen`), or came with a reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from pipeline.access import chosen, unsent
from pipeline.access.browsers import Held
from pipeline.cases.input import Invalid
from pipeline.data.engine import writing
from pipeline.data.store import digest_of
from pipeline.data.tables import ChosenFile, Task
from pipeline.files import kinds, pictures
from pipeline.files.pdf import pdf_pages
from pipeline.intake import enclosed
from pipeline.mail.message import Attachment
from pipeline.office import clock
from pipeline.office.actions import action
from pipeline.office.words import listed, word
from pipeline.web.site import site
from pipeline.web.view import View

Values = dict[str, list[str]]
MOST = pictures.MOST_SCANNED  # pages of a signed paper
FIRST, REST, ALL = (
    range(1, 4),
    range(4, MOST + 1),
    range(1, MOST + 1),
)  # of them that are shown at once, and only where all are asked about
WIDE = 1400  # pixels across a page that is shown
NARROW = 60  # pixels: enough to count the pages
FILES = 3  # of a reply that are shown
REPLY = "kiriman"  # of a form: the reply whose files it shows


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


def digests(view: View, name: str, given: Mapping[str, list[str]]) -> list[str]:
    """The hashes of the files that a form shows: those that it keeps, and those of the reply that filled it in."""
    named = [name for name in given if name.startswith(chosen.PREFIX)]
    here = [row.sha256 for name in named if (row := _of(view, name, given))]
    return [*here, *(digest_of(one.content) for one in _attached(view, name))]


def pictured(view: View, given: Mapping[str, list[str]], which: range) -> list[dict[str, str]]:
    """Pages of the files that are kept, so that whoever vouches for them has seen them: [{url, baca}]."""
    named = [name for name in given if name.startswith(chosen.PREFIX)]
    rows = [row for name in named if (row := _of(view, name, given))]
    return [
        one
        for row in rows
        for one in _pages(f"{view.url}/terpilih/{row.sha256}", row.name, row.content, which)
    ]


def _pages(url: str, name: str, content: bytes, which: range) -> list[dict[str, str]]:
    return [
        {
            "url": f"{url}?hal={number}",
            "baca": word("halaman.halaman_ke", nomor=number, nama=name),
        }
        for number in range(1, len(_drawn(content, NARROW, which[-1])) + 1)
        if number in which
    ]


def page(view: View, digest: str, number: str) -> bytes:
    """One of those pages as JPEG; FileError where there is none."""
    row = chosen.find(view.session, view.task.id, digest, view.now)
    if row is None:
        raise kinds.FileError(digest)
    return _page_of(row.content, number)


def _page_of(content: bytes, number: str) -> bytes:
    if number not in map(str, ALL):
        raise kinds.FileError(number)
    drawn = _drawn(content, WIDE, int(number))
    if int(number) > len(drawn):
        raise kinds.FileError(number)
    return drawn[int(number) - 1]


# ---- what came with a reply ------------------------------------------------------------------------------------


def filled_by_reply(view: View) -> dict[str, unsent.Filled]:
    """What a reply has filled in: for the link that answered it, in any browser, and for the holder in a known one."""
    link_id = int(view.token.partition("-")[0])
    return {
        name: one
        for name, one in view.replied.items()
        if one.link_id == link_id or view.owner == view.person.kode
    }


def replied(view: View, name: str, which: range) -> list[dict[str, str]]:
    """Pages of the files that came with the reply which filled in this form: [{url, baca}]. Who confirms it
    sees what is handed in: the reply may be forged, and the file another than was meant."""
    return [
        one
        for order, file in enumerate(_attached(view, name))
        for one in _pages(f"{view.url}/balasan/{name}/{order}", file.name, file.content, which)
    ]


def replied_page(view: View, name: str, order: int, number: str) -> bytes:
    """One of those pages as JPEG; FileError where there is none."""
    found = _attached(view, name)
    if order >= len(found):
        raise kinds.FileError(name)
    return _page_of(found[order].content, number)


def confirmed(view: View, name: str, values: Mapping[str, Sequence[str]]) -> list[Attachment]:
    """The files of a reply that go along with the form which it filled in: those that the form showed, and no others.
    Invalid where another reply came meanwhile, or the first: its files have not been looked at."""
    filled = filled_by_reply(view).get(name)
    if filled is None or not filled.files:
        return []
    given = action(view.task.kind, name)
    if [*values.get(REPLY, ())] != [str(filled.item_id)]:
        field = given.fields[0].name if given else name
        raise Invalid({field: word("galat.balasan_lain", berkas=listed(filled.files))})
    return enclosed.waiting(view.session, view.task, view.person, given)


def _attached(view: View, name: str) -> list[Attachment]:
    if name not in filled_by_reply(view):
        return []
    given = action(view.task.kind, name)
    return enclosed.waiting(view.session, view.task, view.person, given)[:FILES]


# ---- pictures --------------------------------------------------------------------------------------------------


def _drawn(content: bytes, width: int, most: int) -> list[bytes]:
    """That many first pages of a PDF or of a telephone's picture, or the picture itself, made anew from its pixels."""
    if kinds.sniff(content) in {kinds.PDF, *kinds.PHONE}:
        return pdf_pages(content, width, most)
    try:
        return [pictures.picture(content, width)]
    except kinds.FileError:
        return []
