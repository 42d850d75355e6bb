"""What kinds of documents and of slow work there are, and how far each thing that waits for the program has come.

Closed lists, as `docs/glossary.md` has them. The database keeps the plain words, so that it can be read without us.
"""

from __future__ import annotations

from enum import StrEnum


class ItemState(StrEnum):
    """Something that arrived."""

    NEW = "new"
    DONE = "done"
    HELD = "held"  # could not be read or placed; the clerk settles it
    ERASED = "erased"  # its words are gone


class MailState(StrEnum):
    """A mail of ours, from its writing to its end."""

    DUE = "due"
    SENDING = "sending"  # claimed by a sender
    SENT = "sent"  # taken by the mail server
    DEAD = "dead"  # refused for good, or given up
    VOID = "void"  # what it tells holds no more, or its act was taken back; it never goes
    FOLDED = "folded"  # a line of the recipient's next digest instead
    HELD = "held"  # of before a restore: whether it was sent since the backup nobody knows


class JobState(StrEnum):
    """Slow work."""

    DUE = "due"
    DONE = "done"
    DEAD = "dead"  # given up


class PageState(StrEnum):
    """A page of a scan."""

    READ = "read"
    BLANK = "blank"
    PLAIN = "plain"  # its picture alone
    SAME = "sama"  # it came before, in a file of the same name
    HELD = "held"  # with a reason


class SlipState(StrEnum):
    """A paper of a stack: what the clerk has made of it."""

    OPEN = "baru"
    RECORDED = "dicatat"
    UNREADABLE = "tak_terbaca"
    NO_SLIP = "bukan"
    JOINED = "digabung"  # goes with the paper before it
    SEPARATOR = "pemisah"
    HELD = "ditahan"  # no page of its file gave anything: the file as a whole is held


class DocumentKind(StrEnum):
    """What a document of a case or of a report is; people read its name in templates/istilah.toml, [jenis_dokumen]."""

    # From outside
    LAMPIRAN = "lampiran"
    HALAMAN = "halaman"  # the picture of a page that was written by hand
    # The letter of answer, in the order in which its documents come about
    KONSEP = "konsep"
    SURAT = "surat"  # edited in Word
    SURAT_KIRIMAN = "surat_kiriman"  # as it was uploaded, where something was taken away from it
    AKHIR = "akhir"  # as it is to be signed
    TTD = "ttd"  # signed
    # The covering letter to another agency
    PENGANTAR = "pengantar"
    PENGANTAR_SURAT = "pengantar_surat"
    PENGANTAR_AKHIR = "pengantar_akhir"
    PENGANTAR_TTD = "pengantar_ttd"
    # The report of a period
    LAP_KONSEP = "lap_konsep"
    LAP_SURAT = "lap_surat"
    LAP_AKHIR = "lap_akhir"
    LAP_TTD = "lap_ttd"
    # Made of another document
    PDF = "pdf"
    RUPA = "rupa"  # the picture of a letter's page
    # From officials
    KETERANGAN = "keterangan"
    UNDANGAN = "undangan"
    NOTULEN = "notulen"
    PINDAIAN = "pindaian"  # of a signed letter, as it was uploaded
    BUKTI = "bukti"  # that an answer was handed over


class JobKind(StrEnum):
    """What slow work makes."""

    FRESH_DRAFT = "konsep"
    FINAL_FORM = "akhir"  # the letter with its number and date
    COPY = "salinan"  # the letter of a merged complaint
    INVITATION = "undangan"  # to a rapat, as a letter
    MAKE_PDF = "pdf"
    SHOW_PAGES = "halaman"  # pictures of the pages of a PDF that somebody wants to look at
    READ_STACK = "slip"
    EXPORT = "ekspor"  # of the Buku
    REPORT = "laporan"
