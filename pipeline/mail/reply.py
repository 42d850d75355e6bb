"""What is new in a reply, and what is history.

Hides the quoting habits of mail programs, in Bahasa Indonesia first, and a dozen other
languages. Nothing is deleted: `new` and `rest` together hold every line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from pipeline.mail.message import FORWARDED

MAX_LINES = 20_000
MAX_LINE = 2_000  # characters of a line that are looked at
_WINDOW = 4  # lines over which mail programs wrap "Pada … menulis:"
_LONG = 55  # a quoted line at least this long may have been wrapped by a mail server


@dataclass(frozen=True)
class Reply:
    """`new` is what the writer added, "" where there is nothing but history; `rest` is the
    folded remainder: quotes, headers of earlier mails, signature."""

    new: str
    rest: str


class _Mark(Enum):
    NEW = auto()
    REST = auto()


def split(text: str) -> Reply:
    """Part the new words of a mail from quotes, earlier mails and signature."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    marks = _marks([line[:MAX_LINE] for line in lines[:MAX_LINES]])
    marks += [_Mark.REST] * (len(lines) - len(marks))
    new = [line for line, mark in zip(lines, marks, strict=True) if mark is _Mark.NEW]
    rest = [line for line, mark in zip(lines, marks, strict=True) if mark is _Mark.REST]
    return Reply("\n".join(new).strip(), "\n".join(rest).strip("\n"))


def _marks(lines: list[str]) -> list[_Mark]:
    marks = [_Mark.NEW] * len(lines)
    index = 0
    while index < len(lines):
        step, ends = _history(lines, index)
        if ends:
            start = _rule_above(lines, index)
            marks[start:] = [_Mark.REST] * (len(lines) - start)
            break
        marks[index : index + step] = [_Mark.REST] * step
        index += step or 1
    return marks


def _history(lines: list[str], index: int) -> tuple[int, bool]:
    """How many lines from `index` on are history, and whether all that follows is."""
    line = lines[index].strip().strip("\u200e\u200f\u202a\u202b\u202c")
    if not line:
        return 0, False
    if line.startswith((">", "&gt;")):
        return 1 + _wrapped(lines, index), False
    if _SEPARATOR.match(line) or _device(line) or _headers(lines, index) or _labelled_rule(lines, index):
        return 0, True
    length = _attribution(lines, index)
    if length:
        return length, not _quoted_below(lines, index + length)
    return _signature(lines, index)


# --- quotes ---------------------------------------------------------------------------------


def _wrapped(lines: list[str], index: int) -> int:
    """1 where the next line is the tail of this quoted one, cut off by a mail server."""
    if len(lines[index].rstrip()) < _LONG or index + 1 >= len(lines):
        return 0
    tail = lines[index + 1].strip()
    after = lines[index + 2].strip() if index + 2 < len(lines) else ""
    wrapped = 0 < len(tail) < 60 and not tail.startswith(">") and (not after or after.startswith(">"))
    return int(wrapped and not re.match(r"[A-ZÀ-Þ]", tail))


def _quoted_below(lines: list[str], index: int) -> bool:
    below = next((line.strip() for line in lines[index : index + 6] if line.strip()), "")
    return below.startswith((">", "&gt;"))


# --- "Pada tanggal … menulis:" ----------------------------------------------------------------

_VERB = (
    r"(?:menulis|wrote|writes|tulis|berkata|escribi[óo]|escreveu|a [ée]crit|schrieb|schreef|geschreven"
    r"|ha scritto"
    r"|napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?|skrev|kirjoitti|пишет|писал(?:\(а\))?|написал(?:\(а\)|а)?"
    r"|writes"
    r"|写道|寫道|đã viết|yazdı|σας έγραψε|έγραψε|さん?(?:は|が)?書きました|のメール|님이 (?:작성|씀)|작성"
    r"|เขียน(?:ว่า)?|scrisse|a scris|rakstīja|rašė|írta|schreef op|skrifaði)"
)
_ENDS_IN_VERB = re.compile(rf"{_VERB}\s*[:：]?$", re.I)
_HAS_VERB = re.compile(rf"(?<!\w){_VERB}(?!\w)|写道|寫道|書きました|작성", re.I)
_PERSON_WRITES = re.compile(
    r"(?i)\b(?:saya|kami|aku|kita|beliau|dia|ia|mereka|i|we|he|she|they|you|anda|ich|wir|je|nous|yo)\s+"
    r"(?:(?:telah|sudah|pernah|juga|already|had|have)\s+)*(?:menulis|tulis|wrote|schrieb|schreef)\b"
)
_OPENING = re.compile(
    r"(?i)(?:pada|tanggal|on|le|am|op|il|in data|el|em|den|de|vào|dňa|dne|w dniu|dnia|at|kl|às|den|på|op"
    r"|ang|dana"
    r"|v|a|\W*(?:mon|tue|wed|thu|fri|sat|sun|sen|sel|rab|kam|jum|sab|min)\w*)[\s,.]"
)
_STARTS_WITH_DATE = re.compile(r"(?i)\W*(?:\w{2,12}\.?,?\s+)?\d{1,4}[\s./:-]")
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_TIME = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}\b|\b\d{1,2} (?:am|pm)\b", re.I)
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")


def _attribution(lines: list[str], index: int) -> int:
    """Number of lines of an attribution that starts at `index`; 0 where none does."""
    joined = ""
    for count, line in enumerate(lines[index : index + _WINDOW], start=1):
        if not line.strip() or re.match(r"\s*>(?!\s*:)", line):
            return 0
        joined = f"{joined} {line.strip().strip('*_')}".strip()
        if len(joined) > 500:
            return 0
        if _attributes(joined, _quoted_below(lines, index + count)):
            later = lines[index + 1 : index + count]
            return 0 if not _opens(joined) and any(_opens(line.strip()) for line in later) else count
    return 0


def _opens(line: str) -> bool:
    return bool(_OPENING.match(line) or _STARTS_WITH_DATE.match(line))


def _attributes(line: str, quoted_below: bool) -> bool:
    ends = line.endswith((":", "："))
    verb, address = bool(_HAS_VERB.search(line)), bool(_ADDRESS.search(line))
    dated = bool(_TIME.search(line) or _DATE.search(line))
    opens = _opens(line)
    if verb and _PERSON_WRITES.search(line) and not quoted_below:
        return False
    if verb and (ends or (address and _ENDS_IN_VERB.search(line))):
        return quoted_below or (address and (dated or opens)) or (opens and bool(_TIME.search(line)))
    if ends and address and dated and re.search(r"@[^\s<>]+\s*>+\s*[:：]$", line):
        return opens or quoted_below or bool(_TIME.search(line))
    return ends and quoted_below and dated and len(line) < 200


# --- header block of the earlier mail ---------------------------------------------------------

_FROM = (
    r"dari|pengirim|from|von|de|van|da|fra|från|od|от|от кого|lähettäjä|expéditeur|remitente|mittente"
    r"|message du|差出人|送信者|发件人|寄件者|보낸 사람|từ|kimden|feladó|odesílatel|από|จาก"
)
_OTHER = (
    r"dikirim(?: pada)?|terkirim|tanggal|kepada|ke|untuk|tembusan|tindasan|subjek|perihal|judul|hal|balas ke"
    r"|sent|date|to|cc|bcc|subject|reply-to|importance|attachments?|gesendet|datum|an|betreff|kopie"
    r"|envoyé(?: le)?"
    r"|à|objet|sujet|copie à|pour|verzonden|aan|onderwerp|inviato|a|oggetto|data|enviado(?: el| em)?"
    r"|enviada em"
    r"|para|asunto|assunto|fecha|sendt|til|emne|dato|skickat|till|ämne|wysłano|do|temat|dw|отправлено"
    r"|кому|тема"
    r"|дата|копия|lähetetty|vastaanottaja|aihe|päivämäärä|送信日時|宛先|件名|日付|发送时间|发送日期"
    r"|收件人|抄送"
    r"|主题|日期|寄件日期|收件者|主旨|보낸 날짜|받는 사람|제목|날짜|đã gửi|đến|chủ đề"
    r"|ngày|gönderilme|kime|konu"
)
_FROM_LINE = re.compile(rf"(?i)^\W{{0,4}}(?:{_FROM})\s?\*?\s?[:：]\s?\*?\s*(?P<value>.*)$")
_ANY_LINE = re.compile(rf"(?i)^\W{{0,4}}(?P<label>{_FROM}|{_OTHER})\s?\*?\s?[:：]")


def _headers(lines: list[str], index: int) -> bool:
    """Whether a copied header of an earlier mail starts here: sender first, three fields at
    least, and an address or a time, which a letter's own "Dari: … Perihal: …" lacks."""
    if not _FROM_LINE.match(lines[index].strip()):
        return False
    block = _block(lines, index)
    labels = {found["label"].lower() for line in block if (found := _ANY_LINE.match(line))}
    whole = " ".join(block)
    return len(labels) >= 3 and bool(_ADDRESS.search(whole) or _TIME.search(whole))


def _block(lines: list[str], index: int) -> list[str]:
    """The lines of a header block: fields, their continuations, single blank lines between."""
    block: list[str] = []
    strangers = 0
    for line in (raw.strip() for raw in lines[index : index + 16]):
        if _ANY_LINE.match(line):
            strangers = 0
            block.append(line)
        elif strangers < 2:
            strangers += 1
            block.append(line)
        else:
            break
    while block and not _ANY_LINE.match(block[-1]):
        block.pop()
    return block


_ORIGINAL = (
    r"original (?:message|appointment|e?-?mail)|pesan (?:asli|asal|sebelumnya|terusan|yang diteruskan"
    r"|terlampir)"
    r"|surat (?:asli|sebelumnya)|email (?:asli|sebelumnya)|forwarded (?:message|by[^-]*)|diteruskan oleh[^-]*"
    r"|(?:ursprüngliche|originale|weitergeleitete) nachricht|original-?nachricht|message (?:d'origine"
    r"|original|transféré)"
    r"|mensaje (?:original|reenviado)|mensagem (?:original|encaminhada)|messaggio (?:originale|inoltrato)"
    r"|oorspronkelijk bericht|doorgestuurd bericht|oprindelig (?:besked|meddelelse)|opprinnelig melding"
    r"|(?:ursprungligt|originalmeddelande|vidarebefordrat) ?(?:meddelande)?|alkuperäinen viesti"
    r"|(?:wiadomość oryginalna|oryginalna wiadomość|pierwotna wiadomość)|(?:исходное|пересылаемое"
    r"|оригинальное) сообщение"
    r"|původní zpráva|orijinal mesaj|αρχικό μήνυμα"
    r"|元のメッセージ|原始邮件|邮件原件|原始郵件|원본 메시지"
    r"|tin nhắn gốc"
)
_SEPARATOR = re.compile(
    rf"(?i)^(?:[-=_*#~]{{2,}}\s*(?:{_ORIGINAL})\s*[-=_*#~]{{2,}}"
    r"|begin forwarded message:?|(?:mulai|awal) (?:meneruskan pesan|pesan (?:yang )?(?:terusan|diteruskan)):?"
    r"|[-=_*#~\s]{0,6}(?:balas|tulis balasan)[\w\s]{0,20} di atas (?:baris|garis) ini\b.*"
    r"|[-=_*#~\s]{0,6}(?:please )?(?:type |write )?(?:your )?reply above this line\b.*"
    rf"|{re.escape(FORWARDED)})$"
)
_RULE = re.compile(r"^[-_=*~—–]{3,}$")
_WORDED_RULE = re.compile(r"^-{3,}\s?[^-]{3,60}\s?-{3,}$")


def _labelled_rule(lines: list[str], index: int) -> bool:
    """A rule with words in any language, and a copied header right below it."""
    if not _WORDED_RULE.match(lines[index].strip()):
        return False
    below = next((line for line in lines[index + 1 : index + 3] if line.strip()), "")
    return bool(_FROM_LINE.match(below.strip()))


def _rule_above(lines: list[str], index: int) -> int:
    """Where history really starts: with the rule that a mail program draws above it."""
    above = index - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above].strip()) else index


# --- signature ----------------------------------------------------------------------------------

_DEVICES = (
    r"iphone|ipad|ipod|android|ponsel|hp\b|yahoo|outlook|gmail|samsung|galaxy|perangkat|windows|e?mail\b"
    r"|blackberry"
    r"|huawei|xiaomi|redmi|oppo|vivo|realme|nokia|smartphone|telepon|tablet|thunderbird|proton|mobile"
    r"|phone|saya\.?$"
    r"|handy|téléphone|appareil|telefon|dispositivo|móvil|app\b|ios"
)
_SENT_FROM = re.compile(
    r"(?i)^\W{0,3}(?:dikirim|terkirim|dikirimkan|diposting) (?:dari|melalui|lewat|menggunakan|via"
    r"|oleh) (?=.*(?:" + _DEVICES + r")).{1,80}$"
    r"|^\W{0,3}sent (?:from|via|with|using|by) (?:my |a |the )?[\w(<\[].{0,100}$"
    r"|^\W{0,3}(?:get|dapatkan|unduh|obtenir|téléchargez|holen sie sich) outlook (?:for|untuk|pour"
    r"|für) .{1,60}$"
    r"|^\W{0,3}(?:gesendet (?:von|mit)|envoyé (?:de|depuis|à partir|avec|par)|verzonden (?:vanaf|met|van|via)"
    r"|enviad[oa] (?:desde|do|de|del|a partir|com|con)|inviato (?:da|dal|con)|skickat från|sendt fra"
    r"|sendt med"
    r"|wysłan[eo] z|lähetetty (?:laitteesta|ipho\w+)|отправлено (?:с|из)|odesláno z|odoslané z) .{1,100}$"
    r"|^.{0,20}(?:から送信|发自我的|發自我的|에서 보냄).{0,40}$"
)
_SIGNATURE_LINES = 15


def _device(line: str) -> bool:
    """The line that a phone or app adds; what stands below it is history."""
    return len(line) <= 200 and bool(_SENT_FROM.match(line))


def _signature(lines: list[str], index: int) -> tuple[int, bool]:
    """Lines of a signature under its "-- ", up to the next quote or the end."""
    if lines[index].rstrip("\r") not in {"-- ", "--", "--\xa0"}:
        return 0, False
    length = 1
    while index + length < len(lines):
        line = lines[index + length].strip()
        if line.startswith(">") or _SEPARATOR.match(line) or _headers(lines, index + length):
            break
        if line and _attribution(lines, index + length):
            break
        length += 1
    filled = sum(1 for line in lines[index + 1 : index + length] if line.strip())
    return (length, False) if lines[index] == "-- " or filled <= _SIGNATURE_LINES else (0, False)
