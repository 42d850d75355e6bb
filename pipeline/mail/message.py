"""Raw bytes of a mail become one frozen `Message`.

Hides MIME: broken structure, wrong charsets and encodings, HTML, forwarded mails,
and attachments in every place that mailers put them. `read` never raises.
"""

from __future__ import annotations

import email
import io
import mimetypes
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.generator import BytesGenerator
from email.message import Message as StandardPart
from email.utils import parsedate_to_datetime

from pipeline.files import sniff
from pipeline.mail import addresses, charsets, markup
from pipeline.mail.addresses import Address

__all__ = ["Address", "Attachment", "Message", "read"]

MAX_DEPTH = 24
MAX_PARTS = 1_000
MAX_TEXT = 2_000_000  # characters
MAX_HEADERS = 2_000
MAX_HEADER = 100_000  # characters
FORWARDED = "---------- Pesan terlampir ----------"

ENCRYPTED_SMIME = "Surat ini memakai enkripsi S/MIME dan tidak dapat dibaca."
ENCRYPTED_PGP = "Surat ini memakai enkripsi PGP dan tidak dapat dibaca."
OPAQUE_SMIME = "Isi surat ini terbungkus tanda tangan S/MIME dan tidak dapat dibaca."
SIGNED = "Surat ini bertanda tangan digital; tanda tangannya tidak diperiksa."
CALENDAR = "Surat ini memuat undangan kalender."
TNEF = "Lampiran winmail.dat berformat Microsoft Outlook dan mungkin memuat berkas lain."
EXTERNAL = "Sebagian isi surat ini disimpan pengirim di tempat lain dan tidak ikut terkirim."
PARTIAL = "Surat ini hanya satu potongan dari surat yang dikirim terpisah-pisah."
TOO_MANY = "Surat ini memuat terlalu banyak bagian; sebagian tidak ditampilkan."
TOO_LONG = "Isi surat ini terlalu panjang; sebagian tidak ditampilkan."
BROKEN = "Susunan surat ini rusak; isinya ditampilkan apa adanya."


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
        return tuple(value for key, value in self.headers if key.lower() == name.lower())


class Part(StandardPart):
    """A part as the parser left it; `get_payload` would already guess at 8-bit text."""

    def raw_payload(self) -> object:
        """The list of children, or the text with 8-bit bytes as surrogates."""
        payload: object = vars(self).get("_payload")
        return payload


class _Runs:
    """Long runs of base64, kept apart from the lines among which the standard library looks for structure.

    It goes through a mail line by line and keeps each several times over; a film of 40 MB has 700,000 lines.
    """

    _RUN = re.compile(rb"(?m)^(?:[A-Za-z0-9+/=]{60,998}+\r?\n){20,}+")

    def __init__(self) -> None:
        self._token = secrets.token_hex(8).encode()  # no sender can know it
        self._mark = re.compile(self._token + rb"-(\d+)(\r?\n)?")
        self._kept: list[bytes] = []

    def cut(self, raw: bytes) -> bytes:
        """The bytes with a mark for each run."""
        return self._RUN.sub(self._keep, raw)

    def _keep(self, found: re.Match[bytes]) -> bytes:
        self._kept.append(found[0])
        return self._token + b"-%d\r\n" % (len(self._kept) - 1)

    def whole(self, data: bytes, end: bytes = b"") -> bytes:
        """The bytes with every run in its place; `end` makes all line ends in them alike."""
        return self._mark.sub(lambda found: self._run(found, end), data) if self._kept else data

    def _run(self, found: re.Match[bytes], end: bytes) -> bytes:
        run = self._kept[int(found[1])]
        run = run if found[2] else run.rstrip(b"\r\n")  # the last line end belongs to the boundary
        return run.replace(b"\r\n", b"\n").replace(b"\n", end) if end else run


def read(raw: bytes) -> Message:
    """Read any bytes as a mail; what cannot be understood is shown as it is, with a note."""
    runs = _Runs()
    part, notes = _parsed(_trimmed(runs.cut(raw)))
    content = _Content(runs, notes=notes)
    try:
        content.take(part)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        # The standard library's parser breaks its own promises on hostile structure.
        content = _Content(runs, texts=[charsets.clean(charsets.decode(raw[:MAX_TEXT]))], notes=[*notes, BROKEN])
    return _message(part, content)


def _trimmed(raw: bytes) -> bytes:
    """Without a byte order mark, blank lines and "From " escapes before the first header."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return raw[1:] if raw.startswith(b">From ") else raw


def _parsed(raw: bytes) -> tuple[Part, list[str]]:
    try:
        return email.message_from_bytes(raw, Part), []
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError, IndexError):
        head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
        head = re.sub(rb"(?im)^content-(type|transfer-encoding):.*(\n[ \t].*)*\n?", b"", head[:1_000_000])
        return email.message_from_bytes(head + b"\n\n" + body[:MAX_TEXT], Part), [BROKEN]


def _message(part: Part, content: _Content) -> Message:
    hint = _parameters(_raw(part, "Content-Type")).get("charset", "") or content.charset
    headers = tuple(
        (name.encode("ascii", "replace").decode(), charsets.header_text(value[:MAX_HEADER], hint))
        for name, value in list(_raw_items(part))[:MAX_HEADERS]
    )

    def people(name: str) -> tuple[Address, ...]:
        return tuple(a for value in _raw_all(part, name) for a in addresses.parse(value, hint))

    senders = [*people("From"), *people("Sender")] if not people("From") else people("From")
    return Message(
        message_id=next(iter(_ids(_raw(part, "Message-ID"))), ""),
        in_reply_to=_ids(_raw(part, "In-Reply-To")),
        references=_ids(" ".join(_raw_all(part, "References"))),
        sender=next((a for a in senders if a.email), next(iter(senders), None)),
        reply_to=people("Reply-To"),
        to=people("To"),
        cc=people("Cc"),
        subject=charsets.header_text(_raw(part, "Subject"), hint),
        date=_date(_raw(part, "Date")),
        text=content.text(),
        attachments=tuple(content.attachments),
        headers=headers,
        notes=tuple(dict.fromkeys(content.notes)),
    )


# --- headers -------------------------------------------------------------------------------


def _raw_items(part: Part) -> Iterator[tuple[str, str]]:
    """Header pairs as they came; the public `items()` would already guess at 8-bit values."""
    for name, value in part.raw_items():
        yield name, str(value)


def _raw_all(part: Part, name: str) -> list[str]:
    wanted = name.lower()
    return [value[:MAX_HEADER] for key, value in _raw_items(part) if key.lower() == wanted]


def _raw(part: Part, name: str) -> str:
    wanted = name.lower()
    return next((value[:MAX_HEADER] for key, value in _raw_items(part) if key.lower() == wanted), "")


def _ids(raw: str) -> tuple[str, ...]:
    text = charsets.header_text(raw)
    found = re.findall(r"<\s*([^<>]{1,998}?)\s*>", text) or [word for word in text.split() if "@" in word]
    if not found and text and " " not in text:
        found = [text]
    return tuple(dict.fromkeys(re.sub(r"\s+", "", item) for item in found[:MAX_HEADERS]))


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


_PARAMETER = re.compile(r""";\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)""", re.S)
_CONTINUED = re.compile(r"^([^*]+)\*(\d+)?(\*)?$")


def _parameters(raw: str) -> dict[str, str]:
    """Parameters of a MIME header (RFC 2231 with its continuations, RFC 2047 against the rules)."""
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for found in _PARAMETER.finditer(";" + raw.partition(";")[2]):
        name, value = found[1].lower(), found[2].strip()
        if value.startswith('"'):
            value = re.sub(r'\\(["\\])', r"\1", value[1:].removesuffix('"'))
        part = _CONTINUED.match(name)
        if part:
            extended = bool(part[3]) or part[2] is None
            pieces.setdefault(part[1], []).append((int((part[2] or "0")[:6]), extended, value))
        else:
            plain.setdefault(name, charsets.header_text(value))
    return plain | {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    charset, data = "", b""
    for index, (_, extended, value) in enumerate(sorted(parts, key=lambda piece: piece[0])):
        if index == 0 and extended and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        raw = value.encode("utf-8", "surrogateescape")
        data += _percent(raw) if extended else raw
    return charsets.clean(charsets.words(charsets.decode(data, charset)))


def _percent(data: bytes) -> bytes:
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), data)


def _content_type(part: Part) -> str:
    raw = charsets.header_text(_raw(part, "Content-Type")).partition(";")[0].strip().lower()
    found = re.match(r"([\w.+-]+)\s*/\s*([\w.+-]+)", raw)
    if found:
        return f"{found[1]}/{found[2]}"
    return "text/html" if raw == "html" else "text/plain"


def _encoding(part: Part) -> str:
    found = re.search(r"[\w-]+", _raw(part, "Content-Transfer-Encoding"))
    return found[0].lower() if found else ""


def _file_name(part: Part) -> str:
    name = (
        _parameters(_raw(part, "Content-Disposition")).get("filename")
        or _parameters(_raw(part, "Content-Type")).get("name")
        or ""
    )
    return re.sub(r"\s+", " ", name).strip()


_MAILS = {"message/rfc822", "message/global"}


# --- content -------------------------------------------------------------------------------


@dataclass
class _Content:
    """What the walk over the parts gathers."""

    runs: _Runs
    texts: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    muted: bool = False  # a better version of the text is known
    fallback: list[str] = field(default_factory=list)  # named text parts, shown where no other text is
    charset: str = ""
    parts: int = 0

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
        kind = _content_type(part)
        self._remark(part, kind)
        if kind in _MAILS and depth < MAX_DEPTH:
            self._forwarded(part, depth)
        elif depth >= MAX_DEPTH or (part.is_multipart() and kind.startswith("message/")):
            self._attach(part, kind, charsets.transfer_decode(self._whole_body(part), _encoding(part)), related)
        elif part.is_multipart():
            self._multipart(part, kind, depth)
        elif kind.startswith("multipart/"):
            self._unsplit(part, kind, depth)
        else:
            self._leaf(part, kind, related, depth)

    def _whole_body(self, part: Part) -> bytes:
        """The bytes below the part's own headers, whatever the parser made of them."""
        if not part.is_multipart():
            return self.runs.whole(_payload(part))
        out = io.BytesIO()
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(part)
        head, found, body = out.getvalue().partition(b"\n\n")
        return self.runs.whole(body if found else head, b"\n")

    def _remark(self, part: Part, kind: str) -> None:
        """Note what the office cannot read or should know."""
        smime = _parameters(_raw(part, "Content-Type")).get("smime-type", "").lower()
        if kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
            self.notes.append(OPAQUE_SMIME if "signed" in smime else ENCRYPTED_SMIME)
        note = {
            "multipart/encrypted": ENCRYPTED_PGP,
            "multipart/signed": SIGNED,
            "text/calendar": CALENDAR,
            "application/ms-tnef": TNEF,
            "application/vnd.ms-tnef": TNEF,
            "message/external-body": EXTERNAL,
            "message/partial": PARTIAL,
        }.get(kind)
        if note:
            self.notes.append(note)

    def _multipart(self, part: Part, kind: str, depth: int) -> None:
        children = _children(part)
        if kind == "multipart/alternative":
            self._alternative(children, depth)
            return
        for child in children:
            self.take(child, depth + 1, kind == "multipart/related")

    def _alternative(self, children: list[Part], depth: int) -> None:
        """Keep the plain version's text, or the HTML's where the plain one says nothing."""
        versions: list[tuple[str, list[str]]] = []
        outer, muted = self.texts, self.muted
        for child in children:
            self.texts = []
            self.take(child, depth + 1)
            kind = _content_type(child)
            versions.append((kind, self.texts))
            # The other versions are still looked through for files; their words would not be used.
            self.muted |= kind == "text/plain" and any(map(str.strip, self.texts)) and not _refers(self.texts[0])
        self.texts, self.muted = outer, muted
        spoken = [(kind, texts) for kind, texts in versions if any(map(str.strip, texts))]
        plain = [texts for kind, texts in spoken if kind == "text/plain"]
        rich = [texts for kind, texts in spoken if kind != "text/plain"]
        if plain and rich and _stub("".join(plain[0]), "".join(rich[0])):
            plain = []
        self.texts += next(iter(plain or rich), [])

    def _unsplit(self, part: Part, kind: str, depth: int) -> None:
        """A multipart whose declared boundary never came: use the one that did."""
        body = _payload(part)
        found = re.search(rb"(?m)^--([^\s].{0,120}?)[ \t]*\r?\n(?=content-[a-z-]+:)", body, re.I)
        if found and depth < MAX_DEPTH:
            boundary = found[1].decode("ascii", "replace").replace('"', "")
            head = f'Content-Type: {kind}; boundary="{boundary}"\n\n'.encode("ascii", "replace")
            again = email.message_from_bytes(head + body, Part)
            if again.is_multipart():
                self._multipart(again, kind, depth + 1)
                return
        self._leaf(part, "text/plain", False, depth)

    def _leaf(self, part: Part, kind: str, related: bool, depth: int) -> None:
        disposition = _raw(part, "Content-Disposition").partition(";")[0].strip().lower()
        shown = kind in {"text/plain", "text/html", "text/enriched", "text/richtext"}
        named = bool(_file_name(part))
        body_like = shown and (depth == 0 or not (named or disposition == "attachment"))
        data = charsets.transfer_decode(self.runs.whole(_payload(part)), _encoding(part))
        if body_like and not (depth == 0 and disposition == "attachment"):
            self._show(part, kind, data)
        else:
            self._attach(part, kind, data, related)
            if shown and disposition != "attachment":
                self.fallback.append(self._readable(part, kind, data))

    def _show(self, part: Part, kind: str, data: bytes) -> None:
        if self.muted:
            return
        text = self._readable(part, kind, data)
        if "-----BEGIN PGP MESSAGE-----" in text:
            self.notes.append(ENCRYPTED_PGP)
        self.texts.append(self._without_uuencoded(text) if kind == "text/plain" else text)

    def _readable(self, part: Part, kind: str, data: bytes) -> str:
        declared = _parameters(_raw(part, "Content-Type")).get("charset", "")
        if kind == "text/html" and charsets.codec(declared) is None:
            declared = _meta_charset(data) or declared
        self.charset = self.charset or declared
        text = charsets.clean(charsets.decode(data, declared)).replace("\r\n", "\n").replace("\r", "\n")
        if kind == "text/html":
            return markup.to_text(text)
        return _unflowed(text, part) if kind == "text/plain" else re.sub(r"<[^<>]{0,200}>", "", text)

    def _without_uuencoded(self, text: str) -> str:
        """Files that old mailers wrote into the text, taken out of it."""

        def take(found: re.Match[str]) -> str:
            lines = found[2].encode("ascii", "replace").splitlines()
            data = b"".join(charsets.uu_lines(lines))
            self._add(found[1].strip(), "application/octet-stream", data, False, "")
            return ""

        if "\nend" not in text:
            return text
        return re.sub(r"(?m)^begin [0-7]{3,4} ([^\n]{1,200})\n((?:[ -`]{1,62}\n)+)end[ \t]*$", take, text)

    def _attach(self, part: Part, kind: str, data: bytes, related: bool) -> None:
        disposition = _raw(part, "Content-Disposition").strip().lower()
        content_id = next(iter(_ids(_raw(part, "Content-ID"))), "")
        inline = disposition.startswith("inline") or (
            not disposition.startswith("attachment") and bool(content_id) and related
        )
        self._add(_file_name(part), kind, data, inline, content_id)

    def _add(self, name: str, declared: str, data: bytes, inline: bool, content_id: str) -> None:
        kind = sniff(data, declared, name)
        if not name:
            extension = ".eml" if kind == "message/rfc822" else mimetypes.guess_extension(kind) or ".bin"
            name = f"lampiran-{len(self.attachments) + 1}{extension}"
        if name.lower() == "winmail.dat":
            self.notes.append(TNEF)
        self.attachments.append(Attachment(name, kind, data, inline, content_id))

    def _forwarded(self, part: Part, depth: int) -> None:
        """A mail inside this one: kept as a file named by its subject, its text shown below a rule."""
        data = charsets.transfer_decode(self._whole_body(part), _encoding(part))
        inner, notes = _parsed(_trimmed(self.runs.cut(data)))
        nested = _Content(self.runs, notes=notes, parts=self.parts)
        nested.take(inner, depth + 1)
        self.parts = nested.parts
        message = _message(inner, nested)
        title = re.sub(r'[\\/:*?"<>|]+', "_", message.subject)[:100].strip() or "pesan"
        name = _file_name(part) or f"{title}.eml"
        self.attachments.append(Attachment(name, "message/rfc822", data, False, ""))
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


def _children(part: Part) -> list[Part]:
    payload = part.raw_payload()
    return [child for child in payload if isinstance(child, Part)] if isinstance(payload, list) else []


def _payload(part: Part) -> bytes:
    payload = part.raw_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _stub(plain: str, rich: str) -> bool:
    """Whether the plain version only says that one should read the HTML."""
    return len(rich) > 3 * len(plain) and _refers(plain)


def _refers(plain: str) -> bool:
    """Whether a plain version may do no more than refer to another one."""
    return len(plain) < 400 and bool(re.search(r"(?i)\bhtml\b|klien email|email client|mail reader", plain))


def _meta_charset(data: bytes) -> str:
    found = re.search(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]{1,40})""", data[:4_096], re.I)
    return found[1].decode("ascii", "replace") if found else ""


def _unflowed(text: str, part: Part) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676)."""
    parameters = _parameters(_raw(part, "Content-Type"))
    if parameters.get("format", "").lower() != "flowed":
        return text
    glue = "" if parameters.get("delsp", "").lower() == "yes" else " "
    lines: list[str] = []
    soft = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        if soft and not quoted and line not in {"-- ", "--"}:
            lines[-1] += line.removeprefix(" ")
        else:
            lines.append(line if quoted else line.removeprefix(" "))
        soft = line.endswith(" ") and not quoted and line != "-- "
        if soft:
            lines[-1] = lines[-1].rstrip(" ") + glue
    return "\n".join(lines)
