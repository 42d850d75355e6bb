"""Replies as mail programs write them, in the languages of those who use them."""

from __future__ import annotations

import pytest

from pipeline.mail.reply import Reply, split
from tests.work import effort

NEW = "Lampu di RT 03 masih mati.\n\nMohon diperbaiki."
QUOTE = "> Mohon kirim foto.\n>\n> Terima kasih."
PLAIN = "Mohon kirim foto.\n\nTerima kasih."
A = "dinas@kota.example"

# What stands between the new words and the quoted mail.
ATTRIBUTIONS = {
    # Gmail
    "gmail id": f"Pada tanggal Sen, 23 Nov 2026 pukul 10.15 Dinas Kominfo <{A}> menulis:",
    "gmail id, wrapped": f"Pada tanggal Sen, 23 Nov 2026 pukul 10.15 Dinas Komunikasi dan Informatika <\n{A}> menulis:",
    "gmail id, wrapped verb": f"Pada tanggal Sen, 23 Nov 2026 pukul 10.15 Dinas Komunikasi <{A}>\nmenulis:",
    "gmail id, short": f"Pada Sen, 23 Nov 2026 10.15, Dinas <{A}> menulis:",
    "gmail en": f"On Mon, Nov 23, 2026 at 10:15 AM Dinas Kominfo <{A}> wrote:",
    "gmail en, narrow space": f"On Mon, Nov 23, 2026 at 10:15\u202fAM Dinas Kominfo <{A}> wrote:",
    "gmail en, wrapped twice": f"On Mon, Nov 23, 2026 at 10:15 AM Dinas Komunikasi dan Informatika <\n{A}>\nwrote:",
    "gmail de": f"Am Mo., 23. Nov. 2026 um 10:15 Uhr schrieb Dinas <{A}>:",
    "gmail fr": f"Le lun. 23 nov. 2026 à 10:15, Dinas <{A}> a écrit :",
    "gmail es": f"El lun, 23 nov 2026 a las 10:15, Dinas (<{A}>) escribió:",
    "gmail pt": f"Em seg., 23 de nov. de 2026 às 10:15, Dinas <{A}> escreveu:",
    "gmail nl": f"Op ma 23 nov 2026 om 10:15 schreef Dinas <{A}>:",
    "gmail it": f"Il giorno lun 23 nov 2026 alle ore 10:15 Dinas <{A}> ha scritto:",
    "gmail ja": f"2026年11月23日(月) 10:15 Dinas <{A}>:",
    "gmail zh": f"Dinas <{A}> 于2026年11月23日周一 10:15写道：",
    "gmail zh-tw": f"Dinas <{A}> 於 2026年11月23日 週一 上午10:15寫道：",
    "gmail ru": f"пн, 23 нояб. 2026 г. в 10:15, Dinas <{A}>:",
    "gmail pl": f"pon., 23 lis 2026 o 10:15 Dinas <{A}> napisał(a):",
    "gmail da": f"Den man. 23. nov. 2026 kl. 10.15 skrev Dinas <{A}>:",
    "gmail sv": f"Den mån 23 nov. 2026 kl 10:15 skrev Dinas <{A}>:",
    "gmail no": f"man. 23. nov. 2026 kl. 10:15 skrev Dinas <{A}>:",
    "gmail fi": f"ma 23. marrask. 2026 klo 10.15 Dinas ({A}) kirjoitti:",
    "gmail cs": f"po 23. 11. 2026 v 10:15 odesílatel Dinas <{A}> napsal:",
    "gmail vi": f"Vào Th 2, 23 thg 11, 2026 vào lúc 10:15 Dinas <{A}> đã viết:",
    "gmail tr": f"Dinas <{A}>, 23 Kas 2026 Pzt, 10:15 tarihinde şunu yazdı:",
    "gmail ko": f"2026년 11월 23일 (월) 오전 10:15, Dinas <{A}>님이 작성:",
    "gmail ar": f"في الاثنين، 23 نوفمبر 2026 في 10:15 ص تمت كتابة ما يلي بواسطة Dinas <{A}>:",
    "gmail ms": f"Pada Isn, 23 Nov 2026 pada 10:15 PG Dinas <{A}> menulis:",
    "gmail hu": f"Dinas <{A}> ezt írta (időpont: 2026. nov. 23., H, 10:15):",
    "gmail ro": f"În lun., 23 nov. 2026 la 10:15, Dinas <{A}> a scris:",
    "gmail uk": f"пн, 23 лист. 2026 р. о 10:15 Dinas <{A}> пише:",
    "gmail el": f"Στις Δευ 23 Νοε 2026 στις 10:15 π.μ., ο/η Dinas <{A}> έγραψε:",
    "gmail th": f"ในวันที่ จ. 23 พ.ย. 2026 เวลา 10:15 Dinas <{A}> เขียนว่า:",
    # Apple Mail
    "iphone id": f"Pada 23 Nov 2026, pukul 10.15, Dinas <{A}> menulis:",
    "iphone en": f"On Nov 23, 2026, at 10:15 AM, Dinas <{A}> wrote:",
    "iphone en-gb": f"On 23 Nov 2026, at 10:15, Dinas <{A}> wrote:",
    "iphone de": f"Am 23.11.2026 um 10:15 schrieb Dinas <{A}>:",
    "iphone fr": f"Le 23 nov. 2026 à 10:15, Dinas <{A}> a écrit :",
    "iphone es": f"El 23 nov 2026, a las 10:15, Dinas <{A}> escribió:",
    "iphone ja": f"2026/11/23 10:15、Dinas <{A}>のメール:",
    "iphone zh": f"在 2026年11月23日，10:15，Dinas <{A}> 写道：",
    "iphone it": f"Il giorno 23 nov 2026, alle ore 10:15, Dinas <{A}> ha scritto:",
    "iphone nl": f"Op 23 nov. 2026 om 10:15 heeft Dinas <{A}> het volgende geschreven:",
    "iphone sv": f"23 nov. 2026 kl. 10:15 skrev Dinas <{A}>:",
    "iphone ko": f"2026. 11. 23. 오전 10:15, Dinas <{A}> 작성:",
    # Yahoo, Thunderbird, Roundcube, Zimbra, K-9
    "yahoo id": "Pada Senin, 23 November 2026 pukul 10.15.00 WIB, Dinas <dinas@kota.example> menulis:",
    "yahoo en": f"On Monday, November 23, 2026 at 10:15:00 AM GMT+7, Dinas <{A}> wrote:",
    "yahoo en, no address": "On Monday, November 23, 2026, 10:15 AM, Dinas Kominfo wrote:",
    "thunderbird id": "Pada 23/11/26 10.15, Dinas menulis:",
    "thunderbird en": "On 11/23/2026 10:15 AM, Dinas Kominfo wrote:",
    "thunderbird de": "Am 23.11.26 um 10:15 schrieb Dinas Kominfo:",
    "thunderbird fr": "Le 23/11/2026 à 10:15, Dinas Kominfo a écrit :",
    "roundcube id": f"Pada 2026-11-23 10:15, {A} menulis:",
    "roundcube en": f"On 2026-11-23 10:15, {A} wrote:",
    "k9 id": f"Pada 23 November 2026 10.15.00 WIB, Dinas <{A}> menulis:",
    "k9 en": f"On November 23, 2026 10:15:00 AM GMT+07:00, Dinas <{A}> wrote:",
    "fairemail": f"Nov 23, 2026 10:15:00 AM Dinas <{A}>:",
    "mutt": "On Mon, Nov 23, 2026 at 10:15:00AM +0700, Dinas Kominfo wrote:",
    "gmail, old": f"2026-11-23 10:15 GMT+07:00 Dinas <{A}>:",
    "gmail de, app": f"Dinas <{A}> schrieb am Mo., 23. Nov. 2026, 10:15:",
    "gmail sv, app": f"Dinas <{A}> skrev den mån 23 nov. 2026 10:15:",
    "gmail pt, pt": f"Dinas <{A}> escreveu no dia segunda, 23/11/2026 à(s) 10:15:",
    "gmail id, app": f"Pada tgl. Sen, 23 Nov 2026 10.15, Dinas <{A}> menulis:",
    "gmail id, english verb": f"Pada Sen, 23 Nov 2026 10.15, Dinas <{A}> wrote:",
    "date alone fr": f"Le lundi 23 novembre 2026, Dinas <{A}> a écrit :",
    "date alone en": f"On Monday, November 23, 2026, Dinas <{A}> wrote:",
    "thunderbird es": "El 23/11/2026 a las 10:15, Dinas escribió:",
    "thunderbird it": "Il 23/11/2026 10:15, Dinas ha scritto:",
    "thunderbird pl": "W dniu 23.11.2026 o 10:15, Dinas pisze:",
    "thunderbird cs": "Dne 23.11.2026 v 10:15 Dinas napsal(a):",
    "thunderbird ru": "23.11.2026 10:15, Dinas пишет:",
    "thunderbird nl": "Op 23-11-2026 om 10:15 schreef Dinas:",
    "thunderbird da": "Den 23-11-2026 kl. 10:15 skrev Dinas:",
    "thunderbird sv": "Den 2026-11-23 kl. 10:15, skrev Dinas:",
    "thunderbird pt": "Em 23/11/2026 10:15, Dinas escreveu:",
    "thunderbird ja": "On 2026/11/23 10:15, Dinas wrote:",
    "thunderbird zh": "在 2026/11/23 10:15, Dinas 写道:",
    "thunderbird vi": "Vào 10:15 23/11/2026, Dinas đã viết:",
    "thunderbird fi": "Dinas kirjoitti 23.11.2026 klo 10.15:",
    "thunderbird tr": "23.11.2026 10:15 tarihinde Dinas yazdı:",
    "thunderbird ko": "2026-11-23 오전 10:15에 Dinas 이(가) 쓴 글:",
    "samsung en": f"On Nov 23, 2026 10:15, Dinas <{A}> wrote:",
    "outlook ios": f'On Mon, Nov 23, 2026 at 10:15 AM +0700, "Dinas" <{A}> wrote:',
}
# Copied headers and rules, without quote marks below.
HEADS = {
    "outlook id": f"Dari: Dinas <{A}>\nDikirim: Senin, 23 November 2026 10:15\nKepada: Siti\nPerihal: Laporan",
    "outlook id, subjek": f"Dari: Dinas <{A}>\nTanggal: Senin, 23 November 2026 10.15\nKe: Siti\nSubjek: Laporan",
    "outlook en": f"From: Dinas <{A}>\nSent: Monday, November 23, 2026 10:15 AM\nTo: Siti\nCc: Budi\nSubject: Laporan",
    "outlook en, bold": f"*From:* Dinas <{A}>\n*Sent:* Monday, November 23, 2026 10:15 AM\n*To:* Siti\n*Subject:* a",
    "outlook en, rule": f"{'_' * 32}\nFrom: Dinas <{A}>\nSent: Monday, November 23, 2026 10:15 AM\nTo: S\nSubject: a",
    "outlook mobile": f"{'-' * 32}\nDari: Dinas <{A}>\nDikirim: Senin, November 23, 2026 10:15 AM\nKe: S\nSubjek: a",
    "outlook de": f"Von: Dinas <{A}>\nGesendet: Montag, 23. November 2026 10:15\nAn: Siti\nBetreff: Laporan",
    "outlook fr": f"De : Dinas <{A}>\nEnvoyé : lundi 23 novembre 2026 10:15\nÀ : Siti\nObjet : Laporan",
    "outlook es": f"De: Dinas <{A}>\nEnviado el: lunes, 23 de noviembre de 2026 10:15\nPara: Siti\nAsunto: Laporan",
    "outlook pt": f"De: Dinas <{A}>\nEnviada em: segunda-feira, 23 de novembro de 2026 10:15\nPara: S\nAssunto: a",
    "outlook it": f"Da: Dinas <{A}>\nInviato: lunedì 23 novembre 2026 10:15\nA: Siti\nOggetto: Laporan",
    "outlook nl": f"Van: Dinas <{A}>\nVerzonden: maandag 23 november 2026 10:15\nAan: Siti\nOnderwerp: Laporan",
    "outlook sv": f"Från: Dinas <{A}>\nSkickat: den 23 november 2026 10:15\nTill: Siti\nÄmne: Laporan",
    "outlook da": f"Fra: Dinas <{A}>\nSendt: 23. november 2026 10:15\nTil: Siti\nEmne: Laporan",
    "outlook pl": f"Od: Dinas <{A}>\nWysłano: poniedziałek, 23 listopada 2026 10:15\nDo: Siti\nTemat: Laporan",
    "outlook ru": f"От: Dinas <{A}>\nОтправлено: 23 ноября 2026 г. 10:15\nКому: Siti\nТема: Laporan",
    "outlook zh": f"发件人: Dinas <{A}>\n发送时间: 2026年11月23日 10:15\n收件人: Siti\n主题: Laporan",
    "outlook ja": f"差出人: Dinas <{A}>\n送信日時: 2026年11月23日 10:15\n宛先: Siti\n件名: Laporan",
    "outlook ko": f"보낸 사람: Dinas <{A}>\n보낸 날짜: 2026년 11월 23일 10:15\n받는 사람: Siti\n제목: Laporan",
    "outlook vi": f"Từ: Dinas <{A}>\nĐã gửi: 23 Tháng Mười Một 2026 10:15\nĐến: Siti\nChủ đề: Laporan",
    "outlook tr": f"Kimden: Dinas <{A}>\nGönderme Tarihi: 23 Kasım 2026 10:15\nKime: Siti\nKonu: Laporan",
    "outlook cs": f"Od: Dinas <{A}>\nOdesláno: pondělí 23. listopadu 2026 10:15\nKomu: Siti\nPředmět: Laporan",
    "outlook fi": f"Lähettäjä: Dinas <{A}>\nLähetetty: 23. marraskuuta 2026 10:15\nVastaanottaja: S\nAihe: a",
    "outlook ar": f"من: Dinas <{A}>\nتم الإرسال: 23/نوفمبر/2026 10:15\nإلى: Siti\nالموضوع: Laporan",
    "original message": f"-----Original Message-----\nFrom: Dinas <{A}>\nSent: 23 November 2026\nTo: Siti\nSubject: a",
    "pesan asli": f"-----Pesan Asli-----\nDari: Dinas [mailto:{A}]\nDikirim: 23 November 2026 10:15\nKe: S\nSubjek: a",
    "samsung id": (
        f"-------- Pesan asli --------\nDari: Dinas <{A}>\nTanggal: 23/11/26 10.15 (GMT+07:00)\nKe: S\nSubjek: a"
    ),
    "samsung en": (
        f"-------- Original message --------\nFrom: Dinas <{A}>\nDate: 23/11/26 10:15 (GMT+07:00)\nTo: S\nSubject: a"
    ),
    "huawei": f"-------- Original Message --------\nSubject: a\nFrom: Dinas \nTo: {A}\nCC:",
    "xiaomi": (
        f'---------- Original message ----------\nFrom: "Dinas"<{A}>\nDate: Mon, Nov 23, 2026 10:15\nTo: S\nSubject: a'
    ),
    "zimbra id": (
        f'----- Pesan Asli -----\nDari: "Dinas" <{A}>\n'
        'Ke: "Siti" <s@surel.example>\nTerkirim: Senin, 23 November 2026\nPerihal: a'
    ),
    "zimbra en": (
        f'From: "Dinas" <{A}>\nTo: "Siti" <s@surel.example>\nSent: Monday, November 23, 2026 10:15:00 AM\nSubject: a'
    ),
    "lotus": f"Dinas Kominfo <{A}>\n11/23/2026 10:15 AM\n\nTo\nSiti\ncc\n\nSubject\nLaporan",
    "lotus, plain": f"From:\tDinas Kominfo <{A}>\nTo:\tSiti\nDate:\t23/11/2026 10:15\nSubject:\tLaporan",
    "qq": (
        f'------------------ 原始邮件 ------------------\n发件人: "Dinas" <{A}>;\n'
        "发送时间: 2026年11月23日(星期一) 10:15\n收件人: S\n主题: a"
    ),
    "163": f'At 2026-11-23 10:15:00, "Dinas" <{A}> wrote:',
    "proton": f"------- Original Message -------\nOn Monday, November 23rd, 2026 at 10:15, Dinas <{A}> wrote:",
    "mail.ru": f"Понедельник, 23 ноября 2026, 10:15 +07:00 от Dinas <{A}>:",
    "yandex": f'23.11.2026, 10:15, "Dinas" <{A}>:',
    "windows mail": (
        "Dikirim dari Mail untuk Windows\n\nDari: Dinas\nDikirim: Senin, 23 November 2026 10:15\nKe: S\nSubjek: a"
    ),
    "aol": f"-----Original Message-----\nFrom: Dinas <{A}>\nTo: Siti\nSent: Mon, Nov 23, 2026 10:15 am\nSubject: a",
    "our line": "-- Balas di atas baris ini --",
}
SIGNED = (
    "-- \nSiti Rahma\nKetua RT 03",
    "--\nSiti",
    "Dikirim dari iPhone saya",
    "Dikirim dari Yahoo Mail di Android",
    "Dikirim dari Yahoo Mail untuk iPhone",
    "Dikirim dari ponsel cerdas Samsung Galaxy saya.",
    "Dikirim dari perangkat Galaxy saya",
    "Terkirim dari Samsung Mobile",
    "Dikirim dari Samsung Galaxy",
    "Dikirim dari Email untuk Windows 10",
    "Dikirim dari Outlook untuk Android",
    "Dikirim dari ponsel HUAWEI saya",
    "Dikirim dari Xiaomi saya",
    "Dikirim dari HP Xiaomi",
    "Dikirim dari aplikasi Gmail",
    "Dapatkan Outlook untuk Android",
    "Unduh Outlook untuk iOS",
    "Unduh Outlook untuk iOS<https://aka.example/o0ukef>",
    "Sent from my iPhone",
    "Sent from Yahoo Mail on Android",
    "Sent from Outlook for Android<https://aka.example/a>",
    "Get Outlook for Android",
    "Get Outlook for iOS<https://aka.example/o0ukef>",
    "Sent from my Galaxy",
    "Sent with Suratku",
    "Sent from my Samsung Galaxy smartphone.",
    "Sent from my Huawei phone",
    "Sent from Mail for Windows",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Inviato da iPhone",
    "iPhoneから送信",
    "发自我的iPhone",
)


def check(history: str) -> None:
    parts = split(f"{NEW}\n\n{history}\n")
    assert parts.new == NEW
    assert "".join(parts.rest.split()) == "".join(history.split())


@pytest.mark.parametrize("client", ATTRIBUTIONS)
def test_an_attribution_and_its_quote_are_folded(client: str) -> None:
    check(f"{ATTRIBUTIONS[client]}\n\n{QUOTE}")


@pytest.mark.parametrize("client", [client for client, line in ATTRIBUTIONS.items() if A in line])
def test_an_attribution_with_an_address_needs_no_quote_marks(client: str) -> None:
    check(f"{ATTRIBUTIONS[client]}\n\n{PLAIN}")


@pytest.mark.parametrize("client", HEADS)
def test_a_copied_header_and_all_below_it_is_folded(client: str) -> None:
    check(f"{HEADS[client]}\n\n{PLAIN}")


@pytest.mark.parametrize("signature", SIGNED)
def test_a_signature_of_a_person_or_device_is_folded(signature: str) -> None:
    check(signature)


@pytest.mark.parametrize("signature", SIGNED)
def test_a_signature_above_the_quote_is_folded_with_it(signature: str) -> None:
    check(f"{signature}\n\n{ATTRIBUTIONS['gmail id']}\n\n{QUOTE}")


def test_the_footer_of_a_list_and_the_banner_of_a_server_are_folded() -> None:
    footer = f"{'_' * 40}\nWarga mailing list\nwarga@milis.example\nhttps://milis.example/warga"
    banner = "CAUTION: This email originated from outside of the organization.\nDo not click links."
    parts = split(f"{banner}\n\n{NEW}\n\n{footer}\n")
    assert parts.new == NEW
    assert parts.rest.split() == f"{banner}\n{footer}".split()


@pytest.mark.parametrize("client", ATTRIBUTIONS)
def test_an_answer_below_the_quote_is_new(client: str) -> None:
    assert split(f"{ATTRIBUTIONS[client]}\n\n{QUOTE}\n\n{NEW}\n").new == NEW


@pytest.mark.parametrize(
    "client", ["gmail id", "gmail en", "iphone id", "yahoo id", "thunderbird id", "outlook ios"]
)
def test_answers_between_quotes_are_new_and_nothing_else(client: str) -> None:
    text = f"Selamat pagi.\n\n{ATTRIBUTIONS[client]}\n> Alamat?\n\nJalan Mawar.\n\n>> Lama\n> Sejak kapan?\n\nJumat.\n"
    assert [line for line in split(text).new.split("\n") if line] == [
        "Selamat pagi.",
        "Jalan Mawar.",
        "Jumat.",
    ]


def test_an_answer_below_the_quote_of_a_phone_is_new() -> None:
    text = f"Dikirim dari iPhone saya\n\n{ATTRIBUTIONS['iphone id']}\n\n{QUOTE}\n\n{NEW}\n"
    assert split(text).new == NEW


@pytest.mark.parametrize(
    "text",
    [
        # closings and names belong to what a person writes
        f"{NEW}\n\nSalam,\nSiti Rahma",
        f"{NEW}\n\nHormat kami,\nWarga RT 03\nJalan Mawar 3, Telp 0812-0000-0000",
        f"{NEW}\n\nTerima kasih.\n\nWassalamu'alaikum\nSiti",
        # words that a mail program uses too
        "Surat dari dinas saya terima.\nDinas menulis:\nlampu akan diperbaiki Senin.\nSampai kini belum.",
        "Tanggal 20/11/2026 pukul 10.15 petugas menulis:\n1. lampu rusak\n2. kabel putus",
        "On 20 November the officer wrote: the lamp is fine.\nIt is not.",
        "Pada Senin, 23 November 2026 pukul 10.15 saya telah menulis:\nlampu mati.",
        "Kronologi:\nTanggal: 20 November 2026\nJam: 10.15\nLokasi: Jalan Mawar\nIsi: lampu mati",
        "Nama: Siti\nAlamat: Jalan Mawar\nEmail: siti@surel.example\nTelepon: 0812\nPerihal: lampu mati",
        "Dari: Siti Rahma\nUntuk: Kepala Dinas\nPerihal: Lampu mati\n\nLampu di RT 03 mati.",
        "Surat ini\ndikirim dari kantor RT 03 melalui email, bukan pos.\nMohon dibalas.",
        "Saya balas di bawah ini.\n\nYa, benar.\n\nSejak Jumat.",
        "Harga naik > 20 persen.\nMohon dicek.",
        "Pilihan:\n- lampu\n- jalan\n-- keduanya\n---\nMohon dipilih.",
        "Sent to the office on 20 November.\nNobody answered.",
        "It was sent by courier on Monday.\nSent by the office, not by me.\nNobody answered.",
        "PERHATIAN: surat ini penting.\nAir dari luar masuk ke rumah warga.",
        f"{'_' * 40}\nPelapor: Siti\nLampu mati.",
        "Get well soon.\nOutlook: bad.",
        "Pesan asli saya hilang.\nMohon dikirim ulang.",
        "From: the corner of Jalan Mawar\nTo: the bridge\nthe road is broken.",
    ],
)
def test_words_of_a_person_stay_whole(text: str) -> None:
    parts = split(text)
    assert (parts.new, parts.rest) == (text, "")


@pytest.mark.parametrize(
    "rule", ["---------- Forwarded message ---------", "---------- Pesan terusan ----------"]
)
def test_a_forward_without_words_of_its_own_is_all_history(rule: str) -> None:
    text = (
        f"{rule}\nDari: Dinas <{A}>\nDate: Sen, 23 Nov 2026 10.15\nSubject: a\nTo: Siti\n\n{PLAIN}"
    )
    parts = split(text)
    assert (parts.new, parts.rest) == ("", text)


@pytest.mark.parametrize("seed", [*ATTRIBUTIONS.values(), *HEADS.values(), *SIGNED])
def test_no_letter_is_lost_wherever_the_mark_stands(seed: str) -> None:
    for text in (f"{seed}\n{NEW}", f"{NEW}\n{seed}", f"{seed}\n{seed}\n{QUOTE}\n{NEW}\n-- \nSiti"):
        parts = split(text)
        assert sorted((parts.new + parts.rest).replace("\n", "")) == sorted(text.replace("\n", ""))


@pytest.mark.parametrize(
    "line",
    [
        "> a",
        "Pada tanggal ",
        "Pada Sen, 23 Nov 2026 10.15, Dinas <d@kota.example> menulis",
        "Dari: a",
        "--",
        "____",
        "a@",
        "Sent from ",
        "sent by a a ",
        "----- a ",
        "23.11.2026 10:15",
        "*",
        "1:1 ",
    ],
)
@pytest.mark.parametrize("glue", ["", "\n", " \n\n"])
def test_hostile_repetition_is_parted_in_linear_time(line: str, glue: str) -> None:
    text = (line + glue) * (1_000_000 // len(line + glue))
    found: list[Reply] = []
    assert effort(lambda: found.append(split(text))) < 500
    (parts,) = found
    assert len(parts.new) + len(parts.rest) >= len(text.replace("\n", "").strip())
