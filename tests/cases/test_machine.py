"""Any order of actions by anybody keeps what the SOP and the design promise (a hypothesis state machine)."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from pipeline import cases
from pipeline.casefile import holders as casefile_holders
from pipeline.casefile.decided import outdated
from pipeline.cases import AlreadyDone, Changed, Forbidden, Invalid
from pipeline.cases.act import extend_for
from pipeline.cases.calendar import add_holiday, strike_holiday
from pipeline.cases.chain import SYSTEM
from pipeline.cases.merging import WRITTEN
from pipeline.cases.outcomes import bounced, delivery_result
from pipeline.cases.record import citizen_wrote
from pipeline.cases.tasks import COPY, limit_of
from pipeline.data import in_force, jobs
from pipeline.data.engine import reading
from pipeline.data.tables import Base, Complaint, Decided, Event, LetterNumber, Outbox, Task
from pipeline.intake import scans
from pipeline.mail.outbox import NEVER_SENT
from pipeline.office.sop import (
    ACTIONS,
    AT_REST,
    BESIDE,
    LANGKAH_OF,
    MERGEABLE,
    OVER,
    TASK_OF,
    UNDECIDED,
    EventKind,
    FieldKind,
    Stage,
    TaskKind,
)
from pipeline.running import drafting, poller
from pipeline.work import App
from tests.desk import ROAD, Desk, desk_in
from tests.kantor import SIGNED, Mail, compose

PEOPLE = ("jfu-1", "jfu-2", "sekretaris", "kasubag-umum", "kasi-infrastruktur", "kepala")
TELLING = st.sampled_from(["", "Lampu padam.", "Tiang\nnomor 7", "é 🙏 <b>"])
PASSES = st.sampled_from([1, 7, 25, 60, 60 * 9, 60 * 24, 60 * 24 * 11])  # minutes
WALKS = int(os.environ.get("ADUAN_WALKS", "3"))  # `make faults` walks more
SPAM = "X-Spam-Flag: YES\r\nFrom: spam@lain.example\r\nTo: aduan@kominfo.example\r\nSubject: Hadiah {n}\r\n\r\nKlik {n}"


@dataclass(frozen=True)
class OldPage:
    """A form as somebody has it open in their browser: what its page showed."""

    who: str
    task: Task
    name: str
    seen: int
    shown: str  # the ticks that it showed
    secret: bool


class Sop(RuleBasedStateMachine):
    """An office with a handful of complaints, whose people press what they like."""

    def __init__(self, url: str = "") -> None:
        super().__init__()
        self.url = url
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="aduan-"))
        self.desk: Desk = self.stack.enter_context(desk_in(Path(folder), url))
        self.known: set[str] = set()
        self.histories: dict[int, list[str]] = {}
        self.pages: list[OldPage] = []
        self.secret: dict[int, bool] = {}  # how each case stood after the act before
        self.unticked: set[int] = (
            set()
        )  # cases of which this act takes the mark off, and has shown it
        self.arrived = 0
        self.promised: set[str] = set()  # who wrote from an address

    def teardown(self) -> None:
        if self.url:  # the next walk begins in an empty office
            names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
            with self.desk.engine.begin() as connection:
                connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        self.stack.close()

    # what may happen

    @initialize(stages=st.lists(st.sampled_from([*ROAD, Stage.SELESAI]), min_size=2, max_size=3))
    def opens(self, stages: list[Stage]) -> None:
        """Cases that have come so far by the straight way."""
        for stage in stages:
            self.promised.add(self.desk.to(stage))

    @precondition(lambda self: len(self.known) < 6)
    @rule(
        email=st.sampled_from(["siti@warga.example", "budi@warga.example", ""]),
        secret=st.booleans(),
    )
    def somebody_complains(self, email: str, secret: bool) -> None:
        number = self.desk.record(email=email, rahasia=secret)
        if email:
            self.promised.add(number)

    @rule(data=st.data(), minutes=st.sampled_from([0, 0, 1, 30]))
    def an_official_presses(self, data: st.DataObject, minutes: int) -> None:
        """Any official, any open task or the oldest, any action that its page offers, filled in or not quite."""
        self.desk.later(minutes=minutes)
        tasks = self._tasks()
        task = data.draw(
            st.sampled_from([*(t for t in tasks if t.closed_at is None), tasks[0]]), label="task"
        )
        given = data.draw(st.sampled_from(ACTIONS[task.kind]), label="action")
        who = data.draw(st.sampled_from(self._likely(task)), label="who")
        try:
            self.desk.press(who, given.name, task=task, **self._fields(data, given.fields))
        except (Invalid, Forbidden, AlreadyDone, Changed):
            self.refused()

    @rule(data=st.data())
    def somebody_opens_a_page(self, data: st.DataObject) -> None:
        """And leaves it open, while others go on."""
        waiting = [t for t in self._tasks() if t.closed_at is None and t.complaint_id]
        if not waiting:
            return
        task = data.draw(st.sampled_from(waiting), label="task")
        given = data.draw(st.sampled_from(ACTIONS[task.kind]), label="action")
        with reading(self.desk.engine) as session:
            case = session.get_one(Complaint, task.complaint_id)
            query = select(func.max(Event.seq)).where(Event.complaint_id == case.id)
            seen, secret = session.scalar(query) or 0, case.rahasia
        shown = "rahasia" if secret and any(f.name == "rahasia" for f in given.fields) else ""
        who = data.draw(st.sampled_from(self._likely(task)), label="who")
        self.pages.append(OldPage(who, task, given.name, seen, shown, secret))

    @precondition(lambda self: bool(self.pages))
    @rule(data=st.data(), untick=st.booleans())
    def an_old_page_is_sent(self, data: st.DataObject, untick: bool) -> None:
        """As it was drawn, with what it showed; the mark of secrecy may be taken off by one that showed it."""
        page = self.pages.pop(data.draw(st.integers(0, len(self.pages) - 1), label="page"))
        given = next(a for a in ACTIONS[page.task.kind] if a.name == page.name)
        fields = self._fields(data, given.fields) | {"tampak": page.shown}
        if page.secret and not untick:
            fields["rahasia"] = "ya"
        if page.shown and untick:
            self.unticked.add(page.task.complaint_id or 0)
        try:
            self.desk.press(page.who, page.name, task=page.task, seen=page.seen, **fields)
        except (Invalid, Forbidden, AlreadyDone, Changed):
            self.refused()

    @precondition(lambda self: self.arrived < 3)
    @rule(scan=st.booleans())
    def something_arrives_that_somebody_must_look_at(self, scan: bool) -> None:
        """A slip from the box, or a mail that is held."""
        self.arrived += 1
        if scan:
            self.desk.take_in(
                SIGNED + bytes([self.arrived]), source="scan", name=f"slip-{self.arrived}.jpg"
            )
            scans.read_all(self.desk.app)
        else:
            self.desk.take_in(SPAM.format(n=self.arrived).encode())

    def refused(self) -> None:
        """A refusal leaves every history as it was."""
        assert self._chains() == self.histories

    @rule(data=st.data())
    def the_right_person_goes_on(self, data: st.DataObject) -> None:
        """So that the far end of the SOP is reached often."""
        waiting = [t for t in self._tasks() if t.closed_at is None and t.kind in TASK_OF.values()]
        running = [t for t in waiting if t.kind not in AT_REST]
        if running:
            task = data.draw(st.sampled_from(running), label="task")
            name = ACTIONS[task.kind][0].name
            if task.kind is TaskKind.PENYAMPAIAN:
                name = data.draw(st.sampled_from(["sampaikan", "kirim_email"]), label="action")
            given = next(a for a in ACTIONS[task.kind] if a.name == name)
            fields = self._fields(data, given.fields, gaps=False) | (
                {"instansi": "PLN"} if name == "putuskan" else {}
            )
            if name == "ajukan":
                drafting.letters(App(self.desk.settings, self.desk.engine, self.desk.clock))
            try:
                self.desk.press(self._likely(task)[0], name, task=task, **fields)
            except (Invalid, Forbidden):
                self.refused()

    @rule(data=st.data(), name=st.sampled_from(["gabungkan", "gabungkan", "bukan_pengaduan"]))
    def a_jfu_clears_up(self, data: st.DataObject, name: str) -> None:
        """Two complaints that are one, or one that is none: what happens to its children?"""
        early = UNDECIDED if name == "gabungkan" else (Stage.PENERIMAAN,)
        fresh = [c for c in self.desk.complaints() if c.stage in early]
        parents = [c for c in self.desk.complaints() if c.stage in MERGEABLE]
        if len(parents) > 1 and fresh:
            one = data.draw(st.sampled_from(fresh), label="complaint")
            other = data.draw(
                st.sampled_from([c for c in parents if c.id != one.id]), label="parent"
            )
            fields: dict[str, Any] = {"nomor": other.number} if name == "gabungkan" else {}
            task = self.desk.task(name, one.number)
            self.desk.press(self._likely(task)[0], name, task=task, **fields)

    @rule(data=st.data())
    def a_finished_case_is_opened_again(self, data: st.DataObject) -> None:
        """Its merged citizens may have been answered already."""
        finished = [t for t in self._tasks() if t.closed_at is None and t.kind is TaskKind.ARSIP]
        if finished:
            task = data.draw(st.sampled_from(finished), label="task")
            self.desk.press(self._likely(task)[0], "buka_kembali", task=task)

    @rule(data=st.data(), text=TELLING)
    def the_pengadu_writes(self, data: st.DataObject, text: str) -> None:
        complaint = data.draw(st.sampled_from(self.desk.complaints()), label="complaint")
        with self.desk.work() as work:
            citizen_wrote(work, complaint.id, text, [], None)

    @rule(data=st.data(), days=st.integers(0, 3))
    def somebody_stands_in(self, data: st.DataObject, days: int) -> None:
        away, acting = data.draw(st.permutations(PEOPLE), label="people")[:2]
        with self.desk.work() as work:
            first = work.now.astimezone(work.settings.zone).date() + timedelta(days=days)
            with suppress(Invalid):
                cases.delegate(
                    work, away, acting, "plh", first, first + timedelta(days=days), SYSTEM
                )

    @rule(days=st.integers(0, 20), again=st.booleans())
    def the_calendar_changes(self, days: int, again: bool) -> None:
        with self.desk.work() as work:
            day = work.now.astimezone(work.settings.zone).date() + timedelta(days=days)
            add_holiday(work, day, "Cuti bersama")
            if again:
                strike_holiday(work, day)

    @rule(data=st.data(), hours=st.integers(1, 300))
    def the_head_gives_more_time(self, data: st.DataObject, hours: int) -> None:
        limited = [
            t
            for t in self._tasks()
            if t.closed_at is None and t.complaint_id and t.kind not in AT_REST
        ]
        if limited:
            task = data.draw(st.sampled_from(limited), label="task")
            until = (self.desk.clock() + timedelta(hours=hours)).isoformat()
            values = {"sampai": [until], "alasan": ["Menunggu."]}
            form = cases.check(self.desk.settings, TaskKind.KEPUTUSAN, "perpanjang", values, {})
            with self.desk.work() as work, suppress(Invalid):
                extend_for(
                    work, work.session.get_one(Task, task.id), self.desk.person("kepala"), form
                )

    @rule(
        data=st.data(),
        text=st.sampled_from(
            ["SETUJU", "LAPOR: Benar.", "KEMBALIKAN: x", "JAWAB: y", "Baik.", "TOLAK: z"]
        ),
    )
    def an_official_replies(self, data: st.DataObject, text: str) -> None:
        """To any mail of a task, from its own address or another's."""
        with reading(self.desk.engine) as session:
            rows = list(
                session.scalars(
                    select(Outbox).where(Outbox.task_id.is_not(None)).order_by(Outbox.id)
                )
            )
        officials = [row for row in rows if self.desk.settings.person_at(row.recipient)]
        if officials:
            row = data.draw(st.sampled_from(officials), label="mail")
            sender = data.draw(
                st.sampled_from([row.recipient, "lain@kominfo.example"]), label="sender"
            )
            asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
            mail = compose(
                sender, "aduan@kominfo.example", "Re: x", text, self.desk.clock(), reply_to=asked
            )
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
        drafting.letters(app)
        poller.remind(app)
        poller.seal(app)

    @rule(data=st.data(), result=st.sampled_from(["sent", "dead"]))
    def the_mail_server_answers(self, data: st.DataObject, result: str) -> None:
        """For any mail, also for one that it has answered before."""
        mail = data.draw(st.sampled_from(self._mails()), label="mail")
        with self.desk.work() as work:
            row = work.session.get_one(Outbox, mail)
            if row.state in NEVER_SENT:  # called back, or a line of a digest: no server hears of it
                return
            row.state, row.error, row.told = result, "" if result == "sent" else "550 no", True
            row.sent_at = row.sent_at or (work.now if result == "sent" else None)
            delivery_result(work, row)

    @rule(data=st.data(), permanent=st.booleans())
    def a_mail_comes_back(self, data: st.DataObject, permanent: bool) -> None:
        mail = data.draw(st.sampled_from(self._mails()), label="mail")
        with self.desk.work() as work:
            bounced(work, work.session.get_one(Outbox, mail), permanent, "550 no")

    # what must hold

    @invariant()
    def at_most_one_open_task_carries_a_complaint(self) -> None:
        for complaint, tasks in self._open_tasks():
            carrying = [t for t in tasks if t.kind not in BESIDE]
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
                limit = limit_of(self.desk.settings, task.kind)
                if limit is None:
                    assert (task.due_at, task.remind_at, task.paused_at) == (None, None, None)
                else:
                    late = (
                        task.paused_at is not None and task.left_minutes is None
                    )  # what is late stays late
                    assert (task.due_at is None) == (task.paused_at is not None and not late)
                    minutes = limit.working_time  # such limits send nothing
                    # Stays in a langkah are counted together: one may be late from its start.
                    begun_late = (
                        task.counted_from is not None
                        and (task.due_at or task.opened_at) <= task.opened_at
                    )
                    assert task.remind_at is not None or minutes is not None or begun_late
                    assert (
                        not (late and task.due_at and task.paused_at)
                        or task.due_at <= task.paused_at
                    )
                    assert task.due_at is None or task.due_at >= (
                        task.counted_from or task.opened_at
                    )
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
            years.setdefault(int(row.number.split("/")[3]), []).append(
                int(row.number.split("/")[1])
            )
        assert all(sorted(orders) == list(range(1, len(orders) + 1)) for orders in years.values())
        borne: dict[int, set[str]] = {
            c.id: {c.letter_number, c.covering_number} for c in complaints.values()
        }
        for one in self._decisions():
            borne[one.complaint_id] |= {one.letter_number, one.covering_number}
        for row in given:
            mine = complaints[row.complaint_id]
            assert row.number in borne[mine.id] or "" in borne[mine.id]

    @invariant()
    def what_is_over_is_closed_and_what_runs_is_not(self) -> None:
        for complaint in self.desk.complaints():
            assert (complaint.closed_at is not None) == (complaint.stage in OVER)
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
                with reading(self.desk.engine) as session:
                    ordered = jobs.state_of(session, COPY, complaint.id) == "due"
                assert stages[complaint.parent_id] in MERGEABLE or (
                    stages[complaint.parent_id] in WRITTEN and ordered
                )

    @invariant()
    def a_case_says_what_its_standing_decision_says(self) -> None:
        standing = {row.complaint_id: row for row in self._decisions() if row.withdrawn_at is None}
        for complaint in self.desk.complaints():
            row = standing.get(complaint.id)
            assert complaint.decision == (row.outcome if row else None)
            assert row is None or (complaint.perintah, complaint.instansi) == (
                row.perintah,
                row.instansi,
            )
            assert (
                row is not None or LANGKAH_OF[complaint.stage] < 4 or complaint.stage is Stage.BATAL
            )

    @invariant()
    def an_answer_agrees_with_the_decision_that_stands(self) -> None:
        """A merged citizen is never on the way to an answer whose decision was withdrawn; who has it is listed."""
        decisions = {row.id: row for row in self._decisions()}
        cases_ = {c.id: c for c in self.desk.complaints()}
        for row in decisions.values():
            source = decisions.get(row.source_id or 0)
            if row.withdrawn_at is not None or source is None or source.withdrawn_at is None:
                continue
            child = cases_[row.complaint_id]
            assert child.stage in (Stage.SELESAI, Stage.PENGIRIMAN) or row.kept_at is not None
            if row.kept_at is None and child.parent_id is not None:
                with reading(self.desk.engine) as session:
                    assert child.id in {c.id for c in outdated(session, cases_[child.parent_id])}

    @invariant()
    def nothing_of_a_withdrawn_decision_leaves(self) -> None:
        withdrawn = {
            row.id: row.withdrawn_at for row in self._decisions() if row.withdrawn_at is not None
        }
        with reading(self.desk.engine) as session:
            mails = list(session.scalars(select(Outbox).where(Outbox.decision_id.in_(withdrawn))))
        for mail in mails:
            assert mail.state != "due"
            assert mail.sent_at is None or mail.sent_at <= withdrawn[mail.decision_id or 0]
        assert not [t for t in self._tasks() if t.closed_at is None and t.decision_id in withdrawn]

    @invariant()
    def every_open_case_has_somebody_who_can_go_on(self) -> None:
        for _complaint, tasks in self._open_tasks():
            with reading(self.desk.engine) as session:
                now = in_force.settings(session, self.desk.settings, self.desk.clock())
            assert all(casefile_holders.holders(now, task) for task in tasks)

    @invariant()
    def secrecy_ends_only_by_an_act_of_its_own(self) -> None:
        now = {c.id: c.rahasia for c in self.desk.complaints()}
        for complaint_id, before in self.secret.items():
            assert now[complaint_id] or not before or complaint_id in self.unticked
        self.secret, self.unticked = now, set()

    @invariant()
    def every_citizen_has_a_receipt_and_an_ending(self) -> None:
        with reading(self.desk.engine) as session:
            told = {
                (m.complaint_id, m.name)
                for m in session.scalars(select(Outbox).where(Outbox.complaint_id > 0))
            }
        for complaint in self.desk.complaints():
            if complaint.number in self.promised:
                assert (complaint.id, "tanda_terima") in told
            if complaint.stage is Stage.SELESAI:
                kinds = self.desk.kinds(complaint.number)
                assert EventKind.DELIVERED in kinds

    def _decisions(self) -> list[Decided]:
        with reading(self.desk.engine) as session:
            return list(session.scalars(select(Decided).order_by(Decided.id)))

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
            moving = Outbox.name.in_(("surat_jawaban", "surat_pengantar", "tanya_pengadu"))
            letters = list(session.scalars(select(Outbox.id).where(moving).order_by(Outbox.id)))
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
            now = in_force.settings(session, self.desk.settings, self.desk.clock())
        holders = [p.kode for p in casefile_holders.holders(now, task)]
        return [*holders * 3, *(p for p in PEOPLE if p not in holders)]

    def _fields(
        self, data: st.DataObject, fields: tuple[Any, ...], *, gaps: bool = True
    ) -> dict[str, Any]:
        """Mostly good values for a form."""
        values: dict[str, Any] = {}
        for one in fields:
            if one.kind is FieldKind.PINDAIAN:
                values["files"] = {one.name: ("ttd.jpg", SIGNED)}
            elif one.kind is FieldKind.PILIH:
                values[one.name] = data.draw(st.sampled_from(one.choices), label=one.name)
            elif one.kind is FieldKind.GABUNGAN:
                numbers = [c.number for c in self.desk.complaints()]
                values[one.name] = data.draw(
                    st.lists(st.sampled_from(numbers), unique=True), label=one.name
                )
            elif one.kind is FieldKind.PETUGAS:
                chosen = st.lists(
                    st.sampled_from(["kasubag-umum", "kasi-infrastruktur"]), min_size=1, unique=True
                )
                values[one.name] = data.draw(chosen, label=one.name)
            elif one.kind is FieldKind.EMAIL:
                address = st.sampled_from(["siti@warga.example", "siti@warga.example", ""])
                values[one.name] = data.draw(address, label=one.name)
            elif one.kind is FieldKind.WAKTU:
                values[one.name] = (
                    self.desk.clock() + timedelta(days=data.draw(st.sampled_from([2, -1])))
                ).isoformat()
            elif one.name == "nomor":
                numbers = [c.number for c in self.desk.complaints()]
                values[one.name] = data.draw(st.sampled_from(numbers), label=one.name)
            elif one.required:
                values[one.name] = (
                    ""
                    if gaps and data.draw(st.integers(0, 9), label=one.name) == 9
                    else "Lampu padam."
                )
        return values


LEFT_OUT = (
    () if WALKS > 5 else (Phase.shrink,)
)  # a walk that failed is made short only where there is time for it
STEPS = settings(
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[one for one in Phase if one not in LEFT_OUT],
)
TestSop = Sop.TestCase
TestSop.settings = settings(STEPS, max_examples=WALKS)


def test_any_order_on_postgresql(postgres_url: str) -> None:
    """A tenth as many: each statement is a round trip."""
    run_state_machine_as_test(
        lambda: Sop(postgres_url),  # type: ignore[arg-type]  # a class or what makes one, says its documentation
        settings=settings(STEPS, max_examples=max(1, WALKS // 10)),
    )
