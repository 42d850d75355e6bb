"""A merged citizen is still heard: who wrote what, who read it, and how a complaint is taken out again."""

from __future__ import annotations

from pipeline.cases.input import File
from pipeline.cases.record import citizen_wrote
from pipeline.office.sop import EventKind, Stage, TaskKind
from tests.cases.test_merging import OTHER, merged
from tests.desk import Desk
from tests.kantor import SIGNED, SITI

PHOTO = File("kabel.jpg", "image/jpeg", SIGNED)


def writes(desk: Desk, number: str, text: str, files: list[File] | None = None) -> None:
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, text, files or [], None)


def told(desk: Desk, code: str, part: str) -> list[str]:
    """The subjects of the mails about what a citizen wrote that an official got and that hold these words."""
    address = desk.person(code).email
    return [
        m.subject
        for m in desk.mails("pengadu_menulis")
        if m.recipient == address and part in m.text
    ]


# ---- what they say -------------------------------------------------------------------------------------------


def test_what_budi_writes_reaches_the_kepala_who_holds_sitis_case(desk: Desk) -> None:
    siti, budi = merged(desk)
    desk.to(Stage.KEPUTUSAN, siti)
    seen = desk.seen(siti)
    writes(desk, budi, "Ada kabel jatuh!", [PHOTO])
    (subject,) = told(desk, "kepala", "Ada kabel jatuh!")
    assert siti in subject
    assert [
        m
        for m in desk.mails("pengadu_menulis")
        if budi in m.text and m.recipient == desk.person("kepala").email
    ]
    event, data = desk.events(siti)[-1]
    assert (event.kind, data["dari"], data["teks"], event.seq > seen) == (
        EventKind.CITIZEN_WROTE,
        budi,
        "",
        True,
    )
    assert desk.faults() == []


def test_answer_to_a_question_from_before_the_merge_arrives(desk: Desk) -> None:
    """The Sekretaris asked Budi, then saw that it is Siti's lamp and merged the two."""
    siti, budi = (
        desk.to(Stage.KLARIFIKASI),
        desk.to(Stage.KLARIFIKASI, desk.record(email=OTHER, nama="Budi")),
    )
    desk.press("sekretaris", "tanya_pengadu", number=budi, pertanyaan="Tiang nomor berapa?")
    desk.press("sekretaris", "gabungkan", number=budi, nomor=siti)
    assert desk.stage(budi) is Stage.DIGABUNG
    writes(desk, budi, "Tiang nomor 7.")
    assert (
        len(told(desk, "sekretaris", "Tiang nomor 7.")) == 1
    )  # once, about the case that they hold


def test_citizen_whose_answer_is_out_is_no_longer_the_parents(desk: Desk) -> None:
    siti, budi = merged(desk)
    desk.to(Stage.SELESAI, siti)
    desk.to(Stage.SELESAI, budi)
    writes(desk, budi, "Terima kasih.")
    assert EventKind.CITIZEN_WROTE not in desk.kinds(siti)


# ---- taken out, corrected, marked, void ----------------------------------------------------------------------


def test_merged_complaint_can_be_taken_out_again(desk: Desk) -> None:
    """Budi's was another lamp after all: it goes its own way, and is not answered with Siti's."""
    siti, budi = merged(desk)
    desk.press("sekretaris", "lepaskan", number=budi, alasan="Tiang yang lain.")
    assert (desk.stage(budi), desk.complaint(budi).parent_id) == (Stage.PENERIMAAN, None)
    (task,) = desk.tasks(budi, open_only=True)
    assert (task.kind, task.note) == (TaskKind.CATAT, "Tiang yang lain.")
    desk.to(Stage.TANDA_TANGAN, siti)
    assert desk.stage(budi) is Stage.PENERIMAAN
    assert [desk.kinds(n)[-1] for n in (budi,)] == [EventKind.RELEASED]
    assert EventKind.RELEASED in desk.kinds(siti)
    desk.press("jfu-1", "gabungkan", number=budi, nomor=siti)  # and in again
    desk.jobs()
    assert desk.stage(budi) is Stage.TANDA_TANGAN
    assert desk.faults() == []


def test_merged_complaint_is_corrected_and_marked_where_it_is(desk: Desk) -> None:
    siti, budi = merged(desk)
    desk.press(
        "jfu-1", "koreksi", number=budi, nama="Budi Santoso", email=OTHER, alasan="Salah eja."
    )
    desk.press("jfu-2", "tandai", number=budi, prioritas="segera", rahasia="ya")
    row = desk.complaint(budi)
    assert (row.nama, row.prioritas, row.rahasia, row.stage) == (
        "Budi Santoso",
        "segera",
        True,
        Stage.DIGABUNG,
    )
    desk.to(Stage.TANDA_TANGAN, siti)
    assert [t.kind for t in desk.tasks(budi, open_only=True)] == [TaskKind.TANDA_TANGAN]


def test_merged_complaint_that_is_none_is_void_and_told_so(desk: Desk) -> None:
    siti, budi = merged(desk)
    desk.press("jfu-1", "bukan_pengaduan", number=budi, alasan="Iklan.")
    assert (desk.stage(budi), desk.complaint(budi).parent_id) == (Stage.BATAL, None)
    assert [m.recipient for m in desk.mails("bukan_pengaduan")] == [OTHER]
    desk.to(Stage.TANDA_TANGAN, siti)
    assert desk.stage(budi) is Stage.BATAL


def test_grandchildren_follow_in_both_histories(desk: Desk) -> None:
    siti, budi = merged(desk)
    ani = desk.record(email="ani@warga.example", nama="Ani")
    desk.press("jfu-1", "gabungkan", number=siti, nomor=ani)
    assert desk.events(budi)[-1][1] == {"ke": ani}
    assert [data for event, data in desk.events(ani) if event.kind is EventKind.MERGED] == [
        {"dari": siti},
        {"dari": budi},
    ]


# ---- pisahkan ------------------------------------------------------------------------------------------------


def test_second_complaint_gets_the_files_that_the_clerk_ticks(desk: Desk) -> None:
    first = desk.record()
    writes(desk, first, "Ini fotonya.", [PHOTO, File("selokan.jpg", "image/jpeg", SIGNED + b" ")])
    kabel, selokan = [d for d in desk.documents(first) if d.kind == "lampiran"]
    desk.press(
        "jfu-1",
        "pisahkan",
        number=first,
        perihal_lain="Selokan",
        lampiran_ikut=[str(selokan.id), "999"],
    )
    other = desk.complaint()
    assert [(d.name, d.sha256) for d in desk.documents(other.number)] == [
        ("selokan.jpg", selokan.sha256)
    ]
    assert kabel.name in [d.name for d in desk.documents(first)]
    assert (other.keterangan, other.email) == (f"Dipisahkan dari {first}", SITI)
    assert desk.complaint(first).keterangan == f"Dipisahkan juga menjadi {other.number}"
    desk.press("jfu-1", "bukan_pengaduan", number=other.number, alasan="Iklan.")
    assert desk.complaint(other.number).keterangan == f"Dipisahkan dari {first}; Iklan."
    desk.press("jfu-1", "buka_kembali", number=other.number, alasan="Bukan iklan.")
    assert desk.complaint(other.number).keterangan == f"Dipisahkan dari {first}"
