"""An invitation that calendars understand (RFC 5545, RFC 5546): asked, changed and called off under one UID. Pure.

Hides the icalendar library, in writing and in reading the answers that calendars send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import icalendar

ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE")


@dataclass(frozen=True)
class Invitation:
    """One rapat as it stands. `sequence` grows with each change; `guests` are (address, name)."""

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


def answer(content: bytes) -> tuple[str, str] | None:
    """(UID, ACCEPTED, DECLINED or TENTATIVE) of what a calendar sends back; None for anything else."""
    try:
        calendar = icalendar.Calendar.from_ical(content)
        if str(calendar.get("method", "")).upper() != "REPLY":
            return None
        for event in calendar.walk("VEVENT"):
            guests = event.get("attendee", [])
            for guest in guests if isinstance(guests, list) else [guests]:
                state = str(guest.params.get("PARTSTAT", "")).upper()
                if state in ANSWERS:
                    return str(event.get("uid", "")), state
    except (ValueError, KeyError, IndexError, AttributeError):
        return None
    return None
