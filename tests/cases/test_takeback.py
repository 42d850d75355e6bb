"""Two minutes in which an act can be taken back: its mails wait, and nothing of it is left but two events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import policy
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pipeline.casefile.standing import columns
from pipeline.cases import AlreadyDone, Forbidden, reminders, takeback
from pipeline.data.engine import reading
from pipeline.data.tables import Decided, Outbox, Task
from pipeline.office.sop import Decision, EventKind, Stage, TaskKind
from tests.desk import PROOF, Desk, desk_in
from tests.kantor import INTAKE, SITI, compose


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, smtp={"tunda_menit": 2}) as made:
        yield made


def walk(desk: Desk, stage: Stage) -> str:
    """To a stage, with every wait on the way over."""
    number = desk.record()
    desk.to(stage, number) if stage in (
        Stage.PENERIMAAN,
        Stage.KLARIFIKASI,
        Stage.KEPUTUSAN,
    ) else _far(desk, number)
    return number


def _far(desk: Desk, number: str) -> None:
    desk.to(Stage.KEPUTUSAN, number)
    order = "Lampu sudah diperbaiki."
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditindaklanjuti",
        perintah=order,
        disampaikan=order,
    )
    desk.later(minutes=3)
    desk.jobs()


def decide(desk: Desk, number: str) -> None:
    order = "Lampu sudah diperbaiki."
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditindaklanjuti",
        perintah=order,
        disampaikan=order,
    )


ACTS: dict[str, tuple[str, Stage, Callable[[Desk, str], object]]] = {
    "bukan_pengaduan": (
        "jfu-1",
        Stage.PENERIMAAN,
        lambda d, n: d.press("jfu-1", "bukan_pengaduan", number=n, alasan="Iklan."),
    ),
    "tanya_unit": (
        "sekretaris",
        Stage.KLARIFIKASI,
        lambda d, n: d.press(
            "sekretaris", "tanya_unit", number=n, petugas=["kasubag-umum"], pertanyaan="Benarkah?"
        ),
    ),
    "tanya_pengadu": (
        "sekretaris",
        Stage.KLARIFIKASI,
        lambda d, n: d.press("sekretaris", "tanya_pengadu", number=n),
    ),
    "putuskan": ("kepala", Stage.KEPUTUSAN, decide),
    "ajukan": ("sekretaris", Stage.JAWABAN, lambda d, n: d.press("sekretaris", "ajukan", number=n)),
}


def state_of(desk: Desk, number: str) -> tuple[object, ...]:
    c = desk.complaint(number)
    tasks = [
        (t.kind, t.due_at, t.remind_at, t.paused_at, t.note)
        for t in desk.tasks(number, open_only=True)
    ]
    return c.stage, c.decision, c.perintah, c.closed_at, c.unit, c.keterangan, tasks


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_taken_back_and_no_mail_of_it_leaves(desk: Desk, name: str) -> None:
    who, stage, act = ACTS[name]
    number = walk(desk, stage)
    before, mails, task = state_of(desk, number), len(desk.mails()), desk.task(name, number)
    act(desk, number)
    assert state_of(desk, number) != before
    put = desk.mails()[mails:]
    assert all(mail.next_at > desk.clock() for mail in put), [mail.name for mail in put]
    desk.later(minutes=1)
    desk.jobs()
    with desk.work() as work:
        assert takeback.take_back(work, task.id, desk.person(who)) == name
    assert state_of(desk, number) == before
    assert desk.kinds(number)[-1] is EventKind.TAKEN_BACK
    assert {mail.state for mail in desk.mails()[mails:]} <= {"void"}
    desk.later(minutes=5)
    desk.jobs()
    assert len(desk.mails()) == mails + len(put), "nothing comes later either"
    assert desk.faults() == []
    act(desk, number)
    assert state_of(desk, number) != before, "it can be done again"


@pytest.mark.parametrize("name", ["putuskan", "tanya_unit"])
def test_after_two_minutes_it_is_too_late(desk: Desk, name: str) -> None:
    who, stage, act = ACTS[name]
    number = walk(desk, stage)
    task = desk.task(name, number)
    act(desk, number)
    desk.later(minutes=2)
    with pytest.raises(AlreadyDone), desk.work() as work:
        takeback.take_back(work, task.id, desk.person(who))


def test_what_somebody_did_since_is_not_undone(desk: Desk) -> None:
    number = walk(desk, Stage.KLARIFIKASI)
    task = desk.task("tanya_unit", number)
    ACTS["tanya_unit"][2](desk, number)
    desk.press("kasubag-umum", "jawab", number=number)
    with pytest.raises(AlreadyDone), desk.work() as work:
        takeback.take_back(work, task.id, desk.person("sekretaris"))


def test_nobody_takes_back_what_another_did(desk: Desk) -> None:
    number = walk(desk, Stage.KEPUTUSAN)
    task = desk.task("putuskan", number)
    decide(desk, number)
    with pytest.raises(Forbidden), desk.work() as work:
        takeback.take_back(work, task.id, desk.person("sekretaris"))


def test_decision_that_was_taken_back_was_never_taken(desk: Desk) -> None:
    """The Buku Pengaduan does not tell of it, and nothing that comes later can be taken for its work."""
    number = walk(desk, Stage.KEPUTUSAN)
    task = desk.task("putuskan", number)
    decide(desk, number)
    with desk.work() as work:
        takeback.take_back(work, task.id, desk.person("kepala"))
    with reading(desk.engine) as session:
        assert session.scalars(select(Decided)).all() == []
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="Tolak.",
        disampaikan="Tidak benar.",
    )
    desk.later(minutes=3)
    desk.jobs()
    with reading(desk.engine) as session:
        (row,) = session.scalars(select(Decided)).all()
        assert (row.number, row.outcome) == (1, Decision.DITOLAK)
        told = session.scalars(select(Outbox).where(Outbox.decision_id == row.id)).all()
        assert {mail.state for mail in told} == {"due"}
    assert {d.decision_id for d in desk.documents(number) if d.kind == "konsep"} == {row.id}
    assert desk.faults() == []


def test_question_that_a_clerk_was_to_put_is_closed(desk: Desk) -> None:
    number = desk.record(email="", telepon="0812 1111 2222")
    desk.press("jfu-1", "laporkan", number=number, nama="Siti Rahmawati", telepon="0812 1111 2222")
    before, task = state_of(desk, number), desk.task("tanya_pengadu", number)
    desk.press("sekretaris", "tanya_pengadu", number=number)
    assert TaskKind.TANYA in {t.kind for t in desk.tasks(number, open_only=True)}
    with desk.work() as work:
        takeback.take_back(work, task.id, desk.person("sekretaris"))
    assert state_of(desk, number) == before
    assert {m.state for m in desk.mails("tugas_tanya")} == {"void"}
    assert desk.faults() == []


def letter_on_its_way(desk: Desk) -> tuple[str, Task]:
    """A letter that waits its two minutes; the task of langkah 5."""
    number = walk(desk, Stage.JAWABAN)
    desk.press("sekretaris", "ajukan", number=number)
    desk.later(minutes=3)
    desk.jobs()
    desk.to(Stage.PENYAMPAIAN, number)
    task = desk.task("kirim_email", number)
    desk.press("jfu-1", "kirim_email", number=number)
    return number, task


def test_letter_is_taken_back_and_can_be_sent_again(desk: Desk) -> None:
    number, task = letter_on_its_way(desk)
    with desk.work() as work:
        takeback.take_back(work, task.id, desk.person("jfu-1"))
    assert desk.stage(number) is Stage.PENYAMPAIAN
    assert TaskKind.PENGIRIMAN not in {t.kind for t in desk.tasks(number, open_only=True)}
    desk.press("jfu-1", "kirim_email", number=number)
    assert [m.state for m in desk.mails("surat_jawaban")] == ["void", "due"]
    assert desk.faults() == []


def test_letter_that_was_handed_over_meanwhile_is_not_taken_back(desk: Desk) -> None:
    number, task = letter_on_its_way(desk)
    desk.press(
        "jfu-2", "sampaikan", number=number, cara="langsung", penerima="Siti Rahmawati", files=PROOF
    )
    with pytest.raises(AlreadyDone), desk.work() as work:
        takeback.take_back(work, task.id, desk.person("jfu-1"))
    assert desk.stage(number) is Stage.SELESAI


def test_setting_of_zero_lets_mails_go_at_once(tmp_path: Path) -> None:
    with desk_in(tmp_path, smtp={"tunda_menit": 0}) as desk:
        number = walk(desk, Stage.KLARIFIKASI)
        ACTS["tanya_unit"][2](desk, number)
        assert all(mail.next_at <= desk.clock() for mail in desk.mails())


# ---- what is told meanwhile ------------------------------------------------------------------------------------


def digests(desk: Desk) -> list[Outbox]:
    """The morning's digests are written now; all that there are."""
    with desk.work() as work:
        reminders.send_digests(work)
    return desk.mails("ringkasan")


def take_back(desk: Desk, task: Task, who: str) -> None:
    with desk.work() as work:
        takeback.take_back(work, task.id, desk.person(who))


def test_digest_of_these_minutes_does_not_call_a_case_finished(desk: Desk) -> None:
    number = desk.record()
    task = desk.task("bukan_pengaduan", number)
    ACTS["bukan_pengaduan"][2](desk, number)
    desk.later(minutes=1)
    assert not [mail for mail in digests(desk) if number in mail.text]
    take_back(desk, task, "jfu-1")
    assert {mail.state for mail in desk.mails("tugas_arsip")} == {"void"}


def test_what_stands_is_in_the_next_digest(desk: Desk) -> None:
    number = desk.record()
    ACTS["bukan_pengaduan"][2](desk, number)
    desk.later(minutes=1)
    before = digests(desk)
    desk.later(days=1)
    told = {mail.recipient for mail in digests(desk)[len(before) :] if number in mail.text}
    assert told == {desk.person(code).email for code in ("sekretaris", "jfu-1", "jfu-2")}


def test_digest_does_not_ask_for_what_was_decided_right_before_opening(desk: Desk) -> None:
    number = walk(desk, Stage.KEPUTUSAN)
    hours = desk.settings.hours
    opening = hours.intervals(hours.local(desk.clock()).date() + timedelta(days=1))[0][0]
    desk.clock.now = opening - timedelta(seconds=30)
    task = desk.task("putuskan", number)
    decide(desk, number)
    desk.later(minutes=1)
    assert not [mail for mail in digests(desk) if number in mail.text]
    take_back(desk, task, "kepala")
    assert desk.stage(number) is Stage.KEPUTUSAN


@pytest.mark.parametrize("has_left", [False, True])
def test_answer_to_a_question_of_the_pengadu_is_none_of_the_acts_mails(
    desk: Desk, has_left: bool
) -> None:
    """STATUS is answered at once: it is not kept back with them, and does not count as one that has left."""
    number = walk(desk, Stage.KEPUTUSAN)
    task = desk.task("putuskan", number)
    decide(desk, number)
    desk.later(seconds=30)
    asked = compose(SITI, INTAKE, f"STATUS {number}", "", desk.clock(), name="Siti Rahmawati")
    desk.take_in(asked.as_bytes(policy=policy.SMTP))
    if has_left:
        with desk.work() as work:
            work.session.execute(update(Outbox).where(Outbox.name == "status").values(state="sent"))
    take_back(desk, task, "kepala")
    assert {mail.state for mail in desk.mails("status")} == {"sent" if has_left else "due"}
    assert {mail.state for mail in desk.mails("bukti_keputusan")} == {"void"}


def test_second_press_changes_nothing(desk: Desk) -> None:
    number = walk(desk, Stage.KLARIFIKASI)
    task = desk.task("tanya_unit", number)
    ACTS["tanya_unit"][2](desk, number)
    ACTS["tanya_pengadu"][2](desk, number)
    take_back(desk, task, "sekretaris")
    before = desk.kinds(number)
    with desk.work() as work:
        assert takeback.take_back(work, task.id, desk.person("sekretaris")) == "tanya_pengadu"
    assert desk.kinds(number) == before
    assert [t.kind for t in desk.tasks(number, open_only=True)] == ["klarifikasi", "keterangan"]


@pytest.mark.parametrize("name", ACTS)
def test_every_column_is_as_it_was(desk: Desk, name: str) -> None:
    who, stage, act = ACTS[name]
    number = walk(desk, stage)
    task = desk.task(name, number)
    case, tasks = (
        columns(desk.complaint(number)),
        [columns(t) for t in desk.tasks(number)],
    )
    act(desk, number)
    desk.later(minutes=1)
    take_back(desk, task, who)
    now = columns(desk.complaint(number))
    assert {key for key, old in case.items() if now[key] != old} <= takeback.STAY
    after = [columns(t) for t in desk.tasks(number)]
    assert after[: len(tasks)] == tasks
    assert all(t["closed_at"] for t in after[len(tasks) :])
