"""Whom a refusal is about: answers of real servers and providers, as they stand in their manuals and in mail logs."""

from __future__ import annotations

import time

import pytest

from pipeline.mail.refusals import About, Refusal

OFFICE = [
    "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to …",
    "550 5.4.5 Daily SMTP relay limit exceeded for customer",
    "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address",
    "550 5.7.1 Relaying denied",
    "554 5.7.1 <siti@warga.example>: Relay access denied",
    "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "550 relay not permitted",
    "530 5.7.0 Authentication Required",
    "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
    "535 5.7.8 Error: authentication failed",
    "534 Mechanism is too weak",
    "538 Encryption is wanted for this mechanism",
    "553 5.7.1 <aduan@kominfo.example>: Sender address rejected: not owned by user humas@kominfo.example",
    "550 5.1.8 Access denied, bad outbound sender",
    "554 5.2.252 SendAsDenied; aduan@kominfo.example not allowed to send as humas@kominfo.example",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    "550 5.7.705 Access denied, tenant has exceeded threshold",
    "550 Domain kominfo.example has exceeded the max emails per hour (500/500 (100%)) allowed. Message discarded.",
    "450 4.7.1 Error: too much mail; sending quota exceeded",
    "451 4.7.1 Rate limit exceeded, slow down",
    "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org",
    "550 outgoing mail from this account has been suspended",
    "550 5.4.6 Unusual sending activity detected. Please try after sometime.",
    "421 4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred due to unexpected volume",
    "550-5.7.26 Unauthenticated email from kominfo.example is not accepted",
    "550 SPF check failed",
    "550 The IP you're using to send mail is not authorized to send email directly",
    "553 sorry, your envelope sender is in my badmailfrom list",
    "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)",
    "550 Kuota pengiriman harian habis",
    "554 Too many bad commands",
    "550 5.7.515 Access denied, sending domain does not meet the required authentication level",
]
MAIL = [
    "550 5.1.1 User unknown",
    "550 5.1.1 <siti@warga.example>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 No such user here",
    "452 4.2.2 The email account that you tried to reach is over quota",
    "552 5.2.2 Mailbox quota exceeded",
    "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery",
    "552 5.3.4 Message size exceeds fixed limit",
    "550 5.1.10 RecipientNotFound; Recipient not found by SMTP address lookup",
]
UNCLEAR = [
    "554 5.7.1 virus",
    "554 Transaction failed",
    "451 4.7.1 Greylisting in action, please come back later",
    "451",
]


@pytest.mark.parametrize("said", OFFICE)
def test_what_every_mail_would_meet_with_is_the_offices(said: str) -> None:
    assert Refusal(said, True).about is About.OFFICE


@pytest.mark.parametrize("said", MAIL)
def test_what_one_recipient_or_mail_meets_with_is_its_own(said: str) -> None:
    assert Refusal(said, True).about is About.MAIL


@pytest.mark.parametrize("said", UNCLEAR)
def test_what_says_neither_is_left_to_the_next_mails(said: str) -> None:
    assert Refusal(said, True).about is About.UNCLEAR


def test_equal_answers_are_known_whatever_names_and_numbers_they_hold() -> None:
    one = Refusal("554 5.7.1 <siti@warga.example>: Message refused (id 4F2A1)", True)
    other = Refusal("554 5.7.1 <budi@desa.example>: Message refused (id 991BC)", True)
    assert one.kind == other.kind
    assert one.kind != Refusal("554 5.7.1 Message contains a virus", True).kind


@pytest.mark.parametrize("letter", [" ", "a", "0", "5.", "limit ", "sending ", "not ", "quota "])
def test_an_endless_answer_costs_nothing(letter: str) -> None:
    begun = time.process_time()
    refusal = Refusal("550 " + letter * 200_000, True)
    assert refusal.about in About
    assert refusal.kind
    assert time.process_time() - begun < 2.0
