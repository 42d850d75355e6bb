"""The citizen hears of each turn: an addition, a case opened again, and a promise before it is broken."""

from __future__ import annotations

from pipeline.cases import promises
from pipeline.cases.record import citizen_wrote
from pipeline.office.sop import EventKind, Stage
from pipeline.running import poller
from tests.desk import Desk, jakarta
from tests.kantor import SITI


def told(desk: Desk, name: str) -> list[str]:
    return [" ".join(mail.text.split()) for mail in desk.mails(name) if mail.recipient == SITI]


def test_promise_that_will_be_broken_is_said_the_day_before_and_once(desk: Desk) -> None:
    """Received on 24 November: the receipt says Monday, 7 December at the latest."""
    number = desk.to(Stage.KEPUTUSAN)
    assert "7 Desember 2026" in told(desk, "tanda_terima")[0]
    for day in (1, 2, 3):
        desk.clock.now = jakarta(day, 7, 31, month=12)
        poller.remind(desk.app)
    assert told(desk, "janji_mundur") == []
    for day in (4, 7, 8):
        desk.clock.now = jakarta(day, 7, 31, month=12)
        poller.remind(desk.app)
    (mail,) = told(desk, "janji_mundur")
    assert "Mohon maaf" in mail
    assert "Senin, 7 Desember 2026" in mail
    assert "paling lambat Kamis, 10 Desember 2026" in mail
    assert EventKind.PROMISE_MOVED in desk.kinds(number)
    assert desk.faults() == []


def test_case_that_is_answered_keeps_its_promise(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    desk.clock.now = jakarta(4, 7, 31, month=12)
    with desk.work() as work:
        assert promises.tell(work) == 0


def test_addition_is_acknowledged_within_the_cap(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    for n in range(8):
        with desk.work() as work:
            citizen_wrote(work, desk.complaint(number).id, f"Masih padam {n}.", [], None)
    mails = told(desk, "tambahan_diterima")
    assert 0 < len(mails) < desk.settings.smtp.answers_per_hour
    assert number in mails[0]


def test_opening_again_is_told_with_a_new_day(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI)
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Belum menyala.")
    (mail,) = told(desk, "dibuka_kembali")
    assert "paling lambat" in mail
    assert "Belum menyala" not in mail, "the reason is the office's own"
    desk.clock.now = jakarta(8, 7, 31, month=12)
    with desk.work() as work:
        assert promises.tell(work) == 0, "the day of the first receipt is not the promise any more"
