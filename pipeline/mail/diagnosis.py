"""Why a mail did not arrive, in the office's own language: robots answer in English and in codes.

Hides which codes (RFC 3463) and which phrases of mail servers mean what. Pure.
"""

from __future__ import annotations

import re

from pipeline.office.words import word

LOOKED_AT = 2_000  # letters of what a server said
# (name at [diagnosa] of istilah.toml, what a server says then); the first that fits.
CAUSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "penuh",
            r"\b[45]\.2\.2\b|mailbox (?:is )?full|over ?quota|quota exceeded"
            r"|out of storage|insufficient storage",
        ),
        (
            "domain",
            r"\b[45]\.1\.2\b|\b[45]\.4\.4\b|\bnxdomain\b|(?:domain|host)(?: name)?(?: was)? not found"
            r"|unrouteable|no mx\b|name or service not known|does not accept mail",
        ),
        (
            "alamat",
            r"\b5\.1\.(?:1|3|6|10)\b|\b5\.2\.1\b|\b5\.4\.1\b|(?:user|recipient|mailbox|address)s?\b.{0,40}"
            r"(?:unknown|not found|unavailable|rejected|disabled|inactive|invalid|doesn'?t exist|does not exist)"
            r"|(?:unknown|no such|invalid) (?:user|recipient|mailbox|address)",
        ),
        ("besar", r"\b5\.3\.4\b|\b5\.2\.3\b|too (?:large|big)|size limit|exceeds.{0,30}size"),
        (
            "lama",
            r"\b[45]\.4\.[1267]\b|timed? ?out|expired|could not be delivered within|connection refused",
        ),
        (
            "tolak",
            r"\b5\.7\.\d+\b|spam|blocked|blacklist|policy|not permitted|denied|authentication|spf\b|dmarc\b",
        ),
    )
)


def sentence(said: str) -> str:
    """One polite sentence about what a server said, without its words."""
    text = " ".join(said[:LOOKED_AT].split())
    cause = next((name for name, pattern in CAUSES if pattern.search(text)), "lain")
    return word(f"diagnosa.{cause}")


def explained(said: str) -> str:
    """The sentence, with what the server said behind it for whoever looks into it."""
    raw = said.strip()
    return f"{sentence(raw)} ({word('diagnosa.server', kata=raw)})" if raw else sentence(raw)
