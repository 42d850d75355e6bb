"""The covering letter (surat pengantar) to the agency in charge: drafted, edited, numbered, signed, delivered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pipeline import cases
from pipeline.cases import Forbidden, Invalid
from pipeline.cases.chain import SYSTEM
from pipeline.cases.erasure import NotErasable, erase
from pipeline.cases.input import File, read_letter
from pipeline.cases.outcomes import delivery_result, letter_by_mail
from pipeline.data import store
from pipeline.data.states import DocumentKind, MailState
from pipeline.data.tables import Outbox
from pipeline.demo.signed import signed_scan
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.register import book
from tests.cases.test_act import PNG
from tests.desk import Desk, desk_in
from tests.kantor import Mail, bounce_of
from tests.letters.sample import changed, texts

BODY, AGENCY = "word/document.xml", "pln@luar.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def decided(desk: Desk, number: str = "") -> str:
    number = desk.to(Stage.KEPUTUSAN, number)
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="bukan_wewenang",
        instansi="PLN Madiun",
        perintah="Sampaikan bahwa meteran milik PLN.",
        disampaikan="Bahwa meteran milik PLN.",
    )
    desk.jobs()
    return number


def stored(desk: Desk, number: str, kind: str) -> bytes:
    with desk.work() as work:
        return store.get(
            work.session, [d for d in desk.documents(number) if d.kind == kind][-1].sha256
        )


def submitted(desk: Desk) -> str:
    number = decided(desk)
    desk.press("sekretaris", "ajukan", number=number)
    desk.jobs()
    return number


def signed(desk: Desk) -> str:
    number = submitted(desk)
    desk.press("kepala", "tandatangani", number=number, files=scans(desk, number))
    return number


def scans(desk: Desk, number: str) -> dict[str, tuple[str, bytes]]:
    return {
        "bertanda_tangan": ("a.jpg", signed_scan(stored(desk, number, "akhir"))),
        "pengantar_bertanda_tangan": (
            "b.jpg",
            signed_scan(stored(desk, number, "pengantar_akhir")),
        ),
    }


def kinds(desk: Desk, number: str) -> list[TaskKind]:
    return [task.kind for task in desk.tasks(number, open_only=True)]


def test_edited_one_is_taken_checked_and_is_what_gets_signed(desk: Desk) -> None:
    number = decided(desk)
    better = changed(
        stored(desk, number, "pengantar"),
        BODY,
        "Kami mohon kesediaan",
        "Kami sangat mohon kesediaan",
    )
    desk.press(
        "sekretaris",
        "unggah_pengantar",
        number=number,
        files={"surat_pengantar": ("p.docx", better)},
    )
    desk.press("sekretaris", "ajukan", number=number)
    desk.jobs()
    final = texts(stored(desk, number, "pengantar_akhir"))
    assert any("Kami sangat mohon" in text for text in final)
    assert any("400.14.5/2/401.109/2026" in text for text in final)
    assert desk.complaint(number).covering_number == "400.14.5/2/401.109/2026"


def test_what_is_wrong_with_it_stops_the_handing_in(desk: Desk) -> None:
    number = decided(desk)
    bad = changed(stored(desk, number, "pengantar"), BODY, "NOOR AFLAH", "BUDI")
    desk.press(
        "sekretaris", "unggah_pengantar", number=number, files={"surat_pengantar": ("p.docx", bad)}
    )
    with pytest.raises(Invalid, match="harus diperbaiki"):
        desk.press("sekretaris", "ajukan", number=number, yakin="ya")


def test_the_two_letters_are_not_mistaken_for_each_other(desk: Desk) -> None:
    number = decided(desk)
    answer, covering = stored(desk, number, "konsep"), stored(desk, number, "pengantar")
    with pytest.raises(
        Invalid, match=r"Berkas ini Surat pengantar, sedangkan yang diminta di sini Surat jawaban"
    ):
        desk.press("sekretaris", "unggah", number=number, files={"surat": ("p.docx", covering)})
    with pytest.raises(Invalid, match="Berkas ini Surat jawaban"):
        desk.press(
            "sekretaris",
            "unggah_pengantar",
            number=number,
            files={"surat_pengantar": ("a.docx", answer)},
        )


def test_by_mail_it_is_known_by_its_marks(desk: Desk) -> None:
    number = decided(desk)
    task, content = desk.task("ajukan", number), stored(desk, number, "pengantar")
    with desk.work() as work:
        file, letter = (
            File("p.docx", "application/octet-stream", content),
            read_letter(desk.settings, content),
        )
        assert letter_by_mail(work, task.id, desk.person("sekretaris"), file, letter) == ""
    assert [d.kind for d in desk.documents(number)] == ["konsep", "pengantar", "pengantar_surat"]


def test_case_without_another_agency_has_none_to_upload(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    with pytest.raises(Forbidden):
        desk.press(
            "sekretaris",
            "unggah_pengantar",
            number=number,
            files={"surat_pengantar": ("a.docx", stored(desk, number, "konsep"))},
        )


def test_it_is_signed_together_with_the_answer(desk: Desk) -> None:
    number = submitted(desk)
    both = scans(desk, number)
    task = desk.task("tandatangani", number)
    form = cases.check(
        desk.settings,
        task.kind,
        "tandatangani",
        {},
        {"bertanda_tangan": cases.Upload(*both["bertanda_tangan"])},
    )
    with pytest.raises(Invalid) as refused, desk.work() as work:
        cases.act(work, task.id, desk.person("kepala"), form)
    assert set(refused.value.errors) == {"pengantar_bertanda_tangan"}
    swapped = dict(zip(both, reversed(both.values()), strict=True))
    with pytest.raises(Invalid, match="Berkas ini Surat pengantar"):
        desk.press("kepala", "tandatangani", number=number, files=swapped)
    desk.press("kepala", "tandatangani", number=number, files=both)
    names = {d.kind: d.name for d in desk.documents(number)}
    assert names[DocumentKind.TTD] == f"Surat jawaban {number}.pdf"
    assert names[DocumentKind.PENGANTAR_TTD] == f"Surat pengantar {number}.pdf"
    event, data = desk.events(number)[-1]
    assert event.kind is EventKind.SIGNED
    assert (len(data["dokumen"]), data["tanpa_kode"]) == (2, False)
    assert kinds(desk, number) == [TaskKind.PENYAMPAIAN, TaskKind.PENGANTAR]
    with pytest.raises(Forbidden):
        desk.press("kepala", "kirim_pengantar", number=number, alamat_instansi=AGENCY)


def test_it_goes_by_mail_and_the_servers_word_is_recorded(desk: Desk) -> None:
    number = signed(desk)
    desk.press(
        "jfu-1", "kirim_pengantar", number=number, alamat_instansi=AGENCY, pesan="Mohon dibantu."
    )
    (mail,) = desk.mails("surat_pengantar")
    assert (mail.recipient, [name for _sha, name, _mime in mail.attachments]) == (
        AGENCY,
        [f"Surat pengantar {number}.pdf"],
    )
    assert "Siti" not in mail.text
    assert kinds(desk, number) == [TaskKind.PENYAMPAIAN]
    ended(desk, mail, "sent")
    event, data = desk.events(number)[-1]
    assert (event.kind, data["cara"], data["instansi"]) == (
        EventKind.COVERING_DELIVERED,
        "email",
        "PLN Madiun",
    )
    assert desk.stage(number) is Stage.PENYAMPAIAN
    assert desk.faults() == []


def ended(desk: Desk, mail: Outbox, state: str) -> None:
    with desk.work() as work:
        row = work.session.get_one(Outbox, mail.id)
        row.state, row.error, row.sent_at = (
            MailState(state),
            "550 5.1.1 User unknown" if state == "dead" else "",
            desk.clock(),
        )
        delivery_result(work, row)


def test_refused_or_returned_it_is_the_jfus_again_and_nobody_elses(desk: Desk) -> None:
    number = signed(desk)
    desk.press("jfu-1", "kirim_pengantar", number=number, alamat_instansi=AGENCY)
    ended(desk, desk.mails("surat_pengantar")[-1], "dead")
    task = desk.task("kirim_pengantar", number)
    assert "550 5.1.1" in task.note
    desk.press("jfu-1", "kirim_pengantar", number=number, alamat_instansi="lain@luar.example")
    mail = desk.mails("surat_pengantar")[-1]
    ended(desk, mail, "sent")
    raw = f"Subject: x\r\nMessage-ID: {mail.message_id}\r\n\r\nx".encode()
    desk.take_in(bounce_of(Mail(mail.recipient, raw), desk.clock()))
    assert "dikembalikan oleh server email instansi" in desk.task("kirim_pengantar", number).note
    assert not desk.mails("petugas_tak_terjangkau", "terpental")
    assert desk.stage(number) is Stage.PENYAMPAIAN


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"cara": "langsung", "penerima": "Petugas loket"}, "Diterima oleh Petugas loket"),
        ({"cara": "pos", "resi": "JT 77"}, "Nomor resi JT 77."),
    ],
)
def test_handed_over_it_is_recorded_with_its_proof_also_after_the_case_is_closed(
    desk: Desk, fields: dict[str, Any], told: str
) -> None:
    number = desk.to(Stage.SELESAI, signed(desk))
    assert TaskKind.PENGANTAR in kinds(desk, number)
    with pytest.raises(Invalid):
        desk.press("jfu-1", "sampaikan_pengantar", number=number, cara=fields["cara"])
    desk.press(
        "jfu-1",
        "sampaikan_pengantar",
        number=number,
        files={"berkas": ("bukti.png", PNG)},
        **fields,
    )
    event, data = desk.events(number)[-1]
    assert event.kind is EventKind.COVERING_DELIVERED
    assert data["teks"].startswith(told)
    assert len(data["lampiran"]) == 1
    assert kinds(desk, number) == [TaskKind.ARSIP]
    assert desk.stage(number) is Stage.SELESAI


def test_people_are_not_erased_while_it_waits_to_be_delivered(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI, signed(desk))
    with pytest.raises(NotErasable), desk.work() as work:
        erase(work, desk.complaint(number).id, SYSTEM, "diminta")
    desk.press("jfu-1", "sampaikan_pengantar", number=number, cara="pos", resi="JT 77")
    with desk.work() as work:
        work.session.execute(update(Outbox).values(state="sent", told=True))
        erase(work, desk.complaint(number).id, SYSTEM, "diminta")
    kept = {d.kind: set(d.facts or {}) for d in desk.documents(number)}
    assert set(kept) == {"ttd", "pengantar_ttd"}
    assert not any("alinea" in facts for facts in kept.values())


def test_book_names_its_number(desk: Desk) -> None:
    signed(desk)
    with desk.work() as work:
        (row,) = book.rows(work, book.Filter())
    assert row.cells["keterangan"] == "Surat pengantar 400.14.5/2/401.109/2026"


def test_answer_that_is_taken_back_takes_it_back_too(desk: Desk) -> None:
    number = signed(desk)
    desk.press("jfu-1", "kembalikan", number=number, alasan="Salah alamat.")
    assert kinds(desk, number) == [TaskKind.JAWABAN]
    desk.press("sekretaris", "ajukan", number=number)
    desk.jobs()
    assert desk.complaint(number).covering_number == "400.14.5/2/401.109/2026"  # it keeps its own


def test_new_round_gives_it_a_new_number(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI, signed(desk))
    desk.press("sekretaris", "buka_kembali", number=number, alasan="Belum ditangani.")
    assert desk.complaint(number).covering_number == ""
    decided(desk, desk.to(Stage.KLARIFIKASI, number))
    desk.press("sekretaris", "ajukan", number=number)
    assert desk.complaint(number).covering_number == "400.14.5/4/401.109/2026"


def test_office_that_numbers_by_hand_types_two(tmp_path: Path) -> None:
    with desk_in(tmp_path, surat={"penomoran": "manual"}) as desk:
        number = decided(desk)
        with pytest.raises(Invalid) as refused:
            desk.press("sekretaris", "ajukan", number=number, nomor_surat="065/12/401.109/2026")
        assert set(refused.value.errors) == {"nomor_pengantar"}
        same = "065/12/401.109/2026"
        with pytest.raises(Invalid, match="sudah dipakai"):
            desk.press(
                "sekretaris", "ajukan", number=number, nomor_surat=same, nomor_pengantar=same
            )
        desk.press(
            "sekretaris",
            "ajukan",
            number=number,
            nomor_surat="065/12/401.109/2026",
            nomor_pengantar="065/13/401.109/2026",
        )
        desk.jobs()
        line = next(
            text
            for text in texts(stored(desk, number, "pengantar_akhir"))
            if text.startswith("Nomor")
        )
    assert line == "Nomor\t:\t065/13/401.109/2026\tMadiun, 24 November 2026"


def test_agencys_reply_goes_to_the_jfu(desk: Desk) -> None:
    number = signed(desk)
    desk.press("jfu-1", "kirim_pengantar", number=number, alamat_instansi=AGENCY)
    mail = desk.mails("surat_pengantar")[-1]
    raw = (
        f"From: PLN <{AGENCY}>\r\nTo: aduan@kominfo.example\r\nSubject: Re: x\r\nMessage-ID: <a@luar.example>\r\n"
        f"In-Reply-To: {mail.message_id}\r\n\r\nTerima kasih, kami tindak lanjuti."
    )
    assert desk.take_in(raw.encode()).state == "held"
