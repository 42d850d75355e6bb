"""What other units may know of a complaint (DESIGN rule 10).

By construction, not by masking: a Kasubag/Kasi, a guest of a rapat and whoever else is asked reads what the JFU and the
Sekretaris wrote for them. The citizen's own words, subject, name, contacts and files are never handed out, until the
words or the files are released. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pipeline.data.states import DocumentKind
from pipeline.data.tables import Complaint, Document
from pipeline.mail.phrases import SECRET
from pipeline.office.config import Settings
from pipeline.office.sop import Act, EventKind, TaskKind
from pipeline.office.traces import traces_of
from pipeline.office.words import word

FROM_OUTSIDE = (
    DocumentKind.LAMPIRAN,
    DocumentKind.HALAMAN,
)  # what a pengadu sent, or wrote by hand
# What a template may read of a case that goes to another unit; all other columns are empty for it.
OPEN = frozenset(
    (
        "id",
        "number",
        "year",
        "stage",
        "channel",
        "received_at",
        "recorded_at",
        "closed_at",
        "prioritas",
        "rahasia",
        "lampiran_terbuka",
        "teks_terbuka",
        "unit",
    )
)
# Events that another unit reads in the history: what it was asked itself, what units said, the rapat it is bidden to.
OPEN_EVENTS = (
    EventKind.RECEIVED,
    EventKind.UNIT_ASKED,
    EventKind.UNIT_ANSWERED,
    EventKind.MEETING_SET,
    EventKind.MEETING_CANCELLED,
)
# Of what it is told when it came while its page was open, beside that: who may know of the case now.
NEWS_FOR_UNITS = (*OPEN_EVENTS, EventKind.MARKED, EventKind.CITIZEN_WROTE)
TITLE = 80  # letters of a summary that stand for the subject
SAID = ("nama", "alamat", "telepon", "email", "nik")
# Fields whose words go to other units, by the action: there the form warns of what tells who complains.
READ_BY_OTHERS = {
    Act.LAPORKAN: ("ringkasan",),
    Act.TANYA_UNIT: ("pertanyaan",),
    Act.RAPAT: ("agenda",),
}


def is_other_unit(kind: TaskKind) -> bool:
    """Whether a task of this kind is another unit's."""
    return kind is TaskKind.KETERANGAN


def summary(complaint: Complaint) -> str:
    """The JFU's ringkasan; "" where it only repeats what the citizen wrote, as a reply of one word makes it, and where
    it tells who complains in secret: it may be of before the wish for secrecy, or was let stand by the JFU."""
    text = complaint.ringkasan
    told = repeats(complaint, text) or (complaint.rahasia and tells_who(complaint, text))
    return "" if told else text.strip()


def repeats(complaint: Complaint, text: str) -> bool:
    """Whether a text is only what the citizen wrote."""
    return _plain(text) == _plain(complaint.isi)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def as_title(text: str) -> str:
    """Without the full stop at its end: a title has none (EYD V), and the sentence around it goes on or has its own."""
    return text.rstrip(" .,;:") or text


def title(complaint: Complaint) -> str:
    """What stands for the subject, which is the citizen's: the beginning of the summary."""
    first = " ".join(summary(complaint).split())
    if not first:
        return word("privasi.judul")
    if len(first) <= TITLE:
        return as_title(first)
    whole_words = first[: TITLE - 1].rsplit(" ", 1)[0]
    return f"{whole_words}…"


def subject_title(settings: Settings, complaint: Complaint) -> str:
    """The title as a mail's subject has it, else the kategori: subjects stand in lists, on locked screens and in logs
    of mail servers, so that none tells who complains, even where the summary does."""
    if summary(complaint) and not tells_who(complaint, complaint.ringkasan):
        return title(complaint)
    kategori = settings.names_of("kategori", complaint.kategori).get(complaint.kategori, "")
    if kategori and not tells_who(complaint, kategori):
        return kategori
    return word("privasi.judul")


def tells_who(complaint: Complaint, text: str) -> bool:
    """Whether a name, number or address of the pengadu stands in a text."""
    person = traces_of(
        [(name, str(getattr(complaint, name))) for name in SAID if getattr(complaint, name)]
    )
    return bool(person.kinds_in(text))


def in_register(complaint: Complaint, text: str) -> str:
    """Words about the matter as the Buku Pengaduan has them, which is printed and passed on: of a secret complaint none
    that tell who complains."""
    return word("pengadu.isi_rahasia") if complaint.rahasia and tells_who(complaint, text) else text


def matter(complaint: Complaint) -> str:
    """What it is about: the citizen's words where they are released, else the summary."""
    return (
        complaint.isi
        if complaint.teks_terbuka
        else summary(complaint) or word("privasi.tanpa_ringkasan")
    )


def hides(complaint: Complaint, kind: TaskKind, document: Document) -> bool:
    """Whether a file that came with a complaint is kept from the holder of such a task: a picture may tell who took
    it. The Sekretaris releases one file, or all that are there."""
    return is_other_unit(kind) and not (
        complaint.lampiran_terbuka or document.id in released(complaint)
    )


def released(complaint: Complaint) -> frozenset[int]:
    """The ids of the documents that were released one by one."""
    return frozenset(map(int, filter(None, complaint.dibuka.split(","))))


def joined(ids: Iterable[int]) -> str:
    """Such ids as the complaint keeps them."""
    return ",".join(map(str, sorted(ids)))


class _Shown:
    """A case whose `perihal` is a title."""

    def __init__(self, complaint: Complaint, perihal: str) -> None:
        self._whole = complaint
        self.perihal = perihal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class InSubject(_Shown):
    """A case as the subject of a mail reads it that does not go to its pengadu."""

    def __init__(self, complaint: Complaint, title: str) -> None:
        super().__init__(complaint, title)


class ForOthers(_Shown):
    """A case as a mail to another unit reads it: a title for the subject, and nothing that the citizen said."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint, title(complaint))

    def __getattr__(self, name: str) -> Any:
        if name in OPEN:
            return getattr(self._whole, name)
        if name in Complaint.__table__.columns:
            return ""
        raise AttributeError(name)


def asks_for_secrecy(text: str) -> bool:
    """Whether somebody asks that their identity be kept secret."""
    return SECRET.search(text) is not None


def citizen_words(complaint: Complaint) -> str:
    """Who complains, as a mail to officials names them; a secret identity is not spread by mail."""
    if complaint.rahasia:
        return word("pengadu.rahasia")
    return complaint.nama or word("pengadu.tanpa_nama")
