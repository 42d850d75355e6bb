"""Officials act by replying: what acts, what comes back to be confirmed, and all that must never act."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from pipeline import intake, links, saved, store
from pipeline.db import Item, Outbox, reading, writing
from pipeline.demo.signed import signed_scan
from pipeline.sop import COMMANDS, EventKind, Stage, TaskKind, action
from pipeline.words import table
from tests.desk import Desk, desk_in
from tests.office import SIGNED, SITI, Mail, compose

INTAKE = "aduan@kominfo.example"
MAIL_OF = {
    Stage.PENERIMAAN: "tugas_catat",
    Stage.KLARIFIKASI: "tugas_klarifikasi",
    Stage.KEPUTUSAN: "tugas_keputusan",
    Stage.JAWABAN: "tugas_jawaban",
    Stage.TANDA_TANGAN: "tugas_tanda_tangan",
    Stage.PENYAMPAIAN: "tugas_penyampaian",
    Stage.SELESAI: "tugas_arsip",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, balasan={"server_tepercaya": ("mx.kominfo.example",)}) as made:
        yield made


def written(desk: Desk, row: Outbox, text: str, *, sender: str = "", subject: str = "", **more: Any) -> EmailMessage:
    """A reply to one of our mails as a mail program writes it."""
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    title = subject or f"Re: {row.subject}"
    return compose(sender or row.recipient, INTAKE, title, text, desk.clock(), reply_to=asked, **more)


def answer(desk: Desk, stage: Stage, text: str, **more: Any) -> Item:
    """The holder of a stage's task replies to its newest mail."""
    return desk.take_in(written(desk, desk.mails(MAIL_OF[stage])[-1], text, **more).as_bytes())


def quoted(text: str) -> str:
    return "Pada Sel, 24 Nov 2026 pukul 09.00 Pengaduan <aduan@kominfo.example> menulis:\n" + "".join(
        f"> {line}\n" for line in text.splitlines()
    )


# ---- what acts -----------------------------------------------------------------------------------------------

ACTS = [
    (Stage.PENERIMAAN, "LAPOR Lampu padam di Jalan Mawar.", Stage.KLARIFIKASI),
    (Stage.PENERIMAAN, "lapor", Stage.KLARIFIKASI),
    (Stage.PENERIMAAN, "BUKAN PENGADUAN: penawaran dagang", Stage.BATAL),
    (Stage.KLARIFIKASI, "LAPOR\nBenar, tiga titik padam.\nSaran: ditindaklanjuti.", Stage.KEPUTUSAN),
    (Stage.KLARIFIKASI, "KEMBALIKAN alamatnya belum lengkap", Stage.PENERIMAAN),
    (Stage.KLARIFIKASI, "\n\n*LAPOR* Benar padam.", Stage.KEPUTUSAN),
    (Stage.KEPUTUSAN, "KEMBALIKAN: mohon diperiksa lagi.", Stage.KLARIFIKASI),
    (Stage.JAWABAN, "SETUJU", Stage.TANDA_TANGAN),
    (Stage.JAWABAN, "Kembalikan: keputusannya belum jelas", Stage.KEPUTUSAN),
    (Stage.TANDA_TANGAN, "KEMBALIKAN tanggalnya keliru", Stage.JAWABAN),
    (Stage.PENYAMPAIAN, "KIRIM", Stage.PENGIRIMAN),
    (Stage.PENYAMPAIAN, "Kirim.", Stage.PENGIRIMAN),
    (Stage.SELESAI, "BUKA KEMBALI padam lagi", Stage.KLARIFIKASI),
]


@pytest.mark.parametrize(("stage", "text", "after"), ACTS)
def test_a_first_line_acts_as_the_button_does(desk: Desk, stage: Stage, text: str, after: Stage) -> None:
    number = desk.to(stage)
    before = len(desk.mails("balasan_dikerjakan"))
    answer(desk, stage, f"{text}\n\n{quoted('Lampu padam.')}")
    assert desk.stage(number) is after
    (receipt,) = desk.mails("balasan_dikerjakan")[before:]
    assert receipt.recipient == desk.mails(MAIL_OF[stage])[-1].recipient
    assert desk.faults() == []


def test_the_words_of_the_reply_are_kept_and_those_of_the_history_are_not(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    text = f"LAPOR Benar padam.\nTiang nomor 7.\n\n{quoted('rahasia lama')}"
    answer(desk, Stage.KLARIFIKASI, text)
    assert desk.complaint(number).hasil == "Benar padam.\nTiang nomor 7."
    event = next(e for e, _ in desk.events(number) if e.kind is EventKind.REPORTED)
    assert (event.actor, event.actor_title) == ("sekretaris", "Sekretaris")


def test_a_confidential_case_confirms_nothing_by_itself(desk: Desk) -> None:
    """What the case knows is filled in; that a paper whose code cannot be read is the right one, a person must say."""
    number = desk.record(rahasia=True)
    desk.press("jfu-1", "laporkan", number=number, nama="Siti Rahmawati", email=SITI, rahasia="ya")
    desk.to(Stage.TANDA_TANGAN, number)
    answer(desk, Stage.TANDA_TANGAN, "SETUJU", files=[("surat.jpg", "image/jpeg", SIGNED)])
    assert desk.stage(number) is Stage.TANDA_TANGAN


def test_a_report_keeps_what_is_known_of_the_pengadu(desk: Desk) -> None:
    number = desk.record(alamat="Jalan Mawar 5", telepon="0811 111 222", rahasia=True)
    answer(desk, Stage.PENERIMAAN, "LAPOR Lampu padam.")
    c = desk.complaint(number)
    assert (c.nama, c.alamat, c.telepon, c.rahasia) == ("Siti Rahmawati", "Jalan Mawar 5", "0811 111 222", True)
    assert c.ringkasan == "Lampu padam."


def test_a_question_to_the_pengadu_stops_the_clock_and_the_answer_has_a_fresh_link(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, "TANYA Tiang nomor berapa?")
    assert desk.task("laporkan_kepala").paused_at is not None
    assert desk.mails("tanya_pengadu")
    assert desk.mails("balasan_dikerjakan")[-1].links


def test_a_kasi_answers_with_a_photo(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum", "kasi-infrastruktur"])
    for row, name in zip(desk.mails("tugas_keterangan"), ("a", "b"), strict=True):
        text = f"Jawab: Tim {name} sudah ke lokasi."
        desk.take_in(written(desk, row, text, files=[("foto.jpg", "image/jpeg", SIGNED)]).as_bytes())
    answers = [data for event, data in desk.events(number) if event.kind is EventKind.UNIT_ANSWERED]
    assert [a["teks"] for a in answers] == ["Tim a sudah ke lokasi.", "Tim b sudah ke lokasi."]
    assert all(a["lampiran"] for a in answers)


def test_a_signed_letter_comes_by_reply(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    answer(desk, Stage.TANDA_TANGAN, "Setuju.", files=[("ttd.jpg", "image/jpeg", SIGNED)])
    assert desk.stage(number) is Stage.TANDA_TANGAN
    assert "tidak terbaca" in desk.mails("balasan_tugas")[-1].text
    with reading(desk.engine) as session:
        letter = store.get(session, next(d for d in desk.documents(number) if d.kind == "akhir").sha256)
    answer(desk, Stage.TANDA_TANGAN, "Setuju.", files=[("ttd.jpg", "image/jpeg", signed_scan(letter))])
    assert desk.stage(number) is Stage.PENYAMPAIAN


def test_two_signed_letters_come_in_any_order(desk: Desk) -> None:
    """Each goes where its own code says."""
    number = desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "putuskan", number=number, keputusan="bukan_wewenang", instansi="PLN", perintah="Milik PLN.")
    desk.jobs()
    desk.to(Stage.TANDA_TANGAN, number)
    with reading(desk.engine) as session:
        final = {d.kind: store.get(session, d.sha256) for d in desk.documents(number) if d.kind.endswith("akhir")}
    papers = [(f"{kind}.jpg", "image/jpeg", signed_scan(final[kind])) for kind in ("pengantar_akhir", "akhir")]
    answer(desk, Stage.TANDA_TANGAN, "SETUJU", files=papers)
    assert desk.stage(number) is Stage.PENYAMPAIAN
    assert {"ttd", "pengantar_ttd"} <= {d.kind for d in desk.documents(number)}


def test_a_signed_paper_is_read_before_anything_is_locked(desk: Desk) -> None:
    """Reading takes seconds, in which nobody else could write."""
    number = desk.to(Stage.TANDA_TANGAN)
    with reading(desk.engine) as session:
        letter = store.get(session, next(d for d in desk.documents(number) if d.kind == "akhir").sha256)
    files = [("ttd.jpg", "image/jpeg", signed_scan(letter))]
    item_id = desk.arrives(
        written(desk, desk.mails(MAIL_OF[Stage.TANDA_TANGAN])[-1], "Setuju.", files=files).as_bytes()
    )
    happened: list[str] = []

    def asked(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        happened.append(statement.split()[0])

    def called(frame: Any, what: str, _argument: Any) -> None:
        if what == "call" and frame.f_code.co_name in ("read_codes", "as_pdf"):
            happened.append("reads")

    event.listen(desk.engine, "before_cursor_execute", asked)
    sys.setprofile(called)
    try:
        intake.take_in(desk.engine, desk.settings, item_id, desk.clock)
    finally:
        sys.setprofile(None)
        event.remove(desk.engine, "before_cursor_execute", asked)
    first_write = next(n for n, word in enumerate(happened) if word in ("UPDATE", "INSERT"))
    reads = [n for n, word in enumerate(happened) if word == "reads"]
    assert len(reads) == 2
    assert max(reads) < first_write
    assert desk.stage(number) is Stage.PENYAMPAIAN


def test_an_edited_letter_and_setuju_go_to_the_signature_in_one_reply(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    with reading(desk.engine) as session:
        content = store.get(session, desk.documents(number)[-1].sha256)
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    answer(desk, Stage.JAWABAN, "SETUJU", files=[("Surat.docx", docx, content)])
    assert desk.stage(number) is Stage.TANDA_TANGAN
    assert [d.kind for d in desk.documents(number)][-1] == "surat"


def test_a_reply_that_lost_its_thread_is_known_by_the_link_it_quotes(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.key, row.links[0])
    text = f"LAPOR Benar.\n\n{quoted(f'https://aduan.kominfo.example/t/{token}?aksi=laporkan_kepala')}"
    bare = compose(row.recipient, INTAKE, "Balasan", text, desk.clock())
    desk.take_in(bare.as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN
    with reading(desk.engine) as session:
        later = desk.clock() + timedelta(seconds=1)
        assert not links.resolve(session, desk.settings.key, token, later).alive, "the mail that holds it is kept"


def test_a_link_in_a_mail_from_outside_is_kept_nowhere(desk: Desk) -> None:
    """An aide answers the forwarded mail of the Kepala Dinas: a complaint, as far as we can tell, without the link."""
    desk.to(Stage.KEPUTUSAN)
    row = desk.mails("tugas_keputusan")[-1]
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.key, row.links[0])
    text = f"Yth., ini dari ajudan.\n\n{quoted(f'https://aduan.kominfo.example/t/{token}?aksi=putuskan')}"
    desk.take_in(written(desk, row, text, sender="ajudan@pribadi.example").as_bytes())
    assert "ini dari ajudan" in desk.complaint().isi
    assert token not in desk.complaint().isi


# ---- decisions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("SETUJU Sampaikan bahwa lampu menyala.", {"keputusan": ["ditindaklanjuti"]}),
        ("setuju\nSampaikan bahwa lampu menyala.", {"keputusan": ["ditindaklanjuti"]}),
        ("TOLAK Sampaikan bahwa lampu menyala.", {"keputusan": ["ditolak"]}),
        ("BUKAN WEWENANG PLN Madiun\nSampaikan bahwa lampu menyala.", {"instansi": ["PLN Madiun"]}),
    ],
)
def test_a_decision_comes_back_filled_in_and_has_not_acted(desk: Desk, text: str, filled: dict[str, Any]) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    answer(desk, Stage.KEPUTUSAN, text)
    assert desk.stage(number) is Stage.KEPUTUSAN
    (mail,) = desk.mails("balasan_konfirmasi")
    assert "?aksi=putuskan" in mail.text
    assert "lampu menyala" in mail.text
    assert "menyala" not in mail.subject
    with reading(desk.engine) as session:
        values, _at = saved.of(session, desk.task("putuskan").id, "kepala")["putuskan"]
    assert {**values, **filled} == values
    assert values["perintah"] == ["Sampaikan bahwa lampu menyala."]


def test_a_decision_acts_at_once_where_config_says_so(tmp_path: Path) -> None:
    with desk_in(tmp_path, balasan={"keputusan_langsung": True}) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        answer(desk, Stage.KEPUTUSAN, "SETUJU Sampaikan bahwa lampu menyala.")
        assert desk.stage(number) is Stage.JAWABAN
        other = desk.to(Stage.KEPUTUSAN)
        answer(desk, Stage.KEPUTUSAN, "BUKAN WEWENANG")  # no agency named
        assert desk.stage(other) is Stage.KEPUTUSAN
        assert "instansi" in desk.mails("balasan_tugas")[-1].text


# ---- what never acts -----------------------------------------------------------------------------------------


def nothing_happened(desk: Desk, number: str, stage: Stage, before: int) -> None:
    assert desk.stage(number) is stage
    assert len(desk.events(number)) == before


def test_a_reply_from_another_address_does_not_act(desk: Desk) -> None:
    """A colleague to whom the mail was forwarded, another official, a stranger: none of them holds this link."""
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    for sender in ("kepala@kominfo.example", "jfu@kominfo.example", "ratih@pribadi.example"):
        answer(desk, Stage.KLARIFIKASI, "LAPOR Benar padam.", sender=sender)
        nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_a_forwarded_mail_does_not_act(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    for subject in ("Fwd: tugas", "FW: tugas", "Trs: tugas", "Terusan: tugas"):
        answer(desk, Stage.KLARIFIKASI, "LAPOR Benar padam.", subject=subject)
        nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    assert "Email terusan" in desk.mails("balasan_tugas")[-1].text


@pytest.mark.parametrize(
    "headers",
    [{"Auto-Submitted": "auto-replied"}, {"X-Autoreply": "yes"}, {"Precedence": "auto_reply"}, {"X-Vacation": "1"}],
)
def test_an_out_of_office_never_acts_and_is_not_answered(desk: Desk, headers: dict[str, str]) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before, mails = len(desk.events(number)), len(desk.mails())
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR Saya sedang cuti sampai 30 November.")
    for name, value in headers.items():
        message[name] = value
    desk.take_in(message.as_bytes())
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    assert len(desk.mails()) == mails


@pytest.mark.parametrize(
    "text",
    [
        quoted("LAPOR Benar padam."),
        "Terima kasih.\n\n" + quoted("LAPOR Benar padam."),
        "-----Pesan Asli-----\nDari: Pengaduan\n\nLAPOR Benar padam.",
        "Baik, nanti saya lapor.",
        "LAPOR?",
        "Laporan menyusul.",
        "Belum dapat LAPOR.",
        "Saya sedang cuti.\nLAPOR",
        "",
    ],
)
def test_quoted_commands_and_sentences_do_not_act(desk: Desk, text: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    answer(desk, Stage.KLARIFIKASI, text)
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    (mail,) = desk.mails("balasan_tugas")
    words = " ".join(mail.text.split())
    assert "LAPOR lalu hasil klarifikasi" in words
    assert "KEMBALIKAN lalu alasannya" in words
    assert mail.links


@pytest.mark.parametrize(
    "introduced",
    [
        "Aduan, 24 Nov 2026 09.00:",
        "Dari: Aduan <aduan@kominfo.example>\nTanggal: Sel, 24 Nov 2026 09.00",
        "--- begin ---",
    ],
)
def test_our_own_mail_never_goes_on_to_the_pengadu_however_it_is_quoted(desk: Desk, introduced: str) -> None:
    desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    answer(desk, Stage.KLARIFIKASI, f"TANYA Tiang nomor berapa?\n\n{introduced}\n\n{row.text}")
    (asked,) = desk.mails("tanya_pengadu")
    assert "Tiang nomor berapa?" in asked.text
    assert "Ringkasan" not in asked.text
    assert "Yth. Bapak/Ibu" not in asked.text


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (Stage.PENERIMAAN, "Lapor ke siapa ini ya?"),
        (Stage.PENERIMAAN, "Bukan pengaduan menurut saya, tapi tolong dicek dulu."),
        (Stage.KLARIFIKASI, "Lapor ke saya besok kalau sudah dicek lapangan."),
        (Stage.KLARIFIKASI, "Tanya ke Pak Budi dulu ya, nomor pelapor dicatat belum?"),
        (Stage.KLARIFIKASI, "Kembalikan buku saya kalau sudah selesai dibaca."),
        (Stage.JAWABAN, "Setuju, tapi alamatnya salah. Saya perbaiki dulu, jangan dikirim."),
        (Stage.PENYAMPAIAN, "Kirim besok saja, saya mau cek alamatnya dulu."),
        (Stage.PENYAMPAIAN, "Kirim lewat pos saja, pengadu tidak punya email."),
    ],
)
def test_a_sentence_that_begins_with_the_word_asks_whether_it_is_meant(desk: Desk, stage: Stage, text: str) -> None:
    number = desk.to(stage)
    before, sent = len(desk.events(number)), len(desk.mails("surat_jawaban", "tanya_pengadu", "bukan_pengaduan"))
    answer(desk, stage, text)
    nothing_happened(desk, number, stage, before)
    assert len(desk.mails("surat_jawaban", "tanya_pengadu", "bukan_pengaduan")) == sent
    (mail,) = desk.mails("balasan_tugas")
    assert "belum jelas apakah itu perintah" in " ".join(mail.text.split())


@pytest.mark.parametrize("stated", ["dmarc=fail", "spf=fail", "dkim=fail; spf=pass"])
def test_a_sender_that_our_own_server_doubts_does_not_act(desk: Desk, stated: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR Benar padam.")
    message["Authentication-Results"] = f"mx.kominfo.example; {stated}"
    desk.take_in(message.as_bytes())
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    assert "tidak dapat memastikan" in " ".join(desk.mails("balasan_tugas")[-1].text.split())


def test_what_other_servers_state_counts_for_nothing(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR Benar padam.")
    message["Authentication-Results"] = "mx.lain.example; dmarc=fail"
    desk.take_in(message.as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN


def test_a_guessed_message_id_or_a_bare_mail_does_not_act(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    before = len(desk.events(number))
    for thread in ("<tebakan@kominfo.example>", ""):
        bare = compose(row.recipient, INTAKE, f"Re: {row.subject}", f"LAPOR {number}", desk.clock())
        if thread:
            bare["In-Reply-To"] = thread
        desk.take_in(bare.as_bytes())
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_somebody_elses_link_in_the_text_does_not_act(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.key, desk.mails("tugas_klarifikasi")[-1].links[0])
    text = f"LAPOR Benar.\n\n{quoted(f'https://aduan.kominfo.example/t/{token}')}"
    desk.take_in(compose("kepala@kominfo.example", INTAKE, "Balasan", text, desk.clock()).as_bytes())
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_a_task_that_is_done_stays_done(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    before = len(desk.events(number))
    answer(desk, Stage.KLARIFIKASI, "KEMBALIKAN keliru")
    nothing_happened(desk, number, Stage.KEPUTUSAN, before)
    assert "sudah selesai dikerjakan" in " ".join(desk.mails("balasan_tugas")[-1].text.split())


def test_the_same_reply_twice_acts_once(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR Benar padam.")
    desk.take_in(message.as_bytes())
    before = len(desk.events(number))
    del message["Message-ID"]
    message["Message-ID"] = "<lagi@kominfo.example>"
    desk.take_in(message.as_bytes())
    nothing_happened(desk, number, Stage.KEPUTUSAN, before)


def test_what_is_refused_half_way_leaves_nothing_behind(desk: Desk) -> None:
    """KIRIM without an address of the pengadu: the task is open still, and nothing of the act is kept."""
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "koreksi", number=number, nama="Siti", email="")
    before = len(desk.events(number))
    answer(desk, Stage.PENYAMPAIAN, "KIRIM")
    nothing_happened(desk, number, Stage.PENYAMPAIAN, before)
    assert desk.task("kirim_email", number).closed_at is None


# ---- the words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_word_names_an_action_and_a_field_of_its_task_and_is_explained(kind: TaskKind) -> None:
    for command in COMMANDS[kind]:
        given = action(kind, command.action)
        assert given is not None
        names = {field.name for field in given.fields}
        assert {command.field, command.first, *(name for name, _ in command.fixed)} - {""} <= names
    assert {c.word for c in COMMANDS[kind]} == set(table(f"balas.{kind}"))


def test_the_mail_lists_the_words_that_its_task_knows(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    for kind in (TaskKind.CATAT, TaskKind.KLARIFIKASI, TaskKind.KEPUTUSAN, TaskKind.JAWABAN, TaskKind.TANDA_TANGAN):
        mail = desk.mails(f"tugas_{kind}")[0]
        for command in COMMANDS[kind]:
            assert f"{command.word} " in mail.text


def test_what_was_filled_in_is_forgotten_when_the_task_closes(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    answer(desk, Stage.KEPUTUSAN, "SETUJU Sampaikan bahwa lampu menyala.")
    task = desk.task("putuskan")
    desk.press("kepala", "kembalikan", alasan="Periksa lagi.")
    with writing(desk.engine) as session:
        assert saved.of(session, task.id, "kepala") == {}
