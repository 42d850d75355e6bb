"""What a reply orders: the grammar of the words with which officials act by mail (`sop.COMMANDS`). Pure.

A command is a word alone in its line, or the word, a colon and text that this command knows. Anything more is the
beginning of a sentence that anybody might write ("KIRIM BESOK SAJA, ALAMATNYA MASIH SALAH"): it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.office.commands import BINDING, INNER, Command
from pipeline.office.sop import Act
from pipeline.office.words import vocabulary

MARKS = " \t*_>\"'“”‘’.:;-–—"
_COLON = re.compile(r"[\s*_]*+[:：](.*)", re.DOTALL)
# What takes a command back: at the beginning of its text …
_RESERVED = re.compile(
    r"(?:tapi|tetapi|namun|jangan|kecuali|asal(?:kan)?|tunggu|batal|dengan catatan|nanti|besok|lusa|but|wait|not yet)\b"
    r"|(?:tidak|tdk|belum|bukan|gak|nggak|enggak)(?:\s{1,3}(?:jadi|dulu|dahulu|sekarang|ya|setuju|bisa|usah|perlu))?\W*$"
    r"|(?:tidak|tdk|belum|gak|nggak)\s{1,3}(?:jadi|dulu|dahulu|sekarang|usah|perlu|setuju|boleh)\b",
    re.IGNORECASE,
)
# … and anywhere in what is added to a consent, which has nothing else to say.
_DOUBTED = re.compile(
    r"\b(?:tapi|tetapi|namun|jangan|kecuali|belum|keliru|salah|besok|lusa|nanti|dulu|dahulu|perbaiki|diperbaiki|tunggu"
    r"|batal|asalkan|revisi|ralat|koreksi)\b",
    re.IGNORECASE,
)
# What puts off an act whose text may be anything: a word about the sending, or a text that is nothing else.
_PUT_OFF = re.compile(
    r"\b(?:jangan|jgn)\s{1,3}(?:di)?(?:kirim|lapor|terus|proses|kembali|ajukan|lanjut)\w{0,8}\b"
    r"|\b(?:jangan|jgn)\s{1,3}(?:dulu|dahulu|dl)\b|\babaikan\s{1,3}(?:e-?mail|pesan|surat|balasan|saja|ini)\b"
    r"|\bsalah\s{1,3}(?:kirim|pencet|balas|ketik)\b|\bbukan\s{1,3}(?:tugas|urusan|bagian)\s{1,3}saya\b"
    r"|\b(?:tunda|tahan|tunggu)\s{1,3}(?:dulu|dahulu)\b|,\s{0,3}abaikan\W*$",
    re.IGNORECASE,
)
_NO_REPORT = re.compile(
    r"(?:sebentar|nti|ntar|entar|sebaiknya\s{1,3}(?:tidak|jangan)|(?:masih\s{1,3})?menunggu|menyusul|ralat|abaikan|lihat\s{1,3}e-?mail"
    r"|salah(?!\s{1,3}satu)|saya\s{1,3}(?:sedang|lagi|masih)|(?:saya\s{1,3})?(?:cek|tanya|periksa)\s{1,3}(?:dulu|dahulu))\b"
    r"|(?:\w+\s{1,3}){0,3}(?:hold|cancel|stop|pending|di?tunda|ditahan|(?:di)?batal(?:kan)?|menyusul|abaikan)\W*$",
    re.IGNORECASE,
)
# The same as people write it in haste, and what is no report at all: a word to try, the words of our own mail.
_HASTY = re.compile(
    r"(?:t?unggu|nunggu|lupakan|ga?k?\s{0,3}jadi|tdk\s{1,3}jd|(?:minta|mohon)\s{1,3}waktu|siap|ini\s{1,3}apa|maksud\w*|blm|eh"
    r"|draft?|konsep|lihat\s{1,3}lampiran|(?:lalu|isi|\[isi)\s{1,3}hasil|akan\s{1,3}(?:saya|kami)\s{1,3}(?:isi|cek|susulkan)"
    r"|belum\s{1,3}(?:tahu|tau|sempat)|(?:saya|kami)?\s{0,3}(?:sudah|sdh|telah)\s{1,3}(?:pindah|pensiun|mutasi)"
    r"|bukan\s{1,3}(?:(?:wewenang|tugas|urusan|bagian)\s{1,3})?(?:saya|kami))\b"
    r"|(?:hasil(?:nya)?\s{1,3})?menyusul\b|(?:tes|test|coba|ok|oke|baik|ya|terlampir|kosong)\W*$",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\b(?:cancel|pending|hold|stop|skip|tunggu|nunggu|tahan)\s{1,3}(?:dulu|dahulu|dl)\b",
    re.IGNORECASE,
)
# What is no result yet, wherever a text begins with it: work that goes on, an answer that is promised, more time.
_LATER = re.compile(
    r"(?:masih|sedang|baru)\s{1,3}(?:dalam\s{1,3}|kami\s{1,3}|saya\s{1,3})?(?:di|ber|meng?|me)?"
    r"(?:proses|klarifikasi|konfirmasi|cek|periksa|kumpulkan|koordinasi\w*|lengkapi|dalami|telusuri|pelajari)\b"
    r"|(?:akan|nanti|besok|lusa|segera)\s{1,3}(?:saya|kami)?\s{0,3}(?:di)?(?:jawab|lapor|kirim|susul|lengkapi|isi|cek|kabari)"
    r"|(?:saya|kami)\s{1,3}(?:akan\s{1,3})?(?:jawab|lapor(?:kan)?|kirim|susulkan|lengkapi|isi)\s{1,3}"
    r"(?:besok|nanti|lusa|segera|hari|minggu|sore|siang|sebelum|setelah|kalau|bila)\b"
    r"|(?:mohon|minta|tolong|harap)\s{1,3}(?:ditunggu|bersabar|(?:tambahan|perpanjangan)\b|(?:sedikit\s{1,3})?waktu\b)"
    r"|(?:belum|tidak|tdk)\s{1,3}(?:bisa|dapat)\s{1,3}(?:saya\s{1,3}|kami\s{1,3}|di)?(?:jawab|lapor|kirim|simpul)"
    r"|(?:hasil|data|jawaban|laporan|berkas|bahan)(?:nya)?\s{1,3}(?:\w{1,20}\s{1,3}){0,2}belum\s{1,3}"
    r"(?:ada|lengkap|siap|masuk|final|selesai)\b"
    r"|out\s{1,3}of\s{1,3}office|(?:saya\s{1,3})?(?:sedang\s{1,3})?(?:cuti|dinas\s{1,3}luar)\b"
    r"|(?:ini\s{1,3})?(?:hanya\s{1,3})?(?:spam|iklan|bukan\s{1,3}pengaduan)\b",
    re.IGNORECASE,
)
# A text that was never written: the mail's own sample, a picture's name, an address alone.
_SAMPLE = re.compile(
    r"\s*(?:[<\[({][^<>\[\](){}\n]{0,100}[>\])}]|https?://\S+|www\.\S+)\W*", re.IGNORECASE
)
# What takes a text back wherever it stands.
_TAKEN_BACK = re.compile(
    r"\b(?:jangan|jgn)\s{1,3}\w{1,20}\s{1,3}(?:dulu|dahulu|dl)\b"
    r"|\b(?:tidak|tdk|gak|nggak|enggak)\s{1,3}jadi\s{1,3}(?:di)?(?:kembali|lapor|jawab|kirim|terus)"
    r"|\b(?:tidak|tak|tdk|jangan)\s{1,3}(?:usah\s{1,3}|perlu\s{1,3})?(?:di)?(?:pakai|gunakan)\s{0,3}(?:lagi|dulu|dahulu)?\W*$"
    r"|\b(?:ini|itu)\s{1,3}(?:masih\s{1,3})?(?:konsep|draft?|untuk\s{1,3}(?:kasus|pengaduan|yang)\s{1,3}lain)\b"
    r"|\bmasih\s{1,3}(?:konsep|draft?)\b|\bbelum\s{1,3}final\b|\b(?:eh|aduh)\W{1,3}maaf\b|\bberubah\s{1,3}pikiran\b"
    r"|\bbukan\s{1,3}(?:bidang|ranah|wewenang|tugas|urusan|bagian)\s{1,3}(?:saya|kami)\b",
    re.IGNORECASE,
)


# Words that, alone among themselves, are no summary and no result, in whatever order they stand: what is said of the
# reply, the time or the writer ("oke nanti dikabari", "2 hari lagi ya pak", "masih dicari", "sudah saya WA").
_NOTHING_SAID = vocabulary("kosong")
# A letter that the text speaks of: attached, changed, or lying somewhere else.
_SPEAKS_OF_A_LETTER = re.compile(
    r"\b(?:terlampir|lampir(?:kan|an)|dilampirkan|attach(?:ed|ment))\b"
    r"|\b(?:surat|konsep|draft?|berkas|naskah)(?:nya)?\s{1,3}(?:\w{1,15}\s{1,3}){0,3}"
    r"(?:di)?(?:perbaiki|edit|sunting|revisi|ubah|koreksi|unggah|upload)\b"
    r"|https?://(?!wa\.me/)[^\s/]{1,100}/[^\s]",
    re.IGNORECASE,
)
_MORE = re.compile(r"[^\W\d_]+")
# A second thought in a line of its own below the text, or in brackets, a remark to whoever reads it.
_SECOND_THOUGHT = re.compile(
    r"(?:tapi|tetapi|tp|namun|maaf|ralat|eh|aduh|nb|n\.b|ps|p\.s|oh ya|btw|jangan|jgn|batal|tunggu"
    r"|tunda|tahan|koreksi)\b",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"[(\[]\s?(?:tolong|mohon|jangan|jgn|masih|belum|ini|draft?|konsep|sementara|nanti|cek|dicek|tunggu"
    r"|to be)\b[^)\]\n]{0,120}[)\]]",
    re.IGNORECASE,
)
_UNSENT = re.compile(
    r"\b(?:jangan|jgn|tidak|tdk|tak|belum)\s{1,3}(?:usah\s{1,3}|perlu\s{1,3}|dulu\s{1,3})?"
    r"di(?:kirim|lapor|terus|kembali|proses|sampai|aju)(?:kan)?\b[^.!?\n]{0,40}"
    r"\b(?:dulu|dahulu|dl|sekretaris|kepala|kadis|sebelum)\b"
    r"|\bsaya\s{1,3}(?:sudah\s{1,3}|kan\s{1,3})?bukan\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\b(?:masih|sedang|lagi)\s{1,3}(?:kami\s{1,3}|saya\s{1,3})?(?:di|me\w?)?"
    r"(?:tanya|cari|tunggu|nunggu|konfirmasi)\w{0,6}\b"
    r"|\bbelum\s{1,3}(?:selesai|lengkap)\W*$|\bbelum\s{1,3}(?:menjawab|dijawab|membalas|dibalas)\b",
    re.IGNORECASE,
)
# What asks for another act than a report: that this complaint be put to one that is there already.
_THIS = r"(?:pengaduan|aduan|laporan|kasus|keluhan|surat|ini|itu|yang)"
_ANOTHER_ACT = re.compile(
    rf"(?:(?:{_THIS}|sudah|sdh|telah|sepertinya|kayaknya|rupanya|ternyata|tolong|mohon|harap|adalah|merupakan|hanya|cuma)\W{{1,3}}){{0,6}}"
    r"(?:ganda|dobel|double|dupli[kc]a[ts]\w{0,3}|(?:di)?gabung(?:kan)?|satukan|sama\s{1,3}(?:dengan|dgn|persis|seperti))\b"
    rf"|(?:{_THIS}\W{{1,3}}){{1,4}}(?:sudah|sdh|telah|pernah)\s{{1,3}}(?:pernah\s{{1,3}})?"
    r"(?:masuk|ada|tercatat|dicatat|diadukan|dilaporkan)\b"
    r"|(?:sudah|sdh|telah)\s{1,3}pernah\s{1,3}(?:masuk|dicatat|diadukan|dilaporkan)\b",
    re.IGNORECASE,
)
# In a decision: another one, a condition, a doubt. It may be meant as an order, and is shown before it decides.
_UNDECIDED = re.compile(
    r"\b(?:(?:tidak|tdk|belum|kurang)\s{1,3}(?:setuju|tentu|yakin)|(?:di)?tolak|disetujui|bukan\s{1,3}wewenang|kembalikan"
    r"|kalau|jika|bila|apabila|asal(?:kan)?|dengan\s{1,3}syarat|tunggu|tanya(?:kan)?\s{1,3}dulu)\b|\?",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"(?:terima\s?kasih|trims|makasih|mohon|tolong|ya|yth|bapak|ibu|pak|bu|salam|hormat|kami|saya|siap|baik|ok|oke"
    r"|dengan|selamat|pagi|siang|sore|malam|demikian|wassalam\w*|assalam\w*|thanks|thank you|regards)\b",
    re.IGNORECASE,
)
RESULTS = (Act.LAPORKAN, Act.LAPORKAN_KEPALA, Act.JAWAB)  # whose text is what was found
CONSENT = (Act.AJUKAN, Act.TANDATANGANI, Act.KIRIM_EMAIL, Act.KIRIM_PENGANTAR, Act.TERIMA)


@dataclass(frozen=True)
class Order:
    """The command that a reply begins with, and its words by lines. `plain`: written as a command is written, and
    nothing in its words takes it back."""

    command: Command
    words: list[str]
    plain: bool
    withdrawn: bool = False


def read(lines: Sequence[str], known: Iterable[Command]) -> Order | None:
    """What the new words of a reply order; None where they begin with no command. The longest word wins."""
    filled = next((n for n, line in enumerate(lines) if line.strip(MARKS)), None)
    if filled is None:
        return None
    first = lines[filled].lstrip(MARKS).rstrip(" \t*_")
    below = list(lines[filled + 1 :])
    commands = sorted(known, key=lambda command: len(command.word), reverse=True)
    for command in commands:
        tail = _behind(command.word, first)
        if tail is not None:
            return _order(command, tail, below, commands)
    return None


def _behind(word: str, line: str) -> str | None:
    """What follows a command's word in its line; None where the line begins otherwise."""
    words = [re.escape(part) for part in word.split()]
    pattern = r"[ \t]{1,9}".join(words)
    found = re.match(rf"{pattern}(?!\w)", line, re.IGNORECASE)
    return line[found.end() :] if found else None


def _order(command: Command, tail: str, below: list[str], known: Sequence[Command]) -> Order:
    words = [tail.lstrip(f"{MARKS},!：").strip(), *below]
    text = "\n".join(words).strip()
    reserved = _RESERVED.match(text.lstrip(MARKS)) is not None
    doubted = command.action in CONSENT and _DOUBTED.search(text) is not None
    withdrawn = reserved or doubted
    alone = not tail.strip(f"{MARKS},!")
    against = (
        withdrawn,
        not alone and _COLON.match(tail) is None,
        not (command.field or command.first) and _says_more(text),
        any(_is_command(line, known) for line in words),
        # What other acts say is shown on a page first.
        command.action in INNER and _is_doubtful(text, alone),
        command.action in RESULTS and _is_no_result(text),
        command.action in BINDING and _UNDECIDED.search(text) is not None,
    )
    return Order(command, words, plain=not any(against), withdrawn=withdrawn)


def _is_command(line: str, known: Sequence[Command]) -> bool:
    """Whether a further line is a command, too: then nobody knows which one is meant."""
    bare = line.partition(":")[0].strip(f"{MARKS},!").casefold()
    return any(bare == command.word.casefold() for command in known)


def _is_doubtful(text: str, alone: bool) -> bool:
    """Whether the text puts the act off, asks, or says nothing: what may stand there is free, so such a text would act
    against its own words."""
    says_nothing = not alone and not re.search(r"\w", text)
    bare = text.lstrip(f"{MARKS}([")
    asks = bare.rstrip().endswith("?") and not re.search(r"[.!?]\s", bare)
    puts_off = _PUT_OFF.search(text) or _FIRST.search(text) or _TAKEN_BACK.search(text)
    hasty = _NO_REPORT.match(bare) or _HASTY.match(bare) or _LATER.match(bare)
    says_nothing = says_nothing or _SAMPLE.fullmatch(text) is not None
    return says_nothing or asks or bool(puts_off or hasty) or _has_second_thought(text)


def speaks_of_a_letter(text: str) -> bool:
    """Whether a text says that a letter comes with it, or where it lies."""
    return _SPEAKS_OF_A_LETTER.search(text) is not None


def _is_no_result(text: str) -> bool:
    """Whether a text has words, and only such as say nothing of a complaint, or says that the work goes on, or asks for
    something else than a report."""
    words = [word.casefold() for word in _MORE.findall(text)]
    is_filling = bool(words) and all(word in _NOTHING_SAID for word in words)
    bare = text.lstrip(f"{MARKS}([")
    goes_elsewhere = _GOES_ON.search(text) or _ANOTHER_ACT.match(bare)
    return is_filling or goes_elsewhere is not None


def _has_second_thought(text: str) -> bool:
    later = [line.strip(MARKS) for line in text.splitlines()[1:]]
    return (
        any(map(_SECOND_THOUGHT.match, later))
        or _REMARK.search(text) is not None
        or _UNSENT.search(text) is not None
    )


def _says_more(text: str) -> bool:
    """Whether anything stands below a bare consent but a polite word."""
    lines = [line.strip(MARKS) for line in text.splitlines()]
    return any(line and not _COURTESY.match(line) for line in lines)
