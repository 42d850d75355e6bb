"""How far each thing that waits for the program has come: what arrived, what leaves, slow work, pages of a scan.

Closed lists, as `docs/glossary.md` has them. The database keeps the plain words, so that it can be read without us.
"""

from __future__ import annotations

from enum import StrEnum


class ItemState(StrEnum):
    """Something that arrived."""

    NEW = "new"
    DONE = "done"
    HELD = "held"  # could not be read or placed; the clerk settles it
    ERASED = "erased"  # its words are gone


class MailState(StrEnum):
    """A mail of ours, from its writing to its end."""

    DUE = "due"
    SENDING = "sending"  # claimed by a sender
    SENT = "sent"  # taken by the mail server
    DEAD = "dead"  # refused for good, or given up
    VOID = "void"  # what it tells holds no more, or its act was taken back; it never goes
    FOLDED = "folded"  # a line of the recipient's next digest instead
    HELD = "held"  # of before a restore: whether it was sent since the backup nobody knows


class JobState(StrEnum):
    """Slow work."""

    DUE = "due"
    DONE = "done"
    DEAD = "dead"  # given up


class PageState(StrEnum):
    """A page of a scan."""

    READ = "read"
    BLANK = "blank"
    PLAIN = "plain"  # its picture alone
    SAME = "sama"  # it came before, in a file of the same name
    HELD = "held"  # with a reason


class SlipState(StrEnum):
    """A paper of a stack: what the clerk has made of it."""

    OPEN = "baru"
    RECORDED = "dicatat"
    UNREADABLE = "tak_terbaca"
    NO_SLIP = "bukan"
    JOINED = "digabung"  # goes with the paper before it
    SEPARATOR = "pemisah"
    HELD = "ditahan"  # no page of its file gave anything: the file as a whole is held
