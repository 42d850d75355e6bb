"""The reports of mail servers, services and gateways, old and new, by the words that each of them uses.

Every sample is invented, in the form that the program's documentation or source states.
"""

from __future__ import annotations

from dataclasses import dataclass

ORIGINAL = """\
Return-Path: <pengaduan@kota.example>
Received: from kota.example (kota.example [192.0.2.1]) by mx.example.org
From: Pengaduan <pengaduan@kota.example>
To: Pengadu <tertulis@lain.example>
Message-ID: <surat-9@kota.example>
Subject: Tanda terima pengaduan
Date: Mon, 23 Nov 2026 10:15:00 +0700

Pengaduan Anda sudah kami terima. Hubungi bantuan@kota.example.
"""
# Whom the mail of the office was written to.
W, B = "wulan@surel.example", "budi@pos.example"


@dataclass(frozen=True)
class Sample:
    """A report as it arrives, and what it says."""

    name: str
    sender: str
    subject: str
    text: str
    failed: tuple[str, ...] = (W,)
    permanent: bool = True
    headers: str = ""
    original: str = "surat-9@kota.example"


SAMPLES = (
    # --- Unix mail servers
    Sample(
        "postfix in words alone",
        "MAILER-DAEMON@mx.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        f"""This is the mail system at host mx.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

                   The mail system

<{W}>: host mx.surel.example[192.0.2.7] said: 550 5.1.1
    <{W}>: Recipient address rejected: User unknown in virtual
    mailbox table (in reply to RCPT TO command)

<{B}> (expanded from <semua@kota.example>): unknown user: "budi"
""",
        (W, B, "semua@kota.example"),
        original="",
    ),
    Sample(
        "postfix, 1999",
        "MAILER-DAEMON@mx.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        f"""This is the Postfix program at host mx.example.

I'm sorry to have to inform you that the message returned
below could not be delivered to one or more destinations.

			The Postfix program

<{W}>: Name service error for domain surel.example: Host not
    found

	--- Undelivered message follows ---

{ORIGINAL}""",
    ),
    Sample(
        "postfix, delay",
        "MAILER-DAEMON@mx.example (Mail Delivery System)",
        "Delayed Mail (still being retried)",
        f"""This is the mail system at host mx.example.

####################################################################
# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #
####################################################################

Your message could not be delivered for more than 4 hour(s).
It will be retried until it is 5 day(s) old.

<{W}>: connect to mx.surel.example[192.0.2.7]:25: Connection timed out
""",
        permanent=False,
        original="",
    ),
    Sample(
        "sendmail 5",
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: User unknown",
        f"""   ----- Transcript of session follows -----
While talking to surel.example:
>>> RCPT To:<{W}>
<<< 550 <{W}>, User Unknown
550 <{W}>... User unknown

   ----- Unsent message follows -----
{ORIGINAL}""",
    ),
    Sample(
        "sendmail 5 that names no recipient",
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: Cannot send message for 3 days",
        f"""   ----- Transcript of session follows -----
421 surel.example (smtp)... Deferred: Connection timed out during user open with surel.example

   ----- Unsent message follows -----
{ORIGINAL}""",
        ("tertulis@lain.example",),
    ),
    Sample(
        "sendmail 8",
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: see transcript for details",
        f"""The original message was received at Mon, 23 Nov 2026 10:15:01 +0700
from kota.example [192.0.2.1]

   ----- The following addresses had permanent fatal errors -----
<{W}>
    (reason: 550 5.1.1 <w.ulan@dalam.surel.example>... User unknown)
    (expanded from: <{B}>)

   ----- Transcript of session follows -----
... while talking to dalam.surel.example.:
>>> DATA
<<< 550 5.1.1 <w.ulan@dalam.surel.example>... User unknown
550 5.1.1 <{W}>... User unknown
<<< 503 5.0.0 Need RCPT (recipient)
""",
        (W, B),
        original="",
    ),
    Sample(
        "sendmail 8, delay",
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Warning: could not send message for past 4 hours",
        f"""    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

The original message was received at Mon, 23 Nov 2026 10:15:01 +0700
from kota.example [192.0.2.1]

   ----- Transcript of session follows -----
<{W}>... Deferred: Connection refused by surel.example.
Warning: message still undelivered after 4 hours
Will keep trying until message is 5 days old
""",
        permanent=False,
        original="",
    ),
    Sample(
        "qmail",
        "MAILER-DAEMON@mx.example",
        "failure notice",
        f"""Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{W}>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 <w.ulan@dalam.example>: Recipient address rejected
Giving up on 192.0.2.7.

<{B}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{ORIGINAL}""",
        (W, B),
    ),
    Sample(
        "exim",
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {W}
    SMTP error from remote mail server after RCPT TO:<w.ulan@dalam.example>:
    host mx.surel.example [192.0.2.7]: 550 5.1.1 <w.ulan@dalam.example>:
    Recipient address rejected: User unknown
  {B}
    (generated from warga@kota.example)
    mailbox is full

------ This is a copy of the message, including all the headers. ------

{ORIGINAL}""",
        (W, B),
    ),
    Sample(
        "exim that hides the address",
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  an undisclosed address
    (generated from {W})
    local delivery failed

------ This is a copy of the message, including all the headers. ------

{ORIGINAL}""",
    ),
    Sample(
        "exim, delay",
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Warning: message 1abCdE-0001Fg-Hi delayed 24 hours",
        f"""This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.

The message identifier is:     1abCdE-0001Fg-Hi
The subject of the message is: Tanda terima pengaduan
The date of the message is:    Mon, 23 Nov 2026 10:15:00 +0700

The address to which the message has not yet been delivered is:

  {W}
    Delay reason: Connection timed out

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals if the message
remains undelivered. Eventually the mail delivery software will give up,
and when that happens, the message will be returned to you.
""",
        permanent=False,
        original="",
    ),
    Sample(
        "courier",
        '"Courier mail server at mx.example" <postmaster@mx.example>',
        "NOTICE: mail delivery status.",
        f"""This is a delivery status notification from mx.example,
running the Courier mail server, version 0.65.2.

The original message was received on Mon, 23 Nov 2026 10:15:00 +0700
from kota.example (kota.example [192.0.2.1])

---------------------------------------------------------------------------

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<{W}>:
    mx.surel.example [192.0.2.7]:
>>> RCPT TO:<{W}>
<<< 550 5.1.1 <{W}>... User Unknown

---------------------------------------------------------------------------

If your message was also sent to additional recipients, their delivery
status is not included in this report.
""",
        original="",
    ),
    Sample(
        "opensmtpd",
        "Mailer Daemon <MAILER-DAEMON@mx.example>",
        "Delivery status notification: error",
        f"""    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

{W}: 550 5.2.2 <{W}>: mailbox full

    Below is a copy of the original message:

{ORIGINAL}""",
    ),
    Sample(
        "opensmtpd, delay",
        "Mailer Daemon <MAILER-DAEMON@mx.example>",
        "Delivery status notification: warning",
        f"""    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    A message is delayed for more than 4 hours for the following
    list of recipients:

{W}: IO Error

    Please note that this is only a temporary failure report.
    The message is kept in the queue for up to 5 days.
    You DO NOT NEED to re-send the message to these recipients.

    Below is a copy of the original message:

{ORIGINAL}""",
        permanent=False,
    ),
    Sample(
        "dragonfly dma",
        "MAILER-DAEMON <>",
        "Mail delivery failed",
        f"""This is the DragonFly Mail Agent v0.13 at mx.example.

There was an error delivering your mail to <{W}>.

mx.surel.example [192.0.2.7] did not like our RCPT TO:
550 5.1.1 <{W}>: User unknown

Original message follows.

{ORIGINAL}""",
    ),
    Sample(
        "nullmailer",
        "nullmailer@mx.example",
        "Could not send message",
        f"""Message from nullmailer on mx.example:

Your message could not be delivered to the following addresses:

  <{W}>

Remote host said: 550 5.1.1 No such user here

--- Below this line is a copy of the message.

{ORIGINAL}""",
    ),
    Sample(
        "mmdf",
        "Memo Service at mx.example <mmdf@mx.example>",
        "Failed mail (msg.aa00123)",
        f"""    Your message could not be delivered to
'{W}' for the following
reason:  ' Unknown user name in "{W}"'

    Your message follows:

{ORIGINAL}""",
    ),
    Sample(
        "zmailer",
        "The Post Office <postmaster@mx.example>",
        "Delivery Report (failure)",
        f"""This is a collection of reports about email delivery
process concerning a message you originated.

Following is extracted MTA-generated report:

FAILED:
  Original Recipient:
    rfc822;{W}
  Control data:
    smtp surel.example {W} 99
  Diagnostic texts:
    <smtp mx.surel.example>: 550 5.1.1 User unknown
""",
        original="",
    ),
    # --- Windows and groupware
    Sample(
        "exchange 5.5",
        "System Administrator <postmaster@mx.example>",
        "Undeliverable: Tanda terima pengaduan",
        f"""Your message

  To:      Wulan Sari
  Subject: Tanda terima pengaduan
  Sent:    Mon, 23 Nov 2026 10:15:00 +0700

did not reach the following recipient(s):

{W} on Mon, 23 Nov 2026 10:15:02 +0700
    The recipient name is not recognized
	The MTS-ID of the original message is: c=id;a= ;p=kota;l=MX0123456789
    MSEXCH:IMS:KOTA:PUSAT:MX 0 (000C05A6) Unknown Recipient

c=ID;a= ;p=Kota;o=Pusat;dda:SMTP={B}; on Mon, 23 Nov 2026 10:15:02 +0700
    Unable to deliver the message due to a recipient problem
""",
        (W, B),
        headers="X-Mailer: Internet Mail Service (5.5.2653.19)",
        original="",
    ),
    Sample(
        "exchange 2013, html only",
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@kota.example>",
        "Undeliverable: Tanda terima pengaduan",
        f"""<html><body><p><b><font color="#000066">Delivery has failed to these recipients or groups:</font></b></p>
<p><a href="mailto:{W}">{W}</a><br>The email address you entered couldn't be found. Please check the
recipient's email address and try to resend the message.</p>
<p>Diagnostic information for administrators:</p><p>Generating server: MX01.kota.example</p>
<p>{W}<br>Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by
SMTP address lookup'</p><p>Original message headers:</p>
<pre>Received: from mx01.kota.example (192.0.2.4)
From: Pengaduan &lt;pengaduan@kota.example&gt;
To: &lt;tertulis@lain.example&gt;
Message-ID: &lt;surat-9@kota.example&gt;
</pre></body></html>""",
        headers="Content-Type: text/html; charset=utf-8",
    ),
    Sample(
        "exchange in Indonesian",
        "Microsoft Outlook <postmaster@kota.example>",
        "Tidak terkirim: Tanda terima pengaduan",
        f"""Pengiriman gagal ke penerima atau grup berikut:

{W}<mailto:{W}>
Alamat email yang Anda masukkan tidak dapat ditemukan.

Informasi diagnostik untuk administrator:

Server yang membuat: MX01.kota.example

{W}
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
""",
        original="",
    ),
    Sample(
        "exchange in German",
        "Microsoft Outlook <postmaster@kota.example>",
        "Unzustellbar: Tanda terima pengaduan",
        f"""Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Verteilerlisten:

{W}
Die eingegebene E-Mail-Adresse konnte nicht gefunden werden.

Diagnoseinformationen für Administratoren:
Generierender Server: mx01.kota.example
{W}
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
""",
        original="",
    ),
    Sample(
        "exchange in French",
        "Microsoft Outlook <postmaster@kota.example>",
        "Non remis : Tanda terima pengaduan",
        f"""Échec de la remise aux destinataires ou groupes de destinataires suivants :

{W}
Serveur distant a renvoyé '550 5.1.1 User unknown'
""",
        original="",
    ),
    Sample(
        "exchange in Spanish",
        "Microsoft Outlook <postmaster@kota.example>",
        "No se puede entregar: Tanda terima pengaduan",
        f"""No se pudo entregar el mensaje a los destinatarios o grupos siguientes:

{W}
No se encontró la dirección de correo electrónico.
""",
        original="",
    ),
    Sample(
        "exchange in Italian",
        "Microsoft Outlook <postmaster@kota.example>",
        "Non recapitabile: Tanda terima pengaduan",
        f"Impossibile recapitare il messaggio ai destinatari o gruppi seguenti:\n\n{W}\nIndirizzo non trovato.\n",
        original="",
    ),
    Sample(
        "exchange in Portuguese",
        "Microsoft Outlook <postmaster@kota.example>",
        "Não é possível entregar: Tanda terima pengaduan",
        f"Falha na entrega a estes destinatários ou grupos:\n\n{W}\nO endereço não foi encontrado.\n",
        original="",
    ),
    Sample(
        "exchange in Dutch",
        "Microsoft Outlook <postmaster@kota.example>",
        "Niet bezorgd: Tanda terima pengaduan",
        f"De bezorging bij deze geadresseerden of groepen is mislukt:\n\n{W}\nHet adres kan niet worden gevonden.\n",
        original="",
    ),
    Sample(
        "exchange in Chinese",
        "Microsoft Outlook <postmaster@kota.example>",
        "无法送达: Tanda terima pengaduan",
        f"未能向以下收件人或组传递邮件:\n\n{W}\n找不到您输入的电子邮件地址。\n",
        original="",
    ),
    Sample(
        "exchange in Japanese",
        "Microsoft Outlook <postmaster@kota.example>",
        "配信不能: Tanda terima pengaduan",
        f"次の受信者またはグループへの配信に失敗しました:\n\n{W}\n入力したメール アドレスが見つかりませんでした。\n",
        original="",
    ),
    Sample(
        "exchange in Russian",
        "Microsoft Outlook <postmaster@kota.example>",
        "Недоставлено: Tanda terima pengaduan",
        f"Не удалось доставить сообщение следующим получателям или группам:\n\n{W}\n",
        original="",
    ),
    Sample(
        "domino",
        "Postmaster@kota.example",
        "DELIVERY FAILURE: User wulan (wulan@surel.example) not listed in Domino Directory",
        f"""Your message

  Subject: Tanda terima pengaduan

was not delivered to:

  {W}

because:

  User wulan ({W}) not listed in Domino Directory
""",
        original="",
    ),
    Sample(
        "lotus notes",
        "Postmaster@mx.example",
        "Undeliverable message",
        f"""------- Failure Reasons  --------

User not listed in public Name & Address Book
{W}

------- Returned Message --------

{ORIGINAL}""",
    ),
    Sample(
        "groupwise",
        "<Mailer-Daemon@mx.example>",
        "Message status - undeliverable",
        f"The attached file had the following undeliverable recipient(s):\n\t{W}\n",
        original="",
    ),
    Sample(
        "imail",
        "postmaster@mx.example",
        "Undeliverable Mail",
        f"Unknown user: {W}\n\nundeliverable to {B}\n\nOriginal message follows.\n\n{ORIGINAL}",
        (W, B),
        headers="X-Mailer: <SMTP32 v8.22>",
    ),
    Sample(
        "smartermail",
        "System Administrator <postmaster@mx.example>",
        "Delivery Failure",
        f"""Could not deliver message to the following recipient(s):

Failed Recipient: {W}
Reason: Remote host said: 550 User unknown

   -- The header and top 20 lines of the message follows --

{ORIGINAL}""",
    ),
    Sample(
        "mailenable",
        "MailEnable <postmaster@mx.example>",
        "Message Delivery Failure",
        f"""MailEnable: Message Delivery Failure.

The following recipient(s) could not be reached:

 Recipient: [SMTP:{W}]

 Reason: The message could not be delivered because the domain name (surel.example) does not appear to be registered.

Message headers follow:

{ORIGINAL}""",
    ),
    Sample(
        "mdaemon",
        "MDaemon at mx.example <MDaemon@mx.example>",
        "Permanent Delivery Failure",
        f"""The attached message had PERMANENT fatal delivery errors!

After one or more unsuccessful delivery attempts the attached message has
been removed from the mail queue on this server.

Failed address: {W}

--- Session Transcript ---
 Mon 2026-11-23 10:15:01: --> MAIL From:<pengaduan@kota.example>
 Mon 2026-11-23 10:15:01: <-- 250 ok
 Mon 2026-11-23 10:15:01: --> RCPT To:<{W}>
 Mon 2026-11-23 10:15:01: <-- 550 unknown user
--- End Transcript ---
""",
        original="",
    ),
    Sample(
        "kerio",
        "postmaster@mx.example",
        "Delivery Status Notification (Failure)",
        f"""Your message was not delivered to the following recipients:

  {W}: 550 5.1.1 User unknown

""",
        original="",
    ),
    Sample(
        "communigate",
        "<MAILER-DAEMON@mx.example>",
        "Undeliverable mail: Tanda terima pengaduan",
        f"Failed to deliver to '{W}'\nSMTP module(domain surel.example) reports:\n account is full (quota exceeded)\n",
        original="",
    ),
    Sample(
        "icewarp",
        "MAILER-DAEMON <postmaster@mx.example>",
        "Undeliverable Mail",
        f"""Message was not delivered to the following recipient(s):

{W}
   550 5.1.1 User unknown; rejecting
""",
        original="",
    ),
    Sample(
        "apache james",
        "postmaster@mx.example",
        "[BOUNCE] Tanda terima pengaduan",
        f"""Hi. This is the James mail server at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.  Below
I include the list of recipients and the reason why I was unable to deliver
your message.

Failed recipient(s):
{W}

Error message:
Could not connect to SMTP host: mx.surel.example

The original message follows.
{ORIGINAL}""",
    ),
    Sample(
        "haraka",
        "MAILER-DAEMON@mx.example",
        "Bounce: Tanda terima pengaduan",
        f"""This is the Haraka program at mx.example.

I'm afraid I was unable to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

Intended Recipients: <{W}>
Failure Reason: Some recipients failed: <{W}> 550 no such user

--- Below this line is a copy of the message.

{ORIGINAL}""",
    ),
    Sample(
        "sun messaging server",
        "Internet Mail Delivery <postmaster@mx.example>",
        "Delivery Notification: Delivery has failed",
        f"""This report relates to a message you sent with the following header fields:

  Message-id: <surat-9@kota.example>
  Date: Mon, 23 Nov 2026 10:15:00 +0700
  From: Pengaduan <pengaduan@kota.example>
  To: tertulis@lain.example
  Subject: Tanda terima pengaduan

Your message cannot be delivered to the following recipients:

  Recipient address: w.ulan@dalam.example
  Original address: {W}
  Reason: Remote SMTP server has rejected address
  Diagnostic code: smtp;550 5.1.1 <w.ulan@dalam.example>... User Unknown
""",
    ),
    # --- services
    Sample(
        "gmail, old",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        f"""This is an automatically generated Delivery Status Notification

Delivery to the following recipient failed permanently:

     {W}

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the recipient domain. The error that the
other server returned was: 550 550 5.1.1 <{W}>... User unknown (state 14).

   ----- Original message -----

{ORIGINAL}""",
    ),
    Sample(
        "gmail, old, delay",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Delay)",
        f"""This is an automatically generated Delivery Status Notification

THIS IS A WARNING MESSAGE ONLY.

YOU DO NOT NEED TO RESEND YOUR MESSAGE.

Delivery to the following recipient has been delayed:

     {W}

Message will be retried for 2 more day(s)
""",
        permanent=False,
        original="",
    ),
    Sample(
        "gmail in Indonesian",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        f"""** Alamat tidak ditemukan **

Pesan Anda tidak terkirim ke {W} karena alamat tersebut tidak dapat ditemukan atau tidak dapat menerima email.

Respons dari server jarak jauh:
550 5.1.1 The email account that you tried to reach does not exist.
""",
        original="",
    ),
    Sample(
        "yahoo",
        "MAILER-DAEMON@yahoo.com",
        "Failure Notice",
        f"""Sorry, we were unable to deliver your message to the following address.

<{W}>:
554: delivery error: dd This user doesn't have a surel.example account ({W}) [0]

--- Below this line is a copy of the message.

{ORIGINAL}""",
    ),
    Sample(
        "aol",
        "Mail Delivery Subsystem <MAILER-DAEMON@aol.com>",
        "Mail Delivery Problem",
        f"\nYour mail to the following recipients could not be delivered because they are not accepting mail from"
        f" pengaduan@kota.example:\n\t{W}\n",
        original="",
    ),
    Sample(
        "mail.ru",
        "mailer-daemon@corp.mail.ru",
        "Mail failure.",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {W}
    SMTP error from remote mail server after RCPT TO:<{W}>:
    host mx.surel.example [192.0.2.7]: 550 Message was not accepted -- invalid mailbox.  Local mailbox
    {W} is unavailable: user not found

------ This is a copy of the message, including all the headers. ------

{ORIGINAL}""",
    ),
    Sample(
        "yandex",
        "mailer-daemon@yandex.ru",
        "Undelivered Mail Returned to Sender",
        f"""This is the mail system at host mx.example.

Это автоматическое уведомление о том, что письмо не может быть доставлено.

<{W}>: host mx.surel.example[192.0.2.7] said: 550 5.7.1 No such user!
""",
        original="",
    ),
    Sample(
        "qq",
        "postmaster@qq.com",
        "来自qq.com的退信",
        f"""抱歉，您的邮件被退回来了……
原邮件信息：
时间 2026-11-23 10:15:00
主题 Tanda terima pengaduan
收件人 {W}

退信原因：
收件人邮件地址({W})不存在，邮件无法送达。
""",
        original="",
    ),
    Sample(
        "163",
        "Postmaster@163.com",
        "系统退信",
        f"""抱歉，您的邮件被退回来了。
原邮件信息：
收件人：{W}
退信原因：
User not found 对方服务器反馈：收件人不存在。
""",
        original="",
    ),
    Sample(
        "zoho",
        "mailer-daemon@mail.zoho.com",
        "Undelivered Mail Returned to Sender",
        f"""This message was created automatically by mail delivery software.
 A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.

{W} Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.=1 <{W}>... User Unknown


Received:from mx.example by zoho
Message-ID:<surat-9@kota.example>
""",
    ),
    Sample(
        "gmx",
        "GMX Mailer Daemon <mailer-daemon@gmx.net>",
        "Mail delivery failed: returning message to sender",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to
one or more of its recipients. This is a permanent error.
The following address failed:

"{W}":
SMTP error from remote server after RCPT command:
host: mx.surel.example
5.1.1 <{W}>... User Unknown

--- The header of the original message is following. ---

{ORIGINAL}""",
    ),
    Sample(
        "1&1",
        '"Mail Delivery System" <mailer-daemon@kundenserver.example>',
        "Mail delivery failed: returning message to sender",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of
its recipients. The following addresses failed:

<{W}>

For the following reason:

Mail size limit exceeded. For explanation visit
http://postmaster.example/en/error-messages?ip=192.0.2.1

--- The header of the original message is following. ---

{ORIGINAL}""",
    ),
    Sample(
        "amazon ses, in words",
        "MAILER-DAEMON@amazonses.com",
        "Delivery Status Notification (Failure)",
        f"""The following message to <{W}> was undeliverable.
The reason for the problem:
5.1.0 - Unknown address error 550-'5.1.1 <{W}>... User Unknown'
""",
        original="",
    ),
    Sample(
        "verizon",
        "post_master@vtext.com",
        "Undeliverable Message",
        f"""Error:
    550 - Requested action not taken: no such user here

Message details:
    Subject: Tanda terima
    Sent date: Mon Nov 23 10:15:00 GMT 2026
    MAIL FROM: pengaduan@kota.example
    RCPT TO: {W}
""",
        original="",
    ),
    Sample(
        "verizon mms",
        "sysadmin@mx.vzwpix.com",
        "Undeliverable Message",
        f"""Message could not be delivered to mobile.
Error: No valid recipients for this MM

Original Message:
From: Pengaduan <pengaduan@kota.example>
To: {W}
Subject: Tanda terima
Date: Mon, 23 Nov 2026 10:15:00 +0000
""",
        original="",
    ),
    Sample(
        "ezweb",
        "<Postmaster@ezweb.ne.jp>",
        "Mail System Error - Returned Mail",
        f"""The user(s) account is disabled.

<{W}>: 550 user unknown (in reply to RCPT TO command)

--------------------------------------------------

{ORIGINAL}""",
    ),
    Sample(
        "kddi",
        "no-reply@au.example",
        "Mail System Error - Returned Mail",
        f"""Each of the following recipients was rejected by a remote
mail server.

    Recipient: <{W}>
    >>> RCPT TO:<{W}>
    <<< 550 <{W}>: User unknown
""",
        original="",
    ),
    Sample(
        "biglobe",
        "postmaster@biglobe.example",
        "Returned mail: ",
        f"""   ----- The following addresses had delivery problems -----
********@{W.partition("@")[2]}
<{W}>

   ----- Non-delivered information -----
The number of messages in recipient's mailbox exceeded the local limit.
""",
        original="",
    ),
    Sample(
        "docomo and softbank",
        "Mail Delivery System <MAILER-DAEMON@docomo.example>",
        "Undelivered Mail Returned to Sender",
        f"""送信先メールアドレスが見つかりませんでした。
下記のメールアドレスへの送信に失敗しました。

<{W}>: 550 Unknown user
""",
        original="",
    ),
    Sample(
        "sprint",
        "Mail Administrator <postmaster@pm.sprint.example>",
        "Delivery failure",
        f"Message from sprint.example.\nUnable to deliver message to the following address(es).\n\n<{W}>:\n"
        f"This user doesn't have a sprint.example account ({W}) [0]\n\n--- Original message follows.\n\n{ORIGINAL}",
    ),
    Sample(
        "facebook",
        "Facebook <mailer-daemon@mx.facebook.example>",
        "Sorry, your message could not be delivered",
        f"This message was created automatically by Facebook.\n\n"
        f"Sorry, your message could not be delivered at this time.\n\n{W}\nRCP-P1 http://postmaster.example/#rcp\n",
        original="",
    ),
    # --- gateways and filters
    Sample(
        "surfcontrol",
        "postmaster@mx.example (Mail Delivery System)",
        "Undeliverable message",
        f"""Your message could not be sent.
A transcript of the attempts to send the message follows.
The number of attempts made: 1
Addressed To: {W}

Mon 23 Nov 2026 10:15:01 +0700
Failed to send to identified host,
{W}: [192.0.2.7], 550 {W}... No such user
--- Message non-deliverable.
""",
        original="",
    ),
    Sample(
        "mailmarshal",
        "MailMarshal <postmaster@mx.example>",
        'Undeliverable Mail: "Tanda terima pengaduan"',
        f"""Your message:
   From:    pengaduan@kota.example
   Subject: Tanda terima pengaduan

Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
    {W}

Additional Information
======================

Original Sender:    <pengaduan@kota.example>
Sender-MTA:         <192.0.2.1>
Remote-MTA:         <192.0.2.7>
Reporting-MTA:      <mx.example>
""",
        original="",
    ),
    Sample(
        "mimesweeper",
        "postmaster@mx.example",
        "Undeliverable message returned to sender",
        f"""This message was created automatically by mail delivery software (MIMEsweeper for SMTP).

A message that you sent could not be delivered to the following recipients:

  {W}

SMTP reason: 550 5.1.1 unknown user
""",
        original="",
    ),
    Sample(
        "interscan",
        '"InterScan MSS" <imss@mx.example>',
        "Mail could not be delivered",
        f"Sent <<< RCPT TO:<{W}>\nReceived >>> 550 5.1.1 <{W}>... user unknown\n\n"
        "Unable to deliver message to the above recipient.\n",
        original="",
    ),
    Sample(
        "active hunter",
        '"MAILER-DAEMON" <MAILER-DAEMON@mx.example>',
        "FAILURE NOTICE :Tanda terima",
        f"""  ----- The following addresses had permanent fatal errors -----

>>> {W} <{W}>

  ----- Transcript of session follows -----
550 sorry, no mailbox here by that name (#5.1.1 - chkusr)
""",
        original="",
    ),
    Sample(
        "m-filter",
        "Mailer Daemon <MAILER-DAEMON@mx.example>",
        "failure notice",
        f"""このメールは「m-FILTER」が自動的に生成して送信しています。
メールサーバーとの通信中、下記の理由により
このメールは送信できませんでした。

以下のメールアドレスへの送信に失敗しました。
{W}


-------server message
550 5.1.1 unknown user <w.ulan@dalam.example>

-------SMTP command
DATA

-------original message
{ORIGINAL}""",
    ),
    Sample(
        "barracuda",
        "postmaster@mx.example",
        "**Message you sent blocked by our bulk email filter**",
        f"""Your message to: {W}
was blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:

Subject: Tanda terima pengaduan
""",
        original="",
    ),
    Sample(
        "amavis",
        '"Content-filter at mx.example" <postmaster@mx.example>',
        "Undeliverable mail, MTA-BLOCKED",
        f"""A message from <pengaduan@kota.example> to:
-> {W}

was considered unsolicited bulk e-mail (UBE).

Our internal reference code for your message is 01234-05/AbCdEfGh

Delivery of the email was stopped!
""",
        original="",
    ),
    Sample(
        "an unknown server with a bracketed reason",
        '"Mail Deliver System" <postmaster@mx.example>',
        "Returned Mail: 1 recipient failed",
        f"""The original message was received at Mon, 23 Nov 2026 10:15:01 +0700
from pengaduan@kota.example

---The following addresses had delivery errors---

{W} [User unknown]
""",
        original="",
    ),
    Sample(
        "an unknown server with a starred list",
        "Mail Delivery System <noreply@mx.example>",
        "Delivery status notification",
        f"""
============================================================================
     This is an automatically generated Delivery Status Notification.

Delivery to the following recipients failed permanently:

  * {W}


============================================================================
                            Technical details:

SMTP:RCPT host 192.0.2.8: 553 5.3.0 <{W}>... No such user here

============================================================================
""",
        original="",
    ),
    Sample(
        "an unknown server with one line a recipient",
        "MAILER-DAEMON@mx.example",
        "failure delivery",
        f"Message from yahoo.example.\nUnable to deliver message to the following address(es).\n\n"
        f"<{W}>:\nThis user doesn't have a yahoo.example account ({W}) [-9]\n",
        original="",
    ),
    Sample(
        "a server that had trouble",
        "mailer-daemon@mx.example",
        "There was an error sending your mail",
        f"""We had trouble delivering your message. Full details follow:

Subject: 'Tanda terima'
Date: 'Mon, 23 Nov 2026 10:15:00 +0700'

1 error(s):

SMTP Server <mx.surel.example> rejected recipient <{W}> (Error following RCPT command). It responded as follows: \
[550 5.1.1 User unknown]""",
        original="",
    ),
    Sample(
        "mailfoundry",
        "MAILER-DAEMON@mx.example",
        "Message delivery has failed",
        f"""Unable to deliver message to: <{W}>
Delivery failed for the following reason:
Server mx.surel.example[192.0.2.7] failed with: 550 <w.ulan@dalam.example> No such user here

This has been a permanent failure.  No further delivery attempts will be made.
""",
        original="",
    ),
    Sample(
        "mcafee",
        "MAILER-DAEMON@mx.example",
        "Delivery Status",
        f"""   --- The following addresses had delivery problems ---

<{W}>   (User unknown {W})
<{B}>   (Mailbox full)

   --- Returned mail follows ---
""",
        (W, B),
        original="",
    ),
    Sample(
        "kddi, mailbox full",
        "no-reply@auone.example",
        "Mail System Error - Returned Mail",
        f"Your mail sent on: Mon, 23 Nov 2026 10:15:00 +0700\nCould not be delivered to: <{W}>\n"
        "As their mailbox is full.\n",
        original="",
    ),
    Sample(
        "ezweb, host that is silent",
        "Postmaster@au.example",
        "Mail System Error - Returned Mail",
        f"Your message was not delivered within 0 days and 1 hours.\nRemote host is not responding.\n\n"
        f"The following recipients did not receive this message:\n\n    <{W}>\n\nReply to Postmaster@au.example\n",
        original="",
    ),
    Sample(
        "fml",
        "milis-admin@milis.example",
        "NOT MEMBER article from pengaduan@kota.example",
        f"You are not a member of this mailing list <{W}>\nOriginal mail as follows:\n\n{ORIGINAL}",
    ),
    Sample(
        "groupwise by name",
        "Mailer-Daemon@surel.example",
        "Mail System Error - Returned Mail",
        "The message that you sent was undeliverable to the following:\n\twulan (user not found)\n",
        original="",
    ),
    Sample(
        "exchange 2003",
        "System Administrator <postmaster@kota.example>",
        "Undeliverable:Tanda terima pengaduan",
        f"""Your message did not reach some or all of the intended recipients.

      Subject:  Tanda terima pengaduan
      Sent:     23/11/2026 10:15

The following recipient(s) could not be reached:

      '{W}' on 23/11/2026 10:15
            The e-mail account does not exist at the organization this message was sent to.
            <mx.surel.example #5.1.1 smtp;550 5.1.1 <w.ulan@dalam.example>... User unknown>
""",
        original="",
    ),
    Sample(
        "gmail, new, in words",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        f"** Address not found **\n\nYour message wasn't delivered to {W} because the address couldn't be found, or is "
        "unable to receive mail.\n\nThe response from the remote server was:\n550 5.1.1 <w.ulan@dalam.example> no.\n",
        original="",
    ),
    Sample(
        "gmail, blocked",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        f"** Message blocked **\n\nYour message to {W} has been blocked. See technical details below.\n",
        original="",
    ),
    Sample(
        "openfind mail2000",
        "MAILER-DAEMON@mx.example",
        "郵件無法寄達",
        f"您的郵件無法寄達下列收件人:\n\n{W}\n\n原因: 550 User unknown\n",
        original="",
    ),
    Sample(
        "mdaemon, refusing",
        "Postmaster@mx.example",
        "Your message was rejected",
        f"The message that you sent to {W} was rejected because the mailbox does not exist.\n",
        original="",
    ),
    Sample(
        "mailgun and sendgrid, forwarded by a site",
        "Mail Delivery System <no-reply@pengirim.example>",
        "Failed to deliver: Tanda terima",
        f"Recipient: {W}\nStatus: bounced\nReason: 550 5.1.1 unknown mailbox\n",
        original="",
    ),
    Sample(
        "a server's warning that its user has moved",
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: User unknown",
        f"   ----- The following addresses had permanent fatal errors -----\n{W}\n\n"
        f"   ----- Transcript of session follows -----\n551 {W}... User has moved; please try <{B}>\n",
        original="",
    ),
    Sample(
        "dovecot's delivery agent",
        "Mail Delivery Subsystem <postmaster@mx.example>",
        "Rejected: Tanda terima pengaduan",
        f"Your message to <{W}> was automatically rejected:\nQuota exceeded (mailbox for user is full)\n",
        headers="Content-Type: text/plain; charset=utf-8\nAuto-Submitted: auto-replied (rejected)",
        original="",
    ),
    Sample(
        "exim, frozen",
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Message frozen",
        f"""Message 1abCdE-0001Fg-Hi has been frozen (delivery error message).
The sender is <pengaduan@kota.example>.

The following address(es) have yet to be delivered:

  {W}: Too many "Received" headers - suspected mail loop
""",
        original="",
    ),
    Sample(
        "exim, warning of a router",
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "error(s) in forwarding or filtering",
        f"""The userforward router encountered the following error(s):

  {W}: missing or malformed local part (expected word or "<")
""",
        original="",
    ),
    Sample(
        "bigfoot",
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: see transcript for details",
        f"""   ----- The following addresses had permanent fatal errors -----
<{W}>

   ----- Transcript of session follows -----
>>> RCPT TO:<w.ulan@dalam.example>
<<< 553 Invalid recipient w.ulan@dalam.example (Mode: normal)
""",
        original="",
    ),
    Sample(
        "exchange 2007, two",
        "Microsoft Exchange <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@kota.example>",
        "Undeliverable: Tanda terima pengaduan",
        f"""Delivery has failed to these recipients or distribution lists:

Wulan Sari<mailto:{W}>
The recipient's e-mail address was not found in the recipient's e-mail system.

{B}<mailto:{B}>
The recipient's mailbox is full.

________________________________
Sent by Microsoft Exchange Server 2007

Diagnostic information for administrators:

Generating server: mx01.kota.example

{W}
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

{B}
#552 5.2.2 RESOLVER.RST.QuotaExceeded; mailbox full ##
""",
        (B, W),
        original="",
    ),
    Sample(
        "notes in Japanese",
        "Postmaster@mx.example",
        "Undeliverable message",
        f"------- Failure Reasons  --------\n\nディレクトリのリストにありません\n{W}\n\n"
        f"------- Returned Message --------\n\n{ORIGINAL}",
    ),
    Sample(
        "interscan in Japanese",
        '"InterScan MSS" <imss@mx.example>',
        "メール配信に失敗しました",
        f">>> RCPT TO:<{W}>\n<<< 550 5.1.1 User unknown\n",
        original="",
    ),
    Sample(
        "a help desk's address that failed",
        "MAILER-DAEMON@mx.example",
        "failure notice",
        "<support@surel.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n",
        ("support@surel.example",),
        original="",
    ),
    Sample(
        "a service that names its help desk",
        "MAILER-DAEMON@mx.example",
        "Undeliverable",
        f"Your message to {W} was rejected. For assistance write to:\n\nsupport@mx.example\n",
        original="",
    ),
    Sample(
        "an address in capitals, twice",
        "MAILER-DAEMON@mx.example",
        "Undeliverable mail",
        f"<{W.upper()}>: user unknown\n<{W}>: user unknown\n",
        (W.upper().replace("SUREL.EXAMPLE", "surel.example"),),
        original="",
    ),
    Sample(
        "a table of reasons without a lead",
        "MAILER-DAEMON@mx.example",
        "Undeliverable mail",
        f"{W}  user unknown\n{B}  mailbox full\n",
        (W, B),
        original="",
    ),
    Sample(
        "entries of two lines",
        "MAILER-DAEMON@mx.example",
        "Undeliverable mail",
        f"{W}\n    user unknown\n{B}\n    mailbox full\n",
        (W, B),
        original="",
    ),
)
