"""A decision has one life: who decided what, what was withdrawn, and what each of the citizens got."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.cases import Forbidden, Invalid
from pipeline.cases.outcomes import bounced, delivery_result
from pipeline.data.engine import reading
from pipeline.data.states import MailState
from pipeline.data.tables import Decided, Outbox
from pipeline.office.sop import Decision, Stage, TaskKind
from pipeline.running import poller
from tests.cases.test_merging import OTHER, merged, upload
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, SITI, Mail, compose
from tests.servers import Sink

REFUSED: dict[str, Any] = {
    "keputusan": "ditolak",
    "perintah": "Tolak.",
    "disampaikan": "Alasannya sudah dijelaskan.",
}
PLN = {
    "keputusan": "bukan_wewenang",
    "instansi": "PLN",
    "disampaikan": "Tiang lampu itu milik PLN.",
}

HEAD = "kepala@kominfo.example"


def decisions(desk: Desk, number: str) -> list[Decided]:
    query = (
        select(Decided)
        .where(Decided.complaint_id == desk.complaint(number).id)
        .order_by(Decided.number)
    )
    with reading(desk.engine) as session:
        return list(session.scalars(query))


def decide(desk: Desk, number: str, **fields: object) -> None:
    desk.press("kepala", "putuskan", number=number, **(fields or REFUSED))
    desk.jobs()


def back_to_the_head(desk: Desk, number: str) -> None:
    """From wherever its letter is, the case returns to langkah 3."""
    if desk.stage(number) is Stage.TANDA_TANGAN:
        desk.press("kepala", "kembalikan", number=number, alasan="Salah.")
    desk.press("sekretaris", "kembalikan", number=number, alasan="Mohon diputuskan lagi.")


def server_says(desk: Desk, number: str, result: str, name: str = "surat_jawaban") -> int:
    """What became of the newest letter by mail of a case."""
    mail = [m for m in desk.mails(name) if m.complaint_id == desk.complaint(number).id][-1]
    with desk.work() as work:
        row = work.session.get_one(Outbox, mail.id)
        row.state, row.error, row.told = (
            MailState(result),
            "" if result == MailState.SENT else "550 no",
            True,
        )
        row.sent_at = work.now if result == "sent" else None
        delivery_result(work, row)
    return mail.id


def comes_back(desk: Desk, mail_id: int) -> None:
    with desk.work() as work:
        bounced(work, work.session.get_one(Outbox, mail_id), True, "550 mailbox gone")


def sign_and_mail(desk: Desk, number: str, result: str = "sent") -> int:
    desk.to(Stage.PENYAMPAIAN, number)
    desk.press("jfu-1", "kirim_email", number=number)
    return server_says(desk, number, result)


# ---- merged citizens -----------------------------------------------------------------------------------------


def test_copy_that_was_edited_for_one_citizen_does_not_outlive_the_decision(desk: Desk) -> None:
    """Siti and Budi wrote about one lamp. Budi's copy was mended by hand; then the Kepala decided otherwise."""
    siti, budi = merged(desk)
    desk.to(Stage.TANDA_TANGAN, siti)
    desk.press("kepala", "kembalikan", number=budi, alasan="Sebut juga selokannya.")
    upload(desk, budi, "Lampu sudah diperbaiki", "Lampu dan selokan sudah diperbaiki")
    back_to_the_head(desk, siti)
    assert desk.stage(budi) is Stage.DIGABUNG
    decide(desk, siti)
    desk.to(Stage.SELESAI, siti)
    desk.jobs()
    desk.to(Stage.SELESAI, budi)
    assert {desk.complaint(n).decision for n in (siti, budi)} == {Decision.DITOLAK}
    assert desk.faults() == []


def test_letter_that_the_server_refuses_later_does_not_bring_the_old_answer_back(
    desk: Desk,
) -> None:
    """Budi's letter is on its way while Siti's comes back and is decided anew; then Budi's server refuses it."""
    siti, budi = merged(desk)
    desk.to(Stage.PENYAMPAIAN, siti)
    desk.to(Stage.PENYAMPAIAN, budi)
    desk.press("jfu-1", "kirim_email", number=budi)
    with desk.work() as work:
        work.session.scalars(
            select(Outbox).where(Outbox.name == "surat_jawaban")
        ).one().state = MailState.SENDING
    desk.press("jfu-1", "kembalikan", number=siti, alasan="Keliru.")
    back_to_the_head(desk, siti)
    decide(desk, siti)
    assert desk.stage(budi) is Stage.PENGIRIMAN
    server_says(desk, budi, "dead")
    assert desk.stage(budi) is Stage.DIGABUNG
    desk.to(Stage.SELESAI, siti)
    desk.jobs()
    desk.to(Stage.SELESAI, budi)
    assert desk.complaint(budi).decision is Decision.DITOLAK
    assert desk.complaint(budi).letter_number.split("/")[1] == "3"  # the refused one keeps number 2
    assert desk.faults() == []


def test_letter_that_waits_for_the_server_is_called_back(desk: Desk) -> None:
    siti, budi = merged(desk)
    desk.to(Stage.PENYAMPAIAN, siti)
    desk.to(Stage.PENYAMPAIAN, budi)
    desk.press("jfu-1", "kirim_email", number=budi)
    desk.press("jfu-1", "kembalikan", number=siti, alasan="Keliru.")
    back_to_the_head(desk, siti)
    assert desk.stage(budi) is Stage.DIGABUNG
    assert [m.state for m in desk.mails("surat_jawaban")] == ["void"]


def test_citizen_whose_own_draft_is_not_made_yet_is_not_pulled_back(desk: Desk) -> None:
    """Budi's case was reopened and decided by itself a moment ago; then Siti's letter comes back to be mended."""
    siti, budi = merged(desk)
    desk.to(Stage.PENYAMPAIAN, siti)
    desk.to(Stage.SELESAI, budi)
    desk.press("jfu-1", "buka_kembali", number=budi, alasan="Hal lain.")
    desk.to(Stage.KEPUTUSAN, budi)
    desk.press("kepala", "putuskan", number=budi, **REFUSED)
    desk.press("jfu-1", "kembalikan", number=siti, alasan="Salah ketik.")
    assert desk.stage(budi) is Stage.JAWABAN


def test_citizen_with_a_decision_of_their_own_keeps_it(desk: Desk) -> None:
    """Budi was answered, his case reopened and decided by itself; Siti's is decided anew and leaves his alone."""
    siti, budi = merged(desk)
    desk.to(Stage.PENYAMPAIAN, siti)
    desk.to(Stage.SELESAI, budi)
    desk.press("jfu-1", "buka_kembali", number=budi, alasan="Hal lain.")
    desk.to(Stage.KEPUTUSAN, budi)
    decide(desk, budi)
    desk.press("jfu-1", "kembalikan", number=siti, alasan="Keliru.")
    back_to_the_head(desk, siti)
    assert desk.stage(budi) is Stage.JAWABAN
    desk.to(Stage.SELESAI, budi)
    assert desk.complaint(budi).decision is Decision.DITOLAK


# ---- the covering letter -------------------------------------------------------------------------------------


def test_covering_letter_of_a_withdrawn_decision_is_never_offered_again(desk: Desk) -> None:
    """It went to PLN; the case was reopened and is ours after all; then the old mail bounces."""
    number = desk.to(Stage.KEPUTUSAN)
    decide(desk, number, **PLN)
    desk.to(Stage.PENYAMPAIAN, number)
    desk.press("jfu-1", "kirim_pengantar", number=number, alamat_instansi="pln@pln.example")
    old = server_says(desk, number, "sent", "surat_pengantar")
    desk.to(Stage.SELESAI, number)
    desk.press("sekretaris", "buka_kembali", number=number, alasan="Ternyata tiang kita.")
    desk.to(Stage.SELESAI, number)
    comes_back(desk, old)
    assert [t.kind for t in desk.tasks(number, open_only=True)] == [TaskKind.ARSIP]
    assert [d.outcome for d in decisions(desk, number)] == [
        Decision.BUKAN_WEWENANG,
        Decision.DITINDAKLANJUTI,
    ]
    assert desk.complaint(number).covering_number == ""
    assert desk.faults() == []


def test_covering_letter_that_has_not_left_stays_here(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    decide(desk, number, **PLN)
    desk.to(Stage.PENYAMPAIAN, number)
    desk.press("jfu-1", "kirim_pengantar", number=number, alamat_instansi="pln@pln.example")
    desk.press("jfu-1", "kembalikan", number=number, alasan="Tunggu.")
    back_to_the_head(desk, number)
    assert [m.state for m in desk.mails("surat_pengantar")] == ["void"]


# ---- reopened ------------------------------------------------------------------------------------------------


def test_reopened_case_keeps_what_was_decided_and_tells_the_citizen(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    sign_and_mail(desk, number)
    desk.press("sekretaris", "buka_kembali", number=number, alasan="Bu Siti benar: masih padam.")
    (mail,) = desk.mails("dibuka_kembali")
    assert (mail.recipient, number in mail.subject) == (SITI, True)
    assert "masih padam" not in mail.text  # why is the office's own
    (old,) = decisions(desk, number)
    assert (old.outcome, old.letter_number, old.delivery) == (
        Decision.DITINDAKLANJUTI,
        "400.14.5/1/401.109/2026",
        "email",
    )
    assert (old.withdrawn_at, old.delivered_at) == (desk.clock(), desk.clock())
    assert desk.complaint(number).decision is None
    desk.to(Stage.SELESAI, number)
    assert decisions(desk, number)[0].letter_number == old.letter_number
    assert desk.complaint(number).letter_number == "400.14.5/2/401.109/2026"
    assert desk.faults() == []


def test_draft_of_the_old_decision_is_not_kept_for_the_new_one(desk: Desk) -> None:
    """The job was late: the Kepala had taken the case back and decided otherwise."""
    number = desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditindaklanjuti",
        disampaikan="Lampu diperbaiki.",
    )
    desk.press("sekretaris", "kembalikan", number=number, alasan="Keliru.")
    desk.press("kepala", "putuskan", number=number, **REFUSED)
    assert not [d for d in desk.documents(number) if d.kind == "konsep"]
    desk.jobs()
    first, second = decisions(desk, number)
    assert first.withdrawn_at is not None
    assert {d.decision_id for d in desk.documents(number) if d.kind == "konsep"} == {second.id}


# ---- citizens who were answered already ----------------------------------------------------------------------


def answered_and_reopened(desk: Desk) -> tuple[str, str, str]:
    """Siti, Budi and Ani wrote about one lamp; Budi and Ani have their letters when Siti's case is reopened."""
    siti, budi = merged(desk)
    ani = desk.record(email="ani@warga.example", nama="Ani")
    desk.press("jfu-1", "gabungkan", number=ani, nomor=siti)
    for number in (siti, budi, ani):
        desk.to(Stage.TANDA_TANGAN, number)
        sign_and_mail(desk, number)
    desk.press("sekretaris", "buka_kembali", number=siti, alasan="Masih padam.")
    return siti, budi, ani


def test_sekretaris_chooses_for_each_who_was_answered(desk: Desk) -> None:
    """Budi is to have the new answer too, Ani keeps hers."""
    siti, budi, ani = answered_and_reopened(desk)
    desk.press("sekretaris", "pilih_jawaban", number=siti, ikut=[budi])
    assert (desk.stage(budi), desk.stage(ani)) == (Stage.DIGABUNG, Stage.SELESAI)
    assert [m.recipient for m in desk.mails("dibuka_kembali")] == [SITI, OTHER]
    desk.to(Stage.KEPUTUSAN, siti)
    decide(desk, siti)
    desk.to(Stage.SELESAI, siti)
    desk.jobs()
    sign_and_mail(desk, budi)
    assert desk.complaint(budi).decision is Decision.DITOLAK
    assert desk.complaint(ani).decision is Decision.DITINDAKLANJUTI
    assert decisions(desk, budi)[0].delivery == "email"
    assert desk.faults() == []


def test_nothing_new_is_handed_in_before_the_choice(desk: Desk) -> None:
    siti, budi, ani = answered_and_reopened(desk)
    desk.to(Stage.KEPUTUSAN, siti)
    decide(desk, siti)
    with pytest.raises(Invalid, match="sudah dijawab"):
        desk.press("sekretaris", "ajukan", number=siti)
    desk.press("sekretaris", "pilih_jawaban", number=siti, ikut=[budi, ani, "PGD-2026-000099"])
    desk.press("sekretaris", "ajukan", number=siti)
    desk.jobs()
    assert {desk.stage(n) for n in (siti, budi, ani)} == {Stage.TANDA_TANGAN}
    with pytest.raises(AssertionError, match="no open task"):
        desk.press("sekretaris", "pilih_jawaban", number=siti)


def test_there_is_nothing_to_choose_while_the_decision_stands(desk: Desk) -> None:
    siti, budi = merged(desk)
    desk.to(Stage.PENYAMPAIAN, siti)
    desk.to(Stage.SELESAI, budi)
    desk.press("jfu-1", "kembalikan", number=siti, alasan="Salah ketik.")
    with pytest.raises(Forbidden):
        desk.press("sekretaris", "pilih_jawaban", number=siti)


def test_answer_that_bounces_after_the_decision_was_withdrawn_is_not_sent_again(desk: Desk) -> None:
    _siti, budi, _ani = answered_and_reopened(desk)
    letter = [m for m in desk.mails("surat_jawaban") if m.recipient == OTHER][-1]
    comes_back(desk, letter.id)
    assert desk.stage(budi) is Stage.DIGABUNG


def test_letter_that_is_to_be_tried_again_is_not_once_its_decision_was_withdrawn(
    tmp_path: Path, sink: Sink
) -> None:
    """The server was being handed Budi's letter and the line broke; meanwhile Siti's case came back."""
    smtp = {"host": sink.host, "port": sink.port, "security": "tanpa", "user": ""}
    with desk_in(tmp_path, smtp=smtp) as desk:
        _tried_again(desk)
    assert [one for one in sink.messages if one.rcpt == OTHER] == []


def _tried_again(desk: Desk) -> None:
    siti, budi = merged(desk)
    desk.to(Stage.PENYAMPAIAN, siti)
    desk.to(Stage.PENYAMPAIAN, budi)
    desk.press("jfu-1", "kirim_email", number=budi)
    with desk.work() as work:
        for mail in work.session.scalars(select(Outbox)):
            mail.state, mail.told = MailState.SENT, True
            if mail.name == "surat_jawaban":
                mail.state, mail.claimed_at, mail.told = MailState.SENDING, desk.clock(), False
    desk.press("jfu-1", "kembalikan", number=siti, alasan="Keliru.")
    back_to_the_head(desk, siti)
    with desk.work() as work:
        for mail in work.session.scalars(select(Outbox).where(Outbox.state == "due")):
            mail.state, mail.told = MailState.SENT, True
    desk.later(hours=2)
    poller.send(desk.app)
    (letter,) = desk.mails("surat_jawaban")
    assert (letter.state, letter.sent_at) == ("dead", None)
    with desk.work() as work:
        delivery_result(work, work.session.get_one(Outbox, letter.id))
    assert desk.stage(budi) is Stage.DIGABUNG


def test_case_whose_answered_citizens_wait_for_a_choice_is_not_merged_away(desk: Desk) -> None:
    siti, _budi, _ani = answered_and_reopened(desk)
    other = desk.record(email="joko@warga.example", nama="Joko")
    with pytest.raises(Invalid, match="sudah dijawab"):
        desk.press("sekretaris", "gabungkan", number=siti, nomor=other)


def test_reply_to_a_mail_of_a_withdrawn_decision_is_answered(desk: Desk) -> None:
    """The Kepala Dinas answers the old mail: it is too late, and that must not stay unsaid."""
    number = desk.to(Stage.SELESAI)
    desk.press("jfu-1", "buka_kembali", number=number)
    (asked,) = [m for m in desk.mails("tugas_tanda_tangan") if m.recipient == HEAD]
    old = Mail(asked.recipient, f"Message-ID: {asked.message_id}\r\n\r\nx".encode())
    reply = compose(HEAD, INTAKE, "Re: x", "KEMBALIKAN: salah", desk.clock(), reply_to=old)
    desk.take_in(reply.as_bytes())
    (answer,) = desk.mails("balasan_tugas")
    assert (answer.recipient, answer.state, answer.decision_id) == (HEAD, "due", None)
