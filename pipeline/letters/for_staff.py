"""Sentences of a letter that speak to an official and not to the pengadu ("Sampaikan bahwa …"); pure.

A Kepala Dinas who writes an order into the field of what the pengadu is told finds it as a point of the letter, word
for word. Hides the patterns; each is bounded, so that a text of any kind costs linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LONGEST = 100  # characters of a sentence that are shown

_WHOM = r"(?:si\s)?(?:pelapor|pengadu|pemohon|warga|ybs|beliau|dia|mereka|yang\sbersangkutan|orang\s(?:itu|ini))\b"
_TELL = r"(?:sampaikan|jelaskan|terangkan|tegaskan|kabarkan|informasikan|katakan|ingatkan|beri\s?tahu(?:kan)?)(?:lah)?"
_ANSWER = r"(?:jawab|balas|tolak|tanggapi|layani|abaikan)(?:lah)?"
_WRITE = r"(?:cantumkan|sebutkan|tuliskan?|tambahkan|masukkan|muat|kutip)(?:lah)?"
_HIDE = r"(?:jangan|tidak\susah|tak\susah|tidak\sperlu|tak\sperlu)"
_HIDDEN = (
    r"(?:di)?(?:beri\s?tahu(?:kan)?|sampaikan|sebut(?:kan)?|cantumkan|jelaskan|jawab|tulis(?:kan)?|singgung|layani|"
    r"tanggapi)"
)
_STARTS = (
    rf"{_TELL}\s(?:juga\s|saja\s|dengan\s\w{{1,20}}\s)?"
    rf"(?:bahwa|kalau|apa\sadanya|seperlunya|(?:ke(?:pada)?\s)?{_WHOM})",
    rf"{_ANSWER}\s(?:saja\b|seperlunya|secukupnya|dengan\s(?:sopan|tegas|baik|surat)|secara\s|bahwa|{_WHOM})",
    rf"{_WRITE}\s(?:juga\s)?bahwa\b",
    rf"{_HIDE}\s{_HIDDEN}\b",
    rf"minta(?:lah)?\s{_WHOM}",
    r"buat(?:kan)?(?:lah)?\s(?:surat|jawaban|balasan|konsep)\b",
    r"tindak\s?lanjuti\s(?:saja|sesuai\s(?:aturan|ketentuan|prosedur))\b",
)
_INSIDE = (
    r"\b(?:di)?jawab\s(?:saja\s)?(?:seperlunya|sekadarnya|secukupnya)",
    rf"\b{_HIDE}\s(?:beri\s?tahu|diberi\s?tahu|sampaikan\ske(?:pada)?)\s{_WHOM}",
    r"\b(?:yang\sbersangkutan|ybs|pelapor|pengadu|orang)\sini\s(?:memang\s|sudah\s)?(?:sering|selalu|suka|hanya|cerewet)",
)
_BEFORE = (
    r"(?:(?:tolong|mohon|harap|segera|cukup|agar|supaya|pak|bu|sek(?:retaris)?)[\s,:]{1,3}){0,3}"
)
_ORDER = re.compile(rf"^{_BEFORE}(?:{'|'.join(_STARTS)})|(?:{'|'.join(_INSIDE)})", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?;:])\s")
_MARKER = re.compile(r"^\s{0,20}(?:[-–—•*]|\(?\w{1,3}[.)])\s{1,20}")


def said_to_staff(texts: Iterable[str]) -> Iterator[str]:
    """The sentences that read like an order to the one who writes the letter, each once, shortened."""
    seen = set()
    for text in texts:
        for sentence in _SENTENCE.split(text):
            plain = " ".join(_MARKER.sub("", sentence).split())
            if plain not in seen and _ORDER.search(plain):
                seen.add(plain)
                yield plain if len(plain) <= LONGEST else f"{plain[:LONGEST].rstrip()} …"
