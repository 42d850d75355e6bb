"""What is new in a reply, and what is history.

Hides the quoting habits of mail programs, in Bahasa Indonesia first, and a dozen other
languages. Nothing is deleted: `new` and `rest` together hold every line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from pipeline.mail.message import FORWARDED

MAX_LINES = 5_000  # what follows is folded
MAX_LINE = 2_000  # characters of a line that are looked at
_WINDOW = 4  # lines over which mail programs wrap "Pada … menulis:"
LONGEST_HEAD = 200  # characters of a line that says only when an earlier mail was written
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
    looked_at = [line[:MAX_LINE] for line in lines[:MAX_LINES]]
    marks = _marks(looked_at)
    marks += [_Mark.REST] * (len(lines) - len(marks))
    parted: dict[_Mark, list[str]] = {_Mark.NEW: [], _Mark.REST: []}
    for line, mark in zip(lines, marks, strict=True):
        parted[mark].append(line)
    new, rest = parted[_Mark.NEW], parted[_Mark.REST]
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
    if _device(lines, index):
        return 1, not _quoted_reply_below(lines, index + 1)
    if _SEPARATOR.match(line) or _headers(lines, index) or _labelled_rule(lines, index):
        return 0, True
    length = attribution(lines, index)
    if length:
        return length, not _quoted_below(lines, index + length)
    return _footer(lines, index) or _signature(lines, index)


# --- quotes ---------------------------------------------------------------------------------


def _wrapped(lines: list[str], index: int) -> int:
    """1 where the next line is the tail of this quoted one, cut off by a mail server."""
    line = lines[index].rstrip()
    if len(line) < _LONG or line.endswith("?") or index + 1 >= len(lines):
        return 0
    tail = lines[index + 1].strip()
    begins_anew = tail.startswith(">") or re.match(r"[A-ZÀ-Þ]", tail)
    if not 0 < len(tail) < 60 or begins_anew:
        return 0
    after = lines[index + 2].strip() if index + 2 < len(lines) else ""
    goes_on = not after or after.startswith(">")
    return 1 if goes_on else 0


def _quoted_below(lines: list[str], index: int) -> bool:
    below = next((line.strip() for line in lines[index : index + 6] if line.strip()), "")
    return below.startswith((">", "&gt;"))


def _quoted_reply_below(lines: list[str], index: int) -> bool:
    """Whether the next thing said is a quote with its marks, below which a person may have answered."""
    index = next(
        (at for at in range(index, min(index + 4, len(lines))) if lines[at].strip()), index
    )
    return _quoted_below(lines, index) or _quoted_below(
        lines, index + (attribution(lines, index) or _WINDOW)
    )


# --- "Pada tanggal … menulis:" ----------------------------------------------------------------

# "wrote" in the languages of mail programs; one a line, so that one more is easily added.
_VERB = "(?:{})".format(
    "|".join(
        (
            r"menulis|tulis|berkata",  # Indonesia, Malay
            r"wrote|writes",
            r"schrieb",
            r"a [ée]crit",
            r"escribi[óo]",
            r"escreveu",
            r"ha scritto|scrisse",
            r"schreef(?: op)?|geschreven",
            r"skrev|skrifaði",
            r"kirjoitti",
            r"napisał(?:\(a\)|a)?|pisze",
            r"napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?",
            r"пишет|писал(?:\(а\))?|написал(?:\(а\)|а)?",
            r"пише|написав(?:\(ла\))?",
            r"a scris",
            r"írta",
            r"rakstīja|rašė",
            r"σας έγραψε|έγραψε",
            r"yazdı",
            r"đã viết",
            r"เขียน(?:ว่า)?",
            r"写道|寫道",
            r"さん?(?:は|が)?書きました|のメール",
            r"님이 (?:작성|씀)|작성|쓴 글",
            r"كتب",
            r"כתב",
        )
    )
)
_ENDS_IN_VERB = re.compile(rf"{_VERB}\s*[:：]?$", re.I)
_GOES_ON = re.compile(rf"(.{{10,300}}?>\s{{0,3}}{_VERB}\s?[:：])\s+\S", re.I)
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
_ADDRESS = re.compile(r"(?<![^\s<>@])[^\s<>@]++@[^\s<>@]")
_TIME = re.compile(r"(?<!\d)\d{1,2}\s?[:.h]\s?\d{2}(?!\d)|(?<!\d)\d{1,2} (?:am|pm)\b", re.I)
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)")


def attribution(lines: list[str], index: int) -> int:
    """Number of lines of an attribution that starts at `index`; 0 where none does."""
    joined = ""
    for count, line in enumerate(lines[index : index + _WINDOW], start=1):
        if not line.strip() or re.match(r"\s*>(?!\s*:)", line):
            return 0
        joined = f"{joined} {line.strip().strip('*_')}".strip()
        if len(joined) > 500:
            return 0
        if _attributes(
            joined,
            _quoted_below(lines, index + count),
            any(above.strip() for above in lines[max(0, index - 3) : index]),
        ):
            later = lines[index + 1 : index + count]
            return (
                0 if not _opens(joined) and any(_opens(line.strip()) for line in later) else count
            )
    return 0


def _opens(line: str) -> bool:
    return bool(_OPENING.match(line) or _STARTS_WITH_DATE.match(line))


_ENDS_IN_ADDRESS = re.compile(r"@[^\s<>]+\s*>+\s*[:：]$")


def _attributes(line: str, quoted_below: bool, text_above: bool) -> bool:
    """Whether a line says who wrote what stands below it: "Pada …, Budi menulis:"."""
    line = line.strip("- ")  # Zoho's "---- On … wrote ----"
    if _goes_on(line):
        return True
    ends = line.endswith((":", "："))
    address = bool(_ADDRESS.search(line))
    if not ends and not address:
        return False  # most lines: the patterns of the rule look for many languages
    return _names_who_wrote(line, address, quoted_below, text_above)


def _names_who_wrote(line: str, address: bool, quoted_below: bool, text_above: bool) -> bool:
    ends = line.endswith((":", "："))
    if _says_somebody_wrote(line, ends):
        is_prose = _PERSON_WRITES.search(line)
        return quoted_below or (not is_prose and _names_writer(line, address, text_above))
    if not ends or not _is_dated(line):
        return False
    if quoted_below and len(line) < LONGEST_HEAD:
        return True
    if not address or not _ENDS_IN_ADDRESS.search(line):
        return False
    return quoted_below or _is_timed(line) or _opens(line)


def _says_somebody_wrote(line: str, ends_in_colon: bool) -> bool:
    if not _HAS_VERB.search(line):
        return False
    return ends_in_colon or bool(_ENDS_IN_VERB.search(line))


def _names_writer(line: str, address: bool, text_above: bool) -> bool:
    """Whether a line that says that somebody wrote says who, or when."""
    if _opens(line):
        return address or (_is_timed(line) and text_above)
    return address and _is_dated(line)


def _is_timed(line: str) -> bool:
    return bool(_TIME.search(line))


def _is_dated(line: str) -> bool:
    return _is_timed(line) or bool(_DATE.search(line))


def _goes_on(line: str) -> bool:
    """Whether the earlier mail begins in the same line, as Yahoo's app writes it."""
    head = _GOES_ON.match(line)
    if not head or not _ADDRESS.search(head[1]) or not _opens(head[1]):
        return False
    return bool(_TIME.search(head[1]) or _DATE.search(head[1]))


# --- header block of the earlier mail ---------------------------------------------------------

# Field names of copied headers: sender first, then all others; one language a line.
_FROM = "|".join(
    (
        r"dari|daripada|pengirim",
        r"from",
        r"von|de|van|da|fra|från|od|de la",
        r"expéditeur|remitente|mittente|message du",
        r"lähettäjä",
        r"odesílatel|odosielateľ",
        r"от|от кого|від",
        r"feladó|kimden|gönderen",
        r"από|จาก|từ|من|מאת",
        r"差出人|送信者|发件人|寄件者|보낸 사람",
    )
)
_OTHER = "|".join(
    (
        r"dikirim(?: pada)?|terkirim|dihantar|tanggal|kepada|ke|untuk|tembusan|tindasan|subjek|perihal|judul|hal"
        r"|balas ke",
        r"sent|date|to|cc|bcc|subject|reply-to|importance|attachments?",
        r"gesendet|datum|an|betreff|kopie",
        r"envoyé(?: le)?|à|objet|sujet|copie à|pour",
        r"verzonden|aan|onderwerp",
        r"inviato|a|oggetto|data",
        r"enviado(?: el| em)?|enviada em|para|asunto|assunto|fecha",
        r"sendt|til|emne|dato|skickat|till|ämne",
        r"lähetetty|vastaanottaja|aihe|päivämäärä",
        r"wysłano|do|temat|dw",
        r"odesláno|odoslané|komu|předmět|predmet|kopia",
        r"отправлено|кому|тема|дата|копия|надіслано|копія",
        r"elküldve|címzett|tárgy",
        r"trimis|către|subiect",
        r"στάλθηκε|προς|θέμα",
        r"gönderme(?: tarihi)?|gönderildi|tarih|kime|konu",
        r"ngày|đã gửi|đến|chủ đề",
        r"ส่ง|ถึง|เรื่อง|วันที่",
        r"تم الإرسال|التاريخ|إلى|الموضوع",
        r"נשלח|אל|נושא",
        r"送信日時|日時|宛先|件名",
        r"发送时间|发送日期|日期|收件人|抄送|主题",
        r"寄件日期|收件者|主旨|副本",
        r"보낸 날짜|날짜|받는 사람|제목",
    )
)
_FROM_LINE = re.compile(rf"(?i)^\W{{0,4}}(?:{_FROM})\s?\*?\s?[:：]\s?\*?\s*(?P<value>.*)$")
_SUBJECTS = frozenset(
    (
        *(
            "subjek",
            "perihal",
            "judul",
            "hal",
            "subject",
            "betreff",
            "objet",
            "sujet",
            "onderwerp",
            "oggetto",
            "asunto",
        ),
        *(
            "assunto",
            "emne",
            "ämne",
            "aihe",
            "temat",
            "předmět",
            "predmet",
            "тема",
            "tárgy",
            "subiect",
            "θέμα",
            "konu",
        ),
        *("chủ đề", "เรื่อง", "الموضوع", "נושא", "件名", "主题", "主旨", "제목"),
    )
)
_MOMENT = re.compile(
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4},? \d{1,2}[:.]\d{2}(?::\d{2})?(?: ?[ap]m)?(?: \w{1,5})?$", re.I
)
_NOTES_LABELS = frozenset({"to", "cc", "subject", "kepada", "ke", "tembusan", "perihal", "subjek"})
_ANY_LINE = re.compile(rf"(?i)^\W{{0,4}}(?P<label>{_FROM}|{_OTHER})\s?\*?\s?[:：]")


def _headers(lines: list[str], index: int) -> bool:
    """Whether a copied header of an earlier mail starts here: sender first, three fields at least, and an address, or
    a subject and a time, which a letter's own "Dari: … Perihal: …" and the way of a bus lack."""
    if _notes_header(lines, index):
        return True
    if not _FROM_LINE.match(lines[index].strip()):
        return False
    block = _block(lines, index)
    labels = {found["label"].lower() for line in block if (found := _ANY_LINE.match(line))}
    whole = " ".join(block)
    return len(labels) >= 3 and bool(
        _ADDRESS.search(whole) or (_TIME.search(whole) and labels & _SUBJECTS)
    )


def _notes_header(lines: list[str], index: int) -> bool:
    """The table that Lotus Notes draws: who, when, then bare labels with their values below."""
    if index + 1 >= len(lines) or not _MOMENT.match(lines[index + 1].strip()):
        return False
    below = lines[index + 2 : index + 14]
    labels = {line.strip().lower() for line in below} & _NOTES_LABELS
    return len(labels) >= 2


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


# "original message" and "forwarded message", as they stand between dashes.
_ORIGINAL = "|".join(
    (
        r"pesan (?:asli|asal|sebelumnya|terusan|yang diteruskan|terlampir)|diteruskan oleh[^-]*",
        r"(?:surat|email) (?:asli|sebelumnya)|mesej asal",
        r"original (?:message|appointment|e?-?mail)|forwarded (?:message|by[^-]*)",
        r"(?:ursprüngliche|originale|weitergeleitete) nachricht|original-?nachricht",
        r"message (?:d'origine|original|transféré)",
        r"mensaje (?:original|reenviado)",
        r"mensagem (?:original|encaminhada)",
        r"messaggio (?:originale|inoltrato)",
        r"oorspronkelijk bericht|doorgestuurd bericht",
        r"oprindelig (?:besked|meddelelse)|opprinnelig melding",
        r"(?:ursprungligt|vidarebefordrat) ?(?:meddelande)?|originalmeddelande",
        r"alkuperäinen viesti",
        r"wiadomość oryginalna|oryginalna wiadomość|pierwotna wiadomość",
        r"(?:исходное|пересылаемое|оригинальное) сообщение",
        r"původní zpráva|pôvodná správa",
        r"eredeti üzenet|mesaj original",
        r"orijinal mesaj|özgün ileti",
        r"αρχικό μήνυμα",
        r"tin nhắn gốc|thư gốc",
        r"元のメッセージ|原始邮件|邮件原件|原始郵件|원본 메시지",
    )
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
    below = next(filter(str.strip, lines[index + 1 : index + 3]), "")
    return _FROM_LINE.match(below.strip()) is not None


def _rule_above(lines: list[str], index: int) -> int:
    """Where history really starts: with the rule that a mail program draws above it."""
    above = index - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above].strip()) else index


# --- signature ----------------------------------------------------------------------------------

_DEVICES = (
    r"iphone|ipad|ipod|android|ponsel|hp\b|smartphone|telepon|tablet|perangkat|mobile|phone|handy|téléphone|appareil"
    r"|telefon|dispositivo|móvil|app\b|aplikasi|ios|windows|blackberry"
    r"|samsung|galaxy|huawei|xiaomi|redmi|oppo|vivo|realme|nokia"
    r"|yahoo|outlook|gmail|e?mail\b|thunderbird|proton|saya\.?$"
)
# The line that a phone or program adds below what its owner writes.
_SENT_FROM = re.compile(
    "|".join(
        (
            r"^\W{0,3}(?:dikirim|terkirim|dikirimkan|diposting) (?:dari|melalui|lewat|menggunakan|via|oleh) "
            rf"(?:[\w.()-]{{1,20}} ){{0,3}}(?:{_DEVICES}).{{0,70}}$",
            rf"^\W{{0,3}}sent (?:from|via|with|using|by) (?:[\w.()<\[-]{{1,20}} ){{0,3}}(?:{_DEVICES}).{{0,100}}$",
            r"^\W{0,3}(?:get|dapatkan|unduh|obtenir|téléchargez|holen sie sich) outlook (?:for|untuk|pour|für) .+$",
            r"^\W{0,3}yahoo mail ?: ?(?:cari|search|chercher|suche|busca)\b.{1,60}$",
            r"^\W{0,3}gesendet (?:von|mit|über) .{1,100}$",
            r"^\W{0,3}von meinem .{1,60} gesendet$",
            r"^\W{0,3}envoyé (?:de|depuis|à partir|avec|par) .{1,100}$",
            r"^\W{0,3}(?:verzonden|verstuurd) (?:vanaf|met|van|via) .{1,100}$",
            r"^\W{0,3}enviad[oa] (?:desde|do|de|del|a partir|com|con) .{1,100}$",
            r"^\W{0,3}inviato (?:da|dal|con) .{1,100}$",
            r"^\W{0,3}(?:skickat från|sendt fra|sendt med) .{1,100}$",
            r"^\W{0,3}wysłan[eo] z .{1,100}$",
            r"^\W{0,3}lähetetty (?:laitteesta|ipho\w+|.{1,40}(?:sta|stä)$).{0,100}$",
            r"^\W{0,3}отправлено (?:с|из) .{1,100}$",
            r"^\W{0,3}(?:odesláno z|odoslané z) .{1,100}$",
            r"^.{0,20}(?:から送信|发自我的|發自我的|에서 보냄).{0,40}$",
        )
    ),
    re.I,
)
# The same of a program unknown here: only where it stands alone.
_SENT_FROM_SOMETHING = re.compile(
    r"^\W{0,3}sent (?:from|via|with|using|by) (?:my |a |the )?[\w(<\[]\S*(?: \S+){0,3}$", re.I
)
# What a server writes into a mail of somebody: the footer of a list, the banner over mail from outside.
_LIST_FOOTER = re.compile(
    r"(?i)mailing list\b|unsubscribe|milis\b|berhenti berlangganan|you received this message because"
)
_BANNER = re.compile(
    r"(?i)^\W{0,9}(?:(?:caution|warning|attention|notice|external(?: e-?mail)?|perhatian|peringatan)\W{1,9})?"
    r"(?:this (?:e-?mail|message) (?:originated|came|comes|was sent) from (?:an? )?(?:outside|external)"
    r"|(?:e-?mail|pesan|surat) ini (?:berasal|datang) dari luar (?:organisasi|instansi|kantor|domain))"
)
_FOOTER_LINES = 8
_TOLD = re.compile(
    r"(?i)\b(?:tanggal|kemarin|tadi|yang|lalu|sudah|belum)\b"
)  # "Dikirim lewat email tanggal 3": a sentence
_DELIMITERS = {"-- ", "--", "--\xa0"}
_SIGNATURE_LINES = 15


def _device(lines: list[str], index: int) -> bool:
    """The line that a phone or app adds; what stands below it is history."""
    line = lines[index].strip()
    if len(line) > 200 or _TOLD.search(line):
        return False
    if _SENT_FROM.match(line):
        return True
    around = [*lines[max(0, index - 1) : index], *lines[index + 1 : index + 2]]
    alone = not any(map(str.strip, around))
    return alone and _SENT_FROM_SOMETHING.match(line) is not None


def _footer(lines: list[str], index: int) -> tuple[int, bool] | None:
    """Lines that no person wrote: a list's footer below its rule, or a banner up to the blank line."""
    following = lines[index : index + _FOOTER_LINES]
    length = next((at for at, line in enumerate(following) if not line.strip()), len(following))
    if _BANNER.match(lines[index]):
        return length, False
    rule = lines[index].strip()
    has_rule = len(rule) >= 20 and _RULE.match(rule)
    if has_rule and length >= 2 and _LIST_FOOTER.search(following[1]):
        return length, False
    return None


def _signature(lines: list[str], index: int) -> tuple[int, bool]:
    """Lines of a signature under its "-- ", up to the next quote or the end."""
    if lines[index] not in _DELIMITERS:
        return 0, False
    most = _SIGNATURE_LINES if lines[index] != "-- " else 4 * _SIGNATURE_LINES
    filled = 0
    at = index + 1
    while at < len(lines) and not _ends_signature(lines, at):
        filled += bool(lines[at].strip())
        if filled > most:
            return 0, False
        at += 1
    return at - index, False


def _ends_signature(lines: list[str], at: int) -> bool:
    """Whether another signature, a quote or an earlier mail begins here."""
    line = lines[at].strip()
    if line in _DELIMITERS or line.startswith(">") or _SEPARATOR.match(line):
        return True
    return _headers(lines, at) or (bool(line) and bool(attribution(lines, at)))
