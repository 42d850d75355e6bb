"""Raw bytes of a mail become one frozen `Message`.

Hides MIME: broken structure, wrong charsets and encodings, HTML, forwarded mails,
and attachments in every place that mailers put them. `read` never raises.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from hashlib import sha256

from pipeline.files.kinds import sniff
from pipeline.mail import addresses, charsets, parts, tnef
from pipeline.mail import html as markup
from pipeline.mail.addresses import Address
from pipeline.mail.parts import Part

__all__ = ["Address", "Attachment", "Message", "read"]

UNKNOWN = "application/octet-stream"
MAX_DEPTH = 24
MAX_PARTS = 1_000
MAX_TEXT = 2_000_000  # characters
MAX_HEADERS = 2_000
LONGEST_ID = 250  # letters of a Message-ID, as in the headers of our own mails
MAX_GUESSES = 20  # text parts whose charset may be found by statistics
MAX_COPIES = 3  # times the mail's size that mails in mails may take beside their own parts
FORWARDED = "---------- Pesan terlampir ----------"

# What the office should know of a mail, by its name under [catatan_email] in templates/istilah.toml.
ENCRYPTED_SMIME = "smime"
ENCRYPTED_PGP = "pgp"
OPAQUE_SMIME = "smime_terbungkus"
SIGNED = "bertanda_tangan"
CALENDAR = "kalender"
TNEF = "tnef"
EXTERNAL = "di_tempat_lain"
PARTIAL = "potongan"
TOO_MANY = "terlalu_banyak"
TOO_LONG = "terlalu_panjang"


@dataclass(frozen=True)
class Attachment:
    """One file; `content_type` is read from the content, as declared where that tells nothing."""

    name: str
    content_type: str
    content: bytes
    inline: bool
    content_id: str


@dataclass(frozen=True)
class Message:
    """A mail as read. Message-IDs stand without angle brackets; `date` is aware, in UTC."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    date: datetime | None
    text: str
    attachments: tuple[Attachment, ...]
    headers: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def header(self, name: str) -> str:
        """The first value of a header, decoded; "" where it is missing."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, decoded, in raw order."""
        return tuple(self._by_name.get(name.lower(), ()))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, value in self.headers:
            found.setdefault(key.lower(), []).append(value)
        return found


def read(raw: bytes) -> Message:
    """Read any bytes as a mail; what cannot be understood is shown as it is, with a note."""
    part = parts.parse(raw)
    content = _Content(part, room=MAX_COPIES * len(raw) + 1_000_000)
    content.take(part)
    return _message(part, content)


def every_text(raw: bytes) -> Iterator[str]:
    """Each text in a mail as it is written, HTML with its tags, also of versions that nobody is shown and of mails
    inside: where something is looked for that must not stay anywhere."""
    waiting, seen = [parts.parse(raw)], 0
    while waiting and seen < MAX_PARTS:
        part, seen = waiting.pop(), seen + 1
        if part.kind in _MAILS:
            waiting.append(parts.enclosed(part))
        elif children := part.children() if part.kind.startswith("multipart/") else []:
            waiting += children
        elif part.kind in _SHOWN:
            yield charsets.decode(
                part.content()[: 4 * MAX_TEXT], part.parameters.get("charset", ""), guess=False
            )


def _message(part: Part, content: _Content) -> Message:
    hint = content.hint

    def people(*names: str) -> tuple[Address, ...]:
        return tuple(
            address
            for name in names
            for value in part.all(name)
            for address in addresses.parse(value, hint)
        )

    senders = people("from") or people("sender", "x-original-sender", "reply-to")
    text = content.text()
    return Message(
        message_id=next(iter(_ids(part.first("message-id"))), ""),
        in_reply_to=_ids(part.first("in-reply-to")),
        references=_ids(" ".join(part.all("references"))),
        sender=next((address for address in senders if address.email), next(iter(senders), None)),
        reply_to=people("reply-to"),
        to=people("to"),
        cc=people("cc"),
        subject=charsets.header_text(part.first("subject"), hint),
        date=_date(part.first("date")),
        text=text,
        attachments=tuple(content.attachments),
        headers=tuple(
            (name, charsets.header_text(value, hint)) for name, value in part.fields[:MAX_HEADERS]
        ),
        notes=tuple(dict.fromkeys(content.notes)),
    )


# --- headers -------------------------------------------------------------------------------


def _ids(raw: str) -> tuple[str, ...]:
    """The Message-IDs in a field: in brackets, else what has an "@", else the one word that it is."""
    text = charsets.header_text(raw)
    found = [item for item in re.findall(r"<([^<>]{1,2000})>", text) if item.strip()]
    if not found:
        found = [word for word in text.split() if "@" in word]
    if not found and text and " " not in text:
        found = [text]
    ids = [_short("".join(item.split())) for item in found[:MAX_HEADERS]]
    return tuple(dict.fromkeys(ids))


def _short(message_id: str) -> str:
    """An id of 3,000 letters fits into no index and into no header of a reply (RFC 5322: 998 a line): its hash does,
    and is the same wherever that id is named again."""
    bare = message_id.strip("<>")
    if len(bare) <= LONGEST_ID:
        return bare
    digest = sha256(bare.encode(errors="replace")).hexdigest()
    return f"{digest}@panjang.invalid"


def _date(raw: str) -> datetime | None:
    text = charsets.header_text(raw)[:200]
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
            continue
    return None


_OUTLOOK = {"application/ms-tnef", "application/vnd.ms-tnef"}
_MAILS = {"message/rfc822", "message/global"}
_HTML = {"text/html", "text/x-amp-html", "application/xhtml+xml"}
_ENRICHED = {"text/enriched", "text/richtext"}
_SHOWN = {"text/plain"} | _HTML | _ENRICHED


# --- content -------------------------------------------------------------------------------


@dataclass
class _Content:
    """What the walk over the parts of one mail gathers."""

    root: Part
    room: int  # bytes that copies of mails in this mail may still take
    texts: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    muted: bool = False  # a better version of the text is known
    fallback: list[str] = field(
        default_factory=list
    )  # named text parts, shown where no other text is
    charset: str = ""  # of the first text
    parts: int = 0

    @cached_property
    def hint(self) -> str:
        """The charset in which this mail's undeclared 8-bit headers and names most likely are."""
        declared = self.root.parameters.get("charset", "") or self.charset
        if charsets.codec(declared) not in {None, "utf-8"}:
            return declared
        if all(value.isascii() for _, value in self.root.fields):
            return declared
        return charsets.guess(self.root.raw[: charsets.SAMPLE]) or declared

    def text(self) -> str:
        spoken = [piece for piece in self.texts if piece.strip()] or self.fallback[:1]
        text = "\n\n".join(spoken).strip("\r\n")
        if len(text) > MAX_TEXT:
            self.notes.append(TOO_LONG)
        return text[:MAX_TEXT]

    def take(self, part: Part, depth: int = 0, related: bool = False) -> None:
        """Add a part and all below it."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            self.notes.append(TOO_MANY)
            return
        self._remark(part)
        if part.kind in _MAILS and depth < MAX_DEPTH:
            self._forwarded(part, depth)
        elif part.kind.startswith("multipart/") and depth < MAX_DEPTH:
            self._multipart(part, depth)
        elif part.kind.startswith(("multipart/", "message/")):
            self._attach(part, part.content(), related)
        else:
            self._leaf(part, related, depth)

    def _remark(self, part: Part) -> None:
        """Note what the office cannot read or should know."""
        kind = part.kind
        if kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
            signed = "signed" in part.parameters.get("smime-type", "").lower()
            self.notes.append(OPAQUE_SMIME if signed else ENCRYPTED_SMIME)
        note = {
            "multipart/encrypted": ENCRYPTED_PGP,
            "multipart/signed": SIGNED,
            "text/calendar": CALENDAR,
            "message/external-body": EXTERNAL,
            "message/partial": PARTIAL,
        }.get(kind)
        if note:
            self.notes.append(note)

    def _multipart(self, part: Part, depth: int) -> None:
        children = part.children()
        if not children:
            self._leaf(part, False, depth)
        elif part.kind == "multipart/alternative":
            self._alternative(children, depth)
        else:
            for child in children:
                self.take(child, depth + 1, part.kind == "multipart/related")

    def _alternative(self, children: list[Part], depth: int) -> None:
        """Keep the plain version's text, or the HTML's where the plain one says nothing."""
        plain: list[list[str]] = []
        rich: list[list[str]] = []
        outer, muted = self.texts, self.muted
        for child in children:
            self.texts = []
            self.take(child, depth + 1)
            is_plain = child.kind == "text/plain"
            speaks = any(map(str.strip, self.texts))
            if speaks:
                (plain if is_plain else rich).append(self.texts)
            # The other versions are still looked through for files; their words would not be used.
            self.muted |= is_plain and speaks and not _refers(self.texts[0])
            self.muted &= not _plain_follows(children, child)
        self.texts, self.muted = outer, muted
        if plain and rich and _stub("".join(plain[0]), "".join(rich[0])):
            plain = []
        self.texts += _each_once(plain) if plain else next(iter(rich), [])

    def _leaf(self, part: Part, related: bool, depth: int) -> None:
        shown = part.kind in _SHOWN or part.kind.startswith("multipart/")
        named = bool(part.file_name())
        attached = part.disposition == "attachment"
        data = part.content()
        if shown and part.encoding == "base64" and charsets.is_plain(part.body, data):
            data = part.body
        text = shown and not attached and not (named and sniff(data) != UNKNOWN)
        if text and (depth == 0 or not named):
            self._show(part, data)
        else:
            self._attach(part, data, related)
            if text:
                self.fallback.append(self._readable(part, data))

    def _show(self, part: Part, data: bytes) -> None:
        if self.muted:
            return
        text = self._readable(part, data)
        if "-----BEGIN PGP MESSAGE-----" in text:
            self.notes.append(ENCRYPTED_PGP)
        self.texts.append(self._without_uuencoded(text) if part.kind == "text/plain" else text)

    def _readable(self, part: Part, data: bytes) -> str:
        if len(data) > 4 * MAX_TEXT:
            self.notes.append(TOO_LONG)
            data = data[: 4 * MAX_TEXT]
        declared, html = part.parameters.get("charset", ""), part.kind in _HTML
        inside = _meta_charset(data) if html else ""
        if charsets.codec(declared) is None:
            declared = inside or declared
        self.charset = self.charset or declared
        hint = inside or self.root.parameters.get("charset", "")
        text = charsets.clean(
            charsets.decode(data, declared, hint, guess=self.parts <= MAX_GUESSES)
        )
        text = text.replace("\r\n", "\n").replace("\r", "\n")[: MAX_TEXT + 1]
        if html:
            return markup.to_text(text)
        return (
            re.sub(r"<[^<>]{0,200}>", "", text) if part.kind in _ENRICHED else _unflowed(text, part)
        )

    def _without_uuencoded(self, text: str) -> str:
        """Files that old mailers wrote into the text, taken out of it."""

        def take(found: re.Match[str]) -> str:
            if len(self.attachments) >= MAX_PARTS:
                return found[0]
            lines = found[2].encode("ascii", "replace").splitlines()
            data = charsets.uu_lines(lines)
            self._add(found[1].strip(), UNKNOWN, data, False, "")
            return ""

        if "\nend" not in text:
            return text
        return re.sub(
            r"(?m)^begin [0-7]{3,4} ([^\n]{1,200})\n((?:[ -`]{1,62}\n)+)end[ \t]*$", take, text
        )

    def _attach(self, part: Part, data: bytes, related: bool) -> None:
        content_id = next(iter(_ids(part.first("content-id"))), "")
        shown_by_html = related and bool(content_id) and part.disposition != "attachment"
        # A calendar's version of a mail's text is no file that somebody has attached.
        is_body = part.kind == "text/calendar" and part.disposition != "attachment"
        inline = part.disposition == "inline" or shown_by_html or is_body
        self._add(part.file_name(self.hint), part.kind, data, inline, content_id)

    def _add(self, name: str, declared: str, data: bytes, inline: bool, content_id: str) -> None:
        kind = sniff(data, declared, name)
        self._keep(name, kind, data, inline, content_id)
        if kind in _OUTLOOK or name.lower() == "winmail.dat":
            self._unwrap(data)

    def _keep(
        self, name: str, kind: str, data: bytes, inline: bool = False, content_id: str = ""
    ) -> None:
        if not name:
            extension = mimetypes.guess_extension(kind) or ".bin"
            if kind == "message/rfc822":
                extension = ".eml"
            name = f"lampiran-{len(self.attachments) + 1}{extension}"
        self.attachments.append(Attachment(name, kind, data, inline, content_id))

    def _unwrap(self, data: bytes) -> None:
        """The files in a winmail.dat beside it, and its text where the mail has no other."""
        inside = tnef.unwrap(data)
        text = inside.text
        if not text:
            html = charsets.decode(inside.html[: 4 * MAX_TEXT], _meta_charset(inside.html))
            text = markup.to_text(charsets.clean(html)) if html else ""
        if text:
            self.fallback.append(text)
        for name, content in inside.files[: MAX_PARTS - len(self.attachments)]:
            self._keep(name, sniff(content, UNKNOWN, name), content)
        if not inside.files and not text:
            self.notes.append(TNEF)

    def _forwarded(self, part: Part, depth: int) -> None:
        """A mail inside this one: kept as a file named by its subject, its text shown below a rule."""
        inner = parts.enclosed(part)
        size = len(inner.raw) if part.encoding else part.end - part.start
        nested = _Content(inner, self.room - size, parts=self.parts)
        nested.take(inner, depth + 1)
        message = _message(inner, nested)
        title = re.sub(r'[\\/:*?"<>|]+', "_", message.subject)[:100].strip() or "pesan"
        name = part.file_name(self.hint) or f"{title}.eml"
        if size <= self.room:  # else the mail around it holds it
            self.attachments.append(Attachment(name, "message/rfc822", part.content(), False, ""))
        self.parts, self.room = nested.parts, nested.room
        self.attachments += nested.attachments
        self.notes += nested.notes
        self.texts.append(_shown(message))


def _shown(message: Message) -> str:
    lines = [FORWARDED]
    if message.sender:
        lines.append(f"Dari: {message.sender.name} <{message.sender.email}>".replace("  ", " "))
    if message.date:
        lines.append(f"Tanggal: {message.date:%Y-%m-%d %H:%M} UTC")
    return "\n".join([*lines, f"Subjek: {message.subject}", "", message.text])


def _plain_follows(children: list[Part], child: Part) -> bool:
    """Whether another plain version stands below this one: programs that put their texts into an alternative."""
    place = next(n for n, one in enumerate(children) if one is child)
    return any(one.kind == "text/plain" for one in children[place + 1 :])


def _each_once(versions: list[list[str]]) -> list[str]:
    """The texts of several plain versions, without those that another one holds already."""
    texts = [text for version in versions for text in version]
    whole = sorted(texts, key=len, reverse=True)
    kept: list[str] = []
    for text in whole:
        if not any(text.strip() in other for other in kept):
            kept.append(text)
    return [text for text in dict.fromkeys(texts) if text in kept]


def _stub(plain: str, rich: str) -> bool:
    """Whether the plain version only says that one should read the HTML."""
    return len(rich) > 3 * len(plain) and _refers(plain)


def _refers(plain: str) -> bool:
    """Whether a plain version may do no more than refer to another one."""
    return len(plain) < 400 and bool(
        re.search(r"(?i)\bhtml\b|klien email|email client|mail reader", plain)
    )


def _meta_charset(data: bytes) -> str:
    found = re.search(
        rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]{1,40})""", data[:4_096], re.I
    )
    return found[1].decode("ascii", "replace") if found else ""


def _unflowed(text: str, part: Part) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676)."""
    if part.parameters.get("format", "").lower() != "flowed":
        return text
    glue = "" if part.parameters.get("delsp", "").lower() == "yes" else " "
    lines: list[list[str]] = []
    soft = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        bare = line if quoted else line.removeprefix(" ")
        joined = soft and not quoted and line not in {"-- ", "--"}
        soft = line.endswith(" ") and not quoted and line != "-- "
        piece = bare.rstrip(" ") + glue if soft else bare
        if joined:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return "\n".join(map("".join, lines))
