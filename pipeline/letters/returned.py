"""What came back from Word: its text, its mark, and what must be put right before it can be signed; pure.

Hides where Word keeps tracked changes, comments, hidden text and document properties. The file has passed
`package.open_package`; its text is data to show, never to trust.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from pipeline.letters.mark import CODE, Mark, from_identifier, from_properties
from pipeline.letters.package import MAX_BYTES, NotALetter, Package, W, open_package

__all__ = ["Finding", "Mark", "NotALetter", "Returned", "inspect"]

Level = Literal["blokir", "lihat", "baik"]
_SKIPPED = {f"{{{W}}}{name}" for name in ("del", "moveFrom", "rPr", "pPr", "instrText")} | {
    # Word writes a drawing twice, the second time for old readers.
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
}
_TEXT = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_CHANGES = ("ins", "del", "moveFrom", "moveTo", "rPrChange", "pPrChange", "sectPrChange", "tblPrChange",
            "tcPrChange", "trPrChange", "tblGridChange", "numberingChange", "cellIns", "cellDel",
            "cellMerge")  # fmt: skip
# Every repetition is bounded: the text may be hostile and megabytes long.
_LEFT_OVER = re.compile(r"\{\{.{0,80}?\}\}|\{%.{0,80}?%\}|\{\{|\}\}|\{%|%\}|\[ISI\b[^\]]{0,200}\]?", re.IGNORECASE)
_FOOT = re.compile(rf"Kode\s{{1,3}}dokumen\s{{0,3}}:?\s{{0,3}}({CODE.pattern})(?![A-Za-z0-9])")
_AUTHORS_NAMED = 5
_PRINTED = ("document.main+xml", "header+xml", "footer+xml", "footnotes+xml", "endnotes+xml")


@dataclass(frozen=True)
class Finding:
    """One thing to tell the Sekretaris: "blokir" must be put right, "lihat" wants a look, "baik" is good."""

    level: Level
    message: str
    where: str


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

    @property
    def blocked(self) -> bool:
        """True while something must be put right."""
        return any(finding.level == "blokir" for finding in self.findings)


def inspect(data: bytes, *, max_bytes: int = MAX_BYTES) -> Returned:
    """Read a returned letter. Raises NotALetter, whose message tells the Sekretaris what to do."""
    package = open_package(data, max_bytes=max_bytes)
    printed = {name: package.tree(name) for ending in _PRINTED for name in package.of_type(ending)}
    if package.main not in printed:
        raise NotALetter("Berkas Word ini rusak. Mohon unduh kembali konsepnya, lalu coba lagi.")
    paragraphs = tuple(_paragraphs(printed[package.main]))
    mark, identifier = _marks(package)
    codes = _footer_codes(package, printed)
    findings = (
        *_body(paragraphs),
        *_tracked(printed),
        *_comments(package, printed),
        *_left_over(package.main, printed),
        *_hidden(printed.values()),
        *_mark_findings(mark, identifier, codes),
    )
    good = () if any(f.level == "blokir" or f.where == "teks tersembunyi" for f in findings) else (_CLEAN,)
    code = next(iter(codes)) if len(codes) == 1 else None
    feet = tuple(text for name, root in printed.items() if name != package.main for text in _paragraphs(root))
    remarks = tuple(remark for remark in package.remarks if remark not in _TOLD)
    return Returned(paragraphs, mark, identifier, code, (*findings, *good), feet, remarks)


_TOLD = ("perubahan terlacak", "komentar", "teks tersembunyi")  # by findings of their own


_CLEAN = Finding(
    "baik", "Tidak ada perubahan terlacak, komentar, teks tersembunyi, atau isian kosong.", "seluruh surat"
)


def _paragraphs(root: ET.Element) -> Iterator[str]:
    for node in _paragraph_nodes(root):
        text = "".join(_pieces(node)).strip()
        if text:
            yield text


def _paragraph_nodes(node: ET.Element) -> Iterator[ET.Element]:
    for child in node:
        if child.tag == f"{{{W}}}p":
            yield child
        if child.tag not in _SKIPPED:
            yield from _paragraph_nodes(child)


def _pieces(node: ET.Element) -> Iterator[str]:
    """The text of one paragraph in order; a paragraph within it (a text box) is told on its own."""
    for child in node:
        local = child.tag.removeprefix(f"{{{W}}}")
        if child.tag in _SKIPPED or local == "p":
            continue
        if local == "t":
            yield child.text or ""
        elif local in _TEXT:
            yield _TEXT[local]
        else:
            yield from _pieces(child)


def _body(paragraphs: tuple[str, ...]) -> Iterator[Finding]:
    if not any(re.search(r"\w", text) for text in paragraphs):
        message = "Surat ini kosong. Mohon periksa apakah berkas yang diunggah sudah benar."
        yield Finding("blokir", message, "isi surat")


def _by_author(places: Iterable[tuple[str, str]]) -> list[tuple[str, int, str]]:
    """(author, how many, beside which words the first stands) out of (author, words)."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for author, words in places:
        name = _short(author) or "seseorang"
        counts[name] += 1
        first.setdefault(name, words)
    named = counts.most_common(_AUTHORS_NAMED)
    others = sum(counts.values()) - sum(count for _, count in named)
    rest = [("orang lain", others, "")] if others else []
    return [*((name, count, first[name]) for name, count in named), *rest]


def _beside(root: ET.Element, tags: set[str]) -> Iterator[tuple[ET.Element, str]]:
    """Each element of these names, with the first words of the paragraph that it stands in."""
    within: dict[ET.Element, ET.Element] = {}
    for paragraph in root.iter(f"{{{W}}}p"):
        within |= dict.fromkeys(paragraph.iter(), paragraph)
    for node in root.iter():
        if node.tag in tags:
            around = within.get(node)
            yield node, _short("".join(_pieces(around))) if around is not None else ""


def _near(words: str, otherwise: str) -> str:
    return f"di “{words}”" if words else otherwise


def _short(text: str) -> str:
    """A name or a scrap of text from the file, on one short line."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def _tracked(printed: Mapping[str, ET.Element]) -> Iterator[Finding]:
    tags = {f"{{{W}}}{name}" for name in _CHANGES}
    places = ((n.get(f"{{{W}}}author", ""), words) for root in printed.values() for n, words in _beside(root, tags))
    for author, count, words in _by_author(places):
        yield Finding(
            "blokir",
            f"Masih ada {count} perubahan terlacak oleh {author}. Di Word buka Tinjau, pilih Terima Semua "
            "Perubahan, simpan, lalu unggah lagi.",
            _near(words, "perubahan terlacak"),
        )


def _comments(package: Package, printed: Mapping[str, ET.Element]) -> Iterator[Finding]:
    anchors = {
        node.get(f"{{{W}}}id", ""): words
        for root in printed.values()
        for node, words in _beside(root, {f"{{{W}}}commentRangeStart", f"{{{W}}}commentReference"})
    }
    roots = [package.tree(name) for name in package.of_type("wordprocessingml.comments+xml")]
    places = (
        (node.get(f"{{{W}}}author", ""), anchors.get(node.get(f"{{{W}}}id", ""), ""))
        for root in roots
        for node in root.iter(f"{{{W}}}comment")
    )
    for author, count, words in _by_author(places):
        yield Finding(
            "blokir",
            f"Masih ada {count} komentar oleh {author}. Di Word buka Tinjau, pilih Hapus Semua Komentar, "
            "simpan, lalu unggah lagi.",
            _near(words, "komentar"),
        )


def _place(name: str, main: str) -> str:
    if name == main:
        return "isi surat"
    return "kaki halaman" if "footer" in name else "kepala halaman" if "header" in name else "catatan"


def _left_over(main: str, printed: Mapping[str, ET.Element]) -> Iterator[Finding]:
    for name, root in printed.items():
        found = [(scrap[0], text) for text in _paragraphs(root) for scrap in _LEFT_OVER.finditer(text)]
        for scrap, text in {scrap: (scrap, text) for scrap, text in reversed(found[:20])}.values():
            words = _short(text) if _short(text) != _short(scrap) else ""
            yield Finding(
                "blokir",
                f"Masih ada isian kosong “{_short(scrap)}”. Mohon dilengkapi atau dihapus.",
                _near(words, _place(name, main)),
            )


def _hidden(roots: Iterable[ET.Element]) -> Iterator[Finding]:
    runs = [run for root in roots for run in root.iter(f"{{{W}}}r") if _vanishes(run)]
    shown = [text for run in runs if (text := _short("".join(_pieces(run))))]
    if shown:
        yield Finding(
            "lihat",
            f"Ada {len(shown)} teks tersembunyi (misalnya “{shown[0]}”) yang dapat muncul saat dicetak.",
            "teks tersembunyi",
        )


def _vanishes(run: ET.Element) -> bool:
    switch = run.find(f"{{{W}}}rPr/{{{W}}}vanish")
    return switch is not None and switch.get(f"{{{W}}}val", "true") not in ("0", "false", "off")


def _marks(package: Package) -> tuple[Mark | None, Mark | None]:
    properties = [from_properties(package.tree(n)) for n in package.of_type("custom-properties+xml")]
    texts = [
        node.text or ""
        for name in package.of_type("core-properties+xml")
        for node in package.tree(name).iter("{http://purl.org/dc/elements/1.1/}identifier")
    ]
    return next(filter(None, properties), None), next(filter(None, map(from_identifier, texts)), None)


def _footer_codes(package: Package, printed: Mapping[str, ET.Element]) -> list[str]:
    texts = [text for name in package.of_type("footer+xml") for text in _paragraphs(printed[name])]
    return list(dict.fromkeys(found[1] for text in texts for found in _FOOT.finditer(text)))


def _mark_findings(mark: Mark | None, identifier: Mark | None, codes: list[str]) -> Iterator[Finding]:
    """Where the places that name the document disagree, a person decides: never guess the case."""
    where = "kode dokumen"
    if (mark and identifier and mark != identifier) or len(codes) > 1:
        yield Finding("blokir", f"Berkas ini memuat tanda dari dua dokumen yang berbeda. {_AGAIN}", where)
        return
    known = mark or identifier
    if known is None and not codes:
        yield Finding("lihat", "Kode dokumen tidak ditemukan. Mohon pastikan ini surat yang benar.", where)
    elif known is None:
        yield Finding("lihat", f"Tanda dokumen hilang; hanya kode {codes[0]} di kaki surat terbaca.", where)
    elif not codes:
        yield Finding("lihat", f"Kode dokumen {known.code} tidak lagi tercetak di kaki surat.", where)
    elif codes[0] != known.code:
        differ = f"Kode di kaki surat {codes[0]}, sedangkan kode berkas ini {known.code}. {_AGAIN}"
        yield Finding("blokir", differ, where)
    else:
        yield Finding("baik", f"Kode dokumen {known.code} sesuai.", where)


_AGAIN = "Mohon unduh kembali konsepnya, salin isi surat ke sana, simpan, lalu unggah lagi."
