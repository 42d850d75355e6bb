#!/usr/bin/env python3
"""How many mails officials and citizens get in a simulated stretch of office days: python bench/year.py

[--days N] [--a-day M] [--seed S] [--minutes T] [--save]. The real code runs on SQLite with a clock that is moved:
mails from citizens are taken in, people fill in the forms of their tasks, letters are drafted, reminders and digests
are sent when their time comes. Only the network, LibreOffice and the pages in a browser are left out. People work as
people do: some days the Sekretaris or the Kepala Dinas does nothing at all, so that all that came is late. Prints one
JSON object:

    {"days": …, "cases": …, "seconds_a_day": …,
     "roles": {code: {"most_mails_a_day", "tasks_that_day", "turns_that_day", "most_beside_tasks", "mails",
                      "that_day"}},
     "pengadu_a_case": …, "bound_holds": …}

`tasks_that_day` are mails of new tasks, `turns_that_day` those by which a task comes back to who had given it out (a
unit or the pengadu has answered: its clock runs again). `most_beside_tasks` is the most of any day that was neither:
the bound is two. `that_day` is what the most were, by the name of the mail. With `--minutes` no further day begins
after so many minutes of real time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta
from email import policy
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import select

from pipeline.casefile.holders import holders
from pipeline.data.engine import reading, writing
from pipeline.data.states import MailState
from pipeline.data.tables import Complaint, Outbox, Task
from pipeline.intake import mails
from pipeline.notices.few import BRINGS_WORK
from pipeline.office.sop import Stage, TaskKind
from pipeline.running import poller
from pipeline.work import Work
from tests.desk import PROOF, Desk, desk_in
from tests.kantor import INTAKE, SIGNED, compose

BOUND = 2  # mails a day beside those of new tasks
BEGIN = date(2026, 1, 5)
STEP = timedelta(minutes=15)
RESULT = Path(__file__).parent / "results" / "year.json"


def press(desk: Desk, chance: random.Random, task: Task, name: str) -> None:
    """What somebody does on one task of theirs."""
    who = desk_person(desk, task)
    with reading(desk.engine) as session:
        number = session.get_one(Complaint, task.complaint_id).number
    fields: dict[str, Any] = dict(FIELDS.get(name, {}))
    files = dict(FILES.get(name, {}))
    if name == "tanya_unit":
        fields["petugas"] = [chance.choice(("kasubag-umum", "kasi-infrastruktur"))]
    if name == "laporkan":
        fields |= {"nama": "Warga", "email": desk.complaint(number).email}
    desk.press(who, name, number=number, task=task, files=files, **fields)


FIELDS: dict[str, dict[str, Any]] = {
    "laporkan": {"ringkasan": "Lampu jalan padam; mohon diperiksa.", "kategori": "infrastruktur"},
    "tanya_unit": {"pertanyaan": "Sejak kapan padam, dan kapan diperbaiki?"},
    "jawab": {"jawaban": "Kabel putus; diperbaiki lusa."},
    "laporkan_kepala": {"hasil": "Benar padam; diperbaiki lusa."},
    "putuskan": {
        "keputusan": "ditindaklanjuti",
        "perintah": "Sampaikan bahwa lampu diperbaiki lusa.",
        "disampaikan": "Lampu diperbaiki lusa.",
    },
    "sampaikan": {"cara": "langsung", "penerima": "Warga"},
}
FILES: dict[str, dict[str, tuple[str, bytes]]] = {
    "tandatangani": {"bertanda_tangan": ("surat.jpg", SIGNED)},
    "sampaikan": PROOF,
}


def desk_person(desk: Desk, task: Task) -> str:
    with writing(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        return holders(work.settings, session.get_one(Task, task.id))[0].kode


def wanted(chance: random.Random, task: Task, asked: set[int]) -> str:
    """Which button somebody presses."""
    if task.kind is TaskKind.KLARIFIKASI:
        if task.complaint_id not in asked and chance.random() < 0.5:
            asked.add(task.complaint_id or 0)
            return "tanya_unit"
        return "laporkan_kepala"
    names = {
        TaskKind.CATAT: "laporkan",
        TaskKind.KETERANGAN: "jawab",
        TaskKind.KEPUTUSAN: "putuskan",
        TaskKind.JAWABAN: "ajukan",
        TaskKind.TANDA_TANGAN: "tandatangani",
        TaskKind.PENYAMPAIAN: "kirim_email",
    }
    return names.get(task.kind, "")


def open_tasks(desk: Desk) -> list[Task]:
    with reading(desk.engine) as session:
        query = (
            select(Task)
            .where(Task.closed_at.is_(None), Task.kind != TaskKind.ARSIP)
            .order_by(Task.id)
        )
        return list(session.scalars(query))


def arrivals(desk: Desk, chance: random.Random, count: int) -> None:
    """Complaints, and now and then a further word to one that is under way."""
    for _ in range(count):
        n = chance.randrange(10**9)
        sender, at = f"warga{n}@warga.example", desk.clock()
        text = f"Lampu jalan di Jalan Mawar Nomor {n % 900} padam sejak Senin. Mohon diperbaiki."
        mail = compose(sender, INTAKE, f"Lampu padam {n % 900}", text, at, name="Warga")
        desk.take_in(mail.as_bytes(policy=policy.SMTP))
    under_way = recent(desk, 200)
    if under_way and chance.random() < 0.2:
        further_word(desk, chance.choice(under_way))


def recent(desk: Desk, most: int) -> list[Complaint]:
    """Of the newest complaints, those that are not over, oldest first."""
    with reading(desk.engine) as session:
        newest = session.scalars(select(Complaint).order_by(Complaint.id.desc()).limit(most)).all()
    return [c for c in reversed(newest) if c.stage not in (Stage.SELESAI, Stage.BATAL)]


def further_word(desk: Desk, one: Complaint) -> None:
    """The citizen answers our acknowledgement."""
    with reading(desk.engine) as session:
        ours = session.scalars(
            select(Outbox.message_id).where(
                Outbox.complaint_id == one.id, Outbox.recipient == one.email
            )
        ).first()
    more = compose(
        one.email, INTAKE, f"Re: [{one.number}]", "Masih padam sampai malam ini.", desk.clock()
    )
    more["In-Reply-To"] = ours or ""
    desk.take_in(more.as_bytes(policy=policy.SMTP))


def work_through(desk: Desk, chance: random.Random, away: set[str], asked: set[int]) -> None:
    """Everybody who is there does most of what waits for them."""
    for task in open_tasks(desk):
        name = wanted(chance, task, asked)
        if not name or task.complaint_id is None or chance.random() < 0.35:
            continue
        if desk_person(desk, task) in away:
            continue
        if name == "ajukan" and not drafted(desk, task):
            continue
        try:
            press(desk, chance, task, name)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)


def drafted(desk: Desk, task: Task) -> bool:
    with reading(desk.engine) as session:
        number = session.get_one(Complaint, task.complaint_id).number
    return any(d.kind == "konsep" for d in desk.documents(number))


def sent(desk: Desk) -> None:
    """The outbox as a mail server would leave it: all that is due has gone."""
    with writing(desk.engine) as session:
        due = select(Outbox).where(Outbox.state == "due", Outbox.next_at <= desk.clock())
        for row in session.scalars(due):
            row.state, row.sent_at = MailState.SENT, desk.clock()
    mails.take_results(desk.app)


def office_days(desk: Desk, count: int) -> Iterator[date]:
    day = BEGIN
    while count:
        if desk.settings.hours.intervals(day):
            yield day
            count -= 1
        day += timedelta(days=1)


def simulate(
    desk: Desk, chance: random.Random, days: Iterator[date], a_day: int, tell: Callable[[str], None]
) -> int:
    """How many days were lived through."""
    asked: set[int] = set()
    lived = 0
    for day in days:
        away = {code for code in ("sekretaris", "kepala") if chance.random() < 0.15}
        spans = desk.settings.hours.intervals(day)
        begin, end = spans[0][0], spans[-1][1]
        slots = [begin + n * STEP for n in range(int((end - begin) / STEP))]
        coming = Counter(chance.choices(slots, k=a_day))
        for moment in slots:
            desk.clock.now = moment.astimezone(UTC) + timedelta(minutes=1)
            arrivals(desk, chance, coming[moment])
            poller.remind(desk.app)
            work_through(desk, chance, away, asked)
            desk.jobs()
            sent(desk)
        lived += 1
        tell(f"{day}: {lived * a_day} cases")
    return lived


def until(days: Iterator[date], seconds: float) -> Iterator[date]:
    """Days, as long as real time has not run out when one begins."""
    end = time.monotonic() + seconds
    for day in days:
        if time.monotonic() > end:
            return
        yield day


def figures(desk: Desk, days: int) -> dict[str, Any]:
    with reading(desk.engine) as session:
        mails = session.execute(
            select(Outbox.recipient, Outbox.date, Outbox.name, Outbox.state)
        ).all()
        cases = len(session.scalars(select(Complaint.id)).all())
    zone = desk.settings.zone
    staff = {p.email: p.kode for p in desk.settings.petugas}
    total: dict[str, Counter[date]] = {code: Counter() for code in staff.values()}
    tasks: dict[str, Counter[date]] = {code: Counter() for code in staff.values()}
    turns: dict[str, Counter[date]] = {code: Counter() for code in staff.values()}
    named: Counter[tuple[str, date, str]] = Counter()
    citizens = 0
    for recipient, at, name, state in mails:
        if state == "folded":
            continue
        code, day = staff.get(recipient), at.astimezone(zone).date()
        if code is None:
            citizens += recipient.endswith("@warga.example")
            continue
        total[code][day] += 1
        named[code, day, name] += 1
        tasks[code][day] += name.startswith("tugas_")
        turns[code][day] += name in BRINGS_WORK
    roles: dict[str, dict[str, Any]] = {}
    for code in staff.values():
        roles[code] = _of_person(total[code], tasks[code], turns[code])
        worst = max(total[code], key=lambda day, code=code: total[code][day], default=None)  # type: ignore[misc]
        of_day = {name: n for (who, day, name), n in named.items() if (who, day) == (code, worst)}
        roles[code]["that_day"] = dict(sorted(of_day.items()))
    holds = all(one["most_beside_tasks"] <= BOUND for one in roles.values())
    per_case = round(citizens / max(cases, 1), 2)
    return {
        "days": days,
        "cases": cases,
        "roles": roles,
        "pengadu_a_case": per_case,
        "bound_holds": holds,
    }


def _of_person(mails: Counter[date], tasks: Counter[date], turns: Counter[date]) -> dict[str, int]:
    """Of somebody's worst day, and of all of them; `turns`: mails by which a task came back."""
    worst = max(mails, key=lambda day: mails[day], default=BEGIN)
    beside = [mails[day] - tasks[day] - turns[day] for day in mails]
    return {
        "most_mails_a_day": mails[worst],
        "tasks_that_day": tasks[worst],
        "turns_that_day": turns[worst],
        "most_beside_tasks": max(beside, default=0),
        "mails": mails.total(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=int, default=250)
    parser.add_argument("--a-day", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=24 * 60)
    parser.add_argument("--save", action="store_true", help=f"also write {RESULT.name}")
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name, desk_in(Path(name)) as desk:
        lived = simulate(
            desk,
            random.Random(given.seed),
            until(office_days(desk, given.days), 60 * given.minutes),
            given.a_day,
            lambda said: print(said, file=sys.stderr, flush=True),
        )
        found = figures(desk, lived)
    found["seconds_a_day"] = round((time.monotonic() - begun) / max(lived, 1), 1)
    text = json.dumps(found, indent=2)
    print(text)
    if given.save:
        RESULT.write_text(text + "\n", "utf-8")
    return 0 if found["bound_holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
