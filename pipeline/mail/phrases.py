"""The words by which robots give themselves away, one phrase a line, by topic and language.

Hides nothing: a phrase is a regular expression without case, and is added where its topic
stands. Keep each linear: no two neighbouring repetitions that match the same characters.
"""

from __future__ import annotations

import re


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.I)


def _starting(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"^\W{{0,10}}(?:{'|'.join(phrases)})", re.I)


# What a mail is called in Bahasa Indonesia and Malay.
_SURAT = r"(?:surat|pesan|mesej|e-?mel|e-?mail|surel)"

# --- senders -------------------------------------------------------------------------------

DAEMON_ADDRESS = _starting(
    r"mail(?:er)?[-_.]?daemon\b",
    r"[a-z]{1,20}-?daemon\b",
    r"postmaster\b",
    r"mail[-_.]delivery\b",
    r"microsoftexchange[0-9a-f]{32}\b",
    r"nullmailer\b",
    r"mmdf\b",
    r"imss\b",
    r"post[-_]master\b",
)
MAILER_DAEMON = _starting(r"mail(?:er)?[-_.]?daemon\b")
# Also the addresses of people and of shared mailboxes: their words must tell.
MAIL_OFFICE_ADDRESS = _starting(
    r"bounces?\b",
    r"mail-?er\b",
    r"mailadm(?:in)?\b",
    r"mail-?system\b",
    r"mailmaster\b",
    r"sysadmin\b",
)
DAEMON_NAME = _any(
    r"mail(?:er)?[ -]?(?:delivery|deliver system|daemon|administrator)",
    r"delivery (?:sub)?system",
    r"^postmaster",
    r"system administrator",
    r"mail system",
    r"internet mail service",
    r"sistem pengiriman surat",
)
ROBOT_SENDER = _any(r"no-?reply", r"daemon", r"postmaster", r"virus", r"mailscanner")
# The address itself says that nobody reads what comes to it.
NO_REPLY = re.compile(
    r"(?:\A|[-_.+])(?:no|do-?not|jangan|tidak)[-_.]?(?:reply|balas|dibalas)\b[^@]{0,60}(?:@|\Z)",
    re.I,
)
# The part before the @ of an address that no person reads.
ROBOT_MAILBOX = _starting(
    r"(?:no|do|dont|not|tidak)[-_.]?(?:not[-_.]?)?(?:reply|balas)",
    r"auto(?:[-_.]?(?:re(?:ply|spon\w*)|mail(?:er)?|answer|confirm\w*|notif\w*|generated|message))?(?![a-z])",
    r"notif(?:y|ier|ikasi|ications?)?(?![a-z])",
    r"(?:system|sistem|robot)(?![a-z])",
)
ANSWERED_SUBJECT = re.compile(r"\s*(?:re|bls|aw|sv|antw|tr)\s*:", re.I)

# --- a mail did not arrive: subjects -------------------------------------------------------

BOUNCE_SUBJECT = _any(
    # English
    r"undeliver",
    r"non-?deliver",
    r"not delivered",
    r"return(?:ed|ing) (?:mail|to sender|message|e-?mail)",
    r"(?:delivery|mail|message) (?:status|system|failure|failed|problem|report|warning|error)",
    r"(?:failure|failed) (?:notice|delivery|mail)",
    r"delivery (?:has )?(?:been )?(?:failed|failure|delayed|notification|incomplete|rejected)",
    r"mail (?:could )?not (?:be )?deliver",
    r"could not (?:be delivered|send message)",
    r"unable to deliver",
    r"delayed mail",
    r"message delayed",
    r"warning: message",
    r"user unknown",
    r"unknown user",
    r"processing error",
    r"mail error",
    r"^\W{0,3}bounced?\b",
    r"failed to deliver",
    r"error sending your mail",
    r"(?:automatically|message was) rejected",
    r"blocked message",
    r"message (?:you sent )?(?:was )?blocked",
    r"^(?:ignored )?not member article from",
    r"^reject mail\b",
    # Bahasa Indonesia
    r"^\W{0,3}tidak (?:dapat )?(?:ter|di)?kirim(?:kan)?\s*:",
    rf"{_SURAT}(?: anda)? (?:tidak|gagal|belum) (?:dapat |bisa )?(?:ter|di)?(?:kirim|sampai|hantar)",
    r"gagal (?:meng|ter|di)?kirim",
    r"tidak (?:dapat |bisa )?(?:ter|di)kirim",
    rf"(?:pengiriman|penghantaran) (?:{_SURAT} )?(?:gagal|tertunda|ditunda|terlambat)",
    rf"^\W{{0,9}}kotak {_SURAT}(?: (?:penerima|pengguna|tujuan))?(?: sudah| telah)? penuh\W{{0,9}}$",
    r"status pengiriman",
    # German, French, Spanish, Portuguese, Italian, Dutch
    r"unzustellbar",
    r"nicht zugestellt",
    r"zustellung (?:fehlgeschlagen|nicht m[öo]glich)",
    r"non remis",
    r"non[- ]?distribu",
    r"[ée]chec de (?:la )?(?:remise|distribution)",
    r"no se puede entregar",
    r"no (?:se ha )?entregado",
    r"error (?:de|en la) entrega",
    r"n[ãa]o (?:foi |[ée] )?(?:poss[íi]vel )?entreg",
    r"falha (?:na|de) entrega",
    r"non recapitabile",
    r"mancato recapito",
    r"recapito non riuscito",
    r"niet (?:bezorgd|bestelbaar)",
    r"onbestelbaar",
    # Nordic and Slavic languages, Turkish, Vietnamese
    r"kan ikke leveres",
    r"(?:gick inte att leverera|kan inte levereras)",
    r"ei voi toimittaa",
    r"niedostarcz",
    r"nie można dostarczyć",
    r"nelze doručit",
    r"недоставлен",
    r"не(?: может быть)? доставлен",
    r"teslim edilemedi",
    r"không (?:thể )?gửi được",
    # Chinese, Japanese, Korean
    r"退信",
    r"無法寄達",
    r"(?:无法|無法|未能|未)(?:送达|送達|投递|投遞|传递|傳遞)",
    r"投递失败",
    r"配信(?:不能|失敗|できません|に失敗)",
    r"メッセージを配信できません",
    r"배달(?:되지 않음|하지 못|할 수 없)",
    r"반송",
)

# --- a mail did not arrive: the server's words ---------------------------------------------

BOUNCE_WORDS = _any(
    # English: it was not delivered
    r"(?:could ?n[o'’]t|can ?n[o'’]t|unable to|(?:was|were|has|have) ?n[o'’]t(?: been)?|did ?n[o'’]t|not) (?:be )?"
    r"(?:deliver|reach the recipient|sent)",
    r"undeliver",
    r"non-?deliver",
    r"delivery (?:has |of the e?-?mail )?(?:to the following|failed|failure|attempt|status|error|was stopped)",
    r"delivery (?:was |has been )?delayed",
    r"returned (?:to (?:sender|you)|undelivered)",
    r"message (?:that you sent )?(?:has not yet been|could not|was (?:automatically )?rejected|was undeliverable)",
    r"failed (?:recipient|address|to deliver)",
    r"error delivering",
    r"i'?ve given up",
    r"giving up",
    r"(?:this is a )?permanent (?:fatal )?error",
    r"blocked by our",
    r"has been blocked",
    r"was automatically rejected",
    r"had trouble delivering",
    r"you are not (?:a )?member",
    # English: why
    r"user (?:is )?(?:unknown|not known|not found|doesn|not listed)",
    r"unknown (?:user|recipient|address|local)",
    r"no such (?:user|address|recipient|mailbox|person)",
    r"(?:mailbox|quota|account|inbox) (?:is |was |has )?(?:size |limit )?(?:full|exceeded|disabled|unavailable)",
    r"over quota",
    r"exceeded[^\n]{0,30}quota",
    r"address(?:es|\(es\))? (?:had|failed|were|not found)",
    r"recipients? (?:was|were|is) (?:rejected|not)",
    r"(?:host|domain) (?:unknown|not found)",
    # codes (RFC 3463, RFC 5321)
    r"\b[45]\.\d\.\d{1,2}\b",
    r"\b55[0-4][ -]",
    # Bahasa Indonesia
    r"(?:tidak|belum)(?: dapat| bisa| boleh)? (?:ter|di)?(?:kirim|sampai(?:kan)?|hantar)\b",
    r"gagal (?:ter|di)?kirim",
    r"pengiriman gagal",
    r"tidak terkirim",
    rf"{_SURAT}\b[^\n]{{0,80}}? ditolak oleh (?:server|pelayan|penerima)\b",
    rf"alamat (?:{_SURAT} )?(?:tersebut )?tidak (?:dapat )?ditemukan",
    rf"kotak (?:masuk|{_SURAT})(?: (?:penerima|pengguna|tujuan|anda))?(?: sudah| telah)? penuh",
    # German, French, Spanish, Portuguese, Italian, Dutch
    r"unzustellbar",
    r"konnte nicht",
    r"fehler bei der nachrichtenzustellung",
    r"zustellung",
    r"non remis",
    r"n'a pas pu",
    r"[ée]chec de la remise",
    r"no se (?:ha podido|pudo|puede|encontr[óo])",
    r"falha na entrega",
    r"n[ãa]o (?:p[ôo]de|foi poss[íi]vel)",
    r"impossibile recapitare",
    r"bezorging[^\n]{0,60}mislukt",
    r"kan niet worden gevonden",
    # Nordic and Slavic languages, Turkish, Vietnamese
    r"(?:leveransen|leveringen)[^\n]{0,60}(?:misslyckades|mislykkedes|mislyktes)",
    r"nie można dostarczyć",
    r"doručení[^\n]{0,60}se nezdařilo",
    r"не удалось доставить",
    r"не может быть доставлен",
    r"teslim edilemedi",
    r"không gửi được",
    # Chinese, Japanese, Korean
    r"(?:未能|无法|無法)[^\n]{0,20}(?:传递|傳遞|送达|送達|投递|投遞)",
    r"(?:被退回|退信原因)",
    r"(?:地址|收件人)[^\n]{0,60}不存在",
    r"(?:配信|送信)(?:に失敗|できません|が失敗)",
    r"見つかりませんでした",
    r"배달(?:되지|하지) (?:않|못)",
)

SUCCESS = _any(
    r"success", r"(?:has been|was) (?:delivered|relayed|sent)\b", r"berhasil", r"erfolgreich"
)
# Words of a person, by which a complaint about a lost mail or parcel differs from a report.
PERSON_WORDS = _any(
    r"(?<![\w@.-])(?:saya|aku|kami sekeluarga|warga|ybs)\b(?![@.-]\w)",  # not in an address
    r"\b(?:yth|kepada yang terhormat|assalam\w*|wassalam\w*|dengan hormat|hormat (?:saya|kami))\b",
    r"\bselamat (?:pagi|siang|sore|malam)\b",
    r"\b(?:tolong|mohon (?:bantu|segera|tindak|ditindak|diperbaiki|perhatian|maaf|penjelasan|info))",
    r"\b(?:paket|kurir|ekspedisi|resi|kantor pos)\b",
    r"\b(?:dear (?:sir|madam|mr|mrs|all|team)|best regards|kind regards|yours (?:sincerely|faithfully))\b",
)

# --- automatic answers ---------------------------------------------------------------------

AUTO_SUBJECT = _starting(
    # English
    r"\[?auto(?:matic(?:ally)?|matische?|mated)?[- _]?"
    r"(?:reply|response|respond(?:er)?|antwort|answer|generated|message|acknowledg\w+)\b",
    r"out[ -]of[ -](?:the[ -])?office",
    r"ooo\b",
    r"away from (?:the |my )?(?:office|mail|email|desk)",
    r"away until",
    r"(?:i am|i'm) (?:away|out|currently away|on (?:leave|vacation))",
    r"on (?:annual |maternity )?(?:leave|vacation|holiday)",
    r"vacation (?:reply|message|notice|response)",
    # Bahasa Indonesia
    # "Pesan otomatis tagihan PDAM salah alamat" is what a person complains of
    rf"(?:balas(?:an)?|jawab(?:an)?|respons?|{_SURAT}) (?:otomatis|automatik)"
    r"(?=\s{0,9}(?:$|[^\w\s]|(?:re|bls|fwd?)\b))",
    r"balasan otomatis (?:dari|untuk|atas)\b",
    r"(?:saya )?(?:sedang|lagi) cuti\b",
    r"(?:saya )?(?:sedang|lagi) (?:di ?luar kantor|tidak (?:berada )?di (?:kantor|tempat))"
    r"(?=\s{0,9}(?:$|[^\w\s]|(?:sampai|hingga|s\.?d\.?|mulai|sejak|pada|tanggal|hari ini|sementara|\d)))",
    r"(?:di ?luar kantor|tidak (?:berada )?di (?:kantor|tempat)|cuti)"
    r"(?: \((?:sampai|hingga|s\.?d\.?)[^)]{0,60}\))?\s{0,9}(?::|$|[-–—]|sampai|hingga|s\.d\.|mulai tanggal)",
    r"pemberitahuan (?:cuti|di luar kantor)",
    # German, French, Spanish, Italian, Portuguese, Dutch
    r"abwesen(?:heits|d)\w*",
    r"automatische antwort",
    r"r[ée]ponse automatique",
    r"absen[ct]e? du bureau",
    r"message d'absence",
    r"respuesta autom[áa]tica",
    r"fuera de (?:la )?oficina",
    r"risposta automatica",
    r"fuori (?:sede|ufficio)",
    r"resposta autom[áa]tica",
    r"automatisch antwoord",
    r"afwezig",
    # Nordic and Slavic languages, Turkish, Vietnamese
    r"auto?svar",
    r"automatisk[at]? (?:svar|besvarelse)",
    r"frånvaro",
    r"automaattinen vastaus",
    r"poissa",
    r"odpowied[źz] automatyczna",
    r"automatick[áa] odpověď",
    r"автоответ",
    r"автоматический ответ",
    r"otomatik yanıt",
    r"tin nh[ắa]n t[ựu] đ[ộo]ng",
    r"(?:th[ưu] )?tr[ảa] l[ờo]i t[ựu] đ[ộo]ng",
    # Chinese, Japanese, Korean
    r"自動(?:返信|応答|回覆)",
    r"不在通知",
    r"自动(?:回复|答复)",
    r"외출 중",
    r"자동 ?(?:응답|회신)",
)
# --- a mail that is held until its writer proves to be human ---------------------------------

_MAIL = r"(?:message|e-?mail|mail)"
CHALLENGE = _any(
    rf"\b{_MAIL} (?:that )?you (?:just )?sent.{{0,80}}?\brequires? (?:that )?you (?:to )?(?:verify|confirm)",
    r"\b(?:verify|confirm|prove) that you(?: are|'re) (?:an? )?(?:real|live|human|person|not an? (?:robot|spammer))",
    rf"\byour {_MAIL}\b.{{0,160}}?\b(?:held|queued|delayed|quarantined|waiting|(?:not|only) be delivered)\b"
    r".{0,160}?\b(?:until|unless|once|after) you\b.{0,60}?\b(?:confirm|verify|reply|respond|click|authori[sz]e)",
    rf"\b(?:to (?:complete|confirm) (?:this|the) verification|to release your {_MAIL})\b",
    rf"\b{_SURAT} (?:anda|saudara)\b.{{0,160}}?\bditahan\b.{{0,160}}?\b(?:konfirmasi|verifikasi)",
)

# --- a scanner has stopped a mail --------------------------------------------------------------

SCANNER = _any(
    r"\b(?:virus|worm|trojan|malware|infected|banned (?:file|content)|disallowed attachment)\b.{0,300}?"
    r"\b(?:blocked|quarantined|deleted?|rejected|removed|not (?:been )?delivered|replaced?)\b",
    r"\b(?:blocked|quarantined|deleted|rejected|stopped)\b.{0,100}?\b(?:virus|worm|trojan|malware|infected)\b",
)

RECEIPT_SUBJECT = re.compile(
    r"^\s{0,9}(?:read|gelesen|lu|le[íi]do|letto|gelezen|(?:telah |sudah )?dibaca|not read|tidak dibaca"
    r"|delivered|terkirim)\s{0,9}:\s{0,9}\S",
    re.I,
)
# What Outlook writes where a mail is to be taken back, and of how that ended.
RECALL_SUBJECT = re.compile(
    r"^\s{0,9}(?:(?:message )?recall(?: (?:success|failure|report))?|"
    r"(?:tarik(?: kembali)?|penarikan(?: kembali)?|batalkan pengiriman)(?: (?:pesan|e-?mail))?)\s{0,9}:",
    re.I,
)
RECALL_WORDS = re.compile(
    r"\bwould like to recall the (?:message|e-?mail)\b|\b(?:attempt to recall|recall (?:of )?(?:the|your) )"
    r"|\b(?:ingin|hendak) (?:menarik(?: kembali)?|membatalkan) (?:pesan|e-?mail)\b"
    r"|\b(?:upaya|percobaan) penarikan\b",
    re.I,
)
# What a calendar writes beside its answer.
CALENDAR_ANSWERS = re.compile(
    r"^[^\n]{0,120}\b(?:(?:has|have) (?:tentatively )?(?:accepted|declined)|(?:telah|sudah) (?:menerima|menolak))"
    r"\b[^\n]{0,60}\b(?:invitation|meeting|event|undangan|rapat|acara)\b[^\n]{0,120}$",
    re.I | re.M,
)
# --- what a text says of itself ------------------------------------------------------------------

_ENGLISH_AUTO = (
    r"\bthis is an? (?:automat(?:ed|ic)|auto-?generated)",
    r"\bthis (?:message|e-?mail|mail) (?:is|was|has been) automatically (?:generated|sent)",
    r"\b(?:please )?do not (?:directly )?reply(?: directly)? to this",
)
_INDONESIAN_AUTO = (
    rf"\bini (?:adalah |merupakan |ialah )?(?:{_SURAT}|balasan|jawaban|respons?) (?:yang )?"
    r"(?:otomatis|automatik|dijana)",
    rf"\b(?:{_SURAT}|balasan|jawaban) ini (?:adalah |merupakan )?(?:(?:dikirim|dibuat|dihasilkan|dijana)(?:kan)? )?"
    r"(?:oleh (?:sistem|komputer) )?(?:secara )?(?:otomatis|automatik)",
    rf"\b{_SURAT} (?:anda|saudara|bapak/ibu) (?:telah|sudah) (?:kami )?(?:di)?terima dan akan\b",
    rf"\b(?:mohon|harap|jangan|dimohon)(?: untuk)?(?: tidak)? (?:membalas|balas|dibalas) (?:ke |kepada )?{_SURAT} ini",
)
_AWAY = (
    r"(?:saat ini )?saya (?:saat ini )?(?:sedang |lagi )?(?:(?:menjalani |mengambil )?cuti|dinas luar"
    r"|(?:berada )?di ?luar kantor|tidak (?:berada |ada )?di (?:kantor|tempat)"
    # people say this much of themselves; a robot says as well what to do meanwhile
    r"|(?:berada )?di ?luar (?:kota|negeri)\b[^\n]{0,160}?"
    r"\b(?:membalas|balas|hubungi|kembali (?:pada|tanggal|ke kantor))"
    r")\b"
)
_AWAY_ENGLISH = (
    r"(?:i am|i'm) (?:currently )?(?:out of (?:the )?office|on (?:annual )?leave|away)\b"
)
_GREETING = (
    r"\W{0,9}(?:(?:yth|kepada|halo|hai|selamat (?:pagi|siang|sore|malam)|dengan hormat|salam|assalam|dear|hello|hi"
    r"|terima kasih|thank you|thanks)\b\.?[^\n.,!]{0,80}[\n.,!]\W{0,9}){0,3}(?:mohon maaf,? |maaf,? )?"
)
AUTO_WORDS = _any(
    r"\bautomatically generated",
    r"\bplease do not (?:directly )?reply",
    *_ENGLISH_AUTO,
    r"\bi am (?:currently )?(?:out of (?:the )?office|on (?:annual )?leave|away)",
    *_INDONESIAN_AUTO,
    rf"\b{_AWAY}",
)
# The same as a sentence of its own; in a person's words it is quoted, or stands in the middle.
SAYS_AUTOMATIC = re.compile(
    r"(?:^|[.!?]\s)[ \t(*\[_]{0,9}(?:(?:catatan|perhatian|note): ?)?"
    rf"(?:{'|'.join((*_ENGLISH_AUTO, *_INDONESIAN_AUTO))})",
    re.I | re.M,
)
SAYS_AWAY = re.compile(rf"{_GREETING}(?:{_AWAY}|{_AWAY_ENGLISH})", re.I)
# The fields of a form on a web site, which holds what a person wrote.
FORM_FIELD = re.compile(
    r"^[ \t*>-]{0,9}(?:nama|nik|no\.? ?(?:hp|telp|telepon)|telepon|hp|alamat|e-?mail|kontak|isi|pesan|keluhan"
    r"|aduan|pengaduan|laporan|judul|perihal|lokasi|kategori|name|phone|address|message|comments?)"
    r"(?: [\w/()]{1,20}){0,3}[ \t*]{0,9}[:=]",
    re.I | re.M,
)
# What programs of forms write below what a visitor typed, a line of its own.
FORM_FOOT = re.compile(
    r"^[ \t*>-]{0,9}(?:(?:user[ -]agent|remote ip|page url|url halaman|powered by) ?:"
    r"|(?:this e-?mail was|e-?mail ini|pesan ini) (?:sent|di ?kirim)(?:kan)? (?:from|via|through|dari|lewat|melalui)"
    r" (?:a |an |the )?(?:contact |web |online )?form)",
    re.I | re.M,
)
# Somebody asks that nobody is told who they are.
SECRET = re.compile(
    r"\brahasiakan\s{1,3}(?:\w+\s{1,3}){0,3}(?:identitas|nama|data|diri)"
    r"|\b(?:identitas|nama|data\s{1,3}diri|data)\s{1,3}(?:\w+\s{1,3}){0,4}(?:di|mohon\s{1,3}|tolong\s{1,3})?rahasiakan"
    r"|\b(?:minta|mohon|harap|tolong|agar|supaya|ingin|harus)\s{1,3}(?:\w+\s{1,3}){0,8}dirahasiakan"
    r"|\bjangan\s{1,3}(?:\w+\s{1,3}){0,2}(?:sebut|sebutkan|cantumkan|beritahukan|ungkap|ungkapkan|bocorkan|sebarkan)"
    r"\s{1,3}(?:\w+\s{1,3}){0,2}(?:identitas|nama|data|siapa)"
    r"|\b(?:agar|supaya)\s{1,3}(?:identitas|nama)\s{1,3}(?:\w+\s{1,3}){0,4}tidak\s{1,3}di(?:sebut|sebar|ungkap|ketahui|bocor)"
    r"|\b(?:identitas|nama)\s{1,3}(?:saya|kami)\s{1,3}jangan\s{1,3}(?:\w+\s{1,3}){0,2}(?:di)?(?:sebut|cantumkan|ungkap|bocorkan|sebarkan|ketahui)"
    r"|\b(?:sebagai|secara)\s{1,3}anonim\b|\btanpa\s{1,3}menyebut(?:kan)?\s{1,3}(?:identitas|nama)\b",
    re.I,
)
# Somebody takes their complaint back.
WITHDRAWS = re.compile(
    r"\b(?:saya|kami|aku)\s{1,3}(?:cabut|mencabut|batalkan|membatalkan)(?:\s{1,3}(?:kembali|saja|dulu))?\s{0,3}(?:[.!,;]|$)"
    r"|\b(?:cabut|mencabut|batalkan|membatalkan|menarik|tarik)\s{1,3}(?:\w+\s{1,3}){0,2}(?:pengaduan|aduan|laporan|keluhan)"
    r"|\b(?:pengaduan|aduan|laporan|keluhan)\s{1,3}(?:\w+\s{1,3}){0,4}(?:(?:di|saya\s{1,3}|kami\s{1,3})cabut|dibatalkan|ditarik)\b",
    re.I | re.M,
)
# Words of a mail that asks how a case stands, and says no more.
COURTESY = re.compile(
    r"\b(?:admin|apa|apakah|assalamualaikum|atas|bagaimana|bapak|bu|cek|dan|dengan|di|hormat|ibu|info|informasi|ini|kabar"
    r"|kami|kasih|laporan|malam|mana|mengecek|menanyakan|minta|mohon|nama|nomor|nya|pagi|pak|pengaduan|perkembangan"
    r"|progres|proses|salam|sampai|saya|selamat|siang|sore|status|sudah|tanya|terima|terkait|tersebut|tolong|untuk|wr|wb"
    r"|yang|yth)\b",
    re.I,
)
