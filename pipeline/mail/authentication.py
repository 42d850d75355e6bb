"""What a mail server found about a mail's sender: Authentication-Results (RFC 8601). Pure.

Hides the header's grammar, where a server puts it, and when a result speaks of the writer. Only headers of servers
that are named as trusted say anything; those of others may be written by anybody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

HEADER = "Authentication-Results"
NAMELESS = "microsoft365"  # in config: Microsoft 365 writes the header without the name of a server
MICROSOFT = frozenset(
    ["outlook.com", "office365.com"]
)  # whose hops stand above the header without a name
# What no network outside routes (RFC 1918, RFC 4193), and the machine itself.
WITHIN = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128"),
    )
)
# Between the machines of Microsoft 365: its mailboxes, and the ways into them. Not what it sends to the outside from
# (2a01:111:f403::/48, 40.92.0.0/14, 52.100.0.0/14), which any customer of it uses.
WITHIN_MICROSOFT = (ip_network("2603:1000::/24"), ip_network("2a01:111:f400::/48"), *WITHIN)
BELOW = frozenset(["mx.google.com"])  # writes the header below its own Received, and on every mail
LONGEST_RECEIVED = 4_000  # characters
LONGEST_FROM = 2_000  # characters; nobody is named at such a length
_BY = re.compile(r"(?:^|[\s)])by\s([^\s()]++)", re.I)
_BRACKETS = re.compile(r"\[([^\[\]]*+)\]")
_PIECE = re.compile(r'\\.|[()";]|[^\\()";]++', re.S)
_RESULT = re.compile(r"\s*+([a-z0-9-]++)(?:\s*+/\s*+\d++)?\s*+=\s*+([a-z]++)(.*)", re.I | re.S)
_ASIDE = re.compile(r'"(?:[^"\\]++|\\.)*+"|\((?:[^()\\]++|\\.)*+\)', re.S)  # quoted, or a comment
_PROPERTY = re.compile(
    r'(?<![a-z0-9.-])([a-z0-9-]++(?:\.[a-z0-9-]++)?)\s*+=\s*+("[^"]*+"|[^\s;"]++)', re.I
)


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
    head, *rest = _statements(value)
    server = (head.split() or [""])[0].lower()
    if _RESULT.match(head):  # no name at all: the header begins with its first result
        server, rest = NAMELESS, [head, *rest]
    elif server == NAMELESS:  # whoever writes that word as a name is somebody else
        server = ""
    found = []
    for piece in rest:
        match = _RESULT.match(piece)
        if match:
            properties = tuple(
                (key.lower(), text.strip('"')) for key, text in _PROPERTY.findall(match[3])
            )
            found.append(Result(match[1].lower(), match[2].lower(), properties))
    return Results(server, tuple(found))


def _statements(value: str) -> list[str]:
    """The parts between the semicolons, without comments, which may nest; a comment that never ends hides the rest."""
    statements: list[list[str]] = [[]]
    depth, quoted = 0, False
    for found in _PIECE.finditer(value):
        piece = found[0]
        if piece == '"' and not depth:
            quoted = not quoted
        elif piece in ("(", ")") and not quoted:
            depth = max(0, depth + (1 if piece == "(" else -1))
            piece = " "
        elif piece == ";" and not quoted and not depth:
            statements.append([])
            continue
        if not depth:
            statements[-1].append(piece)
    return ["".join(pieces) for pieces in statements]


def trusted(headers: Iterable[tuple[str, str]], servers: Collection[str]) -> list[Results]:
    """What trusted servers say, in the order of the mail's head.

    A server writes on top of what it got. So its headers stand together above its own Received, and whatever follows
    came with the mail and may be forged (RFC 8601 section 5): also where the server's filter was down and wrote none,
    and where another name took the mail in than the one that is trusted. Above theirs may stand the hops within the
    office alone.
    """
    names = {name.lower() for name in servers}
    found: list[Results] = []
    taken_in = False  # the trusted server's own Received has passed
    for name, value in headers:
        if name.lower() == HEADER.lower():
            results = parse(value)
            found += [results] if results.server in names else []
            if found and taken_in:
                break  # what stands below the one header of such a server is not set off by any Received
        elif name.lower() == "received":
            if found or taken_in or not _stands_above(value, names):
                break
            taken_in = _is_of(_taken_by(value), names)
    return found


def _stands_above(received: str, names: Set[str]) -> bool:
    """Whether what a trusted server says may stand below this hop: one within the office, or the server's own."""
    by = _taken_by(received)
    if _is_of(by, names - BELOW):
        return False
    return not by or _is_of(by, names) or _from_within(received, names)


@dataclass(frozen=True)
class _Hop:
    """One Received header (RFC 5321 section 4.4): what stands before "by", who took the mail, what follows."""

    came: str
    by: str
    rest: str

    @property
    def clients(self) -> list[IPv4Address | IPv6Address | None]:
        """Every address in brackets: the one that the server saw, and what the client called itself, which some
        servers write behind it ("helo=[10.0.0.1]"). None for one that cannot be read."""
        said = [text.lower().removeprefix("ipv6:") for text in _BRACKETS.findall(self.came)]
        return [_address(text) for text in said]


UNCLEAR = "?"  # nobody's name: who took the mail cannot be told


def _hop(received: str) -> _Hop:
    """A header as its server wrote it. A client may put "by" into its greeting and into the envelope's addresses, so a
    second one makes the whole unclear; none at all is what qmail writes of its own ("(qmail 7 invoked ...)")."""
    line = " ".join(received[:LONGEST_RECEIVED].split())
    found = list(_BY.finditer(line))
    if len(found) != 1:
        own = not found and line.startswith("(")
        return _Hop(line, "" if own else UNCLEAR, "")
    by = found[0]
    taken = (
        by[1].lower().rstrip(".;") if by.start() else ""
    )  # from nowhere: within one house (Gmail)
    return _Hop(line[: by.start()], taken, line[by.end() :])


def _address(text: str) -> IPv4Address | IPv6Address | None:
    with suppress(ValueError):
        return ip_address(text)
    return None


def _taken_by(received: str) -> str:
    """The server that took a mail from outside by this Received header; "" for a hop within one machine: into the
    mailbox, or back from a filter."""
    hop = _hop(received)
    if hop.rest.upper().startswith(" WITH LMTP"):
        return ""
    clients = hop.clients
    loops = [client is not None and client.is_loopback for client in clients]
    return "" if loops and all(loops) else hop.by


def _from_within(received: str, servers: Collection[str]) -> bool:
    """Whether a hop that another server wrote came from one of ours: from an address that no network outside routes, or
    from a trusted server's name, as the writer has looked it up. What the client calls itself says nothing."""
    hop = _hop(received)
    if NAMELESS in servers:
        # The name alone is what the client called itself: behind it stands where it came from.
        name, _, seen = hop.came.removeprefix("from ").partition(" ")
        place = _address(seen.strip(" ()").lower())
        inside = place is not None and any(place in network for network in WITHIN_MICROSOFT)
        return inside and _is_of(name.lower(), MICROSOFT) and _is_of(hop.by, MICROSOFT)
    clients = hop.clients
    if hop.by == UNCLEAR or not clients:
        return False
    if all(_is_within(client) for client in clients):
        return True
    looked_up = hop.came.rpartition("[")[0].rpartition("(")[2].strip().lower().rstrip(".")
    alone = len(clients) == 1 and "may be forged" not in hop.came
    return alone and _is_of(looked_up, servers)


def _is_within(client: IPv4Address | IPv6Address | None) -> bool:
    return client is not None and any(client in network for network in WITHIN)


def _is_of(host: str, servers: Collection[str]) -> bool:
    return host not in ("", UNCLEAR) and any(
        host == one or host.endswith(f".{one}") for one in servers
    )


def _has_one_writer(headers: Sequence[tuple[str, str]]) -> bool:
    writers = [value for name, value in headers if name.lower() == "from"]
    return len(writers) == 1 and _names_one(writers[0])


def proven(headers: Sequence[tuple[str, str]], servers: Collection[str], domain: str) -> bool:
    """Whether a trusted server vouches for this domain in From: DMARC has passed (RFC 7489), or a signature of that
    very domain is good (RFC 6376) and DMARC has not failed. Nothing said, "none", an error, or SPF alone prove nothing.
    """
    domain = domain.lower().rstrip(".")
    if not domain or not _has_one_writer(headers):
        return False  # of several nobody knows which one the server looked at
    said = trusted(headers, servers)
    dmarc = [one for results in said for one in results.of("dmarc")]
    about = {one.about("header.from").lower().rpartition("@")[2] for one in dmarc}
    if not about <= {"", domain}:
        return False
    results = {one.result for one in dmarc}
    if results - {"none"}:
        return results == {"pass"}
    dkim = [one for results in said for one in results.of("dkim")]
    return domain in {_signer(one) for one in dkim if one.result == "pass"}


def _names_one(value: str) -> bool:
    """Whether From holds a single address, and no group or route: a server that checks one of several need not have
    looked at the one that is read here, and not all tell which (header.from is optional)."""
    bare = _ASIDE.sub(" ", value[:LONGEST_FROM])
    return len(value) <= LONGEST_FROM and bare.count("@") == 1 and not {":", ";"} & set(bare)


def _signer(one: Result) -> str:
    """The domain that signed: d=, or that of i=, which some servers tell alone."""
    signed = one.about("header.d") or one.about("header.i").rpartition("@")[2]
    return signed.lower().rstrip(".")


def failure(values: Iterable[str], servers: Collection[str]) -> str:
    """The method that a trusted server says has failed, or "". A pass of DMARC outweighs a failure of SPF or DKIM:
    it needs one of them alone (RFC 7489), and a forwarded mail breaks SPF."""
    names = {name.lower() for name in servers}
    for results in map(parse, values):
        if results.server not in names:
            continue
        if any(one.result == "fail" for one in results.of("dmarc")):
            return "dmarc"
        if any(one.result == "pass" for one in results.of("dmarc")):
            continue
        for method in ("spf", "dkim"):
            if any(one.result == "fail" for one in results.of(method)):
                return method
    return ""
