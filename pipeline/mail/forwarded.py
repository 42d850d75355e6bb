"""Who wrote a mail that somebody passes on: inline, as mail programs copy its header into the text, or as a whole mail.

Pure. Hides the header blocks of mail programs, in Bahasa Indonesia and English first (see `reply` for the rest).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.mail import addresses, phrases, reply
from pipeline.mail.addresses import Address
from pipeline.mail.message import Message, read

SUBJECT = re.compile(r"\s*+(?:fwd?|tr|trs|terusan|diteruskan|meneruskan|wg)\s{0,3}:", re.IGNORECASE)
_ANSWER = re.compile(r"\s*+(?:re|bls|balasan|aw|sv)\s{0,3}:", re.IGNORECASE)
_MARKED = re.compile(
    r"\W{0,20}(?:(?:mulai|awal) (?:meneruskan )?pesan|begin forwarded message|forwarded (?:message|by)"
    r"|пересылаемое сообщение|пересланное сообщение"
    r"|pesan (?:terusan|(?:yang )?diteruskan|terlampir)|diteruskan oleh|surat (?:terusan|yang diteruskan))",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*+[_=-]{8,}+\s*+")  # a line that programs draw above what they pass on
_FROM = ("dari", "daripada", "pengirim", "from")
_TO = ("kepada", "ke", "untuk", "to")
_CC = ("tembusan", "tindasan", "cc", "salinan")
_SUBJECTS = ("subjek", "perihal", "judul", "hal", "subject")
_BEHALF = re.compile(r"\b(?:on behalf of|atas nama|im auftrag von|namens)\b", re.IGNORECASE)
_BRACKETED = re.compile(
    r"^([^()<>@]{1,120}?)\s{0,3}\(([^\s()<>@]{1,64}@[^\s()<>@]{3,190})\)\s{0,3}$"
)
_RUN_ON = re.compile(
    r"(?=(?:Dari|Kepada|Terkirim|Dikirim|Tanggal|Subjek|Judul|Perihal|Tembusan|From|To|Cc|Sent|Date|Subject): )"
)
MAX_LINES = 3_000
MAX_BLOCKS = 10
BLOCK = 14  # lines of one copied header


@dataclass(frozen=True)
class Original:
    """The mail that was passed on: who wrote it to whom, and its words. `above`: what who passes it on adds.
    `message_id`: "" where the program did not tell. `own`: its words up to where another copied header begins."""

    writer: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str
    above: str
    message_id: str = ""
    own: str = ""


def original(message: Message, inside: Collection[str]) -> Original | None:
    """The mail that this one passes on; None where it passes on none. `inside`: addresses, in lower case, of people
    who may stand between: of several forwards the first writer from outside counts."""
    found = [
        *_attached(message, inside),
        *(_inline(message, inside) if _passes_on(message) else ()),
    ]
    return next((one for one in found if one.writer.email.lower() not in inside), None)


def enclosed(message: Message, inside: Collection[str]) -> list[Original]:
    """The whole mails of people from outside that hang on this one."""
    return [one for one in _attached(message, inside) if one.writer.email.lower() not in inside]


def apart(message: Message, inside: Collection[str]) -> list[Original]:
    """The mails of different people from outside that stand in one text, each with its own words alone; none where
    fewer than two do. Whether they are one conversation a person has to see."""
    found = [*_inline(message, inside)] if _passes_on(message) else []
    outside = [one for one in found if one.writer.email.lower() not in inside and one.own.strip()]
    by_writer: dict[str, Original] = {}
    for one in outside:
        by_writer.setdefault(
            (one.writer.email or one.writer.name).casefold(), replace(one, text=one.own)
        )
    return list(by_writer.values()) if len(by_writer) > 1 else []


def _passes_on(message: Message) -> bool:
    """Whether it is a forward, not an answer with its quote: a mail that answers nothing and holds the header of an
    earlier one is a forward, too, whatever its subject says now."""
    lines = message.text.splitlines()[:MAX_LINES]
    if SUBJECT.match(message.subject) or any(_MARKED.match(line[:200]) for line in lines):
        return True
    return not (_ANSWER.match(message.subject) or message.in_reply_to)


def _attached(message: Message, inside: Collection[str]) -> Iterator[Original]:
    for attachment in message.attachments:
        if attachment.content_type == "message/rfc822":
            inner = read(attachment.content)
            if inner.sender is not None:
                above = reply.split(message.text).new
                yield Original(
                    _answered(inner.sender, _wanted(inner), inside),
                    inner.to,
                    inner.cc,
                    inner.subject,
                    inner.text,
                    above,
                    inner.message_id,
                )


def _inline(message: Message, inside: Collection[str]) -> Iterator[Original]:
    """The mails whose headers stand in the text, from the top."""
    lines = [
        line.lstrip("> \t")[:2_000] for line in _unfolded(message.text.splitlines()[:MAX_LINES])
    ]
    heads = _heads(lines)
    ends = [start for _fields, start, _below in heads[1:]] + [len(lines)]
    for (fields, _start, below), end in zip(heads, ends, strict=False):
        yield Original(
            _answered(
                _one(fields.get("from", "")),
                addresses.parse(_plain(fields.get("reply", ""))),
                inside,
            ),
            addresses.parse(_plain(fields.get("to", ""))),
            addresses.parse(_plain(fields.get("cc", ""))),
            fields.get("subject", ""),
            "\n".join(lines[below:]).strip(),
            _without_marks(lines[: heads[0][1]]),
            own=_without_marks(lines[below:end]),
        )


def _wanted(message: Message) -> tuple[Address, ...]:
    """Where the answer is wanted; of a mail through a list, which writes itself there, nowhere."""
    return () if message.all("List-Id") or message.all("List-Post") else message.reply_to


def _answered(writer: Address, wanted: Sequence[Address], inside: Collection[str]) -> Address:
    """The writer at the one address from outside at which they want the answer: a form's visitor, a second mailbox."""
    if writer.email.lower() in inside or len(wanted) != 1:
        return writer
    (other,) = wanted
    if (
        "@" not in other.email
        or other.email.lower() in inside
        or phrases.NO_REPLY.search(other.email)
    ):
        return writer
    return Address(other.name or writer.name, other.email)


def _heads(lines: list[str]) -> list[tuple[dict[str, str], int, int]]:
    """The copied headers of a text, from the top: (fields, where it begins, the line below it)."""
    heads: list[tuple[dict[str, str], int, int]] = []
    at = 0
    while at < len(lines) and len(heads) < MAX_BLOCKS:
        fields, below = _block(lines, at)
        if fields is None and not heads:  # of an answer below, it is a quote
            fields, below = _attributed(lines, at)
        if fields is not None:
            heads.append((fields, at, below))
        at = below if fields is not None else at + 1
    return heads


def _unfolded(lines: list[str]) -> Iterator[str]:
    """The lines, with a header that a program writes behind its mark in one line (Yahoo's plain text) parted."""
    for line in lines:
        marked = len(line) < 2_000 and _MARKED.match(line[:200])
        parts = _RUN_ON.split(line) if marked else []
        yield from parts if len(parts) > 3 else [line]


def _block(lines: list[str], start: int) -> tuple[dict[str, str] | None, int]:
    """The copied header that begins at a line, as {"from", "to", "cc", "subject", "date"}, and the line below it; None
    where none begins: it names a writer and two things more."""
    fields: dict[str, str] = {}
    last = ""
    end = min(len(lines), start + BLOCK)
    for at in range(start, end):
        line = lines[at].strip()
        name, value = _field(lines[at])
        goes_on = last in ("to", "cc") and "@" in line  # a long list of addresses
        # Some programs write a blank line between the fields.
        gap = not line and bool(fields) and _told(fields) < 3 and at < start + 4
        if name:
            last = fields.setdefault(name, value) and name
        elif goes_on:
            fields[last] += f" {line}"
        elif not gap:
            end = at
            break
    complete = _told(fields) >= 3 and fields.get("from")
    return (fields, end) if complete else (None, start)


def _attributed(lines: list[str], start: int) -> tuple[dict[str, str] | None, int]:
    """The same where a program tells the writer in one line: `24.11.2026, 10:05, "Wati" <wati@warga.example>:` below
    its mark (Yandex), `Pada … Wati <wati@warga.example> menulis:` anywhere."""
    if not lines[start].strip():
        return None, start
    above = next((line for line in reversed(lines[max(0, start - 2) : start]) if line.strip()), "")
    is_marked = _MARKED.match(above[:200]) is not None and lines[start].strip().endswith(":")
    length = 1 if is_marked else reply.attribution(lines, start)
    writer = _named_in(" ".join(lines[start : start + length]))
    return ({"from": writer}, start + length) if writer else (None, start)


def _named_in(line: str) -> str:
    """`"Wati" <wati@warga.example>` from a line that tells who wrote, in angles, in brackets or bare; "" where none
    stands there."""
    left, _at, right = line.rpartition("@")
    local = re.search(r"[^\s<>()\[\]\",;]{1,64}$", left[-64:])
    domain = re.match(r"[^\s<>()\[\]\",;:]{3,190}", right)
    if local is None or domain is None:
        return ""
    before = left[: len(left) - len(local[0])].rstrip("<([\"' ")
    name = re.split(r"[,;:<>()\[\]\"\d]", before)[-1].strip(" .'*")
    return f'"{name}" <{local[0]}@{domain[0]}>'


def _told(fields: dict[str, str]) -> int:
    """How many of the fields that every copied header has: a list of words with colons may have the others."""
    return len(fields.keys() - {"reply", "beside"})


def _field(line: str) -> tuple[str, str]:
    """(name, value) of a line of a copied header; ("", "") for any other."""
    label, colon, value = line.strip(" \t*_|").partition(":")
    name = label.strip(" \t*_").lower()
    if not colon or not name or len(name) > 30:
        return "", ""
    for key, names in _KNOWN_FIELDS:
        if name in names:
            return key, value.strip(" \t*_")
    return "", ""


_DATES = ("tanggal", "tgl", "date", "dikirim", "terkirim", "sent", "dikirim pada", "waktu")
_KNOWN_FIELDS = (
    ("from", _FROM),
    ("to", _TO),
    ("cc", _CC),
    ("subject", _SUBJECTS),
    ("date", _DATES),
    ("reply", ("reply-to", "reply to", "balas ke", "balasan ke", "dibalas ke")),
    (
        "beside",
        ("importance", "priority", "prioritas", "kepentingan", "bcc", "attachments", "lampiran"),
    ),
)


def _plain(value: str) -> str:
    """Addresses as Outlook writes them: `Wati [mailto:wati@warga.example]`, `Wati <mailto:…>`."""
    return re.sub(r"\[(?:mailto:)?([^\[\]\s]{3,250})\]", r"<\1>", value).replace("<mailto:", "<")


def through_a_group(name: str) -> str:
    """Whose mail a group passes on under its own address ("'Wati' via Info"), as lists do for DMARC; "" for any other
    name."""
    found = re.fullmatch(r"'?([^']{1,120}?)'? (?:via|melalui) .{1,120}", name)
    return found[1] if found else ""


def _bold(value: str) -> str:
    """A name without the stars that a program puts around what was bold: `*Wati* <wati@warga.example>`."""
    return re.sub(r"\*(?=\s{0,3}<)", "", value)


def _one(value: str) -> Address:
    """The writer; with a name alone where no address stands there. Of "the office on behalf of Wati" it is Wati."""
    value = _BEHALF.split(value[:1_000])[-1].strip()
    value = _BRACKETED.sub(r"\1 <\2>", value)
    found = next(
        (one for one in addresses.parse(_plain(_bold(value))) if one.email or one.name), None
    )
    if found and (name := through_a_group(found.name)):
        return Address(name, "")  # the address is the group's
    if found and "@" in found.email:
        return found
    return Address(value.strip(' "<>')[:120], "")


def _without_marks(lines: list[str]) -> str:
    return "\n".join(
        line for line in lines if not (_MARKED.match(line[:200]) or _RULE.fullmatch(line))
    ).strip()
