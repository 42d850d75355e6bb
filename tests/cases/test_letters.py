"""Which letter a case takes, and which it refuses."""

from __future__ import annotations

import pytest

from pipeline import cases, store
from pipeline.cases import Invalid
from pipeline.sop import Stage
from tests.desk import Desk
from tests.office import Mail, compose, edited


def draft_of(desk: Desk, number: str) -> bytes:
    with desk.work() as work:
        return store.get(work.session, next(d for d in desk.documents(number) if d.kind == "konsep").sha256)


def test_letter_of_another_case_is_refused_on_the_page_and_names_whose_it_is(desk: Desk) -> None:
    """One wrong drag must not send one citizen's name and matter to another."""
    one, two = desk.to(Stage.JAWABAN), desk.to(Stage.JAWABAN, desk.record(email="budi@warga.example"))
    with pytest.raises(Invalid, match=f"milik pengaduan {one}"):
        desk.press("sekretaris", "unggah", number=two, files={"surat": ("surat.docx", draft_of(desk, one))})
    assert [d.kind for d in desk.documents(two)] == ["konsep"]


def test_letter_of_another_case_is_refused_by_mail_too(desk: Desk) -> None:
    one, two = desk.to(Stage.JAWABAN), desk.to(Stage.JAWABAN, desk.record(email="budi@warga.example"))
    task_mail = next(m for m in desk.mails("tugas_jawaban") if m.task_id == desk.task("ajukan", two).id)
    answered = Mail(task_mail.recipient, f"Message-ID: {task_mail.message_id}\r\n\r\nx".encode())
    reply = compose(
        task_mail.recipient, "aduan@kominfo.example", "Re: jawaban", "Terlampir.", desk.clock(), reply_to=answered,
        files=[("surat.docx", "application/octet-stream", draft_of(desk, one))],
    )  # fmt: skip
    desk.take_in(reply.as_bytes())
    assert [d.kind for d in desk.documents(two)] == ["konsep"]
    assert f"milik pengaduan {one}" in " ".join(desk.mails("balasan_tugas")[-1].text.split())


def test_own_letter_edited_is_taken(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    better = edited(draft_of(desk, number), "Demikian", "Demikian pula")
    desk.press("sekretaris", "unggah", number=number, files={"surat": ("surat.docx", better)})
    assert [d.kind for d in desk.documents(number)] == ["konsep", "surat"]


def test_a_version_that_came_after_the_page_was_shown_is_not_handed_in_unseen(desk: Desk) -> None:
    """Page open, another version arrives by mail: the old page's press asks to look first."""
    number = desk.to(Stage.JAWABAN)
    seen, task, who = len(desk.kinds(number)), desk.task("ajukan", number), desk.person("sekretaris")
    draft = draft_of(desk, number)
    letter = cases.read_letter(desk.settings, draft)
    form = cases.check(desk.settings, task.kind, "ajukan", {}, {}, seen)
    with desk.work() as work:
        file = cases.File("lain.docx", "application/octet-stream", draft)
        assert not cases.letter_by_mail(work, task.id, who, file, letter)
    with pytest.raises(Invalid, match="versi surat yang lebih baru"), desk.work() as work:
        cases.act(work, task.id, who, form)
    desk.press("sekretaris", "ajukan", number=number)
    assert desk.stage(number) is Stage.TANDA_TANGAN


def test_case_that_is_reopened_gets_a_new_letter_with_its_own_number_and_date(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI)
    first = desk.complaint(number).letter_number
    desk.press("sekretaris", "buka_kembali", number=number, alasan="Padam lagi.")
    assert (desk.complaint(number).letter_number, desk.complaint(number).decision) == ("", None)
    desk.later(days=7)
    desk.to(Stage.PENYAMPAIAN, number)
    again = desk.complaint(number)
    assert again.letter_number != first
    assert again.letter_date == desk.clock().astimezone(desk.settings.zone).date()
