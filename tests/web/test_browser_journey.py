"""The Sekretaris and the Kepala Dinas on a phone: they open their mails, press the buttons there and act, without
JavaScript, in real Chromium over real HTTP, with the letter downloaded, edited and uploaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2  # ships no types
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from pipeline.office.sop import Stage
from tests.kantor import SAMPLES, Mail, edited, words_of
from tests.web.house import House, house

ARTEFACTS = Path(__file__).parents[1] / "artefak"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as one:
        yield one


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone whose browser runs no script."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        java_script_enabled=False,
        accept_downloads=True,
        locale="id-ID",
        timezone_id="Asia/Jakarta",
    )
    context.set_default_timeout(10_000)  # milliseconds
    yield context
    context.close()


def open_mail(phone: BrowserContext, mail: Mail, folder: Path) -> Page:
    """The mail as a mail program shows it."""
    path = folder / "surat.html"
    path.write_text(mail.html, "utf-8")
    page = phone.new_page()
    page.goto(path.as_uri())
    return page


def follow(phone: BrowserContext, mail: Mail, button: str, folder: Path) -> Page:
    """Press a button of the mail; the page that it opens."""
    shown = open_mail(phone, mail, folder)
    with shown.expect_popup() as opened:
        shown.get_by_role("link", name=button, exact=True).click()
    opened.value.wait_for_load_state()
    return opened.value


def keep_picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"perjalanan_{name}.png", full_page=True)


def enter_code(page: Page, home: House) -> None:
    """The first act in this browser waits for the code from the mailbox of the one who acts."""
    assert heading(page) == "Ketik kode dari email"
    page.get_by_label("Kode enam angka").fill(home.office.code())
    page.get_by_role("button", name="Lanjutkan").click()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def printed_words(letter: bytes) -> str:
    """The words of a letter: as PDF where LibreOffice is installed, else as Word."""
    if not letter.startswith(b"%PDF"):
        return words_of(letter)
    with pypdfium2.PdfDocument(letter) as document:
        return "".join(page.get_textpage().get_text_range() for page in document)


def test_two_officials_act_by_their_mails_on_a_phone_without_script(
    home: House, phone: BrowserContext, tmp_path: Path
) -> None:
    """Langkah 2 to the signed letter, all by mail and browser: what is typed and uploaded is what is kept."""
    kantor = home.office
    home.written("Lampu taman padam", "Lampu taman di Jalan Mawar padam sejak Senin.")
    home.to_clarification(perihal="Lampu taman padam", ringkasan="Tiga lampu taman padam.")

    page = follow(phone, kantor.newest("sekretaris"), "Laporkan kepada Kepala Dinas", tmp_path)
    page.get_by_label("Hasil klarifikasi").fill("Benar, tiga lampu padam.\nSuku cadang tersedia.")
    page.get_by_label("Seksi Pengelolaan Infrastruktur").check()
    page.get_by_role("button", name="Laporkan kepada Kepala Dinas").click()
    keep_picture(page, "kode")
    enter_code(page, home)
    assert heading(page) == "Terima kasih. Hasil klarifikasi sudah dilaporkan."
    home.tick()

    page = follow(phone, kantor.newest("kepala"), "Ditindaklanjuti", tmp_path)
    assert "Benar, tiga lampu padam." in page.locator("main").inner_text()
    assert page.get_by_role("radio", name="Ditindaklanjuti").is_checked()
    keep_picture(page, "keputusan")
    page.get_by_label("Perintah kepada Sekretaris").fill("Mohon dibuatkan jawaban.")
    page.get_by_label("Yang disampaikan kepada pengadu").fill("Lampu menyala lagi pada Jumat.")
    page.get_by_role("button", name="Kirim keputusan").click()
    enter_code(page, home)
    assert heading(page) == "Terima kasih. Keputusan Bapak/Ibu sudah tercatat."
    assert "DIPUTUSKAN" in page.locator(".stempel").inner_text()
    assert "Mohon dibuatkan jawaban." in page.locator("main").inner_text()
    keep_picture(page, "keputusan_tercatat")
    home.tick()
    assert kantor.stage() is Stage.JAWABAN

    page = follow(phone, kantor.newest("sekretaris"), "Unggah surat", tmp_path)
    with page.expect_download() as download:
        page.get_by_role("link", name="Unduh (Word").click()
    changed = edited(Path(download.value.path()).read_bytes(), "Jumat", "Kamis")
    letter = tmp_path / "surat saya.docx"
    letter.write_bytes(changed)
    page.get_by_label("Surat yang sudah disunting", exact=True).set_input_files(letter)
    page.get_by_role("button", name="Unggah dan periksa").click()
    assert "Surat sudah diperiksa dan disimpan" in page.get_by_role("status").inner_text()
    keep_picture(page, "surat_diunggah")
    page.get_by_role("button", name="Ajukan untuk tanda tangan").click()
    assert heading(page) == "Terima kasih. Surat sudah diajukan untuk ditandatangani."
    home.tick()

    page = follow(
        phone, kantor.newest("kepala"), "Unggah surat yang sudah ditandatangani", tmp_path
    )
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"^Unduh \((PDF|Word)")).click()
    assert "Kamis" in printed_words(Path(download.value.path()).read_bytes())
    page.get_by_label("Surat yang sudah ditandatangani", exact=True).set_input_files(
        SAMPLES / "tanda-tangan.jpg"
    )
    page.get_by_label("Tanda tangan tinta").check()
    page.get_by_label("Kode QR tidak terbaca").check()
    page.get_by_role("button", name="Unggah dan teruskan kepada JFU").click()
    assert heading(page) == "Terima kasih. Surat yang ditandatangani sudah diterima."
    home.tick()

    assert kantor.stage() is Stage.PENYAMPAIAN
    assert kantor.complaint().hasil == "Benar, tiga lampu padam.\nSuku cadang tersedia."
    assert kantor.complaint().unit == "infrastruktur"
    assert [d.name for d in kantor.documents("surat")] == ["surat saya.docx"]
    assert kantor.content(kantor.documents("surat")[0]) == changed
    assert kantor.content(kantor.documents("ttd")[-1]).startswith(
        b"%PDF"
    )  # the photo, made a PDF to be sent


def test_a_wrong_file_and_a_spent_link_are_explained(
    home: House, phone: BrowserContext, tmp_path: Path
) -> None:
    """A PDF where Word is wanted is refused with the reason, the task stays open; after it is done the same mail
    shows who acted."""
    kantor = home.office
    home.written("Lampu taman padam", "Lampu taman di Jalan Mawar padam sejak Senin.")
    home.to_letter(perihal="Lampu taman padam")
    mail = kantor.newest("sekretaris")

    page = follow(phone, mail, "Unggah surat", tmp_path)
    page.get_by_label("Surat yang sudah disunting", exact=True).set_input_files(
        {"name": "surat.docx", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 bukan Word"}
    )
    page.get_by_role("button", name="Unggah dan periksa").click()
    problem = page.get_by_role("alert")
    assert "Surat yang sudah disunting:" in problem.inner_text()
    assert "Word" in problem.inner_text()
    keep_picture(page, "berkas_salah")
    assert kantor.documents("surat") == []

    page.locator("summary", has_text="Tindakan lain").click()
    page.locator("summary", has_text="Ajukan konsep tanpa diubah").click()
    page.get_by_role("button", name="Ajukan untuk tanda tangan").click()
    enter_code(page, home)
    assert heading(page) == "Terima kasih. Surat sudah diajukan untuk ditandatangani."
    home.tick()

    page = follow(phone, mail, "Unggah surat", tmp_path)
    assert heading(page) == "Sudah dikerjakan"
    assert "Ratih Kusumawardani (Sekretaris)" in page.locator("main").inner_text()
    assert page.locator("form").count() == 0
    keep_picture(page, "tautan_terpakai")
