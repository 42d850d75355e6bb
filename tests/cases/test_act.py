"""Each action of each task: where it leads, the event it writes, the task it opens and by when, the mails it puts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from pipeline import cases
from pipeline.cases import AlreadyDone, Forbidden, Invalid
from pipeline.cases.outcomes import bounced, delivery_result
from pipeline.cases.record import New, Pengadu, citizen_wrote, record
from pipeline.data import store
from pipeline.data.states import MailState
from pipeline.data.tables import Complaint, Document, Event, Outbox
from pipeline.office.actions import ACTIONS, RAPAT, action
from pipeline.office.sop import (
    REPORTING,
    ROLE_OF,
    Channel,
    Decision,
    EventKind,
    Role,
    Stage,
    TaskKind,
)
from tests.desk import PEOPLE, PROOF, Desk, jakarta
from tests.kantor import SIGNED, SITI

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b8"
    "0000000049454e44ae426082"
)
SCAN = {"bertanda_tangan": ("surat.jpg", SIGNED)}
JFU = ("jfu@kominfo.example", "jfu2@kominfo.example")
SEKRETARIS, KEPALA = "sekretaris@kominfo.example", "kepala@kominfo.example"
KASUBAG, KASI = "kasubag@kominfo.example", "kasi@kominfo.example"
MORNING = jakarta(24, 9)  # Tuesday, when all of these presses happen
NEVER: datetime | None = None


NO_FILES: Mapping[str, tuple[str, bytes]] = MappingProxyType({})


class Step(NamedTuple):
    """One press and all that must follow from it. Mails are (folder of templates/email, recipient)."""

    at: Stage
    name: str
    fields: dict[str, Any]
    to: Stage
    event: EventKind
    task: TaskKind | None
    due: datetime | None
    mails: list[tuple[str, str]]
    files: Mapping[str, tuple[str, bytes]] = NO_FILES


STEPS = [
    Step(
        Stage.PENERIMAAN,
        "laporkan",
        {"ringkasan": "Lampu padam.", "email": SITI},
        Stage.KLARIFIKASI,
        EventKind.RECORDED,
        TaskKind.KLARIFIKASI,
        jakarta(24, 9, 10),
        [("tugas_klarifikasi", SEKRETARIS)],
    ),
    Step(
        Stage.PENERIMAAN,
        "pisahkan",
        {"perihal_lain": "Selokan", "isi_lain": "Selokan juga mampet."},
        Stage.PENERIMAAN,
        EventKind.SPLIT,
        TaskKind.CATAT,
        jakarta(24, 9, 30),
        [("tanda_terima", SITI), *(("tugas_catat", one) for one in JFU)],
    ),
    Step(
        Stage.PENERIMAAN,
        "bukan_pengaduan",
        {"alasan": "Penawaran dagang."},
        Stage.BATAL,
        EventKind.VOIDED,
        TaskKind.ARSIP,
        NEVER,
        [("bukan_pengaduan", SITI), *(("tugas_arsip", one) for one in (SEKRETARIS, *JFU))],
    ),
    Step(
        Stage.KLARIFIKASI,
        "laporkan_kepala",
        {"hasil": "Benar padam.", "unit": ["umum"]},
        Stage.KEPUTUSAN,
        EventKind.REPORTED,
        TaskKind.KEPUTUSAN,
        jakarta(4, 16, 30, month=12),
        [("tugas_keputusan", KEPALA)],
    ),
    Step(
        Stage.KLARIFIKASI,
        "tanya_unit",
        {"petugas": ["kasubag-umum", "kasi-infrastruktur"], "pertanyaan": "Benarkah?"},
        Stage.KLARIFIKASI,
        EventKind.UNIT_ASKED,
        TaskKind.KETERANGAN,
        jakarta(24, 9, 7),
        [("tugas_keterangan", KASUBAG), ("tugas_keterangan", KASI)],
    ),
    Step(
        Stage.KLARIFIKASI,
        "tanya_pengadu",
        {"pertanyaan": "Tiang nomor berapa?"},
        Stage.KLARIFIKASI,
        EventKind.CITIZEN_ASKED,
        None,
        NEVER,
        [("tanya_pengadu", SITI)],
    ),
    Step(
        Stage.KLARIFIKASI,
        "kembalikan",
        {"alasan": "Alamat belum jelas."},
        Stage.PENERIMAAN,
        EventKind.RETURNED,
        TaskKind.CATAT,
        jakarta(24, 9, 30),
        [("tugas_catat", one) for one in JFU],
    ),
    Step(
        Stage.KEPUTUSAN,
        "putuskan",
        {"keputusan": "ditindaklanjuti", "perintah": "Perbaiki."},
        Stage.JAWABAN,
        EventKind.DECIDED,
        TaskKind.JAWABAN,
        jakarta(24, 10),
        [("bukti_keputusan", KEPALA)],  # the task's mail waits for the draft, which a job makes
    ),
    Step(
        Stage.KEPUTUSAN,
        "rapat",
        {"waktu": "2026-11-26T10:00", "tempat": "Ruang rapat", "peserta": "Kasi"},
        Stage.KEPUTUSAN,
        EventKind.MEETING_SET,
        None,
        NEVER,
        [("rapat", KEPALA), ("rapat", SEKRETARIS)],
    ),
    Step(
        Stage.KEPUTUSAN,
        "notulen",
        {"notulen": "Disepakati diperbaiki."},
        Stage.KEPUTUSAN,
        EventKind.MINUTES_ADDED,
        None,
        NEVER,
        [],
        {"berkas": ("notulen.png", PNG)},
    ),
    Step(
        Stage.KEPUTUSAN,
        "tandai",
        {"prioritas": "segera", "rahasia": "ya"},
        Stage.KEPUTUSAN,
        EventKind.MARKED,
        None,
        NEVER,
        [],
    ),
    Step(
        Stage.KLARIFIKASI,
        "tandai",
        {"prioritas": "penting"},
        Stage.KLARIFIKASI,
        EventKind.MARKED,
        None,
        NEVER,
        [],
    ),
    Step(
        Stage.PENERIMAAN,
        "tandai",
        {"prioritas": "penting"},
        Stage.PENERIMAAN,
        EventKind.MARKED,
        None,
        NEVER,
        [],
    ),
    Step(
        Stage.KLARIFIKASI,
        "teruskan",
        {"instansi": "PLN", "alamat_instansi": "pln@luar.example"},
        Stage.KLARIFIKASI,
        EventKind.FORWARDED,
        None,
        NEVER,
        [("terusan_instansi", "pln@luar.example")],
    ),
    Step(
        Stage.PENYAMPAIAN,
        "teruskan",
        {"instansi": "PLN", "alamat_instansi": "pln@luar.example"},
        Stage.PENYAMPAIAN,
        EventKind.FORWARDED,
        None,
        NEVER,
        [("terusan_instansi", "pln@luar.example")],
    ),
    Step(
        Stage.KEPUTUSAN,
        "perpanjang",
        {"sampai": "2026-12-11T16:00", "alasan": "Menunggu hasil uji."},
        Stage.KEPUTUSAN,
        EventKind.EXTENDED,
        None,
        NEVER,
        [("waktu_bertambah", SITI)],
    ),
    Step(
        Stage.KEPUTUSAN,
        "kembalikan",
        {"alasan": "Belum lengkap."},
        Stage.KLARIFIKASI,
        EventKind.RETURNED,
        TaskKind.KLARIFIKASI,
        jakarta(24, 9, 10),
        [("tugas_klarifikasi", SEKRETARIS)],
    ),
    Step(
        Stage.JAWABAN,
        "ajukan",
        {"catatan": "Sudah disunting."},
        Stage.TANDA_TANGAN,
        EventKind.SUBMITTED,
        TaskKind.TANDA_TANGAN,
        jakarta(25, 16),
        [("tugas_tanda_tangan", KEPALA), *(("boleh_unggah", one) for one in JFU)],
    ),
    Step(
        Stage.JAWABAN,
        "kembalikan",
        {"alasan": "Perintah kurang jelas."},
        Stage.KEPUTUSAN,
        EventKind.RETURNED,
        TaskKind.KEPUTUSAN,
        jakarta(4, 16, 30, month=12),
        [("tugas_keputusan", KEPALA)],
    ),
    Step(
        Stage.TANDA_TANGAN,
        "tandatangani",
        {},
        Stage.PENYAMPAIAN,
        EventKind.SIGNED,
        TaskKind.PENYAMPAIAN,
        jakarta(24, 9, 30),
        [("tugas_penyampaian", one) for one in JFU],
        SCAN,
    ),
    Step(
        Stage.TANDA_TANGAN,
        "kembalikan",
        {"alasan": "Salah ketik."},
        Stage.JAWABAN,
        EventKind.RETURNED,
        TaskKind.JAWABAN,
        jakarta(24, 10),
        [("tugas_jawaban", SEKRETARIS)],
    ),
    Step(
        Stage.PENYAMPAIAN,
        "kirim_email",
        {"pesan": "Salam."},
        Stage.PENGIRIMAN,
        EventKind.SENT,
        TaskKind.PENGIRIMAN,
        jakarta(24, 9, 30),
        [("surat_jawaban", SITI)],
    ),
    Step(
        Stage.PENYAMPAIAN,
        "sampaikan",
        {"cara": "langsung", "penerima": "Siti"},
        Stage.SELESAI,
        EventKind.DELIVERED,
        TaskKind.ARSIP,
        NEVER,
        [("tugas_arsip", one) for one in (SEKRETARIS, *JFU)],
        {"berkas": ("resi.png", PNG)},
    ),
    Step(
        Stage.PENYAMPAIAN,
        "koreksi",
        {"nama": "Siti R.", "email": SITI, "alasan": "Salah nama."},
        Stage.PENYAMPAIAN,
        EventKind.CORRECTED,
        None,
        NEVER,
        [],
    ),
    Step(
        Stage.PENYAMPAIAN,
        "kembalikan",
        {"alasan": "Lampiran kurang."},
        Stage.JAWABAN,
        EventKind.RETURNED,
        TaskKind.JAWABAN,
        jakarta(24, 10),
        [("tugas_jawaban", SEKRETARIS)],
    ),
    Step(
        Stage.SELESAI,
        "buka_kembali",
        {"alasan": "Lampu padam lagi."},
        Stage.KLARIFIKASI,
        EventKind.REOPENED,
        TaskKind.KLARIFIKASI,
        jakarta(24, 9, 10),
        [("tugas_klarifikasi", SEKRETARIS), ("dibuka_kembali", SITI)],
    ),
    Step(
        Stage.SELESAI,
        "koreksi",
        {"nama": "Siti R.", "email": SITI, "alasan": "Salah nama."},
        Stage.SELESAI,
        EventKind.CORRECTED,
        None,
        NEVER,
        [],
    ),
]
NAMES = [f"{s.at}-{s.name}" for s in STEPS]


CONVENED: dict[str, Any] = {"waktu": "2026-11-26T10:00", "tempat": "Ruang rapat"}


def ready(desk: Desk, step: Step) -> str:
    """A complaint at the step's stage, for which the step is offered; the number."""
    number = desk.to(step.at)
    if step.name == "notulen":
        desk.press("kepala", "rapat", number=number, **CONVENED)
    return number


def pressed(desk: Desk, step: Step) -> str:
    """Bring a complaint to the step's stage and press; the number. Mails and events of the way are set aside."""
    number = ready(desk, step)
    desk.press(
        PEOPLE[desk.task(step.name, number).kind],
        step.name,
        number=number,
        files=step.files,
        **step.fields,
    )
    return number


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_action_leads_to_its_stage(desk: Desk, step: Step) -> None:
    assert desk.stage(pressed(desk, step)) is step.to


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_action_writes_its_event_with_the_actor_as_of_then(desk: Desk, step: Step) -> None:
    number = ready(desk, step)
    before, task = len(desk.events(number)), desk.task(step.name, number)
    who = desk.person(PEOPLE[task.kind])
    desk.press(who.kode, step.name, number=number, files=step.files, **step.fields)
    (event, data), *more = desk.events(number)[before:]
    assert not more
    assert (
        event.kind,
        event.actor,
        event.actor_name,
        event.actor_title,
        event.task_id,
        event.at,
    ) == (
        step.event,
        who.kode,
        who.nama,
        who.jabatan,
        task.id,
        MORNING,
    )
    words = step.fields.get("alasan") or step.fields.get("pertanyaan") or step.fields.get("hasil")
    assert words is None or words in data.values()


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_action_opens_the_next_task_with_its_waktu(desk: Desk, step: Step) -> None:
    number = ready(desk, step)
    before = {t.id for c in desk.complaints() for t in desk.tasks(c.number)}
    desk.press(
        PEOPLE[desk.task(step.name, number).kind],
        step.name,
        number=number,
        files=step.files,
        **step.fields,
    )
    opened = [t for c in desk.complaints() for t in desk.tasks(c.number) if t.id not in before]
    if step.task is None:
        assert opened == []
        return
    assert {(t.kind, t.due_at, t.closed_at) for t in opened} == {(step.task, step.due, None)}
    assert all(t.opened_at == MORNING for t in opened)
    assert all(t.remind_at is None or (t.due_at and t.remind_at <= t.due_at) for t in opened)
    days = [
        t for t in opened if t.kind is TaskKind.KEPUTUSAN
    ]  # a limit of minutes is over before a mail is read
    assert all(t.remind_at for t in days)


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_action_puts_its_mails_and_no_others(desk: Desk, step: Step) -> None:
    number = ready(desk, step)
    before = len(desk.mails())
    desk.press(
        PEOPLE[desk.task(step.name, number).kind],
        step.name,
        number=number,
        files=step.files,
        **step.fields,
    )
    if step.name == "ajukan":
        desk.jobs()  # a letter to be signed gets its number first
    assert sorted((m.name, m.recipient) for m in desk.mails()[before:]) == sorted(step.mails)


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_action_closes_its_task_if_the_sop_says_so_and_leaves_the_chain_whole(
    desk: Desk, step: Step
) -> None:
    number = ready(desk, step)
    task = desk.task(step.name, number)
    desk.press(PEOPLE[task.kind], step.name, number=number, files=step.files, **step.fields)
    now = next(t for t in desk.tasks(number) if t.id == task.id)
    given = action(task.kind, step.name)
    assert given is not None
    if given.closes:
        assert (now.closed_at, now.closed_by, now.outcome) == (
            MORNING,
            PEOPLE[task.kind],
            step.name,
        )
    else:
        assert (now.closed_at, now.closed_by, now.outcome) == (None, "", "")
    assert desk.faults() == []


def test_every_action_of_every_stage_is_covered_above_or_below() -> None:
    elsewhere = {
        (TaskKind.CATAT, "gabungkan"),
        (TaskKind.KETERANGAN, "jawab"),
        (TaskKind.JAWABAN, "unggah"),
    }
    elsewhere |= {
        (TaskKind.KETERANGAN, "bukan_bidang"),
        (TaskKind.KLARIFIKASI, "tarik_pertanyaan"),
    }  # test_mending
    elsewhere |= {
        (TaskKind.ARSIP, "kirim_ulang"),
        (TaskKind.ARSIP, "sampaikan_ulang"),
    }  # test_mending
    elsewhere |= {(TaskKind.KEPUTUSAN, "batal_rapat")}  # test_meetings
    elsewhere |= {(TaskKind.JAWABAN, "unggah_pengantar")}  # test_covering
    elsewhere |= {(TaskKind.ARSIP, "kirim_tembusan")}  # test_copies
    elsewhere |= {
        (k, "pilih_jawaban") for k in (TaskKind.KLARIFIKASI, TaskKind.JAWABAN)
    }  # test_decisions
    elsewhere |= {(TaskKind.JAWABAN, "susun_ulang")}  # web/test_sentences
    elsewhere |= {(TaskKind.KLARIFIKASI, "gabungkan")}  # test_merged_citizens, with all of GABUNGAN
    elsewhere |= {(TaskKind.GABUNGAN, a.name) for a in ACTIONS[TaskKind.GABUNGAN]}
    beside = (TaskKind.TANYA, TaskKind.PENCABUTAN, TaskKind.MACET, TaskKind.PENGIRIMAN)
    elsewhere |= {
        (k, a.name) for k in beside for a in ACTIONS[k]
    }  # test_without_email, test_orders
    others = set(ACTIONS) - {TaskKind.KEPUTUSAN}
    elsewhere |= {(k, a.name) for k in others for a in ACTIONS[k] if a in RAPAT}  # test_orders
    elsewhere |= {(TaskKind.PENGANTAR, a.name) for a in ACTIONS[TaskKind.PENGANTAR]}
    elsewhere |= {
        (k, a.name) for k in (TaskKind.PINDAI, TaskKind.TERTAHAN) for a in ACTIONS[k]
    }  # test_intake
    elsewhere |= {(TaskKind.KEPUTUSAN, "gabungkan")}  # test_merging
    elsewhere |= {(TaskKind.CATAT, "gabungkan_semua")}  # web/test_waves
    elsewhere |= {(k, a.name) for k in REPORTING for a in ACTIONS[k]}  # reports/test_reports
    kind_of = {
        Stage.PENERIMAAN: TaskKind.CATAT,
        Stage.SELESAI: TaskKind.ARSIP,
        **{s: TaskKind(s) for s in (Stage.KLARIFIKASI, Stage.KEPUTUSAN, Stage.JAWABAN)},
        **{s: TaskKind(s) for s in (Stage.TANDA_TANGAN, Stage.PENYAMPAIAN)},
    }
    here = {(kind_of[s.at], s.name) for s in STEPS}
    assert here | elsewhere == {
        (kind, a.name) for kind, actions in ACTIONS.items() for a in actions
    }


# ---- recording -----------------------------------------------------------------------------------------------


def test_recording_opens_langkah_1_and_thanks_the_pengadu(desk: Desk) -> None:
    number = desk.record()
    assert desk.stage(number) is Stage.PENERIMAAN
    assert desk.kinds(number) == [EventKind.RECEIVED]
    assert [(t.kind, t.due_at) for t in desk.tasks(number)] == [
        (TaskKind.CATAT, jakarta(24, 9, 30))
    ]
    assert [(m.name, m.recipient) for m in desk.mails()] == [
        ("tanda_terima", SITI),
        ("tugas_catat", JFU[0]),
        ("tugas_catat", JFU[1]),
    ]


def test_complaint_without_an_address_is_recorded_and_nobody_is_written_to_in_vain(
    desk: Desk,
) -> None:
    desk.record(email="")
    assert {m.name for m in desk.mails()} == {"tugas_catat"}


def test_complaint_that_arrives_on_friday_evening_is_due_on_monday(desk: Desk) -> None:
    desk.clock.now = jakarta(27, 20)
    assert desk.tasks(desk.record())[0].due_at == jakarta(30, 8)


def test_counter_complaint_goes_straight_to_the_sekretaris(desk: Desk) -> None:
    """The JFU who types it in has done all of langkah 1."""
    form = cases.check(
        desk.settings,
        TaskKind.PINDAI,
        "catat_slip",
        {"perihal": ["Antrean"], "isi": ["Antrean lama."]},
        {},
    )
    with desk.work() as work:
        made = cases.record_at_counter(work, desk.person("jfu-2"), form, Channel.LANGSUNG)
    assert (made.stage, made.channel, made.ringkasan) == (
        Stage.KLARIFIKASI,
        Channel.LANGSUNG,
        "Antrean lama.",
    )
    assert desk.kinds() == [EventKind.RECEIVED, EventKind.RECORDED]
    assert {e.actor for e, _ in desk.events()} == {"jfu-2"}
    assert [t.kind for t in desk.tasks()] == [TaskKind.KLARIFIKASI]


def test_received_time_never_lies_after_the_recording(desk: Desk) -> None:
    """A mail server whose clock runs ahead must not make a negative Lama."""
    with desk.work() as work:
        (made,) = record(
            work, [New(Channel.EMAIL, Pengadu(), perihal="x", isi="y", received_at=jakarta(24, 11))]
        )
    assert made.received_at == made.recorded_at == MORNING


# ---- langkah 2: units ----------------------------------------------------------------------------------------


def test_answer_of_a_unit_reaches_the_sekretaris_and_moves_nothing(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press(
        "sekretaris",
        "tanya_unit",
        petugas=["kasubag-umum", "kasi-infrastruktur"],
        pertanyaan="Benarkah?",
    )
    before = len(desk.mails())
    desk.press("kasi-infrastruktur", "jawab", jawaban="Benar.", files={"berkas": ("foto.png", PNG)})
    assert desk.stage(number) is Stage.KLARIFIKASI
    event, data = desk.events(number)[-1]
    assert (event.kind, event.actor, data["teks"]) == (
        EventKind.UNIT_ANSWERED,
        "kasi-infrastruktur",
        "Benar.",
    )
    assert [(m.name, m.recipient) for m in desk.mails()[before:]] == [
        ("dijawab_sebagian", SEKRETARIS)
    ]
    assert [d.kind for d in desk.documents(number)] == ["keterangan"]
    still = {(t.kind, t.holder) for t in desk.tasks(number, open_only=True)}
    assert still == {(TaskKind.KLARIFIKASI, ""), (TaskKind.KETERANGAN, "kasubag-umum")}


def test_asked_units_stand_in_the_book(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    assert desk.complaint().unit == "umum"
    desk.press("sekretaris", "laporkan_kepala", unit=["informasi"])
    assert desk.complaint().unit == "informasi,umum"


def test_unit_that_has_not_answered_is_released_when_the_sekretaris_reports(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    desk.press("sekretaris", "laporkan_kepala")
    asked = next(t for t in desk.tasks() if t.kind is TaskKind.KETERANGAN)
    assert (asked.closed_by, asked.outcome) == ("sistem", "dilanjutkan")
    desk.press("kasubag-umum", "jawab", task=asked)  # keterangan susulan: see test_orders
    assert desk.stage() is Stage.KEPUTUSAN


def test_unit_that_is_asked_after_the_limit_has_time_of_its_own(desk: Desk) -> None:
    """A task must not be late at the moment at which it is asked for."""
    desk.to(Stage.KLARIFIKASI)
    desk.later(minutes=15)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    assert desk.task("jawab").due_at == jakarta(24, 9, 25)


# ---- langkah 3 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", list(Decision))
def test_decision_is_kept_with_its_instruction(desk: Desk, decision: Decision) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "putuskan",
        keputusan=decision,
        perintah="Jelaskan.",
        disampaikan="Jelaskan.",
        instansi="PLN Madiun",
    )
    complaint = desk.complaint()
    agency = "PLN Madiun" if decision is Decision.BUKAN_WEWENANG else ""
    assert (complaint.decision, complaint.perintah, complaint.instansi) == (
        decision,
        "Jelaskan.",
        agency,
    )


def test_bukan_wewenang_must_name_the_agency(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    with pytest.raises(Invalid) as caught:
        desk.press("kepala", "putuskan", keputusan="bukan_wewenang")
    assert set(caught.value.errors) == {"instansi"}
    assert desk.stage() is Stage.KEPUTUSAN


def test_meeting_in_the_past_is_refused_and_nothing_is_kept(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    before = desk.count(Event)
    with pytest.raises(Invalid) as caught:
        desk.press("kepala", "rapat", waktu="2026-11-24T08:59", tempat="Ruang rapat")
    assert set(caught.value.errors) == {"waktu"}
    assert desk.count(Event) == before


def test_meeting_does_not_move_the_limit_of_langkah_3(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    before = desk.task("rapat").due_at
    desk.press("kepala", "rapat", waktu="2026-11-26T10:00", tempat="Ruang rapat")
    assert desk.task("rapat").due_at == before


def test_minutes_need_words_or_a_file(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "rapat", **CONVENED)
    with pytest.raises(Invalid):
        desk.press("kepala", "notulen")
    desk.press("kepala", "notulen", files={"berkas": ("notulen.png", PNG)})
    assert [d.kind for d in desk.documents()] == ["notulen"]


def test_minutes_are_of_a_rapat_that_was_convened(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    with pytest.raises(Forbidden):
        desk.press("kepala", "notulen", notulen="Disepakati.")


# ---- langkah 4 and the signature -----------------------------------------------------------------------------


def test_draft_comes_by_job_and_with_it_the_mail(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "putuskan",
        keputusan="ditolak",
        perintah="Jelaskan alasannya.",
        disampaikan="Jelaskan alasannya.",
    )
    before = len(desk.mails())
    desk.jobs()
    (mail,) = desk.mails()[before:]
    (draft,) = desk.documents()
    assert (mail.name, mail.recipient) == ("tugas_jawaban", SEKRETARIS)
    assert mail.attachments == [[draft.sha256, draft.name, draft.mime]]
    assert (draft.kind, draft.version) == ("konsep", 1)
    assert desk.kinds()[-1] is EventKind.DRAFTED


def test_draft_of_a_case_that_went_back_meanwhile_is_dropped(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "putuskan", keputusan="ditolak")
    desk.press("sekretaris", "kembalikan")
    desk.jobs()
    assert desk.documents() == []
    assert EventKind.DRAFTED not in desk.kinds()


def draft_of(desk: Desk) -> bytes:
    from_store = [d for d in desk.documents() if d.kind == "konsep"][-1]
    with desk.work() as work:
        return store.get(work.session, from_store.sha256)


def test_every_uploaded_version_is_kept_and_the_last_is_submitted(desk: Desk) -> None:
    desk.to(Stage.JAWABAN)
    letter = draft_of(desk)
    for n in (1, 2):
        desk.press("sekretaris", "unggah", files={"surat": (f"versi {n}.docx", letter)})
    assert [(d.kind, d.version, d.name) for d in desk.documents()[1:]] == [
        ("surat", 1, "versi 1.docx"),
        ("surat", 2, "versi 2.docx"),
    ]
    assert desk.kinds()[-2:] == [EventKind.LETTER_STORED] * 2
    desk.press("sekretaris", "ajukan")
    assert desk.events()[-1][1]["dokumen"] == desk.documents()[-1].id


def test_letter_cannot_be_submitted_before_there_is_one(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "putuskan", keputusan="ditolak")
    with pytest.raises(Forbidden):
        desk.press("sekretaris", "ajukan")
    assert desk.stage() is Stage.JAWABAN


def test_letter_of_an_older_decision_cannot_be_submitted_for_a_new_one(desk: Desk) -> None:
    """Decided anew, and the new draft is not made yet: the old letter says what no longer holds."""
    desk.to(Stage.JAWABAN)
    desk.press("sekretaris", "kembalikan")
    desk.later(minutes=1)
    desk.press("kepala", "putuskan", keputusan="ditolak", perintah="Tolak.", disampaikan="Tolak.")
    with pytest.raises(Forbidden):
        desk.press("sekretaris", "ajukan")
    desk.jobs()
    desk.press("sekretaris", "ajukan")
    assert desk.events()[-1][1]["dokumen"] == desk.documents()[-1].id


@pytest.mark.parametrize(
    "content",
    [b"", b"bukan gambar", b"%PDF-1.4 rusak", SIGNED[:200], b"<html>", b"PK\x03\x04"],
    ids=repr,
)
def test_signed_letter_must_be_a_paper(desk: Desk, content: bytes) -> None:
    desk.to(Stage.TANDA_TANGAN)
    with pytest.raises(Invalid) as caught:
        desk.press("kepala", "tandatangani", files={"bertanda_tangan": ("surat.pdf", content)})
    assert set(caught.value.errors) == {"bertanda_tangan"}
    assert desk.stage() is Stage.TANDA_TANGAN
    assert desk.task("tandatangani").closed_at is None


# ---- langkah 5 -----------------------------------------------------------------------------------------------


def delivered(desk: Desk, state: str, error: str = "") -> None:
    """The outbox reports how the letter ended."""
    with desk.work() as work:
        mail = work.session.get_one(Outbox, desk.mails("surat_jawaban")[-1].id)
        mail.state, mail.error, mail.sent_at = (
            MailState(state),
            error,
            desk.clock() if state == "sent" else None,
        )
        delivery_result(work, mail)


def test_mailed_letter_closes_when_the_server_took_it_not_on_the_press(desk: Desk) -> None:
    desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-2", "kirim_email")
    assert (desk.stage(), desk.complaint().closed_at) == (Stage.PENGIRIMAN, None)
    assert [t.kind for t in desk.tasks(open_only=True)] == [TaskKind.PENGIRIMAN]
    desk.later(minutes=2)
    delivered(desk, "sent")
    complaint = desk.complaint()
    assert complaint.stage is Stage.SELESAI
    assert complaint.closed_at == complaint.delivered_at == jakarta(24, 9, 2)
    assert (complaint.paraf, complaint.delivery) == ("Sri Wahyuni", "email")
    assert desk.kinds()[-1] is EventKind.DELIVERED
    assert [t.kind for t in desk.tasks(open_only=True)] == [TaskKind.ARSIP]


def test_letter_that_the_server_refused_opens_langkah_5_again_with_the_reason(desk: Desk) -> None:
    desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email")
    delivered(desk, "dead", "550 5.1.1 User unknown")
    assert desk.stage() is Stage.PENYAMPAIAN
    assert desk.kinds()[-1] is EventKind.SEND_FAILED
    assert "550 5.1.1 User unknown" in desk.task("sampaikan").note
    assert desk.complaint().delivery == ""


def test_result_of_an_older_letter_does_not_close_a_newer_sending(desk: Desk) -> None:
    desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email")
    delivered(desk, "dead", "550 unknown")
    desk.press("jfu-1", "kirim_email")
    old = desk.mails("surat_jawaban")[0]
    with desk.work() as work:
        delivery_result(work, work.session.get_one(Outbox, old.id))
    assert desk.stage() is Stage.PENGIRIMAN


def test_letter_that_bounces_after_the_end_reopens_langkah_5_under_the_same_number(
    desk: Desk,
) -> None:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email")
    delivered(desk, "sent")
    with desk.work() as work:
        mail = work.session.get_one(Outbox, desk.mails("surat_jawaban")[-1].id)
        bounced(work, mail, permanent=True, diagnostic="550 mailbox full")
    complaint = desk.complaint()
    assert (complaint.number, complaint.stage) == (number, Stage.PENYAMPAIAN)
    assert (complaint.closed_at, complaint.delivered_at, complaint.delivery) == (None, None, "")
    assert desk.kinds()[-2:] == [EventKind.BOUNCED, EventKind.REOPENED]
    assert [t.kind for t in desk.tasks(open_only=True)] == [TaskKind.PENYAMPAIAN]


def test_delay_notice_is_noted_and_changes_nothing(desk: Desk) -> None:
    desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email")
    delivered(desk, "sent")
    with desk.work() as work:
        mail = work.session.get_one(Outbox, desk.mails("surat_jawaban")[-1].id)
        bounced(work, mail, permanent=False, diagnostic="450 later")
    assert desk.stage() is Stage.SELESAI
    assert desk.kinds()[-1] is EventKind.BOUNCED


def test_bounced_acknowledgement_is_told_to_every_jfu(desk: Desk) -> None:
    number = desk.record()
    with desk.work() as work:
        mail = work.session.get_one(Outbox, desk.mails("tanda_terima")[0].id)
        bounced(work, mail, permanent=True, diagnostic="550 unknown")
    assert [m.recipient for m in desk.mails("terpental")] == list(JFU)
    assert desk.stage(number) is Stage.PENERIMAAN


def test_letter_cannot_be_mailed_to_nobody(desk: Desk) -> None:
    number = desk.record(email="")
    desk.press("jfu-1", "laporkan", number=number, alamat="Jalan Mawar 5")
    desk.to(Stage.PENYAMPAIAN, number)
    with pytest.raises(Invalid):
        desk.press("jfu-1", "kirim_email")
    desk.press("jfu-1", "sampaikan", cara="pos", resi="JT 1")
    assert desk.stage() is Stage.SELESAI


@pytest.mark.parametrize(
    ("way", "fields", "files", "missing"),
    [
        ("langsung", {}, {}, {"penerima", "berkas"}),
        ("langsung", {"penerima": "Siti"}, {}, {"berkas"}),
        ("langsung", {}, PROOF, {"penerima"}),
        ("pos", {"bukti": "sudah dikirim"}, {}, {"resi"}),
        ("telepon", {"penerima": "Siti"}, {}, {"waktu"}),
        ("telepon", {"waktu": "2026-11-24T08:30"}, {}, {"penerima"}),
        ("telepon", {"penerima": "Siti", "waktu": "2027-01-01T08:30"}, {}, {"waktu"}),
        ("papan", {}, {}, {"tempat"}),
        ("papan", {"tempat": "lobi"}, {}, {"cara"}),
    ],
)
def test_answer_is_not_delivered_without_the_proof_of_its_way(
    desk: Desk,
    way: str,
    fields: dict[str, Any],
    files: dict[str, tuple[str, bytes]],
    missing: set[str],
) -> None:
    desk.to(Stage.PENYAMPAIAN)
    with pytest.raises(Invalid) as caught:
        desk.press("jfu-1", "sampaikan", cara=way, files=files, **fields)
    assert set(caught.value.errors) == missing
    assert desk.stage() is Stage.PENYAMPAIAN


def test_correction_tells_what_was_and_what_is(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    desk.press("sekretaris", "koreksi", nama="Siti Aminah", email=SITI, alasan="Salah nama.")
    data = desk.events()[-1][1]
    assert data == {
        "perubahan": {"nama": ["Siti Rahmawati", "Siti Aminah"]},
        "alasan": "Salah nama.",
    }
    assert desk.complaint().nama == "Siti Aminah"


def test_void_entry_that_is_reopened_starts_at_langkah_1(desk: Desk) -> None:
    number = desk.record()
    desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    desk.press("sekretaris", "buka_kembali", alasan="Ternyata pengaduan.")
    assert (desk.complaint().number, desk.stage()) == (number, Stage.PENERIMAAN)
    assert [t.kind for t in desk.tasks(open_only=True)] == [TaskKind.CATAT]
    assert desk.complaint().closed_at is None


# ---- returns -------------------------------------------------------------------------------------------------


def test_complaint_returned_at_every_langkah_still_reaches_its_end(desk: Desk) -> None:
    number = desk.record()
    for stage, who in (
        (Stage.KLARIFIKASI, "sekretaris"),
        (Stage.KEPUTUSAN, "kepala"),
        (Stage.JAWABAN, "sekretaris"),
        (Stage.TANDA_TANGAN, "kepala"),
        (Stage.PENYAMPAIAN, "jfu-2"),
    ):
        desk.to(stage, number)
        desk.press(who, "kembalikan", number=number, alasan=f"Dari {stage}.")
        (task,) = desk.tasks(number, open_only=True)
        assert task.note == f"Dari {stage}."
    desk.to(Stage.SELESAI, number)
    assert desk.kinds(number).count(EventKind.RETURNED) == 5
    assert desk.faults() == []


def test_note_of_a_return_reaches_the_one_who_has_to_mend(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "kembalikan", alasan="Mohon alamatnya dilengkapi.")
    for mail in desk.mails("tugas_catat")[-2:]:
        assert "Mohon alamatnya dilengkapi." in mail.text
        assert "Mohon alamatnya dilengkapi." in mail.html


# ---- who may -------------------------------------------------------------------------------------------------


ELSEWHERE = (
    TaskKind.PINDAI,
    TaskKind.TERTAHAN,
    TaskKind.PENGANTAR,
    TaskKind.GABUNGAN,
    TaskKind.TANYA,
    TaskKind.PENCABUTAN,
    TaskKind.MACET,
    TaskKind.PENGIRIMAN,
    *REPORTING,
)


@pytest.mark.parametrize("kind", [k for k in TaskKind if k not in ELSEWHERE])
def test_only_holders_of_the_role_may_act(desk: Desk, kind: TaskKind) -> None:
    stage = {
        TaskKind.CATAT: Stage.PENERIMAAN,
        TaskKind.ARSIP: Stage.SELESAI,
        TaskKind.KETERANGAN: Stage.KLARIFIKASI,
    }
    desk.to(stage.get(kind) or Stage(kind))
    if kind is TaskKind.KETERANGAN:
        desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    given = next(one for one in ACTIONS[kind][::-1] if one not in RAPAT)
    task, before = desk.task(given.name, holder="kasubag-umum"), desk.count(Event)
    holders = (
        {"kasubag-umum"}
        if kind is TaskKind.KETERANGAN
        else {p.kode for p in desk.settings.holders(*ROLE_OF[kind])}
    )
    for person in desk.settings.petugas:
        if person.kode not in holders:
            with pytest.raises(Forbidden):
                desk.press(person.kode, given.name, task=task)
    assert desk.count(Event) == before
    assert desk.task(given.name, holder="kasubag-umum").id == task.id


def test_action_that_the_task_does_not_offer_is_forbidden(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        cases.check(desk.settings, TaskKind.CATAT, "putuskan", {}, {})


def test_person_who_has_left_the_office_can_no_longer_act(desk: Desk) -> None:
    desk.record()
    former = desk.person("jfu-2")
    left = tuple(p for p in desk.settings.petugas if p.kode != "jfu-2")
    desk.settings = desk.settings.model_copy(update={"petugas": left})
    form = cases.check(desk.settings, TaskKind.CATAT, "bukan_pengaduan", {"alasan": ["x"]}, {})
    with pytest.raises(Forbidden), desk.work() as work:
        cases.act(work, desk.task("bukan_pengaduan").id, former, form)
    assert Role.JFU in former.peran


# ---- twice ---------------------------------------------------------------------------------------------------


def test_second_press_is_told_who_acted(desk: Desk) -> None:
    desk.record()
    task = desk.task("laporkan")
    desk.press("jfu-2", "laporkan", task=task)
    with pytest.raises(AlreadyDone) as caught:
        desk.press("jfu-1", "laporkan", task=task)
    assert (caught.value.by, caught.value.outcome, caught.value.at) == (
        "jfu-2",
        "laporkan",
        MORNING,
    )


KEEPS_OPEN = [
    s
    for s in STEPS
    if s.name
    in ("pisahkan", "tanya_unit", "tanya_pengadu", "rapat", "notulen", "perpanjang", "koreksi")
]


@pytest.mark.parametrize("step", KEEPS_OPEN, ids=[f"{s.at}-{s.name}" for s in KEEPS_OPEN])
def test_second_press_of_an_action_that_keeps_the_task_open_does_nothing(
    desk: Desk, step: Step
) -> None:
    """A double click, or the page sent again: the form carries what the page showed."""
    number = ready(desk, step)
    seen, task = desk.seen(number), desk.task(step.name, number)
    press: dict[str, Any] = {"task": task, "seen": seen, "files": step.files, **step.fields}
    desk.press(PEOPLE[task.kind], step.name, **press)
    counts = [desk.count(t) for t in (Event, Outbox, Document, Complaint)]
    with pytest.raises(AlreadyDone):
        desk.press(PEOPLE[task.kind], step.name, **press)
    assert [desk.count(t) for t in (Event, Outbox, Document, Complaint)] == counts


@pytest.mark.parametrize("step", KEEPS_OPEN, ids=[f"{s.at}-{s.name}" for s in KEEPS_OPEN])
def test_action_may_be_done_again_from_a_fresh_page(desk: Desk, step: Step) -> None:
    number = ready(desk, step)
    task = desk.task(step.name, number)
    for _ in range(2):
        press: dict[str, Any] = {
            "task": task,
            "seen": desk.seen(number),
            "files": step.files,
            **step.fields,
        }
        desk.press(PEOPLE[task.kind], step.name, **press)
    assert desk.kinds(number).count(step.event) == 2


def test_mail_of_the_pengadu_meanwhile_does_not_swallow_a_press(desk: Desk) -> None:
    """It is no second press: the page comes back with what is new, and pressed once more it acts."""
    number = desk.to(Stage.KLARIFIKASI)
    seen = desk.seen(number)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Tambahan.", [], None)
    with pytest.raises(cases.Changed):
        desk.press("sekretaris", "tanya_unit", seen=seen, petugas=["kasubag-umum"])
    desk.press("sekretaris", "tanya_unit", seen=desk.seen(number), petugas=["kasubag-umum"])
    assert desk.kinds(number)[-1] is EventKind.UNIT_ASKED


@pytest.mark.parametrize("units", [[], ["umum", "tidak_ada"], ["unit-lain"]])
def test_langkah_2_ends_with_the_units_or_the_word_that_there_is_none(
    desk: Desk, units: list[str]
) -> None:
    """Nobody's silence counts as "tidak ada" (SOP langkah 2)."""
    number = desk.to(Stage.KLARIFIKASI)
    with pytest.raises(cases.Invalid) as found:
        desk.press("sekretaris", "laporkan_kepala", number=number, hasil="Benar padam.", unit=units)
    assert set(found.value.errors) == {"unit"}
    assert desk.stage(number) is Stage.KLARIFIKASI


def test_that_no_unit_is_concerned_stands_as_said_also_after_one_was_asked(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press(
        "sekretaris",
        "tanya_unit",
        number=number,
        petugas=["kasi-infrastruktur"],
        pertanyaan="Benarkah?",
    )
    desk.press(
        "sekretaris", "laporkan_kepala", number=number, hasil="Bukan jaringan.", unit=["tidak_ada"]
    )
    assert desk.complaint(number).unit == "tidak_ada"
