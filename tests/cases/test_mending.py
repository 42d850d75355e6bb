"""Later mistakes are mended, too: a question is withdrawn or is another's, a signed letter goes once more."""

from __future__ import annotations

import pytest

from pipeline.cases import Forbidden, Invalid
from pipeline.cases.outcomes import bounced
from pipeline.data.tables import Outbox, Task
from pipeline.office.sop import EventKind, Stage, TaskKind
from tests.desk import PROOF, Desk


def asked(desk: Desk) -> Task:
    """Langkah 2, where two units are asked; the task of the first."""
    desk.to(Stage.KLARIFIKASI)
    desk.press(
        "sekretaris",
        "tanya_unit",
        petugas=["kasubag-umum", "kasi-infrastruktur"],
        pertanyaan="Benarkah?",
    )
    return next(
        t for t in desk.tasks() if t.kind is TaskKind.KETERANGAN and t.holder == "kasubag-umum"
    )


def test_question_is_withdrawn_and_the_unit_has_nothing_to_do(desk: Desk) -> None:
    task = asked(desk)
    desk.press("sekretaris", "tarik_pertanyaan", ditarik=["kasubag-umum"])
    still = [t.holder for t in desk.tasks(open_only=True) if t.kind is TaskKind.KETERANGAN]
    assert still == ["kasi-infrastruktur"]
    event, data = desk.events()[-1]
    assert (event.kind, data["kepada"]) == (EventKind.UNIT_WITHDRAWN, [task.holder])
    assert desk.faults() == []


def test_question_that_is_answered_is_not_withdrawn(desk: Desk) -> None:
    asked(desk)
    desk.press("kasubag-umum", "jawab")
    with pytest.raises(Invalid):
        desk.press("sekretaris", "tarik_pertanyaan", ditarik=["kasubag-umum"])


def test_unit_says_whose_field_it_is(desk: Desk) -> None:
    task = asked(desk)
    desk.press("kasubag-umum", "bukan_bidang", task=task, tanyakan=["kasi-infrastruktur"])
    mail = desk.mails("dijawab_unit", "dijawab_sebagian")[-1]
    assert "Bukan bidang saya. Mohon ditanyakan kepada" in " ".join(mail.text.split())
    assert desk.stage() is Stage.KLARIFIKASI


def test_unit_says_so_after_the_case_has_gone_on(desk: Desk) -> None:
    """Whoever has the case then hears of it."""
    task = asked(desk)
    desk.press("sekretaris", "laporkan_kepala", hasil="Benar padam.")
    desk.press("kasubag-umum", "bukan_bidang", task=task, alasan="Itu jaringan.")
    event, data = desk.events()[-1]
    assert (event.kind, data["susulan"]) == (EventKind.UNIT_ANSWERED, True)
    assert desk.mails("dijawab_susulan")[-1].recipient == desk.person("kepala").email
    assert desk.faults() == []


def test_task_mail_names_who_asks_and_who_sends_back(desk: Desk) -> None:
    """Not the JFU, who only recorded it."""
    asked(desk)
    said = " ".join(desk.mails("tugas_keterangan")[0].text.split())
    assert "Ditanyakan oleh Ratih Kusumawardani (Sekretaris)." in said
    desk.press("sekretaris", "kembalikan", alasan="Mohon alamatnya.")
    said = " ".join(desk.mails("tugas_catat")[-1].text.split())
    assert "Dikembalikan oleh Ratih Kusumawardani (Sekretaris)." in said


def test_signed_letter_goes_again_to_a_corrected_address(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI)
    desk.press(
        "jfu-1",
        "kirim_ulang",
        number=number,
        email="siti.baru@warga.example",
        alasan="Alamat lama keliru.",
    )
    mail = desk.mails("surat_jawaban")[-1]
    assert mail.recipient == "siti.baru@warga.example"
    assert [name for _sha, name, _mime in mail.attachments] == [f"Surat jawaban {number}.pdf"]
    event, data = desk.events(number)[-1]
    assert (event.kind, event.actor_name, data["teks"]) == (
        EventKind.SENT_AGAIN,
        "Dimas Prakoso",
        "Alamat lama keliru.",
    )
    assert desk.stage(number) is Stage.SELESAI, "nothing is decided anew"
    assert desk.faults() == []


def test_signed_letter_goes_again_by_another_way(desk: Desk) -> None:
    """By hand with its proof: nothing is mailed and nothing decided; who did it and why stands in the history."""
    number = desk.to(Stage.SELESAI)
    before, mails = desk.complaint(number), len(desk.mails())
    with pytest.raises(Invalid) as caught:
        desk.press(
            "jfu-1", "sampaikan_ulang", number=number, cara="langsung", penerima="Siti Rahmawati"
        )
    assert set(caught.value.errors) == {"berkas"}
    desk.press(
        "jfu-1",
        "sampaikan_ulang",
        number=number,
        cara="langsung",
        penerima="Siti Rahmawati",
        alasan="Suratnya basah.",
        files=PROOF,
    )
    event, data = desk.events(number)[-1]
    assert (event.kind, event.actor_name, data["cara"]) == (
        EventKind.SENT_AGAIN,
        "Dimas Prakoso",
        "langsung",
    )
    assert "Siti Rahmawati" in data["teks"]
    assert "Suratnya basah." in data["teks"]
    assert len(data["lampiran"]) == 1
    after = desk.complaint(number)
    assert (after.stage, after.delivery, after.delivered_at) == (
        before.stage,
        before.delivery,
        before.delivered_at,
    )
    assert len(desk.mails()) == mails
    assert desk.faults() == []


def test_letter_that_does_not_arrive_again_is_told_to_the_jfu(desk: Desk) -> None:
    """It had been handed over before: the case stays over, but nobody believes that the mail arrived."""
    number = desk.to(Stage.SELESAI)
    desk.press(
        "jfu-1", "kirim_ulang", number=number, email="salah@warga.example", alasan="Diminta lagi."
    )
    mail = desk.mails("surat_jawaban")[-1]
    with desk.work() as work:
        bounced(work, work.session.get_one(Outbox, mail.id), True, "550 5.1.1 User unknown")
    told = desk.mails("terpental")[-1]
    assert told.recipient in {p.email for p in desk.settings.petugas}
    said = " ".join(told.text.split())
    assert "Alamat email itu tidak dikenal" in said
    assert desk.stage(number) is Stage.SELESAI


def test_case_without_a_signed_letter_has_none_to_send_again(desk: Desk) -> None:
    number = desk.record()
    desk.press("jfu-1", "bukan_pengaduan", number=number)
    with pytest.raises(Forbidden):
        desk.press("jfu-1", "kirim_ulang", number=number, email="siti@warga.example")


def test_unit_that_has_nothing_to_do_with_it_is_not_reported_as_concerned(desk: Desk) -> None:
    """Neither one whose question was withdrawn, nor one that says it is another's: nobody can untick them."""
    asked(desk)
    desk.press("sekretaris", "tarik_pertanyaan", ditarik=["kasubag-umum"])
    assert desk.complaint().unit == "infrastruktur"
    desk.press("kasi-infrastruktur", "bukan_bidang")
    assert desk.complaint().unit == ""
    desk.press("sekretaris", "laporkan_kepala", unit=["informasi"])
    assert desk.complaint().unit == "informasi"
    assert desk.faults() == []


def test_unit_that_has_answered_stays_concerned_though_a_further_question_is_not_theirs(
    desk: Desk,
) -> None:
    asked(desk)
    desk.press("kasi-infrastruktur", "jawab")
    desk.press(
        "sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Dan biayanya?"
    )
    desk.press("kasi-infrastruktur", "bukan_bidang")
    assert "infrastruktur" in desk.complaint().unit.split(",")


def test_unit_that_declines_once_it_was_reported_stays_as_the_sekretaris_said(desk: Desk) -> None:
    task = asked(desk)
    desk.press("sekretaris", "laporkan_kepala", unit=["infrastruktur"])
    before = desk.complaint().unit
    assert before == "infrastruktur,umum"
    desk.press("kasubag-umum", "bukan_bidang", task=task)
    assert desk.complaint().unit == before
