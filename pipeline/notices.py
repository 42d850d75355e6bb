"""Which mail each event sends to whom. One small function for each mail; the words lie in templates/email/<name>/.

Hides Jinja, place-holders of links and the thread of each person's mails. Everything is put into the outbox in the
caller's transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline import clock, store
from pipeline.config import Petugas, Settings
from pipeline.db import Complaint, Document, Event, Item, Meeting, Outbox, Payload, Seal, Task
from pipeline.letters.series import ANSWER, COVERING, LETTERS
from pipeline.mail import invitation, outbox
from pipeline.sop import ACTIONS, COMMANDS, LANGKAH_OF_TASK, Action, EventKind, Role, TaskKind
from pipeline.words import environment, fold, remaining_words, table, word

# What a robot could make us repeat (RFC 3834).
ANSWERS = ("tanda_terima", "balasan_tugas", "balasan_konfirmasi", "status")
MAX_ATTACHED = 10 * 2**20
MAX_NAMED = 20
MASK = "•••"
MANY_MINUTES = 120  # more are told in hours
SENTENCE, POINTS = 40, 12  # letters of a paragraph that says something; points of a letter that its mail repeats


@dataclass(frozen=True)
class Letter:
    """Who gets a mail, and what it hangs on. `opening`: the case's first mail to this person."""

    email: str
    name: str
    complaint: Complaint | None = None
    task: Task | None = None
    link_id: int | None = None
    attachments: Sequence[Document] = ()
    opening: bool = False
    files: Sequence[tuple[str, str, str]] = ()  # (sha256, name, mime) that are no documents of the case
    others: Sequence[int] = ()  # further links, of a mail about several tasks
    wait: timedelta = timedelta()  # before it is due


def _send(session: Session, settings: Settings, now: datetime, name: str, to: Letter, **context: Any) -> Outbox:
    """Render a mail and put it into the outbox."""
    return outbox.put(session, settings, _draft(session, settings, now, name, to, **context), now)


def _draft(session: Session, settings: Settings, now: datetime, name: str, to: Letter, **context: Any) -> outbox.Draft:
    """Render templates/email/<name>/: subject, and one body as text and as HTML."""
    slot = outbox.new_slot()
    shown = _for_other_units(to.complaint) if _other_unit(settings, to) else to.complaint
    tautan = outbox.placeholder(slot, to.link_id) if to.link_id else ""
    values = {
        "p": shown,
        "tugas": to.task,
        "tautan": tautan,
        "batas": _short_limit(settings, to.task, now),
        "berkas": [d.name for d in to.attachments],
        "saya": _own_page(settings, to, tautan),
        "sisa": time_words(settings, to.task, now),
        "tautan_lain": {link_id: outbox.placeholder(slot, link_id) for link_id in to.others},
        **context,
    }
    subject = _render(settings, f"{name}/subject.txt", "txt", values)
    text = _render(settings, f"{name}/body.jinja", "txt", {**values, "perihal_surat": subject})
    html = _render(settings, f"{name}/body.jinja", "html", {**values, "perihal_surat": subject})
    return outbox.Draft(
        name=name,
        recipient=to.email,
        recipient_name=to.name,
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=html,
        slot=slot,
        links=(*((to.link_id,) if to.link_id else ()), *to.others),
        attachments=(*((d.sha256, d.name, d.mime) for d in to.attachments), *to.files),
        complaint_id=to.complaint.id if to.complaint else None,
        task_id=to.task.id if to.task else None,
        wait=to.wait,
        **_thread(session, to),
    )


def _other_unit(settings: Settings, to: Letter) -> bool:
    """Whether a mail about a confidential case goes to somebody who may not know who complains."""
    if to.complaint is None or not to.complaint.rahasia or to.email == to.complaint.email:
        return False
    if to.task is not None:
        return to.task.kind is TaskKind.KETERANGAN
    person = settings.person_at(to.email)
    return person is None or set(person.peran) <= {Role.KASI}


def _for_other_units(complaint: Complaint | None) -> Any:
    """The case as a template reads it, with its subject masked."""
    return complaint and _Masked(complaint, masked(complaint, complaint.perihal))


@dataclass(frozen=True)
class _Masked:
    whole: Complaint
    perihal: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)


def _own_page(settings: Settings, to: Letter, link: str) -> str:
    """Where an official finds all their tasks: behind the mail's own link, else where one asks for a link."""
    if settings.person_at(to.email) is None:
        return ""
    return f"{link}/saya" if link else f"{settings.web.base_url}/saya"


def _render(settings: Settings, template: str, twin: str, values: dict[str, Any]) -> str:
    """One part of a mail. Both twins come from the same body, with the layout and the parts of their kind."""
    env = environment(settings, escape=twin == "html")
    layout = {"dasar": f"email/_dasar.{twin}", "bagian": f"email/_bagian.{twin}"}
    return env.get_template(f"email/{template}").render(**values, **layout)


def _short_limit(settings: Settings, task: Task | None, now: datetime) -> str:
    """The due time as a subject names it: the hour on the day itself, else the date."""
    if task is None or task.due_at is None:
        return ""
    due, today = task.due_at.astimezone(settings.zone), now.astimezone(settings.zone)
    return clock.pukul(due) if due.date() == today.date() else clock.tanggal_pendek(due)


def _thread(session: Session, to: Letter) -> dict[str, Any]:
    """One thread for each person and case: after our last mail to them, or the pengadu's own first mail."""
    if to.complaint is None:
        return {}
    root = to.complaint.thread_id if to.email == to.complaint.email else ""
    last = None if to.opening else outbox.last_to(session, to.email, to.complaint.id)
    if last is None:
        return {"in_reply_to": root, "references": (root,)}
    message_id, references = last
    return {"in_reply_to": message_id, "references": (root, *references)}


# ---- what a task mail says -----------------------------------------------------------------------------------


def history(session: Session, complaint: Complaint, *kinds: EventKind) -> list[tuple[Event, dict[str, Any]]]:
    """Events of these kinds (all when none is given) with what they say, oldest first."""
    query = select(Event, Payload).outerjoin(Payload, Payload.event_id == Event.id)
    query = query.where(Event.complaint_id == complaint.id).order_by(Event.seq)
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    return [(event, dict(payload.data) if payload else {}) for event, payload in session.execute(query)]


def limit_for(settings: Settings, kind: TaskKind) -> clock.Limit:
    """The Waktu of a task: its langkah's (SOP), the signature's own."""
    if kind is TaskKind.TANDA_TANGAN:
        return clock.parse_limit(settings.sop.waktu_tanda_tangan)
    return settings.sop.langkah[LANGKAH_OF_TASK[kind] - 1].limit


def used_words(settings: Settings, task: Task, now: datetime) -> str:
    """How much of a task's Waktu is used, or was when it was closed; while the pengadu is asked the clock stands."""
    limit = limit_for(settings, task.kind)
    spent = clock.spent(task.opened_at, task.closed_at or task.paused_at or now, limit, settings.hours)
    if limit.working_time is None:
        return word("waktu.terpakai", dipakai=word("waktu.dari", dipakai=spent.amount, batas=str(limit)))
    minutes, whole = max(0, spent.amount - task.paused_minutes), limit.working_time
    if task.kind is TaskKind.KETERANGAN and task.due_at is not None:  # what is left of the Waktu of who asks
        whole = clock.elapsed(task.opened_at, task.due_at, settings.hours)
    if minutes > MANY_MINUTES:
        long = clock.lama(timedelta(minutes=minutes), days=False)
        used = word("waktu.dari", dipakai=long, batas=clock.lama(whole, days=False))
    else:
        used = word("waktu.terpakai_menit", dipakai=minutes, batas=int(whole.total_seconds() // 60))
    return word("waktu.terpakai", dipakai=used)


def left_words(settings: Settings, task: Task, now: datetime) -> tuple[str, str]:
    """How much of a task's Waktu is left, or was when it was closed: (words, tone); "" without a limit."""
    if task.paused_at is not None and task.left_minutes is not None:
        left = clock.lama(timedelta(minutes=task.left_minutes), days=False)
        return word("waktu.sisa_nanti", lama=left), "hati"
    return remaining_words(settings, task.due_at, task.closed_at or now) if task.due_at else ("", "")


def time_words(settings: Settings, task: Task | None, now: datetime) -> str:
    """How much of a task's Waktu is used and how much is left, in office time; "" without a limit."""
    left = left_words(settings, task, now)[0] if task is not None else ""
    return f"{used_words(settings, task, now)} {left}." if task is not None and left else ""


def limit_line(settings: Settings, task: Task, now: datetime) -> str:
    """By when, how much is used and how much is left, in one line; "" without a limit."""
    if task.due_at is None:
        return time_words(settings, task, now)
    due = f"{word('waktu.paling_lambat')} {clock.waktu(task.due_at, settings.zone)}."
    return f"{due} {time_words(settings, task, now)}"


def limit_words(settings: Settings, task: Task) -> str:
    """The arithmetic of a due time in plain words."""
    if task.due_at is None:
        return word("tugas.tanpa_batas")
    if task.extended:
        return word("tugas.batas_panjang")
    limit = limit_for(settings, task.kind)
    if clock.due(task.opened_at, limit, settings.hours) != task.due_at:
        return word("tugas.batas_bersama" if task.kind is TaskKind.KETERANGAN else "tugas.batas_lanjut")
    return clock.explain(task.opened_at, limit, settings.hours)


def offered(session: Session, kind: TaskKind, complaint: Complaint | None) -> list[Action]:
    """The actions of a task that the case allows now, in the order of the SOP."""
    return [action for action in ACTIONS[kind] if _fits(session, kind, action, complaint)]


def _fits(session: Session, kind: TaskKind, action: Action, c: Complaint | None) -> bool:
    if action.name in ("kirim_email", "tanya_pengadu"):
        return bool(c and c.email)
    if action.name == "ajukan":
        letters = newest_letters(session, c) if c else []
        return bool(letters) and not any(map(letter_blocked, letters))
    if action.name == "unggah_pengantar":
        return bool(c and len(newest_letters(session, c)) > 1)
    if action.name == "notulen":
        return bool(c and history(session, c, EventKind.MEETING_SET))
    if action.name == "batal_rapat":
        return bool(c and standing_meeting(session, c))
    return True


def newest_letters(session: Session, c: Complaint) -> list[Document]:
    """The letters that are worked on, as they are now: the answer, and the covering letter where there is one."""
    wanted = LETTERS if c.instansi else (ANSWER,)
    return [newest for one in wanted for newest in _attachments(session, c, *one.worked_on)[-1:]]


def letter_blocked(letter: Document) -> bool:
    """Whether something in a letter must be mended before it can be signed."""
    return any(level == "blokir" for level, _message, _where in (letter.facts or {}).get("temuan", ()))


def standing_meeting(session: Session, complaint: Complaint) -> Meeting | None:
    """The newest rapat of a case that has not been called off."""
    query = select(Meeting).where(Meeting.complaint_id == complaint.id, Meeting.cancelled_at.is_(None))
    return session.scalars(query.order_by(Meeting.id.desc()).limit(1)).first()


def _buttons(kind: TaskKind, actions: list[Action]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """(buttons, further links) of a task's actions; a decision offers each outcome as a button."""
    first, *others = actions
    if first.name == "putuskan":
        outcomes = table("pilihan.keputusan")
        main = [{"label": outcomes[c], "url": f"?aksi=putuskan&keputusan={c}"} for c in first.fields[0].choices]
    else:
        main = [{"label": word(f"aksi.{kind}.{first.name}.judul"), "url": f"?aksi={first.name}"}]
    return main, [{"label": word(f"aksi.{kind}.{o.name}.judul"), "url": f"?aksi={o.name}"} for o in others]


def _attachments(session: Session, complaint: Complaint, *kinds: str) -> list[Document]:
    query = select(Document).where(Document.complaint_id == complaint.id, Document.kind.in_(kinds))
    return list(session.scalars(query.order_by(Document.id)))


def _answers(session: Session, settings: Settings, complaint: Complaint) -> list[dict[str, str]]:
    return [
        {"nama": event.actor_name, "jabatan": event.actor_title, "teks": data.get("teks", "")}
        for event, data in history(session, complaint, EventKind.UNIT_ANSWERED)
    ]


def _letter_of(session: Session, complaint: Complaint, task: Task) -> list[Document]:
    """The file that goes with the mail: the newest letter to edit or sign, the signed one to deliver."""
    if task.kind is TaskKind.JAWABAN:
        newest = newest_letters(session, complaint)
    elif task.kind is TaskKind.TANDA_TANGAN:
        newest = final_letters(session, complaint)
    elif task.kind is TaskKind.PENYAMPAIAN:
        newest = _attachments(session, complaint, ANSWER.signed)[-1:]
    elif task.kind is TaskKind.PENGANTAR:
        newest = _attachments(session, complaint, COVERING.signed)[-1:]
    else:
        newest = []
    return [d for d in newest if store.size(session, d.sha256) <= MAX_ATTACHED]


def final_letters(session: Session, complaint: Complaint) -> list[Document]:
    """The letters as they are to be signed."""
    wanted = LETTERS if complaint.instansi else (ANSWER,)
    return [newest for one in wanted for newest in _attachments(session, complaint, one.final)[-1:]]


def _task_context(
    session: Session, settings: Settings, complaint: Complaint, task: Task, files: Sequence[Document] | None
) -> dict[str, Any]:
    sender = "" if files is not None else _sender(session, complaint)
    closed = hidden_files(complaint, task.kind)
    if files is None:
        files = _attachments(session, complaint, "lampiran")
    main, others = _buttons(task.kind, offered(session, task.kind, complaint))
    return {
        "isi": masked(complaint, complaint.isi) if task.kind is TaskKind.KETERANGAN else complaint.isi,
        "lampiran": [] if closed else [{"label": d.name, "url": f"/berkas/{d.id}"} for d in files[:MAX_NAMED]],
        "tertutup": len(files) if closed else 0,
        "pengirim": sender,
        "jawaban_unit": [] if task.kind is TaskKind.CATAT else _answers(session, settings, complaint),
        "hitungan": limit_words(settings, task),
        "tombol": main,
        "lain": others,
        "kata": reply_words(session, task, complaint),
        "langkah": settings.sop.langkah[LANGKAH_OF_TASK[task.kind] - 1],
        "catatan": masked(complaint, task.note) if task.kind is TaskKind.KETERANGAN else task.note,
        "ikut": answered_with(session, complaint) if task.kind is TaskKind.JAWABAN else [],
        "pengadu": citizen_words(complaint),
    }


def answered_with(session: Session, complaint: Complaint) -> list[str]:
    """The register numbers of the complaints that are merged into this one and get a copy of its letter."""
    query = select(Complaint.number).where(Complaint.parent_id == complaint.id).order_by(Complaint.id)
    return list(session.scalars(query))


def _sender(session: Session, complaint: Complaint) -> str:
    """Which official sent the case on last, with the jabatan as of then; "" where nobody has yet."""
    query = select(Event.actor_name, Event.actor_title).where(
        Event.complaint_id == complaint.id, Event.actor_name != "", Event.actor != "pengadu"
    )
    last = session.execute(query.order_by(Event.seq.desc()).limit(1)).one_or_none()
    return f"{last.actor_name} ({last.actor_title})" if last else ""


def citizen_words(complaint: Complaint) -> str:
    """Who complains, as a mail to officials names them; a secret identity is not spread by mail."""
    if complaint.rahasia:
        return word("pengadu.rahasia")
    return complaint.nama or word("pengadu.tanpa_nama")


@dataclass(frozen=True)
class Asked:
    """One holder of a task, who is asked by the link. `files`: the attachments of a complaint that was recorded just
    now, so that nobody has been told of it yet. `moved`: whose task it was before."""

    complaint: Complaint
    task: Task
    person: Petugas
    link_id: int
    files: Sequence[Document] | None = None
    moved: str = ""


def tasks(session: Session, settings: Settings, now: datetime, asked: Iterable[Asked]) -> None:
    """What is asked, by when and why, the complaint, the buttons: to each holder."""
    outbox.put_all(session, settings, [_task(session, settings, now, one) for one in asked], now)


def _task(session: Session, settings: Settings, now: datetime, asked: Asked) -> outbox.Draft:
    complaint, task, person = asked.complaint, asked.task, asked.person
    letter = _letter_of(session, complaint, task)
    to = Letter(person.email, person.nama, complaint, task, asked.link_id, letter, opening=asked.files is not None)
    context = _task_context(session, settings, complaint, task, asked.files) | {"beralih": asked.moved}
    return _draft(session, settings, now, f"tugas_{task.kind}", to, petugas=person, **context)


def may_hand_in(
    session: Session, settings: Settings, now: datetime, complaint: Complaint, task: Task, clerk: Petugas, link_id: int
) -> None:
    """To a JFU: a letter waits for its signature, and they may hand in the signed paper for whoever signs."""
    to = Letter(clerk.email, clerk.nama, complaint, task, link_id)
    _send(session, settings, now, "boleh_unggah", to, petugas=clerk, penanda=settings.signers[0])


def handed_in(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    signer: Petugas,
    by: Petugas,
    signed: Sequence[Document],
) -> None:
    """To whoever is named on a letter: somebody else has handed it in as signed by them."""
    to = Letter(signer.email, signer.nama, complaint, attachments=signed)
    _send(session, settings, now, "diunggah_untuk", to, petugas=signer, oleh=by)


def item_task(
    session: Session, settings: Settings, now: datetime, item: Item, task: Task, person: Petugas, link_id: int
) -> None:
    """To the JFU: a scanned slip to type in, or a mail that could not be read."""
    to = Letter(person.email, person.nama, None, task, link_id)
    hitungan = limit_words(settings, task)
    _send(session, settings, now, f"tugas_{task.kind}", to, petugas=person, item=item, hitungan=hitungan)


def reminder(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint | None,
    item: Item | None,
    task: Task,
    person: Petugas,
    link_id: int,
) -> None:
    """Before a limit and after it is missed, with a fresh link."""
    to = Letter(person.email, person.nama, complaint, task, link_id)
    late = bool(task.due_at and task.due_at < now)
    _send(
        session,
        settings,
        now,
        "pengingat",
        to,
        petugas=person,
        terlambat=late,
        hitungan=limit_words(settings, task),
        judul=_subject(complaint, task.kind) if complaint else (item.name if item else ""),
        diminta=word(f"tugas.{task.kind}"),
    )


def _subject(complaint: Complaint, kind: TaskKind) -> str:
    return masked(complaint, complaint.perihal) if kind is TaskKind.KETERANGAN else complaint.perihal


def late_task(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint | None,
    item: Item | None,
    task: Task,
    person: Petugas,
    holding: Sequence[Petugas],
    link_id: int,
) -> None:
    """To who is up the line: a task of somebody else is late. `link_id` leads to their own page."""
    to = Letter(person.email, person.nama, complaint, None, link_id)
    _send(
        session,
        settings,
        now,
        "naik",
        to,
        petugas=person,
        sisa=time_words(settings, task, now),
        pada=task.due_at,
        pemegang=" dan ".join(f"{p.nama} ({p.jabatan})" for p in holding),
        judul=complaint.perihal if complaint else (item.name if item else ""),
        diminta=word(f"tugas.{task.kind}"),
        memimpin=Role.KEPALA in person.peran,
    )


def digest(
    session: Session, settings: Settings, now: datetime, person: Petugas, rows: Sequence[Mapping[str, Any]], own: int
) -> None:
    """The morning's mail: what is late, what is due today, what waits. `rows` name the link of each; `own` leads to
    the person's page."""
    to = Letter(person.email, person.nama, link_id=own, others=tuple(row["tautan"] for row in rows))
    parts = [(when, [row for row in rows if row["kapan"] == when]) for when in ("terlambat", "hari_ini", "nanti")]
    counts = {when: len(some) for when, some in parts}
    _send(
        session,
        settings,
        now,
        "ringkasan",
        to,
        petugas=person,
        hari=now,
        jumlah=len(rows),
        angka=counts,
        kelompok=[{"judul": word(f"saya.{when}"), "isi": some} for when, some in parts if some],
    )


def extended(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    reason: str,
) -> None:
    """The Kepala Dinas has given more time."""
    to = Letter(person.email, person.nama, complaint, task, link_id)
    _send(session, settings, now, "diperpanjang", to, petugas=person, alasan=reason)


# ---- to the pengadu ------------------------------------------------------------------------------------------


def _to_citizen(complaint: Complaint, **extra: Any) -> Letter:
    return Letter(complaint.email, complaint.nama, complaint, **extra)


def status_url(settings: Settings, complaint: Complaint) -> str:
    return f"{settings.web.base_url}/s/{complaint.status_code}"


def answer_day(settings: Settings, recorded: datetime) -> datetime:
    """By when a pengadu has an answer: the longest way through the SOP, so that the promise holds."""
    last_day = clock.due(recorded, settings.sop.langkah[2].limit, settings.hours)
    return clock.next_workday(last_day, settings.hours)


def acknowledge(session: Session, settings: Settings, now: datetime, complaints: Iterable[Complaint]) -> None:
    """The number, the next step and the time it takes. At most so many an hour go to one address (RFC 3834): those
    beyond wait their turn, so that a busy citizen gets each and a robot is not fed."""
    answerable = [complaint for complaint in complaints if complaint.email]
    cap = settings.smtp.answers_per_hour
    sent = outbox.count_since(session, {c.email for c in answerable}, ANSWERS, now - timedelta(hours=1))
    promised, drafts = answer_day(settings, now), []
    for complaint in answerable:
        to = _to_citizen(complaint, opening=True, wait=timedelta(hours=sent[complaint.email] // cap))
        url = status_url(settings, complaint)
        drafts.append(_draft(session, settings, now, "tanda_terima", to, status=url, jawaban=promised))
        sent[complaint.email] += 1
    outbox.put_all(session, settings, drafts, now)


def status(
    session: Session, settings: Settings, now: datetime, complaint: Complaint | None, number: str, address: str
) -> None:
    """How a complaint stands, or that the number is not known (None), to the address that asks; within the cap."""
    if too_many_answers(session, settings, now, address):
        return
    waiting = complaint is not None and _clock_stands(session, complaint)
    stage = "menunggu" if waiting else str(complaint.stage) if complaint else ""
    _send(
        session,
        settings,
        now,
        "status",
        _to_citizen(complaint) if complaint else Letter(address, ""),
        nomor=number,
        ringkas=word(f"status.{stage}") if stage else "",
        arti=word(f"arti.{stage}") if stage else "",
        status=status_url(settings, complaint) if complaint else "",
    )


def _clock_stands(session: Session, complaint: Complaint) -> bool:
    """Whether the pengadu has been asked and has not answered yet."""
    paused = select(Task.id).where(
        Task.complaint_id == complaint.id, Task.paused_at.is_not(None), Task.closed_at.is_(None)
    )
    return session.scalar(paused.limit(1)) is not None


def too_many_answers(session: Session, settings: Settings, now: datetime, address: str) -> bool:
    return _answers_to(session, now, address) >= settings.smtp.answers_per_hour


def _answers_to(session: Session, now: datetime, address: str) -> int:
    """How many answers went to an address within the last hour."""
    return outbox.count_since(session, [address], ANSWERS, now - timedelta(hours=1))[address]


def ask_citizen(session: Session, settings: Settings, now: datetime, complaint: Complaint, question: str) -> None:
    _send(
        session,
        settings,
        now,
        "tanya_pengadu",
        _to_citizen(complaint),
        pertanyaan=question,
        status=status_url(settings, complaint),
    )


def not_a_complaint(session: Session, settings: Settings, now: datetime, complaint: Complaint, reason: str) -> None:
    if complaint.email:
        _send(session, settings, now, "bukan_pengaduan", _to_citizen(complaint), alasan=reason)


def letter(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    task: Task,
    signed: Iterable[Document],
    message: str,
) -> Outbox:
    """The signed letter to the pengadu, in the thread of the complaint; a merged complaint gets the words alone."""
    signed = tuple(signed)
    to = _to_citizen(complaint, task=task, attachments=signed)
    code = signed[0].code if signed else ""
    return _send(
        session, settings, now, "surat_jawaban", to, pesan=message, status=status_url(settings, complaint),
        inti=_gist(session, complaint) if signed else [], kode=code,
        keaslian=f"{settings.web.base_url}/asli/{code}" if code else "",
    )  # fmt: skip


def _gist(session: Session, complaint: Complaint) -> list[str]:
    """The points of the letter in its own words: what stands between its opening and its closing."""
    newest = _attachments(session, complaint, *ANSWER.worked_on)[-1:]
    lines = (newest[0].facts or {}).get("alinea", []) if newest else []
    start = next((n for n, text in enumerate(lines, 1) if len(text) > SENTENCE and text.endswith(":")), 0)
    said = lines[start:] if start else [text for text in lines if len(text) > SENTENCE and "\t" not in text]
    until = next((n for n, text in enumerate(said) if text.startswith(("Apabila", "Demikian"))), len(said))
    return [fold(text, lines=6) for text in said[:until]][:POINTS]


# ---- to officials, for their information ---------------------------------------------------------------------


def unit_answered(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    by: Petugas,
    answer: str,
) -> None:
    to = Letter(person.email, person.nama, complaint, task, link_id)
    _send(
        session, settings, now, "dijawab_unit", to, petugas=person, oleh=by, jawaban=answer,
        hitungan=limit_words(settings, task),
    )  # fmt: skip


def citizen_wrote(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    task: Task | None,
    person: Petugas,
    link_id: int | None,
    text: str,
    answered: bool,
    folded: bool,
) -> None:
    """To whoever holds the case (`task`), and to the JFU for their information (None). `folded`: the page has more."""
    to = Letter(person.email, person.nama, complaint, task, link_id)
    context = {"teks": text, "menjawab": answered, "pengadu": citizen_words(complaint), "petugas": person}
    context["lipatan"] = folded
    hitungan = limit_words(settings, task) if task is not None else ""
    _send(session, settings, now, "pengadu_menulis", to, hitungan=hitungan, **context)


def meeting(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    row: Meeting,
    guests: Sequence[tuple[str, str]],
    reason: str = "",
    *,
    cancelled: bool = False,
) -> None:
    """The invitation to a rapat, its change, or that it is called off: to each guest (address, name), with the part
    that calendars understand."""
    one = invitation.Invitation(
        uid=row.uid,
        sequence=row.sequence,
        at=row.at,
        until=row.until,
        title=word("rapat.judul", nomor=complaint.number, perihal=masked(complaint, complaint.perihal)),
        place=row.place,
        text="\n\n".join(filter(None, (masked(complaint, row.agenda), ", ".join(settings.sop.keterkaitan)))),
        organiser=(settings.smtp.sender, settings.smtp.sender_name),
        guests=[(address, name) for address, name in row.invited],
        stamp=now,
    )
    method: Literal["REQUEST", "CANCEL"] = "CANCEL" if cancelled else "REQUEST"
    digest = store.put(session, invitation.write(one, method))
    kind = "batal" if cancelled else "ubah" if row.sequence else "baru"
    who = ", ".join(filter(None, (*(n or a for a, n in row.invited), _words_only(row.who))))
    for address, name in guests:
        person = settings.person_at(address)
        to = Letter(address, name, complaint, files=((digest, "undangan.ics", f"text/calendar; method={method}"),))
        _send(
            session, settings, now, "rapat", to, petugas=person, sapaan=name or address, rapat=row, jenis=kind,
            waktu_rapat=meeting_time(settings, row.at, row.until),
            alasan=reason, agenda=masked(complaint, row.agenda), peserta=who,
        )  # fmt: skip


def meeting_time(settings: Settings, at: datetime, until: datetime | None) -> str:
    """From when to when; the end of an old one may not be known."""
    begins = clock.waktu(at, settings.zone)
    ends = clock.pukul(until.astimezone(settings.zone)) if until else ""
    return word("rapat.waktu", mulai=begins, selesai=ends) if ends else begins


def _words_only(text: str) -> str:
    """Those who are named without an address."""
    return ", ".join(line.strip() for line in text.splitlines() if line.strip() and "@" not in line)


def forwarded(
    session: Session, settings: Settings, now: datetime, complaint: Complaint, address: str, agency: str, message: str
) -> Outbox:
    """The complaint to another agency, in its own words; a secret identity stays here."""
    to = Letter(address, agency, complaint)
    person = [
        {"nama": word(f"kolom.{name}.label"), "nilai": str(getattr(complaint, name))}
        for name in ("nama", "alamat", "telepon", "email")
        if getattr(complaint, name) and not complaint.rahasia
    ]
    return _send(
        session, settings, now, "terusan_instansi", to, instansi=agency, pesan=message, pengadu=person,
        isi=masked(complaint, complaint.isi),
    )  # fmt: skip


def covering(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    task: Task,
    signed: Document,
    address: str,
    message: str,
) -> Outbox:
    """The signed covering letter to the agency that is in charge."""
    to = Letter(address, complaint.instansi, complaint, task, attachments=(signed,))
    return _send(
        session, settings, now, "surat_pengantar", to, pesan=message, kode=signed.code,
        keaslian=f"{settings.web.base_url}/asli/{signed.code}",
    )  # fmt: skip


FROM_OUTSIDE = ("lampiran", "halaman")  # what a pengadu sent, or wrote by hand


def hidden_files(complaint: Complaint, kind: TaskKind) -> bool:
    """Whether the attachments of a confidential complaint are kept from another unit: a picture cannot be masked."""
    return complaint.rahasia and not complaint.lampiran_terbuka and kind is TaskKind.KETERANGAN


CONTACTS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[A-Za-z]{2,}|(?<!\d)(?:\+62|62|0)8[\d .-]{7,15}\d|(?<!\d)\d{16}(?!\d)")


def masked(complaint: Complaint, text: str) -> str:
    """A text about a confidential complaint without the name and the contacts of who complains; others as they are."""
    if not complaint.rahasia:
        return text
    own = [complaint.nama, complaint.email, complaint.telepon, complaint.alamat, complaint.nik]
    own += [piece for piece in complaint.nama.split() if len(piece) > 2]
    for secret in sorted(filter(None, own), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    return CONTACTS.sub(MASK, text)


def letter_stored(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    name: str,
    found: Sequence[tuple[str, str]],
) -> None:
    """A letter came back by mail and was kept; `found` are (level, message) of what is wrong with it."""
    to = Letter(person.email, person.nama, complaint, task, link_id)
    blocked = any(level == "blokir" for level, _message in found)
    _send(
        session, settings, now, "surat_tersimpan", to, petugas=person, dokumen=name, terhalang=blocked,
        temuan=[{"kata": word(f"temuan.kata.{level}"), "teks": message} for level, message in found],
    )  # fmt: skip


def task_reply(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    link_id: int | None,
    reason: str,
) -> None:
    """A reply to a task mail that cannot act by itself: friendly, with the way on. Beyond the cap it waits its turn,
    for the link that was quoted is dead; what still comes then is a robot's, and gets none."""
    cap, sent = settings.smtp.answers_per_hour, _answers_to(session, now, person.email)
    if sent >= 2 * cap:
        return
    to = Letter(person.email, person.nama, complaint, task, link_id, wait=timedelta(hours=sent // cap))
    words = reply_words(session, task, complaint) if link_id else []
    _send(session, settings, now, "balasan_tugas", to, petugas=person, sebab=reason, kata=words)


def reply_words(session: Session, task: Task, complaint: Complaint | None) -> list[dict[str, str]]:
    """The words with which a reply may begin now, each with what it does."""
    names = {action.name for action in offered(session, task.kind, complaint)}
    known = table(f"balas.{task.kind}")
    return [{"kata": c.word, "arti": known[c.word]} for c in COMMANDS[task.kind] if c.action in names]


def reply_filled(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    link_id: int,
    action: str,
    values: Mapping[str, str],
) -> None:
    """A decision by reply: the form is filled in, and the link shows it for one more look."""
    to = Letter(person.email, person.nama, complaint, task, link_id)
    rows = [
        {"nama": word(f"kolom.{name}.label"), "nilai": table(f"pilihan.{name}").get(value, value)}
        for name, value in values.items()
        if value
    ]
    _send(session, settings, now, "balasan_konfirmasi", to, petugas=person, aksi=action, baris=rows)


def reply_done(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    link_id: int | None,
    action: str,
) -> None:
    """A reply has acted: what was done and what comes next."""
    to = Letter(person.email, person.nama, complaint, task, link_id)
    words = table(f"aksi.{task.kind}.{action}")
    following = word(f"selanjutnya.{complaint.stage}") if complaint and task.closed_at else ""
    _send(
        session, settings, now, "balasan_dikerjakan", to, petugas=person, hasil=words["terima"],
        tindakan=words["judul"], lanjut=following,
    )  # fmt: skip


def code(session: Session, settings: Settings, now: datetime, person: Petugas, digits: str, agent: str) -> None:
    """The code that makes a browser known, to the holder's own mailbox."""
    _send(session, settings, now, "kode", Letter(person.email, person.nama), petugas=person, kode=digits, alat=agent)


def personal_link(session: Session, settings: Settings, now: datetime, person: Petugas, link_id: int) -> None:
    """A fresh link to "tugas saya", as often an hour as anybody may ask for it."""
    since = now - timedelta(hours=1)
    name = "tautan_saya"
    if outbox.count_since(session, [person.email], (name,), since)[person.email] < settings.smtp.answers_per_hour:
        _send(session, settings, now, name, Letter(person.email, person.nama, link_id=link_id), petugas=person)


def decision_receipt(
    session: Session, settings: Settings, now: datetime, complaint: Complaint, task: Task, person: Petugas
) -> None:
    """What the Kepala Dinas has decided, and within how much of the Waktu, for their own file: it binds."""
    to = Letter(person.email, person.nama, complaint)
    following, spent = word(f"selanjutnya.{complaint.stage}"), time_words(settings, task, now)
    _send(session, settings, now, "bukti_keputusan", to, petugas=person, lanjut=following, sisa=spent)


def bounce(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    person: Petugas,
    link_id: int | None,
    mail: Outbox,
    diagnostic: str,
) -> None:
    """A mail did not reach the pengadu, or another outside the office whom it went to."""
    to = Letter(person.email, person.nama, complaint, link_id=link_id)
    citizen = mail.recipient.lower() == complaint.email.lower()
    whom = word("terpental.pengadu") if citizen else mail.recipient_name or mail.recipient
    _send(
        session, settings, now, "terpental", to, petugas=person, surat=mail, sebab=diagnostic, pengadu=citizen,
        kepada=whom,
    )  # fmt: skip


def official_unreached(
    session: Session, settings: Settings, now: datetime, complaint: Complaint | None, address: str, reason: str
) -> None:
    """To the IT officer: an official's address does not take mail. Never about the IT officer's own, and at most
    so many an hour, so that no bounce of a bounce goes round (RFC 3834)."""
    to = settings.petugas_ti.email
    since = now - timedelta(hours=1)
    name = "petugas_tak_terjangkau"
    told = outbox.count_since(session, [to], (name,), since)[to]
    if address.lower() == to.lower() or told >= settings.smtp.answers_per_hour:
        return
    _send(session, settings, now, name, Letter(to, "", complaint), alamat=address, sebab=reason)


def waiting(
    session: Session,
    settings: Settings,
    now: datetime,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
) -> None:
    """The pengadu has not answered for some days; the Sekretaris may go on without."""
    to = Letter(person.email, person.nama, complaint, task, link_id)
    _send(session, settings, now, "menunggu_pengadu", to, petugas=person)


def discrepancies(session: Session, settings: Settings, now: datetime, findings: Sequence[Any]) -> None:
    """To every JFU: mails that are in the mailbox and not in the book, or the other way round."""
    for person in settings.holders(Role.JFU):
        to = Letter(person.email, person.nama)
        _send(
            session,
            settings,
            now,
            "rekonsiliasi",
            to,
            petugas=person,
            temuan=findings[:MAX_NAMED],
            jumlah=len(findings),
        )


def seal(session: Session, settings: Settings, now: datetime, row: Seal) -> None:
    """The day's seal to the IT officer, who keeps it outside the system."""
    _send(session, settings, now, "segel", Letter(settings.petugas_ti.email, ""), segel=row)
