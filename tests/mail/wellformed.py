"""Is a mail of ours well-formed on the wire? Read byte by byte after the standards, not by the library that wrote it.

RFC 5322 (lines, header fields), 2045 to 2047 and 2231 (MIME), 3834 (automatic mail), 6531 (SMTPUTF8).
"""

from __future__ import annotations

import base64
import quopri
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

ONCE = {
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Aduan-Loop",
}
MAYBE = {"In-Reply-To", "References", "Content-Transfer-Encoding"}
DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d{2}:\d{2}:\d{2} ([+-]\d{4})"
)
ENCODED = re.compile(r"=\?(utf-8)\?([bqBQ])\?([^\s?]+)\?=", re.IGNORECASE)
PHRASE = r'"(?:[^"\\]|\\.)*"|[\w!#$%&\'*+/=?^`{|}~\s-]+'  # quoted, or atoms and encoded words (RFC 5322, 3.2.5)
LONGEST, WISHED, QUOTED_PRINTABLE = 998, 78, 76  # bytes of a line without its CRLF


@dataclass(frozen=True)
class Read:
    """What a mail program shows. Line ends are "\\n", without the last one; files are (name, type, bytes)."""

    sender: str
    to_name: str
    to: str
    subject: str
    text: str
    html: str
    files: tuple[tuple[str, str, bytes], ...]


def read(raw: bytes, *, zone: str = "+0700", utf8: bool = False) -> Read:
    """AssertionError with what is wrong, else what a reader gets."""
    _lines(raw, utf8)
    head, _, _ = raw.partition(b"\r\n\r\n")
    fields = _fields(head, zone)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert not part.defects, part.defects
        for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Date"):
            assert not getattr(part[name], "defects", ()), (
                name,
                str(part[name]),
                part[name].defects,
            )
    text, html, files = _parts(message)
    (_, sender), (to_name, to) = _mailbox(fields["From"]), _mailbox(fields["To"])
    return Read(sender, to_name, to, _decoded(fields["Subject"]), text, html, files)


def _lines(raw: bytes, utf8: bool) -> None:
    assert raw.endswith(b"\r\n")
    rest = raw.replace(b"\r\n", b"")
    assert b"\r" not in rest, "a bare CR"
    assert b"\n" not in rest, "a bare LF"
    assert b"\0" not in raw
    assert utf8 or raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= LONGEST


def _fields(head: bytes, zone: str) -> dict[str, str]:
    """Exactly the fields that we write, each once, folded where they can be."""
    lines = head.split(b"\r\n")
    for line in lines:
        assert line.strip(), "a folded line of blanks alone (RFC 5322, 3.2.2)"
        name, _, value = line.partition(b":") if line[:1] not in b" \t" else (b"", b"", line)
        assert len(line) <= WISHED or len(value.split()) <= 1 or name == b"Subject", line
    unfolded = [line.decode() for line in re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")]
    names = [line.partition(":")[0] for line in unfolded]
    assert all(
        re.fullmatch(r"[A-Za-z-]+: +\S.*|Subject: ?", line, re.DOTALL) for line in unfolded
    ), unfolded
    assert set(names) >= ONCE
    assert set(names) <= ONCE | MAYBE
    assert len(names) == len(set(names))
    fields = {line.partition(":")[0]: line.partition(":")[2].strip() for line in unfolded}
    date = DATE.fullmatch(fields["Date"])
    assert date, fields["Date"]
    assert date[3] == zone
    assert re.fullmatch(r"<[^<>\s@]+@[^<>\s@]+>", fields["Message-ID"])
    assert fields["Auto-Submitted"] == "auto-generated"
    for thread in ("In-Reply-To", "References"):
        assert all(re.fullmatch(r"<[^<>\s]+>", one) for one in fields.get(thread, "").split())
    return fields


def _mailbox(value: str) -> tuple[str, str]:
    """(name, address) of a field that holds exactly one mailbox."""
    found = re.fullmatch(rf'({PHRASE})?\s*<((?:"[^"]+"|[^\s"@<>,]+)@[^\s"@<>,]+)>', value)
    assert found, value
    name = (found[1] or "").strip()
    return (re.sub(r"\\(.)", r"\1", name[1:-1]) if name[:1] == '"' else _decoded(name)), found[2]


def _decoded(value: str) -> str:
    """Encoded words, each whole and at most 75 letters, become what they say (RFC 2047, 2 and 6)."""
    for word in ENCODED.finditer(value):
        assert len(word[0]) <= 75
    return ENCODED.sub(_word, re.sub(r"(?<=\?=)\s+(?==\?)", "", value))


def _word(found: re.Match[str]) -> str:
    coded = found[3].encode()
    plain = (
        base64.b64decode(coded, validate=True)
        if found[2] in "bB"
        else quopri.decodestring(coded, header=True)
    )
    return plain.decode(found[1])


def _parts(message: EmailMessage) -> tuple[str, str, tuple[tuple[str, str, bytes], ...]]:
    parts = list(message.iter_parts())
    files: tuple[tuple[str, str, bytes], ...] = ()
    if message.get_content_type() == "multipart/mixed":
        message, *rest = (part for part in parts if isinstance(part, EmailMessage))
        files = tuple(_file(part) for part in rest)
        parts = list(message.iter_parts())
    assert message.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in parts]
    assert kinds[:2] == ["text/plain", "text/html"]
    assert kinds[2:] in ([], ["text/calendar"])  # an invitation stands beside the words
    text, html = (_words(part) for part in parts[:2] if isinstance(part, EmailMessage))
    return text, html, files


def _words(part: EmailMessage) -> str:
    assert part.get_content_charset() == "utf-8"
    assert part["Content-Transfer-Encoding"] == "quoted-printable"
    encoded = part.get_payload()
    assert isinstance(encoded, str)
    assert max(len(line) for line in encoded.splitlines()) <= QUOTED_PRINTABLE
    content = bytes(part.get_payload(decode=True) or b"").decode("utf-8")
    assert content.strip(), "an empty part"
    return content.replace("\r\n", "\n").removesuffix("\n")


def _file(part: EmailMessage) -> tuple[str, str, bytes]:
    assert part.get_content_disposition() == "attachment"
    assert part["Content-Transfer-Encoding"] == "base64"
    encoded = part.get_payload()
    assert isinstance(encoded, str)
    assert max(len(line) for line in encoded.splitlines()) <= QUOTED_PRINTABLE
    name = part.get_filename()
    assert name
    return name, part.get_content_type(), bytes(part.get_payload(decode=True) or b"")
