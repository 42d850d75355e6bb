"""An official's reply to a task mail → an act, a form filled in for one more look, or a friendly answer.

Hides the words (`sop.COMMANDS`), what a reply may not do, and how its words fill a form. A reply acts only for the
holder of the task, by a new first line that is a command; quoted and forwarded words never act.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline import cases, links, notices, saved
from pipeline.cases import Checked, File, Scan, Upload, Work
from pipeline.config import Petugas, Settings
from pipeline.db import Complaint, Task
from pipeline.letters.mark import read_code
from pipeline.letters.returned import Returned
from pipeline.letters.series import series_of
from pipeline.mail import authentication, reply
from pipeline.mail.message import Message
from pipeline.sop import BINDING, COMMANDS, HANDED_IN, Command, Field, FieldKind, TaskKind, action
from pipeline.words import word

FORWARD = re.compile(r"\s*(fwd?|tr|trs|terusan|diteruskan|wg)\s*:", re.IGNORECASE)
MARKS = " \t*_>\"'“”‘’.:;-–—"
SIGNING = tuple(command for command in COMMANDS[TaskKind.TANDA_TANGAN] if command.action in HANDED_IN)
MOST_PAPERS = 8  # attachments of one reply that are read as signed letters
LONG_SUMMARY = 600  # characters; a longer complaint is not its own summary


@dataclass(frozen=True)
class Letter:
    """An attached letter after its gate: as read, or why it cannot be taken."""

    file: File
    read: Returned | None
    problem: str = ""


@dataclass(frozen=True)
class Enclosed:
    """What a reply carries, as it was read before any transaction began: letters from Word, and signed papers (or why
    they cannot be taken) by their place among the attachments."""

    letters: Sequence[Letter] = ()
    scans: Mapping[int, Scan | ValueError] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One reply of one holder to the mail of one task."""

    work: Work
    message: Message
    task: Task
    complaint: Complaint | None
    person: Petugas
    enclosed: Enclosed


def read_scans(settings: Settings, message: Message) -> dict[int, Scan | ValueError]:
    """The signed papers of a reply that may hand them in; {} for any other mail, for it takes seconds."""
    sender = message.sender.email if message.sender else ""
    if settings.person_at(sender) is None or _order(settings, message, SIGNING) is None:
        return {}
    found: dict[int, Scan | ValueError] = {}
    for place, attachment in enumerate(message.attachments[:MOST_PAPERS]):
        if attachment.content and not attachment.inline:
            try:
                found[place] = cases.read_scan(settings, attachment.content)
            except ValueError as error:
                found[place] = error
    return found


def by_token(work: Work, message: Message, person: Petugas) -> links.Opened | None:
    """The link that stands in a reply that lost its thread: only one of this very person that still opens."""
    for text in links.TOKEN.findall(message.text)[:5]:
        try:
            found = links.resolve(work.session, work.settings.key, text, work.now)
        except links.LinkError:
            continue
        if found.holder == person.kode and found.alive:
            return found
    return None


def take(work: Work, message: Message, task: Task, person: Petugas, enclosed: Enclosed) -> str:
    """Settle a reply to the mail of a task; how, for the ledger. The one who wrote is always answered."""
    complaint = work.session.get(Complaint, task.complaint_id) if task.complaint_id else None
    one = Reply(work, message, task, complaint, person, enclosed)
    problem = _obstacle(one)
    if problem:
        _answer(one, problem)
        return "balasan tugas"
    return _act(one)


def _obstacle(one: Reply) -> str:
    """Why this reply may not act at all, or ""."""
    work, task = one.work, one.task
    failed = authentication.failure(one.message.all(authentication.HEADER), work.settings.balasan.server_tepercaya)
    if failed:
        return word("balasan.tidak_terbukti")
    if task.closed_at is not None:
        return word("balasan.sudah_selesai")
    holding = cases.holders(work.settings, task)
    handing_in = one.person.kode in {p.kode for p in cases.helpers(work.settings, task)}
    if not handing_in and one.person.kode not in {p.kode for p in holding}:
        return word("balasan.beralih", siapa=" dan ".join(f"{p.nama} ({p.jabatan})" for p in holding))
    if FORWARD.match(one.message.subject):
        return word("balasan.terusan")
    return ""


def _act(one: Reply) -> str:
    order = _order(one.work.settings, one.message, COMMANDS[one.task.kind])
    confirmed = order is not None and order.command.action in BINDING and not _at_once(one)
    acts = order if order is not None and (order.plain or confirmed) else None
    stored = _store_letter(one, quiet=acts is not None)
    if acts is None:
        if stored == "":
            return "surat dari Word"
        asked = word("balasan.kata", kata=order.command.word) if order else ""
        refused = stored if one.enclosed.letters or not order else ""
        _answer(one, " ".join(filter(None, (refused, asked))) or word("balasan.tidak_dimengerti"))
        return "balasan tugas"
    command, values = acts.command, _values(one, acts.command, acts.words)
    if confirmed:
        return _confirm(one, command, values)
    try:
        form = cases.check(one.work.settings, one.task.kind, command.action, values, _uploads(one, command))
        with one.work.session.begin_nested():  # what is refused half-way leaves nothing behind
            cases.act(one.work, one.task.id, one.person, form)
    except cases.Invalid as error:
        _answer(one, " ".join(error.errors.values()))
    except cases.AlreadyDone:
        _answer(one, word("balasan.sudah_selesai"))
    except cases.Forbidden:
        _answer(one, word("balasan.tidak_sekarang", kata=command.word))
    else:
        _receipt(one, form)
        return f"balasan: {command.word}"
    return "balasan tugas"


def _at_once(one: Reply) -> bool:
    return one.work.settings.balasan.keputusan_langsung


def _store_letter(one: Reply, quiet: bool) -> str | None:
    """A letter that came back is kept as a version: "" when it was, why not, or None where no letter is awaited.

    `quiet`: what follows answers.
    """
    if one.task.kind is not TaskKind.JAWABAN:
        return None
    problem = None
    for letter in one.enclosed.letters:
        problem = letter.problem or cases.letter_by_mail(
            one.work, one.task.id, one.person, letter.file, letter.read, quiet=quiet
        )
        if not problem:
            return ""
    return problem or (None if quiet else word("balasan.tanpa_surat"))


@dataclass(frozen=True)
class Order:
    """The command that a reply begins with, and its words by lines. `plain`: written as a command, not the beginning of
    a sentence that anybody might write ("Kirim besok saja")."""

    command: Command
    words: list[str]
    plain: bool


def _new_lines(settings: Settings, message: Message) -> list[str]:
    """The new words, up to where our own mail begins: its address or its head, whatever a mail program puts before."""
    head = settings.instansi.pemerintah.casefold()
    lines = reply.split(message.text).new.splitlines()
    ours = (
        n
        for n, line in enumerate(lines)
        if line.strip(MARKS).casefold() == head or any(own in line.lower() for own in settings.own_addresses)
    )
    return lines[: next(ours, len(lines))]


def _order(settings: Settings, message: Message, known: Iterable[Command]) -> Order | None:
    """What the new words order; the longest word wins. Plain is a word in capitals, alone in its line, or with a
    colon."""
    lines = _new_lines(settings, message)
    while lines and not lines[0].strip(MARKS):
        lines = lines[1:]
    if not lines:
        return None
    first = lines[0].lstrip(MARKS).rstrip(" \t*_")
    for command in sorted(known, key=lambda c: -len(c.word)):
        pattern = r"\s+".join(map(re.escape, command.word.split()))
        found = re.match(rf"({pattern})(?![\w?])(.*)$", first, re.IGNORECASE)
        if found:
            typed, tail = found.groups()
            words = tail.lstrip(f"{MARKS},!").strip()
            plain = typed.isupper() or not words or bool(re.match(r"[\s*_]*:", tail))
            return Order(command, [words, *lines[1:]], plain)
    return None


def _values(one: Reply, command: Command, rest: list[str]) -> dict[str, list[str]]:
    """The form as the page would show it, with the words of the reply."""
    given = action(one.task.kind, command.action)
    values = {field.name: _known(one.complaint, field) for field in (given.fields if given else ())}
    values |= {name: [str(value)] for name, value in command.fixed}
    if command.first:
        values[command.first] = [rest[0]]
        rest = rest[1:]
    text = "\n".join(rest).strip()
    if command.field and text:
        values[command.field] = [text]
    return {name: many for name, many in values.items() if many}


def _known(c: Complaint | None, field: Field) -> list[str]:
    """What the case knows already, as the form on the page is filled in."""
    if c is None or field.kind in (FieldKind.PETUGAS, FieldKind.UNIT):
        return []
    if field.kind is FieldKind.CENTANG:
        return ["ya"] if field.name == "rahasia" and c.rahasia else []
    if field.name == "ringkasan":
        return [c.ringkasan or (c.isi if len(c.isi) <= LONG_SUMMARY else "")]
    known = ("perihal", "kategori", "nama", "alamat", "telepon", "email")
    return [str(getattr(c, field.name))] if field.name in known else []


def _uploads(one: Reply, command: Command) -> dict[str, Upload]:
    """The attached files for the form's file fields, in their order; a signed paper goes where its code says."""
    given = action(one.task.kind, command.action)
    fields = given.fields if given else ()
    files = {n: a for n, a in enumerate(one.message.attachments) if a.content and not a.inline}
    wanted = [f.name for f in fields if f.kind is FieldKind.BERKAS]
    if wanted:
        return {name: Upload(a.name, a.content) for name, a in zip(wanted, files.values(), strict=False)}
    scans = one.enclosed.scans
    papers = {n: Upload(a.name, a.content, scans[n]) for n, a in files.items() if n in scans}
    names = [f.name for f in fields if f.kind is FieldKind.PINDAIAN]
    told = {n: _field_of(one.work, upload.scan) for n, upload in papers.items()}
    placed = {name: papers[n] for name in names for n, where in told.items() if where == name}
    rest = [upload for n, upload in papers.items() if told[n] not in placed]
    return placed | dict(zip([name for name in names if name not in placed], rest, strict=False))


def _field_of(work: Work, scan: Scan | ValueError | None) -> str:
    """Which field of the form a signed paper belongs to by its code; "" where it does not say."""
    codes = scan.codes if isinstance(scan, Scan) else ()
    source = next(filter(None, (cases.by_code(work, read_code(text)) for text in codes)), None)
    return "" if source is None else cases.SIGNED_FIELDS[series_of(source.kind)]


def _confirm(one: Reply, command: Command, values: Mapping[str, list[str]]) -> str:
    """Keep the form as filled in and send the link that shows it."""
    work = one.work
    saved.put(work.session, one.task, one.person.kode, command.action, values, work.now)
    notices.reply_filled(
        work.session, work.settings, work.now, one.complaint, one.task, _holding(one), _fresh_link(one),
        command.action, {name: many[0] for name, many in values.items()},
    )  # fmt: skip
    return f"balasan: {command.word}, menunggu konfirmasi"


def _receipt(one: Reply, form: Checked) -> None:
    work, task = one.work, one.task
    if form.action.name in BINDING:
        return  # what binds has a receipt of its own
    link_id = None if task.closed_at is not None else _fresh_link(one)
    notices.reply_done(
        work.session, work.settings, work.now, one.complaint, task, _holding(one), link_id, form.action.name
    )


def _answer(one: Reply, reason: str) -> None:
    """Friendly words with the choices and, where the person may act, a fresh link: the quoted one is dead."""
    work = one.work
    link_id = None
    mine = one.person.kode in {p.kode for p in cases.holders(work.settings, one.task)}
    if one.task.closed_at is None and mine:
        link_id = _fresh_link(one)
    notices.task_reply(work.session, work.settings, work.now, one.complaint, one.task, _holding(one), link_id, reason)


def _holding(one: Reply) -> Petugas:
    """The person in the form in which they hold the task."""
    return next((p for p in cases.holders(one.work.settings, one.task) if p.kode == one.person.kode), one.person)


def _fresh_link(one: Reply) -> int:
    work = one.work
    return links.issue(work.session, [(one.task, one.person.kode)], work.now, work.settings.web.link_days)[0]
