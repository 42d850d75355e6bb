"""An official's reply to a task mail → an act, a form filled in for one more look, or a friendly answer.

Hides what a reply may do at once and what waits for a look. It acts at once only where a trusted server vouches for
the domain in From and the act stays inside the office (`sop.INNER`); what reaches a citizen, decides or signs always
comes back to the holder's own address as a page with everything filled in. Quoted and forwarded words never act.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline import cases
from pipeline.access import links, unsent
from pipeline.casefile.holders import helpers, holders, named, resting
from pipeline.cases import unseen
from pipeline.cases.input import Checked, File
from pipeline.cases.late_answers import is_welcome
from pipeline.cases.outcomes import letter_by_mail
from pipeline.data.tables import Complaint, Link, Outbox, Task
from pipeline.intake import enclosed, orders, said_units
from pipeline.intake.orders import MARKS, Order
from pipeline.letters.returned import Returned
from pipeline.mail import authentication, reply, signoff
from pipeline.mail.message import Attachment, Message
from pipeline.notices import answers
from pipeline.office.actions import Field, FieldKind, action
from pipeline.office.commands import BINDING, COMMANDS, INNER, Command
from pipeline.office.config import Petugas, Settings
from pipeline.office.messages import say
from pipeline.office.rendering import unit_names
from pipeline.office.sop import REPORTING, Act, TaskKind
from pipeline.office.words import word
from pipeline.work import Work

FORWARD = re.compile(r"\s*(fwd?|tr|trs|terusan|diteruskan|wg)\s*:", re.IGNORECASE)
KNOWN = {  # fields of which a reply keeps what the case knows, where it says nothing of them
    "perihal",
    "klasifikasi",
    "kategori",
    "lokasi_kejadian",
    "nama",
    "alamat",
    "telepon",
    "email",
}
LONG_SUMMARY = 600  # characters; a longer complaint is not its own summary
UPLOAD = Act.UNGGAH  # the action that keeps an edited letter
LETTER_COMES_BACK = (TaskKind.JAWABAN, TaskKind.LAPORAN)  # from Word
MOST_TOKENS = 20  # of one mail that are looked up


@dataclass(frozen=True)
class EnclosedLetter:
    """An attached letter after its gate: as read, or why it cannot be taken."""

    file: File
    read: Returned | None
    problem: str = ""


@dataclass(frozen=True)
class Enclosed:
    """Letters from Word that a reply carries, as they were read before any transaction began."""

    letters: Sequence[EnclosedLetter] = ()


@dataclass(frozen=True)
class TaskReply:
    """One reply of one holder to the mail of one task. `proven`: a trusted server says that the sender is who From
    says. `seen`: the newest event of the case when the mail that is answered was written."""

    work: Work
    message: Message
    task: Task
    complaint: Complaint | None
    person: Petugas
    enclosed: Enclosed
    item_id: int
    proven: bool
    seen: int = 0
    units: Sequence[str] = ()  # the units terkait that it names

    @property
    def files(self) -> list[Attachment]:
        return enclosed.meant(self.message.attachments)


def is_proven(settings: Settings, message: Message) -> bool:
    """Whether a trusted server vouches for the domain in From; never in an office that names no such server."""
    domain = message.sender.email.rpartition("@")[2] if message.sender else ""
    return authentication.proven(message.headers, settings.balasan.server_tepercaya, domain)


def hands_in_a_letter(
    session: Session, settings: Settings, message: Message, thread: Collection[str]
) -> bool:
    """Whether the letters of this mail may be read at all: only those that the holder of the letter's task sends, as a
    trusted server says. Anybody may attach a file that costs much to read."""
    person = settings.person_at(message.sender.email) if message.sender else None
    if person is None or not is_proven(settings, message):
        return False
    asked = (
        select(Task).join(Outbox, Outbox.task_id == Task.id).where(Outbox.message_id.in_(thread))
    )
    tasks = session.scalars(asked.where(Task.closed_at.is_(None))).all() if thread else []
    tasks = [
        *tasks,
        *(
            session.get_one(Task, one.task_id)
            for one in opened(session, settings, links.found(message.text))
        ),
    ]
    return any(
        task.kind in LETTER_COMES_BACK and person.kode in {p.kode for p in holders(settings, task)}
        for task in tasks
    )


def opened(session: Session, settings: Settings, tokens: Iterable[str]) -> list[Link]:
    """The links to tasks that these tokens belong to, alive or not."""
    found = (links.known(session, settings.keys, token) for token in list(tokens)[:MOST_TOKENS])
    return [link for link in found if link is not None]


def take(
    work: Work,
    message: Message,
    task: Task,
    person: Petugas,
    enclosed: Enclosed,
    item_id: int,
    shown: datetime,
) -> str:
    """Settle a reply to the mail of a task; how, for the ledger. The one who wrote is always answered. `shown`: when
    the mail that they answer was written."""
    complaint = work.session.get(Complaint, task.complaint_id) if task.complaint_id else None
    proven = is_proven(work.settings, message)
    task = _at_rest(work, message, task, person)
    seen = unseen.newest(work.session, task, shown)
    one = TaskReply(work, message, task, complaint, person, enclosed, item_id, proven, seen)
    problem = _obstacle(one)
    if problem:
        _answer(one, problem)
        return "balasan tugas"
    return _act(one)


def _at_rest(work: Work, message: Message, task: Task, person: Petugas) -> Task:
    """The task that a reply means: of a case that is over, whose end no mail tells, what may still be done with it."""
    if task.closed_at is None or is_welcome(task):
        return task
    for one in resting(work.session, work.settings, task.complaint_id, person.kode):
        if _read(work.settings, message, person, one.kind).order is not None:
            return one
    return task


def warn(work: Work, task: Task, person: Petugas) -> None:
    """Tell a holder that the link of their task went through somebody else's hands, and give them a fresh one."""
    if (
        person.kode not in {p.kode for p in holders(work.settings, task)}
        or task.closed_at is not None
    ):
        return
    complaint = work.session.get(Complaint, task.complaint_id) if task.complaint_id else None
    (link_id,) = links.issue(work.session, [(task, person)], work.now, work.settings.web.link_days)
    reason = word("balasan.tautan_diganti")
    answers.task_reply(work, complaint, task, person, link_id, reason, replaced=True)


def _obstacle(one: TaskReply) -> str:
    """Why this reply may not act at all, or ""."""
    work, task = one.work, one.task
    if task.closed_at is not None and not is_welcome(task):
        return word("balasan.sudah_selesai")
    holding = holders(work.settings, task)
    handing_in = one.person.kode in {p.kode for p in helpers(work.settings, task)}
    if not handing_in and one.person.kode not in {p.kode for p in holding}:
        return word("balasan.beralih", siapa=named(holding))
    if FORWARD.match(one.message.subject):
        return word("balasan.terusan")
    return ""


def _act(one: TaskReply) -> str:
    said = _read(one.work.settings, one.message, one.person, one.task.kind)
    one, order, rest = replace(one, units=said.units), said.order, said.rest
    problem = _files_refused(one)
    if problem:
        _answer(one, problem)
        return "balasan tugas"
    letters = [file for file in one.files if enclosed.is_letter(file)]
    if letters and one.task.kind is TaskKind.LAPORAN:  # its figures are counted before it is kept
        return _confirm(one, Command("", UPLOAD), {}, rest)
    if letters and one.task.kind is TaskKind.JAWABAN:
        return _with_letter(one, order, letters, rest)
    if order is None:
        _answer(one, _not_understood(one))
        return "balasan tugas"
    if _misses_its_letter(one, order, rest):
        _answer(one, word("balasan.surat_tidak_ikut", kata=order.command.word))
        return "balasan tugas"
    return _ordered(one, order, rest)


def _ordered(one: TaskReply, order: Order, rest: str) -> str:
    """A command that was read: done at once where nobody outside hears, else asked about or shown first."""
    decides = order.command.action in BINDING and not order.withdrawn
    if not order.plain and not decides:
        return _ask(one, order, rest)
    inner = order.command.action in INNER and one.task.kind not in REPORTING
    at_once = inner or (_at_once(one) and order.plain and decides)
    if one.proven and at_once:
        return _do(one, order, rest)
    return _confirm(one, order.command, _values(one, order.command, order.words), rest)


def _misses_its_letter(one: TaskReply, order: Order, rest: str) -> bool:
    """Whether a letter is handed in whose text came without it: forgotten, or behind a link that nobody opens. What
    would be handed in is the draft that is here."""
    if one.task.kind not in LETTER_COMES_BACK or order.command.action != Act.AJUKAN:
        return False
    return orders.speaks_of_a_letter("\n".join((*order.words, rest)))


def _at_once(one: TaskReply) -> bool:
    return one.work.settings.balasan.keputusan_langsung


def _not_understood(one: TaskReply) -> str:
    awaited = one.task.kind is TaskKind.JAWABAN
    return (
        word("balasan.tanpa_surat")
        if awaited and not one.message.text.strip()
        else word("balasan.tidak_dimengerti")
    )


def _files_refused(one: TaskReply) -> str:
    """Why the files of a reply cannot be taken, so that nothing is done; "" where they can."""
    files = one.files
    if one.task.kind in LETTER_COMES_BACK:
        files = [file for file in files if not enclosed.is_letter(file)]
    refused = enclosed.refused(files)
    return word("balasan.berkas_ditolak", berkas=", ".join(refused)) if refused else ""


def _do(one: TaskReply, order: Order, rest: str) -> str:
    """Carry out the command at once."""
    command = order.command
    given = action(one.task.kind, command.action)
    beside = enclosed.beside(given, _not_kept(one))
    try:
        form = cases.check(
            one.work.settings,
            one.task.kind,
            command.action,
            _values(one, command, order.words),
            enclosed.as_uploads(given, _not_kept(one)),
            one.seen,
        )
        with one.work.session.begin_nested():  # what is refused half-way leaves nothing behind
            cases.attach(one.work, one.task, _holding(one), beside)
            cases.act(one.work, one.task.id, one.person, form)
    except (
        cases.Invalid
    ) as error:  # nothing that was written is lost: the page is filled in and asks for the rest
        return _confirm(one, command, _values(one, command, order.words), rest, error.errors)
    except cases.AlreadyDone:
        _answer(one, word("balasan.sudah_selesai"))
    except (
        cases.Changed
    ):  # what they did not see when they wrote: one look, at the page that shows it
        return _confirm(one, command, _values(one, command, order.words), rest)
    except cases.Forbidden:
        _answer(one, word("balasan.tidak_sekarang", kata=command.word))
    else:
        _receipt(one, form, rest)
        return f"balasan: {command.word}"
    return "balasan tugas"


def _ask(one: TaskReply, order: Order, rest: str) -> str:
    """A sentence that begins with a command, or a command that is taken back: nothing is done, and the choices come
    back; what stays inside the office is filled in, so that one press does it if it was meant."""
    command = order.command
    link_id = None
    if command.action in INNER and not order.withdrawn:
        link_id = _fresh_link(one)
        _keep(one, command, _values(one, command, order.words), rest, link_id)
    _answer(
        one, word("balasan.kata", kata=command.word), link_id, command.action if link_id else ""
    )
    return "balasan tugas"


# ---- the letter that comes back from Word --------------------------------------------------------------------


def _with_letter(
    one: TaskReply, order: Order | None, letters: Sequence[Attachment], rest: str
) -> str:
    """A reply to the letter's mail that carries a letter: it is kept first, and nothing is done if it cannot be."""
    if len(letters) > 1:
        _answer(one, word("balasan.dua_surat", berkas=", ".join(enclosed.names(letters))))
        return "balasan tugas"
    if not one.proven or _news(one, UPLOAD):
        waits = order.command.word if order else ""
        return _confirm(one, Command("", UPLOAD), {}, rest, waits=waits)
    acts = order is not None and order.plain
    problem = _store_letter(one, quiet=acts)
    if problem:
        _answer(one, word("balasan.surat_ditolak", berkas=letters[0].name, sebab=problem))
        return "balasan tugas"
    if order is None or not acts:
        return say("kiriman.surat_word")
    if order.command.action in INNER:
        return _do(one, order, rest)
    return _confirm(one, order.command, _values(one, order.command, order.words), rest)


def _not_kept(one: TaskReply) -> list[Attachment]:
    """The files of a reply but for the letter, which is a version already when its command acts."""
    if one.task.kind is not TaskKind.JAWABAN:
        return one.files
    return [file for file in one.files if not enclosed.is_letter(file)]


def _store_letter(one: TaskReply, quiet: bool) -> str:
    """Keep the letter as a version; why it cannot be, or "". `quiet`: what follows answers."""
    for letter in one.enclosed.letters:
        return letter.problem or letter_by_mail(
            one.work, one.task.id, one.person, letter.file, letter.read, quiet=quiet
        )
    return word("balasan.tanpa_surat")


# ---- the words -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Understood:
    """What the new words of a reply order, the units terkait that a line of its own names, and what below them is no
    part of it: a signature, a disclaimer."""

    order: Order | None
    units: list[str]
    rest: str


def _read(settings: Settings, message: Message, person: Petugas, kind: TaskKind) -> Understood:
    new = "\n".join(new_lines(settings, message))
    said = signoff.split(new, person.nama, _beside(settings, person))
    lines = said.words.splitlines()
    units: list[str] = []
    if kind is TaskKind.KLARIFIKASI:
        lines, units = said_units.taken_out(settings, lines)
    return Understood(orders.read(lines, COMMANDS[kind]), units, said.rest)


def _beside(settings: Settings, person: Petugas) -> tuple[str, ...]:
    """What else a signature says of its writer."""
    office = settings.instansi
    return (person.jabatan, person.email, office.nama, office.singkatan, office.kota)


def new_lines(settings: Settings, message: Message) -> list[str]:
    """The new words, up to where our own mail begins: its address or its head, whatever a mail program puts before."""
    head = settings.instansi.pemerintah.casefold()
    found = []
    for line in reply.split(message.text).new.splitlines():
        is_head = line.strip(MARKS).casefold() == head
        if is_head or any(own in line.lower() for own in settings.own_addresses):
            break
        found.append(line)
    return found


def _values(one: TaskReply, command: Command, rest: Iterable[str]) -> dict[str, list[str]]:
    """The form as the page would show it, with the words of the reply."""
    values: dict[str, list[str]] = {}
    given = action(one.task.kind, command.action)
    if given is not None:
        values = {field.name: _known(one, field) for field in given.fields}
    for name, value in command.fixed:
        values[name] = [str(value)]
    words = list(rest)
    if command.first:
        values[command.first] = words[:1]
        words = words[1:]
    text = "\n".join(words).strip()
    if command.field and text:
        values[command.field] = [text]
    return {name: many for name, many in values.items() if many}


def _known(one: TaskReply, field: Field) -> list[str]:
    """What the case knows already, as the form on the page is filled in; the units terkait as the reply names them."""
    c = one.complaint
    if c is None or field.kind is FieldKind.PETUGAS:
        return []
    if field.kind is FieldKind.UNIT:
        return [*one.units] or list(filter(None, c.unit.split(",")))
    if field.kind is FieldKind.CENTANG:
        is_secret = field.name == "rahasia" and c.rahasia
        return ["ya"] if is_secret else []
    if field.name == "ringkasan":
        own_words = c.isi if len(c.isi) <= LONG_SUMMARY else ""
        return [c.ringkasan or own_words]
    return [str(getattr(c, field.name))] if field.name in KNOWN else []


# ---- what is answered ----------------------------------------------------------------------------------------


def _keep(
    one: TaskReply, command: Command, values: Mapping[str, list[str]], rest: str, link_id: int
) -> None:
    """Keep the form as filled in, for the page behind this link."""
    names = enclosed.names(one.files)[: enclosed.MOST]
    filled = unsent.Filled(dict(values), one.work.now, link_id, one.item_id, names, rest)
    unsent.put_reply(one.work.session, one.task, one.person, command.action, filled)


def _confirm(
    one: TaskReply,
    command: Command,
    values: Mapping[str, list[str]],
    rest: str,
    missing: Mapping[str, str] = MappingProxyType({}),
    waits: str = "",
) -> str:
    """Keep the form as filled in and send the link that shows it, to the holder's own address; `missing` are the fields
    that want mending, and why; `waits` is the command that the reply has beside, which is not carried out."""
    work = one.work
    link_id = _fresh_link(one)
    _keep(one, command, values, rest, link_id)
    answers.reply_filled(
        work,
        one.complaint,
        one.task,
        _holding(one),
        link_id,
        command.action,
        _as_told(work.settings, values),
        enclosed.names(one.files),
        rest,
        _news(one, command.action),
        missing,
        waits,
    )
    return f"balasan: {command.word or command.action}, menunggu konfirmasi"


def _as_told(settings: Settings, values: Mapping[str, list[str]]) -> dict[str, str]:
    """A form's values as a mail tells them."""
    told = {name: many[0] for name, many in values.items()}
    if "unit" in values:
        told["unit"] = unit_names(settings, ",".join(values["unit"]))
    return told


def _news(one: TaskReply, action: str) -> bool:
    """Whether something that matters for this act has happened since the mail that is answered was written."""
    if not one.seen:
        return False
    return bool(unseen.news(one.work.session, one.task, one.person, action, one.seen))


def _receipt(one: TaskReply, form: Checked, rest: str) -> None:
    work, task = one.work, one.task
    if form.action.name in BINDING:
        return  # what binds has a receipt of its own
    link_id = None if task.closed_at is not None else _fresh_link(one)
    answers.reply_done(
        work,
        one.complaint,
        task,
        _holding(one),
        link_id,
        form.action.name,
        enclosed.names(one.files),
        rest,
    )


def _answer(one: TaskReply, reason: str, link_id: int | None = None, action: str = "") -> None:
    """Friendly words with the choices and, where the person may act, a fresh link: the quoted one is dead."""
    work = one.work
    may_act = any(each.kode == one.person.kode for each in holders(work.settings, one.task))
    if link_id is None and one.task.closed_at is None and may_act:
        link_id = _fresh_link(one)
    answers.task_reply(work, one.complaint, one.task, _holding(one), link_id, reason, action)


def _holding(one: TaskReply) -> Petugas:
    """The person in the form in which they hold the task."""
    for each in holders(one.work.settings, one.task):
        if each.kode == one.person.kode:
            return each
    return one.person


def _fresh_link(one: TaskReply) -> int:
    work = one.work
    valid = work.settings.web.link_days
    (link_id,) = links.issue(work.session, [(one.task, one.person)], work.now, valid)
    return link_id
