"""Mails about a task: when it comes, when it is reminded of, the morning's digest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from pipeline.access import links
from pipeline.casefile import privacy, reported, titles
from pipeline.casefile.documents import documents_of, final_letters, letters_of, newest_letters
from pipeline.casefile.history import answered_with, answers, sent_by
from pipeline.casefile.holders import named
from pipeline.casefile.limits import limit_words, time_words, waiting_words
from pipeline.casefile.offers import offered, reply_words
from pipeline.data import store
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Document, Item, Laporan, Outbox, Task
from pipeline.letters.series import ANSWER, COVERING
from pipeline.mail import outbox
from pipeline.notices import few
from pipeline.notices.post import MAX_ATTACHED, MAX_NAMED, Envelope, draft, send
from pipeline.office.actions import Action
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import LANGKAH_OF_TASK, Act, Role, TaskKind
from pipeline.office.words import table, word
from pipeline.work import Work

NEWS_ROWS = 40  # lines of a digest
FINISHED_ROWS = 10


def _buttons(
    kind: TaskKind, actions: list[Action]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """(buttons, further links) of a task's actions; a decision offers each outcome as a button."""
    first, *others = actions
    links = [_link(kind, one) for one in others]
    if first.name != Act.PUTUSKAN:
        return [_link(kind, first)], links
    outcomes = table("pilihan.keputusan")
    choices = first.fields[0].choices
    return [
        {"label": outcomes[one], "url": f"?aksi=putuskan&keputusan={one}#aksi-putuskan"}
        for one in choices
    ], links


def _link(kind: TaskKind, action: Action) -> dict[str, str]:
    return {"label": word(f"aksi.{kind}.{action.name}.judul"), "url": _form(action)}


def _form(action: Action) -> str:
    """Behind the link of a task: the page with this form opened, at the form."""
    return f"?aksi={action.name}#aksi-{action.name}"


def _letter_of(session: Session, complaint: Complaint, task: Task) -> list[Document]:
    """The file that goes with the mail: the newest letter to edit or sign, the signed one to deliver."""
    if task.kind is TaskKind.JAWABAN:
        newest = newest_letters(session, complaint)
    elif task.kind is TaskKind.TANDA_TANGAN:
        newest = final_letters(session, complaint)
    elif task.kind is TaskKind.PENYAMPAIAN:
        newest = letters_of(session, complaint, ANSWER.signed)[-1:]
    elif task.kind is TaskKind.PENGANTAR:
        newest = letters_of(session, complaint, COVERING.signed)[-1:]
    else:
        newest = []
    return [d for d in newest if store.size(session, d.sha256) <= MAX_ATTACHED]


def _task_context(
    session: Session,
    settings: Settings,
    complaint: Complaint,
    task: Task,
    files: Sequence[Document] | None,
) -> dict[str, Any]:
    asked = task.kind in (TaskKind.KETERANGAN, TaskKind.TANYA)
    sender = "" if files is not None else sent_by(session, complaint, asked)
    unit = privacy.is_other_unit(task.kind)
    if files is None:
        files = documents_of(session, complaint, DocumentKind.LAMPIRAN)
    shown = [file for file in files if not privacy.hides(complaint, task.kind, file)]
    main, others = _buttons(task.kind, offered(session, task.kind, complaint))
    return {
        "isi": privacy.matter(complaint) if unit else complaint.isi,
        "lampiran": [{"label": d.name, "url": f"/berkas/{d.id}"} for d in shown[:MAX_NAMED]],
        "tertutup": len(files) - len(shown),
        "pengirim": sender,
        "jawaban_unit": []
        if task.kind is TaskKind.CATAT
        else answers(session, settings, complaint),
        "hitungan": limit_words(settings, task),
        "tombol": main,
        "lain": others,
        "kata": reply_words(session, task, complaint),
        "langkah": settings.sop.langkah[LANGKAH_OF_TASK[task.kind] - 1],
        "catatan": task.note,
        "ikut": answered_with(session, complaint) if task.kind is TaskKind.JAWABAN else [],
        "pengadu": word("pengadu.tidak_disebut") if unit else privacy.citizen_words(complaint),
        "judul_isi": word(
            "privasi.ringkasan" if unit and not complaint.teks_terbuka else "halaman.isi"
        ),
    }


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


def tasks(work: Work, asked: Iterable[Asked]) -> None:
    """What is asked, by when and why, the complaint, the buttons: to each holder."""
    outbox.put_all(work, [_task(work, one) for one in asked])


def _task(work: Work, asked: Asked) -> outbox.Draft:
    complaint, task, person = asked.complaint, asked.task, asked.person
    to = Envelope(
        person.email,
        person.nama,
        complaint,
        task,
        asked.link_id,
        _letter_of(work.session, complaint, task),
        opening=asked.files is not None,
    )
    context = _task_context(work.session, work.settings, complaint, task, asked.files)
    return draft(work, f"tugas_{task.kind}", to, petugas=person, **context, beralih=asked.moved)


def may_hand_in(work: Work, complaint: Complaint, task: Task, clerk: Petugas, link_id: int) -> None:
    """To a JFU: a letter waits for its signature, and they may hand in the signed paper for whoever signs."""
    to = Envelope(clerk.email, clerk.nama, complaint, task, link_id)
    send(work, "boleh_unggah", to, petugas=clerk, penanda=reported.signer(work.settings, complaint))


def handed_in(
    work: Work,
    complaint: Complaint,
    signer: Petugas,
    by: Petugas,
    signed: Sequence[Document],
) -> None:
    """To whoever is named on a letter: somebody else has handed it in as signed by them."""
    to = Envelope(signer.email, signer.nama, complaint, attachments=signed)
    send(work, "diunggah_untuk", to, petugas=signer, oleh=by)


def item_task(work: Work, item: Item, task: Task, person: Petugas, link_id: int) -> None:
    """To the JFU: a scanned slip to type in, or a mail that could not be read."""
    to = Envelope(person.email, person.nama, None, task, link_id)
    hitungan = limit_words(work.settings, task)
    send(work, f"tugas_{task.kind}", to, petugas=person, item=item, hitungan=hitungan)


def reminder(
    work: Work,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    link_id: int,
) -> None:
    """Before a limit and after it is missed, with a fresh link."""
    to = Envelope(person.email, person.nama, complaint, task, link_id)
    late = bool(task.due_at and task.due_at < work.now)
    send(
        work,
        "pengingat",
        to,
        petugas=person,
        terlambat=late,
        hitungan=limit_words(work.settings, task),
        judul=titles.subject(work.session, work.settings, complaint) if complaint else "",
        diminta=_asked_for(work, task),
    )


def _asked_for(work: Work, task: Task) -> str:
    """What a task asks; a report's tells the period, too."""
    asked = word(f"tugas.{task.kind}")
    if task.laporan_id is None:
        return asked
    return f"{asked} {work.session.get_one(Laporan, task.laporan_id).name}"


def late_task(
    work: Work,
    complaint: Complaint | None,
    task: Task,
    person: Petugas,
    holding: Sequence[Petugas],
    link_id: int,
) -> None:
    """To who is up the line: a task of somebody else is late. `link_id` leads to their own page."""
    to = Envelope(person.email, person.nama, complaint, None, link_id)
    send(
        work,
        "naik",
        to,
        petugas=person,
        sisa=time_words(work.settings, task, work.now),
        pada=task.due_at,
        pemegang=named(holding),
        judul=titles.subject(work.session, work.settings, complaint) if complaint else "",
        diminta=_asked_for(work, task),
        memimpin=Role.KEPALA in person.peran,
    )


def digest(
    work: Work,
    person: Petugas,
    rows: Sequence[Mapping[str, Any]],
    own: int,
    counts: Mapping[str, int],
    below: Sequence[Mapping[str, Any]],
    late_below: int,
    kept: Sequence[Outbox],
    lawful: Sequence[str],
    more_lawful: int,
) -> None:
    """The morning's mail: what is late, what is due today, what waits; then what is late `below` the person, without
    links, for it is somebody else's turn; then what is near a limit of the law; then what was `kept` for it in place
    of a mail (`few`). `rows` name the link of each; `own` leads to the person's page. `counts` and `late_below` are of
    all, of which the first are listed; `more_lawful` is how many limits of the law are not."""
    mine = links.own(work.session, person, [id_ for mail in kept for id_ in mail.links])
    news = _told([mail for mail in kept if mail.name not in few.FINISHED], NEWS_ROWS, mine)
    finished = _told([mail for mail in kept if mail.name in few.FINISHED], FINISHED_ROWS, mine)
    lines = (*rows, *news["isi"], *finished["isi"])
    others = tuple(line["tautan"] for line in lines if line["tautan"] is not None)
    to = Envelope(person.email, person.nama, link_id=own, others=others)
    parts = [
        (when, [row for row in rows if row["kapan"] == when])
        for when in ("terlambat", "hari_ini", "nanti")
    ]
    count = sum(counts.values())
    send(
        work,
        "ringkasan",
        to,
        petugas=person,
        hari=work.now,
        jumlah=count,
        angka={when: counts.get(when, 0) for when, _some in parts},
        kelompok=[{"judul": word(f"saya.{when}"), "isi": some} for when, some in parts if some],
        bawahan=below,
        jumlah_bawahan=late_below,
        hukum=lawful,
        hukum_lebih=more_lawful,
        ringkas=waiting_words(count, counts.get("terlambat", 0), counts.get("hari_ini", 0)),
        kabar=news,
        selesai=finished,
        lebih=count - len(rows) + late_below - len(below),
    )


def succession(
    work: Work,
    person: Petugas,
    rows: Sequence[Mapping[str, Any]],
    own: int,
    more: int,
    ended: Sequence[str],
) -> None:
    """Somebody bears a post whose work lay with another: what waits, each row with a link of their own, and how many
    `more` there are. `ended`: questions that nobody is left to answer."""
    to = Envelope(
        person.email, person.nama, link_id=own, others=tuple(row["tautan"] for row in rows)
    )
    send(work, "tugas_beralih", to, petugas=person, baris=rows, lebih=more, berhenti=ended)


def _told(kept: Sequence[Outbox], most: int, mine: Collection[int]) -> dict[str, Any]:
    """Lines in place of mails: the newest of them, and how many more there are. `mine`: links of the reader; a mail to
    who had the address before has others."""
    lines = [
        {"tautan": next((one for one in mail.links if one in mine), None), "judul": mail.subject}
        for mail in kept[-most:]
    ]
    return {"isi": lines, "jumlah": len(kept), "lebih": len(kept) - len(lines)}


def extended(
    work: Work,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    reason: str,
) -> None:
    """The Kepala Dinas has given more time."""
    to = Envelope(person.email, person.nama, complaint, task, link_id)
    send(work, "diperpanjang", to, petugas=person, alasan=reason)


def waiting(
    work: Work,
    complaint: Complaint,
    task: Task,
    person: Petugas,
    link_id: int,
    over: bool = False,
) -> None:
    """The pengadu has not answered for some days; the Sekretaris may go on without, and the clock does so once the
    wait is `over`."""
    to = Envelope(person.email, person.nama, complaint, task, link_id)
    send(work, "menunggu_pengadu", to, petugas=person, habis=over)
