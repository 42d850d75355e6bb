"""Whether a returned letter may be signed: what the case says it must be, against what it says; pure.

Hides which faults block and which a person may confirm. Sentences stand in templates/istilah.toml under [temuan].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.letters.for_staff import said_to_staff
from pipeline.letters.leftover import gaps
from pipeline.letters.numbering import date_in, has_room, number_in
from pipeline.letters.returned import GAP, Finding, Returned, gap_finding
from pipeline.office.words import word

LONG, ENDS = (
    40,
    (".", ":", "?", "!", "”", "]"),
)  # letters and last sign of a paragraph that says something


@dataclass(frozen=True)
class Expected:
    """What the case knows. `room` is the number as the draft shows it before there is one (see `Surat.room`), `number`
    the letter's number once it has one, `draft` the paragraphs of the generated letter."""

    register: str
    room: str
    number: str
    by_hand: bool
    place: str
    today: str
    addressee: str
    signer_name: str
    signer_nip: str
    anchor: str
    draft: tuple[str, ...]
    footer: bool = True
    own: tuple[
        str, ...
    ] = ()  # words of the case that stand in the letter as they are, whatever they look like


def findings(letter: Returned, expected: Expected) -> tuple[Finding, ...]:
    """All that is to be said about a letter, what blocks first."""
    own = [
        *_register(letter, expected),
        *_number(letter, expected),
        *_signer(letter, expected),
        *_body(letter, expected),
        *_orders(letter),
        *_addressee(letter, expected),
        *_date(letter, expected),
        *_anchor(letter, expected),
        *(
            Finding("lihat", word("temuan.berkas", apa=remark), word("temuan.di.berkas"))
            for remark in letter.remarks
        ),
    ]
    order = {"blokir": 0, "lihat": 1, "baik": 2}
    good = _good(own)
    found = (
        [f for f in letter.findings if f.level != "baik" and not _is_own(f, letter, expected)]
        + own
        + good
    )
    found += [f for f in letter.findings if f.level == "baik"]
    return tuple(sorted(found, key=lambda f: order[f.level]))


def _is_own(finding: Finding, letter: Returned, expected: Expected) -> bool:
    """Whether what looks like a gap is a word of the case: a pengadu may be named "{{7*7}}"."""
    if finding.kind != GAP or not expected.own:
        return False
    left = {
        gap_finding(gap, "").message
        for gap in gaps((*letter.paragraphs, *letter.feet), expected.own)
    }
    return finding.message not in left


def _register(letter: Returned, expected: Expected) -> Iterator[Finding]:
    def stands_in(texts: Iterable[str]) -> bool:
        return any(expected.register in text for text in texts)

    if not stands_in((*letter.paragraphs, *letter.feet)):
        yield Finding(
            "blokir", word("temuan.register", nomor=expected.register), word("temuan.di.isi")
        )
    elif stands_in(expected.draft) and not stands_in(letter.paragraphs):
        yield Finding(
            "blokir",
            word("temuan.register_isi", nomor=expected.register),
            word("temuan.di.pembuka"),
        )


def _number(letter: Returned, expected: Expected) -> Iterator[Finding]:
    found, where = number_in(letter.paragraphs), word("temuan.di.nomor")
    if found is None:
        yield Finding("blokir", word("temuan.nomor_hilang"), where)
    elif expected.number:
        if found != expected.number and not has_room(letter.paragraphs, expected.room):
            yield Finding(
                "blokir", word("temuan.nomor_lain", nomor=expected.number, ada=found), where
            )
    elif not has_room(letter.paragraphs, expected.room) and not expected.by_hand:
        yield Finding("blokir", word("temuan.nomor_diisi", ada=found, ruang=expected.room), where)


def _signer(letter: Returned, expected: Expected) -> Iterator[Finding]:
    where = word("temuan.di.tanda_tangan")
    lines = [" ".join(paragraph.split()) for paragraph in letter.paragraphs]
    text = " ".join(lines)
    name = " ".join(expected.signer_name.split())
    if name not in text:
        yield Finding("blokir", word("temuan.penanda", nama=expected.signer_name), where)
    nip = re.sub(r"\D", "", expected.signer_nip)
    digits_together = re.sub(r"(?<=\d)\s+(?=\d)", "", text.replace("\u00a0", " "))
    if nip and nip not in digits_together:
        yield Finding("blokir", word("temuan.nip", nip=expected.signer_nip), where)


def _body(letter: Returned, expected: Expected) -> Iterator[Finding]:
    """A letter whose own sentences are gone says nothing."""
    if any(f.where == "isi surat" and f.level == "blokir" for f in letter.findings):
        return  # told already
    if not any(map(_is_sentence, letter.paragraphs)):
        yield Finding("blokir", word("temuan.kosong"), word("temuan.di.isi"))


def _is_sentence(text: str) -> bool:
    return len(re.findall(r"\w", text)) > LONG and text.endswith(ENDS)


def _orders(letter: Returned) -> Iterator[Finding]:
    for sentence in said_to_staff(letter.paragraphs):
        yield Finding("lihat", word("temuan.perintah", kalimat=sentence), word("temuan.di.isi"))


def _addressee(letter: Returned, expected: Expected) -> Iterator[Finding]:
    line = next((text for text in letter.paragraphs if text.startswith("Yth.")), "")
    if not line:
        yield Finding("lihat", word("temuan.tanpa_penerima"), word("temuan.di.tujuan"))
    elif expected.addressee and " ".join(expected.addressee.split()) != " ".join(
        line.removeprefix("Yth.").split()
    ):
        yield Finding(
            "lihat",
            word(
                "temuan.penerima",
                ada=line.removeprefix("Yth.").strip(),
                register=expected.addressee,
            ),
            word("temuan.di.tujuan"),
        )


def _date(letter: Returned, expected: Expected) -> Iterator[Finding]:
    found = date_in(letter.paragraphs, expected.place)
    if found is None:
        yield Finding(
            "lihat", word("temuan.tanggal_hilang", kota=expected.place), word("temuan.di.nomor")
        )
    elif found and found != expected.today:
        yield Finding(
            "lihat", word("temuan.tanggal", ada=found, hari=expected.today), word("temuan.di.nomor")
        )


def _anchor(letter: Returned, expected: Expected) -> Iterator[Finding]:
    if expected.anchor:
        count = sum(text.count(expected.anchor) for text in (*letter.paragraphs, *letter.feet))
        if count != 1:
            told = word("temuan.jangkar", tanda=expected.anchor, jumlah=count)
            yield Finding("blokir", told, word("temuan.di.tanda_tangan"))


def _good(own: list[Finding]) -> list[Finding]:
    """What was looked at and is right, in one sentence."""
    faulty = {f.where for f in own}
    parts = [
        name
        for name in ("nomor", "tujuan", "tanda_tangan")
        if word(f"temuan.di.{name}") not in faulty
    ]
    if not parts:
        return []
    names = ", ".join(word(f"temuan.benar.{name}") for name in parts)
    return [Finding("baik", word("temuan.benar.kalimat", apa=names[:1].upper() + names[1:]), "")]
