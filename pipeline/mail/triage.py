"""What kind of mail this is, before anybody is asked to act on it.

Hides the marks of robots: loops, delivery reports, automatic answers, lists, spam filters.
The first rule that matches wins; each verdict carries the reason that the clerk reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.mail import bounces, phrases
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
    """The kind, why (Bahasa Indonesia), and whom a mail did not reach (a bounce, or an answer that holds it back)."""

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
        lambda: _automatic_header(message, own),
        lambda: _automatic_subject(message, own),
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


def _report(message: Message, own: frozenset[str]) -> Verdict | None:
    """A delivery report by its form: RFC 3464, or the header of Exim and Google."""
    kind = message.header("Content-Type").lower()
    is_report = "delivery-status" in kind and "report" in kind
    reports = bounces.reports(message)
    if reports and not is_report and _passed_on(message):
        return None
    failures = bounces.from_reports(reports, bounces.original_id(message))
    if reports and not failures and all(r.action in {"delivered", "relayed", "expanded"} for r in reports):
        return Verdict(Kind.AUTO_REPLY, "Laporan server surat bahwa surat sudah sampai.")
    if failures or is_report:
        return _bounce("Laporan server surat (RFC 3464).", failures or bounces.from_words(message, own))
    if message.header("X-Failed-Recipients"):
        return _bounce("Laporan server surat (X-Failed-Recipients).", bounces.from_words(message, own))
    return None


def _passed_on(message: Message) -> bool:
    """Whether somebody sends us a report that somebody got: it stands in a mail inside this one."""
    kinds = [attachment.content_type for attachment in message.attachments]
    status = next(index for index, kind in enumerate(kinds) if kind in bounces.STATUS_PARTS)
    return "message/rfc822" in kinds[:status] and not _from_daemon(message)


def _daemon(message: Message, own: frozenset[str]) -> Verdict | None:
    """A report in free text from a mail server's own address."""
    certain = _from_daemon(message)
    if not certain and not _from_mail_office(message):
        return None
    words = bounces.explanation(message)
    subject, told = phrases.BOUNCE_SUBJECT.search(message.subject), phrases.BOUNCE_WORDS.search(words)
    if (certain and (subject or told)) or (subject and told and not _a_person_speaks(message)):
        failures = bounces.from_words(message, own)
        return _bounce("Server surat memberitahukan bahwa surat tidak sampai.", failures)
    return _robot_daemon(message, own) if certain else None


def _robot_daemon(message: Message, own: frozenset[str]) -> Verdict | None:
    """What a MAILER-DAEMON says in a language unknown here: of a mail to somebody, or of something else."""
    if not re.match(r"(?i)mail(?:er)?-daemon@", message.sender.email if message.sender else ""):
        return None
    failures = bounces.from_words(message, own)
    if failures and not phrases.SUCCESS.search(message.text[:3_000]):
        return _bounce("Server surat mengirim laporan tentang surat kepada seseorang.", failures)
    return Verdict(Kind.AUTO_REPLY, "Surat dari server surat.")


def _from_daemon(message: Message) -> bool:
    raw = message.header("From")
    email, name = (message.sender.email, message.sender.name) if message.sender else ("", "")
    return bool(
        phrases.DAEMON_ADDRESS.match(email)
        or phrases.DAEMON_ADDRESS.match(raw)
        or phrases.DAEMON_NAME.search(name)
        or (not email and phrases.DAEMON_NAME.search(raw))
    )


def _from_mail_office(message: Message) -> bool:
    return bool(phrases.MAIL_OFFICE_ADDRESS.match(message.sender.email if message.sender else message.header("From")))


def _a_person_speaks(message: Message) -> bool:
    """Whether the text is a person's: forwarded, answered, filled into a form, or in a person's words."""
    thread = message.in_reply_to or re.match(r"(?i)\s*(?:fwd?|tr|wg|terusan|diteruskan)\s*:", message.subject)
    return bool(thread) or _is_form(message) or bool(phrases.PERSON_WORDS.search(bounces.explanation(message)))


def _is_form(message: Message) -> bool:
    """Whether a web site mails what a visitor wrote: two fields of a form, or another one to answer."""
    sender = message.sender.email.lower() if message.sender else ""
    visitor = any(address.email.lower() not in {"", sender} for address in message.reply_to)
    return visitor or len(set(phrases.FORM_FIELD.findall(message.text[:20_000]))) >= 2


def _bounce(reason: str, failures: list[Failure]) -> Verdict:
    return Verdict(Kind.BOUNCE, reason, tuple(failures))


def _robot(message: Message, own: frozenset[str], reason: str) -> Verdict:
    """An automatic answer; or what it says of a mail that has not reached its reader: held back until its writer
    proves to be human, which the program will not, or stopped by a virus scanner."""
    said = " ".join(bounces.explanation(message)[:3_000].split())
    if message.sender and phrases.CHALLENGE.search(said):
        words = "Penerima meminta bukti bahwa pengirimnya manusia."
        failure = Failure(message.sender.email, "", True, bounces.original_id(message), words)
        return Verdict(Kind.AUTO_REPLY, "Surat kami ditahan sampai pengirimnya membuktikan diri manusia.", (failure,))
    if phrases.SCANNER.search(said):
        return _bounce("Pemindai virus melaporkan surat yang ditahan.", bounces.from_words(message, own))
    return Verdict(Kind.AUTO_REPLY, reason)


def _null_path(message: Message, own: frozenset[str]) -> Verdict | None:
    """An empty envelope sender: a robot that wants no answer (RFC 5321, 4.5.5)."""
    if message.header("Return-Path").replace(" ", "") not in {"<>", "<MAILER-DAEMON>"}:
        return None
    words = bounces.explanation(message)
    told = len(phrases.BOUNCE_WORDS.findall(words)) + bounces.returns_a_mail(message)
    if phrases.BOUNCE_SUBJECT.search(message.subject) or told >= 2:
        failures = bounces.from_words(message, own)
        return _bounce("Pengirim amplopnya kosong dan isinya melaporkan kegagalan.", failures)
    return _robot(message, own, "Pengirim amplopnya kosong (surat dari mesin).")


def _worded(message: Message, own: frozenset[str]) -> Verdict | None:
    """A report from an ordinary address: both subject and words must say so, and no person speaks here."""
    if not phrases.BOUNCE_SUBJECT.search(message.subject) or _a_person_speaks(message):
        return None
    words = bounces.explanation(message)
    if phrases.BOUNCE_WORDS.search(words):
        answered = re.match(r"(?i)\s*(?:re|bls|aw)\s*:", message.subject)
        robot = phrases.ROBOT_SENDER.search(message.header("From"))
        failures = bounces.from_words(message, own) if robot or not answered or len(words) < 600 else []
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
        ("X-Auto-Response", r"\S"),
        ("X-Mailer", r"vacation|auto-?(?:re(?:ply|spon)|answer)"),
        ("User-Agent", r"vacation|auto-?(?:re(?:ply|spon)|answer)"),
    )
)


def _automatic_header(message: Message, own: frozenset[str]) -> Verdict | None:
    for name, pattern in _AUTO_HEADERS:
        if any(pattern.search(value) for value in message.all(name)):
            return _robot(message, own, f"Balasan otomatis menurut kepala surat {name}.")
    return None


def _automatic_subject(message: Message, own: frozenset[str]) -> Verdict | None:
    if phrases.AUTO_SUBJECT.search(message.subject):
        return Verdict(Kind.AUTO_REPLY, "Judulnya menyatakan balasan otomatis.")
    if phrases.RECEIPT_SUBJECT.search(message.subject) and len(message.text) < 1_000:
        return Verdict(Kind.AUTO_REPLY, "Tanda terima baca.")
    sender = message.sender.email if message.sender else ""
    robot = phrases.ROBOT_MAILBOX.match(sender) and phrases.AUTO_WORDS.search(message.text[:3_000])
    if robot and not _is_form(message):
        return _robot(message, own, "Alamat dan isinya menyatakan surat otomatis.")
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
