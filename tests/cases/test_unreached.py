"""Mails that do not arrive: somebody hears of it, nothing waits for them, and no bounce goes round."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.access import links
from pipeline.cases.outcomes import bounced, delivery_result
from pipeline.data.states import MailState
from pipeline.data.tables import Outbox
from pipeline.notices import answers, citizen
from pipeline.office.sop import Stage, TaskKind
from tests.desk import PROOF, Desk

GONE = "550 5.1.1 User unknown"


def ends(desk: Desk, mail: Outbox, how: str) -> None:
    """A mail of ours ends badly: refused while it is sent, or bounced later."""
    with desk.work() as work:
        row = work.session.get_one(Outbox, mail.id)
        if how == "bounced":
            bounced(work, row, True, GONE)
        else:
            row.state, row.error = MailState.DEAD, GONE
            delivery_result(work, row)


@pytest.mark.parametrize("how", ["dead", "bounced"])
def test_clock_goes_on_when_the_question_to_the_pengadu_does_not_arrive(
    desk: Desk, how: str
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", number=number)
    ends(desk, desk.mails("tanya_pengadu")[0], how)
    task = desk.task("laporkan_kepala", number)
    assert (task.kind, task.paused_at) == (TaskKind.KLARIFIKASI, None)
    assert task.due_at is not None
    assert "sekretaris@kominfo.example" in {m.recipient for m in desk.mails("terpental")}


@pytest.mark.parametrize("how", ["dead", "bounced"])
def test_official_whose_address_is_dead_is_told_to_the_it_officer_and_goes_round_nowhere(
    desk: Desk, how: str
) -> None:
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
    desk.press("jfu-1", "sampaikan", number=number, cara="langsung", penerima="Siti", files=PROOF)
    ends(desk, letter, "bounced")
    assert desk.stage(number) is Stage.SELESAI


AGENCY: dict[str, Any] = {
    "instansi": "PLN Madiun",
    "alamat_instansi": "layanan@pln.example",
    "pengantar": "Mohon ditindaklanjuti.",
}


@pytest.mark.parametrize("how", ["dead", "bounced"])
def test_of_a_complaint_that_did_not_reach_the_other_agency_those_hear_who_typed_its_address(
    desk: Desk, how: str
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "teruskan", number=number, **AGENCY)
    ends(desk, desk.mails("terusan_instansi")[0], how)
    told = desk.mails("terpental")
    assert {m.recipient for m in told} == {
        "jfu@kominfo.example",
        "jfu2@kominfo.example",
        "sekretaris@kominfo.example",
    }
    for mail in told:
        assert mail.subject.startswith(f"[{number}] Email kepada PLN Madiun kembali")
        assert "tidak sampai kepada layanan@pln.example" in " ".join(mail.text.split())
        assert GONE in mail.text
        assert "pengadu dapat dihubungi" not in " ".join(mail.text.split())
    assert desk.mails("petugas_tak_terjangkau") == [], "it is no official of config.toml"


@pytest.mark.parametrize("how", ["dead", "bounced"])
@pytest.mark.parametrize("name", ["tautan_saya", "status"])
def test_a_mail_about_no_complaint_is_told_only_where_an_official_did_not_get_it(
    desk: Desk, how: str, name: str
) -> None:
    """The state of a number that nobody knows may go to any stranger's address, which is nobody's business."""
    asked = desk.person("kepala") if name == "tautan_saya" else None
    with desk.work() as work:
        if asked is not None:
            link_id = links.issue_personal(work.session, asked, work.now, 14)
            answers.personal_link(work, asked, link_id)
        else:
            citizen.status(work, None, "PGD-2026-999999", "orang@lain.example")
    ends(desk, desk.mails(name)[0], how)
    told = desk.mails("petugas_tak_terjangkau")
    assert [m.recipient for m in told] == ([desk.settings.petugas_ti.email] if asked else [])
    for mail in told:
        assert mail.subject == "Alamat email petugas tidak terjangkau"
        assert asked is not None
        assert asked.email in mail.text
