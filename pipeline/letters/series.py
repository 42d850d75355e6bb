"""The two letters that a case may have, and the kinds of document that each goes through.

for series in LETTERS: series.drafted, series.edited, series.final, series.signed
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.data.states import DocumentKind


@dataclass(frozen=True)
class Series:
    """One letter on its way: its name, and the kinds of its documents in the order in which they come about."""

    name: str  # also the kind of its number
    drafted: DocumentKind
    edited: DocumentKind
    final: DocumentKind
    signed: DocumentKind

    @property
    def worked_on(self) -> tuple[DocumentKind, DocumentKind]:
        return self.drafted, self.edited


ANSWER = Series(
    "jawaban", DocumentKind.KONSEP, DocumentKind.SURAT, DocumentKind.AKHIR, DocumentKind.TTD
)
COVERING = Series(
    "pengantar",
    DocumentKind.PENGANTAR,
    DocumentKind.PENGANTAR_SURAT,
    DocumentKind.PENGANTAR_AKHIR,
    DocumentKind.PENGANTAR_TTD,
)  # surat pengantar
LETTERS = (ANSWER, COVERING)
REPORT = Series(
    "laporan",
    DocumentKind.LAP_KONSEP,
    DocumentKind.LAP_SURAT,
    DocumentKind.LAP_AKHIR,
    DocumentKind.LAP_TTD,
)  # of a period, not of a case
SIGNED = tuple(series.signed for series in (*LETTERS, REPORT))
LETTER_KINDS = tuple(
    kind for one in (*LETTERS, REPORT) for kind in (*one.worked_on, one.final, one.signed)
)

_OF = {
    kind: series
    for series in (*LETTERS, REPORT)
    for kind in (*series.worked_on, series.final, series.signed)
}


def series_of(kind: DocumentKind) -> Series:
    """The letter that a document of this kind belongs to; KeyError for one of no letter."""
    return _OF[kind]
