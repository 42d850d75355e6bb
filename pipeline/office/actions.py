"""What may be done in each task, and where it leads: the actions with the fields of their forms.

Pure. A task's page shows `ACTIONS[kind]`; `cases.check` reads what was typed by the same table, and `next_stage()` says
where the complaint stands afterwards. Words for people stand in `templates/istilah.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.office.sop import Act, Channel, Decision, Stage, TaskKind


class FieldKind(StrEnum):
    """How a field is typed in; the web chooses the control, `cases` checks the value."""

    TEKS = "teks"
    PANJANG = "panjang"  # several lines
    EMAIL = "email"
    TELEPON = "telepon"
    PILIH = "pilih"  # one of `choices`, as radio buttons
    PETUGAS = "petugas"  # one or more Kasubag/Kasi
    PESERTA = "peserta"  # any number of officials, of any role
    UNIT = "unit"  # units, or that there is none (NO_UNIT)
    LAMPIRAN = "lampiran"  # any number of the case's attachments
    GABUNGAN = "gabungan"  # any number of complaints that were merged into this one
    DAFTAR = "daftar"  # a code of the list in config.toml that bears the field's name; other words stay as they are
    CENTANG = "centang"
    WAKTU = "waktu"  # date and time in the office's zone
    JAM = "jam"  # time of day in the office's zone
    SURAT = "surat"  # a letter from Word
    BERKAS = "berkas"  # any document or picture
    PINDAIAN = "pindaian"  # a signed PDF or a picture of it


@dataclass(frozen=True)
class Field:
    """One field of an action's form. Label and hint stand in templates/istilah.toml under its name."""

    name: str
    kind: FieldKind = FieldKind.TEKS
    required: bool = False
    choices: tuple[str, ...] = ()
    vouches: bool = (
        False  # a tick by which somebody speaks for files: it holds for those it was asked about
    )


@dataclass(frozen=True)
class Action:
    """One thing that a holder may do on a task. `leads_to` is None where the stage does not change; `closes`
    says whether the task is done with it."""

    name: Act
    leads_to: Stage | None = None
    closes: bool = True
    fields: tuple[Field, ...] = ()


REASON = (Field("alasan", FieldKind.PANJANG, required=True),)
PERSON = (
    Field("nama"),
    Field("alamat"),
    Field("telepon", FieldKind.TELEPON),
    Field("email", FieldKind.EMAIL),
    Field("rahasia", FieldKind.CENTANG),
)
SURE = Field(
    "tetap", FieldKind.CENTANG
)  # asked only where what is written for other units tells who complains
SHEETS = Field(
    "halaman_sesuai", FieldKind.CENTANG, vouches=True
)  # asked only where a signed paper has more pages than its letter, or fewer
LOOKED = Field(
    "yakin", FieldKind.CENTANG, vouches=True
)  # only where something in the letter wants a look
INK = Field(
    "ttd_terlihat", FieldKind.CENTANG, vouches=True
)  # said of ink, which nothing but an eye can tell from a stamp
NO_CODE = Field(
    "tanpa_kode", FieldKind.CENTANG, vouches=True
)  # confirmed where the code could not be read
DOUBTED = Field(
    "ttd_diragukan", FieldKind.CENTANG, vouches=True
)  # confirmed where the electronic signature cannot be proved
REPORTED = Field("terlapor", FieldKind.PESERTA)
KIND = (
    Field("klasifikasi", FieldKind.DAFTAR),
    Field("kategori", FieldKind.DAFTAR),
    Field("lokasi_kejadian"),
)
LETTER = Field("surat_pengirim")  # number and date that a letter bears, of those who wrote one
SUMMARY = (
    Field("perihal", required=True),
    Field("ringkasan", FieldKind.PANJANG, required=True),
    *KIND,
)
PROVEN = ("terbukti", "sebagian", "tidak")  # what the check of a complaint came to
PRIORITIES = ("biasa", "penting", "segera")
MARKS = (
    Field("prioritas", FieldKind.PILIH, required=True, choices=PRIORITIES),
    Field("rahasia", FieldKind.CENTANG),
)
# To other units; the last two only where something is attached.
RELEASE = (
    Field("teks_terbuka", FieldKind.CENTANG),
    Field("dibuka", FieldKind.LAMPIRAN),
    Field("lampiran_terbuka", FieldKind.CENTANG),
)
MARK = Action(Act.TANDAI, closes=False, fields=(*MARKS, REPORTED))
MARK_AND_RELEASE = Action(Act.TANDAI, closes=False, fields=(*MARKS, *RELEASE, REPORTED))
FORWARD = Action(
    Act.TERUSKAN,
    closes=False,
    fields=(
        Field("instansi", required=True),
        Field("alamat_instansi", FieldKind.EMAIL, required=True),
        Field("pengantar", FieldKind.PANJANG),
    ),
)
MERGE = Action(Act.GABUNGKAN, Stage.DIGABUNG, fields=(Field("nomor", required=True),))
# Only where the JFU was told of a wave that begins with this complaint: it becomes the parent of those that are ticked.
MERGE_ALL = Action(
    Act.GABUNGKAN_SEMUA, closes=False, fields=(Field("gelombang", FieldKind.GABUNGAN),)
)
CHOOSE = Action(Act.PILIH_JAWABAN, closes=False, fields=(Field("ikut", FieldKind.GABUNGAN),))
EXTENSION = Action(
    Act.PERPANJANG, closes=False, fields=(Field("sampai", FieldKind.WAKTU, required=True), *REASON)
)
CORRECTION = Action(Act.KOREKSI, None, closes=False, fields=(*PERSON, LETTER, *REASON))
WRITTEN = (*PERSON, Field("perihal", required=True), Field("isi", FieldKind.PANJANG, required=True))
SLIP = (*WRITTEN, REPORTED)

# One slip of a stack; its task is closed with the last one.
WHICH = Field("slip")
PAPER = (
    WHICH,
    Field("tanggal"),
    Field("nama"),
    Field("alamat", FieldKind.PANJANG),
    Field("telepon", FieldKind.TELEPON),
    Field("email", FieldKind.EMAIL),
    Field("nik"),
    Field("unit_dituju"),
    Field("isi", FieldKind.PANJANG, required=True),
    Field("perihal", required=True),
    Field("rahasia", FieldKind.CENTANG),
    *(Field(f"lewat_{way}", FieldKind.CENTANG) for way in ("surat", "telepon", "email", "papan")),
    REPORTED,
    Field("lokasi"),
    Field("sama"),
)

SPOKEN = (Channel.LANGSUNG, Channel.TELEPON, Channel.SURAT)

# A complaint that came in person, by telephone or by letter, typed in by a JFU (langkah 1).
COUNTER_FIELDS = (
    Field("kanal", FieldKind.PILIH, required=True, choices=SPOKEN),
    *WRITTEN,
    Field("diterima", FieldKind.WAKTU),  # of a letter, or a call that is noted later; else now
    LETTER,
    *KIND,
    REPORTED,
    Field("berkas", FieldKind.BERKAS),
)

# What somebody says later, at the counter or by telephone, about a complaint that has its number.
LATER_FIELDS = (
    Field("nomor_aduan", required=True),
    Field("kanal", FieldKind.PILIH, required=True, choices=SPOKEN),
    Field("isi", FieldKind.PANJANG, required=True),
    Field("diterima", FieldKind.WAKTU),
    Field("cabut", FieldKind.CENTANG),
    Field("berkas", FieldKind.BERKAS),
)
HANDED_OVER = Action(
    Act.SAMPAIKAN,
    Stage.SELESAI,
    fields=(
        Field(
            "cara", FieldKind.PILIH, required=True, choices=("langsung", "pos", "telepon", "papan")
        ),
        Field("penerima"),
        Field("waktu", FieldKind.WAKTU),
        Field("resi"),
        Field("tempat"),
        Field("berkas", FieldKind.BERKAS),
        Field("bukti", FieldKind.PANJANG),
    ),
)
# A rapat belongs to the case: whoever has it now may move it, call it off and keep its minutes.
MEETING = Action(
    Act.RAPAT,
    closes=False,
    fields=(
        Field("waktu", FieldKind.WAKTU, required=True),
        Field("selesai", FieldKind.JAM),
        Field("tempat", required=True),
        Field("agenda", FieldKind.PANJANG),
        Field("undangan", FieldKind.PESERTA),
        Field("peserta", FieldKind.PANJANG),
        SURE,
    ),
)
NO_MEETING = Action(Act.BATAL_RAPAT, closes=False, fields=REASON)
MINUTES = Action(
    Act.NOTULEN,
    closes=False,
    fields=(
        Field("hadir", FieldKind.PESERTA),
        Field("notulen", FieldKind.PANJANG),
        Field("berkas", FieldKind.BERKAS),
    ),
)
RAPAT = (MEETING, NO_MEETING, MINUTES)

ACTIONS: Mapping[TaskKind, tuple[Action, ...]] = {
    TaskKind.CATAT: (
        Action(Act.LAPORKAN, Stage.KLARIFIKASI, fields=(*SUMMARY, *PERSON, REPORTED, SURE)),
        MERGE,
        MERGE_ALL,
        Action(
            Act.PISAHKAN,
            closes=False,
            fields=(
                Field("perihal_lain", required=True),
                Field("isi_lain", FieldKind.PANJANG, required=True),
                Field("lampiran_ikut", FieldKind.LAMPIRAN),  # only where something is attached
            ),
        ),
        MARK,
        *RAPAT,
        Action(Act.BUKAN_PENGADUAN, Stage.BATAL, fields=REASON),
    ),
    TaskKind.KLARIFIKASI: (
        Action(
            Act.LAPORKAN_KEPALA,
            Stage.KEPUTUSAN,
            fields=(
                Field("hasil", FieldKind.PANJANG, required=True),
                Field("unit", FieldKind.UNIT, required=True),
            ),
        ),
        Action(
            Act.TANYA_UNIT,
            closes=False,
            fields=(
                Field("petugas", FieldKind.PETUGAS, required=True),
                Field("pertanyaan", FieldKind.PANJANG, required=True),
                SURE,
            ),
        ),
        Action(
            Act.TARIK_PERTANYAAN,
            closes=False,
            fields=(
                Field("ditarik", FieldKind.PETUGAS, required=True),
                Field("alasan", FieldKind.PANJANG),
            ),
        ),
        Action(
            Act.TANYA_PENGADU,
            closes=False,
            fields=(Field("pertanyaan", FieldKind.PANJANG, required=True),),
        ),
        CHOOSE,
        MERGE,
        MARK_AND_RELEASE,
        FORWARD,
        *RAPAT,
        Action(Act.KEMBALIKAN, Stage.PENERIMAAN, fields=REASON),
    ),
    TaskKind.KETERANGAN: (
        Action(
            Act.JAWAB,
            fields=(
                Field("jawaban", FieldKind.PANJANG, required=True),
                Field("berkas", FieldKind.BERKAS),
            ),
        ),
        Action(
            Act.BUKAN_BIDANG,
            fields=(Field("tanyakan", FieldKind.PETUGAS), Field("alasan", FieldKind.PANJANG)),
        ),
    ),
    TaskKind.TANYA: (
        Action(
            Act.CATAT_JAWABAN,
            fields=(
                Field("kanal", FieldKind.PILIH, required=True, choices=SPOKEN),
                Field("jawaban_pengadu", FieldKind.PANJANG, required=True),
                Field("berkas", FieldKind.BERKAS),
            ),
        ),
    ),
    TaskKind.PENCABUTAN: (
        Action(Act.CABUT, Stage.DICABUT, fields=REASON),
        Action(Act.TIDAK_DICABUT, fields=REASON),
    ),
    TaskKind.MACET: (Action(Act.ULANGI),),
    TaskKind.KEPUTUSAN: (
        Action(
            Act.PUTUSKAN,
            Stage.JAWABAN,
            fields=(
                Field("keputusan", FieldKind.PILIH, required=True, choices=tuple(Decision)),
                Field("instansi"),
                Field("pembuktian", FieldKind.PILIH, choices=PROVEN),
                Field(
                    "perintah", FieldKind.PANJANG, required=True
                ),  # to the Sekretaris; never in the letter
                Field(
                    "disampaikan", FieldKind.PANJANG
                ),  # to the pengadu; each line is a point of the letter
            ),
        ),
        *RAPAT,
        MARK_AND_RELEASE,
        EXTENSION,
        MERGE,
        Action(Act.KEMBALIKAN, Stage.KLARIFIKASI, fields=REASON),
    ),
    TaskKind.JAWABAN: (
        Action(Act.UNGGAH, closes=False, fields=(Field("surat", FieldKind.SURAT, required=True),)),
        Action(
            Act.UNGGAH_PENGANTAR,
            closes=False,
            fields=(Field("surat_pengantar", FieldKind.SURAT, required=True),),
        ),
        Action(
            Act.SUSUN_ULANG,
            closes=False,
            fields=(Field("butir", FieldKind.PANJANG, required=True),),
        ),
        Action(
            Act.AJUKAN,
            Stage.TANDA_TANGAN,
            fields=(
                Field("nomor_surat"),  # only where the office numbers by hand
                Field("nomor_pengantar"),  # the same, where there is a covering letter
                Field("catatan", FieldKind.PANJANG),
                LOOKED,
            ),
        ),
        CHOOSE,
        *RAPAT,
        Action(Act.KEMBALIKAN, Stage.KEPUTUSAN, fields=REASON),
    ),
    TaskKind.TANDA_TANGAN: (
        Action(
            Act.TANDATANGANI,
            Stage.PENYAMPAIAN,
            fields=(
                Field("bertanda_tangan", FieldKind.PINDAIAN, required=True),
                Field(
                    "pengantar_bertanda_tangan", FieldKind.PINDAIAN
                ),  # where there is a covering letter
                Field(
                    "sistem", FieldKind.CENTANG
                ),  # signed here with the office's certificate, where it has one
                INK,
                SHEETS,
                NO_CODE,
                DOUBTED,
            ),
        ),
        *RAPAT,
        Action(Act.KEMBALIKAN, Stage.JAWABAN, fields=REASON),
    ),
    TaskKind.PENYAMPAIAN: (
        Action(Act.KIRIM_EMAIL, Stage.PENGIRIMAN, fields=(Field("pesan", FieldKind.PANJANG),)),
        HANDED_OVER,
        FORWARD,
        CORRECTION,
        *RAPAT,
        Action(Act.KEMBALIKAN, Stage.JAWABAN, fields=REASON),
    ),
    TaskKind.PENGIRIMAN: (HANDED_OVER, *RAPAT),
    TaskKind.PENGANTAR: (
        Action(
            Act.KIRIM_PENGANTAR,
            fields=(
                Field("alamat_instansi", FieldKind.EMAIL, required=True),
                Field("pesan", FieldKind.PANJANG),
            ),
        ),
        Action(
            Act.SAMPAIKAN_PENGANTAR,
            fields=(
                Field("cara", FieldKind.PILIH, required=True, choices=("langsung", "pos")),
                Field("penerima"),
                Field("waktu", FieldKind.WAKTU),
                Field("resi"),
                Field("berkas", FieldKind.BERKAS),
                Field("bukti", FieldKind.PANJANG),
            ),
        ),
    ),
    TaskKind.ARSIP: (
        Action(Act.BUKA_KEMBALI, Stage.KLARIFIKASI, fields=REASON),
        Action(
            Act.KIRIM_ULANG,
            closes=False,
            fields=(
                Field("email", FieldKind.EMAIL, required=True),
                Field("pesan", FieldKind.PANJANG),
                *REASON,
            ),
        ),
        Action(
            Act.SAMPAIKAN_ULANG,  # the same letter by another way
            closes=False,
            fields=(
                Field("cara", FieldKind.PILIH, required=True, choices=("langsung", "pos")),
                Field("penerima"),
                Field("waktu", FieldKind.WAKTU),
                Field("resi"),
                Field("berkas", FieldKind.BERKAS),
                *REASON,
            ),
        ),
        Action(Act.KIRIM_TEMBUSAN, closes=False),  # where a copy did not arrive
        CORRECTION,
        *RAPAT,
    ),
    TaskKind.GABUNGAN: (
        Action(Act.LEPASKAN, Stage.PENERIMAAN, fields=REASON),
        CORRECTION,
        MARK,
        *RAPAT,
        Action(Act.BUKAN_PENGADUAN, Stage.BATAL, fields=REASON),
    ),
    TaskKind.PINDAI: (
        Action(Act.CATAT_SLIP, closes=False, fields=PAPER),
        Action(Act.GABUNGKAN_HALAMAN, closes=False, fields=(WHICH, Field("sampai"))),
        Action(Act.TIDAK_TERBACA, closes=False, fields=(WHICH, Field("lokasi"))),
        Action(Act.BUKAN_PENGADUAN, closes=False, fields=(WHICH, *REASON)),
        Action(Act.BATALKAN_SLIP, closes=False, fields=(WHICH,)),
    ),
    TaskKind.TERTAHAN: (
        Action(Act.TERIMA),
        Action(Act.CATAT_SLIP, fields=SLIP),
        Action(Act.BUKAN_PENGADUAN, fields=REASON),
    ),
    TaskKind.LAPORAN: (
        Action(Act.UNGGAH, closes=False, fields=(Field("surat", FieldKind.SURAT, required=True),)),
        Action(
            Act.AJUKAN,
            fields=(Field("catatan", FieldKind.PANJANG), LOOKED),
        ),
    ),
    TaskKind.LAPORAN_TTD: (
        Action(
            Act.TANDATANGANI,
            fields=(
                Field("bertanda_tangan", FieldKind.PINDAIAN, required=True),
                Field("sistem", FieldKind.CENTANG),
                INK,
                SHEETS,
                NO_CODE,
                DOUBTED,
            ),
        ),
        Action(Act.KEMBALIKAN, fields=REASON),
    ),
    TaskKind.LAPORAN_KIRIM: (
        Action(Act.SAMPAIKAN_LAPORAN, fields=(Field("bukti", FieldKind.PANJANG, required=True),)),
        Action(Act.KIRIM_LAGI, closes=False),  # where a copy did not arrive
    ),
}


def action(kind: TaskKind, name: str) -> Action | None:
    """The action called `name` that a task of this kind offers, or None."""
    return next((a for a in ACTIONS[kind] if a.name == name), None)


def next_stage(kind: TaskKind, name: str, stage: Stage) -> Stage:
    """Where a complaint in `stage` stands after this action. A void or withdrawn entry that is reopened starts at
    langkah 1.

    Raises KeyError for an action that the task does not offer.
    """
    chosen = action(kind, name)
    if chosen is None:
        raise KeyError(name)
    if name == Act.BUKA_KEMBALI and stage in (Stage.BATAL, Stage.DICABUT):
        return Stage.PENERIMAAN
    return chosen.leads_to or stage
