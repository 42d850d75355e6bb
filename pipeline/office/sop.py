"""The SOP as data: stages, roles, tasks and which action leads where.

Pure. Labels, Waktu and holders come from `config.toml`; this module holds only what the code must know:
the closed lists of names and `next_stage()`. Source of every row: the table of SOP 12.1.1.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who acts (SOP column Pelaksana), plus the two parties outside the table."""

    JFU = "jfu"
    SEKRETARIS = "sekretaris"
    KASI = "kasi"  # Kasubag and Kasi
    KEPALA = "kepala"
    PENGAWAS = "pengawas"  # acts in place of an official whom a complaint is about, where nobody else is left


class Channel(StrEnum):
    """How a complaint came (SOP langkah 1: "langsung maupun tidak langsung")."""

    EMAIL = "email"
    KOTAK = "kotak"
    LANGSUNG = "langsung"
    TELEPON = "telepon"
    SURAT = "surat"


class Stage(StrEnum):
    """Where a complaint stands."""

    PENERIMAAN = "penerimaan"  # langkah 1
    KLARIFIKASI = "klarifikasi"  # langkah 2
    KEPUTUSAN = "keputusan"  # langkah 3
    JAWABAN = "jawaban"  # langkah 4
    TANDA_TANGAN = "tanda_tangan"  # between 4 and 5
    PENYAMPAIAN = "penyampaian"  # langkah 5
    PENGIRIMAN = "pengiriman"  # langkah 5, the letter is with the mail server
    SELESAI = "selesai"
    DICABUT = "dicabut"  # taken back by the pengadu: over without an answer
    DIGABUNG = "digabung"  # waits for the answer of its parent
    BATAL = "batal"  # void: not a complaint; the row stays in the book


class TaskKind(StrEnum):
    """What somebody is asked to do; a link names one of these."""

    CATAT = "catat"
    KLARIFIKASI = "klarifikasi"
    KETERANGAN = "keterangan"  # a Kasubag/Kasi answers the Sekretaris
    TANYA = "tanya"  # a JFU asks a pengadu who has no email
    PENCABUTAN = "pencabutan"  # the pengadu seems to take the complaint back: a JFU makes sure
    KEPUTUSAN = "keputusan"
    JAWABAN = "jawaban"
    MACET = "macet"  # a letter cannot be made: the Sekretaris sees why
    TANDA_TANGAN = "tanda_tangan"
    PENYAMPAIAN = "penyampaian"
    PENGIRIMAN = "pengiriman"  # the letter waits for a mail server; it can be handed over instead
    PENGANTAR = "pengantar"  # the covering letter is delivered to the agency in charge
    GABUNGAN = "gabungan"  # a merged complaint: correct, mark, take out again
    ARSIP = "arsip"  # a closed complaint: correct, reopen
    PINDAI = "pindai"  # an item: a scanned slip to be typed in
    TERTAHAN = "tertahan"  # an item: something that could not be read
    LAPORAN = "laporan"  # a report: the Sekretaris edits it in Word
    LAPORAN_TTD = "laporan_ttd"  # a report: the Kepala Dinas signs it
    LAPORAN_KIRIM = "laporan_kirim"  # a report: it is on its way to the tembusan


class Act(StrEnum):
    """What somebody may do on a task; a form, a button and a reply's command name one of these."""

    # At the counter
    CATAT = "catat"
    TAMBAH = "tambah"  # to a complaint that has its number
    # Langkah 1, and at any time
    LAPORKAN = "laporkan"
    PISAHKAN = "pisahkan"  # one complaint says two things
    BUKAN_PENGADUAN = "bukan_pengaduan"
    GABUNGKAN = "gabungkan"
    GABUNGKAN_SEMUA = "gabungkan_semua"  # those of a wave
    LEPASKAN = "lepaskan"  # out of the complaint that it was merged into
    TANDAI = "tandai"  # urgent, confidential
    TERUSKAN = "teruskan"  # to another agency
    KOREKSI = "koreksi"
    # The pengadu, asked or taking the complaint back
    TANYA_PENGADU = "tanya_pengadu"
    CATAT_JAWABAN = "catat_jawaban"
    CABUT = "cabut"
    TIDAK_DICABUT = "tidak_dicabut"
    # Langkah 2
    TANYA_UNIT = "tanya_unit"
    TARIK_PERTANYAAN = "tarik_pertanyaan"
    JAWAB = "jawab"
    BUKAN_BIDANG = "bukan_bidang"
    LAPORKAN_KEPALA = "laporkan_kepala"
    KEMBALIKAN = "kembalikan"  # to the langkah before
    # Langkah 3
    PUTUSKAN = "putuskan"
    PERPANJANG = "perpanjang"
    RAPAT = "rapat"
    BATAL_RAPAT = "batal_rapat"
    NOTULEN = "notulen"
    # Langkah 4
    UNGGAH = "unggah"  # the letter, edited in Word
    UNGGAH_PENGANTAR = "unggah_pengantar"
    SUSUN_ULANG = "susun_ulang"  # the draft, from other points
    PILIH_JAWABAN = "pilih_jawaban"  # of merged citizens: whose answer stands
    AJUKAN = "ajukan"
    TANDATANGANI = "tandatangani"
    ULANGI = "ulangi"  # a letter that could not be made
    # Langkah 5, and after it
    KIRIM_EMAIL = "kirim_email"
    SAMPAIKAN = "sampaikan"  # by any other way
    KIRIM_PENGANTAR = "kirim_pengantar"
    SAMPAIKAN_PENGANTAR = "sampaikan_pengantar"
    KIRIM_TEMBUSAN = "kirim_tembusan"
    KIRIM_ULANG = "kirim_ulang"
    SAMPAIKAN_ULANG = "sampaikan_ulang"
    BUKA_KEMBALI = "buka_kembali"
    # What came in: slips and held mails
    CATAT_SLIP = "catat_slip"
    GABUNGKAN_HALAMAN = "gabungkan_halaman"
    TIDAK_TERBACA = "tidak_terbaca"
    BATALKAN_SLIP = "batalkan_slip"
    TERIMA = "terima"  # a held mail, as it is
    # A report
    SAMPAIKAN_LAPORAN = "sampaikan_laporan"
    KIRIM_LAGI = "kirim_lagi"


class Decision(StrEnum):
    """What the Kepala Dinas decides in langkah 3."""

    DITINDAKLANJUTI = "ditindaklanjuti"
    DITOLAK = "ditolak"
    BUKAN_WEWENANG = "bukan_wewenang"


class EventKind(StrEnum):
    """The closed vocabulary of a complaint's history (DESIGN rule 7)."""

    RECEIVED = "received"
    RECORDED = "recorded"
    CORRECTED = "corrected"
    MERGED = "merged"
    RELEASED = "released"  # taken out of the complaint that it was merged into
    SPLIT = "split"
    VOIDED = "voided"
    UNIT_ASKED = "unit_asked"
    UNIT_ANSWERED = "unit_answered"
    UNIT_WITHDRAWN = "unit_withdrawn"  # a question to a unit is not asked any more
    CITIZEN_ASKED = "citizen_asked"
    CITIZEN_WROTE = "citizen_wrote"
    WITHDRAWN = "withdrawn"  # the pengadu has taken the complaint back, as a JFU confirms
    KEPT_UP = "kept_up"  # they have not, after all
    REPORTED = "reported"
    RETURNED = "returned"
    MEETING_SET = "meeting_set"
    MEETING_CANCELLED = "meeting_cancelled"
    MINUTES_ADDED = "minutes_added"
    ATTACHED = "attached"  # files that came with an official's reply
    MARKED = "marked"  # priority, confidentiality
    FORWARDED = "forwarded"  # to another agency
    DECIDED = "decided"
    ANSWERS_CHOSEN = (
        "answers_chosen"  # of merged citizens: whose answer stands, who waits for the new decision
    )
    POINTS_SET = "points_set"  # of the draft, by the Sekretaris: it is made anew with them
    DRAFTED = "drafted"
    LETTER_STORED = "letter_stored"
    SUBMITTED = "submitted"
    SIGNED = "signed"
    SENT = "sent"
    SENT_AGAIN = "sent_again"  # the signed letter of a case that is over
    DELIVERED = "delivered"
    COVERING_SENT = "covering_sent"  # surat pengantar, to the agency in charge
    COVERING_DELIVERED = "covering_delivered"
    COPY_SENT = "copy_sent"  # the signed letter, to a tembusan
    COPY_DELIVERED = "copy_delivered"
    SEND_FAILED = "send_failed"
    STUCK = "stuck"  # a letter could not be made
    RETRIED = "retried"
    BOUNCED = "bounced"
    REOPENED = "reopened"
    TAKEN_BACK = "taken_back"  # an act within its two minutes
    REMINDED = "reminded"
    EXTENDED = "extended"  # the Kepala Dinas sets a later limit
    RESCHEDULED = "rescheduled"  # a holiday was added or struck: the limit is counted anew
    PROMISE_MOVED = "promise_moved"  # the pengadu was told of a later day for the answer
    ESCALATED = "escalated"  # who is up the line has been told that a task is late
    DELEGATED = "delegated"  # an acting holder takes over, or the holder is back
    ERASED = "erased"  # what is known of the people in it is gone
    ERASURE_CHECKED = "erasure_checked"  # where something of them is still to be found


ROLE_OF: Mapping[TaskKind, tuple[Role, ...]] = {
    TaskKind.CATAT: (Role.JFU,),
    TaskKind.KLARIFIKASI: (Role.SEKRETARIS,),
    TaskKind.KETERANGAN: (Role.KASI,),
    TaskKind.TANYA: (Role.JFU,),
    TaskKind.PENCABUTAN: (Role.JFU,),
    TaskKind.KEPUTUSAN: (Role.KEPALA,),
    TaskKind.JAWABAN: (Role.SEKRETARIS,),
    TaskKind.MACET: (Role.SEKRETARIS,),
    TaskKind.TANDA_TANGAN: (Role.KEPALA,),
    TaskKind.PENYAMPAIAN: (Role.JFU,),
    TaskKind.PENGIRIMAN: (Role.JFU,),
    TaskKind.PENGANTAR: (Role.JFU,),
    TaskKind.GABUNGAN: (Role.JFU, Role.SEKRETARIS),
    TaskKind.ARSIP: (Role.JFU, Role.SEKRETARIS),
    TaskKind.PINDAI: (Role.JFU,),
    TaskKind.TERTAHAN: (Role.JFU,),
    TaskKind.LAPORAN: (Role.SEKRETARIS,),
    TaskKind.LAPORAN_TTD: (Role.KEPALA,),
    TaskKind.LAPORAN_KIRIM: (Role.JFU,),
}

# Tasks beside the one that carries a complaint forward: they end by themselves, and change no stage, save that a
# complaint is taken back.
BESIDE = (
    TaskKind.KETERANGAN,
    TaskKind.TANYA,
    TaskKind.PENCABUTAN,
    TaskKind.MACET,
    TaskKind.PENGANTAR,
)

NO_UNIT = "tidak_ada"  # among the codes of the units terkait: there is none, as the Sekretaris says

# Of the report of a period: beside the SOP's langkah, about no complaint.
REPORTING = (TaskKind.LAPORAN, TaskKind.LAPORAN_TTD, TaskKind.LAPORAN_KIRIM)

# What is signed by whoever signs letters, and may be handed in for them.
SIGNING = (TaskKind.TANDA_TANGAN, TaskKind.LAPORAN_TTD)

# Langkah 3 is one limit: all stays in it count together, however often a case is returned.
SUMMED = (TaskKind.KEPUTUSAN,)

# Tasks that ask for nothing and have no limit: something may be done.
AT_REST = (TaskKind.GABUNGAN, TaskKind.ARSIP)

# What a JFU may hand in for the one who has signed on paper.
HANDED_IN = ("tandatangani",)

# What a JFU or the Sekretaris may do until the decision, in whoever's hands the complaint is: they know the whole book.
ANYTIME = ("gabungkan",)
MERGING = (Role.JFU, Role.SEKRETARIS)

# Who hears of what is late, in this order (the line of the office).
SUPERIORS: Mapping[Role, tuple[Role, ...]] = {
    Role.JFU: (Role.SEKRETARIS, Role.KEPALA),
    Role.KASI: (Role.SEKRETARIS, Role.KEPALA),
    Role.SEKRETARIS: (Role.KEPALA,),
    Role.KEPALA: (),
    Role.PENGAWAS: (),
}

TASK_OF: Mapping[Stage, TaskKind] = {
    Stage.PENERIMAAN: TaskKind.CATAT,
    Stage.KLARIFIKASI: TaskKind.KLARIFIKASI,
    Stage.KEPUTUSAN: TaskKind.KEPUTUSAN,
    Stage.JAWABAN: TaskKind.JAWABAN,
    Stage.TANDA_TANGAN: TaskKind.TANDA_TANGAN,
    Stage.PENYAMPAIAN: TaskKind.PENYAMPAIAN,
    Stage.PENGIRIMAN: TaskKind.PENGIRIMAN,
    Stage.SELESAI: TaskKind.ARSIP,
    Stage.DIGABUNG: TaskKind.GABUNGAN,
    Stage.DICABUT: TaskKind.ARSIP,
    Stage.BATAL: TaskKind.ARSIP,
}

MACHINE = "sistem"  # who acts, where nobody did
# What the office's own machine, or somebody beside the matter, does: it changes nobody's mind.
BESIDE_IT = {
    EventKind.REMINDED,
    EventKind.TAKEN_BACK,
    EventKind.ESCALATED,
    EventKind.RESCHEDULED,
    EventKind.PROMISE_MOVED,
    EventKind.DELEGATED,
    EventKind.EXTENDED,
    EventKind.SENT,
    EventKind.DELIVERED,
    EventKind.STUCK,
    EventKind.RETRIED,
    EventKind.COVERING_SENT,
    EventKind.COVERING_DELIVERED,
    EventKind.COPY_SENT,
    EventKind.COPY_DELIVERED,
}
# What runs no more.
OVER = (Stage.SELESAI, Stage.DICABUT, Stage.BATAL)

# Before the decision; whoever comes back here has none.
UNDECIDED = (Stage.PENERIMAAN, Stage.KLARIFIKASI, Stage.KEPUTUSAN)

# A complaint in these stages may still be answered for others as well: nothing is signed yet.
MERGEABLE = (
    Stage.PENERIMAAN,
    Stage.KLARIFIKASI,
    Stage.KEPUTUSAN,
    Stage.JAWABAN,
    Stage.TANDA_TANGAN,
)

LANGKAH_OF: Mapping[Stage, int] = {
    Stage.PENERIMAAN: 1,
    Stage.KLARIFIKASI: 2,
    Stage.KEPUTUSAN: 3,
    Stage.JAWABAN: 4,
    Stage.TANDA_TANGAN: 4,
    Stage.PENYAMPAIAN: 5,
    Stage.PENGIRIMAN: 5,
    Stage.SELESAI: 5,
    Stage.DICABUT: 1,
    Stage.DIGABUNG: 1,
    Stage.BATAL: 1,
}

LANGKAH_OF_TASK: Mapping[TaskKind, int] = {
    TaskKind.CATAT: 1,
    TaskKind.GABUNGAN: 1,
    TaskKind.PINDAI: 1,
    TaskKind.TERTAHAN: 1,
    TaskKind.KLARIFIKASI: 2,
    TaskKind.KETERANGAN: 2,
    TaskKind.TANYA: 1,
    TaskKind.PENCABUTAN: 1,
    TaskKind.KEPUTUSAN: 3,
    TaskKind.JAWABAN: 4,
    TaskKind.MACET: 4,
    TaskKind.TANDA_TANGAN: 4,
    TaskKind.PENYAMPAIAN: 5,
    TaskKind.PENGIRIMAN: 5,
    TaskKind.PENGANTAR: 5,
    TaskKind.ARSIP: 5,
    TaskKind.LAPORAN: 4,  # whose work it is like
    TaskKind.LAPORAN_TTD: 4,
    TaskKind.LAPORAN_KIRIM: 5,
}


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
    "halaman_sesuai", FieldKind.CENTANG
)  # asked only where a signed paper has more pages than its letter, or fewer
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
                Field(
                    "yakin", FieldKind.CENTANG
                ),  # only where something in the letter wants a look
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
                Field(
                    "ttd_terlihat", FieldKind.CENTANG
                ),  # said of ink, which nothing but an eye can tell from a stamp
                SHEETS,
                Field(
                    "tanpa_kode", FieldKind.CENTANG
                ),  # confirmed where the code could not be read
                Field(
                    "ttd_diragukan", FieldKind.CENTANG
                ),  # confirmed where the electronic signature cannot be proved
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
            fields=(Field("catatan", FieldKind.PANJANG), Field("yakin", FieldKind.CENTANG)),
        ),
    ),
    TaskKind.LAPORAN_TTD: (
        Action(
            Act.TANDATANGANI,
            fields=(
                Field("bertanda_tangan", FieldKind.PINDAIAN, required=True),
                Field("sistem", FieldKind.CENTANG),
                Field("ttd_terlihat", FieldKind.CENTANG),
                SHEETS,
                Field("tanpa_kode", FieldKind.CENTANG),
                Field("ttd_diragukan", FieldKind.CENTANG),
            ),
        ),
        Action(Act.KEMBALIKAN, fields=REASON),
    ),
    TaskKind.LAPORAN_KIRIM: (
        Action(Act.SAMPAIKAN_LAPORAN, fields=(Field("bukti", FieldKind.PANJANG, required=True),)),
        Action(Act.KIRIM_LAGI, closes=False),  # where a copy did not arrive
    ),
}


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
