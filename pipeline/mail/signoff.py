"""What stands below the words of a reply without being a part of them: a signature, telephone numbers, a disclaimer.

Pure. Hides how people and mail programs end mails in Bahasa Indonesia and English. A line is judged by what is left of
it once names, numbers and polite words are taken away, not by a list of whole lines. Nothing is deleted: `words` and
`rest` hold every line. It cuts only at the end, and never all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pipeline.office.words import vocabulary

MOST = 40  # lines of a signature with its disclaimer
MOST_LINE = 1_000  # characters of a line that are looked at
MOST_WORDS = 14  # of a line that may belong to a signature
MOST_LEFT = 3  # characters of a word that says nothing by itself: "dr", "II", "Tk"
MOST_NAMES = 6  # words of a name with its titles
MOST_INITIALS = 4  # letters
MOST_CARD = 15  # lines of a calling card
DIGITS = (9, 14)  # of a telephone number
SHORTEST = 5  # digits of one that stands behind "Telp."
_WORD = re.compile(r"[^\W\d_]{1,40}")
_RULE = re.compile(r"[-_=*~—–#.·•]{2,80}|—")
_BETWEEN = re.compile(r"[\s./~^-]{1,3}")
_TAGS = re.compile(r"(?:#\w{2,40}\s{0,3}){1,8}")  # an office's slogan
_PICTURE = re.compile(
    r"[\[<(](?:cid|image|inline image|logo|gambar|img)[:\w@. -]{0,80}[\])>]?", re.I
)


# ---- what a line is made of ------------------------------------------------------------------------------------

# Ends a mail; the polite words that may stand around it.
_ENDS = vocabulary("penutup")
_POLITE = vocabulary("sopan")
# Names what follows it: a telephone, an address in the net. Also what stands between two of them.
_LABELS = vocabulary("label")
_INSIDE = vocabulary("pesawat")  # numbers inside a house
_ADDRESSING = vocabulary("sapaan")
# Posts, ranks, degrees and what offices are called.
_POSTS = vocabulary("jabatan")
_SMALL = vocabulary("kecil")
# A line with one of these is meant, wherever it stands.
_MEANT = vocabulary("maksud")
_EMAIL = re.compile(
    r"[^\s@<>()|,;]{1,64}(?:@|\s?[\[(](?:at|et)[\])]\s?)[^\s@<>()|,;]{1,190}", re.IGNORECASE
)
_PLACE = re.compile(
    r"(?:https?://|www\.)\S{1,300}|(?<![\w@.])[\w-]{2,60}(?:\.[\w-]{2,30}){0,4}\.(?:id|com|net|org|info|me)(?![\w.])\S{0,100}"
    r"|(?<![\w@])@[\w.]{3,40}",
    re.IGNORECASE,
)
# An address that leads to one thing, as a letter in a shared folder has: nobody signs with it.
_LEADS_SOMEWHERE = re.compile(
    r"https?://(?!(?:wa\.me|api\.whatsapp\.com|(?:\w{1,5}\.)?(?:instagram|facebook|linkedin|youtube|twitter|x|tiktok)\.com|t\.me)/)"
    r"[^\s/]{1,100}/[^\s]",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+(]{0,2}\d[\d ().\-–/\u00a0]{2,30}")
_STREET = re.compile(
    r"(?:alamat\W{1,3})?(?:jl|jln|jalan|gedung|gd|komplek|kompleks|lantai|lt|ruang|desa|dsn|perum)\b.{0,120}",
    re.I,
)
_POSTCODE = re.compile(r"[^.?!:;]{2,80}\b[1-9]\d{4}\W{0,3}")
_MONTH = r"(?:januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|nopember|november|desember|\d{1,2})"
_PLACE_AND_DAY = re.compile(
    rf"[^\W\d_]{{3,30}}, {{0,3}}\d{{1,2}}[ ./-]{_MONTH}[ ./-]\d{{4}}\.?", re.I
)

# ---- what programs add -----------------------------------------------------------------------------------------

_BY_A_PROGRAM = re.compile(
    r"\W{0,4}(?:di(?:kirim|peroleh|ketik|buat|balas|tulis)(?:kan)?|terkirim|kirim|unduh|dapatkan|sent|get|from|powered|"
    r"written|composed|typed|delivered|shared|via|maaf|mohon maaf|mohon maklum|please excuse|excuse|sorry)\b"
    r".{0,80}?\b(?:iphone|ipad|android|ponsel|hp|handphone|smartphone|telepon genggam|gawai|gadget|tablet|blackberry|"
    r"galaxy|samsung|xiaomi|redmi|oppo|vivo|realme|poco|infinix|huawei|nokia|outlook|gmail|yahoo|thunderbird|proton|zoho|spark|"
    r"mailspring|k-9|k9|fairemail|aquamail|bluemail|mail untuk windows|email untuk windows|windows|mobile|phone|"
    r"brevity|typos|salah ketik|perangkat)\b.{0,120}"
    r"|\W{0,4}(?:dari|from) (?:my )?(?:iphone|ipad|ponsel|hp|android|samsung|galaxy)(?: saya)?\W{0,4}",
    re.IGNORECASE,
)
# Of the mail itself …
_ITSELF = re.compile(
    r"\b(?:e-?mail|surel|pesan|surat elektronik|transmisi)\b[^.!?]{0,60}\bini\b"
    r"|\b(?:this|the) (?:\w{1,20} ){0,4}(?:e-?mails?|message|communication|transmission|information)\b"
    r"|\b(?:dalam|isi|content of|contents of)\b.{0,30}\b(?:e-?mail|surel|pesan)\b"
    r"|\bany views\b|\bbukan penerima|\bpenerima yang (?:dituju|dimaksud|sah)"
    r"|intended recipient|before (?:you )?print|sebelum mencetak",
    re.IGNORECASE,
)
# … what only a disclaimer says of one.
_DISCLAIMS = re.compile(
    r"\b(?:rahasia|kerahasiaan|ditujukan|dimaksudkan|hanya untuk|bersifat|hak istimewa|dilindungi|virus"
    r"|antivirus|dipindai|mencetak|cetak"
    r"|tanggung ?jawab|bertanggung ?jawab|menyebarluaskan|disebarluaskan|pandangan pribadi|penerima yang"
    r"|confidential|privileged|intended|solely|expressed|may contain|views|liab\w*|print\w*"
    r"|scanned|checked|unauthori[sz]ed)\b"
    r"|\b(?:jika|apabila|bila|if)\b.{0,60}\b(?:penerima|menerima|recipient|addressee|received)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"\W{0,6}(?:disclaimer|penafian|sanggahan|confidential(?:ity)?(?: notice| note)?|legal (?:notice|disclaimer)"
    r"|catatan kerahasiaan|pernyataan kerahasiaan|peringatan kerahasiaan)\W{0,3}(?:[:\-–].{0,900})?"
    r"|\W{0,6}rahasia\s?:.{0,900}",
    re.IGNORECASE,
)
_PAPER = re.compile(
    r"\W{0,6}(?:(?:please |mohon |harap )?(?:consider|pertimbangkan|think)\b.{0,60}"
    r"\b(?:environment|lingkungan|print\w*|cetak)"
    r"|please (?:do not|don.t) print|hemat kertas|save (?:paper|a tree|trees)|think before|go green"
    r"|selamatkan (?:bumi|lingkungan|pohon)"
    r"|virus-?free|bebas virus|(?:scanned|checked|dipindai|diperiksa) (?:by|for|oleh)\b).{0,300}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SaidAndRest:
    """The words that are meant, and what was cut off below them."""

    words: str
    rest: str


@dataclass(frozen=True)
class _Writer:
    """Words of the writer's name, and what else the office knows of them."""

    name: frozenset[str]
    beside: frozenset[str]
    whole: list[list[str]]
    domain: str

    def wrote(self, words: Collection[str]) -> bool:
        """Whether these words are their name, whole or in part, with title, post and degree."""
        if not any(word in self.name for word in words):
            return False
        initials = {word[0] for word in self.name}
        fitting = self.name | self.beside | _POSTS | _ADDRESSING | initials
        return all(word in fitting for word in words)

    def signs_short(self, line: str) -> bool:
        """Whether a line is their initials: "RS", "/rs", "- R.S. -"."""
        letters = _BETWEEN.sub("", line)
        if not 2 <= len({*letters}) == len(letters) <= MOST_INITIALS or not letters.isalpha():
            return False  # "KK" is a paper
        is_short = letters.isupper() or line.startswith(("/", "-", "~", "^"))
        return is_short and {*letters.casefold()} <= {word[0] for word in self.name}

    def is_post(self, words: list[str]) -> bool:
        """Whether these words are their post or their office, as the office writes it."""
        return words in self.whole


def split(text: str, name: str = "", beside: Collection[str] = ()) -> SaidAndRest:
    """Part what a person says from how their mail ends. `name` is theirs, `beside` their post, addresses and office, as
    the office knows them."""
    lines = text.splitlines()
    writer = _Writer(
        frozenset(word for word in _words(name.partition(",")[0]) if len(word) > 1),
        frozenset(word for one in beside if "@" not in one for word in _words(one)),
        [_words(one) for one in beside if " " in one],
        next((one.partition("@")[2].casefold() for one in beside if "@" in one), ""),
    )
    end = _disclaimer(lines)
    start = min(_upwards(lines[:end], writer), _card(lines[:end], writer))
    words = "\n".join(lines[:start]).strip("\n")
    if not words.strip():
        return SaidAndRest(text, "")
    rest = "\n".join(lines[start:]).strip("\n")
    return SaidAndRest(words, rest)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _bare(line: str) -> str:
    return line[:MOST_LINE].strip(" \t*_|\u00a0")


def _disclaimer(lines: list[str]) -> int:
    """Where a disclaimer begins: all below it is a part of it."""
    for index in range(max(1, len(lines) - MOST), len(lines)):
        line = _bare(lines[index])
        if _TITLE.fullmatch(line) or _PAPER.fullmatch(line):
            return index
        if _ITSELF.search(line) and _DISCLAIMS.search(line):
            return index
    return len(lines)


# ---- upwards from the end, as long as each line can belong to a signature --------------------------------------


def _upwards(lines: list[str], writer: _Writer) -> int:
    start = end = len(lines)
    for index in range(len(lines) - 1, max(0, len(lines) - MOST), -1):
        line = _bare(lines[index])
        if not line:
            continue
        if not _signs(line, writer, sure=start < end) and not _is_name_below_closing(lines, index):
            break
        if _is_listed(lines, index):
            break
        start = index
    return start


def _above(lines: list[str], index: int) -> str:
    """The next line above that says something."""
    return next((one for one in map(_bare, reversed(lines[:index])) if one), "")


def _is_listed(lines: list[str], index: int) -> bool:
    """Whether the line above announces this one: "Hubungi petugas kami:"."""
    return _above(lines, index).endswith(":")


def _signs(line: str, writer: _Writer, *, sure: bool) -> bool:
    """Whether a line can stand in a signature. `sure`: something below it is one, so that a title may be believed."""
    if any(one.fullmatch(line) for one in (_RULE, _PICTURE, _BY_A_PROGRAM, _TAGS)):
        return True
    if writer.signs_short(line):
        return True
    if _closes(line, writer) or _is_contact(line, writer) or writer.wrote(_words(line)):
        return True
    if writer.is_post(_words(line)):
        return True
    return sure and _beside_a_name(line, writer)


def _closes(line: str, writer: _Writer) -> bool:
    """Whether a line is polite and says nothing else: "Demikian kami sampaikan, terima kasih."."""
    words = _words(line)
    if not 0 < len(words) <= MOST_WORDS or any(sign.isdigit() for sign in line):
        return False
    known = _ENDS | _POLITE | writer.name
    return any(word in _ENDS for word in words) and all(word in known for word in words)


def _is_contact(line: str, writer: _Writer) -> bool:
    """Whether a line holds addresses or numbers of the writer and nothing that is not a label or their name."""
    if _LEADS_SOMEWHERE.search(line):
        return False
    without = _EMAIL.sub(" ", line)
    left = _PLACE.sub(" ", without)
    labels = _words(left)
    if not all(_labels_a_contact(word, writer) for word in labels):
        return False
    names_a_place = left != without
    is_theirs = bool(labels) or writer.domain in line.casefold()
    has_address = without != line and is_theirs
    return names_a_place or has_address or _has_number(left, labels)


def _labels_a_contact(word: str, writer: _Writer) -> bool:
    return any(word in known for known in (_LABELS, writer.name, writer.beside, _POSTS))


def _has_number(line: str, labels: Collection[str]) -> bool:
    """Whether a line has a number by which somebody is reached: a short one only where a label says so."""
    numbers = _NUMBER.findall(line)
    if any(map(_is_telephone, numbers)):
        return True
    if _LABELS.isdisjoint(labels):
        return False
    shortest = SHORTEST if _INSIDE.isdisjoint(labels) else 2
    return any(len(re.sub(r"\D", "", one)) >= shortest for one in numbers)


def _is_telephone(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    at_home = number.lstrip("+( ").startswith(("0", "62"))
    is_day_or_time = re.match(
        r"\D?\d{1,2}[./-]\d{1,2}(?:[./-]\d{4})?\D{0,3}(?:\d{1,2}[.:]\d\d)?\W*$", number
    )
    return at_home and DIGITS[0] <= len(digits) <= 2 * DIGITS[1] and not is_day_or_time


def _beside_a_name(line: str, writer: _Writer) -> bool:
    """Whether a line is what stands around a name: post, rank, office, street, place and day."""
    if _STREET.fullmatch(line) or _PLACE_AND_DAY.fullmatch(line):
        return not _is_prose(line)
    words = _words(line)
    if not 0 < len(words) <= MOST_WORDS or line.rstrip().endswith(("!", "?", ":", ";")):
        return False
    if _stands_for_who_signs(line, words):
        return not _says_something(words)
    if not _is_of_a_post(words[0], writer):
        return False
    known = [word in _SMALL or _is_of_a_post(word, writer) for word in words]
    return all(known) or (line[:1].isupper() and _is_titled(line))


def _is_of_a_post(word: str, writer: _Writer) -> bool:
    return word in _POSTS or word in writer.beside


def _stands_for_who_signs(line: str, words: Sequence[str]) -> bool:
    """Whether a short line says as what somebody signs: "Yang melaporkan,"."""
    begins_or_ends_so = words[0] in ("pelapor", "hormat") or line.rstrip().endswith(",")
    return begins_or_ends_so and len(words) <= MOST_LEFT


def _is_name_below_closing(lines: list[str], index: int) -> bool:
    """Whether a line is somebody's name, for "Hormat saya," stands right above it; people write their names in other
    ways than the office does."""
    words = lines[index].split(maxsplit=MOST_NAMES)
    if len(words) > MOST_NAMES or not all(map(_like_a_name, words)):
        return False
    above = _above(lines, index)
    nobody = _Writer(frozenset(), frozenset(), [], "")
    return above.rstrip().endswith(",") and _closes(above, nobody)


def _like_a_name(word: str) -> bool:
    return word[0].isupper() and word[-1] not in "!?:;"


# ---- a calling card: the writer's name, and only lines of a card below it --------------------------------------


def _card(lines: list[str], writer: _Writer) -> int:
    """Where a calling card begins that goes to the end, with street, rank or motto below the name."""
    for index in range(max(1, len(lines) - MOST), len(lines)):
        line = _bare(lines[index])
        below = [one for one in map(_bare, lines[index + 1 :]) if one]
        heads = bool(line) and _heads(line, writer, is_alone=not below)
        if heads and not _is_listed(lines, index) and _all_of_a_card(below, writer):
            return index
    return len(lines)


def _heads(line: str, writer: _Writer, *, is_alone: bool) -> bool:
    words = _words(line)
    is_office = len(words) > 1 and all(word in _POSTS | writer.beside for word in words)
    return writer.wrote(words) or _closes(line, writer) or (is_office and not is_alone)


def _all_of_a_card(lines: list[str], writer: _Writer) -> bool:
    return len(lines) <= MOST_CARD and all(
        _signs(line, writer, sure=True) or _on_a_card(line) for line in lines
    )


def _on_a_card(line: str) -> bool:
    """A line of a card that nobody knows: short, written as a title, and asking for nothing."""
    words = _words(line)
    if not words or len(words) > MOST_WORDS or _says_something(words) or _is_prose(line):
        return False
    return _is_titled(line) or line.startswith("#") or bool(_POSTCODE.fullmatch(line))


def _says_something(words: Iterable[str]) -> bool:
    return any(word in _MEANT for word in words)


def _is_prose(line: str) -> bool:
    return line.endswith((".", "?", "!")) and len(line.split()) > MOST_NAMES


def _is_titled(line: str) -> bool:
    """Whether each word but the small ones begins with a capital."""
    words = [word for word in _WORD.findall(line) if len(word) > MOST_LEFT]
    return bool(words) and all(word[0].isupper() or word.casefold() in _SMALL for word in words)
