"""Any order of actions by anybody keeps what the SOP and the design promise (a hypothesis state machine)."""

from __future__ import annotations

import io
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
from pipeline.cases import AlreadyDone, Changed, Forbidden, Invalid, takeback
from pipeline.cases.calendar import add_holiday, strike_holiday
from pipeline.cases.chain import SYSTEM
from pipeline.cases.langkah_3 import extend_for
from pipeline.cases.late_answers import is_welcome
from pipeline.cases.merging import WRITTEN
from pipeline.cases.outcomes import bounced, delivery_result
from pipeline.cases.record import citizen_wrote
from pipeline.cases.tasks import limit_of
from pipeline.cases.withdrawal import make_sure, seems_withdrawn
from pipeline.data import in_force, jobs
from pipeline.data.engine import reading
from pipeline.data.states import JobKind, MailState
from pipeline.data.store import get
from pipeline.data.tables import (
    Complaint,
    Decided,
    Document,
    Event,
    LetterNumber,
    Outbox,
    Task,
)
from pipeline.intake import scans
from pipeline.mail.outbox import NEVER_SENT
from pipeline.office.actions import ACTIONS, Field, FieldKind
from pipeline.office.sop import (
    AT_REST,
    BESIDE,
    LANGKAH_OF,
    MERGEABLE,
    OVER,
    TASK_OF,
    UNDECIDED,
    Act,
    EventKind,
    Stage,
    TaskKind,
)
from pipeline.running import drafting, poller
from pipeline.work import App
from tests import fresh
from tests.browser import Browser
from tests.desk import ROAD, Desk, desk_in, make_settings
from tests.kantor import SIGNED, Form, Mail, compose

PEOPLE = ("jfu-1", "jfu-2", "sekretaris", "kasubag-umum", "kasi-infrastruktur", "kepala")
SECRETLY, TAKEN_BACK = "Mohon nama saya dirahasiakan.", "Pengaduan ini saya cabut."
TELLING = st.sampled_from(
    ["", "Lampu padam.", "Tiang\nnomor 7", "é 🙏 <b>", SECRETLY, TAKEN_BACK, TAKEN_BACK]
)
PASSES = st.sampled_from([1, 7, 25, 60, 60 * 9, 60 * 24, 60 * 24 * 11])  # minutes
WALKS = int(os.environ.get("ADUAN_WALKS", "3"))  # `make faults` walks more
SPAM = "X-Spam-Flag: YES\r\nFrom: spam@lain.example\r\nTo: aduan@kominfo.example\r\nSubject: Hadiah {n}\r\n\r\nKlik {n}"


ENDING = {Stage.DICABUT: "dicabut", Stage.BATAL: "bukan_pengaduan"}
MOVING = ("surat_jawaban", "surat_pengantar", "tanya_pengadu", "tembusan")  # move a case
AT_ONCE, WAITING = {"tunda_menit": 0}, {"tunda_menit": 2}  # acts that can be taken back


@dataclass(frozen=True)
class OldPage:
    """A form as somebody has it open in their browser: what its page showed. `form` is that of the real page; without
    it the act is done as `cases` offers it."""

    who: str
    task: Task
    name: str
    seen: int
    shown: str  # the ticks that it showed
    secret: bool
    form: Form | None = None


class Sop(RuleBasedStateMachine):
    """An office with a handful of complaints, whose people press what they like."""

    def __init__(self, url: str = "") -> None:
        super().__init__()
        self.url = url
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="aduan-"))
        self.folder = Path(folder)
        self.desk: Desk = self.stack.enter_context(desk_in(self.folder, url))
        self.browser = Browser(self.desk)
        self.known: set[str] = set()
        self.histories: dict[int, list[str]] = {}
        self.pages: list[OldPage] = []
        self.secret: dict[int, bool] = {}  # how each case stood after the act before
        self.unticked: set[int] = set()  # cases of which this act takes off a mark that it showed
        self.open_words: set[int] = set()  # cases whose words were released to units
        self.released: set[int] = set()  # cases that this act may release
        self.left: dict[int, set[int]] = {}  # mails of a withdrawn decision that had left by then
        self.done: list[tuple[int, str]] = []  # (task, who) of acts, to be taken back
        self.arrived = 0
        self.promised: set[str] = set()  # who wrote from an address

    def teardown(self) -> None:
        self.stack.close()
        if self.url:  # the next walk begins in an empty office, with what the migrations put there
            fresh.renew(self.url)

    # what may happen

    @initialize(
        stages=st.lists(st.sampled_from([*ROAD, Stage.SELESAI]), min_size=2, max_size=3),
        waits=st.booleans(),
    )
    def opens(self, stages: list[Stage], waits: bool) -> None:
        """Cases that have come so far by the straight way, in an office whose mails wait two minutes or do not."""
        for stage in stages:
            self.promised.add(self.desk.to(stage))
        self.desk.settings = make_settings(self.folder, smtp=WAITING if waits else AT_ONCE)
        self.browser = Browser(self.desk)

    @precondition(lambda self: len(self.known) < 6)
    @rule(
        email=st.sampled_from(["siti@warga.example", "budi@warga.example", ""]),
        secret=st.booleans(),
    )
    def somebody_complains(self, email: str, secret: bool) -> None:
        number = self.desk.record(email=email, rahasia=secret)
        if email:
            self.promised.add(number)

    @rule(data=st.data(), minutes=st.sampled_from([0, 0, 1, 30]), on_page=st.booleans())
    def an_official_presses(self, data: st.DataObject, minutes: int, on_page: bool) -> None:
        """Any official, any open task, the oldest, or a question that may be answered late; any action that its page
        offers, filled in or not quite; by the real page or as `cases` offers it."""
        self.desk.later(minutes=minutes)
        tasks = self._tasks()
        welcome = [t for t in tasks if t.closed_at is None or is_welcome(t)]
        task = data.draw(st.sampled_from([*welcome, tasks[0]]), label="task")
        given = data.draw(st.sampled_from(ACTIONS[task.kind]), label="action")
        who = data.draw(st.sampled_from(self._likely(task)), label="who")
        fields = self._fields(data, given.fields, task)
        if on_page:
            self._on_page(who, given.name, task, fields)
        else:
            self._press(who, given.name, task, fields)

    def _press(
        self, who: str, name: str, task: Task, fields: dict[str, Any], seen: int = 0
    ) -> None:
        self._may_release(name, task)
        try:
            self.desk.press(who, name, task=task, seen=seen, **fields)
            self.done.append((task.id, who))
        except (Invalid, Forbidden, AlreadyDone, Changed):
            self.refused()

    def _on_page(self, who: str, name: str, task: Task, fields: dict[str, Any]) -> None:
        """The page of the task is opened, and its form sent; one that it does not offer is made by hand."""
        page = self.browser.open(who, task)
        assert page.status in (200, 410), page.text[:300]  # it is about whoever asks, say
        form = page.forms.get(name) or Form(page.url.partition("?")[0], {"aksi": [name]})
        if "rahasia" in "".join(form.values.get("tampak", [])) and "rahasia" not in fields:
            fields = {"rahasia": "ya", **fields}  # as the page has it
        self._send(who, name, task, form, fields)

    def _send(self, who: str, name: str, task: Task, form: Form, fields: dict[str, Any]) -> None:
        self._may_release(name, task)
        files = {
            key: (io.BytesIO(content), called)
            for key, (called, content) in fields.get("files", {}).items()
        }
        typed = {key: value for key, value in fields.items() if key != "files"}
        before = self._chains()
        back = self.browser.send(form, {**typed, **files})
        assert back.status in (200, 404, 409, 410, 422), (back.status, back.text[:300])
        if back.status == 200:
            self.done.append((task.id, who))
        else:
            assert self._chains() == before

    def _may_release(self, name: str, task: Task) -> None:
        if name == "tandai" and task.complaint_id is not None:
            self.released.add(task.complaint_id)

    @rule(data=st.data(), on_page=st.booleans())
    def somebody_opens_a_page(self, data: st.DataObject, on_page: bool) -> None:
        """And leaves it open, while others go on."""
        waiting = [t for t in self._tasks() if t.closed_at is None]
        if not waiting:
            return
        task = data.draw(st.sampled_from(waiting), label="task")
        given = data.draw(st.sampled_from(ACTIONS[task.kind]), label="action")
        who = data.draw(st.sampled_from(self._likely(task)), label="who")
        seen, secret = 0, False
        with reading(self.desk.engine) as session:
            if task.complaint_id is not None:
                query = select(func.max(Event.seq)).where(Event.complaint_id == task.complaint_id)
                seen = session.scalar(query) or 0
                secret = session.get_one(Complaint, task.complaint_id).rahasia
        shown = "rahasia" if secret and any(f.name == "rahasia" for f in given.fields) else ""
        form = self.browser.open(who, task).forms.get(given.name) if on_page else None
        self.pages.append(OldPage(who, task, given.name, seen, shown, secret, form))

    @precondition(lambda self: bool(self.pages))
    @rule(data=st.data(), untick=st.booleans())
    def an_old_page_is_sent(self, data: st.DataObject, untick: bool) -> None:
        """As it was drawn, with what it showed; the mark of secrecy may be taken off by one that showed it."""
        page = self.pages.pop(data.draw(st.integers(0, len(self.pages) - 1), label="page"))
        given = next(a for a in ACTIONS[page.task.kind] if a.name == page.name)
        fields = self._fields(data, given.fields, page.task)
        if page.shown and untick:
            self.unticked.add(page.task.complaint_id or 0)
        if page.form is not None:
            kept = {k: v for k, v in page.form.values.items() if k != "rahasia" or not untick}
            form = Form(page.form.url, kept)
            self._send(page.who, page.name, page.task, form, fields)
            return
        fields["tampak"] = page.shown
        if page.secret and not untick:
            fields["rahasia"] = "ya"
        self._press(page.who, page.name, page.task, fields, page.seen)

    @precondition(lambda self: bool(self.done))
    @rule(data=st.data())
    def somebody_takes_it_back(self, data: st.DataObject) -> None:
        """One of the last acts, by whoever did it, in its two minutes or too late."""
        task_id, who = data.draw(st.sampled_from(self.done[-3:]), label="act")
        before = self._chains()
        with suppress(Forbidden, AlreadyDone), self.desk.work() as work:
            if work.session.get_one(Task, task_id).complaint_id is not None:
                takeback.take_back(work, task_id, self.desk.person(who))
        now = self._chains()
        assert all(now[one][: len(before[one])] == before[one] for one in before)

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
                name = data.draw(st.sampled_from([Act.SAMPAIKAN, Act.KIRIM_EMAIL]), label="action")
            given = next(a for a in ACTIONS[task.kind] if a.name == name)
            fields = self._fields(data, given.fields, task, gaps=False) | (
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
    def three_are_merged_one_into_the_other(self, data: st.DataObject) -> None:
        """The last into the one before, and that into the first: all wait for the first one's answer."""
        fresh = [c for c in self.desk.complaints() if c.stage in UNDECIDED]
        if len(fresh) < 3:
            return
        first, second, third = data.draw(st.permutations(fresh), label="complaints")[:3]
        for child, parent in ((third, second), (second, first)):
            task = self.desk.task("gabungkan", child.number)
            self._press(self._likely(task)[0], "gabungkan", task, {"nomor": parent.number})

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
            written = citizen_wrote(work, complaint.id, text, [], None)
            if seems_withdrawn(text):
                make_sure(work, written, text)

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
            row.state, row.error, row.told = (
                MailState(result),
                "" if result == MailState.SENT else "550 no",
                True,
            )
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
                    told = task.reminders > 0  # one reminder is enough beside the digest
                    assert task.remind_at is not None or minutes is not None or begun_late or told
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
                    ordered = jobs.state_of(session, JobKind.COPY, complaint.id) == "due"
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
        withdrawn = {row.id for row in self._decisions() if row.withdrawn_at is not None}
        with reading(self.desk.engine) as session:
            mails = list(session.scalars(select(Outbox).where(Outbox.decision_id.in_(withdrawn))))
        assert not [mail for mail in mails if mail.state == "due"]
        for decision_id in withdrawn:  # not by their times: the clock may have been set back
            left = {m.id for m in mails if m.decision_id == decision_id and m.sent_at is not None}
            assert left <= self.left.setdefault(decision_id, left)
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
            ending = ENDING.get(complaint.stage, "")
            if ending and complaint.email:
                assert (complaint.id, ending) in told

    @invariant()
    def words_are_released_only_by_who_means_it(self) -> None:
        """To other units; also an act that is taken back puts nothing open again that was closed meanwhile."""
        now = {c.id for c in self.desk.complaints() if c.teks_terbuka or c.lampiran_terbuka}
        assert now <= self.open_words | self.released
        self.open_words, self.released = now, set()

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
        """Letters first: what happens to them moves a case; then the newest of each kind."""
        with reading(self.desk.engine) as session:
            moving = Outbox.name.in_(MOVING)
            letters = list(session.scalars(select(Outbox.id).where(moving).order_by(Outbox.id)))
            newest = select(func.max(Outbox.id)).group_by(Outbox.name)
            return [*letters, *sorted(session.scalars(newest))]

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
        self, data: st.DataObject, fields: tuple[Field, ...], task: Task, *, gaps: bool = True
    ) -> dict[str, Any]:
        """Mostly good values for a form, with its files under "files"."""
        values: dict[str, Any] = {}
        files: dict[str, tuple[str, bytes]] = {}
        for one in fields:
            if one.kind in (FieldKind.PINDAIAN, FieldKind.BERKAS):
                files[one.name] = ("ttd.jpg", SIGNED)
            elif one.kind is FieldKind.SURAT:
                files[one.name] = ("surat.docx", self._letter(data, task, one.name))
            elif (value := self._value(data, one, gaps)) is not None:
                values[one.name] = value
        return values | ({"files": files} if files else {})

    def _letter(self, data: st.DataObject, task: Task, field: str) -> bytes:
        """A draft of the case as it came from the program, also one of an earlier decision; else no letter at all."""
        kind = "pengantar" if "pengantar" in field else "konsep"
        query = select(Document.sha256).where(Document.kind == kind)
        with reading(self.desk.engine) as session:
            mine = query.where(Document.complaint_id == task.complaint_id).order_by(Document.id)
            drafts = list(session.scalars(mine))
            return get(session, data.draw(st.sampled_from(drafts), label=field)) if drafts else b""

    def _value(self, data: st.DataObject, one: Field, gaps: bool) -> object:
        """What is typed into a field; None for nothing."""
        if one.name in CAREFUL:
            return CAREFUL[one.name]
        if one.kind in (FieldKind.GABUNGAN, FieldKind.PETUGAS, FieldKind.PILIH) or (
            one.name == "nomor"
        ):
            return self._choice(data, one)
        if one.kind is FieldKind.EMAIL:
            address = st.sampled_from(["siti@warga.example", "siti@warga.example", ""])
            return data.draw(address, label=one.name)
        if one.kind is FieldKind.WAKTU:
            away = timedelta(days=data.draw(st.sampled_from([2, -1]), label=one.name))
            return (self.desk.clock() + away).isoformat()
        if one.name in TICKED:
            return "ya" if data.draw(st.booleans(), label=one.name) else None
        if not one.required:
            return None
        left = gaps and data.draw(st.integers(0, 9), label=one.name) == 9
        return "" if left else "Lampu padam."

    def _choice(self, data: st.DataObject, one: Field) -> object:
        if one.kind is FieldKind.PILIH:
            return data.draw(st.sampled_from(one.choices), label=one.name)
        numbers = [c.number for c in self.desk.complaints()]
        if one.kind is FieldKind.GABUNGAN:
            return data.draw(st.lists(st.sampled_from(numbers), unique=True), label=one.name)
        if one.kind is FieldKind.PETUGAS:
            units = st.sampled_from(["kasubag-umum", "kasi-infrastruktur"])
            return data.draw(st.lists(units, min_size=1, unique=True), label=one.name)
        return data.draw(st.sampled_from(numbers), label=one.name)


CAREFUL = {"penerima": "Siti", "resi": "RR 1", "tempat": "Papan", "unit": ["tidak_ada"]}
CAREFUL |= dict.fromkeys(("ttd_terlihat", "tanpa_kode", "yakin", "tetap", "halaman_sesuai"), "ya")
TICKED = ("teks_terbuka", "lampiran_terbuka")
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
