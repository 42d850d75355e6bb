"""What a mail server found about a mail's sender: Authentication-Results (RFC 8601). Pure.

Hides the header's grammar. Only headers of servers that are named as trusted say anything; those of others may be
written by anybody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

HEADER = "Authentication-Results"
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)(.*)", re.I | re.S)
_PROPERTY = re.compile(r'([a-z0-9-]+(?:\.[a-z0-9-]+)?)\s*=\s*("[^"]*"|[^\s;]+)', re.I)


@dataclass(frozen=True)
class Result:
    """One method of one header: "spf", "dkim", "dmarc" …, its result, and what it is about ("header.from" …)."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def about(self, name: str) -> str:
        return next((value for key, value in self.properties if key == name), "")


@dataclass(frozen=True)
class Results:
    """One header: who says so, and what."""

    server: str
    found: tuple[Result, ...]

    def of(self, method: str) -> tuple[Result, ...]:
        return tuple(one for one in self.found if one.method == method)


def parse(value: str) -> Results:
    """One header's value; what cannot be read is left out."""
    while (shorter := _COMMENT.sub(" ", value)) != value:  # comments may nest
        value = shorter
    server, *rest = value.split(";")
    found = []
    for piece in rest:
        match = _RESULT.match(piece)
        if match:
            properties = tuple((key.lower(), text.strip('"')) for key, text in _PROPERTY.findall(match[3]))
            found.append(Result(match[1].lower(), match[2].lower(), properties))
    return Results((server.split() or [""])[0].lower(), tuple(found))


def failure(values: Iterable[str], trusted: Collection[str]) -> str:
    """The method that a trusted server says has failed, or "". A pass of DMARC outweighs a failure of SPF or DKIM:
    it needs one of them alone (RFC 7489), and a forwarded mail breaks SPF."""
    servers = {name.lower() for name in trusted}
    for results in map(parse, values):
        if results.server not in servers:
            continue
        if any(one.result == "fail" for one in results.of("dmarc")):
            return "dmarc"
        if any(one.result == "pass" for one in results.of("dmarc")):
            continue
        for method in ("spf", "dkim"):
            if any(one.result == "fail" for one in results.of(method)):
                return method
    return ""
