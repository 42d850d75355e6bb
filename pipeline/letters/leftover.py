"""What somebody forgot to fill in: the gaps, prompts and samples that people and programs leave in a letter; pure.

Hides the patterns. Each is bounded or takes what it can without giving back, so that a text of any kind costs linear
time. Words of the case itself (a pengadu named "{{7*7}}", a perihal that ends in "….") are no gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

MOST = 20  # gaps that are told of one part
LONGEST_LINE = 400  # characters of a line with dots that lead to its end
LONGEST = 200_000  # characters of one part that are looked at; a letter has 3,000 a page

# Names of what a letter says of a case: with a mark around one, or tied to another word, it is a field.
_FIELDS = r"(?:nama|tanggal|tgl|nomor|alamat|jabatan|perihal|isi|nip|nik|kota|instansi|pengadu|pelapor|penerima)"
# What a gap is named by inside brackets: "[tanggal]", "(diisi oleh bidang)", "<nama pengadu>".
_NAMES = (
    r"(?:di|mohon\s|silakan\s|harap\s)?isi(?:kan)?\b|nama\b|tanggal\b|tgl\b|nomor\b|no\.|alamat\b|jabatan\b|sebutkan\b|tulis(?:kan)?\b|"
    r"ketik(?:kan)?\b|lengkapi\b|pilih\b|masukkan\b|contoh\b|uraian\b|uraikan\b|jelaskan\b|hari\b|bulan\b|tahun\b|"
    r"tempat\b|lokasi\b|jumlah\b|instansi\b|unit\b|perihal\b|keterangan\b|diisi|menyusul\b|type\b|enter\b|insert\b|"
    r"your\b|name\b|date\b|address\b|subject\b|company\b|document\s+title|author\b|title\b|recipient\b|sender\b|"
    r"x{2,}|tbd\b|todo\b|nip\b|nominal\b|(?:di)?sesuaikan\b|(?:di)?hapus\b|biaya\b|besaran\b"
)
# What is counted in a letter: with a mark before one, the number is missing.
_UNITS = (
    r"titik|hari|minggu|bulan|tahun|orang|buah|unit|lembar|berkas|halaman|meter|jam|menit|kali|persen|rupiah|lokasi|"
    r"tiang|lampu|kamera|laporan|pengaduan|kelurahan"
)
_ORDERS = (
    r"(?:mohon\s|silakan\s|harap\s)?(?:diisi\b|isikan\b|isi\s(?:oleh|dengan|sesuai|tanggal|nama|nomor|jabatan|alamat|"
    r"di\ssini))|sebutkan\b|tuliskan\b|lengkapi\b"
)
_MONTHS = "januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|nopember|november|desember"
_BLANK = r"(?:\.{3,}+|…)"
_LABELS = (
    r"tanggal|tgl\.?|nomor|no\.|hari|bulan|tahun|pukul|jam|nama|alamat|sebesar|sejumlah|sebanyak|rp\.?|jalan|rt|rw|"
    r"kelurahan|kecamatan|kepada|oleh|pada|berupa|sdr\.?|telepon|paling\s{1,3}lambat"
)
_PATTERNS: tuple[tuple[str, str], ...] = (
    # our own template's, and other programs' fields
    ("blokir", r"\{\{.{0,80}?\}\}|\{%.{0,80}?%\}|\{\{|\}\}|\{%|%\}|\[ISI\b[^\]]{0,200}\]?"),
    (
        "blokir",
        r"«[^«»]{0,80}»?|\$\{[^{}]{0,60}\}|<<[^<>]{0,80}>>|(?<![\w{])\{\s?[A-Za-z_][\w .]{0,40}\}(?!\})",
    ),
    (
        "blokir",
        rf"\[\s?(?:{_NAMES})[^\[\]]{{0,120}}\]|\[\s?(?:\.{{2,}}+|…+|_+|-+|\?+|[●•∙·*]+)?\s{{0,20}}+\]",
    ),
    ("blokir", rf"\(\s?(?:{_ORDERS})[^()]{{0,120}}\)"),
    ("blokir", r"‹[^‹›]{0,80}›|(?<!\S)(?:\|[A-Za-z_]{2,30}\||#[A-Za-z_]{2,30}#)(?!\w)"),
    (
        "blokir",
        r"\(\s?(?:isi|nama|tanggal|nomor|alamat|\?{1,3}|akan\sdiisi[^()]{0,60}|[^()]{0,60}\sdi\ssini)\s?\)",
    ),
    ("blokir", r"\b(?:isi|tulis)(?:kan)?\sdi\ssini\b|\bMERGEFIELD\b"),
    ("blokir", r"\{\s?(?:DATE|TIME|SAVEDATE|REF|IF|PAGE)\s[^{}]{0,80}\}?"),
    ("blokir", r"<\s?(?![^<>]{0,80}(?:@|://|www\.))[A-Za-z][^<>]{0,80}>"),
    # room to be written in by hand
    (
        "blokir",
        r"…[\s\u00a0]?[….][….\s\u00a0]{0,200}+|\.…|\.{4,}+|(?:\.[ \u00a0]){3,}+\.?|_{3,}+|(?:_[ \u00a0]){2,}+_",
    ),
    ("blokir", rf"\b(?:{_LABELS})\s?:?\s{{1,3}}{_BLANK}(?!\w)|\brp\.{{3,}}+"),
    ("blokir", rf"{_BLANK}\s{{1,2}}(?:{_MONTHS}|wib|rupiah)\b"),
    ("blokir", r"\bRp\.?[ \u00a0]{0,40}+,-"),
    ("blokir", rf"\btanggal[ \u00a0]{{3,}}+(?:{_MONTHS})\b|\bpukul[ \u00a0]{{3,}}+(?:\.|wib)"),
    ("blokir", rf"[●•∙·・]{{3,}}+|\b(?:tanggal|tgl\.?)\s{{1,3}}[-–]\s?[-–]|\b00\s(?:{_MONTHS})\b"),
    ("lihat", r"={5,}+|/{4,}+|-{5,}+|(?<!\*)\*{3}(?!\*)|[☐☑☒]"),
    # letters that stand for others
    (
        "blokir",
        r"(?<![A-Za-z0-9\"“])(?:(?-i:X{4,}+|x{3,}+))(?![A-Za-z0-9])|(?<![A-Za-z0-9])[Xx]{2,}+(?:[./-][Xx]{2,}+)+",
    ),
    (
        "blokir",
        rf"\b(?:tanggal|tgl\.?|nomor|pukul)\s[Xx]{{2,}}+\b|(?<![A-Za-z0-9])[Xx]{{2,}}+\s(?:{_MONTHS})\b",
    ),
    ("lihat", r"\d[\d-]{0,8}[xX]{3,}+[\d-]{0,8}"),
    (
        "blokir",
        r"(?<!\w)\?{3,}+|(?<!\S)\?{1,2}(?!\S)|#{3,}+|@{3,}+|\${3,}+|\*{4,}+|%[A-Za-z_]{2,30}%|(?:-[ \u00a0]){4,}+",
    ),
    (
        "blokir",
        r"\b(?:dd|hh|tgl|mm)[/.:-](?:mm|bb|bln|ss)(?:[/.:-](?:yyyy|yy|tttt|thn|ss))?\b|\b00[/-]00[/-]0000\b",
    ),
    ("blokir", rf"(?<![\w@.])@{{1,2}}{_FIELDS}(?![\w.])@{{0,2}}"),
    ("blokir", rf"(?<!\w)(?:\$|\#{{1,2}}|~|//){_FIELDS}\b(?:\#{{1,2}}|~|//)?"),
    (
        "blokir",
        rf"\b{_FIELDS}_[a-z]{{2,30}}\b(?!@)|(?<!\S)-{_FIELDS}-(?!\S)|&lt;[^&\n]{{1,60}}&gt;",
    ),
    ("blokir", r"\b(?:00|xx)[/.-](?:00|xx|\d\d)[/.-]\d{2,4}\b|\b(?-i:20XX)\b|\b\d{4}-mm-dd\b"),
    ("blokir", r"\b(?:sdri?\.?|saudara|bapak|ibu|nama\s?:?)\s(?-i:X{2,}+)\b|\btanggal\s\.\.\s"),
    (
        "blokir",
        r"[(\[]\s?(?:mohon\s|tolong\s|perlu\s|harap\s|masih\s)?(?:di)?(?:cek|periksa|konfirmasi|lengkapi|"
        r"perbaiki|revisi|menyusul|konsep|draft?|isi\ssendiri)\s?(?:\s(?:lagi|dulu|dahulu|ulang|kembali)\s?)?[)\]]",
    ),
    (
        "blokir",
        r"(?:^|[(\[:]\s?)(?:akan|belum)\sdiisi\b(?:\s(?:kemudian|nanti|menyusul))?\s?(?=$|[)\].])"
        r"|(?-i:\bDIISI\b)|(?:^|\()\s?nama\s(?:jelas|terang)\b[^.()\n]{0,30}(?:$|\))",
    ),
    (
        "lihat",
        r"\bnanti\sdiisi\b|\b(?:akan|belum)\sdiisi\s?(?:(?:kemudian|nanti|menyusul|setelah)\b|[.)\]]?$)",
    ),
    ("blokir", rf"(?:(?<!\S)(?:\.{{3}}|…)|__)\s(?:{_UNITS})\b|(?<![\w-])[Xx]{{2}}\s(?:{_UNITS})\b"),
    (
        "blokir",
        r"(?:\.{2,}+|…|_{2,}+)\s?[/-]\s?(?:\.{2,}+|…|_{2,}+)|\bRp\.?\s?0[.,]000\b|\bNIP\.?\s?:?\s{0,3}$",
    ),
    ("blokir", r"\byth\.?\s(?:(?:sdri?|bapak|ibu|saudara)\.?\s)?(?:nan|none|null|undefined)\b"),
    ("blokir", rf"(?<!\S)-\s?{_FIELDS}(?:\s\w{{1,20}}){{0,3}}\s?-(?!\S)"),
    (
        "lihat",
        r":\s{1,3}(?:\.{3}|…)(?=\s|$)|\(\s{1,20}\)|^paragraf\s\d{1,2}\b|\bsesuaikan\s?[.)\]]?$",
    ),
    (
        "lihat",
        r"\(\s?(?:jumlah|banyaknya|nominal|besaran|isi\s(?:surat|jawaban)|tempat|lokasi|jabatan|(?:di)?sesuaikan)\s?\)",
    ),
    (
        "lihat",
        r"\b(?:nama|email|user|alamat|anda)@[a-z]|@(?:domain|perusahaan|instansi)\.",
    ),
    (
        "blokir",
        r"\b(?:isi|tulis|ketik|masukkan)(?:kan)?\s(?:\w{1,20}\s){1,2}di\ssini\b|\bteks\s(?:contoh|pengganti)\b|"
        r"\bmasukkan\s(?:teks|nama|tanggal|isi)\b",
    ),
    ("blokir", r"\b(?:insert|your)\s(?:name|date|address|title|text)\b"),
    ("lihat", r"(?-i:\b(?:DRAFT|DRAF|KONSEP|N/A)\b)|\[\s?TBC\s?\]|\*\)"),
    ("lihat", r"\b(?:company|recipient|sender)\sname\b|\bkolom\sini\b"),
    ("lihat", r"[□◻▢]{1,40}+|\ufffd|\(\s?(?:\.{3}|…|tanda\stangan|ttd)\s?\)|/(?-i:X{2,3})/"),
    (
        "lihat",
        r"\b(?:jalan|jl\.?)\s(?:anu|abc|xyz)\b|\bpukul\s00[.:]00\b(?!\s?(?:sampai|s\.d|hingga|dini|[–-]))|\b(?:silakan|mohon)\sdilengkapi\b",
    ),
    # marks of other programs around a field, cells of a spreadsheet
    (
        "blokir",
        rf"(?<!\S)(?:\*{{1,2}}{_FIELDS}\*|_{{1,2}}{_FIELDS}_|={{1,2}}{_FIELDS}=|--{_FIELDS}-)",
    ),
    (
        "blokir",
        r"(?<!\S)=(?:[A-Z]{1,3}\d{1,5}\b|[A-Z]{2,12}\()|\b0?[01]/0?[01]/(?:1900|1970)\b|(?<!\S)@Model\b",
    ),
    ("blokir", rf"\b\d?[xX]\s(?:{_MONTHS})\b|\b\d[xX]\s(?:{_MONTHS})\b"),
    (
        "blokir",
        rf"\bdd\s\w{{2,9}}\s(?:yyyy|tttt)\b|\btanggal\sbulan\stahun\b|:\s[xX]\s(?:{_UNITS})\b",
    ),
    ("blokir", r"\b(?:tentang|perihal|pengaduan|bahwa|oleh|kepada|berupa)\s(?-i:X{2,3})\b"),
    ("lihat", rf"\b(?:{_MONTHS})\s1900\b"),
    ("lihat", r"(?<=\w)\?{3,}+"),
    (
        "blokir",
        rf"(?<![\w_])__\s(?:{_MONTHS})\b|\bRp\.?\s?(?-i:X{{2,}})\b|/(?:\.{{3}}|…)/|\(\s?isi\sparagraf\b[^()\n]{{0,20}}\)",
    ),
    ("lihat", r"[A-Za-z],[ \u00a0]{4,60}+\d{4}$|\bsaudara/i\*"),
    (
        "blokir",
        rf"\b(?:dalam|selama|sebanyak|sejumlah)\s(?-i:[NX])\s(?:{_UNITS})\b|(?-i:XXX/YYY)|\$ttd\b|https?://(?:\.{{2,}}|…)",
    ),
    # remarks in brackets, and to a colleague
    (
        "lihat",
        r"[(\[*]\s?(?:(?:redaksi|paragraf|kalimat)(?:\s[^()\[\]\n]{0,40})?|"
        r"(?:revisi|contoh|ganti|pilih|coret|cek|ttd|tanda\stangan)(?:\s?(?:\d{1,2}|dulu|lagi|ulang|&|dan|stempel|cap)){0,3})"
        r"\s?(?:[)\]]|$)",
    ),
    (
        "lihat",
        r"(?:^|[.:(]\s?)@\w{2,30}\s(?:tolong|mohon|minta|harap)\b|\b(?:tolong|mohon)\sdi(?:revisi|koreksi|lengkapi|cek)\b",
    ),
    (
        "lihat",
        r"\b(?:catatan|cat|ket)\.?\s?:\s{0,2}(?:cek|hapus|tolong|ganti|revisi|lengkapi|isi|periksa|koreksi|minta)\b",
    ),
    (
        "lihat",
        r"\bditulis\sdi\s(?:sini|bawah\sini)\b|\b(?:ketik|tulis|isi)kan\s(?:\w{1,20}\s){0,2}di\sbawah\sini\b",
    ),
    (
        "lihat",
        r"^(?:(?-i:COPY|REVISI|SALINAN|FINAL)|final_\w{1,20}|(?:isian|teks|field|column|kolom|text)\s?\d{1,3}|lorem)\.?$",
    ),
    (
        "lihat",
        r"^(?:nama|alamat|jabatan|judul|email|telepon)\s(?:anda|lengkap\sanda)$|^masukkan\s\w{3,20}$|\bklik\sdua\skali\suntuk\b",
    ),
    # what word processors print
    (
        "blokir",
        r"\b(?:tap\sto|click\sto|enter\syour|enter|insert)\s(?:add\s)?(?:a\s)?(?:text|picture|title|date)\b",
    ),
    ("blokir", r"\bsample\stext\b|\bplaceholder\b|^judul\sdokumen$"),
    ("blokir", r"\b(?:click|tap)\s(?:or\stap\s|here\s|on\s)[^.\n]{0,60}\.?"),
    ("blokir", r"\bchoose\san?\sitem\b\.?|\btype\s(?:text\s)?here\b"),
    (
        "blokir",
        r"\b(?:klik|ketuk)\s(?:atau\sketuk\s)?(?:di\ssini\s)?untuk\s"
        r"me(?:masukkan|ngetik|nambah|ngisi)[^.\n]{0,60}\.?",
    ),
    (
        "blokir",
        r"\bpilih\ssatu\sitem\b\.?|\bpilih\sitem\b\.?|\bketik(?:kan)?\s(?:teks\s)?di\ssini\b",
    ),
    (
        "blokir",
        r"\b(?:error|kesalahan|galat)!?:?\s(?:reference|bookmark|no\stext|not\sa\svalid|unknown|sumber|"
        r"penanda|referensi|tidak\sada|main\sdocument|hyperlink|filename|switch|cannot|objects|tautan|nama\s(?:berkas|properti))[^.\n]{0,80}\.?|"
        r"\b(?:error|kesalahan|galat)!$|!\s?syntax\serror",
    ),
    ("blokir", r"#(?:REF|VALUE|NAME|DIV/0|NUM|NULL)[!?]|#N/A\b"),
    # samples
    ("blokir", r"\blorem\s+ipsum\b|\bdolor\s+sit\s+amet\b"),
    (
        "blokir",
        r"(?-i:\b(?:TBD|TBA|TODO|FIXME)\b)|\bto\s+be\s+(?:determined|announced)\b",
    ),
    ("lihat", r"(?-i:(?<![\"“'‘\w])(?:None|NaN|null|undefined)(?![\"”'’\w]))|\[object\sObject\]"),
    (
        "lihat",
        r"\byth\.?\s(?:sdri?\.?|saudara)\s(?-i:NAMA|A|B|X)$|\b(?:sdri?\.?|saudara)\s(?:fulan(?:ah)?\b|n\.\s?n\.)|\b(?:jalan|jl\.?)\scontoh\b|\bcontoh@",
    ),
    # remarks among officials (an order to one of them: for_staff)
    ("lihat", r"\bNB\s?:|(?-i:\bTBC[.)\]]?$)|\bbla-?bla\b"),
    (
        "lihat",
        r"[(\[]\s?(?:salin|tambahkan|copy|tempel)\s[^.()\n]{1,60}|\bsalin\sdari\b|\b(?:tambahkan|uraikan|jelaskan)\s[^.\n]{1,40}\sdi\ssini\b",
    ),
    (
        "lihat",
        r"\b(?:lengkapi|cek|isi|perbaiki|periksa|sempurnakan)\s(?:bagian|kalimat|paragraf|poin|angka)\sini\b"
        r"|\b(?:di)?(?:cek|periksa|lengkapi|paraf|koreksi)\b[^.\n]{0,40}\bsebelum\s(?:di|surat\s)(?:kirim|ajukan)",
    ),
    (
        "lihat",
        r"\bcatatan\s(?:untuk\s|bagi\s|dari\s)?(?:sekretaris|internal|jfu|kasubag|kasi|kepala)\b",
    ),
    ("lihat", r"\[catatan\b[^\]]{0,80}\]?"),
    ("lihat", r"\bcoret\s+yang\s+tidak\s+perlu\b|\bcoret\s+salah\s+satu\b"),
    # brackets of any kind, which a letter of an office does not have, and fields of still other programs
    ("lihat", r"\[(?!\s?(?:sic|at|dot|titik|\d{1,3})\s?\])[^\[\]\n]{1,120}\]"),
    ("blokir", r"[⟨【「〈《⦗]\s?[^⟨⟩【】「」〈〉《》\n]{1,60}[⟩】」〉》⦘]|<[%?]=?.{0,60}?[%?]>"),
    (
        "blokir",
        r"\{\d{1,2}\}|(?<![\w%])%(?:[sd]|\([A-Za-z_]{1,30}\)s)(?!\w)|\{\s?\"[^{}\n]{0,80}\}",
    ),
    (
        "lihat",
        rf"(?<!\S)[:^\\]{_FIELDS}(?:[:^]|\b)|/\*.{{0,60}}?\*/|<!--.{{0,60}}?-->|(?<!\S)<?-{{2}}>?\s(?=\w)",
    ),
    (
        "lihat",
        r"[–—]{3,}+|(?:[=–—][ \u00a0]){3,}+[=–—]?|~{3,}+|%{3,}+|\^{3,}+|!{3,}+|[■▪▬]{3,}+|(?<!\S)>{2,}+\s",
    ),
    # a field's name instead of what belongs there
    (
        "lihat",
        r"\(\s?(?:nama\s(?:jalan|petugas|lengkap|pengadu|pelapor|penerima|pejabat|instansi|unit)|(?:nomor|tanggal)\s(?:surat|"
        r"register|pengaduan)|hari\s?[,/]\s?tanggal|alamat\slengkap|tempat\s?[,/]\s?tanggal)\b[^()\n]{0,30}\)",
    ),
    (
        "lihat",
        r"\b(?-i:Nama Pengadu(?!\s?:)|NAMA PENGADU(?!\s?:)|Nama Pelapor|NAMA PELAPOR|Nama Penerima|NAMA PENERIMA)\b",
    ),
    (
        "blokir",
        r"\bNIP\.?\s?:?\s{0,3}(?:[-–…_]{1,30}+(?!\w)|\.{2,}+|0{6,8}\b)|\b0{3}[/.-]0{3}[/.-](?:\d{4}|0{3})\b",
    ),
    (
        "blokir",
        r"\bRT[ .]{0,2}(?:00(?!\d)|[-_.…]{2,})|\bpukul\s?:?\s{0,3}(?:wib|wita|wit)\b|__[.:/]__",
    ),
    ("lihat", r"(?-i:(?<!\w)NULL(?!\w))|@(?:contoh|email|example)\.|\bwww\.contoh\."),
    # a word that wants something after it, and gets brackets, a lone mark or one letter instead
    (
        "lihat",
        r"(?:\b(?:bahwa|kepada|oleh|sebesar|sebanyak|sejumlah|bernama|berupa|tanggal|nomor|sdri?\.?|saudara|yth\.?)"
        r"|\b(?:bapak|ibu)/(?:ibu|saudara|sdr\.?|bapak)|\byth\.?\s(?:bapak|ibu|sdri?\.?))\s[(\[]\s?[a-z][^()\[\]\n]{0,60}[)\]]\s?(?=[.,;:]|$)",
    ),
    (
        "lihat",
        r"\b(?:petugas|bapak/ibu|bapak|ibu|sdri?\.?|saudara|warga)\s(?-i:[XYZ])(?![\w./-])",
    ),
    (
        "blokir",
        r"(?<!\S)\d{1,2}[.)]\s?(?:\.{3,}+|…+)|(?<![^\s:])_(?!\S)|\bRp\.?\s?0{2,3}[.,]0{3}\b",
    ),
    (
        "lihat",
        rf"^\W{{0,3}}(?:{_FIELDS}|hari|pukul|waktu|tempat|lokasi|telepon|email|agenda)"
        r"(?:\s?/\s?\w{2,12}){0,2}\s{0,3}:\s{0,3}[-–]?\s{0,3}$",
    ),
    (
        "lihat",
        r"^\(\s?(?:alasan|hasil|uraian|penjelasan|jawaban|tindak|ditulis|sebab|penyebab|solusi|kronologi)\b[^()\n]{0,60}\)$"
        r"|^(?:diisi|ditulis)\s\w{2,20}\b|\b(?:dst|dll)\s?(?:\.{3,}+|…)"
        r"|(?:^|[.;:]\s)(?:ttd|tanda\stangan)\s(?:&|dan|\+)\s(?:cap|stempel)\b",
    ),
    # what somebody wants to come back to
    (
        "lihat",
        r"\(\s?[^()\n]{0,40}\b(?:menyusul|dilengkapi|konfirmasi(?:kan)?|dicek|di\s?cek|dikosongkan|kosong|blank|ganti|edit"
        r"|lihat\scatatan|to\sbe\s(?:filled|confirmed|added))\b[^()\n]{0,40}\)",
    ),
    (
        "lihat",
        r"\b(?:hapus|pilih|coret)\s(?:salah\ssatu|(?:yang|bila|jika|kalau)\stidak\sperlu|bagian\sini|paragraf\sini|kalimat\sini)\b",
    ),
    (
        "lihat",
        r"\b(?:masih|ini|hanya|baru)\s(?:konsep|draft?|contoh[.)\]]?$)|\b(?:contoh|sampel)\s(?:kalimat|paragraf|isi|teks)\b"
        r"|\bbelum\s(?:final|selesai\sditulis)\b|\bkalimat\scontoh\b",
    ),
    (
        "lihat",
        r"\bjangan\s(?:dikirim\b|(?:dulu|dahulu)(?:\sdi\w{3,12}|\s?[.)\]!]?$))|\bjangan\slupa\s(?:di(?:isi|cek|periksa|ganti|tambah\w{0,3}|lampirkan|hapus|"
        r"paraf|revisi|lengkapi|sesuaikan|sebut\w{0,3})|tambahkan|lampirkan|cek|ganti|hapus|revisi|paraf|"
        r"isi\s(?:nomor|tanggal|nama|bagian|ini))\b|[(\[]\s?jangan\slupa\b|\b(?:tolong|mohon|harap)\s(?:di)?(?:edit|sunting)\b"
        r"|\btolong\s(?:di)?(?:hapus|ganti)\b|(?:^|[.;:(\[]\s?)ganti\s(?:dengan|bagian|teks)\b|\bganti\s(?:bagian|teks)\sini\b|\b(?:paragraf|bagian|kalimat)\sini\s(?:di)?(?:ganti|hapus|isi)\b|\bt\.b\.a\.?",
    ),
    (
        "lihat",
        r"\b(?:bla\s?){2,}bla\b|\basdf\w{0,10}\b|\b(?:tes\s){1,5}tes\b|\btest\s(?:test|123)\b",
    ),
    (
        "lihat",
        r"(?<!silakan\s)(?<!dapat\s)\b(?:pilih|masukkan)\s(?:tanggal|sebuah\sitem|item)\b(?=\s?[.\])>]?\s?$)|\bclick\sto\s(?:add|edit)\b",
    ),
    ("lihat", r"\b(?:aenean|consectetur|adipiscing|vestibulum|curabitur)\b"),
)
_ANY = re.compile("|".join(f"({pattern})" for _level, pattern in _PATTERNS), re.IGNORECASE)
_LEVELS: tuple[Literal["blokir", "lihat"], ...] = tuple(
    "blokir" if level == "blokir" else "lihat" for level, _pattern in _PATTERNS
)
# No pattern begins to fit a text without one of these; most paragraphs of a letter have none.
_HINT = re.compile(
    r"[⟨【「〈《⦗\^\\■▪▬>]|[–—]{3}|[–—] [–—]|!!!|~~~|/\*|:\w|"
    r"\s_|:_|\d[.)]\s?\.|\s[XYZ](?:\W|$)|:\s{0,3}[-–]?\s{0,3}$|\s[(\[][a-z]|^\(|dst|dll|:\s[xX]\s|"
    r"\d[xX]\s|,[ \u00a0]{4}|[{}\[«‹$<(…_?#@*%|●•∙·・=☐☑☒~□◻▢\ufffd]|//|&lt;|\b-\w|\s-\w|^-\w|/X|"
    r"\b20XX|N/A|- -|\.\.|\. \.|----|////|xx|XX|Rp|rp|RP|None|NaN|null|undefined|"
    r"(?i:tanggal|pukul|tap|click|choose|type|klik|ketuk|pilih|ketik|error|kesalahan|galat|lorem|dolor|tbd|tba|todo|"
    r"fixme|isi|tulis|mergefield|sdr|saudara|contoh|nb|catatan|to\s+be|jelas|coret|diisi|terang|"
    r"masukkan|teks|insert|your|company|recipient|sender|kolom|draf|konsep|tbc|bapak|ibu|nama|"
    r"jalan|jl|dilengkapi|-mm-|xx[/.-]|\bdd|\bhh|\btgl|\bmm|\b00[\s/-]|syntax|"
    r"000|\brt|nip|belum|jangan|hapus|ganti|edit|final|bla|asdf|tes|aenean|consectetur|adipiscing|vestibulum|curabitur|"
    r"menyusul|konfirmasi|cek|kosong|salin|tambahkan|copy|tempel|uraikan|jelaskan|lengkapi|periksa|sempurnakan|paraf|koreksi|enter|sample|placeholder|judul|1900|1970|dalam|selama|sebanyak|sejumlah|ttd|redaksi|kalimat|revisi|versi|tulis|tanda|tolong|mohon|minta|copy|salinan|final|isian|field|column|alamat|email|telepon|sesuaikan|paragraf|yth|nanti|blank|\(hari|\(jabatan|\(alamat|\(nomor|ini\s|masih|hanya|baru|t\.b\.)"
)


@dataclass(frozen=True)
class Unfilled:
    """A gap, the paragraph that it stands in, and whether it blocks."""

    scrap: str
    text: str
    level: Literal["blokir", "lihat"]


def gaps(texts: Iterable[str], own: Iterable[str] = ()) -> Iterator[Unfilled]:
    """What is not filled in yet, each scrap once. `own`: words of the case, which are what they are."""
    known = sorted({" ".join(word.split()) for word in own if word.strip()}, key=len, reverse=True)
    found: dict[str, Unfilled] = {}
    read = 0
    for text in texts:
        read += len(text)
        if read > LONGEST or len(found) >= MOST:
            break
        for scrap, level in _scraps(_without(text, known)):
            found.setdefault(scrap, Unfilled(scrap, text, level))
    yield from list(found.values())[:MOST]


def _without(text: str, known: list[str]) -> str:
    """The text with a mark in place of what the case says."""
    if not known or not _HINT.search(text.translate(_SHAPES)):
        return text
    text = " ".join(text.split(" "))
    for word in known:
        text = text.replace(word, "\ufffc")
    return text


# Signs that look like a dot or a line, each as the one that the patterns know.
_SHAPES = str.maketrans("‥⋯․．＿﹍﹎﹏", "……..____")


# A paragraph that is nothing but a long line: a rule, or room for a signature.
_LINE = re.compile(
    r"\(?[ \u00a0]{0,9}_{12,}+[ \u00a0]{0,9}\)?|"
    r"(?:(?:yang\s)?[a-z]{4,20}[,:]\s{1,3})?\([ \u00a0]{0,9}[.…]{8,}+[ \u00a0]{0,9}\)",
    re.IGNORECASE,
)
# Dots that lead to a page, an amount or a number of things at the end of the line.
_LEADER = re.compile(
    r"(?<=[^\W\d_])[ \u00a0\t]{0,3}[.…]{6,}+[ \u00a0\t]{0,9}"
    r"(?:\d{1,3}|[ivxlc]{1,6}|Rp\.?[ \u00a0]?\d[\d.,]{0,20}(?:,-)?|\d[\d.,]{0,9}[ \u00a0]"
    rf"(?:{_UNITS}|batang|set|kg|liter|km|m))[ \u00a0]{{0,9}}$"
)


def _without_leader(text: str) -> str:
    """A line of a table of contents or of costs without its dots; another row of dots in it is a gap."""
    if len(text) > LONGEST_LINE:
        return text
    without = _LEADER.sub(" ", text)
    is_all = ".." not in without and "…" not in without
    return without if is_all else text


def _scraps(text: str) -> Iterator[tuple[str, Literal["blokir", "lihat"]]]:
    text = text.translate(_SHAPES)
    if not _HINT.search(text) or _LINE.fullmatch(text.strip()):
        return
    text = _without_leader(text)
    for found in _ANY.finditer(text):
        yield found[0].strip(), _LEVELS[(found.lastindex or 1) - 1]
