"""How many pages a signed paper has beside the letter that was to be signed: one more may be somebody else's letter,
one less is half an answer, and one of as many that does not bear the letter's code may stand for another.

Hides how the pages of either are counted. Whoever hands the paper in is asked once, and may say that they belong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from pipeline.cases.input import Checked, Invalid, Scan
from pipeline.cases.pages import pages_of
from pipeline.cases.scans import SEEN, in_ink
from pipeline.data import store
from pipeline.data.tables import Document
from pipeline.letters.mark import printed_code
from pipeline.letters.unsigned import is_blank
from pipeline.office.words import listed, word

SHEETS = (
    "halaman_sesuai"  # the tick by which somebody says that all pages belong, and none is missing
)
DRAWN = 6  # pages of a letter that are drawn at most: a longer one is known by its codes alone


class Paper(NamedTuple):
    """A signed paper, and the letter that it should be."""

    title: str
    scan: Scan
    final: Document | None


def ask(session: Session, form: Checked, papers: Sequence[Paper]) -> str:
    """Invalid, with all that is to be asked of these papers in one go, until it is ticked: that the signature is there,
    and that their pages are the letter's. What is told of them in the history, "" where nothing was to be asked."""
    uneven = " ".join(filter(None, (_uneven(session, paper) for paper in papers)))
    asked = {}
    if in_ink(form) and not form.text(SEEN):
        asked[SEEN] = word("galat.ttd_terlihat")
    if uneven and not form.text(SHEETS):
        asked[SHEETS] = f"{uneven} {word('galat.halaman_sesuai')}"
    if asked:
        raise Invalid(asked)
    return f"{uneven} {word('tanda_tangan.halaman')}" if uneven else ""


def _uneven(session: Session, paper: Paper) -> str:
    """How the pages of a paper differ from the letter's; "" where they do not."""
    written = paper.scan.written
    coded = [number for number in written if _bears(paper, number)]
    due = _pages_due(session, paper.final, len(coded))
    if not due:
        return ""
    # Each page of ours bears the code; where more of them were read than there are, or none, nobody can tell which.
    can_tell = 0 < len(coded) <= due
    strange = [number for number in written if number not in coded] if can_tell else []
    known = {"surat": paper.title, "ada": len(written), "semula": due}
    if len(written) < due:
        return word("galat.halaman_kurang", **known)
    said = [word("galat.halaman_lebih", **known)] if len(written) > due else []
    if strange:
        which = listed([*map(str, strange)])
        said.append(word("galat.halaman_tanpa_kode", surat=paper.title, halaman=which))
    return " ".join(said)


def _bears(paper: Paper, number: int) -> bool:
    """Whether the letter's code was read on that page."""
    codes = paper.scan.by_page[number - 1 : number]
    own = paper.final.code if paper.final else ""
    return bool(own) and any(printed_code(text) == own for page in codes for text in page)


def _pages_due(session: Session, final: Document | None, coded: int) -> int:
    """How many pages the letter has; 0 where nobody can tell. It was drawn where there is LibreOffice; else as many
    pages are known to be its own as bear its code, which stands at the foot of each."""
    pages = pages_of(session, final.id) if final else []
    if len(pages) >= DRAWN:
        return max(coded, DRAWN)
    if not pages:
        return coded
    kept = store.get_all(session, [page.sha256 for page in pages])
    return sum(not is_blank(kept[page.sha256]) for page in pages)
