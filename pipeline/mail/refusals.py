"""Whom a refusal of our mail server is about: the mail, the one it goes to, or the office itself.

Pure. What is about the office (its quota, its log-in, its name on a list) is the same for every mail: none may die of
it. Codes are those of RFC 5321 and RFC 3463, and what large providers and hosters made of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

LONGEST = 500  # letters of an answer that are looked at
TOO_LARGE = 552  # RFC 1870: at MAIL FROM, that this mail is too big
RUN = 3  # equal answers, one after another and none taken between: then it is the office

_ENHANCED = re.compile(r"\d{3}[- ](?:#)?[245]\.(\d{1,3})\.(\d{1,3})\b")
_LOG_IN = frozenset({530, 534, 535, 538})  # RFC 4954
# X.1.1 to X.1.6, X.1.10: the recipient's address; X.2.y: the recipient's mailbox (RFC 3463, 3.2 and 3.3; RFC 7505).
_RECIPIENT = frozenset({("1", n) for n in ("1", "2", "3", "4", "6", "10")})
# Mail system congestion, which Google uses for its daily limit; the sender's own address (RFC 3463, 3.2); credentials
# (RFC 4954, 6); and Microsoft's: recipients a day, not authenticated, may not send as, relay, limits, blocked senders.
_OFFICE = frozenset(
    {("4", "5"), ("1", "7"), ("1", "8"), ("1", "90"), ("2", "252")}
    | {
        ("7", n)
        for n in (
            "8",
            "9",
            "11",
            "12",
            "14",
            "23",
            "26",
            "28",
            "57",
            "60",
            "64",
            "232",
            "233",
            "236",
            "515",
            "750",
        )
    }
    | {("7", str(n)) for n in (*range(500, 513), *range(700, 709))}
)
_TOO_LARGE = frozenset({("3", "4"), ("2", "3")})
_NOBODY = (
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "unknown recipient",
    "recipient unknown",
    "invalid recipient",
    "user not found",
    "recipient not found",
    "does not exist",
    "mailbox unavailable",
    "mailbox not found",
    "mailbox is full",
    "mailbox full",
    "over quota",
    "user doesn't exist",
)
_OURS = re.compile(
    r"relay(?:ing)? (?:access )?(?:is )?(?:denied|prohibited|not (?:allowed|permitted))|unable to relay"
    r"|not .{0,20}relay|authentication (?:is )?required|not authenticated|must authenticate|starttls"
    r"|(?:sending|sender|daily|hourly|outgoing|outbound|message rate|sent) .{0,40}(?:limit|quota|exceeded)"
    r"|(?:limit|quota) .{0,40}(?:per hour|per day|hourly|daily|sending|outgoing|outbound|sender)"
    r"|(?:max|maximum|too many) .{0,30}(?:per (?:hour|day|minute)|emails|messages|mails|connections|sessions)"
    r"|rate.?limit|throttl|sender address rejected|sender (?:is )?(?:denied|rejected|blocked|not allowed)"
    r"|not owned by|send.?as.?denied|not allowed to send|permission to send|bad outbound sender"
    r"|account .{0,20}(?:disabled|suspended|blocked|locked)|blocked using|black.?list|block.?list"
    r"|kuota .{0,40}(?:habis|terlampaui|penuh)|(?:batas|kuota) (?:pengiriman|kirim|harian|per jam)"
    r"|unusual (?:sending )?(?:activity|volume|rate)|unexpected volume|unauthenticated|\bspf\b"
    r"|not authorized to (?:send|relay)|badmailfrom|invalid helo|helo (?:command )?reject|too many bad commands"
    r"|client host|(?:ip|host) .{0,60}blocked|unsolicited mail originating|suspicious activity"
)


class About(Enum):
    """Whom a refusal is about."""

    MAIL = "this mail or the one it goes to"
    OFFICE = "the office, so every mail alike"
    UNCLEAR = "what the other mails meet with will tell"


@dataclass(frozen=True)
class Refusal:
    """What a server said instead of taking a mail. `at_sender`: at MAIL FROM, where it knows neither recipient nor
    words, only who sends and perhaps how much (RFC 1870)."""

    said: str
    permanent: bool
    at_sender: bool = False

    @property
    def about(self) -> About:
        words = self.said[:LONGEST].lower()
        code, status = _code(words), _status(words)
        if code in _LOG_IN or status in _OFFICE:
            return About.OFFICE
        if status in _TOO_LARGE or (self.at_sender and code == TOO_LARGE):
            return About.MAIL
        recipient = status in _RECIPIENT or status[0] == "2" or any(one in words for one in _NOBODY)
        if recipient and not self.at_sender:
            return About.MAIL
        return About.OFFICE if _OURS.search(words) else About.UNCLEAR

    @property
    def kind(self) -> str:
        """What equal answers have in common: the code and the words, without names and figures."""
        code, *words = self.said[:LONGEST].lower().split() or [""]
        told = [code]
        for word in words:
            has_digit = any(char.isdigit() for char in word)
            if "@" not in word and not has_digit:
                told.append(word)
        return " ".join(told)


def _code(words: str) -> int:
    return int(words[:3]) if words[:3].isascii() and words[:3].isdigit() else 0


def _status(words: str) -> tuple[str, str]:
    """Subject and detail of the enhanced status code (RFC 3463); empty where there is none."""
    found = _ENHANCED.match(words)
    return (found[1], found[2]) if found else ("", "")
