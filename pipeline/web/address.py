"""Who asks for a page: the address that a limit counts by. Hides proxies.

X-Forwarded-For may be written by anybody; each trusted proxy adds, at its end, the address that it saw itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import request

from pipeline.web.site import site

LONGEST = 2_000  # letters of the header
HOME = 64  # bits of an IPv6 address that one household or office has


def client() -> str:
    """The address behind the proxies of `[web] proksi_tepercaya`; of IPv6 the network, for each has 2^64 addresses."""
    peer = _read(request.remote_addr or "")
    if peer is None:
        return request.remote_addr or ""
    trusted = site().settings.web.proksi_tepercaya
    said = ",".join(request.headers.getlist("X-Forwarded-For"))[-LONGEST:]
    return _bucket(_behind(peer, map(_read, reversed(said.split(","))), trusted))


def _behind(
    peer: IPv4Address | IPv6Address,
    said: Iterable[IPv4Address | IPv6Address | None],
    trusted: tuple[str, ...],
) -> IPv4Address | IPv6Address:
    """From the nearest to the farthest, as long as the one who says so is trusted."""
    networks = [ip_network(one, strict=False) for one in trusted]
    for address in said:
        if address is None or not any(peer in network for network in networks):
            return peer
        peer = address
    return peer


def _read(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip().strip("[]")
    if text.count(":") == 1:  # some proxies add the port
        text = text.partition(":")[0]
    try:
        address = ip_address(text.rpartition("]:")[0].strip("[]") if "]:" in text else text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _bucket(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, HOME), strict=False))
