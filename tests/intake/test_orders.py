"""Words that begin with a command and say something else: nothing acts on them at once (tests/intake/test_replies.py
shows what becomes of them by mail)."""

from __future__ import annotations

import pytest

from pipeline.intake import orders
from pipeline.office.commands import COMMANDS
from pipeline.office.sop import TaskKind

ASKED = [
    (TaskKind.KETERANGAN, text)
    for text in (
        "Jawab: lihat balasan saya kemarin, ini tidak usah dipakai",
        "Jawab: saya jawab besok",
        "Jawab: akan kami jawab hari Senin",
        "Jawab: mohon ditunggu",
        "Jawab: mohon tambahan waktu dua hari",
        "Jawab: belum bisa saya jawab",
        "Jawab: <isi jawaban>",
        "Jawab: [jawaban Bapak/Ibu]",
        "JAWAB\n[cid:image001.png]",
        "JAWAB\nhttps://kantor.example/foto",
        "JAWAB\nLampu sudah kami perbaiki.\nEh maaf, itu untuk kasus lain.",
        "JAWAB\nLampu sudah kami perbaiki.\nNB: ini masih konsep",
        "Jawab: Out of office, saya cuti sampai tanggal 5",
        "Jawab: ini bukan bidang kami",
    )
]
ASKED += [
    (TaskKind.KLARIFIKASI, text)
    for text in (
        "Lapor: hasilnya belum ada",
        "Lapor: data belum lengkap, jangan naik dulu",
        "Lapor: sedang kami klarifikasi",
        "LAPOR\nmasih proses, besok saya lengkapi",
        "Lapor: tidak dapat dilaporkan karena data kurang",
        "KEMBALIKAN\nBerkasnya ternyata lengkap, tidak jadi dikembalikan",
    )
]
ASKED += [(TaskKind.CATAT, "Lapor: ini spam"), (TaskKind.CATAT, "LAPOR: bukan pengaduan")]
ASKED += [
    (TaskKind.KEPUTUSAN, text)
    for text in (
        "SETUJU: ditolak saja",
        "SETUJU\nkalau Sekretaris sudah memeriksa",
        "SETUJU: saya tidak setuju",
        "SETUJU\nSaya berubah pikiran, tolak.",
        "TOLAK\nbelum tentu, tanya dulu",
    )
]
# Another act than a report: that it be put to a complaint that is there already.
ASKED += [
    (kind, f"LAPOR: {text}")
    for kind in (TaskKind.CATAT, TaskKind.KLARIFIKASI)
    for text in (
        "ini ganda",
        "Ganda dengan pengaduan Bu Wati",
        "sepertinya duplikat",
        "sama dengan yang kemarin",
        "tolong digabung dengan nomor 12",
        "ini sudah pernah masuk, gabungkan saja",
        "pengaduan ini sudah ada",
    )
]
MEANT = [
    (TaskKind.CATAT, "LAPOR: Lampu padam; warga juga mengadu pungutan ganda."),
    (TaskKind.KLARIFIKASI, "LAPOR: Sudah ada petugas di lokasi, lampu menyala."),
    (TaskKind.KETERANGAN, "JAWAB\nSudah kami periksa. Lampu sedang diperbaiki oleh PLN."),
    (TaskKind.KETERANGAN, "Jawab: Sedang diperbaiki, selesai besok."),
    (TaskKind.KETERANGAN, "Jawab: Data lampu ada di dinas; tiga titik padam."),
    (TaskKind.KLARIFIKASI, "LAPOR\nBenar, warga belum mendapat air sejak Senin."),
    (TaskKind.KLARIFIKASI, "KEMBALIKAN: lengkapi alamat pengadu"),
    (TaskKind.KEPUTUSAN, "SETUJU: segera diperbaiki"),
    (TaskKind.KEPUTUSAN, "TOLAK\nSudah dijawab bulan lalu."),
]


@pytest.mark.parametrize(("kind", "text"), ASKED)
def test_what_takes_its_command_back_is_no_plain_order(kind: TaskKind, text: str) -> None:
    order = orders.read(text.splitlines(), COMMANDS[kind])
    assert order is not None
    assert not order.plain


@pytest.mark.parametrize(("kind", "text"), MEANT)
def test_what_is_meant_is_one(kind: TaskKind, text: str) -> None:
    order = orders.read(text.splitlines(), COMMANDS[kind])
    assert order is not None
    assert order.plain
