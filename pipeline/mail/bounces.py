"""Which recipients a delivery failure names.

Hides RFC 3464 and the free-text reports of mail servers old and new: own reading of the
report first, then of the words above the returned mail, never a guess from the mail itself
unless nothing else is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipeline.mail import addresses, charsets
from pipeline.mail.message import FORWARDED, Attachment, Message

MAX_FAILURES = 200
MAX_LINE = 600
MAX_SCAN = 40_000  # characters of explanation that are searched

STATUS_PARTS = {"message/delivery-status", "message/global-delivery-status"}
_NAMES_RECIPIENT = {"original-recipient", "final-recipient"}
_ARRIVED = {"delivered", "relayed", "expanded"}


@dataclass(frozen=True)
class Failure:
    """One recipient that a mail of ours did not reach (yet, where `permanent` is False)."""

    recipient: str
    status: str
    permanent: bool
    original_message_id: str
    diagnostic: str


@dataclass(frozen=True)
class Report:
    """One group of a delivery-status part: lower-case field names and their values."""

    fields: dict[str, str]

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def action(self) -> str:
        return self.get("action").split(" ", 1)[0].strip().lower()

    @property
    def recipient(self) -> str:
        return _typed_address(self.get("original-recipient")) or _typed_address(
            self.get("final-recipient")
        )


def reports(message: Message) -> list[Report]:
    """Per-recipient groups of every delivery-status part (RFC 3464)."""
    found: list[Report] = []
    for attachment in message.attachments:
        if attachment.content_type in STATUS_PARTS:
            found += [
                group
                for group in _groups(attachment.content)
                if group.get("final-recipient")
                or group.get("original-recipient")
                or group.get("action")
            ]
    return found


def _groups(content: bytes) -> Iterator[Report]:
    text = charsets.decode(content[:500_000]).replace("\r\n", "\n")
    for block in re.split(r"\n(?:[ \t]*+\n)++", text)[: MAX_FAILURES * 2]:
        unfolded = re.sub(r"\n[ \t]+", " ", block.strip("\n"))
        fields: dict[str, str] = {}
        for name, value in re.findall(r"(?m)^([A-Za-z-]{1,60})[ \t]*:[ \t]*(.*)$", unfolded):
            if name.lower() in fields and name.lower() in _NAMES_RECIPIENT:
                yield Report(fields)  # a server that leaves out the blank line between its groups
                fields = {}
            fields.setdefault(name.lower(), charsets.header_text(value))
        yield Report(fields)


def _typed_address(value: str) -> str:
    """The address of `rfc822; user@example.org`; other address types name no mailbox."""
    kind, found, rest = value.partition(";")
    text = rest if found else value
    if found and kind.strip().lower().startswith(("x400", "x.400", "x-400")):
        return ""
    email = re.search(r"(?<![^\s<>@,;:()])[^\s<>@,;:()]++@[^\s<>@,;:()]++", text)
    return addresses.usable(email[0].strip("<>\"'.")) if email else ""


def from_reports(found: Iterable[Report], original: str) -> list[Failure]:
    """Failures that the report itself states; deliveries and relays are none."""
    failures: dict[str, Failure] = {}
    for report in found:
        status = (re.search(r"[245]\.\d{1,3}\.\d{1,3}", report.get("status")) or [""])[0]
        if report.action in _ARRIVED or status.startswith("2") or not report.recipient:
            continue
        permanent = report.action == "failed" or (
            report.action != "delayed" and not status.startswith("4")
        )
        diagnostic = re.sub(r"\s+", " ", report.get("diagnostic-code"))[:500]
        failures.setdefault(
            report.recipient.lower(),
            Failure(report.recipient, status, permanent, original, diagnostic),
        )
    return list(failures.values())


# --- the returned mail --------------------------------------------------------------------

_HEADERS_OF_RETURNED = (
    "text/rfc822-headers",
    "message/rfc822",
    "message/global",
    "message/global-headers",
    "text/global-headers",
)
_ORIGINAL_LINE = re.compile(r"(?im)^[ \t>|]*(?:x-)?(?:original-)?message-id:\s*<([^<>\s]{3,250})>")


def original_id(message: Message) -> str:
    """The Message-ID of the mail that came back, without brackets; "" where it is not told."""
    returned = [a for a in message.attachments if a.content_type in _HEADERS_OF_RETURNED]
    others = [
        a
        for a in message.attachments
        if a.content_type.startswith("message/") and a not in returned
    ]
    for attachment in [*returned, *others]:
        found = _id_in(attachment)
        if found:
            return found
    line = _ORIGINAL_LINE.search(message.text)
    return line[1] if line else next(iter(message.in_reply_to[-1:] or message.references[-1:]), "")


def _id_in(attachment: Attachment) -> str:
    text = charsets.decode(attachment.content[:100_000]).replace("\r\n", "\n")
    head = re.sub(r"\n[ \t]+", " ", text)
    line = _ORIGINAL_LINE.search(head)
    return line[1] if line else ""


# --- words above the returned mail ----------------------------------------------------------

_CUT = re.compile(
    r"(?im)^[ \t>|]*(?:"
    + re.escape(FORWARDED)
    + r"|[-=*_~#+ ]*(?:below this line|this is a copy|the body of (?:the|your) message|copy of (?:the|your)"
    r"|original message|returned (?:message|mail)|message (?:header|text|follows)|header of the source"
    r"|(?:the )?(?:header|first \d+ lines|beginning) of (?:the )?(?:original|message|your)"
    r"|unsent message|undelivered message|rejected message|start of|included is|here is)[^\n]{0,120}"
    r"|received:[ \t]+(?:from|by|\()[^\n]*|return-path:[ \t]*<[^\n]*"
    r")$"
)
_ADDRESS = re.compile(r"""[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+""")
_SERVER = re.compile(r"(?i)^(?:mailer-?daemon|mdaemon|postmaster|postmaster-\w+)@")
# Where reports send their reader for help; a failed recipient only where nobody else is named.
_HELP = re.compile(
    r"(?i)^(?:abuse|noreply|no-reply|root|hostmaster|support|help|helpdesk|info-?desk|sysadmin"
    r"|admin(?:istrator)?|mail-?admin)@"
)
_LEAD = re.compile(
    "|".join(
        (
            r"(?:following|these|affected|intended)\s{1,9}(?:list of\s{1,9})?(?:e?-?mail\s{1,9})?"
            r"(?:recipients?|address(?:es)?|users?|person|people|destinations?|groups?)",
            r"(?:not|could ?n.t)\s{1,9}(?:be\s{1,9})?(?:delivered|sent)\s{1,9}to\s{0,9}:",
            r"did not reach",
            r"undeliverable to the following",
            r"addresses failed",
            r"failed recipient\(s\)\s{0,9}:",
            r"address to which the message has not yet been",
            # other languages
            r"(?:penerima|alamat|grup)(?: e-?mail)?(?: atau grup)? (?:berikut|di bawah|ini)",
            r"(?:folgenden? empfänger|an folgende)",
            r"destinataires? (?:ou groupes[^\n:]{0,40})?(?:suivant|ci-dessous)",
            r"(?:destinatarios?|grupos)[^\n:]{0,20} siguientes",
            r"(?:estes|seguintes) (?:destinatários|endereços)",
            r"destinatari[^\n:]{0,20} seguenti",
            r"(?:deze|volgende) (?:geadresseerden|ontvangers)",
            r"следующим получателям",
            r"(?:以下|下列)(?:の|的)?(?:收件人|地址|メールアドレス|宛先)",
            r"(?:下記|次)の(?:メールアドレス|宛先|受信者)",
        )
    ),
    re.I,
)
_LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
_AT = r"@[^\s<>@:;,()\[\]\"'|：，。；（）]+"
_A = rf"<?(?P<a>{_LOCAL}{_AT})>?"
_MAILBOX = (
    r"(?:recipients?|addressee|address|mailbox|e-?mail|user|destinataire|penerima|收件人|宛先)"
)


def _line(*shapes: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(shape, re.I | re.M) for shape in shapes)


# An address that leads its line, as in a list, with the reason behind it or on the next line.
_LISTED = re.compile(
    r"^(?P<indent>[ \t]*)(?:[*>-]{1,3}[ \t]+)?"
    # a name before it, and the X.400 address of Exchange
    r"(?:[^\s@<>:]{1,40}[ \t]+(?=<)|c=[^@\n]{0,200}?\bsmtp[=:]|\[?smtp:)?"
    rf"[<\"'\[(]{{0,2}}{_A}[>\"'\])]{{0,2}}(?:<mailto:[^<>\s]{{1,250}}>|[ \t]?\([^()\n]{{0,200}}\))?"
    r"[ \t.,;]{0,9}(?:$|:(?!\S*//)|on\b|\(|\[|-|\.\.\.)",
    re.I | re.M,
)
_ORIGINALLY = _line(
    rf"^[ \t]*original[- ](?:recipient|address)[ \t]*:[ \t\n]*(?:rfc822;[ \t]*)?{_A}"
)
_LABELLED = _line(
    rf"^[ \t]*(?:final[- ]|original[- ]|failed[- ]|intended[- ])?(?:{_MAILBOX}|to|addressed to|rcpt to|kepada)"
    rf"(?: address)?(?:\(s\))?[ \t]*[:：][ \t]*(?:rfc822;|\[?smtp:)?[ \t]*{_A}",
)
_GENERATED = _line(rf"\(generated from {_A}\)", rf"^[ \t]+generated by {_A}")
_SENTENCES = _line(
    # "User unknown: a@b", "Quota violation for a@b", "Could not be delivered to: <a@b>"
    r"(?:unknown|undeliverable|fail(?:ed|ure|s)?|deliver(?:ed|ing|y)?|not exist|rejected|disabled|full"
    r"|exceed(?:ed|s)|quota|userid|not (?:be )?found|tidak (?:dapat|ditemukan)|terkirim)\b[^\n@:]{0,60}?"
    # the address may stand on the next line only where the words lead to it
    r"(?:[ \t]*:?[ \t]{0,3}|(?:\b(?:to|for|user|mailbox|address|recipient|ke|kepada|untuk)\b[ \t]*:?|:)[ \t\n]{0,9})"
    rf"['\"]?{_A}",
    rf"\byour (?:e-?mail|message|mail) to:?[ \t\n]{{0,3}}{_A}",
    rf"\bmailing list:?[ \t]{_A}",
    rf"(?:メールアドレス|収件人|收件人|地址)[^\n@]{{0,20}}?{_A}",
)
_TRANSCRIPT = _line(
    rf"\b[45]\d\d\b[^\n@]{{0,60}}?{_A}(?=\W*(?:\.\.\.|[ \t]))",
    rf"rcpt to:[ \t]*{_A}",
)
_LEADING = _line(rf"^[ \t]*{_A}[ \t]+\S.*$")

_SENDER_SIDE = re.compile(
    r"(?i)\b(?<!generated )(?:mail )?(?:from|by|sender|return-path|contact|e-?mail us at|reply-to"
    r"|via)\b[ \t]*:?[ \t=]*(?:the |address |user |sender )?"
    r"<?(?:mailto:)?[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+>?"
)
_EXPANDED = re.compile(rf"(?i)\(expanded from:?\s*{_A}\)")
_STILL_TRYING = re.compile(
    "|".join(
        (
            r"not yet been delivered",
            r"still being retried",
            r"will be retried",
            r"warning (?:message )?only",
            r"do not need to re-?send",
            r"delivery attempts will continue",
            r"will (?:continue|keep) (?:to )?try",
            r"only a temporary failure",
            r"has been delayed",
            # Bahasa Indonesia and Malay
            r"(?<!tidak )\bakan (?:terus |tetap )?(?:(?:men)?coba|(?:men)?cuba|dicoba|dicuba|mengulang|diulang)",
            r"masih (?:akan )?(?:terus )?(?:(?:men|di)coba|(?:men|di)cuba)",
            r"tidak perlu (?:mengirim|dikirim|kirim|menghantar)(?:kan|nya)? (?:ulang|lagi|kembali|semula)",
        )
    ),
    re.I,
)
_WARNING = re.compile(
    r"(?i)\b(?:warning|delayed?|not yet been|still (?:being )?(?:retr|try)|will (?:be )?retr"
    r"|temporar(?:y|ily)|transient"
    r"|tertunda|ditunda|ditangguh|tertangguh|sementara"
    r"|belum (?:(?:dapat|bisa|boleh) )?(?:ter|di)?(?:kirim|sampai|hantar))"
)
_FINAL = re.compile(
    r"(?i)\b(?:permanent|giv(?:e|en|ing) up|fatal|unknown|undeliverable|no such|does ?n[o']t exist"
    r"|failure\)|permanen|kekal|menyerah|dihentikan"
    r"|tidak (?:dikenal|ditemukan|wujud|dijumpai)|tidak akan (?:dicoba|mencoba|dicuba|mencuba))"
)


def _shortened(text: str) -> str:
    """The part that is searched, without long lines and runs: searching those is quadratic."""
    narrow = re.sub(r"\S{300,}", " ", text[:MAX_SCAN])
    narrow = re.sub(r"[ \t]{30,}", " " * 8, narrow)
    narrow = re.sub(r"\n{5,}", "\n\n\n", narrow)
    return "\n".join(line[:MAX_LINE] for line in narrow.split("\n"))


def explanation(message: Message) -> str:
    """The server's own words: the text up to the returned mail."""
    text = _shortened(message.text)
    for cut in _CUT.finditer(text):
        above = text[: cut.start()]
        if above.strip():
            return above
    return text


def returns_a_mail(message: Message) -> bool:
    """Whether another mail, or its headers, comes back with this one."""
    attached = any(
        attachment.content_type in _HEADERS_OF_RETURNED for attachment in message.attachments
    )
    return attached or bool(_CUT.search(_shortened(message.text)))


def from_words(message: Message, own: frozenset[str]) -> list[Failure]:
    """Failures read from a report in free text."""
    words = explanation(message)
    skip = _not_meant(message, own)
    found = (
        _header_recipients(message)
        or _named(words, skip)
        or _first(_LISTS, _blamed(_below_lead(message.text), skip), skip)
    )
    found = found or _bare_names(message, words) or _returned_to(message, words, skip)
    permanent = not _is_delay(message.subject + "\n" + words)
    status = (re.search(r"\b[45]\.\d{1,2}\.\d{1,2}\b", words) or [""])[0]
    diagnostic = _diagnostic(words)
    original = original_id(message)
    return [
        Failure(email, status, permanent, original, diagnostic) for email in found[:MAX_FAILURES]
    ]


def _not_meant(message: Message, own: frozenset[str]) -> frozenset[str]:
    """Addresses that stand in a report without having failed: its writer and its reader."""
    people = [
        *message.to,
        *message.cc,
        *message.reply_to,
        *([message.sender] if message.sender else []),
    ]
    return frozenset(person.email.lower() for person in people) | frozenset(o.lower() for o in own)


def _is_delay(words: str) -> bool:
    if _STILL_TRYING.search(words):
        return True
    return _WARNING.search(words) is not None and not _FINAL.search(words)


def _named(words: str, skip: frozenset[str]) -> list[str]:
    """Addresses that the words blame, first below their "following recipients", then anywhere."""
    found = _first(_BELOW_LEAD, _blamed(_below_lead(words), skip), skip)
    if not found:
        found = _first(_WITHOUT_LEAD, _blamed(words, skip), skip)
    if not found:
        return []
    expanded = [match["a"] for match in _EXPANDED.finditer(words)]
    return _unique([*found, *expanded], skip)


def _blamed(words: str, skip: frozenset[str]) -> str:
    """The words without the addresses of those who write, read or relay the report."""

    def unless_skipped(found: re.Match[str]) -> str:
        return " " if found[0].lower() in skip else found[0]

    return _ADDRESS.sub(unless_skipped, _SENDER_SIDE.sub(" ", words))


def _below_lead(text: str) -> str:
    text = _shortened(text)
    lead = _LEAD.search(text)
    return text[lead.start() :] if lead else ""


def _bare_names(message: Message, words: str) -> list[str]:
    """Mailbox names without a domain, which stand for users of the reporting server."""
    domain = message.sender.email.partition("@")[2] if message.sender else ""
    below = _below_lead(words).partition("\n")[2]
    names = re.findall(
        r"(?m)^[ \t]+([A-Za-z0-9][\w.+-]{1,63})[ \t]*(?:\([^()\n]{1,80}\))?[ \t]*$", below
    )
    return _unique(f"{name}@{domain}" for name in names) if domain else []


def _header_recipients(message: Message) -> list[str]:
    values = [*message.all("X-Failed-Recipients"), *message.all("X-Failed-Recipient")]
    return _unique(address.email for value in values for address in addresses.parse(value))


def _unique(found: Iterable[str], skip: frozenset[str] = frozenset()) -> list[str]:
    kept: dict[str, str] = {}
    for raw in found:
        bare = raw.partition("...")[0].strip(".'\"`")
        email = addresses.usable(re.sub(r"(?i)^(?:\w+:)?smtp[=:]", "", bare))
        if re.match(r"\W+@", email):
            continue  # a service that hides the mailbox: ****@surel.example
        if (
            email
            and "." in email.partition("@")[2]
            and email.lower() not in skip
            and not _SERVER.match(email)
        ):
            kept.setdefault(email.lower(), email)
    return list(kept.values())


def _listed(words: str) -> list[str]:
    """The entries of a list of recipients; what is indented otherwise is the reason for one."""
    return _entries(_LISTED.finditer(words))


def _listed_with_reason(words: str) -> list[str]:
    """The same where each address stands before a colon, as in the reports of qmail and Postfix."""
    return _entries(entry for entry in _LISTED.finditer(words) if entry[0].endswith(":"))


def _entries(found: Iterable[re.Match[str]]) -> list[str]:
    entries = list(found)
    return [entry["a"] for entry in entries if entry["indent"] == entries[0]["indent"]]


_Finder = Callable[[str], list[str]]


def _by(*patterns: re.Pattern[str]) -> tuple[_Finder, ...]:
    def finder(pattern: re.Pattern[str]) -> _Finder:
        return lambda words: [found["a"] for found in pattern.finditer(words)]

    return tuple(finder(pattern) for pattern in patterns)


def _anywhere(words: str) -> list[str]:
    return [found[0] for found in _ADDRESS.finditer(words)]


_LISTS: tuple[_Finder, ...] = (*_by(*_ORIGINALLY), _listed, *_by(*_LABELLED, *_GENERATED))
_TELLING: tuple[_Finder, ...] = _by(*_SENTENCES, *_TRANSCRIPT)
_LOOSE: tuple[_Finder, ...] = (*_by(*_LEADING), _anywhere)
_BELOW_LEAD = (*_LISTS, *_TELLING, *_LOOSE)
_WITHOUT_LEAD = (*_by(*_ORIGINALLY), _listed_with_reason, *_TELLING, *_LISTS, *_LOOSE)


def _first(finders: Iterable[_Finder], words: str, skip: frozenset[str]) -> list[str]:
    """What the first finder finds that finds a recipient; a help desk's address only where nobody else is named."""
    help_desks: list[str] = []
    for find in finders if words else ():
        kept = _unique(find(words), skip)
        named = [email for email in kept if not _HELP.match(email)]
        if named:
            return named
        if find not in _LOOSE:
            help_desks = help_desks or kept
    return help_desks


def _returned_to(message: Message, words: str, skip: frozenset[str]) -> list[str]:
    """Last resort: whom the returned mail was addressed to."""
    returned = message.text[len(words) : MAX_SCAN * 2]
    for attachment in message.attachments:
        if attachment.content_type in _HEADERS_OF_RETURNED:
            returned = charsets.decode(attachment.content[:50_000]).replace("\r\n", "\n")
            break
    line = re.search(r"(?im)^[ \t>|]*to:[ \t]*([^\n]+(?:\n[ \t]+[^\n]+)*)", returned)
    return _unique((a.email for a in addresses.parse(line[1])), skip) if line else []


def _diagnostic(words: str) -> str:
    line = re.search(
        r"(?m)^.*\b[45]\d\d[ -].*$|^.*(?:unknown|quota|full|rejected|does not exist"
        r"|no such).*$",
        words,
        re.I,
    )
    return re.sub(r"\s+", " ", line[0]).strip()[:500] if line else ""
