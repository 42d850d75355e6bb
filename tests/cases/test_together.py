"""Gabungkan and pisahkan: complaints that are answered together, and one mail that holds two."""

from __future__ import annotations

from io import BytesIO
from threading import Thread

import pytest
from docx import Document as Docx

from pipeline import cases, store
from pipeline.cases import Forbidden, Invalid
from pipeline.db import Complaint, writing
from pipeline.sop import EventKind, Stage, TaskKind
from tests.desk import Desk
from tests.office import SIGNED

OTHER = "budi@warga.example"


def typed_letter(number: str) -> bytes:
    """A letter that somebody typed from an empty page: no mark of ours in it."""
    document, out = Docx(), BytesIO()
    for text in (
        "Nomor\t:\t400.14.5//401.109/2026\tMadiun,",
        "Yth. Saudara Pengadu",
        f"Dengan hormat, pengaduan Saudara dengan nomor register {number} sudah kami tangani.",
        "Kepala Dinas,",
        "NOOR AFLAH, S.Kom",
        "NIP. 19760907 200312 1 007",
    ):
        document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def merged(desk: Desk) -> tuple[str, str]:
    """(parent, child): two people write about the same lamp."""
    parent, child = desk.record(), desk.record(email=OTHER, nama="Budi")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    return parent, child


# ---- gabungkan -----------------------------------------------------------------------------------------------


def test_merged_complaint_waits_without_a_task_and_keeps_its_row(desk: Desk) -> None:
    parent, child = merged(desk)
    row = desk.complaint(child)
    assert (row.stage, row.parent_id, row.email) == (Stage.DIGABUNG, desk.complaint(parent).id, OTHER)
    assert desk.tasks(child, open_only=True) == []


def test_merging_is_told_in_both_histories(desk: Desk) -> None:
    parent, child = merged(desk)
    assert (desk.kinds(child)[-1], desk.events(child)[-1][1]) == (EventKind.MERGED, {"ke": parent})
    assert (desk.kinds(parent)[-1], desk.events(parent)[-1][1]) == (EventKind.MERGED, {"dari": child})
    assert desk.faults() == []


def test_number_of_the_parent_may_be_typed_carelessly(desk: Desk) -> None:
    parent, child = desk.record(), desk.record(email=OTHER)
    desk.press("jfu-1", "gabungkan", number=child, nomor=f"  {parent.lower()} ")
    assert desk.stage(child) is Stage.DIGABUNG


def test_each_merged_complaint_gets_its_own_langkah_5_when_the_answer_is_signed(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    assert desk.stage(child) is Stage.PENYAMPAIAN
    assert [t.kind for t in desk.tasks(child, open_only=True)] == [TaskKind.PENYAMPAIAN]
    assert desk.complaint(child).decision is desk.complaint(parent).decision
    assert desk.complaint(child).letter_number == desk.complaint(parent).letter_number


def test_signing_stands_in_the_history_of_each_merged_complaint(desk: Desk) -> None:
    """Every act is an event: the child's stage must not change without one."""
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    event, data = desk.events(child)[-1]
    assert (event.kind, event.actor, data) == (EventKind.SIGNED, "kepala", {"dari": parent})
    assert desk.faults() == []


def test_merged_complaint_is_answered_in_words_as_the_letter_names_another(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    with pytest.raises(Invalid) as caught:
        desk.press("jfu-1", "kirim_email", number=child)
    assert set(caught.value.errors) == {"pesan"}
    desk.press("jfu-1", "kirim_email", number=child, pesan="Lampu sudah menyala.")
    mail = desk.mails("surat_jawaban")[-1]
    assert (mail.recipient, mail.attachments) == (OTHER, [])
    assert "Lampu sudah menyala." in mail.text
    assert "Siti" not in mail.text


def test_merged_complaint_that_needs_a_letter_of_its_own_gets_one_under_its_own_number(desk: Desk) -> None:
    """Returned in its langkah 5, decided by itself: two letters must not bear one number."""
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    desk.press("jfu-1", "kembalikan", number=child, alasan="Pengadu ini bertanya hal lain juga.")
    with pytest.raises(Forbidden):
        desk.press("sekretaris", "ajukan", number=child)
    desk.press("sekretaris", "kembalikan", number=child)
    desk.press("kepala", "putuskan", number=child, keputusan="ditolak", perintah="Alasannya sudah dijelaskan.")
    desk.jobs()
    desk.to(Stage.SELESAI, child)
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"
    assert desk.complaint(parent).letter_number == "400.14.5/1/401.109/2026"
    assert desk.faults() == []


def test_merged_complaint_may_be_answered_with_a_letter_of_its_own_without_a_new_decision(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    desk.press("jfu-1", "kembalikan", number=child)
    with desk.work() as work:
        content = store.get(work.session, next(d for d in desk.documents(parent) if d.kind == "konsep").sha256)
    with pytest.raises(Invalid, match="milik pengaduan"):  # the parent's letter names the parent's pengadu
        desk.press("sekretaris", "unggah", number=child, files={"surat": ("surat.docx", content)})
    desk.press("sekretaris", "unggah", number=child, files={"surat": ("surat.docx", typed_letter(child))})
    with pytest.raises(Invalid) as caught:
        desk.press("sekretaris", "ajukan", number=child)
    assert set(caught.value.errors) == {"yakin"}  # there is no code in it
    desk.press("sekretaris", "ajukan", number=child, yakin="ya")
    assert desk.stage(child) is Stage.TANDA_TANGAN
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"


def test_ends_of_parent_and_child_are_apart(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.SELESAI, parent)
    assert desk.stage(child) is Stage.PENYAMPAIAN
    desk.press("jfu-2", "sampaikan", number=child, cara="pos", resi="JT 2")
    assert desk.stage(child) is Stage.SELESAI


def test_children_follow_when_their_parent_is_merged_itself(desk: Desk) -> None:
    parent, child = merged(desk)
    top = desk.record(email="tuti@warga.example")
    desk.press("jfu-1", "gabungkan", number=parent, nomor=top)
    assert desk.complaint(child).parent_id == desk.complaint(top).id
    desk.to(Stage.PENYAMPAIAN, top)
    assert {desk.stage(n) for n in (parent, child)} == {Stage.PENYAMPAIAN}


@pytest.mark.parametrize("number", ["PGD-2026-000099", "2", "", "PGD-2026-%", "PGD_2026_000001"])
def test_number_that_names_no_complaint_is_refused(desk: Desk, number: str) -> None:
    desk.record()
    child = desk.record(email=OTHER)
    with pytest.raises(Invalid) as caught:
        desk.press("jfu-1", "gabungkan", number=child, nomor=number)
    assert set(caught.value.errors) == {"nomor"}
    assert desk.stage(child) is Stage.PENERIMAAN
    assert desk.task("gabungkan", child).closed_at is None


def test_complaint_is_not_merged_into_itself(desk: Desk) -> None:
    number = desk.record()
    with pytest.raises(Invalid):
        desk.press("jfu-1", "gabungkan", nomor=number)


@pytest.mark.parametrize("stage", [Stage.PENYAMPAIAN, Stage.SELESAI, Stage.BATAL, Stage.DIGABUNG])
def test_complaint_is_not_merged_into_one_whose_answer_will_not_come(desk: Desk, stage: Stage) -> None:
    if stage is Stage.DIGABUNG:
        parent = merged(desk)[1]
    elif stage is Stage.BATAL:
        parent = desk.record()
        desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    else:
        parent = desk.to(stage)
    child = desk.record(email="tuti@warga.example")
    with pytest.raises(Invalid):
        desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    assert desk.stage(child) is Stage.PENERIMAAN


def test_children_of_a_voided_parent_go_their_own_way_again(desk: Desk) -> None:
    """Otherwise they would wait for ever for an answer that nobody writes."""
    parent, child = merged(desk)
    desk.press("jfu-2", "bukan_pengaduan", number=parent, alasan="Iklan.")
    assert (desk.stage(child), desk.complaint(child).parent_id) == (Stage.PENERIMAAN, None)
    (task,) = desk.tasks(child, open_only=True)
    assert task.kind is TaskKind.CATAT
    assert parent in task.note
    assert desk.kinds(child)[-1] is EventKind.REOPENED
    desk.to(Stage.SELESAI, child)
    assert desk.faults() == []


def test_parent_that_is_signed_while_a_child_is_being_merged_does_not_leave_it_waiting(both: Desk) -> None:
    """The parent's row is held by the signature; the merge must look again once it has it."""
    parent, child = both.to(Stage.TANDA_TANGAN), both.record(email=OTHER)
    refused: list[Exception] = []

    def merge() -> None:
        try:
            both.press("jfu-1", "gabungkan", number=child, nomor=parent)
        except Invalid as error:
            refused.append(error)

    thread = Thread(target=merge)
    task = both.task("tandatangani", parent)
    scan = {"bertanda_tangan": cases.Upload("surat.jpg", SIGNED)}
    form = cases.check(both.settings, task.kind, "tandatangani", {"tanpa_kode": ["ya"]}, scan)
    with both.work() as work:
        cases.act(work, task.id, both.person("kepala"), form)
        thread.start()
        thread.join(1)  # until it waits for the row, or for SQLite's lock
        assert thread.is_alive()
    thread.join(30)
    assert len(refused) == 1
    assert both.stage(child) is Stage.PENERIMAAN


# ---- pisahkan ------------------------------------------------------------------------------------------------


def test_split_complaint_has_its_own_number_history_and_acknowledgement(desk: Desk) -> None:
    first = desk.record(rahasia=True, telepon="0811 111 222")
    desk.press("jfu-1", "pisahkan", perihal_lain="Selokan mampet", isi_lain="Selokan juga mampet.")
    one, other = desk.complaints()
    assert (other.number, other.perihal, other.isi) == ("PGD-2026-000002", "Selokan mampet", "Selokan juga mampet.")
    assert (other.nama, other.email, other.telepon, other.rahasia) == (one.nama, one.email, one.telepon, True)
    assert (other.channel, other.item_id, other.received_at) == (one.channel, one.item_id, one.received_at)
    assert other.status_code != one.status_code
    assert desk.events(other.number)[0][1]["dari"] == first
    assert desk.stage(first) is Stage.PENERIMAAN


def test_split_complaints_run_apart(desk: Desk) -> None:
    first = desk.record()
    desk.press("jfu-1", "pisahkan")
    other = desk.complaint().number
    desk.to(Stage.SELESAI, other)
    assert desk.stage(first) is Stage.PENERIMAAN
    desk.to(Stage.KEPUTUSAN, first)
    assert desk.stage(other) is Stage.SELESAI


def test_earlier_complaints_of_an_address_are_shown_newest_first_and_never_joined(desk: Desk) -> None:
    for _ in range(3):
        desk.record()
    desk.record(email=OTHER)
    newest = desk.record()
    with desk.work() as work:
        found = cases.duplicate_of(work, work.session.get_one(Complaint, desk.complaint(newest).id))
        assert [c.number for c in found] == ["PGD-2026-000003", "PGD-2026-000002", "PGD-2026-000001"]
    assert {c.parent_id for c in desk.complaints()} == {None}


def test_complaints_without_an_address_are_nobodys_duplicates(desk: Desk) -> None:
    desk.record(email="")
    newest = desk.record(email="")
    with writing(desk.engine) as session:
        work = cases.Work(session, desk.settings, desk.clock())
        assert cases.duplicate_of(work, session.get_one(Complaint, desk.complaint(newest).id)) == []


def test_answer_that_is_taken_back_is_taken_back_from_merged_complaints_too(desk: Desk) -> None:
    """The parent's letter returns from langkah 5: a child that has not been answered waits for the next decision."""
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    desk.press("jfu-1", "kembalikan", number=parent, alasan="Alamat keliru.")
    assert (desk.stage(child), desk.tasks(child, open_only=True)) == (Stage.DIGABUNG, [])
    desk.press("sekretaris", "kembalikan", number=parent, alasan="Perlu diputuskan lagi.")
    desk.press("kepala", "putuskan", number=parent, keputusan="ditolak", perintah="Sudah dijelaskan.")
    desk.jobs()
    desk.to(Stage.PENYAMPAIAN, parent)
    assert str(desk.complaint(child).decision) == "ditolak"
    assert desk.faults() == []


def test_two_that_are_merged_into_each_other_at_once_do_not_block_each_other(desk: Desk) -> None:
    one, two = desk.record(), desk.record(email=OTHER, nama="Budi")
    said: list[str] = []

    def merge(number: str, into: str) -> None:
        try:
            desk.press("jfu-1", "gabungkan", number=number, nomor=into)
            said.append("digabung")
        except (Invalid, Forbidden) as error:
            said.append(type(error).__name__)

    threads = [Thread(target=merge, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["Invalid", "digabung"]
