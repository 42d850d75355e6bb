"""A mail in which a web site passes on what a visitor typed: whether it is one, and whom its text names. Pure.

Hides how sites and form services lay out a form in a mail: a field and its value in one line, or one below the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.mail import addresses, phrases
from pipeline.mail.addresses import Address
from pipeline.mail.message import Message

LINES, LETTERS = 300, 300  # of a text, and of a line of it, in which fields are looked for
_PROGRAM = re.compile(
    r"(?:wordpress|joomla|drupal|www-?data|apache|nginx|webmaster|web|website|situs|form\w*|contact|kontak|noreply"
    r"|no-reply|mailer|cms|wp|admin|server|system|sistem|notif\w*|cgi|php)[^@]{0,30}@",
    re.IGNORECASE,
)
_GAP = r"[ \t*]{0,9}(?:[:=\t]|[ ]{2}|\Z)"
_EMAIL = re.compile(
    rf"[ \t*>-]{{0,9}}(?:your |alamat )?(?:e-?mail|surel)(?: [\w/()]{{1,20}}){{0,3}}{_GAP}",
    re.IGNORECASE,
)
_SENDER = re.compile(rf"[ \t*>-]{{0,9}}(?:dari|from|pengirim|sender){_GAP}", re.IGNORECASE)
_NAME = re.compile(
    rf"[ \t*>-]{{0,9}}(?:(?:your |full )?name|nama)(?: [\w/()]{{1,20}}){{0,3}}{_GAP}", re.IGNORECASE
)


def is_program(address: str) -> bool:
    """Whether an address is one from which a site or a program writes."""
    return bool(
        _PROGRAM.match(address)
        or phrases.NO_REPLY.search(address)
        or phrases.ROBOT_MAILBOX.match(address)
    )


def is_passed_on(message: Message) -> bool:
    """Whether a site wrote this mail: its address says so, or what form programs put below a text."""
    sender = message.sender.email if message.sender else ""
    return is_program(sender) or bool(phrases.FORM_FOOT.search(message.text[: LINES * LETTERS]))


def visitor(text: str) -> Address | None:
    """Whom the fields of a form name. None where they name no address, or two: a visitor can type a field of the form
    into its message."""
    lines = [line[:LETTERS] for line in text.splitlines()[:LINES]]
    written = [one for value in _values(lines, _EMAIL, _SENDER) for one in addresses.parse(value)]
    people = {one.email.lower(): one for one in written if "@" in one.email}
    if len(people) != 1:
        return None
    (email,) = people
    named = next((one.name for one in written if one.name and "@" not in one.name), "")
    return Address(next(_values(lines, _NAME), "")[:120] or named, email)


def _values(lines: list[str], *labels: re.Pattern[str]) -> Iterator[str]:
    """What stands behind a label, or below one that stands alone."""
    for at, line in enumerate(lines):
        label = next((found for one in labels if (found := one.match(line))), None)
        if label is None:
            continue
        value = line[label.end() :].strip(" \t*")
        below = (one.strip() for one in lines[at + 1 : at + 3])
        if value := value or next(filter(None, below), ""):
            yield value
