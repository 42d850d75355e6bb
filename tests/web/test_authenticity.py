"""The public page of authenticity: who published which letter when, nothing personal; and what is printed for handing
an answer over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.letters.mark import new_code
from pipeline.web.visits import FIRST, MOST, VisitLimit
from tests.kantor import SIGNED, Office, office
from tests.letters.notary import PASSWORD, notary


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


@pytest.fixture
def delivered(kantor: Office) -> Office:
    kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.", name="Siti Rahmawati")
    kantor.press(
        "jfu-1", "laporkan", nama="Siti Rahmawati", alamat="Jalan Mawar 5", ringkasan="Lampu padam."
    )
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Sampaikan bahwa lampu menyala.",
        disampaikan="Bahwa lampu menyala.",
    )
    kantor.press("sekretaris", "ajukan")
    return kantor


def sign(kantor: Office) -> str:
    kantor.press("kepala", "tandatangani", bertanda_tangan=("ttd.jpg", SIGNED))
    return kantor.documents("ttd")[-1].code


def test_genuine_letter_shows_number_date_signer_and_hash_and_nothing_personal(
    delivered: Office,
) -> None:
    code = sign(delivered)
    page = delivered.page(f"/asli/{code}")
    assert page.status == 200
    signed = delivered.documents("ttd")[-1]
    for fact in (
        "Surat ini asli",
        "400.14.5/1/401.109/2026",
        "24 November 2026",
        "NOOR AFLAH, S.Kom",
        signed.sha256,
    ):
        assert fact in page.text
    for secret in ("Siti", "Mawar", "padam", "PGD-2026", "@"):
        assert secret not in page.text


def test_covering_letter_is_found_by_a_code_of_its_own(kantor: Office) -> None:
    kantor.citizen_sends("Meteran mati", "Meteran listrik mati.", name="Siti Rahmawati")
    kantor.press("jfu-1", "laporkan", nama="Siti Rahmawati", ringkasan="Meteran mati.")
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="bukan_wewenang",
        instansi="PLN",
        perintah="Sampaikan bahwa milik PLN.",
        disampaikan="Bahwa milik PLN.",
    )
    kantor.press("sekretaris", "ajukan")
    papers: dict[str, Any] = dict.fromkeys(
        ("bertanda_tangan", "pengantar_bertanda_tangan"), ("ttd.jpg", SIGNED)
    )
    kantor.press("kepala", "tandatangani", **papers)
    covering = kantor.documents("pengantar_ttd")[-1]
    page = kantor.page(f"/asli/{covering.code}")
    for fact in ("Surat ini asli", "400.14.5/2/401.109/2026", covering.sha256):
        assert fact in page.text
    assert "Siti" not in page.text


def test_code_is_found_as_the_qr_and_as_people_write_it(delivered: Office) -> None:
    code = sign(delivered)
    for path in (f"/ASLI/{code}", f"/asli/{code.lower()}", f"/asli/{code.replace('-', '')}"):
        assert "Surat ini asli" in delivered.page(path).text
    answer = delivered.web.get("/asli", query_string={"kode": f" {code.lower()} "})
    assert (answer.status_code, answer.location) == (303, f"/asli/{code}")
    assert "belum lengkap" in delivered.page("/asli?kode=123").text


def test_draft_is_not_genuine_yet_and_a_replaced_letter_no_more(delivered: Office) -> None:
    code = delivered.documents("konsep")[-1].code
    assert "Belum ditandatangani" in delivered.page(f"/asli/{code}").text
    sign(delivered)
    delivered.press("jfu-1", "kembalikan", alasan="Keliru.")
    delivered.press("sekretaris", "kembalikan", alasan="Mohon diputuskan lagi.")
    delivered.press(
        "kepala",
        "putuskan",
        keputusan="ditolak",
        perintah="Sampaikan bahwa lampu milik warga.",
        disampaikan="Bahwa lampu milik warga.",
    )
    delivered.press("sekretaris", "ajukan")
    newer = sign(delivered)
    assert newer != code
    assert "Sudah diganti" in delivered.page(f"/asli/{code}").text
    assert "Surat ini asli" in delivered.page(f"/asli/{newer}").text


@pytest.mark.parametrize("code", ["", "salah", "x" * 3000, "..", "%00"])
def test_unknown_code_is_told_so(kantor: Office, code: str) -> None:
    assert kantor.page(f"/asli/{code or new_code()}").status == 404


def test_looking_again_and_again_is_stopped(kantor: Office) -> None:
    statuses = [kantor.web.get(f"/asli/{new_code()}").status_code for _ in range(40)]
    assert statuses == [404] * 30 + [429] * 10
    other = kantor.web.get(f"/asli/{new_code()}", headers={"X-Forwarded-For": "203.0.113.7"})
    assert other.status_code == 404


def test_limit_forgets_after_a_minute() -> None:
    limit = VisitLimit()
    assert [limit.allows("a", 0.0) for _ in range(31)] == [True] * 30 + [False]
    assert limit.allows("a", 61.0)


def test_who_takes_all_looks_shuts_no_citizen_out() -> None:
    """From a dozen addresses somebody looks as often as is allowed; whoever comes with a letter may still look."""
    limit = VisitLimit()
    greedy = [limit.allows(f"192.0.2.{at}", 0.0) for at in range(12) for _ in range(40)]
    assert sum(greedy) <= 300 + 12 * FIRST
    citizens = [limit.allows(f"203.0.113.{at}", 1.0) for at in range(50) for _ in range(2)]
    assert all(citizens)
    assert not limit.allows("192.0.2.1", 1.0)


def test_whoever_has_many_addresses_costs_a_bounded_number_of_looks() -> None:
    limit = VisitLimit()
    allowed = sum(limit.allows(f"2001:db8:0:{at:x}::/64", 0.0) for at in range(10_000))
    assert allowed == MOST
    assert limit.allows("203.0.113.7", 61.0)


def test_mail_to_the_pengadu_says_the_gist_and_where_the_letter_can_be_checked(
    delivered: Office,
) -> None:
    code = sign(delivered)
    delivered.press("jfu-1", "kirim_email")
    mail = next(m for m in reversed(delivered.post.sent) if m.to == delivered.complaint().email)
    assert "Bahwa lampu menyala." in mail.words
    assert f"/asli/{code}" in mail.text
    assert list(mail.files) == [f"Surat jawaban {delivered.complaint().number}.pdf"]


def test_what_is_printed_for_the_board_names_nobody(delivered: Office) -> None:
    sign(delivered)
    link = delivered.link("jfu-1", "kirim_email").partition("?")[0]
    assert not delivered.page(link).links("/pengumuman/"), "Siti can be written to"
    board = delivered.page(f"{link}/pengumuman/{delivered.complaint().id}")
    receipt = delivered.page(delivered.page(link).links("/serah-terima")[0])
    assert "PGD-2026-000001" in board.text
    assert "400.14.5/1/401.109/2026" in board.text
    for secret in ("Siti", "Mawar", "Lampu"):
        assert secret not in board.text
    assert "Siti Rahmawati" in receipt.text
    assert "Yang menerima" in receipt.text


@pytest.mark.usefixtures("libreoffice")
def test_letter_is_signed_here_with_the_offices_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is uploaded: the PDF is signed by a child process, its own code and signature checked like any other."""
    (tmp_path / "akar").mkdir()
    ours = notary(tmp_path / "akar")
    monkeypatch.setenv("ADUAN_PKCS12_PASSWORD", PASSWORD)
    letter = {
        "jangkar": "^",
        "sertifikat_akar": [str(ours.root)],
        "pkcs12": str(ours.person("Noor Aflah")),
    }
    with office(tmp_path, surat=letter) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.", name="Siti Rahmawati")
        kantor.press("jfu-1", "laporkan", nama="Siti Rahmawati", ringkasan="Lampu padam.")
        kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
        kantor.press(
            "kepala",
            "putuskan",
            keputusan="ditindaklanjuti",
            perintah="Sampaikan bahwa lampu menyala.",
            disampaikan="Bahwa lampu menyala.",
        )
        kantor.press("sekretaris", "ajukan")
        page = kantor.page(kantor.link("kepala", "tandatangani"))
        assert "sistem" in page.forms["tandatangani"].names
        kantor.press("kepala", "tandatangani", sistem="ya")
        signed = kantor.documents("ttd")[-1]
        assert (signed.facts or {})["vonis"]["level"] == "baik"
        assert "Tanda tangan elektronik Noor Aflah sah" in kantor.page(f"/asli/{signed.code}").text
