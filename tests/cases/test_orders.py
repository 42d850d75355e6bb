"""What an office meets in its first year: a mail server that is down, a rapat after its decision, an answer that comes
late, a letter that cannot be made. Each a short story."""

from __future__ import annotations

from datetime import datetime

import pytest

from pipeline.cases import AlreadyDone, Forbidden
from pipeline.cases.late_answers import is_welcome
from pipeline.cases.outcomes import delivery_result
from pipeline.data.engine import reading
from pipeline.data.states import MailState
from pipeline.data.tables import Blob, Job, Outbox, Task
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.register import book
from pipeline.register.book import Filter
from pipeline.running import drafting, poller
from pipeline.work import App, Work
from tests.desk import PROOF, Desk, jakarta

HEAD, SECRETARY = "kepala@kominfo.example", "sekretaris@kominfo.example"


def told(desk: Desk, name: str) -> list[str]:
    return [mail.recipient for mail in desk.mails(name)]


# ---- a letter that waits for its server ----------------------------------------------------------------------


def sending(desk: Desk) -> str:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    return number


def ended(desk: Desk, state: str) -> None:
    with desk.work() as work:
        mail = work.session.get_one(Outbox, desk.mails("surat_jawaban")[-1].id)
        mail.state, mail.error, mail.sent_at = (
            MailState(state),
            "" if state == MailState.SENT else "550",
            desk.clock(),
        )
        delivery_result(work, mail)


def test_a_letter_on_its_way_has_an_owner_and_a_limit_and_sends_no_mail_for_it(desk: Desk) -> None:
    number = sending(desk)
    (task,) = desk.tasks(number, open_only=True)
    assert task.kind is TaskKind.PENGIRIMAN
    assert task.due_at == jakarta(24, 9, 30)
    assert told(desk, "tugas_pengiriman") == []
    ended(desk, "sent")
    assert desk.stage(number) is Stage.SELESAI
    assert [t.kind for t in desk.tasks(number, open_only=True)] == [TaskKind.ARSIP]
    assert desk.faults() == []


def test_a_letter_that_waits_too_long_is_late_in_the_digest_and_handed_over_instead(
    desk: Desk,
) -> None:
    number = sending(desk)
    desk.clock.now = jakarta(25, 7, 30)
    poller.remind(App(desk.settings, desk.engine, desk.clock))
    assert "jfu@kominfo.example" in told(desk, "ringkasan")
    desk.press("jfu-1", "sampaikan", number=number, cara="langsung", penerima="Siti", files=PROOF)
    assert desk.stage(number) is Stage.SELESAI
    assert desk.mails("surat_jawaban")[-1].state == "void"  # never goes
    assert desk.complaint(number).delivery == "langsung"
    assert desk.faults() == []


def test_a_letter_that_is_refused_goes_back_to_the_clerk_alone(desk: Desk) -> None:
    number = sending(desk)
    ended(desk, "dead")
    assert [t.kind for t in desk.tasks(number, open_only=True)] == [TaskKind.PENYAMPAIAN]


# ---- the rapat belongs to the case ---------------------------------------------------------------------------


def convened(desk: Desk) -> str:
    number = desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "rapat",
        waktu="2026-11-27T10:00",
        tempat="Ruang rapat",
        undangan=["kasi-infrastruktur"],
    )
    return number


def test_after_the_decision_the_sekretaris_moves_the_rapat_keeps_its_minutes_and_calls_it_off(
    desk: Desk,
) -> None:
    number = convened(desk)
    desk.to(Stage.JAWABAN, number)
    before = len(told(desk, "rapat"))
    desk.press("sekretaris", "rapat", number=number, waktu="2026-11-30T10:00", tempat="Aula")
    assert len(told(desk, "rapat")) > before
    desk.press("sekretaris", "notulen", number=number, notulen="Sepakat.")
    desk.press("sekretaris", "batal_rapat", number=number, alasan="Tidak perlu lagi.")
    assert [
        k for k in desk.kinds(number) if k in (EventKind.MINUTES_ADDED, EventKind.MEETING_CANCELLED)
    ] == [
        EventKind.MINUTES_ADDED,
        EventKind.MEETING_CANCELLED,
    ]
    assert desk.faults() == []


def test_after_a_return_too(desk: Desk) -> None:
    number = convened(desk)
    desk.press("kepala", "kembalikan", number=number, alasan="Belum jelas.")
    desk.press("sekretaris", "batal_rapat", number=number, alasan="Belum jelas.")
    assert "dibatalkan" in desk.mails("rapat")[-1].text


def test_a_rapat_falls_with_its_case(desk: Desk) -> None:
    number = convened(desk)
    desk.press("kepala", "kembalikan", number=number, alasan="x")
    desk.press("sekretaris", "kembalikan", number=number, alasan="y")
    desk.press("jfu-1", "bukan_pengaduan", number=number, alasan="Iklan.")
    last = desk.mails("rapat")[-1]
    assert "dibatalkan" in last.text
    assert EventKind.MEETING_CANCELLED in desk.kinds(number)


# ---- an answer that comes late -------------------------------------------------------------------------------


def asked(desk: Desk) -> Task:
    """The Kasubag is asked, and the Sekretaris goes on without an answer."""
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benar?")
    task = desk.task("jawab")
    desk.press("sekretaris", "laporkan_kepala", hasil="Benar padam.")
    return next(t for t in desk.tasks() if t.id == task.id)


def test_a_late_answer_is_kept_and_reaches_whoever_has_the_case(desk: Desk) -> None:
    task = asked(desk)
    assert is_welcome(task)
    desk.press("kasubag-umum", "jawab", task=task, jawaban="Kabelnya putus di tiang 7.")
    event, data = desk.events()[-1]
    assert event.kind is EventKind.UNIT_ANSWERED
    assert data["susulan"] is True
    (mail,) = desk.mails("dijawab_susulan")
    assert mail.recipient == HEAD
    assert "tiang 7" in mail.text
    with pytest.raises(AlreadyDone):
        desk.press("kasubag-umum", "jawab", task=task, jawaban="Lagi.")
    assert desk.stage() is Stage.KEPUTUSAN
    assert desk.faults() == []


def test_somebody_else_does_not_answer_late(desk: Desk) -> None:
    task = asked(desk)
    with pytest.raises(Forbidden):
        desk.press("kasi-infrastruktur", "jawab", task=task, jawaban="x")


# ---- a letter that cannot be made ----------------------------------------------------------------------------


def test_a_draft_that_fails_again_and_again_is_told_to_the_sekretaris_with_the_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The office's template is broken: after some tries the Sekretaris has a task; once mended, it ends by itself."""
    whole = desk.settings
    broken = whole.folder / "rusak.docx"
    broken.write_bytes(b"bukan surat")
    surat = whole.surat.model_copy(update={"templat": str(broken)})
    desk.to(Stage.KEPUTUSAN)
    desk.settings = whole.model_copy(update={"surat": surat})
    desk.press("kepala", "putuskan", keputusan="ditolak", perintah="Tidak.", disampaikan="Tidak.")
    for _ in range(4):
        drafting.letters(desk.app)
        desk.later(hours=3)
    (task,) = [t for t in desk.tasks(open_only=True) if t.kind is TaskKind.MACET]
    assert told(desk, "tugas_macet") == [SECRETARY]
    assert "Konsep surat jawaban belum dapat dibuat" in task.note
    desk.settings = whole
    desk.press("sekretaris", "ulangi", task=task)
    with reading(desk.engine) as session:
        (job,) = session.query(Job).filter(Job.kind == "konsep")
        assert (job.state, job.attempts) == ("due", 0)
    desk.jobs()
    assert SECRETARY in told(desk, "tugas_jawaban")
    assert desk.faults() == []


def test_a_draft_that_mends_itself_ends_the_task(desk: Desk) -> None:
    whole = desk.settings
    broken = whole.folder / "rusak.docx"
    broken.write_bytes(b"bukan surat")
    desk.to(Stage.KEPUTUSAN)
    desk.settings = whole.model_copy(
        update={"surat": whole.surat.model_copy(update={"templat": str(broken)})}
    )
    desk.press("kepala", "putuskan", keputusan="ditolak", perintah="Tidak.", disampaikan="Tidak.")
    for _ in range(3):
        drafting.letters(desk.app)
        desk.later(hours=3)
    desk.settings = whole
    desk.jobs()
    assert [t.kind for t in desk.tasks(open_only=True)] == [TaskKind.JAWABAN]


def test_a_copy_that_fails_again_and_again_is_told_as_well(desk: Desk) -> None:
    """The letter cannot be read when it is to be copied for whom was merged into it."""
    parent, child = desk.to(Stage.KLARIFIKASI), desk.record(email="budi@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    desk.to(Stage.JAWABAN, parent)
    desk.jobs()
    desk.press("sekretaris", "ajukan", number=parent)
    digest = [d for d in desk.documents(parent) if d.kind == "konsep"][-1].sha256
    with desk.work() as work:
        blob = work.session.get_one(Blob, digest)
        whole, blob.content = blob.content, b"rusak"
    for _ in range(4):
        drafting.letters(desk.app)
        desk.later(hours=3)
    (task,) = [t for t in desk.tasks(child, open_only=True) if t.kind is TaskKind.MACET]
    assert "salinan" in task.note.lower()
    assert SECRETARY in told(desk, "tugas_macet")
    with desk.work() as work:
        work.session.get_one(Blob, digest).content = whole
    desk.press("sekretaris", "ulangi", task=task)
    desk.jobs()
    assert desk.stage(child) is desk.stage(parent) is Stage.TANDA_TANGAN


# ---- segera --------------------------------------------------------------------------------------------------


def reminded_at(desk: Desk) -> datetime:
    at = desk.task("putuskan").remind_at
    assert at is not None
    return at


def test_segera_halves_the_time_of_reminders_and_stands_in_subject_and_book(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    usual = reminded_at(desk)
    desk.press("kepala", "tandai", number=number, prioritas="segera")
    assert usual == jakarta(30, 7, 30)
    assert reminded_at(desk) == jakarta(27, 7, 30)
    desk.press("kepala", "kembalikan", number=number, alasan="x")
    (mail,) = [m for m in desk.mails("tugas_klarifikasi") if "SEGERA" in m.subject]
    assert mail.subject.startswith("SEGERA: [")
    with reading(desk.engine) as session:
        (row,) = book.rows(Work(session, desk.settings, desk.clock()), Filter())
    assert row.cells["keterangan"].startswith("segera")
    assert not any("SEGERA" in m.subject for m in desk.mails("tanda_terima", "surat_jawaban"))
