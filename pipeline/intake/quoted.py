"""Somebody who is not its holder has the mail of a task: it is held, its links end, each holder gets a fresh one.

Hides by what such a mail is known where nothing that identifies it has come along: guards of mail put opaque
addresses in the place of ours, and a mail that is passed on names no thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from pipeline.access import links
from pipeline.data.tables import Complaint, Item, Link, Outbox, Task
from pipeline.intake import replies
from pipeline.intake.holding import hold
from pipeline.mail.message import Message
from pipeline.office.config import Settings
from pipeline.office.words import word
from pipeline.work import Work

QUOTED = 200_000  # characters of a text in which the address of a task is looked for
MOST_MAILS = 500  # of ours that a mail without a number may quote
MOST_NUMBERS = 5  # register numbers of one mail that are looked up
SHORTEST = 20  # letters of a subject by which a mail of ours is known
# Under each mail of ours with a link to a task (templates/email).
WARNING = "tautannya langsung membuka tugas"
QUOTE = re.compile(r"^[> \t]+", re.MULTILINE)


def end_links(work: Work, mails: Sequence[Outbox]) -> list[Link]:
    """End the links to tasks in mails of ours that somebody else answers or passes on: no token is seen in what they
    send, but they have the mail. Only those that lived until now are returned: each mail is worth one fresh link and no
    more, however often it is passed on, or its subject is made up by somebody who has never seen it."""
    ids = [link_id for row in mails for link_id in row.links]
    living = select(Link).where(
        Link.id.in_(ids), Link.task_id.is_not(None), Link.expires_at > work.now
    )
    found = list(work.session.scalars(living))
    links.revoke(work.session, [link.id for link in found], work.now)
    return found


def shows_a_task(settings: Settings, message: Message) -> bool:
    """Whether a text holds the address of a task's page, mangled or cut, or the warning under each mail with one (a
    guard may have put an address of its own in its place): no citizen has either."""
    host = settings.web.base_url.partition("://")[2].lower()
    text = message.text[:QUOTED].lower()
    return (bool(host) and f"{host}/t/" in text) or WARNING in _plain(text)


def passed_on(work: Work, message: Message) -> list[Outbox]:
    """The mails with links to open tasks whose subject a mail bears or quotes. A subject alone tells enough: those who
    hold no task never see one."""
    where = _plain(f"{message.subject}\n{message.text[:QUOTED]}")
    shows = shows_a_task(work.settings, message)
    numbers = work.settings.register_.written_in(where)[:MOST_NUMBERS]
    if not (numbers or shows):
        return []
    mails = select(Outbox).join(Task, Task.id == Outbox.task_id).where(Task.closed_at.is_(None))
    of_cases = select(Complaint.id).where(Complaint.number.in_(numbers))
    mails = mails.where(Task.complaint_id.in_(of_cases) if numbers else Task.complaint_id.is_(None))
    rows = work.session.scalars(mails.order_by(Outbox.id.desc()).limit(MOST_MAILS))
    return [row for row in rows if row.links and _is_named(row.subject, where)]


def _is_named(subject: str, where: str) -> bool:
    known = _plain(subject)
    return len(known) >= SHORTEST and known in where


def _plain(text: str) -> str:
    return " ".join(QUOTE.sub(" ", text.lower()).split())


def hold_quoted(work: Work, item: Item, quoted: Iterable[Link]) -> None:
    """A JFU reads what they say, and each holder gets a fresh link."""
    for link in {link.holder: link for link in quoted}.values():
        person = work.settings.person(link.holder)
        if person is not None:
            replies.warn(work, work.session.get_one(Task, link.task_id), person)
    hold(work, item, word("ditahan.balasan_orang_lain"))
