"""Domains that are likely a slip of the finger: "gmial.com" for "gmail.com". A hint beside a button, never a change.

Hides which domains are known and how near a slip comes to them. Pure.
"""

from __future__ import annotations

KNOWN = (
    "gmail.com",
    "yahoo.com",
    "yahoo.co.id",
    "ymail.com",
    "rocketmail.com",
    "hotmail.com",
    "hotmail.co.id",
    "outlook.com",
    "outlook.co.id",
    "live.com",
    "icloud.com",
    "proton.me",
    "protonmail.com",
    "madiunkota.go.id",
)
ALSO_REAL = ("mail.com", "gmx.com", "email.com", "aol.com", "ymail.co.id", "me.com", "msn.com")
SLIPS = 2  # letters too many, too few, wrong or in the wrong order
SHORTEST = 8  # letters of a domain in which two slips leave it recognisable


def meant(address: str) -> str:
    """The domain that was probably meant; "" where nothing seems wrong."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    if not domain or domain in KNOWN or domain in ALSO_REAL:
        return ""
    near = [(distance(domain, known), known) for known in KNOWN if _may_be(domain, known)]
    best = min(near, default=(SLIPS + 1, ""))
    if best[0] <= SLIPS:
        return best[1]
    return _other_ending(domain)


def _may_be(domain: str, known: str) -> bool:
    """Whether it is worth to count."""
    return abs(len(domain) - len(known)) <= SLIPS and min(len(domain), len(known)) >= SHORTEST


def _other_ending(domain: str) -> str:
    """ "gmail.co.id": a provider that has one ending only."""
    name = domain.partition(".")[0]
    same = [known for known in KNOWN if known.partition(".")[0] == name]
    return same[0] if len(same) == 1 else ""


def distance(a: str, b: str) -> int:
    """How many letters are added, left out, changed or exchanged with their neighbour (optimal string alignment)."""
    older: list[int] = []
    last = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            left_out = last[j] + 1
            added = row[j - 1] + 1
            changed = last[j - 1] + (one != other)
            cheapest = min(left_out, added, changed)
            if i > 1 and j > 1 and one == b[j - 2] and other == a[i - 2]:
                exchanged = older[j - 2] + 1
                cheapest = min(cheapest, exchanged)
            row.append(cheapest)
        older, last = last, row
    return last[-1]
