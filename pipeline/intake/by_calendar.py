"""What calendars and mail programs send about a mail: answers to an invitation, invitations, a mail that is taken back.

Hides how they are told from a person's mail. None is a complaint and none acts: an answer to an invitation of ours is
noted, all else is held, so that a JFU reads it before anybody is answered.
"""

from __future__ import annotations

import re

from pipeline.cases.meetings import meeting_answered
from pipeline.data import ledger
from pipeline.data.tables import Item
from pipeline.intake.holding import hold
from pipeline.mail import calendar, phrases, reply
from pipeline.mail.message import Attachment, Message
from pipeline.office.words import word
from pipeline.work import Work

LONGEST = 20_000  # letters of a text in which a guest's own words are looked for


def settled(work: Work, item: Item, message: Message, forged: bool) -> bool:
    """Settle a mail that a program sent about an invitation or a mail; False for any other. `forged`: the sender's
    domain disowns it."""
    answers = [one for one in message.attachments if calendar.is_answer(one.content)]
    if answers:
        _answered(work, item, message, answers[0], forged)
    elif any(_is_sent_as_invitation(one) for one in message.attachments):
        hold(work, item, word("ditahan.undangan"))
    elif _takes_back(message):
        hold(work, item, word("ditahan.ditarik"))
    else:
        return False
    return True


def _is_sent_as_invitation(one: Attachment) -> bool:
    """Not a calendar's file that somebody has attached to a mail of theirs."""
    return one.inline and calendar.is_invitation(one.content)


def _answered(work: Work, item: Item, message: Message, attached: Attachment, forged: bool) -> None:
    """Noted for who was invited and writes now; words of theirs, and answers of anybody else, go to the JFU."""
    answer = calendar.answer(attached.content)
    guest = _guest(work, message)
    if forged:
        hold(work, item, word("ditahan.pengirim_palsu"))
    elif answer is None or not meeting_answered(work, answer, guest):
        hold(work, item, word("ditahan.jawaban_kalender"))
    elif answer.words or (not answer.from_google and _says_more(message)):
        hold(work, item, word("ditahan.bukan_pengadu"))
    else:
        ledger.done(item, "jawaban undangan")


def _guest(work: Work, message: Message) -> str:
    """The address that was invited: an official's first one, from whichever of theirs they answer."""
    sender = message.sender.email.lower() if message.sender else ""
    person = work.settings.person_at(sender) if sender else None
    return person.email.lower() if person else sender


def _says_more(message: Message) -> bool:
    """Whether a guest wrote something beside the sentence with which their calendar answers."""
    new = reply.split(message.text[:LONGEST]).new
    left = phrases.CALENDAR_ANSWERS.sub(" ", new)
    return len(re.findall(r"\w+", left)) > 2


def _takes_back(message: Message) -> bool:
    """Whether a mail program asks to take back a mail, or tells how that ended; people write neither."""
    if not phrases.RECALL_SUBJECT.match(message.subject):
        return False
    return phrases.RECALL_WORDS.search(message.text[:3_000]) is not None
