"""What came back from Word: its text, its mark, and what must be put right before it can be signed; pure.

Hides where Word keeps tracked changes, comments, hidden text and document properties. The file has passed
`package.open_package`; its text is data to show, never to trust.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.letters import reading
from pipeline.letters.codes import codes_in
from pipeline.letters.gate.archive import named
from pipeline.letters.gate.cleaning import admitted, told
from pipeline.letters.gate.package import MAX_BYTES, NotALetter, Package, W, open_package
from pipeline.letters.leftover import Unfilled, gaps
from pipeline.letters.mark import CODE, Mark, from_identifier, from_properties
from pipeline.letters.reading import Paragraph, PrintedPart
from pipeline.office.words import word

__all__ = ["Finding", "Mark", "NotALetter", "Returned", "inspect"]

Level = Literal["blokir", "lihat", "baik"]
GAP = "isian"  # what kind of finding an entry is that was left open
_FOOT = re.compile(rf"Kode\s{{1,3}}dokumen\s{{0,3}}:?\s{{0,3}}({CODE.pattern})(?![A-Za-z0-9])")
_AUTHORS_NAMED = 5
_CUSTOM = "custom-properties+xml"
_PRINTED = ("document.main+xml", "header+xml", "footer+xml", "footnotes+xml", "endnotes+xml")
# Fields whose result is another tomorrow, or on another computer (ECMA-376 part 1, 17.16.5).
_MOVING = re.compile(
    r'[\s"]{0,20}+(DATE|TIME|SAVEDATE|PRINTDATE|CREATEDATE|EDITTIME|USERNAME|USERINITIALS|USERADDRESS|LASTSAVEDBY|'
    r"REVNUM|FILENAME)\b",
    re.IGNORECASE,
)
ANCHORS = "#$^"  # the place of an electronic signature may be printed so that nobody sees it


@dataclass(frozen=True)
class Finding:
    """One thing to tell the Sekretaris: "blokir" must be put right, "lihat" wants a look, "baik" is good."""

    level: Level
    message: str
    where: str
    kind: str = ""  # GAP, or nothing


@dataclass(frozen=True)
class Returned:
    """A returned letter as read. `mark` is that of the custom properties, `identifier` that of dc:identifier.

    The paragraphs are those of the body, tables and text boxes included, with inserted text and without
    deleted text; empty ones are left out.
    """

    paragraphs: tuple[str, ...]
    mark: Mark | None
    identifier: Mark | None
    footer_code: str | None
    findings: tuple[Finding, ...]
    feet: tuple[str, ...] = ()  # the paragraphs of headers and footers
    remarks: tuple[str, ...] = ()  # what the gate let in and wants a look
    taken: tuple[str, ...] = ()  # what was taken away, in words
    content: bytes = field(
        default=b"", repr=False
    )  # the working copy: as it came, without what was taken away

    @property
    def blocked(self) -> bool:
        """True while something must be put right."""
        return any(finding.level == "blokir" for finding in self.findings)


def inspect(data: bytes, *, max_bytes: int = MAX_BYTES) -> Returned:
    """Read a returned letter. Raises NotALetter, whose message tells the Sekretaris what to do."""
    package, data, taken = admitted(data, lambda file: open_package(file, max_bytes=max_bytes))
    printed = _read(package)
    if package.main not in printed:
        raise NotALetter(word("temuan.rusak"))
    paragraphs = tuple(printed[package.main].texts)
    mark, identifier = _marks(package)
    codes = _footer_codes(package, printed)
    findings = (
        *_body(paragraphs),
        *_tracked(printed),
        *_comments(package, printed),
        *_left_over(package.main, printed),
        *_unseen(printed.values()),
        *_moving(package.main, printed),
        *_mark_findings(mark, identifier, codes),
        *_shown(mark or identifier, codes_in(data).values()),
        *_taken(taken),
    )
    spoiled = any(f.level == "blokir" or f.where == named("tersembunyi") for f in findings)
    clean = Finding("baik", word("temuan.bersih"), word("temuan.di.seluruh"))
    good = () if spoiled else (clean,)
    code = next(iter(codes)) if len(codes) == 1 else None
    feet = tuple(
        text for name, part in printed.items() if name != package.main for text in part.texts
    )
    told_apart = [named(what) for what in _TOLD]
    remarks = tuple(remark for remark in package.remarks if remark not in told_apart)
    return Returned(
        paragraphs, mark, identifier, code, (*findings, *good), feet, remarks, taken, data
    )


def _taken(taken: tuple[str, ...]) -> Iterator[Finding]:
    if taken:
        yield Finding("baik", word("temuan.dibersihkan", apa=told(taken)), "berkas")


def _read(package: Package) -> dict[str, PrintedPart]:
    """Each part that is printed, by its name, the body first."""
    sheets = package.of_type("wordprocessingml.styles+xml")
    styles = reading.looks(package.tree(sheets[0]) if sheets else None)
    printed = {}
    for ending in _PRINTED:
        for name in package.of_type(ending):
            printed[name] = reading.read(package.tree(name), styles)
    return printed


_TOLD = ("perubahan", "komentar", "tersembunyi")  # by findings of their own


def _body(paragraphs: tuple[str, ...]) -> Iterator[Finding]:
    if not any(re.search(r"\w", text) for text in paragraphs):
        yield Finding("blokir", word("temuan.surat_kosong"), word("temuan.di.isi"))


def _by_author(places: Iterable[tuple[str, Paragraph | None]]) -> list[tuple[str, int, str]]:
    """(author, how many, beside which words the first stands) out of (author, paragraph)."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for author, paragraph in places:
        name = _short(author) or "seseorang"
        counts[name] += 1
        if name not in first:  # a paragraph is read once, however many changes stand in it
            first[name] = _short(paragraph.text) if paragraph else ""
    named = counts.most_common(_AUTHORS_NAMED)
    told = [(name, count, first[name]) for name, count in named]
    others = counts.total() - sum(count for _, count in named)
    if others:
        told.append(("orang lain", others, ""))
    return told


def _near(words: str, otherwise: str) -> str:
    return word("temuan.di.kata", kata=words) if words else otherwise


def _short(text: str) -> str:
    """A name or a scrap of text from the file, on one short line."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def _tracked(printed: Mapping[str, PrintedPart]) -> Iterator[Finding]:
    places = (change for part in printed.values() for change in part.changes)
    for author, count, words in _by_author(places):
        said = word("temuan.terlacak", jumlah=str(count), siapa=author)
        yield Finding("blokir", said, _near(words, named("perubahan")))


def _comments(package: Package, printed: Mapping[str, PrintedPart]) -> Iterator[Finding]:
    anchors = {name: place for part in printed.values() for name, place in part.comments.items()}
    roots = [package.tree(name) for name in package.of_type("wordprocessingml.comments+xml")]
    places = (
        (node.get(f"{{{W}}}author", ""), anchors.get(node.get(f"{{{W}}}id", "")))
        for root in roots
        for node in root.iter(f"{{{W}}}comment")
    )
    for author, count, words in _by_author(places):
        said = word("temuan.komentar", jumlah=str(count), siapa=author)
        yield Finding("blokir", said, _near(words, named("komentar")))


def _place(name: str, main: str) -> str:
    if name == main:
        return word("temuan.di.isi")
    if "footer" in name:
        return word("temuan.di.kaki")
    return word("temuan.di.kepala" if "header" in name else "temuan.di.catatan")


def _left_over(main: str, printed: Mapping[str, PrintedPart]) -> Iterator[Finding]:
    for name, part in printed.items():
        for prompt in dict.fromkeys(part.prompts):
            yield gap_finding(Unfilled(prompt, prompt, "blokir"), _place(name, main))
        for gap in gaps(part.texts):
            if gap.scrap not in part.prompts:
                yield gap_finding(gap, _place(name, main))


def gap_finding(gap: Unfilled, place: str) -> Finding:
    """How an entry is told that was left open."""
    entry, around = _short(gap.scrap), _short(gap.text)
    message = word(f"temuan.isian.{gap.level}", isian=entry)
    stands_alone = around == entry
    where = _near("" if stands_alone else around, place)
    return Finding(gap.level, message, where, GAP)


def _unseen(parts: Iterable[PrintedPart]) -> Iterator[Finding]:
    """Text that is there and that nobody sees: hidden, as pale as the paper, too small to be read."""
    told: defaultdict[str, list[str]] = defaultdict(list)
    for part in parts:
        for why, text in part.unseen:
            if text.strip() not in ANCHORS:
                told[why].append(text)
    for why, texts in told.items():
        message = word(f"temuan.rupa.{why}", jumlah=len(texts), contoh=_short(texts[0]))
        yield Finding("lihat", message, named("tersembunyi"))


def _moving(main: str, printed: Mapping[str, PrintedPart]) -> Iterator[Finding]:
    """Fields that print another day than the letter's, or another name, when somebody opens the file later."""
    where: dict[str, str] = {}  # of each such field, the first place
    for name, part in printed.items():
        for code, paragraph in part.codes:
            moving = _MOVING.match(code)
            if moving and moving[1].upper() not in where:
                words = _short(paragraph.text) if paragraph else ""
                where[moving[1].upper()] = _near(words, _place(name, main))
    for what, place in where.items():
        yield Finding("lihat", word("temuan.bergerak", bidang=what), place)


def _marks(package: Package) -> tuple[Mark | None, Mark | None]:
    """What the file's own properties say, and what its identifier says; None where there is nothing of ours."""
    properties = (from_properties(package.tree(name)) for name in package.of_type(_CUSTOM))
    nodes = (
        node
        for name in package.of_type("core-properties+xml")
        for node in package.tree(name).iter("{http://purl.org/dc/elements/1.1/}identifier")
    )
    identifiers = (from_identifier(node.text or "") for node in nodes)
    return next(filter(None, properties), None), next(filter(None, identifiers), None)


def _footer_codes(package: Package, printed: Mapping[str, PrintedPart]) -> list[str]:
    texts = [text for name in package.of_type("footer+xml") for text in printed[name].texts]
    return list(dict.fromkeys(found[1] for text in texts for found in _FOOT.finditer(text)))


def _mark_findings(
    mark: Mark | None, identifier: Mark | None, codes: list[str]
) -> Iterator[Finding]:
    """Where the places that name the document disagree, a person decides: never guess the case."""
    where = word("temuan.di.kode")
    if (mark and identifier and mark != identifier) or len(codes) > 1:
        yield Finding("blokir", word("temuan.dua_dokumen"), where)
        return
    known = mark or identifier
    if known is None and not codes:
        yield Finding("lihat", word("temuan.kode_hilang"), where)
    elif known is None:
        yield Finding("lihat", word("temuan.tanda_hilang", kode=codes[0]), where)
    elif not codes:
        yield Finding("lihat", word("temuan.kode_tidak_tercetak", kode=known.code), where)
    elif codes[0] != known.code:
        differ = word("temuan.kode_lain", kaki=codes[0], kode=known.code)
        yield Finding("blokir", differ, where)
    else:
        yield Finding("baik", word("temuan.kode_sesuai", kode=known.code), where)


def _shown(known: Mark | None, codes: Iterable[str]) -> Iterator[Finding]:
    """The QR at the foot: it may be gone, or be that of another letter."""
    shown = set(codes)
    if known is None:
        return
    for code in sorted(shown - {known.code}):
        yield Finding("blokir", word("temuan.qr_lain", kode=code), word("temuan.di.kode"))
    if known.code not in shown:
        yield Finding("lihat", word("temuan.qr_hilang"), word("temuan.di.kode"))
