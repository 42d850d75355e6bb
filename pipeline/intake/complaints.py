"""A mail that is no answer → the complaints that it is: who complains, how they are answered, what they say.

Hides what web sites, groups and officials who pass a mail on do to its head. Nothing is recorded here; `mails` decides
what a mail is for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pipeline import cases
from pipeline.access import links
from pipeline.cases.input import File
from pipeline.cases.record import New, Pengadu
from pipeline.data.tables import Complaint, Item
from pipeline.intake import replies
from pipeline.mail import forwarded, outbox, phrases, triage, webform
from pipeline.mail.addresses import Address, parse
from pipeline.mail.message import Attachment, Message
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import Channel
from pipeline.office.words import word
from pipeline.work import Work

PERIHAL = 150  # letters of a subject; the rest of it goes above the text
MOST_OTHERS = 10  # further recipients of a complaint that are named
LOOKED_AT = 20_000  # letters of a text in which numbers of other cases are looked for
LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1: a path has at most 256 letters with its brackets
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z0-9-]{2,}")
_BEFORE = re.compile(r"(?:(?:re|fwd?|bls|trs?|wg|terusan|diteruskan) ?: ?)++", re.IGNORECASE)
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


# ---- which complaints a mail is ------------------------------------------------------------------------------


def of_mail(
    work: Work, item: Item, message: Message, sender: str, doubled: bool, looked_at: bool
) -> New:
    """The complaint that a mail is. `looked_at`: a JFU has, and takes it as it is."""
    text = _text(message)
    writer = _writer(work.settings, message, sender)
    email = writer.address.email.lower() if writer.address else ""
    vouched = not writer.typed and _is_our_form(work.settings, message, sender)
    certain = looked_at or not writer.third or vouched
    look = "catatan.periksa_formulir" if writer.typed else "catatan.periksa_balas_ke"
    doubt = "" if certain else word(look, alamat=sender, pengadu=email)
    remark = _remark(work, f"{message.subject}\n{text[:LOOKED_AT]}", doubled)
    others = _others(work.settings, (*message.to, *message.cc))
    return New(
        Channel.EMAIL,
        _pengadu(writer.address),
        perihal=_subject(message),
        isi=text + _bracketed(writer.way, others),
        received_at=item.received_at,
        item_id=item.id,
        thread_id=outbox.bracketed(message.message_id),
        files=files(message),
        note=_lines(doubt, remark),
        acknowledged=certain,
    )


def passed_on(work: Work, item: Item, message: Message, sender: str, doubled: bool) -> list[New]:
    """The complaints of people from outside that an official passes on in one mail: each is its writer's own."""
    official = work.settings.person_at(sender) if sender else None
    if official is None:
        return []
    inside = _inside(work.settings)
    found = forwarded.enclosed(message, inside)
    if len(found) < 2:
        found = forwarded.apart(message, inside)
    if not found:
        one = forwarded.original(message, inside)
        found = [one] if one else []
    return [_forwarded(work, item, message, one, official, doubled, len(found)) for one in found]


def passed_on_together(settings: Settings, message: Message, sender: str) -> int:
    """How many mails of people from outside an official has enclosed in one: each is a complaint of its own."""
    if not sender or settings.person_at(sender) is None:
        return 0
    return len(forwarded.enclosed(message, _inside(settings)))


def _forwarded(
    work: Work,
    item: Item,
    message: Message,
    one: forwarded.Original,
    official: Petugas,
    doubled: bool,
    together: int,
) -> New:
    """A citizen's mail that an official passes on: the complaint is of who wrote it. That is read off a text, so the
    receipt waits until the JFU has looked (langkah 1)."""
    by = word("catatan.diteruskan", nama=official.nama, jabatan=official.jabatan)
    their_words = word("catatan.diteruskan_kata", kata=one.above) if one.above.strip() else ""
    others = _others(work.settings, (*one.to, *one.cc))
    subject = _line(forwarded.SUBJECT.sub("", one.subject)) or _subject(message)
    text = links.masked(one.text).strip() or word("surat.kosong")
    writer = _behind_form(one)
    named = writer.name or writer.email.lower() or "-"
    look = word("catatan.periksa_pengadu", nama=official.nama, pengadu=named)
    beside = word("catatan.satu_dari", jumlah=together) if together > 1 else ""
    remark = _remark(work, f"{message.subject}\n{text[:LOOKED_AT]}", doubled)
    return New(
        Channel.EMAIL,
        _pengadu(writer),
        perihal=subject[:PERIHAL],
        isi=text + notes(message) + _bracketed(by, their_words, others),
        received_at=item.received_at,
        item_id=item.id,
        thread_id=outbox.bracketed(one.message_id or message.message_id),
        files=files(message),
        note=_lines(look, beside, remark),
        acknowledged=False,
    )


def unanswered(new: New) -> New:
    """A complaint whose receipt waits until a JFU has looked at who complains (RFC 3834: whoever forges a sender must
    not have us write to them)."""
    note = _lines(word("catatan.pengirim_palsu"), new.note)
    return replace(new, acknowledged=False, note=note)


def _remark(work: Work, text: str, doubled: bool) -> str:
    """What the JFU should know before recording: numbers that the mail names join nothing by themselves."""
    found = re.findall(rf"(?<![\w-]){work.settings.register_.number}(?!\w)", text, re.IGNORECASE)
    numbers = list(dict.fromkeys(number.upper() for number in found))
    known = [number for number in numbers[:3] if cases.by_number(work, number) is not None]
    named = word("catatan.menyebut", nomor=", ".join(known)) if known else ""
    same = word("catatan.nomor_surat_sama") if doubled else ""
    return _lines(named, same)


# ---- who complains -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Writer:
    """Who is to be answered, and by what way they wrote. `third`: somebody else than who sent the mail, as it says of
    itself; whoever wrote it can name anybody there. `typed`: that was read in its text."""

    address: Address | None
    way: str = ""
    third: bool = False
    typed: bool = False


def _behind_form(one: forwarded.Original) -> Address:
    """Who wrote a mail that an official passes on; of a site's, the visitor whom its text names."""
    found = webform.visitor(one.text) if webform.is_program(one.writer.email) else None
    return found if found and is_answerable(found.email) else one.writer


def _named_elsewhere(message: Message, sender: str, other: Address, by_site: bool) -> _Writer:
    own_name = message.sender.name if message.sender and not by_site else ""
    way = word("catatan.lewat_situs" if by_site else "catatan.balas_ke", alamat=sender)
    return _Writer(Address(other.name or own_name, other.email), way, third=True)


def _writer(settings: Settings, message: Message, sender: str) -> _Writer:
    """A site mails what a visitor typed, a person may want the answer elsewhere (Reply-To)."""
    nobody = _is_read_by_nobody(settings, message, sender)
    other = _elsewhere(settings, message, sender)
    if other is not None:
        by_site = nobody or webform.is_program(sender) or triage.is_form(message)
        return _named_elsewhere(message, sender, other, by_site)
    if typed := _typed(settings, message, sender):
        return _Writer(typed, word("catatan.lewat_situs", alamat=sender), third=True, typed=True)
    if nobody or _is_own_site(settings, message, sender):
        return _Writer(None, word("catatan.situs_tanpa_alamat", alamat=sender))
    behind = _behind_group(message)
    nameless = not (message.all("From") or message.all("Sender"))  # the sender is a Reply-To, then
    other_person = behind is not None and behind.email.lower() not in ("", sender)
    return _Writer(behind, third=nameless or other_person)


def _is_read_by_nobody(settings: Settings, message: Message, sender: str) -> bool:
    """Whether an answer to the sender would reach no person: the address says so, or a program mails a form."""
    if phrases.NO_REPLY.search(sender) or sender in settings.own_addresses:
        return True
    return bool(phrases.ROBOT_MAILBOX.match(sender)) and triage.is_form(message)


def _typed(settings: Settings, message: Message, sender: str) -> Address | None:
    """The visitor whom the text of a form names, where a site wrote the mail and names nobody in its head."""
    found = webform.visitor(message.text) if webform.is_passed_on(message) else None
    return found if found and _is_elsewhere(settings, found.email, sender) else None


def _is_elsewhere(settings: Settings, address: str, sender: str) -> bool:
    """Whether an address is somebody's from outside, and not the sender's own."""
    is_known = address.lower() in {sender, *_inside(settings)}
    return is_answerable(address) and not is_known and not phrases.NO_REPLY.search(address)


def _elsewhere(settings: Settings, message: Message, sender: str) -> Address | None:
    """Where the answer is wanted, if that is one address from outside that is not the sender's own."""
    wanted = [one for one in message.reply_to if is_answerable(one.email)]
    if len(wanted) != 1:
        return None
    (other,) = wanted
    return other if _is_elsewhere(settings, other.email, sender) else None


def _inside(settings: Settings) -> frozenset[str]:
    """Who may stand between a citizen and us when a mail is passed on."""
    people = {settings.petugas_ti.email.lower()}
    for person in settings.petugas:
        people |= {address.lower() for address in (person.email, *person.email_lain)}
    return settings.own_addresses | people


def _is_our_form(settings: Settings, message: Message, sender: str) -> bool:
    """Whether the office's own web site wrote it, as a trusted server says: it names whoever filled in its form."""
    return _is_own_site(settings, message, sender) and replies.is_proven(settings, message)


def _is_own_site(settings: Settings, message: Message, sender: str) -> bool:
    """Whether the office's own web site mails what a visitor wrote: a receipt would go to the site."""
    domain = sender.rpartition("@")[2]
    ours = {address.rpartition("@")[2] for address in settings.own_addresses}
    for url in (settings.web.base_url, settings.instansi.laman):
        if url:
            ours.add(urlsplit(url).hostname or url)
    if not any(_is_related(domain, one) for one in ours):
        return False
    return webform.is_program(sender) or triage.is_form(message)


def _is_related(domain: str, other: str) -> bool:
    """Whether two domains are one, or one lies in the other."""
    return domain == other or other.endswith(f".{domain}") or domain.endswith(f".{other}")


def _behind_group(message: Message) -> Address | None:
    """The sender; of a mail that a group passes on under its own address, whom the group says it is from."""
    sender = message.sender
    name = forwarded.through_a_group(sender.name) if sender else ""
    if not name:
        return sender
    for header in ("X-Original-From", "X-Original-Sender"):
        for one in parse(" ".join(message.all(header))):
            if is_answerable(one.email):
                return Address(name, one.email)
    return Address(name, "")


def _pengadu(address: Address | None) -> Pengadu:
    """Whom a mail names as its writer, with an address only where mail can be sent to it."""
    if address is None:
        return Pengadu(nama="", email="")
    name = _line(address.name)
    email = address.email.lower()
    return Pengadu(
        nama="" if "@" in name else name[:120], email=email if is_answerable(email) else ""
    )


def _others(settings: Settings, people: Sequence[Address]) -> str:
    """To whom else a citizen wrote (the mayor, the Ombudsman, other agencies), for who answers; "" for nobody."""
    inside = _inside(settings)
    others = [one for one in people if one.email and one.email.lower() not in inside]
    if not others:
        return ""
    named = [_named(one) for one in others[:MOST_OTHERS]]
    return word("catatan.juga_kepada", siapa=", ".join(dict.fromkeys(named)))


def _named(address: Address) -> str:
    return f"{_line(address.name)} <{address.email}>" if address.name else address.email


def is_answerable(address: str) -> bool:
    """Whether mail can be sent there; an address of 3,000 letters fits into no index."""
    return len(address) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None


# ---- what they say -------------------------------------------------------------------------------------------


def new_subject(message: Message, complaint: Complaint) -> str:
    """What the subject of a reply says that was not there before; a subject in brackets or with the number is ours."""
    subject = _bare_subject(message)
    old = [complaint.number, complaint.perihal[:40]]
    is_old = any(one and one in subject for one in old)
    return "" if is_old or subject.startswith("[") else subject


def _bare_subject(message: Message) -> str:
    """A subject without what mail programs put before it."""
    return _BEFORE.sub("", _line(message.subject)).strip()


def _subject(message: Message) -> str:
    """A subject of PERIHAL letters at most; of a mail that has none, its first line."""
    subject = _bare_subject(message)
    if len(subject) > PERIHAL:
        return f"{subject[: PERIHAL - 1].rstrip()}…"
    if subject:
        return subject
    first = next(filter(str.strip, message.text.splitlines()), "")
    return _line(first)[:80] or word("surat.tanpa_perihal")


def _text(message: Message) -> str:
    """The words of a new complaint; a subject that is too long for one stands above them, whole."""
    subject = _bare_subject(message)
    text = message.text.strip()
    if len(subject) > PERIHAL:
        text = f"{subject}\n\n{text}"
    return (text or word("surat.kosong")) + notes(message)


def notes(message: Message) -> str:
    """What was left out of a mail as it was read, to be put behind its text."""
    return _bracketed(*(word(f"catatan_email.{note}") for note in message.notes))


def _bracketed(*notes: str) -> str:
    """Notes behind a text, each a paragraph of its own; "" is none."""
    return "".join(f"\n\n[{note}]" for note in notes if note)


def _lines(*notes: str) -> str:
    return "\n".join(filter(None, notes))


def _line(text: str) -> str:
    """One line without marks that turn the reading direction: they can make an .exe read like a .jpg."""
    return " ".join(_DIRECTION.sub("", text).split())


def files(message: Message) -> list[File]:
    """What is attached to a mail, but for what is empty."""
    return [
        File(file_name(one, order), one.content_type, one.content)
        for order, one in enumerate(message.attachments, 1)
        if one.content
    ]


def file_name(attachment: Attachment, order: int) -> str:
    """The name of an attachment, which is no path; `order`: which one of its mail it is, from 1."""
    name = attachment.name.replace("/", "-").replace("\\", "-")
    return _line(name)[:120] or f"lampiran-{order}"
