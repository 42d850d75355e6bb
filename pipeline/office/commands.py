"""The words with which a reply by mail acts, task by task, and which of them act without one more look.

Pure. The mails name them, `intake.orders` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.office.sop import Act, Decision, TaskKind


@dataclass(frozen=True)
class Command:
    """A word with which a reply by mail begins. The rest of the reply goes into `field`; `fixed` are values that the
    word itself gives, `first` takes the rest of the first line alone."""

    word: str
    action: Act
    field: str = ""
    fixed: tuple[tuple[str, str], ...] = ()
    first: str = ""


RETURN = Command("KEMBALIKAN", Act.KEMBALIKAN, "alasan")
NO_COMPLAINT = Command("BUKAN PENGADUAN", Act.BUKAN_PENGADUAN, "alasan")
COMMANDS: Mapping[TaskKind, tuple[Command, ...]] = {
    TaskKind.CATAT: (Command("LAPOR", Act.LAPORKAN, "ringkasan"), NO_COMPLAINT),
    TaskKind.KLARIFIKASI: (
        Command("LAPOR", Act.LAPORKAN_KEPALA, "hasil"),
        Command("TANYA", Act.TANYA_PENGADU, "pertanyaan"),
        RETURN,
    ),
    TaskKind.KETERANGAN: (Command("JAWAB", Act.JAWAB, "jawaban"),),
    TaskKind.TANYA: (Command("JAWAB", Act.CATAT_JAWABAN, "jawaban_pengadu"),),
    TaskKind.PENCABUTAN: (
        Command("CABUT", Act.CABUT, "alasan"),
        Command("TIDAK", Act.TIDAK_DICABUT, "alasan"),
    ),
    TaskKind.MACET: (Command("ULANGI", Act.ULANGI),),
    TaskKind.KEPUTUSAN: (
        Command("SETUJU", Act.PUTUSKAN, "perintah", (("keputusan", Decision.DITINDAKLANJUTI),)),
        Command("TOLAK", Act.PUTUSKAN, "perintah", (("keputusan", Decision.DITOLAK),)),
        Command(
            "BUKAN WEWENANG",
            Act.PUTUSKAN,
            "perintah",
            (("keputusan", Decision.BUKAN_WEWENANG),),
            "instansi",
        ),
        RETURN,
    ),
    TaskKind.JAWABAN: (Command("SETUJU", Act.AJUKAN, "catatan"), RETURN),
    TaskKind.TANDA_TANGAN: (Command("SETUJU", Act.TANDATANGANI), RETURN),
    TaskKind.PENYAMPAIAN: (Command("KIRIM", Act.KIRIM_EMAIL, "pesan"), RETURN),
    TaskKind.PENGIRIMAN: (),
    TaskKind.PENGANTAR: (Command("KIRIM", Act.KIRIM_PENGANTAR, "pesan", (), "alamat_instansi"),),
    TaskKind.GABUNGAN: (Command("LEPASKAN", Act.LEPASKAN, "alasan"),),
    TaskKind.ARSIP: (Command("BUKA KEMBALI", Act.BUKA_KEMBALI, "alasan"),),
    TaskKind.PINDAI: (),  # a stack is looked at page by page
    TaskKind.TERTAHAN: (Command("CATAT", Act.TERIMA), NO_COMPLAINT),
    TaskKind.LAPORAN: (Command("SETUJU", Act.AJUKAN, "catatan"),),
    TaskKind.LAPORAN_TTD: (Command("SETUJU", Act.TANDATANGANI), RETURN),
    TaskKind.LAPORAN_KIRIM: (),
}
BINDING = (Act.PUTUSKAN,)  # by reply only after one more look, unless config.toml says otherwise
INNER = (
    Act.LAPORKAN,
    Act.LAPORKAN_KEPALA,
    Act.JAWAB,
    Act.KEMBALIKAN,
)  # a reply may do these at once: nobody outside hears
