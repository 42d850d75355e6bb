"""Citizens without email, each told as a short story: who did what, and what each of them got."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline import cases
from pipeline.cases import Invalid
from pipeline.cases.spoken import spoken
from pipeline.data.tables import Complaint
from pipeline.office.actions import COUNTER_FIELDS, LATER_FIELDS, Action
from pipeline.office.sop import Act, Channel, EventKind, Stage, TaskKind
from pipeline.running import poller
from tests.desk import PROOF, Desk, jakarta
from tests.kantor import SITI, compose

CLERK, SECRETARY = "jfu@kominfo.example", "sekretaris@kominfo.example"


def budi(desk: Desk, **more: object) -> str:
    """Budi came to the counter; he has a telephone and no email."""
    number = desk.record(
        nama="Budi", email="", telepon="0812 1111 2222", alamat="Jalan Kenanga 2", **more
    )
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        nama="Budi",
        telepon="0812 1111 2222",
        alamat="Jalan Kenanga 2",
    )
    return number


def says(desk: Desk, number: str, text: str, **fields: str) -> Complaint:
    values = {"nomor_aduan": number, "kanal": "telepon", "isi": text, **fields}
    given = {name: [value] for name, value in values.items()}
    form = cases.read_fields(desk.settings, LATER_FIELDS, "tambah", given, {}, Action(Act.TAMBAH))
    with desk.work() as work:
        return spoken(work, desk.person("jfu-2"), form)


def told(desk: Desk, name: str) -> list[str]:
    return [mail.recipient for mail in desk.mails(name)]


# ---- asking anybody ------------------------------------------------------------------------------------------


def test_a_question_to_budi_is_a_task_for_the_jfu_whose_answer_goes_to_the_sekretaris(
    desk: Desk,
) -> None:
    number = budi(desk)
    desk.press("sekretaris", "tanya_pengadu", number=number, pertanyaan="Tiang nomor berapa?")
    asked = desk.task("catat_jawaban", number)
    assert asked.kind is TaskKind.TANYA
    assert desk.task("laporkan_kepala", number).paused_at is not None
    assert set(told(desk, "tugas_tanya")) == {CLERK, "jfu2@kominfo.example"}
    assert "Tiang nomor berapa?" in desk.mails("tugas_tanya")[0].text
    desk.later(hours=2)
    desk.press(
        "jfu-1", "catat_jawaban", number=number, kanal="telepon", jawaban_pengadu="Tiang 14."
    )
    asking = desk.task("laporkan_kepala", number)
    assert asking.paused_at is None
    assert asking.due_at is not None
    assert asking.due_at > desk.clock.now
    event, data = next(one for one in desk.events(number) if one[0].kind is EventKind.CITIZEN_WROTE)
    assert (event.actor, data["teks"], data["kanal"]) == ("jfu-1", "Tiang 14.", "telepon")
    assert SECRETARY in told(desk, "pengadu_menjawab")
    assert desk.faults() == []


def test_two_questions_to_budi_are_one_task(desk: Desk) -> None:
    number = budi(desk)
    for question in ("Tiang nomor berapa?", "Sejak kapan?"):
        desk.press("sekretaris", "tanya_pengadu", number=number, pertanyaan=question)
    (task,) = [t for t in desk.tasks(number, open_only=True) if t.kind is TaskKind.TANYA]
    assert task.note == "Tiang nomor berapa?\n\nSejak kapan?"


def test_budi_calls_before_he_is_asked(desk: Desk) -> None:
    """What he says by telephone answers the question: no JFU needs to ask any more."""
    number = budi(desk)
    desk.press("sekretaris", "tanya_pengadu", number=number, pertanyaan="Tiang nomor berapa?")
    says(desk, number, "Tiang 14, yang di tikungan.")
    assert desk.task("laporkan_kepala", number).paused_at is None
    assert [t.kind for t in desk.tasks(number, open_only=True)] == [TaskKind.KLARIFIKASI]


def test_siti_is_reminded_of_the_question_and_the_clock_goes_on_after_ten_office_days(
    desk: Desk,
) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    for day in (30, 31, 34, 36, 39, 40, 41, 42):
        month, of_month = (11, day) if day <= 30 else (12, day - 30)
        desk.clock.now = jakarta(of_month, 9, month=month)
        poller.remind(desk.app)
    assert set(told(desk, "ingatkan_pengadu")) == {SITI}
    assert "Tiang nomor berapa?" in desk.mails("ingatkan_pengadu")[0].text
    asking = desk.task("laporkan_kepala")
    assert asking.paused_at is None
    assert asking.due_at is not None
    assert "berjalan lagi" in desk.mails("menunggu_pengadu")[-1].text
    before = len(desk.mails("ingatkan_pengadu"))
    desk.clock.now = jakarta(20, 9, month=12)
    poller.remind(desk.app)
    assert len(desk.mails("ingatkan_pengadu")) == before
    assert desk.faults() == []


# ---- later words ---------------------------------------------------------------------------------------------


def test_later_words_join_by_number_as_a_mail_would(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN, budi(desk))
    says(desk, number.lower(), "Kabelnya sekarang jatuh!")
    assert desk.kinds(number)[-1] is EventKind.CITIZEN_WROTE
    mails = {mail.recipient: mail for mail in desk.mails("pengadu_menulis")}
    assert "Kabelnya sekarang jatuh!" in mails["kepala@kominfo.example"].text


def test_the_same_press_twice_joins_once(desk: Desk) -> None:
    number = budi(desk)
    for _ in range(2):
        says(desk, number, "Padam lagi.")
    assert desk.kinds(number).count(EventKind.CITIZEN_WROTE) == 1


def test_later_words_for_a_number_that_nobody_has_are_refused(desk: Desk) -> None:
    budi(desk)
    with pytest.raises(Invalid) as refused:
        says(desk, "PGD-2026-999999", "Padam.")
    assert list(refused.value.errors) == ["nomor_aduan"]


def test_a_clerk_of_whom_it_complains_records_nothing_there(desk: Desk) -> None:
    number = budi(desk)
    desk.press("sekretaris", "tandai", number=number, prioritas="biasa", terlapor=["jfu-2"])
    with pytest.raises(Invalid):
        says(desk, number, "Masih kasar.")


# ---- when it came --------------------------------------------------------------------------------------------


def test_a_letter_of_last_week_came_last_week(desk: Desk) -> None:
    """Its day of receipt stands in the book, and langkah 1 began then: half an hour is long over."""
    fields = {
        "kanal": "surat",
        "nama": "Budi",
        "perihal": "Lampu",
        "isi": "Padam.",
        "diterima": "2026-11-19T09:00",
    }
    from pipeline.cases.spoken import received_at

    form = cases.read_fields(
        desk.settings,
        COUNTER_FIELDS,
        "catat",
        {name: [value] for name, value in fields.items()},
        {},
        Action(Act.CATAT),
    )
    with desk.work() as work:
        number = cases.record_at_counter(
            work, desk.person("jfu-1"), form, received=received_at(work, form)
        ).number
    complaint = desk.complaint(number)
    assert complaint.received_at == jakarta(19, 9)
    assert complaint.recorded_at == desk.clock.now
    first = desk.tasks(number)[0]
    assert (first.kind, first.opened_at, first.closed_by) == (
        TaskKind.CATAT,
        jakarta(19, 9),
        "jfu-1",
    )
    assert first.due_at is not None
    assert first.closed_at is not None
    assert first.closed_at > first.due_at
    assert desk.faults() == []


def test_a_letter_of_tomorrow_is_refused(desk: Desk) -> None:
    number = budi(desk)
    with pytest.raises(Invalid) as refused:
        says(desk, number, "Padam.", diterima="2026-11-25T09:00")
    assert list(refused.value.errors) == ["diterima"]


# ---- a corrected address -------------------------------------------------------------------------------------


def test_a_corrected_address_gets_the_receipt_again(desk: Desk) -> None:
    number = desk.record(email="budi@warga.exampel", nama="Budi")
    desk.press("jfu-1", "laporkan", number=number, nama="Budi", email="budi@warga.example")
    assert told(desk, "tanda_terima") == ["budi@warga.exampel", "budi@warga.example"]
    desk.to(Stage.PENYAMPAIAN, number)
    desk.press(
        "jfu-1",
        "koreksi",
        number=number,
        nama="Budi",
        email="budi.s@warga.example",
        alasan="Salah ketik.",
    )
    assert told(desk, "tanda_terima")[-1] == "budi.s@warga.example"
    assert len(told(desk, "tanda_terima")) == 3


def test_an_address_that_stays_gets_no_second_receipt(desk: Desk) -> None:
    desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "koreksi", nama="Siti", email=SITI, alasan="Nama.")
    assert told(desk, "tanda_terima") == [SITI]


# ---- taken back ----------------------------------------------------------------------------------------------


def test_siti_takes_it_back_and_all_who_were_asked_hear_of_it(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benar?")
    form: dict[str, Any] = {
        "instansi": "PLN",
        "alamat_instansi": "pln@luar.example",
        "pengantar": "Mohon dibantu.",
    }
    desk.press("sekretaris", "teruskan", **form)
    desk.to(Stage.KEPUTUSAN, number)
    desk.press(
        "kepala",
        "rapat",
        waktu="2026-11-27T10:00",
        tempat="Ruang rapat",
        undangan=["kasi-infrastruktur"],
    )
    receipt = desk.mails("tanda_terima")[0]
    raw = compose(
        SITI, "aduan@kominfo.example", "Re: Tanda terima", "Saya cabut pengaduan ini.", desk.clock()
    )
    raw["In-Reply-To"] = receipt.message_id
    desk.take_in(raw.as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN
    desk.press("jfu-1", "cabut", number=number, alasan="Sudah menyala, kata Siti di telepon.")
    assert desk.stage(number) is Stage.DICABUT
    assert [t.kind for t in desk.tasks(number, open_only=True)] == [TaskKind.ARSIP]
    assert told(desk, "pengaduan_dicabut") == [SITI]
    heard = set(told(desk, "dicabut"))
    assert {"kepala@kominfo.example", SECRETARY, "pln@luar.example"} <= heard
    assert any(address.startswith("kasubag") for address in heard)
    assert (
        desk.mails("rapat")[-1].subject.startswith("Rapat dibatalkan")
        or "batal" in desk.mails("rapat")[-1].text
    )
    assert SITI not in heard
    assert desk.faults() == []
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Keliru.")
    assert desk.stage(number) is Stage.PENERIMAAN


def test_siti_goes_on_after_all(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    says(desk, number, "Katanya mau dicabut saja.", cabut="ya")
    desk.to(Stage.KEPUTUSAN, number)
    desk.press("jfu-1", "tidak_dicabut", number=number, alasan="Salah paham.")
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert told(desk, "pengaduan_dicabut") == []


@pytest.mark.parametrize(
    "text",
    [
        "Mohon petugas mencabut pohon di depan rumah.",
        "Kabelnya sudah dicabut orang.",
        "Terima kasih.",
    ],
)
def test_other_words_take_nothing_back(desk: Desk, text: str) -> None:
    from pipeline.cases.withdrawal import seems_withdrawn

    assert not seems_withdrawn(text)


@pytest.mark.parametrize(
    "text",
    [
        "Saya cabut.",
        "Saya mencabut pengaduan saya",
        "Mohon laporan kami dibatalkan saja",
        "aduan ini saya cabut",
    ],
)
def test_words_that_take_it_back(desk: Desk, text: str) -> None:
    from pipeline.cases.withdrawal import seems_withdrawn

    assert seems_withdrawn(text)


# ---- proof of delivery ---------------------------------------------------------------------------------------


def deliver(desk: Desk, **fields: Any) -> None:
    desk.press("jfu-1", "sampaikan", penerima="Budi", files=PROOF, **fields)


def test_nothing_is_delivered_before_its_letter_or_after_today(desk: Desk) -> None:
    desk.to(Stage.PENYAMPAIAN)
    for when in ("2026-11-20T09:00", "2026-11-25T09:00"):
        with pytest.raises(Invalid) as refused:
            deliver(desk, cara="langsung", waktu=when)
        assert list(refused.value.errors) == ["waktu"]
    desk.later(hours=3)
    deliver(desk, cara="langsung", waktu="2026-11-24T10:00")
    assert desk.stage() is Stage.SELESAI


@pytest.mark.parametrize("way", ["pos", "telepon"])
def test_by_post_and_telephone_only_whom_they_reach(desk: Desk, way: str) -> None:
    desk.to(Stage.PENYAMPAIAN)  # of Siti we know the email alone
    with pytest.raises(Invalid) as refused:
        deliver(desk, cara=way, resi="JP1", waktu="2026-11-24T09:00")
    assert list(refused.value.errors) == ["cara"]
    contact: dict[str, Any] = {"telepon": "0812 1111 2222", "alamat": "Jalan Kenanga 2"}
    desk.press("jfu-1", "koreksi", nama="Siti", email=SITI, alasan="Lengkap.", **contact)
    deliver(desk, cara=way, resi="JP1", waktu="2026-11-24T09:00")
    assert desk.complaint().delivery == way


def test_channels_of_later_words_are_those_of_the_counter() -> None:
    (field,) = [one for one in LATER_FIELDS if one.name == "kanal"]
    assert set(field.choices) == {Channel.LANGSUNG, Channel.TELEPON, Channel.SURAT}


def test_a_letter_that_waits_does_not_go_once_the_complaint_is_taken_back(desk: Desk) -> None:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    says(desk, number, "Saya cabut saja.", cabut="ya")
    desk.press("jfu-1", "cabut", number=number, alasan="Lewat telepon.")
    assert desk.mails("surat_jawaban")[-1].state == "void"
    assert desk.faults() == []


def test_neighbours_keep_their_letters_when_one_takes_the_complaint_back(desk: Desk) -> None:
    number, child = desk.record(), desk.record(nama="Wati", email="wati@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=number)
    desk.to(Stage.PENYAMPAIAN, number)
    desk.jobs()
    assert desk.stage(child) is Stage.TANDA_TANGAN
    says(desk, number, "Saya cabut.", cabut="ya")
    desk.press("jfu-1", "cabut", number=number, alasan="x")
    assert desk.stage(child) is Stage.TANDA_TANGAN
    assert desk.faults() == []


def test_neighbours_who_still_wait_go_their_own_way(desk: Desk) -> None:
    number, child = desk.record(), desk.record(nama="Wati", email="wati@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=number)
    says(desk, number, "Saya cabut.", cabut="ya")
    desk.press("jfu-1", "cabut", number=number, alasan="x")
    assert desk.stage(child) is Stage.PENERIMAAN
    assert [task.kind for task in desk.tasks(child, open_only=True)] == [TaskKind.CATAT]


def test_merged_citizen_who_takes_it_back_is_merged_no_more(desk: Desk) -> None:
    """The parent's history says so, and its answer goes to the others alone."""
    number, child = desk.record(), desk.record(nama="Wati", email="wati@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=number)
    says(desk, child, "Saya cabut.", cabut="ya")
    desk.press("jfu-1", "cabut", number=child, alasan="Lewat telepon.")
    assert (desk.stage(child), desk.complaint(child).parent_id) == (Stage.DICABUT, None)
    assert desk.kinds(number)[-1] is EventKind.RELEASED
    desk.to(Stage.SELESAI, number)
    desk.jobs()
    assert "surat_jawaban" not in {
        mail.name for mail in desk.mails() if mail.recipient == "wati@warga.example"
    }
    assert desk.faults() == []
