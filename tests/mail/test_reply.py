"""New words are told from history, and nothing is ever lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mail.message import read
from pipeline.mail.reply import split

DATA = Path(__file__).parent / "data"
QUOTE = "> Mohon kirim foto.\n> Terima kasih."
PLAIN = "Mohon kirim foto.\nTerima kasih."
HEAD = "Dari: Dinas <dinas@kota.example>\nDikirim: Senin, 23 November 2026 10:15\nKepada: Siti\nPerihal: Laporan\n\n"


@pytest.mark.parametrize(
    "history",
    [
        "Pada tanggal Sen, 23 Nov 2026 pukul 10.15 Dinas <dinas@kota.example> menulis:\n\n" + QUOTE,
        "Pada tanggal Sen, 23 Nov 2026 pukul 10.15 Dinas Komunikasi <\ndinas@kota.example> menulis:\n\n"
        + QUOTE,
        "Pada Sen, 23 Nov 2026 10.15, Dinas menulis:\n" + PLAIN,
        "Pada 23/11/26 10.15, Dinas <dinas@kota.example> menulis:\n" + PLAIN,
        HEAD + PLAIN,
        "________________________________\n" + HEAD + PLAIN,
        "*Dari:* Dinas <d@kota.example>\n*Tanggal:* 23 Nov 2026 10.15\n*Ke:* Siti\n*Subjek:* a\n\n"
        + PLAIN,
        "-------- Pesan asli --------\nDari: Dinas\nTanggal: 23/11/26\n\n" + PLAIN,
        "---------- Pesan terusan ---------\n" + PLAIN,
        "Dikirim dari iPhone saya\n\nPada 23 Nov 2026, pukul 10.15, Dinas <d@kota.example> menulis:\n\n"
        + QUOTE,
        "Dikirim dari ponsel cerdas Samsung Galaxy saya.",
        "Dikirim dari Yahoo Mail di Android\n" + PLAIN,
        "Dapatkan Outlook untuk Android\n" + PLAIN,
        "-- \nSiti Rahma\nKetua RT 03",
        "--\nSalam hormat,\nSiti\n\nOn Mon, Nov 23, 2026 at 10:15 AM Dinas <d@kota.example> wrote:\n\n"
        + QUOTE,
        "On Mon, Nov 23, 2026 at 10:15 AM Dinas <d@kota.example>\nwrote:\n" + QUOTE,
        "From: Dinas <d@kota.example>\nSent: Monday, 23 Nov 2026 10:15 AM\nTo: Siti\nSubject: a\n\n"
        + PLAIN,
        "-----Original Message-----\n" + PLAIN,
        "Yahoo Mail: Cari, Atur, Taklukkan \n \n  Pada Kam, 26 Nov 2026 pada 10.15, Dinas<d@kota.example> menulis:   "
        + PLAIN,
        "Yahoo Mail: Search, Organize, Conquer\n\n  On Thu, Nov 26, 2026 at 10:15, Dinas<d@kota.example> wrote:   "
        + PLAIN,
        "---- On Thu, 26 Nov 2026 10:15:00 +0700 Dinas <d@kota.example> wrote ----\n\n" + PLAIN,
        "---- Pada Kam, 26 Nov 2026 10:15:00 +0700 Dinas <d@kota.example> menulis ----\n\n" + PLAIN,
        QUOTE,
    ],
)
def test_history_and_signature_are_folded(history: str) -> None:
    new = "Lampu di RT 03 masih mati.\n\nMohon diperbaiki."
    parts = split(f"{new}\n\n{history}\n")
    assert parts.new == new
    assert parts.rest.split() == history.split()


@pytest.mark.parametrize(
    "text",
    [
        "Pada tanggal 20 November saya menulis: lampu mati di Jalan Mawar.\nBelum diperbaiki.",
        "Pada tanggal 20 November 2026 pukul 10.15 saya menulis:\nlampu mati di Jalan Mawar.",
        "Dari: Stasiun Kota\nKe: Terminal Baru\nAngkot berhenti sembarangan.",
        "Kepada: Kepala Dinas\nDari: Warga RT 03\nPerihal: Lampu mati\nTanggal: 20 November 2026\n\nLampu mati.",
        "Paket saya hilang.\nDikirim dari kantor pos tanggal 5 bulan lalu, sampai kini belum tiba.",
        "Sudah saya kirim fotonya.\nDikirim lewat email tanggal 3 November.\nMohon dicek, nomornya 27 bukan 72.",
        "Kronologi:\nDari: Terminal Purbaya\nKe: Stasiun Madiun\nTanggal: 3 November 2026, pukul 08.30\nSopir menolak.",
        "Kerusakan:\n---\n1. lampu\n2. jalan",
        "Jadwal loket: 08.00\nKenyataan: 10.00",
    ],
)
def test_a_complaint_that_looks_like_history_stays_whole(text: str) -> None:
    assert split(text).new == text


def test_answers_between_quotes_are_all_new() -> None:
    text = (
        "Pada tanggal Sen, 23 Nov 2026 pukul 10.15 Dinas <d@kota.example> menulis:\n\n"
        "> Apakah alamat benar?\n\nYa, benar.\n\n> Sejak kapan?\n\nSejak Jumat.\n"
    )
    assert split(text).new.split("\n") == ["Ya, benar.", "", "", "Sejak Jumat."]


def test_an_answer_below_a_long_question_is_no_tail_of_it() -> None:
    question = "> Apakah lampu di Jalan Serayu sudah diperbaiki oleh petugas kami di lapangan?"
    text = f"Baik.\n{question}\nbelum, masih mati pak\n> Sejak kapan?\nminggu lalu"
    assert split(text).new.split("\n") == ["Baik.", "belum, masih mati pak", "minggu lalu"]


def test_a_quoted_line_that_a_server_wrapped_stays_quoted() -> None:
    text = "Baik.\n\n> " + "kata " * 14 + "yang panjang\nlalu terpotong\n> lanjut\n"
    assert split(text).new == "Baik."


def test_a_reply_without_words_of_its_own_is_empty_so_no_command_is_read_from_history() -> None:
    assert split(HEAD + "Balas dengan SETUJU.").new == ""


def test_an_official_replying_from_outlook_says_only_his_own_words() -> None:
    parts = split(read((DATA / "balasan-outlook.eml").read_bytes()).text)
    assert parts.new.startswith("Setuju. Teruskan ke lokasi ini")
    assert "SETUJU untuk meneruskan" not in parts.new
    assert "SETUJU untuk meneruskan" in parts.rest


@given(st.text(alphabet="ab>:@.<-_ \n\r\t1DdariPd0", max_size=400))
def test_no_word_is_ever_lost(text: str) -> None:
    parts = split(text)
    assert sorted(parts.new.split() + parts.rest.split()) == sorted(text.split())
