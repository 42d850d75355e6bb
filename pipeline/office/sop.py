"""The SOP as data: the closed lists of its names (roles, channels, stages, tasks, acts, decisions, events) and the
tables that say which langkah, holder and stage belong together.

Pure. Labels, Waktu and holders come from `config.toml`; which action leads where stands in `actions`, what a reply by
mail may say in `commands`. Source of every row: the table of SOP 12.1.1.10.
"""

from __future__ import annotations

from collections.abc import Mapping
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
HANDED_IN = (Act.TANDATANGANI,)

# What a JFU or the Sekretaris may do until the decision, in whoever's hands the complaint is: they know the whole book.
ANYTIME = (Act.GABUNGKAN,)
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
