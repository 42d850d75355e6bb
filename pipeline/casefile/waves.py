"""Several complaints of one area and words within hours (*gelombang*): which they are. Reads only.

Hides what counts as an area and as alike: both name the same place (the word behind "Jalan", "Kelurahan" and the like)
and share other words that say something. It is a guess, shown to the JFU, who ticks what belongs together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.data.tables import Complaint, Outbox
from pipeline.office.sop import Stage
from pipeline.work import Work

MAIL = "gelombang"
MOST = 300  # complaints of the hours that are looked at, the newest
SHARED, SHORTEST = 2, 4  # words that two must share beside the place; letters of one
READ = 2_000  # letters of a complaint
_PLACE = re.compile(
    r"\b(?:jalan|jln|jl|gang|gg|kelurahan|kel|kecamatan|kec|desa|dusun|perumahan|perum|pasar|taman|terminal|sekolah)"
    r"\b\.?\s+([a-z]{3,})",
)
# Words of any complaint; two that share them alone share nothing.
_SAID_ANYHOW = """
saya kami kita yang dengan untuk dari pada tidak sudah belum juga agar mohon tolong terima kasih selamat pagi siang sore
malam hormat bapak sejak hari kemarin tadi masih akan ini itu ada oleh karena sebab warga segera jalan kelurahan
kecamatan gang perumahan
"""
_EMPTY = frozenset(_SAID_ANYHOW.split())


@dataclass(frozen=True)
class WaveWords:
    """What a complaint says, as it is compared."""

    places: frozenset[str]
    words: frozenset[str]


def said(complaint: Complaint) -> WaveWords:
    text = f"{complaint.lokasi_kejadian} {complaint.perihal} {complaint.isi}"[:READ].lower()
    places = frozenset(_PLACE.findall(text)) - _EMPTY
    words = (
        frozenset(one for one in re.findall(r"[a-z]+", text) if len(one) >= SHORTEST)
        - _EMPTY
        - places
    )
    return WaveWords(places, words)


def alike(one: WaveWords, other: WaveWords) -> bool:
    return bool(one.places & other.places) and len(one.words & other.words) >= SHARED


def gather(complaints: Sequence[Complaint]) -> list[list[Complaint]]:
    """Those that are alike, each group oldest first; who is like one of a group belongs to it."""
    known = {one.id: said(one) for one in complaints}
    near: dict[str, list[int]] = defaultdict(list)
    for key, one in known.items():
        for place in one.places:
            near[place].append(key)
    group = {key: key for key in known}
    for keys in near.values():
        for first, other in combinations(keys, 2):
            if group[first] != group[other] and alike(known[first], known[other]):
                group = _joined(group, group[first], group[other])
    found: dict[int, list[Complaint]] = defaultdict(list)
    for complaint in sorted(complaints, key=lambda row: row.id):
        found[group[complaint.id]].append(complaint)
    return list(found.values())


def _joined(group: dict[int, int], into: int, other: int) -> dict[int, int]:
    return {key: into if now == other else now for key, now in group.items()}


def news(work: Work) -> list[list[Complaint]]:
    """The waves of the last hours that are large enough and that nobody has been told of."""
    conf = work.settings.pengaduan
    least = conf.gelombang_jumlah
    if not least:
        return []
    waiting = _waiting(work.session, work.now - timedelta(hours=conf.gelombang_jam))
    if len(waiting) < least:
        return []
    large = [wave for wave in gather(waiting) if len(wave) >= least]
    return [wave for wave in large if not _is_told(work.session, wave)]


def others(work: Work, complaint: Complaint) -> list[Complaint]:
    """Who belongs to the wave of a complaint now, without itself."""
    span = timedelta(hours=work.settings.pengaduan.gelombang_jam)
    waiting = _waiting(work.session, complaint.recorded_at - span)
    for wave in gather(waiting):
        rest = [one for one in wave if one.id != complaint.id]
        if len(rest) < len(wave):
            return rest
    return []


def is_first(session: Session, complaint: Complaint) -> bool:
    """Whether the JFU was told of a wave that begins with this complaint."""
    return _is_told(session, [complaint])


def _waiting(session: Session, since: object) -> list[Complaint]:
    """What came since and is in langkah 1 still; nothing that is about an official."""
    query = select(Complaint).where(
        Complaint.stage == Stage.PENERIMAAN,
        Complaint.recorded_at >= since,
        Complaint.terlapor == "",
    )
    return list(session.scalars(query.order_by(Complaint.id.desc()).limit(MOST)))


def _is_told(session: Session, wave: Iterable[Complaint]) -> bool:
    mine = [one.id for one in wave]
    told = select(Outbox.id).where(Outbox.name == MAIL, Outbox.complaint_id.in_(mine))
    return session.scalar(told.limit(1)) is not None
