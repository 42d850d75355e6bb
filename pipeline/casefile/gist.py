"""The first sentences of a mail that say something: what the JFU's form proposes as *ringkasan*.

Hides how people in Indonesia begin and end their mails: address, greeting, who they are, fields of a letter, thanks.
Pure; linear in the text, of which only the beginning is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 300  # letters of a proposed summary
LOOKED_AT = 20_000  # letters of a mail
MOST_NAMES = 5  # words of a name
LONGEST_ADDRESSEE = 70  # letters of a line in the address of a letter
# How a mail ends, as part of a pattern.
REGARDS = (
    r"(?:dengan |salam )?hormat(?: kami| saya)?|salam\b.{0,30}|wassalam.{0,40}"
    r"|(?:atas \w+.{0,60})?(?:terima ?kasih|matur ?nuwun|makasih|suwun|trims)\b.{0,40}"
)

_PERSON = (
    r"bapak|ibu|bpk|bp|pak|bu|saudara|sdr|kak|kakak|mas|mbak|mbk|min|admin|gan|bos|tim|semua|semuanya|sekalian|dan"
    r"|yth|yang terhormat|kepala|petugas|dinas|kantor|kominfo|diskominfo|kota|kabupaten|madiun|pengaduan|layanan"
)
# What people say before they begin; a name or an office may follow, and a comma ends it.
_GREETING = re.compile(
    r"(?:ass?alamu\W{0,3}\s?alaikum(?:\W{1,3}(?:wr|warahmatullahi|warohmatullohi)\b)?(?:\W{1,4}(?:wb|wabarakatuh\w?"
    r"|wabarokatuh)\b)?|(?:salam|om swastiastu|shalom|syalom|namo buddhaya)(?: sejahtera| hormat| hangat)?\b"
    r"|(?:selamat |met )?(?:pagi|siang|sore|malam|petang)\b|sugeng (?:enjing|siang|sonten|dalu|ndalu)\b"
    r"|halo|hallo|hai|hello|hi\b|permisi|nuwun sewu|nyuwun sewu|kulo nuwun|maaf (?:mengganggu|ganggu)(?: waktunya)?"
    r"|(?:mohon )?izin\b(?= *[,.])|dengan hormat|di tempat|begini(?: ya)?)"
    rf"(?:(?:[ /]|, ?)(?:{_PERSON})\b\.?){{0,8}}(?: *[,.!:]|$|(?= ))[ ,.!:🙏]*",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(
    r"(?:(?:kepada|kpd|untuk)\b[ :.]{0,3})?(?:yth\b|yang terhormat\b)|(?:kepada|kpd)\b",
    re.IGNORECASE,
)
_ADDRESSEE = re.compile(
    r"(?:kepala|sekretaris|pimpinan|kadis|walikota|wali kota|bupati|camat|lurah|dinas|badan|kantor|bagian|bidang|kota"
    r"|kabupaten|pemerintah|kominfo|diskominfo|admin|bapak|ibu|bpk|pak|bu|tim|petugas|unit|layanan|u\.?p\b|c\.?q\b|di\b"
    r"|jl\b|jalan|madiun)\b[^!?]*",
    re.IGNORECASE,
)
# A line of a form or of a letter's head: what it holds has a field of its own. What follows a word for the complaint
# itself is kept.
_FIELD = re.compile(
    r"(?:nama|alamat|tempat|tgl|tanggal|hari|no|nomor|nik|telp|telepon|hp|wa|whatsapp|e-?mail|surel|pos-?el|perihal|hal"
    r"|lampiran|lamp|pekerjaan|usia|umur|jabatan|kelurahan|kecamatan|rt|sifat|subjek|judul)\b[^:.!?]{0,30}:",
    re.IGNORECASE,
)
_MATTER = re.compile(
    r"(?:isi|uraian|keluhan|aduan|pengaduan|laporan|keterangan)\b[^:.!?]{0,25}:\s*", re.IGNORECASE
)
_SIGNER = re.compile(r"(?:saya )?yang bertanda ?tangan\b.{0,40}:?", re.IGNORECASE)
_INTRODUCTION = re.compile(
    r"(?i:(?:perkenalkan|perkenankan)\b.{0,20}\b(?:saya|kami)\b.{0,80}|(?:nama saya|saya bernama)\b.{0,80})"
    r"|[Ss]aya (?:adalah )?(?:warga|[A-Z][a-z]+(?: [A-Z][a-z]+){0,3}(?:,| dari\b| warga\b)).{0,60}"
)
_CLOSING = re.compile(
    rf"(?:(?:sekian|demikian)\b.{{0,80}}|{REGARDS}|tertanda|ttd)[ ,.!🙏]{{0,6}}",
    re.IGNORECASE,
)
_END = re.compile(r"-- ?|(?:dikirim|sent) (?:dari|from|via|lewat)\b.{0,80}", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d[\d ().-]{7,18}\d")
_STOP = re.compile(r"(?<=[.!?…])\s+")
# A full stop after these ends no sentence.
_ABBREVIATED = re.compile(
    r"(?:^|\W)(?:jl|jln|gg|no|nmr|rt|rw|kel|kec|kab|ds|dsn|tgl|thn|bpk|bp|yth|dr|drs|dra|hj?|ir|prof|st|sdr|telp?|hp|wa"
    r"|wr|jam|pkl|kpd|moh|muh|a\.?n|u\.?p|[a-z])\.$",
    re.IGNORECASE,
)


def summary(text: str) -> str:
    """The first sentences that say something; "" for a text without any. A mail that only introduces its writer is
    proposed with that."""
    sentences = list(_sentences(text[:LOOKED_AT]))
    telling = [one for one in sentences if not _INTRODUCTION.fullmatch(one.rstrip(".!, "))]
    kept = ""
    for sentence in telling or sentences:
        longer = f"{kept} {sentence}".strip()
        if kept and len(longer) >= LONGEST:
            break
        kept = longer
    kept = kept[:1].upper() + kept[1:]
    if len(kept) <= LONGEST:
        return kept
    cut = kept[: LONGEST - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def _sentences(text: str) -> Iterator[str]:
    found = False
    for paragraph in _paragraphs(text):
        for sentence in _split(" ".join(paragraph)):
            if _CLOSING.fullmatch(sentence):
                if found:
                    return
            elif not _PHONE.search(sentence):
                found = True
                yield sentence


def _paragraphs(text: str) -> Iterator[list[str]]:
    """Lines that belong together, without greeting, fields and the address of a letter; up to the signature."""
    addressed, lines, any_yet = False, [], False
    for line in (*map(str.strip, text.splitlines()), ""):
        if any_yet and (_END.fullmatch(line) or _CLOSING.fullmatch(line) or _is_name(line)):
            break
        addressed = bool(line) and (addressed or bool(_ADDRESSED.match(line)))
        rest = _telling(line, addressed)
        any_yet = any_yet or bool(rest)
        if rest:
            lines.append(rest)
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def _telling(line: str, addressed: bool) -> str:
    """What a line says of the matter; "" where it says nothing."""
    if _END.fullmatch(line) or _SIGNER.fullmatch(line):
        return ""
    if addressed and (
        _ADDRESSED.match(line) or (len(line) <= LONGEST_ADDRESSEE and _ADDRESSEE.fullmatch(line))
    ):
        line = _after_addressee(line)
    line = _without_greeting(line)
    if _FIELD.match(line):
        return ""
    matter = _MATTER.match(line)
    return line[matter.end() :] if matter else line


def _after_addressee(line: str) -> str:
    """What follows in the same line: after a comma, or as a sentence of its own."""
    named, comma, rest = line.partition(",")
    first, *others = _split(line)
    return (
        rest.strip()
        if comma and len(named) <= LONGEST_ADDRESSEE
        else " ".join(others)
        if first
        else ""
    )


def _without_greeting(line: str) -> str:
    while found := _GREETING.match(line):
        if found.end() == 0:
            break
        line = line[found.end() :]
    return line


def _is_name(line: str) -> bool:
    """Whether a line is no more than somebody's name, as below a mail."""
    words = line.split()
    return (
        0 < len(words) <= MOST_NAMES
        and all(word[0].isupper() and word[-1] not in ".!?:;," for word in words)
        and (not line.isupper())
    )


def _split(text: str) -> list[str]:
    """Sentences; a full stop of an abbreviation or a time ends none."""
    parts: list[str] = []
    for piece in filter(None, _STOP.split(text)):
        if parts and _ABBREVIATED.search(parts[-1][-12:]):
            parts[-1] += f" {piece}"
        else:
            parts.append(piece)
    return parts
