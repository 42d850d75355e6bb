"""Any order of actions by anybody keeps what the SOP and the design promise (a hypothesis state machine)."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from pipeline import cases, current, poller
from pipeline.cases import AlreadyDone, Forbidden, Invalid
from pipeline.cases.tasks import limit_of
from pipeline.db import Complaint, Event, LetterNumber, Outbox, Task, reading
from pipeline.poller import App
from pipeline.sop import ACTIONS, LANGKAH_OF, MERGEABLE, TASK_OF, EventKind, FieldKind, Stage, TaskKind
from tests.desk import ROAD, Desk, desk_in
from tests.office import SIGNED, Mail, compose

PEOPLE = ("jfu-1", "jfu-2", "sekretaris", "kasubag-umum", "kasi-infrastruktur", "kepala")
TELLING = st.sampled_from(["", "Lampu padam.", "Tiang\nnomor 7", "é 🙏 <b>"])
PASSES = st.sampled_from([1, 7, 25, 60, 60 * 9, 60 * 24, 60 * 24 * 11])  # minutes
WITHOUT_TASK = (Stage.PENGIRIMAN, Stage.DIGABUNG)


class Sop(RuleBasedStateMachine):
    """An office with a handful of complaints, whose people press what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="aduan-"))
        self.desk: Desk = self.stack.enter_context(desk_in(Path(folder)))
        self.known: set[str] = set()
        self.histories: dict[int, list[str]] = {}

    def teardown(self) -> None:
        self.stack.close()

    # what may happen

    @initialize(stages=st.lists(st.sampled_from([*ROAD, Stage.SELESAI]), min_size=2, max_size=3))
    def opens(self, stages: list[Stage]) -> None:
        """Cases that have come so far by the straight way."""
        for stage in stages:
            self.desk.to(stage)

    @precondition(lambda self: len(self.known) < 6)
    @rule(email=st.sampled_from(["siti@warga.example", "budi@warga.example", ""]), secret=st.booleans())
    def somebody_complains(self, email: str, secret: bool) -> None:
        self.desk.record(email=email, rahasia=secret)

    @rule(data=st.data(), minutes=st.sampled_from([0, 0, 1, 30]))
    def an_official_presses(self, data: st.DataObject, minutes: int) -> None:
        """Any official, any open task or the oldest, any action that its page offers, filled in or not quite."""
        self.desk.later(minutes=minutes)
        tasks = self._tasks()
        task = data.draw(st.sampled_from([*(t for t in tasks if t.closed_at is None), tasks[0]]), label="task")
        given = data.draw(st.sampled_from(ACTIONS[task.kind]), label="action")
        who = data.draw(st.sampled_from(self._likely(task)), label="who")
        try:
            self.desk.press(who, given.name, task=task, **self._fields(data, given.fields))
        except (Invalid, Forbidden, AlreadyDone):
            self.refused()

    def refused(self) -> None:
        """A refusal leaves every history as it was."""
        assert self._chains() == self.histories

    @rule(data=st.data())
    def the_right_person_goes_on(self, data: st.DataObject) -> None:
        """So that the far end of the SOP is reached often."""
        waiting = [t for t in self._tasks() if t.closed_at is None and t.kind in TASK_OF.values()]
        running = [t for t in waiting if t.kind is not TaskKind.ARSIP]
        if running:
            task = data.draw(st.sampled_from(running), label="task")
            name = ACTIONS[task.kind][0].name
            if task.kind is TaskKind.PENYAMPAIAN:
                name = data.draw(st.sampled_from(["sampaikan", "kirim_email"]), label="action")
            given = next(a for a in ACTIONS[task.kind] if a.name == name)
            fields = self._fields(data, given.fields, gaps=False) | ({"instansi": "PLN"} if name == "putuskan" else {})
            if name == "ajukan":
                poller.letters(App(self.desk.settings, self.desk.engine, self.desk.clock))
            try:
                self.desk.press(self._likely(task)[0], name, task=task, **fields)
            except (Invalid, Forbidden):
                self.refused()

    @rule(data=st.data(), name=st.sampled_from(["gabungkan", "gabungkan", "bukan_pengaduan"]))
    def a_jfu_clears_up(self, data: st.DataObject, name: str) -> None:
        """Two complaints that are one, or one that is none: what happens to its children?"""
        fresh = [c for c in self.desk.complaints() if c.stage is Stage.PENERIMAAN]
        parents = [c for c in self.desk.complaints() if c.stage in MERGEABLE]
        if len(parents) > 1 and fresh:
            one = data.draw(st.sampled_from(fresh), label="complaint")
            other = data.draw(st.sampled_from([c for c in parents if c.id != one.id]), label="parent")
            fields: dict[str, Any] = {"nomor": other.number} if name == "gabungkan" else {}
            task = self.desk.task(name, one.number)
            self.desk.press(self._likely(task)[0], name, task=task, **fields)

    @rule(data=st.data(), text=TELLING)
    def the_pengadu_writes(self, data: st.DataObject, text: str) -> None:
        complaint = data.draw(st.sampled_from(self.desk.complaints()), label="complaint")
        with self.desk.work() as work:
            cases.citizen_wrote(work, complaint.id, text, [], None)

    @rule(data=st.data(), days=st.integers(0, 3))
    def somebody_stands_in(self, data: st.DataObject, days: int) -> None:
        away, acting = data.draw(st.permutations(PEOPLE), label="people")[:2]
        with self.desk.work() as work:
            first = work.now.astimezone(work.settings.zone).date() + timedelta(days=days)
            with suppress(Invalid):
                cases.delegate(work, away, acting, "plh", first, first + timedelta(days=days), cases.SYSTEM)

    @rule(days=st.integers(0, 20), again=st.booleans())
    def the_calendar_changes(self, days: int, again: bool) -> None:
        with self.desk.work() as work:
            day = work.now.astimezone(work.settings.zone).date() + timedelta(days=days)
            cases.add_holiday(work, day, "Cuti bersama")
            if again:
                cases.strike_holiday(work, day)

    @rule(data=st.data(), hours=st.integers(1, 300))
    def the_head_gives_more_time(self, data: st.DataObject, hours: int) -> None:
        limited = [t for t in self._tasks() if t.closed_at is None and t.complaint_id and t.kind is not TaskKind.ARSIP]
        if limited:
            task = data.draw(st.sampled_from(limited), label="task")
            until = (self.desk.clock() + timedelta(hours=hours)).isoformat()
            values = {"sampai": [until], "alasan": ["Menunggu."]}
            form = cases.check(self.desk.settings, TaskKind.KEPUTUSAN, "perpanjang", values, {})
            with self.desk.work() as work, suppress(Invalid):
                cases.extend_for(work, work.session.get_one(Task, task.id), self.desk.person("kepala"), form)

    @rule(
        data=st.data(), text=st.sampled_from(["SETUJU", "LAPOR Benar.", "KEMBALIKAN x", "JAWAB y", "Baik.", "TOLAK z"])
    )
    def an_official_replies(self, data: st.DataObject, text: str) -> None:
        """To any mail of a task, from its own address or another's."""
        with reading(self.desk.engine) as session:
            rows = list(session.scalars(select(Outbox).where(Outbox.task_id.is_not(None)).order_by(Outbox.id)))
        officials = [row for row in rows if self.desk.settings.person_at(row.recipient)]
        if officials:
            row = data.draw(st.sampled_from(officials), label="mail")
            sender = data.draw(st.sampled_from([row.recipient, "lain@kominfo.example"]), label="sender")
            asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
            mail = compose(sender, "aduan@kominfo.example", "Re: x", text, self.desk.clock(), reply_to=asked)
            self.desk.take_in(mail.as_bytes())

    @rule(minutes=PASSES)
    def time_passes(self, minutes: int) -> None:
        self.desk.later(minutes=minutes)

    @rule(minutes=st.integers(1, 90))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.desk.clock.now -= timedelta(minutes=minutes)

    @rule()
    def the_lanes_run(self) -> None:
        app = App(self.desk.settings, self.desk.engine, self.desk.clock)
        poller.letters(app)
        poller.remind(app)
        poller.seal(app)

    @rule(data=st.data(), result=st.sampled_from(["sent", "dead"]))
    def the_mail_server_answers(self, data: st.DataObject, result: str) -> None:
        """For any mail, also for one that was answered before."""
        mail = data.draw(st.sampled_from(self._mails()), label="mail")
        with self.desk.work() as work:
            row = work.session.get_one(Outbox, mail)
            row.state, row.error = result, "" if result == "sent" else "550 no"
            row.sent_at = work.now if result == "sent" else None
            cases.delivery_result(work, row)

    @rule(data=st.data(), permanent=st.booleans())
    def a_mail_comes_back(self, data: st.DataObject, permanent: bool) -> None:
        mail = data.draw(st.sampled_from(self._mails()), label="mail")
        with self.desk.work() as work:
            cases.bounced(work, work.session.get_one(Outbox, mail), permanent, "550 no")

    # what must hold

    @invariant()
    def at_most_one_open_task_carries_a_complaint(self) -> None:
        for complaint, tasks in self._open_tasks():
            carrying = [t for t in tasks if t.kind is not TaskKind.KETERANGAN]
            if complaint.stage in WITHOUT_TASK:
                assert carrying == []
            else:
                assert [t.kind for t in carrying] == [TASK_OF[complaint.stage]]

    @invariant()
    def units_are_asked_in_langkah_2_only(self) -> None:
        for complaint, tasks in self._open_tasks():
            if any(t.kind is TaskKind.KETERANGAN for t in tasks):
                assert complaint.stage is Stage.KLARIFIKASI

    @invariant()
    def histories_only_grow_and_run_forward(self) -> None:
        now = self._chains()
        for complaint_id, before in self.histories.items():
            assert now[complaint_id][: len(before)] == before
        self.histories = now
        with reading(self.desk.engine) as session:
            for complaint in session.scalars(select(Complaint)):
                events = session.scalars(
                    select(Event).where(Event.complaint_id == complaint.id).order_by(Event.seq)
                ).all()
                assert [e.seq for e in events] == list(range(1, len(events) + 1))
                assert [e.at for e in events] == sorted(e.at for e in events)

    @invariant()
    def limited_tasks_have_a_due_time_or_stand_still(self) -> None:
        for _complaint, tasks in self._open_tasks():
            for task in tasks:
                if limit_of(self.desk.settings, task.kind) is None:
                    assert (task.due_at, task.remind_at, task.paused_at) == (None, None, None)
                else:
                    late = task.paused_at is not None and task.left_minutes is None  # what is late stays late
                    assert (task.due_at is None) == (task.paused_at is not None and not late)
                    assert task.remind_at is not None
                    assert not (late and task.due_at and task.paused_at) or task.due_at <= task.paused_at
                    assert task.due_at is None or task.due_at >= task.opened_at
                assert task.paused_minutes >= 0

    @invariant()
    def rows_of_the_book_never_fall_and_keep_their_numbers(self) -> None:
        numbers = {c.number for c in self.desk.complaints()}
        assert self.known <= numbers
        self.known = numbers
        assert sorted(numbers) == [
            f"PGD-{n[4:8]}-{i:06d}" for n, i in zip(sorted(numbers), self._orders(), strict=True)
        ]

    def _orders(self) -> list[int]:
        """1, 2, 3 … anew for each year, as the sorted numbers must have them."""
        orders: list[int] = []
        years = [c.year for c in sorted(self.desk.complaints(), key=lambda c: c.number)]
        for place, year in enumerate(years):
            orders.append(orders[-1] + 1 if place and years[place - 1] == year else 1)
        return orders

    @invariant()
    def letters_have_one_number_each(self) -> None:
        """A merged complaint is told its parent's answer under the parent's number, unless it was decided itself."""
        with reading(self.desk.engine) as session:
            given = list(session.scalars(select(LetterNumber)))
        complaints = {c.id: c for c in self.desk.complaints()}
        years: dict[int, list[int]] = {}
        for row in given:
            years.setdefault(int(row.number.split("/")[3]), []).append(int(row.number.split("/")[1]))
        assert all(sorted(orders) == list(range(1, len(orders) + 1)) for orders in years.values())
        for row in given:
            mine = complaints[row.complaint_id]
            assert mine.letter_number in ("", row.number) or EventKind.REOPENED in self.desk.kinds(mine.number)

    @invariant()
    def what_is_over_is_closed_and_what_runs_is_not(self) -> None:
        for complaint in self.desk.complaints():
            assert (complaint.closed_at is not None) == (complaint.stage in (Stage.SELESAI, Stage.BATAL))
            assert complaint.delivered_at is None or complaint.stage is Stage.SELESAI
            if LANGKAH_OF[complaint.stage] >= 4:
                assert complaint.decision is not None
                assert complaint.letter_number or complaint.stage is Stage.JAWABAN

    @invariant()
    def nobody_waits_for_an_answer_that_will_not_come(self) -> None:
        stages = {c.id: c.stage for c in self.desk.complaints()}
        for complaint in self.desk.complaints():
            if complaint.stage is Stage.DIGABUNG:
                assert complaint.parent_id is not None
                assert stages[complaint.parent_id] in MERGEABLE

    @invariant()
    def every_stage_is_met_now_and_then(self) -> None:
        """For `--hypothesis-show-statistics`: whether the machine gets about."""
        for complaint in self.desk.complaints():
            event(f"stage {complaint.stage}")

    @invariant()
    def audit_is_clean(self) -> None:
        assert self.desk.faults() == []

    # helpers

    def _tasks(self) -> list[Task]:
        with reading(self.desk.engine) as session:
            return list(session.scalars(select(Task).order_by(Task.id)))

    def _mails(self) -> list[int]:
        """Letters first: what happens to them moves a case."""
        with reading(self.desk.engine) as session:
            letters = list(session.scalars(select(Outbox.id).where(Outbox.name == "surat_jawaban").order_by(Outbox.id)))
            return letters or list(session.scalars(select(Outbox.id).order_by(Outbox.id).limit(3)))

    def _open_tasks(self) -> list[tuple[Complaint, list[Task]]]:
        tasks = [t for t in self._tasks() if t.closed_at is None]
        return [(c, [t for t in tasks if t.complaint_id == c.id]) for c in self.desk.complaints()]

    def _chains(self) -> dict[int, list[str]]:
        chains: dict[int, list[str]] = {c.id: [] for c in self.desk.complaints()}
        with reading(self.desk.engine) as session:
            for one in session.scalars(select(Event).order_by(Event.complaint_id, Event.seq)):
                chains[one.complaint_id].append(one.hash)
        return chains

    def _likely(self, task: Task) -> list[str]:
        """People, the holders of the task first: hypothesis shrinks towards them."""
        with reading(self.desk.engine) as session:
            now = current.settings(session, self.desk.settings, self.desk.clock())
        holders = [p.kode for p in cases.holders(now, task)]
        return [*holders * 3, *(p for p in PEOPLE if p not in holders)]

    def _fields(self, data: st.DataObject, fields: tuple[Any, ...], *, gaps: bool = True) -> dict[str, Any]:
        """Mostly good values for a form."""
        values: dict[str, Any] = {}
        for one in fields:
            if one.kind is FieldKind.PINDAIAN:
                values["files"] = {one.name: ("ttd.jpg", SIGNED)}
            elif one.kind is FieldKind.PILIH:
                values[one.name] = data.draw(st.sampled_from(one.choices), label=one.name)
            elif one.kind is FieldKind.PETUGAS:
                chosen = st.lists(st.sampled_from(["kasubag-umum", "kasi-infrastruktur"]), min_size=1, unique=True)
                values[one.name] = data.draw(chosen, label=one.name)
            elif one.kind is FieldKind.EMAIL:
                address = st.sampled_from(["siti@warga.example", "siti@warga.example", ""])
                values[one.name] = data.draw(address, label=one.name)
            elif one.kind is FieldKind.WAKTU:
                values[one.name] = (self.desk.clock() + timedelta(days=data.draw(st.sampled_from([2, -1])))).isoformat()
            elif one.name == "nomor":
                numbers = [c.number for c in self.desk.complaints()]
                values[one.name] = data.draw(st.sampled_from(numbers), label=one.name)
            elif one.required:
                values[one.name] = "" if gaps and data.draw(st.integers(0, 9), label=one.name) == 9 else "Lampu padam."
        return values


TestSop = Sop.TestCase
TestSop.pytestmark = [pytest.mark.timeout(600)]  # seconds; a slow machine shared with others
TestSop.settings = settings(
    max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
