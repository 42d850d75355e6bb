"""What kind of mail this is, before anybody is asked to act on it.

Hides the marks of robots: loops, delivery reports, automatic answers, lists, spam filters.
The first rule that matches wins; each verdict carries the reason that the clerk reads, and says whether it is certain:
by the headers that standards give to robots, or only by words that a person may use as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.mail import addresses, bounces, phrases, reply
from pipeline.mail.bounces import Failure
from pipeline.mail.message import Message
from pipeline.office.words import word

__all__ = ["LOOP_HEADER", "Failure", "Kind", "Verdict", "classify"]

LOOP_HEADER = "X-Aduan-Loop"  # stands in every mail that the program sends
FAILED = "X-Failed-Recipients"  # of Exim and Google


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
    """The kind, why (Bahasa Indonesia), and whom a mail did not reach (a bounce, or an answer that holds it back).

    Not `certain`: a person may have written it, so that somebody has to look at it before it is laid aside.
    """

    kind: Kind
    reason: str
    failures: tuple[Failure, ...] = ()
    certain: bool = True


def classify(
    message: Message, *, own_addresses: frozenset[str], raw: bytes | None = None
) -> Verdict:
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
        lambda: _automatic_text(message, own),
        lambda: _spam(message),
    )
    verdicts = (rule() for rule in rules)
    return next((v for v in verdicts if v), Verdict(Kind.PERSON, word("jenis_email.orang")))


# --- own ----------------------------------------------------------------------------------


def _own(message: Message, own: frozenset[str]) -> Verdict | None:
    looped = {
        address.email.lower()
        for value in message.all(LOOP_HEADER)
        for address in addresses.parse(value)
    }
    if looped & own:
        return Verdict(Kind.OWN, word("jenis_email.sendiri"))
    if message.header(LOOP_HEADER):  # perhaps a complaint that they pass on to this office
        return Verdict(Kind.AUTO_REPLY, word("jenis_email.kantor_lain"), certain=False)
    if (
        message.sender and message.sender.email.lower() in own
    ):  # perhaps the form on the office's own web site
        return Verdict(Kind.OWN, word("jenis_email.alamat_kantor"), certain=False)
    return None


# --- bounces ------------------------------------------------------------------------------


ARRIVED = {"delivered", "relayed", "expanded"}  # actions of RFC 3464 section 2.3.3


def _report(message: Message, own: frozenset[str]) -> Verdict | None:
    """A delivery report by its form: RFC 3464, or the header of Exim and Google."""
    kind = message.header("Content-Type").lower()
    is_report = "delivery-status" in kind and "report" in kind
    reports = bounces.reports(message)
    if reports and not is_report and _passed_on(message):
        return None
    failures = bounces.from_reports(reports, bounces.original_id(message))
    if reports and not failures and all(report.action in ARRIVED for report in reports):
        return Verdict(Kind.AUTO_REPLY, word("jenis_email.sampai"))
    if failures or is_report:
        told = failures or bounces.from_words(message, own)
        return _bounce(word("jenis_email.laporan_rfc"), told)
    return _named_in_head(message, own)


def _named_in_head(message: Message, own: frozenset[str]) -> Verdict | None:
    if not message.header(FAILED):
        return None
    reason = word("jenis_email.laporan_kepala", kepala=FAILED)
    return _bounce(reason, bounces.from_words(message, own))


def _passed_on(message: Message) -> bool:
    """Whether somebody sends us a report that somebody got: it stands in a mail inside this one."""
    kinds = [attachment.content_type for attachment in message.attachments]
    status = next(index for index, kind in enumerate(kinds) if kind in bounces.STATUS_PARTS)
    return "message/rfc822" in kinds[:status] and not _from_daemon(message)


def _daemon(message: Message, own: frozenset[str]) -> Verdict | None:
    """A report in free text from a mail server's own address."""
    daemon = _from_daemon(message)
    if not daemon and not _from_mail_office(message):
        return None
    subject = phrases.BOUNCE_SUBJECT.search(message.subject)
    told = phrases.BOUNCE_WORDS.search(bounces.explanation(message))
    by_daemon = daemon and (subject or told)
    if by_daemon or (subject and told and not _a_person_speaks(message)):
        failures = bounces.from_words(message, own)
        reason = word("jenis_email.tidak_sampai")
        return _bounce(reason, failures, certain=_surely_a_server(message))
    return _robot_daemon(message, own) if daemon else None


def _surely_a_server(message: Message) -> bool:
    """Whether a report in free text is one, though people have such names and addresses too (postmaster, IT)."""
    if _no_envelope_sender(message) or phrases.MAILER_DAEMON.match(_sender(message)):
        return True
    named = phrases.DAEMON_ADDRESS.match(_sender(message)) or bounces.returns_a_mail(message)
    return bool(named) and not _a_person_speaks(message)


def _robot_daemon(message: Message, own: frozenset[str]) -> Verdict | None:
    """What a MAILER-DAEMON says in a language unknown here: of a mail to somebody, or of something else."""
    if not phrases.MAILER_DAEMON.match(_sender(message)):
        return None
    failures = bounces.from_words(message, own)
    if failures and not phrases.SUCCESS.search(message.text[:3_000]):
        return _bounce(word("jenis_email.laporan_lain"), failures)
    return Verdict(Kind.AUTO_REPLY, word("jenis_email.server"))


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
    return bool(phrases.MAIL_OFFICE_ADDRESS.match(_sender(message)))


def _sender(message: Message) -> str:
    """The address; what stands in its place where there is none."""
    return (
        message.sender.email if message.sender and message.sender.email else message.header("From")
    )


def _a_person_speaks(message: Message) -> bool:
    """Whether the text is a person's: forwarded, answered, filled into a form, or in a person's words."""
    thread = message.in_reply_to or re.match(
        r"(?i)\s*(?:fwd?|tr|wg|terusan|diteruskan)\s*:", message.subject
    )
    return (
        bool(thread)
        or is_form(message)
        or bool(phrases.PERSON_WORDS.search(bounces.explanation(message)))
    )


def is_form(message: Message) -> bool:
    """Whether a web site mails what a visitor wrote: two fields of a form, or another one to answer."""
    return (
        _answers_go_elsewhere(message)
        or len(set(phrases.FORM_FIELD.findall(message.text[:20_000]))) >= 2
    )


def _answers_go_elsewhere(message: Message) -> bool:
    sender = message.sender.email.lower() if message.sender else ""
    return any(address.email.lower() not in {"", sender} for address in message.reply_to)


def _bounce(reason: str, failures: list[Failure], *, certain: bool = True) -> Verdict:
    return Verdict(Kind.BOUNCE, reason, tuple(failures), certain)


def _robot(message: Message, own: frozenset[str], reason: str, *, certain: bool = True) -> Verdict:
    """An automatic answer; or what it says of a mail that has not reached its reader: held back until its writer
    proves to be human, which the program will not, or stopped by a virus scanner."""
    said = " ".join(bounces.explanation(message)[:3_000].split())
    if message.sender and phrases.CHALLENGE.search(said):
        words = word("jenis_email.bukti_manusia")
        failure = Failure(message.sender.email, "", True, bounces.original_id(message), words)
        held = word("jenis_email.ditahan")
        return Verdict(Kind.AUTO_REPLY, held, (failure,), certain)
    if phrases.SCANNER.search(said):
        failures = bounces.from_words(message, own)
        return _bounce(word("jenis_email.virus"), failures, certain=certain)
    return Verdict(Kind.AUTO_REPLY, reason, certain=certain)


def _null_path(message: Message, own: frozenset[str]) -> Verdict | None:
    """An empty envelope sender: a robot that wants no answer (RFC 5321, 4.5.5)."""
    if not _no_envelope_sender(message):
        return None
    certain = not _answers_go_elsewhere(message)
    words = bounces.explanation(message)
    told = len(phrases.BOUNCE_WORDS.findall(words)) + bounces.returns_a_mail(message)
    if phrases.BOUNCE_SUBJECT.search(message.subject) or told >= 2:
        failures = bounces.from_words(message, own)
        return _bounce(word("jenis_email.amplop_gagal"), failures, certain=certain)
    return _robot(message, own, word("jenis_email.amplop_kosong"), certain=certain)


def _no_envelope_sender(message: Message) -> bool:
    return message.header("Return-Path").replace(" ", "") in {"<>", "<MAILER-DAEMON>"}


def _worded(message: Message, own: frozenset[str]) -> Verdict | None:
    """A report from an ordinary address: both subject and words must say so, and no person speaks here."""
    if not phrases.BOUNCE_SUBJECT.search(message.subject) or _a_person_speaks(message):
        return None
    words = bounces.explanation(message)
    if phrases.BOUNCE_WORDS.search(words):
        answered = phrases.ANSWERED_SUBJECT.match(message.subject)
        robot = phrases.ROBOT_SENDER.search(message.header("From"))
        failures = (
            bounces.from_words(message, own) if robot or not answered or len(words) < 600 else []
        )
        if failures:
            return _bounce(word("jenis_email.kabar_gagal"), failures, certain=False)
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


# What a program sends by itself, which may be a person's words all the same: a form of a web site, a mail that a rule
# of Exchange passes on.
_PASSED_ON: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("X-MS-Exchange-Inbox-Rules-Loop", r"\S"),
        ("X-MS-Exchange-Generated-Message-Source", r"Rules"),
        ("X-Autogenerated", r"mirror|forward"),
    )
)
_GENERATED = ("Auto-Submitted", re.compile(r"auto-generated", re.I))


def _automatic_header(message: Message, own: frozenset[str]) -> Verdict | None:
    found = [
        (name, value)
        for name, pattern in _AUTO_HEADERS
        for value in message.all(name)
        if pattern.search(value)
    ]
    if not found:
        return None
    all_weak = all(_is_weak(name, value) for name, value in found)
    certain = not all_weak or not _may_be_passed_on(message)
    return _robot(
        message, own, word("jenis_email.otomatis_kepala", kepala=found[0][0]), certain=certain
    )


def _is_weak(name: str, value: str) -> bool:
    """Whether a person's words may stand below this header all the same."""
    return any(name == weak and mark.search(value) for weak, mark in (*_PASSED_ON, _GENERATED))


def _may_be_passed_on(message: Message) -> bool:
    """Whether a program seems to send on what a person wrote."""
    if is_form(message):
        return True
    if message.all("Auto-Submitted") and phrases.AUTO_SUBJECT.search(message.subject):
        return False  # Exchange's own answer while somebody is away
    return any(mark.search(value) for name, mark in _PASSED_ON for value in message.all(name))


def _automatic_subject(message: Message, own: frozenset[str]) -> Verdict | None:
    """By the words of the subject or of a robot's mailbox; certain only where the envelope wants no answer."""
    certain = _no_envelope_sender(message) and not _answers_go_elsewhere(message)
    if phrases.AUTO_SUBJECT.search(message.subject):
        return Verdict(Kind.AUTO_REPLY, word("jenis_email.otomatis_judul"), certain=certain)
    if phrases.RECEIPT_SUBJECT.search(message.subject) and len(message.text) < 1_000:
        return Verdict(Kind.AUTO_REPLY, word("jenis_email.tanda_baca"), certain=certain)
    robot = phrases.ROBOT_MAILBOX.match(_sender(message)) and phrases.AUTO_WORDS.search(
        message.text[:3_000]
    )
    if robot and not is_form(message):
        return _robot(message, own, word("jenis_email.otomatis_alamat"), certain=certain)
    return None


def _automatic_text(message: Message, own: frozenset[str]) -> Verdict | None:
    """By what is said at the start of a text, above all quotes: that no person writes here, or that they are away."""
    text = message.text[:3_000]
    answers = (
        message.in_reply_to or message.references or phrases.ANSWERED_SUBJECT.match(message.subject)
    )
    if not phrases.SAYS_AUTOMATIC.search(text) and not (answers and phrases.SAYS_AWAY.match(text)):
        return None  # most mails; to find the quotes costs more
    new = reply.split(text).new[:600]
    says = phrases.SAYS_AUTOMATIC.search(new) or (answers and phrases.SAYS_AWAY.match(new))
    if not says or is_form(message):
        return None
    return _robot(message, own, word("jenis_email.otomatis_isi"), certain=False)


# --- lists and spam -------------------------------------------------------------------------

_LIST_HEADERS = (
    "List-Id",
    "List-Unsubscribe",
    "List-Post",
    "X-Mailman-Version",
    "X-Listname",
    "X-Mailing-List",
)


def _list(message: Message) -> Verdict | None:
    for name in _LIST_HEADERS:
        if message.header(name):
            return Verdict(Kind.LIST, word("jenis_email.milis", kepala=name))
    if re.search(r"(?i)\b(?:bulk|list|junk)\b", message.header("Precedence")):
        return Verdict(Kind.LIST, word("jenis_email.massal"))
    return None


# What a mail server writes on what it takes for spam: SpamAssassin, Exchange (a level of 5 to 9), Microsoft 365,
# Rspamd, Barracuda.
_SPAM_HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("X-Spam-Flag", r"\s*(?:yes|true|spam)\b"),
        ("X-Spam-Status", r"\s*(?:yes|true)\b"),
        ("X-Spam", r"\s*(?:yes|true)\b"),
        ("X-MS-Exchange-Organization-SCL", r"\s*[5-9]\s*$"),
        ("X-Forefront-Antispam-Report", r"(?:.*;)?\s*SFV:(?:SPM|SKS|SKB)\b"),
        ("X-Rspamd-Action", r"\s*(?:add header|rewrite subject|reject)\b"),
        ("X-Barracuda-Spam-Status", r"\s*yes\b"),
    )
)


def _spam(message: Message) -> Verdict | None:
    """Only what the office's own mail server says; nothing is guessed from the words."""
    for name, pattern in _SPAM_HEADERS:
        if any(pattern.match(value) for value in message.all(name)):
            return Verdict(Kind.SPAM, word("jenis_email.spam"))
    return None
