"""An invitation that calendars understand (RFC 5545, RFC 5546): asked, changed and called off under one UID. Pure.

Hides the icalendar library, in writing and in reading the answers that calendars send.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import icalendar

ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE")


@dataclass(frozen=True)
class Invitation:
    """One rapat as it stands. `sequence` grows with each change; `guests` are (address, name). `goes_on`: without
    these guests, who are told to strike it."""

    uid: str
    sequence: int
    at: datetime
    until: datetime
    title: str
    place: str
    text: str
    url: str
    organiser: tuple[str, str]
    guests: Sequence[tuple[str, str]]
    stamp: datetime
    goes_on: bool = False


def write(one: Invitation, method: Literal["REQUEST", "CANCEL"]) -> bytes:
    """The text/calendar part of a mail."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//aduan//id")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = icalendar.Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", one.stamp.astimezone(UTC))
    event.add("dtstart", one.at.astimezone(UTC))
    event.add("dtend", one.until.astimezone(UTC))
    event.add("summary", one.title)
    event.add("location", one.place)
    event.add("description", one.text)
    event.add("url", one.url)
    if not one.goes_on:  # RFC 5546, 3.2.5: never where guests are left out of an event that goes on
        event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _person(*one.organiser))
    for address, name in one.guests:
        guest = _person(address, name)
        guest.params |= {
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "NEEDS-ACTION",
            "RSVP": "TRUE",
            "CUTYPE": "INDIVIDUAL",
        }
        event.add("attendee", guest, encode=False)
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _person(address: str, name: str) -> icalendar.vCalAddress:
    person = icalendar.vCalAddress(f"mailto:{address}")
    if name:
        person.params["CN"] = name
    return person


_SENT_BACK = re.compile(rb"^METHOD(?:;[^:\r\n]{0,200})?:[ ]?(REPLY|COUNTER|REFRESH)\b", re.I | re.M)
_SENT_OUT = re.compile(rb"^METHOD(?:;[^:\r\n]{0,200})?:[ ]?(REQUEST|CANCEL|ADD)\b", re.I | re.M)
_READ = 64 * 2**10  # bytes of a calendar that are read; an answer has two thousand


@dataclass(frozen=True)
class Answer:
    """What a guest's calendar says of an invitation. `words`: what the guest added by hand; `from_google`: the
    mail says nothing else that a person wrote; `at`: the beginning that was answered to, where it is told in a zone."""

    uid: str
    state: str
    words: str
    from_google: bool
    at: datetime | None = None


def is_answer(content: bytes) -> bool:
    """Whether a calendar sends it back to whoever invited: an answer, another time proposed."""
    return _is_calendar(content) and _SENT_BACK.search(content[:_READ]) is not None


def is_invitation(content: bytes) -> bool:
    """Whether a calendar asks for an answer with it, or calls off what it asked for."""
    return _is_calendar(content) and _SENT_OUT.search(content[:_READ]) is not None


def _is_calendar(content: bytes) -> bool:
    return b"BEGIN:VCALENDAR" in content[:200].upper()


def answer(content: bytes) -> Answer | None:
    """What a calendar answers to an invitation; None for anything else, be it another time that is proposed."""
    try:
        calendar = icalendar.Calendar.from_ical(content[:_READ])
        if str(calendar.get("method", "")).upper() != "REPLY":
            return None
        is_google = "google" in str(calendar.get("prodid", "")).lower()
        for event in calendar.walk("VEVENT"):
            guests = event.get("attendee", [])
            for guest in guests if isinstance(guests, list) else [guests]:
                state = str(guest.params.get("PARTSTAT", "")).upper()
                if state in ANSWERS:
                    uid = str(event.get("uid", ""))
                    return Answer(uid, state, _words(event, guest), is_google, _begins(event))
    except (ValueError, KeyError, IndexError, AttributeError):
        return None
    return None


def _begins(event: icalendar.Component) -> datetime | None:
    at = event.decoded("dtstart", None)
    return at if isinstance(at, datetime) and at.tzinfo else None


def _words(event: icalendar.Component, guest: icalendar.vCalAddress) -> str:
    """What the guest wrote: in a line of its own (RFC 5546, 3.2.3), or beside the answer, as Google does."""
    said = event.get("comment", [])
    lines = said if isinstance(said, list) else [said]
    beside = guest.params.get("X-RESPONSE-COMMENT", "")
    return " ".join(" ".join(map(str, (*lines, beside))).split())
