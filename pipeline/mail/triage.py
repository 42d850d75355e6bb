"""What kind of mail this is, before anybody is asked to act on it.

Hides the marks of robots: loops, delivery reports, automatic answers, lists, spam filters.
The first rule that matches wins; each verdict carries the reason that the clerk reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.mail import bounces
from pipeline.mail.bounces import Failure
from pipeline.mail.message import Message

__all__ = ["LOOP_HEADER", "Failure", "Kind", "Verdict", "classify"]

LOOP_HEADER = "X-Aduan-Loop"  # stands in every mail that the program sends


class Kind(StrEnum):
    """Who, or what, wrote a mail."""

    OWN = "own"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    LIST = "list"
    SPAM = "spam"
    PERSON = "person"


@dataclass(frozen=True)
class Verdict:
    """The kind, why (Bahasa Indonesia), and for a bounce whom the mail did not reach."""

    kind: Kind
    reason: str
    failures: tuple[Failure, ...] = ()


def classify(message: Message, *, own_addresses: frozenset[str], raw: bytes | None = None) -> Verdict:
    """Tell a person's mail from all else. `raw` is not needed: the reports are in the message."""
    own = frozenset(address.lower() for address in own_addresses)
    rules: tuple[Callable[[], Verdict | None], ...] = (
        lambda: _own(message, own),
        lambda: _report(message, own),
        lambda: _daemon(message, own),
        lambda: _automatic_header(message),
        lambda: _automatic_subject(message),
        lambda: _null_path(message, own),
        lambda: _worded(message, own),
        lambda: _list(message),
        lambda: _spam(message),
    )
    verdicts = (rule() for rule in rules)
    return next((v for v in verdicts if v), Verdict(Kind.PERSON, "Surat dari orang."))


# --- own ----------------------------------------------------------------------------------


def _own(message: Message, own: frozenset[str]) -> Verdict | None:
    if message.header(LOOP_HEADER):
        return Verdict(Kind.OWN, "Surat ini dikirim oleh sistem ini sendiri dan kembali lagi.")
    if message.sender and message.sender.email.lower() in own:
        return Verdict(Kind.OWN, "Pengirimnya adalah alamat kantor ini sendiri.")
    return None


# --- bounces ------------------------------------------------------------------------------

_DAEMON = re.compile(
    r"(?i)^(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mail[-_.]delivery|mail-?er"
    r"|bounces?|mmdf|imss|mailadm(?:in)?|mail-?system|mailsystem|mailmaster|\S*daemon)\b"
)
_DAEMON_NAME = re.compile(
    r"(?i)mail(?:er)?[ -]?(?:delivery|daemon|administrator)|delivery (?:sub)?system|^postmaster"
    r"|system administrator|mail system|mailer-daemon|sistem pengiriman surat"
)
_BOUNCE_SUBJECT = re.compile(
    r"(?i)undeliver|returned (?:mail|to sender)|returning message|(?:delivery|mail) (?:status|system"
    r"|failure|failed"
    r"|problem|report|warning|error)|(?:failure|failed) (?:notice|delivery|mail)|delivery (?:has )?(?:been )?"
    r"(?:failed|failure|delayed|notification)|mail (?:could )?not (?:be )?deliver|message (?:delayed"
    r"|not delivered"
    r"|could not be delivered)|could not be delivered|not delivered|non remis|unzustellbar|delayed mail"
    r"|warning: message|user unknown|unknown user|nondeliverable|non-deliver|processing error|mail error"
    r"|automatically rejected|delivery rejected|blocked message|message blocked"
    r"|surat tidak (?:dapat )?(?:di)?kirim"
    r"|gagal (?:di)?kirim|pengiriman gagal|pesan tidak terkirim|tidak terkirim|tidak dapat dikirim"
)
_BOUNCE_WORDS = re.compile(
    r"(?i)(?:could ?n[o']t|can ?n[o']t|(?:was |am |been )?(?:un)?able to|was not|not (?:been )?"
    r"|did not) ?(?:be )?"
    r"(?:deliver|reach the recipient|sent)|undeliver|delivery (?:has )?(?:to the following|failed|failure"
    r"|attempt"
    r"|status|error)|returned (?:to (?:sender|you)|undelivered)|user (?:is )?(?:unknown|not known"
    r"|not found|doesn)"
    r"|unknown (?:user|recipient|address|local)|no such (?:user|address|recipient|mailbox|person)"
    r"|(?:mailbox|quota|account|inbox) (?:is |was |has |size |limit )*(?:full|exceeded|disabled|unavailable)"
    r"|over quota|exceeded.{0,30}quota|(?:this is a )?permanent (?:fatal )?error|i'?ve given up|giving up"
    r"|message (?:that you sent )?(?:has not yet been|could not|was (?:automatically )?rejected"
    r"|was undeliverable)"
    r"|failed (?:recipient|address|to deliver)|address(?:es|\(es\))? (?:had|failed|were|not found)"
    r"|recipients? (?:was|were|is) (?:rejected|not)|(?:host|domain) (?:unknown|not found)"
    r"|delivery (?:was )?delayed"
    r"|\b[45]\.\d\.\d{1,2}\b|\b55[0-4][ -]|tidak dapat (?:di)?(?:kirim|sampai)|gagal (?:di)?kirim"
    r"|tidak terkirim"
    r"|alamat (?:email )?tidak ditemukan|kotak surat penuh|non remis|n'a pas pu|unzustellbar|konnte nicht"
)


def _report(message: Message, own: frozenset[str]) -> Verdict | None:
    """A delivery report by its form: RFC 3464, or the header of Exim and Google."""
    reports = bounces.reports(message)
    failures = bounces.from_reports(reports, bounces.original_id(message))
    kind = message.header("Content-Type").lower()
    is_report = "delivery-status" in kind and "report" in kind
    if reports and not failures and all(r.action in {"delivered", "relayed", "expanded"} for r in reports):
        return Verdict(Kind.AUTO_REPLY, "Laporan server surat bahwa surat sudah sampai.")
    if failures or is_report:
        return _bounce("Laporan server surat (RFC 3464).", failures or bounces.from_words(message, own))
    if message.header("X-Failed-Recipients"):
        return _bounce("Laporan server surat (X-Failed-Recipients).", bounces.from_words(message, own))
    return None


def _daemon(message: Message, own: frozenset[str]) -> Verdict | None:
    """A report in free text from a mail server's own address."""
    if not _from_daemon(message):
        return None
    if _BOUNCE_SUBJECT.search(message.subject) or _BOUNCE_WORDS.search(bounces.explanation(message)):
        failures = bounces.from_words(message, own)
        return _bounce("Server surat memberitahukan bahwa surat tidak sampai.", failures)
    return None


def _from_daemon(message: Message) -> bool:
    raw = message.header("From").lstrip("<\"' ")
    email, name = (message.sender.email, message.sender.name) if message.sender else ("", "")
    return bool(
        _DAEMON.match(email)
        or _DAEMON.match(raw)
        or _DAEMON_NAME.search(name)
        or (not email and _DAEMON_NAME.search(raw))
    )


def _bounce(reason: str, failures: list[Failure]) -> Verdict:
    return Verdict(Kind.BOUNCE, reason, tuple(failures))


def _null_path(message: Message, own: frozenset[str]) -> Verdict | None:
    """An empty envelope sender: a robot that wants no answer (RFC 5321, 4.5.5)."""
    path = message.header("Return-Path").replace(" ", "")
    if path not in {"<>", "<MAILER-DAEMON>"}:
        return None
    words = bounces.explanation(message)
    if _BOUNCE_SUBJECT.search(message.subject) or len(_BOUNCE_WORDS.findall(words)) >= 2:
        failures = bounces.from_words(message, own)
        return _bounce("Pengirim amplopnya kosong dan isinya melaporkan kegagalan.", failures)
    return Verdict(Kind.AUTO_REPLY, "Pengirim amplopnya kosong (surat dari mesin).")


def _worded(message: Message, own: frozenset[str]) -> Verdict | None:
    """A report from an ordinary address: both subject and words must say so, and no person answers here."""
    robot = re.search(r"(?i)no-?reply|daemon|postmaster|antivirus|virus|mailscanner", message.header("From"))
    words = bounces.explanation(message)
    if (
        _BOUNCE_SUBJECT.search(message.subject)
        and _BOUNCE_WORDS.search(words)
        and (robot or not re.match(r"(?i)\s*(?:re|fwd?|bls|tr)\s*:", message.subject) or len(words) < 600)
    ):
        failures = bounces.from_words(message, own)
        if failures:
            return _bounce("Judul dan isinya melaporkan bahwa surat tidak sampai.", failures)
    return None


# --- automatic answers ----------------------------------------------------------------------

_AUTO_HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("Auto-Submitted", r"^(?!\s*no\b)\s*\S"),
        ("X-Autoreply", r"^(?!\s*(?:no|false)\b)\s*\S"),
        ("X-Autorespond", r"\S"),
        ("X-Autoresponder", r"\S"),
        ("X-Auto-Reply-From", r"\S"),
        ("X-Autogenerated", r"reply|mirror|forward"),
        ("X-Mail-Autoreply", r"\S"),
        ("X-MS-Exchange-Generated-Message-Source", r"(?!.*Journal)\S"),
        ("X-MS-Exchange-Inbox-Rules-Loop", r"\S"),
        ("X-Autoreply-From", r"\S"),
        ("X-Vacation", r"\S"),
        ("X-Apple-Action", r"vacation"),
        ("X-Precedence", r"auto[-_]?reply"),
        ("Precedence", r"auto[-_]?reply"),
        ("X-POST-MessageClass", r"autoresponder"),
        ("X-FC-MachineGenerated", r"true|yes"),
        ("Delivered-To", r"autoresponder"),
        ("Preference", r"auto_?reply"),
        ("X-Facebook-Notify", r"\S"),
        ("X-Boxtrapper", r"\S"),
        ("X-Notes-Autoreply", r"\S"),
        ("X-Zimbra-Auto-Reply", r"\S"),
        ("Content-Type", r"report-type=\"?(?:disposition-notification|feedback-report)"),
        ("X-OTRS-Loop", r"\S"),
        ("X-Zendesk-From-Account-Id", r"\S"),
        ("X-Auto-Response", r"\S"),
    )
)
_AUTO_SUBJECT = re.compile(
    r"(?i)^\W*(?:\[?auto(?:matic(?:ally)?|matische?|mated)?[- _]?"
    r"(?:reply|response|respond(?:er)?|antwort|answer|generated|message|acknowledg\w+)\b"
    r"|balas(?:an)? otomatis|jawab(?:an)? otomatis|pesan otomatis|respon(?:s)? otomatis|email otomatis"
    r"|surat otomatis|(?:saya )?(?:sedang|lagi) (?:cuti|di ?luar kantor|tidak (?:berada )?di (?:kantor"
    r"|tempat))\b"
    r"|(?:di ?luar kantor|tidak (?:berada )?di (?:kantor|tempat)|cuti)(?: \((?:sampai|hingga"
    r"|s\.?d\.?)[^)]*\))?"
    r"\s*(?::|$|[-–—]|sampai|hingga|s\.d\.|mulai tanggal)"
    r"|pemberitahuan (?:cuti|di luar kantor)|out[ -]of[ -](?:the[ -])?office|ooo\b"
    r"|away from (?:the |my )?(?:office|mail|email|desk)|(?:i am|i'm) (?:away|out|currently away"
    r"|on (?:leave|vacation))"
    r"|on (?:annual |maternity )?(?:leave|vacation|holiday)|vacation (?:reply|message|notice|response)"
    r"|away until"
    r"|abwesenheits\w*|automatische antwort|r[ée]ponse automatique|absen[ct]e? du bureau|message d'absence"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|risposta automatica|fuori (?:sede|ufficio)"
    r"|resposta autom[áa]tica|automatisch antwoord|afwezig|autosvar|odpowied[źz] automatyczna|автоответ"
    r"|自動(?:返信|応答)|不在通知|自动回复|자동 ?(?:응답|회신)"
    r"|tin nh[ắa]n t[ựu] đ[ộo]ng|tr[ảa] l[ờo]i t[ựu] đ[ộo]ng)"
)
_RECEIPT_SUBJECT = re.compile(
    r"(?i)^\s*(?:read|gelesen|lu|le[íi]do|dibaca|not read|tidak dibaca"
    r"|delivered)\s*:\s*\S"
)
_AUTO_WORDS = re.compile(
    r"(?i)\b(?:this is an? (?:automat(?:ed|ic)|auto-?generated)|automatically generated|do not reply to this"
    r"|please do not (?:directly )?reply|ini adalah (?:pesan|email|surat|balasan) otomatis"
    r"|(?:pesan|email|surat|balasan) ini (?:dikirim|dibuat|dihasilkan) (?:secara )?otomatis"
    r"|(?:mohon|harap|jangan) (?:untuk )?(?:tidak )?(?:membalas|balas) (?:ke )?(?:email|pesan|surat) ini"
    r"|i am (?:currently )?(?:out of (?:the )?office|on (?:annual )?leave|away)"
    r"|saya (?:sedang|saat ini) (?:cuti|di ?luar kantor|tidak (?:berada )?di (?:kantor|tempat)))"
)


_ROBOT_ADDRESS = re.compile(r"(?i)(?:no|do|dont|not|tidak)[-_.]?(?:not[-_.]?)?(?:reply|balas)|auto|notif|system|robot")


def _automatic_header(message: Message) -> Verdict | None:
    for name, pattern in _AUTO_HEADERS:
        if any(pattern.search(value) for value in message.all(name)):
            return Verdict(Kind.AUTO_REPLY, f"Balasan otomatis menurut kepala surat {name}.")
    return None


def _automatic_subject(message: Message) -> Verdict | None:
    if _AUTO_SUBJECT.search(message.subject):
        return Verdict(Kind.AUTO_REPLY, "Judulnya menyatakan balasan otomatis.")
    if _RECEIPT_SUBJECT.search(message.subject) and len(message.text) < 1_000:
        return Verdict(Kind.AUTO_REPLY, "Tanda terima baca.")
    sender = message.sender.email if message.sender else ""
    if _AUTO_WORDS.search(message.text[:3_000]) and _ROBOT_ADDRESS.match(sender):
        return Verdict(Kind.AUTO_REPLY, "Alamat dan isinya menyatakan surat otomatis.")
    return None


# --- lists and spam -------------------------------------------------------------------------

_LIST_HEADERS = ("List-Id", "List-Unsubscribe", "List-Post", "X-Mailman-Version", "X-Listname", "X-Mailing-List")


def _list(message: Message) -> Verdict | None:
    for name in _LIST_HEADERS:
        if message.header(name):
            return Verdict(Kind.LIST, f"Kiriman milis atau buletin menurut kepala surat {name}.")
    if re.search(r"(?i)\b(?:bulk|list|junk)\b", message.header("Precedence")):
        return Verdict(Kind.LIST, "Kiriman massal menurut kepala surat Precedence.")
    return None


def _spam(message: Message) -> Verdict | None:
    """Only what the office's own mail server says; nothing is guessed from the words."""
    flags = [*message.all("X-Spam-Flag"), *message.all("X-Spam-Status"), *message.all("X-Spam")]
    if any(re.match(r"(?i)\s*(?:yes|true)\b", value) for value in flags):
        return Verdict(Kind.SPAM, "Ditandai sebagai spam oleh server surat.")
    return None
