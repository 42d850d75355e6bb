"""Mails that do not arrive: somebody hears of it, nothing waits for them, and no bounce goes round."""

from __future__ import annotations

import pytest

from pipeline import cases
from pipeline.db import Outbox
from pipeline.sop import Stage, TaskKind
from tests.desk import Desk

GONE = "550 5.1.1 User unknown"


def ends(desk: Desk, mail: Outbox, how: str) -> None:
    """A mail of ours ends badly: refused while it is sent, or bounced later."""
    with desk.work() as work:
        row = work.session.get_one(Outbox, mail.id)
        if how == "bounced":
            cases.bounced(work, row, True, GONE)
        else:
            row.state, row.error = "dead", GONE
            cases.delivery_result(work, row)


@pytest.mark.parametrize("how", ["dead", "bounced"])
def test_clock_goes_on_when_the_question_to_the_pengadu_does_not_arrive(desk: Desk, how: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", number=number)
    ends(desk, desk.mails("tanya_pengadu")[0], how)
    task = desk.task("laporkan_kepala", number)
    assert (task.kind, task.paused_at) == (TaskKind.KLARIFIKASI, None)
    assert task.due_at is not None
    assert "sekretaris@kominfo.example" in {m.recipient for m in desk.mails("terpental")}


@pytest.mark.parametrize("how", ["dead", "bounced"])
def test_official_whose_address_is_dead_is_told_to_the_it_officer_and_goes_round_nowhere(desk: Desk, how: str) -> None:
    """A JFU's bounce tells the IT officer; that mail's own bounce tells nobody; and there is a cap an hour."""
    desk.record()
    for _ in range(20):
        ends(desk, desk.mails("tugas_catat")[0], how)
        for mail in desk.mails("petugas_tak_terjangkau"):
            ends(desk, mail, how)
    told = desk.mails("petugas_tak_terjangkau")
    assert {m.recipient for m in told} == {desk.settings.petugas_ti.email}
    assert len(told) == desk.settings.smtp.answers_per_hour
    assert desk.mails("terpental") == []


def test_late_bounce_of_a_letter_that_was_then_handed_over_reopens_nothing(desk: Desk) -> None:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    letter = desk.mails("surat_jawaban")[0]
    ends(desk, letter, "dead")
    desk.press("jfu-1", "sampaikan", number=number, cara="pos", resi="JT 3")
    ends(desk, letter, "bounced")
    assert desk.stage(number) is Stage.SELESAI
