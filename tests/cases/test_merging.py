"""Gabungkan and pisahkan: complaints that are answered together, and one mail that holds two."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import segno
from docx import Document as Docx
from sqlalchemy import update

from pipeline import cases
from pipeline.casefile.similar import duplicate_of
from pipeline.cases import Forbidden, Invalid
from pipeline.data import store
from pipeline.data.engine import writing
from pipeline.data.tables import Complaint, Document, Task
from pipeline.letters.returned import Returned, inspect
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.running import poller
from pipeline.work import Work
from tests.desk import PROOF, Desk, desk_in
from tests.kantor import SIGNED

OTHER = "budi@warga.example"
HELD = (TaskKind.GABUNGAN, TaskKind.PENGIRIMAN)


def merged(desk: Desk) -> tuple[str, str]:
    """(parent, child): two people write about the same lamp."""
    parent, child = desk.record(), desk.record(email=OTHER, nama="Budi")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    return parent, child


def kinds_open(desk: Desk, number: str) -> list[TaskKind]:
    return [task.kind for task in desk.tasks(number, open_only=True)]


# ---- gabungkan -----------------------------------------------------------------------------------------------


def test_merged_complaint_waits_and_keeps_its_row(desk: Desk) -> None:
    parent, child = merged(desk)
    row = desk.complaint(child)
    assert (row.stage, row.parent_id, row.email) == (
        Stage.DIGABUNG,
        desk.complaint(parent).id,
        OTHER,
    )
    (task,) = desk.tasks(child, open_only=True)
    assert (task.kind, task.due_at) == (TaskKind.GABUNGAN, None)


def test_merging_is_told_in_both_histories(desk: Desk) -> None:
    parent, child = merged(desk)
    assert (desk.kinds(child)[-1], desk.events(child)[-1][1]) == (EventKind.MERGED, {"ke": parent})
    assert (desk.kinds(parent)[-1], desk.events(parent)[-1][1]) == (
        EventKind.MERGED,
        {"dari": child},
    )
    assert desk.faults() == []


def test_number_of_the_parent_may_be_typed_carelessly(desk: Desk) -> None:
    parent, child = desk.record(), desk.record(email=OTHER)
    desk.press("jfu-1", "gabungkan", number=child, nomor=f"  {parent.lower()} ")
    assert desk.stage(child) is Stage.DIGABUNG


# ---- one decision, one letter to each ------------------------------------------------------------------------


def letter_of(desk: Desk, number: str, kind: str = "akhir") -> tuple[Document, Returned]:
    """The newest letter of this kind of a case, and how it reads."""
    row = [d for d in desk.documents(number) if d.kind == kind][-1]
    with desk.work() as work:
        return row, inspect(store.get(work.session, row.sha256))


def edited(content: bytes, old: str, new: str) -> bytes:
    """The letter as Word saves it after somebody has typed over one of its sentences."""
    document, out = Docx(BytesIO(content)), BytesIO()
    (paragraph,) = [p for p in document.paragraphs if old in p.text]
    text = paragraph.text.replace(old, new)
    for run in paragraph.runs:
        run.text = ""
    paragraph.runs[0].text = text
    document.save(out)
    return out.getvalue()


def upload(desk: Desk, number: str, old: str, new: str) -> None:
    with desk.work() as work:
        row = [d for d in desk.documents(number) if d.kind == "konsep"][-1]
        content = edited(store.get(work.session, row.sha256), old, new)
    desk.press("sekretaris", "unggah", number=number, files={"surat": ("surat.docx", content)})


def test_each_merged_complaint_gets_a_letter_of_its_own_out_of_the_edited_one(desk: Desk) -> None:
    """Own addressee, own register number, own letter number, own code; the words of the Sekretaris in both."""
    parent, child = merged(desk)
    desk.to(Stage.JAWABAN, parent)
    upload(desk, parent, "Lampu sudah diperbaiki", "Lampu sudah kami ganti pada hari Senin")
    desk.press("sekretaris", "ajukan", number=parent)
    desk.jobs()
    (first, one), (second, other) = letter_of(desk, parent), letter_of(desk, child)
    assert "Yth. Sdr. Siti Rahmawati" in one.paragraphs
    assert "Yth. Sdr. Budi" in other.paragraphs
    assert "Lampu sudah kami ganti pada hari Senin." in one.paragraphs
    assert "Lampu sudah kami ganti pada hari Senin." in other.paragraphs
    said = "\n".join((*other.paragraphs, *other.feet))
    assert child in said
    assert not [old for old in ("Siti", parent, first.code) if old in said]
    assert other.footer_code == second.code != first.code
    assert desk.complaint(parent).letter_number == "400.14.5/1/401.109/2026"
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"
    assert any("400.14.5/2/401.109/2026" in text for text in other.paragraphs)
    assert desk.faults() == []


def test_copy_goes_to_be_signed_and_delivered_by_the_same_langkah(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.TANDA_TANGAN, parent)
    assert desk.stage(child) is Stage.TANDA_TANGAN
    (task,) = desk.tasks(child, open_only=True)
    (mail,) = [m for m in desk.mails("tugas_tanda_tangan") if m.task_id == task.id]
    assert [name for _sha, name, _mime in mail.attachments] == [f"Surat jawaban {child}.docx"]
    assert child in mail.subject
    desk.to(Stage.PENYAMPAIAN, child)
    assert desk.stage(parent) is Stage.TANDA_TANGAN
    desk.press("jfu-1", "kirim_email", number=child)
    mail = desk.mails("surat_jawaban")[-1]
    assert (mail.recipient, [name for _sha, name, _mime in mail.attachments]) == (
        OTHER,
        [f"Surat jawaban {child}.pdf"],
    )
    assert "Siti" not in mail.text
    assert desk.complaint(child).decision is desk.complaint(parent).decision
    assert desk.faults() == []


def test_history_of_a_copy_says_where_it_came_from_and_who_handed_it_in(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.TANDA_TANGAN, parent)
    (drafted, data), (submitted, _data) = desk.events(child)[-2:]
    assert (drafted.kind, data["dari"]) == (EventKind.DRAFTED, parent)
    assert (submitted.kind, submitted.actor) == (EventKind.SUBMITTED, "sekretaris")


def test_signed_paper_of_the_other_letter_is_not_taken(desk: Desk) -> None:
    """Both letters lie on the same desk: the code on the paper says which is which."""
    parent, child = merged(desk)
    desk.to(Stage.TANDA_TANGAN, parent)
    code = letter_of(desk, parent)[0].code
    paper = BytesIO()
    segno.make(f"HTTPS://ADUAN.KOMINFO.EXAMPLE/ASLI/{code}", error="m").save(
        paper, kind="png", scale=12, border=8
    )
    with pytest.raises(Invalid, match=parent):
        desk.press(
            "kepala",
            "tandatangani",
            number=child,
            files={"bertanda_tangan": ("ttd.png", paper.getvalue())},
        )


def test_anonymous_pengadu_is_addressed_as_such_and_a_secret_one_is_not_named(desk: Desk) -> None:
    parent = desk.record()
    nobody, secret = (
        desk.record(email="", nama=""),
        desk.record(email=OTHER, nama="Budi", rahasia=True),
    )
    for child in (nobody, secret):
        desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    desk.to(Stage.TANDA_TANGAN, parent)
    for child in (nobody, secret):
        _row, letter = letter_of(desk, child)
        assert "Yth. Saudara Pengadu" in letter.paragraphs
        assert letter.paragraphs[letter.paragraphs.index("Yth. Saudara Pengadu") + 2] == "Tempat"


def test_copy_that_still_speaks_of_the_other_pengadu_goes_to_the_sekretaris_first(
    desk: Desk,
) -> None:
    parent, child = merged(desk)
    desk.to(Stage.JAWABAN, parent)
    upload(
        desk,
        parent,
        "Lampu sudah diperbaiki",
        "Lampu di depan rumah Siti Rahmawati sudah diperbaiki",
    )
    desk.press("sekretaris", "ajukan", number=parent)
    desk.jobs()
    assert (desk.stage(parent), desk.stage(child)) == (Stage.TANDA_TANGAN, Stage.JAWABAN)
    (task,) = desk.tasks(child, open_only=True)
    assert (task.kind, "Siti Rahmawati" in task.note) == (TaskKind.JAWABAN, True)
    (mail,) = [m for m in desk.mails("tugas_jawaban") if m.task_id == task.id]
    assert "masih memuat tentang pengadu lain" in " ".join(mail.text.split())
    with desk.work() as work:
        row = [d for d in desk.documents(child) if d.kind == "konsep"][-1]
        content = edited(store.get(work.session, row.sha256), " di depan rumah Siti Rahmawati", "")
    desk.press("sekretaris", "unggah", number=child, files={"surat": ("surat.docx", content)})
    desk.to(Stage.SELESAI, child)
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"
    assert desk.faults() == []


def test_office_that_numbers_by_hand_types_the_number_of_each_letter(tmp_path: Path) -> None:
    with desk_in(tmp_path, surat={"penomoran": "manual"}) as desk:
        parent, child = merged(desk)
        desk.to(Stage.JAWABAN, parent)
        desk.press("sekretaris", "ajukan", number=parent, nomor_surat="400.14.5/71/401.109/2026")
        desk.jobs()
        assert desk.stage(child) is Stage.JAWABAN
        with pytest.raises(Invalid, match="sudah dipakai"):
            desk.press("sekretaris", "ajukan", number=child, nomor_surat="400.14.5/71/401.109/2026")
        desk.press("sekretaris", "ajukan", number=child, nomor_surat="400.14.5/72/401.109/2026")
        assert desk.complaint(child).letter_number == "400.14.5/72/401.109/2026"


def test_one_that_is_merged_while_the_letter_waits_for_its_signature_gets_its_copy_too(
    desk: Desk,
) -> None:
    parent, child = desk.to(Stage.TANDA_TANGAN), desk.record(email=OTHER, nama="Budi")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    desk.jobs()
    assert desk.stage(child) is Stage.TANDA_TANGAN
    assert "Yth. Sdr. Budi" in letter_of(desk, child)[1].paragraphs


def test_parent_that_is_signed_before_its_copies_are_made_leaves_nobody_behind(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.JAWABAN, parent)
    desk.press("sekretaris", "ajukan", number=parent)
    desk.to(Stage.SELESAI, parent)
    assert desk.stage(child) is Stage.DIGABUNG
    desk.jobs()
    desk.to(Stage.SELESAI, child)
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"


def test_letter_that_is_returned_takes_its_copies_back_and_they_keep_their_numbers(
    desk: Desk,
) -> None:
    parent, child = merged(desk)
    desk.to(Stage.TANDA_TANGAN, parent)
    desk.press("kepala", "kembalikan", number=parent, alasan="Kurang jelas.")
    assert (desk.stage(child), kinds_open(desk, child)) == (Stage.DIGABUNG, [TaskKind.GABUNGAN])
    upload(desk, parent, "Lampu sudah diperbaiki", "Lampu sudah diganti")
    desk.press("sekretaris", "ajukan", number=parent)
    desk.jobs()
    row, letter = letter_of(desk, child)
    assert (row.version, "Lampu sudah diganti." in letter.paragraphs) == (2, True)
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"
    assert desk.faults() == []


def test_one_copy_alone_may_be_returned_and_is_then_written_for_that_pengadu(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.TANDA_TANGAN, parent)
    desk.press("kepala", "kembalikan", number=child, alasan="Pengadu ini bertanya hal lain juga.")
    upload(desk, child, "Lampu sudah diperbaiki", "Lampu dan selokan sudah diperbaiki")
    desk.press("kepala", "kembalikan", number=parent, alasan="Salah ketik.")
    assert desk.stage(child) is Stage.JAWABAN  # what was written for this one alone stays
    desk.to(Stage.SELESAI, child)
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"


def test_merged_complaint_that_needs_a_decision_of_its_own_gets_one_and_keeps_its_number(
    desk: Desk,
) -> None:
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    desk.to(Stage.PENYAMPAIAN, child)
    desk.press("jfu-1", "kembalikan", number=child, alasan="Pengadu ini bertanya hal lain juga.")
    desk.press("sekretaris", "kembalikan", number=child)
    desk.press(
        "kepala",
        "putuskan",
        number=child,
        keputusan="ditolak",
        perintah="Alasannya sudah dijelaskan.",
        disampaikan="Alasannya sudah dijelaskan.",
    )
    desk.jobs()
    desk.to(Stage.SELESAI, child)
    assert desk.complaint(child).letter_number == "400.14.5/2/401.109/2026"
    assert desk.complaint(parent).letter_number == "400.14.5/1/401.109/2026"
    assert desk.faults() == []


def test_letter_of_the_parent_is_not_taken_for_that_of_the_child(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.TANDA_TANGAN, parent)
    desk.press("kepala", "kembalikan", number=child, alasan="Mohon dilihat.")
    with desk.work() as work:
        content = store.get(
            work.session, next(d for d in desk.documents(parent) if d.kind == "konsep").sha256
        )
    with pytest.raises(
        Invalid, match="milik pengaduan"
    ):  # the parent's letter names the parent's pengadu
        desk.press("sekretaris", "unggah", number=child, files={"surat": ("surat.docx", content)})


def test_ends_of_parent_and_child_are_apart(desk: Desk) -> None:
    parent, child = merged(desk)
    desk.to(Stage.SELESAI, parent)
    assert desk.stage(child) is Stage.TANDA_TANGAN
    desk.to(Stage.PENYAMPAIAN, child)
    desk.press("jfu-2", "sampaikan", number=child, cara="langsung", penerima="Budi", files=PROOF)
    assert desk.stage(child) is Stage.SELESAI


def test_children_follow_when_their_parent_is_merged_itself(desk: Desk) -> None:
    parent, child = merged(desk)
    top = desk.record(email="tuti@warga.example")
    desk.press("jfu-1", "gabungkan", number=parent, nomor=top)
    assert desk.complaint(child).parent_id == desk.complaint(top).id
    desk.to(Stage.TANDA_TANGAN, top)
    assert {desk.stage(n) for n in (parent, child)} == {Stage.TANDA_TANGAN}


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
def test_complaint_is_not_merged_into_one_whose_answer_will_not_come(
    desk: Desk, stage: Stage
) -> None:
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


def test_parent_that_is_signed_while_a_child_is_being_merged_does_not_leave_it_waiting(
    both: Desk,
) -> None:
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
    form = cases.check(
        both.settings,
        task.kind,
        "tandatangani",
        {"tanpa_kode": ["ya"], "ttd_terlihat": ["ya"]},
        scan,
    )
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
    assert (other.number, other.perihal, other.isi) == (
        "PGD-2026-000002",
        "Selokan mampet",
        "Selokan juga mampet.",
    )
    assert (other.nama, other.email, other.telepon, other.rahasia) == (
        one.nama,
        one.email,
        one.telepon,
        True,
    )
    assert (other.channel, other.item_id, other.received_at) == (
        one.channel,
        one.item_id,
        one.received_at,
    )
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


def test_earlier_complaints_of_an_address_are_shown_newest_first_and_never_joined(
    desk: Desk,
) -> None:
    for _ in range(3):
        desk.record()
    desk.record(email=OTHER)
    newest = desk.record()
    with desk.work() as work:
        found = duplicate_of(work, work.session.get_one(Complaint, desk.complaint(newest).id))
        assert [c.number for c in found] == [
            "PGD-2026-000003",
            "PGD-2026-000002",
            "PGD-2026-000001",
        ]
    assert {c.parent_id for c in desk.complaints()} == {None}


def test_complaints_without_an_address_are_nobodys_duplicates(desk: Desk) -> None:
    desk.record(email="")
    newest = desk.record(email="")
    with writing(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        assert duplicate_of(work, session.get_one(Complaint, desk.complaint(newest).id)) == []


def test_answer_that_is_taken_back_is_taken_back_from_merged_complaints_too(desk: Desk) -> None:
    """The parent's letter returns from langkah 5: a child that has not been answered waits for the next decision."""
    parent, child = merged(desk)
    desk.to(Stage.PENYAMPAIAN, parent)
    desk.to(Stage.PENYAMPAIAN, child)
    desk.press("jfu-1", "kembalikan", number=parent, alasan="Alamat keliru.")
    assert (desk.stage(child), kinds_open(desk, child)) == (Stage.DIGABUNG, [TaskKind.GABUNGAN])
    desk.press("sekretaris", "kembalikan", number=parent, alasan="Perlu diputuskan lagi.")
    desk.press(
        "kepala",
        "putuskan",
        number=parent,
        keputusan="ditolak",
        perintah="Sudah dijelaskan.",
        disampaikan="Sudah dijelaskan.",
    )
    desk.jobs()
    desk.to(Stage.TANDA_TANGAN, parent)
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


def test_one_covering_letter_goes_to_the_agency_and_an_answer_to_each(desk: Desk) -> None:
    """Bukan wewenang: the agency in charge is written to once, about the matter."""
    parent, child = merged(desk)
    desk.to(Stage.KEPUTUSAN, parent)
    fields: dict[str, Any] = {
        "keputusan": "bukan_wewenang",
        "instansi": "PLN",
        "disampaikan": "Tiang lampu itu milik PLN.",
    }
    desk.press("kepala", "putuskan", number=parent, **fields)
    desk.jobs()
    desk.press("sekretaris", "ajukan", number=parent)
    desk.jobs()
    assert desk.stage(child) is Stage.TANDA_TANGAN
    assert [d.kind for d in desk.documents(child) if "pengantar" in d.kind] == []
    said = " ".join(letter_of(desk, child)[1].paragraphs)
    assert "merupakan kewenangan PLN" in said
    desk.press(
        "kepala", "tandatangani", number=child, files={"bertanda_tangan": ("surat.jpg", SIGNED)}
    )
    assert [t.kind for t in desk.tasks(child, open_only=True)] == [TaskKind.PENYAMPAIAN]
    desk.to(Stage.SELESAI, child)
    assert desk.faults() == []


# ---- until the decision --------------------------------------------------------------------------------------


def test_two_complaints_are_merged_until_the_decision(desk: Desk) -> None:
    """The Kepala Dinas sees that both are one matter; one decision answers both."""
    parent = desk.to(Stage.KEPUTUSAN)
    child = desk.to(Stage.KEPUTUSAN, desk.record(email=OTHER, nama="Budi"))
    desk.press("kepala", "gabungkan", number=child, nomor=parent)
    assert (desk.stage(child), kinds_open(desk, child)) == (Stage.DIGABUNG, [TaskKind.GABUNGAN])
    desk.to(Stage.TANDA_TANGAN, parent)
    desk.jobs()
    assert desk.complaint(child).decision == desk.complaint(parent).decision
    assert desk.faults() == []


def test_nobody_merges_into_a_complaint_about_themselves(desk: Desk) -> None:
    """They are not told that it is there."""
    about = desk.record(email="cici@warga.example")
    desk.press("jfu-1", "laporkan", number=about, terlapor=["sekretaris"])
    number, said = desk.to(Stage.KLARIFIKASI, desk.record()), set()
    for nomor in (about, "PGD-2026-000777"):
        with pytest.raises(Invalid) as refused:
            desk.press("sekretaris", "gabungkan", number=number, nomor=nomor)
        said.add(refused.value.errors["nomor"])
    assert len(said) == 1


# ---- an office that was upgraded -----------------------------------------------------------------------------


def test_cases_that_an_earlier_version_left_without_a_task_get_one_with_the_next_seal(
    desk: Desk,
) -> None:
    """Merged, or with the letter on its way: they can be taken out or handed over again, and nobody is written to."""
    sent = desk.to(
        Stage.PENYAMPAIAN, desk.record(perihal="Jalan rusak", email="cici@warga.example")
    )
    desk.press("jfu-1", "kirim_email", number=sent)
    parent = desk.record()
    child = desk.record(email="budi@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    with desk.work() as work:
        work.session.execute(update(Task).where(Task.kind.in_(HELD)).values(closed_at=work.now))
    mails = len(desk.mails())
    for _twice in range(2):
        desk.later(days=1)
        poller.seal(desk.app)
        found = [
            (task.kind, number)
            for number in (child, sent)
            for task in desk.tasks(number, open_only=True)
        ]
        assert found == [(TaskKind.GABUNGAN, child), (TaskKind.PENGIRIMAN, sent)]
    assert {mail.name for mail in desk.mails()[mails:]} <= {"segel"}
    assert desk.task("sampaikan", sent).due_at is not None
    desk.press("jfu-1", "lepaskan", number=child)
    assert desk.stage(child) is Stage.PENERIMAAN
