"""Which letter a case takes, and which it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pipeline import cases
from pipeline.cases import Invalid
from pipeline.cases.input import File, read_letter
from pipeline.cases.outcomes import letter_by_mail
from pipeline.data import store
from pipeline.data.states import JobKind
from pipeline.data.tables import Job, LetterNumber
from pipeline.demo.signed import signed_scan
from pipeline.files import pictures
from pipeline.letters import signature
from pipeline.letters.returned import inspect
from pipeline.office.sop import EventKind, Stage
from pipeline.office.words import word
from tests.desk import Desk, desk_in
from tests.kantor import SIGNED, Mail, compose, edited
from tests.letters.notary import PASSWORD, notary
from tests.letters.sample import changed, pack, parts, texts

BODY = "word/document.xml"


def draft_of(desk: Desk, number: str) -> bytes:
    with desk.work() as work:
        return store.get(
            work.session, next(d for d in desk.documents(number) if d.kind == "konsep").sha256
        )


def test_letter_of_another_case_is_refused_on_the_page_and_names_whose_it_is(desk: Desk) -> None:
    """One wrong drag must not send one citizen's name and matter to another."""
    one, two = (
        desk.to(Stage.JAWABAN),
        desk.to(Stage.JAWABAN, desk.record(email="budi@warga.example")),
    )
    with pytest.raises(Invalid, match=f"milik pengaduan {one}"):
        desk.press(
            "sekretaris", "unggah", number=two, files={"surat": ("surat.docx", draft_of(desk, one))}
        )
    assert [d.kind for d in desk.documents(two)] == ["konsep"]


def test_letter_of_another_case_is_refused_by_mail_too(desk: Desk) -> None:
    one, two = (
        desk.to(Stage.JAWABAN),
        desk.to(Stage.JAWABAN, desk.record(email="budi@warga.example")),
    )
    task_mail = next(
        m for m in desk.mails("tugas_jawaban") if m.task_id == desk.task("ajukan", two).id
    )
    answered = Mail(task_mail.recipient, f"Message-ID: {task_mail.message_id}\r\n\r\nx".encode())
    reply = compose(
        task_mail.recipient,
        "aduan@kominfo.example",
        "Re: jawaban",
        "Terlampir.",
        desk.clock(),
        reply_to=answered,
        files=[("surat.docx", "application/octet-stream", draft_of(desk, one))],
    )
    reply["Authentication-Results"] = "mx.kominfo.example; dmarc=pass header.from=kominfo.example"
    balasan = desk.settings.balasan.model_copy(update={"server_tepercaya": ("mx.kominfo.example",)})
    desk.settings = desk.settings.model_copy(update={"balasan": balasan})
    desk.take_in(reply.as_bytes())
    assert [d.kind for d in desk.documents(two)] == ["konsep"]
    assert f"milik pengaduan {one}" in " ".join(desk.mails("balasan_tugas")[-1].text.split())


def test_letter_whose_qr_was_deleted_is_taken_and_told(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    content = parts(draft_of(desk, number))
    drawing = re.compile(rb"<w:drawing>.*?</w:drawing>", re.DOTALL)
    bare = {
        name: drawing.sub(b"", part) if name.endswith(".xml") else part
        for name, part in content.items()
    }
    assert bare != content
    desk.press("sekretaris", "unggah", number=number, files={"surat": ("surat.docx", pack(bare))})
    with pytest.raises(Invalid) as asked:
        desk.press("sekretaris", "ajukan", number=number)
    assert set(asked.value.errors) == {"yakin"}
    kept = [d for d in desk.documents(number) if d.kind == "surat"][-1]
    assert any(
        "Kode QR di kaki surat tidak ada lagi" in said
        for _level, said, _where in (kept.facts or {})["temuan"]
    )


def test_own_letter_edited_is_taken(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    better = edited(draft_of(desk, number), "Demikian", "Demikian pula")
    desk.press("sekretaris", "unggah", number=number, files={"surat": ("surat.docx", better)})
    assert [d.kind for d in desk.documents(number)] == ["konsep", "surat"]


def test_a_version_that_came_after_the_page_was_shown_is_not_handed_in_unseen(desk: Desk) -> None:
    """Page open, another version arrives by mail: the old page's press asks to look first."""
    number = desk.to(Stage.JAWABAN)
    seen, task, who = (
        len(desk.kinds(number)),
        desk.task("ajukan", number),
        desk.person("sekretaris"),
    )
    draft = draft_of(desk, number)
    letter = read_letter(desk.settings, draft)
    form = cases.check(desk.settings, task.kind, "ajukan", {}, {}, seen)
    with desk.work() as work:
        file = File("lain.docx", "application/octet-stream", draft)
        assert not letter_by_mail(work, task.id, who, file, letter)
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


def stored(desk: Desk, number: str, kind: str) -> bytes:
    with desk.work() as work:
        return store.get(
            work.session, [d for d in desk.documents(number) if d.kind == kind][-1].sha256
        )


def upload(desk: Desk, number: str, content: bytes) -> None:
    desk.press("sekretaris", "unggah", number=number, files={"surat": ("surat.docx", content)})


def told(desk: Desk, number: str) -> list[tuple[str, str]]:
    facts = [d.facts or {} for d in desk.documents(number) if d.kind in ("konsep", "surat")][-1]
    return [(level, message) for level, message, _where in facts["temuan"] if level != "baik"]


def test_letter_of_an_older_draft_is_stopped_and_says_which(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    old = draft_of(desk, number)
    desk.press("sekretaris", "kembalikan", number=number, alasan="Mohon diputuskan lagi.")
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="Lampu itu milik warga.",
        disampaikan="Lampu itu milik warga.",
    )
    desk.jobs()
    with pytest.raises(Invalid, match=f"konsep versi 1 untuk pengaduan {number}.*versi 2"):
        upload(desk, number, old)


def test_letter_is_known_by_each_mark_that_is_left(desk: Desk) -> None:
    """Properties gone, dc:identifier says it; both gone, the code at its foot does."""
    one, two = (
        desk.to(Stage.JAWABAN),
        desk.to(Stage.JAWABAN, desk.record(email="budi@warga.example")),
    )
    content = parts(draft_of(desk, one))
    content["docProps/custom.xml"] = content["docProps/custom.xml"].replace(b"aduan_", b"lain_")
    with pytest.raises(Invalid, match=f"milik pengaduan {one}"):
        upload(desk, two, pack(content))
    content["docProps/core.xml"] = content["docProps/core.xml"].replace(b"aduan:", b"lain:")
    with pytest.raises(Invalid, match=f"milik pengaduan {one}"):
        upload(desk, two, pack(content))
    upload(desk, one, pack(content))
    assert any("hanya kode" in message for _level, message in told(desk, one))


def test_mark_that_nobody_with_the_key_made_is_stopped(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    content = parts(draft_of(desk, number))
    seal = (
        content["docProps/custom.xml"]
        .split(b'name="aduan_seal"')[1]
        .split(b">", 2)[2]
        .split(b"<")[0]
    )
    forged = {name: blob.replace(seal, b"a" * 24) for name, blob in content.items()}
    with pytest.raises(Invalid, match="tidak cocok dengan isinya"):
        upload(desk, number, pack(forged))


def test_what_blocks_must_be_mended_and_what_wants_a_look_is_confirmed_and_recorded(
    desk: Desk,
) -> None:
    number = desk.to(Stage.JAWABAN)
    good = draft_of(desk, number)
    upload(desk, number, changed(good, BODY, "NOOR AFLAH", "BUDI"))
    assert [level for level, _ in told(desk, number)] == ["blokir"]
    with pytest.raises(Invalid, match="harus diperbaiki"):
        desk.press("sekretaris", "ajukan", number=number, yakin="ya")
    upload(desk, number, changed(good, BODY, "Siti Rahmawati", "Siti Rahmawati dan Keluarga"))
    with pytest.raises(Invalid) as caught:
        desk.press("sekretaris", "ajukan", number=number)
    assert set(caught.value.errors) == {"yakin"}
    desk.press("sekretaris", "ajukan", number=number, yakin="ya")
    data = next(data for event, data in desk.events(number) if event.kind is EventKind.SUBMITTED)
    assert "Nama penerima berbeda" in data["dikonfirmasi"][0]
    assert data["nomor"] == "400.14.5/1/401.109/2026"


@pytest.mark.usefixtures("libreoffice")
def test_no_picture_is_made_before_tracked_changes_are_resolved(desk: Desk) -> None:
    """LibreOffice prints what was deleted."""
    number = desk.to(Stage.JAWABAN)
    good = draft_of(desk, number)
    deleted = '<w:p><w:del w:id="1" w:author="Endah"><w:r><w:delText>lama</w:delText></w:r></w:del></w:p><w:sectPr'
    for letter, waiting in ((changed(good, BODY, "<w:sectPr", deleted), 0), (good, 1)):
        upload(desk, number, letter)
        with desk.work() as work:
            assert (
                work.session.scalar(select(func.count(Job.id)).where(Job.kind == JobKind.MAKE_PDF))
                == waiting
            )


def test_draft_with_an_entry_left_open_cannot_be_handed_in(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="Sertakan nomor berita acara.",
    )
    desk.jobs()
    assert any(
        "[ISI: uraian sesuai perintah Kepala Dinas]" in message
        for _level, message in told(desk, number)
    )
    with pytest.raises(Invalid):
        desk.press("sekretaris", "ajukan", number=number)


def test_letter_to_be_signed_bears_its_number_and_date(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    line = next(text for text in texts(stored(desk, number, "akhir")) if text.startswith("Nomor"))
    assert line == "Nomor\t:\t400.14.5/1/401.109/2026\tMadiun, 24 November 2026"
    assert "Nomor\t:\t400.14.5/\u00a0" in "".join(texts(draft_of(desk, number)))
    (mail,) = desk.mails("tugas_tanda_tangan")
    assert [name for _sha, name, _mime in mail.attachments] == [f"Surat jawaban {number}.docx"]


def test_letter_that_is_returned_comes_back_with_the_note_and_the_version_before(
    desk: Desk,
) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    desk.press("kepala", "kembalikan", number=number, alasan="Mohon sebutkan tanggal perbaikan.")
    mail = desk.mails("tugas_jawaban")[-1]
    assert "Mohon sebutkan tanggal perbaikan." in mail.text
    assert [name for _sha, name, _mime in mail.attachments] == [f"Konsep jawaban {number}.docx"]


def test_other_authority_gets_a_covering_letter_of_its_own(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
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
    covering = texts(stored(desk, number, "pengantar"))
    assert "Yth. Pimpinan PLN Madiun" in covering
    assert any("kami teruskan pengaduan masyarakat" in text for text in covering)
    mail = desk.mails("tugas_jawaban")[-1]
    assert f"Surat pengantar {number}.docx" in [name for _sha, name, _mime in mail.attachments]
    codes = {d.code for d in desk.documents(number) if d.kind in ("konsep", "pengantar")}
    assert len(codes) == 2
    desk.press("sekretaris", "ajukan", number=number)
    desk.jobs()
    assert any(
        "400.14.5/2/401.109/2026" in text for text in texts(stored(desk, number, "pengantar_akhir"))
    )
    assert desk.complaint(number).letter_number == "400.14.5/1/401.109/2026"
    assert len(desk.mails("tugas_tanda_tangan")[-1].attachments) == 2


# ---- numbers by hand ---------------------------------------------------------------------------------------------


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, surat={"penomoran": "manual"}) as made:
        yield made


def test_office_that_numbers_by_hand_types_it_once_and_never_twice(by_hand: Desk) -> None:
    one, two = (
        by_hand.to(Stage.JAWABAN),
        by_hand.to(Stage.JAWABAN, by_hand.record(email="budi@warga.example")),
    )
    with pytest.raises(Invalid) as caught:
        by_hand.press("sekretaris", "ajukan", number=one)
    assert set(caught.value.errors) == {"nomor_surat"}
    by_hand.press("sekretaris", "ajukan", number=one, nomor_surat="065/12/401.109/2026")
    by_hand.jobs()
    with pytest.raises(Invalid, match=f"sudah dipakai untuk pengaduan {one}"):
        by_hand.press("sekretaris", "ajukan", number=two, nomor_surat="065/12/401.109/2026")
    line = next(text for text in texts(stored(by_hand, one, "akhir")) if text.startswith("Nomor"))
    assert line == "Nomor\t:\t065/12/401.109/2026\tMadiun, 24 November 2026"


def test_number_that_was_typed_by_hand_before_is_passed_over(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    with desk.work() as work:
        row = LetterNumber(
            number="400.14.5/1/401.109/2026", complaint_id=1, kind="jawaban", given_at=work.now
        )
        work.session.add(row)
    desk.press("sekretaris", "ajukan", number=number)
    assert desk.complaint(number).letter_number == "400.14.5/2/401.109/2026"


# ---- the signed paper --------------------------------------------------------------------------------------------


def sign(desk: Desk, number: str, content: bytes, **fields: str) -> None:
    task = desk.task("tandatangani", number)
    form = cases.check(
        desk.settings,
        task.kind,
        "tandatangani",
        {"ttd_terlihat": ["ya"]} | {name: [value] for name, value in fields.items()},
        {"bertanda_tangan": cases.Upload("pindaian", content)},
    )
    with desk.work() as work:
        cases.act(work, task.id, desk.person("kepala"), form)


def test_scan_whose_code_is_the_letters_is_taken(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    sign(desk, number, signed_scan(stored(desk, number, "akhir")))
    assert desk.stage(number) is Stage.PENYAMPAIAN
    signed = next(d for d in desk.documents(number) if d.kind == "ttd")
    assert (signed.mime, signed.name) == ("application/pdf", f"Surat jawaban {number}.pdf")
    event, data = desk.events(number)[-1]
    assert event.kind is EventKind.SIGNED
    assert (data["teks"], data["tanpa_kode"]) == (
        f"Kode di kaki surat cocok. {word('tanda_tangan.tinta')}",
        False,
    )


def test_scan_of_another_cases_letter_is_stopped_and_names_it(desk: Desk) -> None:
    one, two = (
        desk.to(Stage.TANDA_TANGAN),
        desk.to(Stage.TANDA_TANGAN, desk.record(email="budi@warga.example")),
    )
    with pytest.raises(Invalid, match=f"milik surat pengaduan {one}"):
        sign(desk, two, signed_scan(stored(desk, one, "akhir")), tanpa_kode="ya")
    assert desk.stage(two) is Stage.TANDA_TANGAN


def test_scan_of_an_older_version_is_stopped(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    old = signed_scan(stored(desk, number, "akhir"))
    desk.press("kepala", "kembalikan", number=number)
    desk.press("sekretaris", "kembalikan", number=number)
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="Lampu milik warga.",
        disampaikan="Lampu milik warga.",
    )
    desk.jobs()
    desk.to(Stage.TANDA_TANGAN, number)
    with pytest.raises(Invalid, match="versi surat yang sudah diganti"):
        sign(desk, number, old)


def test_code_that_is_not_ours_is_stopped(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    foreign = changed_code(stored(desk, number, "akhir"))
    with pytest.raises(Invalid, match="bukan dari sistem ini"):
        sign(desk, number, signed_scan(foreign), tanpa_kode="ya")


def changed_code(content: bytes) -> bytes:
    code = inspect(content).footer_code
    assert code
    return pack(
        {
            name: blob.replace(code.encode(), b"0000-1111-2222-3333")
            for name, blob in parts(content).items()
        }
    )


def test_unreadable_code_asks_for_a_confirmation_that_is_recorded(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    with pytest.raises(Invalid, match="tidak terbaca"):
        sign(desk, number, SIGNED)
    sign(desk, number, SIGNED, tanpa_kode="ya")
    _event, data = desk.events(number)[-1]
    assert data["tanpa_kode"] is True
    assert "dikonfirmasi" in data["teks"]


def test_electronic_signature_is_verified_and_its_verdict_kept(tmp_path: Path) -> None:
    office = notary(tmp_path)
    with desk_in(tmp_path, surat={"sertifikat_akar": (str(office.root),), "jangkar": "^"}) as desk:
        number = desk.to(Stage.TANDA_TANGAN)
        page = pictures.as_pdf(signed_scan(stored(desk, number, "akhir")))
        signed = signature.sign(page, office.person("Noor Aflah"), PASSWORD, "x", "y")
        with pytest.raises(Invalid, match="ditambahkan di belakang"):
            sign(desk, number, signed + b"\n%x\n")
        sign(desk, number, signed)
        facts = next(d for d in desk.documents(number) if d.kind == "ttd").facts or {}
        assert facts["vonis"]["level"] == "baik"
        assert facts["vonis"]["signer"] == "Noor Aflah"
        assert "sah" in desk.events(number)[-1][1]["teks"]


@pytest.mark.parametrize("who", ["Budi Santoso", "Noor Aflah"])
def test_doubtful_electronic_signature_asks_for_a_confirmation_that_is_recorded(
    tmp_path: Path, who: str
) -> None:
    """Somebody else's name, or a certificate that the office's roots do not prove."""
    office = notary(tmp_path)
    other = tmp_path / "lain"
    other.mkdir()
    signer = office.person(who) if who != "Noor Aflah" else notary(other).person(who)
    with desk_in(tmp_path, surat={"sertifikat_akar": (str(office.root),)}) as desk:
        number = desk.to(Stage.TANDA_TANGAN)
        page = pictures.as_pdf(signed_scan(stored(desk, number, "akhir")))
        signed = signature.sign(page, signer, PASSWORD, "x", "y")
        with pytest.raises(Invalid, match="centang di bawah"):
            sign(desk, number, signed)
        assert desk.stage(number) is Stage.TANDA_TANGAN
        sign(desk, number, signed, ttd_diragukan="ya")
        facts = next(d for d in desk.documents(number) if d.kind == "ttd").facts or {}
        assert facts["vonis"]["level"] == "hati"
        assert desk.events(number)[-1][1]["ttd_diragukan"] is True


def test_order_never_stands_in_the_letter_and_what_is_told_does_word_for_word(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditindaklanjuti",
        perintah="Yang bersangkutan ini sering mengeluh, jawab seperlunya saja.",
        disampaikan="Gang 1; 2; dan 3 sudah diaspal.",
    )
    desk.jobs()
    said = texts(draft_of(desk, number))
    assert "Gang 1; 2; dan 3 sudah diaspal." in said
    assert not any("mengeluh" in text for text in said)
    assert told(desk, number) == []
    mail = " ".join(desk.mails("tugas_jawaban")[-1].text.split())
    assert "sering mengeluh" in mail
    assert "Gang 1; 2; dan 3" in mail


def test_letter_says_that_units_took_part_only_where_one_did(desk: Desk) -> None:
    """Nobody asked, a unit that answered, and one that only said that it is another's field."""
    alone, answered, declined = (
        desk.to(Stage.KLARIFIKASI, desk.record(email=f"w{n}@warga.example")) for n in range(3)
    )
    for number, act in ((answered, "jawab"), (declined, "bukan_bidang")):
        desk.press(
            "sekretaris",
            "tanya_unit",
            number=number,
            petugas=["kasubag-umum"],
            pertanyaan="Benarkah?",
        )
        desk.press("kasubag-umum", act, number=number)
    said = {}
    for number in (alone, answered, declined):
        desk.to(Stage.JAWABAN, number)
        said[number] = any(
            "bersama bidang terkait" in text for text in texts(draft_of(desk, number))
        )
    assert said == {alone: False, answered: True, declined: False}


def test_an_order_written_among_what_the_pengadu_is_told_must_be_looked_at(desk: Desk) -> None:
    """A point stands word for word, so "Sampaikan bahwa …" would reach the pengadu as it is."""
    number = desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditindaklanjuti",
        disampaikan="Sampaikan bahwa lampu sudah diganti.",
    )
    desk.jobs()
    ((level, message),) = told(desk, number)
    assert (level, "Sampaikan bahwa lampu sudah diganti." in message) == ("lihat", True)
    with pytest.raises(Invalid) as caught:
        desk.press("sekretaris", "ajukan", number=number)
    assert set(caught.value.errors) == {"yakin"}
