"""How people and programs end their mails: none of it reaches a citizen, and nothing that is meant is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.access import unsent
from pipeline.data.engine import reading
from pipeline.office.sop import Stage
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, Mail, compose

QUESTION = "Tiang nomor berapa yang padam?"
# Ends of a mail of Ratih Kusumawardani, Sekretaris.
ENDINGS = (
    "Ratih",
    "— Ratih",
    "RK",
    "/rk",
    "- R.K. -",
    "#MadiunMaju #BersamaKitaBisa",
    "Bu Ratih",
    "Ratih K., S.Sos., M.Si.",
    "Tks,\nRatih",
    "Terima kasih banyak, Pak.",
    "Demikian kami sampaikan, atas perhatian dan kerja samanya diucapkan terima kasih.",
    "Wassalamu’alaikum warahmatullahi wabarakatuh",
    "Salam takzim,\nRatih Kusumawardani",
    "Matur suwun nggih",
    "Rgds",
    "Hormat kami,\n\nRatih Kusumawardani\nSekretaris\nJl. Perintis Kemerdekaan No. 32 Madiun\nTelp. (0351) 467327",
    "Ratih Kusumawardani\nPembina Tk. I (IV/b)\nMelayani dengan Hati\n#MadiunMaju",
    "Yang bertanya,\nRatih Kusumawardani",
    "Madiun, 24 November 2026\nSekretaris,\n\n\nttd\n\nRATIH KUSUMAWARDANI\nNIP. 19800101 200501 2 003",
    "Kontak: 0812-3456-7890",
    "Narahubung: Ratih (0812-3456-7890)",
    "0812-3456-7890 / 0857-1234-5678 (WA)",
    "M: +62 812 3456 7890 | E: ratih@kantor.example",
    "T. 0351-467327 ext. 12",
    "ratih[at]kominfo.example",
    "IG @kominfo.kota | www.kominfo.example",
    "Diperoleh dari Outlook untuk Android",
    "Dikirim dengan Proton Mail email aman.",
    "Powered by Telkomsel BlackBerry®",
    "Diketik di ponsel, maaf kalau ada salah ketik",
    "Dari iPhone saya",
    "[image: logo]",
    "If you have received this email in error, please notify the sender.",
    "PENTING: Informasi dalam surel ini bersifat rahasia.",
    "LEGAL NOTICE: see our website",
    "Apabila Anda bukan penerima yang dituju, harap hapus surel ini.",
    "Mohon tidak mencetak email ini.",
    "This email has been checked for viruses by AVG.",
)
# What somebody wants to say, though it looks a little like the end of a mail.
MEANT = (
    "Petugas di lapangan: Budi Santoso, HP 0812-3456-7890",
    "Hubungi petugas kami:\n0812-3456-7890",
    "Jam layanan\n08.00-16.00",
    "Selesai pada tanggal\n01-12-2026",
    "Alamat yang baru\nsiti@warga.example",
    "Mohon dibawa\nKK",
    "Tempatnya\nRS",
    "Yang bertugas: Ratih Kusumawardani",
    "Ratih Kusumawardani\njangan dikirim dulu",
    "Hormat saya,\nRatih\n\nNB: mohon tunggu hasil rapat",
    "Email ini salah kirim, mohon dihapus",
    "Surat ini rahasia dan jangan dibacakan di rapat.",
    "Situs www.kominfo.example tidak dapat dibuka",
    "Email warga@desa.example tidak aktif",
    "Dikirim dari gudang kemarin.",
    "Salam saya untuk warga RT 5.",
    "Diteruskan kepada Dinas Lingkungan Hidup",
    "Jalan Mawar RT 05 RW 02 Kelurahan Taman",
    "Terima kasih, tetapi belum selesai",
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def question(desk: Desk, ending: str) -> tuple[str, str]:
    """The question to the citizen and what was folded, as the page shows both to a Sekretaris whose reply ends so."""
    row = desk.mails("tugas_klarifikasi")[-1]
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    text = f"TANYA: {QUESTION}\n\n{ending}"
    subject = f"Re: {row.subject}"
    reply = compose(row.recipient, INTAKE, subject, text, desk.clock(), reply_to=asked)
    desk.take_in(reply.as_bytes())
    desk.later(minutes=1)
    task = desk.task("tanya_pengadu")
    with reading(desk.engine) as session:
        filled = unsent.of_reply(session, task.id, desk.person("sekretaris"))["tanya_pengadu"]
    return filled.values["pertanyaan"][0], filled.rest


def test_how_a_mail_ends_is_no_part_of_what_is_asked(desk: Desk) -> None:
    """It stands folded on the page, so that nothing is lost."""
    desk.to(Stage.KLARIFIKASI)
    wrong = {}
    for ending in ENDINGS:
        said, rest = question(desk, ending)
        folded = all(word in rest for word in ending.split())
        if said != QUESTION or not folded:
            wrong[ending] = said
    assert wrong == {}


def test_what_only_looks_like_the_end_of_a_mail_is_kept(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    wrong = {}
    for words in MEANT:
        said, _ = question(desk, words)
        if said != f"{QUESTION}\n\n{words}":
            wrong[words] = said
    assert wrong == {}
