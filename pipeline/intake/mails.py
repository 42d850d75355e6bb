"""One inbound item, or the end of one of our mails → calls of `cases`.

Hides the decision what a mail is for. `take_in_all` reads mails outside any transaction and acts on them in one. What
cannot be read is held and the JFU is told; one bad item never stops the next (DESIGN rules 1 and 2).
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from pipeline import cases, reports
from pipeline.access import links
from pipeline.casefile import reported
from pipeline.cases import tasks, withdrawal
from pipeline.cases.input import File, read_letter
from pipeline.cases.meetings import meeting_answered
from pipeline.cases.outcomes import bounced, delivery_result, official_unreached
from pipeline.cases.record import New, Pengadu, citizen_wrote, keep_item_files, record
from pipeline.cases.slips import stack_arrived
from pipeline.cases.tasks import close_item
from pipeline.data import ledger, store
from pipeline.data.damage import Away, is_away
from pipeline.data.engine import among, exclusive, reading, transact, writing
from pipeline.data.ledger import Arrival
from pipeline.data.tables import Blob, Complaint, Item, Link, Outbox, Task
from pipeline.files import kinds
from pipeline.intake import replies
from pipeline.intake.enclosed import is_letter, meant
from pipeline.intake.holding import hold, hold_new, hold_scan
from pipeline.intake.replies import Enclosed, EnclosedLetter
from pipeline.mail import authentication, calendar, forwarded, outbox, phrases, reply, triage
from pipeline.mail.addresses import Address, parse
from pipeline.mail.bounces import Failure
from pipeline.mail.message import Attachment, Message, every_text, read
from pipeline.mail.triage import Kind, Verdict
from pipeline.notices import citizen, post
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import COMMANDS, Channel
from pipeline.office.words import word
from pipeline.work import App, Work

log = logging.getLogger(__name__)
LARGE = (
    8 * 2**20
)  # bytes; a larger mail is read by a process of its own, which may not fill the machine's memory
LARGE_SECONDS = 180
AWAY_CODE = (
    75  # of the child that settles a large one: the database was away (EX_TEMPFAIL of sysexits.h)
)
LARGE_MEMORY = 600 * 2**20  # bytes of data, beside the program itself
PERIHAL = 150  # letters of a subject; the rest of it goes above the text
LONGEST_QUESTION = (
    2_000  # letters of a mail that may be nothing but a question about the state of a case
)
FOLDED = 20_000  # letters of quotes and signature that a case keeps
COMMAND_WORDS = tuple({command.word for commands in COMMANDS.values() for command in commands})
QUOTED = 200_000  # characters of a text in which the address of a task is looked for
MOST_OTHERS = 10  # further recipients of a complaint that are named
GUESTS = (
    "rapat",
    "terusan_instansi",
    "surat_pengantar",
    "tembusan",
)  # mails whose recipients are no pengadu
_BEFORE = re.compile(r"(?:(?:re|fwd?|bls|trs?|wg|terusan|diteruskan) ?: ?)++", re.IGNORECASE)
_SITES = re.compile(
    r"(?:wordpress|joomla|drupal|www-?data|apache|nginx|webmaster|web|website|situs|form\w*|contact|kontak|noreply"
    r"|no-reply|mailer|cms|wp|admin|server|system|sistem|notif\w*|cgi|php)[^@]{0,30}@",
    re.IGNORECASE,
)
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


class NotHeld(KeyError):
    """It is not held, or somebody has settled it meanwhile."""


class HeadOnly(Exception):
    """Of a mail beyond the limit there is nothing more to read here; the message says how the whole can come."""


# ---- taking in -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadMail:
    """A mail as far as it is read before any transaction begins."""

    message: Message
    verdict: Verdict
    by_hand: bool  # a person has looked at it and says that it is a complaint
    tokens: tuple[str, ...] = ()  # of links of ours that came back in any of its texts
    enclosed: Enclosed = field(default_factory=Enclosed)


def take_in_all(app: App, item_ids: Sequence[int]) -> list[str]:
    """Settle items; the new state ("done", "held") of each, in the same order. Never raises for what an item holds.
    An error that says that the database is away is raised, and the items stay as they are.

    Usual mails are settled in one transaction for many; if one of them makes trouble, each in one of its own.
    """
    with reading(app.engine) as session:
        rows = select(Item.id, Blob.size).join(Blob, Blob.sha256 == Item.sha256)
        usual = rows.where(
            Item.id.in_(item_ids), Item.source == "mail", Blob.size <= LARGE
        ).order_by(Item.id)
        sizes = dict(session.execute(usual).all())
    states: dict[int, str] = {}
    for some in store.batches(sizes.items()):
        try:
            states |= _take_mails(app, some)
        except Exception as error:
            if is_away(error):
                raise
            log.warning("items %s: %s; one by one", some, type(error).__name__)
    return [states.get(i) or take_in(app, i) for i in item_ids]


def take_in(
    app: App,
    item_id: int,
    *,
    by_hand: bool = False,
    apart: bool = False,
    held: bool = False,
) -> str:
    """Settle one item; its new state ("done", "held"). Never raises for what the item holds, as `take_in_all`.

    `by_hand`: a person has decided that it is a complaint. `apart`: this process may be killed for it. `held`: it is
    one that is held; NotHeld where it is not (any more).
    """
    try:
        with reading(app.engine) as session:
            item = session.get_one(Item, item_id)
            if item.state == ledger.ERASED:
                return item.state
            scan = item.source == "scan"
            large = (
                not scan and store.size(session, item.sha256) > LARGE
            )  # a scan is opened by a process of its own
            raw = b"" if large and not apart else store.get(session, item.sha256)
        if large and not apart:
            return _take_apart(app.engine, app.settings, item_id, app.clock(), by_hand, held)
        if scan:
            return _take_scan(app.engine, app.settings, item_id, raw, item.name, app.clock(), held)
        return _take_mails(app, [item_id], by_hand=by_hand, held=held)[item_id]
    except NotHeld:
        raise
    except Exception as error:
        if is_away(error):
            raise
        log.exception("item %s is held", item_id)
        heavy = isinstance(error, MemoryError)
        reason = (
            word("ditahan.terlalu_berat")
            if heavy
            else word("ditahan.galat", jenis=type(error).__name__)
        )
        return hold_new(app.engine, app.settings, item_id, app.clock(), reason)


def _take_apart(
    engine: Engine, settings: Settings, item_id: int, now: datetime, by_hand: bool, held: bool
) -> str:
    """Let a child process settle a large item, bounded in memory and time; what ends it is the reason to hold it."""
    order = {
        "settings": {
            **settings.base.model_dump(mode="json", by_alias=True),
            "folder": str(settings.folder),
        },
        "url": engine.url.render_as_string(hide_password=False),
        "item": item_id,
        "now": now.isoformat(),
        "by_hand": by_hand,
        "held": held,
        "memory": LARGE_MEMORY,
    }
    told, command = json.dumps(order).encode(), [sys.executable, "-m", "pipeline.intake.large"]
    try:
        subprocess.run(
            command, input=told, timeout=LARGE_SECONDS, check=True, stdout=subprocess.DEVNULL
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        if getattr(error, "returncode", 0) == AWAY_CODE:
            raise Away from error
        log.warning("item %s: %s", item_id, type(error).__name__)
        return hold_new(engine, settings, item_id, now, word("ditahan.terlalu_berat"))
    with reading(engine) as session:
        return session.get_one(Item, item_id).state


def _take_scan(
    engine: Engine,
    settings: Settings,
    item_id: int,
    raw: bytes,
    name: str,
    now: datetime,
    held: bool,
) -> str:
    """A scan waits for the lane that reads slips (`stacks`); what is no picture and no PDF is held at once."""
    mime = kinds.sniff(raw)
    problem = "kosong" if not raw else "" if mime in kinds.SCANS else "jenis"
    with writing(engine) as session:
        work = Work(session, settings, now)
        item = session.get_one(Item, item_id, with_for_update=True)
        if held:
            _no_longer_held(session, [item])
        if item.state != "new":
            return item.state
        keep_item_files(work, item, File(name, mime, raw))
        if problem:
            return hold_scan(work, item, word(f"slip.masalah.{problem}"))
        stack_arrived(work, item)
        if held:
            close_item(work, item.id, "terbaca")
        return ledger.done(item, "pindaian")


def _read(settings: Settings, raw: bytes, by_hand: bool) -> ReadMail:
    message = read(raw)
    verdict = triage.classify(message, own_addresses=settings.own_addresses)
    if by_hand and (verdict.kind in (Kind.SPAM, Kind.LIST) or not verdict.certain):
        verdict = Verdict(Kind.PERSON, verdict.reason)  # a person has decided
    return ReadMail(message, verdict, by_hand, _tokens(settings, message, raw))


def _tokens(settings: Settings, message: Message, raw: bytes) -> tuple[str, ...]:
    """The links of ours in a mail that may quote one: they stay in it, so they must not stay alive. All its texts are
    looked through, also those that nobody is shown; of a first mail, as most are, only the text."""
    answers = message.in_reply_to or message.references or _from_officials(settings, message)
    found = links.found(message.text)
    if answers or found or forwarded.SUBJECT.match(message.subject):
        found += [token for text in every_text(raw) for token in links.found(text)]
    return tuple(dict.fromkeys(found))[: replies.MOST_TOKENS]


def _take_mails(
    app: App,
    item_ids: Sequence[int],
    *,
    by_hand: bool = False,
    held: bool = False,
) -> dict[int, str]:
    """Read mails, then settle them in one transaction; the state of each."""
    with reading(app.engine) as session:
        digests = dict(
            session.execute(select(Item.id, Item.sha256).where(Item.id.in_(item_ids))).all()
        )
        raws = store.get_all(session, list(digests.values()))
        accepted = set(item_ids) if by_hand else tasks.accepted(session, item_ids)
    mails = {
        item_id: _read(app.settings, raws[digests[item_id]], item_id in accepted)
        for item_id in item_ids
    }
    mails = _with_letters(app.engine, app.settings, mails)
    # Mails of a batch join cases in the order in which they came, officials' acts lock them in another.
    return transact(
        app.engine,
        lambda session: _settle_mails(Work(session, app.settings, app.clock()), mails, held),
    )


def _settle_mails(work: Work, mails: Mapping[int, ReadMail], held: bool) -> dict[int, str]:
    """Settle mails that have been read, in one transaction; the state of each."""
    session = work.session
    exclusive(session, "intake")  # copies of one mail, seen by two pollers
    query = select(Item).where(Item.id.in_(list(mails))).order_by(Item.id).with_for_update()
    items = session.scalars(query).all()
    if held:
        _no_longer_held(session, items)
    fresh = [item for item in items if item.state == "new"]
    for item in fresh:
        message = mails[item.id].message
        ledger.named(item, message.message_id, message.subject)
    originals = ledger.originals(session, fresh)
    doubled = ledger.doubled_ids(session, fresh)
    threads = _threads(session, {item.id: mails[item.id].message for item in fresh})
    news: list[New] = []
    for item in fresh:
        if originals[item.twin] != item.id:
            ledger.done(item, f"salinan item {originals[item.twin]}")
            continue
        if not threads[item.id].isdisjoint(
            new.thread_id for new in news
        ):  # it belongs to one of these
            record(work, news)
            news = []
        news += _take_mail(work, item, mails[item.id], item.id in doubled, threads[item.id])
    record(work, news)
    for item in items if held else ():
        if item.state == "done":
            close_item(work, item.id, "terbaca")
    return {item.id: item.state for item in items}


def _with_letters(
    engine: Engine, settings: Settings, mails: Mapping[int, ReadMail]
) -> dict[int, ReadMail]:
    """The same mails with their letters read, outside any transaction; most bring none, and nothing is asked for."""
    asking = {
        key: mail for key, mail in mails.items() if _may_bring_a_letter(settings, mail.message)
    }
    if not asking:
        return dict(mails)
    with reading(engine) as session:
        threads = _threads(session, {key: mail.message for key, mail in asking.items()})
        now = {
            key
            for key, mail in asking.items()
            if replies.hands_in_a_letter(session, settings, mail.message, threads[key])
        }
    return {
        key: replace(mail, enclosed=Enclosed(_letters(settings, mail.message)))
        if key in now
        else mail
        for key, mail in mails.items()
    }


def _may_bring_a_letter(settings: Settings, message: Message) -> bool:
    official = message.sender is not None and settings.person_at(message.sender.email) is not None
    return official and any(map(is_letter, meant(message.attachments)))


def _no_longer_held(session: Session, items: Sequence[Item]) -> None:
    """Begin anew with held items, in the transaction that settles them: killed in between, they would be a complaint
    and a task at once. NotHeld where somebody was faster."""
    waiting = cases.held_items(session)
    for item in items:
        if item not in waiting:
            raise NotHeld(item.id)
        ledger.accept(item)


def _threads(session: Session, messages: Mapping[int, Message]) -> dict[int, frozenset[str]]:
    """The Message-IDs that each of these answers, save those that lead nowhere: neither to a mail of ours, nor to one
    that is a complaint or may become one now. Two questions for all, for most mails are in no thread of ours."""
    named = {
        key: {outbox.bracketed(one) for one in (*message.in_reply_to, *message.references)}
        for key, message in messages.items()
    }
    asked = set().union(*named.values())
    known = among(session, Outbox.message_id, asked) | among(session, Complaint.thread_id, asked)
    known |= {outbox.bracketed(message.message_id) for message in messages.values()}
    return {key: frozenset(ids & known) for key, ids in named.items()}


def _take_mail(
    work: Work, item: Item, mail: ReadMail, doubled: bool, thread: Collection[str]
) -> list[New]:
    """Settle a mail, save that a new complaint is left to be recorded together with others; several are, where an
    official passes them on in one."""
    if _names_scanner(work.settings, mail):
        _scans(work, item, mail)
    elif mail.verdict.kind is Kind.BOUNCE or mail.verdict.failures:
        _bounce(work, item, mail.verdict)
    elif not mail.verdict.certain and not _from_officials(work.settings, mail.message):
        _hold_doubtful(work, item, mail.verdict)
    elif (
        mail.verdict.kind is Kind.LIST
    ):  # perhaps a complaint all the same: a group address adds List-Id
        hold(work, item, mail.verdict.reason)
    elif mail.verdict.kind not in (Kind.PERSON, Kind.SPAM) and (
        mail.verdict.certain or not _acts(mail.message)
    ):
        ledger.done(item, mail.verdict.reason)
    else:
        return _person(work, item, mail, doubled, thread)
    return []


def _from_officials(settings: Settings, message: Message) -> bool:
    """Whether it comes from whom we write to when a mail is held: their robot would be asked about its own answers."""
    sender = message.sender.email.lower() if message.sender else ""
    return settings.person_at(sender) is not None or sender == settings.petugas_ti.email.lower()


def _acts(message: Message) -> bool:
    """Whether an official does something by it, as no robot does: a file is enclosed, a line starts with a command."""
    lines = [line.strip(" \t*_\"'").upper() for line in reply.split(message.text).new.splitlines()]
    return bool(message.attachments) or any(line.startswith(COMMAND_WORDS) for line in lines)


def _hold_doubtful(work: Work, item: Item, verdict: Verdict) -> str:
    """Only its words say that no person wrote it: a JFU decides, and nobody is answered before."""
    return hold(work, item, word("ditahan.mungkin_orang", sebab=verdict.reason))


def _names_scanner(settings: Settings, mail: ReadMail) -> bool:
    """Whether a mail gives itself out as the scanner's. One without a scan that a JFU accepts is a mail like others."""
    sender = mail.message.sender.email.lower() if mail.message.sender else ""
    mine = sender in {address.lower() for address in settings.scan.pengirim}
    return mine and not (mail.by_hand and not _scanned(mail.message))


def _scanned(message: Message) -> list[Attachment]:
    return [one for one in message.attachments if kinds.sniff(one.content) in kinds.SCANS]


def _scans(work: Work, item: Item, mail: ReadMail) -> str:
    """A mail from the scanner: its attachments are scans, each an item of its own; the machine is not answered.

    From alone can be written by anybody: unless a trusted server vouches for its domain, as for a reply that acts, a
    JFU looks at it and accepts it."""
    if not (mail.by_hand or replies.is_proven(work.settings, mail.message)):
        return hold(work, item, word("ditahan.bukan_pemindai"))
    found = _scanned(mail.message)
    if not found:
        return hold(work, item, word("slip.masalah.tanpa_lampiran"))
    place = Arrival(ledger.BY_SCANNER, str(item.id), 0, 0, item.received_at)
    arrivals = [
        (one.content, replace(place, uid=n, name=_name(one, n))) for n, one in enumerate(found, 1)
    ]
    ledger.receive(work.session, "scan", arrivals, work.now)  # each is taken in by itself
    return ledger.done(item, "dari pemindai")


def _bounce(work: Work, item: Item, verdict: Verdict) -> str:
    """Bound to the mail of ours that it is about (RFC 3464); one that cannot be bound is kept with its reason."""
    bound = stray = False
    for failure in verdict.failures:
        # The id alone binds: it cannot be guessed, and a mail that was forwarded comes back from another address.
        mail = outbox.by_message_id(work.session, (failure.original_message_id,))
        reason = (failure.diagnostic or failure.status)[:300]
        if mail is None:
            stray |= _unbound(work, failure, reason, verdict.certain)
            continue
        bound = True
        if failure.permanent:  # what is only late may still arrive, and has to open its task then
            links.revoke(work.session, mail.links, work.now)
        bounced(work, mail, failure.permanent, reason)
        reports.bounced(work, mail, failure.permanent, reason)
    if not (verdict.certain or bound):
        return _hold_doubtful(work, item, verdict)
    return (
        hold(work, item, word("ditahan.terpental")) if stray else ledger.done(item, verdict.reason)
    )


def _unbound(work: Work, failure: Failure, reason: str, certain: bool) -> bool:
    """Whether a JFU has to find out which of our mails did not arrive. Of an official's address the IT officer hears:
    a JFU's own mailbox would send back what tells them, too."""
    if not outbox.was_written_to(work.session, failure.recipient):
        return False
    if not certain or work.settings.person_at(failure.recipient) is None:
        return True
    if failure.permanent:
        official_unreached(work, failure.recipient, reason)
    return False


def _person(
    work: Work, item: Item, mail: ReadMail, doubled: bool, thread: Collection[str]
) -> list[New]:
    """A reply in its thread, by its writer, is believed whatever a spam filter says; all else that it flags is held."""
    sender = mail.message.sender.email.lower() if mail.message.sender else ""
    message = replace(mail.message, text=links.masked(mail.message.text))
    quoted = replies.opened(work.session, work.settings, mail.tokens)
    links.revoke(
        work.session, [link.id for link in quoted], work.now
    )  # the mail that holds them is kept as it is
    forged = not mail.by_hand and _forged(work.settings, message)
    asked = "" if mail.by_hand or forged else _status_asked(work.settings, message)
    if asked and _answerable(sender) and mail.verdict.kind is Kind.PERSON:
        _tell_status(work, item, asked, sender, message)
    elif _answers_us(work, item, mail, message, quoted, thread, forged):
        return []
    elif mail.verdict.kind is Kind.SPAM:
        hold(work, item, mail.verdict.reason)
    elif forged and (
        _from_officials(work.settings, message) or _status_asked(work.settings, message)
    ):
        hold(work, item, word("ditahan.pengirim_palsu"))
    elif not mail.by_hand and (several := _passed_on_together(work.settings, message, sender)) > 1:
        hold(work, item, word("ditahan.beberapa_surat", jumlah=several))
    else:
        ledger.done(item, "pengaduan baru")
        news = _passed_on(work, item, message, sender, doubled)
        news = news or [_new(work, item, message, sender, doubled, mail.by_hand)]
        return [_unanswered(new) for new in news] if forged else news
    return []


def _answers_us(
    work: Work,
    item: Item,
    mail: ReadMail,
    message: Message,
    quoted: Sequence[Link],
    thread: Collection[str],
    forged: bool,
) -> bool:
    """Settle what answers or quotes a mail of ours: by the one it was sent to it acts or joins; by anybody else, and
    where the sender's domain disowns it (`forged`), it is held. False where it is about none of our mails."""
    sender = message.sender.email.lower() if message.sender else ""
    official = work.settings.person_at(sender) if sender else None
    ours = outbox.all_by_message_id(work.session, thread) if thread else []
    mine = next((row for row in ours if _is_theirs(work.settings, row, sender)), None)
    case = next((c for row in ours if (c := _case_of_pengadu(work, row, sender))), None)
    case = case or _own_thread(work.session, thread, sender)
    link = next(
        (one for one in quoted if official is not None and one.holder == official.kode), None
    )
    if mine is not None and official is not None:
        shown = max(row.date for row in ours if _is_theirs(work.settings, row, sender))
        _official_replies(work, item, message, mine, official, mail.enclosed, shown)
    elif forged and (case is not None or mine is not None):
        hold(work, item, word("ditahan.pengirim_palsu"))
    elif mine is not None and mine.name in GUESTS:
        _guest_answers(work, item, message, mine)
    elif case is not None:
        _join(work, item, message, case)
    elif link is not None and official is not None:
        task = work.session.get_one(Task, link.task_id)
        if _is_about(work, task.complaint_id, official):
            hold(work, item, word("ditahan.balasan"))
            return True
        ledger.done(
            item,
            replies.take(work, message, task, official, mail.enclosed, item.id, link.created_at),
        )
    elif not mail.by_hand and (ours or quoted or _quotes_a_task(work.settings, mail.message)):
        _hold_quoted(work, item, quoted)  # unless a JFU has looked at it and calls it a complaint
    else:
        return False
    return True


def _is_about(work: Work, complaint_id: int | None, official: Petugas) -> bool:
    """Whether a case is about the official who writes: it has gone past them, and no answer tells them how it goes."""
    complaint = work.session.get(Complaint, complaint_id) if complaint_id else None
    return complaint is not None and official.kode in reported.codes(complaint)


def _is_theirs(settings: Settings, row: Outbox, sender: str) -> bool:
    """Whether a mail of ours went to the one who writes now, be it from another address of theirs that config.toml
    knows."""
    if row.recipient.lower() == sender:
        return True
    person = settings.person_at(sender) if sender else None
    return person is not None and person is settings.person_at(row.recipient)


def _case_of_pengadu(work: Work, row: Outbox, sender: str) -> Complaint | None:
    """The case that a mail of a citizen's kind is about, if its pengadu of today writes: not who was written to by
    mistake, or before the address was corrected."""
    if row.name not in post.TO_CITIZENS or row.complaint_id is None or not sender:
        return None
    complaint = work.session.get_one(Complaint, row.complaint_id)
    return complaint if complaint.email.lower() == sender else None


def _quotes_a_task(settings: Settings, message: Message) -> bool:
    """Whether a text holds the address of a task's page, mangled or cut: no citizen has one."""
    host = settings.web.base_url.partition("://")[2].lower()
    text = message.text[:QUOTED].lower()
    return bool(host) and f"{host}/t/" in text


def _hold_quoted(work: Work, item: Item, quoted: Sequence[Link]) -> None:
    """Somebody else has a task's mail: a JFU reads what they say, and its holder gets a fresh link."""
    for link in quoted[:1]:
        person = work.settings.person(link.holder)
        if person is not None:
            replies.warn(work, work.session.get_one(Task, link.task_id), person)
    hold(work, item, word("ditahan.balasan_orang_lain"))


def _unanswered(new: New) -> New:
    """A complaint whose receipt waits until a JFU has looked at who complains (RFC 3834: whoever forges a sender must
    not have us write to them)."""
    note = "\n".join(filter(None, (word("catatan.pengirim_palsu"), new.note)))
    return replace(new, acknowledged=False, note=note)


def _forged(settings: Settings, message: Message) -> bool:
    """Whether a trusted server says that the sender's domain disowns this mail: who is named there may have written
    nothing, and an acknowledgement would be ours to blame for. A failure of SPF or DKIM alone happens to every
    forwarded mail."""
    return (
        authentication.failure(
            message.all(authentication.HEADER), settings.balasan.server_tepercaya
        )
        == "dmarc"
    )


def _new(
    work: Work, item: Item, message: Message, sender: str, doubled: bool, looked_at: bool
) -> New:
    """The complaint that a mail is. `looked_at`: a JFU has, and takes it as it is."""
    text = _text(message)
    writer = _writer(work.settings, message, sender)
    email = writer.address.email.lower() if writer.address else ""
    told = looked_at or not writer.third or _is_our_form(work.settings, message, sender)
    doubt = "" if told else word("catatan.periksa_balas_ke", alamat=sender, pengadu=email)
    others = _others(work.settings, (*message.to, *message.cc))
    about = "".join(f"\n\n[{one}]" for one in (writer.way, others) if one)
    return New(
        Channel.EMAIL,
        Pengadu(nama=_display_name(writer.address), email=email if _answerable(email) else ""),
        perihal=_subject(message),
        isi=text + about,
        received_at=item.received_at,
        item_id=item.id,
        thread_id=outbox.bracketed(message.message_id),
        files=_files(message),
        note="\n".join(
            filter(None, (doubt, _remark(work, f"{message.subject}\n{text[:20_000]}", doubled)))
        ),
        acknowledged=told,
    )


def _is_our_form(settings: Settings, message: Message, sender: str) -> bool:
    """Whether the office's own web site wrote it, as a trusted server says: it names whoever filled in its form."""
    return _is_own_site(settings, message, sender) and replies.is_proven(settings, message)


def _passed_on(work: Work, item: Item, message: Message, sender: str, doubled: bool) -> list[New]:
    """The complaints of people from outside that an official passes on in one mail: each is its writer's own."""
    official = work.settings.person_at(sender) if sender else None
    if official is None:
        return []
    inside = _inside(work.settings)
    whole = forwarded.enclosed(message, inside)
    several = whole if len(whole) > 1 else forwarded.apart(message, inside)
    one = forwarded.original(message, inside)
    found = several or ([one] if one else [])
    return [_forwarded(work, item, message, each, official, doubled, len(found)) for each in found]


def _passed_on_together(settings: Settings, message: Message, sender: str) -> int:
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
    about = [word("catatan.diteruskan", nama=official.nama, jabatan=official.jabatan)]
    about += [word("catatan.diteruskan_kata", kata=one.above)] if one.above.strip() else []
    about += filter(None, [_others(work.settings, (*one.to, *one.cc))])
    email = one.writer.email.lower()
    subject = _line(forwarded.SUBJECT.sub("", one.subject)) or _subject(message)
    text = links.masked(one.text).strip() or word("surat.kosong")
    said = word(
        "catatan.periksa_pengadu", nama=official.nama, pengadu=one.writer.name or email or "-"
    )
    beside = word("catatan.satu_dari", jumlah=together) if together > 1 else ""
    remark = _remark(work, f"{message.subject}\n{text[:20_000]}", doubled)
    return New(
        Channel.EMAIL,
        Pengadu(nama=_display_name(one.writer), email=email if _answerable(email) else ""),
        perihal=subject[:PERIHAL],
        isi=text + _notes(message) + "".join(f"\n\n[{note}]" for note in about),
        received_at=item.received_at,
        item_id=item.id,
        thread_id=outbox.bracketed(one.message_id or message.message_id),
        files=_files(message),
        note="\n".join(filter(None, (said, beside, remark))),
        acknowledged=False,
    )


def _inside(settings: Settings) -> frozenset[str]:
    """Who may stand between a citizen and us when a mail is passed on."""
    people = {address.lower() for p in settings.petugas for address in (p.email, *p.email_lain)}
    return settings.own_addresses | people | {settings.petugas_ti.email.lower()}


def _others(settings: Settings, people: Sequence[Address]) -> str:
    """To whom else a citizen wrote (the mayor, the Ombudsman, other agencies), for who answers; "" for nobody."""
    inside = _inside(settings)
    others = [one for one in people if one.email and one.email.lower() not in inside]
    named = [
        f"{_line(one.name)} <{one.email}>" if one.name else one.email
        for one in others[:MOST_OTHERS]
    ]
    return word("catatan.juga_kepada", siapa=", ".join(dict.fromkeys(named))) if named else ""


@dataclass(frozen=True)
class _Writer:
    """Who is to be answered, and by what way they wrote. `third`: somebody else than who sent the mail, as it says of
    itself; whoever wrote it can name anybody there."""

    address: Address | None
    way: str = ""
    third: bool = False


def _writer(settings: Settings, message: Message, sender: str) -> _Writer:
    """A site mails what a visitor typed, a person may want the answer elsewhere (Reply-To)."""
    wanted = [one for one in message.reply_to if _answerable(one.email)]
    nobody = phrases.NO_REPLY.match(sender) or sender in settings.own_addresses
    other = wanted[0] if len(wanted) == 1 else None
    if (
        other is None
        or other.email.lower() in {sender, *_inside(settings)}
        or phrases.NO_REPLY.match(other.email)
    ):
        if nobody or _is_own_site(settings, message, sender):
            return _Writer(None, word("catatan.situs_tanpa_alamat", alamat=sender))
        behind = _behind_group(message)
        nameless = not (
            message.all("From") or message.all("Sender")
        )  # the sender is a Reply-To, then
        return _Writer(
            behind,
            third=nameless or (behind is not None and behind.email.lower() not in ("", sender)),
        )
    site = bool(nobody) or bool(_SITES.match(sender)) or triage.is_form(message)
    name = other.name or ("" if site or not message.sender else message.sender.name)
    way = word("catatan.lewat_situs" if site else "catatan.balas_ke", alamat=sender)
    return _Writer(Address(name, other.email), way, third=True)


def _is_own_site(settings: Settings, message: Message, sender: str) -> bool:
    """Whether the office's own web site mails what a visitor wrote: a receipt would go to the site."""
    domain = sender.rpartition("@")[2]
    ours = {address.rpartition("@")[2] for address in settings.own_addresses}
    ours |= {
        urlsplit(url).hostname or url
        for url in (settings.web.base_url, settings.instansi.laman)
        if url
    }
    at_home = any(
        domain == one or one.endswith(f".{domain}") or domain.endswith(f".{one}") for one in ours
    )
    return at_home and bool(_SITES.match(sender) or triage.is_form(message))


def _behind_group(message: Message) -> Address | None:
    """The sender; of a mail that a group passes on under its own address, whom the group says it is from."""
    sender = message.sender
    name = forwarded.through_a_group(sender.name) if sender else ""
    if not name:
        return sender
    told = [
        one
        for header in ("X-Original-From", "X-Original-Sender")
        for one in parse(" ".join(message.all(header)))
    ]
    named = [one for one in told if _answerable(one.email)]
    return Address(name, named[0].email if named else "")


def _status_asked(settings: Settings, message: Message) -> str:
    """The number in a subject, or in a mail's whole text, that asks for nothing but the state of a case ("STATUS
    <number>"); "" for any other."""
    asks = rf"(?:re ?: ?)?(?:cek |tanya )?status ?:? ?#?({settings.register_.number})[ .?!]*"
    said = reply.split(message.text[:LONGEST_QUESTION]).new
    for text in (message.subject[:PERIHAL], said):
        if found := re.fullmatch(asks, " ".join(text.split()), re.IGNORECASE):
            return found[1]
    return ""


def _tell_status(work: Work, item: Item, number: str, sender: str, message: Message) -> str:
    """To the pengadu's own address alone; anybody else hears the same as about a number that does not exist. What the
    mail says besides is for the JFU: a number alone joins no case."""
    complaint = cases.by_number(work, number)
    mine = complaint is not None and complaint.email.lower() == sender
    citizen.status(work, complaint if mine else None, number, sender)
    said = phrases.COURTESY.sub("", reply.split(message.text).new.replace(number, ""))
    if len(re.findall(r"\w+", said)) > 2 or message.attachments:
        return hold(work, item, word("ditahan.status", nomor=number))
    return ledger.done(item, "permintaan status")


def _remark(work: Work, text: str, doubled: bool) -> str:
    """What the JFU should know before recording: numbers that the mail names join nothing by themselves."""
    found = re.findall(rf"(?<![\w-]){work.settings.register_.number}(?!\w)", text, re.IGNORECASE)
    numbers = dict.fromkeys(number.upper() for number in found)
    named = [number for number in list(numbers)[:3] if cases.by_number(work, number) is not None]
    notes = [word("catatan.menyebut", nomor=", ".join(named))] if named else []
    return "\n".join(notes + [word("catatan.nomor_surat_sama")] * doubled)


def _official_replies(
    work: Work,
    item: Item,
    message: Message,
    ours: Outbox,
    official: Petugas,
    enclosed: Enclosed,
    shown: datetime,
) -> str:
    """A reply of an official to a mail that was sent to them; `shown`: the newest that it answers."""
    if ours.name in GUESTS:
        return _guest_answers(work, item, message, ours)
    if ours.task_id is None or _is_about(work, ours.complaint_id, official):
        return hold(work, item, word("ditahan.balasan"))
    task = work.session.get_one(Task, ours.task_id)
    return ledger.done(item, replies.take(work, message, task, official, enclosed, item.id, shown))


def _guest_answers(work: Work, item: Item, message: Message, ours: Outbox) -> str:
    """A calendar's answer to an invitation is noted; words of a guest or of another agency go to the JFU."""
    for attachment in message.attachments:
        found = (
            calendar.answer(attachment.content)
            if b"BEGIN:VCALENDAR" in attachment.content[:200]
            else None
        )
        if found and meeting_answered(work, found[0], ours.recipient, found[1]):
            return ledger.done(item, "jawaban undangan")
    return hold(work, item, word("ditahan.bukan_pengadu"))


def _letters(settings: Settings, message: Message) -> list[EnclosedLetter]:
    """The letter attached to a reply, through its gate, before any transaction begins; of several none is read."""
    found = []
    attached = [one for one in meant(message.attachments) if is_letter(one)]
    for attachment in attached if len(attached) == 1 else ():
        file = File(attachment.name, kinds.DOCX, attachment.content)
        try:
            found.append(EnclosedLetter(file, read_letter(settings, attachment.content)))
        except ValueError as error:
            found.append(EnclosedLetter(file, None, str(error)))
    return found


def _own_thread(session: Session, thread: Collection[str], sender: str) -> Complaint | None:
    """The case of the pengadu's own earlier mail: by its Message-ID and the same sender, never by a number alone."""
    if not thread or not sender:
        return None
    query = select(Complaint).where(
        Complaint.thread_id.in_(thread),
        func.lower(Complaint.email) == sender,
        Complaint.thread_id != "",
    )
    return session.scalars(query.order_by(Complaint.id.desc())).first()


def _join(work: Work, item: Item, message: Message, complaint: Complaint) -> str:
    split = reply.split(message.text)
    text = "\n\n".join(filter(None, (_new_subject(message, complaint), split.new.strip())))
    folded = split.rest[:FOLDED]
    if not text:
        text, folded = message.text.strip() or word("surat.kosong"), ""
    citizen_wrote(work, complaint.id, text + _notes(message), _files(message), item.id, folded)
    if withdrawal.seems_withdrawn(text):
        withdrawal.make_sure(work, complaint, text)
    return ledger.done(item, f"tambahan untuk {complaint.number}")


def _new_subject(message: Message, complaint: Complaint) -> str:
    """What the subject of a reply says that was not there before; a subject in brackets or with the number is ours."""
    subject = _bare_subject(message)
    old = (complaint.number, complaint.perihal[:40])
    return "" if subject.startswith("[") or any(one and one in subject for one in old) else subject


def _answerable(address: str) -> bool:
    # RFC 5321 4.5.3.1: a path has at most 256 letters with its brackets; one of 3,000 fits into no index
    return len(address) <= 254 and bool(
        re.fullmatch(r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z0-9-]{2,}", address)
    )


def _line(text: str) -> str:
    """One line without marks that turn the reading direction: they can make an .exe read like a .jpg."""
    return " ".join(_DIRECTION.sub("", text).split())


def _display_name(address: Address | None) -> str:
    name = _line(address.name if address else "")
    return "" if "@" in name else name[:120]


def _bare_subject(message: Message) -> str:
    return _BEFORE.sub("", _line(message.subject)).strip()


def _subject(message: Message) -> str:
    subject = _bare_subject(message)
    if subject:
        return subject if len(subject) <= PERIHAL else f"{subject[: PERIHAL - 1].rstrip()}…"
    first = next((line.strip() for line in message.text.splitlines() if line.strip()), "")
    return _line(first)[:80] or word("surat.tanpa_perihal")


def _text(message: Message) -> str:
    """The words of a new complaint; a subject that is too long for one stands above them, whole."""
    subject = _bare_subject(message)
    above = f"{subject}\n\n" if len(subject) > PERIHAL else ""
    return (above + message.text.strip() or word("surat.kosong")) + _notes(message)


def _notes(message: Message) -> str:
    return "".join(f"\n\n[{note}]" for note in message.notes)


def _files(message: Message) -> list[File]:
    return [
        File(_name(a, n), a.content_type, a.content)
        for n, a in enumerate(message.attachments, 1)
        if a.content
    ]


def _name(attachment: Attachment, order: int) -> str:
    return _line(attachment.name.replace("/", "-").replace("\\", "-"))[:120] or f"lampiran-{order}"


def release(app: App, item_id: int) -> str:
    """Try a held item again; its new state. NotHeld (a KeyError) for one that is not held, or that a JFU has settled by
    hand; HeadOnly."""
    with reading(app.engine) as session:
        item = session.get(Item, item_id)
        if item is None or item not in cases.held_items(session):
            raise NotHeld(item_id)
        if item.full_size is not None:
            raise HeadOnly(
                word(
                    "ditahan.hanya_kepala",
                    folder=app.settings.imap.folder_held,
                    masuk=app.settings.imap.folder,
                )
            )
    return take_in(app, item_id, by_hand=True, held=True)


# ---- the end of our own mails --------------------------------------------------------------------------------


def take_results(app: App) -> int:
    """Tell `cases` how our mails ended; each once, in the transaction that marks it told."""
    with reading(app.engine) as session:
        ids = outbox.untold(session)
    for start in range(0, len(ids), outbox.BATCH):
        with app.writing() as work:
            for row in outbox.take_untold(work.session, ids[start : start + outbox.BATCH]):
                delivery_result(work, row)
                reports.delivery_result(work, row)
                outbox.mark_told(work.session, row)
    return len(ids)
